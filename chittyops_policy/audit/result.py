"""What one audit found, as values: every repository that it knows of, judged or not, and why not."""

from __future__ import annotations

from chittyops_policy.model import UNKNOWN, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chittyops_policy.model import Report

JUDGED = "judged"
OUT_OF_SCOPE = "out-of-scope"
NOT_REACHED = "not-reached"

STATES = (JUDGED, OUT_OF_SCOPE, NOT_REACHED)

BUG = "a bug of chittyops-policy:"
"""How the reason of a standing begins where the fault is ours."""


class Subject(Value):
    """A repository as an organisation lists it.

    slug         owner/name, spelled as GitHub spells it now
    url          where a person opens it; '' for a directory or a git remote
    head         the commit of the default branch that was judged; '' where there is none
    branch       the default branch
    visibility   public, private or internal; '' where that is not known
    parent       of a fork, the repository that it was made from; '' where that is not known
    properties   custom properties of the organisation
    """

    __slots__ = (
        "archived", "branch", "disabled", "empty", "fork", "head", "language", "parent", "properties", "slug", "topics",
        "url", "visibility",
    )  # fmt: skip

    def __init__(
        self,
        slug: str,
        *,
        url: str = "",
        head: str = "",
        branch: str = "",
        visibility: str = "",
        archived: bool = False,
        disabled: bool = False,
        empty: bool = False,
        fork: bool = False,
        parent: str = "",
        language: str = "",
        topics: tuple[str, ...] = (),
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self.slug = slug
        self.url = url
        self.head = head
        self.branch = branch
        self.visibility = visibility
        self.archived = archived
        self.disabled = disabled
        self.empty = empty
        self.fork = fork
        self.parent = parent
        self.language = language
        self.topics = topics
        self.properties = properties or {}

    @property
    def owner(self) -> str:
        """The organisation or user; '' where the name has none."""
        return self.slug.rpartition("/")[0]


class Proposal(Value):
    """The pull request of a repository.

    state   planned, open, unchanged, updated, held (a person's commit is on the branch), declined (a person closed
            it), refused or not-reached (why is in `reason`), merged, superseded or settled (nothing is left to do)
    """

    __slots__ = ("branch", "reason", "state", "url")

    def __init__(self, state: str, *, url: str = "", branch: str = "", reason: str = "") -> None:
        self.state = state
        self.url = url
        self.branch = branch
        self.reason = reason


class Standing(Value):
    """What became of one repository.

    state        one of STATES
    reason       why it was not judged, a sentence fragment without a full stop; '' for JUDGED
    permission   the App permission that would have let it be read, where that is known
    report       the report of the engine; None unless JUDGED
    projects     the types of project in it
    ring         its ring in the policy
    first_seen   fingerprint → the date of the audit that saw the finding first, YYYY-MM-DD
    known        whether the report is that of an earlier audit, since nothing had changed
    proposal     its pull request, where there is one or is to be one
    """

    __slots__ = (
        "first_seen", "known", "permission", "projects", "proposal", "reason", "report", "ring", "state", "subject",
    )  # fmt: skip

    def __init__(
        self,
        subject: Subject,
        state: str,
        *,
        reason: str = "",
        permission: str = "",
        report: Report | None = None,
        projects: tuple[str, ...] = (),
        ring: str = "",
        first_seen: Mapping[str, str] | None = None,
        known: bool = False,
        proposal: Proposal | None = None,
    ) -> None:
        self.subject = subject
        self.state = state
        self.reason = reason
        self.permission = permission
        self.report = report
        self.projects = projects
        self.ring = ring
        self.first_seen = first_seen or {}
        self.known = known
        self.proposal = proposal


class Point(Value):
    """One audit in the trend: what `model.counts` gives for it.

    audit      its name in the store
    finished   when, ISO 8601 in UTC
    judged, unreached   repositories
    open       open findings by severity
    verdicts   verdicts by outcome
    fixed      findings that the audit before had and this one has not, by severity
    """

    __slots__ = ("audit", "finished", "fixed", "judged", "open", "unreached", "verdicts")

    def __init__(
        self,
        audit: str,
        finished: str,
        judged: int,
        unreached: int,
        open: Mapping[str, int],
        verdicts: Mapping[str, int],
        fixed: Mapping[str, int],
    ) -> None:
        self.audit = audit
        self.finished = finished
        self.judged = judged
        self.unreached = unreached
        self.open = open
        self.verdicts = verdicts
        self.fixed = fixed


class Control(Value):
    """A sentence of the standard, as the pack has it.

    charter  the words of the charter that it stands for
    rules    ids of the rules whose findings fail it; empty where files cannot tell
    """

    __slots__ = ("charter", "id", "rules", "title")

    def __init__(self, id: str, title: str, charter: str, rules: tuple[str, ...] = ()) -> None:
        self.id = id
        self.title = title
        self.charter = charter
        self.rules = rules


def untold(controls: Iterable[Control], report: Report) -> frozenset[str]:
    """The rules of which a report cannot tell whether an earlier finding is gone.

    Such a rule ran and could not answer, as those about settings do where GitHub was not asked: it is the only one
    of its control, and that is UNKNOWN.
    """
    outcomes = {verdict.control: verdict.outcome for verdict in report.verdicts}
    return frozenset(
        control.rules[0] for control in controls if len(control.rules) == 1 and outcomes.get(control.id) == UNKNOWN
    )


class Measure(Value):
    """One figure that was measured over a window of time, such as the rate of successful runs.

    target      what is asked for, in words: ``> 95 %``
    unit        ``%``, ``min`` or ``h``
    value       None where it cannot be told; `reason` then says why
    samples     how many runs or alerts it was taken from
    outcome     one of OUTCOMES
    definition  which runs count and how, a sentence
    window      the time it covers, in words: ``2026-10-26 to 2026-11-25``
    series      (ISO date, value or None) over the window, the oldest first
    rows        (organisation or repository, value or None, samples), the worst first
    """

    __slots__ = (
        "definition", "id", "outcome", "reason", "rows", "samples", "series", "target", "title", "unit", "value",
        "window",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        title: str,
        *,
        target: str,
        unit: str,
        value: float | None,
        samples: int,
        outcome: str,
        definition: str,
        window: str,
        reason: str = "",
        series: tuple[tuple[str, float | None], ...] = (),
        rows: tuple[tuple[str, float | None, int], ...] = (),
    ) -> None:
        self.id = id
        self.title = title
        self.target = target
        self.unit = unit
        self.value = value
        self.samples = samples
        self.outcome = outcome
        self.definition = definition
        self.window = window
        self.reason = reason
        self.series = series
        self.rows = rows


class Audit(Value):
    """One audit.

    id            its name in the store, such as 2026-11-25T190102Z
    started, finished   ISO 8601 in UTC
    source        github, directory or git
    scopes        what was asked for: organisations, repositories, the directory, the remotes
    policy        the name of the pack; `profile` its profile; `digest` of everything that a verdict depends on
    controls      in the order of the pack
    standings     every repository, by slug
    trend         earlier audits of the same scopes and this one, the oldest first
    problems      what concerns no single repository, sentences
    measures      the charter's performance targets, where they were measured
    """

    __slots__ = (
        "controls", "digest", "finished", "id", "measures", "policy", "problems", "profile", "scopes", "source",
        "standings", "started", "trend",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        *,
        started: str,
        finished: str,
        source: str,
        scopes: tuple[str, ...],
        policy: str,
        profile: str,
        digest: str,
        controls: tuple[Control, ...],
        standings: tuple[Standing, ...],
        trend: tuple[Point, ...] = (),
        problems: tuple[str, ...] = (),
        measures: tuple[Measure, ...] = (),
    ) -> None:
        self.id = id
        self.started = started
        self.finished = finished
        self.source = source
        self.scopes = scopes
        self.policy = policy
        self.profile = profile
        self.digest = digest
        self.controls = controls
        self.standings = standings
        self.trend = trend
        self.problems = problems
        self.measures = measures

    @property
    def judged(self) -> tuple[Standing, ...]:
        """The repositories that have a report."""
        return tuple(standing for standing in self.standings if standing.report is not None)
