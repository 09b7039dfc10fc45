"""A small server that stands for ChittyConnect, ChittyBeacon, GitHub's token service, Cloudflare and deployed services,
and checks what it is asked.

A request that the real services would not take (another method, path, header or body) is answered with 400 and kept in
`violations`, which a test expects to be empty. What else a service could answer, a test puts into `script`.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator

TOKEN, IDENTITY, KEY, TRACK = "/token", "/api/github-actions/credentials", "/api/credentials/provision", "/track"

CONNECT, BEACON, CLOUDFLARE, TOKENS = (
    "https://connect.chitty.cc", "https://beacon.cloudeto.com", "https://api.cloudflare.com", "https://tokens.example"
)  # fmt: skip
OBJECTS = "/client/v4/accounts/"
HEALTH = "/health"

REQUEST_TOKEN = "request-token-5a1e"
IDENTITY_TOKEN = "header.payload-8c2d.signature"
API_KEY = "chitty-key-77ab"
VALUES = {
    "CLOUDFLARE_API_TOKEN": "cloudflare-value-1f93",
    "CLOUDFLARE_ACCOUNT_ID": "account-value-2b71",
    "NPM_TOKEN": "npm-value-9d40",
    "GITHUB_TOKEN": "github-value-6e58",
}
"""What ChittyConnect issues unless a test says otherwise."""

_TEXT = {"type": "string", "minLength": 1}
_ZONES = {"type": "array", "items": _TEXT, "minItems": 1}
SCHEMAS: Mapping[str, Any] = {
    # chittyconnect: src/api/routes/github-actions.js and credentials.js, read in 2026-11.
    IDENTITY: {
        "type": "object",
        "required": ["credentials", "purpose", "service"],
        "properties": {
            "credentials": {"type": "array", "items": {"pattern": "^[A-Z][A-Z0-9_]*$"}, "minItems": 1},
            "purpose": _TEXT,
            "service": _TEXT,
            "zones": _ZONES,
        },
        "additionalProperties": False,
    },
    KEY: {
        "type": "object",
        "required": ["type", "context"],
        "properties": {
            "type": _TEXT,
            "context": {
                "type": "object",
                "required": ["service", "purpose", "repo", "run_id"],
                "properties": {
                    "service": _TEXT, "purpose": _TEXT, "repo": {"pattern": "^[^/]+/[^/]+$"}, "run_id": _TEXT,
                    "zones": _ZONES,
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
    # chittybeacon: tracker-server.js and index.js, read in 2026-11; then what the standard asks for.
    TRACK: {
        "type": "object",
        "required": [
            "id", "name", "platform", "event", "service", "repository", "commit", "workflow", "run", "status",
            "duration", "timestamp",
        ],
        "properties": {
            "id": {"pattern": "^github-"}, "name": _TEXT, "platform": {"const": "github-actions"},
            "event": {"const": "deployment"}, "service": _TEXT, "repository": {"pattern": "^[^/]+/[^/]+$"},
            "ref": {"type": "string"}, "commit": {"pattern": "^[0-9a-f]{40}$"}, "workflow": _TEXT, "job": _TEXT,
            "run": {"pattern": "^[0-9]+$"}, "run_attempt": _TEXT, "run_url": {"pattern": "^https://[^/]+/"},
            "status": _TEXT, "duration": {"type": ["integer", "null"], "minimum": 0},
            "timestamp": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        },
        "additionalProperties": False,
    },
}  # fmt: skip


class Answer(NamedTuple):
    """A response; `body` is JSON unless it is bytes.

    delay   seconds before it begins
    cut     whether the connection is closed before anything is said
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = {}
    delay: float = 0
    cut: bool = False


