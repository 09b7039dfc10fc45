"""Applies a plan: entry after entry, each for itself, each noted, until all are done or GitHub has had enough.

One that fails never stops the others. What cannot be asked or answered any more leaves the rest where it is, said so;
the same command goes on with it.
"""

from __future__ import annotations

from chittyops_policy.audit.result import Proposal
from chittyops_policy.delivery import pull_requests
from chittyops_policy.delivery.pull_requests import (
    AT_ONCE,
    OPEN,
    PLANNED,
    REFUSED,
    SETTLED,
    UNCHANGED,
    UPDATED,
    Delivered,
    There,
    deliver,
    look_up,
)
from chittyops_policy.errors import UserError
from chittyops_policy.hosts.connection import HostError, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chittyops_policy.audit.journal import Journal
    from chittyops_policy.audit.plan import Entry, Plan
    from chittyops_policy.audit.proposals import Manner
    from chittyops_policy.delivery.pull_requests import Known
    from chittyops_policy.hosts.connection import Connection

NOT_REACHED = "not-reached"
"""The state of an entry that nobody could ask GitHub about; the same command tries it again."""

GOOD = (
    OPEN,
    UPDATED,
    UNCHANGED,
    SETTLED,
    PLANNED,
    pull_requests.MERGED,
    pull_requests.DECLINED,
    pull_requests.SUPERSEDED,
)
"""States after which nobody has to do anything about the run itself."""


OVER = (SETTLED, pull_requests.MERGED, pull_requests.DECLINED, pull_requests.SUPERSEDED)
"""States after which there is no open pull request."""


class Application:
    """One run over a plan.

    connection  gives the connection for an owner
    manner      what the pack says of pull requests; its reserved branches and titles are never used
    exact       whether a base branch that moved refuses an entry, as for a plan that was reviewed
    limit       how many new pull requests this run may open; None for any number
    moved       the repositories that were refused because their base branch is elsewhere by now
    complete    whether everything so far ended in a state of GOOD
    now         the time in UTC, for the journal
    """

    def __init__(
        self,
        connection: Callable[[str], Connection],
        journal: Journal,
        manner: Manner,
        *,
        exact: bool,
        limit: int | None = None,
        now: Callable[[], str],
        tell: Callable[[str, Proposal], None] = lambda slug, proposal: None,
    ) -> None:
        self.connection = connection
        self.journal = journal
        self.manner = manner
        self.exact = exact
        self.limit = limit
        self.now = now
        self.tell = tell
        self.opened = 0
        self.moved: list[str] = []
        self._ends: dict[tuple[str, str], str] = {}

    @property
    def complete(self) -> bool:
        """See the class."""
        return all(state in GOOD for state in self._ends.values())

    def run(self, plan: Plan) -> dict[str, list[Proposal]]:
        """What became of each entry, by repository in lower case."""
        results: dict[str, list[Proposal]] = {}
        digest = plan.digest
        for owner, entries in _by_owner(plan.entries):
            for start in range(0, len(entries), AT_ONCE):
                part = entries[start : start + AT_ONCE]
                for entry, delivered in zip(part, self._part(owner, part, digest), strict=True):
                    results.setdefault(entry.slug.lower(), []).append(_proposal(entry.branch, delivered))
        return results

    def settle(self, slugs: Iterable[str], rule_set: str) -> dict[str, list[Proposal]]:
        """Closes what is open of a rule set, by the journal, in repositories in which it has nothing left to do."""
        results: dict[str, list[Proposal]] = {}
        for noted in self.journal.noted(slugs).values():
            if noted.rule_set != rule_set or not noted.known.number or noted.state in OVER:
                continue
            try:
                connection = self.connection(noted.slug.partition("/")[0])
                [there] = look_up(connection, [(noted.slug, noted.base, noted.branch)])
                delivered = pull_requests.settle(connection, there, noted.branch, noted.known)
            except (HostError, UserError) as error:
                delivered = Delivered(NOT_REACHED, error.message)
            if delivered is None:
                delivered = Delivered(SETTLED, "it is not open any more", url=noted.url)
            self.journal.close(noted.slug, noted.rule_set, delivered, self.now())
            self._ends[noted.slug, noted.rule_set] = delivered.state
            proposal = _proposal(noted.branch, delivered)
            self.tell(noted.slug, proposal)
            results.setdefault(noted.slug, []).append(proposal)
        return results

    def _part(self, owner: str, entries: Sequence[Entry], plan: str) -> list[Delivered]:
        try:
            connection = self.connection(owner)
            theres = look_up(connection, [(entry.slug, entry.base, entry.branch) for entry in entries])
        except (HostError, UserError) as error:  # the latter where an App is not installed
            return [self._end(entry, plan, Delivered(NOT_REACHED, error.message)) for entry in entries]
        return [
            self._end(entry, plan, self._one(connection, entry, there, plan))
            for entry, there in zip(entries, theres, strict=True)
        ]

    def _one(self, connection: Connection, entry: Entry, there: There, plan: str) -> Delivered:
        if self.manner.reserves(entry.branch, entry.title):
            return Delivered(REFUSED, "its branch or title belongs to other automation")

        def note(known: Known) -> None:
            self.journal.step(entry, plan, known, self.now())

        known = self.journal.known(entry.slug, entry.set)
        begun = known.step not in (PLANNED, pull_requests.DONE)  # a broken run has had its turn already
        may_open = begun or self.limit is None or self.opened < self.limit
        try:
            delivered = deliver(connection, entry, there, known, note, exact=self.exact, may_open=may_open)
        except Refused as error:  # a question, not a write: the rest of this repository is unknown
            return Delivered(NOT_REACHED, error.message, permission=error.permission)
        except HostError as error:
            return Delivered(NOT_REACHED, error.message)
        self.opened += delivered.state == OPEN
        if delivered.moved:
            self.moved.append(entry.slug)
        return delivered

    def _end(self, entry: Entry, plan: str, delivered: Delivered) -> Delivered:
        self.journal.end(entry, plan, delivered, self.now())
        self._ends[entry.slug.lower(), entry.set] = delivered.state
        self.tell(entry.slug, _proposal(entry.branch, delivered))
        return delivered


def _by_owner(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """An App has a token for each owner, so that each is asked for itself."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.slug.partition("/")[0], []).append(entry)
    return list(found.items())


def _proposal(branch: str, delivered: Delivered) -> Proposal:
    parts = [delivered.reason, *delivered.notes]
    if delivered.permission:
        parts.append(f"the permission that would do: {delivered.permission}")
    return Proposal(delivered.state, url=delivered.url, branch=branch, reason="; ".join(filter(None, parts)))
