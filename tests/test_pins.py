"""Which commit a reference is pinned to: versions, the shipped pack, the lock file, and who decides over whom."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from chittyops_policy.action_versions import parse as parse_numbers
from chittyops_policy.document import parse_text
from chittyops_policy.known_actions import advisories
from chittyops_policy.model import severity_rank
from chittyops_policy.pin_lock import PIN_LOCK, LockedPin, PinLock, lock_text, read_lock
from chittyops_policy.pin_pack import Pack, shipped
from chittyops_policy.pins import Mismatch, Pin, PinSources, Unpinnable, mismatch, name_of, resolve
from chittyops_policy.rule import FOREIGN, ON_BRANCH, ON_TAG, UNTOLD
from chittyops_policy.versions import Release, choose, parse_version, stated_version

ROOT = Path(__file__).resolve().parent.parent
PACK_FILE = ROOT / "policies" / "data" / "action-pins.tsv"
ROWS = [
    line.split("\t") for line in PACK_FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
]
A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40


# ------------------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("v4", ("", (4,), "")),
        ("4", ("", (4,), "")),
        ("V4.2", ("", (4, 2), "")),
        ("v4.2.2", ("", (4, 2, 2), "")),
        ("refs/tags/v4.2.2", ("", (4, 2, 2), "")),
        ("2026.07.20.1", ("", (2026, 7, 20, 1), "")),
        ("v3.0.0b1", ("", (3, 0, 0), "b1")),
        ("v6-beta", ("", (6,), "-beta")),
        ("v1.2.3-rc.1", ("", (1, 2, 3), "-rc.1")),
        ("codeql-bundle-v2.20.1", ("codeql-bundle-", (2, 20, 1), "")),
        ("setup/v1.2", ("setup/", (1, 2), "")),
        ("@acme", None),
        ("main", None),
        ("release", None),
        ("11bd719", None),  # the beginning of a commit
        ("v4 # x", None),
        ("v1.2.3.4.5", None),
        ("", None),
    ],
)
def test_a_name_is_a_version_or_not(name: str, parts: tuple[str, tuple[int, ...], str] | None) -> None:
    version = parse_version(name)
    assert (None if version is None else (version.prefix, version.numbers, version.pre)) == parts


def releases(*tags: str) -> list[Release]:
    return [Release(tag, f"{index:040x}", "a list") for index, tag in enumerate(tags)]


KNOWN = releases(
    "v4.9.0", "v4.10.0", "v4.2.2", "v4.2.10", "v5.0.0", "v4.11.0-rc.1", "v4", "v6", "2.2.0", "v2.1.9", "stable",
    "tool-v4.99.0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("ref", "tag"),
    [
        ("v4", "v4.10.0"),  # by number, no pre-release, no other major, no other product
        ("4", "v4.10.0"),
        ("v4.2", "v4.2.10"),
        ("v4.2.2", "v4.2.2"),
        ("refs/tags/v4.2.2", "v4.2.2"),
        ("v4.11.0-rc.1", "v4.11.0-rc.1"),
        ("v6", "v6"),  # an owner that releases under whole numbers
        ("v2", "2.2.0"),
        ("tool-v4", "tool-v4.99.0"),
        ("stable", "stable"),
        ("v3", None),
        ("v4.3", None),
        ("v4.2.3", None),
        ("v4.11.0", None),
        ("main", None),
    ],
)
def test_the_newest_release_of_what_was_named_is_chosen(ref: str, tag: str | None) -> None:
    chosen = choose(KNOWN, ref)
    assert (None if chosen is None else chosen.tag) == tag


@pytest.mark.parametrize(
    ("comment", "version"),
    [
        ("v4.2.2", "v4.2.2"),
        ("4", "4"),
        ("@v2.1.0", "v2.1.0"),
        ("pin @v2.1.0", "v2.1.0"),
        ("pin@v2.1.0", "v2.1.0"),
        ("tag=v2.1.0", "v2.1.0"),
        ("renovate: tag=v2.1.0", "v2.1.0"),
        ("version: 2.8.0", "2.8.0"),
        ("ratchet:actions/checkout@v2.1.0", "v2.1.0"),
        ("codeql-bundle-v2.20.1", "codeql-bundle-v2.20.1"),
        ("v2.1.0 - older ones have a hole", None),
        ("not before v3", None),
        ("zizmor: ignore[unpinned-uses]", None),
        ("main", None),
        ("pinned", None),
        ("", None),
    ],
)
def test_a_comment_states_a_version_or_something_else(comment: str, version: str | None) -> None:
    assert stated_version(comment) == version


# ------------------------------------------------------------------------------------------------------- the pack


def test_every_line_of_the_pack_is_well_formed() -> None:
    assert len(ROWS) > 4000
    for row in ROWS:
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9._-]+", row[0]), row
        if row[1] == "!":
            assert row[2] in ("refuse", "review") and len(row) == 4 and len(row[3]) > 20, row
            continue
        assert parse_version(row[1]) is not None, row
        assert re.fullmatch(r"[0-9a-f]{40}", row[2]), row
        assert row[3] == "tag" or (row[3] == "stated" and int(row[4]) >= 3), row
        for remark in row[5].split("; ") if len(row) > 5 else ():
            assert re.fullmatch(
                r"retargeted|was [0-9a-f]{40}|as \d+(\.\d+)?: GHSA-[\w-]+ repaired in [\d.]+", remark
            ), row


def test_the_pack_is_sorted_and_says_nothing_twice() -> None:
    def order(row: list[str]) -> tuple[str, bool, object]:
        version = parse_version(row[1])
        return row[0], row[1] != "!", () if version is None else version.order

    assert sorted(ROWS, key=order) == ROWS
    assert len({(row[0], row[1]) for row in ROWS}) == len(ROWS)
    versions = [(row[0], parse_version(row[1])) for row in ROWS if row[1] != "!"]
    assert len(set(versions)) == len(versions)


def test_the_pack_says_where_it_comes_from() -> None:
    head = [line for line in PACK_FILE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    text = "\n".join(head)
    assert re.search(r"^# date {4}\d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    for word in ("method", "served", "limits"):
        assert f"\n# {word} " in text
    assert max(map(len, head)) <= 120


def test_each_entry_is_found_among_all() -> None:
    """The search over the bytes gives exactly the lines of the file, for the first, the last and every other one."""
    by_repository: dict[str, list[str]] = {}
    for row in ROWS:
        by_repository.setdefault(row[0], [])
        if row[1] != "!":
            by_repository[row[0]].append(row[1])
    pack = Pack(PACK_FILE.read_bytes())
    for slug, tags in by_repository.items():
        assert [release.tag for release in pack.entry(slug).releases] == tags
    for unknown in ("actions/check", "nobody/nothing", "#/date", "zzz/zzz"):
        assert pack.entry(unknown).releases == () and pack.entry(unknown).warned is None


def moving(tags: list[str]) -> set[tuple[int, ...]]:
    """The moving major and minor tags that some releases can be meant by, as numbers."""
    versions = [numbers for numbers in map(parse_numbers, tags) if numbers is not None]
    return {numbers[:count] for numbers in versions for count in (1, 2) if count < len(numbers)}


def test_a_moving_tag_that_ends_at_a_vulnerable_release_says_so() -> None:
    """Where all that the tag can mean is affected, known-vulnerable-actions says it, and pinning changes nothing."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for slug, known in advisories().items():
        entry = shipped().entry(slug)
        for numbers in sorted(moving(entry.tags)):
            name = ".".join(map(str, numbers))
            newest = entry.find(name)
            exact = None if newest is None else parse_numbers(newest.tag)
            if newest is None or exact is None or any(each.tags_only or each.covers(numbers) for each in known):
                continue
            found = [each for each in known if each.covers(exact)]
            if found:
                gravest = max(found, key=lambda each: severity_rank(each.severity))
                latest = max((each.fixed for each in found), key=lambda text: tuple(map(int, text.split("."))))
                remark = f"as {name}: {gravest.id} repaired in {latest}"
                wanted.setdefault((slug, newest.tag), []).append(remark)
    lines = [line.split("\t") for line in PACK_FILE.read_text().splitlines() if not line.startswith("#")]
    stated = {
        (cells[0], cells[1]): remarks
        for cells in lines
        if len(cells) > 5 and (remarks := [each for each in cells[5].split("; ") if each.startswith("as ")])
    }
    assert stated == wanted
    assert wanted["github/codeql-action", "v2.28.1"] == ["as 2: GHSA-vqf5-2xx6-9wfm repaired in 3.28.3"]


