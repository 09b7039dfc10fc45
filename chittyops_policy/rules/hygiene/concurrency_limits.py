"""A workflow that does not say what becomes of a run when the next one starts."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    if set(view.triggers) == {"workflow_call"} or all(job.uses is not None for job in view.jobs):
        return  # a called workflow has its caller's limits, and a mere call those of what it calls
    top = view.node.get("concurrency")
    if top is not None:
        yield from _judged(view, view.node, top, context)
        return
    jobs = [job for job in view.jobs if job.uses is None and job.node.get("concurrency") is None]
    for job in view.jobs:
        own = job.node.get("concurrency")
        if own is not None:
            yield from _judged(view, job.node, own, context)
    if jobs:
        place = view.node.key("on") or jobs[0].key
        yield context.at(
            view.document, place, "nothing says what becomes of a run when the next one starts", node=view.node
        )


def _judged(view: Workflow, owner: Mapping, node: Node, context: Context) -> Iterator[Finding]:
    if not isinstance(node, Mapping):
        key = owner.key("concurrency")
        message = "concurrency does not say whether a new run cancels the one before"
        yield context.at(view.document, key or node, message, node=node)


def _examples() -> tuple[Example, ...]:
    jobs = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"
    return (
        Example("Every push starts another run beside those before", f"on: pull_request\n{jobs}", fires=("on",)),
        Example(
            "Only the newest run of a branch goes on",
            "on: pull_request\n"
            "concurrency:\n"
            "  group: ${{ github.workflow }}-${{ github.ref }}\n"
            f"  cancel-in-progress: true\n{jobs}",
        ),
        Example(
            "A name alone: waiting runs are dropped, the running one goes on, and nobody said so",
            f"on: push\nconcurrency: deploy\n{jobs}",
            fires=("concurrency",),
        ),
        Example("A called workflow has its caller's limits", f"on: workflow_call\n{jobs}"),
    )


RULE = Rule(
    id="concurrency-limits",
    title="Nothing limits how many runs there are at the same time",
    theme="hygiene",
    severity="info",
    profile="everything",
    visits=(WORKFLOW,),
    why=(
        "Runs of commits that nobody looks at any more take runners from those that matter, and two deployments at the "
        "same time can end with the older one."
    ),
    how=(
        "Give the workflow a concurrency group, usually the workflow and the branch, and say with cancel-in-progress "
        "whether a new run cancels the one before."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether a run may be cancelled half-way only its owners know",
    tags=("hardening-gap", "external/cwe/cwe-400"),
)
