"""Checks that pull requests wait for: under which names jobs report, and which nobody can report."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from chittyops_policy.engine import check
from chittyops_policy.policy import Overrides, effective, load_pack, standard_pack
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY

STEPS = "    runs-on: x\n    steps: [{run: x}]\n"
CALLED = ".github/workflows/called.yml"


def told(files: Mapping[str, str] | str, *names: str, lookups: Lookups | None = None) -> tuple[list[str], list[str]]:
    """(messages, reasons why something cannot be told) where these checks are required."""
    tree = {".github/workflows/x.yml": files} if isinstance(files, str) else files
    policy = effective(CATALOGUE, PACK, None, Overrides(select=("unreportable-check",)), slug="", today=TODAY)
    policy.parameters = {**policy.parameters, "required_checks": list(names)}
    report = check(Snapshot(MemoryTree(tree), "acme/app"), CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in report.problems if problem.kind == "internal"], report.problems
    reasons = [verdict.reason for verdict in report.verdicts if "called workflow reports" in verdict.reason]
    return [decision.message for decision in report.decisions], reasons


@pytest.mark.parametrize(
    ("job", "name", "known"),
    [
        ("  test:\n", "test", True),
        ("  test:\n", "Test", False),
        ("  test:\n    name: All tests\n", "All tests", True),
        ("  test:\n    name: All tests\n", "test", False),
        ("  test:\n    strategy: {matrix: {a: [1]}}\n", "test (1)", True),
        ("  test:\n    strategy: {matrix: {a: [1], b: [x]}}\n", "test (1, x)", True),
        ("  test:\n    strategy: {matrix: {a: [1]}}\n", "test", False),
        ("  test:\n    name: T ${{ matrix.a }} on x\n    strategy: {matrix: {a: [1]}}\n", "T 1 on x", True),
        ("  test:\n    name: T ${{ matrix.a }} on x\n    strategy: {matrix: {a: [1]}}\n", "T 1 on y", False),
        ("  test:\n    name: T ${{ inputs.x }}\n    strategy: {matrix: {a: [1]}}\n", "T x (1)", True),
        ("  test:\n    name: a.c\n", "abc", False),
    ],
)
def test_a_job_reports_under_its_name(job: str, name: str, known: bool) -> None:
    messages, _ = told(f"on: pull_request\njobs:\n{job}{STEPS}", name)
    assert messages == ([] if known else [f"no job reports the check '{name}'"])


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("pull_request", ""),
        ("[push, pull_request]", ""),
        ("merge_group", ""),
        ("push", ""),
        ("{push: {branches: [main]}}", "is never reported: no pull request starts its workflow"),
        ("schedule", "is never reported: no pull request starts its workflow"),
        ("{pull_request: {paths: [a]}}", "never reports on a pull request that the filter paths passes over"),
        (
            "{pull_request: {paths-ignore: [a]}}",
            "never reports on a pull request that the filter paths-ignore passes over",
        ),
        ("{pull_request: {paths: [a]}, merge_group: }", ""),
        ("{pull_request: {branches: [main]}}", ""),
    ],
)
def test_the_workflow_runs_on_every_pull_request(event: str, message: str) -> None:
    messages, _ = told(f"on: {event}\njobs:\n  test:\n{STEPS}", "test")
    assert messages == ([f"the check 'test' {message}"] if message else [])


def test_one_workflow_that_always_runs_is_enough() -> None:
    tree = {
        ".github/workflows/x.yml": f"on: {{pull_request: {{paths: [a]}}}}\njobs:\n  test:\n{STEPS}",
        ".github/workflows/y.yml": f"on: {{pull_request: {{paths-ignore: [a]}}}}\njobs:\n  test:\n{STEPS}",
    }
    assert len(told(tree, "test")[0]) == 1
    tree[".github/workflows/z.yml"] = f"on: pull_request\njobs:\n  test:\n{STEPS}"
    assert told(tree, "test") == ([], [])


def test_the_jobs_of_called_workflows_stand_behind_a_slash() -> None:
    caller = "on: pull_request\njobs:\n  gates:\n    name: Gates\n    uses: ./.github/workflows/called.yml\n"
    tree = {".github/workflows/x.yml": caller, CALLED: f"on: workflow_call\njobs:\n  lint:\n{STEPS}"}
    assert told(tree, "Gates / lint") == ([], [])
    assert told(tree, "lint")[0] == ["no job reports the check 'lint'"]
    assert told(tree, "gates / lint")[0] == ["no job reports the check 'gates / lint'"]


def test_what_another_repository_reports_is_unknown_until_it_is_part_of_the_run() -> None:
    caller = "on: pull_request\njobs:\n  gates:\n    uses: acme/ci/.github/workflows/called.yml@main\n"
    messages, reasons = told(caller, "gates / lint")
    assert messages == []
    assert len(reasons) == 1
    called = Snapshot(MemoryTree({CALLED: f"on: workflow_call\njobs:\n  lint:\n{STEPS}"}), "acme/ci")
    assert told(caller, "gates / lint", lookups=Lookups({"acme/ci": called})) == ([], [])
    messages, reasons = told(caller, "gates / test", lookups=Lookups({"acme/ci": called}))
    assert messages == ["no job reports the check 'gates / test'"]


def test_without_required_names_nothing_is_asked() -> None:
    assert told(f"on: push\njobs:\n  test:\n{STEPS}") == ([], [])
    assert "required_checks" not in standard_pack(None).parameters
    pack = load_pack(
        "org.yml", b"kind: pack\nname: org\nparameters: {required_checks: [test]}\n", lambda name, path: ("", b"")
    )
    assert pack.parameters["required_checks"] == ["test"]
