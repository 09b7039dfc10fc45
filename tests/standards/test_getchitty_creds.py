"""The action getchitty-creds in the real act, as a workflow of another repository calls it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..doors.acts import Log
from ..doors.support import ROOT
from .services import (
    API_KEY,
    IDENTITY,
    IDENTITY_TOKEN,
    KEY,
    REQUEST_TOKEN,
    TOKEN,
    VALUES,
    Answer,
    Services,
    certificate,
    serving,
)
from .stage import COMMIT, OWN, Stage, digest

OUTPUTS = {
    "cloudflare_token": "CLOUDFLARE_API_TOKEN",
    "account_id": "CLOUDFLARE_ACCOUNT_ID",
    "npm_token": "NPM_TOKEN",
    "github_token": "GITHUB_TOKEN",
}
INSECURE = ("--insecure-secrets",)
"""act then masks nothing: what a step prints is seen as it prints it."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("creds"))


@pytest.fixture
def services() -> Iterator[Services]:
    with serving() as services:
        yield services


def calling(**inputs: str) -> str:
    """A workflow with the action, and a step that prints the digest of each output, even after a failure."""
    given = {"endpoint": "${{ env.URL }}", "api_key": "${{ secrets.CHITTYCONNECT_API_KEY }}", **inputs}
    steps: list[dict[str, Any]] = [
        {"id": "creds", "uses": f"{OWN}/actions/getchitty-creds@{COMMIT}", "with": given},
        {
            "if": "always()",
            "shell": "bash",
            "env": {name: f"${{{{ steps.creds.outputs.{name} }}}}" for name in OUTPUTS},
            "run": "".join(f'echo "{name}=$(printf %s "${name}" | sha256sum | cut -d " " -f 1)"\n' for name in OUTPUTS),
        },
    ]
    job = {"runs-on": "ubuntu-latest", "permissions": {"id-token": "write"}, "steps": steps}
    return json.dumps({"on": "push", "permissions": {}, "jobs": {"deploy": job}})


def outputs(log: Log) -> dict[str, str]:
    """Output → digest of its value, without those that are empty."""
    lines = [line.strip().partition("=") for line in log.printed().splitlines() if "=" in line]
    return {name: value for name, _, value in lines if name in OUTPUTS and value != digest("")}


def errors(log: Log) -> list[str]:
    return log.commands("error")


def masks(log: Log) -> list[str]:
    """What the runner was told to mask, in order."""
    return [line["arg"] for line in log.lines if line.get("command") == "add-mask"]


def test_the_identity_token_first(stage: Stage, services: Services) -> None:
    wanted = "CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID,NPM_TOKEN,,GITHUB_TOKEN"
    log = stage.run(calling(credentials=wanted, purpose='it\'s "a" test', service="sam'ple", zones="z1, z2"), services)
    assert log.code == 0, log.text
    assert services.violations == []
    assert services.paths() == [TOKEN, IDENTITY]
    (body,) = services.bodies(IDENTITY)
    assert {**body, "credentials": sorted(body["credentials"])} == {
        "credentials": sorted(VALUES), "purpose": "it's \"a\" test", "service": "sam'ple", "zones": ["z1", "z2"]
    }  # fmt: skip
    assert outputs(log) == {name: digest(VALUES[credential]) for name, credential in OUTPUTS.items()}
    assert "ChittyConnect issued" in log.printed()


def test_what_is_asked_by_default(stage: Stage, services: Services) -> None:
    log = stage.run(calling(), services)
    assert log.code == 0, log.text
    (body,) = services.bodies(IDENTITY)
    assert sorted(body.pop("credentials")) == ["CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN"]
    assert body == {"purpose": "ci-deploy", "service": "sample"}
    assert set(outputs(log)) == {"cloudflare_token", "account_id"}


def test_the_api_key_without_an_identity_token(stage: Stage, services: Services) -> None:
    log = stage.run(calling(zones="z1"), services, identity=False)
    assert log.code == 0, log.text
    assert services.violations == []
    assert services.bodies(KEY) == [
        {
            "type": "cloudflare_workers_deploy",
            "context": {
                "service": "sample", "purpose": "ci-deploy", "repo": "ChittyOS/sample", "run_id": "1", "zones": ["z1"]
            },
        }
    ]  # fmt: skip
    assert services.paths() == [KEY]
    assert set(outputs(log)) == {"cloudflare_token", "account_id"}
    assert outputs(log)["cloudflare_token"] == digest(VALUES["CLOUDFLARE_API_TOKEN"])


