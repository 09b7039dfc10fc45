"""GitHub's own workflow parser and expression library as a referee (npm packages, run by Node).

One process answers all questions of a test run. `unavailable_reason` says why it cannot run, so that a test can skip
with the reason.
"""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import lru_cache
from typing import Any, NamedTuple

from .node import installed, tool, unavailable_reason

__all__ = ["FEATURES", "Problem", "Verdict", "ask", "unavailable_reason", "verdicts"]

FEATURES = {"allowBackgroundSteps": True}
"""Background and parallel steps are generally available since 2026; the package still hides them behind a flag."""


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
    driver = installed() / "dist" / "driver.mjs"
    process = subprocess.Popen(
        [tool("node"), str(driver)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    atexit.register(_stop, process)
    return process


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
