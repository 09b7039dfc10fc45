"""A reusable workflow is handed every secret of its caller."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for job in view.jobs:
        node = job.node.get("secrets")
        if job.uses is not None and isinstance(node, Scalar) and node.value == "inherit":
            name = job.uses.text.partition("@")[0]
            yield context.at(view.document, node, f"every secret of this repository is handed to {name}")


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "All secrets go to another repository's workflow",
            "on: push\njobs:\n  gates:\n    uses: acme/ci/.github/workflows/gates.yml@main\n    secrets: inherit\n",
            fires=("inherit",),
        ),
        Example(
            "The secrets are named",
            "on: push\n"
            "jobs:\n"
            "  gates:\n"
            "    uses: acme/ci/.github/workflows/gates.yml@main\n"
            "    secrets:\n"
            "      CHITTYCONNECT_API_KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n",
        ),
        Example(
            "What the called workflow declares is all that it needs",
            {
                ".github/workflows/release.yml": "on: push\n"
                "jobs:\n"
                "  publish:\n"
                "    uses: ./.github/workflows/publish.yml\n"
                "    secrets: inherit\n",
                ".github/workflows/publish.yml": "on:\n"
                "  workflow_call:\n"
                "    secrets:\n"
                "      CHITTYCONNECT_API_KEY: {required: true}\n"
                "jobs:\n"
                "  publish:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps:\n"
                "      - run: ./publish\n"
                "        env:\n"
                "          KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n",
            },
            fires=("inherit",),
            after={
                ".github/workflows/release.yml": "on: push\n"
                "jobs:\n"
                "  publish:\n"
                "    uses: ./.github/workflows/publish.yml\n"
                "    secrets:\n"
                "      CHITTYCONNECT_API_KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n",
            },
        ),
        Example(
            "An input of that name is something else",
            "on: push\n"
            "jobs:\n"
            "  gates:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: acme/tool@v1\n"
            "        with:\n"
            "          secrets: inherit\n",
        ),
    )


RULE = Rule(
    id="secrets-inherit",
    title="All secrets are inherited by a reusable workflow",
    theme="secrets",
    severity="medium",
    visits=(WORKFLOW,),
    needs=(b"inherit",),
    why=(
        "With secrets: inherit the called workflow can read every organisation, repository and environment secret of "
        "its caller, also those that are added years later, and no reviewer of either file can see which ones it uses."
    ),
    how=(
        "List the secrets that the called workflow declares, one by one, under secrets:. That is done for a called "
        "workflow that this run has, if it reads nothing but what it declares and what static-secret allows."
    ),
    limits=(
        "Environment secrets reach a called workflow only through inherit; where that is the reason, an exception is "
        "the way to say so."
    ),
    examples=_examples,
    check=_check,
    tags=("secrets-exposure", "external/cwe/cwe-250", "owasp-cicd-sec-6"),
)
