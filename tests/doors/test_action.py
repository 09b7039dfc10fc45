"""The action and the reusable workflow, run by the real act on this machine.

Three small composites stand in for actions of GitHub: a checkout that clones from a folder of repositories, and two
uploads that keep the file. Everything of our own is the real thing, also the installation with its hashes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from . import acts
from .acts import CHECKOUT, Log
from .support import CLEAN, ROOT, UNPINNED, commit, git, own_repository, repository, write

SLUG = "ChittyOS/chittyops-policy"

UPLOAD_SARIF = """
name: upload-sarif
description: Keeps the file.
inputs: {sarif_file: {}, checkout_path: {}, category: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: '${{ inputs.sarif_file }}', WHERE: '${{ inputs.checkout_path }}'}
      run: test -d "$WHERE/.git" && cp -- "$FILE" "$KEEP/uploaded.sarif"
"""
UPLOAD_ARTIFACT = """
name: upload-artifact
description: Keeps the file.
inputs: {name: {}, path: {}, if-no-files-found: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: '${{ inputs.path }}', NAME: '${{ inputs.name }}'}
      run: cp -- "$FILE" "$KEEP/$NAME"
"""

# What a pull request could bring along to be imported in place of the real thing.
TRAPS = dict.fromkeys(
    ("json.py", "pip.py", "venv.py", "yaml.py", "sitecustomize.py", "chittyops_policy/__init__.py"),
    "open('PWNED', 'w').close()\nraise SystemExit('imported from the checked repository')\n",
)
HOSTILE_NAME = ".github/workflows/a\n::error title=PWNED::b%0A::warning title=PWNED::c.yml"
HOSTILE_TEXT = UNPINNED.replace("checkout@v4", "checkout@v4 # ::error title=PWNED::x ##[error]PWNED")


class Stage(NamedTuple):
    """Where act runs: repositories by slug, the commit of our own, and where uploads are kept."""

    folder: Path
    own_commit: str

    def repository(self, files: dict[str, str | bytes], name: str) -> Path:
        return repository(self.folder / "repositories" / "ChittyOS" / name, files, f"ChittyOS/{name}")

    def kept(self, name: str) -> Any:
        return json.loads((self.folder / "kept" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("act")
    write(
        folder / "actions",
        {
            "checkout/action.yml": CHECKOUT,
            "codeql/upload-sarif/action.yml": UPLOAD_SARIF,
            "artifact/action.yml": UPLOAD_ARTIFACT,
        },
    )
    (folder / "kept").mkdir()
    own = own_repository(folder / "repositories" / SLUG)
    return Stage(folder, git(own, "rev-parse", "HEAD"))


def act(stage: Stage, folder: Path, workflow: str, event: str = "push", payload: dict[str, Any] | None = None) -> Log:
    """Runs one workflow of a repository with our own actions and the stand-ins."""
    replaced = {f"{SLUG}@{stage.own_commit}": stage.folder / "repositories" / SLUG}
    places = {"actions/checkout": "checkout", "github/codeql-action": "codeql", "actions/upload-artifact": "artifact"}
    for uses in _remote_actions():
        name, _, reference = uses.partition("@")
        repository_name = "/".join(name.split("/")[:2])
        replaced[f"{repository_name}@{reference}"] = stage.folder / "actions" / places[repository_name]
    variables = {"REPOSITORIES": str(stage.folder / "repositories"), "KEEP": str(stage.folder / "kept")}
    # The installation asks the package index that this machine is configured for.
    variables |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return acts.act(folder, workflow, event, payload, own=stage.folder, replaced=replaced, variables=variables)


def _remote_actions() -> set[str]:
    """The actions of others that our own files use."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    workflow = yaml.safe_load((ROOT / ".github/workflows/policy-check.yml").read_text(encoding="utf-8"))
    steps = action["runs"]["steps"] + workflow["jobs"]["chittyops-policy"]["steps"]
    return {step["uses"] for step in steps if not step.get("uses", "./").startswith("./")}


