"""The catalogue is what lies in the folders; its index never says anything else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.catalogue import INDEX, IndexedRule, index_row, index_text, load_modules
from chittyops_policy.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = json.loads(Path(INDEX).read_text(encoding="utf-8"))


def test_the_index_is_current() -> None:
    assert Path(INDEX).read_text(encoding="utf-8") == index_text(), "run: python docs/generate.py"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_an_indexed_rule_is_the_rule(entry: dict[str, Any]) -> None:
    indexed, rule = IndexedRule(index_row(entry)), load_modules()[str(entry["id"])]
    for name in Rule.__slots__:
        assert getattr(indexed, name) == getattr(rule, name), name


def copy(folder: Path) -> Path:
    for name in ("chittyops_policy", "policies", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def ids(folder: Path) -> tuple[set[str], bool]:
    """The ids that a copy of the package lists, and whether they came from the index."""
    script = (
        "from chittyops_policy.catalogue import load; import json, sys;"
        "rules = load(); print(json.dumps([[rule.id for rule in rules],"
        "any(name.startswith('chittyops_policy.rules.supply.') for name in sys.modules)]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    names, imported = json.loads(run.stdout)
    return set(names), not imported


def test_a_fresh_index_is_used_and_an_old_one_is_not(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    index = folder / "chittyops_policy/rules/index.json"
    os.utime(index, (4_000_000_000, 4_000_000_000))
    all_rules, indexed = ids(folder)
    assert indexed
    rule = folder / "chittyops_policy/rules/supply/unpinned_uses.py"
    os.utime(rule, (4_100_000_000, 4_100_000_000))
    assert ids(folder) == (all_rules, False), "a rule file is newer than the index"
    os.utime(rule, (1_000_000_000, 1_000_000_000))
    (folder / "chittyops_policy/rules/supply/new_rule.py").write_text(
        rule.read_text(encoding="utf-8").replace('id="unpinned-uses"', 'id="new-rule"')
    )
    os.utime(folder / "chittyops_policy/rules/supply/new_rule.py", (1_000_000_000, 1_000_000_000))
    assert ids(folder) == (all_rules | {"new-rule"}, False), "a rule is not in the index"


@pytest.mark.parametrize("damage", ["", "[", "[{}]", "{}"])
def test_a_damaged_index_is_left_alone(damage: str, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    index = folder / "chittyops_policy/rules/index.json"
    index.write_text(damage)
    os.utime(index, (4_000_000_000, 4_000_000_000))
    names, indexed = ids(folder)
    assert not indexed
    assert "unpinned-uses" in names
