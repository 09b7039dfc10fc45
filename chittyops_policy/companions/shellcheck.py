"""ShellCheck: mistakes in the scripts of ``run`` steps, of workflows and of composite actions (shellcheck.net)."""

from __future__ import annotations

import json
import os

from ..expressions import segments
from ..foreign import ForeignFinding
from ..scripts import scripts
from ..snapshot import ACTION, WORKFLOW
from .programs import Failure, find, run
from .staging import span_of_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..document import Document, Scalar
    from ..model import Problem
    from ..workflow import Action, Workflow
    from .staging import Stage

NAME = "shellcheck"

_SEVERITY = {"error": "medium", "warning": "low", "info": "info", "style": "info"}

# Wrong once an expression has been replaced by a placeholder (constants in tests and loops), or about variables and
# files that come from elsewhere: a step's env, the runner, a sourced file. SC2164 asks for `cd … || exit`, which the
# runner's `bash -e` makes needless.
_EXCLUDED = "SC1090,SC1091,SC2043,SC2050,SC2153,SC2154,SC2157,SC2164,SC2194"

_BATCH = 200
"""Scripts for one call: a command line has a limit."""


def findings(stage: Stage, env: Mapping[str, str]) -> Iterator[ForeignFinding | Problem]:
    """What ShellCheck finds in scripts for bash and sh. Raises Failure."""
    scripts = {"bash": list(_scripts(stage, "bash")), "sh": list(_scripts(stage, "sh"))}
    folder = os.path.join(stage.folder, ".scripts")
    os.makedirs(folder, exist_ok=True)
    for dialect, found in scripts.items():
        for begin in range(0, len(found), _BATCH):
            yield from _checked(found[begin : begin + _BATCH], dialect, folder, env)


def _checked(
    scripts: list[tuple[Document, Scalar]], dialect: str, folder: str, env: Mapping[str, str]
) -> Iterator[ForeignFinding]:
    program = find(NAME, env)
    names: dict[str, tuple[Document, Scalar, str]] = {}
    for number, (document, scalar) in enumerate(scripts):
        name = f"{dialect}-{number}"
        text = _without_expressions(scalar.value)
        names[name] = document, scalar, text
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
    options = ("--norc", "--shell", dialect, "--exclude", _EXCLUDED, "--format", "json1")
    output, _ = run([program, *options, *names], folder, env, (0, 1))
    try:
        for entry in json.loads(output)["comments"]:
            document, scalar, text = names[entry["file"]]
            starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
            place, end = (entry["line"], entry["column"]), (entry["endLine"], entry["endColumn"])
            span = span_of_lines(text, starts, place, end)
            first = min(span.start, max(len(text) - 1, 0))
            code = f"SC{entry['code']}"
            yield ForeignFinding(
                NAME,
                code,
                entry["message"],
                document.path,
                document.spot(scalar, first, max(span.end, first + 1)),
                _SEVERITY.get(entry["level"], "low"),
                f"ShellCheck's {code}",
                f"https://www.shellcheck.net/wiki/{code}",
            )
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"shellcheck's answer is not in the form of its JSON format: {error!r}") from error


def _without_expressions(script: str) -> str:
    """The script with each ``${{ }}`` replaced by a word of the same length; places stay what they are."""
    if "${{" not in script:
        return script
    text = list(script)
    for segment in segments(script):
        for at in range(segment.start, segment.end):
            if text[at] != "\n":
                text[at] = "_"
    return "".join(text)


def _scripts(stage: Stage, dialect: str) -> Iterator[tuple[Document, Scalar]]:
    views: list[Workflow | Action | None] = [stage.snapshot.workflow(path) for path in stage.paths[WORKFLOW]]
    views += [stage.snapshot.action(path.rpartition("/")[0]) for path in stage.paths[ACTION]]
    judged = {*stage.paths[WORKFLOW], *stage.paths[ACTION]}
    for view in views:
        for script in scripts(view) if view is not None and view.path in judged else ():
            assert view is not None
            if _dialect(script.shell) == dialect:
                yield view.document, script.node


def _dialect(shell: str) -> str:
    """``bash`` or ``sh``, '' for what ShellCheck does not read; GitHub's default is bash where there is one."""
    if not shell:
        return "bash"
    name = os.path.basename(shell.split()[0])
    return name if name in ("bash", "sh") else ""
