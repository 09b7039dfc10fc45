"""Objects that many answers hold, with all the members that GitHub describes."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

Values = dict[str, Any]


def now() -> str:
    """This second as GitHub writes it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: object) -> str:
    """A global id."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(address: str, login: str, kind: str = "User") -> Values:
    """A "simple user"."""
    url = f"{address}/users/{login}"
    number = sum(login.encode())
    return {
        "login": login,
        "id": number,
        "node_id": node_id(kind, number),
        "avatar_url": f"{address}/avatars/u/{login}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{address}/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "site_admin": False,
    }
