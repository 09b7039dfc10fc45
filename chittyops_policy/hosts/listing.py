"""Which repositories an organisation or a user has on GitHub, and where the default branch of each stands.

One GraphQL query a page. Field names are those of GitHub's schema (docs.github.com/graphql, 2026-11).
"""

from __future__ import annotations

import json

from ..model import Value
from .connection import HostError, Missing, Spent, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .connection import Connection

PAGE = 100
"""Repositories on a page, the most that GitHub gives."""

SMALLEST_PAGE = 10
"""A page that GitHub does not manage in its time is asked for again in smaller ones, down to this."""

NAMED_AT_ONCE = 50
"""Repositories that are looked up by name in one query."""

PROPERTIES = "organization custom properties: read"
"""The App permission that shows `custom_properties`."""

LARGE = 100_000
"""Kilobytes on GitHub's disk from which a repository is no longer read together with others."""

_FIELDS = """
fragment Listed on Repository {
  nameWithOwner url visibility isArchived isDisabled isEmpty isFork diskUsage
  parent { nameWithOwner }
  primaryLanguage { name }
  repositoryTopics(first: 20) { nodes { topic { name } } }
  defaultBranchRef { name target { oid ... on Commit { tree { oid } } } }
}"""

OWNED = (
    """query Owned($owner: String!, $size: Int!, $after: String) {
  repositoryOwner(login: $owner) {
    repositories(first: $size, after: $after, ownerAffiliations: [OWNER], orderBy: {field: NAME, direction: ASC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Listed }
    }
  }
}"""
    + _FIELDS
)


class Listed(Value):
    """A repository as a listing has it.

    slug     owner/name as GitHub spells it now
    parent   of a fork, the repository that it was made from; '' where this token may not know it
    branch   the default branch; `head` its commit and `tree` that commit's tree, '' where GitHub shows none
    empty    whether there is no commit yet
    large    whether it takes so much room that it is read alone
    """

    __slots__ = (
        "archived", "branch", "disabled", "empty", "fork", "head", "language", "large", "parent", "slug", "topics",
        "tree", "url", "visibility",
    )  # fmt: skip

    def __init__(self, node: dict[str, Any]) -> None:
        branch = node.get("defaultBranchRef") or {}
        commit = branch.get("target") or {}
        topics = (node.get("repositoryTopics") or {}).get("nodes") or ()
        self.slug: str = node["nameWithOwner"]
        self.url: str = node.get("url") or ""
        self.visibility: str = (node.get("visibility") or "").lower()
        self.archived = bool(node.get("isArchived"))
        self.disabled = bool(node.get("isDisabled"))
        self.empty = bool(node.get("isEmpty"))
        self.fork = bool(node.get("isFork"))
        self.parent: str = (node.get("parent") or {}).get("nameWithOwner") or ""
        self.language: str = (node.get("primaryLanguage") or {}).get("name") or ""
        self.topics: tuple[str, ...] = tuple(topic["topic"]["name"] for topic in topics if topic)
        self.branch: str = branch.get("name") or ""
        self.tree: str = (commit.get("tree") or {}).get("oid") or ""
        self.head: str = (commit.get("oid") or "") if self.tree else ""
        self.large = (node.get("diskUsage") or 0) > LARGE


class Incomplete(HostError):
    """A listing that lacks some of what there is; what came before it holds."""


