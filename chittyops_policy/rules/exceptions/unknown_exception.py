"""An inline exception that cannot be understood."""

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
            "A rule that does not exist",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpined-uses] mirrored"),
            fires=("unpined-uses",),
        ),
        Example(
            "A rule that exists",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] mirrored"),
        ),
        Example(
            "A word that another tool would understand",
            _WORKFLOW.format(uses="actions/checkout@v4 # chittyops-policy: ignore[unpinned-uses] mirrored"),
            fires=("# chittyops-policy: ignore[unpinned-uses]",),
        ),
        Example(
            "Findings about exceptions cannot be excepted",
            _WORKFLOW.format(uses="./tool # chittyops-policy: allow[unused-exception] keep it"),
            fires=("unused-exception",),
        ),
    )


RULE = Rule(
    id="unknown-exception",
    title="An exception names no rule",
    theme="exceptions",
    severity="low",
    visits=(),
    why="A misspelled exception covers nothing, while whoever reads the line believes that it does.",
    how="Write # chittyops-policy: allow[rule-id] reason; `chittyops-policy rules` lists the ids.",
    examples=_examples,
    check=_check,
    unfixable="which rule was meant only who made the exception knows",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
