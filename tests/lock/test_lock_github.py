"""`lock` against an emulated GitHub: planned, applied, applied again, broken off, and with too little permission."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ..github.world import World, github_world, needs_github
from .commands import Run, runner

pytestmark = needs_github

ROOT = Path(__file__).parents[2]
PIN = "0123456789abcdef0123456789abcdef01234567"
SLUG = "acme/shop"
NAME = "chittyops-policy: default branch"
CHECK = "chittyops-policy"
SOUND = {
    ".github/workflows/policy.yml": (
        "on: [push, pull_request]\npermissions: {}\njobs:\n  chittyops-policy:\n    runs-on: ubuntu-latest\n"
        f"    steps:\n      - uses: actions/checkout@{PIN}\n"
    ),
    ".github/CODEOWNERS": "* @acme/developers\n/.github/ @acme/cicd-admins\n/.github/workflows/ @acme/cicd-admins\n",
}
LOOSE = {
    ".github/workflows/ci.yml": (
        "on: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v4\n      - uses: tj-actions/changed-files@v41\n"
    )
}
PROTECTION: dict[str, Any] = {
    "required_status_checks": {"strict": True, "contexts": [], "checks": [{"context": "test", "app_id": 15368}]},
    "required_pull_request_reviews": {"required_approving_review_count": 2},
    "enforce_admins": True,
}


@pytest.fixture
def world() -> Iterator[World]:
    with github_world("acme") as made:
        yield made


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return runner(world, monkeypatch, capsys, tmp_path)


def prepared(world: World, *names: str) -> None:
    """Repositories of which everything may be required."""
    for name in names or ("shop",):
        world.repository(f"acme/{name}", SOUND)
        world.team("acme", "cicd-admins", **{name: "push"})
        reported(world, f"acme/{name}")
    member(world)


def member(world: World) -> None:
    world.settings("PUT", "/orgs/acme/teams/cicd-admins/memberships/hubot", {"role": "member"})


def reported(world: World, slug: str, name: str = CHECK) -> None:
    """The check as GitHub Actions reports it."""
    world.check(slug, name)


def rulesets(world: World, slug: str = SLUG) -> dict[str, Any]:
    listed = world.settings("GET", f"/repos/{slug}/rulesets")
    return {one["name"]: world.settings("GET", f"/repos/{slug}/rulesets/{one['id']}") for one in listed}


def rules(world: World, slug: str = SLUG) -> dict[str, Any]:
    """The rules in force on the default branch."""
    return {
        rule["type"]: rule.get("parameters") for rule in world.settings("GET", f"/repos/{slug}/rules/branches/main")
    }


def writes(world: World) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in world.requests(kind="rest", writes=True)]


# ------------------------------------------------------------------------------------------------ plan and apply


def test_plan_only_reads_and_apply_makes_it_so(world: World, run: Run) -> None:
    prepared(world)
    world.forget()
    planned = run("lock", "plan", "--org", "acme")
    assert planned.code == 1, planned
    assert writes(world) == []
    assert f'+ ruleset "{NAME}"' in planned.out
    assert "~ default_workflow_permissions  write -> read" in planned.out
    assert "Plan: 2 to add, 3 to change, 0 to delete" in planned.out
    applied = run("lock", "apply", "--org", "acme", "--yes")
    assert applied.code == 0, applied
    assert "Applied: 5 done." in applied.out
    assert set(rules(world)) == {"deletion", "non_fast_forward", "pull_request", "required_status_checks"}
    assert rules(world)["required_status_checks"]["required_status_checks"] == [
        {"context": CHECK, "integration_id": 15368}
    ]
    assert world.settings("GET", f"/repos/{SLUG}/actions/permissions")["sha_pinning_required"] is True
    assert world.settings("GET", f"/repos/{SLUG}/actions/permissions/workflow") == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }


def test_a_second_time_nothing_is_to_be_done(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    world.forget()
    again = run("lock", "apply", "--org", "acme", "--yes")
    assert (again.code, again.out) == (0, "Plan: 0 to add, 0 to change, 0 to delete; 7 unchanged.\n")
    assert writes(world) == []
    assert run("lock", "--org", "acme").code == 0, "to plan is what happens without a word"


def test_without_a_yes_nothing_happens(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(world)
    world.forget()
    refused = run("lock", "apply", "--org", "acme")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert writes(world) == []


def test_the_json_follows_its_schema(world: World, run: Run) -> None:
    prepared(world)
    document = json.loads(run("lock", "plan", "--org", "acme", "--format", "json").out)
    schema = json.loads((ROOT / "schemas" / "lock-plan.schema.json").read_text())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document["counts"]["add"] == 2


# ------------------------------------------------------------------------------------------------------ bootstrap


def test_a_repository_grows_into_its_rules(world: World, run: Run) -> None:
    """From nothing to everything, each time as far as it goes, and never further."""
    world.repository(SLUG, LOOSE)
    first = run("lock", "apply", "--org", "acme", "--yes")
    assert first.code == 1, "something has to wait"
    for words in (
        "the team does not exist",
        "it has not reported on the default branch",
        "not pinned to a commit: .github/workflows/ci.yml:6 actions/checkout@v4",
        "used, and not allowed by the pack: tj-actions/changed-files@v41",
        "jobs without permissions of their own, which may need to write: .github/workflows/ci.yml",
        "CODEOWNERS protects nothing yet",
    ):
        assert words in first.out, first.out
    assert set(rules(world)) == {"deletion", "non_fast_forward", "pull_request"}
    assert rules(world)["pull_request"]["require_code_owner_review"] is False
    assert rules(world)["pull_request"]["required_approving_review_count"] == 1
    assert world.settings("GET", f"/repos/{SLUG}/actions/permissions")["allowed_actions"] == "all"
    assert world.settings("GET", "/orgs/acme/teams/cicd-admins")["slug"] == "cicd-admins", "the team is made at once"

    world.commit(SLUG, {**SOUND, ".github/workflows/ci.yml": None})
    reported(world, SLUG)
    second = run("lock", "apply", "--org", "acme", "--yes")
    assert second.code == 1
    assert "@acme/cicd-admins may not write to the repository" in second.out
    assert "required_status_checks" in rules(world)
    assert rules(world)["pull_request"]["require_code_owner_review"] is False
    assert world.settings("GET", f"/repos/{SLUG}/actions/permissions")["sha_pinning_required"] is True

    member(world)
    third = run("lock", "apply", "--org", "acme", "--yes")
    assert third.code == 0, third
    assert rules(world)["pull_request"]["require_code_owner_review"] is True
    assert run("lock", "plan", "--org", "acme").code == 0


def test_what_github_says_of_codeowners_holds_the_review_back(world: World, run: Run) -> None:
    prepared(world)
    error = {
        "line": 3,
        "column": 21,
        "kind": "Unknown owner",
        "source": "x",
        "suggestion": None,
        "message": "Unknown owner",
        "path": ".github/CODEOWNERS",
    }
    world.server.keep("codeowners-errors", world.server.find(SLUG).id, [error])  # type: ignore[union-attr]
    planned = run("lock", "plan", "--org", "acme")
    assert ".github/CODEOWNERS:3: GitHub says: Unknown owner" in planned.out


# ---------------------------------------------------------------------------------------------------------- drift


def test_drift_is_seen_and_undone_and_foreign_rulesets_stay(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    foreign = {
        "name": "release freeze",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/heads/release"], "exclude": []}},
        "rules": [{"type": "update"}],
    }
    world.settings("POST", f"/repos/{SLUG}/rulesets", foreign)
    ours = rulesets(world)[NAME]
    drifted = [rule for rule in ours["rules"] if rule["type"] != "non_fast_forward"]
    more = [*drifted, {"type": "required_linear_history"}]
    world.settings("PUT", f"/repos/{SLUG}/rulesets/{ours['id']}", {"rules": more, "enforcement": "evaluate"})
    planned = run("lock", "plan", "--org", "acme")
    assert planned.code == 1
    assert "~ enforcement" in planned.out
    assert "+ rules.non_fast_forward" in planned.out
    assert "- rules.required_linear_history" in planned.out
    assert "release freeze" not in planned.out
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    assert set(rules(world)) >= {"non_fast_forward", "required_linear_history"}, "nothing goes without --prune"
    assert run("lock", "plan", "--org", "acme").code == 1, "what the pack does not ask for stays drift"
    assert run("lock", "apply", "--org", "acme", "--yes", "--prune").code == 0
    assert "required_linear_history" not in rules(world)
    assert set(rulesets(world)) == {NAME, "release freeze"}
    assert run("lock", "plan", "--org", "acme", "--prune").code == 0


def test_a_ruleset_that_left_the_pack_goes_with_prune_only(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    old = {**rulesets(world)[NAME], "name": "chittyops-policy: long ago"}
    kept = ("name", "target", "enforcement", "conditions", "rules")
    world.settings("POST", f"/repos/{SLUG}/rulesets", {key: old[key] for key in kept})
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    assert "chittyops-policy: long ago" in rulesets(world)
    assert run("lock", "apply", "--org", "acme", "--yes", "--prune").code == 0
    assert set(rulesets(world)) == {NAME}


# ---------------------------------------------------------------------------------------------- classic protection


def test_migration_never_leaves_a_moment_without_protection(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    world.protect(SLUG, **PROTECTION)
    shown = run("lock", "plan", "--org", "acme")
    assert shown.code == 0, "a classic protection is no drift"
    assert 'branch protection "main"' in shown.out
    assert "required_pull_request_reviews.required_approving_review_count" in shown.out
    first = run("lock", "apply", "--org", "acme", "--yes", "--migrate")
    assert first.code == 0
    migrated = "chittyops-policy: migrated from the protection of main"
    assert rulesets(world)[migrated]["enforcement"] == "active"
    assert world.settings("GET", f"/repos/{SLUG}/branches/main/protection")["enforce_admins"]["enabled"] is True
    world.forget()
    second = run("lock", "apply", "--org", "acme", "--yes", "--migrate", "--prune")
    assert second.code == 0, second
    assert writes(world) == [f"DELETE /repos/{SLUG}/branches/main/protection"]
    assert rules(world)["pull_request"] is not None
    counts = [
        rule["parameters"]["required_approving_review_count"]
        for rule in world.settings("GET", f"/repos/{SLUG}/rules/branches/main")
        if rule["type"] == "pull_request"
    ]
    assert sorted(counts) == [1, 2]
    again = run("lock", "plan", "--org", "acme", "--migrate", "--prune")
    assert again.code == 0, again


def test_a_protection_stays_where_its_ruleset_is_refused(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    world.protect(SLUG, **PROTECTION)
    world.faults.status(422, "Validation Failed", method="POST", path="/rulesets")
    failed = run("lock", "apply", "--org", "acme", "--yes", "--migrate", "--prune")
    assert failed.code == 1
    assert "GitHub refuses it: Validation Failed (422)" in failed.err
    assert "is not in force" in failed.err
    assert world.settings("GET", f"/repos/{SLUG}/branches/main/protection")


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_a_lost_answer_is_looked_up(world: World, run: Run) -> None:
    prepared(world)
    world.faults.lost(method="POST", path="/rulesets")
    world.faults.lost(method="PUT", path="/actions/permissions/workflow", times=1)
    applied = run("lock", "apply", "--org", "acme", "--yes")
    assert applied.code == 0, applied
    assert list(rulesets(world)) == [NAME]
    assert run("lock", "plan", "--org", "acme").code == 0


def test_what_broke_off_is_finished_by_the_next_run(world: World, run: Run) -> None:
    prepared(world, "shop", "site")
    world.faults.status(403, "Resource not accessible", method="PUT", path="/repos/acme/shop/actions/permissions$")
    broken = run("lock", "apply", "--org", "acme", "--yes")
    assert broken.code == 1
    assert "skipped acme/shop: create allowed actions: the Actions permissions are not set" in broken.err
    assert set(rules(world, "acme/site")) == set(rules(world, "acme/shop")), "the others go on"
    world.forget()
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    assert writes(world) == [
        "PUT /repos/acme/shop/actions/permissions",
        "PUT /repos/acme/shop/actions/permissions/selected-actions",
    ]


def test_a_repository_that_cannot_be_reached_stops_nobody_else(world: World, run: Run) -> None:
    prepared(world, "shop", "site")
    world.faults.status(502, path="/repos/acme/site/rulesets", times=None)
    applied = run("lock", "apply", "--org", "acme", "--yes")
    assert applied.code == 1
    assert "! acme/site: not reached:" in applied.out
    assert set(rules(world)) >= {"deletion", "pull_request"}
    organisation = world.settings("GET", "/orgs/acme/actions/permissions/workflow")
    assert organisation["default_workflow_permissions"] == "write", "who was not reached may not be ready"


def test_a_token_that_may_not_know_learns_what_it_lacks(world: World, run: Run) -> None:
    prepared(world)
    assert run("lock", "apply", "--org", "acme", "--yes").code == 0
    reader = world.fine_grained_token({"metadata": "read", "contents": "read", "checks": "read"}).value
    planned = run("lock", "plan", "--org", "acme", token=reader)
    assert planned.code == 0, planned
    assert "? default token" in planned.out
    assert "the permission administration: read would tell" in planned.out
    assert "? bypass_actors" in planned.out
    assert "unknown to this token" in planned.out


def test_a_wrong_token_and_a_missing_repository_are_told_plainly(world: World, run: Run) -> None:
    prepared(world)
    wrong = run("lock", "plan", "--org", "acme", token="ghp_wrong")
    assert wrong.code != 0
    assert "does not accept the token" in wrong.err
    missing = run("lock", "plan", "--repo", "acme/nothing")
    assert missing.code == 1
    assert "! acme/nothing: not reached" in missing.out
    nothing = run("lock", "plan")
    assert nothing.code == 2
    assert "--org" in nothing.err


def test_one_repository_alone(world: World, run: Run) -> None:
    prepared(world, "shop", "site")
    applied = run("lock", "apply", "--repo", "acme/shop", "--yes")
    assert applied.code == 0, applied
    assert rulesets(world, "acme/site") == {}
    organisation = world.settings("GET", "/orgs/acme/actions/permissions/workflow")
    assert organisation["default_workflow_permissions"] == "write", "nobody asked for the organisation"


def test_archived_repositories_are_left_out(world: World, run: Run) -> None:
    prepared(world)
    world.repository("acme/old", LOOSE, archived=True)
    assert "acme/old" not in run("lock", "plan", "--org", "acme").out


def test_an_app_with_the_permissions_of_the_page_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "lock.md").read_text(encoding="utf-8")
    for words in ("administration: write", "members: write", "organization administration: write", "contents, checks"):
        assert words in page
    permissions = {
        "metadata": "read",
        "contents": "read",
        "checks": "read",
        "statuses": "read",
        "administration": "write",
        "members": "write",
        "organization_administration": "write",
    }
    with github_world("acme", permissions=permissions) as world:
        prepared(world)
        app = world.apps["policy-app"]
        key = tmp_path / "app.pem"
        key.write_text(app.key)
        as_app = ("--org", "acme", "--app-id", str(app.id), "--app-key", str(key))
        run = runner(world, monkeypatch, capsys, tmp_path)
        applied = run("lock", "apply", "--yes", *as_app)
        assert applied.code == 0, applied
        assert "unknown" not in applied.out
        assert run("lock", "plan", *as_app).code == 0
