"""Requests and answers as the proxy sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

DOCUMENTATION = "https://docs.github.com/rest"

BODILESS = (204, 304)


@dataclass
class Request:
    """What a client sent. `path` has no query and is still percent-encoded; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else {}

    @property
    def token(self) -> str | None:
        """The credential without its scheme; a basic one (``x-access-token:TOKEN``) does not occur here."""
        given = self.headers.get("authorization")
        return None if given is None else given.partition(" ")[2].strip()

    @property
    def writes(self) -> bool:
        """Whether it changes a repository or a setting. Getting a token of an installation does not."""
        if self.path == "/graphql":
            return self.operation.startswith("mutation")
        return self.method not in ("GET", "HEAD") and not self.path.endswith("/access_tokens")

    @property
    def operation(self) -> str:
        """``mutation Name`` or ``query Name`` of a GraphQL request, otherwise nothing."""
        if self.path != "/graphql":
            return ""
        # Imported where a GraphQL request needs it: the proxy of a REST test does not load the schema's library.
        from graphql import GraphQLError, OperationDefinitionNode, parse

        try:
            body = self.json
            definitions = parse(body["query"]).definitions
        except (GraphQLError, KeyError, ValueError):
            return "invalid"
        wanted = body.get("operationName")
        for definition in definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else ""
                if wanted in (None, name):
                    return f"{definition.operation.value} {name}".rstrip()
        return "invalid"


@dataclass
class Answer:
    """What a client gets."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON; none where the status has no body."""
    if status in BODILESS:
        return Answer(status, b"", dict(headers or {}))
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, json.dumps(value).encode(), {**kind, **(headers or {})})


class Refusal(Exception):
    """An answer of GitHub that is an error."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        body = {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}
        self.answer = answer(body, status, headers)


def not_found() -> Refusal:
    """GitHub's answer where there is nothing, and where it does not say whether there is."""
    return Refusal(404, "Not Found")


def invalid(resource: str, message: str, code: str = "custom") -> Refusal:
    """GitHub's answer to a body that it understands and does not accept."""
    return Refusal(422, "Validation Failed", errors=[{"resource": resource, "code": code, "message": message}])


def page_of(
    request: Request, items: list[Any], address: str, wrap: Callable[[list[Any]], Any] = lambda page: page
) -> Answer:
    """A page of a list with GitHub's Link header; ``per_page`` is 30 unless asked, and at most 100."""
    size = min(max(int(request.query.get("per_page", "30")), 1), 100)
    page = max(int(request.query.get("page", "1")), 1)
    last = max(-(-len(items) // size), 1)
    links = {}
    if page < last:
        links = {"next": page + 1, "last": last}
    if page > 1:
        links |= {"prev": page - 1, "first": 1}
    shown = [
        f'<{address}{request.path}?{_with(request.query, page=number)}>; rel="{name}"' for name, number in links.items()
    ]
    headers = {"Link": ", ".join(shown)} if shown else {}
    return answer(wrap(items[(page - 1) * size : page * size]), headers=headers)


def _with(query: Mapping[str, str], **changed: object) -> str:
    merged = {**query, **{name: str(value) for name, value in changed.items()}}
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in merged.items())
