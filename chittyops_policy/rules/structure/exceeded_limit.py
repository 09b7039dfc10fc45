"""More of something than GitHub takes."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.matrices import size_of
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

MATRIX_JOBS = 256
DISPATCH_INPUTS = 25
CALLED_WORKFLOWS = 50
FILE_BYTES = 500_000
"""GitHub's limits by its page "Actions limits" and its changelog of 2025-11 and 2025-12; read in 2026-11."""


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    document = view.document
    text = document.text
    size = len(text.encode("utf-8", "surrogatepass")) if len(text) > FILE_BYTES // 4 else 0
    if size > FILE_BYTES:
        place = view.node.key("on") or view.node
        yield context.at(document, place, f"the file has {size:,} bytes; GitHub starts none with over {FILE_BYTES:,}")
    trigger = view.triggers.get("workflow_dispatch")
    settings = None if trigger is None else mapping_of(trigger[1])
    inputs = None if settings is None else settings.get("inputs")
    if settings is not None and isinstance(inputs, Mapping) and len(inputs.keys()) > DISPATCH_INPUTS:
        message = f"the form has {len(inputs.keys())} inputs; GitHub takes at most {DISPATCH_INPUTS}"
        yield context.at(document, settings.key("inputs") or inputs, message, node=inputs)
    called = {job.uses.text: job.uses for job in view.jobs if job.uses is not None}
    if len(called) > CALLED_WORKFLOWS:
        message = f"{len(called)} workflows are called; GitHub takes at most {CALLED_WORKFLOWS} in one run"
        yield context.at(document, list(called.values())[CALLED_WORKFLOWS].node, message)
    for job in view.jobs:
        if "strategy" not in job.node.index:
            continue
        jobs = size_of(job)
        strategy = mapping_of(job.node.get("strategy"))
        if jobs is not None and jobs > MATRIX_JOBS and strategy is not None:
            message = f"the matrix makes {jobs} jobs; GitHub takes at most {MATRIX_JOBS}"
            yield context.at(document, strategy.key("matrix") or strategy, message, node=strategy.get("matrix"))


def _examples() -> tuple[Example, ...]:
    steps = "    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"
    versions = ", ".join(str(number) for number in range(17))
    inputs = "".join(f"      input-{number}: {{}}\n" for number in range(26))
    return (
        Example(
            "Seventeen times seventeen jobs",
            "on: push\njobs:\n  test:\n    strategy:\n      matrix:\n"
            f"        server: [{versions}]\n        client: [{versions}]\n{steps}",
            fires=("matrix",),
        ),
        Example(
            "What is taken out again is not counted",
            "on: push\njobs:\n  test:\n    strategy:\n      matrix:\n"
            f"        server: [{versions}]\n        client: [{versions}]\n        exclude: [{{server: 0}}]\n{steps}",
        ),
        Example(
            "A form with too many fields",
            f"on:\n  workflow_dispatch:\n    inputs:\n{inputs}jobs:\n  test:\n{steps}",
            fires=("inputs",),
        ),
    )


RULE = Rule(
    id="exceeded-limit",
    title="A workflow is larger than GitHub takes",
    theme="structure",
    severity="high",
    visits=(WORKFLOW,),
    why=(
        "Beyond a limit GitHub starts nothing, or cancels the whole run. It happens to the commit that adds one more "
        "version to a list, and the message is shown where hardly anybody looks."
    ),
    how="Split the workflow, or take some of it out.",
    limits="A matrix with include or exclude, or one that is computed, is not counted. Chains of calls are counted by "
    "uncallable-workflow.",
    examples=_examples,
    check=_check,
    unfixable="what can go only its owners know",
    tags=("control-flow", "correctness"),
)
