"""What is sent has the form that GitHub's own description of its API asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chittyops_policy.lock.applying import base_of
from chittyops_policy.lock.planner import repository_steps
from chittyops_policy.lock.values import ACTIONS, RULESET, SELECTED, TOKEN, Step

from ..github.messages import Request
from ..github.openapi import check_request
from ..github.world import needs_github
from .given import SLUG, fresh, lock, ready
from .test_planner import CLASSIC

pytestmark = needs_github

PATHS = {RULESET: "rulesets", ACTIONS: "actions/permissions", SELECTED: "actions/permissions/selected-actions"}
PATHS[TOKEN] = "actions/permissions/workflow"

STEPS = [
    pytest.param(step, id=step.label)
    for step in repository_steps(lock(), fresh(protection=CLASSIC), ready(), migrate=True)
    if step.kind in PATHS and step.body is not None
]


def complaints(step: Step, body: Any) -> list[str]:
    verb = "POST" if step.kind == RULESET else "PUT"
    return check_request(Request(verb, f"/{base_of(SLUG)}/{PATHS[step.kind]}", {}, json.dumps(body).encode()))


@pytest.mark.parametrize("step", STEPS)
def test_github_knows_what_is_sent(step: Step) -> None:
    assert complaints(step, step.body) == []


@pytest.mark.parametrize("step", STEPS)
def test_and_would_not_know_something_else(step: Step) -> None:
    assert step.body is not None
    assert complaints(step, {**step.body, "surprise": True})
    if step.kind == RULESET:
        assert complaints(step, {**step.body, "rules": [{"type": "required_status_checks", "parameters": {}}]})


def test_all_bodies_are_looked_at() -> None:
    assert len(STEPS) == 5, "two rulesets, one of them migrated, and three settings"
