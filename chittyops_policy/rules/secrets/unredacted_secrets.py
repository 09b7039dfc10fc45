"""A secret that holds several values, taken apart so that its parts show in the log."""

from __future__ import annotations

from chittyops_policy.expressions import Binary, Call, references, walk
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.expressions import Expr
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for occurrence in view.expressions():
        text = occurrence.scalar.value[occurrence.start : occurrence.end].lower()
        if occurrence.expr is None or "fromjson" not in text:
            continue
        for node in walk(occurrence.expr):
            if isinstance(node, Call) and node.key == "fromjson" and any(map(_is_secret, node.args)):
                message = "GitHub hides the secret as a whole in logs, not the parts that fromJSON takes out of it"
                yield context.inside(view.document, occurrence.scalar, node.start, node.end, message)


def _is_secret(expr: Expr) -> bool:
    """Whether an argument is a secret, perhaps with a value in its place where there is none."""
    if isinstance(expr, Binary):
        return expr.op in ("&&", "||") and (_is_secret(expr.left) or _is_secret(expr.right))
    return not isinstance(expr, Call) and any(
        reference.context == "secrets" and reference.expr is expr for reference in references(expr)
    )


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./deploy\n        env:\n"
    return (
        Example(
            "A password out of a secret of several values",
            head + "          PASSWORD: ${{ fromJSON(secrets.ACCOUNT).password }}\n",
            fires=("fromJSON(secrets.ACCOUNT)",),
        ),
        Example("A secret of one value", head + "          PASSWORD: ${{ secrets.PASSWORD }}\n"),
        Example(
            "Something else, which the secret only chooses",
            head + "          REGION: ${{ fromJSON(secrets.KEY != '' && vars.REGIONS || '{}').main }}\n",
        ),
    )


RULE = Rule(
    id="unredacted-secrets",
    title="Parts of a secret are not hidden in logs",
    theme="secrets",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"fromjson",),
    searched=True,
    why=(
        "GitHub replaces a secret in logs where it stands as a whole. A value that was taken out of it with fromJSON "
        "is a text like any other: a command that prints its environment, a failing tool or a debug run shows it to "
        "everybody who can read the log."
    ),
    how="Make each value a secret of its own, or mask the parts with ::add-mask:: before anything can print them.",
    examples=_examples,
    check=_check,
    unfixable="the values have to be stored anew, each as a secret of its own",
    tags=("secrets-exposure", "external/cwe/cwe-532", "owasp-cicd-sec-6"),
)
