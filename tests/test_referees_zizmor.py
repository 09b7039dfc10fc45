"""zizmor as a referee for the rules that it and this tool share, on every live file of the corpus.

`DIFFERENCES` is the whole list of places where the two disagree, each with the reason; a test keeps it true.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.snapshot import ACTION, WORKFLOW, kind_of

from .rules.checked import CORPUS, corpus, needs_corpus, report

SHARED = (
    "unpinned-uses", "secrets-inherit", "overprovisioned-secrets", "archived-uses", "typosquat-uses", "unpinned-tools",
    "unpinned-images", "adhoc-packages", "cache-poisoning",
    "github-env",
)  # fmt: skip
BY_LINE = ("overprovisioned-secrets", "unpinned-images", "adhoc-packages", "cache-poisoning", "github-env")
WIDER = {"adhoc-packages": "zizmor does not look at pip, cargo, go, npx and at pnpm's short `i`"}
"""Rules that also look where zizmor does not; nothing that it reports may be missing."""

Place = tuple[str, str, str]
"""Rule, file relative to the corpus, and the YAML path; for rules `BY_LINE` the line, since zizmor gives no path
to an expression and another one to an image."""

BY_COMMENT = (
    "zizmor takes only pull_request_target and workflow_run for privileged; comments of strangers start jobs too"
)
RESTORE_ONLY = "zizmor knows actions/cache and not actions/cache/restore, which is the half that a release is hurt by"
SWITCHED_OFF = "zizmor passes over a job with `if: false`; one line switches it on again, and its pins should be ready"
IMAGE_TAG = "zizmor takes a tag as enough for docker://; the standard wants every name that can move to be pinned"

_NPM = "chittyos/chittyos/chittyconnect/.github/workflows/publish.yml"
_HARDEN = "public/step-security__harden-runner/.github/workflows"
DIFFERENCES: dict[Place, str] = {
    **{
        ("unpinned-uses", _NPM, f"jobs.publish-npm.steps[{step}].uses"): SWITCHED_OFF
        for step in (0, 2, 3, 4)
    },
    ("unpinned-uses", "public/pytorch__test-infra/.github/workflows/checkout-test.yml", "jobs.test.steps[31].uses"):
        IMAGE_TAG,
    ("unpinned-uses", f"{_HARDEN}/canary.yml", "jobs.update_tag.steps[3].uses"): IMAGE_TAG,
    ("unpinned-uses", f"{_HARDEN}/canary.yml", "jobs.update_tag.steps[4].uses"): IMAGE_TAG,
    ("unpinned-uses", f"{_HARDEN}/recurring-int-tests.yml", "jobs.int-tests.steps[1].uses"): IMAGE_TAG,
    ("unpinned-uses", f"{_HARDEN}/recurring-int-tests.yml", "jobs.int-tls-tests.steps[1].uses"): IMAGE_TAG,
    ("unpinned-uses", f"{_HARDEN}/release.yml", "jobs.update_tag.steps[3].uses"): IMAGE_TAG,
    ("github-env", "public/aquasecurity__trivy/.github/workflows/backport.yaml", "line 64"): BY_COMMENT,
    ("cache-poisoning", "public/PyO3__pyo3/.github/workflows/netlify-build.yml", "line 43"): RESTORE_ONLY,
}  # fmt: skip
"""What only this tool reports."""

OUTSIDE = {("github-env", "action.yml"): "a composite action is as dangerous as who calls it; no caller, no finding"}
"""Rule and name of the files in which zizmor's findings are not compared."""

