"""Rules about secrets, on small cases and on real repositories.

Fake credentials are made while the tests run, so that no scanner of this repository takes one for a leak.
"""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
import sys
from collections import Counter
from hashlib import sha1
from pathlib import Path

import pytest

from chittyops_policy.reporters.json_report import render as render_json
from chittyops_policy.secret_reads import secret_reads
from chittyops_policy.secret_scan import baseline_hashes, candidates, secrets_in
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.workflow import Action, Workflow

from .checked import corpus, covered, found, needs_corpus, report
from .fixing import fixed, refused

HEAD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"


# -------------------------------------------------------------------------------------------------- static-secret


def step(env: str) -> str:
    return f"{HEAD}      - run: x\n        env:\n          A: {env}\n"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("${{ secrets.FOO }}", ["secrets.FOO"]),
        ("${{ Secrets.foo }}", ["Secrets.foo"]),
        ("${{secrets['FOO']}}", ["secrets['FOO']"]),
        ("\"${{ secrets[ 'FOO' ] }}\"", ["secrets[ 'FOO' ]"]),
        ("${{ secrets.FOO || secrets.BAR }}", ["secrets.FOO", "secrets.BAR"]),
        ("${{ secrets.PORT || 22 }}", ["secrets.PORT"]),
        ("${{ secrets.FOO }}-${{ secrets.BAR }}", ["secrets.FOO", "secrets.BAR"]),
        ("${{ format('{0}', secrets.FOO) }}", ["secrets.FOO"]),
        ("${{ fromJSON(secrets.FOO).user }}", ["secrets.FOO"]),
        ("${{ secrets.ORG_TOKEN || secrets.GITHUB_TOKEN }}", ["secrets.ORG_TOKEN"]),
        ("${{ secrets.chittyconnect_api_key }}", []),
        ("${{ github.token }}", []),
        ("${{ steps.secrets.outputs.FOO }}", []),
        ("${{ env.secrets.FOO }}", []),
        ("${{ 'secrets.FOO' }}", []),
        ("secrets.FOO", []),
        ("secrets.txt", []),
    ],
)
def test_each_read_is_found_at_its_place(value: str, names: list[str]) -> None:
    assert [entry.split(": ")[0] for entry in found("static-secret", step(value))] == names


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAD}      # ${{{{ secrets.FOO }}}}\n      - run: x # ${{{{ secrets.FOO }}}}\n", id="comments"),
        pytest.param("on:\n  workflow_call:\n    secrets:\n      FOO: {required: true}\njobs: {}\n", id="declaration"),
        pytest.param(
            "on:\n  workflow_call:\n    secrets:\n      FOO: {description: 'as ${{ secrets.FOO }}'}\njobs: {}\n",
            id="description",
        ),
        pytest.param(f"{HEAD}      - run: cat secrets.txt .github/allowed-workflow-secrets.txt\n", id="file names"),
        pytest.param(
            f"{HEAD}      - run: x\n        if: steps.check-secrets.outputs.ok == 'true'\n", id="outputs of a step"
        ),
    ],
)
def test_what_only_looks_like_a_read_is_none(text: str) -> None:
    assert found("static-secret", text) == []


def test_a_bare_condition_and_a_folded_script_have_exact_spans() -> None:
    text = (
        f"{HEAD}      - if: success() && secrets.FOO\n        run: |\n          echo\n"
        "          curl -H ${{ secrets.BAR }} x\n"
    )
    assert [entry.split(": ")[0] for entry in found("static-secret", text)] == ["secrets.FOO", "secrets.BAR"]


def test_an_action_reads_where_its_steps_do_and_not_in_its_descriptions() -> None:
    action = (
        "inputs:\n  key: {description: 'pass ${{ secrets.FOO }}'}\n"
        "runs:\n  using: composite\n  steps:\n    - run: x ${{ secrets.BAR }}\n      shell: bash\n"
    )
    assert [entry.split(": ")[0] for entry in found("static-secret", {"action.yml": action})] == ["secrets.BAR"]


def test_the_built_in_token_can_be_refused() -> None:
    text = step("${{ secrets.GITHUB_TOKEN }}")
    assert found("static-secret", text) == []
    assert len(found("static-secret", text, options={"allow-github-token": False})) == 1


