"""A repository's own policy file that is laxer than the organisation allows."""

from __future__ import annotations

from chittyops_policy.rule import Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.model import Finding


def _check(view: object, context: Context) -> Iterable[Finding]:
    """Nothing: `policy.effective` makes these findings while it reads the file."""
    return ()


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A locked rule is switched off, and the gate opened",
            {".chittyops-policy.yml": "fail_on: critical\nrules:\n  static-secret:\n    stage: off\n"},
            fires=("critical", "off"),
        ),
        Example(
            "Stricter is always allowed",
            {".chittyops-policy.yml": "profile: strict\nrules:\n  static-secret:\n    severity: critical\n"},
        ),
        Example(
            "A repository cannot except itself from a locked rule",
            {".chittyops-policy.yml": "exceptions:\n  - rule: static-secret\n    reason: we have always done it so\n"},
            fires=("static-secret",),
        ),
    )


RULE = Rule(
    id="overreaching-policy",
    title="The repository's own policy is laxer than the organisation allows",
    theme="policy",
    severity="high",
    visits=(),
    why=(
        "The organisation has locked these rules so that nobody can lower them in the repository that they judge. "
        "The key has no effect; without this finding its author would believe that it has."
    ),
    how=(
        "Remove the key. Where the repository really needs less, ask the owners of the organisation's pack for an "
        "exception with an owner and a date."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the repository may do is for the organisation to say",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
