"""Somebody with a repository in the emulated GitHub, a journal, and the command to apply plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from github import Auth

from chittyops_policy.audit.application import Application
from chittyops_policy.audit.journal import Journal
from chittyops_policy.audit.plan import Entry, Plan
from chittyops_policy.audit.proposals import Choice, Manner
from chittyops_policy.audit.result import Proposal
from chittyops_policy.audit.store import Store
from chittyops_policy.hosts.connection import Connection

from ..github.world import Files, World
from .planned import FILES, ONLY_PINS, entry

NOW = "2026-11-25T19:00:00Z"
BRANCH = "chittyops-policy/safe-fixes-unpinned-uses"
NAMES = (f"app{number}" for number in count())


class Desk:
    """Somebody with a repository in the world, a journal, and the command to apply plans."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.slug = f"octo/{next(NAMES)}"
        self.files: dict[str, str] = dict(FILES)
        self.journal = Journal(Store(str(folder / "store.sqlite")))

    def made(self, files: Mapping[str, str] | None = None, executable: Sequence[str] = ()) -> Desk:
        self.files = dict(FILES if files is None else files)
        given: Files = {path: ("100755" if path in executable else "100644", text) for path, text in self.files.items()}
        self.world.repository(self.slug, given)
        self.world.forget()
        return self

    def commit(self, files: Mapping[str, str]) -> str:
        """A person's commit on the default branch."""
        self.files.update(files)
        return self.world.commit(self.slug, files)

    @property
    def head(self) -> str:
        return self.world.branches(self.slug)["main"]

    def entry(self, choice: Choice = ONLY_PINS) -> Entry:
        return entry(self.files, choice, slug=self.slug, head=self.head)

    def application(self, *, exact: bool = False, limit: int | None = None, token: str | None = None) -> Application:
        connection = Connection(
            Auth.Token(token or self.world.token), self.world.address, write_pause=0, sleep=lambda seconds: None
        )
        return Application(
            lambda owner: connection,
            self.journal,
            Manner({"pull_requests": {"reserved_branches": ["automation/governance-baseline"]}}),
            exact=exact,
            limit=limit,
            now=lambda: NOW,
        )

    def apply(
        self,
        *entries: Entry,
        exact: bool = False,
        limit: int | None = None,
        token: str | None = None,
    ) -> list[Proposal]:
        wanted = entries or (self.entry(),)
        self.world.forget()
        plan = Plan(NOW, "a" * 64, tuple(wanted))
        done = self.application(exact=exact, limit=limit, token=token).run(plan)
        return [proposal for proposals in done.values() for proposal in proposals]

    def one(self, *entries: Entry, exact: bool = False, limit: int | None = None, token: str | None = None) -> Proposal:
        [proposal] = self.apply(*entries, exact=exact, limit=limit, token=token)
        return proposal

    def writes(self) -> int:
        return len(self.world.requests(writes=True))

    def is_verified(self, commit: str) -> bool:
        """Whether GitHub has signed a commit, as it does with those of createCommitOnBranch."""
        found = self.world.server.find(self.slug)
        return found is not None and commit in self.world.server.kept("verified", found.id, set)

    def pulls(self, state: str = "all") -> list[dict[str, Any]]:
        return self.world.pulls(self.slug, state)
