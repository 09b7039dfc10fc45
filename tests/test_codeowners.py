"""CODEOWNERS: which paths a pattern covers, what a line says, and who owns a path in the end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chittyops_policy.codeowners import CodeOwners, parse

# pattern: (covered paths, paths that are not)
PATTERNS: dict[str, tuple[str, str]] = {
    "*": ("a a/b a/b/c .github/workflows/ci.yml", ""),
    "**": ("a a/b", ""),
    "foo": ("foo foo/bar bar/foo bar/foo/baz", "foo.txt bar/foo.txt bar/baz"),
    "/foo": ("foo foo/bar foo/bar/baz", "fool bar/foo"),
    "foo/": ("foo/bar foo/bar/baz bar/foo/baz", "foo bar/foo"),
    "/foo/": ("foo/bar foo/bar/baz", "foo bar/foo/baz"),
    "foo/bar": ("foo/bar foo/bar/baz", "foo/bart baz/foo/bar"),
    "foo/bar/": ("foo/bar/baz", "foo/bar baz/foo/bar/qux"),
    "f*": ("foo foo/bar bar/foo", "xfoo bar/baz"),
    "/*": ("foo .env", "foo/bar"),
    "/*/": ("foo/bar foo/bar/baz", "foo"),
    "/f*": ("foo foo/bar", "bar/foo"),
    "*.md": ("README.md docs/a.md", "README.mdx"),
    "docs/*": ("docs/a.md", "docs/api/a.md api/docs/a.md docs"),
    "docs/*.md": ("docs/a.md", "docs/api/a.md"),
    "foo/*/baz": ("foo/bar/baz foo/bar/baz/qux", "foo/baz foo/a/b/baz"),
    "**/foo/bar": ("foo/bar qux/foo/bar a/b/foo/bar/c", "foo/baz/bar"),
    "foo/**": ("foo/a foo/a/b", "foo bar/foo/a"),
    "foo/**/bar": ("foo/bar foo/a/bar foo/a/b/bar/c", "a/foo/bar foo"),
    "foo/**/": ("foo/a foo/a/b", "foo"),
    "**/logs/": ("logs/a build/logs/a", "logs"),
    "f?o": ("foo fxo/a", "fo fooo f/o"),
    r"f\*o": ("f*o", "foo"),
    ".github/workflows/*": (".github/workflows/ci.yml", ".github/workflows/x/y .github/dependabot.yml"),
    "/.github/": (".github/workflows/ci.yml .github/CODEOWNERS", "sub/.github/workflows/ci.yml"),
    "/CODEOWNERS": ("CODEOWNERS", "docs/CODEOWNERS codeowners"),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_a_pattern_covers(pattern: str) -> None:
    line = parse("CODEOWNERS", f"{pattern} @owner\n").lines[0]
    covered, others = (paths.split() for paths in PATTERNS[pattern])
    assert [path for path in covered if not line.matches(path)] == []
    assert [path for path in others if line.matches(path)] == []


def test_a_backslash_keeps_a_space_in_the_pattern() -> None:
    line = parse("CODEOWNERS", "a\\ b/ @owner\n").lines[0]
    assert line.matches("a b/c")
    assert [owner.text for owner in line.owners] == ["@owner"]


# In the example of GitHub's page about code owners, each of these lines decides the path beside it.
GITHUB = """\
# a comment
*       @global-owner1 @global-owner2
*.js    @js-owner #an inline comment
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""
OWNED = {
    "Makefile": "@global-owner1 @global-owner2",
    "src/a.js": "@js-owner",
    "cmd/main.go": "docs@example.com",
    "notes/a.txt": "@octo-org/octocats",
    "build/logs/x": "@octocat",
    "docs/start.md": "@doctocat",
    "docs/api/start.md": "@doctocat",
    "scripts/run": "@doctocat @octocat",
    "web/apps/index": "@octocat",
    "apps/main": "@octocat",
    "apps/github": "",
    "apps/github/index": "",
}


@pytest.mark.parametrize("path", OWNED)
def test_the_last_matching_line_decides(path: str) -> None:
    assert " ".join(parse("CODEOWNERS", GITHUB).owners_of(path)) == OWNED[path]


def test_nobody_named_is_not_the_same_as_left_to_nobody() -> None:
    owners = parse("CODEOWNERS", "/apps/ @a\n/apps/x\n")
    assert owners.deciding_line("README.md") is None
    line = owners.deciding_line("apps/x/y")
    assert line is not None
    assert line.owners == ()


