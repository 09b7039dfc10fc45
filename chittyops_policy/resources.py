"""Finds the data that ships with the package: `policies/`, `schemas/` and `templates/`.

In a wheel they lie in ``chittyops_policy/_data``; in a checkout and an editable install beside the package.
"""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PACKAGED = os.path.join(_PACKAGE, "_data")
INSTALLED = os.path.isdir(_PACKAGED)
"""Whether this is an installed package, whose files nobody edits, rather than a checkout."""
_ROOT = _PACKAGED if INSTALLED else os.path.dirname(_PACKAGE)


def resource_path(*parts: str) -> str:
    """The path of a shipped file or folder, for example ``resource_path("schemas", "report.schema.json")``."""
    return os.path.join(_ROOT, *parts)


def read_resource(*parts: str) -> bytes:
    """The bytes of a shipped file. Raises FileNotFoundError when the installation lacks it."""
    with open(resource_path(*parts), "rb") as stream:
        return stream.read()
