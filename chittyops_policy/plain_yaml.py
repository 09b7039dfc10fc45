"""Reads the plain part of YAML, in which nearly all workflows are written, in half of the time that libyaml takes.

That part is block mappings and sequences, keys of plain words, scalars of one line, literal blocks, and one-line lists
of words. Nothing is ever guessed: at anything else, at every error and at every doubt `read` gives None, and the file
is left to libyaml, which knows all of YAML and whose errors are the ones to show. A test compares the trees of both.
"""

from __future__ import annotations

import re

from .nodes import MAX_DEPTH, Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .nodes import Node

    Tree: TypeAlias = tuple[Node, list[Mapping], list[Scalar], list[Scalar], list[tuple[Scalar, Scalar]]]
    """Root; all mappings; scalars with an expression; values of ``if``; (earlier, later) of keys that stand twice."""

MAX_LENGTH = 100_000
"""A longer text is left to libyaml, where the number of values is limited."""

MAX_KEY = 1000
"""A longer key is left to libyaml, which refuses it (YAML 1.2.2, section 7.4.2: at most 1024 characters)."""

_COMMON = bytes(sign for sign in range(256) if sign in b"\t\n" or (sign >= 32 and sign != 127))
"""What may occur anywhere: no control characters."""
_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"

# Kept small: it is compiled at every start. Only single characters are repeated possessively, never a group: up to
# Python 3.11.4 a group that gives up halfway does not go back to where it began (python/cpython#106052). Nothing is
# tried twice all the same, as no part can match anything else where a later one fails.
_FIRST = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=\S))"  # of a plain scalar: no indicator, no blank
_QUOTED = r"\"[^\n\t\"\\]*+\"|'[^\n\t']*+'"
_LINE = re.compile(
    r"(?:\ *+(?:\#[^\n]*+)?\n)*"  # blank lines and comments
    r"(\ *+)"  # the indentation
    r"(-(?:\ ++|(?=\n)))?"  # an item of a sequence
    rf"(?:([A-Za-z0-9_][A-Za-z0-9_./-]*+|{_QUOTED}):(\ ++|(?=\n)))?"  # a key, and the blanks behind it
    rf"(?:({_FIRST}[^\n:#\t]*+(?:(?::(?=\S)|(?<=\S)\#)[^\n:#\t]*+)*)"  # a plain scalar
    rf"|({_QUOTED})"
    r"|\|(-?)(?=\n)"  # the header of a literal block
    r"|(\[[^\n\t\[\]{}]*+\])"  # a list of words
    r"|(\{[^\n\t\[\]{}]*+\}))?"  # a mapping of words to words
    r"\ *+(?:(?<=[\ \n])\#[^\n]*+)?(?:\n|\Z)"
)


def _is_common(text: str) -> bool:
    """Whether a text is free of characters that YAML 1.1 or 1.2 refuses or treats in a way of its own."""
    if text.isascii():
        return not text.encode().translate(None, _COMMON)
    return all(char in "\t\n" or (char.isprintable() and char not in "\ufffe\uffff") for char in set(text))


def _word(part: str, at: int) -> Scalar | None:
    """The scalar that a part of a flow collection is, between its commas; None where that is not plain to see."""
    value = part.strip(" ")
    start = at + len(part) - len(part.lstrip(" "))
    if value[:1] in ("'", '"'):
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != value[0] or value[0] in inner or "\\" in inner:
            return None
        return Scalar(inner, value[0], start, start + len(value))
    if not value or value[0] in _INDICATORS or any(sign in value for sign in ":#?\"'"):
        return None
    return Scalar(value, "", start, start + len(value))


def _words(text: str, begin: int) -> Sequence | None:
    """A flow sequence of words; None where it is more than that."""
    sequence = Sequence(begin, True)
    sequence.end = begin + len(text)
    at = begin + 1
    for part in text[1:-1].split(",") if text[1:-1].strip(" ") else ():
        word = _word(part, at)
        if word is None:
            return None
        word.parent = sequence
        sequence.items.append(word)
        at += len(part) + 1
    return sequence


def _pairs(text: str, begin: int, conditions: list[Scalar], duplicates: list[tuple[Scalar, Scalar]]) -> Mapping | None:
    """A flow mapping of words to words; None where it is more than that."""
    mapping = Mapping(begin, True)
    mapping.end = begin + len(text)
    at = begin + 1
    for part in text[1:-1].split(",") if text[1:-1].strip(" ") else ():
        name, colon, value = part.partition(": ")
        key = _word(name, at)
        word = _word(value, at + len(name) + 2)
        if not colon or key is None or key.style or word is None or key.end != at + len(name):
            return None
        key.parent = mapping
        _add(mapping, key, word, conditions, duplicates)
        at += len(part) + 1
    return mapping


