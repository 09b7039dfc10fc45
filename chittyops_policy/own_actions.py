"""Steps of our own: the actions that the standard asks for, each pinned to the commit of one release.

Which commit that is, the pack says under ``parameters: own_actions``; else it is the commit of the release that runs.
`hatch_build.py` writes that one into a wheel that is built from a release's tag, and into no other.
"""

from __future__ import annotations

from . import __version__
from .document import Mapping, Sequence
from .edits import Amendment, insert_item
from .errors import CannotEdit
from .model import Edit, Value
from .resources import INSTALLED, read_resource
from .workflow import is_commit, mapping_of, scalars_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping as Mapped
    from typing import Any

    from .document import Document
    from .workflow import Job

BEACON = "beacon"
CREDENTIALS = "credentials"
CHECK = "check"
"""Keys of ``own_actions: actions`` in the pack."""

RELEASE_FILE = "release.json"
"""``{"commit": "<40 hex digits>", "actions": ["<folder>", …]}``, beside the policies of a wheel that was built from a
release's tag; the folders are those that have an action at that commit, ``.`` for the top."""

_BEFORE_USES = ("name", "id", "if", "continue-on-error")
"""The keys of a step that people write before ``uses``."""

_HOSTED = ("ubuntu-", "windows-", "macos-")
"""How the labels of GitHub's own runners begin; all of them have bash, curl and jq (actions/runner-images, 2026-11)."""


class OwnAction(Value):
    """A pinned action of ours: the text behind ``uses:`` and the comment that names its version."""

    __slots__ = ("comment", "uses")

    def __init__(self, uses: str, comment: str) -> None:
        self.uses = uses
        self.comment = comment


def own_action(name: str, parameters: Mapped[str, Any]) -> OwnAction:
    """One of the actions that the pack lists under ``own_actions: actions``, pinned.

    Raises CannotEdit where the pack does not name it, or where there is no commit to pin it to.
    """
    data = parameters.get("own_actions")
    data = data if isinstance(data, dict) else {}
    actions = data.get("actions")
    path = actions.get(name) if isinstance(actions, dict) else None
    repository = data.get("repository")
    if not isinstance(path, str) or not isinstance(repository, str):
        raise CannotEdit(f"the pack names no action for this: own_actions.actions.{name}")
    commit, version = data.get("commit"), data.get("version")
    if commit is None:
        commit, version = _released(path), __version__
        if commit is None:
            raise CannotEdit(
                "this is an unreleased checkout of chittyops-policy, so there is no commit to pin a step of ours "
                "to; name one in the pack, as own_actions.commit and own_actions.version"
            )
    if not isinstance(commit, str) or not is_commit(commit) or not isinstance(version, str):
        raise CannotEdit("own_actions in the pack needs a full commit id and the version that it is")
    place = "/".join((repository, *(part for part in path.split("/") if part not in ("", "."))))
    return OwnAction(f"{place}@{commit}", f"v{version.removeprefix('v')}")


def _released(path: str) -> str | None:
    """The commit of the release that runs; None for a checkout and for a wheel of anything but a release.

    Raises CannotEdit where that release has no action at the path.
    """
    if not INSTALLED:
        return None
    try:
        data = read_resource(RELEASE_FILE)
    except FileNotFoundError:
        return None
    import json  # a check that pins no step of ours does without

    release = json.loads(data)
    if path not in release["actions"]:
        raise CannotEdit(
            f"release {__version__} of chittyops-policy has no action {path}; name one that has it in the pack, as "
            "own_actions.commit and own_actions.version"
        )
    return str(release["commit"])


def insert_step(
    document: Document, job: Job, index: int | None, action: OwnAction, step: Mapped[str, Any]
) -> Amendment:
    """A job with one more step before the one at `index`, or at the end: `step`, whose ``uses`` gets the action.

    Raises CannotEdit where it is not certain that the step works in this job.
    """
    steps = job.node.get("steps")
    if not isinstance(steps, Sequence) or steps.flow:
        raise CannotEdit("the steps stand in brackets, where the version of a pinned action cannot be noted")
    reason = hindrance(job)
    if reason:
        raise CannotEdit(reason)
    first = {key: value for key, value in step.items() if key in _BEFORE_USES}
    rest = {key: value for key, value in step.items() if key not in _BEFORE_USES}
    where = len(steps.items) if index is None else index
    amendment = insert_item(document, steps, where, {**first, "uses": action.uses, **rest})
    edits = [
        Edit(edit.span, edit.text.replace(action.uses, f"{action.uses} # {action.comment}")) for edit in amendment.edits
    ]
    return Amendment(tuple(edits), amendment.effects)


def hindrance(job: Job) -> str:
    """Why it is not certain that a step of ours, a composite action with bash, curl and jq, works in a job; '' if it
    is.

    In a container nothing is known of what there is, on a runner that is not GitHub's neither, and a blocked network
    lets nothing through that is not on its list.
    """
    needed = "bash, curl and jq, which the inserted step needs"
    if job.node.get("container") is not None:
        return f"whether the job's container has {needed}, cannot be told"
    labels = _labels(job)
    if not labels or not all(label.lower().startswith(_HOSTED) for label in labels):
        return f"whether the job's runner has {needed}, cannot be told"
    for step in job.steps:
        if step.uses is not None and step.uses.name == "step-security/harden-runner":
            if text_of(step.input("egress-policy")).strip() == "block":
                return "whether harden-runner's list lets the inserted step through cannot be told"
    return ""


def _labels(job: Job) -> list[str]:
    """What ``runs-on`` asks for, with ``matrix.name`` replaced by the values that a plain matrix has for it."""
    found: list[str] = []
    for scalar in scalars_of(job.node.get("runs-on")):
        text = scalar.value.strip()
        inner = text.removeprefix("${{").removesuffix("}}").strip()
        found += (_matrix(job, inner[7:]) if inner.startswith("matrix.") else ()) or [text]
    return found


def _matrix(job: Job, name: str) -> list[str]:
    strategy = mapping_of(job.node.get("strategy"))
    matrix = mapping_of(strategy.get("matrix")) if strategy is not None else None
    if matrix is None:
        return []
    values = list(scalars_of(matrix.get(name)))
    include = matrix.get("include")
    for item in include.items if isinstance(include, Sequence) else ():
        values += scalars_of(item.get(name)) if isinstance(item, Mapping) else ()
    return [scalar.value for scalar in values]
