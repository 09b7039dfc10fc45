"""An action of the same repository that is taken from the workspace instead of from the commit."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.snapshot import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()
    for uses, _, _ in view.uses():
        node = uses.node
        path = normalise(uses.path) if uses.kind == "local" and uses.text.startswith("./") else None
        if not path or "${{" in path or id(node) in seen:
            continue
        seen.add(id(node))
        if context.snapshot.has(path) or context.snapshot.action(path) is not None:
            start = node.value.find(uses.text)
            message = f"{uses.text} is whatever lies in the workspace by then; $/{path} is the file of this commit"
            yield context.inside(view.document, node, start, start + len(uses.text), message)


_ACTION = "name: setup\ndescription: Sets things up.\nruns:\n  using: composite\n  steps: []\n"
_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: {uses}
"""


def _examples() -> tuple[Example, ...]:
    def files(uses: str) -> dict[str, str]:
        return {
            ".github/workflows/example.yml": _WORKFLOW.format(uses=uses),
            "tools/setup/action.yml": _ACTION,
        }

    return (
        Example(
            "From the workspace, which every earlier step can write to",
            files("./tools/setup"),
            fires=("./tools/setup",),
            after={".github/workflows/example.yml": _WORKFLOW.format(uses="$/tools/setup")},
        ),
        Example("From the commit of the workflow", files("$/tools/setup")),
        Example("What a step brings along is not in this repository", files("./vendor/tool")),
    )


RULE = Rule(
    id="self-repository",
    title="An action of the same repository is taken from the workspace",
    theme="supply",
    severity="info",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"./",),
    why=(
        "What stands behind ./ is looked up on the runner's disk when the step begins: a checkout of something else, "
        "or a script that writes there, decides what runs. $/ names the file at the very commit of the workflow, which "
        "GitHub's own policy of pinned actions therefore accepts, and ./ it does not."
    ),
    how="Write $/ in place of ./; a checkout before it is then only needed for the files that the action works on.",
    limits=(
        "GitHub knows $/ since July 2026; GitHub Enterprise Server and tools that are older do not. The top of the "
        "repository has no such name. Where the workspace holds another commit on purpose, ./ is right."
    ),
    examples=_examples,
    check=_check,
    tags=("unpinned-dependency", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
