"""Takes out the variable that switches insecure commands on."""

from __future__ import annotations

from chittyops_policy import edits
from chittyops_policy.document import Mapping
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.rules.hygiene.insecure_commands import VARIABLE, environments
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.workflow import Action, Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Removes the variable, and the ``env`` with it where it is the only one."""
    document = context.snapshot.document(finding.path)
    if document is None or finding.span is None:
        return NoFix("the variable is not found again")
    view = Workflow(document) if kind_of(finding.path) == WORKFLOW else Action(document)
    for env in environments(view):
        key = env.key(VARIABLE)
        if key is None or key.span != finding.span:
            continue
        owner = env.parent
        if len(env.items) == 1 and isinstance(owner, Mapping):
            done = edits.remove_key(document, owner, "env")
        else:
            done = edits.remove_key(document, env, VARIABLE)
        return Fix(
            f"remove {VARIABLE}",
            REVIEW,
            done.edits,
            done.effects,
            notes=("A step that still prints ::set-env or ::add-path fails from then on.",),
        )
    return NoFix("the variable is not found again")
