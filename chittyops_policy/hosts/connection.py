"""One way to GitHub for everything that asks more than a few questions: REST and GraphQL, one budget, one patience.

GitHub's limits, as its documents have them (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
…/best-practices-for-using-the-rest-api, 2026-11): a primary limit a token and hour, told by ``x-ratelimit-*``; a
secondary one, told by ``retry-after`` or by a 403 or 429 with quota left; requests that create content want a second
between them. A read that failed on the way is asked again. A write whose answer was lost is not: `AnswerLost` says so,
and whoever wrote looks whether it happened.
"""

from __future__ import annotations

import json
import random
import threading
import time
from urllib.parse import quote, urlencode, urlsplit

from ..errors import EXIT_FINDINGS, PolicyError
from ..model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from github.Auth import Auth
    from github.Requester import Requester

API = "https://api.github.com"

TRIES = 5
"""How often a question is put before its failure counts."""

LONGEST_WAIT = 3700
"""Seconds that a wait for a limit may take; GitHub's primary limit ends within the hour."""

WRITE_PAUSE = 1.0
"""Seconds between two requests that create content, as GitHub asks."""

_PATIENCE = 30
"""Seconds to wait for an answer."""


class HostError(PolicyError):
    """What GitHub did not answer or did not do: `message` says what, `path` which address was asked."""

    exit_code = EXIT_FINDINGS

    def __init__(self, message: str, path: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.path = path


class Refused(HostError):
    """GitHub said no: `status` and, where GitHub names it, the App `permission` that would do."""

    def __init__(self, status: int, message: str, path: str, permission: str = "", data: object = None) -> None:
        super().__init__(message, path)
        self.status = status
        self.permission = permission
        self.data = data


class Missing(Refused):
    """There is no such thing, or this token may not know of it: GitHub answers 404 for both."""


class Unreachable(HostError):
    """Nobody answered, often enough to give up; the rest of a sweep may still go well.

    status  what GitHub answered last, such as 502; 0 where nothing came back
    """

    def __init__(self, message: str, path: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, path, hint)
        self.status = status


class AnswerLost(Unreachable):
    """A write was sent and no answer came: it may have happened."""


class Spent(HostError):
    """A limit that ends later than anybody wants to wait, or a token that died: no further question makes sense."""


class _BrokenOff(OSError):
    """What came is only the beginning of an answer: as good as none."""


class Answer(Value):
    """One answer: `status`, `headers` with names in lower case, and the parsed body (None where it is empty)."""

    __slots__ = ("data", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], data: Any) -> None:
        self.status = status
        self.headers = headers
        self.data = data


