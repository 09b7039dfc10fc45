"""The commands of a shell script: what it really runs, and whether a failure of each can still be noticed.

Comments, here-documents, greps and echoes are told from commands; ``bash -c``, ``eval`` and ``find -exec`` are looked
into. Text in ``${{ }}`` is opaque: GitHub replaces it before the shell reads the script.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .model import Value
from .shell_syntax import Compound, Simple, patterns, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shell_syntax import AndOr, Listing, Pipeline

SHELLS = frozenset(("bash", "sh", "dash", "ash", "ksh", "zsh"))

PRINTING = frozenset(("true", ":", "echo", "printf", "cat", "sleep", "date"))
"""Commands that succeed whatever came before, and change nothing."""


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


@lru_cache(maxsize=256)  # steps are copied from job to job and from repository to repository
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
    name = _base(words[0]) if words else ""
    if name not in _LEADERS and not name.startswith("python"):
        return (name, *words[1:]) if words else ()
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
        name, at_sign, version = words[at].rpartition("@")
        first = name if name and at_sign and "/" not in version else words[at]
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
_LEADERS = frozenset((*_WRAPPERS, *(name for name, _ in (*_TWO_WORDS, *_AFTER_DASHES))))
"""The programs that another one may stand behind; python is one, too, by whatever name."""


def _base(word: str) -> str:
    return word.rpartition("/")[2].removesuffix(".exe") if "${{" not in word else word


def _past_options(words: tuple[str, ...], at: int, with_value: str) -> int:
    takes = with_value.split()
    while at < len(words) and (words[at].startswith("-") or patterns().assignment.match(words[at])):
        word = words[at]
        at += 2 if word in takes else 1
        if word == "--":
            break
    return at


# ------------------------------------------------------------------------------------------------------- fates


def _commands(script: str, options: tuple[bool, bool], depth: int) -> tuple[Command, ...]:
    tree = read(script)
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
        self.waits = "wait" in script and re.search(r"\bwait\b", script) is not None

    def items(self, items: Listing, *, tail: bool, handled: bool, swallowed: str) -> None:
        gone = ""
        for number, item in enumerate(items):
            last = number == len(items) - 1
            reason = swallowed or gone
            if item.background and not self.waits and not reason:
                reason = "it runs in the background and nothing waits for it"
            self.and_or(item, tail=tail and last and not item.background, handled=handled, swallowed=reason)
            if _leaves(item):
                gone = "the script has already left with exit"

    def and_or(self, item: AndOr, *, tail: bool, handled: bool, swallowed: str) -> None:
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

    def comfort(self, fallback: Pipeline) -> str:
        said = " ".join(self.script[fallback.start : fallback.end].split())
        return f"`|| {said if len(said) <= 30 else said[:28] + '…'}` turns every failure into success"

    def pipeline(self, pipe: Pipeline, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
        last = len(pipe.commands) - 1
        saved = self.errexit, self.pipefail
        for number, command in enumerate(pipe.commands):
            reason = swallowed
            if number < last and not reason and not handled and not saved[1] and self.last_pipe_status < pipe.end:
                reason = f"the pipe into `{_name(pipe.commands[-1])}` hides its exit code (no pipefail)"
            place = max(end, pipe.end)
            if isinstance(command, Simple):
                self.simple(command, place, tail=tail, handled=handled, swallowed=reason)
            else:
                self.compound(command, place, tail=tail and number == last, handled=handled, swallowed=reason)
        if last:  # each part of a pipe runs in a subshell
            self.errexit, self.pipefail = saved

    def compound(self, node: Compound, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
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

    def simple(self, node: Simple, end: int, *, tail: bool, handled: bool, swallowed: str) -> None:
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
        program = self.add(node, words, end, swallowed).program
        if program and self.depth <= 3 and (program[0] in SHELLS or program[0] in ("find", "eval")):
            self.nested(node, program, end, handled, swallowed)

    def add(self, node: Simple, words: tuple[str, ...], end: int, swallowed: str) -> Command:
        assignments, targets = tuple(node.assignments), tuple(node.targets)
        command = Command(words, node.start, node.end, max(end, node.end), assignments, targets, swallowed)
        self.found.append(command)
        return command

    def nested(self, node: Simple, program: tuple[str, ...], end: int, handled: bool, swallowed: str) -> None:
        """Commands that a command is told to run: ``bash -c``, ``bash <<EOF``, ``eval``, ``find -exec``."""
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

    def harmless_list(self, items: Listing) -> bool:
        return all(self.harmless_pipe(pipe) for item in items for _, pipe in item.parts)

    def harmless_pipe(self, pipe: Pipeline) -> bool:
        command = pipe.commands[-1]
        if pipe.negated:
            return False
        if isinstance(command, Compound):
            return command.kind in ("{", "subshell") and all(map(self.harmless_list, command.bodies))
        if not command.words:
            return False
        if command.words[0] in ("exit", "return"):
            return command.words[1:] == ["0"]
        if any("GITHUB_OUTPUT" in target or "GITHUB_ENV" in target for target in command.targets):
            return False  # a later step may look at it
        return command.words[0] in PRINTING


def _leaves(item: AndOr) -> bool:
    if len(item.parts) != 1 or item.background or len(item.parts[0][1].commands) != 1:
        return False
    command = item.parts[0][1].commands[0]
    return isinstance(command, Simple) and command.words[:1] == ["exit"]


def _name(command: Simple | Compound) -> str:
    if isinstance(command, Simple):
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
