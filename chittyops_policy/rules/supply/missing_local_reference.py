"""A local action or reusable workflow that is not in the repository."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule, Unknown
from chittyops_policy.snapshot import WORKFLOWS_FOLDER, normalise
from chittyops_policy.workflow import Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chittyops_policy.model import Finding
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.workflow import Action, Step, Uses

METADATA = ("action.yml", "action.yaml", "Dockerfile", "dockerfile")
"""The files of which an action's folder needs one, in the runner's order."""

_OWN = ("local", "self")
"""What kinds of `uses` name something of the repository."""

_BRINGS_FILES = ("git clone", "gh repo clone", "git worktree", "git submodule", "git checkout", "git fetch", "git pull")
_FETCHES = ("actions/download-artifact", "actions/cache", "actions/cache/restore")


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding | Unknown]:
    if isinstance(view, Workflow):
        for uses, job, of_step in view.uses():
            if uses.kind not in _OWN:
                continue
            if of_step is None:
                yield from _called_workflow(view, uses, context)
            elif job.uses is None:
                yield from _job_step(view, job.steps[: of_step.index], uses, context)
        return
    for uses, _, _ in view.uses():
        if uses.kind in _OWN:
            yield from _composite_step(view, uses, context)


def _called_workflow(view: Workflow, uses: Uses, context: Context) -> Iterator[Finding]:
    path = normalise(uses.path)
    if path is not None and path.startswith(WORKFLOWS_FOLDER + "/") and path.count("/") == 2:
        if context.snapshot.has(path):
            return
        if "@" in path:
            yield _at(view, uses, context, "a workflow of the same repository is called without @ and a ref")
            return
        yield _at(view, uses, context, f"there is no workflow {path} in this repository")
    else:
        yield _at(view, uses, context, f"a reusable workflow must lie directly in {WORKFLOWS_FOLDER}")


def _job_step(view: Workflow, before: Sequence[Step], uses: Uses, context: Context) -> Iterator[Finding | Unknown]:
    path = normalise(uses.path)
    if uses.text.startswith("../"):
        yield _at(view, uses, context, "a local reference starts with ./ or $/")
    if path is None or "${{" in uses.path:
        return
    snapshot = context.snapshot
    if uses.kind == "self":  # taken from the commit itself, whatever lies in the workspace
        if not _is_action(snapshot, path):
            yield _at(view, uses, context, _missing(path))
        return
    where = f"{view.path}: {uses.text}"
    found = _is_action(snapshot, path)
    if not found and set(view.triggers) == {"workflow_call"}:
        yield Unknown(f"{where} is looked up in the workspace of whoever calls this workflow")
        return
    in_workspace = found
    touched = False
    for step in before:
        if step.uses is not None and step.uses.name == "actions/checkout":
            touched = True
            place = _checkout(step, snapshot)
            if place is None:
                if not found:
                    yield Unknown(f"{where} may come from a checkout whose place is only known at run time")
                    return
                continue
            folder, repository, ref = place
            inside = _below(path, folder)
            if inside is None:
                continue
            if "${{" in repository and found:
                continue
            if repository:
                other = context.lookups.repository(repository)
                if other is None or ref:
                    yield Unknown(
                        f"{where} lies in {repository}, which a step checks out there",
                        "" if "${{" in repository else f"check {repository} in the same run",
                    )
                    return
                if _is_action(other, inside):
                    in_workspace = True
                    continue
                yield _at(view, uses, context, f"{repository} has no action in {inside or 'its top folder'}")
                return
            if _is_action(snapshot, inside):
                in_workspace = True
            elif ref and not found:
                yield Unknown(f"{where} is taken from another revision of this repository ({ref})")
                return
            elif _submodules(step) and _in_submodule(snapshot, inside):
                yield Unknown(f"{where} lies in a submodule")
                return
        elif step.uses is not None:
            touched = True
            if not found and step.uses.name in _FETCHES and _may_reach(text_of(step.input("path")), path):
                yield Unknown(f"{where} may come from what {step.uses.name} brings")
                return
        elif step.run is not None:
            script = step.run.value
            touched = touched or "git" in script or "gh " in script
            if not found and _script_may_make(script, path):
                yield Unknown(f"{where} may be made by an earlier script")
                return
    if in_workspace and touched:
        return
    if in_workspace:
        yield _at(view, uses, context, f"nothing has checked out {path or 'the repository'} when this step runs")
    else:
        yield _at(view, uses, context, _missing(path))


def _composite_step(view: Action, uses: Uses, context: Context) -> Iterator[Finding | Unknown]:
    path = normalise(uses.path)
    if path is None or _is_action(context.snapshot, path):
        return
    if uses.kind == "self":
        yield _at(view, uses, context, _missing(path))
    else:
        yield Unknown(f"{view.path}: {uses.text} is looked up in the workspace of whoever uses this action")


def _at(view: Workflow | Action, uses: Uses, context: Context, message: str) -> Finding:
    start = uses.node.value.find(uses.text)
    return context.inside(view.document, uses.node, start, start + len(uses.text), message)


def _missing(path: str) -> str:
    return f"there is no action in {path or 'the top folder'}: no action.yml, action.yaml or Dockerfile"


def _is_action(snapshot: Snapshot, folder: str) -> bool:
    names = snapshot.folder(folder)
    return any(name in names for name in METADATA)


def _checkout(step: Step, snapshot: Snapshot) -> tuple[str, str, str] | None:
    """(folder, other repository or '', ref or '') of an actions/checkout step; None where the folder is computed."""
    folder = normalise(text_of(step.input("path")))
    repository = text_of(step.input("repository")).strip()
    if "".join(repository.split()) == "${{github.repository}}":
        repository = ""
    if folder is None or "${{" in folder:
        return None
    own = snapshot.slug and repository.lower() == snapshot.slug.lower()
    return folder, "" if own else repository, text_of(step.input("ref")).strip()


def _submodules(step: Step) -> bool:
    return text_of(step.input("submodules")).strip().lower() not in ("", "false")


def _in_submodule(snapshot: Snapshot, path: str) -> bool:
    text = snapshot.text(".gitmodules") or ""
    places = (line.partition("=")[2].strip() for line in text.splitlines() if line.strip().startswith("path"))
    return any(place and _below(path, place) is not None for place in places)


def _below(path: str, folder: str) -> str | None:
    """`path` as seen from `folder`, or None where it lies elsewhere."""
    if not folder:
        return path
    if path == folder:
        return ""
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None


def _may_reach(target: str, path: str) -> bool:
    """Whether something unpacked into `target` (several lines, patterns, expressions) may hold `path`."""
    if not target.strip() or "${{" in target or "*" in target or "~" in target:
        return True
    places = (normalise(line.strip()) for line in target.splitlines())
    return any(place is not None and _below(path, place) is not None for place in places)


def _script_may_make(script: str, path: str) -> bool:
    return any(command in script for command in _BRINGS_FILES) or (path != "" and path.split("/")[0] in script)


_METADATA_TEXT = """\
name: setup
description: sets things up
runs:
  using: composite
  steps:
    - run: echo ready
      shell: bash
