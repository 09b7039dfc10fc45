"""The report as GitHub-flavoured Markdown, for a job summary or a pull request text.

Nothing from a file can become markup: punctuation is escaped, angle brackets become entities, source lines stand in
fences longer than any run of backticks in them. GitHub drops a job summary of more than 1 MiB as a whole
(docs.github.com, workflow commands), so a long report is cut at a finding and says so.
"""

from __future__ import annotations

from chittyops_policy import model
from chittyops_policy.reporters.text import mark
from chittyops_policy.reporters.wording import (
    FAILING_PROBLEMS,
    aside,
    clickable,
    fails,
    first_sentence,
    location,
    notes_of,
    one_line,
    plural,
    rules_by_id,
    shown,
    summary,
    visible,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chittyops_policy.model import Decision, Report

NAME = "markdown"

LIMIT = 1_000_000
"""Bytes of UTF-8; GitHub takes 1 MiB = 1,048,576 a step."""

_SIGN = {
    model.PASS: "✅ pass",
    model.FAIL: "❌ fail",
    model.UNKNOWN: "❔ unknown",
    model.NOT_APPLICABLE: "➖ not applicable",
}
# What Markdown, GFM tables, strikethrough and math give a meaning inside a line.
_ESCAPES = str.maketrans(
    {**{character: "\\" + character for character in "\\`*_{}[]()#|~!$"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)


def render(
    reports: Sequence[Report],
    *,
    fail_on: str | None = None,
    limit: int = LIMIT,
    verbose: bool = False,
    width: int = 110,
) -> str:
    """The summary, the table of controls, problems, then the findings by file; ends in a line break.

    fail_on  the mildest severity that fails the check, None for what each report says; decides over the sign in the
             title, together with problems that fail a check
    limit    bytes of UTF-8 at most; findings that do not fit are counted in the last line
    verbose  also list findings that do not count
    width    cells for the part of a source line that is shown
    """
    head = "".join(_head(reports, fail_on))
    sections = [(report, shown(report, verbose)) for report in reports]
    total = sum(len(decisions) for _, decisions in sections)
    room = limit - len(head.encode("utf-8", "replace")) - 200  # for the line that says what was cut
    if room < 0:
        return _cut_head(head, limit)
    parts = [head]
    written = 0
    for findings, part in _findings(sections, width):
        size = len(part.encode("utf-8", "replace"))
        if size > room:
            missing = plural(total - written, "finding")
            parts.append(f"\n> **{missing} did not fit here.** The SARIF and JSON reports hold all of them.\n")
            break
        parts.append(part)
        room -= size
        written += findings
    return "".join(parts)


def code(text: str) -> str:
    """Text as an inline code span that cannot be left; not for table cells, where a bar would need another escape."""
    text = visible(text)
    fence = _fence(text, 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""


def escape(text: str) -> str:
    """Text as plain words of a line: no markup, no HTML, no link, no mention."""
    text = one_line(text).translate(_ESCAPES)
    # An empty comment parts what GitHub would otherwise link or notify.
    for sign in ("@", "://", "www."):
        text = text.replace(sign, f"{sign[0]}<!-- -->{sign[1:]}")
    return text


def _fence(text: str, least: int) -> str:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(least, longest + 1)


def _head(reports: Sequence[Report], fail_on: str | None) -> Iterator[str]:
    findings, put_aside, controls, problems = summary(reports)
    blocked = any(fails(report, decision, fail_on) for report in reports for decision in report.decisions) or any(
        problem.kind in FAILING_PROBLEMS for report in reports for problem in report.problems
    )
    yield f"## {'❌' if blocked else '✅'} ChittyOps policy\n\n**{findings}**\n\n{put_aside}\n{controls}\n{problems}\n"
    for report in reports:
        if report.verdicts:
            yield f"\n### Controls{_of(report, reports)}\n\n| Control | Standing | Why |\n| --- | --- | --- |\n"
            for verdict in report.verdicts:
                why = escape(verdict.reason)
                if verdict.permission:
                    why += f" (would tell: {escape(verdict.permission)})"
                yield f"| {escape(verdict.title)} | {_SIGN[verdict.outcome]} | {why} |\n"
    if any(report.problems for report in reports):
        yield "\n### Problems\n\n"
        for report in reports:
            for problem in report.problems:
                where = f" {code(clickable(report, problem.path))}" if problem.path else ""
                yield f"- **{escape(problem.kind)}**{where}: {escape(problem.message)}\n"


def _cut_head(head: str, limit: int) -> str:
    notice = "\n> **The report did not fit here.** The SARIF and JSON reports hold all of it.\n"
    room = limit - len(notice)
    kept = []
    for line in head.splitlines(keepends=True):
        room -= len(line.encode("utf-8", "replace"))
        if room < 0:
            break
        kept.append(line)
    return "".join(kept) + notice


def _of(report: Report, reports: Sequence[Report]) -> str:
    return f" of {escape(report.subject)}" if len(reports) > 1 else ""


def _findings(sections: Sequence[tuple[Report, Sequence[Decision]]], width: int) -> Iterator[tuple[int, str]]:
    """Pieces of the section in order, each with the number of findings in it."""
    if any(decisions for _, decisions in sections):
        yield 0, "\n### Findings\n"
    helped: set[str] = set()
    for report, decisions in sections:
        rules = rules_by_id(report)
        if decisions and len(sections) > 1:
            yield 0, f"\n#### {escape(report.subject)}\n"
        path = None
        for decision in decisions:
            text = ""
            if decision.path != path:
                path = decision.path
                text = f"\n**{code(clickable(report, path))}**\n"
            text += _finding(report, decision, width)
            rule = rules.get(decision.rule)
            if rule is not None and decision.rule not in helped:
                text += f"  - Why: {escape(first_sentence(rule.why))}\n" if rule.why else ""
                text += f"  - How to fix: {escape(rule.how)}\n" if rule.how else ""
            if decision.fix_safety is not None:
                text += f"  - A fix is available ({decision.fix_safety}): {escape(decision.fix_title or '')}\n"
            helped.add(decision.rule)
            yield 1, text


def _finding(report: Report, decision: Decision, width: int) -> str:
    region = decision.region
    where = f" at {region.line}:{region.column}" if region else ""
    put_aside = aside(decision)
    state = f" _({escape(put_aside)})_" if put_aside else ""
    lines = [f"\n- **{decision.severity}** {code(decision.rule)}{where}: {escape(decision.message)}{state}\n"]
    if region is not None and region.source.strip():
        more = region.end_line > region.line
        end = len(region.source) if more else region.end_column - 1
        source, marks = mark(region.source, region.column - 1, end, width)
        # The number before the line also keeps a source line from beginning like a workflow command in a log.
        number = str(region.line)
        fence = _fence(source, 3)
        lines.append(f"  {fence}text\n  {number} | {source}\n  {' ' * len(number)} | {marks}\n  {fence}\n")
    lines += [f"  - Note: {escape(note)}\n" for note in notes_of(decision)]
    for place in decision.related:
        seen = code(location(clickable(report, place.path), place.region))
        lines.append(f"  - See {seen}: {escape(place.message)}\n")
    return "".join(lines)
