"""Values that become code: whose they are, and scripts that get them from the environment instead."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from chittyops_policy.document import parse_text
from chittyops_policy.snapshot import ACTION, WORKFLOW, kind_of
from chittyops_policy.step_shells import shell_of_step
from chittyops_policy.workflow import Workflow

from .checked import CORPUS, corpus, found, needs_corpus
from .fixing import examined, fixed, refused

RULES = ("template-injection", "template-expansion")
PATH = ".github/workflows/x.yml"


def workflow(run: str, on: str = "issues", shell: str = "") -> str:
    lines = "".join(f"          {line}\n" for line in run.splitlines())
    how = f"        shell: {shell}\n" if shell else ""
    head = f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - name: x\n"
    return f"{head}{how}        run: |\n{lines}"


# --------------------------------------------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    ("on", "expression"),
    [
        ("issues", "github.event.issue.title"),
        ("issues", "github.event['issue']['BODY']"),
        ("issue_comment", "github.event.comment.body"),
        ("pull_request_target", "github.head_ref"),
        ("pull_request_target", "github.event.pull_request.head.ref"),
        ("pull_request_target", "github.event.pull_request.head.label"),
        ("pull_request_target", "toJSON(github.event.pull_request)"),
        ("pull_request_target", "toJSON(github)"),
        ("pull_request_target", "format('x {0}', github.event.pull_request.title)"),
        ("pull_request_target", "github.event.pull_request.title || 'none'"),
        ("pull_request_target", "github.event_name == 'push' && 'x' || github.event.pull_request.title"),
        ("pull_request_target", "fromJSON(toJSON(github.event.pull_request)).title"),
        ("discussion_comment", "github.event.discussion.title"),
        ("workflow_run", "github.event.workflow_run.head_branch"),
        ("workflow_run", "github.event.workflow_run.head_commit.message"),
        ("gollum", "github.event.pages[0].page_name"),
        ("push", "join(github.event.commits.*.message, ' ')"),
        ("issues", "github.event.*.body"),
        ("workflow_call", "github.event.issue.title"),
    ],
)
def test_text_of_outsiders(on: str, expression: str) -> None:
    assert len(found("template-injection", workflow(f"echo '${{{{ {expression} }}}}'", on))) == 1
    assert found("template-expansion", workflow(f"echo '${{{{ {expression} }}}}'", on)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "github.event.pull_request.head.sha",
        "github.event.pull_request.number",
        "github.event.pull_request.head.repo.fork",
        "github.event.pull_request.user.login",
        "github.event.pull_request",
        "github.job",
        "github.triggering_actor",
        "needs.a.result",
        "steps.a.outcome",
        "contains(github.event.pull_request.title, 'x')",
        "github.event.pull_request.title == 'x'",
        "!github.event.pull_request.title",
        "github.event.pull_request.title && 'x'",
        "hashFiles(github.head_ref)",
        "github.event.issue.title",
        "secrets.TOKEN",
        "runner.temp",
        "matrix.os",
    ],
)
def test_values_that_cannot_hold_a_command(expression: str) -> None:
    text = workflow(f"echo '${{{{ {expression} }}}}'", "pull_request_target")
    text = text.replace("    steps:", "    strategy: {matrix: {os: [a, b]}}\n    steps:")
    assert found("template-injection", text) == []
    assert found("template-expansion", text) == []


@pytest.mark.parametrize(
    "expression",
    [
        "inputs.a",
        "inputs[github.sha]",
        "github.event.inputs.a",
        "github.event.client_payload.id",
        "github.event.label.description",
        "github.ref_name",
        "github.base_ref",
        "steps.a.outputs.b",
        "needs.a.outputs.b",
        "matrix.b",
        "env.NOT_HERE",
    ],
)
def test_values_that_somebody_chooses(expression: str) -> None:
    text = workflow(f"echo '${{{{ {expression} }}}}'", "pull_request")
    text = text.replace("    steps:", '    strategy: {matrix: "${{ fromJSON(needs.a.outputs.m) }}"}\n    steps:')
    assert found("template-injection", text) == []
    assert len(found("template-expansion", text)) == 1


def test_events_with_secrets_are_graver() -> None:
    for on, severity in (("pull_request", "medium"), ("pull_request_target", "high"), ("[push, issues]", "high")):
        name = "issue" if "issues" in on else "pull_request"
        text = workflow(f"echo '${{{{ github.event.{name}.title }}}}'", on)
        decisions = examined(text, "template-injection").report.decisions
        assert [decision.severity for decision in decisions] == [severity]


@pytest.mark.parametrize(
    ("kind", "listed"), [("string", 1), ("boolean", 0), ("number", 0), ("choice", 0), ("environment", 1)]
)
def test_the_type_of_an_input_decides(kind: str, listed: int) -> None:
    on = f"{{workflow_dispatch: {{inputs: {{a: {{type: {kind}, options: [x]}}}}}}}}"
    assert len(found("template-expansion", workflow("echo '${{ inputs.a }}'", on))) == listed


def test_steps_that_never_run_are_left_out() -> None:
    text = workflow("echo '${{ github.head_ref }}'", "pull_request_target")
    assert found("template-injection", text.replace("- name: x", "- if: false")) == []
    assert found("template-injection", text.replace("    steps:", "    if: ${{ false }}\n    steps:")) == []


def test_scripts_that_actions_run() -> None:
    text = (
        "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: appleboy/ssh-action@v1\n"
        "        with:\n          Script: echo '${{ github.event.issue.title }}'\n"
        "          host: ${{ github.event.issue.body }}\n"
    )
    assert found("template-injection", text) == [
        "${{ github.event.issue.title }}: github.event.issue.title is text that outsiders write, and it becomes a part "
        "of the script of appleboy/ssh-action"
    ]
    [reason] = refused("template-injection", text)
    assert "how appleboy/ssh-action hands variables to its script is not known here" in reason


# -------------------------------------------------------------------------------------------------------- the fixes


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that a fix adds, without indentation."""
    return [line.strip() for line in after.splitlines() if line not in before.splitlines()]


