"""The members of a workspace: the folders that a monorepo's own files name as its parts.

npm, Yarn and Bun list them in package.json, pnpm in pnpm-workspace.yaml, Cargo in Cargo.toml, uv in pyproject.toml, Go
in go.work (documentation of each, 2026-11).
"""

from __future__ import annotations

import re

from . import jsonc
from .document import Mapping, Sequence
from .patterns import matches
from .toml import toml_tables
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .snapshot import Snapshot

MAX_DEPTH = 3
"""How many levels a ``**`` goes down; members that lie deeper are rare, and trees of dependencies are not."""


def members(snapshot: Snapshot, skipped: frozenset[str]) -> list[str]:
    """The folders that the workspace files at the top name, sorted, without the top; empty without a workspace.

    A wildcard stands for no folder whose name is hidden or among `skipped`; one that is spelled out is believed.
    """
    names = frozenset(snapshot.folder(""))
    patterns = [pattern for find in (_node, _pnpm, _cargo, _uv, _go) for pattern in find(snapshot, names)]
    found: set[str] = set()
    for pattern in patterns:
        if not pattern.startswith("!"):
            found |= set(_folders(snapshot, "", pattern.strip("/").removeprefix("./").split("/"), skipped))
    left_out = [pattern[1:].strip("/") for pattern in patterns if pattern.startswith("!")]
    return sorted(folder for folder in found if folder and not any(matches(pattern, folder) for pattern in left_out))


def _folders(
    snapshot: Snapshot, folder: str, parts: list[str], skipped: frozenset[str], depth: int = 0
) -> Iterator[str]:
    """The folders below one that the parts of a pattern lead to."""
    if not parts or parts == [""]:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part in (".", ""):
        yield from _folders(snapshot, folder, rest, skipped)
    elif part != "..":
        if part == "**":
            yield from _folders(snapshot, folder, rest, skipped)
        for name in snapshot.folder(folder):
            child = name.removesuffix("/")
            if child == name or (part != child and (name.startswith(".") or child in skipped)):
                continue
            below = f"{folder}/{child}" if folder else child
            if part == "**" and depth < MAX_DEPTH:
                yield from _folders(snapshot, below, parts, skipped, depth + 1)
            elif part != "**" and matches(part, child):
                yield from _folders(snapshot, below, rest, skipped)


def _node(snapshot: Snapshot, names: frozenset[str]) -> list[str]:
    text = (snapshot.text("package.json") or "") if "package.json" in names else ""
    if '"workspaces"' not in text:
        return []
    try:
        value = jsonc.parse(text)
    except ValueError:
        return []
    listed = value.get("workspaces") if isinstance(value, dict) else None
    if isinstance(listed, dict):  # the form of Yarn 1 with `nohoist`
        listed = listed.get("packages")
    return _texts(listed)


def _pnpm(snapshot: Snapshot, names: frozenset[str]) -> list[str]:
    document = snapshot.document("pnpm-workspace.yaml") if "pnpm-workspace.yaml" in names else None
    listed = document.root.get("packages") if document is not None and isinstance(document.root, Mapping) else None
    return [text_of(item) for item in listed.items] if isinstance(listed, Sequence) else []


def _cargo(snapshot: Snapshot, names: frozenset[str]) -> list[str]:
    text = (snapshot.text("Cargo.toml") or "") if "Cargo.toml" in names else ""
    table = toml_tables(text).get("workspace") if "[workspace" in text else None
    return _of_table(table)


def _uv(snapshot: Snapshot, names: frozenset[str]) -> list[str]:
    text = (snapshot.text("pyproject.toml") or "") if "pyproject.toml" in names else ""
    if "[tool.uv.workspace]" not in text:
        return []
    value: Any = toml_tables(text)
    for key in ("tool", "uv", "workspace"):
        value = value.get(key) if isinstance(value, dict) else None
    return _of_table(value)


def _go(snapshot: Snapshot, names: frozenset[str]) -> list[str]:
    text = (snapshot.text("go.work") or "") if "go.work" in names else ""
    text = re.sub(r"//[^\n]*", "", text)
    blocks = [
        *re.findall(r"^use\s*\(([^)]*)\)", text, re.MULTILINE),
        *re.findall(r"^use[ \t]+([^\s(]+)", text, re.MULTILINE),
    ]
    return [word.strip('"') for block in blocks for word in block.split()]


def _of_table(table: Any) -> list[str]:
    if not isinstance(table, dict):
        return []
    return [*_texts(table.get("members")), *("!" + item for item in _texts(table.get("exclude")))]


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
