"""A language model that strangers can reach may run any command."""

from __future__ import annotations

from chittyops_policy.ai_actions import CLAUDE, events_from_outside, is_gated, tools_of
from chittyops_policy.outsiders import powerless
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

_ANY_COMMAND = ("Bash", "Bash(*)", "Bash(:*)")


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    events = events_from_outside(view)
    for uses, job, step in view.uses() if events else ():
        allowed = tools_of(step) if uses.name == CLAUDE and step is not None else None
        if step is None or allowed is None:
            continue
        node, tools = allowed
        tool = next((tool for tool in tools if tool in _ANY_COMMAND), None)
        if tool is None:
            continue
        start = node.value.rfind(tool) if tool != "Bash" else _place(node.value)
        mild = is_gated(uses, step) or powerless(view, job)
        message = f"the model may run any command, and {events[0]} brings text of strangers"
        yield context.inside(view.document, node, start, start + len(tool), message, severity=None if mild else "high")


def _place(text: str) -> int:
    """Where ``Bash`` stands alone in a list of tools."""
    at = text.find("Bash")
    while text[at + 4 : at + 5] == "(":
        at = text.find("Bash", at + 4)
    return at


_STEP = """\
on: {on}
permissions: {{issues: write}}
jobs:
  triage:
    runs-on: ubuntu-latest
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          anthropic_api_key: ${{{{ secrets.ANTHROPIC_API_KEY }}}}
          claude_args: {arguments}
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Any command, for whoever opens an issue",
            _STEP.format(on="issues", arguments="""'--allowedTools "Read,Bash"'"""),
            fires=("Bash",),
        ),
        Example(
            "Some commands that do no harm",
            _STEP.format(on="issues", arguments="""'--allowedTools "Bash(gh issue view:*),Bash(gh label list:*)"'"""),
        ),
        Example(
            "Among others that are limited",
            _STEP.format(on="issue_comment", arguments="--max-turns 5 --allowed-tools Bash(git log:*),Bash --verbose"),
            fires=("Bash",),
        ),
        Example(
            "Nobody from outside brings text",
            _STEP.format(on="workflow_dispatch", arguments="'--allowedTools Bash'"),
        ),
    )


RULE = Rule(
    id="ai-action-excessive-tools",
    title="A language model that strangers reach may run any command",
    theme="hygiene",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(CLAUDE.encode(),),
    why=(
        "A model that reads issues, comments or pull requests may take their text for orders. With any command at its "
        "disposal it can then print the environment, send files away, and use the job's token. What it cannot call it "
        "cannot be talked into."
    ),
    how="List the commands that it needs, such as Bash(gh issue view:*), and leave out what writes or reaches out.",
    limits=(
        "It reads the lists of anthropics/claude-code-action. Limited commands can be too much as well, and what a "
        "settings file allows is not seen."
    ),
    examples=_examples,
    check=_check,
    unfixable="which commands the model needs only its owners can say",
    tags=("excessive-permission", "external/cwe/cwe-250", "owasp-cicd-sec-5"),
)
