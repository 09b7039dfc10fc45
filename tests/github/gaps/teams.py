"""What teams may do with repositories."""

from __future__ import annotations

from typing import Any

from ..memory import Repository
from ..messages import Answer, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values

routes = Routes()

LEVELS = ("pull", "triage", "push", "maintain", "admin")


@routes.add("GET", "/repos/{owner}/{repo}/teams", "administration:read")
def list_repository_teams(call: Call, owner: str, repo: str) -> Answer:
    """The teams with access, each with its permission."""
    one = call.repository(owner, repo)
    found = []
    for (org, slug), grants in _every_grant(call).items():
        if org == one.owner and one.id in grants:
            team = call.server.as_admin("GET", f"/orgs/{org}/teams/{slug}")
            found.append({**team, "permission": grants[one.id], "permissions": _permissions(grants[one.id])})
    return page_of(call.request, found, call.server.address)


@routes.add("PUT", "/orgs/{org}/teams/{team}/repos/{owner}/{repo}", "members:write")
def add_team_repository(call: Call, org: str, team: str, owner: str, repo: str) -> Answer:
    """Gives a team a permission, by default the team's own."""
    one = call.repository(owner, repo)
    known = _team(call, org, team)
    call.server.as_admin("PUT", f"/orgs/{org}/teams/{team}/repos/{one.slug}", {})
    grants = _every_grant(call).setdefault((org, team), {})
    grants[one.id] = call.json.get("permission") or known.get("permission", "pull")
    return answer(None, 204)


@routes.add("DELETE", "/orgs/{org}/teams/{team}/repos/{owner}/{repo}", "members:write")
def remove_team_repository(call: Call, org: str, team: str, owner: str, repo: str) -> Answer:
    """Takes it back."""
    one = call.repository(owner, repo)
    _every_grant(call).get((org, team), {}).pop(one.id, None)
    return answer(None, 204)


@routes.add("GET", "/orgs/{org}/teams/{team}/repos/{owner}/{repo}", "members:read")
def check_team_repository(call: Call, org: str, team: str, owner: str, repo: str) -> Answer:
    """204 where it has one, with the permission where the media type asks for the repository."""
    one = call.repository(owner, repo)
    _team(call, org, team)
    permission = _every_grant(call).get((org, team), {}).get(one.id)
    if permission is None:
        raise not_found()
    if "repository" not in call.request.headers.get("accept", ""):
        return answer(None, 204)
    return answer({**_brief(call, one), "permissions": _permissions(permission), "role_name": _role(permission)})


@routes.add("GET", "/orgs/{org}/teams/{team}/repos", "members:read")
def list_team_repositories(call: Call, org: str, team: str) -> Answer:
    """What a team has access to."""
    _team(call, org, team)
    grants = _every_grant(call).get((org, team), {})
    found = [
        {**_brief(call, one), "permissions": _permissions(grants[one.id]), "role_name": _role(grants[one.id])}
        for one in call.memory.repositories()
        if one.id in grants
    ]
    return page_of(call.request, found, call.server.address)


def _every_grant(call: Call) -> dict[tuple[str, str], dict[int, str]]:
    found: dict[tuple[str, str], dict[int, str]] = call.kept("team-grants", "", dict)
    return found


def _team(call: Call, org: str, team: str) -> Values:
    found = call.upstream("GET", f"/orgs/{org}/teams/{team}")
    if found.status != 200:
        raise not_found()
    value: Values = found.json
    return value


def _brief(call: Call, one: Repository) -> dict[str, Any]:
    found: dict[str, Any] = call.server.as_admin("GET", f"/repos/{one.slug}")
    return found


def _permissions(level: str) -> dict[str, bool]:
    return {name: LEVELS.index(name) <= LEVELS.index(level) for name in LEVELS}


def _role(level: str) -> str:
    return {"pull": "read", "push": "write"}.get(level, level)
