"""Syntax of GitHub's expression language: from the text of one expression to a tree with offsets.

`expressions` is the module to import from; this one and `expression_values` are its two halves. Sources of the rules:
GitHub's published `@actions/expressions` (npm) and the C# parser in `actions/runner`, which is what the service itself
runs. Where the two disagree this follows the service; `tests/test_expressions_referee.py` lists each such case. Two
oddities follow the stricter package: parentheses count as levels of nesting, and `x[*.y]` is an error.
"""

from __future__ import annotations

import re
from itertools import accumulate

from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    Primitive = bool | float | str | None

MAX_DEPTH: Final = 50
MAX_LENGTH: Final = 21_000  # UTF-16 code units, as .NET and JavaScript count


class ExpressionError:
    """What is wrong with an expression, and between which offsets."""

    __slots__ = ("end", "message", "start")

    def __init__(self, message: str, start: int, end: int) -> None:
        self.message = message
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"ExpressionError({self.message!r}, {self.start}, {self.end})"


class Expr:
    """A node of the tree; `start` and `end` are half-open offsets, and a node lies within its parent's.

    Parentheses have no node of their own: they lie between the offsets of the parent and of the node inside.
    """

    __slots__ = ("end", "start")
    start: int
    end: int

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({parts})"


class Literal(Expr):
    """A constant: None for `null`, bool, float (every number) or str with its quotes and escapes resolved."""

    __slots__ = ("value",)

    def __init__(self, value: Primitive, start: int, end: int) -> None:
        self.value = value
        self.start = start
        self.end = end


class Name(Expr):
    """A context by its name: `name` as written, `key` in lower case."""

    __slots__ = ("key", "name")

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.key = name.lower()
        self.start = start
        self.end = end


class Star(Expr):
    """The filter `*` as the index of an `Index`."""

    __slots__ = ()

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


class Index(Expr):
    """Access to a part: `obj.name` (dotted, index is a str Literal or Star) or `obj[index]`."""

    __slots__ = ("dotted", "index", "obj")

    def __init__(self, obj: Expr, index: Expr, dotted: bool, start: int, end: int) -> None:
        self.obj = obj
        self.index = index
        self.dotted = dotted
        self.start = start
        self.end = end


class Path(Index):
    """The usual `context.name.name`, without blanks: `names` as written, the context first.

    Like any other access it has an `obj` and an `index`, which are made when somebody asks: most only want the names.
    """

    __slots__ = ("_parts", "names")

    def __init__(self, names: tuple[str, ...], start: int, end: int) -> None:
        self.names = names
        self.dotted = True
        self.start = start
        self.end = end
        self._parts: tuple[Expr, Literal] | None = None

    @property
    def obj(self) -> Expr:  # type: ignore[override]
        """The path without its last name."""
        return self._taken_apart()[0]

    @property
    def index(self) -> Expr:  # type: ignore[override]
        """The last name."""
        return self._taken_apart()[1]

    def _taken_apart(self) -> tuple[Expr, Literal]:
        parts = self._parts
        if parts is None:
            *names, last = self.names
            start, end = self.start, self.end
            at = end - len(last)
            obj = Path(tuple(names), start, at - 1) if len(names) > 1 else Name(names[0], start, at - 1)
            parts = self._parts = obj, Literal(last, at, end)
        return parts


class Call(Expr):
    """A function call: `name` as written, `key` in lower case, `args` in order."""

    __slots__ = ("args", "key", "name")

    def __init__(self, name: str, args: tuple[Expr, ...], start: int, end: int) -> None:
        self.name = name
        self.key = name.lower()
        self.args = args
        self.start = start
        self.end = end


class Unary(Expr):
    """`!operand`."""

    __slots__ = ("op", "operand")

    def __init__(self, op: str, operand: Expr, start: int, end: int) -> None:
        self.op = op
        self.operand = operand
        self.start = start
        self.end = end


class Binary(Expr):
    """`left op right` with op one of `|| && == != < <= > >=`; chains lean left and can be thousands long."""

    __slots__ = ("left", "op", "right")

    def __init__(self, op: str, left: Expr, right: Expr, start: int, end: int) -> None:
        self.op = op
        self.left = left
        self.right = right
        self.start = start
        self.end = end