def test_a_grant_holds_for_its_repository_in_any_letter_case_only() -> None:
    text = step("${{ secrets.FOO }}")
    options = {"granted": {"Acme/App": ["foo"]}}
    assert found("static-secret", text, slug="acme/app", options=options) == []
    assert len(found("static-secret", text, slug="acme/other", options=options)) == 1
    assert len(found("static-secret", text, slug="", options=options)) == 1


@needs_corpus
def test_the_reads_of_the_organisation_are_counted_as_they_are_written() -> None:
    """290 reads of 70 names in 43 repositories, 202 of 66 names not allowed.

    The facts page counts more repositories (82: 379 reads, 76 names). Besides GITHUB_TOKEN and CHITTYCONNECT_API_KEY
    the pack grants two names to chittyops.
    """
    names = Counter[str]()
    refused = Counter[str]()
    places = set()
    looks_like = Counter[str]()
    commented = Counter[str]()
    for snapshot in corpus("chittyos"):
        for decision in report(snapshot, "static-secret").decisions:
            text = covered(snapshot, decision)
            assert re.fullmatch(r"secrets\.[A-Z][A-Z0-9_]+", text)
            refused[text] += 1
            places.add((snapshot.slug, decision.path))
        views: list[Workflow | Action] = list(snapshot.workflows())
        actions = (snapshot.action(path.rpartition("/")[0]) for path in snapshot.action_paths())
        views += [action for action in actions if action is not None]
        for view in views:
            seen = Counter(read.name for read in secret_reads(view))
            names += seen
            looks_like += Counter(re.findall(r"\bsecrets\.(\w+)", view.document.text)) - seen
            commented += Counter(
                name for comment in view.document.comments() for name in re.findall(r"secrets\.(\w+)", comment.text)
            )
    assert (names.total(), len(names)) == (290, 70)
    assert (refused.total(), len(refused), len(places), len({slug for slug, _ in places})) == (202, 66, 63, 26)
    assert refused.most_common(3) == [
        ("secrets.CLOUDFLARE_API_TOKEN", 22),
        ("secrets.CLOUDFLARE_ACCOUNT_ID", 17),
        ("secrets.CHITTYCONNECT_SERVICE_TOKEN", 8),
    ]
    assert "secrets.GITHUB_TOKEN" not in refused
    # What a regular expression would have taken for secrets as well: file names, a script, a step's outputs, comments.
    assert looks_like == {"txt": 13, "sh": 1, "outputs": 3, "CHITTY_API_KEY": 4}
    assert commented == {"CHITTY_API_KEY": 4}


# ------------------------------------------------------------------------- secrets-inherit, overprovisioned-secrets


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ("${{ toJSON(secrets) }}", ["toJSON(secrets)"]),
        ("${{ tojson( secrets ) }}", ["tojson( secrets )"]),
        ("${{ format('{0}', secrets) }}", ["format('{0}', secrets)"]),
        ("${{ secrets[matrix.name] }}", ["secrets[matrix.name]"]),
        ("${{ secrets[format('{0}_KEY', inputs.stage)].x }}", ["secrets[format('{0}_KEY', inputs.stage)]"]),
        ("${{ secrets.* }}", ["secrets.*"]),
        ("${{ secrets == null }}", ["secrets"]),
        ("${{ secrets['FOO'] }}", []),
        ("${{ secrets[format('{0}', 'FOO')] }}", []),
        ("${{ toJSON(secrets.FOO) }}", []),
        ("toJSON(secrets)", []),
    ],
)
def test_only_the_whole_context_and_computed_names_are_too_much(value: str, spans: list[str]) -> None:
    assert [entry.rpartition(": ")[0] for entry in found("overprovisioned-secrets", step(value))] == spans


def test_a_computed_name_is_no_static_secret_but_what_computes_it_is() -> None:
    text = step("${{ secrets[secrets.WHICH] }}")
    assert [entry.split(": ")[0] for entry in found("static-secret", text)] == ["secrets.WHICH"]
    assert len(found("overprovisioned-secrets", text)) == 1


def test_inherit_is_a_word_of_reusable_workflow_calls_only() -> None:
    call = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    secrets: {}\n"
    assert found("secrets-inherit", call.format("inherit")) == [
        "inherit: every secret of this repository is handed to ./.github/workflows/b.yml"
    ]
    assert found("secrets-inherit", call.format("Inherit")) == []
    assert found("secrets-inherit", call.format("\n      inherit: x")) == []


