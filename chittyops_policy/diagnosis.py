"""What a credential may on GitHub, and what that means for the rules: the answers of ``chittyops-policy doctor``.

A reading question is tried. Whether something may be written is told by the scopes of a classic token or by an App's
installation; of other tokens only a write would tell, and none is made.
"""

from __future__ import annotations

from .hosts.connection import Missing, Refused, segment
from .model import Value
from .permissions import FIX, LEVELS, needs, smallest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .hosts.connection import Connection
    from .permissions import Need
    from .rule import Rule

GRANTED, REFUSED, UNTRIED = "granted", "refused", "not tried"

CLASSIC, FINE_GRAINED, APP = "a classic token", "a fine-grained token or one of an App", "a GitHub App"

WORKFLOW_FILES = "workflow-files"

_SAYS_NO = (
    "branch not protected",
    "vulnerability alerts are disabled",
    "dependabot alerts are disabled",
    "no analysis found",
    "must be enabled",
)
"""What GitHub says, in lower case, to those who may know that there is nothing."""

_IMPLIED = {"repo": ("repo", "public_repo"), "admin:org": ("admin:org", "write:org", "read:org")}
"""A scope and what it includes, of those in the table."""


class Standing(Value):
    """Whether one thing may be asked or done: GRANTED, REFUSED or UNTRIED, and how that is known."""

    __slots__ = ("how", "need", "state")

    def __init__(self, need: Need, state: str, how: str = "") -> None:
        self.need = need
        self.state = state
        self.how = how


class Diagnosis(Value):
    """What was found out about a credential.

    who      the person's login, or the account that the App is installed for
    kind     CLASSIC, FINE_GRAINED or APP
    scopes   of a classic token
    left     requests left in this hour, and how many there are in one; None where GitHub does not count
    place    the repository that was tried, '' where there is none; `private` whether it is one
    """

    __slots__ = ("kind", "left", "place", "private", "scopes", "standings", "who")

    def __init__(
        self,
        who: str,
        kind: str,
        scopes: tuple[str, ...],
        left: tuple[int, int] | None,
        place: str,
        private: bool,
        standings: tuple[Standing, ...],
    ) -> None:
        self.who = who
        self.kind = kind
        self.scopes = scopes
        self.left = left
        self.place = place
        self.private = private
        self.standings = standings

    def of(self, name: str) -> Standing:
        """The standing of a need of the table. Raises StopIteration."""
        return next(standing for standing in self.standings if standing.need.name == name)


def diagnose(
    connection: Connection, purposes: Iterable[str], *, owner: str, slug: str = "", installed: Mapping[str, str] | None
) -> Diagnosis:
    """Tries what some purposes need, on `slug` or on a repository of `owner`, a private one if there is any.

    installed  the permissions of an App's installation; None where a token asks

    Raises HostError where nobody answers or the token is not accepted.
    """
    who, kind, scopes = _who(connection, owner, installed)
    repository = _repository(connection, owner, slug)
    wanted = tuple(need for need in needs() if need.purpose in purposes)
    trial = _Trial(connection, owner, repository, kind, scopes, installed)
    standings = tuple(trial.standing(need) for need in wanted)
    place, private = (repository["full_name"], bool(repository["private"])) if repository else ("", False)
    return Diagnosis(who, kind, scopes, _left(connection), place, private, standings)


class RuleStanding(Value):
    """What lacks for a rule: the standings of its needs that are not granted, to answer it and to open its fix."""

    __slots__ = ("answer", "fix", "rule")

    def __init__(self, rule: str, answer: tuple[Standing, ...], fix: tuple[Standing, ...] | None) -> None:
        self.rule = rule
        self.answer = answer
        self.fix = fix


def rule_standings(diagnosis: Diagnosis, rules: Iterable[Rule]) -> list[RuleStanding]:
    """For each rule what it lacks; `fix` is None where the rule has no fix."""
    found = []
    for rule in rules:
        lacking = [
            standing
            for standing in diagnosis.standings
            if standing.state != GRANTED and (rule.id in standing.need.rules or standing.need.rules == ("*",))
        ]
        writing = None
        if not rule.unfixable:
            writing = tuple(
                standing
                for standing in diagnosis.standings
                if standing.state != GRANTED
                and standing.need.purpose == FIX
                and (standing.need.name != WORKFLOW_FILES or mends_workflows(rule))
            )
        found.append(RuleStanding(rule.id, tuple(lacking), writing))
    return found


def mends_workflows(rule: Rule) -> bool:
    """Whether a fix of a rule changes files under .github/workflows, by its examples."""
    return any(path.startswith(".github/workflows/") for example in rule.examples() for path in example.after)


