"""actionlint as a referee for what a workflow may say at all, on every live workflow of the corpus.

Shared are its kinds ``syntax-check`` and ``expression`` with our structural rules. GitHub's own parser is the judge
above both (`test_structure_differential`): where the two disagree, `DIFFERENCES` says who is right, and a test keeps
the table true. Shared as well are names that nothing defines, and what `CASES` lists: small workflows on which both
must speak of the same line. Not shared, and left to a companion: inputs of known actions, and injection.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.snapshot import MemoryTree, Snapshot

from .rules.checked import CORPUS, corpus, covered, needs_corpus, report

RULES = ("invalid-workflow", "unparsable-yaml", "duplicate-key")
KINDS = ("syntax-check", "expression")
NOT_SHARED = ("is not defined in object type", "potentially untrusted")

Place = tuple[str, int]
"""File relative to the corpus, and line."""

INPUT_DEFAULT = "only ours: GitHub's parser wants the default in the type of its input; kept at severity low"
DIFFERENCES: dict[Place, str] = {
    ("chittyos/chittyapps/chittycharge/.github/workflows/deploy.yml", 72): (
        "only actionlint's: GitHub's parser accepts an empty `needs`"
    ),
    ("public/github__codeql-action/.github/workflows/__start-proxy.yml", 97): (
        "only actionlint's: GitHub's parser accepts the filter `*` in brackets"
    ),
    ("chittyos/chittyos/chittyops/.github/workflows/auto-merge.yml", 10): (
        "only ours: GitHub's parser rejects settings under this event"
    ),
    ("chittyos/chittyos/chitty-issue-resolver/.github/workflows/auto-resolve.yml", 12): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/build-windows-ami.yml", 13): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/github-analytics-daily.yml", 17): INPUT_DEFAULT,
    ("public/pytorch__test-infra/.github/workflows/github-analytics-daily.yml", 29): INPUT_DEFAULT,
}


def ours(part: str) -> set[Place]:
    places = set[Place]()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *RULES).decisions:
            if decision.rule in RULES and decision.path.startswith(".github/workflows/"):
                assert decision.region is not None
                places.add((f"{folder}/{decision.path}", decision.region.line))
    return places


def actionlint(folder: str, paths: Sequence[str]) -> list[dict[str, Any]]:
    """What actionlint says about files in a folder: each with kind, message, filepath and line."""
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed; the test extras bring it")
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


def actionlint_on(part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file relative to the corpus, what actionlint says) for every live workflow of a part of it."""
    for snapshot in corpus(part):
        paths = snapshot.workflow_paths()
        if paths:
            folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
            for error in actionlint(snapshot.root, paths):
                yield f"{folder}/{error['filepath']}", error


def actionlints(part: str) -> set[Place]:
    return {
        (path, error["line"])
        for path, error in actionlint_on(part)
        if error["kind"] in KINDS and not any(words in error["message"] for words in NOT_SHARED)
    }


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_difference_is_explained(part: str) -> None:
    mine, theirs = ours(part), actionlints(part)
    assert mine & theirs or part == "public", "the two never agree: the comparison itself is broken"
    expected = {place for place in DIFFERENCES if place[0].startswith(part)}
    assert mine ^ theirs == expected
    for place in mine ^ theirs:
        owner = "only ours" if place in mine else "only actionlint's"
        assert DIFFERENCES[place].startswith(owner)


# ------------------------------------------------------------------------------------- names that nothing defines

UNDEFINED = ("undefined-input", "undefined-matrix-key", "undefined-need", "undefined-output", "undefined-step")


def undefined(part: str) -> set[tuple[str, str]]:
    """(file, name in lower case): the line is no common ground, for actionlint gives that of the whole script."""
    found = set()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *UNDEFINED).decisions:
            if decision.rule in UNDEFINED and decision.path.startswith(".github/workflows/"):
                name = covered(snapshot, decision).rpartition(".")[2].lower()
                found.add((f"{folder}/{decision.path}", name))
    return found


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_the_same_names_are_undefined(part: str) -> None:
    theirs = set()
    for path, error in actionlint_on(part):
        name = re.search(r'property "(.+?)" is not defined in object type', error["message"])
        if error["kind"] == "expression" and name is not None:
            theirs.add((path, name[1].lower()))
    assert theirs
    assert undefined(part) == theirs


# -------------------------------------------------------------------------------------------------- runner labels

LABELS = ("conflicting-runner-labels", "retired-runner", "unknown-runner-label")


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_the_same_labels_are_unknown(part: str) -> None:
    """The labels themselves, with their lines: none of the two knows one that the other does not."""
    mine = set()
    for snapshot in corpus(part):
        folder = Path(snapshot.root).relative_to(CORPUS).as_posix()
        for decision in report(snapshot, *LABELS).decisions:
            if decision.rule in LABELS and decision.region is not None:
                mine.add((f"{folder}/{decision.path}", decision.region.line, covered(snapshot, decision)))
    theirs = set()
    for path, error in actionlint_on(part):
        label = re.match(r'label "(.+?)" ', error["message"])
        if error["kind"] == "runner-label" and label is not None:
            theirs.add((path, error["line"], label[1]))
    assert mine == theirs
    assert len(mine) == {"chittyos": 0, "public": 151}[part]


