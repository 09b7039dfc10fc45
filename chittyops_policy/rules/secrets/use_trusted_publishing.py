"""A package that is published with a stored token, where the registry takes the job's identity instead."""

from __future__ import annotations

import re

from chittyops_policy.document import Scalar
from chittyops_policy.expressions import references, segments
from chittyops_policy.model import Value
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule
from chittyops_policy.shell_commands import commands
from chittyops_policy.workflow import Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Node
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Job, Step


class Registry(Value):
    """A registry with trusted publishing (as of 2026-11), and how its tools are called and given a token.

    programs  program → the words of which its arguments must have one, in this order of words
    options   options that name another registry, unless their value is one of `own`
    """

    __slots__ = ("env", "name", "options", "own", "programs")

    def __init__(
        self,
        name: str,
        programs: dict[str, tuple[str, ...]],
        env: tuple[str, ...],
        options: tuple[str, ...],
        own: tuple[str, ...],
    ) -> None:
        self.name = name
        self.programs = programs
        self.env = frozenset(env)
        self.options = options
        self.own = own


_PYTHON = ("uv", "poetry", "hatch", "pdm", "flit")
REGISTRIES = (
    Registry(
        "npm",
        dict.fromkeys(("npm", "pnpm", "yarn", "bun"), ("publish",)),
        ("NODE_AUTH_TOKEN", "NPM_TOKEN", "NPM_CONFIG_TOKEN", "YARN_NPM_AUTH_TOKEN"),
        ("--registry",),
        ("registry.npmjs.org",),
    ),
    Registry(
        "PyPI",
        {"twine": ("upload",), **dict.fromkeys(_PYTHON, ("publish",))},
        ("TWINE_PASSWORD", "UV_PUBLISH_TOKEN", "POETRY_PYPI_TOKEN_PYPI", "HATCH_INDEX_AUTH", "PDM_PUBLISH_PASSWORD",
         "FLIT_PASSWORD", "PYPI_TOKEN", "PYPI_API_TOKEN"),
        ("--repository", "--repository-url", "-r", "--publish-url", "--index", "--repo"),
        ("pypi", "testpypi", "upload.pypi.org", "test.pypi.org"),
    ),
    Registry(
        "crates.io", {"cargo": ("publish",)}, ("CARGO_REGISTRY_TOKEN", "CRATES_IO_TOKEN"), ("--registry", "--index"),
        ("crates-io",),
    ),
    Registry("RubyGems", {"gem": ("push",)}, ("GEM_HOST_API_KEY", "RUBYGEMS_API_KEY"), ("--host",), ("rubygems.org",)),
    Registry(
        "NuGet", {"nuget": ("push",), "dotnet": ("push",)}, ("NUGET_API_KEY", "NUGET_TOKEN"),
        ("--source", "-s", "-Source"), ("api.nuget.org", "nuget.org"),
    ),
)  # fmt: skip

_BY_NAME = {registry.name: registry for registry in REGISTRIES}

_ACTIONS = {
    "pypa/gh-action-pypi-publish": ("PyPI", "password", ("repository-url", "repository_url")),
    "js-devtools/npm-publish": ("npm", "token", ("registry",)),
    "rubygems/configure-rubygems-credentials": ("RubyGems", "api-token", ("gem-server",)),
}
"""Action → the registry, the input for a token, and those that name another registry."""

_OWNERS = frozenset(name.partition("/")[0] for name in _ACTIONS)

_WORDS = ("publish", "upload", "push")
_HINT = re.compile(
    r"\b(?:p?npm|yarn|bun|uv|poetry|hatch|pdm|flit|cargo|twine|gem|nuget)\b[^\n]*\b(?:publish|upload|push)\b"
)
_ELSEWHERE = ("npm.pkg.github.com", "nuget.pkg.github.com", "rubygems.pkg.github.com")
_DRY = ("--dry-run", "-n", "--help")


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    if isinstance(view, Workflow):
        for job in view.jobs:
            for step in job.steps:
                yield from _step(view, job, step, context)
    else:
        for step in view.steps:
            yield from _step(view, None, step, context)


