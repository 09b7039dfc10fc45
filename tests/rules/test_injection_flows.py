"""Text of outsiders on its way through steps, jobs, matrices, variables, callers and actions of the repository."""

from __future__ import annotations

import pytest

from chittyops_policy.handed_on import handed_on, variables

from .checked import found
from .fixing import examined, fixed

RULE = "template-injection"
HEAD = "on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
PATH = ".github/workflows/x.yml"
CALLED = ".github/workflows/called.yml"


def steps(*lines: str, on: str = "issues") -> str:
    return HEAD.format(on=on) + "".join(f"      {line}\n" for line in lines)


def script(*lines: str) -> str:
    """The rest of a `run: |` in `steps`."""
    return "|\n" + "\n".join(f"          {line}" for line in lines)


SINK = "- run: echo '${{ steps.x.outputs.t }}'"
ENV = "  env: {T: '${{ github.event.issue.title }}'}"


# ------------------------------------------------------------------------------------------------ outputs of steps


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["- id: x", '  run: echo "t=$T" >> "$GITHUB_OUTPUT"', ENV], id="a variable of env"),
        pytest.param(["- id: x", '  run: echo "t=${T}" >> $GITHUB_OUTPUT', ENV], id="braces"),
        pytest.param(
            ["- id: x", "  run: echo 't=${{ github.event.issue.title }}' >> $GITHUB_OUTPUT"], id="an expression"
        ),
        pytest.param(["- id: x", "  run: " + script("U=${T#fix: }", 'echo "t=$U" >> $GITHUB_OUTPUT'), ENV],
                     id="a variable of the script"),
        pytest.param(["- id: x", "  run: " + script("if true; then U=$T; else U=none; fi",
                                                    'echo "t=$U" >> $GITHUB_OUTPUT'), ENV], id="on one branch"),
        pytest.param(["- id: x", "  run: " + script("{", "  echo 't<<EOF'", '  echo "$T"', "  echo EOF",
                                                    "} >> $GITHUB_OUTPUT"), ENV], id="several lines in a group"),
        pytest.param(["- id: x", "  run: " + script("cat >> $GITHUB_OUTPUT <<EOF", "t=$T", "EOF"), ENV],
                     id="a here-document"),
        pytest.param(["- id: x", "  run: " + script("printf 't=%s\\n' \"$T\" | tee -a $GITHUB_OUTPUT"), ENV], id="tee"),
        pytest.param(["- id: x", "  run: " + script('echo "::set-output name=t::$T"'), ENV], id="the old command"),
        pytest.param(["- id: x", "  run: " + script('echo t=$(echo "$T") >> $GITHUB_OUTPUT'), ENV], id="echoed"),
        pytest.param(["- id: X", '  run: echo "T=$T" >> "$GITHUB_OUTPUT"', ENV], id="letter case"),
        pytest.param(["- id: x", "  uses: actions/github-script@v8", "  with:",
                      "    script: core.setOutput('t', context.payload.issue.title)"], id="github-script, the event"),
        pytest.param(["- id: x", "  uses: actions/github-script@v8", "  with:",
                      "    script: core.setOutput('t', process.env.T)", ENV], id="github-script, a variable"),
    ],
)  # fmt: skip
def test_the_output_of_a_step(lines: list[str]) -> None:
    [said] = [line for line in found(RULE, steps(*lines, SINK)) if "steps." in line]
    assert said == (
        "${{ steps.x.outputs.t }}: steps.x.outputs.t, which is github.event.issue.title, is text that outsiders write, "
        "and it becomes a part of the script"
    )


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["- id: x", '  run: echo "t=fixed" >> "$GITHUB_OUTPUT"', ENV], id="a literal"),
        pytest.param(["- id: x", '  run: echo "u=$T" >> "$GITHUB_OUTPUT"', ENV], id="another output"),
        pytest.param(["- id: x", '  run: echo "t=${T//[^a-z]/}" >> "$GITHUB_OUTPUT"', ENV], id="characters taken out"),
        pytest.param(["- id: x", '  run: echo "t=${#T}" >> "$GITHUB_OUTPUT"', ENV], id="the length"),
        pytest.param(["- id: x", "  run: " + script("T=$(echo \"$T\" | tr -cd 'a-z')", 'echo "t=$T" >> $GITHUB_OUTPUT'),
                      ENV], id="what a program makes of it"),
        pytest.param(["- id: x", "  run: " + script("T=none", 'echo "t=$T" >> $GITHUB_OUTPUT'), ENV],
                     id="the variable is set anew"),
        pytest.param(["- id: x", "  run: " + script("[[ $T =~ ^[a-z]+$ ]] || exit 1", 'echo "t=$T" >> $GITHUB_OUTPUT'),
                      ENV], id="its form is checked"),
        pytest.param(["- id: x", "  run: " + script('echo "t=$T" | sha256sum >> $GITHUB_OUTPUT'), ENV], id="a pipe"),
        pytest.param(["- id: x", "  run: " + script("cat >> $GITHUB_OUTPUT <<'EOF'", "t=$T", "EOF"), ENV],
                     id="a here-document in which nothing is replaced"),
        pytest.param(["- id: x", '  run: echo "t=$T" >> "$GITHUB_OUTPUT"',
                      "  env: {T: '${{ github.event.issue.number }}'}"], id="a number"),
        pytest.param(["- id: y", '  run: echo "t=$T" >> "$GITHUB_OUTPUT"', ENV], id="another step"),
        pytest.param(["- id: x", "  uses: actions/github-script@v8", "  with:",
                      "    script: core.setOutput('t', context.payload.issue.number)"], id="github-script, a number"),
        pytest.param(["- id: x", "  uses: some/action@v1", "  with: {t: '${{ github.event.issue.title }}'}"],
                     id="an action that nobody has looked into"),
    ],
)  # fmt: skip
def test_outputs_that_are_not_known_to_be_a_strangers(lines: list[str]) -> None:
    assert found(RULE, steps(*lines, SINK)) == []
    assert [line for line in found("template-expansion", steps(*lines, SINK)) if "steps.x" in line]


