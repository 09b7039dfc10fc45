"""What kinds of project a repository holds, told from its configuration and dependencies, each with the reason.

Only the top, the folders right below it, the usual containers of a monorepo and the members that a workspace names are
looked at, by their listings: a tree of thousands of files costs no more than a small one.
"""

from __future__ import annotations

from . import jsonc
from .model import Value
from .toml import toml_tables
from .workspaces import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from .rule import Context
    from .snapshot import Snapshot

WORKER = "cloudflare-worker"
NEXTJS = "nextjs"
NODE = "node"
PYTHON = "python"
RUST = "rust"
GO = "go"
DOCUMENTATION = "documentation"
ORG_CONFIG = "org-config"
UNKNOWN = "unknown"
TYPES = (WORKER, NEXTJS, NODE, PYTHON, RUST, GO, DOCUMENTATION, ORG_CONFIG, UNKNOWN)

CERTAIN = "certain"
LIKELY = "likely"

CONTAINERS = ("apps", "crates", "functions", "libs", "packages", "projects", "services", "sites", "workers")
"""Folders of a monorepo whose sub-folders are looked at as well."""

SKIPPED_FOLDERS = frozenset(
    ("node_modules", "vendor", "third_party", "dist", "build", "out", "target", "coverage", "venv", "docs", "doc",
     "test", "tests", "fixtures", "testdata", "example", "examples", "template", "templates", "backup", "backups",
     "archive", "archived", "legacy")
)  # fmt: skip
"""Folders whose manifests say nothing about what the repository itself builds or runs."""

MAX_FOLDERS = 400
"""At most so many folders are listed."""

WRANGLER = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""Wrangler's configuration files in the order in which it looks for them; others are named on its command line."""

NODE_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb")
"""Lock files that only a package manager for package.json writes."""

PLATFORMS: Mapping[str, str] = {
    "vercel.json": "vercel",
    ".vercel/": "vercel",
    "netlify.toml": "netlify",
    "fly.toml": "fly",
    "render.yaml": "render",
    "railway.json": "railway",
    "railway.toml": "railway",
    "Procfile": "heroku",
}
"""Files and folders that hand a project to a platform."""

NODE_SERVERS = frozenset(
    ("express", "fastify", "koa", "hono", "@hono/node-server", "@hapi/hapi", "@nestjs/core", "restify", "polka",
     "micro", "h3", "nitropack", "socket.io", "apollo-server", "@apollo/server", "graphql-yoga", "probot",
     "@slack/bolt", "discord.js")
)  # fmt: skip
PYTHON_SERVERS = frozenset(
    ("flask", "django", "fastapi", "starlette", "uvicorn", "gunicorn", "hypercorn", "daphne", "aiohttp", "sanic",
     "tornado", "quart", "litestar", "bottle", "streamlit", "celery", "discord-py")
)  # fmt: skip
RUST_SERVERS = frozenset(("axum", "actix-web", "rocket", "warp", "tide", "poem", "salvo", "tonic", "hyper"))
GO_SERVERS = (
    "github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/gofiber/fiber", "github.com/go-chi/chi",
)  # fmt: skip
_DEV_SERVERS = frozenset(("vite", "react-scripts", "astro", "ng", "parcel", "webpack", "serve", "http-server", "expo"))
_DOCUMENT_ENDINGS = (
    ".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp",
)  # fmt: skip
_DOCUMENT_NAMES = frozenset(
    ("license", "licence", "copying", "notice", "authors", "codeowners", "cname", "mkdocs.yml", "_config.yml",
     "docs/", "doc/", "images/", "img/", "adr/", "assets/", "changelog", "readme")
)  # fmt: skip


class Project(Value):
    """One project of a repository.

    type        one of TYPES
    folder      where it lies, '' for the top
    confidence  CERTAIN where a file says it, LIKELY where it is inferred
    reason      the evidence in words, such as ``wrangler.jsonc at the top``
    evidence    the paths that show it, the deciding one first
    runtime     whether it runs somewhere as a service (and so needs monitoring); None where that cannot be told
    deploys     the platforms it is configured for, sorted: ``cloudflare``, ``vercel`` …
    """

    __slots__ = ("confidence", "deploys", "evidence", "folder", "reason", "runtime", "type")

    def __init__(
        self,
        type: str,
        folder: str,
        confidence: str,
        reason: str,
        evidence: tuple[str, ...] = (),
        runtime: bool | None = False,
        deploys: tuple[str, ...] = (),
    ) -> None:
        self.type = type
        self.folder = folder
        self.confidence = confidence
        self.reason = reason
        self.evidence = evidence
        self.runtime = runtime
        self.deploys = deploys


