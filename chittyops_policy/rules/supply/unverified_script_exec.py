"""A script that is run straight from the network, seen by nobody."""

from __future__ import annotations

import re

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import scripts
from chittyops_policy.shell_commands import SHELLS, program_of, shell_options
from chittyops_policy.shell_syntax import Simple, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.shell_syntax import Compound, Listing, Pipeline
    from chittyops_policy.workflow import Action, Workflow

_FETCHERS = frozenset(("curl", "wget"))
_NAMES = (*sorted(_FETCHERS), "deno")
_FETCHING = tuple((name,) for name in sorted(_FETCHERS))
_LANGUAGES = frozenset(("python", "python2", "python3", "node", "perl", "ruby", "php", "deno", "bun", "osascript"))
_SOURCING = frozenset((*SHELLS, *_LANGUAGES, "eval", "source", "."))
_POWERSHELLS = ("pwsh", "powershell")

_PROGRAMS = "|".join(sorted((*SHELLS, *_LANGUAGES)))
_MENTIONED = re.compile(
    rf"\|\s*(?:\\\n\s*)?(?:(?:sudo|env)\s+(?:-\S+\s+|\w+=\S*\s+)*)?(?:/\S*/)?(?:{_PROGRAMS})\b"
    r"(?=[ \t]*(?:\\?\n|$|[;&|)\"'`]|-(?!\w*[cm]\b)))"
    r"|(?:<\(|(?:\beval|-\w*c)[ \t]+[\"']*(?:\$\(|`))\s*(?:\S+\s+)?(?:curl|wget)\b|\bdeno\s+run\b"
)
"""What may be one: most scripts that fetch something do not run it, and need not be parsed."""
_URL = re.compile(r"https?://[^\s\"'|;)<>]+", re.I)
_COMMIT = re.compile(r"[/@=][0-9a-fA-F]{40}(?![0-9a-fA-F])")
_FETCH = r"(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring)\b"
_RUN = r"(?:iex|invoke-expression)\b"
_POWERSHELL = re.compile(rf"^.*?(?:{_FETCH}.*\|\s*{_RUN}|{_RUN}.*{_FETCH}).*$", re.I | re.M)


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for script in scripts(view):
        text = script.node.value
        if script.shell.split(" ")[0] in _POWERSHELLS:
            places = [(match.start(), match.end()) for match in _POWERSHELL.finditer(text)]
        elif not any(name in text for name in _NAMES) or shell_options(script.shell) is None:
            continue
        else:
            places = list(_places(read(text))) if _MENTIONED.search(text) else []
        for start, end in places:
            while text[start] in " \t":
                start += 1
            fetched = text[start:end]
            if _COMMIT.search(fetched):
                continue  # a commit names what was reviewed, whoever serves it
            url = _URL.search(fetched)
            what = f"what {url[0].split('/')[2]} sends" if url else "what comes over the network"
            yield context.inside(view.document, script.node, start, end, f"{what} is run unseen")


def _places(items: Listing) -> Iterator[tuple[int, int]]:
    """Where a script is fetched and run at once, as offsets into the whole script."""
    for item in items:
        for _, pipe in item.parts:
            place = _piped(pipe)
            if place is not None:
                yield place
                continue
            for command in pipe.commands:
                yield from _inside(command)


def _inside(command: Simple | Compound) -> Iterator[tuple[int, int]]:
    if not isinstance(command, Simple):
        for part in (*command.conditions, *command.bodies):
            yield from _places(part)
        return
    program = program_of(tuple(command.words))
    # `bash <(curl …)` reads as `bash /dev/fd` with the curl among its parts, `sh -c "$(curl …)"` keeps the word.
    script = next((word for word in program[1:] if not word.startswith("-")), "")
    if program and program[0] in _SOURCING and (script == "/dev/fd" or script.startswith(("$(", "`"))):
        if any(_fetches(part) for assigns, part in command.parts if not assigns):
            yield command.start, command.end
            return
    if program[:2] == ("deno", "run") and any(_URL.match(word) for word in program):
        yield command.start, command.end
        return
    for _, part in command.parts:
        yield from _places(part)


