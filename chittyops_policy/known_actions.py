"""What is publicly known of actions: advisories, archived repositories, well-known names.

The data lies in ``policies/data/`` with its sources and dates, and is read when a file first needs it.
"""

from __future__ import annotations

from .action_versions import parse, spans
from .model import Value
from .resources import read_resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .action_versions import Numbers
    from .rule import Context
    from .workflow import Action, Uses, Workflow

_DATA: dict[str, Any] = {}


class Advisory(Value):
    """What an advisory says of one action.

    ranges     (introduced, end, whether the end itself is affected) of the affected releases; the end is None where
               no release is free of it
    fixed      the first release without it behind the last range, '' where there is none
    tags_only  whether only tags are affected: commits that were pinned before are not
    """

    __slots__ = ("fixed", "id", "ranges", "severity", "summary", "tags_only", "url")

    def __init__(
        self,
        id: str,
        summary: str,
        severity: str,
        url: str,
        ranges: tuple[tuple[Numbers, Numbers | None, bool], ...],
        fixed: str,
        tags_only: bool,
    ) -> None:
        self.id = id
        self.summary = summary
        self.severity = severity
        self.url = url
        self.ranges = ranges
        self.fixed = fixed
        self.tags_only = tags_only

    def covers(self, version: Numbers) -> bool:
        """Whether every release that a version can mean is affected."""
        low, high = spans(version)
        for first, end, inclusive in self.ranges:
            if first <= low and (end is None or high < end or (inclusive and high == end)):
                return True
        return False


def foreign_uses(view: Workflow | Action, context: Context) -> tuple[tuple[str, Uses], ...]:
    """Each reference to another repository as it is written in a file, with its slug; an aliased one once."""
    found: dict[Any, tuple[tuple[str, Uses], ...]] = context.memo.setdefault(foreign_uses, {})
    if view not in found:
        by_node = {id(uses.node): (uses.slug, uses) for uses, _, _ in view.uses() if uses.owner}
        found[view] = tuple(by_node.values())
    return found[view]


def advisories() -> dict[str, tuple[Advisory, ...]]:
    """``owner/repo`` in lower case → what is known of it, from ``policies/data/advisories.json``."""
    if "advisories" not in _DATA:
        found: dict[str, list[Advisory]] = {}
        for entry in _read("advisories")["vulns"]:
            for affected in entry["affected"]:
                name = affected["package"]["name"].lower()
                found.setdefault(name, []).append(_advisory(entry, affected))
        _DATA["advisories"] = {name: tuple(entries) for name, entries in found.items()}
    result: dict[str, tuple[Advisory, ...]] = _DATA["advisories"]
    return result


def archived() -> dict[str, str]:
    """``owner/repo`` in lower case → what does its work today ('' where nothing is known), from ``archived.json``."""
    if "archived" not in _DATA:
        _DATA["archived"] = {name.lower(): instead for name, instead in _read("archived")["repositories"].items()}
    result: dict[str, str] = _DATA["archived"]
    return result


def well_known() -> frozenset[str]:
    """``owner/repo`` in lower case of actions that many use, from ``well-known-actions.json``."""
    if "well-known" not in _DATA:
        _DATA["well-known"] = frozenset(_read("well-known-actions")["repositories"])
    result: frozenset[str] = _DATA["well-known"]
    return result


def _advisory(entry: dict[str, Any], affected: dict[str, Any]) -> Advisory:
    """One ``affected`` entry of an OSV record; its events come in the order of the versions, as the format asks."""
    ranges: list[tuple[Numbers, Numbers | None, bool]] = []
    fixed = ""
    for events in (each["events"] for each in affected["ranges"]):
        first: Numbers | None = None
        for event in events:
            if "introduced" in event:
                first = _three(event["introduced"])
            elif first is not None:
                fixed = event.get("fixed", "")
                ranges.append((first, _three(event.get("fixed") or event["last_affected"]), "fixed" not in event))
                first = None
        if first is not None:
            fixed = ""
            ranges.append((first, None, False))
    own = entry["database_specific"]
    url = entry["references"][0]["url"]
    tags_only = bool(own.get("tags_only"))
    return Advisory(entry["id"], entry["summary"], own["severity"], url, tuple(ranges), fixed, tags_only)


def _three(text: str) -> Numbers:
    version = parse(text)
    assert version is not None, text
    return spans(version)[0]


def _read(name: str) -> Any:
    import json  # a check loads it together with the schemas

    return json.loads(read_resource("policies", "data", f"{name}.json"))
