"""Reads the plain part of YAML, in which nearly all workflows are written, in a fifth of the time that libyaml takes.

That part is block mappings and sequences, keys of plain words, plain scalars, quoted ones of one line, literal and
folded blocks, lists of words, and one-line mappings of words to words. Nothing is ever guessed: at anything else, at a
key that stands twice, at every error and at every doubt `read` gives None, and the file is left to libyaml, which knows
all of YAML and whose errors are the ones to show. A test compares the trees of both.
"""

from __future__ import annotations

from itertools import islice
from sys import intern

from .nodes import MAX_DEPTH, Mapping, Scalar, Sequence, new_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .nodes import Node

    Tree: TypeAlias = tuple[Node, list[Mapping], list[Scalar], list[Scalar]]
    """Root; all mappings; scalars with an expression; values of ``if``."""

    Word: TypeAlias = tuple[str, str, int, int]
    """A scalar in a line: value, style, and the columns of its start and end."""

    Row: TypeAlias = tuple[int, str | None, str, int, int, int, Any, str, int, int, int, int]
    """What a line says, whatever stands around it.

    Its level; its key with style and columns; what kind of value it has, with the value, its style, and its columns;
    whether the key (1) and the value (2) have an expression, and whether the value is a condition (4); how long it is
    with its line break.

    The level of a mapping is twice the column of its keys, that of a sequence one more than twice the column of its
    dashes. So a line ends each collection of a higher level, and begins one where the level around it is lower.
    """

MAX_LENGTH = 100_000
"""A longer text is left to libyaml, where the number of values is limited."""

MAX_KEY = 1000
"""A longer key is left to libyaml, which refuses it (YAML 1.2.2, section 7.4.2: at most 1024 characters)."""

_COMMON = bytes(sign for sign in range(256) if sign in b"\t\n" or (sign >= 32 and sign != 127))
"""What may occur anywhere: no control characters."""
_ASCII = bytes(range(128))
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
"""What a plain scalar does not begin with, but for the first three, which it may where no blank follows."""
_NO_WORD = frozenset(":#?\"'[]{}\t\n")
"""What keeps a word of a flow collection from being plain to see."""
_NO_QUOTED = frozenset("\\{\n")
"""The same for a quoted word: escapes, expressions and line breaks."""
_KEY_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_KEY = _KEY_START | frozenset("./-")

_NOTHING, _WORD, _BLOCK, _WORDS, _PAIRS, _OPEN = range(6)
"""Kinds of values; the last is a list of words that goes on in the next line."""

_END, _BLANK, _MORE, _OTHER = range(-1, -5, -1)
"""Levels of lines without key and dash: the end of the text, nothing or a comment, what can only be a scalar or a list
or go on with one, and what is not plain."""
_END_LINE = "\n"
"""Stands behind the last line; no line is like it."""

_rows: dict[str, Row] = {}
"""What is known of lines: half of the lines of workflows have stood in another workflow before."""
_MAX_ROWS = 20_000
_MAX_REMEMBERED = 200
"""A longer line is hardly met again."""

_WINDOW = 300
"""Few blocks are longer."""

_keys: dict[str, tuple[str, str, int]] = {}
"""What is known of keys, by their text: the value, the style, and whether there is an expression in it."""


def _is_common(text: str) -> bool:
    """Whether a text is free of characters that YAML 1.1 or 1.2 refuses or treats in a way of its own."""
    data = text.encode("utf-8", "surrogatepass")
    if data.translate(None, _COMMON):
        return False
    return text.isascii() or data.translate(None, _ASCII).decode("utf-8", "surrogatepass").isprintable()


def _row(line: str) -> Row:
    """What a line says."""
    rest = line.lstrip(" ")
    column = len(line) - len(rest)
    level = 2 * column
    if not rest or rest[0] == "#":
        return _bare_row(_BLANK, line)
    if rest == _END_LINE:
        return _bare_row(_END, line)
    if "\t" in rest:
        return _bare_row(_OTHER, line)
    if rest[0] == "-" and (rest == "-" or rest[1] == " "):
        level += 1
        rest = rest[1:].lstrip(" ")
        column = len(line) - len(rest)
    text, colon, value = rest.partition(": ")
    if not colon and rest.endswith(":"):
        text, colon = rest[:-1], ":"
    key = (_keys.get(text) or _key(text)) if colon else None
    name: str | None = None
    quote = style = ""
    key_end = start = end = marked = 0
    if key is not None:
        key_end = column + len(text)
        value = value.lstrip(" ")
        name, quote, marked = key
    else:
        value = rest
        if not level & 1:
            level = _MORE
    kind = _NOTHING
    content: Any = ""
    if value and value[0] != "#":
        start = len(line) - len(value)
        kind, content, style, end = _value(value, start)
        end += start
        if level == _MORE:
            if kind == _BLOCK:
                content = None
        elif content is None:
            return _bare_row(_OTHER, line)
        if kind == _WORD and content is not None and "${{" in content:
            marked |= 2
        if name == "if" and kind in (_WORD, _BLOCK):
            marked |= 4
    return level, name, quote, column, key_end, kind, content, style, start, end, marked, len(line) + 1


