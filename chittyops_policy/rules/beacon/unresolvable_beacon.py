"""A Beacon dependency by a name that the package registry does not serve."""

from __future__ import annotations

import re

from chittyops_policy import jsonc, projects
from chittyops_policy.document import Document, Mapping, Scalar, parse_text
from chittyops_policy.model import Span
from chittyops_policy.rule import ACTION, REPOSITORY, WORKFLOW, Context, Example, Rule
from chittyops_policy.shell_commands import commands
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.workflow import Action, Step, Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from chittyops_policy.model import Finding
    from chittyops_policy.shell_commands import Command

SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

_ELSEWHERE = (
    r"[a-z+]+://|(?:git|github|gitlab|bitbucket|gist|file|link|portal|workspace|npm|patch):|[^@/]+/[^/]+$|\.{0,2}/"
)
"""Versions in package.json that name a place of their own (npm's documentation of package.json, 2026-11)."""

_INSTALLS = {
    "npm": ("install", "i", "add"),
    "pnpm": ("add", "install", "i"),
    "yarn": ("add",),
    "bun": ("add", "install", "i"),
}


def _check(view: Workflow | Action | Snapshot, context: Context) -> Iterator[Finding]:
    names, source = context.once(_unresolvable)
    if not names:
        return
    if isinstance(view, Snapshot):
        for folder in dict.fromkeys(["", *(project.folder for project in projects.projects_of(context))]):
            yield from _package(view, folder, names, source, context)
        return
    text = view.document.text
    if not any(name in text for name in names):
        return
    if isinstance(view, Action):
        yield from _steps(view, view.steps, names, source, context)
    else:
        for job in view.jobs:
            yield from _steps(view, job.steps, names, source, context)


