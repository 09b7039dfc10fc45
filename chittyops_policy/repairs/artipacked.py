"""Tells a checkout not to leave its token behind.

SAFE where only steps follow that certainly leave git alone: actions of which it is known, and commands of a short list.
Any other script might fetch from a private repository with the token: then a person has to look. Where the job was
given what a push needs, a script may be the reason, and nothing is proposed.
"""

from __future__ import annotations

from chittyops_policy.calls import granted, level
from chittyops_policy.edits import add_key
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix
from chittyops_policy.shell_commands import commands
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.token_needs import action_needs
from chittyops_policy.workflow import Action, Job, Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Step

_LEAVE_GIT_ALONE = frozenset(
    ("[", "[[", "awk", "black", "cat", "cd", "chmod", "cp", "cut", "date", "du", "echo", "eslint", "exit", "export",
     "false", "flake8", "grep", "head", "jest", "jq", "ls", "mkdir", "mv", "mypy", "pip", "pip3", "prettier", "printf",
     "pwd", "pytest", "rm", "ruff", "sed", "set", "shellcheck", "sleep", "sort", "tail", "tar", "tee", "test", "touch",
     "tr", "true", "tsc", "uniq", "unzip", "vitest", "wc", "zip")
)  # fmt: skip
_PACKAGE_MANAGERS = frozenset(("npm", "pnpm", "yarn", "bun"))

_FETCHING = frozenset(("dorny/paths-filter",))
"""Known actions that fetch more of the history with what the checkout left behind (their documentation, 2026-11)."""


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """``persist-credentials: false`` among the inputs of the checkout."""
    view: Workflow | Action | None = context.snapshot.workflow(finding.path)
    if view is None or kind_of(finding.path) != WORKFLOW:
        view = context.snapshot.action(finding.path.rpartition("/")[0])
    if view is None or finding.span is None:
        return NoFix("the file cannot be read")
    jobs: list[Action | Job] = [view] if isinstance(view, Action) else list(view.jobs)
    for job in jobs:
        for at, step in enumerate(job.steps):
            if step.uses is not None and step.uses.node.start == finding.span.start:
                steps = job.steps
                document = view.document
                if isinstance(job, Job) and isinstance(view, Workflow) and _may_push(view, job, at):
                    return NoFix("the job may write to the repository, and a script of it may push with the token")
                if step.with_ is not None:
                    amendment = add_key(document, step.with_, "persist-credentials", False)
                elif step.node.get("with") is not None:
                    return NoFix("the inputs of the step are not a mapping")
                else:
                    amendment = add_key(document, step.node, "with", {"persist-credentials": False}, after="uses")
                sure = not isinstance(view, Action) and _leave_git_alone(steps[at + 1 :], context)
                notes = () if sure else ("A later script that fetches or pushes with git would need the token.",)
                return Fix(
                    "set persist-credentials: false", SAFE if sure else REVIEW, amendment.edits, amendment.effects,
                    notes=notes,
                )  # fmt: skip
    return NoFix("the checkout stands in several places of the file")


def _may_push(workflow: Workflow, job: Job, at: int) -> bool:
    """Whether a job is given what a push needs, and runs scripts after the checkout, whatever those do."""
    return level(granted(workflow, job), "contents") == "write" and any(step.run for step in job.steps[at + 1 :])


def _leave_git_alone(steps: tuple[Step, ...], context: Context) -> bool:
    known = context.once(action_needs)
    scripts = []
    for step in steps:
        if step.uses is not None:
            rows = known.get(step.uses.name)
            if rows is None or step.uses.slug in _FETCHING:
                return False
            if any(("contents", "write") in scopes for scopes, _ in rows):
                return False
        elif step.run is not None:
            words = step.run.value.split(None, 1)
            if words and words[0] not in _LEAVE_GIT_ALONE and words[0] not in _PACKAGE_MANAGERS:
                return False  # told without reading the script
            scripts.append((step.run.value, text_of(step.node.get("shell"))))
    return all(_is_harmless(script, shell, context) for script, shell in scripts)


def _is_harmless(script: str, shell: str, context: Context) -> bool:
    key = _is_harmless, script, shell  # each checkout of a job asks for every later script
    if key not in context.memo:
        found = commands(script, shell)
        context.memo[key] = found is not None and all(
            command.program and _harmless(command.program) for command in found
        )
    return bool(context.memo[key])


def _harmless(program: tuple[str, ...]) -> bool:
    if program[0] in _PACKAGE_MANAGERS:
        return program[1:2] in (("ci",), ("install",), ("i",), ("--version",), ("-v",))
    return program[0] in _LEAVE_GIT_ALONE
