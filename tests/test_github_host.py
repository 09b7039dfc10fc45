"""Asking GitHub: against an emulator of its API, and for refusals, which that has none of, against scripted answers."""

from __future__ import annotations

import ast
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chittyops_policy.errors import UserError
from chittyops_policy.hosts.github import GitHub, github_host, token_of
from chittyops_policy.pin_lock import LockedPin, PinLock
from chittyops_policy.pin_pack import Pack
from chittyops_policy.pins import Pin, PinSources, Unpinnable, mismatch, resolve
from chittyops_policy.rule import FOREIGN, ON_BRANCH, ON_TAG, UNTOLD, Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .github_world import GitHubRepository
from .referees import node
from .referees.github_emulator import TOKEN, github_emulator
from .rules.checked import covered, report

ROOT = Path(__file__).resolve().parent.parent
SLUG = "acme/lint"
TODAY = "2026-11-25"
EMPTY_PACK = Pack(b"# date    2026-01-02\n")

needs_emulator = pytest.mark.skipif(
    node.unavailable_reason() is not None, reason=f"no emulator of GitHub: {node.unavailable_reason()}"
)


class World:
    """acme/lint on the emulator.

    main        first ── one ── two
    releases/v1          └───── released
    no branch            ├───── tagged (tag v1.2.0)
                         └───── foreign (no ref at all)
    """

    def __init__(self, address: str) -> None:
        self.address = address
        repository = GitHubRepository(address, SLUG)
        self.first = repository.main
        self.one = repository.commit(self.first)
        self.two = repository.commit(self.one)
        self.released = repository.commit(self.one, self.first)
        self.tagged = repository.commit(self.one, self.one)
        self.foreign = repository.commit(self.one, self.one, self.one)
        self.orphan = repository.commit()
        repository.branch("main", self.two)
        repository.branch("releases/v1", self.released)
        repository.tag("v1", self.one)
        repository.tag("v1.0.0", self.one)
        self.tag_object = repository.annotated("v1.1.0", self.two)
        repository.tag("v1.2.0", self.tagged)
        self.outer_object = repository.annotated("v2.0.0", self.tag_object, "tag")
        repository.tag("v3.0.0-rc.1", self.two)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_emulator(SLUG) as address:
        yield World(address)


@pytest.fixture
def host(world: World) -> GitHub:
    return GitHub(TOKEN, TODAY, world.address)


# ------------------------------------------------------------------------------------------------- the emulator


@needs_emulator
def test_a_reference_is_the_newest_release_at_a_commit(world: World, host: GitHub) -> None:
    def found(ref: str) -> tuple[str, str] | None:
        release = host.find(SLUG, ref)
        return None if release is None else (release.tag, release.commit)

    assert found("v1") == ("v1.2.0", world.tagged)
    assert found("v1.0.0") == ("v1.0.0", world.one)
    assert found("v1.1") == ("v1.1.0", world.two), "the commit of an annotated tag, not the tag's own object"
    assert found("v2") == ("v2.0.0", world.two), "a tag of a tag"
    assert found("v3") is None
    assert found("main") is None
    assert host.problems == []
    release = host.find(SLUG, "v1.0.0")
    assert release is not None
    assert (release.source, release.seen) == ("github", TODAY)
    assert release.origin == f"{world.address.removeprefix('http://')} ({TODAY})"


@needs_emulator
def test_a_commit_has_tags_and_a_branch_a_head(world: World, host: GitHub) -> None:
    assert {release.tag for release in host.at(SLUG, world.one)} == {"v1", "v1.0.0"}
    assert {release.tag for release in host.at(SLUG, world.two)} == {"v1.1.0", "v2.0.0", "v3.0.0-rc.1"}
    assert host.at(SLUG, world.released) == ()
    head = host.branch(SLUG, "releases/v1")
    assert head is not None and (head.tag, head.commit) == ("releases/v1", world.released)
    assert host.branch(SLUG, "v1") is None
    assert host.branch(SLUG, "releases") is None


@needs_emulator
def test_the_commit_of_an_annotated_tag_has_that_tag(world: World) -> None:
    GitHubRepository(world.address, SLUG).annotated("v0.9.0", world.released)
    assert [release.tag for release in GitHub(TOKEN, TODAY, world.address).at(SLUG, world.released)] == ["v0.9.0"]


@needs_emulator
def test_where_a_commit_belongs(world: World, host: GitHub) -> None:
    seen = {
        name: host.membership(SLUG, getattr(world, name))
        for name in ("first", "one", "two", "released", "tagged", "foreign", "orphan")
    }
    assert seen == {
        "first": ON_BRANCH,
        "one": ON_BRANCH,
        "two": ON_BRANCH,
        "released": ON_BRANCH,
        "tagged": ON_TAG,
        "foreign": FOREIGN,
        "orphan": FOREIGN,
    }
    assert host.membership(SLUG, "f" * 40) == FOREIGN, "no such commit"
    assert host.problems == []


