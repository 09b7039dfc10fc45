"""Names the secrets that a called workflow declares, in place of all that there are."""

from __future__ import annotations

from chittyops_policy.calls import Callee, contract, resolve
from chittyops_policy.edits import remove_key, set_value
from chittyops_policy.errors import CannotEdit
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix
from chittyops_policy.rules.secrets.static_secret import allowed_names
from chittyops_policy.secret_reads import NAMED, secret_reads
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding, Span
    from chittyops_policy.rule import Context, Lookups
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.workflow import Job, Uses

_TOKEN = "github_token"
"""Every workflow has it, handed over or not."""


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Maps each declared secret to the one of its name, where that provably hands over all that is read.

    GitHub refuses an undeclared name in such a mapping, and gives a called workflow the secrets of an environment only
    when everything is inherited (docs.github.com, "Reuse workflows"; actions/runner#4453, 2026-11).
    """
    workflow = context.snapshot.workflow(finding.path)
    assert workflow is not None and finding.span is not None
    job = next(job for job in workflow.jobs if _inherits_at(job, finding.span))
    assert job.uses is not None
    name = job.uses.text.partition("@")[0]
    callee = _called(job.uses, context.snapshot, context.lookups)
    declared = contract(callee.workflow)
    if declared is None:
        return NoFix(f"{name} cannot be called: it has no workflow_call trigger")
    seen: dict[int, bool] = {}
    read = {secret.lower(): secret for secret in _read_by(callee, context.lookups, seen)}
    undeclared = [secret for key, secret in read.items() if key not in declared.secrets and key != _TOKEN]
    if undeclared:
        return NoFix(
            f"{name} reads {_list(undeclared)} without declaring it under on.workflow_call.secrets; "
            "declare it there first"
        )
    names = [secret.name for key, secret in declared.secrets.items() if key != _TOKEN]
    static = context.others.get("static-secret")
    allowed = allowed_names(static) if static is not None else None
    stored = [secret for secret in names if allowed is not None and secret.lower() not in allowed]
    if stored:
        return NoFix(
            f"{name} takes {_list(stored)}, which no workflow may read here (static-secret): let it ask for its own "
            "credentials first, then nothing else has to be handed over"
        )
    if not names:
        made = remove_key(workflow.document, job.node, "secrets")
        title = f"hand no secret to {name}, which takes none"
    else:
        value = {secret: f"${{{{ secrets.{secret} }}}}" for secret in names}
        made = set_value(workflow.document, job.node, "secrets", value)
        title = f"hand {_list(names)} alone to {name}"
    return Fix(title, SAFE if all(seen.values()) else REVIEW, made.edits, made.effects)


def _inherits_at(job: Job, span: Span) -> bool:
    node = job.node.get("secrets")
    return node is not None and node.start == span.start


def _called(uses: Uses, snapshot: Snapshot, lookups: Lookups) -> Callee:
    found = resolve(uses, snapshot, lookups)
    if not isinstance(found, Callee):
        raise CannotEdit(f"which secrets are needed cannot be told: {found.reason}")
    return found


def _read_by(callee: Callee, lookups: Lookups, seen: dict[int, bool]) -> Iterator[str]:
    """The secrets that a called workflow reads, and those that it has by inheritance to hand on.

    `seen` gets whether each workflow that was looked at, by its identity, lies in this repository.
    """
    workflow = callee.workflow
    if id(workflow) in seen:
        return
    seen[id(workflow)] = callee.own
    reads = list(secret_reads(workflow))
    for read in reads:
        if read.kind != NAMED:
            raise CannotEdit(f"{callee.path} takes secrets by computed names or all at once")
        yield read.name
    for job in workflow.jobs:
        if job.node.get("environment") is not None:
            for read in reads:
                if job.node.start <= read.scalar.start < job.node.end and read.name.lower() != _TOKEN:
                    raise CannotEdit(
                        f"the job {job.id} of {callee.path} runs in an environment, whose secrets a called workflow "
                        "only gets by inheritance"
                    )
        if job.uses is not None and text_of(job.node.get("secrets")) == "inherit":
            yield from _read_by(_called(job.uses, callee.snapshot, lookups), lookups, seen)


def _list(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
