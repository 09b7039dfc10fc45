"""The files that the standard brings into a repository beside those that rules ask for: which, where, what is in them.

Each is wanted, there already, not for this kind of project, or left for people, with the reason. The files that rules
ask for (CODEOWNERS, CLAUDE.md, dependabot.yml, CodeQL, Dependency-Check) come from the rules' own repairs.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from . import projects
from .deployments import deployments_of
from .errors import CannotEdit
from .model import Creation, Value
from .own_actions import BEACON, CHECK, CREDENTIALS, own_action
from .policy_file import POLICY_FILE
from .project_commands import NODE, package_in
from .required_files import is_blank
from .scanners import scanners_of
from .shell_commands import commands, program_of
from .snapshot import WORKFLOWS_FOLDER
from .toml import toml_tables
from .toolchains import NODE_VERSION, parts_of, wrangler_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from .policy import Policy
    from .projects import Project
    from .rule import Context
    from .snapshot import Snapshot
    from .toolchains import Part

WRITE = "write"
KEEP = "keep"
NOT_FOR = "not-for"
LEFT = "left"
STATES = (WRITE, KEEP, NOT_FOR, LEFT)
"""What becomes of a standard file: it is created, something does its work already, this kind of project has no use for
it, or people have to bring it."""

_SCANNER_RULE = "missing-scanner"
_EXCEPTED_DAYS = 365
"""After a year somebody has to look at an exception again."""

_SNYK = {"node": "node", "python": "python", "go": "golang"}
"""Tool → the folder of its action in snyk/actions."""

SNYK_LANGUAGES = tuple(_SNYK.values())


class StandardFile(Value):
    """One file of the standard in one repository.

    name      how the user calls it, as in ``init --only``
    path      where it belongs
    state     one of STATES
    reason    why, for a person
    creation  what is to be rendered, where it is to be written
    tasks     what people have to do so that it works, each a sentence
    """

    __slots__ = ("creation", "name", "path", "reason", "state", "tasks")

    def __init__(
        self,
        name: str,
        path: str,
        state: str,
        reason: str,
        creation: Creation | None = None,
        tasks: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.path = path
        self.state = state
        self.reason = reason
        self.creation = creation
        self.tasks = tasks


class _Repository:
    """What the finders below ask of a repository, each found once."""

    def __init__(
        self, context: Context, found: Sequence[Project], policy: Policy, missing: frozenset[str],
        owners: tuple[str, ...], today: str,
    ) -> None:  # fmt: skip
        self.context = context
        self.missing = missing
        self.today = today
        self.policy = policy
        self.snapshot: Snapshot = context.snapshot
        self.projects = found
        self.owners = owners
        self.parts = parts_of(self.snapshot, found)
        self.name = self.snapshot.slug.rpartition("/")[2]

    def pinned(self, action: str) -> str:
        """The text behind ``uses:`` for an action of ours. Raises CannotEdit where it cannot be pinned."""
        own = own_action(action, self.context.parameters)
        return f"{own.uses} # {own.comment}"

    def ships(self, target: str) -> str:
        """A workflow that ships to a target of the pack, or ''."""
        for path, shipped in deployments_of(self.context).items():
            if any(deployment.target.id == target for deployment in shipped):
                return path
        return ""


def standard_files(
    context: Context,
    found: Sequence[Project],
    policy: Policy,
    *,
    missing: frozenset[str] = frozenset(),
    owners: tuple[str, ...] = (),
    today: str,
) -> list[StandardFile]:
    """What becomes of each file of the standard in a repository with these projects.

    `missing` are the paths of files that open findings of rules miss and no fix can create; `owners` are those who
    answer for workflows here; `today` is an ISO date.
    """
    repository = _Repository(context, found, policy, missing, owners, today)
    return [_settled(name, path, find, repository) for name, (path, _, _, find) in FILES.items()]


def _settled(
    name: str, path: str, find: Callable[[_Repository], _Wanted | _Absent], repository: _Repository
) -> StandardFile:
    snapshot = repository.snapshot
    folder, _, base = path.rpartition("/")
    blank = snapshot.has(path) and is_blank(snapshot, path)
    there = not blank and bool({base, base + "/"} & set(snapshot.folder(folder)))
    try:
        result = find(repository)
    except CannotEdit as error:
        result = _Absent(LEFT, error.reason)
    if isinstance(result, _Absent) and (result.state == NOT_FOR or not there):
        return StandardFile(name, path, result.state, result.reason)
    if there:
        return StandardFile(name, path, KEEP, f"{path} is there, and stays as it is")
    assert isinstance(result, _Wanted)
    if folder == WORKFLOWS_FOLDER and _holds_expression(result.values):
        return StandardFile(
            name, path, LEFT, "a name or a version in this repository holds ${{, which GitHub would run"
        )
    if blank:
        return StandardFile(name, path, LEFT, "it is there and blank: delete it, and it can be written")
    creation = Creation(path, FILES[name][1], result.values)
    return StandardFile(name, path, WRITE, result.reason, creation, result.tasks)


def _holds_expression(value: Any) -> bool:
    """Whether a value that goes into a workflow holds text that GitHub would evaluate."""
    if isinstance(value, dict):
        return any(map(_holds_expression, value.values()))
    if isinstance(value, list):
        return any(map(_holds_expression, value))
    return isinstance(value, str) and "${{" in value


class _Wanted(Value):
    __slots__ = ("reason", "tasks", "values")

    def __init__(self, reason: str, values: dict[str, Any], tasks: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.values = values
        self.tasks = tasks


class _Absent(Value):
    __slots__ = ("reason", "state")

    def __init__(self, state: str, reason: str) -> None:
        self.state = state
        self.reason = reason


# ------------------------------------------------------------------------------------------------- CI and security


def _ci(repository: _Repository) -> _Wanted | _Absent:
    parts = [part for part in repository.parts if part.checks]
    lacks = [lack for part in repository.parts for lack in part.lacks]
    if not parts:
        if not repository.parts and all(project.type != projects.UNKNOWN for project in repository.projects):
            return _Absent(NOT_FOR, "nothing here is built or tested")
        why = "; ".join(lacks) or "no file says how anything here is built or tested"
        return _Absent(LEFT, f"{why}: CI has nothing to run")
    running = _runs_already(repository.snapshot, parts)
    if running:
        return _Absent(KEEP, running)
    ids = _ids("test", [(part.folder, part.tool) for part in parts])
    jobs = [
        {"id": id, "folder": part.folder, "steps": [*part.setup, *part.install, *part.checks]}
        for id, part in zip(ids, parts, strict=True)
    ]
    shown = ", ".join(dict.fromkeys(step["run"] for part in parts for step in part.checks))
    tasks = ("Require the check test on the default branch.", *(f"CI leaves this out: {lack}." for lack in lacks))
    return _Wanted(f"runs {shown}", {"jobs": jobs}, tasks)


def _runs_already(snapshot: Snapshot, parts: Iterable[Part]) -> str:
    """Which live workflow runs a check of a part on pull requests or pushes, and which; '' where none does."""
    wanted: dict[tuple[str, ...], str] = {}
    for part in parts:
        for step in part.checks:
            for command in commands(step["run"]) or () if "--dry-run" not in step["run"] else ():
                wanted.setdefault(_leading(command.words), step["run"])
    for workflow in snapshot.workflows():
        if {"pull_request", "push"}.isdisjoint(workflow.triggers):
            continue
        for job in workflow.jobs:
            for run in (step.run for step in job.steps if step.run is not None):
                for command in commands(run.value) or ():
                    if _leading(command.words) in wanted:
                        return f"{workflow.path} runs {wanted[_leading(command.words)]}"
    return ""


def _leading(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that say what a command does: ``npm test`` and ``npm run test -- --silent`` are one."""
    program = [word for word in program_of(words) if not word.startswith("-")]
    if program[:1] and program[0] in ("npm", "pnpm", "yarn", "bun"):
        script = [word for word in program[1:] if word not in ("run", "run-script")]
        return (NODE, *({"t": "test"}.get(word, word) for word in script[:1]))
    return tuple(program[:2])