@pytest.mark.parametrize(
    ("command", "free"),
    [
        ("gh pr view $N --json title --jq .title", True),
        ("gh pr view $N --json headRefName -q '.headRefName'", True),
        ("gh issue view $N --json title,body --jq=.body", True),
        ("gh api repos/o/r/commits/$SHA/pulls --jq '.[].head.ref' | head -n 1", True),
        ("gh pr view $N --json number --jq .number", False),
        ("gh pr view $N --json author --jq .author.login", False),
        ("gh pr view $N --json title --jq .title | tr -cd a-z", False),
        ("gh pr view $N --json title --jq '.title | length'", False),
        ("gh pr list --json number", False),
    ],
)
def test_what_a_script_asks_github_for(command: str, free: bool) -> None:
    text = steps("- id: x", "  run: " + script(f"V=$({command})", 'echo "t=$V" >> "$GITHUB_OUTPUT"'), SINK)
    assert bool(found(RULE, text)) is free
    assert found(RULE, text.replace("on: issues", "on: schedule")) == []


@pytest.mark.parametrize(
    ("on", "field", "count"),
    [
        ("{workflow_run: {workflows: [x], branches: [main, dev]}}", "workflow_run.head_branch", 0),
        ("{workflow_run: {workflows: [x], branches: ['**']}}", "workflow_run.head_branch", 1),
        ("{workflow_run: {workflows: [x], branches-ignore: [main]}}", "workflow_run.head_branch", 1),
        ("{workflow_run: {workflows: [x], branches: [main]}}", "workflow_run.display_title", 1),
        ("merge_group", "merge_group.head_commit.message", 1),
        ("merge_group", "merge_group.head_sha", 0),
    ],
)
def test_what_an_event_can_hold(on: str, field: str, count: int) -> None:
    assert len(found(RULE, steps(f"- run: echo '${{{{ github.event.{field} }}}}'", on=on))) == count


