"""Where the commit of an action comes from: the repository's lock, then GitHub where it may be asked, then the pack.

The first of them that knows the version decides, and every answer says which one it was. What contradicts it, and what
is known against the action, goes with the answer as a doubt; what must not be pinned is refused with the reason.
"""

from __future__ import annotations

from .memo import remember
from .model import Value
from .pin_lock import PIN_LOCK, read_lock
from .pin_pack import REFUSE, shipped
from .rule import FOREIGN, ON_BRANCH, ON_TAG
from .versions import FROM_PACK, HAND, Releases, choose, is_short_commit, parse_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .pin_lock import PinLock
    from .pin_pack import Pack, PackEntry
    from .rule import Context, Host
    from .versions import Release, Version

ASK_GITHUB = "`chittyops-policy pins update` with a token asks GitHub"


class Pin(Value):
    """What a reference is to be pinned to.

    release  an exact version, or the head of a branch where a branch was named
    doubts   sentences about why a person should look first; without any, the pin is as good as its origin
    """

    __slots__ = ("doubts", "release")

    def __init__(self, release: Release, doubts: tuple[str, ...] = ()) -> None:
        self.release = release
        self.doubts = doubts


class Unpinnable(Value):
    """Why a reference cannot be pinned: a sentence fragment that says what would help.

    `alarm` tells a contradiction that somebody should look at from a mere lack of knowledge.
    """

    __slots__ = ("alarm", "reason")

    def __init__(self, reason: str, alarm: bool = False) -> None:
        self.reason = reason
        self.alarm = alarm


class PinSources:
    """What one repository's pins are taken from; `host` is None where nobody may be asked.

    alone  whether nothing but the pack answers
    kept   where answers are kept: those of the pack alone are the same for every repository; None for all others
    """

    __slots__ = ("alone", "host", "kept", "lock", "pack")

    def __init__(self, lock: PinLock, host: Host | None, pack: Pack) -> None:
        self.lock = lock
        self.host = host
        self.pack = pack
        self.alone = host is None and not lock.pins and not lock.mistakes
        self.kept: dict[tuple[str, ...], Any] | None = pack.answers if self.alone else None

    def each(self, slug: str) -> Iterator[Releases | _Asked | PackEntry]:
        """What each source says of ``owner/repo`` (lower case), in the order in which they decide."""
        if self.lock.pins:
            yield Releases(self.lock.releases(slug))
        if self.host is not None:
            yield _Asked(self.host, slug)
        yield self.pack.entry(slug)


class _Asked:
    """Releases of a repository that are asked for one by one."""

    __slots__ = ("host", "slug")

    def __init__(self, host: Host, slug: str) -> None:
        self.host = host
        self.slug = slug

    def find(self, ref: str) -> Release | None:
        return self.host.find(self.slug, ref)

    def at(self, commit: str) -> tuple[Release, ...]:
        return self.host.at(self.slug, commit)


def sources(context: Context) -> PinSources:
    """The sources for the repository of a check."""
    return context.once(_sources)  # type: ignore[no-any-return]


def lock_of(context: Context) -> PinLock:
    """The lock of the repository of a check, read once."""
    return context.once(_lock)  # type: ignore[no-any-return]


def _lock(context: Context) -> PinLock:
    return read_lock(context.snapshot.document(PIN_LOCK))


def _sources(context: Context) -> PinSources:
    return PinSources(lock_of(context), context.lookups.host, shipped())


def resolve(slug: str, ref: str, known: PinSources, *, fresh: bool = False) -> Pin | Unpinnable:
    """The pin for ``owner/repo`` (lower case) at a reference that is no full commit.

    `fresh` asks anew instead of taking the lock's word, which then only serves to notice what has changed.
    """
    kept = known.kept
    if kept is None:
        return _resolve(slug, ref, known, fresh)
    found: Pin | Unpinnable | None = kept.get((slug, ref))
    if found is None:
        found = remember(kept, (slug, ref), _resolve(slug, ref, known, fresh), len(slug) + len(ref))
    return found


