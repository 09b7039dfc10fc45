"""Runs a rule's examples through the engine and the fixer, for tests, ``explain`` and the documentation."""

from __future__ import annotations

from .engine import check
from .fixer import fix
from .model import PROFILES
from .policy import Overrides, effective
from .policy_file import POLICY_FILE, merged
from .rule import UNTOLD, Lookups
from .snapshot import MemoryTree, Snapshot
from .versions import Release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .catalogue import Catalogue
    from .fixer import Outcome
    from .model import Report
    from .policy import Pack, Policy
    from .rule import Example, Rule
    from .settings import Settings

EXAMPLE_DATE = "2026-01-01"
"""The day on which examples happen; stages and expiry dates of examples refer to it."""


def run_example(catalogue: Catalogue, pack: Pack, rule: Rule, example: Example) -> Report:
    """The report on the example's little repository with only this rule running, at its options.

    A rule that visits nothing speaks of what becomes of other rules' findings: then all of the standard runs.
    """
    snapshot = _snapshot(example)
    policy = _policy(catalogue, pack, rule, example, Overrides(select=(rule.id,) if rule.visits else ()))
    host = _Answers(example.github) if example.github else None
    known = {snapshot.slug.lower(): example.settings} if example.settings is not None else None
    lookups = Lookups(host=host, known_settings=known)
    return check(snapshot, catalogue, policy, today=EXAMPLE_DATE, lookups=lookups)


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
    if example.options:
        policy.rules = {**policy.rules, rule.id: policy.rules[rule.id].having(dict(example.options), "example")}
    policy.parameters = merged(policy.parameters, example.parameters)
    return policy


class _Answers:
    """A `rule.Host` that knows what an example says of GitHub, see `rule.Example`, and nothing else."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._answers = answers

    def answers(self, slug: str) -> bool:
        return any(key.replace("@", " ").split(" ")[0] == slug for key in self._answers)

    def find(self, slug: str, ref: str) -> Release | None:
        return self._release(f"{slug} tag {ref}", ref)

    def at(self, slug: str, commit: str) -> tuple[Release, ...]:
        tag = f"{slug} tag "
        named = (key.removeprefix(tag) for key, sha in self._answers.items() if key.startswith(tag) and sha == commit)
        return tuple(Release(name, commit, "GitHub") for name in named)

    def branch(self, slug: str, name: str) -> Release | None:
        return self._release(f"{slug} branch {name}", name)

    def tag(self, slug: str, name: str) -> bool | None:
        return f"{slug} tag {name}" in self._answers

    def peel(self, slug: str, sha: str) -> str | None:
        return None

    def membership(self, slug: str, commit: str) -> str:
        return self._answers.get(f"{slug}@{commit}", UNTOLD)

    def default_setup(self, slug: str) -> bool | None:
        return None

    def settings(self, slug: str) -> Settings | None:
        return None

    def _release(self, key: str, name: str) -> Release | None:
        commit = self._answers.get(key)
        return None if commit is None else Release(name, commit, "GitHub")
