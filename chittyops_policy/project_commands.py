"""How the projects of a repository are installed, built and tested, as their own files say it.

A command is listed because a script, a target or a lock file of that name is there; none is guessed. What Cargo and Go
do for every project of theirs counts as said by Cargo.toml and go.mod.
"""

from __future__ import annotations

import re

from . import jsonc
from .model import Value
from .toml import toml_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .snapshot import Snapshot

PURPOSES: dict[str, tuple[str, ...]] = {
    "install": ("install", "setup", "bootstrap"),
    "build": ("build", "compile"),
    "test": ("test", "test:unit", "test:integration", "test:e2e"),
    "lint": ("lint",),
    "check": ("check",),
    "check types": ("typecheck", "type-check"),
    "format": ("format", "fmt"),
    "run locally": ("dev", "start"),
    "deploy": ("deploy", "deploy:staging", "deploy:production"),
}
"""What a command is for → the names of scripts and targets that say so. npm runs `install` by itself."""

_PLACEHOLDER = "no test specified"
"""What ``npm init`` writes for a project without tests."""


class ProjectCommand(Value):
    """A command with what it is for, one of `PURPOSES`."""

    __slots__ = ("purpose", "run")

    def __init__(self, purpose: str, run: str) -> None:
        self.purpose = purpose
        self.run = run


def commands_in(snapshot: Snapshot, folder: str) -> tuple[ProjectCommand, ...]:
    """The commands that the files of a folder ('' is the top) define, in the order of `PURPOSES`."""
    names = frozenset(snapshot.folder(folder))
    prefix = folder + "/" if folder else ""
    found: list[ProjectCommand] = []
    for find in (_package, _python, _cargo, _go, _make):
        found += find(snapshot, prefix, names)
    order = list(PURPOSES)
    return tuple(sorted(dict.fromkeys(found), key=lambda command: order.index(command.purpose)))


def _package(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[ProjectCommand]:
    try:
        package = jsonc.parse(snapshot.text(prefix + "package.json") or "")
    except ValueError:
        return
    if not isinstance(package, dict):
        return
    manager, install = _manager(package, names)
    if any(package.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces")):
        yield ProjectCommand("install", install)
    scripts = _mapping(package.get("scripts"))
    for purpose, candidates in PURPOSES.items():
        for name in candidates if purpose != "install" else ():
            script = scripts.get(name)
            if isinstance(script, str) and script.strip() and _PLACEHOLDER not in script:
                short = name == "test" and manager in ("npm", "pnpm", "yarn")
                yield ProjectCommand(purpose, f"{manager} test" if short else f"{manager} run {name}")


def _manager(package: dict[str, Any], names: frozenset[str]) -> tuple[str, str]:
    """The package manager of a project, and how it installs exactly what the lock file says."""
    declared = str(package.get("packageManager", "")).partition("@")[0]
    for manager, locks, install in (
        ("npm", ("package-lock.json", "npm-shrinkwrap.json"), "npm ci"),
        ("pnpm", ("pnpm-lock.yaml",), "pnpm install --frozen-lockfile"),
        ("yarn", ("yarn.lock",), "yarn install"),
        ("bun", ("bun.lock", "bun.lockb"), "bun install --frozen-lockfile"),
    ):
        if any(lock in names for lock in locks) and declared in ("", manager):
            return manager, install
    manager = declared if declared in ("pnpm", "yarn", "bun") else "npm"
    return manager, f"{manager} install"


def _python(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[ProjectCommand]:
    tables = toml_tables(snapshot.text(prefix + "pyproject.toml") or "")
    tool = _mapping(tables.get("tool"))
    before = ""
    if "uv.lock" in names:
        before = "uv run "
        yield ProjectCommand("install", "uv sync")
    elif "poetry.lock" in names or "poetry" in tool:
        before = "poetry run "
        yield ProjectCommand("install", "poetry install")
    elif "Pipfile" in names:
        before = "pipenv run "
        yield ProjectCommand("install", "pipenv install --dev")
    else:
        if "requirements.txt" in names:
            yield ProjectCommand("install", "pip install -r requirements.txt")
        if "build-system" in tables or "setup.py" in names:
            yield ProjectCommand("install", "pip install -e .")
    configured = {"pytest.ini", "conftest.py"} & names or "conftest.py" in snapshot.folder(prefix + "tests")
    if configured or "pytest" in tool or "pytest" in _requirements(snapshot, prefix, tables):
        yield ProjectCommand("test", before + "pytest")
    if "tox.ini" in names or "tox" in tool:
        yield ProjectCommand("test", before + "tox")
    if "noxfile.py" in names:
        yield ProjectCommand("test", before + "nox")
    if "manage.py" in names:
        yield ProjectCommand("test", before + "python manage.py test")
        yield ProjectCommand("run locally", before + "python manage.py runserver")
    if "ruff" in tool or {"ruff.toml", ".ruff.toml"} & names:
        yield ProjectCommand("lint", before + "ruff check")
    if "mypy" in tool or "mypy.ini" in names:
        yield ProjectCommand("check types", before + ("mypy" if "files" in _mapping(tool.get("mypy")) else "mypy ."))
    if "black" in tool:
        yield ProjectCommand("format", before + "black .")


def _requirements(snapshot: Snapshot, prefix: str, tables: dict[str, Any]) -> set[str]:
    """The names of what is needed to run or to develop a Python project, as far as they are plain lists."""
    project = _mapping(tables.get("project"))
    lists = [project.get("dependencies"), *_mapping(project.get("optional-dependencies")).values()]
    lists += _mapping(tables.get("dependency-groups")).values()
    for name in ("requirements.txt", "requirements-dev.txt", "dev-requirements.txt"):
        lists.append((snapshot.text(prefix + name) or "").splitlines())
    lines = [line for lines in lists if isinstance(lines, list) for line in lines if isinstance(line, str)]
    return {re.split(r"[^A-Za-z0-9._-]", line.strip(), maxsplit=1)[0].lower() for line in lines}


def _cargo(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[ProjectCommand]:
    if "Cargo.toml" in names:
        yield ProjectCommand("build", "cargo build")
        yield ProjectCommand("test", "cargo test")


def _go(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[ProjectCommand]:
    if "go.mod" in names:
        yield ProjectCommand("build", "go build ./...")
        yield ProjectCommand("test", "go test ./...")


def _make(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[ProjectCommand]:
    name = next((name for name in ("GNUmakefile", "makefile", "Makefile") if name in names), None)
    if name is None:
        return
    text = snapshot.text(prefix + name) or ""
    targets = {word for line in re.findall(r"^([^\s#=:][^#=:]*):(?!=)", text, re.MULTILINE) for word in line.split()}
    for purpose, candidates in PURPOSES.items():
        for target in candidates:
            if target in targets:
                yield ProjectCommand(purpose, f"make {target}")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
