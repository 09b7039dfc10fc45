"""Finds the word that a typing error most likely meant.

It answers as `difflib.get_close_matches` does. Most words are like none of the known ones; to say so, a bound of that
function's own that is counted here suffices, and difflib, which takes long to load, stays unloaded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(word: str, words: Iterable[str], cutoff: float) -> str | None:
    """The one of the words that is most like `word`, None where none is as much alike as `cutoff`, from 0 to 1."""
    near = [each for each in words if _most_alike(word, each) >= cutoff]
    if not near:
        return None
    import difflib  # start-up: only for a file with a typing error

    close = difflib.get_close_matches(word, near, 1, cutoff)
    return close[0] if close else None


def _most_alike(word: str, other: str) -> float:
    """No less than the ratio of difflib's SequenceMatcher: every letter that both have counts, in whatever order."""
    length = len(word) + len(other)
    common = sum([min(word.count(letter), other.count(letter)) for letter in set(word)])
    return 2.0 * common / length if length else 1.0
