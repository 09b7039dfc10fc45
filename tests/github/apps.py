"""GitHub Apps with keys of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class App:
    """A registered App. `installations` are number → account; `key` is its private key in PEM."""

    id: int
    slug: str
    key: str = field(repr=False)
    permissions: dict[str, str]
    installations: dict[int, str]

    def seed(self) -> dict[str, Any]:
        """The App as the emulator's seed wants it."""
        return {
            "app_id": self.id,
            "slug": self.slug,
            "name": self.slug,
            "private_key": self.key,
            "permissions": self.permissions,
            "events": [],
            "installations": [
                {"installation_id": number, "account": account, "permissions": self.permissions}
                for number, account in self.installations.items()
            ],
        }


def new_app(slug: str, accounts: Iterable[str], permissions: Mapping[str, str], id: int = 4711) -> App:
    """An App that is installed in some accounts."""
    numbers = {id * 100 + place: account for place, account in enumerate(accounts)}
    return App(id, slug, _key(), dict(permissions), numbers)


@lru_cache(maxsize=1)
def _key() -> str:
    """A key made now: none is kept in a file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
