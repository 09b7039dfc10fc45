"""Everything that README.md and docs/ tell a reader to type or to copy works."""

from __future__ import annotations

import json
import os
import re
import shutil
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from chittyops_policy.catalogue import load
from chittyops_policy.document import parse_text
from chittyops_policy.engine import check
from chittyops_policy.model import OPEN
from chittyops_policy.pin_lock import PIN_LOCK, read_lock
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .doors.support import ROOT, command, git, own_repository, run
from .referees import github_parser

PAGES = ("README.md", "examples/README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
SHELL, YAML, JSON = "sh", "yaml", "json"


class Block(NamedTuple):
    """A fenced block: where it stands, its language and its text."""

    page: str
    line: int
    language: str
    text: str


def _blocks() -> list[Block]:
    found: list[Block] = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            found.append(Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2]))
    return found


BLOCKS = _blocks()
TEST_COMMAND = (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().splitlines()[-1]
COMMANDS = [
    pytest.param(line.split("  #")[0].strip(), id=f"{block.page}:{block.line}: {line.split('  #')[0].strip()}")
    for block in BLOCKS
    if block.language == SHELL
    for line in block.text.splitlines()
    if line.strip()
]
INSTALLS = [case for case in COMMANDS if "pip install" in str(case.values[0])]


def _of(kind: str) -> list[object]:
    return [
        pytest.param(block, id=f"{block.page}:{block.line}")
        for block in BLOCKS
        if block.language == YAML and _kind(block) == kind
    ]


def _kind(block: Block) -> str:
    """What a YAML block is, told from its keys. Raises ValueError for one that no test below would look at."""
    value = yaml.load(block.text, yaml.BaseLoader)
    keys = set(value) if isinstance(value, dict) else set()
    for kind, marks in (
        ("hooks", {"repos"}),
        ("workflow", {"jobs"}),
        ("policy", {"rules", "exceptions", "profile", "kind"}),
        ("lock", {"pins"}),
    ):
        if keys & marks:
            return kind
    raise ValueError(f"{block.page}:{block.line}: neither hooks nor a workflow nor a policy nor a lock of pins")


def test_every_block_says_what_it_is() -> None:
    assert {block.language for block in BLOCKS} <= {SHELL, YAML, JSON, "text"}
    assert len(INSTALLS) == 2
    for block in BLOCKS:
        if block.language == YAML:
            _kind(block)
        elif block.language == JSON:
            json.loads(block.text)


def test_the_first_command_installs_and_shows_findings(tmp_path: Path) -> None:
    (first, *_) = [str(case.values[0]) for case in INSTALLS]
    folder = own_repository(tmp_path / "chittyops-policy")
    done = run(["bash", "-c", first], folder, timeout=600)
    if "pip" in done.stdout and re.search(r"No matching distribution|Connection|Temporary failure", done.stdout):
        pytest.skip(f"packages cannot be fetched here: {done.stdout.strip().splitlines()[-1]}")
    assert done.returncode == 1, done.stdout
    (block,) = [block for block in BLOCKS if block.page == "README.md" and "Not counted:" in block.text]
    assert block.text in done.stdout


def test_the_second_command_is_what_ci_runs() -> None:
    assert INSTALLS[1].values[0] == TEST_COMMAND


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the files that the commands of the pages name."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "examples/northwind/orders-worker/.github", folder / ".github")
    shutil.copy(folder / ".github/workflows/deploy.yml", folder / "draft.yml")
    (folder / ".chittyops-policy.yml").write_text("profile: strict\n")
    sarif = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy"}}, "results": []}]}
    (folder / "trivy.sarif").write_text(json.dumps(sarif))
    git(folder, "init", "--quiet")
    return folder


@pytest.mark.parametrize("line", [case for case in COMMANDS if case not in INSTALLS])
def test_command_runs(line: str, place: Path) -> None:
    assert line.startswith("chittyops-policy ")
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    done = run(["bash", "-c", line], place, {"PATH": path, "XDG_STATE_HOME": str(place.parent)})
    # What one command has fixed the next may find clean.
    checks = any(word in line for word in (" check", " report import", " audit --dir"))
    codes = {0, 1} if "--fix" in line and "--select" in line else {1} if checks else {0}
    assert done.returncode in codes, done.stdout
    assert done.stdout.strip()
    wrong = r"^(chittyops-policy: (?!5 repositories to judge)|Usage|Traceback)"
    assert not re.search(wrong, done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("block", _of("hooks"))
def test_hooks_are_ones_that_exist(block: Block, tmp_path: Path) -> None:
    file = tmp_path / ".pre-commit-config.yaml"
    file.write_text(block.text)
    for runner in ("pre-commit", "prek"):
        done = run([runner, "validate-config", str(file)], tmp_path)
        assert done.returncode == 0, done.stdout
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for repo in yaml.safe_load(block.text)["repos"]:
        assert {hook["id"] for hook in repo["hooks"]} <= offered


@pytest.mark.parametrize("block", _of("lock"))
def test_locks_of_pins_are_readable(block: Block) -> None:
    lock = read_lock(parse_text(PIN_LOCK, block.text))
    assert lock.pins and not lock.mistakes


@pytest.mark.parametrize("block", _of("workflow"))
def test_workflow_passes_our_own_check(block: Block) -> None:
    path = ".github/workflows/policy.yml"
    snapshot = Snapshot(MemoryTree({path: block.text}), "northwind/sample")
    catalogue = load()
    policy = effective(catalogue, standard_pack(None), None, Overrides(), slug=snapshot.slug, today="2026-01-01")
    report = check(snapshot, catalogue, policy, today="2026-01-01", paths=[path])
    assert [decision.message for decision in report.decisions if decision.state == OPEN] == []
    assert report.problems == ()


@pytest.mark.skipif(github_parser.unavailable_reason() is not None, reason=str(github_parser.unavailable_reason()))
@pytest.mark.parametrize("block", _of("workflow"))
def test_workflow_is_one_for_github(block: Block) -> None:
    (verdict,) = github_parser.verdicts([("workflow", ".github/workflows/policy.yml", block.text)])
    assert verdict.problems == ()


@pytest.mark.parametrize("block", _of("workflow"))
def test_inputs_exist_that_a_workflow_passes(block: Block) -> None:
    workflow = yaml.load((ROOT / ".github/workflows/policy-check.yml").read_text(), yaml.BaseLoader)
    action = yaml.load((ROOT / "action.yml").read_text(), yaml.BaseLoader)
    for job in yaml.safe_load(block.text)["jobs"].values():
        if "chittyops-policy/.github/workflows/policy-check.yml@" in job.get("uses", ""):
            assert set(job.get("with", {})) <= set(workflow["on"]["workflow_call"]["inputs"])
        for step in job.get("steps", []):
            if "ChittyOS/chittyops-policy@" in step.get("uses", ""):
                assert set(step.get("with", {})) <= set(action["inputs"])


@pytest.mark.parametrize("block", _of("policy"))
def test_policy_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "policy.yml"
    file.write_text(block.text)
    done = command("policy", "validate", "policy.yml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("policy.yml: valid")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    missing = [
        target
        for target in targets
        if not target.startswith("https://") and not ((ROOT / page).parent / target).exists()
    ]
    assert missing == []
