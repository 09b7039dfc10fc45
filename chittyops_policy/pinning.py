"""The pins of one repository: which actions it uses, its lock brought up to date, and both verified."""

from __future__ import annotations

import os
import tempfile

from .edits import comment_on, line_end
from .errors import UserError, WorldError
from .model import Value
from .pin_lock import PIN_LOCK, LockedPin, PinLock, lock_text, read_lock
from .pin_pack import shipped
from .pins import PinSources, Unpinnable, mismatch, name_of, resolve
from .rule import FOREIGN, ON_BRANCH, UNTOLD
from .versions import FROM_GITHUB, FROM_PACK, HAND, parse_version, stated_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rule import Host
    from .snapshot import Snapshot
    from .workflow import Action, Workflow


class Used(Value):
    """An action or reusable workflow at one reference.

    slug    ``owner/name`` in lower case
    ref     as it is written: a commit, a tag or a branch
    stated  the version in the comment behind it, or ''
    places  (path, line) of each place, in order
    """

    __slots__ = ("pinned", "places", "ref", "slug", "stated")

    def __init__(self, slug: str, ref: str, stated: str, pinned: bool, places: tuple[tuple[str, int], ...]) -> None:
        self.slug = slug
        self.ref = ref
        self.stated = stated
        self.pinned = pinned
        self.places = places

    @property
    def place(self) -> str:
        """The first place as ``path:line``, with the number of the others."""
        path, line = self.places[0]
        more = f" and {len(self.places) - 1} more" if len(self.places) > 1 else ""
        return f"{path}:{line}{more}"


class Row(Value):
    """One line of ``pins show``: what is used, which version that is, the newest of its major, and where from."""

    __slots__ = ("newest", "origin", "used", "version")

    def __init__(self, used: Used, version: str, newest: str, origin: str) -> None:
        self.used = used
        self.version = version
        self.newest = newest
        self.origin = origin


class Update(Value):
    """What ``pins update`` came to.

    pins    the pins of the lock, by repository and version
    alarms  contradictions that somebody must look at; what the lock had there is kept
    lacks   what could not be told, each with its place
    doubts  why a person should look at a pin all the same, each with its place
    """

    __slots__ = ("alarms", "doubts", "lacks", "pins")

    def __init__(
        self,
        pins: dict[str, dict[str, LockedPin]],
        alarms: tuple[str, ...],
        lacks: tuple[str, ...],
        doubts: tuple[str, ...],
    ) -> None:
        self.pins = pins
        self.alarms = alarms
        self.doubts = doubts
        self.lacks = lacks


RIGHT, WRONG, UNCERTAIN = "ok", "wrong", "unknown"


class Verified(Value):
    """The outcome for one line of the lock or one pinned reference: RIGHT, WRONG or UNCERTAIN, and why."""

    __slots__ = ("outcome", "reason", "subject")

    def __init__(self, outcome: str, subject: str, reason: str) -> None:
        self.outcome = outcome
        self.subject = subject
        self.reason = reason


def pin_sources(snapshot: Snapshot, host: Host | None) -> PinSources:
    """What pins of a repository are taken from. Raises UserError, with every place, for a lock that cannot be read."""
    document = snapshot.document(PIN_LOCK)
    lock = read_lock(document)
    if document is not None and lock.mistakes:
        lines = []
        for mistake in lock.mistakes:
            line, column = document.line_column(mistake.span.start)
            lines.append(f"{PIN_LOCK}:{line}:{column}: {mistake.message}")
        raise UserError("\n".join(lines), "correct it, or delete it and run `chittyops-policy pins update`")
    return PinSources(lock, host, shipped())


