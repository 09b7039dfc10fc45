"""The built distribution, installed outside the checkout: everything that it needs travels with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from .support import UNPINNED, check, own_repository, repository, run

WORKFLOW = ".github/workflows/ci.yml"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_repository(tmp_path_factory.mktemp("source") / "chittyops-policy")


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution and the wheel that was built out of it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist")], source)
    assert done.returncode == 0, done.stdout
    return folder / "dist"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that has the wheel; its dependencies are those of the tests."""
    home = tmp_path_factory.mktemp("environment")
    assert run([sys.executable, "-m", "venv", "--without-pip", str(home)], home).returncode == 0
    python = home / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    done = run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], home
    )
    assert done.returncode == 0, done.stdout
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True
    )
    # A .pth line adds the folder to the path, but not the editable install that lies in it.
    (Path(where.stdout.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_the_wheel_holds_code_rules_policies_schemas_and_templates(source: Path, built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, target in (
        ("chittyops_policy", "chittyops_policy"),
        ("policies", "chittyops_policy/_data/policies"),
        ("schemas", "chittyops_policy/_data/schemas"),
        ("templates", "chittyops_policy/_data/templates"),
    ):
        for path in (source / folder).rglob("*"):
            if path.is_file() and path.suffix in (".py", ".yml", ".json", ".md", ".j2", ".css", ".js", ""):
                assert f"{target}/{path.relative_to(source / folder).as_posix()}" in names
    assert not [name for name in names if not name.startswith(("chittyops_policy/", "chittyops_policy-"))]


def test_the_source_distribution_holds_what_the_tests_and_doors_need(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {
        "pyproject.toml", "README.md", "action.yml", "requirements.txt", ".pre-commit-hooks.yaml",
        "policies/chittyos.yml", "tests/doors/test_wheel.py", ".github/workflows/policy-check.yml",
    } <= names  # fmt: skip
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_installed_command_says_what_the_checkout_says(source: Path, installed: Path, tmp_path: Path) -> None:
    folder = repository(
        tmp_path / "sample", {WORKFLOW: UNPINNED, ".github/dependabot.yml": "version: 2\nupdates: []\n"}
    )
    program = str(installed / "chittyops-policy")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    arguments = ["check", "--no-cache", "--format", "json"]
    done = subprocess.run([program, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads(check(*arguments[1:], cwd=folder, env={"PYTHONPATH": str(source)}).stdout)
    assert "unpinned-uses" in {finding["rule"] for finding in report["repositories"][0]["findings"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--version"], "chittyops-policy 0.1.0"),
        (["rules"], "unpinned-uses"),
        (["explain", "unpinned-uses"], "Replace the name behind the @"),
        (["policy", "show"], "chittyos"),
    ],
    ids=["--version", "rules", "explain", "policy show"],
)
def test_every_command_finds_its_data(installed: Path, tmp_path: Path, arguments: list[str], expected: str) -> None:
    folder = repository(tmp_path / "sample", {WORKFLOW: UNPINNED})
    done = run([str(installed / "chittyops-policy"), *arguments], folder)
    assert done.returncode == 0, done.stdout
    assert expected in done.stdout


def test_compiled_data_is_what_the_sources_say(source: Path, installed: Path, tmp_path: Path) -> None:
    program = """
import json, sys
from pathlib import Path
from chittyops_policy.catalogue import index_row
from chittyops_policy.contract_words import PARTS, words_of
from chittyops_policy.document import parse, to_value
from chittyops_policy.nodes import packed
from chittyops_policy.resources import compiled
source = Path(sys.argv[1])
def undescribed(table):
    return {key: value for key, value in table.items() if key != "description" or not isinstance(value, str)}
for name in ("workflow", "action", "dependabot"):
    file = f"{name}.schema.json"
    content = json.loads((source / "schemas" / file).read_bytes(), object_hook=undescribed)
    assert compiled("schemas", file) == content, file
index = source / "chittyops_policy" / "rules" / "index.json"
assert compiled("rules", "index.json") == tuple(index_row(entry) for entry in json.loads(index.read_bytes()))
tree = parse("chittyos.yml", (source / "policies" / "chittyos.yml").read_bytes()).root
assert compiled("policies", "chittyos.yml") == packed(tree)
parameters = to_value(tree)["parameters"]
assert compiled("policies", "chittyos.words") == {part: words_of(parameters, part) for part in PARTS}
assert compiled("policies", "other.yml") is None
"""
    done = run([str(installed / "python"), "-P", "-c", program, str(source)], tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_code_that_runs_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    done = run([str(installed / "python"), "-P", "-c", "import chittyops_policy as c; print(c.__file__)"], tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)
