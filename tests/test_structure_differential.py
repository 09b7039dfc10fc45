"""Our verdict on workflows and actions against GitHub's own parser (npm ``@actions/workflow-parser``).

Judged are the real files of the corpus, the same files with one line spoilt, hand-written files with every value and
key replaced in turn, and YAML's odd corners. A verdict is "GitHub would accept this": both sides must agree on every
file. What remains different stands in DIFFERENCES with its reason, and a test fails when an entry is no longer true.

The second half holds that our evaluator and plain JSON Schema libraries agree on the schemas themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from chittyops_policy import structure
from chittyops_policy.document import Document, parse, parse_text, to_value

from .referees import github_parser

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
SCHEMAS = Path(__file__).parents[1] / "schemas"

with_github = pytest.mark.skipif(
    github_parser.unavailable_reason() is not None, reason=str(github_parser.unavailable_reason())
)
with_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside this checkout")


class Case(NamedTuple):
    """One file to judge; `name` is stable from run to run."""

    name: str
    kind: str
    text: str


DIFFERENCES = {
    "the package has a slip in the name of this event's short form; the service knows it": [
        "event/repository_dispatch alone",
        "event/repository_dispatch in a list",
    ],
    "the package throws on a key that is no text; the service reads it as text": [
        "yaml/number as key",
        "yaml/boolean as key",
    ],
    "the package throws on ${{ insert }} here, which its own schema allows": ["docker/runs.env+${{ insert }}"],
    "the package looks for expressions in the file's text when a value spans lines, so that the escapes of a "
    "double-quoted value become part of them; the service looks in the value": ["yaml/escaped line break"],
    "the package wants a mapping where its own schema and the service take an expression, too": [
        "job/jobs.a.env=${{ github.ref }}",
        "job/jobs.a.env=${{ matrix.x }}",
        "job/jobs.a.env=${{ secrets.X }}",
        "job/jobs.a.env=a ${{ inputs.x }} b",
        "steps/jobs.a.steps.0.env=${{ env.X }}",
        "steps/jobs.a.steps.0.env=${{ github.ref }}",
        "steps/jobs.a.steps.0.env=${{ hashFiles('x') }}",
        "steps/jobs.a.steps.0.env=${{ matrix.x }}",
        "steps/jobs.a.steps.0.env=${{ secrets.X }}",
        "steps/jobs.a.steps.0.env=${{ steps.a.outputs.b }}",
        "steps/jobs.a.steps.0.env=a ${{ inputs.x }} b",
        "containers/jobs.a.services=${{ github.ref }}",
        "containers/jobs.a.services=${{ matrix.x }}",
        "containers/jobs.a.services=a ${{ inputs.x }} b",
        "containers/jobs.a.services+${{ github.ref }}",
        "containers/jobs.a.services+${{ insert }}",
    ],
    "the package compares names of jobs and steps with their letter case; the service does not": [
        "yaml/needs in other letter case",
        "yaml/step ids in other letter case",
    ],
}
"""Why we do not follow the package → the cases. The service is its open part, WorkflowParser in actions/runner."""

DIFFERENT = {name for names in DIFFERENCES.values() for name in names}


# ---------------------------------------------------------------------------------------------------- hand-written

BASES = {
    "top": (
        "workflow",
        """
