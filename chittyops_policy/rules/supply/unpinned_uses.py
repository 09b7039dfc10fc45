"""An action, a reusable workflow or an image that is not named by the commit (or digest) that was reviewed."""

from __future__ import annotations

from chittyops_policy.memo import remember
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Uses, Workflow

REGIMES = ("hash", "ref", "any")

_HEX = frozenset("0123456789abcdefABCDEF")
_BRANCHES = frozenset(("main", "master", "develop", "development", "dev", "trunk", "head", "next", "nightly", "edge"))


_MESSAGES: dict[tuple[tuple[str, str], ...], tuple[dict[str, str], dict[tuple[str, bool], str]]] = {}
"""Regimes as stated → those in lower case, and `_judged` by the reference and whether a job has it; the last ones."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    key = tuple(context.options["regimes"].items())
    if key not in _MESSAGES:
        _MESSAGES.clear()
        _MESSAGES[key] = {pattern.lower(): regime for pattern, regime in key}, {}
    regimes, known = _MESSAGES[key]
    seen: set[int] = set()  # an aliased step stands in several places but is written once
    for uses, _, _ in view.uses():
        if uses.pinned:
            continue
        text = uses.text
        message = known.get((text, uses.job))
        if message is None:
            message = remember(known, (text, uses.job), _judged(uses, regimes), len(text))
        if not message:
            continue
        node = uses.node
        if uses.kind != "invalid":
            if id(node) in seen:
                continue
            seen.add(id(node))
        start = node.value.find(text)
        yield context.inside(view.document, node, start, start + len(text), message)


def _judged(uses: Uses, regimes: Mapping[str, str]) -> str:
    """What is wrong with a reference that is not pinned; '' where nothing is."""
    kind = uses.kind
    if kind == "local" or kind == "self":
        return ""
    if kind == "invalid" or (uses.job and kind != "workflow"):
        # What a job cannot call is uncallable-workflow's, an expression or nothing at all invalid-workflow's.
        if uses.job or not uses.text or "${{" in uses.text or uses.text.startswith(".\\"):
            return ""
        return f"{uses.text} is not of the form owner/repo[/path]@ref"
    if kind == "docker" and ("${{" in uses.path or not uses.path):
        return ""
    regime = regime_of(uses, regimes)
    if regime == "any" or (regime == "ref" and (kind != "docker" or _image_tag(uses.path))):
        return ""
    return _message(uses, regime)


def regime_of(uses: Uses, regimes: Mapping[str, str]) -> str:
    """The regime for a reference: that of the most specific pattern, ``hash`` where none matches.

    `regimes` has lower-case patterns. From specific to general: ``owner/repo/sub/folder`` and ``owner/repo`` name
    exactly that, ``owner/repo/*`` the repository with everything in it, ``owner/*`` an owner, ``*`` the rest. An image
    is only reached by ``docker://*`` and ``*``.
    """
    if uses.kind == "docker":
        candidates: tuple[str, ...] = ("docker://*", "*")
    else:
        candidates = (uses.name, uses.slug + "/*", uses.owner.lower() + "/*", "*")
    return next((regimes[pattern] for pattern in candidates if pattern in regimes), "hash")


def _message(uses: Uses, regime: str) -> str:
    if uses.kind == "docker":
        tag = _image_tag(uses.path)
        image = uses.path.partition("@")[0]
        if "@" in uses.path:
            return f"the image {image} is named by something that is not a full sha256 digest"
        name = image[: -len(tag) - 1] if tag else image
        by = f"the tag {tag}" if tag else "no tag at all"
        return f"the image {name} is named by {by}, not by " + ("a digest" if regime == "hash" else "a tag or a digest")
    what = "reusable workflow" if uses.kind == "workflow" else "action"
    name = uses.text.partition("@")[0]
    return f"the {what} {name} is named by {describe_ref(uses.ref)}, not by a full commit SHA"


def describe_ref(ref: str) -> str:
    """What a reference looks like, in words: without a look-up a branch can only be told by its usual name."""
    if ref.startswith("refs/heads/"):
        return f"the branch {ref[11:]}"
    if ref.startswith("refs/tags/"):
        return f"the tag {ref[10:]}"
    if ref.lower() in _BRANCHES:
        return f"the branch {ref}"
    if 7 <= len(ref) < 40 and _HEX.issuperset(ref) and not ref.isdigit():
        return f"the shortened SHA {ref}"
    digits = ref[1:] if ref[:1] in "vV" else ref
    if digits[:1].isdigit():
        return f"the tag {ref}"
    return f"the tag or branch {ref}"


def _image_tag(path: str) -> str:
    """The tag of ``registry:port/name:tag``; the port of a registry is none."""
    last = path.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2]


_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
"""
_STEPS = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {}
      - uses: {}
      - name: Label
        uses: {}
"""
_SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A tag or a branch can be moved to other code",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/checkout@v4\n"
            "      - uses: 'github/codeql-action/init@main'\n"
            "  gates:\n"
            "    uses: acme/ci/.github/workflows/gates.yml@main\n",
            fires=(
                "actions/checkout@v4",
                "github/codeql-action/init@main",
                "acme/ci/.github/workflows/gates.yml@main",
            ),
        ),
        Example(
            "The fix takes the newest release of the same major version and says which one it is",
            _STEPS.format(
                "actions/checkout@v1",
                "'actions/setup-node@v1.4.4' # v1",
                "actions/labeler@v2 # zizmor: ignore[artipacked]",
            ),
            fires=("actions/checkout@v1", "actions/setup-node@v1.4.4", "actions/labeler@v2"),
            after={
                ".github/workflows/example.yml": _STEPS.format(
                    "actions/checkout@50fbc622fc4ef5163becd7fab6573eac35f8462e # v1.2.0",
                    "'actions/setup-node@56899e050abffc08c2b3b61f3ec6a79a9dc3223d' # v1.4.4",
                    "actions/labeler@5f867a63be70efff62b767459b009290364495eb # 2.2.0 # zizmor: ignore[artipacked]",
                )
            },
        ),
        Example(
            "A full commit SHA and local references need nothing",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            f"      - uses: actions/checkout@{_SHA} # v4.2.2\n"
            "      - uses: ./.github/actions/setup\n"
            "      - uses: $/.github/actions/setup\n",
        ),
        Example(
            "A composite action's steps count too",
            {
                "tools/setup/action.yml": "name: setup\n"
                "description: sets things up\n"
                "runs:\n"
                "  using: composite\n"
                "  steps:\n"
                "    - uses: actions/setup-node@v4\n"
            },
            fires=("actions/setup-node@v4",),
        ),
        Example(
            "A shortened SHA is a name like any other",
            _WORKFLOW.format(uses="actions/checkout@11bd719"),
            fires=("actions/checkout@11bd719",),
        ),
        Example(
            "An image is pinned by its digest",
            _WORKFLOW.format(uses="docker://localhost:5000/tools/lint:1.2"),
            fires=("docker://localhost:5000/tools/lint:1.2",),
        ),
        Example(
            "The most specific pattern decides, in any letter case",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: Acme/tools@v1\n"
            "      - uses: acme/tools/lint@v1\n"
            "      - uses: acme/deploy@v1\n",
            fires=("acme/deploy@v1",),
            options={"regimes": {"*": "hash", "acme/*": "any", "acme/deploy": "hash", "acme/tools/*": "ref"}},
        ),
    )


RULE = Rule(
    id="unpinned-uses",
    title="An action, reusable workflow or image is not pinned",
    theme="supply",
    severity="high",
    visits=(WORKFLOW, ACTION),
    needs=(b"uses",),
    why=(
        "A tag or a branch belongs to whoever can push to that repository: after it has moved, the next run executes "
        "other code with this repository's token and secrets, and nothing in this repository has changed. It has "
        "happened to actions that thousands of repositories used. A full commit SHA names exactly what was reviewed, "
        "and Dependabot or Renovate keep it up to date as long as a comment says which version it is."
    ),
    how=(
        "Replace the name behind the @ by the full 40-digit commit SHA of that version and keep the version as a "
        "comment: uses: owner/repo@<sha> # v4.2.2. An image is pinned by @sha256:<digest>."
    ),
    limits=(
        "Whether a SHA belongs to that repository is for impostor-commit, whether it is the version that the comment "
        "names for ref-version-mismatch; what a pinned action uses itself nobody sees. A step or job with if: false "
        "counts like any other: a runner fetches every action of a job before it looks at the conditions of its steps, "
        "and one line switches a job on again. The images of jobs, services and container actions are left to "
        "unpinned-images."
    ),
    examples=_examples,
    check=_check,
    options={
        "regimes": Option(
            {"*": "hash"},
            "How each reference must be pinned: pattern (owner/repo, owner/repo/*, owner/*, docker://*, *) to hash, "
            "ref (a tag or branch will do) or any; the most specific pattern wins.",
            {
                "type": "object",
                "propertyNames": {"pattern": r"^(\*|docker://\*|[^/*@\s]+/\*|[^/*@\s]+/[^/*@\s]+(/\*|(/[^/*@\s]+)*))$"},
                "additionalProperties": {"enum": list(REGIMES)},
            },
        )
    },
    tags=("unpinned-dependency", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
