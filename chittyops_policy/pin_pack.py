"""The offline pack ``policies/data/action-pins.tsv``: which commit each release of many actions was, on one date.

Its head says where the pairs come from and which of them are served. Only the lines of the repository that somebody
asks for are ever taken apart: a check with one unpinned action must not read five thousand lines.
"""

from __future__ import annotations

from .model import Value
from .resources import read_resource
from .versions import FROM_PACK, Release, Releases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PACK = ("policies", "data", "action-pins.tsv")

REFUSE = "refuse"
REVIEW = "review"


class Warned(Value):
    """What happened to an action, in words, and what follows for pins of it: REFUSE or REVIEW."""

    __slots__ = ("effect", "words")

    def __init__(self, effect: str, words: str) -> None:
        self.effect = effect
        self.words = words


class PackEntry(Value):
    """What the pack says of one repository; `releases` are sorted from old to new, and `known` answers for them."""

    __slots__ = ("known", "releases", "warned")

    def __init__(self, releases: tuple[Release, ...], warned: Warned | None) -> None:
        self.releases = releases
        self.known = Releases(releases)
        self.warned = warned


class Pack:
    """A pack as bytes. `date` is the ISO date in its head; `answers` is for who asks it the same again and again."""

    __slots__ = ("_data", "_entries", "answers", "date")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._entries: dict[str, PackEntry] = {}
        self.answers: dict[tuple[str, ...], Any] = {}
        self.date = data.partition(b"# date")[2].split(None, 1)[0].decode()

    def entry(self, slug: str) -> PackEntry:
        """What is said of ``owner/repo`` in lower case; nothing for a repository that the pack does not have."""
        found = self._entries.get(slug)
        if found is None:
            found = self._entries[slug] = self._read(slug)
        return found

    def _read(self, slug: str) -> PackEntry:
        start = b"\n" + slug.encode() + b"\t"
        data = self._data
        at = data.find(start)
        if at < 0:
            return PackEntry((), None)
        end = data.find(b"\n", data.rfind(start) + 1)
        warned = None
        releases = []
        for line in data[at + 1 : end].decode().split("\n"):
            _, tag, *cells = line.split("\t")
            if tag == "!":
                warned = Warned(cells[0], cells[1])
            else:
                releases.append(self._release(tag, cells))
        return PackEntry(tuple(releases), warned)

    def _release(self, tag: str, cells: list[str]) -> Release:
        commit, evidence, count = cells[:3]
        remarks = cells[3].split("; ") if len(cells) > 3 else []
        confirmed = evidence == "tag"
        known = "its owner's tag" if confirmed else f"stated by {count} public repositories"
        return Release(
            tag,
            commit,
            f"the pack of {self.date} ({known})",
            source=FROM_PACK,
            seen=self.date,
            confirmed=confirmed,
            stated_by=int(count),
            former=tuple(remark[4:] for remark in remarks if remark.startswith("was ")),
            retargeted="retargeted" in remarks,
        )


_shipped: list[Pack] = []


def shipped() -> Pack:
    """The pack that comes with the package, read at the first request."""
    if not _shipped:
        _shipped.append(Pack(read_resource(*PACK)))
    return _shipped[0]
