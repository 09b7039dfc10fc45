"""Takes permissions from the jobs that do not need them, as far as it is known what the others need."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.least_permissions import common, jobs_needs, reduce, replace_at, state_at_jobs
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Job, Workflow


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """At a job, or where only one job has it, the one permission less; at the top of more jobs all of it anew."""
    workflow = context.snapshot.workflow(finding.path)
    if workflow is None or finding.span is None:
        return NoFix("the workflow cannot be read")
    for job in workflow.jobs:
        node = job.permissions
        if node is not None and node.start <= finding.span.start < node.end:
            return _of_job(workflow, job, job.node, finding, context)
    heirs = [job for job in workflow.jobs if job.permissions is None]
    if len(heirs) == 1 and isinstance(workflow.permissions, Mapping):
        return _of_job(workflow, heirs[0], workflow.node, finding, context)
    needs = jobs_needs(workflow, heirs, context)
    given = common(needs)
    amendment = replace_at(workflow.document, workflow.node, given)
    amendment += state_at_jobs(workflow.document, needs, given)
    return Fix("state the permissions at the jobs that need them", REVIEW, amendment.edits, amendment.effects)


def _of_job(workflow: Workflow, job: Job, holder: Mapping, finding: Finding, context: Context) -> Fix | NoFix:
    [(_, needs)] = jobs_needs(workflow, [job], context)
    permissions = holder.get("permissions")
    if not isinstance(permissions, Mapping):
        amendment = replace_at(workflow.document, holder, needs.least())
        return Fix(f"state what '{job.id}' needs", REVIEW, amendment.edits, amendment.effects)
    assert finding.span is not None
    scope = next(name for name, key, _ in permissions.pairs() if key.start == finding.span.start)
    wanted = needs.scopes.get(scope, (None,))[0]
    amendment = reduce(workflow.document, permissions, holder, scope, wanted)
    was = text_of(permissions.get(scope))
    title = f"reduce {scope} from {was} to {wanted}" if wanted else f"take {scope}: {was} from '{job.id}'"
    return Fix(title, REVIEW, amendment.edits, amendment.effects)