"""
_JOB = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
"""
_CHECKOUT = "      - uses: actions/checkout@v4\n"


def _examples() -> tuple[Example, ...]:
    workflow = ".github/workflows/ci.yml"
    return (
        Example(
            "The action's folder and the called workflow are not there",
            {
                workflow: _JOB
                + _CHECKOUT
                + "      - uses: ./.github/actions/setup\n"
                + "  gates:\n"
                + "    uses: ./.github/workflows/gates.yml\n"
            },
            fires=("./.github/actions/setup", "./.github/workflows/gates.yml"),
        ),
        Example(
            "Both are there",
            {
                workflow: _JOB
                + _CHECKOUT
                + "      - uses: ./.github/actions/setup/\n"
                + "      - uses: $/.github/actions/setup\n"
                + "  gates:\n"
                + "    uses: ./.github/workflows/gates.yml\n",
                ".github/actions/setup/action.yaml": _METADATA_TEXT,
                ".github/workflows/gates.yml": "on: workflow_call\njobs: {}\n",
            },
        ),
        Example(
            "A step that needs the workspace before anything is checked out",
            {
                workflow: _JOB + "      - uses: ./setup\n",
                "setup/action.yml": _METADATA_TEXT,
            },
            fires=("./setup",),
        ),
        Example(
            "An earlier step checks out another repository to that place",
            {
                workflow: _JOB
                + _CHECKOUT
                + "      - uses: actions/checkout@v4\n"
                + "        with: {repository: acme/tools, path: .tools}\n"
                + "      - uses: ./.tools/setup\n"
            },
            unknown="lies in acme/tools",
        ),
        Example(
            "This repository, checked out in a folder",
            {
                workflow: _JOB
                + "      - uses: actions/checkout@v4\n"
                + "        with: {path: src}\n"
                + "      - uses: ./src/setup\n"
                + "      - uses: ./src/other\n",
                "setup/Dockerfile": "FROM scratch\n",
            },
            fires=("./src/other",),
        ),
        Example(
            "A script may have made it",
            {workflow: _JOB + _CHECKOUT + "      - run: git clone $URL tools\n" + "      - uses: ./tools/setup\n"},
            unknown="may be made by an earlier script",
        ),
        Example(
            "A reusable workflow in a folder below .github/workflows cannot be called",
            {
                workflow: "on: push\njobs:\n  gates:\n    uses: ./.github/workflows/shared/gates.yml\n",
                ".github/workflows/shared/gates.yml": "on: workflow_call\njobs: {}\n",
            },
            fires=("./.github/workflows/shared/gates.yml",),
        ),
        Example(
            "In a composite action the path is the caller's",
            {"action.yml": "runs:\n  using: composite\n  steps:\n    - uses: ./helpers/setup\n"},
            unknown="in the workspace of whoever uses this action",
        ),
    )


RULE = Rule(
    id="missing-local-reference",
    title="A local action or reusable workflow does not exist",
    theme="supply",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(b"./", b"$/"),
    why=(
        "The run stops as soon as it gets there: a missing reusable workflow keeps the whole workflow from starting, a "
        "missing action fails the job in the middle. Where the missing file was the gate that should have checked "
        "something, nobody notices that it never ran."
    ),
    how=(
        "Add the file, correct the path (it starts at the top of the repository, in the same letter case), or remove "
        "the call. A step with a ./ path needs actions/checkout before it."
    ),
    limits=(
        "Files that an unknown action or a build script makes before the step are not foreseen, unless the script "
        "names the folder or fetches with git. Symbolic links to folders are not followed."
    ),
    examples=_examples,
    check=_check,
    unfixable="whether the file was renamed, deleted or never written only its owners know",
    tags=("control-flow", "correctness"),
)
