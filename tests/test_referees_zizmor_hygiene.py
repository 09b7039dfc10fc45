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

import pytest

from .rules.checked import CORPUS, corpus, needs_corpus, report

SHARED = (
    "concurrency-limits", "dependabot-cooldown", "dependabot-execution", "insecure-commands", "misfeature",
    "self-hosted-runner",
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


def zizmors(part: str) -> Counter[tuple[str, str]]:
    files = [str(Path(snapshot.root) / path) for snapshot in corpus(part) for path in snapshot.subjects()]
    files = [path for path in files if path.endswith((".yml", ".yaml"))]
    command = ["zizmor", "--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--format", "json"]
    done = subprocess.run([*command, "--persona", "auditor", *files], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = Counter[tuple[str, str]]()
    for finding in json.loads(done.stdout):
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
