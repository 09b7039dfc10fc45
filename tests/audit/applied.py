"""Applies a plan in a process of its own, which a test may kill: ``python -m tests.audit.applied STORE ADDRESS PLAN``.

The token is in GITHUB_TOKEN. Prints the state of each entry.
"""

from __future__ import annotations

import os
import sys

from github import Auth

from chittyops_policy.audit.application import Application
from chittyops_policy.audit.journal import Journal
from chittyops_policy.audit.plan_files import read_plan
from chittyops_policy.audit.proposals import Manner
from chittyops_policy.audit.store import Store
from chittyops_policy.hosts.connection import Connection


def main(store: str, address: str, path: str) -> None:
    connection = Connection(Auth.Token(os.environ["GITHUB_TOKEN"]), address, write_pause=0)
    journal = Journal(Store(store))
    done = Application(lambda owner: connection, journal, Manner({}), exact=True, now=lambda: "2026-11-25T19:00:00Z")
    for slug, proposals in done.run(read_plan(path)).items():
        print(slug, *(proposal.state for proposal in proposals))


if __name__ == "__main__":
    main(*sys.argv[1:])
