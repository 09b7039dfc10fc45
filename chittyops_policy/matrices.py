"""What a job's matrix gives its combinations, as far as the file says."""

from __future__ import annotations

from .document import Mapping, Sequence
from .workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Node
    from .workflow import Job


def values_of(job: Job) -> dict[str, list[Node]] | None:
    """Key in lower case → the values that the matrix gives it; None where an expression makes the matrix.

    A job without a strategy has no key. Excluded combinations are not left out.
    """
    strategy = job.node.get("strategy")
    if strategy is None:
        return {}
    matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    if not isinstance(matrix, Mapping):
        return None
    found: dict[str, list[Node]] = {}
    for key, (_, value) in matrix.index.items():
        if "${{" in key or key == "<<":
            return None
        if key == "exclude":
            continue
        if key != "include":
            found.setdefault(key.lower(), []).extend(value.items if isinstance(value, Sequence) else (value,))
            continue
        for item in value.items if isinstance(value, Sequence) else (value,):
            entry = mapping_of(item)
            if entry is None:
                return None
            for name, (_, given) in entry.index.items():
                if "${{" in name or name == "<<":
                    return None
                found.setdefault(name.lower(), []).append(given)
    return found


def size_of(job: Job) -> int | None:
    """How many jobs a matrix without `include` and `exclude` makes; None where that cannot be told."""
    strategy = job.node.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    if not isinstance(matrix, Mapping) or "include" in matrix or "exclude" in matrix:
        return None
    size = 1
    for key, _, value in matrix.pairs():
        if "${{" in key or not isinstance(value, Sequence):
            return None
        size *= len(value.items)
    return size
