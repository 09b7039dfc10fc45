"""Imports point downward, as the table in docs/architecture.md says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "chittyops_policy"


def _name(path: Path) -> str:
    """``chittyops_policy/rules/supply/unpinned_uses.py`` as ``rules/supply/unpinned_uses``."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


MODULES = {_name(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"}


def places() -> dict[str, tuple[int, int, str]]:
    """Module → row, place in the row, and the entry of the table that covers it."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    found: dict[str, tuple[int, int, str]] = {}
    for number, row in enumerate(rows):
        for place, entry in enumerate(re.findall(r"`([^`]+)`", row)):
            folder = entry.removesuffix("*") if entry.endswith("/*") else None
            covered = [name for name in MODULES if name == entry or (folder and name.startswith(folder))]
            assert covered, f"docs/architecture.md names {entry}, which does not exist"
            for name in covered:
                assert name not in found, f"docs/architecture.md names {name} twice"
                found[name] = (number, place, entry)
    return found


def imported(name: str) -> Iterator[tuple[str, int]]:
    """The modules of the package that a module imports when it runs, each with the line."""
    path = MODULES[name]
    package = ["chittyops_policy", *name.split("/")[:-1]]
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))
        targets: list[list[str]] = []
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            targets = [[*base, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        for target in targets:
            if target[0] == "chittyops_policy":
                for parts in (target[1:], target[1:-1]):
                    if "/".join(parts) in MODULES:
                        assert isinstance(node, ast.Import | ast.ImportFrom)
                        yield "/".join(parts), node.lineno
                        break


def test_the_table_names_every_module() -> None:
    assert sorted(set(MODULES) - set(places())) == []


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_downward(name: str) -> None:
    order = places()
    row, place, entry = order[name]
    for target, line in imported(name):
        other_row, other_place, other_entry = order[target]
        below = (other_row, other_place) < (row, place)
        beside = entry == other_entry and entry.endswith("/*") and not entry.startswith("rules/")
        assert below or beside, f"{MODULES[name].relative_to(ROOT)}:{line} imports {target}, which is not below it"


def test_no_module_imports_itself_over_others() -> None:
    below: dict[str, set[str]] = {name: {target for target, _ in imported(name)} for name in MODULES}
    while True:
        free = [name for name, targets in below.items() if not targets & below.keys()]
        if not free:
            break
        for name in free:
            del below[name]
    assert sorted(below) == [], "these import each other in a circle"


def test_every_form_of_import_is_seen() -> None:
    def names(name: str) -> set[str]:
        return {target for target, _ in imported(name)}

    assert "checking" in names("cli/check_command")
    assert "cli/check_options" in names("cli/check_command")
    assert "reporters/wording" in names("reporters/text")
    assert "model" in names("reporters/text"), "as a name of the package itself"
    assert "engine" in names("checking"), "inside a function"
    assert "catalogue" not in names("engine"), "only for the type checker"
