"""Changing a YAML text where it is meant and nowhere else.

Each function gives an `Amendment`: the edits of the text, and what they do to the parsed file. Nothing is ever dumped
anew: indentation, quoting, comments and line endings of everything else stay as somebody wrote them. What cannot be
changed that way raises `errors.CannotEdit`, whose words a person reads as the reason why there is no fix.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from operator import attrgetter

from .document import ESCAPE_WIDTH, Mapping, Scalar, Sequence, to_value
from .errors import CannotEdit
from .model import ADD, INSERT, REMOVE, SET, Edit, Effect, Span, Value
from .nodes import new_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as Listed
    from typing import Any

    from .document import Document, Node


class Amendment(Value):
    """Edits of one document's text with their effects on its value; ``+`` joins two of the same document."""

    __slots__ = ("edits", "effects")

    def __init__(self, edits: tuple[Edit, ...] = (), effects: tuple[Effect, ...] = ()) -> None:
        self.edits = edits
        self.effects = effects

    def __add__(self, other: Amendment) -> Amendment:
        return Amendment(self.edits + other.edits, self.effects + other.effects)


# ----------------------------------------------------------------------------------------------------- applying


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; insertions at one place keep their order.

    Raises ValueError where two edits overlap.
    """
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):  # stable: the order of insertions stays
        if edit.span.start < at:
            raise ValueError(f"edits overlap at offset {edit.span.start}")
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])


# ------------------------------------------------------------------------------------------------------- places


def path_of(node: Node) -> tuple[str | int, ...]:
    """The keys and indices from the root to a node. Raises CannotEdit where the node stands in several places."""
    parts: list[str | int] = []
    probe = node
    while True:
        if probe.anchor is not None:
            raise CannotEdit(f"the anchor &{probe.anchor} shares this text with other places of the file")
        parent = probe.parent
        if parent is None:
            break
        if isinstance(parent, Mapping):
            for key, pair in parent.index.items():
                if pair[1] is probe:
                    parts.append(key)
                    break
            else:
                raise CannotEdit("the key stands twice, and only the first counts")
        elif isinstance(parent, Sequence):
            parts.append(_index_of(parent.items, probe))
        probe = parent
    parts.reverse()
    return tuple(parts)


def _index_of(items: Listed[Node], node: Node) -> int:
    """Where a node stands among its siblings, which lie in the order of the text unless some are aliases."""
    near = bisect_right(items, node.start, key=_start) - 1
    if near >= 0 and items[near] is node:
        return near
    return next(index for index, item in enumerate(items) if item is node)


_start = attrgetter("start")


def scalar_at(document: Document, offset: int) -> Scalar | None:
    """The value scalar whose text covers an offset, or None; an aliased one at its anchor."""
    node = document.root
    while node is not None and not isinstance(node, Scalar):
        node = _child_at(node, offset)
    return node


def _child_at(node: Node, offset: int) -> Node | None:
    """The value or item of a collection that covers an offset: mostly the last that begins before it."""
    items: Listed[Node] = [pair[1] for pair in node.items] if isinstance(node, Mapping) else getattr(node, "items", ())
    near = bisect_right(items, offset, key=_start) - 1
    if near >= 0:
        child = items[near]
        if child.start <= offset < child.end or offset == child.start:
            return child
    return next((child for child in items if _covers(child, offset)), None)  # some are aliases


def _covers(node: Node, offset: int) -> bool:
    return node.start <= offset < max(node.end, node.start + 1)


def line_break(document: Document) -> str:
    """The line ending of a document: that of its first line, LF where it has only one."""
    at = document.text.find("\n")
    return "\r\n" if at > 0 and document.text[at - 1] == "\r" else "\n"


def column_of(document: Document, offset: int) -> int:
    """The 0-based column of an offset, a byte-order mark not counted."""
    line, column = document.line_column(offset)
    return column - 1 - (line == 1 and document.text.startswith("\ufeff"))


def line_end(document: Document, offset: int) -> int:
    """The offset of the line break (or the end of the text) that ends the line of `offset`."""
    text = document.text
    end = text.find("\n", offset)
    if end < 0:
        end = len(text)
    early = text.find("\r", offset, end)
    return end if early < 0 else early


def _indent(document: Document, offset: int) -> str:
    """The white space before a place; a text that is indented with anything else has been refused by the parser."""
    return " " * column_of(document, offset)


# ------------------------------------------------------------------------------------------------------ scalars


def set_scalar(document: Document, scalar: Scalar, value: str | int | bool) -> Amendment:
    """A scalar with another value, in the same quotes where they can hold it."""
    effect = Effect(SET, path_of(scalar), value)
    return Amendment((Edit(_own_span(scalar), _scalar_like(document, scalar, value)),), (effect,))


def replace_within(document: Document, scalar: Scalar, pieces: Listed[tuple[int, int, str]]) -> Amendment:
    """A scalar in whose *value* each [start, end) gets another text; `pieces` are sorted and do not overlap.

    Only these places of the text change where the scalar's style can hold the new texts; else the whole scalar is
    quoted anew.
    """
    value = scalar.value
    changed = "".join(_with_pieces(value, pieces))
    effect = Effect(SET, path_of(scalar), changed)
    style = scalar.style
    if style in ("|", ">"):
        if style == ">" and any("\n" in text for _, _, text in pieces):
            raise CannotEdit("a folded block (>) would join the new lines")
        if not changed.strip() or changed[0] in " \t\n":
            raise CannotEdit("a block cannot begin with white space")
        indent = _block_indent(document, scalar)
        line = line_break(document) + indent
        texts = [text.replace("\n", line) for _, _, text in pieces]
    elif style == "'":
        if "\n" in changed:
            return _requoted(document, scalar, changed, effect)
        texts = [text.replace("'", "''") for _, _, text in pieces]
    elif style == '"':
        texts = [_double_quoted(text)[1:-1] for _, _, text in pieces]
    else:
        if not _stays_plain(changed, _in_flow(scalar)):
            return _requoted(document, scalar, changed, effect)
        texts = [text for _, _, text in pieces]
    spans = [_source_of(document, scalar, start, end) for start, end, _ in pieces]
    return Amendment(tuple(Edit(span, text) for span, text in zip(spans, texts, strict=True)), (effect,))


def can_replace_within(document: Document, scalar: Scalar) -> bool:
    """Whether `replace_within` can surely put words of one line into a scalar; False where only trying tells."""
    text, value = document.text, scalar.value
    if scalar.style or scalar.tag is not None or text[scalar.start : scalar.end] != value or "\n" in value:
        return False
    node: Node | None = scalar
    while node is not None:
        if node.anchor is not None or (isinstance(node, Mapping) and len(node.index) != len(node.items)):
            return False
        node = node.parent
    return bool(value)


def _with_pieces(value: str, pieces: Listed[tuple[int, int, str]]) -> Iterator[str]:
    at = 0
    for start, end, text in pieces:
        yield value[at:start]
        yield text
        at = end
    yield value[at:]


def _source_of(document: Document, scalar: Scalar, start: int, end: int) -> Span:
    """Exactly the text that gives the range [start, end) of a scalar's value, escapes and line ends included."""
    span = document.spot(scalar, start, end)
    if start == end:
        return span
    text, value = document.text, scalar.value
    last = span.end - 1
    if scalar.style == "|":
        return Span(span.start, document.offsets(scalar)[end]) if value[end - 1] == "\n" else span
    for at, char in ((span.start, value[start]), (last, value[end - 1])):
        if text[at] in "\r\n" or (text[at] == " " and char == "\n"):
            raise CannotEdit("the place lies where a line is folded")
    if scalar.style == '"' and text[last] == "\\":
        return Span(span.start, last + ESCAPE_WIDTH.get(text[last + 1], 2))
    return Span(span.start, last + 2) if scalar.style == "'" and text[last] == "'" else span


