"""Times `chittyops-policy check` beside zizmor: one small file, and a folder of repositories."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


VERDICTS = (0, 1, *range(11, 15))
"""Exit codes of a check that was made: ours are 0 and 1, zizmor's findings give 11 to 14."""


class Row:
    """The measurements of one command: wall seconds and peak resident bytes of each round."""

    def __init__(self, label: str, command: Sequence[str], folder: Path) -> None:
        self.label = label
        self.command = list(command)
        self.folder = folder
        self.seconds: list[float] = []
        self.peak = 0

    def once(self, counted: bool = True) -> None:
        """Runs the command once, output discarded. Ends the program where it did not come to a verdict."""
        begin = time.perf_counter()
        process = os.fork()
        if process == 0:
            os.chdir(self.folder)
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            os.execv(self.command[0], self.command)
        _, status, usage = os.wait4(process, 0)
        code = os.waitstatus_to_exitcode(status)
        if code not in VERDICTS:
            raise SystemExit(f"{' '.join(self.command)} ended with exit code {code}")
        if counted:
            self.seconds.append(time.perf_counter() - begin)
            # Linux counts kilobytes, macOS bytes.
            self.peak = max(self.peak, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def tool(name: str) -> str:
    """The absolute path of a command beside this interpreter or on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed; run: pip install {name}")
    return found


def measure(title: str, rows: Sequence[Row], rounds: int, against: str) -> None:
    """Runs the rows in turn and prints a table with the ratio to the row labelled `against`."""
    for row in rows:
        row.once(counted=False)
    for _ in range(rounds):
        for row in rows:
            row.once()
    reference = next(row for row in rows if row.label == against)
    print(f"\n{title} ({rounds} rounds in turn)")
    print(f"{'':34}{'median ms':>10}{'min ms':>9}{'peak MB':>9}{'median / ' + against:>18}")
    for row in rows:
        ratios = [mine / theirs for mine, theirs in zip(row.seconds, reference.seconds, strict=True)]
        print(
            f"{row.label:34}{statistics.median(row.seconds) * 1e3:10.1f}{min(row.seconds) * 1e3:9.1f}"
            f"{row.peak / 1e6:9.1f}{statistics.median(ratios):18.2f}"
        )


SMALL = """name: tests
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  tests:
    name: ${{ matrix.name || matrix.python }}
    runs-on: ${{ matrix.os || 'ubuntu-latest' }}
    strategy:
      fail-fast: false
      matrix:
        include:
          - {python: '3.13'}
          - {python: '3.12'}
          - {name: Windows, python: '3.13', os: windows-latest}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
          cache: pip
      - run: pip install tox
      - run: tox run -e ${{ matrix.tox || format('py{0}', matrix.python) }}
"""


def main() -> None:
    """Parses the arguments and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", default=str(ROOT / "examples"), help="a folder of repositories")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    corpus = Path(arguments.path).resolve()
    ours = tool("chittyops-policy")
    zizmor = tool("zizmor")
    python = str(Path(sys.executable))
    with tempfile.TemporaryDirectory() as folder:
        # Installed packages are compiled; a checkout measured without bytecode would time the compiler.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["CHITTYOPS_POLICY_CACHE"] = str(Path(folder) / "cache")
        repository = Path(folder) / "repository"
        workflow = repository / ".github" / "workflows" / "tests.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(SMALL)
        name = ".github/workflows/tests.yml"
        measure(
            "One small file",
            [
                Row("python -I -c pass", [python, "-I", "-c", "pass"], repository),
                Row("chittyops-policy --no-cache", [ours, "check", "--no-cache", name], repository),
                Row("chittyops-policy, cached", [ours, "check", name], repository),
                Row("zizmor", [zizmor, "--offline", name], repository),
            ],
            arguments.rounds * 2 + 1,
            "zizmor",
        )
        measure(
            f"All of {corpus.name}/, one process",
            [
                Row("chittyops-policy --no-cache", [ours, "check", "--no-cache", "--jobs", "1", "."], corpus),
                Row("zizmor", [zizmor, "--offline", "."], corpus),
            ],
            arguments.rounds,
            "zizmor",
        )


if __name__ == "__main__":
    main()
