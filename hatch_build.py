"""What a build has beside the files of the repository: the commit of the release, and data as Python modules.

With the commit the steps that a fix inserts are pinned, see `chittyops_policy.own_actions`. It is known only where HEAD
is the tag ``v<version>`` and everything that ships is as committed; a source distribution hands it on to the wheel that
is built from it. The modules hold what every check reads, see `chittyops_policy.resources`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RELEASE_FILE = "release.json"
SHIPPED = ("chittyops_policy", "policies", "schemas", "templates", "pyproject.toml", "hatch_build.py")


INTO = "chittyops_policy/_compiled"


class BuildHook(BuildHookInterface[Any]):
    """Called by hatchling before it builds a wheel or a source distribution, see pyproject.toml."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds what a build has beside the repository's files; an editable install is no release and reads sources."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory()
        known = release(self.root, self.metadata.version)
        if known is not None:
            target = RELEASE_FILE if self.target_name == "sdist" else f"chittyops_policy/_data/{RELEASE_FILE}"
            self._add(build_data, RELEASE_FILE, json.dumps(known), target)
        if self.target_name == "wheel":
            for name, text in modules(Path(self.root)).items():
                self._add(build_data, name, text, f"{INTO}/{name}")

    def _add(self, build_data: dict[str, Any], name: str, text: str, target: str) -> None:
        path = Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        build_data["force_include"][str(path)] = target

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what `initialize` wrote."""
        if version != "editable":
            self.folder.cleanup()


# ------------------------------------------------------------------------------------------------------- the release


def release(root: str, version: str) -> dict[str, Any] | None:
    """What `own_actions.RELEASE_FILE` holds for release `version`, if that is what lies in `root`; else None."""
    if not os.path.exists(os.path.join(root, ".git")):  # no clone: an unpacked source distribution, or a plain copy
        try:
            with open(os.path.join(root, RELEASE_FILE), encoding="utf-8") as stream:
                known: dict[str, Any] = json.load(stream)
                return known
        except FileNotFoundError:
            return None
    commit = _released_commit(root, version)
    if commit is None:
        return None
    files = (_git(root, "ls-tree", "-r", "--name-only", commit) or "").splitlines()
    folders = {
        os.path.dirname(path) or "." for path in files if os.path.basename(path) in ("action.yml", "action.yaml")
    }
    return {"commit": commit, "actions": sorted(folders)}


def _released_commit(root: str, version: str) -> str | None:
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


# ---------------------------------------------------------------------------------------------------------- the data


def modules(root: Path) -> dict[str, str]:
    """File name → text of each module of the package `_compiled`."""
    sys.path.insert(0, str(root))
    try:
        from chittyops_policy.catalogue import index_row
        from chittyops_policy.contract_words import PARTS, words_of
        from chittyops_policy.document import parse, to_value
        from chittyops_policy.nodes import packed
        from chittyops_policy.resources import module_name
        from chittyops_policy.schema_rule import FOLDER, mistakes_in
    finally:
        sys.path.remove(str(root))
    texts = {"__init__.py": '"""Shipped data in the form that Python loads fastest."""\n'}
    for name in ("workflow", "action", "dependabot"):
        file = f"{name}.schema.json"
        texts[module_name("schemas", file) + ".py"] = _module(
            _undescribed(json.loads((root / "schemas" / file).read_bytes()))
        )
    index = root / "chittyops_policy" / "rules" / "index.json"
    texts[module_name("rules", "index.json") + ".py"] = _module(
        tuple(index_row(entry) for entry in json.loads(index.read_bytes()))
    )
    rules = {}
    for path in sorted(root.joinpath(*FOLDER).glob("*.yml")):
        assert not mistakes_in(str(path), path.read_bytes()), path
        rules[path.name] = to_value(parse(path.name, path.read_bytes()).root)
    texts[module_name(*FOLDER) + ".py"] = _module(rules)
    document = parse("policies/chittyos.yml", (root / "policies" / "chittyos.yml").read_bytes())
    assert document.root is not None, document.error
    texts[module_name("policies", "chittyos.yml") + ".py"] = _module(packed(document.root))
    parameters = to_value(document.root)["parameters"]
    words = {part: words_of(parameters, part) for part in PARTS}
    texts[module_name("policies", "chittyos.words") + ".py"] = _module(words)
    return texts


def _undescribed(schema: Any) -> Any:
    """A schema without the descriptions, which are for editors."""
    if isinstance(schema, dict):
        return {
            key: _undescribed(value)
            for key, value in schema.items()
            if key != "description" or not isinstance(value, str)
        }
    return [_undescribed(item) for item in schema] if isinstance(schema, list) else schema


def _module(content: object) -> str:
    return f"CONTENT = {content!r}\n"
