"""What is set on GitHub for one repository, as far as somebody was told: branch rules, Actions, secrets, scanning."""

from __future__ import annotations

from .model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = "GitHub settings"
"""Stands for the file in findings about settings, which are in none."""


class Hidden(Value):
    """What nobody was told: why, a sentence fragment, and the App permission that would tell."""

    __slots__ = ("permission", "reason")

    def __init__(self, reason: str, permission: str = "") -> None:
        self.reason = reason
        self.permission = permission


NOT_ASKED = Hidden("it was not asked for")


class BranchRules(Value):
    """What rulesets and classic protection together demand of changes to a branch.

    branch        its name
    sources       what is in force: ``ruleset NAME``, ``ruleset NAME of ORGANISATION``, ``classic protection``
    pull_request  changes need a pull request
    approvals     so many of them need to be given
    code_owners   one of them by a code owner
    checks        the names of the checks that have to pass
    no_force, no_deletion  nobody rewrites it, nobody deletes it
    bypass        who may always pass by all that; Hidden where only administrators are told
    unseen        why there may be more of it; None where all is known
    """

    __slots__ = (
        "approvals", "branch", "bypass", "checks", "code_owners", "no_deletion", "no_force", "pull_request", "sources",
        "unseen",
    )  # fmt: skip

    def __init__(
        self,
        branch: str,
        sources: tuple[str, ...] = (),
        *,
        pull_request: bool = False,
        approvals: int = 0,
        code_owners: bool = False,
        checks: tuple[str, ...] = (),
        no_force: bool = False,
        no_deletion: bool = False,
        bypass: tuple[str, ...] | Hidden = (),
        unseen: Hidden | None = None,
    ) -> None:
        self.branch = branch
        self.sources = sources
        self.pull_request = pull_request
        self.approvals = approvals
        self.code_owners = code_owners
        self.checks = checks
        self.no_force = no_force
        self.no_deletion = no_deletion
        self.bypass = bypass
        self.unseen = unseen


class ActionsPolicy(Value):
    """What Actions may do in a repository.

    allowed  ``none`` where Actions is off, ``local_only``, ``selected`` or ``all``
    pinned   whether GitHub refuses actions that are not pinned to a commit
    token    what GITHUB_TOKEN may where a workflow does not say: ``read`` or ``write``
    approves whether workflows may approve pull requests
    """

    __slots__ = ("allowed", "approves", "pinned", "token")

    def __init__(self, allowed: str, pinned: bool, token: str, approves: bool) -> None:
        self.allowed = allowed
        self.pinned = pinned
        self.token = token
        self.approves = approves


class Settings(Value):
    """The settings of a repository; each part is told or Hidden.

    branch             of its default branch; None where it has no commit yet
    actions            what Actions may do
    secrets            the names of its own Actions secrets
    shared_secrets     the names of the organisation's Actions secrets that it may use
    secret_scanning, push_protection, dependabot_alerts, default_setup  whether these are on
    """

    __slots__ = (
        "actions", "branch", "default_setup", "dependabot_alerts", "push_protection", "secret_scanning", "secrets",
        "shared_secrets",
    )  # fmt: skip

    def __init__(
        self,
        *,
        branch: BranchRules | Hidden | None = NOT_ASKED,
        actions: ActionsPolicy | Hidden = NOT_ASKED,
        secrets: tuple[str, ...] | Hidden = NOT_ASKED,
        shared_secrets: tuple[str, ...] | Hidden = NOT_ASKED,
        secret_scanning: bool | Hidden = NOT_ASKED,
        push_protection: bool | Hidden = NOT_ASKED,
        dependabot_alerts: bool | Hidden = NOT_ASKED,
        default_setup: bool | Hidden = NOT_ASKED,
    ) -> None:
        self.branch = branch
        self.actions = actions
        self.secrets = secrets
        self.shared_secrets = shared_secrets
        self.secret_scanning = secret_scanning
        self.push_protection = push_protection
        self.dependabot_alerts = dependabot_alerts
        self.default_setup = default_setup

    def told(self) -> Iterator[tuple[str, object]]:
        """The parts that are known, by name."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, Hidden):
                yield name, value
