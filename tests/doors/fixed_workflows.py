"""Workflows with something to fix that run offline, each with the event that starts it.

Every step has a name, since a name that the runner makes from the script changes with the script. The events bring
values that mean the same before and after the fix: whatever is no code in the quotes where it stands. Steps that fail
print nothing, since act does not wait for the last output of a step that fails.

Left out: PowerShell and cmd, whose runners are Windows, which act does not serve here; containers and services.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

WORKFLOW = ".github/workflows/ci.yml"
COMPOSITE = ".github/actions/announce/action.yml"


class Case(NamedTuple):
    """A repository, the event that runs its workflow, and the rules whose findings all have to go.

    secrets   what act is given as secrets, name=value
    """

    rules: tuple[str, ...]
    files: Mapping[str, str]
    event: str = "push"
    payload: Mapping[str, Any] = MappingProxyType({})
    secrets: tuple[str, ...] = ()


_HEAD = """permissions: {}
jobs:
  first:
    runs-on: ubuntu-latest
    timeout-minutes: 5
"""

BASH = Case(
    ("template-injection",),
    {
        WORKFLOW: "on: issues\n"
        + _HEAD
        + r"""    outputs:
      title: ${{ steps.greet.outputs.title }}
      words: ${{ steps.greet.outputs.words }}
    steps:
      - name: Greet
        id: greet
        run: |
          echo "A new issue: ${{ github.event.issue.title }}!"
          echo "${{ github.event.issue.title }}" | wc -w
          title="${{ github.event.issue.title }}"; short=${title:0:4}
          printf '%s|' "$short" "${{ github.event.issue.title }}" "#${{ github.event.issue.number }}" ; echo
          echo "title=${{ github.event.issue.title }}" >> "$GITHUB_OUTPUT"
          echo "words=$(echo "${{ github.event.issue.title }}" | tr ' ' '_')" >> "$GITHUB_OUTPUT"
      - name: Decide
        run: |
          if [[ "${{ github.event.issue.title }}" == *"5 * 3"* ]]; then echo sum; else echo none; fi
          if [[ ${{ github.event.issue.number }} -gt 40 && -n "${{ github.event.issue.title }}" ]]; then echo late; fi
          case "${{ github.event.issue.title }}" in It*) echo it ;; *) echo other ;; esac
      - name: Keep
        env:
          LABEL: "kept: ${{ github.event.issue.title }}"
        run: |
          # The title is in the name of the file.
          touch -- "${RUNNER_TEMP:-/tmp}/x" && echo "$LABEL" "${{ github.event.issue.title }}".txt
          {
            echo 'body<<MARK'
            echo "${{ github.event.issue.body }}"
            echo MARK
          } >> "$GITHUB_ENV"
      - name: More places
        run: |
          cat <<< "${{ github.event.issue.title }}"
          all=("${{ github.event.issue.title }}" "x ${{ github.event.issue.title }}"); echo "${#all[@]} ${all[1]}"
          say() { local text="${{ github.event.issue.title }}"; echo "$text, $1"; }
          say "${{ github.event.issue.title }}"
          echo "say \"${{ github.event.issue.title }}\""
          echo one \
            "${{ github.event.issue.title }}"
          TITLE="${{ github.event.issue.title }}" sh -c 'echo "$TITLE"'
          ISSUE_TITLE=mine; echo "$ISSUE_TITLE"
      - name: Fail as before
        continue-on-error: true
        run: |
          test "${{ github.event.issue.title }}" = "something else"
          echo "never reached ${{ github.event.issue.title }}"
      - name: Show
        run: echo "$body"
  second:
    needs: first
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: What came over
        env:
          TITLE: ${{ needs.first.outputs.title }}
          WORDS: ${{ needs.first.outputs.words }}
        run: printf '<%s>\n' "$TITLE" "$WORDS"
