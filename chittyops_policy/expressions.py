"""The expression language of GitHub Actions: `${{ ... }}` in scalars and the bare text of `if:`.

Text goes in, trees with offsets come out; bad input is an `ExpressionError` value and never an exception. All
offsets count characters of the scalar's *value*; the document maps them to places in the file. Every class here is
a value: nothing changes after construction, and trees are shared between callers.

    segments("a ${{ secrets.X || 'b' }}")    where the expressions are, and each one's tree or error
    references(expr)                         which contexts it reads: secrets, ("x",)
    check(expr, contexts, functions)         names that do not exist or are not available there
    condition("${{ a }} && b")               what an `if:` really evaluates
    fold(expr), truth(expr)                  what it always is, if that is certain
"""

from __future__ import annotations

from .expression_syntax import (
    MAX_DEPTH,
    MAX_LENGTH,
    Binary,
    Call,
    Expr,
    ExpressionError,
    Index,
    Literal,
    Name,
    Path,
    Star,
    Unary,
    parse,
    parse_number,
    utf16_length,
)
from .expression_values import (
    BUILTIN_FUNCTIONS,
    MAX_ARGUMENTS,
    arity_problem,
    constant_name,
    fold,
    to_string,
    truth,
)
from .memo import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from types import EllipsisType
    from typing import Final

    from .expression_values import Known as Known

__all__ = [
    "BUILTIN_FUNCTIONS",
    "CONTEXTS",
    "FUNCTIONS",
    "MAX_ARGUMENTS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "STATUS_FUNCTIONS",
    "Binary",
    "Call",
    "Condition",
    "Expr",
    "ExpressionError",
    "Index",
    "Literal",
    "Name",
    "Path",
    "Reference",
    "Segment",
    "Star",
    "Unary",
    "available",
    "check",
    "condition",
    "fold",
    "parse",
    "parse_number",
    "references",
    "segments",
    "template_error",
    "to_string",
    "truth",
    "walk",
]

CONTEXTS: Final = frozenset(
    ("env", "github", "inputs", "job", "jobs", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars")
)
"""Every context that GitHub knows anywhere."""

STATUS_FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "always": (0, 0),
    "cancelled": (0, 0),
    "failure": (0, MAX_ARGUMENTS),  # only the `if:` of a job may name other jobs here; steps allow none
    "success": (0, MAX_ARGUMENTS),
}
"""Functions that only an `if:` may call; without any of them GitHub puts `success() &&` before the condition."""

FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    **BUILTIN_FUNCTIONS,
    **STATUS_FUNCTIONS,
    "hashfiles": (1, MAX_ARGUMENTS),
}
"""Every function that GitHub knows anywhere, in lower case, with the fewest and most arguments."""


