"""``chittyops-policy init``."""

from __future__ import annotations

import os
import re
import sys

import click

from ..checking import today
from ..conforming import NAMES, Wishes
from ..errors import UserError
from ..hosts.github import github_host
from ..initialising import Initialisation
from ..projects import TYPES, UNKNOWN

_TYPES = tuple(name for name in TYPES if name != UNKNOWN)
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+")


def _owner(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if value and not _OWNER.fullmatch(value):
        raise click.BadParameter(f"{value!r} is neither @org/team nor @user nor an address of mail")
    return value


owner_option = click.option(
    "--owner",
    metavar="@ORG/TEAM",
    default="",
    callback=_owner,
    help="Who owns the workflows in a new CODEOWNERS, beside those whom the policy names.",
)


@click.command(short_help="Make a repository conform to the standard.")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("--type", "types", multiple=True, type=click.Choice(_TYPES), help="What it is, instead of what it shows.")
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    type=click.Choice(NAMES),
    help="Create only this file, such as ci, codeowners or dependabot; may be repeated.",
)
@owner_option
@click.option("--review", is_flag=True, help="Also fix what a person should look at before merging.")
@click.option("--yes", "-y", is_flag=True, help="Change what is there without asking.")
@click.option("--dry-run", "-n", is_flag=True, help="Show the plan and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: the plan as JSON, with the text of each file.")
@click.option("--codeql", is_flag=True, help="Write codeql.yml: its default setup is known to be off.")
@click.option("--online", is_flag=True, help="Ask GitHub what files cannot tell, with the token in GITHUB_TOKEN.")
@click.option("--policy", metavar="FILE", help="The policy pack to apply instead of the ChittyOS standard.")
def init(
    path: str,
    types: tuple[str, ...],
    only: tuple[str, ...],
    owner: str,
    review: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    codeql: bool,
    online: bool,
    policy: str | None,
) -> int:
    """Make the repository around PATH conform to the standard.

    It shows which files it would create, from which template and why, and what it would change in files that are there,
    as a diff. Missing files are written; before anything that is there changes it asks. No file is ever overwritten by
    another one. At the end it says what only people can do. A second run changes nothing.

    \b
      chittyops-policy init --dry-run
      chittyops-policy init --owner @northwind/platform
      chittyops-policy init --only ci --only dependabot
    """
    if as_json and not dry_run:
        raise UserError("--json shows a plan and carries out none", "add --dry-run")
    call = Initialisation(
        path,
        Wishes(types, only, owner, review),
        os.environ,
        ask=(lambda question: click.confirm(question)) if sys.stdin.isatty() else None,
        yes=yes,
        policy=policy,
        host=github_host(os.environ, today(os.environ)) if online else None,
        default_setup=False if codeql else None,
    )
    return call.show(as_json) if dry_run else call.run()