OF_A_STEP = "zizmor takes a step's docker:// image for an image too; here unpinned-uses speaks of it, once"
COMPUTED = "which image an expression means is only known when it runs"
BY_ITSELF = "setup-node caches unasked from v5 on, and only where package.json names npm as its package manager"
BRANCH = "zizmor takes a push to a branch with release in its name for a release; those workflows test such branches"
_TESTS = "public/pytorch__test-infra/.github/workflows"
ONLY_ZIZMOR: dict[Place, str] = {
    ("unpinned-images", f"{_TESTS}/checkout-test.yml", "line 226"): OF_A_STEP,
    **{
        ("unpinned-images", f"{_HARDEN}/{file}", f"line {line}"): OF_A_STEP
        for file, line in (
            ("canary.yml", 40), ("canary.yml", 46), ("recurring-int-tests.yml", 21), ("recurring-int-tests.yml", 36),
            ("release.yml", 43),
        )
    },
    ("unpinned-images", f"{_TESTS}/build-pypi-cache.yml", "line 63"): COMPUTED,
    ("unpinned-images", f"{_TESTS}/build_wheels_linux.yml", "line 166"): COMPUTED,
    ("unpinned-images", f"{_TESTS}/linux_job_v3.yml", "line 130"): COMPUTED,
    **{
        ("cache-poisoning", f"{folder}/.github/workflows/{file}", f"line {line}"): BY_ITSELF
        for folder, file, line in (
            ("chittyos/chittyapps/chittystorage-cleaner", "ci.yml", 130),
            ("chittyos/chittyapps/chittystorage-cleaner", "ci.yml", 153),
            ("chittyos/chittyos/chittyconnect", "publish.yml", 27),
            ("chittyos/chittyos/chittyos-cli", "npm-publish-certified.yml", 30),
            ("chittyos/chittyos/chittysync", "publish.yml", 16),
            ("chittyos/chittyos/chittysync", "release-assets.yml", 15),
            ("public/biomejs__biome", "beta.yml", 228),
            ("public/biomejs__biome", "beta_js_api.yml", 105),
            ("public/biomejs__biome", "release.yml", 402),
            ("public/biomejs__biome", "release.yml", 518),
            ("public/biomejs__biome", "release_cli.yml", 256),
            ("public/biomejs__biome", "release_js_api.yml", 124),
        )
    },
    **{
        ("cache-poisoning", f"public/{folder}/.github/workflows/{file}", f"line {line}"): BRANCH
        for folder, file, line in (
            ("github__codeql-action", "__config-input.yml", 55),
            ("github__codeql-action", "__go-indirect-tracing-workaround-diagnostic.yml", 81),
            ("github__codeql-action", "__packaging-codescanning-config-inputs-js.yml", 88),
            ("github__codeql-action", "__packaging-config-inputs-js.yml", 88),
            ("github__codeql-action", "__packaging-config-js.yml", 88),
            ("github__codeql-action", "__packaging-inputs-js.yml", 88),
            ("github__codeql-action", "codescanning-config-cli.yml", 65),
            ("github__codeql-action", "debug-artifacts-failure-safe.yml", 62),
            ("github__codeql-action", "debug-artifacts-safe.yml", 58),
            ("github__codeql-action", "post-release-mergeback.yml", 50),
            ("github__codeql-action", "query-filters.yml", 41),
            ("vitejs__vite", "ci.yml", 89),
            ("vitejs__vite", "ci.yml", 95),
            ("vitejs__vite", "ci.yml", 117),
            ("vitejs__vite", "ci.yml", 133),
            ("vitejs__vite", "ci.yml", 179),
        )
    },
}  # fmt: skip
"""What only zizmor reports."""


def ours(part: str) -> Counter[Place]:
    places = Counter[Place]()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *SHARED).decisions:
            if decision.rule in SHARED:
                assert decision.region is not None
                line = f"line {decision.region.line}"
                where = line if decision.rule in BY_LINE else decision.route
                places[(decision.rule, f"{folder}/{decision.path}", where)] += 1
    return places


def zizmors(part: str) -> Counter[Place]:
    files = [
        str(Path(snapshot.root) / path)
        for snapshot in corpus(part)
        for path in snapshot.subjects()
        if kind_of(path) in (WORKFLOW, ACTION)
    ]
    command = ["zizmor", "--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--format", "json"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    places = Counter[Place]()
    for finding in json.loads(done.stdout):
        if finding["ident"] in SHARED:
            [primary] = [place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary"]
            path = Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(CORPUS).as_posix()
            if (finding["ident"], path.rpartition("/")[2]) in OUTSIDE:
                continue
            places[(finding["ident"], path, where_of(finding["ident"], primary))] += 1
    return places


def where_of(ident: str, place: dict[str, Any]) -> str:
    if ident in BY_LINE:
        return f"line {place['concrete']['location']['start_point']['row'] + 1}"
    parts = place["symbolic"]["route"]["route"]
    route = "".join(f".{part['Key']}" if "Key" in part else f"[{part['Index']}]" for part in parts).removeprefix(".")
    # For an inherited secret zizmor points at the call, this tool at the word.
    return route.removesuffix(".uses") + ".secrets" if ident == "secrets-inherit" else route


@needs_corpus
@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed; the dev dependencies bring it")
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_difference_to_zizmor_is_in_the_table(part: str) -> None:
    mine, theirs = ours(part), zizmors(part)
    assert set(theirs - mine) == {place for place in ONLY_ZIZMOR if place[1].startswith(part)}
    narrow = Counter(place for place in (mine - theirs).elements() if place[0] not in WIDER)
    assert narrow == Counter(place for place in DIFFERENCES if place[1].startswith(part))
    assert (mine & theirs).total() == {"chittyos": 625, "public": 335}[part]
