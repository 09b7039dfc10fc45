"""The step that asks the broker in place of stored secrets, and why it is not always offered."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import Any

import pytest

from chittyops_policy.model import Fix

from ..referees import github_parser
from .checked import corpus, needs_corpus
from .fixing import PIN, RELEASE, examined, fixed, refused

RULE = "static-secret"
API_KEY = "          api_key: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"
HEAD = """\
on: push
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v4
"""
TOKEN = '        env: {CLOUDFLARE_API_TOKEN: "${{ secrets.CLOUDFLARE_API_TOKEN }}"}\n'
DEPLOY = f"      - run: npx wrangler deploy\n{TOKEN}"
WHY = "# to ask ChittyConnect"
GUARD = "github.event.pull_request.head.repo.fork != true && github.actor != 'dependabot[bot]'"


def asking(credentials: str = "CLOUDFLARE_API_TOKEN", more: str = "", id: str = "creds", key: str = "") -> str:
    """The lines of the inserted step."""
    return (
        f"      - name: Get ephemeral credentials\n        id: {id}\n{more}"
        f"        uses: {PIN.format('actions/getchitty-creds')}\n"
        f"        with:\n          credentials: {credentials}\n{key}"
    )


def changes(text: str, **more: Any) -> str:
    """The lines that the fix takes away and puts in, as a person sees them in a diff."""
    lines = difflib.unified_diff(text.splitlines(), fixed(RULE, text, **more).text().splitlines(), lineterm="", n=0)
    return "".join(f"{line}\n" for line in list(lines)[2:] if not line.startswith("@@"))


def test_one_step_serves_all_reads_of_the_job() -> None:
    text = HEAD + (
        "      - run: npm ci\n"
        "\n"
        "      # to production\n"
        "      - uses: cloudflare/wrangler-action@v3\n"
        "        with:\n"
        "          apiToken: ${{ secrets.CLOUDFLARE_API_TOKEN }}   # the token\n"
        "          accountId: \"${{ secrets['Cloudflare_Account_Id'] }}\"\n"
        "      - name: Publish\n"
        "        run: npm publish\n"
        "        env:\n"
        "          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN || secrets.GITHUB_TOKEN }}\n"
        "          BOTH: a ${{secrets.CLOUDFLARE_API_TOKEN}} b ${{ SECRETS.NPM_TOKEN }}\n"
    )
    found = fixed(RULE, text)
    assert found.text() == HEAD.replace(
        "contents: read\n", "contents: read\n      id-token: write # to ask ChittyConnect\n"
    ) + (
        "      - run: npm ci\n" + asking("CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID,NPM_TOKEN") + "\n"
        "      # to production\n"
        "      - uses: cloudflare/wrangler-action@v3\n"
        "        with:\n"
        "          apiToken: ${{ steps.creds.outputs.cloudflare_token }}   # the token\n"
        '          accountId: "${{ steps.creds.outputs.account_id }}"\n'
        "      - name: Publish\n"
        "        run: npm publish\n"
        "        env:\n"
        "          NODE_AUTH_TOKEN: ${{ steps.creds.outputs.npm_token || secrets.GITHUB_TOKEN }}\n"
        "          BOTH: a ${{steps.creds.outputs.cloudflare_token}} b ${{ steps.creds.outputs.npm_token }}\n"
    )
    assert set(found.said) == {
        "review: let the job deploy ask ChittyConnect for CLOUDFLARE_API_TOKEN, Cloudflare_Account_Id and NPM_TOKEN"
    }
    assert found.notes == [
        "ChittyConnect has to grant this repository CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID, NPM_TOKEN; without "
        "that the job stops at the new step.",
        "What it issues is made for this run: see that it may do all that the stored value could.",
    ]


def test_the_first_step_of_a_job_and_an_id_that_is_taken() -> None:
    text = HEAD.replace("      - uses: actions/checkout@v4\n", "") + DEPLOY + "      - {run: true, id: Creds}\n"
    wanted = asking(id="creds-2").splitlines()
    assert changes(text) == (
        "+      id-token: write # to ask ChittyConnect\n"
        + "".join(f"+{line}\n" for line in wanted)
        + f"-{TOKEN}"
        + '+        env: {CLOUDFLARE_API_TOKEN: "${{ steps.creds-2.outputs.cloudflare_token }}"}\n'
    )


# ---------------------------------------------------------------------------------------------------- permissions


@pytest.mark.parametrize(
    ("workflow", "job", "lines"),
    [
        pytest.param("permissions: {}\n", "    permissions: {contents: read}\n",
                     "-    permissions: {contents: read}\n"
                     f"+    permissions: {{contents: read, id-token: write}} {WHY}\n",
                     id="in braces"),
        pytest.param("permissions: {}\n", "    permissions: {}\n",
                     f"-    permissions: {{}}\n+    permissions: {{id-token: write}} {WHY}\n", id="none at all"),
        pytest.param("permissions: {}\n", "", "+    permissions:\n+      id-token: write # to ask ChittyConnect\n",
                     id="the workflow's none"),
        pytest.param("permissions:\n  contents: write\n  packages: read # the base image\n", "",
                     "+    permissions:\n+      contents: write # as for the whole workflow\n"
                     "+      packages: read # the base image\n+      id-token: write # to ask ChittyConnect\n",
                     id="the workflow's are repeated"),
        pytest.param("permissions:\n  contents: write\n  id-token: none\n", "",
                     "+    permissions:\n+      contents: write # as for the whole workflow\n"
                     "+      id-token: write # to ask ChittyConnect\n", id="refused until now"),
        pytest.param("", "    permissions:\n      id-token: none\n      contents: read\n",
                     "-      id-token: none\n+      id-token: write # to ask ChittyConnect\n", id="refused by the job"),
        pytest.param("", "    permissions: {contents: read} # for the code\n",
                     "-    permissions: {contents: read} # for the code\n"
                     "+    permissions: {contents: read, id-token: write} # for the code\n", id="a comment is there"),
        pytest.param("permissions: {contents: read, id-token: write}\n", "", "", id="there already"),
        pytest.param("permissions: write-all\n", "", "", id="everything"),
    ],
)  # fmt: skip
def test_permissions(workflow: str, job: str, lines: str) -> None:
    text = HEAD.replace("permissions: {}\n", workflow).replace("    permissions:\n      contents: read\n", job) + DEPLOY
    assert changes(text).partition("+      - name: Get")[0] == lines


@pytest.mark.parametrize(
    ("workflow", "reason"),
    [
        ("", "neither the job nor the workflow states its permissions, and a job that is given id-token: write keeps "
             "no others than those it states: state them first"),
        ("permissions: read-all\n",
         "permissions: read-all leaves no room for id-token: write: list what is needed instead"),
    ],
    ids=["nothing is stated", "read-all"],
)  # fmt: skip
def test_permissions_that_cannot_be_kept(workflow: str, reason: str) -> None:
    text = HEAD.replace("permissions: {}\n", workflow).replace("    permissions:\n      contents: read\n", "") + DEPLOY
    assert refused(RULE, text) == [reason]


# ----------------------------------------------------------------------------------------------------- conditions


def conditional(*conditions: str, on: str = "push", job: str = "") -> str:
    """A job with a step x, and then a step that reads the secret for each condition; '' for none."""
    head = HEAD.replace("on: push", f"on: {on}").replace("    permissions:", f"{job}    permissions:")
    head += "      - {run: ./look, id: x}\n"
    return head + "".join(DEPLOY + (f"        if: {each}\n" if each else "") for each in conditions)


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        (["github.ref == 'refs/heads/main'"], "github.ref == 'refs/heads/main'"),
        (["${{ always() && steps.x.outcome }}"], "${{ always() && steps.x.outcome }}"),
        (["vars.GO", "vars.GO"], "vars.GO"),
        (["vars.GO", ""], ""),
        (["", "steps.x.outcome == 'success'"], ""),
    ],
)
def test_it_is_asked_when_the_answer_is_needed(conditions: list[str], wanted: str) -> None:
    line = f"        if: {wanted}\n" if wanted else ""
    assert asking(more=line) in fixed(RULE, conditional(*conditions)).text()


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        (["vars.A", "vars.B"],
         "the steps that read it run under different conditions, and one step can only ask under one"),
        (["", "always()"],
         "the steps that read it run under different conditions, and one step can only ask under one"),
        (["steps.x.outcome", "steps.x.outcome"],
         "the condition of the steps that read it can change from one to the next"),
        (["failure()", "failure()"], "the condition of the steps that read it can change from one to the next"),
    ],
)  # fmt: skip
def test_conditions_that_one_step_cannot_have(conditions: list[str], reason: str) -> None:
    assert refused(RULE, conditional(*conditions)) == [reason]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(conditional("", on="pull_request"), GUARD, id="any pull request"),
        pytest.param(conditional("vars.A || vars.B", on="[push, pull_request]"),
                     f"(vars.A || vars.B) && {GUARD}", id="either"),
        pytest.param(conditional("${{ success() }}", on="pull_request"), f"success() && {GUARD}", id="fenced"),
        pytest.param(conditional("github.event_name == 'push'", on="[push, pull_request]"),
                     "github.event_name == 'push'", id="the step never sees one"),
        pytest.param(conditional("", on="[push, pull_request]", job="    if: github.ref == 'refs/heads/main'\n"),
                     "", id="the job never sees one"),
        pytest.param(conditional("", on="pull_request_target"), "", id="an event that has secrets"),
    ],
)  # fmt: skip
def test_a_run_without_secrets_does_not_ask(text: str, wanted: str) -> None:
    """A fork's pull request had an empty value, not a failing step."""
    found = fixed(RULE, text)
    assert asking(more=f"        if: {wanted}\n" if wanted else "") in found.text()
    told = "Pull requests from forks and from Dependabot get no credential, as they got no secret."
    assert (told in found.notes) is (GUARD in wanted)