def least_permissions(rules: Sequence[Rule], purposes: Iterable[str]) -> dict[str, str]:
    """The smallest set of App permissions for these rules and purposes, name → level."""
    return smallest(tuple(need.permission for need in _needed(rules, purposes)))


def least_scopes(rules: Sequence[Rule], purposes: Iterable[str]) -> tuple[str, ...]:
    """The same as scopes of a classic token."""
    return tuple(dict.fromkeys(need.scope for need in _needed(rules, purposes)))


def _needed(rules: Sequence[Rule], purposes: Iterable[str]) -> list[Need]:
    chosen = {rule.id for rule in rules}
    mended = [rule for rule in rules if not rule.unfixable]
    found = []
    for need in needs():
        if need.purpose not in purposes:
            continue
        if need.rules and need.rules != ("*",) and chosen.isdisjoint(need.rules):
            continue
        if need.purpose == FIX and not mended:
            continue
        if need.name == WORKFLOW_FILES and not any(mends_workflows(rule) for rule in mended):
            continue
        found.append(need)
    return found


class _Trial:
    """Tries one need after the other."""

    def __init__(
        self,
        connection: Connection,
        owner: str,
        repository: dict[str, Any] | None,
        kind: str,
        scopes: tuple[str, ...],
        installed: Mapping[str, str] | None,
    ) -> None:
        self._connection = connection
        self._owner = owner
        self._repository = repository
        self._kind = kind
        self._scopes = {implied for scope in scopes for implied in _IMPLIED.get(scope, (scope,))}
        self._installed = installed

    def standing(self, need: Need) -> Standing:
        if self._installed is not None:
            return self._by_installation(need, self._installed)
        if need.probe:
            return self._tried(need)
        if self._kind != CLASSIC:
            return Standing(need, UNTRIED, "only a write would tell")
        if need.scope not in self._scopes:
            return Standing(need, REFUSED, f"the token lacks the scope {need.scope}")
        return Standing(need, GRANTED, f"the scope {need.scope}")

    def _by_installation(self, need: Need, installed: Mapping[str, str]) -> Standing:
        name, _, level = need.permission.partition(": ")
        granted = "read" if name == "metadata" else installed.get(name)
        if granted is None or _rank(granted) < _rank(level):
            return Standing(need, REFUSED, f"the App was installed without {need.permission}")
        return Standing(need, GRANTED, f"installed with {name}: {granted}")

    def _tried(self, need: Need) -> Standing:
        repository = self._repository
        if repository is None and "{slug}" in need.probe:
            return Standing(need, UNTRIED, "there is no repository to try it on")
        path = need.probe.format(
            org=segment(self._owner),
            slug=repository["full_name"] if repository else "",
            branch=segment(repository["default_branch"]) if repository else "",
        ).lstrip("/")
        try:
            answer = self._connection.get(path)
        except Refused as error:
            if any(words in error.message.lower() for words in _SAYS_NO):
                return Standing(need, GRANTED, f"GET /{path}")
            if isinstance(error, Missing) and "{org}" in need.probe:
                return Standing(need, REFUSED, f"GET /{path}: {error.message}, or {self._owner} is no organisation")
            return Standing(need, REFUSED, f"GET /{path}: {error.message} ({error.status})")
        if need.name == "secret-scanning" and not answer.get("security_and_analysis"):
            return Standing(need, REFUSED, f"GET /{path} says nothing of it")
        return Standing(need, GRANTED, f"GET /{path}")


def _who(connection: Connection, owner: str, installed: Mapping[str, str] | None) -> tuple[str, str, tuple[str, ...]]:
    if installed is not None:
        return owner, APP, ()
    try:
        answer = connection.ask("user")
    except Refused:  # the token of an App's installation is nobody's
        return "", FINE_GRAINED, ()
    scopes = answer.headers.get("x-oauth-scopes")
    listed = tuple(scope.strip() for scope in (scopes or "").split(",") if scope.strip())
    return str(answer.data["login"]), FINE_GRAINED if scopes is None else CLASSIC, listed


def _repository(connection: Connection, owner: str, slug: str) -> dict[str, Any] | None:
    """The repository to try things on. A private one tells more: a public one may be read by everybody."""
    try:
        if slug:
            found: dict[str, Any] = connection.get(f"repos/{slug}")
            return found
        for kind in ("private", "all"):
            for repository in connection.pages(f"orgs/{segment(owner)}/repos", type=kind):
                if repository["size"] and not repository["archived"]:
                    return dict(repository)
    except Refused:
        return None
    return None


def _left(connection: Connection) -> tuple[int, int] | None:
    try:
        core = connection.get("rate_limit")["resources"]["core"]
    except Refused:  # a GitHub Enterprise without limits
        return None
    return int(core["remaining"]), int(core["limit"])


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