def owned(connection: Connection, owner: str) -> Iterator[Listed]:
    """Every repository of an organisation or a user that the token may see.

    Raises Missing where there is no such owner, Incomplete at the end where GitHub held something back or broke off,
    and what `Connection.query` raises where the first page cannot be had.
    """
    size, after, listed, hidden, words = PAGE, None, 0, 0, ""
    total: int | None = None
    while True:
        try:
            data, errors = connection.query(OWNED, {"owner": owner, "size": size, "after": after})
        except HostError as error:
            if isinstance(error, Unreachable) and error.status >= 500 and size > SMALLEST_PAGE:
                size //= 2
                continue
            if not listed:
                raise
            raise _broken_off(owner, listed, total, error.message, error) from error
        page = (data.get("repositoryOwner") or {}).get("repositories")
        words = words or message_of(errors)
        if page is None:
            if not listed and (not errors or any(is_missing(error) for error in errors)):
                raise Missing(404, f"{owner} is no organisation or user, or the token may not see it", "graphql")
            if size > SMALLEST_PAGE and not data:
                size //= 2  # GitHub gives up on what takes too long with an error and no data
                continue
            raise _broken_off(owner, listed, total, words or "GitHub gave no list", None)
        total = page["totalCount"]
        for node in page["nodes"]:
            if node is None:
                hidden += 1
                continue
            listed += 1
            yield Listed(node)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    if hidden:
        raise Incomplete(
            f"GitHub holds back {hidden} of the {total} repositories of {owner}: {words or 'no reason given'}",
            "graphql",
            "organisations with single sign-on want the token to be authorised for them",
        )


def named(connection: Connection, slugs: Sequence[str]) -> Iterator[tuple[str, Listed | HostError]]:
    """Each repository of a list of names, under the name that was asked for; an old name leads to the new one.

    A repository that cannot be had comes with the reason. Raises nothing but KeyboardInterrupt and the like.
    """
    for start in range(0, len(slugs), NAMED_AT_ONCE):
        part = slugs[start : start + NAMED_AT_ONCE]
        lines = [f"r{number}: {repository_field(slug)} {{ ...Listed }}" for number, slug in enumerate(part)]
        try:
            data, errors = connection.query("query Named {\n" + "\n".join(lines) + "\n}" + _FIELDS)
        except HostError as error:
            for slug in part:
                yield slug, error
            if isinstance(error, Spent):
                yield from ((slug, error) for slug in slugs[start + NAMED_AT_ONCE :])
                return
            continue
        for number, slug in enumerate(part):
            node = data.get(f"r{number}")
            if node is not None:
                yield slug, Listed(node)
            else:
                own = [error for error in errors if first_key(error) == f"r{number}"]
                words = message_of(own) or message_of(errors) or "no such repository, or the token may not see it"
                yield slug, Missing(404, words, "graphql")


def custom_properties(connection: Connection, owner: str) -> dict[str, dict[str, str]]:
    """The custom properties of an organisation's repositories, by slug in lower case; those without a value left out.

    Several values of one property are joined by commas. Raises as `Connection.get` does; a user has none (Missing).
    """
    found: dict[str, dict[str, str]] = {}
    for item in connection.pages(f"orgs/{owner}/properties/values"):
        found[item["repository_full_name"].lower()] = {
            one["property_name"]: ",".join(one["value"]) if isinstance(one["value"], list) else str(one["value"])
            for one in item["properties"]
            if one["value"] is not None
        }
    return found


def repository_field(slug: str) -> str:
    """The GraphQL field that looks a repository up by name."""
    owner, _, name = slug.partition("/")
    return f"repository(owner: {json.dumps(owner)}, name: {json.dumps(name)})"


def message_of(errors: Sequence[Any]) -> str:
    """GitHub's words for the first of some GraphQL errors, on one line; '' where there is none."""
    for error in errors:
        if isinstance(error, dict) and error.get("message"):
            return " ".join(str(error["message"]).split())[:300]
    return ""


def is_missing(error: Any) -> bool:
    """Whether a GraphQL error says that something does not exist or must not be known."""
    return isinstance(error, dict) and error.get("type") == "NOT_FOUND"


def first_key(error: Any) -> str:
    """The top-level field that a GraphQL error is about; ''  where it names none."""
    path = error.get("path") if isinstance(error, dict) else None
    return str(path[0]) if path else ""


def _broken_off(owner: str, listed: int, total: int | None, words: str, error: HostError | None) -> Incomplete:
    of = f" of {total}" if total is not None else ""
    return Incomplete(
        f"the list of the repositories of {owner} broke off after {listed}{of}: {words}",
        "graphql",
        error.hint if error is not None else "run again",
    )
