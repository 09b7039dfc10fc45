"""Carets under the right cells, colours on request, and nothing said more often than it helps."""

from __future__ import annotations

import pytest

from chittyops_policy.model import FAIL, OPEN, STAGED, UNKNOWN, Decision, Region, Report, RuleInfo, Verdict
from chittyops_policy.reporters import text
from tests.test_reporters.samples import clean, fingerprint, full

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"

# name: source, the part that is marked, the printed line, the carets
CARETS: dict[str, tuple[str, str, str, str]] = {
    "plain": ("- uses: a/b@v1", "a/b@v1", "- uses: a/b@v1", "        ^^^^^^"),
    "tab before": ("\tuses: a", "a", "    uses: a", "          ^"),
    "tab inside a line": ("ab\tc: d", "d", "ab  c: d", "       ^"),
    "tab in the span": ("a: x\ty", "x\ty", "a: x    y", "   ^^^^^^"),
    "wide before": ("\u65e5\u672c: a", "a", "\u65e5\u672c: a", "      ^"),
    "wide in the span": ("a: \u65e5\u672c", "\u65e5\u672c", "a: \u65e5\u672c", "   ^^^^"),
    "combining": ("e\u0301: a", "a", "e\u0301: a", "   ^"),
    "emoji": ("\U0001f680 a", "a", "\U0001f680 a", "   ^"),
    "joined emoji": (f"{FAMILY} a", "a", f"{FAMILY} a", "   ^"),
    "skin tone": ("\U0001f44d\U0001f3fd a", "a", "\U0001f44d\U0001f3fd a", "   ^"),
    "emoji form": ("\u2764\ufe0f a", "a", "\u2764\ufe0f a", "   ^"),
    "flag": (f"{FLAG} a", "a", f"{FLAG} a", "   ^"),
    "escape": ("\x1b[31ma: b", "b", "\\x1b[31ma: b", "           ^"),
    "direction override": ("\u202e: b", "b", "\\u202e: b", "        ^"),
    "command of the runner": ('echo "##[group]" b', " b", 'echo "##\\[group]" b', "                 ^^"),
    "blanks after": ("a: b   ", "b", "a: b", "   ^"),
    "nothing marked": ("a: b", "", "a: b", "^"),
}


@pytest.mark.parametrize("name", CARETS)
def test_carets_stand_under_the_span(name: str) -> None:
    source, part, line, carets = CARETS[name]
    start = source.index(part)
    assert text.mark(source, start, start + len(part), 80) == (line, carets)


@pytest.mark.parametrize(
    ("start", "end", "line", "carets"),
    [
        (0, 3, "abcdefghijklmnopqrstuvwxyz01234567...", "^^^"),
        (66, 69, "...9012345678901234567890123456789!!x", " " * 34 + "^^^"),
        (30, 33, "...wxyz012345678901234567890123456789...", " " * 11 + "^^^"),
        (30, 62, "...wxyz012345678901234567890123456789...", " " * 11 + "^" * 29),
    ],
    ids=["at the start", "at the end", "in the middle", "longer than the window"],
)
def test_a_long_line_is_cut_around_the_span(start: int, end: int, line: str, carets: str) -> None:
    source = "abcdefghijklmnopqrstuvwxyz" + "0123456789" * 4 + "!!x"
    assert text.mark(source, start, end, 40) == (line, carets)


def test_a_place_outside_the_line_is_taken_back_to_its_end() -> None:
    assert text.mark("abc", 10, 20, 80) == ("abc", "   ^")
    assert text.mark("", 0, 0, 80) == ("", "^")


def test_a_line_of_a_hundred_thousand_characters_takes_no_longer_than_the_screen() -> None:
    shown, marks = text.mark("x" * 50_000 + "Y" + "\u65e5" * 50_000, 50_000, 50_001, 110)
    assert shown[marks.index("^")] == "Y"
    assert len(shown) <= 110


