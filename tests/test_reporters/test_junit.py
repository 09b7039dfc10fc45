"""JUnit XML that parses, adds up, and is red exactly when the check is."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from chittyops_policy.model import STAGED, Problem, Report
from chittyops_policy.reporters import junit
from chittyops_policy.reporters.wording import one_line
from tests.test_reporters.samples import INJECTIONS, clean, full, hostile, huge


def parsed(reports: list[Report], fail_on: str | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(reports, fail_on=fail_on))


@pytest.mark.parametrize(
    "reports", [[], [clean()], [full()], [hostile()], [full(), clean(), hostile()]], ids=lambda r: str(len(r))
)
def test_the_totals_are_those_of_the_cases(reports: list[Report]) -> None:
    root = parsed(reports)
    assert [suite.get("name") is not None for suite in root] == [True] * len(reports)
    for element in [root, *root]:
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for total, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(total) == str(len(list(element.iter(tag)))), (element.tag, total)


def test_one_case_for_each_finding_control_problem_and_quiet_rule() -> None:
    report = full()
    names = [case.get("classname") for case in parsed([report]).iter("testcase")]
    assert len(names) == len(report.decisions) + len(report.verdicts) + len(report.problems)
    assert names.count("controls") == 6
    assert names.count("problems") == 2
    quiet = [case.get("name") for case in parsed([clean()]).iter("testcase") if case.get("classname") == "rules"]
    assert quiet == [rule.id for rule in clean().rules_run]


def test_hostile_text_comes_back_as_text() -> None:
    messages = {failure.get("message") for failure in parsed([hostile()]).iter("failure")}
    assert "<script>alert(1)</script>" in messages
    assert "]]> & \" ' {0} ${{ github.actor }}" in messages
    assert {message for message in messages if message and "would tell" not in message} == {
        one_line(text) for text in INJECTIONS
    }


def test_skipped_cases_say_why() -> None:
    reasons = [skipped.get("message") or "" for skipped in parsed([full()]).iter("skipped")]
    for start in (
        "excepted: the broker serves",
        "staged: stage warn",
        "staged: stage observe",
        "below level: below low",
    ):
        assert sum(reason.startswith(start) for reason in reasons) == 1, start
    assert "unknown: not in a checkout (would tell: administration: read)" in reasons
    assert "not applicable: a documentation repository" in reasons


def test_nothing_is_red_while_nothing_blocks() -> None:
    report = full()
    report.problems = (Problem("skipped", "big.yml", "too large"),)
    for decision in report.decisions:
        decision.state = STAGED
    root = parsed([report])
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert "fails, but nothing blocks yet: no CODEOWNERS file" in [s.get("message") for s in root.iter("skipped")]


def test_the_level_that_fails_is_honoured() -> None:
    assert parsed([full()]).get("failures") == "5"  # four findings, one control
    assert parsed([full()], fail_on="critical").get("failures") == "2"
    report = full()
    report.fail_on = "critical"
    assert parsed([report]).get("failures") == "2"


def test_thirty_thousand_findings() -> None:
    assert parsed([huge(30_000)]).get("failures") == "30000"
