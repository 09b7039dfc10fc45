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

SHARED = {
    "unpinned-uses": "regular", "secrets-inherit": "regular", "overprovisioned-secrets": "regular",
    "missing-permissions": "regular", "excessive-permissions": "regular", "undocumented-permissions": "pedantic",
    "github-app": "regular", "artipacked": "regular", "unredacted-secrets": "regular", "secrets-outside-env": "auditor",
    "use-trusted-publishing": "regular", "dangerous-triggers": "regular", "bot-conditions": "regular",
    "unsound-condition": "regular", "unsound-contains": "regular", "unsound-ternary": "regular",
    "obfuscation": "regular", "archived-uses": "regular", "typosquat-uses": "regular", "unpinned-tools": "regular",
    "unpinned-images": "regular", "adhoc-packages": "regular", "cache-poisoning": "regular", "github-env": "regular",
}  # fmt: skip
"""Rule → the persona with which zizmor reports the same. Its excessive-permissions has missing-permissions in it."""

BY_LINE = frozenset(
    ("overprovisioned-secrets", "github-app", "unredacted-secrets", "secrets-outside-env", "use-trusted-publishing",
     "dangerous-triggers", "unsound-ternary", "obfuscation", "unpinned-images", "adhoc-packages", "cache-poisoning",
     "github-env")
)  # fmt: skip
"""Rules for which zizmor gives no path, or that of a part: their places are compared by line."""

ONCE = frozenset(("missing-permissions", "github-env", "unpinned-images"))
"""Rules for which zizmor reports one place several times: for each job, each write, each image that may be meant."""

Place = tuple[str, str, str]
"""Rule, file relative to the corpus, and the YAML path or the line; nothing for what is about a whole workflow."""

SWITCHED_OFF = "zizmor passes over a job with `if: false`; one line switches it on again, and its pins should be ready"
IMAGE_TAG = "zizmor takes a tag as enough for docker://; the standard wants every name that can move to be pinned"

PUSHES = "a later step pushes with the token"

_CODEQL = "public/github__codeql-action/.github/workflows"
_SERVERS = "update-supported-enterprise-server-versions"
_NPM = "chittyos/chittyos/chittyconnect/.github/workflows/publish.yml"
_HARDEN = "public/step-security__harden-runner/.github/workflows"


