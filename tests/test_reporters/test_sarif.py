"""SARIF that its schema, Microsoft's validator and GitHub's documented limits accept."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for

from chittyops_policy.model import FAIL, Problem, Report, RuleInfo, Verdict, Waiver
from chittyops_policy.reporters import sarif
from tests.referees import sarif_validator
from tests.test_reporters.samples import DEPLOY, clean, full, hostile, huge

LOGS: dict[str, list[Report]] = {
    "full": [full()],
    "hostile": [hostile()],
    "clean": [clean()],
    "none": [],
    "several": [full(), clean("o/b", "b"), hostile()],
}


@pytest.fixture(scope="session")
def referee() -> None:
    reason = sarif_validator.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)


def run_of(text: str) -> dict[str, Any]:
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def notes_of(run: dict[str, Any]) -> list[str]:
    return [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]


@pytest.mark.usefixtures("referee")
@pytest.mark.parametrize("name", LOGS)
def test_the_schema_accepts(name: str) -> None:
    schema = sarif_validator.schema()
    validator = validator_for(schema)(schema)
    document = json.loads(sarif.render(LOGS[name], suppressed=True))
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.usefixtures("referee")
@pytest.mark.parametrize("name", ["full", "hostile", "several"])
def test_the_validator_accepts(name: str, tmp_path: Path) -> None:
    complaints = sarif_validator.complaints(sarif.render(LOGS[name], suppressed=True), tmp_path)
    # Notes are matters of taste: rule ids such as ABC1234, a help address for each rule, code flows.
    assert [complaint for complaint in complaints if complaint[1] != "note"] == []


@pytest.mark.usefixtures("referee")
def test_the_validator_refuses_a_result_without_a_place(tmp_path: Path) -> None:
    document = json.loads(sarif.render([full()]))
    del document["runs"][0]["results"][0]["locations"]
    complaints = sarif_validator.complaints(json.dumps(document), tmp_path)
    assert {"GH1015", "GH1017"} & {rule for rule, level, _ in complaints if level == "error"}


def test_a_place_says_what_the_region_says() -> None:
    result = run_of(sarif.render([full()]))["results"][2]
    assert result["ruleId"] == "unpinned-uses"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": DEPLOY, "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": 12,
            "startColumn": 15,
            "endLine": 12,
            "endColumn": 34,
            "snippet": {"text": "actions/checkout@v4"},
        },
    }
    assert result["partialFingerprints"] == {"chittyopsPolicy/v1": full().decisions[2].fingerprint}
    assert "See [pinned here](1)." in result["message"]["text"]
    assert result["relatedLocations"][0]["id"] == 1


def test_an_exception_of_the_organisation_is_outside_the_source() -> None:
    report = full()
    report.decisions[6].waiver = Waiver("granted", "policies/chittyos.yml:40", "security team")
    results = run_of(sarif.render([report], suppressed=True))["results"]
    kinds = [suppression["kind"] for result in results for suppression in result.get("suppressions", ())]
    assert kinds == ["external"]


def test_rules_and_results_belong_together() -> None:
    run = run_of(sarif.render([full(), hostile()], suppressed=True))
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_text_of_a_secret_is_not_in_the_log() -> None:
    report = full()
    secret = report.decisions[5]
    assert secret.sensitive
    assert secret.region is not None
    secret.region.source = "      - run: deploy ghp_PlainText0000000000000000000000000000"
    secret.region.column, secret.region.end_column = 21, 61
    assert "ghp_PlainText" not in sarif.render([report])


@pytest.mark.parametrize(
    ("suppressed", "states"),
    [(False, {"open": 4, "staged": 1}), (True, {"open": 4, "staged": 1, "excepted": 1})],
    ids=["for GitHub", "for viewers that read suppressions"],
)
def test_what_becomes_of_findings_that_do_not_count(suppressed: bool, states: dict[str, int]) -> None:
    run = run_of(sarif.render([full()], suppressed=suppressed))
    found: dict[str, int] = {}
    for result in run["results"]:
        state = result["properties"]["state"]
        found[state] = found.get(state, 0) + 1
        if state == "staged":
            assert result["level"] == "note"
        if state == "excepted":
            reason = "the broker serves no npm tokens, OPS-12 (line 21, until 2027-01-31)"
            assert result["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": reason}]
    assert found == states
    assert "Not counted: 1 excepted, 2 staged (not blocking yet), 1 below the level." in notes_of(run)


@pytest.mark.parametrize(
    ("severity", "stage", "tags", "level", "score"),
    [
        ("critical", "block", ("external/cwe/cwe-1",), "error", "9.5"),
        ("high", "block", ("security",), "error", "8.0"),
        ("medium", "block", ("external/cwe/cwe-1",), "warning", "5.5"),
        ("low", "block", ("external/cwe/cwe-1",), "note", "2.5"),
        ("info", "block", ("external/cwe/cwe-1",), "note", None),
        ("critical", "block", (), "error", None),
        ("critical", "warn", ("external/cwe/cwe-1",), "note", None),
    ],
)
def test_the_level_of_a_rule(severity: str, stage: str, tags: tuple[str, ...], level: str, score: str | None) -> None:
    report = clean()
    report.rules_run = (RuleInfo("a-rule", "T", "W", "H", severity, stage, tags),)
    (rule,) = run_of(sarif.render([report]))["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"]["level"] == level
    assert rule["properties"].get("security-severity") == score
    assert ("security" in rule["properties"]["tags"]) == (score is not None or "security" in tags)


def test_limits_of_a_rule() -> None:
    report = clean()
    tags = tuple(f"tag-{number}" for number in range(40))
    report.rules_run = (RuleInfo("a-rule", "t" * 3000, "w" * 3000, "h", "high", "block", tags),)
    (rule,) = run_of(sarif.render([report]))["tool"]["driver"]["rules"]
    assert len(rule["properties"]["tags"]) == 20
    assert len(rule["shortDescription"]["text"]) == 1024
    assert len(rule["fullDescription"]["text"]) == 1024
    assert "w" * 3000 in rule["help"]["text"]


def test_thirty_thousand_findings_stay_inside_the_limits() -> None:
    text = sarif.render([huge(30_000)])
    run = run_of(text)
    assert len(run["results"]) == 25_000
    assert len(gzip.compress(text.encode())) <= 10_000_000
    assert {level: sum(r["level"] == level for r in run["results"]) for level in ("error", "warning", "note")} == {
        "error": 10_000,
        "warning": 10_000,
        "note": 5_000,
    }
    assert "5000 results left out to stay inside GitHub's upload limits, the mildest first." in notes_of(run)
    assert any("30000 findings" in note for note in notes_of(run))


@pytest.mark.parametrize("limit", [50_000, 20_000, 1])
def test_a_log_that_is_too_large_is_cut_from_the_mildest_on(limit: int) -> None:
    text = sarif.render([huge(3_000)], max_gzipped=limit)
    run = run_of(text)
    kept = len(run["results"])
    assert kept == 0 or len(gzip.compress(text.encode())) <= limit
    assert (kept == 0) == (limit == 1)
    assert {result["level"] for result in run["results"]} <= {"error"} or kept > 1_000
    assert f"{3_000 - kept} results left out" in "".join(notes_of(run))


def test_problems_are_notifications_and_a_bug_of_ours_is_not_a_success() -> None:
    report = full()
    invocation = run_of(sarif.render([report]))["invocations"][0]
    assert invocation["executionSuccessful"] is True
    unreadable = invocation["toolExecutionNotifications"][0]
    assert unreadable["level"] == "error"
    assert unreadable["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == ".github/workflows/secret.yml"
    report.problems = (Problem("internal", "", "rule x failed"),)
    assert run_of(sarif.render([report]))["invocations"][0]["executionSuccessful"] is False


def test_addresses_are_encoded_and_tell_repositories_apart() -> None:
    first, second = full(), full()
    third = full()
    first.root, second.root, third.root = "a b", "../elsewhere", "/srv/third"
    second.subject, third.subject = "o/elsewhere", "/srv/third"
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run_of(sarif.render([first, second, third]))["results"]
    }
    assert f"a%20b/{DEPLOY}" in uris
    assert f"o/elsewhere/{DEPLOY}" in uris
    assert f"srv/third/{DEPLOY}" in uris
    assert not any(uri.startswith(("/", "..")) for uri in uris)
    hostile_uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run_of(sarif.render([hostile()]))["results"]
    ]
    assert all(uri.isascii() and ":" not in uri and " " not in uri for uri in hostile_uris)


def test_one_run_with_its_category() -> None:
    run = run_of(sarif.render([full(), clean("o/b", "b")], category="org/policy"))
    assert run["automationDetails"]["id"] == "org/policy/"


def test_verdicts_travel_along() -> None:
    report = clean()
    report.verdicts = (Verdict("codeowners", "C", FAIL, "none"),)
    (repository,) = run_of(sarif.render([report]))["properties"]["repositories"]
    assert repository["verdicts"] == [{"control": "codeowners", "outcome": "fail", "reason": "none"}]
