"""An action whose name is a slip of the finger away from one that many use, under another owner."""

from __future__ import annotations

from chittyops_policy.known_actions import foreign_uses, well_known
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

_SHORT = 8
"""Names below this length lie close to each other by chance."""

_OWNERS: set[str] = set()
_SHORTENED: dict[str, list[str]] = {}
"""Each well-known name with one character left out → the names that this comes from."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    known = well_known()
    for slug, uses in foreign_uses(view, context):
        if len(slug) < _SHORT or slug in known:
            continue
        meant = meant_by(slug)
        if meant:
            start = uses.node.value.find(uses.text)
            name = f"{uses.owner}/{uses.repo}"
            message = f"{name} is not the well-known {meant}, only one letter away from it"
            yield context.inside(view.document, uses.node, start, start + len(name), message)


def meant_by(slug: str) -> str:
    """The well-known ``owner/repo`` that is one slip away: a letter more, less, other, or two swapped; '' for none.

    The same owner's other repositories are no impostors, and neither are those of another well-known owner.
    """
    if not _SHORTENED:
        for name in well_known():
            _OWNERS.add(name.partition("/")[0])
            for shorter in _without_one(name):
                _SHORTENED.setdefault(shorter, []).append(name)
    if slug.partition("/")[0] in _OWNERS:
        return ""
    candidates = set(_SHORTENED.get(slug, ()))  # a letter less
    for shorter in _without_one(slug):
        if shorter in well_known():
            candidates.add(shorter)  # a letter more
        for name in _SHORTENED.get(shorter, ()):
            if len(name) == len(slug) and _one_slip(name, slug):
                candidates.add(name)
    return min(candidates, default="")


def _without_one(text: str) -> set[str]:
    return {text[:at] + text[at + 1 :] for at in range(len(text))}


def _one_slip(one: str, other: str) -> bool:
    """Whether two texts of one length differ in one place, or in two neighbours that are swapped."""
    places = [at for at in range(len(one)) if one[at] != other[at]]
    if len(places) == 2:
        first, second = places
        return second == first + 1 and one[first] == other[second] and one[second] == other[first]
    return len(places) == 1


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The owner is spelled a little differently",
            _WORKFLOW.format(uses="action/checkout@v4") + "      - uses: actoins/setup-node@v4\n",
            fires=("action/checkout", "actoins/setup-node"),
        ),
        Example("The well-known name itself, in any letter case", _WORKFLOW.format(uses="Actions/Checkout@v4")),
        Example(
            "A near miss under the same owner is that owner's",
            _WORKFLOW.format(uses="actions/checkouts@v4"),
        ),
    )


RULE = Rule(
    id="typosquat-uses",
    title="An action's name resembles a well-known one",
    theme="supply",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "Anybody may register an owner whose name differs in one letter from a popular one and wait for a slip of the "
        "finger. The workflow then runs, often even does what it should, and hands over its token and secrets."
    ),
    how="Correct the name; where the other repository is really meant, except the finding with the reason.",
    limits=(
        "It compares with the names in policies/data/well-known-actions.json; whether the other repository exists, "
        "and whose it is, cannot be told without a network."
    ),
    examples=_examples,
    check=_check,
    unfixable="which action was meant only the author knows",
    tags=("unpinned-dependency", "external/cwe/cwe-1357", "owasp-cicd-sec-3"),
)
