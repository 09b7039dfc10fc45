"""A value that somebody else chooses, put into a script before it is read."""

from __future__ import annotations

from chittyops_policy.injection import expansions, source_of
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for place in expansions(view):
        source = source_of(place, context)
        if source is None or source.free:
            continue
        script = f"the {place.script} of {place.action}" if place.script else "the script"
        message = f"the text of {source.words} becomes a part of {script}"
        yield context.inside(view.document, place.scalar, place.start, place.end, message)


_WORKFLOW = """\
on:
  workflow_dispatch:
    inputs:
      folder: {{type: string}}
      dry-run: {{type: boolean}}
jobs:
  pack:
    runs-on: ubuntu-latest
    steps:
      - id: name
        run: echo "name=$(cat NAME)" >> "$GITHUB_OUTPUT"
      - run: |
          {run}{env}
"""


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    return (
        Example(
            "An input and the output of a step",
            _WORKFLOW.format(run="tar -cf '${{ steps.name.outputs.name }}.tar' \"${{ inputs.folder }}\"", env=""),
            fires=("${{ steps.name.outputs.name }}", "${{ inputs.folder }}"),
            after={
                path: _WORKFLOW.format(
                    run='tar -cf "$STEPS_NAME_NAME"\'.tar\' "$INPUTS_FOLDER"',
                    env="\n        env:\n"
                    "          STEPS_NAME_NAME: ${{ steps.name.outputs.name }}\n"
                    "          INPUTS_FOLDER: ${{ inputs.folder }}",
                )
            },
        ),
        Example(
            "A boolean input, a fixed matrix and GitHub's own values cannot hold a command",
            _WORKFLOW.format(run="echo ${{ inputs.dry-run }} ${{ github.sha }} ${{ runner.os }}", env=""),
        ),
        Example(
            "The value of a variable that the file itself sets",
            "on: push\n"
            "env:\n"
            "  FOLDER: dist\n"
            "jobs:\n"
            "  list:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: ls '${{ env.FOLDER }}'\n",
        ),
    )


RULE = Rule(
    id="template-expansion",
    title="A value that becomes a part of a script",
    theme="injection",
    severity="low",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"${{",),
    why="GitHub replaces ${{ }} in a script before the shell reads it. Inputs, outputs of steps and names of branches "
    "are chosen by people with more rights than a stranger, but a quote in one breaks the script all the same, and "
    "where the value began with a stranger it is an injection that nobody sees.",
    how="Give the value to the step in env, and use the variable, in double quotes, in the script.",
    examples=_examples,
    check=_check,
    tags=("injection", "external/cwe/cwe-94", "owasp-cicd-sec-4"),
    limits="Secrets are left to secrets-in-scripts; the values of a matrix without expressions are not reported.",
)
