"""What the engine makes of rules, policy and snapshots; rules of the tests' own stand beside real ones."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable

import pytest

from chittyops_policy.catalogue import Catalogue, load
from chittyops_policy.engine import check
from chittyops_policy.model import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Finding, Report
from chittyops_policy.policy import Overrides, effective, load_pack, standard_pack
from chittyops_policy.rule import Context, Rule
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.workflow import Workflow

CATALOGUE = load()
TODAY = "2026-01-01"
PIN = "3d3c42e5aac5ba805825da76410c181273ba90b1"
GOOD = f"""name: CI
on: push
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@{PIN} # v7.0.1
"""
BAD = GOOD.replace(f"{PIN} # v7.0.1", "v4")


def run(
    files: dict[str, str | bytes],
    *,
    catalogue: Catalogue = CATALOGUE,
    paths: list[str] | None = None,
    overrides: Overrides | None = None,
    pack: str | None = None,
) -> Report:
    snapshot = Snapshot(MemoryTree(files), "example/repository")
    loaded = standard_pack(None) if pack is None else load_pack("pack.yml", pack.encode(), lambda name, _: ("", b""))
    own = snapshot.read(".chittyops-policy.yml")
    policy = effective(catalogue, loaded, own, overrides or Overrides(), slug=snapshot.slug, today=TODAY)
    return check(snapshot, catalogue, policy, today=TODAY, paths=paths)


def rules_of(report: Report) -> list[str]:
    return [decision.rule for decision in report.decisions]


def outcome(report: Report, control: str) -> tuple[str, str]:
    verdict = next(verdict for verdict in report.verdicts if verdict.control == control)
    return verdict.outcome, verdict.reason


def test_a_broken_file_is_a_finding_and_the_others_are_still_checked() -> None:
    report = run(
        {".github/workflows/a.yml": "jobs: [\n", ".github/workflows/b.yml": BAD},
        overrides=Overrides(select=("unparsable-yaml", "unpinned-uses")),
    )
    assert rules_of(report) == ["unparsable-yaml", "unpinned-uses"]
    region = report.decisions[0].region
    assert region is not None
    assert region.line >= 1
    assert report.files == (".github/workflows/a.yml", ".github/workflows/b.yml")


def test_a_control_that_a_broken_file_hides_is_unknown() -> None:
    report = run({".github/workflows/a.yml": "jobs: [\n"})
    assert outcome(report, "pinned-actions") == (UNKNOWN, ".github/workflows/a.yml cannot be read")


def test_named_files_see_the_repository_but_report_only_themselves() -> None:
    files: dict[str, str | bytes] = {
        ".github/workflows/a.yml": BAD,
        ".github/workflows/b.yml": GOOD + "  call:\n    uses: ./.github/workflows/a.yml\n",
    }
    report = run(files, paths=[".github/workflows/b.yml"])
    assert {decision.path for decision in report.decisions} == {".github/workflows/b.yml"}
    assert "uncallable-workflow" in rules_of(report)
    assert {verdict.outcome for verdict in report.verdicts} == {UNKNOWN}


def test_a_named_file_that_no_rule_reads_is_said_to_be_skipped() -> None:
    report = run({"README.md": "x"}, paths=["README.md"])
    assert [(problem.kind, problem.path) for problem in report.problems] == [("skipped", "README.md")]


def test_a_rule_that_crashes_is_a_problem_and_hides_nothing() -> None:
    def crash(view: Workflow, context: Context) -> Iterable[Finding]:
        raise ZeroDivisionError("on purpose")

    bad = Rule(
        id="unpinned-images",
        title="t",
        theme="supply",
        severity="high",
        visits=("workflow",),
        why="w",
        how="h",
        examples=tuple,
        check=crash,
    )
    catalogue = Catalogue({**CATALOGUE.rules, bad.id: bad})
    report = run({".github/workflows/b.yml": BAD}, catalogue=catalogue)
    assert "unpinned-uses" in rules_of(report)
    (problem,) = [problem for problem in report.problems if problem.kind == "internal"]
    assert "unpinned-images" in problem.message
    assert "ZeroDivisionError: on purpose (test_engine.py:" in problem.message


def test_a_repository_without_workflows_is_not_judged_on_them() -> None:
    report = run({"README.md": "# Words\n"})
    assert outcome(report, "pinned-actions")[0] == NOT_APPLICABLE


def test_verdicts_follow_findings_and_exceptions() -> None:
    assert outcome(run({".github/workflows/b.yml": BAD}), "pinned-actions")[0] == FAIL
    assert outcome(run({".github/workflows/b.yml": GOOD}), "pinned-actions")[0] == PASS
    excepted = BAD.replace("@v4", "@v4 # chittyops-policy: allow[unpinned-uses] a good reason")
    assert outcome(run({".github/workflows/b.yml": excepted}), "pinned-actions") == (PASS, "1 finding excepted")


def test_a_rule_that_is_off_leaves_its_control_unknown() -> None:
    report = run({".github/workflows/b.yml": BAD}, overrides=Overrides(ignore=("unpinned-uses",)))
    found = outcome(report, "pinned-actions")
    assert found[0] == UNKNOWN
    assert "unpinned-uses is off" in found[1]


def test_settings_that_nobody_can_see_offline_are_unknown_with_the_permission() -> None:
    report = run({".github/workflows/b.yml": GOOD})
    verdict = next(verdict for verdict in report.verdicts if verdict.control == "branch-rules")
    assert verdict.outcome == UNKNOWN
    assert "administration" in verdict.permission


@pytest.mark.parametrize(("stage", "state"), [("block", "open"), ("warn", "staged"), ("observe", "staged")])
def test_stages(stage: str, state: str) -> None:
    pack = f"kind: pack\nname: own\nrules:\n  unpinned-uses:\n    stage: {stage}\n"
    report = run({".github/workflows/b.yml": BAD}, pack=pack, overrides=Overrides(select=("unpinned-uses",)))
    assert [decision.state for decision in report.decisions] == [state]


def test_below_the_level_is_kept_and_counted() -> None:
    pack = "kind: pack\nname: own\nreport_level: critical\n"
    report = run({".github/workflows/b.yml": BAD}, pack=pack, overrides=Overrides(select=("unpinned-uses",)))
    assert [(decision.state, decision.reason) for decision in report.decisions] == [
        ("below-level", "milder than critical")
    ]


def test_a_secret_never_shows_in_any_source_line() -> None:
    token = "ghp_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=36))
    text = GOOD.replace("jobs:", "env:\n  TOKEN: " + token + "\njobs:")
    report = run({".github/workflows/b.yml": text})
    assert "hardcoded-secret" in rules_of(report)
    assert token not in repr(report)


def test_findings_are_sorted_and_two_runs_agree() -> None:
    files: dict[str, str | bytes] = {f".github/workflows/{name}.yml": BAD for name in "cab"}
    first, second = run(files), run(dict(reversed(files.items())))
    assert first == second
    assert [decision.path for decision in first.decisions if decision.region] == sorted(
        decision.path for decision in first.decisions if decision.region
    )


def test_vendored_workflows_are_not_live() -> None:
    report = run({"vendor/x/.github/workflows/a.yml": BAD, "vendor/x/action.yml": "runs: {using: composite}\n"})
    assert report.files == ("vendor/x/action.yml",)


def test_no_spelling_slips_past_a_guard() -> None:
    spelled = BAD.replace("- uses: actions", '- "us\\x65s": actions')
    assert '"us\\x65s"' in spelled
    report = run({".github/workflows/b.yml": spelled}, overrides=Overrides(select=("unpinned-uses",)))
    assert rules_of(report) == ["unpinned-uses"]
    shouted = GOOD + "      - run: echo\n        env: {A: '${{ SECRETS.Other }}'}\n"
    report = run({".github/workflows/b.yml": shouted}, overrides=Overrides(select=("static-secret",)))
    assert rules_of(report) == ["static-secret"]


@pytest.mark.parametrize("key", ["runs", '"\\x72uns"'])
@pytest.mark.parametrize("folder", ["x", "x/.github/actions/f", "node_modules/f"])
def test_an_action_that_a_workflow_calls_is_judged_wherever_it_lies(folder: str, key: str) -> None:
    action = f"name: a\ndescription: d\n{key}:\n  using: composite\n  steps:\n    - uses: foo/bar@v1\n"
    files: dict[str, str | bytes] = {
        ".github/workflows/a.yml": GOOD + f"      - uses: ./{folder}\n",
        f"{folder}/action.yml": action,
    }
    report = run(files, overrides=Overrides(select=("unpinned-uses",)))
    assert [(decision.path, decision.rule) for decision in report.decisions] == [
        (f"{folder}/action.yml", "unpinned-uses")
    ]
    named = run(files, paths=[f"{folder}/action.yml"], overrides=Overrides(select=("unpinned-uses",)))
    assert [decision.fingerprint for decision in named.decisions] == [
        decision.fingerprint for decision in report.decisions
    ]


def test_escapes_hide_no_secret() -> None:
    token = "ghp_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=36))
    spelled = [
        token.replace("_", "\\x5f"),
        token.replace("_", "\\u005F"),
        token[:20] + "\\\n        " + token[20:],
    ]
    for text in spelled:
        workflow = GOOD + f'      - run: "echo {text}"\n'
        report = run({".github/workflows/b.yml": workflow}, overrides=Overrides(select=("hardcoded-secret",)))
        assert rules_of(report) == ["hardcoded-secret"], text
        assert token[6:20] not in repr(report)
    password = GOOD.replace(
        "    steps:",
        "    container:\n      image: x/y\n"
        '      "creden\\x74ials":\n        username: u\n        password: swordfish\n    steps:',
    )
    report = run({".github/workflows/b.yml": password}, overrides=Overrides(select=("hardcoded-secret",)))
    assert rules_of(report) == ["hardcoded-secret"]
    read = GOOD + '      - run: echo\n        env: {A: "${{ s\\x65crets.OTHER }}"}\n'
    report = run({".github/workflows/b.yml": read}, overrides=Overrides(select=("static-secret",)))
    assert rules_of(report) == ["static-secret"]


def test_numbers_beyond_all_limits_break_no_rule() -> None:
    # Python refuses to read more than 4,300 digits, and nothing is the integer of infinity.
    digits = "9" * 5000
    workflow = f"""on:
  push:
  schedule:
    - cron: '*/{digits} * * * *'
