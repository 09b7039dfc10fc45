"""Reads the plain part of YAML, in which nearly all workflows are written, in a third of the time that libyaml takes.

That part is block mappings and sequences, keys of plain words, scalars of one line, literal blocks, folded blocks
without deeper lines, and one-line lists of words. Nothing is ever guessed: at anything else, at every error and at
every doubt `read` gives None, and the file is left to libyaml, which knows all of YAML and whose errors are the ones to
show. A test compares the trees of both.
"""

from __future__ import annotations

import re
from sys import intern

from .nodes import MAX_DEPTH, Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .nodes import Node

    Tree: TypeAlias = tuple[Node, list[Mapping], list[Scalar], list[Scalar], list[tuple[Scalar, Scalar]]]
    """Root; all mappings; scalars with an expression; values of ``if``; (earlier, later) of keys that stand twice."""

    Word: TypeAlias = tuple[str, str, int, int]
    """A scalar in a line: value, style, and the columns of its start and end."""

    Row: TypeAlias = tuple[int, int, str | None, str, int, int, Any, str, int, int, int]
    """What a line says, whatever stands around it.

    Its indentation; the column behind its dash, or 0; its key with style and end column; what kind of value it has,
    with the value, its style, and its columns; which of key (1) and value (2) have an expression.
    """

MAX_LENGTH = 100_000
"""A longer text is left to libyaml, where the number of values is limited."""

MAX_KEY = 1000
"""A longer key is left to libyaml, which refuses it (YAML 1.2.2, section 7.4.2: at most 1024 characters)."""

_COMMON = bytes(sign for sign in range(256) if sign in b"\t\n" or (sign >= 32 and sign != 127))
"""What may occur anywhere: no control characters."""
_ASCII = bytes(range(128))
_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"

# Kept small: it is compiled at every start. Only single characters are repeated possessively, never a group: up to
# Python 3.11.4 a group that gives up halfway does not go back to where it began (python/cpython#106052). Nothing is
# tried twice all the same, as no part can match anything else where a later one fails.
_FIRST = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=\S))"  # of a plain scalar: no indicator, no blank
_QUOTED = r"\"[^\t\"\\]*+\"|'[^\t']*+'"
_LINE = re.compile(
    r"(\ *+)"  # the indentation
    r"(-(?:\ ++|\Z))?"  # an item of a sequence
    rf"(?:([A-Za-z0-9_][A-Za-z0-9_./-]*+|{_QUOTED}):(\ ++|\Z))?"  # a key, and the blanks behind it
    rf"(?:({_FIRST}[^:#\t]*+(?:(?::(?=\S)|(?<=\S)\#)[^:#\t]*+)*)"  # a plain scalar
    rf"|({_QUOTED})"
    r"|([|>]-?)(?=[\ ]|\Z)"  # the header of a block
    r"|(\[[^\t\[\]{}]*+\])"  # a list of words
    r"|(\{[^\t\[\]{}]*+\}))?"  # a mapping of words to words
    r"\ *+(?:(?<![^\ ])\#.*+)?"
)
_NOTHING, _WORD, _BLOCK, _WORDS, _PAIRS = range(5)
_BLANK: Row = (-1, 0, None, "", 0, _NOTHING, "", "", 0, 0, 0)
_OTHER: Row = (-2, 0, None, "", 0, _NOTHING, "", "", 0, 0, 0)
"""A line that is not plain."""

_rows: dict[str, Row] = {}
"""What is known of lines: half of the lines of workflows have stood in another workflow before."""
_MAX_ROWS = 20_000
_MAX_REMEMBERED = 200
"""A longer line is hardly met again."""


def _is_common(text: str) -> bool:
    """Whether a text is free of characters that YAML 1.1 or 1.2 refuses or treats in a way of its own."""
    data = text.encode("utf-8", "surrogatepass")
    if data.translate(None, _COMMON):
        return False
    return text.isascii() or data.translate(None, _ASCII).decode("utf-8", "surrogatepass").isprintable()


