"""Judges many repositories: one after the other fails or succeeds for itself, and each is accounted for."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping

from chittyops_policy.errors import PolicyError
from chittyops_policy.fingerprint import digest
from chittyops_policy.rule import Lookups

from .result import BUG, JUDGED, NOT_REACHED, OUT_OF_SCOPE, Audit, Standing, Subject, untold
from .reuse import dates_in, still_holds
from .source import Unread
from .store import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from chittyops_policy.catalogue import Catalogue
    from chittyops_policy.model import Report
    from chittyops_policy.policy import Policy
    from chittyops_policy.settings import Settings
    from chittyops_policy.snapshot import Snapshot

    from .progress import Progress
    from .question import Question
    from .result import Point
    from .selection import Selection
    from .settings_survey import SettingsSurvey
    from .source import Source
    from .store import Store

    class Propose(Protocol):
        """What is to be done with a judged repository beside reporting it.

        It may be called again for the same repository, when it read something that was yet to be fetched: the last
        call counts.
        """

        def wants(self, subject: Subject, report: Report) -> bool:
            """Whether there is anything to do, for which the repository itself is needed."""

        def __call__(
            self,
            subject: Subject,
            snapshot: Snapshot,
            report: Report,
            catalogue: Catalogue,
            policy: Policy,
            lookups: Lookups,
        ) -> None:
            """Does it."""


GROUP = 250
"""So many repositories are open at once: enough to ask for their files in few questions, and still small in memory."""

_MUCH_GARBAGE = 2_000_000
"""As in `checking`: the command line runs with the collector off."""


class Sweep:
    """One audit of what a source has.

    clock     the time in seconds since 1970
    settings  reads what is set on GitHub; without it rules about settings leave their question open
    """

    def __init__(
        self,
        source: Source,
        question: Question,
        selection: Selection,
        progress: Progress,
        store: Store,
        *,
        clock: float | None = None,
        propose: Propose | None = None,
        settings: SettingsSurvey | None = None,
    ) -> None:
        self.source = source
        self.question = question
        self.selection = selection
        self.progress = progress
        self.store = store
        self.propose = propose
        self.settings = settings
        self.standings: list[Standing] = []
        self._fixed_clock = clock
        self._others = _Others(source)
        self._settings: Mapping[str, Settings] = {}
        self._id = ""

    def run(self) -> Audit:
        """The audit. Raises PolicyError only where nothing at all can be listed, or where the store fails.

        What is judged is in the store at once: an audit that broke off, run again, judges only what is left.
        """
        started = self._now()
        audit = self._audit(started.replace(":", ""), started)
        self._id = self.store.begin(audit)
        chosen = self._choose()
        self.progress.begin(len(chosen))
        for start in range(0, len(chosen), GROUP):
            self._judge_all(chosen[start : start + GROUP])
            self._others.forget()
        self.store.finish(self._audit(self._id, started))
        return self._audit(self._id, started, tuple(self.store.trend(self.source.kind, self.source.scopes)))

    def _audit(self, id: str, started: str, trend: tuple[Point, ...] = ()) -> Audit:
        question = self.question
        return Audit(
            id,
            started=started,
            finished=self._now(),
            source=self.source.kind,
            scopes=self.source.scopes,
            policy=question.pack.name,
            profile=question.profile,
            digest=question.digest,
            controls=question.controls,
            standings=tuple(sorted(self.standings, key=lambda standing: standing.subject.slug.lower())),
            trend=trend,
            problems=tuple(self.source.problems),
        )

    # ------------------------------------------------------------------------------------------------ listing

    def _choose(self) -> list[Subject]:
        chosen: list[Subject] = []
        seen: set[str] = set()
        for found in self.source.subjects():
            subject = found.subject if isinstance(found, Standing) else found
            if subject.slug.lower() in seen:  # a repository that moved to a later page while pages were read
                continue
            seen.add(subject.slug.lower())
            self.progress.listed(len(seen))
            if isinstance(found, Standing):
                self._settle(found)
                continue
            self._others.add(subject)
            reason = self.selection.outside(subject, self.question.pack.scope)
            if reason:
                self._settle(Standing(subject, OUT_OF_SCOPE, reason=reason))
            else:
                chosen.append(subject)
        chosen.sort(key=lambda subject: subject.slug.lower())
        return chosen

    def _settle(self, standing: Standing, key: str = "") -> None:
        silent = untold(self.question.controls, standing.report) if standing.report is not None else frozenset()
        standing.first_seen = self.store.record(self._id, standing, self._now(), key, silent)
        self.standings.append(standing)
        self.progress.settled(standing)

    # ------------------------------------------------------------------------------------------------ judging

    def _judge_all(self, subjects: Sequence[Subject]) -> None:
        """Judges, fetches what was lacking for all of them at once, and judges those again, until nothing lacks."""
        if self.settings is not None:
            self._settings = self.settings.read(subjects)
        waiting = self._changed(subjects)
        self.source.prepare(waiting)
        while waiting:
            left: list[Subject] = []
            for subject in waiting:
                try:
                    standing = self._judge(subject)
                except Unread as unread:
                    standing = self._unread(subject, unread)
                except PolicyError:  # the store, or what the user asked for: it would fail for every other one too
                    raise
                except Exception as error:  # a bug that one repository brings to light must not stop the others
                    standing = self._unread(subject, Unread(f"{BUG} {type(error).__name__}: {error}"))
                if standing is None:
                    left.append(subject)
                else:
                    self._settle(standing)
                if gc.get_count()[0] > _MUCH_GARBAGE:
                    gc.collect()
            if left and not self.source.supply():
                for subject in left:
                    self._settle(self._unread(subject, Unread("what its rules read cannot be fetched")))
                return
            waiting = left

    def _changed(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Those that an earlier audit does not answer for; the others are settled."""
        if not self.source.by_head:
            return list(subjects)
        kept = self.store.results([(subject.slug, self._state(subject)) for subject in subjects], self.question.digest)
        heads = self._others.heads
        changed: list[Subject] = []
        for subject in subjects:
            known = kept.get(subject.slug.lower())
            stale = known is None or not still_holds(known, self.question.today, heads)
            if known is None or stale or self._wanted(subject, known.report):
                changed.append(subject)
            else:
                self._settle(self._judged(subject, known.report, known.projects, known=True), known.key)
        return changed

    def _state(self, subject: Subject) -> str:
        """What a verdict is about: the head, and the settings where they were asked for."""
        settings = self._settings.get(subject.slug.lower())
        return subject.head if settings is None else f"{subject.head}+{digest(repr(settings).encode())[:16]}"

    def _wanted(self, subject: Subject, report: Report) -> bool:
        """Whether something is to be proposed, for which the repository itself is needed."""
        return self.propose is not None and self.propose.wants(subject, report)

    def _judge(self, subject: Subject) -> Standing | None:
        """The verdict, or None where something that it depends on is yet to be fetched."""
        self.source.lacking()  # what an earlier repository asked for is not ours
        snapshot = self.source.snapshot(subject)
        lookups = Lookups(self._others, known_settings=self._settings)
        judged = self.question.judge(snapshot, lookups)
        if self._lacking():
            return None
        report = judged.report
        if self.propose is not None and self.propose.wants(subject, report):
            self.propose(subject, snapshot, report, self.question.catalogue, judged.policy, lookups)
            if self._lacking():
                return None
        whole = self._others.gaps.isdisjoint(lookups.asked) and not any(
            problem.kind in ("internal", "lookup") for problem in report.problems
        )
        if self.source.by_head and whole:
            texts = [*snapshot.reads().values(), *(file.document.text for file in self.question.pack.files)]
            asked = {slug: self._others.heads.get(slug, "") for slug in lookups.asked}
            kept = Kept(report, judged.projects, self.question.today, dates_in(texts), asked)
            self.store.keep(subject.slug, self._state(subject), self.question.digest, kept)
        snapshot.forget()
        return self._judged(subject, report, judged.projects)

    def _lacking(self) -> bool:
        lacking = self.source.lacking()
        if lacking:
            self._others.forget()
        return lacking

    def _judged(self, subject: Subject, report: Report, projects: tuple[str, ...], known: bool = False) -> Standing:
        ring = self.question.ring(subject.slug)
        return Standing(subject, JUDGED, report=report, projects=projects, ring=ring, known=known)

    def _unread(self, subject: Subject, unread: Unread) -> Standing:
        return Standing(subject, NOT_REACHED, reason=unread.reason, permission=unread.permission)

    def _now(self) -> str:
        moment = time.time() if self._fixed_clock is None else self._fixed_clock
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


class _Others(Mapping[str, "Snapshot"]):
    """The snapshots of all listed repositories by slug in lower case, for calls across them; opened when asked for.

    heads  slug in lower case → the head, '' where that is not known
    gaps   those that were asked for and cannot be read
    """

    def __init__(self, source: Source) -> None:
        self.heads: dict[str, str] = {}
        self.gaps: set[str] = set()
        self._source = source
        self._subjects: dict[str, Subject] = {}
        self._open: dict[str, Snapshot] = {}

    def add(self, subject: Subject) -> None:
        """Adds a repository that was listed."""
        self._subjects[subject.slug.lower()] = subject
        self.heads[subject.slug.lower()] = subject.head

    def forget(self) -> None:
        """Drops the open ones: they hold what was not there yet to be absent."""
        self._open.clear()

    def __getitem__(self, slug: str) -> Snapshot:
        if slug not in self._open:
            try:
                self._open[slug] = self._source.snapshot(self._subjects[slug])
            except Unread as unread:
                self.gaps.add(slug)
                raise KeyError(slug) from unread
        return self._open[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._subjects)

    def __len__(self) -> int:
        return len(self._subjects)
