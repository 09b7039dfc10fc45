"""A job that deploys or publishes with credentials that were not made for this run."""

from __future__ import annotations

from chittyops_policy.calls import granted, level
from chittyops_policy.deployments import deployments_of, targets
from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.expressions import references, segments
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Rule, Unknown
from chittyops_policy.step_contracts import contract, found_in, made_of, runs_of, unreadable, unseen_calls
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from chittyops_policy.deployments import Deployment, Target
    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding, Span
    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.step_contracts import Contract, Placed, Runs
    from chittyops_policy.workflow import Job, Step, Workflow


class _Source:
    """Where the credentials of a deployment come from, as far as expressions say.

    stored   names of secrets, without those that GitHub makes for the run
    builtin  whether the run's own token is among them
    steps    ids of steps, and `jobs` ids of jobs, whose outputs are read
    """

    __slots__ = ("builtin", "jobs", "steps", "stored")

    def __init__(self) -> None:
        self.stored: dict[str, None] = {}
        self.builtin = False
        self.steps: set[str] = set()
        self.jobs: set[str] = set()

    def read(self, text: str, builtin: frozenset[str]) -> None:
        """Adds what the expressions of a text read."""
        if "${{" not in text:
            return
        for segment in segments(text):
            for reference in references(segment.expr) if segment.expr is not None else ():
                name = str(reference.path[0]) if reference.path else ""
                if reference.context == "secrets" and name:
                    if name.upper() in builtin:
                        self.builtin = True
                    else:
                        self.stored[name.upper()] = None
                elif reference.context == "github" and name.lower() == "token":
                    self.builtin = True
                elif reference.context == "steps" and name:
                    self.steps.add(name.lower())
                elif reference.context == "needs" and name:
                    self.jobs.add(name.lower())


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    data = context.parameters.get("credentials")
    broker = made_of(data, _broker)
    known = targets(context)
    if not broker.forms or not known or not isinstance(data, dict):
        yield NotApplicable("the policy names no source of ephemeral credentials, or nothing that deploys")
        return
    names = data.get("builtin")
    builtin = (
        frozenset(str(name).upper() for name in names) if isinstance(names, list) else frozenset(("GITHUB_TOKEN",))
    )
    runs = runs_of(context)
    seen: set[tuple[str, int, int]] = set()
    for shipped in deployments_of(context).values():
        for deployment in shipped:
            document, node = deployment.placed.anchor
            command = deployment.match.command
            place = (document.path, node.start, command.start if command is not None else -1)
            if place not in seen:
                seen.add(place)
                yield from _deployment(deployment, broker, builtin, runs, context)
    if context.named is not None:  # only findings count
        return
    ships = bool(seen)
    for workflow in runs.workflows():
        for match in found_in(broker, workflow, runs):
            if match.call is not None:
                ships = True
                yield Evidence(match.where)
    if ships:
        return
    for workflow in runs.workflows():
        for call, unseen in unseen_calls(workflow, context):
            yield Unknown(f"{call.where} may deploy or publish: {unseen.reason}", unseen.permission)
            return
    broken = unreadable(runs, [target.contract for target in known])
    if broken:
        yield Unknown(f"{broken} may deploy or publish, but cannot be read")
        return
    yield NotApplicable("no workflow deploys or publishes anything")


def _broker(data: Any) -> Contract:
    return contract("credentials", data)


def _deployment(
    deployment: Deployment, broker: Contract, builtin: frozenset[str], runs: Runs, context: Context
) -> Iterator[Outcome]:
    target = deployment.target
    source = _source(deployment, builtin)
    workflow, job = deployment.placed.frames[-1]
    brokers = _brokers(deployment.placed, workflow, job, broker, runs)
    if brokers and (source.steps | source.jobs) & brokers:
        yield Evidence(deployment.match.where)
    elif source.stored:
        shown = ", ".join(list(source.stored)[:3])
        kind = "stored secret" if len(source.stored) == 1 else "stored secrets"
        unused = " although the job asks for ephemeral ones" if brokers else ""
        yield _finding(deployment, f"`{deployment.text}` works with the {kind} {shown}{unused}", context)
    elif brokers or source.builtin or _on_own_token(deployment, workflow, job, runs):
        yield Evidence(deployment.match.where)
    elif source.steps or source.jobs:
        yield Unknown(f"{deployment.match.where} takes credentials from another step that the policy does not know")
    elif target.needs:
        message = f"no step of this job asks {broker.title} for the credentials with which `{deployment.text}` works"
        yield _finding(deployment, message, context)