def _bare_row(level: int, line: str) -> Row:
    """The row of a line of which nothing but its level matters."""
    return level, None, "", 0, 0, _NOTHING, "", "", 0, 0, 0, len(line) + 1


def _key(text: str) -> tuple[str, str, int] | None:
    """What `_keys` has of a key; None for what is none, or is none that is plain to see."""
    value, quote = text, text[:1]
    if quote in ("'", '"'):
        value = text[1:-1]
        if len(text) < 2 or text[-1] != quote or quote in value or (quote == '"' and "\\" in value):
            return None
    elif quote in _KEY_START and _KEY.issuperset(text):
        quote = ""
    else:
        return None
    if len(text) > MAX_KEY:
        return None
    if len(_keys) > _MAX_ROWS:
        _keys.clear()
    value = intern(value)  # most keys are the same few words, which are then found without being compared
    known = _keys[text] = value, quote, int("${{" in value)
    return known


def _value(text: str, column: int) -> tuple[int, Any, str, int]:
    """Kind, value, style and length of what stands at a column to the end of a line; no value where libyaml must look.

    There may be a comment behind it.
    """
    first = text[0]
    if first not in _INDICATORS or (first in "-?:" and text[1:2] not in ("", " ")):
        words = _plain(text)
        return _WORD, words, "", len(words or "")
    if first == "'" or first == '"':
        length = text.find(first, 1) + 1
        value = text[1 : length - 1]
        if length and _is_over(text, length) and not (first == '"' and "\\" in value):
            return _WORD, value, first, length
    elif first == "|" or first == ">":
        length = 2 if text[1:2] == "-" else 1
        if _is_over(text, length):
            return _BLOCK, text[1:length], first, length
    elif first == "[":
        length = text.find("]") + 1
        if not length:
            return _OPEN, "", "", 0
        if _is_over(text, length):
            return _WORDS, _words(text[:length], column), "", length
    elif first == "{":
        length = text.find("}") + 1
        if length and _is_over(text, length):
            return _PAIRS, _pairs(text[:length], column), "", length
    return _WORD, None, "", 0


def _plain(text: str) -> str | None:
    """The plain words that a line begins with, up to a comment; None where a colon makes more of them."""
    if "#" in text:
        text = text.partition(" #")[0]
    text = text.rstrip(" ")
    return None if ": " in text or text[-1] == ":" else text


def _is_over(line: str, at: int) -> bool:
    """Whether nothing but a comment follows in a line."""
    rest = line[at:].lstrip(" ")
    return not rest or (rest[0] == "#" and line[at] == " ")


def _word(part: str, column: int) -> Word | None:
    """The scalar that a part of a flow collection is, between its commas; None where that is not plain to see."""
    value = part.strip(" \n")
    start = column + len(part) - len(part.lstrip(" \n"))
    end = start + len(value)
    if value[:1] in ("'", '"'):
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != value[0] or not _NO_QUOTED.isdisjoint(inner) or value[0] in inner:
            return None
        return inner, value[0], start, end
    if not value or value[0] in _INDICATORS or value.startswith("...") or not _NO_WORD.isdisjoint(value):
        return None
    return value, "", start, end


def _words(text: str, column: int) -> list[Word] | None:
    """The words of a flow sequence; None where it is more than that."""
    found: list[Word] = []
    column += 1
    parts = text[1:-1].split(",")
    if not parts[-1].strip(" \n"):  # an empty list, or a comma behind the last word
        parts.pop()
    for part in parts:
        word = _word(part, column)
        if word is None:
            return None
        found.append(word)
        column += len(part) + 1
    return found


def _pairs(text: str, column: int) -> list[tuple[Word, Word]] | None:
    """The pairs of a flow mapping of words to words; None where it is more than that, or where a key stands twice."""
    found: dict[str, tuple[Word, Word]] = {}
    column += 1
    for part in text[1:-1].split(",") if text[1:-1].strip(" ") else ():
        name, colon, value = part.partition(": ")
        key = _word(name, column)
        word = _word(value, column + len(name) + 2)
        if not colon or key is None or key[1] or word is None or key[3] != column + len(name) or key[0] in found:
            return None
        found[key[0]] = key, word
        column += len(part) + 1
    return list(found.values())


