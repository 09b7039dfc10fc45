"""The commands beside ``check``, as a person uses them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from chittyops_policy.catalogue import load

from .doors.support import UNPINNED, command, repository

RULES = [rule.id for rule in load()]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "sample",
        {
            ".github/workflows/ci.yml": UNPINNED,
            "wrangler.toml": 'name = "x"\nmain = "src/index.js"\n',
            ".chittyops-policy.yml": "rules:\n  missing-charter:\n    severity: high\n",
        },
    )


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    for flag in ("--help", "-h"):
        run = command(flag, cwd=tmp_path)
        assert run.returncode == 0
        for name in ("check", "audit", "rules", "explain", "policy", "pins", "detect", "completion", "Exit codes"):
            assert name in run.stdout


def test_version(tmp_path: Path) -> None:
    assert command("--version", cwd=tmp_path).stdout.startswith("chittyops-policy 0.")


def test_rules_lists_all_with_what_is_in_force(sample: Path) -> None:
    run = command("rules", cwd=sample)
    assert run.returncode == 0
    for id in RULES:
        assert id in run.stdout
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("missing-charter ")]
    assert " high " in line, "the repository's own file raised it"
    rows = {row["id"]: row for row in json.loads(command("rules", "--json", cwd=sample).stdout)}
    assert sorted(rows) == sorted(RULES)
    assert rows["missing-charter"]["severity"] == "high"


def test_rules_follow_the_profile(sample: Path) -> None:
    rows = {row["id"]: row for row in json.loads(command("rules", "--json", cwd=sample).stdout)}
    strict = {row["id"]: row for row in json.loads(command("rules", "--json", "-p", "strict", cwd=sample).stdout)}
    assert rows["missing-timeout"]["stage"] == "off"
    assert strict["missing-timeout"]["stage"] == "block"


@pytest.mark.parametrize("id", RULES)
def test_explain_says_what_why_and_how(id: str, tmp_path: Path) -> None:
    run = command("explain", id, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    for heading in (f"# {id}", "## Why", "## How to fix", "## Examples", "## Exceptions"):
        assert heading in run.stdout
    assert "- **" in run.stdout, "some example fires while the page is made"


def test_explain_suggests_for_a_typo(tmp_path: Path) -> None:
    run = command("explain", "unpined-uses", cwd=tmp_path)
    assert run.returncode == 2
    assert "there is no rule 'unpined-uses'" in run.stderr
    assert "did you mean unpinned-uses" in run.stderr


def test_policy_show_says_where_each_value_comes_from(sample: Path) -> None:
    run = command("policy", "show", "missing-charter", cwd=sample)
    assert run.returncode == 0
    (line,) = [line for line in run.stdout.splitlines() if ".severity" in line]
    assert " high " in line
    assert ".chittyops-policy.yml:3" in line
    rows = json.loads(command("policy", "show", "--json", cwd=sample).stdout)
    assert {"key", "value", "origin"} == set(rows[0])
    assert all(row["origin"] for row in rows)
    keys = {row["key"] for row in rows}
    assert {f"rules.{id}.stage" for id in RULES} <= keys


def test_policy_show_of_nothing_is_an_error(sample: Path) -> None:
    run = command("policy", "show", "no-such-key", cwd=sample)
    assert run.returncode == 2
    assert "no setting has no-such-key in its name" in run.stderr


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param("profile: strict\n", 0, "valid", id="repository file"),
        pytest.param("kind: pack\nname: own\n", 0, "valid pack", id="pack"),
        pytest.param("rules:\n  unpined-uses: {stage: warn}\n", 1, "file.yml:2:3: ", id="unknown rule"),
        pytest.param("kind: pack\nname: own\nprofile: charted\n", 2, "file.yml:3:10", id="pack with an error"),
        pytest.param("rules: [\n", 1, "file.yml:", id="not YAML"),
    ],
)
def test_policy_validate(text: str, code: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "file.yml").write_text(text)
    run = command("policy", "validate", "file.yml", cwd=tmp_path)
    assert run.returncode == code, run.stderr
    assert words in run.stdout + run.stderr


def test_detect_says_what_and_why(sample: Path) -> None:
    run = command("detect", cwd=sample)
    assert run.returncode == 0
    assert "cloudflare-worker" in run.stdout
    assert "wrangler.toml" in run.stdout
    (first, *_) = json.loads(command("detect", "--json", cwd=sample).stdout)
    assert first["type"] == "cloudflare-worker"
    assert first["reason"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, tmp_path: Path) -> None:
    run = command("completion", shell, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "_CHITTYOPS_POLICY_COMPLETE" in run.stdout


def test_completion_offers_commands_and_rules(tmp_path: Path) -> None:
    def complete(words: str, position: int) -> str:
        env = {
            **os.environ,
            "_CHITTYOPS_POLICY_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(position),
        }
        return subprocess.run(["chittyops-policy"], env=env, capture_output=True, text=True, check=False).stdout

    assert "plain,explain" in complete("chittyops-policy exp", 1)
    assert "plain,unpinned-uses" in complete("chittyops-policy explain unpin", 2)
    assert "plain,--format" in complete("chittyops-policy check --for", 2)


def test_no_command_prints_help(tmp_path: Path) -> None:
    run = command(cwd=tmp_path)
    assert "Usage: chittyops-policy" in run.stdout + run.stderr
    assert run.returncode in (0, 2)


def test_an_unknown_command_suggests(tmp_path: Path) -> None:
    run = command("chek", cwd=tmp_path)
    assert run.returncode == 2
    assert "No such command 'chek'" in run.stderr
    assert "check" in run.stderr
