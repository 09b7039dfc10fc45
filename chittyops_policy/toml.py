"""TOML as far as it can be read: what does not parse has no tables."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def toml_tables(text: str) -> dict[str, Any]:
    """The tables of a TOML text; empty where it does not parse."""
    if not text:
        return {}
    import tomllib  # only a repository with such a file pays for it

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
