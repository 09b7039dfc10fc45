"""Decides whether a change of a repository may be believed.

Nothing here knows how a fix was made. It compares the files before and after: (a) every byte outside the declared
places is the same; (b) the parsed value differs exactly as declared; (c) what was to be fixed is gone and nothing of
any rule is new; (d) scripts mean what they meant. That (e) a second run changes nothing is `fixer`'s to see.
"""

from __future__ import annotations

import re

from .document import Mapping, Scalar, Sequence, parse, to_value
from .edits import expected
from .expressions import segments
from .model import ADD, SET, Value
from .script_proof import constants_written, expansions_kept, script_meaning_kept
from .script_rewrite import inner
from .shell_quoting import JAVASCRIPT
from .step_shells import shell_of_step
from .workflow import Action, Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Mapped
    from typing import Any, TypeAlias

    from .document import Document, Node
    from .model import Decision, Edit, Effect, Report

    Place: TypeAlias = tuple[str, str, str]
    Tally: TypeAlias = dict[Place, int]

BYTES = "bytes"
VALUE = "value"
FINDINGS = "findings"
SCRIPTS = "scripts"
AGAIN = "again"
PARTS = (BYTES, VALUE, FINDINGS, SCRIPTS, AGAIN)
"""The parts of a proof, (a) to (e), by the names that people see."""


class Unproven(Exception):
    """A change that may not be believed: which of PARTS failed, and how, as a sentence fragment."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


class Patch(Value):
    """One file of a change: what it was (None: it did not exist), what it becomes, and what was declared of it."""

    __slots__ = ("after", "before", "edits", "effects", "path")

    def __init__(
        self,
        path: str,
        before: bytes | None,
        after: bytes,
        edits: tuple[Edit, ...] = (),
        effects: tuple[Effect, ...] = (),
    ) -> None:
        self.path = path
        self.before = before
        self.after = after
        self.edits = edits
        self.effects = effects


def prove_patch(patch: Patch) -> None:
    """Parts (a), (b) and (d) for one file. Raises Unproven."""
    after = _decoded(patch.after)
    if patch.before is None:
        _prove_created(patch, after)
        return
    before = _decoded(patch.before)
    _prove_bytes(before, after, patch.edits)
    if not patch.path.endswith((".yml", ".yaml")):
        _prove_lines(before, after)
        return
    old, new = parse(patch.path, patch.before), parse(patch.path, patch.after)
    for document, when in ((old, "before"), (new, "after")):
        if document.error is not None:
            raise Unproven(VALUE, f"the file does not parse {when} the change: {document.error.message}")
    _prove_value(old, new, patch)
    _prove_comments(old, new, patch.edits)
    _prove_scripts(old, patch.effects)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unproven(BYTES, "the file is not UTF-8") from error


def _prove_created(patch: Patch, after: str) -> None:
    if not after.endswith("\n") or "\r" in after:
        raise Unproven(BYTES, "a new file does not end with a line feed")
    if patch.path.endswith((".yml", ".yaml")):
        error = parse(patch.path, patch.after).error
        if error is not None:
            raise Unproven(VALUE, f"the new file does not parse: {error.message}")


# ------------------------------------------------------------------------------------------------------- (a) bytes


def _prove_bytes(before: str, after: str, edits: Iterable[Edit]) -> None:
    """Walks both texts side by side: between the declared places they are the same, and the places hold their texts."""
    at = shift = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        start, end = edit.span.start, edit.span.end
        if start < at or end > len(before):
            raise Unproven(BYTES, "two declared places overlap, or one lies outside the file")
        if after[at + shift : start + shift] != before[at:start]:
            raise Unproven(BYTES, f"something differs before offset {start}, outside the declared places")
        if after[start + shift : start + shift + len(edit.text)] != edit.text:
            raise Unproven(BYTES, f"the text at offset {start} is not the declared one")
        shift += len(edit.text) - (end - start)
        at = end
    if after[at + shift :] != before[at:]:
        raise Unproven(BYTES, "something differs behind the last declared place")
    if before and before.endswith("\n") != after.endswith("\n"):
        raise Unproven(BYTES, "the final line break came or went")


def _prove_lines(before: str, after: str) -> None:
    """A file without a tree (CODEOWNERS) may only get its lines in another order; a byte-order mark stays first."""
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        raise Unproven(BYTES, "the byte-order mark came or went")
    lines, others = (
        sorted(filter(None, map(str.strip, text.removeprefix("\ufeff").splitlines()))) for text in (before, after)
    )
    if lines != others:
        raise Unproven(VALUE, "a line was changed, added or lost")


# ------------------------------------------------------------------------------------------------------- (b) value


def _prove_value(old: Document, new: Document, patch: Patch) -> None:
    try:
        wanted = expected(old, patch.effects)
    except (ValueError, LookupError, TypeError) as error:
        raise Unproven(VALUE, f"the declared changes do not fit the file: {error}") from error
    real = to_value(new.root)
    if not _same(real, wanted):
        raise Unproven(VALUE, f"{_difference(real, wanted, '') or 'the parsed file'} is not as declared")


def declared(path: str, effects: Iterable[Effect]) -> str:
    """What part (b) has shown of a file's effects, for a person."""
    if not path.endswith((".yml", ".yaml")):
        return "the same lines in another order"
    routes = list(dict.fromkeys(_route(effect.path) for effect in effects))
    if not routes:
        return "the parsed file is the same"
    more = f" and {len(routes) - 4} more" if len(routes) > 4 else ""
    return f"only {', '.join(routes[:4])}{more} {'differs' if len(routes) == 1 else 'differ'} in the parsed file"


