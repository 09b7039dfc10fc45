"""What a policy file may say, where each effective value comes from, and what becomes of files that say too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chittyops_policy.catalogue import Catalogue, load
from chittyops_policy.document import parse, to_value
from chittyops_policy.errors import UserError
from chittyops_policy.model import PROFILES
from chittyops_policy.patterns import matches
from chittyops_policy.policy import Overrides, Pack, Policy, effective, load_pack, mistakes_in, standard_pack
from chittyops_policy.policy_file import is_date
from chittyops_policy.rule import Option

from .trial_rules import rule

ROOT = Path(__file__).parent.parent
TODAY = "2026-11-22"


MINUTES = Option(30, "At most so many minutes.", {"type": "integer", "minimum": 1})
RULES = Catalogue(
    {
        each.id: each
        for each in (
            rule("missing-lid"),
            rule("loose-lid", severity="high", options={"minutes": MINUTES}),
            rule("plain-lid", profile="strict"),
            rule("gilded-lid", profile="everything"),
            rule("unused-exception", theme="exceptions"),
            rule("invalid-policy", theme="policy", severity="high"),
            rule("overreaching-policy", theme="policy", severity="high"),
        )
    }
)


def pack(text: str = "", **files: str) -> Pack:
    def read(name: str, from_path: str) -> tuple[str, bytes]:
        if name not in files:
            raise UserError(f"{from_path}: there is no pack '{name}'")
        return f"{name}.yml", files[name].encode()

    return load_pack("org.yml", f"kind: pack\nname: org\n{text}".encode(), read)


def policy(
    text: str = "", own: str | None = None, *, slug: str = "acme/jar", today: str = TODAY, **asked: Any
) -> Policy:
    data = None if own is None else own.encode()
    return effective(RULES, pack(text), data, Overrides(**asked), slug=slug, today=today)


def said(result: Policy) -> list[str]:
    return [f"{finding.rule}: {finding.message}" for finding in result.findings]


# ------------------------------------------------------------------------------------------- layers and origins

LAYERS: dict[str, tuple[str, str | None, dict[str, Any], tuple[str, str]]] = {
    "nothing said": ("", None, {}, ("medium", "rule default")),
    "pack": ("rules:\n  missing-lid:\n    severity: low\n", None, {}, ("low", "pack org (org.yml:5)")),
    "repository over pack": (
        "rules:\n  missing-lid: {severity: low}\n",
        "rules:\n  missing-lid:\n    severity: critical\n",
        {},
        ("critical", ".chittyops-policy.yml:3"),
    ),
    "repository alone": ("", "rules: {missing-lid: {severity: info}}", {}, ("info", ".chittyops-policy.yml:1")),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_severity_comes_from_the_nearest_layer_and_says_so(name: str) -> None:
    text, own, asked, (value, origin) = LAYERS[name]
    severity = policy(text, own, **asked).rules["missing-lid"].severity
    assert (severity.value, severity.origin) == (value, origin)


def test_every_effective_value_has_an_origin_and_a_key_of_its_own() -> None:
    rows = policy(
        "fail_on: high\nparameters:\n  scanners: {snyk: [a, b]}\n  'dotted.key': 1\n"
        "controls:\n  - {id: lids, title: Lids, charter: 'Lids!', rules: [missing-lid]}\n",
        "exceptions:\n  - {rule: missing-lid, reason: trial}\n",
        profile="strict",
    ).settings()
    table = {key: (value, origin) for key, value, origin in rows}
    assert len(table) == len(rows)
    assert table["profile"] == ("strict", "--profile")
    assert table["fail_on"] == ("high", "pack org (org.yml:3)")
    assert table["report_level"] == ("info", "built in")
    assert table["parameters.scanners.snyk"] == (["a", "b"], "pack org (org.yml:5)")
    assert table["parameters.dotted.key"] == (1, "pack org (org.yml:6)")
    assert table["rules.loose-lid.options.minutes"] == (30, "rule default")
    assert table["controls.lids"] == (["missing-lid"], "pack org (org.yml:8)")
    assert table["exceptions.missing-lid"] == ("trial", ".chittyops-policy.yml:2")
    assert all(origin for _, _, origin in rows)


def test_an_extending_pack_changes_only_what_it_says() -> None:
    base = (
        "kind: pack\nname: base\nfail_on: high\nrules:\n  missing-lid: {severity: high, locked: true}\n"
        "parameters:\n  lids: {steel: [a, b], tin: [c]}\n"
    )
    top = pack("extends: base\nrules: {missing-lid: {severity: low}}\nparameters: {lids: {tin: [d]}}\n", base=base)
    result = effective(RULES, top, None, Overrides(), slug="acme/jar", today=TODAY)
    settings = result.rules["missing-lid"]
    assert (settings.severity.value, settings.severity.origin) == ("low", "pack org (org.yml:4)")
    assert (settings.locked.value, settings.locked.origin) == (True, "pack base (base.yml:5)")
    assert result.parameters == {"lids": {"steel": ["a", "b"], "tin": ["d"]}}
    assert (result.name, result.fail_on.origin) == ("org", "pack base (base.yml:3)")


def test_packs_that_extend_each_other_are_refused() -> None:
    with pytest.raises(UserError, match=r"again\.yml:3:10: 'again' extends this pack in a circle"):
        pack("extends: again", again="kind: pack\nname: again\nextends: again\n")


def test_a_finding_that_is_graver_than_its_rule_stays_so_when_the_policy_moves_the_rule() -> None:
    moved = policy("rules: {missing-lid: {severity: low}}").rules["missing-lid"]
    assert [moved.severity_of(own) for own in (None, "medium", "high", "info")] == ["low", "low", "medium", "info"]


def test_the_digest_changes_with_values_and_not_with_their_origins() -> None:
    plain = policy()
    assert plain.digest == policy(own="rules: {missing-lid: {severity: medium}}").digest
    assert plain.digest != policy(own="rules: {missing-lid: {severity: low}}").digest
    assert plain.digest != policy("parameters: {lids: 1}").digest
    assert plain.digest != policy(own="exceptions: [{rule: missing-lid, reason: so}]").digest


# ------------------------------------------------------------------------------------------ which rules are on

ON: dict[str, tuple[str, str | None, dict[str, Any], set[str]]] = {
    "charter": ("", None, {}, {"missing-lid", "loose-lid"}),
    "strict in the pack": ("profile: strict", None, {}, {"missing-lid", "loose-lid", "plain-lid"}),
    "strict in the repository": ("profile: charter", "profile: strict", {}, {"missing-lid", "loose-lid", "plain-lid"}),
    "everything on the command line": (
        "",
        None,
        {"profile": "everything"},
        {"missing-lid", "loose-lid", "plain-lid", "gilded-lid"},
    ),
    "a stated stage reaches beyond the profile": (
        "",
        "rules: {gilded-lid: {stage: warn}}",
        {},
        {"missing-lid", "loose-lid", "gilded-lid"},
    ),
    "off in the pack": ("rules: {loose-lid: {stage: off}}", None, {}, {"missing-lid"}),
    "only what is selected, in any profile": ("", None, {"select": ("gilded-lid",)}, {"gilded-lid"}),
    "selected although off": ("rules: {loose-lid: {stage: off}}", None, {"select": ("loose-lid",)}, {"loose-lid"}),
    "ignored": ("", None, {"ignore": ("missing-lid",)}, {"loose-lid"}),
    "selected and ignored": (
        "",
        None,
        {"select": ("missing-lid", "loose-lid"), "ignore": ("missing-lid",)},
        {"loose-lid"},
    ),
}


@pytest.mark.parametrize("name", ON)
def test_which_rules_run(name: str) -> None:
    text, own, asked, expected = ON[name]
    result = policy(text, own, **asked)
    assert {id for id, settings in result.rules.items() if settings.on and settings.theme == "trial"} == expected


def test_a_rule_that_is_off_says_why() -> None:
    assert policy().rules["plain-lid"].stage.origin == "profile charter, built in"
    assert policy(ignore=("loose-lid",)).rules["loose-lid"].stage.origin == "--ignore"


ROLLOUT = (
    "rings: {canary: ['ACME/j*']}\n"
    "rules:\n  missing-lid:\n    stage:\n"
    "      - {stage: observe}\n"
    "      - {stage: warn, ring: canary}\n"
    "      - {stage: block, from: 2026-12-01, ring: canary}\n"
    "      - {stage: warn, from: 2027-01-01}\n"
    "      - {stage: block, from: 2027-02-01}\n"
)
LATER = "stage observe; warns from 2027-01-01, blocks from 2027-02-01"
STAGES = {
    "canary before": ("acme/jar", "2026-11-30", "warn", "stage warn; blocks from 2026-12-01"),
    "canary on the day": ("acme/jar", "2026-12-01", "block", ""),
    "others before": ("acme/pot", "2026-11-30", "observe", LATER),
    "others between": ("acme/pot", "2027-01-31", "warn", "stage warn; blocks from 2027-02-01"),
    "others after": ("acme/pot", "2027-02-01", "block", ""),
    "unknown repository is in no ring": ("", "2026-12-01", "observe", LATER),
}  # fmt: skip


@pytest.mark.parametrize("name", STAGES)
def test_a_rollout_by_ring_and_date(name: str) -> None:
    slug, today, stage, reason = STAGES[name]
    settings = policy(ROLLOUT, slug=slug, today=today).rules["missing-lid"]
    assert (settings.stage.value, settings.stage_reason) == (stage, reason)


# ------------------------------------------------------------------------------------ a repository that overreaches

OVERREACH = {
    "laxer severity of a locked rule": (
        "rules: {missing-lid: {severity: high, locked: true}}",
        "rules: {missing-lid: {severity: low}}",
        ["severity low for 'missing-lid' is laxer than high, and the rule is locked by pack org (org.yml:3)"],
    ),
    "stricter severity of a locked rule": (
        "rules: {missing-lid: {severity: high, locked: true}}",
        "rules: {missing-lid: {severity: critical}}",
        [],
    ),
    "laxer stage of a locked rule": (
        "rules: {missing-lid: {locked: true}}",
        "rules: {missing-lid: {stage: observe}}",
        ["stage observe for 'missing-lid' is laxer than block, and the rule is locked by pack org (org.yml:3)"],
    ),
    "earlier block of a locked rule": (
        "rules: {missing-lid: {stage: warn, locked: true}}",
        "rules: {missing-lid: {stage: block}}",
        [],
    ),
    "options of a locked rule": (
        "rules: {loose-lid: {locked: true}}",
        "rules: {loose-lid: {options: {minutes: 60}}}",
        ["the options of 'loose-lid' are locked by pack org (org.yml:3); this is ignored"],
    ),
    "repeating the option of a locked rule": (
        "rules: {loose-lid: {locked: true}}",
        "rules: {loose-lid: {options: {minutes: 30}}}",
        [],
    ),
    "an exception for a locked rule": (
        "rules: {missing-lid: {locked: true}}",
        "exceptions: [{rule: missing-lid, reason: so}]",
        ["only the organisation's pack can except 'missing-lid' (pack org (org.yml:3))"],
    ),
    "an exception that the pack leaves to the repository": (
        "rules: {missing-lid: {locked: true, local_exceptions: true}}",
        "exceptions: [{rule: missing-lid, reason: so}]",
        [],
    ),
    "a narrower profile than the pack states": (
        "profile: strict",
        "profile: charter",
        ["profile charter is laxer than strict, which pack org (org.yml:3) sets"],
    ),
    "a wider gate than the pack states": (
        "fail_on: low",
        "fail_on: critical",
        ["fail_on critical is laxer than low, which pack org (org.yml:3) sets"],
    ),
    "a gate that no pack states": ("", "fail_on: critical", []),
    "a rule that is not locked": ("", "rules: {missing-lid: {stage: off, severity: info}}", []),
}


@pytest.mark.parametrize("name", OVERREACH)
def test_a_repository_cannot_be_laxer_than_what_is_locked(name: str) -> None:
    text, own, messages = OVERREACH[name]
    result = policy(text, own)
    assert said(result) == [f"overreaching-policy: {message}" for message in messages]
    if messages:  # what goes too far has no effect
        assert {**vars_of(result), "findings": 0} == {**vars_of(policy(text)), "findings": 0}


def vars_of(result: Policy) -> dict[str, Any]:
    return {key: value for key, value, _ in result.settings()}


def test_what_goes_too_far_is_ignored_and_the_rest_applies() -> None:
    result = policy(
        "rules: {missing-lid: {locked: true}}",
        "rules:\n  missing-lid:\n    stage: off\n  loose-lid:\n    stage: warn\n",
    )
    finding = result.findings[0]
    assert finding.path == ".chittyops-policy.yml"
    assert finding.route == "rules.missing-lid.stage"
    assert finding.span is not None
    assert (finding.span.start, finding.span.end) == (33, 36)
    assert result.rules["missing-lid"].stage.value == "block"
    assert result.rules["loose-lid"].stage.value == "warn"


def test_a_broken_repository_file_is_a_finding_and_stops_nothing() -> None:
    result = policy(own="rules:\n\tmissing-lid: {}\n")
    assert said(result) == ["invalid-policy: not readable as YAML: a tab cannot indent YAML; use spaces"]
    assert result.rules["missing-lid"].severity.value == "medium"


def test_a_mistake_in_a_repository_file_is_left_out_and_the_rest_applies() -> None:
    result = policy(own="fail-on: high\nrules:\n  missing-lit: {stage: off}\n  missing-lid: {severity: low}\n")
    assert said(result) == [
        "invalid-policy: unknown key 'fail-on' in a repository's policy",
        "invalid-policy: there is no rule 'missing-lit'",
    ]
    assert [finding.notes for finding in result.findings] == [
        ("did you mean 'fail_on'?",),
        ("did you mean 'missing-lid'?",),
    ]
    assert result.rules["missing-lid"].severity.value == "low"


# ----------------------------------------------------------------------------------------- mistakes of the user

MISTAKES = {
    "unknown rule": (
        "kind: pack\nname: a\nrules:\n  mising-lid: {}\n",
        "p.yml:4:3: there is no rule 'mising-lid' (did you mean 'missing-lid'?)",
    ),
    "unknown key of a rule": (
        "kind: pack\nname: a\nrules:\n  missing-lid: {sverity: low}\n",
        "p.yml:4:17: unknown key 'sverity' for rule 'missing-lid' (did you mean 'severity'?)",
    ),
    "unknown option": (
        "kind: pack\nname: a\nrules:\n  loose-lid:\n    options: {minuts: 5}\n",
        "p.yml:5:15: rule 'loose-lid' has no option 'minuts' (did you mean 'minutes'?)",
    ),
    "option of the wrong type": (
        "kind: pack\nname: a\nrules:\n  loose-lid:\n    options: {minutes: long}\n",
        "p.yml:5:24: option 'minutes': expected a whole number, found the text 'long' (At most so many minutes.)",
    ),
    "option out of bounds": (
        "kind: pack\nname: a\nrules:\n  loose-lid:\n    options: {minutes: 0}\n",
        "p.yml:5:24: option 'minutes': 0 is below 1 (At most so many minutes.)",
    ),
    "no such day": (
        "kind: pack\nname: a\nrules:\n  missing-lid:\n    stage: [{stage: warn, from: 2027-02-29}]\n",
        "p.yml:5:33: 'from' must be a date (written as 2027-01-31)",
    ),
    "duplicate key": (
        "kind: pack\nname: a\nname: b\n",
        "p.yml:3:1: 'name' stands twice; only the first would count",
    ),
    "control of an unknown rule": (
        "kind: pack\nname: a\ncontrols:\n  - {id: c, title: t, charter: w, rules: [missing-lit]}\n",
        "p.yml:4:10: control 'c' names an unknown rule 'missing-lit' (did you mean 'missing-lid'?)",
    ),
    "exception for a rule about exceptions": (
        "exceptions:\n  - {rule: unused-exception, reason: so}\n",
        "p.yml:2:12: findings of 'unused-exception' cannot be excepted (set its stage instead)",
    ),
    "exception of nobody in a pack": (
        "kind: pack\nname: a\nexceptions:\n  - {rule: missing-lid, reason: so, expires: 2027-01-31}\n",
        "p.yml:4:5: an exception needs 'owner'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_a_place_and_a_hint(name: str) -> None:
    text, expected = MISTAKES[name]
    assert mistakes_in("p.yml", text.encode(), RULES) == [expected]


NO_PACKS = {
    "not YAML": (
        "kind: [",
        "p.yml:1:7: not readable as YAML: did not find expected node content (while parsing a flow node)",
    ),
    "empty": ("", "p.yml:1:1: a policy file is a mapping of keys"),
    "no kind": ("name: a\n", "p.yml:1:1: a pack says 'kind: pack'"),
    "no name": ("kind: pack\n", "p.yml:1:1: a pack needs a 'name'"),
}


@pytest.mark.parametrize("name", NO_PACKS)
def test_a_file_that_is_no_pack_is_refused(name: str) -> None:
    text, expected = NO_PACKS[name]
    with pytest.raises(UserError) as caught:
        load_pack("p.yml", text.encode(), lambda name, path: ("", b""))
    assert caught.value.message == expected


def test_a_pack_with_mistakes_is_refused_with_all_of_them() -> None:
    with pytest.raises(UserError) as caught:
        policy("rules:\n  mising-lid: {}\n  loose-lid: {options: {minutes: -1}}\n")
    assert caught.value.message.splitlines() == [
        "org.yml:4:3: there is no rule 'mising-lid'",
        "org.yml:5:34: option 'minutes': -1 is below 1",
    ]
    assert caught.value.hint == "did you mean 'missing-lid'?"


def test_an_unknown_ring_is_refused() -> None:
    with pytest.raises(UserError, match="there is no ring 'canery'") as caught:
        policy("rings: {canary: ['acme/*']}\nrules: {missing-lid: {stage: [{stage: warn, ring: canery}]}}\n")
    assert caught.value.hint == "did you mean 'canary'?"


COMMAND_LINE: dict[str, tuple[dict[str, Any], str, str]] = {
    "select": ({"select": ("missing-lit",)}, "--select: there is no rule 'missing-lit'", "did you mean 'missing-lid'?"),
    "ignore": ({"ignore": ("losse-lid",)}, "--ignore: there is no rule 'losse-lid'", "did you mean 'loose-lid'?"),
    "profile": (
        {"profile": "lax"},
        "--profile: there is no profile 'lax'",
        "one of: charter, strict, everything",
    ),
    "fail-on": (
        {"fail_on": "error"},
        "--fail-on: there is no severity 'error'",
        "one of: info, low, medium, high, critical",
    ),
}


@pytest.mark.parametrize("name", COMMAND_LINE)
def test_a_wrong_word_on_the_command_line_is_the_users_mistake(name: str) -> None:
    asked, message, hint = COMMAND_LINE[name]
    with pytest.raises(UserError) as caught:
        policy(**asked)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_policy_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file") as caught:
        standard_pack(str(tmp_path / "no.yml"))
    assert caught.value.hint == "--policy takes the path of a pack"


def test_a_pack_on_disk_may_extend_the_standard_or_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text("kind: pack\nname: base\nextends: chittyos\nfail_on: medium\n")
    (tmp_path / "top.yml").write_text("kind: pack\nname: top\nextends: ./base.yml\n")
    assert [file.name for file in standard_pack(str(tmp_path / "top.yml")).files] == ["chittyos", "base", "top"]
    (tmp_path / "lost.yml").write_text("kind: pack\nname: lost\nextends: chittios\n")
    with pytest.raises(UserError, match="there is no pack 'chittios'"):
        standard_pack(str(tmp_path / "lost.yml"))


DATES = {"2028-02-29": True, "2027-02-29": False, "2026-13-01": False, "2026-1-01": False, "٢٠٢٦-01-01": False}


@pytest.mark.parametrize("text", DATES)
def test_dates(text: str) -> None:
    assert is_date(text) is DATES[text]


GLOBS = {
    ("*.yml", "a.yml"): True,
    ("*.yml", "x/a.yml"): False,
    ("**/*.yml", "a.yml"): True,
    ("**/*.yml", "x/y/a.yml"): True,
    (".github/", ".github/workflows/a.yml"): True,
    (".github", ".github/workflows/a.yml"): False,
    ("jobs.*.steps[2].uses", "jobs.build.steps[2].uses"): True,
    ("jobs.*.steps[2].uses", "jobs.build.steps2.uses"): False,
}


@pytest.mark.parametrize("case", GLOBS, ids=" ~ ".join)
def test_globs(case: tuple[str, str]) -> None:
    assert matches(*case) is GLOBS[case]


# ------------------------------------------------------------------------------------- the schema for editors

FILES = {
    "empty": ("", True),
    "gate": ("profile: strict\nfail_on: high\nreport_level: low\n", True),
    "kind of a repository": ("kind: repository\n", True),
    "kind of nothing": ("kind: packs\n", False),
    "word that does not exist": ("fail_on: error\n", False),
    "unknown key": ("profil: strict\n", False),
    "list for a mapping": ("rules: []\n", False),
    "nothing for a mapping": ("rules:\n", False),
    "a list at the top": ("- a\n", False),
    "rule": ("rules: {missing-lid: {severity: low, stage: off}}\n", True),
    "rule as a word": ("rules: {missing-lid: off}\n", False),
    "unknown stage": ("rules: {missing-lid: {stage: 'on'}}\n", False),
    "rollout in a repository": ("rules: {missing-lid: {stage: [{stage: warn}]}}\n", False),
    "lock in a repository": ("rules: {missing-lid: {locked: true}}\n", False),
    "options as a list": ("rules: {loose-lid: {options: [1]}}\n", False),
    "exception": ("exceptions: [{rule: missing-lid, reason: so}]\n", True),
    "full exception": (
        "exceptions: [{rule: missing-lid, reason: so, owner: '@a/b', ticket: T-1, expires: 2027-01-31, "
        "paths: [a.yml], route: jobs.*, subject: snyk}]\n",
        True,
    ),
    "another tool's rule": ("rules: {zizmor/artipacked: {severity: low}, 'shellcheck/*': {stage: warn}}\n", True),
    "exception from another tool's rule": ("exceptions: [{rule: codeql/js/xss, reason: so}]\n", True),
    "exception from all of another tool's rules": ("exceptions: [{rule: 'zizmor/*', reason: so}]\n", False),
    "exception from a rule without a name": ("exceptions: [{rule: zizmor/, reason: so}]\n", False),
    "exception without a reason": ("exceptions: [{rule: missing-lid}]\n", False),
    "exception with a blank reason": ("exceptions: [{rule: missing-lid, reason: ' '}]\n", False),
    "exception with a number for a reason": ("exceptions: [{rule: missing-lid, reason: 5}]\n", False),
    "exception for no path": ("exceptions: [{rule: missing-lid, reason: so, paths: []}]\n", False),
    "exception for a path that is no list": ("exceptions: [{rule: missing-lid, reason: so, paths: a.yml}]\n", False),
    "exception with a date in words": ("exceptions: [{rule: missing-lid, reason: so, expires: soon}]\n", False),
    "exception for other repositories": (
        "exceptions: [{rule: missing-lid, reason: so, repositories: [a/b]}]\n",
        False,
    ),
    "pack": ("kind: pack\nname: org\n", True),
    "pack without a name": ("kind: pack\n", False),
    "pack with everything": (
        "kind: pack\nname: org\nextends: chittyos\nprofile: strict\nhonour: [zizmor]\nrings: {canary: [a/*]}\n"
        "rules:\n  missing-lid:\n    stage: [{stage: warn}, {stage: block, from: 2027-01-31, ring: canary}]\n"
        "    locked: true\n    local_exceptions: false\n  loose-lid: {options: {minutes: 5}}\n"
        "controls:\n  - {id: c, title: t, charter: w, rules: [missing-lid], subject: s, applies: workflows}\n"
        "  - {id: d, title: t, charter: w, unknown: no telling, permission: asking}\n"
        "parameters: {any: [thing]}\n"
        "exceptions: [{rule: missing-lid, reason: so, owner: me, expires: 2027-01-31, repositories: [a/b]}]\n",
        True,
    ),
    "pack with a scope": (
        "kind: pack\nname: org\nscope:\n  owners: [org]\n  exclude:\n    - {archived: true, reason: done}\n"
        "    - {fork: third-party, topics: [x], repositories: ['org/*'], reason: theirs}\n",
        True,
    ),
    "pack with a scope that is a list": ("kind: pack\nname: org\nscope: [org]\n", False),
    "pack with an exclusion without a reason": (
        "kind: pack\nname: org\nscope: {exclude: [{archived: true}]}\n",
        False,
    ),
    "pack with an exclusion of everything": ("kind: pack\nname: org\nscope: {exclude: [{reason: so}]}\n", False),
    "pack with an exclusion of what is not archived": (
        "kind: pack\nname: org\nscope: {exclude: [{archived: false, reason: so}]}\n",
        False,
    ),
    "pack with an exclusion of strange forks": (
        "kind: pack\nname: org\nscope: {exclude: [{fork: 'yes', reason: so}]}\n",
        False,
    ),
    "pack that honours a stranger": ("kind: pack\nname: org\nhonour: [nolint]\n", False),
    "pack with an empty ring": ("kind: pack\nname: org\nrings: {canary: []}\n", False),
    "pack with an empty rollout": ("kind: pack\nname: org\nrules: {missing-lid: {stage: []}}\n", False),
    "pack with a step without a stage": (
        "kind: pack\nname: org\nrules: {missing-lid: {stage: [{from: 2027-01-31}]}}\n",
        False,
    ),
    "pack with a lock in words": ("kind: pack\nname: org\nrules: {missing-lid: {locked: 'yes'}}\n", False),
    "pack with a control that cannot be": ("kind: pack\nname: org\ncontrols: [{id: c, title: t, charter: w}]\n", False),
    "pack with a control of no rules": (
        "kind: pack\nname: org\ncontrols: [{id: c, title: t, charter: w, rules: [], unknown: x}]\n",
        False,
    ),
    "pack with an exception without an end": (
        "kind: pack\nname: org\nexceptions: [{rule: missing-lid, reason: so, owner: me}]\n",
        False,
    ),
    "pack with parameters as a list": ("kind: pack\nname: org\nparameters: []\n", False),
    "pack with own actions": (
        f"kind: pack\nname: org\nparameters:\n  own_actions: {{repository: a/b, actions: {{beacon: x/y, check: .}}, "
        f"commit: {'a1' * 20}, version: v1.2.3}}\n",
        True,
    ),
    "pack with own actions as a word": ("kind: pack\nname: org\nparameters: {own_actions: a/b}\n", False),
    "pack with an unknown key of own actions": (
        "kind: pack\nname: org\nparameters: {own_actions: {ref: main}}\n",
        False,
    ),
    "pack with own actions of an owner": ("kind: pack\nname: org\nparameters: {own_actions: {repository: a}}\n", False),
    "pack with an own action of no path": (
        "kind: pack\nname: org\nparameters: {own_actions: {actions: {beacon: ''}}}\n",
        False,
    ),
    "pack with a branch for a commit": (
        "kind: pack\nname: org\nparameters: {own_actions: {commit: main, version: '1'}}\n",
        False,
    ),
    "pack with a manner of pull requests": (
        "kind: pack\nname: org\nparameters: {pull_requests: {branch: a/b-c, title: t, labels: [x],"
        " reserved_branches: [c/d], reserved_titles: ['e: f']}}\n",
        True,
    ),
    "pack with a branch that git does not take": (
        "kind: pack\nname: org\nparameters: {pull_requests: {branch: 'a b'}}\n",
        False,
    ),
    "pack with a branch that ends in a slash": (
        "kind: pack\nname: org\nparameters: {pull_requests: {branch: a/}}\n",
        False,
    ),
    "pack with an empty title": ("kind: pack\nname: org\nparameters: {pull_requests: {title: ''}}\n", False),
    "pack with one label": ("kind: pack\nname: org\nparameters: {pull_requests: {labels: x}}\n", False),
    "pack that would approve": ("kind: pack\nname: org\nparameters: {pull_requests: {approve: true}}\n", False),
    "pack with a commit and no version": (
        f"kind: pack\nname: org\nparameters: {{own_actions: {{commit: {'a1' * 20}}}}}\n",
        False,
    ),
}


def test_another_tools_rule_has_no_options_and_a_control_cannot_rest_on_it() -> None:
    own = mistakes_in("p.yml", b"rules: {zizmor/artipacked: {options: {x: 1}}}\n", RULES)
    assert own == ["p.yml:1:39: 'zizmor/artipacked' is another tool's and has no options here"]
    pack = b"kind: pack\nname: org\ncontrols: [{id: c, title: t, charter: w, rules: [zizmor/artipacked]}]\n"
    [mistake] = mistakes_in("p.yml", pack, RULES)
    assert "control 'c' names an unknown rule 'zizmor/artipacked'" in mistake


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads((ROOT / "schemas" / "policy.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", FILES)
def test_the_schema_and_the_reader_agree(name: str, validator: Draft202012Validator) -> None:
    text, valid = FILES[name]
    by_schema = [error.message for error in validator.iter_errors(to_value(parse("p.yml", text.encode()).root))]
    by_reader = mistakes_in("p.yml", text.encode(), RULES)
    assert (not by_schema, not by_reader) == (valid, valid), (by_schema, by_reader)


# ---------------------------------------------------------------------------------------------- the shipped pack


def test_the_shipped_pack_fits_the_rules_and_the_schema(validator: Draft202012Validator) -> None:
    data = (ROOT / "policies" / "chittyos.yml").read_bytes()
    assert mistakes_in("policies/chittyos.yml", data, load()) == []
    assert list(validator.iter_errors(to_value(parse("p.yml", data).root))) == []


def test_every_rule_of_the_charter_answers_for_a_control() -> None:
    catalogue = load()
    result = effective(catalogue, standard_pack(), None, Overrides(), slug="", today=TODAY)
    answering = {id for control in result.controls for id, _ in control.rules}
    # Rules about the policy's own files and comments judge the tool's use, not the charter.
    charter = {
        each.id for each in catalogue if each.profile == "charter" and each.theme not in ("exceptions", "policy")
    }
    assert charter - answering == set()
    assert answering - charter == set()


def test_the_shipped_pack_names_the_controls_of_the_charter() -> None:
    result = effective(load(), standard_pack(), None, Overrides(), slug="", today=TODAY)
    assert [control.id for control in result.controls] == [
        "beacon", "scanner-codeql", "scanner-snyk", "scanner-owasp", "scanner-dependabot", "update-tool",
        "pinned-actions", "pin-comments", "pin-origin", "script-injection", "static-secrets", "hardcoded-secrets",
        "ephemeral-credentials", "codeowners", "claude-md",
        "charter-file", "branch-rules", "stored-secrets", "actions-policy", "alerts", "required-checks",
        "reusable-workflow-contracts", "valid-workflows", "guarded-commands", "sound-references",
    ]  # fmt: skip
    assert [control.id for control in result.controls if not control.rules] == [], "every control has rules"


def test_no_repository_can_silence_the_rules_that_watch_policies() -> None:
    result = effective(
        load(),
        standard_pack(),
        b"rules:\n  invalid-policy: {stage: off}\n  overreaching-policy: {stage: off}\nfail_on: critical\n",
        Overrides(),
        slug="",
        today=TODAY,
    )
    assert [finding.rule for finding in result.findings] == ["overreaching-policy"] * 3
    assert all(result.rules[id].stage.value == "block" for id in ("invalid-policy", "overreaching-policy"))


def test_profiles_widen() -> None:
    counts = []
    for profile in PROFILES:
        result = effective(load(), standard_pack(), None, Overrides(profile=profile), slug="", today=TODAY)
        counts.append({id for id, settings in result.rules.items() if settings.on})
    assert counts[0] <= counts[1] <= counts[2]
