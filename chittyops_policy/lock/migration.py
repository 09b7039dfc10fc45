"""A classic branch protection as a ruleset that asks for the same.

Source: the two schemas in GitHub's REST description (``@octokit/openapi``, 2026-11). What a ruleset cannot say is
named, and the classic protection then stays.
"""

from __future__ import annotations

from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ADMIN_ROLE = 5
"""The id of the role admin among ``RepositoryRole`` actors."""


class Migration(Value):
    """`body` asks for what the protection asks for, but for what `lost` names."""

    __slots__ = ("body", "lost")

    def __init__(self, body: Mapping[str, Any], lost: tuple[str, ...]) -> None:
        self.body = body
        self.lost = lost


def migrated(protection: Mapping[str, Any], branch: str, name: str) -> Migration:
    """The ruleset `name` for a branch with a classic protection, the body of ``GET …/branches/{branch}/protection``."""
    rules: list[dict[str, Any]] = []
    lost: list[str] = []
    if not _on(protection, "allow_deletions"):
        rules.append({"type": "deletion"})
    if not _on(protection, "allow_force_pushes"):
        rules.append({"type": "non_fast_forward"})
    if _on(protection, "required_linear_history"):
        rules.append({"type": "required_linear_history"})
    if _on(protection, "required_signatures"):
        rules.append({"type": "required_signatures"})
    reviews = protection.get("required_pull_request_reviews")
    if reviews:
        rules.append({"type": "pull_request", "parameters": _reviews(reviews, protection)})
        for key, words in (
            ("dismissal_restrictions", "who may dismiss reviews"),
            ("bypass_pull_request_allowances", "who may push without a pull request"),
        ):
            if _names(reviews.get(key)):
                lost.append(words)
    elif _on(protection, "required_conversation_resolution"):
        lost.append("resolved conversations without a required pull request")
    checks = protection.get("required_status_checks")
    if checks:
        required = [_check(check) for check in checks.get("checks") or []]
        if not required:
            required = [{"context": context} for context in checks.get("contexts") or []]
        if required:
            parameters = {
                "strict_required_status_checks_policy": bool(checks.get("strict")),
                "required_status_checks": required,
            }
            rules.append({"type": "required_status_checks", "parameters": parameters})
    if protection.get("restrictions"):
        lost.append("who may push")
    elif _on(protection, "block_creations"):
        lost.append("who may create the branch")
    if _on(protection, "lock_branch"):
        lost.append("that the branch is read-only")
    actors = []
    if not _on(protection, "enforce_admins"):
        actors.append({"actor_type": "RepositoryRole", "actor_id": ADMIN_ROLE, "bypass_mode": "always"})
    body = {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": actors,
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": rules,
    }
    return Migration(body, tuple(lost))


def told(protection: Mapping[str, Any]) -> dict[str, Any]:
    """A classic protection as dotted path → value, for a person: what is on, and the checks that it requires."""
    flat: dict[str, Any] = {}
    for key, value in protection.items():
        if key in ("url", "name", "protection_url", "enabled"):
            continue
        if key == "required_status_checks" and value:
            flat[f"{key}.strict"] = bool(value.get("strict"))
            flat[f"{key}.contexts"] = sorted(
                value.get("contexts") or [check["context"] for check in value.get("checks") or []]
            )
        elif key == "required_pull_request_reviews" and value:
            for inner, each in value.items():
                if not inner.endswith("url"):
                    flat[f"{key}.{inner}"] = sorted(_names(each)) if isinstance(each, dict) else each
        elif key == "restrictions" and value:
            flat[key] = sorted(_names(value))
        elif isinstance(value, dict) and value.get("enabled"):
            flat[key] = True
    return flat


def _reviews(reviews: Mapping[str, Any], protection: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dismiss_stale_reviews_on_push": bool(reviews.get("dismiss_stale_reviews")),
        "require_code_owner_review": bool(reviews.get("require_code_owner_reviews")),
        "require_last_push_approval": bool(reviews.get("require_last_push_approval")),
        "required_approving_review_count": int(reviews.get("required_approving_review_count") or 0),
        "required_review_thread_resolution": _on(protection, "required_conversation_resolution"),
    }


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    """A check with its App; GitHub writes None or -1 where any may report."""
    app = check.get("app_id")
    return {"context": check["context"], **({"integration_id": app} if app is not None and app > 0 else {})}


def _names(restriction: Mapping[str, Any] | None) -> list[str]:
    """Users, teams and Apps of a restriction."""
    restriction = restriction or {}
    return [
        item.get("login") or item.get("slug") or ""
        for kind in ("users", "teams", "apps")
        for item in restriction.get(kind) or []
    ]


def _on(protection: Mapping[str, Any], key: str) -> bool:
    value = protection.get(key)
    return bool(value.get("enabled")) if isinstance(value, dict) else bool(value)
