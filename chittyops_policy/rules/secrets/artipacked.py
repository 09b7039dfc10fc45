"""A checkout that leaves its token for every later step of the job, and for what the job hands over."""

from __future__ import annotations

from chittyops_policy.action_versions import newest
from chittyops_policy.artifacts import is_workspace, paths_of, takes_hidden, uploads
from chittyops_policy.model import Related
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.token_needs import pushes
from chittyops_policy.workflow import Action, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Step, Workflow

_OUTSIDE_WORKSPACE = (6, 0, 0)
"""The release of actions/checkout (2025-11) since which the token is not in .git/config but below $RUNNER_TEMP."""

PUSHING = frozenset(
    ("ad-m/github-push-action", "bluwy/auto-branch-sync-action", "changesets/action", "endbug/add-and-commit",
     "stefanzweifel/git-auto-commit-action")
)  # fmt: skip
"""Actions that push with what the checkout left behind, by their documentation (2026-11)."""

_PUSHERS = frozenset(name.partition("/")[0] for name in PUSHING)


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    document = view.document
    told: set[int] = set()  # an alias repeats the steps of another job
    for steps in [view.steps] if isinstance(view, Action) else [job.steps for job in view.jobs]:
        for at, step in enumerate(steps):
            uses = step.uses
            if uses is None or "checkout" not in uses.text.lower() or uses.name != "actions/checkout":
                continue
            if uses.node.start in told:
                continue
            told.add(uses.node.start)
            # An explicit value is somebody's decision, and so is an expression.
            if step.input("persist-credentials") is not None or any(map(_pushes, steps[at + 1 :])):
                continue
            version = newest(document, uses)
            outside = version is not None and version >= _OUTSIDE_WORKSPACE
            leak = next((later for later in steps[at + 1 :] if _leaks(later, document, step, outside)), None)
            if leak is not None and leak.uses is not None:
                message = "the token of this checkout is handed over with the artifact of a later step"
                related = (Related(view.path, leak.uses.node.span, "hands it over"),)
                yield context.at(document, uses.node, message, severity="high", related=related)
            elif outside:
                message = "every later step can read the token of this checkout, which stays below $RUNNER_TEMP"
                yield context.at(document, uses.node, message, severity="low")
            else:
                message = "every later step can read the token of this checkout, which stays in .git/config"
                yield context.at(document, uses.node, message)


def _pushes(step: Step) -> bool:
    if step.uses is not None:
        return step.uses.owner.lower() in _PUSHERS and step.uses.slug in PUSHING
    return step.run is not None and pushes(step.run.value)


def _leaks(step: Step, document: Document, checkout: Step, outside: bool) -> bool:
    """Whether a later step hands over the file in which the token of a checkout lies."""
    if not uploads(step):
        return False
    folder = text_of(checkout.input("path")).strip().removeprefix("./").rstrip("/")
    text = text_of(step.input("path"))
    for start, end in paths_of(step):
        path = text[start:end]
        if outside:
            if path.lower().replace(" ", "").rstrip("/*") in ("${{runner.temp}}", "$runner_temp"):
                return True
        elif is_workspace(path) or (folder and path.removeprefix("./").rstrip("/*") == folder):
            if takes_hidden(step, document):
                return True
    return False


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "The token stays while the tests run",
            head + "      - uses: actions/checkout@v4\n      - run: npm test\n",
            fires=("actions/checkout@v4",),
            after={
                ".github/workflows/example.yml": head
                + "      - uses: actions/checkout@v4\n        with:\n          persist-credentials: false\n"
                "      - run: npm test\n"
            },
        ),
        Example(
            "The whole workspace, hidden files included, is handed over",
            head + "      - uses: actions/checkout@v5\n        with: {fetch-depth: 0}\n      - run: make\n"
            "      - uses: actions/upload-artifact@v4\n        with: {path: ., include-hidden-files: true}\n",
            fires=("actions/checkout@v5",),
            after={
                ".github/workflows/example.yml": head
                + "      - uses: actions/checkout@v5\n        with: {fetch-depth: 0, persist-credentials: false}\n"
                "      - run: make\n"
                "      - uses: actions/upload-artifact@v4\n        with: {path: ., include-hidden-files: true}\n"
            },
        ),
        Example(
            "A later step pushes with it, so it is needed",
            head + "      - uses: actions/checkout@v4\n      - run: git commit -am update && git push origin main\n",
        ),
        Example(
            "Somebody decided, either way",
            head + "      - uses: actions/checkout@v4\n        with:\n          persist-credentials: false\n"
            "      - uses: actions/checkout@v4\n        with:\n          path: docs\n"
            "          persist-credentials: true\n",
        ),
    )


RULE = Rule(
    id="artipacked",
    title="A checkout leaves its token behind",
    theme="secrets",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"actions/checkout",),
    why=(
        "Unless it is told otherwise, actions/checkout writes the job's token to disk so that later commands can "
        "push. Every script, dependency and action that runs after it can read the token there, and an artifact or an "
        "image made of the workspace carries it away, where anybody may find it while it is still valid."
    ),
    how="Set persist-credentials: false, unless a later step pushes.",
    examples=_examples,
    check=_check,
    limits=(
        "Since version 6 the token no longer lies in the workspace, which makes it harder to give away: then the "
        "severity is low. The version of a commit is taken from the comment behind it. A push inside a script of the "
        "repository is not seen."
    ),
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
