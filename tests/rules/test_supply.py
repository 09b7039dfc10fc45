"""Rules about what is run, on small cases and on real repositories."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from chittyops_policy.catalogue import load
from chittyops_policy.document import parse_text
from chittyops_policy.rule import ON_BRANCH, Lookups
from chittyops_policy.rules.supply.unpinned_uses import describe_ref, regime_of
from chittyops_policy.snapshot import MemoryTree, Snapshot
from chittyops_policy.versions import Release
from chittyops_policy.workflow import Uses, Workflow

from .checked import corpus, found, needs_corpus, report, unknown
from .fixing import WORKFLOW, fixed

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"


def uses_of(text: str) -> Uses:
    workflow = Workflow(parse_text("x.yml", f"{HEAD}      - uses: {text}\n"))
    uses = workflow.jobs[0].steps[0].uses
    assert uses is not None
    return uses


# ------------------------------------------------------------------------------------------------- unpinned-uses


@pytest.mark.parametrize(
    ("uses", "message"),
    [
        ("actions/checkout@v4", "the action actions/checkout is named by the tag v4, not by a full commit SHA"),
        ("a/b/c@main", "the action a/b/c is named by the branch main, not by a full commit SHA"),
        ("a/b@refs/heads/x", "the action a/b is named by the branch x, not by a full commit SHA"),
        ("a/b@stable", "the action a/b is named by the tag or branch stable, not by a full commit SHA"),
        (f"a/b@{SHA[:12]}", f"the action a/b is named by the shortened SHA {SHA[:12]}, not by a full commit SHA"),
        (f"a/b@{SHA}0", f"the action a/b is named by the tag {SHA}0, not by a full commit SHA"),
        ("actions/checkout", "actions/checkout is not of the form owner/repo[/path]@ref"),
        ("checkout@v4", "checkout@v4 is not of the form owner/repo[/path]@ref"),
        ("a/b@", "a/b@ is not of the form owner/repo[/path]@ref"),
        ("docker://alpine", "the image alpine is named by no tag at all, not by a digest"),
        ("docker://ghcr.io:443/a/b:1", "the image ghcr.io:443/a/b is named by the tag 1, not by a digest"),
        ("docker://alpine@sha256:12ab", "the image alpine is named by something that is not a full sha256 digest"),
    ],
    ids=lambda value: value if value.count(" ") == 0 else "",
)
def test_a_movable_name_is_described(uses: str, message: str) -> None:
    assert found("unpinned-uses", f"{HEAD}      - uses: {uses}\n") == [f"{uses}: {message}"]


@pytest.mark.parametrize(
    "uses",
    [
        f"actions/checkout@{SHA}",
        f"actions/checkout@{SHA.upper()}",
        f"actions/checkout@{SHA}{SHA[:24]}",
        f"'actions/checkout@{SHA}' # v4.2.2",
        "./.github/actions/setup",
        "$/.github/actions/setup",
        f"docker://alpine@sha256:{SHA}{SHA[:24]}",
        # Not callable at all, which invalid-workflow says.
        "${{ matrix.action }}@v1",
        "a/b@${{ matrix.ref }}",
        "docker://${{ matrix.image }}",
        "''",
        "[a, b]",
    ],
)
def test_pinned_local_and_impossible_references_are_quiet(uses: str) -> None:
    assert found("unpinned-uses", f"{HEAD}      - uses: {uses}\n") == []


def test_the_span_is_the_reference_without_quotes_and_comment() -> None:
    text = f"{HEAD}      - uses: 'a/b@v1' # b\n      - uses: \"a/c@v1\"\n      - uses: |\n          a/d@v1\n"
    assert [entry.split(":")[0] for entry in found("unpinned-uses", text)] == ["a/b@v1", "a/c@v1", "a/d@v1"]


def test_a_switched_off_job_is_pinned_all_the_same() -> None:
    text = "on: push\njobs:\n  a:\n    if: false\n    runs-on: x\n    steps:\n      - uses: a/b@v1\n        if: false\n"
    assert len(found("unpinned-uses", text)) == 1


def test_an_aliased_step_is_written_once_and_reported_once() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps: &steps\n      - uses: a/b@v1\n"
        "  b:\n    runs-on: x\n    steps: *steps\n"
    )
    assert len(found("unpinned-uses", text)) == 1


@pytest.mark.parametrize(
    ("regimes", "uses", "expected"),
    [
        ({}, "a/b@v1", "hash"),
        ({"*": "any"}, "a/b@v1", "any"),
        ({"*": "any", "a/*": "ref"}, "A/b@v1", "ref"),
        ({"a/*": "any", "a/b/*": "ref"}, "a/b@v1", "ref"),
        ({"a/*": "any", "a/b/*": "ref"}, "a/b/sub@v1", "ref"),
        ({"a/*": "any", "a/b": "hash"}, "a/b/sub@v1", "any"),
        ({"a/b/*": "any", "a/b": "hash"}, "a/b@v1", "hash"),
        ({"a/b/*": "any", "a/b/.github/workflows/x.yml": "hash"}, "a/b/.github/workflows/x.yml@v1", "hash"),
        ({"*": "any"}, "docker://x:1", "any"),
        ({"*": "any", "docker://*": "hash"}, "docker://x:1", "hash"),
    ],
)
def test_the_most_specific_regime_wins(regimes: dict[str, str], uses: str, expected: str) -> None:
    assert regime_of(uses_of(uses), regimes) == expected


def test_the_standard_lets_the_slsa_generator_have_its_tag() -> None:
    call = "slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@v2.1.0"
    assert found("unpinned-uses", f"on: push\njobs:\n  provenance:\n    uses: {call}\n") == []


def test_names_that_only_look_like_hexadecimal_are_not_called_a_sha() -> None:
    assert describe_ref("1234567") == "the tag 1234567"
    assert describe_ref("deadbee") == "the shortened SHA deadbee"
    assert describe_ref("abc") == "the tag or branch abc"


_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*(?P<quote>['\"]?)(?P<reference>[^'\"#\s]+)(?P=quote)\s*(?:#.*)?$")


def written_references(path: Path) -> list[str]:
    """The external references of a file by a plain look at its lines: no YAML, no code of ours."""
    matches = (_USES.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [match["reference"] for match in matches if match and not match["reference"].startswith("./")]


@needs_corpus
def test_every_external_reference_of_the_organisation_is_found_unpinned() -> None:
    """None is pinned there, so the findings are the references, one for one.

    The two facts pages give 558 (other files: 156 live workflows of 41 repositories) and 763 (206 live workflows of 82
    repositories). Here lie 136 live workflows and 3 actions of 43 repositories. A plain search over all files of the
    corpus gives more: nested, vendored workflows are not live, and one script writes a workflow from a heredoc.
    """
    in_a_heredoc = {"chittyapps/chittychat/.github/workflows/phased-execution-schedule.yml": 1}
    seen = Counter[str]()
    written = Counter[str]()
    live = 0
    for snapshot in corpus("chittyos"):
        for decision in report(snapshot, "unpinned-uses").decisions:
            if decision.rule == "unpinned-uses":
                seen[f"{snapshot.slug}/{decision.path}"] += 1
        for path in (*snapshot.workflow_paths(), *snapshot.action_paths()):
            live += path in snapshot.workflow_paths()
            if path == ".github/workflows/ci.yml" and snapshot.slug == "chittyos/ch1tty":
                continue  # it does not parse: unparsable-yaml speaks of it, every other rule is silent
            references = written_references(Path(snapshot.root) / path)
            assert not [reference for reference in references if re.search(r"@[0-9a-f]{40}$", reference)]
            if references:
                written[f"{snapshot.slug}/{path}"] = len(references)
    written.subtract(in_a_heredoc)
    assert live == 136
    assert seen == written
    assert seen.total() == 566


@needs_corpus
def test_an_unparsable_file_yields_no_pin_finding_and_the_others_do() -> None:
    [ch1tty] = [snapshot for snapshot in corpus("chittyos") if snapshot.slug == "chittyos/ch1tty"]
    paths = {decision.path for decision in report(ch1tty, "unpinned-uses", "unparsable-yaml").decisions
             if decision.rule == "unpinned-uses"}  # fmt: skip
    assert ".github/workflows/ci.yml" not in paths


# ----------------------------------------------------------------------------------------- missing-local-reference

ACTION = "runs:\n  using: composite\n  steps: []\n"
CHECKOUT = "      - uses: actions/checkout@v4\n"


@pytest.mark.parametrize(
    ("uses", "files"),
    [
        ("./tools/a", {"tools/a/action.yml": ACTION}),
        ("./tools/a/", {"tools/a/action.yaml": ACTION}),
        ("./tools/../tools/a", {"tools/a/Dockerfile": "FROM scratch\n"}),
        ("./", {"action.yml": ACTION}),
        ("$/tools/a", {"tools/a/action.yml": ACTION}),
    ],
)
def test_an_existing_action_is_found_where_the_runner_finds_it(uses: str, files: dict[str, str]) -> None:
    assert found("missing-local-reference", {WORKFLOW: f"{HEAD}{CHECKOUT}      - uses: {uses}\n", **files}) == []
    gone = {WORKFLOW: f"{HEAD}{CHECKOUT}      - uses: {uses}\n", "tools/a/README.md": ""}
    assert len(found("missing-local-reference", gone)) == 1


def test_letter_case_counts() -> None:
    files = {WORKFLOW: f"{HEAD}{CHECKOUT}      - uses: ./Tools\n", "tools/action.yml": ACTION}
    assert found("missing-local-reference", files) == [
        "./Tools: there is no action in Tools: no action.yml, action.yaml or Dockerfile"
    ]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("      - uses: actions/checkout@v4\n        with: {repository: acme/tools, path: t}\n", "lies in acme/tools"),
        (
            "      - uses: actions/checkout@v4\n        with: {repository: '${{ inputs.tools }}', path: t}\n",
            "lies in ${{ inputs.tools }}",
        ),
        ("      - uses: actions/checkout@v4\n        with: {path: '${{ inputs.where }}'}\n", "only known at run time"),
        ("      - uses: actions/checkout@v4\n        with: {ref: other}\n", "another revision"),
        ("      - uses: actions/download-artifact@v4\n        with: {path: t}\n", "actions/download-artifact brings"),
        ("      - uses: actions/download-artifact@v4\n", "actions/download-artifact brings"),
        ("      - run: git clone https://example.com/t\n", "made by an earlier script"),
        ("      - run: mkdir t && cp -r x t\n", "made by an earlier script"),
    ],
)
def test_what_an_earlier_step_may_bring_is_not_called_missing(before: str, reason: str) -> None:
    files = {WORKFLOW: f"{HEAD}{before}      - uses: ./t/action\n"}
    assert found("missing-local-reference", files) == []
    assert [entry for entry in unknown("missing-local-reference", files) if reason in entry]


def test_another_checked_out_repository_is_looked_into_where_it_is_part_of_the_run() -> None:
    files = {
        WORKFLOW: HEAD
        + "      - uses: actions/checkout@v4\n        with: {repository: Acme/Tools, path: t}\n"
        + "      - uses: ./t/here\n      - uses: ./t/gone\n"
    }
    lookups = Lookups({"acme/tools": Snapshot(MemoryTree({"here/action.yml": ACTION}), "acme/tools")})
    assert found("missing-local-reference", files, lookups=lookups) == ["./t/gone: Acme/Tools has no action in gone"]


def test_a_download_to_another_place_is_no_excuse() -> None:
    step = "      - uses: actions/download-artifact@v4\n        with: {path: dist}\n"
    assert len(found("missing-local-reference", f"{HEAD}{CHECKOUT}{step}      - uses: ./t\n")) == 1


def test_a_submodule_is_not_missing_where_the_checkout_brings_it() -> None:
    modules = '[submodule "t"]\n\tpath = vendor/t\n\turl = https://example.com/t\n'
    step = "      - uses: actions/checkout@v4\n        with: {submodules: recursive}\n"
    files = {WORKFLOW: f"{HEAD}{step}      - uses: ./vendor/t/action\n", ".gitmodules": modules}
    assert found("missing-local-reference", files) == []
    assert len(found("missing-local-reference", {**files, WORKFLOW: files[WORKFLOW].replace(step, CHECKOUT)})) == 1


def test_a_workflow_that_is_only_called_uses_its_callers_workspace() -> None:
    text = f"{HEAD}{CHECKOUT}      - uses: ./t\n".replace("on: push", "on: workflow_call")
    assert found("missing-local-reference", text) == []
    assert "whoever calls this workflow" in unknown("missing-local-reference", text)[0]


def test_a_local_path_begins_in_the_repository() -> None:
    assert found("missing-local-reference", f"{HEAD}{CHECKOUT}      - uses: ../tools\n") == [
        "../tools: a local reference starts with ./ or $/"
    ]


def test_a_local_call_takes_no_ref() -> None:
    text = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/x.yml@main\n"
    assert found("missing-local-reference", text) == [
        "./.github/workflows/x.yml@main: a workflow of the same repository is called without @ and a ref"
    ]


@needs_corpus
def test_the_local_references_of_the_organisation_all_exist() -> None:
    """Five local references here, all good: among them one in a sub-folder that another checkout fills.

    The two calls of a missing governance workflow that the facts page counts lie in chittymonitor and
    chittyagent-helper, which are not part of the corpus; the case is an example of the rule.
    """
    local = []
    for snapshot in corpus("chittyos"):
        assert report(snapshot, "missing-local-reference").decisions == ()
        for workflow in snapshot.workflows():
            local += [uses.text for uses, _, _ in workflow.uses() if uses.kind in ("local", "self")]
    assert sorted(local) == [
        "./.chittyops/.github/actions/getchitty-creds",
        "./.github/actions/chitty-creds-action",
        "./.github/actions/getchitty-creds",
        "./.github/actions/getchitty-creds",
        "./.github/workflows/reusable-governance-gates.yml",
    ]


# --------------------------------------------------------------------------------------------- uncallable-workflow

CALLEE = ".github/workflows/callee.yml"


def call(callee: str, job: str, *, head: str = "on: push\n") -> dict[str, str]:
    return {WORKFLOW: f"{head}jobs:\n  go:\n    uses: ./{CALLEE}\n{job}", CALLEE: callee}


def declared(spec: str, jobs: str = "jobs: {}\n") -> str:
    return f"on:\n  workflow_call:\n{spec}{jobs}"


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ("boolean", "true", ""),
        ("boolean", "${{ inputs.x == 'y' }}", ""),
        ("boolean", "'true'", "'true': the input a is a boolean: true or false, unquoted"),
        ("boolean", "yes", "yes: the input a is a boolean: true or false, unquoted"),
        ("boolean", "1", "1: the input a is a boolean: true or false, unquoted"),
        ("number", "3", ""),
        ("number", "1e3", ""),
        ("number", "'3'", "'3': the input a is a number, unquoted"),
        ("number", "true", "true: the input a is a number, unquoted"),
        ("string", "3", ""),
        ("string", "true", ""),
        ("string", "text", ""),
    ],
)
def test_literals_must_have_the_declared_type(spec: str, given: str, message: str) -> None:
    files = call(declared(f"    inputs:\n      a: {{type: {spec}}}\n"), f"    with:\n      A: {given}\n")
    assert found("uncallable-workflow", files) == ([message] if message else [])


def test_a_required_input_with_a_default_must_be_passed_all_the_same() -> None:
    files = call(declared("    inputs:\n      a: {type: string, required: true, default: x}\n"), "")
    assert found("uncallable-workflow", files) == [f"./{CALLEE}: the input a is required by {CALLEE} and not passed"]


@pytest.mark.parametrize("uses", ["a/b@v1", f"a/b@{SHA}", "docker://alpine:3", "a/b", "workflows/x.yml"])
def test_a_job_calls_nothing_but_workflows(uses: str) -> None:
    text = f"on: push\njobs:\n  a:\n    uses: {uses}\n"
    assert [entry.split(": a job")[0] for entry in found("uncallable-workflow", text)] == [uses]
    assert found("unpinned-uses", text) == []


def test_inherited_secrets_satisfy_what_is_required() -> None:
    callee = declared("    secrets:\n      KEY: {required: true}\n      OTHER:\n")
    assert found("uncallable-workflow", call(callee, "    secrets: inherit\n")) == []
    assert found("uncallable-workflow", call(callee, "    secrets: {key: x}\n")) == []
    assert len(found("uncallable-workflow", call(callee, ""))) == 1


def asking(permissions: str, own: str = "") -> str:
    return declared("", f"{own}jobs:\n  work:\n    runs-on: x\n    permissions: {permissions}\n    steps: []\n")


@pytest.mark.parametrize(
    ("granted", "callee", "excess"),
    [
        ("{contents: write}", asking("{contents: read}"), ""),
        ("{contents: read}", asking("{contents: write}"), "contents: write (granted: read)"),
        ("{}", asking("{contents: read}"), "contents: read (granted: none)"),
        ("read-all", asking("{contents: read, id-token: none}"), ""),
        ("write-all", asking("write-all"), ""),
        ("read-all", asking("{id-token: write}"), "id-token: write (granted: read)"),
        ("{models: read}", asking("{models: write}"), ""),
        ("{contents: read}", asking("{}", "permissions: {packages: write}\n"), "packages: write (granted: none)"),
        ("{contents: read}", declared("", "jobs:\n  work: {runs-on: x, steps: []}\n"), ""),
    ],
)
def test_a_called_workflow_may_not_ask_for_more_than_the_caller_has(granted: str, callee: str, excess: str) -> None:
    messages = found("uncallable-workflow", call(callee, f"    permissions: {granted}\n"))
    assert ([excess] if excess else []) == [message.partition("may give: ")[2] for message in messages]
    at_workflow = call(callee, "", head=f"on: push\npermissions: {granted}\n")
    assert len(found("uncallable-workflow", at_workflow)) == len(messages)


def test_nested_calls_are_bound_by_the_first_caller() -> None:
    files = call(declared("", "jobs:\n  inner:\n    uses: ./.github/workflows/inner.yml\n"), "    permissions: {}\n")
    files[".github/workflows/inner.yml"] = asking("{contents: read}")
    assert [message.partition(": ")[2] for message in found("uncallable-workflow", files)] == [
        "job work of .github/workflows/inner.yml asks for more than this call may give: contents: read (granted: none)"
    ]


def test_a_nested_call_with_a_statement_of_its_own_is_judged_once() -> None:
    inner = "jobs:\n  inner:\n    uses: ./.github/workflows/inner.yml\n    permissions: {contents: read}\n"
    files = call(declared("", inner), "    permissions: {contents: read}\n")
    files[".github/workflows/inner.yml"] = asking("{contents: write}")
    messages = found("uncallable-workflow", files)
    assert [message.split(":")[0] for message in messages] == ["./.github/workflows/inner.yml"]


def test_another_repository_is_judged_where_the_run_has_it() -> None:
    files = {WORKFLOW: "on: push\njobs:\n  go:\n    uses: Acme/CI/.github/workflows/gate.yml@main\n    with: {a: b}\n"}
    gate = Snapshot(MemoryTree({".github/workflows/gate.yml": "on: workflow_call\njobs: {}\n"}), "acme/ci", SHA)
    lookups = Lookups({"acme/ci": gate})
    assert found("uncallable-workflow", files, lookups=lookups) == [
        "a: .github/workflows/gate.yml declares no input a; it has none"
    ]
    pinned = {WORKFLOW: files[WORKFLOW].replace("@main", f"@{SHA}")}
    assert len(found("uncallable-workflow", pinned, lookups=lookups)) == 1
    tagged = {WORKFLOW: files[WORKFLOW].replace("@main", "@v1")}
    assert found("uncallable-workflow", tagged, lookups=lookups) == []
    assert "a revision that this run does not have" in unknown("uncallable-workflow", tagged, lookups=lookups)[0]
    assert "not part of this run" in unknown("uncallable-workflow", files)[0]


def test_a_missing_workflow_of_another_repository_is_said_here() -> None:
    files = {WORKFLOW: "on: push\njobs:\n  go:\n    uses: acme/ci/.github/workflows/gone.yml@main\n"}
    lookups = Lookups({"acme/ci": Snapshot(MemoryTree({}), "acme/ci")})
    assert found("uncallable-workflow", files, lookups=lookups) == [
        "acme/ci/.github/workflows/gone.yml@main: there is no .github/workflows/gone.yml in acme/ci"
    ]


def test_circles_and_long_chains_end() -> None:
    def link(number: int, to: int) -> str:
        return f"on: workflow_call\njobs:\n  next:\n    uses: ./.github/workflows/w{to}.yml\n"

    def path(number: int) -> str:
        return f".github/workflows/w{number}.yml"

    circle = {path(0): link(0, 1), path(1): link(1, 0)}
    assert all("circle" in message for message in found("uncallable-workflow", circle))
    assert len(found("uncallable-workflow", circle)) == 2
    ten = {path(number): link(number, number + 1) for number in range(9)} | {path(9): "on: workflow_call\njobs: {}\n"}
    assert found("uncallable-workflow", ten) == []
    eleven = {path(number): link(number, number + 1) for number in range(10)} | {path(10): ten[path(9)]}
    assert [message.split(": ")[1] for message in found("uncallable-workflow", eleven)] == [
        "the chain of calls is longer than the 10 workflows that GitHub allows"
    ]


def test_many_calls_of_the_same_workflows_are_followed_once() -> None:
    def level(to: int) -> str:
        calls = "".join(f"  j{job}:\n    uses: ./.github/workflows/w{to}.yml\n" for job in range(30))
        return f"on: workflow_call\npermissions: {{}}\njobs:\n{calls}"

    files = {f".github/workflows/w{number}.yml": level(number + 1) for number in range(8)}
    files[".github/workflows/w8.yml"] = asking("{contents: read}")
    assert len(found("uncallable-workflow", files)) == 30


@needs_corpus
def test_the_calls_between_the_organisations_repositories_keep_their_contracts() -> None:
    """Seven calls here, six of them of a workflow that the corpus has; none breaks its contract.

    The call that the facts page names (chittyid passing `run-governance`) lies in a repository outside the corpus; the
    deploy workflow whose contract contradicts its documents is called by nobody.
    """
    snapshots = {snapshot.slug: snapshot for snapshot in corpus("chittyos")}
    lookups = Lookups(snapshots)
    calls = 0
    for snapshot in snapshots.values():
        assert report(snapshot, "uncallable-workflow", lookups=lookups).decisions == ()
        calls += sum(job.uses is not None for workflow in snapshot.workflows() for job in workflow.jobs)
    assert calls == 8


def test_the_rules_of_this_folder_are_in_the_catalogue() -> None:
    assert {"unpinned-uses", "missing-local-reference", "uncallable-workflow"} <= {rule.id for rule in load()}


# ------------------------------------------------------------------------- fixes of unpinned-uses, wrong comments

PINNED = "34e114876b0b11c390a56381ad16ebd13914f8d5"
"""actions/checkout v4.3.1, which a lock of this test's own names, so that no newer pack changes the outcome."""
LOCK = f"version: 1\npins:\n  actions/checkout:\n    v4.3.1: {{commit: {PINNED}, seen: 2026-11-25, source: github}}\n"


