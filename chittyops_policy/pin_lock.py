"""The lock file ``.github/chittyops-pins.yml``: which commit each version of an action is for this repository.

It is read like any other YAML of the repository, so that a mistake has a place, and written as one line a version, so
that a diff shows what changed.
"""

from __future__ import annotations

from .document import Mapping
from .edits import flow_text
from .model import Span, Value
from .structure import schema_problems
from .versions import Release, parse_version
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Map

    from .document import Document, Node

PIN_LOCK = ".github/chittyops-pins.yml"
"""Where the lock file lies."""

_HEAD = """\
# Which commit each version of an action is; pins are taken from here first. Written by `chittyops-policy pins update`.
# A version whose commit has changed is never overwritten: look at both commits, then correct the line by hand.
version: 1
"""


class LockedPin(Value):
    """One line of the lock: the commit of a version, the ISO date on which it was seen, and who said so."""

    __slots__ = ("commit", "seen", "source")

    def __init__(self, commit: str, seen: str, source: str) -> None:
        self.commit = commit
        self.seen = seen
        self.source = source


class LockMistake(Value):
    """What is wrong in a lock file and where."""

    __slots__ = ("message", "node", "span")

    def __init__(self, message: str, span: Span, node: Node | None = None) -> None:
        self.message = message
        self.span = span
        self.node = node


class PinLock:
    """A lock file: pins by repository (``owner/name`` in lower case) and version; empty where it has mistakes."""

    __slots__ = ("mistakes", "pins")

    def __init__(self, pins: Map[str, Map[str, LockedPin]], mistakes: tuple[LockMistake, ...] = ()) -> None:
        self.pins = pins
        self.mistakes = mistakes

    def releases(self, slug: str) -> tuple[Release, ...]:
        """What the lock says of a repository."""
        return tuple(
            Release(version, pin.commit, f"{PIN_LOCK} ({pin.source}, {pin.seen})", source=pin.source, seen=pin.seen)
            for version, pin in self.pins.get(slug, {}).items()
        )


def read_lock(document: Document | None) -> PinLock:
    """The lock in a document; an empty one where there is no file or where the file has mistakes."""
    if document is None:
        return PinLock({})
    if document.error is not None:
        return PinLock({}, (LockMistake(document.error.message, document.error.span),))
    problems = schema_problems(document, "pins")
    if problems:
        return PinLock({}, tuple(LockMistake(item.message, item.span, item.node) for item in problems))
    return PinLock(
        {
            slug: {
                version: LockedPin(*(text_of(pin.get(name)) for name in ("commit", "seen", "source")))
                for version, pin in _mappings(versions)
            }
            for slug, versions in _mappings(document.root.get("pins") if isinstance(document.root, Mapping) else None)
        }
    )


def _mappings(node: Node | None) -> Iterator[tuple[str, Mapping]]:
    """The entries of a mapping whose values are mappings, as the schema has them; texts as they are written."""
    if isinstance(node, Mapping):
        for name, _, value in node.pairs():
            if isinstance(value, Mapping):
                yield name, value


def lock_text(pins: Map[str, Map[str, LockedPin]]) -> str:
    """The text of a lock file: repositories by name, versions from old to new, one line each."""
    lines = [_HEAD.rstrip("\n"), "pins:" if pins else "pins: {}"]
    for slug in sorted(pins):
        lines.append(f"  {slug}:")
        for version in _from_old_to_new(pins[slug]):
            pin = pins[slug][version]
            fields = {"commit": pin.commit, "seen": pin.seen, "source": pin.source}
            lines.append(f"    {flow_text(version)}: {flow_text(fields)}")
    return "\n".join(lines) + "\n"


def _from_old_to_new(versions: Iterable[str]) -> list[str]:
    def order(name: str) -> tuple[bool, tuple[str, tuple[int, ...], bool, str], str]:
        version = parse_version(name)
        return version is not None, version.order if version else ("", (), False, ""), name

    return sorted(versions, key=order)
