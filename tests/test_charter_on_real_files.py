"""What the profile `charter` says of real files, and why their maintainers would agree; a test keeps the table true.

The profile runs before every commit and blocks merges, so that a false alarm costs everybody. Each rule that finds
something in the corpus is argued here, for each place where it is not the same everywhere.
"""

from __future__ import annotations

from collections import Counter

import pytest

from chittyops_policy.engine import check
from chittyops_policy.model import OPEN
from chittyops_policy.policy import Overrides, effective

from .rules.checked import CATALOGUE, PACK, TODAY, corpus, needs_corpus

STANDARD = {
    "missing-charter": "a file of that name is there or is not",
    "missing-claude-md": "a file of that name is there or is not",
    "missing-codeowners": "a file in one of GitHub's three places is there or is not",
    "ineffective-codeowners": "GitHub's own reading of the file: the last line that matches, owners that can exist",
    "missing-update-tool": "neither Dependabot's file for actions nor one of Renovate's is there",
    "missing-scanner": "no step runs it, and what cannot be seen is UNKNOWN and no finding",
    "ineffective-scanner": "the step is there and its failure is thrown away: || true, continue-on-error, no --error",
    "missing-beacon": "the workflow deploys, by a command that it shows, and no step reports",
    "unresolvable-beacon": "the package of that name answers 404 on the public registry",
    "missing-ephemeral-credentials": "the deployment reads a stored secret that its own step shows",
    "static-secret": "the expression reads a stored secret; file names such as secrets.txt are none",
}
"""What the organisation asks of its repositories: rule → how it can be seen. Nobody else has promised to keep it."""

SECRETS_OF_A_CALL = "the words `secrets: inherit` are there, and GitHub says what they do"
READS_NOTHING = "the name is nowhere defined, so that the expression is always empty; actionlint says the same"
NOT_IN_CORPUS = "the corpus has the .github folder of this repository only; in a checkout the action is there"

ARGUED: dict[tuple[str, str], tuple[int, str]] = {
    ("deprecated-runtime", "chittyos"): (1, "node20 left GitHub's runners in September 2026"),
    ("deprecated-runtime", "public"): (3, "node20 left GitHub's runners in September 2026"),
    ("invalid-action", "chittyos"): (1, "the icon is none of those that GitHub's marketplace knows; low"),
    ("invalid-action", "public"): (
        4,
        "GitHub's documentation requires name and description; runs go on without, so low",
    ),
    ("invalid-dependabot", "chittyos"): (
        1,
        "the ecosystem is an empty text, as a template left it: nothing is updated",
    ),
    ("invalid-workflow", "chittyos"): (8, "GitHub's own parser refuses seven; the eighth, a default in quotes, is low"),
    ("invalid-workflow", "public"): (3, "GitHub's own parser wants a text as the default of a text; it is low"),
    ("mismatched-inputs", "chittyos"): (
        1,
        "the action has no input `purpose`, and the runner warns of it in every run",
    ),
    ("missing-local-reference", "public"): (10, NOT_IN_CORPUS),
    ("overprovisioned-secrets", "public"): (6, "toJSON(secrets) is a way to pass on all of them, and does"),
    ("ref-version-mismatch", "public"): (5, "the commit is the tag of another version; the comment was left behind"),
    ("retired-action", "chittyos"): (2, "upload-artifact@v3: GitHub fails the job before its first step"),
    ("retired-runner", "public"): (1, "no runner has the label macos-12 any more"),
    ("secrets-inherit", "chittyos"): (2, SECRETS_OF_A_CALL),
    ("secrets-inherit", "public"): (12, SECRETS_OF_A_CALL),
    ("template-injection", "chittyos"): (
        1,
        "the title of a pull request stands in a script; a fork has no secrets: medium",
    ),
    ("undefined-input", "public"): (2, READS_NOTHING),
    ("undefined-matrix-key", "chittyos"): (2, READS_NOTHING),
    ("undefined-matrix-key", "public"): (7, READS_NOTHING),
    ("undefined-need", "chittyos"): (2, READS_NOTHING),
    ("undefined-need", "public"): (3, READS_NOTHING),
    ("undefined-output", "chittyos"): (1, READS_NOTHING),
    ("undefined-output", "public"): (6, READS_NOTHING),
    ("unparsable-yaml", "chittyos"): (1, "a `: ` in a plain value; GitHub's parser refuses the file at the same place"),
    ("unpinned-uses", "chittyos"): (
        566,
        "a tag or a branch stands behind the @; zizmor says the same but for the table",
    ),
    ("unpinned-uses", "public"): (286, "a tag or a branch stands behind the @; zizmor says the same but for the table"),
}
"""(rule, part of the corpus) → (how many findings, why a maintainer would call them right)."""


@needs_corpus
@pytest.mark.parametrize("part", ["chittyos", "public"])
def test_every_finding_of_the_charter_is_argued(part: str) -> None:
    found = Counter[str]()
    for snapshot in corpus(part):
        policy = effective(CATALOGUE, PACK, None, Overrides(), slug=snapshot.slug, today=TODAY)
        for decision in check(snapshot, CATALOGUE, policy, today=TODAY).decisions:
            if decision.state == OPEN and decision.rule not in STANDARD:
                found[decision.rule] += 1
    assert found == {rule: count for (rule, where), (count, _) in ARGUED.items() if where == part}


def test_only_rules_of_the_charter_are_argued() -> None:
    charter = {rule.id for rule in CATALOGUE if rule.profile == "charter"}
    assert {*STANDARD, *(rule for rule, _ in ARGUED)} <= charter