@needs_emulator
def test_a_pinned_commit_is_held_to_its_repository(world: World, host: GitHub) -> None:
    pins = [world.one, world.tagged, world.tag_object, world.foreign, world.orphan]
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    text += "".join(f"      - uses: Acme/lint@{pin}\n" for pin in pins)
    snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": text}))
    decisions = report(snapshot, "impostor-commit", lookups=Lookups(host=host)).decisions
    assert [covered(snapshot, each) for each in decisions] == [world.foreign, world.orphan]
    assert decisions[0].message == "no branch and no tag of Acme/lint leads to this commit; it may be a fork's"
    stale = report(snapshot, "stale-action-refs", lookups=Lookups(host=host)).decisions
    assert [covered(snapshot, each) for each in stale] == [world.foreign, world.orphan]


@needs_emulator
def test_a_name_that_is_a_branch_and_a_tag(world: World) -> None:
    GitHubRepository(world.address, SLUG).branch("v1.0.0", world.one)
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    text += "".join(f"      - uses: acme/lint@{ref}\n" for ref in ("v1.0.0", "v1", "main", world.foreign))
    snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": text}))
    lookups = Lookups(host=GitHub(TOKEN, TODAY, world.address))
    decisions = report(snapshot, "ref-confusion", lookups=lookups).decisions
    assert [covered(snapshot, each) for each in decisions] == ["v1.0.0"]


@needs_emulator
def test_a_commit_below_a_tag_belongs_to_it(world: World) -> None:
    repository = GitHubRepository(world.address, SLUG)
    below = repository.commit(world.tagged)
    repository.tag("v1.2.1", repository.commit(below))
    assert GitHub(TOKEN, TODAY, world.address).membership(SLUG, below) == ON_TAG


@needs_emulator
def test_too_many_branches_leave_it_untold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chittyops_policy.hosts.github.MAX_COMPARED", 1)
    host = GitHub(TOKEN, TODAY, world.address)
    assert host.membership(SLUG, world.foreign) == UNTOLD
    assert host.membership(SLUG, world.first) == ON_BRANCH, "the default branch comes first"


@needs_emulator
def test_the_id_of_a_tag_is_told_from_a_commit(world: World, host: GitHub) -> None:
    assert host.peel(SLUG, world.tag_object) == world.two
    assert host.peel(SLUG, world.outer_object) == world.two
    assert host.peel(SLUG, world.two) is None
    assert host.peel(SLUG, "f" * 40) is None
    assert host.problems == []


@needs_emulator
def test_a_repository_that_is_not_there_is_said_once(host: GitHub) -> None:
    assert not host.answers("acme/nothing")
    assert host.find("acme/nothing", "v1") is None
    assert host.branch("acme/nothing", "main") is None
    assert host.membership("acme/nothing", "f" * 40) == UNTOLD
    assert host.problems == ["acme/nothing is not there, or the token may not see it"]
    assert not host.silent


@needs_emulator
def test_pins_come_from_github_and_are_held_to_the_lock(world: World, host: GitHub) -> None:
    def pin(ref: str, **locked: str) -> Pin | Unpinnable:
        lock = PinLock({SLUG: {name: LockedPin(commit, "2026-01-01", "github") for name, commit in locked.items()}})
        return resolve(SLUG, ref, PinSources(lock, host, EMPTY_PACK), fresh=True)

    good = pin("v1.1.0")
    assert isinstance(good, Pin) and (good.release.commit, good.doubts) == (world.two, ())
    only_tagged = pin("v1.2.0")
    assert isinstance(only_tagged, Pin) and only_tagged.doubts == (
        "The commit is on no branch: only a tag leads to it.",
    )
    moved = pin("v1.0.0", **{"v1.0.0": world.first})
    assert isinstance(moved, Unpinnable) and moved.alarm and world.first in moved.reason
    branch = pin("releases/v1")
    assert isinstance(branch, Pin) and branch.release.commit == world.released
    lack = pin("v9")
    assert isinstance(lack, Unpinnable) and not lack.alarm


@needs_emulator
def test_a_comment_is_held_to_github(world: World, host: GitHub) -> None:
    known = PinSources(PinLock({}), host, EMPTY_PACK)
    assert mismatch(SLUG, world.two, "v1.1.0", known) is None
    assert mismatch(SLUG, world.one, "v1", known) is None
    found = mismatch(SLUG, world.tagged, "v1.0.0", known)
    assert found is not None and found.actual is not None and found.actual.tag == "v1.2.0"


# ------------------------------------------------------------------------------------------------- refusals

# The emulator takes every token and limits nobody. These are GitHub's documented answers.
DOCUMENTS = "https://docs.github.com/rest"


