"""An exception whose last day is past."""

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
            "An inline exception whose last day is past",
            _WORKFLOW.format(
                uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] trial, until 2020-06-30"
            ),
            fires=("2020-06-30",),
        ),
        Example(
            "One that still holds",
            _WORKFLOW.format(
                uses="actions/checkout@v4 # chittyops-policy: allow[unpinned-uses] trial, until 9999-12-31"
            ),
        ),
        Example(
            "An exception in the repository's own policy",
            {
                ".github/workflows/example.yml": _WORKFLOW.format(uses="actions/checkout@v4"),
                ".chittyops-policy.yml": "exceptions:\n"
                "  - rule: unpinned-uses\n"
                "    reason: trial\n"
                "    expires: 2020-06-30\n",
            },
            fires=("unpinned-uses",),
        ),
    )


RULE = Rule(
    id="expired-exception",
    title="An exception has expired",
    theme="exceptions",
    severity="low",
    visits=(),
    why=(
        "Somebody promised to look again by that day. The finding counts again; the entry only makes it look excepted."
    ),
    how="Fix the finding and remove the exception, or renew the date with a reason that holds today.",
    limits="Expired entries of an organisation's pack are named in the reason of the finding that came back.",
    examples=_examples,
    check=_check,
    unfixable="whether the exception is needed longer is for its owner to say",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
