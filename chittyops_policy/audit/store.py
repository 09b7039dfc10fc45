"""What audits leave behind: results, texts of files, and the life of every finding, in SQLite or PostgreSQL.

A result is kept by repository, commit and digest of the question, a report by its content, so that an audit in which
nothing changed adds hardly anything. A finding has a row from when an audit first saw it until one saw that it is gone;
if it comes back it gets another row. Times are those of audits, to the second, in UTC.

Several audits may write at once: each statement either inserts or updates what is there (``ON CONFLICT``), and a unique
index allows one open row a finding.
"""

from __future__ import annotations

import os
import zlib

import platformdirs
import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from chittyops_policy.errors import UserError, WorldError
from chittyops_policy.fingerprint import digest
from chittyops_policy.model import OPEN, SEVERITIES, Value, counts
from chittyops_policy.reporters import json_report

from .result import JUDGED, NOT_REACHED, Audit, Control, Point, Standing, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from chittyops_policy.model import Report

VERSION = 1
"""The format of the tables. Another one is refused: a store is history, and no guess may spoil it."""

METADATA = sql.MetaData()

_ABOUT = sql.Table("store", METADATA, sql.Column("version", sql.Integer, nullable=False))

AUDITS = sql.Table(
    "audits",
    METADATA,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("started", sql.String, nullable=False),
    sql.Column("finished", sql.String, comment="null while it runs, and where it broke off"),
    sql.Column("source", sql.String, nullable=False),
    sql.Column("scopes", sql.JSON, nullable=False),
    sql.Column("policy", sql.String, nullable=False),
    sql.Column("profile", sql.String, nullable=False),
    sql.Column("digest", sql.String, nullable=False),
    sql.Column("controls", sql.JSON, nullable=False),
    sql.Column("problems", sql.JSON),
    sql.Column("judged", sql.Integer),
    sql.Column("unreached", sql.Integer),
    sql.Column("open", sql.JSON, comment="open findings by severity"),
    sql.Column("verdicts", sql.JSON, comment="verdicts by outcome"),
    sql.Column("fixed", sql.JSON, comment="findings that this audit no longer saw, by severity"),
)

STANDINGS = sql.Table(
    "standings",
    METADATA,
    sql.Column("audit", sql.ForeignKey("audits.id"), primary_key=True),
    sql.Column("slug", sql.String, primary_key=True),
    sql.Column("state", sql.String, nullable=False),
    sql.Column("reason", sql.String, nullable=False),
    sql.Column("permission", sql.String, nullable=False),
    sql.Column("head", sql.String, nullable=False),
    sql.Column("subject", sql.JSON, nullable=False),
    sql.Column("projects", sql.JSON, nullable=False),
    sql.Column("ring", sql.String, nullable=False),
    sql.Column("known", sql.Boolean, nullable=False),
    sql.Column("report", sql.ForeignKey("reports.key")),
)

REPORTS = sql.Table(
    "reports",
    METADATA,
    sql.Column("key", sql.String, primary_key=True, comment="SHA-256 of the text"),
    sql.Column("data", sql.LargeBinary, nullable=False, comment="the JSON report of one repository, zlib"),
)

RESULTS = sql.Table(
    "results",
    METADATA,
    sql.Column("slug", sql.String, primary_key=True, comment="in lower case"),
    sql.Column("head", sql.String, primary_key=True),
    sql.Column("digest", sql.String, primary_key=True),
    sql.Column("report", sql.ForeignKey("reports.key"), nullable=False),
    sql.Column("projects", sql.JSON, nullable=False),
    sql.Column("day", sql.String, nullable=False),
    sql.Column("dates", sql.JSON, nullable=False, comment="dates that stand in what was read"),
    sql.Column("asked", sql.JSON, nullable=False, comment="other repositories that were looked into, with their heads"),
)

BLOBS = sql.Table(
    "blobs",
    METADATA,
    sql.Column("oid", sql.String, primary_key=True, comment="git's object id"),
    sql.Column("data", sql.LargeBinary, nullable=False, comment="the content, zlib"),
)

