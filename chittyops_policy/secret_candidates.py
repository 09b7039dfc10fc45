"""A place of a text that looks like a credential: what the search finds and detect-secrets is then asked about."""

from __future__ import annotations

from .model import Value

TOKEN = "token"
KEY_BLOCK = "key block"
URL = "url"
ASSIGNED = "assigned"


class Candidate(Value):
    """A place that looks like a credential: offsets [start, end) of the value, its kind, and what it was found by.

    `title` says what it is, with its article; `name` is the name that it is assigned to, '' where there is none.
    """

    __slots__ = ("end", "kind", "name", "start", "title")

    def __init__(self, kind: str, start: int, end: int, title: str, name: str = "") -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.title = title
        self.name = name
