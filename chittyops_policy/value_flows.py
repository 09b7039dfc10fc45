"""Where the value of a context comes from, one step back: the step, job, matrix, caller or file that gives it.

Followed are the outputs of steps and jobs, matrices, variables that earlier steps set, and the inputs and outputs of
the actions and reusable workflows of the same repository. What cannot be followed has no origin.
"""

from __future__ import annotations

import re

from .calls import Callee, resolve
from .document import Mapping, Scalar, Sequence
from .expressions import parse, segments
from .handed_on import ASKED, ASKED_SIGNS, ENV, OUTPUT, handed_on, looks_at_forms, variables
from .model import Value
from .snapshot import normalise
from .workflow import Action, Workflow, mapping_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from .document import Node
    from .expressions import Expr, Reference
    from .rule import Context
    from .workflow import Job, Step

_COMMENTS: Final = ("issue_comment",)
_PULLS: Final = ("pull_request", "pull_request_target")

STRANGERS_OUTPUTS: Final = {
    "ahmadnassri/action-changed-files": (("files",), _PULLS),
    "alessbell/pull-request-comment-branch": (("head_ref",), _COMMENTS),
    "eficode/resolve-pr-refs": (("head_ref",), _COMMENTS),
    "gotson/pull-request-comment-branch": (("head_ref",), _COMMENTS),
    "jitterbit/get-changed-files": (("added", "added_modified", "all", "modified", "removed", "renamed"), _PULLS),
    "khan/pull-request-comment-trigger": (("comment_body",), _COMMENTS),
    "trilom/file-changes-action": (("files", "files_added", "files_modified", "files_removed"), _PULLS),
    "xt0rted/pull-request-comment-branch": (("head_ref",), _COMMENTS),
}
"""Action → the outputs that hold a stranger's text as it is, a branch, a comment or names of files, and with which
events. After their own documentation and the models of GitHub's CodeQL (2026-11)."""

_ANY_OF_THEM: Final = (
    "pull_request", "pull_request_target", "pull_request_review", "issues", "issue_comment", "workflow_run",
)  # fmt: skip
"""Events after which a script asks GitHub about the issue or the pull request that they are about."""

_DEFAULTS: Final = {"GITHUB_HEAD_REF": "github.head_ref"}
"""Variables that the runner sets to what somebody outside can choose."""

_SET_OUTPUT: Final = (  # a text, which `re` compiles when it is first used
    r"\bsetOutput\(\s*['\"`]([\w.-]+)['\"`]\s*,\s*(?:(?:github\.)?context\.payload\.([\w.?]+)|process\.env\.(\w+))\s*\)"
)


