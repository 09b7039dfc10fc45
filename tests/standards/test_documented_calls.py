"""Every call of our reusable workflows that documentation and templates show keeps their contract.

A check of one repository does not have ours beside it and leaves the question open; here it is part of the run, at the
commit that the call names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from chittyops_policy.catalogue import load
from chittyops_policy.engine import check
from chittyops_policy.model import OPEN
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.rule import Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot

from ..doors.support import ROOT
from ..standard_repositories import KINDS, created

CALL = re.compile(r"uses: ChittyOS/(chittyops-policy)/(\.github/workflows/[\w-]+\.yml|actions/[\w-]+)@(\S+)")
RULES = (
    "uncallable-workflow", "undefined-output", "invalid-workflow", "missing-beacon", "missing-ephemeral-credentials"
)  # fmt: skip
OWN = "chittyos/chittyops-policy"
CALLER = ".github/workflows/caller.yml"


def world(revision: str) -> Lookups:
    """A run that has our repository beside the one that is checked, at the commit that its calls name."""
    files = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for pattern in (".github/workflows/*.yml", "actions/*/action.yml", "action.yml")
        for path in ROOT.glob(pattern)
    }
    return Lookups({OWN: Snapshot(MemoryTree(files), OWN, revision)})


def examples() -> Iterator[tuple[str, str]]:
    """Each workflow that a page or a template shows and that names something of ours: where, and its text."""
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/sops/*.md")]):
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if CALL.search(match[1]) and "jobs" in yaml.safe_load(match[1]):
                yield f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}", match[1]
    for kind in KINDS:
        for path, text in created(kind).items():
            if CALL.search(text):
                yield f"{kind}: {path}", text


EXAMPLES = [pytest.param(text, id=place) for place, text in examples()]


def messages(text: str) -> list[str]:
    """What is wrong with a workflow, and what could not be told of its calls."""
    (revision, *others) = {match[3] for match in CALL.finditer(text)}
    assert not others, "one release at a time"
    snapshot = Snapshot(
        MemoryTree({CALLER: text, "wrangler.toml": 'name = "orders"\nmain = "index.js"\n', "package.json": "{}"}),
        "northwind/sample",
    )
    catalogue = load()
    policy = effective(
        catalogue, standard_pack(None), None, Overrides(select=RULES), slug=snapshot.slug, today="2026-01-01"
    )
    report = check(snapshot, catalogue, policy, today="2026-01-01", lookups=world(revision))
    assert report.problems == ()
    found = [decision.message for decision in report.decisions if decision.state == OPEN]
    controls = ("reusable-workflow-contracts", "beacon", "ephemeral-credentials")
    return found + [
        verdict.reason for verdict in report.verdicts if verdict.control in controls and verdict.outcome == "unknown"
    ]


def test_every_workflow_of_ours_is_shown() -> None:
    shown = {Path(match[2]).name for _, text in examples() for match in CALL.finditer(text)}
    assert shown >= {path.name for path in ROOT.glob(".github/workflows/reusable-*.yml")}
    assert shown >= {path.name for path in ROOT.glob("actions/*")}


@pytest.mark.parametrize("text", EXAMPLES)
def test_it_can_be_called(text: str) -> None:
    assert messages(text) == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_its_steps_pass_and_read_what_the_actions_have(text: str) -> None:
    for job in yaml.safe_load(text)["jobs"].values():
        for step in job.get("steps", []):
            match = CALL.search(f"uses: {step.get('uses', '')}")
            if match is None:
                continue
            action = yaml.safe_load((ROOT / match[2] / "action.yml").read_text(encoding="utf-8"))
            assert set(step.get("with", {})) <= set(action["inputs"])
            read = re.findall(rf"steps\.{step.get('id', '-')}\.outputs\.(\w+)", text)
            assert set(read) <= set(action.get("outputs", {}))
            assert read or not action.get("outputs"), "credentials that nobody uses"


def test_a_deployment_that_does_not_report_is_seen() -> None:
    text = next(text for place, text in examples() if "reusable-worker-deploy.yml@" in text)
    silent = text.replace("      service_name: orders\n", "      service_name: orders\n      include_beacon: false\n")
    (message,) = messages(silent)
    assert "ChittyBeacon" in message
    assert messages(silent.replace("include_beacon: false", "include_beacon: true")) == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("service_name: orders", "service: orders", "declares no input service"),
        ("      service_name: orders\n", "      node_version: '24'\n", "the input service_name is required"),
        (
            "      id-token: write # to ask ChittyConnect\n",
            "",
            "this call may give: id-token: write",
        ),
        ("CHITTYCONNECT_API_KEY: $", "NPM_TOKEN: $", "declares no secret NPM_TOKEN"),
        ("reusable-worker-deploy", "reusable-deploy", "there is no .github/workflows/reusable-deploy.yml"),
    ],
)
def test_a_call_that_breaks_the_contract_is_seen(before: str, after: str, message: str) -> None:
    text = next(text for place, text in examples() if "reusable-worker-deploy.yml@" in text)
    assert before in text
    assert any(message in found for found in messages(text.replace(before, after, 1)))
