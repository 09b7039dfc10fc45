"""Bytes become text and a located node tree; a broken file is a value, never an exception.

Most files are read by `plain_yaml`, the others by libyaml's scanner (through PyYAML) and a composer of ours: it builds
nodes straight from the events, so that depth, aliases and duplicate keys are under control.

Offsets count Unicode code points of `Document.text`, which keeps a byte-order mark and the original line breaks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, count
from operator import add

from . import plain_yaml
from .model import Region, Span
from .nodes import MAX_DEPTH as MAX_DEPTH
from .nodes import Mapping as Mapping
from .nodes import Node as Node
from .nodes import Scalar as Scalar
from .nodes import Sequence as Sequence
from .nodes import new_mapping as new_mapping
from .nodes import new_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

MAX_CHARACTERS = 1024 * 1024
"""A longer file is not parsed. GitHub's workflow parser has the same limit (``ParseOptions.MaxFileSize``, 2026-11)."""

MAX_EVENTS = 500_000
"""A file with more values and ends of collections is not read to its end. Real workflows have some thousands."""

MAX_DUPLICATES = 100
"""So many keys that stand twice are remembered; a file with more is generated or hostile."""

MAX_EXPANDED_NODES = 100_000
"""Aliases may not blow a file up to more nodes than this, counted as if every alias were copied."""


class Comment:
    """A comment: `start` at the ``#``, `end` before the line break, `text` from the ``#`` on."""

    __slots__ = ("end", "start", "text")

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start = start
        self.end = end
        self.text = text


class SyntaxProblem:
    """Why a file could not be read as YAML: a message for a person and the offsets of the place."""

    __slots__ = ("message", "span")

    def __init__(self, message: str, span: Span) -> None:
        self.message = message
        self.span = span


