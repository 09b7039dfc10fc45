"""What Actions may do: allowed actions, the default of the token, secrets by name, environments."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable

from ..messages import Answer, Refusal, answer, not_found, page_of
from ..server import Call, Function, Routes
from ..shapes import Values, node_id, now

routes = Routes()
_numbers = itertools.count(501)

REPOSITORY = "/repos/{owner}/{repo}"
ORGANIZATION = "/orgs/{org}"


def _owner(call: Call, parts: dict[str, str]) -> tuple[object, str]:
    """The key under which things of a repository or an organisation are kept, and its address."""
    if "org" in parts:
        if call.kept("accounts", "", dict).get(parts["org"]) != "Organization":
            raise not_found()
        return parts["org"], f"{call.server.address}/orgs/{parts['org']}"
    one = call.repository(parts["owner"], parts["repo"])
    return one.id, f"{call.server.address}/repos/{one.slug}"


def _both(method: str, path: str, level: str) -> Callable[[Function], Function]:
    """Registers a function for repositories and organisations."""

    def keep(function: Function) -> Function:
        routes.add(method, f"{REPOSITORY}{path}", f"administration:{level}")(function)
        routes.add(method, f"{ORGANIZATION}{path}", f"organization_administration:{level}")(function)
        return function

    return keep


@_both("GET", "/actions/permissions", "read")
def get_permissions(call: Call, **parts: str) -> Answer:
    """Whether Actions is on, which actions may be used, and whether they have to be pinned."""
    owner, address = _owner(call, parts)
    shown = dict(_permissions(call, owner, "org" in parts))
    if shown.get("allowed_actions") == "selected":
        shown["selected_actions_url"] = f"{address}/actions/permissions/selected-actions"
    if shown.get("enabled") is False:
        shown = {"enabled": False}
    return answer(shown)


@_both("PUT", "/actions/permissions", "write")
def put_permissions(call: Call, **parts: str) -> Answer:
    """Changes what the body names."""
    owner, _ = _owner(call, parts)
    _permissions(call, owner, "org" in parts).update(call.json)
    return answer(None, 204)


@_both("GET", "/actions/permissions/selected-actions", "read")
def get_selected_actions(call: Call, **parts: str) -> Answer:
    """Which actions are allowed; a conflict where all are or none."""
    owner, _ = _owner(call, parts)
    if _permissions(call, owner, "org" in parts).get("allowed_actions") != "selected":
        raise Refusal(409, "Conflict")
    return answer(_selected(call, owner))


@_both("PUT", "/actions/permissions/selected-actions", "write")
def put_selected_actions(call: Call, **parts: str) -> Answer:
    """Changes them."""
    owner, _ = _owner(call, parts)
    if _permissions(call, owner, "org" in parts).get("allowed_actions") != "selected":
        raise Refusal(409, "Conflict")
    _selected(call, owner).update(call.json)
    return answer(None, 204)


@_both("GET", "/actions/permissions/workflow", "read")
def get_workflow_permissions(call: Call, **parts: str) -> Answer:
    """What GITHUB_TOKEN may where a workflow does not say."""
    owner, _ = _owner(call, parts)
    return answer(_workflow(call, owner))


@_both("PUT", "/actions/permissions/workflow", "write")
def put_workflow_permissions(call: Call, **parts: str) -> Answer:
    """Changes it."""
    owner, _ = _owner(call, parts)
    _workflow(call, owner).update(call.json)
    return answer(None, 204)


def _permissions(call: Call, owner: object, organization: bool) -> Values:
    default: Values = {"enabled_repositories": "all"} if organization else {"enabled": True}
    default |= {"allowed_actions": "all", "sha_pinning_required": False}
    found: Values = call.kept("actions-permissions", owner, lambda: default)
    return found


def _selected(call: Call, owner: object) -> Values:
    default = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": []}
    found: Values = call.kept("selected-actions", owner, lambda: default)
    return found


def _workflow(call: Call, owner: object) -> Values:
    default = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}
    found: Values = call.kept("workflow-permissions", owner, lambda: default)
    return found


# ------------------------------------------------------------------------------------------------- secrets


def _secrets(family: str, repository_need: str, organization_need: str) -> None:
    """Registers the lists of one family of secrets. Values are never kept."""

    def listed(call: Call, **parts: str) -> Answer:
        owner, _ = _owner(call, parts)
        names = sorted(_names(call, family, owner, parts).items())
        secrets = [{"name": name, **facts} for name, facts in names]
        return page_of(
            call.request,
            secrets,
            call.server.address,
            lambda page: {"total_count": len(secrets), "secrets": page},
        )

    def put(call: Call, **parts: str) -> Answer:
        owner, _ = _owner(call, parts)
        name = parts["name"].upper()
        known = _names(call, family, owner, parts)
        facts = {"created_at": known.get(name, {}).get("created_at", now()), "updated_at": now()}
        if "org" in parts:
            facts["visibility"] = call.json.get("visibility", "private")
        status = 204 if name in known else 201
        known[name] = facts
        return answer({}, status)

    def deleted(call: Call, **parts: str) -> Answer:
        owner, _ = _owner(call, parts)
        if _names(call, family, owner, parts).pop(parts["name"].upper(), None) is None:
            raise not_found()
        return answer(None, 204)

    for scope, need in ((REPOSITORY, repository_need), (ORGANIZATION, organization_need)):
        routes.add("GET", f"{scope}/{family}/secrets", f"{need}:read")(listed)
        routes.add("PUT", f"{scope}/{family}/secrets/{{name}}", f"{need}:write")(put)
        routes.add("DELETE", f"{scope}/{family}/secrets/{{name}}", f"{need}:write")(deleted)
    if family == "actions":
        environment = f"{REPOSITORY}/environments/{{environment}}/secrets"
        routes.add("GET", environment, "environments:read")(listed)
        routes.add("PUT", f"{environment}/{{name}}", "environments:write")(put)


_secrets("actions", "secrets", "organization_secrets")
_secrets("dependabot", "dependabot_secrets", "organization_dependabot_secrets")
_secrets("codespaces", "codespaces_secrets", "organization_codespaces_secrets")


def _names(call: Call, family: str, owner: object, parts: dict[str, str]) -> dict[str, Values]:
    where = (owner, parts["environment"]) if "environment" in parts else owner
    found: dict[str, Values] = call.kept(f"{family}-secrets", where, dict)
    return found


@routes.add("GET", "/repos/{owner}/{repo}/actions/organization-secrets", "secrets:read")
def list_shared_secrets(call: Call, owner: str, repo: str) -> Answer:
    """The organisation's secrets that a repository may use."""
    one = call.repository(owner, repo)
    known = call.kept("actions-secrets", one.owner, dict)
    shown = [
        {"name": name, "created_at": facts["created_at"], "updated_at": facts["updated_at"]}
        for name, facts in sorted(known.items())
        if facts["visibility"] == "all" or (facts["visibility"] == "private" and one.private)
    ]
    return page_of(call.request, shown, call.server.address, lambda page: {"total_count": len(shown), "secrets": page})


