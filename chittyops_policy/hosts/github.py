"""Asks GitHub which commit a tag is and whether a commit belongs to a repository. Nothing else imports PyGithub.

Commits are what Git has: a tag's own object is followed to the commit. A commit that only a fork has is shown by GitHub
under the address of the original too, so that finding it there proves nothing; it belongs to the repository where a
branch or a tag leads to it, which is told by GitHub's comparison of two commits (as zizmor's impostor-commit does).

No method raises for what the network or GitHub refuses: the answer is then None, and `problems` says why. After what
would fail for every further question too, nothing more is asked. The token is never part of a message.
"""

from __future__ import annotations

from ..errors import UserError
from ..model import Value
from ..rule import FOREIGN, ON_BRANCH, ON_TAG, UNTOLD
from ..versions import FROM_GITHUB, Release, choose, parse_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from github.Repository import Repository

    from ..settings import Settings

    T = TypeVar("T")

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
"""The environment variables of a token; the first that is set counts."""

API = "https://api.github.com"

MAX_COMPARED = 30
"""Branches and tags whose history is searched for a commit; a repository with more may be left untold."""

MAX_PEELED = 100
"""Annotated tags that are followed to their commits to find the one of a commit, the newest first."""

_PATIENCE = 15
"""Seconds to wait for an answer."""


def token_of(env: Mapping[str, str]) -> str:
    """The token in the environment, or ''."""
    return next((env[name] for name in TOKENS if env.get(name)), "")


def github_host(env: Mapping[str, str], today: str, base_url: str = "") -> GitHub:
    """What answers for `rule.Lookups.pins`, with the token of the environment.

    `base_url` is the address of the API, of GitHub Enterprise ``https://HOST/api/v3``; without one it is that of the
    runner (GITHUB_API_URL), else GitHub's own. Raises UserError where there is no token.
    """
    token = token_of(env)
    if not token:
        raise UserError(
            "GitHub is only asked with a token",
            f"set {TOKENS[0]} or {TOKENS[1]}; a token without any scope can read public repositories",
        )
    return GitHub(token, today, base_url or env.get("GITHUB_API_URL") or API)


class _Tag(Value):
    """A tag as the list of references has it: `sha` may be that of the tag's own object (`annotated`)."""

    __slots__ = ("annotated", "name", "sha")

    def __init__(self, name: str, sha: str, annotated: bool) -> None:
        self.name = name
        self.sha = sha
        self.annotated = annotated


