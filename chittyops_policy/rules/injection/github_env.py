"""A privileged workflow lets computed values decide over the environment of the steps that follow."""

from __future__ import annotations

import re

from chittyops_policy.document import Scalar
from chittyops_policy.injection import source_in
from chittyops_policy.outsiders import privileged_events
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import commands_of, scripts
from chittyops_policy.value_flows import Place, of_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chittyops_policy.injection import Source
    from chittyops_policy.model import Finding
    from chittyops_policy.scripts import Script
    from chittyops_policy.shell_commands import Command
    from chittyops_policy.workflow import Workflow

_FILE = re.compile(r"GITHUB_(?:ENV|PATH)\b")
_EXPANSION = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)?|`[^`]*`|\$\w+", re.S)
_HEREDOC = re.compile(r"<<-?[ \t]*(\\|['\"])?(\w+)")
_RUNNERS_OWN = re.compile(
    r"\$\{?(?:RUNNER_\w+|HOME|PWD|PATH|GITHUB_(?:SHA|RUN_ID|RUN_NUMBER|RUN_ATTEMPT|WORKSPACE|REPOSITORY|ACTION_PATH|"
    r"REPOSITORY_OWNER|EVENT_NAME|JOB|SERVER_URL|API_URL))\}?|\$\((?:date|pwd|nproc|uname)\b[^$`]*"
)
_OUR_EXPRESSIONS = re.compile(
    r"\$\{\{\s*(?:secrets\.\w+|vars\.\w+|runner\.\w+|github\.(?:sha|run_id|run_number|run_attempt|repository|token|"
    r"repository_owner|event_name|workspace|event\.(?:pull_request|issue|discussion)\.number|event\.workflow_run\.id|"
    r"event\.pull_request\.head\.sha))\s*\}\}"
)
"""What nobody outside can write, or what has no form that does harm."""


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    events = privileged_events(workflow)
    if not events:
        return
    for script in scripts(workflow):
        text = script.node.value
        if _FILE.search(text) is None:
            continue
        harmless = _harmless(workflow, script)
        every = commands_of(script, context)
        for command in every:
            file = _written(command)
            value = _first(_texts(command, every, text), harmless) if file else ""
            if value:
                shown = value if len(value) <= 40 else value[:37] + "..."
                message = f"{' '.join(shown.split())} goes into {file} of a job that runs for {events[0]}"
                free = _free(value, Place(workflow, script.job, script.step), context)
                yield context.inside(
                    workflow.document,
                    script.node,
                    command.start,
                    command.end,
                    message,
                    severity=None if free else "medium",
                    notes=(f"{free.words} is text that outsiders write." if free else _UNTOLD,),
                )


_UNTOLD = "Who decides over the value cannot be told."


def _free(value: str, place: Place, context: Context) -> Source | None:
    """The source of what goes there, where that is known to be a text that outsiders write."""
    for origin in of_text(place, value):
        source = source_in(origin.expr, origin.place, context) if origin.expr is not None else None
        if source is not None and source.free:
            return source
    return None


def _written(command: Command) -> str:
    places = command.targets if command.program[:1] != ("tee",) else command.program[1:]
    return next((match[0] for place in places if (match := _FILE.search(place))), "")


def _texts(command: Command, every: Sequence[Command], text: str) -> Sequence[str]:
    """What a command writes: its words, its here-document, or for tee what the command before it writes."""
    if command.program[:1] == ("tee",):
        before = [each for each in every if each.end <= command.start]
        return _texts(before[-1], before[:-1], text) if before else ("$(tee)",)
    if command.program == ("cat",):
        line, _, rest = text[command.start :].partition("\n")
        match = _HEREDOC.search(line)
        if match is not None:
            return () if match[1] else (re.split(rf"^\s*{match[2]}\s*$", rest, maxsplit=1, flags=re.M)[0],)
    if command.program[:1] in (("echo",), ("printf",)):
        return command.words[1:]
    return ("$(" + " ".join(command.words) + ")",)


def _first(texts: Sequence[str], harmless: frozenset[str]) -> str:
    """The first expansion that somebody else may decide over, '' for none."""
    for text in texts:
        for match in _EXPANSION.finditer(text):
            found = match[0]
            if (
                found.strip("${}") in harmless
                or _RUNNERS_OWN.fullmatch(found.rstrip(")"))
                or _RUNNERS_OWN.fullmatch(found)
            ):
                continue
            if _OUR_EXPRESSIONS.fullmatch(found) is None:
                return found
    return ""


def _harmless(workflow: Workflow, script: Script) -> frozenset[str]:
    """Names of variables of ``env`` whose value nobody outside decides over."""
    values: dict[str, str] = {}
    for env in (workflow.env, script.job.env if script.job is not None else None, script.step.env):
        for name, _, node in env.pairs() if env is not None else ():
            values[name] = node.value if isinstance(node, Scalar) else "${{"
    return frozenset(name for name, value in values.items() if "${{" not in _OUR_EXPRESSIONS.sub("", value))


_WORKFLOW = """\
on: pull_request_target
jobs:
  label:
    runs-on: ubuntu-latest
    steps:
      - run: |
{script}"""


def _workflow(*lines: str) -> str:
    return _WORKFLOW.format(script="".join(f"          {line}\n" for line in lines))


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A title with a line break sets any variable it likes",
            "on: pull_request_target\n"
            "jobs:\n"
            "  label:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - env: {TITLE: '${{ github.event.pull_request.title }}'}\n"
            '        run: echo "TITLE=$TITLE" >> "$GITHUB_ENV"\n'
            '      - run: cat pr/path.txt | tee -a "$GITHUB_PATH"\n',
            fires=('echo "TITLE=$TITLE" >> "$GITHUB_ENV"', 'tee -a "$GITHUB_PATH"'),
        ),
        Example(
            "Literals, the runner's own values and numbers",
            _workflow(
                'echo "MODE=check" >> "$GITHUB_ENV"',
                'echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"',
                'echo "PR=${{ github.event.pull_request.number }}" >> "$GITHUB_ENV"',
            ),
        ),
        Example(
            "A run without privileges",
            _workflow('echo "TITLE=$(cat title)" >> "$GITHUB_ENV"').replace("pull_request_target", "pull_request"),
        ),
        Example(
            "Outputs are no environment",
            _workflow('echo "title=$(cat title)" >> "$GITHUB_OUTPUT"'),
        ),
    )


RULE = Rule(
    id="github-env",
    title="A privileged job writes computed values into GITHUB_ENV or GITHUB_PATH",
    theme="injection",
    severity="high",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"github_env", b"github_path"),
    why=(
        "Whoever can put a line break into what is written there can set any variable for the steps that follow, "
        "LD_PRELOAD and NODE_OPTIONS among them, or put a folder in front of PATH: the next command is then theirs, "
        "with the repository's secrets at hand."
    ),
    how=(
        "Hand values on as step outputs, $GITHUB_OUTPUT, and read them through env: where they are needed; or check "
        "the value against a pattern first and except the finding with that reason."
    ),
    limits=(
        "It is graver where a text is known to be a stranger's; whatever else is computed counts as well. "
        "Composite actions are as dangerous as who calls them and are not judged; PowerShell is not read."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether the value is checked before, and who needs it, only the author knows",
    tags=("injection", "external/cwe/cwe-454", "owasp-cicd-sec-4"),
)
