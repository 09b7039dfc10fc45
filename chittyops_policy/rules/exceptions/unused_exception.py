"""An exception that no longer covers anything."""

from __future__ import annotations

from chittyops_policy.rule import Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.model import Finding


def _check(view: object, context: Context) -> Iterable[Finding]:
    """Nothing: `exceptions.judge` makes these findings, after the other rules have run."""
    return ()


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""
_PINNED = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The action has been pinned since, the exception stayed",
            _WORKFLOW.format(uses=f"{_PINNED} # chittyops-policy: allow[unpinned-uses] our own mirror"),
            fires=("unpinned-uses",),
        ),
        Example(
            "An exception that covers a finding",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] our own mirror"),
        ),
        Example(
            "One of two rules has nothing left to except",
            _WORKFLOW.format(
                uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses, invalid-workflow] trial"
            ),
            fires=("invalid-workflow",),
        ),
        Example(
            "An exception in the repository's own policy",
            {
                ".github/workflows/example.yml": _WORKFLOW.format(uses=_PINNED),
                ".chittyops-policy.yml": "exceptions:\n"
                "  - rule: invalid-workflow\n"
                "    paths: [.github/workflows/old.yml]\n"
                "    reason: generated elsewhere\n",
            },
            fires=("invalid-workflow",),
        ),
    )


RULE = Rule(
    id="unused-exception",
    title="An exception covers no finding",
    theme="exceptions",
    severity="low",
    visits=(),
    why=(
        "An exception that outlives its reason hides the next finding in the same place, which nobody has looked at. "
        "Exceptions that are only ever added end up covering everything."
    ),
    how="Remove the rule from the brackets, or the whole comment or entry when nothing else is left in it.",
    limits=(
        "Only exceptions for rules that ran on the file are looked at, entries of the repository's own policy only "
        "when the whole repository is checked, and entries of an organisation's pack not at all: other repositories "
        "may need them."
    ),
    examples=_examples,
    check=_check,
    unfixable="a line that excepts nothing may be waiting for a change that is under way",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
