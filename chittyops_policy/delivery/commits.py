"""Commits made through GitHub's API on a branch of ours, always on top of what is there: nothing is ever forced.

The GraphQL mutation createCommitOnBranch signs what it makes, so that the commit shows as verified, and fails where the
branch is not at the expected commit. It knows neither modes nor trees (docs.github.com, "createCommitOnBranch"), so
that executable files, files that go back to what they were, and a base that moved take the git data API instead, whose
update of the branch is refused where somebody has pushed in the meantime.
"""

from __future__ import annotations

import base64

from chittyops_policy.hosts.connection import AnswerLost, HostError, Missing, Refused, segment
from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, TypeVar

    from chittyops_policy.hosts.connection import Connection

    T = TypeVar("T")

    class File(Protocol):
        """What this module needs of a file: where it goes, its mode ('' keeps the one it has), and its bytes."""

        @property
        def path(self) -> str:
            """Relative to the repository."""

        @property
        def mode(self) -> str:
            """Git's mode, or ''."""

        @property
        def before(self) -> str:
            """The blob that is replaced; '' for a new file."""

        @property
        def after(self) -> bytes:
            """The content."""


TRIES = 3
"""How often a write whose answer was lost, and which did not happen, is sent."""

LARGE = 8_000_000
"""Bytes that one mutation is trusted with; git's blobs go one by one."""

_REGULAR = "100644"
_EXECUTABLE = "100755"

_MUTATION = """
mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}
"""


class Moved(HostError):
    """The branch is not where it was expected: somebody has pushed."""


class Unfit(HostError):
    """The files of the base are not those that the change was made from."""


class Base(Value):
    """The base of a commit: its id, its tree, and the modes of the files that will be written ('' for new ones)."""

    __slots__ = ("commit", "modes", "tree")

    def __init__(self, commit: str, tree: str, modes: dict[str, str]) -> None:
        self.commit = commit
        self.tree = tree
        self.modes = modes


def settled(write: Callable[[], T], happened: Callable[[], T | None]) -> T:
    """What `write` gives. Where its answer was lost, `happened` looks first whether it was done (None: it was not)."""
    for attempt in range(TRIES):
        try:
            return write()
        except AnswerLost:
            found = happened()
            if found is not None:
                return found
            if attempt + 1 == TRIES:
                raise
    raise AssertionError("unreachable")


def read_base(connection: Connection, slug: str, commit: str, files: Sequence[File]) -> Base:
    """The base of a change.

    Raises Unfit where a file is not what it was when the change was made, and as Connection.query does.
    """
    owner, _, name = slug.partition("/")
    paths = {f"p{number}": file.path for number, file in enumerate(files)}
    declared = "".join(f", ${alias}: String!" for alias in paths)
    asked = " ".join(f"{alias}: file(path: ${alias}) {{ mode oid type }}" for alias in paths)
    text = (
        f"query ($owner: String!, $name: String!, $commit: GitObjectID!{declared}) {{"
        " repository(owner: $owner, name: $name) { object(oid: $commit) {"
        f" ... on Commit {{ tree {{ oid }} {asked} }} }} }} }}"
    )
    data, errors = connection.query(text, {"owner": owner, "name": name, "commit": commit, **paths})
    found = (data.get("repository") or {}).get("object")
    if not found:
        raise Unfit(_words(errors) or f"the commit {commit[:12]} is not in {slug}", "graphql")
    modes: dict[str, str] = {}
    for number, file in enumerate(files):
        entry = found.get(f"p{number}")
        mode = f"{int(entry['mode']):06o}" if entry else ""
        if (entry or {}).get("oid", "") != file.before:
            raise Unfit(f"{file.path} is not what it was when the change was made", "graphql")
        if entry and mode not in (_REGULAR, _EXECUTABLE):
            raise Unfit(f"{file.path} is no ordinary file", "graphql")
        modes[file.path] = mode
    return Base(commit, found["tree"]["oid"], modes)


def commit(
    connection: Connection,
    slug: str,
    branch: str,
    head: str,
    base: Base,
    files: Sequence[File],
    title: str,
    text: str,
    made: Callable[[], str | None],
    *,
    fresh: bool,
) -> str:
    """Puts files on a branch that stands at `head`, and gives the id of the commit.

    The branch then holds `base` with these files, whatever it held before. `fresh` says that nothing but the files
    differs between `head` and `base`. `made` looks for the commit after a lost answer.

    Raises Moved where the branch is elsewhere by now, Refused where GitHub does not let it happen.
    """
    regular = all((file.mode or base.modes[file.path]) == _REGULAR for file in files)
    if fresh and regular and sum(len(file.after) for file in files) <= LARGE:
        try:
            return settled(lambda: _by_mutation(connection, slug, branch, head, files, title, text), made)
        except Refused as error:
            if error.permission:  # the other way would not be allowed either
                raise
    return _by_git_data(connection, slug, branch, head, base, files, f"{title}\n\n{text}")


