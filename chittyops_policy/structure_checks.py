"""What GitHub's parser demands beyond a schema: needs, ids, cron, runner groups, container images.

Each function takes the node that an ``x-format`` keyword of our schemas marks and yields (node, message) pairs, the
node being what a person would select.
"""

from __future__ import annotations

from .document import Mapping, Scalar, Sequence
from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from .document import Node

    Complaints: TypeAlias = Iterator[tuple[Node, str]]


def needs_of(job: Node | None) -> list[Scalar]:
    """The scalars under a job's `needs`, one job name each; [] where there are none."""
    if not isinstance(job, Mapping) or "needs" not in job.index:
        return []
    needs = job.get("needs")
    if isinstance(needs, Scalar):
        return [needs] if needs.resolved() is not None else []
    if isinstance(needs, Sequence):
        return [item for item in needs.items if isinstance(item, Scalar)]
    return []


def check_jobs(jobs: Node) -> Complaints:
    """Needs that name no job of the workflow, and needs that close a circle. Letter case does not matter.

    GitHub's npm package compares with letter case here; the service (actions/runner, WorkflowTemplateConverter)
    does not.
    """
    if not isinstance(jobs, Mapping):
        return
    needs: dict[str, list[Scalar]] = {}
    for name, (_, job) in jobs.index.items():
        wanted = needs_of(job)
        if wanted:
            needs[name.lower()] = wanted
    if not needs:
        return
    known = {name.lower() for name in jobs.index}
    for wanted in needs.values():
        for need in wanted:
            if need.value.lower() not in known:
                yield need, f"there is no job '{need.value[:60]}' in this workflow"
    for need, circle in _circles(needs):
        if len(circle) > 6:
            circle[3:-2] = ["…"]
        yield need, f"the jobs wait for each other: {' → '.join(circle)}"


def _circles(needs: dict[str, list[Scalar]]) -> Iterator[tuple[Scalar, list[str]]]:
    """Each need that closes a circle, found by a depth-first walk, with the jobs of the circle."""
    done: set[str] = set()
    for first in needs:
        if first in done:
            continue
        path = [first]
        on_path = {first}
        todo = [iter(needs[first])]
        while todo:
            need = next(todo[-1], None)
            name = "" if need is None else need.value.lower()
            if need is None:
                todo.pop()
                left = path.pop()
                on_path.discard(left)
                done.add(left)
            elif name in on_path:
                yield need, [*path[path.index(name) :], name]
            elif name in needs and name not in done:
                path.append(name)
                on_path.add(name)
                todo.append(iter(needs[name]))


def check_steps(steps: Node) -> Complaints:
    """Ids used twice, in any letter case, and wait or cancel steps that name no earlier step."""
    if not isinstance(steps, Sequence):
        return
    known: set[str] = set()
    lower: set[str] = set()
    for step in steps.items:
        if not isinstance(step, Mapping):
            continue
        index = step.index
        own = step.get("id") if "id" in index else None
        if isinstance(own, Scalar):
            if own.value.lower() in lower:
                yield own, f"the id '{own.value[:60]}' is used by an earlier step"
            known.add(own.value)
            lower.add(own.value.lower())
        if "wait" in index or "cancel" in index:
            for target in _targets(step):
                if isinstance(own, Scalar) and target.value.lower() == own.value.lower():
                    yield target, f"the step '{own.value[:60]}' cannot wait for or cancel itself"
                elif target.value not in known:
                    yield target, f"no earlier step has the id '{target.value[:60]}'"


def _targets(step: Mapping) -> list[Scalar]:
    target = step.get("wait") if "wait" in step else step.get("cancel")
    if isinstance(target, Scalar):
        return [target]
    if isinstance(target, Sequence):
        return [item for item in target.items if isinstance(item, Scalar)]
    return []


def check_container(container: Node) -> Complaints:
    """A container without an image; one with an expression anywhere inside is left to the run, as GitHub does."""
    if isinstance(container, Mapping) and "image" not in container and not _has_expression(container):
        yield container, "a container needs an image"


def _has_expression(node: Node) -> bool:
    if isinstance(node, Scalar):
        return "${{" in node.value
    if isinstance(node, Sequence):
        return any(_has_expression(item) for item in node.items)
    assert isinstance(node, Mapping)
    return any(_has_expression(key) or _has_expression(value) for key, value in node.items)


def check_runner_group(group: Node) -> Complaints:
    """A runner group with a prefix that is neither the organisation nor the enterprise."""
    if not isinstance(group, Scalar) or "/" not in group.value or "${{" in group.value:
        return
    prefix, _, name = group.value.partition("/")
    if prefix not in ("org", "organization", "ent", "enterprise") or not name or "/" in name:
        yield group, f"'{group.value[:60]}' is no runner group; a prefix can be organization/ or enterprise/"


_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_CRON: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)


def check_cron(cron: Node) -> Complaints:
    """A schedule that is not five fields of numbers, names, lists, ranges and steps."""
    if not isinstance(cron, Scalar) or not cron.value:
        return
    text = cron.value
    wrong = _WRONG_CRONS.get(text)
    if wrong is None:
        wrong = remember(_WRONG_CRONS, text, _cron_problems(text), len(text))
    for message in wrong:
        yield cron, message


_WRONG_CRONS: dict[str, tuple[str, ...]] = {}
"""What `_cron_problems` said of a schedule; two rules ask."""


def _cron_problems(text: str) -> tuple[str, ...]:
    parts = [part for part in text.split(" ") if part]
    if len(parts) != 5 or text.startswith(" ") or text.endswith(" "):
        return (f"a cron schedule has five fields with blanks between them, not {len(parts)}",)
    return tuple(
        [
            f"'{part[:60]}' is no {title}; it goes from {least} to {most}"
            for part, (title, least, most, names) in zip(parts, _CRON, strict=True)
            if not _is_cron_field(part, least, most, names)
        ]
    )


def _is_cron_field(text: str, least: int, most: int, names: dict[str, int], nested: bool = False) -> bool:
    """Whether GitHub takes a field; lists contain steps, steps contain ranges."""
    if text.lower() in names or text == "*":
        return True
    if not nested:
        if "," in text:
            return all(part and _is_cron_field(part, least, most, names) for part in text.split(","))
        if "/" in text:
            start, _, step = text.partition("/")
            number = _number(step)
            return (
                bool(start)
                and number is not None
                and number > 0
                and _is_cron_field(start, least, most, names)
                and _is_cron_field(step, least, most, names, True)
            )
        if "-" in text:
            first, _, last = text.partition("-")
            low = names.get(first.lower(), _number(first))
            high = names.get(last.lower(), _number(last))
            return (
                _is_cron_field(first, least, most, names, True)
                and _is_cron_field(last, least, most, names, True)
                and low is not None
                and high is not None
                and low <= high
            )
    value = _number(text)
    return value is not None and least <= value <= most


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


CHECKS: dict[str, Callable[[Node], Complaints]] = {
    "jobs": check_jobs,
    "steps": check_steps,
    "container": check_container,
    "runner-group": check_runner_group,
    "cron": check_cron,
}
"""The check behind each value of ``x-format``."""
