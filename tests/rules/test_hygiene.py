"""Rules about habits, on small cases and on real repositories."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .checked import CORPUS, corpus, found, needs_corpus, report
from .fixing import WORKFLOW, fixed

HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


# --------------------------------------------------------------------------------------------- deprecated-commands

DONE = "review: append to the runner's files instead of printing commands"
SHARED = "no fix: the command is not the only thing on its line"
SIGNS = "no fix: the value has signs that the command reads otherwise than the file"
LINES = {
    "double quotes": ('echo "::set-output name=a::$b c"', DONE, 'echo "a=$b c" >> "$GITHUB_OUTPUT"'),
    "single quotes": ("echo '::set-output name=a::b'", DONE, "echo 'a=b' >> \"$GITHUB_OUTPUT\""),
    "no quotes": ("echo ::set-output name=a::b", DONE, 'echo a=b >> "$GITHUB_OUTPUT"'),
    "a variable without quotes": ("echo ::set-output name=a::${b}", DONE, 'echo a=${b} >> "$GITHUB_OUTPUT"'),
    "inside a block": ('  echo "::save-state name=a::b"',
                       DONE,
                       '  echo "a=b" >> "$GITHUB_STATE"'),
    "two commands": ('x && echo "::set-output name=a::b"', SHARED, None),
    "a subshell": ("echo ::set-output name=a::$(b)", SIGNS, None),
    "an escape": ('echo "::set-output name=a::b%0Ac"', SIGNS, None),
    "a value escaped before": ("b=${b//$'\\n'/'%0A'}\n          echo \"::set-output name=a::$b\"",
                               "no fix: the script escapes what it prints, which the file would keep as it is", None),
    "an expression": ('echo "::set-output name=a::${{ github.sha }}"', SIGNS, None),
    "another program": ('printf "::set-output name=a::b"', SHARED, None),
    "quotes inside": ('echo "::set-output name=a::"b', SHARED, None),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_lone_echo_writes_to_the_file(name: str) -> None:
    line, said, after = LINES[name]
    text = f"{HEAD}      - id: x\n        run: |\n          make\n          {line}\n          make\n"
    done = fixed("deprecated-commands", text)
    assert done.said == [said]
    assert done.text() == (text if after is None else text.replace(line, after))


@pytest.mark.parametrize(
    ("more", "written"),
    [("", True), ("        shell: sh\n", True), ("        shell: pwsh\n", False)],
)
def test_only_a_posix_shell_is_written_for(more: str, written: bool) -> None:
    step = "      - run: echo ::set-output name=a::b\n"
    assert (WORKFLOW in fixed("deprecated-commands", HEAD + step + more).changes) is written
    for other in (
        HEAD.replace("ubuntu-latest", "windows-latest") + step,
        "defaults: {run: {shell: pwsh}}\n" + HEAD + step,
    ):
        assert fixed("deprecated-commands", other).changes == {}


def test_comments_and_other_commands_are_left_alone() -> None:
    script = "          # ::set-output name=a::b\n          echo ::warning file=a::b\n          a::set-output\n"
    assert found("deprecated-commands", f"{HEAD}      - run: |\n{script}") == []


# ----------------------------------------------------------------------------------------------- insecure-commands


@pytest.mark.parametrize(
    ("value", "count"),
    [("true", 1), ("'True'", 1), ("1", 1), ("$true", 1), ("yes", 0), ("false", 0), ("''", 0), ("${{ vars.X }}", 1)],
)
def test_the_runner_decides_what_is_true(value: str, count: int) -> None:
    for text in (
        f"env: {{ACTIONS_ALLOW_UNSECURE_COMMANDS: {value}}}\n{HEAD}      - run: x\n",
        f"{HEAD}      - run: x\n        env: {{ACTIONS_ALLOW_UNSECURE_COMMANDS: {value}}}\n",
    ):
        if "{{" not in value:
            assert len(found("insecure-commands", text)) == count


def test_the_variable_goes_and_everything_else_stays() -> None:
    text = f"env:\n  A: 1 # one\n  ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n  B: 2\n{HEAD}      - run: x\n"
    done = fixed("insecure-commands", text)
    assert done.said == ["review: remove ACTIONS_ALLOW_UNSECURE_COMMANDS"]
    assert done.text() == text.replace("  ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n", "")


# ---------------------------------------------------------------------------------- ai-action-unrestricted-trigger


@pytest.mark.parametrize(
    ("event", "action", "setting", "count"),
    [
        ("issues", "anthropics/claude-code-action", "allowed_non_write_users: '*'", 1),
        ("issues", "Anthropics/Claude-Code-Action", "allowed_non_write_users: '*'", 1),
        ("issues", "anthropics/claude-code-action", "allowed_non_write_users: 'octocat, *'", 1),
        ("issues", "anthropics/claude-code-action", "allowed_non_write_users: octocat", 0),
        ("schedule", "anthropics/claude-code-action", "allowed_non_write_users: '*'", 0),
        ("issue_comment", "openai/codex-action", "allow-users: '*'", 1),
        ("workflow_call", "openai/codex-action", "allow-users: '*'", 1),
        ("workflow_call", "anthropics/claude-code-action", "allowed_bots: '*'", 0),
        ("issue_comment", "anthropics/claude-code-action", "allowed_bots: '*'", 1),
        ("issue_comment", "acme/other", "allowed_bots: '*'", 0),
    ],
)
def test_who_can_give_orders(event: str, action: str, setting: str, count: int) -> None:
    step = f"      - uses: {action}@v1\n        with:\n          prompt: x\n          {setting}\n"
    assert len(found("ai-action-unrestricted-trigger", HEAD.replace("push", event) + step)) == count


# ------------------------------------------------------------------------------------------------ cancelled-release


@pytest.mark.parametrize(
    ("head", "count"),
    [
        ("on: push\nconcurrency: {group: a, cancel-in-progress: true}\n", 1),
        ("on: push\nconcurrency: {group: a, cancel-in-progress: false}\n", 0),
        ("on: push\nconcurrency: a\n", 0),
        ("on: push\nconcurrency: {group: 'a-${{ github.run_id }}', cancel-in-progress: true}\n", 0),
        ("on: pull_request\nconcurrency: {group: a, cancel-in-progress: true}\n", 0),
        ("on: push\nconcurrency: {group: a, cancel-in-progress: '${{ github.ref != 1 }}'}\n", 0),
    ],
)
def test_what_deploys_is_not_cancelled(head: str, count: int) -> None:
    text = f"{head}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{{run: npx wrangler deploy}}]\n"
    assert len(found("cancelled-release", text)) == count


def test_the_limit_of_a_job_counts_as_well() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    concurrency: {group: a, cancel-in-progress: true}\n"
        "    steps: [{run: npm publish}]\n  b:\n    runs-on: x\n    concurrency: {group: b, cancel-in-progress: true}\n"
        "    steps: [{run: npm test}]\n"
    )
    assert found("cancelled-release", text) == ["true: the next run may cancel `npm publish` half-way"]


# ---------------------------------------------------------------------------------------------- real repositories


@needs_corpus
def test_real_files() -> None:
    rules = ("ai-action-unrestricted-trigger", "cancelled-release", "deprecated-commands", "deprecated-runtime",
             "insecure-commands")  # fmt: skip
    seen = Counter[tuple[str, str]]()
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
            for decision in report(snapshot, *rules).decisions:
                if decision.rule in rules:
                    seen[decision.rule, folder] += 1
    assert seen == {
        ("deprecated-runtime", "chittyos/chittyos/chittyconnect"): 1,
        ("deprecated-runtime", "public/pytorch__test-infra"): 3,
        ("cancelled-release", "public/pytorch__test-infra"): 1,
    }