# ------------------------------------------------------------------------------------------- one line, one problem

JOBS = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: x}]\n"
STEPS = "on: push\njobs:\n  a:\n    runs-on: %s\n    steps:\n"
CASES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "branches": (
        "glob",
        ("invalid-filter-pattern",),
        "on:\n  push:\n    branches:\n"
        + "".join(
            f"      - '{pattern}'\n"
            for pattern in (
                "main", "/x", "x/", "a b", "v[0-9", "v[0-9]+", "+x", "v**?", "!x", "a[z-a]", "x.", "*+", "**", "a~b",
                "a^b", "a:b", "[]", "[ab-]", "!", "release/**",
            )
        )
        + JOBS,
    ),
    "paths": (
        "glob",
        ("invalid-filter-pattern",),
        "on:\n  push:\n    paths:\n"
        + "".join(
            f"      - '{pattern}'\n"
            for pattern in (
                "./x", "../x", "a//b", ".", "x/./y", "!", "a+", " x", "x ", "**", "!./y", "x[0-9", ".github/**", "a b",
                "?x", "docs/[a-c]?.md",
            )
        )
        + JOBS,
    ),
    "both ways": (
        "events",
        ("invalid-filter-pattern",),
        "on:\n  push:\n    branches: [a]\n    branches-ignore: [b]\n  pull_request:\n    paths: [a]\n"
        f"    paths-ignore: [b]\n{JOBS}",
    ),
    "schedules": (
        "events",
        ("ineffective-schedule",),
        "on:\n  schedule:\n"
        + "".join(
            f"    - cron: '{cron}'\n"
            for cron in (
                "0 0 31 2 *", "*/3 * * * *", "* 3 * * *", "0,3 * * * *", "*/5 * * * *", "0 0 29 2 *", "0 0 31 4,6 *",
                "0-10/2 * * * *",
            )
        )
        + JOBS,
    ),
    "shells": (
        "shell-name",
        ("unknown-shell",),
        STEPS % "ubuntu-latest"
        + "".join(
            f"      - run: x\n        shell: {shell}\n"
            for shell in (
                "fish", "powershell", "cmd", "sh", "bash -x", "python3", "Bash", "'perl {0}'", "python", "pwsh",
            )
        ),
    ),
    "shells of Windows": (
        "shell-name",
        ("unknown-shell",),
        STEPS % "windows-latest"
        + "".join(f"      - run: x\n        shell: {shell}\n" for shell in ("cmd", "powershell", "bash", "sh", "zsh")),
    ),
    "runners": (
        "runner-label",
        ("unknown-runner-label", "retired-runner", "conflicting-runner-labels"),
        "on: push\njobs:\n"
        + "".join(
            f"  job-{number}:\n    runs-on: {runner}\n    steps: [{{run: x}}]\n"
            for number, runner in enumerate(
                (
                    "ubuntu-latest", "ubuntu-20.04", "ubuntu-lastest", "[self-hosted, linux, gpu]", "windows-2019",
                    "[ubuntu-latest, windows-latest]", "macos-26-intel", "'${{ github.actor }}'",
                    "[self-hosted, ARM64]", "macos-12", "ubuntu-slim",
                )
            )
        ),
    ),
    "commands": (
        "deprecated-commands",
        ("deprecated-commands",),
        STEPS % "ubuntu-latest"
        + "".join(
            f"      - run: {line}\n"
            for line in (
                "echo ::set-output name=a::b", "echo ::save-state name=a::b", "echo ::set-env name=a::b",
                "echo ::add-path::/x", "echo ::notice::x", 'echo "a=b" >> "$GITHUB_OUTPUT"',
            )
        ),
    ),
}  # fmt: skip
"""Name → (actionlint's kind, our rules, a workflow in which each line has at most one problem)."""

CASE_DIFFERENCES: dict[tuple[str, int], str] = {
    ("paths", 8): "only ours: a . between other parts covers nothing either",
    ("schedules", 6): "only ours: actionlint looks at the next two runs, and these are not the closest",
    ("shells of Windows", 13): "only actionlint's: sh comes to Windows runners with Git, and many workflows use it",
}
"""(case, line) of what only one of the two reports, with the reason."""


@pytest.mark.parametrize("name", CASES)
def test_both_speak_of_the_same_lines(name: str, tmp_path: Path) -> None:
    kind, rules, text = CASES[name]
    path = ".github/workflows/x.yml"
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    (tmp_path / ".git").mkdir()
    theirs = {error["line"] for error in actionlint(str(tmp_path), [path]) if error["kind"] == kind}
    decisions = report(Snapshot(MemoryTree({path: text})), *rules).decisions
    mine = {each.region.line for each in decisions if each.rule in rules and each.region is not None}
    assert mine & theirs
    assert mine ^ theirs == {line for case, line in CASE_DIFFERENCES if case == name}
    for line in mine ^ theirs:
        owner = "only ours" if line in mine else "only actionlint's"
        assert CASE_DIFFERENCES[name, line].startswith(owner)
