"""``pins show``, ``update`` and ``verify`` as a person runs them, with the pack and with an emulated GitHub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .doors.support import check
from .github_world import GitHubRepository
from .referees import node
from .referees.github_emulator import TOKEN, github_emulator

LOCK = ".github/chittyops-pins.yml"
WORKFLOW = ".github/workflows/ci.yml"
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
V4_2_2 = "11bd71901bbe5b1630ceea73d27597364c9af683"
LAST_V1 = "50fbc622fc4ef5163becd7fab6573eac35f8462e"
PACK = "the pack of 2026-11-22 (its owner's tag)"
"""The pack that this version ships; a newer one has another date."""

needs_emulator = pytest.mark.skipif(
    node.unavailable_reason() is not None, reason=f"no emulator of GitHub: {node.unavailable_reason()}"
)


class Project:
    """A repository on disk whose pins are looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def steps(self, *uses: str) -> None:
        self.write(WORKFLOW, HEAD + "".join(f"      - uses: {each}\n" for each in uses))

    def lock(self, *lines: str) -> None:
        self.write(LOCK, "version: 1\npins:\n" + "".join(f"  {line}\n" for line in lines))

    @property
    def locked(self) -> list[str]:
        """The lines of the lock behind its head."""
        return (self.folder / LOCK).read_text(encoding="utf-8").split("version: 1\n")[1].splitlines()

    def run(self, *arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if name not in ("GITHUB_TOKEN", "GH_TOKEN")}
        done = subprocess.run(
            [sys.executable, "-m", "chittyops_policy", "pins", *arguments],
            cwd=self.folder,
            env={**env, **({"GH_TOKEN": token} if token else {}), "SOURCE_DATE_EPOCH": "1795600800"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert not token or token not in done.stdout + done.stderr
        return done


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".git").mkdir()
    return Project(tmp_path)


# --------------------------------------------------------------------------------------------------- with the pack


def test_show_lists_what_is_used(project: Project) -> None:
    project.steps(
        f"actions/checkout@{V4_2_2} # v4.2.2", f"actions/checkout@{V4_2_2} # v4.2.2", "actions/checkout@v1", "acme/x@v1"
    )
    project.write("setup/action.yml", "runs:\n  using: composite\n  steps:\n    - uses: actions/labeler/sub@main\n")
    done = project.run("show")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["action", "pinned", "to", "is", "newest", "known", "from", "places"]
    assert rows[1][:2] == ["acme/x", "v1"]
    found = json.loads(project.run("show", "--json").stdout)
    assert [(row["repository"], row["ref"], row["version"]) for row in found] == [
        ("acme/x", "v1", ""),
        ("actions/checkout", V4_2_2, "v4.2.2"),
        ("actions/checkout", "v1", "v1.2.0"),
        ("actions/labeler", "main", ""),
    ]
    assert found[1]["places"] == [{"path": WORKFLOW, "line": 6}, {"path": WORKFLOW, "line": 7}]
    assert (found[1]["comment"], found[1]["origin"]) == ("v4.2.2", PACK)
    assert found[2]["newest"] == "v1.2.0"
    assert found[3]["places"] == [{"path": "setup/action.yml", "line": 4}]


def test_nothing_used_is_said(project: Project) -> None:
    project.steps("./local", "docker://alpine:3")
    assert project.run("show").stdout == "No action of another repository is used here.\n"
    done = project.run("update")
    assert (done.returncode, done.stdout) == (0, f"{LOCK}: 0 pins, updated, by the pack of 2026-11-22\n")
    assert project.locked == ["pins: {}"]


def test_update_writes_the_packs_commits_with_its_date(project: Project) -> None:
    project.steps(
        "actions/checkout@v1", f"Actions/Checkout@{V4_2_2} # v4", "actions/labeler@main", f"acme/x@{'a' * 40}"
    )
    done = project.run("update")
    assert done.returncode == 0
    assert done.stdout == f"{LOCK}: 2 pins, updated, by the pack of 2026-11-22\n"
    assert done.stderr.splitlines() == [
        f"left out: {WORKFLOW}:9: acme/x@{'a' * 40} is the commit of no release that is known",
        f"left out: {WORKFLOW}:8: actions/labeler@main: main is a branch, or a tag that its owner moves; "
        "`chittyops-policy pins update` with a token asks GitHub",
    ]
    assert project.locked == [
        "pins:",
        "  actions/checkout:",
        f"    v1.2.0: {{commit: {LAST_V1}, seen: 2026-11-22, source: pack}}",
        f"    v4.2.2: {{commit: {V4_2_2}, seen: 2026-11-22, source: pack}}",
    ]
    assert project.run("update").stdout == f"{LOCK}: 2 pins, unchanged, by the pack of 2026-11-22\n"
    assert sorted(os.listdir(project.folder / ".github")) == ["chittyops-pins.yml", "workflows"], "no draft is left"


def test_update_keeps_a_line_that_still_holds_and_drops_what_nobody_uses(project: Project) -> None:
    project.steps("actions/checkout@v1")
    project.lock(
        "actions/checkout:",
        f"  v1.2.0: {{commit: {LAST_V1}, seen: 2026-01-01, source: hand}}",
        f"  v4.2.2: {{commit: {V4_2_2}, seen: 2026-01-01, source: hand}}",
    )
    assert project.run("update").returncode == 0
    assert project.locked[2:] == [f"    v1.2.0: {{commit: {LAST_V1}, seen: 2026-01-01, source: hand}}"]


def test_update_refuses_what_contradicts_the_lock_and_keeps_it(project: Project) -> None:
    project.steps("actions/checkout@v1")
    project.lock("actions/checkout:", f"  v1.2.0: {{commit: {'a' * 40}, seen: 2026-01-01, source: github}}")
    before = project.locked
    done = project.run("update")
    assert done.returncode == 1
    assert done.stderr == (
        f"refused: {WORKFLOW}:6: actions/checkout@v1: the tag v1.2.0 of actions/checkout names {LAST_V1} by {PACK}, "
        f"but {'a' * 40} by {LOCK} (github, 2026-01-01); look at both, then write the right one into {LOCK}\n"
    )
    assert project.locked == before


def test_what_a_person_wrote_down_outweighs_the_pack(project: Project) -> None:
    project.steps("actions/checkout@v1")
    project.lock("actions/checkout:", f"  v1.2.0: {{commit: {'a' * 40}, seen: 2026-01-01, source: hand}}")
    before = project.locked
    done = project.run("update")
    assert (done.returncode, project.locked) == (0, before)
    assert done.stderr == (
        f"look at: {WORKFLOW}:6: actions/checkout@v1: The pack of 2026-11-22 (its owner's tag) has {LAST_V1} "
        "for v1.2.0.\n"
    )
    assert project.run("verify").stdout.startswith(f"unknown {LOCK}: actions/checkout v1.2.0: ")


def test_verify_says_what_holds_what_is_wrong_and_what_it_cannot_tell(project: Project) -> None:
    project.steps(f"actions/checkout@{V4_2_2} # v4.1.0", f"actions/checkout@{LAST_V1} # v1", f"acme/x@{'a' * 40} # v1")
    project.lock(
        "actions/checkout:",
        f"  v1.1.0: {{commit: {LAST_V1}, seen: 2026-01-01, source: github}}",
        f"  v4.2.2: {{commit: {V4_2_2}, seen: 2026-01-01, source: github}}",
    )
    done = project.run("verify")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["wrong", "ok", "unknown", "wrong", "ok"]
    assert lines[0].startswith(f"wrong   {LOCK}: actions/checkout v1.1.0: the tag names ")
    assert lines[1] == f"ok      {LOCK}: actions/checkout v4.2.2: {PACK}"
    assert lines[2].endswith("the pack of 2026-11-22 does not have it; with a token GitHub is asked")
    assert "the comment says v4.1.0, which is " in lines[3] and lines[3].endswith("; this commit is v4.2.2")
    assert lines[-1] == "2 ok, 2 wrong, 1 unknown"
    listed = json.loads(project.run("verify", "--json").stdout)
    assert [item["outcome"] for item in listed] == ["wrong", "ok", "unknown", "wrong", "ok"]


def test_verify_does_not_take_hearsay_for_the_owners_word(project: Project) -> None:
    commit = "55cc8345863c7cc4c66a329aec7e433d2d1c52a9"
    project.steps(f"actions/cache@{commit} # v6.1.0")
    project.lock("actions/cache:", f"  v6.1.0: {{commit: {commit}, seen: 2026-11-22, source: pack}}")
    words = "the pack of 2026-11-22 (stated by 34 public repositories), but its owner's tag was not seen"
    assert project.run("verify").stdout.splitlines() == [
        f"unknown {LOCK}: actions/cache v6.1.0: {words}",
        f"unknown {WORKFLOW}:6: actions/cache@{commit}: v6.1.0 by {words}",
        "0 ok, 0 wrong, 2 unknown",
    ]


def test_verify_is_content_with_what_it_cannot_tell(project: Project) -> None:
    project.steps(f"acme/x@{'a' * 40} # v1")
    assert project.run("verify").returncode == 0


@pytest.mark.parametrize("command", ["show", "update", "verify"])
def test_a_broken_lock_is_shown_with_its_places(project: Project, command: str) -> None:
    project.steps("actions/checkout@v4")
    text = f"version: 1\npins:\n  A/b:\n    v1: {{commit: {'a' * 40}, seen: 2026-01-01}}\n"
    project.write(LOCK, text)
    done = project.run(command)
    assert done.returncode == 2
    assert done.stderr == (
        f"chittyops-policy: error: {LOCK}:3:3: 'A/b': a repository is named as owner/name, in lower case and without a "
        f"folder\n{LOCK}:4:5: 'source' is missing\n"
        "  hint: correct it, or delete it and run `chittyops-policy pins update`\n"
    )
    assert (project.folder / LOCK).read_text() == text


@pytest.mark.parametrize("command", ["show", "update", "verify"])
def test_an_address_needs_a_token(project: Project, command: str) -> None:
    project.steps("actions/checkout@v4")
    done = project.run(command, "--base-url", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "chittyops-policy: error: GitHub is only asked with a token\n  hint: set GITHUB_TOKEN"
    )


@pytest.mark.parametrize("command", ["show", "update", "verify"])
def test_a_github_that_does_not_answer_changes_nothing(project: Project, command: str) -> None:
    project.steps("actions/checkout@v4", f"actions/checkout@{V4_2_2} # v4.2.2")
    done = project.run(command, "--base-url", "http://127.0.0.1:9", token="secret-token")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "chittyops-policy: error: http://127.0.0.1:9 cannot be reached: ConnectionError\n"
        "  hint: --offline takes the commits from the pack that ships with this program\n"
    )
    assert not (project.folder / LOCK).exists()
    offline = project.run(command, "--base-url", "http://127.0.0.1:9", "--offline", token="secret-token")
    assert offline.returncode == 0