def test_what_is_kept_of_the_pack_does_not_grow_with_the_repositories() -> None:
    pack = Pack(b"# date    2026-01-02\nacme/tool\tv1.0.0\t" + b"1" * 40 + b"\ttag\t0\n")
    known = PinSources(PinLock({}), None, pack)
    for number in range(10_000):
        resolve(f"acme/tool-{number}", "v1", known)
        resolve("acme/tool", f"v{number}", known)
        mismatch("acme/tool", f"{number:040x}", "v1.0.0", known)
    entry = pack.entry("acme/tool")
    assert max(len(pack.answers), len(pack._entries), len(entry._found), len(entry._at)) <= 4096


def test_an_entry_keeps_what_is_known() -> None:
    entry = shipped().entry("tj-actions/changed-files")
    assert entry.warned is not None and "2025-03-14" in entry.warned.words
    release = next(item for item in entry.releases if item.tag == "v45.0.7")
    assert release.retargeted and len(release.former) == 1
    stated = next(item for item in shipped().entry("actions/cache").releases if item.tag == "v6.1.0")
    assert not stated.confirmed and stated.stated_by >= 3 and "stated by" in stated.origin


# ------------------------------------------------------------------------------------------------------- the lock

PINS = {
    "owner/tool": {
        "v1.10.0": LockedPin(A, "2026-11-25", "github"),
        "v1.9.0": LockedPin(B, "2026-11-22", "pack"),
        "main": LockedPin("0" * 39 + "1", "2026-11-25", "github"),
    },
    "acme/lint": {
        "1.0": LockedPin("1" * 40, "2026-11-25", "hand"),
        "v1": LockedPin("3e1" + "0" * 37, "2026-11-25", "hand"),
    },
}


