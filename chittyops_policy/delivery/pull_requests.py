"""One branch and at most one open pull request for each repository and rule set: made, found again, kept up to date.

Everything is looked up before it is written, so that the same wish a second time writes nothing and a broken run goes
on where it stopped. What people do has the last word: a commit of theirs on the branch is never overwritten, and what
they closed stays closed until it would do something else. Nothing here merges or approves.
"""

from __future__ import annotations

from chittyops_policy.delivery import commits, pull_request_marker
from chittyops_policy.delivery.commits import Moved, Unfit, settled
from chittyops_policy.delivery.pull_request_marker import Marker
from chittyops_policy.hosts.connection import HostError, Missing, Refused
from chittyops_policy.model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from chittyops_policy.delivery.commits import Base, File
    from chittyops_policy.hosts.connection import Connection

    class Wanted(Protocol):
        """The pull request that somebody wants; see `audit.plan.Entry`, which is one."""

        slug: str
        base: str
        commit: str
        set: str
        branch: str
        title: str
        body: str
        labels: tuple[str, ...]
        reviewers: tuple[str, ...]
        rules: tuple[str, ...]

        @property
        def files(self) -> Sequence[File]:
            """The files as they are to be."""

        @property
        def content(self) -> str:
            """A digest of the files."""

        @property
        def change(self) -> str:
            """A digest of what is done to them."""


OPEN = "open"
UPDATED = "updated"
UNCHANGED = "unchanged"
HELD = "held"
DECLINED = "declined"
REFUSED = "refused"
PLANNED = "planned"
SUPERSEDED = "superseded"
SETTLED = "settled"
MERGED = "merged"
"""What became of a wish: newly opened, brought up to date, as it was; a person's commit is on the branch; a person
closed it; it cannot be done; it is not its turn yet; another pull request does it; nothing is left to do, since it was
merged or for another reason."""

BRANCHED = "branched"
COMMITTED = "committed"
OPENED = "opened"
DONE = "done"
STEPS = (PLANNED, BRANCHED, COMMITTED, OPENED, DONE)
"""How far a pull request has come; each is noted after it happened."""

AT_ONCE = 50
"""Repositories that are looked up in one question."""

_PULLS = 20
"""Pull requests of one branch that are looked at, the newest first."""

_TRAILER = "Policy-Content: "

_LOOK = """
fragment Known on Repository {
  nameWithOwner isArchived isDisabled isFork
}
fragment Head on Ref {
  target { oid ... on Commit { message parents(first: 2) { nodes { oid } } } }
}
fragment Pull on PullRequest {
  number url state title body headRefOid isCrossRepository author { login }
}
"""


class Known(Value):
    """What earlier runs have noted of a pull request: how far it came, its number, and the last commit made here.

    content   the digest of the files that were to be committed, from when that began
    """

    __slots__ = ("content", "head", "number", "step")

    def __init__(self, step: str = PLANNED, head: str = "", content: str = "", number: int = 0) -> None:
        self.step = step
        self.head = head
        self.content = content
        self.number = number


class Pull(Value):
    """A pull request of the branch, from the repository itself. `marker` is None where it is not ours."""

    __slots__ = ("author", "body", "head", "marker", "number", "state", "title", "url")

    def __init__(self, number: int, url: str, state: str, title: str, body: str, head: str, author: str = "") -> None:
        self.number = number
        self.url = url
        self.state = state
        self.title = title
        self.body = body
        self.head = head
        self.author = author
        self.marker = pull_request_marker.read(body)


class There(Value):
    """What GitHub has for a wish.

    slug     the repository as it is spelled now; it may have been renamed
    trouble  why nothing can be done there, '' where something can; `permission` what the token lacks
    base     the commit of the base branch, '' where there is no such branch
    head     the commit of our branch, '' where there is none; with its `message` and `parents`
    pulls    the newest first
    """

    __slots__ = ("base", "head", "message", "parents", "permission", "pulls", "slug", "trouble")

    def __init__(
        self,
        slug: str,
        *,
        trouble: str = "",
        permission: str = "",
        base: str = "",
        head: str = "",
        message: str = "",
        parents: tuple[str, ...] = (),
        pulls: tuple[Pull, ...] = (),
    ) -> None:
        self.slug = slug
        self.trouble = trouble
        self.permission = permission
        self.base = base
        self.head = head
        self.message = message
        self.parents = parents
        self.pulls = pulls

    @property
    def open(self) -> Pull | None:
        """The open pull request of the branch."""
        return next((pull for pull in self.pulls if pull.state == "OPEN"), None)


