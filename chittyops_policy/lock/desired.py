"""What a pack asks of the settings on GitHub: the parameter ``lock``, read and checked.

Bodies are those of GitHub's REST API. Two keys are this tool's own and never sent: ``also`` at a required check (other
names under which the same check reports) and ``team`` at a bypass actor or a reviewer (a team by its slug, since ids
differ between organisations).
"""

from __future__ import annotations

from chittyops_policy.errors import UserError
from chittyops_policy.model import Value

from .values import ACCESS_LEVELS, ACTIONS, SELECTED, TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SCOPE_KEYS = ("actions", "rulesets", "teams")
_ACTIONS_KEYS = {"permissions": ACTIONS, "selected_actions": SELECTED, "workflow": TOKEN}


class Desired(Value):
    """What is asked of one scope, an organisation or each repository.

    rulesets  name → body; the name has the pack's prefix
    settings  ACTIONS, SELECTED, TOKEN → body
    teams     slug → of an organisation the team's body, of a repository one of ACCESS_LEVELS
    """

    __slots__ = ("rulesets", "settings", "teams")

    def __init__(
        self, rulesets: Mapping[str, Any], settings: Mapping[str, Mapping[str, Any]], teams: Mapping[str, Any]
    ) -> None:
        self.rulesets = rulesets
        self.settings = settings
        self.teams = teams


class Lock(Value):
    """What a pack asks for: `prefix` marks the names of rulesets that are this tool's; all others are not touched."""

    __slots__ = ("organisation", "prefix", "repository")

    def __init__(self, prefix: str, organisation: Desired, repository: Desired) -> None:
        self.prefix = prefix
        self.organisation = organisation
        self.repository = repository


def read_lock(parameters: Mapping[str, Any]) -> Lock:
    """The lock of a pack's parameters. Raises UserError for what cannot be one."""
    stated = parameters.get("lock")
    if stated is None:
        raise UserError(
            "the pack asks nothing of the settings on GitHub", "it has no parameter 'lock'; see docs/lock.md"
        )
    _keys(stated, "lock", ("prefix", "organization", "repository"))
    prefix = stated.get("prefix")
    if not isinstance(prefix, str) or not prefix.strip():
        raise UserError(
            "lock.prefix: the names of this tool's rulesets start with it", "for example 'prefix: \"acme: \"'"
        )
    return Lock(
        prefix,
        _desired(stated.get("organization"), "lock.organization", prefix, organisation=True),
        _desired(stated.get("repository"), "lock.repository", prefix, organisation=False),
    )


def _desired(stated: Any, place: str, prefix: str, *, organisation: bool) -> Desired:
    stated = {} if stated is None else stated
    _keys(stated, place, _SCOPE_KEYS)
    rulesets = {}
    for name, body in _mapping(stated.get("rulesets"), f"{place}.rulesets").items():
        if body is not None:  # a pack above takes one away with null
            _check_ruleset(body, f"{place}.rulesets.{name}")
            rulesets[prefix + name] = {**body, "name": prefix + name}
    actions = _mapping(stated.get("actions"), f"{place}.actions")
    _keys(actions, f"{place}.actions", tuple(_ACTIONS_KEYS))
    settings = {
        _ACTIONS_KEYS[key]: _mapping(body, f"{place}.actions.{key}")
        for key, body in actions.items()
        if body is not None
    }
    if SELECTED in settings and settings.get(ACTIONS, {}).get("allowed_actions") != "selected":
        raise UserError(f"{place}.actions.selected_actions needs 'allowed_actions: selected' in permissions")
    teams: dict[str, Any] = {}
    for slug, team in _mapping(stated.get("teams"), f"{place}.teams").items():
        if team is None:
            continue
        if organisation:
            teams[slug] = _mapping(team, f"{place}.teams.{slug}")
        elif team in ACCESS_LEVELS:
            teams[slug] = team
        else:
            raise UserError(f"{place}.teams.{slug}: one of {', '.join(ACCESS_LEVELS)}")
    return Desired(rulesets, settings, teams)


def _check_ruleset(body: Any, place: str) -> None:
    """What the planner relies on; whether GitHub takes the rest, GitHub says."""
    _mapping(body, place)
    if body.get("enforcement") not in ("active", "evaluate", "disabled"):
        raise UserError(f"{place}.enforcement: one of active, evaluate, disabled")
    if "name" in body:
        raise UserError(f"{place}.name: the name is the key, with lock.prefix before it")
    for number, rule in enumerate(_list(body.get("rules"), f"{place}.rules")):
        where = f"{place}.rules[{number}]"
        if not isinstance(_mapping(rule, where).get("type"), str):
            raise UserError(f"{where}: a rule has a 'type'")
        parameters = _mapping(rule.get("parameters"), f"{where}.parameters")
        for check in _list(parameters.get("required_status_checks"), f"{where}.parameters.required_status_checks"):
            if not isinstance(_mapping(check, where).get("context"), str):
                raise UserError(f"{where}: a required check has a 'context'")
    for actor in _list(body.get("bypass_actors"), f"{place}.bypass_actors"):
        if not isinstance(_mapping(actor, f"{place}.bypass_actors").get("actor_type"), str):
            raise UserError(f"{place}.bypass_actors: an actor has an 'actor_type'")


def _keys(value: Any, place: str, known: tuple[str, ...]) -> None:
    for key in _mapping(value, place):
        if key not in known:
            raise UserError(f"{place} has no key '{key}'", f"one of: {', '.join(known)}")


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{place} must be a mapping")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UserError(f"{place} must be a list")
    return value
