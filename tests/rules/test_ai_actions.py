"""Actions with a language model: whose words it obeys, and what it may do."""

from __future__ import annotations

import pytest

from chittyops_policy.ai_actions import tools_of
from chittyops_policy.document import parse_text
from chittyops_policy.workflow import Workflow

from .checked import found
from .fixing import examined

INJECTION, TOOLS, SANDBOX = "ai-action-prompt-injection", "ai-action-excessive-tools", "ai-action-unsafe-sandbox"


def workflow(action: str, inputs: str, on: str = "issues", more: str = "", permissions: str = "{issues: write}") -> str:
    return (
        f"on: {on}\npermissions: {permissions}\njobs:\n  a:\n    runs-on: ubuntu-latest\n{more}    steps:\n"
        f"      - uses: {action}\n        with: {{key: '${{{{ secrets.KEY }}}}', {inputs}}}\n"
    )


TITLE = "prompt: 'x ${{ github.event.issue.title }}'"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (workflow("google-github-actions/run-gemini-cli@v0", TITLE), "medium"),
        (workflow("anthropics/claude-code-action@v1", TITLE), "medium"),
        (workflow("Anthropics/Claude-Code-Action@v1", TITLE + ", allowed_non_write_users: '*'"), "high"),
        (workflow("openai/codex-action@v1", TITLE + ", allow-users: '*'"), "high"),
        (
            workflow(
                "openai/codex-action@v1", TITLE, more="    if: github.event.issue.author_association == 'OWNER'\n"
            ),
            "low",
        ),
        (workflow("openai/codex-action@v1", TITLE, permissions="{}").replace("secrets.KEY", "vars.KEY"), "low"),
        (workflow("openai/codex-action@v1", "prompt: '${{ github.head_ref }}'", on="pull_request"), "low"),
    ],
)
def test_how_grave_a_strangers_order_is(text: str, severity: str) -> None:
    assert [each.severity for each in examined(text, INJECTION).report.decisions] == [severity]


@pytest.mark.parametrize(
    "text",
    [
        workflow("openai/codex-action@v1", "prompt: 'x ${{ github.event.issue.number }}'"),
        workflow("openai/codex-action@v1", "prompt-file: '${{ github.event.issue.title }}'"),
        workflow("openai/codex-action@v1", TITLE, on="push"),
        workflow("someone/else@v1", TITLE),
        workflow("openai/codex-action/sub@v1", TITLE),
    ],
)
def test_no_strangers_order(text: str) -> None:
    assert found(INJECTION, text) == []


@pytest.mark.parametrize(
    ("inputs", "tools"),
    [
        ("allowed_tools: 'Read,Bash(git log:*), Edit'", ("Read", "Bash(git log:*)", "Edit")),
        ("claude_args: '--max-turns 5 --allowedTools \"Read,Bash(a, b)\" --model x'", ("Read", "Bash(a, b)")),
        ("claude_args: '--allowed-tools Read,Bash --model x'", ("Read", "Bash")),
        ("claude_args: '--model x'", None),
        ("prompt: '--allowedTools Bash'", None),
    ],
)
def test_lists_of_tools(inputs: str, tools: tuple[str, ...] | None) -> None:
    view = Workflow(parse_text("x.yml", workflow("anthropics/claude-code-action@v1", inputs)))
    found = tools_of(view.jobs[0].steps[0])
    assert (None if found is None else found[1]) == tools


def test_any_command_is_graver_for_anybody() -> None:
    text = workflow("anthropics/claude-code-action@v1", "allowed_tools: 'Bash(ls:*),Bash'")
    assert [each.severity for each in examined(text, TOOLS).report.decisions] == ["medium"]
    assert found(TOOLS, text) == ["Bash: the model may run any command, and issues brings text of strangers"]
    open_to_all = text.replace("{key", "{allowed_non_write_users: '*', key")
    assert [each.severity for each in examined(open_to_all, TOOLS).report.decisions] == ["high"]
    assert found(TOOLS, text.replace("on: issues", "on: push")) == []
    assert found(TOOLS, text.replace(",Bash'", "'")) == []


@pytest.mark.parametrize(
    ("action", "inputs", "fires"),
    [
        ("openai/codex-action@v1", "safety-strategy: unsafe", True),
        ("openai/codex-action@v1", "sandbox: danger-full-access", True),
        ("openai/codex-action@v1", "safety-strategy: drop-sudo, sandbox: read-only", False),
        ("anthropics/claude-code-action@v1", "claude_args: --permission-mode bypassPermissions", True),
        ("anthropics/claude-code-action@v1", "claude_args: --permission-mode plan", False),
        ("someone/else@v1", "safety-strategy: unsafe", False),
    ],
)
def test_limits_that_are_taken_off(action: str, inputs: str, fires: bool) -> None:
    assert bool(found(SANDBOX, workflow(action, inputs))) is fires