def _requoted(document: Document, scalar: Scalar, value: str, effect: Effect) -> Amendment:
    return Amendment((Edit(_own_span(scalar), _scalar_like(document, scalar, value)),), (effect,))


def _own_span(scalar: Scalar) -> Span:
    if scalar.tag is not None:
        raise CannotEdit(f"the value has the tag {scalar.tag}")
    if scalar.end == scalar.start:
        raise CannotEdit("there is no value to replace")
    return scalar.span


def _scalar_like(document: Document, scalar: Scalar, value: str | int | bool) -> str:
    if not isinstance(value, str):
        return flow_text(value)
    if scalar.style in ("|", ">"):
        raise CannotEdit("a block scalar is not replaced as a whole")
    if scalar.style == "'" and "\n" not in value and value.isprintable():
        return _single_quoted(value)
    if scalar.style == '"':
        return _double_quoted(value)
    return _scalar_text(value, flow=_in_flow(scalar))


def _in_flow(node: Node) -> bool:
    parent = node.parent
    return isinstance(parent, Mapping | Sequence) and parent.flow


def _block_indent(document: Document, scalar: Scalar) -> str:
    text = document.text
    at = line_end(document, scalar.start)
    while at < scalar.end:
        at += 2 if text[at : at + 2] == "\r\n" else 1
        stop = line_end(document, at)
        line = text[at:stop]
        if line.strip(" "):
            if scalar.value[:1] == " ":
                break
            return line[: len(line) - len(line.lstrip(" "))]
        at = stop
    raise CannotEdit("the block's indentation is not that of its first line")


