"""The node tree of a YAML file: scalars, sequences and mappings, each with its place in the text.

Plain scalars have the YAML 1.2 core meaning that GitHub gives them (``on`` is a string, ``0o17`` is a number,
``12:30`` is a string).
"""

from __future__ import annotations

from .model import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


MAX_DEPTH = 100
"""Deeper nesting is an error; GitHub stops at 50 (``ParseOptions.MaxDepth``). Recursive walks are safe up to here."""


class Node:
    """A located piece of YAML: `start` and `end` are offsets into the text, `parent` the collection around it.

    The same node object stands at every alias of its anchor; `parent` is then the place of the anchor.
    """

    __slots__ = ("anchor", "end", "parent", "start", "tag")

    start: int
    end: int
    parent: Node | None
    anchor: str | None
    tag: str | None

    @property
    def span(self) -> Span:
        """The offsets of this node as a value."""
        return Span(self.start, self.end)


class Scalar(Node):
    """A scalar: `value` is its text after YAML's unescaping and folding, `style` one of ``'' ' " | >``.

    Made by `new_scalar`. It has no ``__init__``, which would cost the plain reader as much as all the slots.
    """

    __slots__ = ("style", "value")

    value: str
    style: str

    def resolved(self) -> bool | int | float | str | None:
        """The value that YAML 1.2's core schema gives: only plain or explicitly tagged scalars can be non-strings."""
        if self.tag is not None:
            return _resolve_tagged(self.tag, self.value)
        return self.value if self.style else _resolve_plain(self.value)

    def __repr__(self) -> str:
        return f"Scalar({self.value!r}, {self.start}, {self.end})"


def new_scalar(value: str, style: str, start: int, end: int, parent: Node | None = None) -> Scalar:
    """A scalar without anchor and tag."""
    node = Scalar()
    node.value = value
    node.style = style
    node.start = start
    node.end = end
    node.parent = parent
    node.anchor = node.tag = None
    return node


class Sequence(Node):
    """A sequence; `flow` tells ``[a, b]`` from the block form."""

    __slots__ = ("flow", "items")

    def __init__(self, start: int, flow: bool) -> None:
        self.items: list[Node] = []
        self.start = start
        self.end = start
        self.flow = flow
        self.parent = None
        self.anchor = None
        self.tag = None

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items, {self.start}, {self.end})"


class Mapping(Node):
    """A mapping: `items` in file order with every key, also duplicates; look-ups see the first of equal keys.

    `index` has the pair of each distinct scalar key.

    A key that is not a scalar stands in `items` as it is, and is not found by look-ups. Made by `new_mapping`, for the
    reason that `Scalar` gives.
    """

    __slots__ = ("flow", "index", "items")

    flow: bool
    items: list[tuple[Node, Node]]
    index: dict[str, tuple[Scalar, Node]]

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        pair = self.index.get(key)
        return None if pair is None else pair[1]

    def key(self, key: str) -> Scalar | None:
        """The node of a key itself, or None."""
        pair = self.index.get(key)
        return None if pair is None else pair[0]

    def pairs(self) -> Iterator[tuple[str, Scalar, Node]]:
        """Each distinct scalar key once, in file order: (key text, key node, value node)."""
        for key, (key_node, value) in self.index.items():
            yield key, key_node, value

    def keys(self) -> tuple[str, ...]:
        """The distinct scalar keys in file order."""
        return tuple(self.index)

    def __contains__(self, key: object) -> bool:
        return key in self.index

    def __repr__(self) -> str:
        return f"Mapping({list(self.index)!r}, {self.start}, {self.end})"


def new_mapping(start: int, flow: bool, parent: Node | None = None) -> Mapping:
    """An empty mapping without anchor and tag."""
    node = Mapping()
    node.items = []
    node.index = {}
    node.start = node.end = start
    node.flow = flow
    node.parent = parent
    node.anchor = node.tag = None
    return node


# ------------------------------------------------------------------------------------------------ packed trees


def packed(node: Node) -> Any:
    """A tree without anchors and tags as nested tuples of plain values; `unpacked` makes it again.

    (value, style, start, end) of a scalar; (items, flow, start, end) of a collection, a mapping's items being pairs.
    """
    assert node.anchor is None and node.tag is None, "what ships has no anchors and no tags"
    if isinstance(node, Scalar):
        return node.value, node.style, node.start, node.end
    if isinstance(node, Sequence):
        return [packed(item) for item in node.items], node.flow, node.start, node.end
    assert isinstance(node, Mapping) and len(node.index) == len(node.items)
    return tuple((packed(key), packed(value)) for key, value in node.items), node.flow, node.start, node.end


class PackedMapping(Mapping):
    """A mapping whose content is unpacked when somebody looks at it: of a large tree most is often not wanted."""

    __slots__ = ("_content",)

    def __init__(self, content: Any, start: int, flow: bool) -> None:
        self._content = content
        self.start = start
        self.flow = flow
        self.anchor = None
        self.tag = None

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that has no value yet.
        if name not in ("index", "items"):
            raise AttributeError(name)
        pairs = [(unpacked(key, self), unpacked(value, self)) for key, value in self._content]
        self.items = pairs
        self.index = {key.value: (key, value) for key, value in pairs if isinstance(key, Scalar)}
        return getattr(self, name)


def unpacked(data: Any, parent: Node | None = None) -> Node:
    """The tree that `packed` was given."""
    content, form, start, end = data
    node: Node
    if content.__class__ is str:
        return new_scalar(content, form, start, end, parent)
    if content.__class__ is list:
        sequence = node = Sequence(start, form)
        sequence.items = [unpacked(item, node) for item in content]
    else:
        node = PackedMapping(content, start, form)
    node.end = end
    node.parent = parent
    return node


# ------------------------------------------------------------------------------------------------ plain scalars


def _resolve_plain(value: str) -> bool | int | float | str | None:
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    first = value[0]
    if first.isdigit() or first in "+-.":
        return _number(value)
    return value


def _resolve_tagged(tag: str, value: str) -> bool | int | float | str | None:
    if tag in ("tag:yaml.org,2002:str", "!"):
        return value
    if tag.startswith("tag:yaml.org,2002:"):
        return _resolve_plain(value) if value else None
    return value


_CONSTANTS: dict[str, bool | float | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_DECIMAL = frozenset("0123456789")
_FLOAT = frozenset("0123456789.eE+-")


def _number(value: str) -> int | float | str:
    """The YAML 1.2 core number of a plain scalar, or the text itself: no underscores, no sexagesimals."""
    body = value[1:] if value[0] in "+-" else value
    if not body:
        return value
    if _DECIMAL.issuperset(body):
        # int() of thousands of digits is refused by Python; such a scalar is a float for every YAML reader.
        return int(value) if len(body) <= 4000 else float(value)
    if body is value and len(value) > 2:
        for prefix, base, digits in (("0o", 8, "01234567"), ("0x", 16, "0123456789abcdefABCDEF")):
            if value.startswith(prefix) and set(value[2:]) <= set(digits):
                return int(value[2:], base)
    if _FLOAT.issuperset(body) and (body[0] in _DECIMAL or body[1:2] in _DECIMAL):
        try:
            return float(value)  # takes the same forms as YAML, once underscores and words are excluded
        except ValueError:
            return value
    return value