class Segment:
    """One `${{ ... }}` of a scalar.

    `start`/`end` include the fences, `inner_start`/`inner_end` do not. Exactly one of `expr`, `error` and `directive`
    (the word `insert`, GitHub's mapping merge) is set.
    """

    __slots__ = ("directive", "end", "error", "expr", "inner_end", "inner_start", "start")

    def __init__(
        self,
        start: int,
        end: int,
        inner_start: int,
        inner_end: int,
        expr: Expr | None,
        error: ExpressionError | None,
        directive: str | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.inner_start = inner_start
        self.inner_end = inner_end
        self.expr = expr
        self.error = error
        self.directive = directive

    def __repr__(self) -> str:
        return f"Segment({self.start}, {self.end}, {self.expr or self.error or self.directive!r})"


class Reference:
    """One access to a context, as long as it goes: `github.event.commits.*.message`.

    `context` is the root in lower case. `path` has one element a step: the lower-cased name, `'*'`, or None where the
    name is computed at run time; it is `()` when the whole context is used, as in `toJSON(secrets)`. `names` is the
    same path in the letter case of the source. `raw` shows the access as text without blanks, a computed step as
    `[...]`. `start`/`end` cover the whole access.
    """

    __slots__ = ("context", "end", "expr", "names", "path", "raw", "start")

    def __init__(
        self,
        context: str,
        path: tuple[str | None, ...],
        names: tuple[str | None, ...],
        raw: str,
        expr: Expr,
    ) -> None:
        self.context = context
        self.path = path
        self.names = names
        self.raw = raw
        self.expr = expr
        self.start = expr.start
        self.end = expr.end

    def __repr__(self) -> str:
        return f"Reference({self.raw!r}, {self.start}, {self.end})"


class Condition:
    """What GitHub makes of an `if:` text.

    `kind` is `empty` (means success()), `bare`, `fenced` (one `${{ }}` and nothing else) or `mixed`. A mixed text,
    even one blank or a final newline beside the fences, becomes a string built by format(): never false. `expr` is
    what is evaluated (for mixed the format() call), None when empty or broken; `errors` says what is broken.
    `has_status` tells a call of success(), failure(), cancelled() or always() anywhere inside; without one GitHub
    evaluates `success() && (expr)`.
    """

    __slots__ = ("_constant", "_has_status", "errors", "expr", "kind", "segments")

    def __init__(
        self,
        kind: str,
        expr: Expr | None,
        errors: tuple[ExpressionError, ...],
        segments: tuple[Segment, ...],
    ) -> None:
        self.kind = kind
        self.expr = expr
        self.errors = errors
        self.segments = segments
        self._has_status: bool | None = None
        self._constant: bool | EllipsisType | None = ...

    def __repr__(self) -> str:
        return f"Condition({self.kind!r}, {self.expr!r}, {self.errors!r})"

    @property
    def has_status(self) -> bool:
        """Whether it calls a status function anywhere."""
        known = self._has_status
        if known is None:
            known = self._has_status = self.expr is not None and any(
                isinstance(node, Call) and node.key in STATUS_FUNCTIONS for node in walk(self.expr)
            )
        return known

    @property
    def constant(self) -> bool | None:
        """Whether the condition certainly holds (True) or certainly fails (False); None when the run decides.

        What GitHub adds on its own, `success() &&`, is left aside.
        """
        known = self._constant
        if known is ...:
            known = self._constant = None if self.expr is None else truth(self.expr)
        return known


_OPEN: Final = "${{"
_SEGMENTS: Final[dict[str, tuple[Segment, ...]]] = {}
_CONDITIONS: Final[dict[str, Condition]] = {}
_REFERENCES: Final[dict[Expr, tuple[Reference, ...]]] = {}


def segments(text: str) -> tuple[Segment, ...]:
    """Every `${{ ... }}` of a scalar's value, in order.

    An opening that is never closed gives a last segment up to the end of the text, with an error: GitHub then
    rejects the whole scalar.
    """
    at = text.find(_OPEN)
    if at < 0:
        return ()
    known = _SEGMENTS.get(text)
    if known is not None:
        return known
    found = []
    size = len(text)
    while at >= 0:
        inner = at + 3
        end = _behind_fence(text, inner)
        if end < 0:
            found.append(Segment(at, size, inner, size, None, _unclosed(text, at)))
            break
        expr = parse(text[inner : end - 2], inner)
        if isinstance(expr, ExpressionError):
            found.append(_broken_segment(text, at, end, expr))
        elif isinstance(expr, Name) and expr.name == "insert":
            found.append(_insert_segment(text, at, end))
        else:
            found.append(Segment(at, end, inner, end - 2, expr, None))
        at = text.find(_OPEN, end)
    return remember(_SEGMENTS, text, tuple(found), size)


def _behind_fence(text: str, at: int) -> int:
    """Where the first `}}` from `at` on ends that is not in a string, or -1; quotes toggle, as in GitHub's scanner."""
    end = text.find("}}", at)
    while end >= 0 and text.count("'", at, end) % 2:
        at = text.find("'", end) + 1  # where the string ends that it is in
        end = text.find("}}", at) if at else -1
    return end if end < 0 else end + 2


def _unclosed(text: str, at: int) -> ExpressionError:
    message = "'${{' is never closed by '}}'"
    if "}}" in text[at:]:
        message += "; a quote (') opens a string that swallows it"
    return ExpressionError(message, at, len(text))


def _broken_segment(text: str, start: int, end: int, error: ExpressionError) -> Segment:
    words = text[start + 3 : end - 2].split(None, 1)
    if len(words) == 2 and words[0] == "insert":
        error = ExpressionError("'insert' stands alone: ${{ insert }}", error.start, error.end)
    return Segment(start, end, start + 3, end - 2, None, error)


def _insert_segment(text: str, start: int, end: int) -> Segment:
    if start == 0 and end == len(text):
        return Segment(start, end, start + 3, end - 2, None, None, "insert")
    error = ExpressionError("'insert' only works when it is the whole value", start, end)
    return Segment(start, end, start + 3, end - 2, None, error)


def template_error(text: str) -> ExpressionError | None:
    """What is wrong with the scalar as a whole, although each of its expressions may be right.

    GitHub rewrites a scalar that has text beside its `${{ }}` into one format('...', ...) expression, and that must
    respect the limits too: a script of 21,000 characters with a single `${{ }}` in it invalidates the workflow, and
    so do 255 expressions in one scalar. The error covers the whole text.
    """
    if len(text) < MAX_LENGTH // 2 - 50 and text.count(_OPEN) < MAX_ARGUMENTS:
        return None  # escaping at most doubles the text
    parts = segments(text)
    if not parts or (parts[0].start == 0 and parts[0].end == len(text)):
        return None
    if len(parts) >= MAX_ARGUMENTS:
        return ExpressionError(
            f"{len(parts)} expressions in one value; GitHub takes at most {MAX_ARGUMENTS - 1}", 0, len(text)
        )
    length = len("format('')")
    at = 0
    for number, part in enumerate(parts):
        length += _quoted_length(text[at : part.start])
        length += len(f"{{{number}}}, ") + utf16_length(text[part.inner_start : part.inner_end].strip())
        at = part.end
    length += _quoted_length(text[at:])
    if length <= MAX_LENGTH:
        return None
    return ExpressionError(
        f"the value with its expressions makes {length:,} characters; GitHub takes at most {MAX_LENGTH:,}",
        0,
        len(text),
    )


def _quoted_length(text: str) -> int:
    return utf16_length(text) + text.count("'") + text.count("{") + text.count("}")


def walk(expr: Expr) -> Iterator[Expr]:
    """The node and everything below it, parents first, in the order of the source."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Index):
            stack += (node.index, node.obj)
        elif isinstance(node, Binary):
            stack += (node.right, node.left)
        elif isinstance(node, Call):
            stack += reversed(node.args)
        elif isinstance(node, Unary):
            stack.append(node.operand)


def references(expr: Expr) -> tuple[Reference, ...]:
    """Every access to a context, each as long as it goes, ordered by where it starts.

    An index that is a constant counts as a name however it is written: `secrets['X']` and
    `secrets[format('{0}', 'X')]` both read X. References inside a computed index are listed as well.
    """
    known = _REFERENCES.get(expr)
    if known is not None:
        return known
    found: list[Reference] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Index):
            reference = _chain(node, stack)
            if reference is not None:
                found.append(reference)
        elif isinstance(node, Name):
            found.append(Reference(node.key, (), (), node.name, node))
        elif isinstance(node, Binary):
            stack += (node.right, node.left)
        elif isinstance(node, Call):
            stack += reversed(node.args)
        elif isinstance(node, Unary):
            stack.append(node.operand)
    if len(found) > 1:
        found.sort(key=_position)
    return remember(_REFERENCES, expr, tuple(found), expr.end - expr.start)


def _position(reference: Reference) -> tuple[int, int]:
    return reference.start, -reference.end


def _chain(expr: Index, todo: list[Expr]) -> Reference | None:
    """The reference that ends in `expr`, if it starts at a context; what else is inside goes to `todo`."""
    if isinstance(expr, Path):
        raw = ".".join(expr.names)
        context, *lower = raw.lower().split(".")
        return Reference(context, tuple(lower), expr.names[1:], raw, expr)
    steps: list[Index] = []
    node: Expr = expr
    while isinstance(node, Index):
        steps.append(node)
        if not isinstance(node.index, (Literal, Star)):
            todo.append(node.index)
        node = node.obj
    if not isinstance(node, Name):
        todo.append(node)
        return None
    names = []
    raw = node.name
    for step in reversed(steps):
        name = constant_name(step.index)
        names.append(name)
        if name is None:
            raw += "[...]"
        elif step.dotted:
            raw += "." + name
        elif isinstance(step.index, Star):
            raw += "[*]"
        else:
            raw += "['" + name.replace("'", "''") + "']"
    path = tuple([None if name is None else name.lower() for name in names])
    return Reference(node.key, path, tuple(names), raw, expr)


def available(names: Iterable[str]) -> tuple[frozenset[str], dict[str, tuple[int, int]]]:
    """Contexts and functions from a list in the style of GitHub's schema: `github`, `hashFiles(1,255)`.

    `MAX` stands for no limit. Both results are keyed in lower case, ready for `check`.
    """
    contexts = set()
    functions = {}
    for name in names:
        head, paren, tail = name.partition("(")
        if not paren:
            contexts.add(head.lower())
            continue
        least, _, most = tail.rstrip(")").partition(",")
        functions[head.lower()] = (int(least), MAX_ARGUMENTS if most == "MAX" else int(most))
    return frozenset(contexts), functions


def check(
    expr: Expr,
    contexts: Collection[str] = CONTEXTS,
    functions: Mapping[str, tuple[int, int]] = FUNCTIONS,
) -> tuple[ExpressionError, ...]:
    """Contexts and functions that do not exist or are not available here, and calls with a wrong number of arguments.

    `contexts` and the keys of `functions` are in lower case; the values are the fewest and most arguments. The
    functions that GitHub offers everywhere need not be listed. Errors come in the order of the source.
    """
    errors = []
    stack = [expr]
    while stack:  # as `walk` goes
        node = stack.pop()
        if isinstance(node, Path):
            if node.names[0].lower() not in contexts:
                stack.append(_root(node))
        elif isinstance(node, Index):
            stack += (node.index, node.obj)
        elif isinstance(node, Binary):
            stack += (node.right, node.left)
        elif isinstance(node, Name):
            if node.key not in contexts:
                message = _unknown_context(node, contexts)
                errors.append(ExpressionError(message, node.start, node.end))
        elif isinstance(node, Call):
            arity = BUILTIN_FUNCTIONS.get(node.key) or functions.get(node.key)
            message = _unknown_function(node) if arity is None else arity_problem(node, arity)
            if message:
                errors.append(ExpressionError(message, node.start, node.start + len(node.name)))
            stack += reversed(node.args)
        elif isinstance(node, Unary):
            stack.append(node.operand)
    return tuple(errors)


def _root(expr: Expr) -> Expr:
    """What an access begins with."""
    while isinstance(expr, Index):
        expr = expr.obj
    return expr


def _unknown_context(node: Name, contexts: Collection[str]) -> str:
    if node.key in ("true", "false", "null"):
        return f"'{node.name}' is no value; write {node.key} in lower case"
    if node.key in CONTEXTS:
        here = f"; available: {', '.join(sorted(contexts))}" if contexts else ""
        return f"the context '{node.name}' is not available here{here}"
    return f"there is no context '{node.name}'; a text needs single quotes"


def _unknown_function(node: Call) -> str:
    if node.key in FUNCTIONS:
        return f"the function '{node.name}' is not available here"
    return f"there is no function '{node.name}'"


def condition(text: str) -> Condition:
    """How GitHub reads the text of an `if:`, with or without fences. Never raises.

    A fenced string constant is unwrapped and then read again as an expression: `${{ 'false' }}` is false.
    """
    known = _CONDITIONS.get(text)
    if known is None:
        known = remember(_CONDITIONS, text, _condition(text), len(text))
    return known


def _condition(text: str) -> Condition:
    parts = segments(text)
    if not parts:
        if not text.strip():
            return Condition("empty", None, (), ())
        return _judged("bare", parse(text), ())
    errors = tuple([part.error for part in parts if part.error is not None])
    whole = template_error(text)
    if whole is not None:
        errors += (whole,)
    fenced = parts[0].start == 0 and parts[0].end == len(text)
    if errors or any(part.expr is None for part in parts):
        return Condition("fenced" if fenced else "mixed", None, errors, parts)
    if not fenced:
        return Condition("mixed", _as_format(text, parts), (), parts)
    only = parts[0].expr
    assert only is not None
    inner = text[parts[0].inner_start : parts[0].inner_end].strip()
    if isinstance(only, Literal) and isinstance(only.value, str) and inner[0] == "'":
        if not only.value.strip():
            return Condition("empty", None, (), parts)
        return _judged("fenced", parse(only.value, only.start + 1), parts)
    return Condition("fenced", only, (), parts)


def _judged(kind: str, result: Expr | ExpressionError, parts: tuple[Segment, ...]) -> Condition:
    if isinstance(result, ExpressionError):
        return Condition(kind, None, (result,), parts)
    return Condition(kind, result, (), parts)


def _as_format(text: str, parts: tuple[Segment, ...]) -> Call:
    template = ""
    at = 0
    args: list[Expr] = []
    for part in parts:
        assert part.expr is not None
        template += text[at : part.start].replace("{", "{{").replace("}", "}}") + f"{{{len(args)}}}"
        args.append(part.expr)
        at = part.end
    template += text[at:].replace("{", "{{").replace("}", "}}")
    size = len(text)
    return Call("format", (Literal(template, 0, size), *args), 0, size)
