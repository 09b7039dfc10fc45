"""An emulator of GitHub's REST API (npm ``emulate``) on a free port, for the tests of what asks GitHub."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from . import node

TOKEN = "test_token_admin"
"""A token that the emulator accepts for everything."""

_PATIENCE = 30


@contextmanager
def github_emulator(*repositories: str) -> Iterator[str]:
    """The address of a fresh GitHub with these ``owner/name``, each with one commit on ``main``.

    Raises node.Unavailable where Node is missing.
    """
    owners = sorted({slug.split("/")[0] for slug in repositories})
    seed = {
        "tokens": {TOKEN: {"login": "octocat", "scopes": ["repo"]}},
        "github": {
            "users": [{"login": "octocat", "name": "The Octocat"}],
            "orgs": [
                {"login": owner, "name": owner, "members": [{"login": "octocat", "role": "admin"}]} for owner in owners
            ],
            "repos": [
                {"owner": slug.split("/")[0], "name": slug.split("/")[1], "auto_init": True} for slug in repositories
            ],
        },
    }
    with seeded_emulator(seed) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def seeded_emulator(seed: dict[str, Any], known_as: str | None = None) -> Iterator[int]:
    """The port of a fresh emulator; `known_as` is the address that it writes into its answers.

    emulator.mjs lists the few addresses that it has besides GitHub's. Raises node.Unavailable where Node is missing.
    """
    folder = node.installed()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "seed.json"
        path.write_text(json.dumps(seed))
        command = [node.tool("node"), str(folder / "emulator.mjs"), str(path), str(port), known_as or address]
        with (Path(temporary) / "log").open("w+") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=temporary)
            try:
                _wait(process, address, log.name)
                yield port
            finally:
                process.terminate()
                process.wait(timeout=_PATIENCE)


def _wait(process: subprocess.Popen[bytes], address: str, log: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with urlopen(f"{address}/rate_limit", timeout=_PATIENCE):
                return
        except URLError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise node.Unavailable(f"the emulator does not start: {Path(log).read_text()[-400:]}") from error
            time.sleep(0.05)