# ----------------------------------------------------------------------------------------------------- comments


def set_comment(document: Document, offset: int, text: str) -> Amendment:
    """A comment at the end of the line of `offset`: after what stands there, or instead of the comment there.

    `text` comes without ``#``. A comment changes no value, so there is no effect.
    """
    end = line_end(document, offset)
    rest = document.text[offset:end]
    for comment in document.comments() if "#" in rest else ():
        if offset <= comment.start < end:
            return Amendment((Edit(Span(comment.start, comment.end), f"# {text}"),))
    return Amendment((Edit(Span(offset + len(rest.rstrip(" \t")), end), f" # {text}"),))


def comment_on(document: Document, offset: int) -> str | None:
    """The text of the comment at the end of the line of `offset`, without ``#`` and outer blanks; None without one."""
    behind = comment_behind(document, offset)
    if behind is not None:  # nothing stands between: the file need not be searched
        return behind
    end = line_end(document, offset)
    if "#" not in document.text[offset:end]:
        return None
    for comment in document.comments():
        if offset <= comment.start < end:
            return comment.text.lstrip("#").strip()
    return None


def comment_behind(document: Document, offset: int) -> str | None:
    """The comment that follows a place on its line, blanks aside, in the form of `comment_on`; None for any other text.

    A value must end at the place: inside one a ``#`` is no comment.
    """
    rest = document.text[offset : line_end(document, offset)].strip(" \t")
    return rest.lstrip("#").strip() if rest.startswith("#") else None


# ----------------------------------------------------------------------------------------------------- mappings


def add_key(document: Document, mapping: Mapping, key: str, value: Any, *, after: str = "") -> Amendment:
    """A mapping with one more key, behind the key `after` (which must be there) or behind the last one.

    `value` is a plain value as `document.to_value` gives them.
    """
    if key in mapping:
        raise CannotEdit(f"'{key}' is there already")
    effect = Effect(ADD, (*path_of(mapping), key), value)
    if mapping.flow:
        return Amendment(
            (_into_flow(document, mapping, f"{_scalar_text(key, flow=True)}: {flow_text(value)}"),), (effect,)
        )
    pairs = mapping.items
    if not pairs or not isinstance(pairs[0][0], Scalar):
        raise CannotEdit("the mapping has no key to stand beside")
    if document.text.endswith("? ", 0, pairs[0][0].start):
        raise CannotEdit("the keys are written with a question mark")
    indent = _indent(document, pairs[0][0].start)
    anchor = mapping.get(after) if after else pairs[-1][1]
    if anchor is None:
        raise CannotEdit(f"there is no '{after}'")
    own = mapping.key(after) if after else pairs[-1][0]
    lines = _entry(key, value)
    return Amendment((_behind(document, anchor, own, [indent + line if line else "" for line in lines]),), (effect,))


def set_value(document: Document, mapping: Mapping, key: str, value: Any) -> Amendment:
    """A mapping whose key, which is there, has another value; a collection replaces the whole of the old value."""
    name, old = mapping.key(key), mapping.get(key)
    if name is None or old is None:
        raise CannotEdit(f"there is no '{key}'")
    if isinstance(old, Scalar) and not isinstance(value, dict | list) and old.end > old.start:
        return set_scalar(document, old, value)
    effect = Effect(SET, path_of(old), value)
    if mapping.flow:
        return Amendment((Edit(old.span, flow_text(value)),), (effect,))
    indent = _indent(document, name.start)
    lines = _entry(key, value)
    text = line_break(document).join([lines[0], *(indent + line if line else "" for line in lines[1:])])
    end = max(old.end, name.end + 1)
    if not document.text[end : line_end(document, end)].strip():
        end = line_end(document, end)
    elif len(lines) > 1:
        raise CannotEdit("a comment stands behind the old value")
    return Amendment((Edit(Span(name.start, end), text),), (effect,))


