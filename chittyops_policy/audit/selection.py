"""Which of the listed repositories an audit judges, and why it does not judge the others."""

from __future__ import annotations

from chittyops_policy.patterns import matches
from chittyops_policy.policy_file import THIRD_PARTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.policy_file import Scope

    from .result import Subject

YES, NO, ONLY = "yes", "no", "only"
CHOICES = (YES, NO, ONLY)


class Selection:
    """What the command line asks for. Empty means no limit; names are compared without regard to letter case.

    What the pack leaves out is left out too, unless `archived` or `fork` says otherwise.

    names       globs of ``owner/repo`` or of ``repo`` alone
    listed      exact names of repositories, as a file lists them; None without such a file
    properties  (name, value) pairs of custom properties, all of which must hold
    archived, fork   one of CHOICES; None leaves it to the pack
    """

    def __init__(
        self,
        *,
        names: tuple[str, ...] = (),
        listed: frozenset[str] | None = None,
        topics: tuple[str, ...] = (),
        visibility: tuple[str, ...] = (),
        languages: tuple[str, ...] = (),
        properties: tuple[tuple[str, str], ...] = (),
        archived: str | None = None,
        fork: str | None = None,
    ) -> None:
        self.names = names
        self.listed = listed
        self.topics = topics
        self.visibility = visibility
        self.languages = languages
        self.properties = properties
        self.archived = archived
        self.fork = fork

    def outside(self, subject: Subject, scope: Scope) -> str:
        """Why a repository is not judged, a sentence fragment; '' where it is. `scope` is that of the pack."""
        reason = self._unselected(subject)
        if reason:
            return f"not selected: {reason}"
        if subject.disabled:
            return "GitHub has disabled it"
        if subject.empty:
            return "empty: it has no commit yet"
        return self._excluded(subject, scope)

    def _excluded(self, subject: Subject, scope: Scope) -> str:
        first_parties = {owner.lower() for owner in scope.owners} or {subject.owner.lower()}
        for exclusion in scope.exclusions:
            if exclusion.archived and (not subject.archived or self.archived in (YES, ONLY)):
                continue
            if exclusion.fork and (not subject.fork or self.fork in (YES, ONLY)):
                continue
            if exclusion.fork == THIRD_PARTY and subject.parent.partition("/")[0].lower() in first_parties:
                continue
            globs = exclusion.repositories
            if globs and not any(matches(glob, subject.slug, ignore_case=True) for glob in globs):
                continue
            if exclusion.topics and not _shared(exclusion.topics, subject.topics):
                continue
            return exclusion.reason
        return ""

    def _unselected(self, subject: Subject) -> str:
        slug, name = subject.slug.lower(), subject.slug.rpartition("/")[2].lower()
        if self.listed is not None and slug not in self.listed and name not in self.listed:
            return "its name is not in the file"
        if self.names and not any(matches(glob.lower(), slug if "/" in glob else name) for glob in self.names):
            return "its name matches no pattern"
        if self.topics and not _shared(self.topics, subject.topics):
            return "it has none of the topics"
        if self.visibility and subject.visibility not in self.visibility:
            return f"it is {subject.visibility or 'of unknown visibility'}"
        if self.languages and subject.language.lower() not in {language.lower() for language in self.languages}:
            return f"its language is {subject.language or 'unknown'}"
        for name, value in self.properties:
            own = subject.properties.get(name, "")
            if own.lower() != value.lower():
                return f"its property {name} is {own or 'not set'}"
        for word, holds, wanted in (
            ("archived", subject.archived, self.archived),
            ("a fork", subject.fork, self.fork),
        ):
            if wanted == NO and holds:
                return f"it is {word}"
            if wanted == ONLY and not holds:
                return f"it is not {word}"
        return ""


def _shared(wanted: Iterable[str], own: Iterable[str]) -> bool:
    return not {topic.lower() for topic in wanted}.isdisjoint(topic.lower() for topic in own)
