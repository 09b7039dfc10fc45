"""Renders the files of ``templates/``: the standard workflows and the compliance files."""

from __future__ import annotations

from .resources import resource_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template, named by its path under ``templates/``, filled with values.

    A template marks its own places with ``<< >>`` and ``<% %>``, because ``${{ }}`` and ``{% %}`` mean something in the
    files it makes. Raises jinja2.UndefinedError where a value that it needs is missing.
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
    return environment.get_template(template).render(values)
