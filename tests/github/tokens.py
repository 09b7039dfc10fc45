"""Who asks: people's tokens, fine-grained tokens and tokens of App installations, and what each may."""

from __future__ import annotations

from dataclasses import dataclass, field

from .messages import Refusal

RANK = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True)
class Token:
    """One credential.

    permissions: those of an App or a fine-grained token (``{"contents": "read"}``); None for a classic token, which may
    what its owner may.
    repositories: the slugs that it is limited to; None for all.
    """

    value: str
    login: str
    scopes: tuple[str, ...] = ()
    permissions: dict[str, str] | None = None
    repositories: frozenset[str] | None = None
    installation: int | None = None

    def may(self, need: str) -> bool:
        """Whether it has a permission such as ``contents:read``. Everything may read metadata."""
        if self.permissions is None:
            return True
        name, _, level = need.partition(":")
        granted = {"metadata": "read", **self.permissions}.get(name)
        return granted is not None and RANK[granted] >= RANK[level]

    def sees(self, slug: str, private: bool) -> bool:
        """Whether a repository exists for it."""
        if not private:
            return True
        if self.installation is not None and slug.split("/")[0] != self.login:
            return False
        return self.repositories is None or slug in self.repositories

    @property
    def kind(self) -> str:
        return "integration" if self.installation is not None else "personal access token"

    def demand(self, *alternatives: str) -> None:
        """Refuses as GitHub does where none of some permissions is there."""
        if alternatives and not any(self.may(need) for need in alternatives):
            accepted = "; ".join(need.replace(":", "=") for need in alternatives)
            raise Refusal(403, f"Resource not accessible by {self.kind}", {"X-Accepted-GitHub-Permissions": accepted})


ANONYMOUS = Token("", "", (), {}, frozenset())


@dataclass
class Budget:
    """What a token has left of this hour, for one resource."""

    limit: int = 5000
    remaining: int = 5000
    reset: float = 0.0
    used: int = 0
    headers: dict[str, str] = field(default_factory=dict)
