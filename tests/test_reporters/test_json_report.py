"""The JSON report follows its schema, says everything, and comes back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chittyops_policy.errors import UserError
from chittyops_policy.reporters import json_report
from tests.test_reporters.samples import clean, full, hostile, huge

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
)
REPORTS = {
    "full": [full()],
    "hostile": [hostile()],
    "clean": [clean()],
    "none": [],
    "several": [full(), clean("o/b", "b")],
}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", REPORTS)
def test_output_follows_the_schema(name: str) -> None:
    document = json.loads(json_report.render(REPORTS[name]))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_key_is_described_and_every_described_key_is_there(name: str) -> None:
    def check(value: Any, schema: dict[str, Any], where: str) -> None:
        schema = {**schema, **SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]} if "$ref" in schema else schema
        if isinstance(value, dict):
            assert sorted(value) == sorted(schema["properties"]) == sorted(schema["required"]), where
            for key, item in value.items():
                check(item, schema["properties"][key], f"{where}.{key}")
        if isinstance(value, list):
            for item in value:
                check(item, schema["items"], f"{where}[]")

    check(json.loads(json_report.render(REPORTS[name])), SCHEMA, "report")


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (("repositories", 0, "findings", 0, "severity"), "grave"),
        (("repositories", 0, "findings", 0, "fingerprint"), "1"),
        (("repositories", 0, "findings", 2, "region", "start_line"), 0),
        (("repositories", 0, "verdicts", 1, "reason"), ""),
        (("schema_version",), "2.0"),
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(change: tuple[str | int, ...], value: object) -> None:
    document = json.loads(json_report.render([full()]))
    place = document
    for key in change[:-1]:
        place = place[key]
    place[change[-1]] = value
    assert not Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("indent", [2, None], ids=["indented", "one line"])
def test_load_is_the_exact_inverse(name: str, indent: int | None) -> None:
    text = json_report.render(REPORTS[name], indent=indent)
    loaded = json_report.load(text)
    assert loaded == REPORTS[name]
    assert json_report.render(loaded, indent=indent) == text
    assert (text.count("\n") == 1) == (indent is None)


def test_rules_are_written_once_however_many_repositories_there_are() -> None:
    reports = [clean(f"o/{number}", str(number)) for number in range(50)]
    text = json_report.render(reports)
    assert text.count("A tag can be moved") == 1
    assert json_report.load(text) == reports


def test_a_rule_that_two_policies_set_differently_comes_back_for_each() -> None:
    strict, mild = clean("o/strict", "strict"), clean("o/mild", "mild")
    strict.rules_run = tuple(json_report.load(json_report.render([strict]))[0].rules_run)
    strict.rules_run[0].severity = "critical"
    strict.rules_run[1].why = "In other words."
    loaded = json_report.load(json_report.render([strict, mild]))
    assert loaded[0].rules_run == strict.rules_run
    assert loaded[1].rules_run == mild.rules_run


def test_thirty_thousand_findings_come_back() -> None:
    report = huge(30_000)
    assert json_report.load(json_report.render([report], indent=None)) == [report]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a report"),
        ("[]", "not a report"),
        ('{"a": 1}', "not a report"),
        ('{"schema_version": "2.0"}', "format 2.0"),
        ('{"schema_version": 1}', "format 1"),
        ('{"schema_version": "1.7", "rules": [], "repositories": [{}]}', "damaged"),
        ('{"schema_version": "1.7", "repositories": []}', "damaged"),
    ],
)
def test_what_is_no_report_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        json_report.load(text)
    assert caught.value.hint


def test_a_later_minor_version_can_be_read() -> None:
    document = json.loads(json_report.render([full()]))
    document["schema_version"] = "1.9"
    document["repositories"][0]["findings"][0]["new"] = {"key": 1}
    assert json_report.load(json.dumps(document)) == [full()]
