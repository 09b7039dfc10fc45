"""Runs single rules over small repositories and over the corpus, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.catalogue import load
from chittyops_policy.engine import check
from chittyops_policy.model import Decision, Report
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

CATALOGUE = load()
PACK = standard_pack(None)
TODAY = "2026-01-01"
CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real repositories does not lie beside this checkout"
)


def report(
    snapshot: Snapshot, *rules: str, options: Mapping[str, Any] | None = None, lookups: Lookups | None = None
) -> Report:
    """The report on a snapshot with only these rules running; `options` replace those of the first."""
    policy = effective(CATALOGUE, PACK, None, Overrides(select=rules), slug=snapshot.slug, today=TODAY)
    if options:
        policy.rules = {**policy.rules, rules[0]: policy.rules[rules[0]].having(dict(options), "test")}
    result = check(snapshot, CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in result.problems if problem.kind == "internal"], result.problems
    return result


def found(
    rule: str,
    files: Mapping[str, str] | str,
    *,
    slug: str = "example/repository",
    options: Mapping[str, Any] | None = None,
    lookups: Lookups | None = None,
) -> list[str]:
    """``text: message`` of each finding in a small repository, in report order; a lone text is a workflow."""
    tree = MemoryTree({".github/workflows/x.yml": files} if isinstance(files, str) else dict(files))
    snapshot = Snapshot(tree, slug)
    decisions = report(snapshot, rule, options=options, lookups=lookups).decisions
    return [f"{covered(snapshot, decision)}: {decision.message}" for decision in decisions]


def unknown(
    rule: str,
    files: Mapping[str, str] | str,
    *,
    slug: str = "example/repository",
    lookups: Lookups | None = None,
) -> list[str]:
    """The reasons of the controls that cannot be told with only this rule running."""
    tree = MemoryTree({".github/workflows/x.yml": files} if isinstance(files, str) else dict(files))
    result = report(Snapshot(tree, slug), rule, lookups=lookups)
    controls = {control.id for control in _controls() if any(id == rule for id, _ in control.rules)}
    return [
        verdict.reason for verdict in result.verdicts if verdict.control in controls and verdict.outcome == "unknown"
    ]


def covered(snapshot: Snapshot, decision: Decision) -> str:
    """The first line of what a finding's region covers, from the file itself; the path where it has no region."""
    region = decision.region
    if region is None:
        return decision.path
    text = snapshot.text(decision.path)
    assert text is not None
    line = text.splitlines()[region.line - 1]
    return line[region.column - 1 : region.end_column - 1 if region.end_line == region.line else len(line)]


def corpus(part: str) -> Iterator[Snapshot]:
    """The repositories of a part of the corpus, ``chittyos`` or ``public``, sorted by name."""
    pattern = "*/*" if part == "chittyos" else "*"
    for folder in sorted((CORPUS / part).glob(pattern)):
        if folder.is_dir():
            slug = "/".join(folder.parts[-2:]) if part == "chittyos" else folder.name.replace("__", "/")
            yield Snapshot(WorkingTree(str(folder)), slug, root=str(folder))


def _controls() -> Any:
    return effective(CATALOGUE, PACK, None, Overrides(), slug="", today=TODAY).controls
