"""zizmor, actionlint and ShellCheck beside our own rules, as the command line runs them: the real programs."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.companions.programs import Failure, run

from ..doors.support import CHECKOUT_PIN, CLEAN, ROOT, UNPINNED, check, command, repository, write

CI = ".github/workflows/ci.yml"
ALL = "zizmor,actionlint,shellcheck"

BAD = f"""\
on:
  pull_request_target:
permissions: {{}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT_PIN} # v7.0.1
      - uses: actions/setup-node@v4
      - run: |
          echo "é${{{{ github.event.issue.title }}}}" $HOME
      - shell: sh
        run: 'a="x"; echo é ${{a}} && echo $RANDOM'
      - shell: pwsh
        run: echo $HOME
      - run: make
        working-direktory: x
"""


def judged(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, given: tuple[str, ...] = ("check", CI)
) -> tuple[int, dict[str, Any]]:
    """The exit code and the report on a folder's repository."""
    done = command(*given, "--no-cache", "--format", "json", *arguments, cwd=folder, env=env)
    assert done.stdout, done.stderr
    [report] = json.loads(done.stdout)["repositories"]
    return done.returncode, report


def shown(folder: Path, report: dict[str, Any], tool: str = "") -> list[tuple[str, str]]:
    """(rule, text under the finding) of what one tool, or none but ours, found."""
    lines = (folder / CI).read_text(encoding="utf-8").splitlines()
    found = []
    for entry in report["findings"]:
        if entry["rule"].rpartition("/")[0] == tool:
            region = entry["region"]
            line = lines[region["start_line"] - 1]
            end = region["end_column"] - 1 if region["end_line"] == region["start_line"] else len(line)
            found.append((entry["rule"], line[region["start_column"] - 1 : end]))
    return found


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return repository(tmp_path / "bad", {CI: BAD})


def test_each_finding_stands_where_a_person_sees_it(bad: Path) -> None:
    code, report = judged(bad, "--with", ALL)
    assert (code, report["problems"]) == (1, [])
    assert shown(bad, report, "zizmor") == [
        ("zizmor/dangerous-triggers", "pull_request_target"),
        ("zizmor/artipacked", f"uses: {CHECKOUT_PIN} # v7.0.1"),
        ("zizmor/template-injection", "github.event.issue.title"),
    ]
    assert ("shellcheck/SC2086", "$HOME") in shown(bad, report, "shellcheck")
    assert ("shellcheck/SC3028", "$RANDOM") in shown(bad, report, "shellcheck")
    assert len([entry for entry in report["findings"] if entry["rule"] == "actionlint/expression"]) == 1


def test_what_a_rule_of_ours_has_too_is_said_once(bad: Path) -> None:
    _, report = judged(bad, "--with", ALL)
    notes = {entry["rule"]: entry["notes"] for entry in report["findings"]}
    assert "zizmor/unpinned-uses says so too" in notes["unpinned-uses"]
    assert "zizmor/unpinned-uses" not in notes
    assert "actionlint/syntax-check says so too" in notes["invalid-workflow"]
    assert "actionlint/syntax-check" not in notes
    # Without the rule of ours, theirs stands alone.
    _, report = judged(bad, "--with", "zizmor", "--ignore", "unpinned-uses")
    assert ("zizmor/unpinned-uses", "actions/setup-node@v4") in shown(bad, report, "zizmor")


def test_our_own_findings_keep_their_fingerprints(bad: Path) -> None:
    _, alone = judged(bad)
    _, together = judged(bad, "--with", ALL)
    names = {(entry["rule"], entry["fingerprint"]) for entry in alone["findings"]}
    assert names <= {(entry["rule"], entry["fingerprint"]) for entry in together["findings"]}


def test_a_fingerprint_of_theirs_survives_a_move(bad: Path) -> None:
    _, before = judged(bad, "--with", ALL)
    moved = BAD.replace("permissions: {}\n", "# a word\n\npermissions: {}\n").replace(
        "      - uses: actions/setup", "      - run: 'true'\n      - uses: actions/setup"
    )
    write(bad, {CI: moved})
    _, after = judged(bad, "--with", ALL)
    assert {entry["fingerprint"] for entry in before["findings"]} == {
        entry["fingerprint"] for entry in after["findings"]
    }


