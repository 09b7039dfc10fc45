"""Adds the step that reports a deployment, as an action: never as a package that no registry serves."""

from __future__ import annotations

from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.own_actions import BEACON, insert_step, own_action
from chittyops_policy.patterns import matches
from chittyops_policy.step_contracts import FIRST, contract, found_in, runs_of
from chittyops_policy.workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.step_contracts import Contract
    from chittyops_policy.workflow import Job


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Puts the pack's Beacon action into the deploying job, as its first step if the contract says so, else its last.

    Where the contract takes any place, the last one is behind the deployment that is reported.
    """
    workflow = context.snapshot.workflow(finding.path)
    assert workflow is not None and finding.span is not None
    start = finding.span.start
    job = next(job for job in workflow.jobs if job.key.start == start)
    data = context.parameters["beacon"]
    beacon = contract("beacon", data)
    if any(found_in(beacon, workflow, runs_of(context))):
        return NoFix(f"the {beacon.title} step is there: move it to the {beacon.position} place of its job")
    if job.uses is not None:
        called = job.uses.text.partition("@")[0]
        switch = _switch(job, beacon)
        if switch:
            return NoFix(f"{called} reports where the call lets it: take the input {switch} away")
        return NoFix(f"the steps of this job stand in {called}: the {beacon.title} step belongs there")
    step = data.get("step")
    action = own_action(BEACON, context.parameters)
    place = 0 if beacon.position == FIRST else None
    made = insert_step(workflow.document, job, place, action, step if isinstance(step, dict) else {})
    return Fix(
        f"report the deployment to {beacon.title} from the job {job.id}",
        REVIEW,
        made.edits,
        made.effects,
        notes=(f"From then on each run of this job tells {beacon.title} what it deployed.",),
    )


def _switch(job: Job, beacon: Contract) -> str:
    """The input with which a call of a workflow that the contract names switches its step off; '' for none."""
    given = mapping_of(job.node.get("with"))
    if given is None or job.uses is None:
        return ""
    named = [form for form in beacon.forms if form.kind == "workflow" and matches(form.pattern, job.uses.name)]
    return next((name for form in named for name in form.unless if given.get(name) is not None), "")
