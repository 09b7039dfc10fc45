"""What the emulator lets through or leaves empty about pull requests."""

from __future__ import annotations

import difflib
from typing import Any

from ..memory import Repository
from ..messages import Answer, Refusal, invalid, not_found, page_of
from ..server import Call, Routes

routes = Routes()


@routes.add("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write")
def create_pull_request(call: Call, owner: str, repo: str) -> Answer:
    """Refused where there is one for the branch, a branch is missing, or there is nothing to merge."""
    one = call.repository(owner, repo)
    if one.row["archived"]:
        raise Refusal(403, "Repository was archived so is read-only.")
    head, base = str(call.json["head"]), str(call.json["base"])
    branch = head.partition(":")[2] or head
    for field, name in (("base", base), ("head", branch)):
        if f"refs/heads/{name}" not in one.references:
            raise Refusal(
                422,
                "Validation Failed",
                errors=[{"resource": "PullRequest", "field": field, "code": "invalid"}],
            )
    known = call.server.as_admin("GET", f"/repos/{one.slug}/pulls?state=open&per_page=100")
    if any(pull["head"]["ref"] == branch and pull["base"]["ref"] == base for pull in known):
        raise invalid("PullRequest", f"A pull request already exists for {one.owner}:{branch}.")
    if one.references[f"refs/heads/{branch}"] == one.references[f"refs/heads/{base}"]:
        raise invalid("PullRequest", f"No commits between {base} and {branch}")
    return call.upstream("POST", call.request.target, call.json)


@routes.add("GET", "/repos/{owner}/{repo}/pulls/{number}/files", "pull_requests:read")
def list_pull_request_files(call: Call, owner: str, repo: str, number: str) -> Answer:
    """What differs between the branch's head and the commit that it left the base at."""
    one = call.repository(owner, repo)
    found = call.upstream("GET", f"/repos/{one.slug}/pulls/{number}")
    if found.status != 200:
        raise not_found()
    base, head = found.json["base"]["sha"], found.json["head"]["sha"]
    files = _changes(call, one, _merge_base(call, one, base, head), head)
    return page_of(call.request, files, call.server.address)


def _changes(call: Call, one: Repository, base: str, head: str) -> list[dict[str, Any]]:
    before = call.memory.files(one, call.memory.tree_of(one, base) or "")
    after = call.memory.files(one, call.memory.tree_of(one, head) or "")
    shown = []
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        old = _lines(call, one, before.get(path))
        new = _lines(call, one, after.get(path))
        patch = list(difflib.unified_diff(old, new, lineterm=""))[2:]
        added = sum(line.startswith("+") for line in patch)
        removed = sum(line.startswith("-") for line in patch)
        sha = (after.get(path) or before[path])[1]
        status = "added" if path not in before else "removed" if path not in after else "modified"
        address = f"{call.server.address}/repos/{one.slug}"
        shown.append(
            {
                "sha": sha,
                "filename": path,
                "status": status,
                "additions": added,
                "deletions": removed,
                "changes": added + removed,
                "blob_url": f"{call.server.address}/{one.slug}/blob/{head}/{path}",
                "raw_url": f"{call.server.address}/{one.slug}/raw/{head}/{path}",
                "contents_url": f"{address}/contents/{path}?ref={head}",
                "patch": "\n".join(patch),
            }
        )
    return shown


def _lines(call: Call, one: Repository, entry: tuple[str, str] | None) -> list[str]:
    if entry is None or entry[0] == "160000":
        return []
    return call.memory.content(one, entry[1]).decode("utf-8", "replace").splitlines()


def _merge_base(call: Call, one: Repository, base: str, head: str) -> str:
    def ancestors(sha: str) -> list[str]:
        waiting, seen = [sha], []
        while waiting:
            current = waiting.pop(0)
            commit = call.memory.object(one, current)
            if commit is not None and current not in seen:
                seen.append(current)
                waiting += commit["parent_shas"]
        return seen

    of_head = set(ancestors(head))
    return next((sha for sha in ancestors(base) if sha in of_head), base)
