"""How PowerShell, Python and JavaScript read each part of a script: string literals, comments, and the code around.

The counterpart of `shell_quoting` for languages in which a value may only stand in a string literal. Texts are read
strictly: what is not understood raises. ``${{ }}`` is one opaque part.
"""

from __future__ import annotations

import re
from abc import abstractmethod

from .expressions import Call
from .late_patterns import late
from .shell_quoting import (
    BARE,
    COMMENT,
    EXPRESSION,
    IN_COMMENT,
    JAVASCRIPT,
    MARK,
    PWSH,
    PYTHON,
    RAW,
    STRING,
    TEXT,
    VARIABLE,
    Part,
    Reading,
    ScriptReader,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .expressions import Expr

LITERAL: Final = "a here-string in single quotes"
REGEX: Final = "a regular expression"
JSON: Final = "JSON"


class Literal:
    """A string literal: where it begins and ends with its quotes and prefix, what its quotes are, and its prefix.

    `beside` tells that another literal stands next to it with only blanks between, which joins them in Python.
    """

    __slots__ = ("beside", "end", "prefix", "quote", "start")

    def __init__(self, start: int, prefix: str, quote: str) -> None:
        self.start = start
        self.end = start
        self.prefix = prefix
        self.quote = quote
        self.beside = False


class LiteralReading(Reading):
    """A reading with the string literals that hold expressions or might."""

    __slots__ = ("literals",)

    def __init__(self, parts: tuple[Part, ...], literals: tuple[Literal, ...]) -> None:
        super().__init__(parts, ())
        self.literals = literals


def read(script: str, language: str) -> LiteralReading:
    """The parts of a script in one of the `LANGUAGES`. Raises CannotEdit with what has not been understood."""
    reader = (_Pwsh if language in PWSH else _Python if language == PYTHON else _JavaScript)(script)
    reader.code("", 0)
    return LiteralReading(tuple(reader.parts), tuple(reader.literals))


def unsuited(part: Part, expr: Expr, language: str) -> str:
    """Why a variable in the place of an expression would not mean the same; '' where it does."""
    if part.place:
        return f"it stands in {part.place}, which reads the value as text of its own"
    if part.quoting == STRING:
        return ""
    if part.quoting == BARE:
        if language == JAVASCRIPT and isinstance(expr, Call) and expr.key == "tojson":
            return ""
        return "it stands in the code itself, where its text decides what kind of value it is"
    if part.quoting == IN_COMMENT:
        return (
            "it stands in a comment, where GitHub still puts the value and a line break in it would end the comment; "
            "take it out by hand"
        )
    return f"it stands in {part.quoting}, where a variable would mean something else"


class _Reader(ScriptReader):
    """What the three readers share: `at` moves forward, `parts` grows in the order of reading."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.literals: list[Literal] = []
        self.calls: list[str] = []

    @abstractmethod
    def code(self, closer: str, depth: int) -> None:
        """Reads code up to its end, or up to `closer` inside a literal."""

    @abstractmethod
    def foreign(self) -> str:
        """The name of another language's text that the place here is a part of, or ''."""

    def add(self, kind: str, quoting: str, start: int, text: str | None = None) -> None:
        value = self.text[start : self.at] if text is None else text
        place = self.foreign() if kind == EXPRESSION else ""
        self.parts.append(Part(kind, quoting, place, value, start, self.at, 0, ()))

    def comment(self, end: int) -> None:
        while self.at < end:
            if not self.expression(IN_COMMENT):
                start = self.at
                self.at = min([fence for fence in self.fences if start < fence < end], default=end)
                self.add(COMMENT, IN_COMMENT, start)

    def line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return self.length if end < 0 else end

    def closing(self, closer: str) -> int:
        end = self.text.find(closer, self.at)
        if end < 0:
            raise self.refuse(f"there is no closing {closer}")
        return end

    def take(self, length: int, kind: str = TEXT, quoting: str = BARE, text: str | None = None) -> None:
        start = self.at
        self.at = min(self.at + length, self.length)
        self.add(kind, quoting, start, text)

    def open_literal(self, prefix: str, quote: str, mark: str) -> Literal:
        literal = Literal(self.at, prefix, quote)
        self.take(len(prefix) + len(quote), MARK, BARE, mark)
        return literal

    def close_literal(self, literal: Literal) -> None:
        self.take(len(literal.quote), MARK, BARE, "end of string")
        literal.end = self.at
        self.literals.append(literal)

    def escape_before_expression(self) -> None:
        if self.at + 1 in self.fences:
            raise self.refuse(f"a {self.text[self.at]} stands directly before an expression")


# ---------------------------------------------------------------------------------------------------- PowerShell

_PWSH_PLAIN = late(r"[^'\"`#<@$\n(){}‘’‚‛“”„]+")
_PWSH_VARIABLE = late(r"\$(?:\{env:(\w+)\}|env:(\w+))", re.IGNORECASE)
_PWSH_RAW = late(r"\$(?:\{[^}\n]*\}|(?:\w+:)?\w+|[$?^])")
_PWSH_FOREIGN = late(
    r"(?<![\w./\\-])(iex|Invoke-Expression|Invoke-Command|Invoke-Sqlcmd|Add-Type|Start-Process|ScriptBlock|cmd|bash|sh|"
    r"python3?|node|perl|ruby|php|jq|yq|ssh|psql|mysql|sqlite3|sed|awk|pwsh|powershell|wsl)(?:\.exe)?(?![\w./\\-])|"
    r"\.(ps1|psm1|sh|py|js|mjs|cjs|ts|rb|bat|cmd|sql)['\"]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)


class _Pwsh(_Reader):
    """PowerShell: about_Quoting_Rules, about_Comments, about_Environment_Variables."""

    def foreign(self) -> str:
        start = self.text.rfind("\n", 0, self.at) + 1
        while start > 1 and self.text[: start - 1].rstrip(" \t\r").endswith(("`", "|", ",")):
            start = self.text.rfind("\n", 0, start - 1) + 1
        found = _PWSH_FOREIGN.search(self.text[start : self.line_end()])
        if found is None:
            return ""
        return f"a line for {found.group(1)}" if found.group(1) else "a line about a file of program code"

    def code(self, closer: str, depth: int) -> None:
        if depth > 20:
            raise self.refuse("it is nested too deeply")
        text = self.text
        open_ = 0
        while self.at < self.length:
            if self.expression(BARE):
                continue
            plain = _PWSH_PLAIN.match(text, self.at)
            if plain is not None:
                if "--%" in plain.group():
                    raise self.refuse("--% hands the rest of the line over unread")
                self.take(len(plain.group()))
                continue
            char = text[self.at]
            if char in "‘’‚‛“”„":
                raise self.refuse("a typographic quote")
            if char == "@" and re.compile(r"@['\"][ \t\r]*\n").match(text, self.at):
                self.here_string()
            elif char == "'":
                self.single()
            elif char == '"':
                self.double()
            elif char == "`":
                self.escape_before_expression()
                self.take(2)
            elif char == "#" and (self.at == 0 or text[self.at - 1] in " \t\r\n;(){}|&,="):
                self.comment(self.line_end())
            elif text.startswith("<#", self.at):
                self.comment(self.closing("#>") + 2)
            elif char == ")" and closer == ")" and not open_:
                return
            else:
                if char == "$" and self.at + 1 in self.fences:
                    raise self.refuse("a $ stands directly before an expression")
                open_ += (char == "(") - (char == ")")
                self.take(1)
        if closer:
            raise self.refuse(f"there is no closing {closer}")

    def single(self) -> None:
        literal = self.open_literal("", "'", "string")
        while True:
            if self.at >= self.length:
                raise self.refuse("a ' has no end")
            if self.expression(STRING):
                continue
            if self.text.startswith("''", self.at):
                self.take(2, TEXT, STRING, "'")
            elif self.text[self.at] == "'":
                self.close_literal(literal)
                return
            elif self.text[self.at] in "‘’‚‛":
                raise self.refuse("a typographic quote")
            else:
                self.take(1, TEXT, STRING)

    def double(self) -> None:
        literal = self.open_literal("", '"', "string")
        while True:
            if self.at >= self.length:
                raise self.refuse('a " has no end')
            if self.text.startswith('""', self.at):
                self.take(2, TEXT, STRING, '"')
            elif self.text[self.at] == '"':
                self.close_literal(literal)
                return
            elif self.text[self.at] in "“”„":
                raise self.refuse("a typographic quote")
            else:
                self.expanded()

    def expanded(self) -> None:
        """The next part of a text in which PowerShell expands variables."""
        if self.expression(STRING):
            return
        text = self.text
        char = text[self.at]
        if char == "`":
            self.escape_before_expression()
            following = text[self.at + 1 : self.at + 2]
            if following and following in "$`\"'":
                self.take(2, TEXT, STRING, following)
            else:
                self.take(2, RAW, STRING)
        elif char == "$":
            self.escape_before_expression()
            variable = _PWSH_VARIABLE.match(text, self.at)
            raw = _PWSH_RAW.match(text, self.at)
            if text.startswith("$(", self.at):
                self.take(2, MARK, STRING)
                self.code(")", 1)
                self.take(1, MARK, STRING)
            elif variable is not None:
                self.take(len(variable.group()), VARIABLE, STRING, variable.group(1) or variable.group(2))
            elif raw is not None:
                self.take(len(raw.group()), RAW, STRING)
            else:
                self.take(1, TEXT, STRING)
            if self.at in self.fences and self.parts[-1].kind in (RAW, VARIABLE) and text[self.at - 1] != "}":
                raise self.refuse("the value behind a variable becomes a part of its name")
        else:
            self.take(1, TEXT, STRING)

    def here_string(self) -> None:
        quote = self.text[self.at + 1]
        end = self.closing(f"\n{quote}@")
        self.take(2, MARK, BARE)
        while self.at < end:
            if quote == '"':
                self.expanded()
            elif not self.expression(LITERAL):
                self.take(1, TEXT, LITERAL)
        self.take(3, MARK, BARE)


# -------------------------------------------------------------------------------------------------------- Python

_PY_STRING = late(r"([rRbBuUfF]{0,2})(\"\"\"|'''|\"|')")
_PY_ENVIRON = late(r"os\.environ\[(['\"])(\w+)\1\]")
_PY_CALLS = frozenset(
    ("eval", "exec", "compile", "system", "popen", "getoutput", "getstatusoutput", "execute", "executemany",
     "executescript")
)  # fmt: skip
_PY_SHELL_CALLS = frozenset(("run", "call", "check_call", "check_output", "Popen", "create_subprocess_shell"))
_NAME = late(r"[^\W\d]\w*")
_NUMBER = late(r"\d\w*")


class _Python(_Reader):
    """Python: the language reference, Lexical analysis."""

    def foreign(self) -> str:
        for name in self.calls:
            if name in _PY_CALLS or (name in _PY_SHELL_CALLS and re.search(r"shell\s*=", self.text)):
                return f"an argument of {name}()"
        return ""

    def code(self, closer: str, depth: int) -> None:
        text = self.text
        name = ""
        brackets = 0
        literal_before = False
        while self.at < self.length:
            if self.expression(BARE):
                name = ""
                continue
            string = _PY_STRING.match(text, self.at)
            if string is not None:
                self.string(string.group(1), string.group(2), literal_before)
                literal_before, name = True, ""
                continue
            environ = _PY_ENVIRON.match(text, self.at)
            if environ is not None:
                if literal_before or _PY_STRING.match(text, environ.end() + _blank(text, environ.end())):
                    raise self.refuse("a string stands directly beside a variable")
                self.take(0, MARK, BARE, "string")
                self.take(len(environ.group()), VARIABLE, STRING, environ.group(2))
                self.take(0, MARK, BARE, "end of string")
                name = ""
                continue
            word = _NAME.match(text, self.at) or _NUMBER.match(text, self.at)
            char = text[self.at]
            if word is not None:
                name = word.group()
                self.take(len(name))
                literal_before = False
                if name == "case" and _PY_STRING.match(text, self.at + _blank(text, self.at)):
                    raise self.refuse("a string is a pattern of match")
            elif char == "#":
                self.comment(self.line_end())
            else:
                if char == "(":
                    self.calls.append(name)
                elif char == ")" and self.calls:
                    self.calls.pop()
                brackets += (char in "([{") - (char in ")]}")
                if not char.isspace() and char != "\\":
                    name, literal_before = "", False
                elif char == "\n" and not brackets and text[self.at - 1 : self.at] != "\\":
                    literal_before = False
                self.take(1)

    def string(self, prefix: str, quote: str, beside: bool) -> None:
        text = self.text
        kind = prefix.lower()
        literal = self.open_literal(prefix, quote, "string" + "".join(sorted(set(kind) - {"f"})))
        literal.beside = beside
        while True:
            if self.at >= self.length or (text[self.at] == "\n" and len(quote) == 1):
                raise self.refuse(f"a {quote} has no end")
            quoting = "bytes" if "b" in kind else STRING
            if self.expression(quoting):
                continue
            if text.startswith(quote, self.at):
                self.close_literal(literal)
                literal.beside = beside or _PY_STRING.match(text, self.at + _blank(text, self.at)) is not None
                return
            char = text[self.at]
            if char == "\\":
                self.escape_before_expression()
                if text.startswith("\\N{", self.at) and "r" not in kind:
                    self.take(self.closing("}") + 1 - self.at, RAW, STRING)
                else:
                    self.take(2, TEXT, STRING)
            elif "f" in kind and text.startswith(("{{", "}}"), self.at):
                self.take(2, TEXT, STRING, char)
            elif "f" in kind and char == "{":
                self.field(quote)
            else:
                self.take(1, TEXT, STRING)

    def field(self, quote: str) -> None:
        """A replacement field of an f-string."""
        text = self.text
        start = self.at
        environ = _PY_ENVIRON.match(text, start + 1)
        if environ is not None and text.startswith("}", environ.end()):
            if environ.group(1) == quote[0]:
                raise self.refuse("before Python 3.12 a field of an f-string cannot hold the quotes around it")
            self.take(environ.end() + 1 - start, VARIABLE, STRING, environ.group(2))
            return
        open_ = 0
        while True:
            if self.at >= self.length or text.startswith(quote, self.at) or self.at in self.fences:
                raise self.refuse("a field of an f-string")
            open_ += (text[self.at] == "{") - (text[self.at] == "}")
            self.at += 1
            if not open_:
                break
        self.add(RAW, STRING, start)


def _blank(text: str, at: int) -> int:
    """How many blanks, line breaks among them, follow a place."""
    start = at
    while text[at : at + 1] in (" ", "\t", "\n", "\r", "\\"):
        at += 1
    return at - start


# ---------------------------------------------------------------------------------------------------- JavaScript

_JS_NAME = late(r"[^\W\d][\w$]*|\$[\w$]*")
_JS_ENV = late(r"process\.env\.(\w+)(?![\w$])")
_JS_JSON = late(r"JSON\.parse\(process\.env\.(\w+)\)")
_JS_REGEX = late(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_JS_CALLS = frozenset(
    ("eval", "Function", "exec", "execSync", "getExecOutput", "graphql", "query", "runInContext", "runInNewContext",
     "runInThisContext", "import")
)  # fmt: skip
_JS_BEFORE_REGEX = frozenset(
    ("return", "typeof", "case", "in", "of", "do", "else", "void", "delete", "throw", "new", "await", "yield")
)


class _JavaScript(_Reader):
    """JavaScript as ``actions/github-script`` runs it: ECMAScript, Lexical Grammar."""

    def foreign(self) -> str:
        return next((f"an argument of {name}()" for name in self.calls if name in _JS_CALLS), "")

    def code(self, closer: str, depth: int) -> None:
        if depth > 20:
            raise self.refuse("it is nested too deeply")
        text = self.text
        before = ""  # the last token but blanks and comments
        open_ = 0
        while self.at < self.length:
            if self.expression(BARE):
                before = "value"
                continue
            char = text[self.at]
            parsed, variable, name = (pattern.match(text, self.at) for pattern in (_JS_JSON, _JS_ENV, _JS_NAME))
            own = before != "."
            if parsed is not None and own:
                self.take(len(parsed.group()), VARIABLE, JSON, parsed.group(1))
                before = "value"
            elif variable is not None and own:
                self.take(0, MARK, BARE, "string")
                self.take(len(variable.group()), VARIABLE, STRING, variable.group(1))
                self.take(0, MARK, BARE, "end of string")
                before = "value"
            elif name is not None:
                before = name.group()
                self.take(len(before))
            elif char in "'\"":
                self.quoted(char, before)
                before = "value"
            elif char == "`":
                if before and ((_JS_NAME.fullmatch(before) and before not in _JS_BEFORE_REGEX) or before in ("]", ")")):
                    raise self.refuse("a template with a tag")
                self.template(depth)
                before = "value"
            elif text.startswith("//", self.at):
                self.comment(self.line_end())
            elif text.startswith("/*", self.at):
                self.comment(self.closing("*/") + 2)
            elif char == "/":
                before = self.slash(before)
            elif char == "}" and closer and not open_:
                return
            else:
                if char == "(":
                    self.calls.append(before)
                elif char == ")" and self.calls:
                    self.calls.pop()
                open_ += (char == "{") - (char == "}")
                if not char.isspace():
                    before = "value" if char.isdigit() else char
                self.take(1)
        if closer:
            raise self.refuse(f"there is no closing {closer}")

    def slash(self, before: str) -> str:
        if before == "}":
            raise self.refuse("a / behind }")
        divides = before in (")", "]", "value") or (_JS_NAME.fullmatch(before) and before not in _JS_BEFORE_REGEX)
        if divides:
            self.take(1)
            return "/"
        regex = _JS_REGEX.match(self.text, self.at)
        if regex is None:
            raise self.refuse("a regular expression has no end")
        end = regex.end()
        while self.at < end:
            if not self.expression(REGEX):
                self.take(1, TEXT, REGEX)
        return "value"

    def quoted(self, quote: str, before: str) -> None:
        text = self.text
        literal = self.open_literal("", quote, "string")
        opened = len(self.parts) - 1
        while True:
            if self.at >= self.length or text[self.at] == "\n":
                raise self.refuse(f"a {quote} has no end")
            if self.expression(STRING):
                continue
            if text[self.at] == quote:
                break
            if text[self.at] == "\\":
                self.escape_before_expression()
                octal = text[self.at + 1 : self.at + 2].isdigit()
                self.take(2, RAW if octal else TEXT, "octal escape" if octal else STRING)
            else:
                self.take(1, TEXT, STRING)
        self.close_literal(literal)
        following = self.at + _blank(text, self.at)
        if before in ("{", ",") and text.startswith(":", following):  # a key cannot be a template
            mark = self.parts[opened]
            self.parts[opened] = Part(MARK, BARE, "", "key", mark.start, mark.end, 0, ())
            self.parts[opened + 1 :] = [
                Part(part.kind, part.quoting, "the key of an object", part.text, part.start, part.end, 0, ())
                if part.kind == EXPRESSION
                else part
                for part in self.parts[opened + 1 :]
            ]

    def template(self, depth: int) -> None:
        text = self.text
        literal = self.open_literal("", "`", "string")
        while True:
            if self.at >= self.length:
                raise self.refuse("a ` has no end")
            if self.expression(STRING):
                continue
            variable = _JS_ENV.match(text, self.at + 2) if text.startswith("${", self.at) else None
            if text[self.at] == "`":
                self.close_literal(literal)
                return
            if variable is not None and text.startswith("}", variable.end()):
                self.take(variable.end() + 1 - self.at, VARIABLE, STRING, variable.group(1))
            elif text.startswith("${", self.at):
                self.take(2, MARK, STRING)
                self.code("}", depth + 1)
                self.take(1, MARK, STRING)
            elif text[self.at] == "\\":
                self.escape_before_expression()
                self.take(2, TEXT, STRING)
            else:
                if text[self.at] == "$":
                    self.escape_before_expression()
                self.take(1, TEXT, STRING)
