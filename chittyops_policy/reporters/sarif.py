"""The report as SARIF 2.1.0, shaped for GitHub code scanning and inside its upload limits.

What becomes of a finding that does not count:

* staged in stage ``warn``: a result of level ``note``;
* staged in stage ``observe``, or below the level that is reported: no result, counted in a notification;
* excepted: no result unless asked for, counted in a notification. GitHub does not read ``suppressions`` and would
  open an alert for each (github.com/github/codeql-action, issue 1230); leaving the result out closes the alert.
  Viewers that do read suppressions can be served with ``suppressed=True``.

Fingerprints: GitHub uses ``primaryLocationLineHash`` only. Its upload action computes that from the checked-out file
where it is missing, and warns once a result where it differs from its own, so it is not written here; ours stands
beside it under its own name for every other reader.

Limits: docs.github.com, "SARIF support for code scanning". Results over the limit are dropped from the mildest on,
and a notification says how many.
"""

from __future__ import annotations

import json
import zlib
from urllib.parse import quote

from chittyops_policy import __version__, model
from chittyops_policy.reporters.wording import (
    FAILING_PROBLEMS,
    INFORMATION_URI,
    artifact_path,
    is_shown,
    notes_of,
    one_line,
    plural,
    rules_by_id,
    summary,
    visible,
    web_address,
    worst_first,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from chittyops_policy.model import Decision, Region, Report, RuleInfo

NAME = "sarif"

MAX_RESULTS = 25_000
MAX_RULES = 25_000
MAX_TAGS = 20
MAX_RELATED = 100
"""GitHub takes 1,000 locations a result and shows 100."""
MAX_GZIPPED = 10_000_000
"""Bytes; GitHub takes 10 MB gzipped."""
MAX_DESCRIPTION = 1024
"""Characters of a short or full description that GitHub keeps."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "chittyopsPolicy/v1"
_LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub reads over 9.0 as critical, 7.0-8.9 high, 4.0-6.9 medium, 0.1-3.9 low, and 0.0 as no security severity.
_SCORE = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}
_PROBLEM_SEVERITY = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(
    reports: Sequence[Report],
    *,
    category: str = "chittyops-policy",
    suppressed: bool = False,
    max_results: int = MAX_RESULTS,
    max_gzipped: int = MAX_GZIPPED,
    repositories: Sequence[tuple[str, str]] | None = None,
) -> str:
    """One SARIF log with one run, ASCII only, that ends in a line break.

    One run whatever the number of reports: GitHub refuses two runs of the same tool and category in one upload.

    category     what GitHub tells analyses of the same tool apart by
    suppressed   also write excepted findings, as results with a suppression
    max_results  results at most; max_gzipped: bytes at most after compression
    repositories  for each report the name of its repository and its address on the web, '' for none, where they lie in
                  no common folder: each then has a base of its own, and is a version control provenance
    """
    several = len(reports) > 1
    if repositories is None:
        places = [_Places(report, several) for report in reports]
    else:
        places = [_Places(report, several, *each) for report, each in zip(reports, repositories, strict=True)]
    rules = _rules(reports)
    index = {rule.id: number for number, rule in enumerate(rules)}
    entries: list[tuple[tuple[int, str, int, int, str], dict[str, Any]]] = []
    for report, where in zip(reports, places, strict=True):
        ran = rules_by_id(report)
        for decision in report.decisions:
            if is_shown(decision, ran) or (suppressed and decision.state == model.EXCEPTED):
                entry = _result(decision, index.get(decision.rule), where)
                entries.append((worst_first(decision), entry))
    room = max_results
    while True:
        kept = _worst(entries, room)
        text = _dump(reports, rules, kept, len(entries) - len(kept), category, places)
        size = _gzipped(text)
        if size <= max_gzipped or not kept:
            return text
        # Nearly all of the size is results, so the overshoot says how many to drop; the margin ends the search soon.
        room = min(len(kept) * max_gzipped // size, len(kept) - 1) * 9 // 10


class _Places:
    """How the files of one repository are named."""

    def __init__(self, report: Report, several: bool, name: str = "", address: str = "") -> None:
        self.report = report
        self.several = several
        self.name = name
        self.address = web_address(address)
        self.base = name or "%SRCROOT%"

    def uri(self, path: str) -> str:
        """The address of a file, relative to the base."""
        whole = path if self.name else artifact_path(self.report, path, self.several)
        return quote(whole, safe="/", errors="surrogateescape")

    def location(self, path: str, region: Region | None, *, snippet: bool) -> dict[str, Any]:
        """A place in one of the files."""
        place: dict[str, Any] = {"startLine": 1}  # GitHub wants a line also for a whole or a missing file
        if region is not None:
            one_line = region.end_line == region.line
            place = {
                "startLine": region.line,
                "startColumn": region.column,
                "endLine": region.end_line,
                "endColumn": max(region.end_column, region.column) if one_line else region.end_column,
            }
            if snippet and one_line:
                text = region.source[region.column - 1 : region.end_column - 1]
                if text:
                    place["snippet"] = {"text": text}
        artifact = {"uri": self.uri(path), "uriBaseId": self.base}
        return {"physicalLocation": {"artifactLocation": artifact, "region": place}}


def _worst(entries: Sequence[tuple[tuple[int, str, int, int, str], dict[str, Any]]], room: int) -> list[dict[str, Any]]:
    """All results in their order, or the gravest `room` of them, still in their order."""
    if len(entries) <= room:
        return [entry for _, entry in entries]
    chosen = sorted(sorted(range(len(entries)), key=lambda number: entries[number][0])[:room])
    return [entries[number][1] for number in chosen]


def _gzipped(text: str) -> int:
    # zlib's default level is gzip's; 18 bytes is what a gzip frame has over a zlib frame and more.
    return len(zlib.compress(text.encode("ascii"))) + 18


def _dump(
    reports: Sequence[Report],
    rules: Sequence[RuleInfo],
    results: list[dict[str, Any]],
    dropped: int,
    category: str,
    places: Sequence[_Places],
) -> str:
    notifications = [
        _notification(
            problem.kind,
            "error" if problem.kind in FAILING_PROBLEMS else "note",
            problem.message,
            where.location(problem.path, None, snippet=False) if problem.path else None,
        )
        for report, where in zip(reports, places, strict=True)
        for problem in report.problems
    ]
    if dropped:
        words = f"{plural(dropped, 'result')} left out to stay inside GitHub's upload limits, the mildest first."
        notifications.append(_notification("left-out", "warning", words))
    notifications += [_notification("summary", "note", sentence) for sentence in summary(reports)]
    broken = any(problem.kind == "internal" for report in reports for problem in report.problems)
    bases: dict[str, Any] = {"%SRCROOT%": {"description": {"text": "The root of the checked-out repository."}}}
    own = [where for where in places if where.name]
    if own:
        bases["%SRCROOT%"] = {"description": {"text": "A folder that holds every repository under its name."}}
    for where in own:
        name = quote(where.name, safe="/", errors="surrogateescape")
        bases[where.base] = {"uri": f"{name}/", "uriBaseId": "%SRCROOT%"}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "chittyops-policy",
                "semanticVersion": __version__,
                "informationUri": INFORMATION_URI,
                "rules": [_descriptor(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": f"{category}/"},
        "invocations": [{"executionSuccessful": not broken, "toolExecutionNotifications": notifications}],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": bases,
        "results": results,
        "properties": {
            "counts": model.counts(reports),
            "repositories": [
                {
                    "subject": report.subject,
                    "revision": report.revision,
                    "verdicts": [
                        {"control": verdict.control, "outcome": verdict.outcome, "reason": verdict.reason}
                        for verdict in report.verdicts
                    ],
                }
                for report in reports
            ],
        },
    }
    if own and all(where.address for where in own):  # a log that has some must map every result to one
        run["versionControlProvenance"] = [_provenance(where) for where in own]
    dumped = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_whole(run)]}, indent=1)
    # See json_report: the runner would obey this in a step's output.
    return dumped.replace("##[", "##\\u005b") + "\n"


def _provenance(where: _Places) -> dict[str, Any]:
    revision = {"revisionId": where.report.revision} if where.report.revision else {}
    return {"repositoryUri": where.address, **revision, "mappedTo": {"uriBaseId": where.base}}


def _whole(value: Any) -> Any:
    """The value with lone surrogates replaced, which strict JSON readers refuse."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def _rules(reports: Iterable[Report]) -> list[RuleInfo]:
    """Every rule that ran, by id; where repositories differ in severity or stage, the strictest."""
    strictest: dict[str, RuleInfo] = {}
    for report in reports:
        for rule in report.rules_run:
            other = strictest.get(rule.id)
            if other is None or _strictness(rule) > _strictness(other):
                strictest[rule.id] = rule
    return sorted(strictest.values(), key=lambda rule: rule.id)[:MAX_RULES]


def _strictness(rule: RuleInfo) -> tuple[int, int]:
    return model.STAGES.index(rule.stage), model.severity_rank(rule.severity)


def _descriptor(rule: RuleInfo) -> dict[str, Any]:
    blocks = rule.stage == "block"
    level = _LEVEL[rule.severity] if blocks else "note"
    # A rule without a weakness class (a missing charter file) is about quality: GitHub then shows its level.
    classified = any(tag == "security" or tag.startswith("external/cwe/") for tag in rule.tags)
    security = blocks and classified and rule.severity in _SCORE
    tags = list(dict.fromkeys([*(["security"] if security else []), *rule.tags]))[:MAX_TAGS]
    properties: dict[str, Any] = {
        "precision": "high",
        "problem.severity": _PROBLEM_SEVERITY[level],
        "tags": tags,
    }
    # GitHub takes the severity of an alert, and so the failure of its check, from here before it looks at the level.
    if security:
        properties["security-severity"] = _SCORE[rule.severity]
    why, how = rule.why.strip(), rule.how.strip()
    staged = "" if blocks else f"\n\nThis rule is in stage {rule.stage}: it does not fail a check yet."
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": _sentence(rule.title)},
        "fullDescription": {"text": _cut(one_line(rule.why)) or _sentence(rule.title)},
        "help": {
            "text": f"{why}\n\nHow to fix: {how}{staged}",
            "markdown": f"{why}\n\n**How to fix:** {how}{staged}",
        },
        "defaultConfiguration": {"level": level},
        "properties": properties,
    }


