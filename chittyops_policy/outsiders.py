"""What outsiders can start with the rights of the repository, and where the code that they wrote is then taken in.

An outsider is somebody without write access: the author of a pull request from a fork, or of a comment. Which events
run with the repository's token and secrets nevertheless, and which parts of their payload somebody else controls, is
told by GitHub's documentation ("Events that trigger workflows", "Secure use reference", read in 2026-11) and by the
queries of GitHub's CodeQL for untrusted checkouts.
"""

from __future__ import annotations

import re

from .document import Mapping, Scalar
from .expressions import condition, references, segments, truth
from .workflow import scalars_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Node
    from .expressions import Expr, Known
    from .rule import Context
    from .workflow import Job, Step, Uses, Workflow

PRIVILEGED = ("pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment")
"""Events that outsiders can cause and whose runs have the repository's token and secrets."""

CHECKOUT, SCRIPT, ARTIFACT = "checkout", "script", "artifact"


def privileged_events(workflow: Workflow) -> tuple[str, ...]:
    """Which of the `PRIVILEGED` events start a workflow, in that order."""
    return tuple(event for event in PRIVILEGED if event in workflow.triggers)


class Taking:
    """A step that takes in what an outsider wrote.

    event        the privileged event for which it happens
    kind         CHECKOUT, SCRIPT (a command of git or gh) or ARTIFACT (what a run of the outsider's code made)
    scalar       the scalar that says so, `start` and `end` the range in its value
    fixed        whether it is one commit that a later push cannot replace
    computed     whether an earlier step gives the reference, so that only the run shows whose code it is
    closed       whether the conditions on the way keep outsiders out; `association` when it is by the author's
                 association with the repository alone, `labelled` when somebody has to put a label on
    folder       where in the workspace it goes, '' for the top
    outside      whether it goes nowhere in the workspace
    """

    __slots__ = (
        "association", "closed", "computed", "end", "event", "fixed", "folder", "job", "kind", "labelled", "outside",
        "scalar", "start", "step",
    )  # fmt: skip

    def __init__(self, event: str, job: Job, step: Step, kind: str, scalar: Scalar, start: int, end: int) -> None:
        self.event = event
        self.job = job
        self.step = step
        self.kind = kind
        self.scalar = scalar
        self.start = start
        self.end = end
        self.fixed = False
        self.computed = False
        self.closed = False
        self.association = False
        self.labelled = False
        self.folder = ""
        self.outside = False


def takings_of(workflow: Workflow, context: Context) -> tuple[Taking, ...]:
    """Every place of a workflow where a privileged event lets an outsider's code in, found once for all rules."""
    known: dict[str, tuple[Taking, ...]] = context.once(_known)
    if workflow.path not in known:
        known[workflow.path] = tuple(_takings(workflow, context))
    return known[workflow.path]


def _known(context: Context) -> dict[str, tuple[Taking, ...]]:
    return {}


def _takings(workflow: Workflow, context: Context) -> Iterator[Taking]:
    for event in privileged_events(workflow):
        for job in workflow.jobs:
            for step in job.steps:
                taking = _taking(event, job, step)
                if taking is not None and _judge(taking, workflow, context.snapshot.slug):
                    yield taking


# ------------------------------------------------------------------------------------------------ what is taken in

_FIXED = (
    ("event", "pull_request", "head", "sha"),
    ("event", "pull_request", "merge_commit_sha"),
    ("event", "workflow_run", "head_sha"),
    ("event", "workflow_run", "head_commit", "id"),
    ("event", "workflow_run", "pull_requests", "0", "head", "sha"),
)
_MOVING = (
    ("head_ref",),
    ("event", "pull_request", "head", "ref"),
    ("event", "pull_request", "head", "label"),
    ("event", "workflow_run", "head_branch"),
    ("event", "workflow_run", "pull_requests", "0", "head", "ref"),
)
# As texts: `re` compiles each when it is first used, which is only in a workflow that lets outsiders in.
_PULL = r"(?:refs/)?pull/[^\n]+?/(?:head|merge)"
_COMMAND = (
    r"\bgh\s+pr\s+checkout\b[^\n]*|\bgit\b[^\n|;&]*\b(?:fetch|checkout|pull|clone|worktree)\b[^\n]*(?:"
    r"pull/[^\n]*?/(?:head|merge)|github\.head_ref|pull_request\.head\.(?:ref|sha|repo)|workflow_run\.head_)[^\n]*"
)
_OTHER_RUNS = (
    "aochmann/actions-download-artifact",
    "bettermarks/action-artifact-download",
    "dawidd6/action-download-artifact",
)
_DOWNLOAD = r"\bgh\s+run\s+download\b[^\n|;&]*|\b(?:curl|gh|wget)\b[^\n|;&]*/actions/artifacts/[^\n|;&]*"
_INTO = r"\s(?:-D|--dir)[ =]+[\"']?([^\s\"']+)"
_BY_API = r"\bdownloadArtifact\b|/actions/artifacts/"
_OUTSIDE = r"(?:\$\{\{\s*runner\.temp\s*\}\}|\$\{?RUNNER_TEMP\b|/tmp\b)"
_TOP = (".", "${{ github.workspace }}", "$GITHUB_WORKSPACE")
_COMPUTED_NAME = r"(?:^|[_-])(?:ref|sha|head|branch|commit)(?:$|[_-])|(?:Ref|Sha|Branch)$|^(?:ref|sha|head)"


