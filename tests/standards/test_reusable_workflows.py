"""The reusable workflows in the real act, called as another repository calls them.

GitHub takes `$/path` for the action at `path` of the called workflow's own repository and commit. act does not know
that form, so it is written out for it; everything else in the workflows is as it is. Actions of others are stand-ins,
and so are the programs that would talk to npm and GitHub; npm itself, git, curl and TLS are the real ones.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from ..doors.acts import Log
from ..doors.support import ROOT, git, repository, write
from .services import CLOUDFLARE, HEALTH, IDENTITY, KEY, OBJECTS, TRACK, VALUES, Answer, Services, serving
from .stage import COMMIT, OWN, Stage, digest

FOLDER = ROOT / ".github/workflows"
REUSABLE = sorted(path.name for path in FOLDER.glob("reusable-*.yml"))
DEPLOY, PUBLISH, SECURITY = "reusable-worker-deploy.yml", "reusable-package-publish.yml", "reusable-security.yml"

CHECKOUT = """
name: checkout
description: Clones from $REPOSITORIES as actions/checkout would from GitHub.
inputs:
  repository: {default: '${{ github.repository }}'}
  token: {default: none}
  fetch-depth: {default: '1'}
  persist-credentials: {default: 'true'}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FROM: '${{ inputs.repository }}', KEPT: '${{ inputs.persist-credentials }}', TOKEN: '${{ inputs.token }}'}
      run: |
        test "$KEPT" = false
        find . -mindepth 1 -delete
        git clone --quiet "$REPOSITORIES/$FROM" .
        git remote set-url origin "https://github.com/$FROM"
        echo "$FROM $(printf %s "$TOKEN" | sha256sum | cut -d ' ' -f 1)" >> "$KEEP/checkouts"
"""
NOTHING = """
name: nothing
description: Keeps what it was given.
inputs: {node-version: {}, package-manager-cache: {}, registry-url: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {GIVEN: '${{ toJSON(inputs) }}'}
      run: jq -c . <<< "$GIVEN" >> "$KEEP/set-up"
"""
UPLOAD = """
name: upload-artifact
description: Keeps files.
inputs: {name: {}, path: {}, if-no-files-found: {}, retention-days: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FROM: '${{ inputs.path }}', NAME: '${{ inputs.name }}'}
      run: cp -r -- "$FROM" "$KEEP/artifact-$NAME"
"""
RECORD = """
name: record
description: Keeps what it was given.
inputs: {{{inputs}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{GIVEN: '${{{{ toJSON(inputs) }}}}'}}
      run: |
        jq -c '{{{name}: with_entries(select(.value != ""))}}' <<< "$GIVEN" >> "$KEEP/scans"
"""
DOWNLOAD = """
name: download-artifact
description: Brings the files back, to a runner that has nothing else.
inputs: {name: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: '${{ inputs.name }}'}
      run: |
        find . -mindepth 1 -delete
        cp -r -- "$KEEP/artifact-$NAME/." .
"""
SCANNERS = {
    "github/codeql-action/init": ["languages", "build-mode"],
    "github/codeql-action/analyze": ["category"],
    "actions/dependency-review-action": ["fail-on-severity"],
    "dependency-check/Dependency-Check_Action": ["project", "path", "format", "args"],
    "trufflesecurity/trufflehog": ["version", "extra_args"],
}
"""Scanners that need GitHub or a container, and the inputs that they have."""
STAND_INS = {
    "actions/checkout": CHECKOUT, "actions/setup-node": NOTHING, "actions/upload-artifact": UPLOAD,
    "actions/download-artifact": DOWNLOAD,
}  # fmt: skip

WRANGLER = """#!/usr/bin/env node
const {createHash} = require('crypto');
const digest = (name) => createHash('sha256').update(process.env[name] || '').digest('hex');
require('fs').appendFileSync(process.env.KEEP + '/wrangler', JSON.stringify({
  arguments: process.argv.slice(2), token: digest('CLOUDFLARE_API_TOKEN'), account: digest('CLOUDFLARE_ACCOUNT_ID'),
}) + '\\n');
process.exit(Number(process.env.WRANGLER_EXIT || 0));
"""
BUILD = """
require('fs').writeFileSync(process.env.KEEP + '/build', Object.keys(process.env).join('\\n'));
"""
WORKER = {
    "package.json": json.dumps({
        "name": "orders", "version": "1.2.3", "scripts": {"build": "node build.js"},
        "devDependencies": {"wrangler": "file:./tools/wrangler"},
    }),
    "package-lock.json": json.dumps({
        "name": "orders", "version": "1.2.3", "lockfileVersion": 3, "requires": True,
        "packages": {
            "": {"name": "orders", "version": "1.2.3", "devDependencies": {"wrangler": "file:./tools/wrangler"}},
            "node_modules/wrangler": {"resolved": "tools/wrangler", "link": True},
            "tools/wrangler": {"name": "wrangler", "version": "4.0.0", "bin": {"wrangler": "index.js"}},
        },
    }),
    "build.js": BUILD,
    "tools/wrangler/package.json": json.dumps(
        {"name": "wrangler", "version": "4.0.0", "bin": {"wrangler": "index.js"}}
    ),
    "tools/wrangler/index.js": WRANGLER,
}  # fmt: skip
LIBRARY = {
    "package.json": json.dumps({"name": "@chitty/orders", "version": "1.2.3", "files": ["index.js"]}),
    "package-lock.json": json.dumps({
        "name": "@chitty/orders", "version": "1.2.3", "lockfileVersion": 3, "requires": True,
        "packages": {"": {"name": "@chitty/orders", "version": "1.2.3"}},
    }),
    "index.js": "module.exports = 1;\n",
}  # fmt: skip

NPM = """#!/bin/bash
case "$1" in
  view) printf '%s\\n' "$2" >>"$KEEP/npm-view"; printf '%s' "${{PUBLISHED:-}}" ;;
  publish)
    printf '%s %s\\n' "$(sha256sum "$2" | cut -d ' ' -f 1)" "${{*:3}}" >>"$KEEP/npm-publish"
    printf '%s' "${{NODE_AUTH_TOKEN:-}}" | sha256sum | cut -d ' ' -f 1 >>"$KEEP/npm-token"
    ;;
  *) exec {real} "$@" ;;
