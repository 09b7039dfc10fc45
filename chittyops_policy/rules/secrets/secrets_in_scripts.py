"""A secret that is written into a script."""

from __future__ import annotations

from chittyops_policy.injection import expansions, flows
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.injection import Expansion
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for place in expansions(view):
        name = _secret_of(place)
        if name:
            script = f"the {place.script} of {place.action}" if place.script else "the script"
            message = f"the value of {name} becomes a part of {script}"
            yield context.inside(view.document, place.scalar, place.start, place.end, message)


def _secret_of(place: Expansion) -> str:
    """The secret whose value ends up in a script, as it is written there; '' for none."""
    for reference, _ in flows(place.expr, False):
        if reference.context == "secrets" and reference.path:
            return reference.raw
        if reference.context == "github" and reference.path == ("token",):
            return reference.raw
    return ""


_WORKFLOW = """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - run: {run}{env}
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A token as an argument of a program",
            _WORKFLOW.format(run='tool login --token "${{ secrets.API_KEY }}"', env=""),
            fires=("${{ secrets.API_KEY }}",),
        ),
        Example(
            "In the environment of the step",
            _WORKFLOW.format(
                run='npm publish --tag "$TAG"', env="\n        env: {NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}'}"
            ),
        ),
        Example(
            "Whether a secret is there is no secret",
            _WORKFLOW.format(run="echo ${{ secrets.API_KEY != '' }}", env=""),
        ),
    )


RULE = Rule(
    id="secrets-in-scripts",
    title="A secret is written into a script",
    theme="secrets",
    severity="low",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"secrets", b"github.token", b"github["),
    why=(
        "GitHub writes the value into the script before the shell reads it: it then lies in a file on the runner, a "
        "quote or a dollar in it breaks the script or runs as a command, and as an argument every process of the "
        "machine can see it. An error of the shell may print the line in a form that the log does not hide."
    ),
    how="Give the secret to the step in env, and use the variable, in double quotes, in the script.",
    limits="An argument is visible to other processes also when it comes from a variable; many programs read one.",
    examples=_examples,
    check=_check,
    unfixable="a secret that moves is read at a new place, which the rules about secrets would have to judge anew",
    tags=("secrets-exposure", "external/cwe/cwe-214", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
