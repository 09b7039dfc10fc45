"""A token that may do more than the jobs that have it need."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.model import Related, Span
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule, Unknown
from chittyops_policy.token_needs import needs_of
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Outcome
    from chittyops_policy.token_needs import Needs
    from chittyops_policy.workflow import Job, Step, Workflow


def _check(view: Workflow, context: Context) -> Iterator[Outcome]:
    heirs = [job for job in view.jobs if job.permissions is None]
    top = view.permissions
    if isinstance(top, Scalar) and heirs:
        yield from _everything(view, context, top, f"{len(heirs)} jobs" if len(heirs) > 1 else f"'{heirs[0].id}'")
    elif isinstance(top, Mapping) and len(heirs) > 1:
        yield from _shared(view, context, top, heirs)
    elif isinstance(top, Mapping) and heirs:
        yield from _own(view, context, top, heirs[0])
    for job in view.jobs:
        if isinstance(job.permissions, Scalar):
            yield from _everything(view, context, job.permissions, f"'{job.id}'")
        elif isinstance(job.permissions, Mapping):
            yield from _own(view, context, job.permissions, job)


def _everything(view: Workflow, context: Context, node: Scalar, who: str) -> Iterator[Finding]:
    if node.value == "write-all":
        yield context.at(view.document, node, f"the token of {who} may write everything", severity="high")
    elif node.value == "read-all":
        yield context.at(view.document, node, f"the token of {who} may read everything", severity="low")


def _shared(view: Workflow, context: Context, top: Mapping, heirs: list[Job]) -> Iterator[Outcome]:
    """What stands at the top is for every job without a statement of its own: also for those that do not need it."""
    written = [(scope, key, value) for scope, key, value in top.pairs() if text_of(value) == "write"]
    needs = [(job, needs_of(view, job, context)) for job in heirs] if written else []
    for scope, key, value in written:
        idle = [job for job, each in needs if not _may_need(scope, each, job)]
        if idle:
            names = " and ".join(f"'{job.id}'" for job in idle[:2]) + (f" and {len(idle) - 2} more" if idle[2:] else "")
            yield context.at(
                view.document,
                Span(key.start, value.end),
                f"every job gets {scope}: write from here, also {names}, which {'has' if len(idle) == 1 else 'have'} "
                "no use for it",
                node=value,
                related=(Related(view.path, idle[0].key.span, "does not need it"),),
            )
        else:
            yield _open(view, needs)


def _own(view: Workflow, context: Context, permissions: Mapping, job: Job) -> Iterator[Outcome]:
    """A permission of one job that nothing in it can use."""
    written = [(scope, key, value) for scope, key, value in permissions.pairs() if text_of(value) == "write"]
    needs = needs_of(view, job, context) if written else None
    for scope, key, value in written:
        assert needs is not None
        if not _may_need(scope, needs, job):
            message = f"nothing in '{job.id}' needs {scope}: write"
            yield context.at(view.document, Span(key.start, value.end), message, node=value)
        elif needs.unknown:
            yield _open(view, [(job, needs)])


def _open(view: Workflow, needs: list[tuple[Job, Needs]]) -> Unknown:
    reason = next((each.unknown for _, each in needs if each.unknown), "scripts may use it")
    return Unknown(f"{view.path}: {reason}")


def _may_need(scope: str, needs: Needs, job: Job) -> bool:
    """Whether a job may have a use for writing to a scope, also where that cannot be seen."""
    if needs.unknown or needs.scopes.get(scope, ("",))[0] == "write":
        return True
    if not needs.scripts:
        return False
    # Scripts reach the identity token, and push with what a checkout leaves behind.
    return scope == "id-token" or (scope == "contents" and any(_keeps(step) for step in job.steps))


def _keeps(step: Step) -> bool:
    """Whether a step may leave credentials of git behind: a checkout, or an own action, which may hold one."""
    uses = step.uses
    if uses is None or uses.kind in ("local", "self"):
        return uses is not None
    return uses.slug == "actions/checkout" and text_of(step.input("persist-credentials")).lower() != "false"


def _examples() -> tuple[Example, ...]:
    checkout = "      - uses: actions/checkout@v7\n        with: {persist-credentials: false}\n"
    release = "      - uses: softprops/action-gh-release@v3\n"
    return (
        Example(
            "Everything, for every job",
            "on: push\npermissions: write-all\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
            + checkout
            + "      - run: make test\n",
            fires=("write-all",),
            after={
                ".github/workflows/example.yml": "on: push\npermissions:\n  contents: read\njobs:\n  test:\n"
                "    runs-on: ubuntu-latest\n    steps:\n" + checkout + "      - run: make test\n"
            },
        ),
        Example(
            "One job needs it, and all have it",
            "on: push\npermissions:\n  contents: read\n  security-events: write\njobs:\n"
            "  test:\n    runs-on: ubuntu-latest\n    steps:\n"
            + checkout
            + "      - run: make test\n  analyze:\n    runs-on: ubuntu-latest\n    steps:\n"
            + checkout
            + "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n",
            fires=("security-events: write",),
            after={
                ".github/workflows/example.yml": "on: push\npermissions:\n  contents: read\njobs:\n"
                "  test:\n    runs-on: ubuntu-latest\n    steps:\n" + checkout + "      - run: make test\n"
                "  analyze:\n    runs-on: ubuntu-latest\n    permissions:\n"
                "      actions: read # for github/codeql-action/init\n      contents: read\n"
                "      security-events: write # for github/codeql-action/init\n    steps:\n"
                + checkout
                + "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n"
            },
        ),
        Example(
            "A job whose actions do not write issues",
            "on: pull_request\npermissions: {}\njobs:\n  filter:\n    permissions:\n      pull-requests: read\n"
            "      issues: write\n    runs-on: ubuntu-latest\n    steps:\n      - uses: dorny/paths-filter@v4\n",
            fires=("issues: write",),
            after={
                ".github/workflows/example.yml": "on: pull_request\npermissions: {}\njobs:\n  filter:\n"
                "    permissions:\n      pull-requests: read\n    runs-on: ubuntu-latest\n    steps:\n"
                "      - uses: dorny/paths-filter@v4\n"
            },
        ),
        Example(
            "A single job, and what its action needs",
            "on: {push: {tags: ['v*']}}\npermissions:\n  contents: write\njobs:\n  release:\n"
            "    runs-on: ubuntu-latest\n    steps:\n" + checkout + release,
        ),
        Example(
            "A script with the token may do anything with it, and so may an action that is not known",
            "on: push\njobs:\n  a:\n    permissions: {issues: write}\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: ./report\n        env: {GH_TOKEN: '${{ github.token }}'}\n"
            "  b:\n    permissions: {issues: write}\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: example/unheard-of@v1\n",
        ),
    )


RULE = Rule(
    id="excessive-permissions",
    title="A token may do more than its jobs need",
    theme="permissions",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"write", b"read-all"),
    why=(
        "Whatever runs in a job can do what its token may: an action that was taken over, a dependency of a test, text "
        "that an outsider slipped into a script. A token that may only read the code is worth nothing to them; one "
        "that may write to the repository is worth everything."
    ),
    how=(
        "State contents: read, or {}, at the top of the workflow, and each further permission at the one job that "
        "needs it."
    ),
    examples=_examples,
    check=_check,
    limits=(
        "What an action needs is known for those of policies/data/action-permissions.tsv. A job with another action, "
        "or with a script that gets the token, may need all that it has: nothing is said about it."
    ),
    tags=("excessive-permission", "external/cwe/cwe-250", "owasp-cicd-sec-5"),
)
