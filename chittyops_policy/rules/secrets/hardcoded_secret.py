"""A credential that stands in a workflow, an action or a CI configuration file."""

from __future__ import annotations

from chittyops_policy.document import Document, Mapping, Scalar
from chittyops_policy.model import Finding, Span
from chittyops_policy.patterns import matches
from chittyops_policy.rule import DOCUMENT, REPOSITORY, Context, Example, Option, Rule
from chittyops_policy.secret_candidates import Candidate
from chittyops_policy.secret_scan import baseline_hashes, secrets_in
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.snapshot import Snapshot

BASELINE = ".secrets.baseline"

_FILES = (
    ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".netrc", ".env", ".env.*", ".dev.vars",
    "wrangler.toml", "wrangler.json", "wrangler.jsonc", "vercel.json", "now.json", "netlify.toml", "fly.toml",
    "render.yaml", "railway.json", "railway.toml", ".chittyconnect.yml", ".chittyconnect.yaml",
    ".travis.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "Jenkinsfile",
    ".circleci/config.yml", ".github/*.yml", ".github/*.yaml", ".github/*.json",
)  # fmt: skip


def _check(view: Document | Snapshot, context: Context) -> Iterator[Finding]:
    if isinstance(view, Document):
        seen = []
        for finding in _text(view, context):
            seen.append(finding.span)
            yield finding
        for finding in _escaped(view, context):
            if not any(_overlap(finding.span, span) for span in seen):
                yield finding
        if (
            ("credentials" in view.text or "\\" in view.text)
            and view.root is not None
            and kind_of(view.path) == WORKFLOW
        ):
            for finding in _registry_passwords(view, context):
                if not any(_overlap(finding.span, span) for span in seen):
                    yield finding
        return
    for path in _configurations(view, context.options["files"]):
        text = view.text(path)
        if text:
            yield from _text(Document(path, text), context)


def _text(document: Document, context: Context) -> Iterator[Finding]:
    found = secrets_in(document.path, document.text)
    if not found:
        return
    known = context.once(_baseline).get(document.path)
    if known:  # asked again with the baseline, which is only read where it matters
        found = secrets_in(document.path, document.text, known)
    for candidate in found:
        place = Span(candidate.start, candidate.end)
        yield context.at(
            document,
            place,
            f"{candidate.title} is written out here; rotate it first",
            node=_node_at(document, candidate.start),
            anchor=_anchor(document, candidate),
            sensitive=True,
        )


def _escaped(document: Document, context: Context) -> Iterator[Finding]:
    """What double quotes with escapes spell: the file's text does not show it, but the runner gets it whole."""
    text = document.text
    if not document.escaped or not any(escape in text for escape in ("\\x", "\\u", "\\U", "\\\n", "\\\r")):
        return
    for scalar in document.escaped:
        found = secrets_in(document.path, scalar.value)
        if found:
            message = f"{found[0].title} is written out here, spelled with escapes; rotate it first"
            yield context.at(document, scalar, message, anchor=f"escaped:{found[0].kind}", sensitive=True)


def _registry_passwords(document: Document, context: Context) -> Iterator[Finding]:
    """The literal passwords of ``container`` and ``services``, of whatever strength."""
    workflow = context.snapshot.workflow(document.path)
    for job in workflow.jobs if workflow is not None else ():
        images = [("container", mapping_of(job.node.get("container")))]
        services = mapping_of(job.node.get("services"))
        if services is not None:
            images += [(f"service {name}", mapping_of(value)) for name, _, value in services.pairs()]
        for what, image in images:
            credentials = mapping_of(image.get("credentials")) if image is not None else None
            password = credentials.get("password") if credentials is not None else None
            if not isinstance(password, Scalar) or not password.value or "${{" in password.value:
                continue
            message = f"the registry password of the {what} is written out here; rotate it first"
            yield context.at(document, password, message, anchor=f"registry password:{what}", sensitive=True)


def _baseline(context: Context) -> dict[str, frozenset[str]]:
    data = context.snapshot.read(BASELINE)
    return {} if data is None else baseline_hashes(data)


def _configurations(snapshot: Snapshot, patterns: list[str]) -> Iterator[str]:
    """The files that the patterns cover, sorted, without those that are shown to rules as documents."""
    found = set()
    for pattern in patterns:
        folder, _, name = pattern.rpartition("/")
        names = snapshot.folder(folder)
        if "*" not in name:
            if name in names:
                found.add(pattern)
        else:
            prefix = folder + "/" if folder else ""
            found.update(prefix + entry for entry in names if not entry.endswith("/") and matches(name, entry))
    yield from sorted(path for path in found if kind_of(path) is None)


def _anchor(document: Document, candidate: Candidate) -> str:
    """The line around the secret, so that the fingerprint survives a move and never depends on the value."""
    start = document.text.rfind("\n", 0, candidate.start) + 1
    return f"{candidate.title}: {document.text[start : candidate.start].strip()}"


