"""Which words of a shell command are text of another language: the script of ``jq``, ``python -c``, ``ssh`` …

Options and orders of arguments are those of the programs' manuals. A program that is not here is taken to read its
words as data.
"""

from __future__ import annotations

import re

from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Command(Value):
    """A simple command as far as it has been read.

    words     the text of each word, quotes removed where it is plain, else as written
    targets   the names of the files that its output is sent to
    receiver  the command that reads its output through a pipe
    """

    __slots__ = ("receiver", "targets", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.targets: list[str] = []
        self.receiver: Command | None = None


ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*(?:\[[^\]\s]*\])?)\+?=")
"""What begins an assignment, up to its value."""

DECLARING: Final = frozenset(("export", "local", "declare", "typeset", "readonly"))
"""Commands whose arguments are assignments."""

_CODE_AFTER = {  # program → the options whose value is a script; a letter stands for a cluster such as -ec
    **dict.fromkeys(("bash", "sh", "dash", "ash", "ksh", "zsh", "su"), ("c", "--command")),
    **dict.fromkeys(("python", "pypy"), ("c",)),
    **dict.fromkeys(("node", "bun", "deno"), ("e", "p", "eval", "--eval", "--print")),
    **dict.fromkeys(("perl", "ruby", "lua", "Rscript", "R"), ("e", "E", "n", "-ne", "-pe")),
    "php": ("r",),
    "psql": ("c", "--command"),
    **dict.fromkeys(("mysql", "mariadb"), ("e", "--execute")),
    **dict.fromkeys(("pwsh", "powershell"), ("c", "-Command", "-command", "-EncodedCommand")),
    "cmd": ("/c", "/C"),
    "osascript": ("e",),
    "xargs": ("I",),
}
_CODE_FIRST = {  # program → (how many words of data come before its script, options that take a value)
    **dict.fromkeys(("jq", "gojq", "jaq"), (0, {"--arg": 2, "--argjson": 2, "--slurpfile": 2, "--rawfile": 2,
                                                "--indent": 1, "-L": 1})),
    "yq": (0, {"-o": 1, "-p": 1, "--arg": 2}),
    **dict.fromkeys(("awk", "gawk", "mawk"), (0, {"-v": 1, "-F": 1})),
    **dict.fromkeys(("sed", "gsed"), (0, {})),
    "printf": (0, {"-v": 1}),
    "sqlite3": (1, {}),
    "ssh": (1, dict.fromkeys(("-i", "-p", "-o", "-l", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-E", "-S"), 1)),
    "trap": (0, {}),
}  # fmt: skip
_CODE_ONLY = frozenset(("eval", "let", "unset", "read", "mapfile", "readarray", "getopts", "bc", "expect"))
_CODE_OPTIONS = frozenset(
    ("--command", "--eval", "--execute", "--expr", "--expression", "--filter", "--jq", "--query", "--script",
     "--template")
)  # fmt: skip
READS_CODE: Final = frozenset(
    ("bash", "sh", "dash", "ash", "ksh", "zsh", "python", "python2", "python3", "node", "deno", "perl", "ruby", "php",
     "psql", "mysql", "mariadb", "sqlite3", "ssh", "pwsh", "powershell", "bc", "su", "osascript", "Rscript", "lua")
)  # fmt: skip
_CODE_FILES = (
    ".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx", ".rb", ".pl", ".php", ".sql", ".ps1", ".bat",
    ".cmd", ".go", ".rs", ".java", ".c", ".lua", ".awk", ".jq", ".sed", ".html", "Dockerfile", "Makefile",
)  # fmt: skip


def language_of(around: tuple[tuple[Command, int], ...]) -> str:
    """Whose text a word of these commands is, where it is not for the shell alone: ``the script of jq``; else ''.

    `around` are the commands that the word is nested in, each with the index of the word there: -1 for what the
    command reads, -2 for what belongs to none of its words. A value in such a text is read by a second interpreter,
    whatever the quotes of the shell are.
    """
    for level, (command, index) in enumerate(around):
        words = command.words
        inside = level < len(around) - 1  # a substitution in a word of this command
        if inside and words and (words[0] in ("source", ".") or words[0].rpartition("/")[2] in READS_CODE):
            return f"what {_program(words[0])} is given to read"
        name = _code_of(words, index) if index >= 0 else ""
        if name:
            return name
        if index == -1 and words and _reads_input(words):
            return f"the script of {_program(words[0])}"
        receiver = command.receiver
        while receiver is not None:
            if receiver.words and _reads_input(receiver.words):
                return f"the script that {_program(receiver.words[0])} reads from the pipe"
            targets = [target for target in receiver.words[1:] if receiver.words[0] == "tee"]
            if any(target.endswith(_CODE_FILES) for target in targets):
                return "a file of program code"
            receiver = receiver.receiver
        for target in command.targets:
            if target.endswith(_CODE_FILES):
                return "a file of program code"
    return ""


def _program(word: str) -> str:
    name = word.rpartition("/")[2].removesuffix(".exe")
    return name.rstrip("0123456789.") if name.startswith(("python", "pypy", "ruby", "lua", "php")) else name


def _code_of(words: list[str], index: int) -> str:
    """The name for the script of another interpreter that the word at an index belongs to, or ''."""
    before = words[:index]
    own = words[index] if index < len(words) else ""
    if not words:
        return ""
    if index and (before[-1] in _CODE_OPTIONS or own.partition("=")[0] in _CODE_OPTIONS):
        option = before[-1] if before[-1] in _CODE_OPTIONS else own.partition("=")[0]
        return f"the {option} of {_program(words[0])}"
    if words[0] == "gh" and (own.startswith("query=") or (before and before[-1] == "-q")):
        return "a query of gh"
    if words[0] in DECLARING and not ASSIGNMENT.match(own):
        return f"the name that {words[0]} declares"
    if words[0] in DECLARING and any(word[:1] == "-" and set("in") & set(word) for word in before):
        return f"a value that {words[0]} evaluates"
    if words[0] in ("[", "test") and "-v" in before:
        return "the name of a variable"
    for number, word in enumerate(before):
        name = _program(word)
        if name in _CODE_ONLY and (number == 0 or name == "eval"):
            return f"an argument of {name}"
        if name in _CODE_AFTER and any(_is_code_option(later, _CODE_AFTER[name]) for later in before[number + 1 :]):
            return f"the script of {name}"
        if name in _CODE_FIRST and _is_script(name, words, number, index):
            return "the format of printf" if name == "printf" else f"the script of {name}"
    return ""


def _is_code_option(word: str, options: tuple[str, ...]) -> bool:
    for option in options:
        if len(option) > 1:
            if word == option or word.startswith(option + "="):
                return True
        elif word[:1] == "-" and word[1:2] != "-" and option in word[1:]:
            return True
    return False


def _is_script(name: str, words: list[str], number: int, index: int) -> bool:
    """Whether the word at an index is the script of a program such as jq, which takes it as its first argument."""
    skip, options = _CODE_FIRST[name]
    explicit = name in ("sed", "gsed", "awk", "gawk") and any(
        word in ("-e", "-f", "--file", "--expression") for word in words[number + 1 :]
    )
    at = number + 1
    while at < len(words):
        word = words[at]
        if word in options:
            at += 1 + options[word]
        elif name in ("sed", "gsed") and word == "-e":
            if at + 1 == index:
                return True
            at += 2
        elif word.startswith("-") and len(word) > 1:
            at += 1
        elif skip or not word or (name == "yq" and word in ("e", "ea", "eval", "eval-all")):
            skip -= 1 if word else 0
            at += 1
        else:
            return not explicit and (index == at or (name in ("ssh", "sqlite3") and index >= at))
    return True  # the word itself is the script, and nothing that is one has come before it


def _reads_input(words: list[str]) -> bool:
    """Whether a command takes its standard input for a script."""
    for number, word in enumerate(words):
        if word.rpartition("/")[2] in READS_CODE:
            if words[0] == "xargs" and number:
                return True
            name = _program(word)
            rest = [later for later in words[number + 1 :] if not later.startswith("-") or later == "-"]
            if name in ("bash", "sh", "dash", "ash", "ksh", "zsh", "python", "node", "perl", "ruby", "php"):
                return not rest or rest[0] in ("-", "/dev/stdin") or "-s" in words[number + 1 :]
            return True
    return False
