"""Pull requests on the emulated GitHub: made once, kept up to date, and never against a person's will."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from chittyops_policy.audit.plan import Entry
from chittyops_policy.audit.proposals import Choice
from chittyops_policy.delivery.pull_request_marker import read

from ..doors.support import UNPINNED
from ..github.faults import Forward
from ..github.messages import Answer, Request, answer
from ..github.world import World, github_world, needs_github
from .desk import BRANCH, Desk
from .planned import FILES, WORKFLOW, entry

pytestmark = needs_github

OTHER = UNPINNED.replace("make", "make other")


@pytest.fixture(scope="module")
def whole_world() -> Iterator[World]:
    with github_world("octo") as world:
        yield world


@pytest.fixture
def world(whole_world: World) -> Iterator[World]:
    whole_world.forget()
    yield whole_world
    whole_world.faults.clear()


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


# ------------------------------------------------------------------------------------------------------- once


def test_a_pull_request_is_made_with_all_that_belongs_to_it(desk: Desk) -> None:
    desk.made()
    wanted = desk.entry()
    done = desk.one(wanted)
    assert (done.state, done.branch) == ("open", BRANCH), done.reason
    [pull] = desk.pulls()
    assert pull["title"] == wanted.title and pull["base"]["ref"] == "main" and pull["head"]["ref"] == BRANCH
    assert pull["html_url"] == done.url and not pull["draft"] and not pull["merged_at"]
    assert sorted(label["name"] for label in pull["labels"]) == ["automation", "compliance"]
    marker = read(pull["body"])
    assert marker is not None and marker.head == pull["head"]["sha"] and marker.base == desk.head
    assert wanted.body.strip() in pull["body"]
    assert desk.world.files(desk.slug, BRANCH)[WORKFLOW] == wanted.files[0].after
    [commit, _] = desk.world.log(desk.slug, BRANCH)
    assert commit["commit"]["message"].splitlines()[0] == wanted.title
    assert commit["parents"][0]["sha"] == desk.head
    assert desk.is_verified(pull["head"]["sha"])
    assert desk.world.requests(path="merge") == [] and desk.world.requests(path="reviews") == []


def test_a_second_run_writes_nothing(desk: Desk) -> None:
    desk.made()
    desk.one()
    again = desk.one()
    assert again.state == "unchanged" and desk.writes() == 0
    assert len(desk.world.requests()) == 1, "one question is enough to see that"


def test_without_a_journal_it_is_found_again_by_branch_and_marker(desk: Desk, tmp_path: Path) -> None:
    desk.made()
    desk.one()
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Desk(desk.world, tmp_path / "elsewhere")
    elsewhere.slug, elsewhere.files = desk.slug, desk.files
    assert elsewhere.one().state == "unchanged" and desk.writes() == 0


def test_many_are_looked_up_in_one_question(world: World, tmp_path: Path) -> None:
    desks = [Desk(world, tmp_path).made() for _ in range(4)]
    entries = [each.entry() for each in desks]
    assert [done.state for done in desks[0].apply(*entries)] == ["open"] * 4
    assert [done.state for done in desks[0].apply(*entries)] == ["unchanged"] * 4
    assert len(world.requests()) == 1


# ------------------------------------------------------------------------------------------------------ in place


def test_a_change_of_the_content_updates_the_same_pull_request(desk: Desk) -> None:
    desk.made()
    desk.one()
    first = desk.world.branches(desk.slug)[BRANCH]
    head = desk.commit({WORKFLOW: OTHER})
    done = desk.one()
    assert done.state == "updated", done.reason
    [pull] = desk.pulls()
    assert pull["state"] == "open"
    assert desk.world.files(desk.slug, BRANCH)[WORKFLOW] == desk.entry().files[0].after
    [last, *_] = desk.world.log(desk.slug, BRANCH)
    assert [parent["sha"] for parent in last["parents"]] == [first, head], "nothing is forced, and the base is in it"
    marker = read(pull["body"])
    assert marker is not None and (marker.base, marker.head) == (head, last["sha"])
    assert desk.one().state == "unchanged" and desk.writes() == 0


def test_a_file_that_needs_nothing_any_more_goes_back_to_the_base(desk: Desk) -> None:
    other = ".github/workflows/other.yml"
    desk.made({**FILES, other: UNPINNED})
    desk.one()
    mended = desk.entry().files
    assert [file.path for file in mended] == [WORKFLOW, other]
    desk.commit({other: mended[1].after.decode(), "README.md": "# more\n"})
    assert desk.one().state == "updated"
    assert len(desk.pulls()) == 1
    files = desk.world.server.upstream.json("GET", f"/repos/{desk.slug}/compare/main...{BRANCH}", token="octocat-0")
    assert [file["filename"] for file in files["files"]] == [WORKFLOW]
    assert desk.world.files(desk.slug, BRANCH)["README.md"] == b"# more\n"


def test_a_commit_that_changes_nothing_for_it_leaves_the_pull_request_alone(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.commit({"README.md": "# more\n"})
    assert desk.one().state == "unchanged" and desk.writes() == 0


def test_only_the_text_is_edited_where_only_the_text_differs(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.commit({"CLAUDE.md": ""})
    assert desk.entry().body != read_body(desk) and desk.entry().files == entry(slug=desk.slug).files
    assert desk.one().state == "updated" and desk.writes() == 1
    assert desk.one().state == "unchanged" and desk.writes() == 0


def read_body(desk: Desk) -> str:
    return str(desk.pulls()[-1]["body"])


def test_what_people_write_around_the_text_stays(desk: Desk) -> None:
    desk.made()
    desk.one()
    [pull] = desk.pulls()
    body = f"Please look at this, Ann.\r\n\r\n{pull['body']}\r\nShe did."
    desk.world.server.upstream.json("PATCH", f"/repos/{desk.slug}/pulls/1", {"body": body}, "octocat-0")
    assert desk.one().state == "unchanged"
    desk.commit({WORKFLOW: OTHER})
    assert desk.one().state == "updated"
    body = read_body(desk)
    assert body.startswith("Please look at this, Ann.\n") and body.rstrip().endswith("She did.")
    assert body.count("chittyops-policy {") == 1


def test_modes_are_kept(desk: Desk) -> None:
    desk.made(executable=[WORKFLOW])
    assert desk.one().state == "open"
    assert desk.world.modes(desk.slug, BRANCH)[WORKFLOW] == "100755"
    assert desk.world.files(desk.slug, BRANCH)[WORKFLOW] == desk.entry().files[0].after
    assert [seen.operation for seen in desk.world.requests(kind="graphql", writes=True)] == []


def test_git_data_takes_over_where_the_mutation_is_refused(desk: Desk) -> None:
    desk.made()
    desk.world.faults.status(403, "Resource not accessible by integration", operation="^mutation")
    assert desk.one().state == "open"
    assert desk.world.files(desk.slug, BRANCH)[WORKFLOW] == desk.entry().files[0].after
    assert [pull["number"] for pull in desk.pulls()] == [1]
    assert desk.one().state == "unchanged" and desk.writes() == 0


# --------------------------------------------------------------------------------------------------- what people do


def test_a_persons_commit_is_never_overwritten(desk: Desk) -> None:
    desk.made()
    desk.one()
    theirs = desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH)
    desk.commit({WORKFLOW: OTHER})
    done = desk.one()
    assert done.state == "held" and "a commit on the branch is not ours" in done.reason
    assert desk.writes() == 0 and desk.world.branches(desk.slug)[BRANCH] == theirs


def test_a_push_in_the_last_moment_is_not_overwritten(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.commit({WORKFLOW: OTHER})
    pushed: list[str] = []

    def push() -> None:
        pushed.append(desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH))

    desk.world.faults.call(push, method="PATCH", path="git/refs")
    done = desk.one()
    assert done.state == "held" and "pushed to the branch just now" in done.reason
    assert desk.world.branches(desk.slug)[BRANCH] == pushed[0]


def test_a_persons_branch_of_the_same_name_is_left_alone(desk: Desk) -> None:
    desk.made()
    theirs = desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH)
    done = desk.one()
    assert done.state == "held" and desk.writes() == 0
    assert desk.world.branches(desk.slug)[BRANCH] == theirs


def test_an_empty_branch_of_the_same_name_is_taken(desk: Desk) -> None:
    desk.made()
    desk.world.branch(desk.slug, BRANCH)
    desk.commit({"README.md": "# more\n"})
    assert desk.one().state == "open"
    assert desk.world.files(desk.slug, BRANCH)["README.md"] == b"# more\n"


def test_a_persons_pull_request_on_the_branch_is_left_alone(desk: Desk) -> None:
    desk.made()
    desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH)
    body = {"title": "Mine", "head": BRANCH, "base": "main", "body": "by hand"}
    desk.world.server.upstream.json("POST", f"/repos/{desk.slug}/pulls", body, "octocat-0")
    done = desk.one()
    assert done.state == "held" and "#1 on this branch is not ours" in done.reason and desk.writes() == 0


def test_what_a_person_closed_stays_closed_until_it_would_do_something_else(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.close(desk.slug, 1)
    done = desk.one()
    assert (done.state, done.reason) == ("declined", "#1 was closed") and desk.writes() == 0
    [noted] = desk.journal.noted([desk.slug]).values()
    assert (noted.state, noted.known.number) == ("declined", 1)
    desk.commit({WORKFLOW: "# moved down\n" + UNPINNED})
    assert desk.one().state == "declined", "other lines do not make it another change"
    desk.commit({WORKFLOW: UNPINNED.replace("checkout@v4", "checkout@v3")})
    assert desk.one().state == "open"
    assert [(pull["number"], pull["state"]) for pull in desk.pulls()] == [(1, "closed"), (2, "open")]
    assert desk.one().state == "unchanged"


def test_a_branch_that_a_person_deleted_is_a_no(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.delete_branch(desk.slug, BRANCH)
    assert desk.one().state == "declined" and BRANCH not in desk.world.branches(desk.slug)


def test_what_was_merged_and_is_needed_again_is_proposed_again(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.merge(desk.slug, 1)
    desk.commit({WORKFLOW: UNPINNED})
    assert desk.one().state == "open"
    assert [pull["state"] for pull in desk.pulls()] == ["closed", "open"]


def test_what_another_rule_set_does_too_is_superseded_with_a_link(desk: Desk) -> None:
    desk.made()
    desk.one()
    everything = desk.entry(Choice(review=True))
    assert set(everything.rules) > {"unpinned-uses"}
    whole = desk.one(everything)
    assert whole.state == "open", whole.reason
    first, second = desk.pulls()
    assert (first["state"], second["state"]) == ("closed", "open")
    assert f"Superseded by #{second['number']}." in first["body"]
    assert set(desk.world.branches(desk.slug)) == {"main", "chittyops-policy/all-fixes"}
    again = desk.one()
    assert again.state == "superseded" and again.url == whole.url and desk.writes() == 0
    desk.world.close(desk.slug, 2)
    assert desk.one().state == "open", "the other was declined, this one never was"


def test_a_superseded_one_with_a_persons_commit_stays_open(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH)
    assert desk.one(desk.entry(Choice(review=True))).state == "open"
    assert [pull["state"] for pull in desk.pulls()] == ["open", "open"]


def test_nothing_left_to_do_closes_it(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.forget()
    done = desk.application().settle([desk.slug], "safe-fixes-unpinned-uses")
    assert [proposal.state for proposal in done[desk.slug]] == ["settled"]
    [pull] = desk.pulls()
    assert pull["state"] == "closed" and "Nothing is left to mend here." in pull["body"]
    assert set(desk.world.branches(desk.slug)) == {"main"}
    assert desk.application().settle([desk.slug], "safe-fixes-unpinned-uses") == {}
    assert desk.one().state == "open", "it was not a person who closed it"


def test_nothing_left_to_do_leaves_a_persons_commit_alone(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.commit(desk.slug, {"NOTES.md": "mine"}, BRANCH)
    [proposal] = desk.application().settle([desk.slug], "safe-fixes-unpinned-uses")[desk.slug]
    assert proposal.state == "held" and desk.pulls()[0]["state"] == "open"


# ------------------------------------------------------------------------------------------------------- refusals


def test_a_plan_that_was_reviewed_refuses_what_has_moved(desk: Desk) -> None:
    desk.made()
    planned = desk.entry()
    desk.commit({"README.md": "# more\n"})
    done = desk.one(planned, exact=True)
    assert done.state == "refused" and "main has moved since the plan was made" in done.reason and desk.writes() == 0
    assert desk.one(planned).state == "open", "the files are the same: what was just planned still holds"


def test_a_file_that_has_moved_is_refused_in_any_case(desk: Desk) -> None:
    desk.made()
    planned = desk.entry()
    desk.commit({WORKFLOW: OTHER})
    done = desk.one(planned)
    assert done.state == "refused" and "main has moved" in done.reason and desk.writes() == 0


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"archived": True}, "it is archived"),
        ({"parent": "octo/upstream"}, "it is a fork"),
        ({"disabled": True}, "disabled"),
    ],
    ids=["archived", "fork", "disabled"],
)
def test_where_nothing_can_be_done_nothing_is_tried(facts: dict[str, object], words: str, desk: Desk) -> None:
    if "parent" in facts and "octo/upstream" not in desk.world.repositories():
        desk.world.repository("octo/upstream", dict(FILES))
    desk.made()
    planned = desk.entry()
    desk.world.change(desk.slug, **facts)
    done = desk.one(planned)
    assert done.state == "refused" and words in done.reason and desk.writes() == 0


def test_a_repository_that_is_gone_is_said_and_stops_nobody(desk: Desk) -> None:
    desk.made()
    gone = entry(slug="octo/gone")
    first, second = desk.apply(gone, desk.entry())
    assert first.state == "refused" and "there is no such repository" in first.reason
    assert second.state == "open"


def test_a_renamed_repository_is_found(desk: Desk) -> None:
    desk.made()
    planned = desk.entry()
    renamed = desk.world.rename(desk.slug, f"{desk.slug.split('/')[1]}-new")
    assert desk.one(planned).state == "open"
    assert len(desk.world.pulls(renamed)) == 1


def test_without_the_permission_for_workflows_no_branch_is_left_behind(desk: Desk) -> None:
    desk.made()
    token = desk.world.fine_grained_token({"contents": "write", "pull_requests": "write", "issues": "write"})
    done = desk.one(token=token.value)
    assert done.state == "refused" and "may not change workflow files" in done.reason
    assert "workflows: write" in done.reason
    assert set(desk.world.branches(desk.slug)) == {"main"} and desk.pulls() == []
    assert desk.one().state == "open", "with the right token it goes on"


def test_without_the_permission_for_pull_requests_no_branch_is_left_behind(desk: Desk) -> None:
    desk.made()
    token = desk.world.fine_grained_token({"contents": "write", "workflows": "write", "pull_requests": "read"})
    done = desk.one(token=token.value)
    assert done.state == "refused" and "pull_requests: write" in done.reason, done.reason
    assert set(desk.world.branches(desk.slug)) == {"main"}


def test_rules_for_branches_are_named(desk: Desk) -> None:
    desk.made()
    words = "Repository rule violations found\n\nCannot create ref due to creations being restricted."
    desk.world.faults.status(422, words, method="POST", path="/git/refs")
    done = desk.one()
    assert done.state == "refused" and "rules for branches forbid it" in done.reason
    assert set(desk.world.branches(desk.slug)) == {"main"}


def test_switched_off_pull_requests_leave_no_branch_behind(desk: Desk) -> None:
    desk.made()
    desk.world.faults.status(404, "Not Found", method="POST", path="/pulls$")
    done = desk.one()
    assert done.state == "refused" and "pull requests are switched off" in done.reason
    assert set(desk.world.branches(desk.slug)) == {"main"}


def test_refused_labels_and_reviewers_do_not_undo_the_pull_request(desk: Desk) -> None:
    desk.made()
    desk.world.faults.status(410, "Issues are disabled for this repo", method="POST", path="/labels")
    words = "Reviews may only be requested from collaborators."
    desk.world.faults.status(422, words, method="POST", path="/requested_reviewers", times=3)
    done = desk.one()
    assert done.state == "open" and "no labels: Issues are disabled" in done.reason
    assert "@octo/cicd-admins is not asked: Reviews may only be requested from collaborators." in done.reason
    assert desk.one().state == "unchanged"


def test_where_actions_is_off_it_is_said_that_no_check_runs(desk: Desk) -> None:
    desk.made()
    token = {"Authorization": f"token {desk.world.token}"}
    address = f"{desk.world.address}/repos/{desk.slug}/actions/permissions"
    assert requests.put(address, json={"enabled": False}, headers=token, timeout=60).status_code == 204
    done = desk.one()
    assert done.state == "open" and "GitHub Actions is switched off there" in done.reason


def test_a_pull_request_from_a_fork_counts_for_nothing(desk: Desk) -> None:
    desk.made()
    desk.one()
    desk.world.close(desk.slug, 1)

    def strike(request: Request, forward: Forward) -> Answer:
        body = forward().json
        for node in body["data"]["r0"]["pullRequests"]["nodes"]:
            node["isCrossRepository"] = True
        return answer(body)

    desk.world.faults._add(strike, {"path": "^/graphql"})
    assert desk.one().state == "open", "a stranger's text about the same branch does not decline anything"


def test_the_branch_of_other_automation_is_never_written(desk: Desk) -> None:
    desk.made()
    planned = desk.entry()
    values = {name: getattr(planned, name) for name in Entry.__slots__} | {"branch": "automation/governance-baseline"}
    done = desk.one(Entry(values.pop("slug"), **values))
    assert done.state == "refused" and "other automation" in done.reason and desk.writes() == 0


def test_so_many_new_ones_and_no_more(world: World, tmp_path: Path) -> None:
    desks = [Desk(world, tmp_path).made() for _ in range(3)]
    entries = [each.entry() for each in desks]
    assert [done.state for done in desks[0].apply(*entries, limit=2)] == ["open", "open", "planned"]
    assert [done.state for done in desks[0].apply(*entries, limit=2)] == ["unchanged", "unchanged", "open"]
