"""A GitHub Enterprise Server has its API below a path: REST at ``/api/v3``, GraphQL at ``/api/graphql``."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ..doors.support import UNPINNED, command
from ..github.world import World, github_world, needs_github
from .planned import WORKFLOW

pytestmark = needs_github


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with github_world("octo") as world:
        for number in range(3):
            world.repository(f"octo/app-{number}", {WORKFLOW: UNPINNED, "README.md": "x\n"})
        yield world


@pytest.fixture
def enterprise(world: World) -> Iterator[str]:
    """The address of the API of an Enterprise in front of the same GitHub; every other path is its website's."""

    class Front(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            if self.path.startswith("/api/v3/"):
                target = world.address + self.path.removeprefix("/api/v3")
            elif self.path == "/api/graphql":
                target = world.address + "/graphql"
            else:
                self.send_error(404)
                return
            data = self.rfile.read(int(self.headers.get("content-length") or 0)) or None
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            try:
                answer = urlopen(Request(target, data, kept, method=self.command))
            except HTTPError as error:
                answer = error
            with answer:
                body = answer.read().replace(world.address.encode(), here.encode())
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value.replace(world.address, here))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _forward

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        here = f"http://127.0.0.1:{server.server_address[1]}/api/v3"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()


def test_audit_and_pull_requests_of_an_enterprise(world: World, enterprise: str, tmp_path: Path) -> None:
    env = {"GITHUB_TOKEN": world.token, "CHITTYOPS_POLICY_STORE": str(tmp_path / "store.sqlite")}
    call = ("audit", "--org", "octo", "--base-url", enterprise, "--settings", "--fix", "--only", "unpinned-uses")
    done = command(*call, cwd=tmp_path, env=env)
    assert "3 repositories judged\n" in done.stdout and "pull requests: 3 open\n" in done.stdout, done.stderr
    assert all(len(world.pulls(f"octo/app-{number}")) == 1 for number in range(3))
    report = json.loads((tmp_path / "audit-report/report.json").read_text())
    told = {verdict["outcome"] for entry in report["repositories"] for verdict in entry["report"]["verdicts"]
            if verdict["control"] == "branch-rules"}  # fmt: skip
    assert told == {"fail"}, "the settings were read as well"


def test_listings_of_several_pages_stay_at_the_enterprise(world: World, enterprise: str, tmp_path: Path) -> None:
    env = {"GITHUB_TOKEN": world.token, "CHITTYOPS_POLICY_STORE": str(tmp_path / "store.sqlite")}
    for number in range(105):
        world.run("octo/app-0", created_at="2026-01-05T10:00:00Z", name=f"CI {number}")
    env["SOURCE_DATE_EPOCH"] = "1767700000"  # 2026-01-06
    done = command("metrics", "--repo", "octo/app-0", "--base-url", enterprise, cwd=tmp_path, env=env)
    assert "105" in done.stdout, done.stdout + done.stderr
