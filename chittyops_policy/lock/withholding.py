"""What may be required of a repository already, and what has to wait: nothing is asked for that nobody could give.

A required check that never reports, a review by owners that nobody can give, or an Actions policy that the workflows of
the repository break, would stop every pull request. Each is left out, with the reason and what has to be done first.
What is in force already is never taken back on these grounds.
"""

from __future__ import annotations

from chittyops_policy.patterns import matches
from chittyops_policy.settings import Hidden

from .values import ACTIONS, SELECTED, TOKEN, Refusal, Team

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .values import Actual, Readiness

_SHOWN = 3


def ready_ruleset(
    body: Mapping[str, Any], present: Mapping[str, Any] | None, readiness: Readiness, actual: Actual
) -> tuple[dict[str, Any], tuple[Refusal, ...]]:
    """The part of a ruleset that may be in force now, as GitHub takes it, and what is withheld of it.

    `present` is the body in force, if any; `actual` has the teams with what they may do here.
    """
    refusals: list[Refusal] = []
    before = _rules(present)
    rules = []
    for rule in body.get("rules") or []:
        parameters = dict(rule.get("parameters") or {})
        if rule["type"] == "required_status_checks":
            required = {check["context"] for check in before.get(rule["type"], {}).get("required_status_checks") or []}
            wanted = parameters.get("required_status_checks") or []
            checks = [_ready_check(check, required, readiness, refusals) for check in wanted]
            parameters["required_status_checks"] = [check for check in checks if check is not None]
            if wanted and not parameters["required_status_checks"]:
                continue
        elif rule["type"] == "pull_request":
            _hold_owners(parameters, before.get("pull_request", {}), readiness, actual, refusals)
            if parameters.get("required_reviewers"):
                reviewers = [_ready_reviewer(item, actual, refusals) for item in parameters["required_reviewers"]]
                parameters["required_reviewers"] = [item for item in reviewers if item is not None]
        rules.append({**rule, "parameters": parameters} if parameters else {"type": rule["type"]})
    actors = [_ready_actor(actor, actual, refusals) for actor in body.get("bypass_actors") or []]
    ready = {**body, "rules": rules, "bypass_actors": [actor for actor in actors if actor is not None]}
    return ready, tuple(refusals)


def ready_settings(
    kind: str,
    body: Mapping[str, Any],
    present: Mapping[str, Any] | None,
    repositories: Mapping[str, Readiness],
    allowed: Mapping[str, Any] | None,
) -> tuple[dict[str, Any] | None, tuple[Refusal, ...]]:
    """The part of an Actions policy that may be in force now, None where none of it may, and what is withheld.

    present       what is in force; None for a list of allowed actions while none is
    repositories  whose workflows it governs
    allowed       the list of allowed actions that is asked for, if any
    """
    if kind == SELECTED:
        return _ready_list(body, present, repositories)
    ready, before = dict(body), present or {}
    refusals = []
    if kind == ACTIONS and body.get("sha_pinning_required") and not before.get("sha_pinning_required"):
        found = _placed(repositories, lambda slug, state: state.unpinned)
        if found:
            ready["sha_pinning_required"] = False
            why = f"not pinned to a commit: {_some(found)}; such a run would fail before its first step"
            first = "pin them: `chittyops-policy check --fix` (rule unpinned-uses)"
            refusals.append(Refusal("sha_pinning_required", why, first))
    if kind == ACTIONS and body.get("allowed_actions") == "selected" and before.get("allowed_actions") == "all":
        found = _placed(repositories, lambda slug, state: _forbidden(state.uses, allowed or {}, slug))
        if found:
            ready["allowed_actions"] = "all"
            refusals.append(_unlisted("allowed_actions", found))
    if kind == TOKEN and body.get("default_workflow_permissions") == "read":
        found = _placed(repositories, lambda slug, state: state.silent)
        if found and before.get("default_workflow_permissions") == "write":
            ready["default_workflow_permissions"] = "write"
            why = f"jobs without permissions of their own, which may need to write: {_some(found)}"
            first = "state them: `chittyops-policy check --profile strict --fix` (rule missing-permissions)"
            refusals.append(Refusal("default_workflow_permissions", why, first))
    return ready, tuple(refusals)


def _ready_list(
    body: Mapping[str, Any], present: Mapping[str, Any] | None, repositories: Mapping[str, Readiness]
) -> tuple[dict[str, Any] | None, tuple[Refusal, ...]]:
    """A list of allowed actions. Where none is in force yet, withholding it is said of `allowed_actions`."""
    if present is None:
        found = _placed(repositories, lambda slug, state: _forbidden(state.uses, body, slug))
        return (None, ()) if found else (dict(body), ())
    found = _placed(
        repositories,
        lambda slug, state: sorted(
            set(_forbidden(state.uses, body, slug)) - set(_forbidden(state.uses, present, slug))
        ),
    )
    return (dict(present), (_unlisted("patterns_allowed", found),)) if found else (dict(body), ())


def _unlisted(what: str, found: list[str]) -> Refusal:
    why = f"used, and not allowed by the pack: {_some(found)}"
    return Refusal(what, why, "replace them, or add them to selected_actions.patterns_allowed in the pack")


