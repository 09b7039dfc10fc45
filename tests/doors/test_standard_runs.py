"""The real act runs the workflows of the standard: what they run, in which order, and what they hand over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy import projects

from ..standard_repositories import KINDS, SLUG, package, planned
from .acts import CHECKOUT, Log, act
from .support import own_repository, repository, write

NOTHING = """name: stand-in
description: Says which action it stands for, and what it is given.
runs:
  using: composite
  steps:
    - shell: bash
      env:
        GIVEN: ${{ toJSON(inputs) }}
      run: |
        echo "stands in for ${GITHUB_ACTION_PATH##*stand-ins/}"
"""
CREDS = """name: getchitty-creds
description: Gives credentials that are none.
inputs: {credentials: {default: ''}, service: {default: ''}, api_key: {default: ''}}
outputs:
  cloudflare_token: {description: a token, value: '${{ steps.made.outputs.token }}'}
  account_id: {description: an account, value: '${{ steps.made.outputs.account }}'}
runs:
  using: composite
  steps:
    - id: made
      shell: bash
      env:
        ASKED: ${{ inputs.credentials }} for ${{ inputs.service }} with ${{ inputs.api_key }}
      run: |
        echo "asked for $ASKED"
        echo "token=made-for-this-run" >> "$GITHUB_OUTPUT"
        echo "account=account-1" >> "$GITHUB_OUTPUT"
