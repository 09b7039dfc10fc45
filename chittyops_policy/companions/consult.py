"""Asks companions about a snapshot: their findings as rules, and every reason why one had no answer as a problem."""

from __future__ import annotations

import tempfile

from ..errors import UserError
from ..foreign import Foreign, ForeignFinding, gathered
from ..model import Problem
from . import actionlint, sarif, shellcheck, zizmor
from .programs import Failure
from .staging import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..document import Document
    from ..snapshot import Snapshot

COMPANIONS = {module.NAME: module.findings for module in (actionlint, shellcheck, zizmor)}


def names_in(words: Sequence[str]) -> tuple[str, ...]:
    """The companions that ``--with`` names, commas between them. Raises UserError for one that is not known."""
    names = [name.strip() for word in words for name in word.split(",") if name.strip()]
    for name in names:
        if name not in COMPANIONS:
            raise UserError(f"--with: there is no companion {name!r}", f"one of: {', '.join(COMPANIONS)}")
    return tuple(dict.fromkeys(names))


def consult(
    snapshot: Snapshot,
    companions: Sequence[str],
    imports: Sequence[str],
    named: Sequence[str] | None,
    env: Mapping[str, str],
    document_of: Callable[[str], Document | None],
) -> Foreign:
    """What companions and SARIF files say of a snapshot, or of the `named` files of it.

    Raises UserError for a SARIF file that cannot be read; a companion that fails is a problem of the report.
    """
    tools: list[str] = []
    found: list[ForeignFinding] = []
    problems: list[Problem] = []
    if companions:
        with tempfile.TemporaryDirectory(prefix="chittyops-policy-") as folder:
            stage = Stage(snapshot, named, folder)
            for name in companions:
                try:
                    for each in COMPANIONS[name](stage, env):
                        if isinstance(each, Problem):
                            problems.append(each)
                        else:
                            found.append(each)
                except Failure as failure:
                    problems.append(Problem("lookup", "", failure.message))
                else:
                    tools.append(name)
    for path in imports:
        names, results = sarif.read(path, snapshot.root, document_of)
        tools += names
        found += results
    return gathered(dict.fromkeys(tools), found, problems, document_of)
