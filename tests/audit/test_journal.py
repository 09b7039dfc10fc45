"""The journal of pull requests, in SQLite and in a real PostgreSQL server, beside the audits of the same store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from chittyops_policy.audit import journal as journals
from chittyops_policy.audit import store as stores
from chittyops_policy.audit.journal import Journal
from chittyops_policy.audit.store import Store
from chittyops_policy.delivery.pull_requests import Delivered, Known
from chittyops_policy.errors import WorldError

from . import postgres
from .planned import entry

MOMENT = "2026-11-25T19:00:00Z"
PLAN = "d" * 64


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=postgres.needs_postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is to be."""
    if request.param == "sqlite":
        return str(tmp_path / "store.sqlite")
    address: str = request.getfixturevalue("server")
    engine = sql.create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    for metadata in (journals.METADATA, stores.METADATA):
        metadata.drop_all(engine)
    engine.dispose()
    return address


@pytest.fixture
def opened(place: str) -> Iterator[Callable[[], Store]]:
    """Opens the store, as a process of its own would; closed at the end, for which the server waits."""
    stores: list[Store] = []

    def open_store() -> Store:
        stores.append(Store(place))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def test_what_was_noted_is_there_for_the_next_process(opened: Callable[[], Store]) -> None:
    wanted = entry()
    first = Journal(opened())
    assert first.known("octo/app", wanted.set) == Known()
    first.step(wanted, PLAN, Known("branched", "1" * 40, wanted.content), MOMENT)
    first.step(wanted, PLAN, Known("opened", "2" * 40, wanted.content, 7), MOMENT)
    first.end(wanted, PLAN, Delivered("open", url="https://x/7", number=7, notes=("no labels",)), MOMENT)

    second = Journal(opened())
    [noted] = second.noted().values()
    assert noted.known == second.known("OCTO/App", wanted.set) == Known("opened", "2" * 40, wanted.content, 7)
    assert (noted.slug, noted.rule_set, noted.branch, noted.base) == ("octo/app", wanted.set, wanted.branch, "main")
    assert (noted.state, noted.reason, noted.url, noted.plan) == ("open", "no labels", "https://x/7", PLAN)


def test_a_new_step_keeps_what_became_of_it_last(opened: Callable[[], Store]) -> None:
    wanted = entry()
    journal = Journal(opened())
    journal.end(wanted, PLAN, Delivered("declined", "#7 was closed", number=7), MOMENT)
    journal.step(wanted, PLAN, Known("planned", content="c"), MOMENT)
    [noted] = journal.noted(["octo/app"]).values()
    assert (noted.state, noted.reason) == ("declined", "#7 was closed")
    journal.close("octo/app", wanted.set, Delivered("settled", "nothing is left to do"), MOMENT)
    [noted] = journal.noted(["octo/app"]).values()
    assert noted.state == "settled"
    assert journal.noted(["octo/other"]) == {}


def test_a_store_with_a_journal_is_still_a_store(opened: Callable[[], Store]) -> None:
    Journal(opened())
    assert opened().trend() == []


def test_a_database_that_fails_is_said_to_a_person(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    journal = Journal(Store(str(path)))
    with sql.create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(sql.text("DROP TABLE pull_requests"))
    with pytest.raises(WorldError, match=r"the store .* fails: no such table"):
        journal.known("octo/app", "safe-fixes")
