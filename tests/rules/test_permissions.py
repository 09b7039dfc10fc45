"""Rules about permissions, on small cases and on real repositories, and what their fixes write."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from chittyops_policy.calls import SCOPES
from chittyops_policy.resources import read_resource
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report
from .fixing import fixed, refused

HEAD = "on: push\n"
STEPS = "    runs-on: ubuntu-latest\n    steps:\n"


def job(*steps: str, name: str = "test", permissions: str = "") -> str:
    """A job in block style; `permissions` is the flow value of its key."""
    own = f"    permissions: {permissions}\n" if permissions else ""
    return f"  {name}:\n{own}{STEPS}" + "".join(f"      - {step}\n" for step in steps)


# ------------------------------------------------------------------------------------------------ missing-permissions


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param(f"{HEAD}jobs:\n{job('run: x')}", ["test"], id="nobody"),
        pytest.param(f"{HEAD}permissions: {{}}\njobs:\n{job('run: x')}", [], id="the workflow, nothing"),
        pytest.param(f"{HEAD}jobs:\n{job('run: x', permissions='{}')}", [], id="every job"),
        pytest.param(
            f"{HEAD}jobs:\n{job('run: x', permissions='{}')}{job('run: x', name='b')}", ["b"], id="one job of two"
        ),
        pytest.param("on: workflow_call\njobs:\n" + job("run: x"), [], id="only called"),
        pytest.param("on: [workflow_call, push]\njobs:\n" + job("run: x"), ["test"], id="also called"),
        pytest.param(f"{HEAD}jobs:\n  a: {{uses: ./.github/workflows/b.yml}}\n", ["a"], id="a call"),
        pytest.param(f"{HEAD}permissions: ''\njobs:\n{job('run: x')}", [], id="an empty value is for another rule"),
    ],
)
def test_somebody_states_permissions(text: str, places: list[str]) -> None:
    assert [entry.split(": ")[0] for entry in found("missing-permissions", text)] == places


def test_an_event_that_outsiders_cause_makes_it_graver() -> None:
    def severity(event: str) -> str:
        files = f"on: {event}\njobs:\n{job('run: x')}"
        [decision] = report(Snapshot(MemoryTree({".github/workflows/x.yml": files})), "missing-permissions").decisions
        return decision.severity

    assert [severity(event) for event in ("push", "pull_request", "issue_comment", "pull_request_target")] == [
        "medium", "medium", "high", "high",
    ]  # fmt: skip


def test_the_fix_states_the_least_at_the_top_and_the_rest_where_it_is_needed() -> None:
    text = (
        "name: x\non:\n  push:\n\njobs:\n"
        + job("uses: actions/checkout@v7", "run: make test")
        + job("uses: actions/labeler@v6", name="label")
    )
    done = fixed("missing-permissions", text)
    assert done.said == ["review: state the permissions that the jobs need"]
    assert done.text() == (
        "name: x\non:\n  push:\n\npermissions:\n  contents: read\n\njobs:\n"
        + job("uses: actions/checkout@v7", "run: make test")
        + "  label:\n    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n"
        "      pull-requests: write # for actions/labeler\n    steps:\n      - uses: actions/labeler@v6\n"
    )


def test_the_fix_keeps_line_endings() -> None:
    text = (HEAD + "jobs:\n" + job("uses: actions/labeler@v6")).replace("\n", "\r\n")
    after = fixed("missing-permissions", text).text()
    assert after.count("\n") == after.count("\r\n") == text.count("\r\n") + 5


REFUSED = {
    "an unknown action": (["uses: example/what@v1"], "what example/what needs the token for is not known"),
    "a script with the token": (["run: 'x ${{ github.token }}'"], "a script gets the token"),
    "github-script": (["uses: actions/github-script@v9"], "what actions/github-script needs the token for"),
    "an action that is not there": (["uses: ./tool"], "what ./tool does with the token cannot be told"),
}


@pytest.mark.parametrize(("steps", "reason"), REFUSED.values(), ids=REFUSED)
def test_the_fix_does_not_guess(steps: list[str], reason: str) -> None:
    [said] = refused("missing-permissions", HEAD + "jobs:\n" + job(*steps))
    assert reason in said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"on: {{release: {{types: [published]}}}}\njobs:\n{job('run: x')}", id="started by a release"),
        pytest.param(f"{HEAD}jobs:\n{job('run: x', name='publish')}", id="named so"),
        pytest.param(f"name: Deploy\n{HEAD}jobs:\n{job('run: x')}", id="workflow named so"),
        pytest.param(f"{HEAD}jobs:\n  a:\n    environment: production\n{STEPS}      - run: x\n", id="an environment"),
    ],
)
def test_the_fix_leaves_releases_alone(text: str) -> None:
    [reason] = refused("missing-permissions", text)
    assert "looks as if it ships something" in reason


def test_a_called_workflow_of_the_repository_says_what_it_needs() -> None:
    files = {
        ".github/workflows/x.yml": HEAD + "jobs:\n  call:\n    uses: ./.github/workflows/y.yml\n",
        ".github/workflows/y.yml": "on: workflow_call\njobs:\n" + job("run: x", permissions="{checks: write} # why"),
    }
    assert fixed("missing-permissions", files).text() == (
        "on: push\npermissions: {}\njobs:\n  call:\n    uses: ./.github/workflows/y.yml\n"
        "    permissions:\n      checks: write # for ./.github/workflows/y.yml\n"
    )


# ---------------------------------------------------------------------------------------------- excessive-permissions

CLEAN = "uses: actions/checkout@v7\n        with: {persist-credentials: false}"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param(f"{HEAD}permissions: write-all\njobs:\n{job('run: x')}", ["write-all"], id="write-all"),
        pytest.param(f"{HEAD}permissions: read-all\njobs:\n{job('run: x')}", ["read-all"], id="read-all"),
        pytest.param(f"{HEAD}permissions: write-all\njobs:\n{job('run: x', permissions='{}')}", [], id="nobody has it"),
        pytest.param(f"{HEAD}jobs:\n{job('run: x', permissions='write-all')}", ["write-all"], id="a job's write-all"),
        pytest.param(f"{HEAD}jobs:\n{job(CLEAN, permissions='{contents: write}')}", ["contents: write"], id="no use"),
        pytest.param(
            f"{HEAD}jobs:\n{job(CLEAN, 'run: x', permissions='{contents: write}')}",
            ["contents: write"],
            id="a script without credentials",
        ),
        pytest.param(
            f"{HEAD}jobs:\n{job('uses: actions/checkout@v7', 'run: ./x', permissions='{contents: write}')}",
            [],
            id="a script that may push",
        ),
        pytest.param(f"{HEAD}jobs:\n{job('run: x', permissions='{id-token: write}')}", [], id="scripts may sign in"),
        pytest.param(
            f"{HEAD}jobs:\n{job('uses: softprops/action-gh-release@v3', permissions='{contents: write}')}",
            [],
            id="an action that needs it",
        ),
        pytest.param(
            f"{HEAD}jobs:\n{job('uses: codecov/codecov-action@v5', permissions='{id-token: write}')}",
            ["id-token: write"],
            id="an action that needs it with an input only",
        ),
        pytest.param(
            f"{HEAD}jobs:\n"
            + job("uses: codecov/codecov-action@v5\n        with: {use_oidc: true}", permissions="{id-token: write}"),
            [],
            id="with that input",
        ),
        pytest.param(
            f"{HEAD}permissions: {{issues: write}}\njobs:\n{job('run: x')}{job('uses: a/b@v1', name='b')}",
            ["issues: write"],
            id="shared with a job that has no use for it",
        ),
        pytest.param(
            f"{HEAD}permissions: {{issues: write}}\njobs:\n{job('uses: a/c@v1')}{job('uses: a/b@v1', name='b')}",
            [],
            id="shared by jobs that may all use it",
        ),
        pytest.param(f"{HEAD}permissions: {{issues: read}}\njobs:\n{job('run: x')}", [], id="reading is no matter"),
    ],
)
def test_what_a_job_cannot_use_is_too_much(text: str, places: list[str]) -> None:
    entries = found("excessive-permissions", text)
    assert [re.split(": (?=nothing|every|the token)", entry)[0] for entry in entries] == places


def test_a_permission_goes_or_becomes_smaller() -> None:
    text = f"{HEAD}permissions: {{}}\njobs:\n" + job(CLEAN, permissions="\n      contents: write\n      issues: write")
    done = fixed("excessive-permissions", text)
    assert done.said == ["review: reduce contents from write to read", "review: take issues: write from 'test'"]
    assert done.text() == f"{HEAD}permissions: {{}}\njobs:\n" + job(CLEAN, permissions="\n      contents: read")


def test_the_last_permission_leaves_an_empty_statement() -> None:
    text = f"{HEAD}jobs:\n" + job("run: make", permissions="\n      issues: write")
    assert fixed("excessive-permissions", text).text() == f"{HEAD}jobs:\n" + job("run: make", permissions="{}")


def test_a_comment_among_permissions_is_not_lost() -> None:
    text = (
        f"{HEAD}permissions:\n  # the report\n  checks: write # tests\njobs:\n{job('run: x')}{job('run: x', name='b')}"
    )
    assert refused("excessive-permissions", text) == []
    commented = text.replace("  checks", "  contents: read\n  # the report\n  checks")
    assert refused("excessive-permissions", commented) == ["a comment stands among the permissions"]


# ------------------------------------------------------------------------------------------------------------- others


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        ("checks: write", 1),
        ("checks: write # the report", 0),
        ("# the report\n  checks: write", 0),
        ("checks: write #", 1),
        ("# ----\n  checks: write", 1),
        ("contents: read", 0),
        ("contents: write", 1),
        ("issues: none", 0),
    ],
)
def test_a_comment_says_something(entry: str, count: int) -> None:
    text = f"{HEAD}permissions:\n  {entry}\njobs:\n{job('run: x')}"
    assert len(found("undocumented-permissions", text)) == count


def test_github_app_asks_for_what_the_version_can() -> None:
    step = "uses: actions/create-github-app-token@{}\n        with: {{app-id: 1, private-key: x}}"
    messages = [found("github-app", f"{HEAD}jobs:\n{job(step.format(ref))}") for ref in ("v1.11", "v1", "v3")]
    assert [["v1.12" in message for message in each] for each in messages] == [[True], [False], [False]]


@pytest.mark.parametrize("value", ["true", "True"])
def test_github_app_takes_its_token_back(value: str) -> None:
    step = f"uses: actions/create-github-app-token@v3\n        with: {{skip-token-revoke: {value}, permission-x: read}}"
    assert len(found("github-app", f"{HEAD}jobs:\n{job(step)}")) == 1


def test_every_line_of_the_table_can_be_read() -> None:
    lines = read_resource("policies", "data", "action-permissions.tsv").decode("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(rows) > 50
    assert rows == sorted(rows)
    for action, scopes, when, source, day in rows:
        assert action == action.lower() and "/" in action
        assert all(pair.split(":")[0] in SCOPES and pair.split(":")[1] in ("read", "write")
                   for pair in scopes.split() if pair != "-")  # fmt: skip
        assert not when or scopes != "-"
        assert source and len(day) == 10


@needs_corpus
def test_the_permissions_of_real_workflows() -> None:
    """Of the organisation's workflows, those without any statement; the others were looked at one by one."""

    def count(rule: str) -> dict[str, int]:
        return {
            part: sum(len(report(snapshot, rule).decisions) for snapshot in corpus(part))
            for part in ("chittyos", "public")
        }

    assert count("missing-permissions") == {"chittyos": 66, "public": 100}
    assert count("excessive-permissions") == {"chittyos": 22, "public": 8}
    assert count("undocumented-permissions") == {"chittyos": 99, "public": 300}
    assert count("github-app") == {"chittyos": 0, "public": 4}


@needs_corpus
def test_what_is_too_much_in_the_organisation_is_so_for_a_reason() -> None:
    scopes = Counter[str]()
    for snapshot in corpus("chittyos"):
        for decision in report(snapshot, "excessive-permissions").decisions:
            assert decision.region is not None
            scopes[decision.region.source.strip().partition(":")[0]] += 1
    assert scopes == {
        "contents": 5, "pull-requests": 5, "checks": 4, "security-events": 2, "statuses": 2, "packages": 2,
        "issues": 1, "deployments": 1,
    }  # fmt: skip
