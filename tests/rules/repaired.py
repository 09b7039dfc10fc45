"""Applies the repairs of one rule to a small repository and holds each to what it declares."""

from __future__ import annotations

from collections.abc import Mapping

from chittyops_policy import edits
from chittyops_policy.document import parse_text, to_value
from chittyops_policy.engine import Examination, examine
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY

SLUG = "example/repository"


def examined(files: Mapping[str, str]) -> tuple[Snapshot, Examination]:
    """What every rule of the catalogue says of a small repository."""
    snapshot = Snapshot(MemoryTree(dict(files)), SLUG)
    policy = effective(CATALOGUE, PACK, None, Overrides(profile="everything"), slug=SLUG, today=TODAY)
    result = examine(snapshot, CATALOGUE, policy, today=TODAY)
    assert not [problem for problem in result.report.problems if problem.kind == "internal"], result.report.problems
    return snapshot, result


def repaired(rule: str, files: Mapping[str, str] | str) -> tuple[str, list[str]]:
    """The text of a lone workflow after all fixes of a rule, one after the other, and their titles with the safety.

    After each of them the file's value is what the fix declares, its finding is gone, and no rule has a new one.
    """
    path = ".github/workflows/x.yml"
    current = {path: files} if isinstance(files, str) else dict(files)
    titles: list[str] = []
    for _ in range(20):
        snapshot, result = examined(current)
        todo = [(decision, fix) for decision, fix in result.fixes if decision.rule == rule]
        if not todo:
            return current[path], titles
        decision, fix = todo[0]
        document = snapshot.document(decision.path)
        assert document is not None
        after = edits.apply(document.text, fix.edits)
        assert to_value(parse_text(decision.path, after).root) == edits.expected(document, fix.effects)
        before = {each.fingerprint for each in result.report.decisions}
        current[decision.path] = after
        _, again = examined(current)
        now = {each.fingerprint: f"{each.rule}: {each.message}" for each in again.report.decisions}
        assert decision.fingerprint not in now
        assert [text for name, text in now.items() if name not in before] == []
        titles.append(f"{fix.safety}: {fix.title}")
    raise AssertionError("the fixes come to no end")


def refusals(rule: str, files: Mapping[str, str] | str) -> list[str]:
    """Why the findings of a rule have no fix."""
    current = {".github/workflows/x.yml": files} if isinstance(files, str) else dict(files)
    _, result = examined(current)
    return [each.unfixable for each in result.report.decisions if each.rule == rule and each.unfixable]