def test_a_lock_is_one_sorted_line_a_version() -> None:
    text = lock_text(PINS)
    assert text.split("version: 1\n")[1] == (
        "pins:\n"
        "  acme/lint:\n"
        "    v1: {commit: '3e10000000000000000000000000000000000000', seen: 2026-11-25, source: hand}\n"
        "    '1.0': {commit: '1111111111111111111111111111111111111111', seen: 2026-11-25, source: hand}\n"
        "  owner/tool:\n"
        "    main: {commit: '0000000000000000000000000000000000000001', seen: 2026-11-25, source: github}\n"
        f"    v1.9.0: {{commit: {B}, seen: 2026-11-22, source: pack}}\n"
        f"    v1.10.0: {{commit: {A}, seen: 2026-11-25, source: github}}\n"
    )


@pytest.mark.parametrize("pins", [PINS, {}], ids=["two repositories", "nothing"])
def test_a_lock_is_read_as_it_was_written(pins: dict[str, dict[str, LockedPin]]) -> None:
    text = lock_text(pins)
    lock = read_lock(parse_text(PIN_LOCK, text))
    assert (dict(lock.pins), lock.mistakes) == (pins, ())
    assert lock_text(lock.pins) == text
    schema = json.loads((ROOT / "schemas" / "pins.schema.json").read_text(encoding="utf-8"))
    value = yaml.load(text, yaml.BaseLoader)
    value["version"] = int(value["version"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)


def test_a_commit_that_yaml_takes_for_a_number_must_be_quoted() -> None:
    text = f"version: 1\npins:\n  a/b:\n    1.10: {{commit: {'1' * 40}, seen: 2026-11-25, source: hand}}\n"
    assert [mistake.message for mistake in read_lock(parse_text(PIN_LOCK, text)).mistakes] == [
        f"expected text, found the number {'1' * 40}"
    ]
    quoted = read_lock(parse_text(PIN_LOCK, text.replace("1" * 40, f"'{'1' * 40}'")))
    assert quoted.pins == {"a/b": {"1.10": LockedPin("1" * 40, "2026-11-25", "hand")}}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["1:1 the file is empty"]),
        ("version: 2\npins: {}\n", ["1:10 unknown value '2'; known here: 1"]),
        ("pins: {}\n", ["1:1 'version' is missing"]),
        ("- a\n", ["1:1 expected a mapping, found a list"]),
        ("version: 1\npins: {}\npins: {}\n", ["3:1 the key 'pins' stands here twice"]),
        (
            "version: 1\npins:\n  Owner/Tool/x:\n    v1: {commit: abc, seen: soon, source: me}\n",
            [
                "3:3 'Owner/Tool/x': a repository is named as owner/name, in lower case and without a folder",
                "4:18 a commit is written with all of its 40 hex digits, in lower case",
                "4:29 a day is written as 2026-11-22",
                "4:43 unknown value 'me'; known here: github, pack, hand",
            ],
        ),
        (
            f"version: 1\npins:\n  a/b:\n    'v1 # x': {{commit: {A}, seen: 2026-11-25, source: hand}}\n",
            ["4:5 'v1 # x': no tag and no branch has such a name"],
        ),
    ],
    ids=["empty", "another format", "no version", "a list", "twice", "wrong values", "a name with a comment"],
)
def test_a_mistake_of_a_lock_has_its_place_and_empties_it(text: str, messages: list[str]) -> None:
    document = parse_text(PIN_LOCK, text)
    lock = read_lock(document)
    said = ["{}:{} {}".format(*document.line_column(mistake.span.start), mistake.message) for mistake in lock.mistakes]
    assert said == messages
    assert lock.pins == {}


