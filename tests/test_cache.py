"""A result from the cache is the result that a new run would give, or it is not used."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = """on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/a.yml").write_text(WORKFLOW)
    return folder


def check(repository: Path, *arguments: str, date: str = "1767225600") -> tuple[int, str]:
    """Exit code and standard output of a run whose cache lies beside the repository."""
    env = {
        **os.environ,
        "CHITTYOPS_POLICY_CACHE": str(repository.parent / "cache"),
        "SOURCE_DATE_EPOCH": date,
        "CHITTYOPS_POLICY_DEBUG": "1",
    }
    run = subprocess.run(
        [sys.executable, "-m", "chittyops_policy", "check", "--format", "json", *arguments],
        cwd=repository,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout


def entries(repository: Path) -> list[Path]:
    return sorted((repository.parent / "cache").glob("*.json"))


def findings(output: str) -> list[str]:
    return [finding["rule"] for item in json.loads(output)["repositories"] for finding in item["findings"]]


def test_the_second_run_says_the_same(repository: Path) -> None:
    first = check(repository)
    (entry,) = entries(repository)
    before = entry.stat().st_mtime_ns
    assert check(repository) == first == check(repository, "--no-cache")
    assert entry.stat().st_mtime_ns == before, "the second run had nothing to store"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda top: (top / ".github/workflows/a.yml").write_text(WORKFLOW + "# x\n"), id="file changed"),
        pytest.param(lambda top: (top / ".github/workflows/b.yml").write_text(WORKFLOW), id="file added"),
        pytest.param(lambda top: (top / ".github/workflows/a.yml").unlink(), id="file removed"),
        pytest.param(lambda top: (top / "CODEOWNERS").write_text("* @a/b\n"), id="a file that was missing appeared"),
        pytest.param(lambda top: (top / ".chittyops-policy.yml").write_text("fail_on: critical\n"), id="policy"),
        pytest.param(lambda top: (top / "wrangler.toml").write_text('name = "x"\n'), id="project type"),
    ],
)
def test_whatever_a_rule_read_is_noticed(repository: Path, change) -> None:  # type: ignore[no-untyped-def]
    check(repository)
    change(repository)
    assert check(repository) == check(repository, "--no-cache")


def test_another_question_is_another_entry(repository: Path) -> None:
    whole = findings(check(repository)[1])
    only = findings(check(repository, "--select", "unpinned-uses")[1])
    named = findings(check(repository, ".github/workflows/a.yml")[1])
    assert only == ["unpinned-uses"]
    assert len(named) < len(whole)
    assert findings(check(repository)[1]) == whole


def test_another_day_is_another_question(repository: Path) -> None:
    text = WORKFLOW.replace("@v4", "@v4 # chittyops-policy: allow[unpinned-uses] moving until 2026-01-01")
    (repository / ".github/workflows/a.yml").write_text(text)
    before = json.loads(check(repository, date="1767225600")[1])
    after = json.loads(check(repository, date="1769904000")[1])
    assert before["counts"]["states"]["excepted"] == 1
    assert after["counts"]["states"]["excepted"] == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff", id="not text"),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b'{"question": 1}', id="half"),
    ],
)
def test_a_damaged_entry_is_a_miss(repository: Path, damage: bytes) -> None:
    first = check(repository)
    (entry,) = entries(repository)
    entry.write_bytes(damage)
    assert check(repository) == first


def test_a_foreign_report_in_an_entry_is_a_miss(repository: Path) -> None:
    first = check(repository)
    (entry,) = entries(repository)
    content = json.loads(entry.read_text())
    content["report"] = content["report"].replace('"schema_version":"1.', '"schema_version":"9.')
    entry.write_text(json.dumps(content))
    assert check(repository) == first


def test_a_cache_that_cannot_be_written_costs_only_time(repository: Path) -> None:
    (repository.parent / "cache").write_text("a file where the folder should be")
    assert check(repository) == check(repository, "--no-cache")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_the_cache_is_the_users_own(repository: Path) -> None:
    check(repository)
    assert stat.S_IMODE((repository.parent / "cache").stat().st_mode) == 0o700


def test_a_folder_of_repositories_is_remembered_one_by_one(repository: Path) -> None:
    other = repository.parent / "other"
    (other / ".github/workflows").mkdir(parents=True)
    (other / ".github/workflows/b.yml").write_text(WORKFLOW)
    first = check(repository, ".", "../other")
    assert len(entries(repository)) == 2
    stamps = [entry.stat().st_mtime_ns for entry in entries(repository)]
    assert check(repository, ".", "../other") == first == check(repository, "--no-cache", ".", "../other")
    assert [entry.stat().st_mtime_ns for entry in entries(repository)] == stamps
    (other / ".github/workflows/b.yml").write_text(WORKFLOW + "# x\n")
    assert check(repository, ".", "../other") == check(repository, "--no-cache", ".", "../other")


def test_what_depends_on_another_repository_is_not_remembered(tmp_path: Path) -> None:
    call = "on: push\njobs:\n  call:\n    uses: acme/callee/.github/workflows/x.yml@main\n"
    callee = (
        "on:\n  workflow_call:\n    inputs:\n      must: {type: string, required: true}\njobs:\n  a:\n" + WORKFLOW[22:]
    )
    for name, text in (("caller", call), ("callee", callee)):
        folder = tmp_path / name
        (folder / ".github/workflows").mkdir(parents=True)
        (folder / ".github/workflows/x.yml").write_text(text)
        subprocess.run(["git", "init", "-q", folder], check=True)
        subprocess.run(["git", "-C", folder, "remote", "add", "origin", f"https://github.com/acme/{name}"], check=True)
    caller = tmp_path / "caller"
    alone = findings(check(caller)[1])
    together = check(caller, ".", "../callee")
    assert "uncallable-workflow" not in alone
    assert "uncallable-workflow" in findings(together[1])
    assert check(caller, ".", "../callee") == together
    assert findings(check(caller)[1]) == alone
