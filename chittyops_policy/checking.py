"""The main job: which repositories and files a call means, their reports, what is printed, and the exit code.

All three doors come through here or through `engine.check` below it. Nothing in this module, nor in what it imports,
may load more than a plain run needs: `tests/test_startup.py` holds the list.
"""

from __future__ import annotations

import gc
import os
import sys
import time

from . import __version__
from .cache import Cache, code_stamp, default_folder
from .errors import EXIT_BUG, EXIT_CLEAN, EXIT_FINDINGS, UserError
from .fingerprint import digest
from .foreign import NOTHING
from .model import OPEN, PROFILES, Report, severity_rank
from .resources import resource_path
from .rule import Lookups
from .snapshot import OverlayTree, Snapshot
from .sources.working_tree import WorkingTree, find_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from .catalogue import Catalogue
    from .foreign import Foreign
    from .hosts.github import GitHub
    from .policy import Pack, Policy

    T = TypeVar("T")

_MUCH_GARBAGE = 2_000_000
"""Objects made since the last collection, a few hundred megabytes: the command line runs with the collector off."""

FORMATS = ("text", "json", "sarif", "github", "markdown", "junit")


class Request:
    """What one call asks for; both the quick and the full command-line parser fill it.

    paths    files or directories as the user gave them; empty means the repository around the current directory;
             ``-`` is standard input, judged as `stdin_filename`
    formats  (name, file or None for standard output)
    companions  other tools to run, and imports: SARIF files of others; what they found is judged like our own
    fix, diff, review, explain  see `fixing`, which does what they ask
    online   whether GitHub may be asked, with the token of the environment
    """

    __slots__ = (
        "cache", "changed_since", "companions", "diff", "explain", "fail_on", "fix", "formats", "ignore", "imports",
        "jobs", "online", "paths", "policy", "profile", "review", "select", "stdin_filename", "verbose",
    )  # fmt: skip

    def __init__(
        self,
        *,
        paths: tuple[str, ...] = (),
        formats: tuple[str, ...] = (),
        select: tuple[str, ...] = (),
        ignore: tuple[str, ...] = (),
        profile: str | None = None,
        fail_on: str | None = None,
        policy: str | None = None,
        stdin_filename: str | None = None,
        changed_since: str | None = None,
        jobs: int = 1,
        cache: bool = True,
        verbose: bool = False,
        companions: tuple[str, ...] = (),
        imports: tuple[str, ...] = (),
        fix: bool = False,
        diff: bool = False,
        review: bool = False,
        explain: bool = False,
        online: bool = False,
    ) -> None:
        self.paths = paths
        self.formats = formats
        self.select = select
        self.ignore = ignore
        self.profile = profile
        self.fail_on = fail_on
        self.policy = policy
        self.stdin_filename = stdin_filename
        self.changed_since = changed_since
        self.jobs = jobs
        self.cache = cache
        self.verbose = verbose
        self.companions = companions
        self.imports = imports
        self.fix = fix
        self.diff = diff
        self.review = review
        self.explain = explain
        self.online = online


