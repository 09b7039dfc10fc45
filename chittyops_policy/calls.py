"""What a reusable workflow asks of its callers, and what a call gives it.

The rules of the contract are those of GitHub's own workflow parser (`actions/runner`, ``src/Sdk/WorkflowParser``, read
in 2026-11): names compare without letter case, a required input must be passed even if it has a default, booleans and
numbers are not made from strings, and a called workflow may never ask for more than the caller's explicit permissions.
"""

from __future__ import annotations

from .document import Mapping, Scalar
from .model import Value
from .snapshot import normalise
from .workflow import mapping_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Node
    from .rule import Lookups
    from .snapshot import Snapshot
    from .workflow import Job, Uses, Workflow

MAX_LEVELS = 10
"""Workflows in one chain of calls, the first caller included; GitHub's limit since 2025-11."""

SCOPES = (
    "actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions", "id-token",
    "issues", "models", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses",
)  # fmt: skip
"""The permission scopes that take part in the comparison of caller and callee (2026-11)."""

_LEVELS = ("none", "read", "write")
_MAIN_BRANCHES = ("main", "master", "HEAD", "refs/heads/main", "refs/heads/master")


class Parameter(Value):
    """A declared input or secret: its name as written, whether it must be passed, and an input's type or ''."""

    __slots__ = ("name", "required", "type")

    def __init__(self, name: str, required: bool, type: str) -> None:
        self.name = name
        self.required = required
        self.type = type


class Contract(Value):
    """What ``on.workflow_call`` declares; both dictionaries are keyed by lower-case name."""

    __slots__ = ("inputs", "secrets")

    def __init__(self, inputs: dict[str, Parameter], secrets: dict[str, Parameter]) -> None:
        self.inputs = inputs
        self.secrets = secrets


class Callee:
    """A called workflow that could be found: `own` tells whether it lies in the caller's repository."""

    __slots__ = ("own", "path", "snapshot", "workflow")

    def __init__(self, snapshot: Snapshot, path: str, workflow: Workflow, own: bool) -> None:
        self.snapshot = snapshot
        self.path = path
        self.workflow = workflow
        self.own = own


class Unseen(Value):
    """Why a called workflow cannot be looked at; `absent` when it is certain that there is none."""

    __slots__ = ("absent", "permission", "reason")

    def __init__(self, reason: str, permission: str = "", absent: bool = False) -> None:
        self.reason = reason
        self.permission = permission
        self.absent = absent


class Excess(Value):
    """A part of a called workflow that asks for more than it may have.

    path    its file; `node` is the ``permissions`` value there
    job     the id of the asking job, '' for the whole workflow
    scopes  (scope, level asked for, level allowed)
    """

    __slots__ = ("job", "node", "own", "path", "scopes")

    def __init__(self, path: str, node: Node, job: str, scopes: tuple[tuple[str, str, str], ...], own: bool) -> None:
        self.path = path
        self.node = node
        self.job = job
        self.scopes = scopes
        self.own = own


def contract(workflow: Workflow) -> Contract | None:
    """The declared inputs and secrets of a reusable workflow; None when it has no ``workflow_call`` trigger."""
    if "workflow_call" not in workflow.triggers:
        return None
    call = mapping_of(workflow.triggers["workflow_call"][1])
    return Contract(
        _parameters(call.get("inputs") if call is not None else None),
        _parameters(call.get("secrets") if call is not None else None),
    )


def _parameters(node: Node | None) -> dict[str, Parameter]:
    found = {}
    if isinstance(node, Mapping):
        for name, _, value in node.pairs():
            required = kind = None
            if isinstance(value, Mapping):
                required = value.get("required")
                kind = value.get("type")
            found[name.lower()] = Parameter(
                name, isinstance(required, Scalar) and required.resolved() is True, text_of(kind)
            )
    return found


def resolve(uses: Uses, snapshot: Snapshot, lookups: Lookups) -> Callee | Unseen:
    """The workflow that a job in `snapshot` calls, where this run has it."""
    if uses.kind in ("local", "self"):
        path = normalise(uses.path) or ""
        return _at(snapshot, path, own=True)
    slug = uses.slug
    own = bool(snapshot.slug) and slug == snapshot.slug.lower()
    other = snapshot if own else lookups.repository(slug)
    if other is None:
        return Unseen(f"{uses.owner}/{uses.repo} is not part of this run", f"check {uses.owner}/{uses.repo} as well")
    if uses.ref not in _MAIN_BRANCHES and uses.ref != other.revision:
        return Unseen(f"{uses.text} names a revision that this run does not have", f"read {slug} at {uses.ref}")
    return _at(other, uses.path, own)


