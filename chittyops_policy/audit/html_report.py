"""An audit as one HTML page that needs nothing but a browser: no server, no network, no other file.

What a reader sees first (totals, organisations, controls, rules, exceptions, what is not known) is in the page as HTML;
the repositories and the findings come as data in it, which the page's own script filters and shows in parts. Texts that
repeat are in that data once. The script and the style are written into the page, and a Content-Security-Policy allows
exactly these two by their digests: nothing that a repository contains can run, load or send anything.
"""

from __future__ import annotations

import base64
import json
import os
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chittyops_policy import __version__, model
from chittyops_policy.reporters.text import mark
from chittyops_policy.reporters.wording import visible, web_address

from . import charts, figures, summary
from .result import NOT_REACHED, OUT_OF_SCOPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from chittyops_policy.model import Decision, Report

    from .result import Audit, Measure, Standing

WORDS = {
    model.PASS: "met",
    model.FAIL: "not met",
    model.UNKNOWN: "cannot be told",
    model.NOT_APPLICABLE: "does not apply",
}
"""What an outcome is called on the page."""

SIGNS = {model.PASS: "✓", model.FAIL: "✕", model.UNKNOWN: "?", model.NOT_APPLICABLE: "–"}

WIDTH = 160
"""Cells of a source line that are shown at most."""

LISTED = 100
"""Rows of a list at most where the filters of the page show all of it."""

_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")


def render(audit: Audit) -> str:
    """The page. Every text from outside is escaped, and what cannot be seen in it stands as an escape such as \\x1b."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    style, script = _asset("report.css"), _asset("report.js")
    return environment.get_template("report.html.j2").render(
        **_context(audit),
        style=Markup(style),
        script=Markup(script),
        data=Markup(_script_text(_data(audit))),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
    )


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    with open(os.path.join(_PAGE, name), encoding="utf-8") as stream:
        return "\n" + stream.read()


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _script_text(value: Any) -> str:
    """JSON that can stand in a script element: no ``<`` can end it or open a comment."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


# ------------------------------------------------------------------------------------------- what is HTML at once


def _context(audit: Audit) -> dict[str, Any]:
    reports = [standing.report for standing in audit.judged if standing.report is not None]
    totals = model.counts(reports)
    verdicts = totals["verdicts"]
    states = [standing.state for standing in audit.standings]
    excused = figures.excused(audit)
    return {
        "audit": audit,
        "version": __version__,
        "day": audit.finished[:10],
        "headline": summary.headline(audit),
        "coverage": summary.coverage(audit),
        "totals": totals,
        "conforming": sum(figures.conforms(standing) for standing in audit.judged),
        "met": figures.share(verdicts[model.PASS], verdicts[model.PASS] + verdicts[model.FAIL]),
        "severities": figures.GRAVEST_FIRST,
        "organisations": figures.organisations(audit),
        "controls": figures.controls(audit),
        "rules": figures.rules(audit),
        "owners": _owners(excused, audit.finished),
        "excused": excused,
        "untold": figures.untold(audit),
        "titles": {control.id: control.title for control in audit.controls},
        "unreached": states.count(NOT_REACHED),
        "outside": states.count(OUT_OF_SCOPE),
        "not_reached": figures.by_reason(audit, NOT_REACHED),
        "out_of_scope": figures.by_reason(audit, OUT_OF_SCOPE),
        "proposals": [standing for standing in audit.standings if standing.proposal is not None],
        "trend": _trend(audit),
        "measures": [(measure, _series(measure)) for measure in audit.measures],
        "outcomes": model.OUTCOMES,
        "words": WORDS,
        "signs": SIGNS,
        "listed": LISTED,
        "share": figures.share,
        "days": figures.days,
        "web": web_address,
        "open_by_severity": figures.open_by_severity,
        "chart": {"width": charts.WIDTH, "height": charts.HEIGHT, "edge": charts.EDGE},
    }


