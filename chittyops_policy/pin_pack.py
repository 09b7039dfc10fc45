"""The offline pack ``policies/data/action-pins.tsv``: which commit each release of many actions was, on one date.

Its head says where the pairs come from and which of them are served. Only the lines of the repository that somebody
asks for are ever taken apart: a check with one unpinned action must not read five thousand lines.
"""

from __future__ import annotations

from .memo import remember
from .model import Value
from .resources import read_resource
from .versions import FROM_PACK, Release, parse_version, place_of

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


class PackEntry:
    """What the pack says of one repository, a line for each release, from old to new.

    It answers like `versions.Releases`. A line is taken apart when somebody asks for its release: an action has dozens,
    and of most repositories one or two are wanted.
    """

    __slots__ = ("_at", "_date", "_found", "_lines", "_releases", "tags", "warned")

    def __init__(self, text: str, date: str) -> None:
        self.warned: Warned | None = None
        self.tags: list[str] = []
        self._lines: list[str] = []
        self._date = date
        self._releases: dict[int, Release] = {}
        self._found: dict[str, Release | None] = {}
        self._at: dict[str, tuple[Release, ...]] = {}
        for line in text.split("\n") if text else ():
            _, tag, rest = line.split("\t", 2)
            if tag == "!":
                effect, words, *_ = rest.split("\t")
                self.warned = Warned(effect, words)
            else:
                self.tags.append(tag)
                self._lines.append(rest)

    @property
    def releases(self) -> tuple[Release, ...]:
        """All of them."""
        return tuple(self._release(index) for index in range(len(self.tags)))

    def find(self, ref: str) -> Release | None:
        """The release that a reference means; see `versions.choose`."""
        if ref in self._found:
            return self._found[ref]
        index = place_of(self.tags, ref, ascending=True)
        return remember(self._found, ref, None if index is None else self._release(index), len(ref))

    def at(self, commit: str) -> tuple[Release, ...]:
        """The releases that name a commit, or have named it."""
        found = self._at.get(commit)
        if found is None:
            named = [self._release(index) for index, line in enumerate(self._lines) if commit in line]
            found = tuple([release for release in named if commit == release.commit or commit in release.former])
            remember(self._at, commit, found, len(commit))
        return found

    def flaw(self, tag: str, ref: str) -> tuple[str, str] | None:
        """The advisory that names a release, but not all that a moving tag can mean, and the release that repairs it.

        Both are texts; None where no remark says so.
        """
        line = self._lines[self.tags.index(tag)] if tag in self.tags else ""
        version = parse_version(ref) if " repaired in " in line else None
        if version is None:
            return None
        remark = f"as {'.'.join(map(str, version.numbers))}: "
        for each in _remarks(line.split("\t")):
            if each.startswith(remark):
                advisory, _, repaired = each[len(remark) :].partition(" repaired in ")
                return advisory, repaired
        return None

    def _release(self, index: int) -> Release:
        release = self._releases.get(index)
        if release is None:
            release = self._releases[index] = _release(self.tags[index], self._lines[index].split("\t"), self._date)
        return release


def _release(tag: str, cells: list[str], date: str) -> Release:
    commit, evidence, count = cells[:3]
    remarks = _remarks(cells)
    confirmed = evidence == "tag"
    known = "its owner's tag" if confirmed else f"stated by {count} public repositories"
    return Release(
        tag,
        commit,
        f"the pack of {date} ({known})",
        source=FROM_PACK,
        seen=date,
        confirmed=confirmed,
        stated_by=int(count),
        former=tuple(remark[4:] for remark in remarks if remark.startswith("was ")),
        retargeted="retargeted" in remarks,
    )


def _remarks(cells: list[str]) -> list[str]:
    return cells[3].split("; ") if len(cells) > 3 else []


class Pack:
    """A pack as bytes. `date` is the ISO date in its head; `answers` is for who asks it the same again and again.

    It serves every repository of an audit, so all that it keeps is bounded (see `memo`).
    """

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
            name = slug.encode()
            start = self._place_of(name + b"\t")
            known = self._data.startswith(name + b"\t", start)
            block = self._data[start : self._place_of(name + b"\n")] if known else b""
            found = PackEntry(block.decode().removesuffix("\n"), self.date)
            remember(self._entries, slug, found, len(slug))
        return found

    def _place_of(self, start: bytes) -> int:
        """Where the first line is that does not come before `start`: the lines are sorted, and the head comes first."""
        data = self._data
        low, high = 0, len(data)
        while low < high:
            line = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            if data[line : line + len(start)] < start:
                low = data.find(b"\n", line) + 1 or len(data)
            else:
                high = line
        return low


_shipped: list[Pack] = []


def shipped() -> Pack:
    """The pack that comes with the package, read at the first request."""
    if not _shipped:
        _shipped.append(Pack(read_resource(*PACK)))
    return _shipped[0]
