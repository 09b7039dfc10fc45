"""A workflow that deploys something that runs, without a step that reports to the Beacon."""

from __future__ import annotations

from chittyops_policy import projects
from chittyops_policy.deployments import RUNTIME, deployments_of, targets
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Rule, Unknown
from chittyops_policy.step_contracts import (
    Contract,
    Match,
    contract,
    found_in,
    in_position,
    made_of,
    runs_of,
    unreadable,
    unseen_calls,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from chittyops_policy.deployments import Deployment
    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.step_contracts import Runs
    from chittyops_policy.workflow import Workflow

_NO_RUNTIME = {
    projects.DOCUMENTATION: "a repository of documents has nothing that runs",
    projects.ORG_CONFIG: "a repository of organisation settings has nothing that runs",
}


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    data = context.parameters.get("beacon")
    beacon = made_of(data, _beacon)
    if not beacon.forms or not isinstance(data, dict):
        yield NotApplicable("the policy names no Beacon step")
        return
    runs = runs_of(context)
    deploying: list[tuple[Workflow, list[Deployment]]] = []
    for all_of_it in deployments_of(context).values():
        found = [item for item in all_of_it if item.target.kind == RUNTIME]
        workflow = found[0].placed.live if found else None
        if workflow is not None and any(name != "workflow_call" for name in workflow.triggers):
            deploying.append((workflow, found))
    if not deploying:
        if context.named is None:
            yield _nothing_deploys(runs, context)
        return
    kinds = projects.projects_of(context)
    if all(project.runtime is False for project in kinds):
        yield _not_a_service(kinds, deploying)
        return
    if not any(project.runtime for project in kinds):
        yield Unknown(f"whether this is something that runs cannot be told: {kinds[0].reason}")
        return
    integrated = _integration(snapshot, data, kinds)
    for workflow, shipped in deploying:
        if integrated:
            yield Evidence(integrated)
        else:
            yield from _workflow(workflow, shipped, beacon, runs, context)


def _beacon(data: Any) -> Contract:
    return contract("beacon", data)


def _nothing_deploys(runs: Runs, context: Context) -> Outcome:
    for workflow in runs.live():
        for call, unseen in unseen_calls(workflow, context):
            return Unknown(f"{call.where} may deploy: {unseen.reason}", unseen.permission)
    broken = unreadable(runs, [target.contract for target in targets(context) if target.kind == RUNTIME])
    if broken:
        return Unknown(f"{broken} may deploy, but cannot be read")
    return NotApplicable("no workflow deploys anything that runs")


def _not_a_service(kinds: tuple[projects.Project, ...], deploying: list[tuple[Workflow, list[Deployment]]]) -> Outcome:
    first = kinds[0]
    if first.type == projects.UNKNOWN or first.confidence != projects.CERTAIN:
        shipped = deploying[0][1][0]
        where = f"{shipped.match.where} deploys to {shipped.target.title}"
        return Unknown(f"{where}, but whether that is something that runs cannot be told: {first.reason}")
    reason = _NO_RUNTIME.get(first.type, f"a {first.type} project that runs nowhere as a service")
    return NotApplicable(f"{reason} ({first.reason})")


def _workflow(
    workflow: Workflow, shipped: list[Deployment], beacon: Contract, runs: Runs, context: Context
) -> Iterator[Outcome]:
    found = list(found_in(beacon, workflow, runs))
    placed = [match for match in found if in_position(beacon, match)]
    if placed:
        yield from (Evidence(match.where) for match in placed)
        return
    if not found:
        for call, unseen in unseen_calls(workflow, context):
            yield Unknown(f"{call.where} may report to {beacon.title}: {unseen.reason}", unseen.permission)
            return
    first = shipped[0]
    own, job = first.placed.frames[0]
    others = [item for item in shipped[1:] if item.placed.frames[0][1] is not job]
    notes = tuple(sorted({f"the job {item.placed.frames[0][1].id} deploys too, with `{item.text}`" for item in others}))
    yield context.at(
        own.document,
        job.key,
        _message(first, beacon, found),
        notes=notes,
    )


def _message(first: Deployment, beacon: Contract, found: list[Match]) -> str:
    if found:
        return f"the {beacon.title} step must be the {beacon.position} step of its job"
    return f"`{first.text}` deploys to {first.target.title}, and no step of this workflow reports to {beacon.title}"


def _integration(snapshot: Snapshot, data: Mapping[str, Any], kinds: tuple[projects.Project, ...]) -> str:
    """Where the application itself brings the Beacon along, or ''."""
    folders = dict.fromkeys(["", *(project.folder for project in kinds)])
    names = [name for name in data.get("dependencies") or () if isinstance(name, str)]
    files = [name for name in data.get("files") or () if isinstance(name, str)]
    for folder in folders:
        prefix = f"{folder}/" if folder else ""
        for name in files:
            if snapshot.has(prefix + name):
                return prefix + name
        text = snapshot.text(f"{prefix}package.json")
        if text is not None:
            for name in names:
                if f'"{name}"' in text:
                    return f"{prefix}package.json: {name}"
    return ""


_WRANGLER = 'name = "api"\nmain = "src/index.ts"\n'
_DEPLOY = """\
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npx wrangler deploy
"""


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/deploy.yml"
    return (
        Example(
            "A Worker is deployed and nothing reports to the Beacon",
            {path: _DEPLOY, "wrangler.toml": _WRANGLER},
            fires=("deploy",),
            parameters={"own_actions": {"commit": "0123456789abcdef0123456789abcdef01234567", "version": "1.2.3"}},
            after={
                path: _DEPLOY + "      - name: Report to ChittyBeacon\n"
                "        if: always()\n"
                "        uses: ChittyOS/chittyops-policy/actions/chittybeacon@0123456789abcdef0123456789abcdef01234567"
                " # v1.2.3\n",
            },
        ),
        Example(
            "A step reports the deployment",
            {
                path: _DEPLOY + '      - run: curl -sf -X POST https://beacon.cloudeto.com/track -d "$EVENT"\n',
                "wrangler.toml": _WRANGLER,
            },
        ),
        Example(
            "The application brings the Beacon along",
            {
                path: _DEPLOY,
                "wrangler.toml": _WRANGLER,
                "package.json": '{"dependencies": {"@chittycorp/app-beacon": "github:chittyos/chittybeacon"}}\n',
            },
        ),
        Example(
            "The word alone, in a comment or an echo, reports nothing",
            {
                path: _DEPLOY
                + "      # curl -X POST https://beacon.cloudeto.com/track\n"
                + '      - run: echo "curl -X POST https://beacon.cloudeto.com/track"\n',
                "wrangler.toml": _WRANGLER,
            },
            fires=("deploy",),
        ),
        Example(
            "The step lies in a composite action of the repository",
            {
                path: _DEPLOY + "      - uses: ./.github/actions/after\n",
                "wrangler.toml": _WRANGLER,
                ".github/actions/after/action.yml": (
                    "name: after\ndescription: reports\nruns:\n  using: composite\n  steps:\n"
                    "    - uses: chittyos/chittyops/actions/chittybeacon@v1\n"
                ),
            },
        ),
        Example(
            "A trial run deploys nothing",
            {path: _DEPLOY.replace("wrangler deploy", "wrangler deploy --dry-run"), "wrangler.toml": _WRANGLER},
        ),
        Example(
            "What kind of project it is cannot be told",
            {path: _DEPLOY},
            unknown="no project file",
        ),
    )


RULE = Rule(
    id="missing-beacon",
    title="A deployment that does not report to the Beacon",
    theme="beacon",
    severity="medium",
    visits=(REPOSITORY,),
    why=(
        "What nobody hears from can be down, old or gone for weeks. The standard asks every project that runs "
        "somewhere to report its deployments, so that one place knows what is live and which version of it."
    ),
    how=(
        "Add a Beacon step to the workflow: the chittybeacon action, which a fix puts in, or a POST to the Beacon's "
        "/track. The forms that count stand under `parameters: beacon` of the policy. Do not add the npm package by "
        "name: see unresolvable-beacon."
    ),
    limits=(
        "Scripts that a step calls are not opened, and a program of another language that reports by itself is not "
        "recognised, unless the policy names its dependency or file."
    ),
    examples=_examples,
    check=_check,
    places=("workflow", "action"),
    part="deployments",
    tags=("hardening-gap", "external/cwe/cwe-778", "owasp-cicd-sec-10"),
)