def listed(rule: str, reason: str, places: str) -> dict[Place, str]:
    """The places of a rule, one a line: the repository, the file (a lone name is a workflow), and where in it."""
    found = {}
    for line in places.strip().splitlines():
        repository, file, where = line.strip().split(" ", 2)
        path = file if "/" in file else f".github/workflows/{file}"
        found[rule, f"{repository}/{path}", where] = reason
    return found


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
    **{
        ("artipacked", _NPM, f"jobs.publish-npm.steps[{step}]"): SWITCHED_OFF for step in (0, 2)
    },
    ("secrets-outside-env", _NPM, "line 61"): SWITCHED_OFF,
    ("secrets-outside-env", _NPM, "line 75"): SWITCHED_OFF,
    **listed("excessive-permissions", "zizmor does not ask whether anything in a job can use a permission", """
        chittyos/chittyapps/chittyfinance onepassword-rotation-audit.yml permissions.issues
        chittyos/chittyos/chittyops reusable-pr-automation.yml permissions.checks
        chittyos/chittyos/chittyops reusable-pr-automation.yml permissions.contents
        chittyos/chittyos/chittyops reusable-pr-automation.yml permissions.statuses
        chittyos/chittyos/chittyscrape ci.yml jobs.deploy.permissions.deployments
        public/cli__cli issueauto.yml permissions.issues
        public/cli__cli prauto.yml permissions.issues
        public/cli__cli prauto.yml permissions.pull-requests
        public/vitejs__vite copilot-setup-steps.yml jobs.copilot-setup-steps.permissions.contents
        public/vitejs__vite preview-release.yml permissions.pull-requests
        public/withastro__astro merge-main-to-next.yml jobs.merge.permissions.pull-requests
    """),
    **listed("use-trusted-publishing", "id-token: write stands there, but a stored token is used all the same", """
        chittyos/chittyapps/chittycan publish.yml line 37
        chittyos/chittyos/chittyos-cli npm-publish-certified.yml line 276
    """),
    **listed("adhoc-packages", "zizmor does not look at pip, cargo, go, npx and at pnpm's short `i`", """
        chittyos/chittyapps/chittycan parity-tests.yml line 24
        chittyos/chittyapps/chittycan parity-tests.yml line 77
        chittyos/chittyapps/chittychat phased-execution-schedule.yml line 34
        chittyos/chittyapps/chittychat pr-review-automation.yml line 101
        chittyos/chittyapps/chittychat pr-review-automation.yml line 114
        chittyos/chittyapps/chittychat pr-review-automation.yml line 154
        chittyos/chittyapps/chittychat pr-review-automation.yml line 73
        chittyos/chittyapps/chittyfinance governance-gates.yml line 47
        chittyos/chittyfoundation/chittyfractal-fabric check-observability.yml line 38
        chittyos/chittyos/cicd-templates python-ci.yml line 123
        chittyos/chittyos/cicd-templates python-ci.yml line 129
        chittyos/chittyos/cicd-templates python-ci.yml line 29
        chittyos/nevershitty/litigation-sync-agent notion_sync.yml line 21
        public/PyO3__pyo3 ci-cache-warmup.yml line 29
        public/PyO3__pyo3 coverage-pr-base.yml line 27
        public/biomejs__biome beta_js_api.yml line 52
        public/github__codeql-action .github/actions/release-initialise/action.yml line 32
        public/github__codeql-action update-supported-enterprise-server-versions.yml line 41
        public/psf__requests run-tests.yml line 80
        public/pypa__pip ci.yml line 116
        public/pypa__pip ci.yml line 187
        public/pypa__pip ci.yml line 264
        public/pypa__pip ci.yml line 301
        public/pypa__pip ci.yml line 41
        public/pypa__pip ci.yml line 93
        public/pytorch__test-infra check-alerts.yml line 48
        public/pytorch__test-infra check-alerts.yml line 68
        public/pytorch__test-infra check-alerts.yml line 90
        public/pytorch__test-infra cross-repo-ci-relay-tests.yml line 30
        public/pytorch__test-infra github-status-test-lambda.yml line 28
        public/pytorch__test-infra log-classifier-lambda.yml line 40
        public/pytorch__test-infra runner-fleet-metrics.yml line 47
        public/sveltejs__kit .github/actions/netlify-deploy/action.yml line 26
        public/sveltejs__kit .github/actions/vercel-deploy/action.yml line 31
    """),
    **listed("cache-poisoning", "zizmor knows actions/cache, not actions/cache/restore, which is what hurts", """
        public/PyO3__pyo3 netlify-build.yml line 43
    """),
    **listed("github-env", "zizmor passes over comments of outsiders, which start jobs, too", """
        public/aquasecurity__trivy backport.yaml line 64
    """),
}  # fmt: skip
"""What only this tool reports."""