def _row(line: str) -> Row:
    """What a line says; `_OTHER` where libyaml must look."""
    match = _LINE.fullmatch(line)
    if match is None:
        return _OTHER
    blanks, dash, name, _, plain, quoted, block, words, braces = match.groups()
    column = len(blanks)
    item = match.end(2) if dash is not None else 0
    quote = ""
    key_end = fenced = 0
    if name is not None:
        key_end = match.end(3)
        if len(name) > MAX_KEY:
            return _OTHER
        if name[0] in "\"'":
            quote, name = name[0], name[1:-1]
            fenced = "${{" in name
        name = intern(name)  # most keys are the same few words, which are then found without being compared
    kind = _NOTHING
    value: Any = ""
    style = ""
    start = end = 0
    if plain is not None:
        kind, value, start = _WORD, plain.rstrip(" "), match.start(5)
        end = start + len(value)
    elif quoted is not None:
        kind, value, style = _WORD, quoted[1:-1], quoted[0]
        start, end = match.span(6)
    elif block is not None:
        kind, value, style, start = _BLOCK, block[1:], block[0], match.start(7)
    elif words is not None:
        start, end = match.span(8)
        kind, value = _WORDS, _words(words, start)
    elif braces is not None:
        start, end = match.span(9)
        kind, value = _PAIRS, _pairs(braces, start)
    if value is None:
        return _OTHER
    if dash is None and name is None:
        return _BLANK if kind == _NOTHING else _OTHER
    if kind == _WORD and "${{" in value:
        fenced |= 2
    return column, item, name, quote, key_end, kind, value, style, start, end, fenced


def _word(part: str, column: int) -> Word | None:
    """The scalar that a part of a flow collection is, between its commas; None where that is not plain to see."""
    value = part.strip(" ")
    start = column + len(part) - len(part.lstrip(" "))
    end = start + len(value)
    if value[:1] in ("'", '"'):
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != value[0] or value[0] in inner or "\\" in inner:
            return None
        return inner, value[0], start, end
    if not value or value[0] in _INDICATORS or any(sign in value for sign in ":#?\"'"):
        return None
    return value, "", start, end


def _words(text: str, column: int) -> list[Word] | None:
    """The words of a flow sequence; None where it is more than that."""
    found: list[Word] = []
    column += 1
    for part in text[1:-1].split(",") if text[1:-1].strip(" ") else ():
        word = _word(part, column)
        if word is None:
            return None
        found.append(word)
        column += len(part) + 1
    return found


def _pairs(text: str, column: int) -> list[tuple[Word, Word]] | None:
    """The pairs of a flow mapping of words to words; None where it is more than that."""
    found: list[tuple[Word, Word]] = []
    column += 1
    for part in text[1:-1].split(",") if text[1:-1].strip(" ") else ():
        name, colon, value = part.partition(": ")
        key = _word(name, column)
        word = _word(value, column + len(name) + 2)
        if not colon or key is None or key[1] or word is None or key[3] != column + len(name):
            return None
        found.append((key, word))
        column += len(part) + 1
    return found


def _folded(lines: list[str]) -> str | None:
    """The value of a folded block: one break is a space, n + 1 breaks are n line feeds; None where a line is deeper."""
    value = ""
    joint = ""
    for line in lines:
        if line.startswith((" ", "\t")):
            return None
        if line:
            value += joint + line
            joint = " "
        else:
            joint = "\n" if joint == " " or not joint else joint + "\n"
    return value


