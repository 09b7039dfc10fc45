"""What a repository's files allow to be required of it."""

from __future__ import annotations

from typing import Any

from chittyops_policy.catalogue import load
from chittyops_policy.lock.readiness import readiness_of
from chittyops_policy.lock.values import Readiness
from chittyops_policy.policy import standard_pack
from chittyops_policy.snapshot import MemoryTree, Snapshot

PIN = "0123456789abcdef0123456789abcdef01234567"
CI = ".github/workflows/ci.yml"
POLICY = ".github/workflows/policy.yml"
CHECK = "chittyops-policy"
OWNERS = "* @northwind/developers\n/.github/workflows/ @northwind/cicd-admins\n"


def workflow(
    *uses: str, on: str = "[push, pull_request]", permissions: str = "permissions: {}\n", job: str = "test"
) -> str:
    steps = "".join(f"      - uses: {name}\n" for name in uses) or "      - run: make\n"
    return f"on: {on}\n{permissions}jobs:\n  {job}:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"


def readiness(files: dict[str, str], reported: dict[str, tuple[int, ...]] | None = None, **more: Any) -> Readiness:
    return readiness_of(
        Snapshot(MemoryTree(files), "northwind/storefront"),
        load(),
        standard_pack(None),
        (CHECK, f"{CHECK} / {CHECK}"),
        reported or {},
        today="2026-11-25",
        **more,
    )


def test_a_sound_repository_is_ready() -> None:
    found = readiness(
        {CI: workflow(f"actions/checkout@{PIN}"), POLICY: workflow(job=CHECK), ".github/CODEOWNERS": OWNERS},
        {CHECK: (15368,)},
    )
    assert found == Readiness(reported={CHECK: (15368,)}, owners=("cicd-admins",), uses=(f"actions/checkout@{PIN}",))


def test_a_default_line_at_the_end_makes_codeowners_void() -> None:
    found = readiness({CI: workflow(), ".github/CODEOWNERS": OWNERS + "* @northwind/developers\n"})
    (why,) = found.codeowners
    assert why.startswith(".github/CODEOWNERS:3: ")
    assert found.owners == ("developers",), "those are who would have to review"


def test_without_codeowners_nobody_owns_anything() -> None:
    found = readiness({CI: workflow()})
    assert len(found.codeowners) == 1
    assert found.owners == ()


def test_what_github_itself_says_of_codeowners_counts() -> None:
    found = readiness({".github/CODEOWNERS": OWNERS}, owner_errors=["Unknown owner on line 2"])
    assert found.codeowners == ("Unknown owner on line 2",)


def test_a_repository_cannot_excuse_itself() -> None:
    excuse = "rules:\n  missing-permissions: {stage: 'off'}\nexceptions:\n  - {rule: missing-permissions, reason: x}\n"
    found = readiness({CI: workflow(permissions=""), ".chittyops-policy.yml": excuse})
    assert found.silent == (CI,)


def test_jobs_without_permissions_get_the_default_token() -> None:
    assert readiness({CI: workflow(permissions="")}).silent == (CI,)


def test_unpinned_is_what_github_would_not_run() -> None:
    composite = "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n"
    files = {
        CI: workflow("actions/checkout@v4", f"actions/setup-node@{PIN}", "./tools/setup", "docker://alpine:3")
        + "  called:\n    uses: northwind/ci/.github/workflows/x.yml@v1\n",
        "tools/setup/action.yml": composite,
    }
    found = readiness(files)
    assert found.unpinned == (f"{CI}:7 actions/checkout@v4", "tools/setup/action.yml:4 actions/cache@v4")
    assert "northwind/ci/.github/workflows/x.yml@v1" in found.uses
    assert "docker://alpine:3" not in found.uses


def test_a_check_that_no_pull_request_starts_would_wait_for_ever() -> None:
    found = readiness({POLICY: workflow(on="{push: {branches: [main]}}", job=CHECK)}, {CHECK: (15368,)})
    assert list(found.gaps) == [CHECK]
    assert "no pull request starts its workflow" in found.gaps[CHECK]


def test_the_same_of_a_called_workflow_that_is_elsewhere() -> None:
    call = (
        "on: {schedule: [{cron: '0 4 * * *'}]}\njobs:\n  chittyops-policy:\n    uses: a/b/.github/workflows/c.yml@v1\n"
    )
    name = f"{CHECK} / {CHECK}"
    assert name in readiness({POLICY: call}, {name: (15368,)}).gaps
    triggered = call.replace("{schedule: [{cron: '0 4 * * *'}]}", "pull_request")
    assert readiness({POLICY: triggered}, {name: (15368,)}).gaps == {}


def test_a_check_whose_job_is_gone() -> None:
    assert readiness({CI: workflow()}, {CHECK: (15368,)}).gaps == {CHECK: "no job reports it any more"}


def test_what_another_app_reports_is_not_in_the_files() -> None:
    assert readiness({CI: workflow()}, {CHECK: (99,)}).gaps == {}
