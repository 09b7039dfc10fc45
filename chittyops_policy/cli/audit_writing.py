"""What ``audit`` does beside reporting: ``--fix``, ``--dry-run`` and ``--apply``."""

from __future__ import annotations

import os
import time

import click

from ..audit.result import JUDGED, Proposal
from ..errors import EXIT_CLEAN, EXIT_FINDINGS, UserError
from ..reporters.wording import plural
from .github_options import with_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from ..audit.application import Application
    from ..audit.progress import Progress
    from ..audit.proposals import Proposer
    from ..audit.question import Question
    from ..audit.result import Audit
    from ..audit.store import Store
    from ..hosts.access import Access

    F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option("--fix", is_flag=True, help="Open pull requests with the proven fixes of what was found."),
    click.option("--dry-run", is_flag=True, help="With --fix: only write plan.json and a patch for each repository."),
    click.option("--apply", "plan", metavar="FILE", help="Open the pull requests of a plan.json; refuse what moved."),
    click.option("--review", is_flag=True, help="With --fix: also the fixes that a person has to judge."),
    click.option("--only", multiple=True, metavar="RULE", help="With --fix: only the fixes of this rule."),
    click.option(
        "--max-prs", "limit", type=click.IntRange(0), metavar="N", help="At most N new pull requests in this run."
    ),
    click.option("--wave", metavar="RING", help="With --fix: only repositories of this ring of the pack; or all."),
)

EVERYONE = "all"
"""The wave that every repository is in."""

AGAIN = 1
"""How often repositories that moved while they were judged are judged and planned anew in one run."""


def writing_options(command: F) -> F:
    """Adds the options to a command."""
    return with_options(_OPTIONS, command)


def validate(given: Mapping[str, Any]) -> None:
    """Raises UserError for options that do not go together."""
    if given["plan"] is not None:
        if given["fix"]:
            raise UserError("--apply does what a plan says, --fix makes one", "leave one of them out")
        for name in ("owners", "repositories", "folders", "urls"):
            if given[name]:
                raise UserError("a plan names its repositories itself", "leave --org, --repo, --dir and --git out")
    for option, name in (("--dry-run", "dry_run"), ("--review", "review"), ("--only", "only"), ("--wave", "wave")):
        if given[name] and not given["fix"]:
            raise UserError(f"{option} does nothing by itself", "it belongs to --fix")
    if given["limit"] is not None and (given["dry_run"] or not (given["fix"] or given["plan"])):
        raise UserError("--max-prs limits what is opened", "it belongs to --fix without --dry-run, or to --apply")
    if given["fix"] and not given["dry_run"] and (given["folders"] or given["urls"]):
        raise UserError("pull requests are only opened on GitHub", "--fix --dry-run writes patches")


def proposer_of(given: Mapping[str, Any], question: Question) -> Proposer | None:
    """What gathers the fixes of a sweep; None without --fix. Raises UserError for an unknown rule or ring."""
    if not given["fix"]:
        return None
    from ..audit.proposals import Choice, Proposer  # with the fixer, which only --fix needs

    wave = "" if given["wave"] in (None, EVERYONE) else given["wave"]
    choice = Choice(given["review"], given["only"])
    return Proposer(question.catalogue, question.pack, question.today, choice, wave)


def act(
    given: Mapping[str, Any],
    audit: Audit,
    proposer: Proposer,
    access: Access | None,
    store: Store,
    progress: Progress,
    again: Callable[[tuple[str, ...]], None],
) -> tuple[list[str], bool]:
    """Writes the plan of a sweep and, but for --dry-run, carries it out.

    `access` is None with --dry-run for what is not on GitHub. `again` judges and plans some repositories anew. Sets the
    proposals of the standings. Gives sentences for a person, and whether everything that was wanted is there.
    """
    from ..audit.plan_files import PATCHES, PLAN, write_plan

    plan = proposer.plan(audit.started, audit.digest)
    write_plan(given["out"], plan)
    place = os.path.join(given["out"], PLAN)
    count = plural(len(plan.entries), "pull request")
    lines = [f"plan: {place}, {count}, patches in {os.path.join(given['out'], PATCHES)}"]
    if given["dry_run"]:
        show(audit, {slug: [Proposal("planned", branch=entry.branch)] for slug, entry in proposer.entries.items()})
        return lines, True
    assert access is not None
    application = _application(given, access, store, progress, proposer.pack.parameters, exact=False)
    done = application.run(plan)
    for _ in range(AGAIN):
        if not application.moved:
            break
        moved, application.moved = tuple(application.moved), []
        again(moved)
        entries = tuple(proposer.entries[slug.lower()] for slug in moved if slug.lower() in proposer.entries)
        done |= application.run(plan.of(entries))
        write_plan(given["out"], proposer.plan(audit.started, audit.digest))
    judged = {item.subject.slug.lower() for item in audit.standings if item.state == JUDGED}
    for slug, proposals in application.settle(judged - proposer.wanted - proposer.passed, proposer.choice.set).items():
        done.setdefault(slug, []).extend(proposals)
    show(audit, done)
    return [*lines, *summary(done)], application.complete


def apply(given: Mapping[str, Any], access: Access, store: Store, progress: Progress) -> tuple[list[str], bool]:
    """Carries out a plan that was reviewed. Gives and raises as `act`; UserError for a plan that cannot be used."""
    from ..audit.plan_files import read_plan
    from ..policy import standard_pack

    plan = read_plan(given["plan"])
    parameters = standard_pack(given["policy"]).parameters
    application = _application(given, access, store, progress, parameters, exact=True)
    return summary(application.run(plan)), application.complete


def _application(
    given: Mapping[str, Any],
    access: Access,
    store: Store,
    progress: Progress,
    parameters: Mapping[str, object],
    *,
    exact: bool,
) -> Application:
    from ..audit.application import Application
    from ..audit.journal import Journal
    from ..audit.proposals import Manner

    return Application(
        access.connection,
        Journal(store),
        Manner(parameters),
        exact=exact,
        limit=given["limit"],
        now=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        tell=progress.proposed,
    )


def show(audit: Audit, done: Mapping[str, list[Proposal]]) -> None:
    """Gives each standing the proposal that was made last."""
    for standing in audit.standings:
        proposals = done.get(standing.subject.slug.lower())
        if proposals:
            standing.proposal = proposals[-1]


def summary(done: Mapping[str, list[Proposal]]) -> list[str]:
    """How many pull requests are in which state, and each that somebody has to look at."""
    counts: dict[str, int] = {}
    lines: list[str] = []
    for slug, proposals in sorted(done.items()):
        for proposal in proposals:
            counts[proposal.state] = counts.get(proposal.state, 0) + 1
            if proposal.state not in ("open", "updated", "unchanged", "settled", "merged", "superseded"):
                lines.append(f"  {slug}: {proposal.state}" + (f", {proposal.reason}" if proposal.reason else ""))
    totals = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return [f"pull requests: {totals or 'none'}", *lines]


def exit_code(complete: bool) -> int:
    """0 where everything that was wanted is there, 1 where something was refused, held or not reached."""
    return EXIT_CLEAN if complete else EXIT_FINDINGS
