"""Reads everything that a plan for many repositories needs: settings, what was reported, and the files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chittyops_policy.audit.result import Standing
from chittyops_policy.audit.source import Unread
from chittyops_policy.hosts.connection import HostError
from chittyops_policy.model import Value
from chittyops_policy.settings import Hidden

from .planner import organisation_steps, repository_steps
from .readiness import readiness_of, unreadable
from .reading import read_organisation, read_owner_errors, read_reported, read_repository
from .values import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from chittyops_policy.audit.question import Question
    from chittyops_policy.audit.result import Subject
    from chittyops_policy.audit.selection import Selection
    from chittyops_policy.audit.source import Source
    from chittyops_policy.hosts.connection import Connection

    from .desired import Lock
    from .values import Actual, Readiness, Step

GROUP = 100
"""So many repositories have their files read together."""

CANNOT_BE_FETCHED = "what the rules read cannot be fetched"


class Survey(Value):
    """What was read.

    organisations  owner → its settings, of those that were asked for as a whole
    repositories   slug → its settings and what it is ready for
    outside        slug → why it is not dealt with
    problems       slug or owner → why it was not reached
    """

    __slots__ = ("organisations", "outside", "problems", "repositories")

    def __init__(
        self,
        organisations: Mapping[str, Actual],
        repositories: Mapping[str, tuple[Actual, Readiness]],
        outside: Mapping[str, str],
        problems: Mapping[str, str],
    ) -> None:
        self.organisations = organisations
        self.repositories = repositories
        self.outside = outside
        self.problems = problems


def plan_of(lock: Lock, survey: Survey, *, prune: bool = False, migrate: bool = False) -> Plan:
    """The steps for everything that was read."""
    steps: list[Step] = []
    for owner, actual in sorted(survey.organisations.items(), key=lambda item: item[0].lower()):
        theirs = {slug: state for slug, state in survey.repositories.items() if slug.startswith(owner + "/")}
        for slug, reason in survey.problems.items():
            if slug.startswith(owner + "/"):  # what nobody knows of may not be ready
                theirs[slug] = (actual, unreadable(reason, Hidden(reason)))
        steps += organisation_steps(lock, actual, theirs, prune=prune)
    for _, (actual, readiness) in sorted(survey.repositories.items(), key=lambda item: item[0].lower()):
        steps += repository_steps(lock, actual, readiness, prune=prune, migrate=migrate)
    problems = tuple(f"{name}: not reached: {reason}" for name, reason in sorted(survey.problems.items()))
    return Plan(tuple(steps), problems)


def survey(
    source: Source,
    connect: Callable[[str], Connection],
    lock: Lock,
    question: Question,
    selection: Selection,
    *,
    whole: Iterable[str],
    jobs: int,
) -> Survey:
    """Reads what `source` lists. `whole` are the organisations that were asked for as such.

    Raises PolicyError where nothing can be listed. A repository that cannot be read is a problem of its own.
    """
    chosen: dict[str, Subject] = {}
    outside: dict[str, str] = {}
    problems: dict[str, str] = {}
    for found in source.subjects():
        if isinstance(found, Standing):
            problems[found.subject.slug] = found.reason
            continue
        reason = selection.outside(found, question.pack.scope)
        if not reason and found.archived:
            reason = "archived: its settings cannot be changed"
        if reason:
            outside[found.slug] = reason
        else:
            chosen[found.slug] = found
    problems.update((problem.partition(":")[0], problem.partition(":")[2].strip()) for problem in source.problems)
    entire = {owner.lower() for owner in whole}
    owners = {subject.owner for subject in chosen.values()}
    actuals: dict[str, Actual] = {}
    for owner in sorted(owners):
        try:
            asked = bool(lock.organisation.rulesets) and owner.lower() in entire
            actuals[owner] = read_organisation(connect(owner), owner, lock.prefix, asked)
        except HostError as error:
            problems[owner] = error.message
            for slug in [slug for slug in chosen if slug.startswith(owner + "/")]:
                problems[slug] = error.message
                del chosen[slug]
    told: dict[str, tuple[Actual, Mapping[str, tuple[int, ...]] | Hidden, list[str]]] = {}
    wanted_checks = list(_checks(lock))
    checks = tuple(sorted({name for check in wanted_checks for name in (check["context"], *(check.get("also") or []))}))
    statuses = any("integration_id" not in check for check in wanted_checks)

    def ask(subject: Subject) -> tuple[Actual, Mapping[str, tuple[int, ...]] | Hidden, list[str]] | HostError:
        try:
            connection, slug = connect(subject.owner), subject.slug
            teams = actuals[subject.owner].teams
            return (
                read_repository(connection, slug, subject.branch, lock.prefix, teams),
                read_reported(connection, slug, subject.branch, checks, statuses),
                read_owner_errors(connection, slug),
            )
        except HostError as error:
            return error

    with ThreadPoolExecutor(jobs) as pool:
        for subject, answer in zip(list(chosen.values()), pool.map(ask, chosen.values()), strict=True):
            if isinstance(answer, HostError):
                problems[subject.slug] = answer.message
                del chosen[subject.slug]
            else:
                told[subject.slug] = answer
    repositories: dict[str, tuple[Actual, Readiness]] = {}
    subjects = list(chosen.values())
    for start in range(0, len(subjects), GROUP):
        for slug, readiness in _readiness(source, subjects[start : start + GROUP], question, checks, told):
            repositories[slug] = (told[slug][0], readiness)
    wanted = {owner: actual for owner, actual in actuals.items() if owner.lower() in entire}
    return Survey(wanted, repositories, outside, problems)


def _checks(lock: Lock) -> Iterator[Mapping[str, Any]]:
    """The checks that the pack asks for."""
    for desired in (lock.organisation, lock.repository):
        for body in desired.rulesets.values():
            for rule in body.get("rules") or []:
                yield from (rule.get("parameters") or {}).get("required_status_checks") or []


def _readiness(
    source: Source,
    subjects: Sequence[Subject],
    question: Question,
    checks: tuple[str, ...],
    told: Mapping[str, tuple[Actual, Mapping[str, tuple[int, ...]] | Hidden, list[str]]],
) -> Iterator[tuple[str, Readiness]]:
    """Judges the files; what was lacking is fetched for all of them at once, and those are judged again."""
    source.prepare(subjects)
    waiting = list(subjects)
    while waiting:
        left: list[Subject] = []
        for subject in waiting:
            _, reported, errors = told[subject.slug]
            try:
                source.lacking()  # what an earlier repository asked for is not ours
                found = readiness_of(
                    source.snapshot(subject),
                    question.catalogue,
                    question.pack,
                    checks,
                    reported,
                    today=question.today,
                    owner_errors=errors,
                )
                if source.lacking():
                    left.append(subject)
                    continue
            except Unread as unread:
                found = unreadable(unread.reason, reported)
            yield subject.slug, found
        if left and not source.supply():
            yield from ((subject.slug, unreadable(CANNOT_BE_FETCHED, told[subject.slug][1])) for subject in left)
            return
        waiting = left
