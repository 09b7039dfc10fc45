"""A plan for a terminal: what is added, changed and taken away, attribute by attribute, with the counts at the end."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from .values import CREATE, DELETE, KEEP, UNKNOWN, UPDATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .values import Change, Plan, Step

_SIGNS = {CREATE: "+", UPDATE: "~", DELETE: "-", KEEP: " ", UNKNOWN: "?"}
_STYLES = {"+": "green", "~": "yellow", "-": "red", "?": "cyan", "!": "magenta", " ": ""}


def plan_text(plan: Plan, *, color: bool = False, full: bool = False) -> str:
    """The plan; of settings that stay, only those that carry a remark, unless `full`."""
    console = Console(
        file=StringIO(), force_terminal=color, no_color=not color, width=400, highlight=False, legacy_windows=False
    )
    scope = ""
    for step in plan.steps:
        if step.action == KEEP and not (step.refusals or step.changes or step.note or full):
            continue
        if step.scope != scope:
            scope = step.scope
            console.print(Text(scope, "bold"))
        _print_step(console, step)
    for problem in plan.problems:
        console.print(Text(f"! {problem}", "magenta"))
    if plan.problems or scope:
        console.print()
    console.print(summary(plan), style="bold")
    written = console.file
    assert isinstance(written, StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().split("\n"))


def summary(plan: Plan) -> str:
    """One line: ``Plan: 2 to add, 1 to change, 0 to delete; 3 unchanged, 1 withheld, 1 unknown.``"""
    counts = plan.counts()
    rest = [f"{counts['keep']} unchanged"]
    rest += [f"{counts['withheld']} withheld until what is named above is done"] if counts["withheld"] else []
    rest += [f"{counts['held']} more that only --prune takes away"] if counts["held"] else []
    rest += [f"{counts['unknown']} unknown to this token"] if counts["unknown"] else []
    head = f"Plan: {counts['add']} to add, {counts['change']} to change, {counts['delete']} to delete"
    return f"{head}; {', '.join(rest)}."


def _print_step(console: Console, step: Step) -> None:
    sign = " " if step.held else _SIGNS[step.action]
    line = Text(f"  {sign} {step.label}", _STYLES[sign])
    if step.note:
        line.append(f"  ({step.note}{_permission(step.permission)})", "dim")
    elif step.permission:
        line.append(f"  ({_permission(step.permission).lstrip('; ')})", "dim")
    console.print(line)
    width = max((len(change.path) for change in step.changes), default=0)
    for change in step.changes:
        console.print(_change_line(change, min(width, 60)))
    for refusal in step.refusals:
        console.print(Text(f"      ! {refusal.what}: withheld: {refusal.why}", _STYLES["!"]))
        console.print(Text(f"        first: {refusal.first}"))


def _permission(permission: str) -> str:
    return f"; the permission {permission} would tell" if permission else ""


def _change_line(change: Change, width: int) -> Text:
    value = "unknown" if change.sign == "?" else shown(change.after if change.sign == "+" else change.before)
    if change.sign == "~":
        value = f"{shown(change.before)} -> {shown(change.after)}"
    elif (change.after if change.sign == "+" else change.before) is True and not _is_leaf(change.path):
        value = ""  # a rule without parameters: that it is there says everything
    if change.held:
        value = f"{value}  (stays: beyond the pack; --prune takes it away)".strip()
    return Text(f"      {change.sign} {change.path:{width if value else 0}}  {value}".rstrip(), _STYLES[change.sign])


def _is_leaf(path: str) -> bool:
    """Whether a path names a value, not a rule or an item of a list."""
    return not path.endswith("]") and not (path.startswith("rules.") and path.count(".") == 1)


def shown(value: Any) -> str:
    """A plain value in one line."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items()) + "}"
    return str(value)
