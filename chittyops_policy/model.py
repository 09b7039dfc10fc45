"""The values that travel between the layers; this module imports nothing of ours.

Plain classes with ``__slots__`` instead of dataclasses: importing ``dataclasses`` alone costs more than a
whole check of one small file may.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

SEVERITIES = ("info", "low", "medium", "high", "critical")
"""Severity names from mild to grave; `severity_rank` orders them."""

STAGES = ("off", "observe", "warn", "block")
"""Rollout stages: not run, only counted, shown without failing, shown and failing."""

PROFILES = ("charter", "strict", "everything")
"""Rule profiles, each a superset of the one before."""

OPEN = "open"
EXCEPTED = "excepted"
STAGED = "staged"
BELOW_LEVEL = "below-level"
STATES = (OPEN, EXCEPTED, STAGED, BELOW_LEVEL)
"""What became of a finding: it counts, somebody excepted it, its rule is not blocking yet, it is too mild."""

PASS = "pass"
FAIL = "fail"
UNKNOWN = "unknown"
NOT_APPLICABLE = "not-applicable"
OUTCOMES = (PASS, FAIL, UNKNOWN, NOT_APPLICABLE)
"""The outcomes of a control; UNKNOWN and NOT_APPLICABLE always carry a reason."""

SAFE = "safe"
REVIEW = "review"

_RANK = {name: rank for rank, name in enumerate(SEVERITIES)}


def severity_rank(severity: str) -> int:
    """The place of a severity in `SEVERITIES`, 0 for the mildest. Raises KeyError for another word."""
    return _RANK[severity]


def tool_of(rule: str) -> str:
    """The tool that a rule id belongs to, such as ``zizmor`` for ``zizmor/artipacked``; '' for a rule of our own."""
    tool, slash, name = rule.partition("/")
    return tool if slash and name else ""


class Value:
    """A small value: equal and printable by its slots, changed by nobody after construction."""

    __slots__: tuple[str, ...] = ()

    fields: Callable[[Any], Any]
    """What is in the slots, for comparing."""

    def __init_subclass__(cls) -> None:
        cls.fields = attrgetter(*[name for name in cls.__slots__ if name[0] != "_"] or ("__class__",))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.fields(self) == self.fields(other)

    def __hash__(self) -> int:
        return hash(self.fields(self))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__ if name[0] != "_")
        return f"{type(self).__name__}({fields})"


class Span(Value):
    """Half-open offsets ``[start, end)`` into the text of one document, counted in Unicode code points."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


class Edit(Value):
    """Replace the text under a span; a span of no width is an insertion."""

    __slots__ = ("span", "text")

    def __init__(self, span: Span, text: str) -> None:
        self.span = span
        self.text = text


SET = "set"
INSERT = "insert"
ADD = "add"
REMOVE = "remove"
EFFECTS = (SET, INSERT, ADD, REMOVE)
"""What a fix can do to a parsed file: give a node another value, put an item into a sequence before the one that has
its index (or at the end), give a mapping a new key, take a key or an item away."""


class Effect(Value):
    """One declared change of a parsed file; `proof` holds the edits of a fix to exactly its effects.

    kind   one of EFFECTS
    path   keys and indices from the root, as they are *before* the fix, such as ``("jobs", "build", "steps", 2)``
    value  the new plain value (None for REMOVE), in the form that `document.to_value` gives
    """

    __slots__ = ("kind", "path", "value")

    def __init__(self, kind: str, path: tuple[str | int, ...], value: Any = None) -> None:
        self.kind = kind
        self.path = path
        self.value = value

    def __hash__(self) -> int:
        return hash((self.kind, self.path))


class Creation(Value):
    """A file that a fix creates, not yet rendered: that is left to whoever writes it.

    path      where, relative to the repository; nothing may be there
    template  a path under ``templates/``
    values    what the template is filled with, by name
    """

    __slots__ = ("path", "template", "values")

    def __init__(self, path: str, template: str, values: dict[str, Any]) -> None:
        self.path = path
        self.template = template
        self.values = values

    def __hash__(self) -> int:
        return hash((self.path, self.template))