esac
"""
GH = """#!/bin/bash
printf '%s %s\\n' "$(printf %s "$GH_TOKEN" | sha256sum | cut -d ' ' -f 1)" "$*" >>"$KEEP/gh"
if [ "$2" = list ]; then echo "${OPEN:-0}"; fi
"""
FORMULA = """class Orders < Formula
  desc "Orders"
  url "https://git.chitty.cc/orders@1.0.0"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"

  resource "other" do
    url "https://example.com/other.tgz"
    sha256 "1111111111111111111111111111111111111111111111111111111111111111"
  end
end
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("reusable"), names=True)
    scanners = {
        name: RECORD.format(
            name=name.rpartition("/")[2].replace("-", "_"), inputs=", ".join(f"{key}: {{}}" for key in keys)
        )
        for name, keys in SCANNERS.items()
    }
    stand_ins = {**STAND_INS, **scanners}
    write(stage.folder, {f"stand-ins/{name}/action.yml": text for name, text in stand_ins.items()})
    for name in REUSABLE:
        text = (FOLDER / name).read_text().replace("uses: $/", f"uses: {OWN}/")
        text = re.sub(rf"(uses: {OWN}/actions/[a-z-]+)$", rf"\1@{COMMIT}", text, flags=re.MULTILINE)
        assert "$/" not in re.sub("#.*", "", text)
        write(stage.own, {f".github/workflows/{name}": text})
    stage.program("npm", NPM.format(real=shutil.which("npm")))
    stage.program("gh", GH)
    return stage


@pytest.fixture
def services(stage: Stage) -> Iterator[Services]:
    with serving(stage.certified) as services:
        yield services


