"""Every statement of the charter is fulfilled by something that exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chittyops_policy.catalogue import load
from chittyops_policy.cli.app import app
from chittyops_policy.metrics.targets import METRICS
from chittyops_policy.policy import Overrides, effective, standard_pack

ROOT = Path(__file__).parents[1]
CHARTER = ROOT.parent / "shared" / "charter.md"
COVERAGE: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "charter_coverage.yml").read_text(encoding="utf-8"))
ENTRIES = [
    pytest.param(entry, id=f"{section['title']}: {entry['id']}")
    for section in COVERAGE["sections"]
    for entry in section["statements"]
]

ABOUT_ITSELF = {"Classification", "Mission"}
"""Headings of the charter that say what ChittyOps is, and ask for nothing."""

needs_charter = pytest.mark.skipif(not CHARTER.exists(), reason="needs ../shared/charter.md, which is not here")


def known() -> dict[str, set[str]]:
    """What may be named, by kind; of files it is asked one by one."""
    policy = effective(load(), standard_pack(None), None, Overrides(), today="2026-11-25")
    creds = yaml.safe_load((ROOT / "actions" / "getchitty-creds" / "action.yml").read_text(encoding="utf-8"))
    return {
        "rules": set(load().rules),
        "controls": {control.id for control in policy.controls},
        "commands": set(app.commands),
        "figures": {metric.id for metric in METRICS},
        "outputs": set(creds["outputs"]),
    }


KNOWN = known()


def statements() -> dict[str, list[str]]:
    """Heading of the charter → its statements: items, rows without the head, and paragraphs that are set in bold."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^#{2,3} ", CHARTER.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        lines = [line.strip() for line in body.split("---\n*")[0].splitlines() if line.strip()]
        rows = [line for line in lines if line.startswith("|")][2:]
        items = [line[2:] for line in lines if line.startswith("- ")]
        prose = [line for line in lines if not line.startswith(("|", "- ")) and heading == "Secrets Provisioning"]
        if rows or items or prose:
            found[heading.strip()] = [*items, *rows, *prose]
    return found


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_fulfils_a_statement_exists(entry: dict[str, Any]) -> None:
    assert set(entry) <= {"id", "short", "says", "by", "note", "outside"}
    if entry.get("outside"):
        assert "by" not in entry
        return
    assert any(entry["by"].values()), "nothing fulfils it"
    for kind, names in entry["by"].items():
        for name in names:
            if kind == "files":
                assert (ROOT / name).exists(), name
            else:
                assert name in KNOWN[kind], f"{kind}: {name}"


def test_ids_are_unique_within_a_section() -> None:
    for section in COVERAGE["sections"]:
        ids = [entry["id"] for entry in section["statements"]]
        assert len(ids) == len(set(ids)), section["title"]


@needs_charter
def test_every_heading_of_the_charter_is_dealt_with() -> None:
    assert set(statements()) - ABOUT_ITSELF == {section["charter"] for section in COVERAGE["sections"]}


@needs_charter
@pytest.mark.parametrize("section", COVERAGE["sections"], ids=lambda section: section["title"])
def test_every_statement_has_an_entry_of_its_own(section: dict[str, Any]) -> None:
    said = statements()[section["charter"]]
    entries = section["statements"]

    def fits(entry: dict[str, Any], statement: str) -> bool:
        return all(word.lower() in statement.lower() for word in entry["says"])

    for statement in said:
        assert any(fits(entry, statement) for entry in entries), f"nothing stands for: {statement}"
    for entry in entries:
        assert any(fits(entry, statement) for statement in said), f"{entry['id']} stands for nothing"
    assert len(entries) == len(said), "each statement has one entry"
