"""A release of an action that GitHub no longer runs."""

from __future__ import annotations

from chittyops_policy.action_versions import spans, stated
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

_ARTIFACTS = (((0,), (4,), "January 2025", "v4 or later"),)

RETIRED = {
    "actions/upload-artifact": _ARTIFACTS,
    "actions/download-artifact": _ARTIFACTS,
    "actions/cache": (
        ((0,), (3, 4), "March 2025", "v3.4.0, v4.2.0 or later"),
        ((4,), (4, 2), "March 2025", "v4.2.0 or later"),
    ),
}
"""Action → (first release, first release behind, when GitHub began to refuse them, what it runs instead).

GitHub's changelog of 2024-02-13, 2024-04-16 and 2024-12-05 for github.com, and what runs said in 2025 and 2026.
"""

_NAMES = frozenset(slug.partition("/")[2] for slug in RETIRED)


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()  # an aliased step is written once
    for uses, _, _ in view.uses():
        slug = uses.slug if uses.repo.lower() in _NAMES else ""
        if slug not in RETIRED or id(uses.node) in seen:
            continue
        seen.add(id(uses.node))
        version = stated(view.document, uses)
        if version is None:
            continue
        low, high = spans(version)
        for first, behind, since, instead in RETIRED[slug]:
            if spans(first)[0] <= low and high < spans(behind)[0]:
                name = ".".join(map(str, version))
                message = f"GitHub refuses every job with v{name} of {slug} since {since}; it runs {instead}"
                yield context.at(view.document, uses.node, message)


_STEP = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: {uses}\n"
_V3_2_3 = "58c146cc91c5b9e778e71775dfe9bf1442ad9a12"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Artifacts as they were until 2024",
            _STEP.format(uses="actions/upload-artifact@v3"),
            fires=("actions/upload-artifact@v3",),
        ),
        Example("The line that GitHub keeps up", _STEP.format(uses="actions/upload-artifact@v4")),
        Example(
            "A pinned commit, which does not move along",
            _STEP.format(uses=f"actions/cache/restore@{_V3_2_3} # v3.2.3"),
            fires=(f"actions/cache/restore@{_V3_2_3}",),
        ),
        Example("A tag that moves has moved on", _STEP.format(uses="actions/cache@v3")),
    )


RULE = Rule(
    id="retired-action",
    title="An action is used in a release that GitHub no longer runs",
    theme="runners",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=tuple(name.encode() for name in RETIRED),
    why=(
        "GitHub has shut down the services behind old releases of its own actions. A job with one of them fails before "
        "its first step, whatever else it does: a deployment does not happen, and a required check stays red."
    ),
    how="Take the newest release, and look at its notes: uploads of one name no longer add up, for example.",
    limits=(
        "It speaks of github.com; GitHub Enterprise Server may still need the old releases. The version of a commit is "
        "taken from the comment behind it. What other actions use inside is not seen."
    ),
    examples=_examples,
    check=_check,
    unfixable="the next major version asks for changes in the workflow: artifacts of one name no longer add up",
    tags=("runner-compatibility", "external/cwe/cwe-477", "owasp-cicd-sec-3"),
)
