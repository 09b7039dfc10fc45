"""Figures as tables for a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .figures import MET, MISSED, NOT_APPLICABLE, ORGANISATION, REPOSITORY, UNKNOWN, WORKFLOW
from .targets import METRICS, PERCENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .figures import Figure, Metrics, Row
    from .targets import Target

_STYLES = {MET: "green", MISSED: "bold red", UNKNOWN: "cyan", NOT_APPLICABLE: "dim"}
_HEADINGS = {ORGANISATION: "Organisations", REPOSITORY: "Repositories", WORKFLOW: "Workflows"}
_SHORT = {
    "workflow_success_rate": "workflows",
    "deployment_success_rate": "deployments",
    "average_build_time": "build",
    "average_deployment_time": "deployment",
    "critical_patch_time": "patch",
}
"""Metric → the head of its column in a table of many rows."""


def metrics_text(metrics: Metrics, *, color: bool = False, levels: tuple[str, ...] = (ORGANISATION, REPOSITORY)) -> str:
    """The figures of each organisation in full, those below it in one line each, and what could not be had."""
    console = Console(
        file=StringIO(), force_terminal=color, no_color=not color, width=160, highlight=False, legacy_windows=False
    )
    console.print(f"{metrics.since} to {metrics.until}")
    for row in metrics.of(ORGANISATION):
        console.print()
        console.print(Text(row.name, "bold"))
        console.print(_full(row))
    for level in (REPOSITORY, WORKFLOW):
        if level in levels and metrics.of(level):
            console.print()
            console.print(Text(_HEADINGS[level], "bold"))
            console.print(_rows(metrics.of(level)))
    if metrics.lacks:
        console.print()
        console.print(Text("Not known", "bold"))
        for lack in metrics.lacks:
            wish = f"; the permission {lack.permission} would tell" if lack.permission else ""
            console.print(f"{lack.repository}: {lack.source}: {lack.reason}{wish}")
    written = console.file
    assert isinstance(written, StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().split("\n"))


def _full(row: Row) -> Table:
    table = Table("figure", "value", "target", "outcome", "made of", "left out", box=None, pad_edge=False)
    for figure in row.figures:
        reason = f" ({figure.reason})" if figure.reason else ""
        wish = f"; {figure.permission} would tell" if figure.permission else ""
        table.add_row(
            figure.metric.title,
            value_text(figure),
            target_text(figure.target, figure.metric.unit),
            Text(figure.outcome + reason + wish, _STYLES[figure.outcome]),
            _made_of(figure),
            ", ".join(f"{number} {why}" for why, number in figure.left_out.items()),
        )
    return table


def _rows(rows: tuple[Row, ...]) -> Table:
    table = Table("", *(_SHORT[metric.id] for metric in METRICS), box=None, pad_edge=False)
    for row in rows:
        by_id = {figure.metric.id: figure for figure in row.figures}
        cells = []
        for metric in METRICS:
            figure = by_id.get(metric.id)
            if figure is None or figure.value is None:
                cells.append(Text("-", "dim"))
            else:
                cells.append(Text(f"{value_text(figure)} ({figure.sample})", _STYLES[figure.outcome]))
        table.add_row(row.name, *cells)
    return table


def value_text(figure: Figure) -> str:
    """The value with its unit; ``-`` where there is none."""
    return "-" if figure.value is None else amount(figure.value, figure.metric.unit)


def target_text(target: Target | None, unit: str) -> str:
    """Such as ``> 95 %``; '' where there is none."""
    return "" if target is None else f"{'>' if target.above else '<'} {amount(target.bound, unit)}"


def amount(value: float, unit: str) -> str:
    """A percentage with one decimal where it has one, or a time in its two largest units."""
    if unit == PERCENT:
        # Never rounded up to a hundred, nor down to nothing: one failure in a thousand is a failure.
        shown = min(round(value, 1), 99.9) if value < 100 else 100.0
        return f"{max(shown, 0.1) if value > 0 else 0:g} %"
    seconds = round(value)
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"


def _made_of(figure: Figure) -> str:
    parts = [str(figure.sample)]
    if figure.middle is not None:
        parts.append(f"median {amount(figure.middle, figure.metric.unit)}")
    if figure.queued is not None:
        parts.append(f"wait {amount(figure.queued, figure.metric.unit)}")
    if figure.unseen:
        parts.append(f"without {figure.unseen} repositor{'y' if figure.unseen == 1 else 'ies'}")
    return ", ".join(parts)
