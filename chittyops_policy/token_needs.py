"""What the jobs of a workflow need their token for: the least permissions, as far as files tell.

What an action needs is read from ``policies/data/action-permissions.tsv``, where each line has its source and date.
"""

from __future__ import annotations

import re

from .calls import SCOPES, Callee, granted, level, resolve
from .document import Mapping
from .model import Value
from .resources import read_resource
from .snapshot import normalise
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Node
    from .rule import Context
    from .workflow import Job, Step, Uses, Workflow

LEVELS = ("none", "read", "write")

_MAX_LEVELS = 10


class Needs(Value):
    """What a job needs.

    scopes   scope → (``read`` or ``write``, who needs it)
    unknown  why more may be needed than that; '' where all of the job is understood
    scripts  whether it runs scripts, which reach what the job's environment and its checkouts hold
    """

    __slots__ = ("scopes", "scripts", "unknown")

    def __init__(self) -> None:
        self.scopes: dict[str, tuple[str, str]] = {}
        self.unknown = ""
        self.scripts = False

    def add(self, scope: str, wanted: str, who: str) -> None:
        """Notes that something needs a scope at least at a level."""
        known = self.scopes.get(scope)
        if known is None or LEVELS.index(wanted) > LEVELS.index(known[0]):
            self.scopes[scope] = (wanted, who)

    def least(self) -> dict[str, str]:
        """The value of ``permissions`` that gives no more than this, in GitHub's order of the scopes."""
        return {scope: self.scopes[scope][0] for scope in SCOPES if scope in self.scopes}


def needs_of(workflow: Workflow, job: Job, context: Context) -> Needs:
    """What a job of a workflow of this repository needs its token for."""
    found = Needs()
    if job.uses is not None:
        _called(job.uses, found, context)
        return found
    reads = _mentions_token(workflow.env) or _mentions_token(job.env)
    for step in job.steps:
        _step(step, reads, found, context, 0)
    return found


def _step(step: Step, reads: bool, found: Needs, context: Context, depth: int) -> None:
    if step.run is not None:
        found.scripts = True
        if reads or _mentions_token(step.env) or _names_token(step.run.value):
            found.unknown = found.unknown or "a script gets the token, and what it does with it cannot be told"
        elif pushes(step.run.value):
            found.add("contents", "write", "git push")
    elif step.uses is not None:
        _action(step, step.uses, found, context, depth)


def _action(step: Step, uses: Uses, found: Needs, context: Context, depth: int) -> None:
    if uses.kind in ("local", "self"):
        folder = normalise(uses.path)
        action = None if folder is None else context.snapshot.action(folder)
        if action is None or action.using != "composite" or depth >= _MAX_LEVELS:
            found.unknown = found.unknown or f"what {uses.text} does with the token cannot be told"
        else:
            given = _mentions_token(step.with_) or _mentions_token(step.env)
            for inner in action.steps:
                _step(inner, given, found, context, depth + 1)
    elif uses.kind == "docker":
        found.scripts = True
        if _mentions_token(step.with_) or _mentions_token(step.env):
            found.unknown = found.unknown or f"what {uses.text} does with the token cannot be told"
    else:
        rows = context.once(action_needs).get(uses.name)
        if rows is None:
            found.unknown = found.unknown or f"what {uses.text.partition('@')[0]} needs the token for is not known"
            return
        for scopes, when in rows:
            if not when or text_of(step.input(when)).lower() not in ("", "false"):
                for scope, wanted in scopes:
                    found.add(scope, wanted, uses.name)


def _called(uses: Uses, found: Needs, context: Context) -> None:
    """A called workflow may never ask for more than its caller has: what it states is what it needs."""
    callee = resolve(uses, context.snapshot, context.lookups)
    name = uses.text.partition("@")[0]
    if not isinstance(callee, Callee):
        found.unknown = f"what {name} asks for cannot be told: {callee.reason}"
        return
    for job in callee.workflow.jobs:
        stated = granted(callee.workflow, job)
        if stated is None:
            found.unknown = f"{name} does not state what it needs"
            return
        for scope in SCOPES:
            wanted = level(stated, scope) or "none"
            if wanted != "none":
                found.add(scope, wanted, name)


def action_needs(context: Context) -> dict[str, list[tuple[list[tuple[str, str]], str]]]:
    """Action → ([(scope, level)], the input that makes it need them or '') of each of its lines in the table."""
    found: dict[str, list[tuple[list[tuple[str, str]], str]]] = {}
    for line in read_resource("policies", "data", "action-permissions.tsv").decode("utf-8").splitlines():
        if line and not line.startswith("#"):
            action, scopes, when, _, _ = line.split("\t")
            pairs = [] if scopes == "-" else [scope.split(":", 1) for scope in scopes.split()]
            found.setdefault(action, []).append(([(scope, wanted) for scope, wanted in pairs], when))
    return found


_RELEASING = ("release", "publish", "deploy")


def releases(workflow: Workflow, job: Job) -> bool:
    """Whether a job looks as if it releases, publishes or deploys something, by its names and what starts it."""
    if "release" in workflow.triggers or job.node.get("environment") is not None:
        return True
    names = (workflow.path, text_of(workflow.node.get("name")), job.id, text_of(job.node.get("name")))
    return any(word in name.lower() for name in names for word in _RELEASING)


def _mentions_token(mapping: Node | None) -> bool:
    return isinstance(mapping, Mapping) and any(_names_token(text_of(value)) for _, value in mapping.items)


def _names_token(text: str) -> bool:
    low = text.lower()
    return (
        "github.token" in low
        or "secrets.github_token" in low
        or "tojson(github)" in low
        or "tojson(secrets)" in low
        or "['github_token']" in low
    )


def pushes(script: str) -> bool:
    """Whether a script of any shell pushes with git, for which it needs the credentials that a checkout keeps."""
    return "push" in script and re.search(r"\bgit\b(?!\s+stash\b)[^\n|;&]*\spush\b", script) is not None
