"""An inline exception that does not say why."""

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


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "No reason behind the brackets",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses]"),
            fires=("# chittyops-policy: allow[unpinned-uses]",),
        ),
        Example(
            "A reason",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] mirrored and reviewed"),
        ),
        Example(
            "A date alone is no reason",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] until 9999-12-31"),
            fires=("# chittyops-policy: allow[unpinned-uses]",),
        ),
    )


RULE = Rule(
    id="unexplained-exception",
    title="An exception gives no reason",
    theme="exceptions",
    severity="low",
    visits=(),
    why=(
        "The next reader has to decide whether the exception still holds, and can only do that when it says why it was "
        "made. The reason is also what the report shows in place of the finding."
    ),
    how="Write the reason behind the brackets: # chittyops-policy: allow[rule-id] why this is acceptable here.",
    limits="Whether the reason is a good one is for a reviewer to say. Ignores of other tools are not looked at.",
    examples=_examples,
    check=_check,
    unfixable="only who made the exception knows the reason",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
