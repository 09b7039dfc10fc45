"""Renders the files of ``templates/``: the standard workflows and the compliance files."""

from __future__ import annotations

import re

from .edits import block_text, flow_text
from .resources import read_resource, resource_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PINS = ("templates", "pins", "action.yml")
"""The one file that names the commits of the actions in templates."""


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template, named by its path under ``templates/``, filled with values.

    A template marks its own places with ``<< >>`` and ``<% %>``, because ``${{ }}`` and ``{% %}`` mean something in the
    files it makes. ``pin("owner/name")`` is a pinned ``uses``, ``version("owner/name")`` its version without the v; the
    filters ``yaml`` and ``yaml_block`` write a value on one line and on several. Raises jinja2.UndefinedError where a
    value that it needs is missing, and KeyError where it calls an action without a pin.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 60 ms, and only needed where a file is written

    environment = Environment(
        loader=FileSystemLoader(resource_path("templates")),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters["yaml"] = flow_text
    environment.filters["yaml_block"] = lambda value: block_text(value).rstrip("\n")
    pinned = pins()
    environment.globals["pin"] = lambda action: pinned[action]
    environment.globals["version"] = lambda action: pinned[action].rpartition(" # v")[2]
    return environment.get_template(template).render(values)


def pins() -> dict[str, str]:
    """Action → ``action@commit # version`` of every action in the templates."""
    text = read_resource(*PINS).decode("utf-8")
    return {name: whole for whole, name in re.findall(r"uses: ((\S+)@[0-9a-f]{40} # \S+)$", text, re.MULTILINE)}
