"""Records of a made-up organisation, and the pack's targets."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chittyops_policy.metrics.figures import Figure, Metrics, measure
from chittyops_policy.metrics.records import Alert, Deployment, Records, Run
from chittyops_policy.metrics.targets import Targets, read_targets
from chittyops_policy.policy import standard_pack

DAY = 86400.0
UNTIL = 1_780_000_000.0
SINCE = UNTIL - 30 * DAY
SHOP = "northwind/storefront"
BILLING = "northwind/billing-api"
CI = ".github/workflows/ci.yml"
SHIP = ".github/workflows/deploy.yml"


@lru_cache
def targets() -> Targets:
    """The shipped pack's."""
    return read_targets(standard_pack(None).parameters)


def run(number: int, conclusion: str = "success", **more: Any) -> Run:
    """An attempt an hour after the one before."""
    given = {"repository": SHOP, "workflow": CI, "started": SINCE + number * 3600, "busy": None, "queued": None, **more}
    return Run(
        given.pop("repository"),
        given.pop("workflow"),
        given.pop("id", number),
        conclusion,
        given.pop("started"),
        **given,
    )


def runs(good: int, bad: int = 0, **more: Any) -> tuple[Run, ...]:
    """So many that succeeded and failed."""
    first = more.pop("first", 1)
    found = [run(first + number, **more) for number in range(good)]
    return tuple(found + [run(first + good + number, "failure", **more) for number in range(bad)])


def deployed(number: int, outcome: str = "success", seconds: float | None = 60, **more: Any) -> Deployment:
    """A deployment an hour after the one before."""
    given = {"repository": SHOP, "environment": "production", **more}
    return Deployment(
        given["repository"],
        number,
        given["environment"],
        outcome,
        SINCE + number * 3600,
        seconds if outcome == "success" else None,
        given.get("runs", ()),
    )


def alert(number: int, hours: float | None, state: str = "fixed", age: float = 100, **more: Any) -> Alert:
    """A critical alert `age` hours before the end, fixed after so many hours."""
    created = UNTIL - age * 3600
    return Alert(
        more.get("repository", SHOP), number, state, created, None if hours is None else created + hours * 3600
    )


def measured(*, repositories: tuple[str, ...] = (SHOP, BILLING), **records: Any) -> Metrics:
    """The figures under the pack's targets."""
    return measure(Records(since=SINCE, until=UNTIL, repositories=repositories, **records), targets())


def figure(metrics: Metrics, metric: str, name: str = "northwind") -> Figure:
    """One figure of one scope."""
    row = next(row for row in metrics.rows if row.name == name)
    return next(figure for figure in row.figures if figure.metric.id == metric)