# What may follow a word: the end, a blank, or one of these.
_EDGE: Final = r"\s()\[\],.!<>=&|"
# Compiled when they are first used, which not every run does. A token and the blanks before it:
_TOKEN: Final = rf"""(?xs)\s*+(?:
      \.?[A-Za-z_][A-Za-z0-9_-]*+(?:\.[A-Za-z_][A-Za-z0-9_-]*+)*(?![^{_EDGE}])    # name.name or .name.name
    | '[^']*(?:''[^']*)*'(?!')                      # a string
    | [0-9+-][^\s()\[\],!<>=&|]*+|\.[0-9][^\s()\[\],!<>=&|]*+     # meant as a number; runs on through dots
    | &&|\|\||[=!<>]=|[()\[\].,*!<>]                # everything with a meaning of its own
    )"""
_STRAY: Final = rf"(?s)\s*('.*+|.[^{_EDGE}]*+)"  # what stands where no token does
_WORDS: Final[Mapping[str, Primitive]] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_PRECEDENCE: Final = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}

_ACCESS: Final = frozenset((".", "["))
_DIGITS: Final = frozenset("0123456789")
_SIGNS: Final = _DIGITS | {"+", "-"}

_MAX_NAMES: Final = 21  # in a plain path; fewer than MAX_DEPTH, so that nobody needs to count

_TREES: Final[dict[tuple[str, int], Expr | ExpressionError]] = {}
_PATHS: Final[dict[str, tuple[str, ...]]] = {}


def parse(text: str, offset: int = 0) -> Expr | ExpressionError:
    """The tree of one expression without fences, or the first thing that is wrong with it.

    `offset` is added to every position: pass where `text` starts in the scalar. Names of contexts and functions are
    not judged here, see `check`.
    """
    path = text.strip()
    names = _PATHS.get(path)
    if names is None:
        names = remember(_PATHS, path, _names(path), len(path))
    if names:  # nine in ten real expressions
        start = offset + text.find(path)
        return Path(names, start, start + len(path))
    key = (text, offset)
    known = _TREES.get(key)
    return remember(_TREES, key, _parse(text, offset), len(text)) if known is None else known


def _names(path: str) -> tuple[str, ...]:
    """The names of context.name.name; () for any other text."""
    # Names have the letters of Python's, and hyphens that are not their first letter.
    if not path.isascii() or not path.replace("-", "_").replace(".", "_").isidentifier():
        return ()
    names = tuple(path.split("."))
    # The least of them comes before "A" if it begins with a digit or a hyphen, or is empty.
    return names if 1 < len(names) <= _MAX_NAMES and min(names) >= "A" and names[0] not in _WORDS else ()


def _parse(text: str, offset: int) -> Expr | ExpressionError:
    stripped = text.strip()
    if not stripped:
        return ExpressionError("an expression was expected", offset, offset + len(text))
    if len(stripped) > MAX_LENGTH // 2 and utf16_length(stripped) > MAX_LENGTH:
        return ExpressionError(
            f"the expression has {utf16_length(stripped):,} characters; GitHub takes at most {MAX_LENGTH:,}",
            offset,
            offset + len(text),
        )
    try:
        return _Parser(text, offset).whole()
    except _SyntaxProblem as problem:
        return ExpressionError(problem.message, problem.start + offset, problem.end + offset)


