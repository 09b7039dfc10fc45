"""Rules about security scanners, on small cases and on real repositories."""

from __future__ import annotations

import pytest

from chittyops_policy.engine import check
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.rule import Context, Lookups
from chittyops_policy.scanners import scanners_of
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import CATALOGUE, PACK, TODAY, corpus, found, needs_corpus, report, unknown

START = (
    "on:\n  pull_request:\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
)
WHERE = ".github/workflows/x.yml"
NODE = {"package.json": '{"name": "api", "dependencies": {"hono": "4"}}'}


def steps_of(files: dict[str, str] | str) -> dict[str, list[str]]:
    """Scanner id → the places where live workflows run it."""
    tree = MemoryTree({WHERE: files} if isinstance(files, str) else dict(files))
    return places(Snapshot(tree, "example/repository"))


def places(snapshot: Snapshot) -> dict[str, list[str]]:
    rule = CATALOGUE.get("missing-scanner")
    assert rule is not None
    context = Context(rule, snapshot, {}, PACK.parameters, Lookups(), {})
    result: dict[str, list[str]] = {}
    for id, matches in scanners_of(context).found.items():
        for match in matches:
            placed = match.placed
            assert placed is not None
            if match.command is not None and placed.step.run is not None:
                start = placed.document.spot(placed.step.run, match.command.start, match.command.end).start
            else:
                assert placed.step.uses is not None
                start = placed.step.uses.node.start
            name = placed.document.path.rpartition("/")[2]
            result.setdefault(id, []).append(f"{name}:{placed.document.line_column(start)[0]}")
    return result


def ineffective(step: str, head: str = START, **files: str) -> list[str]:
    return found("ineffective-scanner", {WHERE: head + step, **files})


def missing(files: dict[str, str], **more: object) -> list[str]:
    lookups = more.get("lookups")
    assert lookups is None or isinstance(lookups, Lookups)
    return [line.partition(":")[0] for line in found("missing-scanner", files, lookups=lookups)]


# ------------------------------------------------------------------------------------------- what is a real step


@pytest.mark.parametrize(
    ("step", "id"),
    [
        ("uses: github/codeql-action/analyze@v4", "codeql"),
        ("uses: GitHub/CodeQL-Action/analyze@v4", "codeql"),
        ("run: npx snyk test", "snyk"),
        ("run: pnpm dlx snyk@latest monitor --all-projects", "snyk"),
        ("uses: snyk/actions/python@master", "snyk"),
        ("uses: docker://owasp/dependency-check:latest", "owasp"),
        ("run: docker run --rm owasp/dependency-check --scan .", "owasp"),
        ("run: mvn -B org.owasp:dependency-check-maven:check", "owasp"),
        ("run: ./gradlew dependencyCheckAnalyze", "owasp"),
        ("run: if ! npm audit; then exit 1; fi", "package-audit"),
        ("run: cd web && npm --silent audit", "package-audit"),
        ("run: COUNT=$(npm audit --json | jq .x)", "package-audit"),
        ("run: bash -c 'gitleaks detect'", "gitleaks"),
        ("run: python -m bandit -r .", "sast"),
        ("uses: renovatebot/github-action@v40", "renovate"),
    ],
)
def test_real_steps(step: str, id: str) -> None:
    assert list(steps_of(START + f"      - {step}\n")) == [id]


@pytest.mark.parametrize(
    "step",
    [
        "# - uses: github/codeql-action/analyze@v4",
        "uses: github/codeql-action/init@v4",
        "uses: github/codeql-action/upload-sarif@v4",
        "uses: snyk/actions/setup@master",
        'run: grep -Rqi "codeql" .github/workflows',
        "run: 'echo snyk test # npm audit'",
        "run: npm install -g snyk semgrep",
        "run: npm audit fix --force",
        "run: npm run audit",
        "run: curl -L https://github.com/gitleaks/gitleaks/releases/x -o gitleaks",
        "run: gitleaks version",
        "run: '[ -f .gitleaks.toml ] && cat .gitleaks.toml'",
        "run: Invoke-Snyk test\n        shell: pwsh",
        "uses: actions/github-script@v8\n        with: {script: console.log('npm audit')}",
    ],
)
def test_mentions_are_no_steps(step: str) -> None:
    assert steps_of(START + f"      - {step}\n") == {}


