"""An audit as JSON after schemas/audit.schema.json, and back without loss.

A report in it has the form that schemas/report.schema.json gives it, made by the same functions.
"""

from __future__ import annotations

from chittyops_policy import model
from chittyops_policy.reporters import json_report

from .result import Audit, Control, Measure, Point, Proposal, Standing, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from chittyops_policy.reporters.json_report import RuleText

SCHEMA_VERSION = "1.0"
"""Major.minor of the format, apart from that of a report. A minor version only adds keys."""


def render(audit: Audit) -> str:
    """The audit as one JSON document, ASCII only, that ends in a line break."""
    reports = [standing.report for standing in audit.standings if standing.report is not None]
    texts = json_report.rule_texts(reports)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": json_report.tool(),
        "audit": {
            "id": audit.id,
            "started": audit.started,
            "finished": audit.finished,
            "source": audit.source,
            "scopes": list(audit.scopes),
            "policy": audit.policy,
            "profile": audit.profile,
            "digest": audit.digest,
        },
        "counts": model.counts(reports),
        "controls": [
            {"id": control.id, "title": control.title, "charter": control.charter, "rules": list(control.rules)}
            for control in audit.controls
        ],
        "repositories": [_standing(standing, texts) for standing in audit.standings],
        "trend": [_point(point) for point in audit.trend],
        "measures": [_measure(measure) for measure in audit.measures],
        "problems": list(audit.problems),
        "rules": json_report.rules(texts),
    }
    return json_report.dump(document, 1)


def load(text: str) -> Audit:
    """The audit of a document that `render` wrote; rendering it again gives the same text.

    Raises UserError for text that is not such a document or has another major version.
    """
    return json_report.parse(text, _load, SCHEMA_VERSION, "an audit", "with chittyops-policy audit")


def _standing(standing: Standing, texts: Mapping[RuleText, int]) -> dict[str, Any]:
    subject, proposal = standing.subject, standing.proposal
    return {
        "slug": subject.slug,
        "url": subject.url,
        "head": subject.head,
        "branch": subject.branch,
        "visibility": subject.visibility,
        "archived": subject.archived,
        "disabled": subject.disabled,
        "empty": subject.empty,
        "fork": subject.fork,
        "language": subject.language,
        "topics": list(subject.topics),
        "properties": dict(subject.properties),
        "state": standing.state,
        "reason": standing.reason,
        "permission": standing.permission,
        "projects": list(standing.projects),
        "ring": standing.ring,
        "known": standing.known,
        "first_seen": dict(standing.first_seen),
        "proposal": None
        if proposal is None
        else {
            "state": proposal.state,
            "url": proposal.url,
            "branch": proposal.branch,
            "reason": proposal.reason,
        },
        "report": None if standing.report is None else json_report.repository(standing.report, texts),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "audit": point.audit,
        "finished": point.finished,
        "judged": point.judged,
        "unreached": point.unreached,
        "open": dict(point.open),
        "verdicts": dict(point.verdicts),
        "fixed": dict(point.fixed),
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "id": measure.id,
        "title": measure.title,
        "target": measure.target,
        "unit": measure.unit,
        "value": measure.value,
        "samples": measure.samples,
        "outcome": measure.outcome,
        "definition": measure.definition,
        "window": measure.window,
        "reason": measure.reason,
        "series": [{"date": date, "value": value} for date, value in measure.series],
        "rows": [{"name": name, "value": value, "samples": samples} for name, value, samples in measure.rows],
    }


def _load(document: Mapping[str, Any]) -> Audit:
    head = document["audit"]
    texts = document["rules"]
    return Audit(
        head["id"],
        started=head["started"],
        finished=head["finished"],
        source=head["source"],
        scopes=tuple(head["scopes"]),
        policy=head["policy"],
        profile=head["profile"],
        digest=head["digest"],
        controls=tuple(
            Control(control["id"], control["title"], control["charter"], tuple(control["rules"]))
            for control in document["controls"]
        ),
        standings=tuple(_load_standing(data, texts) for data in document["repositories"]),
        trend=tuple(
            Point(
                point["audit"],
                point["finished"],
                point["judged"],
                point["unreached"],
                point["open"],
                point["verdicts"],
                point["fixed"],
            )
            for point in document["trend"]
        ),
        problems=tuple(document["problems"]),
        measures=tuple(_load_measure(measure) for measure in document["measures"]),
    )


def _load_standing(data: Mapping[str, Any], texts: Sequence[Mapping[str, Any]]) -> Standing:
    proposal, report = data["proposal"], data["report"]
    return Standing(
        Subject(
            data["slug"],
            url=data["url"],
            head=data["head"],
            branch=data["branch"],
            visibility=data["visibility"],
            archived=data["archived"],
            disabled=data["disabled"],
            empty=data["empty"],
            fork=data["fork"],
            language=data["language"],
            topics=tuple(data["topics"]),
            properties=data["properties"],
        ),
        data["state"],
        reason=data["reason"],
        permission=data["permission"],
        report=None if report is None else json_report.load_repository(report, texts),
        projects=tuple(data["projects"]),
        ring=data["ring"],
        first_seen=data["first_seen"],
        known=data["known"],
        proposal=None
        if proposal is None
        else Proposal(proposal["state"], url=proposal["url"], branch=proposal["branch"], reason=proposal["reason"]),
    )


def _load_measure(data: Mapping[str, Any]) -> Measure:
    return Measure(
        data["id"],
        data["title"],
        target=data["target"],
        unit=data["unit"],
        value=data["value"],
        samples=data["samples"],
        outcome=data["outcome"],
        definition=data["definition"],
        window=data["window"],
        reason=data["reason"],
        series=tuple((entry["date"], entry["value"]) for entry in data["series"]),
        rows=tuple((row["name"], row["value"], row["samples"]) for row in data["rows"]),
    )
