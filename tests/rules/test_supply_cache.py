"""cache-poisoning and its repair."""

from __future__ import annotations

from collections import Counter

import pytest

from chittyops_policy import edits
from chittyops_policy.catalogue import load
from chittyops_policy.document import parse_text, to_value
from chittyops_policy.engine import Examination, examine
from chittyops_policy.model import REVIEW
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.rules.supply.cache_poisoning import CACHING, RULE
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report

PATH = ".github/workflows/x.yml"
CATALOGUE = load()
SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
TAGS = "on:\n  push:\n    tags: ['v*']\n"
JOB = "jobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n"
NPM = {"package.json": '{"packageManager": "npm@11.0.0"}'}


def release(step: str, on: str = TAGS) -> str:
    return f"{on}{JOB}{step}      - run: make\n"


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("uses: actions/cache@v4", "without lookup-only: true"),
        ("uses: actions/cache/restore@v4", "without lookup-only: true"),
        ("uses: Swatinem/rust-cache@v2", "without lookup-only: true"),
        ("uses: actions/setup-go@v5", "without cache: false"),
        (f"uses: actions/setup-go@{SHA} # v5.0.1", "without cache: false"),
        (f"uses: actions/setup-go@{SHA}", "without cache: false"),
        ("{uses: actions/setup-go@v3, with: {cache: 'true'}}", "cache: true"),
        ("{uses: actions/setup-node@v4, with: {cache: pnpm}}", "cache: pnpm"),
        ("{uses: actions/setup-python@v5, with: {Cache: pip}}", "cache: pip"),
        ("{uses: ruby/setup-ruby@v1, with: {bundler-cache: true}}", "bundler-cache: true"),
        ("uses: oven-sh/setup-bun@v2", "without no-cache: true"),
        ("uses: astral-sh/setup-uv@v7", "without enable-cache: false"),
        ("{uses: docker/setup-buildx-action@v3, with: {version: v0.19.0}}", "without cache-binary: false"),
        ("uses: mozilla-actions/sccache-action@v0.0.9", "it has no other use"),
    ],
)
def test_a_cache_is_seen_where_it_is_on(step: str, why: str) -> None:
    [entry] = found("cache-poisoning", release(f"      - {step}\n"))
    assert f"restores a cache ({why}) in a job that runs for tags" in entry


@pytest.mark.parametrize(
    "step",
    [
        "{uses: actions/cache@v4, with: {lookup-only: true}}",
        "uses: actions/cache/save@v4",
        "uses: actions/setup-go@v3",
        "{uses: actions/setup-go@v5, with: {cache: false}}",
        "{uses: actions/setup-go@v5, with: {cache: '${{ inputs.cache }}'}}",
        "uses: actions/setup-node@v4",
        "uses: actions/setup-node@v5",
        "{uses: actions/setup-node@v4, with: {cache: ''}}",
        "uses: actions/setup-python@v5",
        "uses: astral-sh/setup-uv@v10",
        "uses: astral-sh/setup-uv@v4",
        "uses: docker/setup-buildx-action@v3",
        "{uses: oven-sh/setup-bun@v2, with: {no-cache: true}}",
        "uses: actions/checkout@v4",
    ],
)
def test_a_cache_that_is_off_or_unknown_is_none(step: str) -> None:
    assert found("cache-poisoning", release(f"      - {step}\n")) == []


def test_setup_node_caches_by_itself_only_for_npm() -> None:
    for version, files, count in (("v5", NPM, 1), ("v4", NPM, 0), ("v5", {}, 0), ("v5", {"package.json": "{}"}, 0)):
        text = release(f"      - uses: actions/setup-node@{version}\n")
        assert len(found("cache-poisoning", {PATH: text, **files})) == count
    off = release("      - uses: actions/setup-node@v5\n        with: {package-manager-cache: false}\n")
    assert found("cache-poisoning", {PATH: off, **NPM}) == []


@pytest.mark.parametrize(
    ("on", "fires"),
    [
        ("on: release\n", True),
        ("on: [push, release]\n", True),
        ("on:\n  release:\n    types: [published]\n", True),
        ("on:\n  push:\n    tags: ['v*']\n    branches: [main]\n", True),
        ("on: push\n", False),
        ("on:\n  push:\n    branches: ['release/**']\n", False),
        ("on:\n  push:\n    tags-ignore: ['**']\n", False),
        ("on: pull_request\n", False),
    ],
)
def test_a_release_is_told_by_its_trigger(on: str, fires: bool) -> None:
    assert len(found("cache-poisoning", release("      - uses: actions/cache@v4\n", on))) == fires


