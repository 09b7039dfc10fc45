"""Our dependabot schema against the one that check-jsonschema ships (SchemaStore's), as a second opinion.

GitHub publishes no parser for dependabot.yml. Both sides are people's readings of the documentation; where ours is
another, DIFFERENCES says why, and the test fails when an entry is no longer true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from chittyops_policy import structure
from chittyops_policy.document import parse, parse_text, to_value

from .test_structure_differential import CORPUS, SCHEMAS, spoilt, with_corpus

TEXT = """
version: 2
enable-beta-ecosystems: false
registries:
  a: {type: npm-registry, url: 'https://npm.example.com', token: '${{secrets.T}}', replaces-base: true, scope: ['@x']}
  b: {type: docker-registry, url: 'https://example.com', username: u, password: p}
multi-ecosystem-groups:
  infra: {schedule: {interval: weekly}, labels: [a], update-types: [minor]}
updates:
  - package-ecosystem: npm
    directory: /
    schedule: {interval: weekly, day: monday, time: '05:00', timezone: Europe/Berlin}
    allow: [{dependency-name: x, dependency-type: direct, update-types: ['version-update:semver-minor']}]
    ignore: [{dependency-name: x, versions: ['1.x'], update-types: ['version-update:semver-major']}]
    groups: {g: {patterns: ['*'], exclude-patterns: [a], applies-to: version-updates, update-types: [minor, patch]}}
    cooldown: {default-days: 7, semver-major-days: 30, include: ['*'], exclude: [x]}
    assignees: [octocat]
    labels: []
    milestone: 3
    target-branch: main
    commit-message: {prefix: a, prefix-development: b, include: scope}
    pull-request-branch-name: {separator: '-', max-length: 100}
    open-pull-requests-limit: 0
    rebase-strategy: disabled
    registries: [a]
    insecure-external-code-execution: allow
    vendor: true
    versioning-strategy: increase
  - package-ecosystem: docker
    directories: [/a, '/b/*']
    multi-ecosystem-group: infra
    patterns: ['*']
    registries: '*'
"""

DIFFERENCES = {
    "updates.0.schedule+": "the referee takes any key beside the interval, because it does not list cronjob there; "
    "Dependabot's reference lists five",
    "multi-ecosystem-groups.infra.schedule+": "the same",
    "updates.0.schedule.timezone=": "the referee lists today's time zones; we check the form of the name only",
}
"""Start of the cases' names → why we say something else."""


@lru_cache(maxsize=1)
def referee() -> Any:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "dependabot.json"
    return jsonschema_rs.validator_for(json.loads(vendored.read_text("utf-8")))


@lru_cache(maxsize=1)
def own_schema() -> Any:
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / "dependabot.schema.json").read_text("utf-8")))


def cases() -> Iterator[tuple[str, Any]]:
    base = to_value(parse_text("base", TEXT).root)
    yield "base", base
    # Keys that differ in letter case only are no matter for JSON Schema.
    yield from ((name, value) for name, value in spoilt(base) if not name.rpartition("+")[2].isupper())


def test_the_base_is_right() -> None:
    assert structure.dependabot_problems(parse_text("base", TEXT)) == []


def test_verdicts_agree_with_the_vendored_schema() -> None:
    elsewhere = {}
    judged = 0
    for name, value in cases():
        judged += 1
        problems = structure.dependabot_problems(parse_text("dependabot.yml", json.dumps(value)))
        if bool(problems) == referee().is_valid(value):
            elsewhere[name] = problems[0].message if problems else "accepted"
    assert judged > 2000
    unexpected = {name: words for name, words in elsewhere.items() if not name.startswith(tuple(DIFFERENCES))}
    assert unexpected == {}
    unused = [start for start in DIFFERENCES if not any(name.startswith(start) for name in elsewhere)]
    assert unused == [], "an entry is no difference any more"


def test_plain_validators_agree_with_our_evaluator() -> None:
    found = []
    for name, value in cases():
        problems = structure.dependabot_problems(parse_text("dependabot.yml", json.dumps(value)))
        if all(problem.keyword in structure.BEYOND for problem in problems) != own_schema().is_valid(value):
            found.append(name)
    assert found == []


@with_corpus
def test_the_corpus_is_judged_alike() -> None:
    paths = [path for path in sorted(CORPUS.rglob("dependabot.y*ml")) if path.is_file() and not path.is_symlink()]
    assert len(paths) > 20
    rejected = []
    for path in paths:
        document = parse(path.name, path.read_bytes())
        accepted = not structure.dependabot_problems(document)
        assert accepted == referee().is_valid(to_value(document.root)), path
        if not accepted:
            rejected.append(path.relative_to(CORPUS).as_posix())
    assert rejected == ["chittyos/chittyos/chittyconnect/.github/dependabot.yml"]


@pytest.mark.parametrize(
    ("registry", "accepted"),
    [
        ("{type: hex-organization, organization: o, key: k}", True),
        ("{type: hex-organization, key: k}", False),
        ("{type: npm-registry, token: t}", False),
        ("{type: npm-registry, url: u}", True),
    ],
)
def test_registries_need_what_their_kind_needs(registry: str, accepted: bool) -> None:
    text = f"version: 2\nregistries: {{r: {registry}}}\nupdates: []\n"
    assert (structure.dependabot_problems(parse_text("dependabot.yml", text)) == []) == accepted