@needs_corpus
def test_who_inherits_and_who_takes_everything_in_the_corpus() -> None:
    def count(part: str, rule: str) -> int:
        return sum(len(report(snapshot, rule).decisions) for snapshot in corpus(part))

    # Seven on the facts page, two of them in repositories that are part of the corpus.
    assert (count("chittyos", "secrets-inherit"), count("public", "secrets-inherit")) == (2, 12)
    assert (count("chittyos", "overprovisioned-secrets"), count("public", "overprovisioned-secrets")) == (0, 6)


# ------------------------------------------------------------------------------------------------ hardcoded-secret

RANDOM = random.Random(20261122)
ALNUM = string.ascii_letters + string.digits


def made(count: int, alphabet: str = ALNUM) -> str:
    """Random characters among which there surely are a digit and letters of both cases."""
    while True:
        text = "".join(RANDOM.choice(alphabet) for _ in range(count))
        kinds = (any(map(str.isdigit, text)), any(map(str.isupper, text)), any(map(str.islower, text)))
        if all(kinds) or alphabet is not ALNUM:
            return text


KEY_TEXT = "\n".join(("-----BEGIN RSA PRIVATE" + " KEY-----", made(64), made(64), "-----END RSA PRIVATE" + " KEY-----"))
CREDENTIALS = [
    ("GitHub token", "TOKEN: {}", "gh" + "p_" + made(36)),
    ("GitHub token in a script", "run: curl -H 'Authorization: token {}' x", "gh" + "s_" + made(36)),
    ("fine-grained token", "x: {}", "github" + "_pat_" + made(22) + "_" + made(59)),
    ("npm token", "//registry.example.com/:_authToken={}", "np" + "m_" + made(36)),
    ("AWS key id", "x: {}", "AK" + "IA" + "Q7" + made(14, string.ascii_uppercase + "234567")),
    ("AWS secret", "AWS_SECRET_ACCESS_KEY: {}", "a1B" + made(37)),
    ("Slack token", "x: {}", "xo" + "xb-" + made(12, string.digits) + "-" + made(24)),
    ("Stripe key", "x: {}", "sk" + "_live_" + made(24)),
    ("Google key", "x: {}", "AI" + "za" + made(35)),
    ("web token", "x: {}", "ey" + "J" + made(30) + ".ey" + "J" + made(60) + "." + made(43)),
    ("Cloudflare token", "x: {}", "cf" + "ut_" + made(48)),
    ("old Cloudflare token", "CLOUDFLARE_API_TOKEN: {}", made(40)),
    ("Vercel token", 'VERCEL_TOKEN: "{}"', made(24)),
    ("TOML", 'api_token = "{}"', made(40)),
    ("JSON", '{{"clientSecret": "{}"}}', made(32)),
    ("hexadecimal key", "export API_KEY={}", "3f9a" + made(28, "0123456789abcdef")),
    ("bearer token", "curl -H 'Authorization: Bearer {}'", made(40)),
    ("password of mixed characters", "password: {}", "Tr0ub4dor" + "&3xy"),
    ("password in a URL", "x: postgres://app:{}@db.example.org/main", made(16)),
    ("in a comment, of a provider's form", "# old: {}", "gh" + "p_" + made(36)),
]


@pytest.mark.parametrize(("line", "value"), [pytest.param(*row[1:], id=row[0]) for row in CREDENTIALS])
def test_a_credential_is_found_at_its_place(line: str, value: str) -> None:
    text = f"# a comment with ✨\n{line.format(value)}\nother: line\n"
    assert [text[secret.start : secret.end] for secret in secrets_in("x.yml", text)] == [value]


def test_a_private_key_is_found_as_a_whole_also_on_one_line() -> None:
    text = "key: |\n" + "".join(f"  {line}\n" for line in KEY_TEXT.splitlines())
    [secret] = secrets_in("x.yml", text)
    assert text[secret.start :].startswith("-----BEGIN")
    assert text[: secret.end].count("\n") == 4
    one_line = json.dumps({"key": KEY_TEXT})
    [secret] = secrets_in("x.json", one_line)
    assert KEY_TEXT.splitlines()[1] in one_line[secret.start : secret.end]


