"""Applies fixes to a snapshot, pass after pass, until nothing is left to do, and proves each pass.

Pure: what comes out are `Change` values, which somebody else writes. Fixes that touch each other wait for the next
pass. A fix whose pass cannot be proven is tried on its own, and refused with the part of the proof that failed; a file
that does not settle is left as it was.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from .edits import apply
from .engine import check, examine
from .model import INSERT, Value
from .proof import (
    AGAIN,
    BYTES,
    FINDINGS,
    SCRIPTS,
    VALUE,
    Patch,
    Unproven,
    declared,
    place_of,
    prove_findings,
    prove_patch,
    scripts,
    tally,
)
from .templates import render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .catalogue import Catalogue
    from .engine import Examination
    from .model import Decision, Edit, Effect, Fix, Report
    from .policy import Policy
    from .rule import Lookups
    from .snapshot import Snapshot

MAX_PASSES = 20
"""A file that would still change after so many does not settle. Real files need one to three; each proven pass leaves
fewer findings, so the bound is for the patience of whoever waits."""


class Applied(Value):
    """A fix that is part of a change, with the finding that it is for."""

    __slots__ = ("decision", "fix")

    def __init__(self, decision: Decision, fix: Fix) -> None:
        self.decision = decision
        self.fix = fix


class Change(Value):
    """What becomes of one file.

    before  its bytes; None where it does not exist
    after   its bytes then
    fixes   the fixes that it is made of
    proof   (part, what was shown) for each part of the proof
    """

    __slots__ = ("after", "before", "fixes", "path", "proof")

    def __init__(
        self,
        path: str,
        before: bytes | None,
        after: bytes,
        fixes: tuple[Applied, ...],
        proof: tuple[tuple[str, str], ...],
    ) -> None:
        self.path = path
        self.before = before
        self.after = after
        self.fixes = fixes
        self.proof = proof


class Refusal(Value):
    """A fix that was not made: the part of the proof that failed, and how."""

    __slots__ = ("decision", "fix", "part", "reason")

    def __init__(self, decision: Decision, fix: Fix, part: str, reason: str) -> None:
        self.decision = decision
        self.fix = fix
        self.part = part
        self.reason = reason


class Outcome(Value):
    """The report on a repository as it was, the changes of its files, by path, and the fixes that were refused."""

    __slots__ = ("changes", "refusals", "report")

    def __init__(self, report: Report, changes: tuple[Change, ...], refusals: tuple[Refusal, ...]) -> None:
        self.report = report
        self.changes = changes
        self.refusals = refusals


def fix(
    snapshot: Snapshot,
    catalogue: Catalogue,
    policy: Policy,
    everything: Policy,
    *,
    today: str,
    wanted: Callable[[Decision, Fix], bool],
    lookups: Lookups | None = None,
    paths: Sequence[str] | None = None,
) -> Outcome:
    """What the fixes of a repository's findings make of its files.

    `policy` decides what is found and so what is fixed; under `everything` no rule may find anything new. `wanted`
    chooses among the fixes, `paths` among the files.
    """
    return _Fixer(snapshot, catalogue, policy, everything, today, wanted, lookups, paths).run()


def refuse_links(snapshot: Snapshot, path: str) -> None:
    """Raises Unproven where a path is or lies behind a link: neither `delivery` nor ``git apply`` follows one."""
    parts = path.split("/")
    if any(snapshot.is_link("/".join(parts[:count])) for count in range(1, len(parts) + 1)):
        raise Unproven(BYTES, f"{path} is, or lies behind, a symbolic link; change the file that it leads to")


class _Taken:
    """What the fixes chosen for one file change: places of its text that do not touch, and paths of its value."""

    __slots__ = ("above", "paths", "spans")

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []
        self.paths: set[tuple[str | int, ...]] = set()
        self.above: set[tuple[str | int, ...]] = set()

    def touched_by(self, fix: Fix) -> bool:
        """Whether a fix has to wait for the others: for its text's sake, or for what it declares."""
        for edit in fix.edits:
            at = bisect_left(self.spans, (edit.span.start, edit.span.end))
            beside = self.spans[max(at - 1, 0) : at + 1]
            if any(edit.span.start <= end and start <= edit.span.end for start, end in beside):
                return True
        for path in _declared(fix):
            if path in self.above or any(path[:length] in self.paths for length in range(len(path) + 1)):
                return True
        return False

    def take(self, fix: Fix) -> None:
        for edit in fix.edits:
            insort(self.spans, (edit.span.start, edit.span.end))
        for path in _declared(fix):
            self.paths.add(path)
            self.above.update(path[:length] for length in range(len(path)))


