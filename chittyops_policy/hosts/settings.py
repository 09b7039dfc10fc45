"""Asks GitHub what is set for a repository. What the token is not told is Hidden, with the permission that would tell.

Addresses and answers are those of GitHub's REST documentation (2026-11). About eight questions a repository.
"""

from __future__ import annotations

from ..permissions import permission_for
from ..settings import ActionsPolicy, BranchRules, Hidden, Settings
from .connection import HostError, Missing, Refused, Spent, segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .connection import Connection

    T = TypeVar("T")

_UNPROTECTED = "branch not protected"
_ALERTS_OFF = "vulnerability alerts are disabled"
_NO_LICENCE = "must be enabled"
"""What GitHub says, in lower case, where an answer is "no" and not a refusal to tell."""


class SettingsReader:
    """Reads the settings of repositories that one connection may see; a ruleset that covers several is read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rulesets: dict[int, dict[str, Any] | Hidden] = {}

    def read(self, slug: str, branch: str | None = None) -> Settings:
        """The settings of ``owner/repo``. Where nobody says which is its default branch, GitHub is asked.

        Raises Unreachable and Spent, where no further question makes sense for now; every other refusal is part of the
        answer.
        """
        base = f"repos/{slug}"
        repository = self._told("listing", lambda: self._connection.get(base))
        if isinstance(repository, Hidden):
            return Settings(**dict.fromkeys(Settings.__slots__, repository))
        name = branch if branch is not None else repository["default_branch"]
        analysis = repository.get("security_and_analysis")
        return Settings(
            branch=self._told("branch-rules", lambda: self._branch(base, name)) if name else None,
            actions=self._told("actions-policy", lambda: self._actions(base)),
            secrets=self._told("repository-secrets", lambda: self._names(f"{base}/actions/secrets")),
            shared_secrets=self._told("shared-secrets", lambda: self._names(f"{base}/actions/organization-secrets")),
            secret_scanning=_is_on(analysis, "secret_scanning"),
            push_protection=_is_on(analysis, "secret_scanning_push_protection"),
            dependabot_alerts=self._told("dependabot-alerts", lambda: self._alerts(base)),
            default_setup=self._told("default-setup", lambda: self._default_setup(base)),
        )

    # ------------------------------------------------------------------------------------------------- parts

    def _branch(self, base: str, branch: str) -> BranchRules:
        rules = list(self._connection.pages(f"{base}/rules/branches/{segment(branch)}"))
        found = _Demands(branch)
        for rule in rules:
            found.add_rule(rule)
        for number in dict.fromkeys(rule["ruleset_id"] for rule in rules):
            found.add_ruleset(self._ruleset(base, number))
        protection = self._told("branch-protection", lambda: self._protection(base, branch))
        found.add_protection(protection)
        return found.rules()

    def _ruleset(self, base: str, number: int) -> dict[str, Any] | Hidden:
        if number not in self._rulesets:
            address = f"{base}/rulesets/{number}"
            self._rulesets[number] = self._told("branch-rules", lambda: dict(self._connection.get(address)))
        return self._rulesets[number]

    def _protection(self, base: str, branch: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._connection.get(f"{base}/branches/{segment(branch)}/protection")
        except Missing as error:
            if _UNPROTECTED in error.message.lower():
                return None
            raise
        return found

    def _actions(self, base: str) -> ActionsPolicy:
        found = self._connection.get(f"{base}/actions/permissions")
        if not found["enabled"]:
            return ActionsPolicy("none", True, "read", False)
        token = self._connection.get(f"{base}/actions/permissions/workflow")
        return ActionsPolicy(
            found.get("allowed_actions", "all"),
            bool(found.get("sha_pinning_required")),
            token["default_workflow_permissions"],
            token["can_approve_pull_request_reviews"],
        )

    def _names(self, address: str) -> tuple[str, ...]:
        return tuple(secret["name"] for secret in self._connection.pages(address, "secrets"))

    def _alerts(self, base: str) -> bool:
        try:
            self._connection.get(f"{base}/vulnerability-alerts")
        except Missing as error:
            if _ALERTS_OFF in error.message.lower():
                return False
            raise
        return True

    def _default_setup(self, base: str) -> bool:
        try:
            found = self._connection.get(f"{base}/code-scanning/default-setup")
        except Refused as error:
            if _NO_LICENCE in error.message.lower():
                return False
            raise
        return bool(found["state"] == "configured")

    def _told(self, name: str, ask: Callable[[], T]) -> T | Hidden:
        try:
            return ask()
        except Spent:
            raise
        except Refused as error:
            return Hidden(f"GitHub does not tell this token: {error.message}", error.permission or permission_for(name))
        except HostError as error:
            return Hidden(error.message)


class _Demands:
    """Collects what several rulesets and classic protection demand of one branch: the strictest counts."""

    def __init__(self, branch: str) -> None:
        self._branch = branch
        self._sources: dict[str, None] = {}
        self._checks: dict[str, None] = {}
        self._bypass: list[str] = []
        self._hidden: Hidden | None = None
        self._unseen: Hidden | None = None
        self._kinds: set[str] = set()
        self._approvals = 0
        self._code_owners = False

    def add_rule(self, rule: dict[str, Any]) -> None:
        """One rule of ``GET …/rules/branches/…``."""
        parameters = rule.get("parameters") or {}
        self._kinds.add(rule["type"])
        if rule["type"] == "pull_request":
            self._approvals = max(self._approvals, parameters.get("required_approving_review_count", 0))
            self._code_owners |= bool(parameters.get("require_code_owner_review"))
        for check in parameters.get("required_status_checks") or ():
            self._checks[check["context"]] = None

    def add_ruleset(self, ruleset: dict[str, Any] | Hidden) -> None:
        """A ruleset that one of the rules is of: its name, and who may bypass it."""
        if isinstance(ruleset, Hidden):
            self._hidden = ruleset
            return
        of = f" of {ruleset['source']}" if ruleset["source_type"] != "Repository" else ""
        self._sources[f"ruleset {ruleset['name']}{of}"] = None
        if ruleset.get("bypass_actors") is None:
            self._hidden = Hidden("only administrators are told who may bypass a ruleset", "administration: write")
            return
        for actor in ruleset["bypass_actors"]:
            if actor.get("bypass_mode") == "always":
                number = f" {actor['actor_id']}" if actor.get("actor_id") else ""
                self._bypass.append(f"{actor['actor_type']}{number}")

    def add_protection(self, protection: dict[str, Any] | Hidden | None) -> None:
        """Classic protection; nothing where there is none."""
        if isinstance(protection, Hidden):
            self._unseen = protection
            return
        if protection is None:
            return
        self._sources["classic protection"] = None
        reviews = protection.get("required_pull_request_reviews")
        if reviews is not None:
            self._kinds.add("pull_request")
            self._approvals = max(self._approvals, reviews.get("required_approving_review_count", 0))
            self._code_owners |= bool(reviews.get("require_code_owner_reviews"))
        for kind, switch in (("non_fast_forward", "allow_force_pushes"), ("deletion", "allow_deletions")):
            if not protection.get(switch, {}).get("enabled"):
                self._kinds.add(kind)
        for name in (protection.get("required_status_checks") or {}).get("contexts", ()):
            self._checks[name] = None
        if not protection.get("enforce_admins", {}).get("enabled"):
            self._bypass.append("administrators, past the classic protection")

    def rules(self) -> BranchRules:
        """All of it."""
        return BranchRules(
            self._branch,
            tuple(self._sources),
            pull_request="pull_request" in self._kinds,
            approvals=self._approvals,
            code_owners=self._code_owners,
            checks=tuple(self._checks),
            no_force="non_fast_forward" in self._kinds,
            no_deletion="deletion" in self._kinds,
            bypass=self._hidden or self._unseen or tuple(self._bypass),
            unseen=self._unseen,
        )


def _is_on(analysis: dict[str, Any] | None, name: str) -> bool | Hidden:
    if analysis is None or name not in analysis:
        return Hidden("GitHub does not tell this token", permission_for("secret-scanning"))
    return bool(analysis[name]["status"] == "enabled")
