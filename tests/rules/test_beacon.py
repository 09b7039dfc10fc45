"""Rules about ChittyBeacon, on small cases and on real repositories."""

from __future__ import annotations

import pytest

from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, corpus, found, needs_corpus, report, unknown

WORKER = {"wrangler.toml": 'name = "api"\nmain = "src/index.ts"\n'}
HEAD = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
DEPLOY = HEAD + "      - run: npx wrangler deploy\n"
MISSING = ["ship: `npx wrangler deploy` deploys to Cloudflare, and no step of this workflow reports to ChittyBeacon"]
WHERE = ".github/workflows/x.yml"


def beacon(step: str, **files: str) -> list[str]:
    return found("missing-beacon", {WHERE: DEPLOY + step, **WORKER, **files})


# ------------------------------------------------------------------------------------------------ missing-beacon


@pytest.mark.parametrize(
    "step",
    [
        "      - uses: chittyos/chittyops/actions/chittybeacon@main\n",
        "      - uses: CHITTYOS/chittyops/.github/actions/chittybeacon@v1\n",
        "      - uses: ./.github/actions/chittybeacon\n",
        "      - uses: $/actions/chittybeacon\n",
        "      - run: curl -sfX POST https://beacon.cloudeto.com/track -H 'X: y'\n",
        '      - run: curl --json "$EVENT" "$BEACON_ENDPOINT/track"\n',
        "      - run: npm install @chittycorp/app-beacon@latest --save\n",
        "      - run: |\n          cat > src/chittybeacon.py <<'EOF'\n          import requests\n          EOF\n",
    ],
)
def test_accepted_forms(step: str) -> None:
    assert beacon(step) == []


@pytest.mark.parametrize(
    "step",
    [
        "      # - uses: chittyos/chittyops/actions/chittybeacon@main\n",
        "      - run: grep -q @chittycorp/app-beacon package.json\n",
        "      - run: curl https://beacon.cloudeto.com/health\n",
        "      - run: |\n          cat <<EOF\n          curl -d x https://beacon.cloudeto.com/track\n          EOF\n",
        "      - name: Verify ChittyBeacon Integration\n        run: echo beacon-check\n",
        "        env: {BEACON_ENDPOINT: https://beacon.cloudeto.com}\n",
    ],
)
def test_mentions_are_no_step(step: str) -> None:
    assert beacon(step) == MISSING


def test_a_step_in_another_job_counts() -> None:
    other = "  report:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./actions/chittybeacon\n"
    assert beacon(other) == []


def test_through_a_reusable_workflow_of_the_same_repository() -> None:
    files = {
        WHERE: "on: push\njobs:\n  ship:\n    uses: ./.github/workflows/deploy.yml\n",
        ".github/workflows/deploy.yml": DEPLOY.replace("on: push", "on: workflow_call"),
        **WORKER,
    }
    assert found("missing-beacon", files) == MISSING
    files[".github/workflows/deploy.yml"] += "      - uses: ./actions/chittybeacon\n"
    assert found("missing-beacon", files) == []


def test_the_standard_deployment_brings_it_unless_told_not_to() -> None:
    name = "CHITTYOS/chittyops/.github/workflows/reusable-worker-deploy.yml@main"
    call = f"  api:\n    uses: {name}\n    with: {{service_name: x"
    assert beacon(call + "}\n") == []
    assert beacon(call + ", include_beacon: false}\n") == MISSING


def test_a_package_script_deploys() -> None:
    package = '{"scripts": {"ship": "tsc && wrangler deploy", "docs": "echo wrangler deploy"}}'
    shipped = {WHERE: HEAD + "      - run: npm run ship\n", "package.json": package, **WORKER}
    assert found("missing-beacon", shipped) == [
        "ship: `wrangler deploy` deploys to Cloudflare, and no step of this workflow reports to ChittyBeacon"
    ]
    quiet = {WHERE: HEAD + "      - run: npm run docs\n", "package.json": package, **WORKER}
    assert found("missing-beacon", quiet) == []


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"package.json": '{"name": "lib"}'}, id="a package that runs nowhere"),
        pytest.param({"README.md": "# Text\n", "docs/a.md": "text\n"}, id="documents"),
        pytest.param({**WORKER, "chittybeacon.py": "import requests\n"}, id="the module lies in the project"),
    ],
)
def test_repositories_that_need_none(files: dict[str, str]) -> None:
    assert found("missing-beacon", {WHERE: DEPLOY, **files}) == []