def _by_mutation(
    connection: Connection, slug: str, branch: str, head: str, files: Sequence[File], title: str, text: str
) -> str:
    additions = [{"path": file.path, "contents": base64.b64encode(file.after).decode("ascii")} for file in files]
    asked = {
        "branch": {"repositoryNameWithOwner": slug, "branchName": branch},
        "expectedHeadOid": head,
        "message": {"headline": title, "body": text},
        "fileChanges": {"additions": additions},
    }
    data, errors = connection.mutate(_MUTATION, {"input": asked})
    done = (data.get("createCommitOnBranch") or {}).get("commit")
    if done and not errors:
        return str(done["oid"])
    kinds = {str(error.get("type", "")) for error in errors if isinstance(error, dict)}
    words = _words(errors) or "no commit came back"
    if "STALE_DATA" in kinds:
        raise Moved(words, "graphql")
    raise Refused(403 if "FORBIDDEN" in kinds else 422, words, "graphql", _permission(words))


def _by_git_data(
    connection: Connection, slug: str, branch: str, head: str, base: Base, files: Sequence[File], message: str
) -> str:
    # Objects that nothing refers to harm nobody: a lost answer is asked for again.
    entries = []
    for file in files:
        entry: dict[str, Any] = {"path": file.path, "mode": file.mode or base.modes[file.path], "type": "blob"}
        try:
            entry["content"] = file.after.decode("utf-8")
        except UnicodeDecodeError:
            body = {"content": base64.b64encode(file.after).decode("ascii"), "encoding": "base64"}
            entry["sha"] = _again(connection, f"repos/{slug}/git/blobs", body)["sha"]
        entries.append(entry)
    tree = _again(connection, f"repos/{slug}/git/trees", {"base_tree": base.tree, "tree": entries})["sha"]
    parents = [head] if head == base.commit else [head, base.commit]
    said: dict[str, Any] = {"message": message, "tree": tree, "parents": parents}
    oid = str(_again(connection, f"repos/{slug}/git/commits", said)["sha"])
    move(connection, slug, branch, oid)
    return oid


def move(connection: Connection, slug: str, branch: str, oid: str) -> None:
    """Moves a branch forward. Raises Moved where that would lose a commit."""

    def write() -> bool:
        try:
            address = f"repos/{slug}/git/refs/heads/{segment_path(branch)}"
            connection.send("PATCH", address, {"sha": oid, "force": False})
        except Refused as error:
            if error.status == 422 and "fast forward" in error.message.lower().replace("-", " "):
                raise Moved(error.message, error.path) from error
            raise
        return True

    settled(write, lambda: True if head_of(connection, slug, branch) == oid else None)


def create_branch(connection: Connection, slug: str, branch: str, oid: str) -> None:
    """Makes a branch. Raises Moved where there is one elsewhere, Refused where GitHub does not let it happen."""

    def write() -> bool:
        try:
            connection.send("POST", f"repos/{slug}/git/refs", {"ref": f"refs/heads/{branch}", "sha": oid})
        except Refused as error:
            if error.status == 422 and "already exists" in error.message.lower():
                if head_of(connection, slug, branch) == oid:
                    return True
                raise Moved(f"there is a branch {branch} already", error.path) from error
            raise
        return True

    settled(write, lambda: True if head_of(connection, slug, branch) == oid else None)


def delete_branch(connection: Connection, slug: str, branch: str, head: str) -> bool:
    """Deletes a branch that still stands at `head`; whether it is gone now."""
    found = head_of(connection, slug, branch)
    if found is None:
        return True
    if found != head:
        return False

    def write() -> bool:
        connection.send("DELETE", f"repos/{slug}/git/refs/heads/{segment_path(branch)}")
        return True

    return settled(write, lambda: True if head_of(connection, slug, branch) is None else None)


def head_of(connection: Connection, slug: str, branch: str) -> str | None:
    """Where a branch stands; None where there is none."""
    try:
        return str(connection.get(f"repos/{slug}/git/ref/heads/{segment_path(branch)}")["object"]["sha"])
    except Missing:
        return None


def segment_path(branch: str) -> str:
    """A branch in an address: its slashes stay."""
    return "/".join(map(segment, branch.split("/")))


def _again(connection: Connection, path: str, body: object) -> Any:
    return settled(lambda: connection.send("POST", path, body), lambda: None)


def _words(errors: Sequence[Any]) -> str:
    said = [str(error.get("message", "")) for error in errors if isinstance(error, dict)]
    return " ".join(" ".join(said).split())[:300]


def _permission(words: str) -> str:
    return "workflows: write" if "without `workflow" in words else ""
