"""What was noted of each pull request: how far it came, its number and last commit, and what people decided about it.

A table of its own beside those of the audits, in the same database. A row is written after each step, so that a run
which was killed goes on; and since everything is looked up on GitHub before it is written, a journal that was lost
costs questions, not doubled pull requests.
"""

from __future__ import annotations

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from chittyops_policy.audit.store import Guard
from chittyops_policy.delivery.pull_requests import PLANNED, Known
from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from chittyops_policy.audit.plan import Entry
    from chittyops_policy.audit.store import Store
    from chittyops_policy.delivery.pull_requests import Delivered

METADATA = sql.MetaData()

PULL_REQUESTS = sql.Table(
    "pull_requests",
    METADATA,
    sql.Column("slug", sql.String, primary_key=True, comment="in lower case"),
    sql.Column("rule_set", sql.String, primary_key=True),
    sql.Column("step", sql.String, nullable=False, comment="planned, branched, committed, opened or done"),
    sql.Column("branch", sql.String, nullable=False),
    sql.Column("base", sql.String, nullable=False, comment="the branch that it goes to"),
    sql.Column("commit", sql.String, nullable=False, comment="that branch's commit when the plan was made"),
    sql.Column("plan", sql.String, nullable=False, comment="the digest of the plan"),
    sql.Column("content", sql.String, nullable=False, comment="digest of the files that were to be committed"),
    sql.Column("head", sql.String, nullable=False, comment="the last commit that was made"),
    sql.Column("number", sql.Integer, nullable=False, comment="of the pull request, 0 before there is one"),
    sql.Column("url", sql.String, nullable=False),
    sql.Column("state", sql.String, nullable=False, comment="what became of it, '' while it is under way"),
    sql.Column("reason", sql.String, nullable=False),
    sql.Column("noted", sql.String, nullable=False, comment="when, in UTC"),
)
"""One row for each repository and rule set: what was noted last."""


class Noted(Value):
    """A row: what is `known` for the next run, and what became of the pull request last."""

    __slots__ = ("base", "branch", "known", "noted", "plan", "reason", "rule_set", "slug", "state", "url")

    def __init__(
        self,
        slug: str,
        rule_set: str,
        known: Known,
        *,
        branch: str,
        base: str,
        plan: str,
        state: str,
        reason: str,
        url: str,
        noted: str,
    ) -> None:
        self.slug = slug
        self.rule_set = rule_set
        self.known = known
        self.branch = branch
        self.base = base
        self.plan = plan
        self.state = state
        self.reason = reason
        self.url = url
        self.noted = noted


class Journal:
    """The journal in the database of a store; its table is made where it is missing.

    Every method raises WorldError where the database fails.
    """

    def __init__(self, store: Store) -> None:
        self.engine = store.engine
        self.place = store.place
        with Guard(self.place), self.engine.begin() as connection:
            connection.execute(sql.schema.CreateTable(PULL_REQUESTS, if_not_exists=True))

    def known(self, slug: str, rule_set: str) -> Known:
        """What the next run has to know; nothing where nothing was noted."""
        found = self.noted([slug]).get((slug.lower(), rule_set))
        return found.known if found is not None else Known()

    def noted(self, slugs: Iterable[str] | None = None) -> dict[tuple[str, str], Noted]:
        """(slug in lower case, rule set) → what was noted; of all repositories where none are named."""
        query = sql.select(PULL_REQUESTS).order_by(PULL_REQUESTS.c.slug, PULL_REQUESTS.c.rule_set)
        if slugs is not None:
            query = query.where(PULL_REQUESTS.c.slug.in_([slug.lower() for slug in slugs]))
        with Guard(self.place), self.engine.connect() as connection:
            return {(row.slug, row.rule_set): _noted(row) for row in connection.execute(query)}

    def step(self, entry: Entry, plan: str, known: Known, moment: str) -> None:
        """Notes that a step of an entry was done."""
        row = _row(entry, plan, known, moment)
        self._write({**row, "url": "", "state": "", "reason": ""}, keep=("url", "state", "reason"))

    def end(self, entry: Entry, plan: str, delivered: Delivered, moment: str) -> None:
        """Notes what became of an entry."""
        known = self.known(entry.slug, entry.set)
        row = _row(entry, plan, known, moment)
        reason = "; ".join(filter(None, [delivered.reason, *delivered.notes]))
        said = {"url": delivered.url, "state": delivered.state, "reason": reason}
        self._write({**row, **said, "number": delivered.number or known.number})

    def close(self, slug: str, rule_set: str, delivered: Delivered, moment: str) -> None:
        """Notes what became of a pull request that no entry asks for any more."""
        at = sql.and_(PULL_REQUESTS.c.slug == slug.lower(), PULL_REQUESTS.c.rule_set == rule_set)
        said = {"state": delivered.state, "reason": delivered.reason, "noted": moment}
        with Guard(self.place), self.engine.begin() as connection:
            connection.execute(PULL_REQUESTS.update().where(at).values(**said))

    def _write(self, row: dict[str, Any], keep: tuple[str, ...] = ()) -> None:
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(PULL_REQUESTS).values(**row)
        changed = {name: statement.excluded[name] for name in row if name not in ("slug", "rule_set", *keep)}
        with Guard(self.place), self.engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["slug", "rule_set"], set_=changed))


def _row(entry: Entry, plan: str, known: Known, moment: str) -> dict[str, Any]:
    return {
        "slug": entry.slug.lower(),
        "rule_set": entry.set,
        "step": known.step,
        "branch": entry.branch,
        "base": entry.base,
        "commit": entry.commit,
        "plan": plan,
        "content": known.content,
        "head": known.head,
        "number": known.number,
        "noted": moment,
    }


def _noted(row: Any) -> Noted:
    return Noted(
        row.slug,
        row.rule_set,
        Known(row.step or PLANNED, row.head, row.content, row.number),
        branch=row.branch,
        base=row.base,
        plan=row.plan,
        state=row.state,
        reason=row.reason,
        url=row.url,
        noted=row.noted,
    )
