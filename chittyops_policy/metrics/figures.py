"""From records to figures, for organisations, repositories and workflows; pure."""

from __future__ import annotations

import time
from statistics import fmean, median

from chittyops_policy.model import Value

from .records import ALERTS, DEPLOYMENTS, FAILURE, RUNS, SUCCESS, Records
from .targets import METRICS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .records import Alert, Deployment, Lack, Run
    from .targets import Metric, Target, Targets

MET = "met"
MISSED = "missed"
UNKNOWN = "unknown"
NOT_APPLICABLE = "not-applicable"
OUTCOMES = (MET, MISSED, UNKNOWN, NOT_APPLICABLE)

ORGANISATION = "organization"
REPOSITORY = "repository"
WORKFLOW = "workflow"

FAILED = ("failure", "timed_out", "startup_failure")
"""Conclusions of a run that count as its failure; ``success`` is the other that counts."""

DAY = 86400
LONG = 45
"""A window of more days is charted by weeks."""


class Figure(Value):
    """One number with what it rests on.

    value     in the metric's unit; None where there is none
    sample    how many records it is made of
    left_out  why records do not count → how many
    middle    the median of times; None for rates
    queued    the mean wait for a runner before the first job, for the build time
    outcome   one of OUTCOMES; `reason` says why it is unknown or does not apply, `permission` what would tell
    unseen    repositories of the scope of which the records could not be had
    """

    __slots__ = (
        "left_out", "metric", "middle", "outcome", "permission", "queued", "reason", "sample", "target", "unseen",
        "value",
    )  # fmt: skip

    def __init__(
        self,
        metric: Metric,
        target: Target | None,
        outcome: str,
        *,
        value: float | None = None,
        sample: int = 0,
        left_out: Mapping[str, int] | None = None,
        middle: float | None = None,
        queued: float | None = None,
        reason: str = "",
        permission: str = "",
        unseen: int = 0,
    ) -> None:
        self.metric = metric
        self.target = target
        self.outcome = outcome
        self.value = value
        self.sample = sample
        self.left_out = left_out or {}
        self.middle = middle
        self.queued = queued
        self.reason = reason
        self.permission = permission
        self.unseen = unseen


class Point(Value):
    """A day or a week of a chart: the first day as YYYY-MM-DD, attempts that count, and the mean build time."""

    __slots__ = ("build_seconds", "date", "failed", "succeeded")

    def __init__(self, date: str, succeeded: int, failed: int, build_seconds: float | None) -> None:
        self.date = date
        self.succeeded = succeeded
        self.failed = failed
        self.build_seconds = build_seconds


class Row(Value):
    """The figures of one scope: `level` is ORGANISATION, REPOSITORY or WORKFLOW.

    name    ``acme``, ``acme/shop`` or ``acme/shop .github/workflows/ci.yml``
    points  the window day by day, or week by week where it is long
    """

    __slots__ = ("figures", "level", "name", "points")

    def __init__(self, level: str, name: str, figures: tuple[Figure, ...], points: tuple[Point, ...]) -> None:
        self.level = level
        self.name = name
        self.figures = figures
        self.points = points


class Metrics(Value):
    """All figures of a window; dates are YYYY-MM-DD in UTC.

    rows   organisations, then repositories, then workflows, by name
    lacks  what could not be had
    """

    __slots__ = ("lacks", "rows", "since", "until")

    def __init__(self, since: str, until: str, rows: tuple[Row, ...], lacks: tuple[Lack, ...]) -> None:
        self.since = since
        self.until = until
        self.rows = rows
        self.lacks = lacks

    def of(self, level: str) -> tuple[Row, ...]:
        """The rows of one level."""
        return tuple(row for row in self.rows if row.level == level)


