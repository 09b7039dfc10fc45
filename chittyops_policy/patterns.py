"""Globs over paths and over ``owner/repo`` names, as policy files write them."""

from __future__ import annotations

import re

_COMPILED: dict[tuple[str, bool], re.Pattern[str]] = {}


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a glob covers a whole path: ``*`` and ``?`` stay within one part, ``**`` crosses parts.

    A pattern that ends in ``/`` covers everything below that folder. There are no character classes: ``[`` stands
    for itself, because routes such as ``steps[2]`` are matched too.
    """
    if pattern == text:
        return True
    key = (pattern, ignore_case)
    compiled = _COMPILED.get(key)
    if compiled is None:
        if not (ignore_case or "*" in pattern or "?" in pattern or pattern.endswith("/")):
            return False
        compiled = _COMPILED[key] = re.compile(_expression(pattern), re.IGNORECASE if ignore_case else 0)
    return compiled.fullmatch(text) is not None


def _expression(pattern: str) -> str:
    if pattern.endswith("/"):
        pattern += "**"
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            parts.append("(?:[^/]+/)*")
            at += 3
        elif pattern.startswith("**", at):
            parts.append(".*")
            at += 2
        elif pattern[at] == "*":
            parts.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            parts.append("[^/]")
            at += 1
        else:
            parts.append(re.escape(pattern[at]))
            at += 1
    return "".join(parts)
