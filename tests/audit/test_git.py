"""``audit --git``: remotes without an API; what has not moved is neither fetched nor judged again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..doors.support import CLEAN, UNPINNED, check, command, commit, git, repository, write
from .running import audited, checked

WORKFLOW = ".github/workflows/ci.yml"
DAY = "1767225600"


class Run:
    """One audit in a folder, with a store and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[dict[str, Any]] = []

    def __call__(self, *arguments: str, epoch: str = DAY, trace: Path | None = None) -> int:
        env = {
            "SOURCE_DATE_EPOCH": epoch,
            "CHITTYOPS_POLICY_STORE": str(self.folder / "store.sqlite"),
            "CHITTYOPS_POLICY_CACHE": str(self.folder / "cache"),
            **({"GIT_TRACE2_EVENT": str(trace)} if trace else {}),
        }
        done = command("audit", "--json-lines", *arguments, cwd=self.folder, env=env)
        assert done.returncode in (0, 1), done.stderr
        self.events = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode

    def repositories(self) -> dict[str, dict[str, Any]]:
        return {event["slug"]: event for event in self.events if event["event"] == "repository"}

    def reports(self) -> dict[str, Any]:
        return audited(self.folder / "audit-report")


@pytest.fixture
def audit(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.fixture
def remotes(tmp_path: Path) -> list[Path]:
    """Bare repositories as a server has them, and beside each the working copy that pushes to it."""
    found = []
    for name, text in (("north/app", UNPINNED), ("north/tools", CLEAN)):
        work = repository(tmp_path / "work" / name, {WORKFLOW: text, "README.md": "x\n"}, name)
        bare = tmp_path / "server" / f"{name}.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", str(work), str(bare)], check=True)
        git(work, "remote", "set-url", "--push", "origin", str(bare))
        found.append(bare)
    return found


def urls(remotes: list[Path]) -> list[str]:
    return [argument for bare in remotes for argument in ("--git", bare.as_uri())]


def fetched(trace: Path) -> int:
    commands = [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []
    return sum(event["event"] == "start" and "fetch" in event["argv"] for event in commands)


def test_it_says_what_check_says_in_a_checkout(audit: Run, remotes: list[Path], tmp_path: Path) -> None:
    assert audit(*urls(remotes)) == 1
    done = check("--no-cache", "--format", "json", "work", cwd=tmp_path, env={"SOURCE_DATE_EPOCH": DAY})
    assert audit.reports() == checked(done.stdout)


def test_what_has_not_moved_is_neither_fetched_nor_judged(audit: Run, remotes: list[Path], tmp_path: Path) -> None:
    audit(*urls(remotes), trace=tmp_path / "first")
    assert fetched(tmp_path / "first") == 2
    before = audit.reports()
    audit(*urls(remotes), trace=tmp_path / "second")
    assert fetched(tmp_path / "second") == 0
    assert [event["known"] for event in audit.repositories().values()] == [True, True]
    assert audit.reports() == before

    work = tmp_path / "work/north/app"
    write(work, {WORKFLOW: CLEAN})
    head = commit(work)
    git(work, "push", "--quiet", "origin", "main")
    audit(*urls(remotes), trace=tmp_path / "third")
    assert fetched(tmp_path / "third") == 1
    assert audit.repositories()["north/app"]["head"] == head
    assert {slug: event["known"] for slug, event in audit.repositories().items()} == {
        "north/app": False,
        "north/tools": True,
    }
    assert "unpinned-uses" not in {finding["rule"] for finding in audit.reports()["north/app"]["findings"]}


def test_a_copy_that_a_killed_fetch_left_is_completed(audit: Run, remotes: list[Path], tmp_path: Path) -> None:
    audit(*urls(remotes))
    before = audit.reports()
    for copy in (tmp_path / "cache/git").iterdir():
        for packed in (copy / "objects/pack").iterdir():
            packed.unlink()
        for loose in (copy / "objects").glob("??/*"):
            loose.unlink()
    (tmp_path / "store.sqlite").unlink()
    audit(*urls(remotes))
    assert audit.reports() == before


def test_one_that_does_not_answer_stops_no_other(audit: Run, remotes: list[Path], tmp_path: Path) -> None:
    lost = (tmp_path / "server/north/lost.git").as_uri()
    assert audit("--git", lost, *urls(remotes)) == 1
    found = audit.repositories()
    assert found["north/lost"]["state"] == "not-reached"
    assert found["north/lost"]["reason"].startswith(f"{lost} cannot be read: ")
    assert found["north/app"]["state"] == "judged"
    assert audit.events[-1]["not_reached"] == 1


def test_an_empty_one_is_out_of_scope(audit: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "server/a/b.git")], check=True)
    assert audit("--git", (tmp_path / "server/a/b.git").as_uri()) == 0
    assert audit.repositories()["a/b"]["reason"] == "empty: it has no commit yet"


def test_a_password_in_an_address_is_nowhere(audit: Run, tmp_path: Path) -> None:
    assert audit("--git", "http://somebody:hunter22@127.0.0.1:9/north/app.git") == 1
    assert audit.repositories()["north/app"]["state"] == "not-reached"
    assert "hunter22" not in json.dumps(audit.events)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"hunter22" not in path.read_bytes(), path


def test_a_date_that_comes_makes_a_result_stale(audit: Run, remotes: list[Path], tmp_path: Path) -> None:
    work = tmp_path / "work/north/app"
    excepted = "# chittyops-policy: allow[unpinned-uses] moves soon, until 2026-03-01"
    write(work, {WORKFLOW: UNPINNED.replace("actions/checkout@v4", f"actions/checkout@v4 {excepted}")})
    commit(work)
    git(work, "push", "--quiet", "origin", "main")

    def known_and_state(epoch: str) -> tuple[bool, str]:
        audit(*urls(remotes), epoch=epoch)
        (state,) = [
            finding["state"]
            for finding in audit.reports()["north/app"]["findings"]
            if finding["rule"] == "unpinned-uses"
        ]
        return audit.repositories()["north/app"]["known"], state

    assert known_and_state(DAY) == (False, "excepted")
    assert known_and_state("1768435200") == (True, "excepted"), "2026-01-15, far from the date"
    assert known_and_state("1771545600") == (False, "excepted"), "2026-02-20: it ends soon, and says so"
    assert known_and_state("1772409600") == (False, "open"), "2026-03-02"
    assert known_and_state("1772496000") == (True, "open"), "2026-03-03"
