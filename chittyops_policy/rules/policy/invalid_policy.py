"""A repository's own policy file that says something which cannot be."""

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
            "A rule that does not exist and a key that does not exist",
            {".chittyops-policy.yml": "rules:\n  unpined-uses:\n    stage: warn\nfail-on: high\n"},
            fires=("unpined-uses", "fail-on"),
        ),
        Example(
            "A valid file",
            {".chittyops-policy.yml": "profile: strict\nrules:\n  missing-timeout:\n    severity: high\n"},
        ),
        Example(
            "A file that is not YAML",
            {".chittyops-policy.yml": "rules:\n\tstage: warn\n"},
            fires=("\t",),
        ),
    )


RULE = Rule(
    id="invalid-policy",
    title="The repository's own policy file is invalid",
    theme="policy",
    severity="high",
    visits=(),
    why=(
        "A key or a rule that does not exist has no effect: what the file was meant to change stays as it was. "
        "The rest of the file applies, and a file that cannot be read at all is as good as none."
    ),
    how="Correct the place; `chittyops-policy policy validate .chittyops-policy.yml` lists every mistake with a hint.",
    examples=_examples,
    check=_check,
    unfixable="what the policy file was meant to say only its owners know",
    tags=("hardening-gap", "external/cwe/cwe-693"),
)
