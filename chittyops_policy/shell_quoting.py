"""How the shell reads each part of a script: which quotes it stands in, in which word, of which command.

A strict reader for sh and bash (POSIX.1-2024, Shell Command Language; the bash manual), beside the tolerant one of
`shell_syntax`: a change of a script may only be believed where every character has been understood, so what is not
understood raises. ``${{ }}`` is one opaque part: GitHub puts the value there before the shell sees the script.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from .embedded_languages import ASSIGNMENT as ASSIGNS
from .embedded_languages import DECLARING, READS_CODE, Command, language_of
from .errors import CannotEdit
from .expressions import segments
from .late_patterns import late
from .model import Value
from .single_words import one_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .expressions import Expr

TEXT: Final = "text"  # literal characters, quotes resolved
EXPRESSION: Final = "expression"  # ${{ … }} as written
VARIABLE: Final = "variable"  # $NAME or ${NAME}; the text is NAME
RAW: Final = "raw"  # any other expansion, or a part of one, as written
MARK: Final = "mark"  # operators, reserved words, line breaks, brackets of what is nested
GAP: Final = "gap"  # the end of a word
COMMENT: Final = "comment"

BARE: Final = "bare"
DOUBLE: Final = "double quotes"
SINGLE: Final = "single quotes"
ANSI: Final = "$'…' quotes"
STRING: Final = "a string"  # of a language other than the shell's
HEREDOC: Final = "a here-document"
QUOTED_HEREDOC: Final = "a quoted here-document"
ARITHMETIC: Final = "an arithmetic expression"
IN_COMMENT: Final = "a comment"

COMMAND_NAME: Final = "the name of a command"
ARGUMENT: Final = "an argument"
ASSIGNMENT: Final = "the value of an assignment"
SUBSCRIPT: Final = "the name or index of a variable"
TARGET: Final = "a redirection"
INPUT: Final = "the text of a here-document"
SUBJECT: Final = "the word after case"
TEST: Final = "an operand of [[ ]]"
NUMERIC_TEST: Final = "a number in [[ ]]"
PATTERN: Final = "a pattern"
REGEX: Final = "a regular expression"
BODY: Final = "the inside of ${…}"

MAX_DEPTH: Final = 30

PWSH: Final = ("pwsh", "powershell")
PYTHON: Final = "python"
JAVASCRIPT: Final = "github-script"
LANGUAGES: Final = (*PWSH, PYTHON, JAVASCRIPT)
"""What `literal_quoting` reads; named here, for who seldom has to do with it."""


class Part(Value):
    """A part of a script.

    kind      TEXT, EXPRESSION, VARIABLE, RAW, MARK, GAP or COMMENT
    quoting   BARE, DOUBLE, SINGLE …: how the shell treats what stands there
    place     what the word is to its command: COMMAND_NAME, ARGUMENT, ASSIGNMENT …
    text      the literal characters, the variable's name, or the text as written
    start, end  where it stands in the script; quotes around it are not included
    word      a number shared by the parts of one word
    around    the commands that it is nested in, outermost first, each with the index of the word (-1: its input)
    """

    __slots__ = ("around", "end", "kind", "place", "quoting", "start", "text", "word")

    def __init__(
        self,
        kind: str,
        quoting: str,
        place: str,
        text: str,
        start: int,
        end: int,
        word: int,
        around: tuple[tuple[Command, int], ...],
    ) -> None:
        self.kind = kind
        self.quoting = quoting
        self.place = place
        self.text = text
        self.start = start
        self.end = end
        self.word = word
        self.around = around


class Heredoc(Value):
    """A here-document: where its delimiter word stands, whether that is quoted, and where its body lies."""

    __slots__ = ("body_end", "body_start", "end", "quoted", "start")

    def __init__(self, start: int, end: int, quoted: bool) -> None:
        self.start = start
        self.end = end
        self.quoted = quoted
        self.body_start = self.body_end = end


class Reading(Value):
    """A script that has been understood: its parts in the order of reading (a here-document's follow its line)."""

    __slots__ = ("heredocs", "parts")

    def __init__(self, parts: tuple[Part, ...], heredocs: tuple[Heredoc, ...]) -> None:
        self.parts = parts
        self.heredocs = heredocs


def read(script: str, shell: str) -> Reading:
    """The parts of a script for ``bash`` or ``sh``.

    Raises CannotEdit with what has not been understood: an open quote, a construct that shells named sh read in
    different ways, one that this reader does not know.
    """
    reader = _Reader(script, shell)
    reader.commands(frozenset(), "", 0)
    return Reading(tuple(reader.parts), tuple(reader.heredocs))


_PLAIN = late(r"[^\s;&|()<>\"'`$\\]+")
_BLANK = late(r"(?:[ \t\r]|\\\r?\n)+")
_OPERATOR = late(r";;&|;;|;&|;|&&|&(?!>)|\|\||\|&|\|")
_REDIRECT = late(r"(?:\d+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<&|<>|>&|>>|>\||<(?!\()|>(?!\())|(&>>|&>)")
_NAME = late(r"[A-Za-z_]\w*")
_SPECIAL = late(r"[0-9@*#?$!-]")
_RESERVED = late(
    r"(?:if|then|elif|else|fi|for|while|until|select|do|done|case|esac|function|time|coproc|\[\[|[{}!])"
    r"(?=[\s;&|()<>]|$)"
)
_FUNCTION = late(r"\(\s*\)")
_IN = late(r"in(?=\s|;)")
_ESAC = late(r"esac(?=[\s;&|()<>`]|$)")
_TEST_END = late(r"\]\](?=[\s;&|()<>`]|$)")
_TEST_SIGN = late(r"&&|\|\||[()<>]|!(?=\s)")
_INDEX = late(r"\[[^\]]*\]=")
_CONTINUED = late(r"\\\r?\n")
_DELIMITER = late(r"(?:'[^'\n]*'|\"[^\"\n$`\\]*\"|\\[^\n]|[^\s;&|()<>\"'`$\\])+")
_OPENING = frozenset(("if", "then", "elif", "else", "while", "until", "do", "{", "!", "time"))
_CLOSING = frozenset(("fi", "done", "}"))
_NUMERIC = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_MATCHING = frozenset(("=", "==", "!="))


class ScriptReader(ABC):
    """What readers of every language share: the text, the place in it, its expressions, and the parts found so far.

    Raises CannotEdit where an expression does not parse.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.length = len(text)
        self.at = 0
        self.parts: list[Part] = []
        self.fences: dict[int, int] = {}
        for segment in segments(text):
            if segment.expr is None:
                raise CannotEdit("an expression in the script does not parse")
            self.fences[segment.start] = segment.end

    @abstractmethod
    def add(self, kind: str, quoting: str, start: int, text: str | None = None) -> None:
        """Records the part from `start` to here."""

    def refuse(self, what: str) -> CannotEdit:
        """The error that names what has not been understood, and its line."""
        line = self.text.count("\n", 0, min(self.at, self.length)) + 1
        return CannotEdit(f"line {line} of the script is not understood: {what}")

    def expression(self, quoting: str) -> bool:
        """Takes the ``${{ }}`` that begins here, if one does."""
        end = self.fences.get(self.at)
        if end is None:
            return False
        start, self.at = self.at, end
        self.add(EXPRESSION, quoting, start)
        return True


class _Reader(ScriptReader):
    """A recursive-descent reader; every method moves `at` forward, `parts` grows in the order of reading."""

    def __init__(self, text: str, shell: str) -> None:
        super().__init__(text)
        self.posix = shell != "bash"
        self.heredocs: list[Heredoc] = []
        self.pending: list[tuple[Heredoc, str, bool, tuple[tuple[Command, int], ...]]] = []
        self.around: tuple[tuple[Command, int], ...] = ()
        self.place = ARGUMENT
        self.word_number = self.words_begun = 0
        self.backquoted = False
        self.last: Command | None = None  # the command that a pipe would continue

    # --- recording

    def add(self, kind: str, quoting: str, start: int, text: str | None = None) -> None:
        value = self.text[start : self.at] if text is None else text
        self.parts.append(Part(kind, quoting, self.place, value, start, self.at, self.word_number, self.around))

    def mark(self, length: int, kind: str = MARK) -> None:
        start = self.at
        self.at += length
        self.add(kind, BARE, start)

    def begin_word(self, place: str) -> None:
        self.place = place
        self.words_begun += 1
        self.word_number = self.words_begun

    def escaped_expression(self) -> None:
        if self.text.startswith("\\", self.at) and self.at + 1 in self.fences:
            raise self.refuse("a \\ stands directly before an expression")

    # --- commands

    def commands(self, stop: frozenset[str], closer: str, depth: int) -> None:
        """Commands up to, and without, a closing bracket or one of the words and operators in `stop`."""
        if depth > MAX_DEPTH:
            raise self.refuse("it is nested too deeply")
        text = self.text
        while True:
            self.lines()
            if self.at >= self.length:
                if stop or closer:
                    raise self.refuse(f"there is no closing {closer or ' or '.join(sorted(stop))}")
                return
            if closer and text.startswith(closer, self.at):
                return
            if text[self.at] == ")":
                raise self.refuse("a ) closes nothing")
            operator = _OPERATOR.match(text, self.at)
            if operator is not None:
                if operator.group() in stop:
                    return
                self.mark(operator.end() - self.at)
                if operator.group() in ("|", "|&"):
                    self.piped(depth)
                continue
            word = _RESERVED.match(text, self.at)
            if word is not None and word.group() in stop:
                return
            self.command(word.group() if word is not None else "", depth)

    def piped(self, depth: int) -> None:
        """Reads the command behind a pipe and tells the one before it who reads its output."""
        before = self.last
        self.lines()
        word = _RESERVED.match(self.text, self.at)
        if self.at >= self.length:
            raise self.refuse("nothing follows the |")
        mark = len(self.parts)
        self.command(word.group() if word is not None else "", depth)
        if before is not None:
            level = len(self.around)
            inside = (part.around[level][0] for part in self.parts[mark:] if len(part.around) > level)
            before.receiver = next(inside, None)

    def command(self, word: str, depth: int) -> None:
        text = self.text
        outer = self.around
        if text.startswith("((", self.at):
            if self.posix:
                raise self.refuse("(( means different things in different shells")
            self.arithmetic(2, depth)
            self.redirections(depth)
        elif text.startswith("(", self.at):
            self.mark(1)
            group = self.grouped()
            self.commands(frozenset(), ")", depth + 1)
            self.mark(1)
            self.around = outer
            self.redirections(depth)
            self.last = group
        elif word in _OPENING:
            self.mark(len(word))
            self.mark(0, GAP)
        elif word in _CLOSING:
            self.mark(len(word))
            self.redirections(depth)
            self.last = None
            self.no_interpreter_reads()
        elif word in ("for", "select"):
            self.mark(len(word))
            self.loop(depth)
        elif word == "case":
            self.mark(len(word))
            self.case(depth)
        elif word == "[[":
            if self.posix:
                raise self.refuse("[[ is not in every sh")
            self.mark(2)
            self.test(depth)
        elif word == "function":
            self.mark(len(word))
            self.blanks()
            self.mark(0, GAP)
            self.word(Command(), ARGUMENT, depth)
            self.blanks()
            brackets = _FUNCTION.match(text, self.at)
            if brackets is not None:
                self.mark(brackets.end() - self.at)
        elif word:
            raise self.refuse(f"{word} is not expected here")
        else:
            self.simple(depth)

    def grouped(self) -> Command:
        """A stand-in for ``( … )``: whoever reads its output reads that of the commands inside."""
        group = Command()
        self.around = (*self.around, (group, -2))
        return group

    def no_interpreter_reads(self) -> None:
        """Refuses ``} | bash`` and the like: which of the commands before feed it is not followed."""
        self.blanks()
        if self.text.startswith("|", self.at) and not self.text.startswith("||", self.at):
            rest = self.text[self.at + 1 :].lstrip("& \t\\\n").split(None, 1)
            name = rest[0].rpartition("/")[2] if rest else ""
            if name in READS_CODE:
                raise self.refuse(f"a block is fed to {name}")

    def loop(self, depth: int) -> None:
        self.blanks()
        if self.text.startswith("((", self.at):
            self.arithmetic(2, depth)
            return
        holder = Command()
        self.word(holder, SUBSCRIPT, depth)
        self.lines()
        if _IN.match(self.text, self.at):
            self.mark(2)
            self.blanks()
            while self.at < self.length and self.text[self.at] not in ";\n":
                self.mark(0, GAP)
                self.word(holder, ARGUMENT, depth)
                self.blanks()

    def case(self, depth: int) -> None:
        text = self.text
        self.blanks()
        self.word(Command(), SUBJECT, depth)
        self.lines()
        if not text.startswith("in", self.at):
            raise self.refuse("case has no in")
        self.mark(2)
        while True:
            self.lines()
            if self.at >= self.length:
                raise self.refuse("case has no esac")
            if _ESAC.match(text, self.at):
                self.mark(4)
                self.redirections(depth)
                self.last = None
                self.no_interpreter_reads()
                return
            if text[self.at] == "(":
                self.mark(1)
            while True:
                self.blanks()
                self.word(Command(), PATTERN, depth)
                self.blanks()
                if text.startswith("|", self.at):
                    self.mark(1)
                elif text.startswith(")", self.at):
                    self.mark(1)
                    break
                else:
                    raise self.refuse("a pattern of case has no )")
            self.commands(frozenset(("esac", ";;", ";&", ";;&")), "", depth + 1)
            operator = _OPERATOR.match(text, self.at)
            if operator is not None:
                self.mark(operator.end() - self.at)

    def test(self, depth: int) -> None:
        text = self.text
        holder = Command()
        first = len(self.parts)
        place = TEST
        while True:
            self.lines()
            if self.at >= self.length:
                raise self.refuse("[[ has no ]]")
            self.mark(0, GAP)
            if _TEST_END.match(text, self.at):
                self.mark(2)
                break
            sign = _TEST_SIGN.match(text, self.at)
            if sign is not None:
                self.mark(sign.end() - self.at)
                place = TEST
                continue
            start = self.at
            if place == "regex":
                self.regex(depth)
                place = TEST
                continue
            self.word(holder, place, depth)
            said = text[start : self.at]
            place = PATTERN if said in _MATCHING else "regex" if said == "=~" else TEST
            if said in _NUMERIC or said == "-v":
                for number in range(first, len(self.parts)):
                    part = self.parts[number]
                    if part.place == TEST:
                        self.parts[number] = _placed(part, NUMERIC_TEST)
                place = NUMERIC_TEST
        self.redirections(depth)

    def regex(self, depth: int) -> None:
        """The right side of ``=~``, in which brackets and bars are plain text."""
        self.begin_word(REGEX)
        open_ = 0
        while self.at < self.length:
            char = self.text[self.at]
            if char in "()":
                open_ += 1 if char == "(" else -1
                self.mark(1, TEXT)
            elif char in "|<>;&" or (char in " \t" and open_):
                self.mark(1, TEXT)
            elif not self.word_part(depth):
                return

    def simple(self, depth: int) -> None:
        text = self.text
        outer = self.around
        command = Command()
        named = False
        while True:
            self.around = outer
            self.blanks()
            if self.at >= self.length or text[self.at] in "\n)|;" or (self.backquoted and text[self.at] == "`"):
                break
            if text[self.at] == "&" and not text.startswith("&>", self.at):
                break
            if self.redirection(command, depth):
                continue
            if text[self.at] == "(":
                brackets = _FUNCTION.match(text, self.at)
                if brackets is None or len(command.words) != 1:
                    raise self.refuse("a ( is not expected here")
                self.mark(brackets.end() - self.at)
                return
            assigns = ASSIGNS.match(text, self.at)
            self.mark(0, GAP)
            if assigns is not None and not named:
                self.around = (*outer, (command, -2))
                self.assignment(assigns.end(), depth)
                continue
            self.around = (*outer, (command, len(command.words)))
            if assigns is not None and command.words[0] in DECLARING and not self.posix:
                start = self.at
                self.assignment(assigns.end(), depth)
                command.words.append(text[start : self.at])
                continue
            self.word(command, ARGUMENT if named else COMMAND_NAME, depth)
            if self.parts[-1].kind == EXPRESSION and text[self.at : self.at + 1] in ("<", ">"):
                raise self.refuse("an expression stands directly before < or >, as the number of a file would")
            named = True
        self.around = outer
        self.last = command

    def assignment(self, value: int, depth: int) -> None:
        """``NAME=…`` with its value from `value` on, or ``NAME=( … )``."""
        start = self.at
        if any(start <= fence < value for fence in self.fences):
            raise self.refuse("an expression stands in the name of a variable")
        self.begin_word(ASSIGNMENT)
        self.at = value
        self.add(TEXT, BARE, start)
        if self.text.startswith("(", self.at):
            if self.posix:
                raise self.refuse("lists are not in every sh")
            self.mark(1)
            while True:
                self.lines()
                if self.at >= self.length:
                    raise self.refuse("a list has no )")
                self.mark(0, GAP)
                if self.text[self.at] == ")":
                    self.place = ASSIGNMENT
                    self.mark(1)
                    return
                index = _INDEX.match(self.text, self.at)
                if index is not None:
                    raise self.refuse("a list with indices")
                self.word(Command(), ARGUMENT, depth)
        while self.word_part(depth):
            pass

    # --- redirections

    def redirections(self, depth: int) -> None:
        """Those behind a compound command."""
        holder = Command()
        while True:
            self.blanks()
            if not self.redirection(holder, depth):
                return

    def redirection(self, command: Command, depth: int) -> bool:
        match = _REDIRECT.match(self.text, self.at)
        if match is None:
            return False
        operator = match.group(1) or match.group(2)
        if self.posix and operator in ("<<<", "&>", "&>>"):
            raise self.refuse(f"{operator} means different things in different shells")
        outer = self.around
        if operator in ("<<", "<<-"):
            self.around = (*outer, (command, -1))
            self.delimiter(match.end(), operator == "<<-")
            self.around = outer
            return True
        self.mark(match.end() - self.at)
        self.blanks()
        if operator == "<<<":
            self.around = (*outer, (command, -1))
        start = self.at
        if not self.word(Command(), TARGET, depth):
            raise self.refuse("a redirection has no file")
        if ">" in operator:
            command.targets.append(self.text[start : self.at].strip("\"'"))
        self.around = outer
        return True

    def delimiter(self, at: int, tabs: bool) -> None:
        while self.text[at : at + 1] in (" ", "\t"):
            at += 1
        word = _DELIMITER.match(self.text, at)
        if word is None or "${{" in word.group():
            raise self.refuse("the word after << is not plain")
        quoted = any(char in "'\"\\" for char in word.group())
        plain = re.sub(r"['\"\\]", "", word.group())
        start, self.at = self.at, word.end()
        self.place = TARGET
        self.add(MARK, BARE, start, ("<<-" if tabs else "<<") + plain)
        heredoc = Heredoc(word.start(), word.end(), quoted)
        self.heredocs.append(heredoc)
        self.pending.append((heredoc, plain, tabs, self.around))

    def bodies(self, depth: int = 0) -> None:
        """The here-documents that begin on the line after their command."""
        waiting, self.pending = self.pending, []
        saved = self.around, self.place, self.length
        for heredoc, delimiter, tabs, around in waiting:
            start = self.at
            while True:
                if self.at >= saved[2]:
                    raise self.refuse(f"a here-document has no closing {delimiter}")
                end = self.text.find("\n", self.at)
                end = saved[2] if end < 0 else end
                line = self.text[self.at : end]
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
                self.at = min(end + 1, saved[2])
            heredoc.body_start, heredoc.body_end = start, self.at
            after = end
            self.at, self.length = start, heredoc.body_end
            self.around = around
            self.begin_word(INPUT)
            if heredoc.quoted:
                self.verbatim(heredoc.body_end, QUOTED_HEREDOC)
            else:
                while self.at < self.length:
                    self.quoted_part(HEREDOC, depth)
            self.around, self.place, self.length = saved
            self.at = after
            self.mark(min(1, self.length - self.at))

    # --- words

    def word(self, command: Command, place: str, depth: int) -> bool:
        """Reads one word; False where there is none."""
        self.begin_word(place)
        start = self.at
        first = len(self.parts)
        while self.word_part(depth):
            self.place = place
        if self.at == start:
            if place != TARGET:
                raise self.refuse(f"{self.text[self.at : self.at + 1]!r} is not expected here")
            return False
        parts = [part for part in self.parts[first:] if part.kind != GAP]
        literal = all(part.kind == TEXT for part in parts)
        command.words.append("".join(part.text for part in parts) if literal else self.text[start : self.at])
        return True

    def word_part(self, depth: int) -> bool:
        """Reads the next part of a word; False at its end."""
        text = self.text
        if self.at >= self.length:
            return False
        start = self.at
        if self.expression(BARE):
            return True
        self.escaped_expression()
        plain = _PLAIN.match(text, self.at, self.length)
        if plain is not None:
            self.at = plain.end()
            self.add(TEXT, BARE, start)
            return True
        char = text[self.at]
        if char == "'":
            self.at += 1
            end = self.closing_quote("'")
            self.verbatim(end, SINGLE)
            if end == start + 1:
                self.add(TEXT, SINGLE, start, "")
            self.at = end + 1
        elif char == '"':
            self.double(depth)
        elif char == "\\":
            continued = _CONTINUED.match(text, self.at)
            if continued is not None:
                self.at = continued.end()
                return self.at < self.length
            self.at = min(self.at + 2, self.length)
            self.add(TEXT, SINGLE, start, text[start + 1 : self.at])
        elif char == "`" and self.backquoted:
            return False
        elif char in "$`":
            self.expansion(BARE, depth)
        elif char in "<>" and text.startswith("(", self.at + 1):
            if self.posix:
                raise self.refuse("<( is not in every sh")
            self.nested(2, depth)
        else:
            return False
        return True

    def closing_quote(self, quote: str) -> int:
        """Where a single-quoted text ends; quotes of expressions are not the shell's."""
        at = self.at
        while True:
            end = self.text.find(quote, at, self.length)
            if end < 0:
                raise self.refuse(f"a {quote} has no end")
            inside = [stop for start, stop in self.fences.items() if start < end < stop]
            if not inside:
                return end
            at = inside[0]

    def verbatim(self, end: int, quoting: str) -> None:
        """Text in which nothing has a meaning but GitHub's expressions."""
        while self.at < end:
            if self.expression(quoting):
                continue
            start = self.at
            following = [fence for fence in self.fences if start < fence < end]
            self.at = min(following, default=end)
            self.add(TEXT, quoting, start)

    def double(self, depth: int) -> None:
        opening = self.at
        self.at += 1
        while True:
            if self.at >= self.length:
                self.at = opening
                raise self.refuse('a " has no end')
            if self.text[self.at] == '"':
                if self.at == opening + 1:
                    self.add(TEXT, DOUBLE, opening, "")
                self.at += 1
                return
            self.quoted_part(DOUBLE, depth)

    def quoted_part(self, quoting: str, depth: int) -> None:
        """The next part inside double quotes, or of a here-document that is expanded."""
        text = self.text
        start = self.at
        if self.expression(quoting):
            return
        self.escaped_expression()
        char = text[start]
        if char in "$`":
            self.expansion(quoting, depth)
        elif char == "\\":
            following = text[start + 1 : start + 2]
            if following == "\n":
                self.at += 2
            elif following in '$`\\"' and following and not (following == '"' and quoting == HEREDOC):
                self.at += 2
                self.add(TEXT, quoting, start, following)
            else:
                self.at += 1
                self.add(TEXT, quoting, start)
        else:
            stops = "\\$`" if quoting == HEREDOC else '"\\$`'
            while self.at < self.length and text[self.at] not in stops:
                self.at += 1
            self.add(TEXT, quoting, start)

    def expansion(self, quoting: str, depth: int) -> None:
        """What begins with ``$`` or a backquote."""
        text = self.text
        start = self.at
        following = text[start + 1 : start + 2]
        if start + 1 in self.fences:
            raise self.refuse("a $ stands directly before an expression")
        if text[start] == "`":
            if self.backquoted:
                raise self.refuse("backquotes inside backquotes")
            end = text.find("`", start + 1, self.length)
            if end < 0 or "\\" in text[start:end]:
                raise self.refuse("backquotes without an end, or with \\ inside")
            self.nested(1, depth, "`")
        elif text.startswith("$((", start):
            self.arithmetic(3, depth)
        elif following == "(":
            self.nested(2, depth)
        elif following == "{":
            self.braces(quoting, depth)
        elif following == "[":
            raise self.refuse("$[ is an old form of arithmetic")
        elif following == "'" and quoting == BARE:
            if self.posix:
                raise self.refuse("$' means different things in different shells")
            self.ansi()
        elif following == '"' and quoting == BARE:
            if self.posix:
                raise self.refuse('$" means different things in different shells')
            self.mark(1, RAW)
            self.double(depth)
        else:
            name = _NAME.match(text, start + 1) or _SPECIAL.match(text, start + 1)
            if name is None:
                self.at += 1
                self.add(TEXT, quoting, start)
            else:
                self.at = name.end()
                if self.at in self.fences:
                    raise self.refuse(f"the value behind ${name.group()} becomes a part of that name")
                plain = name.group()[0].isalpha() or name.group()[0] == "_"
                self.add(VARIABLE if plain else RAW, quoting, start, name.group() if plain else None)

    def nested(self, opening: int, depth: int, closer: str = ")") -> None:
        """``$( … )``, ``<( … )``, or backquotes: commands of their own."""
        saved = self.place, self.word_number, self.last, self.pending, self.backquoted, self.around
        self.pending = []
        self.backquoted = self.backquoted or closer == "`"
        self.mark(opening)
        self.commands(frozenset(), closer, depth + 1)
        if self.pending:
            raise self.refuse("a here-document begins at the end of $( )")
        self.place, self.word_number, self.last, self.pending, self.backquoted, self.around = saved
        self.mark(1)

    def arithmetic(self, opening: int, depth: int) -> None:
        """``(( … ))`` or ``$(( … ))`` up to its end."""
        self.mark(opening)
        open_ = 0
        text = self.text
        while True:
            if self.at >= self.length:
                raise self.refuse("(( has no ))")
            start = self.at
            if self.expression(ARITHMETIC):
                continue
            char = text[self.at]
            if char in "$`":
                self.expansion(ARITHMETIC, depth)
            elif char == ")" and not open_:
                if not text.startswith("))", self.at):
                    raise self.refuse("(( has no ))")
                self.mark(2)
                return
            elif char in "'\"\\":
                raise self.refuse("quotes inside (( ))")
            else:
                open_ += (char == "(") - (char == ")")
                self.at += 1
                self.add(TEXT, ARITHMETIC, start)

    def braces(self, quoting: str, depth: int) -> None:
        """``${NAME}``, or any other ``${…}`` with what stands in its body."""
        text = self.text
        start = self.at
        name = _NAME.match(text, start + 2)
        if name is not None and text.startswith("}", name.end()):
            self.at = name.end() + 1
            self.add(VARIABLE, quoting, start, name.group())
            return
        place, self.place = self.place, BODY
        self.at += 2
        self.add(RAW, quoting, start)
        while True:
            if self.at >= self.length:
                raise self.refuse("${ has no }")
            here = self.at
            if self.expression(quoting):
                continue
            char = text[here]
            self.escaped_expression()
            if char == "}":
                self.at += 1
                self.add(RAW, quoting, here)
                break
            if char == "'" and quoting == BARE:
                self.at += 1
                end = self.closing_quote("'")
                self.verbatim(end, SINGLE)
                self.at = end + 1
            elif char == '"':
                self.double(depth)
            elif char == "\\":
                self.at = min(here + 2, self.length)
                self.add(RAW, quoting, here)
            elif char in "$`":
                self.expansion(quoting, depth)
            else:
                self.at += 1
                self.add(RAW, quoting, here)
            self.place = BODY
        self.place = place

    def ansi(self) -> None:
        self.mark(2, RAW)
        while True:
            if self.at >= self.length:
                raise self.refuse("$' has no end")
            start = self.at
            if self.expression(ANSI):
                continue
            self.escaped_expression()
            if self.text[start] == "'":
                self.mark(1, RAW)
                return
            self.at = min(self.at + (2 if self.text[start] == "\\" else 1), self.length)
            self.add(RAW, ANSI, start)

    # --- between words

    def blanks(self) -> None:
        """Blanks, continued lines, and the comment that ends a line."""
        blank = _BLANK.match(self.text, self.at, self.length)
        if blank is not None:
            self.at = blank.end()
        starts = self.at == 0 or self.text[self.at - 1] in " \t\r\n;&|()`"
        if self.at < self.length and self.text[self.at] == "#" and starts:
            end = self.text.find("\n", self.at, self.length)
            end = self.length if end < 0 else end
            inside = [stop for start, stop in self.fences.items() if start < end < stop and start >= self.at]
            if inside:
                raise self.refuse("an expression of several lines stands in a comment")
            self.place = IN_COMMENT
            self.verbatim_comment(end)

    def verbatim_comment(self, end: int) -> None:
        while self.at < end:
            if not self.expression(IN_COMMENT):
                start = self.at
                self.at = min([fence for fence in self.fences if start < fence < end], default=end)
                self.add(COMMENT, IN_COMMENT, start)

    def lines(self) -> None:
        """Blanks, comments and line breaks; here-documents that wait begin behind the break."""
        self.blanks()
        while self.at < self.length and self.text[self.at] == "\n":
            self.mark(1)
            if self.pending:
                self.bodies()
            self.blanks()