def _finding(deployment: Deployment, message: str, context: Context) -> Finding:
    placed = deployment.placed
    document, node = placed.anchor
    place: Node | Span = node
    if placed.own:
        step, command = placed.step, deployment.match.command
        if command is not None and step.run is not None:
            node, place = step.run, document.spot(step.run, command.start, command.end)
        elif step.uses is not None:
            node = place = step.uses.node
    return context.at(document, place, message, node=node)


# ------------------------------------------------------------------------------------------------------- sources


def _source(deployment: Deployment, builtin: frozenset[str]) -> _Source:
    """What the deploying step, the environment around it and the job's sign-in steps read."""
    target = deployment.target
    source = _Source()
    placed = deployment.placed
    for step in (placed.step, *placed.outer):
        _read_mapping(step.env, target.env, source, builtin)
        inputs = step.with_
        for key, _, value in inputs.pairs() if inputs is not None else ():
            # A composite action's inputs may carry the credential under any name.
            if key.lower() in target.inputs or step is not placed.step:
                source.read(text_of(value), builtin)
    command = deployment.match.command
    if command is not None:
        source.read(" ".join((*command.assignments, *command.words)), builtin)
    for workflow, job in placed.frames[-1:]:
        _read_mapping(job.env, target.env, source, builtin)
        _read_mapping(workflow.env, target.env, source, builtin)
        for step in job.steps:
            _read_exports(step, target.env, source, builtin)
            if step.uses is not None and step.uses.name in target.logins:
                inputs = step.with_
                for _, _, value in inputs.pairs() if inputs is not None else ():
                    source.read(text_of(value), builtin)
            elif target.logins and step.run is not None and " login" in step.run.value:
                _read_mapping(step.env, target.env, source, builtin)
            if step is placed.top:
                break
    return source


def _read_exports(step: Step, names: Iterable[str], source: _Source, builtin: frozenset[str]) -> None:
    """Reads ``export NAME=…``, ``NAME=…`` and ``echo "NAME=…" >> $GITHUB_ENV`` of a script."""
    script = step.run.value if step.run is not None else ""
    if "${{" in script and any(name in script for name in names):
        for line in script.splitlines():
            if any(f"{name}=" in line for name in names):
                source.read(line, builtin)


def _read_mapping(env: Mapping | None, names: Iterable[str], source: _Source, builtin: frozenset[str]) -> None:
    for name in names:
        value = env.get(name) if env is not None else None
        if isinstance(value, Scalar):
            source.read(value.value, builtin)


def _brokers(placed: Placed, workflow: Workflow, job: Job, broker: Contract, runs: Runs) -> set[str]:
    """Ids of the steps of a job that ask the broker, and of the jobs it needs that do; '' for a step without id."""
    found: set[str] = set()
    for other, accepted in runs.accepted(placed.live):
        if other.frames[-1][0] is workflow and any(item is broker for item, _ in accepted):
            owner = other.frames[-1][1]
            if owner is job:
                found.add(other.top.id.lower())
            elif any(name.value.lower() == owner.id.lower() for name in job.needs):
                found.add(owner.id.lower())
    return found


def _on_own_token(deployment: Deployment, workflow: Workflow, job: Job, runs: Runs) -> bool:
    """Whether the target takes the run's identity or the built-in token, so that nothing stored is needed."""
    target: Target = deployment.target
    permissions = granted(workflow, job)
    if target.trusted and permissions is not None and level(permissions, target.trusted) == "write":
        return True
    if not target.builtin:
        return False
    texts = [text_of(step.input("registry-url")) for step in job.steps if step.uses is not None]
    texts += deployment.match.command.words if deployment.match.command is not None else ()
    return any(host in text for host in target.builtin for text in texts)


