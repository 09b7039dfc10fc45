"""A required security scanner that no workflow runs."""

from __future__ import annotations

from chittyops_policy import projects
from chittyops_policy.mentions import lower
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Option, Rule, Unknown
from chittyops_policy.scanners import runs_elsewhere, scanners_of
from chittyops_policy.step_contracts import runs_of, unreadable, unseen_calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.scanners import Scanner, Scanners
    from chittyops_policy.snapshot import Snapshot

MAX_EVIDENCE = 5


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    scanners = scanners_of(context)
    if not scanners.required:
        yield NotApplicable("the policy requires no scanner")
        return
    types = frozenset(project.type for project in projects.projects_of(context))
    for id in scanners.required:
        scanner = scanners.known[id]
        seen = _seen(scanner, scanners, snapshot)
        if seen:
            yield from (Evidence(where, subject=id) for where in seen[:MAX_EVIDENCE])
        else:
            yield _absent(scanner, types, snapshot, context)


def _seen(scanner: Scanner, scanners: Scanners, snapshot: Snapshot) -> list[str]:
    """Where a scanner or one of its equivalents runs or is configured."""
    seen: list[str] = []
    for id in (scanner.id, *scanner.equivalents):
        seen += dict.fromkeys(match.where for match in scanners.found.get(id, ()))
        if id in scanners.known:
            seen += [path for path in scanners.known[id].files if snapshot.has(path)]
    return seen


def _other(scanners: Scanners) -> str | None:
    """Where something scans code or dependencies; credentials are looked for anywhere, also in documents."""
    found = (matches for id, matches in scanners.found.items() if not scanners.known[id].scans)
    return next((match.where for matches in found for match in matches), None)


def _absent(scanner: Scanner, types: frozenset[str], snapshot: Snapshot, context: Context) -> Outcome:
    id, title = scanner.id, scanner.title
    if types <= frozenset(scanner.not_for):
        other = _other(scanners_of(context))
        if other is not None:  # somebody scans something here
            kind = " and ".join(sorted(types))
            return Unknown(f"this looks like a {kind} repository, yet {other} scans something", subject=id)
        return NotApplicable(f"{title} has nothing to scan in a {' and '.join(sorted(types))} repository", subject=id)
    if types == {projects.UNKNOWN} and scanner.not_for:
        reason = f"no step runs {title}, and whether it would have something to scan cannot be told"
        return Unknown(f"{reason}: no project file that is known here", subject=id)
    broken = unreadable(runs_of(context), (scanner.contract,))
    if broken:
        return Unknown(f"{broken} mentions {title} and cannot be read", subject=id)
    for workflow in runs_of(context).live() if not scanner.files else ():
        for call, unseen in unseen_calls(workflow, context):
            return Unknown(f"{call.where} may run {title}: {unseen.reason}", unseen.permission, subject=id)
    unseen_ids = context.options["may-run-unseen"]
    if scanner.elsewhere and id in unseen_ids:
        elsewhere = runs_elsewhere(scanner, context)
        if elsewhere is None:
            return Unknown(f"no step runs {title}, but {scanner.elsewhere}", scanner.permission, subject=id)
        if elsewhere:
            return Evidence(f"{title} is on in the settings on GitHub", subject=id)
    notes = []
    if scanner.elsewhere:
        notes.append(f"{scanner.elsewhere}: where that is what runs here, say so in the policy")
    mention = _mention(scanner, context)
    if mention:
        notes.append(f"{mention} only mentions it")
    what = f"nothing configures {title}" if scanner.files else f"no step of any workflow runs {title}"
    return context.missing(scanner.file, what, notes=tuple(notes), anchor=id)


def _mention(scanner: Scanner, context: Context) -> str:
    """The first workflow that has the scanner's name somewhere, to spare the reader the search."""
    if scanner.files:
        return ""
    texts: dict[str, bytes] = context.once(_lowered)
    title, id = lower(scanner.title), scanner.id.encode()
    return next((path for path, text in texts.items() if title in text or id in text), "")


def _lowered(context: Context) -> dict[str, bytes]:
    """The workflow files in lower case, by their paths."""
    snapshot = context.snapshot
    return {path: (snapshot.read(path) or b"").lower() for path in snapshot.workflow_paths()}


_NODE = '{"name": "api", "dependencies": {"hono": "4.6.0"}}\n'
_DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: npm
    directory: /
    schedule: {interval: weekly}
"""
_SCANS = """\
on:
  push:
  schedule:
    - cron: "17 4 * * 1"
jobs:
  codeql:
    runs-on: ubuntu-latest
    permissions: {contents: read, security-events: write}
    steps:
      - uses: actions/checkout@v4
      - uses: github/codeql-action/init@v4
      - uses: github/codeql-action/analyze@v4
  dependencies:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npx snyk test
        env: {SNYK_TOKEN: "${{ steps.creds.outputs.snyk_token }}"}
      - uses: dependency-check/Dependency-Check_Action@main
        with: {project: api, path: ., format: HTML}