def call(
    stage: Stage,
    services: Services,
    name: str,
    inputs: Mapping[str, Any],
    files: Mapping[str, str | bytes],
    **settings: Any,
) -> Log:
    """Runs a workflow of another repository that does nothing but call."""
    secrets = {"CHITTYCONNECT_API_KEY": "${{ secrets.CHITTYCONNECT_API_KEY }}"}
    job: dict[str, Any] = {"uses": f"{OWN}/.github/workflows/{name}@{COMMIT}", "with": dict(inputs), "secrets": secrets}
    replaced = {}
    for path in REUSABLE:
        for uses in re.findall(r"uses: ([\w.-]+/[\w.-]+)[\w/-]*@([0-9a-f]{40})", (FOLDER / path).read_text()):
            replaced["@".join(uses)] = stage.folder / "stand-ins" / uses[0]
    repositories = stage.folder / "repositories"
    shutil.rmtree(repositories, ignore_errors=True)
    (repositories / "ChittyOS").mkdir(parents=True)
    (repositories / "ChittyOS/sample").symlink_to(stage.folder / "repository")
    tap = repository(repositories / "ChittyOS/homebrew-tap", {"Formula/orders.rb": FORMULA}, "ChittyOS/homebrew-tap")
    git(tap, "config", "receive.denyCurrentBranch", "ignore")
    variables = {
        "REPOSITORIES": str(repositories),
        # What would be pushed to GitHub goes to the repositories beside.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repositories}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        **settings.pop("variables", {}),
    }
    if name == SECURITY:
        del job["secrets"]
    workflow = json.dumps({"on": ["push", "pull_request"], "permissions": {}, "jobs": {"call": job}})
    return stage.run(
        workflow,
        services,
        files=files,
        replaced=replaced,
        variables=variables,
        options=("--insecure-secrets",),
        **settings,
    )


def kept(stage: Stage, name: str) -> list[Any]:
    return [json.loads(line) for line in stage.kept(name)]


def nothing_leaks(stage: Stage, services: Services, log: Log) -> None:
    printed = log.printed()
    assert not [secret for secret in services.secrets() if secret in printed]
    assert not [line for line in stage.kept("arguments") for secret in services.secrets() if secret in line]
    assert services.arguments == []
    assert services.violations == []


# ------------------------------------------------------------------------------------------------------- deployment