PASSED_OVER: dict[Place, str] = {
    **{
        ("artipacked", f"{_CODEQL}/{_SERVERS}.yml", f"jobs.{_SERVERS}.steps[{step}]"): PUSHES
        for step in (1, 2)
    },
    ("missing-permissions", "public/pytorch__test-infra/.github/workflows/validate-domain-library.yml", ""):
        "a workflow that is only called has the permissions of its callers, whatever its jobs are",
    **listed("excessive-permissions", "every job that has the permission may need it", """
        chittyos/chittyapps/chittycan publish.yml permissions.contents
        chittyos/chittyapps/chittycan publish.yml permissions.id-token
        chittyos/chittyos/chittyops pr-automation.yml permissions.checks
        chittyos/chittyos/chittyops pr-automation.yml permissions.contents
        chittyos/chittyos/chittyops pr-automation.yml permissions.pull-requests
        chittyos/chittyos/chittyops pr-automation.yml permissions.statuses
        public/cli__cli deployment.yml permissions.attestations
        public/cli__cli deployment.yml permissions.contents
        public/cli__cli deployment.yml permissions.id-token
        public/pytorch__test-infra clang-tidy-macos.yml permissions.id-token
        public/pytorch__test-infra gha-artifacts-lambda.yml permissions.id-token
        public/pytorch__test-infra release-pytorch-post-branch-cut.yml permissions.id-token
        public/pytorch__test-infra release-wheel-variants.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_linux_aarch64_with_cuda.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_linux_aarch64_without_cuda.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_linux_python_versions.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_linux_with_cuda.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_linux_without_cuda.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_m1.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_windows_arm64.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_windows_with_cuda.yml permissions.id-token
        public/pytorch__test-infra test_build_wheels_windows_without_cuda.yml permissions.id-token
        public/pytorch__test-infra test_upload_benchmark_results.yml permissions.id-token
        public/pytorch__test-infra update-s3-dependencies.yml permissions.id-token
        public/pytorch__test-infra update_test_file_ratings.yml permissions.contents
        public/pytorch__test-infra update_test_file_ratings.yml permissions.id-token
    """),
    **listed("undocumented-permissions", "the comment stands on the line above", """
        public/docker__buildx build.yml jobs.govulncheck.permissions.security-events
        public/docker__buildx build.yml jobs.release.permissions.contents
        public/github__codeql-action codeql.yml jobs.check-codeql-versions.permissions.security-events
        public/github__codeql-action debug-artifacts-failure-safe.yml jobs.upload-artifacts.permissions.security-events
        public/github__codeql-action debug-artifacts-safe.yml jobs.upload-artifacts.permissions.security-events
        public/github__codeql-action python312-windows.yml jobs.test-setup-python-scripts.permissions.security-events
        public/pytorch__test-infra vllm-torch-nightly-triage.yml jobs.file-issues.permissions.issues
        public/step-security__harden-runner scorecards.yml jobs.analysis.permissions.id-token
        public/step-security__harden-runner scorecards.yml jobs.analysis.permissions.security-events
        public/withastro__astro sync-examples.yml permissions.contents
    """),
    **listed("undocumented-permissions", "none grants nothing", """
        public/cli__cli issueauto.yml permissions.contents
        public/cli__cli prauto.yml permissions.contents
        chittyos/chittyos/chittyrouter adversarial-review.yml permissions.contents
    """),
    **listed("artipacked", PUSHES, """
        chittyos/chittyapps/chittycharge deploy.yml jobs.deploy-production.steps[0]
        public/cli__cli deployment.yml jobs.release.steps[0]
        public/cli__cli deployment.yml jobs.release.steps[2]
        public/github__codeql-action post-release-mergeback.yml jobs.merge-back.steps[2]
        public/github__codeql-action rebuild.yml jobs.rebuild.steps[0]
        public/github__codeql-action rollback-release.yml jobs.rollback.steps[0]
        public/github__codeql-action update-bundle.yml jobs.update-bundle.steps[2]
        public/github__codeql-action update-release-branch.yml jobs.update.steps[0]
        public/moby__moby sync-release-branch.yml jobs.push-release-branch.steps[0]
        public/moby__moby sync-release-branch.yml jobs.sync-release-branch.steps[0]
        public/pytorch__test-infra .github/actions/trigger-nightly/action.yml runs.steps[0]
        public/pytorch__test-infra .github/actions/update-viablestrict/action.yml runs.steps[1]
        public/pytorch__test-infra release-pytorch-post-branch-cut.yml jobs.create-release-changes-pr.steps[0]
        public/pytorch__test-infra release-pytorch-post-branch-cut.yml jobs.create-version-bump-pr.steps[0]
        public/pytorch__test-infra release-pytorch-post-branch-cut.yml jobs.update-test-infra.steps[0]
        public/pytorch__test-infra update-inductor-expected-accuracy.yml jobs.update-expected-accuracy.steps[0]
        public/sveltejs__kit autofix-lint.yml jobs.autofix-lint.steps[1]
        public/withastro__astro merge-main-to-next.yml jobs.merge.steps[1]
        public/withastro__astro release.yml jobs.changelog.steps[0]
        public/withastro__astro sync-examples.yml jobs.sync.steps[0]
    """),
    **listed("artipacked", "an alias repeats steps that are reported where they are written", """
        public/biomejs__biome benchmark.yml jobs.configuration.steps[0]
        public/biomejs__biome benchmark.yml jobs.console.steps[0]
        public/biomejs__biome benchmark.yml jobs.css.steps[0]
        public/biomejs__biome benchmark.yml jobs.graphql.steps[0]
        public/biomejs__biome benchmark.yml jobs.grit.steps[0]
        public/biomejs__biome benchmark.yml jobs.html.steps[0]
        public/biomejs__biome benchmark.yml jobs.json.steps[0]
        public/biomejs__biome benchmark.yml jobs.manifests.steps[0]
        public/biomejs__biome benchmark.yml jobs.module-graph.steps[0]
        public/biomejs__biome benchmark.yml jobs.tailwind.steps[0]
        public/biomejs__biome benchmark.yml jobs.yaml.steps[0]
    """),
    **listed("use-trusted-publishing", "GitHub Packages takes the built-in token, which is not stored", """
        chittyos/chittyapps/chittystorage-cleaner ci.yml line 162
        chittyos/chittyos/chittyconnect publish.yml line 47
        chittyos/chittyos/chittysync publish.yml line 31
    """),
    **listed("use-trusted-publishing", "a broker gives the token for this run", """
        chittyos/chittyos/chittyops reusable-package-publish.yml line 94
    """),
    **listed("use-trusted-publishing", "PyPI does not take the identity of a called workflow", """
        public/pytorch__test-infra _binary_upload.yml line 176
        public/pytorch__test-infra _binary_upload.yml line 179
    """),
    **listed("use-trusted-publishing", "the command publishes elsewhere, without any token", """
        public/vitejs__vite preview-release.yml line 59
    """),
    **listed("dangerous-triggers", "nothing that an outsider wrote is taken in", """
        chittyos/chittyapps/chittyfinance adversarial-review.yml line 4
        chittyos/chittyapps/chittyfinance claude.yml line 4
        chittyos/chittyfoundation/chittychronicle dependabot-auto-merge.yml line 3
        chittyos/chittyos/chittyconnect claude.yml line 4
        chittyos/chittyos/chittyconnect dependabot-auto-merge.yml line 3
        chittyos/chittyos/chittyfinance claude.yml line 4
        chittyos/chittyos/chittymcp adversarial-review.yml line 4
        chittyos/chittyos/chittymcp dependabot-auto-merge.yml line 3
        chittyos/chittyos/chittyops adversarial-review.yml line 4
        chittyos/chittyos/chittyops dependabot-auto-merge.yml line 3
        chittyos/chittyos/chittyrouter adversarial-review.yml line 4
        chittyos/chittyos/chittyscrape dependabot-auto-merge.yml line 3
        public/PyO3__pyo3 cache-cleanup.yml line 3
        public/PyO3__pyo3 coverage-pr-base.yml line 9
        public/aquasecurity__trivy auto-ready-for-review.yaml line 7
        public/aquasecurity__trivy backport.yaml line 4
        public/biomejs__biome agent_scan.yml line 4
        public/biomejs__biome pull_request_title_lint.yaml line 4
        public/cli__cli prauto.yml line 3
        public/cli__cli triage.yml line 7
        public/docker__buildx pr-assign-author.yml line 7
        public/github__codeql-action deflake.yml line 7
        public/pytorch__test-infra claude-code.yml line 4
        public/sveltejs__kit autofix-lint.yml line 4
        public/vitejs__vite bot.yml line 11
        public/vitejs__vite ecosystem-ci-trigger.yml line 4
        public/vitejs__vite semantic-pull-request.yml line 9
        public/withastro__astro check-merge.yml line 3
        public/withastro__astro diff-dependencies.yml line 4
    """),
    **listed("cache-poisoning", "unasked setup-node caches from v5 on, only where package.json names npm", """
        chittyos/chittyapps/chittystorage-cleaner ci.yml line 130
        chittyos/chittyapps/chittystorage-cleaner ci.yml line 153
        chittyos/chittyos/chittyconnect publish.yml line 27
        chittyos/chittyos/chittyos-cli npm-publish-certified.yml line 30
        chittyos/chittyos/chittysync publish.yml line 16
        chittyos/chittyos/chittysync release-assets.yml line 15
        public/biomejs__biome beta.yml line 228
        public/biomejs__biome beta_js_api.yml line 105
        public/biomejs__biome release.yml line 402
        public/biomejs__biome release.yml line 518
        public/biomejs__biome release_cli.yml line 256
        public/biomejs__biome release_js_api.yml line 124
    """),
    **listed("cache-poisoning", "a push to a branch with release in its name is no release", """
        public/github__codeql-action __config-input.yml line 55
        public/github__codeql-action __go-indirect-tracing-workaround-diagnostic.yml line 81
        public/github__codeql-action __packaging-codescanning-config-inputs-js.yml line 88
        public/github__codeql-action __packaging-config-inputs-js.yml line 88
        public/github__codeql-action __packaging-config-js.yml line 88
        public/github__codeql-action __packaging-inputs-js.yml line 88
        public/github__codeql-action codescanning-config-cli.yml line 65
        public/github__codeql-action debug-artifacts-failure-safe.yml line 62
        public/github__codeql-action debug-artifacts-safe.yml line 58
        public/github__codeql-action post-release-mergeback.yml line 50
        public/github__codeql-action query-filters.yml line 41
        public/vitejs__vite ci.yml line 117
        public/vitejs__vite ci.yml line 133
        public/vitejs__vite ci.yml line 179
        public/vitejs__vite ci.yml line 89
        public/vitejs__vite ci.yml line 95
    """),
    **listed("github-env", "a composite action is as dangerous as who calls it; no caller, no finding", """
        public/moby__moby .github/actions/setup-tracing/action.yml line 7
        public/moby__moby .github/actions/setup-windows-test-daemon/action.yml line 48
        public/pytorch__test-infra .github/actions/gather-runners-info/action.yml line 21
        public/pytorch__test-infra .github/actions/gather-runners-info/action.yml line 50
        public/pytorch__test-infra .github/actions/setup-binary-builds/action.yml line 110
        public/pytorch__test-infra .github/actions/setup-binary-builds/action.yml line 128
        public/pytorch__test-infra .github/actions/setup-binary-builds/action.yml line 81
        public/pytorch__test-infra .github/actions/setup-binary-upload/action.yml line 49
        public/pytorch__test-infra .github/actions/setup-binary-upload/action.yml line 76
        public/pytorch__test-infra .github/actions/setup-build-test/action.yml line 44
        public/pytorch__test-infra .github/actions/setup-linux/action.yml line 62
        public/pytorch__test-infra .github/actions/setup-miniconda/action.yml line 154
        public/pytorch__test-infra .github/actions/setup-miniconda/action.yml line 82
        public/pytorch__test-infra .github/actions/setup-windows/action.yml line 56
        public/pytorch__test-infra .github/actions/upload-benchmark-results/action.yml line 35
        public/pytorch__test-infra .github/actions/upload-benchmark-results/action.yml line 47
        public/pytorch__test-infra .github/actions/upload-benchmark-results/action.yml line 78
    """),
    **listed("unpinned-images", "a step's docker:// image is unpinned-uses's", """
        public/pytorch__test-infra checkout-test.yml line 226
        public/step-security__harden-runner canary.yml line 40
        public/step-security__harden-runner canary.yml line 46
        public/step-security__harden-runner recurring-int-tests.yml line 21
        public/step-security__harden-runner recurring-int-tests.yml line 36
        public/step-security__harden-runner release.yml line 43
    """),
    **listed("unpinned-images", "which image an expression means is only known when it runs", """
        public/pytorch__test-infra build-pypi-cache.yml line 63
        public/pytorch__test-infra build_wheels_linux.yml line 166
        public/pytorch__test-infra linux_job_v3.yml line 130
    """),
}  # fmt: skip
"""What only zizmor reports."""