def states(report: dict[str, Any], rule: str) -> list[tuple[str, str]]:
    return [(entry["severity"], entry["state"]) for entry in report["findings"] if entry["rule"] == rule]


def test_the_policy_decides_by_id_and_by_pattern(bad: Path) -> None:
    write(
        bad,
        {
            ".chittyops-policy.yml": "rules:\n"
            "  'shellcheck/*': {stage: warn}\n"
            "  shellcheck/SC3028: {stage: 'off'}\n"
            "  'zizmor/*': {severity: low}\n"
            "  zizmor/artipacked: {severity: critical}\n"
        },
    )
    code, report = judged(bad, "--with", ALL)
    assert code == 1
    assert states(report, "shellcheck/SC2086") == [("info", "staged")]
    assert states(report, "shellcheck/SC3028") == []
    assert states(report, "zizmor/dangerous-triggers") == [("low", "open")]
    assert states(report, "zizmor/artipacked") == [("critical", "open")]
    assert not [entry for entry in report["findings"] if entry["rule"] == "invalid-policy"]


def test_a_pack_can_lock_them(bad: Path) -> None:
    write(
        bad,
        {
            "org.yml": "kind: pack\nname: org\nextends: chittyos\nrules: {'zizmor/*': {stage: block, locked: true}}\n",
            ".chittyops-policy.yml": "rules: {zizmor/artipacked: {stage: 'off'}}\n",
            CI: BAD.replace("_target:\n", "_target: # chittyops-policy: allow[zizmor/dangerous-triggers] I like it\n"),
        },
    )
    _, report = judged(bad, "--with", "zizmor", "--policy", "org.yml")
    assert states(report, "zizmor/artipacked") == [("medium", "open")]
    assert states(report, "zizmor/dangerous-triggers") == [("high", "open")]
    [overreach] = [entry for entry in report["findings"] if entry["rule"] == "overreaching-policy"]
    assert "stage off for 'zizmor/artipacked' is laxer than block" in overreach["message"]


def test_what_the_policy_says_of_them_is_shown(bad: Path) -> None:
    write(bad, {".chittyops-policy.yml": "rules:\n  'zizmor/*': {severity: low}\n  zizmor/artipacked: {stage: warn}\n"})
    rows = json.loads(command("policy", "show", "zizmor", "--json", cwd=bad).stdout)
    assert [(row["key"], row["value"], row["origin"]) for row in rows] == [
        ("rules.zizmor/*.severity", "low", ".chittyops-policy.yml:2"),
        ("rules.zizmor/artipacked.stage", "warn", ".chittyops-policy.yml:3"),
    ]


def test_select_and_ignore_take_ids_and_patterns(bad: Path) -> None:
    _, report = judged(bad, "--with", ALL, "--select", "zizmor/*", "--ignore", "zizmor/artipacked")
    assert {entry["rule"] for entry in report["findings"]} == {
        "zizmor/dangerous-triggers", "zizmor/template-injection", "zizmor/unpinned-uses",
    }  # fmt: skip


def test_exceptions_hold_for_them(bad: Path) -> None:
    text = BAD.replace(
        "_target:\n", "_target: # chittyops-policy: allow[zizmor/dangerous-triggers] only labels are set\n"
    ).replace("      - shell: sh\n", "      - shell: sh # chittyops-policy: allow[shellcheck/SC1] nothing of that id\n")
    write(
        bad,
        {
            CI: text,
            ".chittyops-policy.yml": "exceptions:\n"
            "  - {rule: zizmor/artipacked, reason: nothing is uploaded}\n"
            "  - {rule: zizmor/no-such-audit, reason: left over}\n",
        },
    )
    _, report = judged(bad, "--with", ALL, given=("check",))
    assert states(report, "zizmor/dangerous-triggers") == [("high", "excepted")]
    assert states(report, "zizmor/artipacked") == [("medium", "excepted")]
    unused = {entry["message"] for entry in report["findings"] if entry["rule"] == "unused-exception"}
    assert unused == {
        "this exception covers no finding of 'shellcheck/SC1'",
        "the exception covers no finding of 'zizmor/no-such-audit'",
    }
    # Without the companions nobody can say that an exception for them is needless, nor that it is unknown.
    _, alone = judged(bad, given=("check",))
    about = {"unused-exception", "unknown-exception", "invalid-policy"}
    assert not [entry for entry in alone["findings"] if entry["rule"] in about]


