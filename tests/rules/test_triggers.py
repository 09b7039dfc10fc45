"""Rules about triggers and about who gets past a condition, on small cases and on real repositories."""

from __future__ import annotations

import pytest

from chittyops_policy.snapshot import MemoryTree, Snapshot

from .checked import corpus, found, needs_corpus, report
from .fixing import fixed, refused

HEAD = "github.event.pull_request.head"
HEAD_SHA = f"${{{{ {HEAD}.sha }}}}"
CHECKOUT = "uses: actions/checkout@v7\n        with: {{persist-credentials: false, ref: '{}'}}"
UNTRUSTED = CHECKOUT.format(HEAD_SHA)


def workflow(on: str, *steps: str, condition: str = "", more: str = "") -> str:
    """A workflow with a lone job; `condition` is its ``if``."""
    lines = f"on: {on}\npermissions: {{}}\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    if condition:
        lines += f"    if: {condition}\n"
    return f"{lines}{more}    steps:\n" + "".join(f"      - {step}\n" for step in steps)


def places(rule: str, text: str) -> list[str]:
    return [entry.partition(": ")[0] for entry in found(rule, text)]


# -------------------------------------------------------------------------------------------- untrusted-checkout-exec

TARGET = "pull_request_target"
RUN = "workflow_run"

