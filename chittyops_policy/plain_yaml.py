"""Reads the plain part of YAML, in which nearly all workflows are written, in a fifth of the time that libyaml takes.

That part is block mappings and sequences, keys of plain words, plain scalars, quoted ones of one line, literal and
folded blocks, lists of words, and one-line mappings of words to words. Nothing is ever guessed: at anything else, at a
key that stands twice, at every error and at every doubt `read` gives None, and the file is left to libyaml, which knows
all of YAML and whose errors are the ones to show. A test compares the trees of both.
"""

from __future__ import annotations

from itertools import islice
from operator import length_hint
from sys import intern

from .nodes import MAX_DEPTH, Scalar, Sequence, new_mapping, new_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .nodes import Mapping, Node

    Tree: TypeAlias = tuple[Node, list[Mapping], list[Mapping], list[Scalar], list[Scalar], list[Scalar]]
    """Root; all mappings; those with a key that letter case could change; scalars with an expression; values of ``if``;
    scalars with escapes."""

    Word: TypeAlias = tuple[str, str, int, int]
    """A scalar in a line: value, style, and the columns of its start and end."""

    Row: TypeAlias = tuple[int, int, str | None, str, int, int, int, Any, str, int, int, int, int]
    """What a line says, whatever stands around it.

    Its level, and that of the mapping that begins behind its dash, or 0; its key with style and columns; what kind of
    value it has, with the value, its style, and its columns; whether the key (1) and the value (2) have an expression,
    whether the value is a condition (4) and has escapes (16), and whether letter case could change the key (8); how
    long it is with its line break.

    The level of a mapping is twice the column of its keys, that of a sequence one more than twice the column of its
    dashes. So a line ends each collection of a higher level, and begins one where the level around it is lower.
    """

MAX_LENGTH = 100_000
"""A longer text is left to libyaml, where the number of values is limited."""

MAX_KEY = 1000
"""A longer key is left to libyaml, which refuses it (YAML 1.2.2, section 7.4.2: at most 1024 characters)."""

_CONTROLS = "".join(chr(sign) for sign in range(128) if not (chr(sign).isprintable() or chr(sign) in "\t\n"))
_COMMON = bytes(sign for sign in range(128) if chr(sign) not in _CONTROLS)
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
"""What a plain scalar does not begin with, but for the first three, which it may where no blank follows."""
_NO_WORD = frozenset(":#?\"'[]{}\t\n")
"""What keeps a word of a flow collection from being plain to see."""
_NO_QUOTED = frozenset("\\{\n")
"""The same for a quoted word: escapes, expressions and line breaks."""
_KEY_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_KEY = _KEY_START | frozenset("./-")

_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}
"""What follows a backslash in double quotes, but for what is rare."""

_NOTHING, _WORD, _BLOCK, _WORDS, _PAIRS, _OPEN = range(6)
"""Kinds of values; the last is a list of words that goes on in the next line."""

_END, _BLANK, _MORE, _OTHER = range(-1, -5, -1)
"""Levels of lines without key and dash: the end of the text, nothing or a comment, what can only be a scalar or a list
or go on with one, and what is not plain."""
_END_LINE = "~\n"
"""Stands behind the last line; no line is like it, and no block goes on with it."""

_END_ROW: Row = (_END, 0, None, "", 0, 0, _NOTHING, "", "", 0, 0, 0, 2)

_rows: dict[str, Row] = {}
"""What is known of lines: half of the lines of workflows have stood in another workflow before."""
_MAX_ROWS = 20_000
_MAX_REMEMBERED = 200
"""A longer line is hardly met again."""

_keys: dict[str, tuple[str, str, int]] = {}
"""What is known of keys, by their text: the value, the style, and whether there is an expression in it (1) and letter
case could change it (8)."""


def _is_common(text: str) -> bool:
    """Whether a text is free of characters that YAML 1.1 or 1.2 refuses or treats in a way of its own."""
    if text.isascii():
        for sign in _CONTROLS:  # noqa: SIM110
            if sign in text:
                return False
        return True
    return text.encode("utf-8", "surrogatepass").translate(None, _COMMON).decode("utf-8", "surrogatepass").isprintable()


