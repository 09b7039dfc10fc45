"""Lets a job ask the credential broker for what it has read from stored secrets.

One fix serves all such reads of a job at once, and each of their findings proposes the very same one. It is only
offered where the job provably goes on as before with the issued values; every other case says what stands in the way.
"""

from __future__ import annotations

from chittyops_policy.calls import granted, level
from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.edits import (
    Amendment,
    add_key,
    path_of,
    replace_within,
    set_scalar,
)
from chittyops_policy.errors import CannotEdit
from chittyops_policy.expressions import STATUS_FUNCTIONS, Binary, Call, condition, references, truth, walk
from chittyops_policy.least_permissions import grant
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.own_actions import CREDENTIALS, insert_step, own_action
from chittyops_policy.rules.secrets.static_secret import allowed_names
from chittyops_policy.secret_reads import NAMED, secret_reads
from chittyops_policy.snapshot import ACTION, kind_of
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.secret_reads import SecretRead
    from chittyops_policy.workflow import Job, Step, Workflow

_ACTION = "/getchitty-creds"
"""How the name of the broker's action ends, wherever it lies; its outputs are those of the table."""

_ASKED_BY_DEFAULT = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID")
"""What that action asks for where its input ``credentials`` is not given."""

_FROM_FORKS = ("pull_request", "pull_request_review", "pull_request_review_comment")
"""Events that come without secrets when a fork or Dependabot is behind them (docs.github.com, 2026-11)."""

_NOT_FROM_FORKS = "github.event.pull_request.head.repo.fork != true && github.actor != 'dependabot[bot]'"

_ELSEWHERE = {
    "outputs": "it goes into an output of the job, and GitHub drops masked values there: the job that needs it has to "
    "ask for its own",
    "env": "it stands in the environment of the whole job, where no step's output can be read: set it on the steps "
    "that need it",
    "secrets": "it is handed to a called workflow, which has to ask for its own credentials",
    "with": "it is handed to a called workflow, which has to ask for its own credentials",
    "if": "GitHub knows no secrets in `if`, and none of a step's outputs before the job runs",
    "container": "the container starts before any step could ask for a credential",
    "services": "the services start before any step could ask for a credential",
}


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """The fix of the job around a finding, or why the secret stays where it is."""
    if kind_of(finding.path) == ACTION:
        return NoFix("an action gets its secrets from the workflow that calls it")
    workflow = context.snapshot.workflow(finding.path)
    assert workflow is not None
    assert finding.span is not None
    read = workflow.once(_by_place)[finding.span.start, finding.span.end]
    data = context.parameters.get("credentials")
    served = context.once(_served)
    if read.name.upper() not in served:
        return NoFix(f"{_broker(data)} issues nothing in place of {read.name}, as far as the pack's table goes")
    place = path_of(read.scalar)
    reason = _unreachable(place)
    if reason:
        return NoFix(reason)
    key = (repair, finding.path, place[1])
    if key not in context.memo:
        job = next(job for job in workflow.jobs if job.id == place[1])
        try:
            context.memo[key] = _fix(workflow, job, data, served, context)
        except CannotEdit as error:
            context.memo[key] = NoFix(error.reason)
    found: Fix | NoFix = context.memo[key]
    return found


def _by_place(workflow: Workflow) -> dict[tuple[int, int], SecretRead]:
    spots = [(workflow.document.spot(read.scalar, read.start, read.end), read) for read in secret_reads(workflow)]
    return {(spot.start, spot.end): read for spot, read in spots}


def _served(context: Context) -> dict[str, tuple[str, str]]:
    """Secret in upper case → (the broker's name for it, the output that has it), from the pack's table."""
    data = context.parameters.get("credentials")
    table = data.get("served") if isinstance(data, dict) else None
    entries = table.items() if isinstance(table, dict) else ()
    return {
        str(name).upper(): (str(entry["request"]), str(entry["output"]))
        for name, entry in entries
        if isinstance(entry, dict) and "request" in entry and "output" in entry
    }


def _broker(data: Any) -> str:
    return str(data.get("broker", "the credential broker")) if isinstance(data, dict) else "the credential broker"


