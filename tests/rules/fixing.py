"""Runs the fixes of single rules over small repositories and over the corpus, for the tests in this folder.

It is the real fixer that runs: each fix has been proven against every rule, or is told as refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chittyops_policy.engine import Examination, examine
from chittyops_policy.fixer import Outcome, fix
from chittyops_policy.model import PROFILES
from chittyops_policy.policy import Overrides, Policy, effective
from chittyops_policy.policy_file import merged
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY

Files = Mapping[str, str | bytes] | str | Snapshot
"""The files of a repository by path; a lone text is a workflow."""

WORKFLOW = ".github/workflows/x.yml"
SLUG = "example/repository"
PIN = "ChittyOS/chittyops-policy/{}@" + "a1" * 20 + " # v1.2.3"
RELEASE = {"own_actions": {"commit": "a1" * 20, "version": "1.2.3"}}
"""What a pack says that names the release to pin to; the parameters where a test gives no others."""


class Fixed(NamedTuple):
    """What the fixer makes of a repository.

    after    the repository then
    changes  path → text of the files that are changed or created
    said     for each finding before, in report order: ``safety: title`` of its fix where that was made, else
             ``no fix: reason``, or ``refused: part: reason`` where the fix could not be proven; of a finding that
             is not open its state
    notes    what the fixes that were made want somebody to know, each note once
    """

    after: Snapshot
    changes: dict[str, str]
    said: list[str]
    notes: list[str]

    def text(self, path: str = WORKFLOW) -> str:
        """A file then, with the line endings and the mark that it has."""
        data = self.after.read(path)
        assert data is not None
        return data.decode()


def fixed(
    rule: str | tuple[str, ...],
    files: Files,
    *,
    slug: str = SLUG,
    options: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    lookups: Lookups | None = None,
) -> Fixed:
    """A repository after the fixes of one rule, or of several.

    `options` are those of each of them that has such, `parameters` lie over those of the standard.
    """
    rules = (rule,) if isinstance(rule, str) else rule
    before = _snapshot(files, slug)
    policy, everything = (
        _policy(before, Overrides(select=chosen, profile=PROFILES[-1]), rules, options, parameters)
        for chosen in (rules, ())
    )
    first = _examine(before, policy, lookups)
    outcome = Outcome(first.report, (), ())
    if first.fixes:  # else the fixer would judge the whole repository for nothing
        outcome = fix(
            before, CATALOGUE, policy, everything, today=TODAY, wanted=lambda decision, fix: True, lookups=lookups
        )
    after = before.changed({change.path: change.after for change in outcome.changes})
    refused = {entry.decision.fingerprint: f"refused: {entry.part}: {entry.reason}" for entry in outcome.refusals}
    applied = [entry for change in outcome.changes for entry in change.fixes]
    made = {entry.decision.fingerprint for entry in applied}
    left = {decision.fingerprint: decision for decision in _examine(after, policy, lookups).report.decisions}
    said = []
    for decision in first.report.decisions:
        name = decision.fingerprint
        if decision.fix_title is not None and (name in made or name not in {*left, *refused}):
            said.append(f"{decision.fix_safety}: {decision.fix_title}")
        elif name in refused:
            said.append(refused[name])
        else:
            reason = decision.unfixable or left.get(name, decision).unfixable
            said.append(f"no fix: {reason}" if reason else decision.state)
    notes = [note for entry in applied for note in entry.fix.notes]
    changes = {change.path: change.after.decode() for change in outcome.changes}
    return Fixed(after, changes, said, list(dict.fromkeys(notes)))


def refused(rule: str | tuple[str, ...], files: Files, **settings: Any) -> list[str]:
    """Why findings in a repository, where there has to be one, are not fixed: each reason once, in report order."""
    said = fixed(rule, files, **settings).said
    assert said, "nothing is found"
    reasons = [reason.removeprefix("no fix: ") for reason in said if reason.startswith(("no fix: ", "refused: "))]
    return list(dict.fromkeys(reasons))


def examined(
    files: Files,
    *rules: str,
    slug: str = SLUG,
    profile: str = PROFILES[-1],
    options: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    lookups: Lookups | None = None,
) -> Examination:
    """The report of some rules with the fixes that they propose; without `rules`, of all that a profile has."""
    snapshot = _snapshot(files, slug)
    policy = _policy(snapshot, Overrides(select=rules, profile=profile), rules, options, parameters)
    return _examine(snapshot, policy, lookups)


def _examine(snapshot: Snapshot, policy: Policy, lookups: Lookups | None) -> Examination:
    result = examine(snapshot, CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in result.report.problems if problem.kind == "internal"], result.report.problems
    return result


def _snapshot(files: Files, slug: str) -> Snapshot:
    if isinstance(files, Snapshot):
        return files
    return Snapshot(MemoryTree({WORKFLOW: files} if isinstance(files, str) else files), slug)


def _policy(
    snapshot: Snapshot,
    overrides: Overrides,
    rules: tuple[str, ...],
    options: Mapping[str, Any] | None,
    parameters: Mapping[str, Any] | None,
) -> Policy:
    policy = effective(CATALOGUE, PACK, None, overrides, slug=snapshot.slug, today=TODAY)
    for name, value in (options or {}).items():
        holders = [rule for rule in rules if name in policy.rules[rule].options]
        assert holders, f"no rule here has the option {name}"
        for rule in holders:
            policy.rules = {**policy.rules, rule: policy.rules[rule].having({name: value}, "test")}
    policy.parameters = merged(policy.parameters, RELEASE if parameters is None else parameters)
    return policy
