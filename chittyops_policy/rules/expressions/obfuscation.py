"""Something plain, written so that neither people nor tools see what it is."""

from __future__ import annotations

from chittyops_policy.expressions import Binary, Call, Literal, Unary, fold, walk
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.expressions import Expr
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Occurrence, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for uses, _, _ in view.uses():
        text = uses.text
        if uses.kind not in ("local", "self", "docker") and ("/." in text or "//" in text or "/@" in text):
            parts = text.partition("@")[0].split("/")[2:]
            if any(part in ("", ".", "..") for part in parts):
                yield context.at(
                    view.document, uses.node, "this path has empty or dotted parts, which only hide what it is"
                )
    conditions = {id(scalar) for scalar in view.document.conditions}
    for occurrence in view.expressions():
        # What is constant in a condition is for constant-condition.
        expr = occurrence.expr
        if isinstance(expr, Literal | Call | Binary | Unary) and id(occurrence.scalar) not in conditions:
            yield from _expression(view, occurrence, expr, context)


def _expression(view: Workflow | Action, occurrence: Occurrence, expr: Expr, context: Context) -> Iterator[Finding]:
    if isinstance(expr, Literal):
        if not _escapes(expr):
            message = "this expression is a constant: the value alone says the same"
            yield context.inside(view.document, occurrence.scalar, occurrence.start, occurrence.end, message)
        return
    for node in walk(expr):
        if isinstance(node, Call) and node.key == "fromjson" and _is_to_json(node.args):
            message = "fromJSON(toJSON(...)) gives back what went in"
            yield context.inside(view.document, occurrence.scalar, node.start, node.end, message)
        elif _is_plain(node) and fold(node) is not None:
            if fold(expr) is not None:
                message = "this expression always has the same value, which could stand here"
                yield context.inside(view.document, occurrence.scalar, occurrence.start, occurrence.end, message)
                return
            message = "this part always has the same value, which could stand here"
            yield context.inside(view.document, occurrence.scalar, node.start, node.end, message)


def _is_plain(node: Expr) -> bool:
    """Whether a call or an operator has constants only; whatever is constant contains such a one."""
    if isinstance(node, Call):
        return bool(node.args) and all(isinstance(argument, Literal) for argument in node.args)
    if isinstance(node, Binary):
        return isinstance(node.left, Literal) and isinstance(node.right, Literal)
    return isinstance(node, Unary) and isinstance(node.operand, Literal)


def _is_to_json(args: tuple[Expr, ...]) -> bool:
    return len(args) == 1 and isinstance(args[0], Call) and args[0].key == "tojson" and len(args[0].args) == 1


def _escapes(expr: Literal) -> bool:
    """Whether a constant is there because its text cannot stand in a workflow as it is, such as ``${{``."""
    return isinstance(expr.value, str) and ("{{" in expr.value or "}}" in expr.value)


def _examples() -> tuple[Example, ...]:
    head = "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    name = ".github/workflows/example.yml"
    pin = "0123456789" * 4
    return (
        Example(
            "A detour in a path",
            head + f"      - uses: github/codeql-action/analyze/../upload-sarif@{pin} # reports\n",
            fires=(f"github/codeql-action/analyze/../upload-sarif@{pin}",),
            after={name: head + f"      - uses: github/codeql-action/upload-sarif@{pin} # reports\n"},
        ),
        Example(
            "A command that is put together",
            head + "      - run: ${{ format('c{0}l', 'ur') }} https://example.com -o page\n",
            fires=("${{ format('c{0}l', 'ur') }}",),
            after={name: head + "      - run: curl https://example.com -o page\n"},
        ),
        Example(
            "There and back, and a part that is constant",
            head + "      - run: make\n        env:\n          A: ${{ fromJSON(toJSON(github.sha)) }}\n"
            "          B: ${{ github.ref == format('refs/heads/{0}', 'main') }}\n",
            fires=("fromJSON(toJSON(github.sha))", "format('refs/heads/{0}', 'main')"),
            after={
                name: head + "      - run: make\n        env:\n          A: ${{ github.sha }}\n"
                "          B: ${{ github.ref == 'refs/heads/main' }}\n"
            },
        ),
        Example(
            "A text that could not stand there otherwise",
            head + "      - run: echo \"${{ '${{' }} github.sha }}\"\n        env:\n"
            "          A: ${{ fromJSON('[1, 2]')[0] }}\n",
        ),
    )


RULE = Rule(
    id="obfuscation",
    title="Something plain is written so that nobody sees it",
    theme="expressions",
    severity="low",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"${{", b"/.", b"//", b"/@"),
    why=(
        "What a reviewer does not see is not reviewed, and what a tool cannot match is not found. A path with a detour "
        "or a word that is put together at run time has no use but to hide, or to be there by mistake."
    ),
    how="Write the path or the value as it is.",
    examples=_examples,
    check=_check,
    limits="A name that is computed from the run's data is left to overprovisioned-secrets.",
    tags=("hardening-gap", "external/cwe/cwe-506", "owasp-cicd-sec-4"),
)
