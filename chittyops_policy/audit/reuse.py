"""Whether the result of an earlier audit still holds for a repository whose head has not moved.

Beside the files, the rules and the policy, a verdict depends on the day and on other repositories that were looked
into. Days count only through dates that stand in what was read: a stage begins, an exception ends, or ends soon.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from chittyops_policy.exceptions import SOON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .store import Kept

_DATE = re.compile(r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])")


def dates_in(texts: Iterable[bytes | str | None]) -> tuple[str, ...]:
    """Every ISO date that stands anywhere in some texts, sorted."""
    found: set[str] = set()
    for text in texts:
        if text is not None:
            found.update(_DATE.findall(text if isinstance(text, str) else text.decode("utf-8", "replace")))
    return tuple(sorted(found))


def still_holds(kept: Kept, today: str, heads: Mapping[str, str]) -> bool:
    """Whether a result of `kept.day` is that of today; `heads` are those of all listed repositories, '' for none."""
    if any(heads.get(slug, "") != head for slug, head in kept.asked.items()):
        return False
    if kept.day == today:
        return True
    if kept.day > today:  # the clock went back, or another machine's is wrong
        return False
    return not any(_between(text, kept.day, today) for text in kept.dates)


def _between(text: str, earlier: str, today: str) -> bool:
    """Whether a date, the days before it in which it is near, or the day after it lie in (earlier, today]."""
    try:
        day = date.fromisoformat(text)
        first, last = day - timedelta(days=SOON), day + timedelta(days=1)
    except (ValueError, OverflowError):  # digits that are no date
        return False
    return first.isoformat() <= today and last.isoformat() > earlier
