"""A repository as it lies on a disk: regular files only, links followed no further than its own top folder."""

from __future__ import annotations

import os
import stat

from ..snapshot import normalise

MAX_BYTES = 32 * 1024 * 1024
"""A larger file is left alone and named among the problems; nothing that a rule reads comes near it."""

MAX_LINKS = 40
"""A link may lead to a link so often, as in a kernel."""

SKIPPED_FOLDERS = frozenset(
    (".git", ".hg", ".svn", ".mypy_cache", ".next", ".pytest_cache", ".ruff_cache", ".tox", ".venv", ".wrangler",
     "__pycache__", "node_modules", "venv")
)  # fmt: skip
"""Folders that a walk does not enter where git cannot say what it ignores."""


class WorkingTree:
    """The files below a directory, see `snapshot.Tree`.

    root      the directory, as the user named it
    problems  (path, message) of what exists but could not be read, in the order of meeting it
    """

    __slots__ = ("_folders", "_git", "_is_plain", "_real_root", "problems", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self.problems: list[tuple[str, str]] = []
        self._real_root = os.path.realpath(root)
        self._is_plain: dict[str, bool] = {"": True}
        self._folders: dict[str, tuple[str, ...]] = {}
        self._git: tuple[str, str] | None = None

    def read(self, path: str) -> bytes | None:
        """The bytes of a regular file; None for anything else, also for a link that leads out of the tree."""
        if not _stays_inside(path) or not self._plain(path.rpartition("/")[0]):
            return None
        full = self._real_root + "/" + path
        try:
            handle = os.open(full, _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if os.path.islink(full):
                target = self._link_target(path)
                return None if target is None else self.read(target)
            self._note(path, error)
            return None
        return self._take(handle, path)

    def folder(self, path: str) -> tuple[str, ...]:
        """The names directly in a folder; links are left out unless they lead to a file inside the tree.

        Each folder is listed once.
        """
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = self._listed(path) if _stays_inside(path) and self._plain(path) else ()
        return known

    def _listed(self, path: str) -> tuple[str, ...]:
        full = self._real_root + "/" + path if path else self._real_root
        names: list[str] = []
        try:
            with os.scandir(full) as entries:
                for entry in entries:
                    name = entry.name
                    if name == ".git":
                        continue
                    if entry.is_file(follow_symlinks=False):
                        names.append(name)
                    elif entry.is_dir(follow_symlinks=False):
                        names.append(name + "/")
                        self._is_plain[f"{path}/{name}" if path else name] = True
                    elif entry.is_symlink():
                        if self._link_target(f"{path}/{name}" if path else name) is not None:
                            names.append(name)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            self._note(path, error)
        names.sort()
        return tuple(names)

    def is_link(self, path: str) -> bool:
        """Whether a path is a symbolic link, wherever it leads."""
        return _stays_inside(path) and os.path.islink(self._real_root + "/" + path)

    def paths(self) -> tuple[str, ...]:
        """Every file: what git tracks or would add, and without git what a walk finds outside `SKIPPED_FOLDERS`."""
        listed = self._git_paths() if _in_work_tree(self._real_root) else None
        # Nothing listed: the whole folder is ignored by the repository around it, and was named all the same.
        return tuple(sorted(listed or self._walk()))

    @property
    def slug(self) -> str:
        """``owner/repo`` of the remote called origin, or of the only remote; '' where that cannot be told.

        A folder inside another repository's work tree has no remote of its own.
        """
        _, common = self._git_folders()
        config = _read_text(os.path.join(common, "config")) if common else None
        remotes = remote_urls(config) if config else {}
        url = remotes.get("origin") or (next(iter(remotes.values())) if len(remotes) == 1 else "")
        return slug_of(url)

    @property
    def revision(self) -> str:
        """The commit that is checked out; '' without git, before the first commit, or where refs are kept otherwise."""
        own, common = self._git_folders()
        head = (_read_text(os.path.join(own, "HEAD")) or "").strip() if own else ""
        for _ in range(5):  # a symbolic ref may name another
            if not head.startswith("ref:"):
                return head if _is_object_id(head) else ""
            name = head[4:].strip()
            if not name.startswith("refs/") or not _stays_inside(name):
                return ""
            loose = _read_text(os.path.join(own, name)) or _read_text(os.path.join(common, name))
            head = loose.strip() if loose else _packed_ref(_read_text(os.path.join(common, "packed-refs")) or "", name)
        return ""

    # --------------------------------------------------------------------- links

    def _plain(self, folder: str) -> bool:
        """Whether no part of a folder's path is a link: git never looks behind a linked folder."""
        known = self._is_plain.get(folder)
        if known is None:
            parent = folder.rpartition("/")[0]
            # Where its parent was listed, it would be known by now.
            known = (
                parent not in self._folders
                and self._plain(parent)
                and not os.path.islink(self._real_root + "/" + folder)
            )
            self._is_plain[folder] = known
        return known

    def _link_target(self, path: str) -> str | None:
        """The path of the regular file of this tree that a link leads to; None where it leads elsewhere or nowhere."""
        for _ in range(MAX_LINKS):
            full = self._real_root + "/" + path
            try:
                link = os.readlink(full)
            except OSError:
                return path if os.path.isfile(full) else None
            target = linked_path(path, link)
            if target is None or not _stays_inside(target) or not self._plain(target.rpartition("/")[0]):
                return None
            path = target
        return None

    def _take(self, handle: int, path: str) -> bytes | None:
        # Plain descriptor calls: a file object around each of hundreds of small files doubles the time of reading.
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return None
            if about.st_size > MAX_BYTES:
                self.problems.append((path, f"has {about.st_size:,} bytes; at most {MAX_BYTES:,} are read"))
                return None
            data = os.read(handle, about.st_size + 1)
            while len(data) < MAX_BYTES:
                more = os.read(handle, 1 << 20) if len(data) != about.st_size else b""
                if not more:
                    break
                data += more
            return data
        except OSError as error:
            self._note(path, error)
            return None
        finally:
            os.close(handle)

    def _note(self, path: str, error: OSError) -> None:
        self.problems.append((path or ".", (error.strerror or str(error)).lower()))

    # ----------------------------------------------------------------------- git

    def _git_folders(self) -> tuple[str, str]:
        """This work tree's own git folder and the one that all work trees share; both '' outside git."""
        if self._git is None:
            self._git = _git_folders(self._real_root)
        return self._git

    def _git_paths(self) -> list[str] | None:
        kinds = ("--cached", "--others", "--deleted", "--exclude-standard")
        listing = _run_git(self._real_root, "ls-files", "-z", "-t", "--stage", *kinds)
        return None if listing is None else listed_paths(listing)

    def _walk(self) -> list[str]:
        found: list[str] = []
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            prefix = folder + "/" if folder else ""
            for name in self.folder(folder):
                if not name.endswith("/"):
                    found.append(prefix + name)
                elif name[:-1] not in SKIPPED_FOLDERS:
                    waiting.append(prefix + name[:-1])
        return found


def find_root(path: str) -> str:
    """The repository of a named file: the directory above its ``.github``, else the nearest ancestor with ``.git``.

    A file with neither belongs to the current directory if it lies below that, else to its own directory. The answer
    is spelled like the path: relative for a relative path.
    """
    folder = os.path.dirname(path)
    parts = folder.replace(os.sep, "/").split("/")
    if ".github" in parts:
        above = parts[: len(parts) - 1 - parts[::-1].index(".github")]
        return "/".join(above) or ("/" if folder.startswith("/") else ".")
    here = os.getcwd()
    probe = os.path.abspath(folder)
    while True:
        if os.path.lexists(os.path.join(probe, ".git")):
            return probe if os.path.isabs(path) else os.path.relpath(probe, here)
        parent = os.path.dirname(probe)
        if parent == probe:
            break
        probe = parent
    absolute = os.path.abspath(folder)
    inside = absolute == here or absolute.startswith(here.rstrip(os.sep) + os.sep)
    return "." if inside else folder or "."


def linked_path(path: str, link: str) -> str | None:
    """Where the text of a link at a path leads, as a path from the top; None where that is outside or absolute.

    An absolute link means another place on every machine, also where it happens to lead back into this tree.
    """
    if not link or link.startswith("/"):
        return None
    return normalise(path.rpartition("/")[0] + "/" + link)


def listed_paths(listing: bytes) -> list[str]:
    """The paths in the output of ``git ls-files -z -t --stage …``: without deleted files and without submodules."""
    found: set[str] = set()
    gone: set[str] = set()
    for entry in listing.split(b"\0"):
        if not entry:
            continue
        tag, rest = entry[:1], entry[2:]
        if tag == b"?":
            path = os.fsdecode(rest)
            if not path.endswith("/"):  # an untracked folder that is a repository of its own
                found.add(path)
            continue
        about, _, name = rest.partition(b"\t")
        if tag == b"R":
            gone.add(os.fsdecode(name))
        elif not about.startswith(b"160000"):
            found.add(os.fsdecode(name))
    return list(found - gone)


def remote_urls(config: str) -> dict[str, str]:
    """The ``url`` of each ``[remote "name"]`` of a git configuration file; the first where there are several."""
    found: dict[str, str] = {}
    remote: str | None = None
    for line in config.splitlines():
        line = line.strip()
        if line.startswith("["):
            heading = line[1:].partition("]")[0].strip()
            section, _, name = heading.partition(" ")
            remote = name.strip().strip('"').replace('\\"', '"') if section.lower() == "remote" else None
        elif remote is not None and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            if key.strip().lower() == "url":
                found.setdefault(remote, _config_value(value))
    return found


def slug_of(url: str) -> str:
    """``owner/repo`` in a remote's URL in any of git's spellings; '' for a local path or a deeper one.

    Credentials in the URL are dropped and never kept.
    """
    if "://" in url:
        scheme, _, rest = url.partition("://")
        if scheme.lower() not in ("https", "http", "ssh", "git", "git+ssh"):
            return ""
        path = rest.partition("/")[2]
    else:
        host, colon, path = url.partition(":")
        if not colon or "/" in host or len(host) < 2:  # one letter is a drive
            return ""
    parts = path.strip("/").removesuffix(".git").split("/")
    return "/".join(parts) if len(parts) == 2 and all(parts) else ""


# ------------------------------------------------------------------------------------------------------- details

# O_NONBLOCK: opening a FIFO must not wait for a writer. Not every system has all of them.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_HEX = frozenset("0123456789abcdef")


def _stays_inside(path: str) -> bool:
    """Whether a relative path has no part that climbs and does not enter git's own folder."""
    if path.startswith("/") or "\0" in path:
        return False
    return not (".." in path and ".." in path.split("/")) and path != ".git" and not path.startswith(".git/")


def _is_object_id(text: str) -> bool:
    return len(text) in (40, 64) and _HEX.issuperset(text)


def _read_text(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return stream.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def _git_folders(root: str) -> tuple[str, str]:
    candidate = os.path.join(root, ".git")
    if os.path.isdir(candidate):
        return candidate, candidate
    text = (_read_text(candidate) or "").strip()
    if not text.startswith("gitdir:"):  # a linked work tree or a submodule has a file that names the folder
        return "", ""
    own = os.path.join(root, text[7:].strip())
    common = (_read_text(os.path.join(own, "commondir")) or "").strip()
    return (own, os.path.join(own, common)) if os.path.isdir(own) else ("", "")


def _in_work_tree(root: str) -> bool:
    probe = root
    while not os.path.lexists(os.path.join(probe, ".git")):
        parent = os.path.dirname(probe)
        if parent == probe:
            return False
        probe = parent
    return True


def _packed_ref(packed: str, name: str) -> str:
    for line in packed.splitlines():
        object_id, _, ref = line.partition(" ")
        if ref == name:
            return object_id
    return ""


def _config_value(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        return value[1:].partition('"')[0]
    for mark in (" #", " ;", "\t#", "\t;"):
        value = value.partition(mark)[0]
    return value.strip()


def _run_git(folder: str, *arguments: str) -> bytes | None:
    """What git prints, or None where it cannot answer: not installed, or it does not trust the folder's owner.

    Variables such as GIT_DIR, which git sets for its hooks, would point it at another repository; a configured
    fsmonitor would be a program that the checked repository chooses.
    """
    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if not hasattr(os, "posix_spawnp"):
        # Loaded only here: it costs as much as a whole check.
        import subprocess

        try:
            done = subprocess.run(command, env=environment, capture_output=True, check=False)
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None
    receive, send = os.pipe()
    try:
        process = os.posix_spawnp(
            "git",
            command,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, send, 1),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
    except OSError:
        os.close(receive)
        return None
    finally:
        os.close(send)
    with os.fdopen(receive, "rb") as stream:
        output = stream.read()
    _, status = os.waitpid(process, 0)
    return output if os.waitstatus_to_exitcode(status) == 0 else None
