"""The newest commit of the default branch of a git remote, kept as a shallow copy without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from urllib.parse import urlsplit, urlunsplit

from chittyops_policy.errors import WorldError
from chittyops_policy.fingerprint import digest

from .git_commit import commit_tree
from .working_tree import slug_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .git_commit import ObjectTree

PATIENCE = 600
"""Seconds that one call of git may take."""

_REF = "refs/audit/head"
_PLACES = frozenset(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
     "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_QUARANTINE_PATH")
)  # fmt: skip
"""Variables that git sets for its hooks and that would point it at another repository; those of access stay."""


class GitRemote:
    """One remote; `folder` is where copies of all remotes lie.

    url   as it was given; `shown` is the same without credentials
    slug  ``owner/repo``: that of the URL, else the last two parts of its path
    """

    def __init__(self, url: str, folder: str) -> None:
        self.url = url
        self.shown = without_credentials(url)
        parts = [part for part in self.shown.removesuffix(".git").replace(":", "/").split("/") if part]
        self.slug = slug_of(url) or "/".join(parts[-2:])
        self.copy = os.path.join(folder, digest(url.encode("utf-8", "surrogateescape"))[:32] + ".git")

    def head(self) -> tuple[str, str]:
        """The commit and the name of the default branch; '' for both where there is no commit yet.

        Raises WorldError where the remote does not answer.
        """
        commit = branch = ""
        for line in self._git("ls-remote", "--symref", "--", self.url, "HEAD").splitlines():
            what, _, name = line.partition("\t")
            if name != "HEAD":
                continue
            if what.startswith("ref: "):
                branch = what.removeprefix("ref: ").removeprefix("refs/heads/")
            else:
                commit = what
        return commit, branch

    def fetch(self, commit: str) -> str:
        """Gets a commit unless it is here, and gives the one that is here then: the remote may have moved on.

        Raises WorldError where that fails.
        """
        if self._has(commit):
            return commit
        if not os.path.isdir(self.copy):
            os.makedirs(os.path.dirname(self.copy), mode=0o700, exist_ok=True)
            self._git("init", "--quiet", "--bare", self.copy)
        self._git(
            "-C", self.copy, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--force", "--",
            self.url, f"+HEAD:{_REF}",
        )  # fmt: skip
        return self._git("-C", self.copy, "rev-parse", _REF).strip()

    def tree(self, commit: str) -> ObjectTree:
        """The tree of a commit that `fetch` gave. Raises UserError where it is not there."""
        return commit_tree(self.copy, commit)

    def forget(self) -> None:
        """Removes the copy."""
        shutil.rmtree(self.copy, ignore_errors=True)

    def _has(self, commit: str) -> bool:
        if not os.path.isdir(self.copy):
            return False
        try:
            # Not only the commit: a copy whose fetch was killed may lack what the commit names.
            self._git("-C", self.copy, "rev-list", "--objects", "--quiet", "--no-walk", "--missing=error", commit)
            return True
        except WorldError:
            return False

    def _git(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in _PLACES}
        environment["GIT_TERMINAL_PROMPT"] = "0"
        command = ["git", "-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60", *arguments]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise WorldError("git is not installed", "remotes are read with git") from None
        except subprocess.TimeoutExpired:
            raise WorldError(f"{self.shown} did not answer within {PATIENCE} s") from None
        if done.returncode != 0:
            words = done.stderr.decode("utf-8", "replace").strip().replace(self.url, self.shown)
            first = next((line for line in words.splitlines() if line.startswith(("fatal:", "error:"))), words)
            raise WorldError(f"{self.shown} cannot be read: {first.partition(': ')[2] or first or 'git failed'}")
        return done.stdout.decode("utf-8", "surrogateescape")


def without_credentials(url: str) -> str:
    """A URL without user name and password, which may be a token."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