def _route(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _same(one: Any, other: Any) -> bool:
    """Equal also in type, for true is not 1; the order of keys means nothing."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _difference(one: Any, other: Any, route: str) -> str:
    """The first route at which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *other]:
            if key not in one or key not in other or not _same(one[key], other[key]):
                return _difference(one.get(key), other.get(key), f"{route}.{key}" if route else str(key))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            if not _same(left, right):
                return _difference(left, right, f"{route}[{index}]")
    return route


def _prove_comments(old: Document, new: Document, edits: Iterable[Edit]) -> None:
    """Every comment that no declared place touches is still one: an edit may not swallow what it leaves alone."""
    spans = [edit.span for edit in edits]
    kept = [
        comment.text
        for comment in old.comments()
        if not any(span.start < comment.end and comment.start < span.end for span in spans)
    ]
    left = [comment.text for comment in new.comments()]
    for text in kept:
        if text not in left:
            raise Unproven(VALUE, f"the comment '{text[:40]}' is none any more")
        left.remove(text)


# ---------------------------------------------------------------------------------------------------- (c) findings


def tally(report: Report) -> Tally:
    """How many findings a report has by rule, path and route, whatever the policy makes of them.

    Routes are taken without indices: a step that is put in moves the others.
    """
    counts: Tally = {}
    for decision in report.decisions:
        counts[place_of(decision)] = counts.get(place_of(decision), 0) + 1
    return counts


def place_of(decision: Decision) -> Place:
    """Where `tally` counts a finding."""
    return decision.rule, decision.path, re.sub(r"\[\d+\]", "[]", decision.route)


def prove_findings(before: Tally, after: Tally, fixed: Mapped[Place, int]) -> None:
    """Part (c): `fixed` is how many findings of each place had to go. Raises Unproven."""
    for place, count in fixed.items():
        if after.get(place, 0) > before.get(place, 0) - count:
            raise Unproven(FINDINGS, f"{place[0]} still has its finding in {place[1]}")
    for (rule, path, route), count in after.items():
        if count > before.get((rule, path, route), 0):
            where = f"{path} at {route}" if route else path
            raise Unproven(FINDINGS, f"{rule} has a new finding in {where}")


# ----------------------------------------------------------------------------------------------------- (d) scripts


def _script_effects(effects: Iterable[Effect]) -> list[Effect]:
    return [
        effect
        for effect in effects
        if effect.kind == SET and (effect.path[-1:] == ("run",) or effect.path[-2:] == ("with", "script"))
    ]


def _prove_scripts(old: Document, effects: Iterable[Effect]) -> None:
    """Where values move out of a script it means the same; where it is to do something else, nothing new expands."""
    effects = tuple(effects)
    steps: dict[int, tuple[str, dict[str, str]]] = {}
    for effect in _script_effects(effects):
        before = _at(old.root, effect.path)
        if not isinstance(before, Scalar) or not isinstance(effect.value, str):
            raise Unproven(SCRIPTS, f"{_route(effect.path)} is no script")
        step_path = effect.path[:-1] if effect.path[-1] == "run" else effect.path[:-2]
        steps = steps or _steps(old)
        if id(_at(old.root, step_path)) not in steps:
            raise Unproven(SCRIPTS, f"{_route(step_path)} is no step")
        shell, known = steps[id(_at(old.root, step_path))]
        if effect.path[-1] == "script":
            shell = JAVASCRIPT
        moves = _added_variables(effects, step_path)
        if constants_written(before.value) == effect.value:
            continue
        if moves or _count(effect.value) < _count(before.value):
            wrong = script_meaning_kept(before.value, effect.value, shell, moves, known)
        else:
            wrong = expansions_kept(before.value, effect.value, shell)
        if wrong is not None:
            raise Unproven(SCRIPTS, f"{_route(effect.path)}: {wrong}")


def _count(script: str) -> int:
    return len(tuple(segments(script)))


def _at(node: Node | None, path: tuple[str | int, ...]) -> Node | None:
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str):
            node = node.get(part)
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def _steps(document: Document) -> dict[int, tuple[str, dict[str, str]]]:
    """By the identity of each step's node: the shell that runs its script, and its variables, name → text."""
    workflow, action = Workflow(document), Action(document)
    found = {
        id(step.node): (shell_of_step(workflow, job, step)[0], _variables(workflow.env, job.env, step.env))
        for job in workflow.jobs
        for step in job.steps
    }
    for step in action.steps:
        found[id(step.node)] = shell_of_step(action, None, step)[0], _variables(step.env)
    return found


def _variables(*layers: Mapping | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for layer in layers:
        if layer is not None:
            values.update({key: value.value for key, _, value in layer.pairs() if isinstance(value, Scalar)})
    return values


def _added_variables(effects: Iterable[Effect], step: tuple[str | int, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for effect in effects:
        if effect.kind == ADD and effect.path == (*step, "env") and isinstance(effect.value, dict):
            found.update({name: inner(str(value)) for name, value in effect.value.items()})
        elif effect.kind == ADD and effect.path[:-1] == (*step, "env"):
            found[str(effect.path[-1])] = inner(str(effect.value))
    return found


def scripts(effects: Iterable[Effect]) -> str:
    """What part (d) has shown of a file's effects, for a person."""
    count = len(_script_effects(effects))
    if not count:
        return "none is changed"
    return f"{count} changed; every expansion stands where its shell expands it, and nothing new does"
