"""What the plan makes of a pack and of what is on GitHub, without asking anybody."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from chittyops_policy.lock.desired import Desired, Lock
from chittyops_policy.lock.normal_form import flat_ruleset
from chittyops_policy.lock.planner import organisation_steps, repository_steps
from chittyops_policy.lock.values import (
    ACCESS,
    ACTIONS,
    CREATE,
    DELETE,
    KEEP,
    PROTECTION,
    RULESET,
    SELECTED,
    TEAM,
    TOKEN,
    UNKNOWN,
    UPDATE,
    Actual,
    Plan,
    Readiness,
    Ruleset,
    Step,
    Team,
)
from chittyops_policy.settings import Hidden

from . import given
from .given import (
    ADMINS,
    CHECK,
    NAME,
    NOT_TOLD,
    OWNER,
    SLUG,
    changed,
    extended,
    fresh,
    lock,
    of_kind,
    on_github,
    ready,
    settled,
    without,
)

seeded = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""A loaded machine may be slow; what is tried is the same each time."""


def plan(actual: Actual, readiness: Readiness | None = None, **options: bool) -> tuple[Step, ...]:
    return repository_steps(lock(), actual, readiness or ready(), **options)


@lru_cache
def sent_ruleset() -> Ruleset:
    """The pack's ruleset after it was created."""
    body = of_kind(plan(fresh()), RULESET).body
    assert body is not None
    return on_github(body)


def signs(step: Step) -> list[str]:
    return [f"{change.sign}{'(held)' if change.held else ''} {change.path}" for change in step.changes]


# ------------------------------------------------------------------------------------------------- from nothing


def test_a_fresh_repository_gets_everything_that_it_is_ready_for() -> None:
    steps = plan(fresh())
    assert [(step.action, step.kind) for step in steps] == [
        (KEEP, ACCESS),
        (CREATE, RULESET),
        (UPDATE, ACTIONS),
        (CREATE, SELECTED),
        (UPDATE, TOKEN),
    ]
    ruleset = of_kind(steps, RULESET)
    assert not ruleset.refusals
    assert ruleset.body is not None
    checks = [rule for rule in ruleset.body["rules"] if rule["type"] == "required_status_checks"]
    assert checks[0]["parameters"]["required_status_checks"] == [{"context": CHECK, "integration_id": 15368}]
    assert "rules.pull_request.require_code_owner_review" in [change.path for change in ruleset.changes]
    token = of_kind(steps, TOKEN)
    assert signs(token) == ["~ can_approve_pull_request_reviews", "~ default_workflow_permissions"]
    assert token.body == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}


def test_what_was_sent_is_recognised_when_it_comes_back() -> None:
    steps = plan(settled(sent_ruleset()))
    assert {step.action for step in steps} == {KEEP}
    assert Plan(steps).settled
    assert not any(step.body for step in steps)


@seeded
@hypothesis_given(st.randoms(use_true_random=False))
def test_order_means_nothing(mixer: random.Random) -> None:
    body: dict[str, Any] = dict(sent_ruleset().body)

    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            items = [shuffled(item) for item in value]
            mixer.shuffle(items)
            return items
        if isinstance(value, dict):
            keys = list(value)
            mixer.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return value

    assert flat_ruleset(shuffled(body)) == flat_ruleset(body)


# --------------------------------------------------------------------------------------------------------- drift


def test_a_rule_that_somebody_took_out_comes_back() -> None:
    step = of_kind(plan(settled(without(sent_ruleset(), "non_fast_forward"))), RULESET)
    assert step.action == UPDATE
    assert signs(step) == ["+ rules.non_fast_forward"]
    assert step.id == 41


def test_a_check_that_somebody_took_out_comes_back() -> None:
    step = of_kind(plan(settled(changed(sent_ruleset(), "required_status_checks", required_status_checks=[]))), RULESET)
    assert signs(step) == [f"+ rules.required_status_checks.required_status_checks[{CHECK}]"]