def remove_key(document: Document, mapping: Mapping, key: str) -> Amendment:
    """A mapping without one of its keys, which must not be its last; whole lines go where it stands on its own."""
    name, old = mapping.key(key), mapping.get(key)
    if name is None or old is None:
        raise CannotEdit(f"there is no '{key}'")
    effect = Effect(REMOVE, path_of(old))
    places = [index for index, (_, value) in enumerate(mapping.items) if value is old]
    if len(mapping.items) == 1:
        raise CannotEdit(f"'{key}' is the only key there")
    index = places[0]
    text = document.text
    if mapping.flow:
        if index + 1 < len(mapping.items):
            return Amendment((Edit(Span(name.start, mapping.items[index + 1][0].start), ""),), (effect,))
        return Amendment((Edit(Span(mapping.items[index - 1][1].end, old.end), ""),), (effect,))
    line = document.line_starts()[document.line_column(name.start)[0] - 1]
    if index == 0 and text[line : name.start].strip(" \ufeff"):  # what follows moves up to its place behind a dash
        following = mapping.items[1][0].start
        if text[_value_end(old, name) : following].strip(" \t\r\n"):
            raise CannotEdit("a comment stands between this key and the next")
        return Amendment((Edit(Span(name.start, following), ""),), (effect,))
    start = line
    end = line_end(document, _value_end(old, name))
    end += 2 if text[end : end + 2] == "\r\n" else end < len(text)
    if end == len(text) and text[end - 1 : end] not in ("\n", "\r"):  # the last line has no break: drop the one before
        start -= 2 if text[start - 2 : start] == "\r\n" else 1
    return Amendment((Edit(Span(start, end), ""),), (effect,))


def explained(amendment: Amendment, why: dict[str, str]) -> Amendment:
    """An amendment whose new lines get a comment behind the keys that `why` names; what stands in braces gets none."""
    edits = []
    for edit in amendment.edits:
        lines = edit.text.split("\n")
        for number, line in enumerate(lines):
            comment = why.get(line.strip().partition(":")[0])
            if comment:
                lines[number] = line.rstrip("\r") + f" # {comment}" + ("\r" if line.endswith("\r") else "")
        edits.append(Edit(edit.span, "\n".join(lines)))
    return Amendment(tuple(edits), amendment.effects)


# ---------------------------------------------------------------------------------------------------- sequences


def insert_item(document: Document, sequence: Sequence, index: int, value: Any) -> Amendment:
    """A sequence with one more item before the one at `index` (at the end with its length).

    In block style the new item is indented like its neighbours, and set off by a blank line where they are.
    """
    effect = Effect(INSERT, (*path_of(sequence), index), value)
    items = sequence.items
    if sequence.flow:
        if index < len(items):
            edit = Edit(Span(items[index].start, items[index].start), flow_text(value) + ", ")
        else:
            edit = _into_flow(document, sequence, flow_text(value))
        return Amendment((edit,), (effect,))
    if not items:
        raise CannotEdit("the list has no item to stand beside")
    indent = " " * column_of(document, _dash(document, items[0]))
    lines = [indent + line if line else "" for line in _item(value)]
    if len(items) > 1 and _blank_between(document, items[0], items[1]):
        lines = ["", *lines] if index else [*lines, ""]
    if index:
        previous = items[index - 1]
        return Amendment((_behind(document, previous, previous, lines),), (effect,))
    parent = sequence.parent
    key = next((key for key, child in parent.items if child is sequence), None) if isinstance(parent, Mapping) else None
    if key is None or document.line_column(key.start)[0] == document.line_column(items[0].start)[0]:
        raise CannotEdit("the list begins on the line of something else")
    return Amendment((_behind(document, key, key, lines),), (effect,))


