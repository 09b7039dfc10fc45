"""What the emulator has in memory: repositories, references and git objects, read past its API."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from functools import cached_property
from typing import Any
from urllib.parse import quote

from .messages import Answer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date"}


class Upstream:
    """The emulator. Each thread has its own connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._local = threading.local()

    def ask(self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One exchange. Raises OSError."""
        for attempt in (1, 2):
            connection = self._connection()
            try:
                connection.request(method, target, body or None, headers or {})
                found = connection.getresponse()
                content = found.read()
            except (http.client.HTTPException, ConnectionError):
                # The emulator closes a connection that was idle for some seconds.
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    raise
                continue
            kept = {name: value for name, value in found.getheaders() if name.lower() not in HOP_BY_HOP}
            return Answer(found.status, content, kept)
        raise AssertionError("two attempts end above")

    def json(self, method: str, target: str, body: Any = None, token: str | None = None) -> Any:
        """An exchange in JSON. Raises RuntimeError where the emulator refuses."""
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"token {token}"
        found = self.ask(method, target, headers, b"" if body is None else json.dumps(body).encode())
        if found.status >= 400:
            raise RuntimeError(f"{method} {target}: {found.status} {found.body[:400]!r}")
        return found.json

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._local.connection = connection
        return connection


class Repository:
    """One repository's row in the emulator with its references (``refs/heads/main`` → commit)."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.id: int = row["id"]
        self.slug: str = row["full_name"]
        self.name: str = row["name"]
        self.owner: str = self.slug.split("/")[0]
        self.private: bool = row["private"]
        self.references: dict[str, str] = row["references"]

    @cached_property
    def default_branch(self) -> str | None:
        """The default branch, or None in an empty repository."""
        name: str = self.row["default_branch"]
        return name if f"refs/heads/{name}" in self.references else None

    @property
    def head(self) -> str | None:
        """The newest commit of the default branch."""
        return self.references.get(f"refs/heads/{self.default_branch}")


class Memory:
    """Repositories are read each time; git objects, which never change, once."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._objects: dict[str, dict[str, Any]] = {}
        self.blobs_read = 0

    def repositories(self) -> list[Repository]:
        """All repositories, in the order in which they were made."""
        return [Repository(row) for row in self._upstream.json("GET", "/_world/repositories")]

    def repository(self, slug: str) -> Repository | None:
        """One repository, by its name in any case."""
        found = self._upstream.ask("GET", f"/_world/repositories/{quote(slug)}")
        return Repository(found.json) if found.status == 200 else None

    def object(self, repository: Repository, sha: str) -> dict[str, Any] | None:
        """A blob (size, content in base64), tree (entries) or commit of a repository."""
        found = self._objects.get(sha)
        if found is None:
            asked = self._upstream.ask("GET", f"/_world/objects/{repository.id}/{sha}")
            if asked.status != 200:
                return None
            found = asked.json
            self._objects[sha] = found
        return found

    def content(self, repository: Repository, sha: str) -> bytes:
        """The bytes of a blob that is there."""
        found = self.object(repository, sha)
        assert found is not None and found["type"] == "blob", f"{repository.slug} has no blob {sha}"
        return base64.b64decode(found["content"])

    def resolve(self, repository: Repository, expression: str) -> str | None:
        """The object id that a revision means: a full id, ``HEAD``, a branch, a tag or a reference."""
        if expression == "HEAD":
            return repository.head
        for reference in (expression, f"refs/heads/{expression}", f"refs/tags/{expression}"):
            if reference in repository.references:
                return repository.references[reference]
        return expression if self.object(repository, expression) else None

    def tree_of(self, repository: Repository, sha: str) -> str | None:
        """The tree of a commit, or the tree itself."""
        found = self.object(repository, sha)
        if found is None or found["type"] == "blob":
            return None
        return found["tree_sha"] if found["type"] == "commit" else sha

    def entry(self, repository: Repository, tree: str, path: str) -> dict[str, Any] | None:
        """The entry of a path below a tree."""
        *folders, name = path.split("/")
        for folder in folders:
            inner = self._named(repository, tree, folder)
            if inner is None or inner["type"] != "tree":
                return None
            tree = inner["sha"]
        return self._named(repository, tree, name)

    def files(self, repository: Repository, tree: str, prefix: str = "") -> dict[str, tuple[str, str]]:
        """Every file below a tree: path → (mode, object id); a submodule is one too."""
        found: dict[str, tuple[str, str]] = {}
        listed = self.object(repository, tree)
        for entry in listed["entries"] if listed else ():
            path = prefix + entry["path"]
            if entry["type"] == "tree":
                found |= self.files(repository, entry["sha"], f"{path}/")
            else:
                found[path] = (entry["mode"], entry["sha"])
        return found

    def _named(self, repository: Repository, tree: str, name: str) -> dict[str, Any] | None:
        listed = self.object(repository, tree)
        if listed is None or listed["type"] != "tree":
            return None
        return next((entry for entry in listed["entries"] if entry["path"] == name), None)