name: n
description: d
run-name: r ${{ github.actor }}
on:
  push: {branches: [main], paths-ignore: docs/**}
  schedule: [{cron: '5 4 * * 1-5', timezone: Europe/Berlin}]
  workflow_dispatch:
    inputs:
      a: {type: choice, options: [x, y], default: x, required: true, description: q}
      b: {type: boolean, default: false}
      c: {type: number, default: 3}
      d: {default: x}
  release: {types: [published]}
  create:
permissions: {contents: read, id-token: write}
env: {A: b, C: '${{ vars.X }}'}
defaults: {run: {shell: bash, working-directory: x}}
concurrency: {group: 'g-${{ github.ref }}', cancel-in-progress: true, queue: single}
jobs: {a: {runs-on: x}}
""",
    ),
    "job": (
        "workflow",
        """
on: push
jobs:
  a:
    name: x
    runs-on: [self-hosted, '${{ matrix.os }}']
    if: github.ref == 'x' && always()
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix: {os: [a, b], include: [{os: c, n: {x: [1]}}], exclude: [{os: a}]}
    timeout-minutes: 5
    continue-on-error: true
    environment: {name: prod, url: '${{ steps.s.outputs.u }}', deployment: true}
    outputs: {o: '${{ steps.s.outputs.x }}'}
    env: {S: '${{ secrets.S }}'}
    defaults: {run: {shell: sh}}
    permissions: read-all
    concurrency: x
""",
    ),
    "containers": (
        "workflow",
        """
on: push
jobs:
  a:
    runs-on: x
    container:
      image: node:22
      env: {A: b}
      ports: [80, '81:82']
      volumes: ['a:b']
      options: --x
      credentials: {username: u, password: '${{ secrets.P }}'}
    services:
      db: {image: pg, entrypoint: e, command: c}
      r: redis
""",
    ),
    "steps": (
        "workflow",
        """
on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: a/b@v1
        id: s
        with: {x: "${{ hashFiles('x') }}"}
        if: success()
        name: n
        continue-on-error: false
        timeout-minutes: 3
        env: {A: '${{ secrets.A }}'}
      - run: echo ${{ runner.os }}
        shell: bash
        working-directory: ${{ github.workspace }}
        background: true
        id: bg
      - wait: [bg]
      - wait: s
      - wait-all:
      - {cancel: bg, name: x}
      - parallel: [{run: a, id: s}, {uses: ./x}]
""",
    ),
    "jobs": (
        "workflow",
        """
on: push
jobs:
  a: {runs-on: x}
  b:
    needs: [a]
    runs-on: {group: organization/x, labels: [l]}
    snapshot: {image-name: i, version: 1.*, if: x}
    steps: []
  c:
    needs: b
    uses: ./.github/workflows/x.yml
    with: {a: 1, b: '${{ needs.b.outputs.x }}'}
    secrets: {T: '${{ secrets.T }}'}
    permissions: {contents: write}
    strategy: {matrix: '${{ fromJSON(needs.b.outputs.m) }}'}
  d: {uses: o/r/.github/workflows/x.yml@v1, secrets: inherit}
""",
    ),
    "called": (
        "workflow",
        """
on:
  workflow_call:
    inputs:
      a: {type: string, default: '${{ github.ref }}', required: false, description: x}
      b: {type: boolean, default: true}
      c: {type: number, default: 1}
    secrets: {t: {required: true, description: d}, u: }
    outputs: {o: {value: '${{ jobs.a.outputs.x }}', description: d}}
  workflow_run: {workflows: [x], types: completed}
  repository_dispatch: {types: [x]}
  pull_request:
  image_version: {names: [x], versions: '1'}
permissions: {}
jobs:
  a: {runs-on: x, environment: e, container: node, snapshot: img, steps: [{run: x, if: true}]}
""",
    ),
    "list": (
        "workflow",
        "{on: [push, pull_request], jobs: {a: {runs-on: x, steps: [{run: x}]}, "
        "b: {runs-on: x, needs: a, steps: [{run: y}]}}}",
    ),
    "string": ("workflow", "{on: push, jobs: {a: {runs-on: '${{ inputs.x }}', steps: [{run: x}]}}}"),
    "composite": (
        "action",
        """
name: n
description: d
author: a
inputs:
  x: {description: d, required: true, default: '${{ github.token }}', deprecationMessage: m, other: {a: 1}}
outputs:
  o: {description: d, value: '${{ steps.a.outputs.x }}'}
runs:
  using: composite
  steps:
    - run: x
      shell: bash
      id: a
      if: always()
      env: {A: '${{ inputs.x }}'}
      working-directory: w
      continue-on-error: true
      name: n
    - uses: a/b@v1
      with: {a: '${{ env.X }}'}
      id: a
      if: success()
      continue-on-error: ${{ inputs.x == 'y' }}
branding: {icon: zap, color: red}
""",
    ),
    "docker": (
        "action",
        """
name: n
description: d
runs:
  using: docker
  image: Dockerfile
  entrypoint: e
  args: ['${{ inputs.x }}']
  env: {A: '${{ inputs.y }}'}
  pre-entrypoint: p
  pre-if: runner.os == 'Linux'
  post-entrypoint: q
  post-if: always()
""",
    ),
    "javascript": (
        "action",
        "{name: n, description: d, "
        "runs: {using: node24, main: m, pre: p, pre-if: failure(), post: q, post-if: success()}}",
    ),
}

VALUES: list[Any] = [
    None, "", 5, True, "text", [], {}, ["x"], {"a": "b"}, [None], "${{ github.ref }}", "${{ secrets.X }}",
    "${{ env.X }}", "${{ steps.a.outputs.b }}", "${{ matrix.x }}", "${{ nope }}", "${{ github.ref", "${{ 'x' }}",
    "a ${{ inputs.x }} b", "${{ hashFiles('x') }}", "${{ always() }}", "${{ success('a') }}",
    "${{ contains(github.ref) }}", "${{ insert }}",
]  # fmt: skip
KEYS = ["unknown", "<<", "", "${{ insert }}", "${{ github.ref }}", "${{ secrets.X }}", "1a", "__x"]


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield at, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*at, key))


def _replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = _replaced(copy[at[0]], at[1:], new)
    return copy


def spoilt(base: Any) -> Iterator[tuple[str, Any]]:
    """The base with one value replaced, one key removed, doubled or added: (what was done, the new value)."""
    for at, value in _places(base):
        route = ".".join(map(str, at))
        for new in VALUES:
            yield f"{route}={new}", _replaced(base, at, new)
        if isinstance(value, dict):
            for key in value:
                yield f"{route}-{key}", _replaced(base, at, {name: value[name] for name in value if name != key})
                if key.upper() != key:
                    yield f"{route}+{key.upper()}", _replaced(base, at, {**value, key.upper(): value[key]})
            for key in KEYS:
                yield f"{route}+{key}", _replaced(base, at, {**value, key: "x"})
            merged = {"${{ insert }}": {"a": "${{ secrets.A }}"}}
            yield f"{route}={merged}", _replaced(base, at, merged)
        if isinstance(value, list) and value:
            yield f"{route}+first", _replaced(base, at, [*value, value[0]])


@lru_cache(maxsize=1)
def spoilt_cases() -> list[Case]:
    """Every base, and every base with one thing spoilt; JSON is YAML."""
    cases = []
    for name, (kind, text) in BASES.items():
        base = to_value(parse_text(name, text).root)
        cases.append(Case(name, kind, text))
        cases += [Case(f"{name}/{what}", kind, json.dumps(value)) for what, value in spoilt(base)]
    return cases


STEPS = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
CORNERS = {
    "empty": "",
    "only a comment": "# nothing\n",
    "only a document start": "---\n",
    "a scalar": "hello\n",
    "a list": "- on: push\n",
    "two documents": "on: push\njobs: {a: {runs-on: x}}\n---\non: push\n",
    "document end": "on: push\njobs: {a: {runs-on: x}}\n...\n",
    "byte-order mark": "\ufeffon: push\njobs: {a: {runs-on: x}}\n",
    "carriage returns": STEPS.replace("\n", "\r\n")
    + "      - run: |\r\n          a\r\n          ${{ github.ref }}\r\n",
    "tab as indentation": "on: push\njobs:\n\ta: {runs-on: x}\n",
    "on in quotes": "'on': push\njobs: {a: {runs-on: x}}\n",
    "number as key": "on: push\nenv: {1: x}\njobs: {a: {runs-on: x}}\n",
    "boolean as key": "on: push\nenv: {true: x}\njobs: {a: {runs-on: x}}\n",
    "number as key of a job": "on: push\njobs: {1: {runs-on: x}}\n",
    "null as key": "on: push\nenv: {~: x}\njobs: {a: {runs-on: x}}\n",
    "mapping as key": "on: push\nenv: {? {a: b} : x}\njobs: {a: {runs-on: x}}\n",
    "exact duplicate": "on: push\non: push\njobs: {a: {runs-on: x}}\n",
    "exact duplicate in env": "on: push\nenv: {A: x, A: y}\njobs: {a: {runs-on: x}}\n",
    "anchor and alias": "on: push\nenv: &e {A: x}\njobs: {a: {runs-on: x, env: *e}}\n",
    "alias of a step": STEPS + "      - &s {run: x}\n      - *s\n",
    "alias of a step with an id": STEPS + "      - &s {run: x, id: i}\n      - *s\n",
    "alias that does not fit": "on: &o push\njobs: *o\n",
    "alias without an anchor": "on: push\njobs: *o\n",
    "merge key": STEPS + "      - &s {run: x}\n      - {<<: *s, name: y}\n",
    "merge key in env": "on: push\nenv: {<<: {A: b}}\njobs: {a: {runs-on: x}}\n",
    "alias as key": "on: push\nname: &n a\njobs: {*n : {runs-on: x}}\n",
    "tag that fits": "on: !!str push\njobs: {a: {runs-on: x, timeout-minutes: !!int 5}}\n",
    "tag that makes text": "on: push\njobs: {a: {runs-on: x, timeout-minutes: !!str 5}}\n",
    "unknown tag": "on: !mine push\njobs: {a: {runs-on: x}}\n",
    "yes is text": "on: push\njobs: {a: {runs-on: x, continue-on-error: yes}}\n",
    "True is a boolean": "on: push\njobs: {a: {runs-on: x, continue-on-error: True}}\n",
    "octal and hexadecimal": "on: push\njobs: {a: {runs-on: x, timeout-minutes: 0o17, cancel-timeout-minutes: 0x1F}}\n",
    "not a number": "on: push\njobs: {a: {runs-on: x, timeout-minutes: .nan, cancel-timeout-minutes: -.inf}}\n",
    "underscores are text": "on: push\njobs: {a: {runs-on: x, timeout-minutes: 1_000}}\n",
    "sexagesimal is text": "on: push\njobs: {a: {runs-on: x, timeout-minutes: 1:30}}\n",
    "no jobs": "on: push\njobs: {}\n",
    "null jobs": "on: push\njobs:\n",
    "null env": "on: push\nenv:\njobs: {a: {runs-on: x}}\n",
    "null steps": STEPS,
    "null step": STEPS + "      -\n",
    "empty run": STEPS + "      - run:\n",
    "block condition": STEPS + "      - run: x\n        if: |\n          github.ref == 'x'\n          && success()\n",
    "folded condition": STEPS + "      - run: x\n        if: >-\n          github.ref == 'x' &&\n          env.X\n",
    "wrong folded condition": STEPS
    + "      - run: x\n        if: >-\n          github.ref == 'x' &&\n          secrets.X\n",
    "condition with text beside": STEPS + "      - run: x\n        if: ${{ github.ref }} == 'x'\n",
    "condition of constants": STEPS + "      - run: x\n        if: ${{ 'success()' }}\n",
    "condition of a word": STEPS + "      - run: x\n        if: ${{ 'word' }}\n",
    "empty condition": STEPS + "      - run: x\n        if: ''\n",
    "exclamation mark tag": STEPS + "      - run: x\n        if: !success()\n",
    "exclamation mark in quotes": STEPS + "      - run: x\n        if: '!success()'\n",
    "double quotes in an expression": STEPS + '      - run: ${{ github.ref == "x" }}\n',
    "doubled quotes": STEPS + "      - run: '${{ github.ref == ''x'' }}'\n",
    "escaped line break": STEPS + '      - run: "${{ github.ref \\\n          }}"\n',
    "closing fence in a string": STEPS + "      - run: ${{ '}}' }}\n",
    "unclosed in a block": STEPS + "      - run: |\n          echo ${{ github.ref\n          echo }\n",
    "expressions in a block": STEPS + "      - run: |\n          ${{ github.ref }}\n          ${{ env.X }}\n",
    "unknown context in a block": STEPS + "      - run: |\n          ${{ github.ref }}\n          ${{ envs.X }}\n",
    "other letter case": STEPS + "      - run: ${{ GitHub.REF }} ${{ toJson(Env) }}\n",
    "needs itself": "on: push\njobs: {a: {runs-on: x, needs: a}, b: {runs-on: x}}\n",
    "needs in a circle": "on: push\njobs: {a: {runs-on: x, needs: b}, b: {runs-on: x, needs: [a]}, c: {runs-on: x}}\n",
    "needs in other letter case": "on: push\njobs: {A: {runs-on: x}, b: {runs-on: x, needs: a}}\n",
    "needs twice": "on: push\njobs: {a: {runs-on: x}, b: {runs-on: x, needs: [a, a]}}\n",
    "empty needs": "on: push\njobs: {a: {runs-on: x, needs: []}}\n",
    "step ids twice": STEPS + "      - {run: x, id: i}\n      - {run: x, id: i}\n",
    "step ids in other letter case": STEPS + "      - {run: x, id: i}\n      - {run: x, id: I}\n",
    "step id too long": STEPS + f"      - {{run: x, id: {'i' * 100}}}\n",
    "step id just short enough": STEPS + f"      - {{run: x, id: {'i' * 99}}}\n",
    "number as step id": STEPS + "      - {run: x, id: 1}\n",
    "boolean as step id": STEPS + "      - {run: x, id: true}\n",
    "container without image": "on: push\njobs: {a: {runs-on: x, container: {env: {A: b}}}}\n",
    "container with an expression": "on: push\njobs: {a: {runs-on: x, container: {env: {A: '${{ github.ref }}'}}}}\n",
    "service without image": "on: push\njobs: {a: {runs-on: x, services: {s: {options: x}}}}\n",
    "runner groups": "on: push\njobs: {a: {runs-on: {group: x}}, b: {runs-on: {group: ent/x}}}\n",
    "runner group of another": "on: push\njobs: {a: {runs-on: {group: team/x}}}\n",
    "runner group with two slashes": "on: push\njobs: {a: {runs-on: {group: org/x/y}}}\n",
    "matrix of one value": "on: push\njobs: {a: {runs-on: x, strategy: {matrix: {a: b}}}}\n",
    "matrix with nested lists": "on: push\njobs: {a: {runs-on: x, strategy: {matrix: {a: [[1, [2]], {b: c}]}}}}\n",
    "dispatch on its own": "on: {workflow_dispatch: {inputs: {a: }}}\njobs: {a: {runs-on: x}}\n",
}
CRONS = [
    "* * * * *", "0 0 1 1 0", "*/5 * * * *", "0-30/5 1,2,3 * jan-mar mon-fri", "60 * * * *", "* 24 * * *", "* * 0 * *",
    "* * * 13 *", "* * * * 7", "5-1 * * * *", "fri-mon * * * *", "* * * * fri-mon", "* * * JAN SUN", "@daily",
    "* * * *", "* * * * * *", " * * * * *", "* * * * * ", "*  *  * * *", "*/0 * * * *", "*/x * * * *", "1,,2 * * * *",
    "1/2/3 * * * *", "L * * * *", "? * * * *", "-1 * * * *", "1- * * * *", "*-5 * * * *", "1-2-3 * * * *",
    "5/3 * * * *", "*/61 * * * *", "1,2-3/2 * * * *", "010 * * * *",
]  # fmt: skip