def test_zizmors_own_ignores_count_as_the_pack_says(bad: Path) -> None:
    ignored = "zizmor: ignore[artipacked] a reason"
    write(bad, {CI: BAD.replace(f"{CHECKOUT_PIN} # v7.0.1", f"{CHECKOUT_PIN} # v7.0.1 {ignored}")})
    _, report = judged(bad, "--with", "zizmor")
    [artipacked] = [entry for entry in report["findings"] if entry["rule"] == "zizmor/artipacked"]
    assert artipacked["state"] == "open", "zizmor wants its mark at the start of the comment, and so do we"
    write(bad, {CI: BAD.replace("# v7.0.1", f"# {ignored}")})
    _, report = judged(bad, "--with", "zizmor")
    assert states(report, "zizmor/artipacked") == [("medium", "excepted")]


def test_every_report_can_show_them(bad: Path) -> None:
    for name in ("text", "sarif", "github", "markdown", "junit"):
        done = check("--no-cache", "--with", "zizmor", "--format", name, CI, cwd=bad)
        assert done.returncode == 1
        assert "zizmor/dangerous-triggers" in done.stdout, name
    text = check("--no-cache", "--with", "zizmor", CI, cwd=bad).stdout
    assert "no fix: from zizmor; " in text


def test_standard_input_is_what_they_see(bad: Path) -> None:
    fixed = BAD.replace("  pull_request_target:\n", "  push:\n")
    given = ("--with", "zizmor", "--format", "json", "--no-cache", "--stdin-filename", CI, "-")
    done = check(*given, cwd=bad, stdin=fixed.encode())
    assert "zizmor/artipacked" in done.stdout
    assert "zizmor/dangerous-triggers" not in done.stdout


def test_a_fix_is_reported_with_what_they_find_in_the_fixed_file(tmp_path: Path) -> None:
    text = BAD.replace(f"{CHECKOUT_PIN} # v7.0.1", "actions/checkout@v4")
    sample = repository(tmp_path / "sample", {CI: text})
    arguments = ("--with", "zizmor", "--select", "unpinned-uses", "--select", "zizmor/*")
    diff = check("--diff", *arguments, "--format", "json:report.json", cwd=sample)
    assert "+      - uses: actions/checkout@" in diff.stdout
    assert (sample / CI).read_text() == text
    [before] = json.loads((sample / "report.json").read_text())["repositories"]
    code, after = judged(sample, "--fix", *arguments)
    assert "actions/checkout@v4" not in (sample / CI).read_text()
    for report, pinned in ((before, False), (after, True)):
        rules = {entry["rule"] for entry in report["findings"]}
        assert ("unpinned-uses" in rules) is not pinned
        assert "zizmor/unpinned-uses" not in rules  # ours, where there is one
        assert "zizmor/artipacked" in rules
        assert report["problems"] == []
    assert code == 1


def test_a_fix_with_a_wrong_name_changes_nothing(tmp_path: Path) -> None:
    sample = repository(tmp_path / "sample", {CI: UNPINNED})
    done = check("--fix", "--with", "yamllint", cwd=sample)
    assert done.returncode == 2 and "there is no companion 'yamllint'" in done.stderr
    assert (sample / CI).read_text() == UNPINNED


def test_a_clean_repository_stays_clean(tmp_path: Path) -> None:
    sample = repository(tmp_path / "sample", {CI: CLEAN})
    code, report = judged(sample, "--with", ALL)
    assert (code, report["findings"], report["problems"]) == (0, [], [])


def test_a_file_that_zizmor_does_not_take_is_named(tmp_path: Path) -> None:
    odd = "on: push\njobs:\n  a: {steps: 3}\n"
    sample = repository(tmp_path / "sample", {CI: UNPINNED, ".github/workflows/odd.yml": odd})
    _, report = judged(sample, "--with", "zizmor", given=("check",))
    assert [(problem["kind"], problem["path"]) for problem in report["problems"]] == [
        ("skipped", ".github/workflows/odd.yml")
    ]


