"""Asks GitHub for runs, deployments and alerts of a window.

Source of addresses, filters and limits: GitHub's REST documentation (2026-11). A search for runs gives at most 1,000
results, so a longer one is asked for in halves of its time.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from chittyops_policy.hosts.connection import HostError, Refused, Spent

from .records import ALERTS, DEPLOYMENTS, FAILURE, RUNS, SUCCESS, Alert, Deployment, Lack, Records, Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from chittyops_policy.hosts.access import Access
    from chittyops_policy.hosts.connection import Connection

MOST = 1000
"""Results of one search for runs."""

PERMISSIONS = {RUNS: "actions: read", DEPLOYMENTS: "deployments: read", ALERTS: "Dependabot alerts: read"}

_PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")
_GITHUBS_OWN = "dynamic/"
"""Where the path of a workflow begins that GitHub runs by itself: Dependabot, Pages, code scanning's default setup."""

_RUN_ADDRESS = re.compile(r"/actions/runs/([0-9]+)(?:/|$)")
_VERDICTS = (SUCCESS, "failure", "error")
_FIXED_STATES = ("fixed", "dismissed", "auto_dismissed")


class Gathered:
    """What was found of one repository."""

    __slots__ = ("alerts", "deployments", "lacks", "runs")

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.deployments: list[Deployment] = []
        self.alerts: list[Alert] = []
        self.lacks: list[Lack] = []


def gather_all(
    access: Access, repositories: Sequence[tuple[str, str]], since: float, until: float, *, timed: int, jobs: int
) -> Records:
    """The records of several repositories, given as (owner/name, default branch); `jobs` are asked at a time."""

    def ask(repository: tuple[str, str]) -> Gathered:
        slug, branch = repository
        return gather(access.connection(slug.partition("/")[0]), slug, branch, since, until, timed)

    with ThreadPoolExecutor(jobs) as pool:
        parts = list(pool.map(ask, repositories))
    return Records(
        since=since,
        until=until,
        repositories=tuple(slug for slug, _ in repositories),
        runs=tuple(run for part in parts for run in part.runs),
        deployments=tuple(item for part in parts for item in part.deployments),
        alerts=tuple(alert for part in parts for alert in part.alerts),
        lacks=tuple(lack for part in parts for lack in part.lacks),
    )


def gather(connection: Connection, slug: str, branch: str, since: float, until: float, timed: int) -> Gathered:
    """The records of a repository; what the token is not told, or what fails, is a lack. Raises nothing of GitHub's.

    branch  the default branch, '' where the repository is empty
    timed   successful attempts a workflow whose jobs are asked for
    """
    found = Gathered()
    for source in (RUNS, DEPLOYMENTS, ALERTS):
        try:
            if source == RUNS:
                found.runs += _runs(connection, slug, branch, since, until, timed) if branch else ()
            elif source == DEPLOYMENTS:
                found.deployments += _deployments(connection, slug, since, until)
            else:
                found.alerts += _alerts(connection, slug, since, until)
        except Refused as error:
            reason = f"GitHub does not tell: {error.message} ({error.status})"
            found.lacks.append(Lack(slug, source, reason, error.permission or PERMISSIONS[source]))
        except Spent as error:
            found.lacks.append(Lack(slug, source, error.message))
        except HostError as error:
            found.lacks.append(Lack(slug, source, error.message))
    return found


# --------------------------------------------------------------------------------------------------------- runs


def _runs(connection: Connection, slug: str, branch: str, since: float, until: float, timed: int) -> Iterator[Run]:
    listed = [
        run
        for run in _search(connection, slug, branch, int(since), int(until))
        if run["event"] not in _PULL_REQUEST_EVENTS and not _path(run).startswith(_GITHUBS_OWN)
    ]
    listed.sort(key=lambda run: (run["run_started_at"], run["id"]), reverse=True)
    left: dict[str, int] = {}
    for run in listed:
        times: tuple[float | None, float | None] = (None, None)
        if run["conclusion"] == SUCCESS and left.setdefault(_path(run), timed) > 0:
            left[_path(run)] -= 1
            times = _times(connection, slug, run)
        yield _run(slug, run, times)
        for attempt in range(1, run.get("run_attempt") or 1):
            # The listing has the last attempt only; what a re-run papers over is what counts here.
            earlier = connection.get(f"repos/{slug}/actions/runs/{run['id']}/attempts/{attempt}")
            yield _run(slug, earlier, (None, None))


