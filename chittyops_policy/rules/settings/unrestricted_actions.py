"""Actions settings that let any action run, unpinned, with a token that may write."""

from __future__ import annotations

from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Rule, Unknown
from chittyops_policy.settings import PLACE, ActionsPolicy, Hidden, Settings
from chittyops_policy.told_settings import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    found = told(context, "actions", "actions-policy", "the limits of Actions")
    if isinstance(found, Unknown):
        yield found
        return
    policy: ActionsPolicy = found
    if policy.allowed == "none":
        yield NotApplicable("Actions is off in this repository")
        return
    if policy.allowed == "all":
        yield context.missing(PLACE, "any action of anybody may run here", anchor="allowed")
    if not policy.pinned:
        yield context.missing(PLACE, "GitHub lets actions run that are not pinned to a commit", anchor="pinned")
    if policy.token == "write":
        yield context.missing(
            PLACE, "the token of a workflow that states no permissions may write everything", anchor="token"
        )
    if policy.approves:
        yield context.missing(PLACE, "workflows may approve pull requests", anchor="approves")
    yield Evidence(f"allowed actions: {policy.allowed}; default token: {policy.token}")


def _examples() -> tuple[Example, ...]:
    files = {"README.md": "# Project\n"}
    return (
        Example(
            "As GitHub sets it up",
            files,
            (PLACE, PLACE, PLACE),
            settings=Settings(actions=ActionsPolicy("all", False, "write", False)),
        ),
        Example(
            "Selected actions, pinned, and a token that reads",
            files,
            settings=Settings(actions=ActionsPolicy("selected", True, "read", False)),
        ),
        Example(
            "Workflows that approve pull requests",
            files,
            (PLACE,),
            settings=Settings(actions=ActionsPolicy("local_only", True, "read", True)),
        ),
        Example(
            "Only administrators are told",
            files,
            settings=Settings(actions=Hidden("Must have admin rights to Repository.", "administration: read")),
            unknown="Must have admin rights",
        ),
    )


RULE = Rule(
    id="unrestricted-actions",
    title="Actions settings without limits",
    theme="settings",
    severity="medium",
    visits=(REPOSITORY,),
    places=(),
    why=(
        "These settings hold for workflows that nobody has reviewed yet, those of tomorrow included. Where any action "
        "may run unpinned with a token that writes, one careless step is enough to hand the repository over."
    ),
    how="Set the Actions policy of the organisation or of the repository, by hand or with `chittyops-policy lock`.",
    examples=_examples,
    check=_check,
    unfixable="settings are no files; `chittyops-policy lock` sets them",
    limits="Which patterns of actions are allowed is not judged.",
    tags=("hardening-gap", "external/cwe/cwe-1188", "owasp-cicd-sec-3"),
)