def _at(snapshot: Snapshot, path: str, own: bool) -> Callee | Unseen:
    if snapshot.document(path) is None:
        return Unseen(f"there is no {path} in {snapshot.slug or 'this repository'}", absent=True)
    workflow = snapshot.workflow(path)
    if workflow is None:
        return Unseen(f"{path} cannot be parsed")
    return Callee(snapshot, path, workflow, own)


def level(permissions: Node | None, scope: str) -> str | None:
    """What a ``permissions`` value gives for a scope: ``none``, ``read`` or ``write``; None for no value at all."""
    if permissions is None:
        return None
    given = "none"
    if isinstance(permissions, Scalar):
        given = {"read-all": "read", "write-all": "write"}.get(permissions.value, "none")
    elif isinstance(permissions, Mapping):
        given = text_of(permissions.get(scope)) or "none"
    if given not in _LEVELS:
        return "none"
    return "read" if scope == "models" and given == "write" else given


def granted(workflow: Workflow, job: Job) -> Node | None:
    """The ``permissions`` value that binds what a job calls: its own, else the workflow's; None when none is stated."""
    return job.permissions if job.permissions is not None else workflow.permissions


def excesses(callee: Callee, allowed: Node, lookups: Lookups) -> Iterator[Excess]:
    """Every part of a called workflow, and of those that it calls in turn, that asks for more than `allowed`.

    A nested call that is bound by the called workflow's own statement is only judged when that workflow lies in
    another repository: in this one it is judged as a caller itself.
    """
    yield from _excesses(callee, allowed, lookups, set())


def _excesses(callee: Callee, allowed: Node, lookups: Lookups, seen: set[tuple[int, int]]) -> Iterator[Excess]:
    workflow = callee.workflow
    asked = (id(workflow), id(allowed))
    if asked in seen:
        return
    seen.add(asked)
    if workflow.permissions is not None:
        yield from _compared(callee, workflow.permissions, "", allowed)
    for job in workflow.jobs:
        if job.permissions is not None:
            yield from _compared(callee, job.permissions, job.id, allowed)
        if job.uses is not None:
            stated = granted(workflow, job)
            nested = resolve(job.uses, callee.snapshot, lookups)
            if isinstance(nested, Callee) and (stated is None or not callee.own):
                inner = Callee(nested.snapshot, nested.path, nested.workflow, nested.own and callee.own)
                yield from _excesses(inner, allowed if stated is None else stated, lookups, seen)


def _compared(callee: Callee, asked: Node, job: str, allowed: Node) -> Iterator[Excess]:
    scopes = []
    for scope in SCOPES:
        wanted = level(asked, scope) or "none"
        if wanted == "none":
            continue
        given = level(allowed, scope) or "none"
        if _LEVELS.index(wanted) > _LEVELS.index(given):
            scopes.append((scope, wanted, given))
    if scopes:
        yield Excess(callee.path, asked, job, tuple(scopes), callee.own)


def asks(callee: Callee) -> bool:
    """Whether a called workflow states more than a restricted default token has: read for contents and packages."""
    stated = [callee.workflow.permissions, *(job.permissions for job in callee.workflow.jobs)]
    return any(
        node is not None and level(node, scope) not in ("none", "read" if scope in ("contents", "packages") else "none")
        for node in stated
        for scope in SCOPES
    )


def chain_of(uses: Uses, snapshot: Snapshot, lookups: Lookups, start: str) -> tuple[tuple[str, ...], bool]:
    """The longest chain of calls from the workflow at `start` through `uses`, and whether it closes a circle.

    The chain lists paths (``owner/repo:path`` outside the first repository). Only workflows that this run has are
    followed, and at most one level more than GitHub allows.
    """
    longest: tuple[tuple[str, ...], bool] = ((start,), False)
    deepest: dict[str, int] = {}
    todo: list[tuple[Uses, Snapshot, tuple[str, ...]]] = [(uses, snapshot, (start,))]
    while todo:
        call, at, chain = todo.pop()
        found = resolve(call, at, lookups)
        if not isinstance(found, Callee):
            continue
        name = found.path if found.snapshot is snapshot else f"{found.snapshot.slug}:{found.path}"
        if name in chain:
            return (*chain, name), True
        chain = (*chain, name)
        if deepest.get(name, 0) >= len(chain):
            continue  # followed from here before, and no circle was met
        deepest[name] = len(chain)
        if len(chain) > len(longest[0]):
            longest = (chain, False)
        if len(chain) <= MAX_LEVELS:
            todo.extend((job.uses, found.snapshot, chain) for job in found.workflow.jobs if job.uses is not None)
    return longest
