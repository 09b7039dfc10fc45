"""A quick look whether a text can contain what a contract looks for, before anything is parsed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    Hint: TypeAlias = tuple[str, ...]
    """Texts in lower case that all occur wherever the thing does; see `whole`."""
    _Prepared: TypeAlias = tuple[frozenset[bytes], tuple[str, ...], Hint]
    """The whole words, the other texts, and the hint as plain texts."""

_SIGNS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_BLANKED = bytes(sign if sign in _SIGNS else 32 for sign in range(256))


def whole(text: str, *, cut_before: bool = False, cut_after: bool = False) -> Hint:
    """A text as the words that stand in it between other signs, which are cheaper to look for than the text.

    `cut_before` and `cut_after` say that more may stand directly before or behind it, so that its first or last word
    need not be a whole one. Where no word is left, the text itself is the hint.
    """
    blanked = text.lower().encode("utf-8", "surrogatepass").translate(_BLANKED)
    words = blanked.split()
    if cut_before and words and blanked.startswith(words[0]):
        words = words[1:]
    if cut_after and words and blanked.endswith(words[-1]):
        words = words[:-1]
    return tuple("=" + word.decode() for word in words) or (text.lower(),)


class Hints:
    """Several hints, of which any will do, prepared for `Mentions`."""

    __slots__ = ("_all", "by_word", "texts", "words")

    def __init__(self, hints: Iterable[Hint]) -> None:
        kept: list[Hint] = []
        by_first: dict[str, list[Hint]] = {}
        for hint in sorted(set(hints), key=_length):
            # A hint that can only occur where a shorter one does, such as `snyk code` beside `snyk`, adds nothing.
            if not any(set(other).issubset(hint) for word in hint for other in by_first.get(word, ())):
                kept.append(hint)
                if hint:
                    by_first.setdefault(hint[0], []).append(hint)
        self._all = tuple(kept)
        self.by_word: dict[bytes, list[_Prepared]] = {}
        self.texts: list[_Prepared] = []
        for hint in kept:
            words = [word[1:].encode() for word in hint if word.startswith("=")]
            prepared = (frozenset(words), tuple(word for word in hint if not word.startswith("=")), plain(hint))
            if hint and hint[0].startswith("="):
                self.by_word.setdefault(words[0], []).append(prepared)
            else:
                self.texts.append(prepared)
        self.words = frozenset(self.by_word)

    def __iter__(self) -> Iterator[Hint]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hints) and self._all == other._all

    def __hash__(self) -> int:
        return hash(self._all)

    def __repr__(self) -> str:
        return f"Hints({self._all!r})"


def _length(hint: Hint) -> tuple[int, Hint]:
    return len(hint), hint


def plain(hint: Hint) -> Hint:
    """A hint as texts alone, for `contains`."""
    return tuple(word.removeprefix("=") for word in hint)


class Mentions:
    """What a text mentions, without regard to letter case.

    A text with escapes for single characters can spell any word in a hidden way: it is taken to mention everything.
    """

    __slots__ = ("_opaque", "_words", "text")

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        self._opaque = "\\x" in text or "\\u" in self.text
        self._words: frozenset[bytes] | None = None

    def word(self, text: str) -> bool:
        """Whether a text in lower case, or a word from `whole`, occurs."""
        if self._opaque:
            return True
        return text[1:].encode() in self._split() if text.startswith("=") else text in self.text

    def any(self, hints: Hints) -> bool:
        """Whether all words of one of the hints occur."""
        if self._opaque:
            return bool(hints.words or hints.texts)
        return bool(self._occurring(hints))

    def found(self, hints: Hints) -> tuple[Hint, ...]:
        """The hints of which all words occur, as plain texts; see `contains`."""
        found = map(plain, hints) if self._opaque else self._occurring(hints)
        return tuple(sorted(found))

    def _occurring(self, hints: Hints) -> list[Hint]:
        words = self._split()
        candidates = [item for first in hints.words & words for item in hints.by_word[first]]
        return [
            hint
            for needed, texts, hint in (candidates + hints.texts if hints.texts else candidates)
            if needed <= words and all(text in self.text for text in texts)
        ]

    def _split(self) -> frozenset[bytes]:
        words = self._words
        if words is None:
            data = self.text.encode("utf-8", "surrogatepass")
            found = data.translate(_BLANKED).split()
            if b"\\" in data:  # in double quotes `\n` is a line break, and the letter no part of the word behind it
                for piece in data.split(b"\\")[1:]:
                    found += [word[1:] for word in piece.translate(_BLANKED).split(None, 1)[:1]]
            words = self._words = frozenset(found)
        return words


def contains(lowered: str, hints: Iterable[Hint]) -> bool:
    """Whether a short text in lower case has all texts of one of the hints from `Mentions.found`."""
    for hint in hints:
        for text in hint:
            if text not in lowered:
                break
        else:
            return True
    return False