def _owners(excused: Sequence[figures.Excused], now: str) -> list[tuple[str, int, str, str, int]]:
    """(owner, exceptions, first seen of the oldest, next end, how many have no end) by owner, most first."""
    groups: dict[str, list[figures.Excused]] = {}
    for item in excused:
        groups.setdefault(item.waiver.owner, []).append(item)
    rows = []
    for owner, items in groups.items():
        seen = min((item.seen for item in items if item.seen), default="")
        ends = min((item.waiver.expires for item in items if item.waiver.expires >= now[:10]), default="")
        rows.append((owner, len(items), seen, ends, sum(not item.waiver.expires for item in items)))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _trend(audit: Audit) -> dict[str, Any] | None:
    """Open findings and the share of controls that are met, over the audits; None for a single one."""
    points = audit.trend
    if len(points) < 2:
        return None
    found = [(point.finished[:10], float(sum(point.open.values()))) for point in points]
    met: list[tuple[str, float | None]] = []
    for point in points:
        answered = point.verdicts.get(model.PASS, 0) + point.verdicts.get(model.FAIL, 0)
        share = 100 * point.verdicts.get(model.PASS, 0) / answered if answered else None
        met.append((point.finished[:10], share))
    return {
        "points": points,
        "found": charts.line([*found], low=0),
        "met": charts.line(met, low=0, high=100),
        "change": _change(int(found[-1][1] - found[-2][1])),
        "since": found[-2][0],
    }


def _change(count: int) -> str:
    return f"+{count}" if count > 0 else f"\u2212{-count}" if count else "no change"


def _series(measure: Measure) -> charts.Line | None:
    known = [value for _, value in measure.series if value is not None]
    return charts.line(measure.series) if len(known) > 1 else None


# ------------------------------------------------------------------------------------------ what the script shows


class _Texts:
    """Texts by number, each once; 0 is the empty one."""

    def __init__(self) -> None:
        self.all = [""]
        self._index = {"": 0}

    def number(self, text: str) -> int:
        """The number of a text, in the form in which it is shown."""
        found = self._index.get(text)
        if found is None:
            found = self._index[text] = len(self.all)
            self.all.append("\n".join(visible(line) for line in text.splitlines()))
        return found

    def numbers(self, texts: Sequence[str]) -> list[int]:
        """The numbers of several."""
        return [self.number(text) for text in texts]


COLUMNS = (
    "repository", "rule", "severity", "state", "message", "path", "line", "column", "source", "caret", "carets",
    "route", "reason", "notes", "fix", "safety", "unfixable", "seen", "name", "owner", "ends",
)  # fmt: skip
"""A finding in the page's data: a number in each of these lists at the same place.

repository, rule   places in the lists of these
severity, state    places in SEVERITIES and STATES; safety: 0 no fix, 1 safe, 2 review
caret, carets      the cells under the source line before the carets, and how many carets there are
all others         a line, a column, or the number of a text
"""


def _data(audit: Audit) -> dict[str, Any]:
    texts = _Texts()
    rules: dict[str, dict[str, Any]] = {}
    for standing in audit.judged:
        assert standing.report is not None
        for rule in standing.report.rules_run:
            if rule.id not in rules:
                rules[rule.id] = {
                    "id": visible(rule.id),
                    "title": texts.number(rule.title),
                    "why": texts.number(rule.why),
                    "how": texts.number(rule.how),
                }
    places = {id: place for place, id in enumerate(rules)}
    columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
    related: dict[int, list[list[int]]] = {}
    for number, standing in enumerate(audit.judged):
        assert standing.report is not None
        for decision in standing.report.decisions:
            if decision.rule not in places:  # of a rule that did not run itself, such as those about exceptions
                places[decision.rule] = len(rules)
                rules[decision.rule] = {"id": visible(decision.rule), "title": 0, "why": 0, "how": 0}
            if decision.related:
                related[len(columns["rule"])] = [
                    [texts.number(place.path), place.region.line if place.region else 0, texts.number(place.message)]
                    for place in decision.related
                ]
            seen = standing.first_seen.get(decision.fingerprint, "")
            row = _row(decision, number, places[decision.rule], seen, texts)
            for name, value in zip(COLUMNS, row, strict=True):
                columns[name].append(value)
    return {
        "day": audit.finished[:10],
        "severities": model.SEVERITIES,
        "states": model.STATES,
        "outcomes": model.OUTCOMES,
        "words": [WORDS[outcome] for outcome in model.OUTCOMES],
        "signs": [SIGNS[outcome] for outcome in model.OUTCOMES],
        "controls": [
            {
                "id": visible(control.id),
                "title": texts.number(control.title),
                "charter": texts.number(control.charter),
                "rules": [places[rule] for rule in control.rules if rule in places],
            }
            for control in audit.controls
        ],
        "rules": list(rules.values()),
        "repositories": [_repository(standing, audit, texts) for standing in audit.judged],
        "findings": columns,
        "related": related,
        "texts": texts.all,
    }


