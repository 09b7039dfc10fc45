"""What a plan for settings is made of: what is there, what may be required already, and the steps."""

from __future__ import annotations

from chittyops_policy.model import Value
from chittyops_policy.settings import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

RULESET = "ruleset"
PROTECTION = "branch protection"
TEAM = "team"
ACCESS = "team access"
ACTIONS = "Actions permissions"
SELECTED = "allowed actions"
TOKEN = "default token"

KINDS = (TEAM, ACCESS, RULESET, ACTIONS, SELECTED, TOKEN, PROTECTION)
"""The kinds of setting, in the order in which they are dealt with; a classic protection goes last."""

CREATE = "create"
UPDATE = "update"
DELETE = "delete"
KEEP = "keep"
UNKNOWN = "unknown"

ACCESS_LEVELS = ("pull", "triage", "push", "maintain", "admin")
"""What a team may do in a repository, from little to much."""

GITHUB_ACTIONS = 15368
"""The id on github.com of the App under which GitHub Actions reports its jobs."""


class Ruleset(Value):
    """A ruleset on GitHub: its id and the body as the REST API gives it."""

    __slots__ = ("body", "id")

    def __init__(self, id: int, body: Mapping[str, Any]) -> None:
        self.id = id
        self.body = body

    @property
    def name(self) -> str:
        """Its name, by which it is found again."""
        return str(self.body["name"])


class Team(Value):
    """A team of the organisation.

    permission  one of ACCESS_LEVELS in the repository in question, '' for none
    members     how many; None where that is not told
    """

    __slots__ = ("id", "members", "permission", "slug")

    def __init__(self, slug: str, id: int, permission: str = "", members: int | None = None) -> None:
        self.slug = slug
        self.id = id
        self.permission = permission
        self.members = members

    @property
    def writes(self) -> bool:
        """Whether it may write, which GitHub asks of an owner of code."""
        return self.permission in ACCESS_LEVELS[2:]


class Actual(Value):
    """What GitHub has for one organisation (`branch` is '') or one repository.

    scope       ``organisation`` or ``owner/repo``
    branch      the default branch
    rulesets    those of this scope itself, not inherited ones
    protection  the classic protection of the default branch; None where there is none
    settings    ACTIONS, SELECTED, TOKEN → the body of the REST API; None where it does not apply now
    teams       slug → team, of an organisation without what they may do in a repository
    """

    __slots__ = ("branch", "protection", "rulesets", "scope", "settings", "teams")

    def __init__(
        self,
        scope: str,
        *,
        branch: str = "",
        rulesets: tuple[Ruleset, ...] | Hidden = (),
        protection: Mapping[str, Any] | Hidden | None = None,
        settings: Mapping[str, Mapping[str, Any] | Hidden | None] | None = None,
        teams: Mapping[str, Team] | Hidden | None = None,
    ) -> None:
        self.scope = scope
        self.branch = branch
        self.rulesets = rulesets
        self.protection = protection
        self.settings = settings or {}
        self.teams: Mapping[str, Team] | Hidden = {} if teams is None else teams

    def team(self, slug: str) -> Team | Hidden | None:
        """The team of that name; None where there is none."""
        return self.teams if isinstance(self.teams, Hidden) else self.teams.get(slug)


class Readiness(Value):
    """What a repository's files and history allow to be required of it.

    reported    check → the ids of the Apps that reported it on the default branch lately
    gaps        check → why some pull requests would wait for it for ever
    codeowners  what is wrong with CODEOWNERS, so that a review by owners protects nothing or can be given by nobody
    owners      the teams of the organisation, by slug, that own the workflows
    unpinned    places of actions that are not pinned to a commit: ``path:line uses``
    uses        each action, reusable workflow and image that is used from elsewhere, as ``owner/repo/path@ref``
    silent      workflows in which a job gets the default token
    """

    __slots__ = ("codeowners", "gaps", "owners", "reported", "silent", "unpinned", "uses")

    def __init__(
        self,
        *,
        reported: Mapping[str, tuple[int, ...]] | Hidden,
        gaps: Mapping[str, str] | None = None,
        codeowners: tuple[str, ...] = (),
        owners: tuple[str, ...] = (),
        unpinned: tuple[str, ...] = (),
        uses: tuple[str, ...] = (),
        silent: tuple[str, ...] = (),
    ) -> None:
        self.reported = reported
        self.gaps = gaps or {}
        self.codeowners = codeowners
        self.owners = owners
        self.unpinned = unpinned
        self.uses = uses
        self.silent = silent


