"""The report as JUnit XML, for the test tabs of CI servers.

One suite a repository, and in it one case a finding, one a control, one a problem and one a rule that ran and found
nothing. A suite has failures exactly when findings fail the check: findings that do not, and controls that fail while
nothing blocks, are skipped cases with their reason. It has errors when a problem fails the check.
"""

from __future__ import annotations

from chittyops_policy import model
from chittyops_policy.reporters.wording import (
    FAILING_PROBLEMS,
    aside,
    clickable,
    fails,
    fix_lines,
    location,
    notes_of,
    one_line,
    rules_by_id,
    summary,
    visible,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chittyops_policy.model import Decision, Problem, Report, RuleInfo, Verdict

NAME = "junit"

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def render(reports: Sequence[Report], *, fail_on: str | None = None) -> str:
    """One XML document that ends in a line break; every attribute and text is free of what XML 1.0 forbids.

    `fail_on` is the mildest severity that fails the check (None: as each report says), so that the document and the
    exit code agree.
    """
    suites = [(report, _cases(report, fail_on)) for report in reports]
    total = _tally([case for _, cases in suites for case in cases])
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites {_attributes({'name': 'chittyops-policy', **total})}>",
    ]
    for report, cases in suites:
        lines += _suite(report, cases)
    return "\n".join([*lines, "</testsuites>", ""])


def _cases(report: Report, fail_on: str | None) -> list[tuple[str, str]]:
    """The cases of one report, each as (result, XML)."""
    rules = rules_by_id(report)
    blocked = any(fails(report, decision, fail_on) for decision in report.decisions)
    cases = [_finding(report, decision, rules, fail_on) for decision in report.decisions]
    cases += [_control(verdict, blocked) for verdict in report.verdicts]
    cases += [_problem(report, problem) for problem in report.problems]
    fired = {decision.rule for decision in report.decisions}
    return cases + [_case("rules", rule.id, "") for rule in report.rules_run if rule.id not in fired]


def _suite(report: Report, cases: Sequence[tuple[str, str]]) -> list[str]:
    properties = {
        "revision": report.revision,
        "scope": report.scope,
        "profile": report.profile,
        "policy": report.policy,
    }
    return [
        f" <testsuite {_attributes({'name': report.subject, **_tally(cases)})}>",
        "  <properties>",
        *(f"   <property {_attributes({'name': n, 'value': v})}/>" for n, v in properties.items() if v),
        "  </properties>",
        *(case for _, case in cases),
        f"  <system-out>{_text(chr(10).join(summary([report])))}</system-out>",
        " </testsuite>",
    ]


def _tally(cases: Sequence[tuple[str, str]]) -> dict[str, str]:
    results = [result for result, _ in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(results.count("failure")),
        "errors": str(results.count("error")),
        "skipped": str(results.count("skipped")),
    }


def _finding(report: Report, decision: Decision, rules: Mapping[str, RuleInfo], fail_on: str | None) -> tuple[str, str]:
    where = location(clickable(report, decision.path), decision.region)
    # The fingerprint keeps the name of a case apart from its like and the same when lines move.
    name = f"{decision.rule} {decision.route or 'file'} [{decision.fingerprint[:8]}]"
    put_aside = aside(decision)
    if not put_aside and not fails(report, decision, fail_on):
        put_aside = f"{decision.severity}, the check fails from {fail_on or report.fail_on} on"
    if put_aside:
        return _case(decision.path, name, "skipped", f"{put_aside}: {decision.message}")
    lines = [f"{where}: {decision.severity}: {one_line(decision.message)}"]
    if decision.region is not None:
        lines.append(f"source: {visible(decision.region.source.strip())}")
    lines += [f"note: {note}" for note in notes_of(decision)]
    lines += [
        f"see {location(clickable(report, place.path), place.region)}: {one_line(place.message)}"
        for place in decision.related
    ]
    rule = rules.get(decision.rule)
    if rule is not None and rule.how:
        lines.append(f"how: {one_line(rule.how)}")
    lines += fix_lines(decision)
    return _case(decision.path, name, "failure", decision.message, decision.severity, "\n".join(lines))


def _control(verdict: Verdict, blocked: bool) -> tuple[str, str]:
    name = f"{verdict.control}: {verdict.title}"
    if verdict.outcome == model.PASS:
        return _case("controls", name, "")
    reason = verdict.reason + (f" (would tell: {verdict.permission})" if verdict.permission else "")
    if verdict.outcome == model.FAIL and blocked:
        evidence = "\n".join(f"seen: {one_line(seen)}" for seen in verdict.evidence)
        return _case("controls", name, "failure", reason, "control", evidence)
    outcome = "fails, but nothing blocks yet" if verdict.outcome == model.FAIL else verdict.outcome.replace("-", " ")
    return _case("controls", name, "skipped", f"{outcome}: {reason}")


def _problem(report: Report, problem: Problem) -> tuple[str, str]:
    name = clickable(report, problem.path) if problem.path else one_line(problem.message)
    result = "error" if problem.kind in FAILING_PROBLEMS else "skipped"
    return _case("problems", f"{problem.kind}: {name}", result, problem.message, problem.kind)


def _case(group: str, name: str, result: str, message: str = "", type: str = "", body: str = "") -> tuple[str, str]:
    """A test case as (result, XML); `result` is ``failure``, ``error``, ``skipped`` or empty for a pass."""
    opening = f"  <testcase {_attributes({'classname': group, 'name': name})}"
    if not result:
        return result, f"{opening}/>"
    attributes = {"message": message} if result == "skipped" else {"message": message, "type": type}
    inside = f"{_attributes(attributes)}>{_text(body)}</{result}>" if body else f"{_attributes(attributes)}/>"
    return result, f"{opening}>\n   <{result} {inside}\n  </testcase>"


def _attributes(values: Mapping[str, str]) -> str:
    return " ".join(f'{name}="{_text(one_line(value))}"' for name, value in values.items())


def _text(text: str) -> str:
    """Text as XML content; lines are made visible one by one, which leaves nothing that XML 1.0 forbids."""
    safe = "\n".join(map(visible, text.split("\n")))
    for character, entity in _ENTITIES.items():
        safe = safe.replace(character, entity)
    return safe