FINDINGS = sql.Table(
    "findings",
    METADATA,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("slug", sql.String, nullable=False, index=True, comment="in lower case"),
    sql.Column("fingerprint", sql.String, nullable=False),
    sql.Column("first_seen", sql.String, nullable=False),
    sql.Column("last_seen", sql.String, nullable=False),
    sql.Column("fixed_at", sql.String),
    sql.Column("fixed_by", sql.ForeignKey("audits.id"), comment="the audit that no longer saw it"),
    sql.Column("rule", sql.String, nullable=False),
    sql.Column("severity", sql.String, nullable=False),
    sql.Column("state", sql.String, nullable=False, comment="open, excepted, staged or below-level, when last seen"),
    sql.Column("path", sql.String, nullable=False),
)

_OPEN_ROW = sql.Index(
    "one_open_row",
    FINDINGS.c.slug,
    FINDINGS.c.fingerprint,
    unique=True,
    sqlite_where=FINDINGS.c.fixed_at.is_(None),
    postgresql_where=FINDINGS.c.fixed_at.is_(None),
)

_AT_ONCE = 500
"""Names in one question; SQLite allows 32,766 values."""


class Kept(Value):
    """A result of an earlier audit.

    day    when it was judged; it may differ on a day near one of `dates`
    asked  slug in lower case → the head that was looked into, '' where the audit did not have that repository
    key    of the stored report, once it is stored
    """

    __slots__ = ("asked", "dates", "day", "key", "projects", "report")

    def __init__(
        self,
        report: Report,
        projects: tuple[str, ...],
        day: str,
        dates: tuple[str, ...],
        asked: Mapping[str, str],
        key: str = "",
    ) -> None:
        self.key = key
        self.report = report
        self.projects = projects
        self.day = day
        self.dates = dates
        self.asked = asked


def default_store(env: Mapping[str, str]) -> str:
    """The file in the user's state directory, or what CHITTYOPS_POLICY_STORE names."""
    named = env.get("CHITTYOPS_POLICY_STORE")
    return named or os.path.join(platformdirs.user_state_dir("chittyops-policy", appauthor=False), "audits.sqlite")


