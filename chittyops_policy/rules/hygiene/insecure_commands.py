"""Commands that GitHub switched off for safety are switched on again."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action

VARIABLE = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
_TRUE = ("1", "true", "$true")
"""What the runner takes for yes, in any letter case (actions/runner, StringUtil.ConvertToBoolean)."""


def environments(view: Workflow | Action) -> Iterator[Mapping]:
    """Every ``env`` mapping that sets the variable, in file order; an aliased one once."""
    nodes = []
    if isinstance(view, Workflow):
        nodes.append(view.node)
        for job in view.jobs:
            nodes.append(job.node)
            nodes += [step.node for step in job.steps]
    else:
        nodes += [step.node for step in view.steps]
    seen: set[int] = set()
    for env in [node.index["env"][1] for node in nodes if "env" in node.index]:
        if isinstance(env, Mapping) and id(env) not in seen and VARIABLE in env:
            seen.add(id(env))
            yield env


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for env in environments(view):
        value = env.get(VARIABLE)
        if isinstance(value, Scalar) and (value.value.strip().lower() in _TRUE or "${{" in value.value):
            yield context.at(
                view.document, env.key(VARIABLE) or value,
                "whatever a step prints can set variables and the PATH of the steps after it", node=value,
            )  # fmt: skip


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    head = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
    return (
        Example(
            "For a step of old",
            {
                path: head + "    steps:\n      - run: ./old-build\n        env:\n          MODE: release\n"
                "          ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n"
            },
            fires=("ACTIONS_ALLOW_UNSECURE_COMMANDS",),
            after={path: head + "    steps:\n      - run: ./old-build\n        env:\n          MODE: release\n"},
        ),
        Example(
            "Switched off in so many words",
            head + "    env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: false}\n    steps: [{run: make}]\n",
        ),
        Example(
            "Whether it is on the run decides",
            head + "    env:\n      ACTIONS_ALLOW_UNSECURE_COMMANDS: ${{ vars.OLD_BUILD }}\n    steps: [{run: make}]\n",
            fires=("ACTIONS_ALLOW_UNSECURE_COMMANDS",),
            after={path: head + "    steps: [{run: make}]\n"},
        ),
    )


RULE = Rule(
    id="insecure-commands",
    title="The commands set-env and add-path are switched on",
    theme="hygiene",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(VARIABLE.lower().encode(),),
    searched=True,
    why=(
        "With this variable everything that a step prints is read for commands that set variables and the PATH. A test "
        "that prints the title of a pull request then lets its author choose the programs that the next steps run. "
        "GitHub switched this off in 2020 for that reason."
    ),
    how="Take the variable out, and write to $GITHUB_ENV and $GITHUB_PATH instead.",
    examples=_examples,
    check=_check,
    tags=("injection", "external/cwe/cwe-94", "owasp-cicd-sec-4"),
)
