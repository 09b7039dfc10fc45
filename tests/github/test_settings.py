"""Settings, runs, alerts and teams of the emulated GitHub: in GitHub's shapes, with GitHub's refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from github import Auth, Github, GithubException

from .world import World, github_world, needs_github

pytestmark = needs_github

CI = {".github/workflows/ci.yml": "name: CI\non: push\njobs: {}\n", ".github/workflows/release.yaml": "on: push\n"}

SLUG = "acme/app"

PULLS = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
}


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    with github_world("acme") as world:
        world.repository(SLUG, CI)
        yield world


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    """The world of this module; what it answers by itself has to be as GitHub describes it."""
    module_world.forget()
    module_world.server.hints.clear()
    yield module_world
    # The emulator has short forms of its own for repositories and branches.
    own = ("repository", "/branches/{branch} →")
    hints = [hint for hint in module_world.server.hints if not any(words in hint for words in own)]
    assert hints == []


def ask(world: World, method: str, target: str, body: Any = None, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"token {token or world.token}"}
    return requests.request(method, f"{world.address}{target}", json=body, headers=headers, timeout=60)


def ruleset(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    conditions = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    return {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "conditions": {**conditions, **more.pop("conditions", {})},
        "rules": list(rules),
        **more,
    }


def test_rulesets_are_kept_and_merged(world: World) -> None:
    address = f"/repos/{SLUG}/rulesets"
    actors = [{"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}]
    made = ask(world, "POST", address, ruleset("own", PULLS, bypass_actors=actors))
    assert made.status_code == 201
    assert ask(world, "POST", address, ruleset("own")).status_code == 422, "a name of its own"
    inherited = ruleset(
        "all", {"type": "deletion"}, conditions={"repository_name": {"include": ["~ALL"], "exclude": []}}
    )
    assert ask(world, "POST", "/orgs/acme/rulesets", inherited).status_code == 201
    other = ruleset("off", {"type": "creation"}, enforcement="disabled")
    assert ask(world, "POST", address, other).status_code == 201
    listed = ask(world, "GET", address).json()
    assert [(one["name"], one["source_type"]) for one in listed] == [
        ("own", "Repository"),
        ("off", "Repository"),
        ("all", "Organization"),
    ]
    assert "rules" not in listed[0]
    own = [one["name"] for one in ask(world, "GET", f"{address}?includes_parents=false").json()]
    assert own == ["own", "off"]
    rules = ask(world, "GET", f"/repos/{SLUG}/rules/branches/main").json()
    assert [(rule["type"], rule["ruleset_source"]) for rule in rules] == [("pull_request", SLUG), ("deletion", "acme")]
    assert ask(world, "GET", f"/repos/{SLUG}/rules/branches/other").json() == []
    number = made.json()["id"]
    changed = ask(world, "PUT", f"{address}/{number}", {"enforcement": "evaluate"})
    assert changed.json()["enforcement"] == "evaluate"
    assert changed.json()["current_user_can_bypass"] == "always"
    reader = world.fine_grained_token({"metadata": "read"}).value
    assert "bypass_actors" not in ask(world, "GET", f"{address}/{number}", token=reader).json()
    refused = ask(world, "POST", address, ruleset("mine"), token=reader)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by personal access token",
    )
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "administration=write"
    assert ask(world, "GET", "/orgs/acme/rulesets", token=reader).status_code == 403
    for one in listed:
        scope = address if one["source_type"] == "Repository" else "/orgs/acme/rulesets"
        assert ask(world, "DELETE", f"{scope}/{one['id']}").status_code == 204
    assert ask(world, "GET", address).json() == []


def test_rulesets_forbid(world: World) -> None:
    head = world.branch(SLUG, "work")
    conditions = {"ref_name": {"include": ["refs/heads/locked/*", "refs/heads/work"], "exclude": []}}
    made = world.settings(
        "POST",
        f"/repos/{SLUG}/rulesets",
        ruleset("locked", {"type": "creation"}, {"type": "update"}, {"type": "deletion"}, conditions=conditions),
    )
    created = ask(world, "POST", f"/repos/{SLUG}/git/refs", {"ref": "refs/heads/locked/x", "sha": head})
    assert created.status_code == 422 and "creations being restricted" in created.json()["message"]
    moved = ask(world, "PATCH", f"/repos/{SLUG}/git/refs/heads/work", {"sha": head})
    assert moved.status_code == 422 and "Repository rule violations found" in moved.json()["message"]
    assert ask(world, "DELETE", f"/repos/{SLUG}/git/refs/heads/work").status_code == 422
    world.settings("DELETE", f"/repos/{SLUG}/rulesets/{made['id']}")
    assert ask(world, "DELETE", f"/repos/{SLUG}/git/refs/heads/work").status_code == 204


def test_classic_protection_has_the_shape_that_pygithub_reads(world: World) -> None:
    repository = Github(auth=Auth.Token(world.token), base_url=world.address, retry=None).get_repo(SLUG)
    branch = repository.get_branch("main")
    with pytest.raises(GithubException, match="Branch not protected"):
        branch.get_protection()
    branch.edit_protection(strict=True, checks=["policy", ("build", 15368)], require_code_owner_reviews=True)
    found = branch.get_protection()
    assert found.required_status_checks.strict
    assert all("required_" in words or "not nullable" in words for words in world.forgive()), "PyGithub sends nulls"
    assert [(one.context, one.app_id) for one in found.required_status_checks.checks] == [
        ("policy", None),
        ("build", 15368),
    ]
    assert found.required_pull_request_reviews.require_code_owner_reviews
    raw = ask(world, "GET", f"/repos/{SLUG}/branches/main/protection").json()
    assert "restrictions" not in raw and raw["allow_force_pushes"] == {"enabled": False}
    guest = world.classic_token(admin=False).value
    assert ask(world, "GET", f"/repos/{SLUG}/branches/main/protection", token=guest).status_code == 404
    assert ask(world, "GET", f"/repos/{SLUG}/actions/permissions", token=guest).status_code == 403
    branch.remove_protection()
    assert ask(world, "GET", f"/repos/{SLUG}/branches/main/protection").status_code == 404


@pytest.mark.parametrize("scope", [f"/repos/{SLUG}", "/orgs/acme"], ids=["repository", "organisation"])
def test_the_policy_of_actions(world: World, scope: str) -> None:
    address = f"{scope}/actions/permissions"
    before = ask(world, "GET", address).json()
    assert (before["allowed_actions"], before["sha_pinning_required"]) == ("all", False)
    assert ask(world, "GET", f"{address}/selected-actions").status_code == 409
    enabled = {"enabled": True} if "repos" in scope else {"enabled_repositories": "all"}
    body = {**enabled, "allowed_actions": "selected", "sha_pinning_required": True}
    assert ask(world, "PUT", address, body).status_code == 204
    assert ask(world, "GET", address).json()["sha_pinning_required"] is True
    patterns = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": ["acme/*"]}
    assert ask(world, "PUT", f"{address}/selected-actions", patterns).status_code == 204
    assert ask(world, "GET", f"{address}/selected-actions").json() == patterns
    assert ask(world, "PUT", f"{address}/workflow", {"default_workflow_permissions": "read"}).status_code == 204
    assert ask(world, "GET", f"{address}/workflow").json() == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }


def test_secrets_have_names_only(world: World) -> None:
    world.secret("acme", "CHITTYCONNECT_API_KEY")
    world.secret(SLUG, "npm_token")
    found = ask(world, "GET", f"/repos/{SLUG}/actions/secrets").json()
    assert [secret["name"] for secret in found["secrets"]] == ["NPM_TOKEN"]
    assert [one["name"] for one in ask(world, "GET", "/orgs/acme/actions/secrets").json()["secrets"]] == [
        "CHITTYCONNECT_API_KEY"
    ]
    shared = ask(world, "GET", f"/repos/{SLUG}/actions/organization-secrets").json()
    assert shared["total_count"] == 1
    blind = world.fine_grained_token({"secrets": "read"}).value
    assert ask(world, "GET", f"/repos/{SLUG}/actions/secrets", token=blind).status_code == 200
    refused = ask(world, "GET", "/orgs/acme/actions/secrets", token=blind)
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "organization_secrets=read"


def test_security_switches(world: World) -> None:
    assert ask(world, "GET", f"/repos/{SLUG}/vulnerability-alerts").status_code == 404
    assert ask(world, "GET", f"/repos/{SLUG}/dependabot/alerts").status_code == 403
    assert ask(world, "PUT", f"/repos/{SLUG}/vulnerability-alerts").status_code == 204
    assert ask(world, "GET", f"/repos/{SLUG}/vulnerability-alerts").status_code == 204
    address = f"/repos/{SLUG}/code-scanning/default-setup"
    assert ask(world, "GET", address).json()["state"] == "not-configured"
    assert ask(world, "PATCH", address, {"state": "configured"}).status_code == 202
    assert ask(world, "GET", address).json()["state"] == "configured"
    change = {"security_and_analysis": {"secret_scanning": {"status": "enabled"}}}
    assert ask(world, "PATCH", f"/repos/{SLUG}", change).status_code == 200
    states = ask(world, "GET", f"/repos/{SLUG}").json()["security_and_analysis"]
    assert states["secret_scanning"] == {"status": "enabled"}
    reader = world.fine_grained_token({"contents": "read"}).value
    assert "security_and_analysis" not in ask(world, "GET", f"/repos/{SLUG}", token=reader).json()
    assert ask(world, "GET", f"/repos/{SLUG}/secret-scanning/alerts").json() == []


def test_alerts_come_by_cursor(world: World) -> None:
    for day in range(1, 6):
        world.dependabot_alert(SLUG, severity="critical" if day % 2 else "low", created_at=f"2026-01-0{day}T00:00:00Z")
    world.dependabot_alert(
        SLUG, severity="critical", created_at="2026-01-07T00:00:00Z", fixed_at="2026-01-07T09:00:00Z"
    )
    first = ask(world, "GET", f"/repos/{SLUG}/dependabot/alerts?severity=critical&state=open&per_page=2")
    second = requests.get(first.links["next"]["url"], headers={"Authorization": f"token {world.token}"}, timeout=60)
    assert [alert["number"] for alert in first.json() + second.json()] == [5, 3, 1]
    assert "next" not in second.links
    assert len(ask(world, "GET", "/orgs/acme/dependabot/alerts?state=fixed").json()) == 1
    assert ask(world, "GET", f"/repos/{SLUG}/code-scanning/alerts").status_code == 404
    world.code_scanning_alert(SLUG, severity="critical")
    assert [alert["state"] for alert in ask(world, "GET", f"/repos/{SLUG}/code-scanning/alerts").json()] == ["open"]


def test_runs_have_attempts_and_jobs(world: World) -> None:
    jobs = [{"name": "build"}, {"name": "deploy", "conclusion": "failure"}]
    number = world.run(
        SLUG,
        workflow="ci.yml",
        created_at="2026-02-01T10:00:00Z",
        updated_at="2026-02-01T10:04:00Z",
        conclusion="failure",
        jobs=jobs,
    )
    world.run(
        SLUG,
        run=number,
        workflow="ci.yml",
        started_at="2026-02-01T11:00:00Z",
        updated_at="2026-02-01T11:03:00Z",
        jobs=[{"name": "build"}],
    )
    world.run(SLUG, workflow="release.yaml", created_at="2026-02-03T10:00:00Z", event="schedule", branch="main")
    workflows = ask(world, "GET", f"/repos/{SLUG}/actions/workflows").json()["workflows"]
    assert [(one["name"], one["path"]) for one in workflows] == [
        ("CI", ".github/workflows/ci.yml"),
        (".github/workflows/release.yaml", ".github/workflows/release.yaml"),
    ]
    runs = ask(world, "GET", f"/repos/{SLUG}/actions/runs?created=2026-02-01..2026-02-02").json()
    assert (runs["total_count"], runs["workflow_runs"][0]["run_attempt"]) == (1, 2)
    assert runs["workflow_runs"][0]["conclusion"] == "success"
    assert ask(world, "GET", f"/repos/{SLUG}/actions/runs?created=>=2026-02-02").json()["total_count"] == 1
    assert ask(world, "GET", f"/repos/{SLUG}/actions/runs?status=failure").json()["total_count"] == 0
    first = ask(world, "GET", f"/repos/{SLUG}/actions/runs/{number}/attempts/1").json()
    assert (first["conclusion"], first["created_at"]) == ("failure", "2026-02-01T10:00:00Z")
    names = [job["name"] for job in ask(world, "GET", f"/repos/{SLUG}/actions/runs/{number}/jobs").json()["jobs"]]
    assert names == ["build"]
    assert ask(world, "GET", f"/repos/{SLUG}/actions/runs/{number}/jobs?filter=all").json()["total_count"] == 3
    assert ask(world, "GET", f"/repos/{SLUG}/actions/runs/{number}/timing").json()["run_duration_ms"] == 180_000
    of_ci = ask(world, "GET", f"/repos/{SLUG}/actions/workflows/ci.yml/runs").json()
    assert [run["id"] for run in of_ci["workflow_runs"]] == [number]
    assert ask(world, "PUT", f"/repos/{SLUG}/actions/workflows/ci.yml/disable").status_code == 204
    assert ask(world, "GET", f"/repos/{SLUG}/actions/workflows/ci.yml").json()["state"] == "disabled_manually"


def test_deployments_statuses_and_checks(world: World) -> None:
    number = world.deployment(SLUG, "in_progress", "success", environment="production")
    found = ask(world, "GET", f"/repos/{SLUG}/deployments?environment=production").json()
    assert [one["id"] for one in found] == [number]
    states = [one["state"] for one in ask(world, "GET", f"/repos/{SLUG}/deployments/{number}/statuses").json()]
    assert states == ["success", "in_progress"]
    head = world.branches(SLUG)["main"]
    for state in ("pending", "success"):
        body = {"state": state, "context": "policy"}
        assert ask(world, "POST", f"/repos/{SLUG}/statuses/{head}", body).status_code == 201
    assert ask(world, "GET", f"/repos/{SLUG}/commits/main/status").json()["state"] == "success"
    assert len(ask(world, "GET", f"/repos/{SLUG}/commits/main/statuses").json()) == 2
    world.check(SLUG, "build")
    world.server.hints.clear()
    runs = ask(world, "GET", f"/repos/{SLUG}/commits/main/check-runs").json()["check_runs"]
    assert [(run["name"], run["conclusion"]) for run in runs] == [("build", "success")]
    world.server.hints.clear()  # the emulator's own answer


def test_teams_have_permissions(world: World) -> None:
    world.team("acme", "platform", app="push")
    teams = ask(world, "GET", f"/repos/{SLUG}/teams").json()
    assert [(team["slug"], team["permission"]) for team in teams] == [("platform", "push")]
    assert ask(world, "GET", f"/orgs/acme/teams/platform/repos/{SLUG}").status_code == 204
    assert ask(world, "GET", "/orgs/acme/teams/nobody/repos/acme/app").status_code == 404
    world.server.hints.clear()  # teams are in the emulator's own shape


def test_environments_and_properties(world: World) -> None:
    body = {"wait_timer": 5, "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}}
    assert ask(world, "PUT", f"/repos/{SLUG}/environments/production", body).status_code == 200
    found = ask(world, "GET", f"/repos/{SLUG}/environments").json()["environments"]
    assert [rule["type"] for rule in found[0]["protection_rules"]] == ["wait_timer", "branch_policy"]
    definition = {"property_name": "tier", "value_type": "single_select", "allowed_values": ["1", "2"]}
    assert ask(world, "PATCH", "/orgs/acme/properties/schema", {"properties": [definition]}).status_code == 200
    value = {"repository_names": ["app"], "properties": [{"property_name": "tier", "value": "1"}]}
    assert ask(world, "PATCH", "/orgs/acme/properties/values", value).status_code == 204
    assert ask(world, "GET", f"/repos/{SLUG}/properties/values").json() == [{"property_name": "tier", "value": "1"}]
    (listed,) = ask(world, "GET", "/orgs/acme/properties/values").json()
    assert (listed["repository_full_name"], listed["properties"][0]["value"]) == (SLUG, "1")
