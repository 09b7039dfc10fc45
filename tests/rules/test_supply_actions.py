"""Rules that know something about particular actions and images, on small cases and on real repositories."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from chittyops_policy.action_versions import parse, spans, stated
from chittyops_policy.document import parse_text
from chittyops_policy.known_actions import advisories, archived, well_known
from chittyops_policy.rules.supply.typosquat_uses import meant_by
from chittyops_policy.workflow import Workflow

from .checked import corpus, found, needs_corpus, report

ROOT = Path(__file__).resolve().parents[2]
SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"


def using(uses: str) -> str:
    return f"{HEAD}      - uses: {uses}\n"


# ---------------------------------------------------------------------------------------------- stated versions


@pytest.mark.parametrize(
    ("uses", "version"),
    [
        ("a/b@v4", (4,)),
        ("a/b@4.1", (4, 1)),
        ("a/b@v4.1.2", (4, 1, 2)),
        ("a/b@refs/tags/v4.1.2", (4, 1, 2)),
        (f"a/b@{SHA} # v4.1.2", (4, 1, 2)),
        (f"'a/b@{SHA}' # v4.1.2 of last week", (4, 1, 2)),
        (f"a/b@{SHA} # tag=v4.1.2", (4, 1, 2)),
        (f"a/b@{SHA} # ratchet:a/b@v4", (4,)),
        (f"a/b@{SHA} # pin@v4.1.2", (4, 1, 2)),
        (f"a/b@{SHA} # renovate: tag=v4.1", (4, 1)),
        ("a/b@refs/tags/v4.1.2", (4, 1, 2)),
        (f"a/b@{SHA}", None),
        (f"a/b@{SHA} # the good one", None),
        (f"a/b@{SHA} # v4-beta", None),
        ("a/b@v4-beta", None),
        ("a/b@main", None),
        ("a/b@v4.1.2.3", None),
        (f"a/b@{SHA[:12]} # v4", None),
    ],
)
def test_the_version_is_what_the_file_says(uses: str, version: tuple[int, ...] | None) -> None:
    workflow = Workflow(parse_text("x.yml", using(uses)))
    node = workflow.jobs[0].steps[0].uses
    assert node is not None
    assert stated(workflow.document, node) == version


def test_a_short_version_means_everything_that_begins_so() -> None:
    low, high = spans((4, 1))
    assert low == (4, 1, 0) <= (4, 1, 77) <= high < (4, 2, 0)
    assert parse("v4.1.2") == (4, 1, 2)


# --------------------------------------------------------------------------------------- known-vulnerable-actions


@pytest.mark.parametrize(
    ("uses", "ids"),
    [
        ("actions/download-artifact@v4.0.0", ["GHSA-cxww-7g56-2vh6"]),
        ("actions/download-artifact@v4.1.2", ["GHSA-cxww-7g56-2vh6"]),
        ("Actions/Download-Artifact@v4.1.2", ["GHSA-cxww-7g56-2vh6"]),
        ("actions/download-artifact@v4.0", ["GHSA-cxww-7g56-2vh6"]),
        ("actions/download-artifact@v4.1", []),
        ("actions/download-artifact@v4", []),
        ("actions/download-artifact@v3.0.2", []),
        ("actions/download-artifact@v4.1.3", []),
        ("actions/download-artifact@main", []),
        (f"actions/download-artifact@{SHA}", []),
        (f"actions/download-artifact@{SHA} # v4.1.2", ["GHSA-cxww-7g56-2vh6"]),
        # both ends of both ranges, in a folder of the repository
        ("github/codeql-action/init@v2.26.10", []),
        ("github/codeql-action/init@v2.26.11", ["GHSA-vqf5-2xx6-9wfm"]),
        ("github/codeql-action/init@v2", []),
        ("github/codeql-action/init@v3.26.10", []),
        ("github/codeql-action/init@v3.28.2", ["GHSA-vqf5-2xx6-9wfm"]),
        ("github/codeql-action/init@v3.28.3", []),
        ("tj-actions/changed-files@v35", ["GHSA-mrrh-fwg8-r2c3", "GHSA-mcph-m25j-8j63"]),
        ("tj-actions/changed-files@v45", ["GHSA-mrrh-fwg8-r2c3"]),
        ("tj-actions/changed-files@v46", []),
        ("tj-actions/changed-files@v46.0.1", []),
        # every tag was moved: only what is pinned stands where it stood
        ("actions-cool/issues-helper@v3", ["incident-2026-05-18-issues-helper"]),
        ("actions-cool/issues-helper@main", ["incident-2026-05-18-issues-helper"]),
        (f"actions-cool/issues-helper@{SHA} # v3", []),
    ],
)
def test_a_release_is_judged_by_the_ranges_of_its_advisories(uses: str, ids: list[str]) -> None:
    [*entries] = found("known-vulnerable-actions", using(uses))
    assert len(entries) == bool(ids)
    if ids:
        assert ids[0] in entries[0]
        assert (f"and {len(ids) - 1} more" in entries[0]) == (len(ids) > 1)


def test_the_message_says_where_it_is_repaired() -> None:
    assert found("known-vulnerable-actions", using("tj-actions/changed-files@v35")) == [
        "tj-actions/changed-files@v35: tj-actions/changed-files: its tags were moved to a commit that printed secrets "
        "into logs (GHSA-mrrh-fwg8-r2c3 and 1 more); repaired in 46.0.1"
    ]
    [entry] = found("known-vulnerable-actions", using("checkmarx/kics-github-action@v2"))
    assert entry.endswith("no release is known to be free of it")


def test_accepted_advisories_leave_the_others() -> None:
    options = {"accepted": ["GHSA-mrrh-fwg8-r2c3"]}
    [entry] = found("known-vulnerable-actions", using("tj-actions/changed-files@v35"), options=options)
    assert "(GHSA-mcph-m25j-8j63); repaired in 41.0.0" in entry


def test_the_advisories_are_osv_records_with_a_date() -> None:
    data = json.loads((ROOT / "policies/data/advisories.json").read_text())
    assert data["source"]
    assert len(data["date"]) == 10
    ids = [entry["id"] for entry in data["vulns"]]
    assert len(ids) == len(set(ids))
    for entry in data["vulns"]:
        assert entry["database_specific"]["severity"] in ("low", "medium", "high", "critical")
        for affected in entry["affected"]:
            assert affected["package"]["ecosystem"] == "GitHub Actions"
            for ranged in affected["ranges"]:
                kinds = [next(iter(event)) for event in ranged["events"]]
                assert kinds[0] == "introduced"
                assert len(kinds) <= 2, "one range, one introduction"
    assert all(known for known in advisories().values())


OSV = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "summary": "it does what it should not",
    "details": "long",
    "aliases": ["CVE-2031-1"],
    "affected": [
        {
            "package": {"ecosystem": "GitHub Actions", "name": "acme/tool"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0.0"}, {"last_affected": "1.4.0"}]}],
        },
        {"package": {"ecosystem": "npm", "name": "tool"}, "ranges": []},
    ],
    "database_specific": {"severity": "MODERATE"},
}


def test_newer_advisories_are_taken_in(tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    (records / "a.json").write_text(json.dumps(OSV))
    (records / "b.json").write_text(json.dumps({**OSV, "id": "GHSA-w", "withdrawn": "2031-01-01T00:00:00Z"}))
    (records / "c.json").write_text(json.dumps({**OSV, "id": "GHSA-n", "affected": OSV["affected"][1:]}))  # type: ignore[index]
    data = tmp_path / "advisories.json"
    data.write_bytes((ROOT / "policies/data/advisories.json").read_bytes())
    before = json.loads(data.read_text())["vulns"]
    script = (
        "import sys; sys.path.insert(0, 'docs'); from pathlib import Path; import refresh_advisories as r;"
        f"sys.exit(r.main([{str(records)!r}], Path({str(data)!r})))"
    )
    for expected in ("added GHSA-aaaa-bbbb-cccc: it does what it should not\n", ""):
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == expected
    after = json.loads(data.read_text())["vulns"]
    assert after[:-1] == before
    assert after[-1]["database_specific"] == {"severity": "medium"}
    assert [each["package"]["name"] for each in after[-1]["affected"]] == ["acme/tool"]


# --------------------------------------------------------------------------- archived-uses, typosquat-uses, lists


def test_an_archived_repository_is_named_with_its_successor() -> None:
    assert found("archived-uses", using("actions/create-release@v1")) == [
        "actions/create-release: the repository actions/create-release is archived: nobody repairs it any more; "
        "today: gh release create"
    ]
    assert found("archived-uses", using("docker://actions/create-release")) == []
    assert found("archived-uses", f"on: push\njobs:\n  a:\n    uses: secrethub/actions/.github/workflows/x.yml@{SHA}\n")


@pytest.mark.parametrize(
    ("slug", "meant"),
    [
        ("action/checkout", "actions/checkout"),
        ("actionss/checkout", "actions/checkout"),
        ("actoins/checkout", "actions/checkout"),
        ("actiona/checkout", "actions/checkout"),
        ("0ctions/checkout", "actions/checkout"),
        ("actions/checkout", ""),
        ("actions/chekout", ""),
        ("docker/checkout", ""),
        ("acme/checkout", ""),
        ("aquasecurty/trivy-action", "aquasecurity/trivy-action"),
        ("aquasecurity-/trivy-action", "aquasecurity/trivy-action"),
        ("atcions/hceckout", ""),
    ],
)
def test_one_slip_is_seen_and_two_are_not(slug: str, meant: str) -> None:
    assert meant_by(slug) == meant


def test_every_slip_in_an_owner_is_seen() -> None:
    name = "aquasecurity/trivy-action"
    for at in range(name.index("/")):
        slips = {
            name[:at] + name[at + 1 :],
            name[:at] + "q" + name[at:],
            name[:at] + "0" + name[at + 1 :],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :] if name[at + 1] != "/" else "",
        }
        assert {slip: meant_by(slip) for slip in slips - {"", name}} == dict.fromkeys(slips - {"", name}, name)


def test_no_well_known_name_is_taken_for_another() -> None:
    assert [name for name in well_known() if meant_by(name)] == []
    assert len(well_known()) > 200
    assert not set(archived()) & {"actions/checkout"}


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("acme/tool", {"acme/tool@v1"}),
        ("ACME/*", {"acme/tool@v1"}),
        ("acme/**", {"acme/tool@v1", "acme/tool/sub@v1"}),
        ("acme/tool@v1", {"acme/tool@v1"}),
        ("acme/tool@v2", set()),
        ("docker://**", {"docker://acme/tool:1"}),
        ("**", {"acme/tool@v1", "acme/tool/sub@v1", "docker://acme/tool:1"}),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, covers: set[str]) -> None:
    every = ("acme/tool@v1", "acme/tool/sub@v1", "docker://acme/tool:1")
    text = HEAD + "".join(f"      - uses: {uses}\n" for uses in (*every, "./acme/tool", "$/acme/tool"))
    denied = found("forbidden-uses", text, options={"deny": [pattern]})
    assert denied == [f"{uses}: {uses} is forbidden by {pattern!r}" for uses in every if uses in covers]
    kept = found("forbidden-uses", text, options={"allow": [pattern]})
    assert kept == [f"{uses}: {uses} is not on the list of what is allowed" for uses in every if uses not in covers]


# ------------------------------------------------------------------------------- unpinned-images, unpinned-tools


@pytest.mark.parametrize(
    ("image", "by_tag", "by_digest"),
    [
        ("alpine", "no tag at all", "no tag at all"),
        ("localhost:5000/alpine", "no tag at all", "no tag at all"),
        ("alpine:latest", "the tag latest, which is another image every few days", ...),
        ("alpine:3.20", "", "the tag 3.20, not by a digest"),
        ("localhost:5000/a/b:3", "", "the tag 3, not by a digest"),
        (f"alpine@sha256:{SHA}{SHA[:24]}", "", ""),
        (f"alpine:latest@sha256:{SHA}{SHA[:24]}", "", ""),
        ("''", "", ""),
        ("${{ inputs.image }}", "", ""),
        ("${{ matrix.image }}:latest", "", ""),
        ("postgres:${{ env.VERSION }}", "", "the tag ${{ env.VERSION }}, not by a digest"),
        ("acme/${{ inputs.name }}:1", "", ""),
    ],
)
def test_an_image_is_judged_by_its_name(image: str, by_tag: str, by_digest: object) -> None:
    for require, problem in (("tag", by_tag), ("digest", by_tag if by_digest is ... else by_digest)):
        for place in (f"    container: {image}\n", f"    services:\n      db:\n        image: {image}\n"):
            text = HEAD.replace("    steps:\n", f"{place}    steps:\n") + "      - run: make\n"
            entries = found("unpinned-images", text, options={"require": require})
            assert [entry.split(" is named by ")[1] for entry in entries] == ([problem] if problem else [])


def test_a_matrix_is_looked_through() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n"
        "        os: [{name: a, image: alpine}, {name: b, image: 'debian:12'}]\n"
        "        include:\n          - os: {image: 'fedora:latest'}\n"
        "    container: ${{ matrix.os.image }}\n    steps: [{run: make}]\n"
    )
    assert [entry.split(":")[0] for entry in found("unpinned-images", text)] == ["alpine", "fedora"]


def test_the_newest_tool_is_named_by_silence_or_word() -> None:
    step = using("aquasecurity/setup-trivy@v0.2.6")
    assert len(found("unpinned-tools", step)) == 1
    assert len(found("unpinned-tools", step + "        with: {version: ''}\n")) == 1
    assert len(found("unpinned-tools", step + "        with: {VERSION: Latest}\n")) == 1
    assert found("unpinned-tools", step + "        with: {version: v0.69.3}\n") == []


@needs_corpus
def test_what_real_repositories_use() -> None:
    rules = (
        "known-vulnerable-actions", "archived-uses", "typosquat-uses", "forbidden-uses", "unpinned-images",
        "unpinned-tools",
    )  # fmt: skip
    seen = {
        part: Counter(
            decision.rule
            for snapshot in corpus(part)
            for decision in report(snapshot, *rules).decisions
            if decision.rule in rules
        )
        for part in ("chittyos", "public")
    }
    assert seen == {
        "chittyos": Counter({"archived-uses": 11, "unpinned-images": 1}),
        "public": Counter({"known-vulnerable-actions": 6, "unpinned-images": 5, "unpinned-tools": 7}),
    }


# --------------------------------------------------------------------------------------------------- retired-action


@pytest.mark.parametrize(
    ("uses", "refused"),
    [
        ("actions/upload-artifact@v3", True),
        ("Actions/Upload-Artifact@v2.3.1", True),
        ("actions/upload-artifact/merge@v3.1", True),
        ("actions/upload-artifact@v3-node20", False),
        ("actions/upload-artifact@v4", False),
        ("actions/upload-artifact@main", False),
        ("actions/download-artifact@v1", True),
        ("actions/cache@v2", True),
        ("actions/cache@v3", False),
        ("actions/cache@v3.3.2", True),
        ("actions/cache@v3.4.0", False),
        ("actions/cache@v4.1", True),
        ("actions/cache@v4.1.2", True),
        ("actions/cache/save@v4.2.0", False),
        ("actions/cache@v5", False),
        (f"actions/cache@{'a' * 40} # v4.0.2", True),
        (f"actions/cache@{'a' * 40}", False),
        ("acme/upload-artifact@v3", False),
    ],
)
def test_releases_that_github_refuses(uses: str, refused: bool) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: {uses}\n"
    assert bool(found("retired-action", text)) is refused
