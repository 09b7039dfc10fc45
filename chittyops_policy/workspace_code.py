"""What a step runs out of its workspace, so that whoever wrote the files there decides what is executed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shell_commands import Command
    from .workflow import Uses

_ANY: frozenset[str] = frozenset()
_PACKAGES = frozenset(
    ("install", "i", "ci", "add", "rebuild", "run", "run-script", "test", "t", "start", "exec", "build")
)
_RUNS_WHAT_IS_THERE: dict[str, frozenset[str]] = {
    "npm": _PACKAGES, "pnpm": _PACKAGES, "bun": _PACKAGES, "yarn": _ANY,
    "make": _ANY, "cmake": _ANY, "ninja": _ANY, "meson": _ANY, "bazel": _ANY, "rake": _ANY, "just": _ANY,
    "gradle": _ANY, "gradlew": _ANY, "mvn": _ANY, "mvnw": _ANY, "ant": _ANY, "sbt": _ANY,
    "tox": _ANY, "nox": _ANY, "pytest": _ANY, "pre-commit": _ANY, "prek": _ANY,
    "cargo": frozenset(("build", "b", "test", "t", "run", "r", "check", "c", "clippy", "bench", "doc", "install")),
    "go": frozenset(("test", "run", "generate")),
    "dotnet": frozenset(("build", "test", "run", "restore", "publish", "pack")),
    "swift": frozenset(("build", "test", "run")),
    "bundle": frozenset(("install", "exec")), "composer": frozenset(("install", "update")),
    "uv": frozenset(("sync", "run", "build")), "poetry": frozenset(("install", "run", "build")),
    "pdm": frozenset(("install", "run", "build")), "hatch": _ANY, "pipenv": frozenset(("install", "run", "sync")),
    "docker": frozenset(("build", "buildx", "compose")), "docker-compose": _ANY,
    "terraform": frozenset(("init", "plan", "apply")), "tofu": frozenset(("init", "plan", "apply")),
    "eslint": _ANY, "jest": _ANY, "vitest": _ANY, "webpack": _ANY, "vite": _ANY, "rollup": _ANY, "playwright": _ANY,
    "astro": _ANY, "gulp": _ANY, "grunt": _ANY, "lerna": _ANY, "turbo": _ANY, "nx": _ANY,
}  # fmt: skip
"""Program → subcommands with which it runs what lies in its folder (scripts, plugins, settings); _ANY is all of them.

After the lists of poutine (BoostSecurity) and of GitHub's CodeQL queries for untrusted checkouts, read in 2026-11.
"""

_INTERPRETERS = frozenset(
    ("bash", "sh", "zsh", "dash", "source", ".", "python", "python3", "node", "ruby", "perl", "php", "deno", "tsx",
     "ts-node", "pwsh")
)  # fmt: skip
_ELSEWHERE = ("/", "$", "~", "<")
_ACTIONS = frozenset(
    ("bahmutov/npm-install", "cypress-io/github-action", "docker/bake-action", "docker/build-push-action",
     "gradle/gradle-build-action", "pre-commit/action", "pypa/cibuildwheel", "j178/prek-action")
)  # fmt: skip


def executes(command: Command) -> bool:
    """Whether a command runs a file of the workspace, or a program that looks there for what to run."""
    if executed_file(command):
        return True
    program = command.program
    name = program[0] if program else ""
    if name in ("pip", "pip3"):
        return "install" in program[1:3] and any(
            word.startswith((".", "-e", "-r", "--requirement", "--editable")) for word in program[1:]
        )
    wanted = _RUNS_WHAT_IS_THERE.get(name)
    if wanted is None or "--ignore-scripts" in program:
        return False
    return not wanted or any(word in wanted for word in program[1:4])


def executed_file(command: Command) -> str:
    """The file of the workspace that a command itself runs, by its path there; '' where it runs none."""
    first = command.words[0]
    if "/" in first and not first.startswith(_ELSEWHERE):
        return first.removeprefix("./")
    program = command.program
    if not program or program[0] not in _INTERPRETERS:
        return ""
    script = next((word for word in program[1:] if not word.startswith("-")), "")
    inline = any(word in ("-c", "-m", "-e", "-") for word in program[1:3])
    return "" if inline or script.startswith(_ELSEWHERE) else script.removeprefix("./")


def action_executes(uses: Uses, folder: str) -> bool:
    """Whether an action runs what lies in a folder of the workspace, '' for its top."""
    below = not folder or uses.path == folder or uses.path.startswith(folder + "/")
    return uses.slug in _ACTIONS or (uses.kind == "local" and below)
