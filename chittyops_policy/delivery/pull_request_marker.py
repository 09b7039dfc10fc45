"""The marker by which a pull request of ours is known again, and the part of its text that is ours.

The body holds one block of ours between two comments, which GitHub does not show; what people write before or behind it
stays theirs. A marker counts only as a whole line: no text from a repository can begin one.
"""

from __future__ import annotations

import json
import re

from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BEGIN = re.compile(r"^<!-- chittyops-policy (\{.*\}) -->[ \t]*$", re.MULTILINE)
_END = re.compile(r"^<!-- /chittyops-policy -->[ \t]*$", re.MULTILINE)


class Marker(Value):
    """What a pull request says of itself.

    set      the rule set
    base     the commit that its branch was made from, or brought up to last
    head     the last commit that was made here; another one is a person's
    content  digest of the files as they are to be
    change   digest of what it does, see `audit.plan.Entry.change`
    rules, paths  which rules it mends, in which files
    closed   why it was closed here: ``superseded`` or ``settled``; '' while it is open, or where a person closed it
    by       the number of the pull request that superseded it, or 0
    """

    __slots__ = ("base", "by", "change", "closed", "content", "head", "paths", "rules", "set")

    def __init__(
        self,
        set: str,
        base: str,
        head: str,
        content: str,
        change: str,
        rules: tuple[str, ...] = (),
        paths: tuple[str, ...] = (),
        closed: str = "",
        by: int = 0,
    ) -> None:
        self.set = set
        self.base = base
        self.head = head
        self.content = content
        self.change = change
        self.rules = rules
        self.paths = paths
        self.closed = closed
        self.by = by

    def covers(self, rules: tuple[str, ...], paths: tuple[str, ...]) -> bool:
        """Whether a change of these rules in these files is part of what it does."""
        return bool(rules) and set(rules) <= {*self.rules} and set(paths) <= {*self.paths}

    def closing(self, closed: str, by: int = 0) -> Marker:
        """The same, closed here."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return Marker(**{**values, "closed": closed, "by": by})


def read(body: str) -> Marker | None:
    """The marker in a body, or None where there is none that can be understood."""
    found = _BEGIN.search(body.replace("\r\n", "\n"))
    if found is None:
        return None
    try:
        data: dict[str, Any] = json.loads(found[1])
        texts = {name: data[name] for name in ("set", "base", "head", "content", "change")}
        if not all(isinstance(value, str) for value in texts.values()):
            return None
        rules, paths = (tuple(map(str, data.get(name, ()))) for name in ("rules", "paths"))
        return Marker(**texts, rules=rules, paths=paths, closed=str(data.get("closed", "")), by=int(data.get("by", 0)))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def compose(marker: Marker, text: str, around: str = "") -> str:
    """A body with our block; `around` is the body that it had, whose other parts stay."""
    block = f"{_line(marker)}\n{text.strip()}\n<!-- /chittyops-policy -->"
    around = around.replace("\r\n", "\n")
    begin = _BEGIN.search(around)
    if begin is None:
        return f"{block}\n"
    end = _END.search(around, begin.end())
    behind = around[end.end() :] if end is not None else ""
    return (around[: begin.start()] + block + behind).rstrip("\n") + "\n"


def text_in(body: str) -> str:
    """The text of our block, without the marker; '' where there is none."""
    body = body.replace("\r\n", "\n")
    begin = _BEGIN.search(body)
    if begin is None:
        return ""
    end = _END.search(body, begin.end())
    return body[begin.end() : end.start() if end is not None else len(body)].strip()


def _line(marker: Marker) -> str:
    values = {name: getattr(marker, name) for name in ("set", "base", "head", "content", "change", "rules", "paths")}
    if marker.closed:
        values |= {"closed": marker.closed, "by": marker.by}
    # These would end the comment, and a path may have them.
    said = json.dumps(values).replace(">", "\\u003e")
    return f"<!-- chittyops-policy {said} -->"
