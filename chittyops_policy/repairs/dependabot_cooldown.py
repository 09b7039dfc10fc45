"""Makes Dependabot wait before it proposes a new version."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Adds the cooldown or its ``default-days``; a number that somebody chose is raised for review."""
    document = context.snapshot.document(finding.path)
    entry = None if document is None else _entry(document, finding)
    if document is None or entry is None:
        return NoFix("the entry is not a mapping")
    days: int = context.options["days"]
    cooldown = entry.get("cooldown")
    if isinstance(cooldown, Mapping) and "default-days" in cooldown:
        done = edits.set_value(document, cooldown, "default-days", days)
        return Fix(f"hold new versions back for {days} days", REVIEW, done.edits, done.effects)
    if isinstance(cooldown, Mapping) and cooldown.items:
        done = edits.add_key(document, cooldown, "default-days", days)
    elif cooldown is not None and (isinstance(cooldown, Mapping) or _is_nothing(cooldown)):
        done = edits.set_value(document, entry, "cooldown", {"default-days": days})
    elif cooldown is None:
        done = edits.add_key(document, entry, "cooldown", {"default-days": days})
    else:
        return NoFix("the cooldown is not a mapping")
    return Fix(f"hold new versions back for {days} days", SAFE, done.edits, done.effects)


def _is_nothing(node: object) -> bool:
    return isinstance(node, Scalar) and node.resolved() is None


def _entry(document: Document, finding: Finding) -> Mapping | None:
    """The entry of ``updates`` in which a finding lies."""
    updates = document.root.get("updates") if isinstance(document.root, Mapping) else None
    for entry in updates.items if isinstance(updates, Sequence) else ():
        if isinstance(entry, Mapping) and finding.span is not None:
            if entry.start <= finding.span.start < entry.end:
                return entry
    return None