# ------------------------------------------------------------------------------------------------------- deciding

SMALL = Pack(
    (
        "# date    2026-01-02\n"
        f"acme/lint\tv1.0.0\t{A}\ttag\t3\n"
        f"acme/lint\tv1.1.0\t{B}\ttag\t0\twas {D}\n"
        f"acme/lint\tv2.0.0\t{C}\tstated\t5\n"
        f"bad/one\t!\trefuse\tall tags were moved\n"
        f"bad/one\tv1.0.0\t{A}\ttag\t3\n"
        f"odd/one\t!\treview\ta tag was moved\n"
        f"odd/one\tv1.0.0\t{A}\ttag\t3\n"
        f"odd/one\tv1.0.1\t{B}\ttag\t3\tretargeted\n"
    ).encode()
)


class Host:
    """GitHub with fixed answers; what asks the real one is tested in test_github_host.py."""

    def __init__(
        self, tags: dict[str, str], branches: dict[str, str] | None = None, member: dict[str, str] | None = None
    ) -> None:
        self.problems: list[str] = []
        self.tags = tags
        self.heads = branches or {}
        self.member = member or {}

    def answers(self, slug: str) -> bool:
        return True

    def default_setup(self, slug: str) -> bool | None:
        return None

    def find(self, slug: str, ref: str) -> Release | None:
        return choose((Release(tag, commit, "GitHub") for tag, commit in self.tags.items()), ref)

    def at(self, slug: str, commit: str) -> tuple[Release, ...]:
        return tuple(Release(tag, commit, "GitHub") for tag, named in self.tags.items() if named == commit)

    def branch(self, slug: str, name: str) -> Release | None:
        return Release(name, self.heads[name], "GitHub", seen="2026-11-25") if name in self.heads else None

    def peel(self, slug: str, sha: str) -> str | None:
        return None

    def tag(self, slug: str, name: str) -> bool | None:
        return None

    def settings(self, slug: str) -> None:
        return None

    def membership(self, slug: str, commit: str) -> str:
        return self.member.get(commit, ON_BRANCH)


class Silent(Host):
    """GitHub that does not answer."""

    def answers(self, slug: str) -> bool:
        return False


def locked(**versions: str) -> PinLock:
    return PinLock({"acme/lint": {name: LockedPin(commit, "2026-11-25", "hand") for name, commit in versions.items()}})


def pinned(
    ref: str, *, slug: str = "acme/lint", lock: PinLock | None = None, host: Host | None = None, fresh: bool = False
) -> tuple[str, str, str, tuple[str, ...]]:
    pin = resolve(slug, ref, PinSources(lock or PinLock({}), host, SMALL), fresh=fresh)
    assert isinstance(pin, Pin), pin
    return pin.release.tag, pin.release.commit, pin.release.origin, pin.doubts


def refused(
    ref: str, *, slug: str = "acme/lint", lock: PinLock | None = None, host: Host | None = None, fresh: bool = False
) -> Unpinnable:
    pin = resolve(slug, ref, PinSources(lock or PinLock({}), host, SMALL), fresh=fresh)
    assert isinstance(pin, Unpinnable), pin
    return pin


OWNER = "the pack of 2026-01-02 (its owner's tag)"


def test_the_pack_answers_where_nobody_else_does() -> None:
    assert pinned("v1.0.0") == ("v1.0.0", A, OWNER, ())


def test_a_tag_that_has_moved_is_a_doubt() -> None:
    name, commit, _, doubts = pinned("v1")
    assert (name, commit) == ("v1.1.0", B)
    assert doubts == (f"Public repositories also state {D} for v1.1.0: the tag seems to have moved.",)


