"""How the projects of a repository are installed, built and tested, as their own files say it.

A command is listed because a script, a target or a lock file of that name is there; none is guessed. What Cargo and Go
do for every project of theirs counts as said by Cargo.toml and go.mod.
"""

from __future__ import annotations

import re
from shlex import quote

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


NODE, PYTHON, RUST, GO, MAKE = "node", "python", "rust", "go", "make"
"""The tools whose files define commands."""

PYTHON_TOOLS = frozenset(("pytest", "tox", "nox", "ruff", "mypy", "black"))
"""Programs for development that a Python project installs beside itself."""

_REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "dev-requirements.txt")


class ProjectCommand(Value):
    """A command with what it is for, one of `PURPOSES`, and the tool whose files define it."""

    __slots__ = ("purpose", "run", "tool")

    def __init__(self, purpose: str, run: str, tool: str) -> None:
        self.purpose = purpose
        self.run = run
        self.tool = tool


class PackageManager(Value):
    """What installs a package.json: ``npm``, ``pnpm``, ``yarn`` or ``bun``.

    install   the command that installs exactly what the lock file says, or what package.json asks for without one
    lock      the name of its lock file, '' where there is none
    home      the folder in which it installs: a member of a workspace is installed with the top
    declared  ``packageManager`` of package.json, such as ``pnpm@10.1.0``; '' where it does not say
    """

    __slots__ = ("declared", "home", "install", "lock", "name")

    def __init__(self, name: str, install: str, lock: str, declared: str, home: str) -> None:
        self.name = name
        self.install = install
        self.lock = lock
        self.declared = declared
        self.home = home

    def runs(self, program: str) -> str:
        """The command that runs a program out of the installed packages."""
        return {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}[self.name] + " " + program


def commands_in(snapshot: Snapshot, folder: str) -> tuple[ProjectCommand, ...]:
    """The commands that the files of a folder ('' is the top) define, in the order of `PURPOSES`."""
    names = frozenset(snapshot.folder(folder))
    prefix = folder + "/" if folder else ""
    found: list[ProjectCommand] = []
    for tool, find in ((NODE, _node), (PYTHON, _python), (RUST, _cargo), (GO, _go), (MAKE, _make)):
        found += (ProjectCommand(purpose, run, tool) for purpose, run in find(snapshot, prefix, names))
    order = list(PURPOSES)
    return tuple(sorted(dict.fromkeys(found), key=lambda command: order.index(command.purpose)))


def package_in(snapshot: Snapshot, folder: str) -> dict[str, Any] | None:
    """The package.json of a folder; None where there is none that can be read."""
    try:
        package = jsonc.parse(snapshot.text(f"{folder}/package.json" if folder else "package.json") or "")
    except ValueError:
        return None
    return package if isinstance(package, dict) else None


def package_manager(snapshot: Snapshot, folder: str, package: dict[str, Any]) -> PackageManager:
    """The package manager of a folder, by its lock file and by what package.json declares."""
    names = frozenset(snapshot.folder(folder))
    said = str(package.get("packageManager", ""))
    declared = said.partition("@")[0]
    for manager, locks, install in (
        ("npm", ("package-lock.json", "npm-shrinkwrap.json"), "npm ci"),
        ("pnpm", ("pnpm-lock.yaml",), "pnpm install --frozen-lockfile"),
        ("yarn", ("yarn.lock",), ""),
        ("bun", ("bun.lock", "bun.lockb"), "bun install --frozen-lockfile"),
    ):
        lock = next((lock for lock in locks if lock in names), "")
        if lock and declared in ("", manager):
            text = (snapshot.text(f"{folder}/{lock}" if folder else lock) or "") if manager == "yarn" else ""
            return PackageManager(manager, install or _yarn_install(text), lock, said, folder)
    top = package_in(snapshot, "") if folder else None
    if top is not None and (top.get("workspaces") or snapshot.has("pnpm-workspace.yaml")):
        return package_manager(snapshot, "", top)
    manager = declared if declared in ("pnpm", "yarn", "bun") else "npm"
    return PackageManager(manager, f"{manager} install", "", said, folder)


def _yarn_install(lock: str) -> str:
    """Yarn 1 and its successors spell it differently, and their lock files tell them apart."""
    if "# yarn lockfile v1" in lock:
        return "yarn install --frozen-lockfile"
    return "yarn install --immutable" if "__metadata:" in lock else "yarn install"