QUIET = {
    "reference": "password: ${{ secrets.FOO_1234567890 }}",
    "shell variable": "TOKEN=${MY_TOKEN_1234567890}",
    "command": "TOKEN=$(curl -s https://x.example/1234567890)",
    "inherit": "secrets: inherit",
    "permission": "id-token: write",
    "placeholder": "TOKEN: gh" + "p_" + "x" * 36,
    "documented example": "x: AK" + "IAIOSFODNN7EXAMPLE",
    "your-token-here": "token: your-token-here-1234567890Ab",
    "pin": "- uses: acme/get-token@11bd71901bbe5b1630ceea73d27597364c9af683 # v1",
    "pin as a value": "token_sha: 11bd71901bbe5b1630ceea73d27597364c9af683",
    "lockfile integrity": "integrity: sha512-" + made(86) + "==",
    "uuid": "client-secret: 123e4567-e89b-12d3-a456-426614174000",
    "name of a secret": "secret" + "-name: chittyconnect-api-key-2",
    "name with a number": "TURBO_TOKEN: chitty-team-2024-Build-x",
    "file name": "token_file: /var/run/secrets/token1234567890Abc",
    "other variable": "api_key: process.env.API_KEY_V2_2024Abc",
    "service container": "POSTGRES_PASSWORD: postgres",
    "local database": "x: postgres:/" + "/postgres:Postgr3s1x@localhost:5432/test",
    "service host": "x: redis:/" + "/default:S3cretS3cret@redis:6379",
    "same as the user": "x: https:/" + "/anonymous:anonymous@ftp.example.org/",
    "token of an expression": "x: https://x-access-token:${{ secrets.GITHUB_TOKEN }}@github.com/a/b",
    "grep for a header": "run: grep -q 'BEGIN RSA PRIVATE" + " KEY' *.pem",
    "header from a variable": "run: printf -- '-----BEGIN PRIVATE" + ' KEY-----\\n%s\' "$KEY"',
    "sequence": "token: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "commented assignment": "# password: Tr0ub4dor&3xy",
    "cloudflare ids": 'account_id = "9af683c0edd61e8efbc2f1b0a4e6ab6e"',
    "secrets store": '{"binding": "TOKEN", "store_id": "9af683c0edd61e8efbc2f1b0a4e6ab6e", "secret_name": "a_token"}',
}


@pytest.mark.parametrize("line", QUIET.values(), ids=QUIET)
def test_what_is_no_credential_is_left_alone(line: str) -> None:
    assert secrets_in("x.yml", f"a: b\n{line}\n") == []


def test_the_allowlist_comments_of_detect_secrets_are_honoured() -> None:
    token = "gh" + "p_" + made(36)
    assert secrets_in("x.yml", f"a: {token} # pragma: allowlist secret\n") == []
    assert secrets_in("x.yml", f"# pragma: allowlist nextline secret\na: {token}\n") == []
    assert len(secrets_in("x.yml", f"# pragma: allowlist nextline secret\nb: c\na: {token}\n")) == 1
    assert len(secrets_in("x.yml", f"a: {token} # not on any allowlist\n")) == 1


def scanned(folder: Path) -> bytes:
    """A baseline as detect-secrets itself writes it."""
    command = [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout


def test_a_baseline_written_by_detect_secrets_is_honoured(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "x.yml"
    workflow.parent.mkdir(parents=True)
    text = (
        f"on: push\nenv:\n  A: {'gh' + 'p_' + made(36)}\n  DB_PASSWORD: {'Tr0ub4dor' + '&3xy'}\n"
        f"  CLIENT_SECRET: {made(40)}\njobs: {{}}\n"
    )
    workflow.write_text(text)
    files = {".github/workflows/x.yml": text}
    assert len(found("hardcoded-secret", files)) == 3
    baseline = scanned(tmp_path).decode()
    assert set(json.loads(baseline)["results"]) == {".github/workflows/x.yml"}
    assert found("hardcoded-secret", {**files, ".secrets.baseline": baseline}) == []
    elsewhere = baseline.replace("workflows/x.yml", "workflows/y.yml")
    assert len(found("hardcoded-secret", {**files, ".secrets.baseline": elsewhere})) == 3


def test_a_baseline_is_no_excuse_for_what_its_audit_calls_real() -> None:
    value = "gh" + "p_" + made(36)
    entry = {"type": "GitHub Token", "filename": "a.yml", "hashed_secret": sha1(value.encode()).hexdigest()}
    assert baseline_hashes(json.dumps({"results": {"a.yml": [entry]}}).encode())["a.yml"]
    audited = {"results": {"a.yml": [{**entry, "is_secret": True}], "b.yml": [{**entry, "is_secret": False}]}}
    hashes = baseline_hashes(json.dumps(audited).encode())
    assert (len(hashes["a.yml"]), len(hashes["b.yml"])) == (0, 1)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"results": []}', b'{"results": {"a": 1}}', b"\xff"])
def test_a_broken_baseline_excuses_nothing(data: bytes) -> None:
    assert baseline_hashes(data) == {}


def test_registry_passwords_are_judged_whatever_they_look_like() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n"
        "    container: {image: i, credentials: {username: u, password: swordfish}}\n"
        "    services:\n"
        "      db: {image: i, credentials: {username: u, password: '${{ secrets.X }}'}}\n"
        f"      mq: {{image: i, credentials: {{username: u, password: {'gh' + 'p_' + made(36)}}}}}\n"
        "    steps: []\n"
    )
    messages = [entry.rpartition(": ")[2] for entry in found("hardcoded-secret", text)]
    assert messages == [
        "the registry password of the container is written out here; rotate it first",
        "a GitHub token is written out here; rotate it first",
    ]


