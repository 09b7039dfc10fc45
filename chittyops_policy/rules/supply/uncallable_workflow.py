"""A call to a reusable workflow that breaks the contract of the two, so that GitHub refuses to start the run."""

from __future__ import annotations

from chittyops_policy.calls import (
    MAX_LEVELS,
    Callee,
    asks,
    chain_of,
    contract,
    excesses,
    granted,
    resolve,
)
from chittyops_policy.document import Scalar
from chittyops_policy.model import Related, Span
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule, Unknown
from chittyops_policy.workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.calls import Contract, Excess, Parameter
    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Job, Uses, Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding | Unknown]:
    for job in view.jobs:
        if job.uses is None:
            continue
        if job.uses.kind in ("local", "self", "workflow"):
            yield from _call(view, job, job.uses, context)
        elif job.uses.text and "${{" not in job.uses.text:  # those are invalid-workflow's
            message = "a job can only call owner/repo/.github/workflows/file.yml@ref or ./.github/workflows/file.yml"
            yield context.at(view.document, job.uses.node, message)


def _call(view: Workflow, job: Job, uses: Uses, context: Context) -> Iterator[Finding | Unknown]:
    found = resolve(uses, context.snapshot, context.lookups)
    if not isinstance(found, Callee):
        if not found.absent:
            yield Unknown(f"{view.path}: {job.id}: {found.reason}", found.permission)
        elif uses.kind == "workflow":  # a missing local file is missing-local-reference's
            yield context.at(view.document, uses.node, found.reason)
        return
    declared = found.workflow.once(contract)
    if declared is None:
        yield context.at(view.document, uses.node, f"{found.path} has no workflow_call trigger and cannot be called")
        return
    yield from _inputs(view, job, uses, declared, context)
    yield from _secrets(view, job, uses, declared, context)
    yield from _permissions(view, job, uses, found, context)
    chain, circle = chain_of(uses, context.snapshot, context.lookups, view.path)
    if circle:
        yield context.at(view.document, uses.node, f"the calls go round in a circle: {' → '.join(chain)}")
    elif len(chain) > MAX_LEVELS:
        yield context.at(
            view.document, uses.node, f"the chain of calls is longer than the {MAX_LEVELS} workflows that GitHub allows"
        )


def _inputs(view: Workflow, job: Job, uses: Uses, declared: Contract, context: Context) -> Iterator[Finding]:
    given = mapping_of(job.node.get("with"))
    passed = set()
    if given is not None:
        for name, key, value in given.pairs():
            passed.add(name.lower())
            parameter = declared.inputs.get(name.lower())
            if parameter is None:
                known = _known(declared.inputs)
                yield context.at(
                    view.document, key, f"{uses.path} declares no input {name}; it has {known}", node=value
                )
            else:
                problem = _mismatch(parameter, value)
                if problem:
                    yield context.at(view.document, value, problem)
    place = job.node.key("with") or uses.node
    for name, parameter in declared.inputs.items():
        if parameter.required and name not in passed:
            yield context.at(
                view.document, place, f"the input {parameter.name} is required by {uses.path} and not passed",
                node=uses.node, anchor=f"input:{name}",
            )  # fmt: skip


def _secrets(view: Workflow, job: Job, uses: Uses, declared: Contract, context: Context) -> Iterator[Finding]:
    node = job.node.get("secrets")
    if isinstance(node, Scalar) and node.value == "inherit":
        return  # whether the caller has them is only known at run time
    given = mapping_of(node)
    passed = set()
    if given is not None:
        for name, key, value in given.pairs():
            passed.add(name.lower())
            if name.lower() not in declared.secrets:
                known = _known(declared.secrets)
                yield context.at(
                    view.document, key, f"{uses.path} declares no secret {name}; it has {known}", node=value
                )
    place = job.node.key("secrets") or uses.node
    for name, parameter in declared.secrets.items():
        if parameter.required and name not in passed:
            yield context.at(
                view.document, place, f"the secret {parameter.name} is required by {uses.path} and not passed",
                node=uses.node, anchor=f"secret:{name}",
            )  # fmt: skip


def _permissions(view: Workflow, job: Job, uses: Uses, found: Callee, context: Context) -> Iterator[Finding | Unknown]:
    allowed = granted(view, job)
    if allowed is None:
        # A workflow that is itself only called gets what its own caller states, and is judged there.
        if asks(found) and set(view.triggers) != {"workflow_call"}:
            yield Unknown(
                f"{view.path}: {job.id} states no permissions, so the repository's default decides whether it may call "
                f"{found.path}",
                "read the default workflow permissions in the repository's Actions settings",
            )
        return
    for excess in excesses(found, allowed, context.lookups):
        yield context.at(
            view.document, uses.node, _excess_message(excess), related=_related(view, allowed, excess),
            anchor=f"permissions:{excess.path}:{excess.job}",
        )  # fmt: skip


def _excess_message(excess: Excess) -> str:
    who = f"job {excess.job} of {excess.path}" if excess.job else excess.path
    shown = [f"{scope}: {wanted} (granted: {given})" for scope, wanted, given in excess.scopes[:3]]
    more = f" and {len(excess.scopes) - 3} more" if len(excess.scopes) > 3 else ""
    return f"{who} asks for more than this call may give: {', '.join(shown)}{more}"


