"""A called workflow that reads a secret which it does not declare."""

from __future__ import annotations

from chittyops_policy.calls import contract
from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    declared = view.once(contract)
    if declared is None or len(view.triggers) > 1 or not declared.secrets:
        return
    names = [parameter.name for parameter in declared.secrets.values()]
    for reading in readings(view, "secrets"):
        name = reading.name(0)
        if not name or name == "github_token" or name in declared.secrets:
            continue
        if reading.job is not None and "environment" in reading.job.node:
            continue  # an environment brings secrets of its own
        written = reading.written(0)
        yield reading.finding(
            context, 0, f"workflow_call does not declare the secret '{written}'{closest(written, names)}"
        )


_STEPS = "    steps:\n      - run: make deploy\n        env:\n"


def _examples() -> tuple[Example, ...]:
    head = "on:\n  workflow_call:\n    secrets:\n      DEPLOY_KEY: {required: true}\njobs:\n  deploy:\n"
    return (
        Example(
            "One of two secrets is declared",
            head + "    runs-on: ubuntu-latest\n" + _STEPS + "          KEY: ${{ secrets.DEPLOY_KEY }}\n"
            "          NAME: ${{ secrets.DEPLOY_NAME }}\n",
            fires=("secrets.DEPLOY_NAME",),
        ),
        Example(
            "The built-in token needs no declaration, and an environment brings its own secrets",
            head
            + "    environment: production\n    runs-on: ubuntu-latest\n"
            + _STEPS
            + "          KEY: ${{ secrets.DEPLOY_KEY }}\n"
            "          NAME: ${{ secrets.DEPLOY_NAME }}\n"
            "          TOKEN: ${{ secrets.GITHUB_TOKEN }}\n",
        ),
        Example(
            "Without any declaration the workflow counts on callers that hand over all",
            "on: workflow_call\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
            + _STEPS
            + "          KEY: ${{ secrets.DEPLOY_KEY }}\n",
        ),
    )


RULE = Rule(
    id="undefined-secret",
    title="A called workflow reads a secret that it does not declare",
    theme="references",
    severity="low",
    visits=(WORKFLOW,),
    profile="strict",
    needs=(b"secrets",),
    why=(
        "A caller that names the secrets it passes can only pass those that are declared; the others are the empty "
        "text in the called workflow. It works for callers that inherit all secrets, and fails for the careful ones."
    ),
    how="Declare the secret under on.workflow_call.secrets, or correct the name.",
    examples=_examples,
    check=_check,
    unfixable="whether the secret is required only the owners of the workflow know",
    tags=("secrets-exposure", "correctness", "owasp-cicd-sec-6"),
)
