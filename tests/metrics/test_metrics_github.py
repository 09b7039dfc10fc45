"""`metrics` against an emulated GitHub: what is asked, split, left out, and not told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ..github.gaps import deployments
from ..github.world import World, github_world, needs_github
from ..lock.commands import Run, runner

pytestmark = needs_github

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
CI = ".github/workflows/ci.yml"
SHIP = ".github/workflows/deploy.yml"
FILES = {CI: "name: CI\non: push\njobs: {}\n", SHIP: "name: Deploy\non: push\njobs: {}\n"}
SLUG = "acme/shop"


@pytest.fixture
def world() -> Iterator[World]:
    with github_world("acme") as made:
        made.repository(SLUG, FILES)
        yield made


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    return runner(world, monkeypatch, capsys, tmp_path)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ran(world: World, hours_ago: float, conclusion: str = "success", **facts: Any) -> int:
    """A run with two jobs at the same time, the longer of 120 s, after a wait of 15 s."""
    started = NOW - timedelta(hours=hours_ago)

    def job(name: str, seconds: int) -> dict[str, Any]:
        begin = started + timedelta(seconds=15)
        return {
            "name": name,
            "conclusion": conclusion,
            "created_at": iso(started),
            "started_at": iso(begin),
            "completed_at": iso(begin + timedelta(seconds=seconds)),
        }

    given = {
        "workflow": CI,
        "created_at": iso(started),
        "started_at": iso(started),
        "updated_at": iso(started + timedelta(seconds=400)),
        "conclusion": conclusion,
        "jobs": [job("test", 120), job("lint", 30)],
        **facts,
    }
    return world.run(SLUG, **given)


def deployed(world: World, hours_ago: float, *states: tuple[str, int], run: int = 0) -> None:
    """A deployment with statuses so many seconds after it was made; the last names a run."""
    begun = NOW - timedelta(hours=hours_ago)
    number = world.deployment(SLUG, created_at=iso(begun))
    for state, seconds in states:
        given = {"state": state, "created_at": iso(begun + timedelta(seconds=seconds))}
        if run:
            given["log_url"] = f"https://github.test/{SLUG}/actions/runs/{run}/job/1"
        deployments.add_deployment_status(world._call(), world._found(SLUG), str(number), given)


def measured(run: Run, *more: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
    done = run("metrics", "--org", "acme", "--format", "json", *more, token=token)
    assert done.out, done.err
    return done.code, json.loads(done.out)


def figures(document: dict[str, Any], name: str = "acme") -> dict[str, dict[str, Any]]:
    scope = next(scope for scope in document["scopes"] if scope["name"] == name)
    return {figure["metric"]: figure for figure in scope["figures"]}


def test_runs_deployments_and_alerts_become_figures(world: World, run: Run) -> None:
    for number in range(24):
        ran(world, 10 + number)
    broken = ran(world, 5, "failure")
    ran(world, 4, run=broken)  # it was run again
    ran(world, 3, "cancelled")
    ran(world, 2, "failure", event="pull_request", branch="main")
    ran(world, 2, "failure", branch="feature")
    ran(world, 24 * 40, "failure")
    for number in range(5):
        shipped = ran(world, 100 + number, workflow=SHIP)
        deployed(
            world, 100 + number, ("queued", 0), ("in_progress", 600), ("success", 690), ("inactive", 999), run=shipped
        )
    deployed(world, 90, ("in_progress", 5))
    world.dependabot_alert(
        SLUG,
        severity="critical",
        state="fixed",
        created_at=iso(NOW - timedelta(hours=50)),
        fixed_at=iso(NOW - timedelta(hours=47)),
    )
    world.dependabot_alert(SLUG, severity="high", state="open", created_at=iso(NOW - timedelta(days=20)))
    code, document = measured(run)
    schema = json.loads((ROOT / "schemas" / "metrics.schema.json").read_text())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    found = figures(document)
    rate = found["workflow_success_rate"]
    assert (rate["sample"], rate["left_out"]) == (31, {"cancelled": 1}), "24 + 2 attempts + 5 that deploy"
    assert rate["value"] == pytest.approx(100 * 30 / 31)
    build = found["average_build_time"]
    assert (build["value"], build["queued"], build["sample"]) == (120, 15, 20)
    assert build["left_out"] == {"not timed": 5}
    assert (found["deployment_success_rate"]["value"], found["deployment_success_rate"]["sample"]) == (100, 5)
    assert found["deployment_success_rate"]["left_out"] == {"not ended": 1}
    assert found["average_deployment_time"]["value"] == 90, "from in_progress to success"
    assert found["critical_patch_time"]["value"] == 3 * 3600
    assert {figure["outcome"] for figure in found.values()} == {"met"}
    assert code == 0
    names = [scope["name"] for scope in document["scopes"]]
    assert names == ["acme", SLUG, f"{SLUG} {CI}", f"{SLUG} {SHIP}"]


def test_a_missed_target_is_the_exit_code(world: World, run: Run) -> None:
    for number in range(10):
        ran(world, 10 + number, "failure" if number else "success")
    code, document = measured(run)
    assert figures(document)["workflow_success_rate"]["outcome"] == "missed"
    assert code == 1
    text = run("metrics", "--org", "acme", "--workflows")
    assert text.code == 1
    assert "10 %" in text.out
    assert f"{SLUG} {CI}" in text.out


def test_a_window_is_what_was_asked_for(world: World, run: Run) -> None:
    for number in range(12):
        ran(world, 24 * 9 + number)
    assert figures(measured(run, "--window", "7d")[1])["workflow_success_rate"]["sample"] == 0
    assert figures(measured(run, "--since", "2026-06-20")[1])["workflow_success_rate"]["sample"] == 12
    for words, arguments in (
        ("is no date", ["--since", "yesterday"]),
        ("not past yet", ["--since", "2026-07-01"]),
        ("no number of days", ["--window", "1m"]),
        ("say the same", ["--window", "7", "--since", "2026-06-20"]),
    ):
        refused = run("metrics", "--org", "acme", *arguments)
        assert (refused.code, words in refused.err) == (2, True), refused


def test_more_than_a_thousand_runs_are_asked_for_in_parts(world: World, run: Run) -> None:
    for number in range(1150):
        ran(world, number / 2, jobs=[], conclusion="failure" if number % 10 == 0 else "success")
    world.forget()
    found = figures(measured(run)[1])["workflow_success_rate"]
    assert (found["sample"], found["value"]) == (1150, 90)
    totals = [seen for seen in world.requests(path="/actions/runs") if seen.query.get("per_page") == "1"]
    assert len(totals) >= 3, "the whole, and its halves"


def test_what_the_token_may_not_see_is_unknown_and_fails_nothing(world: World, run: Run) -> None:
    for number in range(12):
        ran(world, 10 + number, "failure")
    reader = world.fine_grained_token({"metadata": "read", "contents": "read"}).value
    code, document = measured(run, token=reader)
    assert code == 0
    found = figures(document)
    assert found["workflow_success_rate"]["outcome"] == "unknown"
    assert found["workflow_success_rate"]["permission"] == "actions: read"
    assert {lack["source"] for lack in document["lacks"]} == {"runs", "deployments", "alerts"}
    assert all(lack["permission"] for lack in document["lacks"])


def test_alerts_that_are_switched_off_are_unknown(world: World, run: Run) -> None:
    found = figures(measured(run)[1])["critical_patch_time"]
    assert found["outcome"] == "unknown"
    assert "disabled" in found["reason"]


def test_a_repository_that_fails_is_a_lack_of_its_own(world: World, run: Run) -> None:
    world.repository("acme/site", FILES)
    for number in range(12):
        ran(world, 10 + number)
    world.faults.status(502, path="/repos/acme/site/actions/runs", times=None)
    code, document = measured(run)
    rate = figures(document)["workflow_success_rate"]
    assert (rate["sample"], rate["unseen"], rate["outcome"]) == (12, 1, "met")
    assert figures(document, "acme/site")["workflow_success_rate"]["outcome"] == "unknown"
    assert code == 0


def test_an_audit_shows_the_targets_in_its_report(world: World, run: Run, tmp_path: Path) -> None:
    for hours in range(1, 31):
        ran(world, hours, "failure" if hours in (3, 4, 5) else "success")
    done = run("audit", "--org", "acme", "--metrics", "--quiet", "--out", str(tmp_path / "report"))
    assert done.code == 1, done.err
    document = json.loads((tmp_path / "report" / "report.json").read_text())
    rate = document["measures"][0]
    assert (rate["title"], rate["value"], rate["samples"], rate["outcome"]) == (
        "Workflow success rate", 90.0, 30, "fail",
    )  # fmt: skip
    assert "Workflow success rate" in (tmp_path / "report" / "report.html").read_text()
    refused = run("audit", "--dir", str(ROOT / "examples"), "--metrics", "--out", str(tmp_path / "none"))
    assert refused.code == 2
    assert "--org" in refused.err