def remove_item(document: Document, sequence: Sequence, index: int) -> Amendment:
    """A block sequence without one of several items: its lines go, with the comment lines directly above it."""
    items = sequence.items
    effect = Effect(REMOVE, (*path_of(sequence), index))
    if sequence.flow or len(items) == 1:
        raise CannotEdit("only an item among others, each on lines of its own, is taken out")
    text = document.text
    starts = document.line_starts()
    dash = _dash(document, items[index])
    line = document.line_column(dash)[0]
    if text[starts[line - 1] : dash].strip(" \ufeff"):
        raise CannotEdit("the item begins on the line of something else")
    while line > 1 and document.line_text(line - 1).lstrip().startswith("#"):
        line -= 1
    if index + 1 < len(items):
        after = document.line_column(_dash(document, items[index + 1]))[0]
        while document.line_text(after - 1).lstrip().startswith("#"):
            after -= 1
        return Amendment((Edit(Span(starts[line - 1], starts[after - 1]), ""),), (effect,))
    end = line_end(document, _value_end(items[index], items[index]))
    start = starts[line - 1]
    while start > 0 and text[start - 1] in "\r\n":  # the break before it goes, the one behind it stays
        start -= 1
    return Amendment((Edit(Span(start, end), ""),), (effect,))


def _dash(document: Document, item: Node) -> int:
    text = document.text
    at = item.start
    while at > 0 and text[at - 1] in " \t\r\n":
        at -= 1
    if text[at - 1 : at] != "-":
        raise CannotEdit("the dash of the list item is not where it is expected")
    return at - 1


def _blank_between(document: Document, first: Node, second: Node) -> bool:
    gap = document.text[_value_end(first, first) : second.start].replace("\r\n", "\n")
    return "\n\n" in gap.replace(" ", "")


# ------------------------------------------------------------------------------------------------------- common


def _value_end(node: Node, key: Node | None) -> int:
    """Where a node's own text ends; an empty value ends at the colon of its key."""
    if node.end > node.start or key is None or key is node:
        return node.end
    return key.end + 1


def _behind(document: Document, node: Node, key: Node | None, lines: list[str]) -> Edit:
    """Lines after the line on which a node ends; the file's last line keeps having, or not having, a break."""
    last = node
    while isinstance(last, Mapping | Sequence) and last.items:
        item = last.items[-1]
        last = item[1] if isinstance(item, tuple) else item
    if isinstance(last, Scalar) and last.style in ("|", ">") and last.value.endswith("\n\n"):
        raise CannotEdit("the blank lines behind the block are part of its text")
    at = line_end(document, _value_end(node, key))
    text = document.text[_value_end(node, key) : at].lstrip(" \t:")
    if text and not text.startswith("#"):
        raise CannotEdit("something else stands on the same line")
    final = scalar_at(document, at - 1) if at == len(document.text) else None
    if final is not None and final.style in ("|", ">"):
        raise CannotEdit("the file ends without a line break, which the block at its end would get")
    eol = line_break(document)
    return Edit(Span(at, at), "".join(eol + line for line in lines))


def _into_flow(document: Document, node: Mapping | Sequence, entry: str) -> Edit:
    """An entry at the end of ``{…}`` or ``[…]``."""
    text = document.text
    if text[node.start] not in "{[" or text[node.end - 1] not in "}]":
        raise CannotEdit("a pair without braces cannot take another key")
    last = node.items[-1] if node.items else None
    if last is None:
        if text[node.start + 1 : node.end - 1].strip():
            raise CannotEdit("a comment stands inside the brackets")
        return Edit(Span(node.start + 1, node.end - 1), entry)
    end = (last[1] if isinstance(last, tuple) else last).end
    rest = text[end : node.end - 1]
    comma = rest.lstrip().startswith(",")
    if comma:
        end += rest.index(",") + 1
        return Edit(Span(end, end), " " + entry)
    return Edit(Span(end, end), ", " + entry)


# ------------------------------------------------------------------------------------------------------ writing


def block_text(value: Any) -> str:
    """A plain value as a whole YAML text in block style, with a final line feed."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _entry(key, item)]
    if isinstance(value, list) and value:
        return [line for item in value for line in _item(item)]
    if isinstance(value, str) and "\n" in value:
        return _block(value)
    return [flow_text(value) if isinstance(value, dict | list) else _scalar_text(value)]


def _entry(key: str, value: Any) -> list[str]:
    name = _scalar_text(key)
    if isinstance(value, dict | list) and value:
        return [f"{name}:", *("  " + line for line in _lines(value))]
    if isinstance(value, str) and "\n" in value:
        head, *body = _block(value)
        return [f"{name}: {head}", *("  " + line if line else "" for line in body)]
    return [f"{name}: {_lines(value)[0]}"]


def _item(value: Any) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        head, *body = _block(value)
        return [f"- {head}", *("  " + line if line else "" for line in body)]
    head, *rest = _lines(value)
    return [f"- {head}", *("  " + line if line else "" for line in rest)]


def _block(value: str) -> list[str]:
    """A text of several lines as a literal block without indentation; what no block can hold in double quotes."""
    body = value.rstrip("\n")
    trailing = len(value) - len(body)
    printable = all(line.isprintable() or not line.replace("\t", "").strip(" ") for line in body.split("\n"))
    if not body or body[0] in " \n" or trailing > 1 or not printable:
        return [_double_quoted(value)]
    return ["|" if trailing else "|-", *body.split("\n")]


def flow_text(value: Any) -> str:
    """A plain value as YAML in flow style, on one line."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_scalar_text(key, flow=True)}: {flow_text(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
    return _scalar_text(value, flow=True)


