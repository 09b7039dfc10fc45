"""With which credential GitHub is asked: a token of the environment, or a GitHub App's key."""

from __future__ import annotations

import threading

from ..errors import UserError
from .connection import API, Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
"""The environment variables of a token; the first that is set counts."""


class Access:
    """Gives the connection for an owner. A token has one for all; an App has one for each of its installations.

    Raises UserError where there is neither a token nor an App.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        base_url: str = "",
        app_id: str = "",
        app_key: str = "",
        **options: Any,
    ) -> None:
        # PyGithub takes longer to load than a check to run; only what goes to GitHub needs it.
        from github import Auth

        self.base_url = (base_url or env.get("GITHUB_API_URL") or API).rstrip("/")
        self._options = options
        self._connections: dict[str, Connection] = {}
        self._lock = threading.Lock()
        self._app: Auth.AppAuth | None = None
        self._installations: dict[str, Any] | None = None
        token = next((env[name] for name in TOKENS if env.get(name)), "")
        if app_id and app_key:
            self._app = Auth.AppAuth(app_id, app_key)
            self._any = Connection(self._app, self.base_url, **options)
        elif token:
            self._any = Connection(Auth.Token(token), self.base_url, **options)
        else:
            raise UserError(
                "GitHub is only asked with a token or as a GitHub App",
                f"set {TOKENS[0]} or {TOKENS[1]}, or give --app-id and --app-key",
            )

    @property
    def is_app(self) -> bool:
        """Whether a GitHub App asks."""
        return self._app is not None

    def connection(self, owner: str) -> Connection:
        """The connection to ask about what `owner` has. Raises UserError where the App is not installed there."""
        if self._app is None:
            return self._any
        with self._lock:
            if owner.lower() not in self._connections:
                self._connections[owner.lower()] = self._installed(owner)
            return self._connections[owner.lower()]

    def permissions(self, owner: str) -> dict[str, str]:
        """What the App was installed with at `owner`, name → level. Raises UserError where it is not installed."""
        return dict(self._installation(owner).get("permissions") or {})

    def _installation(self, owner: str) -> dict[str, Any]:
        if self._installations is None:
            self._installations = {
                str(item["account"]["login"]).lower(): item
                for item in self._any.pages("app/installations")
                if item.get("account") and not item.get("suspended_at")
            }
        found: dict[str, Any] | None = self._installations.get(owner.lower())
        if found is None:
            raise UserError(f"the GitHub App is not installed for {owner}", "install it there, or give a token")
        return found

    def _installed(self, owner: str) -> Connection:
        assert self._app is not None
        installation = self._installation(owner)
        # Permissions that are not named would be read as none by some servers; GitHub gives what was installed.
        auth = self._app.get_installation_auth(installation["id"], token_permissions=installation.get("permissions"))
        return Connection(auth, self.base_url, **self._options)