def _node(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    package = package_in(snapshot, prefix.rstrip("/")) if "package.json" in names else None
    if package is None:
        return
    folder = prefix.rstrip("/")
    manager = package_manager(snapshot, folder, package)
    if manager.home == folder and any(
        package.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces")
    ):
        yield "install", manager.install
    scripts = _mapping(package.get("scripts"))
    for purpose, candidates in PURPOSES.items():
        for name in candidates if purpose != "install" else ():
            script = scripts.get(name)
            if isinstance(script, str) and script.strip() and _PLACEHOLDER not in script:
                short = name == "test" and manager.name in ("npm", "pnpm", "yarn")
                yield purpose, f"{manager.name} test" if short else f"{manager.name} run {name}"


def _python(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    tables = toml_tables(snapshot.text(prefix + "pyproject.toml") or "")
    tool = _mapping(tables.get("tool"))
    before = ""
    if "uv.lock" in names:
        before = "uv run "
        yield "install", "uv sync"
    elif "poetry.lock" in names or "poetry" in tool:
        before = "poetry run "
        yield "install", "poetry install"
    elif "Pipfile" in names:
        before = "pipenv run "
        yield "install", "pipenv install --dev"
    else:
        for name in _REQUIREMENTS:
            if name in names:
                yield "install", f"pip install -r {name}"
        if "build-system" in tables or "setup.py" in names:
            extras = _groups(_mapping(tables.get("project")).get("optional-dependencies"))
            yield "install", "pip install -e " + (quote(f".[{','.join(extras)}]") if extras else ".")
        for group in _groups(tables.get("dependency-groups")):
            yield "install", f"pip install --group {quote(group)}"
    configured = {"pytest.ini", "conftest.py"} & names or "conftest.py" in snapshot.folder(prefix + "tests")
    if configured or "pytest" in tool or "pytest" in python_requirements(snapshot, prefix.rstrip("/")):
        yield "test", before + "pytest"
    if "tox.ini" in names or "tox" in tool:
        yield "test", before + "tox"
    if "noxfile.py" in names:
        yield "test", before + "nox"
    if "manage.py" in names:
        yield "test", before + "python manage.py test"
        yield "run locally", before + "python manage.py runserver"
    if "ruff" in tool or {"ruff.toml", ".ruff.toml"} & names:
        yield "lint", before + "ruff check"
    if "mypy" in tool or "mypy.ini" in names:
        yield "check types", before + ("mypy" if "files" in _mapping(tool.get("mypy")) else "mypy .")
    if "black" in tool:
        yield "format", before + "black ."


def python_requirements(snapshot: Snapshot, folder: str) -> set[str]:
    """The names of what is needed to run or to develop a Python project, as far as they are plain lists."""
    prefix = folder + "/" if folder else ""
    tables = toml_tables(snapshot.text(prefix + "pyproject.toml") or "")
    project = _mapping(tables.get("project"))
    lists = [project.get("dependencies"), *_mapping(project.get("optional-dependencies")).values()]
    lists += _mapping(tables.get("dependency-groups")).values()
    for name in _REQUIREMENTS:
        lists.append((snapshot.text(prefix + name) or "").splitlines())
    return {name for listed in lists if isinstance(listed, list) for name in _names(listed)}


def _names(listed: list[Any]) -> set[str]:
    """The names that a list of requirements begins its entries with."""
    lines = [line for line in listed if isinstance(line, str)]
    return {re.split(r"[^A-Za-z0-9._-]", line.strip(), maxsplit=1)[0].lower() for line in lines}


def _groups(groups: Any) -> list[str]:
    """The groups of requirements that bring tools for development, in their order."""
    return [
        name
        for name, listed in _mapping(groups).items()
        if isinstance(listed, list) and not PYTHON_TOOLS.isdisjoint(_names(listed))
    ]


def _cargo(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    if "Cargo.toml" in names:
        yield "build", "cargo build"
        yield "test", "cargo test"


def _go(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    if "go.mod" in names:
        yield "build", "go build ./..."
        yield "test", "go test ./..."


def _make(snapshot: Snapshot, prefix: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    name = next((name for name in ("GNUmakefile", "makefile", "Makefile") if name in names), None)
    if name is None:
        return
    text = snapshot.text(prefix + name) or ""
    targets = {word for line in re.findall(r"^([^\s#=:][^#=:]*):(?!=)", text, re.MULTILINE) for word in line.split()}
    for purpose, candidates in PURPOSES.items():
        for target in candidates:
            if target in targets:
                yield purpose, f"make {target}"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
