"""Runs a rule's examples through the engine, for tests, for ``explain`` and for the documentation alike."""

from __future__ import annotations

from .engine import check
from .policy import Overrides, effective
from .policy_file import POLICY_FILE, Setting
from .snapshot import MemoryTree, Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .model import Report
    from .policy import Pack
    from .rule import Example, Rule

EXAMPLE_DATE = "2026-01-01"
"""The day on which examples happen; stages and expiry dates of examples refer to it."""


def run_example(catalogue: Catalogue, pack: Pack, rule: Rule, example: Example) -> Report:
    """The report on the example's little repository with only this rule running, at its options.

    A rule that visits nothing speaks of what becomes of other rules' findings: then all of the standard runs.
    """
    snapshot = Snapshot(MemoryTree(example.files), example.slug or "example/repository")
    policy = effective(
        catalogue,
        pack,
        snapshot.read(POLICY_FILE),
        Overrides(select=(rule.id,) if rule.visits else ()),
        slug=snapshot.slug,
        today=EXAMPLE_DATE,
    )
    for name, value in example.options.items():
        policy.rules[rule.id].options[name] = Setting(value, "example")
    policy.parameters = {**policy.parameters, **example.parameters}
    return check(snapshot, catalogue, policy, today=EXAMPLE_DATE)
