"""Alerts and what finds them: Dependabot, code scanning, secret scanning."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from ..memory import Repository
from ..messages import Answer, Refusal, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values, now

routes = Routes()

SEVERITIES = ("low", "medium", "high", "critical")


# ------------------------------------------------------------------------------------------------- switches


@routes.add("GET", "/repos/{owner}/{repo}/vulnerability-alerts", "administration:read")
def get_vulnerability_alerts(call: Call, owner: str, repo: str) -> Answer:
    """204 where Dependabot alerts are on, 404 where they are off."""
    if not call.kept("vulnerability-alerts", call.repository(owner, repo).id, lambda: False):
        raise Refusal(404, "Vulnerability alerts are disabled.")
    return answer(None, 204)


@routes.add("PUT", "/repos/{owner}/{repo}/vulnerability-alerts", "administration:write")
def enable_vulnerability_alerts(call: Call, owner: str, repo: str) -> Answer:
    """Turns Dependabot alerts on."""
    call.server.keep("vulnerability-alerts", call.repository(owner, repo).id, True)
    return answer(None, 204)


@routes.add("DELETE", "/repos/{owner}/{repo}/vulnerability-alerts", "administration:write")
def disable_vulnerability_alerts(call: Call, owner: str, repo: str) -> Answer:
    """Turns them off."""
    call.server.keep("vulnerability-alerts", call.repository(owner, repo).id, False)
    return answer(None, 204)


@routes.add("GET", "/repos/{owner}/{repo}/automated-security-fixes", "administration:read")
def get_security_fixes(call: Call, owner: str, repo: str) -> Answer:
    """Whether Dependabot opens pull requests for alerts."""
    enabled = call.kept("automated-security-fixes", call.repository(owner, repo).id, lambda: False)
    return answer({"enabled": enabled, "paused": False})


@routes.add("PUT", "/repos/{owner}/{repo}/automated-security-fixes", "administration:write")
def enable_security_fixes(call: Call, owner: str, repo: str) -> Answer:
    """Turns that on."""
    call.server.keep("automated-security-fixes", call.repository(owner, repo).id, True)
    return answer(None, 204)


@routes.add("GET", "/repos/{owner}/{repo}/code-scanning/default-setup", "administration:read")
def get_default_setup(call: Call, owner: str, repo: str) -> Answer:
    """The default setup of code scanning; refused where a private repository has no licence for it."""
    one = call.repository(owner, repo)
    if one.private and not call.kept("advanced-security", one.id, lambda: False):
        raise Refusal(403, "Code Security must be enabled for this repository to use code scanning.")
    default: Values = {
        "state": "not-configured",
        "languages": [],
        "query_suite": "default",
        "threat_model": "remote",
        "updated_at": None,
        "schedule": None,
    }
    return answer(call.kept("default-setup", one.id, lambda: default))


@routes.add("PATCH", "/repos/{owner}/{repo}/code-scanning/default-setup", "administration:write")
def update_default_setup(call: Call, owner: str, repo: str) -> Answer:
    """Configures it; GitHub answers with the run that does so."""
    one = call.repository(owner, repo)
    known: Values = {
        "state": "not-configured",
        "languages": [],
        "query_suite": "default",
        "threat_model": "remote",
        "updated_at": now(),
        "schedule": "weekly",
    }
    call.kept("default-setup", one.id, lambda: known).update(call.json)
    return answer({"run_id": 42, "run_url": f"{call.server.address}/repos/{one.slug}/actions/runs/42"}, 202)


# ------------------------------------------------------------------------------------------------- alerts


@routes.add("GET", "/repos/{owner}/{repo}/dependabot/alerts", "vulnerability_alerts:read")
def list_dependabot_alerts(call: Call, owner: str, repo: str) -> Answer:
    """Newest first, by cursors; refused where alerts are off."""
    one = call.repository(owner, repo)
    if not call.kept("vulnerability-alerts", one.id, lambda: False):
        raise Refusal(403, "Dependabot alerts are disabled for this repository.")
    return _by_cursor(call, _dependabot(call, [one], whole=False))


@routes.add("GET", "/orgs/{org}/dependabot/alerts", "vulnerability_alerts:read")
def list_organization_dependabot_alerts(call: Call, org: str) -> Answer:
    """Those of all repositories, each with its repository."""
    found = [one for one in call.memory.repositories() if one.owner == org and call.token.sees(one.slug, one.private)]
    return _by_cursor(call, _dependabot(call, found, whole=True))


@routes.add("GET", "/repos/{owner}/{repo}/code-scanning/alerts", "security_events:read")
def list_code_scanning_alerts(call: Call, owner: str, repo: str) -> Answer:
    """Newest first; 404 where nothing was ever analysed."""
    one = call.repository(owner, repo)
    alerts: list[Values] | None = call.kept("code-scanning-alerts", one.id, lambda: None)
    if alerts is None:
        raise Refusal(404, "no analysis found")
    query = call.request.query
    found = [
        alert
        for alert in reversed(alerts)
        if query.get("state") in (None, alert["state"])
        and query.get("severity") in (None, alert["rule"]["severity"], alert["rule"]["security_severity_level"])
        and query.get("tool_name") in (None, alert["tool"]["name"])
    ]
    return page_of(call.request, found, call.server.address)


@routes.add("GET", "/repos/{owner}/{repo}/secret-scanning/alerts", "secret_scanning_alerts:read")
def list_secret_scanning_alerts(call: Call, owner: str, repo: str) -> Answer:
    """Newest first; 404 where secret scanning is off."""
    one = call.repository(owner, repo)
    if call.kept("security_and_analysis", one.id, dict).get("secret_scanning") != "enabled":
        raise Refusal(404, "Secret scanning is disabled on this repository.")
    alerts = call.kept("secret-scanning-alerts", one.id, list)
    state = call.request.query.get("state")
    found = [alert for alert in reversed(alerts) if state in (None, alert["state"])]
    return page_of(call.request, found, call.server.address)


def dependabot_alert(call: Call, one: Repository, facts: Values) -> Values:
    """An alert in GitHub's shape, of facts such as `severity`, `created_at`, `fixed_at`, `package`, `ecosystem`."""
    alerts = call.kept("dependabot-alerts", one.id, list)
    number = len(alerts) + 1
    package = {"ecosystem": facts.get("ecosystem", "npm"), "name": facts.get("package", "left-pad")}
    severity = facts.get("severity", "high")
    created = facts.get("created_at", now())
    vulnerability = {
        "package": package,
        "severity": severity,
        "vulnerable_version_range": "< 2.0.0",
        "first_patched_version": {"identifier": "2.0.0"},
    }
    fixed, dismissed = facts.get("fixed_at"), facts.get("dismissed_at")
    made = {
        "number": number,
        "state": "fixed" if fixed else "dismissed" if dismissed else "open",
        "dependency": {"package": package, "manifest_path": "package-lock.json", "scope": "runtime"},
        "security_advisory": {
            "ghsa_id": f"GHSA-{number:04d}-{one.id:04d}-test",
            "cve_id": None,
            "summary": f"A flaw in {package['name']}",
            "description": "",
            "vulnerabilities": [vulnerability],
            "severity": severity,
            "cvss": {"score": 0.0, "vector_string": None},
            "cwes": [],
            "identifiers": [],
            "references": [],
            "published_at": created,
            "updated_at": created,
            "withdrawn_at": None,
        },
        "security_vulnerability": vulnerability,
        "url": f"{call.server.address}/repos/{one.slug}/dependabot/alerts/{number}",
        "html_url": f"{call.server.address}/{one.slug}/security/dependabot/{number}",
        "created_at": created,
        "updated_at": fixed or dismissed or created,
        "dismissed_at": dismissed,
        "dismissed_by": None,
        "dismissed_reason": facts.get("dismissed_reason", "tolerable_risk") if dismissed else None,
        "dismissed_comment": None,
        "fixed_at": fixed,
    }
    alerts.append(made)
    return made


