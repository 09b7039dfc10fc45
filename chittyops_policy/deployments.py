"""The steps of a repository that deploy or publish something, as the pack names them."""

from __future__ import annotations

from .model import Value
from .patterns import matches
from .shell_commands import commands
from .step_contracts import Contract, Form, Match, contract, is_form, made_of, runs_of
from .workflow import is_false, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .rule import Context
    from .step_contracts import Placed, Runs
    from .workflow import Workflow

RUNTIME, PACKAGE = "runtime", "package"


class Target(Value):
    """A place to which things are shipped, such as a platform or a registry.

    kind      RUNTIME where what is shipped runs there, PACKAGE where others fetch it
    env       variables through which its credentials come
    inputs    inputs of its actions that take a credential, in lower case
    needs     whether nothing can be shipped there without a credential of the target's own
    trusted   the permission with which no stored credential is needed, or ''
    builtin   texts in a registry's address that say that GitHub's own token is enough
    logins    actions that sign in there for later steps
    """

    __slots__ = ("builtin", "contract", "env", "id", "inputs", "kind", "logins", "needs", "title", "trusted")

    def __init__(self, id: str, data: Mapping[str, Any]) -> None:
        self.id = id
        self.contract: Contract = contract(id, data)
        self.title = self.contract.title
        self.kind = PACKAGE if data.get("kind") == PACKAGE else RUNTIME
        self.env = frozenset(_texts(data.get("env")))
        self.inputs = frozenset(name.lower() for name in _texts(data.get("inputs")))
        self.needs = data.get("needs") == "credentials"
        self.trusted = str(data.get("trusted", ""))
        self.builtin = tuple(_texts(data.get("builtin_registries")))
        self.logins = tuple(name.lower() for name in _texts(data.get("logins")))


class Deployment:
    """One step, or one command of it, that ships something to a target."""

    __slots__ = ("match", "target")

    def __init__(self, target: Target, match: Match) -> None:
        self.target = target
        self.match = match

    @property
    def placed(self) -> Placed:
        """The step."""
        assert self.match.placed is not None
        return self.match.placed

    @property
    def text(self) -> str:
        """The deploying command or action for a message, in one short line."""
        command = self.match.command
        step = self.placed.step
        if command is None:
            return step.uses.text.partition("@")[0] if step.uses is not None else ""
        words = " ".join(command.words)
        if len(words) <= 50:
            return words
        form = self.match.form
        named = [word for word in command.program[1:] if any(matches(glob, word) for glob in form.arguments)]
        return " ".join((*command.program[: len(form.pattern.split())], *named[:1]))


def targets(context: Context) -> tuple[Target, ...]:
    """The targets of the pack's parameter ``deployments``, in its order."""
    return made_of(context.parameters.get("deployments"), _targets)


def _targets(data: Any) -> tuple[Target, ...]:
    entries = data.items() if isinstance(data, dict) else ()
    return tuple(Target(str(name), entry) for name, entry in entries if isinstance(entry, dict))


def _by_contract(known: tuple[Target, ...]) -> dict[int, Target]:
    return {id(target.contract): target for target in known}


def deployments_of(context: Context) -> Mapping[str, tuple[Deployment, ...]]:
    """What each live or called workflow ships, by its path; a path is missing where it ships nothing.

    Each command or action counts once; what stands in a job or a step that is switched off does not count.
    """
    found: Mapping[str, tuple[Deployment, ...]] = context.once(_deployments)
    return found


def _deployments(context: Context) -> dict[str, tuple[Deployment, ...]]:
    runs = runs_of(context)
    known = made_of(targets(context), _by_contract)
    found = {}
    for workflow in runs.workflows():
        shipped = tuple(_shipped(workflow, runs, known))
        if shipped:
            found[workflow.path] = shipped
    return found


def _shipped(workflow: Workflow, runs: Runs, known: Mapping[int, Target]) -> Iterator[Deployment]:
    for placed, accepted in runs.accepted(workflow):
        seen: set[tuple[int, int]] = set()
        for item, match in accepted:
            target = known.get(id(item))
            if target is None:
                continue
            place = (match.command.start, match.command.end) if match.command is not None else (-1, -1)
            if place not in seen and not _is_off(placed) and _ships(match, target):
                seen.add(place)
                yield Deployment(target, match)


def _is_off(placed: Placed) -> bool:
    steps = (*placed.outer, placed.step)
    return any(is_false(step.node.get("if")) for step in steps) or any(
        is_false(job.node.get("if")) for _, job in placed.frames
    )


def _ships(match: Match, target: Target) -> bool:
    """Whether an action whose input holds the words of a command is given one that deploys."""
    words = match.form.more.get("words")
    if match.form.kind != "action" or not isinstance(words, dict) or match.placed is None:
        return True
    given = match.placed.step.input(str(words.get("input", "")).lower())
    text = text_of(given).strip() or str(words.get("default", ""))
    if "${{" in text:
        return True
    script = "\n".join(f"{words.get('program', '')} {line}" for line in text.splitlines() if line.strip())
    forms: list[Form] = [form for form in target.contract.forms if form.kind == "command"]
    return any(is_form(form, command) for command in commands(script) or () for form in forms)


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
