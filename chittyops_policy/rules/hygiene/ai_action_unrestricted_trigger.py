"""An AI action that takes orders from anybody."""

from __future__ import annotations

from chittyops_policy.ai_actions import GATES, events_from_outside, names_anybody
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    events = events_from_outside(view)
    if not events:
        return
    for uses, _, step in view.uses():
        for name in GATES.get(uses.name, ()) if step is not None else ():
            value = step.input(name) if step is not None else None
            if step is None or value is None or not names_anybody(step, name):
                continue
            if name == "allowed_bots":
                if events == ["workflow_call"]:
                    continue  # which bots can start a caller only the caller shows
                message = f"any bot can give orders to {uses.slug} through {events[0]}"
                yield context.at(view.document, value, message, severity="medium")
            else:
                how = "whoever can start a caller" if events == ["workflow_call"] else f"anybody, through {events[0]},"
                yield context.at(view.document, value, f"{how} can give orders to {uses.slug}")


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    head = "on:\n  issues:\n    types: [opened]\njobs:\n  triage:\n    runs-on: ubuntu-latest\n    steps:\n"
    step = "      - uses: anthropics/claude-code-action@v1\n        with:\n          prompt: Label this.\n"
    return (
        Example(
            "Everybody who can open an entry in the tracker",
            {path: f"{head}{step}          allowed_non_write_users: '*'\n"},
            fires=("'*'",),
            after={path: f"{head}{step}"},
        ),
        Example("Only those with write access, which is the default", f"{head}{step}"),
        Example(
            "Nobody from outside can start it",
            "on: workflow_dispatch\njobs:\n  triage:\n    runs-on: ubuntu-latest\n    steps:\n"
            f"{step}          allowed_non_write_users: '*'\n",
        ),
    )


RULE = Rule(
    id="ai-action-unrestricted-trigger",
    title="An AI action takes orders from anybody",
    theme="hygiene",
    severity="high",
    visits=(WORKFLOW,),
    needs=tuple(name.encode() for name in GATES),
    why=(
        "A language model cannot tell orders from data. Whoever may start it can make it use its tools: read the "
        "repository's secrets, push a branch, spend the account's money. The check of write access is what keeps "
        "strangers out, and this setting turns it off."
    ),
    how="Take the setting out, or list the accounts; give the job only the permissions that the answer needs.",
    limits="Whether the prompt holds text of strangers is a question for ai-action-prompt-injection.",
    examples=_examples,
    check=_check,
    tags=("privileged-trigger", "external/cwe/cwe-284", "owasp-cicd-sec-4"),
)