class Place(Value):
    """Where an expression stands: in a step, or with `step` None at the job, or with `job` None at the top.

    caller   the place that called the workflow or action, where the way led through that call; None where any may have
    """

    __slots__ = ("caller", "job", "step", "view")

    def __init__(
        self, view: Workflow | Action, job: Job | None = None, step: Step | None = None, caller: Place | None = None
    ) -> None:
        self.view = view
        self.job = job
        self.step = step
        self.caller = caller

    @property
    def key(self) -> tuple[int, ...]:
        """Equal for equal places; unlike the place itself quick to compare."""
        own = id(self.view), id(self.job), id(self.step)
        return own if self.caller is None else (*own, *self.caller.key)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps before it in its job or action; all of them for what belongs to the whole."""
        every = self.job.steps if self.job is not None else self.view.steps if isinstance(self.view, Action) else ()
        return every if self.step is None else every[: self.step.index]


class Origin(Value):
    """What a value is made of: an expression at its place, or with `expr` None what an action hands on.

    scalar  where the expression is written, None where only a script names the value
    events  with which events an action hands on what a stranger wrote
    """

    __slots__ = ("events", "expr", "place", "scalar")

    def __init__(
        self, place: Place, expr: Expr | None, scalar: Scalar | None = None, events: tuple[str, ...] = ()
    ) -> None:
        self.place = place
        self.expr = expr
        self.scalar = scalar
        self.events = events


def origins(place: Place, reference: Reference, context: Context) -> Iterator[Origin]:
    """What gives the value that a reference at a place reads; nothing where that cannot be told."""
    names = reference.path
    first = names[0] if names else None
    if first is None or first == "*":
        return
    if reference.context in ("steps", "needs", "jobs"):
        output = names[2] if len(names) > 2 and names[1] == "outputs" else None
        if output is None or output == "*":
            return
        if reference.context == "steps":
            yield from _of_step(place, first, output, context)
        elif isinstance(place.view, Workflow):
            yield from _of_job(place, place.view, first, output, context)
    elif reference.context == "matrix":
        yield from _of_matrix(place, first)
    elif reference.context == "inputs":
        yield from _of_input(place, first, context)
    elif reference.context == "env":
        yield from _of_variable(place, first)


# ----------------------------------------------------------------------------------------------------- texts


def _of_node(place: Place, node: Node | None) -> Iterator[Origin]:
    """Every expression in a node, however deep."""
    if isinstance(node, Scalar):
        for segment in segments(node.value):
            if segment.expr is not None:
                yield Origin(place, segment.expr, node)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _of_node(place, item)
    elif isinstance(node, Mapping):
        for _, value in node.items:
            yield from _of_node(place, value)


def of_text(place: Place, text: str) -> Iterator[Origin]:
    """What a text in a script of a step is made of: expressions, and the variables of its environment."""
    for segment in segments(text):
        if segment.expr is not None:
            yield Origin(place, segment.expr)
    for name in variables(text):
        yield from _of_environment(place, name)
    if ASKED in text:
        yield Origin(place, None, events=_ANY_OF_THEM)


def environments(place: Place) -> tuple[Mapping | None, ...]:
    """The ``env`` of the step, the job and the workflow of a place, the nearest first."""
    return (
        place.step.env if place.step is not None else None,
        place.job.env if place.job is not None else None,
        place.view.env if isinstance(place.view, Workflow) else None,
    )


def _of_environment(place: Place, name: str) -> Iterator[Origin]:
    for env in environments(place):
        node = env.get(name) if env is not None else None
        if node is not None:
            yield from _of_node(place, node)
            return
    default = _DEFAULTS.get(name)
    if default is not None:
        yield Origin(place, parse(default))  # type: ignore[arg-type]  # a constant that parses
        return
    yield from _of_variable(place, name.lower())


def _of_variable(place: Place, name: str) -> Iterator[Origin]:
    """A variable that earlier steps set through the file of GITHUB_ENV."""
    for step in place.steps:
        if step.run is not None and ENV in step.run.value:
            yield from _of_script(Place(place.view, place.job, step, place.caller), step.run.value, ENV, name)


def _of_script(place: Place, script: str, file: str, name: str) -> Iterator[Origin]:
    for handed in handed_on(script) if _has_sources(place, script) and not looks_at_forms(script) else ():
        if handed.file == file and handed.name == name:
            yield from of_text(place, handed.text)


def _has_sources(place: Place, script: str) -> bool:
    """Whether `of_text` can find anything in what a script of a step writes: a quick look that spares most the reading.

    It takes an expression, an answer of ``gh``, or a variable that is set anywhere.
    """
    return (
        "${{" in script
        or ("gh" in script and any(sign in script for sign in ASKED_SIGNS))
        or any(name in script for name in _DEFAULTS)
        or any(name in script for env in environments(place) if env is not None for name in env.index)
        or any(ENV in earlier.run.value for earlier in place.steps if earlier.run is not None)
    )


# ----------------------------------------------------------------------------------------------------- outputs


def _of_step(place: Place, id: str, output: str, context: Context) -> Iterator[Origin]:
    step = next((step for step in place.steps if step.id.lower() == id), None)
    if step is None:
        return
    at = Place(place.view, place.job, step, place.caller)
    if step.run is not None:
        yield from _of_script(at, step.run.value, OUTPUT, output)
    uses = step.uses
    if uses is None:
        return
    if uses.kind in ("local", "self"):
        folder = normalise(uses.path)
        action = None if folder is None else context.snapshot.action(folder)
        if action is not None:
            declared = _entry(mapping_of(action.node.get("outputs")), output)
            yield from _of_node(Place(action, caller=at), declared.get("value") if declared is not None else None)
    elif uses.slug == "actions/github-script":
        yield from _of_javascript(at, text_of(step.input("script")), output)
    elif uses.slug in STRANGERS_OUTPUTS and not uses.path:
        names, events = STRANGERS_OUTPUTS[uses.slug]
        if output in names:
            yield Origin(at, None, events=events)


def _of_javascript(place: Place, script: str, output: str) -> Iterator[Origin]:
    for match in re.finditer(_SET_OUTPUT, script):
        if match[1].lower() == output:
            if match[3]:
                yield from _of_environment(place, match[3])
            else:
                expr = parse("github.event." + match[2].replace("?", ""))
                if hasattr(expr, "index"):  # else it is no access but an error
                    yield Origin(place, expr)  # type: ignore[arg-type]


def _of_job(place: Place, view: Workflow, id: str, output: str, context: Context) -> Iterator[Origin]:
    job = view.job(id)
    if job is None:
        return
    if job.uses is None:
        outputs = mapping_of(job.node.get("outputs"))
        for name, _, node in outputs.pairs() if outputs is not None else ():
            if name.lower() == output:
                yield from _of_node(Place(view, job, None, place.caller), node)
        return
    if job.uses.kind not in ("local", "self"):
        return
    callee = resolve(job.uses, context.snapshot, context.lookups)
    if isinstance(callee, Callee) and "workflow_call" in callee.workflow.triggers:
        call = mapping_of(callee.workflow.triggers["workflow_call"][1])
        declared = _entry(mapping_of(call.get("outputs")) if call is not None else None, output)
        value = declared.get("value") if declared is not None else None
        yield from _of_node(Place(callee.workflow, caller=Place(view, job, None, place.caller)), value)


def _of_matrix(place: Place, key: str) -> Iterator[Origin]:
    strategy = mapping_of(place.job.node.get("strategy")) if place.job is not None else None
    matrix = strategy.get("matrix") if strategy is not None else None
    at = Place(place.view, place.job, None, place.caller)
    if not isinstance(matrix, Mapping):
        yield from _of_node(at, matrix)
        return
    for name, _, node in matrix.pairs():
        if name.lower() == key or (name == "include" and isinstance(node, Scalar)):
            yield from _of_node(at, node)
        elif name == "include" and isinstance(node, Sequence):
            for item in node.items:
                for inner, _, value in item.pairs() if isinstance(item, Mapping) else ():
                    if inner.lower() == key:
                        yield from _of_node(at, value)


# ----------------------------------------------------------------------------------------------------- inputs


def _of_input(place: Place, name: str, context: Context) -> Iterator[Origin]:
    declared = _declared_input(place.view, name)
    callers = callers_of(place.view, context) if place.caller is None else (place.caller,)
    for caller in callers:
        given = _given(caller, name)
        if given is not None:
            yield from _of_node(caller, given)
        elif declared is not None:
            yield from _of_node(Place(place.view, caller=caller), declared.get("default"))
    if not callers and declared is not None:
        yield from _of_node(Place(place.view), declared.get("default"))


def _declared_input(view: Workflow | Action, name: str) -> Mapping | None:
    if isinstance(view, Action):
        return _entry(mapping_of(view.node.get("inputs")), name)
    call = mapping_of(view.triggers["workflow_call"][1]) if "workflow_call" in view.triggers else None
    return _entry(mapping_of(call.get("inputs")), name) if call is not None else None


def _given(caller: Place, name: str) -> Node | None:
    if caller.step is not None:
        return caller.step.input(name)
    inputs = mapping_of(caller.job.node.get("with")) if caller.job is not None else None
    pairs = inputs.pairs() if inputs is not None else ()
    return next((value for key, _, value in pairs if key.lower() == name), None)


def callers_of(view: Workflow | Action, context: Context) -> tuple[Place, ...]:
    """The places of the same repository that call a reusable workflow or an action."""
    known: dict[str, list[Place]] = context.once(_callers)
    return tuple(known.get(view.path, ()))


def _callers(context: Context) -> dict[str, list[Place]]:
    """Path of a reusable workflow or of an action's metadata → the places of this repository that call it."""
    found: dict[str, list[Place]] = {}
    snapshot = context.snapshot
    views: list[Workflow | Action] = list(snapshot.workflows())
    for path in sorted(snapshot.called_action_paths()):
        action = snapshot.action(path.rpartition("/")[0])
        if action is not None:
            views.append(action)
    for view in views:
        for uses, job, step in view.uses():
            target = normalise(uses.path) if uses.kind in ("local", "self") else None
            if target is None:
                continue
            if step is not None:
                called = snapshot.action(target)
                target = called.path if called is not None else ""
            found.setdefault(target, []).append(Place(view, job, step))
    return found


def _entry(mapping: Mapping | None, name: str) -> Mapping | None:
    """The mapping behind a key, whatever its letter case."""
    found = (value for key, _, value in mapping.pairs() if key.lower() == name) if mapping is not None else iter(())
    return mapping_of(next(found, None))