def test_every_value_of_a_step_moves_in_one_change() -> None:
    text = workflow("echo '${{ github.event.issue.title }}' # it's\ncat <<EOF\n${{ github.event.issue.body }}\nEOF")
    [(_, first), (_, second)] = examined(text, "template-injection").fixes
    assert first == second
    done = fixed(RULES, text)
    assert done.said == ["safe: hand the values over in env as ISSUE_BODY, ISSUE_TITLE"] * 2
    assert changed_lines(text, done.text()) == [
        "env:",
        "ISSUE_TITLE: ${{ github.event.issue.title }}",
        "ISSUE_BODY: ${{ github.event.issue.body }}",
        'echo "$ISSUE_TITLE" # it\'s',
        "${ISSUE_BODY}",
    ]


def test_what_is_refused_does_not_keep_the_rest() -> None:
    text = workflow("echo '${{ github.event.issue.title }}'\njq '.x = \"${{ github.event.issue.body }}\"' y")
    done = fixed(RULES, text)
    assert done.said == [
        "safe: hand the value over in env as ISSUE_TITLE",
        "no fix: it stands in the script of jq, which reads the value as text of its own (line 2 of the script)",
    ]
    assert "jq '.x = \"${{ github.event.issue.body }}\"' y" in done.text()


def test_values_without_quotes_are_a_matter_of_review() -> None:
    text = workflow("TITLE=${{ github.event.issue.title }}")
    done = fixed(RULES, text)
    assert [said.partition(": ")[0] for said in done.said] == ["review"]
    assert "it is one word from now on" in done.notes[0]
    assert changed_lines(text, done.text())[-1] == 'TITLE="${ISSUE_TITLE}"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "      - run: echo '${{ github.event.issue.title }}'\n",
            "      - run: echo \"$ISSUE_TITLE\"\n        env:\n"
            "          ISSUE_TITLE: ${{ github.event.issue.title }}\n",
            id="run is the only key",
        ),
        pytest.param(
            "      - env:\n          A: b # why\n        run: echo '${{ github.event.issue.title }}'\n",
            "      - env:\n          A: b # why\n          ISSUE_TITLE: ${{ github.event.issue.title }}\n"
            '        run: echo "$ISSUE_TITLE"\n',
            id="env is there",
        ),
        pytest.param(
            "      - {run: \"echo '${{ github.event.issue.title }}'\", env: {A: b}}\n",
            '      - {run: "echo \\"$ISSUE_TITLE\\"", env: {A: b, ISSUE_TITLE: \'${{ github.event.issue.title }}\'}}\n',
            id="flow style",
        ),
        pytest.param(
            "      - id: a # first\n        run: >-\n          echo\n          '${{ github.event.issue.title }}'\n",
            "      - id: a # first\n        env:\n          ISSUE_TITLE: ${{ github.event.issue.title }}\n"
            '        run: >-\n          echo\n          "$ISSUE_TITLE"\n',
            id="a folded block",
        ),
        pytest.param(
            "      - run: |\n          echo '${{ github.event.issue.title }}'\n\n      - run: ls\n",
            '      - run: |\n          echo "$ISSUE_TITLE"\n        env:\n'
            "          ISSUE_TITLE: ${{ github.event.issue.title }}\n\n      - run: ls\n",
            id="a blank line behind",
        ),
        pytest.param(
            "      - run: 'echo \"${{ github.event.issue.title }}\"'\n        shell: pwsh\n",
            "      - run: 'echo \"$env:ISSUE_TITLE\"'\n        env:\n"
            "          ISSUE_TITLE: ${{ github.event.issue.title }}\n        shell: pwsh\n",
            id="PowerShell",
        ),
    ],
)  # fmt: skip
def test_only_the_lines_that_are_meant_change(before: str, after: str) -> None:
    head = "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    assert fixed(RULES, head + before).text() == head + after
    assert fixed(RULES, (head + before).replace("\n", "\r\n")).text() == (head + after).replace("\n", "\r\n")


