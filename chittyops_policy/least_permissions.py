"""Stating the least permissions in a workflow: what a fix writes, each grant with the action that needs it."""

from __future__ import annotations

from .document import Mapping, Scalar
from .edits import (
    Amendment,
    add_key,
    comment_on,
    explained,
    line_break,
    remove_key,
    set_comment,
    set_scalar,
    set_value,
)
from .errors import CannotEdit
from .model import Edit
from .token_needs import needs_of, releases
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import Document, Node
    from .rule import Context
    from .token_needs import Needs
    from .workflow import Job, Workflow


def jobs_needs(workflow: Workflow, jobs: Iterable[Job], context: Context) -> list[tuple[Job, Needs]]:
    """What each job needs. Raises CannotEdit where that cannot be told, or where guessing could break a release."""
    found = []
    for job in jobs:
        if releases(workflow, job):
            raise CannotEdit(
                f"the job '{job.id}' looks as if it ships something, and only a real release shows its needs"
            )
        needs = needs_of(workflow, job, context)
        if needs.unknown:
            raise CannotEdit(f"in the job '{job.id}' {needs.unknown}")
        found.append((job, needs))
    return found


def common(needs: Iterable[tuple[Job, Needs]]) -> dict[str, str]:
    """What may stand at the top of the workflow: reading the code, where some job needs that."""
    return {"contents": "read"} if any("contents" in each.scopes for _, each in needs) else {}


def state_at_jobs(document: Document, needs: Iterable[tuple[Job, Needs]], given: dict[str, str]) -> Amendment:
    """A ``permissions`` block for each job that needs more than what is `given` at the top."""
    amendment = Amendment()
    for job, each in needs:
        least = each.least()
        if any(given.get(scope) != wanted for scope, wanted in least.items()):
            amendment += _documented(
                add_key(document, job.node, "permissions", least, after=_neighbour(job.node)), each, job.node
            )
    return amendment


def state_at_top(workflow: Workflow, value: dict[str, str]) -> Amendment:
    """A ``permissions`` block behind ``on``, set off by a blank line where that is."""
    document = workflow.document
    amendment = add_key(document, workflow.node, "permissions", value, after="on")
    [edit] = amendment.edits
    eol = line_break(document)
    if document.text.startswith(eol + eol, edit.span.end) and edit.text.startswith(eol):
        return Amendment((Edit(edit.span, eol + edit.text),), amendment.effects)
    return amendment


def replace_at(document: Document, holder: Mapping, value: dict[str, str]) -> Amendment:
    """A ``permissions`` key with another value, where no comment would go with the old one."""
    old = holder.get("permissions")
    assert old is not None
    if any(old.start <= comment.start < old.end for comment in document.comments()):
        raise CannotEdit("a comment stands among the permissions")
    return set_value(document, holder, "permissions", value)


def reduce(document: Document, permissions: Mapping, holder: Mapping, scope: str, wanted: str | None) -> Amendment:
    """A ``permissions`` mapping in which one scope has a lower level, or is gone."""
    value = permissions.get(scope)
    if wanted is not None and isinstance(value, Scalar):
        return set_scalar(document, value, wanted)
    if len(permissions.items) == 1:
        return replace_at(document, holder, {})
    return remove_key(document, permissions, scope)


def _neighbour(job: Mapping) -> str:
    return next((key for key in ("runs-on", "uses", "name") if key in job), job.keys()[0])


def _documented(amendment: Amendment, needs: Needs, node: Node) -> Amendment:
    """Each line that grants more than reading the code says for whom."""
    if isinstance(node, Mapping) and node.flow:
        raise CannotEdit("the job is written in braces, where no comment can say what a permission is for")
    return explained(
        amendment,
        {
            scope: f"for {user}"
            for scope, (wanted, user) in needs.scopes.items()
            if (scope, wanted) != ("contents", "read")
        },
    )


def grant(document: Document, job: Job, stated: Mapping, scope: str, wanted: str, why: str) -> Amendment:
    """A job with one more permission beside all that it may do now, each with a comment on what it is for.

    `stated` are the permissions in force, the job's own or those of its workflow. A job's replace those of the
    workflow, so that its new copy has them all.
    """
    if stated is not job.permissions:
        value = {name: text_of(node) for name, _, node in stated.pairs()}
        reasons = {scope: why}
        for name, key, _ in stated.pairs():
            said = None if stated.flow else comment_on(document, key.start)
            if name != scope and (said or (name, value[name]) != ("contents", "read")):
                reasons[name] = said or "as for the whole workflow"
        return explained(add_key(document, job.node, "permissions", {**value, scope: wanted}, after="runs-on"), reasons)
    there = stated.key(scope)
    if there is None and not stated.flow:
        return explained(add_key(document, stated, scope, wanted), {scope: why})
    made = (add_key if there is None else set_value)(document, stated, scope, wanted)
    place = stated.end - 1 if there is None else there.start
    return made if comment_on(document, place) is not None else made + set_comment(document, place, why)
