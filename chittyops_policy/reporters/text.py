"""Findings for a person at a terminal: the source line, a caret under the exact span, why, how, and a summary.

Plain ANSI codes and no library: this module is on the way of the commit hook.
"""

from __future__ import annotations

from chittyops_policy import model
from chittyops_policy.reporters.wording import (
    aside,
    clickable,
    escaped,
    first_sentence,
    fix_lines,
    location,
    notes_of,
    one_line,
    plural,
    rules_by_id,
    shown,
    shows,
    standings,
    summary,
    visible,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chittyops_policy.model import Decision, Region, Report, RuleInfo

    _Paint = Callable[[str, str], str]

NAME = "text"

TAB = 4
"""Cells from one tab stop to the next; fixed, so that the same file looks the same on every terminal."""

_BOLD = "1"
_SEVERITY = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "34"}
_OUTCOME = {model.FAIL: "31", model.UNKNOWN: "33", model.NOT_APPLICABLE: "2", model.PASS: "32"}
_CUT = "..."


def wants_color(env: Mapping[str, str], isatty: bool) -> bool:
    """Whether to colour: never with NO_COLOR, always with FORCE_COLOR, else on a terminal that is not ``dumb``.

    Both variables count when they are set and not empty (no-color.org, force-color.org); FORCE_COLOR=0 means unset.
    NO_COLOR wins where both are set.
    """
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return isatty and env.get("TERM") != "dumb"


def render(reports: Sequence[Report], *, color: bool = False, verbose: bool = False, width: int = 110) -> str:
    """The findings and the summary as text that ends in a line break.

    color    use ANSI colours; see `wants_color`
    verbose  also list what does not count (excepted, staged, below the level) and controls that do not apply
    width    cells for the part of a source line that is shown
    """
    paint = _paint if color else _plain
    lines: list[str] = []
    explained: set[str] = set()
    # Many findings say the same and have the same fix.
    heads: dict[tuple[str, str, str], str] = {}
    fixes: dict[tuple[str | None, str | None, str], str] = {}
    hidden = False
    for report in reports:
        listed = shown(report, verbose)
        hidden = hidden or len(listed) < len(report.decisions)
        if listed and len(reports) > 1:
            title = visible(report.subject) + (f" at {visible(report.revision)[:12]}" if report.revision else "")
            lines += [paint(_BOLD, f"== {title} =="), ""]
        for path, decisions in _by_path(listed):
            where = clickable(report, path)
            lines += [f"{paint(_BOLD, where)} ({plural(len(decisions), 'finding')})", ""]
            for decision in decisions:
                rule, severity, region = decision.rule, decision.severity, decision.region
                said = severity, rule, decision.message
                head = heads.get(said)
                if head is None:
                    label = f"{paint(_SEVERITY[severity], severity)} {paint(_BOLD, rule)}"
                    head = heads[said] = f"{label}: {one_line(decision.message)}"
                lines.append(f"  {location(where, region)} {head}")
                if region is not None:
                    lines.append(_excerpt(region, _SEVERITY[severity], paint, width))
                if decision.state != model.OPEN or decision.reason or decision.notes or decision.related:
                    lines += _remarks(report, decision)
                # Once is enough: a rule that fires often would say little else.
                if rule not in explained:
                    explained.add(rule)
                    lines += _help(rules_by_id(report).get(rule))
                key = decision.fix_title, decision.fix_safety, decision.unfixable
                fix = fixes.get(key)
                if fix is None:
                    fix = fixes[key] = "".join(f"     = {line}\n" for line in fix_lines(decision))
                lines.append(fix)
    if explained:
        lines += ["Why a rule and how to satisfy it: chittyops-policy explain RULE", ""]
    return "\n".join([*lines, *_summary(reports, paint, verbose, hidden)]) + "\n"


def _help(rule: RuleInfo | None) -> list[str]:
    """Why a rule and how to satisfy it, for one that is known."""
    said = (("why", rule.why), ("how", rule.how)) if rule is not None else ()
    return [f"     = {word}: {first_sentence(text)}" for word, text in said if text]


def _plain(code: str, text: str) -> str:
    return text


def _paint(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _by_path(decisions: Sequence[Decision]) -> list[tuple[str, list[Decision]]]:
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.path, []).append(decision)
    return list(groups.items())


def _remarks(report: Report, decision: Decision) -> list[str]:
    """What there is to say of a finding beside its message: why it does not count, notes, other places."""
    lines = [f"     = {aside(decision)}"] if decision.state != model.OPEN else []
    lines += [f"     = note: {note}" for note in notes_of(decision)]
    for related in decision.related:
        seen = location(clickable(report, related.path), related.region)
        lines.append(f"     = see {seen}: {one_line(related.message)}")
    return lines