def _scalar_text(value: Any, flow: bool = False) -> str:
    if value is None:
        return "null" if flow else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if value.lower() not in _OLD_BOOLEANS and _stays_plain(value, flow):
        return value
    if "\n" in value or not value.isprintable():
        return _double_quoted(value)
    return _single_quoted(value)


_OLD_BOOLEANS = frozenset(("y", "n", "yes", "no", "on", "off"))
"""Strings in YAML 1.2, as GitHub reads it, and booleans for readers of YAML 1.1: quoted for their sake."""

_NOT_FIRST = frozenset("-?:,[]{}#&*!|>'\"%@`")


def _fits_plain(value: str, flow: bool = False) -> bool:
    """Whether a text can stand without quotes, on one line, and is read back as the same text."""
    if not value or value != value.strip() or not value.isprintable():
        return False
    if value[0] in _NOT_FIRST and (flow or not (value[0] in "-?:" and len(value) > 1 and value[1] not in " ,[]{}")):
        return False
    if ": " in value or " #" in value or value.endswith(":") or value.startswith(("---", "...")):
        return False
    return not (flow and any(char in value for char in ",[]{}:?"))


@lru_cache(512)  # the same references are pinned in all workflows
def _stays_plain(value: str, flow: bool) -> bool:
    """Whether a text without quotes is read back as the same string."""
    return _fits_plain(value, flow) and isinstance(_plain_value(value), str)


def _plain_value(text: str) -> bool | int | float | str | None:
    return new_scalar(text, "", 0, len(text)).resolved()


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def _double_quoted(value: str) -> str:
    parts = []
    for char in value:
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif char.isprintable():
            parts.append(char)
        else:
            code = ord(char)
            parts.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(parts) + '"'


# ------------------------------------------------------------------------------------------------------- values


def expected(document: Document, effects: Iterable[Effect]) -> Any:
    """The plain value that a document has after effects, whose paths are those of the document as it is.

    Raises ValueError where an effect does not fit the value, or two of them do not go together.
    """
    root = [to_value(document.root)]
    inserts: list[tuple[list[Any], int, Any]] = []
    removals: list[tuple[Any, Any]] = []
    done: list[tuple[Any, str | int]] = []
    for effect in effects:
        holder: Any = root
        last: str | int = 0
        for part in effect.path:
            holder = holder[last]
            last = part
        if any(holder is place and last == key for place, key in done):
            raise ValueError(f"two changes of {effect.path}")
        there = last in holder if isinstance(holder, dict) else isinstance(last, int) and 0 <= last < len(holder)
        if effect.kind == INSERT:
            if not isinstance(holder, list) or not isinstance(last, int) or not 0 <= last <= len(holder):
                raise ValueError(f"nothing can be inserted at {effect.path}")
            inserts.append((holder, last, effect.value))
            continue
        if there is (effect.kind == ADD):
            raise ValueError(f"{effect.path} is there already" if there else f"{effect.path} is not there")
        done.append((holder, last))
        if effect.kind == REMOVE:
            removals.append((holder, last))
        elif effect.kind == SET or effect.kind == ADD:
            holder[last] = effect.value
    # Indices are those before: what moves the others comes last, from the back.
    moves: list[tuple[Any, Any, bool, Any]] = [(holder, at, True, value) for holder, at, value in reversed(inserts)]
    moves += [(holder, at, False, None) for holder, at in removals]
    moves.sort(key=lambda move: (move[1] if isinstance(move[1], int) else -1, not move[2]), reverse=True)
    for holder, at, inserting, value in moves:
        if inserting:
            holder.insert(at, value)
        else:
            del holder[at]
    return root[0]
