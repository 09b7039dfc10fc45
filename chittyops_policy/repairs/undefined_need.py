"""Makes a job wait for the job whose result it reads."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Scalar, Sequence
from chittyops_policy.model import REVIEW, SET, Edit, Effect, Fix, NoFix
from chittyops_policy.readings import readings
from chittyops_policy.structure_checks import needs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.readings import Reading
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Job, Workflow


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Adds the job to `needs`, where the workflow has one of that name and the two would not wait for each other."""
    view = context.snapshot.workflow(finding.path)
    reading = None if view is None else _reading(finding, view, context)
    if view is None or reading is None or reading.job is None:
        return NoFix("there is no such job; only its owners know which is meant")
    wanted = view.job(reading.name(0))
    if wanted is None:
        return NoFix("there is no such job; only its owners know which is meant")
    if _waits(wanted, reading.job, view):
        return NoFix(f"'{wanted.id}' waits for this job, so this one cannot wait for it")
    done = _with_need(view, reading.job, wanted.id)
    return Fix(
        f"add {wanted.id} to the needs of {reading.job.id}",
        REVIEW,
        done.edits,
        done.effects,
        notes=(f"The job then starts after {wanted.id}, and is skipped where that fails or is skipped.",),
    )


def _reading(finding: Finding, view: Workflow, context: Context) -> Reading | None:
    for reading in readings(view, "needs"):
        if finding.span is not None and reading.name(0):
            scalar, node = reading.scalar, reading.reference.expr
            if view.document.spot(scalar, node.start, node.end).start == finding.span.start:
                return reading
    return None


def _waits(job: Job, target: Job, view: Workflow) -> bool:
    """Whether a job is another one or waits for it, directly or not."""
    seen: set[str] = set()
    todo = [job.id.lower()]
    while todo:
        name = todo.pop()
        if name == target.id.lower():
            return True
        found = None if name in seen else view.job(name)
        seen.add(name)
        if found is not None:
            todo.extend(need.value.lower() for need in needs_of(found.node))
    return False


def _with_need(view: Workflow, job: Job, name: str) -> edits.Amendment:
    document = view.document
    needs = job.node.get("needs")
    if isinstance(needs, Sequence):
        return edits.insert_item(document, needs, len(needs.items), name)
    if isinstance(needs, Scalar) and needs.resolved() is not None:
        both = [needs.value, name]
        effect = Effect(SET, edits.path_of(needs), both)
        return edits.Amendment((Edit(needs.span, edits.flow_text(both)),), (effect,))
    if needs is not None:
        return edits.set_value(document, job.node, "needs", name)
    beside = next((key for key in ("name", "runs-on", "uses") if key in job.node), "")
    return edits.add_key(document, job.node, "needs", name, after=beside)
