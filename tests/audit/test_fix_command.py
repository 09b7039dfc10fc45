"""``audit --fix``, ``--dry-run`` and ``--apply`` as a person calls them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..doors.support import UNPINNED, command, commit, git, repository, write
from ..github.world import World, github_world, needs_github
from .planned import FILES, WORKFLOW

DAY = {"SOURCE_DATE_EPOCH": "1767225600"}
RINGS = "kind: pack\nname: ours\nextends: chittyos\nrings: {canary: [octo/one]}\n"
ONLY = ("--only", "unpinned-uses")


def audit(cwd: Path, *arguments: str, world: World | None = None) -> subprocess.CompletedProcess[str]:
    env = {**DAY, "CHITTYOPS_POLICY_STORE": str(cwd / "store.sqlite")}
    if world is not None:
        env |= {"GITHUB_TOKEN": world.token, "GITHUB_API_URL": world.address}
    return command("audit", *arguments, cwd=cwd, env=env)


# ------------------------------------------------------------------------------------------------------ on the disk


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    repository(tmp_path / "src/octo/one", dict(FILES), "octo/one")
    repository(tmp_path / "src/octo/two", {**FILES, WORKFLOW: UNPINNED.replace("\n", "\r\n")}, "octo/two")
    write(tmp_path / "src/plain", {WORKFLOW: UNPINNED})
    return tmp_path


def test_a_dry_run_writes_a_plan_and_patches_that_git_applies(organisation: Path) -> None:
    done = audit(organisation, "--dir", "src", "--fix", "--dry-run", *ONLY)
    assert done.returncode == 1, "the findings are still there"
    out = organisation / "audit-report"
    assert "plan: audit-report/plan.json, 3 pull requests, patches in audit-report/patches" in done.stdout
    plan = json.loads((out / "plan.json").read_text())
    assert [entry["repository"] for entry in plan["entries"]] == ["octo/one", "octo/two", "plain"]
    for name in ("octo/one", "octo/two"):
        folder = organisation / "src" / name
        [entry] = [entry for entry in plan["entries"] if entry["repository"] == name]
        assert entry["base"]["commit"] == git(folder, "rev-parse", "HEAD")
        git(folder, "apply", "--whitespace=nowarn", str(out / "patches" / f"{name}.patch"))
        assert git(folder, "diff", "--name-only") == WORKFLOW
        for file in entry["files"]:
            assert git(folder, "hash-object", "--no-filters", file["path"]) == file["after"]["blob"]
        commit(folder)
    again = audit(organisation, "--dir", "src/octo", "--fix", "--dry-run", *ONLY)
    assert "plan.json, 0 pull requests" in again.stdout


def test_the_same_call_writes_the_same_plan(organisation: Path) -> None:
    texts = []
    for _ in range(2):
        audit(organisation, "--dir", "src", "--fix", "--dry-run", "--review")
        texts.append((organisation / "audit-report/plan.json").read_bytes())
    assert texts[0] == texts[1]


def test_a_wave_is_a_ring_of_the_pack(organisation: Path) -> None:
    (organisation / "pack.yml").write_text(RINGS)
    options = ("--dir", "src", "--fix", "--dry-run", "--policy", "pack.yml", *ONLY)
    for wave, count in (("canary", 1), ("all", 3)):
        assert f"plan.json, {count} pull request" in audit(organisation, *options, "--wave", wave).stdout
    done = audit(organisation, *options, "--wave", "canari")
    assert done.returncode == 2 and "the pack has no ring 'canari'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dir", "src", "--fix"], "pull requests are only opened on GitHub"),
        (["--dir", "src", "--dry-run"], "--dry-run does nothing by itself"),
        (["--dir", "src", "--review"], "--review does nothing by itself"),
        (["--dir", "src", "--only", "unpinned-uses"], "--only does nothing by itself"),
        (["--dir", "src", "--wave", "canary"], "--wave does nothing by itself"),
        (["--dir", "src", "--max-prs", "3"], "--max-prs limits what is opened"),
        (["--dir", "src", "--fix", "--dry-run", "--max-prs", "3"], "--max-prs limits what is opened"),
        (["--dir", "src", "--fix", "--dry-run", "--only", "unpined-uses"], "did you mean 'unpinned-uses'?"),
        (["--apply", "plan.json", "--fix"], "--apply does what a plan says"),
        (["--apply", "plan.json", "--dir", "src"], "a plan names its repositories itself"),
        (["--apply", "plan.json"], "GitHub is only asked with a token"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], words: str, organisation: Path) -> None:
    done = audit(organisation, *arguments)
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert not (organisation / "audit-report").exists()


# --------------------------------------------------------------------------------------------------------- on GitHub


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_world("octo") as world:
        for name in ("one", "two"):
            world.repository(f"octo/{name}", dict(FILES))
        yield world


@needs_github
def test_plan_review_apply_and_again(world: World, tmp_path: Path) -> None:
    planned = audit(tmp_path, "--org", "octo", "--fix", "--dry-run", *ONLY, world=world)
    assert "2 pull requests" in planned.stdout, planned.stderr
    assert world.requests(writes=True) == [] and world.pulls("octo/one") == []
    plan = str(tmp_path / "audit-report/plan.json")

    world.commit("octo/two", {"README.md": "# more\n"})
    done = audit(tmp_path, "--apply", plan, world=world)
    assert done.returncode == 1 and "pull requests: 1 open, 1 refused\n" in done.stdout, done.stderr
    assert "octo/two: refused, main has moved since the plan was made" in done.stdout
    assert "octo/one: open http" in done.stderr
    [pull] = world.pulls("octo/one")

    world.forget()
    again = audit(tmp_path, "--org", "octo", "--fix", *ONLY, world=world)
    assert "pull requests: 1 open, 1 unchanged\n" in again.stdout, again.stdout + again.stderr
    assert len(world.pulls("octo/two")) == 1
    report = json.loads((tmp_path / "audit-report/report.json").read_text())
    assert pull["html_url"] in json.dumps(report)

    world.forget()
    last = audit(tmp_path, "--org", "octo", "--fix", *ONLY, world=world)
    assert "pull requests: 2 unchanged\n" in last.stdout and world.requests(writes=True) == []

    world.merge("octo/one", int(pull["number"]))
    world.forget()
    merged = audit(tmp_path, "--org", "octo", "--fix", *ONLY, world=world)
    assert "pull requests: 1 merged, 1 unchanged\n" in merged.stdout, merged.stdout
    assert world.requests(writes=True) == []


@needs_github
def test_what_moves_while_it_is_judged_is_planned_anew(world: World, tmp_path: Path) -> None:
    world.repository("octo/three", dict(FILES))
    changed = UNPINNED.replace("make", "make other")
    world.faults.call(lambda: world.commit("octo/three", {WORKFLOW: changed}), path="/graphql", operation="", after=2)
    done = audit(tmp_path, "--repo", "octo/three", "--fix", *ONLY, world=world)
    assert "pull requests: 1 open\n" in done.stdout, done.stdout + done.stderr
    [pull] = world.pulls("octo/three")
    assert b"make other" in world.files("octo/three", pull["head"]["ref"])[WORKFLOW]
    world.faults.clear()


@needs_github
def test_a_tampered_plan_is_refused_before_anything_is_asked(world: World, tmp_path: Path) -> None:
    audit(tmp_path, "--repo", "octo/two", "--fix", "--dry-run", "--review", world=world)
    path = tmp_path / "audit-report/plan.json"
    path.write_text(path.read_text().replace("permissions: {}", "permissions: write-all", 1))
    world.forget()
    done = audit(tmp_path, "--apply", str(path), world=world)
    assert done.returncode == 2 and "the plan is not what was reviewed" in done.stderr
    assert world.requests() == []
