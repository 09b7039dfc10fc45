"""Writes files: whole or not at all, with their mode, and never through a symbolic link."""

from __future__ import annotations

import os
import stat
import tempfile

from chittyops_policy.errors import WorldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.fixer import Change


def deliver(root: str, change: Change) -> None:
    """Writes one change into the repository at `root`.

    Raises WorldError, and has then written nothing, where the file is no longer what it was when the change was made,
    where it or a folder above it is a link, or where the disk says no.
    """
    path = os.path.join(root, *change.path.split("/"))
    _no_links(root, change.path)
    try:
        if change.before is None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                raise WorldError(f"{change.path} was created in the meantime", "run again")
            write(path, change.after)
            return
        if _read(path) != change.before:
            raise WorldError(f"{change.path} was changed in the meantime", "run again")
        write(path, change.after, os.lstat(path))
    except OSError as error:
        raise WorldError(f"{change.path} cannot be written: {error.strerror}", _hint(error)) from error


def write(path: str, data: bytes, like: os.stat_result | None = None) -> None:
    """Puts a file in place in one step: a temporary file beside it, synced, then renamed over it.

    A new file gets the mode that the process gives to new files; another keeps that of `like` and, where that is
    allowed, its owner. Raises OSError; nothing has changed then.
    """
    folder = os.path.dirname(path) or "."
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".chittyops-policy-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if like is None:
            os.chmod(temporary, 0o666 & ~_umask())
        else:
            _own(temporary, like)
            os.chmod(temporary, stat.S_IMODE(like.st_mode))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _no_links(root: str, relative: str) -> None:
    path = root
    for part in relative.split("/"):
        path = os.path.join(path, part)
        if os.path.islink(path):
            raise WorldError(f"{relative} is, or lies behind, a symbolic link", "change the file that it leads to")


def _read(path: str) -> bytes:
    # A FIFO that took the file's place must not make anybody wait.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as stream:
        return stream.read()


def _own(path: str, like: os.stat_result) -> None:
    """Root keeps the owner of a file that it changes; for anybody else the file is theirs already or becomes theirs."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(path, like.st_uid, like.st_gid)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _hint(error: OSError) -> str:
    return "give yourself the right to write there" if isinstance(error, PermissionError) else ""
