"""The audit as JSON follows its schema, says everything, and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from chittyops_policy.audit import audit_json
from chittyops_policy.audit.result import STATES, Audit
from chittyops_policy.errors import UserError

from .audits import attacked, large, small

SCHEMAS = Path(__file__).parents[2] / "schemas"
SCHEMA, REPORT = (
    json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("audit", "report")
)
VALIDATOR = Draft202012Validator(
    SCHEMA,
    registry=Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in (SCHEMA, REPORT)),
)
AUDITS: dict[str, Callable[[], Audit]] = {"small": small, "attacked": attacked, "large": lambda: large(40, 800)}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", AUDITS)
def test_output_follows_the_schema(name: str) -> None:
    document = json.loads(audit_json.render(AUDITS[name]()))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("name", AUDITS)
def test_load_is_the_exact_inverse(name: str) -> None:
    audit = AUDITS[name]()
    text = audit_json.render(audit)
    loaded = audit_json.load(text)
    assert loaded == audit
    assert audit_json.render(loaded) == text
    assert text.isascii()


def test_every_key_is_described_and_every_described_key_is_there() -> None:
    def followed(schema: dict[str, Any], root: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        schema = schema["anyOf"][0] if "anyOf" in schema else schema
        if "$ref" not in schema:
            return schema, root
        document, _, path = schema["$ref"].partition("#/")
        root = found = REPORT if document else root
        for part in path.split("/"):
            found = found[part]
        return {**schema, **found}, root

    def check(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> None:
        schema, root = followed(schema, root)
        if isinstance(value, dict):
            if "properties" not in schema:
                for key, item in value.items():
                    check(item, schema["additionalProperties"], root, f"{where}.{key}")
                return
            assert sorted(value) == sorted(schema["properties"]) == sorted(schema["required"]), where
            for key, item in value.items():
                check(item, schema["properties"][key], root, f"{where}.{key}")
        if isinstance(value, list):
            for item in value:
                check(item, schema["items"], root, f"{where}[]")

    document = json.loads(audit_json.render(small()))
    assert {repository["state"] for repository in document["repositories"]} == set(STATES)
    check(document, SCHEMA, SCHEMA, "audit")


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (("repositories", 0, "report", "verdicts", 0, "outcome"), "good"),
        (("repositories", 0, "report"), None),
        (("repositories", 1, "reason"), ""),
        (("repositories", 4, "proposal", "state"), "maybe"),
        (("measures", 0, "value"), None),
        (("measures", 2, "reason"), ""),
        (("audit", "finished"), "yesterday"),
        (("schema_version",), "2.0"),
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(change: tuple[str | int, ...], value: object) -> None:
    document = json.loads(audit_json.render(small()))
    place = document
    for key in change[:-1]:
        place = place[key]
    place[change[-1]] = value
    assert not VALIDATOR.is_valid(document)


def test_texts_of_rules_are_written_once_however_many_repositories_there_are() -> None:
    assert audit_json.render(large(40, 80)).count("A tag can be moved") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an audit"),
        ("[]", "not an audit"),
        ('{"schema_version": "2.0"}', "format 2.0"),
        ('{"schema_version": "1.7", "rules": [], "repositories": [{}]}', "damaged"),
    ],
)
def test_what_is_no_audit_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        audit_json.load(text)
    assert caught.value.hint
