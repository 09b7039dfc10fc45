"""Typed views over documents: workflows, jobs, steps, uses, composite actions.

A view never copies the tree and never fails: where the tree is not what GitHub expects, the view is empty there and
`invalid-workflow` says so.
"""

from __future__ import annotations

from .document import Document, Mapping, Node, Scalar, Sequence, new_mapping
from .expressions import condition, segments
from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from .expressions import Expr

    T = TypeVar("T")

_HEX = frozenset("0123456789abcdefABCDEF")


class Uses:
    """What a ``uses:`` names.

    kind   ``action`` (owner/repo[/path]@ref), ``workflow`` (owner/repo/.github/workflows/x.yml@ref), ``local``
           (``./path``), ``self`` (``$/path``, the same repository at the same commit), ``docker``, or ``invalid``
    owner, repo, path, ref   the parts, '' where there are none; `path` has no leading slash
    slug   ``owner/repo`` in lower case, as GitHub compares it; '' for local, docker and invalid ones
    name   ``owner/repo[/path]`` in lower case; '' for local, docker and invalid ones
    pinned whether the reference is a full commit SHA (40 or 64 hex digits), or for docker a digest
    job    whether it stands at a job (a reusable workflow) or at a step
    """

    __slots__ = ("job", "kind", "name", "node", "owner", "path", "pinned", "ref", "repo", "slug", "text")

    def __init__(self, node: Scalar, job: bool) -> None:
        self.node = node
        self.job = job
        known = _PARTS.get(node.value)
        if known is None:
            known = remember(_PARTS, node.value, _parts(node.value), len(node.value))
        self.text, self.kind, self.owner, self.repo, self.path, self.ref, self.slug, self.name, self.pinned = known


_PARTS: dict[str, tuple[str, str, str, str, str, str, str, str, bool]] = {}
"""What `_parts` made of the values of ``uses``; they repeat a lot, also from repository to repository."""


def _parts(value: str) -> tuple[str, str, str, str, str, str, str, str, bool]:
    """The text, kind, owner, repo, path, ref, slug and name of a ``uses``, and whether it is pinned; see `Uses`."""
    text = value.strip()
    if text.startswith(("./", "../")) or text == ".":
        return text, "local", "", "", text.removeprefix("./").rstrip("/"), "", "", "", False
    if text.startswith("$/"):
        return text, "self", "", "", text[2:].rstrip("/"), "", "", "", False
    if text.startswith("docker://"):
        path = text[9:]
        pinned = "@sha256:" in path and len(path.rpartition("@sha256:")[2]) == 64
        return text, "docker", "", "", path, "", "", "", pinned
    name, _, ref = text.partition("@")
    parts = name.split("/")
    if len(parts) < 2 or not all(parts) or not ref or "${{" in text:
        return text, "invalid", "", "", "", ref, "", "", is_commit(ref)
    path = "/".join(parts[2:])
    workflow = path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml"))
    kind = "workflow" if workflow else "action"
    slug = f"{parts[0]}/{parts[1]}".lower()
    return text, kind, parts[0], parts[1], path, ref, slug, name.lower(), is_commit(ref)


def is_commit(ref: str) -> bool:
    """Whether a reference has the form of a full commit id: 40 hex digits (SHA-1) or 64 (SHA-256)."""
    return len(ref) in (40, 64) and _HEX.issuperset(ref)


class Step:
    """One step of a job or of a composite action: its ``uses``, its ``run`` script, and its ``id`` or ''."""

    __slots__ = ("id", "index", "node", "run", "uses")

    def __init__(self, node: Mapping, index: int) -> None:
        self.node = node
        self.index = index
        self.id = ""
        self.run: Scalar | None = None
        self.uses: Uses | None = None
        keys = node.index
        if "uses" in keys:
            uses = keys["uses"][1]
            if isinstance(uses, Scalar):
                self.uses = Uses(uses, False)
        if "run" in keys:
            run = keys["run"][1]
            if isinstance(run, Scalar):
                self.run = run
        if "id" in keys:
            self.id = text_of(keys["id"][1])

    @property
    def name(self) -> str:
        """The ``name``, or ''."""
        return text_of(self.node.get("name"))

    @property
    def env(self) -> Mapping | None:
        """The ``env`` mapping."""
        return mapping_of(self.node.get("env"))

    @property
    def with_(self) -> Mapping | None:
        """The ``with`` mapping."""
        return mapping_of(self.node.get("with"))

    def input(self, name: str) -> Node | None:
        """An input given under ``with``, found as GitHub does: without regard to letter case."""
        inputs = self.with_
        if inputs is None:
            return None
        for key, pair in inputs.index.items():
            if key.lower() == name:
                return pair[1]
        return None


