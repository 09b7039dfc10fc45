"""``chittyops-policy lock``."""

from __future__ import annotations

import json
import os
import sys

import click

from ..checking import print_out, today
from ..errors import EXIT_CLEAN, EXIT_FINDINGS, UserError
from ..policy import Overrides
from .github_options import access_of, github_options, require_scope, selection_of, source_of, store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..hosts.access import Access
    from ..lock.values import Plan


@click.command(short_help="Hold branch rules, teams and the Actions policy to the pack.")
@click.argument("action", type=click.Choice(["plan", "apply"]), default="plan")
@github_options
@click.option("--migrate", is_flag=True, help="Put a ruleset in the place of classic branch protections.")
@click.option("--prune", is_flag=True, help="Take away what protects more than the pack asks, and what was migrated.")
@click.option("--yes", "-y", is_flag=True, help="Apply without asking.")
@click.option("--full", is_flag=True, help="Name the settings that stay, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How the plan is printed.")
def lock(action: str, **given: Any) -> int:
    """Compare the settings on GitHub with what the pack asks for, and make them so.

    \b
      chittyops-policy lock plan --org ChittyOS
      chittyops-policy lock apply --org ChittyOS

    `plan`, which is what happens without a word, only reads. Its exit code is 0 where nothing is to be done, and 1
    where something is to be changed, has to wait, or could not be reached. `apply` shows the plan, asks, and exits with
    1 where a part failed or has to wait. What the token is not told is unknown, with the permission that would tell,
    and fails nothing.
    """
    require_scope(given)
    access = access_of(given)
    plan = _plan(given, access)
    if given["form"] == "json":
        from ..lock.document import plan_document

        print_out(json.dumps(plan_document(plan), indent=2) + "\n")
    else:
        from ..lock.text import plan_text

        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print_out(plan_text(plan, color=color, full=given["full"]))
    if action == "apply" and any(step.acts for step in plan.steps):
        return _apply(given, access, plan)
    if action == "apply":
        return EXIT_FINDINGS if plan.problems or plan.counts()["withheld"] else EXIT_CLEAN
    return EXIT_FINDINGS if plan.problems or not plan.settled else EXIT_CLEAN


def _plan(given: dict[str, Any], access: Access) -> Plan:
    # The rules, SQLAlchemy and PyGithub are loaded only for this, not for every other command.
    from ..audit.question import Question
    from ..lock.desired import read_lock
    from ..lock.survey import plan_of, survey

    question = Question(given["policy"], Overrides(), today(os.environ))
    wanted = read_lock(question.pack.parameters)
    store = store_of()
    source = source_of(given, access, store)
    try:
        found = survey(
            source,
            access.connection,
            wanted,
            question,
            selection_of(given),
            # Of a part of an organisation nobody can say what all of it is ready for.
            whole=given["owners"] if not given["names"] else (),
            jobs=given["jobs"],
        )
    finally:
        source.close()
        store.close()
    return plan_of(wanted, found, prune=given["prune"], migrate=given["migrate"])


def _apply(given: dict[str, Any], access: Access, plan: Plan) -> int:
    from ..lock.applying import DONE, apply_steps

    if not given["yes"]:
        if not sys.stdin.isatty():
            raise UserError("apply asks before it changes anything, and nobody is there to answer", "--yes applies")
        click.confirm("Apply this plan?", abort=True, err=True)
    outcomes: dict[str, int] = {}
    for done in apply_steps(access.connection, plan.steps):
        outcomes[done.outcome] = outcomes.get(done.outcome, 0) + 1
        wish = f"; it takes the permission {done.permission}" if done.permission else ""
        reason = f": {done.reason}{wish}" if done.reason else ""
        step = done.step
        # The plan has the output where a program reads it.
        elsewhere = done.outcome != DONE or given["form"] == "json"
        click.echo(f"{done.outcome:7} {step.scope}: {step.action} {step.label}{reason}", err=elsewhere)
    counted = ", ".join(f"{number} {word}" for word, number in sorted(outcomes.items()))
    click.echo(f"Applied: {counted}.", err=given["form"] == "json")
    whole = set(outcomes) == {DONE} and not plan.problems and not plan.counts()["withheld"]
    return EXIT_CLEAN if whole else EXIT_FINDINGS
