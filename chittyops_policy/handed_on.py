"""What a shell script hands on to the steps after it: the names and values that it writes for GitHub.

GitHub's documentation "Workflow commands" (read in 2026-11) names the files: ``$GITHUB_OUTPUT`` for outputs and
``$GITHUB_ENV`` for variables, one ``name=value`` a line or ``name<<DELIMITER`` with lines up to the delimiter.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .model import Value
from .shell_syntax import Simple, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shell_syntax import Listing, Pipeline

OUTPUT, ENV = "GITHUB_OUTPUT", "GITHUB_ENV"

MAX_TEXT = 10_000
"""Longer values, which only variables that hold each other many times can make, count as not known."""

ASKED = "$(gh)"
"""Stands in a value for what ``gh`` tells of an issue or a pull request: a title, a text, the name of a branch."""

CHANGED = "$()"
"""Stands in a value for what a command or a changing expansion makes: nobody can tell what is left of it."""

# As texts: `re` compiles each when it is first used, and most files have no script that hands anything on.
_VARIABLE = (
    r"(?s)\$\{\{.*?\}\}|\$(?P<bare>[A-Za-z_]\w*)|\$\{(?P<name>[A-Za-z_]\w*)(?P<change>[^}]*)\}"
    r"|\$\((?:[^()]|\([^()]*\))*\)?|`[^`]*`?"
)
_KEEPS = r"(?s)(?:#|%|:?-|:?=|,|\^).*"
"""Changes of ``${NAME…}`` that leave most of the value: a prefix or suffix cut off, a default, other letter case."""

_ECHO = r"\$\(\s*(?:echo|printf\s+%s)\s+([^|;&<>()`\n]+?)\s*\)"
_ASKED = (
    r"\$\(\s*gh\s+(?:pr\s+view|issue\s+view|api)\b[^|;&]*?\s(?:--jq|-q)[ =]+['\"]?\.(?:\[\]\.)?"
    r"(title|body|headRefName|head\.ref)\b[^|;&]*(?:\|\s*head\s[^|;&]*)?\)"
)
"""``gh`` with a filter that lets through one field, which the author of an issue or a pull request has written."""

ASKED_SIGNS = (ASKED, "title", "body", "headRefName", "head.ref")
"""Of these, one stands in each script that may print what `ASKED` stands for."""

_LINE = r"(?s)([A-Za-z_][\w.-]*)(=|<<)(.*)"
_COMMAND = r"(?s)::set-output name=([\w.-]+)::(.*)"
_FORMAT = r"%[-+ #0-9.]*[a-zA-Z%]"
_QUOTED_DELIMITER = r"<<-?[ \t]*['\"\\]"
_CHECKS = r"=~|\bcase\b|\bgrep\s+-\w*[qEPx]"
_CONDITIONAL = frozenset(("if", "for", "while", "until", "select", "case", "function"))


class Handed(Value):
    """One value: the file it goes to, its name in lower case, and its text.

    text      with ``${{ }}`` and the variables of the environment as written; variables of the script are replaced by
              what they were given
    checked   whether the script looks at the form of some value, so that not everything may get through
    delimiter  the line that ends a value of several lines; '' for one that ends with its line
    start, end  offsets of the command that writes it
    """

    __slots__ = ("checked", "delimiter", "end", "file", "name", "start", "text")

    def __init__(
        self, file: str, name: str, text: str, checked: bool, delimiter: str = "", start: int = 0, end: int = 0
    ) -> None:
        self.file = file
        self.name = name
        self.text = text
        self.checked = checked
        self.delimiter = delimiter
        self.start = start
        self.end = end


@lru_cache(maxsize=256)
def handed_on(script: str) -> tuple[Handed, ...]:
    """The values that a script for bash or sh hands on, in the order of its text; none where it is not read."""
    if OUTPUT not in script and ENV not in script and "::set-output" not in script:
        return ()
    reader = _Reader(script)
    reader.listing(read(script), (), False)
    return tuple(reader.found)


@lru_cache(maxsize=256)
def looks_at_forms(script: str) -> bool:
    """Whether a script looks at the form of some value; see `Handed.checked`."""
    likely = "=~" in script or "case" in script or "grep" in script
    return likely and re.search(_CHECKS, script) is not None


def variables(text: str) -> tuple[str, ...]:
    """The names of the variables whose value stands, whole or in large part, in a text that `handed_on` gave."""
    found = (match["bare"] or match["name"] for match in re.finditer(_VARIABLE, text))
    return tuple(dict.fromkeys(name for name in found if name))


class _Reader:
    """Walks a script in the order of its text and notes what each variable holds and what is written where."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.checked = looks_at_forms(script)
        self.values: dict[str, str] = {}
        self.found: list[Handed] = []
        self.place = (0, 0)
        self.pending: dict[str, tuple[str, str]] = {}  # file → (name, delimiter) of a value of several lines

    def listing(self, items: Listing, targets: tuple[str, ...], perhaps: bool) -> None:
        for item in items:
            for number, (_, pipe) in enumerate(item.parts):
                self.pipeline(pipe, targets, perhaps or number > 0)

    def pipeline(self, pipe: Pipeline, targets: tuple[str, ...], perhaps: bool) -> None:
        commands = pipe.commands
        last = commands[-1] if commands else None
        if len(commands) > 1 and isinstance(last, Simple) and last.words[:1] == ["tee"]:
            commands = commands[:-1]  # it leaves the text as it is
            targets = (*targets, *last.words[1:])
        if len(commands) != 1:
            return  # what other programs make of a text cannot be told
        [command] = commands
        if isinstance(command, Simple):
            self.simple(command, targets, perhaps)
            return
        for part in (*command.conditions, *command.bodies):
            self.listing(part, (*targets, *command.targets), perhaps or command.kind in _CONDITIONAL)

    def simple(self, node: Simple, targets: tuple[str, ...], perhaps: bool) -> None:
        if not node.words or node.words[0] in ("export", "local", "declare", "readonly"):
            for word in (*node.assignments, *node.words[1:]):
                name, equals, value = word.partition("=")
                if equals:
                    self.assign(name.removesuffix("+"), self.expanded(value), perhaps or name.endswith("+"))
            return
        self.place = node.start, node.end
        text = self.printed(node)
        for line in text.splitlines() if text is not None else ():
            command = re.match(_COMMAND, line.strip()) if "::set-output" in line else None
            if command is not None:
                self.note(OUTPUT, command[1], command[2])
        file = _file(*targets, *node.targets)
        if file and text is not None:
            self.lines(file, text)

    def assign(self, name: str, text: str, perhaps: bool) -> None:
        if perhaps:
            text = self.values.get(name, f"${{{name}}}") + text
        self.values[name] = text if len(text) <= MAX_TEXT else CHANGED

    def expanded(self, text: str) -> str:
        """A text with the script's own variables replaced, and with what changes a value as `CHANGED`."""
        result = re.sub(_VARIABLE, self.replacement, text)
        return result if len(result) <= MAX_TEXT else CHANGED

    def replacement(self, match: re.Match[str]) -> str:
        whole = match[0]
        if whole.startswith("${{"):
            return whole
        if whole.startswith("$("):
            echoed = re.fullmatch(_ECHO, whole) if "echo" in whole or "printf" in whole else None
            if echoed is not None:
                return self.expanded(echoed[1])
            asked = whole == ASKED or ("gh" in whole and re.fullmatch(_ASKED, whole) is not None)
            return ASKED if asked else CHANGED
        name = match["bare"] or match["name"]
        if not name or (match["change"] and re.fullmatch(_KEEPS, match["change"]) is None):
            return CHANGED
        return self.values.get(name, f"${{{name}}}")

    def printed(self, node: Simple) -> str | None:
        """What a command prints, as far as its text says; None for any other program."""
        words = node.words
        if words[0] == "echo":
            at = 1
            while at < len(words) and words[at][:1] == "-" and re.fullmatch(r"-[neE]+", words[at]):
                at += 1
            return self.expanded(" ".join(words[at:]).replace("\\n", "\n"))
        if words[0] == "printf" and len(words) > 1:
            rest = iter(words[2:])
            filled = re.sub(_FORMAT, lambda match: "%" if match[0] == "%%" else next(rest, ""), words[1])
            return self.expanded(filled.replace("\\n", "\n"))
        if words == ["cat"] and node.bodies:
            start, end = node.bodies[-1]
            quoted = re.search(_QUOTED_DELIMITER, self.script[node.start : start]) is not None
            return "" if quoted else self.expanded(self.script[start:end])
        return None

    def lines(self, file: str, text: str) -> None:
        """Takes in what is written to a file: lines of a value that has begun, and new values."""
        for line in text.splitlines():
            pending = self.pending.get(file)
            if pending is not None:
                name, delimiter = pending
                if line.strip() == delimiter:
                    del self.pending[file]
                else:
                    self.note(file, name, line, delimiter)
                continue
            match = re.match(_LINE, line.strip())
            if match is None:
                continue
            if match[2] == "<<":
                self.pending[file] = match[1], match[3].strip()
            else:
                self.note(file, match[1], match[3])

    def note(self, file: str, name: str, text: str, delimiter: str = "") -> None:
        self.found.append(Handed(file, name.lower(), text, self.checked, delimiter, *self.place))


def _file(*targets: str) -> str:
    return next((name for target in targets for name in (OUTPUT, ENV) if name in target), "")
