"""A package that a script installs past every lockfile."""

from __future__ import annotations

import re

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import commands_of, scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

_INSTALLS: dict[str, frozenset[str]] = {
    "npm": frozenset(("install", "i", "add", "in")),
    "pnpm": frozenset(("add", "install", "i")),
    "yarn": frozenset(("add",)),
    "bun": frozenset(("add", "install", "i")),
    "gem": frozenset(("install",)),
    "bundle": frozenset(("add",)),
    "pip": frozenset(("install",)),
    "pip3": frozenset(("install",)),
    "pipx": frozenset(("install",)),
    "cargo": frozenset(("install",)),
    "go": frozenset(("install",)),
}
"""Installers with a lockfile of their own, which these commands do not follow."""

_ONLY_MOVING = frozenset(("pip", "pip3", "pipx", "cargo", "go"))
"""Without a lockfile beside them an exact version is the best there is: only names without one are reported."""

_VALUED = frozenset(
    ("--prefix", "-w", "--workspace", "--registry", "--location", "--omit", "--include", "--loglevel", "--tag", "-C",
     "--dir", "--filter", "-F", "--cwd", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t",
     "--target", "--python", "--root", "--git", "--features", "--path", "--branch", "--rev", "--index", "--install-dir",
     "--group", "--platform", "--source", "--cache-dir", "--progress-bar", "--timeout", "--retries", "-v", "--version")
)  # fmt: skip
_FILES = frozenset(("-r", "--requirement", "-e", "--editable", "-c", "--constraint"))
_OURSELVES = frozenset(("pip", "setuptools", "wheel"))
_MENTIONED = re.compile(
    rf"\b(?:{'|'.join(_INSTALLS)})\b(?:[^\n]*[ \t](?:install|i|in|add)[ \t]+"
    r"(?!(?:-[re][ \t]+\S+|\.\S*|--\S+)[ \t]*$)[^\s;&|]|[^\n]*\\\n)|@latest",
    re.M,
)
"""What may be one; a line that goes on after a backslash is left to the parser."""
_EXACT = re.compile(r"[@=]=?v?\d+\.\d+(?:\.\d+)*[-+.\w]*$|@[0-9a-f]{40}$")
_PATH = re.compile(r"^(?:\.{1,2}(?:/|$|\[)|/|~|file:|\$\{\{)|\.(?:tgz|whl|gem|tar\.gz)$")


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for script in scripts(view):
        text = script.node.value
        if _MENTIONED.search(text) is None:
            continue
        for command in commands_of(script, context):
            message = _newest_runner(command.words) or _message(command.program)
            if message:
                yield context.inside(view.document, script.node, command.start, command.end, message)


def _message(program: tuple[str, ...]) -> str:
    if not program or program[0] not in _INSTALLS:
        return ""
    installer = program[0]
    words = list(_plain(program[1:]))
    if installer == "yarn" and words[:1] == ["global"]:
        del words[0]
    if not words or words[0] not in _INSTALLS[installer]:
        return ""
    packages = [word for word in words[1:] if not _PATH.search(word) and not word.startswith("$")]
    if installer in ("pip", "pip3"):
        packages = [word for word in packages if word.split("[")[0].lower() not in _OURSELVES]
    moving = [word for word in packages if _EXACT.search(word) is None]
    if installer in _ONLY_MOVING:
        packages = [] if _told(installer, program) else moving
        if installer == "go":
            packages = [word for word in packages if word.endswith("@latest")]
    if not packages:
        return ""
    name = (moving or packages)[0]
    if installer in ("gem", "bundle") and any(word in ("-v", "--version") or ":" in word for word in program):
        moving = []
    newest = ", in whatever release is the newest" if moving else ""
    return f"{installer} installs {name} outside of a lockfile{newest}"


def _plain(words: tuple[str, ...]) -> Iterator[str]:
    """The words that are neither options nor their values."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in _VALUED or word in _FILES:
            at += 1
        elif not word.startswith("-"):
            yield word
        at += 1


def _told(installer: str, program: tuple[str, ...]) -> bool:
    """Whether something else than the name says which release it is."""
    if installer in ("pip", "pip3", "pipx"):
        return any(word in ("-c", "--constraint", "--require-hashes", "--no-index") for word in program)
    return installer == "cargo" and any(word.startswith(("--version", "--vers", "--rev", "--path")) for word in program)


def _newest_runner(words: tuple[str, ...]) -> str:
    """``npx x@latest`` and the like: without a version these first look into the project, where a lockfile rules."""
    if words and words[0] in ("npx", "bunx", "pnpx"):
        rest = words[1:]
    elif len(words) > 1 and words[1] == "dlx":
        rest = words[2:]
    else:
        return ""
    name = next((word for word in rest if not word.startswith("-")), "")
    if not name.endswith("@latest"):
        return ""
    return f"{words[0]} runs {name}, in whatever release is the newest"


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
{script}"""


def _workflow(*lines: str) -> str:
    return _WORKFLOW.format(script="".join(f"          {line}\n" for line in lines))


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Whatever is the newest when the job runs",
            _workflow(
                "npm install -g wrangler", "pip install poetry", "go install golang.org/x/tools/cmd/stress@latest"
            ),
            fires=(
                "npm install -g wrangler",
                "pip install poetry",
                "go install golang.org/x/tools/cmd/stress@latest",
            ),
        ),
        Example(
            "What a lockfile, a list or the repository itself says",
            _workflow("npm ci", "npm install", "pip install -r requirements.txt", "pip install -e .", "bundle install"),
        ),
        Example(
            "An exact version still leaves out what it depends on, where a lockfile would not",
            _workflow("npm install --no-save js-yaml@4.1.0", "pip install build==1.2.2", "cargo install just@1.36.0"),
            fires=("npm install --no-save js-yaml@4.1.0",),
        ),
        Example(
            "Words about it install nothing", _workflow("echo 'run npm install -g wrangler first'", "npm run lint")
        ),
    )


RULE = Rule(
    id="adhoc-packages",
    title="A script installs a package outside of a lockfile",
    theme="supply",
    severity="low",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=(b"install", b" add ", b"npm i", b"npx", b"dlx", b"bunx", b"bun i"),
    why=(
        "A lockfile names the release and the digest of every package, also of those that packages bring along. What a "
        "script installs past it is whatever the registry serves in that minute, and it runs its install scripts with "
        "the secrets of the job. Tools that were taken over for a few hours have reached builds this way."
    ),
    how=(
        "Make the tool a development dependency, so that `npm ci`, `bundle install` or a requirements file with hashes "
        "brings it; where that is too much, name an exact version."
    ),
    limits=(
        "For pip, pipx, cargo and go only what has no exact version is reported. Packages of the operating system, and "
        "names in variables, are not looked at."
    ),
    examples=_examples,
    check=_check,
    unfixable="which version is meant only the users of the tool know",
    tags=("unpinned-dependency", "external/cwe/cwe-1357", "owasp-cicd-sec-3"),
)
