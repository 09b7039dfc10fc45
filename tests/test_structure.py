"""What `structure` says about a file: the words, the place under the caret and the YAML path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chittyops_policy import structure
from chittyops_policy.document import MAX_DEPTH, Mapping, parse_text, to_value
from chittyops_policy.structure_checks import CHECKS

SCHEMAS = Path(__file__).parents[1] / "schemas"
FORMATS = ("workflow", "action", "dependabot")
JOB = "on: push\njobs:\n  build:\n    runs-on: x\n"
STEP = JOB + "    steps:\n      - run: make\n"
ACTION = "name: n\ndescription: d\n"


def said(kind: str, text: str) -> list[tuple[str, str, str]]:
    """(the text under the caret, the YAML path, the words) of each problem, in file order."""
    document = parse_text("file.yml", text)
    assert document.error is None
    return [
        (text[problem.span.start : problem.span.end], document.route(problem.node), problem.message)
        for problem in structure.schema_problems(document, kind)
    ]


CASES: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {
    "empty file": ("workflow", "# soon\n", [("", "", "the file is empty")]),
    "second document": (
        "workflow",
        JOB + "---\non: push\n",
        [("---", "", "a second YAML document starts here; GitHub reads one")],
    ),
    "unknown key with a hint": (
        "workflow",
        JOB + "    step: []\n",
        [("step", "jobs.build.step", "unknown key 'step'; did you mean 'steps'?")],
    ),
    "unknown key without a hint": (
        "workflow",
        "on: push\njobs: {a: {runs-on: x}}\nzzz: 1\n",
        [
            (
                "zzz",
                "zzz",
                "unknown key 'zzz'; known here: concurrency, defaults, description, env, jobs, name, on, permissions, "
                "run-name",
            )
        ],
    ),
    "underscore for a hyphen": (
        "workflow",
        "on: push\njobs: {a: {runs_on: x}}\n",
        [
            ("a", "jobs.a", "'runs-on' is missing"),
            ("runs_on", "jobs.a.runs_on", "unknown key 'runs_on'; did you mean 'runs-on'?"),
        ],
    ),
    "merge key": (
        "workflow",
        STEP + "      - <<: {run: x}\n        run: y\n",
        [("<<", "jobs.build.steps[1]['<<']", "GitHub does not know YAML merge keys (<<)")],
    ),
    "run and uses": (
        "workflow",
        STEP + "        uses: a/b@v1\n",
        [("run", "jobs.build.steps[0].run", "a step has uses or run, not both")],
    ),
    "steps beside uses": (
        "workflow",
        "on: push\njobs:\n  call:\n    uses: ./x.yml\n    runs-on: x\n",
        [("runs-on", "jobs.call.runs-on", "a job that calls a reusable workflow has no runs-on")],
    ),
    "empty value": (
        "workflow",
        "on: push\nenv:\njobs: {a: {runs-on: x}}\n",
        [("env", "env", "expected a mapping or an expression, found nothing")],
    ),
    "text for a boolean": (
        "workflow",
        JOB + "    continue-on-error: yes\n",
        [("yes", "jobs.build.continue-on-error", "expected true or false or an expression, found the text 'yes'")],
    ),
    "mapping for an event without options": (
        "workflow",
        "on:\n  status:\n    types: [x]\njobs: {a: {runs-on: x}}\n",
        [("status", "on.status", "expected nothing, found a mapping")],
    ),
    "unknown event": (
        "workflow",
        "on: [push, pull-request]\njobs: {a: {runs-on: x}}\n",
        [("pull-request", "on[1]", "unknown value 'pull-request'; did you mean 'pull_request'?")],
    ),
    "job id": (
        "workflow",
        "on: push\njobs: {1st: {runs-on: x}}\n",
        [
            (
                "1st",
                "jobs.1st",
                "'1st': an id starts with a letter or _, has only letters, digits, - and _, fewer than 100 of them, "
                "and does not start with __",
            )
        ],
    ),
    "same key in other letter case": (
        "workflow",
        "on: push\nenv:\n  Path: a\n  PATH: b\njobs: {a: {runs-on: x}}\n",
        [("PATH", "env.PATH", "'PATH' and 'Path' are the same key for GitHub, which ignores letter case")],
    ),
    "context that is not there yet": (
        "workflow",
        JOB + "    if: ${{ github.ref && env.DEPLOY }}\n",
        [
            (
                "env",
                "jobs.build.if",
                "the context 'env' is not available in a job's if; available: github, inputs, needs, vars",
            )
        ],
    ),
    "function that is not there": (
        "workflow",
        STEP + "        name: ${{ always() }}\n",
        [("always", "jobs.build.steps[0].name", "the function 'always' is not available in a step")],
    ),
    "place inside a folded block": (
        "workflow",
        STEP + "        if: >-\n          success() &&\n          nope.x\n",
        [("nope", "jobs.build.steps[0].if", "there is no context 'nope'; a text needs single quotes")],
    ),
    "expression where none may be": (
        "workflow",
        JOB + "    steps:\n      - uses: a/b@${{ github.ref }}\n",
        [("a/b@${{ github.ref }}", "jobs.build.steps[0].uses", "an expression is not allowed here")],
    ),
    "a circle of needs": (
        "workflow",
        "on: push\njobs:\n  a: {runs-on: x, needs: c}\n  b: {runs-on: x, needs: a}\n  c: {runs-on: x, needs: b}\n",
        [("a", "jobs.b.needs", "the jobs wait for each other: a → c → b → a")],
    ),
    "unknown need": (
        "workflow",
        JOB + "  test: {runs-on: x, needs: [Build, lint]}\n",
        [("lint", "jobs.test.needs[1]", "there is no job 'lint' in this workflow")],
    ),
    "wait for a later step": (
        "workflow",
        JOB + "    steps:\n      - wait: later\n      - {run: x, id: later}\n",
        [("later", "jobs.build.steps[0].wait", "no earlier step has the id 'later'")],
    ),
    "cron": (
        "workflow",
        "on: {schedule: [{cron: '0 25 * * *'}, {cron: '@daily'}]}\njobs: {a: {runs-on: x}}\n",
        [
            ("'0 25 * * *'", "on.schedule[0].cron", "'25' is no hour; it goes from 0 to 23"),
            ("'@daily'", "on.schedule[1].cron", "a cron schedule has five fields with blanks between them, not 1"),
        ],
    ),
    "default of an input": (
        "workflow",
        "on: {workflow_dispatch: {inputs: {a: {type: boolean, default: 'true'}, b: {default: 1}}}}\n"
        "jobs: {a: {runs-on: x}}\n",
        [
            (
                "'true'",
                "on.workflow_dispatch.inputs.a.default",
                "the default of a boolean input must be true or false, without quotes",
            ),
            (
                "1",
                "on.workflow_dispatch.inputs.b.default",
                "the default of this input must be a string; put it in quotes",
            ),
        ],
    ),
    "composite step without a shell": (
        "action",
        ACTION + "runs:\n  using: composite\n  steps:\n    - run: make\n",
        [("run", "runs.steps[0]", "'shell' is missing")],
    ),
    "action that does nothing": (
        "action",
        ACTION + "runs: {using: composite}\n",
        [("runs", "runs", "runs needs steps (composite), main (JavaScript) or image (Docker)")],
    ),
    "both directories": (
        "dependabot",
        "version: 2\nupdates:\n"
        "  - {package-ecosystem: npm, directory: /, directories: [/], schedule: {interval: daily}}\n",
        [("/", "updates[0].directory", "an update has directory or directories, not both")],
    ),
    "problem at two aliases": (
        "workflow",
        "on: push\nenv: &e {A: [1]}\njobs: {a: {runs-on: x, env: *e}}\n",
        [("A", "env.A", "expected text, found a list")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_words_and_places(name: str) -> None:
    kind, text, expected = CASES[name]
    assert said(kind, text) == expected


def test_a_file_that_is_not_yaml_is_left_to_the_rule_that_says_so() -> None:
    assert structure.workflow_problems(parse_text("file.yml", "on: [")) == []


def test_deep_nesting_is_judged_without_recursion() -> None:
    depth = MAX_DEPTH - 20
    deep = "[" * depth + "'${{ secrets.X }}'" + "]" * depth
    text = f"on: push\njobs: {{a: {{runs-on: x, strategy: {{matrix: {{a: [{deep}]}}}}}}}}\n"
    ((caret, _, words),) = said("workflow", text)
    assert (caret, words.partition(";")[0]) == ("secrets", "the context 'secrets' is not available in a job's strategy")


def test_many_aliases_are_judged() -> None:
    steps = "".join("      - *s\n" for _ in range(5000))
    assert said("workflow", JOB + "    steps:\n      - &s {run: make, env: {A: '${{ github.ref }}'}}\n" + steps) == []


# ---------------------------------------------------------------------------------------------------- the schemas

ANNOTATIONS = {
    "$schema", "$defs", "title", "description", "errorMessage", "patternErrorMessage", "x-condition", "x-expressions",
    "x-format", "x-lenient", "x-places", "x-unknown-keys",
}  # fmt: skip
SUPPORTED = {
    "$ref", "additionalProperties", "allOf", "const", "else", "enum", "if", "items", "maxItems", "maxLength", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "not", "pattern", "patternProperties", "properties",
    "propertyNames", "required", "then", "type", "uniqueItems",
}  # fmt: skip
"""The keywords that our evaluator knows; another one in a schema would be ignored silently."""


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for keyword in ("properties", "patternProperties", "$defs"):
        for part in schema.get(keyword, {}).values():
            yield from subschemas(part)
    for keyword in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not"):
        if isinstance(schema.get(keyword), dict):
            yield from subschemas(schema[keyword])
    for part in schema.get("allOf", ()):
        yield from subschemas(part)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_schema_is_valid_and_keeps_to_what_the_evaluator_knows(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    used = set()
    for part in subschemas(schema):
        assert set(part) <= SUPPORTED | ANNOTATIONS
        if "$ref" in part:
            used.add(part["$ref"].removeprefix("#/$defs/"))
            assert set(part) <= {"$ref", "description", "x-format"}, "the evaluator reads nothing else beside $ref"
        if "x-expressions" in part:
            assert part["x-expressions"] in schema["x-places"]
        if "x-format" in part:
            assert part["x-format"] in CHECKS
        if "allOf" not in part and "if" not in part and part.get("type") == "object":
            assert "additionalProperties" in part, "a mapping is closed, or says what else it takes"
    assert used == set(schema.get("$defs", {})), "a definition is unused or missing"


@pytest.mark.parametrize("kind", FORMATS)
def test_every_property_tells_an_editor_what_it_is_for(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    silent = []
    for part in subschemas(schema):
        if part.get("type") != "object" and "object" not in part.get("type", ()):
            continue
        for name, value in part.get("properties", {}).items():
            target = schema["$defs"][value["$ref"].removeprefix("#/$defs/")] if "$ref" in value else value
            if not value.get("description") and not target.get("description"):
                if value.get("type") != "null":  # nothing but a message for a key in the wrong place
                    silent.append(name)
    assert silent == []


@pytest.mark.parametrize("types", [None, ["string", "number", "boolean", "null"], ["string", "number", "boolean"]])
@pytest.mark.parametrize(
    ("bound", "values"),
    [
        ({"maximum": 5}, ["5", "10", "1e3", "'10'", "ten"]),
        ({"minimum": 5}, ["5", "-10", "'1'", "true"]),
        ({"maxLength": 3}, ["abc", "abcdef", "'abcdef'", "12345"]),
        ({"minLength": 1, "maxLength": 3}, ["''", "abc", "abcd"]),
    ],
)
def test_a_bound_counts_whatever_else_is_taken(
    bound: dict[str, Any], values: list[str], types: list[str] | None
) -> None:
    schema = bound if types is None else {**bound, "type": types}
    for value in values:
        document = parse_text("file.yml", f"a: {value}\n")
        assert isinstance(document.root, Mapping)
        node = document.root.get("a")
        assert node is not None
        found = structure.node_check(schema)(document, node)
        assert bool(found) is not Draft202012Validator(schema).is_valid(to_value(node)), value