class Target:
    """One repository of a call: its root as the user would name it, and the named files in it (None: all)."""

    __slots__ = ("overlay", "paths", "root")

    def __init__(self, root: str, paths: tuple[str, ...] | None, overlay: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self.paths = paths
        self.overlay = overlay


def run(request: Request, env: Mapping[str, str], stdin: bytes | None = None) -> int:
    """Checks what `request` means, prints what it asks for, and gives the exit code.

    `stdin` is the content for the path ``-``. Raises UserError for what the user got wrong.
    """
    outputs = parse_formats(request.formats)
    targets = find_targets(request, stdin)
    settle_tools(request, targets)
    reports = each_target(Checker.report, targets, request, env)
    publish(outputs, reports, targets, request, env)
    return exit_code(reports, request.fail_on)


def settle_tools(request: Request, targets: Sequence[Target]) -> None:
    """Puts the names of the companions in order. Raises UserError for what other tools cannot be asked."""
    if request.companions:
        from .companions.consult import names_in  # as in `Checker.foreign`, only for who asks for it

        request.companions = names_in(request.companions)
    if request.imports and len(targets) != 1:
        raise UserError("a SARIF file is about one repository", "name that repository behind the file")


def publish(
    outputs: Sequence[tuple[str, str | None]],
    reports: Sequence[Report],
    targets: Sequence[Target],
    request: Request,
    env: Mapping[str, str],
) -> None:
    """Writes the reports in each format, and a summary to standard error where standard output gets none."""
    for name, file in outputs:
        text = _render(name, reports, targets, request, env, to_file=file is not None)
        if file is None:
            print_out(text)
        else:
            _write(file, text)
    if all(file is not None for _, file in outputs):
        from .reporters import wording  # only when nothing else is printed

        sys.stderr.write("".join(line + "\n" for line in wording.summary(reports)))


def exit_code(reports: Sequence[Report], fail_on: str | None) -> int:
    """0 clean, 1 open findings at or above `fail_on` or something that could not be read, 3 a bug of ours."""
    kinds = {problem.kind for report in reports for problem in report.problems}
    if "internal" in kinds:
        return EXIT_BUG
    if kinds & {"unreadable", "lookup"}:
        return EXIT_FINDINGS
    for report in reports:
        level = severity_rank(fail_on or report.fail_on)
        if any(decision.state == OPEN and severity_rank(decision.severity) >= level for decision in report.decisions):
            return EXIT_FINDINGS
    return EXIT_CLEAN


def parse_formats(formats: Sequence[str]) -> list[tuple[str, str | None]]:
    """``FORMAT`` or ``FORMAT:FILE`` as (format, file or None). Raises UserError for what cannot be."""
    outputs: list[tuple[str, str | None]] = []
    for item in formats or ("text",):
        name, _, file = item.partition(":")
        if name not in FORMATS:
            raise UserError(
                f"unknown format {name!r}", f"formats are: {', '.join(FORMATS)}; FORMAT:FILE writes to FILE"
            )
        outputs.append((name, file or None))
    if sum(file is None for _, file in outputs) > 1:
        raise UserError("two formats cannot share standard output", "give all but one a file: --format sarif:out.sarif")
    return outputs


def find_targets(request: Request, stdin: bytes | None) -> list[Target]:
    """The repositories that the paths of a request mean, in the order of their first mention."""
    roots: dict[str, list[str] | None] = {}
    spelled: dict[str, str] = {}  # real path of a repository → how it was first named

    def named(root: str) -> str:
        return spelled.setdefault(os.path.realpath(root), root)

    overlay: dict[str, dict[str, bytes]] = {}
    for path in request.paths or (".",):
        if path == "-":
            name = request.stdin_filename
            if not name:
                raise UserError(
                    "standard input has no name", "add --stdin-filename .github/workflows/NAME.yml to say what it is"
                )
            root, relative = _split(name)
            root = named(root)
            overlay.setdefault(root, {})[relative] = stdin or b""
            _add(roots, root, relative)
        elif os.path.isdir(path):
            for root in repositories_in(path) if request.paths else [require_repository(path)]:
                roots[named(root)] = None
        elif os.path.lexists(path):
            root, relative = _split(path)
            _add(roots, named(root), relative)
        else:
            raise UserError(f"{path}: no such file or directory", "paths are relative to the current directory")
    return [Target(root, None if paths is None else tuple(paths), overlay.get(root)) for root, paths in roots.items()]


def repositories_in(folder: str) -> list[str]:
    """The folder itself where it is a repository, else the repositories up to four levels below it, sorted.

    A repository is a folder with ``.git``, ``.github`` or an action's metadata. Raises UserError when there is none.
    """
    if _is_repository(folder):
        return [folder]
    found: list[str] = []
    level = [folder]
    for _ in range(4):
        below: list[str] = []
        for parent in level:
            try:
                with os.scandir(parent) as entries:
                    below += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError as error:
                sys.stderr.write(f"chittyops-policy: {parent} cannot be listed and is left out: {error.strerror}\n")
        level = []
        for path in below:
            (found if _is_repository(path) else level).append(path)
    if not found:
        raise UserError(
            f"no repository in {folder}", "a repository has a .git or .github folder; name one, or files of one"
        )
    return sorted(os.path.normpath(path) for path in found)


def _is_repository(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in (".git", ".github", "action.yml", "action.yaml"))


def enclosing_repository(folder: str) -> str | None:
    """The repository around a folder, spelled relative to where the user stands; None where there is none."""
    probe = os.path.abspath(folder)
    while not _is_repository(probe):
        parent = os.path.dirname(probe)
        if parent == probe:
            return None
        probe = parent
    return os.path.relpath(probe)


def require_repository(folder: str) -> str:
    """The repository around a folder. Raises UserError where there is none."""
    root = enclosing_repository(folder)
    if root is None:
        raise UserError(
            f"no repository around {folder}", "run in a folder that has .git or .github, or name files to check"
        )
    return root


def _split(path: str) -> tuple[str, str]:
    """A named file as (root, path inside it)."""
    root = find_root(path)
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(root)).replace(os.sep, "/")
    return root, relative


