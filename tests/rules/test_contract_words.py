"""The quick looks never hide a step: with and without them the same is found, and each file that matters is named."""

from __future__ import annotations

import pytest

from chittyops_policy import contract_words
from chittyops_policy.contract_words import DEPLOYMENTS, PARTS, SCANNERS, may_hold, words_of
from chittyops_policy.mentions import Hints
from chittyops_policy.policy_file import merged
from chittyops_policy.rule import Context, Lookups
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.step_contracts import Contract, Match, contract, runs_of

from .checked import CATALOGUE, PACK, corpus, needs_corpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

WHERE = ".github/workflows/x.yml"
HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


def context_of(snapshot: Snapshot, parameters: dict[str, Any] | None = None) -> Context:
    rule = CATALOGUE.get("missing-scanner")
    assert rule is not None
    return Context(rule, snapshot, {}, parameters or PACK.parameters, Lookups(), {})


def shown(context: Context) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (workflow.path, item.id, match.where, match.command.words if match.command is not None else ())
        for workflow, item, match in found(context)
    ]


def found(context: Context) -> Iterator[tuple[Any, Contract, Match]]:
    runs = runs_of(context)
    for workflow in runs.workflows():
        for item, match in runs.found(workflow):
            yield workflow, item, match
        for _, accepted in runs.accepted(workflow):
            for item, match in accepted:
                yield workflow, item, match


def judge(snapshot: Snapshot, parameters: dict[str, Any] | None = None) -> int:
    """Compares what is found with what is found when every script is read; gives how much that is."""
    context = context_of(snapshot, parameters)
    quick = shown(context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hints, "occur_in", lambda *_: True)
        assert shown(context_of(snapshot, parameters)) == quick
    parts = {
        id(contract(name, data)): part
        for part in PARTS
        for name, data in contract_words.contracts(context.parameters, part)
    }
    slugs = [snapshot.slug.lower()] if snapshot.slug else []
    for workflow, item, match in found(context):
        where = match.placed.anchor[0].path if match.placed is not None else workflow.path
        for path in {where, workflow.path}:
            data = snapshot.read(path) or b""
            assert may_hold(data.lower(), words_of(context.parameters, parts[id(item)]), slugs), (path, item.id)
    return len(quick)


def test_the_examples_of_all_rules() -> None:
    count = 0
    for rule in CATALOGUE:
        for example in rule.examples():
            parameters = merged(PACK.parameters, example.parameters)
            count += judge(Snapshot(MemoryTree(example.files), example.slug), parameters)
    assert count > 100


@needs_corpus
def test_real_repositories() -> None:
    assert sum(map(judge, (snapshot for part in ("chittyos", "public") for snapshot in corpus(part)))) > 300


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param("      - run: tox\n", (), id="nothing"),
        pytest.param("      - run: npx snyk test\n", (SCANNERS,), id="a command"),
        pytest.param("      - uses: gitleaks/gitleaks-action@v2\n", (SCANNERS,), id="an action"),
        pytest.param("      - run: npx wrangler publish\n", (DEPLOYMENTS,), id="one of two words"),
        pytest.param("      - run: npx wrangler whoami\n", (), id="another command of the program"),
        pytest.param("      - run: npm ci\n", PARTS, id="a package script may be anything"),
        pytest.param("      - uses: ./.github/actions/x\n", PARTS, id="an action of the repository"),
        pytest.param("      - uses: .\n", PARTS, id="the action at the top"),
        pytest.param('      - run: "\\x73nyk test"\n', PARTS, id="escapes"),
        pytest.param("      - uses: acme/tools/scan@v1\n", PARTS, id="an action of a known repository"),
        pytest.param("    uses: other/ci/.github/workflows/x.yml@v1\n", PARTS, id="a reusable workflow"),
    ],
)
def test_what_a_file_may_hold(steps: str, expected: tuple[str, ...]) -> None:
    lowered = (HEAD + steps).lower().encode()
    assert tuple(part for part in PARTS if may_hold(lowered, PACK.contract_words(part), ["acme/tools"])) == expected
