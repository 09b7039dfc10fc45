"""An expression that reads the result of a step that is not there, or has not run yet."""

from __future__ import annotations

from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for reading in readings(view, "steps"):
        name = reading.name(0)
        if not name or (isinstance(view, Workflow) and reading.job is None):
            continue  # outside a job there are no steps at all, which invalid-workflow says
        step, own = reading.ids.get(name), reading.step
        if step is not None and (own is None or step.index < own.index):
            continue
        if any("${{" in id for id in reading.ids):
            continue
        written = reading.written(0)
        if step is None:
            where = "this job" if isinstance(view, Workflow) else "this action"
            hint = closest(written, [step.id for step in reading.steps if step.id])
            yield reading.finding(context, 0, f"no step of {where} has the id '{written}'{hint}")
        elif own is not None:
            when = "is this one" if step.index == own.index else "comes later"
            yield reading.finding(context, 0, f"the step '{written}' {when}, so it has no result yet")


_HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A step of another name, one without an id, and one that comes later",
            _HEAD + "      - id: version\n"
            '        run: echo "tag=v1" >> "$GITHUB_OUTPUT"\n'
            "      - if: steps.versions.outputs.tag != ''\n"
            "        run: make\n"
            "        env:\n"
            "          RESULT: ${{ steps.test.outcome }}\n"
            "      - name: test\n"
            "        run: make test\n"
            "      - run: make report\n"
            "        if: always() && steps.upload.outcome == 'success'\n"
            "      - id: upload\n"
            "        run: make upload\n",
            fires=("steps.versions", "steps.test", "steps.upload"),
        ),
        Example(
            "An earlier step, in any letter case; the job's outputs come after all of them",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    outputs:\n"
            "      tag: ${{ steps.version.outputs.tag }}\n"
            "    steps:\n"
            "      - id: version\n"
            '        run: echo "tag=v1" >> "$GITHUB_OUTPUT"\n'
            "      - run: make\n"
            "        if: steps.VERSION.outputs.tag\n",
        ),
        Example(
            "A composite action has steps of its own; a name that is computed is left to the run",
            {
                "action.yml": "name: build\n"
                "description: builds\n"
                "outputs:\n"
                "  path:\n"
                "    description: where\n"
                "    value: ${{ steps.make.outputs.path }}\n"
                "runs:\n"
                "  using: composite\n"
                "  steps:\n"
                "    - id: build\n"
                "      run: make\n"
                "      shell: bash\n"
                "    - run: make ${{ steps[inputs.step].outcome }}\n"
                "      shell: bash\n"
            },
            fires=("steps.make",),
        ),
    )


RULE = Rule(
    id="undefined-step",
    title="An expression reads a step that is not there",
    theme="references",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"steps",),
    why=(
        "GitHub gives the empty text for a step that does not exist or has not run, and no error. A condition on it is "
        "then always false or always true, a version is empty, and a deployment goes to the wrong place or is skipped "
        "in a run that looks fine."
    ),
    how="Give the step that is meant this id, or correct the name; a step can only read the steps before it.",
    examples=_examples,
    check=_check,
    unfixable="which step is meant only its owners know",
    tags=("control-flow", "correctness", "external/cwe/cwe-908"),
)
