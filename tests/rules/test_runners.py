"""Rules about the machines that jobs run on, on small cases and on real repositories."""

from __future__ import annotations

import pytest

from chittyops_policy.document import parse_text
from chittyops_policy.runners import HOSTED, OWN, RETIRED, machines_of
from chittyops_policy.workflow import Workflow

from .checked import corpus, covered, found, needs_corpus, report
from .fixing import fixed

JOB = "on: push\njobs:\n  a:\n    runs-on: %s\n    steps: [{run: x}]\n"
HEAD = "on: push\njobs:\n  a:\n"
MATRIX = HEAD + "    strategy: {matrix: %s}\n    runs-on: ${{ matrix.os }}\n    steps: [{run: x, shell: cmd}]\n"


def machines(text: str) -> list[tuple[list[str], str, bool]]:
    """(labels, operating system, whether these are all labels) of each kind of runner of a workflow's only job."""
    [job] = Workflow(parse_text("x.yml", text)).jobs
    return [(sorted(each.names), each.system, each.known) for each in machines_of(job)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (JOB % "ubuntu-latest", [(["ubuntu-latest"], "linux", True)]),
        (JOB % "[self-hosted, Windows]", [(["self-hosted", "windows"], "windows", True)]),
        (JOB % "[self-hosted, '${{ inputs.x }}']", [(["self-hosted"], "", False)]),
        (JOB % "{group: a, labels: [macos-15]}", [(["macos-15"], "macos", True)]),
        (JOB % "{group: a}", [([], "", True)]),
        (JOB % "${{ inputs.x }}", []),
        (
            MATRIX % "{os: [ubuntu-24.04, [self-hosted, linux]], include: [{os: windows-2025}]}",
            [
                (["ubuntu-24.04"], "linux", True),
                (["linux", "self-hosted"], "linux", True),
                (["windows-2025"], "windows", True),
            ],
        ),
        (MATRIX % "'${{ fromJSON(vars.X) }}'", []),
        (MATRIX % "{os: ['${{ vars.X }}', ubuntu-24.04]}", [(["ubuntu-24.04"], "linux", True)]),
        ((MATRIX % "{os: [ubuntu]}").replace("matrix.os }}", "matrix.os }}-latest"), []),
    ],
)
def test_which_runners_a_job_can_be_sent_to(text: str, expected: list[tuple[list[str], str, bool]]) -> None:
    assert machines(text) == expected


def test_the_table_of_labels_is_consistent() -> None:
    assert not HOSTED & set(RETIRED)
    assert not HOSTED & OWN
    assert {successor for _, successor in RETIRED.values()} <= HOSTED
    assert all(label == label.lower() for label in (*HOSTED, *RETIRED, *OWN))


# ------------------------------------------------------------------------------------------------- retired-runner


@pytest.mark.parametrize(
    ("text", "said", "after"),
    [
        (JOB % "ubuntu-20.04", ["review: run on ubuntu-24.04"], JOB % "ubuntu-24.04"),
        (JOB % "'Windows-2019' # why", ["review: run on windows-2022"], JOB % "'windows-2022' # why"),
        (JOB % "{group: mine, labels: [ubuntu-20.04]}", [], JOB % "{group: mine, labels: [ubuntu-20.04]}"),
        (
            MATRIX % "{os: [macos-13, windows-2025]}",
            ["review: run on macos-15-intel"],
            MATRIX % "{os: [macos-15-intel, windows-2025]}",
        ),
        (
            MATRIX % "{os: [macos-13, macos-15-intel]}",
            ["no fix: macos-15-intel stands in the same list, so this entry may simply go"],
            MATRIX % "{os: [macos-13, macos-15-intel]}",
        ),
    ],
)
def test_a_living_runner_takes_the_place(text: str, said: list[str], after: str) -> None:
    done = fixed("retired-runner", text)
    assert done.said == said
    assert done.text() == after


# -------------------------------------------------------------------------------------------------- unknown-shell


@pytest.mark.parametrize(
    ("runs_on", "shell", "expected"),
    [
        ("ubuntu-latest", "fish", "fish: the runner knows no shell 'fish'; a shell of another name is written with {0} "
                                  "for the script"),
        ("ubuntu-latest", "pyhton", "pyhton: the runner knows no shell 'pyhton'; did you mean 'python'?"),
        ("ubuntu-latest", "cmd", "cmd: cmd exists on Windows only, and the job runs on linux"),
        ("[self-hosted, macOS]", "cmd", "cmd: cmd exists on Windows only, and the job runs on macos"),
        ("[self-hosted]", "powershell", ""),
        ("windows-latest", "cmd", ""),
        ("windows-latest", "sh", ""),
        ("ubuntu-latest", "Bash", ""),
        ("ubuntu-latest", "bash -leo pipefail {0}", ""),
        ("${{ inputs.x }}", "cmd", ""),
    ],
)  # fmt: skip
def test_shells(runs_on: str, shell: str, expected: str) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps: [{{run: x}}]\n"
    shell = f"'{shell}'" if "{" in shell else shell
    step = text.replace("{run: x}", f"{{run: x, shell: {shell}}}")
    assert found("unknown-shell", step) == ([expected] if expected else [])
    default = text.replace("    steps", f"    defaults: {{run: {{shell: {shell}}}}}\n    steps")
    assert found("unknown-shell", default) == ([expected] if expected else [])


# ---------------------------------------------------------------------------------------------- real repositories


@needs_corpus
def test_real_jobs() -> None:
    """zizmor names the same self-hosted job; actionlint the same 150 unknown labels and the retired one."""
    rules = ("retired-runner", "conflicting-runner-labels", "self-hosted-runner", "unknown-shell")
    seen = [
        (decision.rule, decision.path, covered(snapshot, decision))
        for part in ("chittyos", "public")
        for snapshot in corpus(part)
        for decision in report(snapshot, *rules).decisions
        if decision.rule in rules
    ]
    assert seen == [
        ("self-hosted-runner", ".github/workflows/self-hosted-runner.yml", "self-hosted"),
        ("retired-runner", ".github/workflows/test-setup-miniconda.yml", "macos-12"),
    ]