def _excerpt(region: Region, code: str, paint: _Paint, width: int) -> str:
    """The source line and the carets below it, as two lines."""
    number = str(region.line).rjust(4)
    start, end = region.column - 1, region.end_column - 1
    source = region.source.rstrip()
    more = region.end_line > region.line
    if not more and 0 <= start < end <= len(source) <= width and _is_plain(source):  # nearly always
        return f"{number} | {source}\n{' ' * len(number)} | {' ' * start}{paint(code, '^' * (end - start))}"
    source, marks = mark(source, start, len(source) if more else end, width)
    tail = f" ... to line {region.end_line}" if more else ""
    carets = marks.lstrip(" ")
    margin = marks[: len(marks) - len(carets)]
    head = f"{number} | {source}".rstrip()
    return f"{head}\n{' ' * len(number)} | {margin}{paint(code, carets + tail)}"


def mark(source: str, start: int, end: int, width: int) -> tuple[str, str]:
    """One source line as it is printed, and the line of carets that belongs under it.

    `start` and `end` are 0-based code points, `end` exclusive; places beyond the line are taken back to its end.
    Both results are counted in terminal cells: tabs are expanded, wide characters take two cells, combining ones
    none. A line of more than `width` cells is cut to a window around the span, with ``...`` where it was cut.
    """
    source = source.rstrip()
    start = min(max(start, 0), len(source))
    end = min(max(end, start), len(source))
    pieces, edges = _cells(source)
    first, last = edges[start], max(edges[end], edges[start] + 1)
    if edges[-1] <= width:
        return "".join(pieces), " " * first + "^" * (last - first)
    room = width - 2 * len(_CUT)
    # A quarter of the window before the span, unless the end of the line leaves more.
    low = max(0, min(first - room // 4, edges[-1] - room))
    left = next(index for index, edge in enumerate(edges) if edge >= low)
    right = next((index for index in range(len(pieces), left, -1) if edges[index] <= edges[left] + room), left + 1)
    before = _CUT if left else ""
    after = _CUT if right < len(pieces) else ""
    first = len(before) + first - edges[left]
    last = len(before) + min(last - edges[left], edges[right] - edges[left] + len(after))
    return before + "".join(pieces[left:right]) + after, " " * first + "^" * max(last - first, 1)


def _is_plain(source: str) -> bool:
    """Whether each code point is printed as it is, in one cell."""
    return source.isascii() and source.isprintable() and "##[" not in source


def _cells(source: str) -> tuple[list[str], list[int]]:
    """What is printed for each code point, and the cell before each and after the last."""
    if _is_plain(source):
        return list(source), list(range(len(source) + 1))
    pieces: list[str] = []
    edges = [0]
    cell = 0
    previous = ""
    for index, character in enumerate(source):
        if character == "\t":
            piece = " " * (TAB - cell % TAB)
            taken = len(piece)
        elif not shows(character):
            piece = escaped(character)
            taken = len(piece)
        elif character == "[" and source[max(index - 2, 0) : index] == "##":
            piece, taken = "\\[", 2  # see wording.visible
        else:
            piece, taken = character, 1 if character.isascii() else _width(character, previous)
        pieces.append(piece)
        cell += taken
        edges.append(cell)
        previous = character
    return pieces, edges


def _width(character: str, previous: str) -> int:
    """The cells of one character after another: 0, 1 or 2, as current terminals draw emoji sequences."""
    # Start-up time: most files are ASCII and never ask.
    import unicodedata

    if previous == "\u200d" or ("\U0001f3fb" <= character <= "\U0001f3ff" and not previous.isascii()):
        return 0  # joined to the emoji before it, or its skin tone
    if character == "\ufe0f":
        # Asks for the emoji form of the character before, which is wide where the plain form was not.
        return int(bool(previous) and unicodedata.east_asian_width(previous) not in "WF")
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _summary(reports: Sequence[Report], paint: _Paint, verbose: bool, hidden: bool) -> list[str]:
    """The end of the output; `hidden` is whether a finding is not listed."""
    findings, put_aside, controls, problems = summary(reports)
    several = len(reports) > 1
    listed = [model.FAIL, model.UNKNOWN] + ([model.NOT_APPLICABLE] if verbose else [])
    lines = [paint(_BOLD, findings), put_aside + (" --verbose lists them." if hidden else ""), controls]
    for outcome, reason, permission, titles, subjects in standings(reports, listed, brief=several and not verbose):
        where = f" [{_few(subjects)}]" if several else ""
        why = f": {one_line(reason)}" if reason else ""
        tells = f" (would tell: {one_line(permission)})" if permission else ""
        label = paint(_OUTCOME[outcome], outcome.replace("-", " "))
        # On the commit hook no control can be judged, all for the same reason: not worth a line of names each time.
        named = ", ".join(map(one_line, titles)) if verbose or len(titles) <= 4 else f"{len(titles)} controls"
        lines.append(f"  {label}: {named}{where}{why}{tells}")
    if any(report.problems for report in reports):
        lines.append(problems)
        for report in reports:
            for problem in report.problems:
                path = clickable(report, problem.path) + ": " if problem.path else ""
                lines.append(f"  {problem.kind}: {path}{one_line(problem.message)}")
    return lines


def _few(subjects: Sequence[str]) -> str:
    """Up to three names, then how many more."""
    named = ", ".join(map(visible, subjects[:3]))
    return named if len(subjects) <= 3 else f"{named} and {len(subjects) - 3} more"
