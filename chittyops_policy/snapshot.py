"""One repository at one commit, read-only: what rules may know of the world without asking anybody.

A `Tree` is where the bytes come from (a working tree, a commit, a dictionary in a test); a `Snapshot` adds parsed
views, each made once, and remembers what was read, so that a result can be kept for as long as that stays the same.
"""

from __future__ import annotations

from .document import Document, parse
from .workflow import Action, Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Protocol

    class Tree(Protocol):
        """Where the files of a repository come from. Paths are relative, with forward slashes, never ``..``."""

        def read(self, path: str) -> bytes | None:
            """The bytes of a regular file; None where there is none or where it must not be followed."""

        def folder(self, path: str) -> tuple[str, ...]:
            """The sorted names of what lies directly in a folder ('' is the top); a folder's name ends in ``/``."""

        def is_link(self, path: str) -> bool:
            """Whether a path is a symbolic link, wherever it leads; `read` follows it inside the tree."""

        def paths(self) -> tuple[str, ...]:
            """The sorted paths of every file of the repository, without what git ignores."""

        @property
        def problems(self) -> Sequence[tuple[str, str]]:
            """(path, message) of what could not be read so far."""


WORKFLOW = "workflow"
ACTION = "action"
DEPENDABOT = "dependabot"
CODEOWNERS = "codeowners"

