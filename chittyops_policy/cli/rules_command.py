"""``chittyops-policy rules``."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from ..catalogue import load
from ..checking import enclosing_repository, open_snapshot, today
from ..policy import Overrides, effective, standard_pack
from ..policy_file import POLICY_FILE


@click.command(short_help="List the rules.")
@click.option("--profile", "-p", type=click.Choice(["charter", "strict", "everything"]), help="As for check.")
@click.option("--policy", metavar="FILE", help="As for check.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rules(profile: str | None, policy: str | None, as_json: bool) -> int:
    """List every rule with its severity and stage as they are in force here."""
    catalogue = load()
    root = enclosing_repository(".")
    snapshot = open_snapshot(root, os.environ) if root is not None else None
    settings = effective(
        catalogue,
        standard_pack(policy),
        snapshot.read(POLICY_FILE) if snapshot else None,
        Overrides(profile=profile),
        slug=snapshot.slug if snapshot else "",
        today=today(os.environ),
    ).rules
    if as_json:
        rows = [
            {
                "id": rule.id,
                "title": rule.title,
                "theme": rule.theme,
                "profile": rule.profile,
                "severity": settings[rule.id].severity.value,
                "stage": settings[rule.id].stage.value,
                "tags": list(rule.tags),
            }
            for rule in catalogue
        ]
        click.echo(json.dumps(rows, indent=2))
        return 0
    table = Table("rule", "severity", "stage", "profile", "finds", box=None, pad_edge=False)
    for rule in catalogue:
        setting = settings[rule.id]
        style = "dim" if setting.stage.value == "off" else ""
        table.add_row(rule.id, setting.severity.value, setting.stage.value, rule.profile, rule.title, style=style)
    width = None if sys.stdout.isatty() else 140
    Console(width=width, highlight=False).print(table)
    return 0
