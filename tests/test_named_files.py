"""What spares work hides nothing: neither that a file is named alone, nor that a word stands nowhere in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chittyops_policy.engine import check
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.rule import Rule
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .rules.checked import CATALOGUE, PACK, TODAY, corpus, needs_corpus


def said(snapshot: Snapshot, paths: list[str] | None, profile: str = "everything") -> list[tuple[Any, ...]]:
    own = snapshot.read(".chittyops-policy.yml")
    policy = effective(CATALOGUE, PACK, own, Overrides(profile=profile), slug=snapshot.slug, today=TODAY)
    found = check(snapshot, CATALOGUE, policy, today=TODAY, paths=paths, fixes=False).decisions
    return [(item.path, item.rule, item.region and item.region.line, item.message, item.state) for item in found]


def differences(snapshot: Snapshot, profile: str = "everything") -> Iterator[str]:
    whole = said(snapshot, None, profile)
    for path in snapshot.subjects():
        alone = said(snapshot, [path], profile)
        # What is wrong in the repository's own policy bears on every file that is judged by it.
        alone = [item for item in alone if item[0] == path]
        if alone != [item for item in whole if item[0] == path]:
            yield f"{snapshot.slug}/{path}: {set(alone) ^ {item for item in whole if item[0] == path}}"


@pytest.mark.parametrize("rule", list(CATALOGUE), ids=lambda rule: rule.id)
def test_files_of_examples(rule: Rule) -> None:
    for example in rule.examples():
        snapshot = Snapshot(MemoryTree(example.files), example.slug or "example/repository")
        assert not list(differences(snapshot)), example.title


@needs_corpus
def test_files_of_real_repositories() -> None:
    snapshots = [*corpus("chittyos"), *corpus("public")]
    assert snapshots
    assert not [line for snapshot in snapshots for line in differences(snapshot, "charter")]


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if rule.needs], ids=lambda rule: rule.id)
def test_words_of_examples(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [Snapshot(MemoryTree(item.files), item.slug or "example/repository") for item in rule.examples()]
    monkeypatch.setattr(rule, "guard", rule.needs)
    guarded = [said(snapshot, None) for snapshot in examples]
    monkeypatch.setattr(rule, "guard", ())
    for snapshot, before in zip(examples, guarded, strict=True):
        assert said(snapshot, None) == before


@needs_corpus
def test_words_of_real_repositories(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = [*corpus("chittyos"), *corpus("public")]
    for rule in CATALOGUE:
        assert callable(rule.examples)  # loads its module, which has the last word on the guard
        monkeypatch.setattr(rule, "guard", rule.needs)
    guarded = [said(snapshot, None) for snapshot in snapshots]
    for rule in CATALOGUE:
        monkeypatch.setattr(rule, "guard", ())
    for snapshot, before in zip(snapshots, guarded, strict=True):
        assert said(snapshot, None) == before, snapshot.slug