class Document:
    """One file: its text, its tree, and why there is no tree when there is none.

    root        the top node of the first YAML document; None for an empty file and after an error
    error       the SyntaxProblem that stopped parsing, or None
    duplicates  (earlier key, later key) of mapping keys that stand twice, at most MAX_DUPLICATES
    extra       the span of a second YAML document in the same file, or None
    escaped     the scalars in double quotes that have a backslash, in file order
    cased       the mappings that may have a key that letter case could change
    """

    __slots__ = (
        "_asked", "_cases", "_comments", "_lines", "_near", "_offsets", "_routes", "anchors", "cased",
        "conditions", "duplicates", "error", "escaped", "extra", "fenced", "mappings", "path", "root", "text",
    )  # fmt: skip

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.root: Node | None = None
        self.error: SyntaxProblem | None = None
        self.duplicates: list[tuple[Scalar, Scalar]] = []
        self.mappings: list[Mapping] = []
        self.cased = self.mappings
        self.fenced: list[Scalar] = []
        self.escaped: list[Scalar] = []
        self.conditions: list[Scalar] = []
        self.anchors: dict[str, Node] = {}
        self.extra: Span | None = None
        self._lines: list[int] | None = None
        self._near = (0, 1)
        self._asked = 0
        self._cases: bool | None = None
        self._routes: dict[Node | None, str] = {None: ""}
        self._comments: tuple[Comment, ...] | None = None
        self._offsets: tuple[Scalar | None, list[int]] = (None, [])

    # ------------------------------------------------------------------ places

    def line_starts(self) -> list[int]:
        """The offset at which each line begins; lines end with LF, CRLF or a lone CR, as in YAML."""
        lines = self._lines
        if lines is None:
            lines = self._lines = _line_starts(self.text)
        return lines

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset, in code points."""
        lines = self._lines
        if lines is None:
            text = self.text
            self._asked += 1
            if self._asked <= _FEW_PLACES and not (self._asked == 1 and _has_lone_cr(text)):
                # Counted from the place that was asked for last: those of findings come in file order.
                near, line = self._near
                line += text.count("\n", near, offset) if near <= offset else -text.count("\n", offset, near)
                self._near = offset, line
                return line, offset - text.rfind("\n", 0, offset)
            lines = self.line_starts()
        line = bisect_right(lines, offset)
        return line, offset - lines[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line without its line break and without a byte-order mark."""
        lines = self.line_starts()
        start = lines[line - 1]
        end = lines[line] if line < len(lines) else len(self.text)
        return self.text[start:end].rstrip("\r\n").removeprefix("\ufeff")

    def region(self, span: Span, masks: Iterable[Span] = ()) -> Region:
        """The lines and columns of a span; what `masks` cover in the source line is shown as ``*``."""
        text = self.text
        length = len(text)
        start, end = span.start, span.end
        if not 0 <= start <= end <= length:
            start = min(max(start, 0), length)
            end = min(max(end, start), length)
        line, column = self.line_column(start)
        line_start = start - column + 1
        line_end = _break_at(text, start, length)
        end_line, end_column = (line, column + end - start) if end <= line_end else self.line_column(end)
        source = text[line_start:line_end].rstrip("\r\n").removeprefix("\ufeff")
        if line == 1 and text.startswith("\ufeff"):  # the mark is in the offsets, but not in any column
            line_start += 1
            column = max(column - 1, 1)
            if end_line == 1:
                end_column = max(end_column - 1, 1)
        for mask in masks:
            first = max(mask.start - line_start, 0)
            last = min(mask.end - line_start, len(source))
            if first < last:
                source = source[:first] + "*" * (last - first) + source[last:]
        return Region(line, column, end_line, end_column, source)

    def spot(self, scalar: Scalar, start: int, end: int) -> Span:
        """The document span of the half-open range [start, end) of a scalar's *value*."""
        first = _verbatim(scalar)
        if first is not None:
            return Span(first + start, first + end)
        offsets = self.offsets(scalar)
        last = offsets[end - 1] + 1 if end > start else offsets[start]
        return Span(offsets[start], last)

    def offsets(self, scalar: Scalar) -> list[int]:
        """See `value_offsets`. Those of the last scalar are kept: what is asked of a script comes in one go."""
        if self._offsets[0] is not scalar:
            self._offsets = scalar, value_offsets(self.text, scalar)
        return self._offsets[1]

    # ---------------------------------------------------------------- comments

    def comments(self) -> tuple[Comment, ...]:
        """Every comment of a file that parsed, in order; a ``#`` inside a scalar is none."""
        if self._comments is None:
            self._comments = tuple(_comments(self)) if "#" in self.text and self.error is None else ()
        return self._comments

    # ------------------------------------------------------------------ routes

    def route(self, node: Node | None) -> str:
        """The YAML path of a node or of a key's value, such as ``jobs.build.steps[2].uses``; '' for the root."""
        return "" if node is None else self._route(node).removeprefix(".")

    def _route(self, node: Node) -> str:
        """The route with a dot before a first key too. That of each collection is kept: what it holds shares it."""
        parent = node.parent
        route = self._routes.get(parent)
        if route is None:
            assert parent is not None
            route = self._routes[parent] = self._route(parent)
        if isinstance(parent, Mapping):
            for key, value in parent.items:
                if value is node or key is node:
                    return route + _route_key(key)
        elif isinstance(parent, Sequence):
            for index, item in enumerate(parent.items):
                if item is node:
                    return f"{route}[{index}]"
        return route

    # -------------------------------------------------------------------- keys

    def has_similar_keys(self) -> bool:
        """Whether a mapping of the file has keys that differ in nothing but letter case."""
        if self._cases is None:
            self._cases = any(map(_has_similar_keys, self.cased))
        return self._cases

    def scalars(self) -> Iterator[Scalar]:
        """Every scalar of the tree once, keys included, in file order; aliases are not entered again."""
        seen: set[int] = set()
        stack: list[Node] = [self.root] if self.root is not None else []
        while stack:
            node = stack.pop()
            if isinstance(node, Scalar):
                yield node
                continue
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, Mapping):
                for key, value in reversed(node.items):
                    stack.append(value)
                    stack.append(key)
            elif isinstance(node, Sequence):
                stack.extend(reversed(node.items))


