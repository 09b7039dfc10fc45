"""The ``run`` scripts of a file, each with the shell that reads it."""

from __future__ import annotations

from .document import Mapping
from .shell_commands import commands
from .workflow import Workflow, text_of

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

    node   the scalar of ``run``
    shell  the value of ``shell`` that applies; ``pwsh`` on Windows where nothing is said, '' for GitHub's default
    job    the job it runs in, None in a composite action
    """

    __slots__ = ("job", "node", "shell", "step")

    def __init__(self, step: Step, node: Scalar, shell: str, job: Job | None) -> None:
        self.step = step
        self.node = node
        self.shell = shell
        self.job = job


def commands_of(script: Script, context: Context) -> tuple[Command, ...]:
    """The commands of a script, read once for all rules; none for a shell that is not read."""
    found: dict[Any, tuple[Command, ...]] = context.memo.setdefault(commands_of, {})
    key = script.node, script.shell
    if key not in found:
        found[key] = commands(script.node.value, script.shell) or ()
    return found[key]


def scripts(view: Workflow | Action) -> Iterator[Script]:
    """Every script that is written in the file, in its order; an aliased one once."""
    seen: set[int] = set()
    for job in view.jobs if isinstance(view, Workflow) else (None,):
        steps = view.steps if job is None else job.steps  # type: ignore[union-attr]
        default: str | None = None
        for step in steps:
            node = step.run
            if node is None or not node.value or id(node) in seen:
                continue
            seen.add(id(node))
            shell = text_of(step.node.get("shell")).strip()
            if not shell and job is not None:
                if default is None:
                    default = _default(job, view)
                shell = default
            yield Script(step, node, shell, job)


def _default(job: Job, workflow: Workflow | Action) -> str:
    for node in (job.node, workflow.node):
        defaults = node.get("defaults")
        run = defaults.get("run") if isinstance(defaults, Mapping) else None
        shell = text_of(run.get("shell")).strip() if isinstance(run, Mapping) else ""
        if shell:
            return shell
    return "pwsh" if "windows" in text_of(job.node.get("runs-on")).lower() else ""