def test_a_later_step_has_no_say() -> None:
    assert found(RULE, steps(SINK, "- id: x", '  run: echo "t=$T" >> "$GITHUB_OUTPUT"', ENV)) == []


@pytest.mark.parametrize(
    ("action", "output", "on"),
    [
        ("xt0rted/pull-request-comment-branch@v3", "head_ref", "issue_comment"),
        ("Khan/pull-request-comment-trigger@v1", "comment_body", "issue_comment"),
        ("jitterbit/get-changed-files@v1", "all", "pull_request_target"),
    ],
)
def test_actions_that_hand_on_what_strangers_write(action: str, output: str, on: str) -> None:
    text = steps("- id: x", f"  uses: {action}", f"- run: echo '${{{{ steps.x.outputs.{output} }}}}'", on=on)
    assert len(found(RULE, text)) == 1
    assert found(RULE, text.replace(f"on: {on}", "on: push")) == []
    assert found(RULE, text.replace(f"outputs.{output}", "outputs.other")) == []


def test_a_variable_that_an_earlier_step_sets() -> None:
    text = steps('- run: echo "T=$T" >> "$GITHUB_ENV"', ENV, "- run: echo '${{ env.T }}'")
    [said] = found(RULE, text)
    assert said.startswith("${{ env.T }}: env.T, which is github.event.issue.title, is text")
    assert found(RULE, steps("- run: echo '${{ env.T }}'", '- run: echo "T=$T" >> "$GITHUB_ENV"', ENV)) == []


def test_the_runners_own_variable() -> None:
    text = steps("- id: x", '  run: echo "t=$GITHUB_HEAD_REF" >> "$GITHUB_OUTPUT"', SINK, on="pull_request_target")
    [said] = found(RULE, text)
    assert "which is github.head_ref, is text" in said


# -------------------------------------------------------------------------------------------------- other jobs

TWO_JOBS = """\
on: issues
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: {{t: "${{{{ steps.x.outputs.t }}}}"}}
    steps:
      - id: x
        run: echo "t=$T" >> "$GITHUB_OUTPUT"
        env: {{T: '${{{{ github.event.issue.{field} }}}}'}}
  b:
    needs: a
    runs-on: ubuntu-latest
    strategy: {{matrix: {matrix}}}
    steps:
      - run: echo '${{{{ {read} }}}}'
"""


@pytest.mark.parametrize(
    ("read", "matrix"),
    [
        ("needs.a.outputs.t", "{x: [1]}"),
        ("needs['A'].outputs['T']", "{x: [1]}"),
        ("matrix.x", '"${{ fromJSON(needs.a.outputs.t) }}"'),
        ("matrix.x", '{x: "${{ fromJSON(needs.a.outputs.t) }}"}'),
        ("matrix.x", '{y: [1], include: "${{ fromJSON(needs.a.outputs.t) }}"}'),
        ("matrix.x", "{y: [1], include: [{x: '${{ needs.a.outputs.t }}'}]}"),
        ("fromJSON(needs.a.outputs.t).name", "{x: [1]}"),
        ("format('{0}', needs.a.outputs.t)", "{x: [1]}"),
    ],
)
def test_the_output_of_a_job(read: str, matrix: str) -> None:
    [said] = found(RULE, TWO_JOBS.format(field="body", read=read, matrix=matrix))
    assert "which is github.event.issue.body, is text that outsiders write" in said
    assert found(RULE, TWO_JOBS.format(field="number", read=read, matrix=matrix)) == []


def test_a_circle_of_jobs_ends() -> None:
    text = TWO_JOBS.format(field="body", read="needs.a.outputs.t", matrix="{x: [1]}")
    text = text.replace("    outputs:", "    needs: b\n    outputs:").replace("steps.x.outputs.t", "needs.b.outputs.t")
    text = text.replace("    needs: a\n", "    needs: a\n    outputs: {t: '${{ needs.a.outputs.t }}'}\n")
    assert found(RULE, text) == []