@pytest.mark.skipif(github_parser.unavailable_reason() is not None, reason=str(github_parser.unavailable_reason()))
@pytest.mark.parametrize(
    ("actor", "fork", "asks"),
    [("a", None, True), ("a", False, True), ("a", True, False), ("dependabot[bot]", False, False)],
    ids=["a push", "a branch of the repository", "a fork", "Dependabot"],
)
def test_github_reads_the_condition_so(actor: str, fork: bool | None, asks: bool) -> None:
    event = {} if fork is None else {"pull_request": {"head": {"repo": {"fork": fork}}}}
    request = {
        "kind": "expression",
        "mode": "evaluate",
        "text": GUARD,
        "data": {"github": {"actor": actor, "event": event}},
    }
    (answer,) = github_parser.ask([request])
    assert answer == {"ok": True, "value": asks}


def test_other_line_endings() -> None:
    text = (HEAD + DEPLOY).replace("\n", "\r\n")
    assert fixed(RULE, text).text() == fixed(RULE, HEAD + DEPLOY).text().replace("\n", "\r\n")


def test_an_environment_may_have_held_the_secret() -> None:
    text = HEAD.replace("    permissions:", "    environment: production\n    permissions:") + DEPLOY
    told = "The job's environment may hold values of its own under these names; they are not used any more."
    assert told in fixed(RULE, text).notes