"""
BEACON = """name: chittybeacon
description: Says what it would report.
inputs: {service: {default: ''}, status: {default: '${{ job.status }}'}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        REPORT: ${{ inputs.service }} ${{ inputs.status }}
      run: echo "reported $REPORT"
"""
OURS = "ChittyOS/chittyops-policy"


class Place:
    """A repository with the files of its plan, committed, and what stands in for the rest of the world."""

    def __init__(self, own: Path, files: Mapping[str, str], programs: Mapping[str, str], **wishes: Any) -> None:
        plan = planned(files, **wishes)
        made = {change.path: change.after for change in plan.changes}
        self.own = own
        self.folder = repository(own / "repositories" / SLUG, {**files, **made}, SLUG)
        write(own / "programs", dict(programs))
        for program in programs:
            (own / "programs" / program).chmod(0o755)

    def run(
        self, name: str, event: str = "push", payload: Mapping[str, Any] | None = None, ours: Path | None = None
    ) -> Log:
        """Runs one workflow; `ours` is this project where its own action is to be the real one."""
        workflow = f".github/workflows/{name}.yml"
        replaced = {}
        text = (self.folder / workflow).read_text() + ((ours / "action.yml").read_text() if ours is not None else "")
        for action, ref in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", text):
            owner, repo, *path = action.split("/")
            if action == OURS and ours is not None:
                replaced[f"{action}@{ref}"] = ours
                continue
            stand_in = self.own / "stand-ins" / owner / repo
            text = {"actions/checkout": CHECKOUT, f"{OURS}/actions/getchitty-creds": CREDS,
                    f"{OURS}/actions/chittybeacon": BEACON}.get(action, NOTHING)  # fmt: skip
            write(stand_in, {"/".join((*path, "action.yml")): text})
            replaced[f"{owner}/{repo}@{ref}"] = stand_in
        return act(
            self.folder,
            workflow,
            event,
            payload,
            own=self.own,
            replaced=replaced,
            variables={"REPOSITORIES": str(self.own / "repositories")},
            options=("--secret", "CHITTYCONNECT_API_KEY=key-1"),
            programs=self.own / "programs",
        )


def outcomes(log: Log) -> dict[str, str]:
    """Step → success or failure, of the main stage of each step."""
    main = [line for line in log.lines if line.get("stage") == "Main" and "stepResult" in line]
    return {line["step"]: line["stepResult"] for line in main}


LOCK = """{"name": "shop", "lockfileVersion": 3, "requires": true, "packages": {
  "": {"name": "shop", "dependencies": {"lib": "file:lib"}},
  "lib": {"version": "1.0.0"}, "node_modules/lib": {"resolved": "lib", "link": true}}}
"""
CI: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    projects.NODE: (
        {
            "package.json": package(
                scripts={"test": "node test.js", "lint": "node -e \"console.log('linted')\""},
                dependencies={"lib": "file:lib"},
            ),
            "package-lock.json": LOCK,
            "lib/package.json": '{"name": "lib", "version": "1.0.0", "main": "index.js"}',
            "lib/index.js": "module.exports = 'the library'\n",
            "test.js": "console.log(require('lib') + ' is there')\n",
        },
        {"npm": "linted", "node": "the library is there"},
        ["Install", "Lint", "Test"],
    ),
    projects.PYTHON: (
        {
            "requirements.txt": "pytest\n",
            "test_it.py": "def test_it():\n    print('tested')\n",
            "pytest.ini": "[pytest]\naddopts = -s -p no:cacheprovider -p no:xdist -p no:randomly\n",
        },
        {"pip": "tested", "pytest": "1 passed"},
        ["Install", "Test"],
    ),
    projects.RUST: (
        {
            "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n',
            "Cargo.lock": 'version = 3\n\n[[package]]\nname = "shop"\nversion = "1.0.0"\n',
            "src/lib.rs": "#[test]\nfn it_sells() {}\n",
        },
        {"cargo": "test it_sells ... "},
        ["Build", "Test"],
    ),
    projects.GO: (
        {"go.mod": "module example.com/shop\n\ngo 1.20\n", "a.go": "package shop\n",
         "a_test.go": "package shop\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {}\n"},
        {"go": "ok"},
        ["Vet", "Build", "Test"],
    ),
    projects.UNKNOWN: (
        {"Makefile": "lint:\n\t@echo linted\ntest:\n\t@echo tested\n", "a.sh": ""},
        {"make": "tested"},
        ["Lint", "Test"],
    ),
}  # fmt: skip
"""Files, the programs that the runner needs with what they print, and the steps."""


@pytest.mark.parametrize("kind", CI)
def test_ci(kind: str, tmp_path: Path) -> None:
    files, programs, steps = CI[kind]
    lacking = [program for program in programs if shutil.which(program) is None]
    if lacking:
        pytest.skip(f"{', '.join(lacking)} is not installed here")
    log = Place(tmp_path, files, {}, only=("ci",)).run("ci")
    assert log.code == 0, log.text
    results = outcomes(log)
    assert set(results.values()) == {"success"}
    assert [step for step in results if step in steps] == steps
    for said in programs.values():
        assert said in log.printed()


def test_a_failing_test_fails_the_run(tmp_path: Path) -> None:
    files = {"Makefile": "test:\n\t@exit 7\n", "a.sh": ""}
    log = Place(tmp_path, files, {}, only=("ci",)).run("ci")
    assert log.code == 1
    assert outcomes(log)["Test"] == "failure"


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 1", 1)], ids=["both pass", "one fails"])
def test_the_parts_of_a_monorepo_report_as_one(script: str, code: int, tmp_path: Path) -> None:
    part = package(scripts={"test": script})
    files = {"one/package.json": package(scripts={"test": "exit 0"}), "two/package.json": part}
    log = Place(tmp_path, files, {}, only=("ci",)).run("ci")
    assert log.code == code, log.text
    results = [line["jobResult"] for line in log.lines if "jobResult" in line and line["job"].strip().endswith("/test")]
    assert results == [{0: "success", 1: "failure"}[code]]


def test_a_repository_of_templates_passes_its_own_check(tmp_path: Path) -> None:
    place = Place(tmp_path, KINDS[projects.GO], {})
    ours = own_repository(tmp_path / "ours")
    log = place.run("policy", ours=ours)
    if re.search(r"No matching distribution|Connection|Temporary failure", log.text):
        pytest.skip("packages cannot be fetched here")
    assert log.code == 0, log.text
    assert "No findings; " in log.printed()


SAYS = '#!/bin/sh\necho "ran ${0##*/} $* with $CLOUDFLARE_API_TOKEN of $CLOUDFLARE_ACCOUNT_ID"\n'


def test_a_worker_is_deployed_with_what_the_broker_gives(tmp_path: Path) -> None:
    place = Place(tmp_path, KINDS[projects.WORKER], {"pnpm": SAYS}, only=("deploy-worker",))
    log = place.run("deploy")
    assert log.code == 0, log.text
    said = log.printed()
    assert "asked for CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID for shop with ***" in said
    assert "ran pnpm exec wrangler deploy with made-for-this-run of account-1" in said
    assert "ran pnpm install --frozen-lockfile with  of " in said, "no other step has the credentials"
    assert "reported shop success" in said


def test_a_failed_deployment_is_reported_too(tmp_path: Path) -> None:
    fails = '#!/bin/sh\n[ "$1" != exec ]\n'
    place = Place(tmp_path, KINDS[projects.WORKER], {"pnpm": fails}, only=("deploy-worker",))
    log = place.run("deploy")
    assert log.code == 1
    assert "reported shop failure" in log.printed()


def test_a_release_is_published_after_its_tests(tmp_path: Path) -> None:
    place = Place(tmp_path, KINDS[projects.NODE], {"npm": '#!/bin/sh\necho "ran npm $*"\n'}, only=("publish-npm",))
    log = place.run("publish", "release", {"action": "published", "release": {"tag_name": "v1.0.0"}})
    assert log.code == 0, log.text
    assert re.findall(r"ran npm (.*)", log.printed()) == ["ci", "run lint", "test", "publish"]


VERCEL: dict[str, tuple[str, str, str, int, str]] = {
    "what answers is reported": ("success", "Production", "https://shop.example", 0, "reported shop success"),
    "what does not answer fails": ("success", "Production", "https://down.example", 1, "reported shop failure"),
    "a failed deployment fails": ("failure", "Production", "https://shop.example", 1, "reported shop failure"),
    "an address that is none is not asked": ("success", "Production", "file:///etc/passwd", 1, "reported shop failure"),
    "a preview is nobody's business": ("success", "Preview", "https://shop.example", 0, ""),
    "a deployment that goes on is waited for": ("pending", "Production", "", 0, ""),
}


@pytest.mark.parametrize("name", VERCEL)
def test_vercel(name: str, tmp_path: Path) -> None:
    state, environment, url, code, said = VERCEL[name]
    curl = '#!/bin/sh\ncase "$*" in *down*) exit 22;; *"--url https://"*) echo "asked $*";; *) exit 3;; esac\n'
    place = Place(tmp_path, KINDS[projects.NEXTJS], {"curl": curl}, only=("deploy-vercel",))
    payload = {
        "deployment": {"id": 1, "environment": environment},
        "deployment_status": {"id": 2, "state": state, "environment_url": url},
    }
    log = place.run("vercel", "deployment_status", payload)
    assert log.code == code, log.text
    assert ("reported" in log.printed()) == bool(said)
    assert said in log.printed()
