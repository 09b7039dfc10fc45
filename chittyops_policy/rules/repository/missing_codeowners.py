"""A repository without CODEOWNERS."""

from __future__ import annotations

from chittyops_policy.required_files import lookalikes
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, Option, Rule
from chittyops_policy.snapshot import CODEOWNERS_PATHS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_WORKFLOW = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    path = snapshot.codeowners_path()
    if path is not None:
        yield Evidence(path)
        return
    near = lookalikes(snapshot, "CODEOWNERS", (".github", "", "docs"))
    why = "the name is CODEOWNERS, in capitals and without an ending"
    notes = (f"GitHub does not read {', '.join(near)}: {why}",) if near else ()
    yield context.missing(
        CODEOWNERS_PATHS[0], "the repository has no CODEOWNERS in .github/, at the top or in docs/", notes=notes
    )


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "no CODEOWNERS in any of the three places",
            {".github/workflows/ci.yml": _WORKFLOW, "README.md": "# Project\n"},
            (".github/CODEOWNERS",),
            after={
                ".github/CODEOWNERS": (
                    "# Who has to approve changes. The last line that matches decides, so lines about other files go "
                    "above it.\n"
                    "# https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/"
                    "customizing-your-repository/about-code-owners\n"
                    "\n/.github/ @example/cicd-admins\n"
                )
            },
        ),
        Example("the third place counts as well", {"docs/CODEOWNERS": "* @example/maintainers\n"}),
        Example(
            "GitHub reads neither another letter case nor an ending",
            {"Codeowners": "* @example/maintainers\n", ".github/CODEOWNERS.md": "* @example/maintainers\n"},
            (".github/CODEOWNERS",),
        ),
    )


RULE = Rule(
    id="missing-codeowners",
    title="No CODEOWNERS file",
    theme="repository",
    severity="medium",
    visits=(REPOSITORY,),
    places=("codeowners",),
    why=(
        "CODEOWNERS is how GitHub knows whose review a change needs. Without it, branch protection that asks for a "
        "review by code owners asks for nothing, and anybody who may approve may approve a change to a workflow."
    ),
    how="Add .github/CODEOWNERS: the default owners first, the lines for .github/workflows/ last.",
    examples=_examples,
    check=_check,
    options={
        "owners": Option(
            [],
            "Who owns .github/ in a file that a fix creates; `@*/team` is the team of the repository's organisation.",
            {"type": "array", "items": {"type": "string", "pattern": "^(@[^/\\s]+(/[^/\\s]+)?|[^@\\s]+@[^@\\s]+)$"}},
        ),
    },
    tags=("hardening-gap", "external/cwe/cwe-284", "owasp-cicd-sec-1"),
    limits="Whether branch protection asks for code owners' reviews is a setting that files do not show.",
)
