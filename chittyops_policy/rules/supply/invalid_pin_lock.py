"""A lock of pins that cannot be read."""

from __future__ import annotations

from chittyops_policy.pin_lock import PIN_LOCK
from chittyops_policy.pins import lock_of
from chittyops_policy.rule import REPOSITORY, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.snapshot import Snapshot


def _check(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    document = snapshot.document(PIN_LOCK)
    if document is not None:
        for mistake in lock_of(context).mistakes:
            yield context.at(document, mistake.span, mistake.message, node=mistake.node)


_COMMIT = "11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A shortened commit and a day that is none",
            {
                PIN_LOCK: "version: 1\n"
                "pins:\n"
                "  actions/checkout:\n"
                "    v4.2.2: {commit: 11bd719, seen: yesterday, source: github}\n"
            },
            fires=("11bd719", "yesterday"),
        ),
        Example(
            "A lock as `pins update` writes it",
            {
                PIN_LOCK: "version: 1\n"
                "pins:\n"
                "  actions/checkout:\n"
                f"    v4.2.2: {{commit: {_COMMIT}, seen: 2026-11-25, source: github}}\n"
            },
        ),
        Example(
            "The leftovers of a merge",
            {PIN_LOCK: "version: 1\npins:\n<<<<<<< ours\n  actions/checkout: {}\n"},
            fires=(":",),
        ),
    )


RULE = Rule(
    id="invalid-pin-lock",
    title="The lock of pins cannot be read",
    theme="supply",
    severity="medium",
    visits=(REPOSITORY,),
    places=("",),
    why=(
        "The lock says which commit each version of an action is for this repository. While it cannot be read, nothing "
        "is pinned from anywhere else in its place, and no changed tag is noticed."
    ),
    how="Correct the marked place; `chittyops-policy pins update` writes the rest anew.",
    examples=_examples,
    check=_check,
    unfixable="which commit was meant only its owners know",
    tags=("unpinned-dependency", "correctness"),
)
