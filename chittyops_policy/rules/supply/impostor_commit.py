"""A pinned commit that only a fork has, although it is named with the original."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, FOREIGN, ON_BRANCH, UNTOLD, WORKFLOW, Context, Example, Rule, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding | Unknown]:
    host = context.lookups.host
    seen: set[int] = set()
    for uses, _, _ in view.uses():
        node = uses.node
        if not uses.owner or not uses.pinned or id(node) in seen:
            continue
        seen.add(id(node))
        if host is None:
            yield Unknown("which commits a repository has only GitHub can tell", "run with --online and a token")
            return
        commit = uses.ref.lower()
        belongs = host.membership(uses.slug, commit)
        if belongs == FOREIGN:
            named = host.peel(uses.slug, commit)  # the id of an annotated tag is no commit, but leads to one
            belongs = FOREIGN if named is None else host.membership(uses.slug, named)
        if belongs == UNTOLD:
            yield Unknown(f"GitHub did not tell whether {commit[:12]} belongs to {uses.slug}")
        elif belongs == FOREIGN:
            start = node.value.find(uses.ref)
            message = f"no branch and no tag of {uses.owner}/{uses.repo} leads to this commit; it may be a fork's"
            yield context.inside(view.document, node, start, start + len(uses.ref), message)


_FILE = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/tool@{commit} # v1.0.0
"""
_COMMIT = "d632683dd7b4114ad314bca15554477dd762a938"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A commit that somebody has pushed to a fork",
            _FILE.format(commit=_COMMIT),
            fires=(_COMMIT,),
            github={f"acme/tool@{_COMMIT}": FOREIGN},
        ),
        Example(
            "A commit on a branch of the repository",
            _FILE.format(commit=_COMMIT),
            github={f"acme/tool@{_COMMIT}": ON_BRANCH},
        ),
        Example(
            "Without GitHub nobody can tell",
            _FILE.format(commit=_COMMIT),
            unknown="which commits a repository has only GitHub can tell",
        ),
        Example("A tag is no commit: whoever owns the repository decides over it", _FILE.format(commit="v1")),
    )


RULE = Rule(
    id="impostor-commit",
    title="A pinned commit does not belong to the repository",
    theme="supply",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "GitHub keeps the commits of a repository and of all its forks in one place and serves them under either name. "
        "Anybody can push a commit to a fork of a well-known action and propose it as a new pin of the original: the "
        "line looks right in review, and the code that then runs has never been in the original."
    ),
    how=(
        "Look at the commit on GitHub, which says there that it belongs to no branch. Pin a commit that a tag or a "
        "branch of the repository leads to; `chittyops-policy pins update` finds that of the version in the comment."
    ),
    limits=(
        "It asks GitHub, so that it needs --online and a token. Of a repository with very many branches and tags only "
        "some are searched; what then is not found stays open."
    ),
    examples=_examples,
    check=_check,
    unfixable="which version was meant only a person can tell",
    tags=("artifact-integrity", "external/cwe/cwe-345", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
