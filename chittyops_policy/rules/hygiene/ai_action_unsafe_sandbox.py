"""A language model without the limits that its action has by default."""

from __future__ import annotations

from chittyops_policy.ai_actions import CLAUDE, CODEX, unsafe_setting
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import scalars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for uses, job, step in view.uses():
        node = unsafe_setting(uses, step) if step is not None else None
        if node is None:
            continue
        if uses.name == CODEX and any(
            "windows" in label.value.lower() for label in scalars_of(job.node.get("runs-on"))
        ):
            continue  # there it knows no other way
        yield context.at(view.document, node, f"{uses.slug} is told to let the model do whatever the job could do")


_STEP = """\
on: push
permissions: {{}}
jobs:
  review:
    runs-on: {runner}
    steps:
      - uses: openai/codex-action@v1
        with:
          prompt: Review the last commit.
          {setting}
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The model is the runner's user, with all its rights",
            _STEP.format(runner="ubuntu-latest", setting="safety-strategy: unsafe"),
            fires=("unsafe",),
        ),
        Example(
            "Every question whether a tool may be used is answered with yes",
            "on: push\njobs:\n  review:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: anthropics/claude-code-action@v1\n        with:\n          prompt: Review the last commit.\n"
            "          claude_args: --dangerously-skip-permissions\n",
            fires=("--dangerously-skip-permissions",),
        ),
        Example("What the action does by itself", _STEP.format(runner="ubuntu-latest", setting="effort: high")),
        Example(
            "On Windows it knows no other way", _STEP.format(runner="windows-latest", setting="safety-strategy: unsafe")
        ),
    )


RULE = Rule(
    id="ai-action-unsafe-sandbox",
    title="A language model acts without a sandbox",
    theme="hygiene",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(CLAUDE.encode(), CODEX.encode()),
    why=(
        "The actions limit what a model can do on the runner, because whoever gets a text in front of it may make it "
        "do things. Without these limits it can read the secrets of the job out of memory, change what later steps "
        "run, and send it all away."
    ),
    how="Take the setting out. Where the model needs more, allow that by name.",
    limits="It knows the settings of openai/codex-action and anthropics/claude-code-action.",
    examples=_examples,
    check=_check,
    unfixable="what the model has to be allowed instead only its owners can say",
    tags=("excessive-permission", "external/cwe/cwe-250", "owasp-cicd-sec-5"),
)
