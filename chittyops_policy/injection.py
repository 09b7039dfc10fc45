"""Values that others can choose and places where they become code: what the rules about injection share.

A value is followed back to where it comes from, see `value_flows`; what cannot be followed is somebody's choice, but
not known to be an outsider's.

Sources: GitHub's documentation "Script injections" and "Webhook events and payloads" (read 2026-11), which fields are
free text; GitHub's restrictions on logins, ids and SHAs, which are not.
"""

from __future__ import annotations

from functools import lru_cache

from .document import Mapping, Scalar, Sequence
from .expressions import Binary, Call, Index, Literal, Name, Path, Reference, Unary, references, segments
from .model import Value
from .value_flows import Place, callers_of, environments, origins
from .workflow import Action, Workflow, is_false, mapping_of, scalars_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from .document import Node
    from .expressions import Expr
    from .rule import Context
    from .value_flows import Origin
    from .workflow import Job, Step

GITHUB_SCRIPT: Final = "actions/github-script"

CODE_INPUTS: Final = {
    GITHUB_SCRIPT: ("script",),
    "addnab/docker-run-action": ("run",),
    "amadevus/pwsh-script": ("script",),
    "appleboy/ssh-action": ("script",),
    "azure/cli": ("inlinescript",),
    "azure/powershell": ("inlinescript",),
    "cloudflare/wrangler-action": ("precommands", "postcommands"),
    "cross-platform-actions/action": ("run",),
    "cypress-io/github-action": ("build", "command", "install-command", "start"),
    "devcontainers/ci": ("runcmd",),
    "gabrielbb/xvfb-action": ("run",),
    "garygrossgarten/github-action-ssh": ("command",),
    "jannekem/run-python-script-action": ("script",),
    "mikefarah/yq": ("cmd",),
    "nick-fields/retry": ("command",),
    "nick-invision/retry": ("command",),
    "reactivecircus/android-emulator-runner": ("script",),
    "uraimo/run-on-arch-action": ("install", "run", "setup"),
    "vmactions/freebsd-vm": ("prepare", "run"),
    "vmactions/netbsd-vm": ("prepare", "run"),
    "vmactions/openbsd-vm": ("prepare", "run"),
}
"""Action → the inputs that it runs, in lower case. From the actions' own documentation (2026-11)."""

_PULLS: Final = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")
_PERSON: Final = ("author.name", "author.email", "committer.name", "committer.email")
_FREE_TEXT: Final = {  # field of github.event → the events that have it
    **dict.fromkeys(("issue.title", "issue.body"), ("issues", "issue_comment")),
    **dict.fromkeys(
        ("pull_request.title", "pull_request.body", "pull_request.head.ref", "pull_request.head.label",
         "pull_request.head.repo.default_branch", "pull_request.head.repo.description",
         "pull_request.head.repo.homepage"),
        _PULLS,
    ),
    "comment.body": ("issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"),
    "review.body": ("pull_request_review",),
    **dict.fromkeys(("discussion.title", "discussion.body"), ("discussion", "discussion_comment")),
    **dict.fromkeys(("pages.*.page_name", "pages.*.title", "pages.*.summary"), ("gollum",)),
    **dict.fromkeys(("head_commit.message", *(f"head_commit.{part}" for part in _PERSON)), ("push",)),
    **dict.fromkeys(("commits.*.message", *(f"commits.*.{part}" for part in _PERSON)), ("push",)),
    **dict.fromkeys(
        ("workflow_run.display_title", "workflow_run.head_branch", "workflow_run.head_commit.message",
         "workflow_run.head_repository.description", "workflow_run.pull_requests.*.head.ref",
         *(f"workflow_run.head_commit.{part}" for part in _PERSON)),
        ("workflow_run",),
    ),
    **dict.fromkeys(
        ("merge_group.head_commit.message", *(f"merge_group.head_commit.{part}" for part in _PERSON)), ("merge_group",)
    ),
    **dict.fromkeys(("check_suite.head_branch", "check_suite.head_commit.message"), ("check_suite",)),
    "check_run.check_suite.head_branch": ("check_run",),
}  # fmt: skip
_HEAD_REF: Final = (*_PULLS,)
_WITHOUT_SECRETS: Final = frozenset(("pull_request", "pull_request_review", "pull_request_review_comment", "push"))
"""From a fork these get neither secrets nor a token that writes; a push is made by somebody who may write anyway."""

_ANSWERS: Final = frozenset(
    ("contains", "startswith", "endswith", "hashfiles", "always", "success", "failure", "cancelled")
)
MAX_STEPS: Final = 200
"""References that are looked at for one value; what would need more is left as it is."""

