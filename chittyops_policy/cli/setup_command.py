"""``chittyops-policy setup``."""

from __future__ import annotations

import click

from ..audit.result import NOT_REACHED
from ..conforming import NAMES, Wishes
from ..errors import UserError
from . import audit_writing
from .audit_command import apply, output_options, perform, source_options
from .init_command import owner_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..audit.proposals import Proposer
    from ..audit.question import Question


@click.command(short_help="Bring the standard to whole organisations by pull requests.")
@source_options
@click.option("--dry-run", "-n", is_flag=True, help="Only write plan.json and a patch for each repository.")
@click.option("--apply", "plan", metavar="FILE", help="Open the pull requests of a plan.json; refuse what moved.")
@click.option("--files", multiple=True, type=click.Choice(NAMES), help="Bring only this file; may be repeated.")
@owner_option
@click.option("--review", is_flag=True, help="Also fix what a person should look at before merging.")
@click.option(
    "--max-prs", "limit", type=click.IntRange(0), metavar="N", help="At most N new pull requests in this run."
)
@click.option("--wave", metavar="RING", help="Only repositories of this ring of the pack; or all.")
@click.option("--out", "-o", default="setup-report", metavar="DIR", help="Where the report goes.", show_default=True)
@output_options
def setup(**given: Any) -> int:
    """Make every repository conform, as `init` makes one, by one pull request in each.

    Nothing is pushed to a default branch, no file is replaced by another one, and nothing is merged. The same command
    goes on where it was stopped; a second run opens nothing that is open, and nothing that somebody has closed.

    \b
      chittyops-policy setup --org Northwind --dry-run
      chittyops-policy setup --apply setup-report/plan.json
      chittyops-policy setup --org Northwind --wave canary --max-prs 5

    Exit code: 0 everything is there or proposed; 1 a repository or pull request that was not reached, refused or held;
    2 a wrong call; 3 a bug.
    """
    given |= {"fix": given["plan"] is None, "only": (), "settings": False}
    given |= {"profile": None, "select": (), "ignore": (), "fail_on": None}
    if given["plan"] is not None and (given["files"] or given["owner"]):
        raise UserError("a plan says itself what it brings", "leave --files and --owner out")
    audit_writing.validate(given)
    if given["plan"] is not None:
        return apply(given)
    result, complete = perform(given, _proposer)
    reached = not result.problems and not any(standing.state == NOT_REACHED for standing in result.standings)
    return audit_writing.exit_code(complete and reached)


def _proposer(given: dict[str, Any], question: Question) -> Proposer:
    from ..audit.setting_up import SetUp  # with the fixer, which only a sweep needs

    wishes = Wishes(only=given["files"], owner=given["owner"], review=given["review"])
    wave = "" if given["wave"] in (None, audit_writing.EVERYONE) else given["wave"]
    return SetUp(question.catalogue, question.pack, question.today, wishes, wave)
