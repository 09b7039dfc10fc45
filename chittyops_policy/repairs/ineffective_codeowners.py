"""Moves the lines about the workflows behind the line that takes the workflows from them."""

from __future__ import annotations

from chittyops_policy.codeowners import parse
from chittyops_policy.model import REVIEW, Edit, Fix, NoFix, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.codeowners import CodeOwners, Line
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Puts every earlier line about a protected path at the end of the file; all other lines stay where they are."""
    data = context.snapshot.read(finding.path)
    if data is None or finding.span is None or not finding.related:
        return NoFix("who should own the workflows only the repository's owners can say")
    try:
        owners = parse(finding.path, data.decode("utf-8"))
    except UnicodeDecodeError:
        return NoFix("the file is not UTF-8")
    undoing = next(line for line in owners.lines if line.start == finding.span.start)
    moved = [
        line
        for line in owners.lines
        if line.start < undoing.start and line.owners and not line.error and _protects(line, context)
    ]
    lines = ", ".join(str(line.number) for line in moved)
    return Fix(
        f"move line {lines} to the end" if len(moved) == 1 else f"move lines {lines} to the end",
        REVIEW,
        _edits(owners, moved),
        notes=("From then on the owners named there have to approve changes of the workflows.",),
    )


def _protects(line: Line, context: Context) -> bool:
    return any(line.depth_in(protected) > 0 for protected in context.options["protected"])


def _edits(owners: CodeOwners, moved: list[Line]) -> tuple[Edit, ...]:
    """Takes whole lines out and puts them at the end.

    A paragraph that moves as a whole takes its comment and one blank line with it.
    """
    text = owners.text
    rows = text.splitlines(keepends=True)
    numbers = {line.number - 1 for line in moved}
    blanks: set[int] = set()
    for first, last in _paragraphs(rows):
        lines = {row for row in range(first, last) if not rows[row].lstrip().startswith("#")}
        if lines <= numbers and lines:
            numbers |= set(range(first, last))
            if last < len(rows):
                blanks.add(last)
    offsets = [0]
    for content in rows:
        offsets.append(offsets[-1] + len(content))
    taken = tuple(Edit(Span(offsets[row], offsets[row + 1]), "") for row in sorted(numbers | blanks))
    eol = "\r\n" if rows[0].endswith("\r\n") else "\n"
    block = eol.join(rows[row].rstrip("\r\n") for row in sorted(numbers))
    if blanks:
        block = eol + block
    ended = text.endswith(("\n", "\r"))
    return (*taken, Edit(Span(len(text), len(text)), block + eol if ended else eol + block))


def _paragraphs(rows: list[str]) -> list[tuple[int, int]]:
    """The half-open ranges of lines between blank ones."""
    found: list[tuple[int, int]] = []
    first = 0
    for row, content in enumerate([*rows, ""]):
        if not content.strip():
            if row > first:
                found.append((first, row))
            first = row + 1
    return found
