"""What the expression language means, case by case; `test_expressions_referee.py` compares it with GitHub's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from chittyops_policy.expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Index,
    Literal,
    Name,
    Unary,
    available,
    check,
    condition,
    fold,
    parse,
    parse_number,
    references,
    segments,
    template_error,
    to_string,
    truth,
    walk,
)

if TYPE_CHECKING:
    from chittyops_policy.expressions import Known


def tree(text: str) -> Expr:
    result = parse(text)
    assert isinstance(result, Expr), result
    return result


def shape(expr: Expr) -> str:
    """The tree with every grouping shown."""
    if isinstance(expr, Literal):
        return f"'{expr.value}'" if isinstance(expr.value, str) else to_string(expr.value) or "null"
    if isinstance(expr, Name):
        return expr.key
    if isinstance(expr, Index):
        return f"{shape(expr.obj)}{'.' if expr.dotted else ''}[{shape(expr.index)}]"
    if isinstance(expr, Call):
        return f"{expr.key}({', '.join(map(shape, expr.args))})"
    if isinstance(expr, Unary):
        return f"(! {shape(expr.operand)})"
    if isinstance(expr, Binary):
        return f"({shape(expr.left)} {expr.op} {shape(expr.right)})"
    return "*"


SHAPES = {
    "github.event.commits.*.message": "github.['event'].['commits'].[*].['message']",
    "GitHub . Event [ 'A b' ] [ * ]": "github.['Event']['A b'][*]",
    "a || b && c == d < !e": "(a || (b && (c == (d < (! e)))))",
    "a && b || c && d": "((a && b) || (c && d))",
    "a == b != c": "((a == b) != c)",
    "(a || b) && c": "((a || b) && c)",
    "!a.b == c": "((! a.['b']) == c)",
    "! ! a": "(! (! a))",
    "a[b[c]].d": "a[b[c]].['d']",
    "fromJSON(needs.x.outputs.m)[0].n": "fromjson(needs.['x'].['outputs'].['m'])[0].['n']",
    "format('it''s {0}', null)": "format('it's {0}', null)",
    "steps.true.null": "steps.['true'].['null']",
    "a-b.c-d": "a-b.['c-d']",
    "-1.5e+2": "-150",
    "'a''''b'": "'a''b'",
    "always( )": "always()",
    "a\n\t==\r\n'b\nc'": "(a == 'b\nc')",
}


@pytest.mark.parametrize(("text", "expected"), SHAPES.items())
def test_shape(text: str, expected: str) -> None:
    assert shape(tree(text)) == expected


ERRORS = {
    # the part in «» is what the error points at
    "«»": "an expression was expected",
    "«  »": "an expression was expected",
    "a «&&»": "the expression ends too early",
    "format('{0}', «x»": "the expression ends too early, expected ')'",
    "a «b»": "unexpected 'b'",
    "a«)»": "unexpected ')'",
    "(a«]»": "unexpected ']', expected ')'",
    "a == «'b»": "the string has no closing quote",
    'a == «"b"»': "a double quote has no meaning here; strings take single quotes",
    "a «=» 'b'": "unexpected '='; the operator is '=='",
    "a «&» b": "unexpected '&'; the operator is '&&'",
    "a «|» b": "unexpected '|'; the operator is '||'",
    "a == «1x»": "'1x' is not a number",
    "a «+» b": "unexpected '+'",
    "«$a»": "unexpected '$a'",
    "a.«'b'»": "unexpected ''b''",
    "'a'«.»b": "unexpected '.'",
    "f(a,«)»": "unexpected ')'",
    "«,»": "unexpected ','",
    "a[«]»": "unexpected ']'",
    "a[*«.»b]": "unexpected '.', expected ']'",
    "«" + "a" * 60 + "$»": "unexpected '" + "a" * 39 + "…'",
}


@pytest.mark.parametrize(("marked", "message"), ERRORS.items())
def test_error_says_what_and_points_at_it(marked: str, message: str) -> None:
    start, end = marked.index("«"), marked.index("»") - 1
    error = parse(marked.replace("«", "").replace("»", ""), offset=100)
    assert isinstance(error, ExpressionError)
    assert (error.message, error.start - 100, error.end - 100) == (message, start, end)


def test_offsets_include_the_parentheses_inside_but_not_around() -> None:
    text = "x ${{ !(a || b).c[ d ] }} ${{ f( g.h ,1) }}"
    spans = {text[node.start : node.end] for part in segments(text) if part.expr for node in walk(part.expr)}
    assert spans == {
        "!(a || b).c[ d ]", "(a || b).c[ d ]", "(a || b).c", "a || b", "a", "b", "c", "d", "f( g.h ,1)", "g.h", "g",
        "h", "1",
    }  # fmt: skip


def test_walk_goes_through_the_source_from_left_to_right() -> None:
    text = "a[b] == f(c, !d) || e.f"
    assert [text[node.start : node.end] for node in walk(tree(text))] == [
        text, "a[b] == f(c, !d)", "a[b]", "a", "b", "f(c, !d)", "c", "!d", "d", "e.f", "e", "f",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ segments

SEGMENTS = {
    "nothing here": [],
    "${ {a}} {{ b }} $${": [],
    "${{ a }}": ["${{ a }}"],
    "x ${{ a }}${{ b }} y": ["${{ a }}", "${{ b }}"],
    "${{ '}}' }} }}": ["${{ '}}' }}"],
    "${{ 'it''s }}' }}": ["${{ 'it''s }}' }}"],
    "${{ a }}}": ["${{ a }}"],
    "${{ a } }}": ["${{ a } }} error"],
    "${{ }} ${{ a }}": ["${{ }} error", "${{ a }}"],
    "${{ a }} ${{ 'b }} it": ["${{ a }}", "${{ 'b }} it error"],
    "${{ a": ["${{ a error"],
    "${{ insert }}": ["${{ insert }} insert"],
    "x ${{ insert }}": ["${{ insert }} error"],
    "${{ insert a }}": ["${{ insert a }} error"],
    "${{ a\n&& b }}": ["${{ a\n&& b }}"],
}


@pytest.mark.parametrize(("text", "expected"), SEGMENTS.items())
def test_segments(text: str, expected: list[str]) -> None:
    found = []
    for part in segments(text):
        note = " error" if part.error else " insert" if part.directive == "insert" else ""
        found.append(text[part.start : part.end] + note)
        assert [part.expr, part.error, part.directive].count(None) == 2
        if part.expr:
            assert text[part.inner_start : part.inner_end].strip() == text[part.expr.start : part.expr.end]
    assert found == expected


def test_unclosed_segment_names_the_likely_quote() -> None:
    assert [part.error.message for part in segments("${{ a") if part.error] == ["'${{' is never closed by '}}'"]
    [part] = segments("echo ${{ github.x' }} | tee it")
    assert part.error is not None
    assert part.error.message == "'${{' is never closed by '}}'; a quote (') opens a string that swallows it"


TEMPLATES = {
    "short": ("echo ${{ a }}", None),
    "long script without expressions": ("x" * 30_000, None),
    "long single expression": ("${{ '" + "x" * 20_900 + "' }}", None),
    "long script": ("${{ a }}" + "x" * 21_000, "the value with its expressions makes 21,016 characters"),
    "just fits": ("${{ a }}" + "x" * 20_984, None),
    "just too long": ("${{ a }}" + "x" * 20_985, "the value with its expressions makes 21,001 characters"),
    "quotes and braces count twice": (
        "${{ a }}" + "'{}" * 3498,
        "the value with its expressions makes 21,004 characters",
    ),
    "254 expressions": ("${{ a }}" * 254, None),
    "255 expressions": ("${{ a }}" * 255, "255 expressions in one value; GitHub takes at most 254"),
}


@pytest.mark.parametrize(("text", "message"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_whole_value_has_limits_too(text: str, message: str | None) -> None:
    error = template_error(text)
    if message is None:
        assert error is None
    else:
        assert error is not None
        assert error.message.startswith(message)
        assert (error.start, error.end) == (0, len(text))


# ---------------------------------------------------------------------------------------------------------- references

REFERENCES = {
    "secrets.X": [("secrets", ("x",), "secrets.X")],
    "secrets['My-Key']": [("secrets", ("my-key",), "secrets['My-Key']")],
    "SECRETS . Token": [("secrets", ("token",), "SECRETS.Token")],
    "secrets.A || secrets.B || 'c'": [("secrets", ("a",), "secrets.A"), ("secrets", ("b",), "secrets.B")],
    "toJSON(secrets)": [("secrets", (), "secrets")],
    "github.event.*.body": [("github", ("event", "*", "body"), "github.event.*.body")],
    "github.event[*].body": [("github", ("event", "*", "body"), "github.event[*].body")],
    "secrets[matrix.name].x": [("secrets", (None, "x"), "secrets[...].x"), ("matrix", ("name",), "matrix.name")],
    "secrets[format('{0}_KEY', 'A')]": [("secrets", ("a_key",), "secrets['A_KEY']")],
    "matrix.list[0][true]": [("matrix", ("list", "0", "true"), "matrix.list['0']['true']")],
    "(github).event": [("github", ("event",), "github.event")],
    "(github.event || inputs).name": [("github", ("event",), "github.event"), ("inputs", (), "inputs")],
    "fromJSON(needs.a.outputs.b).c": [("needs", ("a", "outputs", "b"), "needs.a.outputs.b")],
    "a[b[c.d].e]": [("a", (None,), "a[...]"), ("b", (None, "e"), "b[...].e"), ("c", ("d",), "c.d")],
    "'secrets.X' == true": [],
    "steps.check-secrets.outputs.x": [("steps", ("check-secrets", "outputs", "x"), "steps.check-secrets.outputs.x")],
}


@pytest.mark.parametrize(("text", "expected"), REFERENCES.items())
def test_references(text: str, expected: list[tuple[str, tuple[str | None, ...], str]]) -> None:
    found = references(tree(text))
    assert [(one.context, one.path, one.raw) for one in found] == expected
    assert [tuple(name and name.lower() for name in one.names) for one in found] == [one.path for one in found]


def test_reference_covers_the_whole_access() -> None:
    text = "format('{0}', secrets [ 'X' ] , (github).event)"
    assert [text[one.start : one.end] for one in references(tree(text))] == ["secrets [ 'X' ]", "(github).event"]


# --------------------------------------------------------------------------------------------------------------- check

CHECKS = {
    "github.sha && hashFiles('a')": [],
    "FORMAT('x') || FromJson('1')": [],
    "nothing.x": ["«nothing» there is no context 'nothing'; a text needs single quotes"],
    "True || x": [
        "«True» 'True' is no value; write true in lower case",
        "«x» there is no context 'x'; a text needs single quotes",
    ],
    "secrets.X": ["«secrets» the context 'secrets' is not available here; available: github, vars"],
    "nope(secrets)": [
        "«nope» there is no function 'nope'",
        "«secrets» the context 'secrets' is not available here; available: github, vars",
    ],
    "cancelled()": ["«cancelled» the function 'cancelled' is not available here"],
    "always(1)": ["«always» always takes no arguments, not 1"],
    "contains('a')": ["«contains» contains takes 2 arguments, not 1"],
    "TOJSON(1, 2)": ["«TOJSON» toJSON takes 1 argument, not 2"],
    "format()": ["«format» format takes at least 1 argument, not 0"],
    "join('a', 'b', 'c')": ["«join» join takes at most 2 arguments, not 3"],
    "case(true, 1)": ["«case» case takes at least 3 arguments, not 2"],
    "case(true, 1, true, 2)": [
        "«case» case takes pairs of condition and value, and a default: an odd number of arguments"
    ],
}


@pytest.mark.parametrize(("text", "expected"), CHECKS.items())
def test_check(text: str, expected: list[str]) -> None:
    contexts, functions = available(["github", "vars", "hashFiles(1,255)", "always(0,0)", "success(0,MAX)"])
    found = check(tree(text), contexts, functions)
    assert [f"«{text[error.start : error.end]}» {error.message}" for error in found] == expected


def test_check_knows_all_of_github_unless_told_otherwise() -> None:
    assert check(tree("jobs.a.outputs.b || success('x') && hashFiles('a', 'b') || strategy.job-index == 0")) == ()
    assert len(check(tree("a"))) == 1


# ------------------------------------------------------------------------------------------------------------- folding

FOLDED: dict[str, object] = {
    "'A' == 'a'": True,
    "'1' == 1": True,
    "'' == 0": True,
    "null == ''": True,
    "true == 'true'": False,
    "true == '1'": True,
    "NaN == NaN": False,
    "'b' > 'A'": True,
    "null == null": True,
    "null < null": False,
    "'a' && 'b'": "b",
    "'' || 0 || 'c'": "c",
    "false && github.x": False,
    "'x' || github.x": "x",
    "github.x && false || 'never that'": "never that",
    "!(github.x && false)": True,
    "!(github.x || true)": False,
    "!github.x": None,
    "github.x && false": None,
    "github.x == github.x": None,
    "contains('Hello', 'LL')": True,
    "contains(fromJSON('[\"a\", 1]'), 'A')": True,
    "contains(fromJSON('{\"a\": 1}'), github.x)": False,
    "startsWith('refs/tags/x', 'REFS/')": True,
    "endsWith(1.50, 5)": True,
    "format('{1} {0} {{}}', true, null)": " true {}",
    "format('{0}')": None,
    "format('{')": None,
    "format('x{0}', github.x)": None,
    "join(fromJSON('[1, null, \"x\"]'), '-')": "1--x",
    "join(fromJSON('[[1], {}]'))": "Array,Object",
    "join('a')": "a",
    "toJSON('it''s \"é\"')": '"it\'s \\"é\\""',
    'toJSON(fromJSON(\'{"a": [1, {}], "b": []}\'))': '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}',
    'fromJSON(\'{"A": {"b": [7]}}\').a.B[0]': 7.0,
    'fromJSON(\'[{"n": 1}, {"n": 2}]\').*.n': None,
    'join(fromJSON(\'[{"n": 1}, {"n": 2}]\').*.n)': "1,2",
    "fromJSON('nope')": None,
    "fromJSON('[1]')[5]": None,
    "fromJSON('[1]')[5] == null": True,
    "case(false, 1, 'A' == 'a', 2, 3)": 2.0,
    "case('x', 1, 2)": None,
    "always()": None,
    "hashFiles('a')": None,
    "false && always()": False,
    "0x1F == 31 && 0o17 == 15 && .5 == '0.50'": True,
    "'ı' == 'I' || 'ß' == 'SS'": False,
    "'É' == 'é'": True,
    "'\U0001f600' < '\uffff'": True,
}


@pytest.mark.parametrize(("text", "expected"), FOLDED.items())
def test_fold(text: str, expected: object) -> None:
    folded = fold(tree(text))
    value = None if folded is None else folded.value
    assert value == expected
    assert type(value) is type(expected)


TRUTHS = {
    "github.x": None,
    "github.x && false": False,
    "github.x && github.y && ''": False,
    "github.x || true": True,
    "(github.x && false) || github.y": None,
    "(github.x && false) || 0": False,
    "format('{0} text', github.x)": True,
    "format('{0}{1}', github.x, github.y)": None,
    "toJSON(github.x)": True,
    "fromJSON('{}')": True,
    "null": False,
    "NaN": False,
    "-0": False,
    "'false'": True,
    "always() && false": False,
}


@pytest.mark.parametrize(("text", "expected"), TRUTHS.items())
def test_truth(text: str, expected: bool | None) -> None:
    assert truth(tree(text)) is expected


def test_known_values_are_found_by_path() -> None:
    known: Known = {("github", "event_name"): "Push", ("matrix", "n"): 3, ("inputs", "dry"): True}
    assert truth(tree("github.event_name == 'push' && github.event.x"), known) is None
    assert truth(tree("GitHub['EVENT_NAME'] == 'push'"), known) is True
    assert truth(tree("github.event_name != 'push' && github.event.x"), known) is False
    assert truth(tree("matrix.n > 2"), known) is True
    assert truth(tree("!inputs.dry"), known) is False
    folded = fold(tree("format('{0}/{1}', matrix['n'], github.event_name)"), known)
    assert folded is not None
    assert folded.value == "3/Push"


NUMBERS = {"": 0, " 12 ": 12, "+.5e1": 5, "0x7fffffff": 2147483647, "0xffffffff": -1, "0o37777777777": -1,
           "Infinity": math.inf, "-Infinity": -math.inf, "0x" + "0" * 50 + "a": 10}  # fmt: skip
NOT_NUMBERS = ["x", "0x", "0x1ffffffff", "0X1", "0b1", "1_0", "infinity", "nan", "١", "1e", "0x" + "f" * 20_000]


def test_numbers_are_read_as_the_service_reads_them() -> None:
    assert {text: parse_number(text) for text in NUMBERS} == NUMBERS
    assert [text for text in NOT_NUMBERS if not math.isnan(parse_number(text))] == []


def test_numbers_are_written_as_the_service_writes_them() -> None:
    values = [0.0, -0.0, 1.0, 0.1, 1 / 3, 1e15, 1e14, 1e-5, 1e-4, -2.5, math.nan, math.inf, -math.inf]
    assert [to_string(value) for value in values] == [
        "0", "0", "1", "0.1", "0.333333333333333", "1E+15", "100000000000000", "1E-05", "0.0001", "-2.5", "NaN",
        "Infinity", "-Infinity",
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- conditions

CONDITIONS: dict[str, tuple[str, str | None, bool | None]] = {
    # text: (kind, tree, constant)
    "": ("empty", None, None),
    " \n": ("empty", None, None),
    "${{ '' }}": ("empty", None, None),
    "github.ref == 'x'": ("bare", "(github.['ref'] == 'x')", None),
    "false": ("bare", "false", False),
    " true ": ("bare", "true", True),
    "'text'": ("bare", "'text'", True),
    "${{ false }}": ("fenced", "false", False),
    "${{ 'false' }}": ("fenced", "false", False),
    "${{ ('false') }}": ("fenced", "'false'", True),
    "${{ github.x && false }}": ("fenced", "(github.['x'] && false)", False),
    "${{ false }} ": ("mixed", "format('{0} ', false)", True),
    "${{ false }}\n": ("mixed", "format('{0}\n', false)", True),
    "${{ a }} && b": ("mixed", "format('{0} && b', a)", True),
    "!${{ a }}": ("mixed", "format('!{0}', a)", True),
    "{ ${{ a }} }": ("mixed", "format('{{ {0} }}', a)", True),
    "${{ a }}${{ b }}": ("mixed", "format('{0}{1}', a, b)", None),
    "${{ a": ("fenced", None, None),
    "${{ a b }}": ("fenced", None, None),
    "a b": ("bare", None, None),
    "${{ 'a b' }}": ("fenced", None, None),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.items())
def test_condition(text: str, expected: tuple[str, str | None, bool | None]) -> None:
    found = condition(text)
    assert (found.kind, shape(found.expr) if found.expr else None, found.constant) == expected
    assert bool(found.errors) is (found.expr is None and found.kind != "empty")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", False),
        ("a || Failure ( )", True),
        ("!cancelled()", True),
        ("'always()'", False),
        ("x ${{ always() }}", True),
    ],
)
def test_condition_finds_status_functions(text: str, expected: bool) -> None:
    assert condition(text).has_status is expected


def test_broken_condition_says_where() -> None:
    [error] = condition("${{ 'a b' }}").errors
    assert (error.message, error.start, error.end) == ("unexpected 'b'", 7, 8)
    first, second = condition("${{ a b }} && ${{ }}").errors
    assert (first.start, first.end) == (6, 7)
    assert second.message == "an expression was expected"
