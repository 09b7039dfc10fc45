"""Lets Dependabot keep the actions up to date: with a new dependabot.yml, or an entry in the one that is there."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.ecosystems import ACTIONS, COOLDOWN, action_folders, update, updates
from chittyops_policy.edits import add_key, insert_item, remove_key
from chittyops_policy.model import REVIEW, SAFE, Creation, Fix, NoFix
from chittyops_policy.projects import projects_of
from chittyops_policy.snapshot import DEPENDABOT_PATHS
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Creates dependabot.yml where there is none, adds the entry for actions, or lifts its limit of 0."""
    if finding.path not in DEPENDABOT_PATHS:
        return NoFix("Renovate was told to leave the actions alone: only its owners can say whether that was meant")
    if not context.snapshot.has(finding.path):
        return new_dependabot(context)
    document = context.snapshot.document(finding.path)
    root = document.root if document is not None else None
    entries = root.get("updates") if isinstance(root, Mapping) else None
    if document is None or not isinstance(entries, Sequence):
        return NoFix("the file has no list of updates to which an entry could be added")
    paused = next((entry for entry in entries.items if _is_paused(entry)), None)
    if isinstance(paused, Mapping):
        amendment = remove_key(document, paused, "open-pull-requests-limit")
        if "cooldown" not in paused:
            amendment += add_key(document, paused, "cooldown", COOLDOWN, after="schedule")
        notes = ("Somebody set the limit of 0, perhaps to get security updates alone.",)
        return Fix("let Dependabot update the actions", REVIEW, amendment.edits, amendment.effects, notes=notes)
    entry = update(ACTIONS, action_folders(context.snapshot))
    amendment = insert_item(document, entries, len(entries.items), entry)
    return Fix(f"add an entry for {ACTIONS}", SAFE, amendment.edits, amendment.effects)


def _is_paused(entry: object) -> bool:
    if not isinstance(entry, Mapping) or text_of(entry.get("package-ecosystem")) != ACTIONS:
        return False
    limit = entry.get("open-pull-requests-limit")
    return isinstance(limit, Scalar) and limit.resolved() == 0


def new_dependabot(context: Context) -> Fix:
    """The fix that creates dependabot.yml, the same for every rule that misses it."""
    entries = updates(context.snapshot, projects_of(context))
    named = " and ".join(entry["package-ecosystem"] for entry in entries)
    return Fix(
        f"create {DEPENDABOT_PATHS[0]} for {named}",
        REVIEW,
        creates=(Creation(DEPENDABOT_PATHS[0], "dependabot.yml", {"updates": entries}),),
        notes=("Dependabot opens its first pull requests within minutes of the merge.",),
    )
