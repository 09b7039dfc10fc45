"""A PostgreSQL server of a test's own, from the packages of the system."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; this account is on every system."""


def programs() -> Path | None:
    """The folder of initdb and postgres: on the path, or where Debian has them."""
    found = shutil.which("initdb")
    if found and Path(found).with_name("postgres").exists():
        return Path(found).resolve().parent
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return Path(folders[-1]).parent if folders else None


needs_postgres = pytest.mark.skipif(
    programs() is None, reason="no PostgreSQL server (Debian: apt-get install postgresql)"
)


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty database, which is gone afterwards."""
    folder = programs()
    assert folder is not None
    root = os.geteuid() == 0
    user = pwd.getpwnam(UNPRIVILEGED).pw_uid if root else None
    # Not below pytest's folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="chittyops-policy-pg-") as place:
        if root:
            os.chmod(place, 0o777)
        data = f"{place}/data"
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": place}
        subprocess.run(
            [folder / "initdb", "--pgdata", data, "--username=audit", "--auth=trust", "--no-sync", "--encoding=UTF8"],
            cwd=place, env=environment, check=True, capture_output=True, user=user,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with open(f"{place}/log", "w") as log:
            process = subprocess.Popen(
                [folder / "postgres", "-D", data, "-p", str(port), "-k", place, "-h", "127.0.0.1", "-F"],
                cwd=place, env=environment, stdout=log, stderr=log, user=user,
            )  # fmt: skip
        try:
            _until_ready(folder, port, process, Path(place) / "log")
            yield f"postgresql://audit@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(timeout=60)


def _until_ready(folder: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        done = subprocess.run([folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        if done.returncode == 0:
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"PostgreSQL does not get ready:\n{log.read_text()}")