@contextmanager
def answering(status: int, message: str, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server that gives every question the same answer; with the list of what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"message": message, "documentation_url": DOCUMENTS}).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


LIMIT = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795600800"}


@pytest.mark.parametrize(
    ("status", "message", "headers", "said", "silent"),
    [
        (401, "Bad credentials", {}, "{address} does not accept the token", True),
        (
            403,
            "API rate limit exceeded for user ID 1.",
            LIMIT,
            "{address} answers no more questions for now: its rate limit is used up until 10:00 UTC",
            True,
        ),
        (
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            {"retry-after": "60"},
            "{address} answers no more questions for now: its rate limit is used up",
            True,
        ),
        (
            403,
            "Resource not accessible by personal access token",
            {},
            "{address} refuses to show acme/lint to this token: Resource not accessible by personal access token",
            False,
        ),
        (404, "Not Found", {}, "acme/lint is not there, or the token may not see it", False),
        (500, "Server Error", {}, "{address} failed at acme/lint with status 500: Server Error", False),
    ],
    ids=["bad token", "rate limit", "secondary limit", "forbidden", "not found", "broken"],
)
def test_a_refusal_is_said_in_a_sentence(
    status: int, message: str, headers: dict[str, str], said: str, silent: bool
) -> None:
    with answering(status, message, headers) as (address, asked):
        host = GitHub("secret-token", TODAY, address)
        assert not host.answers(SLUG)
        assert host.membership(SLUG, "a" * 40) == UNTOLD
        assert host.problems == [said.format(address=address)]
        assert host.silent is silent
        count = len(asked)
        assert host.find("acme/other", "v1") is None
        assert (len(asked) == count) is silent, "what fails for every question is not asked again"
        assert not any("secret-token" in text for text in (*host.problems, *asked))


@contextmanager
def setup_server(status: int, answer: dict[str, str]) -> Iterator[str]:
    """acme/lint with one answer about its default setup, which the emulator does not know."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = f"http://{self.headers['Host']}"
            asked = self.path.endswith("/code-scanning/default-setup")
            body = json.dumps(answer if asked else {"full_name": SLUG, "url": f"{address}/repos/{SLUG}"}).encode()
            self.send_response(status if asked else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (200, {"state": "configured"}, True),
        (200, {"state": "not-configured"}, False),
        (403, {"message": "Resource not accessible by personal access token"}, None),
        (404, {"message": "Not Found"}, None),
    ],
    ids=["on", "off", "not for this token", "not there"],
)
def test_the_default_setup_of_code_scanning(status: int, answer: dict[str, str], told: bool | None) -> None:
    with setup_server(status, answer) as address:
        host = GitHub("secret-token", TODAY, address)
        assert host.default_setup(SLUG) is told
        assert Lookups(host=host).code_scanning_default_setup("Acme/Lint") is told
        assert host.problems == [], "what is not told to this token is an open question, no failure"


def test_nobody_at_the_address_is_said_in_a_sentence() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    host = GitHub("secret-token", TODAY, address)
    assert host.find(SLUG, "v1") is None
    assert host.problems == [f"{address} cannot be reached: ConnectionError"]
    assert host.silent


def test_an_answer_that_is_no_github_is_said_in_a_sentence() -> None:
    with answering(200, "hello") as (address, _):
        host = GitHub("secret-token", TODAY, address)
        assert host.find(SLUG, "v1") is None
        assert host.problems == [f"{address} does not answer as GitHub does"]


# ------------------------------------------------------------------------------------------------- the door


def test_the_token_comes_from_the_environment() -> None:
    assert token_of({}) == ""
    assert token_of({"GH_TOKEN": "b"}) == "b"
    assert token_of({"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}) == "a"
    assert token_of({"GITHUB_TOKEN": "", "GH_TOKEN": "b"}) == "b"
    with pytest.raises(UserError, match="only asked with a token") as error:
        github_host({}, TODAY)
    assert "GITHUB_TOKEN or GH_TOKEN" in error.value.hint


def test_the_address_is_the_runners_unless_another_is_given() -> None:
    with answering(401, "Bad credentials") as (address, _), answering(401, "Bad credentials") as (other, _):
        env = {"GITHUB_TOKEN": "x", "GITHUB_API_URL": address}
        for given, wanted in (("", address), (other, other)):
            host = github_host(env, TODAY, given)
            assert not host.answers(SLUG)
            assert host.problems == [f"{wanted} does not accept the token"]


def test_only_hosts_import_pygithub() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chittyops_policy").rglob("*.py")
        for found in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(found, ast.ImportFrom) and not found.level and (found.module or "").split(".")[0] == "github")
        or (isinstance(found, ast.Import) and any(name.name.split(".")[0] == "github" for name in found.names))
    }
    assert importing == {f"chittyops_policy/hosts/{name}.py" for name in ("access", "connection", "github")}