OWNERS = {
    "@user": ("user", ""), "@user-name": ("user", ""), "@first_company": ("user", ""), "@org/team": ("team", "org"),
    "@Org/team_1.x": ("team", "Org"), "a@b.org": ("email", ""), "first.last+x@mail.example.co.uk": ("email", ""),
    "user": ("invalid", ""), "org/team": ("invalid", ""), "@": ("invalid", ""), "@org/": ("invalid", ""),
    "@/team": ("invalid", ""), "@org/team/sub": ("invalid", ""), "a@b": ("invalid", ""), "a@": ("invalid", ""),
    "@bot[bot]": ("invalid", ""), "@dé": ("invalid", ""), "@a,": ("invalid", ""), "a@.org": ("invalid", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", OWNERS)
def test_kinds_of_owners(text: str) -> None:
    owner = parse("CODEOWNERS", f"* {text}\n").lines[0].owners[0]
    assert (owner.kind, owner.org) == OWNERS[text]


MISTAKES = {
    "!docs/ @a": ("!docs/", "negated"),
    "docs/[ab] @a": ("docs/[ab]", "ranges"),
    "\\#odd @a": ("\\#odd", "start with #"),
    "/ @a": ("/", "never matches"),
    "a/***/b @a": ("a/***/b", "***"),
    "* @a user @b": ("user", "no owner"),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_line_with_a_mistake_is_skipped_and_shows_where(line: str) -> None:
    owners = parse("CODEOWNERS", f"* @everybody\n{line}\n")
    wrong = owners.lines[1]
    text, reason = MISTAKES[line]
    assert reason in wrong.error
    assert owners.text[wrong.error_span.start : wrong.error_span.end] == text
    assert owners.owners_of("docs/a") == ("@everybody",)


def test_escaped_brackets_are_ordinary_letters() -> None:
    line = parse("CODEOWNERS", "app/\\[slug\\]/ @a\n").lines[0]
    assert line.error == ""
    assert line.matches("app/[slug]/page.tsx")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_places_are_offsets_into_the_text_as_it_is(mark: str, end: str) -> None:
    text = mark + end.join(["# é 😀", "", "  *.md\t@org/docs  b@c.de # why", "/x @y"])
    owners = parse("CODEOWNERS", text)
    assert [line.number for line in owners.lines] == [3, 4]
    words = [(line.start, line.end) for line in owners.lines]
    words += [(owner.start, owner.end) for line in owners.lines for owner in line.owners]
    assert [text[start:stop] for start, stop in words] == ["*.md", "/x", "@org/docs", "b@c.de", "@y"]


def test_depth_tells_how_much_of_a_path_a_pattern_spells_out() -> None:
    def depth(pattern: str) -> int:
        return parse("CODEOWNERS", f"{pattern} @a").lines[0].depth_in(".github/workflows/")

    assert [depth(pattern) for pattern in ("*", "*.yml", "/.github/", ".github")] == [0, 0, 1, 1]
    assert depth("**/.github/workflows/**") == 2
    assert depth("/.github/workflows/ci.yml") == 2
    assert depth("/.github/actions/") == 1


def test_many_stars_do_not_explode() -> None:
    pattern = "*a" * 40 + "/" + "**/x/" * 40 + "b"
    assert not parse("CODEOWNERS", f"{pattern} @a").lines[0].matches("a" * 200 + "/x" * 200 + "/c")


def reference(pattern: list[str], names: list[str]) -> bool:
    """The plain recursive meaning of ``**``, ``*`` and letters, without any short cut."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(reference(pattern[1:], names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and pattern[0] in ("*", names[0]) and reference(pattern[1:], names[1:])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=2, max_size=6),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=6),
)
def test_the_quick_matcher_agrees_with_the_plain_meaning(parts: list[str], names: list[str]) -> None:
    line = parse("CODEOWNERS", "/" + "/".join(parts) + " @a").lines[0]
    if parts[-1] == "**":
        expected = any(reference(parts[:-1], names[:stop]) for stop in range(len(names)))
    elif parts[-1] == "*":
        expected = reference(parts, names)
    else:
        expected = any(reference(parts, names[: stop + 1]) for stop in range(len(names)))
    assert line.matches("/".join(names)) == expected


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(st.sampled_from("ab*?/\\#@!. \t\n\r[]é"), max_size=30),
    st.text(st.sampled_from("ab/.é"), min_size=1, max_size=10),
)
def test_any_text_can_be_asked(text: str, path: str) -> None:
    owners: CodeOwners = parse("CODEOWNERS", text)
    owners.owners_of(path)
    for line in owners.lines:
        assert text[line.start : line.end] == line.pattern
        line.matches(path)
