"""An expression that reads a value that no combination of the job's matrix has."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Sequence
from chittyops_policy.matrices import values_of
from chittyops_policy.readings import closest, readings
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    known: dict[str, dict[str, list[Node]] | None] = {}
    for reading in readings(view, "matrix"):
        name, job = reading.name(0), reading.job
        if not name or job is None:
            continue
        if job.id not in known:
            known[job.id] = values_of(job)
        values = known[job.id]
        if values is None:
            continue
        written = reading.written(0)
        if name not in values:
            has = f"; it has {', '.join(list(values)[:5])}" if values else ""
            hint = closest(written, list(values)) or has
            what = "the matrix has no" if "strategy" in job.node else "there is no matrix here, and so no"
            yield reading.finding(context, 0, f"{what} '{written}'{hint}")
        elif reading.name(1) and not _may_have(values[name], reading.name(1)):
            yield reading.finding(context, 1, f"no value of '{written}' in the matrix has a '{reading.written(1)}'")


def _may_have(values: list[Node], name: str) -> bool:
    """Whether one of the values could have a part of that name in lower case."""
    for value in values:
        if isinstance(value, Mapping):
            if any(key.lower() == name or "${{" in key or key == "<<" for key, _, _ in value.pairs()):
                return True
        elif isinstance(value, Sequence) or "${{" in getattr(value, "value", ""):
            return True
    return False


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A key of another name, and a job without a matrix",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy:\n"
            "      matrix:\n"
            "        node: [22, 24]\n"
            "        include:\n"
            "          - {node: 24, coverage: true}\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/setup-node@v4\n"
            "        with: {node-version: '${{ matrix.node-version }}'}\n"
            "      - if: matrix.coverage\n"
            "        run: make coverage\n"
            "  lint:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: make lint NODE=${{ matrix.node }}\n",
            fires=("matrix.node-version", "matrix.node"),
        ),
        Example(
            "A matrix that is made during the run has any key",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    needs: plan\n"
            "    strategy:\n"
            "      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps: [{run: make test}]\n"
            "  plan:\n"
            "    runs-on: ubuntu-latest\n"
            "    outputs: {matrix: '{}'}\n"
            "    steps: [{run: make plan}]\n",
        ),
        Example(
            "The parts of a value",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy:\n"
            "      matrix:\n"
            "        target:\n"
            "          - {os: ubuntu-latest, arch: x64}\n"
            "          - {os: macos-latest}\n"
            "    runs-on: ${{ matrix.target.os }}\n"
            "    steps:\n"
            "      - run: make ${{ matrix.target.arch }} ${{ matrix.target.cpu }}\n",
            fires=("matrix.target.cpu",),
        ),
    )


RULE = Rule(
    id="undefined-matrix-key",
    title="An expression reads a key that the matrix does not have",
    theme="references",
    severity="medium",
    visits=(WORKFLOW,),
    needs=(b"matrix",),
    why=(
        "A key that no combination has is the empty text for GitHub, not an error. Every job of the matrix then runs "
        "with the tool's default version, so that a green matrix has tested one thing many times."
    ),
    how="Add the key to the matrix, or correct the name.",
    examples=_examples,
    check=_check,
    unfixable="what the matrix should hold only its owners know",
    tags=("control-flow", "correctness", "external/cwe/cwe-908"),
)
