"""Small repositories of every kind of project, and the plan that makes each conform, for several test modules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from chittyops_policy import projects
from chittyops_policy.catalogue import load
from chittyops_policy.conforming import Plan, Wishes, plan
from chittyops_policy.errors import UserError
from chittyops_policy.policy import STANDARD, Pack, load_pack
from chittyops_policy.resources import read_resource
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

CATALOGUE = load()
TODAY = "2026-01-01"
SLUG = "example/shop"
COMMIT = "a1" * 20
RELEASE = f"""kind: pack
name: released
extends: {STANDARD}
parameters:
  own_actions: {{commit: {COMMIT}, version: 1.2.3}}
"""
"""The standard with a release to which steps of ours can be pinned, which a checkout does not have."""


def package(**keys: object) -> str:
    return json.dumps({"name": "shop", **keys})


KINDS: dict[str, dict[str, str]] = {
    projects.WORKER: {
        "wrangler.toml": 'name = "shop"\nmain = "src/index.ts"\n',
        "package.json": package(scripts={"deploy": "wrangler deploy"}, devDependencies={"wrangler": "4"}),
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "src/index.ts": "export default {}\n",
    },
    projects.NEXTJS: {
        "package.json": package(scripts={"dev": "next dev", "build": "next build"}, dependencies={"next": "15"}),
        "yarn.lock": "# yarn lockfile v1\n",
        "pages/index.jsx": "",
        "vercel.json": "{}",
    },
    projects.NODE: {
        "package.json": package(
            version="1.0.0",
            files=["index.js"],
            scripts={"test": "node --test", "lint": "eslint ."},
            dependencies={"hono": "4"},
        ),
        "package-lock.json": "{}",
        ".nvmrc": "20\n",
        "index.js": "",
    },
    projects.PYTHON: {
        "pyproject.toml": (
            '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shop"\nrequires-python = ">=3.11"\n'
            'description = "Sells\\n  things."\n'
            '[project.optional-dependencies]\ndev = ["pytest>=9", "ruff"]\n[tool.ruff]\n'
        ),
        "shop/app.py": "",
    },
    projects.RUST: {"Cargo.toml": '[package]\nname = "shop"\n', "Cargo.lock": "", "src/main.rs": ""},
    projects.GO: {"go.mod": "module example.com/shop\ngo 1.24\n", "go.sum": "", "main.go": "package main\n"},
    projects.DOCUMENTATION: {"README.md": "# Handbook\n", "docs/first.md": "# First\n"},
    projects.ORG_CONFIG: {"workflow-templates/ci.yml": "on: push\n"},
    projects.UNKNOWN: {"Makefile": "test:\n\t./try\n", "try": ""},
    "monorepo": {
        "package.json": package(private=True, workspaces=["packages/*"], packageManager="pnpm@9.1.0"),
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "pnpm-workspace.yaml": "packages: ['packages/*']\n",
        "packages/core/package.json": package(version="1.0.0", publishConfig={}, scripts={"test": "vitest"}),
        "edge/wrangler.jsonc": '{"main": "a.ts"}',
        "edge/package.json": package(devDependencies={"wrangler": "4"}, scripts={"build": "tsc"}),
        "edge/yarn.lock": "__metadata:\n",
        "api/pyproject.toml": '[project]\nname = "x"\n[dependency-groups]\ndev = ["pytest"]\n',
        "api/go.mod": "module x\ngo 1.24\n",
        "we ird/Cargo.toml": '[package]\nname = "a"\n',
    },
}
"""A repository for each project type, and one that holds several."""


def pack(more: str = "") -> Pack:
    """The released standard with further lines."""

    def read(name: str, from_path: str) -> tuple[str, bytes]:
        if name != STANDARD:
            raise UserError(f"no pack {name}", "")
        return name, read_resource("policies", f"{STANDARD}.yml")

    return load_pack("pack.yml", (RELEASE + more).encode(), read)


def planned(
    files: Mapping[str, str | bytes] | Snapshot,
    *,
    slug: str = SLUG,
    default_setup: bool | None = False,
    policy: Pack | None = None,
    **wishes: Any,
) -> Plan:
    """The plan for a repository; `default_setup` is what is known of code scanning's."""
    snapshot = files if isinstance(files, Snapshot) else Snapshot(MemoryTree(files), slug)
    known = {} if default_setup is None else {slug.lower(): default_setup}
    lookups = Lookups(default_setups=known)
    return plan(snapshot, CATALOGUE, policy or pack(), today=TODAY, wishes=Wishes(**wishes), lookups=lookups)


@cache
def plan_of(kind: str) -> Plan:
    """The plan for the repository of a kind."""
    return planned(KINDS[kind])


def created(kind: str) -> dict[str, str]:
    """The files that the plan for a kind creates."""
    return {change.path: change.after.decode() for change in plan_of(kind).changes if change.before is None}


def conforming(kind: str) -> dict[str, str]:
    """The repository of a kind with the changes of its plan."""
    return {**KINDS[kind], **{change.path: change.after.decode() for change in plan_of(kind).changes}}