def ours(part: str) -> Counter[Place]:
    places = Counter[Place]()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *SHARED).decisions:
            if decision.rule in SHARED:
                assert decision.region is not None
                where = decision.route.removesuffix(".uses") if decision.rule == "artipacked" else decision.route
                if decision.rule in BY_LINE:
                    where = f"line {decision.region.line}"
                elif decision.rule == "missing-permissions":
                    where = ""
                places[(decision.rule, f"{folder}/{decision.path}", where)] += 1
    return places


def zizmors(part: str) -> Counter[Place]:
    files = [
        str(Path(snapshot.root) / path)
        for snapshot in corpus(part)
        for path in snapshot.subjects()
        if kind_of(path) in (WORKFLOW, ACTION)
    ]
    options = ["--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--persona", "auditor"]
    command = ["zizmor", *options, "--format", "json", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    places = Counter[Place]()
    for finding in json.loads(done.stdout):
        for primary in finding["locations"]:
            if primary["symbolic"]["kind"] != "Primary":
                continue
            rule = finding["ident"]
            if rule == "excessive-permissions" and primary["symbolic"]["annotation"].startswith("default permissions"):
                rule = "missing-permissions"
            if finding["determinations"]["persona"].lower() != SHARED.get(rule):
                continue
            path = Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(CORPUS).as_posix()
            place = (rule, path, where_of(rule, primary))
            places[place] = 1 if rule in ONCE else places[place] + 1
    return places


def where_of(rule: str, place: dict[str, Any]) -> str:
    if rule == "missing-permissions":
        return ""
    if rule in BY_LINE:
        return f"line {place['concrete']['location']['start_point']['row'] + 1}"
    parts = place["symbolic"]["route"]["route"]
    route = "".join(f".{part['Key']}" if "Key" in part else f"[{part['Index']}]" for part in parts).removeprefix(".")
    # For an inherited secret zizmor points at the call, this tool at the word.
    return route.removesuffix(".uses") + ".secrets" if rule == "secrets-inherit" else route


@needs_corpus
@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed; the dev dependencies bring it")
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_difference_to_zizmor_is_in_the_table(part: str) -> None:
    mine, theirs = ours(part), zizmors(part)
    assert theirs - mine == Counter(place for place in PASSED_OVER if place[1].startswith(part))
    assert mine - theirs == Counter(place for place in DIFFERENCES if place[1].startswith(part))
    assert (mine & theirs).total() == {"chittyos": 1176, "public": 1220}[part]