def _folded(text: str) -> str:
    """The value of a folded block.

    One line break is a space, n + 1 breaks are n line feeds; all stay beside a line that begins with a blank.
    """
    value = ""
    joint = ""
    breaks = 0
    deep = True  # before the first line, every break stays
    for line in text.split("\n"):
        if line:
            was_deep, deep = deep, line[0] in " \t"
            if breaks and not (was_deep or deep):
                joint = "\n" * (breaks - 1) or " "
            value += joint + line
            breaks = 0
        breaks += 1
        joint = "\n" * breaks
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
    stack: list[tuple[Any, int]] = []  # (node, level) of every collection around the current one
    root: Any = None
    node: Any = None
    around = _END  # the level of `node`
    waiting: Any = None  # a mapping's key without a value so far; a sequence's offset behind a dash without an item
    child: Any = None  # the last value that was complete in its line
    lines = text.split("\n")
    lines.append(_END_LINE)
    rest = iter(lines)
    next_line = 0  # where it begins
    if lines[0] == "---":
        next(rest)
        next_line = 4
    for line in rest:
        row = known_row(line)
        if row is None:
            row = _row(line)
            if len(line) <= _MAX_REMEMBERED:
                _rows[line] = row
        level, name, quote, column, key_end, kind, value, style, start, end, marked, length = row
        begin = next_line
        next_line += length
        if level != around:
            if level == _BLANK:
                continue
            if level == _OTHER or (level == _MORE and column <= around >> 1):
                return None
            if level == _MORE:
                if waiting is None:  # it can only go on with the scalar before it
                    if not _goes_on(child, text, begin, line):
                        return None
                    if "${{" in line and "${{" in child.value and not (fenced and fenced[-1] is child):
                        fenced.append(child)
                    continue
                if value is None:
                    return None
                if not around & 1:
                    name = waiting.value
                    if name == "if" and kind == _WORD:
                        marked |= 4
            else:
                while around > level:
                    if waiting is not None:
                        _add_empty(node, waiting, conditions)
                        waiting = None
                    last = node.items[-1]
                    if around & 1:
                        stop = last.end
                    elif len(node.index) == len(node.items):
                        stop = last[1].end
                    else:  # a key stands twice
                        return None
                    node.end = stop if stop > node.start else node.start
                    node, around = stack.pop()
                if level == _END:
                    break
                if around < level:
                    if (waiting is None and root is not None) or len(stack) > MAX_DEPTH - 3:
                        return None
                    inner: Any = Sequence(begin + (level >> 1), False) if level & 1 else Mapping(begin + column, False)
                    if not level & 1:
                        mappings.append(inner)
                    if root is None:
                        root = inner
                    else:
                        _add(node, waiting, inner)
                    stack.append((node, around))
                    node, around, waiting = inner, level, None
        if level == around:
            if waiting is not None:
                _add_empty(node, waiting, conditions)
                waiting = None
            if name is not None:
                if level & 1:
                    if len(stack) > MAX_DEPTH - 3:
                        return None
                    inner = Mapping(begin + column, False)
                    inner.parent = node
                    node.items.append(inner)
                    mappings.append(inner)
                    stack.append((node, level))
                    node, around = inner, 2 * column
                waiting = Scalar()  # as in `new_scalar`, without the call
                waiting.value = name
                waiting.style = quote
                waiting.start = begin + column
                waiting.end = begin + key_end
                waiting.parent = node
                waiting.anchor = waiting.tag = None
        if kind == _WORD:
            child = Scalar()
            child.value = value
            child.style = style
            child.start = begin + start
            child.end = begin + end
            child.parent = node
            child.anchor = child.tag = None
        elif kind == _NOTHING:
            if name is None:
                waiting = begin + (level >> 1) + 1
            elif marked:
                fenced.append(waiting)
            continue
        elif kind == _BLOCK:
            block = _block(text, next_line, around >> 1, style, value)
            if block is None:
                return None
            content, stop, next_line, length = block
            next(islice(rest, length, length), None)
            child = new_scalar(content, style, begin + start, stop, node)
            if "${{" in content:
                marked |= 2
        elif kind == _PAIRS:
            child = Mapping(begin + start, True)
            child.end = begin + end
            child.parent = node
            for (key, _, key_start, key_end), (word, quote, first, stop) in value:
                inner = new_scalar(word, quote, begin + first, begin + stop, child)
                child.index[key] = new_scalar(key, "", begin + key_start, begin + key_end, child), inner
                if key == "if":
                    conditions.append(inner)
            child.items += child.index.values()
            mappings.append(child)
        else:
            if kind == _OPEN:
                start += begin
                begin = 0
                end = text.find("]", start) + 1
                next_line = (text + "\n").index("\n", end) + 1
                value = _words(text[start:end], start) if end and _is_over(text[end : next_line - 1], 0) else None
                if value is None:
                    return None
                length = text.count("\n", start, end)
                next(islice(rest, length, length), None)
            child = Sequence(begin + start, True)
            child.end = begin + end
            child.parent = node
            child.items = [
                new_scalar(word, quote, begin + first, begin + stop, child) for word, quote, first, stop in value
            ]
        if marked:
            if marked & 1:
                fenced.append(waiting)
            if marked & 2:
                fenced.append(child)
            if marked & 4:
                conditions.append(child)
        if name is None:
            node.items.append(child)
        else:  # as in `_add`, without the call
            pair = (waiting, child)
            node.items.append(pair)
            node.index[name] = pair
        waiting = None
    return None if root is None else (root, mappings, fenced, conditions)