def _search(connection: Connection, slug: str, branch: str, since: int, until: int) -> Iterator[Mapping[str, Any]]:
    """Every completed run that was created between two moments, the bounds included."""
    query: dict[str, str | int] = {
        "branch": branch,
        "status": "completed",
        "created": f"{_iso(since)}..{_iso(until)}",
        "exclude_pull_requests": "true",
    }
    path = f"repos/{slug}/actions/runs"
    total = connection.get(path, **query, per_page=1)["total_count"]
    if total > MOST and until > since:
        middle = (since + until) // 2
        yield from _search(connection, slug, branch, middle + 1, until)
        yield from _search(connection, slug, branch, since, middle)
    elif total:
        yield from connection.pages(path, "workflow_runs", **query)


def _run(slug: str, run: Mapping[str, Any], times: tuple[float | None, float | None]) -> Run:
    started = _seconds(run.get("run_started_at") or run["created_at"])
    return Run(
        slug,
        _path(run),
        run["id"],
        run["conclusion"] or "none",
        started,
        attempt=run.get("run_attempt") or 1,
        busy=times[0],
        queued=times[1],
    )


def _path(run: Mapping[str, Any]) -> str:
    """The workflow's file; GitHub writes ``path@ref`` for some."""
    return str(run["path"]).partition("@")[0]


def _times(connection: Connection, slug: str, run: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Seconds in which jobs of the last attempt ran, and seconds before the first of them began."""
    jobs = connection.pages(f"repos/{slug}/actions/runs/{run['id']}/jobs", "jobs", filter="latest")
    spans = [
        (_seconds(job["started_at"]), _seconds(job["completed_at"]))
        for job in jobs
        if job["completed_at"] and job["conclusion"] != "skipped"
    ]
    if not spans:
        return None, None
    started = _seconds(run.get("run_started_at") or run["created_at"])
    return covered(spans), max(min(start for start, _ in spans) - started, 0.0)


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of some spans of time; a span that ends before it begins has none."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(spans):
        total += max(stop - max(start, end), 0.0)
        end = max(end, stop)
    return total


# -------------------------------------------------------------------------------------------------- deployments


def _deployments(connection: Connection, slug: str, since: float, until: float) -> Iterator[Deployment]:
    """Deployments come newest first, and there is no filter by time."""
    for item in connection.pages(f"repos/{slug}/deployments"):
        started = _seconds(item["created_at"])
        if started < since:
            return
        if started > until or item.get("transient_environment"):
            continue
        statuses = list(connection.pages(f"repos/{slug}/deployments/{item['id']}/statuses"))
        yield deployment(slug, item, statuses)


def deployment(slug: str, item: Mapping[str, Any], statuses: Iterable[Mapping[str, Any]]) -> Deployment:
    """What became of a deployment, by its statuses in any order."""
    ordered = sorted(statuses, key=lambda status: (status["created_at"], status["id"]))
    started = _seconds(item["created_at"])
    begun = next((_seconds(each["created_at"]) for each in ordered if each["state"] == "in_progress"), started)
    success = next((_seconds(each["created_at"]) for each in ordered if each["state"] == SUCCESS), None)
    last = next((each["state"] for each in reversed(ordered) if each["state"] in _VERDICTS), "")
    if last:
        outcome = SUCCESS if last == SUCCESS else FAILURE
    else:
        replaced = any(each["state"] == "inactive" for each in ordered)
        outcome = "replaced before they ended" if replaced else "not ended"
    addresses = [each.get(key) or "" for each in ordered for key in ("log_url", "target_url")]
    runs = {int(match[1]) for address in addresses if (match := _RUN_ADDRESS.search(address))}
    seconds = max(success - begun, 0.0) if success is not None and outcome == SUCCESS else None
    return Deployment(slug, item["id"], item["environment"], outcome, started, seconds, tuple(sorted(runs)))


# ------------------------------------------------------------------------------------------------------- alerts


def _alerts(connection: Connection, slug: str, since: float, until: float) -> Iterator[Alert]:
    """Critical alerts that are open or were closed in the window."""
    for item in connection.pages(f"repos/{slug}/dependabot/alerts", severity="critical"):
        created = _seconds(item["created_at"])
        closed = item.get("fixed_at") or item.get("dismissed_at") or item.get("auto_dismissed_at")
        if created > until or (item["state"] in _FIXED_STATES and closed and _seconds(closed) < since):
            continue
        fixed = _seconds(item["fixed_at"]) if item["state"] == "fixed" and item.get("fixed_at") else None
        yield Alert(slug, item["number"], item["state"], created, fixed)


# -------------------------------------------------------------------------------------------------------- times


def _seconds(text: str) -> float:
    """An ISO 8601 moment of GitHub's as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def moment(text: str) -> float:
    """A date that a person gives, its first second in UTC. Raises ValueError for what is none."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
