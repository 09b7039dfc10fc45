"""The real act runs workflows before and after the real ``check --fix``: the same steps, the same outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from .acts import CHECKOUT, Log, act
from .fixed_workflows import CASES, TRAPPED, WORKFLOW, Case
from .support import check, commit, repository, write

SLUG = "ChittyOS/sample"

STAND_INS = {
    "actions/checkout/action.yml": CHECKOUT,
    # What actions/github-script does with its script, as far as a run needs no network.
    "actions/github-script/action.yml": """name: github-script
description: Runs a script.
inputs: {script: {required: true}}
outputs: {result: {description: What it returns.}}
runs: {using: node20, main: main.js}
""",
    "actions/github-script/main.js": """
const fs = require('fs');
const context = {payload: JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'))};
const core = {
  setOutput: (name, value) => fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}<<E-O-F\\n${value}\\nE-O-F\\n`),
};
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
new AsyncFunction('core', 'context', 'require', process.env.INPUT_SCRIPT)(core, context, require)
  .then((result) => core.setOutput('result', JSON.stringify(result)))
  .catch((error) => { console.error(String(error)); process.exit(1); });
""",
}
PROGRAM = """#!/bin/sh
echo "${0##*/} $1 finds nothing"
"""
PROGRAMS = ("npm", "npx", "pip-audit", "cargo", "gitleaks")
"""Commands that succeed; they say nothing of their options, which a fix may change."""


class Run(NamedTuple):
    """What a run comes to, as far as anybody could notice.

    steps     per job, in order: (step, stage, its place in a composite action, success or failure, or what is printed)
    effects   what steps tell the runner, (job, step, command, name) → value: outputs, variables, annotations, masks;
              without order, since the runner reads a command at once and a file after the step
    jobs      job → success or failure
    """

    code: int
    steps: dict[str, list[tuple[str, str, str, str]]]
    effects: dict[tuple[str, str, str, str], str]
    jobs: dict[str, str]


def noticed(log: Log) -> Run:
    steps: dict[str, list[tuple[str, str, str, str]]] = {}
    effects: dict[tuple[str, str, str, str], str] = {}
    jobs = {}
    for line in log.lines:
        job, step, stage = line.get("job", ""), line.get("step", ""), line.get("stage", "")
        job = f"{job.strip()} {json.dumps(line.get('matrix') or {})}"  # act pads the names of jobs
        inner = "/".join(line.get("stepID", ())[1:])
        if "jobResult" in line:
            jobs[job] = line["jobResult"]
        if "stepResult" in line:
            steps.setdefault(job, []).append((step, stage, inner, line["stepResult"]))
        if line.get("raw_output"):
            steps.setdefault(job, []).append((step, stage, inner, line["msg"]))
        if "command" in line:
            value = {key: line[key] for key in ("arg", "content", "kvPairs") if key in line}
            effects[job, step, line["command"], line.get("name", "")] = json.dumps(value, sort_keys=True)
    return Run(log.code, steps, effects, jobs)


class Place(NamedTuple):
    """A case on the disk: its repository, and a folder for everything else."""

    folder: Path
    own: Path
    case: Case

    def run(self) -> Log:
        replaced = {}
        for path in sorted((self.folder / ".github").rglob("*.yml")):
            for name, reference in re.findall(r"uses: \"?(actions/[\w-]+)@([\w.]+)", path.read_text()):
                replaced[f"{name}@{reference}"] = self.own / "stand-ins" / name
        secrets = tuple(part for secret in self.case.secrets for part in ("--secret", secret))
        return act(
            self.folder,
            WORKFLOW,
            self.case.event,
            dict(self.case.payload),
            own=self.own,
            replaced=replaced,
            variables={"REPOSITORIES": str(self.own / "repositories"), "KEEP": str(self.own / "kept")},
            options=(*secrets, "-P", "ubuntu-20.04=-self-hosted", "-P", "ubuntu-24.04=-self-hosted"),
            programs=self.own / "programs",
        )

    def fix(self) -> None:
        """Fixes everything; the rules of the case all have their part in it, and nothing of theirs is left."""
        before = (self.folder / WORKFLOW).read_text()
        # This act does not know `uses: $/…`, which self-repository writes.
        asked = ("--profile", "everything", "--ignore", "self-repository", "--format", "json")
        done = check("--fix", "--review", *asked, cwd=self.folder)
        assert (self.folder / WORKFLOW).read_text() != before, done.stderr
        fixed = set(re.findall(r"^    ([a-z-]+): ", done.stderr, re.MULTILINE))
        assert fixed >= set(self.case.rules), done.stderr
        (report,) = json.loads(done.stdout)["repositories"]
        left = {finding["rule"] for finding in report["findings"]}
        assert not left & set(self.case.rules), done.stderr
        commit(self.folder)


def placed(case: Case, own: Path) -> Place:
    write(own / "stand-ins", STAND_INS)
    write(own / "programs", dict.fromkeys(PROGRAMS, PROGRAM))
    for program in PROGRAMS:
        (own / "programs" / program).chmod(0o755)
    (own / "kept").mkdir()
    return Place(repository(own / "repositories" / SLUG, case.files, SLUG), own, case)


@pytest.mark.parametrize("name", CASES)
def test_the_same_steps_and_outputs(name: str, tmp_path: Path) -> None:
    place = placed(CASES[name], tmp_path)
    before = place.run()
    assert set(noticed(before).jobs.values()) == {"success"}, before.text
    place.fix()
    after = place.run()
    assert noticed(after) == noticed(before), after.text


def test_no_value_is_code_any_more(tmp_path: Path) -> None:
    place = placed(TRAPPED, tmp_path)
    place.run()
    kept = place.own / "kept"
    assert {path.name for path in kept.iterdir()} == {"bash", "sh", "composite", "python", "script"}
    for path in kept.iterdir():
        path.unlink()
    place.fix()
    after = place.run()
    assert list(kept.iterdir()) == []
    printed: dict[tuple[str, str], str] = {}
    for job, steps in noticed(after).steps.items():
        for step, stage, _, said in steps:
            if said == "failure":
                pytest.fail(f"{step} of {job} fails: {after.text}")
            if stage == "Main" and step != "Check out" and said != "success":
                printed[job, step] = printed.get((job, step), "") + said
    payload = TRAPPED.payload
    values = {"python": payload["issue"]["body"], "script": payload["comment"]["body"]}
    assert len(printed) == 15
    for (job, step), text in printed.items():
        value = next((value for name, value in values.items() if f"/{name} " in job), payload["issue"]["title"])
        assert text == f"<{value}>\n", (job, step)
