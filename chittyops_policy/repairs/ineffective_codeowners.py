"""Moves the lines about the workflows behind the lines that take the workflows from them."""

from __future__ import annotations

from chittyops_policy.codeowners import MAX_BYTES, parse
from chittyops_policy.edits import apply
from chittyops_policy.model import REVIEW, Edit, Fix, NoFix, Span
from chittyops_policy.rules.repository.ineffective_codeowners import judged, probes, protection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.codeowners import CodeOwners
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Puts the lines that protect something last: in their order or, where that is wrong too, the fuller paths last.

    All other lines stay in theirs. No fix where the workflows would not be protected even then.
    """
    snapshot = context.snapshot
    data = snapshot.read(finding.path) or b""
    if finding.path != snapshot.codeowners_path():
        return NoFix("which of the two files is meant only their owners can say; delete the other one")
    if snapshot.is_link(finding.path):
        return NoFix("what the link leads to may serve others as well; put a copy in its place")
    if len(data) >= MAX_BYTES:
        return NoFix("only its owners know which of its lines can go")
    try:
        owners, findings = judged(snapshot, context, finding.path, data.decode("utf-8"))
    except UnicodeDecodeError:
        return NoFix("the file is not UTF-8")
    if not finding.related:
        return NoFix(_why_not(finding, owners, context))
    protecting = _protecting(owners, context)
    known = {item.message for item in findings}
    problem = ""
    for order in (sorted(protecting), sorted(protecting, key=lambda row: (protecting[row], row))):
        moved, edits = _edits(owners, order)
        after = parse(finding.path, apply(owners.text, edits))
        left = [item.message for item in protection(snapshot, context, after)]
        wrong = [message for message in left if message == finding.message or message not in known]
        if not wrong:
            return _fix(moved, edits)
        problem = wrong[0]
    return NoFix(f"it would not be enough to move the lines to the end: {problem}")


def _fix(moved: list[int], edits: tuple[Edit, ...]) -> Fix:
    return Fix(
        f"move {'line' if len(moved) == 1 else 'lines'} {', '.join(map(str, moved))} to the end",
        REVIEW,
        edits,
        notes=("From then on the owners named there have to approve changes of the workflows.",),
    )


def _why_not(finding: Finding, owners: CodeOwners, context: Context) -> str:
    at = -1 if finding.span is None else finding.span.start
    for line in owners.lines:
        if line.error and line.start <= at and line.error_span.start == at:
            return "what this line was meant to say only its author knows"
        for owner in line.owners:
            home = context.snapshot.slug.partition("/")[0]
            if owner.start == at and owner.kind == "team" and home and owner.org.lower() != home.lower():
                return f"which team of {home} should own these files instead only people can say"
    return "who should own the workflows only the repository's owners can say"


def _protecting(owners: CodeOwners, context: Context) -> dict[int, int]:
    """Row (from 0) → depth of every line that gives owners to something protected and spells a part of it out."""
    found: dict[int, int] = {}
    for protected in context.options["protected"]:
        files = probes(context.snapshot, protected)
        parts = len(protected.strip("/").split("/"))
        for line in owners.lines:
            depth = line.depth_in(protected)
            if depth and line.owners and not line.error and (depth == parts or any(map(line.matches, files))):
                found[line.number - 1] = max(depth, found.get(line.number - 1, 0))
    return found


def _edits(owners: CodeOwners, order: list[int]) -> tuple[list[int], tuple[Edit, ...]]:
    """The numbers of the lines that move so that the rows of `order` come last, and the edits that move them.

    What is last already stays. A paragraph that moves as a whole takes its comments and one blank line with it.
    """
    text = owners.text
    start = 1 if text.startswith("\ufeff") else 0
    rows = [row + "\n" for row in text[start:].split("\n")]
    rows[-1] = rows[-1][:-1]  # '' where the text ends with a line break
    offsets = [start]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    moved = list(order)
    last = max((line.number - 1 for line in owners.lines if line.number - 1 not in order), default=-1)
    tail = [row for row in sorted(order) if row > last]
    while tail and tail[0] == moved[0]:
        last = tail.pop(0)
        moved.pop(0)
    at = len(rows)
    while tail and tail[-1] == moved[-1]:
        tail.pop()
        moved.pop()
        at = last + 1
    if not moved:
        return [], ()
    taken, blanks = _with_comments(rows, set(moved))
    parts = _parts(taken, moved)
    content = [rows[row].rstrip("\r\n") for line in moved for row in parts[line]]
    eol = "\r\n" if rows[0].endswith("\r\n") else "\n"
    if blanks:
        content = ["", *content]
    block = eol.join(content)
    block = block + eol if at < len(rows) or text.endswith("\n") else eol + block
    put = Edit(Span(offsets[at], offsets[at]), block)
    edits = (Edit(Span(offsets[row], offsets[row + 1]), "") for row in sorted(taken | blanks))
    return [row + 1 for row in sorted(moved)], (put, *edits)


def _with_comments(rows: list[str], moved: set[int]) -> tuple[set[int], set[int]]:
    """The rows to take out, and the blank rows behind paragraphs that go as a whole."""
    taken, blanks = set(moved), set[int]()
    first = 0
    for end in range(len(rows) + 1):
        if end < len(rows) and rows[end].strip():
            continue
        lines = {row for row in range(first, end) if not rows[row].lstrip().startswith("#")}
        if lines and lines <= moved:
            taken |= set(range(first, end))
            if end < len(rows) and rows[end]:
                blanks.add(end)
        first = end + 1
    return taken, blanks


def _parts(taken: set[int], moved: list[int]) -> dict[int, list[int]]:
    """Moved row → itself with its comments: those above it, or those below where no further line follows them."""
    found: dict[int, list[int]] = {}
    above: list[int] = []
    line = -1
    for row in [*sorted(taken), -1]:
        if above and row != above[-1] + 1:
            found[line] += above
            above = []
        if row in moved:
            found[row] = [*above, row]
            above = []
            line = row
        else:
            above.append(row)
    return found