# ------------------------------------------------------------------------------------- reusable workflows, actions

CALLEE = """\
on:
  workflow_call:
    inputs: {title: {type: string}}
    outputs: {back: {value: "${{ jobs.a.outputs.back }}"}}
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: {back: "${{ inputs.title }}"}
    steps:
      - run: echo '${{ inputs.title }}'
"""
CALLER = """\
on: issues
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with: {title: '${{ github.event.issue.title }}'}
  after:
    needs: call
    runs-on: ubuntu-latest
    steps:
      - run: echo '${{ needs.call.outputs.back }}'
"""


def test_the_input_of_a_called_workflow() -> None:
    files = {CALLED: CALLEE, PATH: CALLER}
    assert found(RULE, files) == [
        "${{ inputs.title }}: inputs.title, which is github.event.issue.title, is text that outsiders write, and it "
        "becomes a part of the script",
        "${{ needs.call.outputs.back }}: needs.call.outputs.back, which is github.event.issue.title, is text that "
        "outsiders write, and it becomes a part of the script",
    ]
    first = examined(files, RULE).report.decisions[0]
    assert first.notes == ("It comes with issues.",)
    assert [(place.path, place.region and place.region.line) for place in first.related] == [(PATH, 5)]


def test_a_called_workflow_without_such_a_caller() -> None:
    assert found(RULE, {CALLED: CALLEE}) == []
    assert found(RULE, {CALLED: CALLEE, PATH: CALLER.replace("on: issues", "on: push")}) == []
    assert found(RULE, {CALLED: CALLEE, PATH: CALLER.replace("title }}'", "number }}'")}) == []
    typed = CALLEE.replace("type: string", "type: number")
    assert not [line for line in found(RULE, {CALLED: typed, PATH: CALLER}) if "inputs.title:" in line]


ACTION = """\
name: a
description: b
inputs: {text: {description: c}}
outputs: {same: {description: d, value: "${{ steps.x.outputs.t }}"}}
runs:
  using: composite
  steps:
    - id: x
      shell: bash
      env: {T: '${{ inputs.text }}'}
      run: echo "t=$T" >> "$GITHUB_OUTPUT"
    - shell: bash
      run: echo '${{ inputs.text }}'
"""


def test_inputs_and_outputs_of_an_action_of_the_repository() -> None:
    caller = steps(
        "- uses: ./tools/a", "  id: a", "  with: {text: '${{ github.event.issue.title }}'}",
        "- run: echo '${{ steps.a.outputs.same }}'",
    )  # fmt: skip
    first, second = found(RULE, {"tools/a/action.yml": ACTION, PATH: caller})
    assert first.startswith("${{ steps.a.outputs.same }}: steps.a.outputs.same, which is github.event.issue.title,")
    assert second.startswith("${{ inputs.text }}: inputs.text, which is github.event.issue.title,")


def test_each_call_of_an_action_has_its_own_output() -> None:
    caller = steps(
        "- uses: ./tools/a", "  id: bad", "  with: {text: '${{ github.event.issue.title }}'}",
        "- uses: ./tools/a", "  id: good", "  with: {text: constant}",
        "- run: echo '${{ steps.good.outputs.same }}'",
    )  # fmt: skip
    said = found(RULE, {"tools/a/action.yml": ACTION, PATH: caller})
    assert not [line for line in said if line.startswith("${{ steps.good")]


def test_the_default_of_an_input() -> None:
    action = ACTION.replace("{description: c}", "{description: c, default: '${{ github.event.issue.title }}'}")
    [said] = found(RULE, {"tools/a/action.yml": action, PATH: steps("- uses: ./tools/a")})
    assert said.startswith("${{ inputs.text }}: inputs.text, which is github.event.issue.title,")
    given = steps("- uses: ./tools/a", "  with: {text: constant}")
    assert found(RULE, {"tools/a/action.yml": action, PATH: given}) == []


# --------------------------------------------------------------------------------------------- severity and fixes


