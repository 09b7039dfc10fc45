"""Rules that find nothing, for tests of what the policy makes of rules."""

from __future__ import annotations

from typing import Any

from chittyops_policy.rule import WORKFLOW, Rule


def rule(id: str, **more: Any) -> Rule:
    """A rule of that id; `more` replaces what it is made of."""
    defaults: dict[str, Any] = {
        "title": id,
        "theme": "trial",
        "severity": "medium",
        "visits": (WORKFLOW,),
        "why": "because",
        "how": "do it",
        "examples": lambda: (),
        "check": lambda view, context: (),
    }
    return Rule(id=id, **{**defaults, **more})
