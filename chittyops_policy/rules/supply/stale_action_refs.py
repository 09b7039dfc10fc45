"""A pinned commit that is no release."""

from __future__ import annotations

from chittyops_policy.edits import comment_on
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
        node, commit = uses.node, uses.ref.lower()
        if not uses.owner or not uses.pinned or id(node) in seen or host is None:
            continue
        seen.add(id(node))
        stated = (comment_on(view.document, node.end) or "").split()[:1]
        named = [host.find(uses.slug, name) or host.branch(uses.slug, name) for name in stated]
        if any(release is not None and release.commit == commit for release in named):
            continue  # the release, or the head of the branch, that the comment names
        if host.answers(uses.slug) and not host.at(uses.slug, commit) and host.peel(uses.slug, commit) is None:
            start = node.value.find(uses.ref)
            message = f"no tag of {uses.owner}/{uses.repo} names this commit"
            yield context.inside(view.document, node, start, start + len(uses.ref), message)


_FILE = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/tool@{ref}
"""
_COMMIT, _OTHER = "d632683dd7b4114ad314bca15554477dd762a938", "11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A commit between two releases",
            _FILE.format(ref=_COMMIT),
            fires=(_COMMIT,),
            github={"acme/tool tag v1.0.0": _OTHER},
        ),
        Example("The commit of a release", _FILE.format(ref=_COMMIT), github={"acme/tool tag v1.0.0": _COMMIT}),
        Example(
            "The head of the branch that the comment names",
            _FILE.format(ref=f"{_COMMIT} # main"),
            github={"acme/tool tag v1.0.0": _OTHER, "acme/tool branch main": _COMMIT},
        ),
        Example("A tag is one itself", _FILE.format(ref="v1"), github={"acme/tool tag v1": _COMMIT}),
        Example("Nobody is asked", _FILE.format(ref=_COMMIT)),
    )


RULE = Rule(
    id="stale-action-refs",
    title="A pinned commit is no release",
    theme="supply",
    severity="info",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "Advisories and update tools speak of versions. A commit without a tag has none: Dependabot and Renovate may "
        "leave it where it is, and nobody can tell whether a known hole is in it."
    ),
    how="Pin the commit of a release. Some actions have none and are used from a branch: then except the finding.",
    limits="It asks GitHub, so that it needs --online and a token; of annotated tags it looks at the newest hundred.",
    examples=_examples,
    check=_check,
    unfixable="whether a release has what the commit was chosen for only a person can tell",
    tags=("unpinned-dependency", "external/cwe/cwe-1104", "owasp-cicd-sec-3"),
)
