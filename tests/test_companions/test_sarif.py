"""``report import``: SARIF files of other tools under our policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..doors.support import CLEAN, UNPINNED, check, command, repository, write

CI = ".github/workflows/ci.yml"


def result(path: str | None = "src/a.py", **more: Any) -> dict[str, Any]:
    """A result of the rule S1 at `path`, line 2; `more` replaces its keys."""
    place = {"artifactLocation": {"uri": path}, "region": {"startLine": 2, "startColumn": 5, "endColumn": 9}}
    found = {"ruleId": "S1", "message": {"text": "bad word"}, "locations": [{"physicalLocation": place}]}
    return found | more if path is not None else {key: found[key] for key in ("ruleId", "message")} | more


def log(*results: dict[str, Any], rules: list[dict[str, Any]] | None = None, name: str = "Some Tool") -> str:
    run = {"tool": {"driver": {"name": name, "rules": rules or []}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]})


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return repository(tmp_path / "sample", {CI: CLEAN, "src/a.py": "import os\nx = evil(1)\n"})


def imported(sample: Path, text: str, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the findings of other tools."""
    write(sample.parent, {"in.sarif": text})
    done = command("report", "import", "../in.sarif", "--format", "json", *arguments, cwd=sample)
    assert done.stdout, done.stderr
    [report] = json.loads(done.stdout)["repositories"]
    return done.returncode, [entry for entry in report["findings"] if "/" in entry["rule"]]


def test_a_finding_comes_with_its_place(sample: Path) -> None:
    code, [entry] = imported(sample, log(result()), "--select", "some-tool/*")
    assert (code, entry["rule"], entry["severity"], entry["message"]) == (1, "some-tool/S1", "medium", "bad word")
    assert (entry["path"], entry["region"]["start_line"], entry["region"]["start_column"]) == ("src/a.py", 2, 5)
    assert entry["region"]["source"] == "x = evil(1)"
    assert entry["unfixable"].startswith("from some-tool; ")


@pytest.mark.parametrize(
    ("more", "rules", "severity"),
    [
        ({"level": "error"}, [], "high"),
        ({"level": "note"}, [], "low"),
        ({"level": "none"}, [], "info"),
        ({}, [{"id": "S1", "defaultConfiguration": {"level": "error"}}], "high"),
        ({"level": "note"}, [{"id": "S1", "properties": {"security-severity": "9.8"}}], "critical"),
        ({"properties": {"security-severity": "4.0"}}, [], "medium"),
        ({"ruleIndex": 1}, [{"id": "S0"}, {"id": "S1", "properties": {"security-severity": "0.0"}}], "info"),
    ],
)
def test_severities_are_those_that_github_reads(
    sample: Path, more: dict[str, Any], rules: list[dict[str, Any]], severity: str
) -> None:
    _, [entry] = imported(sample, log(result(**more), rules=rules))
    assert entry["severity"] == severity


def test_what_the_tool_itself_lets_pass_is_no_finding(sample: Path) -> None:
    suppressed = result(suppressions=[{"kind": "inSource"}])
    assert imported(sample, log(suppressed, result(kind="pass")), "--select", "some-tool/*") == (0, [])


def test_places_are_found_in_every_spelling(sample: Path) -> None:
    absolute = (sample / "src" / "a.py").as_uri()
    by_index = result(None)
    by_index["locations"] = [{"physicalLocation": {"artifactLocation": {"index": 0}}}]
    text = json.loads(log(result(absolute), result("./src/../src/a.py"), by_index))
    text["runs"][0]["artifacts"] = [{"location": {"uri": "src/a.py"}}]
    _, found = imported(sample, json.dumps(text))
    assert [entry["path"] for entry in found] == ["src/a.py"] * 3


@pytest.mark.parametrize("path", ["/etc/passwd", "../other/a.py", "https://example.invalid/a.py"])
def test_a_place_outside_is_shown_without_reading_it(sample: Path, path: str) -> None:
    _, [entry] = imported(sample, log(result(path)))
    assert (entry["path"], entry["region"]) == (".", None)
    assert entry["message"] == f"bad word (in {path}, which is not in the repository)"


def test_messages_may_be_templates_and_ids_may_have_any_form(sample: Path) -> None:
    rules = [{"id": "js/x, y", "messageStrings": {"default": {"text": "{0} is\n worse than {1}"}}}]
    message = {"id": "default", "arguments": ["tea", "{0}"]}
    _, [entry] = imported(sample, log(result(ruleId="js/x, y", message=message), rules=rules))
    assert (entry["rule"], entry["message"]) == ("some-tool/js/x--y", "tea is worse than {0}")


def test_policy_and_exceptions_hold_for_them(sample: Path) -> None:
    write(
        sample,
        {
            ".chittyops-policy.yml": "rules:\n  'some-tool/*': {severity: critical}\n"
            "exceptions:\n  - {rule: some-tool/S1, paths: [src/**], reason: 'a test of the scanner'}\n"
        },
    )
    code, entries = imported(sample, log(result(), result(ruleId="S2")), "--select", "some-tool/*")
    assert code == 1
    assert [(entry["rule"], entry["severity"], entry["state"]) for entry in entries] == [
        ("some-tool/S1", "critical", "excepted"),
        ("some-tool/S2", "critical", "open"),
    ]


def test_our_own_report_comes_back_without_doubles(sample: Path) -> None:
    write(sample, {CI: UNPINNED})
    own = check("--format", "sarif", cwd=sample).stdout
    assert "unpinned-uses" in own
    _, found = imported(sample, own)
    assert [entry["rule"] for entry in found] == [], "each is merged with the one that the check itself finds"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "is not a SARIF 2.1.0 file"),
        ("not json", "is not a SARIF 2.1.0 file"),
        ('{"version": "2.0.0", "runs": []}', "is SARIF 2.0.0"),
        ('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{}]}]}', "is not a SARIF"),
    ],
)
def test_another_file_is_the_users_mistake(sample: Path, text: str, words: str) -> None:
    write(sample.parent, {"in.sarif": text})
    done = command("report", "import", "../in.sarif", cwd=sample)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_one_file_is_about_one_repository(sample: Path) -> None:
    repository(sample.parent / "second", {CI: CLEAN})
    write(sample.parent, {"in.sarif": log(result())})
    done = command("report", "import", "in.sarif", ".", cwd=sample.parent)
    assert done.returncode == 2
    assert "about one repository" in done.stderr


@pytest.mark.parametrize("option", ["--fix", "--diff", "--review", "--explain"])
def test_nothing_is_fixed_from_a_file_that_the_fix_would_make_untrue(sample: Path, option: str) -> None:
    done = command("report", "import", "../in.sarif", option, cwd=sample)
    assert done.returncode == 2
    assert f"No such option '{option}'" in done.stderr