@pytest.mark.parametrize(("type", "credential"), [("npm_publish", "NPM_TOKEN"), ("github_api_key", "GITHUB_TOKEN")])
def test_the_type_says_which_credential_a_key_gets(
    stage: Stage, services: Services, type: str, credential: str
) -> None:
    services.script[KEY] = [Answer(200, {"success": True, "credential": {"value": "other-value-31ce"}})]
    log = stage.run(calling(type=type, credentials=credential), services, identity=False)
    assert log.code == 0, log.text
    name = next(name for name, of in OUTPUTS.items() if of == credential)
    assert outputs(log) == {name: digest("other-value-31ce")}


REFUSED: list[tuple[str, list[Answer], list[Answer]]] = [
    ("the token is refused", [], [Answer(401, {"success": False, "error": {"code": "OIDC_INVALID"}})]),
    ("the repository is refused", [], [Answer(403, {"success": False, "error": {"code": "ORG_NOT_ALLOWED"}})]),
    ("GitHub issues no token", [Answer(403, {"message": "no"})], []),
    ("GitHub issues something else", [Answer(200, {"count": 0})], []),
]


@pytest.mark.parametrize(("token", "identity"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_the_api_key_where_the_identity_token_fails(
    stage: Stage, services: Services, token: list[Answer], identity: list[Answer]
) -> None:
    services.script = {TOKEN: list(token), IDENTITY: list(identity)}
    log = stage.run(calling(), services)
    assert log.code == 0, log.text
    assert services.paths()[-1] == KEY
    assert set(outputs(log)) == {"cloudflare_token", "account_id"}
    assert "Asking with the API key: " in log.printed()
    # Without a key the same is an error that says both.
    services.script = {TOKEN: list(token), IDENTITY: list(identity)}
    log = stage.run(calling(), services, key=False)
    assert log.code != 0
    (error,) = errors(log)
    assert error.endswith(", and there is no api_key to ask with instead.")


def failing(status: int, code: str = "", **headers: str) -> Answer:
    body = {"success": False, "error": {"code": code, "message": "leaked cloudflare-value-1f93"}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def answered(body: Any) -> list[Answer]:
    return [Answer(200, body)]


PARTIAL = {"CLOUDFLARE_API_TOKEN": VALUES["CLOUDFLARE_API_TOKEN"]}
ERRORS: dict[str, tuple[list[Answer], str]] = {
    "400": (
        [failing(400, "INVALID_CREDENTIALS")],
        "ChittyConnect does not accept the request (HTTP 400 INVALID_CREDENTIALS): see the inputs credentials and type",
    ),
    "404": ([failing(404)], "ChittyConnect knows no such address (HTTP 404): see the input endpoint"),
    "302": ([Answer(302, None, {"Location": "http://127.0.0.1:9/"})],
            "ChittyConnect answers with HTTP 302, which is not expected"),
    "429 for good": ([failing(429)] * 4, "ChittyConnect has had too many requests (HTTP 429), 4 times in a row"),
    "429 for an hour": (
        [failing(429, Retry_After="3600")],
        "ChittyConnect has had too many requests (HTTP 429) and asks to come back in 3600 seconds, which is longer "
        "than a job should wait",
    ),
    "500 for good": (
        [failing(500, "INTERNAL_ERROR")] * 4,
        "ChittyConnect has a failure of its own (HTTP 500 INTERNAL_ERROR), 4 times in a row",
    ),
    "503, a code that is none": (
        [failing(503, "::error::x\n")] * 4, "ChittyConnect has a failure of its own (HTTP 503), 4 times in a row",
    ),
    "cut off": ([Answer(cut=True)] * 4, "ChittyConnect cannot be reached (curl exit code 52), 4 times in a row"),
    "HTML": ([Answer(200, b"<html>cloudflare-value-1f93</html>")],
             "ChittyConnect answers with something that is not the JSON of an answer"),
    "half of the JSON": ([Answer(200, b'{"success": true, "credentials": {"CLOUDFLARE_API_TOKEN": "cloudflare-value')],
                         "ChittyConnect answers with something that is not the JSON of an answer"),
    "nothing": ([Answer(200, b"")], "ChittyConnect answers with something that is not the JSON of an answer"),
    "a list": (answered([1]), "ChittyConnect answers with something that is not the JSON of an answer"),
    "no success": (answered({"success": False, "error": {"code": "DENIED"}}),
                   "ChittyConnect refuses (error code DENIED)"),
    "a part": (answered({"success": True, "credentials": PARTIAL}),
               "ChittyConnect's answer to the identity token lacks CLOUDFLARE_ACCOUNT_ID"),
    "none": (answered({"success": True, "credentials": {}}),
             "ChittyConnect's answer to the identity token lacks CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN"),
    "blank, number, and zero byte": (
        answered({"success": True, "credentials": {"CLOUDFLARE_ACCOUNT_ID": 7, "CLOUDFLARE_API_TOKEN": " \n"}}),
        "ChittyConnect's answer to the identity token lacks CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_each_failure_has_its_message(stage: Stage, services: Services, case: str) -> None:
    answers, message = ERRORS[case]
    services.script[IDENTITY] = list(answers)
    log = stage.run(calling(), services, options=INSECURE)
    assert log.code != 0
    assert errors(log) == [f"::error title=getchitty-creds::No credentials: {message}."]
    assert services.violations == []
    assert services.script[IDENTITY] == [], "it asks as often as it says"
    # The key would not help here, and is not shown around.
    assert KEY not in services.paths()
    assert outputs(log) == {}, "all or nothing"
    assert not [secret for secret in services.secrets() if secret in log.printed() + str(errors(log))]


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        pytest.param(failing(429, Retry_After="7"), 7, id="seconds"),
        pytest.param(failing(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), 1, id="a date gone by"),
        pytest.param(failing(503, Retry_After="soon"), 1, id="nonsense"),
        pytest.param(failing(500), 1, id="nothing"),
        pytest.param(Answer(cut=True), 1, id="cut off"),
    ],
)
def test_a_failure_that_passes(stage: Stage, services: Services, answer: Answer, least: int) -> None:
    services.script[IDENTITY] = [answer]
    log = stage.run(calling(), services)
    assert log.code == 0, log.text
    assert set(outputs(log)) == {"cloudflare_token", "account_id"}
    (wait,) = stage.kept("sleeps")
    assert least <= float(wait) < least + 1


def test_the_waits_grow_and_differ(stage: Stage, services: Services) -> None:
    services.script[TOKEN] = [failing(500)] * 3
    services.script[IDENTITY] = [failing(500)] * 3
    log = stage.run(calling(), services)
    assert log.code == 0, log.text
    waits = stage.kept("sleeps")
    assert [int(float(wait)) for wait in waits] == [1, 2, 4, 1, 2, 4]
    assert len({wait.partition(".")[2] for wait in waits}) > 1


def test_an_answer_that_takes_too_long(stage: Stage, services: Services) -> None:
    """The real curl with the real limit would take 80 seconds; a curl in front of it shortens each to one."""
    stage.program("curl", (stage.programs / "curl").read_text().replace('"$@"', '"${@/#20/1}"'))
    services.script[IDENTITY] = [Answer(200, {"success": True}, delay=3)] * 4
    log = stage.run(calling(), services)
    stage.program("curl", (stage.programs / "curl").read_text().replace('"${@/#20/1}"', '"$@"'))
    assert log.code != 0
    assert errors(log) == [
        "::error title=getchitty-creds::No credentials: ChittyConnect did not answer within 20 seconds, 4 times in a "
        "row."
    ]
    assert any("--max-time 20" in line for line in stage.kept("arguments"))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        pytest.param({"endpoint": "http://connect.chitty.cc"}, "has to begin with https://", id="in the clear"),
        pytest.param({"endpoint": "http://localhost.example"}, "has to begin with https://", id="like localhost"),
        pytest.param({"endpoint": "https://x@example"}, "is no plain address", id="with a user"),
        pytest.param({"endpoint": 'https://x"\noutput = "y'}, "is no plain address", id="with options of curl"),
        pytest.param({"credentials": " , "}, "names none", id="nothing asked"),
        pytest.param(
            {"credentials": "NPM_TOKEN,::error::x"},
            "has a name without an output; those that have one are CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN, "
            "GITHUB_TOKEN, NPM_TOKEN.",
            id="another credential",
        ),
        pytest.param({"api_key": "a\nHost: b"}, "has a blank or a line break", id="a key with a line break"),
    ],
)
def test_inputs_that_cannot_be(stage: Stage, services: Services, inputs: dict[str, str], message: str) -> None:
    log = stage.run(calling(**inputs), services)
    assert log.code != 0
    (error,) = errors(log)
    assert message in error
    assert services.requests == []


def test_nobody_to_ask_as(stage: Stage, services: Services) -> None:
    log = stage.run(calling(), services, identity=False, key=False)
    assert log.code != 0
    (error,) = errors(log)
    assert "neither an identity token (permissions: id-token: write) nor the input api_key" in error
    assert services.requests == []


def test_a_key_that_is_refused(stage: Stage, services: Services) -> None:
    services.script[KEY] = [failing(401, "BAD_KEY")]
    log = stage.run(calling(), services, identity=False)
    assert errors(log) == [
        "::error title=getchitty-creds::No credentials: ChittyConnect does not accept the API key (HTTP 401 BAD_KEY)."
    ]


def test_more_than_a_key_stands_for(stage: Stage, services: Services) -> None:
    log = stage.run(calling(credentials="CLOUDFLARE_API_TOKEN,NPM_TOKEN"), services, identity=False)
    (error,) = errors(log)
    assert "lacks NPM_TOKEN. An API key stands for one credential, here of type cloudflare_workers_deploy;" in error
    assert outputs(log) == {}


HOSTILE = "--- KEY ---\n::error title=PWNED::first\n%0A::set-output name=npm_token::PWNED\r\nlast $(id) `id` \"'\\"


def test_values_that_would_be_commands(stage: Stage, services: Services) -> None:
    services.values["CLOUDFLARE_API_TOKEN"] = HOSTILE
    services.values["CLOUDFLARE_ACCOUNT_ID"] = "a\nEOF\nnpm_token<<EOF\nPWNED\nEOF"
    log = stage.run(calling(), services, options=INSECURE)
    assert log.code == 0, log.text
    assert errors(log) == []
    # act's reader of output files takes \r\n for the end of a line; the file has the value as it is (next test).
    assert outputs(log) == {
        "cloudflare_token": digest(HOSTILE.replace("\r\n", "\n")),
        "account_id": digest(services.values["CLOUDFLARE_ACCOUNT_ID"]),
    }


def alone(folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """The script without act, asking for one credential; its outputs go to the file `output`."""
    environment = {
        "PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_REPOSITORY": "ChittyOS/sample",
        "GITHUB_RUN_ID": "1", "CREDENTIALS": "CLOUDFLARE_API_TOKEN", "API_KEY": "", "TYPE": "cloudflare_workers_deploy",
        "PURPOSE": "test", "SERVICE": "", "ZONES": "", **variables,
    }  # fmt: skip
    script = str(ROOT / "actions/getchitty-creds/fetch.sh")
    return subprocess.run(["bash", script], env=environment, capture_output=True, timeout=60)


def test_a_server_without_a_certificate_to_trust_hears_nothing(tmp_path: Path) -> None:
    with serving(certificate(tmp_path)) as services:
        done = alone(tmp_path, ENDPOINT=f"https://127.0.0.1:{services.port}", API_KEY=API_KEY)
        assert done.returncode == 1
        assert "ChittyConnect shows a certificate that this runner does not trust." in done.stdout.decode()
        assert services.requests == []


def test_the_very_value_is_masked_and_put_out(services: Services, tmp_path: Path) -> None:
    """The script alone: act takes `::` in the data of a command for the end of its name, which GitHub does not."""
    services.values["CLOUDFLARE_API_TOKEN"] = HOSTILE
    done = alone(tmp_path, ENDPOINT=services.url, **services.environment())
    assert done.returncode == 0, done.stderr
    # As the runner reads it (actions/runner, ActionCommandManager and FileCommandManager).
    masked = set()
    *commands, last = done.stdout.decode().split("\n")[:-1]
    assert last == "ChittyConnect issued CLOUDFLARE_API_TOKEN for the identity token."
    for line in commands:
        empty, name, data = line.split("::", 2)
        assert (empty, name) == ("", "add-mask")
        masked.add(data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
    assert masked == {HOSTILE, *HOSTILE.splitlines(), REQUEST_TOKEN, IDENTITY_TOKEN}
    first, _, rest = (tmp_path / "output").read_bytes().decode().partition("\n")
    name, _, delimiter = first.partition("<<")
    assert name == "cloudflare_token"
    assert re.fullmatch("getchitty_[0-9a-f]{32}", delimiter)
    assert rest == f"{HOSTILE}\n{delimiter}\n"


def test_masked_before_anything_else(stage: Stage, services: Services) -> None:
    services.values["CLOUDFLARE_API_TOKEN"] = "first-line-0c1d\nsecond-line-7e2f"
    log = stage.run(calling(), services)
    assert log.code == 0, log.text
    seen: set[str] = set()
    for line in log.lines:
        if line.get("command") == "add-mask":
            seen.add(line["arg"])
        elif line.get("command") == "set-output" and line["arg"]:
            assert line["arg"] in seen, line["name"]
    assert {REQUEST_TOKEN, IDENTITY_TOKEN, API_KEY, "first-line-0c1d", "second-line-7e2f"} <= seen
    assert set(services.values["CLOUDFLARE_API_TOKEN"].splitlines()) <= seen


@pytest.mark.parametrize("identity", [True, False], ids=["identity token", "API key"])
def test_no_value_in_a_log_or_in_arguments(stage: Stage, services: Services, identity: bool) -> None:
    services.values["CLOUDFLARE_API_TOKEN"] = "first-line-0c1d\nsecond-line-7e2f"
    services.script = {TOKEN: [failing(503)], IDENTITY: [failing(503)], KEY: [failing(503)]}
    log = stage.run(calling(), services, identity=identity, options=INSECURE)
    assert log.code == 0, log.text
    printed = log.printed()
    arguments = stage.kept("arguments")
    assert any(line.startswith("curl ") for line in arguments) and any(line.startswith("jq ") for line in arguments)
    for secret in services.secrets():
        assert secret not in printed
        assert not [line for line in arguments if secret in line]
    assert services.arguments == [], "no process of the machine shows one"
    # And with a shell that traces what it does, as people switch it on to look for a mistake.
    services.script = {}
    log = stage.run(calling(), services, identity=identity, options=INSECURE, variables={"SHELLOPTS": "xtrace"})
    assert log.code == 0, log.text
    traced = "".join(line["msg"] for line in log.lines if line.get("raw_output") and "fetch" in line["stepID"])
    assert "+ bash" in traced
    assert not [secret for secret in services.secrets() if secret in traced]


def test_nothing_is_left_on_the_disk(stage: Stage, services: Services) -> None:
    keep = "find \"$RUNNER_TEMP\" -name 'getchitty-creds*' | wc -l"
    workflow = json.loads(calling())
    workflow["jobs"]["deploy"]["steps"].append({"run": f"echo left=$({keep})", "if": "always()"})
    for answers in ([], [failing(400)]):
        services.script[IDENTITY] = list(answers)
        assert "left=0" in stage.run(json.dumps(workflow), services).printed()


def test_its_inputs_and_outputs_are_those_that_fixes_write() -> None:
    action = yaml.safe_load((ROOT / "actions/getchitty-creds/action.yml").read_text())
    assert list(action["outputs"]) == list(OUTPUTS)
    assert set(action["inputs"]) == {"api_key", "purpose", "service", "credentials", "type", "zones", "endpoint"}
    pack = yaml.safe_load((ROOT / "policies/chittyos.yml").read_text())
    for entry in pack["parameters"]["credentials"]["served"].values():
        assert OUTPUTS[entry["output"]] == entry["request"]


@pytest.mark.parametrize("path", sorted(ROOT.glob("actions/*/action.yml")), ids=lambda path: path.parent.name)
def test_no_expression_is_in_a_script(path: Path) -> None:
    for step in yaml.safe_load(path.read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
