"""What pull request a judged repository gets: its fixes, proven, as an entry of a plan. Pure."""

from __future__ import annotations

from chittyops_policy import codeowners
from chittyops_policy.audit import pull_request_text
from chittyops_policy.audit.plan import KEPT, REGULAR, Entry, FileChange, Plan, PlannedFix, Withheld, blob_id
from chittyops_policy.errors import UserError
from chittyops_policy.fingerprint import digest
from chittyops_policy.fixer import fix
from chittyops_policy.model import OPEN, PROFILES, SAFE, STAGED, Value, severity_rank
from chittyops_policy.policy import Overrides, effective, rings_of
from chittyops_policy.policy_file import POLICY_FILE, did_you_mean
from chittyops_policy.reporters import diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chittyops_policy.audit.result import Subject
    from chittyops_policy.catalogue import Catalogue
    from chittyops_policy.fixer import Change, Outcome
    from chittyops_policy.model import Decision, Fix, Report
    from chittyops_policy.policy import Pack, Policy
    from chittyops_policy.rule import Lookups
    from chittyops_policy.snapshot import Snapshot

MAX_REVIEWERS = 15
"""GitHub takes no more for one pull request."""

_PREFIX = "chittyops-policy"
_TITLE = "Apply the fixes of chittyops-policy"
_LONGEST = 100


class Choice(Value):
    """Which fixes a pull request has.

    review  also those that a person has to judge, which are not SAFE
    only    rules, all where it is empty
    """

    __slots__ = ("only", "review")

    def __init__(self, review: bool = False, only: tuple[str, ...] = ()) -> None:
        self.review = review
        self.only = tuple(sorted(only))

    @property
    def set(self) -> str:
        """The name of the rule set, stable for the same choice; it names the branch."""
        name = "-".join(("all-fixes" if self.review else "safe-fixes", *self.only))
        return name if len(name) <= _LONGEST else name[:60] + "-" + digest(name.encode("utf-8"))[:12]

    def finds(self, report: Report) -> bool:
        """Whether a report has a fix that belongs to it."""
        stages = {rule.id: rule.stage for rule in report.rules_run}
        return any(
            self.takes(item.rule, item.fix_safety, item.state, stages.get(item.rule, "block"))
            for item in report.decisions
        )

    def takes(self, rule: str, safety: str | None, state: str, stage: str) -> bool:
        """Whether a fix belongs to it. What is only counted (stage observe) is mended only where somebody names it."""
        if safety is None or state not in (OPEN, STAGED) or not (self.review or safety == SAFE):
            return False
        return rule in self.only if self.only else state == OPEN or stage != "observe"


class Manner(Value):
    """How an organisation wants its pull requests: ``pull_requests`` among the parameters of its pack.

    branch    what branches begin with
    title     of every pull request
    labels    of every pull request
    reserved_branches, reserved_titles   what other automation of the organisation uses: never taken here
    """

    __slots__ = ("branch", "labels", "reserved_branches", "reserved_titles", "title")

    def __init__(self, parameters: Mapping[str, object]) -> None:
        said = parameters.get("pull_requests")
        given: Mapping[str, object] = said if isinstance(said, dict) else {}
        self.branch = str(given.get("branch") or _PREFIX)
        self.title = str(given.get("title") or _TITLE)
        self.labels = _texts(given.get("labels"))
        self.reserved_branches = _texts(given.get("reserved_branches"))
        self.reserved_titles = _texts(given.get("reserved_titles"))

    def reserves(self, branch: str, title: str) -> bool:
        """Whether a branch or a title is other automation's."""
        taken = any(branch == name or branch.startswith(name + "/") for name in self.reserved_branches)
        return taken or any(title.casefold() == name.casefold() for name in self.reserved_titles)

    def branch_of(self, set: str) -> str:
        """The branch of a rule set. Raises UserError where other automation uses it."""
        branch = f"{self.branch}/{set}"
        # Git cannot have a branch beside others that are below its name.
        if self.reserves(branch, "") or self.branch in self.reserved_branches:
            raise UserError(f"the branch {branch} belongs to other automation", "give pull_requests another branch")
        return branch

    def title_of(self, choice: Choice) -> str:
        """The title. Raises UserError where other automation uses it."""
        title = self.title
        if choice.only:
            title += f": {', '.join(choice.only)}"
        if choice.review:
            title += " (for review)"
        if self.reserves("", title):
            raise UserError(f"the title {title!r} belongs to other automation", "give pull_requests another title")
        return title if len(title) <= 200 else title[:199] + "…"


