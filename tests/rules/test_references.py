"""Rules about names that lead nowhere, on small cases and on real repositories."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from chittyops_policy.filter_patterns import expression
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CORPUS, corpus, found, needs_corpus, report
from .fixing import fixed, refused

JOB = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
HEAD = f"{JOB}    steps:\n"


# ------------------------------------------------------------------------------------------------- undefined-step


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("      - {id: a, run: x}\n      - run: echo ${{ steps.a.outputs.b }}\n", []),
        ("      - {id: a, run: x}\n      - run: echo ${{ steps['A'].outputs.b }}\n", []),
        ("      - run: echo ${{ toJSON(steps) }} ${{ steps.*.outcome }} ${{ steps[matrix.x].outcome }}\n", []),
        (
            "      - run: echo ${{ steps.a.outcome }}\n",
            ["steps.a: no step of this job has the id 'a'"],
        ),
        (
            "      - {id: build, run: x}\n      - if: steps.biuld.outcome == 'failure'\n        run: x\n",
            ["steps.biuld: no step of this job has the id 'biuld'; did you mean 'build'?"],
        ),
        (
            "      - id: a\n        run: echo ${{ steps.a.outcome }}\n",
            ["steps.a: the step 'a' is this one, so it has no result yet"],
        ),
        (
            "      - run: echo ${{ fromJSON(steps.a.outputs.b || '[]')[0] }}\n      - {id: a, run: x}\n",
            ["steps.a: the step 'a' comes later, so it has no result yet"],
        ),
        (
            "      - parallel:\n          - {id: a, run: x}\n          - {id: b, run: y}\n"
            "      - run: echo ${{ steps.a.outcome }} ${{ steps.b.outcome }}\n",
            [],
        ),
    ],
)
def test_a_step_reads_the_steps_before_it(steps: str, expected: list[str]) -> None:
    assert found("undefined-step", HEAD + steps) == expected


def test_each_job_has_steps_of_its_own() -> None:
    other = "  test:\n    runs-on: x\n    steps: [{run: 'echo ${{ steps.a.outcome }}'}]\n"
    assert len(found("undefined-step", f"{HEAD}      - {{id: a, run: x}}\n{other}")) == 1


def test_an_aliased_list_of_steps_is_judged_where_it_is_written() -> None:
    text = (
        f"{JOB}    steps: &steps\n      - {{id: a, run: x}}\n      - run: echo ${{{{ steps.a.outcome }}}}\n"
        "  test:\n    runs-on: x\n    steps: *steps\n"
    )
    assert found("undefined-step", text) == []


# ------------------------------------------------------------------------------------------------- undefined-need

TWO = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: x}]\n  b:\n%s    runs-on: x\n    steps: [{run: x}]\n"


@pytest.mark.parametrize(
    ("lines", "said", "after"),
    [
        (
            "    if: needs.a.result == 'success'\n",
            ["review: add a to the needs of b"],
            "    if: needs.a.result == 'success'\n    runs-on: x\n    needs: a\n",
        ),
        (
            "    name: b\n    if: needs.a.result || needs.A.outputs.x\n",
            ["review: add a to the needs of b"] * 2,
            "    name: b\n    needs: a\n    if: needs.a.result || needs.A.outputs.x\n    runs-on: x\n",
        ),
        (
            "    needs: c\n    if: needs.a.result\n",
            ["review: add a to the needs of b"],
            "    needs: [c, a]\n    if: needs.a.result\n    runs-on: x\n",
        ),
        (
            "    needs:\n      - c\n    if: needs.a.result\n",
            ["review: add a to the needs of b"],
            "    needs:\n      - c\n      - a\n    if: needs.a.result\n    runs-on: x\n",
        ),
        (
            "    if: needs.z.result\n",
            ["no fix: there is no such job; only its owners know which is meant"],
            "    if: needs.z.result\n    runs-on: x\n",
        ),
    ],
)
def test_a_job_is_made_to_wait(lines: str, said: list[str], after: str) -> None:
    more = "  c:\n    runs-on: x\n    steps: [{run: x}]\n"
    done = fixed("undefined-need", TWO % lines + more)
    assert done.said == said
    assert done.text() == TWO.replace("%s    runs-on: x\n", after) + more


def test_jobs_are_not_made_to_wait_for_each_other() -> None:
    text = (TWO % "    if: needs.a.result\n").replace("  a:\n", "  a:\n    needs: [c]\n") + (
        "  c:\n    needs: b\n    runs-on: x\n    steps: [{run: x}]\n"
    )
    assert refused("undefined-need", text) == ["'a' waits for this job, so this one cannot wait for it"]


# ----------------------------------------------------------------------------------------------- undefined-output

ACTION = "name: a\ndescription: a\noutputs: {x: {description: x, value: y}}\nruns: {using: %s, steps: []}\n"


@pytest.mark.parametrize(
    ("using", "steps", "count"),
    [
        ("composite", "      - uses: actions/checkout@v4\n", 1),
        ("composite", "", 1),  # without a checkout the action is not there either, which is another rule's
        ("composite", "      - uses: actions/checkout@v4\n        with: {ref: main}\n", 0),
        ("composite", "      - uses: actions/checkout@v4\n        with: {repository: a/b}\n", 0),
        ("node24", "      - uses: actions/checkout@v4\n", 0),
    ],
)
def test_only_a_composite_action_of_this_commit_has_no_other_outputs(using: str, steps: str, count: int) -> None:
    text = f"{HEAD}{steps}      - {{id: a, uses: ./a}}\n      - run: echo ${{{{ steps.a.outputs.y }}}}\n"
    files = {".github/workflows/x.yml": text, "a/action.yml": ACTION % using}
    assert len(found("undefined-output", files)) == count


def test_the_outputs_of_another_repository_count_where_it_is_part_of_the_run() -> None:
    text = (
        "on: push\njobs:\n  a:\n    uses: acme/ci/.github/workflows/a.yml@main\n"
        "  b:\n    needs: a\n    runs-on: x\n    steps: [{run: 'echo ${{ needs.a.outputs.y }}'}]\n"
    )
    assert found("undefined-output", text) == []
    called = "on:\n  workflow_call:\n    outputs: {x: {value: z}}\njobs: {}\n"
    lookups = Lookups({"acme/ci": Snapshot(MemoryTree({".github/workflows/a.yml": called}), "acme/ci")})
    assert found("undefined-output", text, lookups=lookups) == [
        "needs.a.outputs.y: the job 'a' has no output 'y'; it has x"
    ]


# ------------------------------------------------------------------------------------------------ undefined-input


@pytest.mark.parametrize(
    ("head", "count"),
    [
        ("on: push\n", 2),
        ("on: [push, workflow_dispatch]\n", 2),
        ("on: {workflow_dispatch: {inputs: {a: {}}}}\n", 0),
        ("on: {workflow_dispatch: {inputs: {b: {}}}}\n", 2),
        ("on: {workflow_call: {inputs: {a: {type: string}}}}\n", 0),
        ("on: {workflow_call: , workflow_dispatch: {inputs: {a: {}}}}\n", 0),
        ("on: workflow_call\n", 1),
    ],
)
def test_inputs_come_from_two_triggers(head: str, count: int) -> None:
    steps = "      - run: echo ${{ inputs.a }} ${{ github.event.inputs.A }} ${{ toJSON(inputs) }}\n"
    assert len(found("undefined-input", HEAD.replace("on: push\n", head) + steps)) == count


# ------------------------------------------------------------------------------------------- undefined-matrix-key


@pytest.mark.parametrize(
    ("matrix", "count"),
    [
        ("{a: [1]}", 0),
        ("{A: [1]}", 0),
        ("{b: [1], include: [{a: 1}]}", 0),
        ("{b: [1], exclude: [{a: 1}]}", 1),
        ("{b: [1], include: '${{ fromJSON(vars.X) }}'}", 0),
        ("{b: [1], include: [{'${{ vars.X }}': 1}]}", 0),
        ("'${{ fromJSON(vars.X) }}'", 0),
        ("{b: '${{ fromJSON(vars.X) }}'}", 1),
    ],
)
def test_keys_of_a_matrix(matrix: str, count: int) -> None:
    text = f"{JOB}    strategy:\n      matrix: {matrix}\n    steps: [{{run: 'echo ${{{{ matrix.a }}}}'}}]\n"
    assert len(found("undefined-matrix-key", text)) == count


@pytest.mark.parametrize(
    ("values", "count"),
    [("[1, x]", 1), ("[{b: 1}, 2]", 0), ("[{c: 1}]", 1), ("['${{ vars.X }}']", 0), ("'${{ fromJSON(vars.X) }}'", 0)],
)
def test_parts_of_a_value(values: str, count: int) -> None:
    text = f"{JOB}    strategy:\n      matrix: {{a: {values}}}\n    steps: [{{run: 'echo ${{{{ matrix.a.b }}}}'}}]\n"
    assert len(found("undefined-matrix-key", text)) == count


# ------------------------------------------------------------------------------------------------ filter patterns


@pytest.mark.parametrize(
    ("pattern", "covered", "left"),
    [
        ("main", ["main"], ["mains", "a/main"]),
        ("*", ["a", "a.b"], ["a/b"]),
        ("**", ["a", "a/b/c"], []),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "a/docs/b"]),
        ("**/docs/**", ["docs/a", "x/docs/a/b"], ["docs"]),
        ("**.js", ["a.js", "a/b.js"], ["a.jsx"]),
        ("**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]),
        ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.0"]),
        ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_a_pattern_means_what_the_cheat_sheet_says(pattern: str, covered: list[str], left: list[str]) -> None:
    compiled = re.compile(expression(pattern))
    assert [text for text in covered + left if compiled.fullmatch(text)] == covered


@pytest.mark.parametrize(
    ("lines", "messages"),
    [
        ("branches: main", []),
        ("branches: ['!main', main]", []),
        ("branches: ['!main']", ["branches: branches only takes out, so no push starts a run; let something in first, "
                                 "such as '**'"]),
        ("branches-ignore: ['!main']", []),
        ("paths: ''", []),
        ("tags: [v1*, 'v 2']", ["'v 2': 'v 2' covers nothing: the name of a branch or tag cannot contain a blank"]),
        ("paths: ['a b']", []),
        ("paths: []", []),
    ],
)  # fmt: skip
def test_filters_of_a_trigger(lines: str, messages: list[str]) -> None:
    told = found("invalid-filter-pattern", f"on:\n  push:\n    {lines}\n{JOB[9:]}    steps: [{{run: x}}]\n")
    if "''" not in lines:
        assert told == messages
    else:
        assert told == ["'': '' covers nothing: the pattern is empty"]


def test_files_of_the_whole_repository_are_looked_at() -> None:
    text = f"on:\n  push:\n    paths: [src/**, '**/*.c', lib/**]\n{JOB[9:]}    steps: [{{run: x}}]\n"
    files = {".github/workflows/x.yml": text, "src/a/b.c": ""}
    assert found("dead-path-filter", files) == ["lib/**: no file of the repository is covered by 'lib/**'"]


# ------------------------------------------------------------------------------------------- ineffective-schedule


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("0 0 30 2 *", "no month in which this could run has such a day"),
        ("0 0 31 2,4,6,9,11 *", "no month in which this could run has such a day"),
        ("0 0 31 feb-mar *", ""),
        ("0 0 29 2 *", ""),
        ("0 0 30 2 1", ""),
        ("0 0 */31 2 *", ""),
        ("0-59/4 * * * *", "GitHub starts scheduled runs at most every 5 minutes; this asks for one after 4"),
        ("3/9 * * * *", ""),
        ("0,56 * * * *", "GitHub starts scheduled runs at most every 5 minutes; this asks for one after 4"),
        ("0,56 3 * * *", ""),
        ("* * * * * *", ""),
        ("61 * * * *", ""),
    ],
)
def test_schedules(cron: str, message: str) -> None:
    text = f"on:\n  schedule:\n    - cron: '{cron}'\n{JOB[9:]}    steps: [{{run: x}}]\n"
    assert found("ineffective-schedule", text) == ([f"'{cron}': {message}"] if message else [])


# ------------------------------------------------------------------------------------------------- exceeded-limit


def test_limits_are_those_of_the_next_one() -> None:
    steps = "    runs-on: x\n    steps: [{run: x}]\n"
    for count, told in ((25, 0), (26, 1)):
        inputs = "".join(f"      i{number}: {{}}\n" for number in range(count))
        text = f"on:\n  workflow_dispatch:\n    inputs:\n{inputs}jobs:\n  a:\n{steps}"
        assert len(found("exceeded-limit", text)) == told
    for count, told in ((16, 0), (17, 1)):
        rows = "".join(f"        {key}: {list(range(count))}\n" for key in "ab")
        text = f"on: push\njobs:\n  a:\n    strategy:\n      matrix:\n{rows}{steps}"
        assert len(found("exceeded-limit", text)) == told
    for count, told in ((50, 0), (51, 1)):
        jobs = "".join(f"  j{number}: {{uses: a/b/.github/workflows/w{number}.yml@v1}}\n" for number in range(count))
        assert len(found("exceeded-limit", f"on: push\njobs:\n{jobs}")) == told
    for count, told in ((499_000, 0), (500_100, 1)):
        assert len(found("exceeded-limit", f"on: push\njobs:\n  a:\n{steps}# {'x' * count}\n")) == told


# ---------------------------------------------------------------------------------------------- real repositories


@needs_corpus
def test_real_filters_and_schedules_are_right() -> None:
    rules = ("invalid-filter-pattern", "ineffective-schedule", "exceeded-limit")
    filters = 0
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            assert not [each for each in report(snapshot, *rules).decisions if each.rule in rules]
            for workflow in snapshot.workflows():
                filters += sum(settings is not None for _, settings in workflow.triggers.values())
    assert filters > 200


UNDEFINED = (
    "undefined-input",
    "undefined-matrix-key",
    "undefined-need",
    "undefined-output",
    "undefined-secret",
    "undefined-step",
)


@needs_corpus
def test_real_workflows_read_names_that_are_not_there() -> None:
    """Each of these was looked at: nothing declares the name, and the expression is empty in every run."""
    seen = Counter[tuple[str, str, str]]()
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
            for decision in report(snapshot, *UNDEFINED).decisions:
                if decision.rule in UNDEFINED:
                    seen[(folder, decision.path.rpartition("/")[2], decision.rule)] += 1
    assert seen == {
        ("chittyos/chittyapps/chittychat", "ecosystem-cicd.yml", "undefined-need"): 2,
        ("chittyos/chittyapps/chittychat", "pr-review-automation.yml", "undefined-output"): 1,
        ("chittyos/chittyos/chittyos-cli", "extension-testing.yml", "undefined-matrix-key"): 1,
        ("chittyos/chittyos/cli", "extension-testing.yml", "undefined-matrix-key"): 1,
        ("public/PyO3__pyo3", "ci.yml", "undefined-matrix-key"): 1,
        ("public/PyO3__pyo3", "ci.yml", "undefined-need"): 3,
        ("public/biomejs__biome", "beta.yml", "undefined-matrix-key"): 1,
        ("public/biomejs__biome", "parser_conformance.yml", "undefined-matrix-key"): 3,
        ("public/biomejs__biome", "release_cli.yml", "undefined-matrix-key"): 1,
        ("public/biomejs__biome", "release_cli.yml", "undefined-output"): 6,
        ("public/pytorch__test-infra", "action.yml", "undefined-input"): 2,
        ("public/sveltejs__kit", "ci.yml", "undefined-matrix-key"): 1,
    }
