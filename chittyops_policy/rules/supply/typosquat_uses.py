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

_MEANT: dict[str, str] = {}
"""Each name that was looked at → what was meant; the same actions come again in file after file."""


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
    if slug not in _MEANT:
        owner = slug[: slug.find("/") + 1]
        known = well_known()
        near = [name for name in known if -2 < len(name) - len(slug) < 2 and _one_slip(name, slug)]
        _MEANT[slug] = min(near) if near and not any(name.startswith(owner) for name in known) else ""
    return _MEANT[slug]


def _one_slip(one: str, other: str) -> bool:
    """Whether one edit makes one text the other; two texts whose lengths differ by one at most."""
    half = min(len(one), len(other)) // 2 - 1
    if one[:half] != other[:half] and one[-half:] != other[-half:]:
        return False  # one slip leaves at least one half whole
    first = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        return short[first:] == long[first + 1 :]
    if one[first + 1 :] == other[first + 1 :]:
        return one != other
    return one[first : first + 2] == other[first : first + 2][::-1] and one[first + 2 :] == other[first + 2 :]


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
