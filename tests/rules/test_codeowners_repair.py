"""The lines about the workflows go to the end of CODEOWNERS; nothing else moves."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chittyops_policy.codeowners import MAX_BYTES
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

from .checked import corpus, needs_corpus, report
from .fixing import fixed

RULE = "ineffective-codeowners"
OWNERS = ".github/CODEOWNERS"
CI = ".github/workflows/ci.yml"
WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
ANYBODY: dict[str, Any] = {"options": {"owners": []}, "slug": ""}


def after(text: str, **settings: Any) -> str:
    return fixed(RULE, {CI: WORKFLOW, OWNERS: text}, **{**ANYBODY, **settings}).text(OWNERS)


CASES: dict[str, tuple[str, str]] = {
    "the default line last": ("/.github/workflows/ @a\n* @b\n", "* @b\n/.github/workflows/ @a\n"),
    "without a line break at the end": ("/.github/workflows/ @a\n* @b", "* @b\n/.github/workflows/ @a"),
    "Windows line breaks": ("/.github/workflows/ @a\r\n* @b\r\n", "* @b\r\n/.github/workflows/ @a\r\n"),
    "Windows line breaks, none at the end": ("/.github/workflows/ @a\r\n* @b", "* @b\r\n/.github/workflows/ @a"),
    "a byte-order mark stays first": ("\ufeff/.github/workflows/ @a\n* @b\n", "\ufeff* @b\n/.github/workflows/ @a\n"),
    "a form feed is no line break": (
        "/.github/workflows/ @a # x\x0cy\n* @b # \u2028\n",
        "* @b # \u2028\n/.github/workflows/ @a # x\x0cy\n",
    ),
    "a comment on the line goes with it": (
        "/.github/workflows/  @a   # them\n* @b\n",
        "* @b\n/.github/workflows/  @a   # them\n",
    ),
    "a paragraph goes as a whole": (
        "# all\n/src/ @c\n\n# CI\n/.github/workflows/ @a\n# and this\n/.github/workflows/ci.yml @a\n\n# rest\n* @b\n",
        "# all\n/src/ @c\n\n# rest\n* @b\n\n# CI\n/.github/workflows/ @a\n# and this\n/.github/workflows/ci.yml @a\n",
    ),
    "comments of a mixed paragraph stay": (
        "# who\n/.github/workflows/ @a\n* @b\n\n# end\n",
        "# who\n* @b\n\n# end\n/.github/workflows/ @a\n",
    ),
    "several lines keep their order": (
        "/.github/workflows/ @a\n/.github/workflows/ci.yml @c\n/src/ @d\n* @b\n",
        "/src/ @d\n* @b\n/.github/workflows/ @a\n/.github/workflows/ci.yml @c\n",
    ),
    "a narrower line that is last already stays last": (
        "/.github/workflows/ @a\n* @b\n# on purpose\n/.github/workflows/ci.yml @c\n",
        "* @b\n/.github/workflows/ @a\n# on purpose\n/.github/workflows/ci.yml @c\n",
    ),
    "behind a broader line about the same folder": (
        "* @b\n/.github/workflows/ @a\n/.github/ @c\n",
        "* @b\n/.github/ @c\n/.github/workflows/ @a\n",
    ),
    "a comment below the last line of a paragraph": (
        "/.github/workflows/ @a\n# these\n\n* @b\n",
        "* @b\n\n/.github/workflows/ @a\n# these\n",
    ),
    "lines that agree keep their order": (
        "/.github/workflows/ @a @c\n/.github/ @a\n* @b\n",
        "* @b\n/.github/workflows/ @a @c\n/.github/ @a\n",
    ),
    "two lines take them, at once": (
        "/.github/workflows/ @a\n*.yml @c\n* @b\n/src/ @d\n",
        "*.yml @c\n* @b\n/src/ @d\n/.github/workflows/ @a\n",
    ),
    "three levels, upside down": (
        "/.github/workflows/ @a\n/.github/ @c\n* @b\n",
        "* @b\n/.github/ @c\n/.github/workflows/ @a\n",
    ),
    "a line without owners stays": (
        "/.github/workflows/ @a\n/.github/\n/src/ @d\n",
        "/.github/\n/src/ @d\n/.github/workflows/ @a\n",
    ),
    "other folders in .github stay": (
        "/.github/ISSUE_TEMPLATE/ @d\n/.github/workflows/ @a\n* @b\n",
        "/.github/ISSUE_TEMPLATE/ @d\n* @b\n/.github/workflows/ @a\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_workflow_lines_go_last(name: str) -> None:
    before, expected = CASES[name]
    assert after(before) == expected


def test_other_protected_paths_are_put_in_order_too() -> None:
    text = "/infra/ @a\n/.github/workflows/ @b\n* @c\n"
    options = {"owners": [], "protected": [".github/workflows/", "infra/"]}
    files = {CI: WORKFLOW, "infra/main.tf": "", OWNERS: text}
    assert fixed(RULE, files, slug="", options=options).text(OWNERS) == "* @c\n/infra/ @a\n/.github/workflows/ @b\n"


def test_what_the_fix_says() -> None:
    text = "/.github/ @example/cicd-admins\n/.github/workflows/ @example/cicd-admins\n* @example/developers\n"
    done = fixed(RULE, {CI: WORKFLOW, OWNERS: text})
    assert done.said == ["review: move lines 1, 2 to the end"]
    assert "have to approve changes of the workflows" in done.notes[0]


REFUSED: dict[str, tuple[dict[str, str | bytes], dict[str, Any], str]] = {
    "nobody is named": ({OWNERS: "/src/ @a\n"}, ANYBODY, "who should own the workflows"),
    "the wrong people are named": ({OWNERS: "* @example/developers\n"}, {}, "who should own the workflows"),
    "the right order would not do": (
        {OWNERS: "/.github/workflows/ @example/testers\n* @example/developers\n"},
        {},
        "not be enough to move the lines to the end: .github/workflows/ belongs to @example/testers",
    ),
    "a line with a mistake": ({OWNERS: "* @a\n/.github/ oops\n"}, ANYBODY, "what this line was meant to say"),
    "a foreign team": (
        {OWNERS: "* @elsewhere/cicd-admins\n"}, {"slug": "example/shop"}, "which team of example should own",
    ),
    "two files": (
        {OWNERS: "* @a\n", "docs/CODEOWNERS": "* @b\n"}, ANYBODY, "which of the two files is meant",
    ),
    "too big for GitHub": (
        {OWNERS: "/.github/workflows/ @a\n* @b\n" + "#" * MAX_BYTES}, ANYBODY, "which of its lines can go",
    ),
    "not UTF-8": ({OWNERS: b"/.github/workflows/ @a # \xff\n* @b\n"}, ANYBODY, "the file is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusal(name: str) -> None:
    files, settings, reason = REFUSED[name]
    done = fixed(RULE, {CI: WORKFLOW, **files}, **settings)
    assert done.changes == {}
    assert any(reason in said for said in done.said), done.said


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / CI).write_text(WORKFLOW)
    (tmp_path / "OWNERS").write_text("/.github/workflows/ @a\n* @b\n")
    (tmp_path / OWNERS).symlink_to("../OWNERS")
    tree = WorkingTree(str(tmp_path))
    assert Snapshot(tree).is_link(OWNERS)
    [decision] = report(Snapshot(tree), RULE).decisions
    assert decision.unfixable == "what the link leads to may serve others as well; put a copy in its place"


# ---------------------------------------------------------------------------------------------------- properties

PATTERNS = (
    "*", "*.yml", "/src/", "/.github/", ".github/", "/.github/workflows/", "/.github/workflows/ci.yml", "**/ci.yml",
    "/.github/workflows/*", "/.github/ISSUE_TEMPLATE/", "/docs/**",
)  # fmt: skip
LINES = st.one_of(
    st.builds(
        lambda pattern, owners, comment: " ".join([pattern, *owners, *comment]),
        st.sampled_from(PATTERNS),
        st.lists(st.sampled_from(["@a", "@b", "@c"]), max_size=2, unique=True),
        st.sampled_from([[], ["# why"]]),
    ),
    st.sampled_from(["", "  ", "# a comment", "!/x @a", "/.github/ nobody", "\t# indented"]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.builds(
        lambda first, between, taking, last: [*first, "/.github/workflows/ @a", *between, taking, *last],
        st.lists(LINES, max_size=4),
        st.lists(LINES, max_size=3),
        st.sampled_from(["* @b", "*.yml @b", "/.github/ @b @c"]),
        st.lists(LINES, max_size=3),
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "\ufeff"]),
)
def test_no_line_is_lost_and_only_lines_about_workflows_move(
    lines: list[str], eol: str, ended: bool, mark: str
) -> None:
    text = mark + eol.join(lines) + (eol if ended else "")
    files = {CI: WORKFLOW, OWNERS: text}
    done = fixed(RULE, files, **ANYBODY)
    assert not [said for said in done.said if said.startswith("refused")]
    new = done.text(OWNERS)
    assert new.startswith("\ufeff") == bool(mark)
    assert new.count("\ufeff") == len(mark)
    assert new.endswith("\n") == text.endswith("\n")
    old_rows, new_rows = rows(text), rows(new)
    assert Counter(old_rows) == Counter(new_rows)
    assert [row for row in old_rows if stays(row)] == [row for row in new_rows if stays(row)]


def rows(text: str) -> list[str]:
    return [row.strip() for row in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n") if row.strip()]


def stays(row: str) -> bool:
    """Whether a line is about other files, or about nothing: such a line keeps its place among its likes."""
    return ".github" not in row and "#" not in row


@needs_corpus
def test_real_files() -> None:
    counts = Counter[str]()
    for snapshot in corpus("chittyos"):
        counts.update(re.sub("lines? [0-9, ]+", "lines ", said) for said in fixed(RULE, snapshot).said)
    assert counts == {
        "review: move lines to the end": 14,
        "no fix: which team of chittyapps should own these files instead only people can say": 7,
        "no fix: who should own the workflows only the repository's owners can say": 3,
        "no fix: which of the two files is meant only their owners can say; delete the other one": 1,
    }
