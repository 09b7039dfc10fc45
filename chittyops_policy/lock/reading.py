"""Asks GitHub what is set, and what was reported; what it does not tell is `Hidden`, with the permission that would.

Addresses and permissions are those of GitHub's REST documentation (2026-11). Classic tokens need ``repo`` and, for
organisations, ``admin:org``.
"""

from __future__ import annotations

from chittyops_policy.hosts.connection import Missing, Refused, segment
from chittyops_policy.settings import Hidden

from .values import ACCESS_LEVELS, ACTIONS, SELECTED, TOKEN, Actual, Ruleset, Team

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from chittyops_policy.hosts.connection import Connection

    T = TypeVar("T")

ADMINISTRATION = "administration: read"
ORGANISATION = "organization administration: read"
MEMBERS = "members: read"
CHECKS = "checks: read"

RECENT = 10
"""Commits of the default branch whose checks are looked at."""

STATUS = 0
"""Stands for the App of a commit status, which GitHub does not name."""


def read_organisation(connection: Connection, owner: str, prefix: str, rulesets: bool) -> Actual:
    """What is set for an organisation, with its teams. Its own rulesets are only asked for where the pack has some.

    Raises HostError where GitHub cannot be asked at all.
    """
    base = f"orgs/{owner}"
    return Actual(
        owner,
        rulesets=_rulesets(connection, base, prefix, ORGANISATION) if rulesets else (),
        settings=_settings(connection, base, ORGANISATION),
        teams=_teams(connection, owner),
    )


def read_repository(
    connection: Connection, slug: str, branch: str, prefix: str, teams: Mapping[str, Team] | Hidden
) -> Actual:
    """What is set for a repository; `teams` are the organisation's. Raises as `read_organisation` does."""
    base = f"repos/{slug}"
    return Actual(
        slug,
        branch=branch,
        rulesets=_rulesets(connection, base, prefix, ADMINISTRATION),
        protection=_protection(connection, slug, branch),
        settings=_settings(connection, base, ADMINISTRATION),
        teams=_with_access(connection, slug, teams),
    )


def read_reported(
    connection: Connection, slug: str, branch: str, names: Iterable[str], statuses: bool
) -> Mapping[str, tuple[int, ...]] | Hidden:
    """Which of some checks were reported on the branch's last commits, each with the Apps that did.

    `statuses` says whether commit statuses are looked at: where each check has its App, none of them would do.
    """
    wanted = set(names)
    found: dict[str, set[int]] = {}
    commits = _told(lambda: connection.get(f"repos/{slug}/commits", sha=branch, per_page=RECENT), "contents: read")
    if isinstance(commits, Hidden):
        return commits
    for commit in commits:
        here = _told(lambda sha=commit["sha"]: _checks_of(connection, slug, sha, statuses), CHECKS)  # type: ignore[misc]
        if isinstance(here, Hidden):
            return here
        for name, app in here:
            if name in wanted:
                found.setdefault(name, set()).add(app)
        if wanted <= found.keys():
            break
    return {name: tuple(sorted(apps)) for name, apps in found.items()}


def read_owner_errors(connection: Connection, slug: str) -> list[str]:
    """What GitHub says of CODEOWNERS, such as an owner whom it does not know or who may not write."""
    answer = _told(lambda: connection.get(f"repos/{slug}/codeowners/errors"), "contents: read")
    errors = [] if isinstance(answer, Hidden) else answer["errors"]
    return [f"{error['path']}:{error['line']}: GitHub says: {error['kind']}" for error in errors]


def read_ruleset(connection: Connection, base: str, name: str) -> Ruleset | None:
    """The ruleset of that name at ``repos/…`` or ``orgs/…``, as it is now. Raises as `Connection.get` does."""
    for listed in _listed(connection, base):
        if listed["name"] == name:
            return Ruleset(listed["id"], connection.get(f"{base}/rulesets/{listed['id']}"))
    return None


def is_protected(branch: Mapping[str, Any]) -> bool:
    """Whether a branch, as ``GET …/branches/{branch}`` has it, has a classic protection; rulesets do not count."""
    return bool(branch["protection"]["enabled"] if "protection" in branch else branch.get("protected"))


