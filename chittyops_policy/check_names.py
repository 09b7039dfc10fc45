"""Under which names the jobs of a repository report to a pull request.

Source: GitHub's reference of job names and of reusable workflows, and actions/runner's JobDisplayNameBuilder (2026-11).
A job reports under its ``name``, else its id; a matrix adds its values in brackets, where the name holds no expression
of its own; a called workflow's jobs stand behind the caller's name and a slash.
"""

from __future__ import annotations

import re

from .calls import MAX_LEVELS, Callee, resolve
from .document import Mapping, Scalar
from .expressions import segments
from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rule import Context, Lookups
    from .snapshot import Snapshot
    from .workflow import Job, Workflow


_ON_PULL_REQUESTS = ("pull_request", "pull_request_target", "merge_group")


class Reporter(Value):
    """A job, or a chain of calls, that reports a check.

    workflow  the live workflow in which it starts
    job       the job there, which may be a call
    pattern   a regular expression for the whole name, as far as the files tell it
    seen      False where a called workflow is not part of the run, so that anything may stand behind the slash
    """

    __slots__ = ("job", "pattern", "seen", "workflow")

    def __init__(self, workflow: Workflow, job: Job, pattern: str, seen: bool) -> None:
        self.workflow = workflow
        self.job = job
        self.pattern = pattern
        self.seen = seen

    def __hash__(self) -> int:
        return hash((self.workflow.path, self.pattern))

    def reports(self, name: str) -> bool:
        """Whether a check of that name can be this one's."""
        return re.fullmatch(self.pattern, name) is not None


def reporters(context: Context) -> tuple[Reporter, ...]:
    """Every check that the live workflows of a repository can report; found once for all rules."""
    found: tuple[Reporter, ...] = context.once(_reporters)
    return found


def _reporters(context: Context) -> tuple[Reporter, ...]:
    return find_reporters(context.snapshot, context.lookups)


def find_reporters(snapshot: Snapshot, lookups: Lookups) -> tuple[Reporter, ...]:
    """The same for a repository that no rule is looking at."""
    return tuple(
        Reporter(workflow, job, pattern, seen)
        for workflow in snapshot.workflows()
        if set(workflow.triggers) != {"workflow_call"}
        for job in workflow.jobs
        for pattern, seen in _names(job, snapshot, lookups, 1)
    )


def gap(workflow: Workflow) -> str:
    """Why a workflow does not report on every pull request, as what follows its name; '' where it does."""
    filtered = ""
    for event in _ON_PULL_REQUESTS:
        if event in workflow.triggers:
            settings = workflow.triggers[event][1]
            filters = [key for key in ("paths", "paths-ignore") if isinstance(settings, Mapping) and key in settings]
            if not filters:
                return ""
            filtered = f"never reports on a pull request that the filter {filters[0]} passes over"
    if "push" in workflow.triggers:
        settings = workflow.triggers["push"][1]
        if not isinstance(settings, Mapping) or not settings.items:
            return ""  # the push of the branch reports, except for pull requests from forks
    return filtered or "is never reported: no pull request starts its workflow"


def _names(job: Job, snapshot: Snapshot, lookups: Lookups, level: int) -> Iterator[tuple[str, bool]]:
    own = _own_name(job)
    if job.uses is None:
        yield own, True
        return
    found = resolve(job.uses, snapshot, lookups) if level <= MAX_LEVELS else None
    if not isinstance(found, Callee):
        yield own + " / .+", False
        return
    for inner in found.workflow.jobs:
        for pattern, seen in _names(inner, found.snapshot, lookups, level + 1):
            yield f"{own} / {pattern}", seen


def _own_name(job: Job) -> str:
    node = job.node.get("name")
    text = node.value if isinstance(node, Scalar) and node.value.strip() else job.id
    parts = segments(text)
    if parts:
        pattern = ""
        at = 0
        for part in parts:
            pattern += re.escape(text[at : part.start]) + ".*"
            at = part.end
        return pattern + re.escape(text[at:]) + (r"(?: \(.+\))?" if "strategy" in job.node else "")
    return re.escape(text) + (r" \(.+\)" if "strategy" in job.node else "")
