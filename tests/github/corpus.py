"""Repositories made of the real workflows that lie beside the checkout."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from .world import Files

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real workflows is not beside the checkout (../shared/corpus)"
)


def repositories_of_corpus(*organizations: str, count: int = 250) -> dict[str, Files]:
    """Slug → files of so many repositories, dealt out to the organisations in turn.

    There are fewer in the corpus: they come again under another name, with a file of their own that says which.
    """
    folders = sorted(path for path in [*CORPUS.glob("chittyos/*/*"), *CORPUS.glob("public/*")] if path.is_dir())
    contents = [_files(folder) for folder in folders]
    found: dict[str, Files] = {}
    for number in range(count):
        turn, place = divmod(number, len(folders))
        owner = organizations[number % len(organizations)]
        name = folders[place].name if turn == 0 else f"{folders[place].name}-{turn + 1}"
        if f"{owner}/{name}" in found:
            name = f"{folders[place].parent.name}-{name}"
        own = {} if turn == 0 else {"COPY": f"{turn + 1}\n"}
        found[f"{owner}/{name}"] = {**contents[place], **own}
    return found


def _files(folder: Path) -> Files:
    found: dict[str, str | bytes | tuple[str, str | bytes]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("120000", path.readlink().as_posix())
        elif path.is_file():
            mode = "100755" if path.stat().st_mode & stat.S_IXUSR else "100644"
            found[name] = (mode, path.read_bytes())
    return found