def test_a_composite_action() -> None:
    text = (
        "name: a\ndescription: b\ninputs:\n  names: {description: c}\nruns:\n  using: composite\n  steps:\n"
        "    - shell: bash\n      run: echo '${{ inputs.names }}' | tr , '\\n'\n"
    )
    assert changed_lines(text, fixed(RULES, {"action.yml": text}).text("action.yml")) == [
        "env:",
        "INPUTS_NAMES: ${{ inputs.names }}",
        "run: echo \"$INPUTS_NAMES\" | tr , '\\n'",
    ]


@pytest.mark.parametrize(
    ("shell", "runs_on", "more", "reason"),
    [
        ("", "${{ inputs.where }}", "", "which shell runs the script cannot be told"),
        ("", "self-hosted", "", "which shell runs the script cannot be told"),
        ("cmd", "windows-latest", "", "it would still be code there"),
        ("fish {0}", "ubuntu-latest", "", "scripts for fish {0} are not rewritten"),
        ("", "ubuntu-latest", "        env: ${{ fromJSON(vars.ENV) }}\n", "the step's env is not a mapping"),
    ],
)
def test_a_step_that_is_left_alone_with_the_reason(shell: str, runs_on: str, more: str, reason: str) -> None:
    text = workflow("echo '${{ github.event.issue.title }}'", shell=shell).replace("ubuntu-latest", runs_on)
    text = text.replace("        run:", more + "        run:")
    [said] = refused("template-injection", text)
    assert reason in said


@pytest.mark.parametrize(
    ("job", "shell"),
    [
        ("runs-on: ubuntu-24.04", "bash"),
        ("runs-on: [self-hosted, linux, x64]", "bash"),
        ("runs-on: {group: a, labels: macos-14}", "bash"),
        ("runs-on: windows-2022", "pwsh"),
        ("runs-on: ubuntu-latest\n    container: debian", "sh"),
        ("runs-on: ubuntu-latest\n    container: debian\n    defaults: {run: {shell: bash}}", "bash"),
        ("runs-on: '${{ matrix.os }}'\n    strategy: {matrix: {os: [ubuntu-latest, macos-latest]}}", "bash"),
        ("runs-on: '${{ matrix.os }}'\n    strategy: {matrix: {os: [ubuntu-latest, windows-latest]}}", ""),
        ("runs-on: '${{ matrix.os }}'\n    strategy: {matrix: {include: [{os: windows-latest}]}}", "pwsh"),
        ("runs-on: '${{ matrix.os }}'\n    strategy: {matrix: '${{ fromJSON(vars.M) }}'}", ""),
        ("runs-on: self-hosted", ""),
        ("runs-on: ubuntu-latest\n    defaults: {run: {shell: 'bash -eux {0}'}}", "bash"),
        ("runs-on: ubuntu-latest\n    defaults: {run: {shell: '${{ matrix.shell }}'}}", ""),
        ("runs-on: ubuntu-latest\n    defaults: {run: {shell: 'docker exec x bash {0}'}}", "docker exec x bash {0}"),
    ],
)
def test_which_shell_runs_a_step(job: str, shell: str) -> None:
    view = Workflow(parse_text(PATH, f"on: push\njobs:\n  a:\n    {job}\n    steps:\n      - run: ls\n"))
    assert shell_of_step(view, view.jobs[0], view.jobs[0].steps[0])[0] == shell


