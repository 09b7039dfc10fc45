"""Every rule's examples, run through the engine: they are its specification, its tests and its documentation."""

from __future__ import annotations

import re

import pytest

from chittyops_policy.catalogue import load
from chittyops_policy.example_runs import fix_example, run_example
from chittyops_policy.model import SEVERITIES, UNKNOWN, Decision
from chittyops_policy.policy import standard_pack
from chittyops_policy.rule import VISITS, Example, Rule
from chittyops_policy.snapshot import kind_of

CATALOGUE = load()
PACK = standard_pack(None)
CASES = [
    pytest.param(rule, example, id=f"{rule.id}: {example.title}") for rule in CATALOGUE for example in rule.examples()
]
CLASSES = {
    "injection",
    "privileged-trigger",
    "excessive-permission",
    "secrets-exposure",
    "unpinned-dependency",
    "artifact-integrity",
    "known-vulnerable-component",
    "control-flow",
    "runner-compatibility",
    "hardening-gap",
}


def covered_text(decision: Decision, text: str) -> str:
    """The text that a finding's region covers."""
    region = decision.region
    assert region is not None
    lines = text.removeprefix("\ufeff").splitlines(keepends=True) or [""]
    if region.line == region.end_line:
        return lines[region.line - 1][region.column - 1 : region.end_column - 1]
    middle = lines[region.line : region.end_line - 1]
    last = lines[region.end_line - 1][: region.end_column - 1] if region.end_line <= len(lines) else ""
    return "".join([lines[region.line - 1][region.column - 1 :], *middle, last])


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example_does_what_it_says(rule: Rule, example: Example) -> None:
    report = run_example(CATALOGUE, PACK, rule, example)
    assert not [problem for problem in report.problems if problem.kind != "unreadable"]
    found = [decision for decision in report.decisions if decision.rule == rule.id]
    seen = tuple(
        decision.path if decision.region is None else covered_text(decision, example.files[decision.path])
        for decision in found
    )
    assert seen == example.fires, [decision.message for decision in found]
    for decision in found:
        assert "\n" not in decision.message
        assert len(decision.message) <= 240
    if example.unknown:
        reasons = [verdict.reason for verdict in report.verdicts if verdict.outcome == UNKNOWN]
        assert any(example.unknown in reason for reason in reasons), reasons


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        pytest.param(rule, example, id=f"{rule.id}: {example.title}")
        for rule in CATALOGUE
        for example in rule.examples()
        if example.after
    ],
)
def test_fix_makes_of_the_example_what_it_says(rule: Rule, example: Example) -> None:
    outcome = fix_example(CATALOGUE, PACK, rule, example)
    assert [(refusal.part, refusal.reason) for refusal in outcome.refusals] == []
    assert {change.path: change.after.decode() for change in outcome.changes} == dict(example.after)


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if not rule.unfixable], ids=lambda rule: rule.id)
def test_a_rule_that_can_fix_shows_how(rule: Rule) -> None:
    assert any(example.after for example in rule.examples())


@pytest.mark.parametrize("rule", list(CATALOGUE), ids=lambda rule: rule.id)
def test_rule_is_complete(rule: Rule) -> None:
    examples = rule.examples()
    assert len(examples) >= 3, "one that fires, one that does not, one odd case"
    assert any(example.fires for example in examples)
    assert any(not example.fires for example in examples)
    assert len({example.title for example in examples}) == len(examples)
    assert rule.severity in SEVERITIES
    assert set(rule.visits) <= set(VISITS)
    assert CLASSES & set(rule.tags), "a weakness class"
    assert len(rule.tags) <= 10, "GitHub shows ten tags"
    assert len(rule.why) > 60 and rule.why.endswith(".")
    assert rule.how.endswith(".")
    for option in rule.options.values():
        assert option.help.endswith(".")


@pytest.mark.parametrize("rule", list(CATALOGUE), ids=lambda rule: rule.id)
def test_a_rule_says_which_weakness_it_is_about(rule: Rule) -> None:
    """A class of the study, then a CWE, unless it is about what works at all; and OWASP's risk where there is one."""
    others = [tag for tag in rule.tags if tag not in CLASSES]
    for tag in others:
        assert tag == "correctness" or re.fullmatch(r"external/cwe/cwe-[1-9]\d*|owasp-cicd-sec-([1-9]|10)", tag), tag
    cwe = any(tag.startswith("external/cwe/") for tag in others)
    assert cwe or "correctness" in others or rule.id == "missing-name", "a name is a matter of manners"
    if {"injection", "privileged-trigger", "secrets-exposure", "excessive-permission"} & set(rule.tags):
        assert any(tag.startswith("owasp-cicd-sec-") for tag in others)


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if rule.needs], ids=lambda rule: rule.id)
def test_guard_never_hides_a_finding(rule: Rule) -> None:
    """The byte guard may only skip files in which the rule has nothing to find."""
    assert all(need == need.lower() for need in rule.needs)
    for example in rule.examples():
        for decision in run_example(CATALOGUE, PACK, rule, example).decisions:
            if decision.rule == rule.id and decision.path in example.files and kind_of(decision.path):
                text = example.files[decision.path].lower().encode()
                assert any(need in text for need in rule.needs)
