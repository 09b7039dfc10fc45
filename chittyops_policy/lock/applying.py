"""Sends the steps of a plan to GitHub; what is taken away only goes once what takes its place is seen to be in force.

Nothing here remembers anything: each plan is made from what GitHub has, so a run that broke off is simply run again.
"""

from __future__ import annotations

from chittyops_policy.hosts.connection import AnswerLost, HostError, Missing, Refused, Spent, segment
from chittyops_policy.model import Value

from .normal_form import flat_ruleset
from .reading import is_protected, read_ruleset
from .values import ACCESS, ACTIONS, CREATE, DELETE, PROTECTION, RULESET, SELECTED, TEAM, TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chittyops_policy.hosts.connection import Connection

    from .values import Step

DONE = "done"
FAILED = "failed"
SKIPPED = "skipped"

_SETTINGS = {ACTIONS: "", SELECTED: "/selected-actions", TOKEN: "/workflow"}


class Done(Value):
    """What became of a step: DONE, FAILED or SKIPPED, with the reason and the permission that is wanting."""

    __slots__ = ("outcome", "permission", "reason", "step")

    def __init__(self, step: Step, outcome: str, reason: str = "", permission: str = "") -> None:
        self.step = step
        self.outcome = outcome
        self.reason = reason
        self.permission = permission


def apply_steps(connect: Callable[[str], Connection], steps: Iterable[Step]) -> Iterator[Done]:
    """Each step that sends anything, with what became of it. `connect` gives the connection for an owner.

    A step that fails stops what depends on it, and nothing else; where GitHub answers no more, the rest is skipped.
    """
    failed: set[tuple[str, str, str]] = set()
    spent: Spent | None = None
    for step in steps:
        if not step.acts:
            continue
        if spent is not None:
            yield Done(step, SKIPPED, spent.message)
            continue
        blocked = _blocked(step, failed)
        if blocked:
            done = Done(step, SKIPPED, blocked)
        else:
            try:
                done = _perform(connect(step.scope.partition("/")[0]), step)
            except Spent as error:
                spent = error
                done = Done(step, FAILED, error.message)
            except Refused as error:
                done = Done(step, FAILED, f"GitHub refuses it: {error.message} ({error.status})", error.permission)
            except HostError as error:
                done = Done(step, FAILED, error.message)
        if done.outcome != DONE:
            failed.add((step.scope, step.kind, step.name))
        yield done


def _blocked(step: Step, failed: set[tuple[str, str, str]]) -> str:
    """Why a step cannot be done since another failed."""
    for name in step.after:
        if (step.scope, RULESET, name) in failed:
            return f'"{name}" is not in force'
    if step.kind == SELECTED and (step.scope, ACTIONS, "") in failed:
        return "the Actions permissions are not set"
    return ""


def _perform(connection: Connection, step: Step) -> Done:
    base = base_of(step.scope)
    for name in step.after:
        ruleset = read_ruleset(connection, base, name)
        if ruleset is None or ruleset.body["enforcement"] != "active":
            return Done(step, SKIPPED, f'"{name}" is not in force')
    if step.kind == RULESET:
        return _ruleset(connection, base, step)
    if step.kind == TEAM:
        _send(connection, "POST", f"{base}/teams", step.body, lambda: _team_exists(connection, step))
    elif step.kind == ACCESS:
        owner = step.scope.partition("/")[0]
        _send(connection, "PUT", f"orgs/{owner}/teams/{segment(step.name)}/repos/{step.scope}", step.body)
    elif step.kind == PROTECTION:
        branch = f"{base}/branches/{segment(step.name)}"
        _delete(connection, f"{branch}/protection", lambda: not is_protected(connection.get(branch)))
    else:
        _send(connection, "PUT", f"{base}/actions/permissions{_SETTINGS[step.kind]}", step.body)
    return Done(step, DONE)


def _ruleset(connection: Connection, base: str, step: Step) -> Done:
    if step.action == DELETE:
        _delete(connection, f"{base}/rulesets/{step.id}", lambda: read_ruleset(connection, base, step.name) is None)
        return Done(step, DONE)
    if step.action == CREATE:
        # Somebody else may have made it since the plan; two rulesets of one name would both be in force.
        if read_ruleset(connection, base, step.name) is not None:
            return Done(step, FAILED, "it exists by now; plan again")
        _send(connection, "POST", f"{base}/rulesets", step.body, lambda: _is_as_sent(connection, base, step))
    else:
        _send(connection, "PUT", f"{base}/rulesets/{step.id}", step.body)
    return Done(step, DONE)


def _send(
    connection: Connection, verb: str, path: str, body: object, happened: Callable[[], bool] = lambda: False
) -> None:
    """Sends, and after a lost answer looks whether it happened before it sends once more. A PUT may be sent twice."""
    try:
        connection.send(verb, path, body)
    except AnswerLost:
        if not happened():
            connection.send(verb, path, body)


def _delete(connection: Connection, path: str, gone: Callable[[], bool]) -> None:
    """Deletes. GitHub answers 404 where it is gone already, and where the token may not know of it."""
    try:
        _send(connection, "DELETE", path, None)
    except Missing:
        if not gone():
            raise


def _team_exists(connection: Connection, step: Step) -> bool:
    return any(team["slug"] == step.name for team in connection.pages(f"orgs/{step.scope}/teams"))


def _is_as_sent(connection: Connection, base: str, step: Step) -> bool:
    ruleset = read_ruleset(connection, base, step.name)
    return ruleset is not None and step.body is not None and flat_ruleset(ruleset.body) == flat_ruleset(step.body)


def base_of(scope: str) -> str:
    """Where the REST API has a scope: ``orgs/acme`` or ``repos/acme/shop``."""
    return f"repos/{scope}" if "/" in scope else f"orgs/{scope}"