@pytest.mark.parametrize(
    ("step", "fires"),
    [
        ("      - uses: pypa/gh-action-pypi-publish@v1\n", True),
        ("      - uses: docker/build-push-action@v6\n        with: {push: true}\n", True),
        ("      - uses: docker/build-push-action@v6\n        with: {push: false}\n", False),
        ("      - uses: docker/build-push-action@v6\n", False),
        ("      - uses: actions/upload-artifact@v4\n", False),
    ],
)
def test_a_release_is_told_by_what_its_job_does(step: str, fires: bool) -> None:
    entries = found("cache-poisoning", release("      - uses: actions/cache@v4\n" + step, "on: workflow_dispatch\n"))
    assert len(entries) == fires


def test_no_known_action_is_passed_over_unread() -> None:
    for name in CACHING:
        assert any(need in name.encode() for need in RULE.needs), name


# -------------------------------------------------------------------------------------------------------- repair


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (
            "      - uses: actions/setup-go@v5 # fast\n",
            "      - uses: actions/setup-go@v5 # fast\n        with:\n          cache: false\n",
            "set cache: false",
        ),
        (
            "      - uses: actions/setup-go@v5\n        with:\n          go-version: '1.24' # keep\n",
            "      - uses: actions/setup-go@v5\n        with:\n          go-version: '1.24' # keep\n"
            "          cache: false\n",
            "set cache: false",
        ),
        (
            "      - name: node\n        uses: actions/setup-node@v4\n        with: {cache: npm, node-version: 22}\n",
            "      - name: node\n        uses: actions/setup-node@v4\n        with: {cache: '', node-version: 22}\n",
            "set cache: ''",
        ),
        (
            "      - uses: actions/setup-node@v5\n        with:\n          node-version: 22\n          cache: 'npm'\n",
            "      - uses: actions/setup-node@v5\n        with:\n          node-version: 22\n          cache: ''\n"
            "          package-manager-cache: false\n",
            "set cache: '', package-manager-cache: false",
        ),
        (
            "      - {uses: oven-sh/setup-bun@v2, if: always()}\n",
            "      - {uses: oven-sh/setup-bun@v2, if: always(), with: {no-cache: true}}\n",
            "set no-cache: true",
        ),
    ],
)
def test_the_cache_is_turned_off_and_nothing_else_changes(before: str, after: str, title: str) -> None:
    text = release(before)
    examination = examined(text)
    [(decision, fix)] = [entry for entry in examination.fixes if entry[0].rule == "cache-poisoning"]
    assert (decision.rule, fix.title, fix.safety) == ("cache-poisoning", title, REVIEW)
    document = parse_text(PATH, text)
    result = edits.apply(text, fix.edits)
    assert result == release(after)
    fixed = parse_text(PATH, result)
    assert to_value(fixed.root) == edits.expected(document, fix.effects)
    again = examined(result)
    assert not [entry for entry in again.report.decisions if entry.rule == "cache-poisoning"]
    known = {entry.fingerprint for entry in examination.report.decisions}
    assert {entry.fingerprint for entry in again.report.decisions} <= known


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("      - uses: awalsh128/cache-apt-pkgs-action@v1\n", "the action only caches"),
    ],
)
def test_what_only_caches_is_left_to_its_owners(step: str, reason: str) -> None:
    [decision] = [each for each in examined(release(step)).report.decisions if each.rule == "cache-poisoning"]
    assert decision.fix_title is None
    assert decision.unfixable.startswith(reason)


def examined(text: str) -> Examination:
    snapshot = Snapshot(MemoryTree({PATH: text, **NPM}), "acme/tool")
    overrides = Overrides(profile="everything")
    policy = effective(CATALOGUE, standard_pack(None), None, overrides, slug="acme/tool", today="2026-01-01")
    return examine(snapshot, CATALOGUE, policy, today="2026-01-01")


@needs_corpus
def test_what_real_releases_restore() -> None:
    seen = {
        part: Counter(
            decision.fix_title or "no fix"
            for snapshot in corpus(part)
            for decision in report(snapshot, "cache-poisoning").decisions
            if decision.rule == "cache-poisoning"
        )
        for part in ("chittyos", "public")
    }
    assert {part: counts.total() for part, counts in seen.items()} == {"chittyos": 14, "public": 17}
    assert seen["chittyos"] == Counter({"set cache: ''": 14})
