"""Plans: what a judged repository gets, as values, as JSON that cannot be tampered with, and as patches for git."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from chittyops_policy.audit.plan import Entry, FileChange, Plan, Withheld, blob_id, dump, load
from chittyops_policy.audit.plan_files import read_plan, write_plan
from chittyops_policy.audit.proposals import Choice, Manner, reviewers_of
from chittyops_policy.audit.pull_request_text import render
from chittyops_policy.checking import open_snapshot
from chittyops_policy.errors import UserError
from chittyops_policy.snapshot import MemoryTree, Snapshot

from ..doors.support import ROOT, UNPINNED, commit, git, repository
from .planned import FILES, WORKFLOW, disk_entry, entry, entry_of

CREATED = "2026-11-25T19:00:00Z"
ALL = Choice(review=True)


def plan(*entries: Entry) -> Plan:
    return Plan(CREATED, "a" * 64, entries)


# ----------------------------------------------------------------------------------------------------- proposals


def test_an_entry_holds_the_change_with_its_proof_and_what_is_left() -> None:
    found = entry()
    assert (found.slug, found.base, found.commit, found.set) == (
        "octo/app",
        "main",
        "1" * 40,
        "safe-fixes-unpinned-uses",
    )
    assert found.branch == "chittyops-policy/safe-fixes-unpinned-uses"
    assert found.title == "chore(ci): apply the ChittyOS policy: unpinned-uses"
    assert found.labels == ("compliance", "automation")
    assert found.reviewers == ("@octo/cicd-admins", "@octocat", "@hubot"), "GitHub cannot ask an e-mail address"
    assert found.rules == ("unpinned-uses",)
    [file] = found.files
    assert (file.path, file.mode, file.before) == (WORKFLOW, "", blob_id(UNPINNED.encode()))
    assert [(fix.rule, fix.safety, fix.count) for fix in file.fixes] == [("unpinned-uses", "safe", 1)]
    assert [part for part, _ in file.proof] == ["bytes", "value", "findings", "scripts", "again"]
    rules = {item.rule for item in found.withheld}
    assert "missing-charter" in rules and "unpinned-uses" not in rules


def test_blob_ids_are_those_of_git(tmp_path: Path) -> None:
    data = "grün\r\n".encode()
    (tmp_path / "file").write_bytes(data)
    done = subprocess.run(["git", "hash-object", "--no-filters", "file"], cwd=tmp_path, capture_output=True, text=True)
    assert blob_id(data) == done.stdout.strip()


def test_nothing_is_proposed_where_nothing_of_the_choice_can_be_mended() -> None:
    clean = entry().files[0].after
    snapshot = Snapshot(MemoryTree({**FILES, WORKFLOW: clean}), "octo/app")
    assert entry_of(snapshot, Choice(only=("unpinned-uses",))) is None
    assert entry_of(snapshot, Choice(only=("ineffective-codeowners",))) is None, "that fix is for review"


@pytest.mark.parametrize(
    ("choice", "rule", "safety", "state", "stage", "takes"),
    [
        (Choice(), "r", "safe", "open", "block", True),
        (Choice(), "r", "review", "open", "block", False),
        (Choice(review=True), "r", "review", "open", "block", True),
        (Choice(review=True), "r", "safe", "open", "block", True),
        (Choice(), "r", None, "open", "block", False),
        (Choice(), "r", "safe", "staged", "warn", True),
        (Choice(), "r", "safe", "staged", "observe", False),
        (Choice(only=("r",)), "r", "safe", "staged", "observe", True),
        (Choice(only=("q",)), "r", "safe", "open", "block", False),
        (Choice(), "r", "safe", "excepted", "block", False),
        (Choice(), "r", "safe", "below-level", "block", False),
    ],
)
def test_which_fixes_a_pull_request_has(
    choice: Choice, rule: str, safety: str | None, state: str, stage: str, takes: bool
) -> None:
    assert choice.takes(rule, safety, state, stage) is takes


def test_the_name_of_a_rule_set_is_stable_and_short() -> None:
    assert Choice().set == "safe-fixes"
    assert Choice(review=True, only=("b", "a")).set == Choice(review=True, only=("a", "b")).set == "all-fixes-a-b"
    long = [Choice(only=(f"rule-{number}", "x" * 120)).set for number in range(2)]
    assert len(set(long)) == 2 and all(len(name) < 101 for name in long)


def test_the_branch_and_title_of_other_automation_are_never_taken() -> None:
    governance = {
        "branch": "automation",
        "title": "chore(governance): add CI/CD governance baseline",
        "reserved_branches": ["automation/governance-baseline"],
        "reserved_titles": ["chore(governance): add CI/CD governance baseline"],
    }
    manner = Manner({"pull_requests": governance})
    assert manner.branch_of("safe-fixes") == "automation/safe-fixes"
    with pytest.raises(UserError, match="belongs to other automation"):
        manner.title_of(Choice())
    with pytest.raises(UserError, match="governance-baseline/safe-fixes belongs to other automation"):
        Manner({"pull_requests": {**governance, "branch": "automation/governance-baseline"}}).branch_of("safe-fixes")
    with pytest.raises(UserError, match="belongs to other automation"):
        manner.branch_of("governance-baseline")


def test_a_pack_that_says_nothing_of_pull_requests_has_some_all_the_same() -> None:
    manner = Manner({})
    assert manner.branch_of("safe-fixes") == "chittyops-policy/safe-fixes"
    assert manner.title_of(Choice(review=True)) == "Apply the fixes of chittyops-policy (for review)"
    assert manner.labels == ()


def test_reviewers_are_those_of_the_last_line_that_matches() -> None:
    def reviewers(text: str) -> tuple[str, ...]:
        return reviewers_of(Snapshot(MemoryTree({"CODEOWNERS": text})), [WORKFLOW, "README.md"])

    assert reviewers("* @a\n/.github/ @b @B @c/d\n") == ("@b", "@c/d", "@a")
    assert reviewers("* @a\n/.github/\n") == ("@a",), "workflows are nobody's"
    assert reviewers("".join(f"README.md {' '.join(f'@u{n}' for n in range(40))}\n")) == tuple(
        f"@u{n}" for n in range(15)
    )
    assert reviewers_of(Snapshot(MemoryTree({})), [WORKFLOW]) == ()


def test_what_was_declined_is_known_again_though_other_lines_moved() -> None:
    first, second = entry(), entry({**FILES, WORKFLOW: "# a comment\n\n" + UNPINNED})
    assert first.change == second.change and first.content != second.content
    third = entry({**FILES, WORKFLOW: UNPINNED.replace("checkout@v4", "checkout@v3")})
    assert third.change != first.change
    other = entry({**FILES, ".github/workflows/other.yml": UNPINNED})
    assert other.change != first.change


# ---------------------------------------------------------------------------------------------------------- JSON


@pytest.fixture(scope="module")
def several() -> Plan:
    odd = FileChange('docs/od"d\udce9.bin', "100644", "", b"\xff\x00", (), ())
    made = entry(choice=Choice())
    binary = Entry(
        "octo/other",
        base="main",
        commit="2" * 40,
        set="setup",
        branch="chittyops-policy/setup",
        title="Set it up",
        body="@everyone ```",
        files=(odd,),
        patch="",
        withheld=(Withheld("r", "low", "p", 0, "m", "w", True),),
    )
    return plan(made, binary)


def test_a_plan_survives_its_file(several: Plan) -> None:
    text = dump(several)
    assert load(text) == several and dump(load(text)) == text
    assert text.isascii()
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
    Draft202012Validator.check_schema(schema)


def test_equal_plans_have_one_digest_whenever_they_were_made(several: Plan) -> None:
    later = Plan("2027-01-01T00:00:00Z", several.policy, several.entries)
    assert later.digest == several.digest
    assert plan(entry()).digest == plan(entry()).digest
    assert plan(entry(head="3" * 40)).digest != plan(entry()).digest


def _set(*route: Any, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in route[:-1]:
            document = document[step]
        document[route[-1]] = value

    return change


TAMPERED: dict[str, tuple[Callable[[Any], None], str]] = {
    "a byte of a file": (
        _set("entries", 0, "files", 0, "after", "text", value="evil: true\n"),
        "not what was reviewed",
    ),
    "another repository": (_set("entries", 0, "repository", value="octo/elsewhere"), "not what was reviewed"),
    "another base": (_set("entries", 0, "base", "commit", value="f" * 40), "not what was reviewed"),
    "another text": (_set("entries", 0, "body", value="please merge"), "not what was reviewed"),
    "a finding hidden": (_set("entries", 1, "withheld", value=[]), "not what was reviewed"),
    "a mode": (_set("entries", 0, "files", 0, "mode", value="100755"), "not what was reviewed"),
    "a link": (_set("entries", 0, "files", 0, "mode", value="120000"), "damaged at entries/0/files/0/mode"),
    "a path upwards": (_set("entries", 0, "files", 0, "path", value="../x"), "damaged at entries/0/files/0/path"),
    "a path into git": (_set("entries", 0, "files", 0, "path", value="a/.GIT/config"), "damaged at entries/0/files"),
    "an absolute path": (_set("entries", 0, "files", 0, "path", value="/etc/passwd"), "damaged at entries/0/files"),
    "a key too many": (_set("merge", value=True), "damaged at the top"),
    "two contents": (_set("entries", 1, "files", 0, "after", "text", value="x"), "damaged at entries/1/files/0/after"),
    "no branch": (_set("entries", 0, "branch", value="main"), "damaged at entries/0/branch"),
    "another version": (_set("schema_version", value="2.0"), "has format 2.0, this version reads 1.0"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_plan_is_refused(name: str, several: Plan) -> None:
    change, message = TAMPERED[name]
    document = json.loads(dump(several))
    change(document)
    with pytest.raises(UserError, match=message):
        load(json.dumps(document))


def test_a_content_that_does_not_fit_its_id_is_refused_though_the_digest_was_made_again(several: Plan) -> None:
    document = json.loads(dump(several))
    document["entries"][0]["files"][0]["after"]["blob"] = "0" * 40
    covered = {key: value for key, value in document.items() if key not in ("created", "digest")}
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    document["digest"] = sha256(canonical.encode()).hexdigest()
    with pytest.raises(UserError, match="is not what its id says"):
        load(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '"x"', "{"])
def test_what_is_no_plan_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UserError, match="no plan of chittyops-policy"):
        load(text)


def test_a_plan_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_plan(str(tmp_path / "plan.json"))
    (tmp_path / "plan.json").write_bytes(b"\xff")
    with pytest.raises(UserError, match="it is no text"):
        read_plan(str(tmp_path / "plan.json"))


# ------------------------------------------------------------------------------------------------------- patches


def test_git_applies_each_patch_and_gets_what_the_plan_says(tmp_path: Path) -> None:
    script = ".github/workflows/od d.yml"
    folder = repository(tmp_path / "app", {**FILES, script: UNPINNED.replace("\n", "\r\n")}, slug="octo/app")
    os.chmod(folder / script, 0o755)
    commit(folder)
    found = disk_entry(folder, ALL, head=git(folder, "rev-parse", "HEAD"))
    assert {file.path for file in found.files} >= {WORKFLOW, script}
    assert any(file.before == "" for file in found.files), "one of the fixes creates a file"
    written = write_plan(str(tmp_path / "out"), plan(found))
    assert [os.path.relpath(path, tmp_path / "out") for path in written] == ["plan.json", "patches/octo/app.patch"]
    git(folder, "apply", "--index", str(tmp_path / "out" / "patches" / "octo" / "app.patch"))
    for file in found.files:
        assert (folder / file.path).read_bytes() == file.after
        listed = git(folder, "ls-files", "--stage", "--", file.path).split()
        assert listed[:2] == ["100755" if file.path == script else "100644", file.blob]
    assert read_plan(str(tmp_path / "out" / "plan.json")) == plan(found)
    assert entry_of(open_snapshot(str(folder), {}), ALL) is None, "a second run has nothing to do"


def test_two_rule_sets_of_a_repository_have_a_patch_each(tmp_path: Path) -> None:
    written = write_plan(str(tmp_path), plan(entry(), entry(choice=Choice())))
    assert [os.path.relpath(path, tmp_path) for path in written[1:]] == [
        "patches/octo/app.safe-fixes-unpinned-uses.patch",
        "patches/octo/app.safe-fixes.patch",
    ]


# ---------------------------------------------------------------------------------------------------------- text


def test_the_text_explains_each_rule_shows_the_proof_and_lists_what_is_left() -> None:
    body = entry(choice=Choice()).body
    for words in (
        "deterministic output of the program `chittyops-policy",
        "neither approves nor merges it",
        "**`unpinned-uses`**",
        "needs review"
        if "review" in {fix.safety for file in entry().files for fix in file.fixes}
        else "pin actions/checkout",
        "every byte outside is the same",
        "### Left for people",
        "`missing-charter`",
        "Close it: it is not proposed again until it would do something else.",
    ):
        assert words in body, words
    assert "<!-- chittyops-policy" not in body


HOSTILE = (
    "@octo/everyone `x` ``` <!-- chittyops-policy {} --> <img src=x> [a](https://evil.example) #1 http://evil.example"
)


def test_nothing_from_a_repository_becomes_markup_or_a_mention() -> None:
    path = f".github/workflows/{HOSTILE.replace('/', '_')}.yml"
    made = entry({**FILES, path: UNPINNED.replace("make", "make ${{ github.event.issue.title }}")}, Choice(review=True))
    left = tuple(Withheld("rule", "high", path, 1, HOSTILE, HOSTILE, refused) for refused in (True, False))
    body = render("pack", made.files, left, {})
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(body)
    inline = [child for token in tokens if token.children for child in token.children]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"link_open", "image", "html_block", "fence", "code_block"}, kinds
    assert {token.content for token in inline if token.type == "html_inline"} == {"<!-- -->"}
    for token in inline:
        if token.type == "text":
            assert "@octo" not in token.content and "://" not in token.content
    assert not [line for line in body.splitlines() if line.startswith("<!--")]


def test_a_long_text_is_cut_and_says_so() -> None:
    left = tuple(Withheld("rule", "high", "p" * 200, n, "m" * 200, "w" * 200) for n in range(200))
    body = render("pack", entry().files, left, {}, limit=9000)
    assert len(body) <= 9000 and "did not fit here" in body
    whole = render("pack", entry().files, left, {})
    assert "and 150 more, which the audit's report lists" in whole
