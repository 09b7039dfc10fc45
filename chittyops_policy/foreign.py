"""Findings of other tools as findings of rules: the same policy, exceptions, fingerprints and reports hold for them.

A rule of another tool has an id with a slash, ``zizmor/artipacked``, and exists in a run in which that tool found
something. Its check only hands out what was found, so that the engine needs to know nothing of tools.
"""

from __future__ import annotations

from .document import Mapping, Sequence
from .model import Finding, Span, Value
from .rule import REPOSITORY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .document import Document, Node
    from .model import Problem
    from .rule import Context
    from .snapshot import Snapshot

THEME = "companions"


class ForeignFinding(Value):
    """What another tool says of one place.

    tool, rule    the tool, and the id that the tool gives the rule
    title         what the rule is about, as a phrase
    severity      one of model.SEVERITIES
    url           the page about the rule, or ''
    counterparts  ids of our rules that would say the same of the same place; the tool's own id is always one
    """

    __slots__ = ("counterparts", "message", "path", "rule", "severity", "span", "title", "tool", "url")

    def __init__(
        self,
        tool: str,
        rule: str,
        message: str,
        path: str,
        span: Span | None,
        severity: str,
        title: str = "",
        url: str = "",
        counterparts: tuple[str, ...] = (),
    ) -> None:
        self.tool = tool
        self.rule = rule
        self.message = message
        self.path = path
        self.span = span
        self.severity = severity
        self.title = title or rule
        self.url = url
        self.counterparts = (rule, *counterparts)

    @property
    def id(self) -> str:
        """The id of the rule here: the tool's name, a slash, and the tool's id without what a list would split at."""
        return f"{self.tool}/{''.join('-' if char in ',[]' or char.isspace() else char for char in self.rule)}"


class ForeignRule(Rule):
    """A rule of another tool, with what that tool found in this repository."""

    __slots__ = ("found",)

    def __init__(self, found: list[tuple[ForeignFinding, Finding]]) -> None:
        first = found[0][0]
        super().__init__(
            id=first.id,
            title=first.title,
            theme=THEME,
            severity="medium",
            visits=(REPOSITORY,),
            why=f"{first.tool} reports it as {first.rule}; the reasons are that tool's.",
            how=f"See {first.url}" if first.url else f"See the documentation of {first.tool}.",
            examples=tuple,
            check=self._hand_out,
            unfixable=f"from {first.tool}; only what this tool's own rules find can be fixed here",
            tags=("companion",),
        )
        self.found = found

    def _hand_out(self, snapshot: Snapshot, context: Context) -> Iterator[Finding]:
        return (finding for _, finding in self.found)


class Foreign(Value):
    """What other tools had to say.

    tools     the names of those that ran to their end
    rules     by id
    problems  what kept one from running, or a file from being looked at
    """

    __slots__ = ("problems", "rules", "tools")

    def __init__(
        self, tools: tuple[str, ...] = (), rules: dict[str, Rule] | None = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        self.tools = tools
        self.rules = rules or {}
        self.problems = problems


NOTHING = Foreign()


def gathered(
    tools: Iterable[str],
    found: Iterable[ForeignFinding],
    problems: Iterable[Problem],
    document_of: Callable[[str], Document | None],
) -> Foreign:
    """The findings as rules; `document_of` gives the document of a path, None where there is no such file."""
    by_rule: dict[str, list[tuple[ForeignFinding, Finding]]] = {}
    for each in found:
        document = document_of(each.path)
        span = each.span if document is not None else None
        route, anchor = "", each.message
        if document is not None and span is not None:
            route = document.route(_node_at(document, span.start))
            covered = document.text[span.start : span.end]
            # A tool may point at a whole job: its first line says which one, and the rest may change.
            anchor = covered.partition("\n")[0] or each.message
        finding = Finding(each.id, each.message, each.path, span, route, severity=each.severity, anchor=anchor)
        by_rule.setdefault(each.id, []).append((each, finding))
    rules: dict[str, Rule] = {id: ForeignRule(entries) for id, entries in sorted(by_rule.items())}
    return Foreign(tuple(tools), rules, tuple(problems))


def merged(
    findings: Iterable[Finding], rules: Iterable[ForeignRule], document_of: Callable[[str], Document | None]
) -> list[Finding]:
    """The findings without those of other tools that a rule of ours has too; ours then says who agrees.

    Theirs is the same as ours when ours comes from one of its counterparts and stands on one of its lines: tools point
    at different parts of the same thing.
    """
    result = list(findings)
    native: dict[tuple[str, str], list[int]] = {}
    for number, finding in enumerate(result):
        native.setdefault((finding.rule, finding.path), []).append(number)
    doubled: set[int] = set()
    for rule in rules:
        for each, finding in rule.found:
            document = document_of(each.path)
            lines = _lines(document, finding.span)
            for counterpart in each.counterparts:
                for number in native.get((counterpart, each.path), ()):
                    own = result[number]
                    first, last = _lines(document, own.span)
                    if first <= lines[1] and lines[0] <= last:
                        result[number] = _agreed(own, f"{rule.id} says so too")
                        doubled.add(id(finding))
    return [finding for finding in result if id(finding) not in doubled]


def _agreed(finding: Finding, note: str) -> Finding:
    if note in finding.notes:
        return finding
    values = {name: getattr(finding, name) for name in Finding.__slots__}
    values["notes"] = (*finding.notes, note)
    return Finding(**values)


def _lines(document: Document | None, span: Span | None) -> tuple[int, int]:
    """The first and the last line of a span; that of a whole file is line 0."""
    if document is None or span is None:
        return 0, 0
    return document.line_column(span.start)[0], document.line_column(max(span.start, span.end - 1))[0]


def _node_at(document: Document, offset: int) -> Node | None:
    """The innermost value that an offset lies in, or whose key it lies in."""
    node = document.root
    while node is not None:
        below: Node | None = None
        if isinstance(node, Mapping):
            below = next((value for key, value in node.items if key.start <= offset < max(key.end, value.end)), None)
            key_of = next((key for key, value in node.items if value is below), None)
            if below is not None and key_of is not None and offset < key_of.end:
                return below
        elif isinstance(node, Sequence):
            below = next((item for item in node.items if item.start <= offset < item.end), None)
        if below is None:
            return node
        node = below
    return None
