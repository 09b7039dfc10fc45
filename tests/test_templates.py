"""The files that fixes create: what they say for each type of project, and that every reader of theirs accepts them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chittyops_policy import projects
from chittyops_policy.model import Fix
from chittyops_policy.resources import resource_path
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.standard_files import SNYK_LANGUAGES
from chittyops_policy.templates import pins

from .referees import github_parser
from .rules.checked import corpus, needs_corpus
from .rules.fixing import examined, fixed, refused
from .standard_repositories import KINDS, SLUG, package

PINS = Path(__file__).parents[2] / "shared" / "facts" / "action-pins.json"
NO_DEFAULT_SETUP = Lookups(default_setups={SLUG: False})
RULES = ("missing-codeowners", "missing-claude-md", "missing-update-tool", "missing-scanner")

CODEOWNERS, CLAUDE, DEPENDABOT = ".github/CODEOWNERS", "CLAUDE.md", ".github/dependabot.yml"
CODEQL, DEPENDENCY_CHECK = ".github/workflows/codeql.yml", ".github/workflows/dependency-check.yml"


REPOSITORIES = {type: KINDS[type] for type in projects.TYPES if type != projects.UNKNOWN}

CREATED: dict[str, set[str]] = {
    **{type: {CODEOWNERS, CLAUDE, DEPENDABOT, CODEQL, DEPENDENCY_CHECK} for type in REPOSITORIES},
    projects.RUST: {CODEOWNERS, CLAUDE, DEPENDABOT, CODEQL},
    projects.DOCUMENTATION: {CODEOWNERS, CLAUDE, DEPENDABOT},
    projects.ORG_CONFIG: {CODEOWNERS, CLAUDE, DEPENDABOT},
}

TYPES = pytest.mark.parametrize("type", REPOSITORIES)


@cache
def created(type: str) -> dict[str, str]:
    """The files that the fixes of the standard add to the small repository of a type."""
    return fixed(RULES, REPOSITORIES[type], slug=SLUG, lookups=NO_DEFAULT_SETUP).changes


def test_every_type_has_a_repository() -> None:
    assert {*REPOSITORIES, projects.UNKNOWN} == set(projects.TYPES)
    for type, files in REPOSITORIES.items():
        assert projects.detect(Snapshot(MemoryTree(files), SLUG))[0].type == type


@TYPES
def test_the_standard_s_files_are_created(type: str) -> None:
    assert set(created(type)) == CREATED[type]


@TYPES
@pytest.mark.parametrize("profile", ["charter", "strict", "everything"])
def test_nothing_is_to_be_said_against_them(type: str, profile: str) -> None:
    files = {**REPOSITORIES[type], **created(type)}
    decisions = examined(files, slug=SLUG, profile=profile).report.decisions
    assert [f"{item.path}: {item.message}" for item in decisions if item.path in created(type)] == []


@TYPES
def test_github_s_parser_accepts_the_workflows(type: str) -> None:
    reason = github_parser.unavailable_reason()
    if reason:
        pytest.skip(reason)
    files = [("workflow", path, text) for path, text in created(type).items() if "/workflows/" in path]
    for (_, path, _), verdict in zip(files, github_parser.verdicts(files), strict=True):
        assert verdict.problems == (), path


def test_other_linters_find_nothing(tmp_path: Path) -> None:
    inputs = []
    for type in REPOSITORIES:
        for path, text in created(type).items():
            target = tmp_path / type / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            if path.endswith(".yml"):
                inputs.append(target)
    binaries = Path(sys.executable).parent
    workflows = [str(path) for path in inputs if path.parent.name == "workflows"]
    configurations = [str(path) for path in inputs if path.name == "dependabot.yml"]
    assert len(workflows) > len(REPOSITORIES) and len(configurations) == len(REPOSITORIES)
    for command in (
        [binaries / "actionlint", *workflows],
        [binaries / "zizmor", "--offline", "--no-config", "--persona", "pedantic", "--no-progress", *inputs],
        [binaries / "check-jsonschema", "--builtin-schema", "vendor.dependabot", *configurations],
        [binaries / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows],
    ):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------------------------------- content

GUIDES = {
    projects.WORKER: (
        "- `.`: a Cloudflare Worker\n",
        "- install: `pnpm install --frozen-lockfile`\n- deploy: `pnpm run deploy`\n",
    ),
    projects.NEXTJS: (
        "- `.`: a Next.js application, deployed to Vercel\n",
        "- install: `yarn install --frozen-lockfile`\n- build: `yarn run build`\n- run locally: `yarn run dev`\n",
    ),
    projects.NODE: ("- `.`: a Node.js project\n", "- install: `npm ci`\n- test: `npm test`\n- lint: `npm run lint`\n"),
    projects.PYTHON: (
        "- `.`: a Python project\n",
        "- install: `pip install -e '.[dev]'`\n- test: `pytest`\n- lint: `ruff check`\n",
    ),
    projects.RUST: ("- `.`: a Rust project\n", "- build: `cargo build`\n- test: `cargo test`\n"),
    projects.GO: ("- `.`: a Go module\n", "- build: `go build ./...`\n- test: `go test ./...`\n"),
    projects.DOCUMENTATION: (
        "- `.`: documentation\n",
        "No file defines a command to build or to test anything here.\n",
    ),
    projects.ORG_CONFIG: (
        "- `.`: configuration of the organisation\n",
        "No file defines a command to build or to test anything here.\n",
    ),
}


@TYPES
def test_claude_md_has_the_commands_of_the_project_and_no_others(type: str) -> None:
    what, commands = GUIDES[type]
    guide = created(type)[CLAUDE]
    assert guide.startswith(f"# Developing shop\n\n{what}\n")
    assert f"\n## Commands\n\n{commands}\n## Continuous integration\n" in guide
    assert guide.endswith(" what lies there runs with the repository's permissions.\n")
    assert "\n\n\n" not in guide


ECOSYSTEMS = {
    projects.WORKER: ["github-actions", "npm"],
    projects.NEXTJS: ["github-actions", "npm"],
    projects.NODE: ["github-actions", "npm"],
    projects.PYTHON: ["github-actions", "pip"],
    projects.RUST: ["github-actions", "cargo"],
    projects.GO: ["github-actions", "gomod"],
    projects.DOCUMENTATION: ["github-actions"],
    projects.ORG_CONFIG: ["github-actions"],
}


@TYPES
def test_dependabot_watches_what_the_project_has(type: str) -> None:
    entries = yaml.safe_load(created(type)[DEPENDABOT])["updates"]
    assert [entry["package-ecosystem"] for entry in entries] == ECOSYSTEMS[type]
    for entry in entries:
        assert entry["directory"] == "/"
        assert entry["schedule"] == {"interval": "weekly"}
        assert entry["cooldown"] == {"default-days": 7}
        assert len(entry["groups"]) == 1


LANGUAGES = {
    projects.WORKER: {"actions": "none", "javascript-typescript": "none"},
    projects.NEXTJS: {"actions": "none", "javascript-typescript": "none"},
    projects.NODE: {"actions": "none", "javascript-typescript": "none"},
    projects.PYTHON: {"actions": "none", "python": "none"},
    projects.RUST: {"actions": "none", "rust": "none"},
    projects.GO: {"actions": "none", "go": "autobuild"},
}


@pytest.mark.parametrize("type", LANGUAGES)
def test_codeql_analyses_the_languages_of_the_files(type: str) -> None:
    [job] = yaml.safe_load(created(type)[CODEQL])["jobs"].values()
    matrix = job["strategy"]["matrix"]["include"]
    assert {entry["language"]: entry["build-mode"] for entry in matrix} == LANGUAGES[type]
    assert job["permissions"] == {"actions": "read", "contents": "read", "security-events": "write"}
    assert job["timeout-minutes"] == 30


def test_codeowners_names_the_team_of_the_repository_s_organisation() -> None:
    assert created(projects.GO)[CODEOWNERS].splitlines()[-1] == "/.github/ @example/cicd-admins"


# -------------------------------------------------------------------------------------------------- odd repositories

WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


def guide(files: dict[str, str], slug: str = SLUG) -> str:
    return fixed("missing-claude-md", files, slug=slug).text(CLAUDE)


def entries(files: dict[str, str]) -> list[tuple[str, Any]]:
    done = fixed("missing-update-tool", {".github/workflows/ci.yml": WORKFLOW, **files}, slug=SLUG)
    updates = yaml.safe_load(done.text(DEPENDABOT))["updates"]
    return [(entry["package-ecosystem"], entry.get("directory", entry.get("directories"))) for entry in updates]


def test_a_guide_of_several_projects() -> None:
    scripts = {"test": "vitest", "start": "node ."}
    text = guide(
        {
            "Makefile": "VERSION := 1\n.PHONY: build deploy\nbuild deploy:\n\t./x $@\nrelease:\n\techo\n",
            "web/package.json": package(scripts=scripts, packageManager="pnpm@10.1.0", dependencies={"a": "1"}),
            "api/requirements.txt": "flask\npytest\n",
            "api/tox.ini": "",
            ".github/workflows/ci.yml": WORKFLOW,
            "CODEOWNERS": "/.github/ @example/cicd-admins\n",
            "CHARTER.md": "# Charter\n",
            "README.md": "# Shop\n",
        }
    )
    assert text == (
        "# Developing shop\n\n"
        "- `.`: tools for the whole repository\n- `api`: a Python project\n- `web`: a Node.js project\n\n"
        "Read [README.md](README.md), [CHARTER.md](CHARTER.md) first.\n\n"
        "## Commands\n\n"
        "In `.`:\n\n- build: `make build`\n- deploy: `make deploy`\n\n"
        "In `api`:\n\n- install: `pip install -r requirements.txt`\n- test: `pytest`\n- test: `tox`\n\n"
        "In `web`:\n\n- install: `pnpm install`\n- test: `pnpm test`\n- run locally: `pnpm run start`\n\n"
        "## Continuous integration\n\n"
        "GitHub runs `ci.yml` from `.github/workflows/`.\n"
        "The repository is held to the ChittyOS standard: run `chittyops-policy check` before a commit. "
        "Actions are pinned to\ncommits, every job has a timeout and no more permissions than it needs.\n\n"
        "## Not to be touched without its owners\n\n"
        "`.github/`, whose owners `CODEOWNERS` names: what lies there runs with the repository's permissions.\n"
    )


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        pytest.param(
            {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1", "build": "tsc"}}'},
            ["npm run build"],
            id="npm's placeholder is no test",
        ),
        pytest.param({"package.json": "{broken"}, [], id="a package.json that does not parse"),
        pytest.param({"package.json": '{"scripts": {"test": 1, "lint": " "}}'}, [], id="scripts that are none"),
        pytest.param(
            {"package.json": '{"scripts": {"test": "bun test"}, "dependencies": {"a": "1"}}', "bun.lock": ""},
            ["bun install --frozen-lockfile", "bun run test"],
            id="bun",
        ),
        pytest.param(
            {"pyproject.toml": "[project]\nname = 'x'\n[tool.pytest.ini_options]\n", "uv.lock": ""},
            ["uv sync", "uv run pytest"],
            id="uv",
        ),
        pytest.param(
            {"pyproject.toml": "[tool.poetry]\nname = 'x'\n[tool.black]\n", "noxfile.py": ""},
            ["poetry install", "poetry run nox", "poetry run black ."],
            id="poetry",
        ),
        pytest.param(
            {"Pipfile": "", "tests/conftest.py": "", "mypy.ini": ""},
            ["pipenv install --dev", "pipenv run pytest", "pipenv run mypy ."],
            id="pipenv",
        ),
        pytest.param(
            {
                "pyproject.toml": "[project]\nname = 'x'\n[dependency-groups]\na = ['sphinx']\ndev = ['pytest']\n",
                "requirements-dev.txt": "ruff==1\n",
            },
            ["pip install -r requirements-dev.txt", "pip install --group dev", "pytest"],
            id="the groups that bring tools",
        ),
        pytest.param(
            {"package.json": '{"dependencies": {"a": "1"}}', "yarn.lock": "# yarn lockfile v1\n"},
            ["yarn install --frozen-lockfile"],
            id="yarn 1",
        ),
        pytest.param(
            {"package.json": '{"dependencies": {"a": "1"}}', "yarn.lock": "__metadata:\n  version: 8\n"},
            ["yarn install --immutable"],
            id="yarn 4",
        ),
        pytest.param({"manage.py": ""}, ["python manage.py test", "python manage.py runserver"], id="django"),
    ],
)  # fmt: skip
def test_commands(files: dict[str, str], commands: list[str]) -> None:
    section = guide(files).partition("## Commands\n\n")[2].partition("\n## ")[0]
    assert [line.partition("`")[2].rstrip("`") for line in section.splitlines() if "`" in line] == commands


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"package.json": '{"workspaces": ["packages/*"]}', "packages/a/package.json": "{}"},
            [("npm", "/")],
            id="members of a workspace are updated with it",
        ),
        pytest.param(
            {"package.json": "{}", "pnpm-workspace.yaml": "", "web/package.json": "{}", "web/yarn.lock": ""},
            [("npm", ["/", "/web"])],
            id="a member with a lock file of its own is not",
        ),
        pytest.param(
            {"web/package.json": "{}", "api/package.json": "{}"}, [("npm", ["/api", "/web"])], id="two projects"
        ),
        pytest.param({"package.json": "{}", "bun.lock": ""}, [("bun", "/")], id="bun"),
        pytest.param({"pyproject.toml": "[project]\nname = 'x'\n", "uv.lock": ""}, [("uv", "/")], id="uv"),
        pytest.param(
            {"go.mod": "module x\n", "pyproject.toml": "[tool.ruff]\n"}, [("gomod", "/")], id="settings of a tool only"
        ),
        pytest.param(
            {"Cargo.toml": "[workspace]\nmembers = ['crates/a']\n", "crates/a/Cargo.toml": "[package]\nname = 'a'\n"},
            [("cargo", "/")],
            id="a workspace of crates",
        ),
        pytest.param({"Dockerfile": "FROM scratch\n"}, [("docker", "/")], id="a Dockerfile"),
        pytest.param({"#a: b/package.json": "{}"}, [("npm", "/#a: b")], id="a folder that YAML could misread"),
    ],
)
def test_ecosystems(files: dict[str, str], expected: list[tuple[str, Any]]) -> None:
    assert entries(files) == [("github-actions", "/"), *expected]


def test_actions_in_other_folders_are_updated_too() -> None:
    action = "name: a\ndescription: a\nruns:\n  using: composite\n  steps: []\n"
    assert entries({".github/actions/set-up/action.yml": action, "action.yml": action}) == [
        ("github-actions", ["/", "/.github/actions/set-up"])
    ]


def test_codeql_leaves_out_what_is_not_the_repository_s_own_code() -> None:
    files = {
        "package.json": "{}",
        "src/a.d.tsx.txt": "",
        "node_modules/x/a.py": "",
        "docs/conf.py": "",
        "tool.rb": "",
        "Main.kt": "",
    }
    text = fixed("missing-scanner", files, slug=SLUG, lookups=NO_DEFAULT_SETUP).text(CODEQL)
    [job] = yaml.safe_load(text)["jobs"].values()
    assert [entry["language"] for entry in job["strategy"]["matrix"]["include"]] == ["actions", "ruby"]


def test_a_name_that_yaml_would_misread_stays_a_name() -> None:
    files = {"package.json": "{}"}
    text = fixed("missing-scanner", files, slug="example/123").text(DEPENDENCY_CHECK)
    [job] = yaml.safe_load(text)["jobs"].values()
    assert job["steps"][1]["with"]["project"] == "123"


@needs_corpus
def test_what_is_created_for_real_repositories_is_proven() -> None:
    created_files = Counter[str]()
    for snapshot in corpus("chittyos"):
        done = fixed(RULES, snapshot, lookups=Lookups(default_setups={snapshot.slug.lower(): False}))
        assert not [said for said in done.said if said.startswith("refused")], snapshot.slug
        created_files.update(path for path in done.changes if snapshot.read(path) is None)
    assert set(created_files) == {CODEOWNERS, CLAUDE, DEPENDABOT, CODEQL, DEPENDENCY_CHECK}
    assert min(created_files.values()) >= 5, created_files


# ----------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("lookups", "reason"),
    [
        (None, "whether CodeQL's default setup is on cannot be told without a token"),
        (Lookups(default_setups={SLUG: True}), "CodeQL's default setup is on"),
    ],
    ids=["offline", "on"],
)
def test_codeql_is_not_added_beside_the_default_setup(lookups: Lookups | None, reason: str) -> None:
    result = examined(REPOSITORIES[projects.NODE], "missing-scanner", slug=SLUG, lookups=lookups)
    [decision] = [item for item in result.report.decisions if item.path == CODEQL]
    assert decision.fix_title is None
    assert decision.unfixable.startswith(reason)


def test_the_default_setup_counts_where_the_policy_lets_scanners_run_unseen() -> None:
    for lookups, outcome in (
        (None, "unknown"),
        (NO_DEFAULT_SETUP, "fail"),
        (Lookups(default_setups={"EXAMPLE/shop".lower(): True}), "pass"),
    ):
        result = examined(
            REPOSITORIES[projects.NODE],
            "missing-scanner",
            "ineffective-scanner",
            slug="Example/Shop",
            lookups=lookups,
            options={"may-run-unseen": ["codeql"]},
        )
        [verdict] = [item for item in result.report.verdicts if item.control == "scanner-codeql"]
        assert verdict.outcome == outcome, verdict.reason


REFUSED: dict[str, tuple[str, dict[str, str], str, str]] = {
    "Snyk needs a token": ("missing-scanner", {"package.json": "{}"}, ".github/workflows/snyk.yml", "needs SNYK_TOKEN"),
    "Rust is nothing that Dependency-Check reads": (
        "missing-scanner", {"Cargo.toml": "[package]\nname = 'x'\n"}, DEPENDENCY_CHECK, "reads no Cargo.lock",
    ),
    "a workflow of that name is there": (
        "missing-scanner", {"package.json": "{}", DEPENDENCY_CHECK: WORKFLOW}, DEPENDENCY_CHECK, "never overwritten",
    ),
    "a blank guide is there": ("missing-claude-md", {CLAUDE: "\n"}, CLAUDE, "delete the blank CLAUDE.md"),
    "nothing says how to build": (
        "missing-claude-md", {"x.xyz": "", "y.xyz": ""}, CLAUDE, "no file says how this repository is built",
    ),
    "Renovate was told not to": (
        "missing-update-tool",
        {".github/workflows/ci.yml": WORKFLOW, "renovate.json": '{"enabled": false}'},
        "renovate.json",
        "Renovate was told to leave the actions alone",
    ),
    "no list of updates": (
        "missing-update-tool",
        {".github/workflows/ci.yml": WORKFLOW, DEPENDABOT: "version: 2\nupdates: {}\n"},
        DEPENDABOT,
        "no list of updates",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusal(name: str) -> None:
    rule, files, path, reason = REFUSED[name]
    [decision] = [item for item in examined(files, rule, slug=SLUG).report.decisions if item.path == path]
    assert decision.fix_title is None
    assert reason in decision.unfixable


@pytest.mark.parametrize(
    ("slug", "owners", "reason"),
    [
        ("", ["@*/cicd-admins"], "the organisation is not known"),
        (SLUG, [], "the policy names no owners"),
        (SLUG, ["@example/*"], "leaves open which team"),
    ],
)
def test_codeowners_is_not_written_for_somebody_unknown(slug: str, owners: list[str], reason: str) -> None:
    [said] = refused("missing-codeowners", {"README.md": "# x\n"}, slug=slug, options={"owners": owners})
    assert reason in said


def test_a_person_can_be_the_owner_without_an_organisation() -> None:
    options = {"owners": ["@somebody", "a@example.com"]}
    rules = ("missing-codeowners", "ineffective-codeowners")
    done = fixed(rules, {"README.md": ""}, slug="", options=options)
    assert done.text(CODEOWNERS).endswith("\n/.github/ @somebody a@example.com\n")


# ------------------------------------------------------------------------------------------------------ dependabot

ENTRY = """\
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
    groups:
      github-actions:
        patterns:
          - '*'