def test_own_runner_labels_are_known_from_actionlints_configuration(tmp_path: Path) -> None:
    text = CLEAN.replace("ubuntu-latest", "our-runner")
    sample = repository(tmp_path / "sample", {CI: text})
    assert shown(sample, judged(sample, "--with", "actionlint")[1], "actionlint") == [
        ("actionlint/runner-label", "our-runner")
    ]
    write(sample, {".github/actionlint.yaml": "self-hosted-runner:\n  labels: [our-runner]\n"})
    assert judged(sample, "--with", "actionlint")[0] == 0


def test_a_wrong_name_is_the_users_mistake(bad: Path) -> None:
    done = check("--with", "zizmor,yamllint", cwd=bad)
    assert done.returncode == 2
    assert "there is no companion 'yamllint'" in done.stderr


# ------------------------------------------------------------------------------------ missing, crashing, babbling


def alone(folder: Path, tools: dict[str, str], *arguments: str, cwd: Path) -> dict[str, Any]:
    """The report of a Python that has no companion beside it, with these scripts as the only ones on PATH."""
    beside, path = folder / "beside", folder / "path"
    for place in (beside, path):
        place.mkdir()
    python = beside / "python3"
    python.symlink_to(os.path.realpath(sys.executable))
    for name, script in tools.items():
        (path / name).write_text(script)
        (path / name).chmod(0o755)
    done = subprocess.run(
        [str(python), "-m", "chittyops_policy", "check", "--no-cache", "--format", "json", *arguments],
        cwd=cwd,
        env={"PATH": f"{path}:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout, done.stderr
    assert done.returncode == 1, done.stderr
    [report] = json.loads(done.stdout)["repositories"]
    assert isinstance(report, dict)
    return report


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "zizmor is not installed; pip install 'chittyops-policy[companions]' brings it"),
        ("#!/bin/sh\necho boom >&2\nexit 70\n", "zizmor ended with 70: boom"),
        ("#!/bin/sh\nkill -SEGV $$\n", "zizmor died from signal 11"),
        ("#!/bin/sh\necho 'not JSON'\n", "zizmor's answer is not in the form of its JSON format v1"),
        ("#!/bin/sh\necho '[{\"ident\": 3}]'\n", "zizmor's answer is not in the form of its JSON format v1"),
        ("#!/no/such/interpreter\n", "zizmor cannot be started: No such file or directory"),
    ],
    ids=["missing", "crashing", "killed", "no JSON", "another form", "cannot start"],
)
def test_no_answer_is_a_problem_and_no_pass(tmp_path: Path, script: str | None, words: str) -> None:
    sample = repository(tmp_path / "sample", {CI: CLEAN})
    report = alone(tmp_path, {} if script is None else {"zizmor": script}, "--with", "zizmor", CI, cwd=sample)
    [problem] = [problem for problem in report["problems"] if problem["kind"] == "lookup"]
    assert words in problem["message"]
    assert report["findings"] == []


def test_the_others_are_heard_all_the_same(tmp_path: Path, bad: Path) -> None:
    answer = '[{"message":"m","filepath":"' + CI + '","line":2,"column":3,"end_column":21,"kind":"events"}]'
    tools = {"zizmor": "#!/bin/sh\nexit 1\n", "actionlint": f"#!/bin/sh\necho '{answer}'\n"}
    report = alone(tmp_path, tools, "--with", ALL, CI, cwd=bad)
    assert shown(bad, report, "actionlint") == [("actionlint/events", "pull_request_target")]
    assert sorted(problem["message"].partition(" ")[0] for problem in report["problems"]) == ["shellcheck", "zizmor"]


def test_a_companion_gets_neither_a_token_nor_options_from_the_environment(tmp_path: Path) -> None:
    environment = {"GH_TOKEN": "x", "ZIZMOR_CONFIG": "x", "SHELLCHECK_OPTS": "x", "PATH": os.environ["PATH"]}
    output, _ = run(["env"], str(tmp_path), environment, (0,))
    assert {line.partition("=")[0] for line in output.splitlines()} & environment.keys() == {"PATH"}


def test_a_companion_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chittyops_policy.companions.programs.TIMEOUT", 0.1)
    with pytest.raises(Failure, match=r"sleep was stopped after 0\.1 seconds"):
        run(["sleep", "60"], str(tmp_path), os.environ, (0,))
