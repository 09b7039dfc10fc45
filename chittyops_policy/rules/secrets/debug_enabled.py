"""Debug logging that is switched on in the file, for every run."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Mapping
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

SWITCHES = ("ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG", "RUNNER_DEBUG")
"""What GitHub's documentation and its toolkit's core.isDebug() look at ("Enabling debug logging", 2026-11)."""


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()  # an aliased mapping is written once
    for env in _environments(workflow):
        for name, _, value in env.pairs() if id(env) not in seen else ():
            if name in SWITCHES and isinstance(value, Scalar) and value.value.strip().lower() in ("true", "1"):
                message = f"{name} makes every run write its debug log"
                yield context.at(workflow.document, value, message)
        seen.add(id(env))


def _environments(workflow: Workflow) -> Iterator[Mapping]:
    steps = (step for job in workflow.jobs for step in job.steps)
    every = (workflow.env, *(job.env for job in workflow.jobs), *(step.env for step in steps))
    return (env for env in every if env is not None)


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Left on after a search for a fault",
            "on: push\n"
            "env:\n"
            "  ACTIONS_STEP_DEBUG: true\n"
            "  NODE_ENV: test\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: make\n"
            "        env:\n"
            "          RUNNER_DEBUG: '1'\n",
            fires=("true", "'1'"),
            after={
                ".github/workflows/example.yml": "on: push\n"
                "env:\n"
                "  NODE_ENV: test\n"
                "jobs:\n"
                "  build:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps:\n"
                "      - run: make\n"
            },
        ),
        Example(
            "Switched off, or where a person asks for it",
            "on: workflow_dispatch\n"
            "env:\n"
            "  ACTIONS_STEP_DEBUG: false\n"
            "  RUNNER_DEBUG: ${{ inputs.debug }}\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps: [{run: make}]\n",
        ),
        Example(
            "Another program's switch is its own business",
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    env: {DEBUG: '1'}\n    steps: [{run: make}]\n",
        ),
    )


RULE = Rule(
    id="debug-enabled",
    title="Debug logging is on for every run",
    theme="secrets",
    severity="low",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"_debug",),
    searched=True,
    why=(
        "A debug log tells all that an action knows: its inputs, its environment, the answers of servers. What is "
        "derived from a secret is not masked in it, and logs of a public repository are public. One action wrote its "
        "whole environment into an artifact this way."
    ),
    how="Remove it. `Re-run jobs` with `Enable debug logging` does the same for one run.",
    limits="Switches that are set as a variable or secret of the repository are no part of its files.",
    examples=_examples,
    check=_check,
    tags=("secrets-exposure", "external/cwe/cwe-532", "owasp-cicd-sec-6"),
)