def code_scanning_alert(call: Call, one: Repository, facts: Values) -> Values:
    """An alert in GitHub's shape, of facts such as `severity` (low … critical), `created_at`, `fixed_at`, `tool`."""
    if call.kept("code-scanning-alerts", one.id, lambda: None) is None:
        call.server.keep("code-scanning-alerts", one.id, [])
    alerts = call.kept("code-scanning-alerts", one.id, list)
    number = len(alerts) + 1
    created, fixed = facts.get("created_at", now()), facts.get("fixed_at")
    state = "fixed" if fixed else "open"
    url = f"{call.server.address}/repos/{one.slug}/code-scanning/alerts/{number}"
    made = {
        "number": number,
        "created_at": created,
        "updated_at": fixed or created,
        "url": url,
        "html_url": f"{call.server.address}/{one.slug}/security/code-scanning/{number}",
        "instances_url": f"{url}/instances",
        "state": state,
        "fixed_at": fixed,
        "dismissed_by": None,
        "dismissed_at": None,
        "dismissed_reason": None,
        "dismissed_comment": None,
        "rule": {
            "id": facts.get("rule", "py/sql-injection"),
            "name": facts.get("rule", "py/sql-injection"),
            "severity": "error",
            "security_severity_level": facts.get("severity", "high"),
            "description": "A flaw",
            "tags": [],
        },
        "tool": {"name": facts.get("tool", "CodeQL"), "version": "2.20.0", "guid": None},
        "most_recent_instance": {"ref": "refs/heads/main", "state": state, "commit_sha": one.head or ""},
    }
    alerts.append(made)
    return made


