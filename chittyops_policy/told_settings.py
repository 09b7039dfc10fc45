"""What a rule is told of a repository's settings on GitHub, or why it is not."""

from __future__ import annotations

from .permissions import permission_for
from .rule import Unknown
from .settings import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .rule import Context


def told(context: Context, part: str, need: str, what: str) -> Any:
    """A part of `settings.Settings`, or an `Unknown` that names the permission.

    need  the question's name in ``policies/data/permissions.tsv``
    what  the part in words, for a sentence such as "branch rules are settings …"
    """
    settings = context.lookups.settings(context.snapshot.slug)
    if settings is None:
        return Unknown(f"{what} are settings of the repository on GitHub, not files in it", permission_for(need))
    value = getattr(settings, part)
    return Unknown(value.reason, value.permission) if isinstance(value, Hidden) else value
