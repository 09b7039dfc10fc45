"""The files of the standard: each kind of project and each template, held against every reader of theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chittyops_policy import projects
from chittyops_policy.conforming import NAMES, Plan
from chittyops_policy.engine import check
from chittyops_policy.model import FAIL, OPEN, PROFILES, UNKNOWN
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

from .referees import github_parser
from .rules.checked import CORPUS, needs_corpus
from .standard_repositories import (
    CATALOGUE,
    COMMIT,
    KINDS,
    SLUG,
    TODAY,
    conforming,
    created,
    pack,
    package,
    plan_of,
    planned,
)

EACH = pytest.mark.parametrize("kind", KINDS)
WORKFLOWS = ".github/workflows/"

MADE: dict[str, str] = {
    projects.WORKER: "ci deploy-worker secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
    projects.NEXTJS: "ci deploy-vercel secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
    projects.NODE: "ci publish-npm secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
    projects.PYTHON: "ci secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
    projects.RUST: "ci secret-scan policy-check pre-commit policy-file charter codeowners claude-md dependabot codeql",
    projects.GO: "ci secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
    projects.DOCUMENTATION: "secret-scan policy-check pre-commit policy-file charter codeowners claude-md dependabot",
    projects.ORG_CONFIG: "secret-scan policy-check pre-commit policy-file charter codeowners claude-md dependabot",
    projects.UNKNOWN: "ci secret-scan policy-check pre-commit policy-file codeowners claude-md dependabot",
    "monorepo": "ci deploy-worker publish-npm secret-scan policy-check pre-commit policy-file charter "
    "codeowners claude-md dependabot codeql dependency-check",
}  # fmt: skip
LEFT: dict[str, set[str]] = {
    **{kind: {"snyk"} for kind in KINDS},
    projects.RUST: set(),  # no action of Snyk's for it, so that there is nothing to leave to people
    projects.DOCUMENTATION: set(),
    projects.ORG_CONFIG: set(),
    projects.UNKNOWN: {"charter"},
}


def names(plan: Plan) -> set[str]:
    return {made.name for made in plan.made}


@pytest.mark.parametrize("name", NAMES)
@EACH
def test_each_kind_and_each_template(kind: str, name: str) -> None:
    made = [made for made in plan_of(kind).made if made.name == name]
    left = [file for file in plan_of(kind).left if file.name == name]
    assert (len(made), len(left)) == (name in MADE[kind].split(), name in LEFT[kind])
    for file in made:
        assert file.path in created(kind) and file.reason
    assert all(file.reason for file in left)


@EACH
def test_every_control_that_files_can_satisfy_passes(kind: str) -> None:
    report = plan_of(kind).after
    assert [decision.message for decision in report.decisions if decision.state == OPEN and kind != "unknown"] == []
    unsettled = {verdict.control for verdict in report.verdicts if verdict.outcome in (FAIL, UNKNOWN)}
    # What a repository of unknown kind is, and what scanners would find there, only people can say.
    people = {"charter-file", "scanner-codeql", "scanner-snyk", "scanner-owasp"} if kind == "unknown" else set()
    online = {"branch-rules", "stored-secrets", "actions-policy", "alerts"}  # what is set on GitHub
    assert unsettled == {*online, *people}


@pytest.mark.parametrize("profile", PROFILES)
@EACH
def test_no_rule_has_anything_against_them(kind: str, profile: str) -> None:
    snapshot = Snapshot(MemoryTree(conforming(kind)), SLUG)
    policy = effective(
        CATALOGUE, pack(), snapshot.read(POLICY_FILE), Overrides(profile=profile), slug=SLUG, today=TODAY
    )
    report = check(snapshot, CATALOGUE, policy, today=TODAY)
    found = [f"{item.path}: {item.rule}: {item.message}" for item in report.decisions if item.path in created(kind)]
    assert found == []


@EACH
def test_the_next_plan_changes_nothing(kind: str) -> None:
    again = planned(conforming(kind))
    assert again.changes == () and again.made == ()
    assert {file.name for file in again.left} == LEFT[kind] - {"snyk"}  # by then an exception speaks for it


@EACH
def test_github_s_parser_accepts_the_workflows(kind: str) -> None:
    reason = github_parser.unavailable_reason()
    if reason:
        pytest.skip(reason)
    files = [("workflow", path, text) for path, text in created(kind).items() if path.startswith(WORKFLOWS)]
    assert files
    for (_, path, _), verdict in zip(files, github_parser.verdicts(files), strict=True):
        assert verdict.problems == (), path


def test_other_linters_find_nothing(tmp_path: Path) -> None:
    inputs = []
    for kind in KINDS:
        for path, text in created(kind).items():
            target = tmp_path / kind / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            inputs.append(target)
    binaries = Path(sys.executable).parent
    workflows = [path for path in inputs if path.parent.name == "workflows"]
    configurations = [path for path in inputs if path.name == "dependabot.yml"]
    hooks = [path for path in inputs if path.name == ".pre-commit-config.yaml"]
    assert len(workflows) >= 3 * len(KINDS) and len(configurations) == len(hooks) == len(KINDS)
    for command in (
        [binaries / "actionlint", *workflows],
        [binaries / "zizmor", "--offline", "--no-config", "--persona", "auditor", "--no-progress",
         *workflows, *configurations],
        [binaries / "check-jsonschema", "--builtin-schema", "vendor.dependabot", *configurations],
        [binaries / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows],
        [binaries / "pre-commit", "validate-config", *hooks],
    ):  # fmt: skip
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------------------------------ content


def workflow(plan: Plan, name: str) -> dict[str, Any]:
    [change] = [change for change in plan.changes if change.path == f"{WORKFLOWS}{name}.yml"]
    value: dict[str, Any] = yaml.safe_load(change.after)
    return value


def steps(files: dict[str, str], job: str = "test") -> list[str]:
    """The steps of a job of CI behind the checkout, each in one line."""
    return [line(step) for step in workflow(planned(files, only=("ci",)), "ci")["jobs"][job]["steps"][1:]]


def line(step: dict[str, Any]) -> str:
    if "run" in step:
        place = f" in {step['working-directory']}" if "working-directory" in step else ""
        return str(step["run"]) + place
    inputs = " ".join(f"{name}={value}" for name, value in step.get("with", {}).items())
    return " ".join(filter(None, (step["uses"].partition("@")[0], inputs)))


DEPENDS = {"dependencies": {"a": "1"}}
CI: dict[str, tuple[dict[str, str], list[str]]] = {
    "npm, with the version of .nvmrc": (
        {"package.json": package(scripts={"test": "t"}, **DEPENDS), "package-lock.json": "{}", ".nvmrc": "20\n"},
        ["actions/setup-node node-version-file=.nvmrc cache=npm", "npm ci", "npm test"],
    ),
    "npm without a lock file, with the version of engines": (
        {"package.json": package(scripts={"test": "t", "test:e2e": "e"}, engines={"node": ">=20"}, **DEPENDS)},
        ["actions/setup-node node-version-file=package.json package-manager-cache=False", "npm install", "npm test"],
    ),
    "pnpm of an old lock file": (
        {"package.json": package(scripts={"lint": "l", "typecheck": "c", "build": "b", "test": "t"}, **DEPENDS),
         "pnpm-lock.yaml": "lockfileVersion: 5.4\n"},
        ["pnpm/action-setup version=7", "actions/setup-node node-version=24 cache=pnpm",
         "pnpm install --frozen-lockfile", "pnpm run lint", "pnpm run typecheck", "pnpm run build", "pnpm test"],
    ),
    "pnpm that package.json names": (
        {"package.json": package(scripts={"test": "t"}, packageManager="pnpm@10.1.0", **DEPENDS), "pnpm-lock.yaml": ""},
        ["pnpm/action-setup", "actions/setup-node node-version=24 cache=pnpm", "pnpm install --frozen-lockfile",
         "pnpm test"],
    ),
    "yarn 1": (
        {"package.json": package(scripts={"test": "t"}, **DEPENDS), "yarn.lock": "# yarn lockfile v1\n"},
        ["actions/setup-node node-version=24 cache=yarn", "yarn install --frozen-lockfile", "yarn test"],
    ),
    "yarn 4": (
        {"package.json": package(scripts={"test": "t"}, **DEPENDS), "yarn.lock": "__metadata:\n  version: 8\n"},
        ["actions/setup-node node-version=24 package-manager-cache=False", "corepack enable",
         "yarn install --immutable", "yarn test"],
    ),
    "bun": (
        {"package.json": package(scripts={"test": "t"}, packageManager="bun@1.2.3", **DEPENDS), "bun.lock": ""},
        ["oven-sh/setup-bun bun-version=1.2.3", "bun install --frozen-lockfile", "bun run test"],
    ),
    "a Worker without a build of its own": (
        {"package.json": package(devDependencies={"wrangler": "4"}, scripts={"test": "t"}), "package-lock.json": "",
         "wrangler.staging.toml": 'main = "a"\n'},
        ["actions/setup-node node-version=24 cache=npm", "npm ci",
         "npx wrangler deploy --dry-run --config wrangler.staging.toml", "npm test"],
    ),
    "pip": (
        {"requirements.txt": "flask\n", "requirements-dev.txt": "pytest\n", "tests/conftest.py": ""},
        ["actions/setup-python python-version=3.13", "pip install -r requirements.txt",
         "pip install -r requirements-dev.txt", "pytest"],
    ),
    "pip, with the version of pyproject.toml": (
        {"pyproject.toml": "[build-system]\n[project]\nname='x'\nrequires-python='>=3.11'\n"
         "[project.optional-dependencies]\ntest=['pytest']\n"},
        ["actions/setup-python python-version-file=pyproject.toml", "pip install -e '.[test]'", "pytest"],
    ),
    "uv": (
        {"pyproject.toml": "[project]\nname='x'\n[dependency-groups]\ndev=['pytest','ruff']\n[tool.ruff]\n",
         "uv.lock": ""},
        ["astral-sh/setup-uv", "uv sync --locked", "uv run ruff check", "uv run pytest"],
    ),
    "Poetry, in the version that wrote the lock file": (
        {"pyproject.toml": "[tool.poetry]\nname='x'\n[tool.pytest.ini_options]\n",
         "poetry.lock": "# This file is automatically @generated by Poetry 2.1.3 and ...\nname = \"pytest\"\n"},
        ["actions/setup-python python-version=3.13", "pipx install poetry==2.1.3", "poetry install",
         "poetry run pytest"],
    ),
    "Pipenv": (
        {"Pipfile": "[dev-packages]\npytest='*'\n", "Pipfile.lock": "{}", "pytest.ini": "",
         ".python-version": "3.12\n"},
        ["actions/setup-python python-version-file=.python-version", "pipx install pipenv==2025.0.4",
         "pipenv sync --dev", "pipenv run pytest"],
    ),
    "Cargo": (
        {"Cargo.toml": '[package]\nname="x"\n'}, ["cargo build", "cargo test"],
    ),
    "a workspace of Cargo with a toolchain and lints": (
        {"Cargo.toml": "[workspace]\nmembers=['a']\n[workspace.lints.clippy]\nall='deny'\n", "Cargo.lock": "",
         "rustfmt.toml": "", "rust-toolchain.toml": "", "a/Cargo.toml": "[package]\nname='a'\n"},
        ["rustup toolchain install", "cargo fmt --all --check", "cargo clippy --all-targets --workspace --locked",
         "cargo build --workspace --locked", "cargo test --workspace --locked"],
    ),
    "Go": (
        {"go.mod": "module x\ngo 1.24\n", "go.sum": ""},
        ["actions/setup-go go-version-file=go.mod", "go vet ./...", "go build ./...", "go test ./..."],
    ),
    "Go without a version": (
        {"go.mod": "module x\n"},
        ["actions/setup-go go-version=1.25 cache=False", "go vet ./...", "go build ./...", "go test ./..."],
    ),
    "a Makefile and nothing else": ({"Makefile": "lint test:\n\ttrue\n", "a.sh": ""}, ["make lint", "make test"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CI)
def test_ci(name: str) -> None:
    files, expected = CI[name]
    assert steps(files) == expected


def test_ci_of_a_monorepo() -> None:
    jobs = workflow(plan_of("monorepo"), "ci")["jobs"]
    assert list(jobs) == ["test-api", "test-api-go", "test-edge", "test-packages-core", "test-we-ird", "test"]
    assert jobs["test"]["needs"] == [name for name in jobs if name != "test"]
    assert jobs["test-we-ird"]["defaults"]["run"]["working-directory"] == "we ird"
    assert [line(step) for step in jobs["test-packages-core"]["steps"][1:]] == [
        "pnpm/action-setup",
        "actions/setup-node node-version=24 cache=pnpm",
        "pnpm install --frozen-lockfile in .",
        "pnpm test",
    ]


def test_a_worker_is_deployed_with_the_broker_s_credentials_and_reports() -> None:
    job = workflow(plan_of(projects.WORKER), "deploy")["jobs"]["deploy"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "production"
    *_, creds, deploy, report = job["steps"]
    assert creds["uses"] == f"ChittyOS/chittyops-policy/actions/getchitty-creds@{COMMIT}"
    assert creds["with"]["service"] == "shop"
    assert deploy["run"] == "pnpm exec wrangler deploy"
    assert deploy["env"]["CLOUDFLARE_API_TOKEN"] == f"${{{{ steps.{creds['id']}.outputs.cloudflare_token }}}}"
    assert report == {
        "name": "Report to ChittyBeacon",
        "if": "${{ always() }}",
        "uses": f"ChittyOS/chittyops-policy/actions/chittybeacon@{COMMIT}",
        "with": {"service": "shop"},
    }


def test_several_workers_one_of_which_takes_wrangler_from_the_top() -> None:
    files = {
        "package.json": package(devDependencies={"wrangler": "4"}, scripts={"build": "b"}),
        "package-lock.json": "{}",
        "one/wrangler.toml": 'main = "a"\n',
        "two/wrangler.toml": 'main = "a"\n',
        "two/package.json": package(dependencies={"wrangler": "4"}),
        "two/bun.lock": "",
    }
    jobs = workflow(planned(files, only=("deploy-worker",)), "deploy")["jobs"]
    assert {id: job["steps"][-2]["run"] for id, job in jobs.items()} == {
        "deploy-one": "npx wrangler deploy --config one/wrangler.toml",
        "deploy-two": "bunx wrangler deploy",
    }
    assert "npm run build" in [step.get("run") for step in jobs["deploy-one"]["steps"]]
    assert "defaults" not in jobs["deploy-one"]


def test_a_package_is_published_with_the_job_s_identity() -> None:
    job = workflow(plan_of(projects.NODE), "publish")["jobs"]["publish"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert [line(step) for step in job["steps"][1:]] == [
        "actions/setup-node node-version=24 package-manager-cache=False",  # whatever .nvmrc says
        "npm ci", "npm run lint", "npm test", "npm publish",
    ]  # fmt: skip
    assert "secrets" not in str(job)


@pytest.mark.parametrize(
    "more", [{"private": True}, {"publishConfig": {"registry": "https://npm.pkg.github.com"}}, {"version": None}]
)
def test_what_is_not_for_npm_is_not_published(more: dict[str, Any]) -> None:
    files = {"package.json": package(**{"version": "1.0.0", "files": ["a"], **more})}
    assert "publish-npm" not in names(planned(files, only=("publish-npm",)))


def test_vercel_s_own_app_deploys_and_no_token_is_stored() -> None:
    job = workflow(plan_of(projects.NEXTJS), "vercel")["jobs"]["verify"]
    assert job["permissions"] == {}
    assert "secrets" not in str(job) and "vercel deploy" not in str(job)
    assert any("Vercel's GitHub app" in task for task in plan_of(projects.NEXTJS).tasks)


def test_next_js_on_workers_has_nothing_to_do_with_vercel() -> None:
    files = {
        "wrangler.jsonc": '{"main": "a.js"}',
        "package.json": package(dependencies={"next": "15"}, devDependencies={"wrangler": "4"}),
    }
    assert {"deploy-worker"} == names(planned(files, only=("deploy-worker", "deploy-vercel")))


def test_the_charter_says_what_the_files_tell() -> None:
    text = created(projects.PYTHON)["CHARTER.md"]
    assert text.startswith("# shop Charter\n")
    assert "\n## Mission\n\nSells things.\n" in text
    assert "| CODEOWNERS | @example/cicd-admins |" in text
    assert "_To be written by its owners" in created(projects.GO)["CHARTER.md"]


# ------------------------------------------------------------------------------------- exceptions, Snyk, releases


def test_a_scanner_that_cannot_run_is_excepted_with_what_does_its_work() -> None:
    rust = yaml.safe_load(created(projects.RUST)[POLICY_FILE])["exceptions"]
    assert [(item["subject"], item["owner"], item["expires"].isoformat()) for item in rust] == [
        ("snyk", "@example/cicd-admins", "2027-01-01"),
        ("owasp", "@example/cicd-admins", "2027-01-01"),
    ]
    node = yaml.safe_load(created(projects.NODE)[POLICY_FILE])["exceptions"]
    assert [item["subject"] for item in node] == ["snyk"]
    assert "OWASP Dependency-Check and Dependabot" in node[0]["reason"]
    assert any("snyk" in task for task in plan_of(projects.NODE).tasks)
    assert "exceptions" not in yaml.safe_load(created(projects.DOCUMENTATION)[POLICY_FILE])


def test_nothing_is_excepted_where_the_pack_does_not_let_it() -> None:
    strict = pack("rules:\n  missing-scanner: {local_exceptions: false}\n")
    plan = planned(KINDS[projects.GO], policy=strict)
    [change] = [change for change in plan.changes if change.path == POLICY_FILE]
    assert "exceptions" not in yaml.safe_load(change.after)


def test_snyk_has_a_workflow_where_the_pack_allows_its_token() -> None:
    open_to_it = pack("rules:\n  static-secret: {options: {allowed: [CHITTYCONNECT_API_KEY, SNYK_TOKEN]}}\n")
    for kind, action in ((projects.NODE, "node"), (projects.PYTHON, "python"), (projects.GO, "golang")):
        plan = planned(KINDS[kind], policy=open_to_it)
        step = workflow(plan, "snyk")["jobs"]["snyk"]["steps"][1]
        assert step["uses"].startswith(f"snyk/actions/{action}@")
        assert [verdict.outcome for verdict in plan.after.verdicts if verdict.control == "scanner-snyk"] == ["pass"]
        assert "exceptions" not in yaml.safe_load(
            next(change.after for change in plan.changes if change.path == POLICY_FILE)
        )


def test_without_a_release_nothing_is_written_that_cannot_be_pinned() -> None:
    plan = planned(KINDS[projects.WORKER], policy=standard_pack(None))
    left = {file.name: file.reason for file in plan.left}
    assert left.keys() == {"deploy-worker", "policy-check", "pre-commit", "snyk"}
    for name in ("deploy-worker", "policy-check", "pre-commit"):
        assert "unreleased checkout" in left[name] and "own_actions.commit" in left[name]
    assert "ci" in names(plan)


def test_codeql_is_left_where_nobody_can_tell_of_the_default_setup() -> None:
    plan = planned(KINDS[projects.GO], default_setup=None)
    assert {file.path: file.reason for file in plan.left}[f"{WORKFLOWS}codeql.yml"].startswith(
        "whether CodeQL's default setup is on cannot be told"
    )


# ---------------------------------------------------------------------------------------- what is there is kept

TEST = "on: pull_request\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {}\n"
KEPT: dict[str, tuple[dict[str, str], str, str]] = {
    "a file of that path": (
        {"go.mod": "module x\n", f"{WORKFLOWS}ci.yml": "on: push\n"},
        "ci", f"{WORKFLOWS}ci.yml is there, and stays as it is",
    ),
    "tests of another name": (
        {"package.json": package(scripts={"test": "t"}),
         f"{WORKFLOWS}x.yml": TEST.format("npm ci && npm run test -- -v")},
        "ci", f"{WORKFLOWS}x.yml runs npm test",
    ),
    "a deployment": (
        {**KINDS[projects.WORKER], f"{WORKFLOWS}x.yml": TEST.format("npx wrangler deploy")},
        "deploy-worker", f"{WORKFLOWS}x.yml deploys to Cloudflare",
    ),
    "a scan for secrets": (
        {"go.mod": "module x\n", f"{WORKFLOWS}x.yml": TEST.format("gitleaks detect")},
        "secret-scan", f"{WORKFLOWS}x.yml: jobs.t.steps[0] runs gitleaks",
    ),
    "the check itself": (
        {"go.mod": "module x\n", f"{WORKFLOWS}x.yml": "on: pull_request\njobs:\n  t:\n    uses: "
         "chittyos/chittyops-policy/.github/workflows/policy-check.yml@main\n"},
        "policy-check", f"{WORKFLOWS}x.yml runs it",
    ),
    "a publication": (
        {**KINDS[projects.NODE], f"{WORKFLOWS}x.yml": TEST.format("npm publish")},
        "publish-npm", f"{WORKFLOWS}x.yml publishes to npm",
    ),
    "a folder in its place": (
        {"go.mod": "module x\n", f"{WORKFLOWS}ci.yml/a": ""}, "ci", f"{WORKFLOWS}ci.yml is there, and stays as it is",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_kept(name: str) -> None:
    files, file, reason = KEPT[name]
    plan = planned(files, only=(file,))
    assert [(kept.name, kept.reason) for kept in plan.kept] == [(file, reason)]
    assert plan.changes == ()


def test_a_trial_deployment_is_no_test_that_a_deployment_does_already() -> None:
    files = {**KINDS[projects.WORKER], f"{WORKFLOWS}x.yml": TEST.format("npx wrangler deploy")}
    assert names(planned(files, only=("ci",))) == {"ci"}


def test_a_blank_file_is_not_overwritten() -> None:
    plan = planned({"go.mod": "module x\n", f"{WORKFLOWS}ci.yml": "\n"}, only=("ci",))
    assert plan.changes == ()
    assert [(file.name, "delete it" in file.reason) for file in plan.left] == [("ci", True)]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"${{ github.token }}/go.mod": "module x\n"}, id="a folder"),
        pytest.param(
            {"package.json": package(packageManager="bun@${{ github.token }}", scripts={"test": "t"}), "bun.lock": ""},
            id="a version",
        ),
    ],
)
def test_a_name_that_github_would_evaluate_gets_into_no_workflow(files: dict[str, str]) -> None:
    plan = planned(files, only=("ci",))
    assert plan.changes == ()
    assert [(file.name, "which GitHub would run" in file.reason) for file in plan.left] == [("ci", True)]


def test_names_are_quoted_for_the_shell() -> None:
    files = {
        "package.json": package(devDependencies={"wrangler": "4"}),
        "a b; c/wrangler.toml": 'main = "a"\n',
        "pyproject.toml": '[project]\nname = "x"\n[dependency-groups]\n"d e" = ["pytest"]\n',
    }
    [job] = workflow(planned(files, only=("deploy-worker",)), "deploy")["jobs"].values()
    assert job["steps"][-2]["run"] == "npx wrangler deploy --config 'a b; c/wrangler.toml'"
    assert "pip install --group 'd e'" in steps(files, "test")


# ------------------------------------------------------------------------------------------- real repositories

REAL = sorted(path for owner in (CORPUS / "chittyos").glob("*") for path in owner.iterdir())


@needs_corpus
@pytest.mark.parametrize("root", REAL, ids=lambda root: f"{root.parent.name}/{root.name}")
def test_a_real_repository_conforms_in_one_go(root: Path) -> None:
    slug = f"{root.parent.name}/{root.name}"
    snapshot = Snapshot(WorkingTree(str(root)), slug)
    plan = planned(snapshot, slug=slug)
    assert plan.refusals == ()
    assert [file for file in plan.left if "would say" in file.reason] == []
    assert {"policy-check", "pre-commit", "policy-file"} <= names(plan) | {file.name for file in plan.kept}
    before, after = (
        sum(decision.state == OPEN for decision in report.decisions) for report in (plan.before, plan.after)
    )
    assert after < before
    again = planned(snapshot.changed({change.path: change.after for change in plan.changes}), slug=slug)
    assert [change.path for change in again.changes] == []
