"""Runs scripts as a runner would: values put in for expressions, or handed over as variables."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from chittyops_policy.edits import apply
from chittyops_policy.expressions import segments
from chittyops_policy.model import Edit, Span
from chittyops_policy.script_rewrite import Rewrite, inner

SHOW = """#!/bin/sh
printf '%s:' "$#"
for word; do printf '<%s>' "$word"; done
printf '\\n'
"""
"""A command that prints how many arguments it got, and each of them."""


def folder_with_show(folder: Path) -> Path:
    """Puts the command `show` into a folder, for PATH."""
    program = folder / "show"
    program.write_text(SHOW)
    program.chmod(0o755)
    return folder


def substituted(script: str, values: Mapping[str, str]) -> str:
    """The script as GitHub hands it to the shell: each expression replaced by its value."""
    parts = []
    at = 0
    for segment in segments(script):
        parts += [script[at : segment.start], values[inner(script[segment.start : segment.end])]]
        at = segment.end
    return "".join([*parts, script[at:]])


def changed(script: str, rewrite: Rewrite) -> str:
    """The script after a rewrite."""
    return apply(script, [Edit(Span(start, end), text) for start, end, text in rewrite.pieces])


def run(
    command: list[str], script: str, folder: Path, variables: Mapping[str, str] | None = None, suffix: str = ".sh"
) -> tuple[int, str, list[str]]:
    """Exit code, output, and the files that a script leaves in its (empty) working directory."""
    file = folder / f"script{suffix}"
    file.write_text(script, encoding="utf-8", newline="\n")
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for old in work.iterdir():
        old.unlink()
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", **(variables or {})}
    done = subprocess.run(
        [*command, str(file)], cwd=work, env=environment, capture_output=True, timeout=60, encoding="utf-8"
    )
    return done.returncode, done.stdout, sorted(path.name for path in work.iterdir())


def shellcheck(script: str, shell: str = "bash") -> list[int]:
    """The codes that shellcheck reports, sorted, without those about unknown variables and about constants.

    A value in the place of an expression makes conditions constant; actionlint leaves such codes out too.
    """
    program = Path(sysconfig.get_path("scripts")) / "shellcheck"
    done = subprocess.run(
        [str(program), "-s", shell, "-f", "json", "-e", "SC2154,SC2034,SC2050,SC2194,SC2157,SC2043,SC2193,SC2195", "-"],
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return sorted(comment["code"] for comment in json.loads(done.stdout))
