"""Globs over paths: what each wildcard covers, and that the quick tests agree with the regular expressions."""

from __future__ import annotations

import itertools

import pytest

from chittyops_policy import patterns
from chittyops_policy.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "covered", "left_out"),
    [
        ("*.yml", ("a.yml", ".yml"), ("a/b.yml", "a.yaml")),
        ("docs/*", ("docs/a", "docs/"), ("docs/a/b", "docs")),
        ("docs/**", ("docs/a", "docs/a/b", "docs/"), ("docs", "doc/a")),
        ("docs/", ("docs/a", "docs/a/b"), ("docs", "other/docs/a")),
        ("**/beacon.py", ("beacon.py", "a/beacon.py", "a/b/beacon.py"), ("/beacon.py", "a//beacon.py", "xbeacon.py")),
        ("./**/creds", ("./creds", "./a/creds"), ("creds", "./acreds", ".//creds")),
        ("a?c", ("abc",), ("a/c", "ac")),
        ("steps[2].*", ("steps[2].uses",), ("steps2.uses",)),
    ],
)
def test_what_a_glob_covers(pattern: str, covered: tuple[str, ...], left_out: tuple[str, ...]) -> None:
    assert [text for text in covered if not matches(pattern, text)] == []
    assert [text for text in left_out if matches(pattern, text)] == []


def test_a_quick_test_says_what_the_regular_expression_says() -> None:
    texts = ["".join(letters) for count in range(6) for letters in itertools.product("a/\n", repeat=count)]
    for before, wildcard, after in itertools.product(("", "a", "a/", "/"), ("*", "**", "**/"), ("", "a", "/a", "aa")):
        quick = patterns._around(before + wildcard + after)
        if quick is not None:
            slow = patterns._compiled(before + wildcard + after, False)
            assert [text for text in texts if quick(text) != bool(slow(text))] == [], before + wildcard + after


def test_letter_case_counts_unless_it_is_asked_not_to() -> None:
    assert matches("Acme/*", "acme/tool", ignore_case=True)
    assert not matches("Acme/*", "acme/tool")