def test_what_never_runs_deploys_nothing() -> None:
    off = DEPLOY.replace("  ship:\n", "  ship:\n    if: ${{ false }}\n")
    assert found("missing-beacon", {WHERE: off, **WORKER}) == []


def test_an_unseen_call_leaves_the_question_open() -> None:
    call = "  more:\n    uses: acme/ci/.github/workflows/after.yml@main\n"
    assert "acme/ci is not part of this run" in unknown("missing-beacon", {WHERE: DEPLOY + call, **WORKER})[0]
    step = HEAD.replace("push", "workflow_call") + "      - uses: chittyos/chittyops/x/chittybeacon@v1\n"
    other = Snapshot(MemoryTree({".github/workflows/after.yml": step}), "acme/ci")
    lookups = Lookups({"acme/ci": other})
    assert unknown("missing-beacon", {WHERE: DEPLOY + call, **WORKER}, lookups=lookups) == []
    assert found("missing-beacon", {WHERE: DEPLOY + call, **WORKER}, lookups=lookups) == []


def test_calls_in_a_circle_end() -> None:
    call = "on: {push: , workflow_call: }\njobs:\n  a:\n    uses: ./.github/workflows/x.yml\n"
    action = "runs:\n  using: composite\n  steps:\n    - uses: ./a\n    - uses: ./a\n"
    assert found("missing-beacon", {WHERE: call, **WORKER}) == []
    assert found("missing-beacon", {WHERE: DEPLOY + "      - uses: ./a\n", "a/action.yml": action, **WORKER}) == MISSING


@needs_corpus
def test_deployments_without_a_beacon_in_real_repositories() -> None:
    """Read by hand: every workflow that deploys a Worker, a server or a site, in repositories that hold such a thing.

    chittyconcierge only tries (`--dry-run`); chittypro-streamlink, chittyos-cli and cli deploy, but no project file
    says what; cicd-templates holds documents and templates.
    """
    seen = {}
    open_questions = []
    for snapshot in corpus("chittyos"):
        result = report(snapshot, "missing-beacon")
        places = [f"{item.path.rpartition('/')[2]}:{item.region.line}" for item in result.decisions if item.region]
        if places:
            seen[snapshot.slug] = places
        verdict = next(verdict for verdict in result.verdicts if verdict.control == "beacon")
        if verdict.outcome == "unknown":
            open_questions.append(snapshot.slug)
    assert seen == {
        "chittyapps/chittycharge": ["deploy-production.yml:21", "deploy-staging.yml:16", "deploy.yml:21"],
        "chittyapps/chittychat": ["ecosystem-cicd.yml:172"],
        "chittyapps/chittychronicle": ["ci.yml:91"],
        "chittyos/chittychat": ["deploy.yml:60"],
        "chittyos/chittychronicle": ["ci.yml:91"],
        "chittyos/chittygateway": ["deploy.yml:34", "neon-branch.yml:8"],
        "chittyos/chittyscrape": ["ci.yml:26"],
    }
    assert open_questions == [
        "chitcommit/chittypro-streamlink",
        "chittyos/chittyos-cli",
        "chittyos/cicd-templates",
        "chittyos/cli",
    ]