class Change(Value):
    """One attribute of a setting: ``+``, ``~``, ``-``, or ``?`` where the token is not told what it is.

    path    dotted, as in the REST API: ``rules.pull_request.required_approving_review_count``
    before, after   plain values; None where there is none
    held    whether it stays as it is, since only ``--prune`` takes away what protects more than the pack asks
    """

    __slots__ = ("after", "before", "held", "path", "sign")

    def __init__(self, sign: str, path: str, before: Any, after: Any, held: bool = False) -> None:
        self.sign = sign
        self.path = path
        self.before = before
        self.after = after
        self.held = held


class Refusal(Value):
    """What the pack asks for and is not done yet: what, why not, and what somebody has to do first."""

    __slots__ = ("first", "what", "why")

    def __init__(self, what: str, why: str, first: str) -> None:
        self.what = what
        self.why = why
        self.first = first


class Step(Value):
    """What is to be done with one setting.

    action    CREATE, UPDATE, DELETE, KEEP or UNKNOWN
    scope     ``organisation`` or ``owner/repo``
    name      of the ruleset, the team or the branch; '' where a scope has only one such setting
    id        GitHub's, for a ruleset that exists
    body      what is sent; None for KEEP, DELETE and UNKNOWN
    changes   the attributes that differ, by path
    refusals  what is left out of `body`
    held      whether a DELETE waits for ``--prune``
    note      one sentence fragment more for a person, such as why something is unknown
    permission  the permission that would tell, for UNKNOWN
    after     the names of rulesets of the same scope that have to be in force before this is deleted
    """

    __slots__ = (
        "action", "after", "body", "changes", "held", "id", "kind", "name", "note", "permission", "refusals", "scope",
    )  # fmt: skip

    def __init__(
        self,
        action: str,
        kind: str,
        scope: str,
        name: str = "",
        *,
        id: int | None = None,
        body: Mapping[str, Any] | None = None,
        changes: tuple[Change, ...] = (),
        refusals: tuple[Refusal, ...] = (),
        held: bool = False,
        note: str = "",
        permission: str = "",
        after: tuple[str, ...] = (),
    ) -> None:
        self.action = action
        self.kind = kind
        self.scope = scope
        self.name = name
        self.id = id
        self.body = body
        self.changes = changes
        self.refusals = refusals
        self.held = held
        self.note = note
        self.permission = permission
        self.after = after

    @property
    def acts(self) -> bool:
        """Whether applying it sends anything."""
        return self.action in (CREATE, UPDATE, DELETE) and not self.held

    @property
    def label(self) -> str:
        """How a person is told of the setting."""
        return f'{self.kind} "{self.name}"' if self.name else self.kind


class Plan(Value):
    """The steps, by scope: the organisation first, then its repositories; within a scope by kind, deletions last."""

    __slots__ = ("problems", "steps")

    def __init__(self, steps: tuple[Step, ...], problems: tuple[str, ...] = ()) -> None:
        self.steps = steps
        self.problems = problems

    def counts(self) -> dict[str, int]:
        """How many settings are added, changed, deleted, kept or unknown; parts withheld; deletions that wait."""
        done = [step for step in self.steps if not step.held]
        return {
            "add": sum(step.action == CREATE for step in done),
            "change": sum(step.action == UPDATE for step in done),
            "delete": sum(step.action == DELETE for step in done),
            "keep": sum(step.action == KEEP for step in done),
            "unknown": sum(step.action == UNKNOWN for step in done),
            "withheld": sum(len(step.refusals) for step in self.steps),
            "held": sum(step.held + sum(change.held for change in step.changes) for step in self.steps),
        }

    @property
    def settled(self) -> bool:
        """Whether GitHub is as the pack asks, as far as the token is told."""
        counts = self.counts()
        return not any(counts[name] for name in ("add", "change", "delete", "withheld", "held"))