def test_here_documents_are_no_steps() -> None:
    script = "      - run: |\n          cat > plan.md <<'EOF'\n          npm audit\n          EOF\n"
    assert steps_of(START + script) == {}
    assert steps_of(START + script.replace("cat > plan.md", "bash -e")) == {"package-audit": ["x.yml:10"]}


def test_steps_are_found_where_they_run() -> None:
    files = {
        WHERE: "on: push\njobs:\n  a:\n    uses: ./.github/workflows/r.yml\n",
        ".github/workflows/r.yml": START.replace("  pull_request:", "  workflow_call:")
        + "      - uses: ./.github/actions/s\n",
        ".github/actions/s/action.yml": "runs:\n  using: composite\n  steps:\n    - {run: npm audit, shell: bash}\n",
    }
    assert steps_of(files) == {"package-audit": ["action.yml:4"]}
    del files[WHERE]
    assert steps_of(files) == {}, "nobody calls it"


def test_steps_of_package_scripts() -> None:
    scripts = '{"scripts": {"check": "npm run lint && npm run scan", "scan": "snyk test || true", "lint": "eslint ."}}'
    files = {WHERE: START + "      - run: npm run check\n        env: {SNYK_TOKEN: x}\n", "package.json": scripts}
    assert steps_of(files) == {"snyk": ["x.yml:8"]}
    assert found("ineffective-scanner", files) == [
        "npm run check: Snyk cannot fail here: `|| true` turns every failure into success"
    ]


@needs_corpus
def test_real_steps_of_real_repositories() -> None:
    """Every scanner step of the corpus, listed by hand from the files: 54 in 13 repositories.

    Not among them, though a text search finds them: the greps of chittyops' governance gates, the configuration file
    that chittyconnect's gates ask for, `npm audit fix`, installations and downloads, uploads of SARIF, the words in
    chittychat's reports, and ch1tty's `npm audit`, whose workflow does not parse.
    """
    seen = {snapshot.slug: places(snapshot) for snapshot in corpus("chittyos")}
    templates = {
        "codeql": ["dependency-update.yml:113"],
        "owasp": ["dependency-update.yml:74"],
        "trivy": ["dependency-update.yml:61"],
    }
    cli = {
        "package-audit": ["extension-testing.yml:98"],
        "trivy": ["chittyos-compliance.yml:76", "ci.yml:70"],
        "trufflehog": ["ci.yml:84"],
    }
    chronicle = {"package-audit": ["ci.yml:177"], "trivy": ["ci.yml:164"]}
    expected = {
        "chitcommit/chittypro-streamlink": {"package-audit": ["test-and-build.yml:66", "test-and-build.yml:70"]},
        "chittyapps/chittycharge": {"package-audit": ["ci.yml:189", "cron.yml:26"], "trufflehog": ["ci.yml:193"]},
        "chittyapps/chittychat": {
            "gitleaks": ["phased-execution-schedule.yml:121", "pr-review-automation.yml:148"],
            "package-audit": [
                "chittyos-compliance.yml:177",
                "phased-execution-schedule.yml:115",
                "phased-execution-schedule.yml:116",
                "pr-review-automation.yml:58",
                "pr-review-automation.yml:63",
                "pr-review-automation.yml:85",
                "pr-review-automation.yml:86",
                "pr-review-automation.yml:102",
                "pr-review-automation.yml:115",
                "security-review.yml:251",
            ],
            "sast": ["pr-review-automation.yml:174", "pr-review-automation.yml:177"],
            "trivy": ["pr-review-automation.yml:191"],
            "trufflehog": ["pr-review-automation.yml:155"],
        },
        "chittyapps/chittychronicle": chronicle,
        "chittyapps/chittyfinance": {
            "codeql": ["codeql.yml:31"],
            "gitleaks": ["governance-gates.yml:47"],
            "package-audit": ["governance-gates.yml:55", "security-gates.yml:100"],
        },
        "chittyapps/chittystorage-cleaner": {"package-audit": ["ci.yml:85"], "snyk": ["ci.yml:88"]},
        "chittyos/chittychronicle": chronicle,
        "chittyos/chittyconnect": {"package-audit": ["pr-security.yml:56"]},
        "chittyos/chittyops": {**templates, "codeql": ["codeql-analysis.yml:40", "dependency-update.yml:113"]},
        "chittyos/chittyos-cli": cli,
        "chittyos/chittyrouter": {
            "gitleaks": ["reusable-governance-gates.yml:66"],
            "package-audit": ["ci.yml:98", "reusable-governance-gates.yml:93"],
        },
        "chittyos/cicd-templates": {
            **templates,
            "package-audit": ["node-ci.yml:53", "python-ci.yml:130"],
            "sast": ["python-ci.yml:124"],
            "snyk": ["node-ci.yml:56"],
        },
        "chittyos/cli": cli,
    }
    assert {slug: found for slug, found in seen.items() if found} == expected
    assert sum(len(lines) for found in expected.values() for lines in found.values()) == 54


