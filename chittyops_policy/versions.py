"""What the name behind an ``@`` can be: a version, a moving major or minor tag, a commit, a branch."""

from __future__ import annotations

import re
from functools import lru_cache

from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# As texts: `re` compiles each when it is first used, which most single files never do.
_VERSION = (
    r"(?P<prefix>(?:[A-Za-z_][\w.]*[-/@])*)[vV]?(?P<numbers>\d+(?:\.\d+){0,3})(?P<pre>(?:[-+.]?[A-Za-z][\w.+-]*)?)"
)
_COMMENT = r"(?:(?:renovate:\s*)?(?:tag|version|ver|pin)\b\s*[:=]?\s*|ratchet:[\w./-]+(?=@))?@?(?P<name>\S+)"
_LABELS = ("renovate", "tag", "ver", "pin", "ratchet")
"""How a comment begins in which more than an ``@`` may stand before the version."""
_HEX = frozenset("0123456789abcdefABCDEF")

MAX_TAG = 255
"""A longer name is no version: Git keeps a reference in a file of that name, and file systems have no longer ones."""


FROM_GITHUB, FROM_PACK, HAND = "github", "pack", "hand"
"""Who said that a version is a commit: GitHub, the shipped pack, or a person who has looked."""


class Version(Value):
    """A tag that names a version.

    prefix   what stands before the number in a repository with several products, such as ``codeql-bundle-``; without
             a ``v``
    numbers  ``(4, 2, 2)``; a tag of one or two numbers may move with each release
    pre      ``-rc.1``, ``b1``: a pre-release; '' for a release
    """

    __slots__ = ("numbers", "pre", "prefix")

    def __init__(self, prefix: str, numbers: tuple[int, ...], pre: str) -> None:
        self.prefix = prefix
        self.numbers = numbers
        self.pre = pre

    @property
    def order(self) -> tuple[str, tuple[int, ...], bool, str]:
        """A key that sorts versions of one product from old to new; a pre-release stands before its release."""
        return self.prefix, self.numbers, not self.pre, self.pre

    def covers(self, other: Version) -> bool:
        """Whether `other` is a release of the major or minor version that this one names: v4 covers v4.2.2."""
        count = len(self.numbers)
        return (
            not self.pre
            and not other.pre
            and self.prefix == other.prefix
            and len(other.numbers) > count
            and other.numbers[:count] == self.numbers
        )


@lru_cache(4096)  # a pack's few hundred tags are asked for again with every reference
def parse_version(name: str) -> Version | None:
    """The version that a tag names (``v4``, ``4.2``, ``v4.2.2-rc.1``, ``codeql-bundle-v2.20.1``), or None."""
    if len(name) > MAX_TAG:
        return None
    numbers = (name[1:] if name.startswith(("v", "V")) else name).split(".")
    if len(numbers) <= 4 and name.isascii() and all(map(str.isdigit, numbers)):  # mostly so
        return Version("", tuple([int(number) for number in numbers]), "")
    match = re.fullmatch(_VERSION, name.removeprefix("refs/tags/"))
    if match is None or is_short_commit(name):
        return None
    return Version(match["prefix"], tuple(int(number) for number in match["numbers"].split(".")), match["pre"])


def is_short_commit(name: str) -> bool:
    """Whether a name looks like the beginning of a commit id. A tag or a branch could have it all the same."""
    return 7 <= len(name) < 40 and _HEX.issuperset(name) and not name.isdigit()


@lru_cache(1024)  # as above
def stated_version(comment: str) -> str | None:
    """The version that a comment behind a reference states and nothing else: ``v4.2.2``, ``tag=v4``, ``pin @v4.2``.

    These are the forms that Dependabot or Renovate keep up to date, with ratchet's and zizmor's; None for other words.
    """
    name = comment.strip()
    if name.startswith(_LABELS):
        match = re.fullmatch(_COMMENT, name)
        name = "" if match is None else match["name"]
    else:
        name = name.removeprefix("@")
    return None if parse_version(name) is None else name


class Release(Value):
    """A tag of an action's repository and the commit that it names.

    tag         as its owner spells it
    commit      40 hex digits in lower case, never the id of a tag object
    origin      where that is known from, in words that fit behind "the commit comes from"
    source      the same as one word for the lock file: FROM_GITHUB, FROM_PACK or HAND; `seen` is the ISO date
    confirmed   whether the owner's own tag was seen to name the commit, at the date that `origin` gives
    stated_by   how many public repositories state the pair; 0 where nobody counted
    former      other commits that the tag has named
    retargeted  whether its owner points several versions at this commit, so that it is not that version's own code
    """

    __slots__ = ("commit", "confirmed", "former", "origin", "retargeted", "seen", "source", "stated_by", "tag")

    def __init__(
        self,
        tag: str,
        commit: str,
        origin: str,
        *,
        source: str = "",
        seen: str = "",
        confirmed: bool = True,
        stated_by: int = 0,
        former: tuple[str, ...] = (),
        retargeted: bool = False,
    ) -> None:
        self.tag = tag
        self.commit = commit
        self.origin = origin
        self.source = source
        self.seen = seen
        self.confirmed = confirmed
        self.stated_by = stated_by
        self.former = former
        self.retargeted = retargeted


def choose(releases: Iterable[Release], ref: str) -> Release | None:
    """The release that a reference means; see `place_of`."""
    known = tuple(releases)
    index = place_of([release.tag for release in known], ref) if known else None
    return None if index is None else known[index]


def place_of(tags: Sequence[str], ref: str, *, ascending: bool = False) -> int | None:
    """Which tag a reference means: the newest of a moving major or minor tag, else the one of that very name.

    A pre-release is only chosen by its full name, and the major version never changes. None where no tag fits.
    `ascending` says that the tags stand from old to new, so that the last one that fits is the newest.
    """
    name = ref.removeprefix("refs/tags/")
    wanted = parse_version(name)
    if wanted is None:
        return next((index for index, tag in enumerate(tags) if tag == name), None)
    beginnings = _beginnings(wanted)
    newest: tuple[Version, int] | None = None
    same: int | None = None
    for index in reversed(range(len(tags))) if ascending else range(len(tags)):
        tag = tags[index]
        if not tag.startswith(beginnings) and tag.isascii():
            continue
        version = parse_version(tag)
        if version is None:
            continue
        if wanted.covers(version):
            if ascending:
                return index
            if newest is None or version.order > newest[0].order:
                newest = version, index
        elif version == wanted and (same is None or tag == name):
            same = index
    return same if newest is None else newest[1]


def _beginnings(wanted: Version) -> tuple[str, ...]:
    """How a tag in ASCII begins that means a version or one that it covers: a look that spares most the parsing."""
    major, *minor = map(str, wanted.numbers[:2])
    numbers = ("0", f"{major}.{minor[0]}", f"{major}.0") if minor else ("0", major)
    return ("refs/", *[wanted.prefix + v + number for v in ("", "v", "V") for number in numbers])


class Releases:
    """Releases of one repository that are at hand."""

    __slots__ = ("releases",)

    def __init__(self, releases: tuple[Release, ...]) -> None:
        self.releases = releases

    def find(self, ref: str) -> Release | None:
        """The release that a reference means; see `choose`."""
        return choose(self.releases, ref)

    def at(self, commit: str) -> tuple[Release, ...]:
        """The releases that name a commit, or have named it."""
        return tuple(release for release in self.releases if commit == release.commit or commit in release.former)
