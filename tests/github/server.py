"""The proxy in front of the emulator: it records, breaks on request, checks, fills gaps, and forwards the rest."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from .faults import Dropped, Faults
from .memory import Memory, Repository, Upstream
from .messages import Answer, Refusal, Request, answer, not_found
from .tokens import ANONYMOUS, Budget, Token, forwarded_needs

ADMIN = "octocat"
"""Owner of every organisation; what this GitHub does by itself it does in this name."""

UPSTREAM_TOKENS = 40
"""Tokens of each person at the emulator, which gives each 5,000 requests; the proxy has a budget of its own."""


@dataclass(frozen=True)
class Seen:
    """One request that reached GitHub, or that a fault kept from it (`status` 0 where no answer came)."""

    method: str
    path: str
    query: dict[str, str]
    operation: str
    writes: bool
    token: str | None
    body: bytes
    status: int

    @property
    def kind(self) -> str:
        return "graphql" if self.path == "/graphql" else "rest"

    def __str__(self) -> str:
        asked = "?" + "&".join(f"{name}={value}" for name, value in self.query.items()) if self.query else ""
        return f"{self.method} {self.path}{asked} {self.operation}".rstrip() + f" → {self.status}"


class Call:
    """A request on its way to a function that answers it."""

    def __init__(self, server: GitHubServer, request: Request, token: Token) -> None:
        self.server = server
        self.request = request
        self.token = token

    @property
    def memory(self) -> Memory:
        return self.server.memory

    @property
    def json(self) -> Any:
        return self.request.json

    def repository(self, owner: str, name: str) -> Repository:
        """The repository of a path. Raises Refusal where the token does not see it."""
        found = self.server.find(f"{owner}/{name}")
        if found is None or not self.token.sees(found.slug, found.private):
            raise not_found()
        return found

    def kept(self, what: str, owner: object, default: Callable[[], Any]) -> Any:
        """What the proxy remembers of a repository's id or an organisation's name."""
        return self.server.kept(what, owner, default)

    def upstream(self, method: str, target: str, body: Any = None) -> Answer:
        """Asks the emulator in the client's name."""
        sent = Request(method, target, dict(self.request.headers), b"" if body is None else json.dumps(body).encode())
        sent.headers.pop("if-none-match", None)
        return self.server.forward(sent, self.token)


Function = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """A path of GitHub that the proxy answers; `need` are permissions of which one is enough."""

    method: str
    pattern: re.Pattern[str]
    need: tuple[str, ...]
    function: Function


class Routes:
    """The routes of one module: ``@routes.add("GET", "/orgs/{org}/rulesets", "organization_administration:read")``.

    ``{path...}`` takes slashes too.
    """

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(self, method: str, path: str, *need: str) -> Callable[[Function], Function]:
        """Registers a function of a Call and the path's parts."""
        pattern = re.sub(
            r"\{(\w+)(\.\.\.)?\}",
            lambda part: f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})",
            re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\.\.\.", "..."),
        )

        def keep(function: Function) -> Function:
            self.all.append(Route(method, re.compile(pattern), need, function))
            return function

        return keep


