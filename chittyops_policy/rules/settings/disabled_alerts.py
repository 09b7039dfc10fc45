"""Secret scanning or Dependabot alerts that are turned off."""

from __future__ import annotations

from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, Option, Rule, Unknown
from chittyops_policy.settings import PLACE, Hidden, Settings
from chittyops_policy.told_settings import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_FEATURES = {
    "secret-scanning": ("secret_scanning", "secret-scanning", "secret scanning is off"),
    "push-protection": ("push_protection", "secret-scanning", "pushes with secrets in them are not blocked"),
    "dependabot-alerts": ("dependabot_alerts", "dependabot-alerts", "Dependabot alerts are off"),
}


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    for feature in context.options["require"]:
        part, need, words = _FEATURES[feature]
        on = told(context, part, need, "alerts")
        if isinstance(on, Unknown):
            yield Unknown(on.reason, on.permission)
        elif on:
            yield Evidence(f"{feature} is on")
        else:
            yield context.missing(PLACE, words, anchor=feature)


def _examples() -> tuple[Example, ...]:
    files = {"README.md": "# Project\n"}
    every = {"require": list(_FEATURES)}
    return (
        Example(
            "All are off",
            files,
            (PLACE, PLACE, PLACE),
            options=every,
            settings=Settings(secret_scanning=False, push_protection=False, dependabot_alerts=False),
        ),
        Example(
            "All are on",
            files,
            options=every,
            settings=Settings(secret_scanning=True, push_protection=True, dependabot_alerts=True),
        ),
        Example(
            "One is off, another is not told",
            files,
            (PLACE,),
            options=every,
            settings=Settings(
                secret_scanning=True,
                push_protection=False,
                dependabot_alerts=Hidden("GitHub does not tell this token", "administration: read"),
            ),
        ),
    )


RULE = Rule(
    id="disabled-alerts",
    title="Secret scanning or Dependabot alerts are off",
    theme="settings",
    severity="medium",
    visits=(REPOSITORY,),
    places=(),
    why=(
        "GitHub finds leaked tokens and dependencies with known holes by itself, and tells the provider of a leaked "
        "token within minutes. Turned off, somebody else finds them."
    ),
    how="Turn them on in the security settings of the organisation, for new repositories too.",
    examples=_examples,
    check=_check,
    options={
        "require": Option(
            list(_FEATURES),
            "What has to be on.",
            {"type": "array", "items": {"enum": list(_FEATURES)}, "uniqueItems": True},
        )
    },
    unfixable="settings are no files, and in private repositories some of them have to be paid for",
    limits="Whether anybody looks at the alerts is another question: `chittyops-policy metrics` measures it.",
    tags=("hardening-gap", "external/cwe/cwe-778", "owasp-cicd-sec-10"),
)