_REFS: Final = frozenset(
    ("github.ref", "github.ref_name", "github.head_ref", "github.base_ref", "github.event.ref",
     "github.event.workflow_run.head_branch", "github.event.repository.default_branch")
)  # fmt: skip
_HARMLESS_GITHUB: Final = frozenset(
    ("action", "action_path", "action_repository", "actor", "actor_id", "api_url", "env", "event_name", "event_path",
     "graphql_url", "job", "path", "repository", "repository_id", "repository_owner", "repository_owner_id",
     "repositoryurl", "retention_days", "run_attempt", "run_id", "run_number", "server_url", "sha", "token",
     "triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace", "ref_type", "ref_protected")
)  # fmt: skip
_HARMLESS_EVENT: Final = frozenset(
    ("login", "id", "node_id", "number", "sha", "head_sha", "fork", "draft", "merged", "state", "type", "action",
     "full_name", "html_url", "url", "clone_url", "ssh_url", "after", "before", "created_at", "updated_at", "name",
     "conclusion", "status", "event", "author_association", "private", "run_number", "avatar_url", "diff_url")
)  # fmt: skip


class Expansion(Value):
    """One ``${{ }}`` in a text that is run.

    scalar      the script; `start`/`end` are offsets of the expression in its value
    text        the expression without fences
    expr        its tree
    script      the input that holds the script, '' for ``run``
    action      the action that runs it, in lower case, '' for ``run``
    """

    __slots__ = ("action", "end", "expr", "job", "place", "scalar", "script", "start", "step", "text")

    def __init__(
        self,
        view: Workflow | Action,
        job: Job | None,
        step: Step,
        scalar: Scalar,
        start: int,
        end: int,
        expr: Expr,
        action: str,
        script: str,
    ) -> None:
        self.place = Place(view, job, step)
        self.job = job
        self.step = step
        self.scalar = scalar
        self.start = start
        self.end = end
        self.text = scalar.value[start + 3 : end - 2].strip()
        self.expr = expr
        self.action = action
        self.script = script


def expansions(view: Workflow | Action) -> Iterator[Expansion]:
    """Every expression in a script of a workflow or a composite action, in file order; of steps that can run."""
    if not view.document.fenced:
        return
    seen: set[int] = set()  # an aliased step is written once
    steps: list[tuple[Job | None, Step]] = []
    if isinstance(view, Action):
        steps = [(None, step) for step in view.steps]
    else:
        steps = [(job, step) for job in view.jobs for step in job.steps]
    for job, step in steps:
        run = step.run
        if run is None:
            if step.uses is None or step.uses.slug not in CODE_INPUTS:
                continue
        elif "${{" not in run.value:
            continue
        for scalar, action, script in scripts_of(step):
            if "${{" not in scalar.value or id(scalar) in seen:
                continue
            if is_false(step.node.get("if")) or (job is not None and is_false(job.node.get("if"))):
                continue
            seen.add(id(scalar))
            for segment in segments(scalar.value):
                if segment.expr is not None:
                    yield Expansion(view, job, step, scalar, segment.start, segment.end, segment.expr, action, script)


def scripts_of(step: Step) -> Iterator[tuple[Scalar, str, str]]:
    """(script, action, input) for what a step runs: its ``run``, or the inputs that an action is known to run."""
    run = step.run
    if run is not None:
        yield run, "", ""
    elif step.uses is not None:
        for name in CODE_INPUTS.get(step.uses.slug, ()):
            node = step.input(name)
            if isinstance(node, Scalar):
                yield node, step.uses.slug, name


class Source(Value):
    """Where a value comes from: the text of the reference, who chooses it, and the events that bring it.

    free     whether outsiders choose it freely
    events   those of the workflow's triggers that have it; ``workflow_call`` where the caller's events decide
    through  the reference by way of which it comes, '' where it is read directly
    origin   where it is read, for one that comes a long way; None for one that is read directly, or by way of ``env``
    """

    __slots__ = ("events", "free", "origin", "raw", "through")

    def __init__(
        self, raw: str, free: bool, events: tuple[str, ...] = (), through: str = "", origin: Origin | None = None
    ) -> None:
        self.raw = raw
        self.free = free
        self.events = events
        self.through = through
        self.origin = origin

    @property
    def guarded(self) -> bool:
        """Whether none of the events hands secrets or a writing token to a run for an outsider."""
        return not set(self.events) - _WITHOUT_SECRETS

    @property
    def words(self) -> str:
        """The value in words: ``env.TITLE, which is github.event.issue.title,`` or just its name."""
        return f"{self.through}, which is {self.raw}," if self.through and self.through != self.raw else self.raw


