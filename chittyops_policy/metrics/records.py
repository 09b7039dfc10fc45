"""What happened, as values: runs, deployments and alerts, with nothing in them that a figure does not need."""

from __future__ import annotations

from chittyops_policy.model import Value

SUCCESS = "success"
FAILURE = "failure"

RUNS = "runs"
DEPLOYMENTS = "deployments"
ALERTS = "alerts"
SOURCES = (RUNS, DEPLOYMENTS, ALERTS)
"""Where figures come from; a `Lack` names one of them."""


class Run(Value):
    """One attempt of a run of a workflow; times are seconds since 1970.

    repository  ``owner/repo``; `workflow` the path of its file
    id          of the run; its attempts share it
    conclusion  GitHub's word
    busy        seconds in which at least one of its jobs ran; None where that was not asked for
    queued      seconds from the start of the attempt to that of its first job; None as before
    """

    __slots__ = ("attempt", "busy", "conclusion", "id", "queued", "repository", "started", "workflow")

    def __init__(
        self,
        repository: str,
        workflow: str,
        id: int,
        conclusion: str,
        started: float,
        *,
        attempt: int = 1,
        busy: float | None = None,
        queued: float | None = None,
    ) -> None:
        self.repository = repository
        self.workflow = workflow
        self.id = id
        self.conclusion = conclusion
        self.started = started
        self.attempt = attempt
        self.busy = busy
        self.queued = queued


class Deployment(Value):
    """One deployment.

    outcome  SUCCESS, FAILURE, or why there is none yet in the words that say what was left out
    seconds  from its first status "in progress" to its first success; None unless it succeeded
    runs     the ids of the runs that its statuses name
    """

    __slots__ = ("environment", "id", "outcome", "repository", "runs", "seconds", "started")

    def __init__(
        self,
        repository: str,
        id: int,
        environment: str,
        outcome: str,
        started: float,
        seconds: float | None = None,
        runs: tuple[int, ...] = (),
    ) -> None:
        self.repository = repository
        self.id = id
        self.environment = environment
        self.outcome = outcome
        self.started = started
        self.seconds = seconds
        self.runs = runs


class Alert(Value):
    """A critical vulnerability of a dependency or of the code: when it became known, and when it was fixed.

    state  open, fixed, dismissed or auto_dismissed; `fixed` is None unless it is fixed
    """

    __slots__ = ("created", "fixed", "number", "repository", "state")

    def __init__(self, repository: str, number: int, state: str, created: float, fixed: float | None = None) -> None:
        self.repository = repository
        self.number = number
        self.state = state
        self.created = created
        self.fixed = fixed


class Lack(Value):
    """One of SOURCES that could not be had of a repository: why, and the permission that would tell."""

    __slots__ = ("permission", "reason", "repository", "source")

    def __init__(self, repository: str, source: str, reason: str, permission: str = "") -> None:
        self.repository = repository
        self.source = source
        self.reason = reason
        self.permission = permission


class Records(Value):
    """Everything that was gathered; `since` and `until` bound the window, `repositories` are all that were asked."""

    __slots__ = ("alerts", "deployments", "lacks", "repositories", "runs", "since", "until")

    def __init__(
        self,
        *,
        since: float,
        until: float,
        repositories: tuple[str, ...] = (),
        runs: tuple[Run, ...] = (),
        deployments: tuple[Deployment, ...] = (),
        alerts: tuple[Alert, ...] = (),
        lacks: tuple[Lack, ...] = (),
    ) -> None:
        self.since = since
        self.until = until
        self.repositories = repositories
        self.runs = runs
        self.deployments = deployments
        self.alerts = alerts
        self.lacks = lacks
