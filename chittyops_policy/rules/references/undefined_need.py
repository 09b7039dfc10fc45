"""An expression that reads the result of a job that its own job does not wait for."""

from __future__ import annotations

from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    names = [job.id for job in view.jobs]
    known = {name.lower() for name in names}
    waits: dict[str, set[str]] = {}
    for reading in readings(view, "needs"):
        name, job = reading.name(0), reading.job
        if not name or job is None:
            continue
        if job.id not in waits:
            waits[job.id] = {need.value.lower() for need in job.needs}
        needs = waits[job.id]
        if name in needs or any("${{" in need for need in needs):
            continue  # a need that names no job is invalid-workflow's
        written = reading.written(0)
        if name in known:
            message = f"the job '{job.id[:60]}' does not list '{written}' under needs"
        else:
            message = f"there is no job '{written}' to wait for{closest(written, names)}"
        yield reading.finding(context, 0, message)
    for reading in readings(view, "jobs"):
        name = reading.name(0)
        if name and name not in known:
            written = reading.written(0)
            yield reading.finding(context, 0, f"there is no job '{written}' in this workflow{closest(written, names)}")


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    return (
        Example(
            "The job is there, but nobody waits for it",
            {
                path: "on: push\n"
                "jobs:\n"
                "  plan:\n"
                "    runs-on: ubuntu-latest\n"
                "    outputs: {target: staging}\n"
                "    steps: [{run: make plan}]\n"
                "  test:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make test}]\n"
                "  deploy:\n"
                "    needs: [test]\n"
                "    if: needs.plan.outputs.target == 'production'\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make deploy}]\n"
            },
            fires=("needs.plan",),
            after={
                path: "on: push\n"
                "jobs:\n"
                "  plan:\n"
                "    runs-on: ubuntu-latest\n"
                "    outputs: {target: staging}\n"
                "    steps: [{run: make plan}]\n"
                "  test:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make test}]\n"
                "  deploy:\n"
                "    needs: [test, plan]\n"
                "    if: needs.plan.outputs.target == 'production'\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make deploy}]\n"
            },
        ),
        Example(
            "A job that waits, letter case aside; every need at once",
            "on: push\n"
            "jobs:\n"
            "  Build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps: [{run: make}]\n"
            "  report:\n"
            "    needs: build\n"
            "    if: failure() && contains(needs.*.result, 'failure')\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: echo ${{ needs.BUILD.result }}\n",
        ),
        Example(
            "A need of a need is not seen, and no job has that name",
            "on: push\n"
            "jobs:\n"
            "  a:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps: [{run: make a}]\n"
            "  b:\n"
            "    needs: a\n"
            "    runs-on: ubuntu-latest\n"
            "    steps: [{run: make b}]\n"
            "  c:\n"
            "    needs: b\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: echo ${{ needs.a.result }} ${{ needs.d.result }}\n",
            fires=("needs.a", "needs.d"),
        ),
    )


RULE = Rule(
    id="undefined-need",
    title="An expression reads a job that its own does not wait for",
    theme="references",
    severity="medium",
    visits=(WORKFLOW,),
    needs=(b"needs", b"jobs."),
    why=(
        "The needs context holds only the jobs that stand under needs of the very job, not those before them. Anything "
        "else is the empty text: the condition that should guard a deployment is never met, or always, and no run says "
        "so."
    ),
    how="List the job under needs, or correct its name.",
    examples=_examples,
    check=_check,
    tags=("control-flow", "correctness", "external/cwe/cwe-908"),
)
