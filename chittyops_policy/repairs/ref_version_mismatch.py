"""Lets the comment name the version that the commit is."""

from __future__ import annotations

from chittyops_policy.edits import scalar_at
from chittyops_policy.model import REVIEW, Edit, Fix, NoFix
from chittyops_policy.pins import mismatch, sources
from chittyops_policy.workflow import Uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Replaces the version in the comment, for review: perhaps the comment was right and the commit is the mistake."""
    document = context.snapshot.document(finding.path)
    if document is None or finding.span is None:
        return NoFix("the comment is not where it was")
    text = document.text
    stated = text[finding.span.start : finding.span.end]
    before = text[: text.rfind("#", 0, finding.span.start)].rstrip("# \t")
    node = scalar_at(document, len(before) - 1)
    if node is None:
        return NoFix("the comment is not where it was")
    uses = Uses(node, job=False)
    wrong = mismatch(uses.slug, uses.ref, stated, sources(context))
    if wrong is None or wrong.actual is None:
        return NoFix("neither the lock nor the pack knows which version this commit is")
    return Fix(
        f"let the comment say {wrong.actual.tag}",
        REVIEW,
        (Edit(finding.span, wrong.actual.tag),),
        notes=(
            f"The version comes from {wrong.actual.origin}.",
            f"If {stated} was meant, the commit is the mistake: {wrong.meant.commit}.",
        ),
    )