class GitHub:
    """A `rule.Host` on the REST API of one GitHub.

    problems  what could not be asked, each a sentence without a full stop, in the order in which it happened
    silent    whether asking was given up: the token is refused, the rate limit used up, or nobody is there
    """

    def __init__(self, token: str, today: str, base_url: str = API) -> None:
        # Loaded here because PyGithub takes longer to load than a check to run; only a call with a token needs it.
        from github import Auth, Github
        from urllib3.util import Retry

        self.problems: list[str] = []
        self._today = today
        self._origin = f"GitHub ({today})" if base_url == API else f"{base_url.split('/')[2]} ({today})"
        self._address = base_url
        self._auth = Auth.Token(token)
        self._client = Github(
            auth=self._auth,
            base_url=base_url.rstrip("/"),
            timeout=_PATIENCE,
            per_page=100,
            # PyGithub's own way would wait in silence until a rate limit ends, which may be an hour.
            retry=Retry(total=2, connect=1, read=1, backoff_factor=0.2, status_forcelist=(502, 503, 504)),
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self.silent = False
        self._repositories: dict[str, Repository | None] = {}
        self._tags: dict[str, tuple[_Tag, ...] | None] = {}
        self._heads: dict[str, tuple[tuple[str, str], ...] | None] = {}
        self._peeled: dict[tuple[str, str], str | None] = {}
        self._members: dict[tuple[str, str], str] = {}
        self._setups: dict[str, bool | None] = {}
        self._settings: dict[str, Settings | None] = {}

    # --------------------------------------------------------------------------------------------- rule.Host

    def answers(self, slug: str) -> bool:
        """Whether GitHub answers for a repository at all."""
        return self._tags_of(slug) is not None

    def find(self, slug: str, ref: str) -> Release | None:
        """The release that a reference to ``owner/repo`` means, with the commit of its tag; see `versions.choose`."""
        tags = {tag.name: tag for tag in self._tags_of(slug) or ()}
        chosen = choose((self._release(name, tag.sha) for name, tag in tags.items()), ref)
        commit = None if chosen is None else self._commit(slug, tags[chosen.tag])
        return None if chosen is None or commit is None else self._release(chosen.tag, commit)

    def at(self, slug: str, commit: str) -> tuple[Release, ...]:
        """The tags that name a commit; of annotated ones the newest MAX_PEELED are looked at."""
        tags = sorted(self._tags_of(slug) or (), key=_newest_first, reverse=True)
        asked = [tag for tag in tags if tag.annotated][:MAX_PEELED]
        found = [tag for tag in tags if not tag.annotated and tag.sha == commit]
        found += [tag for tag in asked if self._commit(slug, tag) == commit]
        return tuple(self._release(tag.name, commit) for tag in found)

    def branch(self, slug: str, name: str) -> Release | None:
        """The head of a branch; None also where there is no such branch."""
        heads = dict(self._heads_of(slug) or ())
        return self._release(name, heads[name]) if name in heads else None

    def tag(self, slug: str, name: str) -> bool | None:
        """Whether there is a tag of exactly that name; None where GitHub did not tell."""
        tags = self._tags_of(slug)
        return None if tags is None else any(tag.name == name for tag in tags)

    def membership(self, slug: str, commit: str) -> str:
        """Whether a commit belongs to a repository: ON_BRANCH, ON_TAG, FOREIGN, or UNTOLD."""
        key = (slug, commit)
        if key not in self._members:
            self._members[key] = self._belongs(slug, commit)
        return self._members[key]

    def peel(self, slug: str, sha: str) -> str | None:
        """The commit behind a tag's own object, also where tags name tags; None where it is none or was not told."""
        key = (slug, sha)
        if key not in self._peeled:
            repository = self._repository(slug)
            found, kind = sha, "tag"
            while repository is not None and kind == "tag":
                found, kind = self._target(repository, slug, found) or ("", "")
            self._peeled[key] = found if kind == "commit" else None
        return self._peeled[key]

    def default_setup(self, slug: str) -> bool | None:
        """Whether code scanning's default setup is on; None where GitHub does not tell this token.

        It is for those who administer the repository: that it is not told is no problem, but an open question.
        """
        if slug not in self._setups:
            repository = self._repository(slug)
            self._setups[slug] = None
            if repository is not None:
                path = f"{repository.url}/code-scanning/default-setup"

                def state() -> str:
                    return str(repository.requester.requestJsonAndCheck("GET", path)[1].get("state"))

                told = self._ask(slug, state, missing="", hidden="")
                self._setups[slug] = told == "configured" if told else None
        return self._setups[slug]

    def settings(self, slug: str) -> Settings | None:
        """What is set for a repository; None where GitHub no longer answers. What it does not tell is in the answer."""
        from .connection import Connection, HostError  # only a check that asks GitHub reads settings
        from .settings import SettingsReader

        if slug not in self._settings:
            self._settings[slug] = None
            if not self.silent and self._repository(slug) is not None:
                try:
                    connection = Connection(self._auth, self._address, longest_wait=_PATIENCE)
                    self._settings[slug] = SettingsReader(connection).read(slug)
                except HostError as error:
                    self._say(f"the settings of {slug} cannot be read: {error.message}")
        return self._settings[slug]

    # ------------------------------------------------------------------------------------------------- asking

    def _belongs(self, slug: str, commit: str) -> str:
        heads, tags = self._heads_of(slug), self._tags_of(slug)
        repository = self._repository(slug)
        if heads is None or tags is None or repository is None:
            return UNTOLD
        if any(sha == commit for _, sha in heads):
            return ON_BRANCH
        if self._ask(slug, lambda: repository.get_commit(commit).sha, missing="") == "":
            return FOREIGN  # not even a fork has it
        default = self._ask(slug, lambda: repository.default_branch)
        ordered = sorted(heads, key=lambda head: (head[0] != default, "release" not in head[0], head[0]))
        for _, sha in ordered[:MAX_COMPARED]:
            contained = self._contains(repository, slug, sha, commit)
            if contained is None:
                return UNTOLD
            if contained:
                return ON_BRANCH
        if any(tag.sha == commit for tag in tags) or self.at(slug, commit):
            return ON_TAG
        left = MAX_COMPARED - len(ordered)
        for tag in sorted(tags, key=_newest_first, reverse=True)[: max(left, 0)]:
            named = self._commit(slug, tag)
            contained = None if named is None else self._contains(repository, slug, named, commit)
            if contained is None:
                return UNTOLD
            if contained:
                return ON_TAG
        return FOREIGN if len(heads) + len(tags) <= MAX_COMPARED else UNTOLD

    def _contains(self, repository: Repository, slug: str, tip: str, commit: str) -> bool | None:
        """Whether a commit is in the history of another; None where it could not be asked."""
        # GitHub gives 404 where the two have nothing in common, or where it does not know the commit at all.
        status = self._ask(slug, lambda: repository.compare(tip, commit).status, missing="unrelated")
        return None if status is None else status in ("behind", "identical")

    def _release(self, name: str, commit: str) -> Release:
        return Release(name, commit, self._origin, source=FROM_GITHUB, seen=self._today)

    def _commit(self, slug: str, tag: _Tag) -> str | None:
        return self.peel(slug, tag.sha) if tag.annotated else tag.sha

    def _target(self, repository: Repository, slug: str, sha: str) -> tuple[str, str] | None:
        """What a tag's own object names: the id and its kind."""

        def target() -> tuple[str, str]:
            named = repository.get_git_tag(sha).object
            return named.sha, named.type

        return self._ask(slug, target, missing=("", ""))

    def _tags_of(self, slug: str) -> tuple[_Tag, ...] | None:
        if slug not in self._tags:
            repository = self._repository(slug)
            self._tags[slug] = (
                None
                if repository is None
                else self._ask(
                    slug,
                    lambda: tuple(
                        _Tag(ref.ref.removeprefix("refs/tags/"), ref.object.sha, ref.object.type == "tag")
                        for ref in repository.get_git_matching_refs("tags/")
                    ),
                )
            )
        return self._tags[slug]

    def _heads_of(self, slug: str) -> tuple[tuple[str, str], ...] | None:
        if slug not in self._heads:
            repository = self._repository(slug)
            self._heads[slug] = (
                None
                if repository is None
                else self._ask(
                    slug,
                    lambda: tuple(
                        (ref.ref.removeprefix("refs/heads/"), ref.object.sha)
                        for ref in repository.get_git_matching_refs("heads/")
                    ),
                )
            )
        return self._heads[slug]

    def _repository(self, slug: str) -> Repository | None:
        if slug not in self._repositories:
            self._repositories[slug] = self._ask(slug, lambda: self._client.get_repo(slug))
        return self._repositories[slug]

    def _ask(self, slug: str, question: Callable[[], T], missing: T | None = None, hidden: T | None = None) -> T | None:
        """The answer to a question; None where there is none.

        Where they are given, `missing` stands for what GitHub does not have, `hidden` for what it does not show.
        """
        from github import (  # loaded by the constructor already
            BadAttributeException,
            GithubException,
            RateLimitExceededException,
        )
        from requests import RequestException

        if self.silent:
            return None
        try:
            return question()
        except RateLimitExceededException as error:
            reset = (error.headers or {}).get("x-ratelimit-reset", "")
            self._stop(f"{self._address} answers no more questions for now: its rate limit is used up{_until(reset)}")
        except GithubException as error:
            if missing is not None and error.status in (404, 422):  # 422 for a commit that does not exist
                return missing
            if hidden is not None and error.status == 403:
                return hidden
            if error.status == 404:
                self._say(f"{slug} is not there, or the token may not see it")
            elif error.status == 401:
                self._stop(f"{self._address} does not accept the token")
            elif error.status == 403 or error.status == 429:
                self._say(f"{self._address} refuses to show {slug} to this token: {_words(error)}")
            else:
                self._say(f"{self._address} failed at {slug} with status {error.status}: {_words(error)}")
        except RequestException as error:
            self._stop(f"{self._address} cannot be reached: {type(error).__name__}")
        except (
            AssertionError,
            BadAttributeException,
            KeyError,
            TypeError,
            ValueError,
        ):  # PyGithub's, of a strange body
            self._stop(f"{self._address} does not answer as GitHub does")
        return None

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _stop(self, problem: str) -> None:
        self.silent = True
        self._say(problem)


def _newest_first(tag: _Tag) -> tuple[bool, tuple[int, ...], str]:
    version = parse_version(tag.name)
    return version is not None, version.numbers if version else (), tag.name


def _words(error: Exception) -> str:
    """GitHub's own message, on one line."""
    data = getattr(error, "data", None)
    message = data.get("message") if isinstance(data, dict) else None
    return " ".join(str(message or "no reason given").split())[:200]


def _until(reset: str) -> str:
    """The end of a rate limit, which GitHub gives in seconds since 1970."""
    import time  # only for this message

    return f" until {time.strftime('%H:%M', time.gmtime(int(reset)))} UTC" if reset.isdigit() else ""
