"""What figures are made of records: what counts, what is left out, and when a figure says nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from chittyops_policy.errors import UserError
from chittyops_policy.metrics.figures import (
    FAILED,
    MET,
    MISSED,
    NOT_APPLICABLE,
    ORGANISATION,
    UNKNOWN,
    WORKFLOW,
    measure,
    missed,
)
from chittyops_policy.metrics.gathering import covered
from chittyops_policy.metrics.records import Lack, Records, Run
from chittyops_policy.metrics.targets import METRICS, Target, read_targets

from .given import (
    BILLING,
    CI,
    DAY,
    SHIP,
    SHOP,
    SINCE,
    UNTIL,
    alert,
    deployed,
    figure,
    measured,
    run,
    runs,
    targets,
)

seeded = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""A loaded machine may be slow; what is tried is the same each time."""

RATE = "workflow_success_rate"
BUILD = "average_build_time"
DEPLOYED = "deployment_success_rate"
DEPLOYING = "average_deployment_time"
PATCH = "critical_patch_time"


def test_the_pack_has_a_target_for_every_figure() -> None:
    assert {id: (target.bound, target.above) for id, target in targets().targets.items()} == {
        RATE: (95, True),
        DEPLOYED: (99, True),
        BUILD: (300, False),
        DEPLOYING: (180, False),
        PATCH: (86400, False),
    }
    assert list(targets().targets) == [RATE, DEPLOYED, BUILD, DEPLOYING, PATCH]
    assert {metric.id for metric in METRICS} == set(targets().targets)


# --------------------------------------------------------------------------------------------------------- runs


def test_success_is_a_share_of_what_succeeded_and_failed() -> None:
    others = ("cancelled", "skipped", "neutral", "action_required", "stale")
    found = measured(runs=(*runs(19, 1), *(run(50 + number, word) for number, word in enumerate(others))))
    rate = figure(found, RATE)
    assert (rate.value, rate.sample, rate.outcome) == (95.0, 20, MISSED), "above 95 %, not at"
    assert rate.left_out == dict.fromkeys(sorted(others), 1)
    assert missed(found)


def test_a_better_share_meets_the_target() -> None:
    found = measured(runs=runs(20, 1))
    assert figure(found, RATE).outcome == MET
    assert not missed(found)


@pytest.mark.parametrize("conclusion", FAILED)
def test_every_way_to_fail_counts(conclusion: str) -> None:
    assert figure(measured(runs=(*runs(9), run(40, conclusion))), RATE).value == 90


def test_each_attempt_counts_by_itself() -> None:
    again = (run(40, "failure", attempt=1), run(40, "success", attempt=2))
    rate = figure(measured(runs=(*runs(8), *again)), RATE)
    assert (rate.value, rate.sample) == (90, 10)


def test_too_few_say_nothing() -> None:
    rate = figure(measured(runs=runs(0, 9)), RATE)
    assert (rate.outcome, rate.value, rate.sample) == (UNKNOWN, 0, 9)
    assert rate.reason == "only 9 of at least 10 attempts"


def test_none_say_nothing() -> None:
    rate = figure(measured(), RATE)
    assert (rate.outcome, rate.value, rate.reason) == (UNKNOWN, None, "no attempts in the window that count")


def test_the_build_time_is_the_mean_of_timed_successes_of_workflows_that_do_not_deploy() -> None:
    building = [run(number, busy=100.0 + number, queued=10.0) for number in range(20)]
    shipping = [run(100 + number, workflow=SHIP, busy=5000.0) for number in range(20)]
    untimed = runs(3, 4, first=60)
    found = measured(runs=(*building, *shipping, *untimed), deployments=(deployed(1, runs=(105,)),))
    build = figure(found, BUILD)
    assert (build.value, build.middle, build.sample, build.queued) == (109.5, 109.5, 20, 10)
    assert build.left_out == {"not timed": 3}
    assert figure(found, RATE).sample == 47, "for success a workflow that deploys is a workflow"
    by_name = {row.name for row in found.of(WORKFLOW)}
    assert by_name == {f"{SHOP} {CI}", f"{SHOP} {SHIP}"}
    assert figure(found, BUILD, f"{SHOP} {SHIP}").value is None
    assert figure(found, DEPLOYED, f"{SHOP} {SHIP}").sample == 1


