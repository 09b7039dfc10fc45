"""Runs `lock` and `metrics` against an emulated GitHub."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from chittyops_policy.cli.main import main
from chittyops_policy.hosts import access
from chittyops_policy.hosts.connection import Connection

from ..github.world import World


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def runner(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """A function that runs a command line as the owner of everything, or with another token."""
    # GitHub asks for a second between two writes; the emulation does not.
    monkeypatch.setattr(access, "Connection", partial(Connection, write_pause=0.0))
    monkeypatch.setenv("GITHUB_API_URL", world.address)
    monkeypatch.setenv("CHITTYOPS_POLICY_STORE", str(folder / "store.sqlite"))

    def run(*arguments: str, token: str | None = None) -> Ran:
        monkeypatch.setenv("GITHUB_TOKEN", token or world.token)
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        code = int(left.value.code or 0)
        gc.enable()  # the command line switches it off for its own process
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run