def test_configuration_files_and_broken_workflows_are_read() -> None:
    token = "gh" + "p_" + made(36)
    files = {
        ".github/workflows/x.yml": f"on: push\njobs: [\n# {token}\n",
        ".github/dependabot.yml": f"registries: {{r: {{type: npm-registry, token: {token}}}}}\n",
        ".github/labels.json": json.dumps({"token": token}),
        ".npmrc": f"//r/:_authToken={token}\n",
        ".env.production": f"A={token}\n",
        "wrangler.toml": f'A = "{token}"\n',
        "README.md": f"{token}\n",
        "src/wrangler.toml": f"{token}\n",
    }
    snapshot = Snapshot(MemoryTree(files))
    paths = [decision.path for decision in report(snapshot, "hardcoded-secret").decisions]
    assert paths == sorted(set(files) - {"README.md", "src/wrangler.toml"})
    options = {"files": ["src/*.toml"]}
    paths = [decision.path for decision in report(snapshot, "hardcoded-secret", options=options).decisions]
    assert paths == [".github/dependabot.yml", ".github/workflows/x.yml", "src/wrangler.toml"]


def test_no_value_leaves_the_rule() -> None:
    values = [row[2] for row in CREDENTIALS]
    lines = "".join(f"  K{number}_TOKEN: {value}\n" for number, value in enumerate(values))
    result = report(Snapshot(MemoryTree({".github/workflows/x.yml": f"on: push\nenv:\n{lines}jobs: {{}}\n"})),
                    "hardcoded-secret")  # fmt: skip
    assert len(result.decisions) > 15
    shown = render_json([result])
    assert not [value for value in values if value in shown]


def test_the_fingerprint_does_not_depend_on_the_value_or_the_line() -> None:
    def name(value: str, before: str) -> str:
        text = f"on: push\nenv:\n{before}  A_TOKEN: {value}\njobs: {{}}\n"
        [decision] = report(Snapshot(MemoryTree({".github/workflows/x.yml": text})), "hardcoded-secret").decisions
        return decision.fingerprint

    assert name("gh" + "p_" + made(36), "") == name("gh" + "p_" + made(36), "  B: c\n\n")


def test_detect_secrets_is_only_loaded_for_a_candidate() -> None:
    code = (
        "import sys\n"
        "from chittyops_policy.secret_scan import secrets_in\n"
        "secrets_in('x.yml', sys.stdin.read())\n"
        "print('detect_secrets' in sys.modules)\n"
    )

    def loads(text: str) -> str:
        done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert loads(step("${{ secrets.CLOUDFLARE_API_TOKEN }}")) == "False"
    assert loads("A: gh" + "p_" + made(36)) == "True"


@needs_corpus
def test_the_corpus_has_no_credential_and_never_loads_the_library() -> None:
    """detect-secrets alone reports 52 places in the CI files of the organisation, and each was looked at.

    18 are ids of Cloudflare stores and accounts, 31 are words beside a keyword (names in a secrets store, `inherit`,
    passwords of throw-away database containers, a dummy key), 3 are database URLs to localhost: no credential.
    """
    workflows = 0
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            assert report(snapshot, "hardcoded-secret").decisions == ()
            for path in snapshot.subjects():
                assert candidates(snapshot.text(path) or "") == []
                workflows += 1
    assert workflows > 500


