"""What a step hands over as an artifact: its paths, and whether hidden files are among them."""

from __future__ import annotations

import re

from .action_versions import newest
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Document
    from .workflow import Step

HIDDEN_UNTIL = (4, 4, 0)
"""Since this release of actions/upload-artifact (2024-09) hidden files are left out unless somebody asks for them."""

_WORKSPACE = re.compile(
    r"(?:\$\{\{\s*github\.workspace\s*\}\}|\$GITHUB_WORKSPACE|\.\.?)?/?(?:\*\*?(?:/\*\*?)*)?/?", re.I
)


def uploads(step: Step) -> bool:
    """Whether a step is actions/upload-artifact."""
    return step.uses is not None and step.uses.name == "actions/upload-artifact"


def paths_of(step: Step) -> list[tuple[int, int]]:
    """The ranges of the paths in the value of a step's input ``path``, one a line, without those that are left out."""
    found = []
    for match in re.finditer(r"[^\n]+", text_of(step.input("path"))):
        text = match[0].strip()
        if text and not text.startswith("!"):
            start = match.start() + match[0].index(text)
            found.append((start, start + len(text)))
    return found


def takes_hidden(step: Step, document: Document) -> bool:
    """Whether hidden files are handed over, too. Of a version that cannot be told the newest is assumed."""
    if text_of(step.input("include-hidden-files")).lower() == "true":
        return True
    version = newest(document, step.uses) if step.uses is not None else None
    return version is not None and version < HIDDEN_UNTIL


def is_workspace(path: str) -> bool:
    """Whether a path means all of the workspace, ``.git`` included."""
    return bool(path) and _WORKSPACE.fullmatch(path) is not None
