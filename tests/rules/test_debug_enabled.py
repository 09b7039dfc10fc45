"""debug-enabled and its repair."""

from __future__ import annotations

import pytest

from chittyops_policy import edits
from chittyops_policy.catalogue import load
from chittyops_policy.document import parse_text, to_value
from chittyops_policy.engine import Examination, examine
from chittyops_policy.model import REVIEW
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report

PATH = ".github/workflows/x.yml"
CATALOGUE = load()
TAIL = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


@pytest.mark.parametrize(
    ("env", "count"),
    [
        ("{ACTIONS_STEP_DEBUG: true}", 1),
        ("{ACTIONS_STEP_DEBUG: 'True'}", 1),
        ("{ACTIONS_RUNNER_DEBUG: 1, RUNNER_DEBUG: true}", 2),
        ("{ACTIONS_STEP_DEBUG: false}", 0),
        ("{ACTIONS_STEP_DEBUG: ''}", 0),
        ("{ACTIONS_STEP_DEBUG: '${{ vars.DEBUG }}'}", 0),
        ("{actions_step_debug: true}", 0),
        ("{DEBUG: true}", 0),
    ],
)
def test_a_switch_that_is_on(env: str, count: int) -> None:
    for text in (
        f"on: push\nenv: {env}\n{TAIL}",
        f"on: push\n{TAIL.replace('    steps', f'    env: {env}' + chr(10) + '    steps')}",
        f"on: push\n{TAIL}        env: {env}\n",
    ):
        assert len(found("debug-enabled", text)) == count


def examined(text: str) -> Examination:
    snapshot = Snapshot(MemoryTree({PATH: text}), "acme/tool")
    overrides = Overrides(profile="everything")
    policy = effective(CATALOGUE, standard_pack(None), None, overrides, slug="acme/tool", today="2026-01-01")
    return examine(snapshot, CATALOGUE, policy, today="2026-01-01")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"on: push\nenv:\n  A: 1 # one\n  RUNNER_DEBUG: true\n  B: 2\n{TAIL}",
            f"on: push\nenv:\n  A: 1 # one\n  B: 2\n{TAIL}",
        ),
        (f"on: push\n# loud\nenv:\n  RUNNER_DEBUG: '1'\n{TAIL}", None),
        (f"on: push\n{TAIL}        env:\n          RUNNER_DEBUG: 1\n", f"on: push\n{TAIL}"),
        (f"on: push\nenv: {{RUNNER_DEBUG: 1, A: 2}}\n{TAIL}", f"on: push\nenv: {{A: 2}}\n{TAIL}"),
    ],
)
def test_the_switch_goes_and_nothing_else_changes(before: str, after: str | None) -> None:
    examination = examined(before)
    [(_, fix)] = [entry for entry in examination.fixes if entry[0].rule == "debug-enabled"]
    assert (fix.title, fix.safety) == ("remove RUNNER_DEBUG", REVIEW)
    document = parse_text(PATH, before)
    result = edits.apply(before, fix.edits)
    if after is not None:
        assert result == after
    assert "RUNNER_DEBUG" not in result
    assert to_value(parse_text(PATH, result).root) == edits.expected(document, fix.effects)
    again = examined(result)
    assert not [entry for entry in again.report.decisions if entry.rule == "debug-enabled"]
    known = {entry.fingerprint for entry in examination.report.decisions}
    assert {entry.fingerprint for entry in again.report.decisions} <= known


@needs_corpus
def test_no_real_workflow_leaves_it_on() -> None:
    seen = [
        decision.path
        for part in ("chittyos", "public")
        for snapshot in corpus(part)
        for decision in report(snapshot, "debug-enabled").decisions
        if decision.rule == "debug-enabled"
    ]
    assert seen == []
