"""A condition that is always true, because it is a text and not an expression."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.expressions import condition
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for node in _conditions(view):
        if not isinstance(node, Scalar) or "${{" not in node.value:
            continue
        found = condition(node.value)
        if found.kind == "mixed" and not found.errors:
            text = node.value
            alone = len(found.segments) == 1 and (found.segments[0].end - found.segments[0].start) == len(text.strip())
            beside = "a line break" if alone and "\n" in text else "a blank" if alone else "text"
            message = f"this is always true: {beside} stands beside ${{{{ }}}}, so all of it becomes a text"
            yield context.at(view.document, node, message)


def _conditions(view: Workflow | Action) -> Iterator[Node | None]:
    if isinstance(view, Workflow):
        for job in view.jobs:
            yield job.node.get("if")
            for step in job.steps:
                yield step.node.get("if")
    else:
        for step in view.steps:
            yield step.node.get("if")


def _examples() -> tuple[Example, ...]:
    head = "on: push\npermissions: {}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
    steps = "    steps:\n      - run: ./deploy\n"
    name = ".github/workflows/example.yml"
    return (
        Example(
            "A block of text ends in a line break",
            head + "    if: |\n      ${{ github.ref == 'refs/heads/main' }}\n" + steps,
            fires=("|\n      ${{ github.ref == 'refs/heads/main' }}",),
            after={name: head + "    if: |-\n      ${{ github.ref == 'refs/heads/main' }}\n" + steps},
        ),
        Example(
            "Two expressions make a text",
            head + "    if: ${{ github.ref == 'refs/heads/main' }} && ${{ inputs.a || inputs.b }}\n" + steps,
            fires=("${{ github.ref == 'refs/heads/main' }} && ${{ inputs.a || inputs.b }}",),
            after={name: head + "    if: github.ref == 'refs/heads/main' && (inputs.a || inputs.b)\n" + steps},
        ),
        Example(
            "One expression, and nothing beside it", head + "    if: ${{ github.ref == 'refs/heads/main' }}\n" + steps
        ),
        Example(
            "Without ${{ }} the line break does no harm",
            head + "    if: |\n      github.ref == 'refs/heads/main' &&\n      inputs.a\n" + steps,
        ),
    )


RULE = Rule(
    id="unsound-condition",
    title="A condition is always true",
    theme="expressions",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"if:", b'if"'),
    why=(
        "Where anything stands beside ${{ }}, GitHub puts the values into the text and asks whether that is empty. It "
        "never is: a deployment that was meant for the main branch then runs on every branch, and a check that was "
        "meant to stop a pull request stops nothing."
    ),
    how="Write the whole condition as one expression, without ${{ }}; end a block with |- or >-.",
    examples=_examples,
    check=_check,
    tags=("control-flow", "external/cwe/cwe-571", "owasp-cicd-sec-1"),
)
