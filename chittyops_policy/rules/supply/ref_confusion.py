"""A name that is both a branch and a tag of the action's repository."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    host = context.lookups.host
    seen: set[int] = set()
    for uses, _, _ in view.uses() if host is not None else ():
        node, name = uses.node, uses.ref
        if not uses.owner or uses.pinned or name.startswith("refs/") or id(node) in seen or host is None:
            continue
        seen.add(id(node))
        if host.tag(uses.slug, name) and host.branch(uses.slug, name) is not None:
            start = node.value.rfind(name)
            message = f"{name} is a tag and a branch of {uses.owner}/{uses.repo}, which need not be the same code"
            yield context.inside(view.document, node, start, start + len(name), message)


_FILE = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/tool@v1
"""
_TAG, _BRANCH = "d632683dd7b4114ad314bca15554477dd762a938", "11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Somebody has made a branch with the name of the tag",
            _FILE,
            fires=("v1",),
            github={"acme/tool tag v1": _TAG, "acme/tool branch v1": _BRANCH},
        ),
        Example("Only a tag", _FILE, github={"acme/tool tag v1": _TAG, "acme/tool branch main": _BRANCH}),
        Example(
            "Part of a name is another name",
            _FILE,
            github={"acme/tool tag v1": _TAG, "acme/tool branch v1.x": _BRANCH},
        ),
        Example("A commit is one thing only", _FILE.replace("v1", _TAG), github={"acme/tool tag v1": _TAG}),
    )


RULE = Rule(
    id="ref-confusion",
    title="A reference names a branch and a tag",
    theme="supply",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "When a branch and a tag of a repository have the same name, the name alone does not say which of them runs. "
        "Whoever can make branches there can put other code beside the tag that was reviewed, and nobody who reads the "
        "workflow sees it."
    ),
    how="Pin the full commit SHA, with the version as a comment.",
    limits="It asks GitHub, so that it needs --online and a token.",
    examples=_examples,
    check=_check,
    unfixable="which of the two was meant only a person can tell; unpinned-uses pins the release",
    tags=("unpinned-dependency", "external/cwe/cwe-706", "owasp-cicd-sec-3"),
)