def _row(line: str) -> Row:
    """What a line says."""
    rest = line.lstrip(" ")
    first = rest[0] if rest else "#"
    if first == "#":
        return _bare_row(_BLANK, line)
    if "\t" in rest:
        return _bare_row(_OTHER, line)
    column = len(line) - len(rest)
    level = 2 * column
    inside = 0
    if first == "-" and (rest == "-" or rest[1] == " "):
        level += 1
        rest = rest[1:].lstrip(" ")
        column = len(line) - len(rest)
        inside = 2 * column
    text, colon, value = rest.partition(": ")
    if not colon and rest.endswith(":"):
        text, colon = rest[:-1], ":"
    key = (_keys.get(text) or _key(text)) if colon else None
    name: str | None = None
    quote = style = ""
    key_end = start = end = marked = 0
    if key is not None:
        key_end = column + len(text)
        name, quote, marked = key
    else:
        value = rest
        if inside:
            inside = 0
        else:
            level = _MORE
    kind = _NOTHING
    content: Any = ""
    first = value[0] if value else "#"
    if first == " ":
        value = value.lstrip(" ")
        first = value[0] if value else "#"
    if first != "#":
        start = len(line) - len(value)
        if first in _INDICATORS or "#" in value or ": " in value or value[-1] in " :":
            kind, content, style, end = _value(value, start)
            end += start
            if style == '"' and end - start != len(content) + 2:
                marked |= 16
        else:  # what `_value` and `_plain` would say, without the calls
            kind, content, end = _WORD, value, len(line)
        if level == _MORE:
            if kind == _BLOCK:
                content = None
        elif content is None:
            return _bare_row(_OTHER, line)
        if kind == _WORD and content is not None and "${{" in content:
            marked |= 2
        if name == "if" and kind in (_WORD, _BLOCK):
            marked |= 4
    return level, inside, name, quote, column, key_end, kind, content, style, start, end, marked, len(line) + 1


def _bare_row(level: int, line: str) -> Row:
    """The row of a line of which nothing but its level matters."""
    return level, 0, None, "", 0, 0, _NOTHING, "", "", 0, 0, 0, len(line) + 1


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
    folds = not value.isascii() or value.lower() != value
    known = _keys[text] = value, quote, ("${{" in value) + 8 * folds
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
        if first == '"' and "\\" in value:
            value, length = _unescaped(text)
        if length and _is_over(text, length):
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