def _fetches(items: Listing) -> bool:
    found = (command for item in items for _, pipe in item.parts for command in pipe.commands)
    return any(isinstance(command, Simple) and program_of(tuple(command.words))[:1] in _FETCHING for command in found)


def _piped(pipe: Pipeline) -> tuple[int, int] | None:
    """From the command that fetches to the one that runs what it reads."""
    start: int | None = None
    for command in pipe.commands:
        if not isinstance(command, Simple):
            continue
        program = program_of(tuple(command.words))
        if not program:
            continue
        if start is None:
            start = command.start if program[0] in _FETCHERS else None
        elif _reads(program):
            return start, command.end
    return None


def _reads(program: tuple[str, ...]) -> bool:
    """Whether a program runs what it reads from its standard input: no script and no ``-c`` is given."""
    arguments = program[1:]
    if program[0] in SHELLS:
        if any(word[:1] == "-" and word[1:2] != "-" and "c" in word for word in arguments):
            return False
        return "-s" in arguments or all(word.startswith(("-", "+")) for word in arguments)
    return program[0] in _LANGUAGES and (not arguments or arguments[0] == "-")


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
{script}"""
_SHA = "d7b7ab8bb7f2ea9ae0aa1d7e0f3dd58ba0a5b5a4"


def _workflow(*lines: str) -> str:
    return _WORKFLOW.format(script="".join(f"          {line}\n" for line in lines))


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "What is downloaded goes straight into a shell",
            _workflow(
                "curl -fsSL https://get.example.com/install.sh | sudo bash -s -- --yes",
                "bash <(wget -qO- https://get.example.com/setup)",
                'sh -c "$(curl -fsSL https://get.example.com/sh)"',
            ),
            fires=(
                "curl -fsSL https://get.example.com/install.sh | sudo bash -s -- --yes",
                "bash <(wget -qO- https://get.example.com/setup)",
                'sh -c "$(curl -fsSL https://get.example.com/sh)"',
            ),
        ),
        Example(
            "A digest is compared first, or a commit says which text it is",
            _workflow(
                "curl -fsSLo install.sh https://get.example.com/install.sh",
                'echo "$DIGEST  install.sh" | sha256sum -c',
                "bash install.sh",
                f"curl -fsSL https://raw.githubusercontent.com/acme/tool/{_SHA}/install.sh | bash",
            ),
        ),
        Example(
            "Data for a program that brings its own script is no script",
            _workflow(
                "curl -s https://api.example.com/v1 | python3 -c 'import json, sys; print(json.load(sys.stdin))'",
                "curl -s https://api.example.com/v1 | bash ./read.sh",
                "echo 'curl https://get.example.com | sh'",
            ),
        ),
        Example(
            "PowerShell has its own words for it",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: windows-latest\n"
            "    steps:\n"
            "      - run: irm https://get.example.com/install.ps1 | iex\n",
            fires=("irm https://get.example.com/install.ps1 | iex",),
        ),
    )


RULE = Rule(
    id="unverified-script-exec",
    title="A script is run straight from the network",
    theme="supply",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"curl", b"wget", b"deno", b"iex", b"invoke-expression"),
    searched=True,
    why=(
        "Whoever holds that address decides what the job does, tonight differently than when the line was written, and "
        "leaves no trace in the repository. Installers of this kind have been replaced to read the secrets of every "
        "job that ran them."
    ),
    how=(
        "Use an action pinned to a commit, a package with a lockfile, or download to a file, compare its sha256 digest "
        "with one that is kept in the repository, and run that file."
    ),
    limits=(
        "It sees download and run in one command; a script that is downloaded to a file and run later is believed to "
        "have been compared."
    ),
    examples=_examples,
    check=_check,
    unfixable="the digest of what was reviewed has to be kept first",
    tags=("unpinned-dependency", "external/cwe/cwe-494", "owasp-cicd-sec-3"),
)
