"""What GitHub's runner does with a line of a step's output, written down from its source (ActionCommand.cs)."""

from __future__ import annotations

import io
from typing import NamedTuple

# The commands that the runner registers; any other word is plain output.
COMMANDS = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path",
    "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def command_in(line: str) -> Command | None:
    """The command that the runner would obey in a line: ``::`` after white space, or ``##[`` anywhere."""
    stripped = line.lstrip()
    if stripped.startswith("::") and "::" in stripped[2:]:
        head, _, data = stripped[2:].partition("::")
        name, _, rest = head.partition(" ")
        if name.lower() in COMMANDS:
            pairs = [pair.split("=", 1) for pair in rest.strip().split(",") if pair]
            properties = {pair[0]: _plain(pair[1], True) for pair in pairs if len(pair) == 2}
            return Command(name, properties, _plain(data, False))
    start = line.find("##[")
    if start >= 0 and "]" in line[start:]:
        head, _, data = line[start + 3 :].partition("]")
        if head.split(" ")[0].lower() in COMMANDS:
            return Command(head.split(" ")[0], {}, data)
    return None


def commands_in(text: str) -> list[Command]:
    """All commands in an output. The runner ends a line at a line feed, a carriage return, or both."""
    lines = (line.rstrip("\n") for line in io.StringIO(text, newline=None))
    return [command for line in lines if (command := command_in(line)) is not None]


def _plain(text: str, is_property: bool) -> str:
    mappings = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if is_property else []), ("%25", "%")]
    for encoded, plain in mappings:
        text = text.replace(encoded, plain)
    return text
