"""The figures of `metrics` in the form in which an audit's report shows them."""

from __future__ import annotations

from chittyops_policy.metrics.figures import MET, MISSED, NOT_APPLICABLE, ORGANISATION, REPOSITORY, UNKNOWN
from chittyops_policy.metrics.targets import PERCENT
from chittyops_policy.metrics.text import target_text
from chittyops_policy.model import FAIL, PASS
from chittyops_policy.model import NOT_APPLICABLE as NO_QUESTION
from chittyops_policy.model import UNKNOWN as UNTOLD

from .result import Measure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.metrics.figures import Figure, Metrics, Point, Row

_OUTCOMES = {MET: PASS, MISSED: FAIL, UNKNOWN: UNTOLD, NOT_APPLICABLE: NO_QUESTION}
_UNITS = {
    "average_build_time": ("min", 60.0),
    "average_deployment_time": ("min", 60.0),
    "critical_patch_time": ("h", 3600.0),
}
"""Metric in seconds → the unit of its target in the charter, and how many seconds that is."""


def measures(metrics: Metrics) -> tuple[Measure, ...]:
    """Every figure of every organisation, with those of its repositories, the worst first."""
    several = len(metrics.of(ORGANISATION)) > 1
    return tuple(
        _measure(metrics, organisation, figure, several)
        for organisation in metrics.of(ORGANISATION)
        for figure in organisation.figures
    )


def _measure(metrics: Metrics, organisation: Row, figure: Figure, several: bool) -> Measure:
    metric = figure.metric
    unit, size = _UNITS.get(metric.id, ("%", 1.0))
    below = [
        (row.name, _scaled(own.value, size), own.sample)
        for row in metrics.of(REPOSITORY)
        if row.name.partition("/")[0].lower() == organisation.name.lower()
        for own in row.figures
        if own.metric.id == metric.id and own.value is not None
    ]
    worst_is_low = metric.unit == PERCENT
    below.sort(key=lambda row: (row[1] or 0.0) * (1 if worst_is_low else -1))
    reason = figure.reason
    if figure.permission:
        reason = f"{reason}; {figure.permission} would tell"
    return Measure(
        f"{organisation.name}/{metric.id}",
        f"{metric.title}, {organisation.name}" if several else metric.title,
        target=target_text(figure.target, metric.unit) or "nothing",
        unit=unit,
        value=_scaled(figure.value, size),
        samples=figure.sample,
        outcome=_OUTCOMES[figure.outcome],
        definition=metric.definition,
        window=f"{metrics.since} to {metrics.until}",
        reason=reason,
        series=tuple(_series(metric.id, organisation.points, size)),
        rows=tuple(below),
    )


def _series(metric: str, points: Iterable[Point], size: float) -> Iterable[tuple[str, float | None]]:
    """What is known day by day or week by week: success of runs, and the time of builds."""
    for point in points:
        if metric == "workflow_success_rate":
            count = point.succeeded + point.failed
            yield point.date, _scaled(100 * point.succeeded / count if count else None, size)
        elif metric == "average_build_time":
            yield point.date, _scaled(point.build_seconds, size)


def _scaled(value: float | None, size: float) -> float | None:
    return None if value is None else round(value / size, 2)
