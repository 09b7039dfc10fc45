"""Deployments and their statuses, and the statuses of commits."""

from __future__ import annotations

import itertools

from ..memory import Repository
from ..messages import Answer, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values, node_id, now, user

routes = Routes()
_numbers = itertools.count(9001)


@routes.add("GET", "/repos/{owner}/{repo}/deployments", "deployments:read")
def list_deployments(call: Call, owner: str, repo: str) -> Answer:
    """Newest first."""
    one = call.repository(owner, repo)
    query = call.request.query
    found = [
        made
        for made in reversed(call.kept("deployments", one.id, list))
        if all(query.get(name) in (None, made[name]) for name in ("sha", "ref", "task", "environment"))
    ]
    return page_of(call.request, found, call.server.address)


@routes.add("POST", "/repos/{owner}/{repo}/deployments", "deployments:write")
def create_deployment(call: Call, owner: str, repo: str) -> Answer:
    """One of a branch, a tag or a commit."""
    return answer(add_deployment(call, call.repository(owner, repo), call.json), 201)


@routes.add("GET", "/repos/{owner}/{repo}/deployments/{number}/statuses", "deployments:read")
def list_deployment_statuses(call: Call, owner: str, repo: str, number: str) -> Answer:
    """Newest first."""
    one = call.repository(owner, repo)
    _deployment(call, one, number)
    found = list(reversed(call.kept("deployment-statuses", (one.id, number), list)))
    return page_of(call.request, found, call.server.address)


@routes.add("POST", "/repos/{owner}/{repo}/deployments/{number}/statuses", "deployments:write")
def create_deployment_status(call: Call, owner: str, repo: str, number: str) -> Answer:
    """How it went."""
    return answer(add_deployment_status(call, call.repository(owner, repo), number, call.json), 201)


def add_deployment(call: Call, one: Repository, facts: Values) -> Values:
    """A deployment of `ref` to `environment` at `created_at` (default now)."""
    ref = facts.get("ref") or one.default_branch or ""
    sha = call.memory.resolve(one, ref)
    if sha is None:
        raise not_found()
    number = next(_numbers)
    address = f"{call.server.address}/repos/{one.slug}"
    environment = facts.get("environment", "production")
    created = facts.get("created_at", now())
    made = {
        "url": f"{address}/deployments/{number}",
        "id": number,
        "node_id": node_id("Deployment", number),
        "sha": sha,
        "ref": ref,
        "task": facts.get("task", "deploy"),
        "payload": {},
        "original_environment": environment,
        "environment": environment,
        "description": facts.get("description"),
        "creator": user(call.server.address, facts.get("creator", "octocat")),
        "created_at": created,
        "updated_at": created,
        "statuses_url": f"{address}/deployments/{number}/statuses",
        "repository_url": address,
        "transient_environment": False,
        "production_environment": environment == "production",
    }
    call.kept("deployments", one.id, list).append(made)
    return made


def add_deployment_status(call: Call, one: Repository, number: str, facts: Values) -> Values:
    """A status of a deployment: `state` and `created_at` (default now)."""
    deployment = _deployment(call, one, number)
    status = next(_numbers)
    created = facts.get("created_at", now())
    made = {
        "url": f"{deployment['url']}/statuses/{status}",
        "id": status,
        "node_id": node_id("DeploymentStatus", status),
        "state": facts["state"],
        "creator": user(call.server.address, "octocat"),
        "description": facts.get("description", ""),
        "environment": deployment["environment"],
        "target_url": "",
        "created_at": created,
        "updated_at": created,
        "deployment_url": deployment["url"],
        "repository_url": deployment["repository_url"],
        "environment_url": "",
        "log_url": facts.get("log_url", ""),
    }
    call.kept("deployment-statuses", (one.id, number), list).append(made)
    return made


def _deployment(call: Call, one: Repository, number: str) -> Values:
    found: Values | None = next(
        (made for made in call.kept("deployments", one.id, list) if str(made["id"]) == number), None
    )
    if found is None:
        raise not_found()
    return found


# ------------------------------------------------------------------------------------------------- commit statuses


@routes.add("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write")
def create_commit_status(call: Call, owner: str, repo: str, sha: str) -> Answer:
    """What an outside service says of a commit."""
    one = call.repository(owner, repo)
    if call.memory.object(one, sha) is None:
        raise not_found()
    number = next(_numbers)
    made = {
        "url": f"{call.server.address}/repos/{one.slug}/statuses/{sha}",
        "avatar_url": None,
        "id": number,
        "node_id": node_id("StatusContext", number),
        "state": call.json["state"],
        "description": call.json.get("description"),
        "target_url": call.json.get("target_url"),
        "context": call.json.get("context", "default"),
        "created_at": now(),
        "updated_at": now(),
        "creator": user(call.server.address, call.token.login),
    }
    call.kept("statuses", (one.id, sha), list).append(made)
    return answer(made, 201)


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref...}/statuses", "statuses:read")
def list_commit_statuses(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """All of them, newest first."""
    one = call.repository(owner, repo)
    return page_of(call.request, _statuses(call, one, _commit(call, one, ref)), call.server.address)


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref...}/status", "statuses:read")
def get_combined_status(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """The latest of each context, and what they come to."""
    one = call.repository(owner, repo)
    sha = _commit(call, one, ref)
    latest: dict[str, Values] = {}
    for status in _statuses(call, one, sha):
        latest.setdefault(status["context"], status)
    states = {status["state"] for status in latest.values()}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    address = f"{call.server.address}/repos/{one.slug}"
    return answer(
        {
            "state": state,
            "statuses": list(latest.values()),
            "sha": sha,
            "total_count": len(latest),
            "repository": {"id": one.id, "name": one.name, "full_name": one.slug, "private": one.private},
            "commit_url": f"{address}/commits/{sha}",
            "url": f"{address}/commits/{sha}/status",
        }
    )


def _commit(call: Call, one: Repository, ref: str) -> str:
    sha = call.memory.resolve(one, ref)
    if sha is None:
        raise not_found()
    return sha


def _statuses(call: Call, one: Repository, sha: str) -> list[Values]:
    return list(reversed(call.kept("statuses", (one.id, sha), list)))
