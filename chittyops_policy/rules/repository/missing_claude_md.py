"""A repository without CLAUDE.md, the development guide that the charter asks for."""

from __future__ import annotations

from chittyops_policy.required_files import is_blank, lookalikes
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_NAME = "CLAUDE.md"


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    if not snapshot.has(_NAME):
        near = [path for path in lookalikes(snapshot, _NAME, ("", ".github", "docs", ".claude")) if path.endswith("md")]
        notes = (f"{', '.join(near)} is not the file CLAUDE.md at the top",) if near else ()
        yield context.missing(_NAME, "the repository has no CLAUDE.md at its top", notes=notes)
    elif is_blank(snapshot, _NAME):
        yield context.missing(_NAME, "CLAUDE.md is blank")
    else:
        yield Evidence(_NAME)


_PACKAGE = """\
{
  "name": "shop",
  "scripts": {"build": "tsc", "test": "vitest run"},
  "devDependencies": {"typescript": "5.9.3", "vitest": "4.0.8"}
}
"""
_GUIDE = """\
# Developing shop

- `.`: a Node.js project

Read [README.md](README.md) first.

## Commands

- install: `npm ci`
- build: `npm run build`
- test: `npm test`

## Continuous integration

Workflows belong into `.github/workflows/`; there are none yet.
The repository is held to the ChittyOS standard: run `chittyops-policy check` before a commit. Actions are pinned to
commits, every job has a timeout and no more permissions than it needs.

## Not to be touched without its owners

`.github/`: what lies there runs with the repository's permissions.
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "no development guide",
            {"README.md": "# Shop\n", "package.json": _PACKAGE, "package-lock.json": "{}\n"},
            ("CLAUDE.md",),
            slug="example/shop",
            after={"CLAUDE.md": _GUIDE},
        ),
        Example("a guide at the top", {"CLAUDE.md": "# How to work here\n\nRun `make test`.\n"}),
        Example("an empty file is no guide", {"CLAUDE.md": "\n"}, ("CLAUDE.md",)),
        Example("another letter case is another file", {"claude.md": "# How to work here\n"}, ("CLAUDE.md",)),
    )


RULE = Rule(
    id="missing-claude-md",
    title="No CLAUDE.md development guide",
    theme="repository",
    severity="low",
    visits=(REPOSITORY,),
    places=("",),
    why=(
        "The charter wants a development guide in every repository. People and coding assistants look for it under "
        "this one name before they change anything; without it each of them guesses how to build, test and deploy."
    ),
    how="Add CLAUDE.md at the top: what the project is, how to build, test and deploy it, what must not be touched.",
    examples=_examples,
    check=_check,
    tags=("hardening-gap", "external/cwe/cwe-1059"),
)