def read(text: str) -> Tree | None:
    """The tree of a text with what `Document` wants to know of it; None where libyaml must look.

    Kept as one loop over the lines: every call in it would be paid per node.
    """
    if len(text) > MAX_LENGTH or not _is_common(text):
        return None
    mappings: list[Mapping] = []
    fenced: list[Scalar] = []
    conditions: list[Scalar] = []
    duplicates: list[tuple[Scalar, Scalar]] = []
    stack: list[tuple[Any, int, Any]] = []  # (node, indent, waiting) of every collection around the current one
    root: Any = None
    node: Any = None
    indent = -1
    waiting: Any = None  # a mapping's key without a value so far; a sequence's offset behind a dash without an item
    match = _LINE.match
    at = 4 if text.startswith("---\n") else 0
    end = len(text)
    while at <= end:
        line = match(text, at)
        if line is None:
            return None
        blanks, dash, name, space, plain, quoted, chomp, words, braces = line.groups()
        column = len(blanks)
        begin = line.end(1)
        at = line.end()
        if dash is None and name is None:
            if at < end or not (plain is quoted is chomp is words is braces is None):
                return None
            column = -1  # the end of the text closes everything
        while indent > column or (indent == column and dash is None and node.__class__ is Sequence):
            if waiting is not None:
                offset = waiting.end + 1 if node.__class__ is Mapping else waiting
                _add(node, waiting, Scalar("", "", offset, offset), conditions, duplicates)
            last = node.items[-1]
            node.end = max(node.start, (last[1] if node.__class__ is Mapping else last).end)
            inner = node
            node, indent, waiting = stack.pop()
            if node is not None:
                _add(node, waiting, inner, conditions, duplicates)
                waiting = None
        if column < 0:
            break
        if dash is not None:
            if indent < column or node.__class__ is Mapping:
                if (waiting is None and root is not None) or len(stack) > MAX_DEPTH - 3:
                    return None
                stack.append((node, indent, waiting))
                inner = Sequence(begin, False)
                inner.parent = node
                node, indent, waiting = inner, column, None
                root = root or node
            elif waiting is not None:
                _add(node, waiting, Scalar("", "", waiting, waiting), conditions, duplicates)
                waiting = None
            begin += len(dash)
            column += len(dash)
        if name is not None:
            if indent < column:
                if dash is None and ((waiting is None and root is not None) or len(stack) > MAX_DEPTH - 3):
                    return None
                stack.append((node, indent, waiting))
                inner = Mapping(begin, False)
                inner.parent = node
                mappings.append(inner)
                node, indent, waiting = inner, column, None
                root = root or node
            elif waiting is not None:
                offset = waiting.end + 1
                _add(node, waiting, Scalar("", "", offset, offset), conditions, duplicates)
            key_end = begin + len(name)
            if key_end - begin > MAX_KEY:
                return None
            quote = name[0] if name[0] in "\"'" else ""
            waiting = Scalar(name[1:-1] if quote else name, quote, begin, key_end)
            if quote and "${{" in name:
                fenced.append(waiting)
            waiting.parent = node
            begin = key_end + 1 + len(space)
        if plain is not None:
            value = plain.rstrip(" ")
            child: Any = Scalar(value, "", begin, begin + len(value))
            if "${{" in value:
                fenced.append(child)
        elif quoted is not None:
            child = Scalar(quoted[1:-1], quoted[0], begin, begin + len(quoted))
            if "${{" in quoted:
                fenced.append(child)
        elif chomp is not None:
            # Its indentation is that of the first line, which must not be blank here.
            first = text[at : text.find("\n", at)]
            width = len(first) - len(first.lstrip(" "))
            if width <= indent or width == len(first) or first[width] == "\t":
                return None
            margin = " " * width
            stop = at
            while text.startswith(margin, stop) or text.startswith("\n", stop):
                stop = text.find("\n", stop) + 1
                if not stop:  # the text may end without a line break
                    return None
            if text.startswith(" ", stop) and not text[stop : text.find("\n", stop)].strip(" "):
                return None  # a shorter blank line may belong to it
            body = text[at + width : stop]
            value = body.replace("\n" + margin, "\n").rstrip("\n")
            child = Scalar(value if chomp else value + "\n", "|", begin, at + width + len(body.rstrip(" \t\n")))
            at = stop
            if "${{" in value:
                fenced.append(child)
        elif words is not None:
            child = _words(words, begin)
            if child is None:
                return None
        elif braces is not None:
            child = _pairs(braces, begin, conditions, duplicates)
            if child is None:
                return None
            mappings.append(child)
        else:
            if name is None:
                waiting = begin - len(dash) + 1
            continue
        if name is None:
            child.parent = node
            node.items.append(child)
        else:  # as in `_add`, without the call
            child.parent = node
            pair = (waiting, child)
            node.items.append(pair)
            known = node.index.setdefault(waiting.value, pair)
            if known is not pair:
                duplicates.append((known[0], waiting))
            elif waiting.value == "if" and child.__class__ is Scalar:
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
