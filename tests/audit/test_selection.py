"""Which repositories are judged: what the pack leaves out, what the command line asks for, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from chittyops_policy.audit.result import Subject
from chittyops_policy.audit.selection import Selection
from chittyops_policy.policy import standard_pack

SCOPE = standard_pack(None).scope


def subject(slug: str = "ChittyOS/app", **values: Any) -> Subject:
    return Subject(slug, **{"head": "1" * 40, **values})


PACK = {
    "an ordinary one": (subject(), ""),
    "an archived one": (subject(archived=True), "archived and read-only"),
    "the legacy organisation": (
        subject("nevershitty/site"),
        "in a legacy organisation that the charter leaves out",
    ),
    "a fork of a third party": (subject(fork=True, parent="1Password/plugins"), "a fork of somebody else's repository"),
    "a fork of an unknown repository": (subject(fork=True), "a fork of somebody else's repository"),
    "a fork of one of ours": (subject(fork=True, parent="CHITTYCORP/app"), ""),
    "an empty one": (subject(empty=True, head=""), "empty: it has no commit yet"),
    "a disabled one": (subject(disabled=True), "GitHub has disabled it"),
}


@pytest.mark.parametrize("name", PACK)
def test_the_standard_says_what_is_left_out(name: str) -> None:
    one, reason = PACK[name]
    assert Selection().outside(one, SCOPE) == reason


ASKED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a name": ({"names": ("app",)}, {}, ""),
    "a glob over names": ({"names": ("a*",)}, {}, ""),
    "a glob over owners": ({"names": ("chittyos/*",)}, {}, ""),
    "another name": ({"names": ("site", "x/*")}, {}, "not selected: its name matches no pattern"),
    "a topic": ({"topics": ("CI", "web")}, {"topics": ("ci",)}, ""),
    "no such topic": ({"topics": ("web",)}, {"topics": ("ci",)}, "not selected: it has none of the topics"),
    "a visibility": ({"visibility": ("public",)}, {"visibility": "private"}, "not selected: it is private"),
    "an unknown visibility": ({"visibility": ("public",)}, {}, "not selected: it is of unknown visibility"),
    "a language": ({"languages": ("go", "RUST")}, {"language": "Rust"}, ""),
    "another language": ({"languages": ("go",)}, {"language": "Rust"}, "not selected: its language is Rust"),
    "a property": ({"properties": (("tier", "1"),)}, {"properties": {"tier": "1"}}, ""),
    "another property": (
        {"properties": (("tier", "1"),)},
        {"properties": {"tier": "2"}},
        "not selected: its property tier is 2",
    ),
    "no property": ({"properties": (("tier", "1"),)}, {}, "not selected: its property tier is not set"),
    "archived ones too": ({"archived": "yes"}, {"archived": True}, ""),
    "archived ones only": ({"archived": "only"}, {}, "not selected: it is not archived"),
    "no archived ones": ({"archived": "no"}, {"archived": True}, "not selected: it is archived"),
    "forks too": ({"fork": "yes"}, {"fork": True}, ""),
    "no forks": ({"fork": "no"}, {"fork": True, "parent": "chittyos/x"}, "not selected: it is a fork"),
    "a list with it": ({"listed": frozenset({"chittyos/app"})}, {}, ""),
    "a list without it": ({"listed": frozenset({"chittyos/b"})}, {}, "not selected: its name is not in the file"),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_command_line_selects(name: str) -> None:
    asked, values, reason = ASKED[name]
    assert Selection(**asked).outside(subject(**values), SCOPE) == reason
