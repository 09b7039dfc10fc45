"""Sends a job to a runner that exists."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Sequence
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.runners import RETIRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Replaces the label by the living one of the same kind of machine."""
    document = context.snapshot.document(finding.path)
    scalar = None if document is None or finding.span is None else edits.scalar_at(document, finding.span.start)
    retired = None if scalar is None else RETIRED.get(scalar.value.lower())
    if document is None or scalar is None or retired is None:
        return NoFix("the label is not written in one piece")
    successor = retired[1]
    beside = scalar.parent.items if isinstance(scalar.parent, Sequence) else ()
    if any(getattr(item, "value", "").lower() == successor for item in beside):
        return NoFix(f"{successor} stands in the same list, so this entry may simply go")
    done = edits.set_scalar(document, scalar, successor)
    return Fix(
        f"run on {successor}",
        REVIEW,
        done.edits,
        done.effects,
        notes=("The image has other versions of compilers and tools than the old one had.",),
    )
