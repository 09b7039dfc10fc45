"""Which modules one run loads: the commit hook's speed is what it does not import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .support import CLEAN, ROOT, UNPINNED, repository, write

WORKFLOW = ".github/workflows/ci.yml"

# Each costs more than a check of one file may; what they cost is measured in benchmarks/.
HEAVY = (
    "argparse", "ast", "asyncio", "click", "concurrent", "contextlib", "copy", "dataclasses", "datetime", "decimal",
    "detect_secrets", "difflib", "email", "github", "hashlib", "html", "http", "importlib.metadata",
    "importlib.resources", "inspect", "json.tool", "jsonschema", "logging", "multiprocessing", "pathlib", "pickle",
    "pkg_resources", "random", "requests", "rich", "ruamel", "select", "shutil", "socket", "sqlite3", "ssl",
    "subprocess", "tempfile", "textwrap", "threading", "tomllib", "traceback", "typing", "unittest", "urllib", "uuid",
    "xml", "zipfile",
)  # fmt: skip

OURS = {
    "cli.check_options", "cli.main", "cli.quick", "reporters.text", "reporters.wording", "cli.check_run",
    "sources.working_tree",
}  # fmt: skip
"""What a plain check needs of the packages that hold doors and edges: one parser, one reporter, one source."""

CORE = {"catalogue", "checking", "document", "engine", "errors", "model", "policy", "rule", "snapshot", "workflow"}
"""What it needs of the rest at least, beside the rules and the knowledge that rules share."""

ON_DEMAND = {"example_runs", "hooks", "rule_page"}
"""What only other commands need."""

LIST_MODULES = """
import atexit, os, sys
before = set(sys.modules)
def write():
    with open(os.environ["MODULES"], "w") as stream:
        stream.write("\\n".join(sorted(set(sys.modules) - before)))
atexit.register(write)
from chittyops_policy.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that nobody edits meanwhile: an edit, rightly, empties the cache."""
    folder = tmp_path_factory.mktemp("code")
    for name in ("chittyops_policy", "policies", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def modules_of(
    code: Path, folder: Path, cache: Path, *arguments: str
) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    """The modules that one run has loaded, beside those of the bare interpreter, and what the run printed."""
    listing = cache.parent / "modules.txt"
    done = subprocess.run(
        [sys.executable, "-P", "-c", LIST_MODULES, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(code),
            "CHITTYOPS_POLICY_CACHE": str(cache),
            "MODULES": str(listing),
            # An editable install and coverage tools hook into site; what they load is not ours.
            "PYTHONNOUSERSITE": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(listing.read_text().split("\n")), done


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if name in HEAVY or name.split(".")[0] in HEAVY}


def own(modules: set[str]) -> set[str]:
    return {name.removeprefix("chittyops_policy.") for name in modules if name.startswith("chittyops_policy.")}


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return repository(tmp_path / "sample", {WORKFLOW: CLEAN, "bad.yml": ""}), tmp_path / "cache"


def test_a_plain_check_loads_nothing_heavy(code: Path, places: tuple[Path, Path]) -> None:
    folder, cache = places
    modules, done = modules_of(code, folder, cache, "check", "--no-cache", WORKFLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"chittyops_policy.engine", "yaml._yaml"} <= modules
    assert heavy(modules) == set()
    ours = own(modules)
    assert ours >= CORE
    assert not ON_DEMAND & ours
    edges = {name for name in ours if name.startswith(("cli.", "reporters.", "sources."))}
    assert edges == OURS, "load the new one where it is needed, or add it to OURS"
    assert any(name.startswith("rules.") for name in ours)


def test_a_check_with_findings_loads_nothing_heavy(code: Path, places: tuple[Path, Path]) -> None:
    folder, cache = places
    write(folder, {WORKFLOW: UNPINNED})
    modules, done = modules_of(code, folder, cache, "check", "--no-cache", WORKFLOW)
    assert done.returncode == 1, done.stdout + done.stderr
    assert heavy(modules) == set()


def test_proposing_files_and_scripts_loads_nothing_heavy(code: Path, places: tuple[Path, Path]) -> None:
    """Every run works out the fixes, so that the report can speak of them; files are rendered by who writes them."""
    folder, cache = places
    muted = CLEAN.replace("run: make", "run: npm audit || true")
    write(folder, {WORKFLOW: muted, "package.json": "{}", "CODEOWNERS": "/.github/workflows/ @o/a\n* @o/b\n"})
    modules, done = modules_of(code, folder, cache, "check", "--no-cache", ".")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "create CLAUDE.md" in done.stdout and "remove `|| true`" in done.stdout
    assert heavy(modules) == set()
    assert not {"jinja2", "chittyops_policy.templates"} & modules


def test_a_result_from_the_cache_needs_neither_rules_nor_yaml(code: Path, places: tuple[Path, Path]) -> None:
    folder, cache = places
    write(folder, {WORKFLOW: UNPINNED})
    _, first = modules_of(code, folder, cache, "check", WORKFLOW)
    modules, second = modules_of(code, folder, cache, "check", WORKFLOW)
    assert (second.returncode, second.stdout) == (first.returncode, first.stdout)
    assert first.returncode == 1
    unwanted = {"chittyops_policy.catalogue", "chittyops_policy.engine", "chittyops_policy.policy", "yaml._yaml"}
    assert not unwanted & modules
    assert not {name for name in modules if name.startswith("chittyops_policy.rules")}
    assert heavy(modules) == set()


def test_a_change_makes_the_cache_miss(code: Path, places: tuple[Path, Path]) -> None:
    folder, cache = places
    modules_of(code, folder, cache, "check", WORKFLOW)
    write(folder, {WORKFLOW: UNPINNED})
    modules, done = modules_of(code, folder, cache, "check", WORKFLOW)
    assert done.returncode == 1
    assert "chittyops_policy.engine" in modules
