"""A script that prints commands which GitHub has replaced by files."""

from __future__ import annotations

import re

from chittyops_policy.model import Value
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Scalar
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Job, Step

FILES = {
    "set-output": "GITHUB_OUTPUT",
    "save-state": "GITHUB_STATE",
    "set-env": "GITHUB_ENV",
    "add-path": "GITHUB_PATH",
}
"""Command → the variable that names the file to write to instead (GitHub's changelog, 2020-10 and 2022-10)."""

_OFF = ("set-env", "add-path")
_COMMAND = re.compile(r"::(?:(set-output|save-state|set-env)[ \t]+name=[^:\n]+|(add-path))::", re.IGNORECASE)


class Use(Value):
    """A deprecated command in a script: [start, end) are offsets in the script's value."""

    __slots__ = ("command", "end", "job", "script", "start", "step")

    def __init__(self, command: str, start: int, end: int, script: Scalar, step: Step, job: Job | None) -> None:
        self.command = command
        self.start = start
        self.end = end
        self.script = script
        self.step = step
        self.job = job


def uses_in(view: Workflow | Action) -> Iterator[Use]:
    """Every deprecated command of a file, those in comments of a script left out; an aliased step counts once."""
    steps: list[tuple[Step, Job | None]]
    if isinstance(view, Workflow):
        steps = [(step, job) for job in view.jobs for step in job.steps]
    else:
        steps = [(step, None) for step in view.steps]
    seen: set[int] = set()
    for step, job in steps:
        script = step.run
        if script is None or "::" not in script.value or id(script) in seen:
            continue
        seen.add(id(script))
        for found in _COMMAND.finditer(script.value):
            line = script.value[script.value.rfind("\n", 0, found.start()) + 1 : found.start()]
            if not line.lstrip().startswith("#"):
                command = (found[1] or found[2]).lower()
                yield Use(command, found.start(), found.end(), script, step, job)


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for use in uses_in(view):
        gone = "no longer works" if use.command in _OFF else "is deprecated"
        yield context.inside(
            view.document, use.script, use.start, use.end,
            f"the command ::{use.command}:: {gone}; write to ${FILES[use.command]} instead",
            severity="high" if use.command in _OFF else None,
        )  # fmt: skip


def _examples() -> tuple[Example, ...]:
    path = ".github/workflows/example.yml"
    head = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "An output of old",
            {path: head + '      - id: version\n        run: |\n          tag=$(git describe)\n'
                   '          echo "::set-output name=tag::$tag"\n'},
            fires=("::set-output name=tag::",),
            after={path: head + '      - id: version\n        run: |\n          tag=$(git describe)\n'
                         '          echo "tag=$tag" >> "$GITHUB_OUTPUT"\n'},
        ),
        Example(
            "The way of today, and commands that are not deprecated",
            head + '      - run: |\n          echo "tag=v1" >> "$GITHUB_OUTPUT"\n          echo "::notice::done"\n',
        ),
        Example(
            "Two that were switched off, in any letter case, and one that is only remembered",
            head + "      - run: |\n          # echo ::set-env name=OLD::1\n          echo ::SET-ENV name=MODE::fast\n"
            "          echo ::add-path::/opt/tool/bin\n",
            fires=("::SET-ENV name=MODE::", "::add-path::"),
            after={path: head + "      - run: |\n          # echo ::set-env name=OLD::1\n"
                         '          echo MODE=fast >> "$GITHUB_ENV"\n'
                         '          echo /opt/tool/bin >> "$GITHUB_PATH"\n'},
        ),
    )  # fmt: skip


RULE = Rule(
    id="deprecated-commands",
    title="A script prints commands that GitHub has replaced by files",
    theme="hygiene",
    severity="low",
    visits=(WORKFLOW, ACTION),
    needs=(b"::set-output", b"::save-state", b"::set-env", b"::add-path"),
    why=(
        "What a step prints can come from outside, and a line such as ::set-output name=x::y was an order to the "
        "runner, whoever had written it. GitHub has replaced these commands by files. ::set-env and ::add-path were "
        "switched off in 2020; ::set-output and ::save-state warn in every run and will follow."
    ),
    how="Append name=value to the file that $GITHUB_OUTPUT, $GITHUB_STATE or $GITHUB_ENV names; paths to $GITHUB_PATH.",
    limits="Commands that a program prints are not seen.",
    examples=_examples,
    check=_check,
    tags=("injection", "external/cwe/cwe-477", "owasp-cicd-sec-4"),
)
