"""The commands of a shell script: what it really runs, and whether a failure of each can still be noticed.

A reader for the part of sh and bash that CI scripts use: quotes, comments, here-documents, lists, pipes, subshells,
substitutions, compound commands and functions, as POSIX.1-2024 (Shell Command Language) and the bash manual describe
them. It never runs or expands anything, never fails, and takes time in proportion to the script. Text in ``${{ }}``
is opaque: GitHub replaces it before the shell reads the script.
"""

from __future__ import annotations

import re

from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Match

MAX_DEPTH = 40
"""Deeper nesting is not entered; what lies beyond is not seen."""

SHELLS = frozenset(("bash", "sh", "dash", "ash", "ksh", "zsh"))

PRINTING = frozenset(("true", ":", "echo", "printf", "cat", "sleep", "date"))
"""Commands that succeed whatever came before, and change nothing."""

_PLAIN = re.compile(r"[^\s;&|()<>\"'`$\\]+")
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_RESERVED = re.compile(
    r"(?:if|then|elif|else|fi|for|while|until|select|do|done|case|esac|function|in|\[\[|[{}!])(?=[\s;&|()<>]|$)"
)
_REDIRECT = re.compile(r"\d*(?:<<<|<<-?|<&|>&|&>>?|>>|>\||<>|<(?!\()|>(?!\())")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")
_VERSION = re.compile(r"(?<=.)@[^/]*$")


class Command(Value):
    """One simple command of a script.

    words        its words with quotes removed; expansions stand as written
    start, end   offsets of the command in the script
    list_end     where the list ends that it begins, so that ``[start, list_end)`` takes in a ``|| true``
    assignments  the ``NAME=value`` words before it
    targets      the files that its output is sent to
    swallowed    why nobody notices when it fails; '' where the script fails with it, or reacts to it
    program      the words from the program's name on, without ``sudo``, ``env``, ``npx`` and the like, the name
                 without its folder and version: ``('gitleaks', 'detect')`` for ``npx -y gitleaks@8 detect``
    """

    __slots__ = ("assignments", "end", "list_end", "program", "start", "swallowed", "targets", "words")

    def __init__(
        self,
        words: tuple[str, ...],
        start: int,
        end: int,
        list_end: int,
        assignments: tuple[str, ...],
        targets: tuple[str, ...],
        swallowed: str,
    ) -> None:
        self.words = words
        self.start = start
        self.end = end
        self.list_end = list_end
        self.assignments = assignments
        self.targets = targets
        self.swallowed = swallowed
        self.program = program_of(words)


def commands(script: str, shell: str = "") -> tuple[Command, ...] | None:
    """The commands of a ``run`` script in the order of their places; None for a shell that is not read here.

    `shell` is the value of the ``shell`` key: '' is GitHub's default (``bash -e``), ``bash`` adds ``pipefail``, and a
    template such as ``bash -l {0}`` brings its own flags (GitHub's documentation of ``jobs.<id>.steps[*].shell``).
    """
    options = shell_options(shell)
    if options is None:
        return None
    return _commands(script, options, 0)


def shell_options(shell: str) -> tuple[bool, bool] | None:
    """(errexit, pipefail) of a ``shell`` value, or None where it is not a shell of the sh family."""
    if shell in ("", "sh"):
        return True, False
    if shell == "bash":
        return True, True
    words = shell.split()
    at = next((i for i, word in enumerate(words) if word.rpartition("/")[2] in SHELLS), None)
    if at is None:
        return None
    options = [False, False]
    _set_options(words[at + 1 :], options)
    return options[0], options[1]


