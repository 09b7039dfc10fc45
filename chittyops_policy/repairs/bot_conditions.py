"""Asks for the author of what an event is about, not for who caused it."""

from __future__ import annotations

from chittyops_policy.actors import AUTHORS, bot_tests
from chittyops_policy.edits import replace_within, scalar_at
from chittyops_policy.expressions import condition
from chittyops_policy.model import REVIEW, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """The author in the place of the actor, where every event of the workflow has the same one.

    REVIEW: a maintainer's push to the bot's branch now passes the condition as well.
    """
    workflow = context.snapshot.workflow(finding.path)
    if workflow is None or finding.span is None:
        return NoFix("the workflow cannot be read")
    authors = {AUTHORS.get(event, "") for event in workflow.triggers}
    if len(authors) != 1 or "" in authors:
        return NoFix("the events of the workflow do not all name the author in the same place")
    document = workflow.document
    scalar = scalar_at(document, finding.span.start)
    expr = condition(scalar.value).expr if scalar is not None else None
    for test in bot_tests(expr) if expr is not None else ():
        assert scalar is not None
        if document.spot(scalar, test.expr.start, test.expr.end) == finding.span:
            author = f"{authors.pop()}.{'id' if test.id else 'login'}"
            piece = (test.reference.start, test.reference.end, author)
            amendment = replace_within(document, scalar, [piece])
            return Fix(
                f"ask for {author}", REVIEW, amendment.edits, amendment.effects,
                notes=("The bot's branch then passes whoever pushes to it.",),
            )  # fmt: skip
    return NoFix("the condition is not written out in one place")