# -------------------------------------------------------------------------------------------- ineffective-scanner


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("run: npm audit || true", "npm audit cannot fail here: `|| true` turns every failure into success"),
        ("run: npm audit\n        continue-on-error: true", "continue-on-error turns every failure into success"),
        ("run: npm audit\n        continue-on-error: ${{ true }}", "continue-on-error turns every failure"),
        ("run: npm audit\n        if: false", "npm audit never runs: the condition of its step is always false"),
        ("run: npm audit\n        if: ${{ false && always() }}", "the condition of its step is always false"),
        ("run: npm audit\n        if: github.event_name == 'push'", "hold for none of the events"),
        ("run: npm audit --audit-level=none", "--audit-level=none makes every outcome a success"),
        ("run: gitleaks detect --exit-code 0", "gitleaks cannot fail here: --exit-code 0 makes"),
        ("run: bandit -r . --exit-zero", "bandit cannot fail here: --exit-zero makes"),
        ("run: trivy fs .", "Trivy cannot fail here: without --exit-code it lets every finding pass"),
        ("run: npm audit | tee audit.txt", "the pipe into `tee` hides its exit code"),
        ("uses: anchore/scan-action@v6\n        with: {fail-build: false}", "fail-build: false makes"),
        ("uses: aquasecurity/trivy-action@master\n        with: {exit-code: '0'}", "exit-code: 0 lets every"),
        ("uses: snyk/actions/node@master", "Snyk cannot work here: nothing gives it SNYK_TOKEN"),
        ("uses: actions/dependency-review-action@v4\n        with: {warn-only: true}", "warn-only: true makes"),
    ],
)
def test_in_vain(step: str, message: str) -> None:
    (line,) = ineffective(f"      - {step}\n")
    assert message in line


@pytest.mark.parametrize(
    "step",
    [
        "run: npm audit",
        "run: npm audit || exit 1",
        "run: npm audit | tee audit.txt\n        shell: bash",
        "run: npm audit\n        continue-on-error: ${{ matrix.experimental }}",
        "run: npm audit\n        if: github.event_name == 'pull_request'",
        "run: npm audit\n        if: always()",
        "id: audit\n        run: npm audit\n        continue-on-error: true\n"
        "      - run: exit 1\n        if: steps.audit.outcome == 'failure'",
        "run: npm audit || true; npm audit --audit-level=critical",
        "run: npm audit --json > audit.json || true\n      - run: test ! -s audit.json || exit 1",
        'run: npm audit --json > audit.json || true\n      - run: echo "n=$(jq .total audit.json)" >> $GITHUB_OUTPUT',
        "run: trivy fs --exit-code 1 .",
        "run: trivy fs --format sarif -o trivy.sarif . || true\n"
        "      - uses: github/codeql-action/upload-sarif@v4\n        with: {sarif_file: trivy.sarif}",
        "uses: aquasecurity/trivy-action@master\n        with: {exit-code: 1}",
        "uses: aquasecurity/trivy-action@master\n        with: {format: json, output: t.json}\n"
        "      - uses: actions/upload-artifact@v4\n        with: {path: t.json}",
        "uses: snyk/actions/node@master\n        env: {SNYK_TOKEN: x}",
        "run: snyk auth $T && snyk test",
        "uses: snyk/actions/node@master\n        with: {args: --sarif-file-output=snyk.sarif}\n"
        "        env: {SNYK_TOKEN: x}\n        continue-on-error: true\n"
        "      - uses: github/codeql-action/upload-sarif@v4\n        with: {sarif_file: snyk.sarif}",
    ],
)
def test_not_in_vain(step: str) -> None:
    assert ineffective(f"      - {step}\n") == []


