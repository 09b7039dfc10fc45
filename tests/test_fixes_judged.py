"""All fixes on real workflows, judged by others: GitHub's parser, zizmor, actionlint and shellcheck.

Judged are the workflows of the corpus and, where `CHITTYOPS_POLICY_STARTER_WORKFLOWS` names a folder with a copy of
the public repository actions/starter-workflows, its templates.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from chittyops_policy.fixer import Change, fix
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.policy_file import merged
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import ACTION, WORKFLOW, MemoryTree, Snapshot, kind_of

from .referees import github_parser
from .rules.checked import CATALOGUE, CORPUS, PACK, TODAY, corpus

STARTERS = Path(os.environ.get("CHITTYOPS_POLICY_STARTER_WORKFLOWS") or CORPUS.parent / "starter-workflows")
PARTS = ("corpus", "starters")
RELEASE = {"own_actions": {"commit": "a1" * 20, "version": "1.2.3"}}


class Judged(NamedTuple):
    """The changes of one repository, and the repository before and after."""

    name: str
    before: Snapshot
    after: Snapshot
    changes: tuple[Change, ...]


def snapshots(part: str) -> Iterator[Snapshot]:
    if part == "corpus":
        yield from corpus("chittyos")
        yield from corpus("public")
        return
    files = {
        f".github/workflows/{path.parent.name}-{path.name}": path.read_bytes()
        for path in sorted(STARTERS.rglob("*.yml"))
        if ".github" not in path.relative_to(STARTERS).parts
    }
    yield Snapshot(MemoryTree(files), "actions/starter-workflows")


@lru_cache
def judged(part: str) -> tuple[Judged, ...]:
    folder = STARTERS if part == "starters" else CORPUS
    if not folder.is_dir():
        pytest.skip(
            "CHITTYOPS_POLICY_STARTER_WORKFLOWS names no copy of github.com/actions/starter-workflows"
            if part == "starters"
            else "the corpus of real repositories does not lie beside this checkout"
        )
    found = []
    for number, snapshot in enumerate(snapshots(part)):
        changes = fixes(snapshot)
        after = snapshot.changed({change.path: change.after for change in changes})
        found.append(Judged(f"{number:02}", snapshot, after, changes))
    assert sum(len(entry.changes) for entry in found) > 50, "hardly anything is fixed: the comparison would say nothing"
    return tuple(found)


def fixes(snapshot: Snapshot) -> tuple[Change, ...]:
    """Everything that ``--fix --review`` of a release would do with all rules on, where GitHub analyses no code."""
    policy = effective(CATALOGUE, PACK, None, Overrides(profile="everything"), slug=snapshot.slug, today=TODAY)
    policy.parameters = merged(policy.parameters, RELEASE)
    lookups = Lookups(default_setups={snapshot.slug.lower(): False})
    outcome = fix(snapshot, CATALOGUE, policy, policy, today=TODAY, wanted=lambda decision, fix: True, lookups=lookups)
    return outcome.changes


def pairs(part: str) -> Iterator[tuple[Judged, Change, str, str]]:
    """Each changed file that there was, as text before and after."""
    for entry in judged(part):
        for change in entry.changes:
            if change.before is not None:
                yield entry, change, change.before.decode(), change.after.decode()


@pytest.mark.parametrize("part", PARTS)
def test_a_second_run_changes_nothing(part: str) -> None:
    for entry in judged(part):
        assert fixes(entry.after) == (), entry.before.slug


@pytest.mark.parametrize("part", PARTS)
def test_no_line_that_is_a_comment_changes(part: str) -> None:
    for entry, change, before, after in pairs(part):
        lost = _comment_lines(before) - _comment_lines(after)
        assert not lost, (entry.before.slug, change.path, lost)


def _comment_lines(text: str) -> Counter[str]:
    return Counter(line for line in text.splitlines() if line.lstrip().startswith("#"))


@pytest.mark.parametrize("part", PARTS)
def test_line_endings_mark_and_last_line_stay(part: str) -> None:
    for entry, change, before, after in pairs(part):
        where = (entry.before.slug, change.path)
        assert before.startswith("\ufeff") == after.startswith("\ufeff"), where
        assert before.endswith("\n") == after.endswith("\n"), where
        assert ("\r\n" in before) == ("\r\n" in after), where
        assert (before.count("\n") == before.count("\r\n")) == (after.count("\n") == after.count("\r\n")), where


@pytest.mark.parametrize("part", PARTS)
def test_github_accepts_what_it_accepted(part: str) -> None:
    changed = [(entry, change) for entry in judged(part) for change in entry.changes if kind_of(change.path)]
    changed = [(entry, change) for entry, change in changed if kind_of(change.path) in (WORKFLOW, ACTION)]
    reason = github_parser.unavailable_reason()
    if reason:
        pytest.skip(reason)
    before = github_parser.verdicts([_question(change.path, change.before or change.after) for _, change in changed])
    after = github_parser.verdicts([_question(change.path, change.after) for _, change in changed])
    for (entry, change), old, new in zip(changed, before, after, strict=True):
        where = f"{entry.before.slug} {change.path}"
        old_words = Counter(problem.message for problem in old.problems) if change.before is not None else Counter()
        new_words = Counter(problem.message for problem in new.problems)
        assert new_words.total() <= old_words.total(), f"{where}: {new_words - old_words}"


def _question(path: str, data: bytes) -> tuple[str, str, str]:
    kind = kind_of(path)
    assert kind is not None
    return kind, path, data.decode()


# ---------------------------------------------------------------------------------------------------- other linters


@pytest.fixture(scope="module", params=PARTS)
def folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The changed workflows and actions before and after, each repository in a folder of its own."""
    top = tmp_path_factory.mktemp(str(request.param))
    for entry in judged(str(request.param)):
        for change in entry.changes:
            if kind_of(change.path) in (WORKFLOW, ACTION):
                for side, data in (("before", change.before), ("after", change.after)):
                    path = top / side / entry.name / change.path
                    path.parent.mkdir(parents=True, exist_ok=True)
                    if data is not None:
                        path.write_bytes(data)
    return top / "before", top / "after"


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.y*ml"))