def projects_of(context: Context) -> tuple[Project, ...]:
    """The result of `detect`, shared by the rules of one check."""
    found: tuple[Project, ...] = context.once(_detected)
    return found


def _detected(context: Context) -> tuple[Project, ...]:
    return detect(context.snapshot)


def detect(snapshot: Snapshot) -> tuple[Project, ...]:
    """The projects of a repository, the top's first; never empty: the last resort is one of type UNKNOWN."""
    found: list[Project] = []
    for folder in _folders(snapshot):
        found += _projects_in(_Folder(snapshot, folder))
    if found:
        return tuple(found)
    return (_without_manifest(snapshot),)


class _Folder:
    """A folder with its listing, and the words for it."""

    __slots__ = ("names", "path", "snapshot", "where")

    def __init__(self, snapshot: Snapshot, path: str) -> None:
        self.snapshot = snapshot
        self.path = path
        self.names = frozenset(snapshot.folder(path))
        self.where = f"in {path}/" if path else "at the top"

    def at(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def text(self, name: str) -> str | None:
        return self.snapshot.text(self.at(name)) if name in self.names else None

    def those(self, *names: str) -> tuple[str, ...]:
        """The paths of those names that are there."""
        return tuple(self.at(name) for name in names if name in self.names)

    def first(self, names: Iterable[str]) -> str | None:
        return next((name for name in names if name in self.names), None)


def _folders(snapshot: Snapshot) -> Iterator[str]:
    """The folders worth a look, each once. A folder with a ``.github`` of its own is a copy of another repository."""
    yield ""
    usual = list(_usual_folders(snapshot))
    yield from usual
    seen = frozenset(usual)
    for folder in members(snapshot, SKIPPED_FOLDERS)[:MAX_FOLDERS]:
        if folder not in seen and ".github/" not in snapshot.folder(folder):
            yield folder


def _usual_folders(snapshot: Snapshot) -> Iterator[str]:
    """The folders right below the top, and those of the usual containers."""
    count = 0
    for name in snapshot.folder(""):
        if not name.endswith("/") or name.startswith(".") or name[:-1] in SKIPPED_FOLDERS:
            continue
        folder = name[:-1]
        below = snapshot.folder(folder)
        count += 1
        if ".github/" in below:
            continue
        yield folder
        if folder in CONTAINERS:
            for child in below:
                if child.endswith("/") and not child.startswith(".") and child[:-1] not in SKIPPED_FOLDERS:
                    path = f"{folder}/{child[:-1]}"
                    count += 1
                    if ".github/" not in snapshot.folder(path):
                        yield path
        if count > MAX_FOLDERS:
            return


def _projects_in(folder: _Folder) -> Iterator[Project]:
    platforms = sorted({PLATFORMS[name] for name in folder.names if name in PLATFORMS})
    package = _package(folder)
    wrangler = folder.first(WRANGLER) or next((name for name in sorted(folder.names) if _is_wrangler(name)), None)
    runs = False
    if wrangler is not None:
        worker = _worker(folder, wrangler, platforms)
        runs = bool(worker.runtime)
        yield worker
    if package is not None:
        for project in _node(folder, package, platforms):
            # A Worker's package.json is part of it; a server beside static pages is a project of its own.
            if wrangler is None or project.type == NEXTJS or (project.type == NODE and project.runtime and not runs):
                yield project
    elif wrangler is None:
        config = folder.first(("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"))
        if config is not None:
            reason = f"{config} {folder.where}, without a package.json beside it"
            yield Project(NEXTJS, folder.path, LIKELY, reason, (folder.at(config),), True, tuple(platforms))
        elif (lock := folder.first(NODE_LOCKS)) is not None:
            reason = f"{lock} {folder.where}, without a package.json that can be read"
            yield Project(NODE, folder.path, LIKELY, reason, (folder.at(lock),), None, tuple(platforms))
    for find in (_python, _rust, _go):
        other = find(folder, platforms)
        if other is not None:
            yield other


def _is_wrangler(name: str) -> bool:
    """Whether a name is that of a configuration for one environment, such as ``wrangler.production.toml``."""
    return name.startswith("wrangler.") and name.endswith((".toml", ".json", ".jsonc"))


# ------------------------------------------------------------------------------------------------- JavaScript


def _package(folder: _Folder) -> dict[str, Any] | str | None:
    """The parsed package.json, why it cannot be used, or None where there is none."""
    text = folder.text("package.json")
    if text is None:
        return None
    try:
        # npm reads strict JSON; the reader here forgives comments, which does no harm to a look at the type.
        value = jsonc.parse(text)
    except ValueError:
        return "is not valid JSON"
    return value if isinstance(value, dict) else "is not a JSON object"


def _worker(folder: _Folder, name: str, platforms: list[str]) -> Project:
    keys = _wrangler_keys(name, folder.text(name) or "")
    pages = keys is not None and "pages_build_output_dir" in keys and "main" not in keys
    static = keys is not None and "main" not in keys
    runtime = not static or "functions/" in folder.names or "_worker.js" in folder.names
    reason = f"{name} {folder.where}"
    if pages:
        reason += " (Cloudflare Pages)"
    elif static:
        reason += " (static assets only)" if keys and "assets" in keys else " (names no script)"
    elif keys is None:
        reason += ", which does not parse"
    deploys = tuple(sorted({*platforms, "cloudflare"}))
    return Project(WORKER, folder.path, CERTAIN, reason, (folder.at(name),), runtime, deploys)


def _wrangler_keys(name: str, text: str) -> frozenset[str] | None:
    """The top-level keys of Wrangler's configuration, with an environment's ``main``; None where it does not parse."""
    if not name.endswith(".toml"):
        try:
            value = jsonc.parse(text)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        environments = _mapping(value.get("env")).values()
        return frozenset((*value, *(["main"] if any("main" in _mapping(item) for item in environments) else [])))
    # Bare keys above the first table and the tables' names are all that matters; a TOML parser would be a dear import.
    keys: set[str] = set()
    table = ""
    for line in text.splitlines():
        line = line.strip()
        key = line.partition("=")[0].strip().strip("\"'")
        if line.startswith("["):
            table = line.partition("]")[0].strip("[ ")
            keys.add(table.partition(".")[0])
        elif not table or (key == "main" and table.startswith("env.") and table.count(".") == 1):
            keys.add(key)
    return frozenset(keys)


def _node(folder: _Folder, package: dict[str, Any] | str, platforms: list[str]) -> Iterator[Project]:
    evidence = folder.those("package.json", *NODE_LOCKS)
    if isinstance(package, str):
        reason = f"package.json {folder.where}, which {package}"
        yield Project(NODE, folder.path, LIKELY, reason, evidence, None, tuple(platforms))
        return
    own = _mapping(package.get("dependencies"))
    all_of_them = {**_mapping(package.get("devDependencies")), **own}
    scripts = {name: text for name, text in _mapping(package.get("scripts")).items() if isinstance(text, str)}
    deploys = set(platforms)
    if any("wrangler" in text and "deploy" in text for text in scripts.values()):
        deploys.add("cloudflare")
    if any(word == "vercel" for text in scripts.values() for word in text.split()):
        deploys.add("vercel")
    if "next" in all_of_them:
        reason = f"the dependency next in package.json {folder.where}"
        yield Project(NEXTJS, folder.path, CERTAIN, reason, evidence, True, tuple(sorted(deploys)))
        return
    if "wrangler" in all_of_them and ("cloudflare" in deploys or "@cloudflare/workers-types" in all_of_them):
        reason = f"the dependency wrangler in package.json {folder.where}, without a wrangler configuration beside it"
        yield Project(WORKER, folder.path, LIKELY, reason, evidence, True, tuple(sorted(deploys)))
        return
    server = next((name for name in sorted(NODE_SERVERS) if name in own), None)
    start = scripts.get("start", "").split()
    starts = bool(start) and start[0] not in _DEV_SERVERS and "bin" not in package and "workspaces" not in package
    runtime = server is not None or starts or bool(platforms) or "Dockerfile" in folder.names
    reason = f"package.json {folder.where}"
    if server is not None:
        reason += f", with the server library {server}"
    elif starts:
        reason += ", with a start script"
    yield Project(NODE, folder.path, CERTAIN, reason, evidence, runtime, tuple(sorted(deploys)))


# ------------------------------------------------------------------------------------------- other languages


def _python(folder: _Folder, platforms: list[str]) -> Project | None:
    evidence: list[str] = []
    needs: set[str] = set()
    text = folder.text("pyproject.toml")
    if text is not None:
        tables = toml_tables(text)
        project = _mapping(tables.get("project"))
        poetry = _mapping(_mapping(tables.get("tool")).get("poetry"))
        # A pyproject.toml with nothing but tool settings occurs beside any language.
        if project or poetry or "build-system" in tables or (not tables and "[project]" in text):
            evidence.append("pyproject.toml")
            declared = project.get("dependencies")
            if isinstance(declared, list):
                needs |= {_requirement(item) for item in declared if isinstance(item, str)}
            needs |= {name.lower() for name in _mapping(poetry.get("dependencies"))}
    for name in ("setup.py", "setup.cfg", "Pipfile", "requirements.txt", "uv.lock", "poetry.lock"):
        if name in folder.names and (name != "setup.cfg" or "[metadata]" in (folder.text(name) or "")):
            evidence.append(name)
    if "requirements.txt" in folder.names:
        needs |= {_requirement(line) for line in (folder.text("requirements.txt") or "").splitlines()}
    if not evidence and "manage.py" not in folder.names:
        return None
    evidence = evidence or ["manage.py"]
    server = next((name for name in sorted(PYTHON_SERVERS) if name in needs), None)
    if server is None and "manage.py" in folder.names:
        server = "django"
    runtime = server is not None or bool(platforms) or "Dockerfile" in folder.names
    reason = f"{evidence[0]} {folder.where}" + (f", with the server library {server}" if server else "")
    return Project(
        PYTHON, folder.path, CERTAIN, reason, tuple(folder.at(name) for name in evidence), runtime, tuple(platforms)
    )


def _rust(folder: _Folder, platforms: list[str]) -> Project | None:
    text = folder.text("Cargo.toml")
    if text is None:
        return None
    needs = _mapping(toml_tables(text).get("dependencies"))
    server = next((name for name in sorted(RUST_SERVERS) if name in needs), None)
    runtime = server is not None or bool(platforms) or "Dockerfile" in folder.names
    reason = f"Cargo.toml {folder.where}" + (f", with the server library {server}" if server else "")
    return Project(
        RUST, folder.path, CERTAIN, reason, folder.those("Cargo.toml", "Cargo.lock"), runtime, tuple(platforms)
    )


def _go(folder: _Folder, platforms: list[str]) -> Project | None:
    text = folder.text("go.mod")
    if text is None:
        return None
    server = next((name for name in GO_SERVERS if name in text), None)
    runtime = server is not None or bool(platforms) or "Dockerfile" in folder.names
    reason = f"go.mod {folder.where}" + (f", with the server library {server.rpartition('/')[2]}" if server else "")
    return Project(GO, folder.path, CERTAIN, reason, folder.those("go.mod", "go.sum"), runtime, tuple(platforms))


def _without_manifest(snapshot: Snapshot) -> Project:
    names = snapshot.folder("")
    repository = snapshot.slug.rpartition("/")[2].lower()
    if repository in (".github", ".github-private", ".claude"):
        return Project(ORG_CONFIG, "", CERTAIN, f"the repository is called {repository}")
    if "workflow-templates/" in names:
        reason = "workflow-templates/ at the top, and no project file"
        return Project(ORG_CONFIG, "", LIKELY, reason, ("workflow-templates/",))
    shown = [name for name in names if not name.startswith(".")]
    if shown and all(name.lower() in _DOCUMENT_NAMES or name.lower().endswith(_DOCUMENT_ENDINGS) for name in shown):
        return Project(DOCUMENTATION, "", LIKELY, "nothing but documents at the top", tuple(shown[:5]))
    return Project(UNKNOWN, "", LIKELY, "no project file that is known here")


# --------------------------------------------------------------------------------------------------- details


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _requirement(line: str) -> str:
    """The name at the start of a requirement such as ``Flask[async]>=3 ; python_version > "3.8"``, normalised."""
    name = line.strip()
    for at, char in enumerate(name):
        if not (char.isalnum() or char in "-_."):
            name = name[:at]
            break
    return name.lower().replace("_", "-").replace(".", "-")
