"""A trigger that gives outsiders the repository's rights, in a workflow that takes in what they wrote."""

from __future__ import annotations

from chittyops_policy.model import Related
from chittyops_policy.outsiders import ARTIFACT, takings_of
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.outsiders import Taking
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    told: set[str] = set()
    for taking in takings_of(view, context):
        if taking.event in told or taking.closed:
            continue
        told.add(taking.event)
        document = view.document
        place = document.spot(taking.scalar, taking.start, taking.end)
        yield context.at(
            document,
            view.triggers[taking.event][0],
            f"{taking.event} runs with the repository's rights, and '{taking.job.id}' {_what(taking)}",
            related=(Related(view.path, place, "takes it in"),),
            severity="medium" if taking.computed or taking.labelled or taking.kind == ARTIFACT else None,
        )


def _what(taking: Taking) -> str:
    if taking.kind == ARTIFACT:
        return "takes in an artifact of the run that an outsider's code may have made"
    if taking.computed:
        return "checks out what an earlier step names, perhaps the code of an outsider"
    return "takes in the code of an outsider" + (" once a label is on" if taking.labelled else "")


def _examples() -> tuple[Example, ...]:
    job = "permissions: {}\njobs:\n  look:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "The head of the pull request",
            "on:\n  pull_request_target:\n" + job + "      - uses: actions/checkout@v7\n"
            "        with: {ref: '${{ github.head_ref }}', persist-credentials: false}\n",
            fires=("pull_request_target",),
        ),
        Example(
            "What the run of the pull request left behind",
            "on: {workflow_run: {workflows: [Test], types: [completed]}}\n"
            + job
            + "      - uses: actions/download-artifact@v8\n        with:\n"
            "          run-id: ${{ github.event.workflow_run.id }}\n          github-token: ${{ github.token }}\n",
            fires=("workflow_run",),
        ),
        Example(
            "Labels and reviewers, without looking at the code",
            "on: pull_request_target\npermissions: {contents: read, pull-requests: write}\njobs:\n  label:\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/labeler@v6\n",
        ),
        Example(
            "Only after a push to the repository itself",
            "on: {workflow_run: {workflows: [Test], types: [completed]}}\npermissions: {}\njobs:\n  deploy:\n"
            "    if: github.event.workflow_run.event == 'push'\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: actions/checkout@v7\n        with:\n          persist-credentials: false\n"
            "          ref: ${{ github.event.workflow_run.head_sha }}\n",
        ),
    )


RULE = Rule(
    id="dangerous-triggers",
    title="A privileged trigger takes in what outsiders wrote",
    theme="triggers",
    severity="high",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"pull_request_target", b"workflow_run", b"issue_comment", b"issues", b"discussion"),
    why=(
        "Runs of pull_request_target, workflow_run and comments have the repository's token and its secrets, although "
        "strangers can start them. They exist for work that looks at the event only: labels, reviewers, answers. "
        "Whoever takes in the pull request's code, or files that its run made, gives the author a way to the token and "
        "to the secrets, today or with the next step that somebody adds."
    ),
    how=(
        "Use pull_request where the code is needed. Keep the trigger for what needs rights, and let it read nothing "
        "but the event."
    ),
    examples=_examples,
    check=_check,
    limits=(
        "The trigger alone is no finding. Conditions are followed as far as they are certain for somebody without a "
        "role in the repository; whether a comparison with the name of a bot can be trusted is for bot-conditions."
    ),
    unfixable="the work has to be divided between two workflows, which only its owners can do",
    tags=("privileged-trigger", "external/cwe/cwe-829", "owasp-cicd-sec-4"),
)