class _SyntaxProblem(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


class _Parser:
    """Recursive descent over the tokens; the depth is counted the way GitHub's parser counts it.

    words   each token, '' at the end; `ends` is where it ends
    """

    __slots__ = ("at", "depth", "ends", "offset", "words")

    def __init__(self, text: str, offset: int) -> None:
        tokens = re.findall(_TOKEN, text)
        ends = list(accumulate(map(len, tokens)))
        if not ends or ends[-1] < len(text.rstrip()):
            raise _stray(text)
        self.words: list[str] = [*map(str.lstrip, tokens), ""]
        self.ends = [*ends, len(text)]
        self.offset = offset
        self.at = 0
        self.depth = 0

    def whole(self) -> Expr:
        node = self.nested()
        if self.words[self.at]:
            raise self.unexpected()
        return node

    def nested(self) -> Expr:
        self.deeper()
        node = self.operators(0)
        self.depth -= 1
        return node

    def operators(self, floor: int) -> Expr:
        start = self.ends[self.at] - len(self.words[self.at]) + self.offset
        left = self.operand()
        while True:
            op = self.words[self.at]
            precedence = _PRECEDENCE.get(op, 0)
            if precedence <= floor:
                return left
            self.at += 1
            if precedence <= 2:
                self.deeper()
                right = self.operators(precedence)
                self.depth -= 1
            else:
                right = self.operators(precedence)
            left = Binary(op, left, right, start, self.ends[self.at - 1] + self.offset)

    def operand(self) -> Expr:
        at = self.at
        word = self.words[at]
        end = self.ends[at] + self.offset
        start = end - len(word)
        depth = self.depth
        self.at = at + 1
        node: Expr
        if word[:1].isidentifier():
            name, dot, names = word.partition(".")
            if name in _WORDS:
                if dot:
                    behind = end - len(names) - self.offset
                    raise _SyntaxProblem("unexpected '.'", behind - 1, behind)
                node = Literal(_WORDS[name], start, end)
            elif dot:
                path = word.split(".")
                self.descend(path[1:], end)
                node = Path(tuple(path), start, end)
            elif self.words[at + 1] == "(":
                args = self.arguments()
                node = Call(name, args, start, self.ends[self.at - 1] + self.offset)
            else:
                node = Name(name, start, end)
        elif word[:1] == "'":
            node = Literal(word[1:-1].replace("''", "'"), start, end)
        elif word == "!":
            self.deeper()
            operand = self.operand()
            self.depth = depth
            return Unary("!", operand, start, self.ends[self.at - 1] + self.offset)
        elif word == "(":
            node = self.nested()
            self.expect(")")
        elif _is_number(word):
            number = parse_number(word)
            if number != number:
                raise _SyntaxProblem(f"'{word}' is not a number", start - self.offset, end - self.offset)
            node = Literal(number, start, end)
        else:
            self.at = at
            raise self.unexpected()
        if self.words[self.at][:1] in _ACCESS:
            node = self.accessed(node, start, word == "(")
        self.depth = depth
        return node

    def accessed(self, node: Expr, start: int, grouped: bool) -> Expr:
        """A node with every access to a part of it that follows; the depth is then that of the last one."""
        while True:
            word = self.words[self.at]
            if word[:1] not in _ACCESS or _is_number(word):
                return node
            if isinstance(node, Literal) and not grouped:
                raise self.unexpected()
            self.at += 1
            if word == "[":
                index = self.bracket()
                self.deeper()
                node = Index(node, index, False, start, self.ends[self.at - 1] + self.offset)
                continue
            end = self.ends[self.at - 1] + self.offset
            names = word[1:]
            if not names:  # there are blanks behind the dot, or it is a filter
                end = self.ends[self.at] + self.offset
                names = self.words[self.at]
                if names == "*":
                    self.at += 1
                    self.deeper()
                    node = Index(node, Star(end - 1, end), True, start, end)
                    continue
                if not names[:1].isidentifier():
                    raise self.unexpected()
                self.at += 1
            node = self.members(node, names, start, end)

    def members(self, node: Expr, names: str, start: int, end: int) -> Expr:
        """A node with the access to name.name, which ends at `end`; the depth is then that of the last name."""
        at = end - len(names)
        parts = names.split(".")
        self.descend(parts, end)
        for name in parts:
            end = at + len(name)
            node = Index(node, Literal(name, at, end), True, start, end)
            at = end + 1
        return node

    def descend(self, names: list[str], end: int) -> None:
        """Counts the access to a name of a name of a name, which ends at `end`."""
        room = MAX_DEPTH - self.depth
        self.depth += len(names)
        if len(names) > room:
            behind = end - len(".".join(names)) + len(".".join(names[: room + 1])) - self.offset
            raise _too_deep(*(self.place() if len(names) == room + 1 else (behind, behind + 1)))

    def bracket(self) -> Expr:
        index: Expr
        if self.words[self.at] == "*":
            index = Star(self.ends[self.at] - 1 + self.offset, self.ends[self.at] + self.offset)
            self.at += 1
        else:
            index = self.nested()
        self.expect("]")
        return index

    def arguments(self) -> tuple[Expr, ...]:
        self.at += 1
        if self.words[self.at] == ")":
            self.at += 1
            return ()
        args = [self.nested()]
        while self.words[self.at] == ",":
            self.at += 1
            args.append(self.nested())
        self.expect(")")
        return tuple(args)

    def expect(self, word: str) -> None:
        if self.words[self.at] != word:
            raise self.unexpected(f"'{word}'")
        self.at += 1

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep(*self.place())

    def place(self) -> tuple[int, int]:
        """Where the next token stands; of a path its first name or dot."""
        word = self.words[self.at]
        end = self.ends[self.at]
        start = end - len(word)
        return start, start + max(word.find("."), 1) if "." in word and _is_path(word) else end

    def unexpected(self, wanted: str = "") -> _SyntaxProblem:
        start, end = self.place()
        if end > start:
            message = f"unexpected {_clip(self.words[self.at][: end - start])}"
        else:
            # Point at the last token: an empty place behind the end is hard to see.
            if self.at:
                last = self.words[self.at - 1]
                end = self.ends[self.at - 1]
                start = end - len(last.rpartition(".")[2] if _is_path(last) else last)
            message = "the expression ends too early"
        if wanted:
            message += f", expected {wanted}"
        return _SyntaxProblem(message, start, end)


def _is_path(word: str) -> bool:
    return word.removeprefix(".")[:1].isidentifier()


def _is_number(word: str) -> bool:
    """Whether a token is meant as a number."""
    return word[:1] in _SIGNS or (word[:1] == "." and word[1:2] in _DIGITS)


def _too_deep(start: int, end: int) -> _SyntaxProblem:
    return _SyntaxProblem(f"nested more than {MAX_DEPTH} levels deep", start, end)


def _stray(text: str) -> _SyntaxProblem:
    """What is wrong with the first thing in a text that is no token."""
    at = 0
    token = re.compile(_TOKEN)
    while (match := token.match(text, at)) is not None:
        at = match.end()
    found = re.compile(_STRAY).match(text, at)
    assert found is not None
    word = found[1]
    first = word[0]
    if first == "'":
        message = "the string has no closing quote"
    elif '"' in word:
        message = "a double quote has no meaning here; strings take single quotes"
    elif first in "=&|":
        message = f"unexpected {_clip(word)}; the operator is '{first}{first}'"
    else:
        message = f"unexpected {_clip(word)}"
    return _SyntaxProblem(message, found.start(1), found.end(1))


def _clip(word: str) -> str:
    return f"'{word}'" if len(word) <= 40 else f"'{word[:39]}…'"


_NUMERIC: Final = r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|0x([0-9a-fA-F]+)|0o([0-7]+)|([+-]?Infinity)"


def parse_number(text: str) -> float:
    """The number GitHub reads from a text: 0 for blanks, NaN for what is none.

    Hexadecimal and octal are 32-bit and signed, as in the service: 0xFFFFFFFF is -1, anything longer is NaN.
    """
    text = text.strip()
    if not text:
        return 0.0
    match = re.fullmatch(_NUMERIC, text)
    if match is None:
        return float("nan")
    if match[1]:
        return float(text)
    if match[4]:
        return float("-inf") if text[0] == "-" else float("inf")
    # A 32-bit number has at most 8 hexadecimal or 11 octal digits, so an absurdly long one is never converted.
    digits = (match[2] or match[3]).lstrip("0") or "0"
    if len(digits) > 11:
        return float("nan")
    value = int(digits, 16 if match[2] else 8)
    if value > 0xFFFFFFFF:
        return float("nan")
    return float(value - 0x1_0000_0000 if value > 0x7FFFFFFF else value)


def utf16_length(text: str) -> int:
    """How long .NET and JavaScript take the text to be, in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
