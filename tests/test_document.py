"""What a document makes of bytes: values, exact places, comments, routes, and odd or hostile files."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from chittyops_policy.document import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_DUPLICATES,
    Document,
    Mapping,
    Node,
    Scalar,
    Sequence,
    parse,
    parse_text,
    to_value,
    value_offsets,
)
from chittyops_policy.model import Span

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def document(text: str) -> Document:
    parsed = parse_text("file.yml", text)
    assert parsed.error is None, parsed.error and parsed.error.message
    return parsed


def at(parsed: Document, *steps: str | int) -> Node:
    node = parsed.root
    for step in steps:
        if isinstance(step, int):
            assert isinstance(node, Sequence)
            node = node.items[step]
        else:
            assert isinstance(node, Mapping)
            node = node.get(step)
    assert node is not None
    return node


def under(parsed: Document, node: Node) -> str:
    return parsed.text[node.start : node.end]


# -------------------------------------------------------------------------------------------------------- values

VALUES: dict[str, Any] = {
    "on": "on", "off": "off", "yes": "yes", "no": "no", "y": "y", "true": True, "True": True, "TRUE": True,
    "tRUE": "tRUE", "false": False, "null": None, "Null": None, "~": None, "": None, "nil": "nil",
    "1": 1, "+1": 1, "-1": -1, "007": 7, "0o17": 15, "017": 17, "0x1F": 31, "0X1F": "0X1F", "0b11": "0b11",
    "1_000": "1_000",
    "12:30": "12:30", "1:30:00": "1:30:00", "2024-01-01": "2024-01-01", "1.0": 1.0, "1.10": 1.1, "3.": 3.0, ".5": 0.5,
    "+.5": 0.5, "1e3": 1000.0, "1E-2": 0.01, "1e": "1e", ".": ".", "-": [None], "+": "+", "1.2.3": "1.2.3", "e3": "e3",
    ".inf": math.inf, "-.INF": -math.inf, "+.Inf": math.inf, ".Nan": ".Nan", "1 2": "1 2", "<<": "<<", "=": "=",
    "'on'": "on", '"1"': "1", "'it''s'": "it's", r'"\x41\u00e9\U0001F600"': "Aé😀", "|\n  a\n  b\n": "a\nb\n",
    ">-\n  a\n  b\n": "a b", "!!str 1": "1", "!!int '1'": 1, "! 1": "1", "!own 1": "1",
    "[a, [b], {c: 1}]": ["a", ["b"], {"c": 1}], "{}": {}, "[]": [], "{a}": {"a": None},
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=[repr(text) for text in VALUES])
def test_yaml_12_values(text: str, value: Any) -> None:
    read = to_value(at(document(f"k: {text}\n" if value != [None] else f"k:\n  {text}\n"), "k"))
    assert read == value
    assert type(read) is type(value)


def test_the_key_on_is_a_string() -> None:
    assert to_value(document("on: push\n").root) == {"on": "push"}


def test_merge_keys_are_not_merged_because_github_does_not() -> None:
    parsed = document("a: &a {x: 1}\nb:\n  <<: *a\n")
    assert to_value(at(parsed, "b")) == {"<<": {"x": 1}}


def test_an_alias_is_the_anchored_node_itself() -> None:
    parsed = document("a: &env\n  X: 1\nb: *env\n")
    assert at(parsed, "a") is at(parsed, "b")
    assert parsed.route(at(parsed, "b")) == "a"
    assert list(parsed.anchors) == ["env"]


def test_an_alias_as_a_key_has_the_text_of_its_anchor_and_its_own_place() -> None:
    parsed = document("a: &name foo\nb:\n  *name : 1\n")
    inner = at(parsed, "b")
    assert isinstance(inner, Mapping)
    key = inner.key("foo")
    assert key is not None
    assert under(parsed, key) == "*name"


def test_of_equal_keys_the_first_is_found_and_all_are_remembered() -> None:
    parsed = document("a: 1\nb: 2\na: 3\n'a': 4\n")
    assert to_value(parsed.root) == {"a": 1, "b": 2}
    assert [(first.start, later.start) for first, later in parsed.duplicates] == [(0, 10), (0, 15)]


def test_only_so_many_duplicates_are_remembered() -> None:
    assert len(document("k: v\n" * 1000).duplicates) == MAX_DUPLICATES


def test_a_second_document_is_noted_and_not_read() -> None:
    parsed = document("a: 1\n---\nb: 2\n")
    assert to_value(parsed.root) == {"a": 1}
    assert parsed.extra is not None
    assert parsed.text[parsed.extra.start : parsed.extra.end] == "---"


@pytest.mark.parametrize("text", ["", "\n\n", "   ", "# only a comment\n", "---\n", "\ufeff"], ids=repr)
def test_an_empty_file_has_no_value_and_no_error(text: str) -> None:
    parsed = document(text)
    assert to_value(parsed.root) is None
    assert parsed.extra is None


# -------------------------------------------------------------------------------------------------------- places

LAYOUTS = {
    "plain": "{}",
    "with a byte-order mark": "\ufeff{}",
    "CRLF": "{}",
    "no final newline": "{}",
    "behind emoji and comments": "# 😀 é\n# x\n{}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_spans_count_code_points_of_the_text_as_it_is(layout: str) -> None:
    text = LAYOUTS[layout].format("name: 😀 é\non:\n  push:\n    branches: [main, 'rel/*']\n")
    if layout == "CRLF":
        text = text.replace("\n", "\r\n")
    if layout == "no final newline":
        text = text.rstrip("\n")
    parsed = parse("file.yml", text.encode())
    assert parsed.error is None
    assert parsed.text == text
    assert under(parsed, at(parsed, "name")) == "😀 é"
    assert under(parsed, at(parsed, "on", "push", "branches")) == "[main, 'rel/*']"
    assert under(parsed, at(parsed, "on", "push", "branches", 1)) == "'rel/*'"
    push = at(parsed, "on")
    assert isinstance(push, Mapping)
    key = push.key("push")
    assert key is not None
    assert under(parsed, key) == "push"
    region = parsed.region(key.span)
    assert (region.source, region.column, region.end_column) == ("  push:", 3, 7)


def test_a_byte_order_mark_is_no_column() -> None:
    parsed = parse("file.yml", b"\xef\xbb\xbfon: push\n")
    region = parsed.region(at(parsed, "on").span)
    assert (region.line, region.column, region.source) == (1, 5, "on: push")


def test_a_block_ends_at_its_last_character() -> None:
    parsed = document("a:\n  b: |\n    x\n\n\n  c:\n    - 1\n    - 2\n\n# end\nd: 1\n")
    assert under(parsed, at(parsed, "a", "b")) == "|\n    x"
    assert under(parsed, at(parsed, "a", "c")) == "- 1\n    - 2"


def test_a_scalar_starts_behind_its_anchor_and_tag() -> None:
    parsed = document("a: &x !!str  1\nb: &y\n  text\n")
    assert under(parsed, at(parsed, "a")) == "1"
    assert under(parsed, at(parsed, "b")) == "text"


SPOTS = {
    "plain": ("k: see ${{ x }} here\n", "${{ x }}", "${{ x }}"),
    "single quotes with an escape before": ("k: 'it''s ${{ x }}'\n", "${{ x }}", "${{ x }}"),
    "double quotes with escapes before": (r'k: "\t\u00e9\"${{ x }}"' + "\n", "${{ x }}", "${{ x }}"),
    "an escape itself": (r'k: "a\u00e9b"' + "\n", "é", "\\"),
    "literal block": ("k: |\n    one\n      ${{ x }}\n", "${{ x }}", "${{ x }}"),
    "literal block with an indentation number": ("k: |2\n    one\n    ${{ x }}\n", "${{ x }}", "${{ x }}"),
    "folded block": ("k: >\n    one\n    ${{ x }}\n\n    two\n", "${{ x }}", "${{ x }}"),
    "folded block over a line break": ("k: >\n    one\n    two\n", "one two", "one\n    two"),
    "plain over several lines": ("k: one\n  two ${{ x }}\n", "${{ x }}", "${{ x }}"),
    "double quotes over several lines": ('k: "one\n\n   two ${{ x }}"\n', "${{ x }}", "${{ x }}"),
    "after an escaped line break and a blank line": ('k: "one\\\n\n   ${{ x }}"\n', "${{ x }}", "${{ x }}"),
    "CRLF block": ("k: |\r\n    one\r\n    ${{ x }}\r\n", "${{ x }}", "${{ x }}"),
    "behind emoji": ("k: |\n    😀😀\n    ${{ x }}\n", "${{ x }}", "${{ x }}"),
}


@pytest.mark.parametrize("name", SPOTS)
def test_a_range_of_a_value_has_a_place_in_the_text(name: str) -> None:
    text, part, expected = SPOTS[name]
    parsed = document(text)
    scalar = at(parsed, "k")
    assert isinstance(scalar, Scalar)
    start = scalar.value.index(part)
    span = parsed.spot(scalar, start, start + len(part))
    assert parsed.text[span.start : span.end] == expected


def test_lines_end_with_lf_crlf_or_cr() -> None:
    parsed = Document("file.yml", "a\nb\r\nc\rd")
    assert [parsed.line_text(line) for line in (1, 2, 3, 4)] == ["a", "b", "c", "d"]
    assert parsed.line_column(parsed.text.index("d")) == (4, 1)


# ---------------------------------------------------------------------------------------------- comments and routes


def test_comments_are_told_from_hashes_in_values() -> None:
    text = (
        "# top\nname: a#b 'x' # after plain\nurl: 'http://x/#y' # after quotes\nrun: | # on the header\n  echo # no\n"
        "list: [a, # in flow\n  b]\nfolded: >\n  # no\nlast: 1 # end"
    )
    assert [comment.text for comment in document(text).comments()] == [
        "# top", "# after plain", "# after quotes", "# on the header", "# in flow", "# end",
    ]  # fmt: skip


def test_routes_read_like_paths() -> None:
    parsed = document('jobs:\n  build:\n    steps:\n      - run: a\n      - with: {node version: 20, "it\'s": 1}\n')
    step = at(parsed, "jobs", "build", "steps", 1, "with")
    assert parsed.route(step) == "jobs.build.steps[1].with"
    assert isinstance(step, Mapping)
    assert [parsed.route(value) for _, _, value in step.pairs()] == [
        "jobs.build.steps[1].with['node version']",
        "jobs.build.steps[1].with['it''s']",
    ]
    assert parsed.route(parsed.root) == ""


def test_mappings_and_scalars_are_met_once_in_spite_of_aliases() -> None:
    parsed = document("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n")
    assert len(parsed.mappings) == 2
    assert [scalar.value for scalar in parsed.scalars()] == ["a", "k", "1", "b", "c"]


# ----------------------------------------------------------------------- what libyaml refuses and GitHub does not


ODD = ("\x1b", "\x7f", "\x85", "\x90", "\u2028", "\u2029", "\ufeff", "\ufffe")


@pytest.mark.parametrize("char", ODD, ids=lambda char: f"U+{ord(char):04X}")
def test_odd_characters_are_ordinary_text(char: str) -> None:
    text = f"a{char}: x{char}y\nrun: |\n  one{char}  two\n  three\nquoted: '{char}'\n"
    parsed = document(text)
    assert parsed.text == text
    assert to_value(parsed.root) == {f"a{char}": f"x{char}y", "run": f"one{char}  two\nthree\n", "quoted": char}
    assert under(parsed, at(parsed, f"a{char}")) == f"x{char}y"
    run = at(parsed, "run")
    assert isinstance(run, Scalar)
    span = parsed.spot(run, run.value.index("two"), run.value.index("two") + 3)
    assert text[span.start : span.end] == "two"


def test_duplicates_are_still_duplicates_beside_odd_characters() -> None:
    parsed = document("a\x1b: 1\nb: 2\na\x1b: 3\n")
    assert to_value(parsed.root) == {"a\x1b": 1, "b": 2}
    assert len(parsed.duplicates) == 1


@pytest.mark.parametrize("line", ["\t# c", "  \t# c", "\t", "  \t ", "\t \t"], ids=repr)
def test_tabs_before_a_comment_or_on_an_empty_line_are_no_indentation(line: str) -> None:
    text = f"{line}\na:\n{line}\n  - run: |\n      x\n\n    y: 1\n{line}\n{line}"
    parsed = document(text)
    assert parsed.text == text
    assert to_value(parsed.root) == {"a": [{"run": "x\n", "y": 1}]}


def test_many_such_lines_are_read_too() -> None:
    assert to_value(document("a:\n" + "\t\n" * 100 + "  - 1\n").root) == {"a": [1]}


def test_tabs_in_a_block_are_text() -> None:
    assert to_value(document("run: |\n  a\n  \t# b\n  \t\n  c\n").root) == {"run": "a\n\t# b\n\t\nc\n"}


# -------------------------------------------------------------------------------------------------------- errors

ERRORS = {
    "a colon in a plain value": (b'run: node -e "x: y": z\n', 'a ": " inside a plain value', (1, 16)),
    "a tab as indentation": (b"on:\n\tpush: 1\n", "a tab cannot indent YAML", (2, 1)),
    "a quote that stays open": (b"a: 1\nb: 'x\nc: 1\n", "never closed", (2, 4)),
    "latin-1 bytes": (b"a: 1\nname: caf\xe9\n", "byte 0xe9 is not UTF-8", (2, 10)),
    "UTF-16": ("on: push\n".encode("utf-16-le"), "control character U+0000", (1, 2)),
    "UTF-16 with a mark": ("on: push\n".encode("utf-16"), "byte 0xff is not UTF-8", (1, 1)),
    "a NUL byte": (b"a: x\x00y\n", "control character U+0000", (1, 5)),
    "half a surrogate pair": (b"a: \xed\xa0\x80\n", "is not UTF-8", (1, 4)),
    "an undefined alias": (b"a: 1\nb: *no\n", "alias *no has no anchor before it", (2, 4)),
    "an alias inside its own anchor": (b"a: &x [*x]\n", "stands inside its own anchor", (1, 8)),
    "a reserved character": (b"a: @b\n", "cannot start any token", (1, 4)),
    "deep nesting in flow style": (b"[" * 1000 + b"]" * 1000, f"nested more than {MAX_DEPTH} levels", (1, 101)),
    "deep nesting in block style": (
        b"".join(b" " * depth + b"a:\n" for depth in range(1000)),
        f"nested more than {MAX_DEPTH} levels",
        (101, 101),
    ),
    "too long": (b"x" * (MAX_CHARACTERS + 1), "1,048,577 characters", (1, 1)),
    "far too long": (b"x" * (4 * MAX_CHARACTERS + 1), "4,194,305 bytes", (1, 1)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read_is_a_value_with_a_place(name: str) -> None:
    data, message, place = ERRORS[name]
    parsed = parse("file.yml", data)
    assert parsed.error is not None
    assert message in parsed.error.message
    region = parsed.region(parsed.error.span)
    assert (region.line, region.column) == place
    assert parsed.root is None
    assert parsed.comments() == ()
    assert list(parsed.scalars()) == []


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    parsed = parse_text("file.yml", "\n".join(lines))
    assert parsed.error is not None
    assert parsed.error.message == "aliases expand to more than 100,000 nodes"


# Each is read, and everything that a rule may ask of it is asked, in one process whose peak is watched.
HOSTILE = """
import gc, sys
from chittyops_policy.document import parse, to_value
from chittyops_policy.workflow import Workflow