def _add(roots: dict[str, list[str] | None], root: str, relative: str) -> None:
    paths = roots.setdefault(root, [])
    if paths is not None and relative not in paths:
        paths.append(relative)


# ---------------------------------------------------------------------------------------------------- checking


def each_target(
    work: Callable[[Checker, Target], T], targets: Sequence[Target], request: Request, env: Mapping[str, str]
) -> list[T]:
    """What `work` gives for each target, in their order; in several processes where the request says so."""
    jobs = request.jobs or os.cpu_count() or 1
    if jobs > 1 and len(targets) > 1:
        # Loaded only for parallel runs. Children inherit what is already loaded; each gets every n-th repository.
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        workers = min(jobs, len(targets))
        with ProcessPoolExecutor(workers, get_context("fork" if hasattr(os, "fork") else "spawn")) as pool:
            parts = pool.map(
                _work_part,
                [work] * workers,
                [targets[start::workers] for start in range(workers)],
                [targets] * workers,
                [request] * workers,
                [dict(env)] * workers,
            )
            by_root = {root: result for part in parts for root, result in part}
        return [by_root[target.root] for target in targets]
    checker = Checker(targets, request, env)
    return [work(checker, target) for target in targets]


def _work_part(
    work: Callable[[Checker, Target], T],
    part: Sequence[Target],
    targets: Sequence[Target],
    request: Request,
    env: Mapping[str, str],
) -> list[tuple[str, T]]:
    checker = Checker(targets, request, env)
    return [(target.root, work(checker, target)) for target in part]


class Checker:
    """Checks target after target; rules and pack are loaded at the first one that the cache does not answer."""

    def __init__(self, targets: Sequence[Target], request: Request, env: Mapping[str, str]) -> None:
        self.request = request
        self.env = env
        self.snapshots = {target.root: open_snapshot(target.root, env, target.overlay) for target in targets}
        self.catalogue: Catalogue | None = None
        self.pack: Pack | None = None
        self.repositories = {item.slug.lower(): item for item in self.snapshots.values() if item.slug}
        self.host: GitHub | None = None
        if request.online:
            from .hosts.github import github_host  # only for who asks for it

            self.host = github_host(env, today(env))
        # What GitHub or another tool says depends on more than the files that this one has read.
        alone = not (request.online or request.companions or request.imports)
        self.cache = Cache(default_folder(env)) if request.cache and alone else None
        self.question = _question(request, env) if self.cache is not None else ""

    def lookups(self) -> Lookups:
        """What the rules may ask of the world in this call."""
        return Lookups(self.repositories, self.host)

    def report(self, target: Target) -> Report:
        """The report on one target."""
        snapshot = self.snapshots[target.root]
        lookups = self.lookups()
        if self.cache is None:
            return self._check(snapshot, target, lookups)
        question = "\0".join((self.question, snapshot.slug, snapshot.revision, target.root, repr(target.paths)))
        others = self.repositories.keys() - {snapshot.slug.lower()}
        report = self.cache.find(target.root, question, snapshot.tree, others)
        if report is None:
            report = self._check(snapshot, target, lookups)
            complete = not any(problem.kind in ("internal", "unreadable") for problem in report.problems)
            if complete and lookups.asked.isdisjoint(others):
                self.cache.keep(target.root, question, snapshot, report, lookups.asked)
        return report

    def _check(self, snapshot: Snapshot, target: Target, lookups: Lookups) -> Report:
        from .engine import check  # a result from the cache needs neither the rules nor a YAML parser

        foreign = self.foreign(snapshot, target)
        catalogue, policy = self.in_force(snapshot, foreign=foreign)
        report = check(
            snapshot, catalogue, policy, today=today(self.env), lookups=lookups, paths=target.paths, foreign=foreign
        )
        snapshot.forget()
        if gc.get_count()[0] > _MUCH_GARBAGE:
            gc.collect()
        return report

    def foreign(self, snapshot: Snapshot, target: Target) -> Foreign:
        """What other tools say of a target, as far as the request asks for them."""
        request = self.request
        if not request.companions and not request.imports:
            return NOTHING
        from .companions.consult import consult  # starts processes and parses their answers

        return consult(snapshot, request.companions, request.imports, target.paths, self.env, snapshot.text_document)

    def in_force(
        self, snapshot: Snapshot, everything: bool = False, foreign: Foreign = NOTHING
    ) -> tuple[Catalogue, Policy]:
        """The rules, with those of `foreign`, and the policy for a repository.

        The policy is as the request has it, or with every rule of every profile.
        """
        from .catalogue import Catalogue, load  # as above
        from .policy import Overrides, effective, standard_pack
        from .policy_file import POLICY_FILE

        request = self.request
        if self.catalogue is None or self.pack is None:
            self.catalogue = load()
            self.pack = standard_pack(request.policy)
        catalogue = Catalogue({**self.catalogue.rules, **foreign.rules}) if foreign.rules else self.catalogue
        asked = Overrides(
            select=request.select, ignore=request.ignore, profile=request.profile, fail_on=request.fail_on
        )
        policy = effective(
            catalogue,
            self.pack,
            snapshot.read(POLICY_FILE),
            Overrides(profile=PROFILES[-1]) if everything else asked,
            slug=snapshot.slug,
            today=today(self.env),
        )
        return catalogue, policy