def _taking(event: str, job: Job, step: Step) -> Taking | None:
    uses = step.uses
    if uses is not None and uses.slug == "actions/checkout":
        return _checkout(event, job, step)
    if step.run is not None:
        found = re.search(_COMMAND, step.run.value)
        if found is not None:
            return Taking(event, job, step, SCRIPT, step.run, found.start(), found.end())
    return _artifact(event, job, step) if event == "workflow_run" else None


def _artifact(event: str, job: Job, step: Step) -> Taking | None:
    uses, path = step.uses, text_of(step.input("path"))
    if step.run is not None:
        found = re.search(_DOWNLOAD, step.run.value)
        if found is None:
            return None
        taking = Taking(event, job, step, ARTIFACT, step.run, found.start(), found.end())
        into = re.search(_INTO, found[0])
        path = into[1] if into is not None else ""
    elif uses is not None and _downloads(uses, step):
        taking = Taking(event, job, step, ARTIFACT, uses.node, 0, len(uses.node.value))
    else:
        return None
    taking.outside = re.match(_OUTSIDE, path.strip()) is not None
    taking.folder = _folder(path)
    return taking


def _checkout(event: str, job: Job, step: Step) -> Taking | None:
    for name in ("ref", "repository"):
        node = step.input(name)
        if not isinstance(node, Scalar):
            continue
        pull = re.search(_PULL, node.value)
        if pull is not None and event in ("pull_request_target", "issue_comment", "workflow_run"):
            return _placed(Taking(event, job, step, CHECKOUT, node, 0, len(node.value)))
        for segment in segments(node.value):
            for reference in references(segment.expr) if segment.expr is not None else ():
                path = tuple(part or "" for part in reference.path)
                taking = _placed(Taking(event, job, step, CHECKOUT, node, segment.start, segment.end))
                if reference.context == "github":
                    taking.fixed = path in _FIXED
                    foreign = path[-2:] == ("repo", "full_name") or path[1:3] == ("workflow_run", "head_repository")
                    if taking.fixed or path in _MOVING or (foreign and "head" in reference.raw.lower()):
                        return taking if _belongs(path, event) else None
                elif name == "ref" and event in ("issue_comment", "workflow_run"):
                    output = path[-1] if path and reference.context in ("steps", "needs") else ""
                    if re.search(_COMPUTED_NAME, reference.names[-1] or "" if output else ""):
                        taking.computed = True
                        return taking
    return None


def _belongs(path: tuple[str, ...], event: str) -> bool:
    """Whether the payload of an event has that part at all."""
    if path[:2] == ("event", "workflow_run"):
        return event == "workflow_run"
    return event == "pull_request_target"


def _downloads(uses: Uses, step: Step) -> bool:
    run = step.input("run-id") or step.input("run_id")
    if uses.slug == "actions/download-artifact" and run is not None:
        return True
    if uses.slug == "actions/github-script":
        return re.search(_BY_API, text_of(step.input("script"))) is not None
    return uses.slug in _OTHER_RUNS or "github.event.workflow_run.id" in text_of(run).lower()


def _placed(taking: Taking) -> Taking:
    taking.folder = _folder(text_of(taking.step.input("path")))
    return taking


def _folder(path: str) -> str:
    folder = path.strip().removeprefix("./").rstrip("/")
    return "" if folder in _TOP else folder


# ---------------------------------------------------------------------------------------------------- who gets there


def _judge(taking: Taking, workflow: Workflow, slug: str) -> bool:
    """Notes what the conditions on the way to a step mean for outsiders; False where the event never gets there."""
    conditions = list(_conditions(workflow, taking.job, taking.step))
    if any(truth(each, {("github", "event_name"): taking.event}) is False for each in conditions):
        return False
    text = " ".join(text_of(node) for node in _texts(workflow, taking.job, taking.step))
    outsider = _outsider(taking.event, slug, text)
    taking.closed = any(truth(each, outsider) is False for each in conditions)
    if taking.closed:
        unasked = {path: value for path, value in outsider.items() if path[-1] != "author_association"}
        taking.association = not any(truth(each, unasked) is False for each in conditions)
    bare = {**outsider, **_NO_LABEL}
    taking.labelled = set(types_of(workflow, taking.event)) == {"labeled"} or (
        not taking.closed and any(truth(each, bare) is False for each in conditions)
    )
    return True


