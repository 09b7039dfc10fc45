"""Every command of the procedures works, with the exit code that they say, against an emulated GitHub."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from ..doors.support import git
from ..github.world import Files, World, github_world, needs_github

pytestmark = needs_github

ROOT = Path(__file__).parents[2]
SOPS = sorted((ROOT / "docs" / "sops").glob("SOP-*.md"))
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
EXAMPLES = ROOT / "examples" / "northwind"
READER = {"SOP-003": "billing-api"}
"""In which of the examples the reader of a page stands; else in the Worker's."""


class Step(NamedTuple):
    """A command with the exit code that the page promises."""

    line: int
    command: str
    code: int


def steps(page: Path) -> list[Step]:
    """The commands of the shell blocks of a page, in order; blocks in lists are indented."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in re.finditer(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        first = text.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines()):
            command, _, remark = line.strip().partition("  # ")
            assert not remark or remark.startswith("exits with 1: "), f"{page.name}:{first + number}: {remark}"
            found.append(Step(first + number, command, 1 if remark else 0))
    return found


def example(name: str) -> Files:
    return {
        path.relative_to(EXAMPLES / name).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((EXAMPLES / name).rglob("*"))
        if path.is_file()
    }


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def world() -> Iterator[World]:
    """An organisation with the example's Worker, on which enough ran to be measured."""
    with github_world("ChittyOS") as made:
        made.repository("ChittyOS/orders-worker", example("orders-worker"))
        made.team("ChittyOS", "cicd-admins", **{"orders-worker": "push"})
        for number in range(12):
            moment = iso(NOW - timedelta(hours=10 + number))
            made.run("ChittyOS/orders-worker", created_at=moment, started_at=moment, conclusion="success", jobs=[])
        yield made


def clone(name: str, above: Path) -> Path:
    """A repository of the organisation, as its owners have it."""
    folder = above / name
    shutil.copytree(EXAMPLES / name, folder)
    (folder / ".chittyops-policy.yml").write_text("profile: charter\n")
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", f"https://github.com/ChittyOS/{name}.git")
    git(folder, "add", ".")
    return folder


def test_there_are_seven() -> None:
    assert [page.name[:7] for page in SOPS] == [f"SOP-00{number}" for number in range(1, 8)]
    assert all(steps(page) for page in SOPS)


@pytest.mark.parametrize("page", SOPS, ids=lambda page: page.name[:7])
def test_every_command_works(page: Path, world: World, tmp_path: Path) -> None:
    place = clone(READER.get(page.name[:7], "orders-worker"), tmp_path)
    environment = {
        "PATH": f"{sysconfig.get_path('scripts')}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GITHUB_API_URL": world.address,
        "GITHUB_TOKEN": world.token,
        "CHITTYOPS_POLICY_STORE": str(tmp_path / "store.sqlite"),
        "CHITTYOPS_POLICY_CACHE": str(tmp_path / "cache"),
        "SOURCE_DATE_EPOCH": str(int(NOW.timestamp())),
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@example.com",
    }
    for step in steps(page):
        assert step.command.startswith("chittyops-policy "), step
        done = subprocess.run(["bash", "-c", step.command], cwd=place, env=environment, capture_output=True, text=True)
        shown = f"{page.name}:{step.line}: {step.command}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == step.code, shown
        assert not re.search(r"^(chittyops-policy: error|Usage|Traceback)", done.stderr, re.MULTILINE), shown


@pytest.mark.parametrize("page", [*SOPS, ROOT / "docs" / "sops" / "README.md"], ids=lambda page: page.stem[:7])
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in slugs, f"{target}#{anchor}"
