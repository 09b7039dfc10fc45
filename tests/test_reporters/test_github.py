"""Annotations as GitHub's runner reads them: escaped, the gravest first, honest about what is missing."""

from __future__ import annotations

import pytest

from chittyops_policy.model import Decision, Problem, Region, Report
from chittyops_policy.reporters import github
from tests.test_reporters.runner import Command, commands_in
from tests.test_reporters.samples import DEPLOY, INJECTIONS, clean, fingerprint, full, hostile, huge


def one(text: str, **changes: object) -> list[Command]:
    decision = Decision("r", "high", "open", text, f"{text}.yml", Region(3, 2, 3, 5, text), "", fingerprint(1))
    for name, value in changes.items():
        setattr(decision, name, value)
    report = Report("o/r", ".", "", "repository", "charter", "p", (), (decision,), (), (), ())
    return commands_in(github.render([report]))


@pytest.mark.parametrize("text", [*INJECTIONS, "a,b:c=d%25 100% ::x::"], ids=repr)
def test_one_finding_is_one_command_whatever_it_says(text: str) -> None:
    (command,) = one(text, notes=(text,))
    assert command.name == "error"
    assert set(command.properties) == {"file", "line", "endLine", "col", "endColumn", "title"}
    assert command.properties["line"] == "3"
    assert command.properties["title"] == "r (high)"


def test_path_and_message_arrive_unchanged() -> None:
    (command,) = one("50%, or: more %0A", path="a,b: c%3A.yml")
    assert command.properties["file"] == "a,b: c%3A.yml"
    assert command.data == "50%, or: more %0A"


def test_a_region_of_several_lines_has_no_columns_and_a_file_has_no_line() -> None:
    (command,) = one("x", region=Region(3, 2, 5, 1, "a"))
    assert {key: value for key, value in command.properties.items() if key not in ("file", "title")} == {
        "line": "3",
        "endLine": "5",
    }
    (command,) = one("x", region=None)
    assert set(command.properties) == {"file", "title"}


def test_ten_of_a_kind_the_gravest_first_and_the_rest_counted() -> None:
    output = github.render([huge(30_000)])
    commands = commands_in(output)
    assert [command.name for command in commands] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert "29970 more findings did not fit GitHub's 10 annotations of a kind for one step; all are in" in output
    assert "30000 findings (10000 high, 10000 medium, 10000 low)" in output


def test_every_rule_gets_a_place_before_one_gets_its_second() -> None:
    report = huge(300)
    report.decisions[297].rule = "static-secret"
    report.decisions[0].rule = report.decisions[3].rule = "missing-timeout"
    titles = [
        command.properties["title"] for command in commands_in(github.render([report])) if command.name == "error"
    ]
    assert titles[:4] == [
        "missing-timeout (high)",
        "unpinned-uses (high)",
        "static-secret (high)",
        "missing-timeout (high)",
    ]
    assert set(titles[4:]) == {"unpinned-uses (high)"}


def test_a_critical_finding_at_the_end_comes_first() -> None:
    report = huge(300)
    report.decisions[-1].severity = "critical"
    assert commands_in(github.render([report]))[0].properties["title"] == "unpinned-uses (critical)"


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, []),
        ({DEPLOY: [(12, 12)]}, ["12"]),
        ({DEPLOY: [(1, 3), (13, 20)]}, ["20", "13"]),
        ({DEPLOY: []}, []),
        ({".github/CODEOWNERS": []}, [""]),
        ({".github/workflows/ci.yml": [(1, 99)]}, []),
    ],
    ids=str,
)
def test_only_changed_lines_are_annotated_and_the_others_counted(
    changed: dict[str, list[tuple[int, int]]], lines: list[str]
) -> None:
    report = full()
    report.problems = ()
    output = github.render([report], changed=changed)
    assert [command.properties.get("line", "") for command in commands_in(output)] == lines
    left = 5 - len(lines)  # four open findings and one in stage warn
    assert f"{left} findings not on a changed line" in output
    assert "4 findings (1 critical, 2 high, 1 medium)" in output


def test_a_region_that_only_touches_a_changed_range_counts() -> None:
    report = full()
    report.problems = ()
    report.decisions = (report.decisions[2],)
    report.decisions[0].region = Region(10, 1, 14, 1, "a")
    assert len(commands_in(github.render([report], changed={DEPLOY: [(14, 40)]}))) == 1
    assert len(commands_in(github.render([report], changed={DEPLOY: [(15, 40)]}))) == 0


def test_what_fails_nothing_is_no_error() -> None:
    report = full()
    report.problems = ()
    report.fail_on = "critical"
    names = [command.name for command in commands_in(github.render([report]))]
    assert names == ["error", "warning", "warning", "warning", "notice"]
    assert [command.name for command in commands_in(github.render([report], fail_on="low"))].count("error") == 3


def test_a_problem_that_fails_the_check_is_an_error_and_every_problem_has_a_line() -> None:
    report = clean()
    report.problems = (Problem("unreadable", "a,b.yml", "no\naccess"), Problem("skipped", "c.yml", "too large"))
    output = github.render([report])
    assert commands_in(output) == [
        Command("error", {"file": "a,b.yml", "title": "not checked completely (unreadable)"}, "no access")
    ]
    assert "Problem (unreadable): a,b.yml: no access" in output
    assert "Problem (skipped): c.yml: too large" in output


def test_paths_of_several_repositories() -> None:
    inside, outside = full(), full()
    inside.root, outside.root = "repos/demo", "../other"
    outside.subject = "o/other"
    files = {command.properties.get("file") for command in commands_in(github.render([inside, outside]))}
    assert f"repos/demo/{DEPLOY}" in files
    assert f"o/other/{DEPLOY}" in files
    assert f"../other/{DEPLOY}" not in files


def test_hostile_files_are_named_in_full() -> None:
    commands = commands_in(github.render([hostile()], limit=100))
    assert len(commands) == len(INJECTIONS)
    assert {"<script>alert(1)</script>.yml", "%0A::set-output name=a::b.yml"} <= {
        command.properties["file"] for command in commands
    }
