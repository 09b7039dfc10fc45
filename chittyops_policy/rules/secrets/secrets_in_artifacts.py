"""An artifact that takes files along in which credentials lie."""

from __future__ import annotations

from chittyops_policy.artifacts import is_workspace, paths_of, takes_hidden, uploads
from chittyops_policy.document import Scalar
from chittyops_policy.patterns import matches
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

_FILES = (
    ".aws", ".azure", ".docker", ".env", ".env.*", ".git", ".git-credentials", ".gnupg", ".kube", ".netrc", ".npmrc",
    ".pypirc", ".ssh", ".vault-token", "*.jks", "*.keystore", "*.p12", "*.pfx", "gha-creds-*.json", "id_ed25519",
    "id_rsa", "kubeconfig", "terraform.tfstate",
)  # fmt: skip


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    document = view.document
    for _, _, step in view.uses():
        if step is None or not uploads(step):
            continue
        value = step.input("path")
        if not isinstance(value, Scalar):
            continue
        hidden = takes_hidden(step, document)
        for start, end in paths_of(step):
            path = value.value[start:end]
            name = _credentials(path, context.options["files"])
            if name and (hidden or not any(part.startswith(".") and part.strip("./") for part in path.split("/"))):
                message = f"the artifact takes {name} along, which holds credentials; whoever can read the run gets it"
                yield context.inside(document, value, start, end, message)
            elif hidden and is_workspace(path):
                message = "the artifact takes the whole workspace along, hidden files such as .git and .env included"
                yield context.inside(document, value, start, end, message)


def _credentials(path: str, files: list[str]) -> str:
    """The part of a path that a list of names covers; '' where none does."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..", "*", "**", "~")]
    if parts and parts[-1].endswith((".example", ".sample", ".template", ".dist")):
        return ""
    return next((part for part in parts for pattern in files if matches(pattern, part)), "")


def _examples() -> tuple[Example, ...]:
    head = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "Files that hold credentials, among others",
            head + "      - uses: actions/upload-artifact@v3\n        with:\n          path: |\n            dist\n"
            "            .env\n            !.git\n",
            fires=(".env",),
        ),
        Example(
            "Everything, with hidden files",
            head + "      - uses: actions/upload-artifact@v4\n"
            "        with: {path: '${{ github.workspace }}', include-hidden-files: true}\n",
            fires=("${{ github.workspace }}",),
        ),
        Example(
            "Since 4.4 hidden files stay where they are unless asked for",
            head + "      - uses: actions/upload-artifact@v4\n        with: {path: .}\n"
            "      - uses: actions/upload-artifact@v7\n        with: {path: dist/.env}\n",
        ),
    )


RULE = Rule(
    id="secrets-in-artifacts",
    title="An artifact takes credentials along",
    theme="secrets",
    severity="high",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"upload-artifact",),
    why=(
        "Everybody who can read the repository can download its artifacts, for as long as they are kept; in a public "
        "repository that is the whole world. A token in one of them can be used minutes after the upload, while the "
        "run is still going."
    ),
    how="Name what is meant to be handed over, such as dist/, and leave hidden files out.",
    examples=_examples,
    check=_check,
    options={
        "files": Option(
            list(_FILES),
            "Names of files and folders that hold credentials; `*` is any text.",
            {"type": "array", "items": {"type": "string", "pattern": "^[^/]+$"}, "uniqueItems": True},
        )
    },
    unfixable="what the artifact is for only its owners know",
    limits=(
        "Which files a pattern finds at run time is not known. Of a commit without a version in the comment behind it "
        "the newest one is assumed."
    ),
    tags=("secrets-exposure", "external/cwe/cwe-538", "owasp-cicd-sec-6"),
)