def _placed(part: Part, place: str) -> Part:
    return Part(part.kind, part.quoting, place, part.text, part.start, part.end, part.word, part.around)


# -------------------------------------------------------------------------------------------- may it be moved?


def unsuited(reading: Reading, part: Part, expr: Expr) -> str:
    """Why a variable in the place of an expression would not mean the same; '' where it does, once it is quoted."""
    language = language_of(part.around)
    if language:
        return f"it stands in {language}, which reads the value as text of its own"
    if part.quoting in (ANSI, ARITHMETIC, IN_COMMENT):
        return f"it stands in {part.quoting}" + (
            ", where GitHub still puts the value and a line break in it would end the comment; take it out by hand"
            if part.quoting == IN_COMMENT
            else ", which reads the value as text of its own"
        )
    if part.place in (SUBSCRIPT, NUMERIC_TEST, BODY):
        return f"it stands in {part.place}, which the shell evaluates once more"
    if part.place == COMMAND_NAME and (part.quoting == BARE or not _beside(reading, part)):
        return "its value is the command that is run"
    if part.place == REGEX and part.quoting == BARE:
        return "it stands in a regular expression, and a variable in quotes is plain text there"
    if part.quoting != BARE or part.place in (ASSIGNMENT, SUBJECT, TEST):
        return ""
    beside = _beside(reading, part)
    if any(other.kind == TEXT and other.quoting == BARE and set("*?[{~") & set(other.text) for other in beside):
        return "it stands in a word with wildcards"
    width = one_word(expr)
    if width == "always" or (width and beside):
        return ""
    return (
        "it stands without quotes, so the value may be meant as several words"
        + (" or as none" if not beside else "")
        + "; quote it where one word is meant"
    )


def _beside(reading: Reading, part: Part) -> list[Part]:
    """The other parts of a word; empty ones do not count."""
    return [
        other
        for other in reading.parts
        if other.word == part.word
        and other is not part
        and other.kind not in (GAP, MARK, COMMENT)
        and other.text
        and other.around == part.around
    ]
