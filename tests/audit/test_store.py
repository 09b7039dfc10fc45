"""The store itself, in SQLite and in a real PostgreSQL server, also with several writers at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from chittyops_policy.audit.result import JUDGED, NOT_REACHED, Audit, Standing, Subject
from chittyops_policy.audit.reuse import dates_in, still_holds
from chittyops_policy.audit.store import METADATA, Kept, Store
from chittyops_policy.errors import UserError, WorldError
from chittyops_policy.model import Report

from ..test_reporters.samples import clean, full
from . import postgres

TODAY = "2026-01-05"
MOMENT = "2026-01-05T09:00:00Z"
LATER = "2026-01-06T09:00:00Z"


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
    METADATA.drop_all(engine)
    engine.dispose()
    return address


def audit(name: str = "one", started: str = MOMENT, standings: tuple[Standing, ...] = ()) -> Audit:
    return Audit(
        name,
        started=started,
        finished=started,
        source="github",
        scopes=("acme",),
        policy="chittyos",
        profile="charter",
        digest="0",
        controls=(),
        standings=standings,
    )


def standing(report: Report, slug: str = "acme/app", head: str = "1" * 40) -> Standing:
    return Standing(Subject(slug, head=head, topics=("a",)), JUDGED, report=report, projects=("node",), ring="canary")


def test_an_audit_comes_back_as_it_was(place: str) -> None:
    store = Store(place)
    name = store.begin(audit())
    judged = standing(full())
    judged.first_seen = store.record(name, judged, MOMENT)
    lost = Standing(Subject("acme/lost"), NOT_REACHED, reason="it is gone", permission="contents: read")
    assert store.record(name, lost, MOMENT) == {}
    whole = audit(name, standings=(judged, lost))
    store.finish(whole)
    assert set(judged.first_seen.values()) == {TODAY}
    assert store.audit(name) == whole
    (point,) = store.trend("github", ["ACME"])
    assert (point.audit, point.judged, point.unreached) == (name, 1, 1)
    store.close()
    again = Store(place)
    assert again.begin(audit()) == "one-2", "a name is given once"
    assert [item.audit for item in again.trend()] == ["one"], "what has not ended is no part of the trend"
    again.close()


def test_results_and_texts_are_kept(place: str) -> None:
    store = Store(place)
    kept = Kept(full(), ("node",), TODAY, ("2026-03-01",), {"acme/tools": "2" * 40})
    store.keep("Acme/App", "1" * 40, "question", kept)
    store.keep("Acme/App", "1" * 40, "question", kept)
    found = store.results([("acme/app", "1" * 40), ("acme/other", "1" * 40)], "question")["acme/app"]
    assert (found.report, found.projects, found.day, found.dates, dict(found.asked)) == (
        kept.report, kept.projects, kept.day, kept.dates, dict(kept.asked),
    )  # fmt: skip
    assert store.results([("acme/app", "2" * 40)], "question") == {}
    assert store.results([("acme/app", "1" * 40)], "another question") == {}
    texts = {f"{number:040x}": os.urandom(100) for number in range(1200)}
    store.keep_blobs(texts)
    store.keep_blobs(dict(list(texts.items())[:3]))
    assert store.blobs([*texts, "f" * 40]) == texts
    store.close()


def test_the_life_of_findings(place: str) -> None:
    store = Store(place)
    first, second = store.begin(audit()), store.begin(audit("two", LATER))
    store.record(first, standing(full()), MOMENT)
    mended = clean()
    mended.rules_run = full().rules_run
    store.record(second, standing(mended), LATER)
    store.finish(audit(second, LATER, (standing(mended),)))
    opened = [decision for decision in full().decisions if decision.state == "open"]
    assert sorted(store.lives(first)) == sorted((item.severity, MOMENT, LATER) for item in opened)
    (point,) = store.trend()
    assert sum(point.fixed.values()) == len(opened)
    store.close()


def _write(place: str, number: int) -> None:
    store = Store(place)
    try:
        name = store.begin(audit("same"))
        for turn in range(20):
            report = full() if turn % 2 else clean()
            store.keep("acme/app", "1" * 40, "question", Kept(report, (), TODAY, (), {}))
            store.keep_blobs({f"{turn:040x}": b"text", f"{number:040x}": b"own"})
            store.record(name, standing(report), MOMENT)
            store.record(name, standing(full(), f"acme/r{number}"), MOMENT)
        store.finish(audit(name, standings=(standing(full()),)))
    finally:
        store.close()


def test_several_writers_at_once(place: str) -> None:
    """Also the tables are made by whoever comes first."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(place, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=300)
    assert [writer.exitcode for writer in writers] == [0] * 4
    store = Store(place)
    assert sorted(point.audit for point in store.trend()) == ["same", "same-2", "same-3", "same-4"]
    with store.engine.connect() as connection:
        query = (
            "select slug, fingerprint, count(*) from findings where fixed_at is null"
            " group by slug, fingerprint having count(*) > 1"
        )
        assert connection.execute(sql.text(query)).all() == []
        rows = connection.execute(sql.text("select count(*) from findings where slug like 'acme/r%'")).scalar()
    assert rows == 4 * len(full().decisions)
    store.close()


