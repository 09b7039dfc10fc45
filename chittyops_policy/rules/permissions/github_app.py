"""A token of a GitHub App that may do all that the app was ever allowed."""

from __future__ import annotations

from chittyops_policy.action_versions import newest
from chittyops_policy.document import Scalar
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Step, Workflow

_OFFICIAL = "actions/create-github-app-token"
_OLDER = "tibdex/github-app-token"

_FIRST_WITH_PERMISSIONS = (1, 12)
"""The release of actions/create-github-app-token (2025-03) since which it has the inputs ``permission-…``."""

_TRUE = ("true", "True", "TRUE")
"""What the action's toolkit takes for true (``getBooleanInput`` of @actions/core)."""

_ORGANISATION_WIDE = ("permission-members", "permission-organization-", "permission-enterprise-")
"""Permissions on the organisation, beside which a list of repositories means nothing."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for uses, _, step in view.uses():
        if step is not None and uses.slug == _OFFICIAL:
            yield from _official(view, step, context)
        elif step is not None and uses.slug == _OLDER and step.input("permissions") is None:
            message = "the token has every permission of the app; the input permissions would limit it"
            yield context.at(view.document, uses.node, message)


def _official(view: Workflow | Action, step: Step, context: Context) -> Iterator[Finding]:
    document = view.document
    assert step.uses is not None
    revoke = step.input("skip-token-revoke")
    if isinstance(revoke, Scalar) and revoke.value in _TRUE:
        message = "the token is not taken back at the end of the job and stays valid for an hour"
        yield context.at(document, revoke, message)
    given = [name.lower() for name, _, _ in step.with_.pairs()] if step.with_ is not None else []
    permissions = [name for name in given if name.startswith("permission-")]
    everywhere = bool(permissions) and all(name.startswith(_ORGANISATION_WIDE) for name in permissions)
    owner = step.input("owner")
    if isinstance(owner, Scalar) and text_of(owner) and step.input("repositories") is None and not everywhere:
        message = "the token is for every repository of the owner in which the app is installed"
        yield context.at(document, owner, message)
    if not permissions:
        version = newest(document, step.uses)
        if version is not None and version < _FIRST_WITH_PERMISSIONS:
            message = "the token has every permission of the app; v1.12 and later can limit it with permission-… inputs"
        else:
            message = "the token has every permission of the app; no permission-… input limits it"
        yield context.at(document, step.uses.node, message)


def _examples() -> tuple[Example, ...]:
    head = (
        "on: push\njobs:\n  sync:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/create-github-app-token@v3\n        id: app\n        with:\n"
        "          app-id: ${{ vars.APP }}\n          private-key: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"
    )
    return (
        Example("All permissions of the app", head, fires=("actions/create-github-app-token@v3",)),
        Example(
            "All repositories of the owner, and not revoked",
            head + "          owner: example\n          skip-token-revoke: true\n          permission-contents: read\n",
            fires=("example", "true"),
        ),
        Example(
            "One repository, one permission",
            head + "          owner: example\n          repositories: docs\n          permission-contents: write\n",
        ),
        Example(
            "A permission on the organisation has no repositories",
            head + "          owner: example\n          permission-members: read\n",
        ),
    )


RULE = Rule(
    id="github-app",
    title="A GitHub App's token is not limited",
    theme="permissions",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"app-token",),
    why=(
        "The token of an app reaches beyond the repository that asks for it, and permissions of the workflow do not "
        "limit it. Without limits of its own it can do what the app may do anywhere: one compromised step of one job "
        "is then a compromise of every repository in which the app is installed."
    ),
    how=(
        "Name the repositories and the permissions that the job needs (repositories, permission-contents: read …), and "
        "let the action take the token back."
    ),
    examples=_examples,
    check=_check,
    unfixable="what the token is for only its owners know",
    tags=("excessive-permission", "external/cwe/cwe-250", "owasp-cicd-sec-5"),
)