@pytest.mark.parametrize(
    ("env", "isatty", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
    ids=str,
)
def test_who_decides_on_colour(env: dict[str, str], isatty: bool, wanted: bool) -> None:
    assert text.wants_color(env, isatty) is wanted


def test_colour_only_adds_codes() -> None:
    painted = text.render([full()], color=True, verbose=True)
    for code in ("0", "1", "2", "1;31", "31", "32", "33", "34", "36"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == text.render([full()], verbose=True)


def test_why_and_how_are_said_once() -> None:
    decisions = tuple(
        Decision("unpinned-uses", "high", OPEN, f"step {n}", path, Region(n + 1, 1, n + 1, 2, "x"), "", fingerprint(n))
        for n, path in enumerate(["a.yml"] * 5 + ["b.yml"] * 5)
    )
    rule = RuleInfo("unpinned-uses", "t", "Tags move. More.", "Pin it.", "high", "block", ())
    report = Report("o/r", "", "", "repository", "charter", "p", ("a.yml", "b.yml"), decisions, (), (), (rule,))
    output = text.render([report])
    assert [output.count(f"step {n}") for n in range(10)] == [1] * 10
    assert output.count("= why: Tags move.\n") == 1
    assert output.count("= how: Pin it.\n") == 1
    assert output.count("chittyops-policy explain RULE") == 1
    assert "a.yml (5 findings)" in output


def test_a_rule_in_stage_warn_is_shown_and_one_in_stage_observe_only_when_asked() -> None:
    output = text.render([full()])
    assert "missing-timeout: job build has no time limit" in output
    assert "wide-permissions" not in output
    assert "--verbose lists them" in output
    verbose = text.render([full()], verbose=True)
    assert "wide-permissions: the job may write everything" in verbose
    assert "= excepted: the broker serves no npm tokens, OPS-12 (line 21, until 2027-01-31)" in verbose
    assert "--verbose" not in verbose


def test_a_finding_of_a_rule_that_is_not_known_is_not_lost() -> None:
    lost = Decision("other", "low", STAGED, "from elsewhere", "a.yml", None, "", fingerprint(1))
    report = Report("o/r", "", "", "repository", "charter", "p", (), (lost,), (), (), ())
    assert "from elsewhere" in text.render([report])


def test_paths_start_where_the_user_stands() -> None:
    report = full()
    report.root = "../repos/demo/"
    assert "  ../repos/demo/.github/workflows/deploy.yml:12:15 high" in text.render([report])


def test_many_controls_with_one_reason_take_one_line() -> None:
    report = clean()
    report.verdicts = tuple(
        Verdict(f"c{n}", f"Control {n}", UNKNOWN, "only named files were checked") for n in range(9)
    )
    assert "  unknown: 9 controls: only named files were checked\n" in text.render([report])
    assert "Control 0, Control 1" in text.render([report], verbose=True)


def test_a_control_that_fails_in_many_repositories_takes_one_line() -> None:
    reports = []
    for number in range(5):
        report = clean(f"o/{number}", str(number))
        report.verdicts = (Verdict("pins", "Pins", FAIL, f"{number + 1} findings"), Verdict("x", "X", UNKNOWN, "why"))
        reports.append(report)
    output = text.render(reports)
    assert "  fail: Pins [o/0, o/1, o/2 and 2 more]\n" in output
    assert "  unknown: X [o/0, o/1, o/2 and 2 more]: why\n" in output
    assert "  fail: Pins [o/4]: 5 findings\n" in text.render(reports, verbose=True)
    assert "  fail: Pins: 5 findings\n" in text.render(reports[4:])


def test_repositories_that_differ_in_their_controls_do_not_share_a_line() -> None:
    first, second = clean("o/a", "a"), clean("o/b", "b")
    first.verdicts = (Verdict("x", "X", UNKNOWN, "why"), Verdict("y", "Y", UNKNOWN, "why"))
    second.verdicts = (Verdict("x", "X", UNKNOWN, "why"),)
    output = text.render([first, second])
    assert "unknown: X, Y [o/a]: why" in output
    assert "unknown: X [o/b]: why" in output
