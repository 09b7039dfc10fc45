"""Writes to the runner's files what a script used to print as a command."""

from __future__ import annotations

import re

from chittyops_policy import edits
from chittyops_policy.model import REVIEW, Fix, NoFix
from chittyops_policy.rules.hygiene.deprecated_commands import FILES, uses_in
from chittyops_policy.runners import LINUX, MACOS, machines_of
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.workflow import Action, Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.rules.hygiene.deprecated_commands import Use

_ECHO = re.compile(
    r"""(?P<echo>[ \t]*echo[ \t]+)(?P<quote>["']?)::[A-Za-z-]+(?:[ \t]+name=(?P<name>[A-Za-z_][A-Za-z0-9_-]*))?::"""
    r"""(?P<value>[^"'\\`\n]*)(?P=quote)[ \t]*"""
)
"""A line that does nothing but echo one command, whose value has no quote, no escape and no backtick."""

_ESCAPES = re.compile(r"%(?:25|0A|0D)", re.IGNORECASE)
"""What a script writes for %, line feed and carriage return in the value of a command; a file takes it literally."""

_MEANING = frozenset("|&;<>(){}#*?[]~!")


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Turns each lone ``echo`` of the script into one that appends to the file; anything longer is left to people."""
    document = context.snapshot.document(finding.path)
    if document is None or finding.span is None:
        return NoFix("the command is not found again")
    view = Workflow(document) if kind_of(finding.path) == WORKFLOW else Action(document)
    uses = list(uses_in(view))
    own = next((use for use in uses if document.spot(use.script, use.start, use.end) == finding.span), None)
    if own is None:
        return NoFix("the command is not found again")
    if not _is_posix(own, view):
        return NoFix("whether a POSIX shell runs the script is not certain")
    mended = _mended(own)
    if isinstance(mended, str):
        return NoFix(mended)
    pieces = [_mended(use) for use in uses if use.script is own.script]
    done = edits.replace_within(document, own.script, [piece for piece in pieces if not isinstance(piece, str)])
    return Fix(
        "append to the runner's files instead of printing commands",
        REVIEW,
        done.edits,
        done.effects,
        notes=("A value of several lines needs a delimiter in the file.",),
    )


def _mended(use: Use) -> tuple[int, int, str] | str:
    """[start, end) of the line in the script and what it becomes; or why it cannot become anything."""
    script = use.script.value
    start = script.rfind("\n", 0, use.start) + 1
    end = script.find("\n", start)
    end = len(script) if end < 0 else end
    line = _ECHO.fullmatch(script[start:end])
    if line is None or (use.command == "add-path") is not (line["name"] is None):
        return "the command is not the only thing on its line"
    value = line["value"]
    bare = set() if line["quote"] else _MEANING & set(value.replace("${", "").replace("}", ""))
    if "%" in value or "${{" in value or bare:
        return "the value has signs that the command reads otherwise than the file"
    if _ESCAPES.search(script):
        return "the script escapes what it prints, which the file would keep as it is"
    text = value if line["name"] is None else f"{line['name']}={value}"
    return start, end, f'{line["echo"]}{line["quote"]}{text}{line["quote"]} >> "${FILES[use.command]}"'


def _is_posix(use: Use, view: Workflow | Action) -> bool:
    """Whether bash or sh runs a script: the step says so, or only runners where bash is the default run the job."""
    shell = text_of(use.step.node.get("shell"))
    if shell:
        return shell in ("bash", "sh")
    if use.job is None or "defaults" in use.job.node or "defaults" in view.node:
        return False
    systems = {machines.system for machines in machines_of(use.job)}
    return bool(systems) and systems <= {LINUX, MACOS}
