"""Takes newer advisories into ``policies/data/advisories.json``.

    python docs/refresh_advisories.py OSV.json...

Each argument is an OSV record, or a folder of them, about a GitHub Action: an entry of the advisory database
(https://github.com/github/advisory-database, advisories/github-reviewed) or of https://osv.dev. Entries that are
already there are replaced, all others stay. The summary is the record's own; shorten it where it is long. Then correct
the remarks "as <moving tag>: …" in ``policies/data/action-pins.tsv``: tests/test_pins.py shows which they should be.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "policies" / "data" / "advisories.json"
SEVERITIES = {"LOW": "low", "MODERATE": "medium", "MEDIUM": "medium", "HIGH": "high", "CRITICAL": "critical"}


def record(osv: dict[str, Any]) -> dict[str, Any] | None:
    """The parts of an OSV record that are kept; None where no GitHub Action is affected or it was withdrawn.

    Raises KeyError or ValueError for a record whose severity or ranges are not understood.
    """
    affected = [
        {
            "package": {"ecosystem": "GitHub Actions", "name": each["package"]["name"]},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [
                        event for event in ranged["events"] if {"introduced", "fixed", "last_affected"} & set(event)
                    ],
                }
                for ranged in each["ranges"]
            ],
        }
        for each in osv.get("affected", ())
        if each["package"]["ecosystem"] == "GitHub Actions"
    ]
    if not affected or osv.get("withdrawn"):
        return None
    kept = {
        "id": osv["id"],
        "summary": osv["summary"],
        "affected": affected,
        "references": [{"type": "ADVISORY", "url": f"https://github.com/advisories/{osv['id']}"}],
        "database_specific": {"severity": SEVERITIES[osv["database_specific"]["severity"].upper()]},
    }
    if osv.get("aliases"):
        kept["aliases"] = osv["aliases"]
    return kept


def main(arguments: list[str], file: Path = DATA) -> int:
    """Reads the records, writes the file, says what is new."""
    if not arguments:
        print(__doc__)
        return 2
    data = json.loads(file.read_text(encoding="utf-8"))
    by_id = {entry["id"]: entry for entry in data["vulns"]}
    for argument in map(Path, arguments):
        for path in sorted(argument.rglob("*.json")) if argument.is_dir() else [argument]:
            entry = record(json.loads(path.read_text(encoding="utf-8")))
            if entry is not None and by_id.get(entry["id"]) != entry:
                print(f"{'replaced' if entry['id'] in by_id else 'added'} {entry['id']}: {entry['summary']}")
                by_id[entry["id"]] = entry
    data["vulns"] = list(by_id.values())
    data["date"] = date.today().isoformat()
    file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