class Connection:
    """Asks one GitHub with one credential; may be used by several threads.

    auth   how requests are signed, see `access`
    tell   receives a sentence for a person when there is a wait
    sleep, clock  of the machine; others only where time has to be made up
    """

    def __init__(
        self,
        auth: Auth,
        base_url: str = API,
        *,
        tell: Callable[[str], None] = lambda sentence: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        longest_wait: float = LONGEST_WAIT,
        write_pause: float = WRITE_PAUSE,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.dead: Spent | None = None
        self.asked = 0
        self._auth = auth
        self._tell = tell
        self._sleep = sleep
        self._clock = clock
        self._longest_wait = longest_wait
        self._write_pause = write_pause
        self._local = threading.local()
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._not_before = 0.0
        self._next_write = 0.0

    # ------------------------------------------------------------------------------------------------ reading

    def get(self, path: str, /, **parameters: str | int) -> Any:
        """The body of ``GET path``. Raises Missing, Refused, Unreachable, Spent."""
        return self.ask(path, parameters).data

    def ask(
        self, path: str, parameters: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The whole answer to ``GET path``; 304 is one too. Raises as `get` does."""
        return self._repeat("GET", path + ("?" + urlencode(parameters) if parameters else ""), None, headers, True)

    def pages(self, path: str, /, key: str = "", **parameters: str | int) -> Iterator[Any]:
        """Every item of a listing, page after page; `key` names the list where it is inside an object."""
        answer = self.ask(path, {"per_page": 100, **parameters})
        while True:
            yield from answer.data[key] if key else answer.data
            following = _next(answer.headers.get("link", ""))
            if not following:
                return
            parts = urlsplit(following)
            prefix = urlsplit(self.base_url).path
            answer = self.ask(parts.path.removeprefix(prefix) + "?" + parts.query)

    def query(self, text: str, variables: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], list[Any]]:
        """The data of a GraphQL query and the errors beside it; data is {} where there is none.

        Raises as `get` does; an error that GitHub lists is an answer, not an exception.
        """
        return self._graphql(text, variables, True)

    # ------------------------------------------------------------------------------------------------ writing

    def send(self, verb: str, path: str, body: Any = None) -> Any:
        """The body of the answer to a request that changes something: POST, PATCH, PUT or DELETE.

        It is sent again only where GitHub said that it did nothing. Raises AnswerLost where that is not known, else
        as `get` does.
        """
        with self._writing:
            self._pause()
            return self._repeat(verb, path, body, None, False).data

    def mutate(self, text: str, variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """A GraphQL mutation, with the care of `send` and the answer of `query`."""
        with self._writing:
            self._pause()
            return self._graphql(text, variables, False)

    def _pause(self) -> None:
        now = self._clock()
        if now < self._next_write:
            self._sleep(self._next_write - now)
        self._next_write = self._clock() + self._write_pause

    # ------------------------------------------------------------------------------------------------- asking

    def _graphql(
        self, text: str, variables: Mapping[str, Any] | None, repeatable: bool
    ) -> tuple[dict[str, Any], list[Any]]:
        body = {"query": text, "variables": dict(variables or {})}
        for attempt in range(TRIES):
            answer = self._repeat("POST", "graphql", body, None, repeatable)
            data = answer.data if isinstance(answer.data, dict) else {}
            errors = data.get("errors") or []
            if not any(isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in errors):
                return data.get("data") or {}, errors
            self._wait_for_limit(answer, attempt, "graphql")
        raise Spent(f"{self.base_url} answers no more questions for now: its rate limit is used up", "graphql")

    def _repeat(self, verb: str, path: str, body: Any, headers: Mapping[str, str] | None, repeatable: bool) -> Answer:
        if self.dead is not None:
            raise self.dead
        trouble, status = "", 0
        for attempt in range(TRIES):
            self._hold()
            try:
                answer = self._once(verb, path, body, headers)
            except OSError as error:  # requests' exceptions are; what they say may hold an address
                trouble, status = f"{self.base_url} cannot be reached: {type(error).__name__}", 0
                if not repeatable and not _never_sent(error):
                    raise AnswerLost(trouble, path) from error
            else:
                if answer.status < 400:
                    return answer
                if answer.status >= 500:
                    status = answer.status
                    trouble = f"{self.base_url} failed with status {status}: {_words(answer.data)}"
                    if not repeatable:
                        raise AnswerLost(trouble, path)
                elif _is_limit(answer):
                    self._wait_for_limit(answer, attempt, path)
                    continue
                else:
                    self._refuse(answer, path)
            if attempt + 1 < TRIES:
                self._sleep(_backoff(attempt))
        raise Unreachable(trouble or f"{self.base_url} asks to wait again and again", path, status=status)

    def _once(self, verb: str, path: str, body: Any, headers: Mapping[str, str] | None) -> Answer:
        requester = self._requester()
        with self._gate:
            self.asked += 1
        url = requester.graphql_url if path == "graphql" else "/" + path.lstrip("/")
        status, received, text = requester.requestJson(verb, url, headers=dict(headers or {}), input=body)
        try:
            data = json.loads(text) if text else None
        except ValueError:
            if status < 400 and "json" in received.get("content-type", ""):
                raise _BrokenOff("the answer breaks off") from None
            data = text
        return Answer(status, received, data)

    def _requester(self) -> Requester:
        # PyGithub's connection keeps the request in itself between two calls: each thread needs its own.
        requester: Requester | None = getattr(self._local, "requester", None)
        if requester is None:
            from github import Github  # takes longer to load than a check to run

            client = Github(
                auth=self._auth,
                base_url=self.base_url,
                timeout=_PATIENCE,
                per_page=100,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
            requester = client.requester
            self._local.requester = requester
        return requester

    def _refuse(self, answer: Answer, path: str) -> None:
        words = _words(answer.data)
        if answer.status == 401:
            self.dead = Spent(
                f"{self.base_url} does not accept the token: {words}", path, "give a token that is still valid"
            )
            raise self.dead
        permission = answer.headers.get("x-accepted-github-permissions", "").replace("=", ": ")
        kind = Missing if answer.status in (404, 410) else Refused
        raise kind(answer.status, words, path, permission, answer.data)

    # -------------------------------------------------------------------------------------------------- limits

    def _hold(self) -> None:
        """Waits while a limit that some thread met lasts."""
        while True:
            with self._gate:
                left = self._not_before - self._clock()
            if left <= 0:
                return
            self._sleep(left)

    def _wait_for_limit(self, answer: Answer, attempt: int, path: str) -> None:
        headers = answer.headers
        after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
        if after.isdigit():
            wait, why = float(after) + random.random(), "a secondary rate limit"
        elif headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            wait, why = max(float(reset) - self._clock(), 0) + 1, "the hourly rate limit"
        else:
            # GitHub: at least a minute, then longer and longer.
            wait, why = 60.0 * 2**attempt + random.random(), "a secondary rate limit"
        if wait > self._longest_wait:
            end = time.strftime("%H:%M", time.gmtime(self._clock() + wait))
            self.dead = Spent(
                f"{self.base_url} answers no more until {end} UTC: {why} is used up", path, "run again then"
            )
            raise self.dead
        self._tell(f"waiting {wait:.0f} s for {why} of {urlsplit(self.base_url).hostname}")
        with self._gate:
            self._not_before = max(self._not_before, self._clock() + wait)


def segment(text: str) -> str:
    """A name as one part of an address, for branches and paths with ``/`` and ``#`` in them."""
    return quote(text, safe="")


def _is_limit(answer: Answer) -> bool:
    if answer.status not in (403, 429):
        return False
    if answer.status == 429 or "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0":
        return True
    return "rate limit" in _words(answer.data).lower() or "abuse detection" in _words(answer.data).lower()


def _never_sent(error: OSError) -> bool:
    """Whether a request failed before a byte of it left: the connection could not be made."""
    from requests.exceptions import ConnectTimeout  # loaded with PyGithub
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    if isinstance(error, ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def _backoff(attempt: int) -> float:
    return float(2**attempt * (0.25 + random.random() / 4))


def _next(link: str) -> str:
    """The address of the next page in a Link header, or ''."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return address.strip().strip("<>")
    return ""


def _words(data: object) -> str:
    """GitHub's own message, on one line."""
    message = data.get("message") if isinstance(data, dict) else None
    return " ".join(str(message or "no reason given").split())[:300]
