"""Repositories behind git remotes: the newest commit of each default branch, without an API and without a checkout."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from chittyops_policy.errors import PolicyError
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources.git_remote import GitRemote

from .result import NOT_REACHED, OUT_OF_SCOPE, Standing, Subject
from .source import Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chittyops_policy.sources.git_commit import ObjectTree


_OPEN = 30
"""So many git processes wait for questions at the same time."""


class GitSource:
    """See `source.Source`.

    urls    of remotes, as `git clone` takes them
    folder  where copies lie; one that is there is used again, and nothing is fetched where the remote has not moved
    jobs    remotes that are asked at the same time
    """

    kind = "git"
    by_head = True

    def __init__(self, urls: Sequence[str], folder: str, jobs: int = 4) -> None:
        self._remotes = [GitRemote(url, os.path.join(folder, "git")) for url in dict.fromkeys(urls)]
        self.scopes = tuple(remote.shown for remote in self._remotes)
        self.problems: list[str] = []
        self._of: dict[str, GitRemote] = {}
        self._trees: dict[str, ObjectTree] = {}
        self._failed: dict[str, Unread] = {}
        self._pool = ThreadPoolExecutor(jobs)

    def subjects(self) -> Iterator[Subject | Standing]:
        """See `Source.subjects`."""
        asked = [(remote, self._pool.submit(remote.head)) for remote in self._remotes]
        for remote, future in asked:
            try:
                commit, branch = future.result()
            except PolicyError as error:
                yield Standing(Subject(remote.slug), NOT_REACHED, reason=error.message)
                continue
            subject = Subject(remote.slug, head=commit, branch=branch, empty=not commit)
            if self._of.setdefault(remote.slug.lower(), remote) is not remote:
                reason = f"another remote of {remote.slug}, which is judged as {self._of[remote.slug.lower()].shown}"
                yield Standing(Subject(f"{remote.slug} ({remote.shown})"), OUT_OF_SCOPE, reason=reason)
            else:
                yield subject

    def prepare(self, subjects: Sequence[Subject]) -> None:
        """See `Source.prepare`. A remote that has moved on since it was listed is judged where it is now."""
        self._close_trees()
        for subject, future in [(item, self._pool.submit(self._fetch, item)) for item in subjects]:
            try:
                subject.head = future.result()
            except PolicyError as error:
                self._failed[subject.slug.lower()] = Unread(error.message)

    def snapshot(self, subject: Subject) -> Snapshot:
        """See `Source.snapshot`."""
        slug = subject.slug.lower()
        if slug in self._failed:
            raise self._failed[slug]
        if slug not in self._trees:
            remote = self._of[slug]
            if len(self._trees) % _OPEN == _OPEN - 1:
                for tree in self._trees.values():  # ends their git processes; one that is read again starts anew
                    tree.close()
            try:
                self._trees[slug] = remote.tree(remote.fetch(subject.head))
            except PolicyError as error:
                self._failed[slug] = Unread(error.message)
                raise self._failed[slug] from error
        return Snapshot(self._trees[slug], subject.slug, subject.head, subject.slug)

    def lacking(self) -> bool:
        """False: what is asked for is here, or cannot be had."""
        return False

    def supply(self) -> bool:
        """False."""
        return False

    def close(self) -> None:
        """See `Source.close`."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._close_trees()

    def _fetch(self, subject: Subject) -> str:
        return self._of[subject.slug.lower()].fetch(subject.head)

    def _close_trees(self) -> None:
        for tree in self._trees.values():
            tree.close()
        self._trees.clear()
