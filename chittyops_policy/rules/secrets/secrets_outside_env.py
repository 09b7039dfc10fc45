"""A secret that a job reads without a deployment environment, so that nobody has to agree."""

from __future__ import annotations

from chittyops_policy.rule import WORKFLOW, Context, Example, NotApplicable, Option, Rule
from chittyops_policy.secret_reads import NAMED, secret_reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Outcome]:
    if "workflow_call" in view.triggers:
        yield NotApplicable("a called workflow gets its secrets from its caller, which no environment can give it")
        return
    allowed = {name.lower() for name in context.options["allow"]}
    open_jobs = [job for job in view.jobs if job.uses is None and job.node.get("environment") is None]
    if not open_jobs:
        return
    for read in secret_reads(view):
        place = read.scalar.start
        job = next((job for job in open_jobs if job.node.start <= place < job.node.end), None)
        if job is not None and not (read.kind == NAMED and read.name.lower() in allowed):
            message = f"'{job.id}' reads this secret without an environment, so no review and no branch rule guards it"
            yield context.inside(view.document, read.scalar, read.start, read.end, message)


def _examples() -> tuple[Example, ...]:
    step = "    steps:\n      - run: ./deploy\n        env:\n          KEY: ${{ secrets.KEY }}\n"
    head = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
    return (
        Example("A job that belongs to no environment", head + step, fires=("secrets.KEY",)),
        Example("An environment, whose rules guard the secret", head + "    environment: production\n" + step),
        Example("The built-in token is no stored secret", head + step.replace("secrets.KEY", "secrets.GITHUB_TOKEN")),
    )


RULE = Rule(
    id="secrets-outside-env",
    title="A secret is read outside of an environment",
    theme="secrets",
    severity="low",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"secrets",),
    searched=True,
    why=(
        "Any workflow on any branch can read the secrets of the repository, and whoever may push a branch may write a "
        "workflow. The secrets of an environment are only given to jobs that name it, after its reviewers agreed and "
        "for the branches that it lists."
    ),
    how="Store the secret in an environment with rules, and set environment at the job that reads it.",
    examples=_examples,
    check=_check,
    options={
        "allow": Option(
            ["GITHUB_TOKEN"],
            "Names of secrets that may be read anywhere.",
            {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
        )
    },
    unfixable="the secret has to be stored in an environment first",
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