def used(snapshot: Snapshot) -> list[Used]:
    """Every action and reusable workflow of other repositories that the repository's files name, by name and ref."""
    places: dict[tuple[str, str, str, bool], list[tuple[str, int]]] = {}
    for view in _views(snapshot):
        document = view.document
        seen: set[int] = set()
        for uses, _, _ in view.uses():
            node = uses.node
            if uses.kind not in ("action", "workflow") or id(node) in seen:
                continue
            seen.add(id(node))
            rest = document.text[node.end : line_end(document, node.end)].lstrip(" \t")
            comment = comment_on(document, node.end) if rest.startswith("#") else None
            stated = stated_version(comment or "") or ""
            key = (uses.slug, uses.ref, stated if uses.pinned else "", uses.pinned)
            places.setdefault(key, []).append((view.path, document.line_column(node.start)[0]))
    return [Used(*key, tuple(found)) for key, found in sorted(places.items())]


def _views(snapshot: Snapshot) -> Iterator[Workflow | Action]:
    yield from snapshot.workflows()
    for path in snapshot.action_paths():
        action = snapshot.action(path.rpartition("/")[0])
        if action is not None and action.path == path:
            yield action


def rows(snapshot: Snapshot, known: PinSources) -> list[Row]:
    """What the repository uses, which version each is, and the newest known one of the same major version."""
    found = []
    for each in used(snapshot):
        if each.pinned:
            release = name_of(each.slug, each.ref.lower(), known)
            version, origin = (release.tag, release.origin) if release is not None else ("", "")
        else:
            pin = resolve(each.slug, each.ref, known)
            version, origin = ("", pin.reason) if isinstance(pin, Unpinnable) else (pin.release.tag, pin.release.origin)
        found.append(Row(each, version, _newest(each.slug, version or each.stated, known), origin))
    return found


def _newest(slug: str, version: str, known: PinSources) -> str:
    """The newest known release of a version's major version, by any source; '' where nobody knows one."""
    parsed = parse_version(version)
    if parsed is None:
        return ""
    major = f"{parsed.prefix}v{parsed.numbers[0]}"
    best: tuple[tuple[int, ...], str] | None = None
    for source in known.each(slug):
        release = source.find(major)
        number = parse_version(release.tag) if release is not None else None
        if release is not None and number is not None and (best is None or number.numbers > best[0]):
            best = number.numbers, release.tag
    return best[1] if best is not None else ""


def update(snapshot: Snapshot, known: PinSources) -> Update:
    """The lock for what the repository uses now: each reference resolved anew, each pinned commit under its version.

    A line whose commit stays is left as it is, date included, except that GitHub's word replaces the pack's.
    """
    pins: dict[str, dict[str, LockedPin]] = {}
    alarms: list[str] = []
    lacks: list[str] = []
    doubts: list[str] = []
    old = known.lock.pins
    for each in used(snapshot):
        before = old.get(each.slug, {})
        if each.pinned:
            release = name_of(each.slug, each.ref.lower(), known)
            if release is None:
                lacks.append(f"{each.place}: {each.slug}@{each.ref} is the commit of no release that is known")
                continue
        else:
            pin = resolve(each.slug, each.ref, known, fresh=True)
            if isinstance(pin, Unpinnable):
                (alarms if pin.alarm else lacks).append(f"{each.place}: {each.slug}@{each.ref}: {pin.reason}")
                if pin.alarm:
                    pins.setdefault(each.slug, {}).update(before)
                continue
            release = pin.release
            doubts += [f"{each.place}: {each.slug}@{each.ref}: {doubt}" for doubt in pin.doubts]
        kept = before.get(release.tag)
        better = kept is not None and kept.source == FROM_PACK and release.source == FROM_GITHUB
        if kept is None or kept.commit != release.commit or better:
            kept = LockedPin(release.commit, release.seen, release.source)
        pins.setdefault(each.slug, {})[release.tag] = kept
    return Update(pins, tuple(alarms), tuple(lacks), tuple(doubts))


def write_lock(root: str, pins: dict[str, dict[str, LockedPin]]) -> bool:
    """Writes the lock of the repository at `root`, whole or not at all; tells whether it changed.

    Raises WorldError where the file cannot be written.
    """
    path = os.path.join(root, *PIN_LOCK.split("/"))
    data = lock_text(pins).encode()
    try:
        with open(path, "rb") as stream:
            if stream.read() == data:
                return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise WorldError(f"{path} cannot be read: {error.strerror}") from error
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".pins-", dir=os.path.dirname(path))
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {error.strerror}") from error
    return True