def test_a_lock_that_cannot_be_written_is_said(project: Project) -> None:
    project.steps("actions/checkout@v4")
    (project.folder / LOCK).mkdir()
    done = project.run("update")
    assert done.returncode == 2
    assert done.stderr.startswith("chittyops-policy: error: ")
    assert "cannot be " in done.stderr


# --------------------------------------------------------------------------------------------- with an emulated GitHub


class World:
    """acme/lint: v1.0.0 and v1.1.0 (annotated) on main, a branch `edge`, and a commit that nothing leads to."""

    def __init__(self, address: str) -> None:
        self.address = address
        repository = GitHubRepository(address, "acme/lint")
        self.repository = repository
        self.one = repository.commit(repository.main)
        self.two = repository.commit(self.one)
        self.edge = repository.commit(self.one, self.one)
        self.foreign = repository.commit(self.one, self.two)
        repository.branch("main", self.two)
        repository.branch("edge", self.edge)
        repository.tag("v1.0.0", self.one)
        self.tag_object = repository.annotated("v1.1.0", self.two)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_emulator("acme/lint") as address:
        yield World(address)


@needs_emulator
def test_update_asks_github(project: Project, world: World) -> None:
    project.steps("acme/lint@v1", "acme/lint/sub@v1.0.0", "acme/lint@edge", f"acme/lint@{world.two} # v1.1.0")
    done = project.run("update", "--base-url", world.address, token=TOKEN)
    place = f"{WORKFLOW}:8: acme/lint@edge"
    assert (done.returncode, done.stderr) == (
        0,
        f"look at: {place}: edge is a branch: from now on the step stays at its commit of 2026-11-25.\n",
    )
    assert done.stdout == f"{LOCK}: 3 pins, updated, by GitHub\n"
    assert project.locked[2:] == [
        f"    edge: {{commit: {world.edge}, seen: 2026-11-25, source: github}}",
        f"    v1.0.0: {{commit: {world.one}, seen: 2026-11-25, source: github}}",
        f"    v1.1.0: {{commit: {world.two}, seen: 2026-11-25, source: github}}",
    ]
    verified = project.run("verify", "--base-url", world.address, token=TOKEN)
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, "4 ok, 0 wrong, 0 unknown")
    shown = json.loads(project.run("show", "--json", "--base-url", world.address, token=TOKEN).stdout)
    # Sorted by reference: where a commit stands among them depends on its id.
    assert [(row["ref"], row["version"], row["newest"]) for row in shown] == sorted(
        [
            (world.two, "v1.1.0", "v1.1.0"),
            ("edge", "edge", ""),
            ("v1", "v1.1.0", "v1.1.0"),
            ("v1.0.0", "v1.0.0", "v1.1.0"),
        ]
    )


