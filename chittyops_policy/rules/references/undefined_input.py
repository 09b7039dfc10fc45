"""An expression that reads an input that neither a caller nor the form can give."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow, mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    if isinstance(view, Workflow):
        form, call = _declared(view, "workflow_dispatch"), _declared(view, "workflow_call")
        names = None if form is None or call is None else (*form, *call)
        where = "workflow_call and workflow_dispatch declare"
    else:
        form, call = None, None
        names, where = _names(view.node.get("inputs")), "this action declares"
    if names is not None:
        known = {name.lower() for name in names}
        for reading in readings(view, "inputs"):
            name = reading.name(0)
            if name and name not in known:
                written = reading.written(0)
                yield reading.finding(context, 0, f"no input '{written}': {where} {_shown(names, written)}")
    # A called workflow sees the event of its caller, and an action that of its workflow.
    if not isinstance(view, Workflow) or form is None or "workflow_call" in view.triggers:
        return
    known = {name.lower() for name in form}
    for reading in readings(view, "github"):
        if reading.name(0) == "event" and reading.name(1) == "inputs" and reading.name(2):
            if reading.name(2) not in known:
                written = reading.written(2)
                yield reading.finding(
                    context, 2, f"no input '{written}': workflow_dispatch declares {_shown(form, written)}"
                )


def _declared(view: Workflow, event: str) -> tuple[str, ...] | None:
    trigger = view.triggers.get(event)
    settings = None if trigger is None else mapping_of(trigger[1])
    return () if settings is None else _names(settings.get("inputs"))


def _names(node: Node | None) -> tuple[str, ...] | None:
    """The declared names; None where they cannot be told."""
    if not isinstance(node, Mapping):
        return ()
    return None if "<<" in node else node.keys()


def _shown(names: tuple[str, ...], written: str) -> str:
    shown = ", ".join(name[:40] for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return (shown or "none") + closest(written, names)


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The form has a field of another name",
            "on:\n"
            "  push:\n"
            "  workflow_dispatch:\n"
            "    inputs:\n"
            "      environment: {type: string}\n"
            "jobs:\n"
            "  deploy:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: make deploy\n"
            "        env:\n"
            "          TARGET: ${{ inputs.enviroment || github.event.inputs.target }}\n",
            fires=("inputs.enviroment", "github.event.inputs.target"),
        ),
        Example(
            "Inputs of either trigger, in any letter case; a called workflow sees its caller's event",
            "on:\n"
            "  workflow_call:\n"
            "    inputs: {dry-run: {type: boolean}}\n"
            "  workflow_dispatch:\n"
            "    inputs: {target: {type: string}}\n"
            "jobs:\n"
            "  deploy:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - if: '!inputs.Dry-Run'\n"
            "        run: make deploy ${{ inputs.target }} ${{ github.event.inputs.reason }}\n",
        ),
        Example(
            "An action reads what it does not declare",
            {
                "action.yml": "name: build\n"
                "description: builds\n"
                "inputs:\n"
                "  target: {description: what}\n"
                "runs:\n"
                "  using: composite\n"
                "  steps:\n"
                "    - run: make\n"
                "      shell: bash\n"
                "      env: {TARGET: '${{ inputs.target }}', LEVEL: '${{ inputs.level }}'}\n"
            },
            fires=("inputs.level",),
        ),
    )


RULE = Rule(
    id="undefined-input",
    title="An expression reads an input that nobody can give",
    theme="references",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"inputs",),
    why=(
        "An input that is not declared is the empty text for GitHub, not an error. The switch that should keep a run "
        "dry is off, the environment that somebody chose is ignored, and the default takes its place."
    ),
    how="Declare the input under workflow_call, workflow_dispatch or the action's inputs, or correct the name.",
    examples=_examples,
    check=_check,
    unfixable="what the input should be only its owners know",
    tags=("control-flow", "correctness", "external/cwe/cwe-908"),
)
