"""Runs workflows that call our actions as other repositories do, in the real act, against `services`."""

from __future__ import annotations

import hashlib
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..doors.acts import Log, act
from ..doors.support import ROOT, repository, write
from .services import API_KEY, Services, certificate

OWN = "ChittyOS/chittyops-policy"
COMMIT = "a1" * 20
WORKFLOW = ".github/workflows/x.yml"

WATCHED = ("curl", "jq", "od", "tr", "tail", "mktemp", "rm", "cat", "ps")
"""Programs that our scripts start: each is the real one behind a few lines that keep its arguments."""

WRAPPER = """#!/bin/bash
printf '%s\\n' "${{0##*/}} $*" >>"$KEEP/arguments"
exec {real} "$@"
"""
NAMED = """#!/bin/bash
printf '%s\\n' "curl $*" >>"$KEEP/arguments"
exec {real} "$@" --connect-to "::127.0.0.1:$SERVICES"
"""
"""A curl that finds `services` at every address; names and certificates are checked as ever."""
SLEEP = """#!/bin/bash
printf '%s\\n' "$1" >>"$KEEP/sleeps"
"""
"""A wait that is only noted."""


class Stage:
    """A folder with what act needs: our actions, programs that steps find first, and what those keep.

    keep      the arguments of the watched programs, and the waits
    own       what stands in for our repository at `COMMIT`
    certified the file of `services.certificate` where the real addresses are to be used
    """

    def __init__(self, folder: Path, names: bool = False) -> None:
        self.folder = folder
        self.keep = folder / "keep"
        self.own = folder / "own"
        self.programs = folder / "programs"
        for place in (self.keep, self.programs, folder / "act"):
            place.mkdir(parents=True)
        shutil.copytree(ROOT / "actions", self.own / "actions")
        for name in WATCHED:
            real = shutil.which(name)
            assert real is not None, f"this machine has no {name}"
            self.program(name, WRAPPER.format(real=shlex.quote(real)))
        self.program("sleep", SLEEP)
        self.certified = certificate(folder) if names else None
        if names:
            self.program("curl", NAMED.format(real=shlex.quote(shutil.which("curl") or "")))

    def program(self, name: str, text: str) -> None:
        """A command that steps find before any other of its name."""
        write(self.programs, {name: text})
        (self.programs / name).chmod(0o755)

    def kept(self, name: str) -> list[str]:
        path = self.keep / name
        return path.read_text().splitlines() if path.exists() else []

    def run(
        self,
        workflow: str,
        services: Services,
        *,
        identity: bool = True,
        key: bool = True,
        variables: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
        replaced: Mapping[str, Path] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        event: str = "push",
        payload: Mapping[str, Any] | None = None,
    ) -> Log:
        """Runs one workflow in a fresh repository of its own.

        identity  whether the job may ask for identity tokens
        key       whether the repository has the secret CHITTYCONNECT_API_KEY

        Both reach act through files, so that its own command line shows none of them.
        """
        shutil.rmtree(self.folder / "repository", ignore_errors=True)
        place = repository(self.folder / "repository", {WORKFLOW: workflow, **(files or {})})
        shutil.rmtree(self.keep)
        self.keep.mkdir()
        environment = {"URL": services.url, "KEEP": str(self.keep), **(variables or {})}
        environment |= services.environment() if identity else {}
        if self.certified is not None:
            environment |= {"CURL_CA_BUNDLE": str(self.certified), "SERVICES": str(services.port)}
        secrets = {"CHITTYCONNECT_API_KEY": API_KEY} if key else {}
        for name, values in (("env", environment), ("secrets", secrets)):
            (self.folder / name).write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        return act(
            place,
            WORKFLOW,
            event,
            payload,
            own=self.folder / "act",
            replaced={f"{OWN}@{COMMIT}": self.own, **(replaced or {})},
            variables={},
            options=(
                "--env-file", str(self.folder / "env"), "--secret-file", str(self.folder / "secrets"), *options,
            ),
            programs=self.programs,
        )  # fmt: skip


def digest(value: str) -> str:
    """What a step prints of a value in place of it."""
    return hashlib.sha256(value.encode()).hexdigest()