@lru_cache(maxsize=1)
def corner_cases() -> list[Case]:
    """YAML's odd corners, cron schedules, and names in the places that take a name of a fixed set."""
    cases = [Case(f"yaml/{name}", "workflow", text) for name, text in CORNERS.items()]
    for cron in CRONS:
        text = f"on: {{schedule: [{{cron: '{cron}'}}]}}\njobs: {{a: {{runs-on: x}}}}\n"
        cases.append(Case(f"cron/{cron}", "workflow", text))
    schema = json.loads((SCHEMAS / "workflow.schema.json").read_text())
    for event in schema["properties"]["on"]["properties"]:
        for name, form in (("alone", "{}"), ("in a list", "[{}]"), ("null", "{{{}: }}"), ("empty", "{{{}: {{}}}}")):
            text = f"on: {form.format(event)}\njobs: {{a: {{runs-on: x}}}}\n"
            cases.append(Case(f"event/{event} {name}", "workflow", text))
        for key in ("types", "branches", "tags", "paths", "workflows", "branches-ignore", "cron", "names"):
            text = f"on: {{{event}: {{{key}: [created]}}}}\njobs: {{a: {{runs-on: x}}}}\n"
            cases.append(Case(f"event/{event} with {key}", "workflow", text))
        types = schema["properties"]["on"]["properties"][event].get("properties", {}).get("types", {}).get("items", {})
        for activity in types.get("enum", []):
            text = f"on: {{{event}: {{types: {activity}}}}}\njobs: {{a: {{runs-on: x}}}}\n"
            cases.append(Case(f"event/{event} {activity}", "workflow", text))
    for scope in schema["$defs"]["permissions"]["properties"]:
        for level in ("read", "write", "none", "admin"):
            text = f"on: push\npermissions: {{{scope}: {level}}}\njobs: {{a: {{runs-on: x}}}}\n"
            cases.append(Case(f"permission/{scope} {level}", "workflow", text))
    return cases


