"""Writes a path without its detour, and a constant as the value that it is.

SAFE: GitHub makes the very same of both.
"""

from __future__ import annotations

from chittyops_policy.edits import replace_within, scalar_at, set_scalar
from chittyops_policy.expressions import Call, fold, segments, to_string, walk
from chittyops_policy.model import SAFE, Fix, NoFix
from chittyops_policy.snapshot import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.document import Document, Scalar
    from chittyops_policy.edits import Amendment
    from chittyops_policy.expressions import Expr, Segment
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """The plain form of the path, of the expression or of its part."""
    document = context.snapshot.document(finding.path)
    scalar = scalar_at(document, finding.span.start) if document is not None and finding.span is not None else None
    if document is None or scalar is None:
        return NoFix("the place is not written out")
    for segment in segments(scalar.value):
        if segment.expr is None:
            continue
        if document.spot(scalar, segment.start, segment.end) == finding.span:
            return _whole(document, scalar, segment, segment.expr)
        for node in walk(segment.expr):
            if document.spot(scalar, node.start, node.end) == finding.span:
                return _part(document, scalar, node)
    name, _, ref = scalar.value.strip().partition("@")
    path = normalise(name)
    if path is None or path.count("/") < 1 or path.split("/")[:2] != name.split("/")[:2]:
        return NoFix("the path leads out of the repository that it names")
    return _fix(f"write {path}", set_scalar(document, scalar, f"{path}@{ref}"))


def _whole(document: Document, scalar: Scalar, segment: Segment, expr: Expr) -> Fix | NoFix:
    constant = fold(expr)
    assert constant is not None
    value = constant.value
    text = to_string(value)
    if (segment.start, segment.end) != (0, len(scalar.value)):
        return _fix(f"write {text!r}", replace_within(document, scalar, [(segment.start, segment.end, text)]))
    if value is None:
        return NoFix("nothing stands for null in every place")
    if isinstance(value, float):
        if not value.is_integer():
            return NoFix("the number may be written in more than one way")
        value = int(value)
    return _fix(f"write {text!r}", set_scalar(document, scalar, value))


def _part(document: Document, scalar: Scalar, node: Expr) -> Fix | NoFix:
    if isinstance(node, Call) and node.key == "fromjson" and isinstance(node.args[0], Call) and fold(node) is None:
        inner = node.args[0].args[0]
        text = scalar.value[inner.start : inner.end]
    else:
        constant = fold(node)
        assert constant is not None
        value = constant.value
        text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else to_string(value) or "null"
    return _fix(f"write {text}", replace_within(document, scalar, [(node.start, node.end, text)]))


def _fix(title: str, amendment: Amendment) -> Fix:
    return Fix(title, SAFE, amendment.edits, amendment.effects)