"""
_WORDS = """\
on: push
jobs:
  gates:
    runs-on: ubuntu-latest
    steps:
      # - uses: github/codeql-action/analyze@v4
      - uses: github/codeql-action/upload-sarif@v4
        with: {sarif_file: other.sarif}
      - run: |
          grep -RqE "snyk|npm audit" .github/workflows
          cat > plan.md <<'EOF'
          snyk test
          dependency-check --scan .
          EOF
          echo "snyk test" # snyk test
"""


def _entry(name: str) -> str:
    kind = "patterns" if name == "github-actions" else "update-types"
    return (
        f"  - package-ecosystem: {name}\n    directory: /\n    schedule:\n      interval: weekly\n"
        f"    cooldown:\n      default-days: 7\n    groups:\n      {name}:\n        {kind}:\n"
    )


def _examples() -> tuple[Example, ...]:
    scans = ".github/workflows/scans.yml"
    return (
        Example(
            "A project without any of the four",
            {"package.json": _NODE},
            fires=(
                ".github/dependabot.yml",
                ".github/workflows/codeql.yml",
                ".github/workflows/dependency-check.yml",
                ".github/workflows/snyk.yml",
            ),
        ),
        Example(
            "All four are there",
            {"package.json": _NODE, scans: _SCANS, ".github/dependabot.yml": _DEPENDABOT},
        ),
        Example(
            "Nothing but Dependabot is missing",
            {"package.json": _NODE, scans: _SCANS},
            fires=(".github/dependabot.yml",),
            after={
                ".github/dependabot.yml": (
                    "# Releases are proposed when they are a week old: by then others may have found a malicious one.\n"
                    f"version: 2\nupdates:\n{_entry('github-actions')}          - '*'\n\n{_entry('npm')}"
                    "          - minor\n          - patch\n"
                )
            },
        ),
        Example(
            "Words in comments, greps, here-documents and echoes are no steps, nor is another tool's upload",
            {"package.json": _NODE, scans: _WORDS, ".github/dependabot.yml": _DEPENDABOT},
            fires=(
                ".github/workflows/codeql.yml",
                ".github/workflows/dependency-check.yml",
                ".github/workflows/snyk.yml",
            ),
        ),
        Example(
            "Renovate counts as Dependabot, and a step may lie in a reusable workflow of the repository",
            {
                "package.json": _NODE,
                "renovate.json": "{}\n",
                ".github/workflows/ci.yml": "on: push\njobs:\n  scans:\n    uses: ./.github/workflows/scans.yml\n",
                scans: _SCANS.replace('on:\n  push:\n  schedule:\n    - cron: "17 4 * * 1"\n', "on: workflow_call\n"),
            },
        ),
        Example(
            "A reusable workflow that nobody calls",
            {
                "package.json": _NODE,
                scans: _SCANS.replace('on:\n  push:\n  schedule:\n    - cron: "17 4 * * 1"\n', "on: workflow_call\n"),
                ".github/dependabot.yml": _DEPENDABOT,
            },
            fires=(
                ".github/workflows/codeql.yml",
                ".github/workflows/dependency-check.yml",
                ".github/workflows/snyk.yml",
            ),
        ),
        Example(
            "Where scanners may run without a file, a missing step proves nothing",
            {"package.json": _NODE, scans: _SCANS.replace("analyze@v4", "autobuild@v4"), "renovate.json": "{}\n"},
            options={"may-run-unseen": ["codeql"]},
            unknown="GitHub's default setup",
        ),
        Example(
            "A reusable workflow that this run does not have may hold it",
            {
                "package.json": _NODE,
                ".github/dependabot.yml": _DEPENDABOT,
                ".github/workflows/ci.yml": "on: push\njobs:\n  ci:\n    uses: acme/ci/.github/workflows/all.yml@v1\n",
            },
            unknown="acme/ci is not part of this run",
        ),
    )


RULE = Rule(
    id="missing-scanner",
    title="A required security scanner that does not run",
    theme="scanners",
    severity="medium",
    visits=(REPOSITORY,),
    why=(
        "A repository without the scan is the one where the known hole stays. A word in a comment, or in a gate that "
        "greps for itself, looks like a scanner to a search and scans nothing, so only steps that run are counted."
    ),
    how=(
        "Add the scanner to a workflow that runs on pushes or on a schedule, or call a reusable workflow that has it. "
        "What counts for each scanner stands under `parameters: scanners` of the policy."
    ),
    limits=(
        "Without a token settings on GitHub are not seen: CodeQL's default setup and Snyk's GitHub App leave no file. "
        "The option may-run-unseen says for which scanners that makes a missing step an open question."
    ),
    options={
        "may-run-unseen": Option(
            ["codeql", "snyk"],
            "scanners that may run without a file in the repository: where no step runs them the answer is unknown.",
            {"type": "array", "items": {"type": "string"}},
        )
    },
    examples=_examples,
    check=_check,
    places=(),
    tags=("hardening-gap", "external/cwe/cwe-1395", "owasp-cicd-sec-3"),
)