"""
    },
    "issues",
    {
        "action": "opened",
        "issue": {
            "number": 42,
            "title": "It's 5 * 3,  two  blanks; [ok]? & {a,b} #done | <x> ~ ü %s %25",
            "body": "First line, it's one\n  indented * line\n\nlast; line",
        },
    },
)

SH = Case(
    ("template-injection",),
    {
        WORKFLOW: "on: pull_request\n"
        + _HEAD
        + r"""    defaults:
      run:
        shell: sh
    steps:
      - name: Quotes of both kinds
        run: |
          printf '%s\n' 'branch ${{ github.head_ref }}' "branch ${{ github.head_ref }}" 'it is '"${{ github.head_ref }}"
          if [ "${{ github.event.pull_request.title }}" = 'Fix  the * build' ]; then echo same; fi
          name='${{ github.event.pull_request.title }}'
          set -- $name
          echo "$# words"
      - name: Documents
        run: |
          cat <<END
          title: ${{ github.event.pull_request.title }}
          body: ${{ github.event.pull_request.body }}
          number: ${{ github.event.pull_request.number }}
          END
          cat <<'END'
          plain ${{ github.event.pull_request.title }} and "quotes"
          END
          wc -l <<-END
"""
        + "          \t${{ github.event.pull_request.body }}\n          \tEND\n"
        + r"""      - name: Flow
        run: >
          echo "${{ github.event.pull_request.title }}"
          "${{ github.head_ref }}" && echo 'joined by a fold'
"""
    },
    "pull_request",
    {
        "pull_request": {
            "number": 7,
            "title": "Fix  the * build",
            "body": 'He said "it\'s done" (twice)\n  * and a list\nend',
            "head": {"ref": "feature/a-b", "sha": "a" * 40},
            "base": {"ref": "main", "sha": "b" * 40},
        }
    },
)

JSON = Case(
    ("template-injection",),
    {
        WORKFLOW: "on: issue_comment\n"
        + _HEAD
        + r"""    steps:
      - name: A body of JSON
        run: |
          printf '%s' '{"text": "${{ github.event.issue.title }}", "by": "${{ github.event.comment.user.login }}"}' \
            | python -m json.tool
      - name: Several values in one word
        run: |
          data='{
            "title": "${{ github.event.issue.title }}",
            "number": ${{ github.event.issue.number }}
          }'
          python -c 'import json, sys; print(sorted(json.loads(sys.argv[1]).items()))' "$data"
          echo '${{ github.event.issue.title }}''${{ github.event.issue.title }}'
          echo '${{ github.event.comment.body }}'
      - name: All of it
        run: |
          echo '${{ toJSON(github.event.comment) }}'
"""
    },
    "issue_comment",
    {
        "action": "created",
        "issue": {"number": 3, "title": "costs $5 & $(id) `id` ${HOME} ! *"},
        "comment": {"body": 'one "two"\n$(id) \\ three\n', "user": {"login": "octo"}},
    },
)

COMPOSITE_INPUTS = Case(
    ("template-expansion", "template-injection"),
    {
        WORKFLOW: "on: pull_request_target\n"
        + _HEAD
        + r"""    steps:
      - name: Check out
        uses: actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0
        with:
          persist-credentials: false
      - name: Announce
        id: announce
        uses: ./.github/actions/announce
        with:
          title: ${{ github.event.pull_request.title }}
          count: '3'
      - name: Outputs
        run: echo "${{ steps.announce.outputs.line }}" "and ${{ github.event.pull_request.title }}"
""",
        COMPOSITE: r"""name: announce
description: Says it.
inputs:
  title:
    description: What to say.
    required: true
  count:
    description: How often.
    default: '1'
outputs:
  line:
    description: The last line.
    value: ${{ steps.say.outputs.line }}
runs:
  using: composite
  steps:
    - id: say
      name: Say
      shell: bash
      run: |
        for number in $(seq "${{ inputs.count }}"); do echo "$number: ${{ inputs.title }}"; done
        echo "line=${{ inputs.title }} (${{ inputs.count }})" >> "$GITHUB_OUTPUT"
    - name: Once more
      shell: sh
      env:
        COUNT: ${{ inputs.count }}
      run: printf '%s\n' '${{ inputs.title }}' "${{ inputs.count }} $COUNT"
