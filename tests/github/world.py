"""A small GitHub of a test's own: organisations, repositories, tokens, and the people who work there."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from github import Auth, Github

from ..referees import node
from ..referees.github_emulator import seeded_emulator
from . import gaps, graphql, openapi
from .apps import App, new_app
from .faults import Faults
from .gaps import deployments, runs, security
from .memory import Repository
from .messages import Request
from .server import ADMIN, UPSTREAM_TOKENS, Call, GitHubServer, Seen
from .shapes import now
from .tokens import Token

PERSON = "hubot"
"""A colleague who commits, closes and merges."""

DATE = "2026-01-05T10:00:00Z"

File = str | bytes | tuple[str, str | bytes]
"""A file's content, or its mode with it: ``("100755", "#!/bin/sh")``; a submodule is ``("160000", COMMIT)``."""

Files = Mapping[str, File]


class World:
    """GitHub as a test needs it. `address` is the base of its API, `token` may do everything."""

    def __init__(self, server: GitHubServer, organizations: Sequence[str], apps: Sequence[App]) -> None:
        self.server = server
        self.address = server.address
        self.faults: Faults = server.faults
        self.apps = {app.slug: app for app in apps}
        self.organizations = tuple(organizations)
        accounts = server.kept("accounts", "", dict)
        accounts |= dict.fromkeys(organizations, "Organization")
        accounts |= dict.fromkeys((ADMIN, PERSON), "User")
        for app in apps:
            for number, account in app.installations.items():
                server.keep("installation", number, account)
        self.token = self.classic_token(ADMIN, scopes=("repo", "workflow", "admin:org")).value

    # --------------------------------------------------------------------------------------------- what was asked

    def requests(self, *, kind: str | None = None, path: str = "", writes: bool | None = None) -> list[Seen]:
        """What clients asked since the last `forget`: ``rest`` or ``graphql``, a part of the path, writes only."""
        return [
            seen
            for seen in self.server.seen
            if kind in (None, seen.kind) and path in seen.path and writes in (None, seen.writes)
        ]

    def forget(self) -> None:
        """Counts from here."""
        self.server.seen.clear()

    def findings(self) -> list[str]:
        """What is wrong with the requests so far, by GitHub's own descriptions."""
        return list(dict.fromkeys(self.server.findings))

    def forgive(self) -> list[str]:
        """The findings so far, which then count no longer: for a test that sends something wrong on purpose."""
        found = self.findings()
        self.server.findings.clear()
        return found

    # --------------------------------------------------------------------------------------------- tokens

    def classic_token(self, login: str = ADMIN, scopes: Iterable[str] = ("repo",), admin: bool = True) -> Token:
        """A person's classic token; `admin` says whether that person administers repositories and organisations."""
        return self._keep(Token(f"ghp_{login}{len(self.server.tokens)}", login, tuple(scopes), admin=admin))

    def fine_grained_token(
        self, permissions: Mapping[str, str], repositories: Iterable[str] | None = None, login: str = ADMIN
    ) -> Token:
        """A fine-grained token with permissions such as ``{"contents": "read"}``."""
        slugs = None if repositories is None else frozenset(repositories)
        name = f"github_pat_{login}{len(self.server.tokens)}"
        return self._keep(Token(name, login, (), dict(permissions), slugs))

    def installation_token(self, permissions: Mapping[str, str], app: str | None = None) -> str:
        """A token of an App's installation with some of the App's permissions, got as PyGithub gets it."""
        found = self.apps[app or next(iter(self.apps))]
        number = next(iter(found.installations))
        auth = Auth.AppAuth(found.id, found.key).get_installation_auth(number, dict(permissions))
        client = Github(auth=auth, base_url=self.address, retry=None)
        auth.withRequester(client.requester)
        return auth.token

    def kill(self, token: str) -> None:
        """The token is revoked: 401 from now on."""
        self.server.dead.add(token)

    def limit(self, token: str, remaining: int, reset_in: float = 3600, resource: str = "core") -> None:
        """What is left of a token's hour, and how long the hour still lasts."""
        budget = self.server.budget(token, resource)
        budget.remaining, budget.reset = remaining, time.time() + reset_in

    def _keep(self, token: Token) -> Token:
        self.server.tokens[token.value] = token
        return token

    # --------------------------------------------------------------------------------------------- repositories

    def repository(self, slug: str, *commits: Files, branch: str = "main", **facts: Any) -> str | None:
        """Makes a repository with these commits on its default branch and gives the last one's id.

        Each of `commits` says what it changes; None as content removes the file. With none the repository is empty.
        facts: `private`, `topics`, `language`, `description`, `archived`, `disabled`, `parent` (the slug it was forked
        from), `pushed_at`, `size` (kB), `is_template`.
        """
        owner, name = slug.split("/")
        if facts.get("private"):
            facts["visibility"] = "private"
        plain = {"name": name, "private": bool(facts.get("private")), "auto_init": False}
        target = "/user/repos" if owner == ADMIN else f"/orgs/{owner}/repos"
        self._admin("POST", target, plain)
        head = None
        for number, files in enumerate(commits):
            message = "Initial commit" if number == 0 else f"Change {number}"
            head = self._commit(slug, files, branch, head, message, ADMIN)
        columns: dict[str, Any] = {"default_branch": branch, "size": 1 if commits else 0}
        if commits:
            columns["pushed_at"] = DATE
        columns |= facts
        self.server.upstream.json("PATCH", "/_world/repositories", {slug: columns})
        return head

    def change(self, slug: str, **facts: Any) -> None:
        """Changes facts of a repository; see `repository`."""
        if "private" in facts:
            facts["visibility"] = "private" if facts["private"] else "public"
        self.server.upstream.json("PATCH", "/_world/repositories", {slug: facts})

    def rename(self, slug: str, name: str) -> str:
        """Renames a repository, whose former name then redirects, and gives the new slug."""
        found = self._found(slug)
        self._admin("PATCH", f"/repos/{slug}", {"name": name})
        self.server.was_renamed(slug, found.id)
        return f"{found.owner}/{name}"

    def hide(self, slug: str, words: str = "Although you appear to have the correct authorization credentials") -> None:
        """The repository answers FORBIDDEN from now on."""
        self.server.hidden[slug] = words

    def commit(
        self,
        slug: str,
        files: Mapping[str, File | None],
        branch: str | None = None,
        message: str = "Work",
        login: str = PERSON,
    ) -> str:
        """A person's commit on a branch (by default the default branch), which is made where it is missing."""
        found = self._found(slug)
        name = branch or found.default_branch or "main"
        head = found.references.get(f"refs/heads/{name}")
        return self._commit(slug, files, name, head, message, login, base=head or found.head)

    def branch(self, slug: str, name: str, commit: str | None = None) -> str:
        """Makes a branch at a commit, by default the head of the default branch, or moves it."""
        found = self._found(slug)
        sha = commit or found.head
        assert sha is not None, f"{slug} is empty"
        self._point(slug, name, sha, f"refs/heads/{name}" in found.references)
        return sha

    def delete_branch(self, slug: str, name: str) -> None:
        """Deletes a branch; its pull requests are closed by that."""
        self._admin("DELETE", f"/repos/{slug}/git/refs/heads/{quote(name)}")

    def protect(self, slug: str, branch: str | None = None, **protection: Any) -> None:
        """Classic protection of a branch, in the API's words; see "Update branch protection"."""
        name = branch or self._found(slug).default_branch
        body = {
            "required_status_checks": None,
            "enforce_admins": None,
            "required_pull_request_reviews": None,
            "restrictions": None,
        }
        self.settings("PUT", f"/repos/{slug}/branches/{name}/protection", body | protection)

    def settings(self, method: str, target: str, body: Any = None) -> Any:
        """GitHub's answer to its owner, unseen and unbroken: for preparing settings, and for looking at them.

        Such as ``world.settings("POST", "/orgs/acme/rulesets", {...})``.
        """
        found = self.server.direct(method, target, body, self.server.tokens[self.token])
        assert found.status < 400, f"{method} {target}: {found.status} {found.body.decode()}"
        return found.json

    # --------------------------------------------------------------------------------------------- looking

    def repositories(self) -> list[str]:
        """The slugs of all repositories."""
        return [one.slug for one in self.server.memory.repositories()]

    def branches(self, slug: str) -> dict[str, str]:
        """Branch → commit."""
        references = self._found(slug).references
        heads = "refs/heads/"
        return {name.removeprefix(heads): sha for name, sha in references.items() if name.startswith(heads)}

    def files(self, slug: str, branch: str | None = None) -> dict[str, bytes]:
        """Path → content on a branch; of a submodule the commit's id."""
        found = self._found(slug)
        memory = self.server.memory
        return {
            path: sha.encode() if mode == "160000" else memory.content(found, sha)
            for path, (mode, sha) in self._entries(slug, branch).items()
        }

    def modes(self, slug: str, branch: str | None = None) -> dict[str, str]:
        """Path → mode on a branch."""
        return {path: mode for path, (mode, _) in self._entries(slug, branch).items()}

    def log(self, slug: str, branch: str | None = None) -> list[dict[str, Any]]:
        """The commits of a branch as the API shows them, newest first."""
        name = branch or self._found(slug).default_branch
        found: list[dict[str, Any]] = self._admin("GET", f"/repos/{slug}/commits?per_page=100&sha={quote(str(name))}")
        return found

    def pulls(self, slug: str, state: str = "all") -> list[dict[str, Any]]:
        """The pull requests as the API shows them, oldest first."""
        found = self._admin("GET", f"/repos/{slug}/pulls?state={state}&per_page=100")
        return sorted(found, key=lambda pull: int(pull["number"]))

    def comments(self, slug: str, number: int) -> list[str]:
        """The texts of the comments on a pull request or an issue."""
        found = self._admin("GET", f"/repos/{slug}/issues/{number}/comments?per_page=100")
        return [comment["body"] for comment in found]

    # --------------------------------------------------------------------------------------------- what happened

    def run(self, slug: str, **facts: Any) -> int:
        """A run of a workflow, or with `run` another attempt of it; see `gaps.runs.add_run`. Its number."""
        return int(runs.add_run(self._call(), self._found(slug), facts)["id"])

    def deployment(self, slug: str, *states: str, **facts: Any) -> int:
        """A deployment with these statuses, one after the other; see `gaps.deployments.add_deployment`. Its number."""
        call, found = self._call(), self._found(slug)
        number = int(deployments.add_deployment(call, found, facts)["id"])
        for state in states:
            given = {"state": state, "created_at": facts.get("finished_at") or facts.get("created_at") or now()}
            deployments.add_deployment_status(call, found, str(number), given)
        return number

    def dependabot_alert(self, slug: str, **facts: Any) -> int:
        """An alert, after turning alerts on; see `gaps.security.dependabot_alert`. Its number."""
        found = self._found(slug)
        self.server.keep("vulnerability-alerts", found.id, True)
        return int(security.dependabot_alert(self._call(), found, facts)["number"])

    def code_scanning_alert(self, slug: str, **facts: Any) -> int:
        """An alert; see `gaps.security.code_scanning_alert`. Its number."""
        return int(security.code_scanning_alert(self._call(), self._found(slug), facts)["number"])

    def secret(self, owner: str, name: str, **facts: Any) -> None:
        """An Actions secret of a repository (``owner/name``) or an organisation, by name; it has no value."""
        scope = f"/repos/{owner}" if "/" in owner else f"/orgs/{owner}"
        body = {"encrypted_value": "", "key_id": "1", "visibility": "all", **facts}
        self.settings("PUT", f"{scope}/actions/secrets/{name}", body)

    def team(self, org: str, slug: str, **grants: str) -> None:
        """A team with permissions such as ``app="push"`` on the organisation's repositories."""
        known = self._admin("GET", f"/orgs/{org}/teams")
        if slug not in {team["slug"] for team in known}:
            self._admin("POST", f"/orgs/{org}/teams", {"name": slug})
        for name, permission in grants.items():
            self.settings("PUT", f"/orgs/{org}/teams/{slug}/repos/{org}/{name}", {"permission": permission})

    def check(self, slug: str, name: str, conclusion: str = "success", commit: str | None = None) -> None:
        """A finished check run on a commit, by default the head of the default branch."""
        sha = commit or self._found(slug).head
        body = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion}
        self._admin("POST", f"/repos/{slug}/check-runs", body)

    # --------------------------------------------------------------------------------------------- people at work

    def close(self, slug: str, number: int) -> None:
        """A person closes a pull request."""
        self._person("PATCH", f"/repos/{slug}/pulls/{number}", {"state": "closed"})

    def reopen(self, slug: str, number: int) -> None:
        """A person opens it again."""
        self._person("PATCH", f"/repos/{slug}/pulls/{number}", {"state": "open"})

    def merge(self, slug: str, number: int) -> str:
        """A person merges it; the commit on the base branch."""
        done = self._person("PUT", f"/repos/{slug}/pulls/{number}/merge", {})
        return str(done["sha"])

    def comment(self, slug: str, number: int, text: str) -> None:
        """A person comments on it."""
        self._person("POST", f"/repos/{slug}/issues/{number}/comments", {"body": text})

    # --------------------------------------------------------------------------------------------- helpers

    def _call(self) -> Call:
        return Call(self.server, Request("GET", "/", {}), self.server.tokens[self.token])

    def _found(self, slug: str) -> Repository:
        found = self.server.find(slug)
        assert found is not None, f"this world has no {slug}"
        return found

    def _entries(self, slug: str, branch: str | None) -> dict[str, tuple[str, str]]:
        found = self._found(slug)
        head = found.references[f"refs/heads/{branch or found.default_branch}"]
        return self.server.memory.files(found, self.server.memory.tree_of(found, head) or "")

    def _commit(
        self,
        slug: str,
        files: Mapping[str, File | None],
        branch: str,
        head: str | None,
        message: str,
        login: str,
        base: str | None = None,
    ) -> str:
        tree: dict[str, Any] = {"tree": [self._tree_entry(slug, path, file) for path, file in files.items()]}
        parent = base or head
        if parent is not None:
            tree["base_tree"] = self.server.memory.tree_of(self._found(slug), parent)
        address = f"/repos/{slug}/git"
        made = self._admin("POST", f"{address}/trees", tree)["sha"]
        person = {"name": login, "email": f"{login}@example.com"}
        if parent is None:
            person["date"] = DATE
        body = {"message": message, "tree": made, "parents": [parent] if parent else [], "author": person}
        commit: str = self._admin("POST", f"{address}/commits", body)["sha"]
        self._point(slug, branch, commit, head is not None)
        return commit

    def _point(self, slug: str, branch: str, commit: str, exists: bool) -> None:
        if exists:
            change = {"sha": commit, "force": True}
            self._admin("PATCH", f"/repos/{slug}/git/refs/heads/{quote(branch)}", change)
        else:
            self._admin("POST", f"/repos/{slug}/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})

    def _tree_entry(self, slug: str, path: str, file: File | None) -> dict[str, Any]:
        mode, content = file if isinstance(file, tuple) else ("100644", file)
        if mode == "160000":
            return {"path": path, "mode": mode, "type": "commit", "sha": content}
        entry: dict[str, Any] = {"path": path, "mode": mode, "type": "blob"}
        if content is None:
            return {**entry, "sha": None}
        if isinstance(content, bytes):
            try:
                text = content.decode()
            except UnicodeDecodeError:
                blob = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
                return {**entry, "sha": self._admin("POST", f"/repos/{slug}/git/blobs", blob)["sha"]}
            return {**entry, "content": text}
        return {**entry, "content": content}

    def _admin(self, method: str, target: str, body: Any = None) -> Any:
        return self.server.as_admin(method, target, body)

    def _person(self, method: str, target: str, body: Any = None) -> Any:
        return self.server.upstream.json(method, target, body, self.server.person_token(PERSON))


needs_github = pytest.mark.skipif(
    node.unavailable_reason() is not None, reason=f"no emulator of GitHub: {node.unavailable_reason()}"
)


@contextmanager
def github_world(
    *organizations: str, apps: Sequence[App] | None = None, permissions: Mapping[str, str] | None = None
) -> Iterator[World]:
    """A fresh world with these organisations; raises node.Unavailable where it cannot run.

    permissions: of an App `policy-app` that is installed in every organisation.

    At its end it fails where a client sent what GitHub does not describe, or asked what this emulation does not know.
    """
    if apps is None:
        apps = (new_app("policy-app", organizations, permissions),) if permissions is not None else ()
    members = [{"login": ADMIN, "role": "admin"}, {"login": PERSON, "role": "admin"}]
    seed = {
        "tokens": {
            f"{login}-{number}": {"login": login, "scopes": ["repo"]}
            for login in (ADMIN, PERSON)
            for number in range(UPSTREAM_TOKENS)
        },
        "github": {
            "users": [
                {"login": ADMIN, "name": "The Octocat", "email": f"{ADMIN}@example.com"},
                {"login": PERSON, "name": "Hubot", "email": f"{PERSON}@example.com"},
            ],
            "orgs": [{"login": name, "name": name, "members": members} for name in organizations],
            "apps": [app.seed() for app in apps],
        },
    }
    server = GitHubServer([*gaps.every_route(), *graphql.routes.all])
    server.checks += [graphql.check, openapi.check_request]
    server.response_checks.append(openapi.check_answer)
    with seeded_emulator(seed, server.address) as port, server.in_front_of(port):
        world = World(server, organizations, apps)
        yield world
        findings = world.findings()
        assert not findings, "\n".join(["requests that GitHub does not know:", *findings])