def test_a_worker_is_deployed(stage: Stage, services: Services) -> None:
    services.script[HEALTH] = [Answer(503), Answer(200, b"<html>"), Answer(200, {"status": "starting"})]
    log = call(stage, services, DEPLOY, {"service_name": "orders", "zones": "z1"}, WORKER)
    assert log.code == 0, log.text
    assert kept(stage, "wrangler") == [
        {
            "arguments": ["deploy"],
            "token": digest(VALUES["CLOUDFLARE_API_TOKEN"]),
            "account": digest(VALUES["CLOUDFLARE_ACCOUNT_ID"]),
        }
    ]
    (asked,) = services.bodies(IDENTITY)
    assert (asked["service"], asked["purpose"], asked["zones"]) == ("orders", "worker-deploy", ["z1"])
    assert not {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"} & set(stage.kept("build")), "the build gets none"
    assert services.paths().count(HEALTH) == 4
    (event,) = services.bodies(TRACK)
    assert (event["service"], event["status"]) == ("orders", "success")
    assert isinstance(event["duration"], int)
    nothing_leaks(stage, services, log)


def test_an_environment_of_the_configuration(stage: Stage, services: Services) -> None:
    inputs = {
        "service_name": "orders",
        "wrangler_environment": "staging",
        "health_url": "none",
        "include_beacon": False,
    }
    log = call(stage, services, DEPLOY, inputs, WORKER, identity=False)
    assert log.code == 0, log.text
    assert [done["arguments"] for done in kept(stage, "wrangler")] == [["deploy", "--env", "staging"]]
    assert services.paths() == [KEY]
    nothing_leaks(stage, services, log)


def test_a_project_with_pnpm(stage: Stage, services: Services) -> None:
    stage.program("corepack", '#!/bin/bash\nprintf "%s\\n" "corepack $*" >>"$KEEP/pnpm"\n')
    stage.program(
        "pnpm", '#!/bin/bash\nprintf "%s\\n" "pnpm $*" >>"$KEEP/pnpm"\nnpm install --silent --no-package-lock\n'
    )
    files = {path: text for path, text in WORKER.items() if path != "package-lock.json"}
    inputs = {"service_name": "orders", "working_directory": "packages/worker", "health_url": "none"}
    placed = {f"packages/worker/{path}": text for path, text in files.items()}
    log = call(
        stage, services, DEPLOY, inputs, {**placed, "packages/worker/pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    )
    assert log.code == 0, log.text
    assert stage.kept("pnpm") == ["corepack enable pnpm", "pnpm install --frozen-lockfile"]
    assert len(kept(stage, "wrangler")) == 1


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("wrangler fails", ""),
        ("health", "The Worker is deployed, and https://orders.chitty.cc/health does not answer"),
        ("refused", "No credentials: ChittyConnect has a failure of its own (HTTP 500)"),
        ("no lock", "There is no package-lock.json and no pnpm-lock.yaml here"),
        ("name", "The input service_name is not made of small letters, digits and hyphens."),
        ("address", "The input health_url does not begin with https://"),
    ],
)
def test_a_deployment_that_fails_is_reported(stage: Stage, services: Services, case: str, message: str) -> None:
    inputs: dict[str, Any] = {"service_name": "orders"}
    files = dict(WORKER)
    variables = {}
    if case == "wrangler fails":
        variables["WRANGLER_EXIT"] = "3"
    elif case == "health":
        services.script[HEALTH] = [Answer(200, {"status": "down"})] * 9
    elif case == "refused":
        services.script[IDENTITY] = [Answer(500)] * 4
    elif case == "no lock":
        del files["package-lock.json"]
    elif case == "name":
        inputs["service_name"] = "$(touch PWNED)"
    else:
        inputs["health_url"] = "http://orders.chitty.cc/health"
    log = call(stage, services, DEPLOY, inputs, files, variables=variables)
    if case in ("no lock", "name", "address") and not log.commands("error"):
        # A step that prints a line and ends at once: act has been seen to end without having read it.
        services.requests.clear()
        log = call(stage, services, DEPLOY, inputs, files, variables=variables)
    assert log.code != 0
    assert any(message in error for error in log.commands("error")) or not message, log.text
    (event,) = services.bodies(TRACK)
    assert event["status"] == "failure"
    deployed = case in ("wrangler fails", "health")
    assert bool(stage.kept("wrangler")) == deployed
    assert (IDENTITY in services.paths()) == (deployed or case == "refused")
    nothing_leaks(stage, services, log)


# ---------------------------------------------------------------------------------------------------- publication


def package(stage: Stage) -> tuple[str, bytes]:
    (file,) = (stage.keep / "artifact-package").glob("*.tgz")
    return file.name, file.read_bytes()


def packed(stage: Stage, services: Services) -> bytes:
    """What `npm pack` will make of the library: it is the same in every run."""
    call(stage, services, PUBLISH, {"service_name": "orders", "publish_r2": False, "include_beacon": False}, LIBRARY)
    services.requests.clear()
    return package(stage)[1]


def test_a_package_goes_everywhere(stage: Stage, services: Services) -> None:
    content = packed(stage, services)
    services.files["/orders@1.2.3"] = content
    inputs = {"service_name": "orders", "publish_npm": True, "brew_formula": "orders"}
    log = call(stage, services, PUBLISH, inputs, LIBRARY)
    assert log.code == 0, log.text
    name, content = package(stage)
    checksum = hashlib.sha256(content).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        assert "package/index.js" in opened.getnames()

    # npm: the very file, by trusted publishing, so that no token is asked for and none is there.
    assert stage.kept("npm-view") == ["@chitty/orders@1.2.3"]
    assert stage.kept("npm-publish") == [f"{checksum} --access public --tag latest"]
    assert stage.kept("npm-token") == [digest("")]
    assert all("NPM_TOKEN" not in asked["credentials"] for asked in services.bodies(IDENTITY))
    # R2: three objects, the one that leads to the others last.
    account = VALUES["CLOUDFLARE_ACCOUNT_ID"]
    place = f"{OBJECTS}{account}/r2/buckets/chittyos-packages/objects/orders"
    puts = [(request.path, request.headers["content-type"], request.body) for request in services.requests
            if request.method == "PUT"]  # fmt: skip
    assert puts[:2] == [
        (f"{place}/1.2.3/{name}", "application/gzip", checksum),
        (f"{place}/latest/{name}", "application/gzip", checksum),
    ]  # fmt: skip
    assert [put[:2] for put in puts[2:]] == [(f"{place}/metadata.json", "application/json")]
    # Homebrew: a branch and a pull request, with the token of ChittyConnect, and nothing on the default branch.
    tap = stage.folder / "repositories/ChittyOS/homebrew-tap"
    formula = git(tap, "show", "update/orders-1.2.3:Formula/orders.rb")
    assert formula == FORMULA.rstrip().replace("orders@1.0.0", "orders@1.2.3").replace("0" * 64, checksum)
    assert git(tap, "show", "main:Formula/orders.rb") == FORMULA.rstrip()
    token = digest(VALUES["GITHUB_TOKEN"])
    assert f"ChittyOS/homebrew-tap {token}" in stage.kept("checkouts")
    created = [line for line in stage.kept("gh") if " pr create " in line]
    assert len(created) == 1
    assert created[0].startswith(
        f"{token} pr create --repo ChittyOS/homebrew-tap --head update/orders-1.2.3 --title orders"
    )
    # The Beacon hears of it once.
    (event,) = services.bodies(TRACK)
    assert (event["service"], event["status"]) == ("orders", "success")
    outputs = {line["name"]: line["arg"] for line in log.lines if line.get("command") == "set-output"}
    assert (outputs["version"], outputs["sha256"]) == ("1.2.3", checksum)
    nothing_leaks(stage, services, log)


def test_npm_with_a_token(stage: Stage, services: Services) -> None:
    inputs = {"service_name": "orders", "publish_npm": True, "npm_token": True, "publish_r2": False}
    files = dict(LIBRARY)
    for path in ("package.json", "package-lock.json"):
        files[path] = files[path].replace("1.2.3", "2.0.0-rc.1")
    log = call(stage, services, PUBLISH, {**inputs, "npm_access": "restricted"}, files)
    assert log.code == 0, log.text
    (published,) = stage.kept("npm-publish")
    assert published.endswith(" --access restricted --tag next")
    assert stage.kept("npm-token") == [digest(VALUES["NPM_TOKEN"])]
    assert [asked["credentials"] for asked in services.bodies(IDENTITY)] == [["NPM_TOKEN"]]
    nothing_leaks(stage, services, log)


def test_what_is_on_npm_is_not_published_again(stage: Stage, services: Services) -> None:
    inputs = {"service_name": "orders", "publish_npm": True, "npm_token": True, "publish_r2": False}
    log = call(stage, services, PUBLISH, inputs, LIBRARY, variables={"PUBLISHED": "1.2.3"})
    assert log.code == 0, log.text
    assert stage.kept("npm-publish") == []
    assert services.paths() == [TRACK]


def test_a_pre_release_does_not_become_the_latest(stage: Stage, services: Services) -> None:
    files = {path: text.replace("1.2.3", "2.0.0-rc.1") for path, text in LIBRARY.items()}
    log = call(stage, services, PUBLISH, {"service_name": "orders"}, files)
    assert log.code == 0, log.text
    puts = [request.path for request in services.requests if request.method == "PUT"]
    assert [path.split("/objects/")[1].split("/")[1] for path in puts] == ["2.0.0-rc.1"]


def test_a_formula_never_names_another_file(stage: Stage, services: Services) -> None:
    services.files["/orders@1.2.3"] = b"another file"
    log = call(stage, services, PUBLISH, {"service_name": "orders", "brew_formula": "orders"}, LIBRARY)
    assert log.code != 0
    assert any("has another file than the one that was built" in error for error in log.commands("error"))
    assert stage.kept("gh") == []
    (event,) = services.bodies(TRACK)
    assert event["status"] == "failure"
    nothing_leaks(stage, services, log)


def test_an_upload_that_is_refused(stage: Stage, services: Services) -> None:
    account = VALUES["CLOUDFLARE_ACCOUNT_ID"]
    files = {path: text.replace("1.2.3", "2.0.0-rc.1") for path, text in LIBRARY.items()}
    path = f"{OBJECTS}{account}/r2/buckets/chittyos-packages/objects/orders/2.0.0-rc.1/chitty-orders-2.0.0-rc.1.tgz"
    services.script[path] = [Answer(403, {"success": False})]
    log = call(stage, services, PUBLISH, {"service_name": "orders", "brew_formula": "orders"}, files)
    assert log.code != 0
    assert services.script[path] == []
    assert stage.kept("gh") == [], "what R2 does not have no formula names"
    nothing_leaks(stage, services, log)


# ------------------------------------------------------------------------------------------------------------ scans


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_every_scanner_is_asked(stage: Stage, services: Services, event: str) -> None:
    inputs = {"languages": '["actions", "javascript-typescript"]', "fail_on_cvss": 9, "fail_on_severity": "low"}
    log = call(stage, services, SECURITY, inputs, LIBRARY, event=event)
    assert log.code == 0, log.text
    scans = sorted(kept(stage, "scans"), key=str)
    review = [{"dependency_review_action": {"fail-on-severity": "low"}}]
    check = {"project": "ChittyOS/sample", "path": ".", "format": "HTML", "args": "--failOnCVSS 9"}
    assert scans == [
        {"Dependency_Check_Action": check},
        {"analyze": {"category": "/language:actions"}},
        {"analyze": {"category": "/language:javascript-typescript"}},
        *(review if event == "pull_request" else []),
        {"init": {"languages": "actions", "build-mode": "none"}},
        {"init": {"languages": "javascript-typescript", "build-mode": "none"}},
        {"trufflehog": {"version": "3.97.0", "extra_args": "--results=verified,unknown"}},
    ]
    assert services.requests == []


# ------------------------------------------------------------------------------------------------ what they consist of


def jobs() -> list[Any]:
    return [
        pytest.param(job, id=f"{name}:{id}")
        for name in REUSABLE
        for id, job in yaml.safe_load((FOLDER / name).read_text())["jobs"].items()
    ]


def test_they_are_those_that_the_charter_names() -> None:
    assert {DEPLOY, PUBLISH, SECURITY} == set(REUSABLE)


@pytest.mark.parametrize("name", REUSABLE)
def test_only_one_secret_and_that_is_optional(name: str) -> None:
    declared = yaml.load((FOLDER / name).read_text(), yaml.BaseLoader)["on"]["workflow_call"]
    assert all(secret["required"] == "false" for secret in declared.get("secrets", {}).values())
    assert set(declared.get("secrets", {})) <= {"CHITTYCONNECT_API_KEY"}
    for entry in [*declared["inputs"].values(), *declared.get("outputs", {}).values()]:
        assert entry["description"]
    read = re.findall(r"secrets\.(\w+)", (FOLDER / name).read_text())
    assert set(read) <= {"CHITTYCONNECT_API_KEY"}


@pytest.mark.parametrize("job", jobs())
def test_no_masked_value_leaves_its_job(job: Any) -> None:
    assert "steps.creds" not in json.dumps(job.get("outputs", {}))
    assert job["timeout-minutes"] <= 30
    # Who can ask for credentials has to pass the rules of an environment.
    assert "id-token" not in job["permissions"] or "environment" in job
    for step in job["steps"]:
        assert "${{" not in step.get("run", "")
        assert (
            "CLOUDFLARE_API_TOKEN" not in step.get("env", {}) or "steps.creds." in step["env"]["CLOUDFLARE_API_TOKEN"]
        )


def test_cloudflare_is_asked_by_its_own_name() -> None:
    assert CLOUDFLARE in (FOLDER / PUBLISH).read_text()
