"""``chittyops-policy report import``."""

from __future__ import annotations

import os

import click

from ..checking import Request, run
from .check_command import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@click.group(short_help="Take in the reports of other tools.")
def report() -> None:
    """Work with reports."""


def _import(file: str, path: str | None, **fields: Any) -> int:
    given = {name: value for name, value in fields.items() if value is not None}
    return run(Request(paths=() if path is None else (path,), imports=(file,), **given), os.environ)


# What a file of findings says would no longer be true of what a fix has changed.
_FIXING = frozenset(("fix", "diff", "review", "explain"))

_HELP = """Judge what another tool found, together with a check of the repository in PATH.

Without PATH it is the repository around the current directory.

FILE is a SARIF 2.1.0 file of any tool. Its findings come under the same policy, exceptions, fingerprints, reports and
exit code, with rule ids such as trivy/CVE-2021-44228; one that a rule has found in the same place too is not repeated.

\\b
  chittyops-policy report import trivy.sarif
  chittyops-policy report import trivy.sarif --select 'trivy/*' --format markdown
"""

report.add_command(
    click.Command(
        "import",
        params=[
            click.Argument(["file"], type=click.Path(exists=True, dir_okay=False)),
            click.Argument(["path"], required=False, type=click.Path(exists=True, file_okay=False)),
            *options(without=_FIXING),
        ],
        callback=_import,
        help=_HELP,
        short_help="Judge the findings of a SARIF file.",
    )
)