# ------------------------------------------------------------------------------------------------------- artipacked


def steps(*entries: str) -> str:
    return HEAD + "".join(f"      - {entry}\n" for entry in entries)


def severities(rule: str, text: str) -> list[str]:
    snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": text}))
    return [decision.severity for decision in report(snapshot, rule).decisions]


UPLOAD = "uses: actions/upload-artifact@{}\n        with: {{path: {}}}"
PERSISTED = {
    "kept in the workspace": (["uses: actions/checkout@v4"], ["medium"]),
    "kept beside it": (["uses: actions/checkout@v6"], ["low"]),
    "the newest of a moving tag": (["uses: actions/checkout@v5"], ["medium"]),
    "a commit with its version": ([f"uses: actions/checkout@{'ab' * 20} # v6.0.2"], ["low"]),
    "a commit with its version, as others write it": ([f"uses: actions/checkout@{'ab' * 20} # tag=v3.0.0"], ["medium"]),
    "a commit without": ([f"uses: actions/checkout@{'ab' * 20}"], ["medium"]),
    "a branch": (["uses: actions/checkout@main"], ["medium"]),
    "any letter case": (["uses: Actions/Checkout@v4"], ["medium"]),
    "no value at all": (["uses: actions/checkout@v4\n        with: {fetch-depth: 0}"], ["medium"]),
    "false": (["uses: actions/checkout@v4\n        with: {persist-credentials: false}"], []),
    "a text": (["uses: actions/checkout@v4\n        with: {persist-credentials: 'false'}"], []),
    "true is a decision": (["uses: actions/checkout@v4\n        with: {persist-credentials: true}"], []),
    "an expression": (["uses: actions/checkout@v4\n        with: {persist-credentials: '${{ inputs.x }}'}"], []),
    "another action": (["uses: example/checkout@v4"], []),
    "a push": (["uses: actions/checkout@v4", "run: git push"], []),
    "a push with options": (["uses: actions/checkout@v4", "run: git -C docs push --tags"], []),
    "a push before it": (["run: git push", "uses: actions/checkout@v4"], ["medium"]),
    "a stash is no push": (["uses: actions/checkout@v4", "run: git stash push -u"], ["medium"]),
    "pushing an image is no push": (["uses: actions/checkout@v4", "run: git log && docker push x"], ["medium"]),
    "an action that pushes": (["uses: actions/checkout@v4", "uses: EndBug/add-and-commit@v9"], []),
    "all of it handed over": (["uses: actions/checkout@v4", UPLOAD.format("v3", "./")], ["high"]),
    "all but hidden files": (["uses: actions/checkout@v4", UPLOAD.format("v4", ".")], ["medium"]),
    "all but hidden files since 4.4": (["uses: actions/checkout@v4", UPLOAD.format("v4.3.6", "'**'")], ["high"]),
    "handed over, but the token lies elsewhere": (["uses: actions/checkout@v7", UPLOAD.format("v3", ".")], ["low"]),
    "handed over from there": (["uses: actions/checkout@v7", UPLOAD.format("v4", "'${{ runner.temp }}'")], ["high"]),
    "a part of it": (["uses: actions/checkout@v4", UPLOAD.format("v3", "dist")], ["medium"]),
    "the folder of the checkout": (
        ["uses: actions/checkout@v4\n        with: {path: src}", UPLOAD.format("v3", "src/")], ["high"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "expected"), PERSISTED.values(), ids=PERSISTED)
def test_a_checkout_and_what_follows_it(entries: list[str], expected: list[str]) -> None:
    assert severities("artipacked", steps(*entries)) == expected


@pytest.mark.parametrize(
    ("following", "safety"),
    [
        ("uses: actions/setup-node@v6", "safe"),
        ("run: npm ci && echo done", "safe"),
        ("run: |\n          pip install -r requirements.txt\n          pytest", "safe"),
        ("run: make", "review"),
        ("run: npm run build", "review"),
        ("run: git fetch --tags", "review"),
        ("uses: example/unheard-of@v1", "review"),
        ("run: Write-Output x\n        shell: pwsh", "review"),
    ],
)
def test_the_fix_is_safe_where_only_known_steps_follow(following: str, safety: str) -> None:
    done = fixed("artipacked", steps("uses: actions/checkout@v7 # note", following))
    assert done.said == [f"{safety}: set persist-credentials: false"]
    assert done.text() == steps(
        "uses: actions/checkout@v7 # note\n        with:\n          persist-credentials: false", following
    )


@pytest.mark.parametrize("place", ["top", "job"])
def test_a_job_that_may_write_may_push_in_a_script(place: str) -> None:
    text = steps("uses: actions/checkout@v4", "run: npm run release")
    granted = "permissions: {contents: write}\n"
    text = (
        text.replace("jobs:", granted + "jobs:") if place == "top" else text.replace("  a:\n", f"  a:\n    {granted}")
    )
    assert refused("artipacked", text) == [
        "the job may write to the repository, and a script of it may push with the token"
    ]
    assert refused("artipacked", text.replace("contents: write", "contents: read")) == []


def test_a_checkout_that_an_alias_repeats_is_left_alone() -> None:
    text = "on: push\njobs:\n  a: {runs-on: x, steps: &s [uses: actions/checkout@v4]}\n  b: {runs-on: x, steps: *s}\n"
    assert refused("artipacked", text) == ["the anchor &s shares this text with other places of the file"]


# ---------------------------------------------------------------------------------- secrets that reach too far


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ("${{ fromJSON(secrets.A).b }}", ["fromJSON(secrets.A)"]),
        ("${{ FromJson( secrets['A'] )['b'] }}", ["FromJson( secrets['A'] )"]),
        ("${{ fromJSON(secrets.A || '{}').b }}", ["fromJSON(secrets.A || '{}')"]),
        ("${{ format('{0}', fromJSON(secrets.A).b) }}", ["fromJSON(secrets.A)"]),
        ("${{ fromJSON(vars.A).b }}", []),
        ("${{ secrets.A }}", []),
        ("fromJSON(secrets.A)", []),
    ],
)
def test_parts_of_a_secret_are_not_hidden(value: str, spans: list[str]) -> None:
    entries = found("unredacted-secrets", step(f'"{value}"'))
    assert [entry.removesuffix(": " + entry.rpartition(": ")[2]) for entry in entries] == spans


