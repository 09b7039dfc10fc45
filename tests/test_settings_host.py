"""Settings on GitHub: what is read of them, with which token, and what the rules make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github import Auth

from chittyops_policy.catalogue import load
from chittyops_policy.hosts.connection import Connection
from chittyops_policy.hosts.github import GitHub
from chittyops_policy.hosts.settings import SettingsReader
from chittyops_policy.permissions import PURPOSES, needs
from chittyops_policy.rule import Lookups
from chittyops_policy.settings import ActionsPolicy, BranchRules, Hidden, Settings

from .github.world import World, github_world, needs_github

pytestmark = needs_github

OPEN = "acme/open"
RULED = "acme/ruled"
CLASSIC = "acme/classic"

PULLS = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_approving_review_count": 2,
        "required_review_thread_resolution": False,
    },
}
CHECKS = {
    "type": "required_status_checks",
    "parameters": {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": "chittyops-policy"}],
    },
}


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    with github_world("acme", permissions={"contents": "read", "administration": "read"}) as world:
        for slug in (OPEN, RULED, CLASSIC):
            world.repository(slug, {"README.md": "# Project\n"})
        world.repository("acme/empty")
        world.settings(
            "POST",
            f"/repos/{RULED}/rulesets",
            {
                "name": "default branch",
                "target": "branch",
                "enforcement": "active",
                "bypass_actors": [{"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"}],
                "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
                "rules": [PULLS, CHECKS, {"type": "non_fast_forward"}],
            },
        )
        world.settings(
            "POST",
            "/orgs/acme/rulesets",
            {
                "name": "keep",
                "target": "branch",
                "enforcement": "active",
                "conditions": {
                    "ref_name": {"include": ["~ALL"], "exclude": []},
                    "repository_name": {"include": ["ruled"], "exclude": []},
                },
                "rules": [{"type": "deletion"}],
            },
        )
        world.settings("PUT", f"/repos/{RULED}/actions/permissions", {"enabled": True, "allowed_actions": "selected"})
        world.settings("PUT", f"/repos/{RULED}/actions/permissions", {"enabled": True, "sha_pinning_required": True})
        world.settings("PUT", f"/repos/{RULED}/actions/permissions/workflow", {"default_workflow_permissions": "read"})
        world.settings("PUT", f"/repos/{RULED}/vulnerability-alerts")
        world.settings("PATCH", f"/repos/{RULED}/code-scanning/default-setup", {"state": "configured"})
        analysis = {name: {"status": "enabled"} for name in ("secret_scanning", "secret_scanning_push_protection")}
        world.settings("PATCH", f"/repos/{RULED}", {"security_and_analysis": analysis})
        world.secret("acme", "CHITTYCONNECT_API_KEY")
        world.secret(OPEN, "NPM_TOKEN")
        world.protect(
            CLASSIC,
            required_pull_request_reviews={"required_approving_review_count": 1, "require_code_owner_reviews": True},
            required_status_checks={"strict": True, "contexts": ["build"]},
            enforce_admins=True,
        )
        yield world


@pytest.fixture
def world(module_world: World) -> World:
    module_world.forget()
    return module_world


def read(world: World, slug: str, token: str | None = None) -> Settings:
    connection = Connection(Auth.Token(token or world.token), world.address)
    return SettingsReader(connection).read(slug)


def test_nothing_is_set(world: World) -> None:
    assert read(world, OPEN) == Settings(
        branch=BranchRules("main"),
        actions=ActionsPolicy("all", False, "write", False),
        secrets=("NPM_TOKEN",),
        shared_secrets=("CHITTYCONNECT_API_KEY",),
        secret_scanning=False,
        push_protection=False,
        dependabot_alerts=False,
        default_setup=False,
    )
    assert len(world.requests()) <= 10
    assert world.requests(writes=True) == []


def test_rulesets_of_repository_and_organisation_add_up(world: World) -> None:
    found = read(world, RULED)
    assert found.branch == BranchRules(
        "main",
        ("ruleset default branch", "ruleset keep of acme"),
        pull_request=True,
        approvals=2,
        code_owners=True,
        checks=("chittyops-policy",),
        no_force=True,
        no_deletion=True,
        bypass=("Team 7",),
    )
    assert found.actions == ActionsPolicy("selected", True, "read", False)
    assert (found.secret_scanning, found.push_protection, found.dependabot_alerts, found.default_setup) == (
        True,
        True,
        True,
        True,
    )


def test_classic_protection_counts(world: World) -> None:
    found = read(world, CLASSIC).branch
    assert found == BranchRules(
        "main",
        ("classic protection",),
        pull_request=True,
        approvals=1,
        code_owners=True,
        checks=("build",),
        no_force=True,
        no_deletion=True,
    )


def test_a_branch_name_may_have_slashes_and_signs(world: World) -> None:
    world.branch(OPEN, "release/1.x #2")
    connection = Connection(Auth.Token(world.token), world.address)
    assert SettingsReader(connection).read(OPEN, "release/1.x #2").branch == BranchRules("release/1.x #2")
    assert SettingsReader(connection).read("acme/empty", "").branch is None


def test_what_a_token_is_not_told_is_hidden_with_the_permission(world: World) -> None:
    reader = world.fine_grained_token({"contents": "read"}).value
    found = read(world, RULED, reader)
    assert isinstance(found.branch, BranchRules)
    assert found.branch.pull_request and found.branch.no_deletion, "rulesets are told to everybody"
    assert isinstance(found.branch.bypass, Hidden) and found.branch.bypass.permission == "administration: write"
    assert found.branch.unseen is not None and found.branch.unseen.permission == "administration: read"
    permissions = {
        name: value.permission for name in Settings.__slots__ if isinstance(value := getattr(found, name), Hidden)
    }
    assert permissions == {
        "actions": "administration: read",
        "secrets": "secrets: read",
        "shared_secrets": "secrets: read",
        "secret_scanning": "administration: read",
        "push_protection": "administration: read",
        "dependabot_alerts": "administration: read",
        "default_setup": "administration: read",
    }


def test_a_guest_and_a_missing_repository(world: World) -> None:
    guest = read(world, CLASSIC, world.classic_token(admin=False).value)
    assert isinstance(guest.branch, BranchRules) and not guest.branch.pull_request
    assert guest.branch.unseen is not None, "404 does not say whether there is protection"
    assert isinstance(guest.actions, Hidden)
    absent = read(world, "acme/nothing")
    assert all(isinstance(getattr(absent, name), Hidden) for name in Settings.__slots__)


def test_a_refusal_is_not_mistaken_for_an_answer(world: World) -> None:
    world.faults.status(404, "Not Found", path="vulnerability-alerts", times=None)
    world.faults.status(403, "Forbidden", path="default-setup", times=None)
    found = read(world, RULED)
    world.faults.clear()
    assert isinstance(found.dependabot_alerts, Hidden) and isinstance(found.default_setup, Hidden)
    assert isinstance(found.branch, BranchRules), "one part that fails hides no other"


# ------------------------------------------------------------------------------------------------- judged


def audited(world: World, folder: Path, *arguments: str, token: str | None = None) -> dict[str, Any]:
    """The reports by repository of an audit in a process of its own."""
    environment = {**os.environ, "GITHUB_TOKEN": token or world.token, "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, "-m", "chittyops_policy", "audit", "--quiet", "--base-url", world.address]
    command += ["--store", str(folder / "store.sqlite"), "--out", str(folder / "report"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    reports = json.loads((folder / "report" / "report.json").read_text())["repositories"]
    return {one["slug"]: one["report"] for one in reports}


def verdicts(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    wanted = ("branch-rules", "stored-secrets", "actions-policy", "alerts")
    found = {verdict["control"]: verdict for verdict in report["verdicts"]}
    return {name: (found[name]["outcome"], found[name].get("permission") or "") for name in wanted}


def test_an_audit_judges_settings_where_it_is_asked_to(world: World, tmp_path: Path) -> None:
    asked = ("--repo", OPEN, "--repo", RULED)
    without = audited(world, tmp_path, *asked)
    assert verdicts(without[OPEN])["branch-rules"] == ("unknown", "administration: read")
    found = audited(world, tmp_path, *asked, "--settings")
    assert {name: outcome for name, (outcome, _) in verdicts(found[OPEN]).items()} == {
        "branch-rules": "fail",
        "stored-secrets": "fail",
        "actions-policy": "fail",
        "alerts": "fail",
    }
    assert {outcome for outcome, _ in verdicts(found[RULED]).values()} == {"pass"}
    messages = [finding["message"] for finding in found[OPEN]["findings"] if finding["rule"] == "unlisted-secret"]
    assert messages == ["the repository stores the secret NPM_TOKEN"]


def test_what_an_audit_does_not_ask_is_not_mended(world: World, tmp_path: Path) -> None:
    """The history counts a finding as gone only where somebody could tell."""

    def fixed() -> int:
        point = json.loads((tmp_path / "report" / "report.json").read_text())["trend"][-1]
        return sum(point["fixed"].values())

    audited(world, tmp_path, "--repo", OPEN, "--settings")
    audited(world, tmp_path, "--repo", OPEN)
    assert fixed() == 0
    world.settings("PUT", f"/repos/{OPEN}/vulnerability-alerts")
    audited(world, tmp_path, "--repo", OPEN, "--settings")
    assert fixed() == 1


def test_a_changed_setting_is_seen_although_no_file_changed(world: World, tmp_path: Path) -> None:
    asked = ("--repo", OPEN, "--settings")
    assert verdicts(audited(world, tmp_path, *asked)[OPEN])["alerts"][0] == "fail"
    analysis = {name: {"status": "enabled"} for name in ("secret_scanning", "secret_scanning_push_protection")}
    world.settings("PATCH", f"/repos/{OPEN}", {"security_and_analysis": analysis})
    world.settings("PUT", f"/repos/{OPEN}/vulnerability-alerts")
    assert verdicts(audited(world, tmp_path, *asked)[OPEN])["alerts"][0] == "pass"


def test_what_the_token_cannot_see_is_unknown(world: World, tmp_path: Path) -> None:
    reader = world.fine_grained_token({"contents": "read"}).value
    found = audited(world, tmp_path, "--repo", CLASSIC, "--settings", token=reader)
    assert verdicts(found[CLASSIC]) == {
        "branch-rules": ("unknown", "administration: read"),
        "stored-secrets": ("unknown", "secrets: read"),
        "actions-policy": ("unknown", "administration: read"),
        "alerts": ("unknown", "administration: read"),
    }
    assert not [item for item in found[CLASSIC]["findings"] if item["path"] == "GitHub settings"]


# ------------------------------------------------------------------------------------------------- the table


def test_the_table_of_permissions_is_sound() -> None:
    every = needs()
    assert len({need.name for need in every}) == len(every)
    for need in every:
        assert need.purpose in PURPOSES
        assert need.permission.partition(": ")[2] in ("read", "write")
    assert {rule.id for rule in load() if rule.theme == "settings"} == {
        "unprotected-branch",
        "unlisted-secret",
        "unrestricted-actions",
        "disabled-alerts",
    }


def test_a_check_that_may_ask_github_reads_settings(world: World) -> None:
    host = GitHub(world.token, "2026-11-25", world.address)
    assert host.settings(CLASSIC) == read(world, CLASSIC)
    count = len(world.requests())
    assert host.settings(CLASSIC) is not None and len(world.requests()) == count, "asked once"
    assert host.settings("acme/nothing") is None
    assert host.problems == ["acme/nothing is not there, or the token may not see it"]
    assert Lookups(host=host).settings("Acme/Classic") == host.settings(CLASSIC)
    assert Lookups().settings(CLASSIC) is None
