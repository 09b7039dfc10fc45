"""No Dependabot and no Renovate that keeps the actions of a repository up to date."""

from __future__ import annotations

from chittyops_policy import jsonc
from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Rule, Unknown
from chittyops_policy.snapshot import DEPENDABOT_PATHS
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from chittyops_policy.document import Document
    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

ECOSYSTEM = "github-actions"

RENOVATE_PATHS = (
    "renovate.json", "renovate.jsonc", "renovate.json5", ".github/renovate.json", ".github/renovate.jsonc",
    ".github/renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.jsonc", ".renovaterc.json5",
)  # fmt: skip
"""Where Renovate looks for its configuration in a repository on GitHub, beside the key in package.json."""

_WORKFLOW = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    if not snapshot.workflow_paths() and not snapshot.action_paths():
        yield NotApplicable("the repository has no workflow and no action whose references could age")
        return
    renovate = _renovate(snapshot)
    if renovate is not None and not renovate[1]:
        yield Evidence(renovate[0])
        return
    path = snapshot.dependabot_path()
    document = None if path is None else snapshot.document(path)
    if document is None:
        if renovate is not None:
            yield context.missing(renovate[0], f"Renovate leaves the actions alone: {renovate[1]}")
            return
        near = ".github/workflows/dependabot.yml"
        misplaced = [name for name in (near, "dependabot.yml", "dependabot.yaml") if snapshot.has(name)]
        notes = tuple(f"{name} is not read as Dependabot's configuration in that place" for name in misplaced)
        yield context.missing(
            DEPENDABOT_PATHS[0], "neither Dependabot nor Renovate keeps the actions of this repository up to date",
            notes=notes,
        )  # fmt: skip
        return
    if document.error is not None:
        yield Unknown(f"{document.path} cannot be read")
        return
    yield from _dependabot(document, context)


def _dependabot(document: Document, context: Context) -> Iterator[Outcome]:
    root = document.root
    updates = root.get("updates") if isinstance(root, Mapping) else None
    paused: Scalar | None = None
    if isinstance(updates, Sequence):
        for entry in updates.items:
            if isinstance(entry, Mapping) and text_of(entry.get("package-ecosystem")) == ECOSYSTEM:
                limit = entry.get("open-pull-requests-limit")
                if isinstance(limit, Scalar) and limit.resolved() == 0:
                    paused = limit
                    continue
                yield Evidence(f"{document.path}: {document.route(entry)}")
                return
    if paused is not None:
        yield context.at(document, paused, "a limit of 0 turns version updates of the actions off")
        return
    message = f"no entry for {ECOSYSTEM}, so Dependabot leaves the actions as they are"
    key = root.key("updates") if isinstance(root, Mapping) else None
    yield context.missing(document.path, message) if key is None else context.at(document, key, message)


def _renovate(snapshot: Snapshot) -> tuple[str, str] | None:
    """(path, why it leaves the actions alone or '') of Renovate's configuration; None where there is none.

    A preset that it extends may change the picture and cannot be seen; what the file itself says is taken.
    """
    for path in RENOVATE_PATHS:
        if snapshot.has(path):
            try:
                return path, _renovate_gap(jsonc.parse(snapshot.text(path) or ""))
            except ValueError:
                return path, ""  # JSON5 beyond our reader: present, and nothing seen against it
    data = snapshot.read("package.json")
    if data is not None and b'"renovate"' in data:
        try:
            package = jsonc.parse(data.decode("utf-8", "replace"))
        except ValueError:
            return None
        if isinstance(package, dict) and isinstance(package.get("renovate"), dict):
            return "package.json", _renovate_gap(package["renovate"])
    return None


def _renovate_gap(settings: Any) -> str:
    if not isinstance(settings, dict):
        return ""
    if settings.get("enabled") is False:
        return '"enabled" is false'
    managers = settings.get("enabledManagers")
    if isinstance(managers, list) and managers and ECOSYSTEM not in managers:
        return f'"enabledManagers" lacks "{ECOSYSTEM}"'
    own = settings.get(ECOSYSTEM)
    if isinstance(own, dict) and own.get("enabled") is False:
        return f'"{ECOSYSTEM}" is not enabled'
    return ""


def _examples() -> tuple[Example, ...]:
    workflow = {".github/workflows/ci.yml": _WORKFLOW}
    npm = "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    schedule:\n      interval: weekly\n"
    actions = npm.replace("npm", ECOSYSTEM)
    entry = (
        "  - package-ecosystem: github-actions\n    directory: /\n    schedule:\n      interval: weekly\n"
        "    cooldown:\n      default-days: 7\n"
        "    groups:\n      github-actions:\n        patterns:\n          - '*'\n"
    )
    return (
        Example(
            "workflows, and nothing that updates them",
            workflow,
            (".github/dependabot.yml",),
            after={
                ".github/dependabot.yml": (
                    "# Releases are proposed when they are a week old: by then others may have found a malicious one.\n"
                    f"version: 2\nupdates:\n{entry}"
                )
            },
        ),
        Example(
            "Dependabot, but not for actions",
            {**workflow, ".github/dependabot.yml": npm},
            ("updates",),
            after={".github/dependabot.yml": npm + entry},
        ),
        Example("Dependabot for actions", {**workflow, ".github/dependabot.yml": actions}),
        Example(
            "an entry that may not open any pull request",
            {**workflow, ".github/dependabot.yml": actions + "    open-pull-requests-limit: 0\n"},
            ("0",),
            after={".github/dependabot.yml": actions + "    cooldown:\n      default-days: 7\n"},
        ),
        Example(
            "Renovate does the same work; it looks after actions unless told otherwise",
            {**workflow, "renovate.json": '{\n  // shared settings\n  "extends": ["config:recommended"],\n}\n'},
        ),
        Example(
            "Renovate for one manager only",
            {**workflow, ".github/renovate.json": '{"enabledManagers": ["npm"]}\n'},
            (".github/renovate.json",),
        ),
        Example("a repository without workflows has nothing to update", {"README.md": "# Notes\n"}),
    )


RULE = Rule(
    id="missing-update-tool",
    title="Nothing keeps the actions up to date",
    theme="repository",
    severity="medium",
    visits=(REPOSITORY,),
    places=("dependabot", ""),
    why=(
        "A pinned action stays at its commit, with its bugs, until somebody moves it. Dependabot and Renovate know "
        "both the pin and the tag in the comment behind it and propose each new release; without them pins rot, and "
        "teams give up on pinning."
    ),
    how=(
        "Add an entry with `package-ecosystem: github-actions` and `directory: /` to .github/dependabot.yml, or let "
        "Renovate run its github-actions manager."
    ),
    examples=_examples,
    check=_check,
    tags=("hardening-gap", "external/cwe/cwe-1104", "owasp-cicd-sec-3"),
    limits=(
        "Whether the Renovate app is installed, what a preset adds and whether `directories` covers composite actions "
        "in other folders is not looked at."
    ),
)