def pinned(steps: str, rule: str = "unpinned-uses", *, path: str = WORKFLOW, lock: str = LOCK) -> tuple[str, list[str]]:
    """The steps of a workflow or an action after every fix, and what is said of each finding."""
    head = HEAD if path == WORKFLOW else "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n"
    done = fixed(rule, {path: head + steps, **({".github/chittyops-pins.yml": lock} if lock else {})})
    return done.text(path).removeprefix(head), done.said


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("- uses: actions/checkout@v4", "- uses: actions/checkout@{} # v4.3.1"),
        ("- uses: Actions/Checkout@V4   ", "- uses: Actions/Checkout@{} # v4.3.1"),
        ("- uses: 'actions/checkout@v4.3' #v4", "- uses: 'actions/checkout@{}' # v4.3.1"),
        ('- uses: "actions/checkout@v4.3.1"\t# tag=v4.3.1', '- uses: "actions/checkout@{}"\t# v4.3.1'),
        ("- uses: actions/checkout@4 # pin @4", "- uses: actions/checkout@{} # v4.3.1"),
        ("- uses: actions/checkout/sub@refs/tags/v4", "- uses: actions/checkout/sub@{} # v4.3.1"),
        ("- uses: actions/checkout@v4 # the newest", "- uses: actions/checkout@{} # v4.3.1 # the newest"),
        ("- {name: x,\n   uses: actions/checkout@v4\n  }", "- {{name: x,\n   uses: actions/checkout@{} # v4.3.1\n  }}"),
        ("- parallel:\n    - uses: actions/checkout@v4", "- parallel:\n    - uses: actions/checkout@{} # v4.3.1"),
        ("- uses: actions/checkout@v4\r\n- run: x\r", "- uses: actions/checkout@{} # v4.3.1\r\n- run: x\r"),
    ],
    ids=[
        "plain", "letter case and blanks", "single quotes, glued comment", "double quotes, a tab", "without v",
        "a folder of it", "other words", "flow style over lines", "parallel", "CRLF",
    ],
)  # fmt: skip
def test_an_action_is_pinned_where_it_stands(step: str, after: str) -> None:
    text = "".join(f"      {line}\n" for line in step.split("\n"))
    wanted = "".join(f"      {line}\n" for line in after.format(PINNED).split("\n"))
    got, said = pinned(text)
    assert got == wanted
    assert len(said) == 1 and said[0].startswith("safe: pin ") and said[0].endswith(" to v4.3.1")


