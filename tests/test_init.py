"""``init`` as a person runs it: the plan, the questions, the files, and what becomes of a call that is cut short."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chittyops_policy import projects
from chittyops_policy.conforming import NAMES

from .doors.support import check, commit, git, repository
from .standard_repositories import KINDS, RELEASE, SLUG, package, planned

OLD = (
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: 5\n"
    "    steps:\n      - uses: actions/checkout@v4 # by hand\n        with: {persist-credentials: false}\n"
)
"""A workflow with one safe fix."""
FILES = {**KINDS[projects.NODE], ".github/workflows/old.yml": OLD, ".github/workflows/older.yml": OLD}


def init(
    folder: Path, *arguments: str, answers: str | None = None, released: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs ``chittyops-policy init``; with `answers` its standard input is a terminal on which somebody types them.

    Released means that the pack names a release to which steps of ours can be pinned.
    """
    if released:
        pack = folder.parent / "released.yml"
        pack.write_text(RELEASE)
        arguments = (*arguments, "--policy", str(pack))
    env = {name: value for name, value in os.environ.items() if name not in ("GITHUB_TOKEN", "GH_TOKEN")}
    given: int = subprocess.DEVNULL
    if answers is not None:
        keyboard, given = pty.openpty()
        os.write(keyboard, answers.encode())
    done = subprocess.run(
        [sys.executable, "-m", "chittyops_policy", "init", *arguments],
        cwd=folder,
        env={**env, "SOURCE_DATE_EPOCH": "1767225600"},
        stdin=given,
        capture_output=True,
        encoding="utf-8",
    )
    if answers is not None:
        os.close(keyboard)
        os.close(given)
    return done


def status(folder: Path) -> list[str]:
    return git(folder, "status", "--short", "--untracked-files=all").splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", FILES, SLUG)


