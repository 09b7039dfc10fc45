"""Which release of an action a reference means, as far as the file itself says so."""

from __future__ import annotations

import re

from .edits import comment_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from .document import Document
    from .workflow import Uses

    Version: TypeAlias = tuple[int, ...]

_VERSION = r"[vV]?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?"
_FORMS = r"(?:tag=|pin@|ratchet:\S+@)?"
"""What Renovate, ratchet and others write before the version in a comment behind a pin."""

_ENDLESS = 1 << 30


def parse(text: str) -> Version | None:
    """``v4``, ``4.1`` or ``v4.1.2`` as numbers; None for anything else, a pre-release too."""
    match = re.fullmatch(_VERSION, text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def stated(document: Document, uses: Uses) -> Version | None:
    """The version that a reference names: its tag, or for a commit the comment behind it. None where nothing does.

    Fewer than three numbers are a tag that moves: it means any release that begins so.
    """
    if not uses.pinned:
        return parse(uses.ref.removeprefix("refs/tags/"))
    comment = comment_on(document, uses.node.start)
    match = re.match(_FORMS + "(" + _VERSION + r")(?=[\s,;)]|$)", comment.strip()) if comment else None
    return parse(match[1]) if match else None


def spans(version: Version) -> tuple[Version, Version]:
    """The lowest and the highest release that a version can mean, each as three numbers."""
    missing = 3 - len(version)
    return version + (0,) * missing, version + (_ENDLESS,) * missing
