"""The quick look may say yes too often, never no where something is."""

from __future__ import annotations

import pytest

from chittyops_policy.mentions import Hints, lower, together, whole, words_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.mentions import Hint


@pytest.mark.parametrize(
    ("text", "hint", "found"),
    [
        pytest.param("npx wrangler@3 deploy", together(whole("wrangler"), whole("deploy")), True, id="between signs"),
        pytest.param("./node_modules/.bin/WRANGLER", whole("wrangler"), True, id="letter case and path"),
        pytest.param("wrangler-action", whole("wrangler"), False, id="part of a longer word"),
        pytest.param("dependency-check-maven:check", whole("dependency-check", cut_after=True), True, id="cut"),
        pytest.param(
            "uses: snyk/actions/node@v1", whole("snyk/actions/", cut_after=True), True, id="name of an action"
        ),
        pytest.param("uses: synk/actions/node@v1", whole("snyk/actions/", cut_after=True), False, id="another name"),
        pytest.param("a b", together(whole("a"), whole("c")), False, id="all words of a hint"),
        pytest.param("curl x", together(whole("curl"), whole("*".strip("*"))), True, id="a word and anything"),
        pytest.param('run: "\\x77rangler deploy"', whole("wrangler"), True, id="an escape hides everything"),
        pytest.param('run: "cd api\\nwrangler deploy"', whole("wrangler"), True, id="after an escaped line break"),
        pytest.param("grüße wrangler", whole("wrangler"), True, id="beside other scripts"),
        pytest.param("anything", whole("*".strip("*")), True, id="a pattern without a word"),
        pytest.param("", whole("wrangler"), False, id="empty"),
    ],
)
def test_any(text: str, hint: Hint, found: bool) -> None:
    hints = Hints([hint, together(hint, whole("something-else"))])
    assert hints.occur_in(text) is found
    assert hints.occur_in(text) is found, "also where it is kept"
    assert hints.occur(lower(text), frozenset(words_in(lower(text)))) is found


def test_whole_words() -> None:
    assert whole("dependency-check.sh") == (frozenset((b"dependency-check", b"sh")), ())
    assert whole("snyk/act", cut_after=True) == (frozenset((b"snyk",)), ())
    assert whole("Act", cut_before=True) == (frozenset(), (b"act",))


def test_no_hint_is_never_mentioned() -> None:
    assert not Hints(()).occur_in("anything \\x41")
