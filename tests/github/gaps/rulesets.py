"""Rulesets of repositories and organisations, the rules that are in force on a branch, and what they forbid."""

from __future__ import annotations

import fnmatch
import itertools
from typing import Any

from ..memory import Repository
from ..messages import Answer, Refusal, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values, node_id, now

routes = Routes()
_numbers = itertools.count(1001)

READ = "metadata:read"
WRITE = "administration:write"
ORGANIZATION = "organization_administration:write"
"""GitHub asks for the permission to write even where an organisation's rulesets are read."""


@routes.add("GET", "/repos/{owner}/{repo}/rulesets", READ)
def list_rulesets(call: Call, owner: str, repo: str) -> Answer:
    """The rulesets without their rules, those of the organisation too unless it is asked not to."""
    one = call.repository(owner, repo)
    found = list(_of(call, one.id))
    if call.request.query.get("includes_parents", "true") == "true":
        found += [ruleset for ruleset in _of(call, one.owner) if _covers(call, ruleset, one)]
    targets = call.request.query.get("targets")
    found = [ruleset for ruleset in found if not targets or ruleset["target"] in targets.split(",")]
    return page_of(call.request, [_summary(ruleset) for ruleset in found], call.server.address)


@routes.add("POST", "/repos/{owner}/{repo}/rulesets", WRITE)
def create_ruleset(call: Call, owner: str, repo: str) -> Answer:
    """A new ruleset; its name has to be its own."""
    one = call.repository(owner, repo)
    made = _create(call, one.id, "Repository", one.slug, f"/repos/{one.slug}")
    return answer(_shown(call, made), 201)


@routes.add("GET", "/repos/{owner}/{repo}/rulesets/{number}", READ)
def get_ruleset(call: Call, owner: str, repo: str, number: str) -> Answer:
    """One with its rules; who may bypass it only for those who may change it."""
    one = call.repository(owner, repo)
    inherited = [ruleset for ruleset in _of(call, one.owner) if _covers(call, ruleset, one)]
    return answer(_shown(call, _numbered([*_of(call, one.id), *inherited], number)))


@routes.add("PUT", "/repos/{owner}/{repo}/rulesets/{number}", WRITE)
def update_ruleset(call: Call, owner: str, repo: str, number: str) -> Answer:
    """Changes what the body names."""
    return _update(call, _of(call, call.repository(owner, repo).id), number)


@routes.add("DELETE", "/repos/{owner}/{repo}/rulesets/{number}", WRITE)
def delete_ruleset(call: Call, owner: str, repo: str, number: str) -> Answer:
    """Removes one."""
    return _delete(_of(call, call.repository(owner, repo).id), number)


@routes.add("GET", "/orgs/{org}/rulesets", ORGANIZATION)
def list_organization_rulesets(call: Call, org: str) -> Answer:
    """The organisation's, without their rules."""
    return page_of(call.request, [_summary(ruleset) for ruleset in _of(call, org)], call.server.address)


@routes.add("POST", "/orgs/{org}/rulesets", ORGANIZATION)
def create_organization_ruleset(call: Call, org: str) -> Answer:
    """A new one; its conditions have to say for which repositories."""
    conditions = call.json.get("conditions") or {}
    if call.json.get("target", "branch") != "repository" and not {
        "repository_name",
        "repository_id",
        "repository_property",
    } & set(conditions):
        raise Refusal(422, "Validation Failed", errors=["Conditions must name repositories"])
    return answer(_shown(call, _create(call, org, "Organization", org, f"/orgs/{org}")), 201)


@routes.add("GET", "/orgs/{org}/rulesets/{number}", ORGANIZATION)
def get_organization_ruleset(call: Call, org: str, number: str) -> Answer:
    """One with its rules."""
    return answer(_shown(call, _numbered(_of(call, org), number)))


