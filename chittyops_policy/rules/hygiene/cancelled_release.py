"""A deployment that the next push may cancel half-way."""

from __future__ import annotations

from chittyops_policy.deployments import deployments_of
from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.rule import REPOSITORY, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.snapshot import Snapshot


def _check(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    for path, deployments in sorted(deployments_of(context).items()):
        workflow = snapshot.workflow(path)
        if workflow is None or set(workflow.triggers) <= {"pull_request", "workflow_call", "schedule"}:
            continue
        seen: set[int] = set()
        for deployment in deployments:
            if deployment.placed.frames and deployment.placed.frames[0][0].path != path:
                continue
            job = deployment.placed.frames[0][1] if deployment.placed.frames else None
            for owner in (workflow.node, *((job.node,) if job is not None else ())):
                flag = _flag(owner.get("concurrency"))
                if flag is not None and id(flag) not in seen:
                    seen.add(id(flag))
                    message = f"the next run may cancel `{deployment.text}` half-way"
                    yield context.at(workflow.document, flag, message)


def _flag(concurrency: Node | None) -> Scalar | None:
    """The literal true of ``cancel-in-progress``, where the group is not made for one run alone."""
    if not isinstance(concurrency, Mapping):
        return None
    flag = concurrency.get("cancel-in-progress")
    group = concurrency.get("group")
    if isinstance(group, Scalar) and ("run_id" in group.value or "github.sha" in group.value):
        return None
    return flag if isinstance(flag, Scalar) and flag.resolved() is True else None


def _examples() -> tuple[Example, ...]:
    head = "on:\n  push:\n    branches: [main]\nconcurrency:\n  group: deploy\n"
    jobs = "jobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npx wrangler deploy\n"
    path = ".github/workflows/example.yml"
    return (
        Example(
            "The second push stops the first deployment",
            {path: f"{head}  cancel-in-progress: true\n{jobs}"},
            fires=("true",),
            after={path: f"{head}  cancel-in-progress: false\n{jobs}"},
        ),
        Example("The second waits", f"{head}  cancel-in-progress: false\n{jobs}"),
        Example(
            "Tests may be cancelled at any time",
            f"{head}  cancel-in-progress: true\n" + jobs.replace("npx wrangler deploy", "npm test"),
        ),
    )


RULE = Rule(
    id="cancelled-release",
    title="A new run cancels a deployment half-way",
    theme="hygiene",
    severity="low",
    profile="strict",
    visits=(REPOSITORY,),
    places=("workflow", "action"),
    part="deployments",
    why=(
        "A deployment that is cancelled between two of its steps leaves a migration without its code, a tag without "
        "its package, or half of the files. The run that cancelled it is not the one that knows how to clean up."
    ),
    how="Set cancel-in-progress to false for what deploys; a waiting run is replaced by a newer one all the same.",
    limits="What deploys is known from the pack's parameter `deployments`; expressions are not followed.",
    examples=_examples,
    check=_check,
    tags=("control-flow", "external/cwe/cwe-362"),
)
