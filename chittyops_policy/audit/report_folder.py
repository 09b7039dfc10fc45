"""Writes the folder of an audit's report; each file appears whole or not at all."""

from __future__ import annotations

import os

from chittyops_policy.delivery.files import write
from chittyops_policy.errors import WorldError
from chittyops_policy.reporters import sarif

from . import audit_json, html_report, summary, tables
from .figures import presentable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .result import Audit

CATEGORY = "chittyops-policy-audit"
"""What tells the SARIF log of an audit from that of a check, see `reporters.sarif`."""


def write_report(audit: Audit, folder: str) -> list[str]:
    """Writes the files of FILES into `folder`, which is made where it is missing, and gives their paths.

    None of them names a file that no rule has read. Raises WorldError where the folder cannot be written.
    """
    shown = presentable(audit)
    written = []
    try:
        os.makedirs(folder, exist_ok=True)
        for name, render in FILES.items():
            path = os.path.join(folder, name)
            write(path, render(shown).encode("utf-8", "replace"))
            written.append(path)
    except OSError as error:
        raise WorldError(f"{folder} cannot be written: {error.strerror}", "--out names another folder") from error
    return written


def log(audit: Audit) -> str:
    """The open findings as SARIF, each repository with a base address of its own."""
    judged = [(standing.subject, standing.report) for standing in audit.standings if standing.report is not None]
    return sarif.render(
        [report for _, report in judged],
        category=CATEGORY,
        repositories=[(subject.slug, subject.url) for subject, _ in judged],
    )


FILES: dict[str, Callable[[Audit], str]] = {
    "report.html": html_report.render,
    "report.json": audit_json.render,
    "report.sarif": log,
    "findings.csv": tables.findings_csv,
    "matrix.csv": tables.matrix_csv,
    "summary.md": summary.render,
}
