"""A neutralised scanner gets its teeth back: the steps before and after, and why some are left to people."""

from __future__ import annotations

from collections import Counter

import pytest

from .checked import corpus, needs_corpus
from .fixing import WORKFLOW, examined, fixed, refused

RULE = "ineffective-scanner"
HEAD = "on:\n  pull_request:\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n"
DEPENDABOT = ".github/dependabot.yml"
TRIVY = "aquasecurity/trivy-action@v0.36.0"


STEPS: dict[str, tuple[str, str, str]] = {
    "|| true": (
        "      - run: npm audit --audit-level=high || true # soft\n",
        "      - run: npm audit --audit-level=high # soft\n",
        "let npm audit fail: remove `|| true`",
    ),
    "|| true in quotes": (
        '      - run: "npm audit ||  true"\n', '      - run: "npm audit"\n', "let npm audit fail: remove `|| true`",
    ),
    "|| : in a block among other commands": (
        "      - name: Audit\n        run: |\n          npm ci\n          npm audit || :\n\n          npm test\n",
        "      - name: Audit\n        run: |\n          npm ci\n          npm audit\n\n          npm test\n",
        "let npm audit fail: remove `|| :`",
    ),
    "|| exit 0 on the next line": (
        "      - run: |\n          gitleaks detect 2>&1 \\\n            || exit 0\n",
        "      - run: |\n          gitleaks detect 2>&1\n",
        "let gitleaks fail: remove `|| exit 0`",
    ),
    "|| echo keeps its message": (
        '      - run: pip-audit || echo "::warning::see the log" >&2\n',
        '      - run: pip-audit || { echo "::warning::see the log" >&2; exit 1; }\n',
        'let pip-audit fail: fail after `|| echo "::warning::see the log" >&2`',
    ),
    "a folder before it": (
        "      - run: cd web && npm audit || true\n", "      - run: cd web && npm audit\n",
        "let npm audit fail: remove `|| true`",
    ),
    "set +e": (
        "      - run: |\n          set +e\n          npm audit\n          echo done\n",
        "      - run: |\n          set +e\n          npm audit || exit 1\n          echo done\n",
        "let npm audit fail: end the script with `|| exit 1`",
    ),
    "a pipe": (
        "      - run: gitleaks detect | tee report.txt\n        env: {A: b}\n",
        "      - run: gitleaks detect | tee report.txt\n        shell: bash\n        env: {A: b}\n",
        "let gitleaks fail: say shell: bash, which fails with any part of a pipe",
    ),
    "a pipe and || true": (
        "      - run: gitleaks detect | tee report.txt || true\n",
        "      - run: gitleaks detect | tee report.txt\n        shell: bash\n",
        "let gitleaks fail: remove `|| true` and say shell: bash, which fails with any part of a pipe",
    ),
    "two scanners in one script": (
        "      - run: |\n          npm audit || true\n          gitleaks detect || true\n",
        "      - run: |\n          npm audit\n          gitleaks detect\n",
        "",
    ),
    "inside a function of the shell": (
        "      - run: |\n          if [ -f package.json ]; then\n            npm audit || true\n          fi\n",
        "      - run: |\n          if [ -f package.json ]; then\n            npm audit\n          fi\n",
        "let npm audit fail: remove `|| true`",
    ),
    "continue-on-error on a step": (
        "      - name: Audit\n        continue-on-error: true # for now\n        run: npm audit\n",
        "      - name: Audit\n        run: npm audit\n",
        "let npm audit fail: remove continue-on-error",
    ),
    "continue-on-error first": (
        "      - continue-on-error: ${{ true }}\n        run: npm audit\n", "      - run: npm audit\n",
        "let npm audit fail: remove continue-on-error",
    ),
    "continue-on-error and || true": (
        "      - run: npm audit || true\n        continue-on-error: true\n", "      - run: npm audit\n",
        "let npm audit fail: remove continue-on-error and remove `|| true`",
    ),
    "a false condition": (
        "      - uses: gitleaks/gitleaks-action@v2\n        if: ${{ false }}\n",
        "      - uses: gitleaks/gitleaks-action@v2\n",
        "let gitleaks run: remove the condition that is always false",
    ),
    "a false condition and || true": (
        "      - if: false\n        name: Audit\n        run: npm audit || true\n",
        "      - name: Audit\n        run: npm audit\n",
        "let npm audit run: remove the condition that is always false and remove `|| true`",
    ),
    "an option that mutes": (
        "      - run: npm audit --audit-level=none --omit=dev\n", "      - run: npm audit --omit=dev\n",
        "let npm audit fail: remove --audit-level=none",
    ),
    "an option on a line of its own": (
        "      - run: |\n          bandit -r . \\\n            --exit-zero\n          echo done\n",
        "      - run: |\n          bandit -r .\n          echo done\n",
        "let bandit fail: remove --exit-zero",
    ),
    "an exit code of 0": (
        "      - run: gitleaks detect --exit-code 0 -v\n", "      - run: gitleaks detect --exit-code 1 -v\n",
        "let gitleaks fail: set --exit-code to 1",
    ),
    "an option and || true": (
        "      - run: npm audit --audit-level=none || true\n", "      - run: npm audit\n",
        "let npm audit fail: remove `|| true` and remove --audit-level=none",
    ),
    "an option is missing": (
        "      - run: trufflehog git file://.\n", "      - run: trufflehog git file://. --fail\n",
        "let TruffleHog fail: add --fail",
    ),
    "an option is missing behind || true": (
        "      - run: trivy fs . || true\n", "      - run: trivy fs . --exit-code 1\n",
        "let Trivy fail: remove `|| true` and add --exit-code 1",
    ),
    "an input is missing": (
        f"      - uses: {TRIVY}\n        with:\n          scan-type: fs\n",
        f"      - uses: {TRIVY}\n        with:\n          scan-type: fs\n          exit-code: '1'\n",
        "let Trivy fail: add exit-code: 1",
    ),
    "all inputs are missing": (
        f"      - uses: {TRIVY} # v0.36.0\n        id: t\n",
        f"      - uses: {TRIVY} # v0.36.0\n        with:\n          exit-code: '1'\n        id: t\n",
        "let Trivy fail: add exit-code: 1",
    ),
    "an input has the wrong value": (
        "      - uses: aquasecurity/trivy-action@v0.36.0\n        with: {exit-code: '0', format: table}\n",
        "      - uses: aquasecurity/trivy-action@v0.36.0\n        with: {exit-code: '1', format: table}\n",
        "let Trivy fail: set exit-code to 1",
    ),
    "an input that mutes": (
        "      - uses: bridgecrewio/checkov-action@v12\n        with:\n          soft_fail: true\n          file: a\n",
        "      - uses: bridgecrewio/checkov-action@v12\n        with:\n          file: a\n",
        "let bridgecrewio/checkov-action fail: remove soft_fail",
    ),
    "the only input mutes": (
        "      - uses: actions/dependency-review-action@v5\n        with:\n          warn-only: true\n",
        "      - uses: actions/dependency-review-action@v5\n",
        "let actions/dependency-review-action fail: remove warn-only",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_the_step_after_the_fix(name: str) -> None:
    before, expected, said = STEPS[name]
    done = fixed(RULE, HEAD + before)
    assert done.text() == HEAD + expected
    assert done.notes == ["The next run may fail for what the scanner finds."]
    if said:
        assert done.said == [f"review: {said}"]


def test_windows_line_breaks_stay() -> None:
    before = (HEAD + "      - run: |\n          npm audit || true\n          npm test\n").replace("\n", "\r\n")
    assert fixed(RULE, before).text() == before.replace(" || true", "")


def test_two_scanners_of_one_tolerated_step_share_the_fix() -> None:
    step = "      - run: |\n          npm audit\n          gitleaks detect\n        continue-on-error: true\n"
    [(_, first), (_, second)] = examined(HEAD + step, RULE).fixes
    assert (first.edits, first.effects) == (second.edits, second.effects)


def test_job_and_step_are_put_right_together() -> None:
    head = HEAD.replace("    steps", "    if: false\n    continue-on-error: true\n    steps")
    step = "      - run: npm audit\n        continue-on-error: true\n"
    done = fixed(RULE, head + step)
    assert done.text() == HEAD + "      - run: npm audit\n"
    assert done.notes[-1] == "This concerns every step of the job, not the scanner alone."


# ------------------------------------------------------------------------------------------------- permissions

ANALYZE = "      - uses: github/codeql-action/analyze@v4\n"
WRITE = "security-events: write # CodeQL reports with it\n"


def permitted(lines: str) -> str:
    """The workflow's head with lines of the job before its steps."""
    return HEAD.replace("    steps", f"{lines}    steps")


PERMISSIONS: dict[str, tuple[str, str]] = {
    "of the job": (
        permitted("    permissions:\n      contents: read # to check out\n"),
        permitted(f"    permissions:\n      contents: read # to check out\n      {WRITE}"),
    ),
    "of the job, on one line": (
        permitted("    permissions: {contents: read}\n"),
        permitted("    permissions: {contents: read, security-events: write} # CodeQL reports with it\n"),
    ),
    "none for the job": (
        permitted("    permissions: {}\n"),
        permitted("    permissions: {security-events: write} # CodeQL reports with it\n"),
    ),
    "too low": (
        permitted("    permissions:\n      security-events: read\n"),
        permitted(f"    permissions:\n      {WRITE}"),
    ),
    "of the workflow: the job gets them all, and no other job more": (
        "permissions:\n  contents: read\n  packages: read\n" + HEAD,
        "permissions:\n  contents: read\n  packages: read\n"
        + permitted(
            "    permissions:\n      contents: read\n      packages: read # as for the whole workflow\n"
            f"      {WRITE}"
        ),
    ),
    "none for the workflow": (
        "permissions: {}\n" + HEAD,
        "permissions: {}\n" + permitted(f"    permissions:\n      {WRITE}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PERMISSIONS)
def test_the_permission_is_granted(name: str) -> None:
    before, expected = PERMISSIONS[name]
    done = fixed(RULE, before + ANALYZE)
    assert done.text() == expected + ANALYZE
    assert done.said == ["review: let CodeQL report: grant security-events: write"]


# ---------------------------------------------------------------------------------------------------- refusals

REFUSED: dict[str, tuple[str, str, str]] = {
    "other commands before it": (
        HEAD, "run: make build && npm audit || true", "`|| true` covers other commands as well",
    ),
    "another scanner before it": (
        HEAD, "run: npm audit || trivy fs . || true", "`|| true` covers other commands as well",
    ),
    "more behind it": (HEAD, "run: npm audit || true && make", "more commands follow behind `|| true`"),
    "a group": (HEAD, "run: 'npm audit || { echo a; true; }'", "does more than to hide the failure"),
    "a comment in between": (
        HEAD, "run: |\n          npm audit || # soft\n            true", "does more than to hide the failure",
    ),
    "left of &&": (HEAD, "run: |\n          npm audit && make\n          make test", "a failure left of &&"),
    "in the background": (HEAD, "run: |\n          npm audit &\n          make", "runs in the background"),
    "an if that only prints": (
        HEAD, "run: if npm audit; then echo good; else echo bad; fi", "the if around it only prints",
    ),
    "in a text": (HEAD, "run: bash -c 'npm audit || true'", "stands in a text or a package script"),
    "another pipe in the script": (
        HEAD, "run: |\n          npm audit | tee a.txt\n          ls | head -1", "would let other pipes",
    ),
    "a pipe in another shell": (HEAD, "run: npm audit | tee a.txt\n        shell: sh", "hides its exit code"),
    "an option in quotes": (HEAD, 'run: npm audit "--audit-level=none"', "not written where it can be taken out"),
    "no token": (HEAD, "uses: snyk/actions/node@master", "Snyk needs SNYK_TOKEN: fetch it from the credentials broker"),
    "by hand": (
        HEAD.replace("pull_request", "workflow_dispatch"), "run: npm audit", "when it should run is for its owners",
    ),
    "filters": (
        HEAD.replace("pull_request:", "push: {branches-ignore: ['**']}"), "run: npm audit", "when it should run",
    ),
    "a job before it is off": (
        HEAD.replace("  scan:\n", "  off: {if: false, runs-on: x, steps: [{run: ls}]}\n  scan:\n    needs: off\n"),
        "run: npm audit",
        "whether the job that it waits for should be off",
    ),
    "read-all": (
        HEAD.replace("    steps", "    permissions: read-all\n    steps"),
        "uses: github/codeql-action/analyze@v4",
        "the permissions are 'read-all': list what the job needs beside security-events",
    ),
    "shared by an anchor": (
        HEAD, "name: x\n        continue-on-error: &soft true\n        run: npm audit", "the anchor &soft shares this",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusal(name: str) -> None:
    head, step, reason = REFUSED[name]
    reasons = refused(RULE, f"{head}      - {step}\n")
    assert any(reason in each for each in reasons), reasons


@pytest.mark.parametrize("script", ["npm audit || true", "npm audit --audit-level=none", "trivy fs ."])
def test_a_package_script_is_not_the_step_s(script: str) -> None:
    package = '{"scripts": {"scan": "' + script + '"}}'
    [reason] = refused(RULE, {WORKFLOW: HEAD + "      - run: npm run scan\n", "package.json": package})
    assert "package script" in reason


ACTION = "name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n    - run: npm audit\n      shell: bash\n"


def test_what_stands_in_another_file_is_named() -> None:
    files = {
        WORKFLOW: HEAD + "      - uses: ./audit\n        continue-on-error: true\n",
        "audit/action.yml": ACTION,
    }
    [decision] = examined(files, RULE).report.decisions
    assert (decision.path, decision.unfixable) == (
        "audit/action.yml",
        f"what neutralises it stands in {WORKFLOW}",
    )


def test_a_composite_action_of_the_repository_is_fixed_where_it_lies() -> None:
    action = ACTION.replace("audit\n", "audit || true\n")
    files = {WORKFLOW: HEAD + "      - uses: ./audit\n", "audit/action.yml": action}
    assert fixed(RULE, files).text("audit/action.yml") == action.replace(" || true", "")


# -------------------------------------------------------------------------------------------------- dependabot


def test_the_starter_s_empty_ecosystem_is_filled_in() -> None:
    before = (
        "# see the documentation\nversion: 2\nupdates:\n"
        '  - package-ecosystem: "" # See documentation for possible values\n'
        '    directory: "/" # Location of package manifests\n    schedule:\n      interval: "weekly"\n'
    )
    files = {DEPENDABOT: before, "package.json": "{}", "go.mod": "module x\n"}
    after = fixed(RULE, files).text(DEPENDABOT)
    cooldown = "    cooldown:\n      default-days: 7\n"
    entry = (
        "  - package-ecosystem: {0}\n    directory: /\n    schedule:\n      interval: weekly\n    cooldown:\n"
        "      default-days: 7\n    groups:\n      {0}:\n        update-types:\n          - minor\n          - patch\n"
    )
    assert after == before.replace('""', '"github-actions"') + cooldown + entry.format("gomod") + entry.format("npm")


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (DEPENDABOT, "version: 2\nupdates: []\n", "delete the file"),
        (DEPENDABOT, 'version: 2\nupdates: [{package-ecosystem: "", directory: /web}]\n', "which ecosystem its folder"),
        (DEPENDABOT, "version: 2\nupdates: [{directory: /}]\n", "no package-ecosystem to fill in"),
        ("renovate.json", '{"enabled": false}', "switched off on purpose"),
    ],
)
def test_configurations_that_are_left_to_people(path: str, text: str, reason: str) -> None:
    [said] = refused(RULE, {path: text, "package.json": "{}"})
    assert reason in said


# ------------------------------------------------------------------------------------------------ real workflows


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_real_workflows(part: str) -> None:
    counts = Counter[str]()
    for snapshot in corpus(part):
        counts.update(said.partition(": ")[0] for said in fixed(RULE, snapshot).said)
    assert counts == {"chittyos": {"review": 21, "no fix": 1}, "public": {"review": 1}}[part]