M = 1024 * 1024
job = b"  j%d:\\n    runs-on: x\\n    steps:\\n      - run: |\\n          echo ${{ a }} # %d\\n          make tests\\n"
files = {
    "400 kB of jobs": b"on: push\\njobs:\\n" + b"".join(job % (i, i) for i in range(4500)),
    "1 MB of items": b"- a\\n" * (M // 4),
    "1 MB of flow items": b"[" + b"a," * (M // 2 - 1) + b"]",
    "1 MB of flow keys": b"{" + b"a," * (M // 2 - 1) + b"}",
    "1 MB of one key": b"k: v\\n" * (M // 5),
    "1 MB of empty mappings": b"- ?\\n" * (M // 4),
    "one huge literal": b"run: |\\n" + b"  echo ${{ a }}\\n" * (M // 17),
    "one huge folded": b"run: >\\n" + b"  echo ${{ a }}\\n" * (M // 17),
    "one huge plain": b"run: " + b"x " * (M // 2 - 10),
    "one huge double quote": b'run: "' + b"x \\\\n" * (M // 4 - 10) + b'"',
    "blanks in quotes": b'run: "x' + b" " * (M - 20) + b'y"',
    "line breaks in quotes": b'run: "' + b"\\n" * (M - 20) + b'"',
    "single quotes": b"run: '" + b"''" * (M // 2 - 20) + b"'",
    "comments": b"# x\\n" * (M // 4 - 2) + b"a: 1",
    "hashes in values": b"a: b#c\\n" * (M // 8),
    "many anchors": b"".join(b"- &a%d x\\n" % i for i in range(80000)),
    "many aliases": b"- &a x\\n" + b"- *a\\n" * 90000,
    "digits": b"- " + b"9" * 100000 + b"\\n- 0x" + b"f" * 100000 + b"\\n- 0o" + b"7" * 50000 + b"\\n- 1e" + b"9" * 1000,
    "an endless flow": b"[" * M,
    "an endless flow mapping": b"{a: " * (M // 4),
    "question marks": b"? " * (M // 2),
    "tags": b"!!str " * 10000,
    "spaces": b" " * M,
    "carriage returns": b"a: 1\\r" * (M // 5),
    "tabs": b"a:\\n" + b"\\t\\n" * (M // 2 - 10),
    "odd characters": b"- \\x1b\\xc2\\x85\\n" * (M // 5 - 1) + b"\\x00",
}
for name, data in files.items():
    scalar = None
    document = parse("file.yml", data)
    for scalar in document.scalars():
        if scalar.value:
            document.spot(scalar, 0, len(scalar.value))
    document.comments()
    list(document.mappings)
    to_value(document.root)
    Workflow(document).expressions()
    if document.error is not None:
        document.region(document.error.span)
    with open("/proc/self/status") as stream:  # ru_maxrss would count what the parent held before this program began
        peak = next(int(line.split()[1]) // 1024 for line in stream if line.startswith("VmHWM:"))
    print(f"{name}: {peak} MB, {document.error.message if document.error else 'read'}")
    if peak > 200:
        sys.exit(f"{name} took {peak} MB")
    del document, scalar
    gc.collect()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program's own peak memory")
def test_hostile_files_end_soon_in_200_megabytes() -> None:
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "400 kB of jobs: " in done.stdout
    assert "carriage returns: " in done.stdout


# ---------------------------------------------------------------------------------------------- against ruamel.yaml


def oracle(text: str) -> Any:
    """What ruamel.yaml reads as YAML 1.2, with the keys as strings as this project has them."""
    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    return with_text_keys(reader.load(text))


def with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): with_text_keys(item) for key, item in value.items()}
    return [with_text_keys(item) for item in value] if isinstance(value, list) else value


def assert_like_ruamel(text: str) -> None:
    parsed = document(text)
    assert to_value(parsed.root) == oracle(text)
    for scalar in parsed.scalars():
        offsets = value_offsets(text, scalar)
        assert len(offsets) == len(scalar.value) + 1
        assert offsets == sorted(offsets)
        for char, offset in zip(scalar.value, offsets, strict=False):
            source = text[offset : offset + 1]
            folded = char in " \n" and source in ("", " ", "\t", "\r", "\n")
            assert source == char or folded or (scalar.style == '"' and source == "\\"), (scalar, char, offset)


WORDS = st.text(st.sampled_from("ab:#-'\"\\ {}[],&*!|>%@`\n\t.019éé😀~?=<"), max_size=20)
KEYS = st.text(st.sampled_from("abcon:# -é😀"), min_size=1, max_size=6).map(lambda key: "k" + key)
LEAVES = WORDS | st.integers(-10, 10**6) | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=10
)


@PROPERTY
@given(TREES, st.sampled_from([20, 80]), st.booleans(), st.booleans(), st.sampled_from([None, True, False]))
def test_dumped_trees_read_as_ruamel_reads_them(
    tree: Any, width: int, unicode: bool, crlf: bool, flow: bool | None
) -> None:
    text = yaml.dump(
        tree, width=width, allow_unicode=unicode, default_flow_style=flow, line_break="\r\n" if crlf else "\n"
    )
    assert_like_ruamel(text)


@PROPERTY
@given(
    st.text(st.sampled_from("ab:#-'\"\\ \n\té😀{}[]"), max_size=40),
    st.sampled_from(["|", ">", '"', "'"]),
    st.booleans(),
)
def test_dumped_text_reads_as_ruamel_reads_it_in_every_style(value: str, style: str, crlf: bool) -> None:
    end = "\r\n" if crlf else "\n"
    text = yaml.dump({"k": [value]}, default_style=style, width=20, allow_unicode=True, line_break=end)
    assert_like_ruamel(text)


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A literal or folded block as people write it: any indentation, blank lines, deeper lines, comments behind."""
    number = draw(st.sampled_from([None, None, 1, 2, 3]))
    base = number or draw(st.integers(1, 4))
    text = f"k: {draw(st.sampled_from('|>'))}{number or ''}{draw(st.sampled_from(['', '-', '+']))}"
    text += draw(st.sampled_from(["", " # c", "  "])) + "\n"
    for kind in draw(st.lists(st.sampled_from(["line", "line", "deeper", "empty", "blank"]), max_size=5)):
        words = draw(st.text(st.sampled_from("ab :#-'\"\\é😀.,x"), max_size=12))
        text += {
            "line": " " * base + words.strip(),
            "deeper": " " * (base + draw(st.integers(1, 3))) + "x" + words,
            "blank": " " * draw(st.integers(0, base)),
            "empty": "",
        }[kind] + "\n"
    return text + draw(st.sampled_from(["", "z: 1\n"]))


@st.composite
def flowing(draw: st.DrawFn) -> str:
    """A plain or quoted scalar over several lines."""
    quote = draw(st.sampled_from(["", "'", '"']))
    letters = {"": "ab#é😀.\\'", "'": "ab#é.: '", '"': "abé.: #"}[quote]
    escapes = ["", "\\n", "\\\\", '\\"', "\\x41", "\\u00e9", "\\U0001F600", "\\t", "\\\n  ", "\\ "]
    text = ""
    for _ in range(draw(st.integers(1, 5))):
        word = draw(st.text(st.sampled_from(letters), min_size=1, max_size=5))
        word = word.replace("'", "''") if quote == "'" else word
        word += draw(st.sampled_from(escapes)) if quote == '"' else ""
        gap = draw(st.sampled_from([" ", "  ", "\n  ", "\n\n  ", " \n   ", "\n \n  ", "\t"]))
        text += (gap if text else "") + word
    return f"k: {quote}{text}{quote}\n" + draw(st.sampled_from(["", "z: 1\n"]))


@settings(PROPERTY, max_examples=400)
@given(blocks() | flowing(), st.booleans(), st.booleans())
def test_written_scalars_read_as_ruamel_reads_them(text: str, crlf: bool, final_newline: bool) -> None:
    text = text if final_newline else text.rstrip("\n")
    text = text.replace("\n", "\r\n") if crlf else text
    if parse_text("file.yml", text).error is None:
        try:
            oracle(text)
        except YAMLError:
            return  # ruamel.yaml is stricter in a few corners, for example about tabs
        assert_like_ruamel(text)


@PROPERTY
@given(st.binary(max_size=60) | st.text(st.sampled_from(":#-'\"\\ {}[],&*!|>%@`\n\t\r?a\ufeff\u2028\x85"), max_size=40))
def test_any_bytes_are_a_document(data: bytes | str) -> None:
    parsed = parse("file.yml", data.encode() if isinstance(data, str) else data)
    if parsed.error is not None:
        assert 0 <= parsed.error.span.start <= parsed.error.span.end <= len(parsed.text)
    for scalar in parsed.scalars():
        assert 0 <= scalar.start <= scalar.end <= len(parsed.text)
        assert len(value_offsets(parsed.text, scalar)) == len(scalar.value) + 1
    parsed.comments()
    to_value(parsed.root)


UNREADABLE = [
    "chittyos/ch1tty/.github/workflows/ci.yml",  # a plain `run:` with ": " in it
    "chittyos/chittymcp/archive/chittymcp-chains/.github/workflows/validate.yml",  # a heredoc that begins at column 1
]
"""The two files of the corpus that no YAML parser reads; GitHub only ever looks at the first."""


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real workflows is not beside the checkout")
def test_real_files_read_as_ruamel_reads_them() -> None:
    texts = {
        path.read_bytes(): path
        for pattern in ("*.yml", "*.yaml")
        for path in sorted(CORPUS.rglob(pattern))
        if ".github" in path.parts
    }
    assert len(texts) > 250
    unreadable = []
    for data, path in texts.items():
        parsed = parse(path.name, data)
        if parsed.error is not None:
            unreadable.append("/".join(path.relative_to(CORPUS).parts[1:]))
            with pytest.raises(YAMLError):
                oracle(data.decode())
        else:
            assert to_value(parsed.root) == oracle(data.decode()), path
    assert unreadable == UNREADABLE


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_place_is_the_same_however_many_were_asked_for(end: str) -> None:
    text = f"a: 1{end}{end}bc: 2{end}d: |{end}  e{end}"
    listed = Document("a.yml", text)
    listed.line_starts()
    counted = Document("a.yml", text)
    for offset in [*range(len(text) + 1), *reversed(range(len(text) + 1)), *range(0, len(text), 3)] * 2:
        assert counted.line_column(offset) == listed.line_column(offset)
        span = Span(offset, min(offset + 5, len(text)))
        assert Document("a.yml", text).region(span) == listed.region(span)


def test_keys_are_similar_where_letter_case_alone_tells_them_apart() -> None:
    for keys in ("PATH: 1\n  path: 2", "path: 1\n  b:\n    c: d\n  Path: 2", "STRASSE: 1\n  straße: 2", "é: 1\n  É: 2"):
        for end in ("", "z: 'a\n  b'\n"):  # plain; left to libyaml
            assert parse_text("a.yml", f"env:\n  {keys}\n{end}").has_similar_keys()
    for text in ("env: {PATH: 1}\nwith: {path: 1}\n", "env: {PATH: 1}\nwith: {PATH: 1, paths: 2}\n"):
        assert not parse_text("a.yml", text).has_similar_keys()
    assert parse_text("a.yml", "env: {PATH: 1, path: 2}\n").has_similar_keys()
