"""Jobs that hand over artifacts of the same name, which only the first of them can."""

from __future__ import annotations

from chittyops_policy.action_versions import newest
from chittyops_policy.artifacts import uploads
from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.model import Related
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import is_false, mapping_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Job, Step, Workflow

UNIQUE_SINCE = (4, 0, 0)
"""Since this release of actions/upload-artifact (2023-12) a name is taken once it has been used in a run."""


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    taken: dict[str, Scalar] = {}
    for job in view.jobs:
        for step in job.steps:
            name = _name(view, job, step)
            if name is None:
                continue
            node = step.input("name")
            place = node if isinstance(node, Scalar) else step.uses.node if step.uses is not None else None
            if place is None:
                continue
            if _several(job):
                yield context.at(view.document, place, f"each job of the matrix uploads an artifact called '{name}'")
            elif name in taken:
                yield context.at(
                    view.document,
                    place,
                    f"an artifact called '{name}' has been uploaded before in the same run",
                    related=(Related(view.path, taken[name].span, "here"),),
                )
            taken.setdefault(name, place)


def _name(view: Workflow, job: Job, step: Step) -> str | None:
    """The artifact that a step certainly uploads and that nothing but a first upload may; None for any other step."""
    if not uploads(step) or step.uses is None or step.input("overwrite") is not None:
        return None
    if any(holder.get("if") is not None for holder in (job.node, step.node)) or is_false(job.node.get("if")):
        return None  # conditions may leave one of them
    version = newest(view.document, step.uses)
    if version is None or version < UNIQUE_SINCE or text_of(step.input("archive")).lower() == "false":
        return None
    node = step.input("name")
    name = text_of(node) if node is not None else "artifact"
    return None if "${{" in name or not name else name


def _several(job: Job) -> bool:
    """Whether a matrix certainly makes more than one job."""
    strategy = mapping_of(job.node.get("strategy"))
    matrix = strategy.get("matrix") if strategy is not None else None
    if not isinstance(matrix, Mapping) or "exclude" in matrix:
        return False
    size = 1
    for key, _, value in matrix.pairs():
        if isinstance(value, Sequence):
            size = max(size, len(value.items)) if key == "include" else size * len(value.items)
    return size > 1


_MATRIX = """\
on: push
jobs:
  build:
    runs-on: ${{{{ matrix.os }}}}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest]
    steps:
      - uses: actions/upload-artifact@v4
        with:
          name: {name}
          path: dist
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example("One name for all jobs of a matrix", _MATRIX.format(name="dist"), fires=("dist",)),
        Example("A name for each", _MATRIX.format(name="dist-${{ matrix.os }}")),
        Example(
            "Two jobs, one of which says nothing about the name",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/upload-artifact@v4\n"
            "        with: {path: dist}\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/upload-artifact@v4\n"
            "        with: {path: reports, name: artifact}\n",
            fires=("artifact",),
        ),
        Example("Until version 3 the jobs added to one artifact", _MATRIX.format(name="dist").replace("@v4", "@v3")),
        Example(
            "The last one may replace the others",
            _MATRIX.format(name="dist").replace("path: dist", "path: dist\n          overwrite: true"),
        ),
    )


RULE = Rule(
    id="conflicting-artifact-names",
    title="Two uploads take the same name",
    theme="hygiene",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"upload-artifact",),
    why=(
        "Since version 4 an artifact cannot be added to: the first upload of a run takes its name, and every other one "
        "with that name fails, in a matrix all jobs but the quickest. Which of them is kept, chance decides."
    ),
    how="Put what differs into the name, as in dist-${{ matrix.os }}, and let download-artifact merge by a pattern.",
    limits=(
        "Jobs and steps with a condition are left alone, and so are names that are computed and uploads inside called "
        "workflows and actions. The version of a commit is taken from the comment behind it."
    ),
    examples=_examples,
    check=_check,
    unfixable="whoever downloads the artifact has to know the new names",
    tags=("control-flow", "correctness"),
)
