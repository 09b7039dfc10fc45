"""Changes as a unified diff that ``git apply`` takes."""

from __future__ import annotations

import difflib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.fixer import Change


def render(changes: Iterable[tuple[str, Change]]) -> str:
    """The diff of some changes, each with its path as it is to be named."""
    return "".join(_file(path, change) for path, change in changes)


def _file(path: str, change: Change) -> str:
    old, new = _lines(change.before or b""), _lines(change.after)
    before = "/dev/null" if change.before is None else _name("a/" + path)
    lines = list(difflib.unified_diff(old, new, before, _name("b/" + path)))
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    header = f"diff --git {_quoted('a/' + path)} {_quoted('b/' + path)}\n"
    return header + ("new file mode 100644\n" if change.before is None else "") + text


def _lines(data: bytes) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = data.decode("utf-8").split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _name(path: str) -> str:
    """A path for a ``---`` or ``+++`` line; behind one with a space git sets a tab, to show where it ends."""
    quoted = _quoted(path)
    return quoted + "\t" if " " in quoted and quoted == path else quoted


def _quoted(path: str) -> str:
    """A path as git writes it: in quotes, with escapes, where it has quotes, backslashes or control characters."""
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    parts = []
    for byte in path.encode("utf-8", "surrogateescape"):
        char = chr(byte)
        parts.append("\\" + char if char in '"\\' else char if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
    return '"' + "".join(parts) + '"'
