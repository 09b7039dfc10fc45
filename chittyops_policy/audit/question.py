"""What every repository of one audit is asked: the rules, the policy and the day."""

from __future__ import annotations

import os

from chittyops_policy import __version__
from chittyops_policy.catalogue import load
from chittyops_policy.engine import check
from chittyops_policy.fingerprint import digest
from chittyops_policy.model import PROFILES, Value
from chittyops_policy.policy import Overrides, effective, rings_of, standard_pack
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.projects import detect
from chittyops_policy.resources import resource_path

from .result import Control

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Report
    from chittyops_policy.policy import Policy
    from chittyops_policy.rule import Lookups
    from chittyops_policy.snapshot import Snapshot


class Judged(Value):
    """The report on one repository, the policy that it was judged by, and the types of project in it."""

    __slots__ = ("policy", "projects", "report")

    def __init__(self, report: Report, policy: Policy, projects: tuple[str, ...]) -> None:
        self.report = report
        self.policy = policy
        self.projects = projects


class Question:
    """The rules and the pack of one audit, loaded once.

    pack_path  the pack that the user names; None for the standard
    overrides  what the command line says of rules, profile and level
    today      an ISO date: stages and exceptions depend on it

    Raises UserError for a pack that cannot be used.
    """

    def __init__(self, pack_path: str | None, overrides: Overrides, today: str) -> None:
        self.catalogue = load()
        self.pack = standard_pack(pack_path)
        self.overrides = overrides
        self.today = today
        standing = effective(self.catalogue, self.pack, None, overrides, today=today)
        self.profile: str = standing.profile.value
        self.fail_on: str = standing.fail_on.value
        self.controls = tuple(
            Control(control.id, control.title, control.charter, tuple(rule for rule, _ in control.rules))
            for control in standing.controls
        )
        self._digest = ""

    @property
    def digest(self) -> str:
        """64 hex digits for everything beside a repository's files and the day that a verdict depends on.

        It is made of contents, not of times, so that several machines with one store know each other's results.
        """
        if not self._digest:
            asked = self.overrides
            parts = [__version__, repr((asked.select, asked.ignore, asked.profile, asked.fail_on))]
            parts += [file.document.text for file in self.pack.files]
            parts += [digest(data) for data in _program()]
            self._digest = digest("\0".join(parts).encode("utf-8", "surrogatepass"))
        return self._digest

    def ring(self, slug: str) -> str:
        """The rings of a repository, in one text; '' where it is in none."""
        return ", ".join(sorted(rings_of(self.pack, slug)))

    def policy(self, snapshot: Snapshot, *, everything: bool = False) -> Policy:
        """The policy for a repository, or the one with every rule on, under which fixes must find nothing new."""
        return effective(
            self.catalogue,
            self.pack,
            snapshot.read(POLICY_FILE),
            Overrides(profile=PROFILES[-1]) if everything else self.overrides,
            slug=snapshot.slug,
            today=self.today,
        )

    def judge(self, snapshot: Snapshot, lookups: Lookups) -> Judged:
        """The verdict on one repository. Raises nothing for what is wrong in it."""
        policy = self.policy(snapshot)
        report = check(snapshot, self.catalogue, policy, today=self.today, lookups=lookups)
        projects = tuple(dict.fromkeys(project.type for project in detect(snapshot)))
        return Judged(report, policy, projects)


def _program() -> Iterator[bytes]:
    """The bytes of every source and data file that can change a verdict, in a stable order."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for top in (package, resource_path("policies"), resource_path("schemas"), resource_path("templates")):
        for folder, below, names in os.walk(top):
            below[:] = sorted(
                name for name in below if name not in ("__pycache__", "cli", "reporters", "audit", "hosts")
            )
            for name in sorted(names):
                if not name.endswith(".pyc"):
                    with open(os.path.join(folder, name), "rb") as stream:
                        yield stream.read()
