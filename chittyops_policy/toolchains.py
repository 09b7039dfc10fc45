"""How the projects of a repository are set up and tried in CI, one `Part` a project.

Actions, versions and commands are chosen by what the repository's files say; where they say nothing, by the defaults
below. What cannot run in CI as it stands is a lack, with the reason.
"""

from __future__ import annotations

import re
from shlex import quote

from . import projects
from .model import Value
from .project_commands import (
    GO,
    MAKE,
    NODE,
    PYTHON,
    PYTHON_TOOLS,
    RUST,
    commands_in,
    package_in,
    package_manager,
    python_requirements,
)
from .toml import toml_tables
from .workspaces import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .project_commands import PackageManager, ProjectCommand
    from .projects import Project
    from .snapshot import Snapshot

    Step = dict[str, Any]
    """``name`` with either ``action`` and perhaps ``with``, or ``run``; ``folder`` where that is not the part's own."""

NODE_VERSION = "24"
PYTHON_VERSION = "3.13"
GO_VERSION = "1.25"
BUN_VERSION = "1.3"
PNPM_VERSIONS = {"5": "7", "6": "8"}
PNPM_VERSION = "10"
POETRY_VERSION = "2.2.1"
PIPENV_VERSION = "2025.0.4"
"""What is installed where no file of the repository says a version: supported releases of 2026-11. pnpm's follows from
the format of its lock file."""

CHECKS = ("lint", "check", "check types", "build", "test")
"""The purposes of commands that CI runs, in its order. The first command of each is taken; of tests only those that
need nothing beside the checkout."""

_ELSEWHERE = re.compile(r"\b(?:test:integration|test:e2e)$")
_TOOLS = {
    projects.WORKER: NODE,
    projects.NEXTJS: NODE,
    projects.NODE: NODE,
    projects.PYTHON: PYTHON,
    projects.RUST: RUST,
    projects.GO: GO,
    projects.UNKNOWN: MAKE,
}


class Part(Value):
    """One project as CI sees it.

    tool      node, python, rust, go or make
    setup     the steps that bring the tool
    install   the steps that bring what the project depends on
    checks    the steps that lint, build and test it
    lacks     what a file configures and CI cannot run, each with the reason
    node      its package manager, for what is run out of installed packages; else None
    """

    __slots__ = ("checks", "folder", "install", "lacks", "node", "setup", "tool")

    def __init__(
        self,
        tool: str,
        folder: str,
        setup: tuple[Step, ...],
        install: tuple[Step, ...],
        checks: tuple[Step, ...],
        lacks: tuple[str, ...] = (),
        node: PackageManager | None = None,
    ) -> None:
        self.tool = tool
        self.folder = folder
        self.setup = setup
        self.install = install
        self.checks = checks
        self.lacks = lacks
        self.node = node

    def __hash__(self) -> int:
        return hash((self.tool, self.folder))


def parts_of(snapshot: Snapshot, found: Iterable[Project], *, cache: bool = True) -> list[Part]:
    """The projects that CI can set up, in their order, each folder and tool once.

    Members of a workspace belong to its top where that has commands of its own. `cache` lets runs share what they
    downloaded, which is for runs that release nothing.
    """
    inside = frozenset(members(snapshot, projects.SKIPPED_FOLDERS))
    parts: dict[tuple[str, str], Part] = {}
    for project in found:
        tool = _TOOLS.get(project.type)
        if tool is None or (project.folder, tool) in parts:
            continue
        top = parts.get(("", tool))
        if project.folder in inside and top is not None and (top.checks or tool == RUST):
            continue
        part = _FINDERS[tool](snapshot, project, cache)
        if part is not None:
            parts[project.folder, tool] = part
    return list(parts.values())


def _run(name: str, command: str) -> Step:
    return {"name": name, "run": command}


def _uses(name: str, action: str, inputs: dict[str, Any]) -> Step:
    return {"name": name, "action": action, "with": inputs} if inputs else {"name": name, "action": action}


def _commands(snapshot: Snapshot, folder: str, tool: str) -> list[ProjectCommand]:
    return [command for command in commands_in(snapshot, folder) if command.tool == tool]


def _checks(commands: Iterable[ProjectCommand]) -> Iterator[Step]:
    """The first command of each purpose in the order of `CHECKS`."""
    first: dict[str, str] = {}
    for command in commands:
        if not _ELSEWHERE.search(command.run):
            first.setdefault(command.purpose, command.run)
    for purpose in CHECKS:
        if purpose in first:
            yield _run(purpose.capitalize(), first[purpose])


