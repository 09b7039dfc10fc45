"""From what the pack asks and what is there to the steps between them; pure."""

from __future__ import annotations

from chittyops_policy.settings import Hidden

from .migration import migrated, told
from .normal_form import DEFAULTS, KEYED, Flat, flat_ruleset, flat_settings, is_default, keyed_rules
from .values import (
    ACCESS,
    ACCESS_LEVELS,
    ACTIONS,
    CREATE,
    DELETE,
    KEEP,
    KINDS,
    PROTECTION,
    RULESET,
    SELECTED,
    TEAM,
    TOKEN,
    UNKNOWN,
    UPDATE,
    Actual,
    Change,
    Readiness,
    Refusal,
    Step,
    Team,
)
from .withholding import ready_ruleset, ready_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .desired import Desired, Lock
    from .values import Ruleset

MIGRATED = "migrated from the protection of "
"""What follows the prefix, before the branch, in the name of a ruleset that takes the place of a classic protection."""


def repository_steps(
    lock: Lock, actual: Actual, readiness: Readiness, *, prune: bool = False, migrate: bool = False
) -> tuple[Step, ...]:
    """The steps for one repository."""
    owner = actual.scope.partition("/")[0]
    steps = [_access_step(actual, slug, level, owner) for slug, level in lock.repository.teams.items()]
    steps += _rulesets(lock.prefix, lock.repository.rulesets, actual, readiness, prune)
    steps += _settings(lock.repository, actual, {actual.scope: readiness})
    steps += _protection(lock.prefix, actual, prune, migrate)
    return _ordered(steps)


def organisation_steps(
    lock: Lock, actual: Actual, repositories: Mapping[str, tuple[Actual, Readiness]], *, prune: bool = False
) -> tuple[Step, ...]:
    """The steps for the organisation itself. `repositories` are all that it governs: what one of them is not ready for
    is not asked of all."""
    steps = [_team_step(actual, slug, body) for slug, body in lock.organisation.teams.items()]
    readinesses = {slug: readiness for slug, (_, readiness) in repositories.items()}
    teams = _least_access(actual, [there for there, _ in repositories.values()])
    together = Actual(actual.scope, rulesets=actual.rulesets, teams=teams)
    steps += _rulesets(lock.prefix, lock.organisation.rulesets, together, combined(readinesses), prune)
    steps += _settings(lock.organisation, actual, readinesses)
    return _ordered(steps)


def combined(repositories: Mapping[str, Readiness]) -> Readiness:
    """What all of several repositories are ready for."""
    gaps: dict[str, str] = {}
    for slug, state in sorted(repositories.items()):
        gaps.update((name, f"{slug}: {gap}") for name, gap in state.gaps.items())
    return Readiness(
        reported=_reported_everywhere(repositories),
        gaps=gaps,
        codeowners=tuple(f"{slug}: {why}" for slug, state in sorted(repositories.items()) for why in state.codeowners),
        owners=tuple(sorted({team for state in repositories.values() for team in state.owners})),
    )


def _reported_everywhere(repositories: Mapping[str, Readiness]) -> Mapping[str, tuple[int, ...]] | Hidden:
    """The checks that each repository has had, from the Apps that reported them everywhere."""
    told: list[Mapping[str, tuple[int, ...]]] = []
    for state in repositories.values():
        if isinstance(state.reported, Hidden):
            return state.reported
        told.append(state.reported)
    names = set.intersection(*(set(reported) for reported in told)) if told else set()
    apps = {name: set.intersection(*(set(reported[name]) for reported in told)) for name in names}
    return {name: tuple(sorted(each)) for name, each in apps.items() if each}


def _least_access(actual: Actual, repositories: list[Actual]) -> Mapping[str, Team] | Hidden:
    """The teams with the least that each may do in any of the repositories."""
    if isinstance(actual.teams, Hidden):
        return actual.teams
    least = dict.fromkeys(actual.teams, len(ACCESS_LEVELS) - 1)
    for there in repositories:
        if isinstance(there.teams, Hidden):
            return there.teams
        for slug in least:
            permission = there.teams[slug].permission if slug in there.teams else ""
            least[slug] = min(least[slug], ACCESS_LEVELS.index(permission) if permission else -1)
    return {
        slug: Team(slug, team.id, ACCESS_LEVELS[least[slug]] if least[slug] >= 0 else "", team.members)
        for slug, team in actual.teams.items()
    }


# ------------------------------------------------------------------------------------------------------ teams


def _team_step(actual: Actual, slug: str, body: Mapping[str, Any]) -> Step:
    team = actual.team(slug)
    if isinstance(team, Hidden):
        return Step(UNKNOWN, TEAM, actual.scope, slug, note=team.reason, permission=team.permission)
    if team is None:
        sent = {"name": slug, **body}
        changes = tuple(Change("+", key, None, value) for key, value in sorted(sent.items()))
        return Step(CREATE, TEAM, actual.scope, slug, body=sent, changes=changes, note="nobody is in it yet")
    return Step(KEEP, TEAM, actual.scope, slug)


