"""Taking expressions out of a script: each becomes a variable of the environment, where a value is never code.

The text of the script changes so that the value arrives at the same place: what the quotes there do to a variable
decides, and where a variable would mean something else there is a refusal. `script_proof` checks the outcome on its
own.
"""

from __future__ import annotations

import re

from . import shell_quoting as quoting
from .errors import CannotEdit
from .expressions import Call, Expr, references, segments, walk
from .model import Value
from .shell_quoting import (
    BARE,
    DOUBLE,
    EXPRESSION,
    HEREDOC,
    JAVASCRIPT,
    LANGUAGES,
    PWSH,
    PYTHON,
    QUOTED_HEREDOC,
    RAW,
    SINGLE,
    STRING,
    TEXT,
    Part,
    Reading,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Final

    from .literal_quoting import Literal, LiteralReading

    Pieces = list[tuple[int, int, str]]

SHELLS: Final = ("bash", "sh")
CMD: Final = "cmd"


class Environment(Value):
    """The variables that a step has already.

    values   name → text, for the ``env`` of the workflow, the job and the step; the step's win
    own      the names that the step itself sets: an expression in its ``env`` cannot see those
    windows  whether names differ by more than letter case
    """

    __slots__ = ("own", "values", "windows")

    def __init__(
        self, values: Mapping[str, str] | None = None, own: Collection[str] = (), windows: bool = False
    ) -> None:
        self.values = dict(values or {})
        self.own = frozenset(own)
        self.windows = windows


class Rewrite(Value):
    """What is to be done to a script.

    pieces   (start, end, text) for `edits.replace_within`, sorted
    added    name → expression without its fences: what the step's ``env`` gains
    known    name → expression: variables that are there already and are used from now on
    refused  expression → why it stays where it is
    quoted   whether every value stood in quotes, so that its words and wildcards were never looked at
    """

    __slots__ = ("added", "known", "pieces", "quoted", "refused")

    def __init__(
        self,
        pieces: tuple[tuple[int, int, str], ...],
        added: Mapping[str, str],
        known: Mapping[str, str],
        refused: Mapping[str, str],
        quoted: bool,
    ) -> None:
        self.pieces = pieces
        self.added = added
        self.known = known
        self.refused = refused
        self.quoted = quoted


def inner(text: str) -> str:
    """An expression without its fences and outer blanks."""
    return text[3:-2].strip()


def rewrite(script: str, shell: str, wanted: Collection[str], environment: Environment) -> Rewrite:
    """Moves expressions, named by their text as `inner` gives it, to the environment wherever they stand.

    An expression is moved everywhere in the script or nowhere. Raises CannotEdit where the script is not understood
    or its shell is not known.
    """
    if shell == CMD:
        raise CannotEdit("cmd puts the value of %NAME% into a line before it reads it, so it would still be code there")
    if shell not in SHELLS and shell not in LANGUAGES:
        raise CannotEdit(f"scripts for {shell or 'an unknown shell'} are not rewritten")
    names = _Names(script, wanted, environment)
    return _shell(script, shell, names) if shell in SHELLS else _literals(script, shell, names)


# --------------------------------------------------------------------------------------------------------- names


_RESERVED: Final = frozenset(
    ("CI", "PATH", "HOME", "SHELL", "USER", "LOGNAME", "PWD", "OLDPWD", "IFS", "ENV", "TERM", "LANG", "TMPDIR", "TEMP",
     "TMP", "PS1", "PS2", "PS4", "RANDOM", "SECONDS", "LINENO", "UID", "EUID", "PPID", "OPTARG", "OPTIND", "REPLY",
     "HOSTNAME", "HOSTTYPE", "OSTYPE", "MACHTYPE", "SHLVL", "COMSPEC", "PATHEXT", "OS", "WINDIR", "SYSTEMROOT",
     "USERNAME", "EDITOR", "PAGER")
)  # fmt: skip
_RESERVED_STARTS: Final = ("GITHUB_", "RUNNER_", "ACTIONS_", "INPUT_", "BASH_", "LC_", "LD_", "DYLD_", "GIT_", "GH_")
_SOURCES: Final = re.compile(r"(?:^|[\s;&|(])(?:source|\.|eval)\s", re.MULTILINE)


class _Names:
    """Chooses the variable for each expression, or says why it can have none."""

    def __init__(self, script: str, wanted: Collection[str], environment: Environment) -> None:
        self.environment = environment
        self.expressions: dict[str, Expr] = {}
        outside = []
        at = 0
        for segment in segments(script):
            if segment.expr is not None:
                self.expressions[inner(script[segment.start : segment.end])] = segment.expr
            outside.append(script[at : segment.start])
            at = segment.end
        outside.append(script[at:])
        self.words = frozenset(re.findall(r"\w+", " ".join(outside)))
        self.read_only = None if _SOURCES.search(script) else self._only_read(" ".join(outside))
        self.folded = frozenset(word.upper() for word in self.words)
        self.wanted = [text for text in self.expressions if text in wanted]
        self.refused: dict[str, str] = {}
        self.added: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def _only_read(self, text: str) -> frozenset[str]:
        reads = set(re.findall(r"\$\{?(\w+)", text))
        return frozenset(name for name in reads if len(re.findall(rf"(?<!\$)(?<!\$\{{)\b{name}\b", text)) == 0)

    def choose(self, text: str) -> str:
        """The variable that holds the value of an expression that is not refused."""
        taken = next((name for name, own in (*self.known.items(), *self.added.items()) if own == text), "")
        if taken:
            return taken
        expr = self.expressions[text]
        existing = self._existing(text, expr)
        if existing:
            self.known[existing] = text
            return existing
        name = self._free(variable_name(expr))
        self.added[name] = text
        return name

    def unsuitable(self, text: str) -> str:
        """Why no variable can hold the value of an expression; '' where one can."""
        expr = self.expressions[text]
        if "\n" in text:
            return "it is written over several lines"
        if not self._existing(text, expr):
            own = self.environment.own
            for ref in references(expr):
                if ref.context == "env" and (not ref.path or (ref.names[0] or "") in own):
                    return "it reads the env of its own step, which another variable of that env cannot see"
        for node in walk(expr):
            if isinstance(node, Call) and node.key == "tojson":
                for ref in references(node):
                    if (ref.context, ref.path) in (
                        ("github", ()),
                        ("github", ("event",)),
                        ("steps", ()),
                        ("needs", ()),
                    ):
                        return f"{ref.raw} as JSON can be longer than the 128 KiB that a variable may hold on Linux"
        return ""

    def _existing(self, text: str, expr: Expr) -> str:
        """A variable that has this value already: of the same expression, or the one that ``env.NAME`` reads."""
        for name, value in self.environment.values.items():
            own = value.strip()
            same = own.startswith("${{") and own.endswith("}}") and own.count("${{") == 1 and inner(own) == text
            if same and self._usable(name):
                return name
        found = references(expr)
        if len(found) == 1 and found[0].expr is expr and found[0].context == "env" and len(found[0].names) == 1:
            name = found[0].names[0] or ""
            if name in self.environment.values and self._usable(name):
                return name
        return ""

    def _usable(self, name: str) -> bool:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            return False
        if self.read_only is None:  # what the script reads in may set any variable
            return False
        return name not in self.words or name in self.read_only

    def _free(self, name: str) -> str:
        number = 1
        candidate = name
        taken = {known.upper() for known in (*self.environment.values, *self.added, *self.known)}
        while (
            candidate in taken
            or candidate in (self.folded if self.environment.windows else self.words)
            or candidate in _RESERVED
            or candidate.startswith(_RESERVED_STARTS)
        ):
            number += 1
            candidate = f"{name}_{number}"
        return candidate


def variable_name(expr: Expr) -> str:
    """A readable name for an expression's value: ``github.event.issue.title`` gives ISSUE_TITLE.

    Names keep the context in front where the rest alone could be a variable that programs read on their own, such as
    VERSION or TAG.
    """
    found = references(expr)
    if not found:
        return "COMPUTED_VALUE"
    reference = found[0]
    path = [part for part in reference.names if part and part != "*"]
    context = reference.context
    if context == "github":
        if path[:1] == ["event"]:
            path = path[1:]
            words = path if len(path) > 1 else ["event", *path]
        else:
            words = path if path and "_" in path[0] else ["event", *path]
    elif context in ("steps", "needs", "jobs"):
        words = [context, *(part for number, part in enumerate(path) if (number, part) != (1, "outputs"))]
    elif context == "secrets":
        words = ["secret", *path]
    else:
        words = [context, *path]
    name = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(words)).strip("_").upper()
    return name if not name.startswith(_RESERVED_STARTS) else f"EVENT_{name}"


