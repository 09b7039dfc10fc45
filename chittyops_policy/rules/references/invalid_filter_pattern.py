"""A filter of a trigger that GitHub refuses, or that can never let a run through."""

from __future__ import annotations

from chittyops_policy.document import Mapping
from chittyops_policy.filter_patterns import KINDS, problem
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import scalars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

_KINDS = frozenset(KINDS)
_PAIRS = (("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore"))


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    for event, (_, settings) in view.triggers.items():
        if not isinstance(settings, Mapping) or _KINDS.isdisjoint(settings.index):
            continue
        for kind, key, value in settings.pairs():
            if kind not in _KINDS:
                continue
            patterns = scalars_of(value)
            for pattern in patterns:
                wrong = problem(pattern.value, kind)
                if wrong:
                    yield context.at(view.document, pattern, f"'{pattern.value[:60]}' covers nothing: {wrong}")
            if not patterns or kind.endswith("-ignore"):
                continue
            if patterns[0].value.startswith("!") and all(each.value.startswith("!") for each in patterns):
                message = f"{kind} only takes out, so no {event} starts a run; let something in first, such as '**'"
                yield context.at(view.document, key, message, node=value)
        for wanted, ignored in _PAIRS:
            if ignored in settings.index and wanted in settings.index:
                message = f"GitHub takes {wanted} or {ignored} for an event, not both"
                second, value = settings.index[ignored]
                yield context.at(view.document, second, message, node=value)


_JOBS = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Patterns that cover nothing",
            "on:\n  push:\n    branches: ['release/[0-9', +x]\n    paths: [./src/**]\n"
            f"  pull_request:\n    branches: ['!main']\n{_JOBS}",
            fires=("'release/[0-9'", "+x", "./src/**", "branches"),
        ),
        Example(
            "Everything that a pattern can be",
            "on:\n  push:\n    branches: [main, 'v[12].[0-9]+', 'feature/**', '!feature/old-*']\n"
            f"    paths-ignore: ['**.md', 'docs/**', 'a b/c?.txt']\n{_JOBS}",
        ),
        Example(
            "Both ways at once",
            f"on:\n  push:\n    paths: [src/**]\n    paths-ignore: [src/docs/**]\n{_JOBS}",
            fires=("paths-ignore",),
        ),
    )


RULE = Rule(
    id="invalid-filter-pattern",
    title="A filter of a trigger can let nothing through",
    theme="references",
    severity="medium",
    visits=(WORKFLOW,),
    needs=(b"branches", b"tags", b"paths"),
    why=(
        "A pattern that covers nothing is no error for GitHub: the workflow just never starts. A test that nobody "
        "misses, or a release that nobody gets, is found out when it is needed."
    ),
    how="Write the pattern as GitHub's cheat sheet has it; paths start at the top of the repository.",
    examples=_examples,
    check=_check,
    unfixable="what the filter should let through only its owners know",
    tags=("control-flow", "correctness"),
)