def _unresolvable(context: Context) -> tuple[tuple[str, ...], str]:
    """The names that no registry serves, and where the module can be had, as the policy says."""
    data = context.parameters.get("beacon")
    listed = data.get("unresolvable") if isinstance(data, dict) else None
    names = tuple(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()
    return names, str(data.get("source", "")) if isinstance(data, dict) else ""


# ------------------------------------------------------------------------------------------------------- scripts


def _steps(
    view: Workflow | Action, steps: tuple[Step, ...], names: tuple[str, ...], source: str, context: Context
) -> Iterator[Finding]:
    registries: set[str] = set()
    for step in steps:
        if step.uses is not None and step.uses.name == "actions/setup-node":
            # It writes the scope's registry into .npmrc; the public one is where the package is not.
            registry = text_of(step.input("registry-url"))
            if registry and "npmjs" not in registry:
                registries.add(text_of(step.input("scope")).strip().lower())
        scalar = step.run
        if scalar is None:
            continue
        registries |= {name.partition("/")[0] for name in names if f"{name.partition('/')[0]}:registry" in scalar.value}
        if not any(name in scalar.value for name in names):
            continue
        for command in commands(scalar.value) or ():
            for word in _installed(command):
                name = next((name for name in names if word == name or word.startswith(name + "@")), None)
                if name is None or re.match(_ELSEWHERE, word[len(name) + 1 :]) or name.partition("/")[0] in registries:
                    continue
                if _has_registry(context.snapshot, "", name):
                    continue
                at = scalar.value.find(word, command.start, command.end)
                start, end = (at, at + len(word)) if at >= 0 else (command.start, command.end)
                yield context.inside(
                    view.document,
                    scalar,
                    start,
                    end,
                    f"{name} is not on the public npm registry: this fails, or installs what somebody puts there",
                    notes=_notes(source),
                )


def _installed(command: Command) -> Iterator[str]:
    """The package words of an installing command, and of npx with a package's name."""
    program = command.program
    if program and program[0] in _INSTALLS:
        words = [word for word in program[1:] if not word.startswith("-")]
        if words and words[0] in _INSTALLS[program[0]]:
            yield from words[1:]
    elif command.words and command.words[0] in ("npx", "bunx", "pnpx") and program:
        yield program[0]


# -------------------------------------------------------------------------------------------------- package.json


def _package(
    snapshot: Snapshot, folder: str, names: tuple[str, ...], source: str, context: Context
) -> Iterator[Finding]:
    path = f"{folder}/package.json" if folder else "package.json"
    data = snapshot.read(path)
    if data is None or not any(name.encode() in data for name in names):
        return
    text = data.decode("utf-8", "replace")
    document = parse_text(path, text)
    if document.error is not None:  # JSON with tabs is no YAML
        document = Document(path, text)
    for section, name, version in _entries(text, names):
        if re.match(_ELSEWHERE, version) or _has_registry(snapshot, folder, name):
            continue
        place = _place(document, section, name)
        message = f"{name} {version!r} cannot be installed: the public npm registry has no package of that name"
        notes = (*_notes(source), "once the scope is taken by somebody, their code runs in every build")
        if place is None:
            yield context.missing(path, message, notes=notes, anchor=f"{section}.{name}")
        elif isinstance(place, Span):
            yield context.at(document, place, message, notes=notes, anchor=f"{section}.{name}")
        else:
            yield context.at(document, place, message, notes=notes)


def _entries(text: str, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    try:
        value: Any = jsonc.parse(text.removeprefix("\ufeff"))
    except ValueError:
        return
    for section in SECTIONS:
        listed = value.get(section) if isinstance(value, dict) else None
        for name in names:
            version = listed.get(name) if isinstance(listed, dict) else None
            if isinstance(version, str):
                yield section, name, version


def _place(document: Document, section: str, name: str) -> Scalar | Span | None:
    root = document.root
    if isinstance(root, Mapping):
        listed = root.get(section)
        found = listed.get(name) if isinstance(listed, Mapping) else None
        return found if isinstance(found, Scalar) else None
    begin = document.text.find(f'"{section}"')
    match = re.compile(rf'"{re.escape(name)}"\s*:\s*("[^"]*")').search(document.text, max(begin, 0))
    return Span(match.start(1), match.end(1)) if match is not None else None


def _has_registry(snapshot: Snapshot, folder: str, name: str) -> bool:
    """Whether .npmrc sends the scope to a registry of its own."""
    scope = name.partition("/")[0]
    places = dict.fromkeys([".npmrc", f"{folder}/.npmrc" if folder else ".npmrc"])
    return any(f"{scope}:registry" in (snapshot.text(place) or "") for place in places)


def _notes(source: str) -> tuple[str, ...]:
    return (f"the source is {source}",) if source else ()


_JOB = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A step installs the module by a name that no registry serves",
            _JOB + "      - run: npm install @chittycorp/app-beacon --save\n",
            fires=("@chittycorp/app-beacon",),
        ),
        Example(
            "So does package.json",
            {"package.json": '{\n\t"name": "api",\n\t"dependencies": {"@chittycorp/app-beacon": "^1.0.0"}\n}\n'},
            fires=('"^1.0.0"',),
        ),
        Example(
            "From the git repository it can be had",
            {
                "package.json": '{"dependencies": {"@chittycorp/app-beacon": "github:chittyos/chittybeacon"}}\n',
                ".github/workflows/ci.yml": _JOB + "      - run: npm install github:chittyos/chittybeacon\n",
            },
        ),
        Example(
            "A private registry for the scope",
            {
                ".npmrc": "@chittycorp:registry=https://npm.pkg.github.com\n",
                "package.json": '{"dependencies": {"@chittycorp/app-beacon": "^1.0.0"}}\n',
            },
        ),
        Example(
            "Written about, not installed",
            _JOB
            + "      # npm install @chittycorp/app-beacon\n      - run: grep -q @chittycorp/app-beacon package.json\n",
        ),
    )


RULE = Rule(
    id="unresolvable-beacon",
    title="A Beacon package that no registry serves",
    theme="beacon",
    severity="high",
    visits=(WORKFLOW, ACTION, REPOSITORY),
    # Not plain "bun", which every "ubuntu" has.
    needs=(b"npm", b"npx", b"yarn", b"bunx", b"bun ", b"bun\t", b'bun"', b"bun'"),
    places=("",),
    why=(
        "The public npm registry has no package of this name, so the build fails today. Worse: a name that builds ask "
        "for and nobody owns is an invitation (dependency confusion): whoever registers it runs code in every pipeline "
        "that still asks, with that pipeline's credentials."
    ),
    how=(
        "Depend on the git repository (github:chittyos/chittybeacon, pinned to a commit) or report with the Beacon "
        "action; or publish the package in a scope of your own and point .npmrc at that registry."
    ),
    limits=(
        "No registry is asked: the names that cannot be had stand in the policy, with a date. Of package.json files "
        "only those of detected projects are read."
    ),
    examples=_examples,
    check=_check,
    unfixable="which other package is meant, or whether the step can go, only its owners know",
    tags=("unpinned-dependency", "external/cwe/cwe-427", "owasp-cicd-sec-3"),
)
