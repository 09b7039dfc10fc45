"""One engine, several doors: the same commit gives the same findings with the same fingerprints through each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chittyops_policy.catalogue import load
from chittyops_policy.engine import check as judge
from chittyops_policy.model import Report
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.reporters import json_report
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources.git_commit import commit_tree, index_tree
from chittyops_policy.sources.working_tree import WorkingTree

from .support import CLEAN, UNPINNED, check, commit, git, repository, write

if TYPE_CHECKING:
    from chittyops_policy.snapshot import Tree

TODAY = "2026-01-01"
EPOCH = "1767225600"  # that day

FILES: dict[str, str | bytes] = {
    ".github/workflows/ci.yml": UNPINNED,
    ".github/workflows/crlf.yml": UNPINNED.replace("\n", "\r\n").encode(),
    ".github/workflows/bom.yml": b"\xef\xbb\xbf" + UNPINNED.encode(),
    ".github/workflows/emoji \u2728.yml": UNPINNED.replace("run: make", "run: echo \u2728 ${{ secrets.NPM_TOKEN }}"),
    ".github/workflows/broken.yml": "on: push\njobs:\n  a: [1,\n  b: {\n",
    ".github/workflows/calls.yml": "on: push\npermissions: {}\njobs:\n  a:\n    uses: ./.github/workflows/none.yml\n",
    ".github/workflows/clean.yml": CLEAN,
    ".github/dependabot.yml": "version: 2\nupdates:\n  - package-ecosystem: ''\n    directory: /\n",
    "tools/act/action.yml": "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - uses: a/b@v1\n",
    "vendor/x/.github/workflows/ci.yml": UNPINNED,
    "CODEOWNERS": "/.github/workflows/ @a/admins\n* @a/developers\n",
    POLICY_FILE: "exceptions:\n  - rule: unpinned-uses\n    paths: [.github/workflows/crlf.yml]\n    reason: not yet\n",
    "package.json": '{"dependencies": {"next": "15"}}\n',
}

Findings = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = repository(tmp_path_factory.mktemp("parity") / "sample", FILES)
    (folder / ".github/workflows/linked.yml").symlink_to("ci.yml")
    (folder / ".github/workflows/outside.yml").symlink_to("../../../elsewhere.yml")
    (folder.parent / "elsewhere.yml").write_text(UNPINNED)
    commit(folder)
    return folder


def essence(report: Report) -> tuple[Findings, Findings]:
    """What a reader of the JSON report can compare: every finding and every control's verdict."""
    (entry,) = json.loads(json_report.render([report]))["repositories"]
    return _essence(entry)


def _essence(entry: dict[str, Any]) -> tuple[Findings, Findings]:
    findings = [
        (finding["fingerprint"], finding["path"], finding["rule"], finding["state"], finding["severity"],
         finding["message"], json.dumps(finding.get("region"), sort_keys=True))
        for finding in entry["findings"]
    ]  # fmt: skip
    verdicts = [(verdict["control"], verdict["outcome"], verdict.get("reason")) for verdict in entry["verdicts"]]
    return findings, verdicts


def report_on(tree: Tree, slug: str, revision: str) -> Report:
    """What the audit does with a snapshot, wherever its bytes come from."""
    catalogue = load()
    snapshot = Snapshot(tree, slug, revision)
    policy = effective(
        catalogue, standard_pack(None), snapshot.read(POLICY_FILE), Overrides(), slug=snapshot.slug, today=TODAY
    )
    return judge(snapshot, catalogue, policy, today=TODAY)


def through_the_command(folder: Path, *arguments: str) -> tuple[Findings, Findings]:
    done = check("--no-cache", "--format", "json", *arguments, cwd=folder, env={"SOURCE_DATE_EPOCH": EPOCH})
    assert done.returncode == 1, done.stderr
    (entry,) = json.loads(done.stdout)["repositories"]
    return _essence(entry)


def test_working_tree_commit_index_and_command_agree(sample: Path) -> None:
    head = git(sample, "rev-parse", "HEAD")
    working = WorkingTree(str(sample))
    committed = commit_tree(str(sample), "HEAD")
    staged = index_tree(str(sample))
    try:
        expected = essence(report_on(working, working.slug, working.revision))
        assert (working.slug, working.revision) == (committed.slug, committed.revision) == ("ChittyOS/sample", head)
        assert len(expected[0]) >= 10
        assert {"open", "excepted"} <= {finding[3] for finding in expected[0]}
        assert essence(report_on(committed, committed.slug, committed.revision)) == expected
        assert essence(report_on(staged, staged.slug, head)) == expected
        assert through_the_command(sample) == expected
    finally:
        committed.close()
        staged.close()


def test_the_hook_says_of_its_files_what_the_whole_check_says(sample: Path) -> None:
    named = [".github/workflows/ci.yml", "tools/act/action.yml", "CODEOWNERS", ".github/workflows/calls.yml"]
    hook, _ = through_the_command(sample, "--", *named)
    whole, _ = through_the_command(sample)
    assert hook == [finding for finding in whole if finding[1] in named]
    assert {finding[1] for finding in hook} == set(named)


def test_a_fingerprint_survives_lines_above_it(sample: Path, tmp_path: Path) -> None:
    before, _ = through_the_command(sample, ".github/workflows/ci.yml")
    moved = repository(tmp_path / "moved", FILES)
    write(moved, {".github/workflows/ci.yml": "# one\n# more\n" + UNPINNED})
    after, _ = through_the_command(moved, ".github/workflows/ci.yml")
    assert [finding[0] for finding in before] == [finding[0] for finding in after]
    assert [finding[6] for finding in before] != [finding[6] for finding in after]
