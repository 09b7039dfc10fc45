"""Which repositories there are, and what is left of a token's hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..memory import Repository
from ..messages import Answer, Refusal, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import user

routes = Routes()


@routes.add("GET", "/orgs/{org}/repos", "metadata:read")
def list_organization_repositories(call: Call, org: str) -> Answer:
    """All repositories of an organisation that the token sees; filter and order as GitHub documents them."""
    if call.kept("accounts", "", dict).get(org) != "Organization":
        raise not_found()
    kind = call.request.query.get("type", "all")
    kinds: dict[str, Callable[[Repository], bool]] = {
        "all": lambda one: True,
        "public": lambda one: not one.private,
        "private": lambda one: one.private,
        "forks": lambda one: one.row["fork"],
        "sources": lambda one: not one.row["fork"],
        "member": lambda one: True,
    }
    found = [one for one in _visible(call) if one.owner == org and kinds[kind](one)]
    column = call.request.query.get("sort", "created")
    columns = {"full_name": "full_name", "pushed": "pushed_at", "updated": "updated_at", "created": "created_at"}
    down = call.request.query.get("direction", "asc" if column == "full_name" else "desc") == "desc"
    found.sort(key=lambda one: (str(one.row[columns[column]] or ""), one.id), reverse=down)
    return page_of(call.request, found, call.server.address, lambda page: [_formatted(call, one) for one in page])


@routes.add("GET", "/installation/repositories")
def list_installation_repositories(call: Call) -> Answer:
    """The repositories of an App's installation."""
    if not call.token.installation:
        raise not_found()
    found = [one for one in _visible(call) if one.owner == call.token.login]

    def wrap(page: list[Repository]) -> Any:
        return {
            "total_count": len(found),
            "repository_selection": "all" if call.token.repositories is None else "selected",
            "repositories": [_formatted(call, one) for one in page],
        }

    return page_of(call.request, found, call.server.address, wrap)


@routes.add("GET", "/users/{username}/installation")
def get_installation(call: Call, username: str) -> Answer:
    """The App's installation for an account; it works for organisations too."""
    scope = "orgs" if call.kept("accounts", "", dict).get(username) == "Organization" else "users"
    return call.upstream("GET", f"/{scope}/{username}/installation")


@routes.add("GET", "/user")
def get_user(call: Call) -> Answer:
    """Who the token is of; an installation is nobody."""
    if call.token.installation is not None:
        raise Refusal(403, "Resource not accessible by integration")
    return call.upstream("GET", "/user")


@routes.add("GET", "/repos/{owner}/{repo}", "metadata:read")
def get_repository(call: Call, owner: str, repo: str) -> Answer:
    """The emulator's answer with the parent of a fork and, for those who administer it, what is analysed."""
    one = call.repository(owner, repo)
    return answer(_formatted(call, one))


@routes.add("PATCH", "/repos/{owner}/{repo}", "administration:write")
def update_repository(call: Call, owner: str, repo: str) -> Answer:
    """As the emulator does it; `security_and_analysis` besides, and the former name of a renamed one."""
    one = call.repository(owner, repo)
    body = dict(call.json)
    analysis = body.pop("security_and_analysis", None)
    if analysis:
        kept = call.kept("security_and_analysis", one.id, dict)
        for name, state in analysis.items():
            kept[name] = state["status"]
    found = call.server.as_admin("PATCH", f"/repos/{one.slug}", body)
    if found["full_name"] != one.slug:
        call.server.was_renamed(one.slug, one.id)
    return answer(_formatted(call, call.server.find(found["full_name"]) or one))


@routes.add("GET", "/rate_limit")
def get_rate_limit(call: Call) -> Answer:
    """The budgets of the token; asking costs nothing."""

    def shown(resource: str) -> dict[str, int]:
        budget = call.server.budget(call.token.value, resource)
        return {
            "limit": budget.limit,
            "remaining": budget.remaining,
            "used": budget.used,
            "reset": int(budget.reset),
        }

    resources = {name: shown(name) for name in ("core", "search", "graphql")}
    return answer({"resources": resources, "rate": resources["core"]})


def _visible(call: Call) -> list[Repository]:
    limited = call.token.repositories
    return [
        one
        for one in call.memory.repositories()
        if call.token.sees(one.slug, one.private) and (limited is None or one.slug in limited)
    ]


def _formatted(call: Call, one: Repository) -> dict[str, Any]:
    shown: dict[str, Any] = call.server.as_admin("GET", f"/repos/{one.slug}")
    shown["node_id"] = one.row["node_id"]
    shown["owner"] |= user(call.server.address, one.owner, one.row["owner_type"]) | {"id": shown["owner"]["id"]}
    shown |= {"network_count": 0, "subscribers_count": 0}
    if one.row["parent"]:
        parent = call.server.find(one.row["parent"])
        if parent is not None:
            shown["parent"] = shown["source"] = _formatted(call, parent)
    shown["custom_properties"] = call.kept("property-values", one.id, dict)
    if call.token.may("administration:read") and call.token.login:
        states = {"secret_scanning": "disabled", "secret_scanning_push_protection": "disabled"}
        states |= {"dependabot_security_updates": "disabled"}
        states |= call.kept("security_and_analysis", one.id, dict)
        shown["security_and_analysis"] = {name: {"status": state} for name, state in states.items()}
    if not call.token.may("administration:write"):
        shown["permissions"] = {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True}
    return shown
