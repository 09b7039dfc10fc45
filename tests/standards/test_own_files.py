"""What this repository offers to others, read by everybody who reads such files."""

from __future__ import annotations

import json
import subprocess

import pytest

from chittyops_policy.model import PROFILES

from ..doors.support import ROOT, check
from ..referees import github_parser

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
ACTIONS = sorted([ROOT / "action.yml", *ROOT.glob("actions/*/action.yml")])
SCRIPTS = sorted(ROOT.glob("actions/*/*.sh"))


@pytest.mark.skipif(github_parser.unavailable_reason() is not None, reason=str(github_parser.unavailable_reason()))
def test_github_s_parser_accepts_them() -> None:
    files = [("workflow", path) for path in WORKFLOWS] + [("action", path) for path in ACTIONS]
    asked = [(kind, str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for kind, path in files]
    found = {path: verdict.problems for (_, path, _), verdict in zip(asked, github_parser.verdicts(asked), strict=True)}
    assert not any(found.values()), found
    assert len(found) >= 10


@pytest.mark.parametrize("profile", PROFILES)
def test_our_own_check_finds_nothing(profile: str) -> None:
    paths = [str(path.relative_to(ROOT)) for path in (*WORKFLOWS, *ACTIONS)]
    done = check("--no-cache", "--profile", profile, "--format", "json", *paths, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["repositories"]
    assert [finding["message"] for finding in report["findings"] if finding["state"] == "open"] == []


def test_zizmor_finds_nothing() -> None:
    paths = [str(path) for path in (*WORKFLOWS, *ACTIONS)]
    command = ["zizmor", "--offline", "--no-config", "--persona", "auditor", "--format", "json", *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    assert [finding["ident"] for finding in json.loads(done.stdout) if not finding["ignored"]] == [], done.stderr


def test_actionlint_finds_nothing_in_workflows_and_their_scripts() -> None:
    done = subprocess.run(["actionlint", *map(str, WORKFLOWS)], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_shellcheck_finds_nothing() -> None:
    assert SCRIPTS
    done = subprocess.run(["shellcheck", *map(str, SCRIPTS)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
