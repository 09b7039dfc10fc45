"""A repository without CHARTER.md, which says what the project is and who answers for it."""

from __future__ import annotations

from chittyops_policy.required_files import is_blank, lookalikes
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_NAME = "CHARTER.md"


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    if not snapshot.has(_NAME):
        near = lookalikes(snapshot, _NAME, ("", ".github", "docs"))
        notes = (f"{', '.join(near)} is not the file CHARTER.md at the top",) if near else ()
        yield context.missing(_NAME, "the repository has no CHARTER.md at its top", notes=notes)
    elif is_blank(snapshot, _NAME):
        yield context.missing(_NAME, "CHARTER.md is blank")
    else:
        yield Evidence(_NAME)


def _examples() -> tuple[Example, ...]:
    return (
        Example("no charter", {"README.md": "# Project\n"}, ("CHARTER.md",)),
        Example("a charter at the top", {"CHARTER.md": "# Charter\n\n## Scope\n"}),
        Example("a charter elsewhere is not where people look", {"docs/CHARTER.md": "# Charter\n"}, ("CHARTER.md",)),
    )


RULE = Rule(
    id="missing-charter",
    title="No CHARTER.md",
    theme="repository",
    severity="low",
    visits=(REPOSITORY,),
    places=("",),
    why=(
        "The charter of a repository says what it is responsible for, what it is not, its tier and its owner. Without "
        "it nobody can tell which controls apply to the repository or whom to ask about an exception."
    ),
    how="Add CHARTER.md at the top: tier, organisation, mission, scope, dependencies, owner.",
    examples=_examples,
    check=_check,
    unfixable="what a repository answers for is for its owners to write down",
    tags=("hardening-gap", "external/cwe/cwe-1059"),
)