WORKFLOWS_FOLDER = ".github/workflows"
DEPENDABOT_PATHS = (".github/dependabot.yml", ".github/dependabot.yaml")
CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The three places of a CODEOWNERS file; GitHub takes the first that exists, in this order."""


class MemoryTree:
    """A tree of texts or bytes, for examples and tests."""

    __slots__ = ("files", "problems")

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.problems: tuple[tuple[str, str], ...] = ()
        self.files = {
            path: text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
            for path, text in files.items()
        }

    def read(self, path: str) -> bytes | None:
        """See `Tree.read`."""
        return self.files.get(path)

    def folder(self, path: str) -> tuple[str, ...]:
        """See `Tree.folder`."""
        prefix = path + "/" if path else ""
        names = set()
        for name in self.files:
            if name.startswith(prefix):
                head, slash, _ = name[len(prefix) :].partition("/")
                names.add(head + slash)
        return tuple(sorted(names))

    def is_link(self, path: str) -> bool:
        """See `Tree.is_link`; this tree has none."""
        return False

    def paths(self) -> tuple[str, ...]:
        """See `Tree.paths`."""
        return tuple(sorted(self.files))


class OverlayTree:
    """`tree` with the files of `changed` in place of its own: an editor's unsaved buffer, a proposed change.

    None removes a file.
    """

    __slots__ = ("changed", "tree")

    def __init__(self, tree: Tree, changed: Mapping[str, bytes | None]) -> None:
        self.tree = tree
        self.changed = changed

    def read(self, path: str) -> bytes | None:
        """See `Tree.read`."""
        return self.changed[path] if path in self.changed else self.tree.read(path)

    def folder(self, path: str) -> tuple[str, ...]:
        """See `Tree.folder`."""
        names = set(self.tree.folder(path))
        prefix = path + "/" if path else ""
        for name, data in self.changed.items():
            if name.startswith(prefix):
                head, slash, _ = name[len(prefix) :].partition("/")
                if data is not None:
                    names.add(head + slash)
                elif not slash:
                    names.discard(head)
        return tuple(sorted(names))

    def is_link(self, path: str) -> bool:
        """See `Tree.is_link`."""
        return path not in self.changed and self.tree.is_link(path)

    def paths(self) -> tuple[str, ...]:
        """See `Tree.paths`."""
        names = set(self.tree.paths())
        for name, data in self.changed.items():
            (names.discard if data is None else names.add)(name)
        return tuple(sorted(names))

    @property
    def problems(self) -> Sequence[tuple[str, str]]:
        """See `Tree.problems`."""
        return self.tree.problems


class Snapshot:
    """A repository at one revision.

    slug      ``owner/repo`` as the remote spells it, or '' where unknown
    revision  the commit id, or '' for a working tree
    root      how the user names the place, for clickable paths (``.`` or a directory)
    """

    __slots__ = (
        "_actions", "_called", "_documents", "_folders", "_kinds", "_links", "_live", "_paths", "_reads", "_workflows",
        "revision", "root", "slug", "tree",
    )  # fmt: skip

    def __init__(self, tree: Tree, slug: str = "", revision: str = "", root: str = ".") -> None:
        self.tree = tree
        self.slug = slug
        self.revision = revision
        self.root = root
        self._reads: dict[str, bytes | None] = {}
        self._folders: dict[str, tuple[str, ...]] = {}
        self._links: dict[str, bool] = {}
        self._paths: tuple[str, ...] | None = None
        self._documents: dict[str, Document | None] = {}
        self._workflows: dict[str, Workflow | None] = {}
        self._live: tuple[Workflow, ...] | None = None
        self._actions: dict[str, Action | None] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._called: frozenset[str] | None = None

    def changed(self, files: Mapping[str, bytes | None]) -> Snapshot:
        """This repository with some files changed, created or (None) removed; what stays is not parsed again."""
        other = Snapshot(OverlayTree(self.tree, files), self.slug, self.revision, self.root)
        folders = {path.rpartition("/")[0] for path in files}
        other._documents = {path: document for path, document in self._documents.items() if path not in files}
        other._workflows = {path: workflow for path, workflow in self._workflows.items() if path not in files}
        other._actions = {folder: action for folder, action in self._actions.items() if folder not in folders}
        return other

    # --------------------------------------------------------------------- bytes

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where there is none in this repository."""
        if path not in self._reads:
            folder, _, name = path.rpartition("/")
            listed = self._folders.get(folder)
            self._reads[path] = self.tree.read(path) if listed is None or name in listed else None
        return self._reads[path]

    def text(self, path: str) -> str | None:
        """The text of a file, undecodable bytes replaced and a byte-order mark dropped; None where there is none."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8", "replace").removeprefix("\ufeff")

    def folder(self, path: str) -> tuple[str, ...]:
        """The sorted names directly in a folder, folders ending in ``/``; empty where there is no such folder."""
        if path not in self._folders:
            self._folders[path] = self.tree.folder(path)
        return self._folders[path]

    def has(self, path: str) -> bool:
        """Whether a file of that exact path exists, without reading it."""
        folder, _, name = path.rpartition("/")
        known = self._folders.get(folder)
        return name in (self.folder(folder) if known is None else known)

    def is_link(self, path: str) -> bool:
        """Whether a path is a symbolic link; `read` gives what it leads to, which GitHub does not always do."""
        if path not in self._links:
            self._links[path] = self.tree.is_link(path)
        return self._links[path]

    def paths(self) -> tuple[str, ...]:
        """Every path of the repository. Dear on a large tree: ask `folder` where the place is known."""
        if self._paths is None:
            self._paths = self.tree.paths()
        return self._paths

    # --------------------------------------------------------------------- views

    def document(self, path: str) -> Document | None:
        """The parsed YAML of a file, or None where there is no such file."""
        if path not in self._documents:
            data = self.read(path)
            self._documents[path] = None if data is None else parse(path, data)
        return self._documents[path]

    def text_document(self, path: str) -> Document | None:
        """A document of any file, for places and comments; without a tree where the file is not YAML."""
        if path.endswith((".yml", ".yaml")):
            return self.document(path)
        data = self.read(path)
        return None if data is None else Document(path, data.decode("utf-8", "replace"))

    def workflow(self, path: str) -> Workflow | None:
        """The workflow at a path; None where there is no file or where it does not parse."""
        if path not in self._workflows:
            document = self.document(path)
            usable = document is not None and document.error is None
            self._workflows[path] = Workflow(document) if usable and document is not None else None
        return self._workflows[path]

    def action(self, folder: str) -> Action | None:
        """The action whose metadata lies in a folder ('' is the top); None where there is none that parses."""
        if folder not in self._actions:
            found = None
            for name in ("action.yml", "action.yaml"):
                document = self.document(f"{folder}/{name}" if folder else name)
                if document is not None:
                    found = Action(document) if document.error is None else None
                    break
            self._actions[folder] = found
        return self._actions[folder]

    def workflow_paths(self) -> tuple[str, ...]:
        """The live workflow files: only those directly in ``.github/workflows`` at the top ever run."""
        if WORKFLOW not in self._kinds:
            names = self.folder(WORKFLOWS_FOLDER)
            found = [f"{WORKFLOWS_FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]
            self._kinds[WORKFLOW] = tuple(found)
        return self._kinds[WORKFLOW]

    def workflows(self) -> tuple[Workflow, ...]:
        """The live workflows that parse."""
        if self._live is None:
            found = [self.workflow(path) for path in self.workflow_paths()]
            self._live = tuple([workflow for workflow in found if workflow is not None])
        return self._live

    def action_paths(self) -> tuple[str, ...]:
        """The metadata files of the repository's own actions, wherever they lie; see `kind_of` for what counts."""
        if ACTION not in self._kinds:
            found = {
                path
                for path in self.paths()
                if path.endswith(("action.yml", "action.yaml")) and kind_of(path) == ACTION and self._is_action(path)
            }
            self._kinds[ACTION] = tuple(sorted(found | self.called_action_paths()))
        return self._kinds[ACTION]

    def dependabot_path(self) -> str | None:
        """The Dependabot configuration that GitHub reads, or None."""
        return next((path for path in DEPENDABOT_PATHS if self.has(path)), None)

    def codeowners_path(self) -> str | None:
        """The CODEOWNERS file that GitHub reads, or None."""
        return next((path for path in CODEOWNERS_PATHS if self.has(path)), None)

    def subjects(self) -> tuple[str, ...]:
        """Every file of the repository that some rule judges, sorted."""
        found = {*self.workflow_paths(), *self.action_paths()}
        for path in (self.dependabot_path(), self.codeowners_path()):
            if path is not None:
                found.add(path)
        return tuple(sorted(found))

    def _is_action(self, path: str) -> bool:
        """A file called action.yml may belong to something else; an action's has ``runs``, perhaps with escapes."""
        data = self.read(path)
        return data is not None and (b"runs" in data or b"\\" in data or path.startswith(".github/") or "/" not in path)

    def called_action_paths(self) -> frozenset[str]:
        """The metadata files of actions that live workflows call by a local path, wherever in the tree they lie."""
        if self._called is None:
            found: set[str] = set()
            waiting: list[Workflow | Action] = list(self.workflows())
            while waiting:
                for uses, _, _ in waiting.pop().uses():
                    folder = normalise(uses.path) if uses.kind in ("local", "self") and not uses.job else None
                    action = None if folder is None else self.action(folder)
                    if action is not None and action.path not in found:
                        found.add(action.path)
                        waiting.append(action)
            self._called = frozenset(found)
        return self._called

    def forget(self) -> None:
        """Drops the parsed views, by far the largest part; what is asked for again is parsed again."""
        self._documents.clear()
        self._workflows.clear()
        self._live = None
        self._actions.clear()

    # -------------------------------------------------------------------- record

    def reads(self) -> Mapping[str, bytes | None]:
        """What was read so far, also what was looked for in vain."""
        return self._reads

    def folders(self) -> Mapping[str, tuple[str, ...]]:
        """Which folders were listed so far, with what was found."""
        return self._folders

    def links(self) -> Mapping[str, bool]:
        """Which paths were asked for being links, with the answer."""
        return self._links

    def listed(self) -> tuple[str, ...] | None:
        """The full list of paths if some rule asked for it."""
        return self._paths


