"""Edits of YAML texts: what a person would have typed, and nothing else moves."""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chittyops_policy.document import Document, Mapping, Node, Scalar, Sequence, parse, to_value
from chittyops_policy.edits import (
    Amendment,
    add_key,
    apply,
    block_text,
    can_replace_within,
    comment_on,
    expected,
    flow_text,
    insert_item,
    remove_item,
    remove_key,
    replace_within,
    scalar_at,
    set_comment,
    set_scalar,
    set_value,
)
from chittyops_policy.errors import CannotEdit
from chittyops_policy.model import Edit, Span
from chittyops_policy.proof import Patch, prove_patch

PATH = ".github/workflows/ci.yml"

WORKFLOW = """\
name: CI  # the name
on:
  push:
    branches: [main]

jobs:
  build:
    runs-on: ubuntu-latest   # old
    steps:
      # get the code
      - uses: actions/checkout@v4

      - name: Build
        text: |
          make "all"
          make test
    env: {A: 1, B: two}
"""


def node(document: Document, *path: str | int) -> Any:
    found: Any = document.root
    for part in path:
        found = found.get(part) if isinstance(part, str) else found.items[part]
    return found


def changed(text: str, change: Callable[[Document], Amendment]) -> str:
    """The text after a change that is proven."""
    document = parse(PATH, text.encode())
    amendment = change(document)
    after = apply(document.text, amendment.edits)
    prove_patch(Patch(PATH, text.encode(), after.encode(), amendment.edits, amendment.effects))
    return after


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came, in order."""
    marks = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [mark[2:] for mark in marks if mark[0] == "-"], [mark[2:] for mark in marks if mark[0] == "+"]


CASES: dict[str, tuple[Callable[[Document], Amendment], list[str], list[str]]] = {
    "a plain scalar": (
        lambda d: set_scalar(d, node(d, "jobs", "build", "runs-on"), "ubuntu-24.04"),
        ["    runs-on: ubuntu-latest   # old"],
        ["    runs-on: ubuntu-24.04   # old"],
    ),
    "a scalar that needs quotes then": (
        lambda d: set_scalar(d, node(d, "name"), "CI: all"),
        ["name: CI  # the name"],
        ["name: 'CI: all'  # the name"],
    ),
    "a comment where there is one": (
        lambda d: set_comment(d, node(d, "jobs", "build", "runs-on").start, "new"),
        ["    runs-on: ubuntu-latest   # old"],
        ["    runs-on: ubuntu-latest   # new"],
    ),
    "a comment where there is none": (
        lambda d: set_comment(d, node(d, "jobs", "build", "steps", 0, "uses").start, "v4.2.2"),
        ["      - uses: actions/checkout@v4"],
        ["      - uses: actions/checkout@v4 # v4.2.2"],
    ),
    "a key behind another": (
        lambda d: add_key(d, node(d, "jobs", "build"), "timeout-minutes", 15, after="runs-on"),
        [],
        ["    timeout-minutes: 15"],
    ),
    "a mapping at the top": (
        lambda d: add_key(d, d.root, "permissions", {"contents": "read"}, after="on"),  # type: ignore[arg-type]
        [],
        ["permissions:", "  contents: read"],
    ),
    "a key in a step": (
        lambda d: add_key(d, node(d, "jobs", "build", "steps", 0), "with", {"persist-credentials": False}),
        [],
        ["        with:", "          persist-credentials: false"],
    ),
    "a key in braces": (
        lambda d: add_key(d, node(d, "jobs", "build", "env"), "C", "x, y"),
        ["    env: {A: 1, B: two}"],
        ["    env: {A: 1, B: two, C: 'x, y'}"],
    ),
    "a step between steps": (
        lambda d: insert_item(d, node(d, "jobs", "build", "steps"), 1, {"run": "a\nb\n", "id": "x"}),
        [],
        ["      - run: |", "          a", "          b", "        id: x", ""],
    ),
    "a step before the first": (
        lambda d: insert_item(d, node(d, "jobs", "build", "steps"), 0, {"run": "true"}),
        [],
        ["      - run: 'true'", ""],
    ),
    "a step at the end": (
        lambda d: insert_item(d, node(d, "jobs", "build", "steps"), 2, {"run": "echo"}),
        [],
        ["", "      - run: echo"],
    ),
    "an item in brackets": (
        lambda d: insert_item(d, node(d, "on", "push", "branches"), 1, "release/**"),
        ["    branches: [main]"],
        ["    branches: [main, release/**]"],
    ),
    "a key out of a step": (
        lambda d: remove_key(d, node(d, "jobs", "build", "steps", 1), "name"),
        ["      - name: Build", "        text: |"],
        ["      - text: |"],
    ),
    "a key with its lines": (
        lambda d: remove_key(d, node(d, "jobs", "build"), "runs-on"),
        ["    runs-on: ubuntu-latest   # old"],
        [],
    ),
    "a step with the comment above it": (
        lambda d: remove_item(d, node(d, "jobs", "build", "steps"), 0),
        ["      # get the code", "      - uses: actions/checkout@v4", ""],
        [],
    ),
    "a collection in place of another": (
        lambda d: set_value(d, node(d, "on"), "push", None),
        ["  push:", "    branches: [main]"],
        ["  push: "],
    ),
    "words inside a block": (
        lambda d: replace_within(d, node(d, "jobs", "build", "steps", 1, "text"), [(5, 10, '"$X"'), (16, 20, "check")]),
        ['          make "all"', "          make test"],
        ['          make "$X"', "          make check"],
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["as it is", "CRLF", "byte-order mark", "no final line break"])
def test_an_edit_changes_the_lines_that_a_person_would_change(name: str, form: str) -> None:
    change, gone, come = CASES[name]
    text = {
        "as it is": WORKFLOW,
        "CRLF": WORKFLOW.replace("\n", "\r\n"),
        "byte-order mark": "\ufeff" + WORKFLOW,
        "no final line break": WORKFLOW.removesuffix("\n"),
    }[form]
    after = changed(text, change)
    assert lines_changed(text, after) == (
        ["\ufeff" + line if line == "name: CI  # the name" and form == "byte-order mark" else line for line in gone],
        ["\ufeff" + line if line.startswith("name: 'CI") and form == "byte-order mark" else line for line in come],
    )
    if form == "CRLF":
        assert after.count("\n") == after.count("\r\n")


REFUSED: dict[str, tuple[str, Callable[[Document], Amendment], str]] = {
    "an anchor": (
        "a: &x {b: c}\nd: *x\n", lambda d: set_scalar(d, node(d, "a", "b"), "e"), "the anchor &x shares this text",
    ),
    "a second key": (
        "a: b\na: c\n", lambda d: set_scalar(d, d.root.items[1][1], "e"), "stands twice",  # type: ignore
    ),
    "a tag": ("a: !!str b\n", lambda d: set_scalar(d, node(d, "a"), "e"), "has the tag"),
    "a key that is there": ("a: b\n", lambda d: add_key(d, node(d), "a", "c"), "'a' is there already"),
    "a key behind one that is not": (
        "a: b\n", lambda d: add_key(d, node(d), "c", "d", after="x"), "there is no 'x'",
    ),
    "the only key": ("a: {b: c}\n", lambda d: remove_key(d, node(d, "a"), "b"), "the only key"),
    "a key behind a block that keeps its blank lines": (
        "a: |+\n  b\n\n\nc: d\n", lambda d: add_key(d, node(d), "e", "f", after="a"), "part of its text",
    ),
    "a step behind a block that keeps its blank lines": (
        "a:\n  - b: |+\n      c\n\n  - d\n", lambda d: insert_item(d, node(d, "a"), 1, "e"), "part of its text",
    ),
    "a key among keys with question marks": (
        "? a\n: b\n", lambda d: add_key(d, node(d), "c", "d"), "a question mark",
    ),
    "an empty list": ("a: []\nb: {}\n", lambda d: remove_item(d, node(d, "a"), 0), "only an item among others"),
    "a block at the end of a file without a line break": (
        "a: b\nc: |\n  d", lambda d: add_key(d, node(d), "e", "f"), "which the block at its end would get",
    ),
    "a comment between": (
        "a:\n  - b: c\n    # about d\n    d: e\n", lambda d: remove_key(d, node(d, "a", 0), "b"), "a comment stands",
    ),
    "new lines in a folded block": (
        "a: >\n  some text\n", lambda d: replace_within(d, node(d, "a"), [(0, 4, "x\ny")]), "a folded block",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_says_why(name: str) -> None:
    text, change, reason = REFUSED[name]
    with pytest.raises(CannotEdit) as refused:
        change(parse(PATH, text.encode()))
    assert reason in refused.value.reason


def test_edits_of_one_text_are_made_together() -> None:
    edits = [Edit(Span(4, 4), "C"), Edit(Span(0, 1), "x"), Edit(Span(4, 4), "D"), Edit(Span(2, 3), "")]
    assert apply("abcdef", edits) == "xbdCDef"
    with pytest.raises(ValueError, match="overlap at offset 1"):
        apply("abcdef", [Edit(Span(0, 2), ""), Edit(Span(1, 3), "")])


def test_a_comment_is_read_and_a_number_sign_in_a_text_is_none() -> None:
    document = parse(PATH, b"a: 'x # y' #  v1.2  \nb: c#d\n")
    assert comment_on(document, 0) == "v1.2"
    assert comment_on(document, node(document, "b").start) is None
    assert scalar_at(document, document.text.index("y'")) is node(document, "a")


# ------------------------------------------------------------------------------------------------------ properties

WORDS = st.text(alphabet="abz019 _-.:#'\"{}[],&*!|>%@`~?=$/\\éß😀\t", max_size=12)
LINES = st.lists(st.text(alphabet="abc #:'\"${}é", min_size=1, max_size=8), min_size=2, max_size=3).map("\n".join)
SCALARS = st.one_of(WORDS, LINES, st.integers(-5, 99), st.booleans(), st.none())
KEYS = st.text(alphabet="abcdefon-_é9", min_size=1, max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
TREES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@given(VALUES)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    block = parse(PATH, block_text({"key": [value]}).encode())
    assert to_value(block.root) == {"key": [value]}
    flow = parse(PATH, f"key: {flow_text([value])}\n".encode())
    assert to_value(flow.root) == {"key": [value]}


@st.composite
def documents(draw: Callable[..., Any]) -> str:
    """Files as other tools write them: block or flow, any indentation, comments, either line ending, a mark, no end."""
    writer = YAML()
    writer.allow_unicode = True
    writer.default_flow_style = False if draw(st.booleans()) else None
    dash = 2 * draw(st.integers(0, 1))
    writer.indent(mapping=2 * draw(st.integers(1, 2)), sequence=dash + 2, offset=dash)
    stream = io.StringIO()
    writer.dump(draw(TREES), stream)
    text = stream.getvalue()
    if draw(st.booleans()):
        text = "# at the top\n" + text.replace(": \n", ":  # here\n")
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if draw(st.booleans()) else text


def nodes(root: Node | None) -> list[Node]:
    found: list[Node] = []
    waiting = [root] if root is not None else []
    while waiting:
        found.append(waiting[-1])
        probe = waiting.pop()
        if isinstance(probe, Mapping):
            waiting += [value for _, value in probe.items]
        elif isinstance(probe, Sequence):
            waiting += probe.items
    return found


@st.composite
def amendments(draw: Callable[..., Any], document: Document) -> Amendment:
    probe = draw(st.sampled_from(nodes(document.root)))
    value = draw(VALUES)
    if isinstance(probe, Mapping):
        keys = [key for key, _, _ in probe.pairs()]
        if keys and draw(st.booleans()):
            key = draw(st.sampled_from(keys))
            return remove_key(document, probe, key) if draw(st.booleans()) else set_value(document, probe, key, value)
        return add_key(document, probe, draw(KEYS), value, after=draw(st.sampled_from(["", *keys])))
    if isinstance(probe, Sequence):
        index = draw(st.integers(0, len(probe.items)))
        if index < len(probe.items) and draw(st.booleans()):
            return remove_item(document, probe, index)
        return insert_item(document, probe, index, value)
    assert isinstance(probe, Scalar)
    if probe.value and draw(st.booleans()):
        start = draw(st.integers(0, len(probe.value) - 1))
        end = draw(st.integers(start, len(probe.value)))
        return replace_within(document, probe, [(start, end, draw(WORDS | LINES))])
    if draw(st.booleans()):
        return set_comment(document, probe.start, "a comment")
    return set_scalar(document, probe, draw(st.one_of(WORDS, st.integers(-5, 5), st.booleans())))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_edit_is_refused_or_proven(data: st.DataObject) -> None:
    text = data.draw(documents())
    document = parse(PATH, text.encode())
    assume(document.error is None)  # ruamel.yaml writes some things that libyaml, and so this tool, does not read
    try:
        amendment = data.draw(amendments(document))
    except CannotEdit as refused:
        event(f"refused: {refused.reason[:30]}")
        return
    after = apply(document.text, amendment.edits)
    prove_patch(Patch(PATH, text.encode(), after.encode(), amendment.edits, amendment.effects))


@settings(max_examples=100, deadline=None)
@given(documents(), WORDS)
def test_what_can_surely_be_replaced_is_never_refused(text: str, word: str) -> None:
    document = parse(PATH, text.encode())
    assume(document.error is None)
    for probe in nodes(document.root):
        if isinstance(probe, Scalar) and can_replace_within(document, probe):
            for start, end in ((0, len(probe.value)), (1, len(probe.value)), (0, 1)):
                replace_within(document, probe, [(start, end, word)])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_edits_that_do_not_touch_compose(data: st.DataObject) -> None:
    """Two changes made of one text together are proven together, as each is alone."""
    text = data.draw(documents())
    document = parse(PATH, text.encode())
    assume(document.error is None)
    try:
        one, two = data.draw(amendments(document)), data.draw(amendments(document))
        wanted = expected(document, one.effects + two.effects)
    except (CannotEdit, ValueError, LookupError, TypeError):  # one of them alone, or they contradict each other
        return
    if any(
        edit.span.start <= other.span.end and other.span.start <= edit.span.end
        for edit in one.edits
        for other in two.edits
    ):  # these wait for each other
        return
    both = one + two
    after = parse(PATH, apply(document.text, both.edits).encode())
    assert to_value(after.root) == wanted
