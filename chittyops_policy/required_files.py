"""Files that a standard asks for by name: there, there but blank, or there under almost that name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .snapshot import Snapshot


def is_blank(snapshot: Snapshot, path: str) -> bool:
    """Whether a file has nothing but white space in it; also true where it cannot be read."""
    data = snapshot.read(path)
    return data is None or not data.removeprefix(b"\xef\xbb\xbf").strip()


def lookalikes(snapshot: Snapshot, wanted: str, folders: Sequence[str]) -> tuple[str, ...]:
    """Paths whose name is the wanted one but for letter case or an ending like ``.md`` or `` copy``, or is elsewhere.

    The wanted name at the top is not among them.
    """
    stem = wanted.partition(".")[0].lower()
    found: list[str] = []
    for folder in folders:
        prefix = folder + "/" if folder else ""
        for name in snapshot.folder(folder):
            near = name.lower().partition(".")[0].removesuffix(" copy") == stem
            if near and prefix + name != wanted and not name.endswith("/"):
                found.append(prefix + name)
    return tuple(found)