""",
    },
    "pull_request_target",
    {
        "pull_request": {
            "number": 7,
            "title": "Let  two * words; through & #go",
            "head": {"ref": "topic"},
            "base": {"ref": "main"},
        }
    },
)

GITHUB_SCRIPT = Case(
    ("template-injection", "unpinned-uses"),
    {
        WORKFLOW: "on: issues\n"
        + _HEAD
        + r"""    steps:
      - name: Script
        id: script
        uses: actions/github-script@v7
        with:
          script: |
            const title = "${{ github.event.issue.title }}";
            console.log('single ${{ github.event.issue.title }}', title.length);
            console.log(`template ${{ github.event.issue.title }} ${1 + 1}`);
            const issue = ${{ toJSON(github.event.issue) }};
            console.log(issue.title === title, Object.keys(issue).sort().join());
            core.setOutput('title', title);
            return 'ready';
      - name: Output
        env:
          TITLE: ${{ steps.script.outputs.title }} ${{ steps.script.outputs.result }}
        run: echo "$TITLE"
"""
    },
    "issues",
    {"issue": {"number": 5, "title": "Some (plain) * title; 100 % ü", "body": 'He said "no"\nand `left`'}},
)

PYTHON = Case(
    ("template-injection",),
    {
        WORKFLOW: "on: discussion\n"
        + _HEAD
        + r"""    steps:
      - name: Report
        id: report
        shell: python
        run: |
          import sys

          title = "${{ github.event.discussion.title }}"
          print('single ${{ github.event.discussion.title }}', len(title))
          print(f"number {1 + 1}: ${{ github.event.discussion.title }}")
          print('''${{ github.event.discussion.body }}'''.splitlines())
          sys.stdout.write("%s\n" % "${{ github.event.discussion.title }}")
      - name: With os at hand
        shell: python
        run: |
          import os

          with open(os.environ["GITHUB_OUTPUT"], "a") as file:
              file.write("title=${{ github.event.discussion.title }}\n")
"""
    },
    "discussion",
    {"discussion": {"title": "Who owns * the (build); #1", "body": 'first "line"\n  second $(id)\nthird'}},
)

UNPINNED = Case(
    ("artipacked", "excessive-permissions", "unpinned-uses"),
    {
        WORKFLOW: r"""on: push
permissions: write-all
jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Check out
        uses: actions/checkout@v4
      - name: Look
        run: git --no-pager log -1 --format=%an && cat notes.txt
  docs:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    needs: [build]
    steps:
      - name: Check out deeper
        uses: "actions/checkout@v4"   # the notes
        with: {path: docs, fetch-depth: 0}
      - name: Look
        working-directory: docs
        run: cat notes.txt
""",
        "notes.txt": "one\ntwo\n",
    },
)

SCANNERS = Case(
    ("ineffective-scanner", "missing-permissions"),
    {
        WORKFLOW: r"""on: [push, pull_request]
jobs:
  scan:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Fallback
        run: npm audit --audit-level=high || true
      - name: Told
        run: |
          echo "scanning"
          pip-audit -r requirements.txt || echo "found something"
      - name: Tolerated
        continue-on-error: true
        run: cargo audit
      - name: Pipe
        run: gitleaks detect | tee report.txt
      - name: Switched off
        run: gitleaks detect --exit-code 0
      - name: Afterwards
        run: cat report.txt
"""
    },
)

PRINTED_COMMANDS = Case(
    ("deprecated-commands", "template-expansion"),
    {
        WORKFLOW: "on: push\n"
        + _HEAD
        + r"""    outputs:
      version: ${{ steps.version.outputs.version }}
    steps:
      - name: Version
        id: version
        run: |
          number=$((1 + 2))
          echo "::set-output name=version::v${number}.0 beta"
          echo ::set-output name=plain::yes
          echo '::set-output name=quoted::$number stays'
          echo "::notice title=Version::v${number}.0"
      - name: Loop
        id: loop
        shell: sh
        run: |
          for name in a b; do
            echo "::set-output name=last::$name  x"
          done
          if true; then
              echo "::set-output name=first::$(date +Y) $name"
          fi
      - name: Outputs
        run: |
          echo "${{ steps.version.outputs.version }}|${{ steps.version.outputs.plain }}"
          echo '${{ steps.version.outputs.quoted }}' "${{ steps.loop.outputs.last }}:${{ steps.loop.outputs.first }}"
  second:
    needs: first
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Came over
        run: echo "${{ needs.first.outputs.version }}"
