"""Tests here need programs that every GitHub runner has, and this machine perhaps has not."""

from __future__ import annotations

import shutil

import pytest

MISSING = [name for name in ("bash", "curl", "jq", "openssl", "ps") if shutil.which(name) is None]


@pytest.fixture(autouse=True, scope="session")
def programs() -> None:
    if MISSING:
        pytest.skip(f"not on this machine: {', '.join(MISSING)}, which the actions of this project run")