class Store:
    """A store in a SQLite file or behind a database URL (``postgresql://…``).

    Raises UserError for what is no store or has another format, WorldError where it cannot be opened. Every method
    raises WorldError where the database fails.
    """

    def __init__(self, place: str) -> None:
        url = _url(place)
        self.place = url.render_as_string(hide_password=True) if "://" in place else place
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise UserError(f"{self.place} is not supported", "--store takes a file or a postgresql:// address")
        self._last: tuple[Report, str] | None = None
        try:
            # A database without an encoding of its own would hand out bytes.
            own = {"client_encoding": "UTF8"} if url.get_backend_name() == "postgresql" else {}
            self.engine = sql.create_engine(url, connect_args=own)
        except ImportError as error:
            raise UserError(
                f"{url.drivername} needs a driver that is not installed",
                "for PostgreSQL: pip install 'chittyops-policy[postgres]'",
            ) from error
        if self.engine.dialect.name == "sqlite":
            sql.event.listen(self.engine, "connect", _prepare_sqlite)
        with Guard(self.place):
            if self.engine.dialect.name == "sqlite" and url.database:
                _private_file(url.database)
            self._open()

    def _open(self) -> None:
        with self.engine.begin() as connection:
            # Two that start at once would both create the tables.
            if self.engine.dialect.name == "postgresql":
                connection.execute(sql.text("SELECT pg_advisory_xact_lock(7240816)"))
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            existing = sql.inspect(connection).get_table_names()
            if "store" in existing:
                found = connection.execute(sql.select(_ABOUT.c.version)).scalar()
                if found != VERSION:
                    raise UserError(
                        f"the store {self.place} has format {found}, this version of chittyops-policy writes {VERSION}",
                        "--store names another one; the old one stays readable for the version that wrote it",
                    )
                return
            if existing:
                raise UserError(f"{self.place} is another program's database", "--store names a file of its own")
            METADATA.create_all(connection)
            connection.execute(_ABOUT.insert().values(version=VERSION))

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    # ------------------------------------------------------------------------------------------------- results

    def results(self, heads: Sequence[tuple[str, str]], question: str) -> dict[str, Kept]:
        """What is known of repositories at these heads, by slug in lower case; `question` is its digest."""
        wanted = {slug.lower(): head for slug, head in heads}
        found: dict[str, Kept] = {}
        statement = sql.select(RESULTS, REPORTS.c.data).join(REPORTS, RESULTS.c.report == REPORTS.c.key)
        with Guard(self.place), self.engine.connect() as connection:
            for part in _parts(sorted(wanted)):
                query = statement.where(RESULTS.c.slug.in_(part), RESULTS.c.digest == question)
                for row in connection.execute(query):
                    if wanted[row.slug] == row.head:
                        found[row.slug] = Kept(
                            _load(row.data), tuple(row.projects), row.day, tuple(row.dates), dict(row.asked), row.report
                        )
        return found

    def keep(self, slug: str, head: str, question: str, kept: Kept) -> str:
        """Stores a result for the next audit, and gives the key of its report."""
        with Guard(self.place), self.engine.begin() as connection:
            key = self._keep_report(connection, kept.report)
            row = {
                "slug": slug.lower(),
                "head": head,
                "digest": question,
                "report": key,
                "projects": list(kept.projects),
                "day": kept.day,
                "dates": list(kept.dates),
                "asked": dict(kept.asked),
            }
            self._upsert(connection, RESULTS, [row], ("slug", "head", "digest"))
            return key

    # --------------------------------------------------------------------------------------------------- blobs

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The contents of those objects that are known."""
        found: dict[str, bytes] = {}
        with Guard(self.place), self.engine.connect() as connection:
            for part in _parts(sorted(set(oids))):
                for row in connection.execute(sql.select(BLOBS).where(BLOBS.c.oid.in_(part))):
                    found[row.oid] = zlib.decompress(row.data)
        return found

    def keep_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Stores the contents of objects."""
        rows = [{"oid": oid, "data": zlib.compress(data, 6)} for oid, data in sorted(blobs.items())]
        with Guard(self.place), self.engine.begin() as connection:
            self._upsert(connection, BLOBS, rows, ("oid",), update=False)

    # -------------------------------------------------------------------------------------------------- audits

    def begin(self, audit: Audit) -> str:
        """Notes that an audit has started, and gives its name, which differs from `audit.id` where that is taken."""
        row = {
            "started": audit.started,
            "source": audit.source,
            "scopes": list(audit.scopes),
            "policy": audit.policy,
            "profile": audit.profile,
            "digest": audit.digest,
            "controls": [[item.id, item.title, item.charter, list(item.rules)] for item in audit.controls],
        }
        with Guard(self.place):
            number = 1
            while True:
                name = audit.id if number == 1 else f"{audit.id}-{number}"
                try:
                    with self.engine.begin() as connection:
                        connection.execute(AUDITS.insert().values(id=name, **row))
                    return name
                except sql.exc.IntegrityError:
                    number += 1

    def record(
        self,
        audit: str,
        standing: Standing,
        moment: str,
        key: str = "",
        silent: frozenset[str] = frozenset(),
    ) -> dict[str, str]:
        """Notes what became of one repository, and gives fingerprint → the day on which the finding was first seen.

        `key` is that of its report where that is stored already; the findings of `silent` rules live on, see
        `result.untold`.
        """
        subject = standing.subject
        with Guard(self.place), self.engine.begin() as connection:
            if standing.report is not None and not key:
                key = self._keep_report(connection, standing.report)
            row = {
                "audit": audit,
                "slug": subject.slug,
                "state": standing.state,
                "reason": standing.reason,
                "permission": standing.permission,
                "head": subject.head,
                "subject": _subject_values(subject),
                "projects": list(standing.projects),
                "ring": standing.ring,
                "known": standing.known,
                "report": key or None,
            }
            self._upsert(connection, STANDINGS, [row], ("audit", "slug"))
            if standing.report is None:
                return {}
            return self._follow(connection, audit, subject.slug.lower(), standing.report, moment, silent)

    def _follow(
        self,
        connection: sql.Connection,
        audit: str,
        slug: str,
        report: Report,
        moment: str,
        silent: frozenset[str],
    ) -> dict[str, str]:
        """Carries the findings of one repository on."""
        rows = {
            decision.fingerprint: {
                "slug": slug,
                "fingerprint": decision.fingerprint,
                "first_seen": moment,
                "last_seen": moment,
                "rule": decision.rule,
                "severity": decision.severity,
                "state": decision.state,
                "path": decision.path,
            }
            for decision in report.decisions
        }
        if rows:
            statement = self._insert(FINDINGS)
            statement = statement.on_conflict_do_update(
                index_elements=[FINDINGS.c.slug, FINDINGS.c.fingerprint],
                index_where=FINDINGS.c.fixed_at.is_(None),
                set_={name: statement.excluded[name] for name in ("last_seen", "severity", "state", "path")},
            )
            connection.execute(statement, list(rows.values()))
        # A rule that did not run, or could not tell, says nothing about its findings.
        ran = {rule.id for rule in report.rules_run} - silent
        still = sql.and_(FINDINGS.c.slug == slug, FINDINGS.c.fixed_at.is_(None))
        first: dict[str, str] = {}
        gone: list[str] = []
        columns = (FINDINGS.c.fingerprint, FINDINGS.c.first_seen, FINDINGS.c.rule)
        for row in connection.execute(sql.select(*columns).where(still)):
            if row.fingerprint in rows:
                first[row.fingerprint] = row.first_seen[:10]
            elif row.rule in ran:
                gone.append(row.fingerprint)
        for fingerprints in _parts(gone):
            connection.execute(
                FINDINGS.update()
                .where(still, FINDINGS.c.fingerprint.in_(fingerprints))
                .values(fixed_at=moment, fixed_by=audit)
            )
        return first

    def finish(self, audit: Audit) -> None:
        """Closes an audit: from now on it is part of the history."""
        totals = counts([standing.report for standing in audit.standings if standing.report is not None])
        states = [standing.state for standing in audit.standings]
        with Guard(self.place), self.engine.begin() as connection:
            fixed = dict.fromkeys(SEVERITIES, 0)
            columns = (FINDINGS.c.severity, sql.func.count())
            query = sql.select(*columns).where(FINDINGS.c.fixed_by == audit.id, FINDINGS.c.state == OPEN)
            for severity, count in connection.execute(query.group_by(FINDINGS.c.severity)):
                fixed[severity] = count
            connection.execute(
                AUDITS.update()
                .where(AUDITS.c.id == audit.id)
                .values(
                    finished=audit.finished,
                    problems=list(audit.problems),
                    judged=states.count(JUDGED),
                    unreached=states.count(NOT_REACHED),
                    open=totals["open"],
                    verdicts=totals["verdicts"],
                    fixed=fixed,
                )
            )

    def trend(self, source: str = "", scopes: Sequence[str] | None = None) -> list[Point]:
        """The finished audits of the same scopes (None: of all), the oldest first."""
        query = sql.select(AUDITS).where(AUDITS.c.finished.is_not(None)).order_by(AUDITS.c.started, AUDITS.c.id)
        if source:
            query = query.where(AUDITS.c.source == source)
        wanted = None if scopes is None else _folded(scopes)
        with Guard(self.place), self.engine.connect() as connection:
            return [
                Point(row.id, row.finished, row.judged, row.unreached, row.open, row.verdicts, row.fixed)
                for row in connection.execute(query)
                if wanted is None or _folded(row.scopes) == wanted
            ]

    def named(self, words: str) -> str:
        """The name of a finished audit: itself, the beginning of one name only, ``latest`` or ``previous``.

        Raises UserError where there is no such audit.
        """
        names = [point.audit for point in self.trend()]
        if words in names:
            return words
        if words in ("latest", "previous"):
            place = 1 if words == "latest" else 2
            if len(names) >= place:
                return names[-place]
            raise UserError(f"the store {self.place} has {len(names)} finished audits", "run `chittyops-policy audit`")
        found = [name for name in names if name.startswith(words)]
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} audits whose names begin with {words}" if found else f"no finished audit {words}"
        raise UserError(f"the store {self.place} has {what}", "`chittyops-policy audit trend` lists them")

    def lives(self, audit: str) -> list[tuple[str, str, str]]:
        """(severity, first seen, gone or '') of the findings that counted, of the repositories of an audit."""
        slugs = sql.select(sql.func.lower(STANDINGS.c.slug)).where(STANDINGS.c.audit == audit)
        query = sql.select(FINDINGS).where(FINDINGS.c.state == OPEN, FINDINGS.c.slug.in_(slugs))
        with Guard(self.place), self.engine.connect() as connection:
            return [(row.severity, row.first_seen, row.fixed_at or "") for row in connection.execute(query)]

    def audit(self, name: str) -> Audit:
        """An earlier audit as it was. Raises UserError where there is none of that name."""
        with Guard(self.place), self.engine.connect() as connection:
            row = connection.execute(sql.select(AUDITS).where(AUDITS.c.id == name)).one_or_none()
            if row is None:
                raise UserError(f"the store has no audit {name}", "`chittyops-policy audit trend` lists them")
            query = (
                sql.select(STANDINGS, REPORTS.c.data)
                .outerjoin(REPORTS, STANDINGS.c.report == REPORTS.c.key)
                .where(STANDINGS.c.audit == name)
            )
            rows = connection.execute(query).all()
            slugs = sql.select(sql.func.lower(STANDINGS.c.slug)).where(STANDINGS.c.audit == name)
            alive = sql.select(FINDINGS).where(
                FINDINGS.c.slug.in_(slugs),
                FINDINGS.c.first_seen <= (row.finished or row.started),
                sql.or_(FINDINGS.c.fixed_at.is_(None), FINDINGS.c.fixed_at > row.started),
            )
            first: dict[str, dict[str, str]] = {}
            for found in connection.execute(alive):
                first.setdefault(found.slug, {})[found.fingerprint] = found.first_seen[:10]
        standings = [
            Standing(
                Subject(item.slug, **_subject_arguments(item.subject)),
                item.state,
                reason=item.reason,
                permission=item.permission,
                report=None if item.data is None else _load(item.data),
                projects=tuple(item.projects),
                ring=item.ring,
                first_seen=first.get(item.slug.lower(), {}) if item.data is not None else {},
                known=item.known,
            )
            for item in rows
        ]
        return Audit(
            row.id,
            started=row.started,
            finished=row.finished or "",
            source=row.source,
            scopes=tuple(row.scopes),
            policy=row.policy,
            profile=row.profile,
            digest=row.digest,
            controls=tuple(Control(id, title, charter, tuple(rules)) for id, title, charter, rules in row.controls),
            standings=tuple(sorted(standings, key=lambda standing: standing.subject.slug.lower())),
            problems=tuple(row.problems or ()),
        )

    # -------------------------------------------------------------------------------------------------- pieces

    def _keep_report(self, connection: sql.Connection, report: Report) -> str:
        if self._last is not None and self._last[0] is report:  # kept as a result a moment ago
            return self._last[1]
        data = json_report.render([report], indent=None).encode("utf-8")
        key = digest(data)
        row = {"key": key, "data": zlib.compress(data, 6)}
        self._upsert(connection, REPORTS, [row], ("key",), update=False)
        self._last = (report, key)
        return key

    def _upsert(
        self,
        connection: sql.Connection,
        table: sql.Table,
        rows: Sequence[Mapping[str, Any]],
        keys: tuple[str, ...],
        update: bool = True,
    ) -> None:
        if not rows:
            return
        statement = self._insert(table)
        if update:
            others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=keys)
        connection.execute(statement, [dict(row) for row in rows])

    def _insert(self, table: sql.Table) -> Any:
        """INSERT as both databases have it, with ON CONFLICT."""
        return (postgresql if self.engine.dialect.name == "postgresql" else sqlite).insert(table)