def severities(text: str) -> list[str]:
    return [decision.severity for decision in examined(text, RULE).report.decisions]


def test_conditions_that_keep_outsiders_out() -> None:
    run = "- run: echo '${{ github.event.pull_request.title }}'"
    own = "  if: github.event.pull_request.head.repo.full_name == github.repository"
    assert severities(steps(run, on="pull_request_target")) == ["high"]
    assert severities(steps(run, own, on="pull_request_target")) == ["low"]
    comment = "- run: echo '${{ github.event.comment.body }}'"
    member = "  if: github.event.comment.author_association == 'MEMBER'"
    assert severities(steps(comment, member, on="issue_comment")) == ["low"]
    assert severities(steps(comment, "  if: github.event.comment.body != ''", on="issue_comment")) == ["high"]
    assert severities(steps(run, "  if: github.event_name == 'push'", on="[push, pull_request_target]")) == ["low"]


@pytest.mark.parametrize(
    ("permissions", "more", "severity"),
    [
        ("{}", "", "medium"),
        ("{contents: read}", "", "medium"),
        ("read-all", "", "medium"),
        ("{issues: write}", "", "high"),
        ("write-all", "", "high"),
        ("{}", "env: {K: '${{ secrets.K }}'}\n", "high"),
        ("{}", "env: {K: '${{ secrets.GITHUB_TOKEN }}'}\n", "medium"),
    ],
)
def test_a_job_without_rights(permissions: str, more: str, severity: str) -> None:
    text = f"permissions: {permissions}\n{more}" + steps("- run: echo '${{ github.event.issue.title }}'")
    assert severities(text) == [severity]


def test_the_fix_of_what_comes_a_long_way_is_for_review() -> None:
    text = steps("- id: x", '  run: echo "t=$T" >> "$GITHUB_OUTPUT"', ENV, SINK)
    done = fixed(RULE, text)
    assert done.said == ["review: hand the value over in env as STEPS_X_T"]
    assert 'run: echo "$STEPS_X_T"' in done.text()


# -------------------------------------------------------------------------------------------- reading of scripts


def test_values_that_grow_without_end_are_given_up() -> None:
    doubled = "a=$T\n" + "a=$a$a$a$a\n" * 30 + 'echo "t=$a" >> $GITHUB_OUTPUT\n'
    [handed] = handed_on(doubled)
    assert variables(handed.text) == ()


def test_a_script_that_is_no_shell_script_hands_on_nothing() -> None:
    assert handed_on('"t=$env:T" >> $env:GITHUB_OUTPUT') == ()
    assert handed_on("x = open(os.environ['GITHUB_OUTPUT'])\nprint(f't={t}', file=x)") == ()


# ------------------------------------------------------------------------------------------------ output-clobbering


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (['echo "t=$T" >> $GITHUB_OUTPUT'], 1),
        (["cat >> $GITHUB_OUTPUT <<X", "t<<EOF", "$T", "EOF", "X"], 1),
        (["E=$RANDOM", "echo t<<$E >> $GITHUB_OUTPUT"], 0),
        (["E=$(uuidgen)", '{ echo "t<<$E"; echo "$T"; echo "$E"; } >> $GITHUB_OUTPUT'], 0),
        (["echo \"t=${T//$'\\n'/ }\" >> $GITHUB_OUTPUT"], 0),
        (['echo "t=$(jq -c . <<< $T)" >> $GITHUB_OUTPUT'], 0),
        (['echo "T=$T" >> $GITHUB_ENV'], 0),
        (['echo "$T"'], 0),
    ],
)
def test_texts_of_several_lines_among_the_outputs(lines: list[str], count: int) -> None:
    env = "  env: {T: '${{ github.event.issue.body }}'}"
    assert len(found("output-clobbering", steps("- id: x", "  run: " + script(*lines), env))) == count
    title = env.replace("body", "title")
    assert found("output-clobbering", steps("- id: x", "  run: " + script(*lines), title)) == []
