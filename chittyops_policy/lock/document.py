"""A plan as JSON, by ``schemas/lock-plan.schema.json``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .values import Change, Plan, Step

VERSION = 1


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as plain values; what differs comes before and after, as the REST API names it."""
    return {
        "version": VERSION,
        "settled": plan.settled,
        "counts": plan.counts(),
        "steps": [_step(step) for step in plan.steps],
        "problems": list(plan.problems),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "kind": step.kind,
        "scope": step.scope,
        "name": step.name,
        "held": step.held,
        "note": step.note,
        "permission": step.permission,
        "changes": [_change(change) for change in step.changes],
        "refusals": [{"what": each.what, "why": each.why, "first": each.first} for each in step.refusals],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "sign": change.sign,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "held": change.held,
    }
