"""Makes the proposed fixes of a small repository, as a person would: edits applied, files created, rules run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chittyops_policy import edits
from chittyops_policy.document import parse, to_value
from chittyops_policy.engine import Examination, examine
from chittyops_policy.model import Decision, Fix
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.policy_file import Setting
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.templates import render

from .checked import CATALOGUE, PACK, TODAY

Files = Mapping[str, str | bytes]
MAX_PASSES = 50


def examined(
    files: Files,
    *rules: str,
    slug: str = "example/shop",
    lookups: Lookups | None = None,
    profile: str = "everything",
    options: Mapping[str, Any] | None = None,
) -> Examination:
    """The report and its fixes with only these rules, or all; `options` are those of the first."""
    policy = effective(CATALOGUE, PACK, None, Overrides(select=rules, profile=profile), slug=slug, today=TODAY)
    for name, value in (options or {}).items():
        policy.rules[rules[0]].options[name] = Setting(value, "test")
    result = examine(Snapshot(MemoryTree(files), slug), CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in result.report.problems if problem.kind == "internal"], result.report.problems
    return result


def made(files: Files, fix: Fix, path: str) -> dict[str, str | bytes]:
    """The files after one fix of a finding in `path`. What it does to a YAML file must be what it declares."""
    after = dict(files)
    if fix.edits:
        before = text_of(files[path])
        text = edits.apply(before, fix.edits)
        assert text != before
        after[path] = text
        if path.endswith((".yml", ".yaml")):
            old, new = parse(path, before.encode()), parse(path, text.encode())
            assert new.error is None
            assert to_value(new.root) == edits.expected(old, fix.effects)
    for creation in fix.creates:
        assert creation.path not in files, "a fix never overwrites a file"
        after[creation.path] = render(creation.template, creation.values)
    return after


def text_of(content: str | bytes) -> str:
    """The text of a file, a byte-order mark kept."""
    return content if isinstance(content, str) else content.decode()


def repaired(files: Files, *rules: str, **settings: Any) -> dict[str, str | bytes]:
    """The files when every fix has been made, one a pass, each of which must remove its finding and bring none."""
    after = dict(files)
    for _ in range(MAX_PASSES):
        result = examined(after, *rules, **settings)
        if not result.fixes:
            return after
        decision, fix = result.fixes[0]
        after = made(after, fix, decision.path)
        before = {item.fingerprint for item in result.report.decisions}
        left = {item.fingerprint for item in examined(after, *rules, **settings).report.decisions}
        assert decision.fingerprint not in left, f"still there: {decision.message}"
        assert left <= before, "a fix brought a new finding"
    raise AssertionError("the fixes do not come to an end")


def refusals(files: Files, *rules: str, **settings: Any) -> list[str]:
    """Why findings have no fix, in report order."""
    return [decision.unfixable for decision in open_decisions(files, *rules, **settings) if decision.unfixable]


def open_decisions(files: Files, *rules: str, **settings: Any) -> tuple[Decision, ...]:
    """The findings of a small repository."""
    return examined(files, *rules, **settings).report.decisions