class Request(NamedTuple):
    """What came in: path without query, headers in lower case, the body as JSON or None; of a PUT its SHA-256."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


class Services:
    """What the server has been asked, and what it shall answer.

    url       where ChittyConnect and the Beacon are: this server itself, or with `names` the real addresses
    port      the server's own
    values    what ChittyConnect issues
    files     path → what is to be had there
    script    path → answers that come before the usual one, in order
    arguments command lines of this machine that showed a secret while a request was served
    """

    def __init__(self, port: int, names: bool) -> None:
        self.port = port
        self.names = names
        self.url = CONNECT if names else f"http://127.0.0.1:{port}"
        self.files: dict[str, bytes] = {}
        self.values: dict[str, Any] = dict(VALUES)
        self.script: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.arguments: list[str] = []

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def bodies(self, path: str) -> list[Any]:
        return [request.body for request in self.requests if request.path == path]

    def environment(self) -> dict[str, str]:
        """What GitHub puts into the environment of a job that may ask for identity tokens."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{TOKENS if self.names else self.url}{TOKEN}?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        }

    def secrets(self) -> list[str]:
        """Everything that must never be seen: tokens, keys, and each line of the values."""
        values = [value for value in self.values.values() if isinstance(value, str)]
        lines = [line for value in values for line in value.splitlines() if line.strip()]
        return [REQUEST_TOKEN, IDENTITY_TOKEN, API_KEY, *values, *lines]

    # -------------------------------------------------------------------------------------------------- answering

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        self.arguments += seen_arguments(self.secrets())
        handler = self._handler(request.path)
        problem = "no such path" if handler is None else self._problem(request)
        if problem or handler is None:
            self.violations.append(f"{request.method} {request.path}: {problem}")
            return Answer(400, {"success": False, "error": {"code": "VIOLATION"}})
        scripted = self.script.get(request.path)
        return scripted.pop(0) if scripted else handler(request)

    def _handler(self, path: str) -> Callable[[Request], Answer] | None:
        if path in self.files:
            return lambda request: Answer(200, self.files[path])
        if path.startswith(OBJECTS):
            return lambda request: Answer(200, {"success": True, "errors": []})
        return {
            TOKEN: self._token, IDENTITY: self._identity, KEY: self._key, TRACK: self._track, HEALTH: self._health
        }.get(path)  # fmt: skip

    def _problem(self, request: Request) -> str:
        if self.names:
            host = {TOKEN: TOKENS, IDENTITY: CONNECT, KEY: CONNECT, TRACK: BEACON}.get(request.path)
            host = CLOUDFLARE if request.path.startswith(OBJECTS) else host
            if host is not None and request.headers.get("host") != host.removeprefix("https://"):
                return f"asked of {request.headers.get('host')}"
        if request.path == HEALTH or request.path in self.files:
            return "" if request.method == "GET" and "authorization" not in request.headers else "another method"
        if request.path.startswith(OBJECTS):
            token, account = self.values["CLOUDFLARE_API_TOKEN"], self.values["CLOUDFLARE_ACCOUNT_ID"]
            if request.headers.get("authorization") != f"Bearer {token}" or request.method != "PUT":
                return "another Authorization header or method"
            return "" if request.path.startswith(f"{OBJECTS}{account}/r2/buckets/") else "another account"
        expected = {TOKEN: f"Bearer {REQUEST_TOKEN}", IDENTITY: f"Bearer {IDENTITY_TOKEN}", KEY: f"Bearer {API_KEY}"}
        if request.headers.get("authorization") != expected.get(request.path):
            return "another Authorization header"
        if request.path == TOKEN:
            if request.method != "GET":
                return "another method"
            return "" if request.query == {"api-version": ["2.0"], "audience": [self.url]} else f"query {request.query}"
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            return "another method or Content-Type"
        errors = Draft202012Validator(SCHEMAS[request.path]).iter_errors(request.body)
        return "; ".join(f"{error.json_path}: {error.message}" for error in errors)

    def _token(self, request: Request) -> Answer:
        return Answer(200, {"count": 1, "value": IDENTITY_TOKEN})

    def _identity(self, request: Request) -> Answer:
        unknown = [name for name in request.body["credentials"] if name not in self.values]
        if unknown:
            return Answer(400, {"success": False, "error": {"code": "INVALID_CREDENTIALS", "message": str(unknown)}})
        issued = {name: self.values[name] for name in request.body["credentials"]}
        return Answer(200, {"success": True, "credentials": issued, "metadata": {"workflow": "x"}})

    def _key(self, request: Request) -> Answer:
        credential = {
            "type": "cloudflare_api_token",
            "value": self.values["CLOUDFLARE_API_TOKEN"],
            "account_id": self.values["CLOUDFLARE_ACCOUNT_ID"],
            "scopes": ["workers:write"],
        }
        return Answer(200, {"success": True, "credential": credential})

    def _track(self, request: Request) -> Answer:
        return Answer(200, {"status": "ok"})

    def _health(self, request: Request) -> Answer:
        return Answer(200, {"status": "ok"})


def certificate(folder: Path) -> Path:
    """A file with a key and a certificate for all names that the actions and workflows know."""
    place = folder / "certificate.pem"
    names = [name.removeprefix("https://") for name in (CONNECT, BEACON, CLOUDFLARE, TOKENS)]
    subject = "subjectAltName=" + ",".join(f"DNS:{name}" for name in [*names, "*.chitty.cc"])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
         subject, "-keyout", str(folder / "key.pem"), "-out", str(folder / "only.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    place.write_bytes((folder / "key.pem").read_bytes() + (folder / "only.pem").read_bytes())
    return place


def seen_arguments(secrets: list[str]) -> list[str]:
    """The command lines with a secret in them of all processes that run right now, as `ps` shows them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended in between
        found += [line for secret in secrets if secret in line]
    return found


@contextmanager
def serving(certified: Path | None = None) -> Iterator[Services]:
    """The server on a free port of this machine, for as long as the block runs.

    With the file of `certificate` it speaks TLS and stands for the real addresses.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            content: Any
            try:
                content = hashlib.sha256(body).hexdigest() if self.command == "PUT" else json.loads(body or b"null")
            except ValueError:
                content = f"no JSON: {body!r}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = services.answer(Request(self.command, parts.path, parse_qs(parts.query), headers, content))
            time.sleep(given.delay)
            if given.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            try:
                self.send_response(given.status)
                for name, value in given.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                self.close_connection = True  # whoever asked did not wait for it

        do_GET = do_POST = do_PUT = do_HEAD = _serve

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certified is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    services = Services(server.server_port, certified is not None)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