def _resolve(slug: str, ref: str, known: PinSources, fresh: bool) -> Pin | Unpinnable:
    if is_short_commit(ref):
        return Unpinnable("a shortened commit id does not say for certain which commit is meant; write all 40 digits")
    if known.lock.mistakes:
        return Unpinnable(f"{PIN_LOCK} cannot be read")
    entry = known.pack.entry(slug)
    warned = entry.warned
    doubts = [] if warned is None else [f"There is a warning about {slug}: {warned.words}."]
    locked = None if fresh else choose(known.lock.releases(slug), _name(ref))  # a branch has its bare name there
    if locked is not None:
        return Pin(locked, (*doubts, *_doubts_of_locked(locked, ref, entry.releases)))
    if warned is not None and warned.effect == REFUSE:
        return Unpinnable(f"there is a warning about {slug}: {warned.words}")
    if known.host is not None:
        found = _from_host(slug, ref, known, known.host, entry.releases, doubts)
        if found is not None:
            return found
    release = None if ref.startswith("refs/heads/") else entry.find(ref)
    if release is None:
        return Unpinnable(_lack(slug, ref, known, bool(entry.tags)))
    contradicting = _otherwise(release, known.lock.releases(slug))
    if contradicting is not None:
        if contradicting.source == HAND:  # a person has looked at it since
            return Pin(contradicting, (*doubts, _differs(release)))
        return _moved(slug, release, contradicting)
    return Pin(release, (*doubts, *_own_doubts(release, ref)))


def _doubts_of_locked(locked: Release, ref: str, packed: tuple[Release, ...]) -> Iterator[str]:
    """What speaks against taking the lock's word unread."""
    other = _otherwise(locked, packed)
    if other is not None:
        yield _differs(other)
    if locked.source == FROM_PACK:  # writing it into the lock has made it no more certain than it was in the pack
        for item in packed:
            if item.tag == locked.tag and item.commit == locked.commit:
                yield from _own_doubts(item, ref)
    if parse_version(locked.tag) is None:
        yield _is_branch(locked)


def _from_host(
    slug: str, ref: str, known: PinSources, host: Host, packed: tuple[Release, ...], doubts: list[str]
) -> Pin | Unpinnable | None:
    release = None if ref.startswith("refs/heads/") else host.find(slug, ref)
    if release is None and not ref.startswith("refs/tags/"):
        head = host.branch(slug, _name(ref))
        if head is None:
            return None
        release = _most_exact(host.at(slug, head.commit))
        if release is None:
            return Pin(head, (*doubts, _is_branch(head)))
    if release is None:
        return None
    # What the lock has was looked at; it decides over the pack where they differ.
    locked = known.lock.releases(slug)
    seen = locked if any(item.tag == release.tag for item in locked) else packed
    contradicting = _otherwise(release, seen)
    if contradicting is not None:
        return _moved(slug, release, contradicting)
    found = list(doubts)
    membership = host.membership(slug, release.commit)
    if membership == FOREIGN:
        return Unpinnable(f"{release.commit} is in no branch and no tag of {slug}; it may be a fork's", alarm=True)
    if membership != ON_BRANCH:
        only = "is on no branch: only a tag leads to it" if membership == ON_TAG else "could not be found on a branch"
        found.append(f"The commit {only}.")
    return Pin(release, (*found, *_own_doubts(release, ref)))


def _moved(slug: str, now: Release, before: Release) -> Unpinnable:
    return Unpinnable(
        f"the tag {now.tag} of {slug} names {now.commit} by {now.origin}, but {before.commit} by {before.origin}; look "
        f"at both, then write the right one into {PIN_LOCK}",
        alarm=True,
    )


def _otherwise(release: Release, others: tuple[Release, ...]) -> Release | None:
    """The release of the same tag that another source has with another commit."""
    return next((item for item in others if item.tag == release.tag and item.commit != release.commit), None)