"""
    },
)

CONDITIONS = Case(
    ("bot-conditions", "obfuscation", "unsound-condition"),
    {
        WORKFLOW: "on: pull_request\n"
        + _HEAD
        + r"""    if: github.actor == 'nektos/act' || github.actor == 'dependabot[bot]'
    steps:
      - name: Text as a condition
        if: |
          ${{ github.event_name == 'pull_request' }}
        run: echo runs
      - name: Two expressions
        if: ${{ github.event_name == 'pull_request' }} && ${{ github.event.pull_request.number || false }}
        run: echo runs too
      - name: Put together
        env:
          WHERE: ${{ format('refs/{0}', 'heads') }}
          SAME: ${{ github.event_name == format('pull{0}request', '_') }}
        run: echo "$WHERE $SAME" ${{ format('{0}', 'end') }}
      - name: Not now
        if: github.event_name == 'push'
        run: echo never
"""
    },
    "pull_request",
    {
        "pull_request": {
            "number": 9,
            "user": {"login": "dependabot[bot]", "id": 49699333},
            "head": {"ref": "topic"},
            "base": {"ref": "main"},
        },
        "sender": {"login": "dependabot[bot]"},
    },
)

CALLED = Case(
    ("cancelled-release", "retired-runner", "secrets-inherit", "undefined-need"),
    {
        WORKFLOW: r"""on: push
permissions: {}
concurrency:
  group: deploy
  cancel-in-progress: true
jobs:
  plan:
    runs-on: ubuntu-20.04
    timeout-minutes: 5
    outputs:
      target: ${{ steps.plan.outputs.target }}
    steps:
      - name: Plan
        id: plan
        run: echo "target=staging" >> "$GITHUB_OUTPUT"
  test:
    runs-on: ubuntu-latest
    needs: plan
    timeout-minutes: 5
    steps:
      - name: Test
        run: echo tested
  deploy:
    needs: [test]
    if: needs.plan.outputs.target != 'production'
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Deploy
        run: npx wrangler deploy
  called:
    needs: [test]
    uses: ./.github/workflows/called.yml
    secrets: inherit
""",
        ".github/workflows/called.yml": r"""on:
  workflow_call:
    secrets:
      CHITTYCONNECT_API_KEY:
        required: true
permissions: {}
jobs:
  use:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Use
        env:
          KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}
        run: echo "${#KEY} characters" && echo "$KEY"
""",
    },
    secrets=("CHITTYCONNECT_API_KEY=not-a-real-one",),
)

DISPATCHED = Case(
    ("template-expansion",),
    {
        WORKFLOW: r"""on:
  workflow_dispatch:
    inputs:
      target: {type: string, default: staging}
      note: {type: string, default: none}
permissions: {}
env:
  SUITE: ${{ github.event.inputs.target }}
jobs:
  first:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    strategy:
      max-parallel: 1
      matrix:
        part: ${{ fromJSON('["a b", "c*"]') }}
    steps:
      - name: Part
        run: |
          echo "part ${{ matrix.part }} of ${{ inputs.target }}"
          echo "suite ${{ env.SUITE }}" 'note ${{ inputs.note }}'
          target=${{ inputs.target }}
          echo "$target" "${{ github.ref_name }}" "${{ matrix.part }}"
          for part in "${{ matrix.part }}"; do echo "[$part]"; done