def test_a_slow_build_misses_the_target() -> None:
    found = measured(runs=tuple(run(number, busy=301.0) for number in range(10)))
    assert figure(found, BUILD).outcome == MISSED


def test_what_cannot_be_had_is_unknown_and_names_the_permission() -> None:
    lack = Lack(BILLING, "runs", "GitHub does not tell (403)", "actions: read")
    found = measured(lacks=(lack,))
    rate = figure(found, RATE, BILLING)
    assert (rate.outcome, rate.reason, rate.permission) == (UNKNOWN, "GitHub does not tell (403)", "actions: read")
    found = measured(lacks=(lack,), runs=runs(20))
    rate = figure(found, RATE)
    assert (rate.outcome, rate.unseen) == (MET, 1), "of the rest of the organisation it is known"
    assert figure(found, DEPLOYED, BILLING).permission == "", "of runs, not of deployments"


# -------------------------------------------------------------------------------------- deployments and alerts


def test_deployments_that_have_not_ended_are_left_out() -> None:
    items = [deployed(number) for number in range(99)] + [deployed(200, "failure"), deployed(201, "not ended")]
    rate = figure(measured(deployments=tuple(items)), DEPLOYED)
    assert (rate.value, rate.sample, rate.outcome) == (99, 100, MISSED)
    assert rate.left_out == {"not ended": 1}


def test_the_deployment_time_is_the_mean_of_successes() -> None:
    items = [deployed(number, seconds=100.0 * number) for number in range(1, 6)] + [deployed(9, "failure")]
    found = figure(measured(deployments=tuple(items)), DEPLOYING)
    assert (found.value, found.sample, found.outcome) == (300, 5, MISSED)


def test_the_slowest_patch_decides() -> None:
    found = figure(measured(alerts=(alert(1, 2), alert(2, 23.5), alert(3, None, "dismissed"))), PATCH)
    assert (found.value, found.sample, found.outcome) == (23.5 * 3600, 2, MET)
    assert found.left_out == {"dismissed": 1}
    late = figure(measured(alerts=(alert(1, 2), alert(2, 25))), PATCH)
    assert late.outcome == MISSED


def test_an_open_alert_counts_once_it_is_late() -> None:
    young = figure(measured(alerts=(alert(1, None, "open", age=23),)), PATCH)
    assert (young.outcome, young.left_out) == (NOT_APPLICABLE, {"open, not late yet": 1})
    old = figure(measured(alerts=(alert(1, None, "open", age=25),)), PATCH)
    assert (old.outcome, old.value) == (MISSED, 25 * 3600)


def test_no_critical_alert_is_no_question() -> None:
    assert figure(measured(), PATCH).outcome == NOT_APPLICABLE


def test_alerts_that_cannot_be_had_are_unknown() -> None:
    found = figure(measured(lacks=(Lack(SHOP, "alerts", "disabled", ""),)), PATCH)
    assert (found.outcome, found.reason) == (UNKNOWN, "disabled")


# ------------------------------------------------------------------------------------------------------- charts


def test_a_month_is_charted_by_day_and_a_year_by_week() -> None:
    found = measured(runs=(*runs(2), run(49, "failure"), run(50, busy=60.0), run(51, "cancelled")))
    points = found.of(ORGANISATION)[0].points
    assert len(points) == 31, "a window that begins within a day touches one more"
    assert sum(point.succeeded for point in points) == 3
    assert sum(point.failed for point in points) == 1
    assert [point.build_seconds for point in points if point.build_seconds is not None] == [60.0]
    records = Records(since=UNTIL - 364 * DAY, until=UNTIL, repositories=(SHOP,), runs=runs(5))
    assert len(measure(records, targets()).rows[0].points) == 53


