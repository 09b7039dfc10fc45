"""The plain reader and libyaml agree on every text that the plain reader takes, places included."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chittyops_policy import document, plain_yaml
from chittyops_policy.nodes import Mapping, Node, Scalar, Sequence, packed, unpacked

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"

WORKFLOW = """\
# A comment
name: 'tests'
"on":
  push:
    branches: [ main, 'release/**', "v1" ]
  pull_request:
permissions: {}
env: {A: b, C: '1 2'}
jobs:
  build:
    runs-on: ubuntu-latest   # here
    if: github.ref != 'refs/heads/a#b'
    steps:
      - uses: actions/checkout@v4 # v4
      -
        name: Größe
      - run: |
          echo "${{ github.sha }}"

            # deeper
          exit 1

      - run: |-
          true
        with:
          args: --verbose
          url: https://example.com:443/x
          items:
          - a
          - b: c
            d:
  last:
    needs:
"""

PIECES = (
    "a", "b:", "k: v", "if: x", "- ", "-", "'q'", '"d"', "|", "|-", ">", "[a, b]", "[]", "{}", "{a: b}", "{a}", "# c",
    "x # c", "x#c", "a: b: c", "&a x", "*a", "!t x", "? k", "---", "...", "%T", "\t", "\\",
    '"\\n"', '"\\""', '"\\\\ ${{', '\\"', "''''", "${{ x }}",
    "é", "\x85", "\u2028", "\x1b", "\ufeff", "\xa0", "@x", "`x", ",", "]", "}", ": v", ":x", "-1", "~", "\r",
    "[a,", "b, c", "c]", "[", "&& b", "'e", "f'", "if:", "${{ x", "}}", "b #",
)  # fmt: skip


def facts(read: document.Document) -> Any:
    """Everything that a document knows of its tree."""

    def node(item: Node | None, parent: Node | None) -> Any:
        if item is None:
            return None
        kind = next(kind for kind in (Scalar, Sequence, Mapping) if isinstance(item, kind))
        here = (kind, item.start, item.end, item.anchor, item.tag, item.parent is parent)
        if isinstance(item, Scalar):
            return *here, item.value, item.style
        if isinstance(item, Sequence):
            return *here, item.flow, [node(child, item) for child in item.items]
        assert isinstance(item, Mapping)
        pairs = [(node(key, item), node(value, item)) for key, value in item.items]
        return *here, item.flow, pairs, [(key, pair[0].start, pair[1].start) for key, pair in item.index.items()]

    def places(nodes: Any) -> list[tuple[int, int]]:
        return [(item.start, item.end) for item in nodes]

    return (
        node(read.root, None), places(read.mappings), places(read.fenced), places(read.conditions),
        places(read.escaped),
        [places(pair) for pair in read.duplicates], read.extra, list(read.anchors),
    )  # fmt: skip


def agrees(text: str) -> bool:
    """Whether the plain reader takes a text; fails where libyaml reads it otherwise."""
    tree = plain_yaml.read(text)
    if tree is None:
        return False
    plain = document.parse_text("x.yml", text)
    whole = document._parse_any("x.yml", text)
    assert whole.error is None, text
    assert facts(plain) == facts(whole), text
    return True


def test_an_ordinary_workflow_is_plain() -> None:
    assert agrees(WORKFLOW)
    assert agrees("---\n" + WORKFLOW)


@pytest.mark.parametrize(
    "text",
    ["a: &x b\n", "a: *x\n", "a: !t b\n", "a:\n\tb: c\n", 'a: "\\x41"\n', 'a: "b\\"\n', "a: b: c\n",
     "- - a\n",
     "a: |\n   b\n  c\n", "a: |\n   \n  b\n", "a: |+\n  b\n\n", "a: |2\n   b\n", "a: [b: c]\n", "a: b\r\n",
     "a: b # c\n  d\n", "a: b\n  c: d\n", "a: b\n# c\n  d\n", "a: 'b\n  c'\n", "a: b\nc\n", "a: [b,\n  c # d\n  ]\n",
     "a: b\na: c\n", "a: b\na:\n  c: d\n", "a: {b: c, b: d}\n", "a:\na:\n", "a: [b,\n...\n]\n", "a: [b,, c]\n",
     "a: \x1b\n",
     "%YAML 1.2\n---\na: b\n", "a: b\n---\nc: d\n", "", "# only\n", "a\n", "? a\n"],
)  # fmt: skip
def test_what_is_left_to_libyaml(text: str) -> None:
    assert plain_yaml.read(text) is None


@pytest.mark.parametrize("header", ["|", "|-", ">", ">-"])
@pytest.mark.parametrize(
    "body",
    ["  b", "  b\n", "  b\n\n\n", "  b\n  ", "  b\n \n  c\n", "  b\n\n \n\n  c\n", "  b\n    ", "  b  \n  c \n",
     "  b\n # d\n", "  b #\n\n# d", "  b\n\n  ${{ c }}", "  'b'\n  - c:\n\n \nz: y\n", "  b\n \n# c\nz: y\n",
     "\n  b\n", " \n\n  b\n   c\n\n  d\n  e\n", "  b\n   c\n\n\n   d\n\n  e\n  \tf\n  g\n", "\n   b\n   c\n \n   d\n"],
)  # fmt: skip
def test_blocks(header: str, body: str) -> None:
    assert agrees(f"a: {header}\n{body}")
    assert agrees(f"x:\n- {header} # c\n{body}".removesuffix("z: y\n"))


@pytest.mark.parametrize(
    "text",
    ["a: b\n  c\n", "a: b\n\n   c   \n\n\n  d # e\nf: g\n", "- a\n b\n- c\n", "- a: b\n   c\n  d: e\n",
     "if: b\n  && c\n", "a: ${{ b\n  == c }}\nd: ${{ e }}\n", "a: b ${{\n  c }}\n",
     "a: ${{ b }}\n  ${{ c }}\n", "a: b\n  - c\n"],
)  # fmt: skip
def test_plain_scalars_of_several_lines(text: str) -> None:
    assert agrees(text) is ("- c" not in text or text.startswith("- "))


@pytest.mark.parametrize(
    "text",
    ['a: "\\n"\n', 'a: "b\\"c\\\\"  # "d\\"\n', 'if: "\\t${{ a }}\\n"\nb: "\\\\n"', '- "\\"" # c\n',
     'a:\n  "\\\\"\nb: "\\n"\n', 'a: "\\"\n', 'a: "\\\\" "\n', 'a: "\\""b\n'],
)  # fmt: skip
def test_escapes(text: str) -> None:
    assert agrees(text) is not text.endswith(('"\\"\n', '" "\n', '"b\n'))


@pytest.mark.parametrize(
    "text",
    ["a:\n  b\n", "a:\n\n  # c\n  b ${{ d }}\n  e\nf: g\n", "if:\n  b && c\n", "if:\n  'b'\nc: d\n", "-\n  a\n- b\n",
     "a:\n  [b, c]\n", "a:\n  {b: c}\n", "a:\n  [\n    b,\n    'c', \"d\"\n\n  ]  # e\nf: g\n", "- [\n]\n",
     "a: [\nb\n  ,c,]", "if: [b]\nc: {if: d}\n", "${{ a }}: b\n'${{ a }}': ${{ b }}\n",
     "'${{ a }}':\n  b: c\n'${{ d }}':\n", "'${{ a }}':\n  b ${{ c }}\n'if':\n  - d\n"],
)  # fmt: skip
def test_values_below_their_keys_and_lists_of_several_lines(text: str) -> None:
    assert agrees(text) is not text.startswith("$")


BODY_PIECES = ("b", "c: d", "- e", "# f", "", "", " ", "   g", "${{ h }}", "\t", "i ")


@given(
    st.sampled_from(["|", "|-", ">", ">-"]),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(BODY_PIECES)), min_size=1, max_size=7),
    st.sampled_from(["", "\n", "\n\n", "\nz: y\n", "\n- k\n"]),
)
@settings(max_examples=1500, deadline=None)
def test_blocks_of_pieces(header: str, lines: list[tuple[int, str]], last: str) -> None:
    agrees(f"a: {header}\n  b\n" + "\n".join(" " * indent + piece for indent, piece in lines) + last)


@given(st.lists(st.tuples(st.integers(0, 6), st.lists(st.sampled_from(PIECES), max_size=3)), max_size=8))
@settings(max_examples=600, deadline=None)
def test_lines_of_pieces(lines: list[tuple[int, list[str]]]) -> None:
    text = "".join(" " * indent + " ".join(pieces) + "\n" for indent, pieces in lines)
    agrees(text)
    agrees(text.removesuffix("\n"))


@given(st.integers(0, len(WORKFLOW)), st.integers(0, 4), st.sampled_from((*PIECES, "\n", " ", "  ", "\n  ", "")))
@settings(max_examples=1500, deadline=None)
def test_changes_of_a_workflow(at: int, cut: int, piece: str) -> None:
    agrees(WORKFLOW[:at] + piece + WORKFLOW[at + cut :])


def test_long_blocks() -> None:
    for size in range(0, 700, 7):
        body = "  " + "b" * size + "\n" + "   ccc\n\n" * 40
        assert agrees(f"a: |\n{body}z: y\n")
        assert agrees(f"a: >\n{body}")


def test_deep_nesting_is_left_to_libyaml() -> None:
    deep = "".join("  " * level + "a:\n" for level in range(120))
    assert plain_yaml.read(deep) is None
    assert agrees("".join("  " * level + "a:\n" for level in range(90)))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus")
def test_real_workflows() -> None:
    taken = [
        agrees(path.read_bytes().decode("utf-8", "replace"))
        for pattern in ("*.yml", "*.yaml")
        for path in CORPUS.rglob(pattern)
    ]
    assert sum(taken) > 0.85 * len(taken) > 0


def test_a_packed_tree_is_the_same_tree() -> None:
    read = document.parse("x.yml", (ROOT / "policies" / "chittyos.yml").read_bytes())
    assert read.root is not None
    again = document.Document("x.yml", read.text)
    again.root = unpacked(packed(read.root))
    assert facts(again)[0] == facts(read)[0]


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python 3.11.0 to 3.11.4, which Debian 12 ships, matches that wrong, without an error: python/cpython#106052."""
    for path in sorted((ROOT / "chittyops_policy").rglob("*.py")):
        found = re.findall(r"\)[*+?}]\+|\(\?>", path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found}"