# ------------------------------------------------------------------------------------------------------ real files


@lru_cache(maxsize=1)
def corpus_cases() -> list[Case]:
    """Every workflow and action of the corpus."""
    cases = []
    for path in sorted(CORPUS.rglob("*.y*ml")):
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(CORPUS).as_posix()
        if path.stem == "action":
            cases.append(Case(name, "action", path.read_text("utf-8")))
        elif ".github/workflows/" in name:
            cases.append(Case(name, "workflow", path.read_text("utf-8")))
    return cases


@lru_cache(maxsize=1)
def broken_line_cases() -> list[Case]:
    """Every file of the corpus twice with one line spoilt: removed, moved, doubled or cut. The same in each run."""
    random = Random(20261122)
    cases = []
    for case in corpus_cases():
        if len(case.text) > 20_000:
            continue
        for number in (1, 2):
            lines = case.text.split("\n")
            at = random.randrange(len(lines))
            line = lines[at]
            what = random.choice(["removed", "indented", "outdented", "doubled", "swapped", "cut"])
            if what == "removed":
                del lines[at]
            elif what == "indented":
                lines[at] = "  " + line
            elif what == "outdented":
                lines[at] = line[2:]
            elif what == "doubled":
                lines.insert(at, line)
            elif what == "swapped":
                other = random.randrange(len(lines))
                lines[at], lines[other] = lines[other], line
            else:
                lines[at] = line[: random.randrange(len(line) + 1)]
            cases.append(Case(f"{case.name}:{at + 1} {what} ({number})", case.kind, "\n".join(lines)))
    return cases