def _access_step(actual: Actual, slug: str, level: str, owner: str) -> Step:
    """At least the level that is asked for; a team that may do more keeps it."""
    team = actual.team(slug)
    if isinstance(team, Hidden):
        return Step(UNKNOWN, ACCESS, actual.scope, slug, note=team.reason, permission=team.permission)
    body = {"permission": level}
    if team is None:
        first = f"create @{owner}/{slug}, which `lock apply --org {owner}` does where the pack has the team"
        refusal = Refusal(f"access for @{owner}/{slug}", "the team does not exist", first)
        return Step(KEEP, ACCESS, actual.scope, slug, refusals=(refusal,))
    if not team.permission:
        return Step(CREATE, ACCESS, actual.scope, slug, body=body, changes=(Change("+", "permission", None, level),))
    if ACCESS_LEVELS.index(team.permission) < ACCESS_LEVELS.index(level):
        changes = (Change("~", "permission", team.permission, level),)
        return Step(UPDATE, ACCESS, actual.scope, slug, body=body, changes=changes)
    return Step(KEEP, ACCESS, actual.scope, slug)


# --------------------------------------------------------------------------------------------------- rulesets


def _rulesets(
    prefix: str, desired: Mapping[str, Any], actual: Actual, readiness: Readiness, prune: bool
) -> Iterator[Step]:
    if isinstance(actual.rulesets, Hidden):
        for name in desired:
            hidden = actual.rulesets
            yield Step(UNKNOWN, RULESET, actual.scope, name, note=hidden.reason, permission=hidden.permission)
        return
    present = {ruleset.name: ruleset for ruleset in actual.rulesets}
    for name, body in desired.items():
        before = present.get(name)
        ready, refusals = ready_ruleset(body, before.body if before else None, readiness, actual)
        yield ruleset_step(actual.scope, ready, before, refusals, prune)
    for name, ruleset in present.items():
        if name.startswith(prefix) and name not in desired and not name.startswith(prefix + MIGRATED):
            changes = tuple(
                Change("-", path, value, None) for path, value in sorted(flat_ruleset(ruleset.body).items())
            )
            note = "" if prune else "the pack does not ask for it; --prune deletes it"
            yield Step(DELETE, RULESET, actual.scope, name, id=ruleset.id, changes=changes, held=not prune, note=note)


def ruleset_step(
    scope: str, wanted: Mapping[str, Any], present: Ruleset | None, refusals: tuple[Refusal, ...], prune: bool
) -> Step:
    """The step that makes one ruleset as wanted. What the pack does not state stays as GitHub has it."""
    name = str(wanted["name"])
    if present is None:
        flat = sorted(flat_ruleset(wanted).items())
        changes = tuple(Change("+", path, None, value) for path, value in flat if not is_default(path, value))
        return Step(CREATE, RULESET, scope, name, body=wanted, changes=changes, refusals=refusals)
    sent = _merged(wanted, present.body, prune)
    before, after = flat_ruleset(present.body), flat_ruleset(sent)
    changes = _differences(before, after)
    note = permission = ""
    if "bypass_actors" not in present.body:
        # Only who administers the repository is told who may pass by its rules.
        note, permission = "who may bypass it is not told to this token", "administration: write"
        changes = tuple(change for change in changes if not change.path.startswith("bypass_actors"))
        changes = (Change("?", "bypass_actors", None, None), *changes)
    held = [] if prune else _beyond(wanted, present.body)
    changes = tuple(sorted((*changes, *held), key=lambda change: change.path))
    acts = any(change.sign != "?" and not change.held for change in changes)
    action = UPDATE if acts else UNKNOWN if permission and not held else KEEP
    body = sent if acts else None
    return Step(
        action,
        RULESET,
        scope,
        name,
        id=present.id,
        body=body,
        changes=changes,
        refusals=refusals,
        note=note,
        permission=permission,
    )


def _merged(wanted: Mapping[str, Any], present: Mapping[str, Any], prune: bool) -> dict[str, Any]:
    """The whole body to send: a ruleset is replaced as one, so what is to stay has to be in it."""
    there = keyed_rules(present)
    asked = keyed_rules(wanted)
    rules = []
    for key, rule in asked.items():
        old = (there.get(key) or {}).get("parameters") or {}
        # What the pack leaves to GitHub's defaults goes back to them; what nobody here knows stays.
        reset = {name.partition(".")[0] for name in DEFAULTS.get(rule["type"], {})}
        old_rest = {name: value for name, value in old.items() if name not in reset}
        parameters = {**old_rest, **(rule.get("parameters") or {})}
        listed, inner = KEYED.get(rule["type"], ("", ""))
        if listed and not prune:
            named = {item[inner] for item in parameters.get(listed) or []}
            extra = [item for item in old.get(listed) or [] if item[inner] not in named]
            parameters[listed] = [*(parameters.get(listed) or []), *extra]
        rules.append({"type": rule["type"], **({"parameters": parameters} if parameters else {})})
    if not prune:
        rules += [
            {"type": rule["type"], **({"parameters": rule["parameters"]} if rule.get("parameters") else {})}
            for key, rule in there.items()
            if key not in asked
        ]
    return {**wanted, "rules": rules}