def test_what_only_others_state_is_a_doubt() -> None:
    _, _, origin, doubts = pinned("v2")
    assert origin == "the pack of 2026-01-02 (stated by 5 public repositories)"
    assert doubts == ("The owner's own tag was not seen: 5 public repositories state this commit.",)


def test_another_spelling_of_the_tag_is_a_doubt() -> None:
    assert pinned("1.0.0")[3] == ("The owner spells the tag v1.0.0.",)


def test_a_warning_goes_with_every_pin() -> None:
    assert pinned("v1.0.0", slug="odd/one")[3] == ("There is a warning about odd/one: a tag was moved.",)
    assert len(pinned("v1", slug="odd/one")[3]) == 2


def test_a_compromised_action_is_only_pinned_by_the_lock() -> None:
    words = "there is a warning about bad/one: all tags were moved"
    assert refused("v1", slug="bad/one").reason == words
    assert refused("v1", slug="bad/one", host=Host({"v1.0.0": A})).reason == words
    lock = PinLock({"bad/one": {"v1.0.0": LockedPin(A, "2026-11-25", "hand")}})
    assert pinned("v1", slug="bad/one", lock=lock)[1:] == (
        A,
        f"{PIN_LOCK} (hand, 2026-11-25)",
        ("There is a warning about bad/one: all tags were moved.",),
    )


def test_the_lock_decides_over_github_and_github_over_the_pack() -> None:
    host = Host({"v1": B, "v1.2.0": C})
    assert pinned("v1", lock=locked(**{"v1.0.0": A}), host=host)[:2] == ("v1.0.0", A)
    assert pinned("v1", host=host) == ("v1.2.0", C, "GitHub", ())
    assert pinned("v1")[:2] == ("v1.1.0", B)
    assert pinned("v1", lock=locked(**{"v2.0.0": A}), host=host)[:2] == ("v1.2.0", C), "the lock has no v1"


def test_a_lock_that_contradicts_the_pack_says_so() -> None:
    assert pinned("v1.0.0", lock=locked(**{"v1.0.0": C}))[3] == (
        f"The pack of 2026-01-02 (its owner's tag) has {A} for v1.0.0.",
    )


def test_a_doubt_of_the_pack_outlives_the_way_through_the_lock() -> None:
    lock = PinLock({"acme/lint": {"v2.0.0": LockedPin(C, "2026-01-02", "pack")}})
    assert pinned("v2", lock=lock)[3] == ("The owner's own tag was not seen: 5 public repositories state this commit.",)
    seen = PinLock({"acme/lint": {"v2.0.0": LockedPin(C, "2026-01-02", "github")}})
    assert pinned("v2", lock=seen)[3] == ()


def test_a_broken_lock_gives_nothing() -> None:
    broken = read_lock(parse_text(PIN_LOCK, "version: 1\n"))
    assert refused("v1.0.0", lock=broken).reason == f"{PIN_LOCK} cannot be read"


def test_github_is_held_to_what_was_seen_before() -> None:
    moved = refused("v1.0.0", host=Host({"v1.0.0": C}))
    assert moved.alarm
    assert moved.reason == (
        f"the tag v1.0.0 of acme/lint names {C} by GitHub, but {A} by {OWNER}; look at both, then write the right one "
        f"into {PIN_LOCK}"
    )
    again = refused("v1.0.0", lock=locked(**{"v1.0.0": A}), host=Host({"v1.0.0": C}), fresh=True)
    assert again.alarm and f"but {A} by {PIN_LOCK} (hand, 2026-11-25)" in again.reason
    # Somebody looked at it, and wrote down what is right: then the pack is no objection any more.
    assert pinned("v1.0.0", lock=locked(**{"v1.0.0": C}), host=Host({"v1.0.0": C}), fresh=True)[1] == C


def test_a_commit_must_belong_to_the_repository() -> None:
    host = Host({"v3.0.0": D}, member={D: FOREIGN})
    assert refused("v3", host=host).reason == f"{D} is in no branch and no tag of acme/lint; it may be a fork's"
    assert refused("v3", host=host).alarm
    assert pinned("v3", host=Host({"v3.0.0": D}, member={D: ON_TAG}))[3] == (
        "The commit is on no branch: only a tag leads to it.",
    )
    assert pinned("v3", host=Host({"v3.0.0": D}, member={D: UNTOLD}))[3] == (
        "The commit could not be found on a branch.",
    )


