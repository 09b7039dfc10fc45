"""What docs/lock.md and docs/metrics.md show is what the commands print about the world that the pages tell of."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..github.world import World, github_world, needs_github
from ..metrics.test_metrics_github import FILES, NOW, SHIP, deployed, ran
from .commands import Run, runner
from .test_lock_github import LOOSE, NAME, prepared, rulesets

pytestmark = needs_github

ROOT = Path(__file__).parents[2]


@pytest.fixture
def world() -> Iterator[World]:
    with github_world("acme") as made:
        yield made


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    return runner(world, monkeypatch, capsys, tmp_path)


def shown(page: str) -> dict[str, str]:
    """Command → output of the blocks of a page that begin with ``$``."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(r"^```text\n\$ chittyops-policy ([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def test_the_page_on_lock_shows_what_is_printed(world: World, run: Run) -> None:
    prepared(world)
    world.repository("acme/site", LOOSE)
    assert run("lock", "apply", "--repo", "acme/shop", "--yes").code == 0
    ours = rulesets(world)[NAME]
    kept = [rule for rule in ours["rules"] if rule["type"] != "non_fast_forward"]
    change: dict[str, Any] = {"enforcement": "evaluate", "rules": [*kept, {"type": "required_signatures"}]}
    world.settings("PUT", f"/repos/acme/shop/rulesets/{ours['id']}", change)
    pages = shown("lock.md")
    assert len(pages) == 2
    for command, output in pages.items():
        assert run(*shlex.split(command)).out == output, command


def test_the_page_on_metrics_shows_what_is_printed(world: World, run: Run) -> None:
    world.repository("acme/shop", FILES)
    for number in range(40):
        ran(world, 10 + number, "failure" if number == 7 else "success")
    ran(world, 3, "cancelled")
    for number in range(8):
        shipped = ran(world, 100 + number, workflow=SHIP)
        states = [("in_progress", 60), ("success", 60 + 100 + 30 * number)]
        deployed(world, 100 + number, *states, run=shipped)
    created = "2026-06-20T08:00:00Z"
    world.dependabot_alert("acme/shop", severity="critical", state="open", created_at=created)
    pages = shown("metrics.md")
    assert len(pages) == 1
    for command, output in pages.items():
        assert run(*shlex.split(command)).out == output, command
