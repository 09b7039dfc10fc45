"""JSON with comments and trailing commas, as wrangler.jsonc, tsconfig.json and Renovate's files have them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_BLOCK = r"/\*[^*]*(?:\*(?!/)[^*]*)*"
_BLANKS = rf"[ \t\r\n]*(?:(?://[^\n]*\n|{_BLOCK}\*/)[ \t\r\n]*)*"
_PARTS = rf'"[^"\\]*(?:\\.[^"\\]*)*"?|//[^\n]*|{_BLOCK}(?:\*/)?|,(?={_BLANKS}[\]}}])'
"""Strings, which stay, comments, and commas with nothing but white space and comments up to a closing bracket."""


def parse(text: str) -> Any:
    """The value of a JSON text that may have ``//`` and ``/* */`` comments and trailing commas.

    Raises ValueError for anything else, also for JSON5's unquoted keys and single quotes, and for absurd nesting.
    """
    # Loaded only when such a file is met: it costs half of what a bare interpreter costs.
    import json

    try:
        try:
            return json.loads(text)
        except ValueError:
            return json.loads(plain(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def plain(text: str) -> str:
    """The same text with comments and trailing commas blanked out, so that every offset stays where it was."""
    return re.sub(_PARTS, _blanked, text, flags=re.DOTALL)


def _blanked(match: re.Match[str]) -> str:
    text = match.group()
    if text[0] == '"':
        return text
    return re.sub(r"[^\r\n]+", _spaces, text) if "\n" in text or "\r" in text else " " * len(text)


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())
