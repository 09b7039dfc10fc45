"""Keeps what depends on a text alone, since workflows repeat each other; bounded, also where texts are hostile."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    K = TypeVar("K")
    V = TypeVar("V")

_MOST = 4096
"""A table with so many entries starts again: to tell old from new ones would cost more than it saves."""

_LONGEST = 4000
"""Longer texts hardly repeat, and would be kept alive."""


def remember(table: dict[K, V], key: K, value: V, length: int) -> V:
    """Keeps a value under its key unless the text behind it, of this many characters, is long; gives the value."""
    if length <= _LONGEST:
        if len(table) >= _MOST:
            table.clear()
        table[key] = value
    return value


def note(texts: set[str], text: str) -> None:
    """Keeps a text among others, unless it is long."""
    if len(text) <= _LONGEST:
        if len(texts) >= _MOST:
            texts.clear()
        texts.add(text)
