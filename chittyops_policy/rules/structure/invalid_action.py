"""An action's metadata that GitHub's parser would reject."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, Context, Example, Rule
from chittyops_policy.structure import DUPLICATE_KEY, action_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action


def _check(view: Action, context: Context) -> Iterator[Finding]:
    for problem in action_problems(view.document):
        if problem.keyword != DUPLICATE_KEY:  # the rule duplicate-key speaks of these in every YAML file
            yield context.at(
                view.document,
                problem.span,
                problem.message,
                node=problem.node,
                notes=(problem.lenient,) if problem.lenient else (),
                severity="low" if problem.lenient else None,
            )


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A composite step needs a shell and cannot read secrets",
            {
                "action.yml": "name: Deploy\n"
                "description: Deploys the service\n"
                "runs:\n"
                "  using: composite\n"
                "  steps:\n"
                "    - run: make deploy\n"
                "    - shell: bash\n"
                "      run: deploy --token ${{ secrets.TOKEN }}\n"
            },
            fires=("run", "secrets"),
        ),
        Example(
            "Metadata that GitHub does not know",
            {
                "action.yml": "name: Deploy\n"
                "describtion: Deploys the service\n"
                "runs:\n"
                "  using: node21\n"
                "  main: index.js\n"
            },
            fires=("name", "describtion", "node21"),
        ),
        Example(
            "A complete composite action",
            {
                ".github/actions/deploy/action.yml": "name: Deploy\n"
                "description: Deploys the service\n"
                "inputs:\n"
                "  token: {description: The deployment token, required: true}\n"
                "runs:\n"
                "  using: composite\n"
                "  steps:\n"
                "    - run: deploy --quiet\n"
                "      shell: bash\n"
                "      env:\n"
                "        TOKEN: ${{ inputs.token }}\n"
            },
        ),
    )


RULE = Rule(
    id="invalid-action",
    title="GitHub would not accept the action",
    theme="structure",
    severity="high",
    visits=(ACTION,),
    why=(
        "A job whose action cannot be read fails before its first step, in every repository that uses the action. "
        "Nothing shows this when the action is changed, only when somebody else's workflow stops."
    ),
    how="Correct the marked place; the message says what GitHub expects there.",
    limits=(
        "It follows the parser that GitHub publishes for its editor extensions, which can be stricter than the "
        "runner: name and description are required there. Whether the named files exist is not looked at."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the action was meant to say only its owners know",
    tags=("control-flow", "correctness"),
)