def needs(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed; the test extras bring it")


def risen(before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> dict[str, list[str]]:
    """The files in which there are more complaints than before, with those that came."""
    totals = [Counter(path for path, _ in found.elements()) for found in (before, after)]
    worse = {path for path, count in totals[1].items() if count > totals[0][path]}
    return {path: [what for where, what in after - before if where == path] for path in sorted(worse)}


def test_zizmor_finds_no_more_in_any_file(folders: tuple[Path, Path]) -> None:
    needs("zizmor")
    assert risen(*(_zizmor(folder) for folder in folders)) == {}


def _zizmor(folder: Path) -> Counter[tuple[str, str]]:
    command = ["zizmor", "--offline", "--no-config", "--no-progress", "--quiet", "--persona", "auditor"]
    done = subprocess.run(
        [*command, "--format", "json", *files_below(folder)], cwd=folder, capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    found = Counter[tuple[str, str]]()
    for finding in json.loads(done.stdout):
        place = next(place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary")
        found[place["symbolic"]["key"]["Local"]["verbatim_path"], finding["ident"]] += 1
    return found


def test_actionlint_and_shellcheck_find_no_more_in_any_file(folders: tuple[Path, Path]) -> None:
    needs("actionlint")
    needs("shellcheck")
    assert risen(*(_actionlint(folder) for folder in folders)) == {}


def _actionlint(folder: Path) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for entry in sorted(folder.iterdir()):
        paths = [path for path in files_below(entry) if kind_of(path) == WORKFLOW]
        if not paths:
            continue
        command = ["actionlint", "-pyflakes=", "-format", "{{json .}}", *paths]
        done = subprocess.run(command, cwd=entry, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        for error in json.loads(done.stdout or "[]"):
            # actionlint shows shellcheck a row of underscores for an expression: a constant, whose uses need no quotes.
            # With a variable in its place shellcheck also remarks on uses that were there before. What counts are its
            # errors and warnings; that no value is split anew is proven for each script, and tested with shellcheck.
            if error["kind"] == "shellcheck" and (":info:" in error["message"] or ":style:" in error["message"]):
                continue
            found[f"{entry.name}/{error['filepath']}", f"{error['kind']}: {error['message']}"] += 1
    return found
