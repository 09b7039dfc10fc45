"""A repository at one commit, or as staged for the next one, read from git's object store without a checkout."""

from __future__ import annotations

import os
import subprocess

from chittyops_policy.errors import UserError, WorldError

from .entry_tree import FILE_MODES, EntryTree
from .working_tree import MAX_BYTES, WorkingTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO


class ObjectTree(EntryTree):
    """Files that lie in git's object store; one git process answers all reads."""

    def __init__(self, repository: str, entries: dict[str, tuple[str, str]], slug: str, revision: str) -> None:
        super().__init__(entries)
        self.repository = repository
        self.slug = slug
        self.revision = revision
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """Ends the git process; the tree can still be read, which starts another."""
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            process.wait()

    def content(self, path: str, object_id: str) -> bytes | None:
        """See `EntryTree.content`."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                _command(self.repository, "cat-file", "--batch"),
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        send, receive = self._process.stdin, self._process.stdout
        assert send is not None
        assert receive is not None
        send.write(object_id.encode("ascii") + b"\n")
        send.flush()
        header = receive.readline().split()
        if len(header) != 3:  # a partial clone without this object
            self.problems.append((path, f"git has no object {object_id}"))
            return None
        size = int(header[2])
        data = _take(receive, size)
        receive.read(1)
        if data is None:
            self.problems.append((path, f"has {size:,} bytes; at most {MAX_BYTES:,} are read"))
        return data


def commit_tree(repository: str, revision: str) -> ObjectTree:
    """The tree of a commit. Raises UserError where git does not know the revision, WorldError where git is missing."""
    commit = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    if commit is None:
        raise UserError(f"{revision}: not a commit of {repository}", "`git log` lists them; a shallow clone has few")
    name = commit.decode("ascii").strip()
    listing = _git(repository, "ls-tree", "-r", "-z", "--full-tree", name) or b""
    return ObjectTree(repository, _entries(listing), WorkingTree(repository).slug, name)


def index_tree(repository: str) -> ObjectTree:
    """What is staged: the content of the next commit. Raises as `commit_tree` does."""
    listing = _git(repository, "ls-files", "--stage", "-z", "--full-name", own_index=True)
    if listing is None:
        raise UserError(f"{repository}: not a git repository", "stage files in one, or name files to check")
    return ObjectTree(repository, _entries(listing), WorkingTree(repository).slug, "")


def _entries(listing: bytes) -> dict[str, tuple[str, str]]:
    """Entries of ``ls-tree -z`` (mode type id) or ``ls-files --stage -z`` (mode id stage), then a tab and a path."""
    found: dict[str, tuple[str, str]] = {}
    for entry in listing.split(b"\0"):
        about, tab, name = entry.partition(b"\t")
        if not tab:
            continue
        mode, second, third = about.decode("ascii").split(" ")
        if mode in FILE_MODES:
            found.setdefault(os.fsdecode(name), (mode, third if second == "blob" else second))
    return found


def _take(stream: IO[bytes], size: int) -> bytes | None:
    """`size` bytes of a stream; None, with the bytes passed over, where that is more than a file may have."""
    if size <= MAX_BYTES:
        return stream.read(size)
    while size > 0:
        size -= len(stream.read(min(size, 1 << 20)))
    return None


def _git(repository: str, *arguments: str, own_index: bool = False) -> bytes | None:
    try:
        done = subprocess.run(
            _command(repository, *arguments), env=_environment(own_index), capture_output=True, check=False
        )
    except FileNotFoundError:
        raise WorldError("git is not installed", "commits and the index are read with git") from None
    return done.stdout if done.returncode == 0 else None


def _command(repository: str, *arguments: str) -> list[str]:
    return ["git", "-C", repository, "-c", "core.fsmonitor=false", *arguments]


def _environment(own_index: bool = False) -> dict[str, str]:
    """Without the variables that git sets for its hooks, but for a hook's temporary index where that is asked for."""
    kept = ("GIT_INDEX_FILE",) if own_index else ()
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith("GIT_")}
