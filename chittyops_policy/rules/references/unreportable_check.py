"""A check that pull requests wait for, and that no job of the repository can report."""

from __future__ import annotations

from chittyops_policy.check_names import gap, reporters
from chittyops_policy.rule import REPOSITORY, Context, Example, NotApplicable, Rule, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.check_names import Reporter
    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    required = context.parameters.get("required_checks")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    if not names:
        yield NotApplicable("the pack requires no check by name")
        return
    known = reporters(context)
    for name in names:
        found = [reporter for reporter in known if reporter.reports(name)]
        if not found:
            yield context.missing(".github/workflows", f"no job reports the check '{name[:80]}'", anchor=name)
        elif not any(reporter.seen for reporter in found):
            yield Unknown(
                f"whether a called workflow reports the check '{name}' cannot be told: it is not part of this run",
                "check the repository of the called workflow as well",
            )
        else:
            yield from _judged(name, found, context)


def _judged(name: str, found: list[Reporter], context: Context) -> Iterator[Outcome]:
    """A finding where none of the workflows that could report a check does so on every pull request."""
    reasons = [gap(reporter.workflow) for reporter in found]
    if all(reasons):
        reporter = found[0]
        yield context.at(
            reporter.workflow.document, reporter.job.key, f"the check '{name[:60]}' {reasons[0]}", anchor=name
        )


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/ci.yml"
    steps = "    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"
    matrix = "    name: Tests\n    strategy: {matrix: {node: [22, 24]}}\n"
    return (
        Example(
            "A matrix adds its values to the name, so nobody reports the bare one",
            {path: f"on: pull_request\njobs:\n  test:\n{matrix}{steps}"},
            fires=(".github/workflows",),
            parameters={"required_checks": ["Tests"]},
        ),
        Example(
            "A value of the matrix, and the job of a called workflow",
            {
                path: "on: pull_request\njobs:\n"
                f"  test:\n{matrix}{steps}"
                "  gates:\n    uses: ./.github/workflows/gates.yml\n",
                ".github/workflows/gates.yml": f"on: workflow_call\njobs:\n  lint:\n{steps}",
            },
            parameters={"required_checks": ["Tests (22)", "gates / lint"]},
        ),
        Example(
            "A pull request that only changes words waits for ever",
            {path: f"on:\n  pull_request:\n    paths: [src/**]\njobs:\n  test:\n{steps}"},
            fires=("test",),
            parameters={"required_checks": ["test"]},
        ),
        Example("The pack requires no check by name", {path: f"on: push\njobs:\n  test:\n{steps}"}),
    )


RULE = Rule(
    id="unreportable-check",
    title="A required check is reported by no job",
    theme="references",
    severity="high",
    visits=(REPOSITORY,),
    places=("workflow",),
    part="required_checks",
    why=(
        "A pull request waits for ever for a required check that nobody reports. It takes a renamed job, another "
        "version in a matrix, or a path filter, and nobody can merge until an administrator looks at the rules."
    ),
    how="Correct the name in the rules of the branch, or let one job that always runs report under it.",
    examples=_examples,
    check=_check,
    unfixable="whether the job or the rule of the branch has the wrong name only their owners know",
    tags=("control-flow", "correctness"),
)