def test_a_step_that_may_fail_may_fail_to_ask() -> None:
    soft = "        continue-on-error: true\n"
    assert asking(more=soft) in fixed(RULE, HEAD + DEPLOY + soft).text()
    assert asking() in fixed(RULE, HEAD + DEPLOY + soft + DEPLOY).text()


# ------------------------------------------------------------------------------------------------------- the broker


CREDENTIALS = """\
name: x
description: x
inputs:
  credentials: {description: x}
  service: {description: x}
outputs:
  npm_token: {description: x, value: x}
  account_id: {description: x, value: x}
runs: {using: composite, steps: []}
"""
BROKER = "      - uses: ./.github/actions/getchitty-creds\n        id: broker\n"


@pytest.mark.parametrize(
    ("inputs", "name", "after"),
    [
        ("", "CLOUDFLARE_ACCOUNT_ID", ""),
        ("", "NPM_TOKEN",
         "        with:\n          credentials: CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID,NPM_TOKEN\n"),
        ("        with: {service: api}\n", "NPM_TOKEN",
         "        with: {service: api, credentials: 'CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID,NPM_TOKEN'}\n"),
        ("        with:\n          credentials: 'NEON'\n", "NPM_TOKEN",
         "        with:\n          credentials: 'NEON,NPM_TOKEN'\n"),
    ],
)  # fmt: skip
def test_a_step_that_asks_already_is_used(inputs: str, name: str, after: str) -> None:
    output = {"NPM_TOKEN": "npm_token", "CLOUDFLARE_ACCOUNT_ID": "account_id"}[name]
    files = {".github/actions/getchitty-creds/action.yml": CREDENTIALS}
    head = HEAD.replace("contents: read", "id-token: write")
    use = f"      - run: ./ship\n        env:\n          VALUE: {read(name)}\n"
    files[".github/workflows/x.yml"] = head + BROKER + inputs + use
    wanted = use.replace(f"secrets.{name}", f"steps.broker.outputs.{output}")
    assert fixed(RULE, files).text() == head + BROKER + (after or inputs) + wanted


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (DEPLOY + BROKER, "the job asks for credentials already, but in a step without an id or after the first use"),
        (BROKER.replace("        id: broker\n", "") + DEPLOY,
         "the job asks for credentials already, but in a step without an id or after the first use"),
        (BROKER + "        if: inputs.go\n" + DEPLOY,
         "the job asks for credentials already, but under another condition than it uses them"),
        (BROKER + '        with: {credentials: "${{ inputs.names }}"}\n' + DEPLOY,
         "which credentials the job asks for already is computed"),
    ],
)  # fmt: skip
def test_a_step_that_asks_otherwise(steps: str, reason: str) -> None:
    assert refused(RULE, HEAD + steps) == [reason]