def test_a_composite_action_and_the_last_line_of_a_file() -> None:
    assert pinned("    - uses: actions/checkout@v4", path="tools/setup/action.yml") == (
        f"    - uses: actions/checkout@{PINNED} # v4.3.1",
        ["safe: pin actions/checkout to v4.3.1"],
    )


def test_actions_of_one_repository_share_the_commit() -> None:
    lock = f"version: 1\npins:\n  acme/suite:\n    v3.1.0: {{commit: {PINNED}, seen: 2026-11-25, source: github}}\n"
    steps = "      - uses: acme/suite/init@v3\n      - uses: Acme/Suite/analyze@v3.1\n      - uses: acme/suite@v3.1.0\n"
    assert pinned(steps, lock=lock)[0] == (
        f"      - uses: acme/suite/init@{PINNED} # v3.1.0\n"
        f"      - uses: Acme/Suite/analyze@{PINNED} # v3.1.0\n"
        f"      - uses: acme/suite@{PINNED} # v3.1.0\n"
    )


@pytest.mark.parametrize("other", ["acme/suite/init@v3.1.0", f"acme/suite/init@{PINNED} # v3"])
def test_actions_of_one_repository_stay_at_one_version(other: str) -> None:
    """The newest release is not taken where another action of the repository is at an exact one of that major."""
    lock = (
        "version: 1\npins:\n  acme/suite:\n"
        f"    v3.1.0: {{commit: {PINNED}, seen: 2026-11-25, source: github}}\n"
        f"    v3.2.0: {{commit: {'a' * 40}, seen: 2026-11-25, source: github}}\n"
    )
    got, _ = pinned(f"      - uses: acme/suite/analyze@v3\n      - uses: {other}\n", lock=lock)
    assert got.splitlines()[0] == f"      - uses: acme/suite/analyze@{PINNED} # v3.1.0"
    alone, _ = pinned(f"      - uses: acme/suite/analyze@v3\n      - uses: acme/suite/analyze@{PINNED}\n", lock=lock)
    assert alone.splitlines()[0] == f"      - uses: acme/suite/analyze@{'a' * 40} # v3.2.0", "the same action twice"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("{uses: actions/checkout@v4}", "something else follows on the same line, {so}"),
        ("uses: |\n          actions/checkout@v4", "the reference does not stand on one line, {so}"),
        ("&step\n        uses: actions/checkout@v4", "the anchor &step shares this text with other places of the file"),
        ("uses: docker://alpine:3", "which digest a tag of an image has only its registry knows, {and_}"),
        ("uses: actions/checkout", "it names no action that could be looked up"),
    ],
    ids=["flow style", "block", "anchor", "image", "no ref"],
)  # fmt: skip
def test_where_no_pin_can_be_written_nothing_is_changed(step: str, reason: str) -> None:
    text = f"      - {step}\n"
    so, and_ = "so that no comment can name its version", "and no registry is asked"
    assert pinned(text) == (text, ["no fix: " + reason.format(so=so, and_=and_)])


