"""The report as JSON after schemas/report.schema.json, and back without loss.

Keys stand in a fixed order, nothing depends on the machine or the time, so equal reports give equal bytes.
"""

from __future__ import annotations

import json

from chittyops_policy import __version__, model
from chittyops_policy.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")
    RuleText = tuple[str, str, str, str, tuple[str, ...]]
    """Id, title, why, how and tags of a rule."""

NAME = "json"

SCHEMA_VERSION = "1.0"
"""Major.minor of the format. A reader of 1.x may rely on every key of 1.0; a minor version only adds keys."""


def render(reports: Sequence[model.Report], *, indent: int | None = 2) -> str:
    """The reports as one JSON document that ends in a line break; ASCII only, whatever the files contain.

    `indent` None gives one line, for a cache. Texts of rules are stored once and referred to by index, since a sweep
    of many repositories repeats them.
    """
    texts = rule_texts(reports)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": tool(),
        "counts": model.counts(reports),
        "repositories": [repository(report, texts) for report in reports],
        "rules": rules(texts),
    }
    return dump(document, indent)


def dump(document: Any, indent: int | None = 2) -> str:
    """A document as ASCII text that ends in a line break; on one line where `indent` is None."""
    separators = (",", ":") if indent is None else (",", ": ")
    dumped = json.dumps(document, indent=indent, separators=separators)
    # GitHub's runner obeys ``##[command]`` anywhere in a line of a step's output (see wording.visible); inside a JSON
    # string, the only place where it can stand, this spelling means the same.
    return dumped.replace("##[", "##\\u005b") + "\n"


def load(text: str) -> list[model.Report]:
    """The reports of a document that `render` wrote; rendering them again gives the same text.

    Raises UserError for text that is not such a document or has another major version.
    """

    def reports(document: Mapping[str, Any]) -> list[model.Report]:
        texts = document["rules"]
        return [load_repository(data, texts) for data in document["repositories"]]

    return parse(text, reports, SCHEMA_VERSION, "a report", "with --format json")


