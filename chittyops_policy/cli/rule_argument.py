"""The RULE argument of several commands: completes rule ids, and suggests one for a misspelt id."""

from __future__ import annotations

from difflib import get_close_matches

import click

from ..catalogue import Catalogue, load
from ..errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rule import Rule


def complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The rule ids that begin like what was typed."""
    return [rule.id for rule in load() if rule.id.startswith(incomplete)]


def find_rule(catalogue: Catalogue, id: str) -> Rule:
    """The rule of that id. Raises UserError with the closest ids."""
    rule = catalogue.get(id)
    if rule is None:
        close = get_close_matches(id, list(catalogue.rules), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "chittyops-policy rules lists them all"
        raise UserError(f"there is no rule {id!r}", hint)
    return rule