"""
    },
    "workflow_dispatch",
    {"inputs": {"target": "staging/eu-1", "note": 'a "quoted"  $note'}},
)

CASES = {
    "bash": BASH,
    "sh": SH,
    "json": JSON,
    "composite": COMPOSITE_INPUTS,
    "github-script": GITHUB_SCRIPT,
    "python": PYTHON,
    "unpinned": UNPINNED,
    "scanners": SCANNERS,
    "printed-commands": PRINTED_COMMANDS,
    "conditions": CONDITIONS,
    "called": CALLED,
    "dispatched": DISPATCHED,
}

TRAPPED = Case(
    ("template-injection",),
    {
        WORKFLOW: r"""on: issue_comment
permissions: {}
jobs:
  bash:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Double
        continue-on-error: true
        run: printf '<%s>\n' "${{ github.event.issue.title }}"
      - name: Single
        continue-on-error: true
        run: printf '<%s>\n' '${{ github.event.issue.title }}'
      - name: Assigned
        continue-on-error: true
        run: |
          title=${{ github.event.issue.title }}
          printf '<%s>\n' "$title"
      - name: Document
        continue-on-error: true
        run: |
          cat <<END
          <${{ github.event.issue.title }}>
          END
      - name: Test
        continue-on-error: true
        run: |
          if [[ -n ${{ github.event.issue.title }} ]]; then printf '<%s>\n' "${{ github.event.issue.title }}"; fi
      - name: Substitution
        continue-on-error: true
        run: |
          printf '<%s>\n' "$(printf '%s' "${{ github.event.issue.title }}")"
  sh:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    defaults: {run: {shell: sh}}
    steps:
      - name: Double
        continue-on-error: true
        run: printf '<%s>\n' "${{ github.event.issue.title }}"
      - name: Single
        continue-on-error: true
        run: printf '<%s>\n' '${{ github.event.issue.title }}'
      - name: Document
        continue-on-error: true
        run: |
          cat <<'END'
          <${{ github.event.issue.title }}>
          END
  composite:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Check out
        uses: actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0
        with: {persist-credentials: false}
      - name: Announce
        continue-on-error: true
        uses: ./.github/actions/announce
        with:
          title: ${{ github.event.issue.title }}
  python:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Text
        continue-on-error: true
        shell: python
        run: print("<${{ github.event.issue.body }}>")
      - name: Format
        continue-on-error: true
        shell: python
        run: print(f"<${{ github.event.issue.body }}>")
  script:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Text
        continue-on-error: true
        uses: actions/github-script@f28e40c7f34bde8b3046d885e986cb6290c5673b # v7.1.0
        with:
          script: console.log("<${{ github.event.comment.body }}>");
      - name: Template
        continue-on-error: true
        uses: actions/github-script@f28e40c7f34bde8b3046d885e986cb6290c5673b # v7.1.0
        with:
          script: console.log(`<${{ github.event.comment.body }}>`);
      - name: Object
        continue-on-error: true
        uses: actions/github-script@f28e40c7f34bde8b3046d885e986cb6290c5673b # v7.1.0
        with:
          script: console.log('<' + ${{ toJSON(github.event.comment.body) }} + '>');
""",
        COMPOSITE: r"""name: announce
description: Says it.
inputs:
  title: {description: What to say., required: true}
runs:
  using: composite
  steps:
    - name: Say
      shell: bash
      run: printf '<%s>\n' "${{ inputs.title }}"
""",
    },
    "issue_comment",
    {
        "issue": {
            "title": r"""x'"; touch "$KEEP/$GITHUB_JOB"; : `touch "$KEEP/$GITHUB_JOB"` $(touch "$KEEP/$GITHUB_JOB") """
            '\nEND\ntouch "$KEEP/$GITHUB_JOB"\n\\ %s ${HOME} * \'',
            "body": """" + str(__import__('os').mknod(__import__('os').environ['KEEP'] + '/python')) + " {0} \\n""",
        },
        "comment": {
            "body": """" + require('fs').writeFileSync(process.env.KEEP + '/script', '') + """
            """"${require('fs').writeFileSync(process.env.KEEP + '/script', '')} \\n""",
        },
    },
)
"""Values that are code in every kind of quotes; each job that runs them leaves a file with its name in $KEEP.

The values are all printed between < and >.
"""
