"""The made-up organisation in examples/ shows every rule of the charter, and what its README says of it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from chittyops_policy.catalogue import load

from .doors.support import ROOT, command

FOLDER = ROOT / "examples" / "northwind"
REPOSITORIES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@lru_cache(maxsize=4)
def report(*arguments: str) -> dict[str, Any]:
    """The JSON report on the organisation, repositories by their folder's name."""
    done = command("check", "--no-cache", "--format", "json", *arguments, ".", cwd=FOLDER)
    assert done.returncode == 1, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    result["by name"] = {Path(repository["subject"]).name: repository for repository in result["repositories"]}
    return result


def rules_found(repository: str, *states: str, arguments: tuple[str, ...] = ()) -> set[str]:
    findings = report(*arguments)["by name"][repository]["findings"]
    return {finding["rule"] for finding in findings if finding["state"] in states}


def test_every_repository_is_judged_and_described() -> None:
    assert sorted(report()["by name"]) == REPOSITORIES
    described = re.findall(
        r"^\| `([a-z-]+)` \|", (ROOT / "examples/README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert described == REPOSITORIES


ONLINE = {"impostor-commit", *(rule.id for rule in load() if rule.theme == "settings")}
"""Rules that only GitHub can answer, which is not asked about repositories that do not exist."""

SETTINGS = {"branch-rules", "stored-secrets", "actions-policy", "alerts"}
"""Controls about settings on GitHub."""


@pytest.mark.parametrize("rule", [rule.id for rule in load() if rule.profile == "charter" and rule.id not in ONLINE])
def test_every_rule_of_the_charter_is_visible(rule: str) -> None:
    # What the standard leaves to the organisation, such as the names of required checks, its own pack says.
    ways: tuple[tuple[str, ...], ...] = ((), ("--policy", "pack.yml"))
    assert any(rule in rules_found(name, "open", "excepted", arguments=way) for way in ways for name in REPOSITORIES)


def test_the_good_repositories_are_good() -> None:
    assert rules_found("handbook", "open") == set()
    assert rules_found("handbook", "excepted") == {"unpinned-uses"}
    assert rules_found("storefront", "open") == {"static-secret"}
    controls = {control["control"]: control["outcome"] for control in report()["by name"]["storefront"]["verdicts"]}
    failing = {name for name, outcome in controls.items() if outcome not in ("pass", "not-applicable")}
    assert failing == {"static-secrets", "pin-origin", *SETTINGS}


def test_the_organisations_own_pack_settles_what_is_left() -> None:
    done = command("check", "--policy", "pack.yml", "storefront", cwd=FOLDER)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No findings; 5 files checked.")
    under_pack = report("--policy", "pack.yml")["by name"]["billing-api"]["findings"]
    assert {finding["state"] for finding in under_pack if finding["rule"] == "missing-charter"} == {"staged"}


def test_no_value_of_a_secret_is_printed() -> None:
    for output in ("text", "json", "sarif", "github", "markdown", "junit"):
        done = command("check", "--no-cache", "--format", output, "--verbose", "billing-api", cwd=FOLDER)
        assert "hardcoded-secret" in done.stdout
        assert "correct-horse" not in done.stdout
