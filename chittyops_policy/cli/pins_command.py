"""``chittyops-policy pins show``, ``pins update`` and ``pins verify``."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from ..checking import open_snapshot, require_repository, today
from ..errors import EXIT_CLEAN, EXIT_FINDINGS, WorldError
from ..hosts.github import GitHub, github_host, token_of
from ..pin_lock import PIN_LOCK
from ..pinning import RIGHT, UNCERTAIN, WRONG, pin_sources, rows, verify, write_lock
from ..pinning import update as update_pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..pins import PinSources
    from ..snapshot import Snapshot


_PATH = click.argument("path", default=".", type=click.Path(exists=True, file_okay=False))
_OFFLINE = click.option("--offline", is_flag=True, help="Ask nobody, even where a token is set.")
_BASE_URL = click.option(
    "--base-url", metavar="URL", default="", help="The API of a GitHub Enterprise: https://HOST/api/v3."
)


@click.group(short_help="Show, update or verify which commits actions are pinned to.")
def pins() -> None:
    """Show, update or verify which commits the actions of the repository around PATH are pinned to.

    GitHub is asked where GITHUB_TOKEN or GH_TOKEN holds a token; one without any scope can read public actions.
    Otherwise the dated pack that ships with this program answers.
    """


@pins.command(short_help="List what is used, at which commit, and the newest release of its major version.")
@_PATH
@_BASE_URL
@_OFFLINE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(path: str, base_url: str, offline: bool, as_json: bool) -> int:
    """List each action at each reference: which version that is, the newest known one, and where that is known from."""
    host = _host(base_url, offline)
    _, snapshot, known = _open(path, host)
    found = rows(snapshot, known)
    _say_problems(host)
    if as_json:
        listed = [
            {
                "repository": row.used.slug,
                "ref": row.used.ref,
                "pinned": row.used.pinned,
                "comment": row.used.stated,
                "version": row.version,
                "newest": row.newest,
                "origin": row.origin,
                "places": [{"path": place, "line": line} for place, line in row.used.places],
            }
            for row in found
        ]
        click.echo(json.dumps(listed, indent=2))
        return EXIT_CLEAN
    if not found:
        click.echo("No action of another repository is used here.")
        return EXIT_CLEAN
    table = Table("action", "pinned to", "is", "newest", "known from", "places", box=None, pad_edge=False)
    for row in found:
        pinned = row.used.ref[:12] if row.used.pinned else f"{row.used.ref} (not pinned)"
        table.add_row(
            row.used.slug,
            pinned,
            row.version or "?",
            row.newest or "?",
            row.origin or "nobody",
            str(len(row.used.places)),
        )
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)
    return EXIT_CLEAN


@pins.command(short_help="Write which commit each used version is into the lock file.")
@_PATH
@_BASE_URL
@_OFFLINE
def update(path: str, base_url: str, offline: bool) -> int:
    """Write which commit each used version is into .github/chittyops-pins.yml.

    A major version resolves to its newest release, never to another major version. A tag that names another commit than
    before, and a commit that no branch and no tag of the repository leads to, are refused: the exit code is then 1, and
    what the lock had stays.
    """
    host = _host(base_url, offline)
    root, snapshot, known = _open(path, host)
    result = update_pins(snapshot, known)
    _say_problems(host)
    for lack in result.lacks:
        click.echo(f"left out: {lack}", err=True)
    for doubt in result.doubts:
        click.echo(f"look at: {doubt}", err=True)
    for alarm in result.alarms:
        click.echo(f"refused: {alarm}", err=True)
    changed = write_lock(root, result.pins)
    count = sum(map(len, result.pins.values()))
    asked = "GitHub" if host is not None else f"the pack of {known.pack.date}"
    click.echo(f"{PIN_LOCK}: {count} pins, {'updated' if changed else 'unchanged'}, by {asked}")
    return EXIT_FINDINGS if result.alarms else EXIT_CLEAN


@pins.command("verify", short_help="Compare the lock and every pin with GitHub or the pack.")
@_PATH
@_BASE_URL
@_OFFLINE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_command(path: str, base_url: str, offline: bool, as_json: bool) -> int:
    """Compare each line of the lock and each pinned reference with GitHub or the pack.

    Wrong are a tag that names another commit by now, a commit that belongs to no branch and no tag of its repository,
    the id of a tag in place of a commit, and a comment that names another version. The exit code is then 1; what cannot
    be told is said to be unknown and changes nothing.
    """
    host = _host(base_url, offline)
    _, snapshot, known = _open(path, host)
    found = verify(snapshot, known)
    _say_problems(host)
    if as_json:
        listed = [{"outcome": item.outcome, "subject": item.subject, "reason": item.reason} for item in found]
        click.echo(json.dumps(listed, indent=2))
    else:
        for item in found:
            click.echo(f"{item.outcome:8}{item.subject}: {item.reason}")
        counts = [f"{sum(item.outcome == kind for item in found)} {kind}" for kind in (RIGHT, WRONG, UNCERTAIN)]
        click.echo(", ".join(counts))
    return EXIT_FINDINGS if any(item.outcome == WRONG for item in found) else EXIT_CLEAN


def _host(base_url: str, offline: bool) -> GitHub | None:
    """GitHub where there is a token and nobody forbids it. Raises UserError for an address without a token."""
    if offline or not (token_of(os.environ) or base_url):
        return None
    return github_host(os.environ, today(os.environ), base_url)


def _open(path: str, host: GitHub | None) -> tuple[str, Snapshot, PinSources]:
    root = require_repository(path)
    snapshot = open_snapshot(root, os.environ)
    return root, snapshot, pin_sources(snapshot, host)


def _say_problems(host: GitHub | None) -> None:
    """Says what GitHub did not answer. Raises WorldError where it answered nothing at all."""
    if host is None:
        return
    if host.silent:
        raise WorldError(host.problems[-1], "--offline takes the commits from the pack that ships with this program")
    for problem in host.problems:
        click.echo(f"warning: {problem}", err=True)
