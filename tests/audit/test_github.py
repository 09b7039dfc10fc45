"""Reading GitHub: what is listed, what is read, what is asked for, and what goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.audit.result import JUDGED, NOT_REACHED, OUT_OF_SCOPE, Audit
from chittyops_policy.audit.selection import Selection
from chittyops_policy.engine import check as judge
from chittyops_policy.errors import PolicyError
from chittyops_policy.model import Report
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources.git_commit import commit_tree
from chittyops_policy.sources.working_tree import WorkingTree

from ..doors.support import CLEAN, UNPINNED, commit, git, write
from ..doors.test_parity import FILES
from ..github.world import File, World, github_world, needs_github
from .reading import TODAY, Auditor, essence, standings

pytestmark = needs_github

WORKFLOW = ".github/workflows/ci.yml"
CALL = "on: push\npermissions: {}\njobs:\n  a:\n    uses: acme/tools/.github/workflows/shared.yml@main\n"
NEEDY = (
    "on: {workflow_call: {inputs: {level: {required: true, type: string}}}}\npermissions: {}\njobs:\n  a:\n"
    "    runs-on: ubuntu-latest\n    steps: [run: make]\n"
)
EASY = NEEDY.replace("required: true", "required: false")


@pytest.fixture
def world() -> Iterator[World]:
    with github_world("acme", "globex", permissions={"contents": "read", "metadata": "read"}) as made:
        yield made


@pytest.fixture
def audit(world: World, tmp_path: Path) -> Auditor:
    return Auditor(world, tmp_path)


def rules(audit: Audit, slug: str) -> set[str]:
    report = standings(audit)[slug].report
    assert report is not None
    return {decision.rule for decision in report.decisions}


# ------------------------------------------------------------------------------------------------------- reading


def test_it_says_what_check_says_in_a_checkout(world: World, audit: Auditor, tmp_path: Path) -> None:
    files: dict[str, File] = dict(FILES)
    files |= {
        ".github/workflows/linked.yml": ("120000", "ci.yml"),
        ".github/workflows/outside.yml": ("120000", "../../../elsewhere.yml"),
        ".github/workflows/dangling.yml": ("120000", "nothing.yml"),
        ".github/workflows/latin.yml": UNPINNED.replace("run: make", "run: echo caf\u00e9").encode("latin-1"),
        ".github/workflows/zero.yml": UNPINNED.encode() + b"# \0\n",
        ".github/workflows/long.yml": UNPINNED + "# padding\n" * 60_000,
        ".github/workflows/lfs.yml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "deep/er/than/one/answer/goes/act/action.yml": FILES["tools/act/action.yml"],
        "bin/run": ("100755", "#!/bin/sh\n"),
        "vendored": ("160000", "0123456789abcdef0123456789abcdef01234567"),
        "empty": "",
    }
    world.repository("acme/sample", files)
    folder = tmp_path / "sample"
    for path, file in files.items():
        mode, content = file if isinstance(file, tuple) else ("100644", file)
        if mode == "120000":
            (folder / path).symlink_to(content if isinstance(content, str) else content.decode())
        elif mode != "160000":
            write(folder, {path: content})
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "https://github.com/acme/sample.git")
    commit(folder)

    found = audit()
    (standing,) = found.standings
    assert standing.state == JUDGED, standing.reason
    working, committed = WorkingTree(str(folder)), commit_tree(str(folder), "HEAD")
    try:
        for tree in (working, committed):
            snapshot = Snapshot(tree, "acme/sample", standing.subject.head)
            policy = audit.question.policy(snapshot)
            expected = judge(snapshot, audit.question.catalogue, policy, today=TODAY, lookups=_alone(snapshot))
            assert _comparable(standing.report) == _comparable(expected)
    finally:
        committed.close()
    assert len(_comparable(standing.report)[0]) >= 20
    single = {seen.path for seen in world.requests(kind="rest")}
    assert len(single) == 3 and all("/git/blobs/" in path for path in single), "what GraphQL does not give as it is"


def _alone(snapshot: Snapshot) -> Lookups:
    return Lookups({"acme/sample": snapshot})


def _comparable(report: Report | None) -> tuple[Any, ...]:
    assert report is not None
    return (report.decisions, report.verdicts, report.problems, report.files)


def test_what_has_not_changed_costs_the_listing_only(world: World, audit: Auditor) -> None:
    for number in range(5):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED, "README.md": f"{number}\n"})
    first = audit()
    assert [item.known for item in first.standings] == [False] * 5
    second = audit()
    assert [item.known for item in second.standings] == [True] * 5
    assert len(world.requests()) == 1
    assert world.requests(writes=True) == []
    assert essence(second) == essence(first)

    world.commit("acme/r3", {".github/workflows/more.yml": CLEAN})
    third = audit()
    assert [item.subject.slug for item in third.standings if not item.known] == ["acme/r3"]
    _, tree, texts = world.requests()
    asked = [oid for oid in _oids(texts.body) if oid not in _oids(tree.body)]
    assert len(asked) == 1, "only the new text; the others were seen before"


def _oids(body: bytes) -> list[str]:
    return [part[:40] for part in json.loads(body)["query"].split('object(oid: "')[1:]]


def test_a_text_that_many_have_is_fetched_once(world: World, audit: Auditor) -> None:
    for number in range(4):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED})
    audit()
    oids = [oid for seen in world.requests() for oid in _oids(seen.body)]
    blob = git_blob(UNPINNED)
    assert oids.count(blob) == 1


def git_blob(text: str) -> str:
    import hashlib

    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def test_a_repository_with_many_folders_is_read_whole(world: World, audit: Auditor) -> None:
    files: dict[str, File] = {f"a/b/c/d/e{number}/f/x.txt": "x" for number in range(80)}
    world.repository(
        "acme/wide", {WORKFLOW: UNPINNED, **files, "a/b/c/d/e7/f/act/action.yml": FILES["tools/act/action.yml"]}
    )
    world.repository("acme/large", {WORKFLOW: UNPINNED}, size=500_000)
    found = audit()
    trees = [seen for seen in world.requests(kind="rest") if "/git/trees/" in seen.path]
    assert {seen.path.split("/git/")[0] for seen in trees} == {"/repos/acme/wide", "/repos/acme/large"}
    assert len(trees) == 2
    report = standings(found)["acme/wide"].report
    assert report is not None and "a/b/c/d/e7/f/act/action.yml" in report.files


def test_a_verdict_follows_the_repository_that_it_calls(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: CALL})
    world.repository("acme/tools", {".github/workflows/shared.yml": NEEDY})
    assert "uncallable-workflow" in rules(audit(), "acme/app")
    world.commit("acme/tools", {".github/workflows/shared.yml": EASY})
    found = audit()
    assert "uncallable-workflow" not in rules(found, "acme/app")
    assert not standings(found)["acme/app"].known
    assert standings(audit())["acme/app"].known


# ------------------------------------------------------------------------------------------------------- listing


def test_what_is_not_judged_is_listed_with_the_reason(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED}, topics=["ci"], language="Go")
    world.repository("acme/old", {WORKFLOW: UNPINNED}, archived=True)
    world.repository("acme/off", {WORKFLOW: UNPINNED}, disabled=True)
    world.repository("acme/empty")
    world.repository("globex/origin", {WORKFLOW: UNPINNED})
    world.repository("acme/theirs", {WORKFLOW: UNPINNED}, fork=True, parent="globex/origin")
    found = standings(audit())
    assert {slug: (item.state, item.reason) for slug, item in found.items() if item.state != JUDGED} == {
        "acme/old": (OUT_OF_SCOPE, "archived and read-only"),
        "acme/off": (OUT_OF_SCOPE, "GitHub has disabled it"),
        "acme/empty": (OUT_OF_SCOPE, "empty: it has no commit yet"),
        "acme/theirs": (OUT_OF_SCOPE, "a fork of somebody else's repository"),
    }
    subject = found["acme/app"].subject
    assert (subject.branch, subject.visibility, subject.topics, subject.language) == ("main", "public", ("ci",), "Go")
    too = audit(selection=Selection(archived="only"))
    assert [item.subject.slug for item in too.judged] == ["acme/old"]


def test_custom_properties_select(world: World, audit: Auditor) -> None:
    for name in ("one", "two", "three"):
        world.repository(f"acme/{name}", {WORKFLOW: CLEAN})
    world.repository("octocat/own", {WORKFLOW: CLEAN})
    schema = {"property_name": "tier", "value_type": "single_select", "allowed_values": ["1", "2"]}
    world.settings("PATCH", "/orgs/acme/properties/schema", {"properties": [schema]})
    for name, value in (("one", "1"), ("two", "2")):
        wish = {"repository_names": [name], "properties": [{"property_name": "tier", "value": value}]}
        world.settings("PATCH", "/orgs/acme/properties/values", wish)
    selection = Selection(properties=(("tier", "1"),))
    found = standings(audit(owners=("acme", "octocat"), properties=True, selection=selection))
    assert {slug: (item.state, item.reason) for slug, item in found.items()} == {
        "acme/one": (JUDGED, ""),
        "acme/two": (OUT_OF_SCOPE, "not selected: its property tier is 2"),
        "acme/three": (OUT_OF_SCOPE, "not selected: its property tier is not set"),
        "octocat/own": (OUT_OF_SCOPE, "not selected: its property tier is not set"),
    }
    token = world.fine_grained_token({"contents": "read", "metadata": "read"})
    (unread, *_) = audit(token=token.value, properties=True, selection=selection).standings
    assert (unread.state, unread.permission) == (NOT_REACHED, "organization custom properties: read")


def test_an_item_that_two_pages_show_counts_once(world: World, audit: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chittyops_policy.hosts.listing.PAGE", 2)
    for number in range(5):
        world.repository(f"acme/r{number}", {WORKFLOW: CLEAN})
    world.server.overlap = 1
    found = audit()
    assert [item.subject.slug for item in found.standings] == [f"acme/r{number}" for number in range(5)]


def test_several_organisations_a_user_and_single_repositories(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: CLEAN})
    world.repository("globex/app", {WORKFLOW: CLEAN})
    world.repository("octocat/own", {WORKFLOW: CLEAN})
    found = audit(owners=("acme", "octocat"), repositories=("globex/app", "globex/none", "acme/app"))
    assert {slug: item.state for slug, item in standings(found).items()} == {
        "acme/app": JUDGED,
        "octocat/own": JUDGED,
        "globex/app": JUDGED,
        "globex/none": NOT_REACHED,
    }
    assert "Could not resolve to a Repository" in standings(found)["globex/none"].reason


def test_an_old_name_leads_to_the_new_one(world: World, audit: Auditor) -> None:
    world.repository("acme/old", {WORKFLOW: CLEAN})
    world.rename("acme/old", "new")
    found = audit(owners=(), repositories=("acme/old",))
    assert [(item.subject.slug, item.state) for item in found.standings] == [("acme/new", JUDGED)]
    assert audit.said.sentences == ["acme/old is called acme/new by now"]


def test_an_organisation_that_is_not_there(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: CLEAN})
    with pytest.raises(PolicyError, match="nobody is no organisation or user"):
        audit(owners=("nobody",))
    found = audit(owners=("nobody", "acme"))
    assert [item.state for item in found.standings] == [JUDGED]
    assert found.problems == ("nobody is no organisation or user, or the token may not see it",)


def test_what_is_held_back_is_a_problem(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: CLEAN})
    world.repository("acme/secret", {WORKFLOW: CLEAN})
    world.hide("acme/secret", "Resource protected by organization SAML enforcement")
    found = audit()
    assert [item.subject.slug for item in found.standings] == ["acme/app"]
    (problem,) = found.problems
    assert problem.startswith("GitHub holds back 1 of the 2 repositories of acme: Resource protected by")


# --------------------------------------------------------------------------------------------------------- access


def test_an_app_asks_with_a_token_of_its_installation(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED}, private=True)
    (app,) = world.apps.values()
    found = audit(app=(str(app.id), app.key))
    assert [item.state for item in found.standings] == [JUDGED]


def test_an_app_that_is_not_installed_says_so(world: World, audit: Auditor) -> None:
    (app,) = world.apps.values()
    with pytest.raises(PolicyError, match="the GitHub App is not installed for octocat"):
        audit(owners=("octocat",), app=(str(app.id), app.key))
    found = audit(owners=(), repositories=("octocat/own",), app=(str(app.id), app.key))
    assert [(item.state, item.reason) for item in found.standings] == [
        (NOT_REACHED, "the GitHub App is not installed for octocat")
    ]


def test_a_token_without_contents_names_the_permission(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED}, private=True)
    token = world.fine_grained_token({"metadata": "read"})
    (standing,) = audit(token=token.value).standings
    assert (standing.state, standing.permission) == (NOT_REACHED, "contents: read")


# ------------------------------------------------------------------------------------------------------- troubles

TROUBLES = {
    "a spent hour": lambda world, where: world.faults.primary_limit(reset_in=900, **where),
    "too much at once": lambda world, where: world.faults.secondary_limit(retry_after=7, **where),
    "too much at once, for an unknown time": lambda world, where: world.faults.secondary_limit(
        retry_after=None, **where
    ),
    "502": lambda world, where: world.faults.status(502, **where),
    "three times 502": lambda world, where: world.faults.status(502, times=3, **where),
    "a page instead of JSON": lambda world, where: world.faults.page(503, **where),
    "a reset": lambda world, where: world.faults.dropped(**where),
    "an answer that is lost": lambda world, where: world.faults.lost(**where),
    "half an answer": lambda world, where: world.faults.garbled(**where),
    "an error and no data": lambda world, where: world.faults.errors(
        [{"message": "Something went wrong while executing your query."}], **where
    ),
}
WAITS = {"a spent hour": "hourly rate limit", "too much at once": "a secondary rate limit"}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("after", [0, 1, 2], ids=["listing", "trees", "texts"])
def test_what_passes_changes_nothing(world: World, audit: Auditor, tmp_path: Path, trouble: str, after: int) -> None:
    for number in range(3):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED, "README.md": f"{number}\n"})
    TROUBLES[trouble](world, {"after": after})
    found = audit()
    assert [item.state for item in found.standings] == [JUDGED] * 3, found.standings[0].reason
    if trouble in WAITS:
        (told,) = audit.said.sentences
        assert WAITS[trouble] in told
        assert max(audit.clock.waits) >= 7
    world.faults.clear()
    (tmp_path / "fresh").mkdir()
    assert essence(found) == essence(Auditor(world, tmp_path / "fresh")())


def test_what_does_not_pass_costs_no_more_than_itself(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED})
    world.repository("globex/app", {WORKFLOW: UNPINNED})
    world.repository("globex/large", {WORKFLOW: UNPINNED}, size=500_000)
    world.faults.status(503, path="/repos/globex/large/git/trees", times=None)
    found = standings(audit(owners=("acme", "globex")))
    assert {slug: item.state for slug, item in found.items()} == {
        "acme/app": JUDGED,
        "globex/app": JUDGED,
        "globex/large": NOT_REACHED,
    }
    assert "failed with status 503" in found["globex/large"].reason
    world.faults.clear()
    again = standings(audit(owners=("acme", "globex")))
    assert {slug: item.known for slug, item in again.items()} == {
        "acme/app": True,
        "globex/app": True,
        "globex/large": False,
    }


def test_a_question_that_takes_github_too_long_is_asked_in_halves(world: World, audit: Auditor) -> None:
    for number in range(6):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED, "README.md": f"{number}\n"})
    world.faults.status(502, after=1, times=5)
    assert [item.state for item in audit().standings] == [JUDGED] * 6


def test_a_token_that_dies_leaves_the_rest_for_the_next_run(world: World, audit: Auditor) -> None:
    for number in range(4):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED})
    token = world.classic_token()
    world.faults.call(lambda: world.kill(token.value), after=1)
    found = audit(token=token.value)
    assert {item.state for item in found.standings} == {NOT_REACHED}
    assert all("does not accept the token" in item.reason for item in found.standings)
    assert len(world.requests()) == 2, "nothing more is asked with a dead token"
    assert [item.state for item in audit().standings] == [JUDGED] * 4


def test_a_limit_that_lasts_too_long_is_not_waited_for(world: World, audit: Auditor) -> None:
    for number in range(3):
        world.repository(f"acme/r{number}", {WORKFLOW: UNPINNED})
    world.faults.primary_limit(reset_in=3000, after=1, times=None)
    found = audit(longest_wait=60)
    assert {item.state for item in found.standings} == {NOT_REACHED}
    assert all("the hourly rate limit is used up" in item.reason for item in found.standings)
    assert audit.clock.waits == []


def test_nobody_there(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED})
    world.faults.dropped(times=None)
    with pytest.raises(PolicyError, match="cannot be reached: ConnectionError"):
        audit()


def test_a_list_that_breaks_off_says_where(world: World, audit: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chittyops_policy.hosts.listing.PAGE", 2)
    for number in range(5):
        world.repository(f"acme/r{number}", {WORKFLOW: CLEAN})
    world.faults.dropped(after=1, times=5)
    found = audit()
    assert len(found.judged) == 2
    (problem,) = found.problems
    assert problem.startswith("the list of the repositories of acme broke off after 2 of 5: ")


def test_a_repository_that_vanishes_meanwhile(world: World, audit: Auditor) -> None:
    world.repository("acme/app", {WORKFLOW: UNPINNED})
    world.repository("acme/brief", {WORKFLOW: UNPINNED})
    world.faults.call(lambda: world._admin("DELETE", "/repos/acme/brief"), after=1)
    found = standings(audit())
    assert found["acme/app"].state == JUDGED
    assert (found["acme/brief"].state, found["acme/brief"].reason) == (
        NOT_REACHED,
        "it is gone, or the token may no longer see it",
    )


def test_a_push_between_the_questions_changes_nothing(world: World, audit: Auditor) -> None:
    head = world.repository("acme/app", {WORKFLOW: UNPINNED})
    world.faults.call(lambda: world.commit("acme/app", {WORKFLOW: CLEAN}), after=1)
    found = audit()
    assert found.standings[0].subject.head == head
    assert "unpinned-uses" in rules(found, "acme/app")
    assert "unpinned-uses" not in rules(audit(), "acme/app")
