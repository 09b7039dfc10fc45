"""Dependabot proposes new versions before anybody can have noticed that they are bad."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.rule import DEPENDABOT, Context, Example, Option, Rule
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding


def _check(document: Document, context: Context) -> Iterator[Finding]:
    least: int = context.options["days"]
    updates = document.root.get("updates") if isinstance(document.root, Mapping) else None
    for entry in updates.items if isinstance(updates, Sequence) else ():
        if not isinstance(entry, Mapping) or not entry.items or "multi-ecosystem-group" in entry:
            continue
        limit = entry.get("open-pull-requests-limit")
        if isinstance(limit, Scalar) and limit.resolved() == 0:
            continue  # security updates only, and they never wait
        ecosystem = text_of(entry.get("package-ecosystem"))[:40]
        if not ecosystem:
            continue  # invalid-dependabot's
        cooldown = entry.get("cooldown")
        days = cooldown.get("default-days") if isinstance(cooldown, Mapping) else None
        if days is None:
            place = entry.key("cooldown") or entry.key("package-ecosystem") or entry.items[0][0]
            message = f"new versions for {ecosystem} are not held back for {least} days"
            yield context.at(document, place, message, node=entry)
            continue
        number = days.resolved() if isinstance(days, Scalar) else None
        if isinstance(number, int) and not isinstance(number, bool) and number < least:
            message = f"new versions for {ecosystem} are held back for {number} days, not for {least}"
            yield context.at(document, days, message)


def _examples() -> tuple[Example, ...]:
    path = ".github/dependabot.yml"
    head = "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    schedule:\n      interval: weekly\n"
    return (
        Example(
            "A new version is proposed on the day it comes out",
            {path: head},
            fires=("package-ecosystem",),
            after={path: f"{head}    cooldown:\n      default-days: 7\n"},
        ),
        Example("A week for others to notice", {path: f"{head}    cooldown:\n      default-days: 7\n"}),
        Example(
            "Security updates never wait, so an entry for them alone needs none",
            {path: f"{head}    open-pull-requests-limit: 0\n"},
        ),
        Example(
            "Too short, and only for some kinds of versions",
            {
                path: f"{head}    cooldown:\n      default-days: 2 # see the wiki\n"
                "  - {package-ecosystem: pip, directory: /, schedule: {interval: daily}, "
                "cooldown: {semver-major-days: 30}}\n"
            },
            fires=("2", "cooldown"),
            after={
                path: f"{head}    cooldown:\n      default-days: 7 # see the wiki\n"
                "  - {package-ecosystem: pip, directory: /, schedule: {interval: daily}, "
                "cooldown: {semver-major-days: 30, default-days: 7}}\n"
            },
        ),
    )


RULE = Rule(
    id="dependabot-cooldown",
    title="New versions are proposed before anybody can know them",
    theme="updates",
    severity="low",
    profile="strict",
    visits=(DEPENDABOT,),
    why=(
        "A hijacked package is mostly found and withdrawn within days. Whoever takes each version on the day it comes "
        "out is among those on whom it is tried; a week of patience lets others notice first. Security updates are not "
        "held back."
    ),
    how="Add cooldown with default-days to the entry.",
    limits=(
        "Without the setting GitHub holds versions back for three days (2026-11). Renovate's minimumReleaseAge is not "
        "looked at, nor are entries of a multi-ecosystem group."
    ),
    options={
        "days": Option(7, "How many days a version has to be out.", {"type": "integer", "minimum": 1, "maximum": 90})
    },
    examples=_examples,
    check=_check,
    tags=("artifact-integrity", "external/cwe/cwe-1357", "owasp-cicd-sec-3"),
)