def source_of(expansion: Expansion, context: Context) -> Source | None:
    """The gravest source whose text can become part of the script; None where every part is harmless."""
    return source_in(expansion.expr, expansion.place, context)


def source_in(expr: Expr, place: Place, context: Context) -> Source | None:
    """The gravest source whose text can become part of the value of an expression; see `source_of`."""
    return _gravest(expr, place, context, set())


def _gravest(expr: Expr, place: Place, context: Context, seen: set[tuple[object, ...]]) -> Source | None:
    best: Source | None = None
    for reference, as_json in flows(expr, False):
        key = (*place.key, reference.raw, as_json)
        if key in seen:
            continue
        seen.add(key)
        found = _source(place, reference, as_json, context, seen)
        if found is not None and (best is None or (found.free, not found.guarded) > (best.free, not best.guarded)):
            best = found
    return best


def is_free_text(workflow: Workflow, text: str) -> bool:
    """Whether a value is a field of the event and nothing else, and outsiders choose freely what stands there."""
    parts = segments(text)
    if len(parts) != 1 or (parts[0].start, parts[0].end) != (0, len(text)) or not isinstance(parts[0].expr, Index):
        return False
    reference = next((each for each in references(parts[0].expr) if each.expr is parts[0].expr), None)
    if reference is None or reference.context != "github":
        return False
    events = _free_text(reference.path, False)
    return any(event in workflow.triggers for event in (*events, "workflow_call")) if events else False


def flows(expr: Expr, as_json: bool) -> Iterator[tuple[Reference, bool]]:
    """The references whose text can end up in the value, each with whether it goes through toJSON."""
    if isinstance(expr, Unary | Literal):
        return
    if isinstance(expr, Binary):
        if expr.op == "||":
            yield from flows(expr.left, as_json)
        if expr.op in ("||", "&&"):  # the left side of && is only its value where that is empty or false
            yield from flows(expr.right, as_json)
        return
    if isinstance(expr, Call):
        if expr.key not in _ANSWERS:
            for argument in expr.args:
                yield from flows(argument, as_json or expr.key == "tojson")
        return
    root = expr
    while isinstance(root, Index) and not isinstance(root, Path):
        root = root.obj
    if isinstance(root, Name | Path):
        yield next((ref, as_json) for ref in references(expr) if ref.expr is expr)
    else:  # a part of what a function makes, as in fromJSON(…).name
        yield from flows(root, as_json)


def _source(
    place: Place, reference: Reference, as_json: bool, context: Context, seen: set[tuple[object, ...]]
) -> Source | None:
    view, kind, path = place.view, reference.context, reference.path
    chosen = Source(reference.raw, False)
    if kind == "github":
        events = _free_text(path, as_json)
        if events:
            if path == ("event", "workflow_run", "head_branch") and _names_branches(view):
                return None
            reachable = _reachable(place, events, context)
            return Source(reference.raw, True, reachable) if reachable else None
        if path[:2] == ("event", "inputs"):
            return None if _checked_input(view, path[2:]) else chosen
        name = ".".join(("github", *(part or "*" for part in path)))
        if not path or (len(path) == 1 and path[0] in _HARMLESS_GITHUB):
            return None
        if path[0] == "event" and name not in _REFS:
            dispatch = path[1:2] == ("client_payload",)
            whole = any(field.startswith(name.removeprefix("github.event.") + ".") for field in _FREE_TEXT)
            harmless = path[-1] in _HARMLESS_EVENT or len(path) == 1 or (whole and not as_json)  # prints Object
            return None if harmless and not dispatch else chosen
        return chosen
    if kind == "inputs" and _checked_input(view, path):
        return None
    if kind == "matrix":
        strategy = mapping_of(place.job.node.get("strategy")) if place.job is not None else None
        matrix = mapping_of(strategy.get("matrix")) if strategy is not None else None
        if matrix is not None and not _computed(matrix):
            return None
    if kind == "env":
        name = reference.names[0] or "" if reference.names else ""
        node = next((node for env in environments(place) if env is not None and (node := env.get(name))), None)
        if node is not None:
            return _through_env(place, node, name, context, seen)
    elif kind not in ("inputs", "matrix") and not (
        kind in ("steps", "needs", "jobs") and (len(path) < 2 or path[1] == "outputs")
    ):
        return None
    return _followed(place, reference, context, seen) or chosen


