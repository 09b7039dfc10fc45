"""What makes a repository conform: files to create, changes of files that are there, and what people have to do.

Pure: `plan` reads a snapshot and gives values, whether the repository lies here or on GitHub. New files come from
`standard_files` and from the rules' repairs, changes of existing files from the repairs alone, proven by `fixer`.
"""

from __future__ import annotations

from . import projects
from .engine import check, contexts
from .fixer import Change, fix, refuse_links
from .model import EXCEPTED, OPEN, PROFILES, SAFE, Creation, Value
from .policy import Overrides, effective
from .policy_file import POLICY_FILE
from .proof import BYTES, FINDINGS, VALUE, Patch, Unproven, prove_patch
from .snapshot import CODEOWNERS_PATHS
from .standard_files import FILES, KEEP, LEFT, WRITE, StandardFile, standard_files
from .templates import render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .catalogue import Catalogue
    from .fixer import Outcome, Refusal
    from .model import Decision, Fix, Report
    from .policy import Pack, Policy
    from .projects import Project
    from .rule import Context, Lookups
    from .snapshot import Snapshot

CODEOWNERS, GUIDE = "codeowners", "claude-md"
FROM_RULES = {
    "CODEOWNERS": CODEOWNERS,
    "CLAUDE.md": GUIDE,
    "dependabot.yml": "dependabot",
    "workflows/codeql.yml": "codeql",
    "workflows/dependency-check.yml": "dependency-check",
}
"""Template → the name of a file that a rule's repair creates."""

NAMES = (*FILES, *FROM_RULES.values())
"""What `Wishes.only` may name."""

_GUIDE_RULE = "missing-claude-md"
_OWNERS_RULE = "missing-codeowners"
_TASKS = {
    "dependabot": "Switch on Dependabot alerts and security updates in the repository's security settings.",
    "codeql": "A private repository needs GitHub Code Security for CodeQL's results.",
    CODEOWNERS: "Require a review from code owners on the default branch.",
}
"""What people have to do once a file that a rule asked for is there."""


class Wishes(Value):
    """What somebody asks of a plan beside the standard.

    types    project types in place of those that are detected; empty takes what is detected
    only     names of files, from NAMES: nothing else is created, and nothing that is there changes; empty means all
    owner    who owns the workflows in a new CODEOWNERS beside those whom the policy names, such as ``@org/team``; or ''
    review   also fixes that a person should look at before they are merged
    leave    paths that stay as they are
    """

    __slots__ = ("leave", "only", "owner", "review", "types")

    def __init__(
        self,
        types: tuple[str, ...] = (),
        only: tuple[str, ...] = (),
        owner: str = "",
        review: bool = False,
        leave: frozenset[str] = frozenset(),
    ) -> None:
        self.types = types
        self.only = only
        self.owner = owner
        self.review = review
        self.leave = leave

    def leaving(self, path: str) -> Wishes:
        """These wishes, with one more path that stays as it is."""
        return Wishes(self.types, self.only, self.owner, self.review, self.leave | {path})


class Made(Value):
    """A file that the plan creates: its name in NAMES, its template, and why it is there."""

    __slots__ = ("name", "path", "reason", "template")

    def __init__(self, name: str, path: str, template: str, reason: str) -> None:
        self.name = name
        self.path = path
        self.template = template
        self.reason = reason


class Plan(Value):
    """How a repository comes to conform.

    projects  what it is taken for
    made      the files to create, by path
    changes   the bytes of every file that is created or changed, by path; each has been proven
    refusals  fixes that could not be proven
    kept      standard files whose work is done already, with the reason
    left      standard files, and files that rules miss, which people have to bring, with the reason
    tasks     what else people have to do, each a sentence
    before    the report on the repository as it is
    after     the report on it with the changes
    """

    __slots__ = ("after", "before", "changes", "kept", "left", "made", "projects", "refusals", "tasks")

    def __init__(
        self,
        projects: tuple[Project, ...],
        made: tuple[Made, ...],
        changes: tuple[Change, ...],
        refusals: tuple[Refusal, ...],
        kept: tuple[StandardFile, ...],
        left: tuple[StandardFile, ...],
        tasks: tuple[str, ...],
        before: Report,
        after: Report,
    ) -> None:
        self.projects = projects
        self.made = made
        self.changes = changes
        self.refusals = refusals
        self.kept = kept
        self.left = left
        self.tasks = tasks
        self.before = before
        self.after = after

    @property
    def edits(self) -> tuple[Change, ...]:
        """The changes of files that are there."""
        return tuple(change for change in self.changes if change.before is not None)


