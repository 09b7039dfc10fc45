"""Fixes in passes to a fixed point: what is applied together, what waits, what is refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from chittyops_policy.catalogue import Catalogue, load
from chittyops_policy.document import Scalar, Sequence
from chittyops_policy.edits import add_key, insert_item, set_comment, set_scalar
from chittyops_policy.fixer import MAX_PASSES, Outcome, fix
from chittyops_policy.model import REVIEW, SAFE, SET, Creation, Decision, Edit, Effect, Finding, Fix, NoFix, Span
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.proof import Patch, Unproven, prove_patch
from chittyops_policy.rule import Context, Rule
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.workflow import Workflow

from .trial_rules import rule

Repair = Callable[[Finding, Context], Fix | NoFix]
WHOLE = load()
TODAY = "2026-01-01"
PATH = ".github/workflows/ci.yml"
OTHER = ".github/workflows/other.yml"
TEXT = """\
name: old
on: push
permissions: {}
jobs:
  one:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - run: make
"""


class Fixable(Rule):
    """A rule of a test with its repair beside it."""

    __slots__ = ("own",)

    def __init__(self, base: Rule, own: Repair) -> None:
        for name in Rule.__slots__:
            setattr(self, name, getattr(base, name))
        self.own = own

    @property
    def repair(self) -> Repair:
        return self.own


def fixable(id: str, check: Callable[[Any, Context], Iterable[Any]], repair: Repair) -> Rule:
    return Fixable(rule(id, check=check), repair)


def scalar_of(context: Context, finding: Finding, key: str) -> tuple[Workflow, Scalar]:
    workflow = context.snapshot.workflow(finding.path)
    assert workflow is not None
    value = workflow.node.get(key)
    assert isinstance(value, Scalar)
    return workflow, value


def named(word: str, becomes: str, id: str, safety: str = SAFE) -> Rule:
    """A rule against one name of a workflow, whose fix gives it another."""

    def check(workflow: Workflow, context: Context) -> Iterable[Finding]:
        value = workflow.node.get("name")
        if isinstance(value, Scalar) and value.value == word:
            yield context.at(workflow.document, value, f"{word} is no name")

    def repair(finding: Finding, context: Context) -> Fix:
        workflow, value = scalar_of(context, finding, "name")
        amendment = set_scalar(workflow.document, value, becomes)
        return Fix(f"name it {becomes}", safety, amendment.edits, amendment.effects)

    return fixable(id, check, repair)


def run(
    files: Mapping[str, str | bytes],
    *rules: Rule,
    wanted: Callable[[Decision, Fix], bool] = lambda decision, fix: True,
    paths: tuple[str, ...] | None = None,
) -> Outcome:
    """Fixes with these rules and all the real ones; the policy asks for these alone."""
    catalogue = Catalogue({**WHOLE.rules, **{rule.id: rule for rule in rules}})
    snapshot = Snapshot(MemoryTree(files), "example/repository")
    pack = standard_pack(None)

    def policy(overrides: Overrides):  # type: ignore[no-untyped-def]
        return effective(catalogue, pack, None, overrides, slug=snapshot.slug, today=TODAY)

    return fix(
        snapshot, catalogue, policy(Overrides(select=tuple(rule.id for rule in rules))),
        policy(Overrides(profile="everything")), today=TODAY, wanted=wanted, paths=paths,
    )  # fmt: skip


def after(outcome: Outcome) -> dict[str, str]:
    return {change.path: change.after.decode() for change in outcome.changes}


def refusals(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(refusal.decision.rule, refusal.part, refusal.reason) for refusal in outcome.refusals]


def test_a_fix_is_made_and_says_what_was_proven() -> None:
    outcome = run({PATH: TEXT}, named("old", "new", "old-name"))
    assert after(outcome) == {PATH: TEXT.replace("name: old", "name: new")}
    (change,) = outcome.changes
    assert change.before == TEXT.encode()
    assert [applied.fix.title for applied in change.fixes] == ["name it new"]
    ran = len(WHOLE.rules) + 1
    assert [part for part, _ in change.proof] == ["bytes", "value", "findings", "scripts", "again"]
    assert [shown.replace(str(ran), "N") for _, shown in change.proof[:3]] == [
        "1 place is changed; every byte outside is the same",
        "only name differs in the parsed file",
        change.proof[2][1].replace(str(ran), "N"),
    ]
    assert change.proof[2][1].startswith("old-name: gone; none of ")
    assert change.proof[4][1] == "a second run changes nothing (settled after 1 pass)"


def test_what_one_fix_uncovers_the_next_pass_fixes() -> None:
    outcome = run({PATH: TEXT}, named("old", "newer", "old-name"), named("newer", "newest", "newer-name"))
    # The second rule's finding is new after the first fix: a proof that let it pass would believe anything.
    assert refusals(outcome) == [("old-name", "findings", f"newer-name has a new finding in {PATH} at name")]
    assert outcome.changes == ()


def test_fixes_that_touch_wait_for_each_other() -> None:
    """Two rules put a step at the same place: both end up there, one a pass."""

    def stepped(id: str, command: str) -> Rule:
        def steps(workflow: Workflow):  # type: ignore[no-untyped-def]
            return workflow.jobs[0].node.get("steps")

        def check(workflow: Workflow, context: Context) -> Iterable[Finding]:
            if command not in workflow.document.text:
                yield context.at(workflow.document, workflow.jobs[0].key, f"no {command}")

        def repair(finding: Finding, context: Context) -> Fix:
            workflow = context.snapshot.workflow(finding.path)
            assert workflow is not None
            amendment = insert_item(workflow.document, steps(workflow), 1, {"run": command})
            return Fix(f"run {command}", SAFE, amendment.edits, amendment.effects)

        return fixable(id, check, repair)

    outcome = run({PATH: TEXT}, stepped("missing-lint", "make lint"), stepped("missing-test", "make test"))
    assert after(outcome) == {PATH: TEXT + "      - run: make test\n      - run: make lint\n"}
    assert outcome.changes[0].proof[4][1] == "a second run changes nothing (settled after 2 passes)"


def test_one_fix_for_several_findings_is_made_once() -> None:
    def check(workflow: Workflow, context: Context) -> Iterable[Finding]:
        if workflow.node.get("env") is None:
            for key in ("name", "on"):
                yield context.at(workflow.document, workflow.node.get(key), f"{key} without env")  # type: ignore

    def repair(finding: Finding, context: Context) -> Fix:
        workflow, _ = scalar_of(context, finding, "name")
        amendment = add_key(workflow.document, workflow.node, "env", {"A": "b"}, after="on")
        return Fix("add env", SAFE, amendment.edits, amendment.effects)

    outcome = run({PATH: TEXT}, fixable("missing-env", check, repair))
    assert after(outcome) == {PATH: TEXT.replace("on: push\n", "on: push\nenv:\n  A: b\n")}
    assert len(outcome.changes[0].fixes) == 2


def test_what_does_not_settle_stays_as_it_was() -> None:
    """So many steps at the same place that each waits for the one before; the other file is fixed all the same."""
    commands = [f"make part-{number:02}" for number in range(MAX_PASSES + 1)]

    def check(workflow: Workflow, context: Context) -> Iterable[Finding]:
        if workflow.path == PATH:
            for command in commands:
                if command not in workflow.document.text:
                    yield Finding("missing-part", f"no {command}", PATH, Span(0, 4), f"jobs.{command[-2:]}")

    def repair(finding: Finding, context: Context) -> Fix:
        workflow = context.snapshot.workflow(finding.path)
        assert workflow is not None
        steps = workflow.jobs[0].node.get("steps")
        assert isinstance(steps, Sequence)
        amendment = insert_item(workflow.document, steps, 1, {"run": finding.message[3:]})
        return Fix(finding.message, SAFE, amendment.edits, amendment.effects)

    outcome = run({PATH: TEXT, OTHER: TEXT}, named("old", "new", "old-name"), fixable("missing-part", check, repair))
    assert set(after(outcome)) == {OTHER}
    assert {rule for rule, _, _ in refusals(outcome)} == {"missing-part", "old-name"}
    assert {why for _, part, why in refusals(outcome) if part == "again"} == {
        f"the file still changes after {MAX_PASSES} passes"
    }


def test_only_wanted_fixes_in_wanted_files_are_made() -> None:
    careful = named("old", "new", "old-name", REVIEW)
    files = {PATH: TEXT, OTHER: TEXT}
    outcome = run(files, careful, wanted=lambda decision, fix: fix.safety == SAFE)
    assert (outcome.changes, outcome.refusals) == ((), ())
    assert set(after(run(files, careful, paths=(OTHER,)))) == {OTHER}


# -------------------------------------------------------------------------------------------------------- refusals


def lying(make: Callable[[Workflow, Scalar], Fix]) -> Rule:
    """A rule whose fix does something else than it says, or breaks something."""

    def check(workflow: Workflow, context: Context) -> Iterable[Finding]:
        value = workflow.node.get("name")
        if isinstance(value, Scalar) and value.value == "old":
            yield context.at(workflow.document, value, "old is no name")

    def repair(finding: Finding, context: Context) -> Fix:
        workflow, value = scalar_of(context, finding, "name")
        return make(workflow, value)

    return fixable("old-name", check, repair)


def renamed(workflow: Workflow, value: Scalar) -> Fix:
    amendment = set_scalar(workflow.document, value, "new")
    return Fix("name it new", SAFE, amendment.edits, amendment.effects)


def undeclared(workflow: Workflow, value: Scalar) -> Fix:
    fix = renamed(workflow, value)
    at = workflow.document.text.index("ubuntu-latest")
    return Fix(fix.title, SAFE, (*fix.edits, Edit(Span(at, at + 6), "debian")), fix.effects)


def swallowing(workflow: Workflow, value: Scalar) -> Fix:
    return Fix("quote it", SAFE, (Edit(value.span, "new'"),), ())


def useless(workflow: Workflow, value: Scalar) -> Fix:
    amendment = set_comment(workflow.document, value.start, "renamed")
    return Fix("say so", SAFE, amendment.edits, amendment.effects)


def unpinned(workflow: Workflow, value: Scalar) -> Fix:
    steps = workflow.jobs[0].node.get("steps")
    amendment = insert_item(workflow.document, steps, 0, {"uses": "docker/login-action@v3"})  # type: ignore[arg-type]
    return Fix("get the code", SAFE, renamed(workflow, value).edits + amendment.edits,
               renamed(workflow, value).effects + amendment.effects)  # fmt: skip


def scripted(workflow: Workflow, value: Scalar) -> Fix:
    run = workflow.jobs[0].steps[0].node.get("run")
    assert isinstance(run, Scalar)
    amendment = set_scalar(workflow.document, run, "make '$X'")
    fix = renamed(workflow, value)
    return Fix("name it", SAFE, fix.edits + amendment.edits, fix.effects + amendment.effects)


def overwriting(workflow: Workflow, value: Scalar) -> Fix:
    fix = renamed(workflow, value)
    return Fix("own it", SAFE, fix.edits, fix.effects, (Creation("README", "CODEOWNERS", {"owners": ["@a/b"]}),))


LIES: dict[str, tuple[Callable[[Workflow, Scalar], Fix], str, str]] = {
    "an edit that is not declared": (undeclared, "value", "jobs.one.runs-on is not as declared"),
    "a text that does not parse as meant": (swallowing, "value", "name is not as declared"),
    "a fix that fixes nothing": (useless, "findings", f"old-name still has its finding in {PATH}"),
    "a fix that makes another finding": (unpinned, "findings", f"unpinned-uses has a new finding in {PATH} at"),
    "a script that means something else": (scripted, "scripts", "jobs.one.steps[0].run"),
    "a file that is there": (overwriting, "bytes", "README is there already"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_is_not_proven_is_not_made_and_names_the_failed_part(name: str) -> None:
    make, part, reason = LIES[name]
    honest = named("other", "new", "other-name")
    files = {PATH: TEXT, OTHER: TEXT.replace("name: old", "name: other"), "README": "me\n"}
    outcome = run(files, lying(make), honest)
    assert set(after(outcome)) == {OTHER}, "the honest fix of the same pass is made"
    ((rule, failed, why),) = refusals(outcome)
    assert (rule, failed) == ("old-name", part)
    assert reason in why


def test_a_repair_that_crashes_is_a_problem_and_no_fix() -> None:
    def crash(finding: Finding, context: Context) -> Fix | NoFix:
        raise KeyError("lost")

    base = named("old", "new", "old-name")
    outcome = run({PATH: TEXT}, fixable("old-name", base.check, crash))
    assert (outcome.changes, outcome.refusals) == ((), ())


def test_a_file_is_created_where_there_was_none() -> None:
    outcome = run({PATH: TEXT}, lying(overwriting))
    assert set(after(outcome)) == {PATH, "README"}
    created = next(change for change in outcome.changes if change.path == "README")
    assert created.before is None and b"/.github/ @a/b" in created.after
    assert created.proof[0] == ("bytes", "the file is new; every other file is as it was")


# ------------------------------------------------------------------------------------------------------------ bytes


@pytest.mark.parametrize(
    ("before", "claimed", "edits", "reason"),
    [
        pytest.param("a: b\nc: d\n", "a: b\nc: e\n", (), "behind the last declared place", id="nothing declared"),
        pytest.param("a: b\n", "a: xyz\n", (Edit(Span(3, 4), "c"),), "not the declared one", id="another text"),
        pytest.param("a: b\nc: d\n", "x: b\nc: e\n", (Edit(Span(8, 9), "e"),), "before offset 8", id="before it"),
        pytest.param("a: b\n", "a: bb", (Edit(Span(4, 5), "b"),), "the final line break", id="the end"),
    ],
)  # fmt: skip
def test_every_byte_outside_the_declared_places_counts(
    before: str, claimed: str, edits: tuple[Edit, ...], reason: str
) -> None:
    with pytest.raises(Unproven) as failed:
        prove_patch(Patch(PATH, before.encode(), claimed.encode(), edits, ()))
    assert failed.value.part == "bytes" and reason in failed.value.reason


def test_a_file_that_is_not_utf8_is_left_alone() -> None:
    with pytest.raises(Unproven, match="not UTF-8"):
        prove_patch(Patch(PATH, b"a: \xe9\n", b"a: \xe9\n"))


def test_lines_change_places_below_a_byte_order_mark() -> None:
    before, after = "\ufeff/.github/ @a\n* @b\n".encode(), "\ufeff* @b\n/.github/ @a\n".encode()
    edits = (Edit(Span(1, 19), "* @b\n/.github/ @a\n"),)
    prove_patch(Patch("CODEOWNERS", before, after, edits))
    edits = (Edit(Span(0, 19), "* @b\n/.github/ @a\n"),)
    with pytest.raises(Unproven, match="byte-order mark"):
        prove_patch(Patch("CODEOWNERS", before, after.removeprefix("\ufeff".encode()), edits))


def test_an_edit_may_not_swallow_a_comment() -> None:
    """The value is as declared, and yet a remark has become part of it."""
    edits = (Edit(Span(5, 6), ""), Edit(Span(12, 12), "'"))
    effects = (Effect(SET, ("a",), "b # yes"),)
    with pytest.raises(Unproven, match="'# yes' is none any more"):
        prove_patch(Patch(PATH, b"a: 'b'\n# yes\n", b"a: 'b\n# yes'\n", edits, effects))
