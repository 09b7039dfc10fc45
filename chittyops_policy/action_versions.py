"""Which version of an action a ``uses`` means, as far as the file tells."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Document
    from .workflow import Uses

_VERSION = re.compile(r"v?(\d+(?:\.\d+){0,2})(?![\w.-])")
_IN_COMMENT = re.compile(r"#\s*(?:\S*[=@:/])?v?(\d+(?:\.\d+){0,2})(?![\w.-])")

NEWEST = 10**9
"""Stands for the parts that a moving tag leaves open: ``v4`` is the newest of all 4.x."""


def version_of(uses: Uses, document: Document) -> tuple[int, int, int] | None:
    """The version that a reference names, or for a commit the comment behind it; None where neither tells.

    What a shorter tag leaves open counts as `NEWEST`. A comment is believed: whether it is true is for another rule.
    """
    found = _VERSION.fullmatch(uses.ref)
    if found is None and uses.pinned:
        end = uses.node.end
        found = _IN_COMMENT.match(document.text[end : end + 80].partition("\n")[0].lstrip())
    if found is None:
        return None
    parts = [int(part) for part in found[1].split(".")]
    return (parts[0], parts[1] if len(parts) > 1 else NEWEST, parts[2] if len(parts) > 2 else NEWEST)
