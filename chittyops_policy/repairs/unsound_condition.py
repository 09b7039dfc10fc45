"""Makes one expression of a condition that was a text.

REVIEW, always: the condition starts to hold back what has run every time so far.
"""

from __future__ import annotations

from chittyops_policy.edits import Amendment, path_of, replace_within, scalar_at, set_scalar
from chittyops_policy.errors import CannotEdit
from chittyops_policy.expressions import Binary, Call, ExpressionError, Unary, condition, parse
from chittyops_policy.model import REVIEW, SET, Edit, Effect, Fix, NoFix, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.document import Document, Scalar
    from chittyops_policy.expressions import Condition
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context

_NOTE = "So far the condition was always true; from then on it decides."


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """A block without its last line break, a value without blanks around it, or the expressions without fences."""
    document = context.snapshot.document(finding.path)
    scalar = scalar_at(document, finding.span.start) if document is not None and finding.span is not None else None
    if document is None or scalar is None:
        return NoFix("the condition cannot be read")
    found = condition(scalar.value)
    [first, *more] = found.segments
    bare = scalar.value.strip()
    if not more and bare == scalar.value[first.start : first.end]:
        amendment = _stripped(document, scalar, bare)
        title = "end the block without a line break" if scalar.style in ("|", ">") else "take the blanks away"
        return Fix(title, REVIEW, amendment.edits, amendment.effects, notes=(_NOTE,))
    pieces = _unfenced(scalar.value, found)
    if pieces is None:
        return NoFix("the text beside ${{ }} is no part of an expression")
    amendment = replace_within(document, scalar, pieces)
    return Fix("make one expression of it", REVIEW, amendment.edits, amendment.effects, notes=(_NOTE,))


def _stripped(document: Document, scalar: Scalar, bare: str) -> Amendment:
    if scalar.style not in ("|", ">"):
        return set_scalar(document, scalar, bare)
    if scalar.value.rstrip("\n") != bare:
        raise CannotEdit("there are blanks in the block that show in no editor")
    head = document.text[scalar.start : scalar.end].split("\n", 1)[0].split("#", 1)[0].rstrip()
    mark = head.rstrip("+")
    edit = Edit(Span(scalar.start, scalar.start + len(head)), mark + "-")
    return Amendment((edit,), (Effect(SET, path_of(scalar), scalar.value.rstrip("\n")),))


def _unfenced(value: str, found: Condition) -> list[tuple[int, int, str]] | None:
    """The expressions without fences, in parentheses where they need them; None where that is no expression."""
    pieces = []
    text = beside = ""
    at = 0
    for segment in found.segments:
        inner = value[segment.inner_start : segment.inner_end].strip()
        if isinstance(segment.expr, Binary) and segment.expr.op in ("||", "&&"):
            inner = f"({inner})"
        pieces.append((segment.start, segment.end, inner))
        beside += value[at : segment.start]
        text += value[at : segment.start] + inner
        at = segment.end
    whole = parse(text + value[at:])
    if isinstance(whole, ExpressionError) or not isinstance(whole, Binary | Call | Unary):
        return None
    compares = any(sign in beside + value[at:] for sign in ("=", "<", ">"))
    if compares and any(isinstance(segment.expr, Binary | Unary) for segment in found.segments):
        return None  # the text 'true' was compared, which a truth value is not equal to
    return pieces
