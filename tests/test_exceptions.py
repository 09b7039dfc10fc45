"""Where an inline exception counts, what central exceptions cover, and what is reported about exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from chittyops_policy.catalogue import Catalogue, load
from chittyops_policy.document import Document, parse_text
from chittyops_policy.engine import check
from chittyops_policy.exceptions import judge
from chittyops_policy.model import EXCEPTED, OPEN, Finding, Report, Span, Waiver
from chittyops_policy.policy import Overrides, effective, load_pack, standard_pack
from chittyops_policy.rule import REPOSITORY
from chittyops_policy.snapshot import MemoryTree, Snapshot

from .trial_rules import rule

TODAY = "2026-11-22"
PATH = ".github/workflows/ci.yml"
ALLOW = "# chittyops-policy: allow"


ABOUT_EXCEPTIONS = ("unused-exception", "unexplained-exception", "expired-exception", "unknown-exception")
RULES = Catalogue(
    {
        each.id: each
        for each in (
            rule("loose-lid"),
            rule("missing-lid"),
            rule("missing-jar", visits=(REPOSITORY,)),
            rule("locked-lid"),
            rule("gilded-lid", profile="everything"),
            rule("invalid-policy", theme="policy"),
            rule("overreaching-policy", theme="policy"),
            *(rule(id, theme="exceptions", visits=()) for id in ABOUT_EXCEPTIONS),
        )
    }
)
PACK_HEAD = "kind: pack\nname: org\nrules: {locked-lid: {locked: true}}\n"


def judged(
    text: str,
    *needles: tuple[str, str],
    pack: str = "",
    own: str | None = None,
    path: str = PATH,
    today: str = TODAY,
    whole: bool = True,
    missing: tuple[Finding, ...] = (),
    anchor: str | None = None,
) -> list[tuple[str, str, str]]:
    """(rule, state, reason or message) of findings at `needles`, (rule id, text under the span), in a file."""
    files = {path: parse_text(path, text) if path.endswith(".yml") else Document(path, text)}
    policy = effective(
        RULES,
        load_pack("org.yml", (PACK_HEAD + pack).encode(), lambda name, path: ("", b"")),
        None if own is None else own.encode(),
        Overrides(),
        slug="acme/jar",
        today=today,
    )
    findings = [*missing]
    for id, needle in needles:
        start = text.index(needle)
        document = files[path]
        node = next((scalar for scalar in document.scalars() if scalar.start == start), None)
        span = Span(start, start + len(needle))
        findings.append(Finding(id, "found", path, span, document.route(node), anchor=anchor))
    result = judge(
        findings,
        files.get,
        files,
        policy,
        slug="acme/jar",
        today=today,
        ran=frozenset(id for id, settings in policy.rules.items() if settings.on),
        whole=whole,
    )
    return [
        (finding.rule, state, reason if finding.message == "found" else finding.message)
        for finding, state, reason, _ in result
    ]


# ----------------------------------------------------------------------------------- where a comment reaches

WHERE = {
    "at the end of the line": (f"name: LID {ALLOW}[loose-lid] so\n", True),
    "above": (f"{ALLOW}[loose-lid] so\nname: LID\n", True),
    "above, other comments between": (f"{ALLOW}[loose-lid] so\n# another word\n# and one more\nname: LID\n", True),
    "above, a blank line between": (f"{ALLOW}[loose-lid] so\n\nname: LID\n", False),
    "above, behind another key": (f"on: push {ALLOW}[loose-lid] so\nname: LID\n", False),
    "below": (f"name: LID\n{ALLOW}[loose-lid] so\n", False),
    "two rules": (f"name: LID {ALLOW}[missing-lid,loose-lid] so\n", True),
    "another rule": (f"name: LID {ALLOW}[missing-lid] so\n", False),
    "without the space": ("name: LID #chittyops-policy:allow[loose-lid] so\n", True),
    "not a comment": ("name: LID#chittyops-policy: allow[loose-lid] so\n", False),
    "in the script": (f"run: |\n  echo\n  echo LID  {ALLOW}[loose-lid] so\n", True),
    "above, in the script": (f"run: |\n  echo\n  {ALLOW}[loose-lid] so\n  echo LID\n", True),
    "elsewhere in the script": (f"run: |\n  echo {ALLOW}[loose-lid] so\n  echo\n  echo LID\n", False),
    "on the line where the script begins": (f"run: | {ALLOW}[loose-lid] so\n  echo\n  echo LID\n", True),
    "above the line where the script begins": (f"{ALLOW}[loose-lid] so\nrun: >-\n  echo\n  echo LID\n", True),
    "in a script of another language": (
        "script: |\n  // chittyops-policy: allow[loose-lid] so\n  LID()\n",
        True,
    ),
    "on any line of a long span": (f"run: |\n  LID\n  more {ALLOW}[loose-lid] so\n  LID-END\n", True),
    "carriage returns": (f"on: push\r\n{ALLOW}[loose-lid] so\r\nname: LID\r\n", True),
    "byte-order mark": (f"\ufeff{ALLOW}[loose-lid] so\nname: LID\n", True),
    "emoji before": (f"env: '🎉' \n{ALLOW}[loose-lid] so\nname: LID\n", True),
    "a file that does not parse": (f"name: LID {ALLOW}[loose-lid] so\n\tx: [\n", True),
}


@pytest.mark.parametrize("name", WHERE)
def test_an_inline_exception_reaches(name: str) -> None:
    text, reaches = WHERE[name]
    needle = text[text.index("LID") : text.rindex("LID") + 3] if "LID-END" in text else "LID"
    state = judged(text, ("loose-lid", needle))[0][1]
    assert state == (EXCEPTED if reaches else OPEN)


def test_a_finding_about_a_whole_file_is_excepted_at_its_top() -> None:
    finding = Finding("missing-jar", "found", PATH)
    top = f"# A comment\n\n{ALLOW}[missing-jar] so\non: push\n"
    assert judged(top, missing=(finding,)) == [("missing-jar", EXCEPTED, "so (line 3)")]
    later = f"on: push\n{ALLOW}[missing-jar] so\n"
    assert judged(later, missing=(finding,))[0] == ("missing-jar", OPEN, "")


def test_codeowners_can_carry_exceptions() -> None:
    text = f"* @acme/all\n{ALLOW}[missing-jar] the owner is on leave\n/x/ @nobody\n"
    assert judged(text, ("missing-jar", "@nobody"), path="CODEOWNERS") == [
        ("missing-jar", EXCEPTED, "the owner is on leave (line 2)")
    ]


REASONS = {
    "plain": ("because of this", "because of this (line 1)"),
    "behind a colon": (": because", "because (line 1)"),
    "behind a dash": ("— because", "because (line 1)"),
    "ends far away": ("trial, until 2027-06-30", "trial (line 1, until 2027-06-30)"),
    "ends soon": ("trial (until 2026-12-06)", "trial (line 1, until 2026-12-06: expires in 14 days)"),
    "ends today": ("until 2026-11-22 trial", "trial (line 1, until 2026-11-22: expires in 0 days)"),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_is_told(name: str) -> None:
    behind, reason = REASONS[name]
    assert judged(f"name: LID {ALLOW}[loose-lid] {behind}\n", ("loose-lid", "LID")) == [("loose-lid", EXCEPTED, reason)]


# ------------------------------------------------------------------------------------ what is wrong with them

REMARKS = {
    "unused": (
        f"name: x {ALLOW}[loose-lid] so\n",
        [("unused-exception", OPEN, "this exception covers no finding of 'loose-lid'")],
    ),
    "one of two is unused": (
        f"name: LID {ALLOW}[loose-lid, missing-lid] so\n",
        [
            ("loose-lid", EXCEPTED, "so (line 1)"),
            ("unused-exception", OPEN, "this exception covers no finding of 'missing-lid'"),
        ],
    ),
    "for a rule that did not run": (f"name: x {ALLOW}[gilded-lid] so\n", []),
    "no reason": (
        f"name: LID {ALLOW}[loose-lid]\n",
        [
            ("loose-lid", EXCEPTED, "no reason given (line 1)"),
            ("unexplained-exception", OPEN, "this exception gives no reason"),
        ],
    ),
    "a reason of signs": (
        f"name: LID {ALLOW}[loose-lid] --- \n",
        [
            ("loose-lid", EXCEPTED, "no reason given (line 1)"),
            ("unexplained-exception", OPEN, "this exception gives no reason"),
        ],
    ),
    "expired": (
        f"name: LID {ALLOW}[loose-lid] trial until 2026-11-21\n",
        [
            ("loose-lid", OPEN, "the exception on line 1 expired on 2026-11-21"),
            ("expired-exception", OPEN, "this exception ended on 2026-11-21"),
        ],
    ),
    "no day of the calendar": (
        f"name: LID {ALLOW}[loose-lid] trial until 2026-13-01\n",
        [
            ("loose-lid", OPEN, "the exception on line 1 ends on no day of the calendar"),
            ("unknown-exception", OPEN, "2026-13-01 is no day of the calendar"),
        ],
    ),
    "unknown rule": (
        f"name: x {ALLOW}[loose-lit] so\n",
        [("unknown-exception", OPEN, "there is no rule 'loose-lit' to except")],
    ),
    "every rule": (
        f"name: x {ALLOW}[*] so\n",
        [("unknown-exception", OPEN, "there is no rule '*' to except")],
    ),
    "no brackets": (
        f"name: LID {ALLOW} loose-lid\n",
        [
            ("loose-lid", OPEN, ""),
            ("unknown-exception", OPEN, "this exception names no rule and covers nothing"),
        ],
    ),
    "another word": (
        "name: LID # chittyops-policy: ignore[loose-lid] so\n",
        [
            ("loose-lid", OPEN, ""),
            ("unknown-exception", OPEN, "this exception names no rule and covers nothing"),
        ],
    ),
    "a sentence about the tool": ("name: x # chittyops-policy: see the handbook\n", []),
    "a rule about exceptions": (
        f"name: x {ALLOW}[unused-exception] so\n",
        [("unknown-exception", OPEN, "findings of 'unused-exception' cannot be excepted")],
    ),
    "a locked rule": (
        f"name: LOCK {ALLOW}[locked-lid] so\n",
        [
            (
                "locked-lid",
                OPEN,
                "the exception on line 1 does not count: only the organisation's pack can except 'locked-lid' "
                "(pack org (org.yml:3))",
            )
        ],
    ),
}


@pytest.mark.parametrize("name", REMARKS)
def test_what_is_wrong_with_an_inline_exception(name: str) -> None:
    text, expected = REMARKS[name]
    needles = [("loose-lid", "LID")] if "LID" in text else [("locked-lid", "LOCK")] if "LOCK" in text else []
    assert judged(text, *needles) == expected


def test_remarks_point_at_the_words_that_are_meant() -> None:
    text = f"name: x {ALLOW}[loose-lid, loose-lit] until 2020-01-01\n"
    document = parse_text(PATH, text)
    policy = effective(
        RULES, load_pack("org.yml", PACK_HEAD.encode(), lambda name, path: ("", b"")), None, Overrides(), today=TODAY
    )
    result = judge(
        [], {PATH: document}.get, [PATH], policy, slug="", today=TODAY, ran=frozenset(policy.rules), whole=True
    )
    places = {
        finding.rule: text[finding.span.start : finding.span.end] for finding, *_ in result if finding.span is not None
    }
    assert places == {
        "unused-exception": "loose-lid",
        "unknown-exception": "loose-lit",
        "expired-exception": "2020-01-01",
        "unexplained-exception": f"{ALLOW}[loose-lid, loose-lit]",
    }
    assert next(finding.notes for finding, *_ in result if finding.rule == "unknown-exception") == (
        "did you mean 'loose-lid'?",
    )


# ---------------------------------------------------------------------------------------------- zizmor's ignores


def test_zizmors_ignore_counts_when_the_pack_says_so() -> None:
    text = "name: LID # zizmor: ignore[loose-lid] reviewed\n"
    assert judged(text, ("loose-lid", "LID"), pack="honour: [zizmor]\n") == [
        ("loose-lid", EXCEPTED, "reviewed (zizmor's ignore on line 1)")
    ]
    assert judged(text, ("loose-lid", "LID")) == [("loose-lid", OPEN, "")]


def test_zizmors_own_affairs_are_not_judged() -> None:
    text = "name: x # zizmor: ignore[loose-lid,artipacked]\n"
    assert judged(text, pack="honour: [zizmor]\n") == []


# --------------------------------------------------------------------------------------------- central exceptions

GRANT = "exceptions:\n  - rule: loose-lid\n    reason: so\n    owner: '@acme/ops'\n    ticket: T-1\n    expires: {}\n"
LOCAL = "exceptions:\n  - rule: loose-lid\n    reason: so\n"
CENTRAL = {
    "of the pack": (
        GRANT.format("2027-06-30"),
        None,
        [("loose-lid", EXCEPTED, "so (pack org (org.yml:5), @acme/ops, T-1, until 2027-06-30)")],
    ),
    "of the pack, ends soon": (
        GRANT.format("2026-11-23"),
        None,
        [("loose-lid", EXCEPTED, "so (pack org (org.yml:5), @acme/ops, T-1, until 2026-11-23: expires in 1 day)")],
    ),
    "of the pack, expired": (
        GRANT.format("2026-11-21"),
        None,
        [("loose-lid", OPEN, "the exception in pack org (org.yml:5) expired on 2026-11-21")],
    ),
    "of the pack, for this repository": (
        GRANT.format("2027-06-30\n    repositories: ['ACME/j*']"),
        None,
        [("loose-lid", EXCEPTED, "so (pack org (org.yml:5), @acme/ops, T-1, until 2027-06-30)")],
    ),
    "of the pack, for another repository": (
        GRANT.format("2027-06-30\n    repositories: [acme/pot]"),
        None,
        [("loose-lid", OPEN, "")],
    ),
    "of the repository": ("", LOCAL, [("loose-lid", EXCEPTED, "so (.chittyops-policy.yml:2)")]),
    "of the repository, for this folder": (
        "",
        LOCAL + "    paths: [.github/]\n",
        [("loose-lid", EXCEPTED, "so (.chittyops-policy.yml:2)")],
    ),
    "of the repository, for another file": (
        "",
        LOCAL + "    paths: ['.github/workflows/other*']\n",
        [
            ("loose-lid", OPEN, ""),
            ("unused-exception", OPEN, "the exception covers no finding of 'loose-lid'"),
        ],
    ),
    "of the repository, for this route": (
        "",
        LOCAL + "    route: na*\n",
        [("loose-lid", EXCEPTED, "so (.chittyops-policy.yml:2)")],
    ),
    "of the repository, for this text": (
        "",
        LOCAL + "    subject: L*D\n",
        [("loose-lid", EXCEPTED, "so (.chittyops-policy.yml:2)")],
    ),
    "of the repository, for another text": (
        "",
        LOCAL + "    subject: POT\n",
        [
            ("loose-lid", OPEN, ""),
            ("unused-exception", OPEN, "the exception covers no finding of 'loose-lid'"),
        ],
    ),
    "of the repository, expired": (
        "",
        LOCAL + "    expires: 2026-11-21\n",
        [
            ("loose-lid", OPEN, "the exception in .chittyops-policy.yml:2 expired on 2026-11-21"),
            ("expired-exception", OPEN, "the exception for 'loose-lid' ended on 2026-11-21"),
        ],
    ),
    "renewed in the repository after it expired in the pack": (
        GRANT.format("2026-11-21"),
        LOCAL,
        [("loose-lid", EXCEPTED, "so (.chittyops-policy.yml:2)")],
    ),
}


@pytest.mark.parametrize("name", CENTRAL)
def test_central_exceptions(name: str) -> None:
    pack, own, expected = CENTRAL[name]
    assert judged("name: LID\n", ("loose-lid", "LID"), pack=pack, own=own) == expected


def test_a_subject_is_compared_with_the_anchor_of_a_finding() -> None:
    own = LOCAL + "    subject: snyk\n"
    assert judged("name: LID\n", ("loose-lid", "LID"), own=own, anchor="snyk")[0][1] == EXCEPTED
    assert judged("name: LID\n", ("loose-lid", "LID"), own=own, anchor="codeql")[0][1] == OPEN


def test_central_exceptions_are_not_called_unused_when_only_some_files_were_checked() -> None:
    assert judged("name: x\n", own=LOCAL, whole=False) == []
    assert judged("name: x\n", own=LOCAL, whole=True) == [
        ("unused-exception", OPEN, "the exception covers no finding of 'loose-lid'")
    ]


# ------------------------------------------------------------------------------------ through the whole engine

WORKFLOW_TEXT = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: {}\n"


def report(files: dict[str, str], **asked: Any) -> Report:
    catalogue = load()
    snapshot = Snapshot(MemoryTree(files), "acme/jar")
    own = snapshot.read(".chittyops-policy.yml")
    policy = effective(catalogue, standard_pack(), own, Overrides(**asked), slug="acme/jar", today=TODAY)
    return check(snapshot, catalogue, policy, today=TODAY)


def test_the_report_tells_who_excepted_what() -> None:
    text = WORKFLOW_TEXT.format("acme/tool@v1 # chittyops-policy: allow[unpinned-uses] signed releases only")
    found = [
        (decision.rule, decision.state, decision.reason)
        for decision in report({PATH: text}, select=("unpinned-uses", "unused-exception")).decisions
    ]
    assert found == [("unpinned-uses", EXCEPTED, "signed releases only (line 6)")]


def test_an_existing_ignore_of_zizmor_counts_under_the_standard() -> None:
    text = WORKFLOW_TEXT.format("acme/tool@v1 # zizmor: ignore[unpinned-uses]")
    found = [
        (decision.rule, decision.state, decision.reason)
        for decision in report({PATH: text}, select=("unpinned-uses",)).decisions
    ]
    assert found == [("unpinned-uses", EXCEPTED, "no reason given (zizmor's ignore on line 6)")]


def test_the_standard_does_not_let_a_repository_except_a_stored_secret() -> None:
    text = WORKFLOW_TEXT.format(
        "./tool\n        env:\n          A: ${{ secrets.MINE }} " + ALLOW + "[static-secret] ours"
    )
    own = "exceptions:\n  - rule: static-secret\n    reason: ours\n"
    found = [
        (decision.rule, decision.state, decision.path)
        for decision in report({PATH: text, ".chittyops-policy.yml": own}).decisions
        if decision.rule in ("static-secret", "overreaching-policy", "unused-exception")
    ]
    assert found == [
        ("overreaching-policy", OPEN, ".chittyops-policy.yml"),
        ("static-secret", OPEN, PATH),
    ]


def test_what_is_wrong_in_the_policy_is_told_also_when_only_other_files_were_named() -> None:
    files = {PATH: WORKFLOW_TEXT.format("./tool"), ".chittyops-policy.yml": "fail-on: high\n"}
    catalogue = load()
    snapshot = Snapshot(MemoryTree(files), "acme/jar")
    own = snapshot.read(".chittyops-policy.yml")
    policy = effective(catalogue, standard_pack(), own, Overrides(), slug="acme/jar", today=TODAY)
    found = check(snapshot, catalogue, policy, today=TODAY, paths=[PATH]).decisions
    assert [decision.rule for decision in found if decision.path != PATH] == ["invalid-policy"]


def test_what_excepts_a_finding_comes_with_it() -> None:
    text = f"name: LID {ALLOW}[loose-lid] the lid is loose by design until 2099-01-31\n"
    document = parse_text(PATH, text)
    grant = GRANT.replace("loose-lid", "missing-lid").format("2099-12-31")
    pack = PACK_HEAD + grant
    policy = effective(
        RULES, load_pack("org.yml", pack.encode(), lambda name, path: ("", b"")), None, Overrides(), today=TODAY
    )
    found = [Finding("loose-lid", "found", PATH, Span(6, 9)), Finding("missing-lid", "found", PATH)]
    result = judge(
        found, {PATH: document}.get, [PATH], policy, slug="acme/jar", today=TODAY, ran=frozenset(), whole=False
    )
    place = policy.exemptions[0].origin
    assert [waiver for *_, waiver in result] == [
        Waiver("the lid is loose by design", "line 1", expires="2099-01-31"),
        Waiver("so", place, "@acme/ops", "T-1", "2099-12-31"),
    ]