def program_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the program that a command really runs; see `Command.program`."""
    at = 0
    packaged = False
    while at < len(words):
        name = _base(words[at])
        following = words[at + 1] if at + 1 < len(words) else ""
        if name in _WRAPPERS:
            at = _past_options(words, at + 1, _WRAPPERS[name])
            if name == "timeout":
                at += 1
            packaged = name in ("npx", "bunx", "pnpx", "uvx")
        elif (name, following) in _TWO_WORDS:
            at = _past_options(words, at + 2, "-p --package --with --from --python --filter")
            packaged = True
        elif (name, following) in _AFTER_DASHES and "--" in words[at:]:
            at = words.index("--", at) + 1
        elif following == "-m" and name.rstrip("0123456789.") == "python" and at + 2 < len(words):
            at += 2
        else:
            break
    if at >= len(words):
        return ()
    first = _base(words[at])
    if packaged:
        first = _VERSION.sub("", words[at])
        if not first.startswith("@"):
            first = _base(first)
    return (first, *words[at + 1 :])


def after_options(program: tuple[str, ...], expected: tuple[str, ...]) -> bool:
    """Whether a program's words begin with the expected ones when options, and their values, are left out."""
    if not program or program[0] != expected[0]:
        return False
    wanted = 1
    for at in range(1, len(program)):
        if wanted == len(expected):
            break
        word = program[at]
        if word.startswith("-"):
            continue
        if word in expected[wanted].split("|"):
            wanted += 1
        elif not program[at - 1].startswith("-") or "=" in program[at - 1]:
            return False
    return wanted == len(expected)


def has_option(program: tuple[str, ...], option: str) -> bool:
    """Whether an option is among a program's words, alone, as ``--option=value``, or in a cluster of letters.

    ``--option value`` (with a blank) and ``--option=value`` in `option` both ask for that value.
    """
    name, _, value = option.replace("=", " ", 1).partition(" ")
    for at, word in enumerate(program):
        if value:
            given = program[at + 1] if word == name and at + 1 < len(program) else ""
            if word == f"{name}={value}" or given == value or (len(name) == 2 and word == name + value):
                return True
        elif (
            word == name
            or word.startswith(name + "=")
            or (len(name) == 2 and len(word) > 2 and word[0] == "-" and word[1].isalpha() and name[1] in word[1:])
        ):
            return True
    return False


# ------------------------------------------------------------------------------------------------------ wrappers

_WRAPPERS = {  # name → its options that take a value
    "env": "-u --unset -C --chdir",
    "sudo": "-u -g -h -p --user --group",
    "time": "", "nohup": "", "exec": "-a", "command": "", "builtin": "", "setsid": "", "xvfb-run": "-s -n -a",
    "nice": "-n", "ionice": "-c -n", "stdbuf": "-o -e -i",
    "timeout": "-k -s --kill-after --signal",
    "xargs": "-n -I -P -L -s -d -E -a --max-args --max-procs",
    "npx": "-p --package", "bunx": "", "pnpx": "", "uvx": "--from --with --python",
}  # fmt: skip
_TWO_WORDS = frozenset(
    (("pnpm", "dlx"), ("pnpm", "exec"), ("yarn", "dlx"), ("yarn", "exec"), ("npm", "exec"), ("npm", "x"),
     ("bun", "x"), ("uv", "run"), ("pipx", "run"), ("poetry", "run"), ("pipenv", "run"), ("hatch", "run"),
     ("pdm", "run"), ("rye", "run"), ("bundle", "exec"))
)  # fmt: skip
_AFTER_DASHES = frozenset((("op", "run"), ("doppler", "run"), ("infisical", "run"), ("nix", "develop")))


def _base(word: str) -> str:
    return word.rpartition("/")[2].removesuffix(".exe") if "${{" not in word else word


def _past_options(words: tuple[str, ...], at: int, with_value: str) -> int:
    takes = with_value.split()
    while at < len(words) and (words[at].startswith("-") or _ASSIGNMENT.match(words[at])):
        word = words[at]
        at += 2 if word in takes else 1
        if word == "--":
            break
    return at


# -------------------------------------------------------------------------------------------------------- tree


class _Simple:
    __slots__ = ("assignments", "bodies", "end", "parts", "start", "targets", "words")

    def __init__(self, start: int) -> None:
        self.words: list[str] = []
        self.assignments: list[str] = []
        self.targets: list[str] = []
        self.bodies: list[tuple[int, int]] = []  # here-documents
        self.parts: list[tuple[bool, _List]] = []  # substitutions, with whether they give a variable its value
        self.start = start
        self.end = start


