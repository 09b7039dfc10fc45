"""What ``check`` does with a request, however its arguments were read."""

from __future__ import annotations

import os
import sys

from ..checking import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..checking import Request


def perform(request: Request) -> int:
    """Checks, or fixes where the request says so; gives the exit code."""
    stdin = sys.stdin.buffer.read() if "-" in request.paths else None
    if request.fix or request.diff or request.review or request.explain:
        from ..fixing import run as fix  # proof and templates are not needed for a check

        return fix(request, os.environ, stdin)
    return run(request, os.environ, stdin)
