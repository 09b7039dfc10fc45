"""A choice that can never give its first value, because that counts as false."""

from __future__ import annotations

from chittyops_policy.expressions import Binary, truth, walk
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.expressions import Expr
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for occurrence in view.expressions():
        text = occurrence.scalar.value
        if occurrence.expr is None or text.find("||", occurrence.start, occurrence.end) < 0:
            continue
        for node in walk(occurrence.expr):
            if not isinstance(node, Binary) or node.op != "||":
                continue
            chosen = _last_alternative(node.left)
            if isinstance(chosen, Binary) and chosen.op == "&&":
                value = chosen.right
                if truth(value) is False and truth(chosen.left) is None:
                    written = text[value.start : value.end]
                    message = f"{written} counts as false, so the value behind || is taken, whatever the condition says"
                    yield context.inside(view.document, occurrence.scalar, value.start, value.end, message)


def _last_alternative(expr: Expr) -> Expr:
    """Of ``a || b`` the part that stands directly before the next ``||``."""
    return expr.right if isinstance(expr, Binary) and expr.op == "||" else expr


def _examples() -> tuple[Example, ...]:
    head = (
        "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: make\n        env:\n"
    )
    return (
        Example(
            "Nothing on the main branch, they hoped",
            head + "          SUFFIX: ${{ github.ref == 'refs/heads/main' && '' || '-preview' }}\n",
            fires=("''",),
        ),
        Example(
            "The other way round",
            head + "          SUFFIX: ${{ github.ref != 'refs/heads/main' && '-preview' || '' }}\n",
        ),
        Example(
            "With case() each value is given as it is",
            head + "          SUFFIX: ${{ case(github.ref == 'refs/heads/main', '', '-preview') }}\n",
        ),
    )


RULE = Rule(
    id="unsound-ternary",
    title="A choice never gives its first value",
    theme="expressions",
    severity="low",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"||",),
    why=(
        "The expressions of GitHub have no ?: operator. In `condition && a || b` an empty text, 0, false or null as "
        "`a` counts as false, so that `b` is the result in every case: the condition decides nothing."
    ),
    how="Turn the condition round, so that the value that counts as false stands last, or use case().",
    examples=_examples,
    check=_check,
    unfixable="how the condition reads best the other way round only its owners can say",
    tags=("control-flow", "external/cwe/cwe-783", "owasp-cicd-sec-1"),
)
