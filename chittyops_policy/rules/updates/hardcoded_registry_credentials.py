"""A password, token or key of a private registry that stands in dependabot.yml."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.rule import DEPENDABOT, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding

_CREDENTIALS = ("password", "token", "key", "auth-key")
"""The settings of a registry that hold a credential, by GitHub's reference of dependabot.yml (2026-11)."""


def _check(document: Document, context: Context) -> Iterator[Finding]:
    registries = document.root.get("registries") if isinstance(document.root, Mapping) else None
    for name, _, registry in registries.pairs() if isinstance(registries, Mapping) else ():
        for setting in _CREDENTIALS:
            value = registry.get(setting) if isinstance(registry, Mapping) else None
            if isinstance(value, Scalar) and value.value.strip() and "${{" not in value.value:
                message = f"the {setting} of the registry '{name[:60]}' is written out here"
                yield context.at(document, value, message, anchor=f"{setting} of {name}", sensitive=True)


_HEAD = "version: 2\nregistries:\n  npm:\n    type: npm-registry\n    url: https://npm.example.com\n"
_TAIL = "updates:\n  - {package-ecosystem: npm, directory: /, schedule: {interval: weekly}, registries: [npm]}\n"


def _examples() -> tuple[Example, ...]:
    path = ".github/dependabot.yml"
    return (
        Example(
            "A password for everyone who can read the repository",
            {path: f"{_HEAD}    username: ci\n    password: swordfish\n{_TAIL}"},
            fires=("swordfish",),
        ),
        Example(
            "A secret of Dependabot's own store",
            {path: f"{_HEAD}    token: ${{{{secrets.NPM_TOKEN}}}}\n{_TAIL}"},
        ),
        Example(
            "A user name and the names of identities are no secrets",
            {path: f"{_HEAD}    username: ci\n    tenant-id: 1f2e\n    client-id: 3d4c\n{_TAIL}"},
        ),
    )


RULE = Rule(
    id="hardcoded-registry-credentials",
    title="A credential of a private registry stands in dependabot.yml",
    theme="updates",
    severity="high",
    visits=(DEPENDABOT,),
    needs=(b"registries",),
    why=(
        "Whoever can read the repository can read private packages, and with most tokens publish them. The value stays "
        "in the history after it is removed, so it has to be replaced at the registry."
    ),
    how="Replace the credential, store the new one under Dependabot's secrets, and write ${{secrets.NAME}}.",
    limits="A credential inside a URL is hardcoded-secret's.",
    examples=_examples,
    check=_check,
    unfixable="the credential has to be replaced at the registry first",
    tags=("secrets-exposure", "external/cwe/cwe-798", "owasp-cicd-sec-6"),
)
