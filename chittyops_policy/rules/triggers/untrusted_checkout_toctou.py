"""A check by a person that a later push of the outsider survives: time of check to time of use."""

from __future__ import annotations

from chittyops_policy.outsiders import ARTIFACT, takings_of, types_of
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.outsiders import Taking
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for taking in takings_of(view, context):
        message = _gap(taking, view)
        if message:
            yield context.inside(view.document, taking.scalar, taking.start, taking.end, message)


def _gap(taking: Taking, view: Workflow) -> str:
    """How the outsider gets past the person, or ''."""
    if taking.kind == ARTIFACT or taking.computed:
        return ""
    if taking.labelled and not taking.closed and taking.event == "pull_request_target":
        if "synchronize" in types_of(view, taking.event):
            return "once the label is on, every later push of the outsider is taken in as well, without another look"
        if not taking.fixed:
            return "a push between the label and this step is taken in, though nobody looked at it"
    if taking.association and not taking.fixed:
        return "a push between the comment and this step is taken in, though nobody looked at it"
    return ""


def _examples() -> tuple[Example, ...]:
    def labelled(types: str, ref: str) -> str:
        return (
            f"on:\n  pull_request_target:\n    types: [{types}]\npermissions: {{}}\njobs:\n  test:\n"
            "    if: contains(github.event.pull_request.labels.*.name, 'safe to test')\n    runs-on: ubuntu-latest\n"
            "    steps:\n      - uses: actions/checkout@v7\n"
            f"        with: {{persist-credentials: false, ref: '{ref}'}}\n      - run: make test\n"
        )

    fixed, moving = "${{ github.event.pull_request.head.sha }}", "${{ github.head_ref }}"
    return (
        Example(
            "The label stays when the author pushes again", labelled("labeled, synchronize", fixed), fires=(fixed,)
        ),
        Example("A branch, not the commit that was looked at", labelled("labeled", moving), fires=(moving,)),
        Example("The commit that was there when the label was put on", labelled("labeled", fixed)),
        Example(
            "A comment of a member, about whatever is there when the job starts",
            "on: issue_comment\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
            '    if: contains(fromJSON(\'["MEMBER", "OWNER"]\'), github.event.comment.author_association)\n'
            "    steps:\n      - run: gh pr checkout ${{ github.event.issue.number }}\n      - run: make test\n",
            fires=("gh pr checkout ${{ github.event.issue.number }}",),
        ),
    )


RULE = Rule(
    id="untrusted-checkout-toctou",
    title="A push gets past the person who looked",
    theme="triggers",
    severity="high",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"pull_request_target", b"issue_comment"),
    why=(
        "A label or a comment of a maintainer says that somebody looked at a pull request; it does not say at which "
        "commit. The author waits for it and then pushes, and the run takes in the new commit with the rights of the "
        "repository."
    ),
    how=(
        "Check out github.event.pull_request.head.sha on types: [labeled] alone; after a comment, compare the commit's "
        "time with that of the comment, or have the commit named in it."
    ),
    examples=_examples,
    check=_check,
    limits="A step that takes the label off again before the code runs is not recognised.",
    unfixable="how people approve a run is for its owners to arrange",
    tags=("privileged-trigger", "external/cwe/cwe-367", "owasp-cicd-sec-4"),
)
