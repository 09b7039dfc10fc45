"""The ``run`` scripts of a file, each with the shell that reads it."""

from __future__ import annotations

from .shell_commands import commands
from .step_shells import shell_of_step
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .document import Scalar
    from .rule import Context
    from .shell_commands import Command
    from .workflow import Action, Job, Step


class Script:
    """A script at its step.

    node  the scalar of ``run``
    job   the job it runs in, None in a composite action
    """

    __slots__ = ("job", "node", "step", "view")

    def __init__(self, view: Workflow | Action, job: Job | None, step: Step, node: Scalar) -> None:
        self.view = view
        self.job = job
        self.step = step
        self.node = node

    @property
    def shell(self) -> str:
        """The shell as `step_shells` tells it; '' where files cannot tell it, which is bash or sh most of the time."""
        return shell_of_step(self.view, self.job, self.step)[0]


def commands_of(script: Script, context: Context) -> tuple[Command, ...]:
    """The commands of a script, read once for all rules; none for a shell that is not read."""
    found: dict[Any, tuple[Command, ...]] = context.memo.setdefault(commands_of, {})
    key = script.node, script.shell
    if key not in found:
        found[key] = commands(script.node.value, script.shell) or ()
    return found[key]


def script_in(view: Workflow | Action, job: Job | None, step: Step) -> Script | None:
    """The script of a step; None where it runs none."""
    node = step.run
    return Script(view, job, step, node) if node is not None and node.value else None


def scripts(view: Workflow | Action) -> Iterator[Script]:
    """Every script that is written in the file, in its order; an aliased one once."""
    seen: set[int] = set()
    for job in view.jobs if isinstance(view, Workflow) else (None,):
        for step in view.steps if job is None else job.steps:  # type: ignore[union-attr]
            script = script_in(view, job, step)
            if script is not None and id(script.node) not in seen:
                seen.add(id(script.node))
                yield script