def _told(ask: Callable[[], T], permission: str) -> T | Hidden:
    """The answer, or why the token does not get it. What cannot be reached is no answer, and raised."""
    try:
        return ask()
    except Refused as error:
        words = error.message if error.status != 404 else "GitHub says there is no such thing for this token"
        # On some plans there are no rulesets for private repositories: no permission would change that.
        paid = words.lower().startswith("upgrade to")
        return Hidden(f"{words} ({error.status})", "" if paid else error.permission or permission)


def _listed(connection: Connection, base: str) -> list[Any]:
    """The rulesets of this scope itself; a repository's listing would have those of the organisation too."""
    more = {"includes_parents": "false"} if base.startswith("repos/") else {}
    return list(connection.pages(f"{base}/rulesets", **more))


def _rulesets(connection: Connection, base: str, prefix: str, permission: str) -> tuple[Ruleset, ...] | Hidden:
    """This tool's rulesets in full (a listing leaves the rules out); of others only the name matters, so not those."""

    def ask() -> tuple[Ruleset, ...]:
        listed = [each for each in _listed(connection, base) if each["name"].startswith(prefix)]
        return tuple(Ruleset(each["id"], connection.get(f"{base}/rulesets/{each['id']}")) for each in listed)

    return _told(ask, permission)


def _protection(connection: Connection, slug: str, branch: str) -> Mapping[str, Any] | Hidden | None:
    try:
        protection: Mapping[str, Any] = connection.get(f"repos/{slug}/branches/{segment(branch)}/protection")
    except Missing as error:
        if "not protected" in error.message.lower():
            return None
        # GitHub answers the same where there is none and where the token may not know. That a branch has no protection
        # of any kind everybody may know.
        told = _told(lambda: connection.get(f"repos/{slug}/branches/{segment(branch)}"), "contents: read")
        if not isinstance(told, Hidden) and not is_protected(told):
            return None
        return Hidden("only administrators are told", error.permission or ADMINISTRATION)
    except Refused as error:
        return Hidden(f"{error.message} ({error.status})", error.permission or ADMINISTRATION)
    return protection


def _settings(connection: Connection, base: str, permission: str) -> dict[str, Mapping[str, Any] | Hidden | None]:
    actions = _told(lambda: connection.get(f"{base}/actions/permissions"), permission)
    selected: Mapping[str, Any] | Hidden | None = None
    if isinstance(actions, Hidden):
        selected = actions
    elif actions.get("allowed_actions") == "selected":
        selected = _told(lambda: connection.get(f"{base}/actions/permissions/selected-actions"), permission)
    token = _told(lambda: connection.get(f"{base}/actions/permissions/workflow"), permission)
    return {ACTIONS: actions, SELECTED: selected, TOKEN: token}


def _teams(connection: Connection, owner: str) -> Mapping[str, Team] | Hidden:
    """Every team that the token may see, by slug, with its number of members."""
    listed = _told(lambda: list(connection.pages(f"orgs/{owner}/teams")), MEMBERS)
    if isinstance(listed, Hidden):
        return listed
    found: dict[str, Team] = {}
    for team in listed:
        path = f"orgs/{owner}/teams/{segment(team['slug'])}/members"
        members = _told(lambda path=path: len(connection.get(path, per_page=100)), MEMBERS)  # type: ignore[misc]
        number = None if isinstance(members, Hidden) else members
        found[team["slug"]] = Team(team["slug"], team["id"], members=number)
    return found


def _with_access(connection: Connection, slug: str, teams: Mapping[str, Team] | Hidden) -> Mapping[str, Team] | Hidden:
    """The organisation's teams with what they may do in one repository."""
    if isinstance(teams, Hidden):
        return teams
    listed = _told(lambda: list(connection.pages(f"repos/{slug}/teams")), ADMINISTRATION)
    if isinstance(listed, Hidden):
        return listed
    access = {team["slug"]: team["permission"] for team in listed if team["permission"] in ACCESS_LEVELS}
    return {name: Team(name, team.id, access.get(name, ""), team.members) for name, team in teams.items()}


def _checks_of(connection: Connection, slug: str, sha: str, statuses: bool) -> list[tuple[str, int]]:
    runs = connection.pages(f"repos/{slug}/commits/{sha}/check-runs", "check_runs")
    found = [(run["name"], (run.get("app") or {}).get("id") or STATUS) for run in runs if run["status"] == "completed"]
    if statuses:
        found += [(status["context"], STATUS) for status in connection.pages(f"repos/{slug}/commits/{sha}/statuses")]
    return found
