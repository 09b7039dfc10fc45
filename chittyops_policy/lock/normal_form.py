"""Rulesets in a form in which equal ones are equal: without order, ids and what GitHub fills in by itself.

Source of the defaults: the schema of a ruleset's rules in GitHub's REST description (``@octokit/openapi``, 2026-11) and
GitHub's answers to bodies without them.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEFAULTS: dict[str, dict[str, Any]] = {
    "update": {"update_allows_fetch_and_merge": False},
    "pull_request": {
        "allowed_merge_methods": ["merge", "squash", "rebase"],
        "dismissal_restriction.enabled": False,
        "dismissal_restriction.allowed_actors": [],
        "required_reviewers": [],
    },
    "required_status_checks": {"do_not_enforce_on_create": False},
    "workflows": {"do_not_enforce_on_create": False},
}
"""Rule → parameter → what GitHub takes where a body does not say it."""

KEYED = {
    "required_status_checks": ("required_status_checks", "context"),
    "workflows": ("workflows", "path"),
    "code_scanning": ("code_scanning_tools", "tool"),
}
"""Rule → the parameter that is a list of objects, and the key that tells them apart."""

Flat = dict[str, "Any"]


def flat_ruleset(body: Mapping[str, Any]) -> Flat:
    """Dotted path → plain value of everything that a ruleset decides.

    A rule without parameters is ``rules.<type>: True``; an item of a keyed list is ``rules.<type>.<list>[<key>]``.
    Bypass actors are ``bypass_actors[<type> <id>]``; they are missing where the body does not tell them.
    """
    flat: Flat = {"target": body.get("target") or "branch", "enforcement": body["enforcement"]}
    conditions = body.get("conditions") or {}
    if "ref_name" in conditions or flat["target"] != "push":
        names = conditions.get("ref_name") or {}
        for key in ("include", "exclude"):
            flat[f"conditions.ref_name.{key}"] = sorted(names.get(key) or [])
    for name, condition in conditions.items():
        if name != "ref_name":
            flat.update(_flattened(condition, f"conditions.{name}"))
    for actor in body.get("bypass_actors") or []:
        flat[actor_path(actor)] = actor.get("bypass_mode") or "always"
    for key, rule in keyed_rules(body).items():
        flat.update(_flat_rule(rule, f"rules.{key}"))
    return flat


def actor_path(actor: Mapping[str, Any]) -> str:
    """The path of a bypass actor. Of an organisation's admins and of deploy keys there is only one."""
    id = "" if actor["actor_type"] in ("OrganizationAdmin", "DeployKey") else f" {actor.get('actor_id')}"
    return f"bypass_actors[{actor['actor_type']}{id}]"


def keyed_rules(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rules by type; those of a type that stands several times are told apart by their order as text."""
    rules = sorted(body.get("rules") or [], key=lambda rule: (rule["type"], _text(rule.get("parameters"))))
    found: dict[str, Mapping[str, Any]] = {}
    for rule in rules:
        key, number = rule["type"], 2
        while key in found:
            key, number = f"{rule['type']}#{number}", number + 1
        found[key] = rule
    return found


def flat_settings(body: Mapping[str, Any]) -> Flat:
    """The same for a flat body: lists without order, addresses left out."""
    return {
        key: sorted(value, key=str.lower) if isinstance(value, list) else value
        for key, value in body.items()
        if not key.endswith("_url")
    }


def is_default(path: str, value: Any) -> bool:
    """Whether GitHub would have taken the value by itself."""
    if path == "conditions.ref_name.exclude":
        return bool(value == [])
    head, _, name = path.removeprefix("rules.").partition(".")
    defaults = DEFAULTS.get(head, {})
    return bool(name in defaults and _canonical(defaults[name]) == value)


def _flat_rule(rule: Mapping[str, Any], prefix: str) -> Flat:
    parameters = rule.get("parameters") or {}
    if not parameters and rule["type"] not in DEFAULTS:
        return {prefix: True}
    listed, key = KEYED.get(rule["type"], ("", ""))
    flat: Flat = {f"{prefix}.{name}": _canonical(value) for name, value in DEFAULTS.get(rule["type"], {}).items()}
    for name, value in parameters.items():
        if name == listed:
            for item in value or []:
                rest = {inner: each for inner, each in item.items() if inner != key and each is not None}
                flat[f"{prefix}.{name}[{item[key]}]"] = rest or True
        else:
            flat.update(_flattened(value, f"{prefix}.{name}"))
    return flat


def _flattened(value: Any, path: str) -> Flat:
    if isinstance(value, dict):
        flat: Flat = {}
        for name, inner in value.items():
            flat.update(_flattened(inner, f"{path}.{name}"))
        return flat
    return {path: _canonical(value)}


def _canonical(value: Any) -> Any:
    """A list without its order; GitHub gives none of them a meaning by order."""
    if isinstance(value, list):
        return sorted(({**item} if isinstance(item, dict) else item for item in value), key=_text)
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