def test_a_broken_lock_stops_every_pin() -> None:
    text = "      - uses: actions/checkout@v4.2.2\n"
    assert pinned(text, lock="version: 1\n") == (text, ["no fix: .github/chittyops-pins.yml cannot be read"])


def test_nothing_is_pinned_to_a_release_with_a_known_vulnerability() -> None:
    """v2 may mean releases from before the vulnerability came; v2.28 and v2.28.1 have it whether pinned or not."""
    _, said = pinned("      - uses: github/codeql-action/init@v2\n", lock="")
    assert said == [
        "no fix: v2.28.1, the newest release that v2 can mean, has a known vulnerability (GHSA-vqf5-2xx6-9wfm), "
        "repaired in 3.28.3; move to that"
    ]
    for ref in ("v2.28", "v2.28.1"):
        assert pinned(f"      - uses: github/codeql-action/init@{ref}\n", lock="")[1] == [
            "safe: pin github/codeql-action/init to v2.28.1"
        ]


def test_an_accepted_advisory_keeps_nothing_from_being_pinned() -> None:
    rules = ("unpinned-uses", "known-vulnerable-actions")
    step = "      - uses: github/codeql-action/init@v2\n"
    assert fixed(rules, HEAD + step, options={"accepted": ["GHSA-vqf5-2xx6-9wfm"]}).said == [
        "safe: pin github/codeql-action/init to v2.28.1"
    ]


