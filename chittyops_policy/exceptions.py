"""Decides which findings somebody has excepted, and finds exceptions that are unused, unexplained, expired or unknown.

Inline: ``# chittyops-policy: allow[rule-id, other-id] reason`` counts for a finding when it stands

* on any line that the finding's span touches, also inside the script that the span lies in,
* on a comment line directly above the first of these lines, other comment lines in between allowed,
* on the line where the scalar that holds the span begins (``run: | # ...``), or on a comment line directly above it,
* for a finding about a whole file, among the comment lines at the top of that file.

``until 2027-01-31`` anywhere in the reason makes it expire after that day. A pack may let ``# zizmor: ignore[id]``
count where both tools have a rule of that name. Central exceptions come with the policy, see `policy_file.Exemption`.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from .document import Scalar
from .model import EXCEPTED, OPEN, Finding, Span, Waiver, tool_of
from .patterns import matches
from .policy import UNEXCEPTABLE_THEMES
from .policy_file import POLICY_FILE, did_you_mean, is_date
from .rule import DOCUMENT, REPOSITORY
from .snapshot import CODEOWNERS, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .document import Document
    from .policy import Policy
    from .policy_file import Exemption

    Judged = tuple[Finding, str, str, Waiver | None]
    """A finding, its state (OPEN or EXCEPTED), the reason in words, and what excepts it."""

UNUSED = "unused-exception"
UNEXPLAINED = "unexplained-exception"
EXPIRED = "expired-exception"
UNKNOWN = "unknown-exception"

SOON = 14
"""An exception that ends within so many days says so."""

_MARK = "chittyops-policy:"
_ZIZMOR_MARK = "zizmor:"
_EXAMPLE = "write '# chittyops-policy: allow[rule-id] reason'"


class _Marker:
    """One inline exception: `ids` are (text, offset) pairs, `head` the span from the comment sign to the bracket."""

    __slots__ = ("expires", "foreign", "head", "ids", "line", "reason", "used")

    def __init__(
        self,
        *,
        line: int,
        head: Span,
        ids: tuple[tuple[str, int], ...],
        reason: str = "",
        expires: tuple[str, int] = ("", 0),
        foreign: bool = False,
    ) -> None:
        self.line = line
        self.head = head
        self.ids = ids
        self.reason = reason
        self.expires = expires
        self.foreign = foreign
        self.used: set[str] = set()


def judge(
    findings: Sequence[Finding],
    document_of: Callable[[str], Document | None],
    files: Iterable[str],
    policy: Policy,
    *,
    slug: str,
    today: str,
    ran: frozenset[str],
    whole: bool,
) -> list[Judged]:
    """Each finding as it is judged, and then what is wrong with the exceptions.

    document_of  gives the document of a path, without a tree where the file is not YAML, None where there is none
    files        the paths that were checked, whose inline exceptions are looked at
    slug         ``owner/repo``; the policy's exceptions are already those of this repository
    today        an ISO date
    ran          ids of the rules that ran, and ``tool/*`` for each other tool that did; an exception for another
                 rule is never called unused
    whole        whether the whole repository was checked; else nothing is said of unused central exceptions

    An OPEN finding has a reason where an exception was meant for it but does not count (expired, locked rule).
    """
    pages: dict[str, _Page] = {}
    zizmor = "zizmor" in policy.honour.value
    for path in files:
        document = document_of(path)
        if document is not None:
            text = document.text
            if _MARK in text or (zizmor and _ZIZMOR_MARK in text):
                pages[path] = _Page(document, _markers(document, zizmor))
    used: set[int] = set()
    judged: list[Judged] = []
    if not pages and not policy.exemptions:
        judged = [(finding, OPEN, "", None) for finding in findings]
    else:
        for finding in findings:
            judged.append((finding, *_state(finding, document_of, pages.get(finding.path), policy, today, used)))
    further = list(policy.findings)
    for path, page in pages.items():
        ran_here = _ran_on(path, page.document, policy, ran)
        for marker in page.markers:
            if not marker.foreign:
                further += _remarks(page.document, marker, policy, today, ran_here)
    further += _central_remarks(policy, today, ran, whole, used)
    judged += [
        (finding, OPEN, "", None)
        for finding in further
        if finding.rule in policy.rules and policy.rules[finding.rule].on
    ]
    return judged


# ----------------------------------------------------------------------------------------------------- findings


def _state(
    finding: Finding,
    document_of: Callable[[str], Document | None],
    page: _Page | None,
    policy: Policy,
    today: str,
    used: set[int],
) -> tuple[str, str, Waiver | None]:
    rule = policy.rules[finding.rule]
    if rule.theme in UNEXCEPTABLE_THEMES:
        return OPEN, "", None
    granted: Waiver | None = None
    refused = ""
    if page is not None:
        for marker in page.reaching(finding.rule, finding.span):
            marker.used.add(finding.rule)
            expires = marker.expires[0]
            if not rule.local_exceptions.value:
                refused = (
                    f"the exception on line {marker.line} does not count: only the organisation's pack can except "
                    f"'{finding.rule}' ({rule.local_exceptions.origin})"
                )
            elif expires and not is_date(expires):
                refused = refused or f"the exception on line {marker.line} ends on no day of the calendar"
            elif expires and expires < today:
                refused = refused or f"the exception on line {marker.line} expired on {expires}"
            elif granted is None:
                place = f"zizmor's ignore on line {marker.line}" if marker.foreign else f"line {marker.line}"
                granted = Waiver(marker.reason, place, expires=expires)
    for index, exemption in enumerate(policy.exemptions):
        if exemption.rule == finding.rule and _covers(exemption, finding, document_of):
            used.add(index)
            expires = exemption.expires
            if expires and expires < today:
                refused = refused or f"the exception in {exemption.origin} expired on {expires}"
            elif granted is None:
                granted = Waiver(exemption.reason, exemption.origin, exemption.owner, exemption.ticket, expires)
    return (OPEN, refused, None) if granted is None else (EXCEPTED, _words(granted, today), granted)


def _words(waiver: Waiver, today: str) -> str:
    place = ", ".join(word for word in (waiver.place, waiver.owner, waiver.ticket) if word)
    text = f"{waiver.reason or 'no reason given'} ({place}"
    if waiver.expires:
        left = _days_between(today, waiver.expires)
        text += f", until {waiver.expires}" + (
            f": expires in {left} day{'' if left == 1 else 's'}" if left <= SOON else ""
        )
    return text + ")"


def _days_between(first: str, second: str) -> int:
    # Loaded only where an exception with an end covers a finding.
    from datetime import date

    return (date.fromisoformat(second) - date.fromisoformat(first)).days


def _covers(exemption: Exemption, finding: Finding, document_of: Callable[[str], Document | None]) -> bool:
    if exemption.paths and not any(matches(glob, finding.path) for glob in exemption.paths):
        return False
    if exemption.route and not matches(exemption.route, finding.route):
        return False
    if not exemption.subject:
        return True
    if finding.anchor is not None and matches(exemption.subject, finding.anchor):
        return True
    if finding.span is None or finding.sensitive:
        return False
    document = document_of(finding.path)
    if document is None:
        return False
    return matches(exemption.subject, document.text[finding.span.start : finding.span.end])


class _Page:
    """The inline exceptions of one file, and how far each of them reaches."""

    __slots__ = ("_long", "_starts", "by_rule", "document", "markers")

    def __init__(self, document: Document, markers: list[_Marker]) -> None:
        self.document = document
        self.markers = markers
        self.by_rule: dict[str, list[_Marker]] = {}
        for marker in markers:
            for id in dict.fromkeys(id for id, _ in marker.ids):
                self.by_rule.setdefault(id, []).append(marker)
        self._long: list[Scalar] | None = None
        self._starts: list[int] = []

    def reaching(self, rule: str, span: Span | None) -> list[_Marker]:
        """The markers for a rule that count for a finding at a span."""
        candidates = self.by_rule.get(rule)
        if not candidates:
            return []
        document = self.document
        if span is None:
            top = 1
            count = len(document.line_starts())
            while top <= count and _is_comment_or_blank(document.line_text(top)):
                top += 1
            return [marker for marker in candidates if marker.line < top]
        first = document.line_column(span.start)[0]
        last = document.line_column(max(span.start, span.end - 1))[0]
        ranges = [(self._stack(first), last)]
        header = self._header(span)
        if header is not None and header != first:
            ranges.append((self._stack(header), header))
        return [marker for marker in candidates if any(top <= marker.line <= bottom for top, bottom in ranges)]

    def _stack(self, line: int) -> int:
        """The first of the comment lines directly above a line, or the line itself."""
        while line > 1 and _is_comment(self.document.line_text(line - 1)):
            line -= 1
        return line

    def _header(self, span: Span) -> int | None:
        """The line on which the scalar begins that a span lies in, where that scalar is longer than a line."""
        document = self.document
        if document.error is not None:
            return None
        if self._long is None:
            text = document.text
            long = [scalar for scalar in document.scalars() if "\n" in text[scalar.start : scalar.end]]
            self._long = sorted(long, key=lambda scalar: scalar.start)
            self._starts = [scalar.start for scalar in self._long]
        index = bisect_right(self._starts, span.start) - 1
        if index < 0 or span.end > self._long[index].end:
            return None
        return document.line_column(self._long[index].start)[0]


def _is_comment_or_blank(line: str) -> bool:
    return not line.strip() or _is_comment(line)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", "//"))


# ------------------------------------------------------------------------------------------------------ markers

# As texts: `re` compiles each when it is first used, which is only in a file with an exception.
_PATTERN = (
    r"(?:#|//)[ \t]*chittyops-policy:[ \t]*(?P<verb>allow|ignore|except|disable|skip|noqa)\b[ \t]*"
    r"(?:\[(?P<ids>[^\]\r\n]*)\])?(?P<reason>[^\r\n]*)"
)
_FOREIGN_PATTERN = r"#[ \t]*zizmor:[ \t]*ignore\[([^\]\r\n]*)\]([^\r\n]*)"
_UNTIL = r"\(?\buntil[ \t]+([0-9]{4}-[0-9]{2}-[0-9]{2})\b\)?"
_ID = r"[^,\s]+"


def _markers(document: Document, zizmor: bool) -> list[_Marker]:
    text = document.text
    found: list[_Marker] = []
    if _MARK in text:
        for match in re.finditer(_PATTERN, text):
            if match.start() > 0 and text[match.start() - 1] not in " \t\r\n\ufeff":
                continue
            found.append(_marker(document, match))
    if zizmor and _ZIZMOR_MARK in text:
        for match in re.finditer(_FOREIGN_PATTERN, text):
            line = document.line_column(match.start())[0]
            found.append(
                _Marker(
                    line=line,
                    head=Span(*match.span()),
                    ids=tuple(
                        (name, 0)
                        for id in re.finditer(_ID, match.group(1))
                        for name in (id.group(), f"zizmor/{id.group()}")
                    ),
                    reason=match.group(2).strip(),
                    foreign=True,
                )
            )
    return found


def _marker(document: Document, match: re.Match[str]) -> _Marker:
    line = document.line_column(match.start())[0]
    usable = match["verb"] == "allow" and match["ids"] is not None
    ids = (
        tuple((id.group(), match.start("ids") + id.start()) for id in re.finditer(_ID, match["ids"])) if usable else ()
    )
    reason = match["reason"]
    expires = ("", 0)
    until = re.search(_UNTIL, reason)
    if until is not None:
        expires = (until[1], match.start("reason") + until.start(1))
        reason = reason[: until.start()] + reason[until.end() :]
    end = match.end("ids") + 1 if match["ids"] is not None else match.end("verb")
    return _Marker(
        line=line,
        head=Span(match.start(), end),
        ids=ids,
        reason=" ".join(reason.strip(" \t:-–—,;").split()),
        expires=expires,
    )


def _ran_on(path: str, document: Document, policy: Policy, ran: frozenset[str]) -> frozenset[str]:
    """The rules that had a chance to find something in a file."""
    kind = kind_of(path)
    kinds = {REPOSITORY} if kind is None or kind == CODEOWNERS else {REPOSITORY, DOCUMENT}
    if kind is not None and document.error is None:
        kinds.add(kind)
    return frozenset(id for id in ran if id.endswith("/*") or not kinds.isdisjoint(policy.rules[id].visits))


# ------------------------------------------------------------------------------- what is wrong with exceptions


def _remarks(document: Document, marker: _Marker, policy: Policy, today: str, ran: frozenset[str]) -> Iterable[Finding]:
    path = document.path
    if not marker.ids:
        yield Finding(UNKNOWN, "this exception names no rule and covers nothing", path, marker.head, notes=(_EXAMPLE,))
        return
    for id, start in marker.ids:
        span = Span(start, start + len(id))
        if id not in policy.known and (not tool_of(id) or id.endswith("/*")):
            hint = did_you_mean(id, policy.known)
            notes = (hint,) if hint else ()
            yield Finding(UNKNOWN, f"there is no rule '{id}' to except", path, span, notes=notes)
        elif id in policy.rules and policy.rules[id].theme in UNEXCEPTABLE_THEMES:
            yield Finding(UNKNOWN, f"findings of '{id}' cannot be excepted", path, span)
        elif _had_a_chance(id, ran) and id not in marker.used:
            yield Finding(UNUSED, f"this exception covers no finding of '{id}'", path, span)
    expires, at = marker.expires
    if expires:
        span = Span(at, at + len(expires))
        if not is_date(expires):
            yield Finding(UNKNOWN, f"{expires} is no day of the calendar", path, span)
        elif expires < today:
            yield Finding(EXPIRED, f"this exception ended on {expires}", path, span)
    if not any(char.isalnum() for char in marker.reason):
        yield Finding(UNEXPLAINED, "this exception gives no reason", path, marker.head)


def _had_a_chance(id: str, ran: frozenset[str]) -> bool:
    tool = tool_of(id)
    return id in ran or (bool(tool) and f"{tool}/*" in ran)


def _central_remarks(policy: Policy, today: str, ran: frozenset[str], whole: bool, used: set[int]) -> Iterable[Finding]:
    """Only of the repository's own file: what a pack grants is for other repositories too."""
    for index, exemption in enumerate(policy.exemptions):
        if not exemption.local:
            continue
        anchor = " ".join((exemption.rule, *exemption.paths, exemption.route, exemption.subject)).strip()
        if exemption.expires and exemption.expires < today:
            message = f"the exception for '{exemption.rule}' ended on {exemption.expires}"
            yield Finding(EXPIRED, message, POLICY_FILE, exemption.span, "exceptions", anchor=anchor)
        elif whole and index not in used and _had_a_chance(exemption.rule, ran):
            message = f"the exception covers no finding of '{exemption.rule}'"
            yield Finding(UNUSED, message, POLICY_FILE, exemption.span, "exceptions", anchor=anchor)
