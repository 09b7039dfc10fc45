"""actionlint: what GitHub would refuse in a workflow, and more (https://github.com/rhysd/actionlint)."""

from __future__ import annotations

import json

from ..foreign import ForeignFinding
from ..snapshot import WORKFLOW
from .programs import Failure, find, run
from .staging import span_of_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Problem
    from .staging import Stage

NAME = "actionlint"

# Scripts are shellcheck's, which is a companion of its own; whether pyflakes is installed must not matter.
_OPTIONS = ("-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}")

_COUNTERPARTS = {
    "action": ("missing-local-reference", "invalid-workflow"),
    "workflow-call": ("uncallable-workflow", "missing-local-reference", "invalid-workflow"),
}
_OTHERWISE = ("invalid-workflow", "duplicate-key")


def findings(stage: Stage, env: Mapping[str, str]) -> Iterator[ForeignFinding | Problem]:
    """What actionlint finds in the workflows; its severities are all the same. Raises Failure."""
    paths = stage.paths[WORKFLOW]
    if not paths:
        return
    output, _ = run([find(NAME, env), *_OPTIONS, *paths], stage.folder, env, (0, 1))
    try:
        for entry in json.loads(output or "[]") or ():
            document = stage.document(entry["filepath"])
            if document is None:
                continue
            line, column = entry["line"], entry["column"]
            end = (line, max(entry.get("end_column", column), column) + 1)
            shown = document.line_text(min(line, len(document.line_starts())))
            if column > len(shown):  # in a block scalar it counts from the line with the `|`
                column = len(shown) - len(shown.lstrip()) + 1
                end = (line, len(shown) + 1)
            span = span_of_lines(document.text, document.line_starts(), (line, column), end)
            kind = entry["kind"]
            untrusted = kind == "expression" and "potentially untrusted" in entry["message"]
            yield ForeignFinding(
                NAME,
                kind,
                entry["message"],
                document.path,
                span,
                "high" if untrusted else "medium",
                f"actionlint's check {kind}",
                "https://github.com/rhysd/actionlint/blob/main/docs/checks.md",
                ("template-injection",) if untrusted else _COUNTERPARTS.get(kind, _OTHERWISE),
            )
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"actionlint's answer is not in the form of its JSON format: {error!r}") from error