def _at(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


# ------------------------------------------------------------------------------------------------------- Node.js


def _node(snapshot: Snapshot, project: Project, cache: bool) -> Part | None:
    folder = project.folder
    package = package_in(snapshot, folder)
    if package is None:
        return None
    manager = package_manager(snapshot, folder, package)
    setup = [*_manager_setup(snapshot, manager), *_node_setup(snapshot, manager, folder, cache)]
    commands = _commands(snapshot, folder, NODE)
    install = _run("Install", manager.install)
    if manager.home != folder:
        install["folder"] = manager.home
    needed = manager.home != folder or any(command.purpose == "install" for command in commands)
    checks = list(_checks(commands))
    if project.type == projects.WORKER and not any(step["name"] == "Build" for step in checks):
        trial = wrangler_command(snapshot, project, "deploy --dry-run")
        if trial is not None and trial[0] == folder:
            before = sum(step["name"] in ("Lint", "Check", "Check types") for step in checks)
            checks.insert(before, _run("Build", trial[1]))
    return Part(NODE, folder, tuple(setup), (install,) if needed else (), tuple(checks), node=manager)


def wrangler_command(snapshot: Snapshot, project: Project, words: str) -> tuple[str, str] | None:
    """(folder, command) that runs the project's installed Wrangler with some words and the Worker's configuration.

    It is installed beside the Worker or at the top; None where neither has it, or where Pages would need other words.
    """
    if "Cloudflare Pages" in project.reason or not project.evidence:
        return None
    for folder in dict.fromkeys((project.folder, "")):
        package = package_in(snapshot, folder) or {}
        if "wrangler" in _mapping(package.get("dependencies")) or "wrangler" in _mapping(
            package.get("devDependencies")
        ):
            config = project.evidence[0]
            name = config.rpartition("/")[2]
            if folder == project.folder:
                config = name
            usual = folder == project.folder and name in (*projects.WRANGLER, "package.json")
            manager = package_manager(snapshot, folder, package)
            return folder, manager.runs(f"wrangler {words}" + ("" if usual else f" --config {quote(config)}"))
    return None


def _manager_setup(snapshot: Snapshot, manager: PackageManager) -> Iterator[Step]:
    if manager.name == "pnpm":
        inputs: dict[str, Any] = {}
        if not manager.declared:
            lock = snapshot.text(_at(manager.home, "pnpm-lock.yaml")) or ""
            format = re.search(r"^lockfileVersion: ['\"]?(\d+)", lock, re.MULTILINE)
            inputs["version"] = int(PNPM_VERSIONS.get(format[1], PNPM_VERSION) if format else PNPM_VERSION)
        elif manager.home:
            inputs["package_json_file"] = _at(manager.home, "package.json")
        yield _uses("Set up pnpm", "pnpm/action-setup", inputs)
    elif manager.name == "bun":
        version = manager.declared.partition("@")[2].partition("+")[0]
        yield _uses("Set up Bun", "oven-sh/setup-bun", {"bun-version": version or BUN_VERSION})


def _node_version(snapshot: Snapshot, folder: str) -> str:
    """The file that says which Node.js is meant, the folder's own before the top's; '' where none does."""
    for place in dict.fromkeys((folder, "")):
        for name in (".nvmrc", ".node-version"):
            if snapshot.has(_at(place, name)):
                return _at(place, name)
        package = package_in(snapshot, place) or {}
        if _mapping(package.get("engines")).get("node") or _mapping(package.get("volta")).get("node"):
            return _at(place, "package.json")
    return ""


def _node_setup(snapshot: Snapshot, manager: PackageManager, folder: str, cache: bool) -> Iterator[Step]:
    said = _node_version(snapshot, folder)
    if manager.name == "bun" and not said:
        return
    inputs: dict[str, Any] = {"node-version-file": said} if said else {"node-version": int(NODE_VERSION)}
    # Yarn 2 and later comes with the project or with Corepack, which setup-node would ask before it is there.
    modern_yarn = manager.name == "yarn" and (
        "--immutable" in manager.install or manager.declared.partition("@")[2][:1] not in ("", "1")
    )
    if cache and manager.lock and manager.name != "bun" and not modern_yarn:
        inputs["cache"] = manager.name
        if manager.home:
            inputs["cache-dependency-path"] = _at(manager.home, manager.lock)
    else:
        inputs["package-manager-cache"] = False
    yield _uses("Set up Node.js", "actions/setup-node", inputs)
    if modern_yarn:
        yield _run("Let Corepack bring Yarn", "corepack enable")


# -------------------------------------------------------------------------------------------------------- Python


def _python(snapshot: Snapshot, project: Project, cache: bool) -> Part:
    folder = project.folder
    names = frozenset(snapshot.folder(folder))
    commands = _commands(snapshot, folder, PYTHON)
    known = python_requirements(snapshot, folder)
    lock = next((name for name in ("uv.lock", "poetry.lock", "Pipfile.lock") if name in names), "")
    text = "".join(snapshot.text(_at(folder, name)) or "" for name in (lock, "Pipfile", "pyproject.toml") if name)
    kept: list[ProjectCommand] = []
    lacks: list[str] = []
    for command in commands:
        program = re.sub(r"^(?:uv|poetry|pipenv) run ", "", command.run).partition(" ")[0]
        managed = program != command.run.partition(" ")[0]
        there = program in known or (managed and re.search(rf"\b{program}\b", text) is not None)
        if program in PYTHON_TOOLS and not there:
            lacks.append(f"{program} is configured in {folder or 'the repository'}, but nothing there installs it")
        else:
            kept.append(command)
    setup, install = _python_setup(snapshot, folder, names, lock, cache)
    install += [_run("Install", _exact(command.run, names)) for command in commands if command.purpose == "install"]
    return Part(PYTHON, folder, tuple(setup), tuple(install), tuple(_checks(kept)), tuple(lacks))


def _python_setup(
    snapshot: Snapshot, folder: str, names: frozenset[str], lock: str, cache: bool
) -> tuple[list[Step], list[Step]]:
    """The steps that bring Python, and those that bring what installs packages."""
    inputs: dict[str, Any] = {}
    if "uv.lock" in names:
        if folder:
            inputs["working-directory"] = folder
        if not cache:
            inputs["enable-cache"] = False
        # uv itself reads which Python is meant.
        return [_uses("Set up uv", "astral-sh/setup-uv", inputs)], []
    tables = toml_tables(snapshot.text(_at(folder, "pyproject.toml")) or "")
    if ".python-version" in names:
        inputs["python-version-file"] = _at(folder, ".python-version")
    elif _mapping(tables.get("project")).get("requires-python"):
        inputs["python-version-file"] = _at(folder, "pyproject.toml")
    else:
        inputs["python-version"] = PYTHON_VERSION
    setup = [_uses("Set up Python", "actions/setup-python", inputs)]
    before: list[Step] = []
    if lock == "poetry.lock" or "poetry" in _mapping(tables.get("tool")):
        text = snapshot.text(_at(folder, "poetry.lock")) or ""
        made = re.search(r"generated by Poetry (\d+\.\d+\.\d+)", text.partition("\n")[0])
        before.append(_run("Install Poetry", f"pipx install poetry=={made[1] if made else POETRY_VERSION}"))
    elif "Pipfile" in names:
        before.append(_run("Install Pipenv", f"pipx install pipenv=={PIPENV_VERSION}"))
    return setup, before


def _exact(command: str, names: frozenset[str]) -> str:
    """The command that installs what the lock file says and fails where that is out of date."""
    if command == "uv sync":
        return "uv sync --locked"
    if command == "pipenv install --dev" and "Pipfile.lock" in names:
        return "pipenv sync --dev"
    return command


# -------------------------------------------------------------------------------------------------- Rust, Go, make


def _rust(snapshot: Snapshot, project: Project, cache: bool) -> Part:
    folder = project.folder
    names = frozenset(snapshot.folder(folder))
    tables = toml_tables(snapshot.text(_at(folder, "Cargo.toml")) or "")
    more = (" --workspace" if "workspace" in tables else "") + (" --locked" if "Cargo.lock" in names else "")
    lints = _mapping(tables.get("lints")) or _mapping(_mapping(tables.get("workspace")).get("lints"))
    # GitHub's runners have the stable toolchain with Clippy and rustfmt (actions/runner-images, 2026-11).
    told = {"rust-toolchain", "rust-toolchain.toml"} & names
    setup = [_run("Set up Rust", "rustup toolchain install")] if told else []
    checks = []
    if {"rustfmt.toml", ".rustfmt.toml"} & names:
        checks.append(_run("Format", "cargo fmt --all --check"))
    if {"clippy.toml", ".clippy.toml"} & names or "clippy" in lints:
        checks.append(_run("Lint", f"cargo clippy --all-targets{more}"))
    checks += [_run("Build", f"cargo build{more}"), _run("Test", f"cargo test{more}")]
    return Part(RUST, folder, tuple(setup), (), tuple(checks))


def _go(snapshot: Snapshot, project: Project, cache: bool) -> Part:
    folder = project.folder
    said = re.search(r"^(?:go|toolchain) ", snapshot.text(_at(folder, "go.mod")) or "", re.MULTILINE)
    inputs: dict[str, Any] = {"go-version-file": _at(folder, "go.mod")} if said else {"go-version": GO_VERSION}
    if not cache or not snapshot.has(_at(folder, "go.sum")):
        inputs["cache"] = False
    elif folder:
        inputs["cache-dependency-path"] = _at(folder, "go.sum")
    checks = (_run("Vet", "go vet ./..."), _run("Build", "go build ./..."), _run("Test", "go test ./..."))
    return Part(GO, folder, (_uses("Set up Go", "actions/setup-go", inputs),), (), checks)


def _make(snapshot: Snapshot, project: Project, cache: bool) -> Part | None:
    checks = tuple(_checks(_commands(snapshot, project.folder, MAKE)))
    return Part(MAKE, project.folder, (), (), checks) if checks else None


_FINDERS = {NODE: _node, PYTHON: _python, RUST: _rust, GO: _go, MAKE: _make}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
