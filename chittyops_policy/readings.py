"""Which names the expressions of a workflow or an action read, and in which job and step each of them stands."""

from __future__ import annotations

from .expressions import Index, references
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .document import Node, Scalar
    from .expressions import Reference
    from .model import Finding
    from .rule import Context
    from .workflow import Action, Job, Occurrence, Step

_WANTED = frozenset(("inputs", "jobs", "matrix", "needs", "secrets", "steps"))


class Reading:
    """One access to a context, such as ``steps.build.outputs.path``, at its place.

    job   the job in which it stands; None at the top of a workflow and in an action
    step  the step in which it stands; None for what belongs to the job, the workflow or the action as a whole

    What stands at a YAML anchor is taken to stand there only, wherever its aliases are.
    """

    __slots__ = ("job", "occurrence", "reference", "step", "view")

    def __init__(
        self, view: Workflow | Action, occurrence: Occurrence, reference: Reference, job: Job | None, step: Step | None
    ) -> None:
        self.view = view
        self.occurrence = occurrence
        self.reference = reference
        self.job = job
        self.step = step

    def name(self, depth: int) -> str:
        """The name at a depth below the context in lower case; '' where there is none, or one that the run decides."""
        path = self.reference.path
        found = path[depth] if depth < len(path) else None
        return "" if found is None or found == "*" else found

    def written(self, depth: int) -> str:
        """The same name in the letter case of the source, cut to what a message has room for."""
        return (self.reference.names[depth] or "")[:60]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps whose results it could read if they have run: those of its job, or of the action."""
        if self.job is not None:
            return self.job.steps
        return () if isinstance(self.view, Workflow) else self.view.steps

    def finding(self, context: Context, depth: int, message: str) -> Finding:
        """A finding that marks the access from the context up to the name at a depth."""
        node = self.reference.expr
        for _ in range(len(self.reference.path) - depth - 1):
            assert isinstance(node, Index)
            node = node.obj
        return context.inside(self.view.document, self.occurrence.scalar, node.start, node.end, message)


def readings(view: Workflow | Action, context: Context, name: str) -> Sequence[Reading]:
    """Every access to the context of that name in lower case, in file order; found once for all rules.

    Contexts are inputs, jobs, matrix, needs, secrets, steps, and of github the inputs of its event.
    """
    place = (readings, view.path)
    if place not in context.memo:
        context.memo[place] = _readings(view)
    known: dict[str, list[Reading]] = context.memo[place]
    return known.get(name, ())


def _readings(view: Workflow | Action) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    jobs = {id(job.node): job for job in reversed(view.jobs)} if isinstance(view, Workflow) else {}
    owners: list[Job | Action] = list(view.jobs) if isinstance(view, Workflow) else [view]
    steps = {id(owner): {id(step.node): step for step in owner.steps} for owner in owners}
    scalar: Scalar | None = None
    job: Job | None = None
    step: Step | None = None
    for occurrence in view.expressions():
        if occurrence.expr is None:
            continue
        wanted = [
            reference
            for reference in references(occurrence.expr)
            if reference.context in _WANTED
            # By far the most frequent context, of which only this part is declared in the file.
            or (reference.context == "github" and reference.path[:2] == ("event", "inputs"))
        ]
        if not wanted:
            continue
        if occurrence.scalar is not scalar:
            scalar = occurrence.scalar
            job = None
            inner: list[int] = []
            node: Node | None = scalar.parent
            while node is not None and job is None:
                job = jobs.get(id(node))
                inner.append(id(node))
                node = node.parent
            by_node = steps.get(id(view if job is None else job), {})
            step = next((by_node[each] for each in inner if each in by_node), None)
        for reference in wanted:
            found.setdefault(reference.context, []).append(Reading(view, occurrence, reference, job, step))
    return found


def closest(word: str, words: Sequence[str]) -> str:
    """The one of some words that a typing error most likely meant, as an ending for a message; '' where none is."""
    from . import misspellings  # only for a file that is wrong; the usual run does not pay for it

    close = misspellings.closest(word.lower(), [each.lower() for each in words], 0.75)
    return next((f"; did you mean '{each[:60]}'?" for each in words if each.lower() == close), "")
