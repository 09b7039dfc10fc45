"""A YAML language server set up as docs/editors.md says shows what the check reports, on the same lines."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from chittyops_policy.catalogue import load
from chittyops_policy.engine import check
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .referees.node import unavailable_reason
from .referees.yaml_language_server import diagnostics

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas"
needs_server = pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason()))

WORKFLOW = ".github/workflows/ci.yml"
ACTION = "tools/setup/action.yml"
DEPENDABOT = ".github/dependabot.yml"

HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
STEPS = HEAD + "    steps:\n      - run: make\n"
COMPOSITE = "name: Setup\ndescription: Sets things up\nruns:\n  using: composite\n  steps:\n"
UPDATES = "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    directory: /\n    schedule:\n"

VALID = {
    "a workflow": (WORKFLOW, STEPS),
    "a workflow with every shape of trigger": (
        WORKFLOW,
        "on:\n  push:\n    branches: [main]\n  schedule:\n    - cron: '0 6 * * 1'\n  workflow_dispatch:\n" + STEPS[9:],
    ),
    "an action": (ACTION, COMPOSITE + "    - run: make\n      shell: bash\n"),
    "a Dependabot configuration": (DEPENDABOT, UPDATES + "      interval: weekly\n"),
    "a policy": (POLICY_FILE, "rules:\n  unpinned-uses: {severity: critical}\n"),
}

BROKEN = {
    "misspelt key of a job": (WORKFLOW, HEAD + "    step:\n      - run: make\n"),
    "misspelt key of a workflow": (WORKFLOW, "permision: {}\n" + STEPS),
    "unknown event": (WORKFLOW, STEPS.replace("push", "pull-request")),
    "unknown event in a list": (WORKFLOW, STEPS.replace("push", "\n  - push\n  - pushed")),
    "unknown permission": (WORKFLOW, STEPS + "    permissions:\n      content: read\n"),
    "unknown level of a permission": (WORKFLOW, STEPS + "    permissions:\n      contents: admin\n"),
    "a number for the shell": (WORKFLOW, STEPS + "        shell: [bash]\n"),
    "a word for a boolean": (WORKFLOW, STEPS + "    continue-on-error: sometimes\n"),
    "an unknown key of a step": (WORKFLOW, STEPS + "        working_directory: src\n"),
    "run beside uses": (WORKFLOW, STEPS + "        uses: actions/checkout@v4\n"),
    "misspelt key of an action": (ACTION, COMPOSITE + "    - run: make\n      shel: bash\n"),
    "an unknown interval": (DEPENDABOT, UPDATES + "      interval: fortnightly\n"),
    "an unknown key of a policy": (POLICY_FILE, "rule:\n  unpinned-uses: {severity: high}\n"),
    "an unknown severity in a policy": (POLICY_FILE, "rules:\n  unpinned-uses:\n    severity: severe\n"),
}


def documented_schemas() -> dict[Path, list[str]]:
    """The schema settings of docs/editors.md, with the place of this checkout filled in: schema → globs."""
    text = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    block = re.search(r"```json\n(\{.*?\n\})\n```", text, re.DOTALL)
    assert block is not None
    return {SCHEMAS / Path(name).name: globs for name, globs in json.loads(block[1])["yaml.schemas"].items()}


BROKEN_COLLECTIONS = {
    "a job that is a list": (WORKFLOW, "on: push\njobs:\n  build:\n    - run: make\n"),
    "steps that are a mapping": (WORKFLOW, HEAD + "    steps:\n      run: make\n"),
    "a schedule that is a mapping": (WORKFLOW, STEPS.replace("push", "\n  schedule:\n    cron: '0 6 * * 1'")),
}
"""Where a block collection is of the wrong kind the server marks its first line, the check the key above it."""


@lru_cache(maxsize=1)
def marked_lines() -> dict[str, list[int]]:
    """The lines that the server marks in each case, by the case's title."""
    cases = list({**VALID, **BROKEN, **BROKEN_COLLECTIONS}.items())
    files = {f"repository{number}/{path}": text for number, (_, (path, text)) in enumerate(cases)}
    seen = diagnostics(files, documented_schemas())
    return {
        title: sorted({entry.line for entry in seen[f"repository{number}/{path}"]})
        for number, (title, (path, _)) in enumerate(cases)
    }


def found_lines(path: str, text: str) -> list[int]:
    """The lines of the structural findings that a check of this one file gives."""
    catalogue = load()
    snapshot = Snapshot(MemoryTree({path: text}), "example/repository")
    policy = effective(
        catalogue, standard_pack(None), snapshot.read(POLICY_FILE), Overrides(), slug=snapshot.slug, today="2026-01-01"
    )
    report = check(snapshot, catalogue, policy, today="2026-01-01")
    structural = {"invalid-workflow", "invalid-action", "invalid-dependabot", "invalid-policy"}
    return sorted(
        {item.region.line for item in report.decisions if item.rule in structural and item.region is not None}
    )


@needs_server
@pytest.mark.parametrize("title", VALID)
def test_nothing_is_marked_in_a_valid_file(title: str) -> None:
    assert found_lines(*VALID[title]) == []
    assert marked_lines()[title] == []


@needs_server
@pytest.mark.parametrize("title", BROKEN)
def test_the_same_lines_are_marked(title: str) -> None:
    expected = found_lines(*BROKEN[title])
    assert expected
    assert marked_lines()[title] == expected


@needs_server
@pytest.mark.parametrize("title", BROKEN_COLLECTIONS)
def test_a_wrong_collection_is_marked_where_it_starts(title: str) -> None:
    (expected,) = found_lines(*BROKEN_COLLECTIONS[title])
    assert marked_lines()[title] == [expected + 1]


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda file: file.name)
def test_schema_is_of_the_draft_that_it_names(file: Path) -> None:
    schema = json.loads(file.read_text(encoding="utf-8"))
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