class Delivered(Value):
    """What became of a wish: one of the states above, where, and why; `notes` are sentences beside that.

    `moved` says that it was refused because the base is not what it was when the plan was made.
    """

    __slots__ = ("moved", "notes", "number", "permission", "reason", "state", "url")

    def __init__(
        self,
        state: str,
        reason: str = "",
        *,
        url: str = "",
        number: int = 0,
        permission: str = "",
        notes: tuple[str, ...] = (),
        moved: bool = False,
    ) -> None:
        self.moved = moved
        self.state = state
        self.reason = reason
        self.url = url
        self.number = number
        self.permission = permission
        self.notes = notes


# ------------------------------------------------------------------------------------------------------- looking


def look_up(connection: Connection, wishes: Sequence[tuple[str, str, str]]) -> list[There]:
    """What GitHub has for (slug, base branch, our branch) each, in one question for AT_ONCE of them.

    Raises as `Connection.query` does; what is wrong with one repository is in its answer.
    """
    found: list[There] = []
    for start in range(0, len(wishes), AT_ONCE):
        part = wishes[start : start + AT_ONCE]
        variables: dict[str, str] = {}
        asked: list[str] = []
        for number, (slug, base, branch) in enumerate(part):
            owner, _, name = slug.partition("/")
            given = {"owner": owner, "name": name, "base": base, "head": f"refs/heads/{branch}", "branch": branch}
            given["base"] = f"refs/heads/{base}"
            variables |= {f"{key}{number}": value for key, value in given.items()}
            asked.append(
                f"r{number}: repository(owner: $owner{number}, name: $name{number}) {{ ...Known"
                f" base: ref(qualifiedName: $base{number}) {{ target {{ oid }} }}"
                f" head: ref(qualifiedName: $head{number}) {{ ...Head }}"
                f" pullRequests(headRefName: $branch{number}, first: {_PULLS},"
                " orderBy: {field: CREATED_AT, direction: DESC}) { nodes { ...Pull } } }"
            )
        declared = ", ".join(f"${name}: String!" for name in variables)
        text = f"query ({declared}) {{ {' '.join(asked)} }}{_LOOK}"
        data, errors = connection.query(text, variables)
        for number, (slug, _, _) in enumerate(part):
            found.append(_there(slug, data.get(f"r{number}"), _of(errors, f"r{number}")))
    return found


def _of(errors: Sequence[Any], alias: str) -> list[dict[str, Any]]:
    """The errors of one repository; one without a path is about all of them."""
    return [error for error in errors if isinstance(error, dict) and (error.get("path") or [alias])[0] == alias]


def _there(slug: str, data: dict[str, Any] | None, errors: Sequence[dict[str, Any]]) -> There:
    if data is None or errors:
        kinds = {error.get("type") for error in errors}
        words = " ".join(str(error.get("message", "")) for error in errors)[:300]
        if "NOT_FOUND" in kinds or not errors:
            return There(slug, trouble="there is no such repository, or this token may not see it")
        permission = "contents: read, pull_requests: read" if "FORBIDDEN" in kinds else ""
        return There(slug, trouble=f"GitHub does not show it: {words}", permission=permission)
    trouble = ""
    if data["isArchived"]:
        trouble = "it is archived, and read-only by that"
    elif data["isDisabled"]:
        trouble = "GitHub has disabled it"
    elif data["isFork"]:
        trouble = "it is a fork: what it has comes from the repository that it was forked from"
    head = (data["head"] or {}).get("target") or {}
    parents = (head.get("parents") or {}).get("nodes") or []
    return There(
        data["nameWithOwner"],
        trouble=trouble,
        base=((data["base"] or {}).get("target") or {}).get("oid", ""),
        head=head.get("oid", ""),
        message=head.get("message", ""),
        parents=tuple(parent["oid"] for parent in parents),
        pulls=_pulls(data["pullRequests"]["nodes"]),
    )


