"""An action in a release that an advisory names."""

from __future__ import annotations

from chittyops_policy.action_versions import stated
from chittyops_policy.known_actions import advisories, foreign_uses
from chittyops_policy.model import severity_rank
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.known_actions import Advisory
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    every = advisories()
    for slug, uses in foreign_uses(view, context):
        known = every.get(slug)
        if not known:
            continue
        version = stated(view.document, uses)
        found = [
            advisory
            for advisory in known
            if advisory.id not in context.options["accepted"]
            and (not uses.pinned if advisory.tags_only else version is not None and advisory.covers(version))
        ]
        if not found:
            continue
        found.sort(key=lambda advisory: -severity_rank(advisory.severity))
        gravest = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        start = uses.node.value.find(uses.text)
        yield context.inside(
            view.document,
            uses.node,
            start,
            start + len(uses.text),
            f"{uses.owner}/{uses.repo}: {gravest.summary} ({gravest.id}{more}); {_repair(found)}",
            notes=tuple(f"{advisory.id}: {advisory.summary}, {advisory.url}" for advisory in found),
            severity=gravest.severity,
        )


def _repair(found: list[Advisory]) -> str:
    if not all(advisory.fixed for advisory in found):
        return "no release is known to be free of it" if len(found) == 1 else "no release is known to be free of them"
    latest = max((advisory.fixed for advisory in found), key=lambda text: tuple(map(int, text.split("."))))
    return f"repaired in {latest}"


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""
_SHA = "9fdb3e49720b44c48891d036bb502feb25684276"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A release before the repair",
            _WORKFLOW.format(uses="actions/download-artifact@v4.1.2"),
            fires=("actions/download-artifact@v4.1.2",),
        ),
        Example("A later release", _WORKFLOW.format(uses="actions/download-artifact@v4.1.3")),
        Example(
            "A commit is known by the version in its comment",
            _WORKFLOW.format(uses=f"lycheeverse/lychee-action@{_SHA} # v2.0.1"),
            fires=(f"lycheeverse/lychee-action@{_SHA}",),
        ),
        Example(
            "A tag that moves counts where all that it can mean is affected",
            _WORKFLOW.format(uses="tj-actions/branch-names@v8")
            + "      - uses: actions/download-artifact@v4 # v4 is far behind the repair by now\n",
            fires=("tj-actions/branch-names@v8",),
        ),
        Example(
            "An advisory that does not matter here is accepted by its id",
            _WORKFLOW.format(uses="actions/download-artifact@v4.1.2"),
            options={"accepted": ["GHSA-cxww-7g56-2vh6"]},
        ),
    )


RULE = Rule(
    id="known-vulnerable-actions",
    title="An action has a known vulnerability",
    theme="supply",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "What an advisory describes, attackers try: an action with a hole runs with this repository's token and "
        "secrets, often on the text of strangers. Whoever pins by commit gets the repair only when somebody moves the "
        "pin, and no alert comes where dependency alerts are off."
    ),
    how=(
        "Move to the release that the message names, or to a later one, and read what else it changes. Where the "
        "advisory cannot matter here, list its id under `accepted`."
    ),
    limits=(
        "The version is what the tag, or the comment behind a commit, says; a commit without a comment, a branch and "
        "a tag such as v4 that covers repaired releases too are not judged. The advisories are those of "
        "policies/data/advisories.json on its date; `python docs/refresh_advisories.py` takes in newer ones."
    ),
    examples=_examples,
    check=_check,
    options={
        "accepted": Option(
            [],
            "Ids of advisories that do not matter here.",
            {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
        )
    },
    unfixable="the repaired release has to be looked up and what else it changes has to be read",
    tags=("known-vulnerable-component", "external/cwe/cwe-1395", "owasp-cicd-sec-3"),
)