# ---------------------------------------------------------------------------------------------------- properties

CONCLUSIONS = ("success", *FAILED, "cancelled", "skipped", "neutral", "stale")
ATTEMPTS = st.lists(
    st.builds(
        Run,
        st.sampled_from([SHOP, BILLING, "contoso/web"]),
        st.sampled_from([CI, SHIP]),
        st.integers(1, 9),
        st.sampled_from(CONCLUSIONS),
        st.floats(SINCE, UNTIL),
        busy=st.none() | st.floats(0, 10_000),
    ),
    max_size=40,
)


def everything(attempts: list[Run]) -> Any:
    return measured(repositories=(SHOP, BILLING, "contoso/web"), runs=tuple(attempts))


@seeded
@hypothesis_given(ATTEMPTS, st.randoms(use_true_random=False))
def test_order_means_nothing(attempts: list[Run], mixer: Any) -> None:
    mixed = list(attempts)
    mixer.shuffle(mixed)
    for before, after in zip(everything(attempts).rows, everything(mixed).rows, strict=True):
        for one, other in zip(before.figures, after.figures, strict=True):
            assert one.value == pytest.approx(other.value)
            assert (one.sample, one.left_out, one.outcome) == (other.sample, other.left_out, other.outcome)


@seeded
@hypothesis_given(ATTEMPTS)
def test_nothing_is_lost_and_nothing_counted_twice(attempts: list[Run]) -> None:
    found = everything(attempts)
    for row in found.rows:
        rate = next(each for each in row.figures if each.metric.id == RATE)
        mine = [
            one
            for one in attempts
            if f"{one.repository} {one.workflow}" == row.name
            or one.repository == row.name
            or one.repository.startswith(row.name + "/")
        ]
        assert rate.sample + sum(rate.left_out.values()) == len(mine)
        assert rate.value is None or 0 <= rate.value <= 100
        assert sum(point.succeeded + point.failed for point in row.points) == rate.sample


@seeded
@hypothesis_given(ATTEMPTS)
def test_one_more_success_never_lowers_the_rate(attempts: list[Run]) -> None:
    before = figure(everything(attempts), RATE).value
    after = figure(everything([*attempts, run(1)]), RATE).value
    assert after is not None
    assert before is None or after >= before


@seeded
@hypothesis_given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=12))
def test_covered_time_counts_each_second_once(spans: list[tuple[int, int]]) -> None:
    seconds = {second for start, stop in spans for second in range(start, stop)}
    assert covered([(float(start), float(stop)) for start, stop in spans]) == len(seconds)


def test_covered_time_has_no_order() -> None:
    spans = [(0.0, 10.0), (5.0, 12.0), (20.0, 21.0)]
    assert {covered(order) for order in itertools.permutations(spans)} == {13.0}


# ------------------------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (None, "sets no targets"),
        ({"targets": {"success": {"above": 1}}}, "no figure 'success'"),
        ({"targets": {RATE: {"above": 1, "below": 2}}}, "'above' or 'below'"),
        ({"targets": {RATE: {"above": 95, "unit": "seconds"}}}, "the unit percent"),
        ({"targets": {RATE: {"above": "95"}}}, "is a number"),
        ({"window": 0}, "whole number"),
        ({"smallest_sample": {"builds": 3}}, "no 'builds'"),
        ({"goals": {}}, "no key 'goals'"),
    ],
    ids=["nothing", "figure", "two bounds", "unit", "text", "window", "source", "key"],
)
def test_a_mistake_in_a_pack_is_named(stated: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_targets({"metrics": stated})
    assert words in caught.value.message


def test_a_pack_may_set_no_target_for_a_figure() -> None:
    none = read_targets({"metrics": {"targets": {RATE: None}}})
    found = measure(Records(since=SINCE, until=UNTIL, repositories=(SHOP,), runs=runs(0, 5)), none)
    assert figure(found, RATE).outcome == NOT_APPLICABLE
    assert Target(5, above=True).met(5.1)
