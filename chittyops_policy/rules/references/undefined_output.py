"""An expression that reads an output that the step or the job does not have."""

from __future__ import annotations

from chittyops_policy.calls import Callee, resolve
from chittyops_policy.document import Mapping
from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.snapshot import normalise
from chittyops_policy.workflow import Workflow, mapping_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.readings import Reading
    from chittyops_policy.workflow import Action, Job, Step

_OF_STEP = ("outputs", "outcome", "conclusion")
_RIGHT_OF_STEP = ("", *_OF_STEP)
_OF_JOB = ("outputs", "result")
_OWN = ("local", "self")
"""The kinds of `uses` whose outputs can be told."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    own = [uses for uses, _, _ in view.uses() if uses.kind in _OWN]
    for reading in readings(view, "steps"):
        if not own and reading.name(1) in _RIGHT_OF_STEP:
            continue
        step = reading.ids.get(reading.name(0))
        if step is not None:
            yield from _judged(reading, _OF_STEP, _of_step(step, reading, context), "the step", context)
    if isinstance(view, Workflow):
        known: dict[str, tuple[str, ...] | None] = {}
        for reading in (*readings(view, "needs"), *readings(view, "jobs")):
            job = view.job(reading.name(0))
            if job is None:
                continue  # a job that is not there is undefined-need's
            if job.id not in known:
                known[job.id] = _of_job(job, context)
            yield from _judged(reading, _OF_JOB, known[job.id], "the job", context)


def _judged(
    reading: Reading, parts: tuple[str, ...], outputs: tuple[str, ...] | None, what: str, context: Context
) -> Iterator[Finding]:
    """What is wrong with an access; `outputs` are all that there can be, None where nobody can tell."""
    part = reading.name(1)
    owner = reading.written(0)
    if part and part not in parts:
        known = ", ".join(parts[:-1]) + " and " + parts[-1]
        yield reading.finding(context, 1, f"{what} '{owner}' has {known}, but no '{reading.written(1)}'")
        return
    name = reading.name(2)
    if part == "outputs" and name and outputs is not None and name not in [each.lower() for each in outputs]:
        written = reading.written(2)
        has = closest(written, outputs) or (f"; it has {_listed(outputs)}" if outputs else "; it has none")
        yield reading.finding(context, 2, f"{what} '{owner}' has no output '{written}'{has}")


def _listed(names: tuple[str, ...]) -> str:
    shown = [name[:40] for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _of_job(job: Job, context: Context) -> tuple[str, ...] | None:
    if job.uses is None:
        return _keys(job.node.get("outputs"))
    found = resolve(job.uses, context.snapshot, context.lookups)
    trigger = found.workflow.triggers.get("workflow_call") if isinstance(found, Callee) else None
    if trigger is None:
        return None
    call = mapping_of(trigger[1])
    return () if call is None else _keys(call.get("outputs"))


def _keys(node: object) -> tuple[str, ...] | None:
    if node is None:
        return ()
    if not isinstance(node, Mapping) or any("${{" in key or key == "<<" for key in node.keys()):  # noqa: SIM118
        return None
    return node.keys()


def _of_step(step: Step, reading: Reading, context: Context) -> tuple[str, ...] | None:
    """The outputs of a composite action of this repository: others can set outputs that they do not declare."""
    uses = step.uses
    folder = None if uses is None or uses.kind not in _OWN else normalise(uses.path)
    action = None if folder is None else context.snapshot.action(folder)
    if uses is None or action is None or action.using != "composite":
        return None
    if uses.kind == "local" and not _in_own_checkout(reading):
        return None
    return _keys(action.node.get("outputs"))


def _in_own_checkout(reading: Reading) -> bool:
    """Whether the workspace holds this very commit, as far as the steps before can tell."""
    if not isinstance(reading.view, Workflow) or set(reading.view.triggers) == {"workflow_call"}:
        return False
    for step in reading.steps:
        if step.uses is not None and step.uses.slug == "actions/checkout":
            if any(text_of(step.input(name)) for name in ("repository", "ref", "path")):
                return False
    return True


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Outputs that nobody declares, and a part that no result has",
            {
                ".github/workflows/ci.yml": "on: push\n"
                "jobs:\n"
                "  build:\n"
                "    runs-on: ubuntu-latest\n"
                "    outputs:\n"
                "      version: ${{ steps.make.outputs.version }}\n"
                "    steps:\n"
                "      - uses: actions/checkout@v4\n"
                "      - id: setup\n"
                "        uses: ./setup\n"
                "      - id: make\n"
                "        run: make ${{ steps.setup.outputs.cache_hit }}\n"
                "      - run: make report\n"
                "        if: steps.make.status == 'success'\n"
                "  deploy:\n"
                "    needs: build\n"
                "    if: needs.build.outputs.versions != ''\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make deploy}]\n",
                "setup/action.yml": "name: setup\n"
                "description: sets up\n"
                "outputs: {cache-hit: {description: whether it was there, value: 'true'}}\n"
                "runs: {using: composite, steps: []}\n",
            },
            fires=("steps.setup.outputs.cache_hit", "steps.make.status", "needs.build.outputs.versions"),
        ),
        Example(
            "What a script or another repository's action puts out nobody can tell",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - id: make\n"
            "        run: make\n"
            "      - id: cache\n"
            "        uses: actions/cache@v4\n"
            "      - run: make ${{ steps.make.outputs.anything }} ${{ steps.cache.outputs.cache-hit }}\n",
        ),
        Example(
            "A called workflow declares its outputs",
            {
                ".github/workflows/ci.yml": "on: push\n"
                "jobs:\n"
                "  plan:\n"
                "    uses: ./.github/workflows/plan.yml\n"
                "  apply:\n"
                "    needs: plan\n"
                "    runs-on: ubuntu-latest\n"
                "    steps:\n"
                "      - run: make ${{ needs.plan.outputs.target }} ${{ needs.plan.outputs.targets }}\n",
                ".github/workflows/plan.yml": "on:\n"
                "  workflow_call:\n"
                "    outputs:\n"
                "      target: {value: '${{ jobs.find.outputs.place }}'}\n"
                "jobs:\n"
                "  find:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps: [{run: make find}]\n",
            },
            fires=("needs.plan.outputs.targets", "jobs.find.outputs.place"),
        ),
    )


RULE = Rule(
    id="undefined-output",
    title="An expression reads an output that is not there",
    theme="references",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"steps", b"needs", b"jobs."),
    why=(
        "An output that nobody declares is the empty text for GitHub, not an error. A release gets no version, a "
        "comparison is never true, and the step that depends on it is skipped in a run that looks fine."
    ),
    how="Declare the output where it is made, or correct the name.",
    limits=(
        "Outputs of scripts, of actions written in JavaScript or for Docker, and of other repositories are not known. "
        "A called workflow of another repository is looked at where it is part of the run."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the output should hold only its owners know",
    tags=("control-flow", "correctness", "external/cwe/cwe-908"),
)
