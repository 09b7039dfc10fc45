"""The syntax of shell scripts: from a text to a tree of lists, pipelines and commands with their places.

A reader for the part of sh and bash that CI scripts use, as POSIX.1-2024 (Shell Command Language) and the bash manual
describe them. It never runs or expands anything, never fails, and takes time in proportion to the script.
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Match
    from typing import TypeAlias

    Listing: TypeAlias = "list[AndOr]"

MAX_DEPTH = 40
"""Deeper nesting is not entered; what lies beyond is not seen."""


class _Patterns:
    """The regular expressions of the reader; compiled at the first script, to keep the start quick."""

    __slots__ = ("assignment", "blank", "gaps", "in_quotes", "plain", "redirect", "reserved", "word", "words")

    def __init__(self) -> None:
        self.plain = re.compile(r"[^\s;&|()<>\"'`$\\]+")
        # A word whose value is its text without the double quotes: plain text, and simple variables and expressions,
        # which stand as written. No comment, and no number that could be a redirection's.
        variable = r"\$(?:\{(?:\w+\}|\{[^{}\"]*\}\})|(?![({']))"
        quoted = rf"\"(?:[^\"\\$`]++|{variable})*\""
        signs = r"!%*+,./0-9:=?@A-Z\[\]\^_a-z{}~-"
        word = rf"(?!\d+&)(?:[{signs}][#{signs}]*+|{quoted}|{variable})+(?![^ \t\n;|&)])"
        self.word = re.compile(word)
        self.words = re.compile(rf"(?:{word}(?:[ \t]++|\\\n)*)+")
        self.gaps = re.compile(r"(?:[ \t\r\n]++|\\\r?\n|#[^\n]*+)*")
        self.in_quotes = re.compile(r"[^\"\\$`]+")
        self.blank = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
        self.reserved = re.compile(
            r"(?:if|then|elif|else|fi|for|while|until|select|do|done|case|esac|function|in|\[\[|[{}!])(?=[\s;&|()<>]|$)"
        )
        self.redirect = re.compile(r"\d*(?:<<<|<<-?|<&|>&|&>>?|>>|>\||<>|<(?!\()|>(?!\())")
        self.assignment = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")


_compiled: list[_Patterns] = []


def patterns() -> _Patterns:
    """The compiled patterns, shared by all scripts."""
    if not _compiled:
        _compiled.append(_Patterns())
    return _compiled[0]


class Simple:
    """A simple command: its words, the assignments before it, where its output goes, and what is nested in it.

    bodies  places of its here-documents
    parts   its substitutions, each with whether it gives a variable its value
    """

    __slots__ = ("assignments", "bodies", "end", "parts", "start", "targets", "words")

    def __init__(self, start: int) -> None:
        self.words: list[str] = []
        self.assignments: list[str] = []
        self.targets: list[str] = []
        self.bodies: list[tuple[int, int]] = []
        self.parts: list[tuple[bool, Listing]] = []
        self.start = start
        self.end = start


class Compound:
    """``if``, loops, groups, functions: `conditions` are consulted, `bodies` are run, `targets` get the output."""

    __slots__ = ("bodies", "conditions", "kind", "targets")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.conditions: list[Listing] = []
        self.bodies: list[Listing] = []
        self.targets: list[str] = []


class Pipeline:
    """Commands joined by ``|``; `negated` by a ``!`` before them."""

    __slots__ = ("commands", "end", "negated", "start")

    def __init__(self, start: int) -> None:
        self.commands: list[Simple | Compound] = []
        self.negated = False
        self.start = start
        self.end = start


class AndOr:
    """Pipelines with the operator before each ('' before the first)."""

    __slots__ = ("background", "end", "parts")

    def __init__(self) -> None:
        self.parts: list[tuple[str, Pipeline]] = []
        self.background = False
        self.end = 0


_STOPS = frozenset(";|)\n")
"""What a simple command certainly ends at."""

_SPECIAL = frozenset("`\\#<>&(")
"""What a word that needs a closer look begins with, or what is no word."""

_BLANKS = frozenset(" \t\r\\#")
"""What blanks and comments begin with."""

_GAPS = frozenset(" \t\r\\#\n")
"""What blanks, comments and line breaks begin with."""

_RESERVED = frozenset("itefwusdc[{}!")
"""What reserved words begin with."""

_OPENING = frozenset(("if", "while", "until", "for", "select", "case", "{", "[[", "function"))
"""Reserved words that begin a compound command."""

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=64)  # several ask for the same script, and a repair for that of its finding
def read(text: str) -> Listing:
    """The list of commands that a script is. What cannot be understood is skipped; nothing is ever raised.

    The tree is shared: nobody changes it.
    """
    return _Reader(text).items(_NOTHING, "", 0)


class _Reader:
    """A recursive-descent reader. Every method moves `at` forward or leaves it; nothing is read twice."""

    def __init__(self, text: str) -> None:
        self.patterns = patterns()
        self.text = text
        self.length = len(text)
        self.at = 0
        self.pending: list[tuple[Simple, str, bool]] = []
        self.absent: set[str] = set()  # closers that the rest of the text does not have
        self.ended = 0  # where the last command ended

    # --- lists

    def items(self, stop: frozenset[str], closer: str, depth: int) -> Listing:
        items: list[AndOr] = []
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
            elif stop and self.reserved() in stop:
                return items
            else:
                before = self.at
                item = self.and_or(depth)
                if self.at == before:
                    self.at += 1
                    continue
                if self.at < self.length and text[self.at] == "&":
                    item.background = True
                    self.at += 1
                items.append(item)

    def and_or(self, depth: int) -> AndOr:
        item = AndOr()
        operator = ""
        while True:
            pipe = self.pipeline(depth)
            item.parts.append((operator, pipe))
            item.end = pipe.end
            operator = self.text[self.at : self.at + 2]
            if operator != "&&" and operator != "||":
                return item
            self.at += 2
            self.newlines()

    def pipeline(self, depth: int) -> Pipeline:
        text = self.text
        pipe = Pipeline(self.at)
        while text[self.at : self.at + 1] == "!" and self.reserved() == "!":
            pipe.negated = not pipe.negated
            self.at += 1
            self.blanks()
        while True:
            pipe.commands.append(self.command(depth))
            if self.ended > pipe.end:
                pipe.end = self.ended
            if text[self.at : self.at + 1] in _BLANKS:
                self.blanks()
            following = text[self.at : self.at + 2]
            if following[:1] != "|" or following == "||":
                return pipe
            self.at += 2 if following == "|&" else 1
            self.newlines()

    # --- commands

    def command(self, depth: int) -> Simple | Compound:
        text = self.text
        if text[self.at : self.at + 1] == "(":
            if text.startswith("((", self.at) and self.past("))"):
                self.ended = self.at
                return Compound("arithmetic")
            self.at += 1
            compound = Compound("subshell")
            compound.bodies.append(self.items(_NOTHING, ")", depth + 1))
            self.at = min(self.at + 1, self.length)
            return self.redirected(compound, depth)
        word = self.reserved()
        if word in _OPENING:
            self.at += len(word)
            return self.redirected(self.compound(word, depth + 1), depth)
        return self.simple(depth)

    def compound(self, word: str, depth: int) -> Compound:
        compound = Compound(word)
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
            header = Simple(self.at)
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
            name = Simple(self.at)
            self.word(name, depth)
            self.blanks()
            if self.text.startswith("()", self.at):
                self.at += 2
            self.newlines()
            self.body_of(compound, depth)
        return compound

    def body_of(self, compound: Compound, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.at = self.length
            return
        item = AndOr()
        pipe = Pipeline(self.at)
        pipe.commands.append(self.command(depth))
        item.parts.append(("", pipe))
        compound.bodies.append([item])

    def loop_body(self, compound: Compound, depth: int) -> None:
        self.newlines()
        if self.expect("do"):
            compound.bodies.append(self.items(frozenset(("done",)), "", depth))
            self.expect("done")

    def case(self, compound: Compound, depth: int) -> None:
        self.blanks()
        self.word(Simple(self.at), depth)
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
                if not self.word(Simple(self.at), depth) and self.at < self.length and text[self.at] != ")":
                    self.at += 1
                if self.at == before:
                    return
            self.at = min(self.at + 1, self.length)
            compound.bodies.append(self.items(frozenset(("esac",)), ";;", depth))
            while text[self.at : self.at + 1] in (";", "&") and self.at < self.length:
                self.at += 1
            if text[self.at : self.at + 1] == ")":  # not a case at all
                return

    def test(self, compound: Compound, depth: int) -> None:
        inner = Simple(self.at)
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

    def simple(self, depth: int) -> Simple | Compound:
        node = Simple(self.at)
        text = self.text
        while self.at < self.length:
            char = text[self.at]
            if char in _STOPS:
                break
            run = self.patterns.words.match(text, self.at) if depth <= MAX_DEPTH and char not in _SPECIAL else None
            if run is not None and self.taken(node, run.group()):
                self.at = run.end()
                if self.at < self.length and text[self.at] in _BLANKS:
                    self.blanks()
                continue
            redirect = self.patterns.redirect.match(text, self.at) if char in "<>&0123456789" else None
            if redirect is not None:
                self.redirect(node, redirect, depth)
            elif char == "(" and len(node.words) == 1 and text.startswith("()", self.at):
                self.at += 2
                self.newlines()
                function = Compound("function")
                self.body_of(function, depth + 1)
                return function
            elif char in "&(" or not self.word(node, depth):
                break
            node.end = self.at
            if self.at < self.length and text[self.at] in _BLANKS:
                self.blanks()
        self.ended = node.end
        return node

    def taken(self, node: Simple, run: str) -> bool:
        """Takes in several words that need no closer look, as most do; False where they need one."""
        quoted = '"' in run
        words = self.patterns.word.findall(run) if quoted or "${{" in run or "\\" in run else run.split()
        assignments = 0
        if not node.words and "=" in words[0]:
            if "[" in run:
                return False
            is_assignment = self.patterns.assignment.match
            while assignments < len(words) and is_assignment(words[assignments]) is not None:
                assignments += 1
        if quoted:
            words = [word.replace('"', "") for word in words]
        if assignments:
            node.assignments += words[:assignments]
            del words[:assignments]
        node.words += words
        node.end = self.at + len(run.rstrip(" \t\\\n"))
        return True

    def redirected(self, compound: Compound, depth: int) -> Compound:
        """Reads the redirections behind a compound command."""
        holder = Simple(self.at)
        while True:
            mark = self.at
            self.blanks()
            redirect = self.patterns.redirect.match(self.text, self.at)
            if redirect is None:
                self.at = self.ended = mark
                compound.conditions += [part for _, part in holder.parts]
                compound.targets += holder.targets
                return compound
            self.redirect(holder, redirect, depth)

    def redirect(self, node: Simple, match: Match[str], depth: int) -> None:
        operator = match.group().lstrip("0123456789")
        self.at = match.end()
        self.blanks()
        if operator in ("<<", "<<-"):
            holder = Simple(self.at)
            if self.word(holder, depth):
                self.pending.append((node, "".join(holder.words or holder.assignments), operator == "<<-"))
            return
        output = operator[0] in ">&" and operator != ">&"
        plain = self.patterns.word.match(self.text, self.at) if depth <= MAX_DEPTH else None
        if plain is not None:
            self.at = plain.end()
            if output:
                node.targets.append(plain.group().replace('"', ""))
            return
        holder = Simple(self.at)
        if self.word(holder, depth):
            node.parts += holder.parts
            if output:
                node.targets += holder.words or holder.assignments

    # --- words

    def word(self, node: Simple, depth: int) -> bool:
        """Reads one word into a command; False where there is none."""
        text = self.text
        start = self.at
        if depth > MAX_DEPTH:
            self.at = self.length
        elif node.words:
            whole = self.patterns.word.match(text, start)
            if whole is not None:  # most words are so
                node.words.append(whole.group().replace('"', ""))
                self.at = whole.end()
                return True
        pieces: list[str] = []
        parts: list[Listing] = []
        while self.at < self.length:
            plain = self.patterns.plain.match(text, self.at)
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
                inner = Simple(self.at)
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
        assigns = not node.words and self.patterns.assignment.match(text, start) is not None
        (node.assignments if assigns else node.words).append(value)
        # `export X=$(f)` and `local X=$(f)` have the status of export; the value is kept, and so may be looked at.
        node.parts += [(assigns or "=" in value.partition("$")[0], part) for part in parts]
        return True

    def double_quoted(self, pieces: list[str], parts: list[Listing], depth: int) -> None:
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
                plain = self.patterns.in_quotes.match(text, self.at)
                assert plain is not None
                pieces.append(plain.group())
                self.at = plain.end()

    def expansion(self, pieces: list[str], parts: list[Listing], depth: int, *, quoted: bool) -> None:
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

    def braces(self, parts: list[Listing], depth: int, quoted: bool) -> None:
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
        if self.at >= self.length or self.text[self.at] not in _BLANKS:
            return
        blank = self.patterns.blank.match(self.text, self.at)
        if blank is not None:
            self.at = blank.end()
        if self.text.startswith("#", self.at):
            end = self.text.find("\n", self.at)
            self.at = self.length if end < 0 else end

    def newlines(self) -> None:
        text = self.text
        if self.pending:
            self.blanks()
            while self.at < self.length and text[self.at] == "\n":
                self.at += 1
                if self.pending:
                    self.here_documents()
                self.blanks()
        elif self.at < self.length and text[self.at] in _GAPS:
            gap = self.patterns.gaps.match(text, self.at)
            assert gap is not None
            self.at = gap.end()

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
        if self.at >= self.length or self.text[self.at] not in _RESERVED:
            return ""
        match = self.patterns.reserved.match(self.text, self.at)
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


def _shifted(items: Listing, by: int) -> Listing:
    """Moves the places of a tree that was read from a part of the text."""
    todo: list[Listing] = [items]
    while todo:
        for item in todo.pop():
            item.end += by
            for _, pipe in item.parts:
                pipe.start += by
                pipe.end += by
                for command in pipe.commands:
                    if isinstance(command, Simple):
                        command.start += by
                        command.end += by
                        command.bodies = [(start + by, end + by) for start, end in command.bodies]
                        todo += [part for _, part in command.parts]
                    else:
                        todo += command.conditions
                        todo += command.bodies
    return items
