"""Tells a checkout not to leave its token behind.

SAFE where only steps follow that certainly leave git alone: actions of which it is known, and commands of a short list.
Any other script might fetch from a private repository, or push, with the token: then a person has to look.
"""

from __future__ import annotations

from chittyops_policy.edits import add_key
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix
from chittyops_policy.shell_commands import commands
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.token_needs import action_needs
from chittyops_policy.workflow import Action, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Step, Workflow

_LEAVE_GIT_ALONE = frozenset(
    ("[", "[[", "awk", "black", "cat", "cd", "chmod", "cp", "cut", "date", "du", "echo", "eslint", "exit", "export",
     "false", "flake8", "grep", "head", "jest", "jq", "ls", "mkdir", "mv", "mypy", "pip", "pip3", "prettier", "printf",
     "pwd", "pytest", "rm", "ruff", "sed", "set", "shellcheck", "sleep", "sort", "tail", "tar", "tee", "test", "touch",
     "tr", "true", "tsc", "uniq", "unzip", "vitest", "wc", "zip")
)  # fmt: skip


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """``persist-credentials: false`` among the inputs of the checkout."""
    view: Workflow | Action | None = context.snapshot.workflow(finding.path)
    if view is None or kind_of(finding.path) != WORKFLOW:
        view = context.snapshot.action(finding.path.rpartition("/")[0])
    if view is None or finding.span is None:
        return NoFix("the file cannot be read")
    for steps in [view.steps] if isinstance(view, Action) else [job.steps for job in view.jobs]:
        for at, step in enumerate(steps):
            if step.uses is not None and step.uses.node.start == finding.span.start:
                document = view.document
                if step.with_ is not None:
                    amendment = add_key(document, step.with_, "persist-credentials", False)
                elif step.node.get("with") is not None:
                    return NoFix("the inputs of the step are not a mapping")
                else:
                    amendment = add_key(document, step.node, "with", {"persist-credentials": False}, after="uses")
                sure = not isinstance(view, Action) and all(map(_leaves_git_alone(context), steps[at + 1 :]))
                notes = () if sure else ("A later script that fetches or pushes with git would need the token.",)
                return Fix(
                    "set persist-credentials: false", SAFE if sure else REVIEW, amendment.edits, amendment.effects,
                    notes=notes,
                )  # fmt: skip
    return NoFix("the checkout stands in several places of the file")


def _leaves_git_alone(context: Context) -> Callable[[Step], bool]:
    known = context.once(action_needs)

    def check(step: Step) -> bool:
        if step.uses is not None:
            rows = known.get(step.uses.name)
            return rows is not None and not any(("contents", "write") in scopes for scopes, _ in rows)
        if step.run is None:
            return True
        found = commands(step.run.value, text_of(step.node.get("shell")))
        return found is not None and all(command.program[:1] and _harmless(command.program) for command in found)

    return check


def _harmless(program: tuple[str, ...]) -> bool:
    if program[0] in ("npm", "pnpm", "yarn", "bun"):
        return program[1:2] in (("ci",), ("install",), ("i",), ("--version",), ("-v",))
    return program[0] in _LEAVE_GIT_ALONE
