"""The emulated GitHub itself: it has to behave as GitHub is documented to, with PyGithub as the client."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from github import (
    Auth,
    BadCredentialsException,
    Github,
    GithubException,
    InputGitTreeElement,
    RateLimitExceededException,
    UnknownObjectException,
)

from .corpus import needs_corpus, repositories_of_corpus
from .world import Files, World, github_world, needs_github

pytestmark = needs_github

LISTING = """
query Listing($login: String!, $after: String) {
  organization(login: $login) {
    repositories(first: 2, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { nameWithOwner isArchived isFork isEmpty visibility parent { nameWithOwner }
              repositoryTopics(first: 10) { nodes { topic { name } } }
              primaryLanguage { name } defaultBranchRef { name target { oid } } }
    }
  }
  rateLimit { cost remaining }
}
"""

COMMIT = """
mutation Commit($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }
"""


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    permissions = {"contents": "write", "pull_requests": "write", "workflows": "write", "administration": "read"}
    with github_world("acme", "globex", permissions=permissions) as world:
        yield world


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    """The world of this module, counting from here, with nothing broken."""
    module_world.forget()
    yield module_world
    module_world.faults.clear()


def client(world: World, token: str | None = None) -> Github:
    return Github(
        auth=Auth.Token(token or world.token),
        base_url=world.address,
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def ask(world: World, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
    """A GraphQL answer as it comes: PyGithub raises on errors beside data."""
    headers = {"Authorization": f"bearer {token or world.token}"}
    body: dict[str, Any] = {"query": query, "variables": variables}
    found: dict[str, Any] = requests.post(f"{world.address}/graphql", json=body, headers=headers, timeout=60).json()
    return found


# ------------------------------------------------------------------------------------------------- repositories


def test_organisation_is_listed_by_both_apis(world: World) -> None:
    world.repository("globex/one", {"README.md": "one\n"}, topics=["worker"], language="Rust")
    world.repository("globex/two", private=True)
    world.repository("globex/three", {"a": "b"}, archived=True, parent="globex/one")
    rest = client(world).get_organization("globex").get_repos(sort="full_name")
    assert [one.full_name for one in rest] == ["globex/one", "globex/three", "globex/two"]
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = ask(world, LISTING, login="globex", after=after)["data"]["organization"]["repositories"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    one, two, three = found
    assert one == {
        "nameWithOwner": "globex/one",
        "isArchived": False,
        "isFork": False,
        "isEmpty": False,
        "visibility": "PUBLIC",
        "parent": None,
        "repositoryTopics": {"nodes": [{"topic": {"name": "worker"}}]},
        "primaryLanguage": {"name": "Rust"},
        "defaultBranchRef": {"name": "main", "target": {"oid": world.branches("globex/one")["main"]}},
    }
    assert (two["isEmpty"], two["defaultBranchRef"], two["visibility"]) == (True, None, "PRIVATE")
    assert (three["isArchived"], three["isFork"], three["parent"]) == (True, True, {"nameWithOwner": "globex/one"})
    assert [str(seen) for seen in world.requests()] == [
        "GET /orgs/globex → 200",
        "GET /orgs/globex/repos?per_page=100&sort=full_name → 200",
        "POST /graphql query Listing → 200",
        "POST /graphql query Listing → 200",
    ]
    assert world.requests(writes=True) == []


def test_a_page_can_repeat_an_item(world: World) -> None:
    for number in range(3):
        world.repository(f"acme/paged-{number}")
    world.server.overlap = 1
    first = ask(world, LISTING, login="acme")["data"]["organization"]["repositories"]
    second = ask(world, LISTING, login="acme", after=first["pageInfo"]["endCursor"])
    world.server.overlap = 0
    assert second["data"]["organization"]["repositories"]["nodes"][0] == first["nodes"][-1]


def test_files_of_every_kind_are_read(world: World) -> None:
    big = "x" * 600_000
    files: Files = {
        ".github/workflows/ci.yml": "on: push\n",
        "run.sh": ("100755", "#!/bin/sh\n"),
        "link": ("120000", "run.sh"),
        "vendor": ("160000", "a" * 40),
        "picture.png": b"\x89PNG\0",
        "latin.txt": "é".encode("latin-1"),
        "big.txt": big,
    }
    head = world.repository("acme/files", files)
    assert world.files("acme/files")["picture.png"] == b"\x89PNG\0"
    query = """
    query($expression: String!) {
      repository(owner: "acme", name: "files") {
        object(expression: $expression) {
          ... on Tree { entries { path type mode object { ... on Blob { byteSize isBinary isTruncated text } } } }
        }
        workflows: object(expression: "HEAD:.github/workflows") { ... on Tree { entries { path mode } } }
        missing: object(expression: "HEAD:nothing") { oid }
      }
    }"""
    found = ask(world, query, expression=f"{head}:")["data"]["repository"]
    entries = {entry["path"]: entry for entry in found["object"]["entries"]}
    assert {path: (entry["type"], oct(entry["mode"])) for path, entry in entries.items()} == {
        ".github": ("tree", "0o40000"),
        "run.sh": ("blob", "0o100755"),
        "link": ("blob", "0o120000"),
        "vendor": ("commit", "0o160000"),
        "picture.png": ("blob", "0o100644"),
        "latin.txt": ("blob", "0o100644"),
        "big.txt": ("blob", "0o100644"),
    }
    assert entries["vendor"]["object"] is None
    assert entries["picture.png"]["object"] == {"byteSize": 5, "isBinary": True, "isTruncated": False, "text": None}
    assert entries["link"]["object"]["text"] == "run.sh"
    assert entries["big.txt"]["object"]["isTruncated"] and len(entries["big.txt"]["object"]["text"]) < len(big)
    assert found["workflows"] == {"entries": [{"path": ".github/workflows/ci.yml", "mode": 0o100644}]}
    assert found["missing"] is None


def test_a_former_name_leads_to_the_repository(world: World) -> None:
    world.repository("acme/before", {"a": "b"})
    assert world.rename("acme/before", "after") == "acme/after"
    headers = {"Authorization": f"token {world.token}"}
    moved = requests.get(f"{world.address}/repos/acme/before", headers=headers, allow_redirects=False, timeout=60)
    assert moved.status_code == 301
    assert client(world).get_repo("acme/before").full_name == "acme/after"
    query = 'query { repository(owner: "acme", name: "before") { nameWithOwner } }'
    assert ask(world, query)["data"]["repository"]["nameWithOwner"] == "acme/after"


def test_names_are_found_in_any_case(world: World) -> None:
    world.repository("acme/Spelled", {"a": "b"})
    assert client(world).get_repo("ACME/spelled").full_name == "acme/Spelled"


def test_a_missing_and_a_hidden_repository_stand_beside_the_data(world: World) -> None:
    world.repository("acme/hidden", {"a": "b"})
    world.repository("acme/shown", {"a": "b"})
    world.hide("acme/hidden", "the organization has an IP allow list")
    query = """query {
      one: repository(owner: "acme", name: "shown") { name }
      two: repository(owner: "acme", name: "nothing") { name }
      three: repository(owner: "acme", name: "hidden") { name }
    }"""
    found = ask(world, query)
    assert found["data"] == {"one": {"name": "shown"}, "two": None, "three": None}
    assert [(error["type"], error["path"]) for error in found["errors"]] == [
        ("NOT_FOUND", ["two"]),
        ("FORBIDDEN", ["three"]),
    ]
    with pytest.raises(GithubException) as refused:
        client(world).get_repo("acme/hidden")
    assert refused.value.status == 403


@needs_corpus
def test_hundreds_of_repositories_come_from_the_corpus() -> None:
    made = repositories_of_corpus("acme", "globex", count=250)
    assert len(made) == 250
    assert {slug.split("/")[0] for slug in made} == {"acme", "globex"}
    with github_world("acme", "globex") as world:
        some = dict(list(made.items())[:12])
        for slug, files in some.items():
            world.repository(slug, files)
        assert world.repositories() == list(some)
        for slug, files in some.items():
            assert world.files(slug) == {path: file[1] for path, file in files.items() if isinstance(file, tuple)}


# ------------------------------------------------------------------------------------------------- writing


def commit_input(slug: str, branch: str, head: str, *deleted: str, **added: str) -> dict[str, Any]:
    return {
        "branch": {"repositoryNameWithOwner": slug, "branchName": branch},
        "expectedHeadOid": head,
        "message": {"headline": "Change", "body": "Because."},
        "fileChanges": {
            "additions": [
                {"path": path.replace("__", "/"), "contents": base64.b64encode(text.encode()).decode()}
                for path, text in added.items()
            ],
            "deletions": [{"path": path} for path in deleted],
        },
    }


def test_a_commit_expects_a_head(world: World) -> None:
    world.repository("acme/commits", {"a": "1", "b": ("100755", "2"), "c": "3"})
    before = world.branch("acme/commits", "work")
    done = ask(world, COMMIT, input=commit_input("acme/commits", "work", before, "a", b="20", d="4"))
    made = done["data"]["createCommitOnBranch"]["commit"]["oid"]
    assert world.branches("acme/commits") == {"main": before, "work": made}
    assert world.files("acme/commits", "work") == {"b": b"20", "c": b"3", "d": b"4"}
    assert world.modes("acme/commits", "work")["b"] == "100644", "this mutation knows no modes"
    assert world.log("acme/commits", "work")[0]["commit"]["message"].strip() == "Change\n\nBecause."
    late = ask(world, COMMIT, input=commit_input("acme/commits", "work", before, e="5"))
    assert late["data"] == {"createCommitOnBranch": None}
    assert [error["type"] for error in late["errors"]] == ["STALE_DATA"]
    assert world.branches("acme/commits")["work"] == made
    absent = ask(world, COMMIT, input=commit_input("acme/commits", "work", made, "nothing", e="5"))
    assert absent["errors"] and world.branches("acme/commits")["work"] == made
    assert [seen.operation for seen in world.requests(writes=True)] == ["mutation Commit"] * 3


def test_pull_requests_follow_their_branch(world: World) -> None:
    world.repository("acme/pulls", {"a": "1\n"})
    world.branch("acme/pulls", "work")
    repository = client(world).get_repo("acme/pulls")
    with pytest.raises(GithubException, match="No commits between main and work"):
        repository.create_pull(base="main", head="work", title="Work", body="")
    with pytest.raises(GithubException) as missing:
        repository.create_pull(base="main", head="nothing", title="Work", body="")
    assert missing.value.status == 422
    world.commit("acme/pulls", {"b": "2\n"}, "work")
    pull = repository.create_pull(base="main", head="work", title="Work", body="Text")
    with pytest.raises(GithubException, match="A pull request already exists for acme:work"):
        repository.create_pull(base="main", head="work", title="Work", body="Text")
    newest = world.commit("acme/pulls", {"a": "3\n"}, "work")
    assert repository.get_pull(pull.number).head.sha == newest
    assert [(file.filename, file.status) for file in pull.get_files()] == [("a", "modified"), ("b", "added")]
    world.comment("acme/pulls", pull.number, "Why?")
    assert world.comments("acme/pulls", pull.number) == ["Why?"]
    merged = world.merge("acme/pulls", pull.number)
    assert world.branches("acme/pulls")["main"] == merged
    assert world.files("acme/pulls") == {"a": b"3\n", "b": b"2\n"}
    world.commit("acme/pulls", {"c": "4\n"}, "more")
    second = repository.create_pull(base="main", head="more", title="More", body="")
    world.delete_branch("acme/pulls", "more")
    states = [(pull["number"], pull["state"], pull["merged_at"] is not None) for pull in world.pulls("acme/pulls")]
    assert states == [(pull.number, "closed", True), (second.number, "closed", False)]


# ------------------------------------------------------------------------------------------------- tokens


def test_an_installation_may_what_it_was_given(world: World) -> None:
    head = world.repository("acme/installed", {"a": "b"}, private=True)
    world.repository("globex/elsewhere", {"a": "b"}, private=True)
    assert head is not None
    reader = world.installation_token({"contents": "read"})
    assert client(world, reader).get_repo("acme/installed").get_contents("a").decoded_content == b"b"  # type: ignore[union-attr]
    with pytest.raises(UnknownObjectException):
        client(world, reader).get_repo("globex/elsewhere")
    with pytest.raises(GithubException) as refused:
        client(world, reader).get_repo("acme/installed").create_git_ref("refs/heads/x", head)
    assert refused.value.status == 403
    refusal = ask(world, COMMIT, reader, input=commit_input("acme/installed", "main", head, a="c"))
    assert [error["type"] for error in refusal["errors"]] == ["FORBIDDEN"]
    writer = world.installation_token({"contents": "write"})
    workflow = commit_input("acme/installed", "main", head, **{".github__workflows__ci.yml": "on: push\n"})
    assert "without `workflows` permission" in str(ask(world, COMMIT, writer, input=workflow)["errors"])
    both = world.installation_token({"contents": "write", "workflows": "write"})
    assert "errors" not in ask(world, COMMIT, both, input=workflow)


def test_a_fine_grained_token_sees_its_repositories(world: World) -> None:
    world.repository("acme/chosen", {"a": "b"}, private=True)
    world.repository("acme/other", {"a": "b"}, private=True)
    token = world.fine_grained_token({"contents": "read"}, ["acme/chosen"]).value
    assert client(world, token).get_repo("acme/chosen").full_name == "acme/chosen"
    with pytest.raises(UnknownObjectException):
        client(world, token).get_repo("acme/other")


def test_a_classic_token_has_scopes(world: World) -> None:
    head = world.repository("acme/scoped", {"a": "b"}, private=True)
    assert head is not None
    public = world.classic_token(scopes=("public_repo",)).value
    with pytest.raises(UnknownObjectException):
        client(world, public).get_repo("acme/scoped")
    narrow = world.classic_token(scopes=("repo",)).value
    workflow = commit_input("acme/scoped", "main", head, **{".github__workflows__ci.yml": "on: push\n"})
    assert "without `workflow` scope" in str(ask(world, COMMIT, narrow, input=workflow)["errors"])
    element = InputGitTreeElement(".github/workflows/ci.yml", "100644", "blob", content="on: push\n")
    with pytest.raises(UnknownObjectException):
        client(world, narrow).get_repo("acme/scoped").create_git_tree([element])
    with pytest.raises(GithubException) as refused:
        client(world, narrow).requester.requestJsonAndCheck("GET", "/orgs/acme/actions/permissions")
    assert refused.value.headers is not None
    assert (refused.value.status, refused.value.headers["x-accepted-oauth-scopes"]) == (403, "admin:org")


def test_what_an_app_lacks_is_named(world: World) -> None:
    world.repository("acme/named", {"a": "b"}, private=True)
    token = world.fine_grained_token({"contents": "read"}).value
    for target, accepted in (
        ("/repos/acme/named/pulls", "pull_requests=read"),
        ("/repos/acme/named/issues", "issues=read; pull_requests=read"),
        ("/repos/acme/named/actions/runs", "actions=read"),
        ("/repos/acme/named/branches/main/protection", "administration=read"),
    ):
        found = requests.get(f"{world.address}{target}", headers={"Authorization": f"token {token}"}, timeout=60)
        assert (found.status_code, found.headers["X-Accepted-GitHub-Permissions"]) == (403, accepted), target


def test_a_wrong_or_dead_token_is_refused(world: World) -> None:
    with pytest.raises(BadCredentialsException):
        client(world, "ghp_unknown").get_organization("acme")
    token = world.classic_token().value
    assert client(world, token).get_organization("acme").login == "acme"
    world.kill(token)
    with pytest.raises(BadCredentialsException):
        client(world, token).get_organization("acme")
    assert requests.post(f"{world.address}/graphql", json={"query": "{viewer{login}}"}, timeout=60).status_code == 401


def test_requests_are_counted_against_the_token(world: World) -> None:
    token = world.classic_token().value
    asker = client(world, token)
    asker.get_organization("acme")
    assert asker.rate_limiting == (4999, 5000)
    world.limit(token, remaining=1, reset_in=1)
    asker.get_organization("acme")
    with pytest.raises(RateLimitExceededException):
        asker.get_organization("acme")
    while asker.get_rate_limit().resources.core.remaining == 0:
        time.sleep(0.1)
    assert asker.get_organization("acme").login == "acme"


def test_a_known_answer_is_not_sent_again(world: World) -> None:
    world.repository("acme/tagged", {"a": "b"})
    headers = {"Authorization": f"token {world.token}"}
    address = f"{world.address}/repos/acme/tagged"
    first = requests.get(address, headers=headers, timeout=60)
    again = requests.get(address, headers={**headers, "If-None-Match": first.headers["ETag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"], "it costs nothing"
    world.change("acme/tagged", description="another")
    changed = requests.get(address, headers={**headers, "If-None-Match": first.headers["ETag"]}, timeout=60)
    assert changed.status_code == 200


# ------------------------------------------------------------------------------------------------- faults


def test_faults_strike_what_they_match(world: World) -> None:
    asker = client(world)
    world.faults.status(502, path="^/orgs/globex", after=1, times=1)
    assert asker.get_organization("globex").login == "globex"
    with pytest.raises(GithubException) as broken:
        asker.get_organization("globex")
    assert broken.value.status == 502
    assert asker.get_organization("globex").login == "globex"
    world.faults.secondary_limit(retry_after=7)
    with pytest.raises(RateLimitExceededException) as limited:
        asker.get_organization("acme")
    assert limited.value.headers is not None and limited.value.headers["retry-after"] == "7"
    world.faults.primary_limit(reset_in=3)
    with pytest.raises(RateLimitExceededException) as spent:
        asker.get_organization("acme")
    assert spent.value.headers is not None and int(spent.value.headers["x-ratelimit-reset"]) >= time.time()
    world.faults.page()
    with pytest.raises(GithubException):
        asker.get_organization("acme")
    world.faults.dropped()
    with pytest.raises(requests.ConnectionError):
        asker.get_organization("acme")
    assert [seen.status for seen in world.requests()] == [200, 502, 200, 403, 403, 502, 0]


def test_a_lost_answer_leaves_the_work_done(world: World) -> None:
    head = world.repository("acme/lost", {"a": "b"})
    assert head is not None
    world.faults.lost(operation="mutation")
    with pytest.raises(requests.ConnectionError):
        ask(world, COMMIT, input=commit_input("acme/lost", "main", head, a="c"))
    assert world.files("acme/lost") == {"a": b"c"}


def test_errors_stand_beside_data(world: World) -> None:
    world.faults.errors(
        [{"type": "INTERNAL", "message": "Something went wrong", "path": ["rateLimit"]}], ("rateLimit",)
    )
    found = ask(world, LISTING, login="acme")
    assert found["data"]["rateLimit"] is None and found["data"]["organization"] is not None
    assert [error["message"] for error in found["errors"]] == ["Something went wrong"]


def test_somebody_works_just_before_a_request(world: World) -> None:
    head = world.repository("acme/raced", {"a": "b"})
    assert head is not None
    world.faults.call(lambda: world.commit("acme/raced", {"theirs": "c"}), operation="mutation")
    late = ask(world, COMMIT, input=commit_input("acme/raced", "main", head, a="c"))
    assert [error["type"] for error in late["errors"]] == ["STALE_DATA"]


# ------------------------------------------------------------------------------------------------- judges


def test_wrong_requests_are_findings(world: World) -> None:
    world.repository("acme/judged", {"a": "b"})
    headers = {"Authorization": f"token {world.token}"}

    def send(method: str, target: str, body: Any = None) -> list[str]:
        requests.request(method, f"{world.address}{target}", json=body, headers=headers, timeout=60)
        return world.forgive()

    assert send("GET", "/repos/acme/judged") == []
    assert send("GET", "/repos/acme/judged/contents/a/b") == [], "a path has slashes"
    assert send("GET", "/repos/acme/judged/nothing") == ["GET /repos/acme/judged/nothing: GitHub has no such request"]
    assert send("GET", "/repos/acme/judged/pulls?sate=open") == [
        "GET /repos/acme/judged/pulls: no query parameter `sate`"
    ]
    assert any("'opened'" in words for words in send("GET", "/repos/acme/judged/pulls?state=opened"))
    assert any("'base'" in words for words in send("POST", "/repos/acme/judged/pulls", {"title": "x", "head": "y"}))
    assert any("`bse`" in words for words in send("POST", "/repos/acme/judged/pulls", {"head": "y", "bse": "x"}))
    ask(world, 'query { repository(owner: "acme", name: "judged") { nme } }')
    assert world.forgive() == ["GraphQL: Cannot query field 'nme' on type 'Repository'. Did you mean 'name'?"]
    ask(world, 'query { repository(owner: "acme", name: "judged") { stargazerCount } }')
    assert world.forgive() == ["the emulated GraphQL has no Repository.stargazerCount"]


def test_queries_are_priced(world: World) -> None:
    unbounded = ask(world, 'query { organization(login: "acme") { repositories { nodes { name } } } }')
    assert [error["type"] for error in unbounded["errors"]] == ["MISSING_PAGINATION_BOUNDARIES"]
    wide = ask(world, 'query { organization(login: "acme") { repositories(first: 101) { nodes { name } } } }')
    assert [error["type"] for error in wide["errors"]] == ["EXCESSIVE_PAGINATION"]
    deep = """query { organization(login: "acme") { repositories(first: 100) { nodes {
      refs(refPrefix: "refs/heads/", first: 100) { nodes { name } }
      pullRequests(first: 5) { nodes { number } } } } } rateLimit { cost nodeCount } }"""
    assert ask(world, deep)["data"]["rateLimit"] == {"cost": 2, "nodeCount": 100 + 100 * 100 + 100 * 5}
