"""What is kept of audits: trend, one audit again, two side by side, and how long findings lived."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.audit.comparison import lifetimes

from ..doors.support import CLEAN, UNPINNED, command, repository, write

WORKFLOW = ".github/workflows/ci.yml"
MONDAY, TUESDAY, FRIDAY = "1767603600", "1767690000", "1767949200"


class History:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store.sqlite"

    def run(self, *arguments: str, epoch: str = MONDAY) -> subprocess.CompletedProcess[str]:
        env = {"SOURCE_DATE_EPOCH": epoch, "CHITTYOPS_POLICY_STORE": str(self.store)}
        return command("audit", *arguments, cwd=self.folder, env=env)

    def audit(self, epoch: str, *arguments: str) -> None:
        done = self.run("--dir", "src", *arguments, epoch=epoch)
        assert done.returncode in (0, 1), done.stderr

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.store)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


@pytest.fixture
def history(tmp_path: Path) -> History:
    repository(tmp_path / "src/a/app", {WORKFLOW: UNPINNED}, "a/app")
    repository(tmp_path / "src/a/site", {WORKFLOW: CLEAN}, "a/site")
    return History(tmp_path)


UNPINNED_ROWS = "select first_seen, last_seen, fixed_at from findings where rule = 'unpinned-uses' order by first_seen"


def test_a_finding_has_a_beginning_and_an_end(history: History) -> None:
    history.audit(MONDAY)
    history.audit(TUESDAY)
    assert history.rows(UNPINNED_ROWS) == [("2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z", None)]
    write(history.folder / "src/a/app", {WORKFLOW: CLEAN})
    history.audit(FRIDAY)
    mended = ("2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z", "2026-01-09T09:00:00Z")
    assert history.rows(UNPINNED_ROWS) == [mended]
    write(history.folder / "src/a/app", {WORKFLOW: UNPINNED})
    history.audit("1768035600")
    again = ("2026-01-10T09:00:00Z", "2026-01-10T09:00:00Z", None)
    assert history.rows(UNPINNED_ROWS) == [mended, again], "what comes back lives a second time"


def test_a_rule_that_did_not_run_says_nothing(history: History) -> None:
    history.audit(MONDAY)
    history.audit(TUESDAY, "--ignore", "unpinned-uses")
    ((_, last, fixed),) = history.rows(UNPINNED_ROWS)
    assert (last, fixed) == ("2026-01-05T09:00:00Z", None)


def test_the_trend_counts_and_measures(history: History) -> None:
    history.audit(MONDAY)
    write(history.folder / "src/a/app", {WORKFLOW: CLEAN})
    history.audit(TUESDAY)
    found = history.json("trend", "--within", "24")
    assert [point["audit"] for point in found["audits"]] == ["2026-01-05T090000Z", "2026-01-06T090000Z"]
    first, second = found["audits"]
    assert first["open"]["high"] == second["open"]["high"] + 1
    assert second["fixed"]["high"] == 1
    (high,) = [life for life in found["lifetimes"] if life["severity"] == "high"]
    assert (high["fixed"], high["fixed_in_time"], high["median_hours"]) == (1, 1, 24.0)
    text = history.run("trend").stdout
    assert "high: 1 fixed, 1 within 24 h, half of them within 24 h; " in text
    assert history.json("trend", "--scope", "elsewhere")["audits"] == []


def test_two_audits_side_by_side(history: History) -> None:
    history.audit(MONDAY)
    write(history.folder / "src/a/app", {WORKFLOW: CLEAN})
    write(history.folder / "src/a/site", {"CLAUDE.md": "# Building\n\nRun make.\n"})
    repository(history.folder / "src/a/late", {WORKFLOW: CLEAN}, "a/late")
    history.audit(TUESDAY)
    found = history.json("compare")
    assert (found["before"], found["after"]) == ("2026-01-05T090000Z", "2026-01-06T090000Z")
    assert [(item["repository"], item["rule"]) for item in found["fixed"]] == [
        ("a/app", "unpinned-uses"),
        ("a/site", "missing-claude-md"),
    ]
    assert found["added"] == ["a/late"] and found["new"] == []
    assert {"repository": "a/site", "control": "claude-md", "before": "fail", "after": "pass"} in found["turned"]
    back = history.json("compare", "latest", "2026-01-05")
    assert [item["rule"] for item in back["new"]] == ["unpinned-uses", "missing-claude-md"]
    text = history.run("compare").stdout
    assert "0 new, 2 fixed, " in text
    assert f"- a/app {WORKFLOW}:10 high unpinned-uses\n" in text
    assert "a/site claude-md: fail -> pass\n" in text
    assert "only in the later one: a/late\n" in text


def test_an_audit_is_shown_as_it_was(history: History) -> None:
    history.audit(MONDAY)
    shutil.rmtree(history.folder / "src/a/site")
    history.audit(TUESDAY, "--match", "none")
    then = history.json("show", "previous")
    assert [(item["slug"], item["state"]) for item in then["repositories"]] == [
        ("a/app", "judged"),
        ("a/site", "judged"),
    ]
    report = then["repositories"][0]["report"]
    assert "unpinned-uses" in {finding["rule"] for finding in report["findings"]}
    days = set(then["repositories"][0]["first_seen"].values())
    assert days == {"2026-01-05"} and len(report["findings"]) == len(then["repositories"][0]["first_seen"])
    now = history.run("show").stdout
    assert "a/app" in now and "out of scope: not selected: its name matches no pattern" in now


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "2025"), "no finished audit 2025"),
        (("show", "2026-01"), "2 audits whose names begin with 2026-01"),
        (("compare", "nothing"), "no finished audit nothing"),
    ],
)
def test_a_name_that_means_no_audit(history: History, arguments: tuple[str, ...], words: str) -> None:
    history.audit(MONDAY)
    history.audit(TUESDAY)
    done = history.run(*arguments)
    assert done.returncode == 2 and words in done.stderr


def test_an_empty_store_says_what_to_do(history: History) -> None:
    assert "holds no finished audit" in history.run("trend").stdout
    done = history.run("show")
    assert done.returncode == 2 and "run `chittyops-policy audit`" in done.stderr


def test_what_is_no_store_of_this_version_is_left_alone(history: History) -> None:
    history.audit(MONDAY)
    connection = sqlite3.connect(history.store)
    connection.execute("update store set version = 99")
    connection.commit()
    connection.close()
    done = history.run("trend")
    assert done.returncode == 2
    assert "has format 99, this version of chittyops-policy writes 1" in done.stderr
    other = sqlite3.connect(history.folder / "other.sqlite")
    other.execute("create table people (name text)")
    other.commit()
    other.close()
    assert "is another program's database" in history.run("trend", "--store", "other.sqlite").stderr
    (history.folder / "text").write_text("no database\n" * 100)
    done = history.run("trend", "--store", "text")
    assert done.returncode == 2 and "the store text fails: file is not a database" in done.stderr
    assert "is not supported" in history.run("trend", "--store", "mysql://x/y").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_read_the_store(history: History) -> None:
    history.audit(MONDAY, "--store", "deep/er/store.sqlite")
    assert (history.folder / "deep/er/store.sqlite").stat().st_mode & 0o077 == 0


def test_lifetimes_are_told_apart_by_severity_and_time() -> None:
    day = "2026-01-{:02}T09:00:00Z"
    found = lifetimes(
        [
            ("critical", day.format(1), day.format(2)),
            ("critical", day.format(1), day.format(4)),
            ("critical", day.format(1), ""),
            ("low", day.format(9), ""),
        ],
        24,
        day.format(10),
    )
    assert [(life.severity, life.fixed, life.in_time, life.open, life.overdue, life.median) for life in found] == [
        ("critical", 2, 1, 1, 1, 72.0),
        ("low", 0, 0, 1, 0, None),
    ]
