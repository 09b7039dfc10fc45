"""Text that outsiders write, put into a script before it is read."""

from __future__ import annotations

from chittyops_policy.injection import expansions, source_of
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.injection import Source
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for place in expansions(view):
        source = source_of(view, place)
        if source is None or not source.free:
            continue
        script = f"the {place.script} of {place.action}" if place.script else "the script"
        value = f"{source.through}, which is {source.reference.raw}," if source.through else source.reference.raw
        yield context.inside(
            view.document,
            place.scalar,
            place.start,
            place.end,
            f"{value} is text that outsiders write, and it becomes a part of {script}",
            severity="medium" if source.guarded else None,
            notes=(_reach(source),),
        )


def _reach(source: Source) -> str:
    events = [event for event in source.events if event != "workflow_call"]
    if not events:
        return "Which events bring the value here the callers decide."
    return f"It comes with {', '.join(events)}" + (
        "; for a fork such a run has neither secrets nor a token that writes." if source.guarded else "."
    )


_STEP = """\
on: {on}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - name: Greet
        {env}run: |
          {run}
"""


def _one(run: str, env: str = "", on: str = "issues") -> str:
    return _STEP.format(on=on, run=run, env=env and f"env:\n          {env}\n        ")


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    return (
        Example(
            "A title can end the string and go on as a command",
            _one("""echo "New: ${{ github.event.issue.title }}\""""),
            fires=("${{ github.event.issue.title }}",),
            after={path: _one('echo "New: ${ISSUE_TITLE}"', "ISSUE_TITLE: ${{ github.event.issue.title }}")},
        ),
        Example(
            "In single quotes a variable would not be expanded: the quotes change with it",
            _one("TITLE='${{ github.event.issue.title }}'"),
            fires=("${{ github.event.issue.title }}",),
            after={path: _one('TITLE="$ISSUE_TITLE"', "ISSUE_TITLE: ${{ github.event.issue.title }}")},
        ),
        Example(
            "A variable is data, whatever it holds",
            _one('echo "New: ${ISSUE_TITLE}"', "ISSUE_TITLE: ${{ github.event.issue.title }}"),
        ),
        Example(
            "Numbers, SHAs and answers of functions cannot carry a command",
            _one(
                "echo ${{ github.event.pull_request.number }} ${{ github.event.pull_request.head.sha }}\n"
                "          echo ${{ contains(github.event.pull_request.title, 'wip') }}",
                on="pull_request_target",
            ),
        ),
        Example(
            "An event that the workflow does not listen to brings nothing",
            _one("echo '${{ github.event.issue.title }}'", on="push"),
        ),
        Example(
            "By way of env it is the same text, which the variable of that name holds already",
            _one('git checkout "${{ env.BRANCH }}"', "BRANCH: ${{ github.head_ref }}", on="pull_request_target"),
            fires=("${{ env.BRANCH }}",),
            after={path: _one('git checkout "$BRANCH"', "BRANCH: ${{ github.head_ref }}", on="pull_request_target")},
        ),
        Example(
            "A script for github-script takes it from process.env",
            "on: issue_comment\n"
            "jobs:\n"
            "  answer:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/github-script@60a0d83039c74a4aee543508d2ffcb1c3799cdea # v7.0.1\n"
            "        with:\n"
            "          script: |\n"
            "            console.log('Said: ${{ github.event.comment.body }}')\n",
            fires=("${{ github.event.comment.body }}",),
            after={
                path: "on: issue_comment\n"
                "jobs:\n"
                "  answer:\n"
                "    runs-on: ubuntu-latest\n"
                "    steps:\n"
                "      - uses: actions/github-script@60a0d83039c74a4aee543508d2ffcb1c3799cdea # v7.0.1\n"
                "        env:\n"
                "          COMMENT_BODY: ${{ github.event.comment.body }}\n"
                "        with:\n"
                "          script: |\n"
                "            console.log(`Said: ${process.env.COMMENT_BODY}`)\n"
            },
        ),
    )


RULE = Rule(
    id="template-injection",
    title="Text of outsiders that becomes a part of a script",
    theme="injection",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(b"github",),
    why="GitHub replaces ${{ }} in a script before the shell reads it. A title, a comment or a branch name that anyone "
    "may choose can close the quotes around it and go on with commands, which then run with the secrets and the token "
    "of the workflow.",
    how="Give the value to the step in env, and use the variable, in double quotes, in the script.",
    examples=_examples,
    check=_check,
    tags=("injection", "external/cwe/cwe-094", "external/cwe/cwe-078", "owasp-cicd-sec-04"),
    limits="Values that pass through the outputs of a step or the inputs of a reusable workflow or action are not "
    "followed; template-expansion lists those.",
)
