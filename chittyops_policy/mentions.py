"""A quick look whether a text can contain what a contract looks for, before anything is parsed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Hint: TypeAlias = tuple[str, ...]
    """Lower-case texts that all occur wherever the thing does."""


class Mentions:
    """What a text mentions, without regard to letter case. Each word is searched for once, however many ask."""

    __slots__ = ("_known", "text")

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        self._known: dict[str, bool] = {}

    def word(self, word: str) -> bool:
        """Whether a lower-case word occurs."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = word in self.text
        return known

    def any(self, hints: Iterable[Hint]) -> bool:
        """Whether all words of one of the hints occur."""
        known = self._known
        for hint in hints:  # plain loops: this runs for every file and every contract
            for word in hint:
                found = known.get(word)
                if found is None:
                    found = known[word] = word in self.text
                if not found:
                    break
            else:
                return True
        return False


def shortest(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    """The hints without those that can only occur where another one does, such as ``snyk/actions`` beside ``snyk``."""
    kept: list[Hint] = []
    for hint in sorted(set(hints), key=lambda hint: (len(hint), sum(map(len, hint)), hint)):
        if not any(all(any(word in longer for longer in hint) for word in other) for other in kept):
            kept.append(hint)
    return tuple(kept)
