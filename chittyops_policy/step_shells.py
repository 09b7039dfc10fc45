"""Which shell runs the script of a step, and on which kind of system.

Source: GitHub's workflow syntax, ``jobs.<id>.steps[*].shell`` and ``jobs.<id>.container``.
"""

from __future__ import annotations

import re

from .document import Mapping, Scalar, Sequence
from .workflow import Action, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Node
    from .workflow import Job, Step, Workflow

_NAMED = re.compile(
    r"(?:[\w./\\:-]*[/\\])?(bash|sh|pwsh|powershell|cmd|python)3?(?:\.exe)?(?:\s+[\w=./+-]+)*(?:\s+\{0\})?"
)


def shell_of_step(view: Workflow | Action, job: Job | None, step: Step) -> tuple[str, bool]:
    """(shell, whether on Windows) of a ``run`` step; '' where files cannot tell the shell.

    The shell is ``bash``, ``sh``, ``pwsh``, ``powershell``, ``cmd`` or ``python`` also where options are given, as in
    ``bash -l {0}``; anything else is as written.
    """
    systems = _systems(job)
    windows = "windows" in systems
    texts = [text_of(step.node.get("shell"))]
    if job is not None and not isinstance(view, Action):
        for node in (job.node, view.node):
            defaults = node.get("defaults")
            run = defaults.get("run") if isinstance(defaults, Mapping) else None
            texts.append(text_of(run.get("shell")) if isinstance(run, Mapping) else "")
    named = next((text.strip() for text in texts if text.strip()), "")
    if named:
        match = _NAMED.fullmatch(named)
        return ("" if "${{" in named else match.group(1) if match else named), windows
    if job is None or len(systems) != 1:
        return "", windows
    if "container" in job.node:
        return "sh", windows
    return {"windows": "pwsh", "unix": "bash"}.get(next(iter(systems)), ""), windows


def _systems(job: Job | None) -> set[str]:
    """The kinds of system that a job may run on: ``windows``, ``unix`` (Linux or macOS), ``unknown``."""
    if job is None:
        return {"unknown"}
    node = job.node.get("runs-on")
    if isinstance(node, Mapping):
        node = node.get("labels")
    if isinstance(node, Sequence):
        kinds = {kind for item in node.items for kind in _kinds(item, job)} - {"unknown"}
        return kinds or {"unknown"}
    return set(_kinds(node, job)) or {"unknown"}


def _kinds(node: Node | None, job: Job) -> Iterator[str]:
    text = text_of(node).strip().lower()
    match = re.fullmatch(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}", text)
    if match is not None:
        strategy = job.node.get("strategy")
        matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
        values = list(_values(matrix, match.group(1))) if isinstance(matrix, Mapping) else []
        for value in values or [""]:
            yield _kind(value.lower())
    else:
        yield _kind(text)


def _values(node: Node, name: str) -> Iterator[str]:
    """Every text that a matrix gives a name, under the name itself and in ``include``."""
    if isinstance(node, Mapping):
        for key, _, value in node.pairs():
            if key.lower() == name and isinstance(value, Scalar):
                yield value.value
            elif key.lower() == name and isinstance(value, Sequence):
                yield from (text_of(item) for item in value.items)
            elif key == "include" and isinstance(value, Sequence):
                for item in value.items:
                    yield from _values(item, name)
            elif key == "include":
                yield ""


def _kind(label: str) -> str:
    if not label or "${{" in label:
        return "unknown"
    if "windows" in label:
        return "windows"
    if any(word in label for word in ("ubuntu", "linux", "macos", "debian", "alpine")):
        return "unix"
    return "unknown"
