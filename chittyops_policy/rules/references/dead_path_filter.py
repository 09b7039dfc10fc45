"""A path filter that covers no file of the repository."""

from __future__ import annotations

import re

from chittyops_policy.document import Mapping
from chittyops_policy.filter_patterns import PATHS, expression, problem
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import scalars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for _, settings in view.triggers.values():
        if not isinstance(settings, Mapping):
            continue
        for kind in PATHS:
            for pattern in scalars_of(settings.get(kind)):
                text = pattern.value.removeprefix("!")
                if problem(pattern.value, kind):
                    continue  # invalid-filter-pattern's
                found = re.compile(f"^{expression(text)}$", re.MULTILINE)
                if found.search(context.once(_listing)) is None:
                    yield context.at(view.document, pattern, f"no file of the repository is covered by '{text[:60]}'")


def _listing(context: Context) -> str:
    return "\n".join(context.snapshot.paths())


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/test.yml"
    jobs = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"
    return (
        Example(
            "The folder has another name by now",
            {path: f"on:\n  push:\n    paths: [lib/**, Makefile]\n{jobs}", "src/main.c": "", "Makefile": ""},
            fires=("lib/**",),
        ),
        Example(
            "Files in any depth, and the workflow itself",
            {path: f"on:\n  push:\n    paths: ['**/*.c', .github/workflows/test.yml]\n{jobs}", "src/a/main.c": ""},
        ),
        Example(
            "What is ignored, and what is taken out again",
            {
                path: "on:\n  push:\n    paths: [src/**, '!src/old/**']\n"
                f"  pull_request:\n    paths-ignore: [docs/**]\n{jobs}",
                "src/main.c": "",
            },
            fires=("'!src/old/**'", "docs/**"),
        ),
    )


RULE = Rule(
    id="dead-path-filter",
    title="A path filter covers no file",
    theme="references",
    severity="low",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"paths",),
    why=(
        "A filter outlives the folder that it names. The tests of what is there today no longer start when it changes, "
        "and nothing says so."
    ),
    how="Write the path as it is today, or take the line out.",
    limits="Files that a build makes, or that will exist one day, are not known.",
    examples=_examples,
    check=_check,
    unfixable="what the filter should cover only its owners know",
    tags=("control-flow", "hardening-gap", "correctness"),
)