class Proposer:
    """Gathers the entries of a sweep; see `sweep.Propose`.

    pack   the organisation's policy
    today  an ISO date
    wave   the ring whose repositories get pull requests; '' for all of them

    entries  what is proposed, by repository in lower case
    wanted   the repositories for which a fix of the choice was asked for, proven or not
    passed   those that are not in the wave

    Raises UserError where the pack has no such ring or the catalogue no such rule.
    """

    def __init__(self, catalogue: Catalogue, pack: Pack, today: str, choice: Choice, wave: str = "") -> None:
        for rule in choice.only:
            if rule not in catalogue.rules:
                hint = did_you_mean(rule, catalogue.rules) or "chittyops-policy rules lists them all"
                raise UserError(f"--only: there is no rule '{rule}'", hint)
        rings = sorted({ring for file in pack.files for ring in file.rings})
        if wave and wave not in rings:
            known = f"it has {', '.join(rings)}" if rings else "it has none: say which repositories go first in `rings`"
            raise UserError(f"--wave: the pack has no ring '{wave}'", known)
        self.pack = pack
        self.today = today
        self.choice = choice
        self.wave = wave
        self.entries: dict[str, Entry] = {}
        self.wanted: set[str] = set()
        self.passed: set[str] = set()

    def wants(self, subject: Subject, report: Report) -> bool:
        """Whether a fix of the choice is there for a repository of the wave."""
        slug = subject.slug.lower()
        if self.wave and self.wave not in rings_of(self.pack, subject.slug):
            self.passed.add(slug)
            return False
        self.entries.pop(slug, None)
        self.wanted.discard(slug)
        if not self.choice.finds(report):
            return False
        self.wanted.add(slug)
        return True

    def __call__(
        self,
        subject: Subject,
        snapshot: Snapshot,
        report: Report,
        catalogue: Catalogue,
        policy: Policy,
        lookups: Lookups,
    ) -> None:
        """Proposes; `wants`, which comes first, has taken back what was proposed before."""
        everything = effective(
            catalogue,
            self.pack,
            snapshot.read(POLICY_FILE),
            Overrides(profile=PROFILES[-1]),
            slug=snapshot.slug,
            today=self.today,
        )
        entry = propose(
            subject,
            snapshot,
            report,
            catalogue,
            policy,
            everything,
            today=self.today,
            choice=self.choice,
            lookups=lookups,
        )
        if entry is not None:
            self.entries[subject.slug.lower()] = entry

    def plan(self, created: str, policy: str) -> Plan:
        """All entries, by repository."""
        return Plan(created, policy, tuple(self.entries[slug] for slug in sorted(self.entries)))


def propose(
    subject: Subject,
    snapshot: Snapshot,
    report: Report,
    catalogue: Catalogue,
    policy: Policy,
    everything: Policy,
    *,
    today: str,
    choice: Choice,
    lookups: Lookups | None = None,
) -> Entry | None:
    """The pull request that mends what `report` found, or None where no fix of the choice has anything to do.

    `everything` is the policy with every rule on: under it nothing new may be found. The fixes are proven here, and
    what is refused becomes part of the entry. Raises UserError where the pack's branch or title belongs to others.
    """
    stages = {rule.id: rule.stage for rule in report.rules_run}

    def wanted(decision: Decision, proposed: Fix) -> bool:
        return choice.takes(decision.rule, proposed.safety, decision.state, stages.get(decision.rule, "block"))

    if not choice.finds(report):
        return None
    outcome = fix(snapshot, catalogue, policy, everything, today=today, wanted=wanted, lookups=lookups)
    if not outcome.changes:
        return None
    files = tuple(file_change(change) for change in outcome.changes)
    withheld = withheld_of(outcome)
    manner = Manner(policy.parameters)
    return Entry(
        subject.slug,
        base=subject.branch,
        commit=subject.head,
        set=choice.set,
        branch=manner.branch_of(choice.set),
        title=manner.title_of(choice),
        body=pull_request_text.render(policy.name, files, withheld, {rule.id: rule for rule in report.rules_run}),
        files=files,
        patch=diff.render((change.path, change) for change in outcome.changes),
        labels=manner.labels,
        reviewers=reviewers_of(snapshot, [file.path for file in files]),
        rules=tuple(sorted({item.rule for file in files for item in file.fixes})),
        withheld=withheld,
    )


def reviewers_of(snapshot: Snapshot, paths: Iterable[str]) -> tuple[str, ...]:
    """Those whom CODEOWNERS names for some paths, in order; GitHub cannot ask an e-mail address."""
    place = snapshot.codeowners_path()
    text = snapshot.text(place) if place is not None else None
    if place is None or text is None:
        return ()
    owners = codeowners.parse(place, text)
    found: dict[str, str] = {}
    for path in paths:
        line = owners.deciding_line(path)
        for owner in line.owners if line is not None else ():
            if owner.kind in ("user", "team"):
                found.setdefault(owner.text.lower(), owner.text)
    return tuple(found.values())[:MAX_REVIEWERS]


def file_change(change: Change) -> FileChange:
    """A proven change of a file as an entry has it."""
    counts: dict[tuple[str, str, str, tuple[str, ...]], int] = {}
    for applied in change.fixes:
        key = (applied.decision.rule, applied.fix.title, applied.fix.safety, applied.fix.notes)
        counts[key] = counts.get(key, 0) + 1
    return FileChange(
        change.path,
        REGULAR if change.before is None else KEPT,
        "" if change.before is None else blob_id(change.before),
        change.after,
        tuple(PlannedFix(rule, title, safety, count, notes) for (rule, title, safety, notes), count in counts.items()),
        change.proof,
    )


def withheld_of(outcome: Outcome) -> tuple[Withheld, ...]:
    """Every open finding that the changes leave, the gravest first."""
    done = {applied.decision.fingerprint for change in outcome.changes for applied in change.fixes}
    refused = {refusal.decision.fingerprint: refusal for refusal in outcome.refusals}
    items: list[Withheld] = []
    for decision in outcome.report.decisions:
        if decision.state != OPEN or decision.fingerprint in done:
            continue
        refusal = refused.get(decision.fingerprint)
        if refusal is not None:
            why = f"not proven ({refusal.part}): {refusal.reason}"
        elif decision.fix_title is not None:
            why = f"there is a fix{'' if decision.fix_safety == SAFE else ' that needs review'}: {decision.fix_title}"
        else:
            why = decision.unfixable
        line = decision.region.line if decision.region is not None else 0
        items.append(
            Withheld(decision.rule, decision.severity, decision.path, line, decision.message, why, refusal is not None)
        )
    return tuple(sorted(items, key=lambda item: (-severity_rank(item.severity), item.path, item.line, item.rule)))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
