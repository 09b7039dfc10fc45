"""``chittyops-policy check``."""

from __future__ import annotations

import click

from ..checking import Request
from .check_options import FLAG, MANY, NUMBER, OPTIONS
from .check_run import perform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _command(**fields: Any) -> int:
    fields = {name: value for name, value in fields.items() if value is not None}
    return perform(Request(**fields))


_HELP = """Check repositories, folders of repositories, or single files.

Without PATHS it checks the repository around the current directory. Named files are judged with their whole
repository in view, but only their own findings are shown; "-" reads standard input.

\b
  chittyops-policy check
  chittyops-policy check .github/workflows/ci.yml
  chittyops-policy check --format github --format sarif:policy.sarif
  chittyops-policy check --fix --explain
"""


def options(without: frozenset[str] = frozenset()) -> list[click.Parameter]:
    """The options of ``check`` for click, for every command that ends in a check; `without` those of some fields."""
    parameters: list[click.Parameter] = []
    for option in OPTIONS:
        if option.field in without:
            continue
        settings: dict[str, Any] = {"help": option.help}
        if option.kind == FLAG:
            settings.update(is_flag=True, flag_value=option.value, default=None)
        elif option.kind == MANY:
            settings.update(multiple=True)
        elif option.kind == NUMBER:
            settings.update(type=click.IntRange(min=0))
        if option.choices:
            settings["type"] = click.Choice(option.choices)
        elif option.metavar:
            settings["metavar"] = option.metavar
        parameters.append(click.Option([option.field, *option.names], **settings))
    return parameters


_PATHS = click.Argument(["paths"], nargs=-1, metavar="[PATHS]...")
check = click.Command(
    "check", params=[_PATHS, *options()], callback=_command, help=_HELP, short_help="Check repositories."
)
