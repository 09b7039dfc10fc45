"""An action or reusable workflow from a repository that its owner has archived."""

from __future__ import annotations

from chittyops_policy.known_actions import archived, foreign_uses
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    known = archived()
    for slug, uses in foreign_uses(view, context):
        if slug in known:
            name = f"{uses.owner}/{uses.repo}"
            start = uses.node.value.find(uses.text)
            instead = known[slug]
            message = f"the repository {name} is archived: nobody repairs it any more"
            yield context.inside(
                view.document,
                uses.node,
                start,
                start + len(name),
                message + (f"; today: {instead}" if instead else ""),
            )


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""
_SHA = "0cb9c9b65d5d1901c1f53e5e66eaf4afd303e70e"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "An archived action, pinned or not",
            _WORKFLOW.format(uses=f"actions/create-release@{_SHA} # v1.1.4"),
            fires=("actions/create-release",),
        ),
        Example("One that is kept up", _WORKFLOW.format(uses="actions/checkout@v4")),
        Example(
            "A folder of an archived repository, in other letter case",
            _WORKFLOW.format(uses="azure/K8S-actions/deploy@v1"),
            fires=("azure/K8S-actions",),
        ),
    )


RULE = Rule(
    id="archived-uses",
    title="An action's repository is archived",
    theme="supply",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "An archived repository gets no repair: a hole that is found tomorrow stays, and so does a Node version that "
        "runners no longer have. Moving away takes an afternoon now, or a night then."
    ),
    how="Use the successor that the message names, or the tool that the action wraps in a run step.",
    limits=(
        "Only repositories in policies/data/archived.json are known; whether another one is archived cannot be told "
        "without a network."
    ),
    examples=_examples,
    check=_check,
    unfixable="another action takes other inputs",
    tags=("known-vulnerable-component", "external/cwe/cwe-1104", "owasp-cicd-sec-3"),
)
