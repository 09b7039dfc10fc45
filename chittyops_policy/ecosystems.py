"""The package ecosystems of a repository, as Dependabot names them, with the folders of their manifests.

Names and files: GitHub's page "Dependabot supported ecosystems and repositories" (2026-11).
"""

from __future__ import annotations

from . import jsonc
from .toml import toml_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .projects import Project
    from .snapshot import Snapshot

ACTIONS = "github-actions"

COOLDOWN = {"default-days": 7}
"""How old a release has to be before it is proposed; zizmor's `dependabot-cooldown` asks for as much."""

_LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"),
    "bun": ("bun.lock", "bun.lockb"),
    "cargo": ("Cargo.lock",),
    "uv": ("uv.lock",),
}
_PIP = ("requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile")


def updates(snapshot: Snapshot, projects: Iterable[Project]) -> list[dict[str, Any]]:
    """The entries that `updates` of a new dependabot.yml needs: the actions first, then every ecosystem by name.

    The actions are always there: the standard brings workflows into every repository.
    """
    found: dict[str, list[str]] = {}
    for folder in dict.fromkeys(["", *(project.folder for project in projects)]):
        for name in _ecosystems(snapshot, folder):
            found.setdefault(name, []).append("/" + folder)
    return [update(ACTIONS, action_folders(snapshot)), *(update(name, found[name]) for name in sorted(found))]


def update(ecosystem: str, folders: list[str]) -> dict[str, Any]:
    """One entry of `updates`: weekly, releases of a week or older, together in one pull request."""
    group = {"patterns": ["*"]} if ecosystem == ACTIONS else {"update-types": ["minor", "patch"]}
    place = {"directory": folders[0]} if len(folders) == 1 else {"directories": folders}
    return {
        "package-ecosystem": ecosystem,
        **place,
        "schedule": {"interval": "weekly"},
        "cooldown": COOLDOWN,
        "groups": {ecosystem: group},
    }


def action_folders(snapshot: Snapshot) -> list[str]:
    """The folders for the ecosystem of actions: ``/`` stands for the workflows and an action at the top."""
    folders = {path.rpartition("/")[0] for path in snapshot.action_paths()}
    return ["/", *("/" + folder for folder in sorted(folders) if folder)]


def _ecosystems(snapshot: Snapshot, folder: str) -> list[str]:
    """The ecosystems whose manifest lies in a folder, without members of a workspace that the top locks."""
    names = frozenset(snapshot.folder(folder))
    found: list[str] = []
    if "package.json" in names and snapshot.read(_at(folder, "package.json")) is not None:
        bun = any(name in names for name in _LOCKS["bun"]) or (folder and _locked(snapshot, "", "bun"))
        name = "bun" if bun else "npm"
        if not folder or _locked(snapshot, folder, name) or not _node_workspace(snapshot):
            found.append(name)
    if "uv.lock" in names:
        found.append("uv")
    elif any(name in names for name in _PIP) and _is_python(snapshot, folder, names):
        if not (folder and _table(snapshot, "pyproject.toml", "tool", "uv", "workspace")):
            found.append("pip")
    if "Cargo.toml" in names:
        if not folder or _locked(snapshot, folder, "cargo") or not _table(snapshot, "Cargo.toml", "workspace"):
            found.append("cargo")
    if "go.mod" in names:
        found.append("gomod")
    if "Dockerfile" in names:
        found.append("docker")
    return found


def _is_python(snapshot: Snapshot, folder: str, names: frozenset[str]) -> bool:
    """Whether more is there than a pyproject.toml that only configures tools."""
    if names.isdisjoint(set(_PIP) - {"pyproject.toml", "setup.cfg"}):
        tables = toml_tables(snapshot.text(_at(folder, "pyproject.toml")) or "")
        return "project" in tables or "poetry" in _mapping(tables.get("tool"))
    return True


def _node_workspace(snapshot: Snapshot) -> bool:
    """Whether the package.json at the top has the others as members."""
    if snapshot.has("pnpm-workspace.yaml"):
        return True
    try:
        value = jsonc.parse(snapshot.text("package.json") or "")
    except ValueError:
        return False
    return isinstance(value, dict) and bool(value.get("workspaces"))


def _table(snapshot: Snapshot, path: str, *keys: str) -> bool:
    """Whether a TOML file has a table."""
    value: Any = toml_tables(snapshot.text(path) or "")
    for key in keys:
        value = _mapping(value).get(key)
    return isinstance(value, dict)


def _locked(snapshot: Snapshot, folder: str, ecosystem: str) -> bool:
    return any(snapshot.has(_at(folder, name)) for name in _LOCKS[ecosystem])


def _at(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