@routes.add("PUT", "/orgs/{org}/rulesets/{number}", ORGANIZATION)
def update_organization_ruleset(call: Call, org: str, number: str) -> Answer:
    """Changes what the body names."""
    return _update(call, _of(call, org), number)


@routes.add("DELETE", "/orgs/{org}/rulesets/{number}", ORGANIZATION)
def delete_organization_ruleset(call: Call, org: str, number: str) -> Answer:
    """Removes one."""
    return _delete(_of(call, org), number)


@routes.add("GET", "/repos/{owner}/{repo}/rules/branches/{branch...}", READ)
def get_branch_rules(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """The rules of all active rulesets that cover a branch, also one that does not exist."""
    one = call.repository(owner, repo)
    found = [
        {
            **rule,
            "ruleset_source_type": ruleset["source_type"],
            "ruleset_source": ruleset["source"],
            "ruleset_id": ruleset["id"],
        }
        for ruleset in _in_force(call, one, branch)
        for rule in ruleset["rules"]
    ]
    return page_of(call.request, found, call.server.address)


# ------------------------------------------------------------------------------------------------- what they forbid


@routes.add("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
def create_reference(call: Call, owner: str, repo: str) -> Answer:
    """As the emulator does it, where no rule restricts creations."""
    one = call.repository(owner, repo)
    branch = str(call.json.get("ref", "")).removeprefix("refs/heads/")
    forbid(call, one, branch, "creation", "Cannot create ref due to creations being restricted.")
    return call.upstream("POST", call.request.target, call.json)


@routes.add("PATCH", "/repos/{owner}/{repo}/git/refs/{ref...}", "contents:write")
def update_reference(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """As the emulator does it, where no rule restricts updates or asks for pull requests."""
    one = call.repository(owner, repo)
    forbid_change(call, one, ref.removeprefix("heads/"), bool(call.json.get("force")))
    return call.upstream("PATCH", call.request.target, call.json)


@routes.add("DELETE", "/repos/{owner}/{repo}/git/refs/{ref...}", "contents:write")
def delete_reference(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """As the emulator does it, where no rule restricts deletions."""
    one = call.repository(owner, repo)
    forbid(call, one, ref.removeprefix("heads/"), "deletion", "Cannot delete this protected ref.")
    return call.upstream("DELETE", call.request.target)


def forbid_change(call: Call, one: Repository, branch: str, force: bool = False) -> None:
    """Refuses a direct change of a branch that rules forbid."""
    forbid(call, one, branch, "update", "Cannot update this protected ref.")
    forbid(call, one, branch, "pull_request", "Changes must be made through a pull request.")
    if force:
        forbid(call, one, branch, "non_fast_forward", "Cannot force-push to this branch")


def forbid(call: Call, one: Repository, branch: str, kind: str, words: str) -> None:
    """Refuses what a rule of a kind forbids on a branch, except to those who may bypass it."""
    for ruleset in _in_force(call, one, branch):
        if any(rule["type"] == kind for rule in ruleset["rules"]) and _bypass(call, ruleset) != "always":
            raise Refusal(422, f"Repository rule violations found\n\n{words}\n\n")


# ------------------------------------------------------------------------------------------------- helpers


def _of(call: Call, owner: object) -> list[Values]:
    found: list[Values] = call.kept("rulesets", owner, list)
    return found


def _create(call: Call, owner: object, kind: str, source: str, address: str) -> Values:
    body = call.json
    if any(ruleset["name"] == body["name"] for ruleset in _of(call, owner)):
        raise Refusal(422, "Validation Failed", errors=["Name must be unique"])
    number = next(_numbers)
    url = f"{call.server.address}{address}/rulesets/{number}"
    made = {
        "id": number,
        "name": body["name"],
        "target": body.get("target", "branch"),
        "source_type": kind,
        "source": source,
        "enforcement": body["enforcement"],
        "bypass_actors": body.get("bypass_actors", []),
        "conditions": body.get("conditions", {}),
        "rules": body.get("rules", []),
        "node_id": node_id("RepositoryRuleset", number),
        "_links": {"self": {"href": url}, "html": {"href": f"{call.server.address}/{source}/rules/{number}"}},
        "created_at": now(),
        "updated_at": now(),
    }
    _of(call, owner).append(made)
    return made


def _update(call: Call, rulesets: list[Values], number: str) -> Answer:
    found = _numbered(rulesets, number)
    names = {ruleset["name"] for ruleset in rulesets if ruleset is not found}
    if call.json.get("name") in names:
        raise Refusal(422, "Validation Failed", errors=["Name must be unique"])
    known = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
    found |= {name: value for name, value in call.json.items() if name in known}
    found["updated_at"] = now()
    return answer(_shown(call, found))


def _delete(rulesets: list[Values], number: str) -> Answer:
    rulesets.remove(_numbered(rulesets, number))
    return answer(None, 204)


def _numbered(rulesets: list[Values], number: str) -> Values:
    found = next((ruleset for ruleset in rulesets if str(ruleset["id"]) == number), None)
    if found is None:
        raise not_found()
    return found


def _summary(ruleset: Values) -> Values:
    hidden = ("rules", "conditions", "bypass_actors")
    return {name: value for name, value in ruleset.items() if name not in hidden}


def _shown(call: Call, ruleset: Values) -> Values:
    shown = {**ruleset, "current_user_can_bypass": _bypass(call, ruleset)}
    if not call.token.may(WRITE if ruleset["source_type"] == "Repository" else ORGANIZATION):
        del shown["bypass_actors"]
    return shown


def _bypass(call: Call, ruleset: Values) -> str:
    for actor in ruleset["bypass_actors"]:
        person = call.token.installation is None and call.token.admin and actor["actor_type"] == "OrganizationAdmin"
        app = call.token.installation is not None and actor["actor_type"] == "Integration"
        if person or app:
            return "pull_requests_only" if actor.get("bypass_mode") == "pull_request" else "always"
    return "never"


def _in_force(call: Call, one: Repository, branch: str) -> list[Values]:
    found = [*_of(call, one.id), *(ruleset for ruleset in _of(call, one.owner) if _covers(call, ruleset, one))]
    return [
        ruleset
        for ruleset in found
        if ruleset["enforcement"] == "active" and ruleset["target"] == "branch" and _matches(ruleset, one, branch)
    ]


def _matches(ruleset: Values, one: Repository, branch: str) -> bool:
    names = (ruleset["conditions"] or {}).get("ref_name") or {"include": ["~ALL"], "exclude": []}

    def listed(patterns: list[str]) -> bool:
        return any(
            pattern == "~ALL"
            or (pattern == "~DEFAULT_BRANCH" and branch == one.row["default_branch"])
            or fnmatch.fnmatchcase(f"refs/heads/{branch}", pattern)
            for pattern in patterns
        )

    return listed(names.get("include", [])) and not listed(names.get("exclude", []))


def _covers(call: Call, ruleset: Values, one: Repository) -> bool:
    """Whether a ruleset of an organisation is about a repository."""
    conditions: dict[str, Any] = ruleset["conditions"] or {}
    names = conditions.get("repository_name")
    if names is not None:
        included = any(pattern == "~ALL" or fnmatch.fnmatchcase(one.name, pattern) for pattern in names["include"])
        return included and not any(fnmatch.fnmatchcase(one.name, pattern) for pattern in names.get("exclude", []))
    numbers = conditions.get("repository_id")
    if numbers is not None:
        return one.id in numbers["repository_ids"]
    properties = conditions.get("repository_property")
    if properties is not None:
        values: Values = call.kept("property-values", one.id, dict)

        def has(wanted: Values) -> bool:
            return values.get(wanted["name"]) in wanted["property_values"]

        included = all(has(wanted) for wanted in properties.get("include", []))
        return included and not any(has(unwanted) for unwanted in properties.get("exclude", []))
    return True
