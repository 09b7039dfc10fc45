"""Globs over paths and over ``owner/repo`` names, as policy files write them."""

from __future__ import annotations

import re

from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COVERS: dict[tuple[str, bool], Callable[[str], object]] = {}


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a glob covers a whole path: ``*`` and ``?`` stay within one part, ``**`` crosses parts.

    A pattern that ends in ``/`` covers everything below that folder. There are no character classes: ``[`` stands
    for itself, because routes such as ``steps[2]`` are matched too.
    """
    if pattern == text:
        return True
    key = (pattern, ignore_case)
    covers = _COVERS.get(key)
    if covers is None:
        if not (ignore_case or "*" in pattern or "?" in pattern or pattern.endswith("/")):
            return False
        covers = (None if ignore_case else _around(pattern)) or _compiled(pattern, ignore_case)
        remember(_COVERS, key, covers, len(pattern))
    return bool(covers(text))


def _around(pattern: str) -> Callable[[str], bool] | None:
    """The test for a pattern with a single ``*``, ``**`` or ``**/``, which needs no regular expression; else None."""
    beginning, star, rest = pattern.partition("*")
    end = rest.removeprefix("*/") if rest.startswith("*/") else rest.removeprefix("*")
    if not star or "*" in end or "?" in pattern or pattern.endswith("/"):
        return None
    wildcard = len(pattern) - len(beginning) - len(end)
    least = len(beginning) + len(end)

    def covers(text: str) -> bool:
        if len(text) < least or not (text.startswith(beginning) and text.endswith(end)):
            return False
        between = text[len(beginning) : len(text) - len(end)]
        if wildcard == 1:
            return "/" not in between
        if wildcard == 2:
            return "\n" not in between
        return not between or (between.endswith("/") and "//" not in "/" + between)

    return covers


def _compiled(pattern: str, ignore_case: bool) -> Callable[[str], object]:
    return re.compile(_expression(pattern), re.IGNORECASE if ignore_case else 0).fullmatch


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