def _dependabot(call: Call, repositories: list[Repository], whole: bool) -> list[Values]:
    query = call.request.query
    found: list[Values] = []
    for one in repositories:
        for alert in call.kept("dependabot-alerts", one.id, list):
            vulnerability = alert["security_vulnerability"]
            if (
                _listed(query.get("state"), alert["state"])
                and _listed(query.get("severity"), vulnerability["severity"])
                and _listed(query.get("ecosystem"), vulnerability["package"]["ecosystem"])
            ):
                brief = {"id": one.id, "name": one.name, "full_name": one.slug, "private": one.private}
                found.append({**alert, "repository": brief} if whole else alert)
    return sorted(found, key=lambda alert: str(alert["created_at"]), reverse=True)


def _listed(wanted: str | None, value: str) -> bool:
    return wanted is None or value in wanted.split(",")


def _by_cursor(call: Call, items: list[Any]) -> Answer:
    """A page by cursor: these lists know no page numbers."""
    query = call.request.query
    if "page" in query:
        raise Refusal(400, "Pagination using the `page` parameter is not supported.")
    size = min(int(query.get("per_page", "30")), 100)
    start = 0
    if "after" in query:
        try:
            start = int(base64.urlsafe_b64decode(query["after"]).decode())
        except ValueError as error:
            raise Refusal(400, "Invalid cursor") from error
    headers = {}
    if start + size < len(items):
        cursor = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        kept = [f"{name}={quote(value)}" for name, value in query.items() if name != "after"]
        target = "&".join([*kept, f"after={quote(cursor)}"])
        headers["Link"] = f'<{call.server.address}{call.request.path}?{target}>; rel="next"'
    return answer(items[start : start + size], headers=headers)


@routes.add("GET", "/repos/{owner}/{repo}/codeowners/errors", "contents:read")
def list_codeowners_errors(call: Call, owner: str, repo: str) -> Answer:
    """What a test says that GitHub finds wrong in CODEOWNERS."""
    one = call.repository(owner, repo)
    if one.head is None:
        raise not_found()
    return answer({"errors": call.kept("codeowners-errors", one.id, list)})
