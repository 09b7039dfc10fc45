"""An action, reusable workflow or image that the policy does not let run."""

from __future__ import annotations

from chittyops_policy.patterns import matches
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Uses, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    allow: list[str] = context.options["allow"]
    deny: list[str] = context.options["deny"]
    if not allow and not deny:
        return
    seen: set[int] = set()  # an aliased step stands in several places but is written once
    for uses, _, _ in view.uses():
        if uses.kind in ("local", "self", "invalid") or id(uses.node) in seen:
            continue
        seen.add(id(uses.node))
        denied = _first(uses, deny)
        if denied:
            message = f"{uses.text} is forbidden by {denied!r}"
        elif allow and not _first(uses, allow):
            message = f"{uses.text} is not on the list of what is allowed"
        else:
            continue
        start = uses.node.value.find(uses.text)
        yield context.inside(view.document, uses.node, start, start + len(uses.text), message)


def _first(uses: Uses, patterns: Sequence[str]) -> str:
    """The first pattern that covers a reference. Without ``@`` a pattern is about every version of it."""
    name = uses.text.partition("@")[0]
    return next(
        (pattern for pattern in patterns if matches(pattern, uses.text if "@" in pattern else name, ignore_case=True)),
        "",
    )


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: acme/deploy/preview@v2
      - uses: docker://alpine:3.20
      - uses: ./.github/actions/setup
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Only what is listed may run",
            _WORKFLOW,
            fires=("acme/deploy/preview@v2", "docker://alpine:3.20"),
            options={"allow": ["actions/*"]},
        ),
        Example(
            "What is denied may not, whatever else is allowed",
            _WORKFLOW,
            fires=("acme/deploy/preview@v2",),
            options={"allow": ["actions/*", "acme/**", "docker://alpine:*"], "deny": ["acme/deploy/**"]},
        ),
        Example("Without lists everything may run", _WORKFLOW),
        Example(
            "A pattern may name versions",
            _WORKFLOW,
            fires=("actions/checkout@v4",),
            options={"deny": ["actions/checkout@v?"]},
        ),
    )


_PATTERNS = {"type": "array", "items": {"type": "string", "pattern": r"\S"}, "uniqueItems": True}

RULE = Rule(
    id="forbidden-uses",
    title="An action is not allowed by the policy",
    theme="supply",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "Whoever may add a step may run anybody's code with the repository's token. An organisation that has looked "
        "at the actions it uses can say so here, and a new one then needs a review instead of a merge."
    ),
    how="Use an action that is allowed, or have the list extended where the policy is kept.",
    limits=(
        "Without lists it has nothing to say. What an allowed action uses itself is not looked at. Local actions and "
        "workflows are always allowed."
    ),
    examples=_examples,
    check=_check,
    options={
        "allow": Option(
            [],
            "Globs over references: owner/repo, owner/*, owner/**, owner/repo@v4, docker://image:*; in any letter "
            "case, ** also over slashes. Where there is one, nothing else may run.",
            _PATTERNS,
        ),
        "deny": Option([], "Globs of the same form for what may not run, even if it is allowed.", _PATTERNS),
    },
    unfixable="what does the same and is allowed only its users know",
    tags=("hardening-gap", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
