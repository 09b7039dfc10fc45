"""Stating the least permissions in a workflow: what a fix writes, each grant with the action that needs it."""

from __future__ import annotations

from .document import Mapping, Scalar
from .edits import Amendment, add_key, line_break, remove_key, set_scalar, set_value
from .errors import CannotEdit
from .model import Edit
from .token_needs import needs_of, releases

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
    edits = []
    for edit in amendment.edits:
        lines = edit.text.split("\n")
        for number, line in enumerate(lines):
            scope, _, wanted = line.strip().partition(": ")
            if scope in needs.scopes and (scope, wanted.rstrip("\r")) != ("contents", "read"):
                end = "\r" if line.endswith("\r") else ""
                lines[number] = f"{line.removesuffix(end)} # for {needs.scopes[scope][1]}{end}"
        edits.append(Edit(edit.span, "\n".join(lines)))
    return Amendment(tuple(edits), amendment.effects)
