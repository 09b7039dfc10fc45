"""Our reading of expressions against GitHub's own: `@actions/expressions` and `@actions/workflow-parser` from npm.

Three kinds of input: what real workflows hold, expressions made up at random (the same in every run), and hand-picked
texts for the edges. They must agree everywhere; where we follow the service instead of its npm packages, DIFFERENCES
says so, and the test below it fails as soon as either side changes its mind.
"""

from __future__ import annotations

import json
import math
import os
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from chittyops_policy.expressions import (
    BUILTIN_FUNCTIONS,
    CONTEXTS,
    FUNCTIONS,
    Call,
    Expr,
    ExpressionError,
    Name,
    available,
    check,
    condition,
    fold,
    parse,
    segments,
    template_error,
    walk,
)

from .referees import github_parser

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
EXTENSIONS = [
    {"name": name, "minArgs": least, "maxArgs": most}
    for name, (least, most) in FUNCTIONS.items()
    if name not in BUILTIN_FUNCTIONS
]

pytestmark = pytest.mark.skipif(
    github_parser.unavailable_reason() is not None, reason=str(github_parser.unavailable_reason())
)


# ------------------------------------------------------------------------------------------- made up, but not at will

STRINGS = ["", "a", "A", "abc", "ABC", "push", "it''s", "a b", "0", "1", "1.5", "0x1F", " 12 ", "-3e2", "true", "NaN",
           "Infinity", "[1,2]", "}}", "${{", "{0}", "é", "É", "日本", "null", "\t", ","]  # fmt: skip
NUMBERS = ["0", "1", "-1", "+2", "12", "1.5", ".5", "5.", "-.25", "1e3", "1E-2", "+1.5e+2", "0xff", "0x0", "0xABCdef",
           "0o17", "0o0", "007", "1e999", "-1e999", "-Infinity", "NaN", "Infinity"]  # fmt: skip
NOT_NUMBERS = ["1x", "0x", "0xg", "0o8", "1.2.3", "1e", "--1", "+", "-", "1_000", "-0x1", "1-2", ".5.5", "-NaN"]
WORDS = ["true", "false", "null", "True", "FALSE", "Null", "nan", "infinity"]
JSON = ["[]", "{}", "[1,2,3]", '["a","B",null,true]', '{"a":1,"B":{"c":[1,2]}}', '[{"n":1},{"n":"x"},{"m":2},3]',
        "null", "true", "1.5", '"text"', "-0", "1e2"]  # fmt: skip
STEPS = ["[0]", "[1]", "[-1]", "['a']", "[ 'B' ]", ".b", ".a", ".*", "[*]", ".n", ".c", "[99]", "[null]", "[1.9]"]
NAMES = ["github", "env", "secrets", "matrix", "steps", "needs"]
PARTS = ["event", "ref", "Name", "_x", "a-b", "true", "null", "outputs", "X1"]
BAD_STEPS = ["[]", ".", "..a", ".1", "['a'", "()", ".a()", "[*.a]", "['a','b']"]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "&&", "||"]
CALLS = {"contains": (2, 2), "startsWith": (2, 2), "endsWith": (2, 2), "join": (1, 2), "toJSON": (1, 1), "case": (3, 3)}
FORMATS = ["{0}", "{{0}}", "a{0}b", "{0}{0}", "x", "{1}-{0}", "}}{{"]
NOISE = "'\"()[].,*!<>=&|+-_$#@{}%0123456789abxoeE \t\né日"


def made_literal(random: Random) -> str:
    """A constant; one in twenty only looks like one."""
    kind = random.random()
    if kind < 0.35:
        return f"'{random.choice(STRINGS)}'"
    if kind < 0.7:
        return random.choice(NUMBERS)
    if kind < 0.95:
        return random.choice(WORDS[:3])
    return random.choice(NOT_NUMBERS + WORDS[3:])


