"""What the contracts of a pack can be told by, from the pack's data alone: a quick look that needs no parser.

A file in which nothing of it occurs holds no step of the contract, and its path leads to none, so that whoever looks
for such steps need not even be loaded; see `may_hold`.
"""

from __future__ import annotations

from .mentions import spelled_out, together, whole, words_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from .mentions import Hint

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


def may_hold(lowered: bytes, part: str, parameters: Mapping[str, Any], slugs: Iterable[str] = ()) -> bool:
    """Whether a workflow or an action may hold a step of a contract in one `part` of a pack, or lead to one.

    `lowered` is the file in lower case, `parameters` are the pack's. `slugs` are the repositories, as ``owner/repo`` in
    lower case, that can be looked into: this one and those that the same run has.
    """
    text = spelled_out(lowered)
    if text is None:  # any word can be spelled with escapes
        return True
    lowered = text
    if any(call in lowered for call in _CALLS) or any(slug.encode() in lowered for slug in slugs):
        return True
    words = frozenset(words_in(lowered))
    if not _RUNNERS.isdisjoint(words):
        return True
    for _, mapping in contracts(parameters, part):
        for kind, entry in entries(mapping):
            # Most programs and owners do not occur at all, and then nothing need be prepared for them.
            if any(name.lower().encode() in lowered for name in _beginnings(kind, entry)):
                for needed, texts in hints(kind, entry):
                    if needed <= words and all(text in lowered for text in texts):
                        return True
    return False


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


def _beginnings(kind: str, entry: Mapping[str, Any]) -> list[str]:
    """The alternatives for the first word of a command, or what stands before the first slash of a name."""
    text: str = entry["run" if kind == COMMAND else "uses"]
    if kind == COMMAND:
        return (text.split(None, 1) or [""])[0].split("|")
    return [text.replace("?", "*").partition("*")[0].partition("/")[0]]


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
