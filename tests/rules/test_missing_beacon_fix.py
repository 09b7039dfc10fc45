"""The Beacon step that is put into a deploying job, and why it is not always offered."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, needs_corpus
from .fixing import PIN, RELEASE, WORKFLOW, fixed, refused

RULE = "missing-beacon"
STEP = (
    f"      - name: Report to ChittyBeacon\n        if: always()\n        uses: {PIN.format('actions/chittybeacon')}\n"
)
HARDENED = "step-security/harden-runner@v2\n        with: {egress-policy: block}\n"
DEPLOY = """\
on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: npm test
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          npx wrangler deploy
          echo done
"""


def worker(text: str = DEPLOY) -> dict[str, str]:
    return {WORKFLOW: text, "wrangler.toml": 'name = "api"\nmain = "src/index.ts"\n'}


def test_the_step_comes_last_in_the_deploying_job() -> None:
    found = fixed(RULE, worker())
    assert found.text() == DEPLOY + STEP
    assert found.said == ["review: report the deployment to ChittyBeacon from the job deploy"]


def test_other_jobs_and_the_lines_between_steps_stay() -> None:
    text = DEPLOY.replace("@v4\n", "@v4\n\n").replace("  test:", "  last: {runs-on: x, steps: [{run: x}]}\n\n  test:")
    text = text.replace("echo done\n", "echo done # so\n\n  # what follows\n  after:\n    runs-on: x\n")
    wanted = text.replace("          echo done # so\n", "          echo done # so\n\n" + STEP)
    assert fixed(RULE, worker(text)).text() == wanted


def test_other_habits_of_writing() -> None:
    flush = DEPLOY.replace("\n      ", "\n    ")
    step = STEP.replace("      - ", "    - ").replace("\n        ", "\n      ")
    assert fixed(RULE, worker(flush)).text() == flush + step
    crlf = DEPLOY.replace("\n", "\r\n")
    assert fixed(RULE, worker(crlf)).text() == crlf + STEP.replace("\n", "\r\n")
    plain = DEPLOY.replace("|\n          npx wrangler deploy\n          echo done\n", "npx wrangler deploy")
    assert fixed(RULE, worker(plain)).text() == plain + "\n" + STEP.rstrip("\n")


def test_the_first_place_where_the_pack_wants_it() -> None:
    parameters: dict[str, Any] = {**RELEASE, "beacon": {"position": "first"}}
    before, _, after = DEPLOY.partition("    steps:\n      - uses")
    wanted = f"{before}    steps:\n{STEP}      - uses{after}"
    assert fixed(RULE, worker(), parameters=parameters).text() == wanted


def test_what_the_pack_says_of_the_step() -> None:
    step = {"name": "Beacon", "if": "always()", "continue-on-error": True, "with": {"service": "api"}}
    parameters: dict[str, Any] = {**RELEASE, "beacon": {"step": step}}
    assert fixed(RULE, worker(), parameters=parameters).text() == DEPLOY + (
        "      - name: Beacon\n        if: always()\n        continue-on-error: true\n"
        f"        uses: {PIN.format('actions/chittybeacon')}\n        with:\n          service: api\n"
    )


def test_a_call_that_switches_it_off() -> None:
    own, path = "chittyos/chittyops-policy", ".github/workflows/reusable-worker-deploy.yml"
    inputs = "on: {workflow_call: {inputs: {include_beacon: {type: boolean}}}}"
    called = Snapshot(MemoryTree({path: DEPLOY.replace("on: push", inputs) + STEP}), own)
    call = f"on: push\njobs:\n  deploy:\n    uses: {own}/{path}@main\n    with: {{include_beacon: false}}\n"
    lookups = Lookups({own: called})
    assert refused(RULE, worker(call), lookups=lookups) == [
        f"{own}/{path} reports where the call lets it: take the input include_beacon away"
    ]
    assert fixed(RULE, worker(call.replace("false", "true")), lookups=lookups).said == []


def test_no_package_is_added() -> None:
    files = {**worker(), "package.json": '{"dependencies": {"hono": "^4.0.0"}}\n'}
    found = fixed(RULE, files)
    assert found.changes.keys() == {WORKFLOW}
    assert "npm" not in found.text().replace(DEPLOY, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            DEPLOY.replace("  deploy:\n", "  deploy:\n    container: node:22\n"),
            "whether the job's container has bash, curl and jq, which the inserted step needs, cannot be told",
            id="a container",
        ),
        pytest.param(
            DEPLOY.replace("ubuntu-latest", "[self-hosted, linux]"),
            "whether the job's runner has bash, curl and jq, which the inserted step needs, cannot be told",
            id="a runner of their own",
        ),
        pytest.param(
            DEPLOY.replace("ubuntu-latest", "${{ inputs.runner }}"),
            "whether the job's runner has bash, curl and jq, which the inserted step needs, cannot be told",
            id="a computed runner",
        ),
        pytest.param(
            DEPLOY.replace("actions/checkout@v4\n", HARDENED),
            "whether harden-runner's list lets the inserted step through cannot be told",
            id="a network that is blocked",
        ),
        pytest.param(
            DEPLOY.rstrip("\n"),
            "the file ends without a line break, which the block at its end would get",
            id="a script that would be another one",
        ),
        pytest.param(
            "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps: [{run: npx wrangler deploy}]\n",
            "the steps stand in brackets, where the version of a pinned action cannot be noted",
            id="steps in brackets",
        ),
    ],
)  # fmt: skip
def test_why_not(text: str, reason: str) -> None:
    assert refused(RULE, worker(text)) == [reason]


def test_the_steps_of_a_called_workflow() -> None:
    files = {
        **worker("on: push\npermissions: {}\njobs:\n  ship:\n    uses: ./.github/workflows/deploy.yml\n"),
        ".github/workflows/deploy.yml": DEPLOY.replace("on: push", "on: workflow_call"),
    }
    assert refused(RULE, files) == [
        "the steps of this job stand in ./.github/workflows/deploy.yml: the ChittyBeacon step belongs there"
    ]


def test_a_step_in_the_wrong_place_is_not_doubled() -> None:
    text = DEPLOY.replace("      - run: |", "      - uses: chittyos/chittyops/actions/chittybeacon@v1\n      - run: |")
    parameters: dict[str, Any] = {**RELEASE, "beacon": {"position": "last"}}
    assert refused(RULE, worker(text), parameters=parameters) == [
        "the ChittyBeacon step is there: move it to the last place of its job"
    ]


def test_a_matrix_of_github_s_runners_is_known() -> None:
    head = "  deploy:\n    strategy:\n      matrix: {os: [ubuntu-24.04, macos-15]}\n    runs-on: ${{ matrix.os }}\n"
    text = DEPLOY.replace("  deploy:\n    runs-on: ubuntu-latest\n", head)
    assert fixed(RULE, worker(text)).text() == text + STEP
    unknown = "whether the job's runner has bash, curl and jq, which the inserted step needs, cannot be told"
    for other in (
        text.replace("macos-15", "our-own"),
        text.replace("macos-15]", "macos-15], include: [{os: our-own}]"),
        text.replace("{os:", "{system:"),
        text.replace("${{ matrix.os }}", "[ubuntu-latest, '${{ matrix.size }}']"),
    ):
        assert refused(RULE, worker(other)) == [unknown]


def test_an_unreleased_checkout_has_nothing_to_pin_to() -> None:
    assert refused(RULE, worker(), parameters={}) == [
        "this is an unreleased checkout of chittyops-policy, so there is no commit to pin a step of ours to; name "
        "one in the pack, as own_actions.commit and own_actions.version"
    ]


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (
            {"commit": "main", "version": "1"},
            "own_actions in the pack needs a full commit id and the version that it is",
        ),
        ({"actions": {"beacon": None}}, "the pack names no action for this: own_actions.actions.beacon"),
    ],
)
def test_a_pack_that_names_something_else(own: dict[str, Any], reason: str) -> None:
    assert refused(RULE, worker(), parameters={"own_actions": own}) == [reason]


@needs_corpus
def test_real_workflows() -> None:
    counts = Counter[str]()
    for snapshot in corpus("chittyos"):
        counts.update(said.partition(" from the job")[0] for said in fixed(RULE, snapshot).said)
    assert counts == {"review: report the deployment to ChittyBeacon": 10}
