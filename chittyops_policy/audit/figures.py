"""The tables behind every form of an audit's report: organisations, controls, rules, exceptions, what cannot be told.

They are counted here and nowhere else, so that the page, the summary and the tables never differ.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from chittyops_policy.model import (
    EXCEPTED,
    FAIL,
    OPEN,
    PASS,
    SEVERITIES,
    UNKNOWN,
    Problem,
    Report,
    Value,
    Waiver,
    severity_rank,
)

from .result import JUDGED, NOT_REACHED, OUT_OF_SCOPE, Audit, Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chittyops_policy.model import Decision, RuleInfo

    from .result import Control

GRAVEST_FIRST = tuple(reversed(SEVERITIES))


class Organisation(Value):
    """How the repositories of one owner stand.

    conforming  judged repositories in which no control fails
    open        open findings by severity
    verdicts    verdicts by outcome
    """

    __slots__ = ("conforming", "judged", "name", "open", "outside", "unreached", "verdicts")

    def __init__(self, name: str) -> None:
        self.name = name
        self.judged = 0
        self.unreached = 0
        self.outside = 0
        self.conforming = 0
        self.open: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()

    @property
    def answered(self) -> int:
        """Verdicts that say yes or no."""
        return self.verdicts[PASS] + self.verdicts[FAIL]


class RuleCount(Value):
    """The findings of one rule; `severity` is the gravest of its open ones, or what the policy gives it."""

    __slots__ = ("aside", "id", "open", "repositories", "severity", "title")

    def __init__(self, rule: RuleInfo) -> None:
        self.id = rule.id
        self.title = rule.title
        self.severity = rule.severity
        self.open = 0
        self.aside = 0
        self.repositories = 0


class Excused(Value):
    """An excepted finding. `seen` is the date of the audit that saw it first, '' where that is not known."""

    __slots__ = ("decision", "seen", "slug", "waiver")

    def __init__(self, slug: str, decision: Decision, waiver: Waiver, seen: str) -> None:
        self.slug = slug
        self.decision = decision
        self.waiver = waiver
        self.seen = seen


class Untold(Value):
    """Verdicts that one permission, or one input, would tell.

    permission  '' where none is known to help
    controls    control id → number of repositories
    reasons     why it cannot be told, the most frequent first
    unread      repositories that were not read at all for want of it
    """

    __slots__ = ("controls", "permission", "reasons", "repositories", "unread")

    def __init__(
        self,
        permission: str,
        controls: Mapping[str, int],
        reasons: tuple[str, ...],
        repositories: int,
        unread: int,
    ) -> None:
        self.permission = permission
        self.controls = controls
        self.reasons = reasons
        self.repositories = repositories
        self.unread = unread


def presentable(audit: Audit) -> Audit:
    """The audit without the names of files that no rule has read; how many there are stays."""
    return Audit(
        audit.id,
        started=audit.started,
        finished=audit.finished,
        source=audit.source,
        scopes=audit.scopes,
        policy=audit.policy,
        profile=audit.profile,
        digest=audit.digest,
        controls=audit.controls,
        standings=tuple(_presentable(standing) for standing in audit.standings),
        trend=audit.trend,
        problems=audit.problems,
        measures=audit.measures,
    )


def _presentable(standing: Standing) -> Standing:
    report = standing.report
    if report is None:
        return standing
    unread = {problem.path for problem in report.problems if problem.kind == "skipped" and problem.path}
    if not unread:
        return standing
    count = f"{len(unread)} file{'' if len(unread) == 1 else 's'} that no rule reads"
    problems = [problem for problem in report.problems if problem.path not in unread or problem.kind != "skipped"]
    return Standing(
        standing.subject,
        standing.state,
        reason=standing.reason,
        permission=standing.permission,
        report=Report(
            report.subject,
            report.root,
            report.revision,
            report.scope,
            report.profile,
            report.policy,
            tuple(path for path in report.files if path not in unread),
            report.decisions,
            report.verdicts,
            (Problem("skipped", "", count), *problems),
            report.rules_run,
            report.fail_on,
        ),
        projects=standing.projects,
        ring=standing.ring,
        first_seen=standing.first_seen,
        known=standing.known,
        proposal=standing.proposal,
    )


def conforms(standing: Standing) -> bool:
    """Whether a repository was judged and no control fails in it; what cannot be told does not count against it."""
    return standing.report is not None and not any(verdict.outcome == FAIL for verdict in standing.report.verdicts)


def findings(audit: Audit) -> Iterator[tuple[Standing, Decision]]:
    """Every finding in any state with its repository, in the order of the repositories."""
    for standing in audit.standings:
        if standing.report is not None:
            for decision in standing.report.decisions:
                yield standing, decision


def open_by_severity(standing: Standing) -> Counter[str]:
    """Open findings of a repository by severity."""
    decisions = standing.report.decisions if standing.report is not None else ()
    return Counter(decision.severity for decision in decisions if decision.state == OPEN)


def organisations(audit: Audit) -> list[Organisation]:
    """One row an owner, by name; '' is the row of what has no owner."""
    found: dict[str, Organisation] = {}
    for standing in audit.standings:
        owner = standing.subject.owner
        row = found.setdefault(owner.lower(), Organisation(owner))
        row.judged += standing.state == JUDGED
        row.unreached += standing.state == NOT_REACHED
        row.outside += standing.state == OUT_OF_SCOPE
        row.conforming += conforms(standing)
        row.open += open_by_severity(standing)
        if standing.report is not None:
            row.verdicts.update(verdict.outcome for verdict in standing.report.verdicts)
    return [found[name] for name in sorted(found)]


def controls(audit: Audit) -> list[tuple[Control, Counter[str]]]:
    """Each control with how many repositories have which outcome."""
    found: dict[str, Counter[str]] = {control.id: Counter() for control in audit.controls}
    for standing in audit.judged:
        assert standing.report is not None
        for verdict in standing.report.verdicts:
            found.setdefault(verdict.control, Counter())[verdict.outcome] += 1
    return [(control, found[control.id]) for control in audit.controls]


def outcomes(standing: Standing) -> dict[str, str]:
    """Control id → outcome, of a judged repository."""
    verdicts = standing.report.verdicts if standing.report is not None else ()
    return {verdict.control: verdict.outcome for verdict in verdicts}


def rules(audit: Audit) -> list[RuleCount]:
    """Every rule that found something, with most open findings first."""
    known: dict[str, RuleCount] = {}
    severities: dict[str, str] = {}
    for standing in audit.judged:
        assert standing.report is not None
        for rule in standing.report.rules_run:
            known.setdefault(rule.id, RuleCount(rule))
        hit: set[str] = set()
        for decision in standing.report.decisions:
            if decision.rule not in known:
                continue
            row = known[decision.rule]
            if decision.state == OPEN:
                hit.add(decision.rule)
                row.open += 1
                gravest = severities.get(decision.rule)
                if gravest is None or severity_rank(decision.severity) > severity_rank(gravest):
                    severities[decision.rule] = decision.severity
            else:
                row.aside += 1
        for id in hit:
            known[id].repositories += 1
    for id, severity in severities.items():
        known[id].severity = severity
    found = [row for row in known.values() if row.open or row.aside]
    return sorted(found, key=lambda row: (-row.open, -row.aside, row.id))


def excused(audit: Audit) -> list[Excused]:
    """Every excepted finding, the oldest first; those of unknown age last."""
    found = [
        Excused(
            standing.subject.slug,
            decision,
            decision.waiver or Waiver(decision.reason, ""),
            standing.first_seen.get(decision.fingerprint, ""),
        )
        for standing, decision in findings(audit)
        if decision.state == EXCEPTED
    ]
    return sorted(found, key=lambda item: (item.seen or "9999", item.slug, item.decision.path, item.decision.rule))


def untold(audit: Audit) -> list[Untold]:
    """What could not be told, by the permission that would tell; what concerns most verdicts first."""
    groups: dict[str, tuple[Counter[str], Counter[str], set[str], set[str]]] = {}
    for standing in audit.standings:
        slug = standing.subject.slug
        if standing.state == NOT_REACHED:
            # Only a permission is a way out; any other reason stands in the list of what was not reached.
            if standing.permission:
                group = groups.setdefault(standing.permission, (Counter(), Counter(), set(), set()))
                group[1][standing.reason] += 1
                group[3].add(slug)
            continue
        for verdict in standing.report.verdicts if standing.report is not None else ():
            if verdict.outcome == UNKNOWN:
                group = groups.setdefault(verdict.permission, (Counter(), Counter(), set(), set()))
                group[0][verdict.control] += 1
                group[1][verdict.reason] += 1
                group[2].add(slug)
    rows = [
        Untold(
            permission,
            dict(sorted(told.items(), key=lambda item: (-item[1], item[0]))),
            tuple(reason for reason, _ in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
            len(slugs),
            len(unread),
        )
        for permission, (told, reasons, slugs, unread) in groups.items()
    ]
    return sorted(rows, key=lambda row: (-sum(row.controls.values()), -row.unread, row.permission))


def by_reason(audit: Audit, state: str) -> list[tuple[str, str, list[Standing]]]:
    """(reason, permission, repositories) of the repositories in a state, the reason of most first."""
    found: dict[tuple[str, str], list[Standing]] = {}
    for standing in audit.standings:
        if standing.state == state:
            found.setdefault((standing.reason, standing.permission), []).append(standing)
    rows = [(reason, permission, standings) for (reason, permission), standings in found.items()]
    return sorted(rows, key=lambda row: (-len(row[2]), row[0]))


def days(earlier: str, later: str) -> int | None:
    """Days between two ISO dates, or times; None where one of them is none."""
    try:
        return (date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days
    except ValueError:
        return None


def share(part: int, whole: int) -> str:
    """``63 %``; 100 % only for all of it and 0 % only for none of it; a dash where there is nothing to share."""
    if not whole:
        return "–"
    if 0 < part < whole:
        return f"{min(max(round(100 * part / whole), 1), 99)} %"
    return "100 %" if part else "0 %"
