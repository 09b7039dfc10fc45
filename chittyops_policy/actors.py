"""Who caused an event and who wrote what it is about: two people, of whom only the second cannot be borrowed.

``github.actor`` is whoever caused the run. An outsider can make a bot cause one, for instance by a comment that the bot
obeys, on a pull request of the outsider's own. The author of that pull request stays the outsider.
"""

from __future__ import annotations

from .expressions import Binary, Call, Literal, Unary, fold, references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .expressions import Expr, Reference

_NAMES = (
    ("actor",), ("triggering_actor",), ("event", "sender", "login"), ("event", "pull_request", "sender", "login"),
)  # fmt: skip
_IDS = (("actor_id",), ("event", "sender", "id"), ("event", "pull_request", "sender", "id"))

_BOT_IDS = frozenset(("49699333", "27856297", "29110", "29139614"))
"""The accounts of dependabot[bot], dependabot-preview[bot], Dependabot's integration and renovate[bot] (2026-11)."""

AUTHORS = {
    "pull_request": "github.event.pull_request.user",
    "pull_request_target": "github.event.pull_request.user",
    "pull_request_review": "github.event.review.user",
    "pull_request_review_comment": "github.event.comment.user",
    "issue_comment": "github.event.comment.user",
    "discussion_comment": "github.event.comment.user",
    "issues": "github.event.issue.user",
    "discussion": "github.event.discussion.user",
}
"""Event → the person who wrote what it is about."""


class BotTest:
    """A comparison of a borrowed name with that of a bot: the comparison, the access to the name, and its kind."""

    __slots__ = ("expr", "id", "reference")

    def __init__(self, expr: Expr, reference: Reference, id: bool) -> None:
        self.expr = expr
        self.reference = reference
        self.id = id


def bot_tests(expr: Expr) -> Iterator[BotTest]:
    """The tests that let a bot in; what keeps one out (``!=``, ``!``) does no harm when it is fooled."""
    if isinstance(expr, Binary):
        if expr.op in ("&&", "||"):
            yield from bot_tests(expr.left)
            yield from bot_tests(expr.right)
        elif expr.op == "==":
            yield from _compared(expr, expr.left, expr.right)
            yield from _compared(expr, expr.right, expr.left)
    elif isinstance(expr, Call):
        if expr.key in ("contains", "startswith", "endswith") and len(expr.args) == 2:
            first, second = expr.args
            if expr.key == "contains":
                yield from _compared(expr, second, first)
            yield from _compared(expr, first, second)
        elif expr.key in ("format", "tojson", "fromjson", "case"):
            for argument in expr.args:
                yield from bot_tests(argument)
    elif isinstance(expr, Unary):
        return


def _compared(expr: Expr, borrowed: Expr, constant: Expr) -> Iterator[BotTest]:
    reference = next((each for each in references(borrowed) if each.expr is borrowed), None)
    if reference is None or reference.context != "github":
        return
    text = _text(constant)
    if reference.path in _NAMES and ("[bot]" in text or text in ("dependabot", "renovate")):
        yield BotTest(expr, reference, id=False)
    elif reference.path in _IDS and text in _BOT_IDS:
        yield BotTest(expr, reference, id=True)


def _text(expr: Expr) -> str:
    """A constant text in lower case, or the JSON text of a constant list."""
    if isinstance(expr, Call) and expr.key == "fromjson" and len(expr.args) == 1:
        return _text(expr.args[0])
    constant = expr if isinstance(expr, Literal) else fold(expr)
    if constant is None:
        return ""
    value = constant.value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.lower() if isinstance(value, str) else ""
