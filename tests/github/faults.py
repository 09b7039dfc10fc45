"""What goes wrong between a client and GitHub, on request."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .messages import DOCUMENTATION, Answer, Request, answer

Forward = Callable[[], Answer]


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass
class Fault:
    """One thing that goes wrong.

    It strikes requests whose method and ``path?query`` match both patterns (and, for GraphQL, the operation such as
    ``mutation``), skips the first `after` of them and then strikes `times` (None: for ever).
    """

    strike: Callable[[Request, Forward], Answer]
    method: str
    path: str
    operation: str
    after: int
    times: int | None
    struck: int = 0

    def matches(self, request: Request) -> bool:
        return (
            re.fullmatch(self.method, request.method) is not None
            and re.search(self.path, request.target) is not None
            and re.search(self.operation, request.operation) is not None
        )


class Faults:
    """The faults that are waiting for their requests. All methods take the arguments of Fault as keywords."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._waiting.clear()

    def next_for(self, request: Request) -> Fault | None:
        """The fault that strikes this request, if one does."""
        with self._lock:
            for fault in self._waiting:
                if fault.times == 0 or not fault.matches(request):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.struck += 1
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def primary_limit(self, reset_in: float = 1, status: int = 403, **match: Any) -> Fault:
        """The hour's requests are used up; GitHub names the second in which they come back."""

        def strike(request: Request, forward: Forward) -> Answer:
            resource = "graphql" if request.path == "/graphql" else "core"
            headers = {
                "x-ratelimit-limit": "5000",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-used": "5000",
                "x-ratelimit-reset": str(int(time.time() + reset_in) + 1),
                "x-ratelimit-resource": resource,
            }
            words = "API rate limit exceeded for user ID 1."
            if request.path == "/graphql":  # 200, as GitHub answers GraphQL
                return answer({"errors": [{"type": "RATE_LIMITED", "message": words}]}, 200, headers)
            return answer({"message": words, "documentation_url": DOCUMENTATION}, status, headers)

        return self._add(strike, match)

    def secondary_limit(self, retry_after: int | None = 1, status: int = 403, **match: Any) -> Fault:
        """Too much at once; GitHub mostly says how many seconds to wait."""

        def strike(request: Request, forward: Forward) -> Answer:
            words = (
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
                "If you reach out to GitHub Support for help, please include the request ID."
            )
            headers = {} if retry_after is None else {"retry-after": str(retry_after)}
            documentation = f"{DOCUMENTATION}/using-the-rest-api/rate-limits-for-the-rest-api"
            return answer({"message": words, "documentation_url": documentation}, status, headers)

        return self._add(strike, match)

    def status(self, status: int, message: str = "Server Error", **match: Any) -> Fault:
        """An answer such as 502, in JSON."""
        return self._add(lambda request, forward: answer({"message": message}, status), match)

    def page(self, status: int = 502, **match: Any) -> Fault:
        """The page that GitHub's front end shows when the rest is down: not JSON."""
        text = b"<html><head><title>502 Bad Gateway</title></head><body>Unicorn!</body></html>"
        return self._add(lambda request, forward: Answer(status, text, {"Content-Type": "text/html"}), match)

    def delay(self, seconds: float, **match: Any) -> Fault:
        """The right answer, late."""

        def strike(request: Request, forward: Forward) -> Answer:
            time.sleep(seconds)
            return forward()

        return self._add(strike, match)

    def dropped(self, **match: Any) -> Fault:
        """The connection is reset before GitHub saw the request."""

        def strike(request: Request, forward: Forward) -> Answer:
            raise Dropped

        return self._add(strike, match)

    def lost(self, **match: Any) -> Fault:
        """GitHub does what it is asked and the connection is reset before the answer."""

        def strike(request: Request, forward: Forward) -> Answer:
            forward()
            raise Dropped

        return self._add(strike, match)

    def errors(self, errors: list[dict[str, Any]], emptied: tuple[str, ...] = (), **match: Any) -> Fault:
        """GraphQL's 200 with errors beside the data; `emptied` are the top-level fields that are null in it."""

        def strike(request: Request, forward: Forward) -> Answer:
            body = forward().json
            for name in emptied:
                body["data"][name] = None
            return answer({**body, "errors": [*body.get("errors", []), *errors]})

        return self._add(strike, {"path": "^/graphql", **match})

    def call(self, function: Callable[[], object], **match: Any) -> Fault:
        """Something happens on GitHub just before the request: somebody pushes, say. The answer is GitHub's own."""

        def strike(request: Request, forward: Forward) -> Answer:
            function()
            return forward()

        return self._add(strike, match)

    def garbled(self, **match: Any) -> Fault:
        """An answer that breaks off in the middle of its JSON."""

        def strike(request: Request, forward: Forward) -> Answer:
            found = forward()
            return Answer(found.status, found.body[: len(found.body) // 2], found.headers)

        return self._add(strike, match)

    def _add(self, strike: Callable[[Request, Forward], Answer], match: dict[str, Any]) -> Fault:
        known = {"method": ".*", "path": "", "operation": "", "after": 0, "times": 1}
        unknown = set(match) - set(known)
        if unknown:
            raise TypeError(f"a fault has no {', '.join(sorted(unknown))}; it has {json.dumps(sorted(known))}")
        fault = Fault(strike, **{**known, **match})
        with self._lock:
            self._waiting.append(fault)
        return fault
