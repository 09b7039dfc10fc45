"""A list that is a text: contains() then also finds what only is a part of an entry."""

from __future__ import annotations

from chittyops_policy.expressions import Call, Literal, references, walk
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

_CHOSEN = frozenset(("actor", "base_ref", "head_ref", "ref", "ref_name", "triggering_actor"))
"""Parts of the github context that somebody outside chooses: a branch may have any name."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    conditions = {id(scalar) for scalar in view.document.conditions}
    for occurrence in view.expressions():
        if occurrence.expr is None or id(occurrence.scalar) not in conditions:
            continue
        for node in walk(occurrence.expr):
            if not isinstance(node, Call) or node.key != "contains" or len(node.args) != 2:
                continue
            text, sought = node.args
            read = next((each for each in references(sought) if each.expr is sought), None)
            if read is None or not isinstance(text, Literal) or not isinstance(text.value, str):
                continue
            chosen = read.context in ("env", "inputs") or (
                read.context == "github" and (read.path[:1] == ("event",) or (read.path or ("",))[0] in _CHOSEN)
            )
            message = f"every part of this text will do for {read.raw}, a single letter included; the list is no list"
            yield context.inside(
                view.document, occurrence.scalar, node.start, node.end, message, severity="high" if chosen else "low"
            )


def _examples() -> tuple[Example, ...]:
    head = "on: push\npermissions: {}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
    steps = "    steps:\n      - run: ./deploy\n"
    return (
        Example(
            "Two branches in a text",
            head + "    if: contains('refs/heads/main refs/heads/stable', github.ref)\n" + steps,
            fires=("contains('refs/heads/main refs/heads/stable', github.ref)",),
        ),
        Example(
            "Two branches in a list",
            head + '    if: contains(fromJSON(\'["refs/heads/main", "refs/heads/stable"]\'), github.ref)\n' + steps,
        ),
        Example(
            "The other way round it looks for a word in what somebody wrote",
            head + "    if: contains(github.event.head_commit.message, '[deploy]')\n" + steps,
        ),
    )


RULE = Rule(
    id="unsound-contains",
    title="A text stands where a list is meant",
    theme="expressions",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"contains",),
    searched=True,
    why=(
        "contains() looks for a part of a text. The branches main and stable, written as one text, also contain the "
        "branches ma, table or s: whoever may choose the name gets past the condition."
    ),
    how='Make a list of it: contains(fromJSON(\'["main", "stable"]\'), github.ref_name), or compare with ==.',
    examples=_examples,
    check=_check,
    unfixable="where one entry of the text ends and the next begins only its owners know",
    tags=("control-flow", "external/cwe/cwe-185", "owasp-cicd-sec-1"),
)
