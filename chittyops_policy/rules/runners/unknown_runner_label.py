"""A label that neither GitHub's runners have nor the organisation is known to use."""

from __future__ import annotations

from chittyops_policy.patterns import matches
from chittyops_policy.readings import closest
from chittyops_policy.rule import WORKFLOW, Context, Example, Option, Rule
from chittyops_policy.runners import HOSTED, OWN, RETIRED, machines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Workflow


def _check(view: Workflow, context: Context) -> Iterator[Finding]:
    own: list[str] = context.options["labels"]
    seen: set[int] = set()
    for _, each in machines_in(view, context):
        for machines in each:
            for label in machines.labels:
                name = label.value.lower()
                if name in HOSTED or name in RETIRED or name in OWN or not name or id(label) in seen:
                    continue
                if any(matches(glob, name, ignore_case=True) for glob in own):
                    continue
                seen.add(id(label))
                hint = closest(name, sorted(HOSTED))
                yield context.at(view.document, label, f"no runner is known to have the label '{name[:60]}'{hint}")


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Two letters in the wrong order",
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-lastest\n    steps: [{run: make test}]\n",
            fires=("ubuntu-lastest",),
        ),
        Example(
            "GitHub's labels, in any letter case, and those of every self-hosted runner",
            "on: push\n"
            "jobs:\n"
            "  a:\n"
            "    runs-on: Ubuntu-Latest\n"
            "    steps: [{run: make test}]\n"
            "  b:\n"
            "    runs-on: [self-hosted, Linux, ARM64]\n"
            "    steps: [{run: make test}]\n",
        ),
        Example(
            "A label that the organisation uses",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    strategy: {matrix: {os: [gpu-large, '${{ vars.RUNNER }}']}}\n"
            "    runs-on: ${{ matrix.os }}\n"
            "    steps: [{run: make test}]\n",
            options={"labels": ["gpu-*"]},
        ),
    )


RULE = Rule(
    id="unknown-runner-label",
    title="No known runner has this label",
    theme="runners",
    severity="low",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"runs-on",),
    why=(
        "A job whose label no runner has waits in the queue until GitHub gives up after a day. Worse, whoever "
        "registers a runner with that label gets the job, its code and its secrets."
    ),
    how="Correct the label, or list it in the option `labels` when it is one of your own runners'.",
    limits="GitHub's labels are those of 2026-11; what the run computes is not known, beyond the values of a matrix.",
    options={
        "labels": Option(
            [], "Labels of your own runners, as globs.", {"type": "array", "items": {"type": "string", "minLength": 1}}
        )
    },
    examples=_examples,
    check=_check,
    unfixable="which runner is meant only its owners know",
    tags=("runner-compatibility", "owasp-cicd-sec-7", "correctness"),
)
