"""A job that runs on a machine of one's own."""

from __future__ import annotations

from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.runners import machines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

_OPEN_TO_ALL = (
    "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment", "issue_comment",
    "issues", "discussion", "discussion_comment", "fork", "watch", "workflow_run",
)  # fmt: skip
"""Events that anybody with an account can cause in a public repository."""


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    open_to_all = next((event for event in _OPEN_TO_ALL if event in view.triggers), "")
    for job, each in machines_in(view, context):
        place = next(
            (label for machines in each for label in machines.labels if label.value.lower() == "self-hosted"),
            None,
        )
        if place is not None:
            who = f", and {open_to_all} lets others start it" if open_to_all else ""
            yield context.at(
                view.document, place, f"job '{job.id[:60]}' runs on a machine of your own{who}",
                severity="medium" if open_to_all else "low",
            )  # fmt: skip


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Every pull request runs there",
            "on: pull_request\njobs:\n  test:\n    runs-on: [self-hosted, linux]\n    steps: [{run: make test}]\n",
            fires=("self-hosted",),
        ),
        Example(
            "A machine of GitHub's, new for each job",
            "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n",
        ),
        Example(
            "Only for those who can push, which is milder; one place of a matrix",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy: {matrix: {os: [ubuntu-latest, self-hosted]}}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps: [{run: make test}]\n",
            fires=("self-hosted",),
        ),
    )


RULE = Rule(
    id="self-hosted-runner",
    title="A job runs on a self-hosted machine",
    theme="runners",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"self-hosted",),
    searched=True,
    why=(
        "A self-hosted runner keeps what a job leaves behind: files, processes, and soon the credentials of the next "
        "job. Code from a pull request that once ran there can still be running, inside your network."
    ),
    how=(
        "Use GitHub's runners for what others can start. Where your own machine is needed, let it be thrown away after "
        "each job, and require approval for outside contributors."
    ),
    limits="Runner groups and custom labels may be self-hosted or GitHub's larger runners; no file tells which.",
    examples=_examples,
    check=_check,
    unfixable="whether the job can run elsewhere only its owners know",
    tags=("runner-compatibility", "external/cwe/cwe-668", "owasp-cicd-sec-7"),
)