def test_what_a_person_should_weigh_is_for_review() -> None:
    text = "      - uses: gitleaks/gitleaks-action@v2.3.9\n      - uses: tj-actions/changed-files@v45.0.7\n"
    _, said = pinned(text, lock="")
    assert said == [
        "review: pin gitleaks/gitleaks-action to v2.3.9",
        "review: pin tj-actions/changed-files to v45.0.7",
    ]


@pytest.mark.parametrize(
    ("comment", "after"),
    [
        ("# v4.2.2", "# v4.3.1"),
        ("# pin @v3.1", "# pin @v4.3.1"),
        ("#tag=v5", "#tag=v4.3.1"),
        ("#  ratchet:actions/checkout@v3  ", "#  ratchet:actions/checkout@v4.3.1  "),
    ],
)
def test_a_wrong_comment_names_the_version_of_the_commit(comment: str, after: str) -> None:
    got, said = pinned(f"      - uses: 'actions/checkout@{PINNED}' {comment}\n", "ref-version-mismatch", lock="")
    assert got == f"      - uses: 'actions/checkout@{PINNED}' {after}\n"
    assert said == ["review: let the comment say v4.3.1"]


@pytest.mark.parametrize(
    "uses",
    [
        f"actions/checkout@{PINNED} # v4.3.1",
        f"actions/checkout@{PINNED} # v4",
        f"actions/checkout@{PINNED}",
        f"actions/checkout@{PINNED} # v3 is too old",
        f"{{uses: actions/checkout@{PINNED}}} # v3",
        "actions/checkout@v4 # v3",
        "./local # v3",
        f"acme/unknown@{PINNED} # v3",
        f"docker://alpine@sha256:{PINNED}{PINNED[:24]} # v3",
    ],
)
def test_a_comment_that_may_be_right_is_left_alone(uses: str) -> None:
    line = f"      - {uses}\n" if uses.startswith("{") else f"      - uses: {uses}\n"
    assert found("ref-version-mismatch", HEAD + line) == []


