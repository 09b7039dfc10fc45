"""A condition whose outcome no run can change."""

from __future__ import annotations

from chittyops_policy.expressions import Index, Name, condition
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    conditions = {id(scalar) for scalar in view.document.conditions}
    for occurrence in view.expressions():
        scalar = occurrence.scalar
        if id(scalar) not in conditions or isinstance(occurrence.expr, Index | Name):
            continue
        if (occurrence.start, occurrence.end) != (0, len(scalar.value)):
            continue  # always true for another reason: unsound-condition
        found = condition(scalar.value)
        if found.constant is True:
            yield context.at(view.document, scalar, "this always holds, so the condition decides nothing")
        elif found.constant is False:
            yield context.at(view.document, scalar, "this never holds: what stands here is switched off")


def _examples() -> tuple[Example, ...]:
    head = "on: push\npermissions: {}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
    steps = "    steps:\n      - run: ./deploy\n"
    return (
        Example("Switched off", head + "    if: false\n" + steps, fires=("false",)),
        Example(
            "One side decides alone",
            head + "    if: github.ref == 'refs/heads/main' || true\n" + steps,
            fires=("github.ref == 'refs/heads/main' || true",),
        ),
        Example("What the run decides, with a status function", head + "    if: always() && github.ref_name\n" + steps),
        Example(
            "always() is no constant: without it a failure before would count", head + "    if: always()\n" + steps
        ),
    )


RULE = Rule(
    id="constant-condition",
    title="A condition does not depend on the run",
    theme="expressions",
    severity="info",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"if",),
    why=(
        "A job that is switched off with if: false is forgotten there: a scan that everybody believes in has not run "
        "for a year. A condition that always holds pretends to guard something and does not."
    ),
    how="Take out the condition, or the job or step that it switches off; the history keeps it.",
    examples=_examples,
    check=_check,
    unfixable="whether the switched-off part is still wanted only its owners know",
    tags=("control-flow", "external/cwe/cwe-571", "owasp-cicd-sec-1"),
)