class Fix(Value):
    """A repair for one finding, applied as a whole or not at all.

    title    what it does, as an order: ``pin actions/checkout to v4.2.2``
    safety   SAFE when a careful owner would merge it unread, else REVIEW
    edits    changes of the text of the finding's file
    effects  what these edits do to the parsed file, all of it; empty where the file is not YAML
    creates  files that do not exist yet
    notes    what a person should know before merging it, each a sentence

    Most checks only say that there is a fix: `made` is for one whose edits, effects and notes are sure to be there but
    need not be worked out before somebody asks for them. It gives the same fix with all of it.
    """

    __slots__ = ("_made", "creates", "edits", "effects", "notes", "safety", "title")

    def __init__(
        self,
        title: str,
        safety: str,
        edits: tuple[Edit, ...] = (),
        effects: tuple[Effect, ...] = (),
        creates: tuple[Creation, ...] = (),
        notes: tuple[str, ...] = (),
        made: Callable[[], Fix] | None = None,
    ) -> None:
        self.title = title
        self.safety = safety
        self.creates = creates
        if made is not None:
            self._made = made
        else:
            self.edits = edits
            self.effects = effects
            self.notes = notes

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that has no value yet.
        if name not in ("edits", "effects", "notes"):
            raise AttributeError(name)
        made = self._made()
        self.edits, self.effects, self.notes = made.edits, made.effects, made.notes
        return getattr(self, name)

    def __reduce__(self) -> Any:
        # On the way to another process everything is worked out.
        return Fix, (self.title, self.safety, self.edits, self.effects, self.creates, self.notes)


