"""Writes the commit of a release into what is built from it.

With that commit the steps that a fix inserts are pinned, see `chittyops_policy.own_actions`. It is known only where
HEAD is the tag ``v<version>`` and everything that ships is as committed; a source distribution hands it on to the wheel
that is built from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RELEASE_FILE = "release.json"
SHIPPED = ("chittyops_policy", "policies", "schemas", "templates", "pyproject.toml", "hatch_build.py")


class ReleaseCommit(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls before it builds a wheel or a source distribution."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds `RELEASE_FILE` where a release is built; an editable install is not one, whatever it lies at."""
        if version == "editable":
            return
        commit = released_commit(self.root, self.metadata.version)
        if commit is None:
            return
        self._folder = tempfile.TemporaryDirectory()
        path = os.path.join(self._folder.name, RELEASE_FILE)
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({"commit": commit}, stream)
        target = RELEASE_FILE if self.target_name == "sdist" else f"chittyops_policy/_data/{RELEASE_FILE}"
        build_data["force_include"][path] = target


def released_commit(root: str, version: str) -> str | None:
    """The commit of release `version`, if that is what lies in `root`; else None."""
    if not os.path.exists(os.path.join(root, ".git")):  # no clone: an unpacked source distribution, or a plain copy
        try:
            with open(os.path.join(root, RELEASE_FILE), encoding="utf-8") as stream:
                return str(json.load(stream)["commit"])
        except FileNotFoundError:
            return None
    head = _git(root, "rev-parse", "HEAD")
    if not head or _git(root, "status", "--porcelain", "--", *SHIPPED) != "":
        return None
    tag = f"v{version}"
    if _commit_of(root, f"refs/tags/{tag}") == head:
        return head
    # A shallow fetch of a tag, as pre-commit does it, makes no local tag; what was fetched stands in FETCH_HEAD.
    for line in _fetched(root):
        fetched, _, what = line.partition("\t")
        if f"tag '{tag}' of " in what and _commit_of(root, fetched) == head:
            return head
    return None


def _commit_of(root: str, name: str) -> str | None:
    """The commit that a reference, or an annotated tag's own id, stands for; None where there is none."""
    return _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _fetched(root: str) -> list[str]:
    path = _git(root, "rev-parse", "--git-path", "FETCH_HEAD")
    try:
        with open(os.path.join(root, path or "FETCH_HEAD"), encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _git(root: str, *arguments: str) -> str | None:
    """What git prints; None where it fails, or where there is no git."""
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