def made_constant(random: Random, depth: int = 3) -> str:
    """An expression without contexts, whose value is certain."""
    kind = random.random()
    if depth <= 0 or kind < 0.2:
        return made_literal(random)
    gap = random.choice(["", "", "", " ", "\t", "\n"])
    if kind < 0.55:
        left, right = made_constant(random, depth - 1), made_constant(random, depth - 1)
        return f"{left} {random.choice(OPERATORS)}{gap}{right}"
    if kind < 0.63:
        return f"({gap}{made_constant(random, depth - 1)}{gap})"
    if kind < 0.7:
        return f"!{gap}{made_constant(random, depth - 1)}"
    if kind < 0.78:
        return f"fromJSON('{random.choice(JSON)}')" + "".join(random.choices(STEPS, k=random.choice([0, 1, 1, 2, 3])))
    if kind < 0.86:
        args = [made_constant(random, depth - 2) for _ in range(random.choice([2, 2, 3]))]
        return f"format('{random.choice(FORMATS)}', {', '.join(args)})"
    name, (least, most) = random.choice(list(CALLS.items()))
    count = random.randint(least, most) if random.random() < 0.95 else random.randint(0, 4)
    args = [made_constant(random, depth - 1) for _ in range(count)]
    if name == "case" and args:
        args[0] = f"!({args[0]})"  # anything but a boolean fails at run time
    spelled = random.choice([name, name, name.upper(), name.lower()])
    return f"{spelled}{gap}({f',{gap}'.join(args)})"


def made_access(random: Random, depth: int = 2) -> str:
    """A context and some steps into it; some contexts and some steps do not exist."""
    text = random.choice([*NAMES, "GitHub", "SECRETS", "nothing"] if random.random() < 0.3 else NAMES)
    for _ in range(random.randint(0, 4)):
        gap = random.choice(["", "", " ", "\n"])
        step = random.random()
        if step < 0.5:
            text += f".{gap}{random.choice(PARTS)}"
        elif step < 0.62:
            text += random.choice([".*", f"[{gap}*{gap}]"])
        elif step < 0.8:
            text += f"[{gap}'{random.choice(PARTS)}']"
        elif step < 0.95:
            text += f"[{made_mixed(random, depth - 1)}]"
        else:
            text += random.choice(BAD_STEPS)
    return text


def made_mixed(random: Random, depth: int = 3) -> str:
    """An expression over contexts, constants and functions."""
    kind = random.random()
    if depth <= 0 or kind < 0.4:
        return made_access(random, depth)
    if kind < 0.5:
        return made_constant(random, 1)
    if kind < 0.7:
        return f"{made_mixed(random, depth - 1)} {random.choice(OPERATORS)} {made_mixed(random, depth - 1)}"
    if kind < 0.78:
        return f"({made_mixed(random, depth - 1)}){random.choice(['', '.a', '[0]', '.*'])}"
    if kind < 0.84:
        return "!" + made_mixed(random, depth - 1)
    if kind < 0.9:
        return random.choice(["always()", "success()", "hashFiles('a', 'b')", "failure( )", "hashFiles()", "nope(1)"])
    return f"{random.choice(list(CALLS))}({made_mixed(random, depth - 1)}, {made_mixed(random, depth - 1)})"


def made_broken(random: Random) -> str:
    """A good expression after one to three accidents of typing."""
    text = list(random.choice([made_constant, made_mixed])(random, 2))
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(text))
        action = random.random()
        if action < 0.4:
            text.insert(at, random.choice(NOISE))
        elif action < 0.7:
            del text[at : at + 1]
        else:
            text[at : at + 1] = random.choice(NOISE)
    return "".join(text)


@lru_cache(maxsize=1)
def made_up() -> tuple[str, ...]:
    random = Random("chittyops")
    made = [make(random) for make in (made_constant, made_mixed, made_broken) for _ in range(700)]
    return tuple(dict.fromkeys(made))


# ------------------------------------------------------------------------------------------------- the two verdicts


def ours(text: str, contexts: frozenset[str] = CONTEXTS) -> Expr | ExpressionError:
    tree = parse(text)
    if isinstance(tree, ExpressionError):
        return tree
    return next(iter(check(tree, contexts)), tree)


def github_on(texts: list[str], mode: str, contexts: list[str]) -> list[dict[str, Any]]:
    request = {"kind": "expression", "mode": mode, "contexts": contexts, "functions": EXTENSIONS}
    return github_parser.ask([{**request, "text": text} for text in texts])


def disagreements(texts: list[str], contexts: list[str]) -> list[str]:
    found = []
    for text, answer in zip(texts, github_on(texts, "parse", contexts), strict=True):
        verdict = ours(text, frozenset(contexts))
        if answer["ok"] is isinstance(verdict, ExpressionError):
            found.append(f"{text!r}: we say {verdict}, GitHub says {answer}")
    return found


def is_constant(tree: Expr | ExpressionError) -> bool:
    return isinstance(tree, Expr) and not any(
        isinstance(node, Name) or (isinstance(node, Call) and node.key not in BUILTIN_FUNCTIONS) for node in walk(tree)
    )


