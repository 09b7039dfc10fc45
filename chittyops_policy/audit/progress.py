"""How an audit is watched: a bar on a terminal, plain lines in a log, JSON lines for a program, or nothing."""

from __future__ import annotations

import json
import time

from chittyops_policy.model import OPEN

from .result import JUDGED, NOT_REACHED, OUT_OF_SCOPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TextIO

    from .result import Audit, Proposal, Standing

    class Progress(Protocol):
        """What is told of an audit while it runs. Called by one thread at a time, but for `say`."""

        def listed(self, count: int) -> None:
            """So many repositories are known by now."""

        def begin(self, total: int) -> None:
            """All are listed, and so many are to be judged."""

        def settled(self, standing: Standing) -> None:
            """One repository is judged, not reached or out of scope."""

        def proposed(self, slug: str, proposal: Proposal) -> None:
            """What became of the pull request of a repository."""

        def say(self, sentence: str) -> None:
            """Something that a person should know at once, such as a wait; from any thread."""

        def end(self, audit: Audit | None) -> None:
            """The audit is over; None where it broke off."""


UNCHANGED = "unchanged"
"""The state of a pull request of which nothing is to be said."""

_LINES_APART = 10.0
"""Seconds between two lines of a log."""


class Silence:
    """Nothing is said but what `say` gets, and that only where `stream` is given."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream

    def listed(self, count: int) -> None:
        """See `Progress`."""

    def begin(self, total: int) -> None:
        """See `Progress`."""

    def settled(self, standing: Standing) -> None:
        """See `Progress`."""

    def proposed(self, slug: str, proposal: Proposal) -> None:
        """See `Progress`."""

    def say(self, sentence: str) -> None:
        """See `Progress`."""
        if self.stream is not None:
            self.stream.write(f"chittyops-policy: {sentence}\n")
            self.stream.flush()

    def end(self, audit: Audit | None) -> None:
        """See `Progress`."""


class Lines(Silence):
    """A line now and then, for logs: at the start, every ten seconds, and for whatever is not reached."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._total = self._done = 0
        self._next = 0.0

    def begin(self, total: int) -> None:
        """See `Progress`."""
        self._total = total
        self._next = time.monotonic() + _LINES_APART
        self.say(f"{total} repositories to judge")

    def settled(self, standing: Standing) -> None:
        """See `Progress`."""
        if standing.state == OUT_OF_SCOPE:
            return
        self._done += 1
        if standing.state == NOT_REACHED:
            self.say(f"{standing.subject.slug} was not reached: {standing.reason}")
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINES_APART
            self.say(f"{self._done} of {self._total} repositories done")

    def proposed(self, slug: str, proposal: Proposal) -> None:
        """See `Progress`."""
        if proposal.state != UNCHANGED:
            self.say(_sentence(slug, proposal))


class JsonLines(Silence):
    """One JSON object a line: ``listed``, ``begin``, ``repository``, ``pull-request``, ``message`` and ``end``."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)

    def listed(self, count: int) -> None:
        """See `Progress`; a page at a time."""
        if count % 100 == 0:
            self._write("listed", repositories=count)

    def begin(self, total: int) -> None:
        """See `Progress`."""
        self._write("begin", repositories=total)

    def settled(self, standing: Standing) -> None:
        """See `Progress`."""
        found: dict[str, Any] = {}
        if standing.report is not None:
            found = {
                "open": sum(decision.state == OPEN for decision in standing.report.decisions),
                "known": standing.known,
            }
        self._write(
            "repository",
            slug=standing.subject.slug,
            head=standing.subject.head,
            state=standing.state,
            reason=standing.reason,
            permission=standing.permission,
            **found,
        )

    def proposed(self, slug: str, proposal: Proposal) -> None:
        """See `Progress`."""
        values = {name: getattr(proposal, name) for name in ("state", "url", "branch", "reason")}
        self._write("pull-request", slug=slug, **values)

    def say(self, sentence: str) -> None:
        """See `Progress`."""
        self._write("message", text=sentence)

    def end(self, audit: Audit | None) -> None:
        """See `Progress`."""
        states = [standing.state for standing in audit.standings] if audit is not None else []
        self._write(
            "end",
            complete=audit is not None,
            audit=audit.id if audit is not None else "",
            judged=states.count(JUDGED),
            not_reached=states.count(NOT_REACHED),
            out_of_scope=states.count(OUT_OF_SCOPE),
        )

    def _write(self, event: str, **values: Any) -> None:
        assert self.stream is not None
        self.stream.write(json.dumps({"event": event, **values}) + "\n")
        self.stream.flush()


class Bar(Silence):
    """A bar with counts and the time that is left, on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        # Loaded only where somebody watches.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        super().__init__(stream)
        self._console = Console(file=stream, highlight=False, markup=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("listing", total=None, note="")
        self._progress.start()
        self._unreached = self._known = 0

    def listed(self, count: int) -> None:
        """See `Progress`."""
        self._progress.update(self._task, completed=count)

    def begin(self, total: int) -> None:
        """See `Progress`."""
        self._progress.reset(self._task, total=total, description="judging")

    def settled(self, standing: Standing) -> None:
        """See `Progress`."""
        if standing.state == OUT_OF_SCOPE:
            return
        self._unreached += standing.state == NOT_REACHED
        self._known += standing.known
        notes = [f"{self._known} unchanged"] if self._known else []
        notes += [f"{self._unreached} not reached"] if self._unreached else []
        self._progress.update(self._task, advance=1, note=", ".join(notes))

    def proposed(self, slug: str, proposal: Proposal) -> None:
        """See `Progress`."""
        if proposal.state != UNCHANGED:
            self.say(_sentence(slug, proposal))

    def say(self, sentence: str) -> None:
        """See `Progress`."""
        self._console.print(f"chittyops-policy: {sentence}")

    def end(self, audit: Audit | None) -> None:
        """See `Progress`."""
        self._progress.stop()


def _sentence(slug: str, proposal: Proposal) -> str:
    return f"{slug}: " + " ".join(filter(None, [proposal.state, proposal.url, proposal.reason]))
