"""``chittyops-policy doctor`` against the emulated GitHub: what a token may is told before anybody relies on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chittyops_policy.catalogue import load
from chittyops_policy.cli.doctor_command import doctor
from chittyops_policy.diagnosis import mends_workflows
from chittyops_policy.errors import UserError
from chittyops_policy.hosts.connection import Spent
from chittyops_policy.permissions import FIX, SETTINGS, needs, permission_for, smallest
from chittyops_policy.rule import Context, Lookups, Unknown
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .github.world import World, github_world, needs_github

ROOT = Path(__file__).resolve().parents[1]
APP = {"contents": "write", "pull_requests": "write", "administration": "read"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_world("acme", permissions=APP) as world:
        world.repository("acme/public", {"README.md": "# Project\n"})
        world.repository("acme/private", {"README.md": "# Project\n"}, private=True)
        yield world


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output; an error of ours is raised."""
    runner = CliRunner(env={"GITHUB_TOKEN": "", "GH_TOKEN": "", "GITHUB_API_URL": "", **environment})
    result = runner.invoke(doctor, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def asked(world: World, token: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, output = run("--org", "acme", "--json", "--base-url", world.address, *arguments, GITHUB_TOKEN=token)
    document: dict[str, Any] = json.loads(output)
    return code, document


def states(document: dict[str, Any]) -> dict[str, str]:
    return {need["name"]: need["state"] for need in document["asked"]["needs"]}


@needs_github
def test_an_owner_may_everything(world: World) -> None:
    code, document = asked(world, world.token, "--for", "audit", "--for", "settings", "--for", "fix", "--for", "lock")
    assert code == 0
    assert (document["asked"]["who"], document["asked"]["tried_on"]) == ("octocat", "acme/private")
    assert set(states(document).values()) == {"granted"}
    assert all(not rule["unanswered_without"] and not rule["unfixed_without"] for rule in document["rules"])


@needs_github
def test_a_classic_token_without_the_workflow_scope(world: World) -> None:
    code, document = asked(world, world.classic_token(scopes=("repo",)).value)
    assert code == 1
    assert {name for name, state in states(document).items() if state == "refused"} == {"workflow-files"}
    rules = {rule["id"]: rule for rule in document["rules"]}
    assert rules["unpinned-uses"]["unfixed_without"] == ["workflows: write"]
    assert rules["missing-claude-md"]["unfixed_without"] == []
    _, text = run(
        "--org", "acme", "--base-url", world.address, GITHUB_TOKEN=world.classic_token(scopes=("repo",)).value
    )
    assert "GitHub is asked as octocat with a classic token with the scopes repo." in text
    assert "  no   workflow-files      workflows: write      GitHub refuses every change of a file under" in text
    reasons = {need["name"]: need["how"] for need in document["asked"]["needs"]}
    assert reasons["workflow-files"] == "the token lacks the scope workflow"


@needs_github
def test_a_fine_grained_token_is_tried_and_never_writes(world: World) -> None:
    world.forget()
    code, document = asked(world, world.fine_grained_token({"contents": "read", "secrets": "read"}).value)
    assert code == 1
    found = states(document)
    assert {name for name, state in found.items() if state == "granted"} == {
        "listing",
        "contents",
        "branch-rules",
        "repository-secrets",
        "shared-secrets",
    }
    assert {name for name, state in found.items() if state == "not tried"} == {
        "branches",
        "pull-requests",
        "workflow-files",
    }
    rules = {rule["id"]: rule for rule in document["rules"]}
    assert rules["unprotected-branch"]["unanswered_without"] == ["administration: read"]
    assert rules["unlisted-secret"]["unanswered_without"] == []
    assert rules["unpinned-uses"]["unanswered_without"] == []
    assert world.requests(writes=True) == []


@needs_github
def test_the_page_shows_what_is_printed(world: World) -> None:
    token = world.fine_grained_token({"contents": "read", "secrets": "read"}).value
    _, text = run("--org", "acme", "--base-url", world.address, GITHUB_TOKEN=token)
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    # How many rules there are changes with every rule; what GitHub is asked does not.
    shown = [line for line in text.splitlines() if line and not any(mark in line for mark in ("rules", "needs "))]
    assert [line for line in shown if line not in page] == []
    assert len(shown) > len(needs()) - 7


@needs_github
def test_a_guest_does_not_administer(world: World) -> None:
    _, document = asked(world, world.classic_token(admin=False, scopes=("repo", "workflow")).value)
    refused = {name for name, state in states(document).items() if state == "refused"}
    assert {"branch-protection", "actions-policy", "secret-scanning", "repository-secrets"} <= refused
    assert "contents" not in refused


@needs_github
def test_an_app_knows_its_permissions(world: World, tmp_path: Path) -> None:
    app = world.apps["policy-app"]
    key = tmp_path / "app.pem"
    key.write_text(app.key)
    arguments = ("--org", "acme", "--base-url", world.address, "--app-id", str(app.id), "--app-key", str(key))
    code, output = run(*arguments, "--json")
    document = json.loads(output)
    assert (code, document["asked"]["kind"]) == (1, "a GitHub App")
    assert {name for name, state in states(document).items() if state == "refused"} == {
        "repository-secrets",
        "shared-secrets",
        "workflow-files",
    }
    with pytest.raises(UserError, match="not installed for globex"):
        run("--org", "globex", *arguments[2:])


@needs_github
def test_a_public_repository_proves_less_and_a_dead_token_nothing(world: World) -> None:
    _, text = run("--repo", "acme/public", "--base-url", world.address, GITHUB_TOKEN=world.token)
    assert "Tried on acme/public, which is public: reading private ones may take more than is seen here." in text
    token = world.classic_token().value
    world.kill(token)
    with pytest.raises(Spent, match="does not accept the token"):
        run("--org", "acme", "--base-url", world.address, GITHUB_TOKEN=token)
    with pytest.raises(UserError, match="only asked with a token"):
        run("--org", "acme", "--base-url", world.address)


# ------------------------------------------------------------------------------------------------- without GitHub


def test_the_smallest_set_for_some_rules() -> None:
    code, output = run("--select", "unpinned-uses", "--select", "unlisted-secret", "--json")
    document = json.loads(output)
    assert code == 0
    assert document["least_permissions"] == {
        "metadata": "read",
        "contents": "write",
        "administration": "read",
        "pull_requests": "write",
        "secrets": "read",
        "workflows": "write",
    }
    _, output = run("--select", "missing-claude-md", "--for", "fix", "--json")
    assert "workflows" not in json.loads(output)["least_permissions"], "CLAUDE.md is no workflow"
    assert smallest(("contents: write", "contents: read")) == {"metadata": "read", "contents": "write"}


def test_rules_about_settings_name_the_permission_of_the_table() -> None:
    """Each says in its UNKNOWN what the table says, and the table knows every one of them."""
    every = {need.name: need for need in needs()}
    about = [rule for rule in load() if rule.theme == "settings"]
    assert {id for need in every.values() for id in need.rules} - {"*"} == {rule.id for rule in about}
    snapshot = Snapshot(MemoryTree({}), "acme/app")
    for rule in about:
        options = {name: option.default for name, option in rule.options.items()}
        outcomes = list(rule.check(snapshot, Context(rule, snapshot, options, {}, Lookups(), {})))
        permissions = {outcome.permission for outcome in outcomes if isinstance(outcome, Unknown)}
        assert permissions
        assert permissions <= {need.permission for need in every.values() if rule.id in need.rules}
        assert {need.purpose for need in every.values() if rule.id in need.rules} == {SETTINGS}
    assert permission_for("workflow-files") == "workflows: write"
    assert [need.name for need in every.values() if need.purpose == FIX] == [
        "branches",
        "pull-requests",
        "workflow-files",
    ]


def test_which_fixes_change_workflows_is_read_from_their_examples() -> None:
    catalogue = load()
    by_id = {rule.id: rule for rule in catalogue}
    assert mends_workflows(by_id["unpinned-uses"])
    assert not mends_workflows(by_id["missing-claude-md"])
    assert all(any(example.after for example in rule.examples()) for rule in catalogue if not rule.unfixable)
