"""An action for what a program on every runner does."""

from __future__ import annotations

from chittyops_policy.known_actions import foreign_uses
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

REPLACEMENTS = {
    "actions-ecosystem/action-add-labels": "gh issue edit --add-label",
    "actions-ecosystem/action-remove-labels": "gh issue edit --remove-label",
    "addnab/docker-run-action": "docker run",
    "dacbd/create-issue-action": "gh issue create",
    "dtolnay/rust-toolchain": "rustup toolchain install",
    "elgohr/github-release-action": "gh release create",
    "endbug/add-and-commit": "git commit and git push",
    "ncipollo/release-action": "gh release create",
    "peter-evans/create-or-update-comment": "gh issue comment",
    "peter-evans/create-pull-request": "gh pr create",
    "sergeysova/jq-action": "jq",
    "softprops/action-gh-release": "gh release create",
    "stefanzweifel/git-auto-commit-action": "git commit and git push",
    "svenstaro/upload-release-action": "gh release upload",
}
"""Action → what is on GitHub's runner images (actions/runner-images, 2026-11) and does the same."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    allowed = {name.lower() for name in context.options["allowed"]}
    for slug, uses in foreign_uses(view, context):
        instead = REPLACEMENTS.get(slug)
        if instead is not None and slug not in allowed and not uses.path:
            yield context.at(view.document, uses.node, f"{uses.owner}/{uses.repo} does what `{instead}` does")


_STEP = "on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A release by an action of somebody",
            _STEP.format(step="uses: softprops/action-gh-release@v2"),
            fires=("softprops/action-gh-release@v2",),
        ),
        Example("By the program of GitHub itself", _STEP.format(step='run: gh release create "$GITHUB_REF_NAME"')),
        Example("An action that does more", _STEP.format(step="uses: googleapis/release-please-action@v4")),
        Example(
            "One that the organisation has decided for",
            _STEP.format(step="uses: softprops/action-gh-release@v2"),
            options={"allowed": ["softprops/action-gh-release"]},
        ),
    )


RULE = Rule(
    id="superfluous-actions",
    title="An action does what a program on the runner does",
    theme="supply",
    severity="info",
    profile="everything",
    visits=(WORKFLOW, ACTION),
    needs=tuple(name.encode() for name in REPLACEMENTS),
    why=(
        "Every action is somebody else's code with the job's token at hand, to be pinned, updated and trusted, and it "
        "brings dependencies of its own. Where one line of gh, git or jq does the same, that is one thing less."
    ),
    how="Write the command into a run step, with the token in env as GH_TOKEN where it needs one.",
    options={
        "allowed": Option(
            [],
            "Actions, as owner/repo, that are fine all the same.",
            {"type": "array", "items": {"type": "string", "pattern": "^[^/@\\s]+/[^/@\\s]+$"}},
        )
    },
    limits="It knows some actions. Self-hosted runners need not have the programs.",
    examples=_examples,
    check=_check,
    unfixable="the command that does the same depends on what the step is given",
    tags=("hardening-gap", "external/cwe/cwe-1357", "owasp-cicd-sec-3"),
)
