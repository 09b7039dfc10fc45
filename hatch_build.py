"""Puts the data that every check reads into the wheel as Python modules too; see `chittyops_policy.resources`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INTO = "chittyops_policy/_compiled"


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling, see pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the modules to a wheel; an editable install reads the sources."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory()
        for name, text in modules(Path(self.root)).items():
            path = Path(self.folder.name) / name
            path.write_text(text, encoding="utf-8")
            build_data["force_include"][str(path)] = f"{INTO}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what `initialize` wrote."""
        if version != "editable":
            self.folder.cleanup()


def modules(root: Path) -> dict[str, str]:
    """File name → text of each module of the package `_compiled`."""
    sys.path.insert(0, str(root))
    try:
        from chittyops_policy.document import parse
        from chittyops_policy.nodes import packed
        from chittyops_policy.resources import module_name
    finally:
        sys.path.remove(str(root))
    texts = {"__init__.py": '"""Shipped data in the form that Python loads fastest."""\n'}
    for name in ("workflow", "action", "dependabot"):
        file = f"{name}.schema.json"
        texts[module_name("schemas", file) + ".py"] = _module(json.loads((root / "schemas" / file).read_bytes()))
    index = root / "chittyops_policy" / "rules" / "index.json"
    texts[module_name("rules", "index.json") + ".py"] = _module(json.loads(index.read_bytes()))
    document = parse("policies/chittyos.yml", (root / "policies" / "chittyos.yml").read_bytes())
    assert document.root is not None, document.error
    texts[module_name("policies", "chittyos.yml") + ".py"] = _module(packed(document.root))
    return texts


def _module(content: object) -> str:
    return f"CONTENT = {content!r}\n"
