"""Where expressions read secrets: by name, or in a way that hands over more than one name says."""

from __future__ import annotations

from .expression_syntax import Call, Index, Path
from .expressions import walk
from .readings import readings
from .workflow import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Node, Scalar
    from .expression_syntax import Expr
    from .expressions import Reference
    from .workflow import Workflow

NAMED = "named"
WHOLE = "whole"
EVERY = "every"
COMPUTED = "computed"


class SecretRead:
    """One access to the `secrets` context in an expression that GitHub evaluates.

    kind         NAMED (``secrets.X``, ``secrets['X']``), WHOLE (the context itself, as in ``toJSON(secrets)``), EVERY
                 (``secrets.*``) or COMPUTED (``secrets[matrix.name]``)
    name         the secret as written, '' unless the kind is NAMED
    scalar       the scalar around it; `start` and `end` are offsets into its value, of the access itself or, for
                 WHOLE, of the function call whose argument the context is
    function     the name of that function, '' elsewhere
    """

    __slots__ = ("end", "function", "kind", "name", "scalar", "start")

    def __init__(self, kind: str, name: str, scalar: Scalar, start: int, end: int, function: str = "") -> None:
        self.kind = kind
        self.name = name
        self.scalar = scalar
        self.start = start
        self.end = end
        self.function = function


def secret_reads(view: Workflow | Action) -> tuple[SecretRead, ...]:
    """Every read of secrets in a workflow or an action, in file order, each written place once.

    What is declared under ``on`` and the descriptions of an action's inputs are not evaluated: nothing is read there.
    """
    return view.once(_found)


def _found(view: Workflow | Action) -> tuple[SecretRead, ...]:
    found: dict[tuple[int, int], SecretRead] = {}  # an aliased scalar stands in several places
    if isinstance(view, Action):
        evaluated = (view.node.get("runs"), view.node.get("outputs"))
        judged = [each for each in readings(view, "secrets") if any(_holds(node, each.scalar) for node in evaluated)]
    else:
        declared = view.node.get("on")
        judged = [each for each in readings(view, "secrets") if not _holds(declared, each.scalar)]
    for reading in judged:
        scalar = reading.scalar
        read = _read(reading.reference, scalar, reading.expr)
        found.setdefault((scalar.start, read.start), read)
    return tuple(found.values())


def _read(reference: Reference, scalar: Scalar, around: Expr) -> SecretRead:
    if not reference.path:
        for node in walk(around):
            if isinstance(node, Call) and reference.expr in node.args:
                return SecretRead(WHOLE, "", scalar, node.start, node.end, node.name)
        return SecretRead(WHOLE, "", scalar, reference.start, reference.end)
    first = reference.expr
    name = reference.names[0]
    if name is not None and isinstance(first, Path):
        return SecretRead(NAMED, name, scalar, first.start, first.start + len("secrets.") + len(name))
    while isinstance(first, Index) and isinstance(first.obj, Index):
        first = first.obj
    kind = COMPUTED if name is None else EVERY if name == "*" else NAMED
    return SecretRead(kind, name or "" if kind == NAMED else "", scalar, first.start, first.end)


def _holds(node: Node | None, scalar: Scalar) -> bool:
    return node is not None and node.start <= scalar.start and scalar.end <= node.end