# --------------------------------------------------------------------------------------------------- sh and bash


def _shell(script: str, shell: str, names: _Names) -> Rewrite:
    reading = quoting.read(script, shell)
    parts = [part for part in reading.parts if part.kind == EXPRESSION and inner(part.text) in names.wanted]
    for part in parts:
        text = inner(part.text)
        reason = quoting.unsuited(reading, part, names.expressions[text]) or names.unsuitable(text)
        if reason:
            names.refused.setdefault(text, f"{reason} (line {_line(script, part)} of the script)")
    opened = _unquotable(script, reading, parts, names.refused)
    moved = [(part, names.choose(inner(part.text))) for part in parts if inner(part.text) not in names.refused]
    pieces = _pieces(script, moved)
    for start, end in opened.items():
        if any(part.quoting == QUOTED_HEREDOC and _heredoc_of(reading, part) == start for part, _ in moved):
            plain = re.sub(r"['\"\\]", "", script[start:end])
            pieces.append((start, end, plain))
    quoted = all(part.quoting != BARE for part, _ in moved)
    return Rewrite(tuple(sorted(pieces)), names.added, names.known, names.refused, quoted)


def _pieces(script: str, moved: Iterable[tuple[Part, str]]) -> Pieces:
    pieces: Pieces = []
    quoted = {part.start: name for part, name in moved if part.quoting == SINGLE}
    ends = {part.end for part, _ in moved if part.quoting == SINGLE}
    for part, name in moved:
        start, end = part.start, part.end
        if part.quoting in (DOUBLE, HEREDOC, QUOTED_HEREDOC):
            text = f"${{{name}}}"
            if part.quoting == DOUBLE and script[start - 1 : start] == '"' and script[end : end + 1] == '"':
                text = f"${name}"
        elif part.quoting == BARE:
            text = f'"${{{name}}}"'
        else:
            text = f'"${name}"'
            if script[start - 1] == "'":
                start -= 1
            elif start not in ends:
                text = "'" + text
            if script[end] == "'":
                end += 1
            elif end not in quoted:
                text += "'"
        pieces.append((start, end, text))
    return pieces