def _ids(stem: str, places: Sequence[tuple[str, str]]) -> list[str]:
    """Job ids for (folder, tool): the stem alone for a single one, else with the folder and, where needed, the tool."""
    if len(places) == 1:
        return [stem]
    ids: list[str] = []
    for folder, tool in places:
        name = _slug(folder) or tool
        endings = ("", f"-{tool}", *(f"-{number}" for number in range(2, len(places) + 2)))
        ids.append(next(id for id in (f"{stem}-{name}{ending}" for ending in endings) if id not in ids))
    return ids


def _slug(folder: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")


def _secret_scan(repository: _Repository) -> _Wanted | _Absent:
    scanners = scanners_of(repository.context)
    for id, found in scanners.found.items():
        for match in found if scanners.known[id].scans == "secrets" else ():
            return _Absent(KEEP, f"{match.where} runs {scanners.known[id].title}")
    return _Wanted("looks for credentials in what is added", {})


def _snyk(repository: _Repository) -> _Wanted | _Absent:
    scanners = scanners_of(repository.context)
    known = scanners.known.get("snyk")
    if known is None or "snyk" not in scanners.required:
        return _Absent(NOT_FOR, "the policy does not ask for Snyk")
    for match in scanners.found.get("snyk", ()):
        return _Absent(KEEP, f"{match.where} runs Snyk")
    if known.file not in repository.missing:
        return _Absent(NOT_FOR, "no rule misses it")
    language = next((_SNYK[part.tool] for part in repository.parts if part.tool in _SNYK), None)
    if language is None:
        return _Absent(NOT_FOR, "no project here that its action reads")
    static = repository.context.others.get("static-secret")
    allowed = static.options["allowed"] if static is not None else ()
    granted = static.options["granted"].get(repository.snapshot.slug, ()) if static is not None else ()
    if not {"SNYK_TOKEN", "*"} & {*allowed, *granted}:
        return _Absent(
            LEFT,
            "Snyk needs SNYK_TOKEN, which the policy allows nowhere here: install Snyk's app and let the policy list "
            "snyk under may-run-unseen, or leave it to the scanner that an exception names",
        )
    tasks = ("Store SNYK_TOKEN in the environment snyk of the repository.",)
    return _Wanted("Snyk compares dependencies with known vulnerabilities", {"language": language}, tasks)


def _policy_check(repository: _Repository) -> _Wanted | _Absent:
    own = str((repository.context.parameters.get("own_actions") or {}).get("repository", "")).lower()
    for workflow in repository.snapshot.workflows():
        for uses, _, _ in workflow.uses():
            if own and f"{uses.owner}/{uses.repo}".lower() == own:
                return _Absent(KEEP, f"{workflow.path} runs it")
    if own and repository.snapshot.slug.lower() == own:
        return _Absent(NOT_FOR, "this is the repository of the check itself")
    values = {"check": repository.pinned(CHECK)}
    tasks = ("Require the check chittyops-policy on the default branch.",)
    return _Wanted("holds every pull request to the standard", values, tasks)


# -------------------------------------------------------------------------------------------- deploying, publishing


def _deploy_worker(repository: _Repository) -> _Wanted | _Absent:
    workers = [project for project in repository.projects if project.type == projects.WORKER]
    if not workers:
        return _Absent(NOT_FOR, "no Cloudflare Worker here")
    shipped = repository.ships("cloudflare")
    if shipped:
        return _Absent(KEEP, f"{shipped} deploys to Cloudflare")
    jobs = []
    ids = _ids("deploy", [(project.folder, NODE) for project in workers])
    for id, project in zip(ids, workers, strict=True):
        found = wrangler_command(repository.snapshot, project, "deploy")
        if found is None:
            where = f"{project.folder}/package.json" if project.folder else "package.json"
            return _Absent(LEFT, f"{where} does not have wrangler among its dependencies, or it deploys to Pages")
        home, command = found
        [part] = parts_of(repository.snapshot, [projects.Project(projects.NODE, home, "", "")], cache=False)
        builds = [step for step in part.checks if step["name"] == "Build"]
        service = "-".join(filter(None, (repository.name, _slug(project.folder)))) or "worker"
        steps = [*part.setup, *part.install, *builds]
        jobs.append({"id": id, "folder": home, "steps": steps, "service": service, "deploy": command})
    values = {"jobs": jobs, "credentials": repository.pinned(CREDENTIALS), "beacon": repository.pinned(BEACON)}
    tasks = (
        "Create the environment production and say who may deploy to it.",
        "Let ChittyConnect trust this repository's identity token, or store CHITTYCONNECT_API_KEY as a secret of the "
        "organisation: no other secret is needed.",
    )
    return _Wanted("deploys with credentials of ChittyConnect and reports to ChittyBeacon", values, tasks)


def _deploy_vercel(repository: _Repository) -> _Wanted | _Absent:
    on_vercel = [project for project in repository.projects if "vercel" in project.deploys]
    on_workers = any(project.type == projects.WORKER for project in repository.projects)
    nextjs = [project for project in repository.projects if project.type == projects.NEXTJS]
    if not on_vercel and (on_workers or not nextjs or any(project.deploys for project in nextjs)):
        return _Absent(NOT_FOR, "nothing here is set up for Vercel")
    shipped = repository.ships("vercel")
    if shipped:
        return _Absent(KEEP, f"{shipped} deploys to Vercel")
    values = {"beacon": repository.pinned(BEACON), "service": repository.name or "site"}
    tasks = ("Install Vercel's GitHub app for this repository: it deploys, and no token of Vercel is stored.",)
    return _Wanted("looks after what Vercel's GitHub app deploys and reports to ChittyBeacon", values, tasks)


def _publish_npm(repository: _Repository) -> _Wanted | _Absent:
    snapshot = repository.snapshot
    shipped = repository.ships("npm")
    found: list[tuple[Part, str]] = []
    for part in parts_of(snapshot, repository.projects, cache=False):
        package = package_in(snapshot, part.folder) if part.tool == NODE else None
        if package is not None and part.node is not None and _is_published(package):
            found.append((part, "pnpm publish --no-git-checks" if part.node.name == "pnpm" else "npm publish"))
    if not found:
        return _Absent(NOT_FOR, "no package.json here asks to be published")
    if shipped:
        return _Absent(KEEP, f"{shipped} publishes to npm")
    jobs = []
    ids = _ids("publish", [(part.folder, part.tool) for part, _ in found])
    for id, (part, command) in zip(ids, found, strict=True):
        steps = [*map(_newest_node, part.setup), *part.install, *part.checks]
        jobs.append({"id": id, "folder": part.folder, "steps": steps, "publish": command})
    tasks = (
        "Name this workflow and its environment npm as the package's trusted publisher on npmjs.com.",
        "Create the environment npm and say who may publish from it.",
    )
    return _Wanted("publishes each release to npm, without a stored token", {"jobs": jobs}, tasks)


def _is_published(package: dict[str, Any]) -> bool:
    """Whether a package.json says that it is meant for a registry; the built-in tokens of others are not npm's."""
    config = package.get("publishConfig")
    registry = str(config.get("registry", "")) if isinstance(config, dict) else ""
    asks = isinstance(config, dict) or "files" in package or "bin" in package
    named = isinstance(package.get("name"), str) and isinstance(package.get("version"), str)
    return bool(named and asks and not package.get("private") and (not registry or "registry.npmjs.org" in registry))


def _newest_node(step: dict[str, Any]) -> dict[str, Any]:
    """Trusted publishing needs the npm of a newer Node.js than some projects run on (npm 11.5.1; 2026-11)."""
    if step.get("action") != "actions/setup-node":
        return step
    inputs = {name: value for name, value in step["with"].items() if not name.startswith("node-version")}
    return {**step, "with": {"node-version": int(NODE_VERSION), **inputs}}


# -------------------------------------------------------------------------------------------------- other files


def _pre_commit(repository: _Repository) -> _Wanted | _Absent:
    own = own_action(CHECK, repository.context.parameters)
    place, _, commit = own.uses.partition("@")
    values = {"repository": place, "commit": commit, "version": own.comment}
    return _Wanted("judges changed files before a commit", values, ("Everybody runs `pre-commit install` once.",))


def _policy_file(repository: _Repository) -> _Wanted | _Absent:
    exceptions = list(_exceptions(repository))
    values = {"profile": repository.policy.profile.value, "exceptions": exceptions}
    if not exceptions:
        return _Wanted("the place for stricter rules and for exceptions", values)
    named = " and ".join(str(exception["subject"]) for exception in exceptions)
    tasks = (f"Read the exceptions for {named}: they end on {exceptions[0]['expires']}, and somebody has to agree.",)
    return _Wanted(f"excepts what no file here can bring: {named}", values, tasks)


def _exceptions(repository: _Repository) -> Iterator[dict[str, str]]:
    """An exception for each required scanner of dependencies that cannot run here, naming what does its work."""
    settings = repository.policy.rules[_SCANNER_RULE]
    if settings.locked.value and not settings.local_exceptions.value:
        return
    scanners = scanners_of(repository.context)
    rust = {project.type for project in projects.projects_of(repository.context)} <= {projects.RUST}
    instead = "Dependabot compares" if rust else "OWASP Dependency-Check and Dependabot compare"
    reasons = {
        "snyk": f"it needs a stored token, which the standard forbids; {instead} dependencies with known holes",
        "owasp": "it reads no Cargo.lock; Dependabot compares the crates in it with known holes",
    }
    last = date.fromisoformat(repository.today) + timedelta(days=_EXCEPTED_DAYS)
    for id, reason in reasons.items():
        known = scanners.known.get(id)
        if known is None or known.file not in repository.missing or (id == "owasp" and not rust):
            continue
        if id == "snyk" and isinstance(_snyk(repository), _Wanted):
            continue
        owner = {"owner": " ".join(repository.owners)} if repository.owners else {}
        yield {"rule": _SCANNER_RULE, "subject": id, "reason": reason, **owner, "expires": last.isoformat()}


def _charter(repository: _Repository) -> _Wanted | _Absent:
    snapshot = repository.snapshot
    organisation, _, name = snapshot.slug.rpartition("/")
    kinds = list(dict.fromkeys(_KINDS[project.type] for project in repository.projects if project.type in _KINDS))
    if not kinds:
        return _Absent(LEFT, "nothing says what this repository is: that is for its people to write down")
    deploys = sorted({platform for project in repository.projects for platform in project.deploys})
    does = [
        f"{project.folder or 'The top'}: {_KINDS[project.type]}"
        for project in repository.projects
        if project.type in _KINDS
    ]
    if deploys:
        does.append(f"Its deployment to {' and '.join(platform.capitalize() for platform in deploys)}")
    rows = [("External", "GitHub Actions", "Workflow runtime")]
    rows += [("External", platform.capitalize(), "Deployment target") for platform in deploys]
    if "cloudflare" in deploys:
        rows.append(("Upstream", "ChittyConnect", "Ephemeral credentials"))
    if deploys:
        rows.append(("Peer", "ChittyBeacon", "Monitoring"))
    values = {
        "name": name or "Project",
        "organisation": organisation,
        "kinds": kinds,
        "mission": _description(snapshot),
        "does": does,
        "dependencies": rows,
        "owners": list(repository.owners),
    }
    tasks = ("Complete CHARTER.md: the files tell what is here, its owners what it answers for.",)
    return _Wanted("a start from what the files tell", values, tasks)


_KINDS = {
    projects.WORKER: "a Cloudflare Worker",
    projects.NEXTJS: "a Next.js application",
    projects.NODE: "a Node.js project",
    projects.PYTHON: "a Python project",
    projects.RUST: "a Rust project",
    projects.GO: "a Go module",
    projects.DOCUMENTATION: "documentation",
    projects.ORG_CONFIG: "configuration of the organisation",
}


def _description(snapshot: Snapshot) -> str:
    """What a manifest at the top says of the project, in one line; '' where none does."""
    said: list[Any] = [(package_in(snapshot, "") or {}).get("description")]
    for path, table in (("pyproject.toml", "project"), ("Cargo.toml", "package")):
        value = toml_tables(snapshot.text(path) or "").get(table) if snapshot.has(path) else None
        said.append(value.get("description") if isinstance(value, dict) else None)
    return next((" ".join(text.split()) for text in said if isinstance(text, str) and text.strip()), "")


FILES: dict[str, tuple[str, str, str, Callable[[_Repository], _Wanted | _Absent]]] = {
    "ci": (
        f"{WORKFLOWS_FOLDER}/ci.yml", "workflows/ci.yml",
        "lint, check, build and test of every project, as its files define them", _ci,
    ),
    "deploy-worker": (
        f"{WORKFLOWS_FOLDER}/deploy.yml", "workflows/deploy-worker.yml",
        "deployment of Cloudflare Workers with credentials of ChittyConnect, reported to ChittyBeacon", _deploy_worker,
    ),
    "deploy-vercel": (
        f"{WORKFLOWS_FOLDER}/vercel.yml", "workflows/deploy-vercel.yml",
        "a look at what Vercel's GitHub app has deployed, reported to ChittyBeacon", _deploy_vercel,
    ),
    "publish-npm": (
        f"{WORKFLOWS_FOLDER}/publish.yml", "workflows/publish-npm.yml",
        "a package for npm with each release, by trusted publishing", _publish_npm,
    ),
    "secret-scan": (
        f"{WORKFLOWS_FOLDER}/secrets.yml", "workflows/secret-scan.yml",
        "TruffleHog over what is added", _secret_scan,
    ),
    "snyk": (
        f"{WORKFLOWS_FOLDER}/snyk.yml", "workflows/snyk.yml",
        "Snyk, where the policy allows its token", _snyk,
    ),
    "policy-check": (
        f"{WORKFLOWS_FOLDER}/policy.yml", "workflows/policy.yml",
        "the required check `chittyops-policy`", _policy_check,
    ),
    "pre-commit": (
        ".pre-commit-config.yaml", "pre-commit-config.yaml",
        "the check before a commit", _pre_commit,
    ),
    "policy-file": (
        POLICY_FILE, "policy.yml",
        "stricter rules, and exceptions for scanners that cannot run here", _policy_file,
    ),
    "charter": (
        "CHARTER.md", "CHARTER.md",
        "a start from what the files tell, for its owners to complete", _charter,
    ),
}  # fmt: skip
"""Name → where the file belongs, its template, what it brings, and what decides on it; in the order they are shown."""
