"""A container image that is named by nothing, or by a tag that moves: jobs, services, container actions."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.expressions import references, segments
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule
from chittyops_policy.workflow import Workflow, mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Job

_MOVING = frozenset(("latest", "nightly", "edge", "main", "master", "dev", "canary"))


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    strict = context.options["require"] == "digest"
    seen: set[int] = set()  # an aliased image is written once
    for node, place, text in _images(view):
        problem = _problem(text, strict)
        if problem and id(node) not in seen:
            seen.add(id(node))
            start = node.value.find(text)
            start, end = (start, start + len(text)) if start >= 0 else (0, len(node.value))
            yield context.inside(view.document, node, start, end, f"the image {place} is named by {problem}")


def _images(view: Workflow | Action) -> Iterator[tuple[Scalar, str, str]]:
    """Each image: the node that names it, what it is for, and the name."""
    if not isinstance(view, Workflow):
        runs = mapping_of(view.node.get("runs"))
        image = runs.get("image") if runs is not None else None
        # Anything else is a Dockerfile of the repository. Steps with docker:// are unpinned-uses's.
        if isinstance(image, Scalar) and image.value.strip().startswith("docker://"):
            yield image, "of this action", image.value.strip()
        return
    for job in view.jobs:
        yield from _named(job, job.node.get("container"), f"of the job {job.id}")
        services = mapping_of(job.node.get("services"))
        for name, _, service in services.pairs() if services is not None else ():
            yield from _named(job, service, f"of the service {name}")


def _named(job: Job, node: Node | None, place: str) -> Iterator[tuple[Scalar, str, str]]:
    image = node.get("image") if isinstance(node, Mapping) else node
    if not isinstance(image, Scalar) or not image.value.strip():
        return  # an empty name is no container at all
    text = image.value.strip()
    if text.startswith("${{"):
        for value in _values(job, text):
            if value.value.strip():
                yield value, place, value.value.strip()
    else:
        yield image, place, text


def _values(job: Job, text: str) -> Iterator[Scalar]:
    """The literal values that ``${{ matrix.image }}`` takes; nothing where they are computed."""
    found = segments(text)
    if len(found) != 1 or found[0].end != len(text) or found[0].expr is None:
        return
    parts = references(found[0].expr)
    keys = [part.lower() for part in text[3:-2].strip().split(".")]
    if len(parts) != 1 or keys[0] != "matrix" or len(keys) < 2:
        return
    strategy = mapping_of(job.node.get("strategy"))
    matrix = mapping_of(strategy.get("matrix")) if strategy is not None else None
    if matrix is None:
        return
    rows: list[Node | None] = [matrix]
    include = matrix.get("include")
    rows += include.items if isinstance(include, Sequence) else []
    for row in rows:
        values: list[Node | None] = [row]
        for key in keys[1:]:
            below: list[Node | None] = []
            for value in values:
                inner = value.get(key) if isinstance(value, Mapping) else None
                below += inner.items if isinstance(inner, Sequence) else [inner]
            values = below
        for value in values:
            if isinstance(value, Scalar) and "${{" not in value.value:
                yield value


def _problem(text: str, strict: bool) -> str:
    """What is wrong with the name of an image, '' where nothing is or where it is only known when it runs."""
    name, _, digest = text.removeprefix("docker://").partition("@")
    if digest or "${{" in name.rpartition("/")[2].partition(":")[0]:
        return ""
    tag = name.rpartition("/")[2].partition(":")[2]
    if not tag:
        return "no tag at all"
    if tag.lower() in _MOVING:
        return f"the tag {tag}, which is another image every few days"
    return f"the tag {tag}, not by a digest" if strict else ""


_SHA = "9b7d2c2d1f1c0bcb2d2d4d0c8c4f4b5a0f6e7d8c9b0a1f2e3d4c5b6a79881726"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "Without a tag, or with one that is made to move",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    container: node\n"
            "    services:\n"
            "      db: {image: 'ghcr.io:443/acme/db:latest'}\n"
            "      cache: {image: 'redis:7.2'}\n"
            "    steps: [{run: npm test}]\n",
            fires=("node", "ghcr.io:443/acme/db:latest"),
        ),
        Example(
            "Every tag can move: ask for a digest",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    container:\n"
            "      image: node:20.11.1\n"
            "    steps: [{run: npm test}]\n",
            fires=("node:20.11.1",),
            options={"require": "digest"},
        ),
        Example(
            "A digest is what it is; an empty name is no container",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            f"    container: node:latest@sha256:{_SHA}\n"
            "    services:\n"
            "      none: {image: ''}\n"
            "    steps: [{run: npm test}]\n",
            options={"require": "digest"},
        ),
        Example(
            "The values of a matrix count, what is computed does not",
            "on: push\n"
            "jobs:\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    strategy:\n"
            "      matrix:\n"
            "        image: ['debian:12', alpine]\n"
            "        include: [{image: 'fedora:latest'}]\n"
            "    container: ${{ matrix.image }}\n"
            "    services:\n"
            "      db: {image: '${{ vars.DB_IMAGE }}'}\n"
            "    steps: [{run: make}]\n",
            fires=("alpine", "fedora:latest"),
        ),
        Example(
            "An action that runs in an image of somebody else's",
            {
                "tools/lint/action.yml": "name: lint\ndescription: lints\n"
                "runs:\n  using: docker\n  image: docker://acme/lint\n"
            },
            fires=("docker://acme/lint",),
        ),
    )


RULE = Rule(
    id="unpinned-images",
    title="A container image is named by what can move",
    theme="supply",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"container", b"services", b"docker://"),
    why=(
        "A job runs inside its image with the token and the secrets of the repository, and talks to its services. An "
        "image without a tag, or with `latest`, is whatever was pushed last: a build that worked breaks, or is taken "
        "over, and nothing in the repository has changed."
    ),
    how="Name a version, or better a digest: image: node:20.11.1@sha256:<digest>. Dependabot and Renovate move both.",
    limits=(
        "Images in expressions are only seen where a matrix lists them. Images that a Dockerfile, a compose file or a "
        "script names are not looked at; docker:// in a step is unpinned-uses's."
    ),
    examples=_examples,
    check=_check,
    options={
        "require": Option(
            "tag",
            "tag: a version tag will do; digest: every image needs its sha256 digest.",
            {"enum": ["tag", "digest"]},
        )
    },
    unfixable="which version is meant, and its digest, only the registry can say",
    tags=("unpinned-dependency", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
