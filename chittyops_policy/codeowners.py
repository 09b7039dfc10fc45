"""CODEOWNERS as GitHub reads it: lines with places, patterns, and who owns a path.

Source: GitHub's page "About code owners" and its REST endpoint for CODEOWNERS errors (2026-11). The last line that
matches a path decides; a line without owners leaves its paths to nobody; a line with a mistake in it is skipped.
Patterns are those of .gitignore without ``!``, ``[ ]`` and an escaped ``#``. Letter case counts in paths, not in
owners.
"""

from __future__ import annotations

from .model import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_IN_TEAMS = _IN_NAMES | {"."}
_SPECIAL = frozenset("*?\\")

MAX_BYTES = 3 * 1024 * 1024
"""GitHub does not load a file of this size or more."""


class Owner:
    """One owner of a line: `kind` is ``user``, ``team``, ``email`` or ``invalid``; `org` is '' unless it is a team."""

    __slots__ = ("end", "kind", "org", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.kind, self.org = _kind_of(text)

    @property
    def span(self) -> Span:
        """Where it stands in the file."""
        return Span(self.start, self.end)


class Line:
    """One line with a pattern.

    number           the 1-based line number
    pattern          as written, without escapes undone
    start, end       of the pattern
    owners           in order; empty where the line leaves its paths to nobody
    error            why GitHub skips the line, or ''; `error_span` is the part at fault
    """

    __slots__ = ("_beginning", "_parts", "end", "error", "error_span", "number", "owners", "pattern", "start")

    def __init__(self, number: int, pattern: str, start: int, end: int, owners: tuple[Owner, ...]) -> None:
        self.number = number
        self.pattern = pattern
        self.start = start
        self.end = end
        self.owners = owners
        self.error = _pattern_error(pattern)
        self.error_span = self.span
        if not self.error:
            for owner in owners:
                if owner.kind == "invalid":
                    self.error = f"{owner.text} is no owner: write @user, @organisation/team or an e-mail address"
                    self.error_span = owner.span
                    break
        self._parts: tuple[str, ...] | None = None
        self._beginning = ""  # what a path begins with that the parts cover

    @property
    def span(self) -> Span:
        """Where the pattern stands in the file."""
        return Span(self.start, self.end)

    def names(self) -> frozenset[str]:
        """The owners in lower case, as GitHub compares them."""
        return frozenset(owner.text.lower() for owner in self.owners)

    def matches(self, path: str) -> bool:
        """Whether the pattern covers a path."""
        parts = self._parts
        if parts is None:
            parts = self._parts = _parts_of(self.pattern)
            self._beginning = "" if _SPECIAL.intersection(parts[0]) else parts[0]
        return path.startswith(self._beginning) and _match_parts(parts, tuple(path.split("/")))

    def depth_in(self, path: str) -> int:
        """How many leading parts of a path the pattern spells out: 2 of ``/.github/workflows/``, 0 for ``*``."""
        literal = [part for part in self.pattern.strip("/").split("/") if part != "**"]
        depth = 0
        for mine, theirs in zip(literal, path.strip("/").split("/"), strict=False):
            if mine != theirs:
                break
            depth += 1
        return depth


class CodeOwners:
    """A parsed CODEOWNERS file; offsets count code points of `text`."""

    __slots__ = ("lines", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = tuple(_lines(text))

    def deciding_line(self, path: str) -> Line | None:
        """The last valid line that matches a path, or None where nobody was named."""
        return next((line for line in reversed(self.lines) if not line.error and line.matches(path)), None)

    def matching_lines(self, path: str) -> tuple[Line, ...]:
        """Every valid line that matches a path, in file order."""
        return tuple(line for line in self.lines if not line.error and line.matches(path))

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Who owns a path, as written; empty for nobody."""
        line = self.deciding_line(path)
        return () if line is None else tuple(owner.text for owner in line.owners)


def parse(path: str, text: str) -> CodeOwners:
    """The lines of a CODEOWNERS file. Never fails: a line that GitHub would skip carries its `error`."""
    return CodeOwners(path, text)


def _lines(text: str) -> Iterator[Line]:
    at = 1 if text.startswith("\ufeff") else 0
    number = 0
    length = len(text)
    while at < length:
        number += 1
        stop = text.find("\n", at)
        stop = length if stop < 0 else stop
        words = _words(text, at, stop)
        if words:
            start, end = words[0]
            owners = tuple(Owner(text[first:last], first, last) for first, last in words[1:])
            yield Line(number, text[start:end], start, end, owners)
        at = stop + 1


def _words(text: str, at: int, stop: int) -> list[tuple[int, int]]:
    """The (start, end) of the words before a comment; a backslash keeps the next character in its word."""
    words: list[tuple[int, int]] = []
    line = text[at:stop]
    if line.lstrip(" \t\r").startswith("#"):
        return words
    if "#" not in line and "\\" not in line:  # nearly always
        for word in line.replace("\t", " ").replace("\r", " ").split(" "):
            if word:
                words.append((at, at + len(word)))
            at += len(word) + 1
        return words
    start = -1
    while at < stop:
        char = text[at]
        if char == "\\" and not words:
            start = at if start < 0 else start
            at += 2
            continue
        if char == "#" and (start < 0 or words):
            break
        if char in " \t\r":
            if start >= 0:
                words.append((start, at))
                start = -1
        elif start < 0:
            start = at
        at += 1
    if start >= 0:
        words.append((start, min(at, stop)))
    return words


def _kind_of(text: str) -> tuple[str, str]:
    if text.startswith("@"):
        name, slash, team = text[1:].partition("/")
        if not _is_name(name):
            return "invalid", ""
        if not slash:
            return "user", ""
        return ("team", name) if _is_name(team, _IN_TEAMS) else ("invalid", "")
    local, at, domain = text.partition("@")
    dotted = domain.split(".")
    if local and at and len(dotted) > 1 and all(_is_name(part) for part in dotted):
        return "email", ""
    return "invalid", ""


def _is_name(text: str, signs: frozenset[str] = _IN_NAMES) -> bool:
    """Letters, digits and hyphens; accounts that an enterprise manages and teams also have underscores."""
    return bool(text) and signs.issuperset(text)


def _pattern_error(pattern: str) -> str:
    if pattern.startswith("!"):
        return "a pattern cannot be negated with ! in CODEOWNERS"
    if pattern.startswith("\\#"):
        return "a pattern cannot start with # in CODEOWNERS, not even escaped"
    if "***" in pattern:
        return "*** is no pattern"
    if pattern.strip("/") == "":
        return "/ never matches anything; * is every file"
    at = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            continue
        if pattern[at] in "[]":
            return "[ ] ranges do not work in CODEOWNERS"
        at += 1
    return ""


def _parts_of(pattern: str) -> tuple[str, ...]:
    """A pattern as parts from the top: ``docs/`` is ``**``, ``docs``, ``**``; a ``''`` at the end is "and below"."""
    parts = pattern.split("/")
    if parts[0] == "":
        parts = parts[1:]
    elif len(parts) == 1 or (len(parts) == 2 and parts[1] == ""):
        parts = ["**", *parts]  # one name without a leading slash is found at every depth
    if parts[-1] == "":
        parts[-1] = "**"
    elif parts[-1] not in ("*", "**"):
        parts.append("")  # a name may be that of a folder; docs/* however stops at the files in docs
    return tuple(parts)


def _match_parts(parts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether pattern parts cover a path's names. Linear steps back only to the last ``**``, so nothing explodes."""
    below = parts[-1] == ""
    if below:
        parts = parts[:-1]
    last = len(parts) - 1
    part = name = 0
    star_part = star_name = -1
    while True:
        if part > last:
            if below or name == len(names):
                return True
        elif parts[part] == "**":
            if part == last:
                if name < len(names):
                    return True
            else:
                star_part, star_name = part + 1, name
                part += 1
                continue
        elif name < len(names) and _match_name(parts[part], names[name]):
            part += 1
            name += 1
            continue
        if star_part < 0 or star_name >= len(names):
            return False
        star_name += 1
        part, name = star_part, star_name


def _match_name(glob: str, name: str) -> bool:
    """Whether ``*``, ``?`` and escapes in one part cover one name, by the greedy walk that steps back to one star."""
    if "*" not in glob and "?" not in glob and "\\" not in glob:
        return glob == name
    at = here = 0
    star = resume = -1
    while here < len(name):
        char = glob[at] if at < len(glob) else ""
        width = 1
        if char == "\\" and at + 1 < len(glob):
            matched = glob[at + 1] == name[here]
            width = 2
        elif char == "*":
            star, resume = at + 1, here
            at += 1
            continue
        else:
            matched = char == "?" or char == name[here]
        if matched:
            at += width
            here += 1
        elif star >= 0:
            resume += 1
            at, here = star, resume
        else:
            return False
    return all(char == "*" for char in glob[at:])