def open_snapshot(root: str, env: Mapping[str, str], overlay: Mapping[str, bytes] | None = None) -> Snapshot:
    """The working tree at `root` as a snapshot, with the files of `overlay` in place of its own."""
    tree = WorkingTree(root)
    slug = tree.slug
    if not slug and os.path.abspath(root) == os.path.abspath(env.get("GITHUB_WORKSPACE") or "/"):
        slug = env.get("GITHUB_REPOSITORY", "")
    return Snapshot(OverlayTree(tree, overlay) if overlay else tree, slug, tree.revision, _display(root))


def _display(root: str) -> str:
    return os.path.normpath(root).replace(os.sep, "/")


def today(env: Mapping[str, str]) -> str:
    """The date in UTC, or that of SOURCE_DATE_EPOCH where reproducible output is asked for."""
    try:
        now = int(env["SOURCE_DATE_EPOCH"])
    except (KeyError, ValueError):
        now = int(time.time())
    return time.strftime("%Y-%m-%d", time.gmtime(now))


def _question(request: Request, env: Mapping[str, str]) -> str:
    """Everything beside the repository's files that an answer depends on."""
    package = os.path.dirname(os.path.abspath(__file__))
    shipped = os.path.dirname(resource_path("policies"))
    stamp = code_stamp((package, resource_path("policies"), resource_path("schemas")), __version__)
    own = b""
    if request.policy is not None:
        try:
            with open(request.policy, "rb") as stream:
                own = stream.read()
        except OSError:
            own = b"unreadable"
    asked = (request.select, request.ignore, request.profile, request.fail_on, request.policy)
    return "\0".join((stamp, shipped, today(env), repr(asked), digest(own)))


# ------------------------------------------------------------------------------------------------------ printing


def _render(
    name: str,
    reports: Sequence[Report],
    targets: Sequence[Target],
    request: Request,
    env: Mapping[str, str],
    to_file: bool,
) -> str:
    """One format. Each reporter is loaded only when it is asked for."""
    if name == "text":
        from .reporters import text

        color = not to_file and text.wants_color(env, sys.stdout.isatty())
        return text.render(reports, color=color, verbose=request.verbose)
    if name == "github":
        from .reporters import github

        return github.render(reports, changed=_changed(reports, targets, request), fail_on=request.fail_on)
    if name == "json":
        from .reporters import json_report

        return json_report.render(reports)
    if name == "sarif":
        from .reporters import sarif

        return sarif.render(reports)
    if name == "markdown":
        from .reporters import markdown

        return markdown.render(reports, fail_on=request.fail_on, verbose=request.verbose)
    from .reporters import junit

    return junit.render(reports, fail_on=request.fail_on)


def _changed(
    reports: Sequence[Report], targets: Sequence[Target], request: Request
) -> Mapping[str, list[tuple[int, int]]] | None:
    if request.changed_since is None:
        return None
    from .reporters.wording import artifact_path  # with git's answer, only when asked for
    from .sources.git_changes import changed_lines

    return {
        artifact_path(report, path, len(reports) > 1): ranges
        for report, target in zip(reports, targets, strict=True)
        for path, ranges in changed_lines(target.root, request.changed_since).items()
    }


def print_out(text: str | bytes) -> None:
    """Writes to standard output. A reader that has gone, as behind ``| head``, changes no file and no exit code.

    Raises UserError where standard output takes no more.
    """
    try:
        if isinstance(text, bytes):
            sys.stdout.buffer.write(text)
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the rest would fail at exit once more
        raise UserError(f"standard output cannot be written: {error.strerror}", "send it to another place") from error


def _write(path: str, text: str) -> None:
    """Writes a whole file or nothing; what is no file (a pipe, a terminal, ``/dev/null``) is written to as it is."""
    from .delivery.files import write  # only when a file is written

    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        else:
            write(path, text.encode("utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", "name a file in a folder that exists") from error