def test_a_dry_run_shows_the_plan_and_does_nothing(folder: Path) -> None:
    done = init(folder, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert status(folder) == []
    assert done.stdout.startswith(
        f"example/shop is taken for:\n  {'(top)':40} node, certain: package.json at the top, with the server library "
    )
    assert re.search(
        r"^  \.github/workflows/ci\.yml +from workflows/ci\.yml: runs npm run lint, npm test$", done.stdout, re.M
    )
    assert re.search(r"^  \.github/workflows/old\.yml +unpinned-uses: pin actions/checkout to v4", done.stdout, re.M)
    assert "-      - uses: actions/checkout@v4 # by hand\n+      - uses: actions/checkout@" in done.stdout
    assert re.search(r"^  \.github/workflows/codeql\.yml +whether CodeQL's default setup is on", done.stdout, re.M)
    assert re.search(
        r"^\d+ controls pass and \d+ fail now, \d+ controls pass and \d+ fail with it\.", done.stdout, re.M
    )


def test_a_plan_as_json(folder: Path) -> None:
    value = json.loads(init(folder, "--dry-run", "--json").stdout)
    assert value["subject"] == SLUG
    assert [project["type"] for project in value["projects"]] == ["node"]
    made = {entry["path"]: entry for entry in value["creates"]}
    assert made["CHARTER.md"]["name"] == "charter" and made["CHARTER.md"]["text"].startswith("# shop Charter\n")
    assert [entry["path"] for entry in value["changes"]] == [".github/workflows/old.yml", ".github/workflows/older.yml"]
    assert value["changes"][0]["fixes"][0]["rule"] == "unpinned-uses"
    assert value["changes"][0]["diff"].startswith("diff --git a/.github/workflows/old.yml")
    assert {entry["name"] for entry in value["leaves"]} == {"snyk", "missing-scanner"}
    assert "Require the check test on the default branch." in value["tasks"]
    assert status(folder) == []


def test_what_is_there_stays_where_nobody_can_be_asked(folder: Path) -> None:
    done = init(folder)
    assert done.returncode == 0, done.stderr
    assert {line[:2] for line in status(folder)} == {"??"}
    assert (
        "left as it is (nobody can be asked here; --yes makes the changes): "
        ".github/workflows/old.yml, .github/workflows/older.yml\n"
    ) in done.stdout
    assert "created .github/workflows/ci.yml\n" in done.stdout
    assert "\nStill to be done by people:\n" in done.stdout
    assert "  - Require the check test on the default branch.\n" in done.stdout


def test_yes_changes_it_and_the_result_passes_the_check(folder: Path) -> None:
    done = init(folder, "--yes", "--codeql")
    assert done.returncode == 0, done.stderr
    commit(folder)
    pinned = "actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0 # by hand\n"
    assert pinned in (folder / ".github/workflows/old.yml").read_text()
    checked = check("--no-cache", cwd=folder)
    assert checked.returncode == 0, checked.stdout
    again = init(folder, "--yes", "--codeql")
    assert again.returncode == 0 and "There is nothing to create and nothing to change.\n" in again.stdout
    assert status(folder) == []


def test_each_file_is_asked_for(folder: Path) -> None:
    done = init(folder, answers="y\nn\n")
    assert done.returncode == 0, done.stderr
    assert [line for line in status(folder) if not line.startswith("??")] == ["M .github/workflows/old.yml"]
    assert "Change .github/workflows/old.yml as shown? [y/N]" in done.stdout
    assert "left as it is: .github/workflows/older.yml\n" in done.stdout
    assert "changed .github/workflows/old.yml\n" in done.stdout


def test_nothing_is_written_when_somebody_breaks_off_at_a_question(folder: Path) -> None:
    done = init(folder, answers="y\n\x04")
    assert done.returncode == 130
    assert status(folder) == []


def test_a_call_that_was_cut_short_goes_on(folder: Path, tmp_path: Path) -> None:
    whole = repository(tmp_path / "whole", FILES, SLUG)
    assert init(whole, "--yes").returncode == 0
    assert init(folder, "--yes").returncode == 0
    made = [line[3:] for line in status(folder) if line.startswith("??")]
    assert len(made) > 5
    for path in made[3:]:  # killed after three files
        (folder / path).unlink()
    done = init(folder, "--yes")
    assert done.returncode == 0, done.stderr
    assert f"created {made[0]}\n" not in done.stdout and f"created {made[-1]}\n" in done.stdout
    assert {path: (folder / path).read_bytes() for path in made} == {path: (whole / path).read_bytes() for path in made}


def test_another_file_of_that_name_is_never_overwritten(folder: Path) -> None:
    mine = "# CHARTER of somebody else\n"
    (folder / "CHARTER.md").write_text(mine)
    (folder / ".chittyops-policy.yml").write_text("profile: strict\n")
    done = init(folder, "--yes")
    assert (folder / "CHARTER.md").read_text() == mine
    assert (folder / ".chittyops-policy.yml").read_text() == "profile: strict\n"
    assert re.search(r"^  charter +CHARTER\.md is there, and stays as it is$", done.stdout, re.M)


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yml"
    (folder / ".pre-commit-config.yaml").symlink_to(elsewhere)
    done = init(folder, "--yes", "--only", "pre-commit")
    assert done.returncode == 0 and not elsewhere.exists()


def test_one_file_that_cannot_be_written_does_not_stop_the_others(folder: Path) -> None:
    # The place of a folder is taken by a file; even root cannot write below it.
    git(folder, "rm", "-q", "-r", ".github")
    (folder / ".github").write_text("")
    done = init(folder, "--yes")
    assert done.returncode == 1, done.stdout
    assert "not written: .github/" in done.stderr
    assert (folder / "CHARTER.md").exists()


def test_only(folder: Path) -> None:
    done = init(folder, "--only", "ci", "--only", "dependabot", "--yes")
    assert done.returncode == 0, done.stderr
    assert status(folder) == ["?? .github/dependabot.yml", "?? .github/workflows/ci.yml"]


@pytest.mark.parametrize("name", NAMES)
def test_each_file_alone(name: str) -> None:
    made = {"deploy-worker": 0, "deploy-vercel": 0, "snyk": 0}.get(name, 1)
    assert len(planned(FILES, only=(name,)).changes) == made


def test_the_owner_stands_beside_those_of_the_policy(folder: Path) -> None:
    init(folder, "--only", "codeowners", "--owner", "@example/shopkeepers")
    assert (folder / ".github/CODEOWNERS").read_text().splitlines()[-1] == (
        "/.github/ @example/cicd-admins @example/shopkeepers"
    )


def test_the_owner_names_the_organisation_where_no_remote_does(tmp_path: Path) -> None:
    (tmp_path / "shop" / ".github").mkdir(parents=True)
    (tmp_path / "shop" / "package.json").write_text(package())
    init(tmp_path / "shop", "--only", "codeowners", "--owner", "@example/shopkeepers")
    assert (tmp_path / "shop" / ".github/CODEOWNERS").read_text().splitlines()[-1] == (
        "/.github/ @example/cicd-admins @example/shopkeepers"
    )


def test_the_type_can_be_named(tmp_path: Path) -> None:
    folder = repository(
        tmp_path / "shop",
        {"package.json": package(scripts={"test": "t"}), "go.mod": "module x\ngo 1.24\n"},
        SLUG,
    )
    both = init(folder, "--dry-run", "--only", "ci").stdout
    assert "runs npm test, go vet" in both
    one = init(folder, "--dry-run", "--only", "ci", "--type", "go").stdout
    assert "runs go vet ./..., go build ./..., go test ./...\n" in one
    other = init(folder, "--dry-run", "--only", "ci", "--type", "rust").stdout
    assert "rust, certain: named by who asked" in other


def test_without_a_release_it_says_what_cannot_be_pinned(folder: Path) -> None:
    done = init(folder, released=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / ".github/workflows/policy.yml").exists()
    assert re.search(r"^  \.github/workflows/policy\.yml +this is an unreleased checkout", done.stdout, re.M)


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown type": (("--type", "cobol"), "'cobol' is not one of 'cloudflare-worker', 'nextjs', 'node', 'python'"),
    "an unknown file": (("--only", "jenkins"), "'jenkins' is not one of 'ci', 'deploy-worker'"),
    "an owner that is none": (("--owner", "platform"), "'platform' is neither @org/team nor @user nor an address"),
    "a plan that is carried out, as JSON": (("--json",), "--json shows a plan and carries out none"),
    "a folder that is not there": (("nowhere",), "Directory 'nowhere' does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_explained(folder: Path, name: str) -> None:
    arguments, message = WRONG[name]
    done = init(folder, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert status(folder) == []


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = init(tmp_path / "plain")
    assert done.returncode == 2
    assert "no repository around" in done.stderr
