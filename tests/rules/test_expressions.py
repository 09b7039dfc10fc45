"""Rules about conditions and expressions that do not mean what they seem to, and what their fixes write."""

from __future__ import annotations

import pytest

from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report
from .fixing import fixed, refused

PIN = "0123456789" * 4


def conditional(condition: str) -> str:
    """A workflow whose lone job has a condition, given as YAML."""
    return (
        "on: {workflow_dispatch: {inputs: {a: {type: string}, b: {type: string}, c: {type: string}}}}\n"
        f"permissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    if: {condition}\n"
        "    steps:\n      - run: x\n"
    )


def valued(value: str) -> str:
    """A workflow with a value in the environment of a step, given as YAML."""
    return (
        "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n"
        f"        env:\n          A: {value}\n"
    )


# -------------------------------------------------------------------------------------------------- unsound-condition

BLOCK = "\n      ${{ github.ref_name == 'main' }}\n"
UNSOUND = {
    "a literal block": f"|{BLOCK}",
    "a folded block": f">{BLOCK}",
    "a block that keeps its line breaks": f"|+{BLOCK}",
    "a blank": "\"${{ github.ref_name == 'main' }} \"",
    "two expressions": "${{ github.ref_name }} == ${{ inputs.a }}",
    "an operator outside": "${{ github.ref_name == 'main' }} && inputs.a",
    "a not outside": "'!${{ inputs.a }}'",
    "words": "if ${{ inputs.a }}",
}
SOUND = {
    "one expression": "${{ github.ref_name == 'main' }}",
    "no fence": "github.ref_name == 'main'",
    "no fence, in a block": "|\n      github.ref_name == 'main'\n",
    "a stripped block": f"|-{BLOCK}",
    "a stripped folded block": f">-{BLOCK}",
    "text in an expression": "${{ contains(github.ref_name, '${{') }}",
    "nothing": "''",
    "a mistake for another rule": "${{ github.ref_name == }} x",
}


@pytest.mark.parametrize("condition", UNSOUND.values(), ids=UNSOUND)
def test_a_text_is_always_true(condition: str) -> None:
    [message] = found("unsound-condition", conditional(condition))
    assert "always true" in message


@pytest.mark.parametrize("condition", SOUND.values(), ids=SOUND)
def test_an_expression_decides(condition: str) -> None:
    assert found("unsound-condition", conditional(condition)) == []


def test_conditions_of_steps_and_of_actions_are_judged() -> None:
    step = "    - run: x\n      shell: bash\n      if: {}\n"
    steps = "steps:\n" + step.format("${{ inputs.a }} ") + step.format("x ${{ inputs.a }}")
    assert len(found("unsound-condition", {"action.yml": f"runs:\n  using: composite\n  {steps}"})) == 1
    assert len(found("unsound-condition", f"on: push\njobs:\n a:\n  runs-on: x\n  {steps}")) == 1


FIXED = {
    "a literal block": (f"|{BLOCK}", f"|-{BLOCK}"),
    "a folded block with a comment": (f">  # only there{BLOCK}", f">-  # only there{BLOCK}"),
    "a block that keeps its line breaks": (f"|+{BLOCK}", f"|-{BLOCK}"),
    "a block that says its indentation": ("|2\n      ${{ inputs.a }}\n", "|2-\n      ${{ inputs.a }}\n"),
    "a blank": ('"${{ inputs.a }} "', '"${{ inputs.a }}"'),
    "an operator outside": ("${{ inputs.a == 'b' }} && inputs.c", "inputs.a == 'b' && inputs.c"),
    "an or inside": ("${{ inputs.a || inputs.b }} && inputs.c", "(inputs.a || inputs.b) && inputs.c"),
    "a comparison of two": ("${{ inputs.a }} == ${{ inputs.b }}", "inputs.a == inputs.b"),
    "a not outside": ("'!${{ inputs.a }}'", "'!inputs.a'"),
    "two lines": (
        ">-\n      ${{ inputs.a }} &&\n      ${{ github.ref == 'x' }}\n",
        ">-\n      inputs.a &&\n      github.ref == 'x'\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), FIXED.values(), ids=FIXED)
def test_the_fix_makes_one_expression(before: str, after: str) -> None:
    done = fixed("unsound-condition", conditional(before))
    assert done.text() == conditional(after)
    assert [said.partition(": ")[0] for said in done.said] == ["review"]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("if ${{ inputs.a }}", "the text beside ${{ }} is no part of an expression"),
        ("${{ inputs.a }} == true or not", "the text beside ${{ }} is no part of an expression"),
        ("${{ inputs.a == 'b' }} == 'true'", "the text beside ${{ }} is no part of an expression"),
        ("|\n      ${{ inputs.a }} \n", "there are blanks in the block that show in no editor"),
    ],
)
def test_the_fix_does_not_guess_what_a_text_means(condition: str, reason: str) -> None:
    assert refused("unsound-condition", conditional(condition)) == [reason]


