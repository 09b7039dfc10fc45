"""Lost answers, limits, and kill -9 between any two steps: what is on GitHub in the end is the same, and only once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.audit.plan import Plan
from chittyops_policy.audit.plan_files import read_plan, write_plan

from ..doors.support import ROOT, UNPINNED
from ..github.faults import Dropped, Forward
from ..github.messages import Answer, Request
from ..github.world import PERSON, World, github_world, needs_github
from .desk import BRANCH, NOW, Desk
from .planned import WORKFLOW

pytestmark = needs_github

WRITES: dict[str, dict[str, Any]] = {
    "branch": {"method": "POST", "path": "/git/refs$"},
    "commit": {"method": "POST", "operation": "^mutation"},
    "pull request": {"method": "POST", "path": "/pulls$"},
    "labels": {"method": "POST", "path": "/labels$"},
    "reviewers": {"method": "POST", "path": "/requested_reviewers$"},
}
"""The writes of a new pull request, in their order."""

UPDATES: dict[str, dict[str, Any]] = {
    "tree": {"method": "POST", "path": "/git/trees$"},
    "commit": {"method": "POST", "path": "/git/commits$"},
    "branch": {"method": "PATCH", "path": "/git/refs/"},
    "text": {"method": "PATCH", "path": "/pulls/"},
}
"""Those of an update after the base has moved."""

PATIENCE = 60


@pytest.fixture(scope="module")
def whole_world() -> Iterator[World]:
    with github_world("octo") as world:
        yield world


@pytest.fixture
def desk(whole_world: World, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(whole_world, tmp_path).made()
    whole_world.faults.clear()


def looks_right(desk: Desk) -> None:
    """One pull request with everything that belongs to it, one branch with one commit, and nothing left to do."""
    [pull] = desk.pulls()
    assert pull["state"] == "open" and pull["head"]["ref"] == BRANCH
    assert sorted(label["name"] for label in pull["labels"]) == ["automation", "compliance"]
    assert [person["login"] for person in pull["requested_reviewers"]] == [PERSON], "never the author"
    assert set(desk.world.branches(desk.slug)) == {"main", BRANCH}
    assert desk.world.files(desk.slug, BRANCH)[WORKFLOW] == desk.entry().files[0].after
    assert desk.world.comments(desk.slug, int(pull["number"])) == []
    assert desk.one().state == "unchanged" and desk.writes() == 0
    [noted] = desk.journal.noted([desk.slug]).values()
    assert (noted.known.step, noted.known.number, noted.state) == ("done", pull["number"], "unchanged")


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("happened", [True, False], ids=["happened", "did not happen"])
def test_a_write_whose_answer_was_lost_is_looked_up_first(write: str, happened: bool, desk: Desk) -> None:
    fault = desk.world.faults.lost if happened else desk.world.faults.dropped
    struck = fault(**WRITES[write])
    assert desk.one().state == "open"
    assert struck.struck == 1
    looks_right(desk)
    assert len(desk.world.log(desk.slug, BRANCH)) == 2, "one commit on top of the first"


@pytest.mark.parametrize("write", UPDATES)
@pytest.mark.parametrize("happened", [True, False], ids=["happened", "did not happen"])
def test_a_lost_answer_in_an_update_doubles_nothing(write: str, happened: bool, desk: Desk) -> None:
    assert desk.one().state == "open"
    desk.commit({WORKFLOW: UNPINNED.replace("make", "make other")})
    fault = desk.world.faults.lost if happened else desk.world.faults.dropped
    struck = fault(**UPDATES[write])
    assert desk.one().state == "updated"
    assert struck.struck == 1
    looks_right(desk)


@pytest.mark.parametrize("write", WRITES)
def test_a_server_that_fails_after_the_deed_is_like_a_lost_answer(write: str, desk: Desk) -> None:
    def strike(request: Request, forward: Forward) -> Answer:
        forward()
        return Answer(502, b"<html>Unicorn!</html>", {"Content-Type": "text/html"})

    desk.world.faults._add(strike, WRITES[write])
    assert desk.one().state == "open"
    looks_right(desk)


@pytest.mark.parametrize("write", WRITES)
def test_a_limit_in_the_middle_is_waited_for(write: str, desk: Desk) -> None:
    struck = desk.world.faults.secondary_limit(retry_after=0, **WRITES[write])
    assert desk.one().state == "open"
    assert struck.struck == 1
    looks_right(desk)


def test_a_network_that_stays_away_leaves_the_rest_for_the_next_run(desk: Desk, tmp_path: Path) -> None:
    second = Desk(desk.world, tmp_path).made()
    entries = (desk.entry(), second.entry())
    fault = desk.world.faults.dropped(method="POST", path="/pulls$", times=None)
    assert [done.state for done in desk.apply(*entries)] == ["not-reached", "not-reached"]
    assert fault.struck >= 2 and desk.pulls() == []
    desk.world.faults.clear()
    assert [done.state for done in desk.apply(*entries)] == ["open", "open"]
    looks_right(desk)
    looks_right(second)


def test_a_token_that_dies_leaves_the_rest_for_the_next_run(desk: Desk) -> None:
    token = desk.world.classic_token(scopes=("repo", "workflow")).value
    desk.world.faults.call(lambda: desk.world.kill(token), method="POST", path="/pulls$")
    done = desk.one(token=token)
    assert done.state == "not-reached" and "does not accept the token" in done.reason
    assert desk.one().state == "open"
    looks_right(desk)


# ------------------------------------------------------------------------------------------------------- kill -9


def killed_at(desk: Desk, plan: Path, match: dict[str, Any], happens: bool) -> None:
    """Runs the plan in a process of its own and kills that while it waits for the answer to one write."""
    arrived, killed = threading.Event(), threading.Event()

    def strike(request: Request, forward: Forward) -> Answer:
        if happens:
            forward()
        arrived.set()
        killed.wait(PATIENCE)
        raise Dropped

    desk.world.faults._add(strike, match)
    process = subprocess.Popen(command(desk, plan), cwd=ROOT, env=environment(desk), stdout=subprocess.PIPE)
    try:
        assert arrived.wait(PATIENCE), process.communicate(timeout=PATIENCE)
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
    finally:
        killed.set()
        process.kill()
        process.communicate()


def command(desk: Desk, plan: Path) -> list[str]:
    store = str(desk.folder / "store.sqlite")
    return [sys.executable, "-m", "tests.audit.applied", store, desk.world.address, str(plan)]


def environment(desk: Desk) -> dict[str, str]:
    return {**os.environ, "GITHUB_TOKEN": desk.world.token}


def run_again(desk: Desk, plan: Path) -> str:
    """The same plan with the same journal."""
    return desk.one(*read_plan(str(plan)).entries, exact=True).state


@pytest.fixture
def plan(desk: Desk, tmp_path: Path) -> Callable[[], Path]:
    def written() -> Path:
        return Path(write_plan(str(tmp_path / "out"), Plan(NOW, "a" * 64, (desk.entry(),)))[0])

    return written


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("happens", [True, False], ids=["after", "before"])
def test_killed_at_any_write_the_same_command_goes_on(
    write: str, happens: bool, desk: Desk, plan: Callable[[], Path]
) -> None:
    path = plan()
    killed_at(desk, path, WRITES[write], happens)
    assert run_again(desk, path) in ("open", "unchanged")
    looks_right(desk)
    assert len(desk.world.log(desk.slug, BRANCH)) == 2, "one commit on top of the first"


@pytest.mark.parametrize("write", UPDATES)
@pytest.mark.parametrize("happens", [True, False], ids=["after", "before"])
def test_killed_at_any_write_of_an_update_the_same_command_goes_on(
    write: str, happens: bool, desk: Desk, plan: Callable[[], Path]
) -> None:
    assert desk.one().state == "open"
    desk.commit({WORKFLOW: UNPINNED.replace("make", "make other")})
    path = plan()
    killed_at(desk, path, UPDATES[write], happens)
    assert run_again(desk, path) in ("updated", "unchanged")
    looks_right(desk)


def test_killed_and_planned_anew_in_between(desk: Desk, plan: Callable[[], Path]) -> None:
    killed_at(desk, plan(), WRITES["commit"], True)
    desk.commit({WORKFLOW: UNPINNED.replace("make", "make other")})
    assert desk.one().state == "open", "the commit of the broken run is known to be ours"
    looks_right(desk)
