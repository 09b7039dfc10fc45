"""Who asks: people's tokens, fine-grained tokens and tokens of App installations, and what each may."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .messages import Refusal, Request

RANK = {"read": 1, "write": 2, "admin": 3}

SCOPES = {
    "workflows": ("workflow",),
    "organization": ("admin:org", "read:org"),
    "members": ("admin:org", "read:org"),
}
"""First word of a permission → the scopes of a classic token that stand for it; all others are ``repo``."""

ADMINISTRATION = (
    "administration",
    "organization",
    "secrets",
    "environments",
    "security_events",
    "vulnerability_alerts",
    "secret_scanning_alerts",
    "dependabot_secrets",
    "codespaces_secrets",
    "repository_custom_properties",
)
"""Permissions whose questions only somebody gets answered who administers a repository or owns an organisation."""


@dataclass(frozen=True)
class Token:
    """One credential.

    permissions: those of an App or a fine-grained token (``{"contents": "read"}``); None for a classic token, which may
    what its owner may within its scopes.
    repositories: the slugs that it is limited to; None for all.
    admin: whether its owner administers what it sees.
    """

    value: str
    login: str
    scopes: tuple[str, ...] = ()
    permissions: dict[str, str] | None = None
    repositories: frozenset[str] | None = None
    installation: int | None = None
    admin: bool = True

    def may(self, need: str) -> bool:
        """Whether it has a permission such as ``contents:read``. Everything may read metadata."""
        name, _, level = need.partition(":")
        if need == "metadata:read":
            return True
        if name.startswith(ADMINISTRATION) and not self.admin:
            return False
        if self.permissions is None:
            first = name.split("_")[0]
            allowed = SCOPES.get(first, ("repo",))
            # The scopes that start with "read" are enough to read.
            return any(scope in self.scopes and (level == "read" or "read" not in scope) for scope in allowed)
        granted = self.permissions.get(name)
        return granted is not None and RANK[granted] >= RANK[level]

    def sees(self, slug: str, private: bool) -> bool:
        """Whether a repository exists for it."""
        if not private:
            return True
        if self.installation is not None and slug.split("/")[0] != self.login:
            return False
        if self.permissions is None and "repo" not in self.scopes:
            return False
        return self.repositories is None or slug in self.repositories

    @property
    def kind(self) -> str:
        return "integration" if self.installation is not None else "personal access token"

    def demand(self, *alternatives: str) -> None:
        """Refuses as GitHub does where none of some permissions is there."""
        if not alternatives or any(self.may(need) for need in alternatives):
            return
        if self.permissions is None:
            if not self.admin and alternatives[0].startswith(ADMINISTRATION):
                raise Refusal(403, "Must have admin rights to Repository.")
            scopes = SCOPES.get(alternatives[0].partition(":")[0].split("_")[0], ("repo",))
            raise Refusal(
                403, "Resource not accessible by personal access token", {"X-Accepted-OAuth-Scopes": scopes[0]}
            )
        accepted = "; ".join(need.replace(":", "=") for need in alternatives)
        raise Refusal(403, f"Resource not accessible by {self.kind}", {"X-Accepted-GitHub-Permissions": accepted})


ANONYMOUS = Token("", "", (), {}, frozenset())

NEEDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("POST|PUT|PATCH|DELETE", r"/repos/[^/]+/[^/]+/(git|contents)/.*", ("contents:write",)),
    ("PUT", r"/repos/[^/]+/[^/]+/pulls/\d+/merge", ("contents:write",)),
    ("POST|PUT|PATCH|DELETE", r"/repos/[^/]+/[^/]+/pulls.*", ("pull_requests:write",)),
    ("POST|PUT|PATCH|DELETE", r"/repos/[^/]+/[^/]+/(issues|labels).*", ("issues:write", "pull_requests:write")),
    ("POST|PATCH", r"/repos/[^/]+/[^/]+/check-(runs|suites).*", ("checks:write",)),
    ("GET", r"/repos/[^/]+/[^/]+/(git|contents|branches|commits|compare|readme).*", ("contents:read",)),
    ("GET", r"/repos/[^/]+/[^/]+/pulls.*", ("pull_requests:read",)),
    ("GET", r"/repos/[^/]+/[^/]+/(issues|labels).*", ("issues:read", "pull_requests:read")),
    ("GET", r"/orgs/[^/]+/(members|teams).*", ("members:read",)),
    ("PUT|POST|PATCH|DELETE", r"/orgs/[^/]+/(members|teams).*", ("members:write",)),
)
"""Method, path and the permissions of which one is enough, for what the emulator answers by itself."""


def forwarded_needs(request: Request, private: bool) -> tuple[str, ...]:
    """The permissions of which a forwarded request needs one. A public repository may be read by everybody."""
    for method, path, needs in NEEDS:
        if re.fullmatch(method, request.method) and re.fullmatch(path, request.path):
            public = request.method == "GET" and request.path.startswith("/repos/") and not private
            return () if public else needs
    return ()


@dataclass
class Budget:
    """What a token has left of this hour, for one resource."""

    limit: int = 5000
    remaining: int = 5000
    reset: float = 0.0
    used: int = 0
