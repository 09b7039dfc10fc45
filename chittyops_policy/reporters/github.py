"""Annotations in GitHub Actions by workflow commands, then plain lines that say what the annotations leave out.

Escaping follows github.com/actions/runner (ActionCommand.TryParseV2) and github.com/actions/toolkit (command.ts).
GitHub shows at most ten errors, ten warnings and ten notices a step (docs/problem-matchers.md of the toolkit) and
drops the rest without a word, in no useful order.
"""

from __future__ import annotations

from chittyops_policy.reporters.wording import (
    FAILING_PROBLEMS,
    artifact_path,
    aside,
    escaped,
    fails,
    is_shown,
    location,
    notes_of,
    one_line,
    plural,
    rules_by_id,
    shows,
    summary,
    visible,
    worst_first,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chittyops_policy.model import Decision, Problem, Report

NAME = "github"

LIMIT = 10
"""Annotations of one kind that GitHub keeps for one step."""

_COMMAND = {"critical": "error", "high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def render(
    reports: Sequence[Report],
    *,
    changed: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    fail_on: str | None = None,
    limit: int = LIMIT,
    where_all: str = "the job summary and the SARIF or JSON report",
) -> str:
    """Workflow commands, the gravest findings first, then the summary in plain lines; ends in a line break.

    Among equally grave ones, the first of each rule comes before the second of any: ten places for a hundred findings
    of one rule and one of another are no reason to hide the other.

    changed    path -> changed line ranges (1-based, both ends included). Only findings that touch one are annotated,
               and findings about a whole file where the file is in the mapping; the summary speaks of all
    fail_on    the mildest severity that fails the check, None for what each report says; what does not fail is never
               an error, which a reader would take for the reason of a failure
    limit      annotations of one kind
    where_all  where a reader finds the findings that were not annotated
    """
    several = len(reports) > 1
    candidates: list[tuple[tuple[int, str, int, int, str], str, str, str]] = []
    elsewhere = 0
    for report in reports:
        rules = rules_by_id(report)
        for decision in report.decisions:
            if not is_shown(decision, rules):
                continue
            path = artifact_path(report, decision.path, several)
            if changed is not None and not _touches(decision, changed.get(path)):
                elsewhere += 1
                continue
            kind = _kind(report, decision, fail_on)
            how = rules[decision.rule].how if decision.rule in rules else ""
            candidates.append((worst_first(decision), kind, decision.rule, _command(kind, decision, path, how)))
    kept: dict[str, list[str]] = {
        "error": [
            _problem_command(problem, artifact_path(report, problem.path, several) if problem.path else "")
            for report in reports
            for problem in report.problems
            if problem.kind in FAILING_PROBLEMS
        ][:limit],
        "warning": [],
        "notice": [],
    }
    dropped = 0
    for kind, command in _by_turns(sorted(candidates)):
        if len(kept[kind]) < limit:
            kept[kind].append(command)
        else:
            dropped += 1
    lines = [*kept["error"], *kept["warning"], *kept["notice"]]
    if dropped:
        lines.append(
            f"{plural(dropped, 'more finding')} did not fit GitHub's {limit} annotations of a kind for one step; "
            f"all are in {where_all}."
        )
    if elsewhere:
        lines.append(
            f"{plural(elsewhere, 'finding')} not on a changed line: judged like all others, not annotated; "
            f"all are in {where_all}."
        )
    for report in reports:
        for problem in report.problems:
            path = f"{visible(artifact_path(report, problem.path, several))}: " if problem.path else ""
            lines.append(f"Problem ({problem.kind}): {path}{one_line(problem.message)}")
    return "\n".join([*lines, *summary(reports)]) + "\n"


def _by_turns(
    candidates: Sequence[tuple[tuple[int, str, int, int, str], str, str, str]],
) -> list[tuple[str, str]]:
    """(kind, command) in the order of severity, then of the turn of each rule, then of place."""
    turns: dict[tuple[int, str], int] = {}
    ordered = []
    for place, (key, kind, rule, command) in enumerate(candidates):
        turn = turns[key[0], rule] = turns.get((key[0], rule), 0) + 1
        ordered.append((key[0], turn, place, kind, command))
    return [(kind, command) for _, _, _, kind, command in sorted(ordered)]


def _touches(decision: Decision, ranges: Sequence[tuple[int, int]] | None) -> bool:
    if ranges is None:
        return False
    region = decision.region
    return region is None or any(start <= region.end_line and region.line <= end for start, end in ranges)


def _kind(report: Report, decision: Decision, fail_on: str | None) -> str:
    kind = _COMMAND[decision.severity]
    return "warning" if kind == "error" and not fails(report, decision, fail_on) else kind


def _command(kind: str, decision: Decision, path: str, how: str) -> str:
    properties = {"file": path}
    region = decision.region
    if region is not None:
        properties["line"] = str(region.line)
        properties["endLine"] = str(region.end_line)
        # The runner throws columns away when the lines differ.
        if region.line == region.end_line:
            properties["col"] = str(region.column)
            properties["endColumn"] = str(max(region.end_column, region.column))
    properties["title"] = f"{decision.rule} ({decision.severity})"
    text = [one_line(decision.message)]
    put_aside = aside(decision)
    if put_aside:
        text.append(put_aside)
    text += notes_of(decision)
    for place in decision.related:
        text.append(f"See {location(visible(place.path), place.region)}: {one_line(place.message)}")
    if how:
        text.append(f"How to fix: {one_line(how)}")
    if decision.fix_safety is not None:
        text.append(f"A fix is available ({decision.fix_safety}): {one_line(decision.fix_title or '')}")
    listed = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{kind} {listed}::{escape_data(chr(10).join(text))}"


def _problem_command(problem: Problem, path: str) -> str:
    file = f"file={escape_property(path)}," if path else ""
    title = escape_property(f"not checked completely ({problem.kind})")
    return f"::error {file}title={title}::{escape_data(one_line(problem.message))}"


def escape_data(text: str) -> str:
    """Text as the message of a workflow command: ``%``, carriage return and line feed are encoded.

    What else a terminal would obey or could not show becomes escapes.
    """
    if not text.isprintable():
        text = "".join(c if shows(c) or c in "\r\n" else escaped(c) for c in text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Text as the value of a property of a workflow command: colon and comma are encoded too."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