def test_an_environment_guards_its_secrets() -> None:
    text = step("${{ secrets.A }}")
    assert len(found("secrets-outside-env", text)) == 1
    assert found("secrets-outside-env", text.replace("runs-on: x\n", "runs-on: x\n    environment: {name: y}\n")) == []
    assert found("secrets-outside-env", text.replace("on: push", "on: [push, workflow_call]")) == []
    assert found("secrets-outside-env", text, options={"allow": ["a"]}) == []


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        pytest.param("env: {A: '${{ secrets.A }}'}\njobs:\n  a: {steps: [run: x, run: y]}\n", ["secrets.A"], id="top"),
        pytest.param("env: {A: '${{ secrets.A }}'}\njobs:\n  a: {steps: [run: x]}\n", [], id="one step in all"),
        pytest.param(
            "env: {A: '${{ secrets.A }}'}\njobs:\n  a: {steps: [run: x]}\n  b: {steps: [run: x]}\n",
            ["secrets.A"],
            id="two jobs",
        ),
        pytest.param(
            "jobs:\n  a: {env: {A: 'x-${{ github.token }}'}, steps: [run: x, run: y]}\n", ["github.token"], id="token"
        ),
        pytest.param("jobs:\n  a: {env: {A: '${{ vars.A }}'}, steps: [run: x, run: y]}\n", [], id="no secret"),
        pytest.param("jobs:\n  a: {steps: [{run: x, env: {A: '${{ secrets.A }}'}}, run: y]}\n", [], id="at the step"),
    ],
)
def test_a_secret_of_the_job_is_one_of_every_step(text: str, spans: list[str]) -> None:
    assert [entry.split(": ")[0] for entry in found("job-secrets", "on: push\n" + text)] == spans


HANDED_OVER = {
    "the environment file of an old version": ("v3", "dist\\n.env", "", [".env"]),
    "which newer ones leave out": ("v4", ".env", "", []),
    "unless they are told not to": ("v7", ".env", "include-hidden-files: true, ", [".env"]),
    "an example of it": ("v3", ".env.example", "", []),
    "a key needs no dot": ("v7", "out/id_rsa", "", ["out/id_rsa"]),
    "left out on purpose": ("v3", "dist\\n!.env", "", []),
    "the state of Terraform": ("v7", "infra/terraform.tfstate", "", ["infra/terraform.tfstate"]),
    "a file of another name": ("v3", "environment", "", []),
    "everything": ("v3", "**/*", "", ["**/*"]),
}


