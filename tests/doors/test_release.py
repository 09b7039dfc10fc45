"""What a built distribution knows of the release that it is: the commit to which inserted steps are pinned."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from chittyops_policy import __version__

from .support import git, own_repository, run, wheel_of, write

TAG = f"v{__version__}"
ASK = """
import sys
from chittyops_policy.errors import CannotEdit
from chittyops_policy.own_actions import BEACON, own_action
from chittyops_policy.policy import standard_pack
try:
    found = own_action(BEACON, standard_pack(None).parameters)
    print(found.uses, "#", found.comment)
except CannotEdit as error:
    print(error.reason)
"""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project at a release: an annotated tag, as `git tag -a` makes it."""
    folder = own_repository(tmp_path_factory.mktemp("origin") / "chittyops-policy")
    git(folder, "tag", "-a", TAG, "-m", "release")
    git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", "next")
    return folder


def clone(origin: Path, folder: Path, name: str) -> Path:
    git(origin, "clone", "--quiet", str(origin), str(folder / "clone"))
    git(folder / "clone", "checkout", "--quiet", name)
    return folder / "clone"


def commit_in(wheel: Path) -> str | None:
    with zipfile.ZipFile(wheel) as opened:
        name = "chittyops_policy/_data/release.json"
        return json.loads(opened.read(name))["commit"] if name in opened.namelist() else None


def asked(wheel: Path, folder: Path) -> str:
    """What the installed package says about the action that it would insert."""
    target = folder / "installed"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(target)
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK], env={"PYTHONPATH": str(target)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_wheel_of_the_tag_knows_its_commit(origin: Path, tmp_path: Path) -> None:
    source = clone(origin, tmp_path, TAG)
    commit = git(source, "rev-parse", "HEAD")
    wheel = wheel_of(source, tmp_path)
    assert commit_in(wheel) == commit
    assert asked(wheel, tmp_path) == f"ChittyOS/chittyops-policy/actions/chittybeacon@{commit} # {TAG}"
    assert git(source, "status", "--porcelain") == "", "a build leaves nothing behind"


def test_a_release_without_the_action_says_so(origin: Path, tmp_path: Path) -> None:
    source = clone(origin, tmp_path, TAG)
    git(source, "rm", "-r", "--quiet", "actions/chittybeacon")
    git(source, "commit", "--quiet", "--no-verify", "-m", "without")
    git(source, "tag", "--force", TAG)
    wheel = wheel_of(source, tmp_path)
    assert commit_in(wheel) == git(source, "rev-parse", "HEAD")
    assert asked(wheel, tmp_path).startswith(
        f"release {__version__} of chittyops-policy has no action actions/chittybeacon; name one that has it"
    )


def test_a_source_distribution_hands_it_on(origin: Path, tmp_path: Path) -> None:
    source = clone(origin, tmp_path, TAG)
    done = run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path / "sdist")], source)
    assert done.returncode == 0, done.stdout
    (archive,) = (tmp_path / "sdist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert commit_in(wheel_of(unpacked, tmp_path)) == git(source, "rev-parse", "HEAD")


@pytest.mark.parametrize("what", [TAG, "HEAD"])
def test_a_shallow_fetch_as_pre_commit_makes_it(origin: Path, tmp_path: Path, what: str) -> None:
    """pre-commit fetches the wanted revision alone, which leaves no tag behind."""
    source = tmp_path / "clone"
    git(origin, "init", "--quiet", str(source))
    git(source, "fetch", "--quiet", "--depth=1", str(origin), what)
    git(source, "checkout", "--quiet", "FETCH_HEAD")
    assert git(source, "tag") == ""
    expected = git(source, "rev-parse", "HEAD") if what == TAG else None
    assert commit_in(wheel_of(source, tmp_path)) == expected


def test_the_commit_after_the_tag_is_no_release(origin: Path, tmp_path: Path) -> None:
    wheel = wheel_of(clone(origin, tmp_path, "main"), tmp_path)
    assert commit_in(wheel) is None
    assert asked(wheel, tmp_path).startswith(
        "this is an unreleased checkout of chittyops-policy, so there is no commit"
    )


@pytest.mark.parametrize("path", ["chittyops_policy/engine.py", "chittyops_policy/new.py"])
def test_a_changed_tree_is_no_release(origin: Path, tmp_path: Path, path: str) -> None:
    source = clone(origin, tmp_path, TAG)
    write(source, {path: "x = 1\n"})
    assert commit_in(wheel_of(source, tmp_path)) is None


def test_the_tag_of_another_version_is_no_release(origin: Path, tmp_path: Path) -> None:
    source = clone(origin, tmp_path, "main")
    git(source, "tag", "v99.0.0")
    git(source, "tag", f"{TAG}-rc1")
    assert commit_in(wheel_of(source, tmp_path)) is None


def test_without_git_nothing_is_known(origin: Path, tmp_path: Path) -> None:
    """What GitHub downloads for a step is such a copy."""
    git(origin, "archive", "--output", str(tmp_path / "copy.tar"), "--prefix", "copy/", TAG)
    with tarfile.open(tmp_path / "copy.tar") as opened:
        opened.extractall(tmp_path, filter="data")
    assert commit_in(wheel_of(tmp_path / "copy", tmp_path)) is None