# --------------------------------------------------------------------------------------------------------- verdicts


def problems_of(document: Document, kind: str) -> list[structure.Problem]:
    return structure.workflow_problems(document) if kind == "workflow" else structure.action_problems(document)


def our_verdict(case: Case) -> tuple[bool, str]:
    """Whether we accept a file, and the first reason why not."""
    document = parse(case.name, case.text.encode())
    if document.error is not None:
        return False, document.error.message
    problems = problems_of(document, case.kind)
    return not problems, problems[0].message if problems else ""


def disagreements(cases: list[Case]) -> dict[str, str]:
    """Case → what each side says, where they disagree."""
    found = {}
    verdicts = github_parser.verdicts([(case.kind, case.name, case.text) for case in cases])
    for case, verdict in zip(cases, verdicts, strict=True):
        accepted, reason = our_verdict(case)
        if accepted != verdict.accepted:
            theirs = verdict.problems[0].message if verdict.problems else "accepted"
            found[case.name] = f"GitHub: {theirs} | we: {reason or 'accepted'}"
    return found


def _unexpected(cases: list[Case]) -> dict[str, str]:
    return {name: words for name, words in disagreements(cases).items() if name not in DIFFERENT}


@with_github
@with_corpus
def test_the_corpus_is_judged_alike() -> None:
    cases = corpus_cases()
    assert len(cases) > 600
    assert _unexpected(cases) == {}
    rejected = [case.name for case in cases if not our_verdict(case)[0]]
    assert len(rejected) >= 10, "the corpus is known to hold files that GitHub rejects"


