"""Rules about Dependabot's settings, on small files and on real repositories."""

from __future__ import annotations

from collections import Counter

import pytest

from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report
from .fixing import fixed

PATH = ".github/dependabot.yml"
ENTRY = "  - package-ecosystem: npm\n    directory: /\n    schedule: {interval: weekly}\n"


def updates(*entries: str) -> dict[str, str]:
    return {PATH: "version: 2\nupdates:\n" + "".join(entries)}


# --------------------------------------------------------------------------------------------- dependabot-cooldown


@pytest.mark.parametrize(
    ("lines", "said", "after"),
    [
        ("", ["safe: hold new versions back for 7 days"], "    cooldown:\n      default-days: 7\n"),
        ("    cooldown: {default-days: 7}\n", [], "    cooldown: {default-days: 7}\n"),
        (
            "    cooldown: {default-days: 3, exclude: [a]}\n",
            ["review: hold new versions back for 7 days"],
            "    cooldown: {default-days: 7, exclude: [a]}\n",
        ),
        (
            "    cooldown: {include: [a]}\n",
            ["safe: hold new versions back for 7 days"],
            "    cooldown: {include: [a], default-days: 7}\n",
        ),
        (
            "    cooldown:\n",
            ["safe: hold new versions back for 7 days"],
            "    cooldown:\n      default-days: 7\n",
        ),
        ("    open-pull-requests-limit: 0\n", [], "    open-pull-requests-limit: 0\n"),
    ],
)
def test_new_versions_wait(lines: str, said: list[str], after: str) -> None:
    done = fixed("dependabot-cooldown", updates(ENTRY + lines))
    assert done.said == said
    assert done.text(PATH) == updates(ENTRY + after)[PATH]


def test_how_long_is_a_setting() -> None:
    short = updates(ENTRY + "    cooldown: {default-days: 10}\n")
    assert found("dependabot-cooldown", short) == []
    assert found("dependabot-cooldown", short, options={"days": 14}) == [
        "10: new versions for npm are held back for 10 days, not for 14"
    ]


# ------------------------------------------------------------------------------------ hardcoded-registry-credentials


def test_no_report_shows_the_value() -> None:
    text = "version: 2\nregistries:\n  a: {type: npm-registry, url: https://x.example, token: swordfish}\nupdates: []\n"
    tree = {PATH: text}
    assert len(found("hardcoded-registry-credentials", tree)) == 1
    [decision] = report(Snapshot(MemoryTree(tree)), "hardcoded-registry-credentials").decisions
    assert decision.sensitive
    assert decision.region is not None
    assert "swordfish" not in decision.region.source


# ------------------------------------------------------------------------------------------------ missing-ecosystem


@pytest.mark.parametrize(
    ("files", "ecosystems"),
    [
        ({"go.mod": "", "Dockerfile": ""}, ["docker", "gomod"]),
        ({"package-lock.json": "{}", "package.json": "{}"}, []),
        ({"uv.lock": "", "requirements.txt": ""}, ["pip", "uv"]),
        ({"vendor/x/go.mod": ""}, []),
        ({"go.mod": "", "renovate.json": "{}"}, []),
        ({"api/package.json": '{"name": "a"}', "api/Cargo.toml": '[package]\nname = "a"\n'}, ["cargo"]),
    ],
)
def test_what_is_used_is_looked_after(files: dict[str, str], ecosystems: list[str]) -> None:
    told = found("missing-ecosystem", {**updates(ENTRY), **files})
    assert [entry.partition("no entry for ")[2].partition(",")[0] for entry in told] == ecosystems


def test_the_new_entry_names_the_folder() -> None:
    files = {**updates(ENTRY), "api/Cargo.toml": '[package]\nname = "a"\n'}
    done = fixed("missing-ecosystem", files)
    assert done.said == ["review: let Dependabot look after cargo"]
    assert done.text(PATH).endswith(
        "  - package-ecosystem: cargo\n    directory: /api\n    schedule:\n      interval: weekly\n"
        "    cooldown:\n      default-days: 7\n"
    )


# ---------------------------------------------------------------------------------------------- real repositories


@needs_corpus
def test_real_files() -> None:
    """zizmor 1.32 finds as many entries without a cooldown of a week, and nothing of the other rules."""
    rules = ("dependabot-cooldown", "dependabot-execution", "hardcoded-registry-credentials")
    seen = Counter[str]()
    for part in ("chittyos", "public"):
        for snapshot in corpus(part):
            for decision in report(snapshot, *rules).decisions:
                if decision.rule in rules:
                    seen[decision.rule] += 1
    assert seen == {"dependabot-cooldown": 30}
