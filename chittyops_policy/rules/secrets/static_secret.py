"""A stored secret that the standard does not allow to be read."""

from __future__ import annotations

from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule
from chittyops_policy.secret_reads import NAMED, secret_reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    allowed: frozenset[str] | None = None
    for read in secret_reads(view):
        if read.kind != NAMED:
            continue
        if allowed is None:
            allowed = allowed_names(context)
        if read.name.lower() not in allowed:
            yield context.inside(view.document, read.scalar, read.start, read.end, _message(read.name, context))


def allowed_names(context: Context) -> frozenset[str]:
    """The names, in lower case, that the repository of this check may read."""
    names = {name.lower() for name in context.options["allowed"]}
    if context.options["allow-github-token"]:
        names.add("github_token")
    slug = context.snapshot.slug.lower()
    for repository, granted in context.options["granted"].items():
        if slug and repository.lower() == slug:
            names.update(name.lower() for name in granted)
    return frozenset(names)


def _message(name: str, context: Context) -> str:
    allowed = list(context.options["allowed"])
    if not allowed:
        return f"the stored secret {name} is not allowed"
    shown = ", ".join(allowed[:3]) + (" …" if len(allowed) > 3 else "")
    return f"the stored secret {name} is not allowed; workflows get their credentials through {shown}"


_DEPLOY = """\
on: push
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npx wrangler deploy
        env:
          CLOUDFLARE_API_TOKEN: ${{ secrets.CLOUDFLARE_API_TOKEN }}
          CLOUDFLARE_ACCOUNT_ID: ${{ secrets.CLOUDFLARE_ACCOUNT_ID }}
"""
_ASKING = """\
on: push
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write # to ask ChittyConnect
    steps:
      - uses: actions/checkout@v4
      - name: Get ephemeral credentials
        id: creds
        uses: ChittyOS/chittyops-policy/actions/getchitty-creds@0123456789abcdef0123456789abcdef01234567 # v1.2.3
        with:
          credentials: CLOUDFLARE_API_TOKEN,CLOUDFLARE_ACCOUNT_ID
      - run: npx wrangler deploy
        env:
          CLOUDFLARE_API_TOKEN: ${{ steps.creds.outputs.cloudflare_token }}
          CLOUDFLARE_ACCOUNT_ID: ${{ steps.creds.outputs.account_id }}
"""


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n"
    only = {"allowed": ["CHITTYCONNECT_API_KEY"]}
    return (
        Example(
            "Every spelling counts, and each name in an expression",
            head + "    steps:\n"
            "      - run: ./deploy\n"
            "        if: secrets.DEPLOY_KEY != ''\n"
            "        env:\n"
            "          TOKEN: ${{ secrets.ORG_TOKEN || secrets['Repo_Token'] || SECRETS.GITHUB_TOKEN }}\n",
            fires=("secrets.DEPLOY_KEY", "secrets.ORG_TOKEN", "secrets['Repo_Token']"),
            options=only,
        ),
        Example(
            "A job that may ask the broker, for all that it needs at once",
            _DEPLOY,
            fires=("secrets.CLOUDFLARE_API_TOKEN", "secrets.CLOUDFLARE_ACCOUNT_ID"),
            options=only,
            parameters={"own_actions": {"commit": "0123456789abcdef0123456789abcdef01234567", "version": "1.2.3"}},
            after={".github/workflows/example.yml": _ASKING},
        ),
        Example(
            "The allowed secret and the run's own token",
            head + "    steps:\n"
            "      - run: ./deploy\n"
            "        env:\n"
            "          KEY: ${{ secrets.CHITTYCONNECT_API_KEY }}\n"
            "          GH_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n"
            "          TOKEN: ${{ github.token }}\n",
            options=only,
        ),
        Example(
            "File names, outputs, comments and declarations read nothing",
            "on:\n"
            "  workflow_call:\n"
            "    secrets:\n"
            "      NPM_TOKEN: {required: true}\n"
            "jobs:\n"
            "  audit:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      # - run: echo ${{ secrets.OLD_TOKEN }}\n"
            "      - run: cat .github/allowed-workflow-secrets.txt secrets.yaml\n"
            "        if: steps.check-secrets.outputs.configured == 'true'\n"
            "      - run: grep -E 'secrets\\.[A-Z_]+' -r .github\n",
            options=only,
        ),
        Example(
            "What is handed to a reusable workflow is read here",
            "on: push\n"
            "jobs:\n"
            "  publish:\n"
            "    uses: ./.github/workflows/publish.yml\n"
            "    secrets:\n"
            "      CHITTYCONNECT_API_KEY: ${{ secrets.NPM_TOKEN }}\n",
            fires=("secrets.NPM_TOKEN",),
            options=only,
        ),
        Example(
            "A name that the pack grants to this repository only",
            head + "    env:\n      A: ${{ secrets.SNYK_TOKEN }}\n      B: ${{ secrets.NPM_TOKEN }}\n    steps: []\n",
            fires=("secrets.NPM_TOKEN",),
            options={**only, "granted": {"Acme/Scanner": ["SNYK_TOKEN"], "acme/other": ["NPM_TOKEN"]}},
            slug="acme/scanner",
        ),
    )


RULE = Rule(
    id="static-secret",
    title="A stored secret is read that the standard does not allow",
    theme="secrets",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(b"secrets",),
    why=(
        "A secret that lies in repository or organisation settings lives until somebody remembers to change it, works "
        "from anywhere, and can be read by every workflow that a writer of the repository can push. Credentials that "
        "are issued for one run and expire with it are worth little to whoever steals them, and there is one place "
        "where they can be withdrawn."
    ),
    how=(
        "Get the credential at run time from the credential broker (for ChittyOS the getchitty-creds action with "
        "CHITTYCONNECT_API_KEY) and use its output; a fix does so for the names under `parameters: credentials: "
        "served` of the policy. Values that are not secret, such as account or project ids, belong in vars. Where a "
        "stored secret really has to stay, the pack can grant the name to the repository."
    ),
    limits=(
        "A file in the repository that lists allowed names is not read: a repository cannot grant itself a secret. "
        "toJSON(secrets), secrets.* and computed names are overprovisioned-secrets, inherited ones secrets-inherit. "
        "Whether the broker really grants what a fix asks for shows in the first run."
    ),
    examples=_examples,
    check=_check,
    options={
        "allowed": Option(
            [],
            "Names of stored secrets that every repository may read.",
            {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "uniqueItems": True},
        ),
        "granted": Option(
            {},
            "Further names for single repositories: owner/repo to a list of names.",
            {
                "type": "object",
                "propertyNames": {"pattern": r"^[^/\s]+/[^/\s]+$"},
                "additionalProperties": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                },
            },
        ),
        "allow-github-token": Option(
            True,
            "Whether secrets.GITHUB_TOKEN, the token that GitHub makes for each run, may be read.",
            {"type": "boolean"},
        ),
    },
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
