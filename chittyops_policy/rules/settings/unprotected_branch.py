"""A default branch that rulesets and classic protection leave open."""

from __future__ import annotations

from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Option, Rule, Unknown
from chittyops_policy.settings import PLACE, BranchRules, Hidden, Settings
from chittyops_policy.told_settings import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

PULL_REQUEST, APPROVAL, OWNERS = "pull-request", "approval", "code-owner-review"
CHECK, FORCE, DELETION, BYPASS = "status-check", "force-push", "deletion", "bypass"
DEMANDS = (PULL_REQUEST, APPROVAL, OWNERS, CHECK, FORCE, DELETION, BYPASS)


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    found = told(context, "branch", "branch-protection", "branch rules")
    if isinstance(found, Unknown):
        yield found
        return
    if found is None:
        yield NotApplicable("the repository has no branch yet")
        return
    rules: BranchRules = found
    lacking = [demand for demand in DEMANDS if demand in context.options["require"] and not _met(rules, demand)]
    for demand in lacking:
        if demand == BYPASS and isinstance(rules.bypass, Hidden):
            yield Unknown(rules.bypass.reason, rules.bypass.permission, subject=BYPASS)
        elif demand != BYPASS and rules.unseen is not None:
            yield Unknown(
                f"no ruleset has what is asked for ({demand}), and classic protection is not told to this token",
                rules.unseen.permission,
            )
            return
        else:
            yield context.missing(PLACE, _message(rules, demand), anchor=demand)
    if rules.sources and not lacking:
        yield Evidence(f"{rules.branch}: {', '.join(rules.sources)}")


def _met(rules: BranchRules, demand: str) -> bool:
    return {
        PULL_REQUEST: rules.pull_request,
        APPROVAL: rules.approvals > 0,
        OWNERS: rules.code_owners,
        CHECK: bool(rules.checks),
        FORCE: rules.no_force,
        DELETION: rules.no_deletion,
        BYPASS: not rules.bypass and not isinstance(rules.bypass, Hidden),
    }[demand]


def _message(rules: BranchRules, demand: str) -> str:
    branch = rules.branch
    if demand == BYPASS:
        assert not isinstance(rules.bypass, Hidden)
        return f"the rules of {branch} can be bypassed at any time by: {', '.join(rules.bypass)}"[:240]
    return {
        PULL_REQUEST: f"{branch} takes pushes: no pull request is required",
        APPROVAL: f"a change of {branch} needs nobody's approval",
        OWNERS: f"a change of {branch} needs no review by code owners",
        CHECK: f"no check has to pass before a change reaches {branch}",
        FORCE: f"{branch} can be rewritten: force pushes are not blocked",
        DELETION: f"{branch} can be deleted",
    }[demand]


def _examples() -> tuple[Example, ...]:
    files = {"README.md": "# Project\n"}
    strict = {"require": list(DEMANDS)}
    whole = BranchRules(
        "main",
        ("ruleset default branch",),
        pull_request=True,
        approvals=1,
        code_owners=True,
        checks=("chittyops-policy",),
        no_force=True,
        no_deletion=True,
    )
    partly = BranchRules(
        "main", ("classic protection",), pull_request=True, approvals=1, no_force=True, no_deletion=True
    )
    administrators = Hidden("Not Found", "administration: read")
    return (
        Example(
            "Nothing protects the branch",
            files,
            (PLACE, PLACE, PLACE),
            options={"require": [PULL_REQUEST, FORCE, DELETION]},
            settings=Settings(branch=BranchRules("main")),
        ),
        Example("Everything is asked for", files, options=strict, settings=Settings(branch=whole)),
        Example(
            "Classic protection without code owners and checks",
            files,
            (PLACE, PLACE),
            options=strict,
            settings=Settings(branch=partly),
        ),
        Example(
            "What may stand in classic protection is not held against the repository",
            files,
            options=strict,
            settings=Settings(branch=BranchRules("main", unseen=administrators, bypass=administrators)),
            unknown="classic protection is not told to this token",
        ),
        Example(
            "Nobody was asked", files, options=strict, unknown="branch rules are settings of the repository on GitHub"
        ),
    )


RULE = Rule(
    id="unprotected-branch",
    title="A default branch without rules",
    theme="settings",
    severity="high",
    visits=(REPOSITORY,),
    places=(),
    why=(
        "Whoever may push to the default branch changes the workflows that hold the organisation's credentials. "
        "Reviews and checks only mean something where GitHub refuses what has not passed them."
    ),
    how="Make it so with `chittyops-policy lock`, or with a ruleset for the default branch.",
    examples=_examples,
    check=_check,
    options={
        "require": Option(
            [PULL_REQUEST, FORCE, DELETION],
            "What rulesets and classic protection together have to demand.",
            {"type": "array", "items": {"enum": list(DEMANDS)}, "uniqueItems": True},
        )
    },
    unfixable="settings are no files; `chittyops-policy lock` sets them",
    limits="Rulesets that only tell what they would do (`evaluate`) do not count; push rulesets are not looked at.",
    tags=("hardening-gap", "external/cwe/cwe-284", "owasp-cicd-sec-1"),
)
