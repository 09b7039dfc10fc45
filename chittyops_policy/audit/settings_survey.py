"""Reads the settings of many repositories on GitHub, several at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chittyops_policy.errors import PolicyError
from chittyops_policy.hosts.settings import SettingsReader
from chittyops_policy.settings import Hidden, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chittyops_policy.hosts.access import Access

    from .result import Subject


class SettingsSurvey:
    """What `Sweep` asks for the settings of its repositories; about eight questions each, and each time again.

    jobs  questions that are open at the same time
    """

    def __init__(self, access: Access, jobs: int = 4) -> None:
        self._access = access
        self._jobs = jobs
        self._readers: dict[str, SettingsReader] = {}

    def read(self, subjects: Sequence[Subject]) -> Mapping[str, Settings]:
        """The settings by slug in lower case. What cannot be had is Hidden; nothing is raised for it."""
        with ThreadPoolExecutor(self._jobs) as pool:
            found = pool.map(self._one, subjects)
            return {subject.slug.lower(): settings for subject, settings in zip(subjects, found, strict=True)}

    def _one(self, subject: Subject) -> Settings:
        try:
            reader = self._readers.get(subject.owner)
            if reader is None:
                reader = self._readers[subject.owner] = SettingsReader(self._access.connection(subject.owner))
            return reader.read(subject.slug, subject.branch)
        except PolicyError as error:
            return Settings(**dict.fromkeys(Settings.__slots__, Hidden(error.message)))
