"""A list of labels that no single runner has."""

from __future__ import annotations

from chittyops_policy.model import Related, Span
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.runners import HOSTED, machines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()
    for _, each in machines_in(view, context):
        for machines in each:
            if len(machines.labels) < 2:
                continue
            hosted = [label for label in machines.labels if label.value.lower() in HOSTED]
            for label in hosted[1:]:
                first = hosted[0]
                if label.value.lower() != first.value.lower() and id(label) not in seen:
                    seen.add(id(label))
                    yield context.at(
                        view.document, label, f"no runner is both {first.value} and {label.value}",
                        related=(Related(view.path, Span(first.start, first.end), "the other label"),),
                    )  # fmt: skip


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A list means one runner with all labels, not one job for each",
            "on: push\njobs:\n  test:\n    runs-on: [ubuntu-latest, windows-latest]\n    steps: [{run: make test}]\n",
            fires=("windows-latest",),
        ),
        Example(
            "A matrix makes one job for each",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy: {matrix: {os: [ubuntu-latest, windows-latest]}}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps: [{run: make test}]\n",
        ),
        Example(
            "Labels of one's own can stand together",
            "on: push\njobs:\n  test:\n    runs-on: [self-hosted, linux, gpu]\n    steps: [{run: make test}]\n",
        ),
    )


RULE = Rule(
    id="conflicting-runner-labels",
    title="No runner has all of these labels",
    theme="runners",
    severity="high",
    visits=(WORKFLOW,),
    needs=(b"ubuntu-", b"macos-", b"windows-"),
    why=(
        "Several labels mean a runner that has all of them. Two of GitHub's own labels never meet on one machine, so "
        "the job waits in the queue until GitHub gives up after a day."
    ),
    how="Name one of them, or run the job once for each with a matrix.",
    examples=_examples,
    check=_check,
    unfixable="which machine is meant, or whether all are, only its owners know",
    tags=("runner-compatibility", "correctness"),
)