def measure(records: Records, targets: Targets) -> Metrics:
    """The figures of everything that was gathered."""
    deploying = {id for deployment in records.deployments for id in deployment.runs}
    shipping = {(run.repository, run.workflow) for run in records.runs if run.id in deploying}
    owners = sorted({slug.partition("/")[0] for slug in records.repositories}, key=str.lower)
    scopes = [(ORGANISATION, owner, _part(records, owner + "/")) for owner in owners]
    scopes += [(REPOSITORY, slug, _part(records, slug)) for slug in sorted(records.repositories, key=str.lower)]
    for repository, workflow in sorted({(run.repository, run.workflow) for run in records.runs}):
        scopes.append((WORKFLOW, f"{repository} {workflow}", _of_workflow(records, repository, workflow)))
    rows = tuple(_row(level, name, part, targets, shipping) for level, name, part in scopes)
    return Metrics(_date(records.since), _date(records.until), rows, records.lacks)


def missed(metrics: Metrics) -> bool:
    """Whether an organisation misses a target; single repositories and workflows only explain."""
    return any(figure.outcome == MISSED for row in metrics.of(ORGANISATION) for figure in row.figures)


# ------------------------------------------------------------------------------------------------------- scopes


def _part(records: Records, prefix: str) -> Records:
    """The records of one repository, or of all that start with ``owner/``."""

    def inside(slug: str) -> bool:
        return slug.startswith(prefix) if prefix.endswith("/") else slug == prefix

    return Records(
        since=records.since,
        until=records.until,
        repositories=tuple(slug for slug in records.repositories if inside(slug)),
        runs=tuple(run for run in records.runs if inside(run.repository)),
        deployments=tuple(item for item in records.deployments if inside(item.repository)),
        alerts=tuple(alert for alert in records.alerts if inside(alert.repository)),
        lacks=tuple(lack for lack in records.lacks if inside(lack.repository)),
    )


def _of_workflow(records: Records, repository: str, workflow: str) -> Records:
    runs = tuple(run for run in records.runs if (run.repository, run.workflow) == (repository, workflow))
    ids = {run.id for run in runs}
    return Records(
        since=records.since,
        until=records.until,
        repositories=(repository,),
        runs=runs,
        deployments=tuple(item for item in records.deployments if ids.intersection(item.runs)),
    )


def _row(level: str, name: str, part: Records, targets: Targets, shipping: set[tuple[str, str]]) -> Row:
    building = [run for run in part.runs if (run.repository, run.workflow) not in shipping]
    found = {
        "workflow_success_rate": _run_rate(part.runs),
        "average_build_time": _build_time(building),
        "deployment_success_rate": _deployment_rate(part.deployments),
        "average_deployment_time": _deployment_time(part.deployments),
        "critical_patch_time": _patch_time(part.alerts, part.until, targets.targets.get("critical_patch_time")),
    }
    figures = [
        _judged(metric, found[metric.id], part, targets)
        for metric in METRICS
        if level != WORKFLOW or metric.source != ALERTS
    ]
    return Row(level, name, tuple(figures), _points(part, building))


# ------------------------------------------------------------------------------------------------------ figures


class _Raw:
    """A figure before anybody asks whether it is good: the values that it is made of, and what was left out."""

    __slots__ = ("left_out", "queued", "sample", "value", "values")

    def __init__(
        self,
        value: float | None,
        sample: int,
        left_out: Mapping[str, int],
        values: Sequence[float] = (),
        queued: float | None = None,
    ) -> None:
        self.value = value
        self.sample = sample
        self.left_out = left_out
        self.values = values
        self.queued = queued


def _judged(metric: Metric, raw: _Raw, part: Records, targets: Targets) -> Figure:
    lacks = [lack for lack in part.lacks if lack.source == metric.source]
    target = targets.targets.get(metric.id)
    smallest = targets.smallest[metric.source]
    common = {"sample": raw.sample, "left_out": raw.left_out, "unseen": len({lack.repository for lack in lacks})}
    if raw.value is None and lacks:
        reason, permission = lacks[0].reason, next((lack.permission for lack in lacks if lack.permission), "")
        return Figure(metric, target, UNKNOWN, reason=reason, permission=permission, **common)  # type: ignore[arg-type]
    if raw.value is None:
        none = f"no {_NOUNS[metric.source]} in the window that count"
        outcome = NOT_APPLICABLE if metric.source == ALERTS else UNKNOWN
        return Figure(metric, target, outcome, reason=none, **common)  # type: ignore[arg-type]
    outcome, reason = MET, ""
    if raw.sample < smallest:
        outcome, reason = UNKNOWN, f"only {raw.sample} of at least {smallest} {_NOUNS[metric.source]}"
    elif target is None:
        outcome, reason = NOT_APPLICABLE, "the pack sets no target"
    elif not target.met(raw.value):
        outcome = MISSED
    return Figure(
        metric,
        target,
        outcome,
        value=raw.value,
        middle=median(raw.values) if raw.values else None,
        queued=raw.queued,
        reason=reason,
        **common,  # type: ignore[arg-type]
    )