"""


def test_the_entry_for_actions_joins_the_others() -> None:
    before = 'version: 2\n# ours\nupdates:\n  - package-ecosystem: "npm"\n    directory: "/" # top\n'
    before += "    schedule: {interval: daily}\n"
    files = {".github/workflows/ci.yml": WORKFLOW, DEPENDABOT: before}
    done = fixed("missing-update-tool", files, slug=SLUG)
    assert done.text(DEPENDABOT) == before + ENTRY
    assert done.said == ["safe: add an entry for github-actions"]


def test_a_limit_of_zero_is_lifted_for_review() -> None:
    before = "version: 2\nupdates:\n" + ENTRY + "    open-pull-requests-limit: 0 # not now\n    labels: [ci]\n"
    files = {".github/workflows/ci.yml": WORKFLOW, DEPENDABOT: before}
    done = fixed("missing-update-tool", files, slug=SLUG)
    assert done.text(DEPENDABOT) == "version: 2\nupdates:\n" + ENTRY + "    labels: [ci]\n"
    assert [said.partition(": ")[0] for said in done.said] == ["review"]


def test_rules_that_miss_the_same_file_propose_the_same_fix() -> None:
    files = {".github/workflows/ci.yml": WORKFLOW, **REPOSITORIES[projects.GO]}
    fixes: list[Fix] = [
        fix
        for decision, fix in examined(files, "missing-scanner", "missing-update-tool", slug=SLUG).fixes
        if decision.path == DEPENDABOT
    ]
    assert len(fixes) == 2
    assert fixes[0] == fixes[1]


# ------------------------------------------------------------------------------------------------------------ pins


def test_the_pins_are_those_of_the_owners_tags() -> None:
    if not PINS.is_file():
        pytest.skip("the list of confirmed commits does not lie beside this checkout")
    known = json.loads(PINS.read_text(encoding="utf-8"))
    for name, pin in pins().items():
        commit, _, tag = pin.partition("@")[2].partition(" # ")
        repository = "/".join(name.lower().split("/")[:2])
        assert repository not in known["warnings"]
        if tag != "main":
            rows = known["actions"][repository]
            assert {"commit": commit, "owner_tag": "same", "tag": tag}.items() <= next(
                row for row in rows if row["tag"] == tag
            ).items()


def test_templates_call_pinned_actions_only() -> None:
    """Those of a step are looked up when it is rendered, which the matrix of test_standard_files.py does for each."""
    templates = sorted(Path(resource_path("templates", "workflows")).glob("*.yml"))
    ours = {"<< credentials >>", "<< beacon >>", "<< check >>"}
    assert templates
    for template in templates:
        lines = [line for line in template.read_text(encoding="utf-8").splitlines() if "uses:" in line]
        assert lines
        for line in lines:
            value = line.strip().removeprefix("uses: ")
            names = {value.removeprefix('<< pin("').removesuffix('") >>')}
            if value == '<< pin("snyk/actions/" + language) >>':
                names = {f"snyk/actions/{language}" for language in SNYK_LANGUAGES}
            assert value in ours or names <= pins().keys(), line
