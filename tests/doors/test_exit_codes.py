"""What the command says and how it ends: clean, findings, the user's mistakes, our own bugs, interruption."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy import catalogue, checking
from chittyops_policy.cli.check_command import check as full_check
from chittyops_policy.cli.check_options import FLAG, MANY, NUMBER, OPTIONS, CheckOption
from chittyops_policy.cli.main import main
from chittyops_policy.cli.quick import parse
from chittyops_policy.model import Finding
from chittyops_policy.rule import DOCUMENT, Context, Rule
from chittyops_policy.sources.working_tree import MAX_BYTES

from .support import CLEAN, ROOT, UNPINNED, check, command, commit, git, repository, write

WORKFLOW = ".github/workflows/ci.yml"
OTHER = ".github/workflows/other.yml"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return repository(tmp_path / "sample", {WORKFLOW: CLEAN, OTHER: UNPINNED})


def test_clean_is_0(sample: Path) -> None:
    done = check(WORKFLOW, cwd=sample)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No findings")


def test_findings_are_1(sample: Path) -> None:
    done = check(OTHER, cwd=sample)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{OTHER}:10:15 high unpinned-uses" in done.stdout


@pytest.mark.parametrize(("level", "code"), [("critical", 0), ("high", 1), ("info", 1)])
def test_fail_on_decides_which_findings_count(sample: Path, level: str, code: int) -> None:
    done = check("--fail-on", level, OTHER, cwd=sample)
    assert done.returncode == code
    assert "unpinned-uses" in done.stdout


MISTAKES = {
    "a missing file": (["no/such.yml"], "no/such.yml: no such file or directory", "relative to the current directory"),
    "an unknown format": (["--format", "xml"], "unknown format 'xml'", "formats are: text, json, sarif"),
    "two formats on standard output": (
        ["--format", "text", "--format", "json"],
        "two formats cannot share standard output",
        "--format sarif:out.sarif",
    ),
    "nameless standard input": (["-"], "standard input has no name", "add --stdin-filename"),
    "an unknown profile": (["--profile", "loud"], "'loud' is not one of 'charter', 'strict', 'everything'", "--help"),
    "an unknown level": (["--fail-on", "loud"], "'loud' is not one of 'info'", "--help"),
    "a misspelt option": (["--selct", "x"], "No such option '--selct'", "--select"),
    "an option without its value": (["--policy"], "Option '--policy' requires an argument", "--help"),
    "a number that is none": (["--jobs", "many"], "'many' is not a valid integer", "--help"),
    "an unknown rule": (
        ["--select", "unpined-uses"],
        "there is no rule 'unpined-uses'",
        "did you mean 'unpinned-uses'?",
    ),
    "an unknown rule to ignore": (
        ["--ignore", "nothing"],
        "there is no rule 'nothing'",
        "chittyops-policy rules lists them all",
    ),
    "a missing pack": (["--policy", "no.yml"], "the policy no.yml cannot be read", "takes the path of a pack"),
    "a revision that git does not know": (
        ["--format", "github", "--changed-since", "nowhere"],
        "git finds no common history with 'nowhere'",
        "fetch-depth: 0",
    ),
    "a folder without a repository": (["empty"], "no repository in empty", "a .git or .github folder"),
    "an output that cannot be written": (
        ["--format", "json:no/such/folder/out.json"],
        "no/such/folder/out.json cannot be written",
        "a folder that exists",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_users_mistakes_are_2_with_a_hint(sample: Path, mistake: str) -> None:
    arguments, message, hint = MISTAKES[mistake]
    (sample / "empty").mkdir()
    done = check(*arguments, cwd=sample)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert message in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_no_repository_around_is_2(tmp_path: Path) -> None:
    done = check(cwd=tmp_path)
    assert done.returncode == 2
    assert "no repository around" in done.stderr
    assert "name files to check" in done.stderr


def test_an_unknown_command_is_2(tmp_path: Path) -> None:
    done = command("chekc", cwd=tmp_path)
    assert done.returncode == 2
    assert "No such command 'chekc'" in done.stderr


# ------------------------------------------------------------------------------------------------- our own bugs


def _fails(view: object, context: Context) -> Iterator[Finding]:
    raise ZeroDivisionError("the rule is wrong")


BROKEN = Rule(
    id="broken-rule",
    title="a rule that fails",
    theme="test",
    severity="low",
    visits=(DOCUMENT,),
    why="To see what happens.",
    how="There is nothing to do.",
    examples=lambda: (),
    check=_fails,
)


def test_a_failing_rule_is_3_and_the_other_rules_are_heard(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = catalogue.load()
    monkeypatch.setattr(catalogue, "load", lambda: catalogue.Catalogue({**whole.rules, BROKEN.id: BROKEN}))
    monkeypatch.chdir(sample)
    with pytest.raises(SystemExit) as ended:
        main(["check", "--no-cache", "--format", "json", OTHER])
    assert ended.value.code == 3
    report = json.loads(capsys.readouterr().out)
    problems = [problem for entry in report["repositories"] for problem in entry["problems"]]
    assert [problem["kind"] for problem in problems] == ["internal"]
    assert "broken-rule" in json.dumps(problems) and "the rule is wrong" in json.dumps(problems)
    assert "unpinned-uses" in json.dumps([entry["findings"] for entry in report["repositories"]])


def test_any_other_failure_of_ours_is_3(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: Any) -> int:
        raise KeyError("lost")

    monkeypatch.setattr(checking, "find_targets", failing)
    monkeypatch.chdir(sample)
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 3
    error = capsys.readouterr().err
    assert "internal error: KeyError: 'lost'" in error
    assert "this is a bug of chittyops-policy, not of your files" in error
    assert "Traceback" not in error


# ------------------------------------------------------------------------------------------ ends from the outside


def test_an_interruption_is_130(sample: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "chittyops_policy", "check", "--stdin-filename", WORKFLOW, "-"],
        cwd=sample,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    # More than a pipe holds: when it is written, the command has begun to read, and now waits for the end.
    process.stdin.write(b"#" * 1_000_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    process.stdin = None
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    assert error == b"chittyops-policy: interrupted\n"


def test_a_reader_that_leaves_early_hides_neither_files_nor_findings(tmp_path: Path) -> None:
    # More findings than any buffer holds, so that writing them meets the closed pipe.
    steps = "".join(f"      - uses: octo/action-{number}@v1\n" for number in range(500))
    folder = repository(tmp_path / "sample", {WORKFLOW: CLEAN + steps})
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "chittyops_policy",
            "check",
            "--no-cache",
            "--format",
            "text",
            "--format",
            "json:out.json",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(timeout=60) == 1
    assert error == b""
    assert json.loads((folder / "out.json").read_text(encoding="utf-8"))["counts"]["states"]["open"] >= 500


# ------------------------------------------------------------------------------------------------------- inputs


def test_a_file_that_does_not_parse_is_a_finding_and_the_others_are_checked(sample: Path) -> None:
    write(sample, {".github/workflows/broken.yml": "on: push\njobs:\n  a: [1,\n  b: {\n"})
    done = check(cwd=sample)
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if "unparsable-yaml:" in line)
    place = line.split()[0].split(":")
    assert place[0] == ".github/workflows/broken.yml"
    assert len(place) == 3 and int(place[1]) >= 3 and int(place[2]) >= 1
    assert f"{OTHER}:10:15 high unpinned-uses" in done.stdout


def test_standard_input_stands_for_the_named_file(sample: Path) -> None:
    done = check("--stdin-filename", WORKFLOW, "-", cwd=sample, stdin=UNPINNED.encode())
    assert done.returncode == 1
    assert f"{WORKFLOW}:10:15 high unpinned-uses" in done.stdout
    assert OTHER not in done.stdout


def test_files_of_several_repositories_in_one_call(tmp_path: Path) -> None:
    one = repository(tmp_path / "one", {WORKFLOW: UNPINNED}, "octo/one")
    two = repository(tmp_path / "two", {WORKFLOW: UNPINNED, OTHER: UNPINNED}, "octo/two")
    done = check("--format", "json", f"one/{WORKFLOW}", f"two/{OTHER}", cwd=tmp_path)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    seen = {(entry["root"], finding["path"]) for entry in report["repositories"] for finding in entry["findings"]}
    assert seen == {(one.name, WORKFLOW), (two.name, OTHER)}


def test_a_folder_of_repositories_and_jobs_change_nothing_in_the_answer(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        repository(tmp_path / "all" / name, {WORKFLOW: UNPINNED}, f"octo/{name}")
    alone = check("--no-cache", "--format", "json", "all", cwd=tmp_path)
    shared = check("--no-cache", "--format", "json", "--jobs", "2", "all", cwd=tmp_path)
    assert alone.returncode == shared.returncode == 1
    assert alone.stdout == shared.stdout
    assert [entry["root"] for entry in json.loads(alone.stdout)["repositories"]] == ["all/one", "all/three", "all/two"]


@pytest.mark.parametrize("workflow", ["too large", "closed to us"])
def test_what_cannot_be_read_is_named_and_never_clean(sample: Path, workflow: str) -> None:
    name = ".github/workflows/unread.yml"
    path = sample / name
    path.write_text(CLEAN)
    if workflow == "too large":
        os.truncate(path, MAX_BYTES + 1)
    else:
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read every file, as root may")
    done = check("--ignore", "unpinned-uses", "--fail-on", "critical", cwd=sample)
    assert done.returncode == 1
    assert name in done.stdout


def test_a_pipe_in_place_of_a_file_does_not_hang(sample: Path) -> None:
    os.mkfifo(sample / ".github/workflows/pipe.yml")
    done = check(cwd=sample)
    assert done.returncode == 1
    assert f"{OTHER}:10:15 high unpinned-uses" in done.stdout


def test_several_formats_in_one_run_agree(sample: Path) -> None:
    done = check(
        "-f", "text", "-f", "json:out.json", "-f", "sarif:out.sarif", "-f", "junit:out.xml", "-f", "markdown:out.md",
        OTHER,
        cwd=sample,
    )  # fmt: skip
    assert done.returncode == 1
    assert "unpinned-uses" in done.stdout
    sarif = json.loads((sample / "out.sarif").read_text(encoding="utf-8"))
    report = json.loads((sample / "out.json").read_text(encoding="utf-8"))
    assert len(sarif["runs"][0]["results"]) == report["counts"]["findings"] == 1
    assert "unpinned-uses" in (sample / "out.xml").read_text(encoding="utf-8")
    assert "unpinned-uses" in (sample / "out.md").read_text(encoding="utf-8")


def test_formats_in_files_leave_a_word_for_the_person(sample: Path) -> None:
    done = check("--format", "json:out.json", OTHER, cwd=sample)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "1 finding" in done.stderr


def test_changed_since_limits_annotations_but_not_the_judgement(sample: Path) -> None:
    base = git(sample, "rev-parse", "HEAD")
    write(sample, {".github/workflows/new.yml": UNPINNED})
    commit(sample)
    done = check("--format", "github", "--changed-since", base, "--select", "unpinned-uses", cwd=sample)
    assert done.returncode == 1
    annotated = [line.partition(",")[0] for line in done.stdout.splitlines() if line.startswith("::")]
    assert annotated == ["::error file=.github/workflows/new.yml"]
    assert "2 findings" in done.stdout


# ---------------------------------------------------------------------------------------------- the two parsers


def _values(option: CheckOption) -> list[str]:
    if option.choices:
        return list(option.choices)
    return ["0", "7"] if option.kind == NUMBER else ["value", "with:colon", "a=b"]


def _spellings() -> Iterator[Any]:
    for option in OPTIONS:
        for name in option.names:
            if option.kind == FLAG:
                yield pytest.param([name], id=name)
                continue
            for value in _values(option):
                yield pytest.param([name, value, "path"], id=f"{name} {value}")
                if name.startswith("--"):
                    yield pytest.param([f"{name}={value}"], id=f"{name}={value}")
            if option.kind == MANY:
                yield pytest.param([name, "a", name, "b"], id=f"{name} twice")
            else:
                first, last = (_values(option) * 2)[:2]
                yield pytest.param([name, first, name, last], id=f"{name} again")
    yield pytest.param([], id="nothing")
    yield pytest.param(["a", "--no-cache", "b", "--", "--verbose", "-"], id="options between paths, and --")
    yield pytest.param(["-", "--stdin-filename", "x"], id="standard input")


def _fully_parsed(arguments: list[str]) -> checking.Request:
    with full_check.make_context("check", list(arguments)) as context:
        return checking.Request(**{name: value for name, value in context.params.items() if value is not None})


def _as_dictionary(request: checking.Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in checking.Request.__slots__}


@pytest.mark.parametrize("arguments", list(_spellings()))
def test_the_quick_parser_agrees_with_the_full_one(arguments: list[str]) -> None:
    quick = parse(arguments)
    assert quick is not None
    assert _as_dictionary(quick) == _as_dictionary(_fully_parsed(arguments))


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], ["--selct", "x"], ["--profile", "loud"], ["--jobs", "x"], ["--jobs", "-1"], ["--format"],
     ["-f=text"], ["--no-cache=1"], ["-vx"]],
    ids=" ".join,
)  # fmt: skip
def test_the_quick_parser_leaves_the_rest_to_the_full_one(arguments: list[str]) -> None:
    assert parse(arguments) is None


def test_an_output_that_is_no_file_stays_what_it_is(sample: Path) -> None:
    """A named pipe, as it could be a terminal or /dev/null: written to, not replaced by a file."""
    pipe = sample.parent / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        done = check("--format", f"json:{pipe}", cwd=sample)
        assert reader.stdout is not None
        report = json.loads(reader.stdout.read())
    assert done.returncode == 1
    assert report["repositories"][0]["findings"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