@pytest.mark.parametrize(("name", "key"), [("CHITTYCONNECT_API_KEY", API_KEY), ("ANOTHER_KEY", "")])
def test_a_key_is_only_passed_where_it_may_be_read(name: str, key: str) -> None:
    parameters: dict[str, Any] = {**RELEASE, "credentials": {"api_key": name, "broker": "the vault"}}
    text = HEAD.replace("    permissions:", "    environment: production\n    permissions:") + DEPLOY
    found = fixed(RULE, text, parameters=parameters)
    assert asking(key=key) in found.text()
    assert found.said == ["review: let the job deploy ask the vault for CLOUDFLARE_API_TOKEN"]


# -------------------------------------------------------------------------------------------------------- refusals


def read(name: str = "NPM_TOKEN") -> str:
    return f"${{{{ secrets.{name} }}}}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(HEAD + f"      - run: x\n        env:\n          KEY: {read('STRIPE_KEY')}\n",
                     "ChittyConnect issues nothing in place of STRIPE_KEY, as far as the pack's table goes",
                     id="nothing to ask for"),
        pytest.param(HEAD.replace("jobs:", f"env:\n  TOKEN: {read()}\njobs:"),
                     "it stands in the environment of the whole workflow, where no step's output can be read: set it "
                     "on the steps that need it", id="the workflow's environment"),
        pytest.param(HEAD.replace("    permissions:", f"    env:\n      TOKEN: {read()}\n    permissions:"),
                     "it stands in the environment of the whole job, where no step's output can be read: set it on "
                     "the steps that need it", id="the job's environment"),
        pytest.param(HEAD.replace("    permissions:", "    if: secrets.NPM_TOKEN != ''\n    permissions:"),
                     "GitHub knows no secrets in `if`, and none of a step's outputs before the job runs",
                     id="the job's condition"),
        pytest.param(HEAD.replace("    permissions:", f"    environment: {read()}\n    permissions:"),
                     "it is read before any step could ask for a credential", id="anything else of the job"),
        pytest.param(HEAD.replace("    permissions:", f"    outputs:\n      token: {read()}\n    permissions:"),
                     "it goes into an output of the job, and GitHub drops masked values there: the job that needs it "
                     "has to ask for its own", id="an output of the job"),
        pytest.param(HEAD.replace("    permissions:", "    container:\n      image: node:22\n      credentials:\n"
                                  f"        username: x\n        password: {read()}\n    permissions:"),
                     "the container starts before any step could ask for a credential", id="a container"),
        pytest.param(HEAD.replace("    permissions:", "    services:\n      db:\n        image: pg:17\n        env:\n"
                                  f"          PASSWORD: {read()}\n    permissions:"),
                     "the services start before any step could ask for a credential", id="a service"),
        pytest.param(HEAD + f"      - run: npm publish --token {read()}\n",
                     "it is written into the script itself, where the shell reads it as code: set it in the step's env "
                     "first", id="the script"),
        pytest.param(HEAD + "      - run: x\n        if: secrets.NPM_TOKEN != ''\n",
                     "GitHub knows no secrets in the `if` of a step", id="a condition"),
        pytest.param("on: push\npermissions: {}\njobs:\n  publish:\n    uses: acme/ci/.github/workflows/x.yml@v1\n"
                     f"    secrets:\n      TOKEN: {read()}\n",
                     "it is handed to a called workflow, which has to ask for its own credentials", id="a call"),
        pytest.param(HEAD.replace("on: push", "on:\n  workflow_call:\n    secrets:\n      CLOUDFLARE_API_TOKEN:\n"
                                  "        required: true") + DEPLOY,
                     "other workflows call this one: each of them would have to grant id-token: write, with which "
                     "ChittyConnect is asked", id="a called workflow"),
        pytest.param((HEAD + DEPLOY).replace("ubuntu-latest", "[self-hosted]"),
                     "whether the job's runner has bash, curl and jq, which the inserted step needs, cannot be told",
                     id="a runner of their own"),
        pytest.param(HEAD + "      - run: x\n        env: &env\n          TOKEN: " + read()
                     + "\n      - run: y\n        env: *env\n",
                     "the anchor &env shares this text with other places of the file", id="an anchor"),
        pytest.param(HEAD + f"      - parallel:\n          - run: x\n            env:\n              TOKEN: {read()}\n",
                     "its step runs beside others in a parallel block", id="a parallel block"),
        pytest.param((HEAD + DEPLOY).replace(HEAD[HEAD.index("    steps:"):], "    steps: [")
                     .replace("      - run: npx wrangler deploy\n        env: ", "{run: x, env: ").rstrip() + "}]\n",
                     "the steps stand in brackets, where the version of a pinned action cannot be noted",
                     id="steps in brackets"),
    ],
)  # fmt: skip
def test_why_not(text: str, reason: str) -> None:
    assert refused(RULE, text) == [reason]


