"""A privileged job unpacks what another run has left, and then runs something from there."""

from __future__ import annotations

import re

from chittyops_policy.document import Scalar
from chittyops_policy.model import Related, Span
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.scripts import Script, commands_of, scripts
from chittyops_policy.shell_commands import SHELLS
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Step, Workflow

_OTHER_RUNS = (
    "dawidd6/action-download-artifact",
    "aochmann/actions-download-artifact",
    "bettermarks/action-artifact-download",
)
_ELSEWHERE = re.compile(r"^(?:\$\{\{\s*runner\.temp\s*\}\}|\$\{?RUNNER_TEMP\b|/tmp\b)")
_BY_API = re.compile(r"\bdownloadArtifact\b|/actions/artifacts/")
_LANGUAGES = frozenset(("python", "python3", "node", "perl", "ruby", "php", "deno", "bun"))
_BUILDERS = frozenset((
    "npm", "pnpm", "yarn", "make", "cmake", "mvn", "mvnw", "gradle", "gradlew", "go", "cargo", "dotnet", "bundle",
    "rake", "tox", "nox", "pytest", "poetry", "composer", "docker", "msbuild", "bazel", "ant", "sbt", "just",
    "pre-commit",
))  # fmt: skip
"""Programs that read what to do from files in the workspace."""


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    if "workflow_run" not in workflow.triggers:
        return
    by_step = {id(script.step): script for script in scripts(workflow)}
    for job in workflow.jobs:
        unpacked: list[tuple[Node, str]] = []
        for step in job.steps:
            for place, folder in unpacked:
                found = _runs(step, by_step.get(id(step)), folder, context)
                if found is not None:
                    node, start, end, what = found
                    where = f"in {folder}" if folder else "over the workspace"
                    yield context.inside(
                        workflow.document,
                        node,
                        start,
                        end,
                        f"{what} runs after an artifact of another run was unpacked {where}",
                        related=(Related(workflow.path, Span(place.start, place.end), "unpacked here"),),
                    )
                    break
            got = _unpacks(step, by_step.get(id(step)), context)
            if got is not None:
                unpacked.append(got)


def _unpacks(step: Step, script: Script | None, context: Context) -> tuple[Node, str] | None:
    """Where a step unpacks an artifact of another run: the node to point at, the folder ('' is the workspace)."""
    uses = step.uses
    if uses is not None:
        given = step.input("path")
        path = text_of(given).strip()
        if uses.slug in _OTHER_RUNS or (uses.slug == "actions/download-artifact" and step.input("run-id") is not None):
            return None if _ELSEWHERE.match(path) else (uses.node, _folder(path))
        code = step.input("script")
        if uses.slug == "actions/github-script" and isinstance(code, Scalar) and _BY_API.search(code.value):
            return uses.node, ""
        return None
    if script is None or not re.search(r"run download|/actions/artifacts/", script.node.value):
        return None
    for command in commands_of(script, context):
        words = command.program
        if words[:3] == ("gh", "run", "download"):
            options = {words[at]: words[at + 1] for at in range(len(words) - 1)}
            path = options.get("-D") or options.get("--dir") or ""
            return None if _ELSEWHERE.match(path) else (script.node, _folder(path))
        if words[:1] in (("curl",), ("gh",)) and any("/actions/artifacts/" in word for word in words):
            return script.node, ""
    return None


def _folder(path: str) -> str:
    folder = path.removeprefix("./").strip("/")
    return "" if folder in (".", "${{ github.workspace }}", "$GITHUB_WORKSPACE") else folder


def _runs(step: Step, script: Script | None, folder: str, context: Context) -> tuple[Scalar, int, int, str] | None:
    """What of a step is read from an unpacked folder and run: the scalar with the place in it, and words for it."""
    if step.uses is not None:
        if step.uses.kind == "local" and (not folder or step.uses.path.startswith(folder)):
            return step.uses.node, 0, len(step.uses.node.value), f"the action {step.uses.text}"
        return None
    if script is None:
        return None
    for command in commands_of(script, context):
        program = command.program
        if program and _from(program, command.words, folder):
            return script.node, command.start, command.end, " ".join(program[:2])
    return None


def _from(program: tuple[str, ...], words: tuple[str, ...], folder: str) -> bool:
    written = next((word for word in words if word.rpartition("/")[2] == program[0]), program[0])
    if program[0] in SHELLS or program[0] in _LANGUAGES or program[0] in ("source", "."):
        file = next((word for word in program[1:] if not word.startswith("-")), "")
        if any(word in ("-c", "-e", "-m") for word in program[1:]) or not file:
            return False
        return _inside(file, folder)
    if "/" in written and not written.startswith(("/usr/", "/bin/", "/opt/", "~", "$HOME")):
        return _inside(written, folder)
    if program[0] in _BUILDERS and not folder:
        return program[1:2] not in (("--version",), ("version",), ("login",), ("whoami",))
    return False


def _inside(file: str, folder: str) -> bool:
    if file.startswith(("/", "$RUNNER_TEMP", "~")) or _ELSEWHERE.match(file):
        return False
    return not folder or file.removeprefix("./").startswith(folder + "/")


_HEAD = """\
on:
  workflow_run:
    workflows: [build]
    types: [completed]
jobs:
  report:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""
_DOWNLOAD = "      - uses: actions/download-artifact@v4\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "An artifact can replace any file of the workspace",
            _HEAD
            + _DOWNLOAD
            + "        with: {name: coverage, run-id: '${{ github.event.workflow_run.id }}', github-token: x}\n"
            + "      - run: npm run report\n",
            fires=("npm run report",),
        ),
        Example(
            "A program out of the artifact itself",
            _HEAD
            + "      - run: gh run download $ID --dir out\n      - run: |\n          cd x\n          bash out/go.sh\n",
            fires=("bash out/go.sh",),
        ),
        Example(
            "Unpacked where nothing is run, it is only data",
            _HEAD
            + _DOWNLOAD
            + "        with: {name: c, run-id: '${{ github.event.workflow_run.id }}', path: '${{ runner.temp }}/c'}\n"
            + "      - run: npm run report\n"
            + _DOWNLOAD
            + "        with: {name: c, run-id: '${{ github.event.workflow_run.id }}', path: data}\n"
            + "      - run: npm run report -- data/coverage.json\n",
        ),
        Example(
            "An artifact of the same run comes from the same commit",
            _HEAD + _DOWNLOAD + "        with: {name: coverage}\n      - run: npm run report\n",
        ),
    )


RULE = Rule(
    id="artifact-poisoning",
    title="A privileged job runs what an artifact of another run may have replaced",
    theme="supply",
    severity="high",
    profile="strict",
    visits=(WORKFLOW,),
    needs=(b"workflow_run",),
    why=(
        "A workflow that starts after another one has the repository's secrets, also when the other one ran for a pull "
        "request of a stranger. What that run uploads is the stranger's: unpacked over a checkout, it replaces the "
        "very script or package.json that is run next."
    ),
    how=(
        "Unpack into ${{ runner.temp }} or a folder of its own, treat what is there as data, and check its form before "
        "using it. Build in the run without secrets."
    ),
    limits=(
        "It looks at one job and at its order of steps. Whether the other workflow ever runs for strangers, and what a "
        "program reads from an unpacked file, it cannot tell."
    ),
    examples=_examples,
    check=_check,
    unfixable="where the artifact should go depends on who reads it",
    tags=("artifact-integrity", "external/cwe/cwe-829", "owasp-cicd-sec-9"),
)
