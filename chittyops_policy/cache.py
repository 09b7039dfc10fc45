"""Keeps the result of a check for as long as everything that the check read stays the same.

One JSON file a repository in the user's cache directory. An entry holds the names and digests of what was read, also
of what was looked for in vain, and the report. Anything odd about an entry (damage, another version, another owner's
file) makes it a miss; a cache never decides anything by itself.
"""

from __future__ import annotations

import os
import sys

from .errors import UserError
from .fingerprint import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .model import Report
    from .snapshot import Snapshot, Tree

FORMAT = "1"


def default_folder(env: Mapping[str, str]) -> str:
    """The user's cache directory for this tool, after the conventions of the platform."""
    if env.get("CHITTYOPS_POLICY_CACHE"):
        return env["CHITTYOPS_POLICY_CACHE"]
    if sys.platform == "win32":
        base = env.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = env.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "chittyops-policy")


class Cache:
    """Results by repository and question.

    `question` is whatever changes the answer beside the files: tool and rules, policy, date, named paths.
    """

    __slots__ = ("folder",)

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find(self, root: str, question: str, tree: Tree, others: Collection[str] = ()) -> Report | None:
        """The report of an earlier check of `root`, if all that it read is unchanged in `tree`; else None.

        `others` are the slugs, in lower case, of the repositories that this run could look into.
        """
        # Loaded here because a run without a cache does not need them.
        import json

        from .reporters import json_report

        try:
            with open(self._path(root, question), "rb") as stream:
                entry = json.loads(stream.read())
            if entry["question"] != question or entry["format"] != FORMAT:
                return None
            if not set(entry["absent"]).isdisjoint(others):
                return None
            for path, known in entry["folders"].items():
                if _names(tree.folder(path)) != known:
                    return None
            for path, known in entry["files"].items():
                if _content(tree.read(path)) != known:
                    return None
            for path, known in entry["links"].items():
                if tree.is_link(path) != known:
                    return None
            if entry["paths"] is not None and _names(tree.paths()) != entry["paths"]:
                return None
            return json_report.load(entry["report"])[0]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError, UserError):
            return None  # damaged, or of another version of the report

    def keep(self, root: str, question: str, snapshot: Snapshot, report: Report, absent: Collection[str] = ()) -> None:
        """Stores a report that looked into no other repository; `absent` are those that it asked for in vain.

        A cache that cannot be written is no error: the next run is just not faster.
        """
        import json
        import tempfile  # only when something is stored

        from .reporters import json_report

        listed = snapshot.listed()
        entry = {
            "format": FORMAT,
            "question": question,
            "absent": sorted(absent),
            "folders": {path: _names(names) for path, names in snapshot.folders().items()},
            "files": {path: _content(data) for path, data in snapshot.reads().items()},
            "links": dict(snapshot.links()),
            "paths": None if listed is None else _names(listed),
            "report": json_report.render([report], indent=None),
        }
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(entry, stream)
            os.replace(temporary, self._path(root, question))
        except OSError:
            return

    def _path(self, root: str, question: str) -> str:
        name = digest(f"{os.path.realpath(root)}\0{question}".encode("utf-8", "surrogateescape"))
        return os.path.join(self.folder, name[:40] + ".json")


def _content(data: bytes | None) -> str | None:
    return None if data is None else digest(data)


def _names(names: Sequence[str]) -> str:
    return digest("\0".join(names).encode("utf-8", "surrogateescape"))


def code_stamp(folders: Sequence[str], version: str) -> str:
    """What identifies the rules that run: the version, and the newest change of any source, policy or schema file.

    In a checkout the version stays the same while rules change, hence the times.
    """
    newest = 0
    waiting = list(folders)
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                elif entry.name.endswith((".py", ".yml", ".json")):
                    newest = max(newest, entry.stat().st_mtime_ns)
    return f"{version}:{newest}"
