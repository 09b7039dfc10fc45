"""Who reported a check: by default GitHub Actions, which the emulator has no App for."""

from __future__ import annotations

from ..messages import Answer, answer
from ..server import Call, Routes
from ..shapes import Values, node_id, user

routes = Routes()

GITHUB_ACTIONS = 15368
"""The id of GitHub Actions on github.com."""


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read")
def list_check_runs(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """As the emulator has them, each with the App that a test names for it under ``check-app``."""
    one = call.repository(owner, repo)
    found = call.upstream("GET", call.request.target.replace(f"/repos/{owner}/{repo}/", f"/repos/{one.slug}/"))
    if found.status != 200:
        return found
    shown = found.json
    for run in shown["check_runs"]:
        number: int = call.kept("check-app", (one.id, run["name"]), lambda: GITHUB_ACTIONS)
        run["app"] = _app(call, number)
    return answer(shown, headers={name: value for name, value in found.headers.items() if name.lower() == "link"})


def _app(call: Call, number: int) -> Values:
    slug = "github-actions" if number == GITHUB_ACTIONS else f"app-{number}"
    return {
        "id": number,
        "slug": slug,
        "node_id": node_id("App", number),
        "owner": user(call.server.address, "octocat"),
        "name": slug,
        "description": None,
        "external_url": f"{call.server.address}/apps/{slug}",
        "html_url": f"{call.server.address}/apps/{slug}",
        "created_at": "2026-01-05T10:00:00Z",
        "updated_at": "2026-01-05T10:00:00Z",
        "permissions": {"checks": "write"},
        "events": [],
    }
