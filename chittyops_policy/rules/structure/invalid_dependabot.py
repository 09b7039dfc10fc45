"""A dependabot.yml with options that Dependabot does not know."""

from __future__ import annotations

from chittyops_policy.rule import DEPENDABOT, Context, Example, Rule
from chittyops_policy.structure import DUPLICATE_KEY, dependabot_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding

_PATH = ".github/dependabot.yml"


def _check(view: Document, context: Context) -> Iterator[Finding]:
    for problem in dependabot_problems(view):
        if problem.keyword != DUPLICATE_KEY:  # the rule duplicate-key speaks of these in every YAML file
            yield context.at(view, problem.span, problem.message, node=problem.node)


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The template of a new repository, not filled in",
            {
                _PATH: "version: 2\n"
                "updates:\n"
                '  - package-ecosystem: ""\n'
                '    directory: "/"\n'
                "    schedule:\n"
                "      interval: weekly\n"
            },
            fires=('""',),
        ),
        Example(
            "Unknown options and a missing place",
            {
                _PATH: "version: '2'\n"
                "updates:\n"
                "  - package-ecosystem: npm\n"
                "    schedule:\n"
                "      interval: hourly\n"
                "    reviewers: [octocat]\n"
            },
            fires=("'2'", "package-ecosystem", "hourly", "reviewers"),
        ),
        Example(
            "Several directories, a group and a cooldown",
            {
                _PATH: "version: 2\n"
                "updates:\n"
                "  - package-ecosystem: github-actions\n"
                '    directories: ["/", "/.github/actions/*"]\n'
                "    schedule: {interval: cron, cronjob: 0 6 * * 1}\n"
                "    cooldown: {default-days: 7}\n"
                "    groups:\n"
                '      actions: {patterns: ["*"]}\n'
            },
        ),
    )


RULE = Rule(
    id="invalid-dependabot",
    title="Dependabot would not accept its configuration",
    theme="structure",
    severity="medium",
    visits=(DEPENDABOT,),
    why=(
        "Dependabot ignores a configuration that it cannot read: no update and no grouping happens, and the only "
        "sign is a line on a page of the repository that nobody looks at."
    ),
    how="Correct the marked place; GitHub's reference of Dependabot options lists what is possible.",
    limits=(
        "GitHub publishes no parser for this file; the rule follows the documented options. Whether directories, "
        "labels or people exist is not looked at."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the configuration was meant to say only its owners know",
    tags=("control-flow", "correctness"),
)
