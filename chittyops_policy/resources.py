"""Finds the data that ships with the package: `policies/`, `schemas/` and `templates/`.

In a wheel they lie in ``chittyops_policy/_data``; in a checkout and an editable install beside the package. What every
check reads is in a wheel also as Python modules (``_compiled``), which `hatch_build.py` writes: Python loads its own
compiled form several times faster than it parses JSON or YAML.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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


def compiled(*parts: str) -> Any:
    """The content of a shipped JSON file, or the packed tree of a YAML file (see `nodes`), as the build read it.

    None where there is no compiled form of it, as in a checkout.
    """
    if not INSTALLED:
        return None
    try:
        return __import__(f"chittyops_policy._compiled.{module_name(*parts)}", fromlist=["CONTENT"]).CONTENT
    except ImportError:
        return None


def module_name(*parts: str) -> str:
    """The name of the module that holds the compiled form of a shipped file."""
    return "_".join(parts).replace(".", "_").replace("-", "_")


def read_json(*parts: str) -> Any:
    """The value of a shipped JSON file. Raises FileNotFoundError when the installation lacks it."""
    value = compiled(*parts)
    if value is None:
        import json  # an installed package does without

        value = json.loads(read_resource(*parts))
    return value