def test_a_commit_that_nobody_knows_gets_no_name() -> None:
    almost = PINNED[:-1] + "6"
    assert pinned(f"      - uses: actions/checkout@{almost} # v4.3.1\n", "ref-version-mismatch", lock="")[1] == [
        "no fix: neither the lock nor the pack knows which version this commit is"
    ]


# What kept a reference of the corpus from being pinned, by the first words of the reason.
REASONS = {
    "is a branch, or a tag that its owner moves": "branch",
    "has nothing of": "unknown action",
    "has no release of": "unknown version",
    "has only its registry knows": "image",
    "something else follows": "place",
    "there is a warning about": "compromised",
}


@needs_corpus
@pytest.mark.parametrize(
    ("part", "outcomes"),
    [
        ("chittyos", {"safe": 482, "review": 52, "branch": 24, "unknown action": 6, "unknown version": 2}),
        (
            "public",
            {
                "safe": 197,
                "review": 18,
                "branch": 51,
                "unknown action": 12,
                "image": 6,
                "unknown version": 2,
                "excepted": 1,
            },
        ),
    ],
)
def test_how_many_references_of_real_workflows_are_pinned(part: str, outcomes: dict[str, int]) -> None:
    counts: Counter[str] = Counter()
    for snapshot in corpus(part):
        done = fixed("unpinned-uses", snapshot)
        for said in done.said:
            kind = said.partition(": ")[0]
            counts[kind if kind != "no fix" else next((REASONS[key] for key in REASONS if key in said), said)] += 1
        for path, text in done.changes.items():
            assert len(text.splitlines()) == len((snapshot.text(path) or "").splitlines())
    assert dict(counts) == outcomes


