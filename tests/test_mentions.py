"""The quick look may say yes too often, never no where something is."""

from __future__ import annotations

import pytest

from chittyops_policy.mentions import Hints, Mentions, whole


@pytest.mark.parametrize(
    ("text", "hint", "found"),
    [
        pytest.param("npx wrangler@3 deploy", (*whole("wrangler"), *whole("deploy")), True, id="between signs"),
        pytest.param("./node_modules/.bin/WRANGLER", whole("wrangler"), True, id="letter case and path"),
        pytest.param("wrangler-action", whole("wrangler"), False, id="part of a longer word"),
        pytest.param("dependency-check-maven:check", whole("dependency-check", cut_after=True), True, id="cut"),
        pytest.param(
            "uses: snyk/actions/node@v1", whole("snyk/actions/", cut_after=True), True, id="name of an action"
        ),
        pytest.param("uses: synk/actions/node@v1", whole("snyk/actions/", cut_after=True), False, id="another name"),
        pytest.param("a b", (*whole("a"), *whole("c")), False, id="all words of a hint"),
        pytest.param('run: "\\x77rangler deploy"', whole("wrangler"), True, id="an escape hides everything"),
        pytest.param('run: "cd api\\nwrangler deploy"', whole("wrangler"), True, id="after an escaped line break"),
        pytest.param("grüße wrangler", whole("wrangler"), True, id="beside other scripts"),
        pytest.param("anything", whole("*".strip("*")), True, id="a pattern without a word"),
        pytest.param("", whole("wrangler"), False, id="empty"),
    ],
)
def test_any(text: str, hint: tuple[str, ...], found: bool) -> None:
    assert Mentions(text).any(Hints([hint])) is found
    assert all(map(Mentions(text).word, hint)) is found


def test_whole_words() -> None:
    assert whole("dependency-check.sh") == ("=dependency-check", "=sh")
    assert whole("snyk/act", cut_after=True) == ("=snyk",)
    assert whole("act", cut_before=True) == ("act",)


def test_no_hint_is_never_mentioned() -> None:
    assert not Mentions("anything \\x41").any(Hints(()))


def test_what_another_hint_implies_is_left_out() -> None:
    assert tuple(Hints([("=snyk", "=test"), ("=snyk",), ("=npm", "=audit"), ("=audit", "=npm", "=x")])) == (
        ("=snyk",),
        ("=npm", "=audit"),
    )
