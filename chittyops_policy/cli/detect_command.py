"""``chittyops-policy detect``."""

from __future__ import annotations

import json
import os

import click

from ..checking import open_snapshot, require_repository
from ..projects import detect as detect_projects


@click.command(short_help="Say what kind of project this is, and why.")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def detect(path: str, as_json: bool) -> int:
    """Say which project types the repository around PATH has, and what shows it."""
    snapshot = open_snapshot(require_repository(path), os.environ)
    projects = detect_projects(snapshot)
    if as_json:
        rows = [
            {
                "type": project.type,
                "folder": project.folder,
                "confidence": project.confidence,
                "reason": project.reason,
                "evidence": list(project.evidence),
                "runtime": project.runtime,
                "deploys": list(project.deploys),
            }
            for project in projects
        ]
        click.echo(json.dumps(rows, indent=2))
        return 0
    for project in projects:
        place = project.folder or "(top)"
        click.echo(f"{project.type:18} {place:24} {project.confidence:8} {project.reason}")
    return 0
