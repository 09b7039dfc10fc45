"""A quick look whether a text can contain what a contract looks for, before anything is parsed."""

from __future__ import annotations

import re

from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Hint: TypeAlias = tuple[frozenset[bytes], tuple[bytes, ...]]
    """Whole words, and other texts, in lower case, that all occur wherever the thing does; see `whole`."""

_SIGNS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_BEHIND_ESCAPE = rb"\\[a-z0-9_-]([a-z0-9_-]+)"
_BLANKED = bytes(sign if sign in _SIGNS else 32 for sign in range(256))


def whole(text: str, *, cut_before: bool = False, cut_after: bool = False) -> Hint:
    """A text as the words that stand in it between other signs, which are cheaper to look for than the text.

    `cut_before` and `cut_after` say that more may stand directly before or behind it, so that its first or last word
    need not be a whole one. Where no word is left, the text itself is the hint.
    """
    lowered = lower(text)
    blanked = lowered.translate(_BLANKED)
    words = blanked.split()
    if cut_before and words and blanked.startswith(words[0]):
        del words[0]
    if cut_after and words and blanked.endswith(words[-1]):
        del words[-1]
    return frozenset(words), () if words else (lowered,)


def together(*hints: Hint) -> Hint:
    """The hint to what is there only where all of the others are."""
    return frozenset().union(*(words for words, _ in hints)), tuple(text for _, texts in hints for text in texts)


def lower(text: str) -> bytes:
    """A text as the bytes in which to look for hints."""
    return text.encode("utf-8", "surrogatepass").lower()


def spelled_out(lowered: bytes) -> bytes | None:
    """A text in which each word of its scripts stands as it is read; None where a backslash may hide one.

    At the end of a line a backslash only joins the next one to it: then the text stands there in both ways.
    """
    if b"\\" not in lowered:
        return lowered
    joined = b"".join(part.lstrip(b" ") for part in lowered.replace(b"\\\r\n", b"\\\n").split(b"\\\n"))
    return None if b"\\" in joined else lowered + b"\n" + joined


def words_in(lowered: bytes) -> list[bytes]:
    """The words that stand in a text in lower case between other signs."""
    words = lowered.translate(_BLANKED).split()
    if b"\\" in lowered:  # in double quotes `\n` is a line break, and the letter no part of the word behind it
        words += re.findall(_BEHIND_ESCAPE, lowered)
    return words


class Hints:
    """Several hints, of which any will do."""

    __slots__ = ("_by_word", "_kept", "_others", "_words")

    def __init__(self, hints: Iterable[Hint]) -> None:
        self._by_word: dict[bytes, list[Hint]] = {}
        self._others: list[Hint] = []
        for hint in set(hints):
            words = hint[0]
            if words:  # the longest word is the rarest, as a rule
                self._by_word.setdefault(max(words, key=_length), []).append(hint)
            else:
                self._others.append(hint)
        self._words = frozenset().union(*(words for found in self._by_word.values() for words, _ in found))
        self._kept: dict[str, bool] = {}

    def occur_in(self, text: str) -> bool:
        """Whether one of the hints occurs in a script or in another text that is likely to be met again."""
        kept = self._kept
        known = kept.get(text)
        if known is None:
            lowered = lower(text)
            known = remember(kept, text, self.occur(lowered, words_in(lowered)), len(text))
        return known

    def occur(self, lowered: bytes, words: Iterable[bytes]) -> bool:
        """Whether one of the hints occurs in a text in lower case with these words, see `words_in`.

        A text with escapes for single characters can spell any word in a hidden way: it is taken to mention everything.
        """
        there = self._words.intersection(words)
        for word in there:
            for needed, texts in self._by_word.get(word, ()):
                if needed <= there and all(text in lowered for text in texts):
                    return True
        if self._others and any(all(text in lowered for text in texts) for _, texts in self._others):
            return True
        hidden = b"\\" in lowered and (b"\\x" in lowered or b"\\u" in lowered)
        return hidden and bool(self._by_word or self._others)


def _length(word: bytes) -> tuple[int, bytes]:
    return len(word), word