def _overlap(first: Span | None, second: Span | None) -> bool:
    return first is not None and second is not None and first.start < second.end and second.start < first.end


def _node_at(document: Document, offset: int) -> Node | None:
    """The innermost node of the tree at an offset; None outside of it, as in a comment."""
    node = document.root
    while node is not None:
        if isinstance(node, Scalar):
            return node
        parts = [value for _, value in node.items] if isinstance(node, Mapping) else getattr(node, "items", ())
        inner = next((part for part in parts if part.start <= offset < part.end), None)
        if inner is None:
            return None
        node = inner
    return None


def _examples() -> tuple[Example, ...]:
    # Made while running, so that no scanner of this repository takes an example for a leak.
    token = "ghp" + "_" + "Zk3vQ9sT1xW7" + "bN5mC2rL8pY4" + "dF6hJ0gA3eUq"
    generated = "vR7kT2" + "mZq9Xw4LbN8cYf3Hs6"
    return (
        Example(
            "A provider's token and a generated value",
            "on: push\n"
            "jobs:\n"
            "  deploy:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            f"      - run: curl -H 'Authorization: token {token}' https://api.github.com\n"
            "      - run: vercel deploy\n"
            "        env:\n"
            f"          VERCEL_TOKEN: {generated}\n",
            fires=(token, generated),
        ),
        Example(
            "References, names, digests and pins are none",
            "on: push\n"
            "jobs:\n"
            "  deploy:\n"
            "    runs-on: ubuntu-latest\n"
            "    permissions: {id-token: write}\n"
            "    services:\n"
            "      db: {image: postgres, env: {POSTGRES_PASSWORD: postgres}}\n"
            "    steps:\n"
            "      - uses: acme/get-token@11bd71901bbe5b1630ceea73d27597364c9af683\n"
            "        with:\n"
            "          token: ${{ secrets.GITHUB_TOKEN }}\n"
            "          secret-name: chittyconnect-api-key-2\n"
            "          token_sha: 9af683c0edd61e8efbc2f1b0a4e6ab6ee3d7c6cd\n",
        ),
        Example(
            "The password of a container registry, of whatever strength",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    container:\n"
            "      image: registry.example.com/build\n"
            "      credentials: {username: ci, password: swordfish}\n"
            "    services:\n"
            "      db:\n"
            "        image: registry.example.com/db\n"
            "        credentials: {username: ci, password: '${{ secrets.CHITTYCONNECT_API_KEY }}'}\n"
            "    steps: []\n",
            fires=("swordfish",),
        ),
        Example(
            "Configuration files beside the workflows",
            {
                ".npmrc": f"//npm.pkg.github.com/:_authToken={'npm' + '_'}{token[4:]}\n",
                "wrangler.toml": 'name = "api"\naccount_id = "9af683c0edd61e8efbc2f1b0a4e6ab6e"\n',
            },
            fires=("npm" + "_" + token[4:],),
        ),
        Example(
            "detect-secrets' allowlist comment",
            f"on: push\nenv:\n  VERCEL_TOKEN: {generated} # pragma: allowlist secret\njobs: {{}}\n",
        ),
    )


RULE = Rule(
    id="hardcoded-secret",
    title="A credential is written out in a file",
    theme="secrets",
    severity="critical",
    visits=(DOCUMENT, REPOSITORY),
    places=("",),
    why=(
        "Whoever can read the repository, a fork, a clone or an old backup of it has the credential, and removing the "
        "line does not remove it from the history. Tokens in public repositories are found and used within minutes."
    ),
    how=(
        "Rotate the credential first: revoke it and make a new one. Then take it out of the file and read it at run "
        "time: from the credential broker, or as ${{ secrets.NAME }}. What is no secret can be marked with a "
        "comment, pragma: allowlist secret, or recorded in .secrets.baseline."
    ),
    limits=(
        "Formats of providers are certain; other values are only reported where the name promises a credential and "
        "the value looks generated, so a password made of words is missed. Of a baseline, entries that its audit "
        "marked as real secrets are still reported. The history is not searched. Only the files of the option are "
        "read beside workflows, actions and dependabot.yml, and of one file at most 200 suspicious places."
    ),
    examples=_examples,
    check=_check,
    options={
        "files": Option(
            list(_FILES),
            "Further files to read: paths whose last part may have * (a folder is taken literally).",
            {"type": "array", "items": {"type": "string", "pattern": r"^([^*?]+/)?[^/]+$"}, "uniqueItems": True},
        )
    },
    unfixable=(
        "rotate it first: whoever has seen it keeps it until it is revoked, and deleting the line would only hide that"
    ),
    tags=("secrets-exposure", "external/cwe/cwe-798", "owasp-cicd-sec-6"),
)
