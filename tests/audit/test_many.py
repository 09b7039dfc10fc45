"""Two hundred and fifty repositories of real workflows: what is asked, run after run, and what a crash leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..doors.support import ROOT
from ..github.corpus import needs_corpus, repositories_of_corpus
from ..github.world import World, github_world, needs_github
from .reading import Auditor, essence

pytestmark = [needs_github, needs_corpus]

COUNT = 250
OWNERS = ("acme", "globex")
PAGES = 4
"""A hundred repositories are a page: two pages for each owner are the least there can be."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_world(*OWNERS) as made:
        for slug, files in repositories_of_corpus(*OWNERS, count=COUNT).items():
            made.repository(slug, files)
        yield made


@pytest.fixture(scope="module")
def audit(world: World, tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return Auditor(world, tmp_path_factory.mktemp("many"))


@pytest.fixture(scope="module")
def first(audit: Auditor, world: World) -> dict[str, Any]:
    """The first audit of all, and what it asked."""
    found = audit(owners=OWNERS)
    assert found.problems == ()
    assert len(found.judged) == COUNT
    return {"essence": essence(found), "requests": world.requests(), "audit": found}


def test_the_first_audit_asks_little(first: dict[str, Any]) -> None:
    beyond = len(first["requests"]) - PAGES
    assert 0 < beyond <= 0.1 * COUNT, [str(seen) for seen in first["requests"]]
    assert not any(seen.writes for seen in first["requests"])


def test_the_second_audit_asks_nothing_beyond_the_list(first: dict[str, Any], audit: Auditor, world: World) -> None:
    found = audit(owners=OWNERS)
    assert len(world.requests()) - PAGES <= 0.02 * COUNT
    assert not world.requests(writes=True)
    assert all(standing.known for standing in found.judged)
    assert essence(found) == first["essence"]


def test_one_changed_repository_is_all_that_is_read(first: dict[str, Any], audit: Auditor, world: World) -> None:
    slug = first["audit"].judged[17].subject.slug
    before = world.files(slug)
    world.commit(slug, {"CHARTER.md": "# Charter\n\nChanged.\n"})
    found = audit(owners=OWNERS)
    assert [standing.subject.slug for standing in found.judged if not standing.known] == [slug]
    assert len(world.requests()) - PAGES <= 4
    world.commit(slug, {"CHARTER.md": before.get("CHARTER.md")})


def test_limits_and_faults_in_the_middle_change_nothing(first: dict[str, Any], world: World, tmp_path: Path) -> None:
    world.faults.status(502, after=1)
    world.faults.secondary_limit(retry_after=5, after=4)
    world.faults.dropped(after=5)
    world.faults.primary_limit(reset_in=600, after=7)
    world.faults.garbled(after=9)
    audit = Auditor(world, tmp_path)
    heads = {slug: value[0] for slug, value in first["essence"].items()}
    found = audit(owners=OWNERS)
    world.faults.clear()
    assert len(audit.said.sentences) >= 2, audit.said.sentences
    # One repository has moved meanwhile, back to the same files.
    assert {slug: value[1:] for slug, value in essence(found).items()} == {
        slug: value[1:] for slug, value in first["essence"].items()
    }
    assert heads.keys() == essence(found).keys()


# ------------------------------------------------------------------------------------------------------- crashes


def start(world: World, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command itself, as a process."""
    names = [part for owner in OWNERS for part in ("--org", owner)]
    return subprocess.Popen(
        [sys.executable, "-m", "chittyops_policy", "audit", *names, "--json-lines", "--match", "c*", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "GITHUB_TOKEN": world.token,
            "GITHUB_API_URL": world.address,
            "CHITTYOPS_POLICY_STORE": str(folder / "store.sqlite"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def events(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    output, errors = process.communicate(timeout=300)
    assert process.returncode in (0, 1), errors
    return [json.loads(line) for line in output.splitlines()]


def judged(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in found if event["event"] == "repository" and event["state"] == "judged"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_the_same_command_goes_on_where_it_was_stopped(world: World, tmp_path: Path, how: signal.Signals) -> None:
    process = start(world, tmp_path)
    assert process.stdout is not None
    done = 0
    for line in process.stdout:
        event = json.loads(line)
        done += event["event"] == "repository" and event["state"] == "judged"
        if done == 5:
            break
    process.send_signal(how)
    rest, errors = process.communicate(timeout=60)
    done += len(judged([json.loads(line) for line in rest.splitlines() if line.endswith("}")]))
    assert process.returncode == (-how if how == signal.SIGKILL else 130), errors
    world.forget()
    again = judged(events(start(world, tmp_path)))
    known = sum(event["known"] for event in again)
    assert 5 <= known <= done < len(again)
    (tmp_path / "fresh").mkdir()
    fresh = judged(events(start(world, tmp_path / "fresh")))
    assert {event["slug"]: event["open"] for event in again} == {event["slug"]: event["open"] for event in fresh}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_wait_for_a_limit_can_be_ended(world: World, tmp_path: Path) -> None:
    world.faults.primary_limit(reset_in=1800, after=PAGES, times=None)
    process = start(world, tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "message":
            assert "for the hourly rate limit" in event["text"]
            break
    time.sleep(0.2)  # it is told just before the wait begins
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    world.faults.clear()
    assert process.returncode == 130
