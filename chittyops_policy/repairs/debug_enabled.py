"""Takes the switch for debug logging out of a file."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Mapping
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Removes the variable, and ``env`` with it where nothing else stands there."""
    document = context.snapshot.document(finding.path)
    assert document is not None
    assert finding.span is not None
    scalar = edits.scalar_at(document, finding.span.start)
    env = scalar.parent if scalar is not None else None
    if scalar is None or not isinstance(env, Mapping):
        return NoFix("the variable is not where it was")
    name = next(name for name, _, value in env.pairs() if value is scalar)
    if len(env.items) > 1:
        amendment = edits.remove_key(document, env, name)
    elif isinstance(env.parent, Mapping):
        amendment = edits.remove_key(document, env.parent, "env")
    else:
        return NoFix("the variable stands alone in a place that cannot be empty")
    note = "Runs then log no more than usual; a single run can be repeated with debug logging."
    return Fix(f"remove {name}", REVIEW, amendment.edits, amendment.effects, notes=(note,))
