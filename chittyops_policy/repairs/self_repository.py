"""Names an action of the same repository by the commit of the workflow."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.snapshot import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Writes ``$/`` for ``./``; a person knows whether the host takes it and whether another commit was meant."""
    document = context.snapshot.document(finding.path)
    scalar = None if document is None or finding.span is None else edits.scalar_at(document, finding.span.start)
    if document is None or scalar is None:
        return NoFix("the reference is not where it was")
    text = scalar.value.strip()
    path = normalise(text.removeprefix("./"))
    start = scalar.value.find(text)
    amendment = edits.replace_within(document, scalar, [(start, start + len(text), f"$/{path}")])
    note = "It runs on github.com since July 2026, and takes the action from the workflow's commit, not the workspace."
    return Fix(f"take {path} from the commit", REVIEW, amendment.edits, amendment.effects, notes=(note,))
