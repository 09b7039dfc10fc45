"""What every format has in common: whole outputs, and what no format may do or leave out.

CHITTYOPS_POLICY_REGENERATE=1 rewrites the files in golden/ from what the reporters say now; read the difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chittyops_policy import __version__, model
from chittyops_policy.reporters import github, json_report, junit, markdown, sarif, text
from tests.test_reporters import runner, samples

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, Callable[[], str]] = {
    "text.txt": lambda: text.render([samples.full()]),
    "text-verbose.txt": lambda: text.render([samples.full()], verbose=True),
    "text-color.txt": lambda: text.render([samples.full()], color=True),
    "text-clean.txt": lambda: text.render([samples.clean()]),
    "text-several.txt": lambda: text.render([samples.full(), samples.clean(), samples.full()]),
    "text-hostile.txt": lambda: text.render([samples.hostile()]),
    "report.json": lambda: json_report.render([samples.full()]),
    "report.sarif": lambda: sarif.render([samples.full()]),
    "github.txt": lambda: github.render([samples.full()]),
    "markdown.md": lambda: markdown.render([samples.full()]),
    "markdown-hostile.md": lambda: markdown.render([samples.hostile()]),
    "junit.xml": lambda: junit.render([samples.full()]),
}

RENDERERS: dict[str, Callable[[list[model.Report]], str]] = {
    "text": text.render,
    "text-color": lambda reports: text.render(reports, color=True, verbose=True),
    "json": json_report.render,
    "json-one-line": lambda reports: json_report.render(reports, indent=None),
    "sarif": lambda reports: sarif.render(reports, suppressed=True),
    "github": github.render,
    "markdown": lambda reports: markdown.render(reports, verbose=True),
    "junit": junit.render,
}


@pytest.mark.parametrize("name", CASES)
def test_whole_output(name: str) -> None:
    file = GOLDEN / name
    output = CASES[name]().replace(f'"{__version__}"', '"VERSION"')
    if os.environ.get("CHITTYOPS_POLICY_REGENERATE") == "1":
        file.write_text(output, encoding="utf-8", newline="")
    assert output == file.read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", RENDERERS)
def test_the_same_reports_give_the_same_text(name: str) -> None:
    render = RENDERERS[name]
    assert render([samples.full(), samples.hostile()]) == render([samples.full(), samples.hostile()])
    assert render([samples.full()]).endswith("\n")
    assert render([])


@pytest.mark.parametrize("name", RENDERERS)
def test_no_kind_of_decision_vanishes(name: str) -> None:
    output = RENDERERS[name]([samples.full()])
    if name.startswith("json"):
        states = '"states":{"open":4,"excepted":1,"staged":2,"below-level":1}'
        assert states in "".join(output.split())
    else:
        assert "4 findings" in output
        assert "1 excepted, 2 staged (not blocking yet), 1 below the level" in output
        assert "1 pass, 1 fail, 3 unknown, 1 not applicable" in output
        assert "Problems: 2" in output


@pytest.mark.parametrize("name", RENDERERS)
def test_an_exception_that_does_not_count_is_mentioned(name: str) -> None:
    assert "the exception on line 13 expired on 2026-10-31" in RENDERERS[name]([samples.full()])


@pytest.mark.parametrize("name", RENDERERS)
def test_no_file_content_becomes_a_command_of_the_runner(name: str) -> None:
    output = RENDERERS[name]([samples.hostile()])
    commands = runner.commands_in(output)
    if name == "github":
        assert {command.name for command in commands} == {"error"}
        assert len(commands) == github.LIMIT
    else:
        assert commands == []


@pytest.mark.parametrize("name", RENDERERS)
def test_no_control_character_and_no_lone_surrogate_reaches_the_terminal(name: str) -> None:
    output = RENDERERS[name]([samples.hostile()])
    output.encode("utf-8")
    ours = output.replace("\x1b[0m", "")
    for code in ("1", "2", "1;31", "31", "33", "36", "34", "32"):
        ours = ours.replace(f"\x1b[{code}m", "")
    bad = {character for character in ours if character != "\n" and not character.isprintable()}
    # SARIF, JSON: everything but ASCII is escaped. The zero-width space parts SARIF's link syntax.
    assert bad <= {"\u200d", "\u00a0"}
    if name != "text-color":
        assert "\x1b" not in output


def test_the_runner_model_knows_a_command_when_it_sees_one() -> None:
    """Guards the tests above against a detector that never fires."""
    lines = ["  ::error file=a%2Cb,line=1::x%0Ay", "text ##[add-mask]s", "1 | ::error::x", "::nothing::x"]
    assert [runner.command_in(line) for line in lines] == [
        runner.Command("error", {"file": "a,b", "line": "1"}, "x\ny"),
        runner.Command("add-mask", {}, "s"),
        None,
        None,
    ]


def test_the_path_of_the_commit_hook_loads_nothing_heavy() -> None:
    program = (
        "import sys; before = set(sys.modules); from chittyops_policy.reporters import text;"
        "from tests.test_reporters.samples import clean; text.render([clean()]);"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [name for name in done.stdout.split() if not name.startswith(("chittyops_policy", "tests"))]
    # `re` loads `operator`, and every check loads `re`.
    assert set(ours) <= {"__future__", "_operator", "operator"}
    assert "chittyops_policy.reporters.text" in done.stdout