def _unreachable(place: tuple[str | int, ...]) -> str:
    """Why no output of a step can stand at a place; '' where one can."""
    if place[0] == "env":
        return (
            "it stands in the environment of the whole workflow, where no step's output can be read: set it on the "
            "steps that need it"
        )
    if place[0] != "jobs" or len(place) < 3:
        return "no step's output can be read there"
    if place[2] != "steps":
        return _ELSEWHERE.get(str(place[2]), "it is read before any step could ask for a credential")
    if len(place) < 5 or place[4] == "parallel":
        return "its step runs beside others in a parallel block"
    if place[4] == "run":
        return "it is written into the script itself, where the shell reads it as code: set it in the step's env first"
    if place[4] not in ("env", "with"):
        return f"GitHub knows no secrets in the `{place[4]}` of a step"
    return ""


# --------------------------------------------------------------------------------------------------------- the job


def _fix(workflow: Workflow, job: Job, data: Any, served: dict[str, tuple[str, str]], context: Context) -> Fix:
    """Raises CannotEdit where the job might not go on as before."""
    document = workflow.document
    if "workflow_call" in workflow.triggers:
        raise CannotEdit(
            f"other workflows call this one: each of them would have to grant id-token: write, with which "
            f"{_broker(data)} is asked"
        )
    allowed = allowed_names(context)
    reads: dict[int, list[SecretRead]] = {}
    names: dict[str, None] = {}
    for read in secret_reads(workflow):
        index = _step_of(read, job)
        if index is not None and read.kind == NAMED and read.name.upper() in served:
            if read.name.lower() not in allowed:
                reads.setdefault(index, []).append(read)
                names[read.name] = None
    asked = list(dict.fromkeys(served[name.upper()][0] for name in names))
    first = min(reads)
    # By their places in the file: steps of a parallel block count among the job's, but have none of their own there.
    places = {id(node): index for index, node in enumerate(getattr(job.node.get("steps"), "items", ()))}
    users = [step for step in job.steps if places.get(id(step.node)) in reads]
    made = _permission(workflow, job, _broker(data))
    guarded = False
    there = next((step for step in job.steps if step.uses is not None and _is_broker(step)), None)
    if there is not None:
        name = there.id
        if not name or places.get(id(there.node), first) >= first:
            raise CannotEdit("the job asks for credentials already, but in a step without an id or after the first use")
        made += _asked_too(workflow, there, users, asked)
    else:
        name = _free_id(job)
        when, guarded = _condition(workflow, job, users)
        step: dict[str, Any] = {"name": "Get ephemeral credentials", "id": name}
        if when:
            step["if"] = when
        if all(text_of(user.node.get("continue-on-error")) == "true" for user in users):
            step["continue-on-error"] = True
        step["with"] = {"credentials": ",".join(asked)}
        key = str(data.get("api_key", ""))
        if key.lower() in allowed:
            step["with"]["api_key"] = f"${{{{ secrets.{key} }}}}"
        made += insert_step(document, job, first, own_action(CREDENTIALS, context.parameters), step)
    scalars: dict[int, list[SecretRead]] = {}
    for read in (read for found in reads.values() for read in found):
        scalars.setdefault(read.scalar.start, []).append(read)
    for found in scalars.values():
        pieces = [(read.start, read.end, f"steps.{name}.outputs.{served[read.name.upper()][1]}") for read in found]
        made += replace_within(document, found[0].scalar, sorted(pieces))
    listed = " and ".join(filter(None, [", ".join(list(names)[:-1]), list(names)[-1]]))
    return Fix(
        f"let the job {job.id} ask {_broker(data)} for {listed}",
        REVIEW,
        made.edits,
        made.effects,
        notes=_notes(job, data, asked, guarded),
    )


def _notes(job: Job, data: Any, asked: list[str], guarded: bool) -> tuple[str, ...]:
    broker = _broker(data)
    notes = [
        f"{broker} has to grant this repository {', '.join(asked)}; without that the job stops at the new step.",
        "What it issues is made for this run: see that it may do all that the stored value could.",
    ]
    if job.node.get("environment") is not None:
        notes.append("The job's environment may hold values of its own under these names; they are not used any more.")
    if guarded:
        notes.append("Pull requests from forks and from Dependabot get no credential, as they got no secret.")
    return tuple(notes)


def _step_of(read: SecretRead, job: Job) -> int | None:
    """The index of the step of this job in whose ``env`` or ``with`` a secret is read; None for any other place."""
    if not job.node.start <= read.scalar.start < job.node.end:
        return None
    try:
        place = path_of(read.scalar)
    except CannotEdit:
        return None
    return place[3] if not _unreachable(place) and isinstance(place[3], int) else None


def _is_broker(step: Step) -> bool:
    assert step.uses is not None
    return step.uses.name.endswith(_ACTION) or f"/{step.uses.path}".endswith(_ACTION)


