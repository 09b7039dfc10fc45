"""States the least permissions that the jobs of a workflow need, as far as that is known."""

from __future__ import annotations

from chittyops_policy.least_permissions import common, jobs_needs, state_at_jobs, state_at_top
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Reading the code at the top, and at each job without a statement of its own what it needs beyond that."""
    workflow = context.snapshot.workflow(finding.path)
    if workflow is None:
        return NoFix("the workflow cannot be read")
    needs = jobs_needs(workflow, [job for job in workflow.jobs if job.permissions is None], context)
    given = common(needs)
    amendment = state_at_top(workflow, given) + state_at_jobs(workflow.document, needs, given)
    notes = []
    if any(each.scripts and "contents" in each.scopes for _, each in needs):
        notes.append("A script that pushes with the credentials of the checkout would need contents: write.")
    return Fix(
        "state the permissions that the jobs need", REVIEW, amendment.edits, amendment.effects, notes=tuple(notes)
    )
