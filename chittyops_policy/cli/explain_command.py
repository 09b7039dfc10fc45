"""``chittyops-policy explain``."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.markdown import Markdown

from ..catalogue import load
from ..policy import standard_pack
from ..rule_page import rule_page
from .rule_argument import complete_rule, find_rule


@click.command(short_help="Explain a rule, with examples.")
@click.argument("rule", shell_complete=complete_rule)
def explain(rule: str) -> int:
    """Explain RULE: what it finds, why that matters, how to fix it, and examples that are run while you wait."""
    catalogue = load()
    page = rule_page(find_rule(catalogue, rule), catalogue, standard_pack(None))
    if sys.stdout.isatty():
        Console().print(Markdown(page))
    else:
        click.echo(page, nl=False)
    return 0
