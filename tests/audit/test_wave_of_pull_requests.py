"""250 repositories of real workflows, from the sweep to the pull requests and back: counted, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chittyops_policy.audit.application import Application
from chittyops_policy.audit.github_source import GitHubSource
from chittyops_policy.audit.journal import Journal
from chittyops_policy.audit.plan import Plan
from chittyops_policy.audit.progress import Silence
from chittyops_policy.audit.proposals import Choice, Manner, Proposer
from chittyops_policy.audit.question import Question
from chittyops_policy.audit.result import Proposal
from chittyops_policy.audit.selection import Selection
from chittyops_policy.audit.store import Store
from chittyops_policy.audit.sweep import Sweep
from chittyops_policy.hosts.access import Access
from chittyops_policy.policy import Overrides

from ..github.corpus import needs_corpus, repositories_of_corpus
from ..github.world import World, github_world, needs_github

pytestmark = [needs_github, needs_corpus]

COUNT = 250
TODAY = "2026-11-25"
NOW = "2026-11-25T19:00:00Z"
BRANCH = "chittyops-policy/safe-fixes-unpinned-uses"
CHOICE = Choice(only=("unpinned-uses",))


class Organisation:
    """The world with the repositories, and one command over all of them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.store = Store(str(folder / "store.sqlite"))
        self.journal = Journal(self.store)
        self.question = Question(None, Overrides(), TODAY)

    def plan(self, *slugs: str) -> Plan:
        """The plan for some repositories, or for all."""
        owners = () if slugs else self.world.organizations
        source = GitHubSource(self._access(), self.store, Silence(), owners=owners, repositories=slugs)
        question = self.question
        proposer = Proposer(question.catalogue, question.pack, TODAY, CHOICE)
        try:
            Sweep(
                source, question, Selection(archived="yes", fork="yes"), Silence(), self.store, propose=proposer
            ).run()
        finally:
            source.close()
        return proposer.plan(NOW, question.digest)

    def apply(self, plan: Plan) -> dict[str, str]:
        """Slug → state."""
        application = Application(
            self._access().connection,
            self.journal,
            Manner(self.question.pack.parameters),
            exact=True,
            now=lambda: NOW,
        )
        return {slug: _only(proposals).state for slug, proposals in application.run(plan).items()}

    def _access(self) -> Access:
        return Access(
            {"GITHUB_TOKEN": self.world.token},
            base_url=self.world.address,
            write_pause=0,
            sleep=lambda seconds: None,
        )


def _only(proposals: list[Proposal]) -> Proposal:
    [proposal] = proposals
    return proposal


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with github_world("acme", "globex") as world:
        for slug, files in repositories_of_corpus("acme", "globex", count=COUNT).items():
            world.repository(slug, files)
        yield Organisation(world, tmp_path_factory.mktemp("organisation"))


def standing(world: World, slugs: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Slug → (state, commit) of its pull requests."""
    return {slug: tuple((str(pull["state"]), str(pull["head"]["sha"])) for pull in world.pulls(slug)) for slug in slugs}


def test_a_wave_through_trouble_people_and_change_doubles_nothing(organisation: Organisation) -> None:
    world = organisation.world
    plan = organisation.plan()
    slugs = {entry.slug.lower(): entry.slug for entry in plan.entries}
    assert len(plan.entries) > COUNT // 2

    # The first run meets limits, lost answers and a server that fails, here and there.
    lost = [world.faults.lost(method="POST", path="/pulls$", after=number * 5) for number in range(3)]
    lost += [world.faults.lost(method="POST", operation="^mutation", after=number * 5) for number in range(3)]
    lost += [world.faults.lost(method="POST", path="/git/refs$", after=3)]
    lost += [world.faults.dropped(method="POST", path="/labels$", after=5)]
    world.faults.secondary_limit(retry_after=0, method="POST", path="/pulls$", after=2)
    world.faults.status(502, path="^/graphql", operation="^query")
    world.forget()
    states = organisation.apply(plan)
    assert Counter(states.values()) == {"open": len(plan.entries)}
    assert all(fault.struck for fault in lost)
    first = standing(world, slugs.values())
    assert all([state for state, _ in pulls] == ["open"] for pulls in first.values())
    for entry in plan.entries:
        changed = world.files(entry.slug, entry.branch)
        modes, before = world.modes(entry.slug, entry.branch), world.modes(entry.slug)
        assert modes == before, "no file comes, goes, or loses its mode"
        assert {file.path: changed[file.path] for file in entry.files} == {
            file.path: file.after for file in entry.files
        }

    # Nothing has changed: nothing is written, and one question is enough for fifty.
    world.forget()
    states = organisation.apply(plan)
    assert Counter(states.values()) == {"unchanged": len(plan.entries)}
    assert world.requests(writes=True) == []
    assert len(world.requests()) <= len(plan.entries) / 50 + 2

    # People work: one commits to the branch, one closes, one merges, one changes what is to be mended.
    mine, closed, merged, edited = list(slugs.values())[:4]
    theirs = world.commit(mine, {"NOTES.md": "mine"}, BRANCH)
    world.close(closed, 1)
    world.merge(merged, 1)
    file = next(entry for entry in plan.entries if entry.slug == edited).files[0]
    world.commit(edited, {file.path: b"# by hand\n" + world.files(edited)[file.path]})
    world.forget()
    anew = organisation.plan(mine, closed, merged, edited)
    assert [entry.slug for entry in anew.entries] == sorted([mine, closed, edited])
    others = [entry for entry in plan.entries if entry.slug not in (mine, closed, merged, edited)]
    states = organisation.apply(plan.of((*anew.entries, *others)))
    expected = dict.fromkeys(slugs, "unchanged") | {
        mine.lower(): "held",
        closed.lower(): "declined",
        edited.lower(): "updated",
    }
    del expected[merged.lower()]
    assert states == expected
    assert {seen.path.split("/")[2] + "/" + seen.path.split("/")[3] for seen in world.requests(writes=True)} == {edited}
    last = standing(world, slugs.values())
    assert last[mine] == (("open", theirs),)
    assert [state for state, _ in last[closed]] == ["closed"]
    assert [state for state, _ in last[edited]] == ["open"]
    for slug, pulls in last.items():
        if slug not in (mine, merged, edited, closed):
            assert pulls == first[slug]
    assert all(set(world.branches(slug)) >= {"main", BRANCH} for slug in slugs.values() if slug != merged)
