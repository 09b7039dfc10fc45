"""Classic protection of branches, in full: the emulator keeps and enforces a part of it."""

from __future__ import annotations

from typing import Any

from ..memory import Repository
from ..messages import Answer, Refusal, answer, not_found
from ..server import Call, Routes
from ..shapes import Values, user

routes = Routes()

SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)


@routes.add("GET", "/repos/{owner}/{repo}/branches/{branch...}/protection")
def get_protection(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """What was asked for, in the shape of answers: what is off is left out, not null."""
    one = call.repository(owner, repo)
    if not call.token.admin:
        raise not_found()  # GitHub does not say to others whether there is any
    call.token.demand("administration:read")
    body = _kept(call, one).get(branch)
    if body is None:
        raise Refusal(404, "Branch not protected")
    return answer(_shown(call, one, branch, body))


@routes.add("PUT", "/repos/{owner}/{repo}/branches/{branch...}/protection", "administration:write")
def put_protection(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """Replaces all of it."""
    one = call.repository(owner, repo)
    if f"refs/heads/{branch}" not in one.references:
        raise Refusal(404, "Branch not found")
    body = call.json
    known = dict(body)
    checks = body.get("required_status_checks")
    if checks and "checks" in checks:
        known["required_status_checks"] = {**checks, "contexts": [check["context"] for check in checks["checks"]]}
    call.server.as_admin("PUT", f"/repos/{one.slug}/branches/{branch}/protection", known)
    _kept(call, one)[branch] = body
    return answer(_shown(call, one, branch, body))


@routes.add("DELETE", "/repos/{owner}/{repo}/branches/{branch...}/protection", "administration:write")
def delete_protection(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """Takes it away."""
    one = call.repository(owner, repo)
    if branch not in _kept(call, one):
        raise Refusal(404, "Branch not protected")
    call.server.as_admin("DELETE", f"/repos/{one.slug}/branches/{branch}/protection")
    del _kept(call, one)[branch]
    return answer(None, 204)


def _kept(call: Call, one: Repository) -> dict[str, Values]:
    found: dict[str, Values] = call.kept("protections", one.id, dict)
    return found


def _shown(call: Call, one: Repository, branch: str, body: Values) -> Values:
    url = f"{call.server.address}/repos/{one.slug}/branches/{branch}/protection"
    shown: Values = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": bool(body["enforce_admins"])},
        **{name: {"enabled": bool(body.get(name))} for name in SWITCHES},
    }
    checks = body["required_status_checks"]
    if checks:
        listed = checks.get("checks") or [{"context": name} for name in checks.get("contexts", [])]
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": checks["strict"],
            "contexts": [check["context"] for check in listed],
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": check["context"], "app_id": check.get("app_id")} for check in listed],
        }
    reviews = body["required_pull_request_reviews"]
    if reviews:
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": reviews.get("dismiss_stale_reviews", False),
            "require_code_owner_reviews": reviews.get("require_code_owner_reviews", False),
            "required_approving_review_count": reviews.get("required_approving_review_count", 1),
            "require_last_push_approval": reviews.get("require_last_push_approval", False),
        }
    restrictions: dict[str, Any] | None = body["restrictions"]
    if restrictions:
        shown["restrictions"] = {
            "url": f"{url}/restrictions",
            "users_url": f"{url}/restrictions/users",
            "teams_url": f"{url}/restrictions/teams",
            "apps_url": f"{url}/restrictions/apps",
            "users": [user(call.server.address, login) for login in restrictions.get("users", [])],
            "teams": [],
            "apps": [],
        }
    return shown
