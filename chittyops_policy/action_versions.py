"""Which releases of an action a reference means, as far as the file itself says so."""

from __future__ import annotations

from .edits import comment_on, line_end
from .versions import parse_version, stated_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from .document import Document
    from .workflow import Uses

    Numbers: TypeAlias = tuple[int, ...]

_ENDLESS = 1 << 30


def parse(text: str) -> Numbers | None:
    """``v4``, ``4.1`` or ``v4.1.2`` as numbers; None for anything else, a pre-release too."""
    version = parse_version(text)
    plain = version is not None and not version.prefix and not version.pre and len(version.numbers) <= 3
    return version.numbers if version is not None and plain else None


def stated(document: Document, uses: Uses) -> Numbers | None:
    """The version that a reference names: its tag, or for a commit the comment behind it. None where nothing does.

    Fewer than three numbers are a tag that moves: it means any release that begins so. A comment is believed, also
    where more words follow the version: whether it is true is for another rule.
    """
    if not uses.pinned:
        return parse(uses.ref)
    start, end = uses.node.start, uses.node.end
    # Behind the value the comment is seen at once; for one of several lines it is that of the first line.
    comment = comment_on(document, end if end <= line_end(document, start) else start) or ""
    name = stated_version(comment) or stated_version(comment.partition(" ")[0].rstrip(",;)"))
    return parse(name) if name else None


def spans(version: Numbers) -> tuple[Numbers, Numbers]:
    """The lowest and the highest release that a version can mean, each as three numbers."""
    missing = 3 - len(version)
    return version + (0,) * missing, version + (_ENDLESS,) * missing


def newest(document: Document, uses: Uses) -> Numbers | None:
    """The highest release that a reference can mean, as three numbers; None where nothing tells."""
    version = stated(document, uses)
    return spans(version)[1] if version is not None else None
