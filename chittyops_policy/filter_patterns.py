"""The patterns under ``branches``, ``tags`` and ``paths`` of a trigger: what is wrong with one, and what it covers.

Source: GitHub's filter pattern cheat sheet in the reference of the workflow syntax (2026-11). ``*`` stays within one
part of a path, ``**`` crosses them, ``?`` and ``+`` repeat the sign before them, ``[…]`` is one of several signs, and
``!`` at the start takes out again what earlier patterns let in.
"""

from __future__ import annotations

import re
from functools import lru_cache

REFS = ("branches", "branches-ignore", "tags", "tags-ignore")
PATHS = ("paths", "paths-ignore")
KINDS = REFS + PATHS

_IN_NO_REF = " \t~^:"


@lru_cache(maxsize=1024)  # most workflows name the same few branches
def problem(pattern: str, kind: str) -> str:
    """Why a pattern is none, or can cover nothing; '' for one that is right. `kind` is one of KINDS."""
    body = pattern.removeprefix("!")
    if not body:
        return "the pattern is empty" if not pattern else "nothing stands behind the !"
    wrong = _syntax(body)
    if wrong:
        return wrong
    if kind in PATHS:
        if body != body.strip():
            return "a blank at the start or end is part of the pattern, and hardly of a path"
        if any(part in (".", "..") for part in body.split("/")):
            return "paths are written from the top of the repository, without . and .."
        return ""
    found = next((char for char in body if char in _IN_NO_REF), "")
    if found:
        shown = "a blank" if found in " \t" else found
        return f"the name of a branch or tag cannot contain {shown}"
    if body.startswith("/") or body.endswith(("/", ".")):
        return "the name of a branch or tag does not start with / and does not end with / or ."
    return ""


def _syntax(body: str) -> str:
    if not ("?" in body or "+" in body or "[" in body):
        return ""
    repeatable = False
    at = 0
    while at < len(body):
        char = body[at]
        if char == "\\" and at + 1 < len(body):
            at += 1
            repeatable = True
        elif char in "?+":
            if not repeatable:
                return f"{char} repeats the sign before it, and here is none"
            repeatable = False
        elif char == "*":
            repeatable = False
        elif char == "[":
            end = body.find("]", at + 1)
            if end < 0:
                return "the bracket is not closed"
            wrong = _bracket(body[at + 1 : end])
            if wrong:
                return wrong
            at = end
            repeatable = True
        else:
            repeatable = True
        at += 1
    return ""


def _bracket(inside: str) -> str:
    if not inside:
        return "nothing stands between the brackets"
    for match in re.finditer(r"(.)-(.)", inside):
        if match[1] > match[2]:
            return f"the range {match[0]} runs backwards"
    return "the range has no end" if len(inside) > 1 and inside.endswith("-") else ""


def expression(pattern: str) -> str:
    """A regular expression for a whole line that means the same as a pattern without ``!``."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        elif pattern.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 2
        elif pattern.startswith("**", at):
            parts.append(".*")
            at += 1
        elif char == "*":
            parts.append("[^/\n]*")
        elif char in "?+":
            parts.append(char)
        elif char == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
            parts.append(f"[{inside}]")
            at = end
        else:
            parts.append(re.escape(char))
        at += 1
    return "".join(parts)
