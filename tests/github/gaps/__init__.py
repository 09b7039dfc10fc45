"""Parts of GitHub's REST API that the emulator lacks, one group of paths a file; each has `routes`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..server import Route


def every_route() -> list[Route]:
    """The routes of all modules of this folder."""
    found: list[Route] = []
    for module in iter_modules(__path__):
        found += import_module(f"{__name__}.{module.name}").routes.all
    return found