permissions: {{}}
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: {digits}
    if: github.actor == Infinity || github.actor == NaN || github.actor == 1e999
    strategy:
      max-parallel: {digits}
      matrix:
        x: [1e999, .inf, .nan, {digits}, 0x{digits}]
        y: ${{{{ fromJSON('[1e999, {digits}]') }}}}
    steps:
      - uses: actions/checkout@v{digits}
      - uses: actions/checkout@{PIN} # v4.{digits}
      - uses: docker://node:{digits}
      - run: npm i foo@{digits} && head -c {digits} file && echo $(( {digits} )) "${{{{ matrix.x[1e999] }}}}"
        if: ${{{{ Infinity }}}}
        timeout-minutes: ${{{{ 1e999 }}}}
        env:
          NUMBER: ${{{{ Infinity }}}} ${{{{ format('{{{digits}}}', 1) }}}} ${{{{ fromJSON('[1]')[NaN] }}}}
"""
    files: dict[str, str | bytes] = {
        ".chittyops-policy.yml": "profile: everything\n",
        ".github/workflows/ci.yml": workflow,
        ".nvmrc": digits,
        "package.json": f'{{"engines": {{"node": "{digits}"}}, "packageManager": "pnpm@{digits}.1.1"}}',
        "pyproject.toml": f'[project]\nrequires-python = ">=3.{digits}"\n',
    }
    report = run(files)
    assert [problem.message for problem in report.problems if problem.kind == "internal"] == []
    assert {"unpinned-uses", "obfuscation", "invalid-workflow"} <= set(rules_of(report))
