"""The tables of an audit as CSV after RFC 4180: every finding, and every control of every repository."""

from __future__ import annotations

import csv
import io

from chittyops_policy.reporters.wording import visible

from .figures import findings, outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .result import Audit

FINDINGS = (
    "organisation", "repository", "visibility", "projects", "rule", "severity", "state", "reason", "path", "line",
    "column", "message", "fix", "fix_safety", "unfixable", "first_seen", "exception_owner", "exception_ticket",
    "exception_expires", "fingerprint",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes spreadsheets compute a cell, in both widths (owasp.org, CSV Injection)."""


def findings_csv(audit: Audit) -> str:
    """Every finding in any state, a row each, with the columns of FINDINGS."""
    rows = []
    for standing, decision in findings(audit):
        region, waiver = decision.region, decision.waiver
        rows.append(
            (
                standing.subject.owner,
                standing.subject.slug,
                standing.subject.visibility,
                " ".join(standing.projects),
                decision.rule,
                decision.severity,
                decision.state,
                decision.reason,
                decision.path,
                "" if region is None else str(region.line),
                "" if region is None else str(region.column),
                decision.message,
                decision.fix_title or "",
                decision.fix_safety or "",
                decision.unfixable,
                standing.first_seen.get(decision.fingerprint, ""),
                "" if waiver is None else waiver.owner,
                "" if waiver is None else waiver.ticket,
                "" if waiver is None else waiver.expires,
                decision.fingerprint,
            )
        )
    return _csv(FINDINGS, rows)


def matrix_csv(audit: Audit) -> str:
    """The compliance matrix: a row for each repository, a column for each control, in the cells the outcome.

    A repository that was not judged has its state and its reason, and empty cells.
    """
    ids = [control.id for control in audit.controls]
    rows = []
    for standing in audit.standings:
        answers = outcomes(standing)
        subject = standing.subject
        cells = [answers.get(id, "") for id in ids]
        rows.append((subject.owner, subject.slug, subject.visibility, standing.state, standing.reason, *cells))
    return _csv(("organisation", "repository", "visibility", "state", "reason", *ids), rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows([_cell(text) for text in row] for row in rows)
    return stream.getvalue()


def _cell(text: str) -> str:
    """A cell on one line that no spreadsheet takes for a formula."""
    text = visible(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