def _heredoc_of(reading: Reading, part: Part) -> int:
    return next(doc.start for doc in reading.heredocs if doc.body_start <= part.start < doc.body_end)


def _unquotable(script: str, reading: Reading, parts: list[Part], refused: dict[str, str]) -> dict[int, int]:
    """Quoted here-documents whose delimiter loses its quotes, start → end of the delimiter.

    Nothing else in them may be something that the shell would then expand, an expression that stays least of all. The
    values of all other quoted documents are refused, wherever else they stand, and that may keep another one as it is.
    """
    wanted = {part.start for part in parts}
    found: dict[int, int] = {}
    while True:
        found.clear()
        before = len(refused)
        for doc in reading.heredocs:
            inside = [part for part in reading.parts if doc.body_start <= part.start < doc.body_end and doc.quoted]
            values = [part for part in inside if part.start in wanted]
            if not values:
                continue
            plain = all(
                part in values and inner(part.text) not in refused
                if part.kind == EXPRESSION
                else not set("$`\\") & set(part.text)
                for part in inside
            )
            if plain:
                found[doc.start] = doc.end
                continue
            for part in values:
                refused.setdefault(inner(part.text), f"{_CLOSED} (line {_line(script, part)} of the script)")
        if len(refused) == before:
            return found


_CLOSED: Final = (
    "it stands in a here-document whose quoted delimiter keeps the shell from expanding anything, and other text there "
    "would be expanded without the quotes"
)


def _line(script: str, part: Part) -> int:
    return script.count("\n", 0, part.start) + 1


# --------------------------------------------------------------------------- PowerShell, Python and JavaScript


def _literals(script: str, language: str, names: _Names) -> Rewrite:
    # Loaded for such a script only: nearly all are the shell's, and its patterns take long to compile.
    from . import literal_quoting

    reading = literal_quoting.read(script, language)
    parts = [part for part in reading.parts if part.kind == EXPRESSION and inner(part.text) in names.wanted]
    for part in parts:
        text = inner(part.text)
        reason = literal_quoting.unsuited(part, names.expressions[text], language)
        literal = _literal_of(reading, part)
        if not reason and literal is not None:
            reason = _unfit(script, reading, part, literal, language)
        reason = reason or names.unsuitable(text)
        if reason:
            names.refused.setdefault(text, f"{reason} (line {_line(script, part)} of the script)")
    loads_os = ""
    if language == PYTHON and parts:
        loads_os = _import_of_os(script, parts[0].start, names)
    moved = [(part, names.choose(inner(part.text))) for part in parts if inner(part.text) not in names.refused]
    pieces: Pieces = []
    opened: set[int] = set()
    for part, name in moved:
        literal = _literal_of(reading, part)
        if language in PWSH:
            pieces += _pwsh(script, reading, part, name, literal, opened)
        elif language == PYTHON:
            assert literal is not None
            pieces += _python(reading, part, name, literal, opened)
        else:
            pieces += _javascript(part, name, literal, opened)
    if moved and loads_os:
        pieces.append((0, 0, loads_os))
    quoted = all(part.quoting == STRING for part, _ in moved)
    return Rewrite(tuple(sorted(pieces)), names.added, names.known, names.refused, quoted)


def _literal_of(reading: LiteralReading, part: Part) -> Literal | None:
    """The innermost string literal around a part; None in a here-string of PowerShell and in code."""
    around = [literal for literal in reading.literals if literal.start < part.start < literal.end]
    return max(around, key=lambda literal: literal.start, default=None) if part.quoting == STRING else None