# ------------------------------------------------------------------------------------------------- environments


@routes.add("GET", "/repos/{owner}/{repo}/environments", "actions:read")
def list_environments(call: Call, owner: str, repo: str) -> Answer:
    """All of them with their rules."""
    one = call.repository(owner, repo)
    found = list(call.kept("environments", one.id, dict).values())
    return page_of(
        call.request, found, call.server.address, lambda page: {"total_count": len(found), "environments": page}
    )


@routes.add("GET", "/repos/{owner}/{repo}/environments/{name}", "actions:read")
def get_environment(call: Call, owner: str, repo: str, name: str) -> Answer:
    """One."""
    found = call.kept("environments", call.repository(owner, repo).id, dict).get(name)
    if found is None:
        raise not_found()
    return answer(found)


@routes.add("PUT", "/repos/{owner}/{repo}/environments/{name}", "administration:write")
def put_environment(call: Call, owner: str, repo: str, name: str) -> Answer:
    """Makes or changes one. Reviewers are kept as they were given."""
    one = call.repository(owner, repo)
    body = call.json
    rules: list[Values] = []
    if body.get("wait_timer"):
        rules.append({"id": next(_numbers), "node_id": "", "type": "wait_timer", "wait_timer": body["wait_timer"]})
    if body.get("reviewers"):
        rules.append(
            {
                "id": next(_numbers),
                "node_id": "",
                "type": "required_reviewers",
                "prevent_self_review": bool(body.get("prevent_self_review")),
                "reviewers": [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in body["reviewers"]],
            }
        )
    if body.get("deployment_branch_policy"):
        rules.append({"id": next(_numbers), "node_id": "", "type": "branch_policy"})
    number = next(_numbers)
    url = f"{call.server.address}/repos/{one.slug}/environments/{name}"
    known = call.kept("environments", one.id, dict)
    made = {
        "id": number,
        "node_id": node_id("Environment", number),
        "name": name,
        "url": url,
        "html_url": f"{call.server.address}/{one.slug}/deployments/activity_log?environments_filter={name}",
        "created_at": known.get(name, {}).get("created_at", now()),
        "updated_at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "protection_rules": rules,
        "deployment_branch_policy": body.get("deployment_branch_policy"),
    }
    known[name] = made
    return answer(made)
