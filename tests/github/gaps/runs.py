"""Workflows, their runs and jobs. The workflows are the files of the default branch; the runs are a test's."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Any

import yaml

from ..memory import Repository
from ..messages import Answer, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values, node_id, user

routes = Routes()
_runs = itertools.count(30_000_001)
_jobs = itertools.count(70_000_001)

MAX_FILTERED = 1_000
"""Runs that GitHub gives at most where it filters them."""

FILTERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")


# ------------------------------------------------------------------------------------------------- workflows


@routes.add("GET", "/repos/{owner}/{repo}/actions/workflows", "actions:read")
def list_workflows(call: Call, owner: str, repo: str) -> Answer:
    """The files under .github/workflows of the default branch."""
    found = _workflows(call, call.repository(owner, repo))
    return page_of(
        call.request, found, call.server.address, lambda page: {"total_count": len(found), "workflows": page}
    )


@routes.add("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow}", "actions:read")
def get_workflow(call: Call, owner: str, repo: str, workflow: str) -> Answer:
    """One, by its number or the name of its file."""
    return answer(_workflow(call, call.repository(owner, repo), workflow))


@routes.add("PUT", "/repos/{owner}/{repo}/actions/workflows/{workflow}/disable", "actions:write")
def disable_workflow(call: Call, owner: str, repo: str, workflow: str) -> Answer:
    """Turns it off by hand."""
    return _turn(call, owner, repo, workflow, "disabled_manually")


@routes.add("PUT", "/repos/{owner}/{repo}/actions/workflows/{workflow}/enable", "actions:write")
def enable_workflow(call: Call, owner: str, repo: str, workflow: str) -> Answer:
    """Turns it on."""
    return _turn(call, owner, repo, workflow, "active")


@routes.add("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs", "actions:read")
def list_workflow_runs(call: Call, owner: str, repo: str, workflow: str) -> Answer:
    """The runs of one workflow."""
    one = call.repository(owner, repo)
    number = _workflow(call, one, workflow)["id"]
    return _listed(call, [run for run in _latest(call, one) if run["workflow_id"] == number])


# ------------------------------------------------------------------------------------------------- runs


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs", "actions:read")
def list_runs(call: Call, owner: str, repo: str) -> Answer:
    """The latest attempt of every run, newest first."""
    return _listed(call, _latest(call, call.repository(owner, repo)))


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs/{run}", "actions:read")
def get_run(call: Call, owner: str, repo: str, run: str) -> Answer:
    """One run in its latest attempt."""
    return answer(_attempt(call, call.repository(owner, repo), run, None))


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs/{run}/attempts/{attempt}", "actions:read")
def get_attempt(call: Call, owner: str, repo: str, run: str, attempt: str) -> Answer:
    """One attempt of it."""
    return answer(_attempt(call, call.repository(owner, repo), run, attempt))


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs/{run}/jobs", "actions:read")
def list_jobs(call: Call, owner: str, repo: str, run: str) -> Answer:
    """The jobs of the latest attempt, or of all with ``filter=all``."""
    one = call.repository(owner, repo)
    attempt = None if call.request.query.get("filter") == "all" else str(_attempt(call, one, run, None)["run_attempt"])
    return _jobs_page(call, one, run, attempt)


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs/{run}/attempts/{attempt}/jobs", "actions:read")
def list_attempt_jobs(call: Call, owner: str, repo: str, run: str, attempt: str) -> Answer:
    """The jobs of one attempt."""
    one = call.repository(owner, repo)
    _attempt(call, one, run, attempt)
    return _jobs_page(call, one, run, attempt)


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs/{run}/timing", "actions:read")
def get_timing(call: Call, owner: str, repo: str, run: str) -> Answer:
    """How long the latest attempt took, in milliseconds, from start to end; public repositories are not billed."""
    found = _attempt(call, call.repository(owner, repo), run, None)
    took = _moment(found["updated_at"]) - _moment(found["run_started_at"])
    return answer({"billable": {}, "run_duration_ms": int(took.total_seconds() * 1000)})


def add_run(call: Call, one: Repository, facts: Values) -> Values:
    """A run, or with `run` (the number of one) another attempt of it.

    facts: `workflow` (path), `created_at`, `started_at`, `updated_at` (its end), `conclusion`, `status`, `event`,
    `branch`, `head_sha`, `actor`, `jobs` (each `name`, `conclusion`, `created_at`, `started_at`, `completed_at`).
    """
    attempts: list[Values] = call.kept("runs", one.id, list)
    workflow = _workflow(call, one, facts.get("workflow") or _workflows(call, one)[0]["path"])
    number = facts.get("run") or next(_runs)
    earlier = [run for run in attempts if run["id"] == number]
    created = earlier[0]["created_at"] if earlier else facts["created_at"]
    started = facts.get("started_at") or facts.get("created_at") or created
    status = facts.get("status", "completed")
    address = f"{call.server.address}/repos/{one.slug}"
    url = f"{address}/actions/runs/{number}"
    branch = facts.get("branch", one.default_branch)
    sha = facts.get("head_sha") or one.references.get(f"refs/heads/{branch}") or one.head
    actor = user(call.server.address, facts.get("actor", "octocat"))
    minimal = {"id": one.id, "name": one.name, "full_name": one.slug, "private": one.private}
    run = {
        "id": number,
        "name": workflow["name"],
        "node_id": node_id("WorkflowRun", number),
        "check_suite_id": number + 1,
        "head_branch": branch,
        "head_sha": sha,
        "path": workflow["path"],
        "run_number": earlier[0]["run_number"] if earlier else len({one["id"] for one in attempts}) + 1,
        "run_attempt": len(earlier) + 1,
        "event": facts.get("event", "push"),
        "status": status,
        "conclusion": facts.get("conclusion", "success") if status == "completed" else None,
        "workflow_id": workflow["id"],
        "url": url,
        "html_url": f"{call.server.address}/{one.slug}/actions/runs/{number}",
        "pull_requests": [],
        "created_at": created,
        "updated_at": facts.get("updated_at") or started,
        "actor": actor,
        "triggering_actor": actor,
        "run_started_at": started,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{address}/check-suites/{number + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{len(earlier)}" if earlier else None,
        "workflow_url": f"{address}/actions/workflows/{workflow['id']}",
        "head_commit": None,
        "repository": minimal,
        "head_repository": minimal,
        "display_title": "Work",
    }
    attempts.append(run)
    for given in facts.get("jobs", [{"name": "build"}]):
        call.kept("jobs", one.id, list).append(_job(call, one, run, given))
    return run


# ------------------------------------------------------------------------------------------------- helpers


def _workflows(call: Call, one: Repository) -> list[Values]:
    if one.head is None:
        return []
    tree = call.memory.tree_of(one, one.head) or ""
    states = call.kept("workflow-states", one.id, dict)
    numbers: dict[str, int] = call.kept("workflow-numbers", one.id, dict)
    found = []
    for path, (_, sha) in sorted(call.memory.files(one, tree).items()):
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path) is None:
            continue
        number = numbers.setdefault(path, one.id * 1000 + len(numbers) + 1)
        address = f"{call.server.address}/repos/{one.slug}/actions/workflows/{number}"
        file = path.rpartition("/")[2]
        created = one.row["created_at"].partition(".")[0] + "Z"
        found.append(
            {
                "id": number,
                "node_id": node_id("Workflow", number),
                "name": _name(call.memory.content(one, sha), path),
                "path": path,
                "state": states.get(path, "active"),
                "created_at": created,
                "updated_at": created,
                "url": address,
                "html_url": f"{call.server.address}/{one.slug}/blob/{one.default_branch}/{path}",
                "badge_url": f"{call.server.address}/{one.slug}/actions/workflows/{file}/badge.svg",
            }
        )
    return found


def _name(content: bytes, path: str) -> str:
    """The name that a workflow gives itself, or its path, as GitHub shows it."""
    try:
        named = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError):
        return path
    return str(named["name"]) if isinstance(named, dict) and named.get("name") else path


def _workflow(call: Call, one: Repository, wanted: str) -> Values:
    for workflow in _workflows(call, one):
        if wanted in (str(workflow["id"]), workflow["path"], workflow["path"].rpartition("/")[2]):
            return workflow
    raise not_found()


def _turn(call: Call, owner: str, repo: str, workflow: str, state: str) -> Answer:
    one = call.repository(owner, repo)
    call.kept("workflow-states", one.id, dict)[_workflow(call, one, workflow)["path"]] = state
    return answer(None, 204)


def _latest(call: Call, one: Repository) -> list[Values]:
    latest = {run["id"]: run for run in call.kept("runs", one.id, list)}
    return sorted(latest.values(), key=lambda run: (str(run["created_at"]), int(run["id"])), reverse=True)


def _listed(call: Call, runs: list[Values]) -> Answer:
    query = call.request.query
    wanted: dict[str, Any] = {
        "actor": lambda run, text: run["actor"]["login"] == text,
        "branch": lambda run, text: run["head_branch"] == text,
        "check_suite_id": lambda run, text: str(run["check_suite_id"]) == text,
        "created": lambda run, text: _within(run["created_at"], text),
        "event": lambda run, text: run["event"] == text,
        "head_sha": lambda run, text: run["head_sha"] == text,
        "status": lambda run, text: text in (run["status"], run["conclusion"]),
    }
    filtered = [name for name in FILTERS if name in query]
    found = [run for run in runs if all(wanted[name](run, query[name]) for name in filtered)]
    total = len(found)
    if filtered:
        found = found[:MAX_FILTERED]
    return page_of(call.request, found, call.server.address, lambda page: {"total_count": total, "workflow_runs": page})


def _attempt(call: Call, one: Repository, run: str, attempt: str | None) -> Values:
    found: list[Values] = [known for known in call.kept("runs", one.id, list) if str(known["id"]) == run]
    if attempt is not None:
        found = [known for known in found if str(known["run_attempt"]) == attempt]
    if not found:
        raise not_found()
    return found[-1]


def _jobs_page(call: Call, one: Repository, run: str, attempt: str | None) -> Answer:
    found = [
        job
        for job in call.kept("jobs", one.id, list)
        if str(job["run_id"]) == run and attempt in (None, str(job["run_attempt"]))
    ]
    return page_of(call.request, found, call.server.address, lambda page: {"total_count": len(found), "jobs": page})


def _job(call: Call, one: Repository, run: Values, facts: Values) -> Values:
    number = next(_jobs)
    address = f"{call.server.address}/repos/{one.slug}"
    status = facts.get("status", run["status"])
    return {
        "id": number,
        "run_id": run["id"],
        "run_url": run["url"],
        "run_attempt": run["run_attempt"],
        "node_id": node_id("CheckRun", number),
        "head_sha": run["head_sha"],
        "url": f"{address}/actions/jobs/{number}",
        "html_url": f"{run['html_url']}/job/{number}",
        "status": status,
        "conclusion": facts.get("conclusion", run["conclusion"]),
        "created_at": facts.get("created_at") or run["run_started_at"],
        "started_at": facts.get("started_at") or run["run_started_at"],
        "completed_at": facts.get("completed_at") or (run["updated_at"] if status == "completed" else None),
        "name": facts["name"],
        "steps": facts.get("steps", []),
        "check_run_url": f"{address}/check-runs/{number}",
        "labels": facts.get("labels", ["ubuntu-latest"]),
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 2,
        "runner_group_name": "GitHub Actions",
        "workflow_name": run["name"],
        "head_branch": run["head_branch"],
    }


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _within(moment: str, wanted: str) -> bool:
    """Whether a time is in a range as GitHub's search writes it: ``A..B``, ``>=A``, ``<A``, or a day."""
    if ".." in wanted:
        first, last = wanted.split("..")
        return (first == "*" or moment >= _start(first)) and (last == "*" or moment <= _end(last))
    sign = re.match(r"[<>]=?", wanted)
    if sign is not None:
        value = wanted.removeprefix(sign[0])
        return {
            ">=": moment >= _start(value),
            "<=": moment <= _end(value),
            ">": moment > _end(value),
            "<": moment < _start(value),
        }[sign[0]]
    return _start(wanted) <= moment <= _end(wanted)


def _start(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00Z"


def _end(text: str) -> str:
    return text if "T" in text else f"{text}T23:59:59Z"
