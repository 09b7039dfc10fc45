"""How figures look, and what they are as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from chittyops_policy.metrics.document import metrics_document
from chittyops_policy.metrics.records import Lack
from chittyops_policy.metrics.targets import PERCENT, SECONDS
from chittyops_policy.metrics.text import amount, metrics_text

from .given import BILLING, alert, deployed, measured, run, runs

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (100, PERCENT, "100 %"),
        (99.99, PERCENT, "99.9 %"),
        (95, PERCENT, "95 %"),
        (0.01, PERCENT, "0.1 %"),
        (0, PERCENT, "0 %"),
        (0, SECONDS, "0 s"),
        (59.6, SECONDS, "1 min"),
        (299, SECONDS, "4 min 59 s"),
        (90000, SECONDS, "1 d 1 h"),
        (86401, SECONDS, "1 d 1 s"),
    ],
    ids=str,
)
def test_amounts(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_a_table_says_what_each_figure_is_made_of() -> None:
    lack = Lack(BILLING, "runs", "GitHub does not tell: Resource not accessible (403)", "actions: read")
    found = measured(
        runs=(*runs(27, 1), *(run(40 + number, busy=200.0, queued=9.0) for number in range(12)), run(60, "cancelled")),
        deployments=tuple(deployed(number) for number in range(5)),
        alerts=(alert(1, 30),),
        lacks=(lack,),
    )
    text = metrics_text(found)
    lines = {line.split("  ")[0]: " ".join(line.split()) for line in text.splitlines()}
    assert lines["Workflow success rate"] == (
        "Workflow success rate 97.5 % > 95 % met 40, without 1 repository 1 cancelled"
    )
    assert lines["Average build time"] == (
        "Average build time 3 min 20 s < 5 min met 12, median 3 min 20 s, wait 9 s, without 1 repository 27 not timed"
    )
    assert lines["Longest time to patch a critical vulnerability"] == (
        "Longest time to patch a critical vulnerability 1 d 6 h < 1 d missed 1, median 1 d 6 h"
    )
    assert lines["northwind/storefront"].startswith(
        "northwind/storefront 97.5 % (40) 100 % (5) 3 min 20 s (12) 1 min (5)"
    )
    assert text.rstrip().endswith("(403); the permission actions: read would tell")
    assert "ci.yml" not in text
    assert "ci.yml" in metrics_text(found, levels=("organization", "repository", "workflow"))


def test_the_json_follows_its_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "metrics.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    found = measured(runs=runs(20, 1), alerts=(alert(1, None, "open"),), lacks=(Lack(BILLING, "runs", "x"),))
    document = metrics_document(found)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert json.loads(json.dumps(document)) == document
    assert {scope["name"] for scope in document["scopes"]} >= {"northwind", "northwind/storefront"}
    document["scopes"][0]["figures"][0]["outcome"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
