"""Whether a changed script still means the same: both texts are read anew and compared part by part.

Nothing is taken over from whoever changed the script but the names of the variables and what they hold. Quotes are
resolved on both sides, so that ``'a '"$X"`` and ``"a ${X}"`` are the same word; all else has to be identical.
"""

from __future__ import annotations

import re

from . import literal_quoting
from . import shell_quoting as quoting
from .errors import CannotEdit
from .expressions import Expr, fold, parse, segments, to_string
from .model import Value
from .shell_quoting import (
    ARITHMETIC,
    BARE,
    COMMENT,
    DOUBLE,
    EXPRESSION,
    GAP,
    HEREDOC,
    JAVASCRIPT,
    LANGUAGES,
    MARK,
    PYTHON,
    QUOTED_HEREDOC,
    SINGLE,
    STRING,
    TEXT,
    VARIABLE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .shell_quoting import Part, Reading

_EXPANDED = {SINGLE: DOUBLE, DOUBLE: DOUBLE, HEREDOC: HEREDOC, QUOTED_HEREDOC: HEREDOC, BARE: DOUBLE, STRING: STRING}
"""What stands around an expression → what has to stand around its variable."""

_IMPORT = "import os\n"


def script_meaning_kept(
    before: str, after: str, shell: str, moves: Mapping[str, str], known: Mapping[str, str] | None = None
) -> str | None:
    """None where `after` means what `before` means, else what is wrong, in words without a full stop.

    `moves` are the variables that the step's ``env`` gains, name → expression without fences; `known` are those that it
    has already from the ``env`` of the workflow, the job and itself, name → text (with fences where it is an
    expression). Each expression of `moves` has to have left the script, its variable must stand where the shell
    expands it, unsplit, and everything else must be as it was.
    """
    if before == after:
        return None if not moves else f"{min(moves)} is set and never used"
    if shell not in ("bash", "sh", *LANGUAGES):
        return f"scripts for {shell or 'an unknown shell'} are not understood"
    if shell == PYTHON and after.startswith(_IMPORT) and not before.startswith(_IMPORT):
        after = after.removeprefix(_IMPORT)
        if re.search(r"\bos\b(?!\.\w)", re.sub(r"(?m)^[ \t]*import os[ \t]*$", "", before)) or "__future__" in before:
            return "the script has a use of its own for the name os"
    elif shell == PYTHON and not re.search(r"(?m)^import (?:[\w., ]+, )?os\b(?!\.| as)", after):
        return "the script does not import os"
    read = quoting.read if shell in ("bash", "sh") else literal_quoting.read
    try:
        old, new = read(before, shell), read(after, shell)
    except CannotEdit as problem:
        return problem.reason
    values = {name: _bare(text) for name, text in (known or {}).items()} | dict(moves)
    for name in moves:
        if re.search(rf"\b{re.escape(name)}\b", _without_expressions(before)):
            return f"the script has a use of its own for {name}"
    sides = _Side(old, before), _Side(new, after)
    for item in sides[1].items:
        text = item.text[3:-2].strip() if item.kind == EXPRESSION else ""
        if text and text in moves.values():
            return f"${{{{ {text} }}}} still stands in the script"
        for name in values:
            shown = re.compile(rf"\$(?:{{(?:env:|process\.env\.)?{name}}}|(?:env:)?{name}\b)")
            if item.kind in (TEXT, COMMENT) and shown.search(item.text) and not shown.search(before):
                return f"${name} stands in {item.part.quoting}, where it is not expanded"
    reason = _compared(*sides, values, old, shell)
    if reason is None:
        reason = next(filter(None, (_changes(before, name, *sides) for name in values if name not in moves)), None)
    return reason


def _changes(before: str, name: str, old: _Side, new: _Side) -> str | None:
    """Why a variable that was there before may have another value by the time it is used now."""
    reads = sum(item.kind == VARIABLE and item.text == name for item in old.items)
    if reads == sum(item.kind == VARIABLE and item.text == name for item in new.items):
        return None
    if len(re.findall(rf"\b{re.escape(name)}\b", _without_expressions(before))) != reads:
        return f"the script may change {name} on its own"
    if re.search(r"(?m)(?:^|[\s;&|(])(?:source|\.|eval)\s", before):
        return f"what the script reads in may change {name}"
    return None


_RUNNER_FILES = frozenset(("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"))
"""Variables of the runner itself that name a file to write to; their values are the runner's."""


def expansions_kept(before: str, after: str, shell: str) -> str | None:
    """None where a script that is meant to do something else expands nothing new, and nothing in another way.

    Parts may go; what is left of expressions, variables and comments is in the same order as before, each in the same
    quotes. Otherwise what is wrong, in words without a full stop.
    """
    if shell not in ("bash", "sh", *LANGUAGES):
        return f"scripts for {shell or 'an unknown shell'} are not understood"
    read = quoting.read if shell in ("bash", "sh") else literal_quoting.read
    try:
        old, new = _Side(read(before, shell), before), _Side(read(after, shell), after)
    except CannotEdit as problem:
        return problem.reason
    rest = iter(old.items)
    for item in new.items:
        for shown in re.findall(r"\$\{?\w+", item.text) if item.kind in (TEXT, COMMENT) else ():
            if shown not in before:
                return (
                    f"line {item.line} of the script: {shown} stands in {item.part.quoting}, where it is not expanded"
                )
        if item.kind in (MARK, GAP, TEXT) or (item.text in _RUNNER_FILES and item.quoting == DOUBLE):
            continue
        if not any((was.kind, was.quoting, was.text) == (item.kind, item.quoting, item.text) for was in rest):
            return f"line {item.line} of the script: {_shown(item)} did not stand there"
    return None


def constants_written(script: str) -> str:
    """A script with the value of each expression that is always the same in its place, as GitHub puts it there."""
    at = 0
    parts = []
    for segment in segments(script):
        constant = None if segment.expr is None else fold(segment.expr)
        if constant is not None:
            parts += [script[at : segment.start], to_string(constant.value)]
            at = segment.end
    return "".join([*parts, script[at:]])


def _bare(text: str) -> str:
    """An expression without its fences; any other text as it is."""
    stripped = text.strip()
    whole = stripped.startswith("${{") and stripped.endswith("}}") and stripped.count("${{") == 1
    return stripped[3:-2].strip() if whole else text


def _without_expressions(script: str) -> str:
    at = 0
    kept = []
    for segment in segments(script):
        kept.append(script[at : segment.start])
        at = segment.end
    return " ".join([*kept, script[at:]])


class _Item(Value):
    """A part of a script after its quotes are resolved; equal items mean the same to the shell."""

    __slots__ = ("kind", "line", "part", "quoting", "text")

    def __init__(self, kind: str, quoting: str, text: str, part: Part, line: int) -> None:
        self.kind = kind
        self.quoting = quoting
        self.text = text
        self.part = part
        self.line = line


class _Side:
    """The items of one of the two scripts."""

    def __init__(self, reading: Reading, script: str) -> None:
        self.items: list[_Item] = []
        for part in reading.parts:
            line = script.count("\n", 0, part.start) + 1
            if part.kind == TEXT:
                literal = "as written" if part.quoting in (BARE, ARITHMETIC) else "quoted"
                last = self.items[-1] if self.items else None
                if last and last.kind == TEXT and last.quoting == literal and last.part.word == part.word:
                    self.items[-1] = _Item(TEXT, literal, last.text + part.text, last.part, last.line)
                else:
                    self.items.append(_Item(TEXT, literal, part.text, part, line))
            else:
                self.items.append(_Item(part.kind, part.quoting, part.text, part, line))


def _compared(old: _Side, new: _Side, values: Mapping[str, str], reading: Reading, shell: str) -> str | None:
    for was, now in zip(old.items, new.items, strict=False):
        if (was.kind, was.quoting, was.text) == (now.kind, now.quoting, now.text):
            continue
        moved = was.kind == EXPRESSION and now.kind == VARIABLE
        held = (values[now.text], f"env.{now.text}") if moved and now.text in values else ()
        if _bare(was.text) not in held:
            return f"line {was.line} of the script: {_shown(was)} has become {_shown(now)}"
        expanded = _EXPANDED.get(was.quoting)
        if shell == JAVASCRIPT and was.quoting == BARE:
            expanded = literal_quoting.JSON
        if expanded != now.quoting:
            return (
                f"line {now.line} of the script: ${now.text} stands in {now.quoting}, its value stood in {was.quoting}"
            )
        expr = parse(was.text[3:-2])
        if not isinstance(expr, Expr):
            reason = "it does not parse"
        elif shell in ("bash", "sh"):
            reason = quoting.unsuited(reading, was.part, expr)
        else:
            reason = literal_quoting.unsuited(was.part, expr, shell)
        if reason:
            return f"line {was.line} of the script: {was.text} cannot become a variable: {reason}"
    if len(old.items) != len(new.items):
        longer, side = (old, "lost") if len(old.items) > len(new.items) else (new, "gained")
        extra = longer.items[min(len(old.items), len(new.items))]
        return f"the script has {side} {_shown(extra)} at its line {extra.line}"
    return None


def _shown(item: _Item) -> str:
    if item.kind == GAP:
        return "the beginning of a word"
    if item.kind == MARK:
        return "a line break" if item.text == "\n" else f"{item.text!r}"
    return f"{item.text!r} ({item.quoting})"
