"""A condition that trusts a bot's name, which an outsider can borrow."""

from __future__ import annotations

from chittyops_policy.actors import AUTHORS, bot_tests
from chittyops_policy.document import Scalar
from chittyops_policy.expressions import condition
from chittyops_policy.outsiders import privileged_events
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Job, Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for job in view.jobs:
        conditions: list[Node | None] = [job.node.get("if")]
        conditions += [step.node.get("if") for step in job.steps]
        for node in conditions:
            if not isinstance(node, Scalar) or not _mentions(node.value):
                continue
            expr = condition(node.value).expr
            for test in bot_tests(expr) if expr is not None else ():
                events = privileged_events(view)
                if not events:
                    severity, so = "low", "somebody else's pull request can have it as well"
                elif _verified(view, job):
                    severity, so = "low", "only dependabot/fetch-metadata then stops somebody else's pull request"
                else:
                    severity, so = "high", f"an outsider can make it the actor of {events[0]}"
                author = AUTHORS.get((*events, *view.triggers, "")[0], "the author of the event")
                message = f"{test.reference.raw} may be a bot for a moment: {so}; ask for {author}"
                yield context.inside(view.document, node, test.expr.start, test.expr.end, message, severity=severity)


def _mentions(text: str) -> bool:
    low = text.lower()
    return "actor" in low or "sender" in low


def _verified(view: Workflow, job: Job) -> bool:
    """Whether dependabot/fetch-metadata, which fails for anybody else's pull request, runs in a job or before it."""
    jobs = [job, *(needed for name in job.needs if (needed := view.job(name.value)) is not None)]
    return any(
        step.uses is not None
        and step.uses.slug == "dependabot/fetch-metadata"
        and text_of(step.input("skip-verification")).lower() != "true"
        for each in jobs
        for step in each.steps
    )


def _examples() -> tuple[Example, ...]:
    head = "on: pull_request_target\npermissions: {}\njobs:\n  merge:\n    runs-on: ubuntu-latest\n"
    merge = "    steps:\n      - run: gh pr merge --auto '${{ github.event.number }}'\n"
    return (
        Example(
            "Whoever causes the run is not who wrote the pull request",
            head + "    if: github.actor == 'dependabot[bot]'\n" + merge,
            fires=("github.actor == 'dependabot[bot]'",),
            after={
                ".github/workflows/example.yml": head
                + "    if: github.event.pull_request.user.login == 'dependabot[bot]'\n"
                + merge
            },
        ),
        Example(
            "The author of the pull request",
            head + "    if: github.event.pull_request.user.login == 'dependabot[bot]'\n" + merge,
        ),
        Example("Leaving a bot out", head + "    if: github.actor != 'dependabot[bot]'\n" + merge),
        Example(
            "Several bots, by a list, where nobody has rights",
            "on: pull_request\npermissions: {}\njobs:\n  label:\n    runs-on: ubuntu-latest\n"
            '    if: ${{ contains(fromJSON(\'["renovate[bot]", "dependabot[bot]"]\'), github.actor) }}\n'
            "    steps:\n      - run: echo a bot\n",
            fires=('contains(fromJSON(\'["renovate[bot]", "dependabot[bot]"]\'), github.actor)',),
            after={
                ".github/workflows/example.yml": "on: pull_request\npermissions: {}\njobs:\n  label:\n"
                '    runs-on: ubuntu-latest\n    if: ${{ contains(fromJSON(\'["renovate[bot]", "dependabot[bot]"]\'), '
                "github.event.pull_request.user.login) }}\n    steps:\n      - run: echo a bot\n"
            },
        ),
    )


RULE = Rule(
    id="bot-conditions",
    title="A condition trusts a bot's name that can be borrowed",
    theme="triggers",
    severity="high",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"actor", b"sender"),
    why=(
        "github.actor is whoever caused the run, not who wrote the code. An outsider can have Dependabot cause a run "
        "on a pull request of the outsider's own, and what only the bot was to have, an approval or a merge, is theirs."
    ),
    how="Ask for the author: github.event.pull_request.user.login.",
    examples=_examples,
    check=_check,
    limits=(
        "Where dependabot/fetch-metadata runs before, which fails for anybody else's pull request, and where the event "
        "gives outsiders no rights, the severity is low."
    ),
    tags=("privileged-trigger", "external/cwe/cwe-290", "owasp-cicd-sec-2"),
)