class Job:
    """One job of a workflow; a job with `uses` calls a reusable workflow and has no steps."""

    __slots__ = ("id", "key", "node", "steps", "uses")

    def __init__(self, key: Scalar, node: Mapping) -> None:
        self.id = key.value
        self.key = key
        self.node = node
        uses = node.get("uses")
        self.uses = Uses(uses, True) if isinstance(uses, Scalar) else None
        self.steps: tuple[Step, ...] = steps_of(node.get("steps"))

    @property
    def needs(self) -> tuple[Scalar, ...]:
        """The jobs that this one waits for, in either spelling."""
        return scalars_of(self.node.get("needs"))

    @property
    def env(self) -> Mapping | None:
        """The ``env`` mapping."""
        return mapping_of(self.node.get("env"))

    @property
    def permissions(self) -> Node | None:
        """The ``permissions`` node: a mapping, ``read-all``/``write-all``, or None where the job has none."""
        return self.node.get("permissions")


class Workflow:
    """A workflow file.

    `jobs` in file order; `triggers` maps event names to (name node, configuration node or None) for all three
    spellings of ``on``.
    """

    __slots__ = ("_expressions", "_made", "_uses", "document", "jobs", "node", "path", "triggers")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.path = document.path
        root = document.root
        self.node: Mapping = root if isinstance(root, Mapping) else new_mapping(0, False)
        jobs = mapping_of(self.node.get("jobs"))
        pairs = jobs.index.values() if jobs is not None else ()
        self.jobs: tuple[Job, ...] = tuple([Job(key, node) for key, node in pairs if isinstance(node, Mapping)])
        self.triggers = _triggers(self.node.get("on"))
        self._expressions: tuple[Occurrence, ...] | None = None
        self._uses: tuple[tuple[Uses, Job, Step | None], ...] | None = None
        self._made: dict[Callable[[Any], Any], Any] = {}

    @property
    def permissions(self) -> Node | None:
        """The workflow-level ``permissions`` node."""
        return self.node.get("permissions")

    @property
    def env(self) -> Mapping | None:
        """The workflow-level ``env`` mapping."""
        return mapping_of(self.node.get("env"))

    def uses(self) -> tuple[tuple[Uses, Job, Step | None], ...]:
        """Every ``uses``: of jobs (Step is None) and of steps."""
        if self._uses is None:
            found: list[tuple[Uses, Job, Step | None]] = []
            for job in self.jobs:
                if job.uses is not None:
                    found.append((job.uses, job, None))
                found += [(step.uses, job, step) for step in job.steps if step.uses is not None]
            self._uses = tuple(found)
        return self._uses

    def once(self, make: Callable[[Workflow], T]) -> T:
        """What `make` makes of this view, made at the first request and kept: it must depend on nothing else."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def expressions(self) -> tuple[Occurrence, ...]:
        """Every expression of the file, found once and kept."""
        if self._expressions is None:
            self._expressions = tuple(_expressions(self.document))
        return self._expressions

    def job(self, id: str) -> Job | None:
        """The job of that id, compared as GitHub does: without regard to letter case."""
        wanted = id.lower()
        for job in self.jobs:
            if job.id.lower() == wanted:
                return job
        return None


class Action:
    """An action's metadata file (``action.yml``); `steps` are those of a composite action."""

    __slots__ = ("_expressions", "_made", "_uses", "document", "node", "path", "steps", "using")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.path = document.path
        root = document.root
        self.node: Mapping = root if isinstance(root, Mapping) else new_mapping(0, False)
        runs = self.node.get("runs")
        self.using = text_of(runs.get("using")) if isinstance(runs, Mapping) else ""
        self.steps: tuple[Step, ...] = steps_of(runs.get("steps")) if isinstance(runs, Mapping) else ()
        self._expressions: tuple[Occurrence, ...] | None = None
        self._uses: tuple[tuple[Uses, None, Step], ...] | None = None
        self._made: dict[Callable[[Any], Any], Any] = {}

    def uses(self) -> tuple[tuple[Uses, None, Step], ...]:
        """Every ``uses:`` of the steps, in the shape of `Workflow.uses`."""
        if self._uses is None:
            self._uses = tuple([(step.uses, None, step) for step in self.steps if step.uses is not None])
        return self._uses

    def once(self, make: Callable[[Action], T]) -> T:
        """See `Workflow.once`."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def expressions(self) -> tuple[Occurrence, ...]:
        """Every expression of the file, found once and kept."""
        if self._expressions is None:
            self._expressions = tuple(_expressions(self.document))
        return self._expressions


class Occurrence:
    """One expression at its place.

    scalar      the scalar that holds it; `start`/`end` are offsets of the expression's text in the scalar's value
    expr        the tree, or None when it does not parse (`invalid-workflow` says why)
    """

    __slots__ = ("end", "expr", "scalar", "start")

    def __init__(self, scalar: Scalar, start: int, end: int, expr: Expr | None) -> None:
        self.scalar = scalar
        self.start = start
        self.end = end
        self.expr = expr


def text_of(node: Node | None) -> str:
    """The text of a scalar; '' for anything else."""
    return node.value if isinstance(node, Scalar) else ""


def mapping_of(node: Node | None) -> Mapping | None:
    """The node where it is a mapping, else None."""
    return node if isinstance(node, Mapping) else None


def scalars_of(node: Node | None) -> tuple[Scalar, ...]:
    """One scalar or a sequence of them, as many keys take either; anything else gives nothing."""
    if isinstance(node, Scalar):
        return (node,) if node.resolved() is not None else ()
    if isinstance(node, Sequence):
        return tuple([item for item in node.items if isinstance(item, Scalar)])
    return ()


def steps_of(node: Node | None) -> tuple[Step, ...]:
    """The steps of a ``steps`` sequence; those inside a ``parallel`` block stand in the same flat order."""
    found: list[Step] = []
    if isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Mapping):
                if "parallel" in item.index:
                    for step in steps_of(item.get("parallel")):
                        step.index = len(found)
                        found.append(step)
                else:
                    found.append(Step(item, len(found)))
    return tuple(found)


def is_false(node: Node | None) -> bool:
    """Whether an ``if`` can never hold: a literal false or an expression that folds to a false constant."""
    return condition_constant(node) is False


def condition_constant(node: Node | None) -> bool | None:
    """What an ``if`` always is: True, False, or None where it depends on the run."""
    if not isinstance(node, Scalar):
        return None
    return condition(node.value).constant


def _triggers(node: Node | None) -> dict[str, tuple[Scalar, Node | None]]:
    if isinstance(node, Mapping):
        return {
            key: (key_node, None if isinstance(value, Scalar) and value.resolved() is None else value)
            for key, key_node, value in node.pairs()
        }
    return {scalar.value: (scalar, None) for scalar in scalars_of(node)}


def _expressions(document: Document) -> Iterator[Occurrence]:
    """Fenced expressions everywhere, and the bare text of ``if``, in file order; an aliased one at its anchor."""
    found = [
        Occurrence(scalar, segment.start, segment.end, segment.expr)
        for scalar in document.fenced
        for segment in segments(scalar.value)
    ]
    bare = [scalar for scalar in document.conditions if scalar.value and "${{" not in scalar.value]
    if bare:
        found += [Occurrence(scalar, 0, len(scalar.value), condition(scalar.value).expr) for scalar in bare]
        found.sort(key=_place)
    return iter(found)


def _place(occurrence: Occurrence) -> tuple[int, int]:
    return occurrence.scalar.start, occurrence.start