def _free_id(job: Job) -> str:
    taken = {step.id.lower() for step in job.steps}
    return next(id for id in ("creds", *(f"creds-{number}" for number in range(2, 99))) if id not in taken)


def _asked_too(workflow: Workflow, step: Step, users: list[Step], asked: list[str]) -> Amendment:
    """Makes a broker's step that is there ask for all that is needed."""
    when = text_of(step.node.get("if"))
    if when and any(text_of(user.node.get("if")) != when for user in users):
        raise CannotEdit("the job asks for credentials already, but under another condition than it uses them")
    inputs = step.with_
    given = step.input("credentials")
    names = [name.strip() for name in text_of(given).split(",")] if given is not None else list(_ASKED_BY_DEFAULT)
    if any("${{" in name for name in names):
        raise CannotEdit("which credentials the job asks for already is computed")
    missing = [name for name in asked if name not in names]
    if not missing:
        return Amendment()
    value = ",".join([*names, *missing])
    if isinstance(given, Scalar):
        return set_scalar(workflow.document, given, value)
    if inputs is not None:
        return add_key(workflow.document, inputs, "credentials", value)
    return add_key(workflow.document, step.node, "with", {"credentials": value})


# ---------------------------------------------------------------------------------------------------- permissions


def _permission(workflow: Workflow, job: Job, broker: str) -> Amendment:
    """``id-token: write`` for the job, beside all that it may do now; what each permission is for is said behind it."""
    document = workflow.document
    stated = granted(workflow, job)
    if stated is None:
        raise CannotEdit(
            "neither the job nor the workflow states its permissions, and a job that is given id-token: write keeps "
            "no others than those it states: state them first"
        )
    if level(stated, "id-token") == "write":
        return Amendment()
    if not isinstance(stated, Mapping):
        raise CannotEdit(
            f"permissions: {text_of(stated)} leaves no room for id-token: write: list what is needed instead"
        )
    return grant(document, job, stated, "id-token", "write", f"to ask {broker}")


# ----------------------------------------------------------------------------------------------------- conditions


def _condition(workflow: Workflow, job: Job, users: list[Step]) -> tuple[str, bool]:
    """The ``if`` under which to ask, '' for none, and whether it keeps pull requests from forks out.

    Asking in vain fails, so it is done when one of the steps that need the answer runs, and in no other run.
    """
    texts = list(dict.fromkeys(text_of(user.node.get("if")).strip() for user in users))
    text = texts[0] if len(texts) == 1 else ""
    if len(texts) > 1 and ("" not in texts or any(map(_status, texts))):
        raise CannotEdit("the steps that read it run under different conditions, and one step can only ask under one")
    if len(users) > 1 and text and (_status(text) - {"always"} or _reads_run(text)):
        raise CannotEdit("the condition of the steps that read it can change from one to the next")
    if not any(_may_run(event, (text_of(job.node.get("if")), text)) for event in workflow.triggers):
        return text, False
    if not text:
        return _NOT_FROM_FORKS, True
    read = condition(text)
    if read.expr is None or read.kind == "mixed":
        raise CannotEdit("the condition of the step that reads it cannot be narrowed to runs that have secrets")
    inner = text if read.kind == "bare" else text.removeprefix("${{").removesuffix("}}").strip()
    if isinstance(read.expr, Binary) and read.expr.op == "||":
        inner = f"({inner})"
    return f"{inner} && {_NOT_FROM_FORKS}", True


def _status(text: str) -> set[str]:
    """The status functions that a condition calls."""
    expr = condition(text).expr
    calls = [node.key for node in walk(expr) if isinstance(node, Call)] if expr is not None else []
    return STATUS_FUNCTIONS.keys() & set(calls)


def _reads_run(text: str) -> bool:
    """Whether a condition reads what the steps before it change, or cannot be read itself."""
    expr = condition(text).expr
    return expr is None or any(reference.context in ("steps", "env", "job") for reference in references(expr))


def _may_run(event: str, conditions: tuple[str, ...]) -> bool:
    """Whether a pull request from a fork gets through conditions."""
    if event not in _FROM_FORKS:
        return False
    known: dict[tuple[str, ...], bool | int | float | str | None] = {
        ("github", "event_name"): event,
        ("github", "ref"): "refs/pull/1/merge",
        ("github", "ref_name"): "1/merge",
        ("github", "event", "pull_request", "head", "repo", "fork"): True,
    }
    exprs = [condition(text).expr for text in conditions]
    return not any(expr is not None and truth(expr, known) is False for expr in exprs)