class Guard:
    """Turns what the database driver raises into an error for a person."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, sql.exc.SQLAlchemyError | OSError):
            words = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise WorldError(f"the store {self.place} fails: {words}", "--store names another one") from error


def _url(place: str) -> sql.URL:
    if "://" not in place:
        return sql.URL.create("sqlite", database=place)
    try:
        url = make_url(place)
    except sql.exc.ArgumentError as error:
        raise UserError(f"--store: {place.partition('://')[0]}://… is no address of a database") from error
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _private_file(path: str) -> None:
    """Makes the file before SQLite does: it will hold texts of private repositories."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_sqlite(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    # With WAL readers do not wait for the writer, and what was committed outlives a killed process.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _load(data: bytes) -> Report:
    return json_report.load(zlib.decompress(data).decode("utf-8"))[0]


def _folded(scopes: Iterable[str]) -> list[str]:
    return sorted(scope.lower() for scope in scopes)


def _parts(items: Sequence[Any], size: int = _AT_ONCE) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


_SUBJECT = (
    "archived", "branch", "disabled", "empty", "fork", "head", "language", "parent", "properties", "topics", "url",
    "visibility",
)  # fmt: skip


def _subject_values(subject: Subject) -> dict[str, Any]:
    values = {name: getattr(subject, name) for name in _SUBJECT}
    return {**values, "topics": list(subject.topics), "properties": dict(subject.properties)}


def _subject_arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in _SUBJECT} | {"topics": tuple(values["topics"])}
