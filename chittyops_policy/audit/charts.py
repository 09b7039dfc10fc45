"""Lines over time as coordinates for SVG; no drawing library draws ten points as small as this."""

from __future__ import annotations

from datetime import date

from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 320, 96
"""The box of a chart, in SVG units; lines stay EDGE away from its borders."""
EDGE = 6


class Line(Value):
    """A line to be drawn.

    runs   points of each unbroken part, as the attribute ``points`` of a polyline; a gap is a value that is not known
    areas  for each part the same points down to the base line, for ``points`` of a polygon
    dots   (x, y, date, value) of each known value
    low, high  the values at the lower and the upper edge
    """

    __slots__ = ("areas", "dots", "high", "low", "runs")

    def __init__(
        self,
        runs: tuple[str, ...],
        areas: tuple[str, ...],
        dots: tuple[tuple[float, float, str, float], ...],
        low: float,
        high: float,
    ) -> None:
        self.runs = runs
        self.areas = areas
        self.dots = dots
        self.low = low
        self.high = high


def line(series: Sequence[tuple[str, float | None]], low: float | None = None, high: float | None = None) -> Line:
    """The line of (ISO date, value) pairs in their order; `low` and `high` fix the edges, else the values do.

    Dates are spread by their distance. A date that is none, or all on one day, spreads the points evenly.
    """
    known = [value for _, value in series if value is not None]
    bottom = min(known, default=0.0) if low is None else low
    top = max(known, default=1.0) if high is None else high
    if top <= bottom:
        bottom, top = bottom - 1, bottom + 1
    places = _places([day for day, _ in series])
    runs: list[list[tuple[float, float]]] = [[]]
    dots: list[tuple[float, float, str, float]] = []
    for place, (day, value) in zip(places, series, strict=True):
        if value is None:
            runs.append([])
            continue
        x = round(EDGE + place * (WIDTH - 2 * EDGE), 1)
        y = round(HEIGHT - EDGE - (value - bottom) / (top - bottom) * (HEIGHT - 2 * EDGE), 1)
        runs[-1].append((x, y))
        dots.append((x, y, day, value))
    parts = [run for run in runs if len(run) > 1]
    base = HEIGHT - EDGE
    return Line(
        tuple(_points(run) for run in parts),
        tuple(_points([(run[0][0], base), *run, (run[-1][0], base)]) for run in parts),
        tuple(dots),
        bottom,
        top,
    )


def _points(run: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in run)


def _places(days: Sequence[str]) -> list[float]:
    """Where each day lies between the first, 0, and the last, 1."""
    try:
        numbers = [date.fromisoformat(day).toordinal() for day in days]
    except ValueError:
        numbers = []
    if not numbers or max(numbers) == min(numbers):
        return [index / max(len(days) - 1, 1) for index in range(len(days))]
    first, last = min(numbers), max(numbers)
    return [(number - first) / (last - first) for number in numbers]