AUDIT = "      - run: npm audit\n"


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("workflow_dispatch", "only runs when somebody starts it by hand"),
        ("{schedule: []}", "the filters of schedule let nothing through"),
        ("{pull_request: {paths-ignore: ['**']}}", "the filters of pull_request let nothing through"),
        ("{push: {branches-ignore: ['**']}}", "the filters of push let nothing through"),
        ("{schedule: [{cron: '1 2 * * 3'}], workflow_dispatch: }", None),
        ("{push: {branches: [release], paths: [package.json]}}", None),
        ("{push: {branches-ignore: ['**'], tags: ['v*']}}", None),
        ("[pull_request, workflow_dispatch]", None),
        ("{workflow_call: , workflow_dispatch: }", "by hand"),
    ],
)
def test_triggers(on: str, reason: str | None) -> None:
    lines = ineffective(AUDIT, START.replace("on:\n  pull_request:", f"on: {on}"))
    assert [reason in line for line in lines if reason] == ([] if reason is None else [True])
    assert bool(lines) is (reason is not None)


def test_a_release_by_hand_may_scan_once_more() -> None:
    by_hand = START.replace("on:\n  pull_request:", "on: workflow_dispatch") + AUDIT
    assert len(found("ineffective-scanner", {".github/workflows/release.yml": by_hand})) == 1
    assert found("ineffective-scanner", {".github/workflows/release.yml": by_hand, WHERE: START + AUDIT}) == []


def test_conditions_around_the_step() -> None:
    job = START.replace("  scan:\n", "  scan:\n    if: false\n")
    assert "the condition of its job" in ineffective(AUDIT, job)[0]
    allowed = START.replace("  scan:\n", "  scan:\n    continue-on-error: true\n")
    assert "its job is allowed to fail" in ineffective(AUDIT, allowed)[0]
    waits = START.replace("  scan:\n", "  off:\n    if: ${{ false }}\n    runs-on: x\n  scan:\n    needs: off\n")
    assert "its job waits for off" in ineffective(AUDIT, waits)[0]
    assert ineffective(AUDIT, waits.replace("needs: off", "needs: off\n    if: always()")) == []


def test_inputs_of_a_reusable_workflow_decide() -> None:
    gates = (
        "on:\n  workflow_call:\n    inputs:\n      audit: {type: boolean, default: true}\n"
        "jobs:\n  audit:\n    if: inputs.audit\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm audit\n"
    )
    call = "on: push\njobs:\n  gates:\n    uses: ./.github/workflows/gates.yml\n"
    files = {".github/workflows/gates.yml": gates, WHERE: call}
    assert found("ineffective-scanner", files) == []
    files[WHERE] = call + "    with: {audit: false}\n"
    assert "hold for none of the events" in found("ineffective-scanner", files)[0]
    files[".github/workflows/y.yml"] = call
    assert found("ineffective-scanner", files) == [], "another caller lets it run"


@pytest.mark.parametrize(
    ("permissions", "fires"),
    [
        ("", False),  # the default token may be allowed to write: that is a setting
        ("    permissions: {security-events: write}\n", False),
        ("    permissions: write-all\n", False),
        ("    permissions: {contents: read}\n", True),
        ("    permissions: read-all\n", True),
        ("    permissions: {}\n", True),
    ],
)
def test_codeql_needs_its_permission(permissions: str, fires: bool) -> None:
    step = "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n"
    lines = ineffective(step, START.replace("    steps:\n", permissions + "    steps:\n"))
    assert bool(lines) is fires
    assert all("leave out security-events: write" in line for line in lines)


