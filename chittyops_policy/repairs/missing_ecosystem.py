"""Adds an entry to Dependabot's list of updates."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Mapping, Sequence
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Adds a weekly entry for the ecosystem and the folder that the finding names, at the end of the list."""
    document = context.snapshot.document(finding.path)
    updates = document.root.get("updates") if document is not None and isinstance(document.root, Mapping) else None
    if document is None or not isinstance(updates, Sequence):
        return NoFix("there is no list of updates")
    ecosystem = finding.anchor or ""
    entry = {
        "package-ecosystem": ecosystem,
        "directory": f"/{finding.related[0].path.rpartition('/')[0]}",
        "schedule": {"interval": "weekly"},
        "cooldown": {"default-days": 7},
    }
    done = edits.insert_item(document, updates, len(updates.items), entry)
    return Fix(f"let Dependabot look after {ecosystem}", REVIEW, done.edits, done.effects)
