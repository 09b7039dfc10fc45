"""The targets that a pack sets: the parameter ``metrics``, read and checked; and what each figure means."""

from __future__ import annotations

from chittyops_policy.errors import UserError
from chittyops_policy.model import Value
from chittyops_policy.policy_file import did_you_mean

from .records import ALERTS, DEPLOYMENTS, RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PERCENT = "percent"
SECONDS = "seconds"


class Metric(Value):
    """A figure that can be measured: where it comes from, its unit, and what exactly it is."""

    __slots__ = ("definition", "id", "source", "title", "unit")

    def __init__(self, id: str, title: str, source: str, unit: str, definition: str) -> None:
        self.id = id
        self.title = title
        self.source = source
        self.unit = unit
        self.definition = definition


METRICS = (
    Metric(
        "workflow_success_rate",
        "Workflow success rate",
        RUNS,
        PERCENT,
        "Attempts that ended in success, of those that ended in success, failure, time-out or failure to start. "
        "Counted are attempts on the default branch that no pull request started, each attempt by itself: a run that "
        "failed and succeeded when it was run again is one failure and one success. Cancelled, skipped and neutral "
        "ones, those that wait for somebody, and GitHub's own runs (Dependabot, Pages, default setup) are left out.",
    ),
    Metric(
        "deployment_success_rate",
        "Deployment success rate",
        DEPLOYMENTS,
        PERCENT,
        "Deployments whose last verdict is success, of those with a verdict: success, failure or error. One that was "
        "replaced later still was a success. Deployments to transient environments (previews), and those that have not "
        "ended, are left out.",
    ),
    Metric(
        "average_build_time",
        "Average build time",
        RUNS,
        SECONDS,
        "The mean of the time in which at least one job ran, over successful attempts as above of workflows that "
        "deploy nothing. Waiting for a runner or for an approval is not part of it; the wait before the first job is "
        "told beside it. Of each workflow the newest attempts are timed, as many as the pack says.",
    ),
    Metric(
        "average_deployment_time",
        "Average deployment time",
        DEPLOYMENTS,
        SECONDS,
        "The mean time from a deployment's first status in_progress, or its creation where it has none, to its first "
        "success. Waiting for an approval comes before in_progress and is not part of it.",
    ),
    Metric(
        "critical_patch_time",
        "Longest time to patch a critical vulnerability",
        ALERTS,
        SECONDS,
        "The longest time from the creation of a critical alert, of Dependabot or of code scanning, to its fix, over "
        "alerts that were fixed in the window; an alert that is still open counts with its age once it is older than "
        "the target. Dismissed ones are left out.",
    ),
)
"""Every figure, in the order in which they are shown."""


class Target(Value):
    """`bound` in the metric's unit; `above` says whether the figure is to be above it, else below."""

    __slots__ = ("above", "bound")

    def __init__(self, bound: float, above: bool) -> None:
        self.bound = bound
        self.above = above

    def met(self, value: float) -> bool:
        """Whether a figure reaches the target; the bound itself does not."""
        return value > self.bound if self.above else value < self.bound


class Targets(Value):
    """What a pack says.

    window    days to look back
    smallest  source of the figure → the fewest records that say something
    timed     successful attempts a workflow that are timed
    targets   metric id → target
    """

    __slots__ = ("smallest", "targets", "timed", "window")

    def __init__(self, window: int, smallest: Mapping[str, int], timed: int, targets: Mapping[str, Target]) -> None:
        self.window = window
        self.smallest = smallest
        self.timed = timed
        self.targets = targets


_KEYS = ("smallest_sample", "targets", "timed_attempts", "window")


def read_targets(parameters: Mapping[str, Any]) -> Targets:
    """The targets of a pack's parameters. Raises UserError for what cannot be some."""
    stated = parameters.get("metrics")
    if not isinstance(stated, dict):
        raise UserError("the pack sets no targets", "it has no parameter 'metrics'; see docs/metrics.md")
    for key in stated:
        if key not in _KEYS:
            raise UserError(f"metrics has no key '{key}'", did_you_mean(key, _KEYS))
    known = {metric.id: metric for metric in METRICS}
    targets = {}
    for id, bound in (stated.get("targets") or {}).items():
        if id not in known:
            raise UserError(f"metrics.targets: there is no figure '{id}'", did_you_mean(id, known))
        if bound is not None:
            targets[id] = _target(id, known[id].unit, bound)
    smallest = dict.fromkeys((RUNS, DEPLOYMENTS, ALERTS), 1)
    for source, number in (stated.get("smallest_sample") or {}).items():
        if source not in smallest:
            raise UserError(f"metrics.smallest_sample: there is no '{source}'", did_you_mean(source, smallest))
        smallest[source] = _number(f"smallest_sample.{source}", number)
    window = _number("window", stated.get("window", 30))
    timed = _number("timed_attempts", stated.get("timed_attempts", 20))
    return Targets(window, smallest, timed, targets)


def _target(id: str, unit: str, bound: Any) -> Target:
    sides = [side for side in ("above", "below") if isinstance(bound, dict) and side in bound]
    if len(sides) != 1 or set(bound) - {"unit", *sides} or bound.get("unit", unit) != unit:
        raise UserError(f"metrics.targets.{id}: state 'above' or 'below', and the unit {unit}")
    value = bound[sides[0]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"metrics.targets.{id}.{sides[0]} is a number")
    return Target(float(value), sides[0] == "above")


def _number(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"metrics.{key} is a whole number from 1 on")
    return value