def _result(decision: Decision, index: int | None, where: _Places) -> dict[str, Any]:
    text = [_message(decision.message) or decision.rule]
    text += [_message(note) for note in notes_of(decision)]
    related = decision.related[:MAX_RELATED]
    # GitHub shows a related location only where the message links to it.
    text += [f"See [{_link_text(place.message or place.path)}]({number})." for number, place in enumerate(related, 1)]
    result: dict[str, Any] = {
        "ruleId": decision.rule,
        "level": "note" if decision.state == model.STAGED else _LEVEL[decision.severity],
        "message": {"text": "\n".join(text)},
        "locations": [where.location(decision.path, decision.region, snippet=not decision.sensitive)],
        "partialFingerprints": {_FINGERPRINT: decision.fingerprint},
        "properties": {"severity": decision.severity, "state": decision.state},
    }
    if index is not None:
        result["ruleIndex"] = index
    if where.name:
        result["properties"]["repository"] = where.name
    if decision.route:
        result["properties"]["route"] = decision.route
    if decision.reason:
        result["properties"]["reason"] = decision.reason
    if decision.fix_safety is not None:
        result["properties"]["fix"] = {"title": decision.fix_title or "", "safety": decision.fix_safety}
    if related:
        result["relatedLocations"] = [
            {
                "id": number,
                **where.location(place.path, place.region, snippet=False),
                "message": {"text": _message(place.message) or place.path},
            }
            for number, place in enumerate(related, 1)
        ]
    if decision.state == model.EXCEPTED:
        place = decision.waiver.place if decision.waiver is not None else ""
        kind = "inSource" if place.startswith(("line ", "zizmor's ignore on line ")) else "external"
        result["suppressions"] = [{"kind": kind, "status": "accepted", "justification": _message(decision.reason)}]
    return result


def _notification(kind: str, level: str, message: str, location: dict[str, Any] | None = None) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "descriptor": {"id": kind},
        "level": level,
        "message": {"text": _message(message) or kind},
    }
    if location is not None:
        notification["locations"] = [location]
    return notification


def _message(text: str) -> str:
    """Visible text in which nothing from a file can become a link of SARIF's plain-text link syntax."""
    return visible(text).replace("](", "]\u200b(")


def _link_text(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").rstrip(".")


def _sentence(text: str) -> str:
    line = one_line(text)
    return _cut(line if line.endswith(".") else line + ".")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 3] + "..."
