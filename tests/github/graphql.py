"""``POST /graphql``: GitHub's own schema, executed over what the emulator holds.

A field that is in the schema and not here is a finding of the test that asks for it, never an empty answer.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from ..referees import node
from .gaps.rulesets import forbid_change
from .memory import Repository
from .messages import Answer, Refusal, Request, answer
from .server import Call, Routes

routes = Routes()

MAX_PAGE = 100
MAX_NODES = 500_000
TRUNCATED_AFTER = 512_000
"""Bytes of a blob after which GitHub cuts `text` and says `isTruncated`; from reports, it documents no number."""

BINARY_LOOK = 8_000
"""Git calls a file binary that has a zero byte among its first 8,000."""

Values = dict[str, Any]


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """GitHub's public schema. Raises node.Unavailable."""
    path = node.installed() / "node_modules" / "@octokit" / "graphql-schema" / "schema.graphql"
    return build_schema(path.read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True, no_location=True)


@lru_cache(maxsize=256)
def judged(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """A document and what GitHub's schema says against it; no document where it cannot be read."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document))


def complaints(text: str) -> list[str]:
    """What GitHub's schema says against a document; empty where a client may send it."""
    return [error.message for error in judged(text)[1]]


def check(request: Request) -> list[str]:
    """The findings about a GraphQL request."""
    if request.path != "/graphql" or request.method != "POST":
        return []
    return [f"GraphQL: {words}" for words in complaints(str(request.json.get("query", "")))]


@routes.add("POST", "/graphql")
def answer_graphql(call: Call) -> Answer:
    """GitHub's answer: 200 with data, errors or both; a spent budget is 200 with an error too."""
    body = call.json
    variables: Values = body.get("variables") or {}
    document, problems = judged(body["query"])
    if document is None or problems:
        return answer({"errors": [_shown(error) for error in problems]})
    operation = _operation(document, body.get("operationName"))
    price = _Price(document, variables)
    price.add(operation.selection_set)
    if price.problems:
        return answer({"errors": price.problems})
    budget = call.server.budget(call.token.value, "graphql")
    if budget.remaining < price.cost:
        return answer({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]})
    budget.remaining -= price.cost
    budget.used += price.cost
    world = _World(call, price)
    done = execute_sync(
        schema(),
        document,
        root_value=world.mutation() if operation.operation.value == "mutation" else world.query(),
        variable_values=variables,
        operation_name=body.get("operationName"),
        field_resolver=world.resolve,
    )
    found: Values = {"data": done.data}
    if done.errors:
        found["errors"] = [_shown(error) for error in done.errors]
    return answer(found)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return next(one for one in found if name is None or (one.name and one.name.value == name))


def _locations(error: GraphQLError) -> list[Values]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


def _shown(error: GraphQLError) -> Values:
    """An error as GitHub writes it: its type stands at the top."""
    kind = (error.extensions or {}).get("type")
    shown: Values = {"type": kind} if kind else {}
    if error.path:
        shown["path"] = list(error.path)
    return {**shown, "locations": _locations(error), "message": error.message}


