"""What is generated is up to date, and comes out the same wherever it is made."""

from __future__ import annotations

import sys
from pathlib import Path

from .doors.support import ROOT, own_repository, run

CHECK = [sys.executable, "docs/generate.py", "--check"]


def test_generated_files_are_what_their_sources_say() -> None:
    done = run(CHECK, ROOT)
    assert done.returncode == 0, f"{done.stdout}\nrun `python docs/generate.py` and commit what it writes"


def test_the_output_does_not_depend_on_place_terminal_or_language(tmp_path: Path) -> None:
    folder = own_repository(tmp_path / "some where else")
    odd = {"COLUMNS": "61", "NO_COLOR": "1", "FORCE_COLOR": "1", "LANG": "C", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    done = run(CHECK, folder, {**odd, "GITHUB_REPOSITORY": "somebody/else", "GITHUB_WORKSPACE": str(folder)})
    assert done.returncode == 0, done.stdout


def test_a_stale_page_and_a_page_of_a_rule_that_is_gone_are_named(tmp_path: Path) -> None:
    folder = own_repository(tmp_path / "copy")
    (folder / "docs/rules/no-such-rule.md").write_text("# no-such-rule\n")
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("Exit codes:", "Exit code:"), encoding="utf-8")
    done = run(CHECK, folder)
    assert done.returncode == 1
    assert "README.md\ndocs/rules/no-such-rule.md\n" in done.stdout
    assert "python docs/generate.py" in done.stdout
    assert run([sys.executable, "docs/generate.py"], folder).returncode == 0
    assert not (folder / "docs/rules/no-such-rule.md").exists()
    assert run(CHECK, folder).returncode == 0
