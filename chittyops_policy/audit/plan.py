"""A plan: the pull requests to be made, as values and as ``plan.json`` after schemas/plan.schema.json.

What was reviewed is what is applied: the digest covers every byte that would reach GitHub, and each entry names the
commit that it was made from. An entry says nothing of where its files come from, so fixes and templates share it.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha1

from chittyops_policy import __version__
from chittyops_policy.errors import UserError
from chittyops_policy.fingerprint import digest
from chittyops_policy.model import Value
from chittyops_policy.resources import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA_VERSION = "1.0"
"""Major.minor of the format; a minor version only adds keys."""

REGULAR = "100644"
KEPT = ""
"""Git's modes of a file that is written: an ordinary one, or whatever the file has now."""


class PlannedFix(Value):
    """What a fix does to a file, `count` times."""

    __slots__ = ("count", "notes", "rule", "safety", "title")

    def __init__(self, rule: str, title: str, safety: str, count: int = 1, notes: tuple[str, ...] = ()) -> None:
        self.rule = rule
        self.title = title
        self.safety = safety
        self.count = count
        self.notes = notes


class FileChange(Value):
    """One file of an entry.

    mode    REGULAR for a new file, KEPT for one that is there
    before  the id of its blob in the base commit, '' where it is new
    after   its bytes
    fixes   what was done to it, where fixes made it
    proof   (part, what was shown) for each part of the proof
    """

    __slots__ = ("after", "before", "fixes", "mode", "path", "proof")

    def __init__(
        self,
        path: str,
        mode: str,
        before: str,
        after: bytes,
        fixes: tuple[PlannedFix, ...] = (),
        proof: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.path = path
        self.mode = mode
        self.before = before
        self.after = after
        self.fixes = fixes
        self.proof = proof

    @property
    def blob(self) -> str:
        """The id that git gives the bytes."""
        return blob_id(self.after)


class Withheld(Value):
    """A finding that the entry does not mend: `why`, and where it is. `refused` where its fix could not be proven."""

    __slots__ = ("line", "message", "path", "refused", "rule", "severity", "why")

    def __init__(
        self, rule: str, severity: str, path: str, line: int, message: str, why: str, refused: bool = False
    ) -> None:
        self.rule = rule
        self.severity = severity
        self.path = path
        self.line = line
        self.message = message
        self.why = why
        self.refused = refused


class Entry(Value):
    """One pull request to be made in one repository.

    base, commit  the branch that it goes to, and that branch's commit when the plan was made
    set           the name of the rule set; `branch` is where its commits go
    body          the text of the pull request, Markdown
    labels, reviewers   reviewers as CODEOWNERS writes them, ``@user`` and ``@organisation/team``
    rules         the rules whose findings it mends, sorted
    patch         what it does to the files, as ``git apply`` takes it
    withheld      what is left for people
    """

    __slots__ = (
        "base", "body", "branch", "commit", "files", "labels", "patch", "reviewers", "rules", "set", "slug", "title",
        "withheld",
    )  # fmt: skip

    def __init__(
        self,
        slug: str,
        *,
        base: str,
        commit: str,
        set: str,
        branch: str,
        title: str,
        body: str,
        files: tuple[FileChange, ...],
        patch: str,
        labels: tuple[str, ...] = (),
        reviewers: tuple[str, ...] = (),
        rules: tuple[str, ...] = (),
        withheld: tuple[Withheld, ...] = (),
    ) -> None:
        self.slug = slug
        self.base = base
        self.commit = commit
        self.set = set
        self.branch = branch
        self.title = title
        self.body = body
        self.files = files
        self.patch = patch
        self.labels = labels
        self.reviewers = reviewers
        self.rules = rules
        self.withheld = withheld

    @property
    def change(self) -> str:
        """64 hex digits for what the entry does: the lines that come and go, file by file, wherever they stand.

        A commit that moves or adds other lines leaves it the same, so that what people declined stays declined.
        """
        lines = self.patch.splitlines(keepends=True)
        said = [line for line in lines if line.startswith(("diff --git ", "new file ", "+", "-"))]
        return digest("".join(line for line in said if not line.startswith("--- ")).encode("utf-8", "surrogateescape"))

    @property
    def content(self) -> str:
        """64 hex digits for the files as they are to be."""
        listed = [[file.path, file.mode, file.blob] for file in self.files]
        return digest(json.dumps(listed).encode("ascii"))


class Plan(Value):
    """What is to be done to several repositories.

    created  when, ISO 8601 in UTC; the only thing that `digest` does not cover
    policy   the digest of the policy that it was made under
    """

    __slots__ = ("created", "entries", "policy", "tool")

    def __init__(self, created: str, policy: str, entries: tuple[Entry, ...], tool: str = __version__) -> None:
        self.created = created
        self.policy = policy
        self.entries = entries
        self.tool = tool

    def of(self, entries: tuple[Entry, ...]) -> Plan:
        """The same plan with other entries."""
        return Plan(self.created, self.policy, entries, self.tool)

    @property
    def digest(self) -> str:
        """64 hex digits that stand for everything which would be done."""
        return _digest(_document(self))


def blob_id(data: bytes) -> str:
    """The id that git gives a file's bytes (git-hash-object, SHA-1, which is what GitHub uses)."""
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


# -------------------------------------------------------------------------------------------------------- to JSON


def dump(plan: Plan) -> str:
    """``plan.json``; ASCII only, ends in a line break, equal for equal plans."""
    document = _document(plan)
    return json.dumps({**document, "digest": _digest(document)}, indent=2) + "\n"


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "created": plan.created,
        "tool": {"name": "chittyops-policy", "version": plan.tool},
        "policy": plan.policy,
        "entries": [_entry(entry) for entry in plan.entries],
    }


