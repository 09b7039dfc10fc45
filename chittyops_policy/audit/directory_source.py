"""Repositories that lie below a directory: ``<owner>/<repo>``, ``<repo>``, or the directory itself.

What lies in the working tree is judged, as `check` does there, not the commit.
"""

from __future__ import annotations

import os

from chittyops_policy.checking import open_snapshot, repositories_in

from .result import OUT_OF_SCOPE, Standing, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chittyops_policy.snapshot import Snapshot


class DirectorySource:
    """See `source.Source`. Raises UserError where there is no repository in one of the folders."""

    kind = "directory"
    by_head = False

    def __init__(self, folders: Sequence[str], env: Mapping[str, str]) -> None:
        self.scopes = tuple(folders)
        self.problems: list[str] = []
        self._env = env
        self._roots: dict[str, str] = {}
        self._found = [(folder, root) for folder in folders for root in repositories_in(folder)]

    def subjects(self) -> Iterator[Subject | Standing]:
        """See `Source.subjects`."""
        taken: dict[str, str] = {}
        for folder, root in self._found:
            snapshot = open_snapshot(root, self._env)
            slug = snapshot.slug or _by_place(folder, root)
            subject = Subject(slug, head=snapshot.revision)
            earlier = taken.setdefault(slug.lower(), root)
            if earlier is root:
                self._roots[slug] = root
                yield subject
            elif os.path.realpath(earlier) != os.path.realpath(root):
                again = Subject(f"{slug} ({snapshot.root})", head=snapshot.revision)
                yield Standing(again, OUT_OF_SCOPE, reason=f"a second copy of {slug}, which is judged in {earlier}")

    def prepare(self, subjects: Sequence[Subject]) -> None:
        """Nothing: all of it is here."""

    def snapshot(self, subject: Subject) -> Snapshot:
        """See `Source.snapshot`."""
        snapshot = open_snapshot(self._roots[subject.slug], self._env)
        if subject.owner:
            snapshot.slug = subject.slug
        return snapshot

    def lacking(self) -> bool:
        """False."""
        return False

    def supply(self) -> bool:
        """False."""
        return False

    def close(self) -> None:
        """Nothing runs."""


def _by_place(folder: str, root: str) -> str:
    """``owner/repo`` or ``repo`` by where a checkout without a remote lies below the directory."""
    if os.path.realpath(folder) == os.path.realpath(root):
        return os.path.basename(os.path.realpath(root))
    parts = os.path.relpath(root, folder).split(os.sep)
    return "/".join(parts[-2:])