def _own_doubts(release: Release, ref: str) -> Iterator[str]:
    """What speaks against taking a release unread."""
    if not release.confirmed:
        yield f"The owner's own tag was not seen: {release.stated_by} public repositories state this commit."
    if release.former:
        before = " and ".join(release.former)
        yield f"Public repositories also state {before} for {release.tag}: the tag seems to have moved."
    if release.retargeted:
        yield f"The owner points several versions at this commit: it is not the code that {release.tag} was at first."
    version, wanted = parse_version(release.tag), parse_version(ref)
    if version is not None and version == wanted and release.tag != _name(ref):
        yield f"The owner spells the tag {release.tag}."


def _lack(slug: str, ref: str, known: PinSources, packed: bool) -> str:
    name = _name(ref)
    if known.host is not None:
        return f"neither GitHub nor the pack of {known.pack.date} has {name} of {slug}"
    if ref.startswith("refs/heads/") or parse_version(name) is None:
        lack = f"{name} is a branch, or a tag that its owner moves"
    elif packed:
        lack = f"the pack of {known.pack.date} has no release of {slug} that {name} names"
    else:
        lack = f"the pack of {known.pack.date} has nothing of {slug}"
    return f"{lack}; {ASK_GITHUB}"


def _name(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _is_branch(head: Release) -> str:
    return f"{head.tag} is a branch: from now on the step stays at its commit of {head.seen}."


def _differs(other: Release) -> str:
    return f"{other.origin[:1].upper()}{other.origin[1:]} has {other.commit} for {other.tag}."


def _most_exact(releases: tuple[Release, ...]) -> Release | None:
    """The most exact of the newest version tags among the tags of one commit."""
    found = [(version.order, release) for release in releases if (version := parse_version(release.tag)) is not None]
    return max(found, key=lambda item: item[0])[1] if found else None


class Mismatch(Value):
    """A version that a comment states for a commit which is another one.

    meant   the release that the comment names, the newest one of a major or minor version
    actual  the release that the commit is; None where nobody knows
    """

    __slots__ = ("actual", "meant")

    def __init__(self, meant: Release, actual: Release | None) -> None:
        self.meant = meant
        self.actual = actual


def mismatch(slug: str, commit: str, stated: str, known: PinSources) -> Mismatch | None:
    """What is wrong about a comment that states a version for a full commit; None where nothing is known to be.

    The first source that knows the stated version decides. Of a moving tag (``v4``) only a commit that is known to be
    of another version is wrong, of an exact one every other commit; a commit that the tag has named before is right.
    """
    kept = known.kept
    if kept is None:
        return _mismatch(slug, commit, stated, known)
    key = (slug, commit, stated)
    found: Mismatch | None
    if key in kept:
        found = kept[key]
    else:
        found = remember(kept, key, _mismatch(slug, commit, stated, known), len(slug) + len(stated))
    return found


def _mismatch(slug: str, commit: str, stated: str, known: PinSources) -> Mismatch | None:
    version = parse_version(stated)
    commit = commit.lower()
    if version is None:
        return None
    moving = len(version.numbers) < 3
    if known.alone and _is_at(version, commit, known.pack.entry(slug)):
        return None  # mostly so, and told without looking for the version
    for source in known.each(slug):
        meant = source.find(stated)
        if meant is not None and (commit == meant.commit or commit in meant.former):
            return None
        if _is_at(version, commit, source):
            return None
        if meant is not None and meant.confirmed:
            actual = name_of(slug, commit, known)
            return None if actual is None and moving else Mismatch(meant, actual)
    return None


def _is_at(version: Version, commit: str, source: Releases | _Asked | PackEntry) -> bool:
    """Whether a version is that of a release at a commit, or the major or minor version that it belongs to."""
    for release in source.at(commit):
        other = parse_version(release.tag)
        if other is not None and (other == version or version.covers(other)):
            return True
    return False


def name_of(slug: str, commit: str, known: PinSources) -> Release | None:
    """The release that a commit is, by the first source that knows it; None where none does."""
    found = (_most_exact(source.at(commit)) for source in known.each(slug))
    return next((release for release in found if release is not None), None)
