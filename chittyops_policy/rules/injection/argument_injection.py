"""A stranger's words stand where a program takes an option."""

from __future__ import annotations

import re

from chittyops_policy.document import Scalar
from chittyops_policy.expressions import segments
from chittyops_policy.injection import is_free_text
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import commands_of, scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.scripts import Script
    from chittyops_policy.workflow import Workflow

OPTIONS = {
    "cargo": "--config runs a program",
    "curl": "--config and --output read and write any file",
    "docker": "--volume opens the runner's disk",
    "find": "-exec runs a program",
    "gh": "--repo leads elsewhere",
    "git": "--upload-pack and --config run programs",
    "go": "-toolexec runs a program",
    "make": "--eval runs a program",
    "node": "--eval runs code",
    "npm": "--prefix and --script-shell run programs",
    "pip": "--index-url brings other packages",
    "python": "-c runs code",
    "python3": "-c runs code",
    "rsync": "--rsh runs a program",
    "ssh": "-o ProxyCommand runs a program",
    "tar": "--checkpoint-action runs a program",
    "wget": "--use-askpass runs a program",
    "zip": "-TT runs a program",
}
"""Program → what an option of it does for somebody else, as its own manual says."""

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|\$\{\{\s*env\.(\w+)\s*\}\}")

_PREFIXED = ("git", "gh", "docker", "npm", "cargo", "go")
"""Programs whose first word is a subcommand: an option in its place is refused."""


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    for script in scripts(workflow):
        text = script.node.value
        names = _writable(workflow, script)
        fields = {text[segment.start : segment.end] for segment in segments(text)}
        written = {field for field in fields if is_free_text(workflow, field)}
        if not written and not any(match[match.lastindex or 0] in names for match in _VARIABLE.finditer(text)):
            continue
        for command in commands_of(script, context):
            program = command.program
            harm = OPTIONS.get(program[0]) if program else None
            shown = _as_option(program, names, written) if harm else ""
            if shown:
                message = f"{shown}, which strangers write, can be an option of {program[0]}: {harm}"
                yield context.inside(workflow.document, script.node, command.start, command.end, message)


def _writable(workflow: Workflow, script: Script) -> frozenset[str]:
    """Names of variables that hold nothing but a stranger's text."""
    values: dict[str, str] = {}
    for env in (workflow.env, script.job.env if script.job is not None else None, script.step.env):
        for name, _, node in env.pairs() if env is not None else ():
            values[name] = node.value.strip() if isinstance(node, Scalar) else ""
    return frozenset(name for name, value in values.items() if is_free_text(workflow, value))


def _as_option(program: tuple[str, ...], names: frozenset[str], written: set[str]) -> str:
    """What begins a word where options are read, '' for nothing: behind ``--`` there are none any more."""
    for at, word in enumerate(program[1:], 1):
        if word == "--":
            return ""
        if at == 1 and program[0] in _PREFIXED:
            continue
        match = _VARIABLE.match(word)
        if match is not None and match[match.lastindex or 0] in names:
            shown = match[0]
        else:
            shown = next((text for text in written if word.startswith(text)), "")
        before = program[at - 1]
        # `--title "$TITLE"` gives the option its value; after `-x` alone nobody can tell, and mostly it is one, too.
        if shown and not (before.startswith("-") and "=" not in before and len(before) > 1):
            return shown
    return ""


_WORKFLOW = """\
on: pull_request_target
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - env:
          HEAD: ${{{{ github.head_ref }}}}
        run: {run}
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A branch may be called --upload-pack=...",
            _WORKFLOW.format(run='git fetch origin "$HEAD"'),
            fires=('git fetch origin "$HEAD"',),
        ),
        Example(
            "So may one that is written into the command",
            _WORKFLOW.format(run="git fetch origin ${{ github.head_ref }}"),
            fires=("git fetch origin ${{ github.head_ref }}",),
        ),
        Example("Two dashes end the options", _WORKFLOW.format(run='git fetch origin -- "$HEAD"')),
        Example(
            "Inside a word, or as the value of an option, it is no option",
            _WORKFLOW.format(run='git fetch origin "refs/heads/$HEAD" && gh pr list --head "$HEAD"'),
        ),
        Example("What only prints takes no harm", _WORKFLOW.format(run='echo "$HEAD"')),
    )


RULE = Rule(
    id="argument-injection",
    title="A stranger's text can be an option of a program",
    theme="injection",
    severity="medium",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"github.head_ref", b"github.event."),
    searched=True,
    why=(
        "Quotes keep a text from becoming several words, not from beginning with a dash: a branch or a title of the "
        "form --option=value is then an order to the program. Many everyday programs have an option that runs another "
        "one, or that reads and writes any file."
    ),
    how='Put -- before it, or something that is no dash: git fetch origin -- "$HEAD", "refs/heads/$HEAD", "./$FILE".',
    limits=(
        "It follows a text from the event, also through env, into a command of the same step, not through other "
        "variables, outputs or files, and knows some programs. Where the text is a part of the script itself, "
        "template-injection is the graver finding; its fix leaves this one."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether the program takes -- as the end of its options has to be looked up",
    tags=("injection", "external/cwe/cwe-88", "owasp-cicd-sec-4"),
)