@with_github
@with_corpus
def test_the_corpus_with_one_line_spoilt_is_judged_alike() -> None:
    assert _unexpected(broken_line_cases()) == {}


@with_github
@pytest.mark.parametrize("base", BASES)
def test_hand_written_files_with_one_thing_spoilt_are_judged_alike(base: str) -> None:
    cases = [case for case in spoilt_cases() if case.name.partition("/")[0] == base]
    assert our_verdict(cases[0]) == (True, "")
    assert len(cases) > 150
    assert _unexpected(cases) == {}


@with_github
def test_corners_are_judged_alike() -> None:
    assert _unexpected(corner_cases()) == {}


@with_github
def test_the_table_of_differences_is_true() -> None:
    cases = [case for case in spoilt_cases() + corner_cases() if case.name in DIFFERENT]
    assert {case.name for case in cases} == DIFFERENT, "an entry names no case"
    assert set(disagreements(cases)) == DIFFERENT, "an entry is no difference any more"


@with_github
def test_github_names_the_same_line() -> None:
    """Where both reject one thing of a file, the places agree; we often point at a smaller part of it."""
    cases = [case for case in corner_cases() if case.name.startswith("yaml/")]
    verdicts = github_parser.verdicts([(case.kind, case.name, case.text) for case in cases])
    elsewhere = {}
    for case, verdict in zip(cases, verdicts, strict=True):
        document = parse(case.name, case.text.encode())
        problems = [] if document.error is not None else problems_of(document, case.kind)
        if len(problems) == 1 and len(verdict.problems) == 1 and verdict.problems[0].line is not None:
            line = document.line_column(problems[0].span.start)[0]
            if line != verdict.problems[0].line:
                elsewhere[case.name] = (line, verdict.problems[0].line)
    assert elsewhere == OTHER_LINES


