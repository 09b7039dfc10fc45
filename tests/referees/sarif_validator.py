"""Microsoft's SARIF validator as a referee (an npm package that holds a native program and the SARIF schema).

Installed beside this file on first use, from the lock file. `unavailable_reason` says why when that cannot be done.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "sarif"


class Unavailable(Exception):
    """The validator cannot run here; the message says what is missing."""


def unavailable_reason() -> str | None:
    """Why the referee cannot run (for a skip message), or None when it can. Installs it if need be."""
    try:
        _package()
    except Unavailable as reason:
        return str(reason)
    return None


def schema() -> Any:
    """The JSON Schema of SARIF 2.1.0."""
    return json.loads((_package() / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def complaints(text: str, folder: Path) -> list[tuple[str, str, str]]:
    """What the validator says about a log under the rules of SARIF and of GitHub: (rule, level, details).

    `folder` is an empty directory for its files.
    """
    log, answer = folder / "log.sarif", folder / "answer.sarif"
    log.write_text(text, encoding="utf-8")
    command = [str(_package() / "Sarif.Multitool"), "validate", str(log), "--output", str(answer)]
    command += ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--kind", "Fail"]
    # Without this the program asks for ICU libraries that few machines have.
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    if not answer.exists():
        raise RuntimeError(f"the validator gave no answer: {done.stdout[-500:]}{done.stderr[-500:]}")
    results = json.loads(answer.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    return [(result["ruleId"], result.get("level", "warning"), json.dumps(result.get("message"))) for result in results]


@lru_cache(maxsize=1)
def _package() -> Path:
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unavailable("the SARIF validator comes as a program for Linux on x86-64 only")
    if shutil.which("npm") is None:
        raise Unavailable("npm is not installed (it fetches the SARIF validator)")
    package = FOLDER / "node_modules" / "@microsoft" / "sarif-multitool-linux"
    with (FOLDER / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
        manifest = package / "package.json"
        present = manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["version"] in wanted.values()
        if not present:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
            if done.returncode != 0:
                raise Unavailable(f"`{' '.join(command)}` failed: {done.stderr.strip()[-400:]}")
        # What the package's own install script would do.
        program = package / "Sarif.Multitool"
        program.chmod(program.stat().st_mode | 0o100)
    return package
