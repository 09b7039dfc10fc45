"""The hooks, run by the real pre-commit and prek out of a git repository on disk."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from chittyops_policy.hooks import FILES_PATTERN, HOOKS, render
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.snapshot import kind_of

from .support import ROOT, UNPINNED, git, own_repository, repository, run

WORKFLOW = ".github/workflows/ci.yml"
VENDORED = "vendor/tool/.github/workflows/ci.yml"
RUNNERS = ("pre-commit", "prek")

# Fails whatever opens a socket, in every Python process of a hook.
NO_NETWORK = """
import socket

class Refused(socket.socket):
    def __init__(self, *arguments, **keywords):
        raise SystemExit("the hook opened a socket")

socket.socket = Refused
"""

PLACES = (
    WORKFLOW,
    ".github/workflows/ci.yaml",
    ".github/workflows/sub/ci.yml",
    ".github/workflows/README.md",
    VENDORED,
    "action.yml",
    "tools/setup/action.yaml",
    ".github/actions/creds/action.yml",
    "vendor/tool/.github/actions/creds/action.yml",
    "node_modules/x/action.yml",
    "web/node_modules/x/action.yml",
    "my-action.yml",
    "transaction.yml",
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
    "docs/dependabot.yml",
    "CODEOWNERS",
    ".github/CODEOWNERS",
    "docs/CODEOWNERS",
    "sub/CODEOWNERS",
    POLICY_FILE,
    "README.md",
    "xgithub/workflows/ci.yml",
)


def test_the_hooks_file_is_what_the_definitions_say() -> None:
    assert (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("place", PLACES)
def test_the_hook_starts_for_exactly_the_files_that_have_a_meaning(place: str) -> None:
    matters = kind_of(place) is not None or place == POLICY_FILE
    assert bool(re.search(FILES_PATTERN, place)) == matters


WHEN = {"chittyops-policy-fix": "    stages: [manual]\n"}
"""The hook that changes files is left to those who ask for it, so that the others' tests see what was written."""


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_repository(tmp_path_factory.mktemp("hooks") / "chittyops-policy")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the runners keep the environments that they build, once for all tests of this module."""
    folder = tmp_path_factory.mktemp("homes")
    return {"PRE_COMMIT_HOME": str(folder / "pre-commit"), "PREK_HOME": str(folder / "prek")}


@pytest.fixture(scope="module", params=RUNNERS)
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hooks: Path, homes: dict[str, str]
) -> tuple[str, Path, dict[str, str]]:
    """A runner, a repository that configures both hooks, and the variables for a run without network."""
    runner = str(request.param)
    revision = git(hooks, "rev-parse", "HEAD")
    config = f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n"
    folder = repository(
        tmp_path_factory.mktemp(runner) / "sample",
        {
            ".pre-commit-config.yaml": config
            + "".join(f"  - id: {hook.id}\n{WHEN.get(hook.id, '')}" for hook in HOOKS),
            WORKFLOW: UNPINNED,
            VENDORED: UNPINNED,
            "README.md": "x\n",
        },
    )
    # The only step that may use the network: building the environment, as after `autoupdate`.
    built = run([runner, "install", "--install-hooks"], folder, homes)
    assert built.returncode == 0, built.stdout
    refuser = tmp_path_factory.mktemp("no-network")
    (refuser / "sitecustomize.py").write_text(NO_NETWORK)
    probe = run([sys.executable, "-c", "import socket; socket.socket()"], folder, {"PYTHONPATH": str(refuser)})
    assert "opened a socket" in probe.stdout
    cache = str(tmp_path_factory.mktemp("cache"))
    return runner, folder, {**homes, "PYTHONPATH": str(refuser), "CHITTYOPS_POLICY_CACHE": cache}


def test_a_changed_workflow_is_judged(installed: tuple[str, Path, dict[str, str]]) -> None:
    runner, folder, env = installed
    done = run([runner, "run", "chittyops-policy", "--files", WORKFLOW, "README.md"], folder, env)
    assert done.returncode == 1, done.stdout
    assert f"{WORKFLOW}:10:15 high unpinned-uses" in done.stdout
    assert "- uses: actions/checkout@v4" in done.stdout
    assert "^^^^^^^^^^^^^^^^^^^" in done.stdout
    assert "missing-codeowners" not in done.stdout
    assert "opened a socket" not in done.stdout


@pytest.mark.parametrize("files", [("README.md",), (VENDORED,)], ids=["a text", "a vendored workflow"])
def test_other_files_do_not_start_it(installed: tuple[str, Path, dict[str, str]], files: tuple[str, ...]) -> None:
    runner, folder, env = installed
    done = run([runner, "run", "chittyops-policy", "--files", *files], folder, env)
    assert done.returncode == 0, done.stdout
    assert "(no files to check)" in done.stdout


def test_the_repository_hook_sees_what_is_missing(installed: tuple[str, Path, dict[str, str]]) -> None:
    runner, folder, env = installed
    done = run([runner, "run", "chittyops-policy-repository", "--files", "README.md"], folder, env)
    assert done.returncode == 1, done.stdout
    assert "missing-codeowners" in done.stdout
    assert f"{WORKFLOW}:10:15 high unpinned-uses" in done.stdout


def test_a_commit_is_refused_until_it_is_clean(installed: tuple[str, Path, dict[str, str]]) -> None:
    _, folder, env = installed
    skip = {**env, "SKIP": "chittyops-policy-repository", "PREK_SKIP": "chittyops-policy-repository"}
    person = {"GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A", "EMAIL": "a@example.invalid"}
    (folder / "action.yml").write_text(
        "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - uses: a/b@v1\n"
    )
    git(folder, "add", "action.yml")
    refused = run(["git", "commit", "--message", "action"], folder, {**skip, **person})
    assert refused.returncode == 1, refused.stdout
    assert "action.yml:6:13 high unpinned-uses" in refused.stdout
    (folder / "action.yml").write_text("name: x\ndescription: x\nruns:\n  using: composite\n  steps: []\n")
    git(folder, "add", "action.yml")
    accepted = run(["git", "commit", "--message", "action"], folder, {**skip, **person})
    assert accepted.returncode == 0, accepted.stdout


def test_a_folder_that_looks_like_an_option_is_a_file(installed: tuple[str, Path, dict[str, str]]) -> None:
    runner, folder, env = installed
    name = "--ignore=unpinned-uses/action.yml"
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - uses: a/b@v1\n")
    git(folder, "add", "--", name)
    try:
        done = run([runner, "run", "chittyops-policy"], folder, env)
    finally:
        git(folder, "rm", "--quiet", "--cached", "--", name)
        path.unlink()
    assert done.returncode == 1, done.stdout
    assert f"{name}:6:13 high unpinned-uses" in done.stdout


def test_the_fixing_hook_changes_the_file_and_stops_the_commit(installed: tuple[str, Path, dict[str, str]]) -> None:
    runner, folder, env = installed
    try:
        done = run([runner, "run", "--hook-stage", "manual", "chittyops-policy-fix", "--files", WORKFLOW], folder, env)
        fixed = (folder / WORKFLOW).read_text()
    finally:
        git(folder, "checkout", "--", WORKFLOW)
    assert done.returncode == 1, done.stdout
    assert "files were modified by this hook" in done.stdout
    assert "1 finding fixed in 1 file" in done.stdout
    assert "opened a socket" not in done.stdout
    assert "actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0" in fixed


def test_try_repo_needs_no_configuration(tmp_path: Path, hooks: Path, homes: dict[str, str]) -> None:
    folder = repository(tmp_path / "sample", {WORKFLOW: UNPINNED, "other/action.yml": "x: 1\n"})
    done = run(
        ["pre-commit", "try-repo", str(hooks), "chittyops-policy", "--verbose", "--files", WORKFLOW],
        folder,
        {**homes, "CHITTYOPS_POLICY_CACHE": os.fspath(tmp_path / "cache")},
    )
    assert done.returncode == 1, done.stdout
    assert "ChittyOps policy (changed files)" in done.stdout
    assert "- exit code: 1" in done.stdout
    assert f"{WORKFLOW}:10:15 high unpinned-uses" in done.stdout