def _beyond(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> list[Change]:
    """What protects more than the pack asks: whole rules, and items of keyed lists."""
    asked = keyed_rules(wanted)
    found = []
    for key, rule in keyed_rules(present).items():
        if key not in asked:
            found.append(Change("-", f"rules.{key}", rule.get("parameters") or True, None, held=True))
            continue
        listed, inner = KEYED.get(rule["type"], ("", ""))
        named = {item[inner] for item in (asked[key].get("parameters") or {}).get(listed) or []}
        for item in (rule.get("parameters") or {}).get(listed) or []:
            if item[inner] not in named:
                found.append(Change("-", f"rules.{key}.{listed}[{item[inner]}]", True, None, held=True))
    return found


def _differences(before: Flat, after: Flat) -> tuple[Change, ...]:
    changes = []
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            changes.append(Change("+", path, None, after[path]))
        elif path not in after:
            changes.append(Change("-", path, before[path], None))
        elif before[path] != after[path]:
            changes.append(Change("~", path, before[path], after[path]))
    return tuple(changes)


# --------------------------------------------------------------------------------------------- Actions policy


def _settings(desired: Desired, actual: Actual, repositories: Mapping[str, Readiness]) -> Iterator[Step]:
    allowed = desired.settings.get(SELECTED)
    for kind in (ACTIONS, SELECTED, TOKEN):
        body = desired.settings.get(kind)
        if body is None:
            continue
        present = actual.settings.get(kind)
        if isinstance(present, Hidden):
            yield Step(UNKNOWN, kind, actual.scope, note=present.reason, permission=present.permission)
            continue
        if kind != TOKEN and _switched_off(actual.settings.get(ACTIONS)):
            if kind == ACTIONS:
                yield Step(KEEP, kind, actual.scope, note="Actions is switched off here")
            continue
        ready, refusals = ready_settings(kind, body, present, repositories, allowed)
        if ready is None:
            continue
        before, after = flat_settings(present or {}), flat_settings(ready)
        # What the pack does not state stays: the body to send has it all the same, since GitHub replaces the whole.
        sent = {**{key: value for key, value in (present or {}).items() if not key.endswith("_url")}, **ready}
        changes = _differences({key: value for key, value in before.items() if key in after}, after)
        action = KEEP if not changes else CREATE if present is None else UPDATE
        note = ""
        if any(change.path == "sha_pinning_required" and change.after for change in changes):
            note = "what pinned actions use in turn was not looked at; GitHub asks the same of it"
        yield Step(
            action, kind, actual.scope, body=sent if changes else None, changes=changes, refusals=refusals, note=note
        )


def _switched_off(permissions: Mapping[str, Any] | Hidden | None) -> bool:
    """Whether no workflow runs; what may run is then no question, and GitHub keeps no answer to it."""
    if permissions is None or isinstance(permissions, Hidden):
        return False
    return permissions.get("enabled") is False or permissions.get("enabled_repositories") == "none"


# ----------------------------------------------------------------------------------------- classic protection


def _protection(prefix: str, actual: Actual, prune: bool, migrate: bool) -> Iterator[Step]:
    """A classic protection is only shown, unless somebody wants it migrated: the ruleset first, then its end."""
    protection = actual.protection
    if isinstance(protection, Hidden):
        yield Step(
            UNKNOWN, PROTECTION, actual.scope, actual.branch, note=protection.reason, permission=protection.permission
        )
        return
    name = f"{prefix}{MIGRATED}{actual.branch}"
    if protection is None:
        return
    shown = tuple(Change(" ", path, value, value) for path, value in sorted(told(protection).items()))
    if not migrate or isinstance(actual.rulesets, Hidden):
        note = "classic; --migrate puts a ruleset in its place" if not migrate else "rulesets cannot be seen"
        yield Step(KEEP, PROTECTION, actual.scope, actual.branch, changes=shown, note=note)
        return
    migration = migrated(protection, actual.branch, name)
    present = next((ruleset for ruleset in actual.rulesets if ruleset.name == name), None)
    yield ruleset_step(actual.scope, migration.body, present, (), prune=False)
    if migration.lost:
        refusal = Refusal(
            "removal of the classic protection",
            f"a ruleset cannot say {', '.join(migration.lost)}",
            "decide what takes its place, and remove the protection by hand",
        )
        yield Step(KEEP, PROTECTION, actual.scope, actual.branch, changes=shown, refusals=(refusal,))
        return
    gone = tuple(Change("-", change.path, change.before, None) for change in shown)
    note = "" if prune else f'"{name}" asks for the same; --prune removes this one'
    yield Step(DELETE, PROTECTION, actual.scope, actual.branch, changes=gone, held=not prune, note=note, after=(name,))


def _ordered(steps: list[Step]) -> tuple[Step, ...]:
    """Teams before what asks for them; what is taken away comes last, so that no moment is without protection."""
    return tuple(sorted(steps, key=lambda step: (step.action == DELETE, KINDS.index(step.kind), step.name)))
