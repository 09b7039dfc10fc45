"""Creates CLAUDE.md out of what the repository's own files say about building and testing it."""

from __future__ import annotations

from chittyops_policy import projects
from chittyops_policy.model import REVIEW, Creation, Fix, NoFix
from chittyops_policy.project_commands import commands_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context

_KINDS = {
    projects.WORKER: "a Cloudflare Worker",
    projects.NEXTJS: "a Next.js application",
    projects.NODE: "a Node.js project",
    projects.PYTHON: "a Python project",
    projects.RUST: "a Rust project",
    projects.GO: "a Go module",
    projects.DOCUMENTATION: "documentation",
    projects.ORG_CONFIG: "configuration of the organisation",
}

_GUIDES = ("README.md", "CHARTER.md", "CONTRIBUTING.md", "SECURITY.md")


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """A guide with a part for each folder that holds a project; none where no file tells how to build anything."""
    snapshot = context.snapshot
    if snapshot.has(finding.path):
        return NoFix(f"a file is never overwritten: delete the blank {finding.path}, and the fix can write one")
    found = projects.projects_of(context)
    parts = []
    for folder in dict.fromkeys(["", *(project.folder for project in found)]):
        part = _part(folder, [project for project in found if project.folder == folder], context)
        if part is not None:
            parts.append(part)
    if not parts:
        return NoFix("no file says how this repository is built or tested: that is for its people to write down")
    codeowners = snapshot.codeowners_path()
    values = {
        "name": snapshot.slug.rpartition("/")[2] or "this repository",
        "parts": parts,
        "guides": [f"[{name}]({name})" for name in _GUIDES if snapshot.has(name)],
        "workflows": [f"`{path.rpartition('/')[2]}`" for path in snapshot.workflow_paths()],
        "codeowners": codeowners or "",
    }
    return Fix(
        f"create {finding.path} from what the project files say",
        REVIEW,
        creates=(Creation(finding.path, "CLAUDE.md", values),),
        notes=("It holds what files tell; what the project is for, its people should add.",),
    )


def _part(folder: str, found: list[projects.Project], context: Context) -> dict[str, Any] | None:
    """What lies in one folder and how it is worked on; None where nothing is known of it."""
    kinds = []
    for project in found:
        if project.type in _KINDS:
            where = [
                name.capitalize() for name in project.deploys if (project.type, name) != (projects.WORKER, "cloudflare")
            ]
            kinds.append(_KINDS[project.type] + (f", deployed to {' and '.join(where)}" if where else ""))
    commands = [{"purpose": item.purpose, "run": item.run} for item in commands_in(context.snapshot, folder)]
    if not kinds and commands:
        kinds = ["tools for the whole repository"]
    return {"folder": folder, "what": "; ".join(kinds), "commands": commands} if kinds else None