def test_the_control_passes_with_another_step_that_works() -> None:
    good = START + "      - uses: snyk/actions/node@master\n        env: {SNYK_TOKEN: x}\n"
    bad = good + "        continue-on-error: true\n"
    cases = (({"a.yml": good, "b.yml": bad}, "pass", "low"), ({"b.yml": bad}, "fail", "medium"))
    for texts, outcome, severity in cases:
        files = {f".github/workflows/{name}": text for name, text in texts.items()}
        result = report(Snapshot(MemoryTree(files | NODE), "a/b"), "ineffective-scanner", "missing-scanner")
        verdict = next(verdict for verdict in result.verdicts if verdict.control == "scanner-snyk")
        assert verdict.outcome == outcome
        assert [item.severity for item in result.decisions if item.rule == "ineffective-scanner"] == [severity]


@needs_corpus
def test_neutralised_scanners_of_real_repositories() -> None:
    """Read by hand: 21 of the 54 steps cannot fail, and one dependabot.yml watches nothing.

    In chittychat the outcomes of `npm audit` and `pip-audit` (58, 85) go into the score that decides about the pull
    request, and truffleHog3's report (155) fails the script; Trivy's reports are uploaded wherever its action is used.
    """
    swallowed: list[str] = []
    tolerated: list[str] = []
    other: list[str] = []
    for snapshot in corpus("chittyos"):
        for item in report(snapshot, "ineffective-scanner").decisions:
            assert item.region is not None
            place = f"{snapshot.slug} {item.path.rpartition('/')[2]}:{item.region.line}"
            if "`|| " in item.message:
                swallowed.append(place)
            else:
                (tolerated if "continue-on-error" in item.message else other).append(place)
    assert swallowed == [
        "chittyapps/chittychat chittyos-compliance.yml:177",
        "chittyapps/chittychat phased-execution-schedule.yml:115",
        "chittyapps/chittychat phased-execution-schedule.yml:116",
        "chittyapps/chittychat phased-execution-schedule.yml:121",
        "chittyapps/chittychat pr-review-automation.yml:63",
        "chittyapps/chittychat pr-review-automation.yml:86",
        "chittyapps/chittychat pr-review-automation.yml:102",
        "chittyapps/chittychat pr-review-automation.yml:115",
        "chittyapps/chittychat security-review.yml:251",
        "chittyapps/chittychronicle ci.yml:177",
        "chittyapps/chittyfinance governance-gates.yml:47",
        "chittyapps/chittyfinance governance-gates.yml:55",
        "chittyos/chittychronicle ci.yml:177",
        "chittyos/chittyconnect pr-security.yml:56",
        "chittyos/chittyrouter ci.yml:98",
    ]
    assert tolerated == [
        "chittyapps/chittycharge ci.yml:189",
        "chittyapps/chittycharge cron.yml:26",
        "chittyos/cicd-templates node-ci.yml:56",
        "chittyos/cicd-templates python-ci.yml:124",
        "chittyos/cicd-templates python-ci.yml:130",
    ]
    assert other == [
        "chittyapps/chittychat pr-review-automation.yml:191",  # find -exec
        "chittyos/chittyconnect dependabot.yml:7",  # an entry without an ecosystem
    ]


# ------------------------------------------------------------------------------------------------ missing-scanner

ALL = [
    ".github/dependabot.yml",
    ".github/workflows/codeql.yml",
    ".github/workflows/dependency-check.yml",
    ".github/workflows/snyk.yml",
]


@pytest.mark.parametrize(
    ("files", "absent"),
    [
        pytest.param(NODE, ALL, id="nothing"),
        pytest.param({**NODE, "renovate.json": "{}"}, ALL[1:], id="Renovate"),
        pytest.param({**NODE, ".github/dependabot.yaml": "version: 2\n"}, ALL[1:], id="the other ending"),
        pytest.param({**NODE, "dependabot.yml": "version: 2\n"}, ALL, id="the wrong place"),
        pytest.param({"README.md": "# Documents\n"}, ALL[:1], id="documents"),
        pytest.param({"main.rb": "puts 1\n"}, ALL[:1], id="an unknown kind of project"),
    ],
)
def test_required_scanners(files: dict[str, str], absent: list[str]) -> None:
    assert missing(files) == absent


def test_vendored_workflows_do_not_count() -> None:
    scan = START + "      - run: npx snyk test\n"
    assert missing({**NODE, "vendor/x/.github/workflows/ci.yml": scan}) == ALL


