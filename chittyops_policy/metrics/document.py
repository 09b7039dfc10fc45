"""Figures as JSON, by ``schemas/metrics.schema.json``."""

from __future__ import annotations

from .targets import METRICS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .figures import Figure, Metrics, Row

VERSION = 1


def metrics_document(metrics: Metrics) -> dict[str, Any]:
    """The figures as plain values, with the definition of each."""
    return {
        "version": VERSION,
        "since": metrics.since,
        "until": metrics.until,
        "definitions": {
            metric.id: {"title": metric.title, "unit": metric.unit, "definition": metric.definition}
            for metric in METRICS
        },
        "scopes": [_row(row) for row in metrics.rows],
        "lacks": [
            {
                "repository": lack.repository,
                "source": lack.source,
                "reason": lack.reason,
                "permission": lack.permission,
            }
            for lack in metrics.lacks
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "level": row.level,
        "name": row.name,
        "figures": [_figure(figure) for figure in row.figures],
        "points": [
            {
                "date": point.date,
                "succeeded": point.succeeded,
                "failed": point.failed,
                "build_seconds": point.build_seconds,
            }
            for point in row.points
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    target = figure.target
    return {
        "metric": figure.metric.id,
        "outcome": figure.outcome,
        "value": figure.value,
        "target": None if target is None else {"above" if target.above else "below": target.bound},
        "sample": figure.sample,
        "left_out": dict(figure.left_out),
        "median": figure.middle,
        "queued": figure.queued,
        "unseen": figure.unseen,
        "reason": figure.reason,
        "permission": figure.permission,
    }