def test_a_branch_is_pinned_by_github_alone() -> None:
    host = Host({"v1.0.0": A}, {"main": D, "stable": A, "v7": C})
    name, commit, origin, doubts = pinned("main", host=host)
    assert (name, commit, origin) == ("main", D, "GitHub")
    assert doubts == ("main is a branch: from now on the step stays at its commit of 2026-11-25.",)
    assert pinned("refs/heads/main", host=host)[:2] == ("main", D)
    assert pinned("stable", host=host)[:2] == ("v1.0.0", A), "its head is a release"
    assert pinned("v7", host=host)[:2] == ("v7", C), "a branch may look like a version"
    assert pinned("main", lock=locked(main=B)) == (
        "main",
        B,
        f"{PIN_LOCK} (hand, 2026-11-25)",
        ("main is a branch: from now on the step stays at its commit of 2026-11-25.",),
    )


def test_the_pack_answers_for_a_github_that_does_not() -> None:
    assert pinned("v1.0.0", host=Silent({})) == ("v1.0.0", A, OWNER, ())


@pytest.mark.parametrize(
    ("slug", "ref", "reason"),
    [
        ("acme/lint", "11bd719", "a shortened commit id does not say for certain which commit is meant; {write}"),
        ("acme/lint", "v9", "the pack of 2026-01-02 has no release of acme/lint that v9 names; {ask}"),
        ("acme/lint", "main", "main is a branch, or a tag that its owner moves; {ask}"),
        ("acme/lint", "refs/heads/v1.0.0", "v1.0.0 is a branch, or a tag that its owner moves; {ask}"),
        ("who/knows", "v1", "the pack of 2026-01-02 has nothing of who/knows; {ask}"),
    ],
    ids=["short", "no such major", "branch", "branch by its full name", "unknown action"],
)  # fmt: skip
def test_no_answer_is_no_pin(slug: str, ref: str, reason: str) -> None:
    ask = "`chittyops-policy pins update` with a token asks GitHub"
    answer = refused(ref, slug=slug)
    assert (answer.reason, answer.alarm) == (reason.format(ask=ask, write="write all 40 digits"), False)


def test_github_does_not_know_it_either() -> None:
    assert refused("v9", host=Host({})).reason == "neither GitHub nor the pack of 2026-01-02 has v9 of acme/lint"


# ----------------------------------------------------------------------------------------------------- mismatches


def wrong(commit: str, stated: str, *, lock: PinLock | None = None, slug: str = "acme/lint") -> Mismatch | None:
    return mismatch(slug, commit, stated, PinSources(lock or PinLock({}), None, SMALL))


@pytest.mark.parametrize(
    ("commit", "stated"),
    [
        (A, "v1.0.0"),
        (A.upper(), "1.0.0"),
        (A, "v1"),
        (D, "v1.1.0"),  # the tag named it before
        (D, "v1"),
        ("e" * 40, "v1"),  # v1 may have moved on since
        (C, "v2.0.0"),
        ("e" * 40, "v2.0.0"),  # known from hearsay alone
        ("e" * 40, "v1.5.0"),  # not known at all
        ("e" * 40, "main"),
    ],
)
def test_a_comment_may_be_right(commit: str, stated: str) -> None:
    assert wrong(commit, stated) is None


@pytest.mark.parametrize(
    ("commit", "stated", "meant", "actual"),
    [
        (B, "v1.0.0", "v1.0.0", "v1.1.0"),
        (C, "v1", "v1.1.0", "v2.0.0"),
        (A[:-1] + "b", "v1.0.0", "v1.0.0", None),  # all digits but the last
    ],
)
def test_a_comment_is_wrong(commit: str, stated: str, meant: str, actual: str | None) -> None:
    found = wrong(commit, stated)
    assert found is not None
    assert (found.meant.tag, found.actual.tag if found.actual else None) == (meant, actual)


def test_the_lock_decides_about_a_comment() -> None:
    lock = locked(**{"v1.0.0": C})
    assert wrong(C, "v1.0.0", lock=lock) is None
    found = wrong(A, "v1.0.0", lock=lock)
    assert found is not None and found.meant.commit == C
    assert wrong(D, "v1.5.0", lock=locked(**{"v1.5.0": A})) is not None


def test_a_commit_has_the_name_of_its_most_exact_tag() -> None:
    lock = locked(v3=D, **{"v3.1": D, "v3.1.4": D})
    found = name_of("acme/lint", D, PinSources(lock, None, SMALL))
    assert found is not None and found.tag == "v3.1.4"
    assert name_of("acme/lint", "e" * 40, PinSources(lock, None, SMALL)) is None
