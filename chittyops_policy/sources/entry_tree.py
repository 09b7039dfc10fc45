"""A repository by the entries of its git tree; where the contents of its objects are, the classes above know."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod

from .working_tree import MAX_LINKS, linked_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LINK = "120000"
FILE_MODES = frozenset(("100644", "100755", "100664", LINK))
"""The modes of files and links in a tree; 160000 is a submodule, 040000 a folder."""


class EntryTree(ABC):
    """See `snapshot.Tree`; `content` gives the bytes of an object.

    entries   path → (mode, object id) of files and links; submodules are left out
    problems  (path, message) of what could not be read
    """

    def __init__(self, entries: Mapping[str, tuple[str, str]]) -> None:
        self.entries = entries
        self.problems: list[tuple[str, str]] = []
        self._folders: dict[str, set[str]] | None = None

    @abstractmethod
    def content(self, path: str, object_id: str) -> bytes | None:
        """The bytes of an object that lies at a path; None where it cannot be read, which `problems` then tells."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; a link is followed to a file of the same tree, and is None where it leads elsewhere."""
        target = self._resolved(path)
        return None if target is None else self.content(path, self.entries[target][1])

    def folder(self, path: str) -> tuple[str, ...]:
        """The sorted names directly in a folder, as `WorkingTree.folder` gives them."""
        if self._folders is None:
            folders: dict[str, set[str]] = {}
            self._folders = folders
            for name in self.entries:
                if self._resolved(name) is None:
                    continue
                parent, _, leaf = name.rpartition("/")
                while leaf not in folders.setdefault(parent, set()):
                    folders[parent].add(leaf)
                    if not parent:
                        break
                    parent, _, above = parent.rpartition("/")
                    leaf = above + "/"
        return tuple(sorted(self._folders.get(path, ())))

    def is_link(self, path: str) -> bool:
        """Whether a path is a symbolic link, wherever it leads."""
        return self.entries.get(path, ("", ""))[0] == LINK

    def paths(self) -> tuple[str, ...]:
        """Every file of the tree, sorted."""
        return tuple(sorted(self.entries))

    def _resolved(self, path: str) -> str | None:
        """The path of the regular file behind a path, or None."""
        for _ in range(MAX_LINKS):
            entry = self.entries.get(path)
            if entry is None:
                return None
            if entry[0] != LINK:
                return path
            target = linked_path(path, os.fsdecode(self.content(path, entry[1]) or b""))
            if target is None:
                return None
            path = target
        return None
