"""An audit as one page of Markdown, for a job summary or a message: totals, the worst, and what is not known."""

from __future__ import annotations

from chittyops_policy import model
from chittyops_policy.reporters.markdown import code, escape
from chittyops_policy.reporters.wording import plural

from . import figures
from .result import NOT_REACHED, OUT_OF_SCOPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .result import Audit

MOST = 20
"""Rows of a list at most; the other files of the folder hold all of them."""


def render(audit: Audit) -> str:
    """The summary, which ends in a line break."""
    return "\n".join(_lines(audit)) + "\n"


def headline(audit: Audit) -> str:
    """The audit in one sentence."""
    judged = audit.judged
    conforming = sum(figures.conforms(standing) for standing in judged)
    totals = model.counts([standing.report for standing in judged if standing.report is not None])
    found = [f"{totals['open'][name]} {name}" for name in figures.GRAVEST_FIRST if totals["open"][name]]
    count = plural(totals["states"][model.OPEN], "open finding")
    return (
        f"{conforming} of {plural(len(judged), 'judged repository', 'judged repositories')} "
        f"{'has' if conforming == 1 else 'have'} no failing control; {count}"
        f"{' (' + ', '.join(found) + ')' if found else ''}."
    )


def coverage(audit: Audit) -> str:
    """How much of what there is was judged, in one sentence."""
    states = [standing.state for standing in audit.standings]
    return (
        f"Of {plural(len(states), 'repository', 'repositories')}, {len(audit.judged)} "
        f"{'was' if len(audit.judged) == 1 else 'were'} judged, {states.count(NOT_REACHED)} not reached, "
        f"{states.count(OUT_OF_SCOPE)} out of scope."
    )


def _lines(audit: Audit) -> Iterator[str]:
    yield f"# Audit of {escape(', '.join(audit.scopes))}"
    yield ""
    yield f"**{headline(audit)}**"
    yield ""
    yield (f"{coverage(audit)} Policy {escape(audit.policy)}, profile {escape(audit.profile)}, audit {code(audit.id)}.")
    yield from _trend(audit)
    yield from _organisations(audit)
    yield from _controls(audit)
    yield from _worst(audit)
    yield from _rules(audit)
    yield from _measures(audit)
    yield from _unknown(audit)
    yield from _left_out(audit)
    yield from _proposals(audit)
    if audit.problems:
        yield from ("", "## Problems", "")
        yield from (f"- {escape(problem)}" for problem in audit.problems[:MOST])
        yield from _rest(audit.problems)


def _trend(audit: Audit) -> Iterator[str]:
    if len(audit.trend) < 2:
        return
    before, now = audit.trend[-2:]
    old, new = sum(before.open.values()), sum(now.open.values())
    fixed = sum(now.fixed.values())
    yield ""
    yield (
        f"Since {before.finished[:10]}: {plural(fixed, 'finding')} fixed, "
        f"{plural(max(new - old + fixed, 0), 'finding')} new; {old} open then, {new} now."
    )


def _organisations(audit: Audit) -> Iterator[str]:
    yield from ("", "## Organisations", "")
    names = [name for name in figures.GRAVEST_FIRST if name != "info"]
    yield f"| organisation | judged | no failing control | controls met | {' | '.join(names)} | not reached |"
    yield f"|---|--:|--:|--:|{'--:|' * len(names)}--:|"
    for row in figures.organisations(audit):
        met = figures.share(row.verdicts[model.PASS], row.answered)
        cells = [str(row.open[name]) for name in names]
        yield (
            f"| {escape(row.name) or 'without owner'} | {row.judged} | {row.conforming} | {met} | "
            f"{' | '.join(cells)} | {row.unreached} |"
        )


