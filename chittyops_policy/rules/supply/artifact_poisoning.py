"""A privileged job unpacks what another run has left, and then runs something from there."""

from __future__ import annotations

from chittyops_policy.model import Related
from chittyops_policy.outsiders import ARTIFACT, reaches, takings_of
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import commands_of, script_in
from chittyops_policy.workspace_code import action_executes, executed_file, executes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.outsiders import Taking
    from chittyops_policy.workflow import Step, Workflow


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    let_in = [taking for taking in takings_of(workflow, context) if not taking.closed]
    told: set[tuple[int, int]] = set()
    for taking in let_in:
        if taking.kind != ARTIFACT or taking.outside:
            continue
        for step in taking.job.steps[taking.step.index :]:
            if any(_checked_out(other, taking, step) for other in let_in):
                break
            if not reaches(step, taking.event, context.snapshot.slug):
                continue
            finding = _run(workflow, step, taking, context)
            if finding is not None and finding.span is not None:
                place = (finding.span.start, finding.span.end)
                if place not in told:
                    told.add(place)
                    yield finding


def _checked_out(other: Taking, taking: Taking, step: Step) -> bool:
    """Whether an outsider's code lies there before a step: untrusted-checkout-exec says what comes of that."""
    before = other.job is taking.job and other.step.index <= step.index
    return before and other.kind != ARTIFACT and not other.labelled and not other.folder


def _run(workflow: Workflow, step: Step, taking: Taking, context: Context) -> Finding | None:
    """What of a step is read from an unpacked folder and run."""
    document = workflow.document
    where = f"in {taking.folder}" if taking.folder else "over the workspace"
    message = f"{{}} runs after an artifact of another run was unpacked {where}"
    origin = document.spot(taking.scalar, taking.start, taking.end)
    related = (Related(workflow.path, origin, "unpacked here"),)
    uses = step.uses
    if uses is not None and step is not taking.step and action_executes(uses, taking.folder):
        return context.at(document, uses.node, message.format(f"the action {uses.text}"), related=related)
    script = script_in(workflow, taking.job, step)
    begin = taking.end if step is taking.step else 0
    for command in commands_of(script, context) if script is not None else ():
        if command.start < begin or not executes(command):
            continue
        if not taking.folder or executed_file(command).startswith(taking.folder + "/"):
            assert script is not None
            text = message.format(" ".join(command.program[:2]))
            return context.inside(document, script.node, command.start, command.end, text, related=related)
    return None


_HEAD = """\
on:
  workflow_run:
    workflows: [build]
    types: [completed]
jobs:
  report:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""
_DOWNLOAD = "      - uses: actions/download-artifact@v4\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "An artifact can replace any file of the workspace",
            _HEAD
            + _DOWNLOAD
            + "        with: {name: coverage, run-id: '${{ github.event.workflow_run.id }}', github-token: x}\n"
            + "      - run: npm run report\n",
            fires=("npm run report",),
        ),
        Example(
            "A program out of the artifact itself",
            _HEAD
            + "      - run: gh run download $ID --dir out\n      - run: |\n          cd x\n          bash out/go.sh\n",
            fires=("bash out/go.sh",),
        ),
        Example(
            "Unpacked where nothing is run, it is only data",
            _HEAD
            + _DOWNLOAD
            + "        with: {name: c, run-id: '${{ github.event.workflow_run.id }}', path: '${{ runner.temp }}/c'}\n"
            + "      - run: npm run report\n"
            + _DOWNLOAD
            + "        with: {name: c, run-id: '${{ github.event.workflow_run.id }}', path: data}\n"
            + "      - run: npm run report -- data/coverage.json\n",
        ),
        Example(
            "An artifact of the same run comes from the same commit",
            _HEAD + _DOWNLOAD + "        with: {name: coverage}\n      - run: npm run report\n",
        ),
    )


RULE = Rule(
    id="artifact-poisoning",
    title="A privileged job runs what an artifact of another run may have replaced",
    theme="supply",
    severity="high",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"workflow_run",),
    why=(
        "A workflow that starts after another one has the repository's secrets, also when the other one ran for a pull "
        "request of a stranger. What that run uploads is the stranger's: unpacked over a checkout, it replaces the "
        "very script or package.json that is run next."
    ),
    how=(
        "Unpack into ${{ runner.temp }} or a folder of its own, treat what is there as data, and check its form before "
        "using it. Build in the run without secrets."
    ),
    limits=(
        "It looks at one job and at its order of steps. Whether the other workflow ever runs for strangers, and what a "
        "program reads from an unpacked file, it cannot tell."
    ),
    examples=_examples,
    check=_check,
    unfixable="where the artifact should go depends on who reads it",
    tags=("artifact-integrity", "external/cwe/cwe-829", "owasp-cicd-sec-9"),
)