def parse(text: str, read: Callable[[Mapping[str, Any]], T], version: str, what: str, how: str) -> T:
    """What `read` makes of a JSON document in a format whose ``schema_version`` has the major number of `version`.

    Raises UserError, which says `what` it should be and `how` to write it, for anything else.
    """
    try:
        document = json.loads(text)
        found = document["schema_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"not {what} of chittyops-policy", f"write one {how}") from error
    if not isinstance(found, str) or found.split(".")[0] != version.split(".")[0]:
        raise UserError(
            f"the report has format {found}, this version reads {version}",
            "write the report again with this version of chittyops-policy",
        )
    try:
        return read(document)
    except (TypeError, KeyError, IndexError, AttributeError, ValueError) as error:
        raise UserError(f"the report is damaged: {error!r}", f"write it again {how}") from error


def tool() -> dict[str, str]:
    """Who wrote a document."""
    return {"name": "chittyops-policy", "version": __version__}


def rule_texts(reports: Iterable[model.Report]) -> dict[RuleText, int]:
    """The texts of every rule that ran, each with its index."""
    found = sorted({_text_key(rule) for report in reports for rule in report.rules_run})
    return {key: index for index, key in enumerate(found)}


def rules(texts: Mapping[RuleText, int]) -> list[dict[str, Any]]:
    """The texts of rules in the order of their indices."""
    return [
        {"id": id, "title": title, "why": why, "how": how, "tags": list(tags)} for id, title, why, how, tags in texts
    ]


def _text_key(rule: model.RuleInfo) -> RuleText:
    return (rule.id, rule.title, rule.why, rule.how, rule.tags)


def repository(report: model.Report, texts: Mapping[RuleText, int]) -> dict[str, Any]:
    """One report; the texts of its rules are told by their indices."""
    return {
        "subject": report.subject,
        "root": report.root,
        "revision": report.revision,
        "scope": report.scope,
        "profile": report.profile,
        "policy": report.policy,
        "fail_on": report.fail_on,
        "counts": model.counts([report]),
        "findings": [_finding(decision) for decision in report.decisions],
        "verdicts": [
            {
                "control": verdict.control,
                "title": verdict.title,
                "outcome": verdict.outcome,
                "reason": verdict.reason,
                "permission": verdict.permission,
                "evidence": list(verdict.evidence),
            }
            for verdict in report.verdicts
        ],
        "problems": [
            {"kind": problem.kind, "path": problem.path, "message": problem.message} for problem in report.problems
        ],
        "rules": [
            {"id": rule.id, "index": texts[_text_key(rule)], "severity": rule.severity, "stage": rule.stage}
            for rule in report.rules_run
        ],
        "files": list(report.files),
    }


def _finding(decision: model.Decision) -> dict[str, Any]:
    return {
        "rule": decision.rule,
        "severity": decision.severity,
        "state": decision.state,
        "reason": decision.reason,
        "message": decision.message,
        "path": decision.path,
        "region": _region(decision.region),
        "route": decision.route,
        "fingerprint": decision.fingerprint,
        "sensitive": decision.sensitive,
        "notes": list(decision.notes),
        "related": [
            {"path": place.path, "region": _region(place.region), "message": place.message}
            for place in decision.related
        ],
        "fix": None
        if decision.fix_safety is None
        else {"title": decision.fix_title or "", "safety": decision.fix_safety},
        "unfixable": decision.unfixable,
        "exception": None if decision.waiver is None else _exception(decision.waiver),
    }


def _exception(waiver: model.Waiver) -> dict[str, str]:
    return {
        "reason": waiver.reason,
        "owner": waiver.owner,
        "ticket": waiver.ticket,
        "expires": waiver.expires,
        "place": waiver.place,
    }


def _region(region: model.Region | None) -> dict[str, Any] | None:
    if region is None:
        return None
    return {
        "start_line": region.line,
        "start_column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
        "source": region.source,
    }


def load_repository(data: Mapping[str, Any], texts: Sequence[Mapping[str, Any]]) -> model.Report:
    """The report of which `repository` made `data`; `texts` are those of `rules`. Raises KeyError and its like."""
    return model.Report(
        subject=data["subject"],
        root=data["root"],
        revision=data["revision"],
        scope=data["scope"],
        profile=data["profile"],
        policy=data["policy"],
        fail_on=data["fail_on"],
        files=tuple(data["files"]),
        decisions=tuple(_load_decision(finding) for finding in data["findings"]),
        verdicts=tuple(
            model.Verdict(
                control=verdict["control"],
                title=verdict["title"],
                outcome=verdict["outcome"],
                reason=verdict["reason"],
                evidence=tuple(verdict["evidence"]),
                permission=verdict["permission"],
            )
            for verdict in data["verdicts"]
        ),
        problems=tuple(
            model.Problem(problem["kind"], problem["path"], problem["message"]) for problem in data["problems"]
        ),
        rules_run=tuple(_load_rule(rule, texts[rule["index"]]) for rule in data["rules"]),
    )


def _load_rule(rule: Mapping[str, Any], text: Mapping[str, Any]) -> model.RuleInfo:
    return model.RuleInfo(
        id=rule["id"],
        title=text["title"],
        why=text["why"],
        how=text["how"],
        severity=rule["severity"],
        stage=rule["stage"],
        tags=tuple(text["tags"]),
    )


def _load_decision(data: Mapping[str, Any]) -> model.Decision:
    fix = data["fix"]
    return model.Decision(
        rule=data["rule"],
        severity=data["severity"],
        state=data["state"],
        message=data["message"],
        path=data["path"],
        region=_load_region(data["region"]),
        route=data["route"],
        fingerprint=data["fingerprint"],
        reason=data["reason"],
        notes=tuple(data["notes"]),
        related=tuple(
            model.RelatedPlace(place["path"], _load_region(place["region"]), place["message"])
            for place in data["related"]
        ),
        sensitive=data["sensitive"],
        fix_title=fix["title"] if fix else None,
        fix_safety=fix["safety"] if fix else None,
        unfixable=data["unfixable"],
        waiver=None if data["exception"] is None else _load_exception(data["exception"]),
    )


def _load_exception(data: Mapping[str, str]) -> model.Waiver:
    return model.Waiver(data["reason"], data["place"], data["owner"], data["ticket"], data["expires"])


def _load_region(data: Mapping[str, Any] | None) -> model.Region | None:
    if data is None:
        return None
    return model.Region(
        line=data["start_line"],
        column=data["start_column"],
        end_line=data["end_line"],
        end_column=data["end_column"],
        source=data["source"],
    )