class _Price:
    """Points and nodes of a query, by GitHub's documented arithmetic.

    Each connection costs as many requests as its parents have nodes at most; a hundred requests are a point.
    """

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._variables = variables
        self.requests = 0
        self.nodes = 0
        self.problems: list[Values] = []

    @property
    def cost(self) -> int:
        return max(round(self.requests / 100), 1)

    def add(self, selections: SelectionSetNode | None, parents: int = 1) -> None:
        """Counts a selection below so many parents."""
        for field in self._fields(selections):
            count = parents
            below = {inner.name.value for inner in self._fields(field.selection_set)}
            if below & {"nodes", "edges", "pageInfo", "totalCount"}:
                self.requests += parents
                size = self._size(field)
                if below & {"nodes", "edges"}:
                    if size is None:
                        self._complain(
                            "MISSING_PAGINATION_BOUNDARIES",
                            f"You must provide a `first` or `last` value to properly paginate the "
                            f"`{field.name.value}` connection.",
                        )
                    elif not 1 <= size <= MAX_PAGE:
                        self._complain(
                            "EXCESSIVE_PAGINATION",
                            f"Requesting {size} records on the `{field.name.value}` connection exceeds the `first` "
                            f"limit of {MAX_PAGE} records.",
                        )
                    count = parents * (size or 1)
                    self.nodes += count
            self.add(field.selection_set, count)
        if parents == 1 and self.nodes > MAX_NODES:
            self._complain(
                "MAX_NODE_LIMIT_EXCEEDED",
                f"This query requests up to {self.nodes:,} possible nodes which exceeds the maximum limit of 500,000.",
            )

    def _complain(self, kind: str, words: str) -> None:
        problem = {"type": kind, "message": words}
        if problem not in self.problems:
            self.problems.append(problem)

    def _size(self, field: FieldNode) -> int | None:
        for given in field.arguments or ():
            if given.name.value in ("first", "last"):
                if isinstance(given.value, IntValueNode):
                    return int(given.value.value)
                if isinstance(given.value, VariableNode):
                    value = self._variables.get(given.value.name.value)
                    return None if value is None else int(value)
        return None

    def _fields(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        for one in selections.selections if selections else ():
            if isinstance(one, FieldNode):
                yield one
            elif isinstance(one, InlineFragmentNode):
                yield from self._fields(one.selection_set)
            elif isinstance(one, FragmentSpreadNode):
                yield from self._fields(self._fragments[one.name.value].selection_set)


def _time(text: str | None) -> str | None:
    """GraphQL's times have no fraction."""
    return None if text is None else text.partition(".")[0].removesuffix("Z") + "Z"


def _cursor(key: object) -> str:
    return base64.b64encode(f"cursor:v2:{key}".encode()).decode()


def _bytes64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class _World:
    """The objects of one query. Each is a dictionary: field → value, or a function of the field's arguments."""

    def __init__(self, call: Call, price: _Price) -> None:
        self.call = call
        self.memory = call.memory
        self.price = price
        self._repositories = call.memory.repositories()
        self._by_slug = {one.slug.lower(): one for one in self._repositories}
        self._by_id = {one.id: one for one in self._repositories}

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        """A field's value. One that is not here is a finding."""
        name = info.field_name
        if name not in source:
            words = f"the emulated GraphQL has no {info.parent_type.name}.{name}"
            self.call.server.findings.append(words)
            raise GraphQLError(words)
        value = source[name]
        return value(**given) if callable(value) else value

    def query(self) -> Values:
        return {
            "rateLimit": self.rate_limit,
            "viewer": lambda: {"__typename": "User", "login": self.call.token.login, "id": "U_viewer"},
            "organization": self.organization,
            "repositoryOwner": self.owner,
            "user": self.user,
            "repository": self.repository_named,
            "node": lambda id: self.node(id),
            "nodes": lambda ids: [self.node(id) for id in ids],
        }

    def mutation(self) -> Values:
        return {"createCommitOnBranch": self.create_commit, "updateRefs": self.update_refs}

    def rate_limit(self, dryRun: bool = False) -> Values:
        budget = self.call.server.budget(self.call.token.value, "graphql")
        reset = dt.datetime.fromtimestamp(budget.reset, dt.UTC)
        return {
            "limit": budget.limit,
            "cost": self.price.cost,
            "remaining": budget.remaining,
            "used": budget.used,
            "resetAt": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nodeCount": self.price.nodes,
        }

    # --------------------------------------------------------------------------------------------- owners

    def organization(self, login: str) -> Values:
        accounts = self.call.server.kept("accounts", "", dict)
        name = next((known for known, kind in accounts.items() if known.lower() == login.lower()), None)
        if name is None or accounts[name] != "Organization":
            raise self._missing(f"Could not resolve to an Organization with the login of '{login}'.")
        return self._account(name, "Organization")

    def user(self, login: str) -> Values:
        accounts = self.call.server.kept("accounts", "", dict)
        if accounts.get(login) != "User":
            raise self._missing(f"Could not resolve to a User with the login of '{login}'.")
        return self._account(login, "User")

    def owner(self, login: str) -> Values | None:
        accounts = self.call.server.kept("accounts", "", dict)
        return self._account(login, accounts[login]) if login in accounts else None

    def _account(self, name: str, kind: str) -> Values:
        return {
            "__typename": kind,
            "id": _bytes64(f"{kind}:{name}"),
            "login": name,
            "name": name,
            "repositories": lambda **given: self.repositories(name, **given),
        }

    def repositories(self, owner: str, **given: Any) -> Values:
        found = [
            one
            for one in self._repositories
            if one.owner == owner
            and self.call.token.sees(one.slug, one.private)
            and (self.call.token.repositories is None or one.slug in self.call.token.repositories)
            and given.get("isArchived") in (None, one.row["archived"])
            and given.get("isFork") in (None, one.row["fork"])
            and given.get("visibility") in (None, one.row["visibility"].upper())
            and given.get("privacy") in (None, "PRIVATE" if one.private else "PUBLIC")
        ]
        order = given.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        columns: dict[str, Callable[[Repository], Any]] = {
            "NAME": lambda one: one.name.lower(),
            "PUSHED_AT": lambda one: one.row["pushed_at"] or "",
            "UPDATED_AT": lambda one: one.row["updated_at"],
            "CREATED_AT": lambda one: one.id,
            "STARGAZERS": lambda one: one.row["stargazers_count"],
        }
        found.sort(key=columns[order["field"]], reverse=order["direction"] == "DESC")
        return self._connection(found, self.repository, given, lambda one: one.id, self.call.server.overlap)

    # --------------------------------------------------------------------------------------------- repositories

    def repository_named(self, owner: str, name: str, followRenames: bool = True) -> Values:
        slug = f"{owner}/{name}"
        found = self._by_slug.get(slug.lower())
        if found is None and followRenames:
            found = self._by_id.get(self.call.server.renamed.get(slug.lower(), 0))
        if found is None or not self.call.token.sees(found.slug, found.private):
            raise self._missing(f"Could not resolve to a Repository with the name '{slug}'.")
        return self.repository(found)

    def repository(self, one: Repository) -> Values:
        if one.slug in self.call.server.hidden:
            raise GraphQLError(self.call.server.hidden[one.slug], extensions={"type": "FORBIDDEN"})
        row = one.row
        language = row["language"]
        return {
            "__typename": "Repository",
            "id": row["node_id"],
            "databaseId": one.id,
            "name": one.name,
            "nameWithOwner": one.slug,
            "description": row["description"],
            "url": f"{self.call.server.address}/{one.slug}",
            "owner": lambda: self._account(one.owner, row["owner_type"]),
            "isArchived": row["archived"],
            "isDisabled": row["disabled"],
            "isFork": row["fork"],
            "isPrivate": one.private,
            "isTemplate": row["is_template"],
            "isEmpty": not any(name.startswith("refs/heads/") for name in one.references),
            "isLocked": False,
            "isMirror": False,
            "isInOrganization": row["owner_type"] == "Organization",
            "visibility": row["visibility"].upper(),
            "diskUsage": row["size"],
            "createdAt": _time(row["created_at"]),
            "pushedAt": _time(row["pushed_at"]),
            "updatedAt": _time(row["updated_at"]),
            "archivedAt": _time(row["updated_at"]) if row["archived"] else None,
            "primaryLanguage": {"__typename": "Language", "id": language, "name": language} if language else None,
            "repositoryTopics": lambda **given: self._connection(
                row["topics"], lambda name: {"topic": {"name": name, "id": name}}, given, str
            ),
            "parent": lambda: self._parent(row["parent"]),
            "defaultBranchRef": lambda: self.reference(one, f"refs/heads/{one.default_branch}"),
            "ref": lambda qualifiedName: self.reference(one, self._qualified(one, qualifiedName)),
            "refs": lambda refPrefix, **given: self._references(one, refPrefix, given),
            "object": lambda expression=None, oid=None: self.expression(one, expression, oid),
            "pullRequests": lambda **given: self.pulls(one, given),
            "viewerPermission": "ADMIN" if self.call.token.may("administration:write") else "READ",
            "viewerCanAdminister": self.call.token.may("administration:write"),
            "hasVulnerabilityAlertsEnabled": self.call.kept("vulnerability-alerts", one.id, lambda: False),
            "hasIssuesEnabled": row["has_issues"],
            "hasWikiEnabled": row["has_wiki"],
            "deleteBranchOnMerge": row["delete_branch_on_merge"],
        }

    def _parent(self, slug: str | None) -> Values | None:
        found = self._by_slug.get(slug.lower()) if slug else None
        return self.repository(found) if found else None

    def _qualified(self, one: Repository, name: str) -> str:
        names = (name, f"refs/heads/{name}", f"refs/tags/{name}")
        return next((known for known in names if known in one.references), "")

    def reference(self, one: Repository, name: str) -> Values | None:
        if name not in one.references:
            return None
        prefix, _, short = name.removeprefix("refs/").partition("/")
        return {
            "__typename": "Ref",
            "id": _bytes64(f"Ref:{one.id}:{name}"),
            "name": short,
            "prefix": f"refs/{prefix}/",
            "target": lambda: self.git_object(one, one.references[name], ""),
            "repository": lambda: self.repository(one),
        }

    def _references(self, one: Repository, prefix: str, given: Values) -> Values:
        wanted = prefix if prefix.endswith("/") else f"{prefix}/"
        names = sorted(name for name in one.references if name.startswith(wanted))
        text = given.get("query")
        names = [name for name in names if not text or text in name]
        return self._connection(names, lambda name: self.reference(one, name), given, str)

    # --------------------------------------------------------------------------------------------- git objects

    def expression(self, one: Repository, expression: str | None, oid: str | None) -> Values | None:
        if oid is not None:
            return self.git_object(one, oid, "")
        assert expression is not None
        revision, colon, path = expression.partition(":")
        sha = self.memory.resolve(one, revision or "HEAD")
        if sha is None or not colon:
            return None if sha is None else self.git_object(one, sha, "")
        tree = self.memory.tree_of(one, sha)
        path = path.strip("/")
        if tree is None or not path:
            return None if tree is None else self.git_object(one, tree, "")
        found = self.memory.entry(one, tree, path)
        return None if found is None or found["type"] == "commit" else self.git_object(one, found["sha"], path)

    def git_object(self, one: Repository, sha: str, path: str) -> Values | None:
        """A commit, tree or blob; `path` is where a tree lies, for the paths of its entries."""
        if not self.call.token.may("contents:read"):
            raise GraphQLError(f"Resource not accessible by {self.call.token.kind}", extensions={"type": "FORBIDDEN"})
        found = self.memory.object(one, sha)
        if found is None:
            return None
        common: Values = {
            "id": _bytes64(f"{found['type']}:{one.id}:{sha}"),
            "oid": sha,
            "abbreviatedOid": sha[:7],
            "repository": lambda: self.repository(one),
        }
        if found["type"] == "commit":
            return {**common, **self._commit(one, found)}
        if found["type"] == "tree":
            entries = lambda: [self._entry(one, entry, path) for entry in found["entries"]]  # noqa: E731
            return {**common, "__typename": "Tree", "entries": entries}
        return {**common, **self._blob(base64.b64decode(found["content"]))}

    def _blob(self, content: bytes) -> Values:
        self.memory.blobs_read += 1
        binary = b"\0" in content[:BINARY_LOOK]
        return {
            "__typename": "Blob",
            "byteSize": len(content),
            "isBinary": binary,
            "isTruncated": not binary and len(content) > TRUNCATED_AFTER,
            "text": None if binary else content[:TRUNCATED_AFTER].decode("utf-8", "replace"),
        }

    def _entry(self, one: Repository, entry: Values, folder: str) -> Values:
        path = f"{folder}/{entry['path']}".removeprefix("/")
        return {
            "__typename": "TreeEntry",
            "name": entry["path"],
            "nameRaw": _bytes64(entry["path"]),
            "path": path,
            "pathRaw": _bytes64(path),
            "type": entry["type"],
            "mode": int(entry["mode"], 8),
            "oid": entry["sha"],
            "size": entry.get("size") or 0,
            "extension": entry["path"].partition(".")[1] + entry["path"].rpartition(".")[2] if "." in path else "",
            "isGenerated": False,
            "object": lambda: None if entry["type"] == "commit" else self.git_object(one, entry["sha"], path),
            "submodule": lambda: (
                {"name": entry["path"], "path": path, "subprojectCommitOid": entry["sha"], "gitUrl": "", "branch": None}
                if entry["type"] == "commit"
                else None
            ),
            "repository": lambda: self.repository(one),
        }

    def _commit(self, one: Repository, found: Values) -> Values:
        def actor(role: str) -> Values:
            return {
                "name": found[f"{role}_name"],
                "email": found[f"{role}_email"],
                "date": found[f"{role}_date"],
                "user": None,
            }

        def file(path: str) -> Values | None:
            entry = self.memory.entry(one, found["tree_sha"], path)
            return None if entry is None else self._entry(one, entry, path.rpartition("/")[0])

        def history(**given: Any) -> Values:
            waiting, seen = [found["sha"]], []
            while waiting:
                sha = waiting.pop(0)
                past = self.memory.object(one, sha)
                if past is not None and sha not in seen:
                    seen.append(sha)
                    waiting += past["parent_shas"]
            return self._connection(seen, lambda sha: self.git_object(one, sha, ""), given, str)

        return {
            "__typename": "Commit",
            "tree": lambda: self.git_object(one, found["tree_sha"], ""),
            "message": found["message"],
            "messageHeadline": found["message"].partition("\n")[0],
            "messageBody": found["message"].partition("\n")[2].strip(),
            "committedDate": _time(found["committer_date"]),
            "authoredDate": _time(found["author_date"]),
            "author": lambda: actor("author"),
            "committer": lambda: actor("committer"),
            "parents": lambda **given: self._connection(
                found["parent_shas"], lambda sha: self.git_object(one, sha, ""), given, str
            ),
            "url": f"{self.call.server.address}/{one.slug}/commit/{found['sha']}",
            "file": file,
            "history": history,
        }

    # --------------------------------------------------------------------------------------------- pull requests

    def pulls(self, one: Repository, given: Values) -> Values:
        self._may("pull_requests:read")
        found = self.call.server.as_admin("GET", f"/repos/{one.slug}/pulls?state=all&per_page=100")
        states = given.get("states") or ["OPEN", "CLOSED", "MERGED"]
        found = [
            pull
            for pull in sorted(found, key=lambda pull: int(pull["number"]))
            if _state(pull) in states
            and given.get("headRefName") in (None, pull["head"]["ref"])
            and given.get("baseRefName") in (None, pull["base"]["ref"])
        ]
        order = given.get("orderBy") or {"direction": "ASC"}
        if order["direction"] == "DESC":
            found.reverse()
        return self._connection(found, lambda pull: self._pull(one, pull), given, lambda pull: pull["number"])

    def _pull(self, one: Repository, pull: Values) -> Values:
        return {
            "__typename": "PullRequest",
            "id": pull["node_id"],
            "number": pull["number"],
            "title": pull["title"],
            "body": pull["body"] or "",
            "url": pull["html_url"],
            "state": _state(pull),
            "isDraft": pull["draft"],
            "merged": _state(pull) == "MERGED",
            "closed": pull["state"] == "closed",
            "headRefName": pull["head"]["ref"],
            "isCrossRepository": (pull["head"]["repo"] or {}).get("full_name") != pull["base"]["repo"]["full_name"],
            "headRefOid": pull["head"]["sha"],
            "baseRefName": pull["base"]["ref"],
            "baseRefOid": pull["base"]["sha"],
            "createdAt": _time(pull["created_at"]),
            "updatedAt": _time(pull["updated_at"]),
            "closedAt": _time(pull["closed_at"]),
            "mergedAt": _time(pull["merged_at"]),
            "author": {"__typename": pull["user"]["type"], "login": pull["user"]["login"].removesuffix("[bot]")},
            "repository": lambda: self.repository(one),
        }

    # --------------------------------------------------------------------------------------------- writing

    def create_commit(self, input: Values) -> Values:
        """The commit is made by the emulator's git data API, with the modes that this mutation gives: 100644."""
        self._may("contents:write")
        one = self._branch_owner(input["branch"])
        name = input["branch"].get("branchName") or ""
        name = name.removeprefix("refs/heads/")
        if one.row["archived"]:
            raise GraphQLError("Repository was archived so is read-only.", extensions={"type": "FORBIDDEN"})
        head = one.references.get(f"refs/heads/{name}")
        if head is None:
            raise self._missing(f"Could not resolve to a Ref with the name '{name}'.")
        if head != input["expectedHeadOid"]:
            words = f'Expected branch to point to "{input["expectedHeadOid"]}" but it did not.  Pull and try again.'
            raise GraphQLError(words, extensions={"type": "STALE_DATA"})
        changes = input.get("fileChanges") or {}
        entries = self._changed(one, head, changes)
        address = f"/repos/{one.slug}/git"
        try:
            forbid_change(self.call, one, name)
        except Refusal as refusal:
            raise GraphQLError(str(refusal), extensions={"type": "UNPROCESSABLE"}) from refusal
        commit = self.memory.object(one, head)
        assert commit is not None
        tree = commit["tree_sha"]
        if entries:
            tree = self._upstream("POST", f"{address}/trees", {"base_tree": tree, "tree": entries})["sha"]
        message = input["message"]["headline"] + (
            f"\n\n{input['message']['body']}" if input["message"].get("body") else ""
        )
        made = self._upstream("POST", f"{address}/commits", {"message": message, "tree": tree, "parents": [head]})
        self._upstream("PATCH", f"{address}/refs/heads/{name}", {"sha": made["sha"], "force": False})
        self.call.server.kept("verified", one.id, set).add(made["sha"])
        moved = Repository({**one.row, "references": {**one.references, f"refs/heads/{name}": made["sha"]}})
        return {
            "commit": lambda: self.git_object(moved, made["sha"], ""),
            "ref": lambda: self.reference(moved, f"refs/heads/{name}"),
            "clientMutationId": input.get("clientMutationId"),
        }

    def _changed(self, one: Repository, head: str, changes: Values) -> list[Values]:
        additions, deletions = changes.get("additions") or [], changes.get("deletions") or []
        paths = [change["path"] for change in (*additions, *deletions)]
        if len(paths) != len(set(paths)):
            raise GraphQLError("A path was given more than once.", extensions={"type": "UNPROCESSABLE"})
        workflows = [path for path in paths if path.startswith(".github/workflows/")]
        if workflows and not self.call.token.may("workflows:write"):
            classic = self.call.token.permissions is None
            asker, lack = (
                ("an OAuth App", "`workflow` scope") if classic else ("a GitHub App", "`workflows` permission")
            )
            words = f"refusing to allow {asker} to create or update workflow `{workflows[0]}` without {lack}"
            raise GraphQLError(words, extensions={"type": "FORBIDDEN"})
        tree = self.memory.tree_of(one, head) or ""
        entries: list[Values] = []
        for change in deletions:
            if self.memory.entry(one, tree, change["path"]) is None:
                words = f"The path '{change['path']}' does not exist on the branch"
                raise GraphQLError(words, extensions={"type": "UNPROCESSABLE"})
            entries.append({"path": change["path"], "mode": "100644", "type": "blob", "sha": None})
        for change in additions:
            try:
                base64.b64decode(change["contents"], validate=True)
            except ValueError as error:
                raise GraphQLError("contents are not valid base64") from error
            content = {"content": change["contents"], "encoding": "base64"}
            blob = self._upstream("POST", f"/repos/{one.slug}/git/blobs", content)
            entries.append({"path": change["path"], "mode": "100644", "type": "blob", "sha": blob["sha"]})
        return entries

    def update_refs(self, input: Values) -> Values:
        """Several references at once, each with the commit that it should stand at before."""
        self._may("contents:write")
        one = next((one for one in self._repositories if one.row["node_id"] == input["repositoryId"]), None)
        if one is None:
            raise self._missing(f"Could not resolve to a node with the global id of '{input['repositoryId']}'")
        none = "0" * 40
        for update in input["refUpdates"]:
            before = update.get("beforeOid")
            if before is not None and one.references.get(update["name"], none) != before:
                raise GraphQLError("Reference cannot be updated", extensions={"type": "STALE_DATA"})
        for update in input["refUpdates"]:
            address, short = f"/repos/{one.slug}/git/refs", update["name"].removeprefix("refs/")
            if update["afterOid"] == none:
                self._upstream("DELETE", f"{address}/{short}", None)
            elif update["name"] in one.references:
                change = {"sha": update["afterOid"], "force": bool(update.get("force"))}
                self._upstream("PATCH", f"{address}/{short}", change)
            else:
                self._upstream("POST", address, {"ref": update["name"], "sha": update["afterOid"]})
        return {"clientMutationId": input.get("clientMutationId")}

    def _branch_owner(self, branch: Values) -> Repository:
        slug = branch.get("repositoryNameWithOwner") or ""
        found = self._by_slug.get(slug.lower())
        if found is None or not self.call.token.sees(found.slug, found.private):
            raise self._missing(f"Could not resolve to a Repository with the name '{slug}'.")
        return found

    def _upstream(self, method: str, target: str, body: Values | None) -> Any:
        found = self.call.upstream(method, target, body)
        if found.status >= 400:
            raise GraphQLError(str(found.json["message"]), extensions={"type": "UNPROCESSABLE"})
        return found.json

    # --------------------------------------------------------------------------------------------- helpers

    def node(self, id: str) -> Values | None:
        """An object by its global id: a repository or a git object."""
        for one in self._repositories:
            if one.row["node_id"] == id and self.call.token.sees(one.slug, one.private):
                return self.repository(one)
        kind, _, rest = base64.b64decode(id).decode("utf-8", "replace").partition(":")
        if kind in ("blob", "tree", "commit"):
            number, _, sha = rest.partition(":")
            return self.git_object(self._by_id[int(number)], sha, "")
        raise self._missing(f"Could not resolve to a node with the global id of '{id}'")

    def _may(self, need: str) -> None:
        try:
            self.call.token.demand(need)
        except Refusal as refusal:
            raise GraphQLError(str(refusal), extensions={"type": "FORBIDDEN"}) from refusal

    def _missing(self, words: str) -> GraphQLError:
        return GraphQLError(words, extensions={"type": "NOT_FOUND"})

    def _connection(
        self,
        items: Iterable[Any],
        shown: Callable[[Any], Any],
        given: Values,
        key: Callable[[Any], object],
        overlap: int = 0,
    ) -> Values:
        """A page. `overlap` items of the page before come again, as happens when a list changes between pages."""
        every = list(items)
        cursors = [_cursor(key(item)) for item in every]
        start, end = 0, len(every)
        if given.get("after") is not None:
            if given["after"] not in cursors:
                raise GraphQLError(f"`{given['after']}` does not appear to be a valid cursor.")
            start = cursors.index(given["after"]) + 1
        if given.get("before") is not None:
            end = cursors.index(given["before"])
        if given.get("first") is not None:
            end = min(end, start + given["first"])
        elif given.get("last") is not None:
            start = max(start, end - given["last"])
        first = max(start - overlap, 0) if start else 0
        page = every[first:end]
        return {
            "totalCount": len(every),
            "nodes": lambda: [_later(shown, item) for item in page],
            "edges": lambda: [
                {"cursor": cursor, "node": _later(shown, item)}
                for item, cursor in zip(page, cursors[first:end], strict=True)
            ],
            "pageInfo": {
                "hasNextPage": end < len(every),
                "hasPreviousPage": start > 0,
                "startCursor": cursors[first] if page else None,
                "endCursor": cursors[end - 1] if page else None,
            },
            "totalDiskUsage": sum(one.row["size"] for one in every if isinstance(one, Repository)),
        }


def _later(shown: Callable[[Any], Any], item: Any) -> Any:
    """An item of a list, or its error, which then stands for that item alone."""
    try:
        return shown(item)
    except GraphQLError as error:
        return error


def _state(pull: Values) -> str:
    if pull.get("merged_at"):
        return "MERGED"
    return str(pull["state"]).upper()