def _digest(document: dict[str, Any]) -> str:
    covered = {key: value for key, value in document.items() if key not in ("created", "digest")}
    return digest(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode("ascii"))


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "repository": entry.slug,
        "base": {"branch": entry.base, "commit": entry.commit},
        "set": entry.set,
        "branch": entry.branch,
        "title": entry.title,
        "body": entry.body,
        "labels": list(entry.labels),
        "reviewers": list(entry.reviewers),
        "rules": list(entry.rules),
        "files": [_file(file) for file in entry.files],
        "patch": entry.patch,
        "withheld": [{name: getattr(item, name) for name in sorted(Withheld.__slots__)} for item in entry.withheld],
    }


def _file(file: FileChange) -> dict[str, Any]:
    try:
        after = {"text": file.after.decode("utf-8")}
    except UnicodeDecodeError:
        after = {"base64": base64.b64encode(file.after).decode("ascii")}
    return {
        "path": file.path,
        "mode": file.mode or None,
        "before": file.before or None,
        "after": {"blob": file.blob, **after},
        "fixes": [
            {"rule": fix.rule, "title": fix.title, "safety": fix.safety, "count": fix.count, "notes": list(fix.notes)}
            for fix in file.fixes
        ],
        "proof": [{"part": part, "shown": shown} for part, shown in file.proof],
    }


# ------------------------------------------------------------------------------------------------------ from JSON


def load(text: str) -> Plan:
    """The plan in a text that `dump` wrote; dumping it again gives the same text.

    Raises UserError for what is no plan, is of another major version, or is not what was written.
    """
    try:
        document = json.loads(text)
        version = str(document["schema_version"])
    except (ValueError, TypeError, KeyError) as error:
        raise UserError("this is no plan of chittyops-policy", "audit --fix --dry-run writes one") from error
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise UserError(f"the plan has format {version}, this version reads {SCHEMA_VERSION}", "make the plan again")
    _validate(document)
    if document["digest"] != _digest(document):
        raise UserError(
            "the plan is not what was reviewed: its content does not fit its digest", "make it again, and review that"
        )
    plan = Plan(
        document["created"],
        document["policy"],
        tuple(_load_entry(entry) for entry in document["entries"]),
        document["tool"]["version"],
    )
    for file in (file for entry in document["entries"] for file in entry["files"]):
        if file["after"]["blob"] != blob_id(_load_bytes(file["after"])):
            raise UserError(f"the plan is damaged: {file['path']} is not what its id says", "make it again")
    return plan


def _validate(document: Any) -> None:
    from jsonschema import Draft202012Validator  # takes longer to load than a check to run

    errors = Draft202012Validator(read_json("schemas", "plan.schema.json")).iter_errors(document)
    first = next(iter(sorted(errors, key=lambda error: list(map(str, error.absolute_path)))), None)
    if first is not None:
        place = "/".join(map(str, first.absolute_path)) or "the top"
        raise UserError(f"the plan is damaged at {place}: {first.message[:200]}", "make it again")


def _load_entry(data: dict[str, Any]) -> Entry:
    return Entry(
        data["repository"],
        base=data["base"]["branch"],
        commit=data["base"]["commit"],
        set=data["set"],
        branch=data["branch"],
        title=data["title"],
        body=data["body"],
        files=tuple(_load_file(file) for file in data["files"]),
        patch=data["patch"],
        labels=tuple(data["labels"]),
        reviewers=tuple(data["reviewers"]),
        rules=tuple(data["rules"]),
        withheld=tuple(Withheld(**{name: item[name] for name in Withheld.__slots__}) for item in data["withheld"]),
    )


def _load_file(data: dict[str, Any]) -> FileChange:
    return FileChange(
        data["path"],
        data["mode"] or KEPT,
        data["before"] or "",
        _load_bytes(data["after"]),
        tuple(
            PlannedFix(fix["rule"], fix["title"], fix["safety"], fix["count"], tuple(fix["notes"]))
            for fix in data["fixes"]
        ),
        tuple((item["part"], item["shown"]) for item in data["proof"]),
    )


def _load_bytes(after: dict[str, str]) -> bytes:
    return after["text"].encode("utf-8") if "text" in after else base64.b64decode(after["base64"])
