"""What a person, a log and a program see of an audit while it runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..doors.support import CLEAN, ROOT, UNPINNED, command, repository
from ..github.world import github_world, needs_github

WORKFLOW = ".github/workflows/ci.yml"


def environment(folder: Path) -> dict[str, str]:
    return {"CHITTYOPS_POLICY_STORE": str(folder / "store.sqlite"), "CHITTYOPS_POLICY_CACHE": str(folder / "cache")}


@pytest.fixture
def checkouts(tmp_path: Path) -> Path:
    for number in range(3):
        repository(tmp_path / f"src/north/r{number}", {WORKFLOW: UNPINNED}, f"north/r{number}")
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
def test_a_terminal_shows_a_bar_and_then_the_summary(checkouts: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chittyops_policy", "audit", "--dir", "src"],
        cwd=checkouts,
        env={**os.environ, **environment(checkouts), "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other side has closed
        pass
    os.close(ours)
    output, _ = process.communicate(timeout=60)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "judging" in plain and "/3" in plain
    assert "repositories to judge" not in plain, "lines are for logs"
    assert output.startswith("3 repositories judged\nopen findings: ")
    assert process.returncode == 1


def test_a_log_has_lines_on_standard_error(checkouts: Path) -> None:
    done = command("audit", "--dir", "src", cwd=checkouts, env=environment(checkouts))
    assert done.stderr == "chittyops-policy: 3 repositories to judge\n"
    assert done.stdout.endswith("report: audit-report\n")


def test_a_program_reads_one_object_a_line(checkouts: Path) -> None:
    done = command("audit", "--dir", "src", "--json-lines", cwd=checkouts, env=environment(checkouts))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["begin", "repository", "repository", "repository", "end"]
    assert events[0] == {"event": "begin", "repositories": 3}
    assert {event["state"] for event in events[1:4]} == {"judged"}
    assert done.stderr == ""


@needs_github
def test_what_is_not_reached_is_said_at_once_and_at_the_end(tmp_path: Path) -> None:
    with github_world("acme", permissions={"contents": "read", "metadata": "read"}) as world:
        world.repository("acme/app", {WORKFLOW: CLEAN})
        world.repository("acme/large", {WORKFLOW: CLEAN}, size=500_000)
        world.repository("acme/old", {WORKFLOW: CLEAN}, archived=True)
        world.faults.secondary_limit(retry_after=1)
        world.faults.status(403, "Resource not accessible", path="/git/trees/", times=None)
        (app,) = world.apps.values()
        (tmp_path / "key.pem").write_text(app.key)
        access = ("--base-url", world.address, "--app-id", str(app.id), "--app-key", "key.pem")
        env = {**environment(tmp_path), "GITHUB_TOKEN": "", "GH_TOKEN": ""}
        done = command("audit", "--org", "acme", *access, cwd=tmp_path, env=env)
        assert done.returncode == 1
        lines = done.stderr.splitlines()
        assert re.fullmatch(r"chittyops-policy: waiting \d s for a secondary rate limit of 127.0.0.1", lines[0])
        assert lines[1:] == [
            "chittyops-policy: 2 repositories to judge",
            "chittyops-policy: acme/large was not reached: Resource not accessible",
        ]
        said = done.stdout.splitlines()
        assert said[:4] == [
            "1 repository judged",
            "1 out of scope",
            "1 not reached:",
            "  acme/large: Resource not accessible",
        ]
        document = json.loads((tmp_path / "audit-report/report.json").read_text())
        (tmp_path / "names").write_text("acme/old\nACME/app # by name\n")
        named = command("audit", "--names-from", "names", *access, cwd=tmp_path, env=env)
        assert named.stdout.startswith("1 repository judged, 1 of them unchanged\n1 out of scope\n")
        assert [(item["slug"], item["state"]) for item in document["repositories"]] == [
            ("acme/app", "judged"),
            ("acme/large", "not-reached"),
            ("acme/old", "out-of-scope"),
        ]


def test_what_cannot_be_asked_is_said_before_anything_is(tmp_path: Path) -> None:
    env = {**environment(tmp_path), "GITHUB_TOKEN": "", "GH_TOKEN": ""}
    done = command("audit", "--org", "acme", cwd=tmp_path, env=env)
    assert done.returncode == 2 and "set GITHUB_TOKEN or GH_TOKEN, or give --app-id and --app-key" in done.stderr
    done = command("audit", "--org", "acme", "--app-id", "1", "--app-key", "none.pem", cwd=tmp_path, env=env)
    assert done.returncode == 2 and "--app-key: none.pem cannot be read" in done.stderr
    done = command("audit", "--org", "acme", "--dir", ".", cwd=tmp_path, env=env)
    assert done.returncode == 2 and "--org or --repo cannot be combined with --dir" in done.stderr
    done = command("audit", "--repo", "acme", cwd=tmp_path, env={**env, "GITHUB_TOKEN": "x"})
    assert done.returncode == 2 and "'acme' names no repository" in done.stderr