def test_a_check_that_any_app_may_report_is_bound_again() -> None:
    loose = changed(sent_ruleset(), "required_status_checks", required_status_checks=[{"context": CHECK}])
    step = of_kind(plan(settled(loose)), RULESET)
    assert signs(step) == [f"~ rules.required_status_checks.required_status_checks[{CHECK}]"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"enforcement": "disabled"}, ["~ enforcement"]),
        ({"enforcement": "evaluate"}, ["~ enforcement"]),
        (
            {"conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": ["refs/heads/main"]}}},
            ["~ conditions.ref_name.exclude"],
        ),
        (
            {"bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
            ["- bypass_actors[RepositoryRole 5]"],
        ),
        (
            {"bypass_actors": [{"actor_id": None, "actor_type": "OrganizationAdmin", "bypass_mode": "pull_request"}]},
            ["- bypass_actors[OrganizationAdmin]"],
        ),
    ],
    ids=["switched off", "only evaluated", "main excluded", "admins let by", "organisation admins let by"],
)
def test_what_weakens_the_ruleset_is_undone(more: dict[str, Any], expected: list[str]) -> None:
    step = of_kind(plan(settled(extended(sent_ruleset(), **more))), RULESET)
    assert step.action == UPDATE
    assert signs(step) == expected
    again = of_kind(plan(settled(on_github(step.body or {}))), RULESET)
    assert again.action == KEEP


def test_a_default_that_somebody_changed_is_seen_though_the_pack_does_not_state_it() -> None:
    lax = changed(sent_ruleset(), "required_status_checks", do_not_enforce_on_create=True)
    step = of_kind(plan(settled(lax)), RULESET)
    assert signs(step) == ["~ rules.required_status_checks.do_not_enforce_on_create"]
    assert of_kind(plan(settled(on_github(step.body or {}))), RULESET).action == KEEP


def test_a_parameter_that_nobody_here_knows_stays() -> None:
    newer = changed(sent_ruleset(), "pull_request", something_new=[1], required_approving_review_count=0)
    step = of_kind(plan(settled(newer)), RULESET)
    assert signs(step) == ["~ rules.pull_request.required_approving_review_count"]
    rules = {rule["type"]: rule.get("parameters") for rule in (step.body or {})["rules"]}
    assert rules["pull_request"]["something_new"] == [1]


# --------------------------------------------------------------------------------------------- beyond the pack


def test_what_protects_more_stays_without_prune_and_is_seen() -> None:
    more = extended(sent_ruleset(), {"type": "required_signatures"})
    checks = [{"context": CHECK, "integration_id": 15368}, {"context": "e2e"}]
    more = changed(more, "required_status_checks", required_status_checks=checks)
    step = of_kind(plan(settled(more)), RULESET)
    assert step.action == KEEP
    assert not step.acts
    assert signs(step) == [
        "-(held) rules.required_signatures",
        "-(held) rules.required_status_checks.required_status_checks[e2e]",
    ]
    assert not Plan((step,)).settled


def test_what_protects_more_survives_another_change() -> None:
    more = extended(without(sent_ruleset(), "deletion"), {"type": "required_signatures"})
    step = of_kind(plan(settled(more)), RULESET)
    assert signs(step) == ["+ rules.deletion", "-(held) rules.required_signatures"]
    assert {"type": "required_signatures"} in (step.body or {})["rules"]


def test_prune_takes_away_what_the_pack_does_not_ask_for() -> None:
    more = extended(sent_ruleset(), {"type": "required_signatures"})
    step = of_kind(plan(settled(more), prune=True), RULESET)
    assert step.action == UPDATE
    assert signs(step) == ["- rules.required_signatures"]
    assert of_kind(plan(settled(on_github(step.body or {})), prune=True), RULESET).action == KEEP


