"""GitHub's settings as the tests start from them: bodies as the REST API answers with them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chittyops_policy.lock.desired import Lock, read_lock
from chittyops_policy.lock.values import ACTIONS, SELECTED, TOKEN, Actual, Readiness, Ruleset, Step, Team
from chittyops_policy.policy import standard_pack
from chittyops_policy.settings import Hidden

OWNER = "northwind"
SLUG = "northwind/storefront"
ADMINS = Team("cicd-admins", 7, "push", 3)
CHECK = "chittyops-policy"
NAME = "chittyops-policy: default branch"

ON_GITHUB: dict[str, Any] = {
    "id": 41,
    "node_id": "RRS_x",
    "source_type": "Repository",
    "source": SLUG,
    "_links": {"self": {"href": "https://api.github.test/rulesets/41"}},
    "created_at": "2026-11-01T00:00:00Z",
    "updated_at": "2026-11-02T00:00:00Z",
    "current_user_can_bypass": "never",
}
"""What GitHub adds to a ruleset that nobody sent."""

FILLED_IN: dict[str, dict[str, Any]] = {
    "pull_request": {
        "allowed_merge_methods": ["squash", "merge", "rebase"],
        "required_reviewers": [],
        "dismissal_restriction": {"enabled": False, "allowed_actors": []},
    },
    "required_status_checks": {"do_not_enforce_on_create": False},
}
"""What GitHub fills in where a body does not say it."""


@lru_cache
def lock() -> Lock:
    """The shipped pack's."""
    return read_lock(standard_pack(None).parameters)


def ready(**more: Any) -> Readiness:
    """A repository of which everything may be required."""
    return Readiness(**{"reported": {CHECK: (15368,)}, "owners": ("cicd-admins",), **more})


def settings(**more: Any) -> dict[str, Any]:
    """The Actions policy as the pack wants it."""
    found = copy.deepcopy(dict(lock().repository.settings))
    return {**found, ACTIONS: {"enabled": True, **found[ACTIONS]}, **more}


def fresh(**more: Any) -> Actual:
    """A repository as GitHub makes it: no ruleset, no protection, every action allowed."""
    return Actual(
        SLUG,
        **{
            "branch": "main",
            "teams": {"cicd-admins": ADMINS},
            "settings": {
                ACTIONS: {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False},
                SELECTED: None,
                TOKEN: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True},
            },
            **more,
        },
    )


def settled(*rulesets: Ruleset, **more: Any) -> Actual:
    """A repository whose Actions policy is as the pack wants it."""
    return fresh(**{"settings": settings(), "rulesets": rulesets, **more})


def on_github(body: Mapping[str, Any], id: int = 41) -> Ruleset:
    """A ruleset that was sent, as GitHub answers with it: more keys, defaults filled in, another order."""
    there: dict[str, Any] = copy.deepcopy({**ON_GITHUB, **body, "id": id})
    for rule in there["rules"]:
        extra = FILLED_IN.get(rule["type"])
        if extra:
            rule["parameters"] = {**copy.deepcopy(extra), **(rule.get("parameters") or {})}
    there["rules"].reverse()
    return Ruleset(id, there)


def changed(ruleset: Ruleset, type: str, **parameters: Any) -> Ruleset:
    """The ruleset with parameters of one rule changed by somebody."""
    body = copy.deepcopy(dict(ruleset.body))
    for rule in body["rules"]:
        if rule["type"] == type:
            rule["parameters"] = {**(rule.get("parameters") or {}), **parameters}
    return Ruleset(ruleset.id, body)


def without(ruleset: Ruleset, type: str) -> Ruleset:
    """The ruleset with one rule taken out by somebody."""
    rules = [rule for rule in ruleset.body["rules"] if rule["type"] != type]
    return Ruleset(ruleset.id, {**ruleset.body, "rules": rules})


def extended(ruleset: Ruleset, *rules: dict[str, Any], **more: Any) -> Ruleset:
    """The ruleset with rules added, or top-level keys changed, by somebody."""
    return Ruleset(ruleset.id, {**ruleset.body, "rules": [*ruleset.body["rules"], *rules], **more})


def of_kind(steps: tuple[Step, ...], kind: str) -> Step:
    """The one step of a kind."""
    found = [step for step in steps if step.kind == kind]
    assert len(found) == 1, found
    return found[0]


NOT_TOLD = Hidden("GitHub shows it to administrators", "administration: read")
