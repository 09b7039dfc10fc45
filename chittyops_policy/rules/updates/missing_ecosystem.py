"""A package manager whose dependencies Dependabot was not told to look after."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Sequence
from chittyops_policy.model import Related
from chittyops_policy.projects import projects_of
from chittyops_policy.rule import REPOSITORY, Context, Example, NotApplicable, Rule
from chittyops_policy.snapshot import existing
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

MANIFESTS = {
    "bun": ("bun.lock", "bun.lockb"),
    "bundler": ("Gemfile.lock", "gems.locked"),
    "cargo": ("Cargo.lock", "Cargo.toml"),
    "composer": ("composer.lock",),
    "deno": ("deno.lock",),
    "docker": ("Dockerfile",),
    "gomod": ("go.mod",),
    "gradle": ("build.gradle", "build.gradle.kts"),
    "maven": ("pom.xml",),
    "mix": ("mix.lock",),
    "npm": ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"),
    "nuget": ("packages.lock.json", "Directory.Packages.props"),
    "pip": ("requirements.txt", "Pipfile.lock", "poetry.lock"),
    "pub": ("pubspec.lock",),
    "swift": ("Package.resolved",),
    "terraform": (".terraform.lock.hcl",),
    "uv": ("uv.lock",),
}
"""Dependabot's ecosystem → files of which any shows that it is used (docs.github.com, "Dependabot supported ecosystems
and repositories", 2026-11)."""


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    path = snapshot.dependabot_path()
    document = None if path is None else snapshot.document(path)
    root = None if document is None else document.root
    updates = root.get("updates") if isinstance(root, Mapping) else None
    if document is None or not isinstance(root, Mapping) or not isinstance(updates, Sequence):
        yield NotApplicable("there is no list of updates in a dependabot.yml")
        return
    known = context.parameters.get("scanners", {}).get("known", {})
    if existing(snapshot, known.get("renovate", {}).get("files", ())) is not None:
        yield NotApplicable("Renovate finds the package managers by itself")
        return
    covered = {text_of(entry.get("package-ecosystem")) for entry in updates.items if isinstance(entry, Mapping)}
    folders = sorted({"", *(project.folder for project in projects_of(context))})
    for ecosystem, names in MANIFESTS.items():
        if ecosystem in covered:
            continue
        found = [f"{folder}/{name}" if folder else name for folder in folders for name in names]
        seen = existing(snapshot, found)
        if seen is not None:
            yield context.at(
                document, root.key("updates") or updates,
                f"no entry for {ecosystem}, so Dependabot leaves {seen[:80]} as it is", node=updates, anchor=ecosystem,
                related=(Related(seen, None, "what would be updated"),),
            )  # fmt: skip


def _examples() -> tuple[Example, ...]:
    path = ".github/dependabot.yml"
    actions = (
        "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    directory: /\n    schedule:\n"
        "      interval: weekly\n    cooldown:\n      default-days: 7\n"
    )
    return (
        Example(
            "The actions are kept up to date, and the packages are not",
            {path: actions, "package-lock.json": "{}\n", "package.json": "{}\n"},
            fires=("updates",),
            after={
                path: actions + "  - package-ecosystem: npm\n    directory: /\n    schedule:\n      interval: weekly\n"
                "    cooldown:\n      default-days: 7\n"
            },
        ),
        Example(
            "Every package manager has its entry",
            {path: actions.replace("github-actions", "npm"), "yarn.lock": "", "package.json": "{}\n"},
        ),
        Example("No list of updates at all is another rule's business", {"go.mod": "module example.com/x\n"}),
    )


RULE = Rule(
    id="missing-ecosystem",
    title="Dependabot does not look after all package managers",
    theme="updates",
    severity="low",
    profile="strict",
    visits=(REPOSITORY,),
    places=("dependabot",),
    why=(
        "Dependabot only proposes new versions for the package managers that its file lists. The others look covered, "
        "because the file is there, and grow old with known holes."
    ),
    how="Add an entry with the ecosystem and its directory.",
    limits=(
        "Looked for are lock files and manifests at the top and in the folders of detected projects; whether the "
        "directory of an entry is the right one is not looked at."
    ),
    examples=_examples,
    check=_check,
    tags=("hardening-gap", "external/cwe/cwe-1104", "owasp-cicd-sec-3"),
)