def _followed(place: Place, reference: Reference, context: Context, seen: set[tuple[object, ...]]) -> Source | None:
    """What outsiders have written into a value that was handed on; None where nobody is known to have."""
    best: Source | None = None
    if len(seen) > MAX_STEPS:
        return None
    for origin in origins(place, reference, context):
        if origin.expr is None:
            events = _reachable(origin.place, origin.events, context)
            found = Source(reference.raw, True, events, reference.raw, origin) if events else None
        else:
            inner = _gravest(origin.expr, origin.place, context, seen)
            found = None
            if inner is not None and inner.free:
                found = Source(inner.raw, True, inner.events, reference.raw, inner.origin or origin)
        if found is not None and (best is None or not found.guarded):
            best = found
    return best


def _names_branches(view: Workflow | Action) -> bool:
    """Whether only runs on certain branches start a workflow, so that the name can be no other."""
    if isinstance(view, Action) or "workflow_run" not in view.triggers:
        return False
    settings = mapping_of(view.triggers["workflow_run"][1])
    names = scalars_of(settings.get("branches")) if settings is not None else ()
    return bool(names) and not any(set(name.value) & set("*?+[!") for name in names)


def _computed(node: Node) -> bool:
    """Whether any text in a tree is an expression."""
    if isinstance(node, Scalar):
        return "${{" in node.value
    children = [value for _, value in node.items] if isinstance(node, Mapping) else []
    return any(_computed(child) for child in (node.items if isinstance(node, Sequence) else children))


@lru_cache(maxsize=256)  # the same few accesses stand in all workflows
def _free_text(path: tuple[str | None, ...], as_json: bool) -> tuple[str, ...]:
    """The events with a field that outsiders fill in freely and that an access of ``github`` can reach."""
    if path == ("head_ref",):
        return _HEAD_REF
    if path[:1] != ("event",):
        return (
            tuple(sorted({event for events in _FREE_TEXT.values() for event in events})) if as_json and not path else ()
        )
    found: set[str] = set()
    for field, events in _FREE_TEXT.items():
        wanted = field.split(".")
        given = path[1:]
        if len(given) > len(wanted) or (len(given) < len(wanted) and not as_json):
            continue
        if all(
            own in (part, "*", None) or (part == "*" and own is not None and own.isdigit())
            for own, part in zip(given, wanted, strict=False)
        ):
            found.update(events)
    return tuple(sorted(found))


def _reachable(place: Place, events: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Which events bring a value to a place; ``workflow_call`` where callers decide that are not known."""
    found: dict[str, None] = {}
    waiting, seen = [place], {place.key}
    while waiting:
        at = waiting.pop(0)
        triggers = () if isinstance(at.view, Action) else at.view.triggers
        found.update(dict.fromkeys(event for event in events if event in triggers))
        if isinstance(at.view, Action) or "workflow_call" in triggers:
            callers = (at.caller,) if at.caller is not None else callers_of(at.view, context)
            if not callers:
                found["workflow_call"] = None
            for caller in callers:
                if caller.key not in seen:
                    seen.add(caller.key)
                    waiting.append(caller)
    if not found and isinstance(place.view, Action) and place.caller is None:
        return ("workflow_call",)  # whoever else uses the action may have such an event
    return tuple(found)


def _checked_input(view: Workflow | Action, path: tuple[str | None, ...]) -> bool:
    """Whether an input is a boolean, a number or one of a list, wherever the workflow takes it."""
    if isinstance(view, Action) or not path or path[0] is None:
        return False
    types = []
    for event in ("workflow_dispatch", "workflow_call"):
        node = mapping_of(view.triggers[event][1]) if event in view.triggers else None
        inputs = mapping_of(node.get("inputs")) if node is not None else None
        for key, _, declared in inputs.pairs() if inputs is not None else ():
            if key.lower() == path[0]:
                one = mapping_of(declared)
                types.append(text_of(one.get("type")) if one is not None else "")
    return bool(types) and all(kind in ("boolean", "number", "choice") for kind in types)


def _through_env(place: Place, node: Node, name: str, context: Context, seen: set[tuple[object, ...]]) -> Source | None:
    best: Source | None = None
    for segment in segments(text_of(node)):
        found = _gravest(segment.expr, place, context, seen) if segment.expr is not None else None
        if found is not None and (best is None or (found.free, not found.guarded) > (best.free, not best.guarded)):
            best = found
    return best and Source(best.raw, best.free, best.events, f"env.{name}", best.origin)
