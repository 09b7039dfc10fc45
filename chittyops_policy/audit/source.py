"""Where the repositories of an audit come from: GitHub, a directory of checkouts, or git remotes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from chittyops_policy.snapshot import Snapshot

    from .result import Standing, Subject

    class Source(Protocol):
        """Lists repositories and opens them.

        What is read may be fetched late: a snapshot then answers "not there" for what it does not have yet, `lacking`
        says so, and `supply` fetches everything that was asked for since, for all repositories at once. A verdict that
        was reached while something was lacking is thrown away and asked for again.

        kind      github, directory or git
        scopes    what was asked for: organisations, repositories, the directory, the remotes
        by_head   whether the head of a subject says what is in it, so that an earlier result may hold
        problems  what concerns no single repository, sentences without a full stop
        """

        kind: str
        scopes: tuple[str, ...]
        by_head: bool
        problems: list[str]

        def subjects(self) -> Iterator[Subject | Standing]:
            """Every repository, in any order; a standing where it is known already that it cannot be judged."""

        def prepare(self, subjects: Sequence[Subject]) -> None:
            """Gets what `snapshot` needs for these, in bulk. What fails shows when that repository is opened."""

        def snapshot(self, subject: Subject) -> Snapshot:
            """A repository to judge. Raises Unread."""

        def lacking(self) -> bool:
            """Whether something was asked since the last call that is yet to be fetched. Raises Unread where it was
            tried and cannot be had."""

        def supply(self) -> bool:
            """Fetches what was lacking; False where there was nothing to fetch."""

        def close(self) -> None:
            """Ends what runs for this source."""


class Unread(Exception):
    """Why a repository cannot be read: a sentence fragment without a full stop, and the permission that would do."""

    def __init__(self, reason: str, permission: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.permission = permission
