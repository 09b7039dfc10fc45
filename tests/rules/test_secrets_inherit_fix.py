"""The explicit mapping in place of ``secrets: inherit``, and why it is not always offered."""

from __future__ import annotations

from collections import Counter

import pytest

from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, needs_corpus
from .fixing import WORKFLOW, examined, fixed, refused

RULE = "secrets-inherit"
CALLEE = ".github/workflows/publish.yml"
CALL = """\
on: push
permissions: {}
jobs:
  publish:
    uses: ./.github/workflows/publish.yml
    secrets: inherit
    with: {}   # nothing
"""
READS = "          KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"


def callee(secrets: str = "    secrets: {CHITTYCONNECT_API_KEY: {required: true}}\n", env: str = READS) -> str:
    return (
        f"on:\n  workflow_call:\n{secrets}permissions: {{}}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n"
        f"    steps:\n      - run: ./publish\n        env:\n          NAME: x\n{env}"
    )


def calling(text: str, caller: str = CALL) -> dict[str, str]:
    return {WORKFLOW: caller, CALLEE: text}


def test_the_declared_secrets_are_named() -> None:
    found = fixed(RULE, calling(callee()))
    assert found.text() == CALL.replace(
        "    secrets: inherit\n",
        "    secrets:\n      CHITTYCONNECT_API_KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n",
    )
    assert found.said == ["safe: hand CHITTYCONNECT_API_KEY alone to ./.github/workflows/publish.yml"]


def test_a_workflow_without_secrets_gets_none() -> None:
    token = "          GH_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n"
    found = fixed(RULE, calling(callee("", token)))
    assert found.text() == CALL.replace("    secrets: inherit\n", "")
    assert found.said == ["safe: hand no secret to ./.github/workflows/publish.yml, which takes none"]


def test_a_job_in_braces() -> None:
    call = "on: push\njobs:\n  publish: {uses: ./.github/workflows/publish.yml, secrets: inherit}\n"
    assert fixed(RULE, calling(callee(), call)).text() == call.replace(
        "secrets: inherit", "secrets: {CHITTYCONNECT_API_KEY: '${{ secrets.CHITTYCONNECT_API_KEY }}'}"
    )


def test_what_is_handed_on_by_inheritance_counts() -> None:
    middle = (
        "on:\n  workflow_call:\n    secrets: {CHITTYCONNECT_API_KEY: {required: false}}\npermissions: {}\n"
        "jobs:\n  on:\n    uses: ./.github/workflows/inner.yml\n    secrets: inherit\n"
    )
    files = {**calling(middle), ".github/workflows/inner.yml": callee()}
    assert "CHITTYCONNECT_API_KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}" in fixed(RULE, files).text()
    files[CALLEE] = middle.replace("    secrets: {CHITTYCONNECT_API_KEY: {required: false}}\n", "")
    assert refused(RULE, files) == [
        "./.github/workflows/publish.yml reads CHITTYCONNECT_API_KEY without declaring it under "
        "on.workflow_call.secrets; declare it there first"
    ]


def test_a_workflow_of_another_repository_is_for_review() -> None:
    other = Snapshot(MemoryTree({CALLEE: callee()}), "acme/ci")
    call = CALL.replace("./.github", "acme/ci/.github").replace("publish.yml", "publish.yml@main")
    files = {WORKFLOW: call}
    assert fixed(RULE, files, lookups=Lookups({"acme/ci": other})).said == [
        "review: hand CHITTYCONNECT_API_KEY alone to acme/ci/.github/workflows/publish.yml"
    ]
    assert refused(RULE, files) == ["which secrets are needed cannot be told: acme/ci is not part of this run"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            callee(env="          ALL: ${{ toJSON(secrets) }}\n"),
            ".github/workflows/publish.yml takes secrets by computed names or all at once",
            id="all secrets at once",
        ),
        pytest.param(
            callee(env="          ONE: ${{ secrets[inputs.name] }}\n"),
            ".github/workflows/publish.yml takes secrets by computed names or all at once",
            id="a computed name",
        ),
        pytest.param(
            callee().replace("    steps:\n", "    environment: production\n    steps:\n"),
            "the job publish of .github/workflows/publish.yml runs in an environment, whose secrets a called workflow "
            "only gets by inheritance",
            id="an environment",
        ),
        pytest.param(
            callee()
            + "  other:\n    uses: acme/ci/.github/workflows/x.yml@main\n    secrets: inherit\n",
            "which secrets are needed cannot be told: acme/ci is not part of this run",
            id="a call that is handed on to where nobody can look",
        ),
        pytest.param(
            callee("").replace("workflow_call:", "push:"),
            "./.github/workflows/publish.yml cannot be called: it has no workflow_call trigger",
            id="no workflow to call",
        ),
    ],
)  # fmt: skip
def test_why_not(text: str, reason: str) -> None:
    assert refused(RULE, calling(text)) == [reason]


def test_no_other_rule_s_finding_takes_the_place() -> None:
    reads = READS.replace("CHITTYCONNECT_API_KEY", "NPM_TOKEN")
    files = calling(callee("    secrets: {NPM_TOKEN: {required: true}}\n", reads))
    decisions = examined(files, RULE, "static-secret").report.decisions
    assert [decision.unfixable for decision in decisions if decision.rule == RULE] == [
        "./.github/workflows/publish.yml takes NPM_TOKEN, which no workflow may read here (static-secret): let it "
        "ask for its own credentials first, then nothing else has to be handed over"
    ]
    [reason] = refused(RULE, files)  # while the other rule does not run, the proof sees it
    assert reason.startswith("refused: findings: static-secret has a new finding")


def test_an_environment_whose_job_reads_nothing_is_none_of_its_business() -> None:
    text = callee() + "  wait:\n    runs-on: ubuntu-latest\n    environment: production\n    steps: [{run: sleep 1}]\n"
    assert fixed(RULE, calling(text)).said == [
        "safe: hand CHITTYCONNECT_API_KEY alone to ./.github/workflows/publish.yml"
    ]


@needs_corpus
def test_real_workflows() -> None:
    counts = Counter[str]()
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            counts.update(map(_short, fixed(RULE, snapshot).said))
    assert counts == {
        "computed names": 4,
        "safe": 4,
        "without declaring": 2,
        "runs in an environment": 2,
        "cannot be told": 2,
    }


def _short(said: str) -> str:
    """What kind of fix or of reason it is."""
    kinds = ("safe", "without declaring", "computed names", "runs in an environment", "cannot be told")
    return next((kind for kind in kinds if kind in said), said)