def test_rulesets_with_the_prefix_go_with_prune_only_and_others_never() -> None:
    old = on_github({**sent_ruleset().body, "name": "chittyops-policy: long ago"}, id=42)
    foreign = on_github({**sent_ruleset().body, "name": "release freeze"}, id=43)
    there = settled(sent_ruleset(), old, foreign)
    kept = [step for step in plan(there) if step.kind == RULESET]
    assert [(step.action, step.name, step.held) for step in kept] == [
        (KEEP, NAME, False),
        (DELETE, "chittyops-policy: long ago", True),
    ]
    assert not any(step.acts for step in kept)
    pruned = [step for step in plan(there, prune=True) if step.acts]
    assert [(step.action, step.id) for step in pruned] == [(DELETE, 42)]


# ---------------------------------------------------------------------------------------------------- bootstrap


@pytest.mark.parametrize(
    ("readiness", "why", "first"),
    [
        (ready(reported={}), "it has not reported on the default branch", "let it run once"),
        (ready(reported={CHECK: (99,)}), "App 99 reports it, not App 15368", "integration_id"),
        (
            ready(gaps={CHECK: "it is never reported: no pull request starts its workflow"}),
            "no pull request starts",
            "unreportable-check",
        ),
        (ready(reported=Hidden("refused", "checks: read")), "cannot be told: refused", "checks: read"),
    ],
    ids=["never reported", "another app", "not on pull requests", "not told"],
)
def test_a_check_is_not_required_before_it_can_report(readiness: Readiness, why: str, first: str) -> None:
    step = of_kind(plan(settled(), readiness), RULESET)
    assert step.action == CREATE
    assert "required_status_checks" not in [rule["type"] for rule in (step.body or {})["rules"]]
    (refusal,) = step.refusals
    assert refusal.what == f'required check "{CHECK}"'
    assert why in refusal.why
    assert first in refusal.first


def test_a_check_that_is_required_already_is_not_taken_back() -> None:
    step = of_kind(plan(settled(sent_ruleset()), ready(reported={})), RULESET)
    assert step.action == KEEP
    assert not step.refusals


def test_the_check_is_required_under_the_name_that_reports() -> None:
    called = f"{CHECK} / {CHECK}"
    step = of_kind(plan(settled(), ready(reported={called: (15368,)})), RULESET)
    assert not step.refusals
    assert f"+ rules.required_status_checks.required_status_checks[{called}]" in signs(step)
    again = plan(settled(on_github(step.body or {})), ready(reported={called: (15368,), CHECK: (15368,)}))
    assert of_kind(again, RULESET).action == KEEP, "nobody changes a name that works"


@pytest.mark.parametrize(
    ("team", "why", "first"),
    [
        (None, "does not exist", "create @northwind/cicd-admins"),
        (Team("cicd-admins", 7, "", 3), "may not write", "write access"),
        (Team("cicd-admins", 7, "triage", 3), "may not write", "write access"),
        (Team("cicd-admins", 7, "push", 0), "nobody is in", "add members"),
        (Hidden("refused", "members: read"), "cannot be seen: refused", "members: read"),
    ],
    ids=["missing", "no access", "too little access", "empty", "not told"],
)
def test_code_owners_are_not_required_before_their_team_can_review(
    team: Team | Hidden | None, why: str, first: str
) -> None:
    teams = team if isinstance(team, Hidden) else {} if team is None else {team.slug: team}
    step = of_kind(plan(settled(teams=teams)), RULESET)
    reviews = [rule for rule in (step.body or {})["rules"] if rule["type"] == "pull_request"]
    assert reviews[0]["parameters"]["require_code_owner_review"] is False
    assert reviews[0]["parameters"]["required_approving_review_count"] == 1
    (refusal,) = step.refusals
    assert why in refusal.why
    assert first in refusal.first


def test_code_owners_are_not_required_while_codeowners_is_void() -> None:
    step = of_kind(plan(settled(), ready(codeowners=("CODEOWNERS:9: this line gives everything away",))), RULESET)
    (refusal,) = step.refusals
    assert "this line gives everything away" in refusal.why
    assert "check --fix" in refusal.first


