"""Choices and words that every format shares, so that no two formats count, name or hide something differently."""

from __future__ import annotations

from chittyops_policy import model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from chittyops_policy.model import Decision, Region, Report, RuleInfo

INFORMATION_URI = "https://github.com/chittyos/chittyops"

FAILING_PROBLEMS = ("internal", "unreadable", "lookup")
"""Kinds of problem that fail a check by themselves: not everything that was asked for could be judged."""

_ADDRESS = str.maketrans("", "", "/:.-_~")

# Not printable for Python, yet harmless and wanted: the joiner inside emoji, no-break space, ideographic space.
_KEPT = frozenset("\u200d\u00a0\u3000")


def visible(text: str) -> str:
    """Text from a file made safe for one line of a terminal or a CI log.

    Control characters (so also ANSI escapes and line breaks), bidirectional overrides, lone surrogates and
    whatever else cannot be seen become escapes such as ``\\x1b``. ``##[`` becomes ``##\\[``: GitHub's runner
    obeys the older ``##[command]`` syntax anywhere in a line, not only at its start
    (github.com/actions/runner, ActionCommand.TryParse).
    """
    if not text.isprintable():
        text = "".join(character if shows(character) else escaped(character) for character in text)
    return text.replace("##[", "##\\[")


def shows(character: str) -> bool:
    """Whether a character may be printed as it is."""
    return character.isprintable() or character in _KEPT


def escaped(character: str) -> str:
    """The backslash escape of one character, as short as Python writes it."""
    return character.encode("unicode_escape").decode("ascii")


def web_address(text: str) -> str:
    """The address of a web page that may become a link, or '' for any other text."""
    scheme, separator, rest = text.partition("://")
    plain = rest.translate(_ADDRESS)
    return text if separator and scheme in ("http", "https") and plain.isascii() and plain.isalnum() else ""


def one_line(text: str) -> str:
    """A paragraph of ours as one visible line: every run of white space becomes one space."""
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":  # nearly always
        return text.replace("##[", "##\\[")
    return visible(" ".join(text.split()))


def fix_lines(decision: Decision) -> list[str]:
    """Whether a finding can be fixed, as visible lines: the fix and what applies it, or why there is none."""
    if decision.fix_safety is not None:
        option = "--fix" if decision.fix_safety == model.SAFE else "--fix --review"
        return [f"fix: {one_line(decision.fix_title or '')} ({decision.fix_safety}, {option})"]
    return [f"no fix: {one_line(decision.unfixable)}"] if decision.unfixable else []


def first_sentence(text: str) -> str:
    """The first sentence of a paragraph, as one visible line."""
    line = one_line(text)
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def plural(count: int, word: str, words: str = "") -> str:
    """``1 file``, ``2 files``; the plural is `words` where an ``s`` does not make it."""
    return f"{count} {word if count == 1 else words or word + 's'}"


def location(path: str, region: Region | None) -> str:
    """``path:line:column``, or the path alone for a whole or missing file."""
    return path if region is None else f"{path}:{region.line}:{region.column}"


def clickable(report: Report, path: str) -> str:
    """The path as seen from where the user stands, safe to print at the start of a line."""
    joined = path if report.root in ("", ".") else f"{report.root.rstrip('/')}/{path}"
    joined = visible(joined)
    # A file whose name begins like a workflow command must not become one.
    return f"./{joined}" if joined.lstrip().startswith("::") else joined


def artifact_path(report: Report, path: str, several: bool) -> str:
    """The path for a machine that knows repositories: below the working directory where the repository lies there.

    A repository outside it (``..`` or absolute) is named by its own paths, after its subject when there are several.
    """
    root = report.root.rstrip("/")
    if root in ("", "."):
        return path
    if root.startswith(("..", "/")) or root[1:3] in (":/", ":\\"):
        # The subject may be that very directory; a machine wants no way up and no leading slash.
        names = [name for name in report.subject.replace("\\", "/").split("/") if name not in ("", ".", "..")]
        return "/".join([*names, path]) if several else path
    return f"{root}/{path}"


def rules_by_id(report: Report) -> Mapping[str, RuleInfo]:
    """The rules that ran, by id."""
    return {rule.id: rule for rule in report.rules_run}


def is_shown(decision: Decision, rules: Mapping[str, RuleInfo], verbose: bool = False) -> bool:
    """Whether a format for people lists a finding; the others are only counted.

    Open findings always, and those of a rule in stage ``warn``, whose meaning is: shown without failing. `verbose`
    lists everything. A rule that is not among those that ran is shown rather than lost.
    """
    if verbose or decision.state == model.OPEN:
        return True
    if decision.state != model.STAGED:
        return False
    rule = rules.get(decision.rule)
    return rule is None or rule.stage != "observe"