def kind_of(path: str) -> str | None:
    """What kind of file a path is by its place: workflow, action, dependabot, codeowners, or None.

    A workflow below another folder's ``.github`` is a vendored copy that GitHub never runs; likewise an action there
    or below ``node_modules``, unless a workflow calls it: see `Snapshot.called_action_paths`.
    """
    folder, _, name = path.rpartition("/")
    if name in ("action.yml", "action.yaml"):
        if folder == WORKFLOWS_FOLDER:
            return WORKFLOW
        parts = folder.split("/")
        return None if ".github" in parts[1:] or "node_modules" in parts or ".git" in parts else ACTION
    if folder == WORKFLOWS_FOLDER and name.endswith((".yml", ".yaml")):
        return WORKFLOW
    if path in DEPENDABOT_PATHS:
        return DEPENDABOT
    if path in CODEOWNERS_PATHS:
        return CODEOWNERS
    return None


_ODD_PARTS = frozenset(("", ".", ".."))


def normalise(path: str) -> str | None:
    """A relative path without ``.`` and ``..`` parts; None where it leaves the repository."""
    given = path.split("/")
    if _ODD_PARTS.isdisjoint(given):
        return path
    parts: list[str] = []
    for part in given:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def existing(snapshot: Snapshot, candidates: Iterable[str]) -> str | None:
    """The first of some paths that exists in a snapshot, or None."""
    return next((path for path in candidates if snapshot.has(path)), None)
