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
_OTHER = frozenset(("env", "runner", "vars"))


class Reading:
    """One access to a context, such as ``steps.build.outputs.path``, at its place.

    `expr` is the whole expression, and `scalar` what holds it. What stands at a YAML anchor is taken to stand there
    only, wherever its aliases are.
    """

    __slots__ = ("_placed", "expr", "reference", "scalar", "view")

    def __init__(self, view: Workflow | Action, scalar: Scalar, expr: Expr, reference: Reference) -> None:
        self.view = view
        self.scalar = scalar
        self.expr = expr
        self.reference = reference
        self._placed: tuple[_Owner, Step | None] | None = None

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
        return self._place()[0].job

    @property
    def step(self) -> Step | None:
        """The step in which it stands; None for what belongs to the job, the workflow or the action as a whole."""
        return self._place()[1]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps whose results it could read if they have run: those of its job, or of the action."""
        return self._place()[0].steps

    @property
    def ids(self) -> Mapping[str, Step]:
        """The same steps by their ids in lower case; of two with the same id the first."""
        return self._place()[0].ids

    def _place(self) -> tuple[_Owner, Step | None]:
        placed = self._placed
        if placed is None:
            placed = self._placed = self.view.once(_Places).of(self.scalar.parent)
        return placed

    def finding(self, context: Context, depth: int, message: str) -> Finding:
        """A finding that marks the access from the context up to the name at a depth."""
        node = self.reference.expr
        for _ in range(len(self.reference.path) - depth - 1):
            assert isinstance(node, Index)
            node = node.obj
        return context.inside(self.view.document, self.scalar, node.start, node.end, message)


class _Owner:
    """The steps of a job or, where `job` is None, of an action; a workflow as a whole has none."""

    __slots__ = ("by_node", "ids", "job", "steps")

    def __init__(self, job: Job | None, steps: tuple[Step, ...]) -> None:
        self.job = job
        self.steps = steps
        self.ids = {step.id.lower(): step for step in reversed(steps) if step.id}
        self.by_node = {id(step.node): step for step in steps}


class _Places:
    """Where the scalars of a view stand: found for those that somebody asks for, once for all in one collection."""

    __slots__ = ("_jobs", "_known", "_owners", "_view")

    def __init__(self, view: Workflow | Action) -> None:
        self._view = view
        self._jobs = {id(job.node): job for job in reversed(view.jobs)} if isinstance(view, Workflow) else {}
        self._owners: dict[int, _Owner] = {}
        self._known: dict[int, tuple[_Owner, Step | None]] = {}

    def of(self, parent: Node | None) -> tuple[_Owner, Step | None]:
        """The job, or what else has steps, around a scalar in a collection, and the innermost of these steps."""
        known = self._known.get(id(parent))
        if known is None:
            jobs = self._jobs
            inner: list[int] = []
            node = parent
            while node is not None and id(node) not in jobs:
                inner.append(id(node))
                node = node.parent
            owner = self._owners.get(id(node))
            if owner is None:
                owner = self._owners[id(node)] = self._owner(None if node is None else jobs[id(node)])
            step = None
            for each in inner:
                if each in owner.by_node:
                    step = owner.by_node[each]
                    break
            known = self._known[id(parent)] = owner, step
        return known

    def _owner(self, job: Job | None) -> _Owner:
        if job is not None:
            return _Owner(job, job.steps)
        return _Owner(None, () if isinstance(self._view, Workflow) else self._view.steps)


def readings(view: Workflow | Action, name: str) -> Sequence[Reading]:
    """Every access to the context of that name in lower case, in file order; found once for all rules.

    Contexts are inputs, jobs, matrix, needs, secrets, steps, and of github the inputs of its event.
    """
    return view.once(_readings).get(name, ())


def _readings(view: Workflow | Action) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    document = view.document
    scalars = document.fenced
    bare = [scalar for scalar in document.conditions if "${{" not in scalar.value]
    if bare:
        scalars = sorted((*scalars, *bare), key=attrgetter("start"))
    for scalar in scalars:
        for reference, expr in _accesses(scalar.value):
            reading = Reading(view, scalar, expr, reference)
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
    known = _ACCESSES.get(text)
    if known is not None:
        return known
    trees = [segment.expr for segment in segments(text)] if "${{" in text else [condition(text).expr]
    # Of the most frequent context by far only the inputs are declared in the file.
    found = [
        (reference, tree)
        for tree in trees
        if tree is not None and not (isinstance(tree, Path) and _is_elsewhere(*tree.names[:2]))
        for reference in references(tree)
        if reference.context in _WANTED or (reference.context == "github" and reference.path[:2] == ("event", "inputs"))
    ]
    return remember(_ACCESSES, text, tuple(found), len(text))


def _is_elsewhere(context: str, name: str) -> bool:
    """Whether a path that begins so certainly reads none of the contexts of `readings`."""
    return context in _OTHER or (context == "github" and name.lower() != "event")


def closest(word: str, words: Sequence[str]) -> str:
    """The one of some words that a typing error most likely meant, as an ending for a message; '' where none is."""
    from . import misspellings  # only for a file that is wrong; the usual run does not pay for it

    close = misspellings.closest(word.lower(), [each.lower() for each in words], 0.75)
    return next((f"; did you mean '{each[:60]}'?" for each in words if each.lower() == close), "")
