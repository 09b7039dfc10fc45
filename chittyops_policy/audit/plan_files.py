"""A plan on the disk: ``plan.json`` and one patch a repository."""

from __future__ import annotations

import os

from chittyops_policy.audit.plan import Plan, dump, load
from chittyops_policy.delivery.files import write
from chittyops_policy.errors import UserError

PLAN = "plan.json"
PATCHES = "patches"


def write_plan(folder: str, plan: Plan) -> list[str]:
    """Writes ``plan.json`` and ``patches/<owner>/<name>.patch`` into a folder and gives their paths.

    A repository with several entries gets one patch each, named after their rule sets. Raises UserError where the disk
    says no.
    """
    several = len({entry.slug.lower() for entry in plan.entries}) < len(plan.entries)
    texts = {PLAN: dump(plan).encode("ascii")}
    for entry in plan.entries:
        name = f"{entry.slug}.{entry.set}" if several else entry.slug
        texts[f"{PATCHES}/{name}.patch"] = entry.patch.encode("utf-8", "surrogateescape")
    paths = [os.path.join(folder, *name.split("/")) for name in texts]
    try:
        for path, data in zip(paths, texts.values(), strict=True):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, data)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}", "name another folder") from error
    return paths


def read_plan(path: str) -> Plan:
    """The plan in a file. Raises UserError where there is none, and as `plan.load` does."""
    try:
        with open(path, encoding="utf-8") as stream:
            return load(stream.read())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UserError(f"the plan {path} cannot be read: {reason}", "--apply takes a plan.json") from error