def plan(
    snapshot: Snapshot,
    catalogue: Catalogue,
    pack: Pack,
    *,
    today: str,
    wishes: Wishes | None = None,
    lookups: Lookups | None = None,
) -> Plan:
    """What makes a repository conform to a pack; a plan for the repository with its changes is empty.

    A new file in which any rule of any profile finds anything is not made. `today` is an ISO date. Raises UserError for
    what is wrong in the pack.
    """
    return _Planner(snapshot, catalogue, pack, today, wishes or Wishes(), lookups).run()


class _Planner:
    """One plan in the making: `files` are the bytes of what has been created or changed so far."""

    def __init__(
        self,
        snapshot: Snapshot,
        catalogue: Catalogue,
        pack: Pack,
        today: str,
        wishes: Wishes,
        lookups: Lookups | None,
    ) -> None:
        self.original = snapshot
        self.catalogue = catalogue
        self.pack = pack
        self.today = today
        self.wishes = wishes
        self.lookups = lookups
        self.files: dict[str, bytes] = {}
        self.made: dict[str, Made] = {}
        self.changes: dict[str, Change] = {}
        self.tasks: list[str] = []

    def run(self) -> Plan:
        found = self.projects()
        before = self.judge(self.original)
        standard = self.create(self.wanted(found, before))
        refusals: list[Refusal] = []
        # A guide speaks of the other files, so it comes last.
        for guide in (False, True):
            outcome = self.fix(guide)
            refusals += outcome.refusals
            self.take(outcome)
        after = self.judge(self.snapshot()) if self.files else before
        left = [file for file in standard if file.state == LEFT]
        left += self.missing(after, {file.path for file in left})
        return Plan(
            found,
            tuple(self.made[path] for path in sorted(self.made)),
            tuple(self.changes[path] for path in sorted(self.changes)),
            tuple(refusals),
            tuple(file for file in standard if file.state == KEEP),
            tuple(left),
            tuple(dict.fromkeys((*self.tasks, *self.advice(after)))),
            before,
            after,
        )

    def policy(self, snapshot: Snapshot, everything: bool = False) -> Policy:
        """The policy for a repository, whose own file may be one of those that are created."""
        asked = Overrides(profile=PROFILES[-1]) if everything else Overrides()
        own = snapshot.read(POLICY_FILE)
        return effective(self.catalogue, self.pack, own, asked, slug=snapshot.slug, today=self.today)

    def judge(self, snapshot: Snapshot, everything: bool = False) -> Report:
        policy = self.policy(snapshot, everything)
        fixes = not everything
        return check(snapshot, self.catalogue, policy, today=self.today, lookups=self.lookups, fixes=fixes)

    def snapshot(self) -> Snapshot:
        return self.original.changed(self.files) if self.files else self.original

    def projects(self) -> tuple[Project, ...]:
        found = projects.detect(self.original)
        if not self.wishes.types:
            return found
        chosen: list[Project] = []
        for type in self.wishes.types:
            named = [project for project in found if project.type == type]
            chosen += named or [_named(type, self.original)]
        return tuple(chosen)

    # --------------------------------------------------------------------------------------- the standard's files

    def wanted(self, found: Sequence[Project], before: Report) -> list[StandardFile]:
        """What becomes of each standard file that somebody may wish for."""
        policy = self.policy(self.original)
        context = next(iter(contexts(self.original, self.catalogue, policy, self.lookups).values()), None)
        if context is None:  # every rule is off
            return []
        owners = self.owners(context)
        missing = frozenset(
            decision.path for decision in before.decisions if decision.state == OPEN and decision.unfixable
        )
        files = standard_files(context, found, policy, missing=missing, owners=owners, today=self.today)
        if self.wishes.owner and self.original.codeowners_path() is None:
            creation = Creation(CODEOWNERS_PATHS[0], "CODEOWNERS", {"owners": list(owners)})
            who = " and ".join(owners)
            tasks = (f"{creation.path}: {who} must exist and have write access, or GitHub ignores the line.",)
            reason = f"{who} own what runs in CI"
            files.append(StandardFile(CODEOWNERS, creation.path, WRITE, reason, creation, tasks))
        only = self.wishes.only
        return [file for file in files if (not only or file.name in only) and file.path not in self.wishes.leave]

    def owners(self, context: Context) -> tuple[str, ...]:
        """Who answers for workflows: those whom the policy names, in the repository's organisation, and the wish."""
        wish = self.wishes.owner
        rule = context.others.get(_OWNERS_RULE)
        named: list[str] = list(rule.options["owners"]) if rule is not None else []
        organisation = self.original.slug or (wish.removeprefix("@") if "/" in wish else "")
        if organisation:
            named = [owner.replace("@*/", f"@{organisation.partition('/')[0]}/") for owner in named]
        return tuple(dict.fromkeys(owner for owner in (*named, wish) if owner and "*" not in owner))

    def create(self, wanted: Iterable[StandardFile]) -> list[StandardFile]:
        """Renders and proves the files that are to be written; those that cannot be proven are left to people."""
        settled: list[StandardFile] = []
        rendered: dict[str, tuple[StandardFile, bytes]] = {}
        for file in wanted:
            if file.creation is None:
                settled.append(file)
                continue
            try:
                refuse_links(self.original, file.path)
                data = render(file.creation.template, file.creation.values).encode("utf-8")
                prove_patch(Patch(file.path, None, data))
            except Unproven as error:
                settled.append(StandardFile(file.name, file.path, LEFT, error.reason))
            else:
                rendered[file.path] = (file, data)
        blamed = self.blamed({path: data for path, (_, data) in rendered.items()})
        for path, (file, data) in rendered.items():
            if path in blamed:
                settled.append(StandardFile(file.name, path, LEFT, blamed[path]))
                continue
            assert file.creation is not None
            self.files[path] = data
            self.made[path] = Made(file.name, path, file.creation.template, file.reason)
            self.changes[path] = Change(path, None, data, (), self.proof())
            self.tasks += file.tasks
            settled.append(file)
        return settled

    def blamed(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """Of files to create, those in which a rule finds anything, with what it says."""
        found: dict[str, str] = {}
        if files:
            for decision in self.judge(self.original.changed(files), everything=True).decisions:
                if decision.path in files and decision.state != EXCEPTED:
                    found.setdefault(decision.path, f"{decision.rule} would say: {decision.message}")
        return found

    def proof(self) -> tuple[tuple[str, str], ...]:
        """What has been shown of each file that comes straight from a template."""
        return (
            (BYTES, "the file is new; every other file is as it was"),
            (VALUE, "it parses"),
            (FINDINGS, f"none of {len(self.catalogue.rules)} rules finds anything in it"),
        )

    # ---------------------------------------------------------------------------------------------- rules' repairs

    def fix(self, guide: bool) -> Outcome:
        """The fixes that rules propose once the files are there: those of the guide, or all others."""
        only = self.wishes.only
        snapshot = self.snapshot()

        def wanted(decision: Decision, fix: Fix) -> bool:
            if (decision.rule == _GUIDE_RULE) != guide or decision.path in self.wishes.leave:
                return False
            if fix.creates:
                names = {FROM_RULES.get(creation.template, "") for creation in fix.creates}
                return not only or bool(names & set(only))
            return not only and (self.wishes.review or fix.safety == SAFE)

        return fix(
            snapshot,
            self.catalogue,
            self.policy(snapshot),
            self.policy(snapshot, everything=True),
            today=self.today,
            wanted=wanted,
            lookups=self.lookups,
        )

    def take(self, outcome: Outcome) -> None:
        for change in outcome.changes:
            before = self.original.read(change.path)
            self.files[change.path] = change.after
            self.changes[change.path] = Change(change.path, before, change.after, change.fixes, change.proof)
            for applied in change.fixes:
                for creation in applied.fix.creates:
                    self.tasks += (f"{creation.path}: {note}" for note in applied.fix.notes)
                    name = FROM_RULES.get(creation.template, creation.template)
                    reason = f"{applied.decision.rule}: {applied.decision.message}"
                    self.made.setdefault(creation.path, Made(name, creation.path, creation.template, reason))

    # ------------------------------------------------------------------------------------------------- for people

    def missing(self, after: Report, known: set[str]) -> list[StandardFile]:
        """The files that rules still miss, with the reason why they were not created."""
        if self.wishes.only:
            return []
        files = self.snapshot()
        found: dict[str, StandardFile] = {}
        for decision in after.decisions:
            lacks = decision.state == OPEN and decision.region is None and not files.has(decision.path)
            if lacks and decision.path not in known and (decision.unfixable or decision.fix_title):
                reason = decision.unfixable or "its fix was not made"
                found.setdefault(decision.path, StandardFile(decision.rule, decision.path, LEFT, reason))
        return [found[path] for path in sorted(found)]

    def advice(self, after: Report) -> list[str]:
        """What the settings on GitHub need, which no file can say."""
        names = {made.name for made in self.made.values()}
        tasks = [text for name, text in _TASKS.items() if name in names]
        open_rules = [verdict for verdict in after.verdicts if verdict.control == "branch-rules"]
        if open_rules and not self.wishes.only:
            tasks.append("Protect the default branch; `chittyops-policy lock` plans the rules of the standard.")
        return tasks


def _named(type: str, snapshot: Snapshot) -> Project:
    """A project of a type that somebody names, at the top."""
    names = snapshot.folder("")
    evidence = tuple(name for name in projects.WRANGLER if name in names) if type == projects.WORKER else ()
    return projects.Project(type, "", projects.CERTAIN, "named by who asked", evidence, None)