def fails(report: Report, decision: Decision, fail_on: str | None = None) -> bool:
    """Whether a finding fails the check; `fail_on` is the mildest severity that does, None for the report's own."""
    level = model.severity_rank(fail_on or report.fail_on)
    return decision.state == model.OPEN and model.severity_rank(decision.severity) >= level


def shown(report: Report, verbose: bool = False) -> list[Decision]:
    """The findings of a report that `is_shown` lets through, in their order."""
    if verbose or {decision.state for decision in report.decisions} <= {model.OPEN}:  # mostly: nothing to look up
        return list(report.decisions)
    rules = rules_by_id(report)
    return [decision for decision in report.decisions if is_shown(decision, rules)]


def worst_first(decision: Decision) -> tuple[int, str, int, int, str]:
    """A sort key: gravest first, then by place."""
    region = decision.region
    line, column = (region.line, region.column) if region else (0, 0)
    return (-model.severity_rank(decision.severity), decision.path, line, column, decision.rule)


def aside(decision: Decision) -> str:
    """Why a finding does not count: its state and the reason given; empty for an open one."""
    if decision.state == model.OPEN:
        return ""
    state = decision.state.replace("-", " ")
    return f"{state}: {one_line(decision.reason)}" if decision.reason else state


def notes_of(decision: Decision) -> list[str]:
    """The further lines of a finding; first, for an open one, why an exception meant for it does not count."""
    refused = [one_line(decision.reason)] if decision.state == model.OPEN and decision.reason else []
    return refused + [visible(note) for note in decision.notes]


def findings_sentence(totals: Mapping[str, Any]) -> str:
    """How many findings count, by severity from the gravest, where, and how many have a fix."""
    where = f"{plural(totals['files'], 'file')} checked"
    if totals["repositories"] != 1:
        where += f" in {plural(totals['repositories'], 'repository', 'repositories')}"
    count = totals["states"][model.OPEN]
    if not count:
        return f"No findings; {where}."
    parts = [f"{totals['open'][name]} {name}" for name in reversed(model.SEVERITIES) if totals["open"][name]]
    fixes = f"; {totals['fixable']} with a fix" if totals["fixable"] else ""
    return f"{plural(count, 'finding')} ({', '.join(parts)}){fixes}; {where}."


def aside_sentence(totals: Mapping[str, Any]) -> str:
    """How many findings do not count, for each of the reasons there are, also where it is none."""
    states = totals["states"]
    return (
        f"Not counted: {states[model.EXCEPTED]} excepted, {states[model.STAGED]} staged (not blocking yet), "
        f"{states[model.BELOW_LEVEL]} below the level."
    )


def controls_sentence(totals: Mapping[str, Any]) -> str:
    """How many controls have which outcome."""
    outcomes = totals["verdicts"]
    if not sum(outcomes.values()):
        return "Controls: none judged."
    return "Controls: " + ", ".join(f"{outcomes[name]} {name.replace('-', ' ')}" for name in model.OUTCOMES) + "."


def problems_sentence(totals: Mapping[str, Any]) -> str:
    """How many problems kept the check from being complete."""
    return f"Problems: {totals['problems'] or 'none'}."


def summary(reports: Sequence[Report]) -> list[str]:
    """The four sentences that every format ends in or carries."""
    totals = model.counts(reports)
    return [
        findings_sentence(totals),
        aside_sentence(totals),
        controls_sentence(totals),
        problems_sentence(totals),
    ]


def standings(
    reports: Sequence[Report], outcomes: Iterable[str], *, brief: bool = False
) -> list[tuple[str, str, str, list[str], list[str]]]:
    """Verdicts of some outcomes with what they share said once: (outcome, reason, permission, titles, subjects).

    In the order of OUTCOMES, then of first appearance; titles and subjects are distinct. Two repositories share a
    row only when the same controls have the same standing for the same reason, so no pair is made up. `brief` leaves
    the reason out where a control fails, which its findings tell better: one row a control, however many repositories.
    """
    wanted = set(outcomes)
    rows: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for report in reports:
        own: dict[tuple[str, str, str], list[str]] = {}
        for verdict in report.verdicts:
            if brief and verdict.outcome == model.FAIL and model.FAIL in wanted:
                rows.setdefault((model.FAIL, "", "", (verdict.title,)), []).append(report.subject)
            elif verdict.outcome in wanted:
                own.setdefault((verdict.outcome, verdict.reason, verdict.permission), []).append(verdict.title)
        for (outcome, reason, permission), titles in own.items():
            rows.setdefault((outcome, reason, permission, tuple(titles)), []).append(report.subject)
    ordered = sorted(rows.items(), key=lambda row: model.OUTCOMES.index(row[0][0]))
    return [(key[0], key[1], key[2], list(key[3]), subjects) for key, subjects in ordered]