def _whole(part: Part, literal: Literal) -> bool:
    start = literal.start + len(literal.prefix) + len(literal.quote)
    return part.start == start and part.end == literal.end - len(literal.quote)


def _inside(reading: LiteralReading, literal: Literal) -> list[Part]:
    return [part for part in reading.parts if literal.start < part.start < literal.end and part.quoting != BARE]


def _unfit(script: str, reading: LiteralReading, part: Part, literal: Literal, language: str) -> str:
    """Why a literal cannot take a variable."""
    if language not in PWSH and literal.quote != "`" and (language == JAVASCRIPT or _whole(part, literal)):
        if re.search(r"[\w$]$", script[: literal.start]) or re.match(r"[\w$]", script[literal.end :]):
            return "a word stands directly beside the string"
    if language == PYTHON:
        if "u" in literal.prefix.lower():
            return "the prefix u cannot stand with a variable"
        plain = "".join(part.text if part.kind == TEXT else " " for part in _inside(reading, literal))
        if "f" not in literal.prefix.lower() and "${" in plain:
            return "the other text of the string would become an expression of GitHub's in an f-string"
        if re.match(r"\s*(?:\.format\w*\(|%)", script[literal.end :]):
            return "it stands in a format, which reads the value as text of its own"
    if language == JAVASCRIPT and literal.quote != "`":
        text = script[literal.start + 1 : literal.end - 1]
        plain = "".join(part.text for part in _inside(reading, literal) if part.kind != EXPRESSION)
        octal = any(part.kind == RAW for part in _inside(reading, literal))
        if "`" in plain or "${" in plain or octal or "\n" in plain:
            return "the other text of the string would mean something else in a template: " + text[:40]
    return ""


def _pwsh(
    script: str, reading: LiteralReading, part: Part, name: str, literal: Literal | None, opened: set[int]
) -> Pieces:
    if literal is None:
        return [(part.start, part.end, f"${{env:{name}}}")]
    pieces: Pieces = [(part.start, part.end, f"$env:{name}" if _whole(part, literal) else f"${{env:{name}}}")]
    if literal.quote == "'" and literal.start not in opened:
        opened.add(literal.start)
        pieces += [(literal.start, literal.start + 1, '"'), (literal.end - 1, literal.end, '"')]
        for other in _inside(reading, literal):
            written = re.sub(r"([$`\"])", r"`\1", other.text)
            if other.kind == TEXT and written != script[other.start : other.end]:
                pieces.append((other.start, other.end, written))
    return pieces


def _python(reading: LiteralReading, part: Part, name: str, literal: Literal, opened: set[int]) -> Pieces:
    formatted = "f" in literal.prefix.lower()
    if _whole(part, literal) and literal.prefix.lower() in ("", "f") and not literal.beside:
        return [(literal.start, literal.end, f'os.environ["{name}"]')]
    quote = "'" if literal.quote[0] == '"' else '"'
    pieces: Pieces = [(part.start, part.end, f"{{os.environ[{quote}{name}{quote}]}}")]
    if not formatted and literal.start not in opened:
        opened.add(literal.start)
        pieces.append((literal.start, literal.start + len(literal.prefix), literal.prefix + "f"))
        for other in _inside(reading, literal):
            if other.kind == TEXT and other.text in ("{", "}"):
                pieces.append((other.start, other.end, other.text * 2))
    return pieces


def _import_of_os(script: str, first: int, names: _Names) -> str:
    """The line that a Python script needs before it can read its environment; '' where it has one."""
    if re.search(r"^import (?:[\w., ]+, )?os\b(?!\.| as)", script[:first], re.MULTILINE):
        return ""
    problem = ""
    if re.search(r"^from __future__", script, re.MULTILINE):
        problem = "the script does not import os, and an import cannot stand before from __future__"
    elif re.search(r"\bos\b(?!\.\w)", re.sub(r"^[ \t]*import os[ \t]*$", "", script, flags=re.MULTILINE)):
        problem = "the name os is used for something else in the script"
    if problem:
        for text in names.wanted:
            names.refused.setdefault(text, problem)
    return "import os\n"


def _javascript(part: Part, name: str, literal: Literal | None, opened: set[int]) -> Pieces:
    if literal is None:
        return [(part.start, part.end, f"JSON.parse(process.env.{name})")]
    if literal.quote == "`":
        return [(part.start, part.end, f"${{process.env.{name}}}")]
    if _whole(part, literal):
        return [(literal.start, literal.end, f"process.env.{name}")]
    pieces: Pieces = [(part.start, part.end, f"${{process.env.{name}}}")]
    if literal.start not in opened:
        opened.add(literal.start)
        pieces += [(literal.start, literal.start + 1, "`"), (literal.end - 1, literal.end, "`")]
    return pieces