def read(text: str) -> Tree | None:
    """The tree of a text with what `Document` wants to know of it; None where libyaml must look.

    Kept as one loop over the lines: every call in it would be paid per node.
    """
    if len(text) > MAX_LENGTH or not _is_common(text):
        return None
    if len(_rows) > _MAX_ROWS:
        _rows.clear()
    known_row = _rows.get
    mappings: list[Mapping] = []
    fenced: list[Scalar] = []
    conditions: list[Scalar] = []
    duplicates: list[tuple[Scalar, Scalar]] = []
    stack: list[tuple[Any, int, Any]] = []  # (node, indent, waiting) of every collection around the current one
    root: Any = None
    node: Any = None
    indent = -1
    waiting: Any = None  # a mapping's key without a value so far; a sequence's offset behind a dash without an item
    lines = text.split("\n")
    count = len(lines)
    number = 1 if text.startswith("---\n") else 0
    next_line = 4 * number  # where it begins
    while True:
        begin = next_line
        if number < count:
            line = lines[number]
            number += 1
            next_line += len(line) + 1
            row = known_row(line)
            if row is None:
                row = _row(line)
                if len(line) <= _MAX_REMEMBERED:
                    _rows[line] = row
            column, item, name, quote, key_end, kind, value, style, start, end, marked = row
            if column < 0:
                if column == -1:
                    continue
                return None
        else:
            column = -1  # the end of the text closes everything
            item = 0
        while indent > column or (indent == column and not item and node.__class__ is Sequence):
            if waiting is not None:
                offset = waiting.end + 1 if node.__class__ is Mapping else waiting
                _add(node, waiting, Scalar("", "", offset, offset), conditions, duplicates)
            last = node.items[-1]
            stop = (last[1] if node.__class__ is Mapping else last).end
            node.end = stop if stop > node.start else node.start
            inner = node
            node, indent, waiting = stack.pop()
            if node is not None:
                _add(node, waiting, inner, conditions, duplicates)
                waiting = None
        if column < 0:
            break
        if item:
            dash = begin + column
            if indent < column or node.__class__ is Mapping:
                if (waiting is None and root is not None) or len(stack) > MAX_DEPTH - 3:
                    return None
                stack.append((node, indent, waiting))
                inner = Sequence(dash, False)
                inner.parent = node
                node, indent, waiting = inner, column, None
                root = root or node
            elif waiting is not None:
                _add(node, waiting, Scalar("", "", waiting, waiting), conditions, duplicates)
                waiting = None
            column = item
        if name is not None:
            if indent < column:
                if not item and ((waiting is None and root is not None) or len(stack) > MAX_DEPTH - 3):
                    return None
                stack.append((node, indent, waiting))
                inner = Mapping(begin + column, False)
                inner.parent = node
                mappings.append(inner)
                node, indent, waiting = inner, column, None
                root = root or node
            elif waiting is not None:
                offset = waiting.end + 1
                _add(node, waiting, Scalar("", "", offset, offset), conditions, duplicates)
            waiting = Scalar(name, quote, begin + column, begin + key_end, node)
            if marked & 1:
                fenced.append(waiting)
        if kind == _WORD:
            child: Any = Scalar(value, style, begin + start, begin + end, node)
            if marked & 2:
                fenced.append(child)
        elif kind == _NOTHING:
            if name is None:
                waiting = dash + 1
            continue
        elif kind == _BLOCK:
            # Its indentation is that of the first line, which must not be blank here.
            first = lines[number] if number < count else ""
            width = len(first) - len(first.lstrip(" "))
            if width <= indent or width == len(first) or first[width] == "\t":
                return None
            margin = first[:width]
            body: list[str] = []
            begin_body = next_line
            while number < count:
                line = lines[number]
                if line.startswith(margin):
                    body.append(line[width:])
                elif line.strip(" "):
                    break
                else:  # a blank line may be shorter
                    body.append("")
                number += 1
                next_line += len(line) + 1
            broken = number < count  # whether a line break follows the last line that is not blank
            while not body[-1]:
                body.pop()
                broken = True
            content = "\n".join(body) if style == "|" else _folded(body)
            if content is None:
                return None
            stop = begin_body + len(text[begin_body:next_line].rstrip(" \t\n"))
            child = Scalar(content + "\n" if broken and not value else content, style, begin + start, stop, node)
            if "${{" in content:
                fenced.append(child)
        elif kind == _WORDS:
            child = Sequence(begin + start, True)
            child.end = begin + end
            child.parent = node
            child.items = [Scalar(word, sort, begin + first, begin + last, child) for word, sort, first, last in value]
        else:
            child = Mapping(begin + start, True)
            child.end = begin + end
            child.parent = node
            for (key, _, key_start, key_stop), (word, sort, first, last) in value:
                waiting_key = Scalar(key, "", begin + key_start, begin + key_stop, child)
                word_node = Scalar(word, sort, begin + first, begin + last)
                _add(child, waiting_key, word_node, conditions, duplicates)
            mappings.append(child)
        if name is None:
            node.items.append(child)
        else:  # as in `_add`, without the call
            pair = (waiting, child)
            node.items.append(pair)
            known = node.index.setdefault(name, pair)
            if known is not pair:
                duplicates.append((known[0], waiting))
            elif name == "if" and child.__class__ is Scalar:
                conditions.append(child)
            waiting = None
    if root is None or len(duplicates) > 99:
        return None
    return root, mappings, fenced, conditions, duplicates


def _add(
    node: Any, waiting: Any, child: Node, conditions: list[Scalar], duplicates: list[tuple[Scalar, Scalar]]
) -> None:
    """Gives a complete node to the collection around it."""
    child.parent = node
    if node.__class__ is Sequence:
        node.items.append(child)
        return
    pair = (waiting, child)
    node.items.append(pair)
    key = waiting.value
    known = node.index.setdefault(key, pair)
    if known is not pair:
        duplicates.append((known[0], waiting))
    elif key == "if" and child.__class__ is Scalar:
        conditions.append(child)