OTHER_LINES = {
    "yaml/unclosed in a block": (7, 6),
    "yaml/wrong folded condition": (9, 7),
}
"""Case → (our line, GitHub's line), where we point at the line inside a block and GitHub at its start."""


# ------------------------------------------------------------------------------------------- schema against library

LIBRARY_DIFFERENCES = {
    "steps/jobs.a.steps.0.id=${{ 'x' }}": "a fenced constant is the text x",
    "steps/jobs.a.steps.1.id=${{ 'x' }}": "a fenced constant is the text x",
    "steps/jobs.a.steps.6.parallel.0.id=${{ 'x' }}": "a fenced constant is the text x",
    "composite/branding.icon=${{ 'x' }}": "a fenced constant is the text x",
    "called/on.workflow_call.inputs.b.default=${{ github.ref": "the open fence is reported as an expression's problem",
}
"""Case → why a plain validator says something else with the same schema: it cannot evaluate constants."""


def _plain_verdict(case: Case, document: Document) -> bool:
    """Our evaluator's verdict, counting only what JSON Schema itself can say."""
    return all(problem.keyword in structure.BEYOND for problem in problems_of(document, case.kind))


@lru_cache(maxsize=2)
def _fast_validator(kind: str) -> Any:
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{kind}.schema.json").read_text()))


@pytest.mark.parametrize("base", BASES)
def test_plain_validators_agree_on_hand_written_files(base: str) -> None:
    found = []
    for case in spoilt_cases():
        if case.name.partition("/")[0] == base:
            document = parse(case.name, case.text.encode())
            if _fast_validator(case.kind).is_valid(
                json.loads(case.text) if "/" in case.name else to_value(document.root)
            ):
                if not _plain_verdict(case, document):
                    found.append(case.name)
            elif _plain_verdict(case, document):
                found.append(case.name)
    expected = [name for name in LIBRARY_DIFFERENCES if name.partition("/")[0] == base]
    assert sorted(found) == sorted(expected)


@with_corpus
def test_plain_validators_agree_on_the_corpus() -> None:
    validators = {
        kind: Draft202012Validator(json.loads((SCHEMAS / f"{kind}.schema.json").read_text()))
        for kind in ("workflow", "action")
    }
    found = []
    judged = 0
    for case in corpus_cases():
        document = parse(case.name, case.text.encode())
        if document.error is None:
            judged += 1
            value = to_value(document.root)
            fast = _fast_validator(case.kind).is_valid(value)
            # The library in pure Python is slow; every eighth file shows that both libraries read the schema alike.
            slow = validators[case.kind].is_valid(value) if judged % 8 == 0 else fast
            if not fast == slow == _plain_verdict(case, document):
                found.append(case.name)
    assert judged > 600
    assert found == []