# ------------------------------------------------------------------------------------ unsound-contains, unsound-ternary


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        ("contains('main stable', github.ref_name)", ["high"]),
        ("contains('main', github.head_ref)", ["high"]),
        ("${{ success() && contains('a,b', inputs.stage) }}", ["high"]),
        ("contains('a,b', github.event.pull_request.head.ref)", ["high"]),
        ("contains('a,b', runner.os)", ["low"]),
        ("contains('a,b', github.event_name)", ["low"]),
        ("contains(fromJSON('[\"main\"]'), github.ref_name)", []),
        ("contains(github.ref_name, 'main')", []),
        ("contains('a,b', format('{0}', github.ref_name))", []),
        ("contains(vars.LIST, github.ref_name)", []),
    ],
)
def test_a_text_is_no_list(condition: str, severity: list[str]) -> None:
    snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": conditional(condition)}))
    assert [decision.severity for decision in report(snapshot, "unsound-contains").decisions] == severity


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ("${{ inputs.a && '' || 'b' }}", ["''"]),
        ("${{ inputs.a && false || true }}", ["false"]),
        ("${{ inputs.a && 0 || 1 }}", ["0"]),
        ("${{ inputs.a && null || 1 }}", ["null"]),
        ("${{ inputs.a && format('') || 1 }}", ["format('')"]),
        ("${{ inputs.a && 'x' || inputs.b && '' || 'c' }}", ["''"]),
        ("${{ format('{0}', inputs.a && '' || 'b') }}", ["''"]),
        ("${{ inputs.a && 'b' || '' }}", []),
        ("${{ inputs.a && inputs.b || 'c' }}", []),
        ("${{ inputs.a && '' }}", []),
        ("${{ case(inputs.a, '', 'b') }}", []),
        ("${{ false && '' || 'b' }}", []),
        ("inputs.a && '' || 'b'", []),
    ],
)
def test_a_value_that_counts_as_false_is_never_chosen(value: str, spans: list[str]) -> None:
    messages = found("unsound-ternary", valued(value))
    assert [entry.partition(": ")[0] for entry in messages] == spans


# ---------------------------------------------------------------------------------- constant-condition, obfuscation


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("false", "never"),
        ("${{ false }}", "never"),
        ("'false'", "never"),
        ("github.ref && false", "never"),
        ("true", "always"),
        ("github.ref || true", "always"),
        ("1 == 1", "always"),
        ("${{ 'x' }} ", ""),
        ("always()", ""),
        ("'!cancelled()'", ""),
        ("github.ref", ""),
        ("''", ""),
        ("x ${{ github.ref }}", ""),
    ],
)
def test_what_no_run_can_change(condition: str, verdict: str) -> None:
    messages = found("constant-condition", conditional(condition))
    assert [("always" in entry.rpartition(": ")[2], "never" in entry) for entry in messages] == (
        [(verdict == "always", verdict == "never")] if verdict else []
    )


HIDDEN = {
    "a text": ("${{ 'a' }}", "a"),
    "a text that looks like a number": ("${{ '1' }}", "'1'"),
    "a number": ("${{ 1 }}", "1"),
    "a truth value": ("${{ true }}", "true"),
    "a text that looks like one": ("${{ 'true' }}", "'true'"),
    "among other text": ("x-${{ format('{0}', 'a') }}-y", "x-a-y"),
    "in quotes": ("\"${{ 'a' }}\"", '"a"'),
    "a quote in it": ("${{ github.ref == format('{0}''s', 'a') }}", "${{ github.ref == 'a''s' }}"),
    "a part": ("${{ github.ref && !false }}", "${{ github.ref && true }}"),
    "there and back": ("${{ fromJSON(toJSON(github.ref)) }}", "${{ github.ref }}"),
}


@pytest.mark.parametrize(("before", "after"), HIDDEN.values(), ids=HIDDEN)
def test_a_constant_is_written_as_it_is(before: str, after: str) -> None:
    done = fixed("obfuscation", valued(before))
    assert done.text() == valued(after)
    assert [said.partition(": ")[0] for said in done.said] == ["safe"]


@pytest.mark.parametrize(
    "value",
    ["${{ '${{' }} x", "${{ '{{a}}' }}", "${{ github.ref }}", "${{ fromJSON('[1]') }}", "${{ toJSON(github) }}", "'a'",
     "${{ github.ref && 'a' || 'b' }}", "${{ hashFiles('a') }}"],
)  # fmt: skip
def test_what_has_a_reason_is_left_alone(value: str) -> None:
    assert found("obfuscation", valued(value)) == []


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("example/tools//check", "example/tools/check"),
        ("example/tools/./check", "example/tools/check"),
        ("example/tools/a/../check", "example/tools/check"),
        ("example/tools/", "example/tools"),
        ("example/tools/.github/workflows/../check", "example/tools/.github/check"),
    ],
)
def test_a_path_without_its_detour(path: str, after: str) -> None:
    text = "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {}@" + PIN + " # v1\n"
    done = fixed("obfuscation", text.format(path))
    assert done.text() == text.format(after)
    assert done.said == [f"safe: write {after}"]


def test_a_path_that_leads_out_is_not_followed() -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: example/tools/../../other/tool@{PIN}\n"
    assert refused("obfuscation", text) == ["the path leads out of the repository that it names"]
    assert found("obfuscation", text.replace("example/tools/../../other/tool", "example/tools/.github/check")) == []


@needs_corpus
def test_the_expressions_of_real_workflows() -> None:
    def count(rule: str) -> tuple[int, int]:
        return (
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("chittyos")),
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("public")),
        )

    assert count("constant-condition") == (1, 1)
    assert count("obfuscation") == (0, 6)
    assert count("unsound-condition") == count("unsound-contains") == count("unsound-ternary") == (0, 0)
