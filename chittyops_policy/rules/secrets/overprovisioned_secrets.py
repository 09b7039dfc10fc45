"""An expression that makes GitHub hand every secret to a runner."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.secret_reads import COMPUTED, EVERY, NAMED, secret_reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.secret_reads import SecretRead
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    for read in secret_reads(view):
        if read.kind != NAMED:
            yield context.inside(view.document, read.scalar, read.start, read.end, _message(read))


def _message(read: SecretRead) -> str:
    if read.kind == COMPUTED:
        return "the name of the secret is computed, so the job receives every secret"
    if read.kind == EVERY:
        return "secrets.* hands over every secret"
    if read.function:
        return f"{read.function}(...) receives the whole secrets context"
    return "the whole secrets context is used"


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./deploy\n        env:\n"
    return (
        Example(
            "All of them as JSON, and one of a computed name",
            head + "          ALL: ${{ toJSON(secrets) }}\n"
            "          ONE: ${{ secrets[format('{0}_TOKEN', matrix.stage)] }}\n",
            fires=("toJSON(secrets)", "secrets[format('{0}_TOKEN', matrix.stage)]"),
        ),
        Example(
            "A constant name in brackets is a name",
            head + "          ONE: ${{ secrets['CHITTYCONNECT_API_KEY'] }}\n"
            "          TWO: ${{ secrets.GITHUB_TOKEN }}\n",
        ),
        Example(
            "Words in a script are no expression",
            "on: push\n"
            "jobs:\n"
            "  audit:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - run: jq '[.secrets[] | select(.rotation == null)]' catalog.json && grep 'toJSON(secrets)' -r .\n",
        ),
    )


RULE = Rule(
    id="overprovisioned-secrets",
    title="An expression hands every secret to a job",
    theme="secrets",
    severity="medium",
    visits=(WORKFLOW, ACTION),
    needs=(b"secrets",),
    why=(
        "GitHub gives a job the secrets that its text names. Where the name is computed or the whole context is used "
        "it cannot know, and gives all of them: one compromised step then leaks every secret of the repository, also "
        "those that are meant for other stages and those that are added later."
    ),
    how="Name each secret: secrets.NAME. Choose between several with a condition: cond && secrets.A || secrets.B.",
    examples=_examples,
    check=_check,
    unfixable="which secrets the step needs only its owners know",
    tags=("secrets-exposure", "external/cwe/cwe-250", "owasp-cicd-sec-6"),
)
