"""Applies the fixes of a rule to small repositories and holds each to what it promises, for the tests in this folder.

What is checked of every fix that is applied here: its edits do to the parsed file what its effects say, the findings
that it is for are gone, no other rule has anything new to say, and there is nothing left to fix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from chittyops_policy.document import parse_text, to_value
from chittyops_policy.edits import apply, expected
from chittyops_policy.engine import Examination, examine
from chittyops_policy.model import Decision, Fix
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.policy_file import merged
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY

WORKFLOW = ".github/workflows/x.yml"
PIN = "ChittyOS/chittyops-policy/{}@" + "a1" * 20 + " # v1.2.3"
OWN_ACTIONS = {"own_actions": {"commit": "a1" * 20, "version": "1.2.3"}}
"""What a pack says that names the release to pin to."""


class Fixed(NamedTuple):
    """The text after all fixes of a rule, and what they said of themselves."""

    text: str
    titles: tuple[str, ...]
    safety: frozenset[str]
    notes: tuple[str, ...]


def look(
    snapshot: Snapshot,
    *,
    parameters: Mapping[str, Any] | None = None,
    lookups: Lookups | None = None,
) -> Examination:
    """Every rule of the widest profile on a repository; `parameters` lie over those of the standard."""
    policy = effective(CATALOGUE, PACK, None, Overrides(profile="everything"), slug=snapshot.slug, today=TODAY)
    policy.parameters = merged(policy.parameters, OWN_ACTIONS if parameters is None else parameters)
    seen = examine(snapshot, CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in seen.report.problems if problem.kind == "internal"], seen.report.problems
    return seen


def files_of(files: Mapping[str, str] | str) -> dict[str, str]:
    return {WORKFLOW: files} if isinstance(files, str) else dict(files)


def repository(files: Mapping[str, str] | str) -> Snapshot:
    return Snapshot(MemoryTree(files_of(files)), "example/repository")


def fixed(rule: str, files: Mapping[str, str] | str, path: str = WORKFLOW, **more: Any) -> Fixed:
    """A file after the fixes of one rule. Fails where there is none, or where one breaks a promise."""
    before = files_of(files)
    seen = look(repository(before), **more)
    fixes = [(decision, fix) for decision, fix in seen.fixes if decision.rule == rule and decision.path == path]
    assert fixes, refused(rule, files, **more)
    text = proved(before, path, [fix for _, fix in fixes], seen, rule, **more)
    once = dict.fromkeys(fix for _, fix in fixes)
    return Fixed(
        text,
        tuple(dict.fromkeys(fix.title for fix in once)),
        frozenset(fix.safety for fix in once),
        tuple(dict.fromkeys(note for fix in once for note in fix.notes)),
    )


def proved(before: Mapping[str, str], path: str, fixes: list[Fix], seen: Examination, rule: str, **more: Any) -> str:
    """The text of a file after some fixes of a rule, each made once, if they keep their promises."""
    once = list({fix.edits: fix for fix in fixes}.values())
    document = parse_text(path, before[path])
    effects = [effect for fix in once for effect in fix.effects]
    text = apply(before[path], [edit for fix in once for edit in fix.edits])
    after = parse_text(path, text)
    assert after.error is None, text
    assert to_value(after.root) == expected(document, effects)
    again = look(repository({**before, path: text}), **more)
    gone = Counter(map(_saying, seen.report.decisions)) - Counter(map(_saying, again.report.decisions))
    new = Counter(map(_saying, again.report.decisions)) - Counter(map(_saying, seen.report.decisions))
    assert not new, new
    assert gone.total() >= len(fixes)
    assert not [decision for decision, _ in again.fixes if (decision.rule, decision.path) == (rule, path)]
    return text


def _saying(decision: Decision) -> tuple[str, str, str]:
    """A finding without its place, which moves with what is inserted above it."""
    return decision.rule, decision.path, decision.message


def refused(rule: str, files: Mapping[str, str] | str, path: str = WORKFLOW, **more: Any) -> list[str]:
    """Why findings of a rule in a file have no fix, each reason once, in report order."""
    decisions = look(repository(files), **more).report.decisions
    assert [decision for decision in decisions if decision.rule == rule], decisions
    found = [decision for decision in decisions if (decision.rule, decision.path) == (rule, path)]
    return list(dict.fromkeys(decision.unfixable for decision in found if decision.unfixable))
