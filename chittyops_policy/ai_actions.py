"""Actions that let a language model act: what its orders are, who may give them, and what it may do.

From the actions' own action.yml and security notes, read in 2026-11.
"""

from __future__ import annotations

from .document import Scalar
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .workflow import Step, Uses, Workflow

CLAUDE, CODEX = "anthropics/claude-code-action", "openai/codex-action"

PROMPTS = {
    CLAUDE: ("prompt", "direct_prompt", "override_prompt", "custom_instructions"),
    "anthropics/claude-code-base-action": ("prompt", "system_prompt", "append_system_prompt"),
    CODEX: ("prompt",),
    "google-github-actions/run-gemini-cli": ("prompt",),
    "google-gemini/gemini-cli-action": ("prompt",),
    "warpdotdev/oz-agent-action": ("prompt",),
    "actions/ai-inference": ("prompt", "system-prompt"),
}
"""Action → the inputs that hold the model's orders, in lower case."""

GATES = {CLAUDE: ("allowed_non_write_users", "allowed_bots"), CODEX: ("allow-users",)}
"""Actions that by themselves obey only people with write access → their inputs for which ``*`` means anybody."""

OUTSIDE = (
    "pull_request_target", "issues", "issue_comment", "discussion", "discussion_comment", "pull_request_review",
    "pull_request_review_comment", "workflow_call", "workflow_run", "fork", "watch",
)  # fmt: skip
"""Events that outsiders can cause while the run has secrets; a caller of the workflow may have any of them."""


def events_from_outside(workflow: Workflow) -> list[str]:
    """Which of the events `OUTSIDE` start a workflow."""
    return [event for event in OUTSIDE if event in workflow.triggers]


def names_anybody(step: Step, name: str) -> bool:
    """Whether an input of a step lists ``*``."""
    value = step.input(name)
    return isinstance(value, Scalar) and "*" in [part.strip() for part in value.value.split(",")]


def is_gated(uses: Uses, step: Step) -> bool:
    """Whether an action obeys only people with write access, and the bots that somebody has listed."""
    gates = GATES.get(uses.name)
    return gates is not None and not any(names_anybody(step, name) for name in gates)


def tools_of(step: Step) -> tuple[Scalar, tuple[str, ...]] | None:
    """The tools that a step of Claude's action is allowed: the input that says so, and each as it is written."""
    for name in ("allowed_tools", "claude_args"):
        node = step.input(name)
        if not isinstance(node, Scalar):
            continue
        text = node.value
        if name == "claude_args":
            found = [at for option in ("--allowedTools", "--allowed-tools") if (at := text.find(option)) >= 0]
            if not found:
                continue
            text = text[min(found) :].partition(" ")[2].strip()
            quote = text[:1]
            text = text[1:].partition(quote)[0] if quote in ("'", '"') else text.partition(" --")[0]
        return node, _split(text)
    return None


def _split(text: str) -> tuple[str, ...]:
    """Tools with commas or blanks between them; those in parentheses belong to the tool before."""
    tools, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth <= 0 and char in ", \t\n":
            tools.append("")
        else:
            tools[-1] += char
    return tuple(tool for tool in tools if tool)


def unsafe_setting(uses: Uses, step: Step) -> Scalar | None:
    """The input with which an action is told to let its model do whatever the job could."""
    wanted = {
        CODEX: (("safety-strategy", "unsafe"), ("sandbox", "danger-full-access")),
        CLAUDE: (("claude_args", "--dangerously-skip-permissions"), ("claude_args", "bypassPermissions")),
    }.get(uses.name, ())
    for name, word in wanted:
        node = step.input(name)
        if isinstance(node, Scalar) and (text_of(node) == word if name != "claude_args" else word in node.value):
            return node
    return None