def test_a_reusable_workflow_of_another_repository_of_the_run() -> None:
    call = "on: push\njobs:\n  ci:\n    uses: acme/ci/.github/workflows/all.yml@main\n"
    called = (
        START.replace("pull_request", "workflow_call") + "      - run: npx snyk test\n        env: {SNYK_TOKEN: x}\n"
    )
    other = Snapshot(MemoryTree({".github/workflows/all.yml": called}), "acme/ci")
    lookups = Lookups({"acme/ci": other})
    files = {**NODE, WHERE: call}
    assert missing(files, lookups=lookups) == ALL[:3]
    assert missing(files) == ALL[:1], "what the call brings is not known"
    assert all("acme/ci is not part of this run" in reason for reason in unknown("missing-scanner", files)[1:])


def test_a_known_reusable_workflow_leaves_nothing_open() -> None:
    call = "on: push\njobs:\n  c:\n    uses: CHITTYOS/chittyops/.github/workflows/reusable-compliance-check.yml@main\n"
    assert missing({**NODE, WHERE: call}) == ALL


def test_settings_may_hold_the_answer() -> None:
    rule = CATALOGUE.get("missing-scanner")
    assert rule is not None
    assert rule.options["may-run-unseen"].default == ["codeql", "snyk"]
    lines = found("missing-scanner", NODE, options={"may-run-unseen": ["codeql", "snyk"]})
    assert [line.partition(":")[0] for line in lines] == [ALL[0], ALL[2]]


@needs_corpus
def test_verdicts_on_real_repositories() -> None:
    """None of the 43 repositories has all four; of those with a step, each is named in the tables above."""
    outcomes: dict[str, dict[str, list[str]]] = {}
    for snapshot in corpus("chittyos"):
        result = report(snapshot, "missing-scanner", "ineffective-scanner")
        for verdict in result.verdicts:
            if verdict.control.startswith("scanner-"):
                outcomes.setdefault(verdict.control, {}).setdefault(verdict.outcome, []).append(snapshot.slug)
    assert outcomes["scanner-codeql"]["pass"] == [
        "chittyapps/chittyfinance",
        "chittyos/chittyops",
        "chittyos/cicd-templates",
    ]
    assert outcomes["scanner-snyk"]["pass"] == ["chittyapps/chittystorage-cleaner"]
    assert outcomes["scanner-owasp"]["pass"] == ["chittyos/chittyops", "chittyos/cicd-templates"]
    assert len(outcomes["scanner-dependabot"]["pass"]) == 11
    counts = {control: {name: len(slugs) for name, slugs in by.items()} for control, by in outcomes.items()}
    # Open are three repositories without a project file that is known and one of documents that scans all the same;
    # the seven others of documents have nothing to scan. cicd-templates has Snyk, but muted.
    rest = {"not-applicable": 7, "unknown": 4}
    assert counts == {
        "scanner-codeql": {"pass": 3, "fail": 29, **rest},
        "scanner-snyk": {"pass": 1, "fail": 31, **rest},
        "scanner-owasp": {"pass": 2, "fail": 30, **rest},
        "scanner-dependabot": {"pass": 11, "fail": 32},
    }


# ----------------------------------------------------------------------------------------------------- named files


@needs_corpus
def test_named_files_get_the_same_findings_as_the_whole_repository() -> None:
    """The rules that follow steps look at no more than they must for named files, and find the same there."""
    rules = (
        "ineffective-scanner",
        "missing-beacon",
        "missing-ephemeral-credentials",
        "missing-scanner",
        "unresolvable-beacon",
    )
    files = 0
    for snapshot in corpus("chittyos"):
        policy = effective(CATALOGUE, PACK, None, Overrides(select=rules), slug=snapshot.slug, today=TODAY)
        whole = check(snapshot, CATALOGUE, policy, today=TODAY)
        for path in whole.files:
            again = Snapshot(snapshot.tree, snapshot.slug)
            named = check(again, CATALOGUE, policy, today=TODAY, paths=[path])
            assert named.decisions == tuple(item for item in whole.decisions if item.path == path)
            files += 1
    assert files > 100