def verify(snapshot: Snapshot, known: PinSources) -> list[Verified]:
    """Each line of the lock and each pinned reference against GitHub, where it may be asked, and the pack."""
    lines = [
        Verified(*_verify_line(slug, version, pin, known))
        for slug, versions in sorted(known.lock.pins.items())
        for version, pin in versions.items()
    ]
    return lines + [Verified(*_verify_use(each, known)) for each in used(snapshot) if each.pinned]


def _verify_line(slug: str, version: str, pin: LockedPin, known: PinSources) -> tuple[str, str, str]:
    subject = f"{PIN_LOCK}: {slug} {version}"
    confirmed = hearsay = ""
    for source in tuple(known.each(slug))[1:]:  # all but the lock itself
        release = source.find(version)
        if release is None or release.tag != version:
            continue
        if not release.confirmed:
            hearsay = release.origin if release.commit == pin.commit else hearsay
            continue
        if release.commit != pin.commit:
            if pin.source == HAND and release.source == FROM_PACK:
                continue  # a person has looked at it since
            return WRONG, subject, f"the tag names {release.commit} by {release.origin}, not {pin.commit}"
        confirmed = confirmed or release.origin
    return _member(slug, pin.commit, subject, confirmed, hearsay, known)


def _verify_use(each: Used, known: PinSources) -> tuple[str, str, str]:
    subject = f"{each.place}: {each.slug}@{each.ref}"
    commit = each.ref.lower()
    peeled = known.host.peel(each.slug, commit) if known.host is not None else None
    if peeled is not None:
        return WRONG, subject, f"this is the id of a tag's own object; the commit is {peeled}"
    wrong = mismatch(each.slug, commit, each.stated, known) if each.stated else None
    if wrong is not None:
        actual = f"this commit is {wrong.actual.tag}" if wrong.actual is not None else "nobody knows this commit"
        return (
            WRONG,
            subject,
            f"the comment says {each.stated}, which is {wrong.meant.commit} by {wrong.meant.origin}; {actual}",
        )
    # The lock is to be verified itself: it is only asked where nobody else knows.
    release = name_of(each.slug, commit, PinSources(PinLock({}), known.host, known.pack))
    release = release or name_of(each.slug, commit, known)
    words = f"{release.tag} by {release.origin}" if release is not None else ""
    confirmed = release is not None and release.confirmed
    return _member(each.slug, commit, subject, words if confirmed else "", "" if confirmed else words, known)


def _member(
    slug: str, commit: str, subject: str, confirmed: str, hearsay: str, known: PinSources
) -> tuple[str, str, str]:
    """The outcome for a commit that nothing contradicts: whether it is the repository's, and what is known of it."""
    warned = known.pack.entry(slug).warned
    warning = f"; there is a warning about {slug}: {warned.words}" if warned is not None else ""
    membership = UNTOLD if known.host is None else known.host.membership(slug, commit)
    if membership == FOREIGN:
        return WRONG, subject, f"{commit} is in no branch and no tag of {slug}; it may be a fork's"
    if confirmed:
        return RIGHT, subject, confirmed + warning
    if membership != UNTOLD:
        where = "on a branch" if membership == ON_BRANCH else "under a tag"
        return RIGHT, subject, f"{where} of {slug}, of no release that is known{warning}"
    if known.host is None:
        if hearsay:
            return UNCERTAIN, subject, f"{hearsay}, but its owner's tag was not seen{warning}"
        lack = f"the pack of {known.pack.date} does not have it; with a token GitHub is asked"
        return UNCERTAIN, subject, lack + warning
    return UNCERTAIN, subject, f"GitHub could not tell whether it belongs to {slug}{warning}"