def test_a_review_by_owners_in_force_stays_in_force() -> None:
    step = of_kind(plan(settled(sent_ruleset()), ready(codeowners=("void",))), RULESET)
    assert step.action == KEEP


def test_a_missing_team_gets_no_access_and_says_so() -> None:
    step = of_kind(plan(settled(teams={})), ACCESS)
    assert step.action == KEEP
    assert step.refusals[0].first.startswith("create @northwind/cicd-admins")


def test_a_team_with_too_little_gets_what_the_pack_asks_and_one_with_more_keeps_it() -> None:
    raised = of_kind(plan(settled(teams={"cicd-admins": Team("cicd-admins", 7, "pull", 1)})), ACCESS)
    assert (raised.action, raised.body) == (UPDATE, {"permission": "push"})
    given_first = of_kind(plan(settled(teams={"cicd-admins": Team("cicd-admins", 7, "", 1)})), ACCESS)
    assert (given_first.action, given_first.body) == (CREATE, {"permission": "push"})
    more = of_kind(plan(settled(teams={"cicd-admins": Team("cicd-admins", 7, "admin", 1)})), ACCESS)
    assert more.action == KEEP


def test_pinning_is_not_required_while_something_is_not_pinned() -> None:
    step = of_kind(plan(fresh(), ready(unpinned=("ci.yml:4 actions/checkout@v4",))), ACTIONS)
    assert step.body == {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": False}
    (refusal,) = step.refusals
    assert "ci.yml:4 actions/checkout@v4" in refusal.why
    assert "unpinned-uses" in refusal.first


def test_pinning_that_is_required_already_stays() -> None:
    steps = plan(settled(sent_ruleset()), ready(unpinned=("ci.yml:4 actions/checkout@v4",)))
    assert of_kind(steps, ACTIONS).action == KEEP


def test_where_actions_is_off_it_stays_off() -> None:
    steps = plan(fresh(settings={**fresh().settings, ACTIONS: {"enabled": False}}))
    assert of_kind(steps, ACTIONS).action == KEEP
    assert [step for step in steps if step.kind == SELECTED] == []
    assert of_kind(steps, TOKEN).action == UPDATE


def test_actions_are_not_limited_while_another_is_in_use() -> None:
    steps = plan(fresh(), ready(uses=("actions/checkout@abc", "northwind/tools/x@v1", "tj-actions/changed-files@v1")))
    assert [step for step in steps if step.kind == SELECTED] == []
    step = of_kind(steps, ACTIONS)
    assert (step.body or {})["allowed_actions"] == "all"
    (refusal,) = step.refusals
    assert "tj-actions/changed-files@v1" in refusal.why
    assert "checkout" not in refusal.why
    assert "northwind" not in refusal.why


def test_a_list_that_is_in_force_is_not_narrowed_below_what_runs() -> None:
    wide = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": ["tj-actions/*"]}
    actual = settled(sent_ruleset(), settings=given.settings(**{SELECTED: wide}))
    held = of_kind(plan(actual, ready(uses=("tj-actions/changed-files@v1",))), SELECTED)
    assert held.action == KEEP
    assert held.refusals[0].what == "patterns_allowed"
    free = of_kind(plan(actual, ready(uses=("actions/checkout@v1",))), SELECTED)
    assert free.action == UPDATE


def test_the_order_of_a_list_means_nothing() -> None:
    there = given.settings()
    there[SELECTED]["patterns_allowed"].reverse()
    there[ACTIONS]["selected_actions_url"] = "https://api.github.test/selected"
    assert of_kind(plan(settled(sent_ruleset(), settings=there)), SELECTED).action == KEEP
    assert of_kind(plan(settled(sent_ruleset(), settings=there)), ACTIONS).action == KEEP


def test_the_token_keeps_writing_while_somebody_may_need_it() -> None:
    step = of_kind(plan(fresh(), ready(silent=(".github/workflows/release.yml",))), TOKEN)
    assert step.body == {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}
    assert "release.yml" in step.refusals[0].why


def test_what_the_pack_does_not_state_is_sent_as_it_is() -> None:
    there = {ACTIONS: {"enabled": True, "allowed_actions": "all", "more": 1}, SELECTED: None, TOKEN: NOT_TOLD}
    step = of_kind(plan(fresh(settings=there)), ACTIONS)
    assert (step.body or {})["more"] == 1


# -------------------------------------------------------------------------------------------------- not told


def test_what_the_token_is_not_told_is_unknown_and_fails_nothing() -> None:
    hidden = dict.fromkeys((ACTIONS, SELECTED, TOKEN), NOT_TOLD)
    actual = fresh(settings=hidden, rulesets=NOT_TOLD, protection=NOT_TOLD, teams=NOT_TOLD)
    steps = plan(actual)
    assert {step.action for step in steps} == {UNKNOWN}
    assert {step.permission for step in steps} == {"administration: read"}
    assert Plan(steps).settled
    assert Plan(steps).counts()["unknown"] == len(steps)


def test_hidden_bypass_actors_are_unknown_and_the_rest_is_still_compared() -> None:
    body = {key: value for key, value in sent_ruleset().body.items() if key != "bypass_actors"}
    step = of_kind(plan(settled(Ruleset(41, body))), RULESET)
    assert step.action == UNKNOWN
    assert signs(step) == ["? bypass_actors"]
    assert step.permission
    drifted = of_kind(plan(settled(without(Ruleset(41, body), "deletion"))), RULESET)
    assert drifted.action == UPDATE
    assert signs(drifted) == ["? bypass_actors", "+ rules.deletion"]


# -------------------------------------------------------------------------------------------- classic protection

CLASSIC: dict[str, Any] = {
    "url": "https://api.github.test/protection",
    "required_status_checks": {
        "strict": True,
        "contexts": ["test", "lint"],
        "checks": [{"context": "test", "app_id": 15368}, {"context": "lint", "app_id": None}],
    },
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 2,
        "require_last_push_approval": False,
    },
    "enforce_admins": {"url": "https://api.github.test/admins", "enabled": False},
    "required_linear_history": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
    "required_conversation_resolution": {"enabled": True},
    "required_signatures": {"url": "https://api.github.test/signatures", "enabled": False},
}


def test_classic_protection_is_shown_and_left_alone() -> None:
    step = of_kind(plan(settled(sent_ruleset(), protection=CLASSIC)), PROTECTION)
    assert step.action == KEEP
    shown = {change.path: change.after for change in step.changes}
    assert shown["required_status_checks.contexts"] == ["lint", "test"]
    assert shown["required_linear_history"] is True
    assert "--migrate" in step.note


def test_migration_puts_the_ruleset_first_and_removes_only_with_prune() -> None:
    actual = settled(sent_ruleset(), protection=CLASSIC)
    steps = [step for step in plan(actual, migrate=True) if step.action != KEEP]
    assert [(step.action, step.kind, step.held) for step in steps] == [
        (CREATE, RULESET, False),
        (DELETE, PROTECTION, True),
    ]
    steps = [step for step in plan(actual, migrate=True, prune=True) if step.action != KEEP]
    assert [(step.action, step.kind, step.held) for step in steps] == [
        (CREATE, RULESET, False),
        (DELETE, PROTECTION, False),
    ]
    assert steps[1].after == (steps[0].name,)
    flat = flat_ruleset(steps[0].body or {})
    assert flat["conditions.ref_name.include"] == ["refs/heads/main"]
    assert flat["rules.pull_request.required_approving_review_count"] == 2
    assert flat["rules.pull_request.required_review_thread_resolution"] is True
    assert flat["rules.required_status_checks.required_status_checks[test]"] == {"integration_id": 15368}
    assert flat["rules.required_status_checks.required_status_checks[lint]"] is True
    assert flat["rules.required_status_checks.strict_required_status_checks_policy"] is True
    assert flat["bypass_actors[RepositoryRole 5]"] == "always", "administrators were not bound"
    assert {"rules.deletion", "rules.non_fast_forward", "rules.required_linear_history"} <= flat.keys()
    assert "rules.required_signatures" not in flat


def test_a_migrated_ruleset_stays_when_the_classic_protection_is_gone() -> None:
    actual = settled(sent_ruleset(), protection=CLASSIC)
    created = [step for step in plan(actual, migrate=True) if step.action == CREATE]
    after = settled(sent_ruleset(), on_github(created[0].body or {}, id=50))
    assert all(step.action == KEEP for step in plan(after, migrate=True, prune=True))


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        ({"restrictions": {"users": [{"login": "octocat"}], "teams": [], "apps": []}}, "who may push"),
        ({"lock_branch": {"enabled": True}}, "read-only"),
        (
            {
                "required_pull_request_reviews": {
                    **CLASSIC["required_pull_request_reviews"],
                    "bypass_pull_request_allowances": {"teams": [{"slug": "release"}]},
                }
            },
            "without a pull request",
        ),
    ],
    ids=["restrictions", "locked", "allowances"],
)
def test_what_a_ruleset_cannot_say_keeps_the_classic_protection(more: dict[str, Any], lost: str) -> None:
    steps = plan(settled(sent_ruleset(), protection={**CLASSIC, **more}), migrate=True, prune=True)
    step = of_kind(steps, PROTECTION)
    assert step.action == KEEP
    assert lost in step.refusals[0].why
    assert [each.action for each in steps if each.kind == RULESET] == [KEEP, CREATE], (
        "the ruleset is of use all the same"
    )


# -------------------------------------------------------------------------------------------------- organisation


def organisation(**more: Any) -> Actual:
    token = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}
    return Actual(OWNER, **{"teams": {"cicd-admins": ADMINS}, "settings": {TOKEN: token}, **more})


def test_a_missing_team_is_created() -> None:
    steps = organisation_steps(lock(), organisation(teams={}), {SLUG: (settled(), ready())})
    step = of_kind(steps, TEAM)
    assert step.action == CREATE
    assert (step.body or {})["name"] == "cicd-admins"
    assert (step.body or {})["privacy"] == "closed"


def test_what_one_repository_is_not_ready_for_is_not_asked_of_all() -> None:
    repositories = {
        SLUG: (settled(), ready()),
        "northwind/billing": (settled(), ready(silent=(".github/workflows/ci.yml",))),
    }
    step = of_kind(organisation_steps(lock(), organisation(), repositories), TOKEN)
    assert step.action == KEEP
    assert "northwind/billing: .github/workflows/ci.yml" in step.refusals[0].why
    repositories["northwind/billing"] = (settled(), ready())
    step = of_kind(organisation_steps(lock(), organisation(), repositories), TOKEN)
    assert step.action == UPDATE


def test_a_ruleset_of_the_organisation_waits_for_every_repository() -> None:
    shipped = lock()
    pack = Lock(shipped.prefix, Desired(shipped.repository.rulesets, {}, {}), shipped.repository)
    unready = {
        SLUG: (settled(), ready()),
        "northwind/billing": (settled(teams={"cicd-admins": Team("cicd-admins", 7, "")}), ready(reported={})),
    }
    step = of_kind(organisation_steps(pack, organisation(), unready), RULESET)
    assert sorted(refusal.what for refusal in step.refusals) == [
        'required check "chittyops-policy"',
        "review by code owners",
    ]
    both = {SLUG: (settled(), ready()), "northwind/billing": (settled(), ready())}
    assert not of_kind(organisation_steps(pack, organisation(), both), RULESET).refusals