def _block(
    text: str, begin: int, column: int, style: str, chomping: str, window: int = _WINDOW
) -> tuple[str, int, int, int] | None:
    """The value of the block whose lines begin at an offset, where it ends, where the next line begins, and its lines.

    They are as deep as the first one that is not blank, and deeper than `column`; else libyaml must look. The end is
    looked for in so many characters, and in more where it is not among them.
    """
    limit = text.find("\n", begin + window)
    body = text[begin - 1 :] if limit < 0 else text[begin - 1 : limit]
    blanks = body[: len(body) - len(body.lstrip(" \n"))]
    deep = blanks[blanks.rfind("\n") :]  # what stands before each line but the blank ones
    width = len(deep) - 1
    first = body[len(blanks) : len(blanks) + 1]
    if width <= column or first in ("", "\t") or max(map(len, blanks.split("\n"))) > width:
        return None
    body = body.replace(deep, "\0")
    ragged = False  # whether there are blank lines that are shorter than the others, but not empty
    stop = body.find("\n")
    while stop >= 0:
        following = body[stop + 1 : stop + 2]
        if following == " ":
            if body[stop + 1 :].partition("\0")[0].partition("\n")[0].strip(" "):
                break
            ragged = True
        elif following not in ("", "\0", "\n"):
            break
        stop = body.find("\n", stop + 1)
    if stop >= 0:
        body = body[:stop]
    elif limit >= 0:
        return _block(text, begin, column, style, chomping, 4 * window)
    next_line = begin + len(body) + width * body.count("\0")
    length = body.count("\0") + body.count("\n")
    if ragged:
        body = "\0".join([part.partition("\n")[0] + "\n" * part.count("\n") for part in body.split("\0")])
    content = body.replace("\0", "\n")[1:]
    value = content.rstrip("\n")
    broken = stop >= 0 or len(value) < len(content)  # whether a break follows the last line that is not empty
    if style == ">":
        value = _folded(value)
    end = begin + len(text[begin : next_line - 1].rstrip(" \t\n"))
    return value + "\n" if broken and not chomping else value, end, next_line, length


def _goes_on(child: Any, text: str, begin: int, line: str) -> bool:
    """Adds the words of a line to the plain scalar before it; False where it cannot go on there."""
    words = _plain(line.lstrip(" "))
    if words is None or child.__class__ is not Scalar or child.style or text[child.end : begin].strip(" \n"):
        return False
    child.value += ("\n" * (text.count("\n", child.end, begin) - 1) or " ") + words
    child.end = begin + len(line) - len(line.lstrip(" ")) + len(words)
    return True


def _add(node: Any, waiting: Any, child: Node) -> None:
    """Gives a node to the collection around it."""
    child.parent = node
    if node.__class__ is Sequence:
        node.items.append(child)
        return
    pair = (waiting, child)
    node.items.append(pair)
    node.index[waiting.value] = pair


def _add_empty(node: Any, waiting: Any, conditions: list[Scalar]) -> None:
    """Gives the value that is not there to the collection around it."""
    offset = waiting.end + 1 if node.__class__ is Mapping else waiting
    child = new_scalar("", "", offset, offset)
    if node.__class__ is Mapping and waiting.value == "if":
        conditions.append(child)
    _add(node, waiting, child)
