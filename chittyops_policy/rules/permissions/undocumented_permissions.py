"""A permission without a word on what it is for."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.edits import line_end
from chittyops_policy.model import Span
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document, Node, Scalar
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for permissions in (view.permissions, *(job.permissions for job in view.jobs)):
        for scope, key, value in permissions.pairs() if isinstance(permissions, Mapping) else ():
            wanted = text_of(value)
            if wanted not in ("read", "write") or (scope, wanted) == ("contents", "read"):
                continue
            if not _explained(view.document, key, value):
                message = f"no comment says what {scope}: {wanted} is for"
                yield context.at(view.document, Span(key.start, value.end), message, node=value)


def _explained(document: Document, key: Scalar, value: Node) -> bool:
    """Whether a comment follows on the line, or stands on the line above."""
    line = document.line_column(key.start)[0]
    behind = document.text[value.end : line_end(document, value.end)].partition("#")[2]
    above = document.line_text(line - 1).lstrip() if line > 1 else ""
    return bool(behind.strip(" #-") or (above.startswith("#") and above.strip(" #-")))


def _examples() -> tuple[Example, ...]:
    jobs = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"
    return (
        Example(
            "Two permissions, one of them explained",
            "on: push\npermissions:\n  contents: read\n  checks: write # the test report\n  issues: write\n" + jobs,
            fires=("issues: write",),
        ),
        Example(
            "The comment on the line above is as good",
            "on: push\npermissions:\n  # The report of the tests is a check of its own.\n  checks: write\n" + jobs,
        ),
        Example(
            "Reading the code needs no words, and nothing needs none",
            "on: push\npermissions: {contents: read, issues: none}\n" + jobs,
        ),
    )


RULE = Rule(
    id="undocumented-permissions",
    title="No comment says what a permission is for",
    theme="permissions",
    severity="info",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"permissions",),
    why=(
        "A permission outlives the step that needed it, because nobody remembers which one that was and nobody dares "
        "to take it away. Whoever reviews a change of the workflow can only judge a permission whose purpose is said."
    ),
    how="Write a comment behind the permission: what it is for.",
    examples=_examples,
    check=_check,
    unfixable="what a permission is for only its owners know",
    tags=("excessive-permission", "external/cwe/cwe-1053", "owasp-cicd-sec-5"),
)