class NoFix(Value):
    """Why a finding of a rule that can fix has no fix here: a sentence fragment without a full stop."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Related(Value):
    """A second place that explains a finding, with a few words on what it has to do with it."""

    __slots__ = ("message", "path", "span")

    def __init__(self, path: str, span: Span | None, message: str) -> None:
        self.path = path
        self.span = span
        self.message = message


class Finding(Value):
    """One violation of one rule at one place.

    path       relative to the repository, with forward slashes; for a missing file, where it belongs
    span       None when the finding is about a whole or a missing file
    route      the YAML path, such as ``jobs.build.steps[2].uses``; empty when there is none
    notes      further lines for a person
    severity   overrides the severity of the rule when the place makes it graver or milder
    anchor     what identifies the finding beside rule, path and route when the text under the span must not
               (a secret) or cannot; None takes the text under the span
    sensitive  the text under the span is never shown
    aside      it does not count against a control: what the standard asks for is there all the same
    """

    __slots__ = (
        "anchor", "aside", "message", "notes", "path", "related", "route", "rule", "sensitive", "severity", "span",
    )  # fmt: skip

    def __init__(
        self,
        rule: str,
        message: str,
        path: str,
        span: Span | None = None,
        route: str = "",
        notes: tuple[str, ...] = (),
        related: tuple[Related, ...] = (),
        severity: str | None = None,
        anchor: str | None = None,
        sensitive: bool = False,
        aside: bool = False,
    ) -> None:
        self.rule = rule
        self.message = message
        self.path = path
        self.span = span
        self.route = route
        self.notes = notes
        self.related = related
        self.severity = severity
        self.anchor = anchor
        self.sensitive = sensitive
        self.aside = aside


class Region(Value):
    """Where a span lies for a person: 1-based lines and columns (code points), the end column exclusive.

    `source` is the text of the first line, without its line break; what is sensitive in it is masked.
    """

    __slots__ = ("column", "end_column", "end_line", "line", "source")

    def __init__(self, line: int, column: int, end_line: int, end_column: int, source: str) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.source = source


class RelatedPlace(Value):
    """A `Related` whose span has become a region."""

    __slots__ = ("message", "path", "region")

    def __init__(self, path: str, region: Region | None, message: str) -> None:
        self.path = path
        self.region = region
        self.message = message


class Waiver(Value):
    """What excepts a finding: why, who answers for it, until when, and where that is written.

    owner, ticket  '' where nobody or nothing is named, as for a comment in a workflow
    expires        the last ISO date on which it holds, '' for never
    place          ``line 12`` of the finding's file, or a policy file with its line
    """

    __slots__ = ("expires", "owner", "place", "reason", "ticket")

    def __init__(self, reason: str, place: str, owner: str = "", ticket: str = "", expires: str = "") -> None:
        self.reason = reason
        self.place = place
        self.owner = owner
        self.ticket = ticket
        self.expires = expires


class Decision(Value):
    """What the policy made of one finding; self-contained, so that a report outlives the files it speaks of.

    severity     one of SEVERITIES, after the policy
    state        one of STATES
    reason       why the state is not OPEN (the words of an exception, the stage); empty for OPEN
    fingerprint  32 hex digits that survive a move to another line
    region       None for a finding about a whole or a missing file
    fix_safety   SAFE, REVIEW or None; fix_title says what the fix does
    unfixable    why there is no fix, where there is none; empty where the finding needs none (it is excepted)
    waiver       what excepts it, for EXCEPTED; `reason` says the same in words
    """

    __slots__ = (
        "fingerprint", "fix_safety", "fix_title", "message", "notes", "path", "reason", "region", "related", "route",
        "rule", "sensitive", "severity", "state", "unfixable", "waiver",
    )  # fmt: skip

    def __init__(
        self,
        rule: str,
        severity: str,
        state: str,
        message: str,
        path: str,
        region: Region | None,
        route: str,
        fingerprint: str,
        reason: str = "",
        notes: tuple[str, ...] = (),
        related: tuple[RelatedPlace, ...] = (),
        sensitive: bool = False,
        fix_title: str | None = None,
        fix_safety: str | None = None,
        unfixable: str = "",
        waiver: Waiver | None = None,
    ) -> None:
        self.rule = rule
        self.severity = severity
        self.state = state
        self.message = message
        self.path = path
        self.region = region
        self.route = route
        self.fingerprint = fingerprint
        self.reason = reason
        self.notes = notes
        self.related = related
        self.sensitive = sensitive
        self.fix_title = fix_title
        self.fix_safety = fix_safety
        self.unfixable = unfixable
        self.waiver = waiver


class Verdict(Value):
    """The standing of one repository under one control of the standard.

    control     the id of the control in the pack, such as ``codeowners``
    outcome     one of OUTCOMES
    reason      why; required unless the outcome is PASS
    evidence    what was seen, such as paths or routes; sorted
    permission  for UNKNOWN, the permission or the input that would tell; else empty
    """

    __slots__ = ("control", "evidence", "outcome", "permission", "reason", "title")

    def __init__(
        self,
        control: str,
        title: str,
        outcome: str,
        reason: str = "",
        evidence: tuple[str, ...] = (),
        permission: str = "",
    ) -> None:
        self.control = control
        self.title = title
        self.outcome = outcome
        self.reason = reason
        self.evidence = evidence
        self.permission = permission


class Problem(Value):
    """Something that kept the check from being complete: an unreadable file, a failed look-up, a companion that gave no
    answer (``lookup``, too), a bug of ours.

    kind is ``unreadable``, ``skipped``, ``lookup`` or ``internal``; `path` may be empty.
    """

    __slots__ = ("kind", "message", "path")

    def __init__(self, kind: str, path: str, message: str) -> None:
        self.kind = kind
        self.path = path
        self.message = message


class RuleInfo(Value):
    """What a report says about a rule that ran: enough to render help without the rule itself.

    `tags` are SARIF tags (weakness class, ``external/cwe/cwe-123``), `stage` and `severity` are after policy.
    """

    __slots__ = ("how", "id", "severity", "stage", "tags", "title", "why")

    def __init__(
        self, id: str, title: str, why: str, how: str, severity: str, stage: str, tags: tuple[str, ...]
    ) -> None:
        self.id = id
        self.title = title
        self.why = why
        self.how = how
        self.severity = severity
        self.stage = stage
        self.tags = tags


class Report(Value):
    """The result of checking one repository at one revision.

    subject    what was checked: ``owner/repo`` where known, else the directory as the user gave it
    root       the directory, relative to where the user stands (``.`` or a path), to print clickable paths
    revision   the commit, or empty for a working tree
    scope      ``repository`` or ``files`` (only named files; controls are then UNKNOWN)
    fail_on    the mildest severity of an open finding that fails the check, after the policy
    files      the paths that were checked, sorted
    decisions  sorted by path, position, rule
    rules_run  RuleInfo of every rule that ran, sorted by id
    """

    __slots__ = (
        "decisions", "fail_on", "files", "policy", "problems", "profile", "revision", "root", "rules_run", "scope",
        "subject", "verdicts",
    )  # fmt: skip

    def __init__(
        self,
        subject: str,
        root: str,
        revision: str,
        scope: str,
        profile: str,
        policy: str,
        files: tuple[str, ...],
        decisions: tuple[Decision, ...],
        verdicts: tuple[Verdict, ...],
        problems: tuple[Problem, ...],
        rules_run: tuple[RuleInfo, ...],
        fail_on: str = "low",
    ) -> None:
        self.subject = subject
        self.root = root
        self.revision = revision
        self.scope = scope
        self.profile = profile
        self.policy = policy
        self.files = files
        self.decisions = decisions
        self.verdicts = verdicts
        self.problems = problems
        self.rules_run = rules_run
        self.fail_on = fail_on


def counts(reports: Sequence[Report]) -> Mapping[str, Any]:
    """Totals over reports: files, findings by state, open findings by severity, verdicts by outcome, problems."""
    states = dict.fromkeys(STATES, 0)
    severities = dict.fromkeys(SEVERITIES, 0)
    outcomes = dict.fromkeys(OUTCOMES, 0)
    files = problems = fixable = 0
    for report in reports:
        files += len(report.files)
        problems += len(report.problems)
        for decision in report.decisions:
            states[decision.state] += 1
            if decision.state == OPEN:
                severities[decision.severity] += 1
                fixable += decision.fix_safety is not None
        for verdict in report.verdicts:
            outcomes[verdict.outcome] += 1
    return {
        "repositories": len(reports),
        "files": files,
        "findings": sum(states.values()),
        "states": states,
        "open": severities,
        "fixable": fixable,
        "verdicts": outcomes,
        "problems": problems,
    }