def _ready_check(
    check: Mapping[str, Any], required: set[str], readiness: Readiness, refusals: list[Refusal]
) -> dict[str, Any] | None:
    """The check under the name that it has here; None where it may not be required yet."""
    names = [check["context"], *(check.get("also") or [])]
    plain = {key: value for key, value in check.items() if key != "also"}
    for name in names:
        if name in required:
            return {**plain, "context": name}
    what = f'required check "{check["context"]}"'
    reported = readiness.reported
    if isinstance(reported, Hidden):
        tell = f"give the token {reported.permission}" if reported.permission else "run again"
        refusals.append(Refusal(what, f"whether it ever reported cannot be told: {reported.reason}", tell))
        return None
    known = [name for name in names if name in reported]
    if not known:
        refusals.append(
            Refusal(
                what,
                "it has not reported on the default branch, so every pull request would wait for it",
                "add the workflow, with a push to the default branch among its triggers, and let it run once",
            )
        )
        return None
    app = plain.get("integration_id")
    fitting = [name for name in known if app is None or app in reported[name]]
    if not fitting:
        apps = ", ".join(map(str, reported[known[0]]))
        refusals.append(
            Refusal(
                what, f"App {apps} reports it, not App {app}", "correct integration_id in the pack, or the workflow"
            )
        )
        return None
    usable = [name for name in fitting if name not in readiness.gaps]
    if not usable:
        gap = readiness.gaps[fitting[0]]
        refusals.append(Refusal(what, gap, "let it run on every pull request (rule unreportable-check)"))
        return None
    return {**plain, "context": usable[0]}


def _hold_owners(
    parameters: dict[str, Any],
    before: Mapping[str, Any],
    readiness: Readiness,
    actual: Actual,
    refusals: list[Refusal],
) -> None:
    if not parameters.get("require_code_owner_review") or before.get("require_code_owner_review"):
        return
    what = "review by code owners"
    found = []
    if readiness.codeowners:
        why = f"CODEOWNERS protects nothing yet: {_some(readiness.codeowners)}"
        found.append(
            Refusal(what, why, "`chittyops-policy check --fix` (rules missing-codeowners, ineffective-codeowners)")
        )
    for slug in readiness.owners:
        lack = _lack(slug, actual)
        if lack:
            found.append(Refusal(what, *lack))
    if found:
        parameters["require_code_owner_review"] = False
        refusals.extend(found)


def _ready_reviewer(item: Mapping[str, Any], actual: Actual, refusals: list[Refusal]) -> dict[str, Any] | None:
    reviewer = item.get("reviewer") or {}
    if "team" not in reviewer:
        return dict(item)
    team = actual.team(reviewer["team"])
    lack = _lack(reviewer["team"], actual)
    if lack or not isinstance(team, Team):
        refusals.append(Refusal(f"required review by {_at(reviewer['team'], actual)}", *lack))
        return None
    return {**item, "reviewer": {"type": "Team", "id": team.id}}


def _ready_actor(actor: Mapping[str, Any], actual: Actual, refusals: list[Refusal]) -> dict[str, Any] | None:
    if "team" not in actor:
        return dict(actor)
    team = actual.team(actor["team"])
    if not isinstance(team, Team):
        refusals.append(Refusal(f"bypass for {_at(actor['team'], actual)}", *_lack(actor["team"], actual)))
        return None
    rest = {key: value for key, value in actor.items() if key != "team"}
    return {**rest, "actor_type": "Team", "actor_id": team.id}


def _lack(slug: str, actual: Actual) -> tuple[str, ...]:
    """Why a team cannot review yet, and what to do first; empty where it can."""
    team, name = actual.team(slug), _at(slug, actual)
    if isinstance(team, Hidden):
        tell = f"give the token {team.permission}" if team.permission else "run again"
        return f"{name} cannot be seen: {team.reason}", tell
    if team is None:
        return f"the team {name} does not exist", f"create {name} with somebody in it"
    if not team.writes:
        return f"{name} may not write to the repository", "give the team write access (permission push)"
    if team.members == 0:
        return f"nobody is in {name}", "add members to the team, best two or more"
    return ()


def _at(slug: str, actual: Actual) -> str:
    return f"@{actual.scope.partition('/')[0]}/{slug}"


def _forbidden(uses: Iterable[str], allowed: Mapping[str, Any], slug: str) -> list[str]:
    """What GitHub would not run of `uses`. Marketplace's verified creators are not known here: they pass if allowed."""
    owner = slug.partition("/")[0].lower()
    if allowed.get("verified_allowed"):
        return []
    patterns = allowed.get("patterns_allowed") or []
    found = []
    for use in uses:
        name = use.partition("@")[0]
        mine = name.partition("/")[0].lower()
        if mine == owner or (allowed.get("github_owned_allowed") and mine in ("actions", "github")):
            continue
        if not any(matches(_glob(pattern), use if "@" in pattern else name, ignore_case=True) for pattern in patterns):
            found.append(use)
    return found


def _glob(pattern: str) -> str:
    """GitHub's ``*`` crosses slashes: ``acme/*`` covers ``acme/tools/sub@v1``."""
    return pattern.replace("*", "**")


def _placed(repositories: Mapping[str, Readiness], find: Callable[[str, Readiness], Iterable[str]]) -> list[str]:
    """What is found in each repository; of several, with its name."""
    return [
        f"{slug}: {item}" if len(repositories) > 1 else item
        for slug, state in sorted(repositories.items())
        for item in find(slug, state)
    ]


def _some(items: Iterable[str]) -> str:
    found = list(items)
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _rules(body: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    return {rule["type"]: rule.get("parameters") or {} for rule in (body or {}).get("rules") or []}