@needs_emulator
def test_a_check_asks_github_only_where_it_is_told_to(project: Project, world: World) -> None:
    """Offline the action is unknown; with --online the fix has GitHub's commit, and says so."""
    project.steps("acme/lint@v1")
    text = (project.folder / WORKFLOW).read_text()
    env = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": world.address}
    offline = check("--fix", "--select", "unpinned-uses", cwd=project.folder, env=env)
    assert (project.folder / WORKFLOW).read_text() == text and "0 findings fixed" in offline.stderr
    online = check("--fix", "--online", "--select", "unpinned-uses", cwd=project.folder, env=env)
    assert online.returncode == 0, online.stdout
    assert f"acme/lint@{world.two} # v1.1.0" in (project.folder / WORKFLOW).read_text()
    assert "note: The commit comes from" in online.stderr and TOKEN not in online.stderr + online.stdout
    without = check("--online", cwd=project.folder, env={"GITHUB_TOKEN": "", "GH_TOKEN": ""})
    assert without.returncode == 2 and "GitHub is only asked with a token" in without.stderr
    silent = check("--online", cwd=project.folder, env={**env, "GITHUB_API_URL": "http://127.0.0.1:1"})
    assert silent.returncode == 1 and "http://127.0.0.1:1 cannot be reached" in silent.stdout