def _unescaped(text: str) -> tuple[str, int]:
    """The value in the double quotes that a text begins with, and its length with them; 0 where libyaml must look."""
    value = ""
    at = 1
    quote = 0
    while True:
        if quote < at:
            quote = text.find('"', at)
        slash = text.find("\\", at, quote)
        if quote < 0 or slash < 0:
            return value + text[at:quote], quote + 1
        sign = _ESCAPES.get(text[slash + 1])
        if sign is None:
            return "", 0
        value += text[at:slash] + sign
        at = slash + 2


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
    _rows[_END_LINE] = _END_ROW
    known_row = _rows.get
    mappings: list[Mapping] = []
    cased: list[Mapping] = []
    fenced: list[Scalar] = []
    conditions: list[Scalar] = []
    escaped: list[Scalar] = []
    root: Any = None
    node: Any = None  # the collection that the line is in
    around = _END  # its level
    levels: list[int] = []  # those of the collections around it
    waiting: Any = None  # a mapping's key without a value so far; a sequence's offset behind a dash without an item
    child: Any = None  # the last value that was complete
    lines = text.split("\n")
    lines.append(_END_LINE)
    rest = iter(lines)
    next_line = 0  # where it begins
    if lines[0] == "---":
        next(rest)
        next_line = 4
    for line in rest:
        if not line:
            next_line += 1
            continue
        row = known_row(line)
        if row is None:
            row = _row(line)
            if len(line) <= _MAX_REMEMBERED:
                _rows[line] = row
        level, inside, name, quote, column, key_end, kind, value, style, start, end, marked, length = row
        begin = next_line
        next_line += length
        key: Any = None
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
                    key, name = waiting, waiting.value
                    if name == "if" and kind == _WORD:
                        marked |= 4
                waiting = None
            else:
                while around > level:
                    if waiting is not None:
                        child = _empty(node, waiting, conditions)
                        waiting = None
                    stop = child.end
                    node.end = stop if stop > node.start else node.start
                    child = node
                    node, around = node.parent, levels.pop()
                if level == _END:
                    break
                if around < level:
                    if (waiting is None and root is not None) or len(levels) > MAX_DEPTH - 3:
                        return None
                    if level & 1:
                        inner: Any = Sequence(begin + (level >> 1), False)
                    else:
                        inner = new_mapping(begin + column, False)
                        mappings.append(inner)
                    if root is None:
                        root = inner
                    else:
                        _add(node, waiting, inner)
                        waiting = None
                    levels.append(around)
                    node, around = inner, level
        if level == around:
            if waiting is not None:
                child = _empty(node, waiting, conditions)
                waiting = None
            if name is not None:
                if inside:
                    if len(levels) > MAX_DEPTH - 3:
                        return None
                    inner = new_mapping(begin + column, False, node)
                    mappings.append(inner)
                    node.items.append(inner)
                    levels.append(level)
                    node, around = inner, inside
                key = Scalar()  # as in `new_scalar`, without the call
                key.value = name
                key.style = quote
                key.start = begin + column
                key.end = begin + key_end
                key.parent = node
                key.anchor = key.tag = None
        if kind == _WORD:
            child = Scalar()
            child.value = value
            child.style = style
            child.start = begin + start
            child.end = begin + end
            child.parent = node
            child.anchor = child.tag = None
        elif kind == _NOTHING:
            if key is None:
                waiting = begin + (level >> 1) + 1
                continue
            waiting = key
            if marked:
                if marked & 1:
                    fenced.append(key)
                if marked & 8:
                    cased.append(node)
            continue
        elif kind == _BLOCK:
            at = len(lines) - length_hint(rest)
            block = _block(lines, at, around >> 1, style, value)
            if block is None:
                return None
            content, count, length = block
            start += begin
            begin, next_line = next_line, next_line + length
            child = new_scalar(content, style, start, begin + len(text[begin : next_line - 1].rstrip(" \t\n")), node)
            next(islice(rest, count, count), None)
            if "${{" in content:
                marked |= 2
        elif kind == _PAIRS:
            child = new_mapping(begin + start, True, node)
            child.end = begin + end
            for (word, _, first, stop), (content, quote, second, last) in value:
                inner = new_scalar(content, quote, begin + second, begin + last, child)
                child.index[word] = new_scalar(word, "", begin + first, begin + stop, child), inner
                if word == "if":
                    conditions.append(inner)
            child.items += child.index.values()
            mappings.append(child)
            cased.append(child)
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
                fenced.append(key)
            if marked & 2:
                fenced.append(child)
            if marked & 4:
                conditions.append(child)
            if marked & 8:
                cased.append(node)
            if marked & 16:
                escaped.append(child)
        if key is None:
            node.items.append(child)
        else:
            pair = (key, child)
            node.items.append(pair)
            node.index[name] = pair
    for mapping in mappings:
        if len(mapping.index) != len(mapping.items):  # a key stands twice
            return None
    return None if root is None else (root, mappings, cased, fenced, conditions, escaped)


def _block(lines: list[str], at: int, column: int, style: str, chomping: str) -> tuple[str, int, int] | None:
    """The value of the block that begins in a line, how many lines it has, and their length with their line breaks.

    They are as deep as the first one that is not blank, and deeper than `column`; else libyaml must look.
    """
    stop = at
    while not (rest := lines[stop].lstrip(" ")):
        stop += 1
    width = len(lines[stop]) - len(rest)
    if width <= column or rest[0] == "\t" or (stop > at and max(map(len, lines[at:stop])) > width):
        return None
    bound = " " * (width - 1) + "!"
    line = lines[stop]
    while line < bound:  # so it begins with as many blanks or is shorter, as no sign but a tab comes before the blank
        stop += 1
        line = lines[stop]
    found = lines[at:stop]
    body = "\n".join(found)
    if "\t" in body and any("\t" in each[:width] for each in found):
        return None
    content = "\n".join([each[width:] for each in found])
    value = content.rstrip("\n")
    broken = line is not _END_LINE or len(value) < len(content)  # a break follows the last line that is not empty
    if style == ">":
        value = _folded(value)
    return value + "\n" if broken and not chomping else value, len(found), len(body) + 1


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


def _empty(node: Any, waiting: Any, conditions: list[Scalar]) -> Scalar:
    """The value that is not there, given to the collection around it."""
    offset = waiting.end + 1 if node.__class__ is not Sequence else waiting
    child = new_scalar("", "", offset, offset)
    if node.__class__ is not Sequence and waiting.value == "if":
        conditions.append(child)
    _add(node, waiting, child)
    return child