# ------------------------------------------------------------------------------------------- unresolvable-beacon


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ("npm install @chittycorp/app-beacon", "@chittycorp/app-beacon"),
        ("npm i -D @chittycorp/chittybeacon@^1", "@chittycorp/chittybeacon@^1"),
        ("sudo npm install left-pad '@chittycorp/app-beacon@latest' || true", "@chittycorp/app-beacon@latest"),
        ("cd x && pnpm add @chittycorp/app-beacon", "@chittycorp/app-beacon"),
        ("npx @chittycorp/app-beacon", "@chittycorp/app-beacon"),
    ],
)
def test_installing_by_name(run: str, text: str) -> None:
    (message,) = found("unresolvable-beacon", HEAD + f"      - run: {run}\n")
    assert message.startswith(f"{text}: @chittycorp/")


@pytest.mark.parametrize(
    "run",
    [
        "npm install github:chittyos/chittybeacon",
        "npm install @chittycorp/app-beacon@github:chittyos/chittybeacon",
        "npm ci # @chittycorp/app-beacon",
        "npm install @chittycorp/app-beacon-types",
        "npm uninstall @chittycorp/app-beacon",
        "npm config set @chittycorp:registry https://npm.pkg.github.com && npm i @chittycorp/app-beacon",
    ],
)
def test_installing_what_can_be_had(run: str) -> None:
    assert found("unresolvable-beacon", HEAD + f"      - run: {run}\n") == []


@pytest.mark.parametrize(
    ("package", "text"),
    [
        ('{"dependencies": {"@chittycorp/app-beacon": "latest"}}', '"latest"'),
        ('{"devDependencies": {\n\t"@chittycorp/app-beacon" : "1.x"\n}}', '"1.x"'),
        ('\ufeff{"dependencies": {"@chittycorp/chittybeacon": "^1.0.0"}}', '"^1.0.0"'),
        ('{"dependencies": {"@chittycorp/app-beacon": "git+https://github.com/chittyos/chittybeacon"}}', None),
        ('{"dependencies": {"@chittycorp/app-beacon": "chittyos/chittybeacon#v1"}}', None),
        ('{"dependencies": {"@chittycorp/app-beacon": "file:../beacon"}}', None),
        ('{"dependencies": {"@chittycorp/app-beacon": "workspace:*"}}', None),
        ('{"keywords": ["@chittycorp/app-beacon"]}', None),
        ('{"dependencies": {"@chittycorp/app-beacon": ', None),
    ],
)
def test_package_json(package: str, text: str | None) -> None:
    messages = found("unresolvable-beacon", {"package.json": package})
    assert [message.partition(": ")[0] for message in messages] == ([] if text is None else [text])


def test_package_json_of_a_workspace() -> None:
    files = {"package.json": "{}", "apps/web/package.json": '{"dependencies": {"@chittycorp/app-beacon": "1.0.0"}}'}
    assert [message.partition(": ")[0] for message in found("unresolvable-beacon", files)] == ['"1.0.0"']


@needs_corpus
def test_unresolvable_beacons_in_real_repositories() -> None:
    """All are `npm install @chittycorp/app-beacon`, in the templates and in chittyops; imports do not count."""
    places = [
        f"{snapshot.slug} {item.path.rpartition('/')[2]}:{item.region.line}"
        for snapshot in corpus("chittyos")
        for item in report(snapshot, "unresolvable-beacon").decisions
        if item.region is not None
    ]
    assert places == [
        "chittyos/chittyops dependency-update.yml:34",
        "chittyos/chittyops reusable-worker-deploy.yml:48",
        "chittyos/cicd-templates cloudflare-deploy.yml:36",
        "chittyos/cicd-templates dependency-update.yml:34",
        "chittyos/cicd-templates node-ci.yml:30",
        "chittyos/cicd-templates node-ci.yml:90",
        "chittyos/cicd-templates node-ci.yml:127",
        "chittyos/cicd-templates vercel-deploy.yml:34",
        "chittyos/cicd-templates vercel-deploy.yml:95",
    ]


def test_both_are_in_the_catalogue() -> None:
    assert {rule.id for rule in CATALOGUE if rule.theme == "beacon"} == {"missing-beacon", "unresolvable-beacon"}