class _Compound:
    """``if``, loops, groups, functions: `conditions` are consulted, `bodies` are run."""

    __slots__ = ("bodies", "conditions", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.conditions: list[_List] = []
        self.bodies: list[_List] = []


class _Pipeline:
    __slots__ = ("commands", "end", "negated", "start")

    def __init__(self, start: int) -> None:
        self.commands: list[_Simple | _Compound] = []
        self.negated = False
        self.start = start
        self.end = start


class _AndOr:
    """Pipelines with the operator before each ('' before the first)."""

    __slots__ = ("background", "end", "parts")

    def __init__(self) -> None:
        self.parts: list[tuple[str, _Pipeline]] = []
        self.background = False
        self.end = 0


if TYPE_CHECKING:
    _List = list[_AndOr]

_NOTHING: frozenset[str] = frozenset()


class _Reader:
    """A recursive-descent reader. Every method moves `at` forward or leaves it; nothing is read twice."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.length = len(text)
        self.at = 0
        self.pending: list[tuple[_Simple, str, bool]] = []
        self.absent: set[str] = set()  # closers that the rest of the text does not have
        self.ended = 0  # where the last command ended

    # --- lists

    def items(self, stop: frozenset[str], closer: str, depth: int) -> _List:
        items: list[_AndOr] = []
        if depth > MAX_DEPTH:
            self.at = self.length
            return items
        text = self.text
        while True:
            self.newlines()
            if self.at >= self.length:
                return items
            char = text[self.at]
            if char == ")":
                if closer:
                    return items
                self.at += 1
            elif char == ";" and closer == ";;" and text[self.at + 1 : self.at + 2] in (";", "&"):
                return items
            elif char in ";&|" and not text.startswith("&>", self.at):
                self.at += 1
            elif self.reserved() in stop and stop:
                return items
            else:
                before = self.at
                item = self.and_or(depth)
                if self.at == before:
                    self.at += 1
                    continue
                self.blanks()
                if self.at < self.length and text[self.at] == "&":
                    item.background = True
                    self.at += 1
                items.append(item)

    def and_or(self, depth: int) -> _AndOr:
        item = _AndOr()
        operator = ""
        while True:
            item.parts.append((operator, self.pipeline(depth)))
            item.end = item.parts[-1][1].end
            self.blanks()
            operator = self.text[self.at : self.at + 2]
            if operator not in ("&&", "||"):
                return item
            self.at += 2
            self.newlines()

    def pipeline(self, depth: int) -> _Pipeline:
        self.blanks()
        pipe = _Pipeline(self.at)
        while self.reserved() == "!":
            pipe.negated = not pipe.negated
            self.at += 1
            self.blanks()
        while True:
            pipe.commands.append(self.command(depth))
            pipe.end = max(pipe.end, self.ended)
            self.blanks()
            if not self.text.startswith("|", self.at) or self.text.startswith("||", self.at):
                return pipe
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.newlines()

    # --- commands

    def command(self, depth: int) -> _Simple | _Compound:
        self.blanks()
        text = self.text
        if text.startswith("(", self.at):
            if text.startswith("((", self.at) and self.past("))"):
                self.ended = self.at
                return _Compound("arithmetic")
            self.at += 1
            compound = _Compound("subshell")
            compound.bodies.append(self.items(_NOTHING, ")", depth + 1))
            self.at = min(self.at + 1, self.length)
            return self.redirected(compound, depth)
        word = self.reserved()
        if word in ("if", "while", "until", "for", "select", "case", "{", "[[", "function"):
            self.at += len(word)
            return self.redirected(self.compound(word, depth + 1), depth)
        return self.simple(depth)

    def compound(self, word: str, depth: int) -> _Compound:
        compound = _Compound(word)
        if word == "{":
            compound.bodies.append(self.items(frozenset("}"), "", depth))
            self.expect("}")
        elif word == "if":
            compound.conditions.append(self.items(frozenset(("then",)), "", depth))
            while self.expect("then"):
                compound.bodies.append(self.items(frozenset(("elif", "else", "fi")), "", depth))
                if not self.expect("elif"):
                    break
                compound.conditions.append(self.items(frozenset(("then",)), "", depth))
            if self.expect("else"):
                compound.bodies.append(self.items(frozenset(("fi",)), "", depth))
            self.expect("fi")
        elif word in ("while", "until"):
            compound.conditions.append(self.items(frozenset(("do",)), "", depth))
            self.loop_body(compound, depth)
        elif word in ("for", "select"):
            header = _Simple(self.at)
            self.blanks()
            if not (self.text.startswith("((", self.at) and self.past("))")):
                while self.at < self.length and self.text[self.at] not in ";\n)":
                    before = self.at
                    if not self.word(header, depth) or self.at == before:
                        break
                    self.blanks()
            if self.text.startswith(";", self.at):
                self.at += 1
            compound.conditions += [part for _, part in header.parts]
            self.loop_body(compound, depth)
        elif word == "case":
            self.case(compound, depth)
        elif word == "[[":
            self.test(compound, depth)
        elif word == "function":
            self.blanks()
            name = _Simple(self.at)
            self.word(name, depth)
            self.blanks()
            if self.text.startswith("()", self.at):
                self.at += 2
            self.newlines()
            self.body_of(compound, depth)
        return compound

    def body_of(self, compound: _Compound, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.at = self.length
            return
        item = _AndOr()
        pipe = _Pipeline(self.at)
        pipe.commands.append(self.command(depth))
        item.parts.append(("", pipe))
        compound.bodies.append([item])

    def loop_body(self, compound: _Compound, depth: int) -> None:
        self.newlines()
        if self.expect("do"):
            compound.bodies.append(self.items(frozenset(("done",)), "", depth))
            self.expect("done")

    def case(self, compound: _Compound, depth: int) -> None:
        self.blanks()
        self.word(_Simple(self.at), depth)
        self.newlines()
        self.expect("in")
        text = self.text
        while True:
            self.newlines()
            if self.at >= self.length or self.expect("esac"):
                return
            if text[self.at] == "(":
                self.at += 1
            while self.at < self.length and text[self.at] != ")":
                before = self.at
                self.blanks()
                if not self.word(_Simple(self.at), depth) and self.at < self.length and text[self.at] != ")":
                    self.at += 1
                if self.at == before:
                    return
            self.at = min(self.at + 1, self.length)
            compound.bodies.append(self.items(frozenset(("esac",)), ";;", depth))
            while text[self.at : self.at + 1] in (";", "&") and self.at < self.length:
                self.at += 1
            if text[self.at : self.at + 1] == ")":  # not a case at all
                return

    def test(self, compound: _Compound, depth: int) -> None:
        inner = _Simple(self.at)
        while self.at < self.length:
            self.blanks()
            if self.text.startswith("]]", self.at):
                self.at += 2
                break
            if self.at < self.length and not self.word(inner, depth):
                if self.text[self.at] == "\n":
                    self.newlines()
                else:
                    self.at += 1
        compound.conditions += [part for _, part in inner.parts]

    def simple(self, depth: int) -> _Simple | _Compound:
        self.blanks()
        node = _Simple(self.at)
        text = self.text
        while self.at < self.length:
            char = text[self.at]
            redirect = _REDIRECT.match(text, self.at) if char in "<>&0123456789" else None
            if redirect is not None:
                self.redirect(node, redirect, depth)
            elif char == "(" and len(node.words) == 1 and text.startswith("()", self.at):
                self.at += 2
                self.newlines()
                function = _Compound("function")
                self.body_of(function, depth + 1)
                return function
            elif char in ";&|)\n(" or not self.word(node, depth):
                break
            node.end = self.at
            self.blanks()
        self.ended = node.end
        return node

    def redirected(self, compound: _Compound, depth: int) -> _Compound:
        """Reads the redirections behind a compound command."""
        holder = _Simple(self.at)
        while True:
            mark = self.at
            self.blanks()
            redirect = _REDIRECT.match(self.text, self.at)
            if redirect is None:
                self.at = self.ended = mark
                compound.conditions += [part for _, part in holder.parts]
                return compound
            self.redirect(holder, redirect, depth)

    def redirect(self, node: _Simple, match: Match[str], depth: int) -> None:
        operator = match.group().lstrip("0123456789")
        self.at = match.end()
        self.blanks()
        if operator in ("<<", "<<-"):
            holder = _Simple(self.at)
            if self.word(holder, depth):
                self.pending.append((node, "".join(holder.words or holder.assignments), operator == "<<-"))
            return
        holder = _Simple(self.at)
        if self.word(holder, depth):
            node.parts += holder.parts
            if operator[0] in ">&" and operator != ">&":
                node.targets += holder.words or holder.assignments

    # --- words

    def word(self, node: _Simple, depth: int) -> bool:
        """Reads one word into a command; False where there is none."""
        text = self.text
        start = self.at
        if depth > MAX_DEPTH:
            self.at = self.length
        pieces: list[str] = []
        parts: list[_List] = []
        while self.at < self.length:
            plain = _PLAIN.match(text, self.at)
            if plain is not None:
                pieces.append(plain.group())
                self.at = plain.end()
                continue
            char = text[self.at]
            if char == "'":
                self.at += 1
                pieces.append(self.until_quote())
            elif char == '"':
                self.at += 1
                self.double_quoted(pieces, parts, depth)
            elif char == "\\":
                if text.startswith(("\\\n", "\\\r\n"), self.at):
                    if not pieces:
                        break
                    self.at = text.index("\n", self.at) + 1
                else:
                    pieces.append(text[self.at + 1 : self.at + 2])
                    self.at = min(self.at + 2, self.length)
            elif char == "$" or char == "`":
                self.expansion(pieces, parts, depth, quoted=False)
            elif char in "<>" and text.startswith("(", self.at + 1):
                self.at += 2
                parts.append(self.items(_NOTHING, ")", depth + 1))
                self.at = min(self.at + 1, self.length)
                pieces.append("/dev/fd")
            elif char == "(" and pieces and pieces[-1][-1:] in "=@!?*+" and pieces[-1]:
                self.at += 1  # an array's value or an extended pattern
                inner = _Simple(self.at)
                while self.at < self.length and text[self.at] != ")":
                    self.newlines()
                    if self.at < self.length and text[self.at] != ")" and not self.word(inner, depth + 1):
                        self.at += 1
                self.at = min(self.at + 1, self.length)
                parts += [part for _, part in inner.parts]
                pieces.append("()")
            else:
                break
        if self.at == start:
            return False
        value = "".join(pieces)
        assigns = not node.words and _ASSIGNMENT.match(text, start) is not None
        (node.assignments if assigns else node.words).append(value)
        # `export X=$(f)` and `local X=$(f)` have the status of export; the value is kept, and so may be looked at.
        node.parts += [(assigns or "=" in value.partition("$")[0], part) for part in parts]
        return True

    def double_quoted(self, pieces: list[str], parts: list[_List], depth: int) -> None:
        text = self.text
        while self.at < self.length:
            char = text[self.at]
            if char == '"':
                self.at += 1
                return
            if char == "\\":
                following = text[self.at + 1 : self.at + 2]
                pieces.append("" if following == "\n" else following if following in '$`"\\' else char + following)
                self.at = min(self.at + 2, self.length)
            elif char == "$" or char == "`":
                self.expansion(pieces, parts, depth, quoted=True)
            else:
                plain = _IN_QUOTES.match(text, self.at)
                assert plain is not None
                pieces.append(plain.group())
                self.at = plain.end()

    def expansion(self, pieces: list[str], parts: list[_List], depth: int, *, quoted: bool) -> None:
        """Reads what begins with ``$`` or a backquote; its text goes to `pieces` as written."""
        text = self.text
        start = self.at
        if depth > MAX_DEPTH:
            self.at = self.length
        elif text[start] == "`":
            self.at += 1
            end = self.backquoted()
            inner = _Reader(text[start + 1 : end].replace("\\`", "`"))
            if inner.length == end - start - 1:  # escaped backquotes shift the places: such a part is not entered
                parts.append(_shifted(inner.items(_NOTHING, "", depth + 1), start + 1))
        elif text.startswith("${{", start):
            self.at += 3
            if not self.past("}}"):
                self.at = self.length
        elif text.startswith("$((", start) and self.past("))"):
            pass
        elif text.startswith("$(", start):
            self.at += 2
            parts.append(self.items(_NOTHING, ")", depth + 1))
            self.at = min(self.at + 1, self.length)
        elif text.startswith("${", start):
            self.at += 2
            self.braces(parts, depth + 1, quoted)
        elif text.startswith("$'", start) and not quoted:
            self.at += 2
            while self.at < self.length and text[self.at] != "'":
                self.at += 2 if text[self.at] == "\\" else 1
            self.at = min(self.at + 1, self.length)
            pieces.append(text[start + 2 : self.at - 1])
            return
        else:
            self.at += 1
        pieces.append(text[start : self.at])

    def braces(self, parts: list[_List], depth: int, quoted: bool) -> None:
        text = self.text
        unused: list[str] = []
        while self.at < self.length:
            char = text[self.at]
            self.at += 1
            if char == "}":
                return
            if char == "\\":
                self.at = min(self.at + 1, self.length)
            elif char == "'" and not quoted:
                self.until_quote()
            elif char == '"':
                self.double_quoted(unused, parts, depth)
            elif char == "$" or char == "`":
                self.at -= 1
                self.expansion(unused, parts, depth, quoted=quoted)

    def until_quote(self) -> str:
        """The text up to the closing single quote; quotes inside ``${{ }}`` belong to the expression."""
        text = self.text
        start = self.at
        while True:
            quote = text.find("'", self.at)
            quote = self.length if quote < 0 else quote
            opaque = text.find("${{", self.at, quote)
            if opaque < 0:
                break
            self.at = opaque + 3
            if not self.past("}}"):
                self.at = quote
                break
        closing = text.find("'", self.at)
        end = self.length if closing < 0 else closing
        self.at = min(end + 1, self.length)
        return text[start:end]

    def backquoted(self) -> int:
        """Moves past the closing backquote and gives its place."""
        text = self.text
        while self.at < self.length and text[self.at] != "`":
            self.at += 2 if text[self.at] == "\\" else 1
        end = min(self.at, self.length)
        self.at = min(self.at + 1, self.length)
        return end

    # --- blanks, newlines, here-documents

    def blanks(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank is not None:
            self.at = blank.end()
        if self.text.startswith("#", self.at):
            end = self.text.find("\n", self.at)
            self.at = self.length if end < 0 else end

    def newlines(self) -> None:
        self.blanks()
        while self.at < self.length and self.text[self.at] == "\n":
            self.at += 1
            if self.pending:
                self.here_documents()
            self.blanks()

    def here_documents(self) -> None:
        text = self.text
        for node, delimiter, tabs in self.pending:
            start = self.at
            while True:
                end = text.find("\n", self.at)
                stop = self.length if end < 0 else end
                line = text[self.at : stop].removesuffix("\r")
                begin = self.at
                self.at = min(stop + 1, self.length)
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    node.bodies.append((start, begin))
                    break
                if end < 0:
                    node.bodies.append((start, self.length))
                    break
        self.pending.clear()

    # --- small steps

    def reserved(self) -> str:
        match = _RESERVED.match(self.text, self.at)
        return match.group() if match is not None else ""

    def expect(self, word: str) -> bool:
        self.newlines()
        if self.reserved() != word:
            return False
        self.at += len(word)
        return True

    def past(self, closer: str) -> bool:
        """Moves behind the next `closer`; False, and no move, where there is none."""
        if closer in self.absent:
            return False
        found = self.text.find(closer, self.at)
        if found < 0:
            self.absent.add(closer)
            return False
        self.at = found + len(closer)
        return True


_IN_QUOTES = re.compile(r"[^\"\\$`]+")


def _shifted(items: _List, by: int) -> _List:
    """Moves the places of a tree that was read from a part of the text."""
    todo: list[_List] = [items]
    while todo:
        for item in todo.pop():
            item.end += by
            for _, pipe in item.parts:
                pipe.start += by
                pipe.end += by
                for command in pipe.commands:
                    if isinstance(command, _Simple):
                        command.start += by
                        command.end += by
                        command.bodies = [(start + by, end + by) for start, end in command.bodies]
                        todo += [part for _, part in command.parts]
                    else:
                        todo += command.conditions
                        todo += command.bodies
    return items


# ------------------------------------------------------------------------------------------------------- fates


def _commands(script: str, options: tuple[bool, bool], depth: int) -> tuple[Command, ...]:
    tree = _Reader(script).items(_NOTHING, "", 0)
    judge = _Judge(script, options, depth)
    judge.items(tree, tail=True, handled=False, swallowed="")
    return tuple(sorted(judge.found, key=lambda command: command.start))


class _Judge:
    """Walks the tree in the order of running and notes for each command whether its failure is noticed.

    tail       the status of this part is the status of the script
    handled    something looks at the status: a condition, a fallback that is more than a word of comfort
    swallowed  the reason why an outer construct hides any failure
    """

    def __init__(self, script: str, options: tuple[bool, bool], depth: int) -> None:
        self.script = script
        self.errexit, self.pipefail = options
        self.depth = depth
        self.found: list[Command] = []
        self.last_status = max(script.rfind("$?"), script.rfind("${?"), script.rfind("PIPESTATUS"))
        self.last_pipe_status = script.rfind("PIPESTATUS")
        self.waits = re.search(r"\bwait\b", script) is not None

    def items(self, items: _List, *, tail: bool, handled: bool, swallowed: str) -> None:
        gone = ""
        for number, item in enumerate(items):
            last = number == len(items) - 1
            reason = swallowed or gone
            if item.background and not self.waits and not reason:
                reason = "it runs in the background and nothing waits for it"
            self.and_or(item, tail=tail and last and not item.background, handled=handled, swallowed=reason)
            if _leaves(item):
                gone = "the script has already left with exit"

    def and_or(self, item: _AndOr, *, tail: bool, handled: bool, swallowed: str) -> None:
        fallbacks: list[str | None] = []  # for each pipeline: why the next || hides its failure, '' if it reacts
        following: str | None = None
        for operator, pipe in reversed(item.parts):
            fallbacks.append(following)
            if operator == "||":
                following = self.comfort(pipe) if self.harmless_pipe(pipe) else ""
        for (_, pipe), fallback in zip(item.parts, reversed(fallbacks), strict=True):
            reason = swallowed
            seen = handled
            if fallback is not None:
                reason = reason or fallback
                seen = seen or not fallback
            elif not (reason or handled or tail or self.last_status >= pipe.end):
                if pipe is not item.parts[-1][1]:
                    reason = "a failure left of && does not end the script, and more commands follow"
                elif not self.errexit:
                    reason = "the script goes on after a failure (set +e), and more commands follow"
            self.pipeline(pipe, item.end, tail=tail, handled=seen or pipe.negated, swallowed=reason)

    def comfort(self, fallback: _Pipeline) -> str:
        said = " ".join(self.script[fallback.start : fallback.end].split())
        return f"`|| {said if len(said) <= 30 else said[:28] + '…'}` turns every failure into success"

    def pipeline(self, pipe: _Pipeline, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
        last = len(pipe.commands) - 1
        saved = self.errexit, self.pipefail
        for number, command in enumerate(pipe.commands):
            reason = swallowed
            if number < last and not reason and not handled and not saved[1] and self.last_pipe_status < pipe.end:
                reason = f"the pipe into `{_name(pipe.commands[-1])}` hides its exit code (no pipefail)"
            place = max(end, pipe.end)
            if isinstance(command, _Simple):
                self.simple(command, place, tail=tail, handled=handled, swallowed=reason)
            else:
                self.compound(command, place, tail=tail and number == last, handled=handled, swallowed=reason)
        if last:  # each part of a pipe runs in a subshell
            self.errexit, self.pipefail = saved

    def compound(self, node: _Compound, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
        saved = self.errexit, self.pipefail
        reason = swallowed
        if node.kind == "if" and not reason and node.bodies and all(map(self.harmless_list, node.bodies)):
            reason = "the if around it only prints, whatever the outcome"
        for part in node.conditions:
            self.items(part, tail=False, handled=True, swallowed=reason)
        # A function's commands count where it is called, which is not followed: nothing is held against them.
        free = node.kind == "function"
        for part in node.bodies:
            self.items(part, tail=tail or free, handled=handled, swallowed="" if free else swallowed)
        if node.kind in ("subshell", "function"):
            self.errexit, self.pipefail = saved

    def simple(self, node: _Simple, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
        words = tuple(node.words)
        prints = bool(words) and words[0] in PRINTING and not any("GITHUB_" in target for target in node.targets)
        saved = self.errexit, self.pipefail
        for assigns, part in node.parts:
            reason = swallowed
            if not assigns and prints:
                reason = reason or f"it stands inside an argument of {words[0]}"
            self.items(part, tail=tail and not words, handled=handled or bool(words) or assigns, swallowed=reason)
        self.errexit, self.pipefail = saved
        if words and words[0] == "set":
            options = [self.errexit, self.pipefail]
            _set_options(words[1:], options)
            self.errexit, self.pipefail = options[0], options[1]
        if not words:
            return
        self.add(node, words, end, swallowed)
        self.nested(node, words, end, handled, swallowed)

    def add(self, node: _Simple, words: tuple[str, ...], end: int, swallowed: str) -> None:
        assignments, targets = tuple(node.assignments), tuple(node.targets)
        self.found.append(Command(words, node.start, node.end, max(end, node.end), assignments, targets, swallowed))

    def nested(self, node: _Simple, words: tuple[str, ...], end: int, handled: bool, swallowed: str) -> None:
        """Commands that a command is told to run: ``bash -c``, ``bash <<EOF``, ``eval``, ``find -exec``."""
        program = program_of(words)
        if not program or self.depth > 3:
            return
        if program[0] == "find":
            at = 1
            while at < len(program):
                begin = at = at + 1
                if program[begin - 1] not in ("-exec", "-execdir"):
                    continue
                while at < len(program) and program[at] not in (";", "+"):
                    at += 1
                noticed = handled or program[at : at + 1] == ("+",)
                reason = swallowed or ("" if noticed else "find -exec ignores its exit code")
                self.add(node, program[begin:at], end, reason)
            return
        script: str | None = None
        offset: int | None = None
        options = (False, False)
        if program[0] == "eval":
            script = " ".join(program[1:])
            options = self.errexit, self.pipefail
        elif program[0] in SHELLS:
            flags = [False, False]
            _set_options(program[1:], flags)
            options = flags[0], flags[1]
            command = next((i for i, word in enumerate(program) if i and word[:1] == "-" and word.endswith("c")), None)
            if command is not None and not program[command].startswith("--"):
                script = program[command + 1] if command + 1 < len(program) else None
            elif node.bodies and all(word.startswith(("-", "+")) for word in program[1:]):
                offset, stop = node.bodies[-1]
                script = self.script[offset:stop]
        if script is None:
            return
        for inner in _commands(script, options, self.depth + 1):
            reason = swallowed or inner.swallowed
            start, stop, list_end = node.start, node.end, max(end, node.end)
            if offset is not None:
                start, stop, list_end = inner.start + offset, inner.end + offset, inner.list_end + offset
            self.found.append(Command(inner.words, start, stop, list_end, inner.assignments, inner.targets, reason))

    # --- what cannot fail

    def harmless_list(self, items: _List) -> bool:
        return all(self.harmless_pipe(pipe) for item in items for _, pipe in item.parts)

    def harmless_pipe(self, pipe: _Pipeline) -> bool:
        command = pipe.commands[-1]
        if pipe.negated:
            return False
        if isinstance(command, _Compound):
            return command.kind in ("{", "subshell") and all(map(self.harmless_list, command.bodies))
        if not command.words:
            return False
        if command.words[0] in ("exit", "return"):
            return command.words[1:] == ["0"]
        if any("GITHUB_OUTPUT" in target or "GITHUB_ENV" in target for target in command.targets):
            return False  # a later step may look at it
        return command.words[0] in PRINTING


def _leaves(item: _AndOr) -> bool:
    if len(item.parts) != 1 or item.background or len(item.parts[0][1].commands) != 1:
        return False
    command = item.parts[0][1].commands[0]
    return isinstance(command, _Simple) and command.words[:1] == ["exit"]


def _name(command: _Simple | _Compound) -> str:
    if isinstance(command, _Simple):
        return command.words[0] if command.words else "a variable"
    return command.kind


def _set_options(words: tuple[str, ...] | list[str], options: list[bool]) -> None:
    """Applies ``-e``, ``+e``, ``-o pipefail``, ``-euo pipefail`` … to [errexit, pipefail]."""
    for at, word in enumerate(words):
        if word[:1] not in ("-", "+") or word.startswith("--"):
            continue
        on = word[0] == "-"
        if "e" in word[1:]:
            options[0] = on
        if word.endswith("o") and at + 1 < len(words):
            if words[at + 1] == "pipefail":
                options[1] = on
            elif words[at + 1] == "errexit":
                options[0] = on
