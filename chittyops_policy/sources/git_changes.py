"""Which lines of which files changed since a revision, as git tells it."""

from __future__ import annotations

import subprocess

from ..errors import UserError, WorldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def changed_lines(root: str, revision: str) -> Mapping[str, list[tuple[int, int]]]:
    """Path → 1-based line ranges (both ends included) that the working tree has since the merge base with `revision`.

    A file that only lost lines has the line at the gap; files that git does not track yet count as changed whole.
    Raises UserError for a revision that git does not know, WorldError when git fails.
    """
    base = _git(root, "merge-base", "HEAD", revision, hint=revision).strip() or revision
    diff = _git(root, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-renames", "--relative", base, "--")
    changes: dict[str, list[tuple[int, int]]] = {}
    ranges: list[tuple[int, int]] = []
    for line in diff.splitlines():
        if line.startswith("+++ "):
            name = _unquoted(line[4:])
            ranges = [] if name == "/dev/null" else changes.setdefault(name.removeprefix("b/"), [])
        elif line.startswith("@@ "):
            start, _, count = line.split(" ")[2][1:].partition(",")
            length = int(count) if count else 1
            first = max(int(start), 1)
            ranges.append((first, first + max(length, 1) - 1))
    for name in _git(root, "ls-files", "-z", "--others", "--exclude-standard").split("\0"):
        if name:
            changes[name] = [(1, 1 << 30)]
    return changes


def _git(root: str, *arguments: str, hint: str = "") -> str:
    try:
        run = subprocess.run(
            ["git", "-C", root, "-c", "core.quotePath=true", *arguments], capture_output=True, check=False
        )
    except OSError as error:
        raise WorldError(f"git cannot be started: {error}", "install git, or leave --changed-since out") from error
    if run.returncode:
        message = run.stderr.decode("utf-8", "replace").strip().splitlines()
        if hint:
            raise UserError(
                f"git finds no common history with {hint!r}" + (f": {message[0]}" if message else ""),
                "name a revision that exists here; in CI, fetch it first (actions/checkout with fetch-depth: 0)",
            )
        raise WorldError(f"git {arguments[0]} failed: {message[0] if message else run.returncode}")
    return run.stdout.decode("utf-8", "surrogateescape")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _unquoted(name: str) -> str:
    """A path as git's diff headers spell it: in C quotes with octal bytes where it is not plain."""
    name = name.removesuffix("\t")
    if not name.startswith('"'):
        return name
    body = name[1:].rpartition('"')[0]
    data = bytearray()
    at = 0
    while at < len(body):
        if body[at] != "\\":
            data += body[at].encode("utf-8", "surrogateescape")
            at += 1
        elif body[at + 1] in _ESCAPES:
            data += _ESCAPES[body[at + 1]].encode()
            at += 2
        else:
            data.append(int(body[at + 1 : at + 4], 8))
            at += 4
    return data.decode("utf-8", "surrogateescape")
