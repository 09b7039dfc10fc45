"""Workflows run by the real act: offline, on this machine instead of in a container.

Remote actions cannot be fetched here; folders of our own stand in for them, each by the very reference that the
workflow names.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .support import run

CHECKOUT = """
name: checkout
description: Clones from $REPOSITORIES as actions/checkout would from GitHub.
inputs:
  repository: {default: '${{ github.repository }}'}
  ref: {default: '${{ github.sha }}'}
  path: {default: .}
  fetch-depth: {default: '1'}
  persist-credentials: {default: 'true'}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        FROM: ${{ inputs.repository }}
        REF: ${{ inputs.ref }}
        INTO: ${{ inputs.path }}
      run: |
        git clone --quiet "$REPOSITORIES/$FROM" "$GITHUB_WORKSPACE/$INTO"
        git -C "$GITHUB_WORKSPACE/$INTO" checkout --quiet "$REF"
        git -C "$GITHUB_WORKSPACE/$INTO" remote set-url origin "https://github.com/$FROM"
        echo "checked out $FROM into $INTO"
"""


class Log(NamedTuple):
    """What act said: its exit code, its lines, and their text."""

    code: int
    lines: list[dict[str, Any]]
    text: str

    def commands(self, name: str) -> list[str]:
        """The workflow commands of one name that the runner carried out."""
        return [line["raw"].strip() for line in self.lines if line.get("command") == name]

    def printed(self) -> str:
        """What the steps printed."""
        return "".join(line["msg"] for line in self.lines if line.get("raw_output"))

    def messages(self) -> str:
        return "\n".join(str(line.get("msg", "")) for line in self.lines)


def act(
    folder: Path,
    workflow: str,
    event: str = "push",
    payload: Mapping[str, Any] | None = None,
    *,
    own: Path,
    replaced: Mapping[str, Path],
    variables: Mapping[str, str],
    options: tuple[str, ...] = (),
    programs: Path | None = None,
) -> Log:
    """Runs one workflow of a repository.

    own        a folder for what act keeps, beside the repository
    replaced   owner/name@ref → the folder that stands in for it
    variables  what every step finds in its environment
    programs   a folder with commands that steps find before all others
    """
    arguments = ["act", event, "--json", "--no-skip-checkout", "-P", "ubuntu-latest=-self-hosted", "-W", workflow]
    arguments += ["--action-cache-path", str(own / "cache"), *options]
    for reference, place in replaced.items():
        arguments += ["--local-repository", f"{reference}={place}"]
    for name, value in variables.items():
        arguments += ["--env", f"{name}={value}"]
    if payload is not None:
        (own / "event.json").write_text(json.dumps(payload))
        arguments += ["--eventpath", str(own / "event.json")]
    places = [str(programs)] if programs is not None else []
    path = os.pathsep.join((*places, os.path.dirname(sys.executable), os.environ["PATH"]))
    done = run(arguments, folder, {"PATH": path})
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Log(done.returncode, lines, done.stdout)