_JOB = """\
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: {contents: read, id-token: write}
    steps:
      - uses: actions/checkout@v4
"""
_BROKER = "      - uses: chittyos/chittyops/.github/actions/getchitty-creds@main\n        id: creds\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Deployments with stored secrets, as an input, in the environment, in the command",
            _JOB
            + "      - uses: cloudflare/wrangler-action@v3\n"
            + '        with: {apiToken: "${{ secrets.CLOUDFLARE_API_TOKEN }}"}\n'
            + "      - run: npx wrangler deploy --env production\n"
            + '        env: {CLOUDFLARE_API_TOKEN: "${{ secrets.CLOUDFLARE_API_TOKEN }}"}\n'
            + "      - run: vercel deploy --prod --token=${{ secrets.VERCEL_TOKEN }}\n",
            fires=(
                "cloudflare/wrangler-action@v3",
                "npx wrangler deploy --env production",
                "vercel deploy --prod --token=${{ secrets.VERCEL_TOKEN }}",
            ),
        ),
        Example(
            "The broker makes a credential for this run",
            _JOB
            + _BROKER
            + "      - run: npx wrangler deploy\n"
            + '        env: {CLOUDFLARE_API_TOKEN: "${{ steps.creds.outputs.cloudflare_token }}"}\n',
        ),
        Example(
            "The broker is asked, and then the stored secret is used all the same",
            _JOB
            + _BROKER
            + "      - run: npx wrangler deploy\n"
            + '        env: {CLOUDFLARE_API_TOKEN: "${{ secrets.CLOUDFLARE_API_TOKEN }}"}\n',
            fires=("npx wrangler deploy",),
        ),
        Example(
            "Nothing says where the credentials come from",
            _JOB + "      - run: npx wrangler deploy\n",
            fires=("npx wrangler deploy",),
        ),
        Example(
            "Trusted publishing, GitHub Packages, a trial run and a release need nothing stored",
            _JOB
            + "      - run: npm publish --provenance\n"
            + "      - run: npx wrangler deploy --dry-run\n"
            + "      - uses: softprops/action-gh-release@v2\n"
            + "  packages:\n"
            + "    runs-on: ubuntu-latest\n"
            + "    steps:\n"
            + "      - uses: actions/setup-node@v4\n"
            + '        with: {registry-url: "https://npm.pkg.github.com"}\n'
            + "      - run: npm publish\n"
            + '        env: {NODE_AUTH_TOKEN: "${{ secrets.GITHUB_TOKEN }}"}\n',
        ),
        Example(
            "Words about deploying deploy nothing",
            _JOB + '      # npx wrangler deploy\n      - run: echo "run npx wrangler deploy by hand"\n',
        ),
        Example(
            "The standard reusable workflow gets them itself",
            "on: push\njobs:\n  publish:\n"
            "    uses: chittyos/chittyops/.github/workflows/reusable-package-publish.yml@main\n",
        ),
    )


RULE = Rule(
    id="missing-ephemeral-credentials",
    title="A deployment with stored credentials",
    theme="credentials",
    severity="high",
    visits=(REPOSITORY,),
    why=(
        "A stored deployment token works from anywhere, for as long as it exists: one leaked log or one hostile "
        "dependency, and somebody else deploys. Credentials that the broker makes for one run are worthless a few "
        "minutes later, and it is on record who asked for them."
    ),
    how=(
        "Ask getchitty-creds in the same job (give the step an id and the job `id-token: write`) and pass its outputs "
        "to the deploying step, or call a standard reusable workflow. For npm, trusted publishing needs no token."
    ),
    limits=(
        "Credentials that a script fetches by itself are not seen, and a step's environment is only followed through "
        "expressions. Outputs passed between jobs are accepted although GitHub drops masked ones."
    ),
    examples=_examples,
    check=_check,
    places=("workflow", "action"),
    part="deployments",
    unfixable=(
        "where the deployment gets its credentials from is repaired with "
        "the stored secrets that static-secret finds, or by hand"
    ),
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
