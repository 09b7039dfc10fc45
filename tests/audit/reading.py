"""Audits of an emulated GitHub in this process, with time made up: a wait takes no time and is remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chittyops_policy.audit.github_source import GitHubSource
from chittyops_policy.audit.progress import Silence
from chittyops_policy.audit.question import Question
from chittyops_policy.audit.result import Audit, Standing
from chittyops_policy.audit.selection import Selection
from chittyops_policy.audit.store import Store
from chittyops_policy.audit.sweep import Sweep
from chittyops_policy.hosts.access import Access
from chittyops_policy.policy import Overrides

from ..github.world import World

TODAY = "2026-01-05"


class Clock:
    """Time that passes only where somebody waits, on top of the machine's; `waits` are the seconds of each wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._ahead = 0.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self._ahead += seconds

    def now(self) -> float:
        return time.time() + self._ahead


class Said(Silence):
    """Remembers what a person would have been told."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


class Auditor:
    """Audits one world again and again with one store."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.place = str(folder / "store.sqlite")
        self.clock = Clock()
        self.said = Said()
        self.question = Question(None, Overrides(), TODAY)

    def __call__(
        self,
        *,
        owners: Sequence[str] = ("acme",),
        repositories: Sequence[str] = (),
        token: str | None = None,
        app: tuple[str, str] | None = None,
        selection: Selection | None = None,
        properties: bool = False,
        jobs: int = 2,
        **options: Any,
    ) -> Audit:
        """An audit, counted from here: `world.requests()` are then its own."""
        self.world.forget()
        self.clock, self.said = Clock(), Said()
        env = {} if app else {"GITHUB_TOKEN": token or self.world.token}
        access = Access(
            env,
            base_url=self.world.address,
            app_id=app[0] if app else "",
            app_key=app[1] if app else "",
            tell=self.said.say,
            sleep=self.clock.sleep,
            clock=self.clock.now,
            **options,
        )
        store = Store(self.place)
        source = GitHubSource(
            access,
            store,
            self.said,
            owners=owners,
            repositories=repositories,
            properties=properties,
            jobs=jobs,
        )
        try:
            return Sweep(source, self.question, selection or Selection(), self.said, store).run()
        finally:
            source.close()
            store.close()


def standings(audit: Audit) -> dict[str, Standing]:
    return {standing.subject.slug: standing for standing in audit.standings}


def essence(audit: Audit) -> dict[str, Any]:
    """What an audit says of each repository, whenever and however often it had to ask."""
    found: dict[str, Any] = {}
    for standing in audit.standings:
        report = standing.report
        found[standing.subject.slug] = (
            (standing.state, standing.reason)
            if report is None
            else (
                standing.subject.head,
                [(item.fingerprint, item.path, item.rule, item.state, item.severity) for item in report.decisions],
                [(verdict.control, verdict.outcome, verdict.reason) for verdict in report.verdicts],
                [(problem.kind, problem.path, problem.message) for problem in report.problems],
            )
        )
    return found
