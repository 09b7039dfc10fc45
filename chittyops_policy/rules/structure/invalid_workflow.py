"""A workflow that GitHub's parser would reject."""

from __future__ import annotations

from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.structure import DUPLICATE_KEY, workflow_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for problem in workflow_problems(view.document):
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
            "A context is not available everywhere",
            "on: push\n"
            "env:\n"
            "  DEPLOY: yes\n"
            "jobs:\n"
            "  build:\n"
            "    if: env.DEPLOY\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - if: secrets.TOKEN != ''\n"
            "        run: make\n",
            fires=("env", "secrets"),
        ),
        Example(
            "Keys and values that GitHub does not know",
            "on: [push, pullrequest]\n"
            "permissions:\n"
            "  content: read\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    timeout-minutes: ten\n"
            "    steps:\n"
            "      - name: nothing to do\n"
            "      - uses: actions/checkout@v4\n"
            "        run: make\n",
            fires=("pullrequest", "content", "ten", "name", "run"),
        ),
        Example(
            "Jobs that wait for each other, or for nobody",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    needs: test\n"
            "    steps: [{run: make}]\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    needs: [build, lint]\n"
            "    steps: [{run: make test}]\n",
            fires=("build", "lint"),
        ),
        Example(
            "An expression that cannot be parsed",
            "on: push\n"
            "run-name: Deploy ${{ github.ref_name\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            '      - run: echo ${{ github.actor == "octocat" }}\n',
            fires=("${{ github.ref_name", '"octocat"'),
        ),
        Example(
            "Everything that may be an expression, and steps that run at the same time",
            "on:\n"
            "  workflow_call:\n"
            "    inputs:\n"
            "      fast: {type: boolean, default: true}\n"
            "jobs:\n"
            "  build:\n"
            "    strategy: ${{ fromJSON(vars.STRATEGY) }}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    timeout-minutes: ${{ inputs.fast && 5 || 60 }}\n"
            "    continue-on-error: ${{ matrix.optional }}\n"
            "    steps:\n"
            "      - parallel:\n"
            "          - run: make lint\n"
            "          - run: make test\n"
            "      - if: always() && !cancelled()\n"
            "        run: make report\n",
        ),
    )


RULE = Rule(
    id="invalid-workflow",
    title="GitHub would not accept the workflow",
    theme="structure",
    severity="high",
    visits=(WORKFLOW,),
    why=(
        "A workflow that GitHub cannot read does not run: no test, no scan and no deployment happens, and the only "
        "sign is a failed run without a job, or none at all. A required check that never starts blocks every pull "
        "request; one that is not required is simply gone."
    ),
    how="Correct the marked place; the message says what GitHub expects there.",
    limits=(
        "It follows the parser that GitHub publishes for its editor extensions, which can be stricter than the "
        "service, for instance about the type of an input's default. Whether labels, secrets or inputs exist is not "
        "looked at."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the workflow was meant to say only its owners know",
    tags=("control-flow", "correctness"),
)
