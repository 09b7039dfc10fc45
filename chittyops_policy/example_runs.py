"""Runs a rule's examples through the engine and the fixer, for tests, ``explain`` and the documentation."""

from __future__ import annotations

from .engine import check
from .fixer import fix
from .model import PROFILES
from .policy import Overrides, effective
from .policy_file import POLICY_FILE, Setting, merged
from .snapshot import MemoryTree, Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .fixer import Outcome
    from .model import Report
    from .policy import Pack, Policy
    from .rule import Example, Rule

EXAMPLE_DATE = "2026-01-01"
"""The day on which examples happen; stages and expiry dates of examples refer to it."""


def run_example(catalogue: Catalogue, pack: Pack, rule: Rule, example: Example) -> Report:
    """The report on the example's little repository with only this rule running, at its options.

    A rule that visits nothing speaks of what becomes of other rules' findings: then all of the standard runs.
    """
    snapshot = _snapshot(example)
    policy = _policy(catalogue, pack, rule, example, Overrides(select=(rule.id,) if rule.visits else ()))
    return check(snapshot, catalogue, policy, today=EXAMPLE_DATE)


def fix_example(catalogue: Catalogue, pack: Pack, rule: Rule, example: Example) -> Outcome:
    """What the rule's own fixes make of the example's little repository, proven against every rule."""
    return fix(
        _snapshot(example),
        catalogue,
        _policy(catalogue, pack, rule, example, Overrides(select=(rule.id,))),
        _policy(catalogue, pack, rule, example, Overrides(profile=PROFILES[-1])),
        today=EXAMPLE_DATE,
        wanted=lambda decision, fix: True,
    )


def _snapshot(example: Example) -> Snapshot:
    return Snapshot(MemoryTree(example.files), example.slug or "example/repository")


def _policy(catalogue: Catalogue, pack: Pack, rule: Rule, example: Example, overrides: Overrides) -> Policy:
    snapshot = _snapshot(example)
    policy = effective(catalogue, pack, snapshot.read(POLICY_FILE), overrides, slug=snapshot.slug, today=EXAMPLE_DATE)
    for name, value in example.options.items():
        policy.rules[rule.id].options[name] = Setting(value, "example")
    policy.parameters = merged(policy.parameters, example.parameters)
    return policy
