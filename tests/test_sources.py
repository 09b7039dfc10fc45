"""Where files come from: real work trees, commits and the index, made with real git."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chittyops_policy.errors import UserError
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources import working_tree
from chittyops_policy.sources.git_commit import commit_tree, index_tree
from chittyops_policy.sources.working_tree import WorkingTree, find_root, listed_paths, remote_urls, slug_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and modes are those of POSIX")


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, {"a.txt": "a\n", ".github/workflows/ci.yml": "on: push\n", "sub/été 😀.txt": "x\n"})
    write(root, {".gitignore": "*.log\n"})
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    return root


# ------------------------------------------------------------------------------------------------- working tree


def test_a_folder_is_listed_by_name_with_a_slash_for_folders(repository: Path) -> None:
    tree = WorkingTree(str(repository))
    assert tree.folder("") == (".github/", ".gitignore", "a.txt", "sub/")
    assert tree.folder(".github/workflows") == ("ci.yml",)
    assert tree.folder("missing") == tree.folder("a.txt") == tree.folder(".git") == ()
    assert tree.problems == []


def test_files_are_read_as_bytes(repository: Path) -> None:
    write(repository, {"b.bin": b"\xff\x00\r\n"})
    tree = WorkingTree(str(repository))
    assert tree.read("b.bin") == b"\xff\x00\r\n"
    assert tree.read("sub/été 😀.txt") == b"x\n"
    assert tree.read("missing") is None
    assert tree.read("a.txt/x") is None
    assert tree.problems == []


def test_paths_are_what_git_tracks_or_would_add(repository: Path) -> None:
    write(repository, {"new.yml": "", "x.log": "", "node_modules/p/action.yml": "", "sub/deep/n.txt": ""})
    (repository / "a.txt").unlink()
    assert WorkingTree(str(repository)).paths() == (
        ".github/workflows/ci.yml", ".gitignore", "new.yml", "node_modules/p/action.yml", "sub/deep/n.txt",
        "sub/été 😀.txt",
    )  # fmt: skip
    assert WorkingTree(str(repository / "sub")).paths() == ("deep/n.txt", "été 😀.txt")


def test_without_git_a_walk_finds_the_paths(tmp_path: Path) -> None:
    write(tmp_path, {"a": "", "d/e/f": "", "node_modules/x": "", ".venv/y": "", "d/.git/z": ""})
    (tmp_path / "loop").symlink_to(tmp_path)
    assert WorkingTree(str(tmp_path)).paths() == ("a", "d/e/f")


def test_a_missing_git_command_falls_back_to_the_walk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "nothing"))
    write(repository, {"x.log": ""})
    assert "x.log" in WorkingTree(str(repository)).paths()


def test_the_listing_without_posix_spawn_is_the_same(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = WorkingTree(str(repository)).paths()
    monkeypatch.delattr(os, "posix_spawnp")
    assert WorkingTree(str(repository)).paths() == expected


def test_a_hooks_environment_does_not_lead_to_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert "a.txt" in WorkingTree(str(repository)).paths()


def test_a_configured_fsmonitor_is_not_run(repository: Path, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    program = tmp_path / "monitor.sh"
    program.write_text(f"#!/bin/sh\ntouch {proof}\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    assert "a.txt" in WorkingTree(str(repository)).paths()
    assert not proof.exists()


def test_an_ignored_folder_that_was_named_is_walked(repository: Path) -> None:
    write(repository, {".gitignore": "out/\n", "out/r/.github/workflows/a.yml": ""})
    assert WorkingTree(str(repository / "out" / "r")).paths() == (".github/workflows/a.yml",)


def test_submodules_and_nested_repositories_are_not_entered(repository: Path, tmp_path: Path) -> None:
    inner = repository / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    write(inner, {"f": ""})
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "x")
    assert [path for path in WorkingTree(str(repository)).paths() if path.startswith("inner")] == []
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{git(inner, 'rev-parse', 'HEAD')},inner")
    assert [path for path in WorkingTree(str(repository)).paths() if path.startswith("inner")] == []


def test_a_listing_in_the_middle_of_a_merge_names_each_path_once() -> None:
    listing = b"M 100644 1 1\ta\0M 100644 2 2\ta\0M 100644 3 3\ta\0H 100644 1 0\tb\0R 100644 1 0\tb\0? c\0? nested/\0"
    assert sorted(listed_paths(listing)) == ["a", "c"]


# -------------------------------------------------------------------------------------------------------- links


@pytest.fixture
def links(repository: Path, tmp_path: Path) -> Path:
    write(tmp_path, {"outside/secret.yml": "secret\n"})
    for name, target in {
        "inside": "a.txt",
        "sub/up": "../a.txt",
        "outside": "../outside/secret.yml",
        "absolute": str(tmp_path / "outside" / "secret.yml"),
        "home": str(repository / "a.txt"),
        "dangling": "no/such/file",
        "round": "round",
        "folder": "sub",
        "outer": "../outside",
        "chain": "inside",
        "escape": "sub/../../outside/secret.yml",
    }.items():
        (repository / name).symlink_to(target)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "links")
    return repository


FOLLOWED = {"inside", "sub/up", "chain"}
NOT_FOLLOWED = {"outside", "absolute", "home", "dangling", "round", "folder", "outer", "escape"}


def test_links_are_followed_only_inside_the_tree(links: Path) -> None:
    tree = WorkingTree(str(links))
    assert {name for name in FOLLOWED | NOT_FOLLOWED if tree.read(name) == b"a\n"} == FOLLOWED
    assert {name for name in NOT_FOLLOWED if tree.read(name) is not None} == set()
    top = tree.folder("")
    assert {"inside", "chain"} <= set(top)
    assert not NOT_FOLLOWED & {name.rstrip("/") for name in top}
    assert tree.folder("folder") == tree.folder("outer") == ()
    assert tree.read("folder/up") is None
    assert tree.read("outer/secret.yml") is None
    assert [tree.is_link(name) for name in ("inside", "outside", "a.txt", "missing")] == [True, True, False, False]
    assert tree.problems == []


def test_paths_that_climb_out_are_refused(repository: Path, tmp_path: Path) -> None:
    write(tmp_path, {"secret": "x"})
    tree = WorkingTree(str(repository))
    for path in ("../secret", "sub/../../secret", str(tmp_path / "secret"), ".git/config", ".git", "a\0b"):
        assert tree.read(path) is None
        assert tree.folder(path) == ()
        assert not tree.is_link(path)


def test_a_root_that_is_itself_a_link_is_the_folder_behind_it(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    tree = WorkingTree(str(tmp_path / "link"))
    assert tree.read("a.txt") == b"a\n"
    assert "a.txt" in tree.paths()
    assert tree.revision == git(repository, "rev-parse", "HEAD")


def test_pipes_sockets_and_folders_are_no_files(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(repository / "pipe")
    monkeypatch.chdir(repository)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        tree = WorkingTree(str(repository))
        assert [tree.read(name) for name in ("pipe", "socket", "sub")] == [None, None, None]
        assert {"pipe", "socket"}.isdisjoint(tree.folder(""))


def test_what_may_not_be_read_is_a_problem(repository: Path) -> None:
    (repository / "a.txt").chmod(0)
    (repository / "sub").chmod(0)
    try:
        if os.access(repository / "a.txt", os.R_OK):
            pytest.skip("this user may read every file, as root may")
        tree = WorkingTree(str(repository))
        assert tree.read("a.txt") is None
        assert tree.folder("sub") == ()
        assert tree.problems == [("a.txt", "permission denied"), ("sub", "permission denied")]
    finally:
        (repository / "sub").chmod(0o755)


def test_a_file_that_is_far_too_large_is_a_problem(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_tree, "MAX_BYTES", 10)
    write(repository, {"large": b"x" * 11, "fits": b"x" * 10})
    tree = WorkingTree(str(repository))
    assert tree.read("large") is None
    assert tree.read("fits") == b"x" * 10
    assert tree.problems == [("large", "has 11 bytes; at most 10 are read")]


# ---------------------------------------------------------------------------------------------- slug and revision

URLS = {
    "https://github.com/ChittyOS/chittyops": "ChittyOS/chittyops",
    "https://github.com/ChittyOS/chittyops.git": "ChittyOS/chittyops",
    "https://github.com/ChittyOS/chittyops/": "ChittyOS/chittyops",
    "https://user:token@github.com/o/r.git": "o/r",
    "https://x-access-token@host.example:8443/o/r": "o/r",
    "git@github.com:o/r.git": "o/r",
    "github:o/r": "o/r",
    "ssh://git@github.com/o/r": "o/r",
    "ssh://git@github.com:22/o/r.git": "o/r",
    "git://github.com/o/r.js.git": "o/r.js",
    "git@github.com:o/.github.git": "o/.github",
    "https://gitlab.example/group/sub/r.git": "",
    "../elsewhere/o/r": "",
    "/srv/git/o.git": "",
    "file:///srv/o/r": "",
    "C:/o/r": "",
    "": "",
}


@pytest.mark.parametrize("url", URLS)
def test_the_slug_of_a_remote(url: str) -> None:
    assert slug_of(url) == URLS[url]


def test_remotes_are_read_as_git_reads_them(repository: Path) -> None:
    git(repository, "remote", "add", "upstream", "https://github.com/up/stream")
    assert WorkingTree(str(repository)).slug == "up/stream"
    git(repository, "remote", "add", "origin", "git@github.com:o/r.git")
    git(repository, "remote", "set-url", "--add", "origin", "git@github.com:second/one.git")
    assert WorkingTree(str(repository)).slug == "o/r"
    git(repository, "remote", "add", "third", "x")
    git(repository, "remote", "remove", "origin")
    assert WorkingTree(str(repository)).slug == ""


def test_odd_spellings_of_a_configuration() -> None:
    config = '[core]\n\turl = no\n[Remote "a b"]\n  ; url = no\n  URL = "https://h/o/r#x" ; y\n'
    config += '[remote "c"]\n url=x # z\nurl = q\n'
    assert remote_urls(config) == {"a b": "https://h/o/r#x", "c": "x"}


def test_the_revision_is_the_commit_that_is_checked_out(repository: Path) -> None:
    def revision() -> str:
        return WorkingTree(str(repository)).revision

    head = git(repository, "rev-parse", "HEAD")
    assert revision() == head
    git(repository, "pack-refs", "--all")
    assert revision() == head
    git(repository, "checkout", "-q", "--detach")
    assert revision() == head
    git(repository, "checkout", "-q", "--orphan", "fresh")
    assert revision() == ""


def test_a_linked_work_tree_has_its_own_revision_and_the_shared_remote(repository: Path, tmp_path: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/o/r")
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    write(tmp_path / "side", {"b": ""})
    git(tmp_path / "side", "add", "-A")
    git(tmp_path / "side", "commit", "-q", "-m", "second")
    tree = WorkingTree(str(tmp_path / "side"))
    assert tree.slug == "o/r"
    assert tree.revision == git(tmp_path / "side", "rev-parse", "HEAD") != git(repository, "rev-parse", "HEAD")
    assert "b" in tree.paths()
    assert ".git" not in tree.folder("")


def test_a_folder_inside_a_repository_has_no_remote_of_its_own(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/o/r")
    tree = WorkingTree(str(repository / "sub"))
    assert (tree.slug, tree.revision) == ("", "")


@pytest.mark.parametrize("content", ["", "gitdir: /no/such/folder\n", "nonsense", "\xff\xfe"])
def test_a_damaged_git_folder_is_no_error(tmp_path: Path, content: str) -> None:
    write(tmp_path, {".git": content, "a": ""})
    tree = WorkingTree(str(tmp_path))
    assert (tree.slug, tree.revision, tree.paths()) == ("", "", ("a",))


# --------------------------------------------------------------------------------------------------------- roots


def test_the_root_of_a_named_file(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"vendor/x/.github/workflows/w.yml": "", "sub/action.yml": ""})
    write(tmp_path, {"loose/action.yml": "", "org/.github/.github/workflows/w.yml": ""})
    monkeypatch.chdir(repository)
    assert find_root(".github/workflows/ci.yml") == "."
    assert find_root("./.github/dependabot.yml") == "."
    assert find_root("vendor/x/.github/workflows/w.yml") == "vendor/x"
    assert find_root("sub/action.yml") == "."
    assert find_root("../org/.github/.github/workflows/w.yml") == "../org/.github"
    assert find_root(str(repository / ".github/workflows/ci.yml")) == str(repository)
    assert find_root(str(repository / "sub/action.yml")) == str(repository)
    monkeypatch.chdir(repository / "sub")
    assert find_root("action.yml") == ".."
    assert find_root("../.github/workflows/ci.yml") == ".."
    monkeypatch.chdir(repository / ".github" / "workflows")
    assert find_root("ci.yml") == "../.."
    monkeypatch.chdir(tmp_path)
    assert find_root("loose/action.yml") == "."
    assert find_root("repository/sub/action.yml") == "repository"
    monkeypatch.chdir(tmp_path / "org")
    assert find_root("../loose/action.yml") == "../loose"


# --------------------------------------------------------------------------------------------- commits and the index


def test_a_commit_reads_like_its_work_tree(links: Path) -> None:
    tree = commit_tree(str(links), "HEAD")
    disk = WorkingTree(str(links))
    assert tree.paths() == disk.paths()
    for folder in ("", "sub", ".github", ".github/workflows", "missing"):
        assert tree.folder(folder) == disk.folder(folder)
    for path in (*disk.paths(), "missing"):
        assert tree.read(path) == disk.read(path), path
        assert tree.is_link(path) == disk.is_link(path), path
    assert tree.revision == disk.revision
    tree.close()


def test_an_earlier_commit_is_not_the_work_tree(repository: Path) -> None:
    write(repository, {"a.txt": "changed\n", "b.txt": "new\n"})
    git(repository, "commit", "-q", "-a", "-m", "second")
    tree = commit_tree(str(repository), "HEAD~1")
    assert tree.read("a.txt") == b"a\n"
    assert tree.read("b.txt") is None
    tree.close()
    assert tree.read("a.txt") == b"a\n"  # reading starts git again
    tree.close()


def test_the_index_has_what_the_next_commit_will_have(repository: Path) -> None:
    write(repository, {"a.txt": "staged\n", "b.txt": "staged\n"})
    git(repository, "add", "a.txt")
    write(repository, {"a.txt": "later\n"})
    tree = index_tree(str(repository))
    assert tree.read("a.txt") == b"staged\n"
    assert tree.read("b.txt") is None
    assert "sub/été 😀.txt" in tree.paths()
    tree.close()


def test_a_snapshot_of_a_commit(repository: Path) -> None:
    tree = commit_tree(str(repository), "main")
    snapshot = Snapshot(tree, tree.slug, tree.revision)
    assert snapshot.subjects() == (".github/workflows/ci.yml",)
    assert [workflow.path for workflow in snapshot.workflows()] == [".github/workflows/ci.yml"]
    tree.close()


@pytest.mark.parametrize("revision", ["no-such-branch", "", "--all", "HEAD:a.txt"])
def test_an_unknown_revision_is_the_users_mistake(repository: Path, revision: str) -> None:
    with pytest.raises(UserError, match="not a commit"):
        commit_tree(str(repository), revision)


def test_a_folder_without_git_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a commit"):
        commit_tree(str(tmp_path), "HEAD")
    with pytest.raises(UserError, match="not a git repository"):
        index_tree(str(tmp_path))
