"""SARIF 2.1.0 files of any tool (https://docs.oasis-open.org/sarif/sarif/v2.1.0)."""

from __future__ import annotations

import json
import os
from urllib.parse import unquote, urlsplit

from ..errors import UserError
from ..foreign import ForeignFinding
from ..model import Span
from ..snapshot import normalise
from .staging import span_of_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..document import Document

_LEVEL = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
_SCORES = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0001, "low"))
"""How GitHub reads the property ``security-severity``."""


def read(path: str, root: str, document_of: Callable[[str], Document | None]) -> tuple[list[str], list[ForeignFinding]]:
    """The tools of a SARIF file, and what they found in the repository at `root`.

    Results that the tool itself calls suppressed, or of a kind other than ``fail``, are no findings. A place outside
    the repository becomes a finding without a span. Raises UserError for a file that is not SARIF 2.1.0.
    """
    try:
        with open(path, "rb") as stream:
            log = json.loads(stream.read().decode("utf-8-sig"))
        if log["version"] != "2.1.0":
            raise UserError(f"{path} is SARIF {log['version']}", "version 2.1.0 is read")
        tools: list[str] = []
        found: list[ForeignFinding] = []
        for run in log["runs"]:
            tools.append(_slug(run["tool"]["driver"]["name"]))
            for result in run.get("results") or ():
                if result.get("kind", "fail") == "fail" and not result.get("suppressions"):
                    found.append(_finding(result, run, tools[-1], root, document_of))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "name a SARIF file") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        hint = "most tools write one with --format sarif"
        raise UserError(f"{path} is not a SARIF 2.1.0 file: {error!r}", hint) from error
    return tools, found


def _slug(name: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in name.lower()).split()
    return "-".join(words) or "unknown"


def _finding(
    result: dict[str, Any], run: dict[str, Any], tool: str, root: str, document_of: Callable[[str], Document | None]
) -> ForeignFinding:
    rule = _rule(result, run)
    id = str(result.get("ruleId") or (result.get("rule") or {}).get("id") or rule.get("id") or "finding")
    message = result["message"]
    text = message.get("text") or _template(message, rule)
    message_text = " ".join(text.split())
    physical = (result.get("locations") or [{}])[0].get("physicalLocation") or {}
    uri, path = _path(physical, run, root)
    if uri and path is None:
        message_text += f" (in {uri}, which is not in the repository)"
    document = document_of(path) if path else None
    return ForeignFinding(
        tool,
        # zizmor and others repeat their own name in front of their rules' ids
        id.removeprefix(f"{tool}/"),
        message_text,
        path or ".",
        _span(physical.get("region"), document),
        _severity(result, rule),
        str((rule.get("shortDescription") or {}).get("text") or rule.get("name") or ""),
        str(rule.get("helpUri") or ""),
    )


def _rule(result: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    component = run["tool"]["driver"]
    reference = result.get("rule") or {}
    extension = (reference.get("toolComponent") or {}).get("index")
    if isinstance(extension, int):
        component = run["tool"]["extensions"][extension]
    rules: list[dict[str, Any]] = component.get("rules") or []
    index = result.get("ruleIndex", reference.get("index", -1))
    wanted = result.get("ruleId") or reference.get("id")
    numbered = rules[index : index + 1] if index >= 0 else [rule for rule in rules if rule.get("id") == wanted]
    return numbered[0] if numbered else {}


def _template(message: dict[str, Any], rule: dict[str, Any]) -> str:
    """The text of a message that names one of the rule's, with its arguments filled in."""
    text = str(rule["messageStrings"][message["id"]]["text"])
    for number, argument in enumerate(message.get("arguments") or ()):
        text = text.replace(f"{{{number}}}", str(argument))
    return text


def _severity(result: dict[str, Any], rule: dict[str, Any]) -> str:
    score = (result.get("properties") or {}).get("security-severity")
    if score is None:
        score = (rule.get("properties") or {}).get("security-severity")
    if score is not None:
        value = float(score)
        return next((name for least, name in _SCORES if value >= least), "info")
    level = result.get("level") or (rule.get("defaultConfiguration") or {}).get("level") or "warning"
    return _LEVEL.get(level, "medium")


def _path(physical: dict[str, Any], run: dict[str, Any], root: str) -> tuple[str, str | None]:
    """What the file says, '' for nothing, and the path inside the repository, None for one outside it."""
    place = physical.get("artifactLocation") or {}
    if "uri" not in place and isinstance(place.get("index"), int) and place["index"] >= 0:
        place = run["artifacts"][place["index"]]["location"]
    uri = str(place.get("uri") or "")
    parts = urlsplit(uri)
    path = unquote(parts.path if parts.scheme in ("", "file") else uri)
    top = os.path.abspath(root).replace(os.sep, "/").rstrip("/") + "/"
    if path.startswith(top):
        path = path[len(top) :]
    return uri, None if path.startswith("/") or parts.scheme not in ("", "file") else normalise(path)


def _span(region: dict[str, Any] | None, document: Document | None) -> Span | None:
    if not region or document is None:
        return None
    if "startLine" in region:
        line = region["startLine"]
        end_line = region.get("endLine", line)
        starts = document.line_starts()
        whole = len(document.line_text(end_line)) + 1 if 0 < end_line <= len(starts) else 1
        place, end = (line, region.get("startColumn", 1)), (end_line, region.get("endColumn", whole))
        return span_of_lines(document.text, starts, place, end)
    if "charOffset" in region:
        start = min(region["charOffset"], len(document.text))
        return Span(start, min(start + region.get("charLength", 0), len(document.text)))
    return None
