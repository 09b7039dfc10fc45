"""A shell that the runner does not have."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.readings import closest
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.runners import WINDOWS, Machines, machines_in
from chittyops_policy.workflow import Workflow, mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Mapping, Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action

SHELLS = ("bash", "cmd", "powershell", "pwsh", "python", "sh")
"""The shells that the runner knows by name (actions/runner, ScriptHandlerHelpers, 2026-11); any other needs ``{0}``."""

_WINDOWS_ONLY = ("cmd", "powershell")


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    if not isinstance(view, Workflow):
        for step in view.steps:
            yield from _judged(view, step.node.get("shell"), (), context)
        return
    yield from _judged(view, _default(view.node), (), context)
    seen: set[int] = set()  # an aliased step is written once
    for job, each in machines_in(view, context):
        shells = [step.node.get("shell") for step in job.steps if "shell" in step.node.index]
        for node in (_default(job.node), *shells):
            if node is not None and id(node) not in seen:
                seen.add(id(node))
                yield from _judged(view, node, each, context)


def _default(node: Mapping) -> Node | None:
    if "defaults" not in node.index:
        return None
    defaults = mapping_of(node.get("defaults"))
    run = mapping_of(defaults.get("run")) if defaults is not None else None
    return run.get("shell") if run is not None else None


def _judged(
    view: Workflow | Action, node: Node | None, runners: tuple[Machines, ...], context: Context
) -> Iterator[Finding]:
    """What is wrong with a shell; `runners` are those that the job can be sent to, as far as that is known."""
    if not isinstance(node, Scalar) or "${{" in node.value or "{0}" in node.value or not node.value.strip():
        return
    name = node.value.strip().lower()
    if name not in SHELLS:
        shown = node.value.strip()[:60]
        hint = closest(name, SHELLS) or "; a shell of another name is written with {0} for the script"
        yield context.at(view.document, node, f"the runner knows no shell '{shown}'{hint}")
    elif name in _WINDOWS_ONLY:
        systems = {machines.system for machines in runners}
        system = systems.pop() if len(systems) == 1 else ""
        if system and system != WINDOWS:
            yield context.at(view.document, node, f"{name} exists on Windows only, and the job runs on {system}")


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "A shell that the runner does not know, options without a place for the script, and one for Windows",
            head + "      - run: make\n        shell: zsh\n      - run: make\n        shell: bash -x\n"
            "      - run: make\n        shell: powershell\n",
            fires=("zsh", "bash -x", "powershell"),
        ),
        Example(
            "Any program can be a shell when {0} says where the script goes",
            head + "      - run: make\n        shell: bash -x {0}\n      - run: print $ENV{HOME}\n"
            "        shell: perl {0}\n      - run: make\n        shell: bash\n",
        ),
        Example(
            "On a matrix with Windows every shell may be right",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    strategy: {matrix: {os: [ubuntu-latest, windows-latest]}}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps:\n"
            "      - if: runner.os == 'Windows'\n"
            "        run: make\n"
            "        shell: cmd\n",
        ),
    )


RULE = Rule(
    id="unknown-shell",
    title="The runner does not have this shell",
    theme="runners",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"shell",),
    searched=True,
    why="The step fails before its first command, and with it the job; nobody notices where the step is conditional.",
    how="Name a shell that the runner knows, or write the whole command with {0} where the script goes.",
    limits="What other steps or a container install is not known; sh on Windows comes with Git and is accepted.",
    examples=_examples,
    check=_check,
    unfixable="which shell is meant only its owners know",
    tags=("runner-compatibility", "correctness"),
)
