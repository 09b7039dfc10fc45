"""A stranger's text of several lines among the outputs of a step, which it can add to."""

from __future__ import annotations

from chittyops_policy.handed_on import OUTPUT, handed_on
from chittyops_policy.injection import source_in
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import scripts
from chittyops_policy.value_flows import Place, of_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.injection import Source
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

_OF_SEVERAL_LINES = (".body", ".message", ".description")
"""The ends of the fields of an event that can hold a line break."""


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    for script in scripts(workflow):
        told: set[int] = set()
        for handed in handed_on(script.node.value):
            if handed.file != OUTPUT or "$" in handed.delimiter or handed.start in told:
                continue
            source = _lines_of(handed.text, Place(workflow, script.job, script.step), context)
            if source is not None:
                told.add(handed.start)
                how = f"a line {handed.delimiter} in it ends" if handed.delimiter else "a line break in it ends"
                message = f"{source.words} goes into the output {handed.name}; {how} the value, and more outputs follow"
                severity = "low" if source.guarded else None
                yield context.inside(
                    workflow.document, script.node, handed.start, handed.end, message, severity=severity
                )


def _lines_of(text: str, place: Place, context: Context) -> Source | None:
    """The source of a text that outsiders write and that may have several lines."""
    for origin in of_text(place, text):
        source = source_in(origin.expr, origin.place, context) if origin.expr is not None else None
        if source is not None and source.free and source.raw.lower().endswith(_OF_SEVERAL_LINES):
            return source
    return None


_STEP = """\
on: issue_comment
jobs:
  answer:
    runs-on: ubuntu-latest
    steps:
      - env:
          BODY: ${{{{ github.event.comment.{field} }}}}
        run: |
          {script}
"""


def _step(*lines: str, field: str = "body") -> str:
    return _STEP.format(script="\n          ".join(lines), field=field)


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The second line of a comment may say approved=true",
            _step('echo "approved=false" >> "$GITHUB_OUTPUT"', 'echo "body=$BODY" >> "$GITHUB_OUTPUT"'),
            fires=('echo "body=$BODY" >> "$GITHUB_OUTPUT"',),
        ),
        Example(
            "A line of the comment may be the one that ends the value",
            _step("{", "  echo 'body<<EOF'", '  echo "$BODY"', "  echo EOF", '} >> "$GITHUB_OUTPUT"'),
            fires=('echo "$BODY"',),
        ),
        Example(
            "Nobody knows the line that ends the value",
            _step(
                "END=$(uuidgen)", "{", '  echo "body<<$END"', '  echo "$BODY"', '  echo "$END"', '} >> "$GITHUB_OUTPUT"'
            ),
        ),
        Example("What has no second line", _step('echo "id=$BODY" >> "$GITHUB_OUTPUT"', field="id")),
    )


RULE = Rule(
    id="output-clobbering",
    title="A stranger's text can add outputs to a step",
    theme="injection",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"github_output",),
    searched=True,
    why=(
        "Each line of the file that GITHUB_OUTPUT names is an output. A text of several lines that is written there as "
        "it is breaks the step, or says with its second line what the stranger wants other steps to read: that the "
        "check has passed, or which version to publish. The last one of a name counts."
    ),
    how=(
        "Write it between delimiters that nobody can guess, as in delimiter=$(uuidgen), or let later steps take the "
        "text from the event, through env, where they need it."
    ),
    limits="It follows texts of the event through env and variables of scripts for bash and sh.",
    examples=_examples,
    check=_check,
    unfixable="how the steps that read the output are to get it, its authors have to choose",
    tags=("injection", "external/cwe/cwe-93", "owasp-cicd-sec-4"),
)
