"""The project's own gate: one test command everywhere, locked dependencies, workflows that pass every referee."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from chittyops_policy import catalogue

from .support import ROOT, check, own_repository, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_ci_runs_exactly_the_test_command_of_the_readme() -> None:
    command = _read(".ci/run").rstrip().splitlines()[-1]
    assert command.endswith("-m pytest")
    for name in ("README.md", "CLAUDE.md"):
        assert command in [line.strip() for line in _read(name).splitlines()], f"{name} gives another test command"
    steps = yaml.safe_load(_read(".github/workflows/ci.yml"))["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]


def test_what_the_action_installs_is_locked_and_complete() -> None:
    locked: dict[str, Version] = {}
    for entry in re.split(r"\n(?=[a-z])", _read("requirements.txt")):
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry)
        if head:
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{head[1]} has no hash"
            locked[canonicalize_name(head[1])] = Version(head[2])
    wanted = {
        canonicalize_name(Requirement(text).name): Requirement(text).specifier for text in PROJECT["dependencies"]
    }
    for name, specifier in wanted.items():
        assert locked[name] in specifier, name
    direct = re.findall(
        r"\n([a-z0-9-]+)==(?:(?!\n[a-z])[^\0])*?# +(?:via )?chittyops-policy \(pyproject.toml\)",
        _read("requirements.txt"),
    )
    assert {canonicalize_name(name) for name in direct} == set(wanted), "make it again with the command at its top"


def test_every_tool_of_the_tests_has_one_exact_version() -> None:
    for text in PROJECT["optional-dependencies"]["dev"]:
        assert [clause.operator for clause in Requirement(text).specifier] == ["=="], text


def test_our_own_repository_passes_our_own_check(tmp_path: Path) -> None:
    folder = own_repository(tmp_path / "chittyops-policy")
    done = check("--no-cache", "--verbose", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("No findings") or "excepted" in done.stdout
    workflows = [path.name for path in (folder / ".github/workflows").iterdir()]
    assert len(workflows) >= 3 and len(catalogue.load()) >= 20


@pytest.mark.parametrize("path", sorted((ROOT / "chittyops_policy").rglob("*.py")), ids=lambda path: path.stem)
def test_no_pattern_has_a_possessive_group(path: Path) -> None:
    """Python 3.11.2, the one of Debian 12, takes such a pattern and then does not match what it should."""
    assert not re.search(r"\)[*+?]\+", path.read_text(encoding="utf-8"))


WORKFLOWS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github/workflows").glob("*.yml"))
REFEREES = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "zizmor": ["zizmor", "--offline", "--no-progress", "--persona", "auditor", ".github", "action.yml"],
    "actionlint": ["actionlint", *WORKFLOWS],
    "shellcheck": ["shellcheck", ".ci/run"],
    "GitHub's schema of workflows": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
    "GitHub's schema of actions": ["check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"],
    "Dependabot's schema": ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
    "pre-commit": ["pre-commit", "validate-manifest", ".pre-commit-hooks.yaml"],
    "prek": ["prek", "validate-manifest", ".pre-commit-hooks.yaml"],
}


@pytest.mark.parametrize("referee", REFEREES)
def test_referees_have_no_complaint(referee: str) -> None:
    done = run(REFEREES[referee], ROOT)
    assert done.returncode == 0, done.stdout
