"""Text that outsiders write, put into a script before it is read."""

from __future__ import annotations

from chittyops_policy.injection import expansions, source_of
from chittyops_policy.model import Related
from chittyops_policy.outsiders import lets_in, powerless
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.injection import Expansion, Source
    from chittyops_policy.model import Finding
    from chittyops_policy.value_flows import Place
    from chittyops_policy.workflow import Action


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for place in expansions(view):
        source = source_of(place, context)
        if source is None or not source.free:
            continue
        script = f"the {place.script} of {place.action}" if place.script else "the script"
        severity, reach = _reach(source, place, context)
        yield context.inside(
            view.document,
            place.scalar,
            place.start,
            place.end,
            f"{source.words} is text that outsiders write, and it becomes a part of {script}",
            severity=severity,
            notes=(reach,),
            related=_origin(source),
        )


def _reach(source: Source, expansion: Expansion, context: Context) -> tuple[str | None, str]:
    """The severity by who can start it and with what rights, None for the rule's own, and the reason in words."""
    events = [event for event in source.events if event != "workflow_call"]
    if not events:
        return None, "Which events bring the value here the callers decide."
    words = f"It comes with {', '.join(events)}"
    places = [expansion.place]
    if source.origin is not None and source.origin.place.view is not expansion.place.view:
        places.append(source.origin.place)
    if all(_shut(event, places, context) for event in source.events):
        return "low", f"{words}, but the conditions on the way keep outsiders out."
    if source.guarded:
        return "medium", f"{words}; for a fork such a run has neither secrets nor a token that writes."
    job = expansion.job
    if job is not None and isinstance(expansion.place.view, Workflow) and powerless(expansion.place.view, job):
        return "medium", f"{words}; the job has neither a secret nor a token that writes."
    return None, f"{words}."


def _shut(event: str, places: list[Place], context: Context) -> bool:
    for place in places:
        if isinstance(place.view, Workflow) and place.job is not None and event in place.view.triggers:
            if not lets_in(place.view, place.job, place.step, event, context.snapshot.slug):
                return True
    return False


def _origin(source: Source) -> tuple[Related, ...]:
    """Where a value that comes a long way is read, for a reader who has to follow it."""
    origin = source.origin
    if origin is None or origin.scalar is None or origin.expr is None:
        return ()
    document = origin.place.view.document
    return (
        Related(document.path, document.spot(origin.scalar, origin.expr.start, origin.expr.end), "it is read here"),
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


_OUTPUT = """\
on: issues
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - id: about
        env:
          TITLE: ${{{{ github.event.issue.title }}}}
        run: echo "title=$TITLE" >> "$GITHUB_OUTPUT"
      - run: {run}{env}
"""


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
            "On its way through the output of a step it stays the same text",
            _OUTPUT.format(run="echo '${{ steps.about.outputs.title }}'", env=""),
            fires=("${{ steps.about.outputs.title }}",),
            after={
                path: _OUTPUT.format(
                    run='echo "$STEPS_ABOUT_TITLE"',
                    env="\n        env:\n          STEPS_ABOUT_TITLE: ${{ steps.about.outputs.title }}",
                )
            },
        ),
        Example(
            "What a program has made of it is not known to be a stranger's any more",
            _OUTPUT.replace("$TITLE", "$(tr -cd a-z <<< '$TITLE')").format(
                run="echo '${{ steps.about.outputs.title }}'", env=""
            ),
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
    needs=(b"github", b"inputs", b"outputs"),
    why="GitHub replaces ${{ }} in a script before the shell reads it. A title, a comment or a branch name that anyone "
    "may choose can close the quotes around it and go on with commands, which then run with the secrets and the token "
    "of the workflow.",
    how="Give the value to the step in env, and use the variable, in double quotes, in the script.",
    examples=_examples,
    check=_check,
    tags=("injection", "external/cwe/cwe-94", "external/cwe/cwe-78", "owasp-cicd-sec-4"),
    limits="Values are followed through env, the outputs of scripts that only print them, jobs, matrices, and the "
    "workflows and actions of the same repository. What other actions, other repositories and programs make of a value "
    "is not known, nor what a script lets through that looks at its form: template-expansion lists those.",
)
