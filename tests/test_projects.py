"""Which kinds of project a repository holds: small cases for each trap, and the real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chittyops_policy import jsonc
from chittyops_policy.projects import Project, detect
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "chittyos"


def projects(files: dict[str, str], slug: str = "") -> tuple[Project, ...]:
    return detect(Snapshot(MemoryTree(files), slug))


def package(**keys: object) -> str:
    return json.dumps({"name": "x", **keys})


def brief(project: Project) -> str:
    """``type@folder``, with ! where it runs, ? where that cannot be told and ~ where the type is inferred."""
    mark = {True: "!", False: "", None: "?"}[project.runtime]
    return project.type + mark + ("~" if project.confidence == "likely" else "") + "@" + project.folder


CASES: dict[str, tuple[dict[str, str], str]] = {
    "wrangler.toml": ({"wrangler.toml": 'main = "src/index.ts"\n'}, "cloudflare-worker!@"),
    "wrangler.jsonc with comments and a trailing comma": (
        {"wrangler.jsonc": '{\n  // it\n  "main": "src/a.ts", /* x */\n}\n'},
        "cloudflare-worker!@",
    ),
    "wrangler.json": ({"wrangler.json": '{"main": "a.js"}'}, "cloudflare-worker!@"),
    "a Worker's package.json is part of it": (
        {"wrangler.toml": 'main = "a.ts"\n', "package.json": package(devDependencies={"wrangler": "4"})},
        "cloudflare-worker!@",
    ),
    "a script for one environment": ({"wrangler.toml": 'name = "x"\n[env.p]\nmain = "a"\n'}, "cloudflare-worker!@"),
    "the same in JSON": ({"wrangler.json": '{"env": {"p": {"main": "a"}}}'}, "cloudflare-worker!@"),
    "main of something else is no script": ({"wrangler.toml": '[env.p.vars]\nmain = "a"\n'}, "cloudflare-worker@"),
    "static pages do not run": ({"wrangler.jsonc": '{"pages_build_output_dir": "dist"}'}, "cloudflare-worker@"),
    "pages with functions do": (
        {"wrangler.jsonc": '{"pages_build_output_dir": "dist"}', "functions/api.ts": ""},
        "cloudflare-worker!@",
    ),
    "static pages beside a server": (
        {
            "wrangler.jsonc": '{"pages_build_output_dir": "dist"}',
            "package.json": package(scripts={"start": "node server.js"}, dependencies={"express": "4"}),
        },
        "cloudflare-worker@ node!@",
    ),
    "a configuration that does not parse still means a Worker": ({"wrangler.json": "{"}, "cloudflare-worker!@"),
    "a Worker whose configuration is named on the command line": (
        {"package.json": package(scripts={"deploy": "wrangler deploy -c x.toml"}, devDependencies={"wrangler": "4"})},
        "cloudflare-worker!~@",
    ),
    "a configuration for one environment": ({"wrangler.production.toml": 'main = "a.ts"\n'}, "cloudflare-worker!@"),
    "types alone are no Worker": (
        {"package.json": package(devDependencies={"@cloudflare/workers-types": "4"})},
        "node@",
    ),
    "next-themes is not Next.js": (
        {"package.json": package(dependencies={"next-themes": "1", "react": "18", "express": "4"})},
        "node!@",
    ),
    "the word next elsewhere is not Next.js": ({"package.json": package(description="what next")}, "node@"),
    "Next.js by its dependency": ({"package.json": package(dependencies={"next": "15"})}, "nextjs!@"),
    "Next.js by its configuration": ({"next.config.mjs": "export default {}"}, "nextjs!~@"),
    "Next.js on Workers is both": (
        {"wrangler.jsonc": '{"main": "a.js"}', "package.json": package(dependencies={"next": "15"})},
        "cloudflare-worker!@ nextjs!@",
    ),
    "a library does not run": ({"package.json": package(main="dist/index.js", scripts={"build": "tsc"})}, "node@"),
    "a start script runs": ({"package.json": package(scripts={"start": "node index.js"})}, "node!@"),
    "a command-line tool with a start script does not": (
        {"package.json": package(scripts={"start": "node cli.js"}, bin={"x": "cli.js"})},
        "node@",
    ),
    "a static front end does not": ({"package.json": package(scripts={"start": "vite"})}, "node@"),
    "a server among development tools is none": ({"package.json": package(devDependencies={"express": "4"})}, "node@"),
    "a package.json that is not JSON": ({"package.json": '{"name": "x",\n<<<<<<< HEAD\n'}, "node?~@"),
    "a package.json that is a list": ({"package.json": "[]"}, "node?~@"),
    "dependencies of the wrong kind": ({"package.json": package(dependencies=["next"], scripts="x")}, "node@"),
    "a Dockerfile makes it run": ({"package.json": package(), "Dockerfile": "FROM x\n"}, "node!@"),
    "Python by pyproject.toml": ({"pyproject.toml": '[project]\nname = "x"\n'}, "python@"),
    "tool settings alone are no Python project": ({"pyproject.toml": "[tool.ruff]\n", "README.md": ""}, "unknown~@"),
    "a Python service": ({"requirements.txt": "# web\nFlask[async]>=3 ; python_version > '3.8'\n"}, "python!@"),
    "a Python service by Poetry": ({"pyproject.toml": '[tool.poetry.dependencies]\nfastapi = "*"\n'}, "python!@"),
    "a pyproject.toml that does not parse": ({"pyproject.toml": "[project]\nname = \n"}, "python@"),
    "setup.py": ({"setup.py": "from setuptools import setup\n"}, "python@"),
    "Rust": ({"Cargo.toml": '[package]\nname = "x"\n'}, "rust@"),
    "a Rust service": ({"Cargo.toml": '[package]\nname = "x"\n[dependencies]\naxum = "0.7"\n'}, "rust!@"),
    "Go": ({"go.mod": "module example.org/x\n"}, "go@"),
    "a Go service": ({"go.mod": "module x\nrequire github.com/labstack/echo/v4 v4.1.0\n"}, "go!@"),
    "two languages at the top": ({"go.mod": "module x\n", "setup.py": ""}, "python@ go@"),
    "a monorepo of Workers": (
        {
            "package.json": package(workspaces=["packages/*"], scripts={"start": "npm start -w a"}),
            "packages/core/package.json": package(),
            "workers/api/wrangler.toml": 'main = "a.ts"\n',
            "web/package.json": package(dependencies={"next": "15"}),
        },
        "node@ node@packages/core nextjs!@web cloudflare-worker!@workers/api",
    ),
    "a copy of another repository is none of its projects": (
        {"package.json": package(), "chittyops/.github/workflows/a.yml": "", "chittyops/package.json": package()},
        "node@",
    ),
    "what is installed, built, tested with or shown is none of its projects": (
        {
            "go.mod": "module x\n",
            "node_modules/a/package.json": package(),
            "examples/wrangler.toml": "",
            "tests/package.json": package(),
            ".hidden/package.json": package(),
        },
        "go@",
    ),
    "a Worker that only the workspace names": (
        {
            "package.json": package(workspaces=["tools/*", "edge/eu/api"]),
            "tools/cli/package.json": package(bin="cli.js"),
            "edge/eu/api/wrangler.jsonc": '{"main": "a.ts"}',
            "edge/us/api/wrangler.jsonc": '{"main": "a.ts"}',
        },
        "node@ cloudflare-worker!@edge/eu/api node@tools/cli",
    ),
    "the workspace of pnpm": (
        {
            "package.json": package(),
            "pnpm-workspace.yaml": "packages:\n  - 'modules/**'\n  - '!modules/old'\n",
            "modules/web/package.json": package(dependencies={"next": "15"}),
            "modules/deep/er/wrangler.toml": 'main = "a"\n',
            "modules/old/package.json": package(),
            "modules/web/node_modules/x/package.json": package(),
        },
        "node@ cloudflare-worker!@modules/deep/er nextjs!@modules/web",
    ),
    "workspaces of Cargo, uv and Go": (
        {
            "Cargo.toml": '[workspace]\nmembers = ["native/*"]\nexclude = ["native/x"]\n',
            "native/a/Cargo.toml": '[package]\nname = "a"\n',
            "native/x/Cargo.toml": '[package]\nname = "x"\n',
            "pyproject.toml": '[project]\nname = "x"\n[tool.uv.workspace]\nmembers = ["py/*"]\n',
            "py/a/pyproject.toml": '[project]\nname = "a"\n',
            "go.work": "go 1.24\nuse (\n\t./cmd/a // first\n)\nuse ./cmd/b\n",
            "cmd/a/go.mod": "module a\n",
            "cmd/b/go.mod": "module b\n",
        },
        "python@ rust@ go@cmd/a go@cmd/b rust@native/a python@py/a",
    ),
    "a workspace that leads out of the repository": (
        {"package.json": package(workspaces=["../*", "./", "/etc/x"]), "etc/x/package.json": package()},
        "node@ node@etc/x",
    ),
    "a lock file whose package.json cannot be read": ({"pnpm-lock.yaml": "", "index.js": ""}, "node?~@"),
    "documents": ({"README.md": "", "docs/a.md": "", "LICENSE": "", ".github/CODEOWNERS": ""}, "documentation~@"),
    "templates of an organisation": ({"workflow-templates/ci.yml": "", "README.md": ""}, "org-config~@"),
    "scripts without a project file": ({"README.md": "", "run.sh": ""}, "unknown~@"),
    "nothing at all": ({}, "unknown~@"),
}


@pytest.mark.parametrize("name", CASES)
def test_types(name: str) -> None:
    files, expected = CASES[name]
    assert " ".join(brief(project) for project in projects(files)) == expected


# What was found in 82 real repositories (2026-11), as structures only: how often each occurs and what it must be. The
# organisation's own script takes the thirteen with next-themes for Next.js, because it looks for the word next.
_VITE_UI = package(
    scripts={"dev": "vite", "build": "vite build"},
    dependencies={"next-themes": "0.3", "react": "18"},
    devDependencies={"vite": "5", "typescript": "5"},
)
_SERVER_UI = package(
    scripts={"start": "node dist/index.js"}, dependencies={"next-themes": "0.4", "express": "4", "react": "18"}
)
SITUATIONS: dict[str, tuple[dict[str, str], str]] = {
    "24 times wrangler.toml at the top": (
        {"wrangler.toml": 'name = "a"\nmain = "src/index.js"\n', "package.json": package(), "package-lock.json": "{}"},
        "cloudflare-worker!@",
    ),
    "9 times wrangler.jsonc at the top": (
        {"wrangler.jsonc": '{"name": "a", "main": "src/i.ts"}', "package.json": package(), "pnpm-lock.yaml": ""},
        "cloudflare-worker!@",
    ),
    "next-themes in a front end": ({"package.json": _VITE_UI, "package-lock.json": "{}"}, "node@"),
    "next-themes beside a server": ({"package.json": _SERVER_UI}, "node!@"),
    "next-themes in a Worker with a front end": (
        {"wrangler.toml": 'main = "worker/index.ts"\n', "package.json": _VITE_UI}, "cloudflare-worker!@",
    ),
    "next-themes with a Worker in a sub-folder": (
        {"package.json": _VITE_UI, "worker/wrangler.toml": 'main = "i.ts"\n', "worker/package.json": package()},
        "node@ cloudflare-worker!@worker",
    ),
    "13 of 64 without a lock file": ({"package.json": package(scripts={"build": "tsc"})}, "node@"),
    "a package.json with a conflict in it": ({"package.json": '{"name": "a",,}', "src/a.js": ""}, "node?~@"),
    "a Worker deployed with a configuration of another name": (
        {
            "wrangler.optimized.toml": 'main = "src/o.js"\n',
            "package.json": package(scripts={"deploy": "wrangler deploy --config wrangler.optimized.toml"}),
        },
        "cloudflare-worker!@",
    ),
    "a daemon with an API": (
        {"package.json": package(scripts={"start": "node d.js"}, dependencies={"express": "4"})}, "node!@",
    ),
    "a static site on Pages": ({"wrangler.toml": 'pages_build_output_dir = "public"\n'}, "cloudflare-worker@"),
    "the one on Vercel": ({"package.json": package(), "vercel.json": "{}"}, "node!@"),
    "Go with a nix flake, twice": ({"go.mod": "module m\n", "go.sum": "", "flake.nix": "", "Makefile": ""}, "go@"),
    "a Python library": ({"pyproject.toml": '[project]\nname = "a"\n', "src/a/__init__.py": ""}, "python@"),
    "nearly empty": ({"README.md": "# a\n"}, "documentation~@"),
    "a workspace whose parts are other repositories' copies": (
        {"one/.github/workflows/ci.yml": "", "one/package.json": package(), "two/.github/CODEOWNERS": "", "a.sh": ""},
        "unknown~@",
    ),
    "backups of documents, thousands of them": (
        {f"backups/{number}/letter.pdf": "" for number in range(500)} | {"README.md": ""}, "unknown~@",
    ),
    "node_modules is committed": (
        {"package.json": package(), "node_modules/next/package.json": package(dependencies={"next": "1"})}, "node@",
    ),
    "workflow templates only": (
        {"README.md": "", "workflow-templates/ci.yml": "", "profile/README.md": ""}, "org-config~@",
    ),
    "scripts of the organisation": ({"setup.sh": "", "lock copy.sh": "", "README copy.md": ""}, "unknown~@"),
}  # fmt: skip


@pytest.mark.parametrize("name", SITUATIONS)
def test_situations_of_real_repositories(name: str) -> None:
    files, expected = SITUATIONS[name]
    found = projects(files)
    assert " ".join(brief(project) for project in found) == expected
    assert all(project.reason and project.confidence in ("certain", "likely") for project in found)
    assert all(path in files for project in found for path in project.evidence if not path.endswith("/"))


def test_the_repository_called_github_configures_the_organisation() -> None:
    assert [brief(project) for project in projects({"profile/README.md": ""}, "ChittyOS/.github")] == ["org-config@"]


def test_reasons_and_evidence_name_what_was_seen() -> None:
    (worker,) = projects({"workers/api/wrangler.jsonc": '{"main": "a.ts"}'})
    assert worker == Project(
        "cloudflare-worker", "workers/api", "certain", "wrangler.jsonc in workers/api/",
        ("workers/api/wrangler.jsonc",), True, ("cloudflare",),
    )  # fmt: skip
    (node,) = projects({"package.json": package(dependencies={"express": "4"}), "vercel.json": "{}", "fly.toml": ""})
    (locked,) = projects({"package.json": package(), "yarn.lock": ""})
    assert locked.evidence == ("package.json", "yarn.lock")
    assert node.reason == "package.json at the top, with the server library express"
    assert node.deploys == ("fly", "vercel")


def test_only_folders_that_may_hold_a_project_are_listed() -> None:
    files = {"package.json": package()} | {f"archive/{n}/{n}/package.json": package() for n in range(2000)}
    snapshot = Snapshot(MemoryTree(files))
    assert len(detect(snapshot)) == 1
    assert set(snapshot.folders()) == {""}
    assert snapshot.listed() is None


def test_a_symlinked_package_json_that_leads_out_of_the_tree_is_missing(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text(package(dependencies={"next": "15"}))
    root = tmp_path / "repository"
    root.mkdir()
    (root / "run.sh").write_text("")
    (root / "package.json").symlink_to(outside)
    assert [brief(project) for project in detect(Snapshot(WorkingTree(str(root))))] == ["unknown~@"]


# Judged by eye from each repository's configuration. Sources are not in the corpus, so that repositories that have no
# project file at the top look like documents there; the three `unknown` ones have folders of code.
REAL = {
    "chitcommit/chittypro-streamlink": "documentation~@",
    "chittyapps/ch1tty": "cloudflare-worker!@",
    "chittyapps/chico": "documentation~@",
    "chittyapps/chittycan": "node@",  # a command-line tool
    "chittyapps/chittycharge": "cloudflare-worker!@",
    "chittyapps/chittychat": "cloudflare-worker!~@",  # deployed with --config wrangler.optimized.toml
    "chittyapps/chittychronicle": "cloudflare-worker@ node!@",  # an Express server; the configuration names no script
    "chittyapps/chittyfinance": "cloudflare-worker!@",
    "chittyapps/chittyformfill": "cloudflare-worker!@",
    "chittyapps/chittyledger": "node!@",
    "chittyapps/chittyreception": "cloudflare-worker!@",
    "chittyapps/chittystorage-cleaner": "node!@",  # a daemon with an Express API
    "chittyapps/documint": "cloudflare-worker!@",
    "chittydevs/mulermoney": "node@",  # a Vite front end
    "chittyfoundation/chittychain": "node!@",
    "chittyfoundation/chittychronicle": "documentation~@",
    "chittyfoundation/chittyfractal-fabric": "cloudflare-worker!@",
    "chittyos/ch1tty": "cloudflare-worker!@",
    "chittyos/chitty-issue-resolver": "node@",  # a command-line tool with a start script
    "chittyos/chittyagent-local": "documentation~@",
    "chittyos/chittyassets": "cloudflare-worker!@",
    "chittyos/chittychat": "cloudflare-worker!@",
    "chittyos/chittychronicle": "cloudflare-worker!@",
    "chittyos/chittyconcierge": "cloudflare-worker!@",
    "chittyos/chittyconnect": "cloudflare-worker!@",
    "chittyos/chittyfinance": "node!@",
    "chittyos/chittygateway": "cloudflare-worker!@",
    "chittyos/chittyhelper": "documentation~@",
    "chittyos/chittymcp": "cloudflare-worker!@",
    "chittyos/chittyops": "node@",  # scripts and command-line tools
    "chittyos/chittyos-cli": "unknown~@",  # its package.json is a link into a developer's home
    "chittyos/chittyos-workspace": "unknown~@",
    "chittyos/chittyrouter": "cloudflare-worker!@",
    "chittyos/chittyscrape": "cloudflare-worker!@",
    "chittyos/chittysync": "node@",  # the top of a pnpm workspace
    "chittyos/chittysync-sessions": "documentation~@",
    "chittyos/chittyverify": "cloudflare-worker@",  # Cloudflare Pages
    "chittyos/cicd-templates": "documentation~@",
    "chittyos/cli": "unknown~@",
    "chittyos/shared": "node@",
    "nevershitty/chittychain-evidence-game": "node!@",
    "nevershitty/litigation-sync-agent": "documentation~@",
    "nevershitty/never-shitty-brand-assets": "documentation~@",
}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real repositories is not beside the checkout")
def test_real_repositories() -> None:
    found = {}
    for root in sorted(path for owner in CORPUS.iterdir() for path in owner.iterdir()):
        slug = root.relative_to(CORPUS).as_posix()
        found[slug] = " ".join(brief(project) for project in detect(Snapshot(WorkingTree(str(root)), slug)))
    assert found == REAL


JSONC = {
    '{"a": 1}': {"a": 1},
    '{"a": "// no", /* b */ "c": [1, 2,], // d\n}': {"a": "// no", "c": [1, 2]},
    '{"a": "x\\"//", }': {"a": 'x"//'},
    '["/*", ",]"]': ["/*", ",]"],
    "// x\n1": 1,
}


@pytest.mark.parametrize("text", JSONC)
def test_json_with_comments(text: str) -> None:
    assert jsonc.parse(text) == JSONC[text]
    assert len(jsonc.plain(text)) == len(text)


@pytest.mark.parametrize("text", ["", "{a: 1}", "{'a': 1}", "[1,,2]", '{"a": 1', "/* open", '"open', "[" * 100_000])
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsonc.parse(text)
