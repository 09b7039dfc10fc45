"""Pull requests that bring the standard to repositories: the files that are missing, and the fixes beside them."""

from __future__ import annotations

from chittyops_policy.conforming import plan
from chittyops_policy.errors import UserError
from chittyops_policy.reporters import diff
from chittyops_policy.reporters.markdown import code, escape
from chittyops_policy.reporters.wording import plural

from . import pull_request_text
from .plan import Entry, Withheld
from .proposals import Choice, Manner, Proposer, file_change, reviewers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.catalogue import Catalogue
    from chittyops_policy.conforming import Plan, Wishes
    from chittyops_policy.model import Report
    from chittyops_policy.policy import Pack, Policy
    from chittyops_policy.rule import Lookups
    from chittyops_policy.snapshot import Snapshot

    from .result import Subject

SET = "standard"
"""The name of the rule set; its branch ends in it."""

TITLE = "Bring the standard of the organisation"


class Standard(Choice):
    """That everything is wanted which makes a repository conform; what that is shows only in its files."""

    __slots__ = ()

    @property
    def set(self) -> str:
        """The name of the rule set."""
        return SET

    def finds(self, report: Report) -> bool:
        """Always: also a repository without a finding may lack a standard file."""
        return True


class SetUp(Proposer):
    """Gathers one entry for each repository of a sweep that does not conform yet; see `Proposer`.

    wishes  what is asked for beside the standard; see `conforming.Wishes`
    """

    def __init__(self, catalogue: Catalogue, pack: Pack, today: str, wishes: Wishes, wave: str = "") -> None:
        super().__init__(catalogue, pack, today, Standard(wishes.review), wave)
        self.wishes = wishes

    def __call__(
        self,
        subject: Subject,
        snapshot: Snapshot,
        report: Report,
        catalogue: Catalogue,
        policy: Policy,
        lookups: Lookups,
    ) -> None:
        """Proposes; see `Proposer`."""
        planned = plan(snapshot, catalogue, self.pack, today=self.today, wishes=self.wishes, lookups=lookups)
        if planned.changes:
            self.entries[subject.slug.lower()] = entry_of(subject, snapshot, planned, policy)
        else:
            self.wanted.discard(subject.slug.lower())


def entry_of(subject: Subject, snapshot: Snapshot, planned: Plan, policy: Policy) -> Entry:
    """The pull request that carries out a plan. Raises UserError where its branch or title belongs to others."""
    manner = Manner(policy.parameters)
    if manner.reserves("", TITLE):
        raise UserError(f"the title {TITLE!r} belongs to other automation", "free it in pull_requests of the pack")
    files = tuple(file_change(change) for change in planned.changes)
    withheld = tuple(
        Withheld(file.name, "info", file.path, 0, "it is not created", file.reason) for file in planned.left
    )
    return Entry(
        subject.slug,
        base=subject.branch,
        commit=subject.head,
        set=SET,
        branch=manner.branch_of(SET),
        title=TITLE,
        body=pull_request_text.render(
            policy.name,
            files,
            withheld,
            {rule.id: rule for rule in planned.before.rules_run},
            begin=_begin(planned, policy.name),
            tasks=planned.tasks,
        ),
        files=files,
        patch=diff.render((change.path, change) for change in planned.changes),
        labels=manner.labels,
        reviewers=reviewers_of(snapshot, [file.path for file in files]),
        rules=tuple(sorted({item.rule for file in files for item in file.fixes})),
        withheld=withheld,
    )


def _begin(planned: Plan, pack: str) -> list[str]:
    """What the pull request brings, and for what the repository is taken."""
    made, edits = planned.made, planned.edits
    does = [f"creates {plural(len(made), 'file')}"] if made else []
    does += [f"changes {plural(len(edits), 'file')} that {'is' if len(edits) == 1 else 'are'} there"] if edits else []
    passes = [sum(verdict.outcome == "pass" for verdict in each.verdicts) for each in (planned.before, planned.after)]
    parts = [
        f"This brings the standard {code(pack)}: it {' and '.join(does)}. "
        f"{plural(passes[1], 'control')} will pass, {passes[0]} do now.\n"
    ]
    kinds = [
        f"{escape(project.type)} in {code(project.folder or '/')} ({escape(project.reason)})"
        for project in planned.projects
    ]
    if kinds:
        parts.append(f"\nThe repository is taken for: {'; '.join(kinds)}.\n")
    if made:
        parts.append("\n### New files\n\n")
        parts += [f"- {code(item.path)}: {escape(item.reason)}\n" for item in made]
    return parts
