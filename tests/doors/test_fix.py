"""``check --fix`` and ``--diff`` as a person meets them: files on a disk, git, and what is printed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chittyops_policy.delivery.files import deliver
from chittyops_policy.errors import WorldError
from chittyops_policy.fixer import Change

from .support import ROOT, UNPINNED, check, commit, git, repository, write

WORKFLOW = ".github/workflows/ci.yml"
SECOND = ".github/workflows/second file.yml"
PINNED = UNPINNED.replace("actions/checkout@v4", "actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0")
OWNERS = "/.github/ @ChittyOS/cicd-admins\n* @ChittyOS/developers\n"
ORDERED = "* @ChittyOS/developers\n/.github/ @ChittyOS/cicd-admins\n"
FILES = {WORKFLOW: UNPINNED, SECOND: UNPINNED.removesuffix("\n"), ".github/CODEOWNERS": OWNERS}
ONLY = ("--select", "unpinned-uses", "--select", "ineffective-codeowners")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return repository(tmp_path / "sample", FILES)


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def test_safe_fixes_are_made_and_the_rest_is_reported(sample: Path) -> None:
    done = check("--fix", *ONLY, cwd=sample)
    assert contents(sample) == {**FILES, WORKFLOW: PINNED, SECOND: PINNED.removesuffix("\n")}
    assert done.returncode == 1
    assert "ineffective-codeowners" in done.stdout and "unpinned-uses" not in done.stdout
    assert "fix: move line 1 to the end (review, --fix --review)" in done.stdout
    assert done.stderr == (
        f"fixed {WORKFLOW}\n"
        "    unpinned-uses: pin actions/checkout to v4.4.0\n"
        "    note: The commit comes from the pack of 2026-11-22 (its owner's tag).\n"
        f"fixed {SECOND}\n"
        "    unpinned-uses: pin actions/checkout to v4.4.0\n"
        "    note: The commit comes from the pack of 2026-11-22 (its owner's tag).\n"
        "2 findings fixed in 2 files; --review has 1 fix more\n"
    )


def test_review_makes_all_of_them_and_a_second_run_nothing(sample: Path) -> None:
    done = check("--fix", "--review", *ONLY, cwd=sample)
    assert done.returncode == 0, done.stdout
    assert contents(sample)[".github/CODEOWNERS"] == ORDERED
    now = contents(sample)
    again = check("--fix", "--review", *ONLY, cwd=sample)
    assert contents(sample) == now
    assert again.stderr.splitlines()[-1] == "0 findings fixed in 0 files"


def test_git_applies_the_diff_and_gets_what_fix_writes(sample: Path) -> None:
    (sample / WORKFLOW).write_bytes(UNPINNED.replace("\n", "\r\n").encode())
    odd = '.github/workflows/od"d é.yml'
    (sample / odd).write_bytes(b"\xef\xbb\xbf" + UNPINNED.encode())
    commit(sample)
    before = contents(sample)
    shown = subprocess.run(
        [sys.executable, "-m", "chittyops_policy", "check", "--diff", "--review", *ONLY],
        cwd=sample,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert shown.returncode == 1, "nothing has been fixed yet"
    assert contents(sample) == before
    assert b"\\ No newline at end of file" in shown.stdout
    assert b"4 findings would be fixed in 4 files" in shown.stderr
    patch = sample.parent / "fixes.patch"
    patch.write_bytes(shown.stdout)
    git(sample, "apply", "--whitespace=nowarn", str(patch))
    applied = contents(sample)
    assert applied[odd] == "\ufeff" + PINNED and applied[WORKFLOW] == PINNED.replace("\n", "\r\n")
    git(sample, "checkout", "--quiet", ".")
    check("--fix", "--review", *ONLY, cwd=sample)
    assert contents(sample) == applied


def test_explain_says_what_was_proven(sample: Path) -> None:
    done = check("--fix", "--explain", "--select", "unpinned-uses", WORKFLOW, cwd=sample)
    lines = [line.strip() for line in done.stderr.splitlines()]
    assert "proven bytes:    2 places are changed; every byte outside is the same" in lines
    assert "proven value:    only jobs.build.steps[0].uses differs in the parsed file" in lines
    assert any(line.startswith("proven findings: unpinned-uses: gone; none of ") for line in lines)
    assert "proven scripts:  none is changed" in lines
    assert "proven again:    a second run changes nothing (settled after 1 pass)" in lines


def test_only_named_files_and_chosen_rules_are_fixed(sample: Path) -> None:
    check("--fix", "--review", "--select", "ineffective-codeowners", cwd=sample)
    assert contents(sample) == {**FILES, ".github/CODEOWNERS": ORDERED}
    check("--fix", WORKFLOW, cwd=sample)
    assert contents(sample) == {**FILES, ".github/CODEOWNERS": ORDERED, WORKFLOW: PINNED}


def test_letter_case_of_an_action_tells_nothing_apart(tmp_path: Path) -> None:
    loose = UNPINNED.replace("        with:\n          persist-credentials: false\n", "")
    folder = repository(tmp_path / "sample", {WORKFLOW: loose.replace("actions/checkout", "Actions/Checkout")})
    check("--fix", "--review", "--select", "unpinned-uses", "--select", "artipacked", cwd=folder)
    assert (folder / WORKFLOW).read_text() == PINNED.replace("actions/checkout", "Actions/Checkout")


def test_several_repositories_are_fixed_by_their_own_policy(tmp_path: Path) -> None:
    for name in ("one", "two"):
        repository(tmp_path / name, {WORKFLOW: UNPINNED}, slug=f"ChittyOS/{name}")
    (tmp_path / "two" / ".chittyops-policy.yml").write_text("rules:\n  unpinned-uses: {stage: off}\n")
    done = check("--fix", "--jobs", "2", "--select", "unpinned-uses", "one", "two", cwd=tmp_path)
    assert (tmp_path / "one" / WORKFLOW).read_text() == PINNED
    assert "fixed one/.github/workflows/ci.yml" in done.stderr


def test_a_report_beside_the_fixes_tells_what_is_left(sample: Path) -> None:
    done = check("--fix", "--format", "json", *ONLY, cwd=sample)
    (report,) = json.loads(done.stdout)["repositories"]
    assert [finding["rule"] for finding in report["findings"]] == ["ineffective-codeowners"]
    done = check("--diff", "--format", "json:report.json", *ONLY, cwd=sample)
    assert done.stdout == ""
    assert json.loads((sample / "report.json").read_text())["repositories"][0]["findings"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--review"], "--review does nothing by itself"),
        (["--explain"], "--explain does nothing by itself"),
        (["--fix", "--diff"], "--diff changes nothing, and --fix does"),
        (["--diff", "--format", "json"], "standard output holds the diff"),
        (["--fix", "--stdin-filename", WORKFLOW, "-"], "standard input cannot be fixed in place"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_said(sample: Path, options: list[str], message: str) -> None:
    done = check(*options, cwd=sample, stdin=b"")
    assert done.returncode == 2
    assert message in done.stderr and "hint: " in done.stderr
    assert contents(sample) == FILES


def test_standard_input_gets_a_diff(sample: Path) -> None:
    done = check("--diff", "--stdin-filename", WORKFLOW, "-", cwd=sample, stdin=UNPINNED.encode())
    assert "+      - uses: actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0" in done.stdout


# ----------------------------------------------------------------------------------------------------- on the disk


def test_mode_and_owner_stay_and_no_temporary_file_is_left(sample: Path) -> None:
    os.chmod(sample / WORKFLOW, 0o640)
    check("--fix", *ONLY, cwd=sample)
    assert (sample / WORKFLOW).read_text() == PINNED
    assert stat.S_IMODE(os.stat(sample / WORKFLOW).st_mode) == 0o640
    assert set(contents(sample)) == set(FILES)


def test_a_link_is_never_written_through(sample: Path) -> None:
    """The workflow is a link to a file of the same repository: that file is not a workflow, and nobody named it."""
    write(sample, {"shared/ci.yml": UNPINNED})
    (sample / WORKFLOW).unlink()
    (sample / WORKFLOW).symlink_to("../../shared/ci.yml")
    done = check("--fix", *ONLY, cwd=sample)
    assert (sample / "shared/ci.yml").read_text() == UNPINNED
    assert (sample / WORKFLOW).is_symlink()
    assert done.returncode == 1
    assert f"refused {WORKFLOW}: unpinned-uses" in done.stderr
    assert f"{WORKFLOW} is, or lies behind, a symbolic link" in done.stderr
    assert "1 finding fixed in 1 file, 1 fix refused" in done.stderr


def test_a_diff_shows_no_change_of_a_link_which_git_would_not_apply(sample: Path) -> None:
    write(sample, {"shared/ci.yml": UNPINNED})
    (sample / WORKFLOW).unlink()
    (sample / WORKFLOW).symlink_to("../../shared/ci.yml")
    done = check("--diff", *ONLY, cwd=sample)
    assert f"b/{WORKFLOW}" not in done.stdout and f"b/{SECOND}" in done.stdout
    patch = write(sample.parent, {"fixes.patch": done.stdout}) / "fixes.patch"
    git(sample, "apply", str(patch))
    assert (sample / SECOND).read_text() == PINNED.removesuffix("\n")


def test_nothing_is_created_behind_a_linked_folder(tmp_path: Path) -> None:
    folder = repository(tmp_path / "sample", {"elsewhere/workflows/ci.yml": UNPINNED})
    (folder / ".github").symlink_to("elsewhere")
    before = contents(folder)
    for option in ("--diff", "--fix"):
        done = check(option, "--review", cwd=folder)
        assert "b/.github/" not in done.stdout and "fixed .github/" not in done.stderr, done.stderr
    assert contents(folder) == before


def test_one_repository_named_in_several_ways_is_fixed_once(sample: Path) -> None:
    names = (WORKFLOW, f"./{WORKFLOW}", str(sample / WORKFLOW), f".github/../{WORKFLOW}", str(sample / SECOND))
    done = check("--fix", *ONLY, *names, cwd=sample)
    assert done.returncode == 0, done.stderr
    assert contents(sample) == {**FILES, WORKFLOW: PINNED, SECOND: PINNED.removesuffix("\n")}
    assert "2 findings fixed in 2 files" in done.stderr


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        ("--diff | true", 1, "would be fixed"),
        ("--diff >/dev/full", 2, "No space left"),
        ("--fix >&-", 0, "2 findings fixed"),
    ],
    ids=["reader gone", "full", "closed"],
)
def test_standard_output_that_takes_nothing_is_no_bug(sample: Path, redirected: str, code: int, said: str) -> None:
    command = f"{sys.executable} -m chittyops_policy check --select unpinned-uses {redirected}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=sample, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "internal error" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_and_the_others_are_fixed(sample: Path) -> None:
    folder = sample / ".github" / "workflows"
    folder.chmod(0o500)
    try:
        done = check("--fix", "--review", *ONLY, cwd=sample)
    finally:
        folder.chmod(0o700)
    assert done.returncode == 1
    assert f"not written: {WORKFLOW} cannot be written: Permission denied" in done.stderr
    assert contents(sample)[".github/CODEOWNERS"] == ORDERED


def test_killed_in_the_middle_every_file_is_old_or_new(tmp_path: Path) -> None:
    count = 300
    names = [f".github/workflows/w{number:03}.yml" for number in range(count)]
    folder = repository(tmp_path / "large", dict.fromkeys(names, UNPINNED))
    process = subprocess.Popen(
        [sys.executable, "-m", "chittyops_policy", "check", "--fix", "--select", "unpinned-uses"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    first = folder / names[0]
    while first.read_text() == UNPINNED and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    texts = [(folder / name).read_text() for name in names]
    assert set(texts) == {UNPINNED, PINNED}, "some are old, some new, and none is anything else"
    done = check("--fix", "--select", "unpinned-uses", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [(folder / name).read_text() for name in names] == [PINNED] * count


def test_a_file_that_changed_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("somebody else's\n")
    with pytest.raises(WorldError, match="changed in the meantime"):
        deliver(str(tmp_path), Change("a.yml", b"old\n", b"new\n", (), ()))
    with pytest.raises(WorldError, match="created in the meantime"):
        deliver(str(tmp_path), Change("a.yml", None, b"new\n", (), ()))
    assert path.read_text() == "somebody else's\n"
    (tmp_path / "folder").symlink_to(tmp_path.parent)
    with pytest.raises(WorldError, match="symbolic link"):
        deliver(str(tmp_path), Change("folder/new.yml", None, b"new\n", (), ()))
