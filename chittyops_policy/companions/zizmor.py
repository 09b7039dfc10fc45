"""zizmor: security audits of workflows, actions and Dependabot configurations (https://docs.zizmor.sh)."""

from __future__ import annotations

import json
import re

from ..foreign import ForeignFinding
from ..model import Problem
from ..snapshot import ACTION, DEPENDABOT, WORKFLOW
from .programs import Failure, find, run
from .staging import span_of_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .staging import Stage

NAME = "zizmor"

_SEVERITY = {"High": "high", "Medium": "medium", "Low": "low", "Informational": "info", "Unknown": "info"}
# Its own configuration and ignores would make findings vanish unseen; the policy and its exceptions decide here.
_OPTIONS = ("--offline", "--no-config", "--no-ignores", "--no-progress", "--no-exit-codes", "--format", "json")
_COMPLETED = re.compile(r"completed (?:\./)?(\S.*?)\s*$", re.MULTILINE)


def findings(stage: Stage, env: Mapping[str, str]) -> Iterator[ForeignFinding | Problem]:
    """What zizmor finds, without a network, in its regular persona. Raises Failure."""
    paths = [path for kind in (WORKFLOW, ACTION, DEPENDABOT) for path in stage.paths[kind]]
    if not paths:
        return
    program = find(NAME, env)
    output, log = run([program, *_OPTIONS, "--", *paths], stage.folder, env, (0, 3))
    completed = set(_COMPLETED.findall(log))
    for path in paths:
        if path not in completed:
            yield Problem("skipped", path, "zizmor does not take the file for what it is, and did not audit it")
    if not output.strip():
        return  # exit code 3: it took none of the files
    try:
        for entry in json.loads(output):
            found = _finding(entry, stage)
            if found is not None:
                yield found
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Failure(f"zizmor's answer is not in the form of its JSON format v1: {error!r}") from error


def _finding(entry: dict[str, Any], stage: Stage) -> ForeignFinding | None:
    primary = next(place for place in entry["locations"] if place["symbolic"]["kind"] == "Primary")
    document = stage.document(primary["symbolic"]["key"]["Local"]["verbatim_path"])
    if document is None:
        return None  # a file that was only there to be called
    offsets = primary["concrete"]["location"]["offset_span"]
    return ForeignFinding(
        NAME,
        entry["ident"],
        f"{entry['desc']}: {primary['symbolic']['annotation']}",
        document.path,
        span_of_bytes(document, offsets["start"], offsets["end"]),
        _SEVERITY.get(entry["determinations"]["severity"], "medium"),
        entry["desc"],
        entry.get("url", ""),
    )