@pytest.mark.parametrize(("version", "path", "more", "spans"), HANDED_OVER.values(), ids=HANDED_OVER)
def test_credentials_among_artifacts(version: str, path: str, more: str, spans: list[str]) -> None:
    text = steps(f'uses: actions/upload-artifact@{version}\n        with: {{{more}path: "{path}"}}')
    assert [entry.split(": ")[0] for entry in found("secrets-in-artifacts", text)] == spans


TOKEN = "\n        env: {TOKEN: '${{ secrets.TOKEN }}'}"
PUBLISHED = {
    "npm": (["run: npm publish" + TOKEN], ["npm publish"]),
    "a workspace": (["run: pnpm -r publish --no-git-checks" + TOKEN], ["pnpm -r publish --no-git-checks"]),
    "the new yarn": (["run: yarn npm publish" + TOKEN], ["yarn npm publish"]),
    "the built-in token": (["run: npm publish\n        env: {NODE_AUTH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}"], []),
    "the broker's token": (["run: npm publish\n        env: {NODE_AUTH_TOKEN: '${{ steps.a.outputs.npm }}'}"], []),
    "a try": (["run: npm publish --dry-run" + TOKEN], []),
    "GitHub Packages": (["run: npm publish --registry https://npm.pkg.github.com" + TOKEN], []),
    "set up for another registry": (
        [
            "uses: actions/setup-node@v6\n        with: {registry-url: 'https://npm.example.com'}",
            "run: npm publish" + TOKEN,
        ],
        [],
    ),
    "a script of that name": (["run: npm run publish-docs" + TOKEN], []),
    "PyPI": (["run: twine upload dist/*" + TOKEN], ["twine upload dist/*"]),
    "PyPI by a module": (["run: python -m twine upload dist/*" + TOKEN], ["python -m twine upload dist/*"]),
    "an own index": (["run: twine upload --repository-url https://pypi.example.com dist/*" + TOKEN], []),
    "crates.io": (["run: cargo publish --token ${{ secrets.X }}"], ["cargo publish --token ${{ secrets.X }}"]),
    "RubyGems": (["run: gem push x.gem" + TOKEN], ["gem push x.gem"]),
    "NuGet": (
        ["run: dotnet nuget push x.nupkg -k ${{ secrets.X }}"],
        ["dotnet nuget push x.nupkg -k ${{ secrets.X }}"],
    ),
    "an action of RubyGems": (
        ["uses: rubygems/configure-rubygems-credentials@v2\n        with: {api-token: '${{ secrets.A }}'}"],
        ["'${{ secrets.A }}'"],
    ),
    "an action for npm, elsewhere": (
        ["uses: JS-DevTools/npm-publish@v4\n        with: {token: '${{ secrets.A }}', registry: 'https://x.example/'}"],
        [],
    ),
    "an echo": (["run: echo npm publish" + TOKEN], []),
    "an image": (["run: docker push x" + TOKEN], []),
}


@pytest.mark.parametrize(("entries", "spans"), PUBLISHED.values(), ids=PUBLISHED)
def test_a_stored_token_publishes(entries: list[str], spans: list[str]) -> None:
    messages = found("use-trusted-publishing", steps(*entries))
    assert [entry.partition(": a stored")[0] for entry in messages] == spans


def test_pypi_does_not_trust_called_workflows() -> None:
    text = steps("uses: pypa/gh-action-pypi-publish@v1\n        with: {password: '${{ secrets.A }}'}")
    assert len(found("use-trusted-publishing", text)) == 1
    assert found("use-trusted-publishing", text.replace("on: push", "on: workflow_call")) == []


@needs_corpus
def test_stored_credentials_in_real_workflows() -> None:
    """Each of the four packages that are published with a token was looked at; nothing else in the corpus does it."""

    def count(rule: str) -> tuple[int, int]:
        return (
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("chittyos")),
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("public")),
        )

    assert count("artipacked") == (223, 360)
    assert count("job-secrets") == (36, 69)
    assert count("secrets-outside-env") == (142, 109)
    assert count("use-trusted-publishing") == (3, 1)
    assert count("secrets-in-artifacts") == count("unredacted-secrets") == (0, 0)
