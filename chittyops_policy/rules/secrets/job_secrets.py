"""A secret in the environment of a whole job or workflow, where every step has it."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.expressions import references, segments
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Mapping
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    jobs = [job for job in view.jobs if job.steps]
    everywhere = sum(len(job.steps) for job in jobs)
    if view.env is not None and everywhere > 1:
        who = f"every step of {len(jobs)} jobs" if len(jobs) > 1 else f"every step of '{jobs[0].id}'"
        yield from _secrets(view, view.env, who, context)
    for job in jobs:
        if len(job.steps) > 1 and job.env is not None:
            yield from _secrets(view, job.env, f"every step of '{job.id}'", context)


def _secrets(view: Workflow, env: Mapping, who: str, context: Context) -> Iterator[Finding]:
    for name, _, value in env.pairs():
        if not isinstance(value, Scalar) or "${{" not in value.value:
            continue
        for segment in segments(value.value):
            for reference in references(segment.expr) if segment.expr is not None else ():
                if reference.context == "secrets" or (reference.context, reference.path) == ("github", ("token",)):
                    message = f"{who} gets this secret in {name}, also those that have no use for it"
                    yield context.inside(view.document, value, reference.start, reference.end, message)


def _examples() -> tuple[Example, ...]:
    steps = "    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n      - run: ./deploy\n"
    return (
        Example(
            "For the workflow, and for a job",
            "on: push\nenv:\n  TOKEN: ${{ secrets.TOKEN }}\njobs:\n  deploy:\n    env:\n"
            "      KEY: ${{ secrets.KEY }}\n" + steps,
            fires=("secrets.TOKEN", "secrets.KEY"),
        ),
        Example(
            "For the step that needs it",
            "on: push\nenv:\n  REGION: eu\njobs:\n  deploy:\n"
            + steps
            + "        env:\n          KEY: ${{ secrets.KEY }}\n",
        ),
        Example(
            "A job of one step has nobody else",
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      KEY: ${{ secrets.KEY }}\n"
            "    steps:\n      - run: ./deploy\n",
        ),
    )


RULE = Rule(
    id="job-secrets",
    title="Every step of a job gets a secret",
    theme="secrets",
    severity="low",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"secrets", b"github.token"),
    why=(
        "The environment of a job is that of each of its steps: of the installation of packages with their scripts, of "
        "each action that somebody else wrote. One of them is enough to read the secret, though one step needed it."
    ),
    how="Move the variable to the env of the steps that use it.",
    examples=_examples,
    check=_check,
    unfixable="which steps use the variable cannot be told from the workflow alone",
    limits="What a step hands on to the others by itself is not followed. ghalint calls this workflow_secrets and "
    "job_secrets.",
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
