"""zizmor as a referee for the rules about habits, runners and Dependabot that it and this tool share.

Its persona is the auditor's, in which all of these run; of `misfeature` only what it tells everybody is shared, for the
rest are shells of other names, which `unknown-shell` judges by whether they can work.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.snapshot import normalise

from .rules.checked import CORPUS, corpus, needs_corpus, report

SHARED = (
    "concurrency-limits", "dependabot-cooldown", "dependabot-execution", "insecure-commands", "misfeature",
    "self-hosted-runner", "superfluous-actions",
)  # fmt: skip

DIFFERENCES: dict[tuple[str, str], str] = {}
"""(rule, file) of what only one of the two reports, with the reason; a test keeps it true."""


def ours(part: str) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *SHARED).decisions:
            if decision.rule in SHARED:
                found[decision.rule, f"{folder}/{decision.path}"] += 1
    return found


def zizmors_findings(part: str) -> list[dict[str, Any]]:
    files = [str(Path(snapshot.root) / path) for snapshot in corpus(part) for path in snapshot.subjects()]
    files = [path for path in files if path.endswith((".yml", ".yaml"))]
    command = ["zizmor", "--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--format", "json"]
    done = subprocess.run([*command, "--persona", "auditor", *files], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def zizmors(part: str) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for finding in zizmors_findings(part):
        if finding["ident"] in SHARED:
            if finding["ident"] == "misfeature" and finding["determinations"]["persona"] != "Regular":
                continue
            [primary] = [place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary"]
            path = Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(CORPUS).as_posix()
            found[finding["ident"], path] += 1
    return found


@needs_corpus
@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed; the dev dependencies bring it")
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_difference_to_zizmor_is_explained(part: str) -> None:
    mine, theirs = ours(part), zizmors(part)
    assert (mine & theirs).total() > 100
    different = {place for place in {*mine, *theirs} if mine[place] != theirs[place]}
    assert different == {place for place in DIFFERENCES if place[1].startswith(part)}


@needs_corpus
@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed; the dev dependencies bring it")
@pytest.mark.parametrize(("part", "both"), [("chittyos", 4), ("public", 334)])
def test_of_local_references_only_those_that_lead_somewhere_are_reported(part: str, both: int) -> None:
    """zizmor does not look whether the file is there; what lies outside, or was made by a step, has no other name."""
    mine, theirs = set[tuple[str, int]](), dict[tuple[str, int], str]()
    roots = {}
    for snapshot in corpus(part):
        roots[Path(snapshot.root).relative_to(CORPUS).as_posix()] = snapshot
        for decision in report(snapshot, "self-repository").decisions:
            if decision.region is not None:
                mine.add(
                    (f"{Path(snapshot.root).relative_to(CORPUS).as_posix()}/{decision.path}", decision.region.line)
                )
    for finding in zizmors_findings(part):
        if finding["ident"] == "self-repository":
            [primary] = [place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary"]
            path = Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(CORPUS).as_posix()
            location = primary["concrete"]["location"]
            theirs[path, location["start_point"]["row"] + 1] = primary["concrete"]["feature"]
    assert mine - set(theirs) == set()
    assert len(mine) == both
    for path, line in set(theirs) - mine:
        folder = next(name for name in roots if path.startswith(name + "/"))
        text = (CORPUS / path).read_text(encoding="utf-8").splitlines()[line - 1]
        target = normalise(text.partition("uses:")[2].strip().strip("'\"").partition(" ")[0])
        assert not target or not (roots[folder].has(target) or roots[folder].action(target)), (path, line, text)
