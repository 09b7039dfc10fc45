"""Features that work and that hardly anybody should use."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow, mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Mapping, Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    nodes: list[Node | None] = []
    steps = list(view.steps) if not isinstance(view, Workflow) else []
    if isinstance(view, Workflow):
        nodes.append(_default(view.node))
        for job in view.jobs:
            nodes.append(_default(job.node))
            steps += job.steps
    seen: set[int] = set()  # an aliased step is written once
    for node in (*nodes, *(step.node.get("shell") for step in steps)):
        if isinstance(node, Scalar) and node.value.strip().lower() == "cmd" and id(node) not in seen:
            seen.add(id(node))
            yield context.at(view.document, node, "cmd has no way to stop at the first error, and no tool reads it")
    for step in steps:
        if step.uses is not None and step.uses.slug == "actions/setup-python":
            value = step.input("pip-install")
            if value is not None and id(value) not in seen:
                seen.add(id(value))
                message = "pip-install puts packages into the runner's Python, without a lock file"
                yield context.at(view.document, value, message)


def _default(node: Mapping) -> Node | None:
    defaults = mapping_of(node.get("defaults"))
    run = mapping_of(defaults.get("run")) if defaults is not None else None
    return run.get("shell") if run is not None else None


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  build:\n    runs-on: windows-latest\n    steps:\n"
    return (
        Example(
            "The shell of Windows' past",
            head + "      - run: build.bat\n        shell: cmd\n",
            fires=("cmd",),
        ),
        Example("Its successor", head + "      - run: ./build.ps1\n        shell: pwsh\n"),
        Example(
            "Packages without a lock file",
            head + "      - uses: actions/setup-python@v6\n        with:\n          pip-install: .[test]\n",
            fires=(".[test]",),
        ),
    )


RULE = Rule(
    id="misfeature",
    title="A feature is used that does more harm than good",
    theme="hygiene",
    severity="low",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"cmd", b"pip-install"),
    searched=True,
    why=(
        "cmd runs on after an error, quotes in ways that nobody remembers, and is read by no linter. The pip-install "
        "input of setup-python installs whatever is newest into the Python that the runner itself uses."
    ),
    how="Write the script for pwsh or bash; install packages in a virtual environment from a lock file.",
    examples=_examples,
    check=_check,
    unfixable="a script of another shell has to be written by somebody",
    tags=("hardening-gap", "owasp-cicd-sec-4", "external/cwe/cwe-676"),
)
