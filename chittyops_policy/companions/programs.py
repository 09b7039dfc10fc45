"""Finds and runs the programs of companions: what is installed beside this tool, never anything downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT = 300
"""Seconds that a companion may take for one repository."""

_SPOKEN_TO = ("ACTIONLINT", "ACTIONS_", "GH_", "GITHUB_", "SHELLCHECK_", "ZIZMOR_")
"""Variables by which a companion would get options or a token that this run does not know of."""


class Failure(Exception):
    """Why a companion has no answer: words for a person, without a full stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def find(name: str, env: Mapping[str, str]) -> str:
    """The path of a program: beside the interpreter that runs us, where the extra installs it, else on PATH.

    Raises Failure where there is none.
    """
    beside = os.path.dirname(sys.executable)
    found = shutil.which(name, path=beside) or shutil.which(name, path=env.get("PATH", os.defpath))
    if found is None:
        raise Failure(f"{name} is not installed; pip install 'chittyops-policy[companions]' brings it")
    return found


def run(command: Sequence[str], folder: str, env: Mapping[str, str], good: Sequence[int]) -> tuple[str, str]:
    """What a program prints in a folder, on standard output and on standard error.

    `good` are the exit codes with which its answer is complete. Raises Failure for any other one, for a program that
    cannot be started, and for one that does not end.
    """
    name = os.path.basename(command[0])
    kept = {key: value for key, value in env.items() if not key.startswith(_SPOKEN_TO)}
    try:
        done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, timeout=TIMEOUT, check=False)
    except OSError as error:
        raise Failure(f"{name} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{name} was stopped after {TIMEOUT} seconds") from error
    complaint = done.stderr.decode("utf-8", "replace")
    if done.returncode not in good:
        last = complaint.strip().rpartition("\n")[2][:300]
        how = f"died from signal {-done.returncode}" if done.returncode < 0 else f"ended with {done.returncode}"
        raise Failure(f"{name} {how}" + (f": {last}" if last else ""))
    return done.stdout.decode("utf-8", "replace"), complaint
