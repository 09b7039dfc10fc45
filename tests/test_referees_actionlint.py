"""actionlint as a referee for what a workflow may say at all, on every live workflow of the corpus.

Shared are its kinds ``syntax-check`` and ``expression`` with our structural rules. GitHub's own parser is the judge
above both (`test_structure_differential`): where the two disagree, `DIFFERENCES` says who is right, and a test keeps
the table true. Not shared, and left to a companion: types of members (``property … is not defined``), inputs of
known actions, runner labels, and injection.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .rules.checked import CORPUS, corpus, needs_corpus, report

RULES = ("invalid-workflow", "unparsable-yaml", "duplicate-key")
KINDS = ("syntax-check", "expression")
NOT_SHARED = ("is not defined in object type", "potentially untrusted")

Place = tuple[str, int]
"""File relative to the corpus, and line."""

INPUT_DEFAULT = "only ours: GitHub's parser wants the default in the type of its input; kept at severity low"
DIFFERENCES: dict[Place, str] = {
    ("chittyos/chittyapps/chittycharge/.github/workflows/deploy.yml", 72): (
        "only actionlint's: GitHub's parser accepts an empty `needs`"
    ),
    ("public/github__codeql-action/.github/workflows/__start-proxy.yml", 97): (
        "only actionlint's: GitHub's parser accepts the filter `*` in brackets"
    ),
    ("chittyos/chittyos/chittyops/.github/workflows/auto-merge.yml", 10): (
        "only ours: GitHub's parser rejects settings under this event"
    ),
    ("chittyos/chittyos/chitty-issue-resolver/.github/workflows/auto-resolve.yml", 12): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/build-windows-ami.yml", 13): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/github-analytics-daily.yml", 17): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/github-analytics-daily.yml", 29): INPUT_DEFAULT,
}


def ours(part: str) -> set[Place]:
    places = set[Place]()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *RULES).decisions:
            if decision.rule in RULES and decision.path.startswith(".github/workflows/"):
                assert decision.region is not None
                places.add((f"{folder}/{decision.path}", decision.region.line))
    return places


def actionlints(part: str) -> set[Place]:
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}"]
    places = set[Place]()
    for snapshot in corpus(part):
        paths = snapshot.workflow_paths()
        if not paths:
            continue
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        done = subprocess.run([*command, *paths], cwd=snapshot.root, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        for error in json.loads(done.stdout or "[]"):
            if error["kind"] in KINDS and not any(words in error["message"] for words in NOT_SHARED):
                places.add((f"{folder}/{error['filepath']}", error["line"]))
    return places


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_difference_is_explained(part: str) -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed; the test extras bring it")
    mine, theirs = ours(part), actionlints(part)
    assert mine & theirs or part == "public", "the two never agree: the comparison itself is broken"
    expected = {place for place in DIFFERENCES if place[0].startswith(part)}
    assert mine ^ theirs == expected
    for place in mine ^ theirs:
        owner = "only ours" if place in mine else "only actionlint's"
        assert DIFFERENCES[place].startswith(owner)
