"""What changed between two audits, and how long findings live."""

from __future__ import annotations

from datetime import datetime

from chittyops_policy.model import OPEN, SEVERITIES, Value

from .result import JUDGED, untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.model import Decision

    from .result import Audit, Standing


class Change(Value):
    """A finding that only one of two audits has."""

    __slots__ = ("finding", "slug")

    def __init__(self, slug: str, finding: Decision) -> None:
        self.slug = slug
        self.finding = finding


class Turn(Value):
    """A control of a repository whose outcome is another one than before."""

    __slots__ = ("after", "before", "control", "slug")

    def __init__(self, slug: str, control: str, before: str, after: str) -> None:
        self.slug = slug
        self.control = control
        self.before = before
        self.after = after


class Comparison(Value):
    """Two audits side by side; only repositories that both have judged are compared.

    added, gone   slugs that only the later or only the earlier audit has judged
    new, fixed    findings that count (open) in only one of them
    remaining     how many count in both
    turned        outcomes of controls that differ
    """

    __slots__ = ("added", "after", "before", "fixed", "gone", "new", "remaining", "turned")

    def __init__(
        self,
        before: str,
        after: str,
        added: tuple[str, ...],
        gone: tuple[str, ...],
        new: tuple[Change, ...],
        fixed: tuple[Change, ...],
        remaining: int,
        turned: tuple[Turn, ...],
    ) -> None:
        self.before = before
        self.after = after
        self.added = added
        self.gone = gone
        self.new = new
        self.fixed = fixed
        self.remaining = remaining
        self.turned = turned


def compare(before: Audit, after: Audit) -> Comparison:
    """What the second audit says that the first did not, and the other way round."""
    first, second = _judged(before), _judged(after)
    new: list[Change] = []
    fixed: list[Change] = []
    turned: list[Turn] = []
    remaining = 0
    for key in sorted(first.keys() & second.keys()):
        slug = second[key].subject.slug
        old, now = _open(first[key]), _open(second[key])
        new += [Change(slug, finding) for name, finding in now.items() if name not in old]
        report = second[key].report
        assert report is not None
        told = {rule.id for rule in report.rules_run} - untold(after.controls, report)
        fixed += [Change(slug, finding) for name, finding in old.items() if name not in now and finding.rule in told]
        remaining += len(old.keys() & now.keys())
        outcomes = _outcomes(first[key])
        turned += [
            Turn(slug, control, outcomes[control], outcome)
            for control, outcome in _outcomes(second[key]).items()
            if outcomes.get(control, outcome) != outcome
        ]
    return Comparison(
        before.id,
        after.id,
        tuple(second[key].subject.slug for key in sorted(second.keys() - first.keys())),
        tuple(first[key].subject.slug for key in sorted(first.keys() - second.keys())),
        tuple(new),
        tuple(fixed),
        remaining,
        tuple(turned),
    )


class Lifetime(Value):
    """How long findings of one severity lived, as audits saw it.

    fixed     how many are gone; `in_time` those of them that were gone within the time asked about
    open      how many are still there; `overdue` those of them that are older than that
    median    hours from first seen to gone, over the fixed ones; None where there is none
    """

    __slots__ = ("fixed", "in_time", "median", "open", "overdue", "severity")

    def __init__(self, severity: str, fixed: int, in_time: int, open: int, overdue: int, median: float | None) -> None:
        self.severity = severity
        self.fixed = fixed
        self.in_time = in_time
        self.open = open
        self.overdue = overdue
        self.median = median


def lifetimes(rows: Iterable[tuple[str, str, str]], hours: float, now: str) -> list[Lifetime]:
    """Lifetimes by severity, the gravest first, of rows (severity, first seen, gone or '')."""
    ages: dict[str, tuple[list[float], list[float]]] = {}
    for severity, first, gone in rows:
        fixed, still = ages.setdefault(severity, ([], []))
        (fixed if gone else still).append(_hours(first, gone or now))
    found = []
    for severity in reversed(SEVERITIES):
        if severity in ages:
            fixed, still = ages[severity]
            fixed.sort()
            found.append(
                Lifetime(
                    severity,
                    len(fixed),
                    sum(age <= hours for age in fixed),
                    len(still),
                    sum(age > hours for age in still),
                    fixed[len(fixed) // 2] if fixed else None,
                )
            )
    return found


def _judged(audit: Audit) -> dict[str, Standing]:
    return {item.subject.slug.lower(): item for item in audit.standings if item.state == JUDGED}


def _open(standing: Standing) -> dict[str, Decision]:
    assert standing.report is not None
    return {item.fingerprint: item for item in standing.report.decisions if item.state == OPEN}


def _outcomes(standing: Standing) -> dict[str, str]:
    assert standing.report is not None
    return {verdict.control: verdict.outcome for verdict in standing.report.verdicts}


def _hours(first: str, last: str) -> float:
    return (_moment(last) - _moment(first)).total_seconds() / 3600


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
