"""Fingerprints name a finding for as long as it is the same finding."""

from __future__ import annotations

from chittyops_policy.fingerprint import fingerprints, without_indices
from chittyops_policy.model import Finding, Span


def finding(route: str = "jobs.build.steps[0].uses", anchor: str | None = None, path: str = "a.yml") -> Finding:
    return Finding("unpinned-uses", "message", path, Span(0, 1), route, anchor=anchor)


def test_moving_a_step_keeps_the_name() -> None:
    before = fingerprints([finding("jobs.build.steps[0].uses")], ["actions/checkout@v4"])
    after = fingerprints([finding("jobs.build.steps[7].uses")], ["actions/checkout@v4"])
    assert before == after


def test_twins_are_told_apart_and_stay_stable() -> None:
    twins = [finding("jobs.build.steps[0].uses"), finding("jobs.build.steps[1].uses")]
    first, second = fingerprints(twins, ["actions/checkout@v4"] * 2)
    assert first != second
    assert fingerprints(twins[:1], ["actions/checkout@v4"]) == [first]


def test_each_part_of_the_identity_counts() -> None:
    base = fingerprints([finding()], ["x@v1"])
    assert fingerprints([finding("jobs.test.steps[0].uses")], ["x@v1"]) != base
    assert fingerprints([finding(path="b.yml")], ["x@v1"]) != base
    assert fingerprints([finding()], ["x@v2"]) != base


def test_an_anchor_keeps_the_text_out() -> None:
    assert fingerprints([finding(anchor="key")], ["one value"]) == fingerprints([finding(anchor="key")], ["another"])


def test_shape() -> None:
    (name,) = fingerprints([finding()], ["x@v1"])
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")


def test_only_positions_leave_a_route() -> None:
    assert without_indices("jobs.build.steps[12].with['a[b]'].c[0]") == "jobs.build.steps[].with['a[b]'].c[]"
    assert without_indices("on.push") == "on.push"
