"""One connection to GitHub: what it asks again, what it waits for, what it never sends twice, and what it says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from github import Auth

from chittyops_policy.errors import UserError
from chittyops_policy.hosts.access import Access
from chittyops_policy.hosts.connection import (
    TRIES,
    AnswerLost,
    Connection,
    Missing,
    Refused,
    Spent,
    Unreachable,
    segment,
)

from .audit.reading import Clock
from .github.world import World, github_world, needs_github

pytestmark = needs_github

REPOSITORY = "repos/acme/app"
ISSUE = {"title": "one"}


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    with github_world("acme", permissions={"contents": "read", "metadata": "read", "issues": "write"}) as made:
        made.repository("acme/app", {"README.md": "x\n"}, {"a": "1"}, {"a": "2"}, {"a": "3"})
        made.repository("acme/secret", {"README.md": "x\n"}, private=True)
        yield made


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    module_world.forget()
    yield module_world
    module_world.faults.clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def connect(world: World, clock: Clock, token: str | None = None, **options: Any) -> Connection:
    return Connection(Auth.Token(token or world.token), world.address, sleep=clock.sleep, clock=clock.now, **options)


def issues(world: World) -> int:
    found: list[Any] = world.settings("GET", "/repos/acme/app/issues?state=all&per_page=100")
    return len(found)


# ------------------------------------------------------------------------------------------------------- reading


def test_rest_and_graphql_go_the_same_way(world: World, clock: Clock) -> None:
    connection = connect(world, clock)
    assert connection.get(REPOSITORY)["full_name"] == "acme/app"
    data, errors = connection.query(
        "query($name: String!) { repositoryOwner(login: $name) { login } }", {"name": "acme"}
    )
    assert (data, errors) == ({"repositoryOwner": {"login": "acme"}}, [])
    assert connection.asked == len(world.requests()) == 2


def test_pages_follow_each_other(world: World, clock: Clock) -> None:
    found = list(connect(world, clock).pages(f"{REPOSITORY}/commits", per_page=2))
    assert len(found) == 4
    assert [seen.query.get("page", "1") for seen in world.requests()] == ["1", "2"]


def test_graphql_errors_are_an_answer(world: World, clock: Clock) -> None:
    data, errors = connect(world, clock).query('query { repository(owner: "acme", name: "none") { name } }')
    assert data == {"repository": None}
    assert errors[0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_is_asked_again_for_longer_and_longer(world: World, clock: Clock, status: int) -> None:
    world.faults.status(status, times=TRIES - 1)
    assert connect(world, clock).get(REPOSITORY)["full_name"] == "acme/app"
    assert len(clock.waits) == TRIES - 1
    assert clock.waits == sorted(clock.waits)
    world.faults.status(status, times=None)
    with pytest.raises(Unreachable, match=f"failed with status {status}") as caught:
        connect(world, clock).get(REPOSITORY)
    assert caught.value.status == status


def test_nobody_listens(clock: Clock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    connection = Connection(Auth.Token("secret-token"), address, sleep=clock.sleep, clock=clock.now)
    with pytest.raises(Unreachable) as caught:
        connection.get(REPOSITORY)
    assert (caught.value.status, str(caught.value)) == (0, f"{address} cannot be reached: ConnectionError")
    with pytest.raises(Unreachable) as written:
        connection.send("POST", f"{REPOSITORY}/issues", ISSUE)
    assert not isinstance(written.value, AnswerLost), "it was never sent"


# --------------------------------------------------------------------------------------------------------- limits


def test_the_hourly_limit_is_waited_for_and_told(world: World, clock: Clock) -> None:
    world.faults.primary_limit(reset_in=900)
    said: list[str] = []
    connection = connect(world, clock, tell=said.append)
    assert connection.get(REPOSITORY)["full_name"] == "acme/app"
    assert 890 < sum(clock.waits) < 910
    (sentence,) = said
    assert sentence.startswith("waiting 90") and sentence.endswith(" s for the hourly rate limit of 127.0.0.1")


def test_a_secondary_limit_without_a_time_waits_a_minute_and_then_longer(world: World, clock: Clock) -> None:
    world.faults.secondary_limit(retry_after=None, times=3)
    connect(world, clock).get(REPOSITORY)
    minutes = [round(wait / 60) for wait in clock.waits]
    assert minutes == [1, 2, 4]


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_counts(world: World, clock: Clock, status: int) -> None:
    world.faults.secondary_limit(retry_after=17, status=status)
    connect(world, clock).get(REPOSITORY)
    (wait,) = clock.waits
    assert 17 <= wait <= 18.5


def test_a_limit_of_graphql_is_waited_for_too(world: World, clock: Clock) -> None:
    world.faults.primary_limit(reset_in=60)
    data, _ = connect(world, clock).query("query { viewer { login } }")
    assert data["viewer"]["login"] == "octocat"
    assert 50 < sum(clock.waits) < 70


def test_a_wait_that_is_too_long_ends_all_asking(world: World, clock: Clock) -> None:
    world.faults.primary_limit(reset_in=3000)
    connection = connect(world, clock, longest_wait=600)
    for _ in range(2):
        with pytest.raises(Spent, match=r"answers no more until \d\d:\d\d UTC: the hourly rate limit is used up"):
            connection.get(REPOSITORY)
    assert len(world.requests()) == 1
    assert clock.waits == []


def test_one_threads_limit_holds_the_others(world: World) -> None:
    began = threading.Event()
    let_go = threading.Event()
    clock = Clock()

    def sleep(seconds: float) -> None:
        began.set()
        let_go.wait(30)
        clock.sleep(seconds)

    connection = Connection(Auth.Token(world.token), world.address, sleep=sleep, clock=clock.now)
    world.faults.secondary_limit(retry_after=30)
    threads = [threading.Thread(target=connection.get, args=(REPOSITORY,)) for _ in range(3)]
    threads[0].start()
    assert began.wait(30)
    for thread in threads[1:]:
        thread.start()
    assert len(world.requests()) == 1, "whoever comes later does not ask while the wait lasts"
    let_go.set()
    for thread in threads:
        thread.join(30)
    assert [seen.status for seen in world.requests()] == [403, 200, 200, 200]


# ------------------------------------------------------------------------------------------------------- refusals


def test_what_is_not_there_and_what_is_refused(world: World, clock: Clock) -> None:
    with pytest.raises(Missing) as missing:
        connect(world, clock).get("repos/acme/none")
    assert (missing.value.status, missing.value.path) == (404, "repos/acme/none")
    token = world.fine_grained_token({"metadata": "read"})
    with pytest.raises(Refused) as refused:
        connect(world, clock, token.value).get(f"{REPOSITORY}/actions/permissions")
    assert (refused.value.status, refused.value.permission) == (403, "administration: read")
    assert clock.waits == [], "asking again would not help"


def test_a_dead_token_ends_all_asking(world: World, clock: Clock) -> None:
    token = world.classic_token()
    world.kill(token.value)
    connection = connect(world, clock, token.value)
    for _ in range(2):
        with pytest.raises(Spent, match="does not accept the token") as caught:
            connection.get(REPOSITORY)
        assert token.value not in str(caught.value) + caught.value.hint
    assert len(world.requests()) == 1


# -------------------------------------------------------------------------------------------------------- writing


def test_writes_keep_a_distance(world: World, clock: Clock) -> None:
    connection = connect(world, clock)
    before = issues(world)
    for _ in range(3):
        connection.send("POST", f"{REPOSITORY}/issues", ISSUE)
    assert issues(world) == before + 3
    assert len(clock.waits) == 2 and all(0 < wait <= 1 for wait in clock.waits)


@pytest.mark.parametrize("how", ["lost", "dropped", "502", "half"])
def test_a_write_whose_answer_is_lost_is_not_sent_again(world: World, clock: Clock, how: str) -> None:
    before = issues(world)
    if how == "502":
        world.faults.status(502, method="POST")
    else:
        getattr(world.faults, "garbled" if how == "half" else how)(method="POST")
    with pytest.raises(AnswerLost):
        connect(world, clock).send("POST", f"{REPOSITORY}/issues", ISSUE)
    assert len(world.requests(writes=True)) == 1
    assert issues(world) == before + (how in ("lost", "half")), "only whoever looks knows"


def test_a_write_that_a_limit_refused_is_sent_again(world: World, clock: Clock) -> None:
    before = issues(world)
    world.faults.secondary_limit(retry_after=3, method="POST")
    connect(world, clock).send("POST", f"{REPOSITORY}/issues", ISSUE)
    assert issues(world) == before + 1


# --------------------------------------------------------------------------------------------------------- access


def test_without_a_credential_nobody_is_asked() -> None:
    with pytest.raises(UserError) as caught:
        Access({})
    assert caught.value.hint == "set GITHUB_TOKEN or GH_TOKEN, or give --app-id and --app-key"


def test_the_first_token_of_the_environment_counts(world: World, clock: Clock) -> None:
    token = world.classic_token("hubot")
    access = Access({"GITHUB_TOKEN": token.value, "GH_TOKEN": world.token, "GITHUB_API_URL": world.address + "/"})
    assert access.connection("acme").get("user")["login"] == "hubot"
    assert access.connection("acme") is access.connection("anybody")


def test_an_app_has_a_connection_for_each_owner(world: World, clock: Clock) -> None:
    (app,) = world.apps.values()
    access = Access({}, base_url=world.address, app_id=str(app.id), app_key=app.key)
    assert access.is_app
    assert access.connection("acme").get("repos/acme/secret")["private"] is True
    assert access.connection("ACME") is access.connection("acme")
    with pytest.raises(UserError, match="not installed for nobody"):
        access.connection("nobody")
    assert len(world.requests(path="/app/installations")) == 2, "one list, one token"


def test_names_are_one_part_of_an_address() -> None:
    assert segment("fix/one #2") == "fix%2Fone%20%232"
