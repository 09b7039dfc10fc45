"""Creates the workflow, or the configuration, of a scanner that the standard requires."""

from __future__ import annotations

from chittyops_policy.model import REVIEW, Creation, Fix, NoFix
from chittyops_policy.projects import RUST, SKIPPED_FOLDERS, projects_of
from chittyops_policy.scanners import runs_elsewhere, scanners_of

from .missing_update_tool import new_dependabot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.scanners import Scanner
    from chittyops_policy.snapshot import Snapshot


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """The file of one scanner from its template. Never a second file beside something that may scan already."""
    scanner = scanners_of(context).known[finding.anchor or ""]
    if context.snapshot.has(finding.path):
        return NoFix(f"{finding.path} is there and does something else; a file is never overwritten")
    if scanner.id == "dependabot":
        return new_dependabot(context)
    if scanner.id == "codeql":
        return _codeql(finding.path, scanner, context)
    if scanner.id == "owasp":
        if {project.type for project in projects_of(context)} <= {RUST}:
            # Its list of analyzers (dependency-check.github.io, 2026-11) has none for Cargo.
            return NoFix(f"{scanner.title} reads no Cargo.lock and would look at nothing: except this for cargo audit")
        project = context.snapshot.slug.rpartition("/")[2] or "project"
        return _workflow(finding.path, "dependency-check", scanner, {"project": project})
    if scanner.env:
        return NoFix(
            f"{scanner.title} needs {scanner.env[0]}, which a new file cannot bring: fetch it from the credentials "
            "broker in a step before, or except this and name the scanner that does its work here"
        )
    return NoFix(f"there is no template for {scanner.title}")


def _codeql(path: str, scanner: Scanner, context: Context) -> Fix | NoFix:
    beside = "GitHub takes no second analysis beside it"
    elsewhere = runs_elsewhere(scanner, context)
    if elsewhere is None:
        return NoFix(f"whether CodeQL's default setup is on cannot be told without a token, and {beside}")
    if elsewhere:
        return NoFix(f"CodeQL's default setup is on, and {beside}: switch it off, or list codeql under may-run-unseen")
    # The new file is itself a workflow, so there is always something to analyse.
    languages = [{"name": "actions", "build": "none"}, *_languages(scanner, context.snapshot)]
    return _workflow(path, "codeql", scanner, {"languages": languages})


def _workflow(path: str, name: str, scanner: Scanner, values: dict[str, object]) -> Fix:
    return Fix(
        f"create {path} for {scanner.title}",
        REVIEW,
        creates=(Creation(path, f"workflows/{name}.yml", values),),
        notes=("Its first run may fail for what it finds.",),
    )


def _languages(scanner: Scanner, snapshot: Snapshot) -> Iterator[dict[str, str]]:
    """The languages with files of their own here, each with the way in which CodeQL builds it."""
    endings = {
        "." + name.rpartition(".")[2]
        for folders, name in (path.rpartition("/")[::2] for path in snapshot.paths())
        if SKIPPED_FOLDERS.isdisjoint(folders.split("/"))
    }
    for language, (build, theirs) in sorted(scanner.languages.items()):
        if not endings.isdisjoint(theirs):
            yield {"name": language, "build": build}