class GitHubServer:
    """The proxy. `address` is what a client is given as the base of the API."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = routes
        self.faults = Faults()
        self.tokens: dict[str, Token] = {}
        self.dead: set[str] = set()
        self.budgets: dict[tuple[str, str], Budget] = {}
        self.checks: list[Callable[[Request], list[str]]] = []
        self.response_checks: list[Callable[[Request, Answer], list[str]]] = []
        self.findings: list[str] = []
        self.hints: list[str] = []
        self.hidden: dict[str, str] = {}
        self.overlap = 0
        self.renamed: dict[str, int] = {}
        self.seen: list[Seen] = []
        self.lock = threading.RLock()
        self._kept: dict[tuple[str, object], Any] = {}
        self._spelled: dict[str, str] = {}
        self._forwarded: dict[str, int] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.upstream = Upstream(0)
        self.memory = Memory(self.upstream)

    @contextmanager
    def in_front_of(self, port: int) -> Iterator[None]:
        """Serves as long as the block runs."""
        self.upstream.port = port
        thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    # --------------------------------------------------------------------------------------------- what it knows

    def kept(self, what: str, owner: object, default: Callable[[], Any]) -> Any:
        """Something remembered under a name for a repository's id or an organisation's name."""
        with self.lock:
            if (what, owner) not in self._kept:
                self._kept[what, owner] = default()
            return self._kept[what, owner]

    def keep(self, what: str, owner: object, value: Any) -> None:
        """Remembers it."""
        with self.lock:
            self._kept[what, owner] = value

    def find(self, slug: str) -> Repository | None:
        """A repository by its name in any case."""
        return self.memory.repository(slug)

    def was_renamed(self, slug: str, number: int) -> None:
        """The name leads to the repository with this id from now on, until another takes it."""
        with self.lock:
            self.renamed[slug.lower()] = number
            self._spelled.clear()

    def person_token(self, login: str) -> str:
        """A token of a person at the emulator with requests left."""
        count = self._forwarded.get(login, 0)
        self._forwarded[login] = count + 1
        return f"{login}-{count // 4500 % UPSTREAM_TOKENS}"

    def as_admin(self, method: str, target: str, body: Any = None) -> Any:
        """Asks the emulator in the name of an owner, past all permissions. Raises RuntimeError where it refuses."""
        return self.upstream.json(method, target, body, self.person_token(ADMIN))

    def direct(self, method: str, target: str, body: Any, token: Token) -> Answer:
        """An answer as a client with this token gets it, unseen, unbroken and unjudged."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "authorization": f"token {token.value}"}
        try:
            return self._route(Request(method, target, headers, content), token)
        except Refusal as refusal:
            return refusal.answer

    def forward(self, request: Request, token: Token) -> Answer:
        """The emulator's own answer."""
        own = ("connection", "host", "content-length", "accept-encoding")
        headers = {name: value for name, value in request.headers.items() if name not in own}
        headers["host"] = self.address.removeprefix("http://")
        if token.installation is None and token.login:
            headers["authorization"] = f"token {self.person_token(token.login)}"
        return self.upstream.ask(request.method, request.target, headers, request.body)

    # --------------------------------------------------------------------------------------------- one request

    def handle(self, request: Request) -> Answer:
        """What GitHub answers. Raises Dropped where a fault says so."""
        for check in self.checks:
            self.findings.extend(check(request))
        fault = self.faults.next_for(request)
        if fault is None:
            return self._respond(request)
        return fault.strike(request, lambda: self._respond(request))

    def _respond(self, request: Request) -> Answer:
        try:
            token = self._authenticate(request)
            found = self._spend(request, token) or self._moved(request) or self._route(request, token)
        except Refusal as refusal:
            return refusal.answer
        for check in self.response_checks:
            self.hints.extend(check(request, found))
        if request.method == "GET" and found.status == 200 and request.path != "/rate_limit":
            tag = f'W/"{hashlib.sha256(found.body).hexdigest()}"'
            found.headers["ETag"] = tag
            if request.headers.get("if-none-match") in (tag, tag.removeprefix("W/")):
                self._refund(token)
                kept = {name: value for name, value in found.headers.items() if not name.lower().startswith("content")}
                found = Answer(304, b"", kept)
        self._limits(request, token, found)
        return found

    def _authenticate(self, request: Request) -> Token:
        value = request.token
        if value is None:
            if request.path == "/graphql":
                raise Refusal(401, "This endpoint requires you to be authenticated.")
            return ANONYMOUS
        if value.startswith("eyJ"):  # a JSON Web Token of an App, which the emulator verifies
            return Token(value, "", permissions={}, installation=0)
        if value in self.dead or value not in self.tokens:
            raise Refusal(401, "Bad credentials")
        return self.tokens[value]

    def _spend(self, request: Request, token: Token) -> Answer | None:
        """Takes one request from the token's budget; the refusal where nothing is left."""
        if request.path in ("/rate_limit", "/graphql"):  # free, and priced by what is asked
            return None
        budget = self.budget(token.value, "core")
        with self.lock:
            if budget.remaining <= 0:
                return answer(
                    {"message": "API rate limit exceeded for user ID 1."}, 403, self._budget_headers(budget, "core")
                )
            budget.remaining -= 1
            budget.used += 1
        return None

    def _refund(self, token: Token) -> None:
        with self.lock:
            budget = self.budget(token.value, "core")
            budget.remaining += 1
            budget.used -= 1

    def budget(self, token: str, resource: str) -> Budget:
        """What a token has left; a new hour begins by itself."""
        with self.lock:
            found = self.budgets.setdefault((token, resource), Budget())
            if found.reset <= time.time():
                found.remaining, found.used, found.reset = found.limit, 0, time.time() + 3600
            return found

    def _budget_headers(self, budget: Budget, resource: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(budget.limit),
            "X-RateLimit-Remaining": str(budget.remaining),
            "X-RateLimit-Used": str(budget.used),
            "X-RateLimit-Reset": str(int(budget.reset)),
            "X-RateLimit-Resource": resource,
        }

    def _limits(self, request: Request, token: Token, found: Answer) -> None:
        resource = "graphql" if request.path == "/graphql" else "core"
        for name in [name for name in found.headers if name.lower().startswith("x-ratelimit")]:
            del found.headers[name]
        found.headers |= self._budget_headers(self.budget(token.value, resource), resource)
        if token.permissions is None and token.login:
            found.headers["X-OAuth-Scopes"] = ", ".join(token.scopes)

    def _moved(self, request: Request) -> Answer | None:
        """GitHub's redirection from a repository's former name."""
        match = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", request.path)
        number = self.renamed.get(unquote(match[1]).lower()) if match else None
        if match is None or number is None or self.find(unquote(match[1])) is not None:
            return None
        question = request.target.partition("?")[2]
        url = f"{self.address}/repositories/{number}{match[2] or ''}" + (f"?{question}" if question else "")
        moved = {"message": "Moved Permanently", "url": url}
        return answer(moved, 301 if request.method in ("GET", "HEAD") else 307, {"Location": url})

    def _route(self, request: Request, token: Token) -> Answer:
        request = self._by_name(request)
        slug = re.match(r"/repos/([^/]+/[^/]+)", request.path)
        if slug is not None and unquote(slug[1]) in self.hidden:
            raise Refusal(403, self.hidden[unquote(slug[1])])
        for route in self._routes:
            match = route.pattern.fullmatch(request.path)
            if match is not None and route.method == request.method:
                token.demand(*route.need)
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                with self.lock:
                    return route.function(Call(self, request, token), **parts)
        self._demand(request, token, unquote(slug[1]) if slug else None)
        found = self.forward(request, token)
        if request.path.endswith("/access_tokens") and found.status == 201:
            self._remember_installation(request, found)
        if found.status == 403 and found.json.get("message") == "Forbidden":
            raise Refusal(403, f"Resource not accessible by {token.kind}")
        return found

    def _demand(self, request: Request, token: Token, slug: str | None) -> None:
        """Refuses a forwarded request that the emulator would let through."""
        one = self.find(slug) if slug else None
        if one is not None and not token.sees(one.slug, one.private):
            raise not_found()
        if token.login:
            token.demand(*forwarded_needs(request, one is not None and one.private))
        if request.method == "POST" and request.path.endswith("/git/trees") and not token.may("workflows:write"):
            paths = [str(entry.get("path")) for entry in request.json.get("tree", [])]
            if any(path.startswith(".github/workflows/") for path in paths):
                # GitHub hides the tree from a classic token without the scope, and refuses it to an App.
                raise (
                    not_found()
                    if token.permissions is None
                    else Refusal(403, f"Resource not accessible by {token.kind}")
                )

    def _by_name(self, request: Request) -> Request:
        """The request with the repository's present name instead of its number or another spelling."""
        by_number = re.match(r"/repositories/(\d+)(.*)$", request.target)
        if by_number is not None:
            found = next((one for one in self.memory.repositories() if one.id == int(by_number[1])), None)
            if found is None:
                raise not_found()
            return Request(request.method, f"/repos/{found.slug}{by_number[2]}", request.headers, request.body)
        by_name = re.match(r"/repos/([^/?]+/[^/?]+)(.*)$", request.target)
        if by_name is None:
            return request
        slug = unquote(by_name[1])
        spelled = self._spelled.get(slug)
        if spelled is None:
            found = self.find(slug)
            if found is None:
                return request
            spelled = self._spelled[slug] = found.slug
        return Request(request.method, f"/repos/{spelled}{by_name[2]}", request.headers, request.body)

    def _remember_installation(self, request: Request, found: Answer) -> None:
        given = found.json
        number = int(request.path.split("/")[3])
        slugs = frozenset(one["full_name"] for one in given["repositories"]) if "repositories" in given else None
        account = self.kept("installation", number, lambda: "")
        self.tokens[given["token"]] = Token(
            given["token"], account, (), given["permissions"], slugs, installation=number
        )


def _handler(server: GitHubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Written in one piece and at once: otherwise each answer waits 40 ms for an acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            try:
                found = server.handle(request)
            except Dropped:
                self._record(request, 0)
                self._reset()
                return
            except Exception as error:
                # A fault of this emulation, not of the client: the test must see it.
                server.findings.append(f"the emulation failed at {request.method} {request.target}: {error!r}")
                found = answer({"message": f"the emulation failed: {error!r}"}, 500)
            self._record(request, found.status)
            try:
                self._send(found)
            except (BrokenPipeError, ConnectionResetError):  # the client waited no longer
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

        def _record(self, request: Request, status: int) -> None:
            server.seen.append(
                Seen(
                    request.method,
                    unquote(request.path),
                    request.query,
                    request.operation,
                    request.writes,
                    request.token,
                    request.body,
                    status,
                )
            )

        def _send(self, found: Answer) -> None:
            self.send_response(found.status)
            for name, value in found.headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)
            self.wfile.flush()

        def _reset(self) -> None:
            self.close_connection = True
            # With no time to linger, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # after a reset
                super().finish()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
