"""A quick look whether a text can contain what a contract looks for, before anything is parsed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    Hint: TypeAlias = tuple[str, ...]
    """Texts in lower case that all occur wherever the thing does; see `whole`."""

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
    """Several hints, of which any will do, prepared for `Mentions.any`."""

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
        self.by_word: dict[bytes, list[Hint]] = {}
        self.texts: list[Hint] = []
        for hint in kept:
            if hint and hint[0].startswith("="):
                self.by_word.setdefault(hint[0][1:].encode(), []).append(hint[1:])
            else:
                self.texts.append(hint)
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


class Mentions:
    """What a text mentions, without regard to letter case.

    A text with escapes for single characters can spell any word in a hidden way: it is taken to mention everything.
    """

    __slots__ = ("_known", "_opaque", "_words", "text")

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        self._known: dict[str, bool] = {}
        self._opaque = "\\x" in text or "\\u" in self.text
        self._words: frozenset[bytes] | None = None

    def word(self, text: str) -> bool:
        """Whether a text in lower case, or a word from `whole`, occurs."""
        if self._opaque:
            return True
        if text.startswith("="):
            return text[1:].encode() in self._split()
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = text in self.text
        return known

    def any(self, hints: Hints) -> bool:
        """Whether all words of one of the hints occur."""
        if self._opaque:
            return bool(hints.words or hints.texts)
        for word in hints.words & self._split():
            for rest in hints.by_word[word]:
                if all(map(self.word, rest)):
                    return True
        return any(all(map(self.word, hint)) for hint in hints.texts)

    def found(self, hints: Hints) -> tuple[Hint, ...]:
        """The hints of which all words occur, as plain texts; see `contains`."""
        if self._opaque:
            found = list(hints)
        else:
            found = [
                (f"={word.decode()}", *rest) for word in hints.words & self._split() for rest in hints.by_word[word]
            ]
            found = [hint for hint in (*found, *hints.texts) if all(map(self.word, hint))]
        return tuple(sorted(tuple(word.removeprefix("=") for word in hint) for hint in found))

    def _split(self) -> frozenset[bytes]:
        words = self._words
        if words is None:
            data = self.text.encode("utf-8", "surrogatepass")
            words = self._words = frozenset(data.translate(_BLANKED).split())
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
