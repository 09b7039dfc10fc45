"""Reads the arguments of ``check`` without a parser library, for the commit hook's sake.

It understands exactly the options of `check_options`, long and short, with ``=`` or a space. At anything that it is
not sure of it gives up, and the full parser explains.
"""

from __future__ import annotations

from ..checking import Request
from .check_options import FLAG, MANY, NUMBER, OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def parse(arguments: Sequence[str]) -> Request | None:
    """The request that the arguments after ``check`` mean, or None where the full parser must look."""
    by_name = {name: option for option in OPTIONS for name in option.names}
    fields: dict[str, Any] = {}
    paths: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            paths += rest
            break
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
            continue
        name, equals, value = argument.partition("=")
        option = by_name.get(name)
        if option is None or (equals and not name.startswith("--")):
            return None
        if option.kind == FLAG:
            if equals:
                return None
            fields[option.field] = option.value
            continue
        if not equals:
            if not rest:
                return None
            value = rest.pop(0)
        if option.choices and value not in option.choices:
            return None
        if option.kind == MANY:
            fields[option.field] = (*fields.get(option.field, ()), value)
        elif option.kind == NUMBER:
            if not (value.isascii() and value.isdigit()):
                return None
            fields[option.field] = int(value)
        else:
            fields[option.field] = value
    return Request(paths=tuple(paths), **fields)
