"""Trees and blobs of many repositories, in few questions.

GraphQL gives several levels of several trees, or hundreds of small texts, in one answer. What it cannot give as it is
in git (what is no UTF-8, what it cuts off, whole trees of thousands of folders) comes from REST, one question each;
git's object ids tell which text is not as it is.
"""

from __future__ import annotations

import base64
import hashlib

from ..model import Value
from .connection import HostError, Refused, Unreachable
from .listing import first_key, is_missing, message_of, repository_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from .connection import Connection

    Entries = dict[str, tuple[str, str, int]]
    """Path → (mode as six octal digits, object id, size in bytes) of files, links and submodules."""

LEVELS = 5
"""So many levels of a tree come in one answer."""

TREES_AT_ONCE = 40
MANY_FOLDERS = 60
"""A repository with more folders below the first levels is read as a whole by REST."""

BLOBS_AT_ONCE = 400
BYTES_AT_ONCE = 1_500_000
LARGE_BLOB = 400_000
"""Bytes from which GraphQL may cut a text off (it does at 512,000; GitHub does not promise where)."""

CONTENTS = "contents: read"
"""The App permission that shows files."""


class Wanted(Value):
    """An object of a repository; `path` is where it lies, '' for the top tree, `size` in bytes where it is known."""

    __slots__ = ("oid", "path", "size", "slug")

    def __init__(self, slug: str, oid: str, path: str = "", size: int = 0) -> None:
        self.slug = slug
        self.oid = oid
        self.path = path
        self.size = size


def _levels(number: int) -> str:
    inner = "name type mode oid size"
    text = inner
    for _ in range(number - 1):
        text = f"{inner} object {{ ... on Tree {{ entries {{ {text} }} }} }}"
    return f"fragment Levels on Tree {{ entries {{ {text} }} }}"


_TREES = "query Trees {\n%s\n}\n" + _levels(LEVELS)
_BLOBS = "query Blobs {\n%s\n}\nfragment Content on Blob { text isBinary isTruncated }"

_FOLDER = 0o040000


def trees(connection: Connection, tops: Sequence[Wanted], large: Iterable[str] = ()) -> dict[str, Entries | HostError]:
    """Every entry of the tree of each repository, by slug; the reason where it cannot be had.

    `tops` are the top trees, one a repository; those of `large` are read by REST at once. Raises nothing.
    """
    alone = set(large)
    found: dict[str, Entries | HostError] = {}
    waiting = [top for top in tops if top.slug not in alone]
    heads = {top.slug: top.oid for top in tops}
    partial: dict[str, Entries] = {}
    while waiting:
        answers: dict[Wanted, Any] = {}
        for part in _split(waiting, TREES_AT_ONCE):
            answers.update(_ask(connection, _TREES, part, "...Levels"))
        deeper: dict[str, list[Wanted]] = {}
        for wanted, answer in answers.items():
            if isinstance(answer, HostError):
                found.setdefault(wanted.slug, answer)
                continue
            folders = _take(partial.setdefault(wanted.slug, {}), wanted, answer["entries"] or ())
            deeper.setdefault(wanted.slug, []).extend(folders)
        waiting = []
        for slug, folders in deeper.items():
            if slug in found:
                continue
            if len(folders) > MANY_FOLDERS:
                alone.add(slug)
            else:
                waiting += folders
                if not folders:
                    found[slug] = partial.pop(slug)
    for slug in sorted(alone - found.keys()):
        try:
            found[slug] = _whole(connection, slug, heads[slug])
        except HostError as error:
            found[slug] = error
    return found