def test_an_action_has_no_secrets_of_its_own() -> None:
    path = "action.yml"
    text = (
        "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - run: x\n      shell: bash\n"
        f"      env:\n        TOKEN: {read()}\n"
    )
    assert refused(RULE, {path: text}) == ["an action gets its secrets from the workflow that calls it"]


def test_what_cannot_be_asked_for_stays_beside_what_can() -> None:
    other = f"          STRIPE: {read('STRIPE_KEY')}\n"
    text = HEAD + f"      - run: x\n        env:\n          TOKEN: {read()}\n{other}"
    assert other in fixed(RULE, text).text()


def test_an_unreleased_checkout_has_nothing_to_pin_to() -> None:
    (reason,) = refused(RULE, HEAD + DEPLOY, parameters={})
    assert reason.startswith("this is an unreleased checkout of chittyops-policy, so there is no commit to pin")


def test_the_deployment_then_has_credentials_of_its_own() -> None:
    rules = ("missing-ephemeral-credentials", RULE)
    assert {decision.rule for decision in examined(HEAD + DEPLOY, *rules).report.decisions} == set(rules)
    assert examined(fixed(RULE, HEAD + DEPLOY).after, *rules).report.decisions == ()


def test_every_finding_of_a_job_has_the_same_fix() -> None:
    two = HEAD + DEPLOY + DEPLOY + HEAD[HEAD.index("  deploy:") :].replace("deploy:", "again:") + DEPLOY
    fixes: list[Fix] = [fix for _, fix in examined(two, RULE).fixes]
    assert [fixes.index(fix) for fix in fixes] == [0, 0, 2]


# ------------------------------------------------------------------------------------------------- real workflows


@needs_corpus
def test_real_workflows() -> None:
    counts = Counter[str]()
    changed = 0
    for snapshot in corpus("chittyos"):
        found = fixed(RULE, snapshot)
        counts.update(map(_short, found.said))
        changed += len(found.changes)
    assert counts == {
        "ChittyConnect issues nothing": 153,
        "neither the job nor": 29,
        "fixed": 12,
        "it is written into": 4,
        "it stands in the": 2,
        "other workflows call this": 2,
    }
    assert changed == 7


@needs_corpus
def test_real_workflows_once_their_permissions_are_stated() -> None:
    counts = Counter[str]()
    changed = 0
    for snapshot in corpus("chittyos"):
        stated: dict[str, bytes | None] = {}
        for path in snapshot.workflow_paths():
            workflow, text = snapshot.workflow(path), snapshot.text(path) or ""
            jobs = workflow.node.key("jobs") if workflow is not None and workflow.permissions is None else None
            if jobs is not None:
                text = f"{text[: jobs.start]}permissions:\n  contents: read\n\n{text[jobs.start :]}"
                stated[path] = text.encode()
        found = fixed(RULE, snapshot.changed(stated))
        counts.update(map(_short, found.said))
        changed += len(found.changes)
    assert counts == {
        "ChittyConnect issues nothing": 153,
        "fixed": 41,
        "it is written into": 4,
        "it stands in the": 2,
        "other workflows call this": 2,
    }
    assert changed == 18


def _short(said: str) -> str:
    if said.startswith("review: "):
        return "fixed"
    reason = said.removeprefix("no fix: ")
    return " ".join(reason.split()[: 3 if reason.startswith("ChittyConnect") else 4])
