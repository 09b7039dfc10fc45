"""A tree with some files replaced: an editor's unsaved buffer, a proposed change."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..snapshot import Tree


class OverlayTree:
    """`tree` with the files of `changed` in place of its own; None removes a file."""

    __slots__ = ("changed", "tree")

    def __init__(self, tree: Tree, changed: Mapping[str, bytes | None]) -> None:
        self.tree = tree
        self.changed = changed

    def read(self, path: str) -> bytes | None:
        """See `Tree.read`."""
        return self.changed[path] if path in self.changed else self.tree.read(path)

    def folder(self, path: str) -> tuple[str, ...]:
        """See `Tree.folder`."""
        names = set(self.tree.folder(path))
        prefix = path + "/" if path else ""
        for name, data in self.changed.items():
            if name.startswith(prefix):
                head, slash, _ = name[len(prefix) :].partition("/")
                if data is not None:
                    names.add(head + slash)
                elif not slash:
                    names.discard(head)
        return tuple(sorted(names))

    def is_link(self, path: str) -> bool:
        """See `Tree.is_link`."""
        return path not in self.changed and self.tree.is_link(path)

    def paths(self) -> tuple[str, ...]:
        """See `Tree.paths`."""
        names = set(self.tree.paths())
        for name, data in self.changed.items():
            (names.discard if data is None else names.add)(name)
        return tuple(sorted(names))

    @property
    def problems(self) -> Sequence[tuple[str, str]]:
        """See `Tree.problems`."""
        return self.tree.problems
