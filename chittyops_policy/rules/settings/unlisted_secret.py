"""A secret that is stored on GitHub under a name that the standard does not know."""

from __future__ import annotations

from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, Option, Rule, Unknown
from chittyops_policy.settings import PLACE, Hidden, Settings
from chittyops_policy.told_settings import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_PARTS = (
    ("secrets", "repository-secrets", "the names of stored secrets", "the repository"),
    ("shared_secrets", "shared-secrets", "the names of stored secrets", "the organisation"),
)


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    allowed = {name.upper() for name in context.options["allowed"]}
    for repository, granted in context.options["granted"].items():
        if repository.lower() == snapshot.slug.lower():
            allowed |= {name.upper() for name in granted}
    seen: list[str] = []
    for part, need, what, owner in _PARTS:
        names = told(context, part, need, what)
        if isinstance(names, Unknown):
            yield names
            if context.lookups.settings(snapshot.slug) is None:
                return
            continue
        seen += [f"{name} of {owner}" for name in names if name in allowed]
        for name in names:
            if name not in allowed:
                yield context.missing(PLACE, f"{owner} stores the secret {name}", anchor=name)
    if seen:
        yield Evidence(", ".join(seen))


def _examples() -> tuple[Example, ...]:
    files = {"README.md": "# Project\n"}
    key = ("CHITTYCONNECT_API_KEY",)
    return (
        Example(
            "A token of the repository, another of the organisation",
            files,
            (PLACE, PLACE),
            options={"allowed": list(key)},
            settings=Settings(secrets=("NPM_TOKEN",), shared_secrets=(*key, "CLOUDFLARE_API_TOKEN")),
        ),
        Example(
            "Only the broker's key",
            files,
            options={"allowed": list(key)},
            settings=Settings(secrets=(), shared_secrets=key),
        ),
        Example(
            "One repository was granted another",
            files,
            options={"allowed": [], "granted": {"acme/app": ["DEPLOY_KEY"]}},
            slug="acme/app",
            settings=Settings(secrets=("DEPLOY_KEY",), shared_secrets=()),
        ),
        Example(
            "The token may not list secrets",
            files,
            settings=Settings(secrets=Hidden("GitHub does not tell this token", "secrets: read"), shared_secrets=()),
            unknown="GitHub does not tell this token",
        ),
    )


RULE = Rule(
    id="unlisted-secret",
    title="A stored secret that is not on the list",
    theme="settings",
    severity="high",
    visits=(REPOSITORY,),
    places=(),
    why=(
        "A stored secret works for whoever gets to change a workflow, until somebody remembers to rotate it. Where "
        "credentials come from a broker, every other stored secret is one that nobody looks after."
    ),
    how="Delete it on GitHub after its last user has moved to the broker; `static-secret` shows the users.",
    examples=_examples,
    check=_check,
    options={
        "allowed": Option(
            [],
            "The names of secrets that may be stored anywhere.",
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        ),
        "granted": Option(
            {},
            "Repository → further names that may be stored for it.",
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        ),
    },
    unfixable="whether anybody still needs a secret cannot be seen from here",
    limits="Actions secrets of the repository and of the organisation; those of environments are not listed.",
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-6"),
)