TAKEN = {
    "the head commit": (TARGET, [UNTRUSTED, "run: npm ci"], ["npm ci"]),
    "the head branch": (TARGET, [CHECKOUT.format("${{ github.head_ref }}"), "run: make"], ["make"]),
    "any letter case": (TARGET, [CHECKOUT.format("${{ GitHub.HEAD_REF }}"), "run: make"], ["make"]),
    "the merge of the pull request": (
        TARGET, [CHECKOUT.format("refs/pull/${{ github.event.number }}/merge"), "run: make"], ["make"],
    ),
    "the fork itself": (
        TARGET,
        [CHECKOUT.replace("ref", "repository").format(f"${{{{ {HEAD}.repo.full_name }}}}"), "run: make"],
        ["make"],
    ),
    "by a command": (TARGET, ["run: |\n          gh pr checkout 1\n          make"], ["make"]),
    "by git": (TARGET, ["run: git fetch origin pull/$NUMBER/head && git checkout -", "run: make"], ["make"]),
    "the commit of the run": (
        RUN, [CHECKOUT.format("${{ github.event.workflow_run.head_sha }}"), "run: make"], ["make"],
    ),
    "what an earlier step names": (
        "issue_comment", [CHECKOUT.format("${{ steps.pr.outputs.head_sha }}"), "run: make"], ["make"],
    ),
    "a script of the repository": (TARGET, [UNTRUSTED, "run: ./ci/test.sh"], ["./ci/test.sh"]),
    "an interpreter": (TARGET, [UNTRUSTED, "run: python ci/test.py"], ["python ci/test.py"]),
    "an own action": (TARGET, [UNTRUSTED, "uses: ./.github/actions/test"], ["./.github/actions/test"]),
    "requirements": (TARGET, [UNTRUSTED, "run: pip install -r requirements.txt"], ["pip install -r requirements.txt"]),
    "an image": (TARGET, [UNTRUSTED, "uses: docker/build-push-action@v6"], ["docker/build-push-action@v6"]),
    "in a folder": (
        TARGET,
        [UNTRUSTED.replace("{persist", "{path: pr, persist"), "run: cd pr && npm ci"],
        ["npm ci"],
    ),
    "in that folder by setting": (
        TARGET,
        [UNTRUSTED.replace("{persist", "{path: pr, persist"), "run: npm ci\n        working-directory: pr"],
        ["npm ci"],
    ),
    # and what is none
    "beside that folder": (TARGET, [UNTRUSTED.replace("{persist", "{path: pr, persist"), "run: npm ci"], []),
    "an own action beside that folder": (
        TARGET, [UNTRUSTED.replace("{persist", "{path: pr, persist"), "uses: ./.github/actions/test"], [],
    ),
    "an event without rights": ("pull_request", [UNTRUSTED, "run: npm ci"], []),
    "the base branch": (TARGET, ["uses: actions/checkout@v7", "run: npm ci"], []),
    "the base branch by name": (TARGET, [CHECKOUT.format("${{ github.base_ref }}"), "run: npm ci"], []),
    "before it": (TARGET, ["run: npm ci", UNTRUSTED], []),
    "replaced by the base branch": (TARGET, [UNTRUSTED, "uses: actions/checkout@v7", "run: npm ci"], []),
    "only looked at": (TARGET, [UNTRUSTED, "run: grep -r x . && npm --version"], []),
    "a program from elsewhere": (TARGET, [UNTRUSTED, "run: pip install ruff && python -m json.tool x"], []),
    "an echo": (TARGET, [UNTRUSTED, "run: echo npm ci"], []),
    "scripts left out": (TARGET, [UNTRUSTED, "run: npm ci --ignore-scripts"], []),
    "a part of the payload that the event does not have": (
        RUN, [UNTRUSTED, "run: npm ci"], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("on", "steps", "expected"), TAKEN.values(), ids=TAKEN)
def test_code_from_outside_is_run(on: str, steps: list[str], expected: list[str]) -> None:
    event = "{workflow_run: {workflows: [x]}}" if on == RUN else on
    assert places("untrusted-checkout-exec", workflow(event, *steps)) == expected


FOREIGN = {
    "nothing said": "",
    "of the state": "success()",
    "another comparison": "github.event.pull_request.draft == false",
    "the repository itself": "github.repository == 'example/repository'",
    "any of several": "github.event_name == 'push' || github.event_name == 'pull_request_target'",
    "the fork is no matter": "github.event.pull_request.head.repo.fork || true",
}
KEPT_OUT = {
    "same repository": "github.event.pull_request.head.repo.full_name == github.repository",
    "same repository, turned round": "github.repository == github.event.pull_request.head.repo.full_name",
    "no fork": "'!github.event.pull_request.head.repo.fork'",
    "no fork, compared": "github.event.pull_request.head.repo.fork == false",
    "among others": "success() && github.event.pull_request.head.repo.fork != true && github.actor != 'x'",
    "members": 'contains(fromJSON(\'["OWNER", "MEMBER"]\'), github.event.pull_request.author_association)',
    "a person": "github.actor == 'octocat'",
    "another event": "github.event_name == 'push'",
    "never": "false",
    "another owner": "github.event.pull_request.head.repo.owner.login == github.repository_owner",
}


@pytest.mark.parametrize("condition", FOREIGN.values(), ids=FOREIGN)
def test_these_conditions_let_outsiders_in(condition: str) -> None:
    text = workflow("[push, pull_request_target]", UNTRUSTED, "run: make", condition=condition)
    assert places("untrusted-checkout-exec", text) == ["make"]
    assert places("dangerous-triggers", text) == ["pull_request_target"]


@pytest.mark.parametrize("condition", KEPT_OUT.values(), ids=KEPT_OUT)
@pytest.mark.parametrize("where", ["job", "step", "job before"])
def test_these_conditions_keep_outsiders_out(condition: str, where: str) -> None:
    on = "[push, pull_request_target]"
    if where == "job":
        text = workflow(on, UNTRUSTED, "run: make", condition=condition)
    elif where == "step":
        text = workflow(on, f"if: {condition}\n        {UNTRUSTED}", "run: make")
    else:
        text = workflow(on, UNTRUSTED, "run: make", more="    needs: [gate]\n")
        text += f"  gate: {{runs-on: x, steps: [run: x], if: {condition!r}}}\n" if "'" not in condition else (
            f"  gate:\n    runs-on: x\n    if: {condition}\n    steps: [run: x]\n"
        )  # fmt: skip
    assert places("untrusted-checkout-exec", text) == []
    assert places("dangerous-triggers", text) == []


def test_a_job_that_always_runs_is_not_kept_out_by_the_one_before_it() -> None:
    gate = "  gate:\n    runs-on: x\n    if: github.event.pull_request.head.repo.fork == false\n    steps: [run: x]\n"
    text = workflow(TARGET, UNTRUSTED, "run: make", condition="always()", more="    needs: gate\n") + gate
    assert places("untrusted-checkout-exec", text) == ["make"]


def test_without_a_name_a_fork_is_still_another_repository() -> None:
    condition = "github.event.pull_request.head.repo.full_name == github.repository"
    text = workflow(TARGET, UNTRUSTED, "run: make", condition=condition)
    assert found("untrusted-checkout-exec", text, slug="") == []
    text = workflow(TARGET, UNTRUSTED, "run: make", condition="github.repository == 'a/b'")
    assert len(found("untrusted-checkout-exec", text, slug="")) == 1
    assert found("untrusted-checkout-exec", text, slug="c/d") == []


def test_an_environment_makes_it_less_certain() -> None:
    def severity(more: str) -> str:
        text = workflow(TARGET, UNTRUSTED, "run: make", more=more)
        snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": text}))
        [decision] = report(snapshot, "untrusted-checkout-exec").decisions
        return decision.severity

    assert (severity(""), severity("    environment: review\n")) == ("critical", "high")


# ---------------------------------------------------------------------------------------- untrusted-checkout-toctou

LABEL = "contains(github.event.pull_request.labels.*.name, 'safe')"


@pytest.mark.parametrize(
    ("types", "ref", "count"),
    [
        ("", HEAD_SHA, 1),
        ("types: [labeled, synchronize]", HEAD_SHA, 1),
        ("types: [labeled]", HEAD_SHA, 0),
        ("types: [labeled]", "${{ github.head_ref }}", 1),
        ("types: [labeled]", "refs/pull/${{ github.event.number }}/merge", 1),
    ],
)
def test_a_label_is_about_one_commit(types: str, ref: str, count: int) -> None:
    on = f"{{pull_request_target: {{{types}}}}}"
    text = workflow(on, CHECKOUT.format(ref), "run: make", condition=LABEL)
    assert len(found("untrusted-checkout-toctou", text)) == count
    assert found("untrusted-checkout-exec", text) == []


@pytest.mark.parametrize(
    ("types", "condition", "gated"),
    [
        ("", LABEL, True),
        ("types: [labeled]", "", True),
        ("types: [opened, labeled]", "github.event.action == 'labeled'", True),
        ("", f"'!{LABEL.replace(chr(39), chr(39) * 2)}'", False),
        ("", f"github.event.action == 'opened' || {LABEL}", False),
        ("types: [opened, labeled]", "", False),
    ],
)
def test_only_a_label_that_has_to_be_there_is_a_check(types: str, condition: str, gated: bool) -> None:
    text = workflow(f"{{pull_request_target: {{{types}}}}}", UNTRUSTED, "run: make", condition=condition)
    assert places("untrusted-checkout-exec", text) == ([] if gated else ["make"])


def test_the_name_of_a_label_that_was_just_put_on_is_a_check_as_well() -> None:
    text = workflow("{pull_request_target: {types: [labeled]}}", CHECKOUT.format("${{ github.head_ref }}"), "run: make",
                    condition="github.event.label.name == 'safe'")  # fmt: skip
    assert len(found("untrusted-checkout-toctou", text)) == 1


def test_a_comment_of_a_member_is_not_about_a_commit() -> None:
    condition = "github.event.comment.author_association == 'MEMBER'"
    text = workflow("issue_comment", "run: gh pr checkout 1", "run: make", condition=condition)
    assert places("untrusted-checkout-toctou", text) == ["gh pr checkout 1"]
    assert found("untrusted-checkout-exec", text) == []
    assert found("untrusted-checkout-toctou", text.replace("gh pr checkout 1", "git checkout main")) == []


# ------------------------------------------------------------------------------------------------------ bot-conditions


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("github.actor == 'dependabot[bot]'", ["github.actor == 'dependabot[bot]'"]),
        ("${{ 'Dependabot[bot]' == GitHub.Actor }}", ["'Dependabot[bot]' == GitHub.Actor"]),
        ("github['actor'] == 'renovate[bot]'", ["github['actor'] == 'renovate[bot]'"]),
        ("github.triggering_actor == 'x[bot]' && always()", ["github.triggering_actor == 'x[bot]'"]),
        ("github.actor_id == '49699333'", ["github.actor_id == '49699333'"]),
        ("github.actor_id == 49699333", ["github.actor_id == 49699333"]),
        ("${{ github.actor == 'a[bot]' || github.actor == 'b[bot]' }}",
         ["github.actor == 'a[bot]'", "github.actor == 'b[bot]'"]),
        ("startsWith(github.actor, 'dependabot')", ["startsWith(github.actor, 'dependabot')"]),
        ("contains(github.event.sender.login, '[bot]')", ["contains(github.event.sender.login, '[bot]')"]),
        ("github.actor != 'dependabot[bot]'", []),
        ("'!(github.actor == ''dependabot[bot]'')'", []),
        ("github.actor == 'octocat'", []),
        ("github.actor_id == '12345'", []),
        ("github.event.pull_request.user.login == 'dependabot[bot]'", []),
        ("github.actor == github.repository_owner", []),
    ],
)  # fmt: skip
def test_a_borrowed_name(condition: str, expected: list[str]) -> None:
    text = workflow(TARGET, "run: x", condition=condition)
    assert places("bot-conditions", text) == expected