def _related(view: Workflow, allowed: Node, excess: Excess) -> tuple[Related, ...]:
    places = [Related(view.path, Span(allowed.start, allowed.end), "what is granted")] if allowed.end else []
    if excess.own:
        places.append(Related(excess.path, Span(excess.node.start, excess.node.end), "what is asked for"))
    return tuple(places)


def _mismatch(parameter: Parameter, value: Node) -> str:
    """What is wrong with a literal; expressions and strings always pass, since GitHub makes a string of anything."""
    if parameter.type not in ("boolean", "number") or not isinstance(value, Scalar) or "${{" in value.value:
        return ""
    literal = value.resolved()
    if parameter.type == "boolean":
        return "" if isinstance(literal, bool) else f"the input {parameter.name} is a boolean: true or false, unquoted"
    fits = isinstance(literal, (int, float)) and not isinstance(literal, bool)
    return "" if fits else f"the input {parameter.name} is a number, unquoted"


def _known(parameters: dict[str, Parameter]) -> str:
    return ", ".join(parameter.name for parameter in parameters.values()) or "none"


_CALLEE = """\
on:
  workflow_call:
    inputs:
      service: {required: true, type: string}
      dry-run: {type: boolean, default: false}
    secrets:
      DEPLOY_KEY: {required: true}
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    steps:
      - run: ./deploy
"""


def _examples() -> tuple[Example, ...]:
    caller = ".github/workflows/ci.yml"
    callee = ".github/workflows/deploy.yml"
    return (
        Example(
            "The call passes what nobody declared and leaves out what is required",
            {
                caller: "on: push\n"
                "jobs:\n"
                "  deploy:\n"
                "    uses: ./.github/workflows/deploy.yml\n"
                "    with:\n"
                "      name: api\n"
                "      dry-run: 'yes'\n"
                "    secrets:\n"
                "      API_KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"
                "    permissions: write-all\n",
                callee: _CALLEE,
            },
            fires=("with", "name", "'yes'", "secrets", "API_KEY"),
        ),
        Example(
            "A call that keeps the contract, names in any letter case",
            {
                caller: "on: push\n"
                "permissions: {}\n"
                "jobs:\n"
                "  deploy:\n"
                "    uses: ./.github/workflows/deploy.yml\n"
                "    permissions:\n"
                "      contents: read\n"
                "      id-token: write\n"
                "    with:\n"
                "      Service: api\n"
                "      dry-run: ${{ github.event_name == 'pull_request' }}\n"
                "    secrets:\n"
                "      deploy_key: ${{ secrets.CHITTYCONNECT_API_KEY }}\n",
                callee: _CALLEE,
            },
        ),
        Example(
            "The called workflow asks for more permission than the caller has",
            {
                caller: "on: push\n"
                "permissions:\n"
                "  contents: read\n"
                "jobs:\n"
                "  deploy:\n"
                "    uses: ./.github/workflows/deploy.yml\n"
                "    with: {service: api}\n"
                "    secrets: inherit\n",
                callee: _CALLEE,
            },
            fires=("./.github/workflows/deploy.yml",),
        ),
        Example(
            "Without stated permissions only the repository's settings can tell",
            {
                caller: "on: push\n"
                "jobs:\n"
                "  deploy:\n"
                "    uses: ./.github/workflows/deploy.yml\n"
                "    with: {service: api}\n"
                "    secrets: inherit\n",
                callee: _CALLEE,
            },
            unknown="the repository's default decides",
        ),
        Example(
            "A workflow that nobody can call",
            {
                caller: "on: push\njobs:\n  other:\n    uses: acme/app/.github/workflows/other.yml@main\n",
                ".github/workflows/other.yml": "on: push\njobs: {}\n",
            },
            fires=("acme/app/.github/workflows/other.yml@main",),
            slug="Acme/App",
        ),
        Example(
            "Calls in a circle",
            {caller: "on: workflow_call\njobs:\n  again:\n    uses: ./.github/workflows/ci.yml\n"},
            fires=("./.github/workflows/ci.yml",),
        ),
    )


RULE = Rule(
    id="uncallable-workflow",
    title="A call to a reusable workflow breaks its contract",
    theme="supply",
    severity="high",
    visits=(WORKFLOW,),
    needs=(b"uses",),
    why=(
        "GitHub checks inputs, secrets and permissions of every called workflow before it starts anything. One wrong "
        "name and the whole run is a start-up failure without a log, and a check that branch protection waits for "
        "never reports. The two files are often in different repositories, so nobody sees it in review."
    ),
    how=(
        "Pass exactly what on.workflow_call of the called workflow declares, give the calling job at least the "
        "permissions that its jobs state, and declare workflow_call there."
    ),
    limits=(
        "A workflow of another repository is only judged when that repository is part of the run and the call names "
        "its main branch or the very commit. The type of an expression's value is not known."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether the call or the called workflow is wrong only their owners know",
    tags=("control-flow", "correctness"),
)
