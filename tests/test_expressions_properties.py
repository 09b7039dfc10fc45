"""What holds for every text whatsoever, however long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chittyops_policy.expressions import (
    Expr,
    ExpressionError,
    check,
    condition,
    fold,
    parse,
    references,
    segments,
    template_error,
    truth,
    walk,
)

# Pieces of the language, so that most texts come near to being expressions, and any character at all.
WORDS = [
    "${{",
    "}}",
    "${{",
    "}}",
    "(",
    ")",
    "[",
    "]",
    ".",
    ",",
    "*",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "=",
    "&",
    "|",
    "'",
    "''",
    '"',
    "'a'",
    "'it''s'",
    "github",
    "secrets.X",
    "env['a']",
    "true",
    "null",
    "NaN",
    "1",
    "-1",
    "0x1F",
    "1e5",
    ".5",
    "1x",
    "format(",
    "contains(",
    "fromJSON('[1]')",
    "always()",
    "insert",
    "a-b",
    "é",
    "😀",
]
PIECES = st.lists(
    st.sampled_from([*WORDS, " ", " ", "\n", "\t", "\ud800", "\x00"]) | st.text(max_size=3), max_size=14
).map("".join)

seeded = settings(derandomize=True, deadline=None, max_examples=300, database=None)


def inspect(tree: Expr, start: int, end: int) -> None:
    """Everything one can ask of a tree; its nodes lie inside each other and between the two offsets."""
    outer = {id(tree): (start, end)}
    for node in walk(tree):
        low, high = outer[id(node)]
        assert low <= node.start < node.end <= high
        for child in children(node):
            outer[id(child)] = (node.start, node.end)
    for one in references(tree):
        assert tree.start <= one.start < one.end <= tree.end
        assert len(one.path) == len(one.names)
    for error in check(tree):
        assert tree.start <= error.start < error.end <= tree.end
    constant = fold(tree)
    if constant is not None:
        assert truth(tree) is truth(constant)


def children(node: Expr) -> list[Expr]:
    values = [getattr(node, name) for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ())]
    return [value for value in values if isinstance(value, Expr)] + list(getattr(node, "args", ()))


@seeded
@given(PIECES)
def test_any_text_parses_or_says_why(text: str) -> None:
    result = parse(text, 7)
    if isinstance(result, ExpressionError):
        assert result.message
        assert 7 <= result.start <= result.end <= 7 + len(text)
    else:
        inspect(result, 7, 7 + len(text))


@seeded
@given(PIECES)
def test_segments_and_what_lies_between_make_up_the_text(text: str) -> None:
    at = 0
    rebuilt = ""
    parts = segments(text)
    for part in parts:
        rebuilt += text[at : part.start] + text[part.start : part.end]
        assert "${{" not in text[at : part.start]
        assert text[part.start : part.inner_start] == "${{"
        assert text[part.inner_end : part.end] == ("}}" if part.inner_end < part.end else "")
        at = part.end
        if part.error is not None:
            assert part.start <= part.error.start <= part.error.end <= part.end
        elif part.expr is not None:
            inspect(part.expr, part.inner_start, part.inner_end)
    assert rebuilt + text[at:] == text
    assert ("${{" in text[at:]) is False
    assert bool(parts) is ("${{" in text)


@seeded
@given(PIECES)
def test_any_condition_is_understood_or_has_errors(text: str) -> None:
    found = condition(text)
    assert (found.kind == "empty") + (found.expr is not None) + bool(found.errors or directive_only(text)) == 1
    assert found.constant in (True, False, None)
    template_error(text)


def directive_only(text: str) -> bool:
    return any(part.directive for part in segments(text))


@seeded
@given(PIECES, st.integers(0, 50))
def test_an_offset_moves_everything(text: str, offset: int) -> None:
    here, there = parse(text), parse(text, offset)
    assert type(here) is type(there)
    assert (here.start + offset, here.end + offset) == (there.start, there.end)


HUGE = {
    "parentheses": "(" * 10_000 + "1" + ")" * 10_000,
    "negations": "!" * 20_000 + "1",
    "steps": "a" + ".b" * 10_000,
    "brackets": "a[" * 5_000 + "1" + "]" * 5_000,
    "chain": " || ".join(["github.x == 'y'"] * 1_100),
    "long chain": "||".join(["1"] * 7_000),
    "quotes": "'" * 20_999,
    "an open string": "'" + "a''" * 6_000,
    "blanks": " " * 400_000 + "1",
    "digits": "1" * 20_000,
    "far too long": "a && " * 100_000,
    "openings": "${{ " * 20_000,
    "openings with quotes": "${{ ' " * 20_000,
    "braces": "${{ " + "}" * 200_000,
    "closings": "${{ a }}" * 50_000,
    "JSON": "fromJSON('" + "[" * 9_000 + "]" * 9_000 + "')",
    "JSON within the limit": "toJSON(fromJSON('" + "[" * 450 + "]" * 450 + "'))",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_huge_texts_are_answered(text: str) -> None:
    result = parse(text)
    if isinstance(result, Expr):
        inspect(result, 0, len(text))
    condition(text)