def _row(decision: Decision, repository: int, rule: int, seen: str, texts: _Texts) -> tuple[int, ...]:
    region, waiver = decision.region, decision.waiver
    source, caret, carets = "", 0, 0
    if region is not None and region.source.strip():
        end = len(region.source) if region.end_line > region.line else region.end_column - 1
        source, marks = mark(region.source, region.column - 1, end, WIDTH)
        caret = len(marks) - len(marks.lstrip())
        carets = len(marks) - caret
        indent = min(len(source) - len(source.lstrip()), caret)
        source, caret = source[indent:], caret - indent
    return (
        repository,
        rule,
        model.severity_rank(decision.severity),
        model.STATES.index(decision.state),
        texts.number(decision.message),
        texts.number(decision.path),
        region.line if region is not None else 0,
        region.column if region is not None else 0,
        texts.number(source),
        caret,
        carets,
        texts.number(decision.route),
        texts.number(decision.reason),
        texts.number("\n".join(decision.notes)),
        texts.number(decision.fix_title or ""),
        ("", model.SAFE, model.REVIEW).index(decision.fix_safety or ""),
        texts.number(decision.unfixable),
        texts.number(seen),
        texts.number(decision.fingerprint[:12]),
        texts.number(waiver.owner if waiver is not None else ""),
        texts.number(waiver.expires if waiver is not None else ""),
    )


def _repository(standing: Standing, audit: Audit, texts: _Texts) -> dict[str, Any]:
    subject, report, proposal = standing.subject, standing.report, standing.proposal
    assert report is not None
    return {
        "slug": visible(subject.slug),
        "owner": texts.number(subject.owner),
        "url": web_address(subject.url),
        "head": subject.head if subject.head.isalnum() else "",
        "branch": texts.number(subject.branch),
        "visibility": texts.number(subject.visibility),
        "projects": texts.numbers(standing.projects),
        "ring": texts.number(standing.ring),
        "language": texts.number(subject.language),
        "known": int(standing.known),
        "verdicts": _verdicts(report, audit, texts),
        "problems": [[texts.number(item.path), texts.number(item.message)] for item in report.problems],
        "proposal": None
        if proposal is None
        else [texts.number(proposal.state), web_address(proposal.url), texts.number(proposal.reason)],
    }


def _verdicts(report: Report, audit: Audit, texts: _Texts) -> list[list[Any] | int]:
    """For each control of the audit [outcome, reason, permission, evidence]; 0 where there is no verdict on it."""
    found: Mapping[str, model.Verdict] = {verdict.control: verdict for verdict in report.verdicts}
    rows: list[list[Any] | int] = []
    for control in audit.controls:
        verdict = found.get(control.id)
        if verdict is None:
            rows.append(0)
            continue
        outcome = model.OUTCOMES.index(verdict.outcome)
        evidence = texts.numbers(verdict.evidence)
        rows.append([outcome, texts.number(verdict.reason), texts.number(verdict.permission), evidence])
    return rows
