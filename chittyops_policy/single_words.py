"""Expressions whose value is certainly one word for a shell: no blanks, no wildcards, nothing to be split.

Sources: GitHub's documentation of the ``github`` context and of webhook payloads; git-check-ref-format(1), which keeps
blanks and the wildcards ``* ? [`` out of the names of refs.
"""

from __future__ import annotations

from .expressions import Call, Literal, Reference, Unary, references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .expressions import Expr

_ALWAYS: Final = frozenset(
    ("github.actor_id", "github.event_name", "github.ref", "github.ref_name", "github.ref_type", "github.repository",
     "github.repository_id", "github.repository_name", "github.repository_owner", "github.repository_owner_id",
     "github.run_attempt", "github.run_id", "github.run_number", "github.sha", "github.server_url", "github.api_url",
     "github.graphql_url", "github.workflow_sha", "job.status", "runner.arch", "runner.os", "strategy.job-index",
     "strategy.job-total", "strategy.max-parallel", "strategy.fail-fast")
)  # fmt: skip
_UNLESS_ABSENT: Final = frozenset(
    ("github.base_ref", "github.head_ref", "github.event.after", "github.event.before", "github.event.ref",
     "github.event.workflow_run.head_branch", "github.event.repository.default_branch",
     "github.event.repository.full_name")
)  # fmt: skip
_LAST: Final = frozenset(("number", "id", "node_id", "sha", "head_sha", "base_sha", "run_number", "run_attempt"))
_FUNCTIONS: Final = frozenset(("contains", "startswith", "endswith", "hashfiles", "always", "success", "failure"))


def one_word(expr: Expr) -> str:
    """``always`` where the value is one word, ``or nothing`` where it may also be empty, '' where it may be more."""
    if isinstance(expr, Unary):
        return "always"
    if isinstance(expr, Call):
        return "or nothing" if expr.key == "hashfiles" else "always" if expr.key in _FUNCTIONS else ""
    if isinstance(expr, Literal):
        return "" if isinstance(expr.value, str) or expr.value is None else "always"
    found = references(expr)
    if len(found) != 1 or found[0].expr is not expr:
        return ""
    return _of_reference(found[0])


def _of_reference(reference: Reference) -> str:
    path = reference.path
    if None in path or "*" in path:
        return ""
    name = ".".join((reference.context, *(part or "" for part in path)))
    if name in _ALWAYS:
        return "always"
    if name in _UNLESS_ABSENT:
        return "or nothing"
    if name.startswith("github.event.") and path[1] not in ("inputs", "client_payload") and path[-1] in _LAST:
        return "or nothing"
    if reference.context == "needs" and path[1:] == ("result",):
        return "or nothing"
    if reference.context == "steps" and path[1:] in (("outcome",), ("conclusion",)):
        return "or nothing"
    return ""
