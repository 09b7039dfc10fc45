"""Gives an AI action its check of write access back."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Mapping
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Removes the input that lets everybody in."""
    document = context.snapshot.document(finding.path)
    scalar = None if document is None or finding.span is None else edits.scalar_at(document, finding.span.start)
    owner = None if scalar is None else scalar.parent
    if document is None or scalar is None or not isinstance(owner, Mapping):
        return NoFix("the input is not written in one piece")
    name = next(key for key, _, value in owner.pairs() if value is scalar)
    done = edits.remove_key(document, owner, name)
    return Fix(
        f"remove {name}",
        REVIEW,
        done.edits,
        done.effects,
        notes=("The action then answers only to those who have write access.",),
    )
