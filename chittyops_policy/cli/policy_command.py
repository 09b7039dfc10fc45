"""``chittyops-policy policy show`` and ``policy validate``."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from ..catalogue import load
from ..checking import enclosing_repository, open_snapshot, today
from ..document import Mapping, parse
from ..errors import EXIT_CLEAN, EXIT_FINDINGS, UserError
from ..policy import Overrides, effective, standard_pack
from ..policy_file import POLICY_FILE
from ..workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..policy import Policy


@click.group(short_help="Show or validate the policy.")
def policy() -> None:
    """Show the policy that is in force here, or validate a policy file."""


@policy.command(short_help="Print every effective value and where it comes from.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--policy", "pack", metavar="FILE", help="As for check.")
@click.option("--profile", "-p", type=click.Choice(["charter", "strict", "everything"]), help="As for check.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(keys: tuple[str, ...], pack: str | None, profile: str | None, as_json: bool) -> int:
    """Print every effective value and where it comes from; KEY limits the output to keys that contain it.

    \b
      chittyops-policy policy show
      chittyops-policy policy show static-secret
    """
    in_force = _in_force(pack, profile)
    for finding in in_force.findings:
        click.echo(f"warning: {POLICY_FILE}: {finding.message}; this value is left out", err=True)
    rows = [row for row in in_force.settings() if not keys or any(key in row[0] for key in keys)]
    if not rows:
        raise UserError(f"no setting has {' or '.join(keys)} in its name", "policy show without a key lists all")
    if as_json:
        click.echo(
            json.dumps([{"key": key, "value": value, "origin": origin} for key, value, origin in rows], indent=2)
        )
        return EXIT_CLEAN
    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for key, value, origin in rows:
        shown = value if isinstance(value, str) else json.dumps(value)
        table.add_row(key, shown if len(shown) <= 300 else shown[:297] + "...", origin)
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)
    return EXIT_CLEAN


@policy.command(short_help="Check a policy file without applying it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def validate(file: str) -> int:
    """Check FILE: a repository's .chittyops-policy.yml, or a pack (a file that says `kind: pack`)."""
    with open(file, "rb") as stream:
        data = stream.read()
    catalogue = load()
    date = today(os.environ)
    if _is_pack(file, data):
        effective(catalogue, standard_pack(file), None, Overrides(), slug="", today=date)
        click.echo(f"{file}: valid pack")
        return EXIT_CLEAN
    findings = effective(catalogue, standard_pack(None), data, Overrides(), slug="", today=date).findings
    if not findings:
        click.echo(f"{file}: valid")
        return EXIT_CLEAN
    document = parse(file, data)
    for finding in findings:
        line, column = document.line_column(finding.span.start) if finding.span else (1, 1)
        click.echo(f"{file}:{line}:{column}: {finding.message}")
        for note in finding.notes:
            click.echo(f"  {note}")
    return EXIT_FINDINGS


def _is_pack(file: str, data: bytes) -> bool:
    root = parse(file, data).root
    return isinstance(root, Mapping) and text_of(root.get("kind")) == "pack"


def _in_force(pack: str | None, profile: str | None) -> Policy:
    root = enclosing_repository(".")
    snapshot = open_snapshot(root, os.environ) if root is not None else None
    return effective(
        load(),
        standard_pack(pack),
        snapshot.read(POLICY_FILE) if snapshot is not None else None,
        Overrides(profile=profile),
        slug=snapshot.slug if snapshot is not None else "",
        today=today(os.environ),
    )
