"""A workflow in which nobody says what the job's token may do."""

from __future__ import annotations

from chittyops_policy.outsiders import privileged_events
from chittyops_policy.rule import WORKFLOW, Context, Example, NotApplicable, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Outcome]:
    if view.permissions is not None:
        return
    silent = [job for job in view.jobs if job.permissions is None]
    if not silent:
        return
    if set(view.triggers) == {"workflow_call"}:
        yield NotApplicable("a workflow that is only called has the permissions of its callers")
        return
    names = ", ".join(f"'{job.id}'" for job in silent[:3]) + (f" and {len(silent) - 3} more" if len(silent) > 3 else "")
    events = privileged_events(view)
    started = f", also when an outsider starts it with {events[0]}" if events else ""
    yield context.at(
        view.document,
        silent[0].key,
        f"nobody states what the token of {names} may do, so it gets the repository's default{started}",
        severity="high" if events else None,
    )


def _examples() -> tuple[Example, ...]:
    job = "  {}:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v7\n      - run: make {}\n"
    build, test = job.format("build", "all"), job.format("test", "test")
    return (
        Example(
            "Neither the workflow nor its jobs say anything",
            "name: Test\n\non:\n  push:\n    branches: [main]\n\njobs:\n" + build + test,
            fires=("build",),
            after={
                ".github/workflows/example.yml": "name: Test\n\non:\n  push:\n    branches: [main]\n\n"
                "permissions:\n  contents: read\n\njobs:\n" + build + test
            },
        ),
        Example(
            "One job says it, the other does not; what it needs is known",
            "on: push\njobs:\n  style:\n    permissions: {}\n    runs-on: ubuntu-latest\n"
            "    steps: [{run: make style}]\n"
            "  analyze:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v7\n"
            "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n",
            fires=("analyze",),
            after={
                ".github/workflows/example.yml": "on: push\npermissions:\n  contents: read\njobs:\n"
                "  style:\n    permissions: {}\n    runs-on: ubuntu-latest\n    steps: [{run: make style}]\n"
                "  analyze:\n    runs-on: ubuntu-latest\n    permissions:\n"
                "      actions: read # for github/codeql-action/init\n      contents: read\n"
                "      security-events: write # for github/codeql-action/init\n"
                "    steps:\n      - uses: actions/checkout@v7\n"
                "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n"
            },
        ),
        Example("The workflow grants nothing", "on: push\npermissions: {}\njobs:\n" + build),
        Example("A workflow that is only called has what its callers have", "on: workflow_call\njobs:\n" + build),
    )


RULE = Rule(
    id="missing-permissions",
    title="Nobody states what the job's token may do",
    theme="permissions",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW,),
    why=(
        "Without a statement a job gets the default of the repository's or the organisation's settings, which in many "
        "places still is to write everything: whatever runs in the job, each dependency of a test included, can then "
        "push code and publish releases. A later change of the setting breaks the workflow without a trace in it."
    ),
    how=(
        "State permissions at the top of the workflow, such as contents: read, and at a job what that job needs beyond."
    ),
    examples=_examples,
    check=_check,
    limits="What the default is, is a setting on GitHub; new organisations read only since February 2023.",
    tags=("excessive-permission", "external/cwe/cwe-276", "owasp-cicd-sec-5"),
)
