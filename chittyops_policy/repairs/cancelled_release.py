"""Lets a deployment run to its end."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Writes false for ``cancel-in-progress``."""
    document = context.snapshot.document(finding.path)
    scalar = None if document is None or finding.span is None else edits.scalar_at(document, finding.span.start)
    if document is None or scalar is None:
        return NoFix("the value is not written in one piece")
    done = edits.set_scalar(document, scalar, False)
    return Fix(
        "let the running deployment finish",
        REVIEW,
        done.edits,
        done.effects,
        notes=("Where the same workflow runs tests of pull requests, those are no longer cancelled either.",),
    )