def test_what_checks_the_author_makes_it_milder() -> None:
    def severity(on: str, *steps: str) -> list[str]:
        text = workflow(on, *steps, condition="github.actor == 'dependabot[bot]'")
        snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": text}))
        return [decision.severity for decision in report(snapshot, "bot-conditions").decisions]

    fetch = "uses: dependabot/fetch-metadata@v3"
    assert severity(TARGET, "run: x") == ["high"]
    assert severity(TARGET, fetch, "run: x") == ["low"]
    assert severity(TARGET, f"{fetch}\n        with: {{skip-verification: true}}", "run: x") == ["high"]
    assert severity("pull_request", "run: x") == ["low"]


@pytest.mark.parametrize(
    ("on", "author"),
    [
        ("pull_request_target", "github.event.pull_request.user.login"),
        ("[pull_request, pull_request_target]", "github.event.pull_request.user.login"),
        ("issue_comment", "github.event.comment.user.login"),
        ("issues", "github.event.issue.user.login"),
    ],
)
def test_the_fix_asks_for_the_author(on: str, author: str) -> None:
    text = workflow(on, "run: x", condition="github.event.action == 'x' && github.actor == 'dependabot[bot]' # why")
    done = fixed("bot-conditions", text)
    assert done.said == [f"review: ask for {author}"]
    assert done.text() == text.replace("github.actor", author)


