"""``audit --dir``: a directory of checkouts, judged as ``check`` judges each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..doors.support import CLEAN, UNPINNED, check, command, git, repository, write
from .running import audited, checked

DAY = {"SOURCE_DATE_EPOCH": "1767225600"}
WORKFLOW = ".github/workflows/ci.yml"
CALLER = "on: push\npermissions: {}\njobs:\n  a:\n    uses: north/tools/.github/workflows/shared.yml@main\n"
SHARED = (
    "on: {workflow_call: {inputs: {level: {required: true, type: string}}}}\npermissions: {}\njobs:\n  a:\n"
    "    runs-on: ubuntu-latest\n    steps: [run: make]\n"
)


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    top = tmp_path / "src"
    repository(top / "north/app", {WORKFLOW: UNPINNED, ".github/workflows/call.yml": CALLER}, "north/app")
    repository(top / "north/tools", {".github/workflows/shared.yml": SHARED}, "north/tools")
    write(top / "south/plain", {WORKFLOW: CLEAN})
    repository(top / "alone", {WORKFLOW: UNPINNED}, "elsewhere/renamed")
    return top


def audit(cwd: Path, *arguments: str) -> Any:
    return command("audit", *arguments, cwd=cwd, env={**DAY, "CHITTYOPS_POLICY_STORE": str(cwd / "store.sqlite")})


def test_each_repository_is_judged_under_its_name(organisation: Path, tmp_path: Path) -> None:
    done = audit(tmp_path, "--dir", "src")
    assert done.returncode == 1, done.stderr
    assert "4 repositories judged\n" in done.stdout
    found = audited(tmp_path / "audit-report")
    assert set(found) == {"north/app", "north/tools", "south/plain", "elsewhere/renamed"}
    assert found["north/app"]["revision"] == git(organisation / "north/app", "rev-parse", "HEAD")


def test_check_in_a_checkout_says_the_same(organisation: Path, tmp_path: Path) -> None:
    audit(tmp_path, "--dir", "src")
    whole = audited(tmp_path / "audit-report")
    done = check("--no-cache", "--format", "json", "src", cwd=tmp_path, env=DAY)
    for slug in ("north/app", "north/tools", "elsewhere/renamed"):
        assert whole[slug] == checked(done.stdout)[slug]
    assert any(finding["rule"] == "uncallable-workflow" for finding in whole["north/app"]["findings"])


def test_what_is_not_committed_is_judged_as_check_does(organisation: Path, tmp_path: Path) -> None:
    write(organisation / "alone", {WORKFLOW: CLEAN})
    audit(tmp_path, "--dir", "src")
    rules = {finding["rule"] for finding in audited(tmp_path / "audit-report")["elsewhere/renamed"]["findings"]}
    assert "unpinned-uses" not in rules


def test_names_select(organisation: Path, tmp_path: Path) -> None:
    done = audit(tmp_path, "--dir", "src", "--match", "north/*", "--out", "out")
    assert "2 repositories judged\n2 out of scope\n" in done.stdout
    assert set(audited(tmp_path / "out")) == {"north/app", "north/tools"}
    (tmp_path / "names").write_text("# those we answer for\nNorth/App\n\nplain # by name alone\n")
    audit(tmp_path, "--dir", "src", "--names-from", "names", "--out", "out")
    assert set(audited(tmp_path / "out")) == {"north/app", "south/plain"}


def test_a_second_copy_is_named(organisation: Path, tmp_path: Path) -> None:
    repository(organisation / "copy", {WORKFLOW: CLEAN}, "North/App")
    done = audit(tmp_path, "--dir", "src", "--json-lines")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (left,) = [line for line in lines if line["event"] == "repository" and line["state"] == "out-of-scope"]
    assert left["slug"] == "north/app (src/north/app)"
    assert left["reason"] == "a second copy of north/app, which is judged in src/copy"
    assert lines[-1] == {
        "event": "end", "complete": True, "audit": "2026-01-01T000000Z", "judged": 4, "not_reached": 0,
        "out_of_scope": 1,
    }  # fmt: skip


def test_a_clean_one_exits_0_and_quiet_says_nothing(tmp_path: Path) -> None:
    repository(tmp_path / "src/a", {WORKFLOW: CLEAN}, "a/a")
    done = audit(tmp_path, "--dir", "src", "--quiet", "--select", "unpinned-uses")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to audit"),
        (("--dir", "empty"), "no repository in empty"),
        (("--dir", "empty", "--property", "tier"), "is no property"),
        (("--dir", "empty", "--names-from", "none"), "none cannot be read"),
    ],
)
def test_what_cannot_be_is_the_users_error(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "empty").mkdir()
    done = audit(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
