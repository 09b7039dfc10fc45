"""Rules that are YAML files: what they select and report, and what their authors are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chittyops_policy.catalogue import Catalogue, load
from chittyops_policy.document import parse, to_value
from chittyops_policy.engine import check
from chittyops_policy.errors import UserError
from chittyops_policy.fixer import fix
from chittyops_policy.policy import Overrides, effective, load_pack, standard_pack
from chittyops_policy.schema_rule import SchemaRule, load_folder, mistakes_in
from chittyops_policy.snapshot import MemoryTree, Snapshot

ROOT = Path(__file__).parent.parent
SHIPPED = sorted((ROOT / "policies" / "rules").glob("*.yml"))
TODAY = "2026-11-22"

HEAD = "id: trial-rule\ntheme: trial\nseverity: low\nprofile: charter\nvisits: [{visits}]\n"
WORDS = "title: Trial\nwhy: Because it is tried.\nhow: Do it.\ntags: [hardening-gap]\n"
EXAMPLES = (
    "examples:\n  - {title: a, text: 'on: push'}\n  - {title: b, text: 'on: push'}\n  - {title: c, text: 'on: push'}\n"
)


def rule_text(body: str, visits: str = "workflow") -> str:
    return HEAD.format(visits=visits) + WORDS + body + EXAMPLES


def found(
    body: str, text: str, path: str = ".github/workflows/a.yml", visits: str = "workflow"
) -> list[tuple[str, str]]:
    """(text under the span or the route, message) of what a rule with that body finds in a file."""
    rule = SchemaRule("trial-rule.yml", rule_text(body, visits).encode())
    catalogue = Catalogue({rule.id: rule})
    policy = effective(
        catalogue,
        load_pack("org.yml", b"kind: pack\nname: org\n", lambda name, path: ("", b"")),
        None,
        Overrides(),
        today=TODAY,
    )
    report = check(Snapshot(MemoryTree({path: text})), catalogue, policy, today=TODAY)
    assert not report.problems
    return [(decision.route, decision.message) for decision in report.decisions]


JOBS = (
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    env: {X: 1}\n"
    "    steps: [{run: x, env: {TOKEN: t}}, {run: y}]\n"
    "  b:\n    runs-on: [self-hosted, big]\n    steps: [{run: z, env: {PATH: p}}]\n"
)
SELECTIONS = {
    "each job": (
        "select: jobs.*\nschema: {required: [env]}\nmessage: \"'{key}' has no env\"\n",
        [("jobs.b", "'b' has no env")],
    ),
    "one key": ("select: jobs.a\nschema: {required: [needs]}\nmessage: no needs\n", [("jobs.a", "no needs")]),
    "what is not there is not judged": ("select: jobs.c\nschema: {required: [needs]}\nmessage: no needs\n", []),
    "entries of a list": (
        "select: jobs.*.steps[*]\nschema: {required: [env]}\nmessage: step {key} has no env\n",
        [("jobs.a.steps[1]", "step 1 has no env")],
    ),
    "keys below entries": (
        "select: jobs.*.steps[*].env\nschema: {propertyNames: {pattern: '^T'}}\nmessage: odd name\n",
        [("jobs.b.steps[0].env.PATH", "odd name")],
    ),
    "the whole file": (
        "select: .\nschema: {required: [permissions]}\nmessage: no permissions\n",
        [("", "no permissions")],
    ),
    "only when": (
        "select: jobs.*\nwhen: {required: [env]}\nschema: {required: [needs]}\nmessage: no needs\n",
        [("jobs.a", "no needs")],
    ),
    "only when all of several": (
        "select: jobs.*\nwhen: [{required: [env]}, {required: [uses]}]\nschema: {required: [needs]}\n"
        "message: no needs\n",
        [],
    ),
    "unless one of several": (
        "select: jobs.*\nunless: [{required: [env]}, {properties: {runs-on: {type: array}}}]\n"
        "schema: {required: [needs]}\nmessage: no needs\n",
        [],
    ),
    "a value that is not allowed": (
        "select: jobs.*.runs-on\nschema: {type: string}\nmessage: runs-on is not one label\n",
        [("jobs.b.runs-on", "runs-on is not one label")],
    ),
    "an alternative": (
        "select: jobs.*\nschema: {if: {required: [env]}, then: {required: [needs]}}\nmessage: no needs\n",
        [("jobs.a", "no needs")],
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_selects_and_judges(name: str) -> None:
    body, expected = SELECTIONS[name]
    assert found(body, JOBS) == expected


def test_other_kinds_of_file() -> None:
    body = "select: updates[*]\nschema: {required: [groups]}\nmessage: update {key} has no groups\n"
    text = "version: 2\nupdates:\n  - {package-ecosystem: npm, directory: /}\n"
    assert found(body, text, ".github/dependabot.yml", "dependabot") == [("updates[0]", "update 0 has no groups")]
    body = "select: .\nschema: {required: [author]}\nmessage: no author\n"
    assert found(body, "name: a\nruns: {using: node24, main: x.js}\n", "action.yml", "workflow, action") == [
        ("", "no author")
    ]


def test_a_key_that_stands_twice_is_another_rules_business() -> None:
    assert found("select: .\nschema: {required: ['on']}\nmessage: no trigger\n", "on: push\non: pull_request\n") == []


def test_a_part_that_is_written_once_is_reported_once() -> None:
    text = "on: push\njobs:\n  a: &a\n    runs-on: x\n  b: *a\n"
    body = "select: jobs.*\nschema: {required: [steps]}\nmessage: no steps\n"
    assert found(body, text) == [("jobs.a", "no steps")]


# -------------------------------------------------------------------------------------------------------- fixes


def mended(body: str, text: str, path: str = ".github/workflows/a.yml", visits: str = "workflow") -> tuple[str, str]:
    """(the text after every fix, what the first finding says of its fix)."""
    rule = SchemaRule("trial-rule.yml", rule_text(body, visits).encode())
    catalogue = Catalogue({rule.id: rule})
    pack = load_pack("org.yml", b"kind: pack\nname: org\n", lambda name, path: ("", b""))
    policy = effective(catalogue, pack, None, Overrides(), today=TODAY)
    before = Snapshot(MemoryTree({path: text}))
    report = check(before, catalogue, policy, today=TODAY)
    assert not report.problems
    outcome = fix(before, catalogue, policy, policy, today=TODAY, wanted=lambda decision, fix: True)
    assert not outcome.refusals
    after = before.changed({change.path: change.after for change in outcome.changes}).text(path)
    first = report.decisions[0]
    return after or "", first.unfixable or f"{first.fix_safety}: {first.fix_title}"


FIXES = {
    "a key is added behind another, where that is there": (
        "select: jobs.*\nschema: {required: [env]}\nmessage: m\n"
        "fix: {safety: review, add: {env: {A: 1}, name: x}, after: runs-on}\n",
        "on: push\njobs:\n  a:\n    runs-on: x # big\n    steps: []\n  b: {uses: ./b}\n",
        "on: push\njobs:\n  a:\n    runs-on: x # big\n    env:\n      A: 1\n    name: x\n    steps: []\n"
        "  b: {uses: ./b, env: {A: 1}, name: x}\n",
        "review: add env: {A: 1}, add name: x",
    ),
    "a value is set": (
        "select: jobs.*\nwhen: {required: [env]}\nschema: {properties: {env: {required: [A]}}}\nmessage: m\n"
        "fix: {safety: safe, set: {env: {A: 1}}}\n",
        "on: push\njobs:\n  a:\n    env: {X: 1}\n    runs-on: x\n",
        "on: push\njobs:\n  a:\n    env:\n      A: 1\n    runs-on: x\n",
        "safe: write env: {A: 1}",
    ),
    "keys are removed, once for a part that is used twice": (
        "select: jobs.*\nschema: {properties: {env: {type: 'null'}}}\nmessage: m\nfix: {safety: safe, remove: [env]}\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    # why\n    env: {X: 1}\n  b:\n    env: {X: 2}\n    runs-on: y\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    # why\n  b:\n    runs-on: y\n",
        "safe: remove env",
    ),
    "what is no mapping has no keys": (
        "select: jobs.*.runs-on\nschema: {type: array}\nmessage: m\nfix: {safety: safe, add: {group: x}}\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n",
        "only a mapping can be given other keys",
    ),
    "a key that is there is not added": (
        "select: jobs.*\nschema: {properties: {env: {minProperties: 1}}}\nmessage: m\n"
        "fix: {safety: safe, add: {env: {}}}\n",
        "on: push\njobs:\n  a:\n    env: {}\n",
        "on: push\njobs:\n  a:\n    env: {}\n",
        "'env' is there already",
    ),
}


@pytest.mark.parametrize("name", FIXES)
def test_fixes(name: str) -> None:
    body, text, after, said = FIXES[name]
    assert mended(body, text) == (after, said)


# ------------------------------------------------------------------------------------------------------ authors

BODY = "select: jobs.*\nschema: {required: [env]}\nmessage: no env\n"
MISTAKES = {
    "valid": (rule_text(BODY), []),
    "unknown key": (
        rule_text(BODY + "selects: jobs\n"),
        ["r.yml:13:1: unknown key 'selects'; did you mean 'select'?"],
    ),
    "a keyword that is not judged": (
        rule_text("select: jobs.*\nschema: {anyOf: [{required: [env]}]}\nmessage: m\n"),
        ["r.yml:11:10: unknown key 'anyOf'; known here"],
    ),
    "deep in a schema": (
        rule_text("select: jobs.*\nschema: {properties: {env: {requires: [A]}}}\nmessage: m\n"),
        ["r.yml:11:29: unknown key 'requires'; did you mean 'required'?"],
    ),
    "an odd route": (
        rule_text("select: jobs..steps\nschema: {required: [env]}\nmessage: m\n"),
        ["r.yml:10:9: a route is keys or * joined by dots, with [*] for the entries of a list"],
    ),
    "no message": (
        rule_text("select: jobs.*\nschema: {required: [env]}\n"),
        ["r.yml:1:1: 'message' is missing"],
    ),
    "too few examples": (
        rule_text(BODY).rpartition("  - {title: c")[0],
        ["r.yml:13:1: the list needs at least 3 entries"],
    ),
    "an example of nothing": (
        rule_text(BODY).replace(", text: 'on: push'}\n  - {title: b", "}\n  - {title: b"),
        ["r.yml:14:6: 'text' is missing"],
    ),
    "a fix that does nothing": (
        rule_text(BODY + "fix: {safety: safe, after: x}\n"),
        ["r.yml:13:1: a fix needs add, set or remove"],
    ),
    "a fix and none": (
        rule_text(BODY + "fix: {safety: safe, remove: [x]}\nunfixable: so it is\n"),
        ["r.yml:14:12: a rule has a fix or says why there is none, not both"],
    ),
    "not YAML": ("id: [\n", ["r.yml:1:5: did not find expected node content"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_authors_are_told_what_is_wrong_and_where(name: str) -> None:
    text, expected = MISTAKES[name]
    told = mistakes_in("r.yml", text.encode())
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(start)


def test_a_rule_that_is_off_is_not_read_beyond_its_head() -> None:
    rule = SchemaRule("trial-rule.yml", HEAD.format(visits="workflow, action").encode() + b"title: [\n")
    assert (rule.id, rule.severity, rule.profile, rule.visits) == (
        "trial-rule",
        "low",
        "charter",
        ("workflow", "action"),
    )
    with pytest.raises(UserError, match=r"trial-rule\.yml:6:8: "):
        _ = rule.title


HEADS = {
    "words before the head": ("title: Trial\nid: trial-rule\n", "'id' is not among the first lines"),
    "no severity": (
        "id: a\ntheme: b\nprofile: strict\nvisits: [workflow]\n",
        "'severity' is not among the first lines",
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_the_head_comes_first(name: str) -> None:
    text, message = HEADS[name]
    with pytest.raises(UserError, match=message):
        SchemaRule("r.yml", text.encode())


def test_a_head_that_yaml_reads_otherwise_is_refused() -> None:
    text = rule_text(BODY).replace("severity: low", "severity: 'low'")
    rule = SchemaRule("r.yml", text.encode())
    with pytest.raises(UserError, match="the first lines are not what YAML makes of them"):
        _ = rule.title


def test_a_file_is_named_after_its_rule(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(rule_text(BODY))
    with pytest.raises(UserError, match=r"other\.yml: the rule is called 'trial-rule'"):
        list(load_folder(str(tmp_path), "rules"))
    assert list(load_folder(str(tmp_path / "nowhere"), "rules")) == []


# ------------------------------------------------------------------------------------------------ what we ship


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_rules_fit_the_schema(path: Path) -> None:
    assert mistakes_in(path.name, path.read_bytes()) == []
    schema = json.loads((ROOT / "schemas" / "rule.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    value = to_value(parse(path.name, path.read_bytes()).root)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []
    Draft202012Validator.check_schema(value["schema"])


def test_shipped_rules_are_in_the_catalogue_and_off_unless_the_profile_is_wide() -> None:
    catalogue = load()
    shipped = {path.stem for path in SHIPPED}
    assert {"missing-timeout", "missing-name"} <= shipped <= set(catalogue.rules)
    on: dict[str, Any] = {}
    for profile in ("charter", "strict", "everything"):
        rules = effective(catalogue, standard_pack(), None, Overrides(profile=profile), today=TODAY).rules
        on[profile] = {id for id in ("missing-timeout", "missing-name") if rules[id].on}
    assert on == {
        "charter": set(),
        "strict": {"missing-timeout"},
        "everything": {"missing-timeout", "missing-name"},
    }


CORPUS = ROOT.parent / "shared" / "corpus" / "chittyos"


def test_real_workflows() -> None:
    """Of the jobs in the corpus that run steps, those without a limit of their own and on not all of their steps."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real repositories is not beside this checkout")
    catalogue = load()
    rule = catalogue.rules["missing-timeout"]
    catalogue = Catalogue({rule.id: rule})
    policy = effective(
        catalogue,
        load_pack("org.yml", b"kind: pack\nname: org\n", lambda name, path: ("", b"")),
        None,
        Overrides(select=(rule.id,)),
        today=TODAY,
    )
    found = jobs = calls = limited = 0
    for repository in sorted(CORPUS.glob("*/*")):
        files = {
            str(path.relative_to(repository)): path.read_bytes()
            for path in (repository / ".github" / "workflows").glob("*.y*ml")
            if path.is_file()
        }
        snapshot = Snapshot(MemoryTree(files))
        found += len(check(snapshot, catalogue, policy, today=TODAY).decisions)
        for workflow in snapshot.workflows():
            jobs += len(workflow.jobs)
            calls += sum(job.uses is not None for job in workflow.jobs)
            limited += sum("timeout-minutes" in job.node for job in workflow.jobs)
    # No job of the corpus has a limit on all of its steps, so these three add up.
    assert found == jobs - calls - limited
    assert (jobs, calls, limited) == (269, 8, 7)