_NOUNS = {RUNS: "attempts", DEPLOYMENTS: "deployments", ALERTS: "critical alerts"}


def _run_rate(runs: Iterable[Run]) -> _Raw:
    return _rate(_verdict(run) for run in runs)


def _deployment_rate(deployments: Iterable[Deployment]) -> _Raw:
    return _rate(deployment.outcome for deployment in deployments)


def _rate(outcomes: Iterable[str]) -> _Raw:
    """Success in percent of success and failure; every other word counts as left out."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome] = counts.get(outcome, 0) + 1
    succeeded = counts.pop(SUCCESS, 0)
    sample = succeeded + counts.pop(FAILURE, 0)
    return _Raw(100 * succeeded / sample if sample else None, sample, dict(sorted(counts.items())))


def _verdict(run: Run) -> str:
    return FAILURE if run.conclusion in FAILED else run.conclusion


def _build_time(runs: Iterable[Run]) -> _Raw:
    """Runs here are those of workflows that deploy nothing."""
    succeeded = [run for run in runs if run.conclusion == SUCCESS]
    times = [run.busy for run in succeeded if run.busy is not None]
    waits = [run.queued for run in succeeded if run.busy is not None and run.queued is not None]
    left_out = {"not timed": len(succeeded) - len(times)} if len(succeeded) > len(times) else {}
    return _Raw(fmean(times) if times else None, len(times), left_out, times, fmean(waits) if waits else None)


def _deployment_time(deployments: Iterable[Deployment]) -> _Raw:
    times = [item.seconds for item in deployments if item.outcome == SUCCESS and item.seconds is not None]
    return _Raw(fmean(times) if times else None, len(times), {}, times)


def _patch_time(alerts: Iterable[Alert], until: float, target: Target | None) -> _Raw:
    """The longest; what is open counts once it is late, since how long it takes in the end is not known yet."""
    times: list[float] = []
    left_out: dict[str, int] = {}
    for alert in alerts:
        age = until - alert.created
        if alert.fixed is not None:
            times.append(alert.fixed - alert.created)
        elif alert.state == "open" and (target is None or not target.met(age)):
            times.append(age)
        else:
            word = "open, not late yet" if alert.state == "open" else alert.state.replace("_", " ")
            left_out[word] = left_out.get(word, 0) + 1
    return _Raw(max(times) if times else None, len(times), left_out, times)


# ------------------------------------------------------------------------------------------------------- charts


def _points(part: Records, building: Sequence[Run]) -> tuple[Point, ...]:
    width = DAY if part.until - part.since <= LONG * DAY else 7 * DAY
    first = part.since // DAY * DAY
    number = max(1, -(-int(part.until - first) // width))
    outcomes: list[list[int]] = [[0, 0] for _ in range(number)]
    times: list[list[float]] = [[] for _ in range(number)]
    for run in part.runs:
        place = min(max(int((run.started - first) // width), 0), number - 1)
        verdict = _verdict(run)
        if verdict in (SUCCESS, FAILURE):
            outcomes[place][verdict == FAILURE] += 1
    for run in building:
        if run.conclusion == SUCCESS and run.busy is not None:
            times[min(max(int((run.started - first) // width), 0), number - 1)].append(run.busy)
    return tuple(
        Point(_date(first + place * width), good, bad, fmean(times[place]) if times[place] else None)
        for place, (good, bad) in enumerate(outcomes)
    )


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