def _controls(audit: Audit) -> Iterator[str]:
    yield from ("", "## Controls", "")
    yield "| control | pass | fail | unknown | not applicable |"
    yield "|---|--:|--:|--:|--:|"
    for control, tally in figures.controls(audit):
        cells = " | ".join(str(tally[outcome]) for outcome in model.OUTCOMES)
        yield f"| {escape(control.title)} | {cells} |"


def _worst(audit: Audit) -> Iterator[str]:
    counted = [(standing, figures.open_by_severity(standing)) for standing in audit.judged]
    rows = [(standing, tally) for standing, tally in counted if any(tally[name] for name in ("critical", "high"))]
    if not rows:
        return
    rows.sort(key=lambda row: ([-row[1][name] for name in figures.GRAVEST_FIRST], row[0].subject.slug.lower()))
    yield from ("", "## Repositories with critical or high findings", "")
    yield "| repository | critical | high | medium | low |"
    yield "|---|--:|--:|--:|--:|"
    for standing, tally in rows[:MOST]:
        cells = " | ".join(str(tally[name]) for name in figures.GRAVEST_FIRST if name != "info")
        yield f"| {escape(standing.subject.slug)} | {cells} |"
    yield from _rest(rows)


def _rules(audit: Audit) -> Iterator[str]:
    rows = [row for row in figures.rules(audit) if row.open]
    if not rows:
        return
    yield from ("", "## Rules", "")
    yield "| rule | severity | open findings | repositories |"
    yield "|---|---|--:|--:|"
    for row in rows[:MOST]:
        yield f"| {escape(row.id)} | {row.severity} | {row.open} | {row.repositories} |"
    yield from _rest(rows)


def _measures(audit: Audit) -> Iterator[str]:
    if not audit.measures:
        return
    yield from ("", "## Performance targets", "")
    yield "| target | asked | measured | from | standing |"
    yield "|---|---|--:|--:|---|"
    for item in audit.measures:
        value = "unknown" if item.value is None else f"{item.value:.3g} {item.unit}"
        yield (
            f"| {escape(item.title)} | {escape(item.target)} | {value} | {item.samples} | "
            f"{item.outcome}{': ' + escape(item.reason) if item.reason else ''} |"
        )


def _unknown(audit: Audit) -> Iterator[str]:
    rows = figures.untold(audit)
    if not rows:
        return
    yield from ("", "## What cannot be told", "")
    for row in rows[:MOST]:
        asked = f"**{escape(row.permission)}** would tell: " if row.permission else "Nothing known would tell: "
        places = plural(row.repositories + row.unread, "repository", "repositories")
        yield f"- {asked}{escape(row.reasons[0])} ({', '.join(row.controls) or 'not read'}; {places})"
    yield from _rest(rows)


def _left_out(audit: Audit) -> Iterator[str]:
    for state, title in ((NOT_REACHED, "Not reached"), (OUT_OF_SCOPE, "Out of scope")):
        rows = figures.by_reason(audit, state)
        if not rows:
            continue
        yield from ("", f"## {title}", "")
        for reason, _, standings in rows[:MOST]:
            slugs = [escape(standing.subject.slug) for standing in standings[:MOST]]
            more = f" and {len(standings) - MOST} more" if len(standings) > MOST else ""
            yield f"- {escape(reason)}: {', '.join(slugs)}{more}"
        yield from _rest(rows)


def _proposals(audit: Audit) -> Iterator[str]:
    rows = [(standing, standing.proposal) for standing in audit.standings if standing.proposal is not None]
    if not rows:
        return
    yield from ("", "## Pull requests", "")
    for standing, proposal in rows[:MOST]:
        where = f" {escape(proposal.url)}" if proposal.url else ""
        why = f": {escape(proposal.reason)}" if proposal.reason else ""
        yield f"- {escape(standing.subject.slug)}: {proposal.state}{where}{why}"
    yield from _rest(rows)


def _rest(rows: Sequence[object]) -> Iterator[str]:
    if len(rows) > MOST:
        yield ""
        yield f"… and {len(rows) - MOST} more."
