"""Applies the fixes of one rule to a small repository and holds them to what they declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chittyops_policy.document import parse, to_value
from chittyops_policy.edits import apply, collide, expected
from chittyops_policy.engine import examine
from chittyops_policy.model import Edit, Effect
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.policy_file import Setting
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY


def repaired(
    rule: str, files: Mapping[str, str] | str, *, options: Mapping[str, Any] | None = None
) -> tuple[dict[str, str], list[str]]:
    """The files after every fix of a rule, and ``safety: title`` or the reason against one for each finding.

    Fixes that touch each other wait for the next pass, as they do for a user. After each pass the parsed files are
    what the fixes declared, and no rule finds anything that it did not find before.
    """
    texts = {".github/workflows/x.yml": files} if isinstance(files, str) else dict(files)
    said: list[str] = []
    for number in range(5):
        seen = _examined(texts, (rule,), options)
        if number == 0:
            said = [
                each.unfixable or f"{each.fix_safety}: {each.fix_title}"
                for each in seen.report.decisions
                if each.rule == rule
            ]
        if not seen.fixes:
            return texts, said
        texts = _one_pass(texts, seen.fixes)
    raise AssertionError("the fixes do not come to an end")


def _one_pass(texts: dict[str, str], fixes: Any) -> dict[str, str]:
    before = _everything(texts)
    edits: dict[str, list[Edit]] = {}
    effects: dict[str, list[Effect]] = {}
    for decision, fix in fixes:
        assert fix.edits and not fix.creates
        taken = edits.setdefault(decision.path, [])
        if not collide(fix.edits, taken):
            taken.extend(fix.edits)
            effects.setdefault(decision.path, []).extend(fix.effects)
    after = dict(texts)
    for path, changes in edits.items():
        after[path] = apply(texts[path], changes)
        document = parse(path, texts[path].encode())
        assert to_value(parse(path, after[path].encode()).root) == expected(document, effects[path])
    new = _everything(after) - before
    assert not new, new
    return after


def _everything(texts: dict[str, str]) -> set[tuple[str, str, str]]:
    report = _examined(texts, (), None).report
    return {(decision.rule, decision.path, decision.message) for decision in report.decisions}


def _examined(texts: dict[str, str], select: tuple[str, ...], options: Mapping[str, Any] | None) -> Any:
    snapshot = Snapshot(MemoryTree(texts), "example/repository")
    overrides = Overrides(select=select) if select else Overrides(profile="everything")
    policy = effective(CATALOGUE, PACK, None, overrides, slug=snapshot.slug, today=TODAY)
    for name, value in (options or {}).items():
        policy.rules[select[0]].options[name] = Setting(value, "test")
    result = examine(snapshot, CATALOGUE, policy, today=TODAY)
    assert not [problem for problem in result.report.problems if problem.kind == "internal"], result.report.problems
    return result


def examples_are_repaired(rule: str) -> None:
    """Every example of a rule that shows the text after the fix shows what the fix really does."""
    examples = [example for example in CATALOGUE.rules[rule].examples() if example.after]
    assert examples, f"{rule} has no example that shows its fix"
    for example in examples:
        after, said = repaired(rule, example.files, options=example.options)
        assert {path: after[path] for path in example.after} == dict(example.after), said
