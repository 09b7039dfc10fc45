"""Which names the expressions of a workflow or an action read, and in which job and step each of them stands."""

from __future__ import annotations

from operator import attrgetter

from .expressions import Index, Path, condition, references, segments
from .memo import remember
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .document import Node, Scalar
    from .expressions import Expr, Reference
    from .model import Finding
    from .rule import Context
    from .workflow import Action, Job, Step

_WANTED = frozenset(("inputs", "jobs", "matrix", "needs", "secrets", "steps"))
_OTHER = frozenset(("env", "github", "runner", "vars"))


class Reading:
    """One access to a context, such as ``steps.build.outputs.path``, at its place.

    `expr` is the whole expression, and `scalar` what holds it. What stands at a YAML anchor is taken to stand there
    only, wherever its aliases are.
    """

    __slots__ = ("_owner", "_places", "expr", "reference", "scalar")

    def __init__(self, places: _Places, scalar: Scalar, expr: Expr, reference: Reference) -> None:
        self.scalar = scalar
        self.expr = expr
        self.reference = reference
        self._places = places
        self._owner: _Owner | None = None

    @property
    def view(self) -> Workflow | Action:
        """The workflow or the action in which it stands."""
        return self._places.view

    def name(self, depth: int) -> str:
        """The name at a depth below the context in lower case; '' where there is none, or one that the run decides."""
        path = self.reference.path
        found = path[depth] if depth < len(path) else None
        return "" if found is None or found == "*" else found

    def written(self, depth: int) -> str:
        """The same name in the letter case of the source, cut to what a message has room for."""
        return (self.reference.names[depth] or "")[:60]

    @property
    def job(self) -> Job | None:
        """The job in which it stands; None at the top of a workflow and in an action."""
        return (self._owner or self._placed()).job

    @property
    def step(self) -> Step | None:
        """The step in which it stands; None for what belongs to the job, the workflow or the action as a whole."""
        return (self._owner or self._placed()).step_around(self.scalar)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps whose results it could read if they have run: those of its job, or of the action."""
        return (self._owner or self._placed()).steps

    @property
    def ids(self) -> Mapping[str, Step]:
        """The same steps by their ids in lower case; of two with the same id the first."""
        return (self._owner or self._placed()).ids

    def _placed(self) -> _Owner:
        owner = self._owner = self._places.of(self.scalar.parent)
        return owner

    def finding(self, context: Context, depth: int, message: str) -> Finding:
        """A finding that marks the access from the context up to the name at a depth."""
        node = self.reference.expr
        for _ in range(len(self.reference.path) - depth - 1):
            assert isinstance(node, Index)
            node = node.obj
        return context.inside(self.view.document, self.scalar, node.start, node.end, message)


class _Owner:
    """The steps of a job or, where `job` is None, of an action; a workflow as a whole has none."""

    __slots__ = ("_by_node", "_ids", "job", "steps")

    def __init__(self, job: Job | None, steps: tuple[Step, ...]) -> None:
        self.job = job
        self.steps = steps
        self._ids: dict[str, Step] | None = None
        self._by_node: dict[int, Step] | None = None

    @property
    def ids(self) -> dict[str, Step]:
        """The steps by their ids in lower case; of two with the same id the first."""
        ids = self._ids
        if ids is None:
            ids = self._ids = {step.id.lower(): step for step in reversed(self.steps) if step.id}
        return ids

    def step_around(self, scalar: Scalar) -> Step | None:
        """The innermost step around a scalar that stands here."""
        steps = self._by_node
        if steps is None:
            steps = self._by_node = {id(step.node): step for step in self.steps}
        node = scalar.parent
        while node is not None and id(node) not in steps:
            node = node.parent
        return None if node is None else steps[id(node)]


class _Places:
    """Where the scalars of a view stand: found for those that somebody asks for, once for all in one collection."""

    __slots__ = ("_known", "_owners", "view")

    def __init__(self, view: Workflow | Action) -> None:
        self.view = view
        self._owners: dict[int, _Owner] = {}
        self._known: dict[int, _Owner] = {}

    def of(self, parent: Node | None) -> _Owner:
        """The job, or what else has steps, around a scalar in a collection."""
        known = self._known.get(id(parent))
        if known is None:
            owners = self._owners or self._all()
            node = parent
            while node is not None and id(node) not in owners:
                node = node.parent
            known = self._known[id(parent)] = owners[id(node)]
        return known

    def _all(self) -> dict[int, _Owner]:
        """By the jobs' nodes; what stands in none of them belongs to the whole, under None."""
        view, owners = self.view, self._owners
        if isinstance(view, Workflow):
            owners[id(None)] = _Owner(None, ())
            for job in view.jobs:
                owners.setdefault(id(job.node), _Owner(job, job.steps))  # an aliased job is the first
        else:
            owners[id(None)] = _Owner(None, view.steps)
        return owners


def readings(view: Workflow | Action, name: str) -> Sequence[Reading]:
    """Every access to the context of that name in lower case, in file order; found once for all rules.

    Contexts are inputs, jobs, matrix, needs, secrets, steps, and of github the inputs of its event.
    """
    return view.once(_readings).get(name, ())


def _readings(view: Workflow | Action) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    document = view.document
    places = _Places(view)
    scalars = document.fenced
    bare = [scalar for scalar in document.conditions if "${{" not in scalar.value]
    if bare:
        scalars = sorted((*scalars, *bare), key=attrgetter("start"))
    for scalar in scalars:
        accesses = _ACCESSES.get(scalar.value)
        for reference, expr in _accesses(scalar.value) if accesses is None else accesses:
            reading = Reading(places, scalar, expr, reference)
            if reference.context in found:
                found[reference.context].append(reading)
            else:
                found[reference.context] = [reading]
    return found


_ACCESSES: dict[str, tuple[tuple[Reference, Expr], ...]] = {}


def _accesses(text: str) -> tuple[tuple[Reference, Expr], ...]:
    """The accesses to the contexts of `readings` in a text, each with the expression around it; a text without fences
    is a condition.
    """
    found: list[tuple[Reference, Expr]] = []
    for tree in [segment.expr for segment in segments(text)] if "${{" in text else [condition(text).expr]:
        # Of the most frequent context by far only the inputs are declared in the file.
        if tree is None or (isinstance(tree, Path) and tree.names[0] in _OTHER and tree.names[1] != "event"):
            continue
        found += [
            (reference, tree)
            for reference in references(tree)
            if reference.context in _WANTED
            or (reference.context == "github" and reference.path[:2] == ("event", "inputs"))
        ]
    return remember(_ACCESSES, text, tuple(found), len(text))


def closest(word: str, words: Sequence[str]) -> str:
    """The one of some words that a typing error most likely meant, as an ending for a message; '' where none is."""
    from . import misspellings  # only for a file that is wrong; the usual run does not pay for it

    close = misspellings.closest(word.lower(), [each.lower() for each in words], 0.75)
    return next((f"; did you mean '{each[:60]}'?" for each in words if each.lower() == close), "")