@needs_corpus
def test_the_wrong_comments_of_real_workflows() -> None:
    """Of some 1,200 pinned references five have the comment of another version; each was looked at by hand."""
    messages = Counter(
        decision.message.split(" by the pack")[0]
        for part in ("chittyos", "public")
        for snapshot in corpus(part)
        for decision in report(snapshot, "ref-version-mismatch").decisions
    )
    assert sorted(messages.elements()) == [
        "the comment says v1, but this commit is v2.9.1",
        "the comment says v1.0.26, but this commit is v3.25.13",
        "the comment says v1.1.1, but this commit is v2.4.0",
        "the comment says v2, but this commit is v4.1.1",
        "the comment says v3.0.0, but this commit is v4.1.1",
    ]


def test_a_result_holds_as_long_as_the_lock_stays_the_same() -> None:
    """Also where there is none: what was looked for in vain is part of what a kept result depends on."""
    snapshot = Snapshot(MemoryTree({".github/workflows/x.yml": f"{HEAD}      - uses: actions/checkout@v4\n"}))
    report(snapshot, "unpinned-uses")
    assert snapshot.reads()[".github/chittyops-pins.yml"] is None


def test_a_fix_asks_github_where_the_call_may() -> None:
    class Asked:
        """A host that knows one release; the one that asks GitHub has tests of its own."""

        problems: list[str] = []  # noqa: RUF012 - as of an instance

        def answers(self, slug: str) -> bool:
            return True

        def default_setup(self, slug: str) -> bool | None:
            return None

        def settings(self, slug: str) -> None:
            return None

        def find(self, slug: str, ref: str) -> Release | None:
            return (
                Release("v9.9.9", PINNED, "GitHub (2026-11-25)")
                if slug == "acme/x" and ref in ("v9", "v9.9.9")
                else None
            )

        def at(self, slug: str, commit: str) -> tuple[Release, ...]:
            return ()

        def branch(self, slug: str, name: str) -> Release | None:
            return None

        def peel(self, slug: str, sha: str) -> str | None:
            return None

        def tag(self, slug: str, name: str) -> bool | None:
            return None

        def membership(self, slug: str, commit: str) -> str:
            return ON_BRANCH

    done = fixed("unpinned-uses", f"{HEAD}      - uses: acme/x@v9\n", lookups=Lookups(host=Asked()))
    assert done.said == ["safe: pin acme/x to v9.9.9"]
    assert done.notes == ["The commit comes from GitHub (2026-11-25)."]
