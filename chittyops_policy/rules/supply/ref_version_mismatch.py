"""A comment that names another version than the commit beside it."""

from __future__ import annotations

from chittyops_policy.edits import comment_behind, line_end
from chittyops_policy.model import Span
from chittyops_policy.pins import mismatch, sources
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.versions import stated_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    document = view.document
    seen: set[int] = set()
    for uses, _, _ in view.uses():
        if not uses.pinned or not uses.owner or len(uses.ref) != 40:
            continue
        node = uses.node
        if id(node) in seen:
            continue
        seen.add(id(node))
        comment = comment_behind(document, node.end)
        stated = None if comment is None else stated_version(comment)
        wrong = None if stated is None else mismatch(uses.slug, uses.ref, stated, sources(context))
        if stated is None or wrong is None:
            continue
        start = document.text.rfind(stated, node.end, line_end(document, node.end))
        meant, actual = wrong.meant, wrong.actual
        if actual is not None:
            message = f"the comment says {stated}, but this commit is {actual.tag} by {actual.origin}"
            note = f"{meant.tag} is {meant.commit} by {meant.origin}."
        else:
            message = f"the comment says {stated}, but {meant.origin} has {meant.commit} for it"
            note = "Nothing here knows this commit; it may be the id of the tag itself. Compare all 40 digits."
        yield context.at(document, Span(start, start + len(stated)), message, node=node, notes=(note,))


_FILE = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""
_V4_2_2 = "11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The commit is another version's",
            _FILE.format(uses=f"actions/checkout@{_V4_2_2} # v4.1.0"),
            fires=("v4.1.0",),
            after={".github/workflows/example.yml": _FILE.format(uses=f"actions/checkout@{_V4_2_2} # v4.2.2")},
        ),
        Example(
            "Another major version, in the words of Renovate",
            _FILE.format(uses=f"'Actions/Checkout@{_V4_2_2}' # tag=v3"),
            fires=("v3",),
            after={".github/workflows/example.yml": _FILE.format(uses=f"'Actions/Checkout@{_V4_2_2}' # tag=v4.2.2")},
        ),
        Example(
            "The version, its major version, and words that are no version",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            f"      - uses: actions/checkout@{_V4_2_2} # v4.2.2\n"
            f"      - uses: actions/checkout@{_V4_2_2} # pin @v4\n"
            f"      - uses: actions/checkout@{_V4_2_2} # not v3, which is too old\n",
        ),
        Example(
            "Of an action that nobody knows nothing is said",
            _FILE.format(uses=f"acme/tool@{_V4_2_2} # v1.0.0"),
        ),
        Example(
            "The repository's own lock decides",
            {
                ".github/workflows/example.yml": _FILE.format(uses=f"acme/tool@{_V4_2_2} # v1.0.0"),
                ".github/chittyops-pins.yml": "version: 1\n"
                "pins:\n"
                "  acme/tool:\n"
                "    v1.0.0: {commit: d632683dd7b4114ad314bca15554477dd762a938, seen: 2026-11-25, source: github}\n",
            },
            fires=("v1.0.0",),
        ),
    )


RULE = Rule(
    id="ref-version-mismatch",
    title="The comment names another version than the commit",
    theme="supply",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"#",),
    why=(
        "Forty digits tell a reader nothing, so the comment is what gets reviewed. One that is wrong hides which code "
        "runs: an old release with known holes, or a commit that somebody slipped in under a good name. Dependabot "
        "leaves such a comment as it is for ever, and Renovate takes the wrong version for the one in use."
    ),
    how=(
        "Find out which of the two was meant. Then correct the comment, or pin the commit of the version that it names."
    ),
    limits=(
        "It knows what the repository's lock says and, for some 200 actions, what the offline pack had at its date; of "
        "everything else nothing is said. A comment such as v4 is only wrong where the commit is known to be of "
        "another major version. A missing comment is no finding."
    ),
    examples=_examples,
    check=_check,
    tags=("unpinned-dependency", "external/cwe/cwe-1104", "owasp-cicd-sec-3"),
)
