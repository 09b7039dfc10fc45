"""A step that gives an action of the repository inputs that it does not have, or not those that it needs."""

from __future__ import annotations

from chittyops_policy.readings import closest
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.snapshot import normalise
from chittyops_policy.workflow import Workflow, mapping_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Step, Uses

_OWN = ("local", "self")
"""What kinds of `uses` name an action of the repository."""

_OF_CONTAINERS = ("args", "entrypoint")
"""What the runner takes under ``with`` for an action that is a container, whatever its inputs are."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    if not [uses for uses, _, _ in view.uses() if uses.kind in _OWN]:
        return
    for steps in [job.steps for job in view.jobs] if isinstance(view, Workflow) else [view.steps]:
        if not [step for step in steps if step.uses is not None and step.uses.kind in _OWN]:
            continue
        for step in steps:
            uses = step.uses
            if uses is None:
                continue
            if uses.slug == "actions/checkout" and step.input("repository") is not None:
                break  # what lies in the workspace is no longer this repository
            if uses.kind in _OWN:
                yield from _call(view, step, uses, context)


def _call(view: Workflow | Action, step: Step, uses: Uses, context: Context) -> Iterator[Finding]:
    folder = normalise(uses.path)
    action = context.snapshot.action(folder) if folder is not None and "${{" not in folder else None
    if action is None:
        return
    names, known, needed = action.once(_inputs)
    given = step.with_
    if given is None and step.node.get("with") is not None:
        return
    for name, key, _ in given.pairs() if given is not None else ():
        if name.lower() not in known and "${{" not in name and name != "<<":
            yield context.at(view.document, key, f"{uses.text} has no input '{name[:60]}'{closest(name, names)}")
    passed = {name.lower() for name, _, _ in given.pairs()} if given is not None else set()
    if "<<" in passed:
        return
    for name in needed:
        if name.lower() not in passed:
            yield context.at(view.document, uses.node, f"{uses.text} is not given its required input '{name[:60]}'")


def _inputs(action: Action) -> tuple[tuple[str, ...], frozenset[str], list[str]]:
    """The names of an action's inputs; in lower case all that may stand under ``with``; and the names that must."""
    declared = mapping_of(action.node.get("inputs"))
    names = declared.keys() if declared is not None else ()
    known = frozenset([name.lower() for name in (*names, *(_OF_CONTAINERS if action.using == "docker" else ()))])
    needed = []
    for name, _, node in declared.pairs() if declared is not None else ():
        entry = mapping_of(node)
        if entry is not None and text_of(entry.get("required")) == "true" and entry.get("default") is None:
            needed.append(name)
    return names, known, needed


_ACTION = """\
name: setup
description: Sets things up.
inputs:
  node-version: {description: Which Node.js., required: true}
  cache: {description: Whether to cache., default: 'true'}
runs:
  using: composite
  steps:
    - run: echo "$VERSION"
      shell: bash
      env: {VERSION: '${{ inputs.node-version }}'}
"""
_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with:
          {inputs}
"""


def _examples() -> tuple[Example, ...]:
    def files(inputs: str) -> dict[str, str]:
        return {
            ".github/actions/setup/action.yml": _ACTION,
            ".github/workflows/example.yml": _WORKFLOW.format(inputs=inputs),
        }

    return (
        Example(
            "A misspelt input, and so a missing one",
            files("node-verison: 22"),
            fires=("./.github/actions/setup", "node-verison"),
        ),
        Example("What it declares, in any letter case", files("Node-Version: 22")),
        Example(
            "After another repository has been checked out nobody can tell which action it is",
            {
                ".github/actions/setup/action.yml": _ACTION,
                ".github/workflows/example.yml": _WORKFLOW.format(inputs="other: 1").replace(
                    "checkout@v4\n", "checkout@v4\n        with: {repository: acme/tools}\n"
                ),
            },
        ),
    )


RULE = Rule(
    id="mismatched-inputs",
    title="An action of the repository is not given the inputs that it declares",
    theme="references",
    severity="low",
    visits=(WORKFLOW, ACTION),
    needs=(b"./", b"$/"),
    why=(
        "The runner only warns of an input that an action does not have, and of a required one that is missing it says "
        "nothing: the action runs with an empty value, and what goes wrong then goes wrong somewhere else."
    ),
    how="Give the input its right name, or declare it in the action's inputs.",
    limits=(
        "It looks at actions of the same repository. Those of others would have to be fetched at the very commit; with "
        "`--with actionlint` many of them are known by their tags."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether the call or the action is wrong only their authors know",
    tags=("control-flow", "correctness"),
)