_NO_LABEL: Known = {
    ("github", "event", "label", "name"): "",
    ("github", "event", "pull_request", "labels", "*", "name"): "",
    ("github", "event", "issue", "labels", "*", "name"): "",
    ("github", "event", "action"): "opened",
}
"""What the contexts say before anybody has put a label on; outsiders cannot put one on themselves."""


def _outsider(event: str, slug: str, text: str) -> Known:
    """What the contexts say when somebody without any role here causes the event from a fork."""
    known: dict[tuple[str, ...], bool | float | str | None] = {
        ("github", "event_name"): event,
        ("github", "actor"): "some-outsider",
        ("github", "triggering_actor"): "some-outsider",
        ("github", "event", "sender", "login"): "some-outsider",
        ("github", "event", "workflow_run", "event"): "pull_request",
    }
    for subject in ("pull_request", "comment", "issue", "discussion", "review"):
        known["github", "event", subject, "author_association"] = "NONE"
        known["github", "event", subject, "user", "login"] = "some-outsider"
    fork = "some-outsider/fork"
    for head in (("pull_request", "head", "repo"), ("workflow_run", "head_repository")):
        known["github", "event", *head, "full_name"] = fork
        known["github", "event", *head, "fork"] = True
        known["github", "event", *head, "owner", "login"] = "some-outsider"
    if slug or "full_name" in text or "head_repository" in text:
        # Without a name, one is as good as another where it is compared with that of the fork.
        known["github", "repository"] = slug or "some-owner/repository"
        known["github", "repository_owner"] = (slug or "some-owner/repository").partition("/")[0]
    return known


def _texts(workflow: Workflow, job: Job, step: Step | None) -> Iterator[Node]:
    """The ``if`` of a step, of its job, and of the jobs that have to succeed before it."""
    own = step.node.get("if") if step is not None else None
    if own is not None:
        yield own
    waiting, seen = [job], {job.id.lower()}
    while waiting:
        current = waiting.pop()
        node = current.node.get("if")
        if node is not None:
            yield node
            if condition(text_of(node)).has_status:
                continue  # it may run although the jobs that it needs were skipped
        for name in current.needs:
            needed = workflow.job(name.value)
            if needed is not None and needed.id.lower() not in seen:
                seen.add(needed.id.lower())
                waiting.append(needed)


def _conditions(workflow: Workflow, job: Job, step: Step) -> Iterator[Expr]:
    for node in _texts(workflow, job, step):
        expr = condition(text_of(node)).expr
        if expr is not None:
            yield expr


def reaches(step: Step, event: str, slug: str) -> bool:
    """Whether an outsider's event can get to a step of a job that it has got into."""
    node = step.node.get("if")
    expr = condition(text_of(node)).expr if isinstance(node, Scalar) else None
    return expr is None or truth(expr, _outsider(event, slug, text_of(node))) is not False


def lets_in(workflow: Workflow, job: Job, step: Step | None, event: str, slug: str) -> bool:
    """Whether an outsider who causes an event gets to a step, or with None to the job, as far as conditions tell."""
    nodes = list(_texts(workflow, job, step))
    known = _outsider(event, slug, " ".join(text_of(node) for node in nodes)) if nodes else {}
    exprs = (condition(text_of(node)).expr for node in nodes)
    return all(expr is None or truth(expr, known) is not False for expr in exprs)


def powerless(workflow: Workflow, job: Job) -> bool:
    """Whether it is stated that a job's token writes nothing, and neither the job nor the workflow reads a secret."""
    stated = job.permissions if job.permissions is not None else workflow.permissions
    if isinstance(stated, Mapping):
        writes = any(text_of(value) == "write" for _, value in stated.items)
    else:
        writes = text_of(stated) != "read-all"
    if writes or stated is None or text_of(job.node.get("secrets")) == "inherit":
        return False
    env = workflow.node.get("env")
    return not any(
        re.compile(_SECRET, re.I).search(workflow.document.text, node.start, node.end)
        for node in (job.node, env)
        if node is not None
    )


_SECRET = r"\bsecrets\b(?!\s*\.\s*GITHUB_TOKEN\b)"


def types_of(workflow: Workflow, event: str) -> tuple[str, ...]:
    """The activity types that start a workflow; without ``types`` those of GitHub's default for pull requests."""
    configuration = workflow.triggers[event][1]
    listed = configuration.get("types") if isinstance(configuration, Mapping) else None
    if listed is not None:
        return tuple(scalar.value for scalar in scalars_of(listed))
    return ("opened", "synchronize", "reopened")