# --------------------------------------------------------------------------------------------------- real workflows


@lru_cache(maxsize=2)
def ends(part: str) -> Counter[str]:
    """How the findings of both rules in a part of the corpus end: the safety of the fix, or the reason against it."""
    return Counter(
        said.partition(" (line ")[0] if said.startswith("no fix") else said.partition(": ")[0]
        for snapshot in corpus(part)
        for said in fixed(RULES, snapshot).said
    )


@needs_corpus
@pytest.mark.parametrize(
    ("part", "counts"),
    [
        ("chittyos", {"safe": 1, "review": 149, "no fix": 37, "refused": 2}),
        ("public", {"review": 142, "no fix": 40, "refused": 1}),
    ],
)
def test_how_many_findings_of_real_workflows_are_fixed(part: str, counts: dict[str, int]) -> None:
    """Refused is to move what reads a job or a matrix key that is not there: its rule would find it at a new place."""
    found = ends(part)
    kinds = Counter(end.partition(": ")[0] for end in found.elements())
    assert kinds == counts
    assert "no fix: the script stands in several places of the file" not in found


@needs_corpus
@pytest.mark.parametrize(
    ("slug", "path", "line"),
    [
        ("chittyos/chittychronicle", ".github/workflows/governance.yml", 'tier="$STEPS_TIER_TIER"'),
        ("chittyos/chittyops", ".github/workflows/auto-merge.yml", 'CONFIG="$STEPS_CONFIG_CONFIG"'),
        (
            "chittyos/chittyconnect",
            ".github/actions/chittyconnect-credentials/action.yml",
            "CREDS_JSON=$(echo \"$INPUTS_CREDENTIALS\" | tr ',' '\\n' | jq -R . | jq -s .)",
        ),
    ],
)
def test_the_places_that_the_best_fixer_of_the_field_breaks(slug: str, path: str, line: str) -> None:
    snapshot = next(snapshot for snapshot in corpus("chittyos") if snapshot.slug == slug)
    assert line in [after.strip() for after in fixed(RULES, snapshot).text(path).splitlines()]


RESTRICTED = re.compile(
    r"github\.(?:actor|workflow)\b|job\.(?:status|services)|\.html_url|\.login|\.head_sha|author_association|"
    r"env\.(?:BIN_OUT|GOPATH)\b|inputs\.phase\b"
)
"""What zizmor reports beside: logins, SHAs, addresses and states, a choice, and variables that the file itself sets."""


@needs_corpus
@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed; the dev dependencies bring it")
@pytest.mark.parametrize(("part", "both", "only_theirs"), [("chittyos", 165, 15), ("public", 165, 38)])
def test_what_zizmor_finds_beside_is_text_in_which_no_command_fits(part: str, both: int, only_theirs: int) -> None:
    files = {
        str(Path(snapshot.root) / path): snapshot
        for snapshot in corpus(part)
        for path in snapshot.subjects()
        if kind_of(path) in (WORKFLOW, ACTION)
    }
    command = ["zizmor", "--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--format", "json"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    theirs = set()
    for finding in json.loads(done.stdout):
        if finding["ident"] == "template-injection":
            [place] = [place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary"]
            start = place["concrete"]["location"]["start_point"]
            theirs.add((place["symbolic"]["key"]["Local"]["verbatim_path"], start["row"] + 1))
    mine = set()
    for snapshot in corpus(part):
        for decision in examined(snapshot, *RULES).report.decisions:
            if decision.region is not None and decision.rule in RULES:
                mine.add((str(Path(snapshot.root) / decision.path), decision.region.line))
    assert (len(theirs & mine), len(theirs - mine)) == (both, only_theirs)
    for path, line in theirs - mine:
        text = Path(path).read_text(encoding="utf-8").splitlines()[line - 1]
        assert RESTRICTED.search(text), f"{Path(path).relative_to(CORPUS)}:{line}: {text.strip()}"