def _step(view: Workflow | Action, job: Job | None, step: Step, context: Context) -> Iterator[Finding]:
    if step.uses is not None:
        known = _ACTIONS.get(step.uses.slug) if step.uses.owner.lower() in _OWNERS else None
        if known is not None and not (known[0] == "PyPI" and _only_called(view)):
            name, given, others = known
            token = step.input(given)
            index = next((text_of(each) for other in others if (each := step.input(other)) is not None), "")
            if isinstance(token, Scalar) and _secrets(token) and _is_own(_BY_NAME[name], index):
                yield context.at(view.document, token, _message(name))
        return
    script = step.run
    if script is None or not any(word in script.value for word in _WORDS) or _HINT.search(script.value) is None:
        return
    for command in commands(script.value, text_of(step.node.get("shell"))) or ():
        program = command.program
        for registry in REGISTRIES:
            wanted = registry.programs.get(program[0]) if program else None
            if wanted is None or not any(word in wanted for word in program[1:4]) or any(w in _DRY for w in program):
                continue
            if registry.name == "PyPI" and _only_called(view):
                continue  # PyPI does not take the identity of a called workflow (docs.pypi.org, 2026-11)
            text = script.value[command.start : command.end]
            if _is_elsewhere(registry, program, script.value, job, step):
                continue
            if _secrets_in(text) or _given(registry, view, job, step):
                yield context.inside(view.document, script, command.start, command.end, _message(registry.name))


def _message(registry: str) -> str:
    return f"a stored token publishes to {registry}, which takes the identity of the job in its place"


def _only_called(view: Workflow | Action) -> bool:
    return isinstance(view, Workflow) and set(view.triggers) == {"workflow_call"}


def _is_elsewhere(registry: Registry, program: tuple[str, ...], script: str, job: Job | None, step: Step) -> bool:
    """Whether another registry is meant, such as GitHub Packages or one of a company."""
    for at, word in enumerate(program):
        name, _, value = word.partition("=")
        if name in registry.options:
            value = value or (program[at + 1] if at + 1 < len(program) else "")
            if not _is_own(registry, value):
                return True
    if registry.name == "npm":
        url = ""
        for earlier in job.steps[: step.index] if job is not None else ():
            url = text_of(earlier.input("registry-url")) or url  # the last actions/setup-node wins
        if not _is_own(registry, url):
            return True
    return any(place in script for place in _ELSEWHERE)


def _is_own(registry: Registry, address: str) -> bool:
    """Whether an address, or the name that a tool has for it, is that of the registry; '' is the tool's default."""
    return not address or any(address == own or f"//{own}/" in address + "/" for own in registry.own)


def _given(registry: Registry, view: Workflow | Action, job: Job | None, step: Step) -> bool:
    """Whether the environment brings a stored secret: any at the step, else in one of the tool's variables."""
    if step.env is not None and any(_secrets(value) for _, _, value in step.env.pairs()):
        return True
    envs = [job.env if job is not None else None, view.env if isinstance(view, Workflow) else None]
    return any(
        name in registry.env and _secrets(value) for env in envs if env is not None for name, _, value in env.pairs()
    )


def _secrets(node: Node | None) -> bool:
    return isinstance(node, Scalar) and _secrets_in(node.value)


def _secrets_in(text: str) -> bool:
    """Whether a text reads a stored secret; the built-in token is none."""
    return any(
        reference.context == "secrets" and reference.path != ("github_token",)
        for segment in segments(text)
        if segment.expr is not None
        for reference in references(segment.expr)
    )


def _examples() -> tuple[Example, ...]:
    head = (
        "on: {push: {tags: ['v*']}}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n"
        "    permissions: {contents: read, id-token: write}\n    steps:\n"
    )
    return (
        Example(
            "npm and PyPI, each with a token",
            head + "      - run: npm publish --provenance\n        env:\n"
            "          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n"
            "      - uses: pypa/gh-action-pypi-publish@v1\n        with:\n          password: ${{ secrets.PYPI }}\n",
            fires=("npm publish --provenance", "${{ secrets.PYPI }}"),
        ),
        Example(
            "The identity of the job is enough",
            head + "      - run: npm publish\n      - uses: pypa/gh-action-pypi-publish@v1\n",
        ),
        Example(
            "A registry that takes tokens only, and a try",
            head + "      - run: |\n          npm publish --registry=https://npm.pkg.github.com\n"
            "          npm publish --dry-run\n        env:\n"
            "          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
        ),
    )


RULE = Rule(
    id="use-trusted-publishing",
    title="A stored token publishes a package",
    theme="secrets",
    severity="low",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"publish", b"upload", b"push", b"rubygems"),
    why=(
        "A publishing token works from anywhere until somebody withdraws it: whoever gets hold of it can publish under "
        "the project's name. npm, PyPI, crates.io, RubyGems and NuGet instead accept the identity that GitHub gives to "
        "the job, which is valid for minutes and only from this workflow."
    ),
    how=(
        "Register the workflow as a trusted publisher at the registry, give the job id-token: write, and delete the "
        "token there and here."
    ),
    examples=_examples,
    check=_check,
    unfixable="the registry has to be told first whom it may trust",
    limits="Tools that publish on behalf of others, such as semantic-release, are not looked into.",
    tags=("secrets-exposure", "external/cwe/cwe-522", "owasp-cicd-sec-2"),
)
