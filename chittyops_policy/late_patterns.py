"""Regular expressions that are compiled when they are first used: most runs need few of them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Late:
    """A pattern of which `match`, `search` and `fullmatch` are made at the first use."""

    __slots__ = ("_flags", "_source", "fullmatch", "match", "search")

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in ("fullmatch", "match", "search"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        self.fullmatch, self.match, self.search = compiled.fullmatch, compiled.match, compiled.search
        return getattr(self, name)


def late(source: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, made at the first use; it has `match`, `search` and `fullmatch` only."""
    return _Late(source, flags)  # type: ignore[return-value]
