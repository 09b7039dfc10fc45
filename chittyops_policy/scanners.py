"""The security scanners that the pack knows, and the steps, calls and files of a repository that bring them."""

from __future__ import annotations

from .model import Value
from .step_contracts import Contract, contract, found_in, made_of, runs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .rule import Context
    from .step_contracts import Match


class Scanner(Value):
    """A scanner of the pack's parameter ``scanners: known``.

    file              where its workflow or configuration belongs when there is none
    files             configuration files of which one suffices instead of a step
    equivalents       ids of scanners that count in its place
    not_for           project types that give it nothing to scan
    elsewhere         how it may run without a file in the repository, or ''; `permission` would tell
    permissions       scopes of the job's token that it needs, with the level
    env               variables of which one must bring its token; `logins` are commands that bring it, too
    harmless_inputs   input → values with which the action cannot fail
    harmless_options  options with which the command cannot fail
    scans             what it looks for where that is not code and its dependencies: ``secrets``; else ''
    languages         language → how it is built for the analysis, and the endings of its files
    """

    __slots__ = (
        "contract", "elsewhere", "env", "equivalents", "file", "files", "harmless_inputs", "harmless_options", "id",
        "languages", "logins", "not_for", "permission", "permissions", "scans", "title",
    )  # fmt: skip

    def __init__(self, id: str, data: Mapping[str, Any]) -> None:
        self.id = id
        self.contract: Contract = contract(id, data)
        self.title = self.contract.title
        self.file = str(data.get("file", f".github/workflows/{id}.yml"))
        self.files = texts(data.get("files"))
        self.equivalents = texts(data.get("equivalents"))
        self.not_for = texts(data.get("not_for"))
        self.elsewhere = str(data.get("elsewhere", ""))
        self.permission = str(data.get("permission", ""))
        self.scans = str(data.get("scans", ""))
        permissions = data.get("permissions")
        self.permissions = dict(permissions) if isinstance(permissions, dict) else {}
        self.env = texts(data.get("env"))
        self.logins = texts(data.get("logins"))
        inputs = data.get("harmless_inputs")
        self.harmless_inputs = (
            {str(name).lower(): texts(values) for name, values in inputs.items()} if isinstance(inputs, dict) else {}
        )
        self.harmless_options = texts(data.get("harmless_options"))
        languages = data.get("languages")
        self.languages = {
            str(name): (str(entry.get("build", "none")), texts(entry.get("files")))
            for name, entry in (languages.items() if isinstance(languages, dict) else ())
            if isinstance(entry, dict)
        }


class Scanners:
    """The known scanners by id, the required ones, and what the live workflows run of each.

    Where findings count in named files only, `found` may know of those files alone; see `everywhere`.
    """

    __slots__ = ("found", "known", "required", "uploads")

    def __init__(self, known: dict[str, Scanner], required: tuple[str, ...], uploads: tuple[str, ...]) -> None:
        self.known = known
        self.required = required
        self.uploads = uploads
        self.found: dict[str, tuple[Match, ...]] = {}


def scanners_of(context: Context) -> Scanners:
    """The scanners and where they run, found once for all rules of a check."""
    found: Scanners = context.once(_scanners)
    return found


def _scanners(context: Context) -> Scanners:
    data = context.parameters.get("scanners")
    data = data if isinstance(data, dict) else {}
    known = made_of(data.get("known"), _known)
    required = tuple(name for name in texts(data.get("required")) if name in known)
    scanners = Scanners(known, required, tuple(name.lower() for name in texts(data.get("uploads"))))
    runs = runs_of(context)
    found: dict[int, list[Match]] = {id(scanner.contract): [] for scanner in known.values()}
    for workflow in runs.live():
        for item, match in runs.found(workflow):
            matches = found.get(id(item))
            if matches is not None:
                matches.append(match)
    scanners.found = {name: tuple(found[id(scanner.contract)]) for name, scanner in known.items()}
    return scanners


def _known(entries: Any) -> dict[str, Scanner]:
    listed = entries.items() if isinstance(entries, dict) else ()
    return {str(name): Scanner(str(name), entry) for name, entry in listed if isinstance(entry, dict)}


def everywhere(scanner: Scanner, context: Context) -> tuple[Match, ...]:
    """What every live workflow runs of a scanner, also where findings count in named files only."""
    runs = runs_of(context)
    live = runs.live(everywhere=True)
    return tuple(match for workflow in live for match in found_in(scanner.contract, workflow, runs))


def runs_elsewhere(scanner: Scanner, context: Context) -> bool | None:
    """Whether a scanner runs here without a file in the repository; None where that cannot be told."""
    if scanner.id == "codeql":
        return context.lookups.code_scanning_default_setup(context.snapshot.slug)
    return None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list of a pack; what is no text is left out."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
