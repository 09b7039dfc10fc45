"""How a plan looks, and what it is as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from chittyops_policy.errors import UserError
from chittyops_policy.lock.desired import read_lock
from chittyops_policy.lock.document import plan_document
from chittyops_policy.lock.planner import repository_steps
from chittyops_policy.lock.text import plan_text
from chittyops_policy.lock.values import Plan
from chittyops_policy.settings import Hidden

from .given import changed, extended, fresh, lock, on_github, ready, settled

ROOT = Path(__file__).parents[2]

FRESH = """\
northwind/storefront
  + ruleset "chittyops-policy: default branch"
      + conditions.ref_name.include                           [~DEFAULT_BRANCH]
      + enforcement                                           active
      + rules.deletion
      + rules.non_fast_forward
      + rules.pull_request.dismiss_stale_reviews_on_push      true
      + rules.pull_request.require_code_owner_review          true
      + rules.pull_request.require_last_push_approval         true
      + rules.pull_request.required_approving_review_count    1
      + rules.pull_request.required_review_thread_resolution  true
      + target                                                branch
      ! required check "chittyops-policy": withheld: it has not reported on the default branch, so every pull \
request would wait for it
        first: add the workflow, with a push to the default branch among its triggers, and let it run once
  ~ Actions permissions  (what pinned actions use in turn was not looked at; GitHub asks the same of it)
      ~ allowed_actions       all -> selected
      ~ sha_pinning_required  false -> true
  + allowed actions
      + github_owned_allowed  true
      + patterns_allowed      [chittyos/*, cloudflare/wrangler-action@*, \
dependency-check/dependency-check_action@*, pnpm/action-setup@*, snyk/actions/*]
      + verified_allowed      false
  ~ default token
      ~ can_approve_pull_request_reviews  true -> false
      ~ default_workflow_permissions      write -> read

Plan: 2 to add, 2 to change, 0 to delete; 1 unchanged, 1 withheld until what is named above is done.
"""


def test_a_plan_reads_like_a_diff() -> None:
    assert plan_text(Plan(repository_steps(lock(), fresh(), ready(reported={})))) == FRESH


def test_nothing_to_do_is_one_line() -> None:
    body = repository_steps(lock(), settled(), ready())[1].body
    assert body is not None
    steps = repository_steps(lock(), settled(on_github(body)), ready())
    assert plan_text(Plan(steps)) == "Plan: 0 to add, 0 to change, 0 to delete; 5 unchanged.\n"
    assert 'ruleset "chittyops-policy: default branch"' in plan_text(Plan(steps), full=True)


def test_drift_what_stays_and_what_is_not_told() -> None:
    body = repository_steps(lock(), settled(), ready())[1].body
    assert body is not None
    there = changed(on_github(body), "pull_request", required_approving_review_count=0)
    there = extended(there, {"type": "required_linear_history"})
    hidden = Hidden("GitHub answers 403", "administration: read")
    plan = Plan(repository_steps(lock(), settled(there, protection=hidden), ready()))
    assert (
        plan_text(plan)
        == """\
northwind/storefront
  ~ ruleset "chittyops-policy: default branch"
      ~ rules.pull_request.required_approving_review_count  0 -> 1
      - rules.required_linear_history                       (stays: beyond the pack; --prune takes it away)
  ? branch protection "main"  (GitHub answers 403; the permission administration: read would tell)

Plan: 0 to add, 1 to change, 0 to delete; 4 unchanged, 1 more that only --prune takes away, 1 unknown to this token.
"""
    )
    assert "\x1b[" in plan_text(plan, color=True)


def test_the_json_of_a_plan_follows_its_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "lock-plan.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for readiness in (ready(), ready(reported={})):
        document = plan_document(Plan(repository_steps(lock(), fresh(protection=Hidden("x")), readiness)))
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
        assert json.loads(json.dumps(document)) == document
    document["steps"][0]["action"] = "burn"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "asks nothing"),
        ({"lock": {"prefix": ""}}, "lock.prefix"),
        ({"lock": {"prefix": "x", "rulesets": {}}}, "lock has no key 'rulesets'"),
        ({"lock": {"prefix": "x", "repository": {"rulesets": {"a": {"enforcement": "on"}}}}}, "a.enforcement"),
        ({"lock": {"prefix": "x", "repository": {"teams": {"a": "write"}}}}, "one of pull, triage, push"),
        (
            {"lock": {"prefix": "x", "repository": {"actions": {"selected_actions": {"x": 1}}}}},
            "allowed_actions: selected",
        ),
        (
            {"lock": {"prefix": "x", "repository": {"rulesets": {"a": {"enforcement": "active", "rules": [{}]}}}}},
            "rules[0]: a rule has a 'type'",
        ),
    ],
    ids=["nothing", "prefix", "key", "enforcement", "access", "list without its switch", "rule"],
)
def test_a_mistake_in_a_pack_is_named(parameters: dict[str, object], words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_lock(parameters)
    assert words in caught.value.message


def test_null_takes_a_ruleset_of_an_extended_pack_away() -> None:
    read = read_lock({"lock": {"prefix": "x: ", "repository": {"rulesets": {"a": None}, "teams": {"b": None}}}})
    assert read.repository.rulesets == {}
    assert read.repository.teams == {}