def _declared(fix: Fix) -> Iterator[tuple[str | int, ...]]:
    return (effect.path for effect in fix.effects if effect.kind != INSERT)


class _Job(Value):
    """A fix of one pass, with every finding that proposes the very same one; `path` is the file of its edits."""

    __slots__ = ("decisions", "fix", "path")

    def __init__(self, path: str, fix: Fix, decisions: list[Decision]) -> None:
        self.path = path
        self.fix = fix
        self.decisions = decisions


class _State(Value):
    """A repository between two passes, and what all rules say of it.

    files     path → bytes of what has changed so far
    found     the findings and fixes under the policy
    judged    the report under the policy with everything on
    """

    __slots__ = ("files", "found", "judged", "snapshot")

    def __init__(self, files: dict[str, bytes], snapshot: Snapshot, found: Examination, judged: Report) -> None:
        self.files = files
        self.snapshot = snapshot
        self.found = found
        self.judged = judged


class _Record:
    """What has been done to one file."""

    __slots__ = ("effects", "fixes", "places")

    def __init__(self) -> None:
        self.fixes: list[Applied] = []
        self.effects: list[Effect] = []
        self.places = 0


class _Fixer:
    """One run: `state` holds what has been proven so far."""

    def __init__(
        self,
        snapshot: Snapshot,
        catalogue: Catalogue,
        policy: Policy,
        everything: Policy,
        today: str,
        wanted: Callable[[Decision, Fix], bool],
        lookups: Lookups | None,
        paths: Sequence[str] | None,
    ) -> None:
        self.original = snapshot
        self.catalogue = catalogue
        self.policy = policy
        self.everything = everything
        self.today = today
        self.wanted = wanted
        self.lookups = lookups
        self.paths = paths
        self.records: dict[str, _Record] = {}
        self.refused: dict[str, Refusal] = {}
        self.state = self.look({})

    def run(self) -> Outcome:
        report = self.state.found.report
        passes = 0
        while jobs := self.jobs():
            if passes == MAX_PASSES:
                self.give_up({job.path for job in jobs})
                break
            done, state = self.settle(([], self.state), jobs)
            if done:
                self.record(done)
                self.state = state
                passes += 1
        changes = tuple(self.change(path, passes) for path in sorted(self.state.files))
        return Outcome(report, changes, tuple(self.refused.values()))

    def look(self, files: dict[str, bytes]) -> _State:
        """Judges the repository with some files changed."""
        snapshot = self.original.changed(files) if files else self.original
        found = examine(snapshot, self.catalogue, self.policy, today=self.today, lookups=self.lookups, paths=self.paths)
        judged = check(snapshot, self.catalogue, self.everything, today=self.today, lookups=self.lookups, fixes=False)
        return _State(files, snapshot, found, judged)

    # ------------------------------------------------------------------------------------------------ one pass

    def jobs(self) -> list[_Job]:
        """The fixes of the next pass: wanted, not refused before, and none touching another."""
        chosen: dict[tuple[str, Fix], _Job] = {}
        taken: dict[str, _Taken] = {}
        created: set[str] = set()
        for decision, fix in self.state.found.fixes:
            if decision.fingerprint in self.refused or not self.wanted(decision, fix):
                continue
            same = chosen.get((decision.path, fix))
            if same is not None:
                same.decisions.append(decision)
                continue
            paths = {creation.path for creation in fix.creates}
            others = taken.setdefault(decision.path, _Taken())
            if paths & created or others.touched_by(fix):
                continue
            created |= paths
            others.take(fix)
            chosen[decision.path, fix] = _Job(decision.path, fix, [decision])
        return sorted(chosen.values(), key=lambda job: job.path)

    def settle(self, proven: tuple[list[_Job], _State], group: list[_Job]) -> tuple[list[_Job], _State]:
        """Adds to what is proven of this pass what can be of a group: all at once, or else each half by itself."""
        jobs = [*proven[0], *group]
        try:
            return jobs, self.prove(jobs)
        except Unproven as error:
            if len(group) == 1:
                for decision in group[0].decisions:
                    self.refused[decision.fingerprint] = Refusal(decision, group[0].fix, error.part, error.reason)
                return proven
        middle = len(group) // 2
        return self.settle(self.settle(proven, group[:middle]), group[middle:])

    def prove(self, jobs: list[_Job]) -> _State:
        """The state after some fixes. Raises Unproven."""
        patches = self.patches(jobs)
        for patch in patches:
            prove_patch(patch)
        state = self.look({**self.state.files, **{patch.path: patch.after for patch in patches}})
        broken = {problem.message for problem in state.judged.problems if problem.kind == "internal"}
        for message in sorted(broken.difference(problem.message for problem in self.state.judged.problems)):
            raise Unproven(FINDINGS, f"the result cannot be judged: {message}")
        fixed: dict[tuple[str, str, str], int] = {}
        for job in jobs:
            for decision in job.decisions:
                fixed[place_of(decision)] = fixed.get(place_of(decision), 0) + 1
        prove_findings(tally(self.state.found.report), tally(state.found.report), fixed)
        prove_findings(tally(self.state.judged), tally(state.judged), {})
        return state

    def patches(self, jobs: list[_Job]) -> list[Patch]:
        """What the fixes make of the files, one patch a file. Raises Unproven where a file cannot be written so."""
        edits: dict[str, list[Edit]] = {}
        effects: dict[str, list[Effect]] = {}
        patches: list[Patch] = []
        for job in jobs:
            if job.fix.edits:
                edits.setdefault(job.path, []).extend(job.fix.edits)
                effects.setdefault(job.path, []).extend(job.fix.effects)
            for creation in job.fix.creates:
                refuse_links(self.original, creation.path)
                folder, _, name = creation.path.rpartition("/")
                if {name, name + "/"} & set(self.state.snapshot.folder(folder)):
                    raise Unproven(BYTES, f"{creation.path} is there already")
                text = render(creation.template, creation.values)
                patches.append(Patch(creation.path, None, text.encode("utf-8")))
        for path, changes in edits.items():
            refuse_links(self.original, path)
            before = self.state.snapshot.read(path)
            if before is None:
                raise Unproven(BYTES, f"{path} is not there")
            try:
                after = apply(before.decode("utf-8"), changes)
            except UnicodeDecodeError as error:
                raise Unproven(BYTES, "the file is not UTF-8") from error
            patches.append(Patch(path, before, after.encode("utf-8"), tuple(changes), tuple(effects[path])))
        return patches

    # ------------------------------------------------------------------------------------------------- results

    def record(self, jobs: list[_Job]) -> None:
        for job in jobs:
            applied = [Applied(decision, job.fix) for decision in job.decisions]
            for path in {creation.path for creation in job.fix.creates} | ({job.path} if job.fix.edits else set()):
                record = self.records.setdefault(path, _Record())
                record.fixes += applied
                if path == job.path and job.fix.edits:
                    record.effects += job.fix.effects
                    record.places += len(job.fix.edits)

    def give_up(self, paths: set[str]) -> None:
        """Leaves files that do not settle as they were, with the files that their fixes created."""
        back = set(paths)
        for applied in (applied for path in paths for applied in self.records[path].fixes):
            back |= {creation.path for creation in applied.fix.creates}
        for path in sorted(back & self.records.keys()):
            for applied in self.records.pop(path).fixes:
                reason = f"the file still changes after {MAX_PASSES} passes"
                self.refused[applied.decision.fingerprint] = Refusal(applied.decision, applied.fix, AGAIN, reason)
        kept = {path: data for path, data in self.state.files.items() if path not in back}
        first, last = self.look({}), self.look(kept)
        try:
            prove_findings(tally(first.judged), tally(last.judged), {})
        except Unproven as error:  # what is left does not stand on its own
            for path, record in self.records.items():
                for applied in record.fixes:
                    self.refused[applied.decision.fingerprint] = Refusal(
                        applied.decision, applied.fix, error.part, f"without {path}: {error.reason}"
                    )
            last = first
        self.state = last

    def change(self, path: str, passes: int) -> Change:
        record = self.records[path]
        before, after = self.original.read(path), self.state.files[path]
        rules = sorted({applied.decision.rule for applied in record.fixes})
        ran = len(self.state.judged.rules_run)
        if before is None:
            shown = [(BYTES, "the file is new; every other file is as it was"), (VALUE, "it parses")]
        else:
            places = "1 place is" if record.places == 1 else f"{record.places} places are"
            shown = [
                (BYTES, f"{places} changed; every byte outside is the same"),
                (VALUE, declared(path, record.effects)),
            ]
        shown += [
            (FINDINGS, f"{', '.join(rules)}: gone; none of {ran} rules finds anything new in the repository"),
            (SCRIPTS, scripts(record.effects)),
            (AGAIN, f"a second run changes nothing (settled after {passes} {'pass' if passes == 1 else 'passes'})"),
        ]
        return Change(path, before, after, tuple(record.fixes), tuple(shown))
