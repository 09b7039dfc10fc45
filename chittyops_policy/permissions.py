"""Which permission each question to GitHub takes: ``policies/data/permissions.tsv``, which has its sources and date."""

from __future__ import annotations

from functools import lru_cache

from .model import Value
from .resources import read_resource

AUDIT, SETTINGS, FIX, LOCK, METRICS = "audit", "settings", "fix", "lock", "metrics"
PURPOSES = (AUDIT, SETTINGS, FIX, LOCK, METRICS)
"""What wants it: judging files, judging settings, opening pull requests, setting settings, measuring."""

LEVELS = ("read", "write")

_COLUMNS = 7


class Need(Value):
    """One thing that is asked of GitHub.

    name        of the question
    purpose     one of PURPOSES
    permission  of a GitHub App, such as ``administration: read``
    scope       of a classic token that stands for it
    probe       the address that tells whether it is there, with {org}, {slug} and {branch}; '' where only a write would
    rules       the ids of the rules that ask it; ``*`` alone for every rule
    lack        what is lacking without it, half a sentence
    """

    __slots__ = ("lack", "name", "permission", "probe", "purpose", "rules", "scope")

    def __init__(
        self, name: str, purpose: str, permission: str, scope: str, probe: str, rules: tuple[str, ...], lack: str
    ) -> None:
        self.name = name
        self.purpose = purpose
        self.permission = permission
        self.scope = scope
        self.probe = probe
        self.rules = rules
        self.lack = lack


@lru_cache(maxsize=1)
def needs() -> tuple[Need, ...]:
    """All of them, in the order of the table."""
    found = []
    for line in read_resource("policies", "data", "permissions.tsv").decode("utf-8").splitlines():
        if line and not line.startswith("#"):
            columns = line.split("\t")
            assert len(columns) == _COLUMNS, line
            name, purpose, permission, scope, probe, rules, lack = columns
            asking = () if rules == "-" else tuple(rules.split(","))
            found.append(Need(name, purpose, permission, scope, probe.strip("-"), asking, lack))
    return tuple(found)


@lru_cache(maxsize=64)
def permission_for(name: str) -> str:
    """The permission that a question takes. Raises StopIteration for a name that is not in the table."""
    return next(need.permission for need in needs() if need.name == name)


def smallest(permissions: tuple[str, ...]) -> dict[str, str]:
    """The least permissions that are enough for all of some, name → level; ``metadata`` comes first."""
    found: dict[str, str] = {}
    for permission in ("metadata: read", *sorted(permissions)):
        name, _, level = permission.partition(": ")
        found[name] = max(found.get(name, "read"), level, key=LEVELS.index)
    return found