def _take(entries: Entries, folder: Wanted, nodes: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """Adds what lies in a folder to the entries of its repository, and gives the folders that are not opened yet."""
    left: list[Wanted] = []
    waiting = [(folder.path, nodes)]
    while waiting:
        above, children = waiting.pop()
        for node in children:
            path = f"{above}/{node['name']}" if above else node["name"]
            if node["type"] != "tree":
                entries[path] = (f"{node['mode']:06o}", node["oid"], node["size"])
                continue
            below = (node.get("object") or {}).get("entries")
            if below is None:
                left.append(Wanted(folder.slug, node["oid"], path))
            else:
                waiting.append((path, below))
    return left


def _whole(connection: Connection, slug: str, oid: str) -> Entries:
    """The entries of a whole tree by REST; what does not fit into one answer is asked for folder by folder."""
    entries: Entries = {}
    waiting = [("", oid, True)]
    while waiting:
        above, tree, recursive = waiting.pop()
        parameters: dict[str, str | int] = {"recursive": 1} if recursive else {}
        data = connection.get(f"repos/{slug}/git/trees/{tree}", **parameters)
        if recursive and data.get("truncated"):
            waiting.append((above, tree, False))
            continue
        for item in data["tree"]:
            path = f"{above}/{item['path']}" if above else item["path"]
            if item["type"] != "tree":
                entries[path] = (item["mode"], item["sha"], item.get("size") or 0)
            elif not recursive:
                waiting.append((path, item["sha"], True))
    return entries


def blobs(
    connection: Connection, wanted: Sequence[Wanted], keep: Callable[[dict[str, bytes]], None]
) -> dict[str, HostError]:
    """Hands the contents of blobs to `keep`, answer by answer, and gives the reason for each that cannot be had."""
    failed: dict[str, HostError] = {}
    alone = [blob for blob in wanted if blob.size > LARGE_BLOB]
    small = [blob for blob in wanted if blob.size <= LARGE_BLOB]
    for part in _split(small, BLOBS_AT_ONCE, BYTES_AT_ONCE):
        found: dict[str, bytes] = {}
        for blob, answer in _ask(connection, _BLOBS, part, "...Content").items():
            if isinstance(answer, HostError):
                failed[blob.oid] = answer
                continue
            text = answer["text"]
            data = None if text is None else text.encode("utf-8", "surrogatepass")
            if data is None or not is_object(blob.oid, data):
                alone.append(blob)  # cut off, or in another encoding than it seems here
            else:
                found[blob.oid] = data
        if found:
            keep(found)
    for blob in alone:
        try:
            data = base64.b64decode(connection.get(f"repos/{blob.slug}/git/blobs/{blob.oid}")["content"])
            keep({blob.oid: data})
        except HostError as error:
            failed[blob.oid] = error
    return failed


def is_object(oid: str, data: bytes) -> bool:
    """Whether bytes are the content of git's blob of that id, SHA-1 or SHA-256."""
    algorithm = hashlib.sha256 if len(oid) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest() == oid


def _split(wanted: Sequence[Wanted], most: int, most_bytes: int = 0) -> Iterable[list[Wanted]]:
    part: list[Wanted] = []
    size = 0
    for item in wanted:
        if part and (len(part) >= most or (most_bytes and size + item.size > most_bytes)):
            yield part
            part, size = [], 0
        part.append(item)
        size += item.size
    if part:
        yield part


def _ask(connection: Connection, query: str, part: Sequence[Wanted], selection: str) -> dict[Wanted, Any]:
    """The object behind each wanted one, or the HostError that says why not.

    A question that GitHub does not manage in its time is asked again in two halves.
    """
    repositories: dict[str, list[tuple[int, Wanted]]] = {}
    for number, item in enumerate(part):
        repositories.setdefault(item.slug, []).append((number, item))
    lines = []
    for place, (slug, items) in enumerate(repositories.items()):
        inner = " ".join(f'o{number}: object(oid: "{item.oid}") {{ {selection} }}' for number, item in items)
        lines.append(f"r{place}: {repository_field(slug)} {{ {inner} }}")
    try:
        data, errors = connection.query(query % "\n".join(lines))
    except HostError as error:
        if isinstance(error, Unreachable) and error.status >= 500 and len(part) > 1:
            return _halves(connection, query, part, selection)
        return dict.fromkeys(part, error)
    if not data and errors and len(part) > 1 and not any(first_key(error) for error in errors):
        return _halves(connection, query, part, selection)
    found: dict[Wanted, Any] = {}
    for place, (slug, items) in enumerate(repositories.items()):
        repository = data.get(f"r{place}")
        own = [error for error in errors if first_key(error) == f"r{place}"]
        for number, item in items:
            node = (repository or {}).get(f"o{number}")
            found[item] = node if node else _reason(slug, repository, own or errors)
    return found


def _halves(connection: Connection, query: str, part: Sequence[Wanted], selection: str) -> dict[Wanted, Any]:
    middle = len(part) // 2
    return {
        **_ask(connection, query, part[:middle], selection),
        **_ask(connection, query, part[middle:], selection),
    }


def _reason(slug: str, repository: object, errors: Sequence[Any]) -> HostError:
    words = message_of(errors)
    if repository is None and (not errors or any(is_missing(error) for error in errors)):
        return Refused(404, "it is gone, or the token may no longer see it", "graphql")
    if any(isinstance(error, dict) and error.get("type") == "FORBIDDEN" for error in errors):
        return Refused(403, f"GitHub does not show its files to this token: {words}", "graphql", CONTENTS)
    if words:
        return Refused(0, f"GitHub did not answer: {words}", "graphql")
    return Refused(404, "an object of its default branch is no longer there", "graphql")
