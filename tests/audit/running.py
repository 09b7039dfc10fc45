"""What an audit wrote, and what ``check`` says of the same repositories, in one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def audited(folder: Path) -> dict[str, dict[str, Any]]:
    """Slug → the report of each judged repository, of an audit's report folder."""
    document = json.loads((folder / "report.json").read_text())
    found = {item["slug"]: item["report"] for item in document["repositories"] if item["report"] is not None}
    return {slug: _comparable(report) for slug, report in found.items()}


def checked(output: str) -> dict[str, dict[str, Any]]:
    """The same of what ``check --format json`` printed."""
    return {entry["subject"]: _comparable(entry) for entry in json.loads(output)["repositories"]}


def _comparable(report: dict[str, Any]) -> dict[str, Any]:
    """Without where the user stands, and without places in the table of rules, which each document has for itself."""
    rules = [{name: value for name, value in rule.items() if name != "index"} for rule in report["rules"]]
    return {**report, "root": "", "rules": rules}
