"""Turns the cache of an action off where something is published."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Scalar
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.rules.supply.cache_poisoning import switched_off

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.document import Document
    from chittyops_policy.edits import Amendment
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Step


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Gives every input that decides on caching the value that says no."""
    workflow = context.snapshot.workflow(finding.path)
    assert workflow is not None
    assert finding.span is not None
    for uses, _, step in workflow.uses():
        if step is not None and uses.node.start <= finding.span.start < uses.node.end:
            wanted = switched_off(step, uses, workflow, context)
            if not wanted:
                return NoFix("the action only caches; whether the release needs it at all its owners know")
            amendment = _amended(workflow.document, step, wanted)
            words = ", ".join(f"{name}: {_word(value)}" for name, value in wanted.items())
            note = "The job takes longer, since it fetches and builds everything anew."
            return Fix(f"set {words}", REVIEW, amendment.edits, amendment.effects, notes=(note,))
    return NoFix("the step is not where it was")


def _amended(document: Document, step: Step, wanted: dict[str, str | bool]) -> Amendment:
    inputs = step.with_
    if inputs is None or not inputs.items:
        return edits.add_key(document, step.node, "with", dict(wanted), after="uses")
    amendments: list[Amendment] = []
    for name, value in wanted.items():
        given = step.input(name)
        if isinstance(given, Scalar):
            amendments.append(edits.set_scalar(document, given, value))
        else:
            amendments.append(edits.add_key(document, inputs, name, value))
    total = amendments[0]
    for amendment in amendments[1:]:
        total = total + amendment
    return total


def _word(value: str | bool) -> str:
    return "''" if value == "" else str(value).lower()
