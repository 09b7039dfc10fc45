"""Figures of performance in an audit's report."""

from __future__ import annotations

import json

from chittyops_policy.audit import audit_json, html_report
from chittyops_policy.audit.performance import measures
from chittyops_policy.audit.summary import render
from chittyops_policy.metrics.records import ALERTS, Lack

from ..metrics.given import BILLING, CI, SHOP, alert, deployed, measured, runs
from .audits import small
from .test_audit_json import VALIDATOR

LACK = Lack(SHOP, ALERTS, "GitHub does not tell", "Dependabot alerts: read")


def test_each_target_says_what_was_asked_and_what_is() -> None:
    found = measures(
        measured(
            runs=(
                *runs(60, 2, busy=400.0, queued=5.0),
                *runs(30, 8, first=200, repository=BILLING, workflow=CI, busy=200.0, queued=1.0),
            ),
            deployments=tuple(deployed(number) for number in range(30)),
            lacks=(LACK,),
        )
    )
    rate, shipped, build, shipping, patch = found
    assert (rate.title, rate.target, rate.unit, rate.value, rate.samples, rate.outcome) == (
        "Workflow success rate", "> 95 %", "%", 90.0, 100, "fail",
    )  # fmt: skip
    assert rate.rows == ((BILLING, 78.95, 38), (SHOP, 96.77, 62)), "the worst first"
    assert [value for _, value in rate.series if value is not None]
    assert (shipped.value, shipped.outcome) == (100.0, "pass")
    assert (build.unit, build.value, build.outcome) == ("min", 5.56, "fail")
    assert [name for name, _, _ in build.rows] == [SHOP, BILLING], "the slowest first"
    assert (shipping.unit, shipping.value) == ("min", 1.0)
    assert (patch.outcome, patch.value) == ("unknown", None)
    assert "Dependabot alerts: read would tell" in patch.reason


def test_the_report_takes_every_outcome() -> None:
    for records in ({}, {"runs": runs(3), "alerts": (alert(1, 90.0),)}, {"lacks": (LACK,)}):
        audit = small()
        audit.measures = measures(measured(**records))
        assert len(audit.measures) == 5
        document = json.loads(audit_json.render(audit))
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []
        assert audit_json.load(audit_json.render(audit)) == audit
        page = html_report.render(audit)
        assert "Longest time to patch a critical vulnerability" in page
        assert "## Performance targets" in render(audit)
