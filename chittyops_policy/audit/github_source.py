"""Repositories on GitHub, read through its API: listings, trees and texts of many at once, nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chittyops_policy.errors import PolicyError, UserError
from chittyops_policy.hosts.connection import HostError, Missing, Refused
from chittyops_policy.hosts.listing import PROPERTIES, Incomplete, custom_properties, named, owned
from chittyops_policy.hosts.objects import BLOBS_AT_ONCE, CONTENTS, TREES_AT_ONCE, Wanted, blobs, trees
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.sources.entry_tree import FILE_MODES, EntryTree
from chittyops_policy.sources.working_tree import MAX_BYTES

from .result import NOT_REACHED, Standing, Subject
from .source import Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from chittyops_policy.hosts.access import Access
    from chittyops_policy.hosts.listing import Listed
    from chittyops_policy.hosts.objects import Entries

    from .progress import Progress
    from .store import Store

_ANSWERS = 4
"""So many answers' worth of objects are one worker's part: enough that its last answer need not be half empty."""


class GitHubSource:
    """See `source.Source`.

    access        how GitHub is asked
    owners        organisations and users, all of whose repositories are meant
    repositories  single ones, ``owner/repo``
    properties    whether custom properties are asked for: one question more for every hundred repositories
    jobs          questions that are open at the same time; GitHub allows many more and asks for few
    """

    kind = "github"
    by_head = True

    def __init__(
        self,
        access: Access,
        store: Store,
        progress: Progress,
        *,
        owners: Sequence[str] = (),
        repositories: Sequence[str] = (),
        properties: bool = False,
        jobs: int = 4,
    ) -> None:
        for slug in repositories:
            if slug.count("/") != 1 or not all(slug.split("/")):
                raise UserError(f"{slug!r} names no repository", "write --repo OWNER/NAME")
        self.scopes = (*owners, *repositories)
        self.problems: list[str] = []
        self.access = access
        self._store = store
        self._progress = progress
        self._owners = owners
        self._repositories = repositories
        self._with_properties = properties
        self._properties: dict[str, dict[str, dict[str, str]] | HostError] = {}
        self._listed: dict[str, Listed] = {}
        self._entries: dict[str, Entries] = {}
        self._blobs: dict[str, bytes] = {}
        self._wanted_trees: dict[str, Wanted] = {}
        self._wanted_blobs: dict[str, Wanted] = {}
        self._failed: dict[str, Unread] = {}
        self._lacks = False
        self._touched: Unread | None = None
        self._pool = ThreadPoolExecutor(jobs)

    # ------------------------------------------------------------------------------------------------ listing

    def subjects(self) -> Iterator[Subject | Standing]:
        """See `Source.subjects`. Raises PolicyError where not one of the scopes can be listed."""
        errors: list[PolicyError] = []
        lists: list[Iterable[Subject | Standing]] = [self._of_owner(owner, errors) for owner in self._owners]
        lists += [self._by_name(errors)] if self._repositories else []
        reached = False
        for found in lists:
            for item in found:
                reached = True
                yield item
        if errors and not reached:
            raise errors[0]
        self.problems += [error.message for error in errors]

    def _of_owner(self, owner: str, errors: list[PolicyError]) -> Iterator[Subject | Standing]:
        try:
            for listed in owned(self.access.connection(owner), owner):
                yield self._subject(listed)
        except (HostError, UserError) as error:
            errors.append(error)
            if isinstance(error, Incomplete):
                self._progress.say(error.message)

    def _by_name(self, errors: list[PolicyError]) -> Iterator[Subject | Standing]:
        by_owner: dict[str, list[str]] = {}
        for slug in self._repositories:
            by_owner.setdefault(slug.partition("/")[0].lower(), []).append(slug)
        for owner, slugs in by_owner.items():
            try:
                connection = self.access.connection(owner)
            except (HostError, UserError) as error:
                yield from (Standing(Subject(slug), NOT_REACHED, reason=error.message) for slug in slugs)
                continue
            for slug, found in named(connection, slugs):
                if isinstance(found, HostError):
                    unread = _unread(found)
                    yield Standing(Subject(slug), NOT_REACHED, reason=unread.reason, permission=unread.permission)
                    continue
                if found.slug.lower() != slug.lower():
                    self._progress.say(f"{slug} is called {found.slug} by now")
                yield self._subject(found)

    def _subject(self, listed: Listed) -> Subject | Standing:
        self._listed[listed.slug] = listed
        subject = Subject(
            listed.slug,
            url=listed.url,
            head=listed.head,
            branch=listed.branch,
            visibility=listed.visibility,
            archived=listed.archived,
            disabled=listed.disabled,
            empty=listed.empty,
            fork=listed.fork,
            parent=listed.parent,
            language=listed.language,
            topics=listed.topics,
        )
        if self._with_properties:
            found = self._properties_of(subject.owner)
            if isinstance(found, HostError):
                reason = f"its custom properties cannot be read: {found.message}"
                return Standing(subject, NOT_REACHED, reason=reason, permission=PROPERTIES)
            subject.properties = found.get(listed.slug.lower(), {})
        if listed.head or listed.empty or listed.disabled:
            return subject
        reason = "GitHub shows no commit on its default branch to this token"
        return Standing(subject, NOT_REACHED, reason=reason, permission=CONTENTS)

    def _properties_of(self, owner: str) -> dict[str, dict[str, str]] | HostError:
        if owner not in self._properties:
            try:
                self._properties[owner] = custom_properties(self.access.connection(owner), owner)
            except Missing:  # of a user, who has none
                self._properties[owner] = {}
            except HostError as error:
                self._properties[owner] = error
        return self._properties[owner]

    # ------------------------------------------------------------------------------------------------ reading

    def prepare(self, subjects: Sequence[Subject]) -> None:
        """See `Source.prepare`; what an earlier group needed is let go."""
        self._blobs.clear()
        self._entries.clear()
        for subject in subjects:
            self._want_tree(subject.slug)
        self.supply()

    def snapshot(self, subject: Subject) -> Snapshot:
        """See `Source.snapshot`."""
        slug = subject.slug
        if slug in self._failed:
            raise self._failed[slug]
        entries = self._entries.get(slug)
        if entries is None:
            self._want_tree(slug)
            return Snapshot(MemoryTree({}), slug, subject.head, slug)
        return Snapshot(_RemoteTree(slug, entries, self._content), slug, subject.head, slug)

    def lacking(self) -> bool:
        """See `Source.lacking`."""
        lacks, touched = self._lacks, self._touched
        self._lacks, self._touched = False, None
        if touched is not None:
            raise touched
        return lacks

    def supply(self) -> bool:
        """See `Source.supply`."""
        tops, self._wanted_trees = self._wanted_trees, {}
        texts, self._wanted_blobs = self._wanted_blobs, {}
        if tops:
            self._fetch_trees(list(tops.values()))
        if texts:
            self._blobs.update(self._store.blobs(texts))
            self._fetch_blobs([wanted for oid, wanted in texts.items() if oid not in self._blobs])
        return bool(tops or texts)

    def close(self) -> None:
        """See `Source.close`; a question that is still open is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _want_tree(self, slug: str) -> None:
        self._lacks = True
        self._wanted_trees.setdefault(slug, Wanted(slug, self._listed[slug].tree))

    def _content(self, slug: str, path: str, oid: str, size: int) -> bytes | None:
        data = self._blobs.get(oid)
        if data is None:
            if oid in self._failed:
                self._touched = self._failed[oid]
            else:
                self._lacks = True
                self._wanted_blobs.setdefault(oid, Wanted(slug, oid, path, size))
        return data

    def _fetch_trees(self, tops: Sequence[Wanted]) -> None:
        def fetch(owner: str, part: Sequence[Wanted]) -> Mapping[str, Entries | HostError]:
            return trees(
                self.access.connection(owner), part, [top.slug for top in part if self._listed[top.slug].large]
            )

        for part, found in self._in_parts(tops, TREES_AT_ONCE, fetch):
            for top in part:
                entries = found if isinstance(found, HostError) else found[top.slug]
                if isinstance(entries, HostError):
                    self._failed[top.slug] = _unread(entries)
                else:
                    self._entries[top.slug] = entries

    def _fetch_blobs(self, wanted: Sequence[Wanted]) -> None:
        fetched: list[dict[str, bytes]] = []

        def fetch(owner: str, part: Sequence[Wanted]) -> Mapping[str, HostError]:
            return blobs(self.access.connection(owner), part, fetched.append)

        for part, failed in self._in_parts(wanted, BLOBS_AT_ONCE, fetch):
            while fetched:  # here, since the store has one writer a process
                found = fetched.pop()
                self._blobs.update(found)
                self._store.keep_blobs(found)
            if isinstance(failed, HostError):
                failed = dict.fromkeys((blob.oid for blob in part), failed)
            self._failed.update((oid, _unread(error)) for oid, error in failed.items() if oid not in self._blobs)

    def _in_parts(
        self, wanted: Sequence[Wanted], answer: int, fetch: Callable[[str, Sequence[Wanted]], Mapping[str, Any]]
    ) -> Iterator[tuple[Sequence[Wanted], Any]]:
        """Each worker's part with what it fetched, or with why nothing of it can be had."""

        def guarded(owner: str, part: Sequence[Wanted]) -> object:
            try:
                return fetch(owner, part)
            except HostError as error:
                return error
            except UserError as error:  # the App is not installed there
                return HostError(error.message, "", error.hint)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                return HostError(f"GitHub's answer is not what its schema says: {error!r}", "")

        by_owner: dict[str, list[Wanted]] = {}
        for item in wanted:
            by_owner.setdefault(item.slug.partition("/")[0].lower(), []).append(item)
        size = answer * _ANSWERS
        parts = [
            (owner, items[start : start + size])
            for owner, items in by_owner.items()
            for start in range(0, len(items), size)
        ]
        futures = [self._pool.submit(guarded, owner, part) for owner, part in parts]
        for (_, part), future in zip(parts, futures, strict=True):
            yield part, future.result()


class _RemoteTree(EntryTree):
    """The tree of a repository whose texts come when they are asked for; until then they are not there."""

    def __init__(self, slug: str, entries: Entries, content: Callable[[str, str, str, int], bytes | None]) -> None:
        super().__init__({path: entry[:2] for path, entry in entries.items() if entry[0] in FILE_MODES})
        self._slug = slug
        self._sizes = {entry[1]: entry[2] for entry in entries.values()}
        self._content = content

    def content(self, path: str, object_id: str) -> bytes | None:
        """See `EntryTree.content`."""
        size = self._sizes[object_id]
        if size > MAX_BYTES:
            self.problems.append((path, f"has {size:,} bytes; at most {MAX_BYTES:,} are read"))
            return None
        return self._content(self._slug, path, object_id, size)


def _unread(error: HostError) -> Unread:
    return Unread(error.message, error.permission if isinstance(error, Refused) else "")
