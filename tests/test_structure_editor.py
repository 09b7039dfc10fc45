"""Editors that run the YAML language server with our schemas underline what the check reports."""

from __future__ import annotations

import pytest

from chittyops_policy import structure
from chittyops_policy.document import parse_text

from .referees.node import unavailable_reason
from .referees.yaml_language_server import diagnostics
from .test_structure_differential import BASES, CORPUS, SCHEMAS, corpus_cases, our_verdict

pytestmark = pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason()))

SCHEMA_GLOBS = {SCHEMAS / f"{kind}.schema.json": f"*.{kind}.yml" for kind in ("workflow", "action", "dependabot")}

BROKEN = {
    "keys.workflow.yml": """\
on: [push, pullrequest]
permissions:
  content: read
jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: ten
    steps:
      - name: nothing to do
      - uses: a/b@v4
        run: make
""",
    "inputs.workflow.yml": """\
on:
  status: {types: [x]}
  workflow_dispatch:
    inputs:
      a:
        type: boolean
        default: 'true'
      b:
        type: string
        options: [x]
jobs:
  1st:
    runs-on: x
""",
    "values.workflow.yml": """\
on: push
env: [A]
concurrency:
  cancel-in-progress: true
jobs:
  a:
    runs-on: x
    continue-on-error: yes
    steps:
      - uses: a/b@${{ github.ref }}
      - parallel:
          - wait: a
""",
    "composite.action.yml": """\
name: n
description: d
runs:
  using: composite
  steps:
    - run: make
    - uses: a/b@v1
      shell: bash
branding:
  color: pink
""",
    "updates.dependabot.yml": """\
version: '2'
updates:
  - package-ecosystem: ''
    directory: /
    directories: [/]
    schedule:
      interval: hourly
""",
}


def _seen_by_the_check(name: str, text: str) -> list[int]:
    document = parse_text(name, text)
    problems = structure.schema_problems(document, name.split(".")[1])
    return sorted({document.line_column(problem.span.start)[0] for problem in problems})


def test_an_editor_underlines_the_lines_that_the_check_reports() -> None:
    seen = diagnostics(BROKEN, SCHEMA_GLOBS)
    lines = {name: sorted({entry.line for entry in entries}) for name, entries in seen.items()}
    assert lines == {name: _seen_by_the_check(name, text) for name, text in BROKEN.items()}
    assert all(len(found) >= 3 for found in lines.values())
    words = [entry.message for entry in seen["inputs.workflow.yml"]]
    assert "the default of a boolean input must be true or false, without quotes" in words


def test_an_editor_leaves_right_files_alone() -> None:
    files = {f"{name}.{kind}.yml": text for name, (kind, text) in BASES.items()}
    if CORPUS.is_dir():
        accepted = [case for case in corpus_cases() if our_verdict(case)[0]]
        files |= {f"{number}.{case.kind}.yml": case.text for number, case in enumerate(accepted[::25])}
    assert {name: entries for name, entries in diagnostics(files, SCHEMA_GLOBS).items() if entries} == {}
