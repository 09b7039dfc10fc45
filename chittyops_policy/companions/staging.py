"""Lays the files of a snapshot out on disk for a companion: it sees what the rules see, from whatever source."""

from __future__ import annotations

import os

from ..model import Span
from ..snapshot import ACTION, DEPENDABOT, WORKFLOW, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..document import Document
    from ..snapshot import Snapshot

CONFIGURATIONS = (".github/actionlint.yaml", ".github/actionlint.yml")
"""Files that a companion may read beside those it judges: only there stand the labels of own runners."""


class Stage:
    """A folder with the workflows, actions and Dependabot configuration of a snapshot that parse.

    paths   those that are to be judged, by kind
    """

    __slots__ = ("folder", "paths", "snapshot")

    def __init__(self, snapshot: Snapshot, named: Sequence[str] | None, folder: str) -> None:
        self.snapshot = snapshot
        self.folder = folder
        self.paths: dict[str, list[str]] = {WORKFLOW: [], ACTION: [], DEPENDABOT: []}
        called = snapshot.called_action_paths()
        for path in snapshot.subjects():
            kind = ACTION if path in called else kind_of(path)
            document = snapshot.document(path) if kind in self.paths else None
            if kind is None or document is None or document.error is not None:
                continue  # what is wrong with it, our own rules say
            self._write(path, document.text)
            if named is None or path in named:
                self.paths[kind].append(path)
        for path in CONFIGURATIONS:
            text = snapshot.text(path)
            if text is not None:
                self._write(path, text)
        os.makedirs(os.path.join(folder, ".git"), exist_ok=True)  # by this they tell the top of a repository

    def _write(self, path: str, text: str) -> None:
        target = os.path.join(self.folder, *path.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))

    def document(self, path: str) -> Document | None:
        """The document of a path as a companion names it; None where it is none of ours."""
        path = path.replace(os.sep, "/").removeprefix("./")
        known = any(path in paths for paths in self.paths.values())
        return self.snapshot.document(path) if known else None


def span_of_bytes(document: Document, start: int, end: int) -> Span:
    """The span of a range of bytes of a document's text in UTF-8."""
    data = document.text.encode("utf-8", "surrogatepass")
    first = len(data[:start].decode("utf-8", "replace"))
    return Span(first, first + len(data[start:end].decode("utf-8", "replace")))


def span_of_lines(text: str, starts: Sequence[int], place: tuple[int, int], end: tuple[int, int]) -> Span:
    """The span between two 1-based (line, column) places, the end exclusive; what lies outside is moved inside.

    `starts` are the offsets at which the lines of `text` begin.
    """

    def offset(line: int, column: int) -> int:
        if line > len(starts):
            return len(text)
        begin = starts[max(line, 1) - 1]
        limit = starts[line] if 0 < line < len(starts) else len(text)
        while limit > begin and text[limit - 1] in "\r\n":
            limit -= 1
        return min(begin + max(column - 1, 0), limit)

    first = offset(*place)
    return Span(first, max(first, offset(*end)))
