"""The labels of GitHub's runners, and which of them a job can be sent to.

Source: README of github.com/actions/runner-images (2026-08) and its announcements, which name the day on which an image
is removed. Labels come and go several times a year.
"""

from __future__ import annotations

from .document import Mapping, Scalar, Sequence
from .expressions import references, segments
from .matrices import values_of
from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Node
    from .expressions import Expr
    from .rule import Context
    from .workflow import Job, Workflow

HOSTED = frozenset((
    "ubuntu-latest", "ubuntu-26.04", "ubuntu-26.04-arm", "ubuntu-24.04", "ubuntu-24.04-arm", "ubuntu-22.04",
    "ubuntu-22.04-arm", "ubuntu-slim", "ubuntu-latest-4-cores", "ubuntu-latest-8-cores", "ubuntu-latest-16-cores",
    "windows-latest", "windows-2025", "windows-2025-vs2026", "windows-2022", "windows-11-arm", "windows-11-vs2026-arm",
    "windows-latest-8-cores", "macos-latest", "macos-latest-large", "macos-latest-xlarge", "macos-26", "macos-26-intel",
    "macos-26-large", "macos-26-xlarge", "macos-15", "macos-15-intel", "macos-15-large", "macos-15-xlarge", "macos-14",
    "macos-14-large", "macos-14-xlarge", "xcode-27", "xcode-27-xlarge",
))  # fmt: skip
"""Labels of runners that GitHub offers. The end of macos-14 was announced for 2026-11-02, but not yet seen."""

RETIRED = {
    "ubuntu-16.04": ("2021-09-20", "ubuntu-24.04"),
    "ubuntu-18.04": ("2023-04-03", "ubuntu-24.04"),
    "ubuntu-20.04": ("2025-04-15", "ubuntu-24.04"),
    "windows-2016": ("2022-04-01", "windows-2022"),
    "windows-2019": ("2025-06-30", "windows-2022"),
    "macos-10.15": ("2022-12-01", "macos-15-intel"),
    "macos-11": ("2024-06-28", "macos-15-intel"),
    "macos-12": ("2024-12-03", "macos-15-intel"),
    "macos-12-large": ("2024-12-03", "macos-15-large"),
    "macos-12-xlarge": ("2024-12-03", "macos-15-xlarge"),
    "macos-13": ("2025-12-04", "macos-15-intel"),
    "macos-13-large": ("2025-12-04", "macos-15-large"),
    "macos-13-xlarge": ("2025-12-04", "macos-15-xlarge"),
}
"""Label that GitHub no longer serves → since when, and the living label of the same kind of machine."""

OWN = frozenset(("self-hosted", "linux", "windows", "macos", "x64", "arm", "arm64"))
"""Labels that GitHub gives self-hosted runners by itself."""

LINUX, WINDOWS, MACOS = "linux", "windows", "macos"
_PREFIXES = {"ubuntu": LINUX, "linux": LINUX, "windows": WINDOWS, "macos": MACOS, "xcode": MACOS}


class Machines(Value):
    """One kind of runner that a job can be sent to: it has all of the labels.

    labels  the label scalars without expressions, as written
    group   the scalar that names a runner group, or None
    known   whether these are all of its labels; False where an expression adds some
    """

    __slots__ = ("group", "known", "labels")

    def __init__(self, labels: tuple[Scalar, ...], group: Scalar | None = None, known: bool = True) -> None:
        self.labels = labels
        self.group = group
        self.known = known

    @property
    def names(self) -> frozenset[str]:
        """The labels in lower case, as GitHub compares them."""
        return frozenset([label.value.lower() for label in self.labels])

    @property
    def system(self) -> str:
        """LINUX, WINDOWS or MACOS by the labels; '' where they do not tell."""
        names = self.names
        found = {_PREFIXES[name.partition("-")[0]] for name in names if name in HOSTED or name in RETIRED}
        found |= {_PREFIXES[name] for name in names & set(_PREFIXES)}
        return found.pop() if len(found) == 1 else ""


def machines_in(view: Workflow, context: Context) -> tuple[tuple[Job, tuple[Machines, ...]], ...]:
    """Every job of a workflow with what `machines_of` says; found once for all rules."""
    place = (machines_in, view.path)
    if place not in context.memo:
        context.memo[place] = tuple([(job, machines_of(job)) for job in view.jobs])
    found: tuple[tuple[Job, tuple[Machines, ...]], ...] = context.memo[place]
    return found


def machines_of(job: Job) -> tuple[Machines, ...]:
    """The kinds of runners a job can be sent to, one for each value of the matrix that names them.

    Empty for a call of a workflow, and where only the run knows.
    """
    node = job.node.get("runs-on")
    if isinstance(node, Mapping):
        group = node.get("group")
        labels = node.get("labels")
        inner = _alternatives(labels, job) if labels is not None else (Machines(()),)
        named = group if isinstance(group, Scalar) else None
        return tuple(Machines(each.labels, named, each.known) for each in inner)
    return _alternatives(node, job)


def _alternatives(node: Node | None, job: Job) -> tuple[Machines, ...]:
    if isinstance(node, Sequence):
        scalars = [item for item in node.items if isinstance(item, Scalar)]
        plain = tuple(item for item in scalars if "${{" not in item.value)
        return (Machines(plain, None, len(plain) == len(node.items)),)
    if not isinstance(node, Scalar):
        return ()
    if "${{" not in node.value:
        return (Machines((node,)),)
    key = _matrix_key(node)
    values = values_of(job) if key else None
    found: list[Machines] = []
    for value in values.get(key, ()) if values else ():
        if not (isinstance(value, Scalar) and "${{" in value.value):
            found += _alternatives(value, job)
    return tuple(found)


def _matrix_key(scalar: Scalar) -> str:
    """The key where a scalar is nothing but ``${{ matrix.key }}``; else ''."""
    parts = segments(scalar.value.strip())
    if len(parts) != 1 or parts[0].expr is None or parts[0].end - parts[0].start != len(scalar.value.strip()):
        return ""
    expr: Expr = parts[0].expr
    found = references(expr)
    if len(found) != 1 or found[0].expr is not expr or found[0].context != "matrix" or len(found[0].path) != 1:
        return ""
    return found[0].path[0] or ""
