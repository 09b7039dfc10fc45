"""A schedule that never comes, or comes more often than GitHub allows."""

from __future__ import annotations

from itertools import pairwise

from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.structure_checks import check_cron

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow

SHORTEST = 5
"""Minutes between two scheduled runs at least (GitHub's reference of the event ``schedule``, 2026-11)."""

_LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    schedule = view.triggers["schedule"][1] if "schedule" in view.triggers else None
    for entry in schedule.items if isinstance(schedule, Sequence) else ():
        cron = entry.get("cron") if isinstance(entry, Mapping) else None
        if isinstance(cron, Scalar) and cron.value and not any(check_cron(cron)):
            wrong = _problem(cron.value.split())
            if wrong:
                yield context.at(view.document, cron, wrong)


def _problem(fields: list[str]) -> str:
    # With a day of the week as well, either of the two days will do.
    if fields[4] == "*" and fields[2] != "*":
        days, months = _numbers(fields[2], 1, 31), _numbers(fields[3], 1, 12)
        if not any(day <= _LONGEST[month] for month in months for day in days):
            return "no month in which this could run has such a day"
    if fields[0].isdigit():
        return ""  # once an hour at most
    minutes = sorted(_numbers(fields[0], 0, 59))
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if len(_numbers(fields[1], 0, 23)) == 24:
        gaps.append(minutes[0] + 60 - minutes[-1])
    if gaps and min(gaps) < SHORTEST:
        return f"GitHub starts scheduled runs at most every {SHORTEST} minutes; this asks for one after {min(gaps)}"
    return ""


def _numbers(field: str, least: int, most: int) -> set[int]:
    """The numbers that a valid field without days of the week stands for."""
    found: set[int] = set()
    for part in field.lower().split(","):
        body, _, step = part.partition("/")
        first, dash, last = body.partition("-")
        start = least if first == "*" else _number(first)
        end = most if first == "*" or (step and not dash) else _number(last) if dash else start
        found |= set(range(start, end + 1, int(step) if step else 1))
    return found


def _number(text: str) -> int:
    return _MONTHS.index(text) + 1 if text in _MONTHS else int(text)


def _examples() -> tuple[Example, ...]:
    jobs = "jobs:\n  check:\n    runs-on: ubuntu-latest\n    steps: [{run: make check}]\n"
    return (
        Example(
            "A day that does not come, and more runs than there can be",
            f"on:\n  schedule:\n    - cron: 0 6 31 2,4 *\n    - cron: '*/2 * * * *'\n{jobs}",
            fires=("0 6 31 2,4 *", "'*/2 * * * *'"),
        ),
        Example(
            "The last day of February in a leap year, and every five minutes",
            f"on:\n  schedule:\n    - cron: 0 6 29 feb *\n    - cron: '*/5 * * * *'\n{jobs}",
        ),
        Example(
            "Either the day of the month or that of the week",
            f"on:\n  schedule:\n    - cron: 0 6 31 2 mon\n    - cron: 58,1 * * * *\n    - cron: 58,1 6 * * *\n{jobs}",
            fires=("58,1 * * * *",),
        ),
    )


RULE = Rule(
    id="ineffective-schedule",
    title="A schedule never comes, or more often than it can",
    theme="references",
    severity="low",
    visits=(WORKFLOW,),
    needs=(b"cron",),
    why=(
        "The job that everybody relies on to look every night has never run, or runs half as often as somebody "
        "counted on. Nothing fails, so nobody looks."
    ),
    how="Write a day that every month of the schedule has, and leave five minutes between two runs.",
    limits="When GitHub has much to do it starts scheduled runs late or not at all.",
    examples=_examples,
    check=_check,
    unfixable="when it should run only its owners know",
    tags=("control-flow", "correctness"),
)
