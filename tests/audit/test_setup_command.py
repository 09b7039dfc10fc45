"""``setup`` as a person calls it: pull requests that bring the standard to an organisation."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..doors.support import command, git, repository
from ..github.world import World, github_world, needs_github

DAY = {"SOURCE_DATE_EPOCH": "1767225600"}
NODE = {
    "package.json": '{"name": "app", "private": true, "scripts": {"test": "node --test", "lint": "eslint ."}}\n',
    "package-lock.json": '{"name": "app", "lockfileVersion": 3, "packages": {}}\n',
    "index.js": "console.log(1)\n",
}
GUIDE = "# Mine\n\nA guide of our own that stays as it is, whatever the standard has.\n"
PACK = """\
kind: pack
name: ours
extends: chittyos
rings: {canary: [octo/one]}
parameters:
  own_actions: {commit: 0123456789abcdef0123456789abcdef01234567, version: 1.2.3}
"""
BRANCH = "chittyops-policy/standard"


def setup(cwd: Path, *arguments: str, world: World | None = None) -> subprocess.CompletedProcess[str]:
    env = {**DAY, "CHITTYOPS_POLICY_STORE": str(cwd / "store.sqlite")}
    if world is not None:
        env |= {"GITHUB_TOKEN": world.token, "GITHUB_API_URL": world.address}
    (cwd / "pack.yml").write_text(PACK)
    return command("setup", "--policy", "pack.yml", *arguments, cwd=cwd, env=env)


def test_a_dry_run_writes_patches_after_which_nothing_is_left(tmp_path: Path) -> None:
    for name, files in (("one", NODE), ("two", {**NODE, "CLAUDE.md": GUIDE})):
        repository(tmp_path / "src/octo" / name, files, f"octo/{name}")
    done = setup(tmp_path, "--dir", "src", "--dry-run")
    assert done.returncode == 0 and "plan: setup-report/plan.json, 2 pull requests" in done.stdout, done.stderr
    for name in ("one", "two"):
        folder = tmp_path / "src/octo" / name
        git(folder, "apply", str(tmp_path / f"setup-report/patches/octo/{name}.patch"))
        git(folder, "add", "--all")
        assert {".github/workflows/ci.yml", ".github/workflows/policy.yml", ".github/CODEOWNERS"} <= set(
            git(folder, "ls-files").splitlines()
        )
    assert (tmp_path / "src/octo/two/CLAUDE.md").read_text() == GUIDE
    again = setup(tmp_path, "--dir", "src", "--dry-run")
    assert "plan.json, 0 pull requests" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to audit"),
        (["--dir", "src"], "pull requests are only opened on GitHub"),
        (["--apply", "plan.json", "--files", "ci"], "a plan says itself what it brings"),
        (["--dir", "src", "--dry-run", "--wave", "canari"], "has no ring 'canari'"),
        (["--dir", "src", "--dry-run", "--files", "cj"], "'cj' is not one of"),
        (["--dir", "src", "--dry-run", "--owner", "me"], "'me' is neither @org/team"),
        (["--org", "octo"], "GitHub is only asked with a token"),
    ],
)
def test_a_wrong_call_gets_a_clear_answer(arguments: list[str], words: str, tmp_path: Path) -> None:
    repository(tmp_path / "src/octo/one", NODE, "octo/one")
    done = setup(tmp_path, *arguments)
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert not (tmp_path / "setup-report").exists()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_world("octo") as world:
        world.repository("octo/one", NODE)
        world.repository("octo/two", {**NODE, "CLAUDE.md": GUIDE})
        world.repository("octo/bare")
        yield world


@needs_github
def test_one_pull_request_in_each_repository_and_none_twice(world: World, tmp_path: Path) -> None:
    before = {slug: world.files(slug) for slug in ("octo/one", "octo/two")}
    first = setup(tmp_path, "--org", "octo", "--wave", "canary", world=world)
    assert "pull requests: 1 open\n" in first.stdout, first.stdout + first.stderr
    done = setup(tmp_path, "--org", "octo", world=world)
    assert "pull requests: 1 open, 1 unchanged\n" in done.stdout, done.stdout + done.stderr
    for slug, files in before.items():
        assert world.files(slug) == files, "nothing is pushed to the default branch"
        [pull] = world.pulls(slug)
        assert pull["head"]["ref"] == BRANCH and pull["base"]["ref"] == "main"
        assert "### New files" in pull["body"] and "### Still to be done by people" in pull["body"]
        there = world.files(slug, BRANCH)
        assert {name: there[name] for name in files} == files, "no file is replaced"
        assert b"0123456789abcdef0123456789abcdef01234567" in there[".github/workflows/policy.yml"]
    assert before["octo/two"]["CLAUDE.md"] == GUIDE.encode()

    world.forget()
    again = setup(tmp_path, "--org", "octo", world=world)
    assert "pull requests: 2 unchanged\n" in again.stdout and world.requests(writes=True) == []

    number = int(world.pulls("octo/two")[0]["number"])
    world.close("octo/two", number)
    world.merge("octo/one", int(world.pulls("octo/one")[0]["number"]))
    world.forget()
    after = setup(tmp_path, "--org", "octo", world=world)
    assert "1 declined" in after.stdout and "open" not in after.stdout.partition("pull requests:")[2], after.stdout
    assert world.requests(writes=True) == []
    assert len(world.pulls("octo/two")) == 1


@needs_github
def test_a_reviewed_plan_is_applied_as_it_is(world: World, tmp_path: Path) -> None:
    world.repository("octo/three", NODE)
    setup(tmp_path, "--repo", "octo/three", "--dry-run", "--files", "ci", world=world)
    plan = json.loads((tmp_path / "setup-report/plan.json").read_text())
    assert [file["path"] for entry in plan["entries"] for file in entry["files"]] == [".github/workflows/ci.yml"]
    assert world.pulls("octo/three") == []
    done = setup(tmp_path, "--apply", "setup-report/plan.json", world=world)
    assert "pull requests: 1 open\n" in done.stdout, done.stdout + done.stderr
    assert set(world.files("octo/three", BRANCH)) - set(NODE) == {".github/workflows/ci.yml"}
