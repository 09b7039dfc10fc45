"""The folder of a report: which files it has, what they say, what they never say."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for
from markdown_it import MarkdownIt

from chittyops_policy import engine
from chittyops_policy.audit import audit_json
from chittyops_policy.audit.report_folder import FILES, log, write_report
from chittyops_policy.audit.result import JUDGED, Audit, Standing, Subject
from chittyops_policy.audit.summary import render
from chittyops_policy.audit.tables import findings_csv, matrix_csv
from chittyops_policy.catalogue import load
from chittyops_policy.errors import WorldError
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.snapshot import MemoryTree, Snapshot

from ..referees import sarif_validator
from .audits import attacked, large, real, small


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_file_is_written_and_a_second_time_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "audit-report"
    written = write_report(small(), str(folder))
    assert written == [str(folder / name) for name in FILES]
    assert sorted(os.listdir(folder)) == sorted(FILES)
    before = {name: (folder / name).read_bytes() for name in FILES}
    write_report(audit_json.load(before["report.json"].decode()), str(folder))
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_a_folder_that_cannot_be_written_is_the_world_s_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorldError, match="cannot be written") as caught:
        write_report(small(), str(tmp_path / "file" / "report"))
    assert "--out" in caught.value.hint


def test_no_file_names_what_no_rule_has_read(tmp_path: Path) -> None:
    assert "private/notes.txt" in audit_json.render(small())
    for path in write_report(small(), str(tmp_path)):
        text = Path(path).read_text(encoding="utf-8")
        assert "notes.txt" not in text, path
    assert "1 file that no rule reads" in (tmp_path / "report.json").read_text()


def test_a_secret_that_a_source_line_masks_is_in_no_file(tmp_path: Path) -> None:
    secret = "AKIA" + "Q3EGRT7ZDUYK4W2P"
    workflow = (
        f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    env:\n      KEY: {secret}\n    steps:\n    - run: ls\n"
    )
    catalogue = load()
    policy = effective(catalogue, standard_pack(None), None, Overrides(), slug="o/r", today="2026-11-25")
    snapshot = Snapshot(MemoryTree({".github/workflows/a.yml": workflow.encode()}), "o/r")
    report = engine.check(snapshot, catalogue, policy, today="2026-11-25")
    assert [decision.rule for decision in report.decisions if decision.sensitive]
    audit = small()
    audit.standings = (Standing(Subject("o/r"), JUDGED, report=report),)
    for path in write_report(audit, str(tmp_path)):
        assert secret not in Path(path).read_text(encoding="utf-8"), path


# ----------------------------------------------------------------------------------------------------------- CSV


def test_every_finding_is_a_row() -> None:
    found = rows(findings_csv(small()))
    assert len(found) == 8
    assert found[1] | {"fingerprint": ""} == {
        "organisation": "ChittyOS",
        "repository": "ChittyOS/router",
        "visibility": "private",
        "projects": "cloudflare-workers nodejs",
        "rule": "missing-timeout",
        "severity": "low",
        "state": "staged",
        "reason": "stage warn, blocks from 2027-01-01",
        "path": ".github/workflows/deploy.yml",
        "line": "9",
        "column": "3",
        "message": "job build has no time limit",
        "fix": "Set timeout-minutes: 30",
        "fix_safety": "review",
        "unfixable": "",
        "first_seen": "2026-11-04",
        "exception_owner": "",
        "exception_ticket": "",
        "exception_expires": "",
        "fingerprint": "",
    }
    assert [row["exception_expires"] for row in found if row["state"] == "excepted"] == ["2027-01-31"]


def test_the_matrix_has_every_repository_and_every_control() -> None:
    found = rows(matrix_csv(small()))
    assert [(row["repository"], row["state"]) for row in found] == [
        ("ChittyCorp/site", "judged"),
        ("ChittyCorp/vault", "not-reached"),
        ("ChittyOS/docs", "judged"),
        ("ChittyOS/old", "out-of-scope"),
        ("ChittyOS/router", "judged"),
        ("ChittyOS/slow", "not-reached"),
    ]
    router = found[4]
    assert [router[name] for name in ("claude-md", "codeowners", "beacon", "protection")] == [
        "pass", "fail", "not-applicable", "unknown",
    ]  # fmt: skip
    assert found[1]["reason"] == "the token may not read its files"
    assert found[1]["codeowners"] == ""


@pytest.mark.parametrize("render_table", [findings_csv, matrix_csv])
def test_no_cell_is_a_formula(render_table: Any) -> None:
    audit = attacked()
    for standing, sign in zip(
        audit.standings, ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1"), strict=False
    ):
        standing.subject.slug = sign
        standing.reason = sign
        for decision in standing.report.decisions if standing.report else ():
            decision.message = f'{sign}",=2'
    text = render_table(audit)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))] == []
    assert "'=1+1" in cells
    assert "'@SUM(1)" in cells or render_table is findings_csv
    assert not any(set(cell) & set("\r\n\t\x1b") for cell in cells)


# ------------------------------------------------------------------------------------------------------- summary


def test_the_summary_says_what_counts() -> None:
    text = render(small())
    assert (
        "**2 of 3 judged repositories have no failing control; 4 open findings (1 critical, 2 high, 1 medium).**"
        in text
    )
    assert "Of 6 repositories, 3 were judged, 2 not reached, 1 out of scope." in text
    assert "| ChittyOS | 2 | 1 | 67 % | 1 | 2 | 1 | 0 | 1 |" in text
    assert "| CODEOWNERS guards workflows | 0 | 1 | 0 | 0 |" in text
    assert "Since 2026-11-01: 10 findings fixed" in text
    assert "**administration: read** would tell: not in a checkout (protection, ruleset; 1 repository)" in text
    assert "- GitHub answered 502 five times: ChittyOS/slow" in text
    assert "- it is archived: ChittyOS/old" in text
    assert "| Average build | &lt; 5 min | 6.25 min | 1700 | fail |" in text


def test_nothing_in_the_summary_is_markup() -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(render(attacked()))
    for opened in ("<script", "<img", "<a href"):
        assert opened not in html
    assert "<h1>" in html
    assert html.count("<h1>") == 1


def test_the_summary_of_many_repositories_stays_short() -> None:
    assert len(render(large(1000, 20_000)).encode()) < 30_000


# --------------------------------------------------------------------------------------------------------- SARIF


@pytest.fixture(scope="module")
def referee() -> None:
    reason = sarif_validator.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)


def test_repositories_are_told_apart() -> None:
    audit = large(3, 9)
    (run,) = json.loads(log(audit))["runs"]
    bases = run["originalUriBaseIds"]
    assert bases["Org1/service-0001"] == {"uri": "Org1/service-0001/", "uriBaseId": "%SRCROOT%"}
    used = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] for result in run["results"]}
    assert used == {result["properties"]["repository"] for result in run["results"]}
    assert used == {"Org0/service-0000", "Org1/service-0001", "Org2/service-0002"}
    assert run["versionControlProvenance"][0] == {
        "repositoryUri": "https://github.example/Org0/service-0000",
        "revisionId": "0123456789abcdef0123456789abcdef01234567",
        "mappedTo": {"uriBaseId": "Org0/service-0000"},
    }
    assert run["automationDetails"] == {"id": "chittyops-policy-audit/"}


@pytest.mark.usefixtures("referee")
@pytest.mark.parametrize("audit", [small, attacked], ids=["small", "attacked"])
def test_the_schema_and_the_validator_accept(audit: Any, tmp_path: Path) -> None:
    text = log(audit())
    schema = sarif_validator.schema()
    validator = validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(json.loads(text))] == []
    complaints = sarif_validator.complaints(text, tmp_path)
    assert [complaint for complaint in complaints if complaint[1] != "note"] == []


def test_real_repositories_come_out_in_every_form(tmp_path: Path) -> None:
    audit = real()
    if audit is None:
        pytest.skip("../shared/corpus is not here")
    assert isinstance(audit, Audit)
    write_report(audit, str(tmp_path))
    judged = len(audit.judged)
    assert len(rows((tmp_path / "matrix.csv").read_text())) == judged
    total = sum(len(standing.report.decisions) for standing in audit.judged if standing.report)
    assert len(rows((tmp_path / "findings.csv").read_text())) == total
    assert audit_json.load((tmp_path / "report.json").read_text()).id == audit.id
