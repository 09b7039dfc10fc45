"""From a stored secret to a deployment with an issued one: a release, its fixes, and its actions in the real act.

The wheel is built from a tag, its command mends a workflow, and the mended workflow runs with the actions of the very
commit that the command pinned.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chittyops_policy import __version__

from ..doors.support import git, own_repository, repository, wheel_of
from .services import API_KEY, IDENTITY, KEY, TOKEN, TRACK, VALUES, Answer, serving
from .stage import OWN, WORKFLOW, Stage, digest

BEFORE = """name: Deploy
on: push
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: read
    steps:
      - name: Deploy # to production
        run: wrangler deploy
        env:
          CLOUDFLARE_API_TOKEN: ${{ secrets.CLOUDFLARE_API_TOKEN }}
          CLOUDFLARE_ACCOUNT_ID: ${{ secrets.CLOUDFLARE_ACCOUNT_ID }}
"""
AFTER = """name: Deploy
on: push
permissions: {{}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: read
      id-token: write # to ask ChittyConnect
    steps:
      - name: Get ephemeral credentials
        id: creds
        uses: ChittyOS/chittyops-policy/actions/getchitty-creds@{commit} # v{version}
        with:
          credentials: CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID
{key}      - name: Deploy # to production
        run: wrangler deploy
        env:
          CLOUDFLARE_API_TOKEN: ${{{{ steps.creds.outputs.cloudflare_token }}}}
          CLOUDFLARE_ACCOUNT_ID: ${{{{ steps.creds.outputs.account_id }}}}
      - name: Report to ChittyBeacon
        if: always()
        uses: ChittyOS/chittyops-policy/actions/chittybeacon@{commit} # v{version}
"""
WITH_KEY = "          api_key: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"
WRANGLER = """#!/bin/bash
for value in "$CLOUDFLARE_API_TOKEN" "$CLOUDFLARE_ACCOUNT_ID"; do
  printf %s "$value" | sha256sum | cut -d ' ' -f 1 >>"$KEEP/deployed"
done
exit "${WRANGLER_EXIT:-0}"
"""
PROJECT = {"wrangler.toml": 'name = "orders"\nmain = "index.js"\n'}
ASK_BY_KEY = "kind: pack\nname: own\nextends: chittyos\nparameters: {credentials: {api_key: CHITTYCONNECT_API_KEY}}\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """With the files of the release in place of the actions."""
    stage = Stage(tmp_path_factory.mktemp("release"), names=True)
    stage.program("wrangler", WRANGLER)
    return stage


@pytest.fixture(scope="module")
def release(stage: Stage) -> tuple[Path, str]:
    """The folder with the installed command of a release, and the release's commit."""
    source = own_repository(stage.folder / "source")
    git(source, "tag", "-a", f"v{__version__}", "-m", "release")
    commit = git(source, "rev-parse", "HEAD")
    with zipfile.ZipFile(wheel_of(source, stage.folder)) as opened:
        opened.extractall(stage.folder / "installed")
    return stage.folder / "installed", commit


def mended(release: tuple[Path, str], folder: Path, *options: str) -> str:
    """The workflow after the release's command has fixed the repository."""
    repository(folder, {WORKFLOW: BEFORE, **PROJECT})
    (folder.parent / "pack.yml").write_text(ASK_BY_KEY)
    command = ["check", "--fix", "--review", "--select", "static-secret", "--select", "missing-beacon", *options]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "chittyops_policy", *command],
        cwd=folder,
        env={"PYTHONPATH": str(release[0]), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / WORKFLOW).read_text()


def test_the_mended_workflow_deploys_with_what_is_issued(
    stage: Stage, release: tuple[Path, str], tmp_path: Path
) -> None:
    text = mended(release, tmp_path / "repository")
    assert text == AFTER.format(commit=release[1], version=__version__, key="")
    with serving(stage.certified) as services:
        replaced = {f"{OWN}@{release[1]}": stage.own}
        log = stage.run(text, services, key=False, replaced=replaced, files=PROJECT)
        assert log.code == 0, log.text
        assert services.violations == [] and services.arguments == []
        assert services.paths() == [TOKEN, IDENTITY, TRACK]
        assert stage.kept("deployed") == [
            digest(VALUES["CLOUDFLARE_API_TOKEN"]), digest(VALUES["CLOUDFLARE_ACCOUNT_ID"])
        ]  # fmt: skip
        assert services.bodies(TRACK)[0]["status"] == "success"
        assert not [secret for secret in services.secrets() if secret in log.printed()]

        # A deployment that fails, fails as before, and is reported.
        services.requests.clear()
        log = stage.run(text, services, key=False, replaced=replaced, files=PROJECT, variables={"WRANGLER_EXIT": "1"})
        assert log.code != 0
        assert services.bodies(TRACK)[0]["status"] == "failure"

        # Without credentials nothing is deployed.
        services.script[IDENTITY] = [Answer(403)]
        log = stage.run(text, services, key=False, replaced=replaced, files=PROJECT)
        assert log.code != 0
        assert stage.kept("deployed") == []


def test_the_mended_workflow_with_the_api_key(stage: Stage, release: tuple[Path, str], tmp_path: Path) -> None:
    text = mended(release, tmp_path / "repository", "--policy", str(tmp_path / "pack.yml"))
    assert text == AFTER.format(commit=release[1], version=__version__, key=WITH_KEY)
    with serving(stage.certified) as services:
        log = stage.run(text, services, identity=False, replaced={f"{OWN}@{release[1]}": stage.own}, files=PROJECT)
        assert log.code == 0, log.text
        assert services.paths() == [KEY, TRACK]
        assert services.requests[0].headers["authorization"] == f"Bearer {API_KEY}"
        assert stage.kept("deployed")[0] == digest(VALUES["CLOUDFLARE_API_TOKEN"])
