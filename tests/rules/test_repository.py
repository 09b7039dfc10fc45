"""The rules about files that a repository must have: the traps of the real files, and what is found in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chittyops_policy.codeowners import MAX_BYTES
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

from .checked import corpus, covered, found, needs_corpus, report

OWNERS = ".github/CODEOWNERS"
CI = ".github/workflows/ci.yml"
WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"


def judged(text: str, slug: str = "", **files: str) -> list[str]:
    """The texts under the findings on a CODEOWNERS beside one workflow, where anybody may own it."""
    lines = found("ineffective-codeowners", {CI: WORKFLOW, OWNERS: text, **files}, slug=slug, options={"owners": []})
    return [line.partition(": ")[0] for line in lines]


# ------------------------------------------------------------------------------------------- ineffective-codeowners

QUIET = {
    "the default line first": "* @a\n/.github/workflows/ @b\n",
    "only a default line": "* @a\n",
    "a broader line with the same owners after the narrow one": "/.github/workflows/ @a @O/t\n/.github/ @o/T @A\n",
    "fewer owners in the later line": "/.github/workflows/ @a @b\n* @a\n",
    "later lines about other files": "/.github/workflows/ @a\n*.md @b\n/src/ @c\ndocs/* @d\n",
    "one workflow on purpose": "/.github/workflows/ @a\n/.github/workflows/ci.yml @b\n",
    "the folder by its name only": "* @b\n.github/ @a\n",
    "the folder anywhere": "* @b\n**/.github/workflows/** @a\n",
    "a star for the files in it": "* @b\n.github/workflows/* @a\n",
    "a comment that looks like a line": "* @b\n/.github/workflows/ @a\n# * @b\n",
    "an inline comment": "* @b # * @c\n/.github/workflows/ @a # not !this\n",
    "letter case of owners": "/.github/workflows/ @A\n* @a\n",
}


@pytest.mark.parametrize("name", QUIET)
def test_a_file_that_protects_the_workflows_is_left_alone(name: str) -> None:
    assert judged(QUIET[name]) == []


LOUD: dict[str, tuple[str, list[str]]] = {
    "the default line last": ("/.github/workflows/ @a\n* @b\n", ["*"]),
    "a line for all YAML files last": ("/.github/workflows/ @a\n*.yml @b\n", ["*.yml"]),
    "a broader line with other owners last": ("/.github/workflows/ @a\n/.github/ @b\n", ["/.github/"]),
    "more owners in the later line": ("/.github/workflows/ @a\n* @a @b\n", ["*"]),
    "a later line without owners": ("/.github/workflows/ @a\n/.github/\n", ["/.github/"]),
    "a default line without owners": ("*\n", ["*"]),
    "a default line after an explicit line without owners helps": ("/.github/workflows/\n* @b\n", []),
    "a pattern in another letter case": ("/.GitHub/workflows/ @a\n", [OWNERS]),
    "no line for the workflows": ("/src/ @a\n", [OWNERS]),
    "nothing but comments": ("# * @a\n\n", [OWNERS]),
    "every line invalid": ("* a\n", [OWNERS, "a"]),
    "an existing file only": ("/.github/workflows/ @a\nci.yml @b\n", ["ci.yml"]),
    "two lines that undo it for different files": (
        "/.github/workflows/ @a\n/.github/workflows/* @a\nci.yml @c\n*.yaml @b\n",
        ["ci.yml"],
    ),
}


@pytest.mark.parametrize("name", LOUD)
def test_a_file_that_does_not_protect_them_is_shown_where(name: str) -> None:
    text, texts = LOUD[name]
    assert judged(text) == texts


def test_the_message_names_both_owners_and_the_line_that_was_meant() -> None:
    snapshot = Snapshot(MemoryTree({CI: WORKFLOW, OWNERS: "# x\n/.github/workflows/ @a @o/t\n* @b\n"}), "o/r")
    (decision,) = report(snapshot, "ineffective-codeowners", options={"owners": []}).decisions
    assert decision.message == (
        "the last line that matches wins: this one gives .github/workflows/ to @b, not to @a @o/t"
    )
    (related,) = decision.related
    assert related.message == "overridden from line 2"
    assert related.region is not None
    assert (related.region.line, related.region.column) == (2, 1)


def test_teams_of_another_organisation_are_told_once_each_and_only_where_the_repository_is_known() -> None:
    text = "* @O/t @a\n/x @o/t @p/t\n/y @P/T\n"
    assert judged(text, "o/r") == ["@p/t"]
    assert judged(text, "p/r") == ["@O/t"]
    snapshot = Snapshot(MemoryTree({CI: WORKFLOW, OWNERS: text}))
    assert report(snapshot, "ineffective-codeowners", options={"owners": []}).decisions == ()


@pytest.mark.parametrize(
    ("owners", "fires"),
    [
        ("@o/cicd-admins", False),
        ("@dev @O/CICD-Admins", False),
        ("@o/other", True),
        ("@cicd-admins", True),
        ("me@example.org", True),
    ],
)
def test_the_standard_may_want_a_team_among_the_owners(owners: str, fires: bool) -> None:
    files = {CI: WORKFLOW, OWNERS: f"* {owners}\n"}
    lines = found("ineffective-codeowners", files, slug="o/r", options={"owners": ["@*/cicd-admins"]})
    assert [line.partition(": ")[0] for line in lines] == ([owners] if fires else [])


def test_a_file_that_is_never_read_is_shown_unless_it_says_the_same() -> None:
    line = "* @a\n"
    assert judged(line, CODEOWNERS=line) == []
    assert judged(line, CODEOWNERS="* @b\n") == ["CODEOWNERS"]
    files = {"CODEOWNERS": line, "docs/CODEOWNERS": "* @b\n"}
    assert found("ineffective-codeowners", files, options={"owners": []}) == [
        "docs/CODEOWNERS: this file is never read: GitHub takes CODEOWNERS, which says something else"
    ]


def test_a_file_that_is_too_large_is_not_loaded() -> None:
    assert judged("# x\n" * (MAX_BYTES // 4 - 1) + "* @a\n") == [OWNERS]
    assert judged("# x\n" * (MAX_BYTES // 4 - 2) + "* @a\n") == []


def test_other_protected_paths() -> None:
    files = {OWNERS: "/.github/ @a\n/infra/ @a\n* @b\n/.github/workflows/ @a\n", "infra/main.tf": ""}
    options = {"owners": [], "protected": [".github/workflows/", "infra/", ".github/CODEOWNERS", "missing.txt"]}
    assert found("ineffective-codeowners", files, options=options) == [
        "*: the last line that matches wins: this one gives .github/CODEOWNERS to @b, not to @a",
        "*: the last line that matches wins: this one gives infra/ to @b, not to @a",
    ]


def test_a_linked_codeowners_is_not_followed_by_github(tmp_path: Path) -> None:
    (tmp_path / "owners.txt").write_text("* @a\n")
    (tmp_path / "CODEOWNERS").symlink_to("owners.txt")
    snapshot = Snapshot(WorkingTree(str(tmp_path)))
    (decision,) = report(snapshot, "ineffective-codeowners").decisions
    assert decision.message == "CODEOWNERS is a symbolic link, which GitHub does not follow"


@needs_corpus
def test_codeowners_in_the_real_repositories() -> None:
    kinds: Counter[str] = Counter()
    workflow_lines = 0
    for snapshot in corpus("chittyos"):
        path = snapshot.codeowners_path()
        workflow_lines += path is not None and ".github/workflows" in (snapshot.text(path) or "")
        for decision in report(snapshot, "ineffective-codeowners").decisions:
            kinds[decision.message.partition(" ")[0] + " " + covered(snapshot, decision)] += 1
    # 18 live files; 16 of them have lines for the workflows. In 14, all from the organisation's template, the default
    # line stands last and takes the workflows away again. chittycharge names six teams of chittyos, which own nothing
    # in chittyapps. The top-level file of chittyconnect is hidden by the one in .github/. The four remaining findings
    # are workflows that belong to others than the cicd-admins.
    assert workflow_lines == 16
    assert kinds == {
        "the *": 14,
        "@chittyos/platform-team @chittyos/platform-team": 1,
        "@chittyos/backend-team @chittyos/backend-team": 1,
        "@chittyos/devops-team @chittyos/devops-team": 1,
        "@chittyos/security-team @chittyos/security-team": 1,
        "@chittyos/finance-team @chittyos/finance-team": 1,
        "@chittyos/docs-team @chittyos/docs-team": 1,
        "this CODEOWNERS": 1,
        ".github/workflows/ @chittyos/devops-team": 1,
        ".github/workflows/ @chitcommit": 1,
        ".github/workflows/ @chittyos/security @chittyos/platform": 1,
        ".github/workflows/ @CHITTYOS/developers": 1,
    }


# ----------------------------------------------------------------------------------------------- missing files


@pytest.mark.parametrize("path", ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"])
def test_codeowners_counts_in_its_three_places(path: str) -> None:
    assert found("missing-codeowners", {path: ""}) == []


@pytest.mark.parametrize("path", ["codeowners", "CODEOWNERS.txt", "CODEOWNERS copy", ".gitlab/CODEOWNERS"])
def test_codeowners_elsewhere_or_otherwise_spelt_is_missing(path: str) -> None:
    assert len(found("missing-codeowners", {path: "* @a\n"})) == 1


def test_a_near_miss_is_named() -> None:
    snapshot = Snapshot(MemoryTree({".github/CODEOWNERS.md": "", "claude.md": "x", "docs/CHARTER.md": "x"}))
    notes = {
        decision.path: decision.notes
        for decision in report(snapshot, "missing-codeowners", "missing-claude-md", "missing-charter").decisions
    }
    assert ".github/CODEOWNERS.md" in notes[".github/CODEOWNERS"][0]
    assert "claude.md" in notes["CLAUDE.md"][0]
    assert "docs/CHARTER.md" in notes["CHARTER.md"][0]


@pytest.mark.parametrize(("rule", "name"), [("missing-claude-md", "CLAUDE.md"), ("missing-charter", "CHARTER.md")])
def test_a_required_document_must_say_something(rule: str, name: str) -> None:
    assert found(rule, {name: "# x\n"}) == []
    assert found(rule, {name: "\ufeff \n"}) == [f"{name}: {name} is blank"]
    assert found(rule, {"README.md": "x"}) == [f"{name}: the repository has no {name} at its top"]


def test_a_link_to_a_document_inside_the_tree_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("# x\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    (tmp_path / "CHARTER.md").symlink_to("/etc/hostname")
    snapshot = Snapshot(WorkingTree(str(tmp_path)))
    decisions = report(snapshot, "missing-claude-md", "missing-charter").decisions
    assert [decision.rule for decision in decisions] == ["missing-charter"]


@needs_corpus
def test_compliance_files_in_the_real_repositories() -> None:
    missing: Counter[str] = Counter()
    for snapshot in corpus("chittyos"):
        for decision in report(snapshot, "missing-codeowners", "missing-claude-md", "missing-charter").decisions:
            missing[decision.rule] += 1
    # Of 43: 18 have a CODEOWNERS at the top or in .github/ (copies of other repositories in a folder do not count: six
    # of the files in the corpus lie in one), 30 a CLAUDE.md, 21 a CHARTER.md.
    assert missing == {"missing-codeowners": 25, "missing-claude-md": 13, "missing-charter": 22}


# ------------------------------------------------------------------------------------------- missing-update-tool

DEPENDABOT = ".github/dependabot.yml"
ENTRY = "  - package-ecosystem: {}\n    directory: /\n    schedule: {{interval: weekly}}\n"


def updates(*ecosystems: str) -> str:
    return "version: 2\nupdates:\n" + "".join(ENTRY.format(name) for name in ecosystems)


COVERED: dict[str, dict[str, str]] = {
    "Dependabot": {DEPENDABOT: updates("npm", "github-actions")},
    "Dependabot in the other spelling": {".github/dependabot.yaml": updates("'github-actions'")},
    "a paused entry and a live one": {
        DEPENDABOT: updates("github-actions") + "    open-pull-requests-limit: 0\n" + ENTRY.format("github-actions")
    },
    "renovate.json": {"renovate.json": "{}"},
    "renovate.json5 that is more than JSON": {"renovate.json5": "{extends: ['config:recommended']}"},
    ".renovaterc": {".renovaterc": '{"extends": ["config:base"]}'},
    ".github/renovate.json5": {".github/renovate.json5": "{}"},
    "a key in package.json": {"package.json": '{"renovate": {"extends": ["config:base"]}}'},
    "Renovate beside Dependabot for npm": {DEPENDABOT: updates("npm"), "renovate.json": "{}"},
    "Renovate with the manager among others": {"renovate.json": '{"enabledManagers": ["npm", "github-actions"]}'},
}


@pytest.mark.parametrize("name", COVERED)
def test_an_update_tool_in_any_form(name: str) -> None:
    assert found("missing-update-tool", {CI: WORKFLOW, **COVERED[name]}) == []


UNCOVERED: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, DEPENDABOT),
    "another ecosystem": ({DEPENDABOT: updates("npm")}, "updates"),
    "an empty ecosystem": ({DEPENDABOT: updates('""')}, "updates"),
    "no updates at all": ({DEPENDABOT: "version: 2\n"}, DEPENDABOT),
    "an empty file": ({DEPENDABOT: ""}, DEPENDABOT),
    "paused": ({DEPENDABOT: updates("github-actions") + "    open-pull-requests-limit: 0\n"}, "0"),
    "Dependabot in a wrong place": ({"dependabot.yml": updates("github-actions")}, DEPENDABOT),
    "Renovate turned off": ({"renovate.json": '{"enabled": false}'}, "renovate.json"),
    "Renovate for something else": ({"renovate.json": '{"enabledManagers": ["npm"]}'}, "renovate.json"),
    "Renovate without the manager": (
        {".github/renovate.json": '{"github-actions": {"enabled": false}}'},
        ".github/renovate.json",
    ),
    "the word renovate in package.json": ({"package.json": '{"keywords": ["renovate"]}'}, DEPENDABOT),
}


@pytest.mark.parametrize("name", UNCOVERED)
def test_no_update_tool_for_actions(name: str) -> None:
    files, text = UNCOVERED[name]
    (line,) = found("missing-update-tool", {CI: WORKFLOW, **files})
    assert line.partition(": ")[0] == text


def test_without_workflows_the_question_does_not_arise() -> None:
    assert found("missing-update-tool", {"README.md": ""}) == []
    assert len(found("missing-update-tool", {"action.yml": "runs:\n  using: composite\n  steps: []\n"})) == 1


def test_a_dependabot_file_that_does_not_parse_is_unknown() -> None:
    snapshot = Snapshot(MemoryTree({CI: WORKFLOW, DEPENDABOT: "updates: [\n"}))
    result = report(snapshot, "missing-update-tool")
    assert result.decisions == ()
    (verdict,) = [verdict for verdict in result.verdicts if verdict.control == "update-tool"]
    assert (verdict.outcome, verdict.reason) == ("unknown", f"{DEPENDABOT} cannot be read")


@needs_corpus
def test_update_tools_in_the_real_repositories() -> None:
    messages: Counter[str] = Counter()
    for snapshot in corpus("chittyos"):
        for decision in report(snapshot, "missing-update-tool").decisions:
            messages[covered(snapshot, decision)] += 1
    # 32 repositories have live workflows: 11 of them a github-actions entry, 20 no tool at all, and chittyconnect has
    # a file with an empty ecosystem.
    assert messages == {DEPENDABOT: 20, "updates": 1}
