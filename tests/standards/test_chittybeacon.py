"""The action chittybeacon in the real act, as a workflow of another repository calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..doors.acts import Log
from ..doors.support import ROOT
from .services import TRACK, Answer, Services, serving
from .stage import COMMIT, OWN, Stage

PLACE = {"endpoint": "${{ env.URL }}"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("beacon"))


@pytest.fixture
def services() -> Iterator[Services]:
    with serving() as services:
        yield services


def reporting(before: str = "true", **inputs: str) -> str:
    """A workflow that runs a command and reports what came of it."""
    report = {"if": "always()", "uses": f"{OWN}/actions/chittybeacon@{COMMIT}", "with": inputs}
    steps = [{"run": before}, report, {"if": "always()", "run": "echo the step after it"}]
    job = {"runs-on": "ubuntu-latest", "steps": steps}
    return json.dumps({"name": "Deploy it", "on": "push", "permissions": {}, "jobs": {"deploy": job}})


def told(log: Log, services: Services) -> Any:
    """The one event; the job and its log are as if nothing had been reported."""
    assert services.violations == []
    (event,) = services.bodies(TRACK)
    assert not log.commands("error") and not log.commands("warning")
    assert "the step after it" in log.printed()
    return event


def test_one_event(stage: Stage, services: Services) -> None:
    log = stage.run(reporting(**PLACE), services)
    assert log.code == 0, log.text
    event = told(log, services)
    assert (event["service"], event["repository"], event["status"]) == ("sample", "ChittyOS/sample", "success")
    head = subprocess.run(
        ["git", "-C", str(stage.folder / "repository"), "rev-parse", "HEAD"], capture_output=True, text=True
    )
    assert event["commit"] == head.stdout.strip()
    assert event["workflow"] == "Deploy it"
    assert event["job"] == "deploy"
    assert event["run_url"] == "https://github.com/ChittyOS/sample/actions/runs/1"


def test_a_failed_job_stays_failed_and_is_reported(stage: Stage, services: Services) -> None:
    log = stage.run(reporting("false", service='my "service"\n::error::x', **PLACE), services)
    assert log.code != 0
    event = told(log, services)
    assert (event["service"], event["status"]) == ('my "service"\n::error::x', "failure")


@pytest.mark.parametrize("started", ["seconds", "date"])
def test_the_duration(stage: Stage, services: Services, started: str) -> None:
    form = "+%s" if started == "seconds" else "+%Y-%m-%dT%H:%M:%SZ"
    begin = {"id": "began", "run": f'echo "at=$(date -u -d "100 seconds ago" {form})" >> "$GITHUB_OUTPUT"'}
    workflow = json.loads(reporting(started="${{ steps.began.outputs.at }}", **PLACE))
    workflow["jobs"]["deploy"]["steps"].insert(0, begin)
    assert 100 <= told(stage.run(json.dumps(workflow), services), services)["duration"] < 1000
    services.requests.clear()
    log = stage.run(reporting(started="yesterday", **PLACE), services)
    assert told(log, services)["duration"] is None


def test_the_duration_by_the_age_of_the_runner(tmp_path: Path, services: Services) -> None:
    """GitHub's runner starts a process Runner.Worker for each job; here it is a shell of that name."""
    worker = tmp_path / "Runner.Worker"
    shutil.copy(shutil.which("bash") or "", worker)
    environment = {
        "PATH": "/usr/bin:/bin", "ENDPOINT": services.url, "STATUS": "success", "SERVICE": "", "STARTED": "",
        "GITHUB_REPOSITORY": "ChittyOS/sample", "GITHUB_REF": "", "GITHUB_SHA": "0" * 40, "GITHUB_WORKFLOW": "w",
        "GITHUB_JOB": "j", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SERVER_URL": "https://github.com",
    }  # fmt: skip
    command = f'sleep 2; bash "{ROOT}/actions/chittybeacon/report.sh"; true'
    done = subprocess.run([worker, "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert services.violations == []
    (event,) = services.bodies(TRACK)
    assert 2 <= event["duration"] < 60


def test_where_the_beacon_is(stage: Stage, services: Services) -> None:
    log = stage.run(reporting(), services, variables={"BEACON_ENDPOINT": f"{services.url}/"})
    assert told(log, services)["status"] == "success"
    script = (ROOT / "actions/chittybeacon/report.sh").read_text()
    assert "${ENDPOINT:-${BEACON_ENDPOINT:-https://beacon.cloudeto.com}}" in script


def test_a_beacon_that_is_switched_off(stage: Stage, services: Services) -> None:
    log = stage.run(reporting(**PLACE), services, variables={"BEACON_DISABLED": "true"})
    assert log.code == 0
    assert services.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(Answer(500), "it answered with HTTP 500", id="500"),
        pytest.param(Answer(429, None, {"Retry-After": "3600"}), "it answered with HTTP 429", id="429"),
        pytest.param(Answer(404, b"::error::PWNED"), "it answered with HTTP 404", id="404"),
        pytest.param(Answer(cut=True), "it could not be reached (curl exit code 52)", id="cut off"),
        pytest.param(Answer(delay=3600), "it did not answer within 3 seconds", id="slow"),
    ],
)
def test_the_job_goes_on(stage: Stage, services: Services, answer: Answer, reason: str) -> None:
    services.script[TRACK] = [answer]
    log = stage.run(reporting(**PLACE), services)
    assert log.code == 0, log.text
    assert log.commands("warning") == [f"::warning title=chittybeacon::The Beacon was not told: {reason}."]
    assert not log.commands("error")
    assert "the step after it" in log.printed()
    assert services.paths() == [TRACK], "it is told once and no second time"


def test_a_curl_that_never_comes_back(stage: Stage, services: Services) -> None:
    """As one that waits for the resolver of the system, for which its own limit does not count."""
    real = (stage.programs / "curl").read_text()
    stage.program("curl", "#!/bin/bash\ntrap '' TERM INT\nexec /bin/sleep 100000\n")
    log = stage.run(reporting(**PLACE), services)
    stage.program("curl", real)
    assert log.code == 0, log.text
    assert log.commands("warning") == [
        "::warning title=chittybeacon::The Beacon was not told: it did not answer within 3 seconds."
    ]


@pytest.mark.parametrize("endpoint", ["ftp://example", 'https://x"; echo PWNED', "https://x\n::error::PWNED"])
def test_an_endpoint_that_is_none(stage: Stage, services: Services, endpoint: str) -> None:
    log = stage.run(reporting(endpoint=endpoint), services)
    assert log.code == 0, log.text
    (warning,) = log.commands("warning")
    assert "PWNED" not in log.printed()
    assert "its endpoint" in warning


def test_a_runner_without_jq(stage: Stage, services: Services) -> None:
    """The script alone: act itself needs the machine's programs."""
    places = stage.folder / "few"
    places.mkdir()
    (places / "bash").symlink_to(shutil.which("bash") or "")
    script = str(ROOT / "actions/chittybeacon/report.sh")
    done = subprocess.run(
        ["bash", script], env={"PATH": str(places), "ENDPOINT": services.url}, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout == "::warning title=chittybeacon::The Beacon was not told: this runner has no curl.\n"


def test_its_inputs_are_those_that_the_contract_knows() -> None:
    action = yaml.safe_load((ROOT / "actions/chittybeacon/action.yml").read_text())
    assert set(action["inputs"]) == {"status", "service", "started", "endpoint"}
    assert not [name for name, value in action["inputs"].items() if value.get("required")]