@needs_emulator
def test_github_refuses_what_is_not_the_repositorys(project: Project, world: World) -> None:
    project.steps(
        f"acme/lint@{world.foreign} # v1.1.0",
        f"acme/lint@{world.foreign}",
        f"acme/lint@{world.tag_object} # v1.1.0",
        f"acme/lint@{world.one} # v1.1.0",
        f"acme/lint@{world.edge}",
        f"acme/lint@{world.repository.main} # v1",
    )
    project.lock("acme/lint:", f"  v1.0.0: {{commit: '{world.two}', seen: 2026-01-01, source: github}}")
    done = project.run("verify", "--base-url", world.address, token=TOKEN)
    assert done.returncode == 1
    said = {line.split(": ", 1)[0].split()[1]: line.split(": ", 2)[2] for line in done.stdout.splitlines()[1:-1]}
    origin = f"{world.address.removeprefix('http://')} (2026-11-25)"
    assert said == {
        f"{WORKFLOW}:6": f"the comment says v1.1.0, which is {world.two} by {origin}; nobody knows this commit",
        f"{WORKFLOW}:7": f"{world.foreign} is in no branch and no tag of acme/lint; it may be a fork's",
        f"{WORKFLOW}:8": f"this is the id of a tag's own object; the commit is {world.two}",
        f"{WORKFLOW}:9": f"the comment says v1.1.0, which is {world.two} by {origin}; this commit is v1.0.0",
        f"{WORKFLOW}:10": "on a branch of acme/lint, of no release that is known",
        f"{WORKFLOW}:11": "on a branch of acme/lint, of no release that is known",
    }
    assert done.stdout.splitlines()[0] == (
        f"wrong   {LOCK}: acme/lint v1.0.0: the tag names {world.one} by {origin}, not {world.two}"
    )


@needs_emulator
def test_a_moved_tag_is_refused_until_somebody_writes_it_down(project: Project) -> None:
    with github_emulator("acme/lint") as address:
        world = World(address)
        arguments = ("update", "--base-url", address)
        project.steps("acme/lint@v1.0.0")
        assert project.run(*arguments, token=TOKEN).returncode == 0
        before = project.locked
        world.repository.tag("v1.0.0", world.two)
        refused = project.run(*arguments, token=TOKEN)
        assert refused.returncode == 1
        assert refused.stderr.startswith(
            f"refused: {WORKFLOW}:6: acme/lint@v1.0.0: the tag v1.0.0 of acme/lint names {world.two}"
        )
        assert project.locked == before
        text = (project.folder / LOCK).read_text().replace(world.one, world.two)
        (project.folder / LOCK).write_text(text)
        assert project.run(*arguments, token=TOKEN).returncode == 0
        assert (project.folder / LOCK).read_text() == text


@needs_emulator
def test_what_the_pack_said_is_replaced_by_what_github_says(project: Project) -> None:
    with github_emulator("acme/lint") as address:
        world = World(address)
        project.steps("acme/lint@v1.0.0")
        project.lock("acme/lint:", f"  v1.0.0: {{commit: '{world.one}', seen: 2026-01-01, source: pack}}")
        assert project.run("update", "--base-url", address, token=TOKEN).returncode == 0
        assert project.locked[2:] == [f"    v1.0.0: {{commit: {world.one}, seen: 2026-11-25, source: github}}"]


@needs_emulator
def test_an_action_that_github_does_not_show_is_taken_from_the_pack(project: Project, world: World) -> None:
    project.steps("actions/checkout@v1")
    done = project.run("update", "--base-url", world.address, token=TOKEN)
    assert done.returncode == 0
    assert done.stderr == "warning: actions/checkout is not there, or the token may not see it\n"
    assert project.locked[2:] == [f"    v1.2.0: {{commit: {LAST_V1}, seen: 2026-11-22, source: pack}}"]
