"""artifact-poisoning on small cases and on real repositories."""

from __future__ import annotations

import pytest

from .checked import corpus, found, needs_corpus, report

ON = "on:\n  workflow_run: {workflows: [build], types: [completed]}\n"
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
OTHER = "run-id: '${{ github.event.workflow_run.id }}', github-token: x"
DOWNLOAD = f"      - uses: actions/download-artifact@v4\n        with: {{name: c, {OTHER}}}\n"
INTO_DATA = DOWNLOAD.replace("{name", "{path: ./data/, name")


def run(line: str) -> str:
    return f"      - run: {line}\n"


@pytest.mark.parametrize(
    ("download", "then", "message"),
    [
        (DOWNLOAD, run("npm ci"), "npm ci runs after an artifact of another run was unpacked over the workspace"),
        (DOWNLOAD, run("make report"), "make report runs after"),
        (DOWNLOAD, run("./report.sh x"), "report.sh x runs after"),
        (DOWNLOAD, run("bash scripts/report.sh"), "bash scripts/report.sh runs after"),
        (DOWNLOAD, run("python3 report.py"), "python3 report.py runs after"),
        (DOWNLOAD, "      - uses: ./.github/actions/report\n", "the action ./.github/actions/report runs after"),
        (DOWNLOAD.replace("{name", "{path: ., name"), run("npm ci"), "npm ci runs after"),
        ("      - uses: dawidd6/action-download-artifact@v6\n", run("npm ci"), "npm ci runs after"),
        (run("gh run download $ID -n c"), run("npm ci"), "npm ci runs after"),
        (run('curl -L "$API/actions/artifacts/1/zip" -o a.zip'), run("npm ci"), "npm ci runs after"),
        (
            "      - uses: actions/github-script@v7\n        with:\n          script: await x.downloadArtifact({})\n",
            run("npm ci"),
            "npm ci runs after",
        ),
        (
            INTO_DATA,
            run("bash data/run.sh"),
            "bash data/run.sh runs after an artifact of another run was unpacked in data",
        ),
        (INTO_DATA, run("./data/bin/tool --x"), "tool --x runs after"),
        (INTO_DATA, "      - uses: ./data/action\n", "the action ./data/action runs after"),
        (run("gh run download $ID --dir out"), run("node out/x.js"), "node out/x.js runs after"),
    ],
)
def test_what_an_artifact_may_have_replaced_is_run(download: str, then: str, message: str) -> None:
    [entry] = found("artifact-poisoning", ON + JOB + download + then)
    assert message in entry


@pytest.mark.parametrize(
    ("download", "then"),
    [
        (DOWNLOAD, run("cat result.json")),
        (DOWNLOAD, run("echo npm ci")),
        (DOWNLOAD, run("node --version")),
        (DOWNLOAD, run("npm --version")),
        (DOWNLOAD, run("python3 -c 'print(1)'")),
        (DOWNLOAD, run("/usr/local/bin/report")),
        (DOWNLOAD, "      - uses: actions/github-script@v7\n        with: {script: x}\n"),
        (DOWNLOAD.replace("{name", "{path: '${{ runner.temp }}/c', name"), run("npm ci")),
        (DOWNLOAD.replace("{name", "{path: /tmp/c, name"), run("npm ci")),
        (run("gh run download $ID --dir $RUNNER_TEMP"), run("npm ci")),
        (INTO_DATA, run("npm ci")),
        (INTO_DATA, run("bash scripts/read.sh data/x.json")),
        ("      - uses: actions/download-artifact@v4\n", run("npm ci")),
        (run("npm ci"), DOWNLOAD),
    ],
)
def test_data_and_what_came_before_are_no_finding(download: str, then: str) -> None:
    assert found("artifact-poisoning", ON + JOB + download + then) == []


def test_only_after_another_workflow_and_only_in_the_same_job() -> None:
    body = DOWNLOAD + run("npm ci")
    assert found("artifact-poisoning", "on: push\n" + JOB + body) == []
    assert len(found("artifact-poisoning", "on: [push, workflow_run]\n" + JOB + body)) == 1
    other = "  b:\n    runs-on: ubuntu-latest\n    steps:\n" + run("npm ci")
    assert found("artifact-poisoning", ON + JOB + DOWNLOAD + other) == []


def test_the_step_that_unpacks_may_run_it_at_once() -> None:
    [entry] = found("artifact-poisoning", ON + JOB + run("gh run download $ID -n c && npm ci"))
    assert "npm ci runs after" in entry
    assert found("artifact-poisoning", ON + JOB + run("npm ci && gh run download $ID -n c")) == []


@pytest.mark.parametrize("place", ["job", "download", "then"])
def test_what_only_runs_for_pushes_takes_in_nothing_of_outsiders(place: str) -> None:
    condition = "if: github.event.workflow_run.event == 'push'\n"
    text = ON + JOB + DOWNLOAD + run("npm ci")
    before = {"job": "    steps:", "download": "        with: {name: c", "then": "      - run: npm ci"}[place]
    behind = {"job": f"    {condition}    steps:", "download": f"        {condition}        with: {{name: c"}
    kept = behind.get(place, f"      - {condition}        run: npm ci")
    assert text.count(before) == 1
    assert found("artifact-poisoning", text.replace(before, kept)) == []


def test_a_checkout_of_the_outsiders_code_says_it_already() -> None:
    head = "      - uses: actions/checkout@v4\n        with: {ref: '${{ github.event.workflow_run.head_sha }}'}\n"
    for steps in (DOWNLOAD + head, head + DOWNLOAD):
        text = ON + JOB + steps + run("npm ci")
        assert found("artifact-poisoning", text) == []
        assert len(found("untrusted-checkout-exec", text)) == 1
    assert len(found("artifact-poisoning", ON + JOB + DOWNLOAD + run("npm ci") + head)) == 1


@needs_corpus
def test_what_real_workflows_run() -> None:
    seen = [
        (f"{snapshot.slug}/{decision.path}", decision.message)
        for part in ("chittyos", "public")
        for snapshot in corpus(part)
        for decision in report(snapshot, "artifact-poisoning").decisions
        if decision.rule == "artifact-poisoning"
    ]
    # The site of a pull request may bring an .npmrc, and the package that npm then installs gets the tokens.
    assert seen == [
        (
            "PyO3/pyo3/.github/workflows/netlify-deploy.yml",
            "npm install runs after an artifact of another run was unpacked over the workspace",
        )
    ]
