"""Repositories on an emulated GitHub, built by its own API."""

from __future__ import annotations

from typing import Any

from github import Auth, Github, InputGitTreeElement

from .referees.github_emulator import TOKEN


class GitHubRepository:
    """One repository: commits, branches and tags as a test needs them. `main` is its first commit."""

    def __init__(self, address: str, slug: str) -> None:
        client = Github(
            auth=Auth.Token(TOKEN),
            base_url=address,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self.remote = client.get_repo(slug)
        self.main = self.remote.get_branch("main").commit.sha

    def commit(self, *parents: str) -> str:
        """A commit that no branch and no tag leads to, which is how a fork's commit looks from here."""
        message = f"commit {len(parents)} {parents}"
        tree = self.remote.create_git_tree([InputGitTreeElement("file", "100644", "blob", content=message)])
        return self.remote.create_git_commit(message, tree, [self.remote.get_git_commit(sha) for sha in parents]).sha

    def branch(self, name: str, commit: str) -> None:
        """Makes a branch, or moves it."""
        self._point(f"heads/{name}", commit)

    def tag(self, name: str, commit: str) -> None:
        """Makes a lightweight tag, or moves it."""
        self._point(f"tags/{name}", commit)

    def annotated(self, name: str, target: str, kind: str = "commit") -> str:
        """Makes an annotated tag and gives the id of its own object."""
        sha = self.remote.create_git_tag(name, f"Release {name}", target, kind).sha
        self._point(f"tags/{name}", sha)
        return sha

    def _point(self, ref: str, sha: str) -> None:
        if any(known.ref == f"refs/{ref}" for known in self.remote.get_git_matching_refs(ref)):
            # The emulator gives a reference another address than PyGithub's own method for this expects.
            change: dict[str, Any] = {"sha": sha, "force": True}
            self.remote.requester.requestJsonAndCheck("PATCH", f"{self.remote.url}/git/refs/{ref}", input=change)
        else:
            self.remote.create_git_ref(f"refs/{ref}", sha)
