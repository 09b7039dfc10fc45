"""What the contracts of a pack can be told by, from the pack's data alone: a quick look that needs no parser.

A file in which nothing of it occurs holds no step of the contract, and its path leads to none, so that whoever looks
for such steps need not even be loaded; see `may_hold`.
"""

from __future__ import annotations

from .mentions import spelled_out, together, whole, words_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TypeAlias

    from .mentions import Hint

    Wanted: TypeAlias = tuple[tuple[bytes, ...], tuple[bytes, ...]]
    """A hint in a form that ships: whole words, and other texts, in lower case, that all occur."""

ACTION, COMMAND, WORKFLOW = "action", "command", "workflow"

SCANNERS, DEPLOYMENTS, BEACON, CREDENTIALS = "scanners", "deployments", "beacon", "credentials"
PARTS = (SCANNERS, DEPLOYMENTS, BEACON, CREDENTIALS)
"""The parts of a pack that hold contracts, by the names of its parameters."""

RUNNERS = ("npm", "pnpm", "yarn", "bun")
"""The programs that run the scripts of a package.json, which may hold any command."""

_RUNNERS = frozenset(name.encode() for name in RUNNERS)
_KINDS = (("actions", ACTION, "uses"), ("commands", COMMAND, "run"), ("workflows", WORKFLOW, "uses"))
_CALLS = (b"./", b"$/", b"/.github/workflows/", b": .\n", b": .\r", b": . ", b"'.'", b'"."')
"""What stands in each file that calls something of its own repository, or a reusable workflow of another one."""


def may_hold(lowered: bytes, wanted: Iterable[Wanted], slugs: Iterable[str] = ()) -> bool:
    """Whether a workflow or an action may hold a step of a contract in one part of a pack, or lead to one.

    `lowered` is the file in lower case, `wanted` what `words_of` gives for the part. `slugs` are the repositories, as
    ``owner/repo`` in lower case, that can be looked into: this one and those that the same run has.
    """
    text = spelled_out(lowered)
    if text is None:  # any word can be spelled with escapes
        return True
    if any(call in text for call in _CALLS) or any(slug.encode() in text for slug in slugs):
        return True
    words = frozenset(words_in(text))
    if not _RUNNERS.isdisjoint(words):
        return True
    return any(words.issuperset(needed) and all(part in text for part in parts) for needed, parts in wanted)


def words_of(parameters: Mapping[str, Any], part: str) -> tuple[Wanted, ...]:
    """What mentions a step of the contracts in one part of a pack, each way in which it can be mentioned."""
    found = {
        (tuple(sorted(words)), texts)
        for _, mapping in contracts(parameters, part)
        for kind, entry in entries(mapping)
        for words, texts in hints(kind, entry)
    }
    return tuple(sorted(found))


def contracts(parameters: Mapping[str, Any], part: str) -> Iterator[tuple[str, Any]]:
    """The contracts in one part of a pack: the name of each, and the mapping that describes it."""
    data = parameters.get(part)
    if part in (BEACON, CREDENTIALS):
        yield part, data
        return
    if part == SCANNERS:
        data = data.get("known") if isinstance(data, dict) else None
    for name, entry in data.items() if isinstance(data, dict) else ():
        if isinstance(entry, dict):
            yield str(name), entry


def entries(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The forms that a contract's mapping lists, each with its kind: ACTION, COMMAND or WORKFLOW.

    A form is a name (with ``*``), or a mapping that has it under ``uses`` or ``run``; anything else is left out.
    """
    for key, kind, word in _KINDS:
        listed = data.get(key) if isinstance(data, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, str):
                yield kind, {word: entry}
            elif isinstance(entry, dict) and isinstance(entry.get(word), str):
                yield kind, entry


def hints(kind: str, entry: Mapping[str, Any]) -> Iterator[Hint]:
    """The ways in which a form can be mentioned."""
    if kind != COMMAND:
        yield _literal(entry["uses"])
        return
    ways = [[whole(word) for word in words.split("|")] for words in entry["run"].split()]
    touched = [_literal(text) for text in texts_of(entry.get("argument")) or texts_of(entry.get("writes"))]
    found: list[tuple[Hint, ...]] = [()] if ways else []
    for alternatives in (*ways, touched) if touched else ways:
        found = [(*before, hint) for before in found for hint in alternatives]
    yield from (together(*parts) for parts in found)


def _literal(pattern: str) -> Hint:
    """The longest part of a glob without a wildcard, as a hint."""
    parts = pattern.replace("?", "*").split("*")
    longest = max(range(len(parts)), key=lambda number: len(parts[number]))
    return whole(parts[longest], cut_before=longest > 0, cut_after=longest < len(parts) - 1)


def texts_of(value: Any) -> tuple[str, ...]:
    """The texts of a list of a pack, or a single one; what is no text is left out."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