def caller(stage: Stage, **inputs: str) -> str:
    """A workflow that calls the required check of our own commit."""
    values = {"source-repository": SLUG, "source-ref": stage.own_commit, **inputs}
    return f"""on: [push, pull_request, merge_group]
permissions: {{}}
jobs:
  chittyops-policy:
    permissions:
      contents: read
    uses: {SLUG}/.github/workflows/policy-check.yml@{stage.own_commit}
    with: {json.dumps(values)}
"""


def test_the_check_has_one_name_whatever_calls_it() -> None:
    workflow = yaml.load((ROOT / ".github/workflows/policy-check.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    assert list(workflow["jobs"]) == ["chittyops-policy"]
    job = workflow["jobs"]["chittyops-policy"]
    assert job["name"] == "chittyops-policy"
    # A required check that may be skipped, multiplied or filtered away would block every merge.
    assert not {"if", "strategy", "needs"} & set(job)
    assert set(workflow["on"]) == {"workflow_call", "pull_request", "merge_group"}
    assert workflow["on"]["pull_request"] == "" and workflow["on"]["merge_group"] == ""
    assert job["permissions"] == {"contents": "read"}


def test_our_own_repository_passes(stage: Stage) -> None:
    own = stage.folder / "repositories" / SLUG
    write(own, {".github/workflows/caller.yml": caller(stage)})
    log = act(
        stage, own, ".github/workflows/caller.yml", "merge_group", {"merge_group": {"base_sha": stage.own_commit}}
    )
    assert log.code == 0, log.text
    assert "Job succeeded" in log.messages()
    assert any("/chittyops-policy" in line.get("job", "") for line in log.lines)
    assert not log.commands("error")
    assert "No findings" in log.printed()
    assert "checked out ChittyOS/chittyops-policy into repository" in log.printed()


def test_a_failing_repository_fails_and_says_where(stage: Stage) -> None:
    files = {
        ".github/workflows/policy.yml": caller(stage, **{"sarif-artifact": "log", "profile": "charter"}),
        ".github/workflows/bad.yml": UNPINNED,
        HOSTILE_NAME: HOSTILE_TEXT,
        **TRAPS,
    }
    folder = stage.repository(dict(files), "failing")
    log = act(stage, folder, ".github/workflows/policy.yml")
    assert log.code != 0
    assert "Job failed" in log.messages()

    errors = log.commands("error")
    assert any(
        error.startswith("::error file=.github/workflows/bad.yml,line=10,")
        and "title=unpinned-uses" in error
        and "actions/checkout" in error
        for error in errors
    ), errors
    for name in ("error", "warning", "notice"):
        # The hostile name is there, escaped, inside the file of a genuine annotation, never as one of its own.
        assert all("," in found and not found.startswith(f"::{name} title=PWNED") for found in log.commands(name))
    assert any("%3A%3Aerror title=PWNED%3A%3Ab%250A" in error for error in errors), errors
    assert "imported from the checked repository" not in log.text
    assert not list(stage.folder.rglob("PWNED"))

    summaries = [line["content"] for line in log.lines if line.get("command") == "summary"]
    assert len(summaries) == 1
    assert "ChittyOps policy" in summaries[0]
    assert "`unpinned-uses` at 10:15" in summaries[0]

    sarif = stage.kept("log")
    assert sarif["version"] == "2.1.0"
    places = {
        (result["ruleId"], result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for result in sarif["runs"][0]["results"]
    }
    assert ("unpinned-uses", ".github/workflows/bad.yml") in places
    outputs = {line["name"]: line["arg"] for line in log.lines if line.get("command") == "set-output"}
    assert outputs["exit-code"] == "1"
    assert int(outputs["findings"]) == len(sarif["runs"][0]["results"])


def test_a_check_of_unknown_origin_does_not_run(stage: Stage) -> None:
    folder = stage.repository({".github/workflows/policy.yml": caller(stage, **{"source-ref": ""})}, "unknown")
    log = act(stage, folder, ".github/workflows/policy.yml")
    assert log.code != 0
    assert any("does not say where the workflow comes from" in error for error in log.commands("error"))
    assert "checked out" not in log.printed()


def test_the_action_in_a_pull_request(stage: Stage) -> None:
    """Only changed lines are annotated, everything is judged; inputs are data, and the exit code survives uploads."""
    direct = f"""on: pull_request
permissions: {{}}
jobs:
  direct:
    runs-on: ubuntu-latest
    steps:
      - uses: {next(uses for uses in _remote_actions() if uses.startswith("actions/checkout@"))}
        with:
          path: code
      - id: hostile
        continue-on-error: true
        uses: {SLUG}@{stage.own_commit}
        with:
          working-directory: code
          paths: |
            "; touch "$KEEP/PWNED"; "
            $(touch "$KEEP/PWNED")
            --format=json:PWNED
          fail-on: high
      - id: real
        continue-on-error: true
        uses: {SLUG}@{stage.own_commit}
        with:
          working-directory: code
          fail-on: high
          sarif-file: out/log.sarif
          upload-sarif: true
      - if: always()
        env:
          HOSTILE: ${{{{ steps.hostile.outcome }}}} ${{{{ steps.hostile.outputs.exit-code }}}}
          REAL: ${{{{ steps.real.outcome }}}} ${{{{ steps.real.outputs.exit-code }}}}
        run: |
          echo "hostile $HOSTILE real $REAL"
          test -f out/log.sarif
"""
    folder = stage.repository({".github/workflows/old.yml": UNPINNED, ".github/workflows/direct.yml": direct}, "pull")
    base = git(folder, "rev-parse", "HEAD")
    write(folder, {".github/workflows/new.yml": CLEAN.replace("run: make", "uses: octo/new@v2")})
    commit(folder)
    payload = {"pull_request": {"number": 1, "base": {"sha": base, "ref": "main"}, "head": {"ref": "topic"}}}
    log = act(stage, folder, ".github/workflows/direct.yml", "pull_request", payload)
    assert log.code == 0, log.text
    assert "hostile failure 2 real failure 1" in log.printed()
    assert not list(stage.folder.rglob("PWNED"))
    assert "no such file or directory" in log.printed()

    errors = [error for error in log.commands("error") if "title=unpinned-uses" in error]
    assert [error.partition(",line=")[0] for error in errors] == ["::error file=.github/workflows/new.yml"]
    uploaded = stage.kept("uploaded.sarif")
    judged = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in uploaded["runs"][0]["results"]
        if result["ruleId"] == "unpinned-uses"
    }
    assert {".github/workflows/old.yml", ".github/workflows/new.yml"} <= judged


def test_a_companion_that_gives_no_answer_is_no_pass(stage: Stage) -> None:
    """Programs that an earlier step has put on PATH run beside the rules."""
    direct = f"""on: push
permissions: {{}}
jobs:
  direct:
    runs-on: ubuntu-latest
    steps:
      - uses: {next(uses for uses in _remote_actions() if uses.startswith("actions/checkout@"))}
      - run: |
          mkdir -p "$RUNNER_TEMP/tools"
          cd "$RUNNER_TEMP/tools"
          printf '#!/bin/sh\\necho "[]"\\n' > actionlint
          printf '#!/bin/sh\\nexit 70\\n' > zizmor
          chmod +x actionlint zizmor
          echo "$PWD" >> "$GITHUB_PATH"
      - id: policy
        continue-on-error: true
        uses: {SLUG}@{stage.own_commit}
        with: {{companions: 'actionlint,zizmor', paths: .github/workflows/clean.yml}}
      - env: {{CODE: '${{{{ steps.policy.outputs.exit-code }}}}'}}
        run: echo "code $CODE"
"""
    folder = stage.repository({".github/workflows/direct.yml": direct, ".github/workflows/clean.yml": CLEAN}, "beside")
    log = act(stage, folder, ".github/workflows/direct.yml")
    assert "code 1" in log.printed(), log.text
    assert "zizmor ended with 70" in log.printed()
    assert "actionlint ended" not in log.printed()
    assert "No findings" in log.printed()
