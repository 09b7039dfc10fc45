"""A job for a runner that GitHub no longer has."""

from __future__ import annotations

from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.runners import RETIRED, machines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()
    for _, each in machines_in(view, context):
        for machines in each:
            if machines.group is not None or "self-hosted" in machines.names:
                continue  # a machine of one's own may have any label
            for label in machines.labels:
                retired = RETIRED.get(label.value.lower())
                if retired is not None and id(label) not in seen:
                    seen.add(id(label))
                    yield context.at(view.document, label, f"GitHub has no {label.value} runners since {retired[0]}")


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    return (
        Example(
            "A label that nobody serves",
            {path: "on: push\njobs:\n  test:\n    runs-on: ubuntu-20.04\n    steps: [{run: make test}]\n"},
            fires=("ubuntu-20.04",),
            after={path: "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps: [{run: make test}]\n"},
        ),
        Example(
            "A label that moves along",
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n",
        ),
        Example(
            "In a matrix, and on a machine of one's own",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy:\n"
            "      matrix:\n"
            "        os: [ubuntu-24.04, macos-12]\n"
            "        include:\n"
            "          - {os: windows-2019, slow: true}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps: [{run: make test}]\n"
            "  old:\n"
            "    runs-on: [self-hosted, ubuntu-20.04]\n"
            "    steps: [{run: make test}]\n",
            fires=("macos-12", "windows-2019"),
        ),
    )


RULE = Rule(
    id="retired-runner",
    title="A job waits for a runner that GitHub no longer has",
    theme="runners",
    severity="high",
    visits=(WORKFLOW,),
    needs=(b"ubuntu-", b"macos-", b"windows-"),
    why=(
        "The job waits in the queue until GitHub gives up after a day. A check that never reports blocks every pull "
        "request that it is required for, and a scheduled job simply stops."
    ),
    how="Name a runner that exists; GitHub's runner-images repository lists them.",
    limits="Labels that the run computes are not known, beyond those of a matrix.",
    examples=_examples,
    check=_check,
    tags=("runner-compatibility", "external/cwe/cwe-477"),
)
