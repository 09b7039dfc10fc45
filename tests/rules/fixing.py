"""Applies the fixes of a rule to small repositories and holds each to what it promises, for the tests in this folder.

What is checked of every fix that is applied here: its edits do to the parsed file what its effects say, the findings
that it is for are gone, no other rule has anything new to say, and there is nothing left to fix.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chittyops_policy.document import parse_text, to_value
from chittyops_policy.edits import apply, expected
from chittyops_policy.engine import Examination, examine
from chittyops_policy.model import Decision, Fix
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.policy_file import merged
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from ..referees import github_parser
from .checked import CATALOGUE, PACK, TODAY

WORKFLOW = ".github/workflows/x.yml"
PIN = "ChittyOS/chittyops-policy/{}@" + "a1" * 20 + " # v1.2.3"
OWN_ACTIONS = {"own_actions": {"commit": "a1" * 20, "version": "1.2.3"}}
"""What a pack says that names the release to pin to."""


class Fixed(NamedTuple):
    """The text after all fixes of a rule, and what they said of themselves."""

    text: str
    titles: tuple[str, ...]
    safety: frozenset[str]
    notes: tuple[str, ...]


def look(
    snapshot: Snapshot,
    *,
    parameters: Mapping[str, Any] | None = None,
    lookups: Lookups | None = None,
) -> Examination:
    """Every rule of the widest profile on a repository; `parameters` lie over those of the standard."""
    policy = effective(CATALOGUE, PACK, None, Overrides(profile="everything"), slug=snapshot.slug, today=TODAY)
    policy.parameters = merged(policy.parameters, OWN_ACTIONS if parameters is None else parameters)
    seen = examine(snapshot, CATALOGUE, policy, today=TODAY, lookups=lookups)
    assert not [problem for problem in seen.report.problems if problem.kind == "internal"], seen.report.problems
    return seen


def files_of(files: Mapping[str, str] | str) -> dict[str, str]:
    return {WORKFLOW: files} if isinstance(files, str) else dict(files)


def repository(files: Mapping[str, str] | str) -> Snapshot:
    return Snapshot(MemoryTree(files_of(files)), "example/repository")


def fixed(rule: str, files: Mapping[str, str] | str, path: str = WORKFLOW, **more: Any) -> Fixed:
    """A file after the fixes of one rule. Fails where there is none, or where one breaks a promise."""
    snapshot = repository(files)
    seen = look(snapshot, **more)
    fixes = _fixes(seen, rule, path)
    assert fixes, refused(rule, files, path, **more)
    return Fixed(
        proved(snapshot, rule, path, seen, **more),
        tuple(dict.fromkeys(fix.title for fix in fixes)),
        frozenset(fix.safety for fix in fixes),
        tuple(dict.fromkeys(note for fix in fixes for note in fix.notes)),
    )


def proved(snapshot: Snapshot, rule: str, path: str, seen: Examination, **more: Any) -> str:
    """The text of a file after the fixes of a rule, each made once, if they keep their promises."""
    fixes = _fixes(seen, rule, path)
    document = snapshot.document(path)
    assert document is not None
    once = list(dict.fromkeys(fixes))
    text = apply(document.text, [edit for fix in once for edit in fix.edits])
    after = parse_text(path, text)
    assert after.error is None, text
    assert to_value(after.root) == expected(document, [effect for fix in once for effect in fix.effects])
    again = look(edited(snapshot, path, text), **more)
    gone = Counter(map(_saying, seen.report.decisions)) - Counter(map(_saying, again.report.decisions))
    new = Counter(map(_saying, again.report.decisions)) - Counter(map(_saying, seen.report.decisions))
    assert not new, new
    assert gone.total() >= len(fixes)
    assert not _fixes(again, rule, path)
    return text


class _Edited:
    """A tree in which one file has another text."""

    def __init__(self, tree: Any, path: str, text: str) -> None:
        self.tree, self.path, self.data = tree, path, text.encode()

    def read(self, path: str) -> bytes | None:
        data: bytes | None = self.data if path == self.path else self.tree.read(path)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tree, name)


def edited(snapshot: Snapshot, path: str, text: str) -> Snapshot:
    """The repository with another text in one of its files."""
    tree: Any = _Edited(snapshot.tree, path, text)
    return Snapshot(tree, snapshot.slug, root=snapshot.root)


def _fixes(seen: Examination, rule: str, path: str) -> list[Fix]:
    return [fix for decision, fix in seen.fixes if (decision.rule, decision.path) == (rule, path)]


def _saying(decision: Decision) -> tuple[str, str, str]:
    """A finding by its route, without the indices that what is inserted above it moves."""
    return decision.rule, decision.path, re.sub(r"\[\d+\]", "[]", decision.route)


def refused(rule: str, files: Mapping[str, str] | str, path: str = WORKFLOW, **more: Any) -> list[str]:
    """Why findings of a rule in a file have no fix, each reason once, in report order."""
    decisions = look(repository(files), **more).report.decisions
    assert [decision for decision in decisions if decision.rule == rule], decisions
    found = [decision for decision in decisions if (decision.rule, decision.path) == (rule, path)]
    return list(dict.fromkeys(decision.unfixable for decision in found if decision.unfixable))


def assert_no_worse(texts: Mapping[str, tuple[str, str]], folder: Path) -> None:
    """GitHub's own parser, actionlint and zizmor say nothing of a workflow that they did not say before it was fixed.

    `texts` are (before, after) by a name; `folder` is empty.
    """
    if reason := github_parser.unavailable_reason():
        pytest.skip(reason)
    for which in range(2):
        for number, text in enumerate(texts.values()):
            place = folder / str(which) / str(number) / WORKFLOW
            place.parent.mkdir(parents=True)
            place.write_text(text[which], encoding="utf-8")
    for referee in (_parser, _actionlint, _zizmor):
        before, after = (referee([pair[which] for pair in texts.values()], folder / str(which)) for which in range(2))
        assert not after - before, referee.__name__


def _parser(texts: list[str], folder: Path) -> Counter[tuple[int, str]]:
    verdicts = github_parser.verdicts([("workflow", WORKFLOW, text) for text in texts])
    return Counter((number, found.message) for number, verdict in enumerate(verdicts) for found in verdict.problems)


def _actionlint(texts: list[str], folder: Path) -> Counter[tuple[int, str]]:
    found = Counter[tuple[int, str]]()
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", WORKFLOW]
    for number in range(len(texts)):
        done = subprocess.run(command, cwd=folder / str(number), capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        found.update((number, error["message"]) for error in json.loads(done.stdout or "[]"))
    return found


def _zizmor(texts: list[str], folder: Path) -> Counter[tuple[int, str]]:
    command = ["zizmor", "--offline", "--no-config", "--no-progress", "--quiet", "--format", "json"]
    files = [str(folder / str(number) / WORKFLOW) for number in range(len(texts))]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = Counter[tuple[int, str]]()
    for finding in json.loads(done.stdout):
        path = finding["locations"][0]["symbolic"]["key"]["Local"]["verbatim_path"]
        found[files.index(path), finding["ident"]] += 1
    return found