def _pulls(nodes: Sequence[dict[str, Any]]) -> tuple[Pull, ...]:
    """Those from the repository itself: a branch of a fork may have any name, and its pull request any text."""
    return tuple(
        Pull(
            node["number"],
            node["url"],
            node["state"],
            node["title"],
            node["body"],
            node["headRefOid"],
            (node["author"] or {}).get("login", ""),
        )
        for node in nodes
        if node is not None and not node["isCrossRepository"]
    )


# ----------------------------------------------------------------------------------------------------- delivering


def deliver(
    connection: Connection,
    wanted: Wanted,
    there: There,
    known: Known,
    note: Callable[[Known], None],
    *,
    exact: bool,
    may_open: bool = True,
) -> Delivered:
    """Makes, or brings up to date, the pull request that is wanted.

    there     what `look_up` has just found
    known     what earlier runs noted; `note` is called after each step with what is to be remembered
    exact     the base branch must stand where the plan was made; otherwise it is enough that the files are the same
    may_open  whether a new pull request may be opened, in place of PLANNED

    A refusal is an answer, and no branch of ours is left behind it. Raises Unreachable and Spent: what was begun then
    goes on with the next call.
    """
    return _Delivery(connection, wanted, there, known, note, exact).run(may_open)


class _Delivery:
    """One wish on its way."""

    def __init__(
        self,
        connection: Connection,
        wanted: Wanted,
        there: There,
        known: Known,
        note: Callable[[Known], None],
        exact: bool,
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.there = there
        self.known = known
        self._note = note
        self.exact = exact
        self.slug = there.slug
        self.made_branch = known.step in (BRANCHED, COMMITTED) and not known.number
        self.files = tuple(wanted.files)
        self.paths = tuple(file.path for file in self.files)

    def run(self, may_open: bool) -> Delivered:
        there, wanted = self.there, self.wanted
        if there.trouble:
            return Delivered(REFUSED, there.trouble, permission=there.permission)
        if not there.base:
            return Delivered(REFUSED, f"there is no branch {wanted.base}")
        if wanted.branch == wanted.base:
            return Delivered(REFUSED, f"{wanted.branch} is the branch that it would go to")
        moved = f"{wanted.base} has moved since the plan was made, to {there.base[:12]}"
        pull = there.open
        if pull is not None and pull.marker is None:
            return Delivered(HELD, f"#{pull.number} on this branch is not ours", url=pull.url, number=pull.number)
        done = pull is not None and pull.marker is not None and pull.marker.content == wanted.content
        if self.exact and there.base != wanted.commit and not done:
            return Delivered(REFUSED, moved, moved=True)
        if pull is None:
            declined = self.declined()
            if declined is not None:
                return declined
        if there.head and not self.is_ours():
            words = "a commit on the branch is not ours"
            return Delivered(HELD, words, url=pull.url if pull else "", number=pull.number if pull else 0)
        try:
            if pull is not None:
                return self.update(pull)
            if not may_open:
                return Delivered(PLANNED, "so many new pull requests are enough for one run")
            return self.open()
        except Unfit as error:
            if there.base != wanted.commit:
                return Delivered(REFUSED, moved, moved=True)
            return Delivered(REFUSED, error.message)
        except Moved:
            return Delivered(HELD, "somebody pushed to the branch just now")
        except Refused as error:
            self.withdraw()
            return Delivered(REFUSED, _why(error), permission=error.permission)

    def note(self, step: str, **changed: Any) -> None:
        values = {name: getattr(self.known, name) for name in Known.__slots__}
        self.known = Known(**{**values, **changed, "step": step})
        self._note(self.known)

    # ------------------------------------------------------------------------------------------------ standing

    def declined(self) -> Delivered | None:
        """What was decided about this very change before, where that still holds."""
        for pull in self.there.pulls:
            marker = pull.marker
            if pull.state != "CLOSED" or marker is None or marker.change != self.wanted.change:
                continue
            if not marker.closed:
                return Delivered(DECLINED, f"#{pull.number} was closed", url=pull.url, number=pull.number)
        return None

    def is_ours(self) -> bool:
        """Whether everything on the branch was made here.

        The last commit is known from the pull request or from an earlier run; or it is the one that a broken run made
        and could not note any more; or the branch has no commit of its own.
        """
        there, known = self.there, self.known
        ours = {pull.marker.head for pull in there.pulls if pull.marker is not None} | {known.head} - {""}
        if there.head in ours:
            return True
        contents = {known.content, self.wanted.content} - {""}
        lines = there.message.splitlines()
        if any(f"{_TRAILER}{content}" in lines for content in contents):
            before = ours | {there.base, self.wanted.commit}
            if there.parents and there.parents[0] in before:
                return True
        return there.head in (there.base, self.wanted.commit) or (there.open is None and self.adds_nothing())

    def adds_nothing(self) -> bool:
        """Whether the branch has no commit that the base lacks: it was made once, and the base went on."""
        span = f"{self.there.base}...{self.there.head}"
        try:
            return int(self.connection.get(f"repos/{self.slug}/compare/{span}")["ahead_by"]) == 0
        except Refused:
            return False

    # ------------------------------------------------------------------------------------------------- writing

    def open(self) -> Delivered:
        """A new pull request, unless another of ours does the same already."""
        base = self.base()
        wanted = self.wanted
        others = self.others()
        for _, other in others:
            if other.marker is not None and other.marker.covers(wanted.rules, self.paths):
                self.withdraw()
                return Delivered(SUPERSEDED, f"#{other.number} does this too", url=other.url, number=other.number)
        head = self.there.head
        self.note(PLANNED, number=0, content=wanted.content)
        if not head:
            head = base.commit
            commits.create_branch(self.connection, self.slug, wanted.branch, head)
            self.made_branch = True
        self.note(BRANCHED, head=head)
        head = self.commit(head, base)
        self.note(COMMITTED, head=head)
        marker = self.marker(head, base)
        body = {
            "title": wanted.title,
            "head": wanted.branch,
            "base": wanted.base,
            "body": pull_request_marker.compose(marker, wanted.body),
        }
        made = settled(lambda: self.create(body), self.created)
        number, url, author = int(made["number"]), str(made["html_url"]), str((made.get("user") or {}).get("login", ""))
        self.note(OPENED, number=number)
        notes = (*self.ask(number, author), *self.unwatched())
        self.note(DONE)
        self.supersede(others, number, marker)
        return Delivered(OPEN, url=url, number=number, notes=notes)

    def update(self, pull: Pull) -> Delivered:
        """Brings the open pull request up to date; writes nothing where it is."""
        wanted, marker = self.wanted, pull.marker
        assert marker is not None
        notes: tuple[str, ...] = ()
        state = UNCHANGED
        head, based = self.there.head, marker.base
        unsaid = head != marker.head  # a broken run has committed, and the text does not say so yet
        if not (self.has_content() if unsaid else marker.content == wanted.content):
            base = self.base()
            self.note(PLANNED, number=pull.number, content=wanted.content)
            head, based = self.commit(head, base), base.commit
            self.note(COMMITTED, head=head)
        elif unsaid and len(self.there.parents) > 1:
            based = self.there.parents[-1]
        said = Marker(wanted.set, based, head, wanted.content, wanted.change, wanted.rules, self.paths)
        if said != marker or pull_request_marker.text_in(pull.body) != wanted.body.strip():
            body = pull_request_marker.compose(said, wanted.body, pull.body)
            self.edit(pull.number, {"body": body})
            state = UPDATED
        if self.known.step != DONE:
            if (self.known.step, self.known.number) in ((COMMITTED, 0), (OPENED, pull.number)):
                # A broken run opened it and went no further.
                notes = self.ask(pull.number, pull.author)
            self.note(DONE, number=pull.number, head=head, content=wanted.content)
        if state == UPDATED:
            self.supersede(self.others(), pull.number, said)
        return Delivered(state, url=pull.url, number=pull.number, notes=notes)

    def base(self) -> Base:
        """The base with the modes of the files. Raises Unfit where they are not what the change was made from."""
        return commits.read_base(self.connection, self.slug, self.there.base, self.files)

    def commit(self, head: str, base: Base) -> str:
        """The branch's new head; nothing is written where the branch has the content already."""
        wanted = self.wanted
        if head != base.commit and self.has_content():
            if base.commit in self.there.parents or self.is_based_on(base.commit):
                return head
        old = next((pull.marker for pull in self.there.pulls if pull.marker and pull.marker.head == head), None)
        fresh = head == base.commit or (old is not None and old.base == base.commit and {*old.paths} <= {*self.paths})
        text = f"Rules: {', '.join(wanted.rules)}\n\n{_TRAILER}{wanted.content}"

        def made() -> str | None:
            self.there = self.look()
            return self.there.head if self.there.head != head and self.has_content() else None

        return commits.commit(
            self.connection, self.slug, wanted.branch, head, base, self.files, wanted.title, text, made, fresh=fresh
        )

    def has_content(self) -> bool:
        """Whether the last commit of the branch says that it has the files as they are to be."""
        return f"{_TRAILER}{self.wanted.content}" in self.there.message.splitlines()

    def is_based_on(self, commit: str) -> bool:
        """Whether the branch was brought up to a commit when its last commit was made here."""
        return any(
            pull.marker is not None and pull.marker.head == self.there.head and pull.marker.base == commit
            for pull in self.there.pulls
        )

    def create(self, body: dict[str, str]) -> dict[str, Any]:
        try:
            made: dict[str, Any] = self.connection.send("POST", f"repos/{self.slug}/pulls", body)
        except Refused as error:
            # GitHub has one at most for a branch; the emulation of a list may lag behind it.
            found = self.created() if error.status == 422 and "already exists" in _detail(error) else None
            if found is None:
                raise
            return found
        return made

    def created(self) -> dict[str, Any] | None:
        """The pull request of the branch, where there is one after all."""
        owner = self.slug.partition("/")[0]
        asked = {"head": f"{owner}:{self.wanted.branch}", "base": self.wanted.base, "state": "open"}
        found = self.connection.get(f"repos/{self.slug}/pulls", **asked)
        return next((pull for pull in found if pull_request_marker.read(pull.get("body") or "")), None)

    def edit(self, number: int, body: dict[str, str]) -> None:
        """Changes a pull request; doing it twice is doing it once."""
        settled(lambda: self.connection.send("PATCH", f"repos/{self.slug}/pulls/{number}", body), lambda: None)

    def ask(self, number: int, author: str) -> tuple[str, ...]:
        """Sets the labels and asks the reviewers; what GitHub refuses of that is a note, the pull request stays."""
        notes: list[str] = []
        if self.wanted.labels:
            address = f"repos/{self.slug}/issues/{number}/labels"
            try:
                settled(lambda: self.connection.send("POST", address, {"labels": [*self.wanted.labels]}), lambda: None)
            except Refused as error:
                notes.append(f"no labels: {error.message}")
        notes += self.ask_reviewers(number, author)
        return tuple(notes)

    def unwatched(self) -> tuple[str, ...]:
        """A note where GitHub Actions is off, so that no check runs; nothing where the token is not told."""
        try:
            enabled = self.connection.get(f"repos/{self.slug}/actions/permissions").get("enabled")
        except Refused:  # for those who administer the repository
            return ()
        return ("GitHub Actions is switched off there: no check runs on it",) if enabled is False else ()

    def ask_reviewers(self, number: int, author: str) -> list[str]:
        owner = self.slug.partition("/")[0].lower()
        asked: list[tuple[str, dict[str, list[str]]]] = []
        notes: list[str] = []
        for name in self.wanted.reviewers:
            organisation, slash, team = name.lstrip("@").partition("/")
            if slash and organisation.lower() != owner:
                notes.append(f"{name} is not asked: it is no team of {owner}")
            elif slash:
                asked.append((name, {"team_reviewers": [team]}))
            elif organisation.lower() != author.lower():  # GitHub refuses the author
                asked.append((name, {"reviewers": [organisation]}))
        if not asked:
            return notes
        together: dict[str, list[str]] = {}
        for _, body in asked:
            for key, names in body.items():
                together.setdefault(key, []).extend(names)
        if self.request_review(number, together) is None:
            return notes
        for name, body in asked:  # one who may not be asked keeps GitHub from asking the others
            why = self.request_review(number, body)
            if why is not None:
                notes.append(f"{name} is not asked: {why}")
        return notes

    def request_review(self, number: int, body: dict[str, list[str]]) -> str | None:
        address = f"repos/{self.slug}/pulls/{number}/requested_reviewers"
        try:
            settled(lambda: self.connection.send("POST", address, body), lambda: None)
        except Refused as error:
            return _detail(error)
        return None

    def withdraw(self) -> None:
        """Takes back a branch that was made here and has no pull request; what cannot be taken back stays."""
        head = self.known.head
        if not self.made_branch or not head or self.there.open is not None:
            return
        try:
            if commits.delete_branch(self.connection, self.slug, self.wanted.branch, head):
                self.note(PLANNED, head="")
        except HostError:
            return

    # ------------------------------------------------------------------------------------------------- others

    def others(self) -> list[tuple[str, Pull]]:
        """The open pull requests of other rule sets, each behind its branch."""
        owner, _, name = self.slug.partition("/")
        text = (
            "query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {"
            " pullRequests(states: [OPEN], first: 50, orderBy: {field: CREATED_AT, direction: DESC})"
            " { nodes { ...Pull headRefName } } } }" + _LOOK[_LOOK.index("fragment Pull") :]
        )
        data, _ = self.connection.query(text, {"owner": owner, "name": name})
        nodes = ((data.get("repository") or {}).get("pullRequests") or {}).get("nodes") or []
        branches = {node["number"]: node["headRefName"] for node in nodes if node is not None}
        found = [(branches[pull.number], pull) for pull in _pulls(nodes) if pull.marker is not None]
        return [(branch, pull) for branch, pull in found if branch != self.wanted.branch]

    def supersede(self, others: Sequence[tuple[str, Pull]], number: int, marker: Marker) -> None:
        """Closes, with a link, what this one does too. A branch with a person's commit is left alone."""
        for branch, other in others:
            theirs = other.marker
            if theirs is not None and marker.covers(theirs.rules, theirs.paths) and other.head == theirs.head:
                retire(self.connection, self.slug, branch, other, theirs.closing(SUPERSEDED, number))

    def look(self) -> There:
        return look_up(self.connection, [(self.slug, self.wanted.base, self.wanted.branch)])[0]

    def marker(self, head: str, base: Base) -> Marker:
        wanted = self.wanted
        return Marker(wanted.set, base.commit, head, wanted.content, wanted.change, wanted.rules, self.paths)


def retire(connection: Connection, slug: str, branch: str, pull: Pull, marker: Marker) -> None:
    """Closes a pull request of ours with the reason in its text, and deletes its branch."""
    words = f"Superseded by #{marker.by}." if marker.closed == SUPERSEDED else "Nothing is left to mend here."
    text = f"**{words}**\n\n{pull_request_marker.text_in(pull.body)}"
    body = {"state": "closed", "body": pull_request_marker.compose(marker, text, pull.body)}
    settled(lambda: connection.send("PATCH", f"repos/{slug}/pulls/{pull.number}", body), lambda: None)
    commits.delete_branch(connection, slug, branch, pull.head)


def settle(connection: Connection, there: There, branch: str, known: Known) -> Delivered | None:
    """Closes the open pull request of a branch for which nothing is left to do; None where there is none of ours."""
    pull = there.open
    if there.trouble:
        return None
    if pull is None and there.pulls and there.pulls[0].state == "MERGED":
        return Delivered(MERGED, url=there.pulls[0].url, number=there.pulls[0].number)
    if pull is None or pull.marker is None:
        return None
    if pull.head not in (pull.marker.head, known.head):
        return Delivered(HELD, "a commit on the branch is not ours", url=pull.url, number=pull.number)
    try:
        retire(connection, there.slug, branch, pull, pull.marker.closing(SETTLED))
    except Refused as error:
        return Delivered(REFUSED, _why(error), url=pull.url, number=pull.number, permission=error.permission)
    return Delivered(SETTLED, "nothing is left to do", url=pull.url, number=pull.number)


# --------------------------------------------------------------------------------------------------------- words


def _detail(error: Refused) -> str:
    """GitHub's message with what it says of each part of the request."""
    data = error.data if isinstance(error.data, dict) else {}
    parts = [error.message]
    for item in data.get("errors") or ():
        parts.append(str(item.get("message", "")) if isinstance(item, dict) else str(item))
    return " ".join(" ".join(filter(None, parts)).split())[:300]


def _why(error: Refused) -> str:
    """Why GitHub did not do it, for somebody who can change that."""
    words = _detail(error)
    low = words.lower()
    if "without `workflow" in low:  # "permission" of an App or a fine-grained token, "scope" of a classic one
        return f"the token may not change workflow files: {words}"
    if "archived" in low:
        return "it is archived, and read-only by that"
    if "protected branch" in low or "rule violations" in low or "restricted" in low:
        return f"rules for branches forbid it: {words}"
    if isinstance(error, Missing):
        return f"the token may not write there, or pull requests are switched off: {words}"
    return f"GitHub refuses it: {words}"