def test_the_fix_keeps_a_folded_condition_as_it_is_written() -> None:
    condition = ">-\n      github.actor == 'a[bot]' ||\n      github.actor_id == 49699333"
    after = fixed("bot-conditions", workflow(TARGET, "run: x", condition=condition)).text()
    assert "      github.event.pull_request.user.login == 'a[bot]' ||\n" in after
    assert "      github.event.pull_request.user.id == 49699333\n" in after


@pytest.mark.parametrize("on", ["[push, pull_request_target]", "{workflow_run: {workflows: [x]}}", "workflow_call"])
def test_there_is_no_fix_where_the_author_stands_in_different_places(on: str) -> None:
    text = workflow(on, "run: x", condition="github.actor == 'dependabot[bot]'")
    assert refused("bot-conditions", text) == [
        "the events of the workflow do not all name the author in the same place"
    ]


# ------------------------------------------------------------------------------------------------------------- corpus


@needs_corpus
def test_the_triggers_of_real_workflows() -> None:
    """Of 32 privileged workflows in the corpus three take anything in; one of them checks out a pull request."""

    def count(rule: str) -> tuple[int, int]:
        return (
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("chittyos")),
            sum(len(report(snapshot, rule).decisions) for snapshot in corpus("public")),
        )

    assert count("dangerous-triggers") == (1, 2)
    assert count("untrusted-checkout-exec") == count("untrusted-checkout-toctou") == (0, 0)
    assert count("bot-conditions") == (6, 1)
