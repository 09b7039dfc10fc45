"""``chittyops-policy doctor``."""

from __future__ import annotations

import json
import os

import click

from ..catalogue import load
from ..checking import today
from ..diagnosis import (
    GRANTED,
    REFUSED,
    UNTRIED,
    diagnose,
    least_permissions,
    least_scopes,
    mends_workflows,
    rule_standings,
)
from ..errors import EXIT_CLEAN, EXIT_FINDINGS
from ..model import PROFILES
from ..permissions import AUDIT, FIX, LOCK, METRICS, PURPOSES, SETTINGS
from ..policy import Overrides, effective, standard_pack
from .github_options import access_of, login_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..diagnosis import Diagnosis, RuleStanding, Standing
    from ..rule import Rule

_SIGNS = {GRANTED: "yes", REFUSED: "no", UNTRIED: "?"}

_WORDS = {
    AUDIT: "to audit files",
    SETTINGS: "to judge settings too",
    FIX: "to open pull requests",
    LOCK: "for lock",
    METRICS: "for metrics",
}


@click.command(short_help="Say what a token may, and what it needs.")
@click.option("--org", "owner", metavar="NAME", help="The organisation that is to be audited.")
@click.option("--repo", "slug", metavar="OWNER/NAME", help="The repository to try things on.")
@click.option(
    "--for", "purposes", multiple=True, type=click.Choice(PURPOSES), help="What is wanted; else audit, settings, fix."
)
@login_options
@click.option("--policy", metavar="FILE", help="As for check.")
@click.option("--profile", "-p", type=click.Choice(PROFILES), help="As for check.")
@click.option("--select", "-s", multiple=True, metavar="RULE", help="As for check.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    owner: str | None,
    slug: str | None,
    purposes: tuple[str, ...],
    base_url: str | None,
    app_id: str | None,
    app_key: str | None,
    policy: str | None,
    profile: str | None,
    select: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say which rules a token can answer and fix, what is missing, and the smallest set of App permissions.

    \b
      chittyops-policy doctor                                  the permissions that the rules need
      GITHUB_TOKEN=… chittyops-policy doctor --org ChittyOS    and which of them this token has

    Nothing is written on GitHub: whether a fine-grained token may write, only the first write shows.
    """
    rules = _rules(policy, profile, select)
    wanted = purposes or (AUDIT, SETTINGS, FIX)
    account = owner or (slug or "").partition("/")[0]
    found = None
    if account:
        found = _diagnosis(account, slug or "", wanted, base_url, app_id, app_key)
    standings = [] if found is None else rule_standings(found, rules)
    if as_json:
        click.echo(json.dumps(_document(found, standings, rules, wanted), indent=2))
    else:
        click.echo("\n".join([*_text(found, standings), *_least(rules, wanted)]))
    refused = found is not None and any(standing.state == REFUSED for standing in found.standings)
    return EXIT_FINDINGS if refused else EXIT_CLEAN


def _rules(policy: str | None, profile: str | None, select: tuple[str, ...]) -> list[Rule]:
    """The rules that are on."""
    catalogue = load()
    overrides = Overrides(select=select, profile=profile)
    settings = effective(catalogue, standard_pack(policy), None, overrides, slug="", today=today(os.environ)).rules
    return [rule for rule in catalogue if settings[rule.id].stage.value != "off"]


def _diagnosis(
    owner: str, slug: str, purposes: tuple[str, ...], base_url: str | None, app_id: str | None, app_key: str | None
) -> Diagnosis:
    access = access_of({"base_url": base_url, "app_id": app_id, "app_key": app_key})
    installed = access.permissions(owner) if access.is_app else None
    return diagnose(access.connection(owner), purposes, owner=owner, slug=slug, installed=installed)


# ------------------------------------------------------------------------------------------------- text


def _text(found: Diagnosis | None, standings: list[RuleStanding]) -> list[str]:
    if found is None:
        return []
    who = f" as {found.who}" if found.who else ""
    scopes = f" with the scopes {', '.join(found.scopes) or 'none'}" if found.scopes or "classic" in found.kind else ""
    lines = [f"GitHub is asked{who} with {found.kind}{scopes}."]
    if found.left is not None:
        lines.append(f"{found.left[0]:,} of {found.left[1]:,} requests are left in this hour.")
    if found.place:
        kind = "private" if found.private else "public: reading private ones may take more than is seen here"
        lines.append(f"Tried on {found.place}, which is {kind}.")
    lines.append("")
    width = max(len(standing.need.permission) for standing in found.standings)
    name = max(len(standing.need.name) for standing in found.standings)
    for standing in found.standings:
        lines.append(
            f"  {_SIGNS[standing.state]:3}  {standing.need.name:{name}}  {standing.need.permission:{width}}  "
            f"{_reason(standing)}".rstrip()
        )
    return [*lines, "", *_about_rules(standings), ""]


def _reason(standing: Standing) -> str:
    return "" if standing.state == GRANTED else standing.need.lack


def _about_rules(standings: list[RuleStanding]) -> list[str]:
    unanswered = [standing for standing in standings if standing.answer]
    fixable = [standing for standing in standings if standing.fix is not None]
    unfixed = [standing for standing in fixable if standing.fix]
    unsure = [standing for standing in unfixed if not any(one.state == REFUSED for one in standing.fix or ())]
    lines = [f"{len(standings) - len(unanswered)} of {len(standings)} rules can be answered."]
    lines += [f"  {', '.join(names)}: {lack}" for lack, names in _by_lack(unanswered, False).items()]
    sure = f"The fixes of {len(fixable) - len(unfixed)} of {len(fixable)} rules can become pull requests"
    lines.append(f"{sure}; of {len(unsure)} only the first write will show it." if unsure else f"{sure}.")
    lines += [f"  {_some(names)}: {lack}" for lack, names in _by_lack(unfixed, True).items()]
    return lines


def _by_lack(standings: list[RuleStanding], fixes: bool) -> dict[str, list[str]]:
    """What is missing, in words → the rules that miss it."""
    found: dict[str, list[str]] = {}
    for standing in standings:
        lacking = standing.fix if fixes else standing.answer
        permissions = sorted({one.need.permission for one in lacking or ()})
        found.setdefault(f"needs {', '.join(permissions)}", []).append(standing.rule)
    return found


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def _least(rules: list[Rule], purposes: tuple[str, ...]) -> list[str]:
    lines = [f"The smallest set of App permissions for {len(rules)} rules:"]
    known: dict[str, str] = {}
    for purpose in PURPOSES:
        if purpose not in purposes:
            continue
        least = least_permissions(rules, [purpose])
        new = {name: level for name, level in least.items() if known.get(name) not in (level, "write")}
        known |= new
        listed = ", ".join(f"{name}: {level}" for name, level in new.items()) or "nothing more"
        lines.append(f"  {_WORDS[purpose]:22} {listed}")
    lines.append(f"A classic token needs the scopes: {', '.join(least_scopes(rules, purposes))}.")
    return lines


# ------------------------------------------------------------------------------------------------- JSON


def _document(
    found: Diagnosis | None, standings: list[RuleStanding], rules: list[Rule], purposes: tuple[str, ...]
) -> dict[str, Any]:
    asked = None
    if found is not None:
        asked = {
            "who": found.who,
            "kind": found.kind,
            "scopes": list(found.scopes),
            "tried_on": found.place,
            "private": found.private,
            "needs": [
                {
                    "name": standing.need.name,
                    "for": standing.need.purpose,
                    "permission": standing.need.permission,
                    "scope": standing.need.scope,
                    "state": standing.state,
                    "how": standing.how,
                    "without": standing.need.lack,
                }
                for standing in found.standings
            ],
        }
    lacking = {standing.rule: standing for standing in standings}
    return {
        "asked": asked,
        "rules": [
            {
                "id": rule.id,
                "fixable": not rule.unfixable,
                "changes_workflows": not rule.unfixable and mends_workflows(rule),
                "unanswered_without": _permissions(lacking[rule.id].answer) if rule.id in lacking else [],
                "unfixed_without": _permissions(lacking[rule.id].fix) if rule.id in lacking else [],
            }
            for rule in rules
        ],
        "least_permissions": least_permissions(rules, purposes),
        "least_scopes": list(least_scopes(rules, purposes)),
    }


def _permissions(standings: tuple[Standing, ...] | None) -> list[str]:
    return sorted({standing.need.permission for standing in standings or ()})