def same_value(tree: Expr, answer: dict[str, Any]) -> bool:
    """Whether the value we fold to is GitHub's; what fails there must be unknown to us, and so must a collection."""
    folded = fold(tree)
    if not answer["ok"] or isinstance(answer["value"], list | dict):
        return folded is None
    if folded is None:
        return False
    value: Any = folded.value
    if isinstance(value, float):
        # JSON, in which the referee answers, has neither infinities nor NaN.
        if not math.isfinite(value):
            return answer["value"] is None
        return type(answer["value"]) in (int, float) and value == answer["value"]
    return type(value) is type(answer["value"]) and value == answer["value"]


# --------------------------------------------------------------------------------------------------------- the tests


def test_made_up_expressions_are_accepted_or_rejected_alike() -> None:
    texts = [text for text in made_up() if text.strip()]
    verdicts = [isinstance(ours(text, frozenset(NAMES)), ExpressionError) for text in texts]
    assert len(texts) > 1500
    assert verdicts.count(False) > 500, "too few valid ones to say anything"
    assert verdicts.count(True) > 400, "too few broken ones to say anything"
    assert disagreements(texts, NAMES) == []


def test_made_up_constants_have_the_same_value() -> None:
    texts = [text for text in made_up() if is_constant(ours(text))]
    texts += [f"format('{{0}}', {text})" for text in texts]
    # Written as JSON, infinities and NaN differ: see DIFFERENCES.
    texts = [text for text in texts if "tojson" not in text.lower() or not ({"NaN", "Infinity", "1e999"} & words(text))]
    assert len(texts) > 800
    wrong = [
        f"{text!r}: we fold to {fold(tree)}, GitHub says {answer}"
        for text, answer in zip(texts, github_on(texts, "evaluate", []), strict=True)
        if not same_value(tree := parsed(text), answer)
    ]
    assert wrong == []


def words(text: str) -> set[str]:
    return set("".join(letter if letter.isalnum() else " " for letter in text).split())


def parsed(text: str) -> Expr:
    tree = parse(text)
    assert isinstance(tree, Expr), f"{text!r}: {tree}"
    return tree


def deep(opening: str, count: int, closing: str, middle: str = "1") -> str:
    return opening * count + middle + closing * count


LIMITS = {
    "49 parentheses": deep("(", 49, ")"),
    "50 parentheses": deep("(", 50, ")"),
    "49 negations": deep("!", 49, ""),
    "50 negations": deep("!", 50, ""),
    "49 steps": "github" + ".a" * 49,
    "50 steps": "github" + ".a" * 50,
    "bracket steps": "github" + "['a']" * 49,
    "too many bracket steps": "github" + "[0]" * 50,
    "24 nested calls": deep("format('{0}', (", 24, "))"),
    "25 nested calls": deep("format('{0}', (", 25, "))"),
    "16 nested operands": deep("1 || (1 && (", 16, "))"),
    "17 nested operands": deep("1 || (1 && (", 17, "))"),
    "2,000 operators": " && ".join(["true"] * 2000),
    "300 comparisons": " == ".join(["1"] * 300),
    "21,000 characters": "'" + "a" * 20998 + "'",
    "21,001 characters": "'" + "a" * 20999 + "'",
    "21,000 UTF-16 units": "'" + "😀" * 10499 + "'",
    "21,002 UTF-16 units": "'" + "😀" * 10500 + "'",
    "255 arguments": f"format({', '.join(['1'] * 255)})",
    "256 arguments": f"format({', '.join(['1'] * 256)})",
}


@pytest.mark.parametrize("text", LIMITS.values(), ids=LIMITS.keys())
def test_limits_lie_where_github_has_them(text: str) -> None:
    assert disagreements([text], NAMES) == []


