"""Hands values over to a script in the step's environment instead of writing them into it."""

from __future__ import annotations

from chittyops_policy.repairs.template_injection import moved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding, Fix, NoFix
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Moves every such value of the step. A person may have put shell syntax into it on purpose, hence never safe."""
    return moved(finding, context, free=False)
