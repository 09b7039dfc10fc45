"""Code that an outsider wrote, run with the rights of the repository: a "pwn request"."""

from __future__ import annotations

from chittyops_policy.model import Related
from chittyops_policy.outsiders import ARTIFACT, reaches, takings_of
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import commands_of, script_in
from chittyops_policy.workflow import text_of
from chittyops_policy.workspace_code import action_executes, executes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.outsiders import Taking
    from chittyops_policy.workflow import Step, Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    told: set[tuple[int, int]] = set()
    for taking in takings_of(view, context):
        if taking.closed or taking.labelled or taking.kind == ARTIFACT:
            continue
        for step in taking.job.steps[taking.step.index :]:
            if step is not taking.step and _replaces(step, taking):
                break
            if not reaches(step, taking.event, context.snapshot.slug):
                continue
            for finding in _run(view, step, taking, context):
                assert finding.span is not None
                place = (finding.span.start, finding.span.end)
                if place not in told:
                    told.add(place)
                    yield finding


def _run(view: Workflow, step: Step, taking: Taking, context: Context) -> Iterator[Finding]:
    document = view.document
    origin = document.spot(taking.scalar, taking.start, taking.end)
    related = (Related(view.path, origin, "takes in what the outsider wrote"),)
    guarded = taking.job.node.get("environment") is not None
    severity = "high" if guarded or taking.computed else None
    notes = (
        ("Rules of the environment may ask a person first; the person then has to read every line.",) if guarded else ()
    )
    message = f"{{}} runs what an outsider wrote, who starts this with {taking.event} and the rights of the repository"
    uses = step.uses
    if uses is not None:
        if action_executes(uses, taking.folder):
            text = message.format(uses.text.partition("@")[0])
            yield context.at(document, uses.node, text, related=related, notes=notes, severity=severity)
    script = script_in(view, taking.job, step)
    if script is not None:
        begin = taking.end if step is taking.step else 0
        elsewhere = taking.folder and taking.folder not in script.node.value
        if elsewhere and taking.folder not in text_of(step.node.get("working-directory")):
            return
        for command in commands_of(script, context):
            if command.start >= begin and executes(command):
                text = message.format(" ".join(command.words)[:60])
                yield context.inside(
                    document,
                    script.node,
                    command.start,
                    command.end,
                    text,
                    related=related,
                    notes=notes,
                    severity=severity,
                )
                return  # one place of a script is enough to see it


def _replaces(step: Step, taking: Taking) -> bool:
    """Whether a later checkout puts something else into the folder."""
    if step.uses is None or step.uses.slug != "actions/checkout":
        return False
    return text_of(step.input("path")).strip().removeprefix("./").rstrip("/") == taking.folder


def _examples() -> tuple[Example, ...]:
    head = "on: pull_request_target\npermissions: {contents: read}\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    checkout = (
        "    steps:\n      - uses: actions/checkout@v7\n        with:\n"
        "          ref: ${{ github.event.pull_request.head.sha }}\n          persist-credentials: false\n"
    )
    run = "      - run: |\n          node --version\n          npm ci\n"
    return (
        Example("The tests of a pull request from anywhere", head + checkout + run, fires=("npm ci",)),
        Example(
            "The code is only looked at", head + checkout + "      - run: git diff --stat HEAD~1 && wc -l README.md\n"
        ),
        Example("The code of the base branch", head + "    steps:\n      - uses: actions/checkout@v7\n" + run),
        Example(
            "Outsiders do not get this far",
            head + "    if: github.event.pull_request.head.repo.full_name == github.repository\n" + checkout + run,
        ),
        Example(
            "A comment is enough to have the pull request built",
            "on: {issue_comment: {types: [created]}}\npermissions: {}\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
            "    if: github.event.issue.pull_request && contains(github.event.comment.body, '/build')\n"
            "    steps:\n      - run: |\n          gh pr checkout ${{ github.event.issue.number }}\n          make\n",
            fires=("make",),
        ),
    )


RULE = Rule(
    id="untrusted-checkout-exec",
    title="An outsider's code runs with the repository's rights",
    theme="triggers",
    severity="critical",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"pull_request_target", b"workflow_run", b"issue_comment", b"issues", b"discussion"),
    why=(
        "Workflows on pull_request_target, workflow_run and comments have the repository's token and its secrets, "
        "though anybody can start them. When such a run checks out a pull request and installs, builds or tests it, "
        "the author decides what is executed: a changed package.json is enough to take over the repository."
    ),
    how=(
        "Test pull requests on pull_request, which gives forks no rights. What needs rights belongs into a second "
        "workflow that does not run the code."
    ),
    examples=_examples,
    check=_check,
    limits=(
        "The list of programs that run what lies in their folder is not complete. Downloaded artifacts are left to "
        "artifact-poisoning, and jobs behind a label to untrusted-checkout-toctou."
    ),
    unfixable="the work has to be divided between two workflows, which only its owners can do",
    tags=("privileged-trigger", "external/cwe/cwe-94", "external/cwe/cwe-829", "owasp-cicd-sec-4"),
)