def parse(path: str, data: bytes) -> Document:
    """The document of a file. Never raises for bad content: `Document.error` says what is wrong and where."""
    if len(data) > 4 * MAX_CHARACTERS:  # too long in any encoding
        return _too_long(path, f"{len(data):,} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        document = Document(path, text)
        at = len(data[: error.start].decode("utf-8", "replace"))
        document.error = SyntaxProblem(
            f"byte 0x{data[error.start]:02x} is not UTF-8, the only encoding that GitHub reads", Span(at, at + 1)
        )
        return document
    return parse_text(path, text)


def parse_text(path: str, text: str) -> Document:
    """The document of a text; see `parse`."""
    if len(text) > MAX_CHARACTERS:
        return _too_long(path, f"{len(text):,} characters")
    tree = plain_yaml.read(text)
    if tree is None:
        return _parse_any(path, text)
    document = Document(path, text)
    document.root, document.mappings, document.cased, document.fenced, document.conditions, document.escaped = tree
    return document


def _parse_any(path: str, text: str) -> Document:
    """The document of a text that is not plain, by libyaml."""
    from .yaml_events import YAMLError  # here and below: most runs do without libyaml, and start sooner

    shift = 1 if text.startswith("\ufeff") else 0
    source = text
    hidden: dict[int, str] = {}
    if "\x85" in text or "\u2028" in text or "\u2029" in text:
        source, hidden = _hide_specials(text, shift)
    repairs = MAX_REREAD // (len(text) + 1) + 1
    while True:
        document = Document(path, text)
        try:
            _compose(document, source[shift:], shift)
        except YAMLError as error:
            repaired = source
            if isinstance(getattr(error, "character", None), int) and not hidden:
                repaired, hidden = _hide_specials(source, shift)
            elif repairs > 0:
                repaired = _without_tab(source, error, shift)
                repairs -= 1
            if repaired == source:
                return _broken(path, text, _syntax_problem(text, error, shift))
            source = repaired
            continue
        except _Refused as refusal:
            return _broken(path, text, refusal.problem)
        break
    if hidden:
        _show_specials(document, hidden)
    return document


MAX_REREAD = 2_000_000
"""So many characters are read again because libyaml, which speaks YAML 1.1, refuses what YAML 1.2 or GitHub allows."""


def _hide_specials(text: str, start: int) -> tuple[str, dict[int, str]]:
    """The text from `start` on with private characters for what libyaml refuses or breaks lines at, and the way back.

    GitHub reads these as they are, such as the escape character of a terminal's colours in a script. NUL stays to be
    refused: some readers take it for the end of the text.
    """
    specials = sorted(char for char in set(text[start:]) if _is_special(char))
    free = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
    hide = {ord(char): code for char, code in zip(specials, free, strict=False)}
    return text[:start] + text[start:].translate(hide), {code: chr(char) for char, code in hide.items()}


def _is_special(char: str) -> bool:
    if char < "\xa0":
        return ("\x00" < char < " " and char not in "\t\n\r") or char > "~"
    return char in "\u2028\u2029\ufeff\ufffe\uffff"


def _show_specials(document: Document, hidden: dict[int, str]) -> None:
    for scalar in document.scalars():
        scalar.value = scalar.value.translate(hidden)
    for mapping in document.mappings:
        pairs = [(key.value, (key, value)) for key, value in mapping.items if isinstance(key, Scalar)]
        mapping.index = dict(reversed(pairs))
        mapping.index = {key: mapping.index[key] for key, _ in pairs}


def _without_tab(source: str, error: Any, shift: int) -> str:
    """The text with spaces for a tab before a comment or on an empty line, which libyaml refuses; else unchanged."""
    mark = getattr(error, "problem_mark", None)
    at = mark.index + shift if mark is not None else len(source)
    stop = at
    while stop < len(source) and source[stop] in " \t":
        stop += 1
    if source[at : at + 1] == "\t" and (stop == len(source) or source[stop] in "#\r\n"):
        return source[:at] + " " * (stop - at) + source[stop:]
    return source


def _too_long(path: str, length: str) -> Document:
    document = Document(path, "")
    document.error = SyntaxProblem(
        f"the file has {length}; GitHub reads at most {MAX_CHARACTERS:,} characters", Span(0, 0)
    )
    return document


def _broken(path: str, text: str, problem: SyntaxProblem) -> Document:
    document = Document(path, text)
    document.error = problem
    return document


def to_value(node: Node | None) -> Any:
    """Plain Python values of a tree with YAML 1.2 meaning; the first of equal keys wins, keys are strings."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.resolved()
    if isinstance(node, Sequence):
        return [to_value(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key: to_value(value) for key, _, value in node.pairs()}


def value_offsets(text: str, scalar: Scalar) -> list[int]:
    """For each character of a scalar's value, and for its end, the offset in the text that it comes from."""
    value, start, end, style = scalar.value, scalar.start, scalar.end, scalar.style
    first = _verbatim(scalar)
    if first is not None:
        return list(range(first, first + len(value) + 1))
    if style == "|" or style == ">":
        return _block_offsets(text, scalar)
    if style == '"':
        return _double_quoted_offsets(text, scalar)
    if style == "'":
        start += 1
        end -= 1
    # Plain or single-quoted over several lines, or with '' inside: walk both texts side by side. Folding only ever
    # replaces a run of white space, so a mismatch is white space that the value does not have.
    offsets: list[int] = []
    at = start
    for char in value:
        while at < end and text[at] != char and not (char in " \n" and text[at] in "\r\n"):
            at += 1
        if char == "\n" or (char == " " and at < end and text[at] in "\r\n"):
            offsets.append(at)
            at += 2 if text[at : at + 2] == "\r\n" else 1
            while at < end and text[at] in " \t":
                at += 1
            continue
        offsets.append(at)
        at += 2 if char == "'" and style == "'" else 1
    offsets.append(min(at, end))
    return offsets


def _verbatim(scalar: Scalar) -> int | None:
    """Where a value begins that stands in the text character by character; None for any other.

    Escapes, doubled quotes and folding all make a value shorter than its text.
    """
    style = scalar.style
    if not style:
        return scalar.start if scalar.end - scalar.start == len(scalar.value) else None
    if style == "|" or style == ">" or scalar.end - scalar.start != len(scalar.value) + 2:
        return None
    return scalar.start + 1


def _has_similar_keys(mapping: Mapping) -> bool:
    index = mapping.index
    length = len(index)
    return length > 1 and (len(set(map(str.lower, index))) < length or len(set(map(str.upper, index))) < length)


# ----------------------------------------------------------------------------------------------------- composing


class _Refused(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        self.problem = SyntaxProblem(message, Span(start, end))


def _compose(document: Document, text: str, shift: int) -> None:
    """Fills `document` from libyaml's events. Kept as one loop: every call in it would be paid per node."""
    from .yaml_events import (
        AliasEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
        StreamEndEvent,
        new_parser,
    )

    parser = new_parser(text)
    get_event = parser.get_event
    anchors = document.anchors
    duplicates = document.duplicates
    mappings = document.mappings
    fenced = document.fenced
    enclosing: list[tuple[Any, Any, Any]] = []  # (parent, append, waiting) of every collection around the current one
    parent: Any = None
    append: Any = None  # of the items of `parent`, where it is a sequence
    waiting: Any = None  # the key that waits for its value, where `parent` is a mapping
    aliases = False
    in_document = False
    for _ in range(MAX_EVENTS):
        event = get_event()
        kind = type(event)
        if kind is ScalarEvent:
            value = event.value
            node: Any = new_scalar(
                value, event.style or "", event.start_mark.index + shift, event.end_mark.index + shift
            )
            if "${{" in value:
                fenced.append(node)
            if node.style == '"' and "\\" in document.text[node.start : node.end]:
                document.escaped.append(node)
            if event.anchor is not None or event.tag is not None or node.style in _BLOCK_STYLES:
                _finish_scalar(document, node, event)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            node = parent
            if node.flow:
                node.end = event.end_mark.index + shift
            elif node.items:
                last = node.items[-1]
                node.end = max(node.start, (last[1] if kind is MappingEndEvent else last).end)
            parent, append, waiting = enclosing.pop()
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            start = event.start_mark.index + shift
            if len(enclosing) >= MAX_DEPTH:
                raise _Refused(f"nested more than {MAX_DEPTH} levels deep", start, start + 1)
            node = (new_mapping if kind is MappingStartEvent else Sequence)(start, bool(event.flow_style))
            node.tag = event.tag
            node.parent = parent
            if event.anchor is not None:
                node.anchor = event.anchor
                anchors[event.anchor] = node
            enclosing.append((parent, append, waiting))
            parent, waiting = node, None
            if kind is SequenceStartEvent:
                append = node.items.append
            else:
                append = None
                mappings.append(node)
            continue
        elif kind is AliasEvent:
            aliases = True
            place = Span(event.start_mark.index + shift, event.end_mark.index + shift)
            node = _aliased(anchors, event.anchor, place, [parent, *(entry[0] for entry in enclosing)])
            if append is None and waiting is None and isinstance(node, Scalar):
                # As a key it stands for the text of the anchored scalar, at the place of the alias.
                node = new_scalar(node.value, node.style, place.start, place.end)
                node.parent = parent
        elif kind is DocumentStartEvent:
            if in_document:
                at = event.start_mark.index + shift
                document.extra = Span(at, event.end_mark.index + shift)
                break
            in_document = True
            continue
        elif kind is StreamEndEvent:
            break
        else:
            continue
        # A complete node: give it to the collection around it. An aliased one keeps the parent of its anchor.
        if kind is not AliasEvent:
            node.parent = parent
        if append is not None:
            append(node)
        elif parent is None:
            document.root = node
        elif waiting is None:
            waiting = node
        else:
            pair = (waiting, node)
            parent.items.append(pair)
            if type(waiting) is Scalar:
                known = parent.index.setdefault(waiting.value, pair)
                if known is not pair:
                    if len(duplicates) < MAX_DUPLICATES:
                        duplicates.append((known[0], waiting))
                elif waiting.value == "if" and type(node) is Scalar:
                    document.conditions.append(node)
            waiting = None
    else:
        raise _Refused("the file has too many values to be read", 0, 0)
    if aliases:
        _refuse_bombs(document)


_BLOCK_STYLES = ("|", ">")


def _finish_scalar(document: Document, node: Scalar, event: Any) -> None:
    """What only some scalars have: an anchor, a tag, or a block body with blank lines behind it."""
    if event.anchor is not None or event.tag is not None:
        node.start = _after_properties(document.text, node.start, node.end)
        node.tag = event.tag
    if event.anchor is not None:
        node.anchor = event.anchor
        document.anchors[event.anchor] = node
    if node.style in _BLOCK_STYLES:
        node.end = _trimmed(document.text, node.start, node.end)


def _aliased(anchors: dict[str, Node], name: str, place: Span, around: list[Any]) -> Node:
    node = anchors.get(name)
    if node is None:
        raise _Refused(f"alias *{name} has no anchor before it", place.start, place.end)
    if any(node is outer for outer in around):
        raise _Refused(f"alias *{name} stands inside its own anchor", place.start, place.end)
    return node


def _refuse_bombs(document: Document) -> None:
    """Counts nodes as if aliases were copied. Anchors precede their aliases, so one pass in close order suffices."""
    sizes: dict[int, int] = {}
    stack: list[tuple[Node, bool]] = [(document.root, False)] if document.root is not None else []
    while stack:
        node, done = stack.pop()
        if isinstance(node, Scalar):
            sizes[id(node)] = 1
            continue
        children = (
            [child for pair in node.items for child in pair]
            if isinstance(node, Mapping)
            else node.items
            if isinstance(node, Sequence)
            else []
        )
        if done:
            size = sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
            if size > MAX_EXPANDED_NODES:
                message = f"aliases expand to more than {MAX_EXPANDED_NODES:,} nodes"
                raise _Refused(message, node.start, min(node.end, node.start + 1))
        elif id(node) not in sizes:
            stack.append((node, True))
            stack.extend((child, False) for child in children)


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of a block scalar without the blank lines after it."""
    while end > start and text[end - 1] in " \t\r\n":
        end -= 1
    return end


def _after_properties(text: str, start: int, end: int) -> int:
    """The start of a scalar's own text behind its anchor and tag."""
    at = start
    while at < end and text[at] in "&!":
        while at < end and text[at] not in " \t\r\n":
            at += 1
        while at < end and text[at] in " \t\r\n":
            at += 1
    return at


def _syntax_problem(text: str, error: Any, shift: int) -> SyntaxProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    if mark is not None:
        at = min(mark.index + shift, len(text))
    else:
        at = min(int(getattr(error, "position", 0) or 0) + shift, len(text))
    message = str(problem)
    character = getattr(error, "character", None)
    if isinstance(character, int):
        message = f"the control character U+{character:04X} is not allowed in YAML"
    elif context == "while scanning a quoted scalar" and "end of stream" in message:
        at = min(error.context_mark.index + shift, len(text))
        message = "this quoted value is never closed"
        context = None
    if "mapping values are not allowed" in message:
        message = 'a ": " inside a plain value starts a mapping there; put the value in quotes or in a block (|)'
    elif ("found character" in message or "tab character" in message) and at < len(text) and text[at] == "\t":
        message = "a tab cannot indent YAML; use spaces"
    elif context:
        message = f"{message} ({context})"
    if at == len(text):  # the end of the file: show the last thing that is there
        at = max(len(text.rstrip(" \t\r\n")) - 1, 0)
    return SyntaxProblem(message, Span(at, min(at + 1, len(text))))


# ------------------------------------------------------------------------------------------------------ offsets


_FEW_PLACES = 64
"""So many places of a file are found by counting lines; for more the start of every line is worth knowing."""


def _has_lone_cr(text: str) -> bool:
    """Whether a line ends with a carriage return alone."""
    return "\r" in text and text.count("\r") != text.count("\r\n")


def _line_starts(text: str) -> list[int]:
    if _has_lone_cr(text):
        return [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]
    lengths = map(len, text.split("\n"))
    starts = list(map(add, accumulate(lengths, initial=0), count()))  # each line break before it counts one more
    starts.pop()
    return starts


def _block_offsets(text: str, scalar: Scalar) -> list[int]:
    """Offsets of a literal or folded block's value; the header line and each line's indentation are not in it."""
    value = scalar.value
    start = scalar.start
    end = len(text)
    line_end = _break_at(text, start, end)
    at = _skip_break(text, line_end)
    # The indentation is that of the first non-blank line, unless the header states it (then parent + n, which is
    # what the first non-blank line has at least; only leading spaces of the value itself can be more).
    probe = at
    while probe < end:
        stop = _break_at(text, probe, end)
        if text[probe:stop].strip(" "):
            break
        probe = _skip_break(text, stop)
    first = text[probe : _break_at(text, probe, end)]
    indent = len(first) - len(first.lstrip(" "))
    body = value.lstrip("\n")
    if body.startswith(" ") and any(char.isdigit() for char in text[start:line_end].split("#")[0]):
        indent -= len(body) - len(body.lstrip(" "))
    offsets: list[int] = []
    if scalar.style == "|" and "\r" not in value:  # each line as it stands, behind the indentation
        lines = value.split("\n")
        for line in lines:
            margin = text[at : min(at + indent, end)]
            at += len(margin) - len(margin.lstrip(" "))
            offsets.extend(range(at, at + len(line)))
            at += len(line)
            offsets.append(min(at, end))
            at = _skip_break(text, _break_at(text, at, end))
        return offsets
    column_zero = True
    for char in value:
        if column_zero:
            skip = 0
            while skip < indent and at < end and text[at] == " ":
                at += 1
                skip += 1
            column_zero = False
        if char == "\n":
            offsets.append(at)
            at = _skip_break(text, _break_at(text, at, end))
            column_zero = True
        elif char == " " and at < end and text[at] in "\r\n":  # a folded line break
            offsets.append(at)
            at = _skip_break(text, at)
            column_zero = True
        else:
            if at < end and text[at] in "\r\n":  # breaks that folding dropped
                while at < end and text[at] in "\r\n ":
                    at += 1
            offsets.append(min(at, end))
            at += 1
    offsets.append(min(at, end))
    return offsets


def _break_at(text: str, at: int, end: int) -> int:
    """Where the line of a place ends, at most at `end`."""
    found = text.find("\n", at, end)
    if found >= 0:
        end = found
    found = text.find("\r", at, end)
    return found if found >= 0 else max(end, at)


def _skip_break(text: str, at: int) -> int:
    if text[at : at + 2] == "\r\n":
        return at + 2
    return min(at + 1, len(text))


ESCAPE_WIDTH = {"x": 4, "u": 6, "U": 10}
"""How many characters an escape in double quotes takes, by the character behind its backslash; every other takes 2."""


def _double_quoted_offsets(text: str, scalar: Scalar) -> list[int]:
    offsets: list[int] = []
    at = scalar.start + 1
    end = scalar.end - 1
    value = scalar.value
    index = 0
    while index < len(value) and at < end:
        char = text[at]
        if char == "\\":
            following = text[at + 1]
            if following in "\r\n":  # an escaped line break yields nothing, each blank line after it a line feed
                at = _skip_break(text, at + 1)
                while at < end and text[at] in " \t\r\n":
                    if text[at] in "\r\n":
                        offsets.append(at)
                        index += 1
                        at = _skip_break(text, at)
                    else:
                        at += 1
                continue
            offsets.append(at)
            index += 1
            at += ESCAPE_WIDTH.get(following, 2)
            continue
        if char in " \t\r\n":
            stop = at
            while stop < end and text[stop] in " \t":
                stop += 1
            if stop == end or text[stop] not in "\r\n":  # blanks within a line are kept
                offsets.extend(range(at, stop))
                index += stop - at
                at = stop
                continue
            # A folded break: one break is a space, n+1 breaks are n line feeds; blanks around it vanish.
            breaks = 0
            while stop < end and text[stop] in " \t\r\n":
                if text[stop] in "\r\n":
                    breaks += 1
                    stop = _skip_break(text, stop)
                else:
                    stop += 1
            for _ in range(max(breaks - 1, 1)):
                offsets.append(at)
                index += 1
            at = stop
            continue
        offsets.append(at)
        index += 1
        at += 1
    while len(offsets) < len(value):
        offsets.append(end)
    offsets.append(at if at <= end else end)
    return offsets


# ----------------------------------------------------------------------------------------------------- comments


def _comments(document: Document) -> Iterator[Comment]:
    text = document.text
    covered = [
        (scalar.start, scalar.end)
        for scalar in document.scalars()
        if scalar.end > scalar.start and "#" in text[scalar.start : scalar.end]
    ]
    covered.sort()
    # The header line of a block scalar may carry a comment: the body begins on the next line.
    bodies: list[tuple[int, int]] = []
    for start, end in covered:
        if text[start] in "|>":
            start = _break_at(text, start, end)
        bodies.append((start, end))
    starts = [start for start, _ in bodies]
    at = text.find("#")
    while at >= 0:
        index = bisect_right(starts, at) - 1
        inside = index >= 0 and at < bodies[index][1]
        if not inside and (at == 0 or text[at - 1] in " \t\r\n\ufeff"):
            end = _break_at(text, at, len(text))
            yield Comment(at, end, text[at:end])
            at = text.find("#", end)
        else:
            at = text.find("#", bodies[index][1] if inside else at + 1)


def _route_key(key: Node) -> str:
    if not isinstance(key, Scalar):
        return ".?"
    value = key.value
    if value.isalnum() or value.replace("-", "0").replace("_", "0").isalnum():
        return "." + value
    return "['" + value.replace("'", "''") + "']"