REJECTED = "rejected"
FAILS = "fails at run time"
DIFFERENCES: dict[str, tuple[str, object, object, str]] = {
    # name: (expression, our verdict or value, the package's, why ours is right)
    "comma behind the last argument": (
        "contains('a', 'b',)", REJECTED, False, "the service's lexer wants an operand after each comma"),
    "second escaped quote": (
        "'it''s ''so'''", "it's 'so'", "it's ''so''", "the package resolves only the first escape, the service all"),
    "binary numbers": (
        "0b11", REJECTED, 3, "JavaScript's Number() reads them, the service's ParseNumber does not"),
    "binary number in a text": (
        "'0b11' == 3", False, True, "as above, for coercion"),
    "upper-case base prefix": (
        "0XFF", REJECTED, 255, "the service knows 0x and 0o only in lower case"),
    "32-bit hexadecimal": (
        "0xFFFFFFFF", -1.0, 4294967295, "the service reads a signed 32-bit integer"),
    "33-bit hexadecimal": (
        "0x100000000", REJECTED, 4294967296, "the service reads a signed 32-bit integer"),
    "no-break space": (
        "1\u00a0== 1", True, REJECTED, "the service skips every Unicode blank, the package four characters"),
    "numbers that are none, as JSON": (
        "toJSON(-Infinity)", "-Infinity", "null", "the service writes the number as text, JavaScript writes null"),
    "large numbers as text": (
        "format('{0}', 1e21)", "1E+21", "1e+21", "the service formats with .NET's G15"),
    "long numbers as text": (
        "format('{0}', 12345678901234567890)", "1.23456789012346E+19", "12345678901234567000", "as above"),
    "letters that become two": (
        "'ß' == 'ss'", False, True, "OrdinalIgnoreCase compares letter by letter"),
    "arguments that are not needed": (
        "case(true, 1, format('{'))", 1.0, FAILS, "the service evaluates arguments when it needs them"),
    "text behind the number of a format item": (
        "format('{0!}', 'a')", None, "a", "an error in the service, which takes a colon there"),
    "no expression at all": (
        " ", REJECTED, FAILS, "between fences the service expects one; an empty `if:` is handled by condition()"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "mine", "theirs", "why"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_known_differences_are_still_there(text: str, mine: object, theirs: object, why: str) -> None:
    assert why
    tree = ours(text)
    if isinstance(tree, ExpressionError):
        assert mine == REJECTED, tree
    else:
        folded = fold(tree)
        assert mine == (None if folded is None else folded.value)
        assert type(mine) is type(None if folded is None else folded.value)
    accepted = github_on([text], "parse", [])[0]["ok"]
    answer = github_on([text], "evaluate", [])[0]
    assert theirs == (answer["value"] if answer["ok"] else FAILS if accepted else REJECTED)


# -------------------------------------------------------------------------------------------- whole scalars, in a file

SCALARS = [
    "plain", "${{ 1 }}", "${{1}}", "a ${{ 1 }} b", "${{ 1 }}${{ 2 }}", "${{ 1 }} ${{ }}", "${{}}", "${{ }}", "${{",
    "${{ 1", "${{ 1 }", "${{ 1 } }", "${{ 1 }}}", "}} ${{ 1 }}", "${{ '}}' }}", "${{ '}' }}", "${{ 'a''}}' }}",
    "${{ 'a }}", "${{ 'a }} it's", "${{ 'a }}' }}", "${{ 'a' }}'", "'${{ 1 }}'", "'${{ 1 '}}'", "${{ ${{ 1 }} }}",
    "$${{ 1 }}", "$ {{ 1 }}", "{{ 1 }}", "${{ 1 }} ${{ 'x", "${{ 1 ${{ 2 }}", "${{ github.x\n}}", "a\n${{ 1 }}\n",
    "${{ \"a\" }}", "${{ a }}", "${{ github.sha }} ${{ secrets.X }}", "${{ insert }}", "x ${{ insert }}",
    "${{ insert x }}", "${{ insertion }}", "${{ github.sha && }}", "${{ fromJSON('{\"a\": {\"b\": 1}}').a.b }}",
    "${{ format('{{}}') }}", "${{ format('}}') }}", "${{ '${{' }}", "${{ 1 }} and ${{ '${{ }}' }}", "${{ é }}",
    "${{ 1 }} é ${{ nope() }}", "# ${{ 1", "${{ always() }}", "${{ hashFiles('x') }}", "${{ 'it''s' }} it's ${{ 1 }}",
]  # fmt: skip


def scalar_verdict(text: str, names: frozenset[str], functions: dict[str, tuple[int, int]]) -> bool:
    if template_error(text) is not None:
        return False
    return not any(
        part.error or part.directive or (part.expr and check(part.expr, names, functions)) for part in segments(text)
    )


def made_scalars() -> list[str]:
    random = Random("scalars")
    pieces = ["${{", "}}", "'", "''", " ", "1", "a", "}", "{", "$", "\n", "${{ github.sha }}", "==", "secrets.X"]
    return ["".join(random.choices(pieces, k=random.randint(1, 9))) for _ in range(400)]


def test_segments_end_where_github_ends_them() -> None:
    names, functions = available(
        (
            "github",
            "inputs",
            "vars",
            "needs",
            "strategy",
            "matrix",
            "secrets",
            "steps",
            "job",
            "runner",
            "env",
            "hashFiles(1,255)",
        )
    )
    texts = [text for text in dict.fromkeys([*SCALARS, *made_scalars()]) if text.strip()]
    mine = [scalar_verdict(text, names, functions) for text in texts]
    assert mine.count(True) > 100
    assert mine.count(False) > 100
    assert workflow_disagreements('{"steps": [{"run": %s}]}', texts, mine) == []


CONDITIONS = [
    "", " ", "true", "false", "always()", " always() ", "${{ always() }}", "${{ always() }} && x", "github.ref == 'x'",
    "${{ github.ref }} == 'x'", "!always()", "success() && ${{ failure() }}", "x", "${{ x }}", "'text'",
    "${{ 'true' }}",
    "${{ 'not an expression' }}", "${{ '' }}", "${{ ('a b') }}", "${{ 'a' == 'b c' }}", "${{ 'it''s' }}", "secrets.X",
    "success('a')", "success('a', 'b')", "failure('a')", "always('a')", "cancelled('a')", "hashFiles('x')", "a b",
    "github.event_name == \"push\"", "github.ref = 'x'", "!", "!github.x", "${{ }}", "${{", "1 }}", "${{ 1 }}\n",
    "env.X",
    "contains(github.event.*.labels, 'x') || inputs.y", "needs.a.result == 'success' && vars.B", "#", "true # why",
    "Always()", "always ()", "always", "true && ", "${{ true }} ${{ }}", "matrix.x",
]  # fmt: skip


def test_conditions_are_accepted_or_rejected_alike() -> None:
    names, functions = available(
        ["github", "inputs", "vars", "needs", "always(0,0)", "failure(0,MAX)", "cancelled(0,0)", "success(0,MAX)"]
    )
    mine = []
    for text in CONDITIONS:
        found = condition(text)
        mine.append(not found.errors and (found.expr is None or not check(found.expr, names, functions)))
    assert mine.count(True) > 15
    assert mine.count(False) > 15
    assert workflow_disagreements('{"if": %s, "steps": [{"run": "x"}]}', CONDITIONS, mine) == []


def workflow_disagreements(job: str, texts: list[str], mine: list[bool]) -> list[str]:
    """Puts each text where `job` has %s, as JSON, which is YAML too, and compares the verdicts on the workflow."""
    files = []
    for text in texts:
        jobs = {"a": {"runs-on": "x", **json.loads(job % json.dumps(text))}}
        files.append(("workflow", "w.yml", json.dumps({"on": "push", "jobs": jobs})))
    return [
        f"{text!r}: we {'accept' if accepted else 'reject'} it, GitHub says {verdict}"
        for text, accepted, verdict in zip(texts, mine, github_parser.verdicts(files), strict=True)
        if verdict.accepted is not accepted
    ]


# ---------------------------------------------------------------------------------------------------- real workflows


def corpus_scalars() -> list[tuple[str, bool]]:
    """Every scalar of every workflow and action, and whether it is the value of an `if`."""
    found: dict[tuple[str, bool], None] = {}
    for folder, _, names in os.walk(CORPUS):
        for name in sorted(names):
            if name.endswith((".yml", ".yaml")):
                try:
                    root = yaml.compose(Path(folder, name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
                except (yaml.YAMLError, UnicodeDecodeError):
                    continue
                collect(root, found)
    return list(found)


def collect(root: yaml.Node | None, found: dict[tuple[str, bool], None]) -> None:
    stack = [(root, False)]
    while stack:
        node, is_condition = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            found[node.value, is_condition] = None
        elif isinstance(node, yaml.SequenceNode):
            stack += [(item, False) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            stack += [(value, key.value == "if") for key, value in node.value]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real workflows is not beside this checkout")
def test_real_expressions_are_read_as_github_reads_them() -> None:
    texts: dict[str, None] = {}
    for text, is_condition in corpus_scalars():
        for part in segments(text):
            assert part.error is None, f"{text!r}: {part.error}"
            texts[text[part.inner_start : part.inner_end].strip()] = None
        if is_condition and "${{" not in text:
            texts[text] = None
    assert len(texts) > 1500
    assert disagreements(list(texts), sorted(CONTEXTS)) == []
    constants = [text for text in texts if is_constant(ours(text))]
    answers = github_on(constants, "evaluate", [])
    assert [text for text, answer in zip(constants, answers, strict=True) if not same_value(parsed(text), answer)] == []