@postgres.needs_postgres
def test_a_password_is_not_shown(server: str) -> None:
    address = server.replace("audit@", "audit:hunter22@").replace("/postgres", "/nothing")
    with pytest.raises(WorldError) as caught:
        Store(address)
    assert "hunter22" not in str(caught.value)
    assert 'database "nothing" does not exist' in str(caught.value)


def test_what_is_no_address() -> None:
    with pytest.raises(UserError, match="is no address of a database"):
        Store("postgres//x://y:z")


# --------------------------------------------------------------------------------------------------------- dates


def kept(day: str, *dates: str, asked: dict[str, str] | None = None) -> Kept:
    return Kept(clean(), (), day, dates, asked or {})


HOLDS = {
    "the same day": (kept(TODAY, TODAY), TODAY, {}, True),
    "another day": (kept(TODAY), "2027-01-01", {}, True),
    "a date far ahead": (kept(TODAY, "2026-06-01"), "2026-05-17", {}, True),
    "a date that comes near": (kept(TODAY, "2026-06-01"), "2026-05-18", {}, False),
    "a date that is near already": (kept("2026-05-20", "2026-06-01"), "2026-05-21", {}, False),
    "the day after a date": (kept("2026-06-01", "2026-06-01"), "2026-06-02", {}, False),
    "a date long ago": (kept("2026-06-02", "2026-06-01"), "2026-06-03", {}, True),
    "what is no date": (kept(TODAY, "2026-13-45"), "2027-01-01", {}, True),
    "a day that lies ahead": (kept("2026-01-06"), TODAY, {}, False),
    "another repository as it was": (kept(TODAY, asked={"a/b": "1"}), TODAY, {"a/b": "1"}, True),
    "another repository that moved": (kept(TODAY, asked={"a/b": "1"}), TODAY, {"a/b": "2"}, False),
    "another repository that is still not there": (kept(TODAY, asked={"a/b": ""}), TODAY, {}, True),
    "another repository that is there now": (kept(TODAY, asked={"a/b": ""}), TODAY, {"a/b": "1"}, False),
}


@pytest.mark.parametrize("name", HOLDS)
def test_how_long_a_result_holds(name: str) -> None:
    known, today, heads, holds = HOLDS[name]
    assert still_holds(known, today, heads) is holds


def test_dates_are_found_anywhere() -> None:
    texts = [b"until 2026-03-01, or 1.2026-04-01", None, "x: {from: 2026-02-01}", b"12026-03-05 2026-03-051"]
    assert dates_in(texts) == ("2026-02-01", "2026-03-01", "2026-04-01")
