"""``chittyops-policy metrics``."""

from __future__ import annotations

import json
import os
import sys
import time

import click

from ..checking import print_out
from ..errors import EXIT_CLEAN, EXIT_FINDINGS, UserError
from ..policy import standard_pack
from .github_options import access_of, github_options, require_scope, selection_of, source_of, store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..audit.result import Subject
    from ..hosts.access import Access
    from ..metrics.records import Records
    from ..metrics.targets import Targets
    from ..policy import Pack


@click.command(short_help="Measure runs, deployments and patches against the pack's targets.")
@github_options
@click.option("--window", metavar="DAYS", help="How far to look back, such as 30 or 30d; else as the pack says.")
@click.option("--since", metavar="DATE", help="The first day, YYYY-MM-DD, instead of --window.")
@click.option("--workflows", is_flag=True, help="Show every workflow, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is printed.")
def metrics(**given: Any) -> int:
    """Measure how runs succeed, how long builds and deployments take, and how fast critical holes are patched.

    \b
      chittyops-policy metrics --org ChittyOS --window 30

    What each figure counts is in docs/metrics.md and in the JSON. The exit code is 1 where an organisation misses a
    target, or where a repository could not be listed; what is unknown, or rests on too little, fails nothing.
    """
    from ..metrics.figures import ORGANISATION, REPOSITORY, WORKFLOW, measure, missed
    from ..metrics.targets import read_targets

    require_scope(given)
    access = access_of(given)
    pack = standard_pack(given["policy"])
    targets = read_targets(pack.parameters)
    until = _now()
    records, problems = _records(given, access, pack, targets, _since(given, targets.window, until), until)
    found = measure(records, targets)
    if given["form"] == "json":
        from ..metrics.document import metrics_document

        print_out(json.dumps(metrics_document(found), indent=2) + "\n")
    else:
        from ..metrics.text import metrics_text

        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        levels = (ORGANISATION, REPOSITORY, WORKFLOW) if given["workflows"] else (ORGANISATION, REPOSITORY)
        print_out(metrics_text(found, color=color, levels=levels))
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)
    return EXIT_FINDINGS if missed(found) or problems else EXIT_CLEAN


def _records(
    given: dict[str, Any], access: Access, pack: Pack, targets: Targets, since: float, until: float
) -> tuple[Records, list[str]]:
    # SQLAlchemy and PyGithub are loaded only for this, not for every other command.
    from ..audit.result import Standing
    from ..metrics.gathering import gather_all

    store = store_of()
    source = source_of(given, access, store)
    chosen: list[Subject] = []
    problems: list[str] = []
    selection = selection_of(given)
    try:
        for found in source.subjects():
            if isinstance(found, Standing):
                problems.append(f"{found.subject.slug}: not reached: {found.reason}")
            elif not selection.outside(found, pack.scope):
                chosen.append(found)
        problems += source.problems
    finally:
        source.close()
        store.close()

    asked = [(subject.slug, subject.branch) for subject in chosen]
    return gather_all(access, asked, since, until, timed=targets.timed, jobs=given["jobs"]), problems


def _since(given: dict[str, Any], window: int, until: float) -> float:
    """The first second of the window. Raises UserError for what is no date or number of days."""
    from ..metrics.gathering import moment

    if given["since"] and given["window"]:
        raise UserError("--since and --window say the same", "give one of them")
    if given["since"]:
        try:
            since = moment(given["since"])
        except ValueError as error:
            raise UserError(f"--since: {given['since']!r} is no date", "write YYYY-MM-DD") from error
        if since >= until:
            raise UserError(f"--since: {given['since']} is not past yet", "give an earlier day")
        return since
    days = (given["window"] or str(window)).removesuffix("d")
    if not (days.isascii() and days.isdigit() and 0 < int(days) <= 400):
        raise UserError(f"--window: {given['window']!r} is no number of days", "write 30 or 30d, at most 400")
    return until - int(days) * 86400


def _now() -> float:
    """SOURCE_DATE_EPOCH, where output is to be the same each time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return float(epoch) if epoch.isdigit() else time.time()
