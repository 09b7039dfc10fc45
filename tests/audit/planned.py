"""Repositories on the disk and the entries that they get, for the tests of plans and pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chittyops_policy.audit.plan import Entry
from chittyops_policy.audit.proposals import Choice, propose
from chittyops_policy.audit.result import Subject
from chittyops_policy.catalogue import load
from chittyops_policy.checking import open_snapshot
from chittyops_policy.engine import check
from chittyops_policy.model import PROFILES
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.snapshot import MemoryTree, Snapshot

from ..doors.support import UNPINNED

TODAY = "2026-11-25"
CATALOGUE = load()
WORKFLOW = ".github/workflows/ci.yml"
OWNERS = "* @octo/everyone\n/.github/workflows/ @octo/cicd-admins @octocat @hubot ops@example.com\n"
SAFE_FIXES = Choice()
ONLY_PINS = Choice(only=("unpinned-uses",))
FILES: Mapping[str, str] = {
    WORKFLOW: UNPINNED,
    ".github/CODEOWNERS": OWNERS,
    "CLAUDE.md": "# here\n",
    "README.md": "# read\n",
}


def entry_of(
    snapshot: Snapshot, choice: Choice = SAFE_FIXES, *, head: str = "1" * 40, select: tuple[str, ...] = ()
) -> Entry | None:
    """What `propose` makes of a snapshot under the shipped pack."""
    pack = standard_pack()
    slug = snapshot.slug or "octo/app"
    policy = effective(CATALOGUE, pack, None, Overrides(select=select), slug=slug, today=TODAY)
    everything = effective(CATALOGUE, pack, None, Overrides(profile=PROFILES[-1]), slug=slug, today=TODAY)
    report = check(snapshot, CATALOGUE, policy, today=TODAY)
    subject = Subject(slug, head=head, branch="main")
    return propose(subject, snapshot, report, CATALOGUE, policy, everything, today=TODAY, choice=choice)


def entry(
    files: Mapping[str, str | bytes] = FILES,
    choice: Choice = ONLY_PINS,
    *,
    slug: str = "octo/app",
    head: str = "1" * 40,
) -> Entry:
    """The entry of a repository in memory; there must be one."""
    found = entry_of(Snapshot(MemoryTree(files), slug, head), choice, head=head)
    assert found is not None
    return found


def disk_entry(folder: Path, choice: Choice = SAFE_FIXES, *, head: str = "1" * 40) -> Entry:
    """The entry of a working tree; there must be one."""
    found = entry_of(open_snapshot(str(folder), {}), choice, head=head)
    assert found is not None
    return found
