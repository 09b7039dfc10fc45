"""``chittyops-policy audit trend``, ``audit show`` and ``audit compare``."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from ..audit import audit_json
from ..audit.comparison import compare as compare_audits
from ..audit.comparison import lifetimes
from ..audit.result import JUDGED, NOT_REACHED, OUT_OF_SCOPE
from ..errors import EXIT_CLEAN
from ..model import SEVERITIES, counts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..audit.comparison import Change
    from ..audit.store import Store

_STORE = click.option("--store", metavar="FILE|URL", help="As for audit.")
_FORMAT = click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text")
_GRAVEST_FIRST = tuple(reversed(SEVERITIES))


@click.command(short_help="List the audits of a store with their totals.")
@_STORE
@_FORMAT
@click.option("--scope", "scopes", multiple=True, metavar="NAME", help="Only audits of exactly these scopes.")
@click.option("--within", type=click.FloatRange(min=0), default=24.0, metavar="HOURS", show_default=True)
@click.pass_context
def trend(context: click.Context, /, store: str | None, form: str, scopes: tuple[str, ...], within: float) -> int:
    """List the finished audits, the oldest first, and how long findings lived in the repositories of the last one.

    A finding lives from the audit that first saw it to the first one that no longer did: how exact that is depends on
    how often you audit. --within asks how many were gone after so many hours.
    """
    kept = _open(context, store)
    points = kept.trend(scopes=scopes or None)
    lives = lifetimes(kept.lives(points[-1].audit), within, points[-1].finished) if points else []
    if form == "json":
        _print_json(
            {
                "audits": [
                    {
                        "audit": point.audit,
                        "finished": point.finished,
                        "judged": point.judged,
                        "not_reached": point.unreached,
                        "open": dict(point.open),
                        "verdicts": dict(point.verdicts),
                        "fixed": dict(point.fixed),
                    }
                    for point in points
                ],
                "within_hours": within,
                "lifetimes": [
                    {
                        "severity": life.severity,
                        "fixed": life.fixed,
                        "fixed_in_time": life.in_time,
                        "open": life.open,
                        "overdue": life.overdue,
                        "median_hours": life.median,
                    }
                    for life in lives
                ],
            }
        )
        return EXIT_CLEAN
    if not points:
        click.echo(f"{kept.place} holds no finished audit.")
        return EXIT_CLEAN
    table = Table("audit", "judged", "not reached", *_GRAVEST_FIRST, "fixed", "pass", "fail", "unknown", box=None)
    for point in points:
        table.add_row(
            point.audit,
            str(point.judged),
            str(point.unreached),
            *(str(point.open[severity]) for severity in _GRAVEST_FIRST),
            str(sum(point.fixed.values())),
            *(str(point.verdicts[outcome]) for outcome in ("pass", "fail", "unknown")),
        )
    _print(table)
    for life in lives:
        hours = "" if life.median is None else f", half of them within {life.median:.0f} h"
        click.echo(
            f"{life.severity}: {life.fixed} fixed, {life.in_time} within {within:g} h{hours}; "
            f"{life.open} open, {life.overdue} for longer than {within:g} h"
        )
    return EXIT_CLEAN


@click.command(short_help="Show one audit of the store.")
@click.argument("name", default="latest")
@_STORE
@_FORMAT
@click.pass_context
def show(context: click.Context, /, name: str, store: str | None, form: str) -> int:
    """Show what became of each repository in the audit NAME: its name or the beginning of it, latest or previous.

    As JSON it is what report.json of that audit was.
    """
    kept = _open(context, store)
    audit = kept.audit(kept.named(name))
    if form == "json":
        click.echo(audit_json.render(audit), nl=False)
        return EXIT_CLEAN
    states = [standing.state for standing in audit.standings]
    click.echo(
        f"{audit.id}: {', '.join(audit.scopes)} by {audit.policy} ({audit.profile}), "
        f"{states.count(JUDGED)} judged, {states.count(OUT_OF_SCOPE)} out of scope, "
        f"{states.count(NOT_REACHED)} not reached"
    )
    table = Table("repository", *_GRAVEST_FIRST, "pass", "fail", "unknown", "", box=None, pad_edge=False)
    for standing in audit.standings:
        if standing.report is None:
            words = f"{standing.state.replace('-', ' ')}: {standing.reason}"
            table.add_row(standing.subject.slug, *[""] * (len(SEVERITIES) + 3), words)
            continue
        totals = counts([standing.report])
        table.add_row(
            standing.subject.slug,
            *(str(totals["open"][severity] or "") for severity in _GRAVEST_FIRST),
            *(str(totals["verdicts"][outcome]) for outcome in ("pass", "fail", "unknown")),
            "",
        )
    _print(table)
    for problem in audit.problems:
        click.echo(f"problem: {problem}")
    return EXIT_CLEAN


@click.command(short_help="Say what changed between two audits of the store.")
@click.argument("before", default="previous")
@click.argument("after", default="latest")
@_STORE
@_FORMAT
@click.pass_context
def compare(context: click.Context, /, before: str, after: str, store: str | None, form: str) -> int:
    """Say which findings are new or fixed and which controls turned between the audits BEFORE and AFTER.

    Compared are the repositories that both have judged. Without names it is the last audit and the one before it.
    """
    kept = _open(context, store)
    found = compare_audits(kept.audit(kept.named(before)), kept.audit(kept.named(after)))
    if form == "json":
        _print_json(
            {
                "before": found.before,
                "after": found.after,
                "added": list(found.added),
                "gone": list(found.gone),
                "new": [_finding(change) for change in found.new],
                "fixed": [_finding(change) for change in found.fixed],
                "remaining": found.remaining,
                "turned": [
                    {"repository": turn.slug, "control": turn.control, "before": turn.before, "after": turn.after}
                    for turn in found.turned
                ],
            }
        )
        return EXIT_CLEAN
    click.echo(f"from {found.before} to {found.after}")
    click.echo(f"{len(found.new)} new, {len(found.fixed)} fixed, {found.remaining} as before")
    for sign, changes in (("+", found.new), ("-", found.fixed)):
        for change in changes:
            finding = change.finding
            line = f":{finding.region.line}" if finding.region is not None else ""
            click.echo(f"{sign} {change.slug} {finding.path}{line} {finding.severity} {finding.rule}")
    for turn in found.turned:
        click.echo(f"  {turn.slug} {turn.control}: {turn.before} -> {turn.after}")
    for words, slugs in (("only in the later one", found.added), ("only in the earlier one", found.gone)):
        if slugs:
            click.echo(f"{words}: {', '.join(slugs)}")
    return EXIT_CLEAN


COMMANDS = (trend, show, compare)


def _open(context: click.Context, place: str | None) -> Store:
    # SQLAlchemy takes as long to load as all of the help.
    from ..audit.store import Store, default_store

    outer = context.parent.params.get("store") if context.parent is not None else None
    return Store(place or outer or default_store(os.environ))


def _finding(change: Change) -> dict[str, Any]:
    finding = change.finding
    return {
        "repository": change.slug,
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.region.line if finding.region is not None else None,
        "message": finding.message,
    }


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)
