"""The rules about YAML itself: compared with GitHub's own parser where that is installed, and on the real files."""

from __future__ import annotations

import pytest

from chittyops_policy.snapshot import MemoryTree, Snapshot
from tests.referees import github_parser

from .checked import corpus, covered, found, needs_corpus, report

WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
PATH = ".github/workflows/x.yml"

# Additions to the workflow above: (what is added, the rule that fires or '', the text under the finding)
CASES = {
    "nothing added": ("", "", ""),
    "a key at the top twice": ("on: pull_request\n", "duplicate-key", "on"),
    "a key at the top in another case": ("ON: push\n", "duplicate-key", "ON"),
    "a job twice": ("  a:\n    runs-on: x\n    steps:\n      - run: y\n", "duplicate-key", "a"),
    "a job in another case": ("  A:\n    runs-on: x\n    steps:\n      - run: y\n", "duplicate-key", "A"),
    "a step's key twice": ("        run: z\n", "duplicate-key", "run"),
    "a variable twice": ("        env:\n          A: 1\n          A: 2\n", "duplicate-key", "A"),
    "a variable in another case": ("        env:\n          Key: 1\n          KEY: 2\n", "duplicate-key", "KEY"),
    "a key with and without quotes": ("        env:\n          A: 1\n          'A': 2\n", "duplicate-key", "'A'"),
    "an input in another case": (
        "      - uses: a/b@v1\n        with:\n          Node: 1\n          node: 2\n", "duplicate-key", "node",
    ),
    "a key twice in flow style": ("        env: {A: 1, B: 2, A: 3}\n", "duplicate-key", "A"),
    "the same key in two steps": ("      - run: z\n", "", ""),
    "a second document": ("---\nfoo: bar\n", "unparsable-yaml", "---"),
    "a second document of comments": ("---\n# x\n", "unparsable-yaml", "---"),
    "an end mark": ("...\n", "", ""),
    "a colon in a plain value": ('      - run: echo "a: b": c\n', "unparsable-yaml", ":"),
    "a tab as indentation": ("        env:\n\t  A: 1\n", "unparsable-yaml", "\t"),
    "a tab before a comment": ("\t# x\n", "", ""),
    "a quote that stays open": ("        env:\n          A: 'x\n", "unparsable-yaml", "'"),
    "a reserved character": ("        env:\n          A: @x\n", "unparsable-yaml", "@"),
    "indentation that fits nowhere": ("       env:\n         A: x\n", "unparsable-yaml", "e"),
    "an alias without an anchor": ("        env: *no\n", "unparsable-yaml", "*no"),
    "anchors and aliases": ("        env: &e {A: 1}\n      - run: x\n        env: *e\n", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_fires_and_where(name: str) -> None:
    added, rule, text = CASES[name]
    snapshot = Snapshot(MemoryTree({PATH: WORKFLOW + added}))
    decisions = report(snapshot, "unparsable-yaml", "duplicate-key").decisions
    seen = [(decision.rule, covered(snapshot, decision)[: len(text)]) for decision in decisions]
    assert seen == ([(rule, text)] if rule else [])


def test_github_rejects_exactly_the_files_for_which_a_rule_fires() -> None:
    reason = github_parser.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    verdicts = github_parser.verdicts([("workflow", PATH, WORKFLOW + added) for added, _, _ in CASES.values()])
    rejected = [name for name, verdict in zip(CASES, verdicts, strict=True) if not verdict.accepted]
    assert rejected == [name for name, (_, rule, _) in CASES.items() if rule]


def test_the_earlier_key_is_the_related_place() -> None:
    snapshot = Snapshot(MemoryTree({PATH: WORKFLOW + "on: pull_request\n"}))
    (decision,) = report(snapshot, "duplicate-key").decisions
    assert decision.message == "the key on stands twice in the same mapping; GitHub rejects the file"
    assert [related.message for related in decision.related] == ["first here, line 1"]


def test_a_duplicate_under_an_anchor_is_told_once() -> None:
    text = WORKFLOW + "        env: &e {Key: 1, KEY: 2}\n      - run: x\n        env: *e\n"
    assert len(found("duplicate-key", text)) == 1


def test_the_keys_of_dependabot_differ_in_letter_case() -> None:
    text = "version: 2\nregistries:\n  A: {type: npm-registry}\n  a: {type: npm-registry}\nupdates: []\nupdates: []\n"
    assert found("duplicate-key", {".github/dependabot.yml": text}) == [
        "updates: the key updates stands twice in the same mapping; "
        "YAML forbids it, and only one of the two values can count"
    ]


def test_actions_are_looked_at_like_workflows() -> None:
    text = "name: x\nname: y\nruns:\n  using: composite\n  steps: []\n"
    assert found("duplicate-key", {"sub/action.yml": text}) == [
        "name: the key name stands twice in the same mapping; GitHub rejects the file"
    ]
    assert len(found("unparsable-yaml", {"action.yml": "runs: [\n"})) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"name: caf\xe9\n", "byte 0xe9 is not UTF-8, the only encoding that GitHub reads"),
        (b"a: \x00\n", "the control character U+0000 is not allowed in YAML"),
        (b"- " * 2000, "nested more than 100 levels deep"),
    ],
    ids=["latin-1", "a NUL byte", "deep nesting"],
)
def test_odd_bytes_are_findings_and_other_files_are_still_checked(data: bytes, message: str) -> None:
    tree = MemoryTree({PATH: data, ".github/workflows/y.yml": WORKFLOW + "on: x\n"})
    decisions = report(Snapshot(tree), "unparsable-yaml", "duplicate-key").decisions
    assert [(decision.path[-5:], decision.rule) for decision in decisions] == [
        ("x.yml", "unparsable-yaml"),
        ("y.yml", "duplicate-key"),
    ]
    assert decisions[0].message == message


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "\ufeff"], ids=repr)
def test_an_empty_file_is_readable_yaml(text: str) -> None:
    assert found("unparsable-yaml", text) == []


@needs_corpus
@pytest.mark.parametrize(
    ("part", "expected"), [("chittyos", ["chittyos/ch1tty/.github/workflows/ci.yml:38"]), ("public", [])]
)
def test_syntax_of_the_real_files(part: str, expected: list[str]) -> None:
    # One live file does not parse: a plain `run: node -e "…"` with ": " in it. No real file has a key twice, not even
    # in another letter case. (The second unreadable file of the corpus is a vendored copy that GitHub never runs.)
    seen = []
    for snapshot in corpus(part):
        for decision in report(snapshot, "unparsable-yaml", "duplicate-key").decisions:
            assert decision.region is not None
            seen.append(f"{snapshot.slug}/{decision.path}:{decision.region.line}")
    assert seen == expected
